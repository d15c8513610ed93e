"""Talking to a language model: prompt, wire, endpoint, and what its text claims."""
