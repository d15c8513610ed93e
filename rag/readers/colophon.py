"""Ends of web pages that are no part of the text: words about the writer, the next issue."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.bylines import MAIL
from geungeo.rag.readers.lines import SENTENCE, Block, is_statement
from geungeo.rag.readers.metadata import letters_of


def without_colophon(
    blocks: Sequence[Block], author: str | None, publisher: str | None
) -> tuple[list[Block], list[str]]:
    """Return blocks without what can be at their end: a box about the writer, notices.

    A notice is about an event of the publisher or the next issue. Also the lines of these.
    """
    first = _box(blocks, (author or "").split(", "))
    first = _event(blocks[:first])
    kept, around = list(blocks[:first]), [text for _, text in blocks[first:]]
    for number in reversed(range(max(1, len(kept) - _LAST), len(kept))):
        if is_issue_notice(kept[number][1], publisher):
            around.insert(0, kept.pop(number)[1])
    return kept, around


def _box(blocks: Sequence[Block], names: Sequence[str]) -> int:
    """Return where a box about one of the writers begins: a line with the name, and who that is.

    It is the number of blocks where there is none. A byline in front of such words is kept.
    """
    for number in range(max(1, len(blocks) - _LAST), len(blocks)):
        kind, text = blocks[number]
        rest = [one for _, one in blocks[number + 1 :]]
        name = next((one for one in names if one and text.startswith(one)), None)
        if name is None or kind in {SectionKind.CAPTION, SectionKind.DECK}:
            continue
        if not rest:
            described = _DESCRIBED.match(text[len(name) :])
            if described and len(text) <= _BOX_CHARS and _is_biography([text[described.end() :]]):
                return number
        elif _is_name_line(text, name) and _is_biography(rest):
            return number + (kind is SectionKind.BYLINE)
    return len(blocks)


def _event(blocks: Sequence[Block]) -> int:
    """Return where a notice of an event begins that the text is not about.

    It is the number of blocks where there is none. A label, as in ``[포럼 안내]``, is in front of
    when and where it takes place.
    """
    for number in range(max(1, len(blocks) - _LAST), len(blocks) - 1):
        label = _EVENT.match(blocks[number][1])
        rest = [text for _, text in blocks[number + 1 :]]
        details = sum(map(bool, map(_DETAIL.match, rest)))
        if label and 2 * details >= len(rest) and not any(map(is_statement, rest)):
            text = letters_of(" ".join(one for _, one in blocks[:number]))
            words = re.findall(r"[^\W\d_]{2,}", blocks[number][1][label.end() :])
            if sum(letters_of(word) in text for word in words) <= len(words) / 3:
                return number
    return len(blocks)


def _is_name_line(text: str, name: str) -> bool:
    """Whether a line has a name and at most a post or an address behind it."""
    behind = MAIL.sub("", text[len(name) :]).strip(" |ㅣ/·,()<>[]")
    is_longer = re.match(r"[가-힣A-Za-z]", text[len(name) :]) is not None  # 한여울의 숲
    return len(behind) <= _POST_CHARS and not is_longer and not is_statement(text)


def _is_biography(lines: Sequence[str]) -> bool:
    """Whether lines are a few words about what a person does: books, work, studies."""
    text = " ".join(line for line in lines if not MAIL.fullmatch(line.strip()))
    return (
        0 < len(text) <= _BOX_CHARS
        and len(SENTENCE.findall(text)) <= _SENTENCES
        and _BIOGRAPHY.search(text) is not None
        and _QUOTED.search(text) is None
        and not any(map(_REPORTED.search, lines))
    )


def is_issue_notice(line: str, publisher: str | None) -> bool:
    """Whether ``line`` says when a newsletter comes: ``가람레터는 매주 화요일에 찾아갑니다``.

    It names the publisher, or a letter; a library on wheels comes every week as well.
    """
    match = _ISSUE.match(line) if len(line) <= _NOTICE_CHARS else None
    if match is None:
        return False
    who = letters_of(match["who"])
    return bool(_LETTER.search(who)) or (bool(publisher) and who == letters_of(publisher or ""))


_LAST = 6  # blocks among which the box or the notice begins
_BOX_CHARS = 300
_POST_CHARS = 30
_NOTICE_CHARS = 80
_SENTENCES = 4
_DESCRIBED = re.compile(r"\s?[|ㅣ:：·/]\s?|[은는]\s|\s?=\s?|\s(?=[^.!?]{2,24}[.|]\s)")
_QUOTED = re.compile(r"[“\"][^”\"]{6,}[”\"]")
_REPORTED = re.compile(r"(?:밝혔|설명했|덧붙였|말했|전했|강조했|예정이|방침이|계획이|보인)다\.?$")
_EVENT = re.compile(
    r"\W{0,3}[\[(<【〈][^\])>】〉]{0,16}(?:안내|알림|공지|모집|초대|이벤트|세미나|웨비나|컨퍼런스|포럼|강연)"
    r"[^\])>】〉]{0,8}[\])>】〉]"
)
_DETAIL = re.compile(
    r"\W{0,3}(?:일\s?시|일\s?자|날짜|기간|시간|장\s?소|대\s?상|참가비|참가\s?신청|신청|접수|등록|문의|주최|주관)\s?[:：=]"
)
_BIOGRAPHY = re.compile(
    r"\b(?:covers|writes|wrote|teaches|reports on)\b|\bis (?:an?|the) (?:[\w-]+ ){0,4}?"
    r"(?:reporter|editor|writer|columnist|correspondent|journalist|professor|author|critic|novelist)\b"
    r"|저서|지은\s?책|(?:책|시집|소설집|산문집).{0,30}(?:썼|냈|펴|있다|있습니다|등)|옮긴\s?책|펴냈|펴낸"
    r"|글을?\s?(?:쓴|쓰|씁|써)|(?:이야기|기사|칼럼)(?:을|를)\s?(?:쓴|쓰|씁|써)|씁니다|쓰고\s?있"
    r"|취재(?:합|한|하)|전공|졸업|공부(?:했|하)|연구(?:하|한|합|해)|가르치|가르친|강의|등단|태어나|태어났"
    r"|(?:운영|일|활동|근무|재직|진행|출입)(?:하|한다|합니다|했|해|중)|박사|출신|역임|지냈|교수(?:다|로|입)"
    r"|기자(?:다|입니다|로)|살고\s?있|산다\.|관심"
)
_ISSUE = re.compile(
    r"[\W_]*(?P<who>[^.!?]{2,24}?)(?:은|는)\s(?=.*(?:매주|격주|매일|매월|매달|[월화수목금토일]요일|\d{1,2}월\s?\d{1,2}일|평일|아침))"
    r"[^.!?“\"]{2,50}(?:찾아(?:갑니다|갈게요|가요|옵니다|올게요|와요|뵙겠습니다|뵐게요)|배달(?:됩니다|돼요|합니다|해\s?드려요)"
    r"|보내\s?드(?:립니다|려요)|발송(?:됩니다|합니다|돼요)|발행(?:됩니다|합니다|돼요)|도착합니다|만나요)[.!~]*$"
)
_LETTER = re.compile(r"레터$|편지$|다음호$|메일$|letter$")
