"""Hostile input at every entry point is read or refused with a named error.

The reduced version of ``make campaign-hostile``, with the same code.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from geungeo.index.fetching.targets import parse
from geungeo.index.workspace import Workspace
from geungeo.rag.backends.wire import Wire
from geungeo.rag.errors import FetchBlocked, SourceError, UnsupportedSource
from geungeo.rag.language.numbers import missing
from geungeo.rag.readers import read
from tests.campaigns.hostile import HostileCampaign, attack
from tests.campaigns.hostile_http import bodies, check_response, hook_messages, slack_messages
from tests.campaigns.hostile_targets import Target, answer_targets, document_targets, expect
from tests.server.slack_app import SlackApp
from tests.support.journal import Journal
from tests.support.processes import Guarded

EXAMPLES = 15
SEED = 7


def failures(target: Target, size: int = EXAMPLES) -> list[Any]:
    reported: list[dict[str, Any]] = []
    attack(target, size, SEED, reported.append)
    assert reported[-1]["counted"]["inputs"] >= 1
    return [message["failure"] for message in reported if "failure" in message]


@pytest.mark.parametrize(
    "target", [*document_targets(), *answer_targets()], ids=lambda target: target.name
)
def test_any_input_is_read_or_rejected_with_a_named_error(
    target: Target, workspace: Workspace
) -> None:
    assert failures(target) == []


@pytest.mark.parametrize("door", ["slack", "hooks", "bodies"])
def test_any_posted_body_causes_no_server_error(
    door: str, called: SlackApp, guarded: Guarded
) -> None:
    messages = {"slack": slack_messages(), "hooks": hook_messages(), "bodies": bodies(guarded.key)}

    def withstand(message: tuple[str, bytes, dict[str, str]]) -> None:
        path, body, headers = message
        raw = {name.encode(): value.encode() for name, value in headers.items()}
        check_response(message, called.http.post(path, content=body, headers=raw))

    assert failures(Target(door, messages[door], withstand, 1), 40) == []
    assert called.http.get("/healthz").status_code == 200


def test_native_code_of_the_engine_survives_in_a_child_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.campaigns", "hostile", "--only", "engine"]
    bounds = ["--cases", "60", "--seed", str(SEED), "--folder", str(tmp_path)]
    done = subprocess.run([*command, *bounds], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "hostile-7.jsonl").read_text().splitlines()]
    assert {row["kind"] for row in rows} == {"engine", "engine, 1 MB"}
    assert sum(row["inputs"] for row in rows) >= 50
    assert not any(row["crashed"] for row in rows)


def test_broken_promise_and_crash_are_findings(tmp_path: Path) -> None:
    def refuse(number: int) -> None:
        expect(number < 100, "numbers are small")

    def crash(number: int) -> None:
        if number > 100:
            os.kill(os.getpid(), signal.SIGKILL)

    numbers = st.integers(0, 1_000)
    targets = [Target("promise", numbers, refuse, 1), Target("crash", numbers, crash, 1)]
    journal = Journal(tmp_path, "hostile")
    HostileCampaign(journal, SEED).run(targets, cases=200, seconds=300)
    promise, crashed = journal.rows
    # The smallest failing input.
    assert "numbers are small" in promise["failures"][0] and "['100']" in promise["failures"][0]
    assert crashed["failures"] == [f"it died of signal {signal.SIGKILL}"]
    assert crashed["crashed"] == 1

    # A continued run repeats nothing.
    HostileCampaign(Journal(tmp_path, "hostile"), SEED).run(targets, cases=200, seconds=300)
    assert len(Journal(tmp_path, "hostile").rows) == 2


def test_digits_too_long_for_a_number_are_compared_as_text() -> None:
    endless = "1" * 5_000
    assert missing(f"{endless}원이다", f"모두 {endless}원이다") == []
    assert missing(f"{endless}원이다", f"모두 {endless[:-1]}2원이다") == [f"{endless[:20]}…"]


def test_event_of_too_many_lines_is_rejected_early() -> None:
    wire = Wire()
    wire.feed(b"data:[\n" * 500_000)
    assert "1,000 lines" in str(wire.failure)


def test_too_long_event_is_rejected_in_any_chunks() -> None:
    body = b'data: "' + b"x" * 1_100_000 + b'"\n\n'
    for size in (len(body), 64_000):
        wire = Wire()
        for at in range(0, len(body), size):
            wire.feed(body[at : at + size])
        assert "1,000,000 characters" in str(wire.failure), size


def test_address_that_is_not_text_is_rejected() -> None:
    for url in ("http://a.example/\udcff", "http://xn--", "http://xn--a/"):
        with pytest.raises(FetchBlocked, match=r"not (text|a valid address)"):
            parse(url)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[", "http://"])
def test_invalid_address_is_not_the_link_of_an_article(url: str) -> None:
    body = "<p>이 문단은 본문으로 뽑힐 만큼 충분히 길어야 하므로 이렇게 길게 쓴다.</p>" * 9
    head = f'<html><head><link rel="canonical" href="{url}"></head>'
    documents = {
        "a.md": f"---\nurl: {url}\n---\n본문이다.\n",
        "a.jsonl": json.dumps({"text": "본문이다.", "url": url}),
        "a.html": f"{head}<body>{body}</body></html>",
    }
    for name, text in documents.items():
        (draft,) = read(text.encode(), name).drafts
        assert draft.url is None, name


def test_page_that_cannot_be_parsed_is_rejected_by_name() -> None:
    with pytest.raises(SourceError, match=r"a\.html"):
        read(b"<svg/onload=alert(1)><html><head><title>a</title></head><body><article>", "a.html")


def test_pickle_is_rejected_unread() -> None:
    class Harm:
        def __reduce__(self) -> Any:
            return os._exit, (13,)

    with pytest.raises(UnsupportedSource):
        read(pickle.dumps(Harm(), protocol=4) + bytes(200), "a.txt")


def test_failed_stream_is_not_read_further() -> None:
    wire = Wire()
    later = b'data: {"choices": [{"delta": {"content": "later"}}]}'
    said = wire.feed(b'data: {"error": {"message": "no"}}\n\n' + later)
    said += wire.close()
    assert wire.failure is not None
    assert "later" not in "".join(piece.text for piece in said)
