"""Lessons of the judge of claims: public pairs, and claims about our own articles."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest

from geungeo.eval.bench.answers import Row, read_rows
from geungeo.eval.bench.nli import area
from geungeo.eval.data import (
    CLAIM_LESSONS,
    EVERYDAY_ARTICLES,
    EVERYDAY_CLAIMS,
    LESSON_ARTICLES,
    MORE_EVERYDAY_CLAIMS,
    NEWS_ARTICLES,
    NEWS_CLAIMS,
    PREMISE_ARTICLES,
    data_file,
)
from geungeo.eval.training.entailment import (
    CONTRADICTED,
    ELSEWHERE,
    ENTAILED,
    FALSE,
    HALF,
    NEUTRAL,
    batches,
    claim_lessons,
    loss_of,
    read_pairs,
)
from geungeo.eval.training.lessons import read_articles
from geungeo.rag.article import Article


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    names = (NEWS_ARTICLES, LESSON_ARTICLES, EVERYDAY_ARTICLES, PREMISE_ARTICLES)
    return {one.id: one for name in names for one in read_articles(data_file(name))}


def test_shipped_claims_rest_on_their_articles(articles: dict[str, Article]) -> None:
    names = (CLAIM_LESSONS, EVERYDAY_CLAIMS, MORE_EVERYDAY_CLAIMS)
    rows = read_rows([data_file(name) for name in names])
    assert len(rows) > 6_100
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        article = articles[row.article_id or ""]
        assert row.facts and all(fact in article.text for fact in row.facts)
        assert bool(row.style) == (row.label == "true") != bool(row.kind)
    measured = {row.article_id for row in read_rows([data_file(NEWS_CLAIMS)])}
    assert not measured & {row.article_id for row in rows}


def test_claims_become_lessons_with_their_evidence(articles: dict[str, Article]) -> None:
    rows = read_rows([data_file(CLAIM_LESSONS)])[:240]
    lessons = claim_lessons(rows, articles, seed=1)
    by_how = {how: [one for one in lessons if one.how == how] for how in (ELSEWHERE, HALF)}
    assert {one.label for one in lessons} == {ENTAILED, NEUTRAL, FALSE}
    assert {one.label for one in by_how[ELSEWHERE]} == {NEUTRAL}
    assert {one.label for one in by_how[HALF]} == {FALSE}
    true = {one.inquiry.claim: one.inquiry for one in lessons if one.label == ENTAILED}
    for one in by_how[ELSEWHERE]:
        assert one.inquiry.evidence[-1] not in true[one.inquiry.claim].evidence
    for one in by_how[HALF]:
        assert set(one.inquiry.evidence) < set(true[one.inquiry.claim].evidence)
    assert claim_lessons(rows, articles, seed=1) == lessons
    assert claim_lessons(rows, articles, seed=2) != lessons


def test_fragments_and_claims_without_facts_are_left_out(articles: dict[str, Article]) -> None:
    row = Row(id="a", article_id=next(iter(articles)), question="?", answer=("값.",), label="true")
    text = articles[row.article_id or ""].text
    facts = (text.split("\n")[1][:20],)
    left_out = [
        row,
        row.model_copy(update={"style": "fragment", "facts": facts}),
        row.model_copy(update={"article_id": "unknown", "facts": facts}),
        row.model_copy(update={"facts": ("이런 문장은 기사에 없다.",)}),
    ]
    assert claim_lessons(left_out, articles, seed=1) == []


def test_pairs_of_both_formats_are_read(tmp_path: Path) -> None:
    klue = [{"premise": "a", "hypothesis": "b", "gold_label": "contradiction"}]
    (tmp_path / "klue.json").write_text(json.dumps(klue), "utf-8")
    lines = ["sentence1\tsentence2\tgold_label", 'a "b\tc\tentailment', "a\tb\t-"]
    (tmp_path / "kornli.tsv").write_text("\n".join(lines), "utf-8")
    [one] = read_pairs(tmp_path / "klue.json")
    [other] = read_pairs(tmp_path / "kornli.tsv")
    assert (one.inquiry.claim, one.inquiry.evidence, one.label) == ("b", ("", "a"), CONTRADICTED)
    assert (other.inquiry.evidence, other.label) == (("", 'a "b'), ENTAILED)


def test_loss_of_a_false_claim_counts_only_what_is_entailed() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[math.log(0.5), math.log(0.3), math.log(0.2)]])
    for label, wanted in ((ENTAILED, 0.5), (CONTRADICTED, 0.3), (NEUTRAL, 0.2), (FALSE, 0.5)):
        assert float(loss_of(scores, [label])) == pytest.approx(-math.log(wanted), abs=1e-5)
    swapped = torch.tensor([[math.log(0.5), math.log(0.2), math.log(0.3)]])
    assert float(loss_of(swapped, [FALSE])) == pytest.approx(float(loss_of(scores, [FALSE])))


def test_batches_hold_every_row_once_and_keep_to_the_size() -> None:
    draw = random.Random(5)  # noqa: S311  # a reproducible draw
    rows = [([1] * draw.randint(3, 90), number) for number in range(1_300)]
    found = batches(rows, 400, draw)
    assert sorted(label for batch in found for _, label in batch) == list(range(1_300))
    assert all(len(one) == 1 or len(one) * max(len(ids) for ids, _ in one) <= 400 for one in found)


@pytest.mark.parametrize(
    ("gold", "scores", "wanted"),
    [
        ([True, True, False, False], [0.9, 0.8, 0.2, 0.1], 1.0),
        ([True, False, True, False], [0.9, 0.8, 0.2, 0.1], 0.75),
        ([False, True], [0.9, 0.1], 0.0),
        ([True, False], [0.5, 0.5], 0.5),
        ([True, True], [0.5, 0.4], 0.5),
    ],
)
def test_area_under_the_curve(gold: list[bool], scores: list[float], wanted: float) -> None:
    assert area(gold, scores) == wanted
