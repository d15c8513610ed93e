"""The grounding bench: its lies are false, its figures are right, a broken check is detected."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from geungeo.eval.bench import grounding as bench_grounding
from geungeo.eval.bench.claims import RULES, BenchArticle, lies, load, replace
from geungeo.eval.bench.command import bench
from geungeo.eval.bench.grounding import GroundingReport, measure, wilson
from geungeo.rag.answer import Ground, GroundedClaim
from geungeo.rag.grounding.ground import Grounded
from geungeo.rag.protocols import Claim, Task
from geungeo.seeds import __file__ as seeds_file

ARTICLES = load()


@pytest.fixture(scope="module")
def report() -> GroundingReport:
    return measure(ARTICLES, 7)


def believe(claim: Claim, task: Task) -> Grounded:
    """A check that lets everything out."""
    item = task.evidence[0]
    return Grounded(GroundedClaim(claim.text, (Ground(item.article, item.span, 1.0),)))


# `make eval-gate` runs the bench, which fails at the same rates.
@pytest.mark.slow
def test_rates_hold_in_each_half(report: GroundingReport) -> None:
    assert report.lies["all"].n >= 300
    for half in ("all", "tuned", "held_out"):
        assert report.lies[half].rate <= 0.03
        assert report.true_claims[half].rate >= 0.90
        assert report.written_claims[half].rate >= 0.90
    assert report.written_claims["all"].n >= 60


@pytest.mark.slow
def test_source_sentences_always_pass(report: GroundingReport) -> None:
    verbatim = report.by_paraphrase["verbatim"]
    assert verbatim.passed == verbatim.n > 0


@pytest.mark.slow
def test_every_kind_of_lie_is_generated(report: GroundingReport) -> None:
    assert set(RULES) < set(report.by_kind)
    assert sum(rate.n for rate in report.by_kind.values()) == report.lies["all"].n
    assert all(rate.n >= 10 for rate in report.by_kind.values())


def test_check_that_accepts_everything_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_grounding, "ground", believe)
    report = measure(ARTICLES[:2], 7)
    assert report.lies["all"].rate == 1.0
    result = CliRunner().invoke(bench, ["grounding"])
    assert result.exit_code == 1


@pytest.mark.slow
def test_command_prints_and_writes_figures(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    result = CliRunner().invoke(bench, ["grounding", "--json", str(target), "--show"])
    assert result.exit_code == 0, result.output
    written = json.loads(target.read_text("utf-8"))
    assert f"{written['lies']['all']['n']}" in result.output
    assert "[held_out]" not in result.output


def test_lies_depend_on_the_seed_and_differ_from_true_claims() -> None:
    one, other = lies(ARTICLES, 3), lies(ARTICLES, 3)
    assert [lie.text for lie in one] == [lie.text for lie in other]
    assert [lie.text for lie in one] != [lie.text for lie in lies(ARTICLES, 4)]
    for lie in one:
        truths = {claim.text for claim in lie.article.claims} | set(lie.article.sentences)
        assert lie.text not in truths or lie.leave_out


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.id)
def test_marked_fragments_occur_in_their_claims(article: BenchArticle) -> None:
    text = " ".join(article.sentences)
    assert all(name.split()[0] in text for name in article.names)
    assert all(index < len(article.sentences) for c in article.claims for index in c.source)
    assert all(index < len(article.sentences) for lie in article.lies for index in lie.source)
    for claim in article.claims:
        pairs = [pair for pair in (claim.other_actor, claim.certain, *claim.opposite) if pair]
        assert all(old in claim.text and old != new for old, new in pairs), claim.text
        assert all(name in claim.text for name in claim.swap or ()), claim.text


def test_seed_sentences_occur_in_the_seed_article() -> None:
    (seed,) = Path(seeds_file).parent.glob("*.txt")
    text = seed.read_text("utf-8")
    (article,) = [article for article in ARTICLES if article.id == "ms-openai"]
    assert all(sentence in text for sentence in article.sentences)


def test_both_halves_have_a_minimum_size() -> None:
    sizes = Counter(article.half for article in ARTICLES)
    assert sizes["tuned"] >= 5
    assert sizes["held_out"] >= 5


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("설리먼은 말했다", "설리먼", "나델라", "나델라는 말했다"),
        ("MS는 말했다", "MS", "구글", "구글은 말했다"),
        ("은행이 도왔다", "은행", "회사", "회사가 도왔다"),
        ("정부로 갔다", "정부", "법원", "법원으로 갔다"),
    ],
)
def test_particles_are_fitted_to_the_new_name(text: str, old: str, new: str, expected: str) -> None:
    assert replace(text, old, new) == expected


def test_wilson_interval_equals_published_values() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81/263, 15/148, 0/20.
    for passed, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        rate = wilson(passed, n)
        assert rate.low == pytest.approx(low, abs=5e-5)
        assert rate.high == pytest.approx(high, abs=5e-5)
    assert wilson(0, 20).high == pytest.approx(0.1611, abs=5e-5)
    assert wilson(0, 0).high == 1.0
