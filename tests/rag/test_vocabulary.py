"""The synonym groups: terms as Kiwi gives them, without opposites or duplicates."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from geungeo.rag.language.morphemes import analyse_many, content_terms, kiwi
from geungeo.rag.language.vocabulary import spelling_in, synonyms_of

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
    ("source", "name", "spelling"),
    [
        ("MS는 투자했다.", "마소", "MS"),
        ("마이크로소프트와 MS, 다시 마이크로소프트", "마소", "마이크로소프트"),
        ("ChatGPT는 비싸다.", "챗지피티", "ChatGPT"),
        ("MS는 투자했다.", "MS", None),  # as the source has it
        ("ms는 투자했다.", "MS", None),
        ("ATMS를 점검했다.", "마소", None),  # no word of its own
        ("구글이 투자했다.", "마소", None),
        ("MS는 투자했다.", "강아지", None),
        ("", "마소", None),
    ],
)
def test_a_known_name_is_spelled_as_the_source_spells_it(
    source: str, name: str, spelling: str | None
) -> None:
    assert spelling_in(source, name) == spelling
