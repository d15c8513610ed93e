"""Numbers and dates as values, so that ``5,000억``, ``5천억`` and ``500 billion`` are equal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from fractions import Fraction

from geungeo.rag.text import Language, Span, fold, listed


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its unit; an empty unit is compatible with any."""

    value: Fraction
    unit: str

    def matches(self, other: Quantity) -> bool:
        """Whether the values are equal and the units do not contradict each other."""
        same_unit = self.unit == other.unit or not self.unit or not other.unit
        return self.value == other.value and same_unit


_SMALL = {"십": 10, "백": 100, "천": 1_000}
_LARGE = {"만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}
_ENGLISH_SCALE = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
    "mn": 10**6,
}
# Native numerals, as used before a counter.
NATIVE = {
    "한": 1,
    "하나": 1,
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "네": 4,
    "넷": 4,
    "석": 3,
    "넉": 4,
    "세째": 3,
    "스무": 20,
    "스물": 20,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
    "열": 10,
}
_TENS = {
    ten: 10 * at
    for at, ten in enumerate(
        ["열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"], 1
    )
}
NATIVE |= _TENS | {
    ten + one: tens + NATIVE[one]
    for ten, tens in _TENS.items()
    for one in listed("한 하나 두 둘 세 셋 네 넷 다섯 여섯 일곱 여덟 아홉")
}
_LONG = 3  # syllables of 열하나, 스물셋, which are no other word
# Words for a number of days; 하루 is more often a word for "daily".
_DAYS = {
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "여드레": 8,
    "아흐레": 9,
    "열흘": 10,
    "보름": 15,
}
_WORDS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_ENGLISH_NUMBER = {word: number for number, word in enumerate(_WORDS, 1)}
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: number for number, name in enumerate(_MONTHS.split(), 1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items()}

# Spelling of a unit to its canonical name.
_UNITS = {
    "%": "percent",
    "퍼센트": "percent",
    "프로": "percent",
    "percent": "percent",
    "%p": "point",
    "%포인트": "point",
    "포인트": "point",
    "달러": "usd",
    "불": "usd",
    "dollar": "usd",
    "dollars": "usd",
    "usd": "usd",
    "원": "krw",
    "won": "krw",
    "krw": "krw",
    "유로": "eur",
    "euro": "eur",
    "euros": "eur",
    "엔": "jpy",
    "yen": "jpy",
    "위안": "cny",
    "yuan": "cny",
    "년": "year",
    "월": "month",
    "달": "개월",
    "일": "day",
    "시": "hour",
    "분": "minute",
    "초": "second",
    "명": "people",
    "인": "people",
    "people": "people",
    "번째": "ordinal",
    "위": "rank",
    "배": "times",
    "번": "count",
    "회": "count",
    "차례": "count",
    "times": "count",
    "사람": "people",
}
# 34만 시민 is 시민 34만 명.
_UNITS |= dict.fromkeys(listed("시민 주민 국민 관객 관중 학생 직원 회원 구독자 인파"), "people")
# Counters and measures are compared as written.
_UNITS |= {
    unit: unit
    for unit in listed(
        "곳 가구 채 동 건 개 개국 대 척 편 권 마리 장 표 세트 회분 점 골 시간 개월 주 살 층 호 "
        "세대 종 팀 도시 석 병 mm cm km m kg t g ha kw mw gw mb gb tb"
    )
}
_SPELLED_UNITS = {
    "밀리미터": "mm",
    "센티미터": "cm",
    "킬로미터": "km",
    "미터": "m",
    "킬로그램": "kg",
    "그램": "g",
    "톤": "t",
    "헥타르": "ha",
    "킬로와트": "kw",
    "메가와트": "mw",
    "기가와트": "gw",
    "기가바이트": "gb",
    "테라바이트": "tb",
}
_UNITS |= _SPELLED_UNITS
_KOREAN_UNIT = "|".join(sorted((u for u in _UNITS if not u.isascii()), key=len, reverse=True))
_ENGLISH_UNIT = "percent|dollars?|usd|won|krw|euros?|yen|yuan|people|times"
_ENGLISH_UNIT += "|mm|cm|km|kg|ha|kw|mw|gw|mb|gb|tb|m|t|g"

_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_ENGLISH_DATE = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(_MONTH, key=len, reverse=True))})\.?(?![a-z])"
    r"(?:\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d))?(?:,?\s+((?:19|20)\d\d))?"
)
_NUMBER = re.compile(
    r"(?P<currency>[$₩€¥])?\s*"
    r"(?<![a-z\d.])(?P<number>\d[\d,]*(?:\.\d+)?\s*[십백천]?\s*[만억조경]?"
    # 1조 2,000억, 3만 5천, 3만 5000: parts of falling size make one number.
    r"(?:(?<=[십백천만억조경])\s?\d[\d,]*(?:\.\d+)?\s*[십백천]?\s*[만억조경]?(?!\s*[\d년월일]))*)"
    r"(?:\s*(?P<scale>thousand|million|billion|trillion|bn|mn)(?![a-z]))?"
    # 158 대 61 is a score
    rf"(?:\s*(?P<unit>(?!대\s?\d)(?:%\s?포인트|%p?|{_KOREAN_UNIT})|(?:{_ENGLISH_UNIT})(?![a-z])))?"
)
_PIECE = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([십백천]?)\s*([만억조경]?)")
_SPELLED = re.compile(
    rf"(?<![가-힣])({'|'.join(sorted(NATIVE, key=len, reverse=True))})\s*"
    r"(번째|째|명|번|개|배|차례|가지|곳|달|해|시간|시|척|편|팀|주|사람|마리|권|장|잔|군데|살|건|대|채|병|표|골|쪽"
    r"|점|그루|송이|켤레|벌|자루|통|봉지|상자|가구|세대|층|칸|석|자리|동|단계|종류|종)"
    r"(?![가-힣](?<![은는이가을를의에도만로과와씩쯤째간뿐짜]))"
)
# Words that are spelled like a numeral and its counter.
_NO_AMOUNT = listed("세대 세종 두통")
_TWICE = re.compile(r"갑절|곱절|twice|doubled")
_HALF_YEAR = re.compile(r"(?<![가-힣])반년")
# 3분의 1 has no minutes.
_PART = re.compile(r"(?<![\d.,])(?P<of>[1-9]\d{0,2})\s?분의\s?(?P<parts>\d{1,3})(?!\d)")
# Tenths: 6할 are 60 %; 3할 2푼 is a batting average.
_TENTHS = re.compile(r"(?<![\d.,])(?P<tenths>\d(?:\.\d)?)할(?!\s?\d푼|\s?\d리)")
_OUT_OF_TEN = re.compile(
    r"(?<![가-힣])열에\s(?P<of>하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)(?![가-힣]{2})"
)
_DAYS_SPELLED = re.compile(rf"(?<![가-힣])({'|'.join(_DAYS)})")
# A numeral before any noun, as a source may have it: 세 자매.
_LOOSE = re.compile(
    rf"(?<![가-힣])({'|'.join(sorted(NATIVE, key=len, reverse=True))})\s+(?=[가-힣])"
)
# A numeral after its noun: 아이 셋을.
_AFTER_NOUN = re.compile(
    r"(?<=[가-힣]\s)(?<!열에\s)(하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉|열)(?=(?:이|을|은|과|의|도|만|으로|에게|뿐|꼴)?[\s,.])"
)
_LONG_NATIVE = re.compile(rf"(?<![가-힣])({'|'.join(n for n in NATIVE if len(n) >= _LONG)})")
_ENGLISH_SPELLED = re.compile(rf"(?<![a-z])({'|'.join(_ENGLISH_NUMBER)})(?![a-z])")
# More digits than any amount has and than a float can represent: compared as written.
_ENDLESS = re.compile(r"\d[\d,]{200,}")
_ONE = re.compile(r"(?<![가-힣])한\s*(?=[가-힣])|(?<![a-z])one(?![a-z])")
# 받을 수만 있다 has no amount.
_VAGUE = re.compile(
    r"(?!수만\s?(?:은\s?)?(?:있|없))수\s*(십|백|천)?\s*(만|억|조)|수(?:십|백|천)(?=[\s가-힣])"
)
_SYMBOLS = {"$": "usd", "₩": "krw", "€": "eur", "¥": "jpy"}


def is_unit(word: str) -> bool:
    """Whether ``word`` (folded) is a unit of measure or a counter."""
    return word in _UNITS


def quantities(text: str) -> set[Quantity]:
    """Return all numbers, amounts and parts of dates in ``text``."""
    folded = fold(text)
    found: set[Quantity] = set()
    for match in _ISO.finditer(folded):
        found |= _date(match[1], match[2], match[3])
    folded = _ISO.sub(" ", folded)
    for match in _ENGLISH_DATE.finditer(folded):
        # "may" is a verb unless a day or a year follows.
        if match[1] != "may" or match[2] or match[3]:
            found |= _date(match[3], str(_MONTH[match[1]]), match[2])
    folded = _ENGLISH_DATE.sub(
        lambda match: match[0] if match[1] == "may" and not (match[2] or match[3]) else " ", folded
    )
    for match in _PART.finditer(folded):
        found.add(Quantity(Fraction(int(match["parts"]), int(match["of"])), "share"))
    folded = _PART.sub(" ", folded)
    for match in _TENTHS.finditer(folded):
        found.add(Quantity(Fraction(match["tenths"]) * 10, "percent"))
    folded = _TENTHS.sub(" ", folded)
    found |= set(_numbers(folded))
    for match in _SPELLED.finditer(folded):
        if match[0] not in _NO_AMOUNT:
            found.add(Quantity(Fraction(NATIVE[match[1]]), _UNITS.get(match[2], "")))
    if _HALF_YEAR.search(folded):
        found.add(Quantity(Fraction(6), "개월"))
    for match in _ENGLISH_SPELLED.finditer(folded):
        found.add(Quantity(Fraction(_ENGLISH_NUMBER[match[1]]), ""))
    return found


def stated_quantities(text: str) -> set[Quantity]:
    """Return all that a source may state as an amount: 사흘, 세 자매 and 예순여덟인 그, too."""
    folded = fold(text)
    found = quantities(text) | {amount for _, amount in days_in_words(folded)}
    if _TWICE.search(folded):
        found.add(Quantity(Fraction(2), "times"))
    for match in _OUT_OF_TEN.finditer(folded):
        found.add(Quantity(Fraction(10 * NATIVE[match["of"]]), "percent"))
    for numeral in (_LOOSE, _AFTER_NOUN, _LONG_NATIVE):
        found |= {Quantity(Fraction(NATIVE[m[1]]), "") for m in numeral.finditer(folded)}
    return found


def readable(quantity: Quantity) -> str:
    """Return the value with its unit, as findings name it."""
    value = quantity.value
    number = str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
    return f"{number} {quantity.unit}".strip()


def vague_amounts(text: str) -> set[str]:
    """Return the amounts without a value, such as ``수십억``, spaces removed."""
    return {match[0].replace(" ", "") for match in _VAGUE.finditer(fold(text))}


def fractions(text: str) -> list[tuple[Span, Fraction]]:
    """Return the places and values of fractions such as 3분의 1 in folded ``text``."""
    return [
        (Span(*match.span()), Fraction(int(match["parts"]), int(match["of"])))
        for match in _PART.finditer(text)
    ]


def _several(text: str) -> Iterator[tuple[str, Quantity]]:
    """Yield each vague amount, spaces removed, with one of what it is several of: 100만 원."""
    folded = fold(text)
    for match in _VAGUE.finditer(folded):
        one = f"1{match[0].removeprefix('수').strip()}{folded[match.end() : match.end() + 4]}"
        yield from ((match[0].replace(" ", ""), amount) for amount in [*_numbers(one)][:1])


def _is_among(one: Quantity, amounts: Set[Quantity]) -> bool:
    """Whether some of ``amounts`` is two to ten times ``one``: 300만 원 is 수백만 원."""
    return any(
        one.unit == other.unit and 2 * one.value <= other.value < 10 * one.value
        for other in amounts
        if one.unit
    )


def days_in_words(text: str) -> list[tuple[Span, Quantity]]:
    """Return the places and values of 사흘, 닷새, 보름 in ``text``."""
    return [
        (Span(*match.span()), Quantity(Fraction(_DAYS[match[1]]), "day"))
        for match in _DAYS_SPELLED.finditer(text)
    ]


def _endless(text: str) -> set[str]:
    """Return the rows of digits too long to be an amount, commas removed."""
    return {match[0].replace(",", "") for match in _ENDLESS.finditer(fold(text))}


def _date(year: str | None, month: str | None, day: str | None) -> set[Quantity]:
    parts = (("year", year), ("month", month), ("day", day))
    return {Quantity(Fraction(int(value)), unit) for unit, value in parts if value}


def _numbers(folded: str) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(folded):
        if _ENDLESS.search(match["number"]):
            continue
        value = _value(match["number"])
        if match["scale"]:
            value *= _ENGLISH_SCALE[match["scale"]]
        unit = _UNITS.get(match["unit"] or "", "") or _SYMBOLS.get(match["currency"] or "", "")
        yield Quantity(value, unit)


_WORDS_OF = {
    "en": ((10**12, " trillion"), (10**9, " billion"), (10**6, " million")),
    "ko": ((10**12, "조"), (10**8, "억"), (10**4, "만")),
}
_MONEY = {
    "en": {"usd": "dollars", "krw": "won", "eur": "euros", "jpy": "yen", "cny": "yuan"},
    "ko": {"usd": "달러", "krw": "원", "eur": "유로", "jpy": "엔", "cny": "위안"},
}
_FOREIGN_SCALE = {"en": re.compile(r"[십백천만억조]"), "ko": re.compile(r"thousand|illion|bn|mn")}


def rewritten(text: str, language: Language) -> list[str]:
    """Return the amounts of ``text`` with a word of scale and a unit, in words of ``language``.

    제1조 has no unit: it is no amount.

    >>> rewritten("수십억 달러를 들여 5,000억 달러와 4만2000명", "en")
    ['500 billion dollars', '42,000']
    """
    found = []
    for match in _NUMBER.finditer(fold(text)):
        if _ENDLESS.search(match["number"]) or not _FOREIGN_SCALE[language].search(match[0]):
            continue
        unit = _UNITS.get(match["unit"] or "", "") or _SYMBOLS.get(match["currency"] or "", "")
        if not unit:
            continue
        value = _value(match["number"]) * _ENGLISH_SCALE.get(match["scale"] or "", 1)
        amount = _in_words(value, language)
        money = _MONEY[language].get(unit, "")
        if amount:
            found.append(f"{amount}{' ' if money else ''}{money}")
    return list(dict.fromkeys(found))


def _in_words(value: Fraction, language: Language) -> str | None:
    """Return an exact amount in words of scale; ``None`` if it has a fraction left."""
    if value.denominator != 1:
        return None
    if language == "ko":
        parts, rest = [], int(value)
        for size, name in _WORDS_OF["ko"]:
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{count:,}{name}")
        if rest:
            parts.append(f"{rest:,}")
        return " ".join(parts) or "0"
    for size, name in _WORDS_OF["en"]:
        thousandths = value * 1000 / size
        if value >= size and thousandths.denominator == 1:
            return f"{float(value / size):,.3f}".rstrip("0").rstrip(".") + name
    return f"{int(value):,}"


def _value(number: str) -> Fraction:
    total = section = Fraction(0)
    for digits, small, large in _PIECE.findall(number):
        section += Fraction(digits.replace(",", "")) * _SMALL.get(small, 1)
        if large:  # 1천150만: the whole number before 만 is multiplied
            total, section = total + section * _LARGE[large], Fraction(0)
    return total + section


def missing(claim: str, sources: str, besides: Set[Quantity] = frozenset()) -> list[str]:
    """The numbers of ``claim`` that ``sources`` do not hold, as readable text.

    ``besides`` are quantities that are not missed.
    """
    there = stated_quantities(sources) | besides
    # 한 번, one of: an article more than a number.
    articles = {match[0] for match in _ONE.finditer(fold(claim))}
    absent = [
        readable(quantity)
        for quantity in sorted(quantities(claim), key=lambda q: (q.value, q.unit))
        if not any(quantity.matches(other) for other in there)
        and not (quantity.value == 1 and articles)
    ]
    several = {amount for amount, least in _several(claim) if _is_among(least, there)}
    absent.extend(sorted(vague_amounts(claim) - vague_amounts(sources) - several))
    absent.extend(f"{row[:20]}…" for row in sorted(_endless(claim) - _endless(sources)))
    return absent
