"""Several sources: duplicate stories, contradictions, newer articles first, antecedents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geungeo.rag.article import Article, Section, SectionKind
from geungeo.rag.evidence.antecedents import announces, antecedent, explains, following, pointer
from geungeo.rag.evidence.sources import dispute, names_its_subject, refine
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import parse_question
from geungeo.rag.retrieval.copies import adds_nothing, distinct
from geungeo.rag.retrieval.find import newest_first
from geungeo.rag.text import Span


def said(text: str, published: str | None = "2026-03-10", *, score: float = 0.9) -> Evidence:
    """Return evidence whose article consists of the sentence ``text``."""
    article = Article(
        id=f"{text}/{published}", title="해람호 사고", text=text, published_at=published
    )
    return Evidence(1, article, Span(0, len(text)), SectionKind.BODY, score, 1)


STORY = "한솔반도체는 지난 1월 청주에 8,000억 원을 들여 새 공장을 착공했다."


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (STORY, True),
        (f"(청주=새벽통신) 김도담 기자 = {STORY}", True),
        ("한솔반도체가 지난 1월 청주에 8000억원을 들여 새 공장을 착공했다.", True),
        (STORY.replace("8,000억", "9,000억"), False),
        (STORY.replace("청주", "충주"), False),
        (STORY.replace("한솔반도체", "두레반도체"), False),
        ("한솔반도체는 직원 200명을 더 뽑는다.", False),
    ],
)
def test_a_copy_adds_no_number_and_no_noun(text: str, *, copied: bool) -> None:
    assert adds_nothing(text, STORY) is copied


def test_the_earlier_of_two_copies_is_kept_at_the_better_position() -> None:
    late, early = said(STORY, "2026-04-04", score=0.9), said(STORY, "2026-04-03", score=0.8)
    other = said("한솔반도체는 직원 200명을 더 뽑는다.", score=0.7)
    kept = distinct([late, other, early])
    assert [(item.article.published_at, item.score) for item in kept] == [
        ("2026-04-03", 0.9),
        ("2026-03-10", 0.7),
    ]


def test_near_ties_are_ordered_by_date_and_clear_leads_kept() -> None:
    items = [
        said("가.", "2026-01-01", score=0.90),
        said("나.", "2026-03-01", score=0.89),
        said("다.", None, score=0.885),
        said("라.", "2026-04-01", score=0.60),
    ]
    ranked = newest_first(items, lambda item: item.score, lambda item: item.article)
    assert [item.text for item in ranked] == ["나.", "가.", "다.", "라."]


@pytest.mark.parametrize(
    ("question", "first", "second", "values"),
    [
        (
            "해람호 사고로 선원 몇 명이 숨졌나?",
            "해람호 전복 사고로 선원 12명이 숨졌다고 해양경찰이 밝혔다.",
            "해람호 전복 사고로 선원 15명이 숨졌다고 해양경찰이 집계했다.",
            ("12명", "15명"),
        ),
        (
            "한솔반도체는 공장에 얼마를 투자하나?",
            "한솔반도체는 청주 공장에 5,012억 원을 투자한다.",
            "한솔반도체는 청주 공장에 약 5,000억 원을 투자한다.",  # the same, rounded
            None,
        ),
        (
            "실업률은 얼마인가?",
            "지난 1월 실업률은 3.1%로 집계됐다.",
            "지난 2월 실업률은 3.4%로 집계됐다.",  # another month
            None,
        ),
        (
            "영업이익은 얼마인가?",
            "한솔반도체 영업이익은 5,000억 원으로 집계됐다.",
            "두레반도체 영업이익은 7,000억 원으로 집계됐다.",  # another company
            None,
        ),
        (
            "한솔반도체 공장 착공은 언제였나?",
            "한솔반도체 청주 공장은 지난 1월 착공했다.",
            "한솔반도체 청주 공장은 지난 2월 착공했다.",
            ("2026년 1월", "2026년 2월"),
        ),
        (
            "한솔반도체 대표로 누가 뽑혔나?",
            "한솔반도체는 새 대표로 김민수 부사장을 뽑았다.",
            "한솔반도체는 새 대표로 이영희 부사장을 뽑았다.",
            ("김민수", "이영희"),
        ),
        (
            "해람호 사고로 몇 명이 숨졌나?",
            "해람호 사고로 선원 12명이 숨졌다.",
            "시장 상인 30명이 축제에서 음식을 나눴다.",  # another matter
            None,
        ),
    ],
)
def test_sources_differ_where_one_matter_has_two_values(
    question: str, first: str, second: str, values: tuple[str, str] | None
) -> None:
    found = dispute(parse_question(question), [said(first), said(second, "2026-03-12")], "ko")
    assert (found and (found.value, found.other_value)) == values


def test_contradicting_sources_refer_to_each_other_and_the_note_names_the_newer_first() -> None:
    items = [
        said("해람호 전복 사고로 선원 12명이 숨졌다.", "2026-03-10"),
        said("해람호 전복 사고로 선원 15명이 숨졌다.", "2026-03-12", score=0.7),
    ]
    refined = refine(parse_question("해람호 사고로 몇 명이 숨졌나?"), items, "ko")
    assert [(item.number, item.rival) for item in refined.evidence] == [(1, 2), (2, 1)]
    note = refined.evidence[0].note
    assert note == (
        "출처마다 다름: 15명 (해람호 사고, 2026-03-12) ↔ 12명 (해람호 사고, 2026-03-10)"
    )
    assert refined.notes == (note,)


PARAGRAPHS = (
    "김민수 대표는 한솔반도체를 세웠다. 그는 지난해 물러났다. 그의 자리는 비어 있다.",
    "이에 이사회가 소집됐다. 그러나 결론은 없었다.",
    "이사회, 다시 열린다",
    "이를 두고 말이 많다.",
)
KINDS = (SectionKind.BODY, SectionKind.BODY, SectionKind.HEADING, SectionKind.BODY)


def paragraphs() -> Article:
    text = "\n\n".join(PARAGRAPHS)
    sections = []
    for kind, paragraph in zip(KINDS, PARAGRAPHS, strict=True):
        start = text.index(paragraph)
        sections.append(Section(kind=kind, start=start, end=start + len(paragraph)))
    return Article(id="p", title="t", text=text, sections=tuple(sections))


@pytest.mark.parametrize(
    ("sentence", "before"),
    [
        ("그는 지난해 물러났다.", "김민수 대표는 한솔반도체를 세웠다."),
        ("그의 자리는 비어 있다.", "김민수 대표는 한솔반도체를 세웠다."),  # past another 그는
        ("이에 이사회가 소집됐다.", "그의 자리는 비어 있다."),  # in the paragraph before
        ("그러나 결론은 없었다.", "이에 이사회가 소집됐다."),
        ("이를 두고 말이 많다.", None),  # a heading is between
        ("김민수 대표는 한솔반도체를 세웠다.", None),
    ],
)
def test_the_antecedent_is_the_sentence_referred_to(sentence: str, before: str | None) -> None:
    article = paragraphs()
    start = article.text.index(sentence)
    found = antecedent(article, Span(start, start + len(sentence)))
    assert (found and found.of(article.text)) == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MS는 이에 지난 1월, 결정했다.", "pronoun"),
        ("그러나 이를 두고 갈등이 생겼다.", "pronoun"),
        ("이 회사는 공장을 짓는다.", "pronoun"),
        ("해당 법안은 통과됐다.", "pronoun"),
        ("“이는 부당하다”고 말했다.", "pronoun"),
        ("He resigned in May.", "pronoun"),
        ("The company declined to comment.", "pronoun"),
        ("하지만 결론은 없었다.", "connective"),
        ("However, the board refused.", "connective"),
        ("또한 공장을 짓는다.", None),
        ("이사회는 결론을 냈다.", None),
        ("그는개울은 마을이다.", None),
        ("Thistle prices rose.", None),
    ],
)
def test_the_kind_of_reference_at_the_start_of_a_sentence(text: str, expected: str | None) -> None:
    assert pointer(text) == expected


def test_a_shared_antecedent_is_added_once() -> None:
    article = paragraphs()
    start = article.text.index("그는")
    item = replace(said("x"), article=article, span=Span(start, start + 12))
    later = article.text.index("그의")
    other = replace(item, span=Span(later, later + 13))
    evidence = refine(parse_question("누가 물러났나?"), [item, other], "ko").evidence
    assert [e.leans_on for e in evidence] == [3, 3, None]
    assert evidence[2].text == "김민수 대표는 한솔반도체를 세웠다."
    assert evidence[2].score == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("우려도 있다.", True),
        ("시장은 즉각 반응했다.", True),
        ("공정위가 내건 조건은 두 가지다.", True),
        ("비용도 만만치 않다.", True),
        ("전문가들의 평가는 엇갈린다.", True),
        ("There are concerns.", True),
        ("주가는 6.3% 내렸다.", False),
        ("주민들은 주차장이 모자란다고 걱정한다.", False),
        ("상인들은 자리를 비우라고 맞선다.", False),
        ("대표는 “답이 없다”고 했다.", False),
        ("노조는 로봇이 들어오면 하청 노동자부터 내보낼 것이라며 고용 보장을 요구했다.", False),
        ("사진=한빛일보", False),
    ],
)
def test_a_short_statement_without_details_announces_the_next(text: str, *, expected: bool) -> None:
    assert announces(text, "ko" if text[0] > "z" else "en") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("부품이 모자랐기 때문이다.", True),
        ("전선이 끊긴 탓에 열차가 멈췄다.", True),
        ("투자자의 항의를 받고서다.", False),
        ("전기버스 판매가 급증해서다.", True),
        ("손님을 잃을까 두려워서다.", True),
        ("값이 싸다는 이유에서다.", True),
        ("원인은 낡은 배관이었다.", True),
        ("The line closed because the river rose.", True),
        ("공장은 3월에 문을 닫았다.", False),
        ("이 때문에 개통이 1년 늦어졌다.", False),  # says an effect
        ("이로 인해 손님이 줄었기 때문에 값을 내렸다.", False),
    ],
)
def test_a_sentence_that_says_a_reason_is_recognised(text: str, *, expected: bool) -> None:
    assert explains(text) is expected


@pytest.mark.parametrize(
    ("sentence", "after"),
    [
        ("그는 지난해 물러났다.", "그의 자리는 비어 있다."),
        ("그의 자리는 비어 있다.", "이에 이사회가 소집됐다."),  # in the paragraph after
        ("그러나 결론은 없었다.", None),  # a heading is between
        ("이를 두고 말이 많다.", None),
    ],
)
def test_the_following_sentence_is_in_the_same_section(sentence: str, after: str | None) -> None:
    article = paragraphs()
    start = article.text.index(sentence)
    found = following(article, Span(start, start + len(sentence)))
    assert (found and found.of(article.text)) == after


REPORT = (
    "한빛시는 시청 앞 광장을 막았다. 우려도 있다. 상인들은 손님이 끊길 것으로 본다. "
    "시는 공사를 멈췄다. 지하에서 옛 성벽이 나왔기 때문이다. 공사비는 40억 원이다."
)


@pytest.mark.parametrize(
    ("question", "best", "after"),
    [
        ("무엇이 우려되나?", "우려도 있다.", "상인들은 손님이 끊길 것으로 본다."),
        ("시는 왜 공사를 멈췄나?", "시는 공사를 멈췄다.", "지하에서 옛 성벽이 나왔기 때문이다."),
        ("언제 공사를 멈췄나?", "시는 공사를 멈췄다.", None),
        ("공사비는 얼마인가?", "공사비는 40억 원이다.", None),
        ("왜 광장을 막았나?", "지하에서 옛 성벽이 나왔기 때문이다.", None),
    ],
)
def test_what_a_sentence_announces_becomes_evidence(
    question: str, best: str, after: str | None
) -> None:
    article = Article(id="a", title="광장", text=REPORT)
    start = REPORT.index(best)
    item = replace(said("x"), article=article, span=Span(start, start + len(best)))
    evidence = refine(parse_question(question), [item], "ko").evidence
    assert evidence[0].elaborated_by == (2 if after else None)
    assert [one.text for one in evidence[1:]] == ([after] if after else [])


@pytest.mark.parametrize(
    ("sentence", "understood"),
    [
        ("하지만 최근 MS는 오픈AI에 대한 의존도를 낮추고 있다.", True),
        ("그러나 홍길동이 반대했다.", True),
        ("하지만 결론은 없었다.", False),
        ("그러나 단호하게 거절당했다.", False),
        ("반면 수출은 MS 때문에 늘었다.", False),
    ],
)
def test_a_contrast_about_a_name_is_understood_alone(sentence: str, understood: object) -> None:
    assert names_its_subject(sentence) is understood
