"""Slack's signatures: valid for five minutes, with every valid secret."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from geungeo.rag.errors import SettingsError
from geungeo.rag.settings import load
from geungeo.server.access.signatures import SlackVerifier

# https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
    b".803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
NOW = 1531420618


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("utf-8")) for name, value in pairs])


def accepts(
    *pairs: tuple[str, str], body: bytes = BODY, now: float = NOW, secrets: tuple[str, ...] = ()
) -> bool:
    return SlackVerifier(secrets or (SECRET,), lambda: now).accepts(headers(*pairs), body)


def sign(timestamp: str, body: bytes = BODY, secret: str = SECRET) -> str:
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def both(timestamp: str = TIMESTAMP, signature: str = SIGNATURE) -> tuple[tuple[str, str], ...]:
    return ("x-slack-request-timestamp", timestamp), ("x-slack-signature", signature)


def test_slack_documentation_example_verifies() -> None:
    assert accepts(*both())


@pytest.mark.parametrize("skew", [-300, -299.5, 0, 299.5, 300, 300.9])
def test_skew_of_five_minutes_is_accepted(skew: float) -> None:
    assert accepts(*both(), now=NOW + skew)


@pytest.mark.parametrize("skew", [-301, 301, 3_600, -3_600, 10**9])
def test_skew_of_more_than_five_minutes_is_rejected(skew: float) -> None:
    assert not accepts(*both(), now=NOW + skew)


def test_both_secrets_are_valid_during_rotation() -> None:
    assert accepts(*both(), secrets=("new", SECRET))
    assert accepts(*both(signature=sign(TIMESTAMP, secret="new")), secrets=("new", SECRET))
    assert not accepts(*both(signature=sign(TIMESTAMP, secret="other")), secrets=("new", SECRET))


BAD = {
    "nothing": (),
    "no signature": both()[:1],
    "no timestamp": both()[1:],
    "two timestamps": (*both(), both()[0]),
    "two signatures": (*both(), both()[1]),
    "two different signatures": (*both(), ("x-slack-signature", "v0=" + "0" * 64)),
    "empty timestamp": both("", sign("")),
    "words for a timestamp": both("abc", sign("abc")),
    "5,000 digits": both("9" * 5000, sign("9" * 5000)),
    "a sign": both("+1531420618", sign("+1531420618")),
    "blanks": both(" 1531420618 ", sign(" 1531420618 ")),
    "underscores": both("1_531_420_618", sign("1_531_420_618")),
    "a fraction": both("1531420618.0", sign("1531420618.0")),
    "full-width digits": both("１５３１４２０６１８", sign("１５３１４２０６１８")),
    "Arabic digits": both("١٥٣١٤٢٠٦١٨", sign("١٥٣١٤٢٠٦١٨")),
    "upper-case hex": both(signature="v0=" + SIGNATURE[3:].upper()),
    "another version": both(signature="v1=" + SIGNATURE[3:]),
    "no version": both(signature=SIGNATURE[3:]),
    "cut short": both(signature=SIGNATURE[:-1]),
    "too long": both(signature=SIGNATURE + "0"),
    "a line end": both(signature=SIGNATURE + "\n"),
    "not ASCII": both(signature="v0=" + "é" * 64),
    "another's": both(signature=sign(TIMESTAMP, secret="other")),
    "of another time": both(signature=sign("1531420619")),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_signature_is_rejected(name: str) -> None:
    assert not accepts(*BAD[name])


def test_altered_and_undecodable_bodies_are_rejected() -> None:
    assert not accepts(*both(), body=BODY + b"&text=x")
    raw = b"\xff\xfe"
    assert not accepts(*both(signature=sign(TIMESTAMP, raw)), body=raw)


@given(timestamp=st.text(), signature=st.text(), body=st.binary(), now=st.floats(0, 2**40))
def test_arbitrary_headers_are_rejected_without_error(
    timestamp: str, signature: str, body: bytes, now: float
) -> None:
    pairs = [
        (b"x-slack-request-timestamp", timestamp.encode("utf-8", "surrogatepass")),
        (b"x-slack-signature", signature.encode("utf-8", "surrogatepass")),
    ]
    assert not SlackVerifier((SECRET,), lambda: now).accepts(Headers(raw=pairs), body)


@pytest.mark.parametrize("secret", ["", " ", ",", "good,", ",good", "good, ,better"])
@pytest.mark.parametrize(
    "setting", ["slack_signing_secret", "mattermost_token", "jandi_token", "hook_secret"]
)
def test_empty_secret_is_rejected(
    monkeypatch: pytest.MonkeyPatch, setting: str, secret: str
) -> None:
    monkeypatch.setenv(f"GEUNGEO_{setting.upper()}", secret)
    with pytest.raises(SettingsError, match=f"{setting}.*empty") as caught:
        load()
    assert "good" not in str(caught.value)
