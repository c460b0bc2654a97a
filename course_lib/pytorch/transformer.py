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

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_count, require_seed
from course_lib.pytorch.devices import device_of
from course_lib.pytorch.heads import build_head
from course_lib.pytorch.inference import inference
from course_lib.pytorch.named import put_arrays
from course_lib.text.vocabulary import PADDING
from course_lib.training.transformer_shape import TransformerShape, draw_weights


class Block(nn.Module):
    """One layer of the transformer: features N×T×D → features N×T×D.

    Attributes:
        query, key, value, out: Attention's four matrices, D×D.
        up, down: The two dense layers after it.
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        D, self.heads = shape.width, shape.heads
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.query, self.value, self.out = (nn.Linear(D, D) for _ in range(3))
        self.key = nn.Linear(D, D, bias=False)  # softmax is blind to what all of a row share
        self.up, self.down = nn.Linear(D, shape.hidden), nn.Linear(shape.hidden, D)

    def attention(self, h: Tensor) -> tuple[Tensor, Tensor]:
        r"""Give what each place found (N×T×D), and how it looked: the weights, N×h×T×T.

        .. math:: A = \mathrm{softmax}\bigl(Q K^\top / \sqrt{D/h} + M\bigr), \qquad
                  M_{ij} = -\infty \text{ where } j > i
        """
        q, k, v = (
            part(h).unflatten(-1, (self.heads, -1)) for part in (self.query, self.key, self.value)
        )
        scores = torch.einsum("nihd,njhd->nhij", q, k) / math.sqrt(q.shape[-1])
        weights = scores.masked_fill(later(h.shape[1], h.device), -torch.inf).softmax(dim=-1)
        found = torch.einsum("nhij,njhd->nihd", weights, v)
        return self.out(found.flatten(2)), weights

    def forward(self, h: Tensor) -> Tensor:
        h = h + self.attention(self.norm1(h))[0]
        return h + self.down(nn.functional.gelu(self.up(self.norm2(h))))


def later(T: int, device: torch.device) -> Tensor:
    """Give T×T: true where the column's place comes after the row's. Nobody may look there."""
    return torch.ones(T, T, dtype=torch.bool, device=device).triu(1)


class Transformer(nn.Module):
    """Tokens N×T → features N×T×D; those at place t have seen places 0 … t and no later one."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.places, shape.width)
        for i in range(1, shape.depth + 1):
            setattr(self, f"block{i}", Block(shape))
        self.norm = nn.LayerNorm(shape.width)

    @property
    def stack(self) -> list[Block]:
        """The blocks from input to output."""
        return [getattr(self, f"block{i + 1}") for i in range(self.shape.depth)]

    @property
    def blocks(self) -> list[nn.ModuleList]:
        """The layers of each block, for plans such as "the last one learns"."""
        return [nn.ModuleList([block]) for block in self.stack]

    def forward(self, x: Tensor) -> Tensor:
        h = self.tokens(x) + self.places(torch.arange(x.shape[1], device=x.device))
        for block in self.stack:
            h = block(h)
        return self.norm(h)


class LanguageModel(nn.Module):
    """A transformer and a head that names the next token: tokens N×T → logits N×T×K."""

    def __init__(self, backbone: Transformer, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


class TextClassifier(nn.Module):
    """A transformer and a head for whole texts: tokens N×T → logits N×K.

    The head sees the mean of the features over the tokens that are there; padding does not count.
    """

    def __init__(self, backbone: Transformer, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, x: Tensor) -> Tensor:
        there = (x != PADDING).unsqueeze(-1)
        summed = (self.backbone(x) * there).sum(dim=1)
        return self.head(summed / there.sum(dim=1).clamp(min=1))


def build_language_model(shape: TransformerShape, *, seed: int = 0) -> LanguageModel:
    """Build a causal language model with random weights, the same ones in both halves.

    Args:
        shape: Its sizes.
        seed: Where the weights come from.
    """
    backbone = put_arrays(Transformer(shape), draw_weights(shape, require_seed(seed)))
    return LanguageModel(backbone, build_head(shape.width, shape.vocabulary, seed=seed)).eval()  # type: ignore[arg-type]


def attach_text_head(backbone: Transformer, classes: int, *, seed: int = 0) -> TextClassifier:
    """Put a new classifier of whole texts on a transformer.

    Args:
        backbone: ``model.backbone`` of a language model; it is used, not copied.
        classes: How many classes.
        seed: Where the head's weights come from, the same ones in both halves.
    """
    head = build_head(backbone.shape.width, require_count("classes", classes, 2), seed=seed)
    return TextClassifier(backbone, head)


def attention_maps(model: nn.Module, x: np.ndarray) -> np.ndarray:
    """Give where each place of a text looked: float32, N×L×h×T×T, from tokens x (N×T).

    Args:
        model: What ``build_language_model`` or ``attach_text_head`` gives, or its backbone.
        x: Tokens, whole numbers.

    Returns:
        For each text, layer and head a matrix; row i says how place i shares out its attention.
    """
    backbone = getattr(model, "backbone", model)
    maps = []
    with inference(backbone):
        x = torch.as_tensor(np.asarray(x, dtype=np.int64), device=device_of(backbone))
        h = backbone.tokens(x) + backbone.places(torch.arange(x.shape[1], device=x.device))
        for block in backbone.stack:
            maps.append(block.attention(block.norm1(h))[1])
            h = block(h)
    return torch.stack(maps, dim=1).cpu().numpy()
