r"""A small causal transformer, written out: tokens in, features or logits out.

Each block reads from what stands before it and adds what it found (norm first, then the layer):

.. math::
    h \leftarrow h + \mathrm{attention}(\mathrm{norm}(h)), \qquad
    h \leftarrow h + W_2 \, \mathrm{gelu}(W_1 \, \mathrm{norm}(h))

Vaswani et al., *Attention Is All You Need*, NeurIPS 2017, arXiv:1706.03762; with the norms first and a
decoder alone as in Radford et al., *Language Models are Unsupervised Multitask Learners*, 2019.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.arguments import require_count, require_seed
from course_lib.keras.heads import build_head
from course_lib.keras.named import put_arrays
from course_lib.keras.torch_layout import leaf_layers
from course_lib.keras.vit import exact_gelu
from course_lib.text.vocabulary import PADDING
from course_lib.training.transformer_shape import TransformerShape, draw_weights

EPSILON = 1e-5  # PyTorch's; Keras's own is 1e-3


class Block(layers.Layer):
    """One layer of the transformer: features N×T×D → features N×T×D.

    Attributes:
        query, key, value, out: Attention's four matrices, D×D.
        up, down: The two dense layers after it.
    """

    def __init__(self, shape: TransformerShape, name: str) -> None:
        super().__init__(name=name)
        D, self.heads = shape.width, shape.heads
        self.norm1, self.norm2 = (_norm(f"{name}-norm{i}", D) for i in (1, 2))
        self.query, self.value, self.out = (
            _dense(f"{name}-{part}", D, D) for part in ("query", "value", "out")
        )
        self.key = _dense(
            f"{name}-key", D, D, bias=False
        )  # softmax is blind to what all of a row share
        self.up, self.down = (
            _dense(f"{name}-up", D, shape.hidden), _dense(f"{name}-down", shape.hidden, D)
        )  # fmt: skip
        self.built = True

    def attention(self, h: KerasTensor) -> tuple[KerasTensor, KerasTensor]:
        r"""Give what each place found (N×T×D), and how it looked: the weights, N×h×T×T.

        .. math:: A = \mathrm{softmax}\bigl(Q K^\top / \sqrt{D/h} + M\bigr), \qquad
                  M_{ij} = -\infty \text{ where } j > i
        """
        N, T, D = ops.shape(h)[0], ops.shape(h)[1], h.shape[-1]
        q, k, v = (
            ops.reshape(part(h), (N, T, self.heads, D // self.heads))
            for part in (self.query, self.key, self.value)
        )
        scores = ops.einsum("nihd,njhd->nhij", q, k) / math.sqrt(D // self.heads)
        weights = ops.softmax(ops.where(later(T), -math.inf, scores), axis=-1)
        found = ops.einsum("nhij,njhd->nihd", weights, v)
        return self.out(ops.reshape(found, (N, T, D))), weights

    def call(self, h: KerasTensor) -> KerasTensor:
        h = h + self.attention(self.norm1(h))[0]
        return h + self.down(exact_gelu(self.up(self.norm2(h))))


def later(T: int) -> KerasTensor:
    """Give T×T: true where the column's place comes after the row's. Nobody may look there."""
    places = ops.arange(T)
    return places[None, :] > places[:, None]


class Transformer(keras.Model):
    """Tokens N×T → features N×T×D; those at place t have seen places 0 … t and no later one."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = _embedding("tokens", shape.vocabulary, shape.width)
        self.places = _embedding("places", shape.places, shape.width)
        for i in range(1, shape.depth + 1):
            setattr(self, f"block{i}", Block(shape, f"block{i}"))
        self.norm = _norm("norm", shape.width)
        self.built = True

    @property
    def stack(self) -> list[Block]:
        """The blocks from input to output."""
        return [getattr(self, f"block{i + 1}") for i in range(self.shape.depth)]

    @property
    def blocks(self) -> list[list[layers.Layer]]:
        """The layers of each block, for plans such as "the last one learns"."""
        return [leaf_layers(block) for block in self.stack]

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        h = self.tokens(x) + self.places(ops.arange(ops.shape(x)[1]))
        for block in self.stack:
            h = block(h)
        return self.norm(h)


class LanguageModel(keras.Model):
    """A transformer and a head that names the next token: tokens N×T → logits N×T×K."""

    def __init__(self, backbone: Transformer, head: keras.Model) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        h = self.backbone(x)
        logits = self.head(ops.reshape(h, (-1, h.shape[-1])))
        return ops.reshape(logits, (*ops.shape(x)[:2], logits.shape[-1]))


class TextClassifier(keras.Model):
    """A transformer and a head for whole texts: tokens N×T → logits N×K.

    The head sees the mean of the features over the tokens that are there; padding does not count.
    """

    def __init__(self, backbone: Transformer, head: keras.Model) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        features = self.backbone(x)
        there = ops.expand_dims(ops.cast(ops.not_equal(x, PADDING), features.dtype), -1)
        summed = ops.sum(features * there, axis=1)
        return self.head(summed / ops.maximum(ops.sum(there, axis=1), 1))


def build_language_model(shape: TransformerShape, *, seed: int = 0) -> LanguageModel:
    """Build a causal language model with random weights, the same ones in both halves.

    Args:
        shape: Its sizes.
        seed: Where the weights come from.
    """
    backbone = put_arrays(Transformer(shape), draw_weights(shape, require_seed(seed)))
    return LanguageModel(backbone, build_head(shape.width, shape.vocabulary, seed=seed))


def attach_text_head(backbone: Transformer, classes: int, *, seed: int = 0) -> TextClassifier:
    """Put a new classifier of whole texts on a transformer.

    Args:
        backbone: ``model.backbone`` of a language model; it is used, not copied.
        classes: How many classes.
        seed: Where the head's weights come from, the same ones in both halves.
    """
    head = build_head(backbone.shape.width, require_count("classes", classes, 2), seed=seed)
    return TextClassifier(backbone, head)


def attention_maps(model: keras.Layer, x: np.ndarray) -> np.ndarray:
    """Give where each place of a text looked: float32, N×L×h×T×T, from tokens x (N×T).

    Args:
        model: What ``build_language_model`` or ``attach_text_head`` gives, or its backbone.
        x: Tokens, whole numbers.

    Returns:
        For each text, layer and head a matrix; row i says how place i shares out its attention.
    """
    backbone = getattr(model, "backbone", model)
    x = ops.convert_to_tensor(np.asarray(x), "int32")
    h, maps = backbone.tokens(x) + backbone.places(ops.arange(x.shape[1])), []
    for block in backbone.stack:
        maps.append(block.attention(block.norm1(h))[1])
        h = block(h)
    return ops.convert_to_numpy(ops.stack(maps, axis=1))


def _dense(name: str, inputs: int, outputs: int, *, bias: bool = True) -> layers.Dense:
    layer = layers.Dense(outputs, use_bias=bias, name=name)
    layer.build((None, inputs))
    return layer


def _norm(name: str, width: int) -> layers.LayerNormalization:
    layer = layers.LayerNormalization(epsilon=EPSILON, name=name)
    layer.build((None, None, width))
    return layer


def _embedding(name: str, rows: int, width: int) -> layers.Embedding:
    layer = layers.Embedding(rows, width, name=name)
    layer.build()
    return layer
