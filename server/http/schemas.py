"""Request and response bodies: every field bounded, unknown fields rejected."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geungeo.rag.answer import Filters, PassageHit
from geungeo.rag.article import Article

# The settings limit a question further; this limits what is parsed at all.
Question = Annotated[
    str,
    Field(min_length=1, max_length=100_000, description="The question, in Korean or English."),
]
CONVERSATION_ID = r"^[A-Za-z0-9._:-]{1,128}$"
ConversationId = Annotated[
    str,
    Field(
        pattern=CONVERSATION_ID,
        description="Names a conversation: 1 to 128 letters, digits, or . _ : -",
    ),
]
IsoDate = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2})?)?$",
        description="ISO 8601 date or time, inclusive.",
    ),
]


class StrictModel(BaseModel):
    """A body that may have no further fields."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class FilterRequest(StrictModel):
    """Filters of retrieval; an absent field filters nothing."""

    article_ids: Annotated[list[str], Field(max_length=1000)] | None = None
    publisher: Annotated[str, Field(max_length=200)] | None = None
    published_from: IsoDate | None = None
    published_to: IsoDate | None = None

    def filters(self) -> Filters:
        """Return the pipeline's filters."""
        return Filters(
            article_ids=None if self.article_ids is None else frozenset(self.article_ids),
            publisher=self.publisher,
            published_from=self.published_from,
            published_to=self.published_to,
        )


class ChatRequest(StrictModel):
    """A question, continuing a conversation if it names one."""

    question: Question
    conversation_id: ConversationId | None = None
    stream: bool = False
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    filters: FilterRequest = FilterRequest()


class CheckBody(StrictModel):
    """A text to check against the articles; ``date`` is the text's own."""

    text: Annotated[
        str,
        # The setting max_check_chars limits it further; this limits what is parsed at all.
        Field(min_length=1, max_length=5_000_000, description="The text to check."),
    ]
    date: Annotated[
        IsoDate | None,
        Field(description="Date of the text, from which 지난달 or last year count."),
    ] = None
    stream: bool = False
    filters: FilterRequest = FilterRequest()


class SearchRequest(StrictModel):
    """A query for passages."""

    query: Question
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    filters: FilterRequest = FilterRequest()


class SearchResponse(BaseModel):
    """Passages, best first."""

    query: str
    passages: list[PassageHit]


class ArticleRequest(StrictModel):
    """An article's text, in the format of a ``.txt``, ``.md`` or ``.html`` file; or its URL."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": [one],
                    "properties": {one: {"type": "string"}, other: {"type": "null"}},
                }
                for one, other in (("text", "url"), ("url", "text"))
            ]
        }
    )

    text: Annotated[str | None, Field(min_length=1, max_length=5_000_000)] = None
    url: Annotated[
        str | None,
        Field(min_length=1, max_length=2_000, description="URL to fetch, instead of text."),
    ] = None
    name: Annotated[
        str,
        Field(
            pattern=r"^[^/\\\x00-\x1f]{1,100}\.(txt|md|html)$",
            description="File name; its suffix gives the format.",
        ),
    ] = "pasted.txt"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.url is None):
            raise ValueError("send either text or url")
        return self


_Value = Annotated[str, Field(max_length=500)] | None


class EditRequest(StrictModel):
    """Corrections of an article's data; an absent field is not changed, null removes it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    title: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    author: _Value = None
    publisher: _Value = None
    published_at: _Value = None
    url: Annotated[str, Field(max_length=2_000)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class FeedRequest(StrictModel):
    """The address of a feed (RSS, Atom) or a sitemap."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]


class ArticleSummary(BaseModel):
    """An article without its text."""

    id: str
    version: int
    url: str | None
    title: str
    author: str | None
    publisher: str | None
    published_at: str | None
    language: str

    @classmethod
    def of(cls, article: Article) -> ArticleSummary:
        """Return the summary of ``article``."""
        return cls(**article.model_dump(exclude={"text", "sections"}))


class ArticleList(BaseModel):
    """The newest version of the matching articles; ``total`` also counts the other pages."""

    articles: list[ArticleSummary]
    total: int


class ArticleView(Article):
    """One article version; ``versions`` lists all readable versions."""

    versions: list[int]


class IngestResponse(BaseModel):
    """The outcome of a posted article; ``warnings`` name the parts that could not be read."""

    status: Literal["added", "updated", "unchanged"]
    article: ArticleSummary
    warnings: list[str] = []


class FeedbackRequest(StrictModel):
    """A reader's rating of an answer."""

    answer_id: Annotated[str, Field(min_length=1, max_length=128)]
    rating: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=4000)] | None = None
