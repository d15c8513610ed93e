"""The synonym groups: terms as Kiwi gives them, without opposites or duplicates."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from geungeo.rag.language.morphemes import analyse_many, content_terms, kiwi
from geungeo.rag.language.vocabulary import (
    called_as_in,
    introduced_names,
    spelled_as_in,
    synonyms_of,
)

# Sentences in which a word of the class can occur; ``{}`` is its stem.
_CARRIERS = {
    "N": ("그는 {}를 알렸다.", "그 {}는 컸다.", "그들은 {}했다고 한다.", "매우 {}한 일이다."),
    "V": ("그는 그것을 {}고 있다.", "그것이 {}지 않았다.", "사이가 {}면 좋다."),
    "M": ("그는 {} 나왔다.", "그는 {} 갔다."),
}


def _in_the_past(stem: str) -> str:
    """Return the past tense: Kiwi joins some verbs (나빠지, 따내) only if contracted (나빠졌다)."""
    past = [("관계", "NNG"), ("가", "JKS"), (stem, "VV"), ("었", "EP"), ("다", "EF")]
    return str(kiwi().join(past))


def _groups() -> list[list[str]]:
    groups: list[list[str]] = json.loads(
        files("geungeo.rag.language").joinpath("data/synonyms.json").read_text("utf-8")
    )
    return groups


def _not_yielded(sentences: dict[str, str]) -> set[str]:
    """Return the terms that Kiwi does not find in the sentence made for them."""
    analyses = analyse_many(list(sentences.values()))
    return {
        term
        for term, morphemes in zip(sentences, analyses, strict=True)
        if term not in content_terms(morphemes)
    }


def test_every_synonym_is_a_term_of_kiwi() -> None:
    left = {term for group in _groups() for term in group}
    assert {term.rpartition("/")[2] for term in left} <= _CARRIERS.keys()
    for kind, carriers in _CARRIERS.items():
        for carrier in carriers:
            tried = {t: carrier.format(t[:-2]) for t in sorted(left) if t.endswith(f"/{kind}")}
            left -= tried.keys() - _not_yielded(tried)
    left = _not_yielded({t: _in_the_past(t[:-2]) for t in sorted(left)})
    assert left == set()


def test_groups_are_sorted_without_duplicate_words_or_groups() -> None:
    groups = _groups()
    assert groups == sorted(groups)
    assert [group for group in groups if len(set(group)) < max(2, len(group))] == []
    sets = [frozenset(group) for group in groups]
    holders: dict[str, list[frozenset[str]]] = {}
    for members in sets:
        for term in members:
            holders.setdefault(term, []).append(members)
    swallowed = [
        group
        for group, members in zip(groups, sets, strict=True)
        if any(members < other for other in holders[group[0]]) or sets.count(members) > 1
    ]
    assert swallowed == []


@pytest.mark.parametrize(
    ("word", "opposite"),
    [
        ("증가/N", "감소/N"),
        ("상승/N", "하락/N"),
        ("인상/N", "인하/N"),
        ("찬성/N", "반대/N"),
        ("매수/N", "매도/N"),
        ("사/V", "팔/V"),
        ("수입/N", "수출/N"),
        ("승리/N", "패배/N"),
        ("이기/V", "지/V"),
        ("유죄/N", "무죄/N"),
        ("합격/N", "불합격/N"),
        ("임명/N", "해임/N"),
        ("채용/N", "해고/N"),
        ("취임/N", "퇴임/N"),
        ("성공/N", "실패/N"),
        ("허용/N", "금지/N"),
        ("강화/N", "완화/N"),
        ("사망자/N", "부상자/N"),
        ("가해자/N", "피해자/N"),
        ("인정/N", "부인/N"),
        ("체포/N", "석방/N"),
        ("합병/N", "분할/N"),
        ("대통령/N", "총리/N"),
        ("아내/N", "남편/N"),
        ("올해/N", "작년/N"),
    ],
)
def test_opposites_and_competitors_are_not_synonyms(word: str, opposite: str) -> None:
    assert synonyms_of([word]), word
    assert opposite not in synonyms_of([word])


@pytest.mark.parametrize(
    ("source", "text", "spelled"),
    [
        ("MS는 투자했다.", "마소는 왜?", "MS는 왜?"),
        ("마이크로소프트와 MS, 다시 마이크로소프트", "마소의 계획", "마이크로소프트의 계획"),
        ("ChatGPT는 비싸다.", "챗지피티가 비싼 이유", "ChatGPT가 비싼 이유"),
        ("샘 앨트먼이 말했다.", "샘 알트만이 뭐래", "샘 앨트먼이 뭐래"),
        ("앨트먼은 말했다.", "샘 알트만이 뭐래", "앨트먼이 뭐래"),
        ("샘 앨트먼이 말했다.", "알트만이 뭐래", "앨트먼이 뭐래"),
        (
            "유럽연합이 정했다.",
            "What did the EU say on Europe?",
            "What did the 유럽연합 say on Europe?",
        ),
        # As the source has it, in either case.
        ("MS는 투자했다.", "MS는?", "MS는?"),
        ("ms는 투자했다.", "MS는?", "MS는?"),
        # The spelling is part of another word of the source.
        ("ATMS를 점검했다.", "마소는?", "마소는?"),
        ("메타 인텔리전스를 썼다.", "Intel은?", "Intel은?"),
        ("애플경제가 보도했다.", "Apple은?", "Apple은?"),
        # The name is part of another word of the text.
        ("메타가 샀다.", "페이스북스토어는?", "페이스북스토어는?"),
        ("Facebook이 샀다.", "메타버스는?", "메타버스는?"),
        ("유엔이 정했다.", "Which UNIONS?", "Which UNIONS?"),
        # Ordinary words, which have other meanings as well.
        ("인공지능을 쓴다.", "고병원성 AI는?", "고병원성 AI는?"),
        ("지적 재산을 넘겼다.", "IP 주소는?", "IP 주소는?"),
        ("美術館에서 열렸다.", "미국은?", "미국은?"),
        ("이사회가 열렸다.", "Who is on board?", "Who is on board?"),
        ("구글이 투자했다.", "마소는?", "마소는?"),
        ("", "마소는?", "마소는?"),
    ],
)
def test_known_names_are_spelled_as_the_source_spells_them(
    source: str, text: str, spelled: str
) -> None:
    assert spelled_as_in(source, text) == spelled


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("국민권익위원회(권익위)는", [("국민권익위원회", "권익위")]),
        ("국제통화기금(IMF)은", [("국제통화기금", "IMF")]),
        ("새만송전탑반대대책위(이하 대책위)는", [("새만송전탑반대대책위", "대책위")]),
        (
            "전국금속노동조합(금속노조), 전국금속노동조합(금속노조)",
            [("전국금속노동조합", "금속노조")],
        ),
        # Ages, parties, places, codes and remarks are no names.
        ("김철수(45) 의원과 박영희(무소속) 의원", []),
        ("삼성전자(005930)는 수원(경기)에 있다", []),
        ("이 회사(대표 김철수)는 제품(사진)을", []),
    ],
)
def test_names_are_introduced_in_brackets(text: str, names: list[tuple[str, str]]) -> None:
    assert list(introduced_names(text)) == names


@pytest.mark.parametrize(
    ("source", "text", "called"),
    [
        ("권익위는 조사했다.", "국민권익위원회는 뭘 했나?", "권익위는 뭘 했나?"),
        ("국민권익위원회가 조사했다.", "권익위는 뭘 했나?", "국민권익위원회는 뭘 했나?"),
        ("국민권익위원회(권익위)가 조사했다.", "권익위는 뭘 했나?", "권익위는 뭘 했나?"),
        ("위원장이 말했다.", "권익위는 뭘 했나?", "권익위는 뭘 했나?"),
        ("국민권익위원회가 조사했다.", "권익위원은 누구?", "권익위원은 누구?"),
    ],
)
def test_an_introduced_name_is_called_as_in_the_source(source: str, text: str, called: str) -> None:
    assert called_as_in(source, text, introduced_names("국민권익위원회(권익위)")) == called
