"""A quotation for a reader of another language: framed, with what both languages share.

Nothing is translated. The gloss has names that the question and the sentence share, the dates of
the sentence and its amounts in words of scale.
"""

from __future__ import annotations

from geungeo.rag.language import names, numbers
from geungeo.rag.language.dates.periods import label
from geungeo.rag.language.dates.times import named_times
from geungeo.rag.text import Language


def framed(quote: str, language: Language, question: str = "") -> str:
    """Return ``quote`` inside a sentence of ``language``, with a gloss if there is one."""
    inner = quote.replace("“", "‘").replace("”", "’")
    start = f"The article says: “{inner}”" if language == "en" else f"기사 원문: “{inner}”"
    shared = gloss(quote, language, question)
    return f"{start} ({'; '.join(shared)})" if shared else start


def gloss(quote: str, language: Language, question: str = "") -> list[str]:
    """Return names, dates and amounts of ``quote`` in ``language``: no name but the question's.

    >>> gloss("2023년 11월 샘 앨트먼이 5,000억 달러를", "en", "How much did Sam Altman raise?")
    ['Sam Altman', 'November 2023', '500 billion dollars']
    """
    found = names.shared(question, quote) if question else []
    # Times that count from the publication date have a note of their own.
    found += [label(time.period, language) for time in named_times(quote, None)]
    found += numbers.rewritten(quote, language)
    return [item for item in dict.fromkeys(found) if item not in quote]
