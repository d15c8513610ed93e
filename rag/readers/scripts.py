"""Bodies of articles in the data of a page that a script would render.

Sites hold them as one string of HTML, or as the elements of an editor: Arc (``content_elements``),
Editor.js (``blocks``), ProseMirror (``content``), Portable Text (``children``). The data are JSON,
JavaScript, the rows that Next.js streams (``self.__next_f.push``) or the flat list of Nuxt 3
(``__NUXT_DATA__``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from geungeo.rag.readers.lines import is_statement

_BODY_KEY = re.compile(
    r"(?:article|news|post|story|main|full)?[_-]?(?:body|contents?|text|html)(?:[_-]?(?:html|text|raw))?"
    r"|rendered|paragraphs",  # {"content": {"rendered": "<p>…"}}
    re.IGNORECASE,
)
_DATA = re.compile(r"(?:=|\()\s*(?=[\[{])|JSON\.parse\(\s*(?=\")")
# The body in an object of JavaScript, whose other values can be variables (Nuxt 2).
_LITERAL = re.compile(
    r"\b(?:articleBody|article_body|newsContent|contents?|body|html|text)[\"']?\s*:\s*"
    r"(?P<string>\"(?:[^\"\\]|\\.){80,}\")"
)
_PUSHED = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
# The start of a row: its number, and the length in bytes of one that is a text.
_ROW = re.compile(r"(?P<id>[0-9a-f]*):(?:T(?P<bytes>[0-9a-f]+),)?")
_ROW_DATE = re.compile(r"\$D(?=\d{4}-\d\d-\d\d)")
_ENDED = re.compile(r"[가-힣a-z\d)][.!?](?=[\s<\"'”’]|$)|。")
_MOST_ROWS = 5_000
_MOST_SCRIPT = 3_000_000  # characters
_DEEPEST = 12
_MOST_NESTED = 60  # elements of React within one another
_LEAST_SCRIPT = 80
_TAG = re.compile(r"<[^<>]*>")

# Kinds of elements, by the names that editors give them.
_NOT_BODY = re.compile(
    r"link|^ads?$|advert|related|gallery|divider|video|embed|reference|newsletter|promo|banner|script"
)
_PICTURE = re.compile(r"image|photo|picture|figure|graphic")
_HEADING = re.compile(r"head|title")
_QUOTE = re.compile(r"quote")
_ITEM = re.compile(r"list_?-?item|^li$")
_BOXES = frozenset(
    {"div", "section", "main", "article", "header", "footer", "aside", "nav", "body", "ul", "ol"}
)
_INLINE = frozenset(
    {"", "text", "span", "link", "a", "strong", "em", "mark", "b", "i", "u", "code", "sup", "sub"}
)
_TEXTS = ("content", "text", "html", "content_elements", "children", "items", "caption")


def bodies_in_scripts(root: Any) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the longest texts of articles in the scripts below ``root``, as HTML.

    Beside each is the object with a title that contains it, if there is one.
    """
    found = [held for value in _values(root) for held in _bodies(value)]
    found += [(body, None) for body in _literals(root)] if not found else []
    return sorted(found, key=lambda one: len(one[0]), reverse=True)[:3]


def records_in_scripts(root: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects with a title in the scripts below ``root``.

    Those of Arc (``headlines``, ``credits``, ``display_date``) have the usual names added.
    """
    for value in _values(root):
        stack: list[Any] = [value]
        while stack:
            one = stack.pop()
            if isinstance(one, dict):
                if (record := _titled(one)) is not None:
                    yield record
                stack.extend(one.values())
            elif isinstance(one, list):
                stack.extend(one)


def _titled(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return an object if it has a title, one of Arc with the usual names."""
    if isinstance(value.get("headlines"), dict):
        return _story(value)
    return value if "title" in value or "headline" in value else None


def title_in(record: Mapping[str, Any] | None) -> str:
    """Return the title of an object; empty without one."""
    title = (record or {}).get("title") or (record or {}).get("headline")
    return title if isinstance(title, str) else ""


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
    pushed: list[str] = []
    for script in root.iter("script"):
        text = (script.text or "").strip()
        if not _LEAST_SCRIPT <= len(text) <= _MOST_SCRIPT or "ld+json" in (
            script.get("type") or ""
        ):
            continue
        if match := _PUSHED.match(text):
            part = _parsed(text, match.end())
            if isinstance(part, list) and len(part) > 1 and isinstance(part[1], str):
                pushed.append(part[1])
            continue
        starts = [0] if text[0] in "[{" else [match.end() for match in _DATA.finditer(text)][:8]
        for start in starts:
            value = _parsed(text, start)
            if isinstance(value, list) and script.get("id") == "__NUXT_DATA__":
                value = _unflattened(value)
            if isinstance(value, dict | list) and value:
                yield value
    if pushed:
        yield from _rows("".join(pushed)[:_MOST_SCRIPT])


def _rows(streamed: str) -> Iterator[Any]:
    """Yield the values of rows that Next.js streams, with the texts that they refer to."""
    texts: dict[str, str] = {}
    values: list[Any] = []
    at = 0
    for _ in range(_MOST_ROWS):
        match = _ROW.match(streamed, at)
        if match is None:
            break
        if match["bytes"]:
            size = int(match["bytes"], 16)
            # The length counts bytes, of which a character has at most four.
            text = (
                streamed[match.end() : match.end() + size].encode()[:size].decode(errors="ignore")
            )
            texts[match["id"]] = text
            at = match.end() + len(text)
            continue
        end = streamed.find("\n", match.end())
        end = len(streamed) if end < 0 else end
        start = match.end() + (streamed[match.end() : match.end() + 1] in {"I", "H"})
        value = _parsed(streamed, start) if streamed[start : start + 1] in {"[", "{"} else None
        if value is not None:
            values.append(value)
        at = end + 1
    yield from (_referring(value, texts, 0) for value in values)


def _referring(value: Any, texts: Mapping[str, str], depth: int) -> Any:
    """Return a value in which references to texts are these, and React's elements are objects."""
    if depth > _MOST_NESTED:
        return None
    if isinstance(value, str):
        if _ROW_DATE.match(value):
            return value[2:]
        return texts.get(value[1:], value) if value.startswith("$") else value
    if isinstance(value, list):
        if value[:1] == ["$"] and len(value) > 3 and isinstance(value[3], dict):
            held = _referring(value[3].get("children"), texts, depth + 1)
            rest = {key: one for key, one in value[3].items() if key != "children"}
            children = _flat(held if isinstance(held, list) else [held] if held else [])
            return _referring(rest, texts, depth + 1) | {"type": value[1], "children": children}
        return [_referring(one, texts, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: _referring(one, texts, depth + 1) for key, one in value.items()}
    return value


def _flat(children: list[Any]) -> list[Any]:
    """Return the children of an element, those of lists within the list too."""
    found: list[Any] = []
    for child in children:
        found.extend(_flat(child) if isinstance(child, list) else [child])
    return found


def _unflattened(values: list[Any]) -> Any:
    """Return the objects of a flat list in which each value is the number of another one."""

    def at(number: Any, depth: int) -> Any:
        if not isinstance(number, int) or not 0 <= number < len(values) or depth > _DEEPEST:
            return None
        value = values[number]
        if isinstance(value, dict):
            return {key: at(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            named = value[:1] and isinstance(value[0], str)  # ["Reactive", 1]
            return [at(one, depth + 1) for one in (value[1:] if named else value)]
        return value

    return [at(number, 0) for number, value in enumerate(values) if _is_article(value)]


def _is_article(value: Any) -> bool:
    return isinstance(value, dict) and any(map(_BODY_KEY.fullmatch, value))


def _literals(root: Any) -> list[str]:
    """Return the strings of JavaScript objects that hold a body."""
    found: list[str] = []
    for script in root.iter("script"):
        text = script.text or ""
        if len(text) <= _MOST_SCRIPT and "ld+json" not in (script.get("type") or ""):
            for match in _LITERAL.finditer(text):
                body = _parsed(match["string"], 0)
                if isinstance(body, str) and _is_text(body):
                    found.append(body)
    return found


def _is_text(text: str) -> bool:
    """Whether a string has two or more sentences."""
    return len(_ENDED.findall(text)) >= 2


def _parsed(text: str, start: int) -> Any:
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, str) or value[:1] not in {"[", "{"}:
        return value
    try:
        return json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return None


def _bodies(value: Any) -> Iterator[tuple[str, dict[str, Any] | None]]:
    stack: list[tuple[Any, dict[str, Any] | None]] = [(value, None)]
    while stack:
        one, record = stack.pop()
        if isinstance(one, list):
            parts = [part for part in one if isinstance(part, Mapping)]
            shown = [_element(part) for part in parts]
            statements = sum(
                is_statement(_TAG.sub("", element).strip())
                for part, element in zip(parts, shown, strict=True)
                if part.get("type") not in _BOXES  # which can also hold the page around it
            )
            if statements >= 2:
                yield "".join(shown), record
                continue
            stack.extend((inner, record) for inner in one)
        elif isinstance(one, dict):
            record = _titled(one) or record
            deck = one.get("subheadlines")
            elements = one.get("content_elements")
            if isinstance(deck, dict) and isinstance(elements, list) and deck.get("basic"):
                head = f'<div class="subtitle">{escape(str(deck["basic"]))}</div>'
                stack.append(([{"type": "deck", "html": head}, *elements], record))
                continue
            for key, held in one.items():
                inner = _joined(held)
                if isinstance(inner, str):
                    if _BODY_KEY.fullmatch(key) and _is_text(inner):
                        yield inner, record
                else:
                    stack.append((inner, record))


def _joined(value: Any) -> Any:
    """Return a list of paragraphs as HTML, any other value as it is."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "".join(one if "<p" in one else f"<p>{one}</p>" for one in value)
    return value


def _element(node: Any, depth: int = 0) -> str:
    """Return an element of an editor as HTML; empty for one that is not of the text."""
    if depth > _DEEPEST or not isinstance(node, Mapping):
        return ""
    kind = str(node.get("type") or node.get("_type") or "").lower()
    style = str(node.get("style") or "").lower()  # Portable Text: normal, h2, blockquote
    if kind == "raw_html":
        html = _inner(node, depth)
        return html if _is_text(html) or "<table" in html.lower() else ""
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
    if _HEADING.search(kind) or re.fullmatch(r"h[1-6]", style or kind):
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
    if kind in {"hardbreak", "hard_break", "break", "linebreak", "br"}:
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
