"""Text utilities: Unicode normalisation and folding, spans, word lists."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Language = Literal["ko", "en"]

# Zero-width, bidi, tag and other invisible format characters: readers do not see them, and
# they can hide instructions or disguise words.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"\s+")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]")
_LATIN = re.compile(r"[A-Za-z]")
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")


def nfc(text: str) -> str:
    """Return ``text`` in Unicode normalisation form C (UAX #15)."""
    return unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """Normalise text for an article: NFC, ``\\n`` line ends, no control characters.

    Lone surrogates (not encodable) become U+FFFD. Invisible format characters stay, as the
    source is shown unchanged; search strips them (:func:`fold`).
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    text = _CONTROL.sub("", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return nfc(text)


def visible(text: str) -> str:
    """Return ``text`` without invisible characters."""
    return _INVISIBLE.sub("", text)


def fold(text: str) -> str:
    """Return ``text`` for comparison: NFKC, visible, lower case, single spaces.

    Half-width jamo and full-width letters thereby match their usual forms.
    """
    text = unicodedata.normalize("NFKC", visible(_CONTROL.sub(" ", text)))
    return _SPACES.sub(" ", text.casefold()).strip()


def for_model(text: str, limit: int = 20_000) -> str:
    """Prepare ``text`` for a model or a native library: NFKC, visible, one line, cut.

    Native code must not get NUL (it ends a C string), lone surrogates (not encodable) or
    compatibility characters that expand many-fold inside a fixed buffer.
    ``limit`` is in characters.
    """
    return unicodedata.normalize("NFKC", one_line(text[:limit]))[:limit]


def one_line(text: str) -> str:
    """Return the visible characters of ``text`` on one line, without control characters."""
    return visible(_flatten(text))


def _flatten(text: str) -> str:
    printable = "".join(" " if _is_hostile(char) else char for char in text)
    return _SPACES.sub(" ", printable).strip()


def _is_hostile(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"}


def language_of(text: str) -> Language:
    """Return ``ko`` if enough of ``text`` is Hangul, otherwise ``en``.

    ``OpenAI는 왜?`` is Korean: one Hangul syllable weighs as much as three Latin letters.
    """
    hangul, latin = len(_HANGUL.findall(text)), len(_LATIN.findall(text))
    return "ko" if hangul and hangul * 3 >= latin else "en"


def article_language(text: str) -> str:
    """Return the ISO 639-1 code of an article's language: ``ko``, ``en``, ``ja`` or ``zh``.

    Kana in a text without Hangul make it Japanese; Han characters alone make it Chinese.
    """
    if language_of(text) == "ko":
        return "ko"
    kana, han, latin = (len(found.findall(text)) for found in (_KANA, _HAN, _LATIN))
    if (kana + han) * 3 < latin or not kana + han:
        return "en"
    return "ja" if kana else "zh"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range ``[start, end)`` in Unicode code points of ``Article.text``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the characters of ``text`` that this span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share at least one character."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def shift(self, by: int) -> Span:
        """Return this span moved ``by`` characters forward."""
        return Span(self.start + by, self.end + by)

    def strip(self, text: str) -> Span:
        """Return this span without the white space at its ends."""
        covered = self.of(text)
        lead = len(covered) - len(covered.lstrip())
        return Span(self.start + lead, max(self.start + lead, self.start + len(covered.rstrip())))


def listed(text: str) -> frozenset[str]:
    """Return the words of ``text``, separated by white space."""
    return frozenset(text.split())
