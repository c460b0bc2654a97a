"""The vision transformer as torchvision has it, without its classifier.

Dosovitskiy et al., *An Image is Worth 16x16 Words*, ICLR 2021, arXiv:2010.11929.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import VisionTransformer


class PatchTransformer(VisionTransformer):
    """Scaled images N×3×S×S → tokens N×(1+P)×D: the class token, then one for each of P patches."""

    def __init__(
        self, *, size: int, patch: int, depth: int, heads: int, width: int, hidden: int
    ) -> None:
        super().__init__(size, patch, depth, heads, width, hidden)
        self.heads = nn.Sequential()  # torchvision's classifier is left out

    def forward(self, x: Tensor) -> Tensor:
        patches = self._process_input(x)
        first = self.class_token.expand(len(patches), -1, -1)
        return self.encoder(torch.cat([first, patches], dim=1))


def build_vit_b_16() -> PatchTransformer:
    """Build ViT-B/16 with random weights: patches of 16×16 pixels, 12 layers, D = 768."""
    return PatchTransformer(size=224, patch=16, depth=12, heads=12, width=768, hidden=3072)
