"""The store: SQLite has all data; the FAISS and lexical indexes are derived from it."""
