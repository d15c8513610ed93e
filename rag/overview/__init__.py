"""Requests about articles as a whole: summaries, lists, author and date, and small talk."""
