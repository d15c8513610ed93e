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
    if not names or any(name[:1].isdigit() and not _PERIOD.match(name) for name in names[1:]):
        return ""
    named = (f"{name} {cell}" for name, cell in zip(names[1:], row[1:], strict=True))
    return f"{row[0]} {', '.join(named)}이다."


_PERIOD = re.compile(r"(?:(?:19|20)\d\d년?(?:\s?\d{1,2}월)?|\d{1,2}월|\d분기|\d학년)$")
_MOST_TABLE = 20_000
