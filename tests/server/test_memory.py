"""The heaps of the C library: how many there are, and the pages that it keeps."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# Prints how many heaps there are while eight threads hold memory, from malloc_info(3).
HEAPS = """
import ctypes, os, sys, threading
if sys.argv[1] == "limited":
    from geungeo.server.process.memory import limit_heaps
    limit_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
held = threading.Barrier(9)
def hold():
    libc.malloc(ctypes.c_size_t(10_000))
    held.wait()
    held.wait()
for _ in range(8):
    threading.Thread(target=hold).start()
held.wait()
libc.fdopen.restype = ctypes.c_void_p
read, write = os.pipe()
stream = ctypes.c_void_p(libc.fdopen(write, b"w"))
libc.malloc_info(0, stream)
libc.fclose(stream)
held.wait()
print(os.read(read, 1 << 20).count(b"<heap nr="))
"""


def heaps(mode: str, **environment: str) -> int:
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", HEAPS, mode],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of glibc")
def test_threads_share_two_heaps_by_default() -> None:
    assert heaps("as it comes") > 2
    assert heaps("limited") == 2
    assert heaps("limited", MALLOC_ARENA_MAX="3") == 3


# Frees 40 MB under a block that stays, which keeps the C library from returning them. It is as
# large as the others, since a small one may be put into a gap below them.
KEPT = """
import ctypes
from geungeo.server.process.memory import release_free_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * 4096
blocks = [libc.malloc(ctypes.c_size_t(100_000)) for _ in range(400)]
for block in blocks:
    libc.memset(block, 1, 100_000)
for block in blocks[:-1]:
    libc.free(block)
before = resident()
release_free_memory()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps of glibc")
def test_free_memory_is_given_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30_000_000
