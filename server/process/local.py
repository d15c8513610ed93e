"""Answers for ``geungeo ask`` on the same machine, through a socket in the folder of the store.

Loading the models costs a command seconds of processor time, and a running server has loaded
them. Only the owner of the store may connect, who could read its files as well, so no API key is
asked for. The command sends one line of JSON; the server accepts it with a second one at once, or
refuses if its version or its settings are others, and sends the Answer as a third.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geungeo
from geungeo.rag.answer import Answer, Ask
from geungeo.rag.errors import GeungeoError
from geungeo.rag.text import listed

if TYPE_CHECKING:
    from geungeo.index.workspace import Workspace
    from geungeo.rag.settings import Settings

log = logging.getLogger(__name__)

NAME = "ask.sock"
_ACCEPTED, _REFUSED = b"accepted\n", b"refused\n"
# Seconds for a server that is alive to accept a question.
_PATIENCE = 2.0
# Bytes of a request, at most.
_LONGEST = 1_000_000
_FIELDS = {"question", "conversation_id", "top_k"}
# Settings of a server that no answer depends on; a new one counts until it is listed.
_IRRELEVANT = listed(
    "store host port workers log_format log_questions tracing insecure_bind require_key "
    "rate_limit_address rate_limit_key trusted_proxies cors_origins allowed_hosts max_body_bytes "
    "slack_signing_secret slack_bot_token slack_api_url slack_concurrency slack_queue "
    "slack_dm_minutes slack_links mattermost_token jandi_token hook_secret hook_timeout "
    "feeds_every ingest_queue search_concurrency search_queue database_connections"
)


def identity(settings: Settings) -> str:
    """Return a digest of the program and of the settings that answers depend on."""
    program = f"{geungeo.__version__} {Path(geungeo.__file__).resolve().parent}"
    values = settings.model_dump(mode="json", exclude=set(_IRRELEVANT))
    return hashlib.sha256(json.dumps([program, values], sort_keys=True).encode()).hexdigest()


def ask(settings: Settings, asked: Ask) -> Answer | None:
    """Return the Answer of a running server; ``None`` if there is none, or it cannot answer."""
    if not isinstance(settings.store, Path):
        return None
    request = {
        "identity": identity(settings),
        "question": asked.question,
        "conversation_id": asked.conversation_id,
        "top_k": asked.top_k,
    }
    place = settings.store / NAME
    try:
        if place.stat().st_uid != os.getuid():
            return None  # another user's server answers as it likes
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(os.fspath(place))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as reply:
                if reply.readline() != _ACCEPTED:
                    return None
                # A language model may take minutes, with a server as without one.
                connection.settimeout(None)
                return Answer.model_validate_json(reply.readline())
    except (OSError, ValueError):
        # No server, a dead one's socket, or one that has stopped meanwhile.
        return None


class LocalAnswers:
    """The server's end of the socket."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._identity = identity(workspace.settings)
        self._server: asyncio.Server | None = None
        self._place: Path | None = None
        self._inode = 0

    async def start(self) -> None:
        """Listen; a store that cannot hold a socket has none, and commands work alone."""
        store = self._workspace.settings.store
        if not isinstance(store, Path) or not hasattr(socket, "AF_UNIX"):
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Its folder is private until its mode is set; renaming replaces a dead one.
            with tempfile.TemporaryDirectory(prefix=".", dir=store) as private:
                scratch = Path(private) / "s"
                listener.bind(os.fspath(scratch))
                scratch.chmod(0o600)
                listener.listen()  # a socket that can be found can be connected to
                self._inode = scratch.stat().st_ino
                self._place = scratch.rename(store / NAME)
            self._server = await asyncio.start_unix_server(
                self._serve, sock=listener, limit=_LONGEST
            )
        except OSError as error:
            listener.close()
            log.info("commands on this machine do not use this server: %s", error)

    async def stop(self) -> None:
        """Stop listening, and remove the socket unless another server has replaced it."""
        if self._server is not None:
            self._server.close()
        if self._place is not None:
            with contextlib.suppress(OSError):
                if self._place.stat().st_ino == self._inode:
                    self._place.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = self._asked(json.loads(await reader.readline()))
            writer.write(_REFUSED if asked is None else _ACCEPTED)
            await writer.drain()
            if asked is not None:
                writer.write(await self._answered(asked))
                await writer.drain()
        except (OSError, ValueError) as error:
            log.info("a command on this machine was not answered: %s", error)
        finally:
            writer.close()

    def _asked(self, request: Any) -> Ask | None:
        """Return the question of a command that would answer it in the same way."""
        if not isinstance(request, dict) or request.pop("identity", None) != self._identity:
            return None
        if not self._workspace.store.count():
            return None  # the command fills an empty store
        return Ask(**request) if request.keys() == _FIELDS else None

    async def _answered(self, asked: Ask) -> bytes:
        from geungeo.server.answering import answer

        try:
            result = await answer(self._workspace, asked)
        except GeungeoError:
            return b""  # the command meets the same error, and reports it
        return result.model_dump_json().encode() + b"\n"
