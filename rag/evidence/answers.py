"""Does a sentence hold the kind of thing that is asked for?"""

from __future__ import annotations

import re

from geungeo.rag.evidence.question import AnswerType

_CUES: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.TIME: re.compile(
        r"\d{1,4}\s*(?:년|월|일|시|분기|세기|년대|살|세)|지난해|작년|올해|내년|재작년|최근|당시|오늘|어제|내일"
        r"|지난\s*\S*(?:월|주|달|해|봄|여름|가을|겨울)|이번\s*(?:달|주|해)|상반기|하반기|초반|중반|후반"
        r"|이후|무렵|(?:19|20)\d\d"
    ),
    AnswerType.AMOUNT: re.compile(
        r"[\d,.]+\s*(?:%|퍼센트|포인트|조|억|만|천|원|달러|유로|엔|위안|명|개|건|곳|대|배|톤|km|m|kg|㎡|년|회|번|차례|살|세|위)"
        r"|수(?:십|백|천|만|십억|백억|천억|조)|절반|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열\s"
    ),
    AnswerType.CAUSE: re.compile(
        r"때문|이유|탓|덕분|위해|위한|위하여|바람에|로\s*인해|원인|까닭|계기|배경|따라|려고|고자|어서|아서|해서"
        r"|므로|니까|만큼|결과|영향"
    ),
    AnswerType.PERSON: re.compile(
        r"CEO|대표|회장|사장|의장|기자|교수|대통령|총리|장관|의원|감독|위원|임원|연구원|관계자|왕|황제|장군|씨[는가이]"
    ),
    AnswerType.PLACE: re.compile(
        r"(?:시|도|군|구|동|읍|면|국|성|주|섬|역|항|공항|센터|대학|대학교|병원|공장|본사|현지|지역|도시)(?:에|에서|의|로|은|는|이|을|를|,|\s|$)"
    ),
    AnswerType.MANNER: re.compile(r"방식|방법|통해|통하여|으로써|함으로|면서|하며|하여|해\s|고\s|도록"),
}
_PROPER = re.compile(r"[가-힣]{2,}\s+[가-힣]{2,4}(?:은|는|이|가|의|\s)|[A-Z][a-z]+")


def holds(sentence: str, kind: AnswerType) -> float:
    """In [0, 1]: whether ``sentence`` holds what ``kind`` asks for; 1 where anything may."""
    if kind in {AnswerType.THING, AnswerType.OTHER}:
        return 1.0
    if _CUES[kind].search(sentence):
        return 1.0
    # A person's name looks like many things; take a likely one for half.
    return 0.5 if kind is AnswerType.PERSON and _PROPER.search(sentence) else 0.0
