"""Parse the fenced blocks of the documents, and the reasons why some are not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "README.ko.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
SHELLS = ("sh", "bash")
# Pages whose Python blocks are one session, run by test_python.py.
SESSIONS = (ROOT / "docs/python.md",)
RUNNABLE = (*SHELLS, "console", "python")
# Commands that measure for minutes, or need data that is not shipped, are tested with smaller
# cases in tests/eval; here only their options are checked.
MEASURES = re.compile(r"(\$ )?(geungeo bench |python -m geungeo\.eval\.training )")

_MARKER = re.compile(r"<!-- not run: (.+?) -->\s*")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``reason`` is why it is not run, if so."""

    page: Path
    line: int
    language: str
    text: str
    reason: str | None

    @property
    def where(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in RUNNABLE and self.reason is None and not self.measures

    @property
    def measures(self) -> bool:
        return bool(self.commands) and all(MEASURES.match(line) for line in self.commands)

    @property
    def commands(self) -> list[str]:
        """Command lines, continued ones joined, without console output."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line.strip() and not line.startswith((" ", "#"))]

    @property
    def dialogue(self) -> Iterator[tuple[str, str]]:
        """Commands of a console block, each with the documented output."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a document, in order."""
    found = []
    marker: re.Match[str] | None = None
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "html_block":
            marker = _MARKER.fullmatch(token.content.strip())
            continue
        if token.type == "fence":
            line = token.map[0] + 1 if token.map else 0
            reason = marker[1] if marker else None
            found.append(Block(page, line, token.info.strip(), token.content, reason))
        marker = None
    return found


BLOCKS = [block for page in DOCUMENTS for block in blocks_of(page)]
PAGES_THAT_RUN = [
    page
    for page in DOCUMENTS
    if page not in SESSIONS and any(b.runs for b in BLOCKS if b.page == page)
]
