"""Does a sentence hold the kind of thing that is asked for, and not just what is asked with?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from geungeo.rag.question.concepts import AnswerType
from geungeo.rag.text import fold

_NUMBER = (
    r"(?:\d[\d,.]*\s*[십백천]?\s*[만억조]?|수\s*[십백천]?\s*[만억조]?"
    r"|[한두세네]\s|(?:다섯|여섯|일곱|여덟|아홉|열)\s*)"
)
_UNIT = (
    r"(?:%|퍼센트|포인트|배|조|억|만|원|달러|유로|엔|위안|파운드|명|인|개|건|곳|대|톤|㎞|km|m|kg|㎏|㎡|회|번|차례"
    r"|살|세|위|권|편|석|표|점|장|마리|척|층|평|리터|시간|분|초|일|주|개월|년|종|가지|dollars?|percent|people)"
)

_STRONG: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.TIME: re.compile(
        r"\d{1,4}\s*(?:년대|년|월|일|시|분기|세기)|(?:19|20)\d\d|지난해|작년|올해|내년|재작년|오늘|어제"
        r"|지난\s*(?:달|주|봄|여름|가을|겨울)|이번\s*(?:달|주|해)|[가-힣]+\s*(?:시대|시절)"
    ),
    AnswerType.AMOUNT: re.compile(rf"{_NUMBER}\s*{_UNIT}|절반|\d[\d,.]*"),
    AnswerType.CAUSE: re.compile(r"때문|이유|탓|덕분|바람에|인해|인하여|원인|까닭|계기|배경"),
    AnswerType.MANNER: re.compile(r"방식|방법|통해|통하여|으로써|함으로|하도록"),
}
_WEAK: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.TIME: re.compile(r"최근|당시|무렵|이후|이전|초반|중반|후반|말기|초기|때"),
    AnswerType.CAUSE: re.compile(
        r"위해|위한|위하여|따라|려고|고자|어서|아서|해서|여서|므로|니까|만큼|결과|영향|면서|당하면서"
    ),
    AnswerType.PLACE: re.compile(
        r"[가-힣]{1,}(?:시|도|군|구|동|읍|면|국|성|주|섬|역|항|공항|센터|대학교?|병원|공장|본사|관|산|강|궁|사|원)"
        r"(?:에|에서|의|로|은|는|이|을|를|,|\s|$)|(?:에서|에)\s"
    ),
    AnswerType.MANNER: re.compile(r"면서|하며|하여|해\s|고\s"),
}
_ASKED_UNIT = re.compile(
    r"몇\s*(퍼센트|프로|%|명|개|건|곳|대|회|번|차례|살|세|점|배|년|월|일|시간|분|권|편|석|표|층|위|가지|달러|원|km)"
)
_ASKED_KIND = re.compile(
    r"어느\s*(주|대학교?|병원|학교|은행|도시|구|항구|공항|섬|강|산|법원|신문|방송)(?=[가-힣]?)"
)
_SAME_UNIT = {"퍼센트": "퍼센트|%|프로", "프로": "퍼센트|%|프로", "살": "살|세", "번": "번|차례|회"}
_SAME_UNIT |= {"회": "번|차례|회", "개": "개|가지|종", "곳": "곳|개|개사", "가지": "가지|개|등"}


def holds(sentence: str, kind: AnswerType, question: str, new_names: Iterable[str] = ()) -> float:
    """In [0, 1]: whether ``sentence`` holds what ``kind`` asks for; 1 where anything may.

    What the question itself says does not count as an answer. ``new_names`` are the proper
    nouns of the sentence that the question does not hold.
    """
    if kind in {AnswerType.THING, AnswerType.OTHER}:
        return 1.0
    if kind is AnswerType.PERSON:
        return 1.0 if any(new_names) else 0.0
    asked = fold(question).replace(" ", "")
    for strength, table in ((1.0, _STRONG), (0.2 if kind is AnswerType.TIME else 0.5, _WEAK)):
        pattern = table.get(kind)
        if pattern and any(
            match[0].replace(" ", "") not in asked for match in pattern.finditer(fold(sentence))
        ):
            return strength
    return 0.0


def holds_unit(sentence: str, question: str) -> float:
    """1 if ``sentence`` holds the unit or kind asked for (``몇 명``, ``어느 대학``), or none is."""
    if kind := _ASKED_KIND.search(fold(question)):
        suffix = "시" if kind[1] == "도시" else kind[1]
        return float(
            re.search(rf"[가-힣]{{2,}}{suffix}(?![가-힣]{{2}})", fold(sentence)) is not None
        )
    asked = _ASKED_UNIT.search(fold(question))
    if not asked:
        return 1.0
    unit = _SAME_UNIT.get(asked[1], re.escape(asked[1]))
    return float(re.search(rf"{_NUMBER}\s*(?:{unit})", fold(sentence)) is not None)
