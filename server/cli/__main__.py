"""Entry point of ``python -m geungeo.server.cli``."""

from __future__ import annotations

from geungeo.server.cli import main

if __name__ == "__main__":
    main()
