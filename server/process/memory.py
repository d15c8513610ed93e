"""The memory that models and libraries may reserve, share and keep."""

from __future__ import annotations

import ctypes
import os
import resource

from geungeo.rag.errors import OutOfMemory

# Address space, most of which is never used: stacks and arenas of threads, mapped models.
# An ``ask`` over the seed articles reached 2,337 MiB on two processors, 2,701 without
# ``limit_heaps``.
BASE = 2_304 << 20
PER_PROCESSOR = 256 << 20

# M_ARENA_MAX of mallopt(3), glibc's malloc.h.
_M_ARENA_MAX = -8
_HEAPS = 2


def check_memory_limit() -> None:
    """Reject a limit on address space at which native code would abort the process.

    The segmenter and the numerical libraries abort when an allocation fails, without a message.
    Limits of another kind (a container's) are enforced by the kernel.

    Raises:
        OutOfMemory: the message has the limit and the required size.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = BASE + PER_PROCESSOR * (os.cpu_count() or 1)
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise OutOfMemory(
            f"the memory limit of this process is {limit >> 20:,} MiB (ulimit -v), but the models "
            f"need {needed >> 20:,}; raise the limit"
        )


def limit_heaps() -> None:
    """Make all threads share two of the C library's heaps, if it is glibc.

    By default there are eight per processor, and each keeps its largest size: in a server with
    many threads a fifth of the memory. ``MALLOC_ARENA_MAX`` takes precedence if set. Call this
    before any thread starts.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _HEAPS)


def release_free_memory() -> None:
    """Give the pages that the C library keeps for later back to the system, if it is glibc.

    Loading the models leaves some tens of MB of them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
