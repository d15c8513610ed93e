"""Features of each candidate sentence, for ranking and for the decision to answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.evidence.asking_lines import asks, prompts, topic_of
from geungeo.rag.evidence.crossencoder import bundled_cross_encoder
from geungeo.rag.language.analysis import analysed
from geungeo.rag.language.transliteration import sounded_as
from geungeo.rag.language.vocabulary import called_as_in, introduced_names, spelled_as_in
from geungeo.rag.protocols import Corpus, FloatArray, Reranker, SentenceInContext
from geungeo.rag.question import Question
from geungeo.rag.question.concepts import AnswerType, Concept
from geungeo.rag.readers.layout import TableRow, named_cells, table_row
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.text import Span, fold

SENTENCE_FEATURES = (
    "dense",
    "dense_z",
    "passage",
    "cover",
    "cover_near",
    "bigrams",
    "names",
    "names_near",
    "numbers",
    "type",
    "unit",
    "focus",
    "body",
    "caption",
    "front",
    "length",
    "question_like",
    "judged",
)

# Number of candidates that the cross-encoder reads, the most expensive feature, and the log-odds of
# the best of them below which it reads as many more: the sentence that says why often shares no
# word with the question. To read 30, or always 20, ranks no better.
READ = 10
_SETTLED = 0.5
# Score of candidates that the cross-encoder did not read (log-odds); also its lower bound.
UNREAD = -6.0
# Weight of shared words next to the cosine, whose range is narrow.
_WORD_WEIGHT = 0.1

# A synonym counts for half: it may be about something else.
_SYNONYM = 0.5
# Weight of a concept by its role, multiplied by its rarity.
_ROLE_WEIGHT = {"name": 1.5, "number": 1.5, "noun": 1.0, "verb": 0.5, "word": 0.1}


@dataclass(slots=True)
class Candidate:
    """A sentence of a retrieved passage.

    ``around`` are the sentences around it, itself included, and ``near`` the text they span.

    ``gloss`` and ``gloss_near`` are words added to it, or to the text around it, for matching:
    the question's words for a time that the source names differently.
    """

    article: Article
    span: Span
    kind: SectionKind
    vector: FloatArray
    around: tuple[Span, ...]
    passage_score: float
    passage_rank: int
    gloss: str = ""
    gloss_near: str = ""

    @property
    def near(self) -> Span:
        """Span from the first of the sentences around it to the last."""
        return Span(self.around[0].start, self.around[-1].end)

    @property
    def text(self) -> str:
        """Text of the sentence."""
        return self.span.of(self.article.text)

    @property
    def in_context(self) -> SentenceInContext:
        """Input of the cross-encoder: title, preceding sentence, glossed sentence."""
        first = self.around[0]
        before = first.of(self.article.text) if first.start < self.span.start else ""
        return SentenceInContext(self.article.title, before, self.glossed)

    def answers_by_column(self, asked: str) -> bool:
        """Whether this is a table's row whose number is in a column that ``asked`` names.

        The name of the column (``인구``) says what is counted, so that the cell needs no unit.
        """
        named = named_cells(self.article.text, self.span.start, self.span.end)
        names = re.findall(r"(?<=\s)([^\s\d]{2,})\s+[+-]?\d", named)
        return any(name in asked for name in names)

    @property
    def glossed(self) -> str:
        """Text of the sentence and its gloss, for matching.

        A row of a table has the names of its columns, and the answer to a topic (``제작비는``)
        that topic.
        """
        text = named_cells(self.article.text, self.span.start, self.span.end) or self.text
        first = self.around[0]
        if first.start < self.span.start:
            topic = topic_of(first.of(self.article.text), self.article.text)
            text = f"{topic} {text.lstrip(_ANSWER_MARKS)}" if topic else text
        return f"{text} {self.gloss}" if self.gloss else text


_ANSWER_MARKS = ' ▶▷►▻■□◆◇○●◎▲△▼▽◀◁※•·∙▪-–—"“‘「『'


@dataclass(frozen=True, slots=True)
class Measured:
    """Candidates with ``features`` (n, len(SENTENCE_FEATURES)) float32 and concept hits.

    ``found_near`` is (n, concepts): 1 where a concept occurs in or around the sentence, 0.5
    where only a synonym of it does, 0 otherwise;
    ``weights`` (concepts,) sums to 1;
    ``terms_near`` are the term hashes in and around all candidates.
    """

    candidates: list[Candidate]
    features: FloatArray
    found_near: np.ndarray
    weights: FloatArray
    terms_near: frozenset[int]


def candidates(passages: Sequence[Retrieved]) -> list[Candidate]:
    """Return the distinct sentences of the passages that do not ask, by passage and position.

    A question line of an interview or FAQ is only the context of the sentence after it.
    """
    found: dict[tuple[str, int, Span], Candidate] = {}
    for rank, retrieved in enumerate(passages, 1):
        passage = retrieved.passage
        spans = [sentence.span for sentence in passage.in_context]
        questions = prompts(passage.article.text)
        for at, sentence in enumerate(passage.sentences, len(passage.before)):
            text = sentence.span.of(passage.article.text)
            if asks(text) or text in questions:
                continue
            key = (passage.article.id, passage.article.version, sentence.span)
            around = tuple(spans[max(0, at - 1) : at + 2])
            found.setdefault(
                key,
                Candidate(
                    passage.article,
                    sentence.span,
                    sentence.kind,
                    sentence.vector,
                    around,
                    retrieved.score,
                    rank,
                ),
            )
    return list(found.values())


def in_asked_rows(
    question: str, found: Sequence[Candidate]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return three ``(n,)`` bool: what may answer, the rows that have the cell asked for, all rows.

    Where the question names the label of a row, the other rows of the same table answer nothing,
    and the names of the columns never do. If it names a column as well, the row has the answer.
    """
    tables: dict[tuple[str, int, int], list[tuple[int, TableRow]]] = {}
    for number, candidate in enumerate(found):
        span, article = candidate.span, candidate.article
        if row := table_row(article.text, span.start, span.end):
            key = (article.id, article.version, row.header)
            tables.setdefault(key, []).append((number, row))
    dropped: set[int] = set()
    asked: set[int] = set()
    for (article_id, version, header), rows in tables.items():
        first = rows[0][1].first
        dropped.update(
            number
            for number, one in enumerate(found)
            if (one.article.id, one.article.version) == (article_id, version)
            and header <= one.span.start < first
        )
        named = named_labels(question, [row.cells[row.label] for _, row in rows])
        if named and not _EXTREME.search(question):
            dropped.update(number for number, row in rows if row.cells[row.label] not in named)
            asked.update(
                number
                for number, row in rows
                if row.cells[row.label] in named and found[number].answers_by_column(question)
            )
    all_rows = {number for rows in tables.values() for number, _ in rows}
    numbers = range(len(found))
    return (
        np.array([number not in dropped for number in numbers], dtype=bool),
        np.array([number in asked for number in numbers], dtype=bool),
        np.array([number in all_rows for number in numbers], dtype=bool),
    )


def named_labels(question: str, labels: Iterable[str]) -> set[str]:
    """Return the labels that ``question`` names; of 종이 and 종이컵 in 종이컵 only the second."""
    rest = question.casefold()
    found: set[str] = set()
    for label in sorted(set(labels), key=len, reverse=True):
        bare = " ".join(_IN_BRACKETS.sub(" ", label).split()).casefold()
        if len(bare) < _LABEL:
            continue
        spaced = r"\s?".join(map(re.escape, bare.replace(" ", "")))
        pattern = rf"(?<!\w){spaced}(?!\d)"
        if re.search(pattern, rest):
            rest = re.sub(pattern, "\n", rest)
            found.add(label)
    return found


_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_LABEL = 2  # characters of a label that can be recognised
# A question for the row itself compares all of them, whatever it names.
_EXTREME = re.compile(r"가장|제일|최고|최저|최대|최소|\bmost\b|\bleast\b|est\b", re.IGNORECASE)


def measure(
    corpus: Corpus, question: Question, found: list[Candidate], reranker: Reranker | None = None
) -> Measured:
    """Measure all ``found`` sentences against the question; by default with the bundled model."""
    judge = reranker or bundled_cross_encoder()
    texts = [candidate.text for candidate in found]
    glossed = [candidate.glossed for candidate in found]
    nears = [_texts_near(candidate) for candidate in found]
    wanted = list(dict.fromkeys([*glossed, *(text for group in nears for text in group)]))
    readings = dict(zip(wanted, analysed(wanted), strict=True))
    own = [readings[text].term_hashes for text in glossed]
    near = [frozenset().union(*(readings[text].term_hashes for text in group)) for group in nears]
    weights = concept_weights(corpus, question.concepts)
    hits = _hits(question.concepts, own)
    hits_near = _hits(question.concepts, near)
    read_as = _names_as_written(question, texts)
    if question.language != found[0].article.language:
        # Words cannot be compared across languages, and the spelling of a name varies between
        # sentences: a hit nearby counts like one in the sentence.
        hits = hits_near
    dense = np.stack([candidate.vector for candidate in found]) @ question.vector
    deviation = float(dense.std()) or 1.0
    roles = np.array([concept.role for concept in question.concepts])
    asked = fold(question.text)
    focus = [question.focus] if question.focus else []
    near_cover = (hits_near * weights).sum(axis=1)
    bigrams = _bigram_cover(corpus, question, [readings[text].bigram_hashes for text in glossed])
    features = np.column_stack(
        [
            dense,
            (dense - dense.mean()) / deviation,
            [candidate.passage_score for candidate in found],
            (hits * weights).sum(axis=1),
            near_cover,
            bigrams,
            _share(hits, roles == "name"),
            _share(hits_near, roles == "name"),
            _share(hits_near, roles == "number"),
            [
                answer_type_score(
                    text,
                    question.answer_type,
                    question.text,
                    (name for name in readings[read].names if name not in asked),
                )
                for text, read in zip(texts, glossed, strict=True)
            ],
            [
                1.0 if candidate.answers_by_column(asked) else unit_score(text, question.text)
                for candidate, text in zip(found, texts, strict=True)
            ],
            _hits(focus, near).max(axis=1, initial=0.0) if focus else np.ones(len(texts)),
            [candidate.kind is SectionKind.BODY for candidate in found],
            [candidate.kind is SectionKind.CAPTION for candidate in found],
            [
                candidate.kind in {SectionKind.TITLE, SectionKind.DECK, SectionKind.HEADING}
                for candidate in found
            ],
            [min(len(text), 300) / 100 for text in texts],
            [text.rstrip().endswith("?") for text in texts],
            _judged(judge, read_as, found, dense + _WORD_WEIGHT * (near_cover + bigrams)),
        ]
    ).astype(np.float32)
    terms_near = frozenset().union(*near)
    return Measured(found, features, hits_near, weights, terms_near)


_LATIN_WORD = re.compile(r"[A-Za-z]{4,}")


def _names_as_written(question: Question, texts: Sequence[str]) -> str:
    """Return the question with its names as the ``texts`` write them: MS for 마소.

    The cross-encoder knows a name in several spellings only if it is a common one. Of English
    questions names that are known by sound alone are written so too: 설리먼 for Suleyman.
    """
    source = "\n".join(texts)
    asked = spelled_as_in(source, question.text)
    if question.language == "ko":
        return asked
    names = " ".join(c.surface for c in question.concepts if c.role == "name")
    for name in dict.fromkeys(_LATIN_WORD.findall(names)):
        if written := sounded_as(name, source):
            asked = re.sub(rf"\b{name}\b", written, asked, flags=re.IGNORECASE)
    return asked


def _judged(
    reranker: Reranker, question: str, found: Sequence[Candidate], estimate: np.ndarray
) -> np.ndarray:
    """Return ``(n,)``: the reranker's log-odds for the sentences of highest ``estimate``.

    ``READ`` of them are read, and as many more unless one of these answers well.
    """
    judged = np.full(len(found), UNREAD, dtype=np.float32)
    order = np.argsort(-estimate, kind="stable")
    for chosen in (order[:READ], order[READ : 2 * READ]):
        if not len(chosen) or judged.max() >= _SETTLED:
            break
        for asked, places in _by_spelling(question, found, chosen.tolist()).items():
            passages = [found[at].in_context for at in places]
            judged[places] = np.maximum(reranker.judge(asked, passages), UNREAD)
    return judged


def _by_spelling(
    question: str, found: Sequence[Candidate], chosen: Sequence[int]
) -> dict[str, list[int]]:
    """Return the ``chosen`` candidates by the question with its names as each of them spells them.

    An article may have 마이크로소프트 in one sentence and MS in the next.
    """
    groups: dict[str, list[int]] = {}
    for at in chosen:
        context, asked = found[at].in_context, question
        names = introduced_names(found[at].article.text)
        for text in (context.before, context.sentence):
            asked = called_as_in(text, spelled_as_in(text, asked), names)
        groups.setdefault(asked, []).append(at)
    return groups


def _texts_near(candidate: Candidate) -> list[str]:
    """Return the texts around a sentence: its title, itself, its neighbours and their gloss."""
    source = candidate.article.text
    sentences = [span.of(source) for span in candidate.around]
    return [candidate.article.title, *sentences, candidate.gloss_near]


def concept_weights(corpus: Corpus, concepts: Sequence[Concept]) -> FloatArray:
    """Return ``(concepts,)`` summing to 1: rarity in the corpus times the role's weight."""
    if not concepts:
        return np.zeros(0, dtype=np.float32)
    total = max(corpus.size(), 1)
    raw = []
    for concept in concepts:
        terms = np.array(sorted(concept.alternatives | concept.synonyms), dtype=np.uint32)
        frequency = int(corpus.document_frequency("morphemes", terms).max(initial=0))
        idf = float(np.log1p((total - frequency + 0.5) / (frequency + 0.5)))
        # Even a word that occurs everywhere carries a little information.
        raw.append((0.2 + idf) * _ROLE_WEIGHT[concept.role])
    weights = np.array(raw, dtype=np.float32)
    normalised: FloatArray = weights / weights.sum()
    return normalised


def _hits(concepts: Sequence[Concept], texts: Sequence[Set[int]]) -> np.ndarray:
    hits = np.zeros((len(texts), len(concepts)), dtype=np.float32)
    for row, terms in enumerate(texts):
        for column, concept in enumerate(concepts):
            if concept.alternatives & terms:
                hits[row, column] = 1.0
            elif concept.synonyms & terms:
                hits[row, column] = _SYNONYM
    return hits


def _share(hits: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the share of the chosen concepts that were found; 1 if there are none."""
    if not columns.any():
        return np.ones(len(hits), dtype=np.float32)
    share: np.ndarray = hits[:, columns].mean(axis=1)
    return share


def _bigram_cover(corpus: Corpus, question: Question, texts: Sequence[Set[int]]) -> np.ndarray:
    """Return the IDF-weighted share of the question's bigrams that occur in each text."""
    wanted = question.terms["bigrams"].terms
    if not len(wanted):
        return np.zeros(len(texts), dtype=np.float32)
    total = max(corpus.size(), 1)
    frequency = corpus.document_frequency("bigrams", wanted)
    idf = np.log1p((total - frequency + 0.5) / (frequency + 0.5))
    rarity = dict(zip(wanted.tolist(), idf.tolist(), strict=True))
    share = [sum(rarity[term] for term in rarity.keys() & terms) for terms in texts]
    return np.array(share, dtype=np.float32) / max(float(idf.sum()), 1e-6)


_AMOUNT = (
    r"(?:\d[\d,.]*\s*[십백천]?\s*[만억조]?|수\s*[십백천]?\s*[만억조]?"
    r"|[한두세네]\s|(?:다섯|여섯|일곱|여덟|아홉|열)\s*)"
)
_UNIT = (
    r"(?:%|퍼센트|포인트|배|조|억|만|원|달러|유로|엔|위안|파운드|명|인|개|건|곳|대|톤|㎞|km|m|kg|㎏|㎡|회|번|차례"
    r"|살|세|위|권|편|석|표|점|장|마리|척|층|평|리터|시간|분|초|일|주|개월|년|종|가지|dollars?|percent|people)"
)

_STRONG: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.TIME: re.compile(
        r"\d{1,4}\s*(?:년대|년|월|일|시|분기|세기)|(?:19|20)\d\d|지난해|작년|올해|내년|재작년|오늘|어제"
        r"|지난\s*(?:달|주|봄|여름|가을|겨울)|이번\s*(?:달|주|해)|[가-힣]+\s*(?:시대|시절)"
    ),
    AnswerType.AMOUNT: re.compile(rf"{_AMOUNT}\s*{_UNIT}|절반|\d[\d,.]*"),
    AnswerType.CAUSE: re.compile(r"때문|이유|탓|덕분|바람에|인해|인하여|원인|까닭|계기|배경"),
    AnswerType.MANNER: re.compile(r"방식|방법|통해|통하여|으로써|함으로|하도록"),
}
_WEAK: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.TIME: re.compile(r"최근|당시|무렵|이후|이전|초반|중반|후반|말기|초기|때"),
    AnswerType.CAUSE: re.compile(
        r"위해|위한|위하여|따라|려고|고자|어서|아서|해서|여서|므로|니까|만큼|결과|영향|면서|당하면서"
    ),
    AnswerType.PLACE: re.compile(
        r"[가-힣]{1,}(?:시|도|군|구|동|읍|면|국|성|주|섬|역|항|공항|센터|대학교?|병원|공장|본사|관|산|강|궁|사|원)"
        r"(?:에|에서|의|로|은|는|이|을|를|,|\s|$)|(?:에서|에)\s"
    ),
    AnswerType.MANNER: re.compile(r"면서|하며|하여|해\s|고\s"),
}
_ASKED_UNIT = re.compile(
    r"몇\s*(퍼센트|프로|%|명|개|건|곳|대|회|번|차례|살|세|점|배|년|월|일|시간|분|권|편|석|표|층|위|가지|달러|원|km)"
)
_ASKED_KIND = re.compile(
    r"어느\s*(주|대학교?|병원|학교|은행|도시|구|항구|공항|섬|강|산|법원|신문|방송)(?=[가-힣]?)"
)
_SAME_UNIT = {"퍼센트": "퍼센트|%|프로", "프로": "퍼센트|%|프로", "살": "살|세", "번": "번|차례|회"}
_SAME_UNIT |= {"회": "번|차례|회", "개": "개|가지|종", "곳": "곳|개|개사", "가지": "가지|개|등"}


def answer_type_score(
    sentence: str, kind: AnswerType, question: str, new_names: Iterable[str] = ()
) -> float:
    """Return a score in [0, 1]: whether ``sentence`` has an answer of type ``kind``.

    It is 1 for types that any sentence may answer. Words of the question itself do not count
    as an answer. ``new_names`` are the proper nouns of the sentence that are not in the question.
    """
    if kind in {AnswerType.THING, AnswerType.OTHER}:
        return 1.0
    if kind is AnswerType.PERSON:
        return 1.0 if any(new_names) else 0.0
    asked = fold(question).replace(" ", "")
    for strength, table in ((1.0, _STRONG), (0.2 if kind is AnswerType.TIME else 0.5, _WEAK)):
        pattern = table.get(kind)
        if pattern and any(
            match[0].replace(" ", "") not in asked for match in pattern.finditer(fold(sentence))
        ):
            return strength
    return 0.0


def unit_score(sentence: str, question: str) -> float:
    """Return 1 if ``sentence`` has the unit or kind asked for (``몇 명``), or none is."""
    if kind := _ASKED_KIND.search(fold(question)):
        suffix = "시" if kind[1] == "도시" else kind[1]
        return float(
            re.search(rf"[가-힣]{{2,}}{suffix}(?![가-힣]{{2}})", fold(sentence)) is not None
        )
    asked = _ASKED_UNIT.search(fold(question))
    if not asked:
        return 1.0
    unit = _SAME_UNIT.get(asked[1], re.escape(asked[1]))
    return float(re.search(rf"{_AMOUNT}\s*(?:{unit})", fold(sentence)) is not None)
