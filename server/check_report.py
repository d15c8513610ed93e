"""A Check as a document to keep: self-contained HTML, Markdown, and text for a terminal.

Everything that comes from the text or from articles is escaped; only web addresses are linked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from geungeo.rag.answer import Nearest
from geungeo.rag.checking import Check, CheckedClaim, ClaimSource
from geungeo.rag.readers.draft import web_address
from geungeo.rag.text import Language
from geungeo.server.escaping import escape_line, escape_markdown
from geungeo.server.http.links import deep_link

WORDS: dict[Language, dict[str, str]] = {
    "ko": {
        "title": "근거 확인 보고서",
        "supported": "확인됨",
        "contradicted": "기사와 다름",
        "not_found": "근거 없음",
        "not_a_claim": "확인 대상 아님",
        "question": "질문",
        "greeting": "인사",
        "opinion": "의견",
        "instruction": "지시",
        "fragment": "문장 아님",
        "number": "숫자",
        "date": "날짜",
        "name": "이름",
        "role": "누가 한 일인지",
        "negation": "긍정과 부정",
        "certainty": "확실한 정도",
        "quotation": "인용",
        "claimed": "글",
        "found": "기사",
        "nearest": "가까운 문장",
        "disputed": "기사끼리 다름",
        "quote": "원문 그대로",
        "rules": "규칙으로 확인",
        "entailment": "뜻으로 확인",
        "supports": "뒷받침",
        "contradicts": "다르게 말함",
        "date_of_text": "글의 날짜",
        "open": "기사에서 보기",
        "address": "원문 주소",
        "text": "확인한 글",
        "claims": "문장별 결과",
        "by": "판정",
    },
    "en": {
        "title": "Check against the articles",
        "supported": "supported",
        "contradicted": "contradicted",
        "not_found": "not found",
        "not_a_claim": "not a claim",
        "question": "question",
        "greeting": "greeting",
        "opinion": "opinion",
        "instruction": "instruction",
        "fragment": "no sentence",
        "number": "number",
        "date": "date",
        "name": "name",
        "role": "who did it",
        "negation": "affirmed or denied",
        "certainty": "how certain",
        "quotation": "quotation",
        "claimed": "text",
        "found": "article",
        "nearest": "nearest sentences",
        "disputed": "sources differ",
        "quote": "word for word",
        "rules": "proven by the rules",
        "entailment": "checked by meaning",
        "supports": "supports",
        "contradicts": "says otherwise",
        "date_of_text": "date of the text",
        "open": "show in the article",
        "address": "source address",
        "text": "The text",
        "claims": "Statement by statement",
        "by": "verified by",
    },
}
SIGNS = {"supported": "✓", "contradicted": "✗", "not_found": "?", "not_a_claim": "–"}


def verdict_label(claim: CheckedClaim, language: Language) -> str:
    """Return the verdict in words, with how it was supported or why it is no claim."""
    words = WORDS[language]
    more = [words[claim.support_kind]] if claim.support_kind else []
    more += [words[claim.why]] if claim.why else []
    more += [words["disputed"]] if claim.disputed else []
    return words[claim.verdict] + (f" ({', '.join(more)})" if more else "")


def summary_line(check: Check) -> str:
    """Return the numbers of statements by verdict on one line."""
    words = WORDS[check.language]
    counts = check.counts.model_dump()
    return " · ".join(f"{words[name]} {count}" for name, count in counts.items())


def difference_lines(claim: CheckedClaim, language: Language) -> list[str]:
    """Return what differs, one line for each difference, unescaped."""
    words = WORDS[language]
    return [
        f"{words[one.kind]}: {words['claimed']} “{one.claimed}” ↔ {words['found']} “{one.found}”"
        for one in claim.differences
    ]


def source_origin(source: ClaimSource | Nearest) -> str:
    """Return title, publisher and day of a source, unescaped."""
    day = (source.published_at or "")[:10]
    return " · ".join(part for part in (source.title, source.publisher, day) if part)


def text_report(check: Check) -> str:
    """Return a Check for a terminal; all text is on lines of its own and escaped."""
    words = WORDS[check.language]
    lines: list[str] = []
    for claim in check.claims:
        label = verdict_label(claim, check.language)
        lines.append(f"{SIGNS[claim.verdict]} {claim.number}. {escape_line(claim.text)}")
        lines.append(f"    {label} [{claim.start}:{claim.end}]")
        lines += [f"    {escape_line(one)}" for one in difference_lines(claim, check.language)]
        for source in claim.sources:
            stance = f" ({words[source.stance]})" if claim.disputed else ""
            note = f" ({escape_line(source.note)})" if source.note else ""
            lines.append(f"    “{escape_line(source.quote)}”{stance}{note}")
            origin = escape_line(source_origin(source))
            lines.append(f"      {origin} [{source.start}:{source.end}]")
        if claim.nearest:
            lines.append(f"    {words['nearest']}:")
        for one in claim.nearest:
            lines.append(f"    “{escape_line(one.quote)}”")
            lines.append(f"      {escape_line(source_origin(one))} [{one.start}:{one.end}]")
    return "\n".join([*lines, "", summary_line(check)])


# Characters that are not allowed between the angle brackets of a link destination.
_UNSAFE_IN_LINK = re.compile(r"[\x00-\x20<>\\\x7f]")
_LEAD = re.compile(r"^(\d{1,9})([.)])|^([#+\-])")


def markdown_report(check: Check, base_url: str = "") -> str:
    """Return a Check as Markdown; links to articles need the server's ``base_url``."""
    words = WORDS[check.language]
    parts = [f"# {words['title']}", escape_markdown(_about(check)), summary_line(check)]
    for claim in check.claims:
        parts.append(
            f"## {claim.number}. {SIGNS[claim.verdict]} {verdict_label(claim, check.language)}"
        )
        parts.append(f"> {_line(claim.text)}")
        items = [f"- {escape_markdown(one)}" for one in difference_lines(claim, check.language)]
        items += [
            f"- {words[source.stance]}: “{_line(source.quote)}” {_markdown_links(source, base_url)}"
            for source in claim.sources
        ]
        items += [
            f"- {words['nearest']}: “{_line(one.quote)}” {_markdown_links(one, base_url)}"
            for one in claim.nearest
        ]
        if items:
            parts.append("\n".join(items))
    return "\n\n".join(parts) + "\n"


def _about(check: Check) -> str:
    words = WORDS[check.language]
    day = f"{words['date_of_text']} {check.date} · " if check.date else ""
    return f"{day}{words['by']}: {check.verifier}"


def _line(text: str) -> str:
    return _LEAD.sub(lambda match: f"\\{match[0]}", escape_markdown(text))


def _markdown_links(source: ClaimSource | Nearest, base_url: str) -> str:
    made = [
        f"[{label}](<{_UNSAFE_IN_LINK.sub('', url)}>)"
        for label, url in _links(source, base_url, _language(source))
    ]
    note = source.note if isinstance(source, ClaimSource) else None
    about = escape_markdown(f"{source_origin(source)} [{source.start}:{source.end}]")
    return " · ".join(filter(None, [f"({about})", escape_markdown(note) if note else "", *made]))


def _language(source: ClaimSource | Nearest) -> Language:
    return "ko" if any("가" <= char <= "힣" for char in source.quote) else "en"


def _links(
    source: ClaimSource | Nearest, base_url: str, language: Language
) -> Iterator[tuple[str, str]]:
    """Yield label and address of the span on this server, and of the article itself."""
    words = WORDS[language]
    if base_url:
        path = deep_link(source.article_id, source.version, source.start, source.end)
        yield words["open"], f"{base_url.rstrip('/')}{path}"
    own = web_address(source.url) if isinstance(source, ClaimSource) else None
    if own:
        yield words["address"], own


_STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--bad:#b42318;--none:#7a5d00;--quiet:#57606a}
@media (prefers-color-scheme:dark){:root{--ok:#5fd37c;--bad:#ff8a80;--none:#e3c35c;--quiet:#a0a8b0}}
body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:16px/1.7 system-ui,sans-serif}
body{word-break:keep-all;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.text{white-space:pre-wrap;border:1px solid #8886;border-radius:.5rem;padding:1rem}
.text a{color:inherit;text-decoration-thickness:2px;text-underline-offset:4px}
a.supported{text-decoration-color:var(--ok)}a.contradicted{text-decoration-color:var(--bad)}
a.contradicted{text-decoration-style:wavy}a.not_found{text-decoration-color:var(--none)}
a.not_found{text-decoration-style:dotted}a.not_a_claim{text-decoration:none}
ol{padding-left:2rem}li{margin:1rem 0}.verdict{font-weight:600}
.supported .verdict{color:var(--ok)}.contradicted .verdict{color:var(--bad)}
.not_found .verdict{color:var(--none)}.not_a_claim .verdict,.origin{color:var(--quiet)}
blockquote{margin:.4rem 0 .4rem .5rem;padding-left:.8rem;border-left:3px solid #8886}
.origin{font-size:.9rem}
"""


def html_report(check: Check, base_url: str = "") -> str:
    """Return a Check as one HTML file without scripts; it loads nothing."""
    words = WORDS[check.language]
    body = "\n".join(
        [
            f"<h1>{escape(words['title'])}</h1>",
            f"<p>{escape(_about(check))}<br>{escape(summary_line(check))}</p>",
            f"<h2>{escape(words['text'])}</h2>",
            f'<div class="text">{_marked(check)}</div>',
            f"<h2>{escape(words['claims'])}</h2>",
            "<ol>",
            *(_item(claim, check.language, base_url) for claim in check.claims),
            "</ol>",
        ]
    )
    return (
        f'<!doctype html>\n<html lang="{check.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(words['title'])}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _marked(check: Check) -> str:
    """Return the text with each statement linked to its result."""
    parts: list[str] = []
    at = 0
    for claim in check.claims:
        label = escape(verdict_label(claim, check.language))
        parts.append(escape(check.text[at : claim.start]))
        parts.append(
            f'<a class="{claim.verdict}" href="#claim-{claim.number}" title="{label}">'
            f"{_bdi(claim.text)}</a>"
        )
        at = claim.end
    parts.append(escape(check.text[at:]))
    return "".join(parts)


def _item(claim: CheckedClaim, language: Language, base_url: str) -> str:
    words = WORDS[language]
    parts = [
        f'<li class="{claim.verdict}" id="claim-{claim.number}" value="{claim.number}">',
        f"{_bdi(claim.text)}<br>",
        f'<span class="verdict">{SIGNS[claim.verdict]} '
        f"{escape(verdict_label(claim, language))}</span>",
    ]
    if claim.differences:
        lines = "".join(f"<li>{_bdi(one)}</li>" for one in difference_lines(claim, language))
        parts.append(f"<ul>{lines}</ul>")
    parts += [_quoted(source, words[source.stance], base_url, language) for source in claim.sources]
    parts += [_quoted(one, words["nearest"], base_url, language) for one in claim.nearest]
    return "\n".join([*parts, "</li>"])


def _quoted(source: ClaimSource | Nearest, label: str, base_url: str, language: Language) -> str:
    links = "".join(
        f' <a href="{escape(url)}" rel="noopener noreferrer">{escape(name)}</a>'
        for name, url in _links(source, base_url, language)
    )
    note = source.note if isinstance(source, ClaimSource) else None
    about = f"{source_origin(source)} [{source.start}:{source.end}]"
    more = f" ({_bdi(note)})" if note else ""
    return (
        f"<blockquote>“{_bdi(source.quote)}”{more}"
        f'<br><span class="origin">{escape(label)} · {_bdi(about)}{links}</span></blockquote>'
    )


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"
