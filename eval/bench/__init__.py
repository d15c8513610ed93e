"""Benchmarks: the figures of the documentation, measured again."""
