"""One article from the paragraphs of a document that marks few of its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.article import Draft, SectionKind
from geungeo.rag.errors import EmptySource
from geungeo.rag.readers.draft import Reading
from geungeo.rag.readers.facts import Facts
from geungeo.rag.readers.lines import Block, arrange, ends_sentence, is_byline, is_heading
from geungeo.rag.readers.metadata import clean_title, split_names
from geungeo.rag.readers.plain import shorten
from geungeo.rag.text import clean

_TITLE_CHARS = 150
# What kind of document it is, above the headline.
_LETTERHEAD = re.compile(
    r"\W*(?:보도\s?(?:참고|설명|해명)?\s?자료|참고\s?자료|(?:press|news|media) release)\W*",
    re.IGNORECASE,
)


def draft_of_paragraphs(
    blocks: Sequence[Block],
    source: str,
    *,
    title: str | None = None,
    author: str | None = None,
    url: str | None = None,
    pages: Sequence[int] = (),
    warnings: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> Reading:
    """Return the article of a document's paragraphs; ``pages`` has the page of each.

    The first short paragraph is the title if none is marked; ``title``, from the document's
    properties, only if the text repeats it or begins with a sentence.

    Raises:
        EmptySource: there is no text.
    """
    found = [(kind, text) for kind, block in blocks if (text := clean(block).strip())]
    if not found:
        raise EmptySource(f"{source}: the document contains no text")
    paged = dict(zip((text for _, text in found), pages, strict=False)) if pages else {}
    arranged = arrange(found)
    kept = list(arranged.blocks) or found
    heading = _headline(kept, title)
    if heading is not None:
        kept[heading] = (SectionKind.TITLE, kept[heading][1])
        # What precedes the headline (a letterhead) follows it, so that the title is first.
        kept.insert(0, kept.pop(heading))
    kept = [
        (_kind(kind, text, number, len(kept)), text) for number, (kind, text) in enumerate(kept)
    ]
    facts = Facts(kept, arranged.left_out)
    name = kept[0][1] if kept[0][0] is SectionKind.TITLE else title or shorten(kept[0][1])
    return Reading(
        (
            Draft(
                title=clean_title(" ".join(name.split())),
                blocks=tuple(kept),
                source=source,
                url=url,
                author=facts.author or split_names(author),
                publisher=facts.publisher,
                published_at=facts.published_at,
                warnings=tuple(warnings),
                left_out=(*left_out, *arranged.left_out),
                pages=tuple(paged.get(text) for _, text in kept) if paged else (),
            ),
        )
    )


def _headline(blocks: Sequence[Block], title: str | None) -> int | None:
    """Return the number of the block that is the headline."""
    for number, (kind, _) in enumerate(blocks[:10]):
        if kind is SectionKind.TITLE:
            return number
    bare = "".join((title or "").split())
    for number, (kind, text) in enumerate(blocks[:6]):
        if kind in {SectionKind.BYLINE, SectionKind.CAPTION} or " | " in text:
            continue
        if bare and "".join(text.split()) == bare:
            return number
    if len(blocks) < 2:
        return None
    for number, (kind, text) in enumerate(blocks[:4]):
        if kind in {SectionKind.BYLINE, SectionKind.CAPTION} or is_byline(text):
            continue
        if _LETTERHEAD.fullmatch(text) and number + 1 < len(blocks):
            continue
        if kind in {SectionKind.HEADING, SectionKind.BODY}:
            fits = len(text) <= _TITLE_CHARS and not ends_sentence(text) and " | " not in text
            return number if fits else None
    return None


def _kind(kind: SectionKind, text: str, number: int, count: int) -> SectionKind:
    if (
        kind is SectionKind.BODY
        and 0 < number < count - 1
        and " | " not in text
        and is_heading(text)
    ):
        return SectionKind.HEADING
    return kind
