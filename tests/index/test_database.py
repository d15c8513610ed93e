"""Database connections of threads that end."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from geungeo.index.database import FILE, SqliteDatabase

ROUNDS = 30


def open_files(folder: Path) -> int:
    """Return the number of this process's descriptors of the database in ``folder``."""
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    count = 0
    for link in links:
        # Another thread may close a file between the listing and here.
        with contextlib.suppress(FileNotFoundError):
            count += str(link.readlink()).startswith(str(folder / FILE))
    return count


def test_the_connection_of_a_thread_that_ended_is_closed(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path)
    counts = []
    for _ in range(ROUNDS):
        thread = threading.Thread(target=lambda: database.meta("identity"))
        thread.start()
        thread.join()
        counts.append(open_files(tmp_path))
    assert max(counts[2:]) <= max(counts[:2]), counts
    assert database.meta("identity") is None  # this thread's connection is still open
    database.close()
    assert open_files(tmp_path) == 0
