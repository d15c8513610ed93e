"""Events of Slack, reduced to the questions in them.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geungeo.index.deliveries import NewDelivery
from geungeo.rag.text import Language
from geungeo.server.escaping import SLACK_ENTITIES

_MAX_LINK = 2_000
_LINK = re.compile(r"<https?://[^<>\s]+>")
_REFERENCE = re.compile(r"<([^<>\s][^<>]*)>")


def question_of(text: str) -> str:
    """Return ``text`` as its author saw it, on one line and without its mentions."""
    return " ".join(text_of(text).split())


def text_of(text: str) -> str:
    """Return ``text`` as its author saw it, without its mentions."""
    bare = _REFERENCE.sub(lambda match: _displayed(match[1]), text)
    for char in "<>&":  # the ampersand last, so that &amp;lt; becomes &lt;
        bare = bare.replace(SLACK_ENTITIES[char], char)
    return bare


def _displayed(reference: str) -> str:
    """Return what Slack displays for ``<reference>``: a link's label, nothing for a mention."""
    target, _, label = reference.partition("|")
    if target.startswith("@") or (target.startswith("!") and not target.startswith("!date^")):
        return " "
    return label or ("" if target[:1] in {"#", "!"} else target.removeprefix("mailto:"))


CHANNEL = "slack"

# A person's message, a file with text, a reply that is also sent to the channel; all other
# subtypes are edits, deletions, bots and notices.
_HUMAN = (None, "file_share", "thread_broadcast")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]{1,12}\.[0-9]{1,9}$")]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Job(_Payload):
    """The task of a delivery: answer ``question``, or check the text ``check``, and post it.

    The answer goes to a thread of a channel, or to ``response_url``. ``base_url`` is the
    server's public URL, for links; empty if unknown.

    ``article_id`` is the only article to answer from; ``link`` is the address of one that is
    fetched before. A job that ``toggles`` restricts its thread to the article, or ends that, and
    posts a note in ``language``.
    """

    question: str = ""
    article_id: str | None = None
    link: str | None = None
    toggles: bool = False
    language: Language = "ko"
    check: str | None = None
    conversation_id: str | None = None
    base_url: str = ""
    channel: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None


class _Text(_Payload):
    text: str = ""
    ts: Timestamp
    thread_ts: Timestamp | None = None


class _Place(_Payload):
    id: Id


class _Shortcut(_Payload):
    """A click on a message shortcut; https://docs.slack.dev/interactivity/implementing-shortcuts."""

    callback_id: str
    action_ts: Timestamp
    channel: _Place
    user: _Place
    message: _Text
    response_url: str = ""


# The message shortcut “근거 확인” of docs/slack-manifest.yaml.
CHECK_SHORTCUT = "check_message"


def check_in(payload: Any, *, base_url: str, max_chars: int) -> NewDelivery | None:
    """Return the delivery of a message to check; ``None`` if ``payload`` is no such shortcut.

    The result goes to the thread of the message. A text is cut after ``max_chars`` + 1
    characters, which suffices to reject it.
    """
    try:
        shortcut = _Shortcut.model_validate(payload)
    except ValidationError:
        return None
    if shortcut.callback_id != CHECK_SHORTCUT:
        return None
    message = shortcut.message
    job = Job(
        check=text_of(message.text)[: max_chars + 1],
        base_url=base_url,
        channel=shortcut.channel.id,
        thread_ts=message.thread_ts or message.ts,
    )
    key = f"slack:check:{shortcut.channel.id}:{message.ts}:{shortcut.action_ts}"
    return NewDelivery(channel=CHANNEL, keys=(key,), job=job.model_dump_json())


class _Authorization(_Payload):
    user_id: str | None = None
    is_bot: bool = False


class Envelope(_Payload):
    """The envelope of a delivery of the Events API."""

    type: str = ""
    challenge: str = ""
    team_id: Id | None = None
    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")] | None = None
    event: dict[str, Any] = {}
    authorizations: tuple[_Authorization, ...] = ()

    def is_own_bot(self, user: str | None) -> bool:
        """Whether ``user`` is this app's bot."""
        return user is not None and any(
            one.is_bot and one.user_id == user for one in self.authorizations
        )


class _Message(_Payload):
    type: str
    channel: Id
    ts: Timestamp
    text: str
    thread_ts: Timestamp | None = None
    channel_type: str | None = None


def read_envelope(value: Any) -> Envelope | None:
    """Return the envelope of a delivery; ``None`` if it is malformed."""
    try:
        return Envelope.model_validate(value)
    except ValidationError:
        return None


def link_in(text: str) -> str | None:
    """Return the address of the only link to a web page in ``text``."""
    found = {match[1].partition("|")[0] for match in _REFERENCE.finditer(text)}
    links = [target for target in found if target.startswith(("https://", "http://"))]
    if len(links) != 1 or len(links[0]) > _MAX_LINK:
        return None
    return question_of(links[0])


def question_in(
    envelope: Envelope, *, base_url: str, max_chars: int, dm_seconds: float, links: bool
) -> NewDelivery | None:
    """Return the delivery of a question to this app; ``None`` for any other event.

    A question is cut after ``max_chars`` + 1 characters, which suffices to reject it. A direct
    message goes on with the conversation of the last ``dm_seconds``. With ``links`` a link in the
    message is the article to answer from.
    """
    event = envelope.event
    if event.get("type") not in ("app_mention", "message") or _is_noise(envelope):
        return None
    try:
        message = _Message.model_validate(event)
    except ValidationError:
        return None
    direct = message.channel_type == "im"
    addressed = message.type == "app_mention" or direct
    if not addressed and message.thread_ts is None:
        return None
    thread = message.thread_ts or message.ts
    team = envelope.team_id or "-"
    conversation = f"slack:{team}:{message.channel}:{thread}"
    link = link_in(message.text) if links and addressed else None
    # The question is what is beside the link.
    text = _LINK.sub(" ", message.text) if link else message.text
    job = Job(
        question=question_of(text)[: max_chars + 1],
        link=link,
        conversation_id=conversation,
        base_url=base_url,
        channel=message.channel,
        thread_ts=thread,
    )
    # A mention in a thread arrives as two events with different ids, but one channel and time.
    keys = [f"slack:message:{message.channel}:{message.ts}"]
    if envelope.event_id:
        keys.append(f"slack:event:{envelope.event_id}")
    return NewDelivery(
        channel=CHANNEL,
        keys=tuple(keys),
        job=job.model_dump_json(),
        conversation_id=conversation,
        position=message.ts.rjust(22, "0"),
        uninvited=not addressed,
        continues=f"slack:{team}:{message.channel}:" if direct else None,
        within=dm_seconds,
    )


def _is_noise(envelope: Envelope) -> bool:
    """Whether no person wrote the event: bots (including this app), edits, deletions, notices."""
    event = envelope.event
    return (
        bool(event.get("bot_id") or event.get("bot_profile"))
        or bool(event.get("edited") or event.get("hidden"))
        or event.get("subtype") not in _HUMAN
        or not isinstance(event.get("user"), str)
        or envelope.is_own_bot(event["user"])
    )
