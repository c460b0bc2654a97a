"""What may move during training and what may not.

Frozen means two things at once: no gradient, *and* inference mode. Keras has no global training
mode: each call says ``training=…``, and a BatchNorm layer that is not trainable keeps its
statistics even when it is called with ``training=True``. Dropout does not; see ``TransferModel``.
"""

from __future__ import annotations

import keras

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.keras.torch_layout import leaf_layers
from course_lib.training.requirements import require_transfer_model

PLANS = ("everything", "head", "last")


def freeze(module: keras.Layer) -> keras.Layer:
    """Let nothing in the module move: no gradients, and inference mode. Gives the module back."""
    return _set_trainable(module, False)


def unfreeze(module: keras.Layer) -> keras.Layer:
    """Let the module learn again; ``fit`` calls it in training mode. Gives the module back."""
    return _set_trainable(module, True)


def freeze_plan(model: keras.Model, plan: str, *, blocks: int = 1) -> keras.Model:
    """Freeze a model with ``.backbone`` and ``.head`` by a named plan. Gives the model back.

    Args:
        model: What ``attach_head`` gives.
        plan: ``"everything"`` (all of it learns), ``"head"`` (the backbone is frozen) or ``"last"``
            (the head and the backbone's last ``blocks`` blocks learn).
        blocks: How many blocks ``"last"`` leaves free; ``backbone.blocks`` lists them.
    """
    if plan not in PLANS:
        raise CourseError(
            f"There is no freeze plan {plan!r}: choose one of {', '.join(PLANS)}.",
            f"没有叫 {plan!r} 的冻结方案，可选：{'、'.join(PLANS)}。",
        )
    require_transfer_model(model, "freeze_plan")
    if plan == "last":
        require_count("blocks", blocks, 1, len(model.backbone.blocks))
    unfreeze(model)
    if plan == "head":
        freeze(model.backbone)
    if plan == "last":
        free = {id(layer) for block in model.backbone.blocks[-blocks:] for layer in block}
        # Layer by layer: freezing the backbone as a whole would hide the free ones inside it.
        for layer in leaf_layers(model.backbone):
            layer.trainable = id(layer) in free
    return model


def _set_trainable(module: keras.Layer, value: bool) -> keras.Layer:
    """Set the flag of a module and of every layer inside.

    ``module.trainable = True`` alone would pass it on as well, but not on TensorFlow when the module
    is trainable already and only some layers inside are frozen: assigning an equal value does nothing.
    """
    for layer in module._flatten_layers():
        layer.trainable = value
    return module
