"""Judgement of who published the article of a page, from all that names outlets on it.

First comes whose report it is: a portal, a newspaper that prints an agency's report, and a wire
for releases name another outlet than themselves. Otherwise the publisher is the site. Its data
can name the company (나래닷컴), the account (``naraenews``) or the service that sends a letter, so
a name that readers see in several places counts before one that they do not see.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.bylines import JOB, MAIL, OUTLET
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.lines import (
    REPORTER,
    is_button,
    is_copyright,
    is_imprint,
    is_section,
)
from geungeo.rag.readers.metadata import (
    copyright_owner,
    is_outlet,
    letters_of,
    looks_like_outlet,
    publisher_name,
    title_parts,
)
from geungeo.rag.readers.page_metadata import (
    PageMetadata,
    alt_in,
    described,
    name_in,
    text_of,
)


def publisher_of(page: PageMetadata, facts: Facts) -> str | None:
    """Return who published the article of a page; ``None`` where no place names an outlet."""
    return _PagePublisher(page, facts).publisher()


class _PagePublisher:
    def __init__(self, page: PageMetadata, facts: Facts) -> None:
        self.page = page
        self._lead = facts.lead_publisher
        self._owner = facts.publisher  # by the lead, a notice of copyright or a byline
        self._logos = list(dict.fromkeys(page.logos()))[:_LOGOS]
        self._window = text_of(page.root.find(".//title"))
        # The parts of what names the page; readers see the first two of them.
        self._titles = [
            title_parts(given)[-_PARTS:]
            for given in (
                self._window,
                page.meta.get("og:title") or "",
                page.meta.get("title") or "",
            )
        ]
        notices = [
            piece.text
            for piece in page.pieces
            if len(piece.text) <= _NOTICE_CHARS
            and piece.kind is not SectionKind.CAPTION
            and (_NOTICE.search(piece.text) or is_imprint(piece.text))
        ]
        self._noticed = "\n".join(map(letters_of, notices))
        self._letters = [match["name"] for line in notices if (match := _SUBSCRIBED.search(line))]

    def publisher(self) -> str | None:
        """Return the outlet whose report it is, or the site as its readers know it."""
        own = self.page.meta.get("og:site_name")
        site = self._without_edition(publisher_name(own))
        if site and self._is_service(site):
            site = None
        in_data = self._in_json_ld(site)
        outlet = None if in_data else self._on_portal(own)
        other = self._original() or self._source() or self._supplier()
        if other or (site and outlet and outlet != site):
            return self._as_in_window(other or outlet)
        named = in_data or outlet or site
        found = self._better(named) if named else self._seen()
        return self._as_in_window(found or self._less_exact())

    # The site

    def _in_json_ld(self, site: str | None) -> str | None:
        """Return the name in JSON-LD; that of Open Graph if it only lacks a word of the other.

        What it lacks is the word for a company or a service: 글마루스토리, 나래신문사.
        """
        for item in self.page.data:
            for field in ("publisher", "sourceOrganization", "provider"):
                if name := publisher_name(name_in(item.get(field))):
                    is_longer = site and letters_of(site) in letters_of(name)
                    return site if is_longer else name
        return None

    def _on_portal(self, site: str | None) -> str | None:
        """Return the outlet whom a portal names in the place of the author, or in a logo."""
        # Other sites name the reporter there.
        given = self.page.meta.get("og:article:author")
        portal = not site or publisher_name(site) is None
        if (
            given
            and not REPORTER.search(given)
            and (name := publisher_name(given))
            and (portal or looks_like_outlet(name) or is_outlet(name))
        ):
            return name
        given = self.page.meta.get("article:author")
        if given and given in re.split(r"\s+[-–|:]\s+", site or "")[1:]:
            return publisher_name(given)
        for image in self.page.root.iter("img"):
            around = (one for one in (image, image.getparent()) if one is not None)
            if _OUTLET_LOGO.search(" ".join(one.get("class") or "" for one in around)) and (
                name := publisher_name(image.get("alt") or image.get("title"))
            ):
                return name
        return None

    def _better(self, named: str) -> str:
        """Return the name that readers see, where the data has another one that they see less."""
        named = self._usual_form(named)
        is_latin = not re.search(r"[가-힣]", named)
        is_account = _ACCOUNT.fullmatch(named) is not None
        own = letters_of(named)
        seen = 0 if is_account else len(self._places(named))
        for name in self._shown():
            other, places = letters_of(name), self._places(name)
            hangul = re.search(r"[가-힣]", name) is not None
            if other == own and not is_account:
                continue
            if len(places) < _TWO or not (hangul or is_account):
                continue
            if not is_account and (other in own or own in other):
                continue  # a form of the same name
            if is_latin and hangul:
                return name
            sure = places >= {"logo", "author"}  # the data has it as well
            if places & {"logo", "window"} and len(places) + sure > seen:
                return name
        return named

    def _usual_form(self, named: str) -> str:
        """Return the longer or shorter form of a name that more of the places have.

        The data can have the company's, (주)나래커뮤니케이션, or the name in two scripts. Where a
        logo has 나래, 나래신문 is its full name if the page shows that as well. Whether it is
        the house or a part of it, 나래21, the data says.
        """
        for name in self._shown():
            is_longer = len(letters_of(name)) > len(letters_of(named))
            whole, part = (name, named) if is_longer else (named, name)
            long, short = _bare(whole), _bare(part)
            added = long.replace(short, "", 1)
            if short not in long or _OF_PART.fullmatch(added):
                continue
            with_whole = self._places(whole)
            with_part = self._places(part) - with_whole
            is_kind = long.startswith(short) and _KIND.fullmatch(added) is not None
            if is_longer:
                if is_kind and len(with_whole) >= _TWO and len(with_whole) > len(with_part):
                    return name
            elif is_kind and any(letters_of(whole) in letters_of(p.text) for p in self.page.pieces):
                continue
            elif len(with_part) > len(with_whole) and (
                len(with_part) >= _TWO or (is_kind and "logo" in with_part)
            ):
                return name
        return named

    def _seen(self) -> str | None:
        """Return the name that most of the places have that readers see."""
        if is_outlet(self._window):
            return publisher_name(self._window)
        best, most = None, 1
        for name in self._shown():
            count = len(self._places(name)) + bool(is_outlet(name))
            if count > most:
                best, most = name, count
        letter = next(iter(self._letters), None)
        return best or self._without_place(self._lead) or letter or self._owner

    def _shown(self) -> Iterator[str]:
        """Yield the names that the lead, the titles, logos and notices have."""
        given = [self._without_place(self._lead)]
        for parts in self._titles:
            given += [*reversed(parts[1:]), *parts[:1]] if len(parts) > 1 else []
        given += [*self._logos, *self._letters, self._owner]
        titles = set(map(letters_of, self.page.given_titles()[:1]))
        logos = set(map(letters_of, self._logos))
        for text in given:
            bare = re.sub(r"\s*\([^)]*\)$|\s+모바일$", "", text or "").strip(" :")
            name = publisher_name(bare)
            own = letters_of(name or "")
            # Where the window names the site alone, a logo has the same name.
            is_title = own in titles and not (is_outlet(name or "") or own in logos)
            is_other = is_title or not 2 <= len(own) <= _LONGEST_NAME
            if name and not (is_other or is_section(name) or is_button(name)):
                yield name

    def _places(self, name: str) -> set[str]:
        """Return the places where readers see a name."""
        own = letters_of(name)
        window, shared, _ = self._titles
        parts = [letters_of(part) for part in (*window, *shared[1:])]
        found = {
            "window": any(own in part for part in parts if len(part) <= _LONGEST_NAME),
            "logo": own in map(letters_of, self._logos),
            "notice": own in self._noticed,
            "lead": own == letters_of(self._without_place(self._lead) or ""),
            "author": any(
                own == letters_of(self.page.meta.get(key) or "") for key in _AUTHOR_NAMES
            ),
        }
        return {place for place, is_there in found.items() if is_there}

    def _less_exact(self) -> str | None:
        """Return the publisher that other metadata, the end of the title or a logo name."""
        for key in _PUBLISHER_NAMES:
            if name := publisher_name(self.page.meta.get(key)):
                return name
        window = title_parts(self._window)
        title = letters_of(self.page.title(None))
        behind = window[-1:] if len(window) > 1 and title in letters_of(window[0]) else []
        for given in (*behind, *self._logos[:1]):
            bare = re.sub(r"\s*(?:홈|home|logo|로고)$", "", given, flags=re.IGNORECASE)
            site = publisher_name(bare)
            if site and 2 <= len(letters_of(site)) <= _LONGEST_NAME and not is_button(site):
                return site
        return None

    def _is_service(self, name: str) -> bool:
        """Whether the page says that a name is that of a service it was made with."""
        lines = (one.text for one in self.page.pieces if not one.is_running_text)
        made = filter(None, map(_MADE_WITH.match, lines))
        return any(letters_of(name) == letters_of(one["by"] or one["with"]) for one in made)

    def _without_place(self, name: str | None) -> str | None:
        """Return a name without the place behind it: ``[가람스포츠 나래=한여울 기자]``."""
        logos = self._logos if name and " " in name else []
        return next((one for one in logos if name and name.startswith(f"{one} ")), name)

    def _without_edition(self, name: str | None) -> str | None:
        """Return the name of a site as its logo has it, which has no word for the edition."""
        bare = _EDITION.sub("", name or "").strip()
        return bare if bare in self._logos else name

    def _as_in_window(self, name: str | None) -> str | None:
        """Return ``NRB NEWS`` as the title of the window has it: ``NRB 뉴스``."""
        own = letters_of(_NEWS.sub("뉴스", name or ""))
        parts = title_parts(self._window) if name and _NEWS.search(name) else []
        return next((part.strip() for part in parts if letters_of(part) == own), name)

    # Whose report it is

    def _original(self) -> str | None:
        """Return the other paper, or the agency, whose report a page prints.

        Several places name it: the line about the article, the lead, the signature, a notice. A
        lead and a notice of copyright alone are no evidence: newspapers print agencies' reports
        and stay their publishers.
        """
        given = [
            self.page.meta.get("og:site_name"),
            *self._logos,
            self.page.meta.get("og:article:author"),
        ]
        own = {letters_of(publisher_name(one) or "") for one in given if one} - {""}
        if not own:
            return None
        weights: dict[str, dict[str, int]] = {}

        def add(name: str | None, place: str, weight: int) -> None:
            named = publisher_name((name or "").strip())
            if named and letters_of(named) not in own and OUTLET.search(named):
                weights.setdefault(named, {})[place] = weight

        add(self._lead, "lead", 1)
        for piece in self.page.pieces[self.page.headline_order : self.page.begins + 1]:
            if len(piece.text) <= _BYLINE_CHARS and not piece.is_running_text:
                for source in _SOURCED.finditer(piece.text):
                    add(source["name"], "line", 2)
                for cell in re.split(r"\s*[|ㅣ·]\s*", piece.text):
                    add(_outlet_of(cell), "line", 2)
        first = max(self.page.begins, self.page.ends - _TOP)
        for piece in self.page.pieces[first : self.page.ends + _TOP + 1]:
            if len(piece.text) > _NOTICE_CHARS:
                continue
            if match := _REPRINTED.match(piece.text):
                add(match["by"] or match["of"] or match["from"], "statement", 2)
            if match := _SOURCED.match(piece.text):
                add(match["name"], "signature", 1)
            add(_outlet_of(piece.text), "signature", 1)
            if is_copyright(piece.text):
                add(copyright_owner([piece.text]), "notice", 1)
        for name, places in weights.items():
            if sum(places.values()) >= _ENOUGH:
                return name
        return None

    def _source(self) -> str | None:
        """Return the outlet that a portal names as the source, beside a link to the original.

        A notice of copyright confirms it, the lead of the text, or its own name.
        """
        notices = letters_of(" ".join(p.text for p in self.page.pieces if is_copyright(p.text)))
        # A newspaper prints the reports of agencies as well, and stays their publisher.
        is_portal = any(
            _PORTAL.search(text)
            for text in (
                self.page.meta.get("og:site_name") or "",
                *(p.text for p in self.page.pieces),
            )
            if len(text) <= _NOTICE_CHARS
        )
        if is_portal and self._lead and letters_of(self._lead) in notices:
            return self._lead
        for number, element in enumerate(self.page.root.iter()):
            if element.tag not in {"a", "span", "button"} or self.page.distance(number) > 1:
                continue
            # Text of nested elements would be read again and again.
            if any(map(len, element)) or not _ORIGINAL.fullmatch(text_of(element)):
                continue
            before = next(element.itersiblings(preceding=True), None)
            given = text_of(before) or alt_in(before)
            name = publisher_name(given) if 2 <= len(given) <= _LONGEST_NAME else None
            own = letters_of(name or "")
            if name and own and not is_button(name) and not parse_date(name):
                is_known = own in notices or name == self._lead
                if is_known or is_outlet(name) or looks_like_outlet(name):
                    return name
        return None

    def _supplier(self) -> str | None:
        """Return who supplied the text: on a portal the outlet, of a release the company.

        A sentence says so and another place names it; or the page names it as the author, in the
        notice of copyright, and in a logo or a line such as 기사제공 가람일보.
        """
        given = self.page.meta.get("og:article:author") or self.page.meta.get("article:author")
        author = publisher_name(given or self._organization())
        named = "" if REPORTER.search(given or "") else letters_of(author or "")
        lines = [piece.text for piece in self.page.pieces]
        noticed = {
            letters_of(copyright_owner([line]) or "") for line in lines if is_copyright(line)
        }
        for line in lines:
            name = match["name"] if (match := _STATED.match(line)) else ""
            if letters_of(name) in {named, *noticed} - {""} and not REPORTER.fullmatch(name):
                return publisher_name(name)
        if not named or named not in noticed:
            return None
        logos = (
            image.get("alt") or ""
            for image in self.page.root.iter("img")
            if any(
                _PRESS.search(described(one))
                for one in (image, *itertools.islice(image.iterancestors(), 2))
            )
        )
        supplied = (match["name"] for line in lines if (match := _SUPPLIED.match(line)))
        labelled = (
            text_of(one)
            for one in self.page.root.iter()
            # Text of nested elements would be read again and again.
            if _PROVIDER.search(described(one)) and not len(one)
        )
        return author if named in map(letters_of, (*logos, *supplied, *labelled)) else None

    def _organization(self) -> str | None:
        """Return the organization that the JSON-LD of the page names as the author."""
        authors = (item.get("author") for item in self.page.data)
        flat = (one for value in authors for one in (value if isinstance(value, list) else [value]))
        named = (one for one in flat if isinstance(one, dict))
        return next(
            (name_in(one) for one in named if "Organization" in str(one.get("@type"))), None
        )


_PORTAL = re.compile(r"(?:저작권|책임|권리).{0,8}(?:해당|제공)\s?(?:언론사|매체)|포털(?:\s|$)")
_ORIGINAL = re.compile(
    r"(?:(?:기사|뉴스)\s?)?원문(?:\s?기사)?(?:\s?(?:전송|보기|읽기|바로가기|링크|이동))?"
    r"|언론사(?:에서|\s?홈|\s?페이지|\s?원문)(?:\s?(?:보기|바로가기|이동))?"
    r"|read (?:the )?original|original article",
    re.IGNORECASE,
)
_PRESS = re.compile(r"press|media|logo", re.IGNORECASE)
_SUPPLIED = re.compile(r"(?:기사|뉴스|콘텐츠)?\s?(?:제공|출처)\s?[:：=|]?\s?(?P<name>\S.{0,23})$")
_STATED = re.compile(
    r"(?:[※*]\s?)?(?:이|본|해당)\s?(?:기사|콘텐츠|뉴스|보도자료)(?:는|은)\s(?:제휴\S*\s)?(?P<name>\S.{0,23}?)"
    r"(?:[이가]?\s?\([이가]\)|이|가|에서|의)?\s(?:제공|작성|공급|배포)(?:한|하는|해)\s"
    r"(?=.*(?:기사|콘텐츠|뉴스|보도자료)(?:입니다|이며|로|로서)(?![가-힣]))"
)
# 출처 : 가람통신, in front of the text or behind it
_SOURCED = re.compile(
    r"(?:^|[|·(\[]\s?)(?:기사\s?)?(?:출처|제공|매체|언론사)\s?[:：=|]\s?(?P<name>[가-힣A-Za-z0-9]{2,12})(?=[\s|)\]]|$)"
)
# 영산일보 한여울 기자, /영산일보=한여울 기자, [한여울 영산일보 기자]
_WITH_OUTLET = re.compile(
    rf"[\W_]*(?P<name>[가-힣A-Za-z0-9]{{2,12}})\s?[=/\s]\s?(?:[가-힣]{{2,4}}\s?[=/]\s?)?"
    rf"[가-힣]{{2,4}}(?:[\s,·]{{1,2}}[가-힣]{{2,4}})*\s?{JOB}(?:\s?=)?[\W_]*"
)
_REPRINTED = re.compile(
    r"\W*(?:이|본|위|해당)\s(?:기사|글|콘텐츠|뉴스|보도)(?:는|은)\s(?:"
    r"(?:[^.]{0,40}?\s)?(?P<of>[가-힣A-Za-z0-9]{2,12})(?:와|과)(?:의)?\s[^.]{0,30}?"
    r"(?:계약|협약|제휴|협력|교류)[^.]{0,24}(?:제공|전재|게재|싣|실)"
    r"|(?:[^.]{0,40}?\s)?(?P<from>[가-힣A-Za-z0-9]{2,12})(?:에서|로부터|으로부터)\s(?:제공|전재|받아|공급)"
    r"|(?:[^.]{0,40}?\s)?(?P<by>[가-힣A-Za-z0-9]{2,12}?)(?:이|가)\s(?:제공|작성|공급|취재|보도))"
    r"[^.]{0,40}(?:니다|다|음|함|임)\.?(?=\s|$|\s?[<(\[])"
)
_TOP = 5  # blocks close to the headline or to the text
_BYLINE_CHARS = 120
_ENOUGH = 3  # of the weights of the places that name another outlet
_PROVIDER = re.compile(r"(?:^|[-_\s])(?:provider|source|press|media|cp)(?:[-_\s]|$)", re.IGNORECASE)
_NEWS = re.compile(r"\bNEWS$", re.IGNORECASE)
# What makes a name that of a part of the house: 나래 뉴스, 나래21, 나래스포츠
_OF_PART = re.compile(r"뉴스|news|\d+|tv|스포츠|sports|비즈|biz", re.IGNORECASE)
# Behind the short form of a name, where not only the article or a word for companies: 나래신문사
_KIND = re.compile(r"(?:(?:신문|일보|매일|경제|타임[스즈]|저널|방송|통신)사?)?")
# What companies add to their names.
_COMPANY = re.compile(
    r"^the\s|\(주\)|㈜|주식회사|\b(?:corp(?:oration)?|inc|co|ltd|llc|gmbh)\b\.?", re.IGNORECASE
)
_EDITION = re.compile(
    r"\s?(?:デジタル|オンライン|電子版|온라인|디지털|인터넷|모바일|닷컴|online|digital|mobile)$",
    re.IGNORECASE,
)
_NOTICE_CHARS = 160
_LONGEST_NAME = 24
_LOGOS = 50  # links to the first page that are read
_PARTS = 20  # of a title that are read
_TWO = 2  # places that readers see
_NOTICE = re.compile(r"[ⓒ©]|저작권|copyright|\(c\)", re.IGNORECASE)
# The name of an account or a site, not one as it is written: naraenews, NARAE.EXAMPLE
_ACCOUNT = re.compile(r"[a-z0-9_-]+(?: m)?|(?:[\w-]+\.)+[a-z]{2,8}", re.ASCII)
# 나래메일로 만든 뉴스레터, Powered by Narae; 이 메일은 가람레터를 구독하신 분께 보냅니다.
_MADE_WITH = re.compile(
    r"(?:이\s[가-힣]{2,5}[은는]\s)?(?P<by>[^\s“”]{2,16}?)(?:으로|로)\s(?:만든|만들었|보낸|보냈|발송|제작|운영)"
    r"|(?i:powered by|made with|sent (?:by|with|via)|published (?:on|with))\s(?P<with>\w[\w.-]+)"
)
_SUBSCRIBED = re.compile(
    r"(?<!\S)(?!(?:뉴스|이)?(?:레터|메일|편지|서비스|소식지?)[을를])(?P<name>[^\s“”]{2,16}?)[을를]\s"
    r"(?:구독|신청)(?:하신|하는|한|해)"
)
_OUTLET_LOGO = re.compile(r"(?:press|media|news).{0,12}logo|logo.{0,8}(?:press|media)")
_PUBLISHER_NAMES = (
    "dc.publisher",
    "publisher",
    "article:publisher",
    "application-name",
    "twitter:site",
)
_AUTHOR_NAMES = ("article:author", "author", "copyright")


def _outlet_of(line: str) -> str | None:
    """Return the outlet in front of the reporter whom a line names."""
    match = _WITH_OUTLET.fullmatch(MAIL.sub("", line).strip())
    return match["name"] if match else None


def _bare(name: str) -> str:
    """Return the letters of a name without the words for a company and the English article."""
    return letters_of(_COMPANY.sub("", name))
