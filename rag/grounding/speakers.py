"""A quotation belongs to whoever the source says spoke it."""

from __future__ import annotations

from collections.abc import Sequence

from geungeo.rag.grounding.roles import holds
from geungeo.rag.language import quotations
from geungeo.rag.language.analysis import Analysed
from geungeo.rag.language.clauses import Fact
from geungeo.rag.text import fold


def misattributed(claim: Analysed, sources: Sequence[Analysed]) -> str | None:
    """The speaker of ``claim`` who is not the speaker of that quotation in the source."""
    for quote in quotations.quotations(claim.text):
        said = _telling(claim, quote)
        if said is None or len(quote) < quotations.SPEECH_CHARS:
            continue
        tellings = [fact for source in sources if (fact := _telling(source, quote))]
        for phrase in said.subjects:
            speakers = [
                [*fact.subjects, *fact.topics, *fact.weak] for fact in tellings if fact.subjects
            ]
            if speakers and not any(holds(names, phrase) for names in speakers):
                return f"not who said it in the source: {phrase}"
    return None


def _telling(text: Analysed, quote: str) -> Fact | None:
    """The first predicate of the narration behind ``quote``."""
    wanted = fold(quote)[-quotations.SPEECH_CHARS :]
    at = text.text.casefold().find(wanted)
    if at < 0:
        return None
    end = at + len(wanted)
    return next((fact for fact in text.narrated if fact.start >= end), None)
