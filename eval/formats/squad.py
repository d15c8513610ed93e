"""KorQuAD 1.0 and SQuAD 1.1/2.0 JSON: paragraphs with questions and answer spans.

Each distinct paragraph becomes a document of its own, titled by its article, so that
ranks compare with MTEB's SQuADKorV1Retrieval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from geungeo.eval.cases import Case, Document, GoldPlace, Item
from geungeo.eval.formats.record import BadRecordError, checked_text, document_of, text_field
from geungeo.rag.text import nfc


@dataclass(frozen=True, slots=True)
class Found:
    """A paragraph (``item`` is None) or one of its questions."""

    item: Item | None
    documents: tuple[Document, ...]


def squad_items(whole: dict[str, Any]) -> Iterator[tuple[str, Found | BadRecordError]]:
    """Yield positions in the file, each with a paragraph or question, or with an error."""
    articles = whole["data"]
    if not isinstance(articles, list):
        yield "data", BadRecordError("must be a list of articles")
        return
    for at, article in enumerate(articles):
        where = f"data[{at}]"
        if not isinstance(article, dict) or not isinstance(article.get("paragraphs"), list):
            yield where, BadRecordError("an article must be an object with a list 'paragraphs'")
            continue
        title = article.get("title")
        title = nfc(title) if isinstance(title, str) and title.strip() else f"#{at}"
        for number, paragraph in enumerate(article["paragraphs"]):
            yield from _paragraph(f"{where}.paragraphs[{number}]", title, paragraph)


def _paragraph(
    where: str, title: str, paragraph: Any
) -> Iterator[tuple[str, Found | BadRecordError]]:
    try:
        if not isinstance(paragraph, dict) or not isinstance(paragraph.get("qas"), list):
            raise BadRecordError("a paragraph must be an object with 'context' and a list 'qas'")
        raw = paragraph.get("context")
        document = document_of(title, checked_text(raw, "context"))
    except BadRecordError as error:
        yield where, error
        return
    yield where, Found(None, (document,))
    for number, entry in enumerate(paragraph["qas"]):
        place = f"{where}.qas[{number}]"
        try:
            yield place, Found(_question(entry, str(raw), document), (document,))
        except BadRecordError as error:
            yield place, error


def _question(entry: Any, raw: str, document: Document) -> Item:
    if not isinstance(entry, dict):
        raise BadRecordError("a question must be an object")
    identifier = text_field(entry, "id")
    question = text_field(entry, "question")
    if entry.get("is_impossible") is True:
        case = Case(identifier, "unanswerable", question, "abstain")
        return Item(identifier, (case,))
    answers = entry.get("answers")
    if not isinstance(answers, list) or not answers:
        raise BadRecordError("'answers' must be a list with at least one answer")
    texts = tuple(dict.fromkeys(_answer_text(answer) for answer in answers))
    case = Case(
        id=identifier,
        kind="answerable",
        question=question,
        expected="answer",
        answers=texts,
        place=_place(answers[0], raw, document),
    )
    return Item(identifier, (case,))


def _answer_text(answer: Any) -> str:
    if not isinstance(answer, dict):
        raise BadRecordError("an answer must be an object with 'text' and 'answer_start'")
    return text_field(answer, "text")


def _place(answer: dict[str, Any], raw: str, document: Document) -> GoldPlace:
    """Return the answer's place in the NFC text; correct a wrong offset if the text is found."""
    text, start = nfc(answer["text"]), answer.get("answer_start")
    if not isinstance(start, int) or isinstance(start, bool):
        raise BadRecordError("'answer_start' must be an integer")
    at = len(nfc(raw[: max(start, 0)]))
    if not document.text.startswith(text, at):
        occurrences = _occurrences(text, document.text)
        if not occurrences:
            raise BadRecordError(f"answer {text!r} is not in its context")
        at = min(occurrences, key=lambda found: abs(found - at))
    return GoldPlace(document.id, at, at + len(text))


def _occurrences(needle: str, text: str) -> list[int]:
    found: list[int] = []
    at = text.find(needle)
    while at >= 0:
        found.append(at)
        at = text.find(needle, at + 1)
    return found
