"""Evidence: answer types, features of sentences, false premises and the learned models."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.errors import InvariantViolation
from geungeo.rag.evidence.asking_lines import prompts, topic_of
from geungeo.rag.evidence.features import answer_type_score, named_labels, unit_score
from geungeo.rag.evidence.models import Linear, parse_model
from geungeo.rag.evidence.premise import conflict
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.morphemes import analyse
from geungeo.rag.language.terms import bags, term_hash
from geungeo.rag.language.transliteration import skeleton
from geungeo.rag.language.vocabulary import terms_of
from geungeo.rag.question.concepts import AnswerType, answer_type, parse_question
from geungeo.rag.settings import Settings


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("언제 발표했나?", AnswerType.TIME),
        ("몇 년에 설립됐나?", AnswerType.TIME),
        ("취임한 해는?", AnswerType.TIME),
        ("규모는 얼마인가?", AnswerType.AMOUNT),
        ("지분은 몇 퍼센트인가?", AnswerType.AMOUNT),
        ("왜 화를 냈나?", AnswerType.CAUSE),
        ("누가 요청했나?", AnswerType.PERSON),
        ("어디에서 발표했나?", AnswerType.PLACE),
        ("무엇을 요청했나?", AnswerType.THING),
        ("Why did they split?", AnswerType.CAUSE),
        ("How many people work there?", AnswerType.AMOUNT),
        ("When was he ousted?", AnswerType.TIME),
    ],
)
def test_answer_type_is_recognised(question: str, kind: AnswerType) -> None:
    assert answer_type(question) is kind


def test_question_about_named_person_asks_for_description() -> None:
    assert parse_question("무스타파 설리먼은 누구야?").answer_type is AnswerType.OTHER
    assert parse_question("MS의 CEO는 누구야?").answer_type is AnswerType.PERSON


def test_focus_is_the_noun_asked_for() -> None:
    focus = parse_question("오픈AI가 가진 지분은 몇 퍼센트인가?").focus
    assert focus is not None and focus.surface == "지분"


def test_words_of_the_question_are_not_an_answer() -> None:
    sentence = "2023년 11월 앨트먼이 축출됐다."
    assert answer_type_score(sentence, AnswerType.TIME, "앨트먼은 언제 축출됐나?") == 1.0
    assert answer_type_score(sentence, AnswerType.TIME, "2023년 11월 축출은 언제 끝났나?") == 0.0


@pytest.mark.parametrize(
    ("sentence", "question", "expected"),
    [
        ("지분 49%를 가졌다.", "지분은 몇 퍼센트인가?", 1.0),
        ("수십억 달러를 투자했다.", "지분은 몇 퍼센트인가?", 0.0),
        ("직원 1,200명을 줄였다.", "직원은 몇 명인가?", 1.0),
        ("그는 서울대를 나왔다.", "어느 대학을 나왔나?", 0.0),
        ("그는 한국대학을 나왔다.", "어느 대학을 나왔나?", 1.0),
        ("아무 말이다.", "무엇인가?", 1.0),
    ],
)
def test_sentence_must_contain_asked_unit(sentence: str, question: str, expected: float) -> None:
    assert unit_score(sentence, question) == expected


EVIDENCE = "오픈AI는 현재 비영리 단체이지만 영리 단체 전환을 위해 노력하고 있다."


@pytest.mark.parametrize(
    ("question", "evidence", "found"),
    [
        ("오픈AI가 비영리 단체로 전환하려는 이유는?", EVIDENCE, True),
        ("오픈AI가 영리 단체로 전환하려는 이유는?", EVIDENCE, False),
        ("가격이 싸다는 이유로 외면했나?", "MS는 가격이 비싸다는 이유로 외면했다.", True),
        ("가격이 비싸다는 이유로 외면했나?", "MS는 가격이 비싸다는 이유로 외면했다.", False),
        ("나델라가 축출된 이유는?", "앨트먼이 이사회 결의로 축출당했다.", True),
        ("앨트먼이 축출된 이유는?", "앨트먼이 이사회 결의로 축출당했다.", False),
        ("매출이 증가한 까닭은?", "매출은 지난해보다 감소했다.", True),
        ("법안에 찬성한 의원은?", "의원들은 법안에 반대했다.", True),
        # What someone says, and parts of compounds.
        (
            "감독은 왜 졌다고 했나?",
            "감독은 “이긴다는 생각에 서두른 탓”이라고 패인을 짚었다.",
            False,
        ),
        ("이익이 꺾인 배경은?", "회사는 재고평가손실 150억 원을 원인으로 들었다.", False),
        # What the question denies itself, and the other end of a list.
        ("주민들이 연장에 찬성하지 않는 까닭은?", "주민들은 연장에 반대한다.", False),
        ("주민들은 왜 연장에 안 찬성해?", "주민들은 연장에 반대한다.", False),
        ("방값이 제일 싼 동네는?", "북구가 66만원으로 가장 비쌌고 남구가 41만원이었다.", False),
    ],
)
def test_false_premise_is_detected(question: str, evidence: str, found: bool) -> None:
    known = {term_hash(t) for t in terms_of(analyse(f"{evidence} 나델라 앨트먼 오픈AI MS"))}
    assert (conflict(question, analyse(question), evidence, known) is not None) is found


@pytest.mark.parametrize(
    ("korean", "english"),
    [
        ("앨트먼", "Altman"),
        ("설리먼", "Suleyman"),
        ("나델라", "Nadella"),
        ("소프트뱅크", "SoftBank"),
        ("마이크로소프트", "Microsoft"),
        ("딥시크", "DeepSeek"),
        ("코파일럿", "Copilot"),
        ("저커버그", "Zuckerberg"),
        ("스타게이트", "Stargate"),
    ],
)
def test_same_name_in_both_scripts_has_same_skeleton(korean: str, english: str) -> None:
    assert skeleton(korean) == skeleton(english) != ""


@pytest.mark.parametrize(("one", "other"), [("앨트먼", "Musk"), ("오라클", "Google")])
def test_different_names_have_different_skeletons(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def shipped() -> Any:
    return json.loads(files("geungeo.rag.evidence").joinpath("model.json").read_text("utf-8"))


def test_model_trained_on_other_features_is_rejected() -> None:
    data = shipped()
    names = data["ranker"]["features"], data["answerer"]["features"]
    parse_model(data, *names)
    with pytest.raises(InvariantViolation, match=r"geungeo\.eval\.training"):
        parse_model(data, names[0][:-1], names[1])


def test_linear_model_computes_logistic_regression() -> None:
    model = Linear(np.array([1.0, -2.0], dtype=np.float32), 0.5)
    expected = 1 / (1 + np.exp(-np.array([0.5, -0.5])))
    np.testing.assert_allclose(model(np.array([[0.0, 0.0], [1.0, 1.0]])), expected)


def test_synonyms_are_separate_from_alternatives() -> None:
    (concept,) = [c for c in parse_question("누가 물러났나?").concepts if c.role == "verb"]
    assert term_hash("물러나/V") in concept.alternatives
    assert term_hash("사임/N") in concept.synonyms - concept.alternatives


def test_analysis_contains_search_terms_of_both_channels() -> None:
    text = "오픈AI는 2023년 서울에 사무소를 열었다."
    [analysis] = analysed([text])
    assert analysis.term_hashes == set(bags("morphemes", [text])[0].terms.tolist())
    assert analysis.bigram_hashes == set(bags("bigrams", [text])[0].terms.tolist())
    assert "서울" in analysis.names


def test_particle_after_percent_sign_is_not_a_verb() -> None:
    [analysis] = analysed(["응답자의 70%는 찬성했다."])
    assert "늘" not in {morpheme.form for morpheme in analysis.morphemes}


# Interviews


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (["왜 흑백", "“빛에 집중했다.”", "제작비는", "“19억원이다.”"], ["왜 흑백", "제작비는"]),
        (["-왜 흑백.", '"빛이다."', "-언제쯤.", '"내년이다."'], ["-왜 흑백.", "-언제쯤."]),
        (["▶ 다음 작품", "▷ 없다.", "▶ 제작비", "▷ 19억원."], ["▶ 다음 작품", "▶ 제작비"]),
        # A heading above a quotation, once; statements; quotations of one speaker.
        (["시민들의 반응", "“다리가 필요하다.”", "시는 공사를 시작한다."], []),
        (["시가 밝혔다.", "“다리가 필요하다.”", "시가 답했다.", "“짓겠다.”"], []),
        (["“다리가 필요하다.”", "“그렇다.”", "“짓겠다.”"], []),
        (["구 | 인구", "“표”", "동 | 인구", "“표”"], []),
    ],
)  # fmt: skip
def test_lines_that_ask_by_their_place(lines: list[str], asked: list[str]) -> None:
    assert prompts("\n\n".join(["[인터뷰] 온누리 감독", *lines])) == frozenset(asked)


@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("왜 흑백", "왜 흑백"),
        ("▶ 제작비는.", "제작비는"),
        ("▶ 새 영화는 언제 나오나?", ""),
        ("온누리 감독은 새 영화를 찍는다.", ""),
    ],
)
def test_topic_of_a_question_is_read_with_its_answer(line: str, topic: str) -> None:
    text = "대담\n\n왜 흑백\n\n“빛이다.”\n\n누구와\n\n“신인이다.”"
    assert topic_of(line, text) == topic


# Rows of tables


@pytest.mark.parametrize(
    ("question", "labels", "named"),
    [
        ("청소년의 인상 후 요금은?", ["어른", "청소년"], {"청소년"}),
        ("11월의 손님은 몇 명인가?", ["1월", "11월"], {"11월"}),
        ("종이컵 쓰레기는?", ["종이", "종이컵"], {"종이컵"}),
        ("시청앞 막차는?", ["시청앞 (북측)", "약수터"], {"시청앞 (북측)"}),
        ("어른과 청소년의 요금은?", ["어른", "청소년", "어린이"], {"어른", "청소년"}),
        ("1번 버스는 몇 대인가?", ["1번", "11번"], {"1번"}),
        ("어느 팀이 이겼나?", ["흑돌", "백돌"], set()),
    ],
)
def test_labels_of_rows_are_found_in_a_question(
    question: str, labels: list[str], named: set[str]
) -> None:
    assert named_labels(question, labels) == named


TABLES = {
    "저수율.txt": [
        *("가뭄 저수율", "들판군이 3일 저수율을 발표했다."),
        "저수지\t6월\t7월\n하늘못\t61%\t48%\n바람못\t55%\t39%",
    ],
    "관광.md": [
        *("# 관광객 통계", "솔숲시가 3일 관광객 통계를 냈다."),
        "| 월 | 내국인 | 외국인 |\n|---|---|---|\n| 1월 | 123명 | 41명 |\n| 11월 | 158명 | 52명 |",
    ],
    "버스.html": [
        "<html><body><h1>순환버스 시간표</h1><p>도담시가 순환버스 시간표를 5일 바꿨다.</p><table>",
        "<tr><td>정류장</td><td>첫차</td><td>막차</td></tr>",
        "<tr><td>시청앞<br>(북측)</td><td>05:40</td><td>23:10</td></tr>",
        "<tr><td>약수터</td><td>05:55</td><td>22:50</td></tr></table>",
    ],
}


TABLES["쉼터.md"] = [
    *("# 무더위 쉼터 연다", "솔빛시가 15일부터 무더위 쉼터를 연다."),
    "| 구 | 쉼터 | 운영 |\n|---|---|---|\n| 새벽구 | 51곳 | 10시 |\n| 노을구 | 71곳 | 9시 |",
    "밤에도 여는 쉼터는 34곳이다.",
]


def test_question_about_a_row_is_answered_by_that_row(tmp_path: Path) -> None:
    for name, parts in TABLES.items():
        (tmp_path / name).write_text("\n\n".join(parts), "utf-8")
    with Workspace.open(Settings(store=tmp_path / "store")) as workspace:
        workspace.ingest([str(tmp_path / name) for name in TABLES])
        for question, row in {
            "바람못의 7월 저수율은 몇 %인가?": "바람못\t55%\t39%",
            "11월 외국인 관광객은 몇 명인가?": "11월 | 158명 | 52명",
            "약수터의 막차는 몇 시인가?": "약수터 | 05:55 | 22:50",
            "새벽구의 쉼터는 몇 곳인가?": "새벽구 | 51곳 | 10시",
            "노을구 무더위 쉼터는 몇 곳인가?": "노을구 | 71곳 | 9시",
            "밤에도 여는 쉼터는 몇 곳인가?": "밤에도 여는 쉼터는 34곳이다.",
        }.items():
            answer = workspace.ask(question)
            assert [citation.quote for citation in answer.citations] == [row]
        # The row has another cell than the one asked for.
        for question in (
            "새벽구의 쉼터가 줄어든 이유는?",
            "새벽구 쉼터를 맡은 사람은 누구인가?",
            "새벽구의 쉼터는 작년에 몇 곳이었나?",
            "노을구 쉼터에서 몇 명이 쓰러졌나?",
        ):
            assert workspace.ask(question).status == "abstained", question
