"""Who may ask: API keys with scopes, and how often."""
