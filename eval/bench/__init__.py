"""The measured claims of the documentation, re-measured."""
