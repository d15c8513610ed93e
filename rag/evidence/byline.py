"""Questions about the article itself: its author and its date.

The byline answers them, although it shares no words with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geungeo.rag.article import Article, SectionKind
from geungeo.rag.language.vocabulary import canonical_names
from geungeo.rag.protocols import Evidence
from geungeo.rag.question.concepts import ParsedQuestion
from geungeo.rag.retrieval.channels import Retrieved
from geungeo.rag.text import fold

_ARTICLE = r"(?:(?:이|본|해당)?\s*(?:기사|뉴스|보도)|(?:이|본|해당)\s*글)"
_ABOUT = re.compile(
    rf"{_ARTICLE}(?:를|을)?\s*(?:누가|언제)?\s*(?:쓴|작성한|취재한)\s*(?:기자|사람|날|날짜|시점|때|게|건)"
    rf"|{_ARTICLE}(?:의|를|을|는|은|가|이)?\s*(?:누가|작성자|기자|필자|글쓴이)"
    rf"|{_ARTICLE}(?:의|를|을|는|은|가|이)?\s*(?:언제|며칠|작성일|게재일|발행일|날짜|작성\s*날짜)"
    r"|(?:누가|언제)\s*(?:쓴|작성한|나온)\s*기사|^(?:기자|작성자|글쓴이)\s*(?:는|가|이름|$)"
    r"|^(?:보도|취재|작성)한\s*(?:기자|사람)"
    # Without anything that was written (누가 보고서를 썼나), the article is meant.
    r"|^(?:(?:이거|이건|이것|그거|그건)\s*)?(?:누가|언제)\s*(?:썼|쓴|쓰셨|작성했|작성한|취재했|취재한)\S*"
    r"(?:\s*(?:거|건|겁|것)\S*)?(?:\s*알려\S*(?:\s*\S{1,4})?)?\W*$"
    r"|\bwho\s+(?:wrote|reported|is\s+the\s+(?:author|reporter|journalist))\b.*(?:article|story|news|piece|report|\?|$)"
    r"|\bwhen\s+was\s+(?:this|the)\s+(?:article|story|report|piece)\b"
)


def about_byline(question: ParsedQuestion, passages: Sequence[Retrieved]) -> Evidence | None:
    """Return the byline of the best passage's article if the question asks for it.

    A question that names another medium (``더 버지 기사를 쓴 기자는?``) asks about another article.
    """
    asked = fold(question.text)
    about = _ABOUT.search(asked)
    if not passages or about is None:
        return None
    # 기자 is also Giza, a town in Egypt.
    remainder = asked.replace(about[0], " ")
    article = passages[0].passage.article
    own = f"{article.publisher} {article.author}"
    if canonical_names(remainder) - canonical_names(own):
        return None
    names = (c.surface for c in question.concepts if c.role == "name" and c.surface in remainder)
    if any(name not in fold(own) for name in names):
        return None
    return _byline(article)


def _byline(article: Article) -> Evidence | None:
    for section in article.sections:
        if section.kind is SectionKind.BYLINE:
            return Evidence(1, article, section.span, SectionKind.BYLINE, 1.0, 1)
    return None
