r"""Unsupervised domain adaptation: learn from labelled source examples and unlabelled target ones.

One objective, :class:`Adapted`, and penalties that go into it, alone or together:

.. math:: L = L_\mathrm{CE}(z_s, y_s) + \sum_j \lambda_j(p) \, R_j(f_s, f_t, z_s, z_t)

with features :math:`f`, logits :math:`z`, and the part :math:`p` of the training that is over. Two
families. *Alignment* (:class:`MMDAlignment`, :class:`CoralAlignment`, ``adversarial.DANN``) makes the
features of both domains look alike, whatever their classes. *Self-training*
(:class:`EntropyMinimisation`, :class:`InformationMaximisation`, :class:`PseudoLabels`) trusts the
model's own answers on the target. Both can make things worse, and neither notices: alignment when the
classes have other shares in the target, self-training when the first answers are wrong.

Both domains go through the backbone one after the other, each BatchNorm layer normalising each domain by
its own batch (so the domains' means and variances agree already, layer by layer); the statistics that
it keeps follow both. The target's alone are those of ``estimate_statistics(model, x_t)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from course_lib.arguments import require_all_made, require_number
from course_lib.pytorch.discrepancies import coral_distance, mmd_squared
from course_lib.pytorch.losses import cross_entropy, log_softmax, widened
from course_lib.pytorch.objectives import Batch, Objective
from course_lib.training.batches import Arrays
from course_lib.training.requirements import (
    require_features_to_head,
    require_kernel,
    require_one_share_each,
    require_shares,
)
from course_lib.training.two_domains import require_no_target_labels


class Seen(NamedTuple):
    """What a penalty sees of a batch: features and logits of source and target, and the progress."""

    f_s: Tensor
    f_t: Tensor
    z_s: Tensor
    z_t: Tensor
    progress: float


class Penalty(nn.Module):
    r"""The base of what :class:`Adapted` adds to the source's loss. A subclass says what :meth:`value` is.

    Args:
        strength: :math:`\lambda`.
        ramp: Whether it grows from 0 with the progress of the training: see :func:`ramp_up`.
    """

    def __init__(self, strength: float = 1.0, *, ramp: bool = True) -> None:
        super().__init__()
        self.strength, self.ramp = require_number("strength", strength), bool(ramp)

    def value(self, seen: Seen) -> Tensor:
        """Give the penalty itself: one number."""
        raise NotImplementedError

    def term(self, seen: Seen) -> Tensor:
        """Give what is added to the loss: the penalty times its strength now."""
        return self.strength_at(seen.progress) * self.value(seen)

    def strength_at(self, progress: float) -> float:
        """Give the strength when so much of the training is over."""
        return self.strength * ramp_up(progress) if self.ramp else self.strength

    def settings(self) -> dict[str, object]:
        """Give the numbers that define this penalty."""
        return {"strength": self.strength, "ramp": self.ramp}


class Adapted(Objective):
    r"""Cross-entropy on the source, and penalties that see the target's inputs.

    .. math:: L = L_\mathrm{CE}(z_s, y_s) + \sum_j \lambda_j(p) \, R_j(f_s, f_t, z_s, z_t)

    Train it on ``unlabelled_target(source, target)``: ``x``, ``y`` and ``x_t``. The model has a backbone
    and a head (``attach_head``, ``build_bottleneck``). Without penalties it is training on the source
    alone, in the same batches.

    Args:
        penalties: ``MMDAlignment()``, ``CoralAlignment()``, ``DANN(features)``,
            ``EntropyMinimisation()``, ``InformationMaximisation()``, ``PseudoLabels()``; several add up.
        label_smoothing: As for ``CrossEntropy``, on the source.
    """

    def __init__(self, *penalties: Penalty, label_smoothing: float = 0.0) -> None:
        super().__init__()
        made = require_all_made("penalties", penalties, Penalty, "MMDAlignment()")
        self.penalties = nn.ModuleList(made)
        self.label_smoothing = require_number("label_smoothing", label_smoothing, 0, 1)

    def check(self, arrays: Arrays) -> None:
        require_no_target_labels(arrays)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        seen = see(model, batch)
        loss = cross_entropy(seen.z_s, batch["y"], label_smoothing=self.label_smoothing)
        with torch.autocast(loss.device.type, enabled=False):  # distances need all the digits
            for penalty in self.penalties:
                loss = loss + penalty.term(seen)
        return loss

    def settings(self) -> dict[str, object]:
        inside = [[type(penalty).__name__, penalty.settings()] for penalty in self.penalties]
        return {"label_smoothing": self.label_smoothing, "penalties": inside}


class MMDAlignment(Penalty):
    r"""Bring the features' distributions together: :math:`\mathrm{MMD}^2(f_s, f_t)`.

    Long et al., *Learning Transferable Features with Deep Adaptation Networks*, ICML 2015,
    arXiv:1502.02791 (there on several layers, here on the features).

    Args:
        strength, ramp: As for :class:`Penalty`.
        kernel, width, biased: As for ``mmd_squared``.
    """

    def __init__(
        self,
        strength: float = 1.0,
        *,
        ramp: bool = True,
        kernel: str = "multi",
        width: float | None = None,
        biased: bool = True,
    ) -> None:
        super().__init__(strength, ramp=ramp)
        require_kernel(kernel, width)
        self.how: dict[str, Any] = {"kernel": kernel, "width": width, "biased": bool(biased)}

    def value(self, seen: Seen) -> Tensor:
        return mmd_squared(seen.f_s, seen.f_t, **self.how)

    def settings(self) -> dict[str, object]:
        return super().settings() | self.how


class CoralAlignment(Penalty):
    r"""Bring the features' covariances together: ``coral_distance``, :math:`\lVert C_s - C_t
    \rVert_F^2 / 4 D^2`.

    The distance shrinks with the features' scale and with :math:`D^2`, so its strength has to be chosen
    for the features at hand; 1 is often far too little. Sun & Saenko, *Deep CORAL*, ECCV 2016
    workshops, arXiv:1607.01719.
    """

    def value(self, seen: Seen) -> Tensor:
        return coral_distance(seen.f_s, seen.f_t)


class EntropyMinimisation(Penalty):
    r"""Make the answers on the target sure: the mean entropy :math:`H(p_t)`.

    .. math:: H(p) = -\sum_k p_k \log p_k

    A boundary through a crowd of target examples is costly, so it moves to where there are few. What
    was wrong becomes surely wrong, and all target examples in one class cost nothing. Grandvalet & Bengio,
    *Semi-supervised Learning by Entropy Minimization*, NeurIPS 2004.
    """

    def value(self, seen: Seen) -> Tensor:
        return mean_entropy(seen.z_t)


class InformationMaximisation(Penalty):
    r"""Make the answers on the target sure, and all classes occur: :math:`-I(x_t; \hat y_t)`.

    .. math:: R = \frac{1}{m} \sum_i H(p_i) - H\Bigl(\frac{1}{m} \sum_i p_i\Bigr)

    The mean entropy less the entropy of the mean: 0 at worst, :math:`-\log K` where each answer is sure
    and each class as frequent as the others. It pulls towards equal shares, so a target with other shares
    is harmed. Where those are known, or estimated, as :math:`\pi`, they take the place of equal ones:

    .. math::
        R = \frac{1}{m} \sum_i H(p_i) + \sum_k \bar p_k \log \frac{\bar p_k}{K \pi_k}, \qquad
        \bar p = \frac{1}{m} \sum_i p_i

    With :math:`\pi_k = 1/K` both are the same. Bridle, Heading & MacKay, *Unsupervised Classifiers,
    Mutual Information and 'Phantom Targets'*, NeurIPS 1991; with given shares: Krause, Perona & Gomes,
    *Discriminative Clustering by Regularized Information Maximization*, NeurIPS 2010; for adaptation:
    Shi & Sha, ICML 2012, arXiv:1206.6438; Liang, Hu & Feng (SHOT), ICML 2020, arXiv:2002.08546.

    Args:
        strength, ramp: As for :class:`Penalty`.
        shares: :math:`\pi`, K numbers above 0 (they are scaled to sum 1); equal ones unless given.
    """

    def __init__(
        self, strength: float = 1.0, *, ramp: bool = True, shares: Sequence[float] | None = None
    ) -> None:
        super().__init__(strength, ramp=ramp)
        self.shares = None if shares is None else require_shares(shares)

    def value(self, seen: Seen) -> Tensor:
        mean = log_softmax(seen.z_t).exp().mean(dim=0)
        surprise = torch.log(mean + 1e-12)
        if self.shares is not None:
            require_one_share_each(self.shares, mean.shape[0])
            surprise = surprise - torch.log(len(mean) * mean.new_tensor(self.shares))
        return mean_entropy(seen.z_t) + (mean * surprise).sum()

    def settings(self) -> dict[str, object]:
        return super().settings() | ({} if self.shares is None else {"shares": self.shares})


class PseudoLabels(Penalty):
    r"""Believe the model's own answers on the target where it is sure.

    .. math::
        R = -\frac{1}{m} \sum_i [\max_k p_{ik} > \tau] \, \log p_{i, \hat y_i}, \qquad
        \hat y_i = \arg\max_k p_{ik}

    The labels are made anew from each batch and no gradient flows through them. Lee, *Pseudo-Label*,
    ICML 2013 workshop on challenges in representation learning. (The other way, in rounds: predict,
    keep what is sure, fit again: ``course_lib.adaptation.confident``.)

    Args:
        strength, ramp: As for :class:`Penalty`.
        threshold: :math:`\tau`, from 0 to 1.
    """

    def __init__(self, strength: float = 1.0, *, ramp: bool = True, threshold: float = 0.9) -> None:
        super().__init__(strength, ramp=ramp)
        self.threshold = require_number("threshold", threshold, 0, 1)

    def value(self, seen: Seen) -> Tensor:
        best = log_softmax(seen.z_t).max(dim=1).values  # log p of the answer itself
        sure = (best.detach() > math.log(max(self.threshold, 1e-12))).to(best.dtype)
        return -(sure * best).mean()

    def settings(self) -> dict[str, object]:
        return super().settings() | {"threshold": self.threshold}


def see(model: nn.Module, batch: Batch) -> Seen:
    """Give features and logits of both domains, the source first."""
    require_features_to_head(model, "Adapted")
    f_s, f_t = model.backbone(batch["x"]), model.backbone(batch["x_t"])
    z_s, z_t = widened(model.head(f_s)), widened(model.head(f_t))
    return Seen(widened(f_s), widened(f_t), z_s, z_t, float(batch["progress"]))


def mean_entropy(z: Tensor) -> Tensor:
    r"""Give the mean entropy of the answers, from logits N×K: between 0 and :math:`\log K`."""
    log_p = log_softmax(z)
    return -(log_p.exp() * log_p).sum(dim=1).mean()


def ramp_up(progress: float) -> float:
    r"""Give a factor that grows from 0 to 1 while the training goes on.

    .. math:: \lambda_p = \frac{2}{1 + e^{-10 p}} - 1 = \tanh(5 p)

    At first the features mean nothing yet, and to align them would only disturb. Ganin et al.,
    *Domain-Adversarial Training of Neural Networks*, JMLR 17, 2016, arXiv:1505.07818.

    Args:
        progress: :math:`p`, from 0 to 1.
    """
    return math.tanh(5 * progress)
