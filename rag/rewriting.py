"""A follow-up made to stand alone: by a model where there is one, by rules where it drifts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from geungeo.rag.conversation import standalone
from geungeo.rag.errors import BackendError
from geungeo.rag.language import names, numbers
from geungeo.rag.language.vocabulary import canonical_names
from geungeo.rag.protocols import Backend, Report, Rewriter, Turn
from geungeo.rag.text import clean, language_of, visible

# Seconds for a model's rewrite: a reader waits for it before anything is looked up.
PATIENCE = 8.0
# A question of many words is still one; a multiple of it is an essay. In characters.
_MAX_CHARS = 300
_MAX_GROWTH = 4


async def rewritten(
    question: str,
    history: Sequence[Turn],
    backend: Backend,
    report: Report,
    *,
    patience: float = PATIENCE,
) -> str:
    """``question`` as it can be understood without ``history`` (oldest first).

    A backend that is a :class:`Rewriter` is asked first; what it says is taken only if it
    does not :func:`drift`. Why not is told in ``report.notes``.
    """
    if not history or not isinstance(backend, Rewriter):
        return standalone(question, history)
    try:
        async with asyncio.timeout(patience):
            said = await backend.rewrite(question, tuple(history))
    except TimeoutError:
        why = [f"{backend.name} took more than {patience:g} s"]
    except BackendError as error:
        why = [str(error)]
    else:
        proposed = " ".join(visible(clean(said)).split())
        why = drift(proposed, question, history)
        if not why:
            return proposed
    report.notes.append(f"the question was rewritten by rule: {'; '.join(why)}")
    return standalone(question, history)


def drift(rewrite: str, question: str, history: Sequence[Turn]) -> list[str]:
    """How ``rewrite`` goes beyond ``question`` and ``history``; empty if it does not.

    A rewrite may bring together what was said and nothing else: every name and number in it
    stands in the question or in a turn, and none of the question's own is lost.
    """
    if not rewrite:
        return ["the rewrite is blank"]
    limit = max(_MAX_CHARS, _MAX_GROWTH * len(question))
    if len(rewrite) > limit:
        return [f"the rewrite is longer than {limit} characters"]
    if language_of(rewrite) != language_of(question):
        return ["the rewrite is in another language"]
    said = "\n".join([question, *(f"{turn.question}\n{turn.answer}" for turn in history)])
    why = [f"{entity!r} stands in no turn" for entity in _missing(rewrite, said)]
    return why + [f"{entity!r} was lost" for entity in _missing(question, rewrite)]


def _missing(text: str, source: str) -> list[str]:
    """Names and numbers of ``text`` that ``source`` does not hold in any known spelling."""
    known = canonical_names(text) - canonical_names(source)
    found = [*sorted(known), *names.missing(text, source), *numbers.missing(text, source)]
    return [str(entity) for entity in dict.fromkeys(found)]
