"""Slack: verified deliveries in, Block Kit answers out."""
