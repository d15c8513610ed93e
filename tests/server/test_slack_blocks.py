"""An Answer in Slack: the same text and quotes, within Slack's limits, without markup."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.rag.answer import Answer, Citation, ShortAnswer
from geungeo.rag.article import SectionKind
from geungeo.server.channels.slack.events import question_of
from geungeo.server.channels.slack.messages import answer_messages, note_messages, pieces, shortened
from geungeo.server.escaping import escape_slack
from tests.support.slack_service import TOKEN, breaches, text_objects, unescaped

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
BASE = "https://news.example"
NASTY = (
    "<!channel> <!here|@here> <@U0LANASKER> <#C0LAN2Q65|news> <https://evil.example|여기> "
    "https://evil.example @channel *굵게* _기울임_ ~취소~ `코드` :smile: &lt;!channel&gt; > 인용"
)


def citation(marker: int, quote: str, **changes: Any) -> Citation:
    values = {
        "marker": marker, "article_id": "a/b c", "version": 2, "title": "제목", "url": None,
        "publisher": "신문", "published_at": "2025-04-01T09:00:00+09:00", "start": 3,
        "end": 3 + len(quote), "quote": quote, "answer_start": 0, "answer_end": 1,
        "support": 1.0, "section": SectionKind.BODY,
    }  # fmt: skip
    return Citation.model_validate(values | changes)


def answered(text: str, *citations: Citation, **changes: Any) -> Answer:
    values = {
        "id": "0" * 24, "question": "왜?", "standalone_question": "왜?", "language": "ko",
        "status": "answered", "reason": None, "text": text, "citations": citations,
        "backend": "extractive",
    }  # fmt: skip
    return Answer.model_validate(values | changes)


def refused(message: dict[str, Any]) -> list[str]:
    body = {"channel": "C1", "thread_ts": "1.1", **message}
    return list(breaches("/api/chat.postMessage", HEADERS, body))


def read(messages: list[dict[str, Any]]) -> str:
    """Return all text that a reader sees."""
    texts = [one for message in messages for one in text_objects(message["blocks"])]
    return "".join(unescaped(one["text"]) for one in texts)


def test_message_has_text_quotes_and_buttons() -> None:
    answer = answered(
        "중단했다. [1][2] 그는 떠났다. [1]",
        citation(1, "협상을 중단했다."),
        citation(2, "떠났다고 밝혔다.", note="다른 날짜"),
        citation(1, "협상을 중단했다.", answer_start=2, answer_end=3),
    )
    (message,) = answer_messages(answer, BASE)
    assert refused(message) == []
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds == ["section", "divider", "section", "context", "section", "context", "context",
                     "actions", "actions"]  # fmt: skip
    texts = [one["text"] for one in text_objects(message["blocks"])]
    assert texts == [
        answer.text,
        "[1] “협상을 중단했다.”",
        "제목 · 신문 · 2025-04-01",
        "[2] “떠났다고 밝혔다.”",
        "제목 · 신문 · 2025-04-01",
        "다른 날짜",
    ]
    link = message["blocks"][2]["accessory"]["url"]
    assert link == f"{BASE}/articles/a%2Fb%20c?version=2&start=3&end=12"
    assert [button["value"] for button in message["blocks"][-1]["elements"]] == [answer.id] * 2
    # Without a conversation nothing goes on: an article can be summarized only.
    (summary,) = message["blocks"][-2]["elements"]
    assert (summary["action_id"], summary["value"]) == ("article_summary", "a/b c")
    going_on = answer.model_copy(update={"conversation_id": "slack:T:C:1.2"})
    (message,) = answer_messages(going_on, BASE)
    assert refused(message) == []
    block = message["blocks"][-2]
    assert block["block_id"] == "article_ko:slack:T:C:1.2"
    assert [one["action_id"] for one in block["elements"]] == ["article_summary", "article_only"]


def test_abstention_gives_advice() -> None:
    answer = answered("찾지 못했습니다.", status="abstained", reason="false_premise")
    (message,) = answer_messages(answer, BASE)
    assert refused(message) == []
    assert text_objects(message["blocks"])[-1]["text"].startswith("전제를 빼고")
    english = answer.model_copy(update={"language": "en"})
    assert "Ask again" in read(answer_messages(english, BASE))


def test_no_link_without_a_public_url() -> None:
    (message,) = answer_messages(answered("말. [1]", citation(1, "말.")), "")
    assert refused(message) == []
    assert "accessory" not in str(message)


def test_article_markup_has_no_effect() -> None:
    changes = {"title": NASTY, "publisher": "<!everyone>", "note": NASTY}
    messages = answer_messages(answered(f"{NASTY} [1]", citation(1, NASTY, **changes)), BASE)
    for message in messages:
        assert refused(message) == []
        assert all(one["type"] == "plain_text" for one in text_objects(message["blocks"]))
        assert all(not one["emoji"] for one in text_objects(message["blocks"]))
        assert (message["mrkdwn"], message["parse"], message["link_names"]) == (
            False, "none", False,
        )  # fmt: skip
    assert f"“{NASTY}”" in read(messages)


def test_long_answer_is_split_without_loss() -> None:
    text = "가나다라 마바사아. " * 2_000
    quotes = ["사과 & 배 < 감 > " * 300, "끝없는단어" * 1_500, *(f"인용 {n}." for n in range(60))]
    answer = answered(text, *(citation(n, quote) for n, quote in enumerate(quotes, 1)))
    messages = answer_messages(answer, BASE)
    assert len(messages) > 3
    assert [refused(message) for message in messages] == [[]] * len(messages)
    seen = read(messages)
    assert seen.startswith(text)
    assert all(f"“{quote}”" in seen for quote in quotes)
    assert messages[1]["text"] == f"계속 (2/{len(messages)})"


texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("<>&@!|*_~` \n😀")),
    min_size=1,
)


@given(text=texts, limit=st.integers(6, 40))
def test_pieces_join_to_the_text_and_fit_after_escaping(text: str, limit: int) -> None:
    cut = list(pieces(text, limit))
    assert "".join(cut) == text
    for piece in cut:
        assert 0 < len(escape_slack(piece).encode("utf-16-le")) // 2 <= limit
    assert len(escape_slack(shortened(text, limit)).encode("utf-16-le")) // 2 <= limit


@settings(max_examples=50)
@given(text=texts, quotes=st.lists(texts, max_size=5), title=texts)
def test_arbitrary_answers_are_valid_messages(text: str, quotes: list[str], title: str) -> None:
    cited = [citation(n, quote, title=title) for n, quote in enumerate(quotes, 1)]
    messages = answer_messages(answered(text, *cited), BASE)
    assert [refused(message) for message in messages] == [[]] * len(messages)
    seen = read(messages)
    assert all(f"“{quote}”" in seen for quote in [text, *quotes][1:])
    assert seen.startswith(text)


def test_phrase_is_one_message() -> None:
    (message,) = note_messages("다시 물어봐 주세요.")
    assert refused(message) == []
    assert message["text"] == read([message]) == "다시 물어봐 주세요."


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ("<@U0LAN0BOT> 왜 중단했나?", "왜 중단했나?"),
        ("<@U0LAN0BOT|geungeo>   왜   중단했나?\n", "왜 중단했나?"),
        ("왜 <@U1> 씨는 <!here> 떠났나 <!subteam^S1|@팀>?", "왜 씨는 떠났나 ?"),
        ("AT&amp;T는 &lt;왜&gt; 올랐나?", "AT&T는 <왜> 올랐나?"),
        ("&amp;lt;b&amp;gt;는?", "&lt;b&gt;는?"),
        ("<https://a.example/?q=1&amp;b=2>는 뭔가?", "https://a.example/?q=1&b=2는 뭔가?"),
        ("<https://a.example|이 기사>는?", "이 기사는?"),
        ("<mailto:a@b.example|a@b.example> 누구?", "a@b.example 누구?"),
        ("<#C1|소식>에 나온 <!date^1392734382^{date}|2014년 2월 18일>은?",
         "소식에 나온 2014년 2월 18일은?"),
        ("<@U0LAN0BOT>", ""),
        ("a < b > c", "a < b > c"),
    ],
)  # fmt: skip
def test_question_is_the_displayed_text(sent: str, asked: str) -> None:
    assert question_of(sent) == asked


@given(st.text())
def test_arbitrary_text_is_read_without_error(text: str) -> None:
    assert question_of(text) == " ".join(question_of(text).split())


def test_the_short_answer_is_a_header() -> None:
    quote = "공장은 <구미>에 짓는다."
    short = ShortAnswer(text="<구미>", article_id="a", version=1, start=4, end=8)
    answer = answered(f"{quote} [1]", citation(1, quote)).model_copy(update={"short_answer": short})
    (message,) = answer_messages(answer, BASE)
    assert message["blocks"][0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "&lt;구미&gt;", "emoji": False},
    }
    assert message["blocks"][1]["type"] == "section"
    long = answer.model_copy(update={"short_answer": short.model_copy(update={"text": "&" * 40})})
    (message,) = answer_messages(long, BASE)
    assert message["blocks"][0]["type"] == "section"
