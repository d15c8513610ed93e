"""Processes, sockets and memory of a server."""
