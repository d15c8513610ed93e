"""Reader of tables of articles: CSV, TSV and spreadsheets, one article a row.

The first row names the columns. A mapping of the user's own names the columns of the fields;
otherwise the usual names are recognised (:mod:`geungeo.rag.readers.records`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from geungeo.rag.errors import EmptySource, MalformedSource, SourceError, UnsupportedSource
from geungeo.rag.readers.archive import checked_archive, needs_extra
from geungeo.rag.readers.draft import Reading, Records
from geungeo.rag.readers.records import draft_of, known_field

_MOST_CELL = 2_000_000  # characters
_MOST_COLUMNS = 1_000
_MOST_REREAD = 20  # times the length of a file that is read again after faults

Row = tuple[str, Sequence[object]]
"""The place of a row (``export.csv:2``) and its cells."""


def read_csv(text: str, source: str, columns: Mapping[str, str] | None = None) -> Reading:
    """Read the articles of a CSV or TSV file; the separator is found in its first line.

    Raises:
        MalformedSource: no row is an article, or no column holds the text.
    """
    text = text.removeprefix("\ufeff")
    return _read(_csv_rows(text, _separator(text), source), source, columns)


def _separator(text: str) -> str:
    head = text.lstrip("\n").partition("\n")[0]
    return max(",\t;|", key=head.count) if any(one in head for one in ",\t;|") else ","


def _csv_rows(text: str, separator: str, source: str) -> Iterator[Row | MalformedSource]:
    """Yield each row with its place, and an error for each that is no CSV.

    A quotation mark that nothing closes takes in the rows after it. Reading goes on at the line
    after it; lines without the number of cells of the first row are the rest of the faulty one.
    """
    lines = list(io.StringIO(text, newline=""))
    previous = csv.field_size_limit(max(len(text), 1))
    try:
        at, expected, left = 0, 0, _MOST_REREAD * len(text)
        is_whole = True  # whether the row before was one
        while at < len(lines):
            following = (lines[number] for number in range(at, len(lines)))
            reader = csv.reader(following, delimiter=separator, strict=True)
            read = 0
            while True:
                place = f"{source}:{at + read + 1}"
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    left -= sum(map(len, lines[at + read : at + reader.line_num]))
                    problem = str(error)
                    break
                if row is None:
                    return
                spans_lines = reader.line_num - read > 1
                if spans_lines and expected and len(row) != expected:
                    left -= sum(map(len, lines[at + read : at + reader.line_num]))
                    problem = f"{len(row)} cells instead of {expected}"
                    break
                read = reader.line_num
                is_whole = is_whole or len(row) == expected
                if not is_whole:
                    continue
                expected = expected or len(row)
                if (size := max(map(len, row), default=0)) > _MOST_CELL:
                    yield MalformedSource(
                        f"{place}: a cell of {size:,} characters is over the limit of "
                        f"{_MOST_CELL:,}; the row was left out: read its article from a text file"
                    )
                elif any(cell.strip() for cell in row[expected:]):
                    yield MalformedSource(
                        f"{place}: {len(row)} cells for {expected} columns; the row was left out: "
                        "put a text that contains the separator in quotation marks"
                    )
                else:
                    yield place, row
            if is_whole or lines[at + read].count(separator) + 1 == expected:
                yield MalformedSource(
                    f"{place}: not valid CSV ({problem}); the row was left out: close its "
                    "quotation mark, and double those within a text"
                )
            if left < 0:
                yield MalformedSource(
                    f"{place}: too many rows are no CSV; the rest of the file was not read"
                )
                return
            at, is_whole = at + read + 1, False
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
        value = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _read(
    rows: Iterable[Row | MalformedSource],
    source: str,
    columns: Mapping[str, str] | None,
) -> Reading:
    records = Records()
    names: list[str] | None = None
    chosen: dict[str, str] = {}
    for one in rows:
        if isinstance(one, MalformedSource):
            records.fail(one)
            continue
        place, row = one
        cells = tuple(str(cell).strip() for cell in row[:_MOST_COLUMNS])
        if not any(cells):
            continue
        if names is None:
            names = list(cells)
            chosen = _columns(names, source, columns)
            continue
        record = dict(zip(names, cells, strict=False))
        records.add(cells, partial(draft_of, record, place, chosen))
    what = "contains no rows" if names is None else "has no row of data"
    return records.reading(f"{source}: the table {what}")


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
