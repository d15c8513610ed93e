"""Feeds: conditional requests, politeness, back-off, duplicates, versions, hostile feeds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from geungeo.index.feeds import MOST_CHANGES, Feeds
from geungeo.index.ingest import IngestSummary
from geungeo.index.pulling import Pulled, Puller
from geungeo.index.workspace import Workspace
from geungeo.rag.errors import FeedNotFound, InvalidRequest
from geungeo.rag.settings import Settings
from geungeo.server.cli import run
from geungeo.server.process.feeds import FeedWatcher
from tests.index.fetching.stage import Site, fetcher

FEED = "http://news.test/rss"
HTML = {"Content-Type": "text/html; charset=utf-8"}
RSS = {"Content-Type": "application/rss+xml"}


def article(number: int, text: str = "두 배로 뛰었다고 시가 밝혔다.") -> bytes:
    return (
        f"<html><head><title>배추값 {number}</title>"
        f'<link rel="canonical" href="http://news.test/{number}"></head><body><article>'
        f"<h1>배추값 {number}</h1><p>가람시의 배추 값이 {text}</p><p>시는 장마가 원인이라고"
        " 설명했다. 값은 더 오를 수 있다.</p></article></body></html>"
    ).encode()


def rss(*items: tuple[int, str]) -> bytes:
    entries = "".join(
        f"<item><title>배추값 {number}</title><link>http://news.test/{number}?from=rss</link>"
        f"<pubDate>Wed, 02 Jul 2025 09:10:00 +0900</pubDate><description>{summary}</description>"
        "</item>"
        for number, summary in items
    )
    return f"<rss version='2.0'><channel><title>가람일보</title>{entries}</channel></rss>".encode()


@dataclass
class Clock:
    now: float = 1_751_415_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Desk:
    """A store whose feeds are on a test site, with a clock of the test."""

    workspace: Workspace
    site: Site
    clock: Clock

    def pull(self, *urls: str, wait: float = 0.0) -> tuple[IngestSummary, list[Pulled]]:
        feeds = self.workspace.store.feeds
        puller = Puller(feeds, fetcher(self.site)[0], clock=self.clock, sleep=self.clock.sleep)
        self.site.asked.clear()
        return self.workspace.pull(urls, wait=wait, puller=puller)

    @property
    def asked(self) -> list[str]:
        return [path for path, _ in self.site.asked]


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Iterator[Desk]:
    clock = Clock()
    with Workspace.open(Settings(store=tmp_path / "store")) as workspace:
        workspace.store.feeds = Feeds(workspace.store._database, clock)
        workspace.store.feeds.add(FEED)
        yield Desk(workspace, site, clock)


def test_new_items_are_read_from_their_pages_once(desk: Desk) -> None:
    desk.site.pages["/rss"] = (200, RSS | {"ETag": '"1"'}, rss((1, "짧은 요약이다."), (2, "요약.")))
    for number in (1, 2):
        desk.site.pages[f"/{number}?from=rss"] = (200, HTML, article(number))
    summary, (pulled,) = desk.pull()
    assert (len(summary.added), summary.failed, pulled.status) == (2, [], "pulled")
    assert desk.asked == ["/robots.txt", "/rss", "/1?from=rss", "/2?from=rss"]
    # One request a second to the same host.
    assert desk.clock.slept == [1.0, 1.0]
    stored = desk.workspace.store.articles()
    assert {one.url for one in stored} == {"http://news.test/1", "http://news.test/2"}
    assert {one.published_at for one in stored} == {"2025-07-02T09:10:00+09:00"}
    summary, (pulled,) = desk.pull()
    assert (summary.added, summary.updated, summary.unchanged) == ([], [], [])
    assert desk.asked == ["/robots.txt", "/rss"]
    assert desk.site.asked[1][1]["if-none-match"] == '"1"'
    desk.site.pages["/rss"] = (304, {}, b"")
    assert desk.pull()[1][0].status == "unchanged"


def test_changed_item_is_a_new_version(desk: Desk) -> None:
    desk.site.pages["/rss"] = (200, RSS, rss((1, "처음.")))
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1))
    desk.pull()
    desk.site.pages["/rss"] = (200, RSS, rss((1, "고침.")))
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1, "세 배로 뛰었다고 시가 밝혔다."))
    summary, _ = desk.pull()
    assert len(summary.updated) == 1
    (stored,) = desk.workspace.store.articles()
    assert (stored.version, "세 배로" in stored.text) == (2, True)


def test_same_article_in_two_feeds_is_stored_once(desk: Desk) -> None:
    other = "http://b.test/rss"
    desk.workspace.store.feeds.add(other)
    desk.site.pages["/rss"] = (200, RSS, rss((1, "요약.")))
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1))
    summary, _ = desk.pull()
    assert (len(summary.added), len(summary.unchanged)) == (1, 1)
    assert len(desk.workspace.store.articles()) == 1


def test_item_that_changes_all_the_time_is_bounded_and_reported(desk: Desk) -> None:
    for number in range(MOST_CHANGES + 3):
        desk.site.pages["/rss"] = (200, RSS, rss((1, f"{number}번째.")))
        text = f"{number}배로 뛰었다고 시가 밝혔다."
        desk.site.pages["/1?from=rss"] = (200, HTML, article(1, text))
        summary, _ = desk.pull()
    assert "changed more than 5 times today" in summary.failed[0].error
    assert desk.workspace.store.articles()[0].version == MOST_CHANGES
    desk.clock.now += 86_400
    assert len(desk.pull()[0].updated) == 1


def test_failing_feed_is_asked_less_and_less_often(desk: Desk) -> None:
    desk.site.pages["/rss"] = (500, {}, b"")
    summary, (pulled,) = desk.pull()
    assert pulled.status == "failed"
    assert summary.failed[0].error == f"{FEED}: the server answered 500"
    waits: list[float] = []
    for _ in range(9):
        (state,) = desk.workspace.store.feeds.all()
        waits.append(round(state.due_at - desk.clock.now))
        assert desk.pull()[1][0].status == "waiting"
        desk.clock.now = state.due_at
        desk.pull()
    assert waits == [300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600]
    desk.site.pages["/rss"] = (200, RSS, rss())
    assert desk.pull(FEED)[1][0].status == "pulled"
    assert desk.workspace.store.feeds.all()[0].failures == 0


def test_robots_txt_is_obeyed(desk: Desk) -> None:
    rules = b"User-agent: *\nDisallow: /1\nCrawl-delay: 5\n"
    desk.site.pages["/robots.txt"] = (200, {"Content-Type": "text/plain"}, rules)
    desk.site.pages["/rss"] = (200, RSS, rss((1, "첫 요약이다."), (2, "요약.")))
    desk.site.pages["/2?from=rss"] = (200, HTML, article(2))
    summary, _ = desk.pull()
    assert "/1?from=rss" not in desk.asked
    assert desk.clock.slept == [5.0]
    # The feed's own summary is stored, with a warning.
    assert len(summary.added) == 2
    assert "robots.txt does not allow geungeo" in summary.warnings[0].message


@pytest.mark.parametrize("status", [404, 403, 410])
def test_site_without_robots_txt_allows_everything(desk: Desk, status: int) -> None:
    desk.site.pages["/robots.txt"] = (status, {}, b"")
    desk.site.pages["/rss"] = (200, RSS, rss((1, "요약.")))
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1))
    assert len(desk.pull()[0].added) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_robots_txt_that_cannot_be_read_forbids_everything(desk: Desk, status: int) -> None:
    desk.site.pages["/robots.txt"] = (status, {}, b"")
    desk.site.pages["/rss"] = (200, RSS, rss((1, "요약.")))
    summary, (pulled,) = desk.pull()
    assert (summary.added, pulled.status) == ([], "failed")
    assert "robots.txt cannot be read" in " ".join(pulled.problems)
    assert "/rss" not in desk.asked
    # It is asked again at the next pull.
    desk.clock.now += 100_000
    del desk.site.pages["/robots.txt"]
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1))
    assert len(desk.pull()[0].added) == 1


def test_full_text_of_an_item_needs_no_page(desk: Desk) -> None:
    text = "가람시가 밝혔다. 값이 올랐다. 장마가 원인이다. 상인은 걱정했다."
    desk.site.pages["/rss"] = (200, RSS, rss((1, text)))
    summary, _ = desk.pull()
    assert len(summary.added) == 1
    assert desk.asked == ["/robots.txt", "/rss"]


def test_feed_that_another_process_pulls_is_left_alone(desk: Desk) -> None:
    assert desk.workspace.store.feeds.claim(FEED)
    assert desk.pull()[1][0].status == "busy"
    desk.clock.now += 1_000  # the other process has died
    desk.site.pages["/rss"] = (200, RSS, rss())
    assert desk.pull()[1][0].status == "pulled"


def test_server_pulls_feeds_until_it_stops(desk: Desk) -> None:
    desk.site.pages["/rss"] = (200, RSS, rss((1, "요약."), (2, "요약.")))
    desk.site.pages["/1?from=rss"] = (200, HTML, article(1))
    watcher = FeedWatcher(desk.workspace, 60.0, fetcher(desk.site)[0])
    watcher.start()
    deadline = time.monotonic() + 20
    while "/1?from=rss" not in desk.asked and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    watcher.stop()
    # It does not wait for the politeness between two requests, and gives up its claim.
    assert time.monotonic() - began < 5
    assert "/1?from=rss" in desk.asked
    assert desk.workspace.store.feeds.claim(FEED)


def test_sitemaps_are_followed(desk: Desk) -> None:
    index = b"<sitemapindex><sitemap><loc>http://news.test/news.xml</loc></sitemap></sitemapindex>"
    news = b"<urlset><url><loc>http://news.test/3</loc><lastmod>2025-07-02</lastmod></url></urlset>"
    desk.site.pages["/rss"] = (200, {"Content-Type": "text/xml"}, index)
    desk.site.pages["/news.xml"] = (200, {"Content-Type": "text/xml"}, news)
    desk.site.pages["/3"] = (200, HTML, article(3))
    summary, _ = desk.pull()
    assert (len(summary.added), summary.failed) == (1, [])


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [
        (RSS, b"<html><body>no feed</body></html>", "this is a web page, neither a feed"),
        (
            HTML,
            b'<!DOCTYPE html><link rel="alternate" type="application/rss+xml" href="/all?a&amp;b">',
            "its feed is http://news.test/all?a&b",
        ),
        (RSS, b"<opml></opml>", "<opml> is neither a feed"),
        (RSS, b'<!DOCTYPE x [<!ENTITY a "b">]><rss>&a;</rss>', "declares entities"),
        ({"Content-Type": "image/png"}, b"x", "the server sends image/png"),
        (RSS, b"<rss>" + b"a" * 200_000, "over the limit of 100,000 bytes"),
    ],
)
def test_feeds_that_are_none_fail_in_one_line(
    desk: Desk, headers: dict[str, str], body: bytes, error: str
) -> None:
    desk.site.pages["/rss"] = (200, headers, body)
    summary, (pulled,) = desk.pull()
    assert pulled.status == "failed"
    assert error in summary.failed[0].error


def test_feed_on_a_private_address_is_refused(desk: Desk) -> None:
    for url in ("http://127.0.0.1/rss", "http://169.254.169.254/rss"):
        desk.workspace.store.feeds.add(url)
    desk.site.pages["/rss"] = (302, {"Location": "http://127.0.0.1/rss"}, b"")
    summary, outcomes = desk.pull()
    assert [one.status for one in outcomes] == ["failed"] * 3
    assert all("not on the public internet" in failure.error for failure in summary.failed)


def test_feeds_are_added_listed_and_removed(
    desk: Desk,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feeds = desk.workspace.store.feeds
    assert not feeds.add(FEED)
    with pytest.raises(InvalidRequest, match="not an http or https address"):
        feeds.add("file:///etc/passwd")
    with pytest.raises(FeedNotFound):
        feeds.remove("http://x.test/")
    with pytest.raises(FeedNotFound):
        desk.pull("http://x.test/")
    store = ["--store", str(tmp_path / "other")]
    assert run([*store, "feeds", "add", "http://127.0.0.1/rss"]) == 2
    assert "127.0.0.1: this host is not on the public internet" in capsys.readouterr().err
    with monkeypatch.context() as allowing:
        allowing.setenv("GEUNGEO_FETCH_PRIVATE_HOSTS", "127.0.0.1")
        assert run([*store, "feeds", "add", "http://127.0.0.1/rss"]) == 0
    assert run([*store, "feeds", "list"]) == 0
    assert run([*store, "feeds", "pull"]) == 2
    assert run([*store, "feeds", "watch", "--every", "1m", "--times", "1"]) == 0
    assert run([*store, "feeds", "watch", "--every", "1x"]) == 2
    assert run([*store, "feeds", "remove", "http://127.0.0.1/rss"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "added http://127.0.0.1/rss",
        "http://127.0.0.1/rss  never pulled",
        "0 added, 0 updated, 0 unchanged; feeds: 1 failed",
        "0 added, 0 updated, 0 unchanged; feeds: 1 waiting",
        "removed http://127.0.0.1/rss",
    ]
    failed, *_ = captured.err.splitlines()
    assert failed.startswith(
        "geungeo: http://127.0.0.1/rss: 127.0.0.1: this host is not on the public internet"
    )


def test_pull_is_reported_as_json_and_as_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1/rss"
    store = ["--store", str(tmp_path / "store")]
    with monkeypatch.context() as allowing:
        allowing.setenv("GEUNGEO_FETCH_PRIVATE_HOSTS", "127.0.0.1")
        assert run([*store, "feeds", "add", url]) == 0
    capsys.readouterr()
    assert run([*store, "feeds", "pull", "--json", url]) == 2
    summary = json.loads(capsys.readouterr().out)
    assert (summary["added"], summary["feeds"]) == ([], {url: "failed"})
    assert url in summary["failed"][0]["error"]
    assert run([*store, "feeds", "pull", "--events", url]) == 2
    failed, done = map(json.loads, capsys.readouterr().out.splitlines())
    assert (failed["event"], failed["source"]) == ("failed", url)
    assert (done["event"], done["feeds"]) == ("done", {url: "failed"})
    assert run([*store, "feeds", "watch", "--events", "--times", "1"]) == 0
    (done,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert done["feeds"] == {url: "waiting"}
