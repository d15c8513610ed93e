"""Writes what the documentation takes from the code: settings.md, and the help in cli.md.

``python docs/generate.py`` writes the files, ``--check`` only lists those that are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from geungeo.rag.settings import PREFIX, LLMEndpoint, Settings
from geungeo.server.cli import cli

DOCS = Path(__file__).resolve().parent
COMMAND = "python docs/generate.py"
EXIT_OUT_OF_DATE = 1
HELP_WIDTH = 88

# A section begins with the setting that is named; their order is that of the class.
SECTIONS = {
    "store": "Store",
    "embedder": "Embedding",
    "reranker": "Reading",
    "passage_tokens": "Passages and answers",
    "max_question_chars": "Sizes",
    "fetch_timeout": "Fetching addresses",
    "conversation_days": "Conversations",
    "backend": "Backend",
    "search_concurrency": "Load",
    "public_url": "Server",
    "workers": "Operation",
    "insecure_bind": "Access",
    "slack_signing_secret": "Slack",
    "mattermost_token": "Mattermost, JANDI, webhooks",
}

SETTINGS_HEAD = f"""# Settings

<!-- Written by `{COMMAND}` from rag/settings.py; edit there. -->

Settings are read from three places; a later one wins:

1. the file `geungeo.toml` in the working directory, or the one named by `--config FILE`;
2. the environment: `{PREFIX}` and the name in capitals, so `top_k` is `{PREFIX}TOP_K`;
3. options of the command line, where a command has one.

```toml
# geungeo.toml
store = "/srv/news/store"
top_k = 6
trusted_proxies = ["127.0.0.1"]
```

An unknown name in the file is an error that suggests the nearest one; an unknown `{PREFIX}`
variable is a warning. Lists are written `a,b` in the environment, `llm_fallbacks` as JSON.
Secrets belong into the environment; they are never logged and never shown.
"""

CLI_HEAD = f"""# Command line

<!-- Written by `{COMMAND}` from the commands' own help. -->

`geungeo COMMAND [OPTIONS]`. Each command takes `--store DIR` (a folder, or
a [PostgreSQL URL](scale.md)) and `--config FILE`, before or after
its name; every [setting](settings.md) can also come from the environment.

| exit status | means |
|---|---|
| 0 | done; an abstention is an answer |
| 1 | a check failed: `doctor` found something, `eval` missed a gate, `check` a contradiction |
| 2 | bad usage or input; one line on standard error says what |
| 3 | a backend or the store is unavailable |
| 130 | interrupted |

A program that has to know whether there was an answer reads `status` and `reason` of
`geungeo ask --json`.

`--store` must name a folder with a store, since its name may be mistyped: `geungeo init` makes one,
and so do `ingest`, `feeds add` and `restore`. `ask`, `chat`, `search`, `serve` and `mcp` also make
one and fill it with the sample articles, unless a folder beside it has a similar name.

`ask` and `chat` use colours on a terminal; `NO_COLOR=1` turns them off.

## Completion

Bash, zsh and fish complete commands and options. For bash, add this line to `~/.bashrc`; for the
others, write `zsh_source` or `fish_source`, and `~/.zshrc` or `~/.config/fish/config.fish`:

```sh
eval "$(_GEUNGEO_COMPLETE=bash_source geungeo)"
```
"""


def settings_page() -> str:
    """Every setting with its values, default and meaning, section by section."""
    if unknown := SECTIONS.keys() - Settings.model_fields.keys():
        raise LookupError(f"a section begins with what is no setting: {unknown}")
    lines = [SETTINGS_HEAD.rstrip()]
    for name, row in _rows(Settings):
        if name in SECTIONS:
            lines.append(f"\n## {SECTIONS[name]}\n\n{_TABLE}")
        lines.append(row)
    lines.append(f"\n### An entry of `llm_fallbacks`\n\n{_TABLE}")
    lines.extend(row for _, row in _rows(LLMEndpoint))
    return "\n".join(lines) + "\n"


_TABLE = "| setting | values | default | |\n|---|---|---|---|"


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    schema = model.model_json_schema()
    for name, field in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else _default(field)
        meaning = field["description"].replace("|", "\\|")
        yield name, f"| `{name}` | {_values(field)} | {default} | {meaning} |"


def _default(field: dict[str, Any]) -> str:
    match field.get("default"):
        case None | []:
            return ""
        case bool() as value:
            return f"`{str(value).lower()}`"
        case int() as value:
            return f"{value:,}"
        case float() as value:
            return f"{value:g}"
        case value:
            return f"`{value}`"


def _values(field: dict[str, Any]) -> str:
    """Describe the allowed values of a field, from its JSON schema."""
    if "anyOf" in field:
        return " or ".join(_values(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    match field.get("type"):
        case "integer" | "number" as kind:
            noun = "integer" if kind == "integer" else "number"
            low, above = field.get("minimum"), field.get("exclusiveMinimum")
            parts = [
                f"from {low:,}" if low is not None else "",
                f"above {above:,}" if above is not None else "",
                f"to {field['maximum']:,}" if "maximum" in field else "",
            ]
            return " ".join([noun, *filter(None, parts)])
        case "boolean":
            return "`true`, `false`"
        case "array":
            return "list"
    return {"password": "secret", "path": "path"}.get(field.get("format", ""), "text")


def cli_page() -> str:
    """The help of every command and sub-command, as the terminal shows it."""
    parts = [CLI_HEAD, "## geungeo\n\n```text\n" + _help(cli, "geungeo", None) + "\n```"]
    parts += _helps(cli, "geungeo", click.Context(cli, info_name="geungeo"))
    return "\n\n".join(parts) + "\n"


def _helps(group: click.Group, path: str, ctx: click.Context) -> Iterator[str]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None:
            raise LookupError(f"{path} {name}")
        below = f"{path} {name}"
        depth = "#" * (1 + below.count(" "))
        yield f"{depth} {below}\n\n```text\n{_help(command, name, ctx)}\n```"
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=ctx)
            yield from _helps(command, below, inner)


def _help(command: click.Command, name: str, parent: click.Context | None) -> str:
    ctx = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=HELP_WIDTH,
        max_content_width=HELP_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(ctx)


PAGES = {"settings.md": settings_page, "cli.md": cli_page}


def main(args: list[str]) -> int:
    """Write the pages, or with ``--check`` name those that are out of date."""
    status = 0
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in args:
            click.echo(f"docs/{name} is out of date; run: {COMMAND}", err=True)
            status = EXIT_OUT_OF_DATE
        else:
            path.write_text(text, "utf-8")
            click.echo(f"wrote docs/{name}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
