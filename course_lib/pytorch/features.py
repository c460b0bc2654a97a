"""Run a frozen backbone once, keep what it says.

A frozen backbone gives the same features for the same image every time: computing them once and
training a head on them is the same as training the head on the whole network, and far faster.
"""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.pytorch import backbones, inference
from course_lib.pytorch.backbones import Backbone
from course_lib.pytorch.inference import predict
from course_lib.training import preprocessing
from course_lib.training.batches import as_inputs
from course_lib.training.feature_cache import cached, feature_key
from course_lib.training.requirements import require_backbone


def extract_features(
    backbone: Backbone,
    x: np.ndarray,
    *,
    layer: str | None = None,
    batch_size: int = 256,
    cache: bool = True,
) -> np.ndarray:
    """Give a backbone's features for images, from the disk where they have been computed before.

    Args:
        backbone: What ``load_backbone`` gives. It is asked in inference mode and left as it was.
        x: Images N×H×W×C, uint8.
        layer: ``None``: the features N×D. ``"maps"``: the last map N×H'×W'×C', before the mean over
            places. Or a layer's name as in ``describe`` (``"layer3"``): that layer's map.
        batch_size: Images at a time: it changes speed and memory, not the result.
        cache: Whether to keep the features on disk. The key holds weights, architecture, layer,
            preprocessing, data, dtype, framework and version, and the code that computes: whatever
            changes, a stale entry is never used.
    """
    require_backbone(backbone, "extract_features")
    x = as_inputs(x)
    asked = backbone if layer is None else LayerOutput(backbone, layer)

    def compute() -> np.ndarray:
        return predict(asked, x, batch_size=batch_size, precision="float32")

    return cached(_key(backbone, x, layer), compute) if cache else compute()


class LayerOutput(nn.Module):
    """A backbone that gives one inner layer's map N×H×W×C instead of its features."""

    def __init__(self, backbone: Backbone, layer: str) -> None:
        super().__init__()
        known = {**dict(backbone.network.named_modules()), "maps": backbone.network}
        if layer not in known or not layer:
            raise CourseError(
                f"{backbone.name} has no layer {layer!r}: describe(backbone) lists them.",
                f"{backbone.name} 没有叫 {layer!r} 的层：用 describe(backbone) 可以列出全部。",
            )
        self.backbone, self.layer = backbone, known[layer]

    def forward(self, x: Tensor) -> Tensor:
        if self.layer is self.backbone.network:
            return self.backbone.feature_map(x)
        seen: list[Tensor] = []
        hook = self.layer.register_forward_hook(
            lambda _module, _inputs, output: seen.append(output)
        )
        try:
            self.backbone(x)
        finally:
            hook.remove()
        return seen[-1].permute(0, 2, 3, 1) if seen[-1].ndim == 4 else seen[-1]


def _key(backbone: Backbone, x: np.ndarray, layer: str | None) -> str:
    here, network = sys.modules[__name__], sys.modules[type(backbone.network).__module__]
    modules = [here, backbones, network, inference, preprocessing]
    return feature_key(
        weights={name: w.cpu().numpy() for name, w in backbone.state_dict().items()},
        data=x,
        architecture=f"{backbone.name}\n{backbone.network}",
        transform=repr(backbone.preprocessing),
        layer=str(layer),
        dtype="float32",
        # Asked for by name: to import torchvision takes as long as to import PyTorch.
        framework=f"torch {torch.__version__}, torchvision {version('torchvision')}",
        code="".join(inspect.getsource(module) for module in modules),
    )
