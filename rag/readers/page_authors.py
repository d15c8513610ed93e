"""Claims of a web page about its authors: in its data, its elements and the lines of text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from geungeo.rag.article import SectionKind
from geungeo.rag.language.morphemes import is_common_noun
from geungeo.rag.readers.authorship import (
    Claim,
    Rank,
    TextClaims,
    credit,
    desk,
    is_usual,
    is_whole,
    joined,
    judge,
    speakers,
    text_within,
    undated,
)
from geungeo.rag.readers.bylines import (
    JOB,
    MAIL,
    OUTLET,
    PLACES,
    english_byline,
    helpers_of,
    is_full_name,
    is_machine,
    is_post,
    is_profession,
    parse_byline,
    team_of,
)
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.lines import (
    REPORTER,
    begins_comments,
    begins_related,
    credits_of,
    is_button,
    is_byline,
    is_imprint,
    signature,
)
from geungeo.rag.readers.metadata import (
    is_outlet,
    letters_of,
    looks_like_outlet,
    publisher_name,
    split_names,
    writer_of,
)
from geungeo.rag.readers.page_metadata import (
    PageMetadata,
    alt_in,
    described,
    name_in,
    spaced,
    text_of,
)
from geungeo.rag.readers.records import facts_of
from geungeo.rag.readers.scripts import records_in_scripts, title_in

_AUTHOR_NAMES = (
    "article:author",
    "og:article:author:name",
    "dable:author",
    "author",
    "dc.creator",
    "byl",
    "by",
    "parsely-author",
    "sailthru.author",
    "twitter:creator",
)
_WRITTEN = re.compile(r"written by|by|글쓴이|작성자|기자", re.IGNORECASE)
# Classes of elements that may name the author, and those that surely do.
_NAMED_CLASS = re.compile(
    r"(?:^|[-_\s])(?:author|byline|by|journalist|reporter|rep|writer)(?:[-_\s]|$)", re.IGNORECASE
)
_CREDITED = re.compile(
    r"(?:^|[-_\s])(?:author|byline|by|journalist|reporter|rep|writer|info|meta|credit|who|sig|sign"
    r"|name)"
    r"(?:[-_\s]|$)",
    re.IGNORECASE,
)
_NAME_CLASS = re.compile(r"(?:^|[-_\s])(?:name|who)(?:[-_\s]|$)", re.IGNORECASE)
_ACCOUNT_CLASS = re.compile(
    r"(?:^|[-_\s])(?:member|nick|nickname|user|username)(?:[-_\s]|$)", re.IGNORECASE
)
_NO_CREDIT = re.compile(r"comment|reply|cmt|caption|photo|relat|rank|list", re.IGNORECASE)
_FRAME = re.compile(
    r"comment|reply|cmt|caption|photo|relat|rank|recommend|popular|best|hot", re.IGNORECASE
)
_FRAME_TAGS = frozenset({"figure", "figcaption", "footer", "nav"})
_AUTHOR_LINK = re.compile(
    r"/(?:authors?|writers?|reporters?|journalists?|columnists?|contributors?)/(?P<slug>[^/?#]+)",
    re.IGNORECASE,
)
_CREDIT_CHARS = 80
_BELOW = 5  # blocks below the text among which a signature can be
_MORE_BY = re.compile(
    rf"(?P<name>[가-힣]{{3,4}})\s?{JOB}(?:님?의)?\s?(?:다른|최신|최근)?\s?(?:기사|구독|페이지|팔로우)"
)
_NEAR = 3  # elements around one that say what it is part of
_ITEMS = frozenset({"li", "dd", "article"})
_HEADINGS = frozenset({SectionKind.HEADING, SectionKind.DECK})
_OTHERS = re.compile(r"(?:이전|다음)\s?(?:글|기사)|(?:이달의|추천|인기|화제의)\s?기자")
_TEASER = 15  # characters of a linked headline
_HELPING_JOB = re.compile(
    r"사진|영상|촬영|편집|번역|그래픽|photo|video|edit|translat|graphic", re.IGNORECASE
)
_TITLE_AUTHOR = re.compile(r"(?<=\S{2})\s+/\s+(?P<name>[가-힣]{3,4})(?:\s[가-힣·\s]{2,16})?$")
# [한여울 칼럼], [한여울의 강가에서]
_COLUMN = re.compile(
    r"^[\[<【〈(]\s?(?P<name>[가-힣]{3})(?:의\s[^\])>】〉]{2,12}"
    r"|\s?(?P<kind>칼럼|시론|에세이|시평|시선|기고|논단))\s?[\])>】〉]"
)
# 한여울(yeoul)
_ACCOUNT_BEHIND = re.compile(r"(?<=[가-힣])\s?\([A-Za-z][\w.-]{2,19}\)$")
_NICKNAME = re.compile(r"[가-힣]{2,5}")
_NAME = re.compile(
    r"(?P<name>[가-힣]{2,4})(?:\s?\([\w.-]{2,20}\)|\s(?:팩트체커|작가|칼럼니스트|평론가|연구원|편집장|편집위원"
    r"|객원필진|교수|변호사|대표|크리에이터|캐스터))?"
)
# What is beside a date or a name, and is as short as one.
_NO_WRITER = re.compile(
    r"입력|수정|최종|등록|승인|송고|게시|발행|작성|업데이트|지면|기사|원문|구독|공유|저장|인쇄|목록|댓글|추천|스크랩|제보|출처"
    r"|사진|영상|조회|공지|독자|첨부|파일|부서|전체|관련|이전|다음|닫기|정치|경제|사회|문화|국제|세계|연예|스포츠|생활|지역|여행|과학|건강|교육|환경|노동|오피니언|사설|칼럼|종합|단독|속보"
)
_DESK_END = re.compile(r"[부팀국실과청처]$")
_POSTED_BY = re.compile(r"(?:작성자|글쓴이|기자명?)\s*[:|]\s*(?P<name>[가-힣]{3,4})(?![가-힣])")
_FOREIGN_NAME = re.compile(
    r"(?!글|작성|필자|저자|편집|등록|취재)[가-힣]{2,6}(?:\s[가-힣]{1,7})?\s[가-힣]{2,7}(?<!기자)(?<!보기)(?<!하기)(?<!기사)"
)
_FOREIGN_WORDS = 2  # of a name, at least
_USUAL = 3  # syllables of most names
_ENGLISH_NAME = re.compile(r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}")
# Accounts that stand for whoever wrote: greensoop_admin, 최고관리자, Staff Reporter, news2, U10023.
_ACCOUNT = re.compile(
    r"^(?:[a-z]+[_.\d-][\w.-]*|[a-z]*admin|[A-Za-z]{0,3}\d{3,}"
    r"|(?i:.*\b(?:admin(?:istrator)?|editors?|editorial(?: team)?|newsroom"
    r"|staff(?: (?:writer|reporter)s?)?|webmaster|web team|desk)"
    r"|news|digital|online|web|press|user|guest|root|master|null|undefined|anonymous)"
    r"|(?:최고|사이트)?\s?관리자|운영자|편집(?:국|부|자)|논설(?:위원)?실|뉴스룸|[A-Z]{2,4})$"
)
_OFFICE = re.compile(r".{3,}(?:[시군구도]청|[부처청과국실]|위원회|공사|공단|협회|재단|센터)$")
# The page of a company that writes about itself
_NEWSROOM = re.compile(r"(?:뉴스룸|newsroom|공식\s?블로그|사보)$", re.IGNORECASE)
# No name ends like the desks of newspapers: 사람팀, 지면기획팀.
_OUTLET_END = re.compile(r"(?:뉴스|일보|신문|통신|방송|미디어|닷컴|팀|데스크| Agency| Press)$")
_LONG_NAME = 5  # letters of a name that is part of the outlet's only if it is the outlet


def author_of(page: PageMetadata, text: TextClaims, publisher: str | None) -> str | None:
    """Return the writers of the article of a page; ``None`` where no one is named."""
    return _PageAuthors(page, text, publisher).author()


class _PageAuthors:
    def __init__(self, page: PageMetadata, text: TextClaims, publisher: str | None) -> None:
        self.page = page
        self.text = text
        site = publisher_name(page.meta.get("og:site_name"))
        self._outlets = (publisher, site)
        self._is_newsroom = any(one and _NEWSROOM.search(one) for one in self._outlets)
        self._organizations = set(map(letters_of, self._organizations_in_data()))
        shown = page.pieces[page.begins : page.ends + 1]
        first, last = text_within(
            [one.is_running_text and one.kind is not SectionKind.DECK for one in shown]
        )
        self._first, self._last = page.begins + first, page.begins + last
        below = page.pieces[page.ends + 1 :]
        stop = next((at for at, one in enumerate(below) if _begins_others(one)), len(below))
        if page.record is not None:
            stop = 0  # what is below the place of a script is not known
        self._below = [
            one
            for one in below[: min(stop, _BELOW)]
            if one.order not in page.around and not any(map(_frames, one.path[-_NEAR:]))
        ]
        self._stop = page.number_of(page.ends + 1 + stop)
        self._mails = {
            match[0].split("@")[0].lower()
            for piece in page.pieces
            for match in MAIL.finditer(piece.text[-_CREDIT_CHARS:])
        }

    def author(self) -> str | None:
        lines = joined([*self._lines_above(), *(piece.text for piece in self._below)])
        helpers = [name for line in lines for name in helpers_of(line)]
        claims = self.text.judged(
            [
                *self.text.claims,
                *filter(self.text.is_by, self._above()),
                *self._signatures(),
                *self._elements(),
                *self._boxes(),
                *self._data(),
                *self._title(),
                *self._desks(),
            ]
        )
        return judge(
            [one for claim in claims if (one := self._of_persons(claim))],
            [*self.text.helpers, *helpers, *self._data_helpers()],
        )

    # Lines

    def _lines_above(self) -> list[str]:
        """Return the lines between the headline and the text."""
        titles = set(map(letters_of, self.page.given_titles()))
        pieces = [
            one
            for one in self.page.pieces[self.page.headline_order : self._first]
            if letters_of(one.text) not in titles
        ]
        quoted = speakers([*(one.text for one in pieces), *self._first_line()])
        return [
            one.text
            for one in pieces
            if not (one.is_running_text or one.text in quoted)
            and (one.kind is not SectionKind.CAPTION or _is_guest(one.text))
            # The person whom an interview is with
            and not (one.kind in _HEADINGS and _is_guest(one.text))
        ]

    def _first_line(self) -> list[str]:
        """Return the block behind the lines above the text, which can be a quotation."""
        return [one.text for one in self.page.pieces[self._first : self._first + 1]]

    def _above(self) -> Iterator[Claim]:
        around = {one.text for one in self.page.pieces if one.order in self.page.around}
        for line in joined(self._lines_above()):
            shown = undated(line)
            bare = _ACCOUNT_BEHIND.sub("", shown)
            claim = credit(line) if is_byline(line) else None
            claim = claim or (credit(bare) if writer_of(bare) else None)
            if claim is not None:
                yield claim
            elif match := _POSTED_BY.search(line):
                yield Claim(Rank.NAMED, (match["name"],))
            elif (is_full_name(bare) or (bare != shown and _NICKNAME.fullmatch(bare))) and not (
                _NO_WRITER.search(bare)
                or _DESK_END.search(bare)
                or bare in PLACES
                or line in around  # the label of an advertisement
            ):
                yield Claim(Rank.HINT, (bare,))

    def _signatures(self) -> Iterator[Claim]:
        """Yield the claims of the lines right below the text."""
        for line in joined([piece.text for piece in self._below if not piece.is_link]):
            if (is_byline(line) or writer_of(line) or signature(line)) and (claim := credit(line)):
                yield claim

    def _boxes(self) -> Iterator[Claim]:
        """Yield the reporter of whom a link below the text offers other articles."""
        for piece in self.page.pieces[self.page.ends + 1 :][: 2 * _BELOW]:
            if match := _MORE_BY.match(piece.text):
                yield Claim(Rank.NAMED, (match["name"],))

    # Elements

    def _elements(self) -> Iterator[Claim]:
        """Yield the claims of elements whose class or attributes say that they name the author."""
        found: dict[tuple[Any, ...], Claim] = {}
        for number, element in enumerate(self.page.root.iter()):
            if isinstance(element.tag, str) and (claim := self._element(number, element)):
                # Each of several authors can be in an element of its own.
                key = (element.getparent(), element.tag, element.get("class"))
                names = found[key].names if key in found else ()
                found[key] = Claim(claim.rank, tuple(dict.fromkeys((*names, *claim.names))))
        yield from found.values()

    def _element(self, number: int, element: Any) -> Claim | None:
        shown = described(element)
        if element.tag == "a" and _AUTHOR_LINK.search(element.get("href") or ""):
            shown += " author"
        far = self.page.distance(number)
        # Readers who comment have accounts as well.
        is_account = bool(_ACCOUNT_CLASS.search(shown)) and not far
        if _NO_CREDIT.search(shown) or not (is_account or _CREDITED.search(shown)):
            return None
        if number >= self._stop or _is_framed(element):
            return None
        within = self.page.number_of(self._first) < number < self.page.number_of(self._last)
        most = Rank.HINT if within or far > 1 else Rank.GUEST if far == 0 else Rank.NAMED
        # The texts of neighbours, such as a button and a name, are no single word. A box has the
        # name above words about the reporter.
        named = _NAMED_CLASS.search(shown) is not None
        texts = [spaced(element), *([_first_text(element), alt_in(element)] if named else [])]
        for text in texts:
            if 0 < len(text) <= _CREDIT_CHARS and (
                claim := self._in_element(element, text, shown, is_account)
            ):
                return Claim(min(claim.rank, most), claim.names)
        return None

    def _in_element(self, element: Any, text: str, shown: str, is_account: bool) -> Claim | None:  # noqa: FBT001
        """Return the claim of an element's text, or of the first part of it."""
        parsed = parse_byline(text)
        if parsed and parsed.by_machine:
            return None
        if english_byline(text) or credits_of(text) or REPORTER.search(text):
            return credit(text)
        named = _NAMED_CLASS.search(shown) is not None
        if named and parsed and parsed.names:
            return Claim(Rank.GUEST, parsed.names)
        if (name := self._bare_name(element, text, named, is_account)) is None:
            return None
        sure = named or (_NAME_CLASS.search(shown) is not None and is_whole(name))
        return _claim(Rank.NAMED if sure else Rank.HINT, split_names(name) or name)

    def _bare_name(self, element: Any, text: str, named: bool, is_account: bool) -> str | None:  # noqa: FBT001
        """Return the name of which an element's text consists."""
        if named:
            text = undated(text) or text
            match = _ENGLISH_NAME.fullmatch(text)
            if match:
                return match[0]
            if not _NAME.fullmatch(text) and (name := _foreign_name(text)):
                return name
        bare = re.sub(r"^by\s+", "", text, flags=re.IGNORECASE)
        match = _NAME.fullmatch(bare)
        dated = _is_dated(element) or (is_account and _is_dated(element.getparent()))
        name = match["name"] if match and (named or dated) else ""
        is_other = _NO_WRITER.fullmatch(name) or (is_post(name) and not is_full_name(name))
        is_other = is_other or (name.endswith("대") and name != bare)  # 나래대 교수
        return None if is_other else name or None

    # Data

    def _data(self) -> Iterator[Claim]:
        """Yield what JSON-LD, meta elements and the data of scripts name as the authors."""
        for item in self.page.data:
            if names := split_names(_people(item.get("author") or item.get("creator"))):
                yield _claim(Rank.DATA, names)
        meta = self.page.meta
        named = [meta.get(key) for key in _AUTHOR_NAMES]
        if _WRITTEN.fullmatch(meta.get("twitter:label1", "")):
            named.append(meta.get("twitter:data1"))
        given = meta.get("og:article:author")
        site = self._outlets[1]
        is_name = site and not (is_outlet(given or "") or looks_like_outlet(given or ""))
        if given and (REPORTER.search(given) or (is_name and "|" not in given)):
            named.append(given)
        for text in named:
            if text and text.startswith(("http", "/")):
                if name := _name_in_address(text):
                    yield Claim(Rank.HINT, (name,))
            elif text and not text.startswith("@") and (names := split_names(text)):
                yield _claim(Rank.DATA, names)
        for record in records_in_scripts(self.page.root):
            own = letters_of(title_in(record))
            if own and own in map(letters_of, self.page.given_titles()):
                names = facts_of(record, self.page.source)[0]
                yield from [_claim(Rank.DATA, names)] if names else []

    def _data_helpers(self) -> Iterator[str]:
        for item in self.page.data:
            for field in ("editor", "translator"):
                names = split_names(_people(item.get(field)))
                yield from names.split(", ") if names else ()

    def _title(self) -> Iterator[Claim]:
        """Yield the writer of a column whom the title names: ``봄볕 / 한여울``."""
        for given in self.page.given_titles():
            if (match := _COLUMN.match(given)) and is_full_name(match["name"]):
                yield Claim(Rank.GUEST if match["kind"] else Rank.HINT, (match["name"],))
            for part in re.split(r"\s*[|｜<]\s*|\s[-–:]\s", given):
                if (match := _TITLE_AUTHOR.search(part)) and is_full_name(match["name"]):
                    yield Claim(Rank.HINT, (match["name"],))
                if english_byline(f"{part[:1].upper()}{part[1:]}"):  # - by Ann Lee
                    yield _claim(Rank.HINT, split_names(part) or "")

    def _desks(self) -> Iterator[Claim]:
        """Yield the desks that a credited element or a line above the text names."""
        shown = (
            text_of(element)
            for element in self.page.root.iter()
            if isinstance(element.tag, str) and _CREDITED.search(described(element))
        )
        for text in (*shown, *self._lines_above()):
            for line in (text, undated(text)):
                if claim := desk(self._without_outlet(line)) or desk(line):
                    yield claim
                    break

    def _without_outlet(self, line: str) -> str:
        """Return a line without the name of the page's outlet in front: 뭍과섬 온라인팀."""
        bare = line.strip(" [(<")
        outlets = (one for one in self._outlets if one and bare.startswith(one))
        return next((bare[len(one) :].strip(" =|/ㅣ") for one in outlets), line)

    # Names

    def _of_persons(self, claim: Claim) -> Claim | None:
        """Return a claim without names of outlets, accounts and programs."""
        if claim.rank is Rank.DESK:
            return self._desk_of(claim) or claim
        persons = [name for name in claim.names if self._is_person(name)]
        if claim.rank < Rank.SIGNED:
            persons = [name for name in persons if not self._is_of_company(name)]
        if names := tuple(persons):
            return Claim(claim.rank, names)
        # 온라인뉴스팀 기자; a desk that only the data name is that of the content system.
        return self._desk_of(claim) if claim.rank > Rank.DATA else None

    def _desk_of(self, claim: Claim) -> Claim | None:
        """Return the claim of the desk that a claim names, without its outlet."""
        return next(filter(None, map(desk, map(self._without_outlet, claim.names))), None)

    def _is_of_company(self, name: str) -> bool:
        """Whether a name that no byline has is that of a company, or of its account.

        Of a release, the company is the author; in its newsroom, an account without a full name.
        """
        if letters_of(name) in self._organizations or self.text.is_company(name):
            return True
        is_person = is_full_name(name) and len(name) >= _USUAL
        return self._is_newsroom and re.search(r"[가-힣]", name) is not None and not is_person

    def _organizations_in_data(self) -> Iterator[str]:
        """Yield the authors of the JSON-LD that it calls organizations."""
        for item in self.page.data:
            given = item.get("author")
            for one in given if isinstance(given, list) else [given]:
                if isinstance(one, Mapping) and not _people(one):
                    yield name_in(one) or ""

    def _is_person(self, name: str) -> bool:
        own = letters_of(name)
        for outlet in self._outlets:
            whole, first = letters_of(outlet or ""), letters_of((outlet or "").split(" ")[0])
            if own in {whole, first} or (len(own) >= _LONG_NAME and own in whole):
                return False
        return not (
            looks_like_outlet(name)
            or _OUTLET_END.search(name)
            or (_OFFICE.match(name) and not is_full_name(name))
            or _ACCOUNT.match(name)
            or is_machine(name)
            or team_of(name)
            or name.lower() in self._mails
        )


def _claim(rank: Rank, names: str) -> Claim:
    return Claim(rank, tuple(names.split(", ")))


def _begins_others(piece: Any) -> bool:
    """Whether other articles, or the comments, begin with a block below the text."""
    text = piece.text
    footer = any(one.tag == "footer" for one in piece.path)
    if footer or is_imprint(text) or begins_related(text) or begins_comments(text):
        return True
    if _OTHERS.match(text) or any(map(_is_item, piece.path[-_NEAR:])):
        return True
    return len(text) >= _TEASER and piece.is_link and not REPORTER.search(text)


def _is_item(element: Any) -> bool:
    """Whether an element is an item of a list of articles: it has a link to one."""
    links = (text_of(link) for link in element.iter("a")) if element.tag in _ITEMS else ()
    return any(
        text and not (REPORTER.search(text) or is_button(text) or text[0] == "#" or "@" in text)
        for text in links
    )


def _is_guest(line: str) -> bool:
    """Whether a line consists of the name and the post of a guest."""
    claim = credit(line)
    return claim is not None and claim.rank is Rank.GUEST


def _is_framed(element: Any) -> bool:
    """Whether an element is part of a caption, of comments or of a list of other articles."""
    return any(map(_frames, itertools.islice(element.iterancestors(), _NEAR)))


def _frames(element: Any) -> bool:
    # The footer of an article can have a box about its writer.
    article = next(element.iterancestors("article"), None) if element.tag == "footer" else None
    is_frame = element.tag in _FRAME_TAGS and article is None
    return is_frame or _FRAME.search(described(element)) is not None


def _first_text(element: Any) -> str:
    """Return the first text within an element."""
    return next((bare for text in element.itertext() if (bare := " ".join(text.split()))), "")


def _people(value: Any) -> str | None:
    """Return the names in a JSON-LD value of persons; those of organizations are no writers."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(name for one in value if (name := _people(one))) or None
    if not isinstance(value, Mapping):
        return None
    name = _people(value.get("name"))
    if name and "Organization" in str(value.get("@type")):
        return name if team_of(name) or (is_full_name(name) and not OUTLET.search(name)) else None
    if _HELPING_JOB.search(str(value.get("jobTitle") or "")):
        return None
    return name


def _foreign_name(text: str) -> str | None:
    """Return a name of two or three words without the posts behind it: ``마리 올렌 | 언론인``."""
    words = re.split(r"[\s|,·/()<>]+", text.strip(" ()<>"))
    while len(words) > _FOREIGN_WORDS and is_post(words[-1]):
        words.pop()
        if len(words) == _FOREIGN_WORDS and is_usual(words[0]) and is_common_noun(words[1]):
            return words[0]  # 한여울 콘텐츠 마케터
    is_first = len(words) == _FOREIGN_WORDS and len(words[0]) == _USUAL < len(words[1])
    if is_first and is_profession(words[1]):  # 두현아 생태학자: a rare surname
        return words[0]
    name = " ".join(words)
    match = None if _NO_WRITER.fullmatch(name) else _FOREIGN_NAME.fullmatch(name)
    return match and match[0]


def _name_in_address(url: str) -> str | None:
    """Return the name at the end of the address of an author's page: ``/author/ann-lee``."""
    match = _AUTHOR_LINK.search(urlsplit(unquote(url)).path)
    words = match["slug"].split("-") if match else []
    if len(words) > 1 and all(re.fullmatch(r"[a-z]{2,}", word) for word in words):
        return " ".join(map(str.capitalize, words))
    return words[0] if len(words) == 1 and is_full_name(words[0]) else None


def _is_dated(element: Any) -> bool:
    """Whether the element, or a short one around it, shows a date."""
    shown = (text_of(one) for one in (element, element.getparent()) if one is not None)
    return any(len(text) <= 200 and parse_date(text) is not None for text in shown)
