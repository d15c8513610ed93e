"""Reader of web pages: the article of the page, with its metadata, without the page around it.

The container of the article is the element whose blocks are mostly running text. What it
holds is checked against the other places where pages repeat their text: JSON-LD
(``articleBody``), the lead in ``og:description``, data in scripts, and trafilatura's extraction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource, MalformedSource
from geungeo.rag.readers import dom, frame
from geungeo.rag.readers.bylines import MAIL, team_of
from geungeo.rag.readers.colophon import without_colophon
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.dom import Piece
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.lines import (
    SENTENCE,
    Block,
    arrange,
    begins_comments,
    begins_related,
    is_address,
    is_byline,
    is_caption,
    is_copyright,
    is_heading,
    is_imprint,
    is_page_line,
    is_roll,
    is_statement,
)
from geungeo.rag.readers.metadata import letters_of, writer_of
from geungeo.rag.readers.page_authors import author_of
from geungeo.rag.readers.page_metadata import (
    PageMetadata,
    articles_in_json_ld,
    meta_of,
)
from geungeo.rag.readers.page_publisher import publisher_of
from geungeo.rag.readers.plain import shorten
from geungeo.rag.readers.scripts import bodies_in_scripts

_SPACES = re.compile(r"\s+")
# The summary that a machine wrote: it repeats the article, and can be wrong.
_MACHINE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:ai|auto|bot)[-_]?summ|(?:^|[-_\s])summ\w*[-_](?:ai|auto|bot)\b", re.IGNORECASE
)
_MACHINE_LABEL = re.compile(
    r"자동\s*요약|요약\s*봇|(?:AI|인공지능|챗봇|GPT).{0,14}요약|요약.{0,14}(?:AI|인공지능)"
    r"|(?:세|3|한)\s*줄.{0,6}요약|^(?:기사\s*)?(?:핵심\s*)?요약(?:보기)?$|^AI[- ]generated summary",
    re.IGNORECASE,
)
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
    r"|(?:해당|이|본)\s*(?:기사|뉴스|게시물|게시글|콘텐츠)(?:는|은)\s.{0,40}(?:노출|서비스|게재|제공)(?:이|가)?\s*"
    r"(?:중단|종료|제한)(?:됐|되었|된|되어)"
    r"|this\s*(?:article|page)\s*(?:has\s*been\s*removed|is\s*no\s*longer)",
    re.IGNORECASE,
)
_PART = 0.1  # of the text, which makes an element with the name of a container part of it
_TOP = 5  # blocks among which the headline can be repeated
_A_SENTENCE = 10  # the worth of the shortest running text
_SHORT = 6  # letters of a headline
# An item of a newsletter's contents: 1. 메인: 배춧값 이야기
_CONTENTS = re.compile(r"(?:\d{1,2}\s?[.)]|[①-⑳])\s?[^.!?]{2,60}$")
_UNSUBSCRIBE = re.compile(r"수신\s?거부|구독\s?취소|unsubscribe", re.IGNORECASE)
_TEASERS = 4  # that make a page a list
_WEAK = 200  # characters of running text below which other sources of the body are tried


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
    publisher = publisher_of(page.metadata, facts)
    title = page.metadata.title(publisher)
    kept = [
        (kind, block)
        for number, (kind, block) in enumerate(arranged.blocks)
        if not (
            _same(block, title)
            and (kind in {SectionKind.HEADING, SectionKind.DECK} or number < _TOP)
        )
    ]
    left_out = list(arranged.left_out)
    author = author_of(page.metadata, facts.claims, publisher)
    kept, around = without_colophon(kept, author, publisher)
    left_out += around
    while kept and (kept[-1][0] is SectionKind.HEADING or page.is_imprint(*kept[-1])):
        left_out.append(kept.pop()[1])  # the heading of something around the article
    if not any(kind in {SectionKind.BODY, SectionKind.DECK} for kind, _ in kept):
        raise EmptySource(page.refusal())
    if refusal := page.is_no_article(kept):
        raise EmptySource(refusal)
    published_at, unreadable = page.metadata.published_at()
    printed, is_sure = page.metadata.printed_date()
    published_at = (
        published_at
        or (title and page.metadata.scripted_date(title))
        or (printed if is_sure else None)
        or facts.published_at
        or printed
        or page.metadata.date_in_address()
        or page.metadata.date_above()
        or page.metadata.printed_date(elsewhere=True)[0]
    )
    if unreadable and not published_at:
        warnings.append(f"date {shorten(unreadable, 40)!r} cannot be read; stored without a date")
    draft = Draft(
        title=title or shorten(kept[0][1]),
        blocks=tuple(kept),
        source=source,
        url=page.metadata.url(),
        author=author,
        publisher=publisher,
        published_at=published_at,
        language=None,
        warnings=tuple(warnings),
        left_out=tuple(left_out),
    )
    return Reading((draft,))


def _text_size(pieces: Iterable[Piece]) -> int:
    """Return the characters of the running text in blocks, notices of the page excepted."""
    text = (one.text for one in pieces if one.is_running_text or is_roll(one.text))
    return sum(len(one) for one in text if not is_page_line(one))


def _is_fact(piece: Piece) -> bool:
    """Whether a block of a list or a table says something with a number."""
    return any(one.tag in _LISTS or one.tag == "table" for one in piece.path) and any(
        char.isdigit() for char in piece.text
    )


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
        self.meta = meta_of(self.root)
        self.data = list(articles_in_json_ld(self.root))
        self.pieces = dom.pieces_of(self.root)
        self.metadata = PageMetadata(self.root, self.meta, self.data, self.pieces, source)
        self._further: set[int] = set()  # the numbers of the blocks of further articles
        self._summary: set[str] = set()  # the blocks of a summary by a machine
        self._hidden: list[str] = []  # prose within the text that a browser does not show
        self._named: list[tuple[Any, list[Piece]]] = []  # parts of the page by their names

    # The body

    def body(self) -> tuple[list[Block], list[str]]:
        """Return the blocks of the article, and warnings about text that may be missing."""
        warnings: list[str] = []
        self.metadata.around = self._page_parts()
        usable = [piece for piece in self.pieces if piece.order not in self.metadata.around]
        found = frame.followed(self._container(usable), usable)
        found = frame.without_odd_boxes(frame.trimmed(found))
        kept = self._with_boxes(self._without_kicker(self._with_lead(found)))
        begins = next(
            (
                one
                for one, piece in enumerate(kept)
                if piece.is_running_text
                and piece.kind is not SectionKind.HEADING
                and not _is_dated(piece)
            ),
            0,
        )
        if kept:
            self.metadata.begins, self.metadata.ends = kept[begins].order, kept[-1].order
        blocks: list[Block] = [
            (
                SectionKind.BYLINE
                if _is_credit(piece, number - begins, len(kept) - number)
                else _kind(piece, number > begins)
                if 0 < number < len(kept) - 1
                else piece.kind,
                piece.text,
            )
            for number, piece in enumerate(kept)
        ]
        size = _size(blocks)
        for enough, other, record in self._other_bodies(size):
            fuller = _sentences(other) > _sentences(blocks) * enough
            if fuller and not _holds(blocks, other, 0.9):
                blocks, size, self.metadata.record = other, _size(other), record
        if self.metadata.record is not None:
            self.metadata.place_of_script()
        missing = self._running_text_outside(blocks)
        lost = sum(map(len, missing))
        if not (size and lost > 0.25 * size and len(missing) > 2):
            missing = []
        held = letters_of(" ".join(text for _, text in blocks))
        within = self._running_text_within(kept)
        missing = list(dict.fromkeys([*missing, *within, *self._hidden]))
        missing = [text for text in missing if letters_of(text) not in held]
        if missing:
            count = sum(len(SENTENCE.findall(text)) or 1 for text in missing)
            taken = "sentence of the page was" if count == 1 else "sentences of the page were"
            warnings.append(
                f"{count} {taken} not taken as part of the article, "
                f"the first: {shorten(missing[0], 60)!r}; compare with the page"
            )
        return blocks, warnings

    def _with_boxes(self, kept: list[Piece]) -> list[Piece]:
        """Add the prose of boxes within the text that only their names make parts of the page."""
        if not kept:
            return kept
        added = [
            piece
            for element, inside in self._boxes_within(kept)
            if (
                inside[-1].order < kept[-1].order
                or not (
                    frame.is_named_frame(element, tags=False)[1] or frame.is_about_writer(element)
                )
            )
            and frame.is_prose(element, inside, kept)
            for piece in inside
        ]
        return self._with_opened(sorted([*kept, *added], key=lambda piece: piece.order))

    def _with_opened(self, kept: list[Piece]) -> list[Piece]:
        """Add the prose within the text that a button opens; note other hidden prose of it."""
        text = frame.container_of(kept)
        if text is None:
            return kept
        places = {element: number for number, element in enumerate(text.iter())}
        held = letters_of(" ".join(piece.text for piece in kept))
        found: list[tuple[int, list[Piece]]] = []
        for element, inside in dom.hidden_pieces(text):
            new = [piece for piece in inside if letters_of(piece.text) not in held]
            if (
                not new
                or frame.is_named_frame(element)[1]
                or not frame.is_prose(element, new, kept)
            ):
                continue
            if frame.is_opened(element, self.root):
                found.append((places[element], new))
            else:
                self._hidden += [piece.text for piece in new if piece.is_running_text]
        for place, inside in reversed(found):
            before = [
                number
                for number, piece in enumerate(kept)
                if places.get(piece.element, place + 1) < place
            ]
            at = before[-1] + 1 if before else len(kept)
            order = kept[at - 1].order
            for piece in inside:
                piece.order, piece.path = order, kept[at - 1].path
            kept = [*kept[:at], *inside, *kept[at:]]
        return kept

    def _boxes_within(self, kept: Sequence[Piece]) -> Iterator[tuple[Any, list[Piece]]]:
        """Yield the parts of the page by their names that are within the element of the text."""
        text = frame.container_of(kept)
        seen = {piece.order for piece in kept}
        for element, inside in self._named:
            within = kept[0].order < inside[0].order and (
                inside[-1].order < kept[-1].order or (text is not None and text in inside[0].path)
            )
            if within and seen.isdisjoint(piece.order for piece in inside):
                seen.update(piece.order for piece in inside)
                yield element, inside

    def _running_text_within(self, kept: Sequence[Piece]) -> list[str]:
        """Return the sentences and facts in the place of the text that were left out.

        Boxes with links or buttons are parts of the page.
        """
        if not kept:
            return []
        first, last = kept[0].order, kept[-1].order
        within = {
            piece.order
            for element, inside in self._boxes_within(kept)
            if not any(one.is_link for one in inside) and not frame.has_controls(element)
            for piece in inside
        }
        own = {piece.order for piece in kept}
        return [
            piece.text
            for piece in self.pieces
            if piece.order not in own
            and (
                piece.order in within
                or (first < piece.order < last and piece.order not in self.metadata.around)
            )
            and (
                piece.is_running_text
                or is_statement(piece.text)
                or (piece.order in within and _is_fact(piece))
            )
            and not is_page_line(piece.text)
            and not is_byline(piece.text)
            and piece.text not in self._summary
            and (piece.order < last or frame.in_style_of(piece.text, kept))
        ]

    def _page_parts(self) -> set[int]:
        """Return the numbers of the blocks in menus, lists, comments and the like."""
        total = _text_size(self.pieces) or 1
        inside_of = dict(dom.ancestors(self.pieces))
        texts = {
            element
            for element, inside in inside_of.items()
            if any(piece.is_running_text for piece in inside)
        }
        found: set[int] = set()
        for element, inside in inside_of.items():
            if element.tag in {"html", "body", "main", "article"}:
                continue
            described = frame.describe(element)
            summary = _MACHINE_CLASS.search(described) or _has_machine_label(element, inside)
            named, surely = frame.is_named_frame(element)
            if not (summary or named or frame.is_box(element, inside)):
                continue
            running = _text_size(inside)
            if running > total - running:
                continue
            # A part of the text by one name and of the page by another: how much it has decides.
            if _CONTAINER.search(described) and running > _PART * total:
                continue
            if (
                named
                and not (surely or summary)
                and (frame.is_text(inside) or frame.is_plain_list(element, inside))
                and frame.is_between_paragraphs(element, texts)
            ):
                continue
            found.update(piece.order for piece in inside)
            if summary:
                self._summary.update(piece.text for piece in inside)
            elif named:
                self._named.append((element, inside))
        self._further = self._further_articles()
        return found | self._further | self._around_letter()

    def _around_letter(self) -> set[int]:
        """Return the blocks of a newsletter that are no text of it.

        These are what is behind the line that says how to unsubscribe, and the contents in front
        of the headline.
        """
        size = 0
        for piece in self.pieces:
            size += _text_size([piece])
            if not (is_imprint(piece.text) and _UNSUBSCRIBE.search(piece.text)):
                continue
            if 2 * size <= _text_size(self.pieces):
                return set()
            titles = set(map(letters_of, self.metadata.given_titles()))
            head = next((p.order for p in self.pieces if letters_of(p.text) in titles), 0)
            above = self.pieces[:head]
            items = [one.order for one in above if _CONTENTS.match(one.text)]
            contents = above[items[0] - 1 : items[-1] + 1] if len(items) > 1 and items[0] else []
            return {one.order for one in (*contents, *self.pieces[piece.order :])}
        return set()

    def _further_articles(self) -> set[int]:
        """Return the blocks of other articles that a page shows below its own, each with a h1."""
        titles = {letters_of(self.meta.get("og:title") or "")}
        titles.add(letters_of("".join(self.root.xpath("//title//text()"))))
        headings = [(one, letters_of("".join(one.itertext()))) for one in self.root.iter("h1")]
        own = next(
            (one for one, text in headings if text and any(text in title for title in titles)), None
        )
        found: set[int] = set()
        if own is None:
            return found
        above = set(own.iterancestors())
        for heading, text in headings[headings.index((own, letters_of("".join(own.itertext())))) :]:
            if heading is own or len(text) < _SHORT or any(text in title for title in titles):
                continue
            outermost = heading
            for element in heading.iterancestors():
                if element in above:
                    break
                outermost = element
            inside = [piece for piece in self.pieces if outermost in piece.path]
            if sum(piece.is_running_text for piece in inside) > 1:
                found.update(piece.order for piece in inside)
        return found

    def _container(self, usable: Sequence[Piece]) -> list[Piece]:
        """Return the blocks of the element that contains the article."""
        scored: list[tuple[float, int, float, list[Piece]]] = []
        neutral = _headings_of_tables(usable)
        for element, inside in dom.ancestors(usable):
            described = f"{element.get('class') or ''} {element.get('id') or ''}"
            # The least share of the best score that makes a named container the article.
            enough = 1.0
            if element.get("itemprop") == "articleBody":
                enough = 0.5
            elif _CONTAINER.search(described):
                enough = 0.7
            depth = sum(1 for _ in element.iterancestors())
            worth = sum(_worth(piece) for piece in inside if piece.order not in neutral)
            scored.append((worth, depth, enough, inside))
        best = max((score for score, *_ in scored), default=0.0)
        if best < _A_SENTENCE:
            # Appointments and results are lists without a sentence.
            lists = [
                one for one in scored if one[2] < 1 and not any(piece.is_link for piece in one[3])
            ]
            if lists or best <= 0:
                return max(lists, key=lambda one: len(one[3]), default=(0.0, 0, 0.0, []))[3]
        named = [one for one in scored if one[2] < 1 and one[0] >= one[2] * best]
        return max(named or scored, key=lambda one: (one[0], one[1]))[3]

    def _with_lead(self, kept: list[Piece]) -> list[Piece]:
        """Add what comes between the headline and the container: deck, lead, caption."""
        if not kept:
            return kept
        first, last = kept[0].order, kept[-1].order
        inside = {piece.order for piece in kept}
        start = first
        named = letters_of(self.meta.get("og:title") or "")
        titles = [
            piece.order
            for piece in self.pieces[:first]
            if piece.kind is SectionKind.HEADING
            and piece.path
            and (
                piece.path[-1].tag == "h1"
                or (len(letters_of(piece.text)) >= 6 and letters_of(piece.text) in named)
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
            is_lead = bool(lead) and lead in letters_of(piece.text)
            near = piece.order >= start and piece.order not in self.metadata.around
            if (is_lead and piece.order not in self.metadata.around and _worth(piece) > 0) or (
                near
                and piece.linked < len(piece.text) * 0.5
                and (
                    piece.kind in {SectionKind.CAPTION, SectionKind.DECK}
                    or piece.is_running_text
                    or is_byline(piece.text)
                )
            ):
                added.append(piece)
        if lead and not any(lead in letters_of(piece.text) for piece in [*added, *kept]):
            added.extend(
                piece
                for piece in self.pieces
                if piece.order > last
                and piece.order not in self.metadata.around
                and lead in letters_of(piece.text)
            )
        result = sorted(
            [*kept, *(piece for piece in added if piece.order not in inside)],
            key=lambda piece: piece.order,
        )
        return [
            piece
            for piece in result
            if not piece.is_link or (piece.order in inside and self._is_linked_text(piece, kept))
        ]

    @staticmethod
    def _is_linked_text(piece: Piece, text: Sequence[Piece]) -> bool:
        """Whether a paragraph that is one link is a sentence of a text, in an element like its."""
        beside = (one for one in text if one.is_running_text and one.path[:-1] == piece.path[:-1])
        return (
            is_statement(piece.text)
            and not is_page_line(piece.text)
            and frame.in_style_of(piece.text, text)
            and any(one.element.tag == piece.element.tag for one in beside)
        )

    def _without_kicker(self, kept: list[Piece]) -> list[Piece]:
        """Leave out the labels above the headline: the series, the section."""
        named = [
            letters
            for text in self.metadata.given_titles()
            if len(letters := letters_of(text)) >= _SHORT
        ]
        at = next(
            (
                number
                for number, piece in enumerate(kept[:_TOP])
                if piece.kind is SectionKind.HEADING
                and (own := letters_of(piece.text))
                and any(own in name and len(own) >= 0.6 * len(name) for name in named)
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

    def _other_bodies(
        self, size: int
    ) -> Iterator[tuple[float, list[Block], dict[str, Any] | None]]:
        """Yield the body as JSON-LD, scripts and trafilatura have it.

        The number before it says how many times as many sentences make it the fuller one; behind
        it is the object of a script that has it.
        """
        for item in self.data:
            body = item.get("articleBody")
            if isinstance(body, str) and body.strip():
                yield 1.1, dom.fragment_blocks(body), None
        if size < _WEAK:
            for body, record in bodies_in_scripts(self.root):
                yield 1.5, dom.fragment_blocks(body), record
            # It can take hidden text and the page around an article for the article.
            if not self._further:
                yield 1.5, self._trafilatura(), None

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
        around = {
            letters_of(piece.text) for piece in self.pieces if piece.order in self.metadata.around
        } - {""}
        lines = (line.strip() for line in (found or "").split("\n"))
        return [
            (SectionKind.BODY, line)
            for line in lines
            if line
            and line.lstrip("- ") not in self._summary
            and letters_of(line) not in around
            # It writes the cells of tables, of layout too, between bars.
            and not line.startswith("|")
        ]

    def _running_text_outside(self, blocks: Sequence[Block]) -> list[str]:
        held = letters_of(" ".join(text for _, text in blocks))
        return [
            piece.text
            for piece in self.pieces
            if piece.order not in self.metadata.around
            and piece.is_running_text
            and not is_page_line(piece.text)
            and letters_of(piece.text) not in held
        ]

    def is_imprint(self, kind: SectionKind, line: str) -> bool:
        """Whether a line is the address of the publisher, beside its mail or another of its data.

        An address alone can be that of what the article is about.
        """
        if kind is not SectionKind.BODY or not (is_address(line) or is_imprint(line)):
            return False
        at = next((one for one, piece in enumerate(self.pieces) if piece.text == line), 0)
        beside = [
            piece.text for piece in self.pieces[max(0, at - 1) : at + 2] if piece.text != line
        ]
        return is_imprint(line) or any(
            is_imprint(one) or is_copyright(one) or MAIL.search(one) for one in beside
        )

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
        linked = sum(len(piece.text) for piece in self.pieces if piece.is_link)
        links = sum(piece.is_link and len(piece.text) >= 10 for piece in self.pieces)
        statements = sum(is_statement(text) for text in body)
        kind = self.meta.get("og:type", "")
        declared = "article" in kind or any(item.get("articleBody") for item in self.data)
        few = linked > 0.5 * size and statements < links / 4
        is_list = links >= 8 and (few or self._are_teasers(body))
        if not declared and (is_list or self._has_only_teasers()):
            links = sum(piece.is_link for piece in self.pieces)
            return (
                f"{self.source}: this page is a list of {links} links, not an article; "
                "add the addresses of its articles"
            )
        return None

    def _has_only_teasers(self) -> bool:
        """Whether nearly all running text of the page is right below linked headlines."""
        running = [
            piece
            for piece in self.pieces
            if piece.is_running_text
            and not is_page_line(piece.text)
            and not is_copyright(piece.text)
        ]
        headlines = {
            above.text
            for piece in running
            if piece.order > 0 and (above := self.pieces[piece.order - 1]).is_link
        }
        return len(headlines) >= _TEASERS and len(headlines) >= 0.8 * len(running)

    def _are_teasers(self, body: Sequence[str]) -> bool:
        """Whether most paragraphs follow a linked headline, as in a list of articles."""
        texts = set(body)
        kept = [piece for piece in self.pieces if piece.text in texts and piece.is_running_text]
        teasers = sum(
            piece.order > 0
            and (before := self.pieces[piece.order - 1]).is_link
            and len(before.text) >= 10
            for piece in kept
        )
        return teasers >= 5 and teasers >= 0.6 * len(kept)


def _is_credit(piece: Piece, behind: int, left: int) -> bool:
    """Whether a block is a line about the article: who wrote it, when, how long reading takes.

    It is ``behind`` blocks behind the first of the text, and ``left`` blocks from the end.
    """
    text = piece.text
    if len(text) > _CREDIT_CHARS or piece.element.tag == "table":
        return False
    if piece.kind is SectionKind.CAPTION or piece.element.tag in {"h1", "h2", "h3"}:
        return False
    near = behind <= 1 or left <= _NEAR_END
    if near and (writer_of(text) or team_of(text)):
        return True
    if behind >= 0:
        return False
    return _is_dated(piece) or (parse_date(text) is not None and not piece.is_running_text)


def _is_dated(piece: Piece) -> bool:
    """Whether a short block is mainly an element with a time."""
    element = piece.element
    times = [element] if element.tag == "time" else element.findall(".//time")
    size = sum(len("".join(one.itertext()).strip()) for one in times)
    return len(piece.text) <= _CREDIT_CHARS and size > _DATED_SHARE * len(piece.text)


_CREDIT_CHARS = 160
_DATED_SHARE = 0.25
_NEAR_END = 3  # blocks from the end of the text


def _has_machine_label(element: Any, inside: Sequence[Piece]) -> bool:
    """Whether an element begins with a label that says that a machine wrote it."""
    label = inside[0].text
    if len(label) > _LABEL_CHARS:
        first = next(iter(element), None)
        if first is None or first.tag not in _LABEL_TAGS or (element.text or "").strip():
            return False
        label = "".join(first.itertext()).strip()
    return len(label) <= _LABEL_CHARS and _MACHINE_LABEL.search(label) is not None


_LABEL_CHARS = 40
_LABEL_TAGS = frozenset({"b", "strong", "em", "i", "span", "small"})


def _brief(error: Exception) -> str:
    return _SPACES.sub(" ", f"{type(error).__name__} {error}")[:80].strip()


def _same(block: str, title: str) -> bool:
    return letters_of(block) == letters_of(title)


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
        not end[0].isdigit()  # 1. and 2. number the items of a list
        for kind, text in blocks
        if kind is not SectionKind.HEADING
        for end in SENTENCE.findall(text)
    )


def _holds(blocks: Sequence[Block], other: Sequence[Block], share: float) -> bool:
    """Whether ``blocks`` contain at least ``share`` of the sentences of ``other``."""
    held = letters_of(" ".join(text for _, text in blocks))
    sentences = [
        bare
        for _, text in other
        for part in re.split(r"(?<=[.!?。])\s+|\n", text)
        if len(bare := letters_of(part)) >= 8
    ]
    return sum(len(one) for one in sentences if one in held) >= share * sum(map(len, sentences))


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


def _headings_of_tables(pieces: Sequence[Piece]) -> set[int]:
    """Return the numbers of the first headings and of the headings right above tables.

    They speak neither for nor against a container: short prose and its table are one article.
    """
    found = {
        piece.order
        for piece, below in pairwise(pieces)
        if piece.kind is SectionKind.HEADING and below.element.tag == "table"
    }
    has_table = any(piece.element.tag == "table" for piece in pieces)
    first = next((piece for piece in pieces if piece.element.tag == "h1"), None)
    return {*found, first.order} if has_table and first is not None else found


def _worth(piece: Piece) -> float:
    """Return how much a block speaks for its container: running text for it, links against."""
    if piece.is_link:
        return -len(piece.text) - 10.0
    if is_page_line(piece.text) or begins_related(piece.text) or begins_comments(piece.text):
        return -15.0
    if piece.is_running_text or is_roll(piece.text):
        return float(len(piece.text))
    if piece.kind is SectionKind.CAPTION or is_caption(piece.text) or " | " in piece.text:
        return 1.0
    return -4.0


def _lead_of(description: str | None) -> str:
    """Return the bare beginning of the description of a page, long enough to be found again."""
    first = re.split(r"(?<=[.!?。])\s", (description or "").strip())[0]
    bare = letters_of(re.sub(r"(?:\.{2,}|…)$", "", first))
    return bare[:30] if len(bare) >= 12 else ""
