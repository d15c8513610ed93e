"""Bodies of articles in the data of a page that a script would render.

Sites hold them as one string of HTML, or as the elements of an editor: Arc (``content_elements``),
Editor.js (``blocks``), ProseMirror (``content``), Portable Text (``children``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from geungeo.rag.readers.lines import is_statement

_BODY_KEYS = frozenset(
    {"articlebody", "body", "content", "contents", "article_body", "newscontent", "text", "html"}
)
_DATA = re.compile(r"(?:=|\()\s*(?=[\[{])|JSON\.parse\(\s*(?=\")")
_MOST_SCRIPT = 3_000_000  # characters
_DEEPEST = 12
_TAG = re.compile(r"<[^<>]*>")

# Kinds of elements, by the names that editors give them.
_NOT_BODY = re.compile(
    r"link|^ads?$|advert|related|gallery|divider|video|embed|reference|newsletter|promo|banner|script"
)
_PICTURE = re.compile(r"image|photo|picture|figure|graphic")
_HEADING = re.compile(r"head|title")
_QUOTE = re.compile(r"quote")
_ITEM = re.compile(r"list_?-?item|^li$")
_INLINE = frozenset({"", "text", "span", "link", "a", "strong", "em", "mark"})
_TEXTS = ("content", "text", "html", "content_elements", "children", "items", "caption")


def bodies_in_scripts(root: Any) -> list[str]:
    """Return the longest texts of articles in the scripts below ``root``, as HTML."""
    found = [body for value in _values(root) for body in _bodies(value)]
    return sorted(found, key=len, reverse=True)[:3]


def records_in_scripts(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects with a title in the scripts below ``root``.

    Those of Arc (``headlines``, ``credits``, ``display_date``) have the usual names added.
    """
    for value in _values(root):
        stack: list[Any] = [value]
        while stack:
            one = stack.pop()
            if isinstance(one, dict):
                if isinstance(one.get("headlines"), dict):
                    yield _story(one)
                elif "title" in one or "headline" in one:
                    yield one
                stack.extend(one.values())
            elif isinstance(one, list):
                stack.extend(one)


def _story(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the title, authors and date of a story in Arc's form."""
    credited = record.get("credits")
    by = credited.get("by") if isinstance(credited, Mapping) else None
    date = next(
        (record[key] for key in ("display_date", "first_publish_date") if record.get(key)), None
    )
    return {
        "title": record["headlines"].get("basic"),
        "author": by if isinstance(by, list) else None,
        "date": date or record.get("publish_date"),
    }


def _values(root: Any) -> Iterator[Any]:
    for script in root.iter("script"):
        text = (script.text or "").strip()
        if not 80 <= len(text) <= _MOST_SCRIPT or "ld+json" in (script.get("type") or ""):
            continue
        starts = [0] if text[0] in "[{" else [match.end() for match in _DATA.finditer(text)][:8]
        for start in starts:
            value = _parsed(text, start)
            if isinstance(value, dict | list) and value:
                yield value


def _parsed(text: str, start: int) -> Any:
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
        return json.loads(value, strict=False) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None


def _bodies(value: Any) -> Iterator[str]:
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            shown = [_element(part) for part in one if isinstance(part, Mapping)]
            if sum(is_statement(_TAG.sub("", element).strip()) for element in shown) >= 2:
                yield "".join(shown)
                continue
            stack.extend(one)
        elif isinstance(one, dict):
            deck = one.get("subheadlines")
            elements = one.get("content_elements")
            if isinstance(deck, dict) and isinstance(elements, list) and deck.get("basic"):
                head = f'<div class="subtitle">{escape(str(deck["basic"]))}</div>'
                stack.append([{"type": "deck", "html": head}, *elements])
                continue
            for key, inner in one.items():
                if isinstance(inner, str):
                    if key.lower() in _BODY_KEYS and len(re.findall(r"[다요]\.", inner)) >= 2:
                        yield inner
                else:
                    stack.append(inner)


def _element(node: Any, depth: int = 0) -> str:
    """Return an element of an editor as HTML; empty for one that is not of the text."""
    if depth > _DEEPEST or not isinstance(node, Mapping):
        return ""
    kind = str(node.get("type") or node.get("_type") or "").lower()
    style = str(node.get("style") or "").lower()  # Portable Text: normal, h2, blockquote
    if kind == "raw_html":
        html = _inner(node, depth)
        sentences = len(re.findall(r"[다요]\.", html))
        return html if sentences >= 2 or "<table" in html.lower() else ""
    if _NOT_BODY.search(kind):
        return ""
    if kind == "deck":
        return str(node["html"])
    if _PICTURE.search(kind):
        caption = _own(node, ("caption", "subtitle", "description"))
        return f"<figcaption>{caption}</figcaption>" if caption else ""
    if kind == "table":
        return _table(node)
    if "list" in kind and not _ITEM.search(kind):
        items = next((node[key] for key in ("items", "content", "children") if node.get(key)), None)
        items = items if items is not None else _data(node).get("items")
        return "".join(_item(one, depth) for one in items) if isinstance(items, list) else ""
    inner = _inner(node, depth)
    if not inner.strip():
        return ""
    if _ITEM.search(kind):
        return f"<li>{inner}</li>"
    if _HEADING.search(kind) or re.fullmatch(r"h[1-6]", style):
        return f"<h3>{inner}</h3>"
    if _QUOTE.search(kind) or _QUOTE.search(style):
        return f"<blockquote>{inner}</blockquote>"
    return f"<p>{inner}</p>"


def _item(one: Any, depth: int) -> str:
    inner = one if isinstance(one, str) else _inner(one, depth + 1)
    return f"<li>{inner}</li>" if inner.strip() else ""


def _inner(node: Any, depth: int) -> str:
    """Return the text of an element, from whichever of its fields holds it."""
    if depth > _DEEPEST or not isinstance(node, Mapping):
        return ""
    for key in _TEXTS:
        value = node.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, list) and value:
            inline = key != "content_elements"
            return "".join(_child(one, depth + 1, inline=inline) for one in value)
    return _inner(_data(node), depth + 1) if _data(node) else ""


def _child(one: Any, depth: int, *, inline: bool) -> str:
    if isinstance(one, str):
        return one
    kind = (
        str(one.get("type") or one.get("_type") or "").lower() if isinstance(one, Mapping) else ""
    )
    if kind in {"hardbreak", "hard_break", "break", "linebreak"}:
        return "<br>"
    return _inner(one, depth) if inline and kind in _INLINE else _element(one, depth)


def _data(node: Mapping[str, Any]) -> Mapping[str, Any]:
    data = node.get("data")
    return data if isinstance(data, Mapping) else {}


def _own(node: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for fields in (node, _data(node)):
        for key in keys:
            value = fields.get(key)
            if isinstance(value, str) and value.strip():
                return value
    return ""


def _table(node: Mapping[str, Any]) -> str:
    """Return the rows of Arc's ``header`` and ``rows``, or of Editor.js' ``content``."""
    rows: list[Any] = [
        node.get("header"),
        *_list(node.get("rows")),
        *_list(_data(node).get("content")),
    ]
    shown = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
        if isinstance(row, list)
    )
    return f"<table>{shown}</table>" if shown else ""


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else _inner(cell, 0)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
