"""Start Keras on the engine that suits this machine: once, and without noise.

Import this before ``keras``: ``course_lib/keras/__init__.py`` does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from course_lib import keras_backend


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send what C++ libraries write to stderr nowhere, for the body of a ``with`` statement.

    TensorFlow greets with five lines there, whatever its log level; nbgrader and beginners take
    them for errors. Python's own exceptions are not affected.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


BACKEND = keras_backend.settle()
with quiet_stderr():
    import keras  # noqa: F401
