"""Parse citation markers and strip the Markdown and HTML that a model writes."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from geungeo.rag.text import nfc, visible

# Few spaces inside a marker: an unbounded number would make long blanks slow to search.
_S = r"\s{0,2}"
_IDS = rf"\d{{1,3}}(?:{_S}(?:[,;、·/&-]|–|—|~|～|and|및|과|와){_S}(?:\^|#)?\d{{1,3}})*"
_WORD = r"(?:근거|출처|문장|증거|각주|참고|evidence|sources?|sentences?|refs?|citations?|ids?)"
_LABEL = rf"{_WORD}?{_S}(?:번호)?{_S}[:#^]?{_S}"
# One citation marker in any form that models are known to use: [1] [1, 2] [1-3] [^1] [[1]]
# [근거 1] 【1†source】 (근거 1) ^1 ^1,2^ ¹. A plain (1) is an enumeration and stays.
MARKER = re.compile(
    rf"\[{_S}\[?{_S}{_LABEL}(?P<square>{_IDS}){_S}번?{_S}\]?{_S}\]"
    rf"|［{_S}{_LABEL}(?P<wide>{_IDS}){_S}번?{_S}］"
    rf"|【{_S}{_LABEL}(?P<lens>{_IDS}){_S}(?:†[^】\n]{{0,40}})?】"
    rf"|[(（]{_S}(?:{_WORD}){_S}(?:번호)?{_S}[:#^]?{_S}(?P<round>{_IDS}){_S}번?{_S}[)）]"
    r"|(?<![0-9])\^\(?(?P<caret>\d{1,3}(?:(?:,\s?|\^)\d{1,3})*)\)?\^?"
    r"|(?<![0-9A-Za-z⁰¹²³⁴⁵⁶⁷⁸⁹])(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})"
    rf"|<sup\b[^<>\n]{{0,60}}>{_S}\[?{_S}(?P<sup>{_IDS}){_S}\]?{_S}</sup{_S}>",
    re.IGNORECASE,
)
# The start of a possible marker near the end of the text.
OPENING = re.compile(
    r"(?:[\[［【(（][^\]］】)）\n]{0,60}|\^\(?[\d, ]*|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|<(?:s[^\n]{0,80})?)$"
)
_RANGE = re.compile(r"(\d{1,3})\s*(?:-|–|—|~|～)\s*\^?#?(\d{1,3})")
_NUMBER = re.compile(r"\d{1,3}")
_MAX_RANGE = 20

_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.S)
_TAG = re.compile(r"</?[A-Za-z!?/][^<>]*>")
_TITLE_IN_ANGLES = re.compile(r"<([A-Z][\w'’&:,.!? -]{1,60})>")
_HTML_NAME = re.compile(
    r"(?:a|abbr|area|article|audio|b|base|big|blockquote|body|br|button|canvas|center|cite|code|"
    r"col|data|dd|del|details|div|dl|dt|em|embed|fieldset|font|footer|form|frame|h[1-6]|head|"
    r"header|hr|html|i|iframe|img|input|ins|label|li|link|main|map|mark|meta|nav|object|ol|option|"
    r"p|param|picture|pre|q|s|script|section|select|small|source|span|strike|strong|style|sub|sup|"
    r"svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|track|tt|u|ul|var|video|wbr)\b",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])?")
# A destination has neither space nor Hangul: [1](전년 대비) is a marker before a bracket.
_LINK = re.compile(
    r"\[([^\[\]]*)\]\(\s*(?:<[^<>\n]*>|[^()\s가-힣]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
_REFERENCE = re.compile(r"\[([^\[\]\d][^\[\]]*)\]\[(?!\s*\^?\d)[^\[\]]*\]")
_DEFINITION = re.compile(r"^\s{0,3}\[[^\[\]\n]+\]:\s*\S.*$", re.M)
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"'”’)\]]*", re.IGNORECASE)
_SCHEME = re.compile(
    r"(?:javascript|vbscript)\s*:|data:(?=[\w/+.-]*[;,])|file:(?=/)", re.IGNORECASE
)

_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})[^\n]*$", re.M)
_BLOCK = re.compile(
    r"^\s*(?:(?:>\s?)+|#{1,6}\s+|[-*+•‣▪◦·]\s+|\(?\d{1,2}[.)]\s+|[가나다라마바사아자차카타파하][.)]\s+|\|[\s:|-]+\|?\s*$)"
)
_STRONG = re.compile(r"(\*\*\*|\*\*|___|__|~~)(?=\S)(.+?)(?<=\S)\1", re.S)
_EMPHASIS = re.compile(
    r"(?<![0-9A-Za-z*_])([*_])(?=[^\s*_])([^*_\n]+?)(?<=[^\s*_])\1(?![0-9A-Za-z*_])"
)
_SPACES = re.compile(r"\s+")
_BEFORE_STOP = re.compile(r"\s+(?=[.,!?。、…](?:\s|$|[”’\"']))")
_DOUBLE_STOP = re.compile(rf"([.!?。])\s*((?:{MARKER.pattern}\s*)+)[.。]", re.IGNORECASE)


def cited(text: str) -> list[int]:
    """Return the numbers in the markers of ``text``, in order, each once; ranges are expanded."""
    numbers: dict[int, None] = {}
    for match in MARKER.finditer(text):
        ids = next(group for group in match.groups() if group is not None)
        ids = unicodedata.normalize("NFKC", ids)
        for low, high in _RANGE.findall(ids):
            if 0 <= int(high) - int(low) <= _MAX_RANGE:
                numbers.update(dict.fromkeys(range(int(low), int(high) + 1)))
        numbers.update(dict.fromkeys(int(number) for number in _NUMBER.findall(ids)))
    return sorted(numbers) if _RANGE.search(text) else list(numbers)


def prepare(text: str) -> str:
    """Resolve entities and links, which may hide or imitate a marker."""
    text = html.unescape(text)
    text = _COMMENT.sub("", text)
    text = _until_stable(_LINK, _number_or_text, _IMAGE.sub("", text))
    return _DOUBLE_STOP.sub(r"\1 \2", text)


def plain(text: str) -> str:
    """Return ``text`` (after :func:`prepare`) as plain text: one line, no marker, no markup.

    The result has no HTML tag, no Markdown link or image, no URL and no control or
    invisible character; applying it again changes at most spacing.
    """
    for _ in range(6):
        before = text
        text = _strip(text)
        if text == before:
            return text
    # Still changing: maliciously nested. Remove all characters of markup.
    return _tidy(re.sub(r"[<>\[\]^*_`|【】［］⁰¹²³⁴⁵⁶⁷⁸⁹]|://", " ", text))


def _strip(text: str) -> str:
    text = "".join(
        " " if unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" else char
        for char in visible(text)
    )
    text = _FENCE.sub("", _DEFINITION.sub("", _COMMENT.sub("", text)))
    text = _IMAGE.sub("", text)
    text = _until_stable(_LINK, _number_or_text, text)
    text = _REFERENCE.sub(r"\1", MARKER.sub("", text))
    text = _TITLE_IN_ANGLES.sub(_keep_title, text)
    text = _TAG.sub("", text)
    text = re.sub(r"<(?=[A-Za-z!?/])", "", text)
    text = _SCHEME.sub("", _URL.sub("", text))
    text = MARKER.sub("", text)
    text = _BLOCK.sub("", text.strip())
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    text = text.replace("**", "").replace("`", "").replace("](", "] (")
    if text.lstrip().startswith("|"):
        text = text.replace("|", " ")
    return _tidy(text)


def _tidy(text: str) -> str:
    return nfc(_BEFORE_STOP.sub("", _SPACES.sub(" ", text)).strip())


def _until_stable(
    pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str
) -> str:
    while (after := pattern.sub(replace, text)) != text:
        text = after
    return text


def _number_or_text(link: re.Match[str]) -> str:
    """Return the marker for a link such as ``[1](#fn1)``, for any other link its text."""
    return f"[{link[1]}]" if re.fullmatch(r"\s*\^?\d{1,3}\s*", link[1]) else str(link[1])


def _keep_title(match: re.Match[str]) -> str:
    """Return ``<Squid Game>``, the title of a work, in 〈〉; keep a tag as it is."""
    if _HTML_NAME.match(match[1]):
        return str(match[0])
    return f"〈{match[1]}〉"
