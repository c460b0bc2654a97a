"""Run a frozen backbone once, keep what it says.

A frozen backbone gives the same features for the same image every time: computing them once and
training a head on them is the same as training the head on the whole network, and far faster.
"""

from __future__ import annotations

import inspect
import sys

import keras
import numpy as np
from keras import ops

from course_lib.errors import CourseError
from course_lib.keras import (
    backbones,
    devices,
    glyphnet,
    inference,
    mobilenet,
    normalization,
    resnet,
    vit,
)
from course_lib.keras.backbones import Backbone
from course_lib.keras.inference import predict
from course_lib.keras.torch_layout import leaf_layers, torch_name
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
        backbone: What ``load_backbone`` gives. It is asked in inference mode.
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
    asked = backbone if layer is None else layer_output(backbone, layer)

    def compute() -> np.ndarray:
        return predict(asked, x, batch_size=batch_size, precision="float32")

    return cached(_key(backbone, x, layer), compute) if cache else compute()


def layer_output(backbone: Backbone, layer: str) -> InnerMap:
    """Give a backbone that ends at an inner layer: images N×H×W×C → that layer's map.

    The name may be a part's, as ``"layer3"``: then it is the part's last layer.
    """
    if layer == "maps":
        return InnerMap(backbone, backbone.network)
    named = f"{layer}."
    found = [part for part in backbone.network.layers if f"{torch_name(part)}.".startswith(named)]
    if not found or not layer:
        raise CourseError(
            f"{backbone.name} has no layer {layer!r}: describe(backbone) lists them.",
            f"{backbone.name} 没有叫 {layer!r} 的层：用 describe(backbone) 可以列出全部。",
        )
    return InnerMap(backbone, keras.Model(backbone.network.input, found[-1].output))


class InnerMap(keras.Model):
    """A backbone cut off at an inner layer: it shares the layers and gives the map."""

    def __init__(self, backbone: Backbone, network: keras.Model) -> None:
        super().__init__()
        self.backbone, self.network = backbone, network
        self.built = True

    def call(self, x: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        if self.network is self.backbone.network:
            return self.backbone.feature_map(x, training=training)
        return self.network(self.backbone.preprocess(x), training=training)


def _key(backbone: Backbone, x: np.ndarray, layer: str | None) -> str:
    networks = [glyphnet, mobilenet, normalization, resnet, vit]
    modules = [sys.modules[__name__], backbones, *networks, devices, inference, preprocessing]
    code = [inspect.getsource(module) for module in modules]
    return feature_key(
        weights={f"{i} {w.path}": ops.convert_to_numpy(w) for i, w in enumerate(backbone.weights)},
        data=x,
        architecture=f"{backbone.name}\n{_architecture(backbone.network)}",
        transform=repr(backbone.preprocessing),
        layer=str(layer),
        dtype="float32",
        framework=f"keras {keras.__version__} {keras.backend.backend()}",
        code="".join(code),
    )


def _architecture(network: keras.Model) -> str:
    """Spell out each layer: its kind, its name and its settings (stride, activation …)."""
    lines = []
    for layer in leaf_layers(network):
        public = {name: v for name, v in vars(layer).items() if not name.startswith("_")}
        plain = [f"{n}={v}" for n, v in public.items() if isinstance(v, (int, float, str, tuple))]
        function = getattr(getattr(layer, "activation", None), "__name__", "")
        lines.append(" ".join([type(layer).__name__, function, *sorted(plain)]))
    return "\n".join(lines)
