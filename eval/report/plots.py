"""Plots as inline SVG, without a library or a network.

Colours come from the page's style sheet, so that they follow its light and dark modes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from geungeo.eval.metrics.abstention import operating_curve
from geungeo.eval.metrics.intervals import Estimate
from geungeo.eval.rows import Row

WIDTH, HEIGHT = 380, 280
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 16, 44
_MAX_POINTS = 400


def interval_bar(estimate: Estimate) -> str:
    """Draw a share in [0, 1] as a dot with its interval, for a table cell."""
    low, high, at = (
        2 + 116 * min(max(value, 0.0), 1.0)
        for value in (estimate.low, estimate.high, estimate.value)
    )
    return (
        '<svg class="interval" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true">'
        '<line class="axis" x1="2" x2="118" y1="7" y2="7"/>'
        f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="7" y2="7"/>'
        f'<circle class="dot" cx="{at:.1f}" cy="7" r="4"/></svg>'
    )


def abstention_plot(rows: Sequence[Row]) -> str | None:
    """Draw precision and recall of abstaining over the answerability threshold."""
    curve = operating_curve(list(rows))
    if not curve:
        return None
    step = max(1, len(curve) // _MAX_POINTS)
    shown = [*curve[::step], curve[-1]]
    precision = [(threshold, value) for threshold, value, _ in shown]
    recall = [(threshold, value) for threshold, _, value in shown]
    body = _grid("answerability threshold", "share")
    body += _line(precision, "first") + _line(recall, "second")
    chosen = next((row.threshold for row in rows if row.threshold is not None), None)
    if chosen is not None:
        x = _x(chosen)
        body += (
            f'<line class="chosen" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text class="label" x="{min(x + 4, WIDTH - 70):.1f}" y="{TOP + 12}">'
            f"set: {chosen:.2f}</text>"
        )
    body += _legend([("first", "precision"), ("second", "recall")])
    return _svg("Precision and recall of abstaining over the answerability threshold", body)


def rank_plot(rows: Sequence[Row]) -> str | None:
    """Draw the number of questions with their gold at rank 1, 2, ..., 10, beyond."""
    ranks = [row.retrieval.rank for row in rows if row.retrieval and row.turn is None]
    if not ranks:
        return None
    counts = [sum(rank == at for rank in ranks) for at in range(1, 11)]
    beyond = len(ranks) - sum(counts)
    bars = [(str(at), count) for at, count in enumerate(counts, start=1)] + [("&gt;10", beyond)]
    top = max(count for _, count in bars)
    width = (WIDTH - LEFT - RIGHT) / len(bars)
    body = _axis_titles("rank of the gold", "questions")
    for at, (label, count) in enumerate(bars):
        x = LEFT + at * width
        height = (HEIGHT - TOP - BOTTOM - 14) * count / top
        y = HEIGHT - BOTTOM - height
        kind = "bar bad" if at == len(bars) - 1 else "bar"
        body += (
            f'<rect class="{kind}" x="{x + 3:.1f}" y="{y:.1f}" width="{width - 6:.1f}" '
            f'height="{height:.1f}"/>'
            f'<text class="tick mid" x="{x + width / 2:.1f}" y="{HEIGHT - BOTTOM + 15}">{label}'
            f'</text><text class="tick mid" x="{x + width / 2:.1f}" y="{y - 4:.1f}">{count}</text>'
        )
    return _svg("Rank of the gold passage", body)


def latency_plot(metrics: Mapping[str, Estimate], stages: Sequence[str]) -> str | None:
    """Draw median and 95th percentile of each stage, in milliseconds."""
    bars: list[tuple[str, float, float]] = []
    for stage in stages:
        suffix = "" if stage == "total" else f":{stage}"
        median, slow = metrics.get(f"p50_ms{suffix}"), metrics.get(f"p95_ms{suffix}")
        if median and slow:
            bars.append((stage, median.value, slow.value))
    if not bars:
        return None
    longest = max(slow for _, _, slow in bars) or 1.0
    room = WIDTH - 76 - 96
    height = 40
    body = ""
    for at, (stage, median_ms, slow_ms) in enumerate(bars):
        y = TOP + at * height
        body += (
            f'<text class="tick end" x="70" y="{y + 18}">{escape(stage)}</text>'
            f'<rect class="bar pale" x="76" y="{y + 4}" width="{room * slow_ms / longest:.1f}" '
            f'height="22"/><rect class="bar" x="76" y="{y + 9}" '
            f'width="{room * median_ms / longest:.1f}" height="12"/>'
            f'<text class="tick" x="{82 + room * slow_ms / longest:.1f}" y="{y + 19}">'
            f"{median_ms:.0f} / {slow_ms:.0f} ms</text>"
        )
    return _svg("Latency by stage, median and 95th percentile", body, TOP + height * len(bars))


def _svg(title: str, body: str, height: int = HEIGHT) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{body}</svg>'
    )


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _grid(across: str, up: str) -> str:
    parts = [_axis_titles(across, up)]
    for tenth in range(0, 11, 2):
        share = tenth / 10
        parts.append(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(share):.1f}" '
            f'y2="{_y(share):.1f}"/><text class="tick end" x="{LEFT - 6}" '
            f'y="{_y(share) + 4:.1f}">{share:.1f}</text><text class="tick mid" '
            f'x="{_x(share):.1f}" y="{HEIGHT - BOTTOM + 15}">{share:.1f}</text>'
        )
    return "".join(parts)


def _axis_titles(across: str, up: str) -> str:
    return (
        f'<text class="label mid" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}">'
        f'{escape(across)}</text><text class="label mid" '
        f'transform="translate(13 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)">{escape(up)}'
        "</text>"
    )


def _line(points: Sequence[tuple[float, float]], kind: str) -> str:
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline class="line {kind}" points="{path}"/>'


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    parts: list[str] = []
    for at, (kind, name) in enumerate(entries):
        y = HEIGHT - BOTTOM - 12 - 16 * (len(entries) - 1 - at)
        parts.append(
            f'<line class="line {kind}" x1="{WIDTH - 110}" x2="{WIDTH - 90}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{WIDTH - 84}" y="{y + 4}">{escape(name)}</text>'
        )
    return "".join(parts)
