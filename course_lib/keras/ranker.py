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

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.arguments import require_count


class Ranker(keras.Model):
    """Rows of :func:`course_lib.ranking.pack_slates` N×(H + K + K·F) → scores N×K.

    Attributes:
        table: T, V×D.
        project: P, D×D, the identity at the start.
        rank: From the text's score and the F features to one score.
    """

    def __init__(self, content: np.ndarray, table: np.ndarray, *, history: int, features: int):
        super().__init__()
        self.history, self.features = history, features
        self.content = self.add_weight(
            shape=content.shape, initializer="zeros", trainable=False, name="content"
        )
        self.content.assign(np.asarray(content, np.float32))
        self.table = layers.Embedding(*table.shape, name="table")
        self.table.build()
        self.table.set_weights([table])
        self.project = layers.Dense(table.shape[1], use_bias=False, name="project")
        self.project.build((None, table.shape[1]))
        self.project.set_weights([np.eye(table.shape[1], dtype=np.float32)])
        self.rank = layers.Dense(1, name="rank")
        self.rank.build((None, None, 1 + features))
        kernel = np.zeros((1 + features, 1), np.float32)
        kernel[0] = 4.0
        self.rank.set_weights([kernel, np.full(1, -2.0, np.float32)])
        self.built = True

    def articles(self) -> KerasTensor:
        """Give every article's vector, I×D, of length 1 (0 where a text holds no known word)."""
        e = self.project(ops.matmul(self.content, self.table.embeddings))
        squared = ops.sum(e * e, axis=1, keepdims=True)
        return e / ops.sqrt(ops.maximum(squared, 1e-12))

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        H, F = self.history, self.features
        K = (x.shape[1] - H) // (1 + F)
        clicked, shown = ops.cast(x[:, :H], "int32"), ops.cast(x[:, H : H + K], "int32")
        others = ops.reshape(x[:, H + K :], (-1, K, F))
        e, known = self.articles(), ops.cast(clicked >= 0, x.dtype)
        total = ops.sum(ops.take(e, ops.maximum(clicked, 0), axis=0) * known[:, :, None], axis=1)
        u = total / ops.maximum(ops.sum(known, axis=1, keepdims=True), 1)
        match = ops.einsum("nd,nkd->nk", u, ops.take(e, shown, axis=0))
        return self.rank(ops.concatenate([match[:, :, None], others], axis=2))[:, :, 0]


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
