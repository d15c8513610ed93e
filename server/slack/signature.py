"""Whether a request was signed with our signing secret, and only just.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Sequence

from slack_sdk.signature import SignatureVerifier
from starlette.datastructures import Headers

MAX_SKEW_SECONDS = 300
TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"

# slack_sdk takes whatever int() takes: signs, blanks, digits of any script.
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class Verifier:
    """Checks Slack's signature against every secret that is valid now (while one rotates)."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float] = time.time) -> None:
        self._signers = [SignatureVerifier(secret) for secret in secrets]
        self._clock = clock

    def accepts(self, headers: Headers, body: bytes) -> bool:
        """Whether the request is Slack's; never raises, and takes the same time for all secrets."""
        timestamps, signatures = headers.getlist(TIMESTAMP), headers.getlist(SIGNATURE)
        if len(timestamps) != 1 or len(signatures) != 1:
            return False
        timestamp, signature = timestamps[0], signatures[0]
        if not _DIGITS.fullmatch(timestamp) or not _HEX.fullmatch(signature):
            return False
        # In whole seconds, as Slack counts: a request of 300 s ago is not yet too old.
        if abs(int(self._clock()) - int(timestamp)) > MAX_SKEW_SECONDS:
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
