"""Events of Slack, reduced to the questions in them.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geungeo.index.deliveries import NewDelivery
from geungeo.server.escaping import SLACK_ENTITIES

_REFERENCE = re.compile(r"<([^<>\s][^<>]*)>")


def question_of(text: str) -> str:
    """``text`` as its writer saw it, without the mentions in it."""
    bare = _REFERENCE.sub(lambda match: _seen(match[1]), text)
    for char in "<>&":  # the ampersand last, so that &amp;lt; becomes &lt;
        bare = bare.replace(SLACK_ENTITIES[char], char)
    return " ".join(bare.split())


def _seen(reference: str) -> str:
    """What Slack shows for ``<reference>``: nothing of a mention, the label of a link."""
    target, _, label = reference.partition("|")
    if target.startswith("@") or (target.startswith("!") and not target.startswith("!date^")):
        return " "
    return label or ("" if target[:1] in {"#", "!"} else target.removeprefix("mailto:"))


CHANNEL = "slack"

# A person's message, a file with text, a reply shown in the channel too; all other subtypes
# are edits, deletions, bots and notices.
_HUMAN = (None, "file_share", "thread_broadcast")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]{1,12}\.[0-9]{1,9}$")]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Job(_Payload):
    """What is to be done for a delivery: answer ``question`` and post it.

    It goes to a thread of a channel, or to ``response_url``. ``base_url`` is where the world
    sees us, for links; empty if nobody knows.
    """

    question: str = ""
    conversation_id: str | None = None
    base_url: str = ""
    channel: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None


class _Authorization(_Payload):
    user_id: str | None = None
    is_bot: bool = False


class Envelope(_Payload):
    """The outside of a delivery of the Events API."""

    type: str = ""
    challenge: str = ""
    team_id: Id | None = None
    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,80}$")] | None = None
    event: dict[str, Any] = {}
    authorizations: tuple[_Authorization, ...] = ()

    def is_ours(self, user: str | None) -> bool:
        """Whether ``user`` is our own bot."""
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
    """The envelope in a delivery's JSON; ``None`` if it is none."""
    try:
        return Envelope.model_validate(value)
    except ValidationError:
        return None


def question_in(envelope: Envelope, *, base_url: str, longest: int) -> NewDelivery | None:
    """The delivery of a question to us; ``None`` for all else that Slack tells.

    Of a question only ``longest`` characters and one more are kept: enough to refuse it.
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
    job = Job(
        question=question_of(message.text)[: longest + 1],
        conversation_id=conversation,
        base_url=base_url,
        channel=message.channel,
        thread_ts=thread,
    )
    # The twin events of a mention in a thread have two ids, and one place and time.
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
    )


def _is_noise(envelope: Envelope) -> bool:
    """Whether nobody speaks: bots (we among them), edits, deletions, notices."""
    event = envelope.event
    return (
        bool(event.get("bot_id") or event.get("bot_profile"))
        or bool(event.get("edited") or event.get("hidden"))
        or event.get("subtype") not in _HUMAN
        or not isinstance(event.get("user"), str)
        or envelope.is_ours(event["user"])
    )
