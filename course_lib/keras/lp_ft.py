"""Two stages: first the new head alone, then all of the model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from course_lib.keras.features import extract_features
from course_lib.keras.freezing import freeze_plan
from course_lib.keras.heads import TransferModel
from course_lib.keras.loop import fit
from course_lib.keras.objectives import (
    BinaryCrossEntropy,
    CrossEntropy,
    Objective,
    SequenceLikelihood,
    SquaredError,
)
from course_lib.training.batches import as_arrays
from course_lib.training.history import History
from course_lib.training.recipes import Recipe
from course_lib.training.requirements import require_transfer_model
from course_lib.training.stored import whole

OF_OUTPUTS = (BinaryCrossEntropy, CrossEntropy, SequenceLikelihood, SquaredError)


def probe_then_fine_tune(
    model: keras.Model,
    train: Any,
    *,
    probe_epochs: int,
    epochs: int,
    probe_optimizer: Recipe | None = None,
    optimizer: Recipe | None = None,
    objective: Objective | None = None,
    plan: str = "everything",
    blocks: int = 1,
    validation: Any = None,
    seed: int = 0,
    progress: bool = True,
    **fine_tuning: Any,
) -> History:
    r"""Train the head on frozen features, then go on from there with the backbone: LP-FT.

    A new head is random, and what it sends back in its first steps is, too. Fine-tuned from there,
    the features move before the head knows what they are worth, and move most where the training
    examples lie: off them, features no longer fit together. A head that already fits sends back
    little. Kumar et al., *Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution*, ICLR 2022, arXiv:2202.10054.

    Where the objective is a plain one (outputs against targets, nothing drawn at random), the first
    stage runs the backbone once and trains the head on its features, which gives the same head as
    training through the frozen backbone, only sooner.

    Args:
        model: What ``attach_head`` gives. Afterwards it is as free as ``plan`` says.
        train: As for ``fit``.
        probe_epochs, probe_optimizer: Of the first stage; ``AdamW()`` unless given.
        epochs, optimizer: Of the second stage; its learning rate is best a good deal lower.
        objective: What both stages make small; ``CrossEntropy()`` unless given.
        plan, blocks: What learns in the second stage, as for ``freeze_plan``.
        validation, seed, progress: As for ``fit``, in both stages.
        fine_tuning: What else ``fit`` takes, for the second stage: ``batch_size`` (for the first
            stage, too), ``callbacks``, ``batch_norm``, ``accumulate``, ``precision``, ``device``.

    Returns:
        The record of both stages, one after the other.
    """
    require_transfer_model(model, "probe_then_fine_tune")
    both: dict[str, Any] = {"objective": objective, "seed": seed, "progress": progress}
    alike = {k: v for k, v in fine_tuning.items() if k in ("batch_size", "precision", "device")}
    freeze_plan(model, "head")
    network, data, held_out = model, train, validation
    if head_suffices(model, train, objective):
        network = model.head
        data, held_out = features_of(model, train), features_of(model, validation)
    first = fit(
        network, data, optimizer=probe_optimizer, epochs=probe_epochs, validation=held_out,
        **both, **alike,
    )  # fmt: skip
    freeze_plan(model, plan, blocks=blocks)
    second = fit(
        model, train, optimizer=optimizer, epochs=epochs, validation=validation,
        **both, **fine_tuning,
    )  # fmt: skip
    return first.followed_by(second)


def head_suffices(model: Any, train: Any, objective: Objective | None) -> bool:
    """Say whether the head, trained on features, ends as it would in the whole frozen model."""
    plain = objective is None or type(objective) in OF_OUTPUTS
    return plain and isinstance(model, TransferModel) and set(as_arrays(train)) == {"x", "y"}


def features_of(model: TransferModel, data: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Give what the head sees of a ``Domain`` or a pair, and the targets; ``None`` for ``None``."""
    if data is None:
        return None
    arrays = as_arrays(data)
    layer = "maps" if model.flatten else None
    features = extract_features(model.backbone, arrays["x"], layer=layer)
    return features.reshape(len(features), -1), whole(arrays["y"])
