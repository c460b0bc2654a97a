r"""How far apart are two samples of features? Statistics that can be differentiated, and so made small.

Both see features :math:`f_s` (n×D) of one domain and :math:`f_t` (m×D) of another, without labels.
*Maximum mean discrepancy* compares the means of all features that a kernel can think of, *CORAL* the
covariances of those that are there. The tests compare each with its formula written as loops, with what
it is for two Gaussians, and its gradient with finite differences.
"""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.training.requirements import require_kernel, require_two_samples

# Of the kernel of several widths: multiples of the width squared.
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    r"""Give all squared distances between rows, n×D and m×D → n×m.

    .. math:: \lVert a_i - b_j \rVert^2 = \lVert a_i \rVert^2 + \lVert b_j \rVert^2 - 2 a_i \cdot b_j

    Rounding may carry a small one below zero: it is set to zero.
    """
    squares = (a**2).sum(dim=1)[:, None] + (b**2).sum(dim=1)[None, :]
    return (squares - 2 * a @ b.T).clamp(min=0)


def median_width(d: Tensor) -> Tensor:
    r"""Give the median distance between different rows, from all squared distances N×N.

    The *median heuristic* for a kernel's width: far and near pairs are then told apart. Of two
    distances in the middle it takes the smaller, in both halves. No gradient flows through it: the
    width is a yardstick, not something to learn. Gretton et al., *A Kernel Two-Sample Test*,
    JMLR 13, 2012.
    """
    N = d.shape[0]
    in_order = d.detach().flatten().sort().values  # the first N are those of rows to themselves
    return in_order[N + (N * (N - 1) - 1) // 2].clamp(min=1e-12).sqrt()


def kernel_matrix(f: Tensor, *, kernel: str = "multi", width: float | None = None) -> Tensor:
    r"""Give how alike each two rows are, N×D → N×N.

    .. math::
        k_\mathrm{linear}(a, b) = a \cdot b, \qquad
        k_\mathrm{rbf}(a, b) = e^{-\lVert a - b \rVert^2 / 2 \sigma^2}, \qquad
        k_\mathrm{multi}(a, b) = \frac{1}{5} \sum_{c} e^{-\lVert a - b \rVert^2 / 2 c \sigma^2}

    with :math:`c` in ¼, ½, 1, 2, 4: one of several widths does not depend on having guessed the one.

    Args:
        f: Features.
        kernel: ``"linear"``, ``"rbf"`` or ``"multi"``.
        width: :math:`\sigma`, in the features' unit; the median heuristic unless given.
    """
    require_kernel(kernel, width)
    if kernel == "linear":
        return f @ f.T
    d = squared_distances(f, f)
    variance = median_width(d) ** 2 if width is None else width**2
    scales = SCALES if kernel == "multi" else (1.0,)
    return torch.stack([torch.exp(-d / (2 * c * variance)) for c in scales]).mean(dim=0)


def mmd_squared(
    f_s: Tensor,
    f_t: Tensor,
    *,
    kernel: str = "multi",
    width: float | None = None,
    biased: bool = True,
) -> Tensor:
    r"""Give the squared maximum mean discrepancy between two samples: one number.

    The mean of a kernel's features over one domain, less that over the other, squared:

    .. math::
        \mathrm{MMD}^2 = \mathbb{E}\, k(s, s') + \mathbb{E}\, k(t, t') - 2\, \mathbb{E}\, k(s, t)

    For the linear kernel it is :math:`\lVert \bar f_s - \bar f_t \rVert^2`; for an RBF kernel it is 0
    only where the two distributions are the same. The *biased* estimate takes all pairs, is never
    negative, and is too large by the pairs of each row with itself, about :math:`\frac{1}{n} +
    \frac{1}{m}` for one distribution sampled twice. The *unbiased* one leaves those pairs out, is right
    on average, and may be negative. Gretton et al., *A Kernel Two-Sample Test*, JMLR 13, 2012; as a
    penalty: Long et al., *Learning Transferable Features with Deep Adaptation Networks*, ICML 2015,
    arXiv:1502.02791.

    Args:
        f_s, f_t: Features n×D and m×D; for the unbiased estimate at least two of each.
        kernel, width: As for :func:`kernel_matrix`. The median is that of both samples together.
        biased: Which of the two estimates.
    """
    require_two_samples(f_s.shape, f_t.shape, at_least=1 if biased else 2)
    n = f_s.shape[0]
    k = kernel_matrix(torch.cat([f_s, f_t]), kernel=kernel, width=width)
    within = [mean_of_pairs(k[:n, :n], biased), mean_of_pairs(k[n:, n:], biased)]
    return within[0] + within[1] - 2 * k[:n, n:].mean()


def mean_of_pairs(k: Tensor, biased: bool) -> Tensor:
    """Give the mean of a kernel over the pairs of one sample, with or without each row and itself."""
    n = k.shape[0]
    return k.mean() if biased else (k.sum() - k.diagonal().sum()) / (n * (n - 1))


def covariance(f: Tensor) -> Tensor:
    r"""Give the covariance of features, n×D → D×D, with :math:`n - 1` below."""
    centred = f - f.mean(dim=0)
    return centred.T @ centred / (f.shape[0] - 1)


def coral_distance(f_s: Tensor, f_t: Tensor) -> Tensor:
    r"""Give the distance between the covariances of two samples: one number.

    .. math:: \frac{1}{4 D^2} \lVert C_s - C_t \rVert_F^2

    It does not see the means: two domains that differ by a shift alone are at distance 0. Sun &
    Saenko, *Deep CORAL: Correlation Alignment for Deep Domain Adaptation*, ECCV 2016 workshops,
    arXiv:1607.01719.

    Args:
        f_s, f_t: Features n×D and m×D, at least two of each.
    """
    require_two_samples(f_s.shape, f_t.shape, at_least=2)
    D = f_s.shape[1]
    return ((covariance(f_s) - covariance(f_t)) ** 2).sum() / (4 * D**2)
