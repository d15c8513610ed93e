"""Pull feeds, politely, and read their new items.

A pull asks with the state of the last answer, obeys robots.txt, waits between two requests to a
host, and asks a failing feed less and less often. An article is identified by its canonical
address, so that the same one in two feeds is stored once; a change is a new version.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from geungeo.index.feeds import MOST_CHANGES, Feeds, FeedState
from geungeo.index.fetching import Document, Fetcher
from geungeo.rag.article import Draft
from geungeo.rag.errors import FetchFailed, FetchRefused, SourceError
from geungeo.rag.readers import read
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.draft import Reading, untracked
from geungeo.rag.readers.encoding import decode
from geungeo.rag.readers.feed import Feed, Item, item_draft, parse_feed
from geungeo.rag.readers.lines import is_statement

AGENT = "geungeo"
MOST_ITEMS = 500  # of one pull of one feed
_MOST_SITEMAPS = 20
_DELAY = 1.0  # seconds between two requests to a host, at least
_FULL_TEXT = 3  # sentences of an item whose page need not be fetched


@dataclass(slots=True)
class Pulled:
    """The outcome of pulling one feed.

    ``status`` is ``pulled``, ``unchanged``, ``failed``, ``waiting`` (not due yet) or ``busy``
    (another process is pulling it).
    """

    url: str
    status: str
    drafts: list[tuple[Draft, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    state: FeedState | None = None
    title: str | None = None


class Puller:
    """Reader of the new items of feeds. It does not store them: see ``Workspace.pull``."""

    def __init__(
        self,
        feeds: Feeds,
        fetcher: Fetcher,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._feeds = feeds
        self._fetcher = fetcher
        self._clock = clock
        self._sleep = sleep
        self._last: dict[str, float] = {}
        self._robots: dict[str, RobotFileParser] = {}

    def pull(self, state: FeedState) -> Pulled:
        """Read the new and changed items of a feed that this process has claimed."""
        pulled = Pulled(state.url, "pulled", state=state)
        try:
            document = self._fetch(state.url, state.etag, state.last_modified)
            if document is None:
                pulled.status = "unchanged"
                return pulled
            pulled.state = replace(state, etag=document.etag, last_modified=document.last_modified)
            feed = parse_feed(decode(document.data, state.url), state.url)
            pulled.title = feed.title
            for item in self._items(feed, pulled):
                self._add(item, feed, pulled)
        except SourceError as error:
            pulled.status = "failed"
            pulled.problems.append(str(error))
        return pulled

    def _items(self, feed: Feed, pulled: Pulled) -> Iterator[Item]:
        items = list(feed.items)
        for address in feed.sitemaps[:_MOST_SITEMAPS]:
            try:
                document = self._fetch(address)
                if document is not None:
                    items += parse_feed(decode(document.data, address), address).items
            except SourceError as error:
                pulled.problems.append(str(error))
        if len(feed.sitemaps) > _MOST_SITEMAPS:
            pulled.problems.append(
                f"{pulled.url}: only the first {_MOST_SITEMAPS} of {len(feed.sitemaps)} sitemaps "
                "were read; add the others as feeds of their own"
            )
        if feed.kind == "sitemap":
            items.sort(key=lambda item: item.published_at or "", reverse=True)
        if len(items) > MOST_ITEMS:
            pulled.problems.append(
                f"{pulled.url}: only {MOST_ITEMS} of {len(items):,} items were read"
            )
        yield from items[:MOST_ITEMS]

    def _add(self, item: Item, feed: Feed, pulled: Pulled) -> None:
        name = item.url or item.id
        if name is None:
            pulled.problems.append(f"{pulled.url}: an item has neither an address nor an id")
            return
        signature = _signature(item)
        new = self._feeds.is_new(pulled.url, name, signature)
        if new is None:
            pulled.problems.append(
                f"{name}: changed more than {MOST_CHANGES} times today; not read until tomorrow"
            )
        if not new:
            return
        try:
            reading = self._read(item, feed)
        except SourceError as error:
            pulled.problems.append(str(error))
            return
        pulled.problems += [str(failure) for failure in reading.failures]
        pulled.drafts += [(draft, name, signature) for draft in reading.drafts]

    def _read(self, item: Item, feed: Feed) -> Reading:
        """Return the article of an item: from its text if that is whole, otherwise its page."""
        place = item.url or item.id or ""
        own: Draft | None = None
        if item.text:
            own = item_draft(item, place, feed.title)
            sentences = sum(len(text.split(". ")) for _, text in own.blocks if is_statement(text))
            if sentences >= _FULL_TEXT or item.url is None:
                return Reading((own,))
        if item.url is None:
            raise FetchFailed(f"{place}: the item has no text and no address")
        try:
            document = self._fetch(item.url)
            if document is None:
                raise FetchFailed(f"{item.url}: the server answered 304")
            reading = read(document.data, document.url, document.suffix)
        except SourceError as error:
            if own is None:
                raise
            reason = str(error).removeprefix(f"{item.url}: ")
            warning = f"only the feed's summary was stored, since {reason}"
            return Reading((replace(own, warnings=(*own.warnings, warning)),))
        drafts = tuple(self._of_item(draft, item, document.url) for draft in reading.drafts)
        return replace(reading, drafts=drafts)

    def _of_item(self, draft: Draft, item: Item, address: str) -> Draft:
        """Complete the article of a page with what the feed says of it."""
        same_host = urlsplit(draft.url or "").hostname == urlsplit(address).hostname
        own = parse_date(item.published_at or "")
        return replace(
            draft,
            url=draft.url if same_host else untracked(address),
            published_at=draft.published_at or own,
            author=draft.author or item.author,
        )

    def _fetch(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> Document | None:
        host = urlsplit(url).netloc
        if not self._allowed(url, host):
            raise FetchFailed(f"{url}: the site's robots.txt does not allow geungeo to fetch this")
        self._pause(host)
        return self._fetcher.fetch_changed(url, etag=etag, last_modified=last_modified)

    def _pause(self, host: str) -> None:
        robots = self._robots.get(host)
        given = robots.crawl_delay(AGENT) if robots is not None else None
        delay = max(_DELAY, min(float(given or 0), 30.0))
        wait = self._last.get(host, float("-inf")) + delay - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._last[host] = self._clock()

    def _allowed(self, url: str, host: str) -> bool:
        if host not in self._robots:
            rules = RobotFileParser()
            address = f"{urlsplit(url).scheme}://{host}/robots.txt"
            lines: Sequence[str] = ()
            try:
                lines = self._fetcher.fetch(address).data.decode("utf-8", "replace").splitlines()
            except FetchRefused:
                lines = ()  # a site without rules
            except FetchFailed as error:
                # Rules that cannot be read forbid everything (RFC 9309, 2.3.1.4).
                raise FetchFailed(f"{url}: robots.txt cannot be read: {error}") from error
            except SourceError:
                lines = ()  # the page itself will be refused, or the file has no rules
            rules.parse(lines)
            self._robots[host] = rules
        return self._robots[host].can_fetch(AGENT, url)


def _signature(item: Item) -> str:
    parts = [item.title or "", item.text or "", item.published_at or ""]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
