r"""Pictures and captions in one space: two towers, and the loss that pairs their outputs.

Radford et al., *Learning Transferable Visual Models From Natural Language Supervision* (CLIP), ICML
2021, arXiv:2103.00020.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.arguments import require_count, require_seed
from course_lib.pytorch.dense_model import build_dense
from course_lib.pytorch.heads import build_head
from course_lib.pytorch.objectives import Batch, Objective
from course_lib.text.vocabulary import PADDING
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.initial import word_start
from course_lib.training.requirements import require_same_shape

START_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0  # CLIP's own


def matching_loss(a: Tensor, b: Tensor, scale: Tensor | float) -> Tensor:
    r"""Give the mean of two cross-entropies: find each picture's caption, and each caption's picture.

    .. math::
        L = -\frac{1}{2N} \sum_i \Bigl[ \log \frac{e^{S_{ii}}}{\sum_j e^{S_{ij}}}
            + \log \frac{e^{S_{ii}}}{\sum_j e^{S_{ji}}} \Bigr], \qquad S_{ij} = \gamma \, \cos(a_i, b_j)

    Args:
        a, b: Pictures' and captions' outputs, N×D; row i of both belong together.
        scale: :math:`\gamma = 1/\tau`.
    """
    require_same_shape("pictures", a.shape, b.shape)
    S = scale * functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T
    own = torch.arange(len(a), device=a.device)
    return (functional.cross_entropy(S, own) + functional.cross_entropy(S.T, own)) / 2


class TextTower(nn.Module):
    """Words N×T (0 is padding) → N×D: the mean of the words' vectors, and a dense layer."""

    def __init__(self, vocabulary: int, width: int, outputs: int, seed: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.out = build_head(width, outputs, seed=seed + 1)
        with torch.no_grad():
            self.words.weight.copy_(torch.from_numpy(word_start(vocabulary, width, seed)))

    def forward(self, words: Tensor) -> Tensor:
        there = (words != PADDING).unsqueeze(-1)
        summed = (self.words(words) * there).sum(dim=1)
        return self.out(summed / there.sum(dim=1).clamp(min=1))


class TwoTowers(nn.Module):
    """Pictures as rows N×D → a space that they share with captions.

    Attributes:
        image, text: The towers; each gives N×K for its own inputs.
        log_scale: :math:`\\log \\gamma`, learned.
    """

    def __init__(self, image: nn.Module, text: nn.Module) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor([math.log(START_SCALE)]))

    def forward(self, x: Tensor) -> Tensor:
        return self.image(x)

    def scale(self) -> Tensor:
        """Give the scale of the cosines, at most 100."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


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
    return TwoTowers(image, TextTower(vocabulary, width, outputs, seed)).eval()


class Matching(Objective):
    """``matching_loss`` of two towers, for pictures ``x`` and their captions' ``words`` N×T."""

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        a, b = model.image(batch["x"]), model.text(batch["words"].long())  # type: ignore[operator]
        return matching_loss(a, b, model.scale())  # type: ignore[operator]

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x", "words")
