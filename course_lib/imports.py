"""Importing what others wrote without all that they would bring along."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leaving_out(module: str) -> Iterator[None]:
    """Let an optional module look missing inside a ``with``, to whatever tries to import it there.

    TensorFlow imports JAX where it can, and JSON schemas a grammar of addresses; each takes a second
    and neither is used here. A module that is there already stays.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
