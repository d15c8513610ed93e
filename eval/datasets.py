"""Read data sets. The format is detected from the content, not from the file's name.

Invalid parts are skipped and reported with their position; with ``strict`` the first one is an
error. Only a line feed ends a line: U+2028 inside a JSON string does not split a record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from geungeo.eval.cases import BadLine, Dataset, Document, Format, Item
from geungeo.eval.formats.drafts import draft_item, unread_draft_fields
from geungeo.eval.formats.native import native_item, unread_fields
from geungeo.eval.formats.nomiracl import nomiracl_item
from geungeo.eval.formats.record import BadRecordError
from geungeo.eval.formats.squad import squad_items
from geungeo.rag.errors import EmptySource, MalformedSource, UndecodableSource, UsageError

RecordReader = Callable[[dict[str, Any], str], tuple[Item, Sequence[Document]]]

_LINE_FORMATS: dict[Format, RecordReader] = {
    "geungeo": native_item,
    "nomiracl": nomiracl_item,
    "drafts": draft_item,
}


def read_datasets(paths: Iterable[Path], *, strict: bool = False) -> list[Dataset]:
    """Read every file, in the order given; two files may have the same name.

    Raises:
        SourceError: a file is unreadable, holds no case, or (``strict``) has a bad line.
    """
    datasets: list[Dataset] = []
    names: dict[str, int] = {}
    for path in paths:
        count = names[path.stem] = names.get(path.stem, 0) + 1
        name = path.stem if count == 1 else f"{path.stem}~{count}"
        datasets.append(read_dataset(path, name=name, strict=strict))
    return datasets


def read_dataset(path: Path, *, name: str | None = None, strict: bool = False) -> Dataset:
    """Read one file; see :func:`read_datasets`."""
    data = _read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UndecodableSource(f"{path}: line {line} is not UTF-8; convert the file") from error
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise EmptySource(f"{path}: the file is empty")
    reading = _Reading(path, strict=strict)
    whole = _as_one_object(text)
    if whole is not None and "data" in whole:
        kind: Format = "squad"
        reading.read_squad(whole)
    else:
        kind = reading.read_lines(text)
    if not reading.items:
        first = f"; {reading.bad[0].where}: {reading.bad[0].why}" if reading.bad else ""
        raise MalformedSource(f"{path}: no usable case{first}")
    return Dataset(
        name=name or path.stem,
        path=str(path),
        format=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        items=tuple(reading.items),
        documents=tuple(reading.documents.values()),
        bad_lines=tuple(reading.bad),
        blank_lines=reading.blank,
        notes=tuple(f"field {name!r} is not read" for name in sorted(reading.unread)),
    )


class _Reading:
    """The state of reading one file."""

    def __init__(self, path: Path, *, strict: bool) -> None:
        self.path = path
        self.strict = strict
        self.items: list[Item] = []
        self.documents: dict[str, Document] = {}
        self.bad: list[BadLine] = []
        self.blank = 0
        self.unread: set[str] = set()
        self._ids: dict[str, str] = {}

    def reject(self, where: str, why: str) -> None:
        if self.strict:
            raise MalformedSource(f"{self.path}: {where}: {why} (--strict)")
        self.bad.append(BadLine(where, why))

    def accept(self, where: str, item: Item, documents: Iterable[Document]) -> None:
        if item.id in self._ids:
            self.reject(where, f"id {item.id!r} was used at {self._ids[item.id]}")
            return
        self._ids[item.id] = where
        self.items.append(item)
        self.documents.update((document.id, document) for document in documents)

    def read_squad(self, whole: dict[str, Any]) -> None:
        for where, found in squad_items(whole):
            if isinstance(found, BadRecordError):
                self.reject(where, str(found))
            else:
                # Paragraphs without questions are still candidates in retrieval.
                if found.item is None:
                    self.documents.update((d.id, d) for d in found.documents)
                else:
                    self.accept(where, found.item, found.documents)

    def read_lines(self, text: str) -> Format:
        settled: Format | None = None
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                self.blank += 1
                continue
            where = f"line {number}"
            try:
                record = _as_object(line)
                found = _format_of(record)
                if settled is not None and found != settled:
                    raise BadRecordError(f"a {found} record in a {settled} file")
                item, documents = _LINE_FORMATS[found](record, self.path.name)
            except BadRecordError as error:
                self.reject(where, str(error))
                continue
            settled = found
            if found == "geungeo":
                self.unread |= unread_fields(record)
            if found == "drafts":
                self.unread |= unread_draft_fields(record)
            self.accept(where, item, documents)
        self.blank -= text.endswith("\n")
        if settled is None:
            self._explain_unknown(text)
        return settled

    def _explain_unknown(self, text: str) -> NoReturn:
        first = self.bad[0]
        if text.lstrip().startswith("{"):
            first = _where_json_breaks(text) or first
        raise MalformedSource(
            f"{self.path}: no line is a record of a known format (geungeo JSONL, "
            f"KorQuAD/SQuAD JSON, NoMIRACL JSONL); {first.where}: {first.why}"
        )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"no such data set: {path}") from error
    except OSError as error:
        raise UsageError(f"cannot read data set {path}: {error.strerror}") from error


def _format_of(record: dict[str, Any]) -> Format:
    if "prompt" in record and ("query_id" in record or "docids" in record):
        return "nomiracl"
    if "kind" in record:
        return "geungeo"
    if "claims" in record and "text" in record:
        return "drafts"
    raise BadRecordError("neither a geungeo record (no 'kind') nor a NoMIRACL one (no 'prompt')")


def _as_one_object(text: str) -> dict[str, Any] | None:
    """Parse the whole text as one JSON object; return None if it is not one."""
    try:
        value = _loads(text)
    except BadRecordError:
        return None
    return value if isinstance(value, dict) else None


def _where_json_breaks(text: str) -> BadLine | None:
    """Return the position of the first JSON error in a file that begins as one JSON object."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return BadLine(
            f"line {error.lineno}", f"not valid JSON at column {error.colno}: {error.msg}"
        )
    except (ValueError, RecursionError):
        pass
    return None


def _as_object(line: str) -> dict[str, Any]:
    value = _loads(line)
    if not isinstance(value, dict):
        raise BadRecordError(f"a JSON object is expected, not {type(value).__name__}")
    return value


def _loads(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadRecordError(f"not valid JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise BadRecordError("nested too deeply") from error
    except ValueError as error:
        raise BadRecordError(str(error)) from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadRecordError(f"{name} is not JSON")
