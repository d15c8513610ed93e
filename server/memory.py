"""The memory that the models and the libraries below them must be able to reserve."""

from __future__ import annotations

import os
import resource

from geungeo.rag.errors import OutOfMemory

# Address space, most of which is never touched: stacks and arenas of threads, mapped models.
# An ``ask`` over the seeds reached 2,701 MiB on two processors.
BASE = 2_304 << 20
PER_PROCESSOR = 256 << 20


def check_memory_limit() -> None:
    """Refuse a limit on address space below which native code would end the process.

    The segmenter and the numerical libraries abort when an allocation fails, and Python can
    no longer say why. A limit of another kind (a container's) is enforced by the kernel.

    Raises:
        OutOfMemory: names the limit, and what is needed.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed = BASE + PER_PROCESSOR * (os.cpu_count() or 1)
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise OutOfMemory(
            f"this process may reserve {limit >> 20:,} MiB of memory (ulimit -v), but the models "
            f"need {needed >> 20:,}: raise the limit"
        )
