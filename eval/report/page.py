"""Build the page: tables and plots as HTML, rows as embedded data for its script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from geungeo.eval.metrics.catalogue import METRICS, STAGES, lower_is_better
from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.report.entries import FAULTS, entry_of
from geungeo.eval.report.plots import abstention_plot, interval_bar, latency_plot, rank_plot
from geungeo.eval.results import Comparison, Group, Results, figure, interval, write_atomically
from geungeo.eval.stores import Library

_CHOICE = (
    "recall@1",
    "recall@5",
    "ndcg@10",
    "answer_hit",
    "turn_answer_hit",
    "quote_hit",
    "abstain_recall",
    "balanced_accuracy",
)


def write_report(results: Results, libraries: Mapping[str, Library], path: Path) -> None:
    """Write the report; ``libraries`` (data set to store) provide the context of citations."""
    write_atomically(path, render(results, libraries))


def render(results: Results, libraries: Mapping[str, Library]) -> str:
    """Render the page as HTML. Data sets and articles are escaped."""
    style, script = _asset("report.css"), _asset("report.js")
    data = {
        "rows": [entry_of(row, libraries.get(row.dataset)) for row in results.rows],
        "faults": FAULTS,
    }
    sections = [
        _summary(results),
        _headline(results.metrics),
        _compared(results.comparison) if results.comparison else "",
        _plots(results),
        _by_kind(results.by_kind),
        _breakdown("By tag", results.by_tag),
        _breakdown("By data set", results.by_dataset) if len(results.by_dataset) > 1 else "",
        _reasons(results),
    ]
    return Template(_asset("report.html")).substitute(
        style=style,
        style_hash=_csp_hash(style),
        script=script,
        script_hash=_csp_hash(script),
        data=embed(data),
        title=escape(", ".join(dataset.name for dataset in results.datasets)),
        sections="\n".join(sections),
        provenance=_provenance(results),
    )


def embed(data: Any) -> str:
    """Encode ``data`` as JSON that cannot end its script element or start markup in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _asset(name: str) -> str:
    return (files("geungeo.eval.report") / name).read_text("utf-8")


def _csp_hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy allows this inline text only."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _summary(results: Results) -> str:
    parts = [f"{results.n} cases"]
    parts += [
        f"{escape(dataset.name)}: {dataset.n} ({escape(dataset.format)})"
        for dataset in results.datasets
    ]
    left_out = sum(len(dataset.bad_lines) for dataset in results.datasets)
    warnings = [
        (not results.complete, f"interrupted after {results.n} of {results.planned} cases"),
        (bool(left_out), f"{left_out} invalid lines were skipped"),
        (bool(results.failed), f"{results.failed} calls failed"),
    ]
    shown = "".join(f'<p class="warning">{text}</p>' for holds, text in warnings if holds)
    when = escape(results.created_at)
    return f'<p class="lead">{" · ".join(parts)} · {when}</p>{shown}'


def _headline(metrics: Mapping[str, Estimate]) -> str:
    groups: dict[str, list[str]] = {}
    for name, estimate in metrics.items():
        if ":" in name:
            continue
        group = METRICS[name].group if name in METRICS else "latency"
        drawn = "" if lower_is_better(name) else interval_bar(estimate)
        title = METRICS[name].title if name in METRICS else "whole answer, milliseconds"
        groups.setdefault(group, []).append(
            f'<tr><th scope="row"><code>{escape(name)}</code><small>{escape(title)}</small></th>'
            f'<td class="value">{figure(name, estimate.value)}</td><td class="drawn">{drawn}</td>'
            f'<td class="range">{interval(name, estimate)}</td><td>{estimate.n}</td></tr>'
        )
    head = (
        "<thead><tr><th>metric</th><th>value</th><th></th><th>95 % interval</th><th>cases</th>"
        "</tr></thead>"
    )
    bodies = "".join(
        f'<tbody><tr class="group"><th colspan="5">{escape(group)}</th></tr>{"".join(lines)}'
        "</tbody>"
        for group, lines in groups.items()
    )
    return f"<section><h2>Headline</h2>{_scroll(head + bodies, 'headline')}</section>"


def _compared(comparison: Comparison) -> str:
    lines = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{figure(name, change.old)}</td>'
        f'<td>{figure(name, change.new)}</td><td class="value">{change.difference:+.3f}</td>'
        f'<td class="range">{change.low:+.3f} to {change.high:+.3f}</td>'
        f"<td>{'clear' if change.clear else 'within noise'}</td></tr>"
        for name, change in comparison.metrics.items()
    )
    head = (
        "<thead><tr><th>metric</th><th>old</th><th>new</th><th>difference</th>"
        "<th>95 % interval</th><th></th></tr></thead>"
    )
    summary = (
        f"paired over {comparison.shared} shared cases; {comparison.only_old} only in the old "
        f"run, {comparison.only_new} only in this one"
    )
    if comparison.changed:
        summary += f". Changed: {', '.join(comparison.changed)}"
    return (
        f"<section><h2>Against {escape(comparison.old)}</h2><p>{escape(summary)}</p>"
        f"{_scroll(head + f'<tbody>{lines}</tbody>', 'compared')}</section>"
    )


def _plots(results: Results) -> str:
    plots = (
        (
            "Abstention over the threshold",
            abstention_plot(results.rows),
            "Abstaining whenever answerability is below the threshold, by that score alone.",
        ),
        ("Rank of the gold", rank_plot(results.rows), "Rank of the passage that answers."),
        (
            "Latency by stage",
            latency_plot(results.metrics, STAGES),
            "Median (dark) and 95th percentile (pale).",
        ),
    )
    drawn = "".join(
        f"<figure><figcaption><strong>{title}</strong> {caption}</figcaption>{svg}</figure>"
        for title, svg, caption in plots
        if svg
    )
    return f'<section><h2>Plots</h2><div class="plots">{drawn}</div></section>' if drawn else ""


def _by_kind(groups: Mapping[str, Group]) -> str:
    """Render a table with a row for each metric and a column for each kind."""
    head = _row("th", ["", *groups])
    lines = [_line("cases", (str(group.n) for group in groups.values()))]
    lines += [
        _line(name, (_cell(name, group) for group in groups.values()))
        for name in METRICS
        if any(name in group.metrics for group in groups.values())
    ]
    body = "".join(lines)
    return (
        "<section><h2>By kind of question</h2>"
        f"{_scroll(f'<thead>{head}</thead><tbody>{body}</tbody>', 'kinds')}</section>"
    )


def _breakdown(title: str, groups: Mapping[str, Group]) -> str:
    """Render a table with a row for each group and a column for some metrics."""
    names = [name for name in _CHOICE if any(name in group.metrics for group in groups.values())]
    if not names:
        return ""
    head = _row("th", ["", "cases", *names])
    body = "".join(
        _line(label, (str(group.n), *(_cell(name, group) for name in names)))
        for label, group in groups.items()
    )
    return (
        f"<section><h2>{escape(title)}</h2>"
        f"{_scroll(f'<thead>{head}</thead><tbody>{body}</tbody>', 'breakdown')}</section>"
    )


def _cell(name: str, group: Group) -> str:
    estimate = group.metrics.get(name)
    return f"{figure(name, estimate.value)} (n {estimate.n})" if estimate else ""


def _line(label: str, cells: Iterable[str]) -> str:
    inner = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(label)}</th>{inner}</tr>'


def _reasons(results: Results) -> str:
    if not results.by_reason:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(reason)}</th><td>{count.right}</td><td>{count.wrong}</td>'
        f"<td>{escape(', '.join(f'{kind} {n}' for kind, n in count.by_kind.items()))}</td></tr>"
        for reason, count in results.by_reason.items()
    )
    head = _row("th", ["abstained because", "rightly", "wrongly", "kinds"])
    return (
        "<section><h2>Reasons of abstentions</h2>"
        f"{_scroll(f'<thead>{head}</thead><tbody>{body}</tbody>', 'reasons')}</section>"
    )


def _provenance(results: Results) -> str:
    text = json.dumps(results.run.model_dump(mode="json"), ensure_ascii=False, indent=1)
    return escape(text)


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _scroll(table: str, name: str) -> str:
    return f'<div class="scroll"><table class="{name}">{table}</table></div>'
