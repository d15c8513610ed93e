"""Run ``geungeo serve`` as documented, and stop it when it accepts requests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.processes import start, stop

if __name__ == "__main__":
    sys.exit(stop(start(Path(os.environ["GEUNGEO_STORE"]), *sys.argv[1:])))
