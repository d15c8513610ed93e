"""Data sets that ship with the project."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from geungeo.rag.errors import UsageError

SEED_QUESTIONS = "seed_article.jsonl"
OPEN_QUESTIONS = "open_questions.jsonl"
SUMMARIES = "summaries.jsonl"
# Training data: in the repository, not in the wheel.
NEWS_ARTICLES = "news_articles.jsonl"
NEWS_QUESTIONS = "news_questions.jsonl"
OPEN_LESSONS = "open_lessons.jsonl"
PARAPHRASE_LESSONS = "paraphrase_lessons.jsonl"
EVERYDAY_LESSONS = "open_everyday.jsonl"
EVERYDAY_ARTICLES = "open_everyday_articles.jsonl"
MORE_EVERYDAY_LESSONS = "open_everyday_b.jsonl"
MORE_EVERYDAY_ARTICLES = "open_everyday_b_articles.jsonl"
PREMISE_LESSONS = "open_everyday_c.jsonl"
PREMISE_ARTICLES = "open_everyday_c_articles.jsonl"
CLAIM_LESSONS = "claim_lessons.jsonl"
EVERYDAY_CLAIMS = "claim_everyday.jsonl"
MORE_EVERYDAY_CLAIMS = "claim_everyday_b.jsonl"
LESSON_ARTICLES = "lesson_articles.jsonl"
NEWS_CLAIMS = "news_claims.jsonl"
CHECK_DRAFTS = "check_drafts.jsonl"
INTENT_PHRASES = "intents.jsonl"


def data_file(name: str) -> Path:
    """Return the path of a data set of this folder.

    Raises:
        UsageError: the file is not there, as the news in an installed wheel.
    """
    # Wheels are unpacked when they are installed, so a packaged file has a path.
    path = Path(str(files(__name__) / name))
    if not path.is_file():
        raise UsageError(
            f"{name} is not part of the installed package; run this from a checkout of the project"
        )
    return path
