r"""Judging without target labels, and what cannot be known that way.

Every score here can be computed from the source's labels and the target's inputs. None of them can be
relied on alone: two models with the same scores may differ on the target by everything, since nothing in
the inputs says which class a crowd of them belongs to (Ben-David et al., *Impossibility Theorems for Domain
Adaptation*, AISTATS 2010). They compare settings of one method; they do not estimate its accuracy, except
:func:`deep_embedded_validation`, and that under covariate shift only.
"""

from __future__ import annotations

import numpy as np

from course_lib.adaptation.density import domain_log_odds
from course_lib.adaptation.requirements import require_outputs, require_two_features
from course_lib.arguments import as_numbers
from course_lib.errors import CourseError
from course_lib.readouts import linear_probe
from course_lib.training.measures import log_softmax


def proxy_a_distance(
    f_source: np.ndarray,
    f_target: np.ndarray,
    *,
    strength: float = 1e-3,
    folds: int = 5,
    seed: int = 0,
) -> float:
    r"""Give how well a linear classifier tells the domains apart: 0 not at all, 2 perfectly.

    .. math:: \hat d_\mathcal{A} = 2 \, (1 - 2 \epsilon)

    with :math:`\epsilon` the error on held-out examples, both domains counting alike; below 0 by chance only,
    and given as 0. Small is not good: features that forget everything have distance 0, and so do features
    that match one class with another. Ben-David et al., *A Theory of Learning from Different Domains*,
    Machine Learning 79, 2010; Blitzer et al., ACL 2007.

    Args:
        f_source, f_target: Features n×D and m×D of one scale.
        strength: The classifier's L2 strength (see ``readouts.linear_probe``).
        folds, seed: Of the cross-validation.
    """
    log_odds = domain_log_odds(f_source, f_target, strength=strength, folds=folds, seed=seed)
    n, m = len(f_source), len(f_target)
    threshold = np.log(m / n)  # where both domains count alike
    missed = np.mean(log_odds[:n] > threshold) + np.mean(log_odds[n:] <= threshold)
    return float(max(0.0, 2 * (1 - missed)))


def target_certainty(outputs: np.ndarray) -> float:
    r"""Give minus the mean entropy of the answers on the target, in nats: at most 0, larger is surer.

    Sure is not right: a model that puts everything into one class is as sure as can be. Morerio, Cavazza &
    Murino, *Minimal-Entropy Correlation Alignment for Unsupervised Deep Domain Adaptation*, ICLR 2018,
    arXiv:1711.10288, choose by it.

    Args:
        outputs: Logits N×K on the target.
    """
    log_p = log_softmax(require_outputs(outputs))
    terms = np.exp(log_p) * np.maximum(log_p, -1e6)  # 0 · log 0 = 0
    return float(terms.sum(axis=1).mean())


def target_information(outputs: np.ndarray) -> float:
    r"""Give the mutual information between target inputs and answers, in nats: larger is better, perhaps.

    .. math:: I = H\Bigl(\frac{1}{N} \sum_i p_i\Bigr) - \frac{1}{N} \sum_i H(p_i)

    From 0 to :math:`\log K`: sure answers, and all classes among them. It sees the collapse that
    :func:`target_certainty` misses, not classes that have changed places; and a method that makes it large
    in training (``InformationMaximisation``) scores well whether it is right or not. Bridle, Heading & MacKay,
    NeurIPS 1991; as a criterion: Musgrave, Belongie & Lim, *Three New Validators and a Large-Scale Benchmark
    Ranking for Unsupervised Domain Adaptation*, arXiv:2208.07360, 2022.

    Args:
        outputs: Logits N×K on the target.
    """
    mean = np.exp(log_softmax(require_outputs(outputs))).mean(axis=0)
    entropy = -(mean * np.log(np.maximum(mean, 1e-300))).sum()
    return float(entropy + target_certainty(outputs))


def deep_embedded_validation(
    f_source: np.ndarray,
    f_target: np.ndarray,
    f_held_out: np.ndarray,
    losses: np.ndarray,
    *,
    strength: float = 1e-2,
) -> float:
    r"""Estimate the loss on the target from held-out source examples, weighed: smaller is better.

    .. math::
        \hat R = \overline{w \ell} + \eta \, (\bar w - 1), \qquad
        \eta = -\frac{\mathrm{Cov}(w \ell, w)}{\mathrm{Var}(w)}

    with :math:`w = p_t(f) / p_s(f)` from a classifier of domains, trained on the other source examples and the
    target. The second term has mean 0 and takes out variance (a control variate). It is right under covariate
    shift *of the features*, and where source features cover the target's. After alignment the weights are near
    1 and it falls back to the source's own risk, which says little. You, Wang, Long & Jordan, *Towards Accurate
    Model Selection in Deep Unsupervised Domain Adaptation*, ICML 2019.

    Args:
        f_source: Features of source examples for the classifier of domains, n×D.
        f_target: Features of the target, m×D.
        f_held_out: Features of source examples that nothing was trained on, k×D.
        losses: The model's loss on each of those, k: 0 or 1 for the error, or the cross-entropy.
        strength: The classifier's L2 strength.
    """
    f_s, f_t = require_two_features(f_source, f_target)
    held_out, loss = as_numbers("f_held_out", f_held_out), as_numbers("losses", losses)
    if held_out.ndim != 2 or loss.shape != held_out.shape[:1] or len(loss) < 2:
        raise CourseError(
            f"There is one loss for each held-out example, at least two; found features {held_out.shape} "
            f"and losses {loss.shape}.",
            f"每个留出样本要有一个损失，至少两个；现在特征为 {held_out.shape}，损失为 {loss.shape}。",
        )
    domain = np.repeat([0, 1], [len(f_s), len(f_t)])
    z = linear_probe(np.concatenate([f_s, f_t]), domain, strength=strength).scores(held_out)
    w = np.exp(np.clip(z[:, 1] - z[:, 0], -30, 30)) * len(f_s) / len(f_t)
    return controlled_mean(w * loss, w)


def controlled_mean(weighted: np.ndarray, w: np.ndarray) -> float:
    """Give the mean of ``w · loss``, corrected by how far the mean of ``w`` is from its known 1."""
    variance = w.var(ddof=1)
    eta = 0.0 if variance == 0 else -np.cov(weighted, w, ddof=1)[0, 1] / variance
    return float(weighted.mean() + eta * (w.mean() - 1))
