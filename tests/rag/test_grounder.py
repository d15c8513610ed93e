"""Claims through all layers: rules, verifier, quotation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.grounding.ground import Grounded, Grounder
from geungeo.rag.grounding.support import Grounds, is_fragment, support
from geungeo.rag.protocols import Claim, Evidence, Inquiry, Judgement, Report, Task
from geungeo.rag.segmentation import split_article

STORY = (
    "해담시는 지난달 낡은 시립수영장을 헐고 새 체육관을 개설하기로 결정했다.",
    "공사비 320억 원은 시가 70%, 도가 30%를 부담한다.",
    "체육관에는 수영장과 도서실이 들어선다.",
    "이에 상인회는 공사 기간의 매출 감소를 우려하며 반발했다.",
    "그러나 시의 설명회에는 참석하지 않았다.",
    "설계는 나무건축사무소가 맡았다.",
)


class Judge:
    """A verifier outside our process, whose answers are given."""

    name = "scripted"

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.seen: list[Inquiry] = []

    async def judge(
        self, inquiries: Sequence[Inquiry], report: Report, seconds: float
    ) -> list[Judgement]:
        del report, seconds
        self.seen += inquiries
        return [self.judgement] * len(inquiries)


def task() -> Task:
    draft = Draft(
        "해담시, 시립수영장 자리에 체육관",
        tuple((SectionKind.BODY, text) for text in STORY),
        source="story",
        publisher="바다일보",
        published_at="2026-05-20",
    )
    article = draft.article()
    spans = [one.span for one in split_article(article) if one.kind is SectionKind.BODY]
    evidence = tuple(
        Evidence(
            number,
            article,
            span,
            SectionKind.BODY,
            0.5,
            1,
            context=tuple(spans[max(0, number - 4) : number - 1]),
        )
        for number, span in enumerate(spans, 1)
    )
    return Task("체육관은 누가 짓나?", "ko", evidence, context=evidence)


def settle(text: str, cites: tuple[int, ...], judge: Judge | None = None) -> Grounded:
    async def run() -> Grounded:
        grounder = Grounder(task(), judge)
        settled = grounder.take(Claim(text, cites))
        settled += await grounder.finish(Report("scripted"), 5)
        [grounded] = settled
        return grounded

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("claim", "cites", "kind"),
    [
        ("설계는 나무건축사무소가 맡았다.", (6,), "quote"),
        ("해담시는 2026년 4월 체육관을 개설하기로 결정했다.", (1,), "rules"),
        ("상인회는 시의 설명회에 참석하지 않았다.", (5,), "rules"),
        ("공사비 320억 원 가운데 70%는 시가 부담한다.", (2,), "rules"),
    ],
)
def test_rules_prove_a_claim_without_a_verifier(
    claim: str, cites: tuple[int, ...], kind: str
) -> None:
    grounded = settle(claim, cites)
    assert grounded.dropped is None
    assert grounded.claim is not None and grounded.claim.text == claim
    assert {ground.kind for ground in grounded.claim.grounds} == {kind}


PARAPHRASE = "해담시는 수영장을 허문 자리에 체육관을 짓는다."


def test_paraphrase_is_released_as_entailment_if_the_verifier_agrees() -> None:
    judge = Judge("supported")
    grounded = settle("상인들은 공사 탓에 장사가 안될까 걱정하며 맞섰다.", (4,), judge)
    assert grounded.claim is not None and grounded.dropped is None
    assert grounded.claim.grounds[0].kind == "entailment"
    [inquiry] = judge.seen
    # The verifier reads what is known of the article, the context and the cited sentence.
    assert inquiry.evidence[0].startswith("해담시, 시립수영장 자리에 체육관 / 바다일보")
    assert inquiry.evidence[-1] == STORY[3]


def test_that_one_did_it_and_not_another_is_for_the_verifier() -> None:
    claim = "설계는 시가 아니라 나무건축사무소가 맡았다."
    grounded = settle(claim, (6,), Judge("supported"))
    assert grounded.claim is not None and grounded.claim.text == claim
    assert settle(claim, (6,), Judge("not_found")).dropped is not None


@pytest.mark.parametrize("judgement", ["not_found", "contradicted"])
def test_paraphrase_is_quoted_if_the_verifier_disagrees(judgement: Judgement) -> None:
    claim = "상인들은 공사 탓에 장사가 안될까 걱정하며 맞섰다."
    grounded = settle(claim, (4,), Judge(judgement))
    assert grounded.claim is not None and grounded.claim.text == STORY[3]
    assert grounded.dropped is not None and grounded.dropped.instead == STORY[3]
    assert f"the verifier says: {judgement}" in grounded.dropped.why


@pytest.mark.parametrize(
    ("lie", "cites", "reason"),
    [
        ("공사비는 420억 원이다.", (2,), "number not in source"),
        ("공사비의 30%는 시가 부담한다.", (2,), "number"),
        ("해담시는 2026년 3월 체육관을 개설하기로 결정했다.", (1,), "time"),
        ("설계는 태산그룹이 맡았다.", (6,), "name not in source"),
        ("상인회는 시의 설명회에 참석했다.", (5,), "denies"),
        ("상인회는 매출 감소를 우려하며 시의 설명회에 참석했다.", (4,), "denies"),
        ("나무건축사무소는 시의 설명회에 참석하지 않았다.", (5,), "not who did it"),
        ("나무건축사무소는 공사 기간의 매출 감소를 우려하며 반발했다.", (4,), "not who did it"),
        ("상인회는 “공사를 당장 그만두라”고 말했다.", (4,), "not a verbatim quotation"),
        ("고래 두 마리가 해안으로 떠밀려 왔다.", (3,), "about something"),
    ],
)
def test_no_verifier_overrules_a_hard_rule(lie: str, cites: tuple[int, ...], reason: str) -> None:
    judge = Judge("supported")
    grounded = settle(lie, cites, judge)
    assert grounded.dropped is not None and reason in grounded.dropped.why
    assert grounded.claim is None or grounded.claim.text in STORY
    assert judge.seen == []


@pytest.mark.parametrize("fragment", ["나무건축사무소", "320억 원", "지난달", "네", "시의 설명회"])
def test_fragment_is_replaced_by_the_sentence_it_cites(fragment: str) -> None:
    assert is_fragment(fragment)
    grounded = settle(fragment, (6,), Judge("supported"))
    assert grounded.claim is not None and grounded.claim.text == STORY[5]


def test_sentence_is_quoted_once() -> None:
    grounder = Grounder(task())
    first = grounder.take(Claim("나무건축사무소", (6,)))
    second = grounder.take(Claim("설계", (6,)))
    assert [one.claim.text for one in first if one.claim] == [STORY[5]]
    assert [one.claim for one in second] == [None]


def test_claims_leave_in_order_and_the_open_ones_are_judged_together() -> None:
    async def run() -> tuple[list[str], list[str], Judge]:
        judge = Judge("supported")
        grounder = Grounder(task(), judge)
        released: list[str] = []
        for text, cites in (
            ("설계는 나무건축사무소가 맡았다.", (6,)),
            ("상인들은 공사 탓에 장사가 안될까 걱정하며 맞섰다.", (4,)),
            ("체육관에는 수영장과 도서실이 들어선다.", (3,)),
            ("도는 비용의 30%를 댄다.", (2,)),
        ):
            released += [g.claim.text for g in grounder.take(Claim(text, cites)) if g.claim]
        rest = await grounder.finish(Report("scripted"), 5)
        return released, [g.claim.text for g in rest if g.claim], judge

    released, rest, judge = asyncio.run(run())
    # The first claim leaves at once; what follows an open claim waits for it.
    assert released == ["설계는 나무건축사무소가 맡았다."]
    assert rest[1] == "체육관에는 수영장과 도서실이 들어선다."
    assert len(rest) == 3
    assert 1 <= len(judge.seen) <= 2


@pytest.mark.parametrize(
    ("claim", "source", "published", "passes"),
    [
        ("2026년 1월에 시작했다.", "사업은 지난 1월에 시작했다.", "2026-03-02", True),
        ("2025년 1월에 시작했다.", "사업은 지난 1월에 시작했다.", "2026-03-02", False),
        ("2025년 가을에 시작했다.", "사업은 지난해 가을에 시작했다.", "2026-03-02", True),
        ("2026년 3월 9일에 시작한다.", "사업은 오는 9일에 시작한다.", "2026-03-02", True),
        ("지난 1월에 시작했다.", "사업은 2026년 1월에 시작했다.", "2026-03-02", True),
        ("올해 7월에 시작했다.", "사업은 지난 1월에 시작했다.", "2026-03-02", False),
    ],
)
def test_dates_are_compared_by_the_publication(
    claim: str, source: str, published: str, *, passes: bool
) -> None:
    from datetime import date

    grounds = Grounds((source,), published=date.fromisoformat(published))
    verdict = support(f"사업은 {claim}", grounds)
    assert (not verdict.vetoes) is passes, verdict


MERGED = "해담시는 320억 원을 들여 낡은 시립수영장 자리에 새 체육관을 짓습니다."


def test_sentence_beside_the_cited_one_is_cited_for_its_number_if_the_verifier_agrees() -> None:
    judge = Judge("supported")
    grounded = settle(MERGED, (1,), judge)
    assert grounded.claim is not None and grounded.claim.text == MERGED
    quotes = [ground.span.of(ground.article.text) for ground in grounded.claim.grounds]
    assert quotes == [STORY[0], STORY[1]]
    assert {ground.kind for ground in grounded.claim.grounds} == {"entailment"}
    assert set(STORY[:2]) <= set(judge.seen[0].evidence)


def test_neighbour_is_not_cited_without_a_verifier_or_for_a_wrong_number() -> None:
    without = settle(MERGED, (1,))
    assert without.claim is not None and without.claim.text == STORY[0]
    judge = Judge("supported")
    wrong = settle(MERGED.replace("320억", "420억"), (1,), judge)
    assert wrong.dropped is not None and "number not in source" in wrong.dropped.why
    assert judge.seen == []


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("해담시 시립수영장 자리에 체육관…상인회 매출 감소 우려", False),
        ("상인회와 해담시, 체육관 공사 비용 부담 갈등", False),
        ("해담시 시장 김하늘", True),
        ("320억 원(시 부담 70%)", True),
    ],
)
def test_headline_is_a_statement_and_a_noun_phrase_is_not(text: str, *, fragment: bool) -> None:
    assert is_fragment(text) is fragment


DESCRIBED = (
    "해외 배급을 맡은 스웨덴 회사 퀼른트도 난처해졌다.",
    "퀼른트는 지난 3월 180억원을 내고 판권을 샀다.",
    "북쪽 공사를 맡은 조합은 일을 끝냈다.",
    "남쪽 공사를 맡은 조합은 돈을 받지 못했다.",
)


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        ("해외 배급을 맡은 스웨덴 회사 퀼른트는 지난 3월 180억원을 내고 판권을 샀다.", [0, 1]),
        ("스웨덴 회사 퀼른트는 판권을 샀다.", [1]),
        ("퀼른트는 지난 3월 판권을 샀다.", [1]),
        # Described otherwise, and another one with the same common noun.
        ("국내 배급을 맡은 스웨덴 회사 퀼른트는 판권을 샀다.", None),
        ("북쪽 공사를 맡은 조합은 돈을 받지 못했다.", None),
    ],
)
def test_what_describes_a_party_may_be_said_in_a_sentence_before(
    claim: str, cited: list[int] | None
) -> None:
    draft = Draft("판권 다툼", tuple((SectionKind.BODY, text) for text in DESCRIBED), source="a")
    article = draft.article()
    spans = [one.span for one in split_article(article) if one.kind is SectionKind.BODY]
    pool = tuple(
        Evidence(n, article, span, SectionKind.BODY, 0.5, 1, context=tuple(spans[: n - 1]))
        for n, span in enumerate(spans, 1)
    )
    asked = Task("누가 판권을 샀나?", "ko", pool, context=pool)
    [grounded] = Grounder(asked).take(Claim(claim, cites=(2,)))
    if cited is None:
        assert grounded.dropped is not None
    else:
        assert grounded.dropped is None and grounded.claim is not None
        assert [ground.span for ground in grounded.claim.grounds] == [spans[at] for at in cited]


RIVALS = (
    "같은 기간 복숭아밭은 90㏊에서 710㏊로 넓어졌다.",
    "사과밭은 2400㏊에서 1440㏊로 줄었다.",
    "명령을 어기면 최대 500만원의 부담금을 매긴다.",
    "당초 원안에는 1000만원이었다.",
    "가람시는 새 다리를 놓는다.",
    "다리에는 20억원이 든다.",
)


@pytest.mark.parametrize(
    ("claim", "cites", "joined"),
    [
        ("복숭아밭은 90㏊에서 1440㏊로 확대됐다.", 1, False),
        ("명령을 위반하면 최대 1000만원의 부담금을 매긴다.", 3, False),
        ("가람시는 20억원짜리 새 다리를 놓는다.", 5, True),
    ],
)
def test_neighbour_is_not_cited_for_a_number_where_the_cited_one_has_another(
    claim: str, cites: int, *, joined: bool
) -> None:
    draft = Draft("과수원", tuple((SectionKind.BODY, text) for text in RIVALS), source="a")
    article = draft.article()
    spans = [one.span for one in split_article(article) if one.kind is SectionKind.BODY]
    pool = tuple(
        Evidence(n, article, span, SectionKind.BODY, 0.5, 1) for n, span in enumerate(spans, 1)
    )
    judge = Judge("supported")
    grounder = Grounder(Task("무엇이 달라졌나?", "ko", pool, context=pool), judge)
    settled = grounder.take(Claim(claim, (cites,)))
    [grounded] = [*settled, *asyncio.run(grounder.finish(Report("scripted"), 5))]
    assert (grounded.dropped is None) is joined
    assert bool(judge.seen) is joined


ABROAD = (
    "나루TV는 오는 11월 동남아시아 네 나라에 진출한다.",
    "태국에서는 휴대전화 요금에 묶어 팔기로 했다.",
    "가람TV는 유료 회원 3만 명을 잃었다.",
)


@pytest.mark.parametrize(
    ("claim", "cited"),
    [
        (
            "나루TV는 오는 11월 동남아시아 네 나라에 진출하며, "
            "태국에서는 휴대전화 요금에 묶어 팔기로 했습니다.",
            [0, 1],
        ),
        (
            "나루TV는 오는 11월 동남아시아 네 나라에 진출하고, "
            "가람TV는 유료 회원 3만 명을 잃었습니다.",
            None,  # 진출하고 … 잃었다 says that both are done
        ),
        (
            "나루TV는 동남아시아 네 나라에 진출하며, 유료 회원 3만 명을 잃었습니다.",
            None,  # not the one that lost them
        ),
    ],
)
def test_each_statement_of_a_sentence_may_be_proven_by_a_sentence(
    claim: str, cited: list[int] | None
) -> None:
    draft = Draft("나루TV", tuple((SectionKind.BODY, text) for text in ABROAD), source="a")
    article = draft.article()
    spans = [one.span for one in split_article(article) if one.kind is SectionKind.BODY]
    pool = tuple(
        Evidence(n, article, span, SectionKind.BODY, 0.5, 1, context=tuple(spans[: n - 1]))
        for n, span in enumerate(spans, 1)
    )
    asked = Task("나루TV는 어디에 진출하나?", "ko", pool, context=pool)
    [grounded] = Grounder(asked).take(Claim(claim, cites=(1,)))
    if cited is None:
        assert grounded.dropped is not None
    else:
        assert grounded.dropped is None and grounded.claim is not None
        assert [ground.span for ground in grounded.claim.grounds] == [spans[at] for at in cited]
