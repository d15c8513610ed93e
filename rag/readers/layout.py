"""Layout of plain lines: paragraphs wrapped by hand, and rows of aligned tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SENTENCE_END = re.compile(r"[.!?…。]['\"’”」』)\]]*$")
_ITEM = re.compile(
    r"^(?:[-–—•·*▶▷►■□◆◇○●◎▲△▼▽◀◁※]|[①-⑳]|\d{1,2}[.)]\s|[QA문답]\s*[.:)]|[^\s:：]{1,12}\s?[:：]\s)"
)
_COLUMNS = re.compile(r"\t+|\s{2,}")
_RULE = re.compile(r"^[\s|+:=\-–—]+$")
# The narrowest column in which texts are wrapped, in character cells (Hangul fills two).
_NARROWEST = 24
_NARROWEST_PAIR = 34  # of two lines, which can also be a heading and a sentence
_RAGGED = 0.65  # least width of a wrapped line, of the widest


def width(line: str) -> int:
    """Return the number of character cells that ``line`` fills."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def is_wrapped(lines: Sequence[str]) -> bool:
    """Whether ``lines`` are one paragraph broken at a margin, not lines of their own.

    All lines but the last fill nearly the same width, most of them end within a sentence, and
    none looks like an item of a list, a turn of a conversation or a row of a table.
    """
    if len(lines) < 2 or len(lines) > _MOST_LINES * 5:
        return False
    measured = [_measure(line) for line in lines]
    if any(own for _, _, own in measured):
        return False
    widths = [cells for cells, _, _ in measured[:-1]]
    ended = sum(ends for _, ends, _ in measured[:-1])
    return _fits(len(lines), max(widths), min(widths), ended, measured[-1])


def continues(line: str, following: str) -> bool:
    """Whether ``line`` ends within a sentence that goes on in the line after it.

    It ends with a comma, or with a particle or an ending after which no Korean sentence and
    hardly a headline ends.
    """
    if _ITEM.match(line) or _ITEM.match(following) or len(line) > _MOST_CONTINUED:
        return False
    return _WITHIN.search(line) is not None


# 은 of 은행 or 을 of 마을 are no particles, but these words do not end in front of a break.
_WITHIN = re.compile(
    r"[가-힣\d\w’”\"')],$|(?:는|를|에는|에서|에게|까지는|(?<![마가노])을|(?<![기지])은|지만|는데|면서"
    r"|(?:라|다)며|(?:다|라|자)고|려고|더라도|더니|(?<![라냉화방측표도장정반이지전후양가단수국])면|(?:연결|위치|포함)?돼|하여|해서|아서|어서|여서)$"
)
_MOST_CONTINUED = 60  # characters of a line that a hand broke


def _fits(
    count: int, widest: int, narrowest: int, ended: int, last: tuple[int, bool, bool]
) -> bool:
    """Whether ``count`` lines are wrapped; ``ended`` of all but the last end a sentence."""
    if widest < _NARROWEST or last[0] > widest * 1.1:
        return False
    if count == 2:
        return not ended and last[1] and widest >= _NARROWEST_PAIR
    return narrowest >= widest * _RAGGED and ended <= (count - 1) * 0.4


def columns(line: str) -> list[str]:
    """Return the cells of a line aligned by tabs, several spaces or ``|``."""
    bare = line.strip()
    if "|" in bare:
        inner = bare.removeprefix("|").removesuffix("|")
        parts = inner.split("|") if inner.strip("| ") else []
        return [cell or _EMPTY for part in parts for cell in _COLUMNS.split(part.strip())]
    return [cell for cell in _COLUMNS.split(bare) if cell]


def is_rule(line: str) -> bool:
    """Whether ``line`` only draws a line."""
    return _RULE.match(line) is not None and len(line.strip()) >= 3


def table_lines(lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that are rows of an aligned table."""
    found: set[int] = set()
    run: list[int] = []
    for number, line in enumerate([*lines, ""]):
        cells = columns(line)
        fits = run and abs(len(cells) - len(columns(lines[run[0]]))) <= 1
        if (len(cells) >= 2 and (not run or fits)) or (run and is_rule(line)):
            run.append(number)
            continue
        if _is_table([lines[one] for one in run]):
            found.update(run)
        run = [number] if len(cells) >= 2 else []
    return found


def _is_table(rows: Sequence[str]) -> bool:
    rows = [row for row in rows if not is_rule(row)]
    if len(rows) < 2:
        return False
    widest = max(len(columns(row)) for row in rows)
    with_digits = sum(any(char.isdigit() for char in row) for row in rows)
    return widest >= 3 or with_digits >= len(rows) - 1


def paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return ``[first, last)`` of each paragraph in ``lines``, which no blank line separates.

    Lines wrapped at a margin form one; a short line that ends a sentence ends it.
    """
    found: list[tuple[int, int]] = []
    start = 0
    measured = [_measure(line) for line in lines]
    while start < len(lines):
        end = _end_of_paragraph(lines, measured, start)
        found.append((start, end))
        start = end
    return found


def _measure(line: str) -> tuple[int, bool, bool]:
    """Return the width of a line, whether it ends a sentence, and whether it is on its own."""
    short = line[:_LONGEST]
    own = _ITEM.match(short) is not None or len(columns(short)) > 1 or len(line) > _LONGEST
    return width(short), _SENTENCE_END.search(line[-10:]) is not None, own


def _end_of_paragraph(
    lines: Sequence[str], measured: Sequence[tuple[int, bool, bool]], start: int
) -> int:
    end = start + 1
    widest, narrowest, ended, ended_at = 0, 1 << 30, 0, 1 << 30
    for last in range(start + 1, min(len(lines), start + _MOST_LINES)):
        cells, ends, own = measured[last - 1]
        if own or measured[last][2] or cells < _NARROWEST * _RAGGED:
            break
        widest, narrowest = max(widest, cells), min(narrowest, cells)
        ended += ends
        ended_at = min(ended_at, cells) if ends else ended_at
        # A sentence's end well before the margin ends the paragraph.
        if narrowest < widest * _RAGGED or ended_at < widest * 0.8:
            break
        if _fits(last - start + 1, widest, narrowest, ended, measured[last]):
            end = last + 1
    return end


_MOST_LINES = 80
_LONGEST = 400  # characters of a line that can be one of a wrapped paragraph


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of data in a table: its cells and the names of their columns.

    ``header`` is where the first row of names begins in the text, ``first`` where the first row
    of data begins. ``label`` is the number of the cell that says what the row is about.
    """

    cells: tuple[str, ...]
    names: tuple[str, ...]
    header: int
    first: int
    label: int

    def as_sentence(self) -> str:
        """Return the cells with the names of their columns: ``달빛구 인구 8,150명이다.``."""
        subject = self.cells[self.label]
        if self.label:  # a rank or a number comes before the name
            subject = f"{subject} {self.names[self.label]}"
        named = (
            _named(name, cell)
            for number, (name, cell) in enumerate(zip(self.names, self.cells, strict=True))
            if number != self.label
        )
        return f"{subject} {', '.join(named)}이다."


def table_row(text: str, start: int, end: int) -> TableRow | None:
    """Return the row of a table at ``[start, end)`` of ``text``; ``None`` if it has no names."""
    row = columns(text[start:end])
    if len(row) < 2 or "\n" in text[start:end]:
        return None
    above = [(start, row)]
    for at, cells in _rows_above(text, start):
        if len(cells) != len(row):
            break
        above.insert(0, (at, cells))
    rows = [cells for _, cells in above]
    below = [cells for cells in _rows_below(text, end) if len(cells) == len(row)]
    count = _header_rows([*rows, *below[:1]])
    if len(rows) <= count:
        return None
    names = _names(rows[:count])
    if any(map(_is_like, rows[count - 1][1:], row[1:])):
        return None
    if len(row) == 2 and not _is_column([*rows[count:], *below]):
        names = [names[0], ""]  # a list of facts, whose first row is one too
    label = 0
    if not _LETTER.search(row[0]):
        label = next((at for at, cell in enumerate(row) if _is_name(cell)), 0)
    return TableRow(tuple(row), tuple(names), above[0][0], above[count][0], label)


def named_cells(text: str, start: int, end: int) -> str:
    """Return the cells of a table's row with the names of their columns; empty if it is none.

    ``[start, end)`` are the characters of the row in ``text``. The names are in the first rows of
    the table: ``달빛구 | 8,150`` under ``구 | 인구(명)`` gives ``달빛구 인구 8,150명이다.``, since
    the models that read it were trained on sentences.
    """
    row = table_row(text, start, end)
    return row.as_sentence() if row else ""


def _rows_above(text: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield where the rows right above ``start`` begin, and their cells, the nearest first."""
    blank = False
    at = start
    for line in reversed(text[max(0, start - _MOST_TABLE) : start].split("\n")[:-1]):
        at -= len(line) + 1
        cells = columns(line)
        if is_rule(line):
            continue
        if not cells:
            if blank:
                return
            blank = True  # one blank line separates rows that were blocks of their own
            continue
        blank = False
        yield at + len(line) - len(line.lstrip()), cells


def _rows_below(text: str, end: int) -> list[list[str]]:
    found: list[list[str]] = []
    for line in text[end : end + _MOST_TABLE].split("\n")[1:]:
        cells = columns(line)
        if len(cells) >= 2 and not is_rule(line):
            found.append(cells)
        elif cells:
            break
    return found


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    """Return how many of the first rows name the columns: more than one below a spanning name."""
    count = 1
    while count < min(len(rows) - 1, _MOST_NAMES):
        upper, lower = rows[count - 1], rows[count]
        spans = any(one == other or other == _EMPTY for one, other in pairwise(upper[1:]))
        same_label = lower[0] in {upper[0], _EMPTY} or upper[0] == _EMPTY
        if not (spans and same_label) or any(map(_is_data, lower[1:])):
            break
        count += 1
    return count


def _names(header: Sequence[Sequence[str]]) -> list[str]:
    """Return the name of each column; a name over several columns comes before their own."""
    found: list[list[str]] = [[] for _ in header[0]]
    for number, row in enumerate(header):
        last = ""
        for column, cell in enumerate(row):
            # Formats without cells over several columns leave the others empty.
            over = number < len(header) - 1 and column > 0
            name = last if cell == _EMPTY and over else cell
            last = name
            if name not in {"", _EMPTY, *found[column]}:
                found[column].append(name)
    return [" ".join(parts) for parts in found]


def _is_column(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second cells of rows are values of one kind, such as amounts of one unit."""
    kinds = {_shape(row[1]) for row in rows if len(row) == 2 and row[1] != _EMPTY}
    return len(kinds) == 1 and any("0" in kind for kind in kinds)


def _is_data(cell: str) -> bool:
    return any(char.isdigit() for char in cell) and not _PERIOD.match(cell)


def _is_like(name: str, cell: str) -> bool:
    """Whether what would be a name is a value like the one below it."""
    return _is_data(name) and _shape(name) == _shape(cell)


def _is_name(cell: str) -> bool:
    return _LETTER.search(cell) is not None and not any(char.isdigit() for char in cell)


def _shape(cell: str) -> str:
    """Return a cell with 0 for its numbers, so that values of one kind are the same."""
    return re.sub(r"[+\-±△▲▼]?\s*\d[\d,.]*", "0", cell)


def _named(name: str, cell: str) -> str:
    """Return a cell with its name: an amount with the unit that the name has, a time in words."""
    if unit := _UNIT.search(name):
        name = " ".join(_UNIT.sub(" ", name).split())
        if _NUMBER.fullmatch(cell):
            cell += unit["unit"].strip()
    if clock := _CLOCK.fullmatch(cell):
        cell = f"{int(clock['hour'])}시" + (
            f" {int(clock['minute'])}분" if int(clock["minute"]) else ""
        )
    return f"{name} {cell}".strip()


_EMPTY = "-"
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"[+\-±△▲▼]?\s*\d[\d,.]*")
_UNIT = re.compile(r"\s*[(\[]\s*(?:단위\s*[:：]?\s*)?(?P<unit>[^()\[\]\d]{1,8})[)\]]")
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)")
_PERIOD = re.compile(r"(?:(?:19|20)\d\d년?(?:\s?\d{1,2}월)?|\d{1,2}월|\d분기|\d학년)$")
_MOST_TABLE = 20_000
_MOST_NAMES = 3  # rows of names
