"""HTTP server, web page, chat channels and command line."""
