"""Reader of tables of articles: CSV, TSV and spreadsheets, one article a row.

The first row names the columns. A mapping of the user's own names the columns of the fields;
otherwise the usual names are recognised (:mod:`geungeo.rag.readers.records`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from geungeo.rag.article import Draft
from geungeo.rag.errors import EmptySource, MalformedSource, SourceError, UnsupportedSource
from geungeo.rag.readers.archive import checked_archive, needs_extra
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.records import draft_of, known_field

_MOST_CELL = 2_000_000  # characters
_MOST_COLUMNS = 1_000


def read_csv(text: str, source: str, columns: Mapping[str, str] | None = None) -> Reading:
    """Read the articles of a CSV or TSV file; the separator is found in its first line.

    Raises:
        MalformedSource: no row is an article, or no column holds the text.
    """
    text = text.removeprefix("\ufeff")
    separator = _separator(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    return _read(_numbered(rows, source), source, columns)


def _separator(text: str) -> str:
    head = text.lstrip("\n").partition("\n")[0]
    return max(",\t;|", key=head.count) if any(one in head for one in ",\t;|") else ","


def _numbered(rows: Iterable[list[str]], source: str) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield each row with its place; a row that is no CSV ends the file with an error."""
    reader = iter(rows)
    previous = csv.field_size_limit(_MOST_CELL)
    try:
        while True:
            line = getattr(reader, "line_num", 0) + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise MalformedSource(
                    f"{source}:{line}: not valid CSV ({error}); the rest of the file was not read"
                ) from error
            yield f"{source}:{line}", row
    finally:
        csv.field_size_limit(previous)


def read_xlsx(data: bytes, source: str, columns: Mapping[str, str] | None = None) -> Reading:
    """Read the articles of the first sheet of an Excel workbook that has some.

    Raises:
        UnsupportedSource: the workbook is damaged, encrypted or too large.
        MalformedSource: no row is an article, or no column holds the text.
    """
    checked_archive(data, source).close()
    try:
        import openpyxl
    except ImportError as error:
        raise needs_extra(source, ".xlsx") from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:
        raise UnsupportedSource(
            f"{source}: this workbook cannot be opened ({type(error).__name__}); "
            "save it again as .xlsx or .csv"
        ) from error
    failure: SourceError | None = None
    try:
        for sheet in book.worksheets:
            rows = (
                (f"{source}:{number}", [_cell(value) for value in row])
                for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
            )
            try:
                return _read(rows, source, columns)
            except SourceError as error:
                failure = failure or error
    finally:
        book.close()
    raise failure or EmptySource(f"{source}: the workbook contains no rows")


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _read(
    rows: Iterable[tuple[str, Sequence[object]]],
    source: str,
    columns: Mapping[str, str] | None,
) -> Reading:
    drafts: list[Draft] = []
    failures: list[SourceError] = []
    seen: set[tuple[str, ...]] = set()
    skipped = 0
    names: list[str] | None = None
    chosen: dict[str, str] = {}
    try:
        for place, row in rows:
            cells = tuple(str(cell).strip() for cell in row[:_MOST_COLUMNS])
            if not any(cells):
                continue
            if names is None:
                names = list(cells)
                chosen = _columns(names, source, columns)
                continue
            if cells in seen:
                skipped += 1
                continue
            seen.add(cells)
            try:
                record = dict(zip(names, cells, strict=False))
                drafts.append(draft_of(record, place, chosen))
            except SourceError as error:
                failures.append(error)
    except MalformedSource as error:
        if names is None or not drafts:
            raise
        failures.append(error)
    if names is None:
        raise EmptySource(f"{source}: the table contains no rows")
    if not drafts:
        raise failures[0] if failures else EmptySource(f"{source}: the table has no row of data")
    return Reading(tuple(drafts), tuple(failures), skipped)


def _columns(
    names: Sequence[str], source: str, columns: Mapping[str, str] | None
) -> dict[str, str]:
    """Return the column of each field; raise ``MalformedSource`` without one for the text."""
    chosen = dict(columns or {})
    if missing := [name for name in chosen.values() if name not in names]:
        raise MalformedSource(
            f"{source}: there is no column {missing[0]!r}; the columns are {', '.join(names)}"
        )
    known = {field for name in names if (field := known_field(name))} | set(chosen)
    if "text" not in known:
        raise MalformedSource(
            f"{source}: no column holds the text; the columns are {', '.join(names[:20])}: "
            "name it with --map text=COLUMN"
        )
    return chosen
