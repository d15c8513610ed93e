"""HTTP itself: middleware, problems, bodies, streams and links."""
