"""Webhooks that are answered in their own response: Mattermost, JANDI, and any other."""
