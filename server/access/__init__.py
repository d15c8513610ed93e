"""API keys, scopes, rate limits, hosts and signatures."""
