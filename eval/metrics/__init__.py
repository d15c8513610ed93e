"""Metrics over rows, each with its formula and source, and their intervals."""
