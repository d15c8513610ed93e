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
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)


class WebhookVerifier:
    """Checks a request against every secret that is valid now.

    Raises:
        SettingsError: a secret begins as an encoded one and is not.
    """

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._keys = [_key(secret) for secret in secrets]
        self._clock = clock

    def sender(self, headers: Headers, body: bytes) -> str | None:
        """A name for the secret that signed the request and its id; ``None`` if none did."""
        given = [headers.getlist(name) for name in (ID, TIMESTAMP, SIGNATURE)]
        if any(len(values) != 1 for values in given):
            return None
        (request,), (timestamp,), (signatures,) = given
        if not _ID.fullmatch(request) or not _DIGITS.fullmatch(timestamp):
            return None
        if abs(int(self._clock()) - int(timestamp)) > MAX_SKEW_SECONDS:
            return None
        signed = f"{request}.{timestamp}.".encode() + body
        offered = [one.encode() for one in signatures.split(" ")[:MAX_SIGNATURES]]
        found = None
        for key in self._keys:
            expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
            matches = [hmac.compare_digest(expected, one) for one in offered]
            if any(matches):
                found = f"{hashlib.sha256(key).hexdigest()[:16]}:{request}"
        return found


def _key(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SettingsError(f"hook_secret: what follows {PREFIX} is not Base64") from error


_SLACK_SKEW_SECONDS = 300
SLACK_TIMESTAMP = "X-Slack-Request-Timestamp"
SLACK_SIGNATURE = "X-Slack-Signature"

# slack_sdk takes whatever int() takes: signs, blanks, digits of any script.
_SLACK_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class SlackVerifier:
    """Checks Slack's signature against every secret that is valid now (while one rotates)."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._signers = [SignatureVerifier(secret) for secret in secrets]
        self._clock = clock

    def accepts(self, headers: Headers, body: bytes) -> bool:
        """Whether the request is Slack's; never raises, and takes the same time for all secrets."""
        timestamps, signatures = headers.getlist(SLACK_TIMESTAMP), headers.getlist(SLACK_SIGNATURE)
        if len(timestamps) != 1 or len(signatures) != 1:
            return False
        timestamp, signature = timestamps[0], signatures[0]
        if not _SLACK_DIGITS.fullmatch(timestamp) or not _HEX.fullmatch(signature):
            return False
        # In whole seconds, as Slack counts: a request of 300 s ago is not yet too old.
        if abs(int(self._clock()) - int(timestamp)) > _SLACK_SKEW_SECONDS:
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
    """Whether ``token`` is one of ``tokens``; how long it takes tells nothing about them."""
    given = token.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(given, known.encode()) for known in tokens]
    return any(matches)
