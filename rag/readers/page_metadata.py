"""Metadata of a web page: its title, authors, publisher, date and address.

Pages say these in Open Graph and other meta elements, in JSON-LD, in the data of scripts, and in
the lines that readers see; each of them can be missing, or be about the site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from geungeo.rag.article import SectionKind
from geungeo.rag.language.dates.times import seoul_day
from geungeo.rag.readers import dom
from geungeo.rag.readers.bylines import MAIL
from geungeo.rag.readers.dates import DATES, parse_date
from geungeo.rag.readers.dom import Piece
from geungeo.rag.readers.draft import web_address
from geungeo.rag.readers.lines import (
    DATED,
    REPORTER,
    begins_related,
    is_button,
    is_byline,
    is_page_line,
    is_statement,
)
from geungeo.rag.readers.metadata import (
    clean_title,
    host_of,
    is_outlet,
    letters_of,
    publisher_name,
    title_parts,
)
from geungeo.rag.readers.records import facts_of
from geungeo.rag.readers.scripts import records_in_scripts, title_in
from geungeo.rag.text import clean

_SPACES = re.compile(r"\s+")
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
# Names of which content systems fill a template, or name another date.
_VAGUE_NAMES = frozenset({"dc.date", "dcterms.created", "dcterms.date", "og:createdate", "date"})


class PageMetadata:
    """Metadata that a page gives of its article."""

    def __init__(
        self,
        root: Any,
        meta: dict[str, str],
        data: list[dict[str, Any]],
        pieces: Sequence[Piece],
        source: str,
    ) -> None:
        self.root = root
        self.meta = meta
        self.data = data
        self.pieces = pieces
        self.source = source
        # The numbers of the blocks with which the text begins and ends.
        self.begins, self.ends = 0, len(pieces)
        self.around: set[int] = set()  # those of the blocks in menus, lists and the like
        self.record: dict[str, Any] | None = None  # the object of a script that has the text

    def place_of_script(self) -> None:
        """Place a text that only a script has behind the headline and the lines right below it."""
        titles = {own for text in self.given_titles() if len(own := letters_of(text)) >= _SHORTEST}
        shown = (piece.order for piece in self.pieces if letters_of(piece.text) in titles)
        begins = next((order + 1 for order in shown), 0)
        while begins and begins < len(self.pieces) and is_byline(self.pieces[begins].text):
            begins += 1
        self.begins, self.ends = begins, begins - 1

    def title(self, publisher: str | None) -> str:
        """Return the headline, without the name of the site.

        What the data calls the title can be one for other services, or that of the site; then
        the headline that readers see counts.
        """
        title = self._as_shown(self._given_title(publisher))
        if (own := title_in(self.record)) and not _shared_words(title, own):
            return " ".join(clean(dom.fragment_text(own)).split())  # the window names the site
        return self._bare_headline(title) or self._seen_title(title, publisher) or title

    def _as_shown(self, title: str) -> str:
        """Return the headline of the page that differs from ``title`` in its marks only."""
        own = re.sub(r"\W+", "", title)
        shown = [*self._headings("h1", "h2", "h3"), *self._titled()]
        return next((text for text in shown if own and re.sub(r"\W+", "", text) == own), title)

    def _bare_headline(self, title: str) -> str | None:
        """Return the headline of the page where ``title`` is it with an addition, or without one.

        Sites add their name, the writer or the number in a series to the title; a label in
        brackets, which only the headline has, is part of it.
        """
        shown = [*self._headings("h1", "h2", "h3"), *self._titled()]
        for heading in shown:
            if len(heading) < _SHORTEST or heading == title:
                continue
            if title.startswith(heading):
                rest = title[len(heading) :]
                # A topic and a colon can also come before the headline.
                share = 1.0 if rest.lstrip()[:1] in ":：" else 1.5
                if _ADDED_AFTER.match(rest) and len(rest) <= share * len(heading):
                    return heading
            at = title.find(heading)
            rest = title[at + len(heading) :]
            is_whole = not rest or (_ADDED_AFTER.match(rest) and len(rest) <= len(heading))
            if at > 0 and is_whole and self._is_addition(title[:at], heading):
                return heading
            if heading.endswith(title) and _LABEL.fullmatch(heading[: -len(title)]):
                return heading
        return None

    def _is_addition(self, before: str, heading: str) -> bool:
        """Whether what a title has before the headline is a number or the name of the site."""
        if _NUMBER_BEFORE.fullmatch(before):
            return True
        if _LABEL.fullmatch(before):
            label = letters_of(before)
            above = self.pieces[: self.headline_order][-_TOP:]
            return label in map(letters_of, self.logos()) or any(
                letters_of(piece.text).endswith(label) for piece in above
            )
        return bool(_ADDED_BEFORE.fullmatch(before)) and len(before) <= len(heading)

    def _titled(self) -> list[str]:
        """Return the texts of the elements whose class says that they are a title."""
        return [
            _headline_of(element)
            for element in self.root.iter()
            if isinstance(element.tag, str) and _TITLE_CLASS.search(element.get("class") or "")
        ]

    def given_titles(self) -> list[str]:
        """Return what the data and the window call the page."""
        given = (
            self.meta.get("og:title"),
            self._from_data("headline"),
            self.meta.get("twitter:title"),
            text_of(self.root.find(".//title")),
            title_in(self.record),
        )
        return [text for text in given if text and text.strip()]

    def _given_title(self, publisher: str | None) -> str:
        headings = self._headings("h1")
        given = next(
            (
                text
                for text in (
                    self.meta.get("og:title"),
                    self._from_data("headline"),
                    self.meta.get("twitter:title"),
                    self._labelled("제목"),
                    text_of(self.root.find(".//title")),
                )
                if text and text.strip()
            ),
            "",
        )
        given = clean(dom.fragment_text(given)).strip()
        heading = next(
            (
                text
                for text in headings
                if letters_of(text) and letters_of(text) in letters_of(given)
            ),
            "",
        )
        site = publisher_name(self.meta.get("og:site_name"))
        title = clean_title(given, publisher, heading)
        if site and site != publisher:
            title = clean_title(title, site, heading)
        if not title and headings:
            title = headings[0]
        marked = any(self.meta.get(name) for name in ("og:title", "twitter:title"))
        if heading_of := next(
            (text for text in headings if letters_of(title) in letters_of(text)), None
        ):
            # The title of the window can be shorter than the headline.
            title = title if marked or not title else clean_title(heading_of, publisher)
        # A title that only names the site: the heading is the article's own.
        if headings and publisher and letters_of(title) == letters_of(publisher):
            title = headings[-1]
        return " ".join(clean(title).split())

    def _headings(self, *tags: str) -> list[str]:
        found = [text for element in self.root.iter(*tags) if (text := _headline_of(element))]
        return [self._without_kicker(text) for text in found]

    def _without_kicker(self, heading: str) -> str:
        """Return a heading without a topic in front of it that the title of the window lacks."""
        window = text_of(self.root.find(".//title"))
        topic, colon, rest = heading.partition(":")
        own = letters_of(rest)
        if colon and len(own) >= _SHORTEST and letters_of(window).startswith(own):
            return rest.strip() if len(topic) <= _TOPIC_CHARS else heading
        for part in title_parts(window):
            topic = heading[: -len(part)]
            if (
                len(letters_of(part)) >= _SHORTEST
                and heading.endswith(part)
                and _TOPIC.fullmatch(topic)
            ):
                return part
        return heading

    def _seen_title(self, title: str, publisher: str | None) -> str | None:
        """Return the headline that readers see where it is another one than ``title``."""
        outlet = letters_of(publisher or "")
        own = letters_of(title)
        first = [text for text in self._headings("h1") if letters_of(text) not in {"", outlet}]
        window = letters_of(text_of(self.root.find(".//title")))
        for heading in first:
            # [가람 프리미엄] in front of the title, for other services.
            label = title[: -len(heading)] if title.endswith(heading) else ""
            if _LABEL.fullmatch(label) and window.startswith(letters_of(heading)):
                return heading
        for heading in [*first, *self._headings("h2", "h3"), *self._titled()]:
            rest = title[len(heading) :] if title.startswith(heading) else ""
            if len(heading) >= _SHORTEST and re.match(r"\s+[<>|]\s", rest):
                return heading
        site = own in {"", outlet} or is_outlet(title) or self._is_label(title, publisher)
        if not site and any(own in letters_of(one.text) for one in self.pieces):
            return None
        if not site and any(
            letters_of(heading) in own or own in letters_of(heading) for heading in first
        ):
            return None
        long = [text for text in first if len(letters_of(text)) >= _SHORTEST]
        for heading in long:
            if (
                letters_of(heading) in window
                or (own in window and not self.meta.get("og:title"))
                or _shared_words(title, heading) >= 2
            ):
                return heading
        shown = None if long else self._shown_headline()
        # [가람레터 8호] in front of the headline is part of the title.
        return None if shown and letters_of(shown) in own else shown

    def _is_label(self, title: str, publisher: str | None) -> bool:
        """Whether a title only names a view of the page or a section: 기사 인쇄, 대학."""
        parts = title_parts(title) or [title]
        if all(
            is_button(part) or is_outlet(part) or part == publisher or _PRINT.search(part)
            for part in parts
        ):
            return True
        own = letters_of(title)
        shown = {letters_of(text) for text in (*self._headings("h1", "h2", "h3"), *self._titled())}
        return len(own) < _SHORTEST and own not in shown

    def _shown_headline(self) -> str | None:
        """Return the line above the text that its class, its size or its words make the headline.

        Of lines without a class or a size, the first with words of the text is it.
        """
        best: tuple[int, str] = (0, "")
        text_begins = self.pieces[self.begins : self.begins + _TOP]
        start = letters_of(" ".join(piece.text for piece in text_begins))
        for piece in self.pieces[max(0, self.begins - _ABOVE) : self.begins]:
            text = piece.text
            if (
                not _SHORTEST <= len(text) <= _LONGEST
                or is_statement(text)
                or piece.linked > len(text) / 2
                or is_byline(text)
                or is_page_line(text)
                or begins_related(text)
                or re.search(r"\s[>›]\s|\s\|\s", text)
                or not piece.path
            ):
                continue
            element = piece.path[-1]
            sizes = [
                int(size)
                for font in element.iter("font")
                if (size := (font.get("size") or "").lstrip("+")).isdigit()
            ]
            score = 3 * bool(_TITLE_CLASS.search(element.get("class") or ""))
            score += 2 * (element.tag in {"h1", "h2", "h3"} or max(sizes, default=0) >= _LARGE)
            score += piece.kind is SectionKind.HEADING
            words = {letters_of(word)[:_STEM] for word in re.split(r"\W+", text)}
            shared = sum(len(word) >= _STEM and word in start for word in words)
            if not score and best[0] < 1 and shared >= _SHARED:
                best = best if best[1] else (0, text)
            if score > best[0]:
                best = score, text
        return best[1] or None

    def logos(self) -> list[str]:
        """Return the names in the links to the first page and in logos."""
        root_links = [
            element
            for element in self.root.iter("a")
            if re.fullmatch(
                r"(?:(?:https?:)?//[^/]+)?/?(?:index\.\w+)?", element.get("href") or "x"
            )
        ]
        logos = [text for element in root_links if (text := text_of(element))]
        for image in self.root.iter("img"):
            around = " ".join(
                f"{one.get('class') or ''} {one.get('id') or ''} {one.get('src') or ''}"
                for one in (image, image.getparent())
                if one is not None
            )
            if image.get("alt") and ("logo" in around.lower() or image.getparent() in root_links):
                logos.append(image.get("alt"))
        return logos

    def published_at(self) -> tuple[str | None, str | None]:
        """Return the date that the page's data names, and one that cannot be read."""
        unreadable: str | None = None
        for given in self._dates():
            if not given.strip():
                continue
            if (found := parse_date(given)) and not found.startswith(_NO_DATE):
                return self._first_of(found), None
            unreadable = unreadable or given
        return None, unreadable

    def _first_of(self, found: str) -> str:
        """Return the first publication where the page prints that ``found`` is an update."""
        for piece in self.pieces:
            updated = _UPDATED.search(piece.text) if len(piece.text) <= _BYLINE_CHARS else None
            if not updated or not (entered := _ENTERED.search(piece.text[: updated.start()])):
                continue
            first = parse_date(piece.text[entered.end() : updated.start()])
            later = parse_date(piece.text[updated.end() :])
            days = [seoul_day(one) if one else None for one in (first, later, found)]
            if first and days[0] and days[1] and days[0] < days[1] == days[2]:
                return first
        return found

    def _dates(self) -> Iterator[str]:
        yield from (
            value for item in self.data if isinstance(value := item.get("datePublished"), str)
        )
        above = self._date_below_headline() if not _VAGUE_NAMES.isdisjoint(self.meta) else None
        for name in _DATE_NAMES[:-1]:
            if name in _VAGUE_NAMES and above:
                yield above
            elif name in self.meta:
                yield self.meta[name]
        # dd:published_time, cms.regdate
        yield from (value for name, value in self.meta.items() if _DATE_NAME.search(name))
        for element in self.root.iter():
            if not isinstance(element.tag, str):
                continue
            if element.get("itemprop") == "datePublished":
                yield element.get("content") or element.get("datetime") or text_of(element)
            elif element.get("data-date-time") and "MODIFY" not in (element.get("class") or ""):
                yield element.get("data-date-time")
        yield from (
            element.get("datetime") or text_of(element)
            for element in self.root.iter("time")
            if element.get("datetime")
        )
        yield from self._epochs()
        dated: list[tuple[int, str]] = []
        for number, element in enumerate(self.root.iter()):
            if isinstance(element.tag, str) and _DATED_CLASS.search(element.get("class") or ""):
                text = text_of(element)
                rest = re.sub(r"[\d\s.:/|-]", "", DATED.sub("", text))
                if text and len(text) <= _DATE_CHARS and len(rest) <= 8:
                    dated.append((self.distance(number), text))
        printed = self.printed_date()[0] or self.date_above()
        # A date far from the article can be that of the visit.
        yield from (
            text for far, text in sorted(dated, key=lambda one: one[0]) if not far or not printed
        )

    def distance(self, number: int) -> int:
        """Return how far the element with ``number`` in the page is from the article.

        0 is between the headline and the end of the text, 1 close to these, 2 elsewhere.
        """
        head, end, above, below = self._places
        if head <= number <= end:
            return 0
        return 1 if above <= number <= below else 2

    @cached_property
    def _places(self) -> tuple[int, int, int, int]:
        """The numbers of the elements at the headline, at the end of the text, and around them.

        They are fixed once the text is found.
        """
        if not self.pieces:
            return 0, -1, 0, -1
        head = self.headline_order
        orders = (head, self.ends, max(0, head - _TOP), min(self.ends + _TOP, len(self.pieces) - 1))
        first, end, above, below = map(self.number_of, orders)
        return first, end, above, below

    def number_of(self, order: int) -> int:
        """Return the number in the page of the element of a block; that of the end behind all."""
        if not 0 <= order < len(self.pieces):
            return len(self._numbers)
        return self._numbers.get(self.pieces[order].element, 0)

    @cached_property
    def _numbers(self) -> dict[Any, int]:
        return {element: at for at, element in enumerate(self.root.iter())}

    @cached_property
    def headline_order(self) -> int:
        """The number of the block that is the headline, or of one not far above the text."""
        titles = [letters_of(text) for text in self.given_titles()]
        for piece in reversed(self.pieces[: self.begins + 1]):
            own = letters_of(piece.text)
            if len(own) >= _SHORTEST and any(own in title for title in titles):
                return piece.order
        return max(0, self.begins - _TOP)

    def _epochs(self) -> Iterator[str]:
        """Yield the seconds since 1970 in data attributes of elements that show a date."""
        for element in self.root.iter():
            if not isinstance(element.tag, str) or not element.attrib:
                continue
            for name, value in element.attrib.items():
                if _DATA_DATE.search(name) and _EPOCH.fullmatch(value.strip()):
                    text = text_of(element)
                    if len(text) <= _DATE_CHARS and re.search(r"\d", text):
                        yield value.strip()

    def printed_date(self, *, elsewhere: bool = False) -> tuple[str | None, bool]:
        """Return the date that the page shows around its article, if it is marked as one.

        Also whether the line is surely of the article: it names the reporter, or what the date is.
        ``elsewhere`` reads the other parts of the page instead.
        """
        head = self.headline_order - _TOP
        shown = [
            (_SURE_DATE.search(piece.text) is not None, day)
            for piece in self.pieces
            if len(piece.text) <= _BYLINE_CHARS
            and (is_byline(piece.text) or _LABELLED_DATE.search(piece.text))
            and not _VISIT.search(piece.text)
            and (head <= piece.order <= self.ends + _TOP) is not elsewhere
            and (day := parse_date(piece.text))
        ]
        for sure, day in sorted(shown, key=lambda one: not one[0]):
            return day, sure
        if "article:modified_time" in self.meta:
            return parse_date(self.meta["article:modified_time"]), False
        return None, False

    def _date_below_headline(self) -> str | None:
        """Return the date that a line between the headline and the text gives as the first one."""
        for piece in self.pieces[self.headline_order : self.begins]:
            if len(piece.text) <= _BYLINE_CHARS and not _VISIT.search(piece.text):
                labelled = _LABELLED_DATE.search(piece.text)
                signed = is_byline(piece.text) and REPORTER.search(piece.text)
                if labelled or (signed and not _UPDATED.search(piece.text)):
                    return parse_date(piece.text)
        return None

    def date_above(self) -> str | None:
        """Return the date of a line above the text that has hardly anything but a date.

        Lines below the headline come first.
        """
        head = self.headline_order
        first = self.pieces[head : self.begins]
        for piece in [*first, *self.pieces[max(0, self.begins - _ABOVE) : head]]:
            rest = piece.text
            for pattern in (*DATES, DATED):
                rest = pattern.sub("", rest)
            if (
                len(rest.strip()) <= _BESIDE_DATE
                and len(rest) < len(piece.text)
                and not _VISIT.search(rest)
                and (day := parse_date(piece.text))
            ):
                return day
        return self._bare_date()

    def _bare_date(self) -> str | None:
        """Return the date that an element between the headline and the text has for itself."""
        first, last = self.number_of(self.headline_order), self.number_of(self.begins)
        for number, element in enumerate(self.root.iter()):
            if not first < number < last or not isinstance(element.tag, str) or len(element):
                continue
            text = text_of(element)
            if not 0 < len(text) <= _DATE_CHARS or not any(map(str.isdigit, text)):
                continue
            rest = text
            for pattern in (*DATES, DATED):
                rest = pattern.sub("", rest)
            above = element.getparent()
            label = text_of(above)
            before = label[: label.find(text)][-_BESIDE_DATE:]
            is_other = _VISIT.search(before) or _UPDATED.search(before) or _EVENT.search(before)
            is_hidden = any(map(dom.is_hidden, (element, *element.iterancestors())))
            if not (re.search(r"\w", rest) or is_other or is_hidden):
                return parse_date(text)
        return None

    def date_in_address(self) -> str | None:
        """Return the day in the path of the page's address: ``/2026/03/03/``, ``/20260303/1``."""
        match = _ADDRESS_DATE.search(urlsplit(self.url() or "").path)
        return parse_date(f"{match['y']}-{match['m']}-{match['d']}") if match else None

    def scripted_date(self, title: str) -> str | None:
        """Return the date in the data of a script that has the article's title."""
        for record in records_in_scripts(self.root):
            own = letters_of(title_in(record))
            if own == letters_of(title) and (date := facts_of(record, self.source)[1]):
                return date
        return None

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
        return web_address(self.meta.get("og:url")) or self._printed_address()

    def _printed_address(self) -> str | None:
        """Return the address of this page that a line below its text names, as print views do.

        One at another site than the page's files and mail is that of a source.
        """
        lines = (_PRINTED_ADDRESS.fullmatch(piece.text) for piece in self.pieces[self.ends :])
        for match in filter(None, lines):
            address = web_address(match["url"])
            host = f".{host_of(address)}"
            if any(host.endswith(f".{site}") for site in self._sites()):
                return address
        return None

    def _sites(self) -> Iterator[str]:
        """Yield the hosts of the page's base, files and mail."""
        for element in self.root.iter("base", "link", "script", "img"):
            given = re.sub("^//", "http://", element.get("href") or element.get("src") or "")
            yield from filter(None, [host_of(web_address(given))])
        for piece in self.pieces:
            yield from (
                mail[0].split("@")[1] for mail in MAIL.finditer(piece.text[-_BYLINE_CHARS:])
            )

    def _labelled(self, label: str) -> str | None:
        """Return what a board of a public body shows beside a label such as 제목."""
        for element in self.root.iter("th", "dt"):
            beside = element.getnext()
            if text_of(element) == label and beside is not None and beside.tag in {"td", "dd"}:
                return text_of(beside) or None
        return None

    def _from_data(self, field: str) -> str | None:
        return next(
            (value for item in self.data if isinstance(value := item.get(field), str) and value),
            None,
        )


_SHORTEST, _LONGEST = 6, 120  # characters of a headline
_TOP = 5  # blocks close to the headline or to the text
_TOPIC_CHARS = 30
_TOPIC = re.compile(r"(?:\w+\s){1,2}")  # the name of a section in front of the headline
_STEM = 2  # letters of a word that its inflected forms share
_SHARED = 3  # words of a headline that are in the text below it
# The name of the site, or a label in brackets that the headline does not have
_ADDED_AFTER = re.compile(
    r"\s*[|｜：:/<>«»（(]|\s+[-–—·]\s|\s*::|\s*[\[【][^\[\]【】]{2,16}[\]】]$"
)
_ADDED_BEFORE = re.compile(r"[^:：]*(?:\s[-–—|·]\s|\s?[|｜]\s?|\s?::\s?)")
_NUMBER_BEFORE = re.compile(
    r"\s*(?:제\s?)?(?:\d{1,4}\s?(?:화|회|편|부|강|장|話|回|부작)|(?:ep(?:isode)?|part|#|no|vol)\.?\s?\d{1,4})\s*[.:|·-]?\s*",
    re.IGNORECASE,
)
_PRINT = re.compile(
    r"^(?:기사\s?)?(?:인쇄|프린트)(?:\s?(?:하기|보기|미리\s?보기|화면|용|페이지))?$"
    r"|(?:일보|신문|뉴스|경제)\s기사\s?(?:인쇄|보기)$"
    r"|^(?:print(?:er[- ]friendly)?(?:\s(?:version|view|page|article))?|印刷(?:用ページ|する)?"
    r"|druckversion|drucken)$",
    re.IGNORECASE,
)
_ABOVE = 15  # blocks above the text among which its headline is
_LARGE = 4  # the size of a FONT element
_LABEL = re.compile(r"[\[(<【〈][^\])>】〉]{1,16}[\])>】〉]\s*")
_TITLE_CLASS = re.compile(
    r"(?:^|[-_\s])(?:tit|title|subject|headline|headtitle|hd)(?:[-_\s]|$)(?!.*sub)", re.IGNORECASE
)


def _headline_of(element: Any) -> str:
    """Return the text of a heading; a break in it separates words."""
    if element.find(".//br") is None:
        return text_of(element)
    parts = [element.text or ""]
    for inner in element.iterdescendants():
        if inner.tag == "br":
            parts.append(" ")
        elif isinstance(inner.tag, str):
            parts.append(inner.text or "")
        parts.append(inner.tail or "")
    return _SPACES.sub(" ", clean("".join(parts)).replace("\n", " ")).strip()


def alt_in(element: Any) -> str:
    """Return what the first picture in an element shows."""
    image = next(element.iter("img"), None) if element is not None else None
    return (image.get("alt") or "").strip() if image is not None else ""


def _shared_words(title: str, heading: str) -> int:
    """Return how many words of ``title`` occur in ``heading``."""
    own = letters_of(heading)
    words = {letters_of(word) for word in re.split(r"\W+", title)}
    return sum(len(word) >= 2 and word in own for word in words)


_NO_DATE = ("0001", "1970-01-01")  # of an empty field
_DATED_CLASS = re.compile(
    r"(?:^|[-_\s])(?:date|dates|datetime|time|timestamp|info|data)(?:[-_\s]|$)"
)
_DATE_CHARS = 60
_BESIDE_DATE = 10  # characters that a line can have beside its date
_BYLINE_CHARS = 120
_DATA_DATE = re.compile(
    r"^data-(?!.*(?:mod|upd|edit|expire))(?:.*-)?(?:ts|time|timestamp|date|datetime|reg\w*|pub\w*|created"
    r"|epoch|unix)$",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_ENTERED = re.compile(
    r"(?:입력|등록|승인|송고|전송|출고|배포|게시|발행|작성|published|posted)(?:일시|시간|일)?\s*[:|]?",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:수정|업데이트|갱신|변경|updated|modified)(?:일시|시간|일)?\s*[:|]?", re.IGNORECASE
)
_LABELLED_DATE = re.compile(
    rf"{_ENTERED.pattern}\s*(?=['’\d]|[A-Z][a-z]{{2,8}}\.?\s\d)", re.IGNORECASE
)
_SURE_DATE = re.compile(rf"{_ENTERED.pattern}|조회|hit|{REPORTER.pattern}", re.IGNORECASE)
_VISIT = re.compile(r"(?:출력|인쇄|방문|접속|print(?:ed)?|오늘|today)", re.IGNORECASE)
_EVENT = re.compile(
    r"개막|행사|공연|경기|일정|일시|마감|접수|신청|모집|출시|개봉|방영|방송|개최|기간"
)
_PRINTED_ADDRESS = re.compile(
    r"(?:(?:기사\s?)?(?:출처|원문|주소|url|링크)(?:\s?(?:주소|보기|링크))?|source|원본)?"
    r"\s?[:：|]?\s?[<(\[]?(?P<url>https?://[^\s<>()\[\]]{8,300})[>)\]]?",
    re.IGNORECASE,
)
_ADDRESS_DATE = re.compile(
    r"/(?P<y>(?:19|20)\d\d)(?P<slash>[/-]?)(?P<m>0[1-9]|1[0-2])(?P=slash)(?P<d>0[1-9]|[12]\d|3[01])"
    r"(?=/|-|\d{0,9}(?:/|$|\.))"
)
_DATE_NAME = re.compile(
    r"[.:_-](?:published(?:_time|_?date|_?at)?|publish_?date|reg_?date|pub_?date)$"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def described(element: Any) -> str:
    """Return the class, itemprop and rel of an element, words apart."""
    given = " ".join(element.get(name) or "" for name in ("class", "itemprop", "rel"))
    return _CAMEL.sub("-", given)


def text_of(element: Any) -> str:
    """Return the text of an element on one line."""
    if element is None:
        return ""
    return _SPACES.sub(" ", clean("".join(element.itertext())).replace("\n", " ")).strip()


def spaced(element: Any) -> str:
    """Return the text of an element with spaces between those of its parts."""
    return _SPACES.sub(" ", clean(" ".join(element.itertext())).replace("\n", " ")).strip()


def meta_of(root: Any) -> dict[str, str]:
    """Return the meta elements below ``root`` by name in lower case; the first one counts."""
    found: dict[str, str] = {}
    # Open Graph's own attribute counts before others that repeat its names.
    for element in sorted(root.iter("meta"), key=lambda one: one.get("property") is None):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if name and content and content.strip():
            found.setdefault(name.strip().lower(), " ".join(clean(content).split()))
    return found


def articles_in_json_ld(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the articles in the page's JSON-LD; names by ``@id`` are resolved."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        try:
            # Raw line breaks in strings are common.
            value = json.loads(script.text.strip().strip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        found.extend(_items(value))
    named = {item["@id"]: item for item in found if isinstance(item.get("@id"), str)}
    articles = [
        item | {key: _resolved(item[key], named) for key in _NAMED_FIELDS if key in item}
        for item in found
        if _is_article(item.get("@type"))
    ]
    shown = [text_of(root.find(".//title")), *map(text_of, root.iter("h1"))]
    titles = [letters for text in shown if (letters := letters_of(text))]

    def is_other(item: dict[str, Any]) -> bool:
        headline = letters_of(str(item.get("headline") or ""))
        return not any(headline in title or title in headline for title in titles)

    # A page can describe other articles as well.
    yield from sorted(articles, key=is_other) if len(articles) > 1 else articles


_NAMED_FIELDS = ("author", "publisher")


def _is_article(kind: Any) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any("Article" in str(one) or "Posting" in str(one) for one in kinds)


def _resolved(value: Any, named: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_resolved(one, named) for one in value]
    if isinstance(value, dict) and not value.get("name") and isinstance(value.get("@id"), str):
        return named.get(value["@id"], value)
    return value


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


def name_in(value: Any) -> str | None:
    """Return the name or names of a JSON-LD person or organization."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return name_in(value.get("name"))
    if isinstance(value, list):
        return ", ".join(name for one in value if (name := name_in(one))) or None
    return None
