"""Slack over HTTP: signed requests in, verified answers out."""
