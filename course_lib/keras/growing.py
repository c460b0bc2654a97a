"""A head that grows with the classes."""

from __future__ import annotations

import keras
from keras import layers, ops

from course_lib.arguments import require_seed
from course_lib.keras.replacing import set_part
from course_lib.training.incremental import grown, require_linear_end
from course_lib.training.requirements import require_transfer_model


def grow_head(model: keras.Model, classes: int, *, seed: int = 0) -> keras.Model:
    """Give a model's head outputs for further classes; the old rows are the same, bit for bit.

    The simplest of growing architectures. For class-incremental learning that is all: new logits
    beside the old ones. For task-incremental learning the new rows are the new task's own head: see
    ``TaskCrossEntropy``. (Whole columns of layers that grow: Rusu et al., *Progressive Neural
    Networks*, 2016, arXiv:1606.04671.)

    Args:
        model: What ``attach_head`` gives; it is changed in place.
        classes: How many outputs there are from now on, more than before.
        seed: Where the new rows come from, the same numbers in both halves.

    Returns:
        The model.
    """
    require_transfer_model(model, "grow_head")
    old = model.head.layers[-1]
    require_linear_end(isinstance(model.head, keras.Sequential) and isinstance(old, layers.Dense))
    weight, bias = grown(
        ops.convert_to_numpy(old.kernel).T,
        ops.convert_to_numpy(old.bias),
        classes,
        require_seed(seed),
    )
    new = layers.Dense(classes, name=old.name)
    head = keras.models.clone_model(model.head, clone_function=lambda x: new if x is old else x)
    new.set_weights([weight.T, bias])
    new.trainable = old.trainable
    set_part(model, "head", head)
    return model
