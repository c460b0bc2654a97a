r"""Pictures and captions in one space: two towers, and the loss that pairs their outputs.

Radford et al., *Learning Transferable Visual Models From Natural Language Supervision* (CLIP), ICML
2021, arXiv:2103.00020.
"""

from __future__ import annotations

import math

import keras
from keras import KerasTensor, layers, ops

from course_lib.arguments import require_count, require_seed
from course_lib.keras.contrastive import unit
from course_lib.keras.dense_model import build_dense
from course_lib.keras.heads import build_head
from course_lib.keras.objectives import Batch, Objective
from course_lib.text.vocabulary import PADDING
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.initial import word_start
from course_lib.training.requirements import require_same_shape

START_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0  # CLIP's own


def matching_loss(a: KerasTensor, b: KerasTensor, scale: KerasTensor | float) -> KerasTensor:
    r"""Give the mean of two cross-entropies: find each picture's caption, and each caption's picture.

    .. math::
        L = -\frac{1}{2N} \sum_i \Bigl[ \log \frac{e^{S_{ii}}}{\sum_j e^{S_{ij}}}
            + \log \frac{e^{S_{ii}}}{\sum_j e^{S_{ji}}} \Bigr], \qquad S_{ij} = \gamma \, \cos(a_i, b_j)

    Args:
        a, b: Pictures' and captions' outputs, N×D; row i of both belong together.
        scale: :math:`\gamma = 1/\tau`.
    """
    require_same_shape("pictures", a.shape, b.shape)
    a, b = unit(a), unit(b)
    S, own = scale * a @ ops.transpose(b), scale * ops.sum(a * b, axis=1)
    return ops.mean((ops.logsumexp(S, axis=1) + ops.logsumexp(S, axis=0)) / 2 - own)


class TextTower(keras.Model):
    """Words N×T (0 is padding) → N×D: the mean of the words' vectors, and a dense layer."""

    def __init__(self, vocabulary: int, width: int, outputs: int, seed: int) -> None:
        super().__init__()
        start = keras.initializers.Constant(word_start(vocabulary, width, seed))
        self.words = layers.Embedding(vocabulary, width, embeddings_initializer=start, name="words")
        self.words.build()
        self.out = build_head(width, outputs, seed=seed + 1)
        self.built = True

    def call(self, words: KerasTensor, training: bool = False) -> KerasTensor:
        there = ops.cast(words != PADDING, "float32")[:, :, None]
        summed = ops.sum(self.words(words) * there, axis=1)
        return self.out(summed / ops.maximum(ops.sum(there, axis=1), 1))


class TwoTowers(keras.Model):
    """Pictures as rows N×D → a space that they share with captions.

    Attributes:
        image, text: The towers; each gives N×K for its own inputs.
        log_scale: :math:`\\log \\gamma`, learned.
    """

    def __init__(self, image: keras.Model, text: keras.Model) -> None:
        super().__init__()
        self.image, self.text = image, text
        start = keras.initializers.Constant(math.log(START_SCALE))
        self.log_scale = self.add_weight(shape=(1,), initializer=start, name="log_scale")
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.image(x, training=training)

    def scale(self) -> KerasTensor:
        """Give the scale of the cosines, at most 100."""
        return ops.minimum(ops.exp(self.log_scale), LARGEST_SCALE)


def build_two_towers(
    inputs: int, vocabulary: int, *, outputs: int = 32, width: int = 64, seed: int = 0
) -> TwoTowers:
    """Build a dense image tower and a text tower that averages words, the same ones in both halves.

    Args:
        inputs: How many numbers a picture has.
        vocabulary: How many words there are, padding among them.
        outputs: K, the dimensions of the shared space.
        width: Of a word's vector.
        seed: Where the weights come from.
    """
    require_count("vocabulary", vocabulary, 2)
    image = build_dense(inputs, outputs, seed=require_seed(seed))
    return TwoTowers(image, TextTower(vocabulary, width, outputs, seed))


class Matching(Objective):
    """``matching_loss`` of two towers, for pictures ``x`` and their captions' ``words`` N×T."""

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        a = model.image(batch["x"], training=True)
        b = model.text(ops.cast(batch["words"], "int32"), training=True)
        return matching_loss(a, b, model.scale())

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x", "words")
