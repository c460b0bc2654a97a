r"""Objectives that change another objective, and nest.

A wrapper holds an objective and leaves everything to it but what it changes. The outermost acts
first: ``L2SP(Augmented(MixUp(CrossEntropy(), classes=10), [Flip()]), model)`` flips the images, mixes
them, asks for the cross-entropy, and adds the penalty to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_count, require_number
from course_lib.pytorch.augmentation import augment
from course_lib.pytorch.losses import one_hot
from course_lib.pytorch.objectives import Batch, Objective, require_objective
from course_lib.training.augmentation import Transform, draw_transforms, require_known_kinds
from course_lib.training.batches import Arrays
from course_lib.training.requirements import (
    require_amounts,
    require_different_names,
    require_transfer_model,
)


class Wrapper(Objective):
    """The base of objectives that change another. As it is, it changes nothing."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.objective = require_objective(objective)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        return self.objective.loss(model, batch)

    def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        inside, own = self.objective.draws(rng, batch_size), self.own_draws(rng, batch_size)
        require_different_names(inside, own)
        return inside | own

    def own_draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        """Give what this wrapper draws, besides the objective inside."""
        return {}

    def terms(self, data: Arrays) -> np.ndarray | None:
        return self.objective.terms(data)

    def check(self, arrays: Arrays) -> None:
        self.objective.check(arrays)

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return self.objective.measure(outputs, y)

    def settings(self) -> dict[str, object]:
        inside = [type(self.objective).__name__, self.objective.settings()]
        return self.own_settings() | {"objective": inside}

    def own_settings(self) -> dict[str, object]:
        """Give the numbers that define this wrapper, besides the objective inside."""
        return {}


class MixUp(Wrapper):
    r"""Train on blends of two examples, inputs and targets alike.

    .. math::
        \tilde x = \lambda x_i + (1 - \lambda) x_j, \qquad
        \tilde y = \lambda y_i + (1 - \lambda) y_j, \qquad
        \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    One :math:`\lambda` for each step. The partner of an example is the one opposite in the batch,
    read backwards: the batch's order is random already. (With ``accumulate``, opposite in its part of
    the batch.) Zhang et al., *mixup: Beyond Empirical Risk Minimization*, ICLR 2018,
    arXiv:1710.09412.

    Args:
        objective: Whose ``x`` and ``y`` are blended.
        alpha: :math:`\alpha` above 0; small values leave most examples almost alone.
        classes: K, where targets are labels 0 … K-1: they become shares N×K before they are blended.
            None: targets are numbers (regression, 0 or 1) and are blended as they are.
    """

    def __init__(
        self, objective: Objective, alpha: float = 0.2, classes: int | None = None
    ) -> None:
        super().__init__(objective)
        self.alpha = require_number("alpha", alpha, ends="()")
        self.classes = None if classes is None else require_count("classes", classes)

    def own_draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        return {"mixup.share": np.full(batch_size, rng.beta(self.alpha, self.alpha))}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        require_amounts(str(batch["x"].dtype).removeprefix("torch."))
        share, y = batch["mixup.share"], batch["y"]
        y = y if self.classes is None else one_hot(y, self.classes)
        mixed = {"x": blend(batch["x"], share), "y": blend(y, share)}
        return self.objective.loss(model, {**batch, **mixed})

    def own_settings(self) -> dict[str, object]:
        return {"alpha": self.alpha, "classes": self.classes}


def blend(a: Tensor, share: Tensor) -> Tensor:
    """Give ``share`` of each row and the rest of the row opposite; whole numbers become real."""
    a = a.to(torch.promote_types(a.dtype, share.dtype))
    share = share.view(-1, *[1] * (a.dim() - 1))
    return share * a + (1 - share) * a.flip(0)


class Augmented(Wrapper):
    """Change the images ``x`` at random, anew in each epoch, before the objective sees them.

    Args:
        objective: What to make small on the changed images.
        transforms: What may happen to an image: ``Flip``, ``Shift``, ``Rotate``, ``Scale``,
            ``Brightness``, ``Contrast``, ``CutOut``, ``Erase``. See ``course_lib.training.augmentation``.
    """

    def __init__(self, objective: Objective, transforms: Sequence[Transform]) -> None:
        super().__init__(objective)
        require_known_kinds(transforms)
        self.transforms = tuple(transforms)

    def own_draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        draws = draw_transforms(self.transforms, rng, batch_size)
        return {f"augment.{kind}": values for kind, values in draws.items()}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        x = augment(batch["x"], {kind: batch[f"augment.{kind}"] for kind in self.kinds})
        return self.objective.loss(model, {**batch, "x": x})

    @property
    def kinds(self) -> set[str]:
        """The kinds of change that occur."""
        return {transform.kind for transform in self.transforms}

    def own_settings(self) -> dict[str, object]:
        return {"transforms": [repr(transform) for transform in self.transforms]}


class L2SP(Wrapper):
    r"""Hold the backbone near where it starts, and the new head near zero.

    .. math::
        L + \frac{\alpha}{2} \lVert w_S - w_S^0 \rVert^2
          + \frac{\beta}{2} \lVert w_{\bar S} \rVert^2

    :math:`w_S` are the weights shared with the earlier task, ``model.backbone``'s, and
    :math:`w_S^0` their values when this objective is made (SP: *starting point*);
    :math:`w_{\bar S}` are those of ``model.head``. Plain weight decay would pull both towards zero,
    and so forget what was learnt before: give the optimizer ``weight_decay=0``. Li, Grandvalet &
    Davoine, *Explicit Inductive Bias for Transfer Learning with Convolutional Networks*, ICML 2018,
    arXiv:1802.01483.

    Args:
        objective: What else to make small.
        model: The model that will be trained, with its pre-trained weights.
        alpha, beta: The strengths, :math:`\alpha` and :math:`\beta`.
    """

    def __init__(
        self, objective: Objective, model: nn.Module, *, alpha: float = 0.01, beta: float = 0.01
    ) -> None:
        super().__init__(objective)
        require_transfer_model(model, "L2SP")
        self.alpha, self.beta = require_number("alpha", alpha), require_number("beta", beta)
        self.anchor: Tensor
        self.register_buffer("anchor", weight_vector(model.backbone).detach().clone())

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        shared, new = weight_vector(model.backbone), weight_vector(model.head)
        held = self.alpha / 2 * (shared - self.anchor).square().sum()
        small = self.beta / 2 * new.square().sum()
        return self.objective.loss(model, batch) + held + small

    def own_settings(self) -> dict[str, object]:
        return {"alpha": self.alpha, "beta": self.beta}


def weight_vector(module: nn.Module) -> Tensor:
    """Give all weights of a module in one row (BatchNorm's statistics are no weights)."""
    return torch.cat([w.flatten() for w in module.parameters()])
