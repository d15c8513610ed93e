"""Channels that post a question to us and take the answer as the reply."""
