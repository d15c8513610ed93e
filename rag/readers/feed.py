"""Reader of feeds: RSS 2.0, RSS 1.0 and Atom, one article an item; and of sitemaps' addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urljoin

from geungeo.rag.article import Draft
from geungeo.rag.errors import MalformedSource
from geungeo.rag.readers.archive import local, parse_xml
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.draft import Reading, Records, web_address
from geungeo.rag.readers.records import draft_of
from geungeo.rag.text import clean

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
LOOKS_LIKE_FEED = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?>.*?-->)\s*)*+<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]",
    re.DOTALL,
)
_TEXTS = ("encoded", "content", "description", "summary", "subtitle")
_DATES = ("pubDate", "published", "date", "issued", "updated", "modified")


_PAGE = re.compile(r"(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_HEAD_CHARS = 100_000
_LINK = re.compile(r"<link\s[^<>]{1,1000}>", re.IGNORECASE)
_FEED_TYPE = re.compile(r"\btype\s*=\s*[\"']?application/(?:rss|atom)\+xml", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*[\"']([^\"'<>\s]{1,500})[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a feed or a sitemap; ``text`` is HTML or plain.

    ``names`` are the names of elements that the feed has for ``text`` and ``published_at``.
    """

    url: str | None
    title: str | None = None
    text: str | None = None
    author: str | None = None
    published_at: str | None = None
    id: str | None = None
    names: tuple[str, str] = ("text", "date")


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed feed: its title, its items, and the sitemaps that an index names."""

    title: str | None
    items: tuple[Item, ...]
    sitemaps: tuple[str, ...] = ()
    kind: str = "feed"


def parse_feed(text: str, source: str) -> Feed:
    """Parse a feed or a sitemap.

    Raises:
        MalformedSource: it is neither.
        UnsupportedSource: it declares XML entities.
    """
    text = _DECLARATION.sub("", text).strip()
    if _PAGE.match(text):
        raise MalformedSource(_not_a_feed(text, source))
    root = parse_xml(text.encode("utf-8", "replace"), source)
    kind = local(root)
    if kind == "sitemapindex":
        return Feed(None, (), tuple(_locations(root)), kind="sitemap")
    if kind == "urlset":
        return Feed(None, tuple(_sitemap_items(root)), kind="sitemap")
    if kind not in {"rss", "feed", "RDF"}:
        raise MalformedSource(f"{source}: <{kind}> is neither a feed (RSS, Atom) nor a sitemap")
    channel = next((child for child in root if local(child) == "channel"), root)
    items = [one for one in root.iter() if local(one) in {"item", "entry"}]
    return Feed(_outlet(_child_text(channel, "title")), tuple(map(_item, items)))


def _not_a_feed(text: str, source: str) -> str:
    """Return the error for a web page; it names the feed that the page links to."""
    line = f"{source}: this is a web page, neither a feed (RSS, Atom) nor a sitemap"
    for tag in _LINK.findall(text[:_HEAD_CHARS]):
        href = _HREF.search(tag)
        if href and _FEED_TYPE.search(tag):
            try:
                return f"{line}; its feed is {urljoin(source, unescape(href[1]))}"
            except ValueError:  # no valid address
                continue
    return line


def read_feed(text: str, source: str) -> Reading:
    """Read the articles of a feed from the text that its items carry.

    Raises:
        MalformedSource: the file is no feed, or a sitemap, which carries no text.
        EmptySource: the feed has no items.
    """
    feed = parse_feed(text, source)
    if feed.kind == "sitemap":
        raise MalformedSource(
            f"{source}: a sitemap lists {len(feed.items) or len(feed.sitemaps)} addresses without "
            "their text; run: geungeo feeds add ADDRESS_OF_THE_SITEMAP"
        )
    records = Records()
    for number, item in enumerate(feed.items, 1):
        records.add(item, partial(item_draft, item, f"{source}#{number}", feed.title))
    return records.reading(f"{source}: the feed has no items")


def item_draft(item: Item, source: str, publisher: str | None) -> Draft:
    """Return the article of an item; raise ``MalformedSource`` if it carries no text."""
    if not item.text or not clean(item.text).strip():
        title = f" ({item.title[:60]})" if item.title else ""
        raise MalformedSource(f"{source}: the item{title} has no text")
    text, date = item.names
    return draft_of(
        {
            text: item.text,
            "title": item.title,
            "url": item.url,
            "id": None if item.url else item.id,
            "author": item.author,
            "publisher": publisher,
            date: item.published_at,
        },
        source,
        {"text": text, "published_at": date},
    )


def _item(element: Any) -> Item:
    texts = [(one, text) for one in _children(element, _TEXTS) if (text := _own_text(one))]
    content, text = max(texts, key=lambda one: len(one[1]), default=(None, None))
    dates = [(one, day) for one in _children(element, _DATES) if (day := _own_text(one))]
    dated, published_at = dates[0] if dates else (None, None)
    address = web_address(_child_text(element, "link")) or web_address(_link(element))
    guid = _child_text(element, "guid") or _child_text(element, "id")
    names = [
        _child_text(child, "name") or _own_text(child)
        for child in element
        if local(child) in {"author", "creator"}
    ]
    return Item(
        url=address or web_address(guid),
        title=_child_text(element, "title"),
        text=text,
        author=", ".join(name for name in names if name) or None,
        published_at=published_at,
        id=guid,
        names=(_name(content, "description"), _name(dated, "pubDate")),
    )


def _children(element: Any, names: Sequence[str]) -> list[Any]:
    """Return the children with the given names, those of the first name first."""
    return [child for name in names for child in element if local(child) == name]


def _name(element: Any, usual: str) -> str:
    """Return the name of an element as the file writes it: ``dc:date``."""
    if element is None:
        return usual
    return f"{element.prefix}:{local(element)}" if element.prefix else local(element)


_SECTION = re.compile(
    r"\s*[:|\-–·>]+\s*(?:전체|최신|주요|인기|많이\s*본|정치|경제|사회|국제|문화|스포츠|연예|IT|과학)?\s*"
    r"(?:기사|뉴스|헤드라인|RSS.*)?$",
    re.IGNORECASE,
)


def _outlet(title: str | None) -> str | None:
    """Return the title of a feed without the name of its section: ``들녘신문 : 전체기사``."""
    return (_SECTION.sub("", title).strip() or title) if title else None


def _link(element: Any) -> str | None:
    links = [child for child in element if local(child) == "link" and child.get("href")]
    best = next((one for one in links if one.get("rel", "alternate") == "alternate"), None)
    return best.get("href") if best is not None else None


def _child_text(element: Any, name: str) -> str | None:
    child = next((one for one in element if local(one) == name), None)
    return None if child is None else _own_text(child)


def _own_text(element: Any) -> str | None:
    from lxml import etree

    if len(element) and element.get("type") == "xhtml":
        return "".join(etree.tostring(one, encoding="unicode") for one in element).strip() or None
    return "".join(element.itertext()).strip() or None


def _locations(root: Any) -> Iterator[str]:
    for element in root.iter():
        if local(element) == "loc" and (address := web_address(_own_text(element))):
            yield address


def _sitemap_items(root: Any) -> Iterator[Item]:
    for entry in root:
        if local(entry) != "url":
            continue
        address = web_address(_child_text(entry, "loc"))
        if address is None:
            continue
        news = next((child for child in entry if local(child) == "news"), None)
        day = None if news is None else _child_text(news, "publication_date")
        yield Item(
            url=address,
            title=None if news is None else _child_text(news, "title"),
            published_at=day or _last_modified(entry),
        )


def _last_modified(entry: Any) -> str | None:
    return parse_date(_child_text(entry, "lastmod") or "")
