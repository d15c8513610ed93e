"""Check that the documents name only existing things, and count unrun blocks by reason."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest

from geungeo.rag.settings import Settings, load
from geungeo.server.cli import cli
from tests.docs.pages import BLOCKS, DOCUMENTS, ROOT, RUNNABLE, Block, name_of

NOT_RUN = {
    "installs packages": 4,
    "makes an environment": 6,
    "needs Docker": 7,
    "needs a Slack workspace": 1,
    "needs an LLM": 10,
    "needs a file of yours": 1,
    "needs an id of yours": 1,
    "needs another package": 11,
    "needs data that is not shipped": 1,
    "needs root and systemd": 2,
    "needs the internet": 5,
    "takes minutes": 1,
}
LINK = re.compile(r"\]\(((?!https?://)[^)#\s]*)(#[^)\s]+)?\)")
FENCE = re.compile(r"```.*?```", re.DOTALL)
# A plug-in's pyproject.toml is the other kind of TOML.
SETTINGS_FILES = [b for b in BLOCKS if b.language == "toml" and "[project" not in b.text]
DOCUMENT = pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)


def test_unrun_blocks_are_counted() -> None:
    assert Counter(block.reason for block in BLOCKS if block.reason) == NOT_RUN


def test_only_runnable_blocks_have_a_reason() -> None:
    excused = [block.where for block in BLOCKS if block.reason and block.language not in RUNNABLE]
    assert excused == []


def test_generated_parts_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    generate = runpy.run_path(str(ROOT / "docs/generate.py"))
    assert generate["main"](["--check"]) == 0, capsys.readouterr().err


@DOCUMENT
def test_every_command_option_and_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    spans = re.findall(r"`((?:geungeo|make) [^`]+)`", FENCE.sub("", page.read_text("utf-8")))
    lines = [line for block in BLOCKS if block.page == page for line in commands(block)]
    for line in (*lines, *spans):
        words = shlex.split(line.replace("…", ""), comments=True)
        if words[0] == "make":
            assert words[1].startswith("campaign") or words[1] in targets, line
        else:
            check_options(words[1:], line)


def commands(block: Block) -> list[str]:
    """Return the lines of a block that call geungeo or make, from the program's name on."""
    if block.language == "python":
        return []
    calls = (
        re.match(r"(?:\$ )?(?:\w+=\S+ )*(?:\S*/)?((?:geungeo|make) [^|&;<>)$]+)", line)
        for line in block.text.replace("\\\n", " ").splitlines()
    )
    return [call[1] for call in calls if call]


def check_options(words: list[str], line: str) -> None:
    """Follow the words of a command line through the commands, and look up its options."""
    command: click.Command = cli
    options: set[str] = set()
    for word in words:
        inner = None
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z-]+", word):
            inner = command.get_command(click.Context(command), word)
            assert inner is not None, f"no command {word!r}: {line}"
            command = inner
        options |= {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        if word.startswith("-") and word not in ("-h", "--help"):
            assert word.partition("=")[0] in options, f"no option {word!r}: {line}"


@DOCUMENT
def test_named_settings_exist(page: Path) -> None:
    named = re.findall(r"(?<!_)GEUNGEO_([A-Z][A-Z_]+[A-Z])", page.read_text("utf-8"))
    assert {name.lower() for name in named} - {"name"} <= set(Settings.model_fields)


@pytest.mark.parametrize("block", SETTINGS_FILES, ids=lambda block: block.where)
def test_every_settings_file_can_be_loaded(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "geungeo.toml"
    file.write_text(block.text, "utf-8")
    load(file)


@DOCUMENT
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor:
            assert anchor[1:] in anchors(file), f"{target}{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = "".join(p.read_text("utf-8") for p in (tmp_path / "site").rglob("*.html"))
    fetched = re.findall(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?))"', pages)
    assert fetched == [], "the site fetches from elsewhere"
