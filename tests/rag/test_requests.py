"""Small talk, summaries, listings and facts about articles, over real stores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Turn, check
from geungeo.rag.article import SectionKind
from geungeo.rag.evidence.asking_lines import asks
from geungeo.rag.overview.wishes import facts_of, listing_of, wishes_of
from geungeo.rag.question.followup import standalone
from geungeo.rag.question.intents import intent_of, names_something
from geungeo.rag.settings import Settings

FAQ = """나래시 지역화폐 문답

2025-05-02 한누리 기자

나래시가 다음 달부터 지역화폐 ‘나래꽃돈’을 발행한다. 시는 올해 300억 원어치를 푼다.

Q. 할인율은 얼마인가.
A. 살 때 10%를 깎아 준다. 명절에는 15%로 오른다.

Q. 누가 살 수 있나.
A. 만 14세 이상이면 누구나 살 수 있다.

― 가맹점은 몇 곳인가?
“현재 3200곳이다. 연말까지 5000곳으로 늘릴 것이다.”
"""
ARTICLES = [
    {
        "id": "whale",
        "title": "솔섬 앞바다 고래 관찰선 첫 출항",
        "author": "도하린 기자",
        "publisher": "파랑일보",
        "published_at": "2025-09-14",
        "text": "솔섬 앞바다에서 고래를 보는 배가 13일 처음 떠났다. 배에는 관광객 64명이 탔다. "
        "선장은 밍크고래 세 마리를 만났다고 전했다. 요금은 어른 한 사람에 3만 원이다. "
        "환경단체는 엔진 소음이 고래를 쫓는다고 비판했다. 군은 내년에 배를 두 척으로 늘린다.",
    },
    {
        "id": "bakery",
        "title": "밀 대신 감자로 빵 굽는 두메빵집",
        "author": "백가온",
        "publisher": "새솔신문",
        "published_at": "2025-08-02",
        "text": "두메빵집은 감자 전분으로만 빵을 굽는다. 주인 홍라온 씨는 밀을 못 먹는 딸 때문에 "
        "조리법을 바꿨다고 말했다. 하루에 200개를 구워 오전에 다 판다. "
        "손님은 옆 도시에서도 온다. 가게는 다음 달 2호점을 연다.",
    },
    {
        "id": "bridge",
        "title": "노랑다리 보수 공사 9월 시작",
        "author": "도하린 기자",
        "publisher": "파랑일보",
        "published_at": "2025-08-20",
        "text": "노랑다리가 9월부터 석 달 동안 막힌다. 공사비는 41억 원이다. "
        "상인들은 손님이 줄 것을 우려한다. 시는 임시 배편을 하루 열 차례 띄운다.",
    },
]


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three short invented articles."""
    folder = tmp_path_factory.mktemp("requests")
    source = folder / "news.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in ARTICLES), "utf-8")
    with Workspace.open(Settings(store=folder / "store")) as opened:
        assert len(opened.ingest([str(source)]).added) == len(ARTICLES)
        yield opened


def quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


def talk(workspace: Workspace, name: str, turns: Sequence[str]) -> list[Answer]:
    return [workspace.ask(turn, conversation_id=name) for turn in turns]


SMALL_TALK = """
안녕하세용|넵 감사합니다!|ㅋㅋㅋ|아하 그렇군|고마웡|ok thanks a lot|🙏🙏|hello~
수고하셨어요|굿굿|...|잘 자요|thx!!|오 대박|ㅇㅋㅇㅋ|가 나 다 라 마 바 사|빵. 콩. 귤. 감.
"""


@pytest.mark.parametrize("text", re.split(r"[|\n]", SMALL_TALK.strip()))
def test_small_talk_gets_a_friendly_line_without_a_citation(news: Workspace, text: str) -> None:
    answer = news.ask(text)
    assert (answer.intent, answer.reason) == ("small_talk", "not_a_question")
    assert not answer.citations and not answer.nearest and not answer.passages
    examples = answer.text.split("예를 들면: " if answer.language == "ko" else "For example: ")[1]
    assert len(examples.split(" / ")) == 2
    assert "솔섬 앞바다 고래 관찰선 첫 출항" in examples


def test_the_examples_of_small_talk_are_answered(news: Workspace) -> None:
    line = news.ask("안녕").text
    for example in line.split("예를 들면: ")[1].split(" / "):
        assert news.ask(example).status == "answered", example


def test_small_talk_does_not_enter_the_next_rewrite(news: Workspace) -> None:
    answers = talk(news, "t1", ["고래 관찰선의 요금은 얼마인가?", "고마워", "ㅋㅋ", "선장은?"])
    assert [one.intent for one in answers] == ["question", "small_talk", "small_talk", "question"]
    assert "고래" in answers[3].standalone_question
    assert "고마" not in answers[3].standalone_question
    history = (Turn("고래 관찰선의 요금은?", "3만 원이다. [1]"), Turn("알겠어요", "네"))
    assert standalone("선장은?", history) == standalone("선장은?", history[:1])
    assert standalone("고마워요", history) == "고마워요"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("설리먼", "question"),
        ("왜?", "question"),
        ("그래서", "question"),
        ("고마워 근데 가격은?", "question"),
        ("협상의 핵심 쟁점은 무엇이었나?", "question"),
        ("기자회견은 언제 열렸어?", "question"),
        ("영화 제목은 무엇인가?", "question"),
        ("<script>alert(1)</script>", "question"),
        ("핵심만 짧게", "summary"),
        ("이거 무슨 내용임?", "summary"),
        ("give me the gist", "summary"),
        ("기사 뭐 있어", "listing"),
        ("how many stories do you have?", "listing"),
        ("이 뉴스 누가 썼나요", "about_article"),
        ("when was this article written?", "about_article"),
    ],
)
def test_intent_is_recognised(text: str, intent: str) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    ("text", "sentences", "as_list", "focus"),
    [
        ("요약해줘", 4, False, "gist"),
        ("세 문장으로 요약해줘", 3, False, "gist"),
        ("5줄 요약", 5, True, "gist"),
        ("한마디로 뭐야", 1, False, "gist"),
        ("핵심만 알려줘", 2, False, "gist"),
        ("summarize in two sentences", 2, False, "gist"),
        ("give me 6 bullet points", 6, True, "gist"),
        ("시간순으로 정리해줘", 4, True, "timeline"),
        ("쟁점이 뭐야?", 4, False, "issues"),
        ("99줄로 요약", 15, True, "gist"),
    ],
)
def test_wishes_are_read(text: str, sentences: int, as_list: bool, focus: str) -> None:
    wishes = wishes_of(text)
    assert (wishes.sentences, wishes.as_list, wishes.focus) == (sentences, as_list, focus)


def test_facts_and_listings_are_read() -> None:
    assert facts_of("누가 언제 쓴 기사야?") == ("author", "date")
    assert facts_of("어느 신문 기사야?") == ("publisher",)
    assert facts_of("what is the title?") == ("title",)
    assert listing_of("기사 몇 건이야?") == "count"
    assert listing_of("가장 오래된 기사는?") == "oldest"
    assert listing_of("어느 매체 기사들이 있어?") == "sources"


@pytest.mark.parametrize(
    ("question", "number"),
    [("이 기사 요약해줘", 4), ("세 문장으로 요약해 줘", 3), ("한마디로 말하면?", 1), ("tl;dr", 2)],
)
def test_the_only_article_is_summarised_in_its_order(
    workspace: Workspace, question: str, number: int
) -> None:
    answer = workspace.ask(question)
    assert (answer.intent, answer.status) == ("summary", "answered")
    assert len(answer.citations) == number
    assert [c.start for c in answer.citations] == sorted(c.start for c in answer.citations)
    assert {c.section for c in answer.citations} == {SectionKind.BODY}
    assert {c.support_kind for c in answer.citations} == {"quote"}
    assert not any(asks(quote) or "기자]" in quote for quote in quotes(answer))
    check(answer, workspace.store.article)


def test_a_named_article_is_summarised(news: Workspace) -> None:
    answer = news.ask("감자 빵집 기사를 두 줄로 요약해줘")
    assert {c.article_id for c in answer.citations} == {"bakery"}
    assert answer.text.startswith("- ")
    assert len(answer.text.splitlines()) == 2


def test_the_article_of_the_last_answer_is_summarised(news: Workspace) -> None:
    answers = talk(
        news, "t2", ["노랑다리 공사비는 얼마인가?", "고마워", "그 기사 누가 썼어?", "요약해줘"]
    )
    assert {c.article_id for c in answers[2].citations} == {"bridge"}
    assert answers[2].text == "도하린 기자 [1]"
    assert {c.article_id for c in answers[3].citations} == {"bridge"}


def test_several_articles_are_summarised_as_a_dated_list(news: Workspace) -> None:
    lines = news.ask("8월 기사들 요약해줘").text.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("- 2025년 8월 20일 · 파랑일보: ")
    assert lines[1].startswith("- 2025년 8월 2일 · 새솔신문: ")


def test_articles_are_listed_counted_and_filtered(news: Workspace) -> None:
    listed = news.ask("어떤 기사들이 있어?")
    assert listed.intent == "listing"
    assert [c.article_id for c in listed.citations] == ["whale", "bridge", "bakery"]
    assert (
        "솔섬 앞바다 고래 관찰선 첫 출항 (파랑일보, 도하린 기자, 2025년 9월 14일) [1]"
        in listed.text
    )
    counted = news.ask("기사 몇 건 있어?")
    assert counted.text.startswith("기사는 모두 3건입니다(2025년 8월 2일~2025년 9월 14일).")
    by_author = news.ask("도하린 기자가 쓴 기사 목록")
    assert [c.article_id for c in by_author.citations] == ["whale", "bridge"]
    by_publisher = news.ask("새솔신문 기사 뭐 있어?")
    assert [c.article_id for c in by_publisher.citations] == ["bakery"]
    oldest = news.ask("가장 오래된 기사는?")
    assert [c.article_id for c in oldest.citations] == ["bakery"]
    english = news.ask("list all articles")
    assert [c.article_id for c in english.citations] == ["whale", "bridge", "bakery"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("두메빵집 기사 쓴 기자는 누구야?", "백가온 기자 [1]"),
        ("두메빵집 기사는 언제 나왔어?", "새솔신문, 2025년 8월 2일 [1]"),
        ("두메빵집 기사는 어느 신문에 실렸어?", "새솔신문 [1]"),
    ],
)
def test_facts_come_from_metadata(news: Workspace, question: str, text: str) -> None:
    answer = news.ask(question)
    assert (answer.intent, answer.text) == ("about_article", text)
    check(answer, news.store.article)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("화성 탐사선 기사 요약해줘", "summary"),
        ("지하철 파업 기사 세 줄 요약", "summary"),
        ("화성 탐사선 기사 목록", "listing"),
        ("반도체 기사 있어?", "listing"),
    ],
)
def test_an_article_that_is_not_there_is_not_summarised(
    news: Workspace, text: str, intent: str
) -> None:
    answer = news.ask(text)
    assert (answer.intent, answer.status) == (intent, "abstained")


def test_nearest_sentences_are_shown_beside_an_abstention(workspace: Workspace) -> None:
    answer = workspace.ask("오픈AI의 본사는 어디에 있나?")
    assert answer.status == "abstained"
    assert 1 <= len(answer.nearest) <= 3
    texts = [one.quote for one in answer.nearest]
    assert len(set(texts)) == len(texts)
    article = workspace.store.article(answer.nearest[0].article_id)
    assert all(article.text[one.start : one.end] == one.quote for one in answer.nearest)
    assert answer.nearest[0].title == article.title
    assert workspace.ask("내일 서울 날씨는 어때?").nearest == ()


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("할인율은 얼마인가?", "살 때 10%를 깎아 준다."),
        ("누가 살 수 있어?", "만 14세 이상이면 누구나 살 수 있다."),
        ("가맹점은 몇 곳이야?", "“현재 3200곳이다. 연말까지 5000곳으로 늘릴 것이다.”"),
    ],
)
def test_a_question_line_is_no_answer(tmp_path: Path, question: str, quote: str) -> None:
    settings = Settings(store=tmp_path / "store", answer_threshold=0.0)
    with Workspace.open(settings) as faq:
        faq.ingest_text(FAQ)
        answer = faq.ask(question)
        assert answer.citations[0].quote == quote
        assert not any(asks(one) for one in quotes(answer))
        assert not any(asks(one) for one in quotes(faq.ask("요약해줘")))


@pytest.mark.parametrize(
    ("line", "asking"),
    [
        ("Q. 할인율은 얼마인가.", True),
        ("[질문] 신청은 어떻게 하나", True),
        ("― 왜 시작했나?", True),
        ("Q. 얼마인가. A. 10%다.", False),
        ("▶ 제작비는.", True),
        ("앞으로의 계획은.", True),
        ("▶제자는", True),
        ("△제자는 있나.", True),
        ("▶ 독자에게 한마디 해 달라.", True),
        ("▶ 앞으로의 계획 설명 바란다.", True),
        ("• 주민들은 빠른 복구를 바란다.", False),
        ("▲ 협회는 정부에 지원을 부탁한다.", False),
        ("- 사망자는 12명이다.", False),
        ("질문은 많았다.", False),
        ("▲ 감독은 10월은 피하자고 했다.", False),
        ("올해 대상은 김하늘, 금상은 이바다.", False),
        ("무엇보다 안전이 중요하다.", False),
        ("나델라는 “왜 굳이 개발할 필요가 있느냐”고 일축했다.", False),
    ],
)
def test_question_lines_are_recognised(line: str, asking: bool) -> None:
    assert asks(line) is asking


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("오픈AI가 영리 단체에서 비영리 단체로 전환하려는 이유는?", "false_premise"),
        ("샘 앨트먼은 설리먼의 문서 요청에 대해 뭐라고 말했나?", "weak_evidence"),
        ("What is the recipe for kimchi stew?", "off_topic"),
        ("스타게이트 규모 얼마?", "weak_evidence"),
    ],
)
def test_reasons_are_given_only_when_true(workspace: Workspace, question: str, reason: str) -> None:
    answer = workspace.ask(question)
    assert (answer.status, answer.reason) == ("abstained", reason)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("기사 제목을 새로 써 주세요.", "summary"),
        ("한 줄 제목으로 만들어 줘", "summary"),
        ("헤드라인 하나 뽑아줘", "summary"),
        ("Write a headline for this article", "summary"),
        ("이 기사 제목이 뭐야?", "about_article"),
        ("What is the headline?", "about_article"),
        ("책 제목을 뭐로 지었나?", "question"),
        ("무료예요?", "question"),
    ],
)
def test_writing_a_title_is_a_summary_and_asking_for_it_is_not(text: str, intent: str) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("아이 상태는?", "question"),
        ("반발하는 쪽은?", "question"),
        ("협회 입장은?", "question"),
        ("늦어진 이유는?", "question"),
        ("다음 일정은 ?", "question"),
        ("너는?", "small_talk"),
        # Many leave out the mark.
        ("봐준 사유도 있나요", "question"),
        ("기존 사용자한테 안 좋아지는 점은", "question"),
        ("좋은 점은", "question"),
        ("다친 사람은 있는가", "question"),
        ("우산 쓰거나 모자 써도 똑같아?", "question"),
        ("왜 멈춰 선 거예요?", "question"),
        ("써 보면 불편한 점은 없나요?", "question"),
        ("나중에 다시 올게", "small_talk"),
        ("너는", "small_talk"),
        ("당신은", "small_talk"),
        ("그런가", "small_talk"),
        ("안녕하십니까", "small_talk"),
        ("기사 제목은?", "about_article"),
        ("요약은?", "summary"),
        ("핵심 쟁점은?", "summary"),
    ],
)
def test_a_topic_with_a_question_mark_asks_about_it(text: str, intent: str) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("시행 시기", "question"),
        ("반대 이유", "question"),
        ("담당 부처", "question"),
        ("신청 방법", "question"),
        ("참석자", "question"),
        ("교체 비용", "question"),
        ("사고 당시 속도", "question"),
        ("이유", "question"),
        ("얼마", "question"),
        ("where?", "question"),
        ("reason for the delay", "question"),
        ("demo results", "question"),
        ("졸려요", "small_talk"),
        ("인정", "small_talk"),
        ("부럽다", "small_talk"),
        ("수고링", "small_talk"),
        ("기쁨", "small_talk"),
        ("so cool", "small_talk"),
    ],
)
def test_keywords_are_a_question_and_a_word_of_reaction_is_none(text: str, intent: str) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("코파일럿 단점 머야", True),
        ("오픈AI 지분 어케 됨?", True),
        ("점심 메뉴 뭐 먹을까?", False),
        ("너 무슨 노래 좋아해?", False),
        ("심심해", False),
    ],
)
def test_a_question_as_people_type_it_names_what_articles_have(
    workspace: Workspace, text: str, *, about: bool
) -> None:
    assert names_something(text, workspace.store) is about


def test_an_english_request_for_a_summary_is_one() -> None:
    assert intent_of("Summarize this article in 3 sentences please") == "summary"
    assert intent_of("could you summarise the whole story") == "summary"
