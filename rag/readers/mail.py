"""Reader of mail (EML) and of pages saved as one file (MHTML)."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import cast

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource, SourceError, UnsupportedSource
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.draft import Reading, web_address
from geungeo.rag.readers.encoding import decode
from geungeo.rag.readers.html import read_html
from geungeo.rag.readers.metadata import split_names
from geungeo.rag.readers.plain import read_plain, shorten
from geungeo.rag.text import clean

_MOST_PARTS = 1_000


def read_mail(data: bytes, source: str) -> Reading:
    """Read one article from a mail, or from the page of an MHTML file.

    Raises:
        UnsupportedSource: the file is no mail.
        EmptySource: it has no text.
    """
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not message.keys():
        raise UnsupportedSource(f"{source}: this is not a mail or a saved page; it has no header")
    body = _body(message, source)
    location, attached = body.location, body.attached
    subject = clean(str(message.get("Subject") or "")).strip()
    is_page = message.get_content_type() == "multipart/related" and location is not None
    reading = _read(body, "" if is_page else subject, source)
    warnings = (_not_read(attached),) if attached and not is_page else ()
    address = web_address(str(message.get("Snapshot-Content-Location") or location or ""))
    drafts = tuple(
        _completed(draft, message, "" if is_page else subject, address, warnings)
        for draft in reading.drafts
    )
    return replace(reading, drafts=drafts)


def _not_read(attached: int) -> str:
    if attached == 1:
        return "1 attachment was not read; save it as a file and add that"
    return f"{attached} attachments were not read; save them as files and add those"


def _completed(
    draft: Draft,
    message: EmailMessage,
    subject: str,
    address: str | None,
    warnings: tuple[str, ...],
) -> Draft:
    sender = str(message.get("From") or "")
    name = sender.partition("<")[0].strip().strip('"')
    saved_by_browser = name.lower().startswith("saved by")
    written = "" if saved_by_browser else clean(str(message.get("Date") or "")).strip()
    published_at = draft.published_at or parse_date(written)
    if written and published_at is None:
        unreadable = f"field 'Date': date {shorten(written, 40)!r} cannot be read"
        warnings = (*warnings, f"{unreadable}; stored without a date")
    return replace(
        draft,
        title=subject or draft.title,
        author=draft.author or (None if saved_by_browser else split_names(clean(name))),
        published_at=published_at,
        url=draft.url or address,
        warnings=(*draft.warnings, *warnings),
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """Text and HTML of a mail, the address of the HTML, and the number of attachments."""

    plain: str
    html: str
    location: str | None
    attached: int


def _body(message: EmailMessage, source: str) -> _Body:
    plain = html = ""
    location = None
    attached = 0
    for number, part in enumerate(message.walk()):
        if number > _MOST_PARTS:
            break
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment":
            attached += 1
        elif kind in {"text/html", "application/xhtml+xml"} and not html.strip():
            html = _decoded(part, source)
            location = part.get("Content-Location")
        elif kind == "text/plain" and not plain.strip():
            plain = _decoded(part, source)
    return _Body(plain, html, str(location) if location else None, attached)


def _read(body: _Body, subject: str, source: str) -> Reading:
    """Read the text of a mail: the HTML, unless the plain text beside it has clearly more.

    The HTML of some mails is a picture with a line for those who do not see it.
    """
    plain = None
    if body.plain.strip():
        plain = read_plain(f"{subject}\n\n{body.plain}" if subject else body.plain, source)
    if body.html.strip():
        try:
            reading = read_html(body.html, source)
        except SourceError:
            if plain is None:
                raise
            return plain
        if plain is None or _size(reading) >= _ENOUGH * _size(plain):
            return reading
    if plain is None:
        raise EmptySource(f"{source}: the mail has no text")
    return plain


_ENOUGH = 0.7


def _size(reading: Reading) -> int:
    """Return the number of letters and digits of the body."""
    texts = (
        text for draft in reading.drafts for kind, text in draft.blocks if kind is SectionKind.BODY
    )
    return sum(char.isalnum() for text in texts for char in text)


def _decoded(part: email.message.Message, source: str) -> str:
    data = cast("bytes", part.get_payload(decode=True) or b"")
    charset = part.get_content_charset()
    if charset:
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data, source) if data.strip() else ""
