"""An answer in a notebook: its text, its quotes and where they are from, and no foreign markup."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geungeo
from geungeo.index.workspace import Workspace

TAGS = {"div", "p", "bdi", "code", "ol", "li", "br", "a"}
WHEN = "샘 앨트먼이 이사회에서 축출된 때는 언제인가?"
EVIL = '</li><script>alert(1)</script><img src=x onerror="alert(2)"> \u202e $x$'


class Page(HTMLParser):
    """The tags, attributes and text of an answer's HTML."""

    def __init__(self, answer: geungeo.Answer) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(answer._repr_html_())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def shown(self) -> str:
        return "".join(self.text)


def test_an_answer_shows_its_text_its_quotes_and_their_sources(workspace: Workspace) -> None:
    answer = workspace.ask(WHEN)
    page = Page(answer)
    (citation,) = answer.citations
    assert answer.text in page.text
    assert citation.quote in page.text
    assert page.shown.endswith(
        "오랜 '동지' MS와 오픈AI, 이젠 ‘적(敵)’으로 돌아서, 애플경제, 2025-03-10"
    )
    assert "근거:" in page.text
    assert ("value", "1") in page.attributes
    assert "a" not in page.tags


def test_an_abstention_shows_its_reason(workspace: Workspace) -> None:
    answer = workspace.ask("오픈AI의 본사는 어디에 있나?")
    page = Page(answer)
    assert page.shown.startswith(
        "관련된 대목은 있지만, 질문에 답할 만한 근거를 기사에서 찾지 못했습니다."
        "(답하지 않음: weak_evidence)가까운 문장 (답은 아님):“"
    )
    assert all(one.quote in page.text for one in answer.nearest)
    english = Page(workspace.ask("How do I cook kimchi stew?"))
    assert "(No answer: off_topic)" in english.shown


def test_nothing_in_an_article_is_markup(tmp_path: Path) -> None:
    article: dict[str, Any] = {
        "title": f"감귤 {EVIL}",
        "publisher": EVIL,
        "url": 'https://news.example/"><script>alert(3)</script>',
        "published_at": "2025-10-02",
        "text": f"제주도는 감귤 수확이 2일 시작됐다고 밝혔다 {EVIL}.",
    }
    file = tmp_path / "evil.jsonl"
    file.write_text(json.dumps(article), "utf-8")
    with geungeo.open(tmp_path / "store") as news:
        assert len(news.ingest(file).added) == 1
        answer = news.ask("감귤 수확은 언제 시작됐나?")
    assert answer.status == "answered"
    page = Page(answer)
    assert set(page.tags) <= TAGS
    assert {name for name, _ in page.attributes} == {"class", "value", "href", "rel"}
    assert ("class", "tex2jax_ignore mathjax_ignore") in page.attributes
    assert answer.citations[0].quote in page.text
    assert f"감귤 {EVIL}" in page.text
    assert ("href", answer.citations[0].url) in page.attributes


def test_only_web_addresses_are_linked(workspace: Workspace) -> None:
    answer = workspace.ask(WHEN)
    for url, linked in (("javascript:alert(1)", False), ("https://a.example/?a&b", True)):
        citations = (answer.citations[0].model_copy(update={"url": url, "note": "지난달 = 2월"}),)
        page = Page(answer.model_copy(update={"citations": citations}))
        assert (("href", url) in page.attributes) is linked
        assert "지난달 = 2월" in page.text
