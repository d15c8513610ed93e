"""Metadata that the blocks of an article name, as far as its format does not give it."""

from __future__ import annotations

from collections.abc import Iterable

from geungeo.rag.article import SectionKind
from geungeo.rag.readers.authorship import TextClaims, judge
from geungeo.rag.readers.dates import parse_date
from geungeo.rag.readers.lines import Block
from geungeo.rag.readers.metadata import byline_publisher, copyright_owner, lead


class Facts:
    """The metadata that the blocks of an article name."""

    def __init__(self, blocks: Iterable[Block], left_out: Iterable[str] = ()) -> None:
        blocks = list(blocks)
        body = [line for kind, line in blocks if kind is SectionKind.BODY]
        bylines = [line for kind, line in blocks if kind is SectionKind.BYLINE]
        self.lead_publisher = lead([*body[:3], *bylines])[0]
        self.publisher = (
            self.lead_publisher
            or copyright_owner(left_out)
            or next((name for line in bylines if (name := byline_publisher(line))), None)
        )
        self.claims = TextClaims(blocks)
        self.author = judge(self.claims.claims, self.claims.helpers)
        self.published_at = next((day for line in bylines if (day := parse_date(line))), None)
