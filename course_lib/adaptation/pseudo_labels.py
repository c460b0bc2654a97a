"""The model's own answers as labels, where it is sure of them."""

from __future__ import annotations

import numpy as np

from course_lib.adaptation.requirements import require_outputs
from course_lib.arguments import require_number
from course_lib.training.measures import log_softmax


def confident(outputs: np.ndarray, *, threshold: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    r"""Give which examples the model is sure of, and its answers for them.

    .. math:: \{ i : \max_k p_{ik} > \tau \}, \qquad \hat y_i = \arg\max_k p_{ik}

    Self-training in rounds is then: ``predict`` the target, keep these, ``fit`` on the source and these
    (``labelled_target``), and again. What is kept is mostly what was easy: the sure are no sample of the
    target, and the wrong among them are learnt, too. Lee, *Pseudo-Label*, ICML 2013 workshop.

    Args:
        outputs: Logits N×K, as ``predict`` gives them.
        threshold: :math:`\tau`, from 0 to 1.

    Returns:
        Indices (in order) and labels, M each; perhaps none.
    """
    log_p = log_softmax(require_outputs(outputs))
    sure = np.flatnonzero(np.exp(log_p.max(axis=1)) > require_number("threshold", threshold, 0, 1))
    return sure, log_p[sure].argmax(axis=1)
