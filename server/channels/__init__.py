"""Other services' protocols: OpenAI's API, Slack and webhooks."""
