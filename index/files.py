"""Files that survive a crash: written aside, synced, renamed, the folder synced."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from geungeo.index.steps import Step, no_step

ASIDE = ".new-"
"""What names of unfinished files and folders begin with."""


def write_atomically(path: Path, data: bytes, *, name: str = "file", step: Step = no_step) -> None:
    """Put ``data`` at ``path`` so that a crash leaves the old file or the new one.

    ``step`` hears of each step under ``name``.

    Raises:
        OSError: also when the device is full; the old file then stands.
    """
    # Not mkstemp(): its files are for their owner only, and a store may be read by others.
    scratch = path.with_name(f"{ASIDE}{secrets.token_hex(4)}-{path.name}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            step(f"{name} written")
            os.fsync(file.fileno())
        step(f"{name} synced")
        scratch.replace(path)
        step(f"{name} renamed")
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    step(f"{name} durable")


def remove_leftovers(folder: Path) -> int:
    """Drop what writers that were killed left aside; only for who alone may write."""
    found = list(folder.glob(f"{ASIDE}*"))
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(found)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in ``folder`` last through a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
