"""Reader of web pages: the article of the page, with its metadata, without the page around it.

The container of the article is the element whose blocks are mostly running text. What it
holds is checked against the other places where pages repeat their text: JSON-LD
(``articleBody``), the lead in ``og:description``, data in scripts, and trafilatura's extraction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource, MalformedSource
from geungeo.rag.readers import dom
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.dom import Piece
from geungeo.rag.readers.draft import Reading, web_address
from geungeo.rag.readers.lines import (
    DATED,
    REPORTER,
    Block,
    arrange,
    begins_comments,
    begins_related,
    is_byline,
    is_caption,
    is_heading,
    is_page_line,
    is_statement,
)
from geungeo.rag.readers.metadata import (
    Facts,
    clean_title,
    looks_like_outlet,
    publisher_name,
    split_names,
)
from geungeo.rag.readers.plain import shorten
from geungeo.rag.readers.records import facts_of
from geungeo.rag.readers.scripts import bodies_in_scripts, records_in_scripts
from geungeo.rag.text import clean

_SPACES = re.compile(r"\s+")
# Parts of the page around an article, by class and id.
_AROUND = re.compile(
    r"(?:^|[-_\s])(?:relat|recommend|comment|repl(?:y|ies)|sns|share|sharing|social|banner|advert"
    r"|ad|ads|adv|promo|popular|rank|ranking|hot|best|most|footer|gnb|lnb|nav|menu|breadcrumb|copy"
    r"|copyright|tag|tags|keyword|hashtag|subscri|newsletter|print|util|utils|tool|tools|toolbar|btn"
    r"|login|search|journalist|reporter|writer|sponsor|taboola|dable|outbrain|vote|emoji|reaction"
    r"|recomm|audio|tts|popup|modal|layer|quick|aside|side|sidebar|paging|pagination|page_?nav"
    r"|prev|next|another|others?|series|issue|latest|headline_?list|news_?list|list|more|event|poll"
    r"|notice|guide|skip|family|sitemap|cookie|stock|ticker|widget)"
    r"(?:[-_\s\d]|area|box|wrap|list|news|article|s\b|ed\b|ation|$)|댓글|관련"
    r"|(?:^|[-_\s])(?:subscri(?:be|ption)|advertis(?:ement|ing)|promotion|relat(?:ed|ion)\w*|recommend(?:s|ed|ation)"
    r"|donat(?:e|ion)|support|cheer|membership|paywall|feedback|likes?|sharedaddy)(?:[-_\s\d]|$)",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# The summary that a machine wrote: it repeats the article, and can be wrong.
_MACHINE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:ai|auto|bot)[-_]?summ|(?:^|[-_\s])summ\w*[-_](?:ai|auto|bot)\b", re.IGNORECASE
)
_MACHINE_LABEL = re.compile(
    r"자동\s*요약|요약\s*봇|(?:AI|인공지능|챗봇|GPT).{0,14}요약|요약.{0,14}(?:AI|인공지능)"
    r"|(?:세|3|한)\s*줄.{0,6}요약|^(?:기사\s*)?(?:핵심\s*)?요약(?:보기)?$|^AI[- ]generated summary",
    re.IGNORECASE,
)
_AROUND_TAGS = {"nav", "footer", "aside", "form"}
_CONTAINER = re.compile(
    r"article_?-?(?:body|view|content|txt|text|cont)|artice_?body|news_?-?(?:body|content|text|txt|view|end)"
    r"|news_?ct_article|dic_area|story_?-?(?:body|content|news)|view_?(?:cont|text|body|con)\w*"
    r"|(?:^|\s)(?:harmonyContainer|CmAdContent|textBody|articleText)|cont_?(?:view|body|newstext)"
    r"|art_?(?:body|text|txt|cont)|post_?-?(?:body|content)|entry-content|rns_text|detail_?(?:body|text|con)",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"(?:삭제된|삭제되었거나|존재하지\s*않는|찾을\s*수\s*없는|없는|만료된|비공개(?:된)?|서비스가\s*종료된)\s*"
    r"(?:기사|뉴스|페이지|게시물|글)|(?:기사|페이지|게시물)(?:가|를|이)?\s*(?:삭제\s*(?:되|처리|했)|존재하지\s*않"
    r"|찾을\s*수\s*없|없습니다)|언론사(?:의)?\s*요청(?:에|으로).{0,20}삭제|404\s*not\s*found|page\s*not\s*found"
    r"|this\s*(?:article|page)\s*(?:has\s*been\s*removed|is\s*no\s*longer)",
    re.IGNORECASE,
)
_TOP = 5  # blocks among which the headline can be repeated
_WEAK = 200  # characters of running text below which other sources of the body are tried
_DATE_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "published_time",
    "og:regdate",
    "regdate",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "article.published",
    "article_date_original",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "dcterms.date",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "og:createdate",
    "date",
    "article:modified_time",
)
_AUTHOR_NAMES = (
    "article:author",
    "og:article:author:name",
    "dable:author",
    "author",
    "dc.creator",
    "byl",
    "parsely-author",
    "sailthru.author",
    "twitter:creator",
)
_PUBLISHER_NAMES = (
    "og:site_name",
    "dc.publisher",
    "publisher",
    "article:publisher",
    "application-name",
    "twitter:site",
    "twitter:creator",
    "author",
)


def read_html(text: str, source: str) -> Reading:
    """Read one article from a page's main content and metadata.

    Raises:
        EmptySource: the page has no article: no running text, a deleted article, or a list.
        MalformedSource: the page cannot be parsed.
    """
    page = _Page(text, source)
    blocks, warnings = page.body()
    arranged = arrange(blocks)
    facts = Facts(arranged.blocks, [*arranged.left_out, *page.outside_lines()])
    publisher = page.publisher() or facts.publisher or page.site()
    title = page.title(publisher)
    kept = [
        (kind, block)
        for number, (kind, block) in enumerate(arranged.blocks)
        if not (
            _same(block, title)
            and (kind in {SectionKind.HEADING, SectionKind.DECK} or number < _TOP)
        )
    ]
    left_out = list(arranged.left_out)
    while kept and kept[-1][0] is SectionKind.HEADING:
        left_out.append(kept.pop()[1])  # the heading of something around the article
    if not any(kind in {SectionKind.BODY, SectionKind.DECK} for kind, _ in kept):
        raise EmptySource(page.refusal())
    if refusal := page.is_no_article(kept):
        raise EmptySource(refusal)
    published_at, unreadable = page.published_at()
    author = page.author(publisher) or facts.author
    published_at = published_at or facts.published_at or page.printed_date()
    if title and not (author and published_at):
        scripted = page.scripted_facts(title)
        author, published_at = author or scripted[0], published_at or scripted[1]
    if unreadable and not published_at:
        warnings.append(f"date {shorten(unreadable, 40)!r} cannot be read; stored without a date")
    draft = Draft(
        title=title or shorten(kept[0][1]),
        blocks=tuple(kept),
        source=source,
        url=page.url(),
        author=author,
        publisher=publisher,
        published_at=published_at,
        language=None,
        warnings=tuple(warnings),
        left_out=tuple(left_out),
    )
    return Reading((draft,))


class _Page:
    """A parsed page."""

    def __init__(self, text: str, source: str) -> None:
        import lxml.html

        self.source = source
        try:
            # An XML declaration with an encoding is an error in a decoded text.
            plain = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
            self.root = lxml.html.document_fromstring(plain)
        except Exception as error:
            if "empty" in str(error).lower():
                raise EmptySource(f"{source}: no article text found in this page") from error
            raise MalformedSource(
                f"{source}: this HTML cannot be parsed ({_brief(error)})"
            ) from error
        self.text = text
        self.meta = _meta(self.root)
        self.data = list(_json_ld(self.root))
        self.pieces = dom.pieces_of(self.root)
        self._around: set[int] = set()
        self._summary: set[str] = set()  # the blocks of a summary by a machine

    # The body

    def body(self) -> tuple[list[Block], list[str]]:
        """Return the blocks of the article, and warnings about text that may be missing."""
        warnings: list[str] = []
        self._around = self._page_parts()
        kept = self._without_kicker(self._with_lead(self._container()))
        begins = next((one for one, piece in enumerate(kept) if piece.is_running_text), 0)
        blocks: list[Block] = [
            (
                _kind(piece, number > begins) if 0 < number < len(kept) - 1 else piece.kind,
                piece.text,
            )
            for number, piece in enumerate(kept)
        ]
        size = _size(blocks)
        for enough, other in self._other_bodies(size):
            fuller = _sentences(other) > _sentences(blocks) * enough
            if fuller and not _holds(blocks, other, 0.9):
                blocks, size = other, _size(other)
        missing = self._running_text_outside(blocks)
        lost = sum(map(len, missing))
        if size and lost > 0.25 * size and len(missing) > 2:
            warnings.append(
                f"{len(missing)} sentences of the page were not taken as part of the article, "
                f"the first: {shorten(missing[0], 60)!r}; compare with the page"
            )
        return blocks, warnings

    def _page_parts(self) -> set[int]:
        """Return the numbers of the blocks in menus, lists, comments and the like."""
        total = sum(len(piece.text) for piece in self.pieces if piece.is_running_text) or 1
        found: set[int] = set()
        for element, inside in dom.ancestors(self.pieces):
            described = f"{element.get('class') or ''} {element.get('id') or ''}"
            summary = _MACHINE_CLASS.search(described) or (
                len(inside[0].text) <= 40 and _MACHINE_LABEL.search(inside[0].text)
            )
            named = (
                summary or element.tag in _AROUND_TAGS or _AROUND.search(_CAMEL.sub("-", described))
            )
            if not named or _CONTAINER.search(described):
                continue
            running = sum(len(piece.text) for piece in inside if piece.is_running_text)
            others = total - running
            if element.tag not in {"html", "body", "main", "article"} and running <= others:
                found.update(piece.order for piece in inside)
                if summary:
                    self._summary.update(piece.text for piece in inside)
        return found

    def _container(self) -> list[Piece]:
        """Return the blocks of the element that contains the article."""
        usable = [piece for piece in self.pieces if piece.order not in self._around]
        scored: list[tuple[float, int, float, list[Piece]]] = []
        for element, inside in dom.ancestors(usable):
            described = f"{element.get('class') or ''} {element.get('id') or ''}"
            # The least share of the best score that makes a named container the article.
            enough = 1.0
            if element.get("itemprop") == "articleBody":
                enough = 0.5
            elif _CONTAINER.search(described):
                enough = 0.7
            depth = sum(1 for _ in element.iterancestors())
            scored.append((sum(map(_worth, inside)), depth, enough, inside))
        best = max((score for score, *_ in scored), default=0.0)
        if best <= 0:
            return []
        named = [one for one in scored if one[2] < 1 and one[0] >= one[2] * best]
        return max(named or scored, key=lambda one: (one[0], one[1]))[3]

    def _with_lead(self, kept: list[Piece]) -> list[Piece]:
        """Add what comes between the headline and the container: deck, lead, caption."""
        if not kept:
            return kept
        first, last = kept[0].order, kept[-1].order
        inside = {piece.order for piece in kept}
        start = first
        named = _bare(self.meta.get("og:title") or "")
        titles = [
            piece.order
            for piece in self.pieces[:first]
            if piece.kind is SectionKind.HEADING
            and piece.path
            and (
                piece.path[-1].tag == "h1"
                or (len(_bare(piece.text)) >= 6 and _bare(piece.text) in named)
            )
        ]
        lead = _lead_of(self.meta.get("og:description") or self.meta.get("description"))
        if titles:
            start = titles[-1] + 1
            deck = self.pieces[start]
            # A second heading right below the headline is its deck.
            if deck.kind is SectionKind.HEADING and start < first and not is_byline(deck.text):
                deck.kind = SectionKind.DECK
        added: list[Piece] = []
        for piece in self.pieces[:first]:
            is_lead = bool(lead) and lead in _bare(piece.text)
            near = piece.order >= start and piece.order not in self._around
            if (is_lead and piece.order not in self._around and _worth(piece) > 0) or (
                near
                and piece.linked < len(piece.text) * 0.5
                and (
                    piece.kind in {SectionKind.CAPTION, SectionKind.DECK}
                    or piece.is_running_text
                    or is_byline(piece.text)
                )
            ):
                added.append(piece)
        if lead and not any(lead in _bare(piece.text) for piece in [*added, *kept]):
            added.extend(
                piece
                for piece in self.pieces
                if piece.order > last
                and piece.order not in self._around
                and lead in _bare(piece.text)
            )
        result = sorted(
            [*kept, *(piece for piece in added if piece.order not in inside)],
            key=lambda piece: piece.order,
        )
        return [piece for piece in result if not _is_link(piece)]

    def _without_kicker(self, kept: list[Piece]) -> list[Piece]:
        """Leave out the labels above the headline: the series, the section."""
        named = _bare(self.meta.get("og:title") or "")
        at = next(
            (
                number
                for number, piece in enumerate(kept[:_TOP])
                if piece.kind is SectionKind.HEADING
                and named
                and _bare(piece.text) in named
                and len(_bare(piece.text)) >= 0.6 * len(named)
            ),
            0,
        )
        shown = {SectionKind.CAPTION, SectionKind.DECK}
        above = [
            one
            for one in kept[:at]
            if one.kind in shown or one.is_running_text or is_byline(one.text)
        ]
        return [*above, *kept[at:]]

    def _other_bodies(self, size: int) -> Iterator[tuple[float, list[Block]]]:
        """Yield the body as JSON-LD, scripts and trafilatura have it.

        The number before it says how many times as many sentences make it the fuller one.
        """
        for item in self.data:
            body = item.get("articleBody")
            if isinstance(body, str) and body.strip():
                yield 1.1, dom.fragment_blocks(body)
        if size < _WEAK:
            for body in bodies_in_scripts(self.root):
                yield 1.5, dom.fragment_blocks(body)
            # It can take hidden text and the page around an article for the article.
            yield 1.5, self._trafilatura()

    def _trafilatura(self) -> list[Block]:
        import logging

        import trafilatura

        logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
        try:
            found = trafilatura.extract(
                self.text, output_format="txt", include_comments=False, include_images=False
            )
        except Exception:  # noqa: BLE001 - an extra opinion on the body, of which pages can do without
            return []
        lines = (line.strip() for line in (found or "").split("\n"))
        return [
            (SectionKind.BODY, line)
            for line in lines
            if line and line.lstrip("- ") not in self._summary
        ]

    def _running_text_outside(self, blocks: Sequence[Block]) -> list[str]:
        held = _bare(" ".join(text for _, text in blocks))
        return [
            piece.text
            for piece in self.pieces
            if piece.order not in self._around
            and piece.is_running_text
            and not is_page_line(piece.text)
            and _bare(piece.text) not in held
        ]

    def outside_lines(self) -> list[str]:
        """Return the short lines of the page outside the article, which can name its publisher."""
        return [
            piece.text
            for piece in self.pieces
            if len(piece.text) < 160 and re.search(r"[ⓒ©]|저작권자|\([cC]\)", piece.text)
        ]

    # Refusals

    def refusal(self) -> str:
        """Return why the page is not read."""
        scripts = " ".join(script.text or "" for script in self.root.iter("script"))[:2_000]
        shown = " ".join([*(piece.text for piece in self.pieces[:40]), scripts])
        if _GONE.search(shown):
            return f"{self.source}: this page says that the article was removed"
        return f"{self.source}: no article text found in this page"

    def is_no_article(self, kept: Sequence[Block]) -> str | None:
        """Return why a page with some text is no article, or ``None``."""
        body = [text for kind, text in kept if kind is SectionKind.BODY]
        size = sum(map(len, body))
        scripts = " ".join(script.text or "" for script in self.root.iter("script"))[:2_000]
        if size < 250 and (
            any(_GONE.search(text) for text in body)
            or (size < 60 and _GONE.search(f"{self.meta.get('title', '')} {scripts}"))
        ):
            return f"{self.source}: this page says that the article was removed"
        linked = sum(len(piece.text) for piece in self.pieces if _is_link(piece))
        links = sum(_is_link(piece) and len(piece.text) >= 10 for piece in self.pieces)
        statements = sum(is_statement(text) for text in body)
        kind = self.meta.get("og:type", "")
        declared = "article" in kind or any(item.get("articleBody") for item in self.data)
        few = linked > 0.5 * size and statements < links / 4
        if links >= 8 and not declared and (few or self._are_teasers(body)):
            return (
                f"{self.source}: this page is a list of {links} links, not an article; "
                "add the addresses of its articles"
            )
        return None

    def _are_teasers(self, body: Sequence[str]) -> bool:
        """Whether most paragraphs follow a linked headline, as in a list of articles."""
        texts = set(body)
        kept = [piece for piece in self.pieces if piece.text in texts and piece.is_running_text]
        teasers = sum(
            piece.order > 0
            and _is_link(before := self.pieces[piece.order - 1])
            and len(before.text) >= 10
            for piece in kept
        )
        return teasers >= 5 and teasers >= 0.6 * len(kept)

    # Metadata

    def title(self, publisher: str | None) -> str:
        """Return the headline, without the name of the site."""
        headings = [_text(element) for element in self.root.iter("h1")]
        headings = [text for text in headings if text]
        given = next(
            (
                text
                for text in (
                    self.meta.get("og:title"),
                    self._from_data("headline"),
                    self.meta.get("twitter:title"),
                    self._labelled("제목"),
                    _text(self.root.find(".//title")),
                )
                if text and text.strip()
            ),
            "",
        )
        given = clean(dom.fragment_text(given)).strip()
        heading = next(
            (text for text in headings if _bare(text) and _bare(text) in _bare(given)), ""
        )
        site = publisher_name(self.meta.get("og:site_name"))
        title = clean_title(given, publisher, heading)
        if site and site != publisher:
            title = clean_title(title, site, heading)
        if not title and headings:
            title = headings[0]
        marked = any(self.meta.get(name) for name in ("og:title", "twitter:title"))
        if heading_of := next((text for text in headings if _bare(title) in _bare(text)), None):
            # The title of the window can be shorter than the headline.
            title = title if marked or not title else clean_title(heading_of, publisher)
        # A title that only names the site: the heading is the article's own.
        if headings and publisher and _bare(title) == _bare(publisher):
            title = headings[-1]
        return " ".join(clean(title).split())

    def publisher(self) -> str | None:
        """Return the publisher that the page's data names, portals excepted."""
        for item in self.data:
            for field in ("publisher", "sourceOrganization", "provider"):
                if name := publisher_name(_name(item.get(field))):
                    return name
        # Portals name the outlet here, other sites the reporter.
        given = self.meta.get("og:article:author")
        if given and not REPORTER.search(given) and (name := publisher_name(given)):
            return name
        given = self.meta.get("article:author")
        site = self.meta.get("og:site_name") or ""
        if given and given in re.split(r"\s+[-–|:]\s+", site)[1:]:
            return publisher_name(given)
        for element in self.root.iter("img"):
            described = " ".join(
                f"{one.get('class') or ''}"
                for one in (element, element.getparent())
                if one is not None
            )
            if re.search(
                r"(?:press|media|news).{0,12}logo|logo.{0,8}(?:press|media)", described
            ) and (name := publisher_name(element.get("alt") or element.get("title"))):
                return name
        return publisher_name(self.meta.get("og:site_name"))

    def site(self) -> str | None:
        """Return the publisher that less exact metadata names."""
        for key in _PUBLISHER_NAMES[1:-2]:
            if name := publisher_name(self.meta.get(key)):
                return name
        return None

    def author(self, publisher: str | None) -> str | None:
        """Return the authors that the page's data names."""
        for item in self.data:
            if (name := split_names(_name(item.get("author")))) and _is_person(name, publisher):
                return name
        for key in _AUTHOR_NAMES:
            given = self.meta.get(key)
            if (
                given
                and not given.startswith(("http", "@"))
                and (name := split_names(given))
                and _is_person(name, publisher)
                and _is_person(name, publisher_name(self.meta.get("og:site_name")))
            ):
                return name
        given = self.meta.get("og:article:author")
        if given and REPORTER.search(given):
            return split_names(given)
        for element in self.root.iter():
            if not isinstance(element.tag, str):
                continue
            described = " ".join(element.get(name) or "" for name in ("class", "itemprop", "rel"))
            # The texts of neighbours, such as a button and a name, are no single word.
            text = _spaced(element) if _CREDITED.search(described) else ""
            if not 0 < len(text) <= 80:
                continue
            if match := _REPORTER_OF.search(text):
                return split_names(match[0])
            if (match := _NAME.fullmatch(text) or _WRITTEN_BY.match(text)) and (
                _NAMED_CLASS.search(described) or _is_dated(element)
            ):
                return match["name"]
        return None

    def published_at(self) -> tuple[str | None, str | None]:
        """Return the date that the page's data names, and one that cannot be read."""
        unreadable: str | None = None
        for given in self._dates():
            if not given.strip():
                continue
            if found := parse_date(given):
                return found, None
            unreadable = unreadable or given
        return None, unreadable

    def _dates(self) -> Iterator[str]:
        yield from (
            value for item in self.data if isinstance(value := item.get("datePublished"), str)
        )
        yield from (self.meta[name] for name in _DATE_NAMES[:-1] if name in self.meta)
        # dd:published_time, cms.regdate
        yield from (value for name, value in self.meta.items() if _DATE_NAME.search(name))
        for element in self.root.iter():
            if not isinstance(element.tag, str):
                continue
            if element.get("itemprop") == "datePublished":
                yield element.get("content") or element.get("datetime") or _text(element)
            elif element.get("data-date-time") and "MODIFY" not in (element.get("class") or ""):
                yield element.get("data-date-time")
        yield from (
            element.get("datetime") or _text(element)
            for element in self.root.iter("time")
            if element.get("datetime")
        )
        for element in self.root.iter():
            if isinstance(element.tag, str) and _DATED_CLASS.search(element.get("class") or ""):
                text = _text(element)
                rest = re.sub(r"[\d\s.:/|-]", "", DATED.sub("", text))
                if text and len(text) <= _DATE_CHARS and len(rest) <= 8:
                    yield text

    def printed_date(self) -> str | None:
        """Return the date that the page shows around its headline, if it is marked as one."""
        for piece in self.pieces:
            if len(piece.text) <= 120 and is_byline(piece.text) and (day := parse_date(piece.text)):
                return day
        if "article:modified_time" in self.meta:
            return parse_date(self.meta["article:modified_time"])
        return None

    def scripted_facts(self, title: str) -> tuple[str | None, str | None]:
        """Return author and date in the data of a script that has the article's title."""
        author = published_at = None
        for record in records_in_scripts(self.root):
            given = next((record[key] for key in ("title", "headline") if key in record), None)
            if isinstance(given, str) and _bare(given) == _bare(title):
                found = facts_of(record, self.source)
                author, published_at = author or found[0], published_at or found[1]
        return author, published_at

    def url(self) -> str | None:
        """Return the canonical address of the page."""
        for link in self.root.iter("link"):
            if (link.get("rel") or "").lower() == "canonical" and (
                address := web_address(link.get("href"))
            ):
                return address
        for item in self.data:
            entity = item.get("mainEntityOfPage")
            given = entity.get("@id") if isinstance(entity, dict) else entity
            if isinstance(given, str) and (address := web_address(given)):
                return address
        return web_address(self.meta.get("og:url"))

    def _labelled(self, label: str) -> str | None:
        """Return what a board of a public body shows beside a label such as 제목."""
        for element in self.root.iter("th", "dt"):
            beside = element.getnext()
            if _text(element) == label and beside is not None and beside.tag in {"td", "dd"}:
                return _text(beside) or None
        return None

    def _from_data(self, field: str) -> str | None:
        return next(
            (value for item in self.data if isinstance(value := item.get(field), str) and value),
            None,
        )


# Classes of elements that may name the author, those that surely do, and those with dates.
_NAMED_CLASS = re.compile(
    r"(?:^|[-_\s])(?:author|byline|by|journalist|reporter|rep|writer)(?:[-_\s]|$)"
)
_CREDITED = re.compile(
    r"(?:^|[-_\s])(?:author|byline|by|journalist|reporter|rep|writer|info|meta|credit)(?:[-_\s]|$)"
)
_DATED_CLASS = re.compile(
    r"(?:^|[-_\s])(?:date|dates|datetime|time|timestamp|info|data)(?:[-_\s]|$)"
)
_DATE_CHARS = 60
_DATE_NAME = re.compile(
    r"[.:_-](?:published(?:_time|_?date|_?at)?|publish_?date|reg_?date|pub_?date)$"
)
_NAME = re.compile(r"(?P<name>[가-힣]{2,4})(?:\s?\([\w.-]{2,20}\))?")
_WRITTEN_BY = re.compile(r"^(?:글|취재|글·사진)\s?[:：]?\s(?P<name>[가-힣]{2,4})(?![가-힣])")
_REPORTER_OF = re.compile(
    r"[가-힣]{2,4}(?:\s?[·,]\s?[가-힣]{2,4})*\s*(?:기자|특파원|논설위원|앵커)"
)


def _is_person(name: str, publisher: str | None) -> bool:
    return (
        _bare(name) != _bare(publisher or "")
        and not looks_like_outlet(name)
        and not re.search(
            r"(?:뉴스|일보|신문|통신|방송|미디어|닷컴|온라인팀)$|^(?:admin|관리자|편집국|webmaster)",
            name,
            re.IGNORECASE,
        )
    )


def _is_dated(element: Any) -> bool:
    """Whether the element, or a short one around it, shows a date."""
    shown = (_text(one) for one in (element, element.getparent()) if one is not None)
    return any(len(text) <= 200 and parse_date(text) is not None for text in shown)


def _brief(error: Exception) -> str:
    return _SPACES.sub(" ", f"{type(error).__name__} {error}")[:80].strip()


def _text(element: Any) -> str:
    if element is None:
        return ""
    return _SPACES.sub(" ", clean("".join(element.itertext())).replace("\n", " ")).strip()


def _spaced(element: Any) -> str:
    return _SPACES.sub(" ", clean(" ".join(element.itertext())).replace("\n", " ")).strip()


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _same(block: str, title: str) -> bool:
    return _bare(block) == _bare(title)


def _size(blocks: Sequence[Block]) -> int:
    """Return the characters of running text."""
    return sum(
        len(text)
        for kind, text in blocks
        if kind is not SectionKind.HEADING and (is_statement(text) or len(text) > 120)
    )


def _sentences(blocks: Sequence[Block]) -> int:
    """Return the number of sentences of running text, however they are divided into blocks."""
    return sum(
        len(_SENTENCE.findall(text)) for kind, text in blocks if kind is not SectionKind.HEADING
    )


_SENTENCE = re.compile(r"[^\s.!?][.!?](?=[\s\"'”’)]|$)|。")


def _holds(blocks: Sequence[Block], other: Sequence[Block], share: float) -> bool:
    """Whether ``blocks`` contain at least ``share`` of the sentences of ``other``."""
    held = _bare(" ".join(text for _, text in blocks))
    sentences = [
        bare
        for _, text in other
        for part in re.split(r"(?<=[.!?。])\s+|\n", text)
        if len(bare := _bare(part)) >= 8
    ]
    return sum(len(one) for one in sentences if one in held) >= share * sum(map(len, sentences))


def _is_link(piece: Piece) -> bool:
    return piece.linked > 0.6 * len(piece.text)


def _kind(piece: Piece, within: bool) -> SectionKind:  # noqa: FBT001
    """Return the kind of a block; a short line on its own that is no sentence is a heading.

    ``within`` the text there is no deck: what its class calls a subtitle is a heading.
    """
    listed = any(element.tag in _LISTS for element in piece.path)
    if within and piece.kind is SectionKind.DECK:
        return SectionKind.BODY if is_statement(piece.text) else SectionKind.HEADING
    if piece.kind is not SectionKind.BODY or listed or " | " in piece.text:
        return piece.kind
    if is_caption(piece.text) or is_byline(piece.text) or not is_heading(piece.text, 40):
        return piece.kind
    return SectionKind.HEADING


_LISTS = frozenset({"li", "dd", "dt", "td", "th", "pre", "blockquote"})


def _worth(piece: Piece) -> float:
    """Return how much a block speaks for its container: running text for it, links against."""
    if _is_link(piece):
        return -len(piece.text) - 10.0
    if is_page_line(piece.text) or begins_related(piece.text) or begins_comments(piece.text):
        return -15.0
    if piece.is_running_text:
        return float(len(piece.text))
    if piece.kind is SectionKind.CAPTION or is_caption(piece.text) or " | " in piece.text:
        return 1.0
    return -4.0


def _lead_of(description: str | None) -> str:
    """Return the bare beginning of the description of a page, long enough to be found again."""
    first = re.split(r"(?<=[.!?。])\s", (description or "").strip())[0]
    bare = _bare(re.sub(r"(?:\.{2,}|…)$", "", first))
    return bare[:30] if len(bare) >= 12 else ""


def _meta(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    # Open Graph's own attribute counts before others that repeat its names.
    for element in sorted(root.iter("meta"), key=lambda one: one.get("property") is None):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if name and content and content.strip():
            found.setdefault(name.strip().lower(), " ".join(clean(content).split()))
    return found


def _json_ld(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the articles in the page's JSON-LD."""
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        try:
            # Raw line breaks in strings are common.
            value = json.loads(script.text.strip().strip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for item in _items(value):
            kind = item.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if any("Article" in str(one) or "Posting" in str(one) for one in kinds):
                yield item


def _items(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, list):
        for one in value:
            yield from _items(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        yield from _items(value.get("@graph"), depth + 1)
        yield from _items(value.get("mainEntity"), depth + 1)


def _name(value: Any) -> str | None:
    """Return the name or names of a JSON-LD person or organization."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _name(value.get("name"))
    if isinstance(value, list):
        return ", ".join(name for one in value if (name := _name(one))) or None
    return None
