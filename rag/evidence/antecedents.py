"""Sentences that are not understood, or do not answer, without a neighbour.

Some refer back (이에, 그는, 이 회사는 …) to one before them. Others only announce what the next one
says (우려도 있다. 조건은 두 가지다.), or say what happened where the next one says why.
"""

from __future__ import annotations

import re
from typing import Literal

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.segmentation import split_lines
from geungeo.rag.text import Span

Pointer = Literal["pronoun", "connective"]

# A connective refers to the sentence before, but the sentence is understood without it.
CONNECTIVE = re.compile(
    r"^(?:그러나|하지만|그런데|그리고|또한|또|게다가|더구나|따라서|그래서|그러므로|즉|아울러|한편|특히|다만|이어"
    r"|반면|이처럼|그럼에도|그러다가|나아가서|나아가|사실|본래|애초)(?:,\s*|\s+)"
)
# Connectives whose sentence is not understood without the one before.
_CONTRAST = re.compile(
    r"(?:그러나|하지만|그런데|따라서|그래서|그러므로|반면|그럼에도|그러다가|게다가)(?:,|\s)"
    r"|(?:however|but|therefore|instead|as a result)\b",
    re.IGNORECASE,
)
_OPENING = r"[“\"‘'(\[]?"
_KOREAN = (
    r"(?:이에(?:\s?따라|\s?대해)?|이를|이는|이로|이로써|이로\s?인해|이와|이\s?때문에|이\s?같은|이런|이러한|그런|그러한"
    r"|그는|그가|그의|그를|그에게|그녀[는가의를]|그들[은이의을]|이들[은이의을]|양측[은이의]?|양사[는가의]?"
    r"|[이그]\s(?:회사|기업|업체|기관|단체|법안|제도|모델|제품|계획|계약|남성|여성|사람|매체|대학|사고|사건|조사|보고서)"
    r"(?:[은는이가를을의도]|에서?|로)?|해당\s[가-힣]+|이\s?무렵|이때|그때|당시)"
)
_ENGLISH = (
    r"(?:he|she|they|it|this|these|those|that|his|her|their"
    r"|the (?:company|firm|group|agency|plan|deal|bill|man|woman|report))\b"
)
# First or second word: "MS는 이에 …"; a later pronoun has its antecedent in the same sentence.
_PRONOUN = re.compile(
    rf"^{_OPENING}(?:{_KOREAN}(?![가-힣])|[^\s,“]+[은는이가]\s이(?:에|를)(?=[,\s]))"
)
_ENGLISH_PRONOUN = re.compile(rf"^{_OPENING}{_ENGLISH}", re.IGNORECASE)
# A person or company that an earlier sentence names, referred to as 그 or 이 회사.
_PERSON_OR_COMPANY = re.compile(
    rf"^{_OPENING}(?:그[는가의를]|그에게|그녀[는가의를]|그들[은이의을]|[이그]\s(?:회사|기업|업체|남성|여성|사람)"
    r"|(?:he|she|they|his|her|their|the company)\b)",
    re.IGNORECASE,
)
# An announcing sentence is short, and has no figure, object or reported speech. In characters.
_ANNOUNCING = {"ko": 32, "en": 60}
_SPECIFIC = re.compile(r"[\d“”\"‘’「」『』]")
_OBJECT = re.compile(r"[가-힣](?:을|를)\s")
_REPORTED = re.compile(r"[다라자냐]고\s[가-힣]|\b(?:said|says|told)\b")
_STATEMENT = re.compile(r"(?:다|[a-z])\.?$")
_EXPLAINS = re.compile(
    r"때문(?:이|으로|에)|탓(?:이|으로|에)|덕(?:분)?(?:이다|이라고|에|으로)"
    r"|까닭(?:이|에서)|이유(?:에서|로|를 들|였)|판단에서"
    r"|[아어여해워와겨라]서(?:다|였다)[.”]|려는 것(?:이다|이라고)|영향(?:이|으로)"
    r"|^(?:이유|원인|배경|발단|계기|까닭|주범)[은는에]|^조사 결과"
    r"|\b(?:because|due to|owing to|since|the reason)\b",
    re.IGNORECASE,
)
_EFFECT = re.compile(
    r"(?:이|그)(?:와 같은 이유로|\s?때문에|\s?탓에|\s?덕(?:분)?에|"
    r"로 인해|런 이유로|\s?영향으로|\s?여파로)"
    r"|(?:because of this|as a result|for this reason)\b",
    re.IGNORECASE,
)
_MAX_STEPS = 3
# Longest part of a paragraph that is searched backwards, in characters.
_WINDOW = 1_500


def pointer(text: str) -> Pointer | None:
    """Return how the start of a sentence refers to one before it; ``None`` if it does not."""
    if _PRONOUN.match(CONNECTIVE.sub("", text)) or _ENGLISH_PRONOUN.match(text):
        return "pronoun"
    return "connective" if _CONTRAST.match(text) else None


def announces(text: str, language: str) -> bool:
    """Whether the sentence only announces what the next one says: 반발도 거세다."""
    return (
        len(text) <= _ANNOUNCING.get(language, 0)
        and not _SPECIFIC.search(text)
        and _STATEMENT.search(text) is not None
        and not _OBJECT.search(text)
        and not _REPORTED.search(text)
        and not explains(text)
        and pointer(text) != "pronoun"
    )


def explains(text: str) -> bool:
    """Whether the sentence says a reason: … 때문이다. One that begins 이 때문에 says an effect."""
    return _EXPLAINS.search(text) is not None and not _EFFECT.match(text)


def following(article: Article, span: Span) -> Span | None:
    """Return the body sentence just after ``span``, in its paragraph or the next one.

    ``None`` at the end of the article or above a heading.
    """
    text = article.text
    start = span.end
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        piece = Span(start, min(end, start + _WINDOW)).strip(text)
        if len(piece):
            kind = article.kind_at(piece.start)
            if kind is SectionKind.BODY:
                sentences = split_lines([piece.of(text)])[0]
                cut_off = piece.end < Span(start, end).strip(text).end and len(sentences) < 2
                return None if cut_off or not sentences else sentences[0].shift(piece.start)
            if kind is not SectionKind.CAPTION:
                return None
        start = end + 1
    return None


def antecedent(article: Article, span: Span) -> Span | None:
    """Return the sentence that the one at ``span`` refers to: the one just before it.

    For 그는 or 이 회사는 it is the nearest one, within three, that does not begin so itself.
    ``None`` at the start of an article or just below a heading, which serves as antecedent.
    """
    nearest = before = _preceding(article, span)
    if not _refers_to_person_or_company(article, span):
        return nearest
    for _ in range(_MAX_STEPS):
        if before is None or not _refers_to_person_or_company(article, before):
            return before or nearest
        before = _preceding(article, before)
    return nearest


def _refers_to_person_or_company(article: Article, span: Span) -> bool:
    return _PERSON_OR_COMPANY.match(CONNECTIVE.sub("", span.of(article.text))) is not None


def _preceding(article: Article, span: Span) -> Span | None:
    """Return the body sentence just before ``span``, in its paragraph or the one before."""
    text = article.text
    end = span.start
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        window = max(start, end - _WINDOW)
        piece = Span(window, end).strip(text)
        kind = article.kind_at(piece.start)
        if len(piece) and kind not in {SectionKind.BODY, SectionKind.CAPTION}:
            return None
        if len(piece) and kind is SectionKind.BODY:
            sentences = split_lines([piece.of(text)])[0]
            cut_off = window > start and len(sentences) < 2
            return None if cut_off or not sentences else sentences[-1].shift(piece.start)
        end = start - 1
    return None


def adjacent(article: Article, first: Span, second: Span) -> bool:
    """Whether only blanks without a line break separate the two sentences."""
    between = article.text[first.end : second.start]
    return first.end <= second.start and not between.strip() and "\n" not in between
