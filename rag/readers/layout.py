"""Layout of plain lines: paragraphs wrapped by hand, and rows of aligned tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SENTENCE_END = re.compile(r"[.!?…。]['\"’”」』)\]]*$")
_ITEM = re.compile(
    r"^(?:[-–—•·*▶▷►■□◆◇○●◎▲△▼▽◀◁※]|[①-⑳]|\d{1,2}[.)]\s|[QA문답]\s*[.:)]|[^\s:：]{1,12}\s?[:：]\s)"
)
_COLUMNS = re.compile(r"\t+|\s{2,}|\s*\|\s*")
_RULE = re.compile(r"^[\s|+:=\-–—]+$")
# The narrowest column in which texts are wrapped, in character cells (Hangul fills two).
_NARROWEST = 24


def width(line: str) -> int:
    """Return the number of character cells that ``line`` fills."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def is_wrapped(lines: Sequence[str]) -> bool:
    """Whether ``lines`` are one paragraph broken at a margin, not lines of their own.

    All lines but the last fill nearly the same width, most of them end within a sentence, and
    none looks like an item of a list, a turn of a conversation or a row of a table.
    """
    if len(lines) < 2:
        return False
    inner, last = lines[:-1], lines[-1]
    widths = [width(line) for line in inner]
    widest = max(widths)
    if widest < _NARROWEST or width(last) > widest * 1.1:
        return False
    if min(widths) < widest * (0.65 if len(lines) > 2 else 1.0):
        return False
    if any(_ITEM.match(line) for line in lines) or any(len(columns(line)) > 1 for line in lines):
        return False
    ended = sum(_SENTENCE_END.search(line) is not None for line in inner)
    if len(lines) == 2:
        return not ended and _SENTENCE_END.search(last) is not None and widest >= 34
    return ended <= len(inner) * 0.4


def columns(line: str) -> list[str]:
    """Return the cells of a line aligned by tabs, several spaces or ``|``."""
    return [cell for cell in _COLUMNS.split(line.strip().strip("|").strip()) if cell]


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
    while start < len(lines):
        end = start + 1
        for candidate in range(len(lines), start + 1, -1):
            if (
                candidate - start <= _MOST_LINES
                and is_wrapped(lines[start:candidate])
                and not _has_end(lines[start : candidate - 1])
            ):
                end = candidate
                break
        found.append((start, end))
        start = end
    return found


_MOST_LINES = 80


def _has_end(lines: Sequence[str]) -> bool:
    """Whether a line before the last ends a paragraph: a sentence's end well before the margin."""
    widest = max(map(width, lines), default=0)
    return any(_SENTENCE_END.search(line) and width(line) < widest * 0.8 for line in lines)


def named_cells(text: str, start: int, end: int) -> str:
    """Return the cells of a table's row with the names of their columns; empty if it is none.

    ``[start, end)`` are the characters of the row in ``text``. The names are in the first row of
    the table: ``달빛구 | 8,150`` under ``구 | 인구`` gives ``달빛구 인구 8,150이다.``, since the
    models that read it were trained on sentences.
    """
    row = columns(text[start:end])
    if len(row) < 2 or "\n" in text[start:end]:
        return ""
    names: list[str] = []
    blank = False
    for line in reversed(text[max(0, start - _MOST_TABLE) : start].split("\n")[:-1]):
        cells = columns(line)
        if not cells and not blank:
            blank = True  # one blank line separates rows that were blocks of their own
            continue
        if len(cells) != len(row) and not is_rule(line):
            break
        blank = False
        names = names if is_rule(line) else cells
    if not names or any(name[:1].isdigit() for name in names[1:]):
        return ""
    named = (f"{name} {cell}" for name, cell in zip(names[1:], row[1:], strict=True))
    return f"{row[0]} {', '.join(named)}이다."


_MOST_TABLE = 20_000
