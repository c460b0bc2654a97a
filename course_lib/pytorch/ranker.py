r"""A ranker: one score for each article of a slate, from its text and from what else is known of it.

.. math::
    e_i = \frac{(C T P)_i}{\lVert (C T P)_i \rVert}, \qquad
    u = \frac{1}{|H|} \sum_{h \in H} e_h, \qquad
    s_i = a \, u^\top e_i + w^\top f_i + b

C (articles × words) says which words a text holds, T (words × D) is the table of word vectors, borrowed or random,
P (D×D) turns and stretches them, u is the mean of what the reader clicked before (0 for a new reader: then
only :math:`f_i` speaks), and :math:`f_i` are the other features: popularity, price.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.arguments import require_count


class Ranker(nn.Module):
    """Rows of :func:`course_lib.ranking.pack_slates` N×(H + K + K·F) → scores N×K.

    Attributes:
        table: T, V×D.
        project: P, D×D, the identity at the start.
        rank: From the text's score and the F features to one score.
    """

    def __init__(self, content: np.ndarray, table: np.ndarray, *, history: int, features: int):
        super().__init__()
        self.history, self.features = history, features
        self.register_buffer("content", torch.tensor(content, dtype=torch.float32))
        self.table = nn.Embedding.from_pretrained(torch.tensor(table), freeze=False)
        self.project = nn.Linear(table.shape[1], table.shape[1], bias=False)
        self.rank = nn.Linear(1 + features, 1)
        with torch.no_grad():
            self.project.weight.copy_(torch.eye(table.shape[1]))
            self.rank.weight.zero_()
            self.rank.weight[0, 0] = 4.0
            self.rank.bias.fill_(-2.0)

    def articles(self) -> Tensor:
        """Give every article's vector, I×D, of length 1 (0 where a text holds no known word)."""
        return functional.normalize(self.project(self.content @ self.table.weight), dim=1, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        H, F = self.history, self.features
        K = (x.shape[1] - H) // (1 + F)
        clicked, shown = x[:, :H].long(), x[:, H : H + K].long()
        others = x[:, H + K :].reshape(-1, K, F)
        e, known = self.articles(), (clicked >= 0).to(x.dtype)
        total = (e[clicked.clamp(min=0)] * known[:, :, None]).sum(dim=1)
        u = total / known.sum(dim=1, keepdim=True).clamp(min=1)
        match = torch.einsum("nd,nkd->nk", u, e[shown])
        return self.rank(torch.cat([match[:, :, None], others], dim=2)).squeeze(-1)


def build_ranker(content: np.ndarray, table: np.ndarray, *, history: int, features: int) -> Ranker:
    """Build a ranker; its start is the same in both halves.

    Args:
        content: I×V shares of words, or the identity I×I, which gives each article a vector of its own.
        table: V×D, the start of the words' vectors: ``course_lib.ranking.word_table``.
        history: H, how many clicked articles a row begins with.
        features: F, how many numbers are known of each shown article.
    """
    require_count("history", history)
    require_count("features", features, low=0)
    return Ranker(content, table, history=history, features=features)
