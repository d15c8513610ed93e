"""News sense: what a date in an article means, which copy and which version of a story counts."""
