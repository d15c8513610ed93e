"""Data sets that ship with the project."""
