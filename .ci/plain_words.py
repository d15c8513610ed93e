"""Check that docstrings, comments and help texts use plain words."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKED = (".ci", "docs", "eval", "geungeo", "index", "rag", "seeds", "server", "tests")
# Folders that do not pass yet. Remove an entry when its folder does.
OPEN: tuple[str, ...] = ()

# A docstring says what a function does: it starts with a verb, that of a class with a noun.
RIDDLE = re.compile(r"(?:What|Who|Whoever|Whom|Whose|Where|How)\b")
WORDS = re.compile(
    r"\b(?:anew|befalls?|befell|besides|fares|mend(?:s|ed|ing)?|nobody|ours|rests|somebody"
    r"|stands(?! for\b)|stood|tells?|theirs|told"
    r"|(?<!anything )(?<!everything )(?<!nothing )(?<!something )else)\b",
    re.IGNORECASE,
)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def problems(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the description of each problem in ``source``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            line = node.body[0].lineno
            if found := RIDDLE.match(text):
                yield line, f"docstring begins with {found[0]!r}; begin with a verb or a noun"
            yield from _words(line, re.sub(r"``.*?``", "", text, flags=re.DOTALL))
        elif isinstance(node, ast.keyword) and node.arg == "help":
            # Not a constant string: nothing to read.
            value = node.value.value if isinstance(node.value, ast.Constant) else ""
            yield from _words(node.value.lineno, str(value))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from _words(token.start[0], re.sub(r"`.*?`", "", token.string))


def _words(line: int, text: str) -> Iterator[tuple[int, str]]:
    for offset, one in enumerate(text.splitlines()):
        for found in WORDS.finditer(one):
            yield line + offset, f"{found[0]!r} is not a plain word: {one.strip()}"


def main() -> int:
    """Print every problem; return 1 if there is one."""
    failed = False
    for folder in CHECKED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(tuple(f"{one}/" for one in OPEN)):
                continue
            for line, problem in sorted(set(problems(path.read_text("utf-8")))):
                print(f"{name}:{line}: {problem}")  # noqa: T201 - the output of the check
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
