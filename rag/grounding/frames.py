"""Words of a claim that need no source of their own: frames, repetitions and descriptions.

분석한 결과, 내놓은 상태다 and 늘리겠다는 뜻을 밝혔다 state no more than the clause that they frame.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.language.analysis import Analysed, analysed
from geungeo.rag.language.morphemes import Morpheme
from geungeo.rag.language.numbers import is_unit
from geungeo.rag.text import Span, fold, listed

# Words that join a sentence to the one before it.
_JOINING = listed("다만 한편 아울러 게다가 나아가 그런데")
# Nouns for a state or a kind of thing, in a frame that says no more: 내놓은 상태다, 세운 회사다.
_STATES = listed("상태 실정 모양새 형국")
_KINDS = listed("회사 업체 기업 단체 기관 작품 제품 서비스 행사 사업 제도 기술")
STATES = _STATES | _KINDS
_FINDING_OUT = listed("분석 조사 집계 확인 검사 측정 점검 시험 실험 감사 수사 부검 비교 검토 심사")
_CAUSES = listed("탓 바람 덕 덕분")
_SPANS = listed("일간 주간 개월간 년간 시간")
_SUMS = listed("돈 금액 비용 액수")
# What one says with 밝히다 beside a clause that says it: 늘리겠다는 뜻을 밝혔다.
_INTENTS = listed("뜻 입장 의사 취지")
_TELLING = listed("밝히 전하 나타내 내비치 보이 드러내 말")
_FIRST_PERSON = listed("저 나 제 내 저희")


def is_frame(
    morphemes: Sequence[Morpheme], at: int, known: Sequence[Analysed], elsewhere: str = ""
) -> bool:
    """Whether the word only frames what is said: 분석한 결과, 내놓은 상태다, 다만 at the start.

    ``known`` are the sources and the sentences that they lean on, ``elsewhere`` is the rest of
    the article.
    """
    form = morphemes[at].form
    before = morphemes[at - 1] if at else None
    after = morphemes[at + 1] if at + 1 < len(morphemes) else None
    if form in _JOINING:
        return before is None or before.tag in {"SF", "SP", "SSC", "ETM"}  # 없애는 한편
    if form in {"비롯", "비롯하"}:
        return any("등" in text.forms for text in known)
    if form == "자신":
        return any(
            m.form in _FIRST_PERSON and m.tag == "NP" for text in known for m in text.morphemes
        )
    if form == "날":
        return before is not None and any(f"{before.form}날" in text.squeezed for text in known)
    if form == "결과":
        return found_out(morphemes, at)
    if form in _SPANS:
        return before is not None and before.tag == "SN"
    if form in _INTENTS:
        said = before is not None and before.form.endswith(("다는", "라는", "겠다는"))
        return said and any(m.form in _TELLING for m in morphemes[at + 1 : at + 3])
    if before is None or before.tag != "ETM" or after is None:
        return False
    if form in _SUMS:
        return after.tag in {"JX", "JKS"} and any(is_unit(m.form) for m in morphemes[at:])
    if form in _CAUSES:
        return after.tag in {"JKB", "VCP"}
    # What kind of thing it is, the article must say.
    named = form in _KINDS and (form in elsewhere or any(form in text.forms for text in known))
    return after.tag == "VCP" and (form in _STATES or named)


def found_out(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether the 결과 at ``at`` is that of a study: 조사 결과, 분석한 결과."""
    return any(m.form in _FINDING_OUT for m in morphemes[max(0, at - 3) : at])


def repeated(claim: Analysed, sources: Sequence[Analysed]) -> list[Span]:
    """Return the places of the written words, particle and all, that the sources have, too.

    Kiwi may read one name in two ways: 진보람과 as 지다 and 보람.
    """
    written = {word for source in sources for word in fold(source.text).split()}
    return [
        Span(*match.span())
        for match in re.finditer(r"\S+", claim.text)
        if len(match[0]) >= _SHORTEST_WORD and fold(match[0]) in written
    ]


_SHORTEST_WORD = 3


def without_description(claim: str, before: str, cited: str) -> str | None:
    """Return ``claim`` without the words that describe a party as ``before`` does word for word.

    퀼른트는 판권을 샀다 of 해외 배급을 맡은 회사 퀼른트는 판권을 샀다, if the sentence ``before``
    speaks of 해외 배급을 맡은 회사 퀼른트. In ``cited`` the party must be the same one: a name, or
    a noun without words of its own. ``None`` if nothing is described so.
    """
    known, said = " ".join(fold(before).split()), " ".join(fold(cited).split())
    [parsed] = analysed([claim])
    words = list(re.finditer(r"\S+", claim))
    if len(words) > _MOST_WORDS:
        return None
    for last in reversed(range(1, len(words))):
        own = [m for m in parsed.morphemes if words[last].start() <= m.start < words[last].end()]
        nouns = [m for m in own if m.tag in _PARTY_TAGS]
        if not nouns:
            continue
        party = fold(claim[words[last].start() : nouns[-1].end])
        named = any(m.tag in {"NNP", "SL"} for m in nouns)
        alone = rf"(?:^|[.,]\s?|(?<![가-힣])(?:이|그|해당|다만|그러나|하지만)\s){re.escape(party)}"
        if len(party) < _SHORTEST_PARTY or not re.search(
            re.escape(party) if named else alone, said
        ):
            continue
        first = last
        while first and _is_described(claim[words[first - 1].start() : nouns[-1].end], known):
            first -= 1
            if _ends_as_topic(parsed, words[first]):
                first += 1
                break
        if first < last:
            return f"{claim[: words[first].start()]}{claim[words[last].start() :]}"
    return None


_PARTY_TAGS = frozenset({"NNG", "NNP", "SL", "XSN", "NNB", "SN", "NR"})
_SHORTEST_PARTY = 2
_MOST_WORDS = 80  # of a sentence that a person wrote


def _is_described(description: str, known: str) -> bool:
    """Whether ``known`` has the words of ``description``, up to the particle after them."""
    text = " ".join(fold(description).split())
    return re.search(rf"(?<![^\s‘“]){re.escape(text)}", known) is not None


def _ends_as_topic(text: Analysed, word: re.Match[str]) -> bool:
    own = [m for m in text.morphemes if word.start() <= m.start < word.end()]
    return bool(own) and own[-1].tag == "JX"
