"""Which passages a question is about: several channels, one ranking."""
