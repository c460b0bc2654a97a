"""Start Keras on the engine that suits this machine: once, before anything else imports Keras."""

from __future__ import annotations

from course_lib import keras_backend

BACKEND = keras_backend.settle()

import keras  # noqa: E402, F401
