"""Retrieval of passages: several channels, one ranking."""
