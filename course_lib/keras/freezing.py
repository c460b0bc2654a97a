"""What may move during training and what may not.

Frozen means two things at once: no gradient, *and* inference mode. Keras has no global training
mode: each call says ``training=…``, and a BatchNorm layer that is not trainable keeps its
statistics even when it is called with ``training=True``. Dropout does not; see ``TransferModel``.
"""

from __future__ import annotations

from collections.abc import Iterable

import keras

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.keras.torch_layout import leaf_layers
from course_lib.training.requirements import require_transfer_model

SMALL_PLANS = ("bias", "norm")
PLANS = ("everything", "head", "last", *SMALL_PLANS)
NORMS = (keras.layers.BatchNormalization, keras.layers.LayerNormalization)


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
        plan: ``"everything"`` (all of it learns), ``"head"`` (the backbone is frozen), ``"last"``
            (the head and the backbone's last ``blocks`` blocks learn), ``"bias"`` (the head and
            every bias and norm's shift: Ben Zaken et al., *BitFit*, ACL 2022, arXiv:2106.10199) or
            ``"norm"`` (the head and every norm's scale and shift). With the last two, BatchNorm
            statistics move, too, unless ``fit`` is told ``batch_norm="frozen"``.
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
        last = [layer for block in model.backbone.blocks[-blocks:] for layer in block]
        learn_only(model.backbone, last)
    if plan in SMALL_PLANS:
        learn_small(model, plan)
    return model


def learn_only(model: keras.Layer, chosen: Iterable[keras.Layer]) -> keras.Layer:
    """Let these layers learn and no others. Gives the model back.

    Layer by layer: freezing the backbone as a whole would hide the free ones inside it.
    """
    unfreeze(model)
    free = {id(layer) for layer in chosen}
    for layer in leaf_layers(model):
        layer.trainable = id(layer) in free
    return model


def learn_small(model: keras.Model, plan: str) -> None:
    """Let the backbone's biases learn (``"bias"``) or its norms' scales and shifts (``"norm"``)."""
    for layer in leaf_layers(model.backbone):
        is_norm = isinstance(layer, NORMS)
        chosen = [w for w in layer.weights if (is_norm if plan == "norm" else is_bias(w))]
        layer.trainable = bool(chosen) or not layer.weights
        for weight in layer._trainable_variables:
            weight.trainable = any(weight is w for w in chosen)


def is_bias(weight: keras.Variable) -> bool:
    """Say whether a weight is added and multiplies nothing: a bias, or a norm's shift."""
    return weight.name in ("bias", "beta", "in_proj_bias")


def _set_trainable(module: keras.Layer, value: bool) -> keras.Layer:
    """Set the flag of a module and of every layer inside.

    ``module.trainable = True`` alone would pass it on as well, but not on TensorFlow when the module
    is trainable already and only some layers inside are frozen: assigning an equal value does nothing.
    """
    for layer in module._flatten_layers():
        layer.trainable = value
        for weight in layer._trainable_variables:  # after a plan for single weights, as "bias"
            weight.trainable = value
    return module
