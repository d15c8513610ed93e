"""Hostile documents: time is bounded by the length, whatever they repeat."""

from __future__ import annotations

import json
import time

import pytest

from geungeo.rag.errors import SourceError
from geungeo.rag.readers import read

REPEATED = {
    "letters": "가",
    "names": "가나 기자, ",
    "leads": "[가=나",
    "dates": "2025.07.02 ",
    "mails": "a.b-c@d-e.",
    "marks": "▶",
    "notices": "저작권자 ⓒ 가 ",
    "spaces": " \t",
    "short lines": "가나다라\n",
    "wrapped lines": "가나다라 마바사 아자차 카타파하 가나다라마바\n",
    "rows": "a | b | c\n",
    "tags": "<b",
    "entities": "&amp;",
    "brackets": "(",
    "digits": "1",
    "sentences": "A. ",
    "comments": "<!--a--> ",
}
SIZE = 100_000
SECONDS = 10.0


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".jsonl", ".csv"])
@pytest.mark.parametrize("part", REPEATED.values(), ids=REPEATED.keys())
def test_reading_takes_no_more_than_seconds(part: str, suffix: str) -> None:
    text = part * (SIZE // len(part)) + "끝"
    if suffix == ".jsonl":
        text = json.dumps({"text": text})
    elif suffix == ".csv":
        text = f"title,text\n제목,{text}"
    began = time.process_time()
    try:
        read(text.encode(), f"a{suffix}")
    except SourceError as error:
        assert "\n" not in str(error)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 20_000 + "x",
        "<table><tr><td>" * 2_000 + "x",
        "<table>" + "<tr><td rowspan=9999 colspan=9999>가</td><td>나</td></tr>" * 500 + "</table>",
        "".join(f"<p>{number}번째 문단이라고 밝혔다.</p>" for number in range(5_000)),
        f'<div class="{"ad " * 20_000}">가</div>',
        f"<title>{' | '.join(['가람'] * 3_000)}</title><p>새 다리를 놓는다고 밝혔다.</p>",
    ],
    ids=["nested", "nested tables", "spans", "paragraphs", "classes", "title"],
)
def test_reading_a_hostile_page_takes_no_more_than_seconds(page: str) -> None:
    began = time.process_time()
    try:
        read(page.encode(), "a.html")
    except SourceError as error:
        assert "\n" not in str(error)
    assert time.process_time() - began < SECONDS
