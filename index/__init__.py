"""The store: SQLite is the truth, FAISS and the lexical index are derived from it."""
