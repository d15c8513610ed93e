"""Context for a backend: the evidence and its surroundings as numbered sentences in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import Evidence
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.segmentation import Sentence, split_article
from geungeo.rag.text import Span

# An article of at most this many characters is read as a whole while the total is not exceeded;
# of longer articles only the retrieved passages are read.
_WHOLE = 6_000
_TOTAL = 12_000
# The only article that a question is restricted to is read as a whole up to this length.
_NAMED = 40_000
# Sentences before one that may name its subject or its time.
_CONTEXT = 3
# Only these kinds depend on the sentences before them; a heading introduces what follows it.
_LEANING = frozenset({SectionKind.BODY, SectionKind.DECK})
_BORDERS = frozenset({SectionKind.HEADING, SectionKind.TITLE})

_Key = tuple[str, int]

# Splitting dominates the time of this module: 0.1 s for an article of 3,000 characters.
_split: Memo[Article, list[Sentence]] = Memo(
    256, lambda articles: [split_article(article) for article in articles]
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Numbered sentences to read, in the order of their articles, and the evidence among them.

    ``evidence`` is ordered best first; ``leans_on``, ``elaborated_by`` and ``rival`` are numbers
    of ``context``.
    """

    context: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]


def with_contexts(
    evidence: Sequence[Evidence], passages: Sequence[Retrieved]
) -> tuple[Evidence, ...]:
    """Return ``evidence`` with the preceding sentences of each item.

    Only the sentences of ``passages`` and those next to them are used, so that no article has to
    be split.
    """
    found: dict[_Key, dict[Span, SectionKind]] = {}
    for retrieved in passages:
        kinds = found.setdefault(_key(retrieved.passage.article), {})
        kinds.update({one.span: one.kind for one in retrieved.passage.in_context})
    sentences = {
        key: [Sentence(span, kind) for span, kind in sorted(kinds.items(), key=lambda i: i[0])]
        for key, kinds in found.items()
    }
    return tuple(
        replace(
            item,
            context=context_before(
                item.article, sentences.get(_key(item.article), []), item.span, item.kind
            ),
        )
        for item in evidence
    )


def reading(
    evidence: Sequence[Evidence], passages: Sequence[Retrieved], *, named: bool = False
) -> Reading:
    """Return the sentences to read for ``evidence`` and ``passages`` (both best first).

    The article of the best evidence comes first. A short article is read as a whole, as is the
    one article that a question is restricted to (``named``); of other articles the merged
    passages are read, with one neighbouring sentence on both sides.
    """
    articles = {_key(one): one for one in (item.article for item in evidence)}
    articles |= {_key(r.passage.article): r.passage.article for r in passages}
    split = _split.get(articles.values())
    context: list[Evidence] = []
    spent = 0
    for key, article in articles.items():
        size = len(article.text)
        limit = _NAMED if named and len(articles) == 1 else _WHOLE
        whole = size <= limit and (not spent or spent + size <= _TOTAL)
        own = [item for item in evidence if _key(item.article) == key]
        found = _found(passages, key)
        chosen = _chosen(article, split[article], own, found, last=len(passages), whole=whole)
        spent += sum(len(item.span) for item in chosen)
        context += chosen
    context = [replace(item, number=number) for number, item in enumerate(context, 1)]
    return _linked(context, evidence)


def context_before(
    article: Article, sentences: Sequence[Sentence], span: Span, kind: SectionKind
) -> tuple[Span, ...]:
    """Return the up to three sentences of the same kind before ``span``, back to a heading.

    ``sentences`` are in reading order; if some of the article's sentences before ``span`` are
    missing, nothing beyond the gap is returned. A caption, heading or title has no context.
    """
    if kind not in _LEANING:
        return ()
    spans: list[Span] = []
    start = span.start
    before = bisect_left([one.span.end for one in sentences], start + 1)
    for one in reversed(sentences[:before]):
        if one.kind in _BORDERS or article.text[one.span.end : start].strip():
            break
        start = one.span.start
        if one.kind is kind:
            spans.append(one.span)
        if len(spans) == _CONTEXT:
            break
    return tuple(reversed(spans))


def _found(passages: Sequence[Retrieved], key: _Key) -> list[tuple[int, Span]]:
    """Return the rank (from 1) and the span of each passage of one article."""
    return [
        (rank, retrieved.passage.span)
        for rank, retrieved in enumerate(passages, 1)
        if _key(retrieved.passage.article) == key
    ]


def _chosen(
    article: Article,
    sentences: Sequence[Sentence],
    evidence: Sequence[Evidence],
    found: Sequence[tuple[int, Span]],
    *,
    last: int,
    whole: bool,
) -> list[Evidence]:
    """Return the sentences of one article to read, in order, not yet numbered.

    ``passage_rank`` is that of the best passage that contains a sentence or is next to it;
    ``last`` + 1 for all other sentences of the article.
    """
    by_span = {item.span: item for item in evidence}
    ranks = [
        min((rank for rank, span in found if span.contains(one.span)), default=None)
        for one in sentences
    ]
    for at, one in enumerate(sentences):
        if one.span in by_span and ranks[at] is None:
            ranks[at] = by_span[one.span].passage_rank
    near = [rank if rank is not None else _neighbour(ranks, at) for at, rank in enumerate(ranks)]
    items: list[Evidence] = []
    for one, rank in zip(sentences, near, strict=True):
        if one.span in by_span:
            items.append(by_span.pop(one.span))
        elif (whole or rank is not None) and one.kind is not SectionKind.TITLE:
            items.append(Evidence(0, article, one.span, one.kind, 0.0, rank or last + 1))
    # The span of a byline or an antecedent may differ from those of the sentences.
    items = sorted([*items, *by_span.values()], key=lambda item: item.span)
    return [
        replace(item, context=context_before(article, sentences, item.span, item.kind))
        for item in items
    ]


def _neighbour(ranks: Sequence[int | None], at: int) -> int | None:
    sides = [ranks[i] for i in (at - 1, at + 1) if 0 <= i < len(ranks)]
    return min((rank for rank in sides if rank is not None), default=None)


def _linked(context: Sequence[Evidence], evidence: Sequence[Evidence]) -> Reading:
    """Return the evidence renumbered as in ``context``, including its links."""
    places = {(_key(item.article), item.span): at for at, item in enumerate(context)}
    numbers = {
        item.number: context[places[_key(item.article), item.span]].number for item in evidence
    }
    linked = list(context)
    for item in evidence:
        at = places[_key(item.article), item.span]
        linked[at] = replace(
            context[at],
            leans_on=None if item.leans_on is None else numbers.get(item.leans_on),
            elaborated_by=None if item.elaborated_by is None else numbers.get(item.elaborated_by),
            rival=None if item.rival is None else numbers.get(item.rival),
        )
    best_first = tuple(linked[places[_key(item.article), item.span]] for item in evidence)
    return Reading(tuple(linked), best_first)


def _key(article: Article) -> _Key:
    return article.id, article.version
