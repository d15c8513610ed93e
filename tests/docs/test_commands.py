"""Run every command in the documents, page by page, in a shell.

Each page gets a folder with a few articles, a seeded store, and a server if the page calls one. A
block that cannot run here has a comment with the reason directly above it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geungeo.index.workspace import Workspace
from geungeo.server.cli.output import render_answer
from tests.docs.pages import BLOCKS, PAGES_THAT_RUN, ROOT, Block, name_of
from tests.support.processes import start, stop

SERVER = re.compile(r"\b(?:localhost|127\.0\.0\.1):8000\b")
HOOK_SECRET = "a secret of these tests"
SECONDS = 900

HARBOR = (
    "묵호항에 등대 새로 서\n\n2025-05-02     이등대 기자\n\n"
    "강원도는 묵호항에 등대를 새로 세웠다고 2일 밝혔다.\n"
)
STORY = (
    "<html><head><title>제주 감귤 수확 시작</title></head><body><article>"
    "<h1>제주 감귤 수확 시작</h1>"
    "<p>제주도는 올해 감귤 수확이 10월 2일 시작됐다고 밝혔다. 수확량은 45만 톤으로 예상된다.</p>"
    "</article></body></html>"
)
WIRE = '{"title": "서울 지하철 증편", "text": "서울시는 지하철을 하루 20회 늘린다고 3일 밝혔다."}\n'

# Each command of a page loads the models again, which is slow. The default run asks the
# READMEs' questions in this process.
PAGES = [pytest.param(page, id=name_of(page), marks=pytest.mark.slow) for page in PAGES_THAT_RUN]
ARTICLE_ID = re.compile(r"\b[0-9a-f]{16}\b")
ASK = re.compile(r'\.venv/bin/geungeo ask "([^"]+)"')


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_works(page: Path, workspace: Workspace, tmp_path: Path) -> None:
    blocks = [block for block in BLOCKS if block.page == page and block.runs]
    store = tmp_path / "store"
    shutil.copytree(workspace.store.folder, store)
    home = tmp_path / "home"
    for name, text in {
        "articles/lighthouse.txt": HARBOR,
        "harbor.txt": HARBOR,
        "story.html": STORY,
        "wire.jsonl": WIRE,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, "utf-8")
    programs(home / ".venv/bin")
    environment = {
        **os.environ,
        "PATH": f"{home / '.venv/bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(":")]),
        "GEUNGEO_STORE": str(store),
    }
    # For hooks.md: the shell and the server need it in their environment.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEUNGEO_HOOK_SECRET", HOOK_SECRET)
        environment["GEUNGEO_HOOK_SECRET"] = HOOK_SECRET
        with server(store, blocks) as address:
            outputs = run(blocks, home, address, environment)
    for (command, expected), shown in zip(dialogue(blocks), outputs, strict=True):
        assert same(expected, shown), f"{page.name}: {command}\n{shown}"


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_first_answers_match_documents(name: str, workspace: Workspace) -> None:
    turns = dialogue([block for block in BLOCKS if block.page == ROOT / name])
    asked = [(ASK.fullmatch(command), expected) for command, expected in turns]
    assert len(asked) == 2
    for command, expected in asked:
        assert command is not None
        shown = render_answer(workspace.ask(command[1]))
        assert same(expected, shown), shown


@contextmanager
def server(store: Path, blocks: list[Block]) -> Iterator[str]:
    """Yield the address of a server over ``store`` if any of the blocks calls one."""
    if not any(SERVER.search(block.text) for block in blocks):
        yield ""
        return
    served = start(store)
    yield served.url.removeprefix("http://")
    assert stop(served) == 0, served.log


def run(blocks: list[Block], home: Path, address: str, environment: dict[str, str]) -> list[str]:
    """Run a page's blocks in one shell; return the output of its consoles."""
    lines = ["set -euo pipefail"]
    files: list[Path] = []
    for block in blocks:
        lines.append(f"echo {shlex.quote('@@ ' + block.where)} >&2")
        if block.language == "console":
            for command, _ in block.dialogue:
                files.append(home.parent / f"shown.{len(files)}")
                lines.append(f"{{ {command}\n}} > {shlex.quote(str(files[-1]))}")
        elif block.language == "python":
            lines.append(f"python - <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK")
        else:
            lines.append(block.text)
    script = SERVER.sub(address, "\n".join(lines))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return [file.read_text("utf-8") for file in files]


def dialogue(blocks: list[Block]) -> list[tuple[str, str]]:
    return [turn for block in blocks if block.language == "console" for turn in block.dialogue]


def same(expected: str, shown: str) -> bool:
    """Whether the output is as documented, except for ids, which depend on a file's path."""
    return ARTICLE_ID.sub("ID", expected.strip()) == ARTICLE_ID.sub("ID", shown.strip())


def programs(folder: Path) -> None:
    """Write geungeo, python and curl for the shell; this curl fails on HTTP errors."""
    folder.mkdir(parents=True)
    python, curl = shlex.quote(sys.executable), shutil.which("curl")
    assert curl, "the documents call curl"
    scripts = {
        "python": f'exec {python} "$@"',
        "curl": f'exec {curl} --fail-with-body --noproxy "*" --max-time 300 "$@"',
        "geungeo": (
            'if [ "${1:-}" = serve ]; then shift; '
            f'exec {python} -m tests.docs.serve_briefly "$@"; fi; '
            f'exec {python} -m geungeo.server.cli "$@"'
        ),
    }
    for name, code in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{code}\n", "utf-8")
        (folder / name).chmod(0o755)
