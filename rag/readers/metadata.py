"""Author, publisher and title as news texts write them: wire leads, bylines, suffixes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from geungeo.rag.language.people import LONG_SURNAMES
from geungeo.rag.readers.bylines import (
    JOB,
    OUTLET,
    PLACES,
    SPECIALIST,
    is_full_name,
    parse_byline,
)
from geungeo.rag.readers.lines import REPORTER, signature

_NAMES = r"[가-힣]{2,4}(?:\s?[·ㆍ,/]\s?[가-힣]{2,4})*"
_OUTLET = r"[가-힣A-Za-z0-9·&.]{2,20}(?:\s[가-힣A-Za-z0-9·&]{1,12})?"
# (서울=연합뉴스) 홍길동 기자 = ; 【서울=뉴시스】홍길동 기자 =
_WIRE = re.compile(
    rf"^[\[(〔【（]\s*(?P<place>[가-힣A-Za-z·]{{1,12}})\s*=\s*(?P<publisher>{_OUTLET}?)"
    rf"(?:\s+(?P<inner>{_NAMES})\s*{JOB})?\s*[\])〕】）]"
    rf"\s*(?:(?P<outer>(?:{_NAMES}\s*{JOB}?[\s,·]*)+?)\s*{JOB}\s*=)?"
)
# [애플경제 전윤미 기자]; [헤럴드경제=홍길동 기자]; [스포츠가람 | 나래=홍길동 기자]; [파이낸셜뉴스]
_DESK = re.compile(
    rf"^[\[(〔【（]\s*(?P<publisher>{_OUTLET}?)"
    rf"(?:(?:\s*[|ㅣ/]\s*[가-힣]{{2,6}}\s?=|\s*[=\s/|])\s*(?P<inner>{_NAMES})\s*{JOB})?\s*[\])〕】）]"
)
_LEADING = re.compile(rf"^(?P<outer>{_NAMES}(?:\s[가-힣]{{2,4}}){{0,2}})\s*{JOB}\s*=\s*(?=\S)")
_NEWSPAPER = re.compile(r"[가-힣A-Za-z0-9]{2,10}(?:일보|신문|방송|타임스)")
_NO_OUTLET = re.compile(
    r"^(?:앵커|기자|리포트|인터뷰|단독|속보|대담|문답|기고|칼럼|사설|르포|현장|영상|포토|사진|종합|특집|기획|팩트체크"
    r"|관련기사|질문|답변|.{0,6}(?:특징주|브리핑|칼럼|인터뷰))\d*$"
)
_COPYRIGHT_OWNER = re.compile(
    r"(?:저작권자\s*)?(?:ⓒ|©|\([cC]\)|저작권자\s*[:|]?)\s*"
    r"(?:(?:19|20)\d\d(?:\s?[-–~]\s?(?:(?:19|20)\d\d)?)?[\s.,]*(?:by\s+)?)?"
    r"(?:['‘\"“][^'’\"”]{1,20}['’\"”]\s*)?"
    r"(?P<publisher>[가-힣一-龯々ぁ-んァ-ヶーA-Za-z0-9·& -]{2,24}?)"
    r"\s*(?:[,.。|(<>\])〉]|\s[-–]|무단|無断|All|$)"
)
_OWNER_FIRST = re.compile(r"^(?P<publisher>[가-힣A-Za-z0-9·& ]{2,20}?)\s*[ⓒ©]\s*(?:19|20)\d\d\b")
_NOTICE = re.compile(r"저작권|무단|reserved|copyright", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"소유하신|회사명|사이트명|도메인|your (?:site|company)", re.IGNORECASE)
PORTALS = re.compile(
    r"^(?:https?:|www\.)|네이버|naver|다음\s*뉴스|^다음$|daum|네이트|^nate|^줌|zum|구글|google|msn|facebook"
    r"|페이스북|카카오|kakao|yahoo|flipboard|티스토리|tistory|유튜브|youtube|^@"
    r"|^(?:스티비|stibee|메일리|maily|메일침프|mailchimp)(?:\s|$)",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*(?:\s[|\-–—<>:]\s|\s?[|｜]\s?|\s?::+\s?|\s[«»]\s|\s-\s?|\s<\s?)\s*")
_PORTAL_PREFIX = re.compile(
    r"^(?:네이버|naver|다음|daum|네이트|nate|줌|zum|msn)(?:\s*뉴스)?\s*[:\-–—]\s*(?=\S)",
    re.IGNORECASE,
)
_PORTAL_SUFFIX = re.compile(
    r"\s*[|:\-–—]+\s*(?:네이버\s*(?:뉴스|연예|스포츠)|다음\s*(?:뉴스)?|Daum(?:\s*뉴스)?|네이트\s*뉴스|NAVER.*|MSN|zum.*)$",
    re.IGNORECASE,
)
_SECTION_WORD = re.compile(
    r"^(?:기사\s*본문|본문|뉴스|정치|경제|사회|국제|세계|문화|스포츠|연예|IT|과학|전국|지역|생활|산업|금융|증권|부동산"
    r"|오피니언|전체|종합|홈|기사\s*보기|[가-힣·/]{2,8}\s?(?:>|<|기사|뉴스))$"
)


# What follows a name: 의학전문기자, 사회부 기자, 경제부장, 논설실장, 편집위원.
_WITH_DESK = re.compile(
    rf"(?<=[가-힣]{{2}})\s+(?:{SPECIALIST}|(?:[가-힣·]{{1,8}}(?:부|팀|국|센터|본부)\s?)?{JOB}"
    r"|[가-힣]{1,6}(?:부장|팀장|국장|차장|실장|위원|센터장|평론가|칼럼니스트|대표)|(?:교수|변호사|작가))(?:\s.*)?$"
)


# 한여울(yeo), 한여울(가람일보)
_ACCOUNT_BEHIND = re.compile(
    r"(?<=[가-힣])\s?[(\[](?:@?[A-Za-z0-9_.-]{2,24}|[가-힣]{2,8}(?:일보|신문|뉴스|경제|방송|통신))[)\]]"
)


def split_names(text: str | None) -> str | None:
    """Return the names of reporters in ``text``, separated by ``, ``, without titles and addresses.

    A text in which no name is recognised is returned as it is.
    """
    if not text:
        return None
    if parsed := parse_byline(text):
        return ", ".join(parsed.names) or None
    text = _ACCOUNT_BEHIND.sub("", text)
    text = re.sub(r"https?://\S+|[\w.+-]+@[\w.-]+|[\[\]()]", " ", text)
    text = re.sub(r"\s+by\s*$", "", text, flags=re.IGNORECASE)  # 글마당 by
    text = re.sub(
        r"^(?:by|von|par|글|취재|기자)\s*[:=]?\s+", "", " ".join(text.split()), flags=re.IGNORECASE
    )
    found: list[str] = []
    text = _names_side_by_side(text)
    for part in re.split(r"[,;·ㆍ/|&]|\band\b|\bund\b|\s외\s", text):
        name = _WITH_DESK.sub("", re.sub(rf"^{SPECIALIST}\s+(?=[가-힣])", "", part.strip()))
        name = re.sub(rf"(?:(?<=[가-힣]{{2}})|\s){JOB}.*$", "", name).strip(" =-")
        if name and name not in found:
            found.append(name)
    joined = ", ".join(name.split("=")[-1].strip() for name in found)
    # 가람일보 한여울: the outlet before the name.
    if match := re.fullmatch(r"(?P<outlet>\S{2,12})\s(?P<name>[가-힣]{2,4})", joined):
        joined = match["name"] if OUTLET.search(match["outlet"]) else joined
    return joined or None


def _names_side_by_side(text: str) -> str:
    """Return ``text`` with commas between names that only spaces separate: 한여울 박다솜 기자."""
    bare = re.sub(rf"\s*{JOB}\s*=?$", "", text)
    words = re.sub(rf"\s{JOB}(?=\s)", "", bare).split()
    names = len(words) > 1 and all(
        len(word) == 3
        and is_full_name(word)
        and word[-1] not in "부팀시군구도"
        and word != "기자명"
        for word in words
    )
    return ", ".join(words) if names else text


def looks_like_outlet(name: str) -> bool:
    """Whether a name ends like that of a newspaper or broadcaster, not like a person's."""
    return len(name) > 4 and OUTLET.search(name) is not None and not _CAPITALS.fullmatch(name)


# ANN LEE, but not GBN NEWS.
_CAPITALS = re.compile(
    r"(?!.*\b(?:NEWS|TIMES|POST|DAILY|HERALD|JOURNAL|TV|KOREA|MEDIA)\b)"
    r"[A-Z-]{2,}(?: [A-Z-]{2,}){1,2}"
)


def is_outlet(line: str) -> bool:
    """Whether a line is only the name of a newspaper or broadcaster."""
    return (
        re.fullmatch(r"[가-힣A-Za-z0-9]{2,10}(?:뉴스|일보|신문|통신|방송|타임스|경제)", line)
        is not None
    )


def publisher_name(text: str | None) -> str | None:
    """Return the name of a publisher without its slogan; ``None`` for an address or a portal."""
    if not text:
        return None
    text = _PORTAL_PREFIX.sub("", " ".join(text.split()))
    parts = [part.strip() for part in re.split(r"\s*[|｜]\s*", text)]
    name = next((part for part in parts if part and not PORTALS.search(part)), None)
    if name is None:
        return None
    first = re.split(r"\s+[-–:·]\s+", name)[0]
    return first if OUTLET.search(first) else name


def lead(lines: Iterable[str]) -> tuple[str | None, str | None]:
    """Return publisher and authors that the first lines of a body begin with."""
    for line in lines:
        if (match := _WIRE.match(line)) and REPORTER.fullmatch(match["publisher"]):
            # [헤럴드경제=홍길동 기자]
            return publisher_name(match["place"]), split_names(match["publisher"])
        if match:
            publisher = publisher_name(match["publisher"])
            is_known = match["place"] in PLACES or OUTLET.search(match["publisher"])
            outlet_first = len(match["place"]) > _PLACE_CHARS >= len(match["publisher"])
            if match["inner"] and outlet_first and not is_known:  # [가람스포츠=잠실 홍길동 기자]
                publisher = publisher_name(match["place"])
            return publisher, split_names(_apart(match["inner"] or match["outer"]))
        if match := _DESK.match(line):
            publisher, inner = _without_name(match["publisher"].strip(), match["inner"])
            if not _NO_OUTLET.match(publisher) and (inner or OUTLET.search(publisher)):
                after = _LEADING.match(line[match.end() :].lstrip())
                return publisher_name(publisher), split_names(
                    _apart(inner or (after["outer"] if after else None))
                )
        if match := _LEADING.match(line):
            return None, split_names(_apart(match["outer"]))
    return None, None


_PLACE_CHARS = 3  # the longest name of most places


def _without_name(outlet: str, names: str | None) -> tuple[str, str | None]:
    """Return an outlet without the first of the names behind it: 가람경제 한여울, 박다솜.

    Whether a word that does not begin with a usual surname is a name, other places say.
    """
    first, _, second = outlet.partition(" ")
    if not (names and len(second) == _PLACE_CHARS and is_outlet(first)):
        return outlet, names
    return first, f"{second}, {names}" if is_full_name(second) else names


def contributor(line: str) -> str | None:
    """Return who wrote a column, named with a post in front of it: ``[한여울 나래대 교수] …``.

    The reporter whom the page's data names only edited it.
    """
    match = _CONTRIBUTOR.match(line)
    parsed = parse_byline(match["inside"]) if match else None
    return ", ".join(parsed.names) or None if parsed and not parsed.is_sure else None


_CONTRIBUTOR = re.compile(
    r"[\[(〔【（<〈](?P<inside>[가-힣][^\])〕】）>〉]{4,40})[\])〕】）>〉]\s*(?:[=|/]\s*)?\S"
)


def _apart(names: str | None) -> str | None:
    """Return the names of a lead with commas between those that only spaces separate.

    It has only names, the desk and the rank: 사회부 한솔 보리 선임기자.
    """
    if names is None:
        return None
    words = [
        word
        for word in re.sub(JOB, ",", names).replace(",", " , ").split()
        if not (_DESK_OR_RANK.fullmatch(word) or word in PLACES)
    ]
    found: list[str] = []
    for word in words:
        whole = len(found) > 0 and (len(found[-1]) == 1 or found[-1] in LONG_SURNAMES)
        if whole and word != ",":
            found[-1] += f" {word}"  # 남궁 민수
        else:
            found.append(word)
    return ", ".join(word for word in found if word != ",")


_DESK_OR_RANK = re.compile(
    r"[가-힣·]{1,6}(?:부|팀|국|센터|본부)|선임|수석|전문|객원|수습|인턴|시민|명예|대학생|사진"
)


def writer_of(line: str) -> str | None:
    """Return the writer in a line that only names one: ``글 한여울``, ``한여울 | 작가``."""
    bare = line.strip()
    if match := _WROTE.fullmatch(bare) or _WITH_POST.fullmatch(bare):
        return match["name"] if is_full_name(match["name"]) else None
    if parsed := parse_byline(bare):
        return ", ".join(parsed.names) or None
    match = _KANJI_SIGNATURE.fullmatch(bare)
    name = (match["name"] or match["writer"]) if match else None
    return (
        re.sub(r"記者$|记者$", "", name).strip() if name and not _ENDING.fullmatch(name) else None
    )


_WROTE = re.compile(r"(?:글|글쓴이|필자|작성자|[Bb]y\.?)\s*[:：=|]?\s*(?P<name>[가-힣]{3,4})")
# 한여울 | 도시 연구자: a writer who is no reporter, above or below the text.
_WITH_POST = re.compile(
    r"[<〈\[(■▲]?\s?(?P<name>[가-힣]{3,4})\s*[|ㅣ│·/,]\s*(?=[^\d|]*$)[가-힣A-Za-z·\s]{0,24}"
    r"(?:자|가|작가|장|수|원|위원|사|인|관|꾼|생|표|감독|코치|박사|평론가|칼럼니스트|PD|에디터)\s?[>〉\])]?"
)
_KANJI_SIGNATURE = re.compile(
    r"(?:(?:取材・)?文\s?[=＝/／・]\s?)?[（(【〔]?(?P<name>(?=\S*[一-龯])[一-龯々ぁ-んァ-ヶー]{2,5}(?:\s[一-龯々ぁ-んァ-ヶー]{1,4})?)[）)】〕]"
    r"|(?:取材・)?文\s?[=＝/／・]\s?(?P<writer>[一-龯々ぁ-んァ-ヶー\s]{2,9})"
)
_ENDING = re.compile(r"終|終わり|了|完|以上|続く|敬称略|共同|時事|つづく")


def byline_author(line: str) -> str | None:
    """Return the reporters that a byline names."""
    line = _with_commas(line)
    if (parsed := parse_byline(line)) and parsed.is_sure:
        return ", ".join(parsed.names) or None
    if not REPORTER.search(line) and (name := writer_of(line)):
        return name
    if name := signature(line):
        return name
    found = [match["name"] for match in REPORTER.finditer(line)]
    return split_names(", ".join(found)) if found else None


_SIDE_BY_SIDE = re.compile(
    rf"(?<![가-힣])(?P<names>[가-힣]{{3}}(?:\s[가-힣]{{3}}){{1,3}})(?=\s*{JOB})"
)


def _with_commas(line: str) -> str:
    """Return a line with commas between names of reporters that only spaces separate."""

    def separated(match: re.Match[str]) -> str:
        words = match["names"].split()
        for first in range(len(words) - 1):  # 경제팀 한여울 박다솜 기자
            names = _names_side_by_side(" ".join(words[first:]))
            if "," in names:
                return " ".join([*words[:first], names])
        return match["names"]

    return _SIDE_BY_SIDE.sub(separated, line)


def byline_publisher(line: str) -> str | None:
    """Return the publisher in a byline such as ``나래신문 | 2025-07-02 | 홍길동 기자``."""
    parts = re.split(r"\s*[|｜·]\s*", line)
    return next((part for part in parts[1:] and parts if _NEWSPAPER.fullmatch(part)), None)


def copyright_owner(lines: Iterable[str]) -> str | None:
    """Return the publisher that a notice of copyright names, rather than the owner of a picture."""
    for line in sorted(lines, key=lambda line: _NOTICE.search(line) is None):
        if (
            (match := _COPYRIGHT_OWNER.search(line))
            and (name := publisher_name(match["publisher"].strip()))
            and not (_PLACEHOLDER.match(name) or name.isdigit() or REPORTER.fullmatch(name))
        ):
            return name.split(",")[0].strip()
        if match := _OWNER_FIRST.match(line):  # 가람일보 © 2025
            return publisher_name(match["publisher"])
    return None


def clean_title(title: str, publisher: str | None = None, heading: str | None = None) -> str:
    """Return ``title`` without the name of the site, of the portal and of the section after it.

    ``heading`` is the first-level heading of the page: where the title only adds to it, the
    heading is the title.
    """
    title = " ".join(title.split()).strip(": ")
    heading = " ".join((heading or "").split())
    if len(heading) >= 6 and heading != title and letters_of(title).startswith(letters_of(heading)):
        rest = title[len(heading) :]
        if _SEPARATOR.match(f" {rest.strip()} ") or _SEPARATOR.match(rest):
            return heading
    while True:
        shorter = _PORTAL_SUFFIX.sub("", title)
        pieces = list(_SEPARATOR.finditer(shorter))
        if pieces and pieces[-1].start() >= 4:
            tail = shorter[pieces[-1].end() :].strip(" :|<>-")
            if not tail or _is_site(tail, publisher):
                shorter = shorter[: pieces[-1].start()]
            elif (
                len(tail) <= _SECTION_CHARS
                and "<" in pieces[-1][0]
                and ">" not in shorter[pieces[-1].end() :]  # 두 도시 <상생> 손잡아
            ):
                shorter = shorter[: pieces[-1].start()]  # a path of sections
        if (
            publisher
            and pieces
            and letters_of(shorter[: pieces[0].start()]) == letters_of(publisher)
        ):
            shorter = shorter[pieces[0].end() :]
        if publisher:
            shorter = re.sub(rf"^[\[(<【]\s*{re.escape(publisher)}\s*[\])>】]\s*", "", shorter)
            shorter = re.sub(rf"\s*[\[(<【]\s*{re.escape(publisher)}\s*[\])>】]$", "", shorter)
        shorter = shorter.strip(" |:")
        if shorter == title or not shorter:
            return title
        title = shorter


_SECTION_CHARS = 10


def title_parts(title: str) -> list[str]:
    """Return the parts of a title between separators such as ``|``, ``<`` and `` - ``."""
    return [part for part in _SEPARATOR.split(" ".join(title.split())) if part.strip(" :|<>-")]


def _is_site(tail: str, publisher: str | None) -> bool:
    if PORTALS.search(tail) or _SECTION_WORD.match(tail):
        return True
    if publisher and (
        letters_of(tail) in letters_of(publisher) or letters_of(publisher) in letters_of(tail)
    ):
        return True
    return len(tail) <= 14 and " " not in tail and OUTLET.search(tail) is not None


def letters_of(text: str) -> str:
    """Return the letters and digits of ``text`` in lower case, to compare it by."""
    return re.sub(r"\W+", "", text).casefold()


def host_of(url: str | None) -> str | None:
    """Return the host of ``url`` without ``www.``."""
    host = urlsplit(url or "").hostname
    return host.removeprefix("www.") if host else None
