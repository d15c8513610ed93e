"""Numbers that a source does not state and that follow from those it does.

A writer rounds (3.8 % is 4% 가까이), subtracts (1200원 to 1500원 is 300원 더), adds, halves, and
converts (94초 is 1분 34초). Whether the right amounts were taken is no question for a rule: such a
number is neither proven nor false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from itertools import combinations

from geungeo.rag.language.durations import lasting, minutes_lasting
from geungeo.rag.language.hangul import PARTICLE
from geungeo.rag.language.numbers import (
    NATIVE,
    Quantity,
    fractions,
    is_unit,
    quantities,
    stated_quantities,
)
from geungeo.rag.text import fold, listed

# Amounts of a source beyond which nothing is reckoned: a table has too many differences.
_MOST = 40
_NATIVE = "|".join(sorted(NATIVE, key=len, reverse=True))
_AMOUNT = (
    rf"(?<![\d.,가-힣])(?P<amount>(?:\d[\d.,]{{0,12}}|{_NATIVE})\s?"
    r"(?:[백천만억조]{1,3}\s?(?:\d[\d.,]{0,8}\s?)?){0,3}[가-힣%a-z]{0,5}?)"
)
_CASE = r"(?:에도|을|를|이|가|은|는|에|의|도)?\s?(?:(?:조금|약간|살짝|다소|한참|훨씬|크게|훌쩍)\s)?"
_MORE = r"넘(?!기?지\s(?:않|못))|이상|웃[도돈돌]|남짓|여\s|초과|채\s"
_NEARLY = r"가까이|가까운|육박"
_LESS = (
    r"넘기?지\s(?:않|못)|못 미|미치지 못|모자라|못 되|미만|이하|밑[도돈돌]|안 되|되지 않|안 돼|미달"
)
_NEAR = r"쯤|정도|가량|안팎|내외|무렵|꼴"
# Values of a rounded number, as parts of it: 4% 가까이 is 3.2 to 4 %.
_ROUNDED = [
    (re.compile(pattern), bounds)
    for pattern, bounds in (
        (rf"{_AMOUNT}{_CASE}(?:{_MORE})", (Fraction(1), Fraction(5, 4))),
        (rf"{_AMOUNT}대(?=의?\s|[로에를가이는은,.])", (Fraction(1), Fraction(4, 3))),
        (rf"{_AMOUNT}선(?=[을이에까])", (Fraction(1), Fraction(11, 10))),
        (rf"(?<![가-힣])(?:최소|적어도)\s?{_AMOUNT}(?![\d가-힣])", (Fraction(1), Fraction(5, 4))),
        (rf"\b(?:more than|over|at least|above)\s{_AMOUNT}\b", (Fraction(1), Fraction(5, 4))),
        (rf"{_AMOUNT}{_CASE}(?:{_NEARLY}|{_LESS})", (Fraction(4, 5), Fraction(1))),
        (rf"(?<![가-힣])(?:거의|많아야)\s?{_AMOUNT}(?![\d가-힣])", (Fraction(4, 5), Fraction(1))),
        (
            rf"\b(?:nearly|almost|under|below|less than|fewer than)\s{_AMOUNT}\b",
            (Fraction(4, 5), Fraction(1)),
        ),
        (rf"{_AMOUNT}{_CASE}(?:{_NEAR})", (Fraction(9, 10), Fraction(11, 10))),
        (rf"(?<![가-힣])(?:약|대략)\s?{_AMOUNT}(?![\d가-힣])", (Fraction(9, 10), Fraction(11, 10))),
        (
            rf"\b(?:about|around|roughly|approximately)\s{_AMOUNT}\b",
            (Fraction(9, 10), Fraction(11, 10)),
        ),
    )
]
# What says that two numbers were compared or added.
_COMPARED = re.compile(
    r"(?<![가-힣])[더덜]\s|보다|(?<!오)늘(?:어|었|린|렸|리|며|고)|줄(?:어|었|인|였|이|든|며|고)|차이|격차|차로"
    r"|빠[지져진졌]|느리|느린|빠르|빠른|빨라|높[이인아은다였]|낮[아은추췄]|많[아은다았]|적[어은다었]"
    r"|오르|올[랐라린렸리]|내[렸려]|인상|인하|떨어|회복|되살|깎|뛰|뛴|커[졌지]|단축|연장|앞당|밀[렸리려]"
    r"|짧[아은았]|길[어었]|넓[어혀]|좁[아혀]|모자라|모자란|모자랐|부족|불어|불[렸린었]|쪼그라|상승|하락|증가|감소"
    r"|개선|나아[졌지]|악화|앞[섰서선질지]|뒤[졌처진]|따돌|밀어|손해|밑[지져졌]|이득|간극|벌어[졌지진]|벌린|넘어[서섰선]"
    r"|늦[었춰추은]|얹|싸[다고게]|싼\s|비싸|비싼|달라[졌지]|변했|바뀌"
    r"|\b(?:more|less|fewer|higher|lower|rose|fell|gap|differ\w*)\b"
)
_ADDED = re.compile(
    r"모두|거나\s다[치쳤친칠]|(?<![가-힣])총\s|합[쳐해친하계치산]|통틀|더[해하한]|(?<![가-힣])다\s해|\b(?:total|altogether)\b"
)
# By how much one thing differs from another, and all of them: here a small number counts, too.
_BY_SO_MUCH = re.compile(
    rf"{_AMOUNT}(?:만큼|이나|씩)?(?:을|를|이|가)?\s?(?:더|덜)?\s?"
    r"(?:(?<=더\s)있|많|적[어은었다게]|앞[서섰선질]|뒤[졌처진]|높[이인아은다였]|낮[아은추춘췄]|늦[추춘었춰]|늘[어었려]|줄[어었여]|모자[라란랐])"
)
_ALL_OF = re.compile(
    rf"(?:모두|통틀어|합쳐|합하면|다 해서|총)\s{_AMOUNT}(?![\d가-힣]*\s?(?:중|가운데))"
)
# What is said of a part may be reckoned from the other one.
_OF_THESE = re.compile(r"가운데|중(?:에서)?\s|않|못")
# 47억 원의 이익 after 128억 원의 손실 is 175억 원 better.
_LOSS, _PROFIT = re.compile(r"손실|적자"), re.compile(r"이익|흑자|손익")
_GAMES = re.compile(r"(?<!\d)(\d{1,3})(?:승|무|패)(?=[\s,를을로의에]|$)")
# Where an amount is that of a single one, and where single ones are taken together.
_FOR_EACH = re.compile(
    r"(?:한\s(?:사람|명|곳|대|개|가구|마리|채|건|권|번|달|해)|1인|인|명|건|개|곳|대)(?:당|에|앞)\s|평균|꼴|씩"
)
_TOGETHER = re.compile(
    rf"{_ADDED.pattern}|최대|많아야|꽉|한\s번에|다달이|달마다|해마다|매[달년주]\s|까지"
)
# Times that can be taken together: 30만 원 for 36 months. Longer ones are years of the calendar.
_PERIODS, _LONGEST = frozenset({"year", "개월", "주", "day"}), 100
_REST = re.compile(
    r"나머지|빼|뺀|제외|남[은는아았]|차로|차이|모자라|모자란|부족|\b(?:rest|except|remaining)\b"
)
_MINUS = re.compile(r"마이너스|minus|(?<![\d가-힣])[-–]\d")
_DOUBLED = re.compile(r"갑절|곱절|두\s?배|(?<!\d)2배|\b(?:doubled?|twice)\b")
_HALVED = re.compile(r"절반|반값|(?<![가-힣])반(?:으로|만\s)|\bhalf\b|\bhalv(?:ed|es|ing)\b")
# Half of an amount: not of a year, and not what is one of two, as in the other half.
_HALF = re.compile(
    r"절반(?!의\s?성공)|반값(?!\s?등록금)"
    r"|(?:^|\b(?:about|nearly|almost|over|than|only|around|roughly|just|least|under|below)\s)"
    r"half\s(?:of|the|its|their|that)\b"
)
# What a source may say instead, or that leaves it open how much is meant.
_HALF_STATED = re.compile(
    rf"{_HALVED.pattern}|{_DOUBLED.pattern}|(?<![가-힣\d])반(?:[이은도쯤씩을액감수]|밖에|만|\s?토막)"
    r"|과반|반반|(?:둘|두\s?[명곳집개])\s?(?:중|가운데|에)\s|(?<!\d)(?:5 ?대 ?5|1 ?대 ?1)(?!\d)"
    r"|똑같이|균등|동수|대부분|대다수|다수|\bequal|\bmost\b|majority|\bone in two\b"
    # numbers in words, which are not read
    r"|(?:ten|teen|ty)(?:-[a-z]+)?\s(?:percent|per cent|of)\b|\bhundred"
)
# What makes the rest of a part worth saying.
_NOT_ALL = re.compile(rf"{_REST.pattern}|않|못|아니|아닌|없|\bnot\b|n't\b")
_NO_AMOUNT_OF_HALF = re.compile(r"한판|유도|업어치기|메치기")  # a score in judo
_OVER_HALF = re.compile(rf"{_CASE}(?:훨씬|한참|크게|약간|조금)?\s?(?:{_MORE}|훌쩍|보다\s많)")
_MORE_THAN = re.compile(r"\b(?:over|than|least)\s$")
_UNDER_HALF = re.compile(
    rf"{_CASE}도?\s?(?:훨씬|한참|크게|약간|조금)?\s?(?:{_LESS}|아래|밖에|못|보다\s적)"
)
_THAN_HALF = re.compile(r"\b(?:more|less|fewer) than half\b")
_LESS_THAN = re.compile(r"\b(?:under|below|less than|fewer than)\s$")
_ABOUT_HALF = Fraction(19, 50), Fraction(31, 50)
_HALF_ROUNDED = Fraction(49, 100), Fraction(51, 100)
_EACH = re.compile(r"(?P<unit>톤|명|개|건|대|가구)당")
_ONE_OF = {"톤": "t", "명": "people", "개": "개", "건": "건", "대": "대", "가구": "가구"}
# Amounts of one unit beyond which only pairs are added.
_FEW = 6
# Counts of which a percentage is taken.
_MANY = 100
# Counts below this are the difference of others by chance.
_LEAST = 10
_MEASURES = listed("point krw usd eur jpy cny km m kg t g cm mm 개월 시간 minute second ha")
# Smaller numbers of years are no year of the calendar.
_EARLIEST = 1000
# Times of the calendar and the clock, ranks, and what is itself a comparison.
_NOT_ADDED = listed("times share ordinal rank month day hour year percent") | {""}
_NOT_HALVED = listed("month day hour ordinal rank year")
# In seconds, minutes and the like; a month is 30.4 days.
_SMALLER = (
    ("minute", "second", Fraction(60)),
    ("시간", "minute", Fraction(60)),
    ("day", "시간", Fraction(24)),
    ("주", "day", Fraction(7)),
    ("개월", "day", Fraction(365, 12)),
    ("개월", "주", Fraction(13, 3)),
    ("year", "개월", Fraction(12)),
    ("kg", "g", Fraction(1000)),
    ("t", "kg", Fraction(1000)),
    ("km", "m", Fraction(1000)),
    ("m", "cm", Fraction(100)),
    ("cm", "mm", Fraction(10)),
)
_MIXED = re.compile(
    rf"(?<!\d)(?P<n>\d{{1,4}})\s?(?P<unit>분|년)\s?(?P<m>\d{{1,2}}|{_NATIVE})\s?"
    r"(?P<small>분|초|개월|달)(?![가-힣]*의\s?\d)"
)
_PARTS = {
    ("분", "초"): ("minute", "second", 60),
    ("년", "개월"): ("year", "개월", 12),
    ("년", "달"): ("year", "개월", 12),
}
_INSTANCE = re.compile(rf"(?<!\d)([123])심(?=(?:{PARTICLE}|판결|선고|재판|법원){{0,2}}(?![가-힣]))")
# A source that numbers one court may name the next: 1심 and 항소심.
_NEXT_COURT = re.compile(r"항소|고등법원|고법|상고|대법원|원심|이번")
# 33일 짧아졌다: days that are no date.
_DAYS_MORE = re.compile(
    r"(?<![\d월.])(?<!월\s)(?P<days>\d{1,3}(?:\.\d+)?)일(?P<about>가량|쯤|정도|남짓)?(?:이나|씩|만큼)?\s?"
    r"(?:더|덜|짧|길|줄|늘|빨|앞당|늦|단축|연장|모자)"
)
# What is left of a whole: 평년의 60%밖에, so that 40 % are missing.
_LEFT = re.compile(
    r"(?P<left>\d{1,2}(?:\.\d+)?)%\s?(?:밖에|만|뿐|수준|에\s?(?:그|불과|머)|로\s?(?:줄|떨|낮|내))"
)
_TIMES = re.compile(
    rf"(?<![\d.,가-힣])(?P<times>\d{{1,3}}(?:\.\d+)?|{_NATIVE})\s?배(?P<half>\s반)?"
    rf"(?={PARTICLE}?(?![가-힣])|가까|이상|가량|정도|쯤|다|이다|였|인\s|에\s|로\s)"
)
# What is said of a fraction or a multiple after it, with the least and most that it may be of it.
_AFTER = (
    (re.compile(rf"(?:{_CASE}|로|으로)\s?(?:{_MORE}|훌쩍)"), (Fraction(1), Fraction(7, 5))),
    (re.compile(rf"{_CASE}(?:{_NEARLY})"), (Fraction(9, 10), Fraction(1))),
    (
        re.compile(rf"(?:{_CASE}|로|에도|에)\s?(?:{_LESS}|아래|못|채|안\s|지나지|불과|밖에)"),
        (Fraction(3, 4), Fraction(1)),
    ),
)
_PLAIN = Fraction(9, 10), Fraction(11, 10)
# One in ten, as an idiom: 열 곳 중 네 곳, 스무 명에 한 명.
_WHOLES = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 100})
_OUT_OF = re.compile(r"(?:중|가운데|에)\s|\b(?:in|out of)\b")
_PERCENT = re.compile(r"(?<![\d.])(?P<percent>\d{1,3}(?:\.\d+)?)\s?(?:%|퍼센트)")
# A percentage is rounded to a whole one.
_PERCENT_ERROR = Fraction(6, 1000)
# 잼 4만 병 are 4만 개.
_COUNTED_AS_PIECES = listed("병 장 권 대 채 석 곳")
_SAME_UNITS = (
    {"people", "표"},
    {"count", "회분"},
    {"count", "건"},
    {"ordinal", "rank"},
)
# Ranks that a source may put in words: 선두, 으뜸, 그다음.
_RANKS_IN_WORDS = 3
_FIRST = re.compile(
    r"선두|으뜸|최고|최다|최대|최저|최하위|꼴찌|가장|제일|정상|우승|앞[서섰질]|순위|순으로|제치|제쳤"
    r"|뒤를 이"
)
# 세 가지 조건: a source may list them without their number.
_KINDS = re.compile(rf"(?<![\d가-힣])(\d|{_NATIVE})\s?가지")
_YEARS_APART = re.compile(
    rf"(?<![\d.])(?P<years>\d{{1,3}}|{_NATIVE})\s?(?:년|해)\s?(?:전|만에|새|사이|동안|뒤|후)"
)
_MONTHS_APART = re.compile(
    rf"(?<![\d.])(?P<months>\d{{1,2}}|{_NATIVE})\s?(?:개월|달)(?:가량|쯤|정도)?(?:이나)?\s?(?:더\s)?"
    r"(?:늦|빠|빨|앞당|미뤄|미뤘|밀[렸리려]|연기|지연|뒤로|뒤에|뒤인|만에|새|사이|전에)"
)


def reckoned(claim: str, source: str) -> set[Quantity]:
    """Return the quantities of ``claim`` that ``source`` does not state but that follow from it."""
    there = stated_quantities(source)
    absent = {one for one in quantities(claim) if not any(one.matches(other) for other in there)}
    if not absent or len(there) > _MOST:
        return set()
    claim, source = fold(claim), fold(source)
    known = there | set(_converted(there)) | _compared(claim, source, there)
    exact = known | _multiplied(source, there) | _for_each(claim, there)
    found = {one for one in absent if any(_says_the_same(one, other) for other in exact)}
    found |= _rounded(claim, absent, exact) | _mixed(claim, known, absent)
    found |= _days_more(claim, there) | _apart(claim, there) | lasting(claim, source)
    found |= _in_words(claim, source, there, absent)
    found |= _shares(claim, source, there) | _multiples(claim, there)
    return absent & (found | _out_of(claim, source, there, absent)) | _instances(
        claim, source, absent
    )


def half_is_lacking(claim: str, source: str) -> bool | None:
    """Return whether no part that ``source`` gives is near half, where ``claim`` speaks of half.

    More or less than half is any part above or below it. None: the source gives no parts at all.
    """
    claim, source = fold(claim), fold(source)
    halves = [] if _NO_AMOUNT_OF_HALF.search(claim) else list(_HALF.finditer(claim))
    if not halves or _HALF_STATED.search(source):
        return False
    there = stated_quantities(source)
    if len(there) > _MOST:
        return None
    parts = _halves(claim, source, {*there, *_converted(there)})
    bounds = [_half_at(claim, *match.span()) for match in halves]
    lacking = any(not any(low <= part <= high for part in parts) for low, high in bounds)
    return lacking if parts else None


def _half_at(claim: str, start: int, end: int) -> tuple[Fraction, Fraction]:
    """Return the bounds of the half that ``claim`` names there."""
    words = claim[start:end]
    before = claim[max(0, start - 12) : start] + words[: max(0, words.find("half"))]
    if _UNDER_HALF.match(claim, end) or _LESS_THAN.search(before):
        return Fraction(0), _HALF_ROUNDED[1]
    if _OVER_HALF.match(claim, end) or _MORE_THAN.search(before):
        return _HALF_ROUNDED[0], Fraction(1)
    return _ABOUT_HALF


def _says_the_same(one: Quantity, other: Quantity) -> bool:
    units = {one.unit, other.unit}
    same = len(units) == 1 or units in _SAME_UNITS
    pieces = "개" in units and bool(units & _COUNTED_AS_PIECES)
    return one.value == other.value and (same or pieces)


def _rounded(claim: str, absent: Set[Quantity], known: Set[Quantity]) -> set[Quantity]:
    """Return the amounts beside a word that rounds them which are near a known one."""
    found: set[Quantity] = set()
    for pattern, (least, most) in _ROUNDED:
        for match in pattern.finditer(claim):
            found |= {
                one
                for one in quantities(match["amount"]) & absent
                # 1만2천여 대: the unit comes after the word.
                if (one.unit or one.value >= 10 * _LEAST)
                and any(
                    one.unit in {other.unit, ""}
                    and one.value * least <= other.value <= one.value * most
                    for other in known
                )
            }
    return found


def _converted(known: Set[Quantity]) -> Iterator[Quantity]:
    for one in known:
        for large, small, size in _SMALLER:
            if one.unit == large:
                yield Quantity(one.value * size, small)
            elif one.unit == small:
                yield Quantity(one.value / size, large)


def _compared(claim: str, source: str, known: Set[Quantity]) -> set[Quantity]:
    """Return the differences of the amounts if claim or source compare them, their sums if added.

    Those of percentages are points; from minus 6 % to 2 % is 8 points. To what the source compares
    with another amount the difference is added: 95억 원 낮았다.
    """
    rest = bool(_REST.search(claim) or _REST.search(source))
    differ = rest or any(one.search(claim) for one in (_COMPARED, _OF_THESE)) or "보다" in source
    add = _ADDED.search(claim) is not None or "보다" in source
    add = add or (differ and bool(_LOSS.search(source) and _PROFIT.search(claim + source)))
    found: set[Quantity] = set()
    amounts: dict[str, list[Fraction]] = {}
    for one in known:
        if one.unit not in _NOT_ADDED or not one.unit:
            amounts.setdefault(one.unit, []).append(one.value)
    if games := {Fraction(one) for one in _GAMES.findall(source)}:
        amounts.setdefault("count", []).extend(games)
    for unit, values in amounts.items():
        pairs = list(combinations(values, 2))
        found |= {Quantity(abs(a - b), unit) for a, b in pairs if differ}
        found |= {Quantity(a + b, unit) for a, b in pairs if add}
        if add and unit and len(values) <= _FEW:
            found |= {Quantity(a + b + c, unit) for a, b, c in combinations(values, 3)}
    percents = [one.value for one in known if one.unit == "percent"] if differ else []
    below = _MINUS.search(source) is not None
    for a, b in combinations(percents, 2):
        found |= {Quantity(abs(a - b), "point"), *([Quantity(a + b, "point")] if below else [])}
    small = {one for one in found if _is_small(one)}
    plain = small if rest else _plainly_compared(claim)
    return (found - small) | {one for one in small if any(one.matches(other) for other in plain)}


def _plainly_compared(claim: str) -> set[Quantity]:
    """Return the numbers of ``claim`` that it gives as a difference or a sum: 네 명 많았다."""
    return {
        one
        for pattern in (_BY_SO_MUCH, _ALL_OF)
        for match in pattern.finditer(claim)
        for one in quantities(match["amount"])
    }


def _is_small(one: Quantity) -> bool:
    return one.value < _LEAST and one.unit not in _MEASURES and one.value.denominator == 1


def _multiplied(source: str, known: Set[Quantity]) -> set[Quantity]:
    """Return twice, half, a percentage and a single one of the amounts that ``source`` names so."""
    amounts = [one for one in known if one.unit not in _NOT_ADDED]
    found = {Quantity(Fraction(1), _ONE_OF[match["unit"]]) for match in _EACH.finditer(source)}
    if _DOUBLED.search(source):
        doubled = [*amounts, *(one for one in known if one.unit == "percent")]
        found |= {Quantity(one.value * 2, one.unit) for one in doubled}
    parts = [one.value / 100 for one in known if one.unit == "percent"]
    # 40% off leaves 60 %.
    parts += [1 - part for part in parts if part < 1] + [1 + part for part in parts]
    parts += [Fraction(1, 2)] if _HALVED.search(source) else []
    return found | {
        Quantity(one.value * part, one.unit)
        for one in amounts
        if one.unit in _MEASURES or one.value >= _MANY
        for part in parts
    }


def _for_each(claim: str, known: Set[Quantity]) -> set[Quantity]:
    """Return what falls to each and what all have together, where ``claim`` speaks of that.

    4860만 원 for nine people are 540만 원 for each; six boats of eight take 48 people.
    """
    each, together = _FOR_EACH.search(claim), _TOGETHER.search(claim)
    amounts = [one for one in known if one.unit not in _NOT_ADDED]
    counts = [one for one in amounts if one.unit not in _MEASURES and one.value > 1]
    periods = {one for one in {*known, *_converted(known)} if one.unit in _PERIODS}
    counts += [one for one in periods if 1 < one.value < _LONGEST]
    pairs = [(one, count) for one in amounts for count in counts if one.unit != count.unit]
    found = {Quantity(one.value / count.value, one.unit) for one, count in pairs if each}
    found |= {Quantity(one.value * count.value, one.unit) for one, count in pairs if together}
    return {one for one in found if not _is_small(one)}


def _mixed(claim: str, known: Set[Quantity], absent: Set[Quantity]) -> set[Quantity]:
    """Return the two parts of each 1분 34초 that the source gives as 94초."""
    found: set[Quantity] = set()
    for match in _MIXED.finditer(claim):
        if (match["unit"], match["small"]) not in _PARTS:
            continue
        large, small, size = _PARTS[match["unit"], match["small"]]
        rest = NATIVE.get(match["m"]) or int(match["m"])
        whole = Quantity(Fraction(int(match["n"]) * size + rest), small)
        if any(_says_the_same(whole, other) for other in known):
            found |= {
                Quantity(Fraction(int(match["n"])), large),
                Quantity(Fraction(rest), small),
            } & absent
    return found


def _shares(claim: str, source: str, known: Set[Quantity]) -> set[Quantity]:
    """Return the percentages and fractions of ``claim`` that amounts of ``source`` are."""
    shares = _known_shares(claim, source, known)
    inverse = {1 / one.value for one in known if one.unit == "times" and one.value > 1}
    parts = shares if _COMPARED.search(claim) else shares | inverse
    parts = parts | _ratios(known, _NOT_ADDED - {"percent"}) | _like_ratios(source)
    found = {
        Quantity(value, "share")
        for place, value in fractions(claim)
        if _is_within(value, _said_after(claim, place.end), parts)
    }
    found |= {
        one
        for one in quantities(claim)
        if one.unit == "percent" and any(abs(one.value / 100 - s) <= _PERCENT_ERROR for s in shares)
    }
    for match in _PERCENT.finditer(claim):
        value = Fraction(match["percent"])
        bounds = next((within for said, within in _AFTER if said.match(claim, match.end())), None)
        if bounds and _is_within(value / 100, bounds, shares):
            found.add(Quantity(value, "percent"))
    return found


def _known_shares(claim: str, source: str, known: Set[Quantity]) -> set[Fraction]:
    ratios = _ratios(known, _NOT_ADDED)
    found = _of_a_whole(known) | ratios | {1 - part for part in ratios}
    if _COMPARED.search(claim) or _NOT_ALL.search(claim):
        found |= {1 - Fraction(match["left"]) / 100 for match in _LEFT.finditer(source)}
    return found


def _like_ratios(source: str) -> set[Fraction]:
    """Return the parts that lengths of time and numbers of one noun (12가닥, 3가닥) are."""
    lasting_alike = {Quantity(Fraction(one), "minute") for one in minutes_lasting(source)}
    counted = {
        Quantity(Fraction(number), noun)
        for number, noun in _COUNTED.findall(source)
        if not is_unit(noun)
    }
    return _ratios(lasting_alike, set()) | _ratios(counted, set())


_COUNTED = re.compile(r"(?<![\d.,])(\d{1,6})([가-힣]{1,3}?)(?=[의이가을를은는도\s,])")


def _multiples(claim: str, known: Set[Quantity]) -> set[Quantity]:
    """Return the 두 배 of ``claim`` that one amount of the source is of another."""
    ratios = {1 / part for part in _ratios({*known, *_converted(known)}, _NOT_HALVED)}
    # 50% more is 1.5 times as much.
    ratios |= {1 + one.value / 100 for one in known if one.unit == "percent"}
    ratios |= {one.value for one in known if one.unit == "times"}
    if not _COMPARED.search(claim):
        ratios |= {1 / one.value for one in known if one.unit == "share" and one.value}
    found: set[Quantity] = set()
    for match in _TIMES.finditer(claim):
        whole = Fraction(NATIVE.get(match["times"]) or match["times"])
        value = whole + (Fraction(1, 2) if match["half"] else 0)
        if value > 1 and _is_within(value, _said_after(claim, match.end()), ratios):
            found.add(Quantity(whole, "times"))
    return found


def _said_after(claim: str, end: int) -> tuple[Fraction, Fraction]:
    """Return the bounds that the words after a fraction or multiple set, as parts of it."""
    return next((bounds for said, bounds in _AFTER if said.match(claim, end)), _PLAIN)


def _is_within(value: Fraction, bounds: tuple[Fraction, Fraction], others: Set[Fraction]) -> bool:
    return any(value * bounds[0] <= other <= value * bounds[1] for other in others)


def _out_of(claim: str, source: str, known: Set[Quantity], absent: Set[Quantity]) -> set[Quantity]:
    """Return the numbers of 열 곳 중 네 곳 that are a share of amounts of the source."""
    if not _OUT_OF.search(claim):
        return set()
    shares = _known_shares(claim, source, known)
    said = quantities(claim.replace("꼴", " "))  # 한 명꼴
    return {
        number
        for whole in absent
        for part in said
        if part.value < whole.value and whole.value in _WHOLES and part.value.denominator == 1
        if _is_within(part.value / whole.value, _PLAIN, shares)
        for number in (whole, part)
    }


def _days_more(claim: str, known: Set[Quantity]) -> set[Quantity]:
    """Return the days of 33일 짧아졌다 that lie between two numbers of days of the source."""
    days = [one.value for one in known if one.unit == "day"]
    apart = {abs(one - other) for one, other in combinations(days, 2)}
    found: set[Quantity] = set()
    for match in _DAYS_MORE.finditer(claim):
        value = Fraction(match["days"])
        least, most = _PLAIN if match["about"] else (Fraction(1), Fraction(1))
        if any(value * least <= other <= value * most for other in apart):
            found.add(Quantity(value, "day"))
    return found


def _apart(claim: str, known: Set[Quantity]) -> set[Quantity]:
    """Return the years of 2년 전 and the months of 다섯 달 늦은 between dates of the source."""
    years = [one.value for one in known if one.unit == "year" and one.value > _EARLIEST]
    months = [one.value for one in known if one.unit == "month"]
    between = {abs(one - other) for one, other in combinations(years, 2)}
    later = {(one - other) % 12 for one in months for other in months}
    found: set[Quantity] = set()
    for match in _YEARS_APART.finditer(claim):
        value = Fraction(NATIVE.get(match["years"]) or match["years"])
        found |= {Quantity(value, "year")} if value in between else set()
    for match in _MONTHS_APART.finditer(claim):
        value = Fraction(NATIVE.get(match["months"]) or match["months"])
        found |= {Quantity(value, "개월")} if value in later else set()
    return found


def _in_words(
    claim: str, source: str, known: Set[Quantity], absent: Set[Quantity]
) -> set[Quantity]:
    """Return ranks and counted kinds of ``claim`` that the source may give without a number."""
    units = {one.unit for one in known}
    found: set[Quantity] = set()
    if not units & {"rank", "ordinal"} and _FIRST.search(source):
        found |= {one for one in absent if one.unit == "rank" and one.value <= _RANKS_IN_WORDS}
    if not _KINDS.search(source):
        kinds = {Fraction(NATIVE.get(one) or one) for one in _KINDS.findall(claim)}
        found |= {one for one in absent if one.value in kinds and one.unit in {"", "가지"}}
    return found


def _ratios(known: Set[Quantity], apart: Set[str]) -> set[Fraction]:
    """Return the parts that one amount is of another, but for those in units of ``apart``."""
    return {
        min(one.value, other.value) / max(one.value, other.value)
        for one, other in combinations(known, 2)
        if one.unit == other.unit and one.unit not in apart and min(one.value, other.value)
    }


def _of_a_whole(known: Set[Quantity]) -> set[Fraction]:
    """Return the percentages, and what is added where something is multiplied."""
    found = {one.value / 100 for one in known if one.unit == "percent"}
    return found | {one.value - 1 for one in known if one.unit == "times" and one.value > 1}


def _halves(claim: str, source: str, known: Set[Quantity]) -> set[Fraction]:
    """Return the parts that ``known`` gives and that half may be said of.

    The rest of a part counts only where something changed, remained or was not so, and one
    amount's part of two only where nothing changed: 외국인 60명과 내국인 61명.
    """
    claim = _THAN_HALF.sub("half", claim)
    found = _of_a_whole(known) | _ratios(known, _NOT_HALVED)
    found |= {one.value for one in known if one.unit == "share"}
    found |= {1 / one.value for one in known if one.unit == "times" and one.value > 1}
    if any(_COMPARED.search(text) or _NOT_ALL.search(text) for text in (claim, source)):
        found |= {1 - part for part in found}
    if not _COMPARED.search(claim):
        found |= {
            min(one.value, other.value) / (one.value + other.value)
            for one, other in combinations(known, 2)
            if one.unit == other.unit and one.unit not in _NOT_HALVED and one.value + other.value
        }
    return found


def _instances(claim: str, source: str, absent: Set[Quantity]) -> set[Quantity]:
    """Return the 2 of 2심, where the source does not number that court (항소심, 고등법원)."""
    if _INSTANCE.search(source) and not _NEXT_COURT.search(source):
        return set()
    return {Quantity(Fraction(int(one)), "") for one in _INSTANCE.findall(claim)} & absent
