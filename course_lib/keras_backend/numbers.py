"""The numbers in many variables at once, past the detours that Keras takes for each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any


def numbers_of(variables: Iterable[Any]) -> list[Any]:
    """Give copies of variables' values as arrays."""
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        import numpy as np
        from keras import ops

        return [np.array(ops.convert_to_numpy(variable)) for variable in variables]
    import tensorflow as tf

    places = [variable.value for variable in variables]
    read = tf.raw_ops.ReadVariableOp  # a fifth of what Keras's own way takes, for thousands of them
    return [read(resource=place.handle, dtype=place.dtype).numpy() for place in places]


def put_numbers(variables: Iterable[Any], values: Iterable[Any]) -> None:
    """Put copies of arrays into variables, one for each."""
    import numpy as np

    direct = os.environ.get("KERAS_BACKEND") == "tensorflow"
    for variable, value in zip(variables, values, strict=True):
        if direct and value.shape == variable.shape and value.dtype.name == variable.dtype:
            import tensorflow as tf

            value = np.array(value)  # TensorFlow would take a large array itself, not its numbers
            tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=value)
        else:
            variable.assign(value)
