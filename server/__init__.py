"""The HTTP server, the web page and the command line."""
