"""NoMIRACL JSONL: a question and its ten Wikipedia passages in one prompt.

The file does not say which passage is relevant, only (by its published name) whether any is: a file
whose name contains ``non_relevant`` has questions that no passage answers. Its rows are therefore
used for the abstention metrics and not for retrieval. Source:
https://github.com/project-miracl/nomiracl (Apache-2.0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from geungeo.eval.cases import Case, Document, Item
from geungeo.eval.formats.record import BadRecordError, checked_text, document_of, text_field

_PARTS = re.compile(r"QUESTION:\n(?P<question>.*?)\n+CONTEXTS:\n(?P<contexts>.*?)\n+OUTPUT:", re.S)
_CONTEXT = re.compile(r"(?:\A|\n\n)\[(\d+)\] ")


def nomiracl_item(record: dict[str, Any], file_name: str) -> tuple[Item, Sequence[Document]]:
    """Read a question, restricted to the passages of its own prompt.

    Raises:
        BadRecordError: the prompt does not have the published form.
    """
    identifier = text_field(record, "query_id")
    parts = _PARTS.search(text_field(record, "prompt").replace("\r\n", "\n"))
    if parts is None:
        raise BadRecordError("'prompt' has no QUESTION:, CONTEXTS: and OUTPUT: parts")
    question = checked_text(parts["question"].strip(), "question")
    documents = _documents(parts["contexts"])
    unanswerable = "non_relevant" in file_name
    case = Case(
        id=identifier,
        kind="unanswerable" if unanswerable else "answerable",
        question=question,
        expected="abstain" if unanswerable else "answer",
        scope=tuple(dict.fromkeys(document.id for document in documents)),
    )
    return Item(identifier, (case,)), documents


def _documents(contexts: str) -> list[Document]:
    pieces = _CONTEXT.split(contexts)
    # split() yields text, number, text, number, text...; only a run 1, 2, 3... counts as
    # numbering: a paragraph of a passage may itself start with "[7] ".
    documents: list[Document] = []
    body = ""
    for number, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if int(number) == len(documents) + (1 if not body else 2):
            if body:
                documents.append(_document(body))
            body = text
        elif body:
            body += f"\n\n[{number}] {text}"
    if body:
        documents.append(_document(body))
    if not documents:
        raise BadRecordError("'prompt' holds no numbered context")
    return documents


def _document(piece: str) -> Document:
    """Split ``Title: text``; in the published files a title contains no ``": "``."""
    title, separator, text = piece.strip().partition(": ")
    if not separator or not text.strip():
        title, text = piece.strip()[:80], piece.strip()
    return document_of(checked_text(title, "title"), checked_text(text.strip(), "context"))
