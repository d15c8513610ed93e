"""HTTP: middleware, problems, bodies, schemas, streams and links."""
