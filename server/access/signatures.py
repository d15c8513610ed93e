"""Signatures and tokens of deliveries: Standard Webhooks, Slack, Mattermost and JANDI.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Sequence

from slack_sdk.signature import SignatureVerifier
from starlette.datastructures import Headers

from geungeo.rag.errors import SettingsError

MAX_SKEW_SECONDS = 300
MAX_SIGNATURES = 10
WEBHOOK_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
SLACK_TIMESTAMP, SLACK_SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
PREFIX = "whsec_"

_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_SLACK_HEX = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
# int() and slack_sdk accept signs, blanks and digits of any script.
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class WebhookVerifier:
    """Verifier of Standard Webhooks (symmetric, ``v1``) against every secret that is valid now.

    Raises:
        SettingsError: a secret has the prefix of an encoded one and is not valid Base64.
    """

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._keys = [_webhook_key(secret) for secret in secrets]
        self._clock = clock

    def sender(self, headers: Headers, body: bytes) -> str | None:
        """Return a name for the signing secret and the request's id; ``None`` if unsigned."""
        sent = _single_values(headers, WEBHOOK_HEADERS)
        if sent is None:
            return None
        webhook_id, timestamp, signatures = sent
        if not _WEBHOOK_ID.fullmatch(webhook_id) or not _is_recent(timestamp, self._clock()):
            return None
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        offered = [one.encode() for one in signatures.split(" ")[:MAX_SIGNATURES]]
        sender = None
        for key in self._keys:
            expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
            matches = [hmac.compare_digest(expected, one) for one in offered]
            if any(matches):
                sender = f"{hashlib.sha256(key).hexdigest()[:16]}:{webhook_id}"
        return sender


class SlackVerifier:
    """Verifier of Slack's signatures against every secret that is valid now."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._signers = [SignatureVerifier(secret) for secret in secrets]
        self._clock = clock

    def accepts(self, headers: Headers, body: bytes) -> bool:
        """Whether Slack signed the request; never raises, compares with all secrets."""
        sent = _single_values(headers, (SLACK_TIMESTAMP, SLACK_SIGNATURE))
        if sent is None:
            return False
        timestamp, signature = sent
        if not _SLACK_HEX.fullmatch(signature) or not _is_recent(timestamp, self._clock()):
            return False
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        matches = [
            hmac.compare_digest(
                signer.generate_signature(timestamp=timestamp, body=text) or "", signature
            )
            for signer in self._signers
        ]
        return any(matches)


def is_known(token: str, tokens: Sequence[str]) -> bool:
    """Whether ``token`` is one of ``tokens``; compares in constant time."""
    given = token.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(given, known.encode()) for known in tokens]
    return any(matches)


def _single_values(headers: Headers, names: Sequence[str]) -> list[str] | None:
    """Return the value of each header; ``None`` if one is missing or sent twice."""
    values = [headers.getlist(name) for name in names]
    return [value for [value] in values] if all(len(one) == 1 for one in values) else None


def _is_recent(timestamp: str, now: float) -> bool:
    """Whether ``timestamp`` is within ``MAX_SKEW_SECONDS`` of ``now``, in whole seconds."""
    return bool(_TIMESTAMP.fullmatch(timestamp)) and (
        abs(int(now) - int(timestamp)) <= MAX_SKEW_SECONDS
    )


def _webhook_key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SettingsError(
            f"hook_secret: the text after {PREFIX} is not valid Base64; copy the secret again"
        ) from error
