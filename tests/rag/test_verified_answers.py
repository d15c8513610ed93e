"""Answers of an LLM over the seed article: written, verified, quoted instead, or withheld.

The model is a scripted server; everything else is real, HTTP included.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from geungeo.index.workspace import Workspace
from geungeo.rag.answer import Answer, Ask, Delta, Done, Filters, check
from geungeo.rag.backends import make_backend
from geungeo.rag.backends.verifier import make_verifier
from geungeo.rag.pipeline import Pipeline
from tests.support.model_server import (
    DONE,
    STOP,
    USAGE,
    Exchange,
    Handler,
    ModelServer,
    chunk,
    judging,
    sending,
    statuses,
    verdicts,
)

T = TypeVar("T")

QUESTION = "설리먼은 왜 화가 났어요?"
REFUSED = "그러나 단호하게 거절당하면서 무척 화를 냈다는 후문이다."
ASKED = "MS의 사내 인공지능 부서를 이끄는 무스타파 설리먼은 오픈AI 직원들에게"
# In other words than the source's, which the rules cannot prove.
PARAPHRASE = "오픈AI 직원들이 설리먼의 부탁을 들어주지 않아서 기분이 몹시 상했습니다."
LIE = "설리먼은 2019년 5월에 화를 냈습니다."


def pipeline_of(workspace: Workspace, server: ModelServer, **settings: Any) -> Pipeline:
    given = workspace.settings.model_copy(
        update={
            "backend": "openai",
            "llm_base_url": server.url,
            "llm_model": "m",
            "llm_retries": 0,
            **settings,
        }
    )
    return Pipeline(
        workspace.store,
        workspace.embedder,
        make_backend(given),
        given,
        verifier=make_verifier(given),
    )


def serve(handler: Handler, work: Callable[[ModelServer], Awaitable[T]]) -> T:
    async def main() -> T:
        async with ModelServer(handler) as server:
            return await work(server)

    return asyncio.run(main())


def answer(
    workspace: Workspace, handler: Handler, question: str | Ask = QUESTION, **settings: Any
) -> tuple[Answer, ModelServer]:
    async def work(server: ModelServer) -> tuple[Answer, ModelServer]:
        ask = question if isinstance(question, Ask) else Ask(question)
        found = await pipeline_of(workspace, server, **settings).answer(ask)
        check(found, workspace.store.article)
        return found, server

    return serve(handler, work)


def number_of(prompt: str, text: str) -> str:
    """The number of the one sentence of the prompt that holds ``text``, as a marker."""
    (number,) = re.findall(rf"^\[(\d+)\] .*{re.escape(text)}", prompt, re.M)
    return f"[{number}]"


def citing(text: str, *sources: str) -> Callable[[str], str]:
    return lambda prompt: f"{text} {''.join(number_of(prompt, source) for source in sources)}"


def approving(claims: list[dict[str, Any]]) -> str:
    return verdicts(claims, lambda _: True)


def rejecting(claims: list[dict[str, Any]]) -> str:
    return verdicts(claims, lambda _: False)


def test_a_paraphrase_that_the_verifier_confirms_is_released_as_written(
    workspace: Workspace,
) -> None:
    found, server = answer(workspace, judging(citing(PARAPHRASE, REFUSED, ASKED), approving))
    assert found.status == "answered" and found.backend == "openai:m"
    assert re.sub(r" ?\[\d\]", "", found.text) == PARAPHRASE
    assert {citation.support_kind for citation in found.citations} == {"entailment"}
    assert {citation.support for citation in found.citations} == {0.51}
    assert REFUSED in [citation.quote for citation in found.citations]
    assert found.usage.prompt_tokens == found.usage.verifier_prompt_tokens == 120
    assert found.usage.verifier_calls == 1
    assert found.timings_ms.verify > 0
    draft, judge = server.requests
    assert "response_format" not in draft.json and "response_format" in judge.json
    # The judge sees neither question nor conversation.
    assert QUESTION not in judge.body.decode()


def test_a_paraphrase_that_the_verifier_rejects_is_replaced_by_its_source(
    workspace: Workspace,
) -> None:
    found, _ = answer(workspace, judging(citing(PARAPHRASE, REFUSED), rejecting))
    assert found.text == f"{REFUSED} [1]"
    (citation,) = found.citations
    assert citation.support_kind == "quote" and citation.quote == REFUSED
    (dropped,) = found.trace.dropped
    assert dropped.text == PARAPHRASE and dropped.instead == REFUSED
    assert dropped.why.endswith("the verifier says: not_found")


def test_without_a_verifier_a_paraphrase_is_replaced_by_its_source(workspace: Workspace) -> None:
    handler = judging(citing(PARAPHRASE, REFUSED), approving)
    found, server = answer(workspace, handler, verifier="rules")
    assert found.text == f"{REFUSED} [1]"
    assert len(server.requests) == 1 and found.usage.verifier_calls == 0


def test_the_bundled_model_judges_without_a_second_request(workspace: Workspace) -> None:
    said = "오픈AI 측이 딱 잘라 거절하는 바람에 설리먼은 크게 화를 낸 것으로 전해집니다."
    lie = "설리먼은 답변에 만족하며 감사를 표했다고 합니다."
    found, server = answer(
        workspace, judging(citing(said, REFUSED, ASKED), rejecting), verifier="bundled"
    )
    assert re.sub(r" ?\[\d\]", "", found.text) == said
    assert {citation.support_kind for citation in found.citations} == {"entailment"}
    assert len(server.requests) == 1
    assert found.usage.verifier_calls == found.usage.verifier_prompt_tokens == 0
    found, server = answer(
        workspace, judging(citing(lie, REFUSED, ASKED), approving), verifier="bundled"
    )
    assert lie not in found.text
    assert {citation.support_kind for citation in found.citations} == {"quote"}
    assert len(server.requests) == 1


@pytest.mark.xfail(reason="it takes some opposites in other words for the same", strict=True)
def test_the_bundled_model_rejects_an_opposite_in_other_words(workspace: Workspace) -> None:
    lie = "오픈AI 측은 설리먼의 부탁을 기꺼이 들어주어 설리먼이 고마워한 것으로 전해집니다."
    handler = judging(citing(lie, REFUSED, ASKED), approving)
    found, _ = answer(workspace, handler, verifier="bundled")
    assert lie not in found.text


def test_the_bundled_model_overrules_no_veto(workspace: Workspace) -> None:
    found, _ = answer(workspace, judging(citing(LIE, REFUSED), approving), verifier="bundled")
    assert found.text == f"{REFUSED} [1]"


def test_a_paraphrase_with_the_wrong_number_is_judged_by_the_sentence_that_it_means(
    workspace: Workspace,
) -> None:
    text = "설리먼이 거절당하자 무척 화를 냈다고 알려졌습니다."
    found, server = answer(workspace, judging(citing(text, "산파 역할을 했다"), approving))
    assert found.text == f"{text} [1]"
    assert [citation.quote for citation in found.citations] == [REFUSED]
    evidence = json.loads(server.requests[1].prompt)["claims"][0]["evidence"]
    assert evidence[-1] == REFUSED


def test_a_broken_rule_is_final_whatever_the_verifier_would_say(workspace: Workspace) -> None:
    found, server = answer(workspace, judging(citing(LIE, REFUSED), approving))
    assert found.text == f"{REFUSED} [1]"
    assert "2019년 5월" in found.trace.dropped[0].why
    assert len(server.requests) == 1


def test_all_claims_are_judged_at_once_and_released_in_their_order(workspace: Workspace) -> None:
    first = "처음에 MS는 오픈AI의 산파였습니다."
    third = "두 회사 사이는 지금 서로를 미워하는 지경입니다."

    def write(prompt: str) -> str:
        return "\n".join(
            [
                citing(PARAPHRASE, REFUSED)(prompt),
                citing(first, "산파 역할을 했다")(prompt),
                citing(third, "조금씩 틈새가 생기다가")(prompt),
            ]
        )

    def judge(claims: list[dict[str, Any]]) -> str:
        return verdicts(claims, lambda claim: claim == PARAPHRASE)

    found, server = answer(workspace, judging(write, judge))
    assert len(server.requests) == 2
    claims = re.split(r" (?:\[\d\])+ ?", found.text)[:-1]
    assert claims[0] == PARAPHRASE
    assert len(claims) == 3 and "산파" in claims[1]
    assert claims[2].startswith("그러나 지난해 이후 두 회사 간엔 조금씩 틈새가 생기다가")


def test_the_verifier_fails_and_sources_are_quoted(workspace: Workspace) -> None:
    write = citing(PARAPHRASE, REFUSED)

    async def handler(exchange: Exchange) -> None:
        if exchange.prompt.startswith("{"):
            await exchange.answer(500)
        else:
            await sending([chunk(write(exchange.prompt)), STOP, USAGE, DONE])(exchange)

    found, _ = answer(workspace, handler)
    assert found.text == f"{REFUSED} [1]"
    assert any(note.startswith("verifier: ") for note in found.trace.notes)


def test_a_list_stays_a_list(workspace: Workspace) -> None:
    def write(prompt: str) -> str:
        items = [
            ("5,000억 달러", "오픈AI는 데이터 센터 계획을 발표했습니다."),
            (REFUSED, PARAPHRASE),
        ]
        listed = [f"- {text} {number_of(prompt, source)}" for source, text in items]
        return "\n".join(["다음과 같습니다:", *listed, citing(LIE, ASKED)(prompt)])

    found, _ = answer(workspace, judging(write, approving))
    first, second, third = found.text.split("\n")
    assert first == "- 오픈AI는 데이터 센터 계획을 발표했습니다. [1]"
    assert second == f"- {PARAPHRASE} [2]"
    assert third.startswith(ASKED)
    bulleted = [found.text[c.answer_start : c.answer_end] for c in found.citations[:2]]
    assert bulleted == [first[:-4], second[:-4]]


def test_yes_and_no_belong_to_the_sentence_that_follows(workspace: Workspace) -> None:
    for opening in ("네, ", "네. "):
        text = f"{opening}MS는 오픈AI의 지적 재산을 쓸 수 있습니다."
        found, _ = answer(
            workspace,
            judging(citing(text, "지적 재산을 사용할 권리"), approving),
            "MS는 오픈AI의 지적 재산을 쓸 수 있나요?",
        )
        assert found.text == "네, MS는 오픈AI의 지적 재산을 쓸 수 있습니다. [1]"


def test_the_prompt_shows_the_article_in_reading_order(workspace: Workspace) -> None:
    _, server = answer(workspace, judging(citing(PARAPHRASE, REFUSED), approving))
    lines = server.requests[0].prompt.split("\n")
    assert lines[1] == "기사: " + " / ".join(
        ["오랜 '동지' MS와 오픈AI, 이젠 ‘적(敵)’으로 돌아서", "애플경제", "2025-03-10"]
    )
    numbered = [line for line in lines if re.match(r"\[\d+\] ", line)]
    assert [line.split(" ")[0] for line in numbered] == [
        f"[{n}]" for n in range(1, len(numbered) + 1)
    ]
    at = [n for n, line in enumerate(numbered) if line.endswith(REFUSED)]
    assert len(at) == 1 and "설리먼은 애초" in numbered[at[0] - 1]


DOUBTFUL = "독자가 두 회사에서 배울 점은 무엇인가요?"


def test_a_generative_backend_is_asked_where_the_extractive_one_would_abstain(
    workspace: Workspace,
) -> None:
    extractive = asyncio.run(workspace.pipeline.answer(Ask(DOUBTFUL)))
    assert extractive.reason == "weak_evidence"
    assert extractive.trace.answerability < extractive.trace.threshold
    text = "두 회사는 서로 경쟁자가 될 것이란 점을 알고 있었습니다."
    found, _ = answer(
        workspace, judging(citing(text, "경쟁자가 될 것이란 점"), approving), DOUBTFUL
    )
    assert found.status == "answered" and text in found.text
    assert found.trace.answerability < found.trace.threshold


def test_it_may_say_that_the_evidence_does_not_answer(workspace: Workspace) -> None:
    for question in (QUESTION, DOUBTFUL):
        found, server = answer(workspace, judging(lambda _: "NO_ANSWER", approving), question)
        assert (found.status, found.reason) == ("abstained", "weak_evidence")
        assert len(server.requests) == 1


def test_a_false_premise_is_for_the_model_to_correct(workspace: Workspace) -> None:
    question = "사티야 나델라가 2023년 11월에 이사회에서 축출된 이유는?"
    extractive = asyncio.run(workspace.pipeline.answer(Ask(question)))
    assert extractive.reason == "false_premise"
    text = "샘 앨트먼은 2023년 11월에 이사회 결의로 축출됐습니다."
    found, _ = answer(
        workspace, judging(citing(text, "이사회 결의로 축출당하자"), approving), question
    )
    assert found.status == "answered" and text in found.text
    declined, _ = answer(workspace, judging(lambda _: "NO_ANSWER", approving), question)
    assert declined.reason == "false_premise"


def test_what_is_off_the_topic_is_not_sent(workspace: Workspace) -> None:
    found, server = answer(workspace, judging(lambda _: "네.", approving), "내일 서울 날씨는 어때?")
    assert found.status == "abstained" and server.requests == []


def test_a_question_about_a_named_article_is_sent(workspace: Workspace) -> None:
    (article,) = workspace.store.articles()
    filters = Filters(article_ids=frozenset({article.id}))
    ask = Ask("무슨 날씨 얘기야?", filters=filters)
    text = "MS와 오픈AI의 관계가 나빠졌다는 기사입니다."
    found, server = answer(workspace, judging(citing(text, "‘파국’으로 이어질"), approving), ask)
    assert len(server.requests) == 2
    assert text in found.text


def test_a_draft_of_which_nothing_is_left_gives_way_to_the_extractive_answer(
    workspace: Workspace,
) -> None:
    extractive = asyncio.run(workspace.pipeline.answer(Ask(QUESTION)))
    assert extractive.status == "answered"
    found, _ = answer(workspace, judging(lambda _: "토끼들은 춤추고 노래합니다. [99]", rejecting))
    assert found.text == extractive.text
    assert found.backend == "extractive"
    assert [one.text for one in found.trace.dropped] == ["토끼들은 춤추고 노래합니다."]
    assert any("the evidence is quoted" in note for note in found.trace.notes)
    # Where it would have abstained, so does the whole.
    found, _ = answer(
        workspace, judging(lambda _: "토끼들은 춤추고 노래합니다. [99]", rejecting), DOUBTFUL
    )
    assert (found.status, found.reason) == ("abstained", "unverified")


def broken_off(text: Callable[[str], str]) -> Handler:
    async def handler(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.send(chunk(text(exchange.prompt)))
        exchange.drop()

    return handler


def test_a_backend_that_fails_gives_way_to_the_extractive_answer(workspace: Workspace) -> None:
    extractive = asyncio.run(workspace.pipeline.answer(Ask(QUESTION)))
    torn = broken_off(lambda _: "토끼들은 춤추고 노래합니다. [99]\n그")
    for handler in (statuses(500), torn):
        found, _ = answer(workspace, handler)
        assert found.text == extractive.text and found.backend == "extractive"
        handler = statuses(500) if handler is not torn else torn
        found, _ = answer(workspace, handler, llm_extractive_fallback=False)
        assert (found.status, found.reason) == ("abstained", "backend_unavailable")
        assert found.backend == "openai:m"


def test_a_backend_that_fails_on_doubtful_evidence_is_an_abstention(workspace: Workspace) -> None:
    found, _ = answer(workspace, statuses(500), DOUBTFUL)
    assert (found.status, found.reason) == ("abstained", "backend_unavailable")


def test_what_the_rules_prove_leaves_before_the_draft_has_ended(workspace: Workspace) -> None:
    proven = "오픈AI는 5,000억 달러 규모의 데이터 센터 계획을 발표했다."

    async def work(server: ModelServer) -> None:
        ended = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            await exchange.start()
            announced = number_of(exchange.prompt, "5,000억 달러")
            refused = number_of(exchange.prompt, REFUSED)
            await exchange.send(chunk(f"{proven} {announced}\n{PARAPHRASE}"))
            await ended.wait()
            await exchange.send(chunk(f" {refused}") + STOP + DONE)

        server.handler = handler
        events = pipeline_of(workspace, server).stream(Ask(QUESTION))
        async with aclosing(events), asyncio.timeout(30):
            async for event in events:
                if isinstance(event, Delta):
                    assert event.text.startswith(proven)
                    break
            ended.set()
            server.handler = judging(lambda _: "", approving)
            async for event in events:
                if isinstance(event, Done):
                    assert PARAPHRASE in event.answer.text

    async def handler(exchange: Exchange) -> None:
        raise AssertionError("replaced")

    serve(handler, work)


def test_a_reader_who_leaves_while_claims_are_judged_closes_the_connection(
    workspace: Workspace,
) -> None:
    async def work(server: ModelServer) -> None:
        judged = asyncio.Event()

        async def handler(exchange: Exchange) -> None:
            if exchange.prompt.startswith("{"):
                judged.set()
                await exchange.gone()
            else:
                text = citing(PARAPHRASE, REFUSED)(exchange.prompt)
                await sending([chunk(text), STOP, USAGE, DONE])(exchange)

        server.handler = handler
        asking = asyncio.create_task(pipeline_of(workspace, server).answer(Ask(QUESTION)))
        async with asyncio.timeout(30):
            await judged.wait()
            asking.cancel()
            while server.open:
                await asyncio.sleep(0.01)

    serve(statuses(500), work)


def test_retry_has_the_reasons_of_failed_claims(workspace: Workspace) -> None:
    correction = "오픈AI는 5,000억 달러 규모의 데이터 센터 계획을 발표했다."
    prompts: list[str] = []

    def write(prompt: str) -> str:
        prompts.append(prompt)
        first = citing(LIE, REFUSED)(prompt)
        return first if len(prompts) == 1 else citing(correction, "5,000억 달러")(prompt)

    handler = judging(write, approving)
    found, server = answer(workspace, handler, llm_reask=True)
    assert found.text == f"{REFUSED} [1] {correction} [2]"
    first, second = (one.json["messages"][0]["content"] for one in server.requests)
    assert LIE not in first and LIE in second and "2019년 5월" in second.split(LIE)[1]
    assert prompts[0] == prompts[1]
    assert found.usage.prompt_tokens == 240
    assert any("retried because 1 claims" in note for note in found.trace.notes)

    prompts.clear()
    found, server = answer(workspace, handler)
    assert found.text == f"{REFUSED} [1]" and len(server.requests) == 1


def test_claims_that_the_retry_repeats_are_shown_once(workspace: Workspace) -> None:
    correction = "오픈AI는 5,000억 달러 규모의 데이터 센터 계획을 발표했다."
    drafts = 0

    def write(prompt: str) -> str:
        nonlocal drafts
        drafts += 1
        last = citing(LIE, REFUSED) if drafts == 1 else citing(correction, "5,000억 달러")
        return f"{citing(PARAPHRASE, REFUSED)(prompt)}\n{last(prompt)}"

    found, _ = answer(workspace, judging(write, approving), llm_reask=True)
    assert drafts == 2
    assert found.text == f"{PARAPHRASE} [1] {REFUSED} [1] {correction} [2]"


def test_a_second_draft_that_fails_changes_nothing(workspace: Workspace) -> None:
    write = citing(LIE, REFUSED)
    calls = 0

    async def handler(exchange: Exchange) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            await exchange.answer(500)
        else:
            await sending([chunk(write(exchange.prompt)), STOP, USAGE, DONE])(exchange)

    found, server = answer(workspace, handler, llm_reask=True)
    assert found.text == f"{REFUSED} [1]" and found.status == "answered"
    assert len(server.requests) == 2 and any("500" in note for note in found.trace.notes)
