"""A user of the package: articles in, answers out, with errors that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import geungeo

WHALES = (
    "동해 묵호항에 혹등고래 12마리 돌아와\n\n2025-04-01     김바다 기자\n\n"
    "혹등고래 12마리가 동해 묵호항 앞바다에 돌아왔다고 해양수산부가 1일 밝혔다. "
    "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다.\n"
)
HOW_MANY = "묵호항에 혹등고래가 몇 마리 돌아왔나?"
TWELVE = "혹등고래 12마리가 동해 묵호항 앞바다에 돌아왔다고 해양수산부가 1일 밝혔다."
CAUSE = "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다."
CITRUS = (
    '{"id": "citrus", "title": "제주 감귤 수확 시작", "publisher": "섬신문", '
    '"published_at": "2025-10-02", "text": "제주도는 감귤 수확이 2일 시작됐다고 밝혔다."}\n'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an article in text and one in JSON Lines."""
    folder = tmp_path_factory.mktemp("articles")
    (folder / "whales.txt").write_text(WHALES, "utf-8")
    (folder / "citrus.jsonl").write_text(CITRUS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[geungeo.News]:
    """A store with both articles."""
    with geungeo.open(tmp_path_factory.mktemp("store") / "news") as opened:
        summary = opened.ingest(folder)
        assert (len(summary.added), summary.failed) == (2, [])
        yield opened


def test_an_answer_quotes_the_article(news: geungeo.News) -> None:
    answer = news.ask(HOW_MANY)
    assert isinstance(answer, geungeo.Answer)
    assert (answer.status, answer.text) == ("answered", f"{TWELVE} [1]")
    (citation,) = answer.citations
    assert (citation.quote, citation.title, citation.published_at) == (
        TWELVE,
        "동해 묵호항에 혹등고래 12마리 돌아와",
        "2025-04-01",
    )
    article = news.article(citation.article_id, citation.version)
    assert article.text[citation.start : citation.end] == citation.quote


def test_a_question_without_an_answer_has_a_reason(news: geungeo.News) -> None:
    answer = news.ask("김치찌개 맛있게 끓이는 법은?")
    assert (answer.status, answer.reason, answer.citations) == ("abstained", "off_topic", ())


def test_a_follow_up_is_understood_in_its_conversation(news: geungeo.News) -> None:
    news.ask(HOW_MANY, conversation_id="whales")
    followed = news.ask("그 원인은?", conversation_id="whales")
    assert (
        followed.citations[0].quote == "해양수산부는 바닷물 온도가 오른 것이 원인이라고 설명했다."
    )
    assert "혹등고래" in followed.standalone_question
    assert "혹등고래" not in news.ask("그 원인은?").standalone_question


def test_everything_works_inside_a_running_event_loop(news: geungeo.News) -> None:
    async def notebook() -> tuple[geungeo.Answer, geungeo.Answer, list[geungeo.Event]]:
        events = [event async for event in news.stream(HOW_MANY)]
        return news.ask(HOW_MANY), await news.answer(HOW_MANY), events

    asked, answered, events = asyncio.run(notebook())
    assert asked.text == answered.text == f"{TWELVE} [1]"
    passages, delta, cited, done = events
    assert isinstance(passages, geungeo.PassagesFound)
    assert isinstance(delta, geungeo.Delta)
    assert delta.text == f"{TWELVE} [1]"
    assert isinstance(cited, geungeo.Cited)
    assert cited.citation == asked.citations[0]
    assert isinstance(done, geungeo.Done)
    assert done.answer.text == delta.text


def test_several_threads_may_ask_at_once(news: geungeo.News) -> None:
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda question: news.ask(question).text, [HOW_MANY] * 8))
    assert texts == [f"{TWELVE} [1]"] * 8


def test_filters_restrict_answers_and_search(news: geungeo.News) -> None:
    island = geungeo.Filters(publisher="섬신문")
    assert news.ask(HOW_MANY, filters=island).status == "abstained"
    assert [hit.article_id for hit in news.search("고래", filters=island)] == ["citrus"]
    since = geungeo.Filters(published_from="2025-05-01")
    assert [hit.article_id for hit in news.search("고래", filters=since)] == ["citrus"]


def test_search_returns_passages_best_first(news: geungeo.News) -> None:
    hits = news.search("혹등고래")
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert "혹등고래 12마리" in hits[0].text
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert news.search("혹등고래", top_k=1) == hits[:1]


def test_ingest_reports_each_source(news: geungeo.News, folder: Path, tmp_path: Path) -> None:
    again = news.ingest(folder / "citrus.jsonl", str(folder / "whales.txt"))
    assert (again.added, len(again.unchanged)) == ([], 2)
    (tmp_path / "empty.txt").write_bytes(b"")
    summary = news.ingest(tmp_path / "empty.txt", tmp_path / "missing.txt")
    assert [(failure.code, failure.error) for failure in summary.failed] == [
        ("empty_source", f"{tmp_path / 'empty.txt'}: the document is empty"),
        ("unsupported_source", f"{tmp_path / 'missing.txt'}: No such file or directory"),
    ]


def test_an_update_is_a_new_version_and_the_old_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "citrus.jsonl"
    with geungeo.open(tmp_path / "store") as news:
        file.write_text(CITRUS, "utf-8")
        assert news.ingest(file).added == ["citrus"]
        file.write_text(CITRUS.replace("2일 시작", "3일 시작"), "utf-8")
        assert news.ingest(file).updated == ["citrus"]
        assert news.article("citrus").version == 2
        assert "2일 시작" in news.article("citrus", 1).text
        news.remove("citrus")
        assert news.articles() == []


def test_seed_fills_a_new_store_only_if_asked_to(tmp_path: Path) -> None:
    with geungeo.open(tmp_path / "empty") as empty:
        assert empty.articles() == []
    with geungeo.open(str(tmp_path / "seeded"), seed=True) as seeded:
        assert [article.publisher for article in seeded.articles()] == ["애플경제"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topk": 3}, "unknown setting 'topk'; did you mean 'top_k'?"),
        ({"zzzz": 3}, "unknown setting 'zzzz'; see docs/settings.md"),
        ({"top_k": 300}, "setting 'top_k': .*less than or equal to 50"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(geungeo.SettingsError, match=message):
        geungeo.open(tmp_path, **settings)


def test_settings_come_from_the_call_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEUNGEO_STORE", str(tmp_path / "environment"))
    monkeypatch.setenv("GEUNGEO_TOP_K", "3")
    with geungeo.open() as news:
        assert (news.settings.store, news.settings.top_k) == (tmp_path / "environment", 3)
    with geungeo.open(tmp_path / "call", top_k=4) as news:
        assert (news.settings.store, news.settings.top_k) == (tmp_path / "call", 4)


def test_errors_are_typed(news: geungeo.News, tmp_path: Path) -> None:
    with pytest.raises(geungeo.InvalidQuestion, match="the question is blank"):
        news.ask(" ")
    with pytest.raises(geungeo.InvalidRequest, match="a conversation id must have 1 to 128"):
        news.ask(HOW_MANY, conversation_id="두 낱말")
    with pytest.raises(geungeo.ArticleNotFound):
        news.article("nothing")
    for call in (news.ask, news.search):
        with pytest.raises(geungeo.InvalidRequest, match="top_k is 0; it must be from 1 to 50"):
            call(HOW_MANY, top_k=0)
    (tmp_path / "file").touch()
    with pytest.raises(geungeo.StoreUnavailable, match="cannot use store folder"):
        geungeo.open(tmp_path / "file" / "store")


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    news = geungeo.open(tmp_path / "store")
    assert repr(news) == f"<geungeo.News in '{tmp_path / 'store'}', open>"
    news.close()
    news.close()
    with pytest.raises(geungeo.UsageError, match=r"is closed; open it again with geungeo\.open"):
        news.ask(HOW_MANY)
    assert repr(news) == f"<geungeo.News in '{tmp_path / 'store'}', closed>"


def test_a_text_is_checked_statement_by_statement(news: geungeo.News) -> None:
    result = news.check(f"{TWELVE} {TWELVE.replace('12마리', '35마리')}", date="2025-04-02")
    assert isinstance(result, geungeo.Check)
    true, false = result.claims
    assert (true.verdict, true.sources[0].quote) == ("supported", TWELVE)
    assert (false.verdict, false.differences[0].found) == ("contradicted", "12마리")
    assert news.report(result).startswith("<!doctype html>")
    assert news.report(result, markdown=True).startswith("# 근거 확인 보고서")


@pytest.mark.parametrize(
    ("text", "day", "message"),
    [
        (" ", None, "the text is blank"),
        ("가" * 1_000_000, None, "check at most 100,000"),
        (TWELVE, "soon", "not ISO 8601"),
    ],
)
def test_a_bad_text_is_an_invalid_request(
    news: geungeo.News, text: str, day: str | None, message: str
) -> None:
    with pytest.raises(geungeo.InvalidRequest, match=message):
        news.check(text, date=day)


def test_checked_statements_arrive_as_events(news: geungeo.News) -> None:
    async def collect() -> list[Any]:
        return [event async for event in news.check_stream(f"{TWELVE} {CAUSE}")]

    first, *claims, last = asyncio.run(collect())
    assert isinstance(first, geungeo.CheckStarted)
    assert [one.claim.verdict for one in claims] == ["supported", "supported"]
    assert last.check.counts.supported == 2
