"""Processes and sockets of a server."""
