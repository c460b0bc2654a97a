"""Domain-adversarial training: features from which a second network cannot tell the domains apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.pytorch.adaptation import Penalty, Seen
from course_lib.pytorch.heads import build_head
from course_lib.pytorch.losses import binary_cross_entropy


class _Reversal(torch.autograd.Function):
    """The identity on the way forward, ``-strength`` on the way back."""

    @staticmethod
    def forward(ctx: Any, f: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return f.view_as(f)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * slopes[0], None


def reverse_gradient(f: Tensor, strength: float = 1.0) -> Tensor:
    r"""Give ``f`` as it is; its gradient comes back times :math:`-\lambda`.

    .. math:: R_\lambda(f) = f, \qquad \frac{\partial R_\lambda}{\partial f} = -\lambda I

    What comes after makes its loss small, what comes before makes the same loss large: two players in
    one step of gradient descent. Ganin & Lempitsky, *Unsupervised Domain Adaptation by Backpropagation*,
    ICML 2015, arXiv:1409.7495.

    Args:
        f: Any tensor.
        strength: :math:`\lambda`.
    """
    return _Reversal.apply(f, strength)


class DANN(Penalty):
    r"""A discriminator learns to tell the domains apart, the features learn to prevent it.

    .. math::
        \min_{G, C} \max_D \; L_\mathrm{CE}(C(G(x_s)), y_s) - \lambda \, L_\mathrm{BCE}(D),
        \qquad L_\mathrm{BCE}(D) = -\frac{1}{n + m} \Bigl( \sum_i \log(1 - D(f_{s,i}))
        + \sum_j \log D(f_{t,j}) \Bigr)

    The discriminator :math:`D` is part of this penalty: ``fit`` trains it with the model, at full
    strength; only what flows on into the features is reversed and weighed by :math:`\lambda`. A
    discriminator that is right half of the time is no proof of success: it may be weak, or the features
    may have lost what tells classes apart, or have matched one class with another. Ganin et al.,
    *Domain-Adversarial Training of Neural Networks*, JMLR 17, 2016, arXiv:1505.07818.

    Args:
        features: D, the number of features (``model.backbone.feature_size``).
        strength, ramp: :math:`\lambda`, and whether it grows: see ``ramp_up``.
        hidden: Widths of the discriminator's hidden layers.
        seed: Decides where the discriminator starts.
    """

    def __init__(
        self,
        features: int,
        strength: float = 1.0,
        *,
        ramp: bool = True,
        hidden: Sequence[int] = (64,),
        seed: int = 0,
    ) -> None:
        super().__init__(strength, ramp=ramp)
        self.discriminator = build_head(features, 1, hidden=hidden, seed=seed)

    def value(self, seen: Seen) -> Tensor:
        """Give the discriminator's loss, which flows back into the features reversed."""
        f = reverse_gradient(torch.cat([seen.f_s, seen.f_t]), self.strength_at(seen.progress))
        is_target = torch.cat([torch.zeros_like(seen.f_s[:, :1]), torch.ones_like(seen.f_t[:, :1])])
        return binary_cross_entropy(self.discriminator(f), is_target)

    def term(self, seen: Seen) -> Tensor:
        return self.value(seen)
