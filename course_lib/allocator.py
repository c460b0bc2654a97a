"""How glibc hands out memory: kept between the steps of a training, not given back after each.

A step of training takes some megabytes and lets go of them, again and again. glibc returns the end of
its heaps to the system as soon as it is free, so that every step begins with hundreds of page faults:
small trainings in TensorFlow spent up to half of their time there.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

# Numbers from glibc's malloc.h, and what each is set to.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_SETTINGS = {
    _TRIM_THRESHOLD: 256 << 20,  # bytes at the end of a heap that may lie idle
    _TOP_PAD: 64 << 20,  # bytes taken ahead, and kept when the rest is given back
    _MMAP_THRESHOLD: 32 << 20,  # larger arrays get pages of their own, given back when they go
    _ARENA_MAX: 1,  # one heap for all threads: the settings above hold for the first one only
}


def keep_memory() -> bool:
    """Tell this process's glibc to keep memory between steps.

    Returns:
        False where there is no glibc, or where somebody has set ``MALLOC_…`` in the environment.
    """
    if not sys.platform.startswith("linux") or any(n.startswith("MALLOC_") for n in os.environ):
        return False
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        return all(mallopt(number, size) == 1 for number, size in _SETTINGS.items())
    return False
