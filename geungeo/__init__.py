"""Question answering over news articles; every citation in an answer is verified."""
