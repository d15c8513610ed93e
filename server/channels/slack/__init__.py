"""Slack: deliveries in, verified answers out."""
