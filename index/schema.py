"""Database schema: one migration script per format; an older store runs the missing ones.

The scripts are written for SQLite; those for PostgreSQL are made from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ARTICLES_AND_CONVERSATIONS = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE articles (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    url TEXT, title TEXT NOT NULL, author TEXT, publisher TEXT, published_at TEXT,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    sections TEXT NOT NULL,
    source TEXT NOT NULL,
    ingested_at TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX current_articles ON articles (id) WHERE is_current;
CREATE INDEX article_texts ON articles (text_sha256) WHERE is_current;

CREATE TABLE sentences (
    article_id TEXT NOT NULL, version INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, kind TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (article_id, version, ordinal),
    FOREIGN KEY (article_id, version) REFERENCES articles (id, version) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id TEXT NOT NULL, version INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    vector BLOB NOT NULL,
    morphemes BLOB NOT NULL,
    bigrams BLOB NOT NULL,
    FOREIGN KEY (article_id, version) REFERENCES articles (id, version) ON DELETE CASCADE
);
CREATE INDEX article_passages ON passages (article_id);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE turns (
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    answer_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (conversation_id, ordinal)
) WITHOUT ROWID;

CREATE TABLE feedback (
    id INTEGER PRIMARY KEY, answer_id TEXT NOT NULL, rating TEXT NOT NULL,
    comment TEXT, created_at TEXT NOT NULL
);
"""

# Channels and access.
_SERVICE = """
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, digest BLOB NOT NULL,
    created_at TEXT NOT NULL, revoked_at TEXT
) WITHOUT ROWID;

-- The API key that began a conversation; NULL where none was asked for.
ALTER TABLE conversations ADD COLUMN owner TEXT;

-- SHA-256 over an article version's row, and over what is derived from it (current ones only).
CREATE TABLE seals (
    article_id TEXT NOT NULL, version INTEGER NOT NULL,
    record BLOB NOT NULL, derived BLOB,
    PRIMARY KEY (article_id, version),
    FOREIGN KEY (article_id, version) REFERENCES articles (id, version) ON DELETE CASCADE
) WITHOUT ROWID;

-- Proper nouns of the current articles, by the initial consonants of their syllables.
CREATE TABLE names (
    initials TEXT NOT NULL, name TEXT NOT NULL,
    article_id TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (initials, name, article_id),
    FOREIGN KEY (article_id, version) REFERENCES articles (id, version) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX article_names ON names (article_id);

-- The last version of a removed article: its number is never given to another text.
CREATE TABLE retired (article_id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;

-- What a channel was sent and has to answer; once done, a row keeps only its keys, for a while.
-- Times are seconds since the epoch.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    conversation_id TEXT, position TEXT NOT NULL,
    state TEXT NOT NULL,
    job TEXT NOT NULL, messages TEXT,
    sent INTEGER NOT NULL, calls INTEGER NOT NULL, attempts INTEGER NOT NULL,
    received_at REAL NOT NULL, due_at REAL NOT NULL,
    owner TEXT, owned_until REAL
);
CREATE INDEX delivery_states ON deliveries (state, due_at);
CREATE INDEX delivery_conversations ON deliveries (conversation_id, position);
CREATE TABLE delivery_keys (
    key TEXT PRIMARY KEY,
    delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX keys_of_delivery ON delivery_keys (delivery_id);

-- The channels' threads in which we take part.
CREATE TABLE threads (conversation_id TEXT PRIMARY KEY, seen_at REAL NOT NULL) WITHOUT ROWID;

-- What was replied to a request with an idempotency key; NULL while it is worked on.
CREATE TABLE replies (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, reply TEXT, began_at REAL NOT NULL
) WITHOUT ROWID;
"""

# Feeds as sources of articles. Times are seconds since the epoch.
_FEEDS = """
CREATE TABLE feeds (
    url TEXT PRIMARY KEY,
    title TEXT,
    added_at REAL NOT NULL, pulled_at REAL, due_at REAL NOT NULL,
    etag TEXT, last_modified TEXT,
    failures INTEGER NOT NULL, error TEXT,
    claimed_until REAL
) WITHOUT ROWID;

-- The last state of each item that was ingested, and its changes on a day.
CREATE TABLE feed_items (
    feed TEXT NOT NULL REFERENCES feeds (url) ON DELETE CASCADE,
    item TEXT NOT NULL,
    signature TEXT NOT NULL,
    day TEXT NOT NULL, changes INTEGER NOT NULL,
    PRIMARY KEY (feed, item)
) WITHOUT ROWID;
"""

# Names that readers give to conversations, and answers that they share by a link.
_SHARES = """
ALTER TABLE conversations ADD COLUMN title TEXT;

CREATE TABLE shares (
    token TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    answer_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (conversation_id, answer_id)
) WITHOUT ROWID;

-- The only article that the questions of a channel's thread are about, if a person chose one.
ALTER TABLE threads ADD COLUMN article_id TEXT;
"""

# The fifth format is PostgreSQL's alone, see below.
_MIGRATIONS = (_ARTICLES_AND_CONVERSATIONS, _SERVICE, _FEEDS, _SHARES, "")

SCHEMA_VERSION = len(_MIGRATIONS)
# The format of an SQLite file: the last one that changed its tables.
FILE_VERSION = max(number for number, script in enumerate(_MIGRATIONS, 1) if script)


def statements(since: int) -> Iterator[str]:
    """Yield, in order, the SQL statements that migrate a store of format ``since`` (0: empty)."""
    for script in _MIGRATIONS[since:]:
        yield from filter(str.strip, script.split(";\n"))


# PostgreSQL's types. The collation is SQLite's: by code points, and only ASCII letters have a case.
_TYPES = (
    (r"\) WITHOUT ROWID$", ")"),
    (r"\bis_current INTEGER\b", "is_current BOOLEAN"),
    (
        r"\bINTEGER PRIMARY KEY( AUTOINCREMENT)?",
        "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    ),
    (r"\bINTEGER\b", "BIGINT"),
    (r"\bREAL\b", "DOUBLE PRECISION"),
    (r"\bBLOB\b", "BYTEA"),
    (r"\bTEXT\b", 'TEXT COLLATE "C"'),
)

# What only servers that share a store need, by the format that it came with.
_SHARED = {
    1: """
CREATE TABLE geungeo_schema (version BIGINT NOT NULL);
INSERT INTO geungeo_schema VALUES (0);

-- A field of a JSON object. PostgreSQL refuses texts with \\u0000, which JSON may have.
CREATE FUNCTION geungeo_field(document TEXT, name TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RETURN (document::json ->> name) COLLATE "C"; EXCEPTION WHEN OTHERS THEN RETURN NULL; END
$$;
""",
    2: """
-- Requests in the present window of a client; lost in a crash of the server. "ends" in seconds.
CREATE UNLOGGED TABLE rates (
    client BYTEA PRIMARY KEY, ends DOUBLE PRECISION NOT NULL, hits BIGINT NOT NULL
);
CREATE INDEX rate_ends ON rates (ends);
""",
    5: """
-- The collection of an engine on other machines, in one row; none while each server has its own
-- index. "changed_at" is in seconds.
CREATE TABLE engine (
    one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    collection TEXT NOT NULL, changed_at DOUBLE PRECISION NOT NULL, passages BIGINT NOT NULL
);

-- Statistics of the terms of all passages. "mean" is the length for which the weights in the
-- collection were computed, "length" the sum of the present ones.
CREATE TABLE engine_channels (
    channel SMALLINT PRIMARY KEY, length BIGINT NOT NULL, mean DOUBLE PRECISION NOT NULL
);
CREATE TABLE term_counts (
    channel SMALLINT, term BIGINT, passages BIGINT NOT NULL, PRIMARY KEY (channel, term)
);

-- Passages that were added or removed: to apply to the collection, then kept until it is flushed.
CREATE TABLE outbox (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key BIGINT NOT NULL, applied_at DOUBLE PRECISION
);
CREATE INDEX outbox_pending ON outbox (number) WHERE applied_at IS NULL;
""",
}


def postgres_statements(since: int) -> Iterator[str]:
    """Yield, in order, the same statements for PostgreSQL."""
    for version, script in enumerate(_MIGRATIONS[since:], since + 1):
        for statement in filter(str.strip, script.split(";\n")):
            translated = statement
            for pattern, replacement in _TYPES:
                translated = re.sub(pattern, replacement, translated)
            yield translated
        yield from filter(str.strip, _SHARED.get(version, "").split(";\n"))
