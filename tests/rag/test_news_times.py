"""Relative dates in news: their resolution, ambiguous ones, their display."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.rag.article import Article
from geungeo.rag.grounding.ground import time_note
from geungeo.rag.language.dates.periods import Period, day, label, month, season, year
from geungeo.rag.language.dates.times import named_times, relative_times, seoul_day
from geungeo.rag.text import Span

# A Friday.
PUBLISHED = date(2026, 4, 3)


def resolved(text: str, published: date = PUBLISHED) -> list[str]:
    return [
        f"{time.span.of(text)} = {label(time.period, 'ko')}"
        for time in relative_times(text, published)
    ]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("지난 1월 공장을 지었다.", "지난 1월 = 2026년 1월"),
        ("지난 11월 공장을 지었다.", "지난 11월 = 2025년 11월"),
        ("지난 1~3월 수출이 늘었다.", "지난 1~3월 = 2026년 1~3월"),
        ("지난 4월 1일 취임했다.", "지난 4월 1일 = 2026년 4월 1일"),
        ("지난 3월 말 취임했다.", "지난 3월 말 = 2026년 3월 말"),
        ("지난해 가을, 갈등이 생겼다.", "지난해 가을 = 2025년 가을"),
        ("작년에 문을 열었다.", "작년 = 2025년"),
        ("재작년부터 준비했다.", "재작년 = 2024년"),
        ("지난해 12월 31일 끝났다.", "지난해 12월 31일 = 2025년 12월 31일"),
        ("지난해 말 기준이다.", "지난해 말 = 2025년 말"),
        ("지난해 3분기 매출이다.", "지난해 3분기 = 2025년 3분기"),
        ("올해 매출은 늘었다.", "올해 = 2026년"),
        ("올 상반기 안에 끝난다.", "올 상반기 = 2026년 상반기"),
        ("올 1·4분기 실적이다.", "올 1·4분기 = 2026년 1분기"),
        ("올여름은 덥다.", "올여름 = 2026년 여름"),
        ("올겨울은 춥다.", "올겨울 = 2026년 12월~2027년 2월"),
        ("내년 상반기에 나온다.", "내년 상반기 = 2027년 상반기"),
        ("내후년까지 짓는다.", "내후년 = 2028년"),
        ("이달 15일 열린다.", "이달 15일 = 2026년 4월 15일"),
        ("이달 초 열렸다.", "이달 초 = 2026년 4월 초"),
        ("지난달 출시했다.", "지난달 = 2026년 3월"),
        ("지지난달 출시했다.", "지지난달 = 2026년 2월"),
        ("다음 달 5일부터 판다.", "다음 달 5일 = 2026년 5월 5일"),
        ("내달 중순 판다.", "내달 중순 = 2026년 5월 중순"),
        ("어제 밝혔다.", "어제 = 2026년 4월 2일"),
        ("그제 밝혔다.", "그제 = 2026년 4월 1일"),
        ("내일 연다.", "내일 = 2026년 4월 4일"),
        ("오는 15일 연다.", "오는 15일 = 2026년 4월 15일"),
        ("오는 1일 연다.", "오는 1일 = 2026년 5월 1일"),
        ("오는 9월 연다.", "오는 9월 = 2026년 9월"),
        ("오는 1월 연다.", "오는 1월 = 2027년 1월"),
        ("오는 4월 10일 연다.", "오는 4월 10일 = 2026년 4월 10일"),
        ("지난 7일(현지시각) 말했다.", "지난 7일(현지시각) = 2026년 3월 7일"),
        ("1일(현지시간) 말했다.", "1일(현지시간) = 2026년 4월 1일"),
        ("지난 2일 전국에서 열렸다.", "지난 2일 = 2026년 4월 2일"),
        ("지난 월요일 열렸다.", "지난 월요일 = 2026년 3월 30일"),
        ("지난 금요일 열렸다.", "지난 금요일 = 2026년 3월 27일"),
        ("오는 월요일 열린다.", "오는 월요일 = 2026년 4월 6일"),
        ("지난주 금요일 열렸다.", "지난주 금요일 = 2026년 3월 27일"),
        ("다음 주 열린다.", "다음 주 = 2026년 4월 6~12일"),
        ("지난 주말 열렸다.", "지난 주말 = 2026년 3월 28~29일"),
        ("이번 주말 열린다.", "이번 주말 = 2026년 4월 4~5일"),
        ("지난 가을 열렸다.", "지난 가을 = 2025년 가을"),
        ("지난 겨울 열렸다.", "지난 겨울 = 2025년 12월~2026년 2월"),
        ("지난 3분기 늘었다.", "지난 3분기 = 2025년 3분기"),
        ("지난 분기 늘었다.", "지난 분기 = 2026년 1분기"),
        ("최근 3년간 늘었다.", "최근 3년간 = 2023~2026년"),
        ("최근 두 달 사이 늘었다.", "최근 두 달 사이 = 2026년 2~4월"),
        ("지난 3개월 동안 늘었다.", "지난 3개월 동안 = 2026년 1~4월"),
        ("지난 7일간 늘었다.", "지난 7일간 = 2026년 3월 27일~4월 3일"),
        ("앞으로 5년간 늘린다.", "앞으로 5년간 = 2026~2031년"),
        ("3년 전 세웠다.", "3년 전 = 2023년"),
        ("사고는 이틀 전 났다.", "이틀 전 = 2026년 4월 1일"),
        ("Sales rose last year.", "last year = 2025년"),
        ("It will open next month.", "next month = 2026년 5월"),
        ("They met on Tuesday.", "on Tuesday = 2026년 3월 31일"),
        ("They will meet on Tuesday.", "on Tuesday = 2026년 4월 7일"),
        ("They met last Friday.", "last Friday = 2026년 3월 27일"),
        ("It opened last January.", "last January = 2026년 1월"),
        ("It opened two years ago.", "two years ago = 2024년"),
        ("It doubled over the past three years.", "over the past three years = 2023~2026년"),
        ("He resigned yesterday.", "yesterday = 2026년 4월 2일"),
    ],
)
def test_a_relative_date_counts_from_the_publication(text: str, meaning: str) -> None:
    assert resolved(text) == [meaning]


@pytest.mark.parametrize(
    "text",
    [
        "지난 2023년 11월엔 축출됐다.",  # explicit
        "2024년 3월에 열렸다.",
        "오는 4월 연다.",  # this month, or next year's
        "지난 3일 열렸다.",  # today, or a month ago
        "지난해 겨울은 추웠다.",  # two winters touch a year
        "연말까지 끝낸다.",
        "전년 대비 늘었다.",
        "이날 오후 열렸다.",
        "30일의 유예 기간을 뒀다.",
        "3월에 열렸다.",
        "선거 사흘 전 사퇴했다.",  # counted from the election
        "그다음 달 문을 닫았다.",
        "2024년 11월에 시작해 다음 달 끝났다.",  # the month after that one
        "지난 2월 30일 열렸다.",
        "최근 몇 달 늘었다.",
        "오늘날 우리는 산다.",
        "올해의 선수로 뽑혔다.",
        "오늘의 날씨",
        "이번 주의보는 강하다.",
        "지난 주총에서 물러났다.",
        "올 초등학교 입학생",
        "그제야 알았다.",
        "in the last year of his term",
        "in today's world",
        "the soldiers' last march",
        "They meet on Mondays.",
        "They meet next summer.",
    ],
)
def test_explicit_and_ambiguous_times_are_not_resolved(text: str) -> None:
    assert resolved(text) == []


@pytest.mark.parametrize(
    ("published", "text", "meaning"),
    [
        (date(2026, 1, 28), "지난 1월 열렸다.", "지난 1월 = 2025년 1월"),
        (date(2026, 1, 28), "지난 1월 5일 열렸다.", "지난 1월 5일 = 2026년 1월 5일"),
        (date(2026, 10, 5), "지난 가을 열렸다.", "지난 가을 = 2025년 가을"),
        (date(2026, 12, 1), "지난 가을 열렸다.", "지난 가을 = 2026년 가을"),
        # In January the winter is not over.
        (date(2025, 1, 15), "지난 겨울 열렸다.", "지난 겨울 = 2023년 12월~2024년 2월"),
        (date(2025, 3, 2), "지난 겨울 열렸다.", "지난 겨울 = 2024년 12월~2025년 2월"),
        (date(2025, 12, 20), "지난 겨울 열렸다.", "지난 겨울 = 2024년 12월~2025년 2월"),
        (date(2026, 1, 3), "지난달 열렸다.", "지난달 = 2025년 12월"),
        (date(2026, 1, 3), "지난 7일 열렸다.", "지난 7일 = 2025년 12월 7일"),
        (date(2026, 12, 20), "오는 5일 연다.", "오는 5일 = 2027년 1월 5일"),
        (date(2026, 1, 15), "올겨울 춥다.", "올겨울 = 2025년 12월~2026년 2월"),
        (date(2024, 2, 29), "1년 전 열렸다.", "1년 전 = 2023년"),
        (date(2026, 3, 31), "한 달 전 열렸다.", "한 달 전 = 2026년 2월"),
        (date(2025, 3, 10), "MS는 이에 지난 1월, 결정했다.", "지난 1월 = 2025년 1월"),
    ],
)
def test_times_across_the_turn_of_month_season_and_year(
    published: date, text: str, meaning: str
) -> None:
    assert resolved(text, published) == [meaning]


def test_the_last_weekend_is_ambiguous_on_a_weekend() -> None:
    assert resolved("지난 주말 열렸다.", date(2026, 4, 5)) == []


def test_a_quotation_from_an_earlier_year_is_not_resolved() -> None:
    assert resolved("지난해 가을 그는 “내년에 물러난다”고 했다.") == ["지난해 가을 = 2025년 가을"]
    assert resolved("그는 “내년에 물러난다”고 했다.") == ["내년 = 2027년"]


def test_without_a_publication_date_nothing_is_resolved() -> None:
    assert [time.relative for time in named_times("지난 1월과 2025년 3월", None)] == [False]


def article(text: str, published_at: str | None) -> Article:
    return Article(id="a", title="t", text=text, published_at=published_at)


def test_the_note_gives_the_resolved_times_and_the_publication_date() -> None:
    text = "MS는 지난 1월 정했다. 지난해 가을과 지난 1월에는 없었다."
    dated = article(text, "2026-04-03")
    assert time_note(dated, Span(0, len(text)), "ko") == (
        "지난 1월 = 2026년 1월, 지난해 가을 = 2025년 가을 (기사 발행일 2026-04-03 기준)"
    )
    assert time_note(dated, Span(0, 14), "en") == (
        "지난 1월 = January 2026 (article published 2026-04-03)"
    )
    assert time_note(article(text, None), Span(0, len(text)), "ko") is None
    assert time_note(article(text, "spring"), Span(0, len(text)), "ko") is None
    assert time_note(article("MS는 정했다.", "2026-04-03"), Span(0, 7), "ko") is None


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-04-03", date(2026, 4, 3)),
        ("2026-04-03T08:00:00+09:00", date(2026, 4, 3)),
        ("2026-04-03T20:00:00+00:00", date(2026, 4, 4)),
        ("2026-04-03T00:30:00", date(2026, 4, 3)),
        ("9999-12-31T23:00:00+00:00", None),
        ("last spring", None),
    ],
)
def test_the_day_of_publication_is_in_seoul_time(moment: str, expected: date | None) -> None:
    assert seoul_day(moment) == expected


def test_the_day_of_the_seed_article_is_from_its_byline(seed_article: Article) -> None:
    assert seoul_day(seed_article.published_at or "") == date(2025, 3, 10)


def test_labels_have_the_grain_of_the_period() -> None:
    periods = [year(2025), month(2026, 1), season(2025, "가을"), day(date(2026, 4, 7))]
    assert [label(period, "ko") for period in periods] == [
        "2025년",
        "2026년 1월",
        "2025년 가을",
        "2026년 4월 7일",
    ]
    assert [label(period, "en") for period in periods] == [
        "2025",
        "January 2026",
        "autumn 2025",
        "7 April 2026",
    ]


def test_a_period_that_ends_before_it_begins_is_rejected() -> None:
    with pytest.raises(ValueError, match="not a period"):
        Period(date(2026, 1, 2), date(2026, 1, 1), day(date(2026, 1, 1)).grain)


VOCABULARY = (
    "지난 오는 최근 앞으로 올해 올 작년 지난해 내년 이달 다음달 이번주 어제 모레 1월 2월 30일 31일 "
    "7일(현지시각) 3년간 한달 전 봄 겨울 상반기 4분기 말 초 주말 월요일 last next year May on "
    "Friday ago two 2024년 “ ”"
)
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(WORDS, max_size=8).map(" ".join),
    st.lists(WORDS, max_size=8).map("".join),
)


@given(TEXTS, st.dates())
@settings(max_examples=300, deadline=None)
def test_times_of_any_text_are_deterministic_ordered_and_valid(text: str, published: date) -> None:
    found = named_times(text, published)
    assert found == named_times(text, published)
    at = 0
    for time in found:
        assert at <= time.span.start < time.span.end <= len(text)
        at = time.span.end
        assert time.period.first <= time.period.last
        assert label(time.period, "ko") and label(time.period, "en")
    time_note(article(text, published.isoformat()), Span(0, len(text)), "ko") if _nfc(
        text
    ) else None


def _nfc(text: str) -> bool:
    try:
        article(text, None)
    except ValueError:
        return False
    return True


# Past, present and future times, for any day of publication.
@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_past_times_are_before_and_future_times_after_the_publication(published: date) -> None:
    def periods(text: str) -> list[Period]:
        return [time.period for time in relative_times(text, published)]

    today = day(published)
    months = [f"{number}월" for number in range(1, 13)]
    for past in ["작년", "지난달", "지난주", "어제", "지난 가을", "지난 수요일", "지난 2분기"]:
        assert all(period.last < published for period in periods(past)) and periods(past)
    for past in [f"지난 {name}" for name in months]:
        (period,) = periods(past)
        assert period.last < published and published - period.last <= timedelta(days=366)
    for now in ["올해", "이달", "이번 주", "오늘", "최근 3년간", "앞으로 두 달간"]:
        assert all(period.contains(today) for period in periods(now)) and periods(now)
    for ahead in [
        "내년",
        "다음 달",
        "다음 주",
        "내일",
        "오는 토요일",
        *(f"오는 {m}" for m in months),
    ]:
        assert all(period.first > published for period in periods(ahead))
