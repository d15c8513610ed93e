"""Pure ASGI middleware, one concern a module."""
