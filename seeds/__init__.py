"""The articles that a new installation starts with."""
