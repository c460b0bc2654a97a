"""Backbones by name: images in, features out, with the preprocessing that their weights expect."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.arguments import require_path, require_seed
from course_lib.errors import CourseError
from course_lib.keras.devices import drawing_from
from course_lib.keras.finding import weights_file
from course_lib.keras.glyphnet import HALF_WIDTHS, build_glyphnet
from course_lib.keras.mobilenet import build_mobilenet_v2
from course_lib.keras.resnet import build_resnet18, build_resnet50
from course_lib.keras.torch_layout import (
    leaf_layers,
    load_torch_layout,
    to_torch_layout,
    torch_name,
)
from course_lib.keras.vit import build_vit_b_16
from course_lib.training import published, weight_files
from course_lib.training.preprocessing import (
    GLYPHS,
    IMAGENET_BGR,
    IMAGENET_RGB,
    MINUS_ONE_TO_ONE,
    Preprocessing,
    require_images,
)
from course_lib.training.requirements import require_backbone


@dataclass(frozen=True)
class Architecture:
    """What is known of a backbone before it is built.

    Attributes:
        build: Gives the network: scaled images N×H×W×C → feature maps N×H'×W'×C'.
        preprocessing: What the network expects of its input.
        map_shape: Height, width and channels of the last map at ``preprocessing.size``.
        blocks: For each block, from input to output, how its layers' names start.
        tokens: Whether the network is a transformer, which gives tokens N×(1+H'·W')×C' instead of
            maps: the class token first. It takes images of ``preprocessing.size`` only.
    """

    build: Callable[[], keras.Model]
    preprocessing: Preprocessing
    map_shape: tuple[int, int, int]
    blocks: tuple[tuple[str, ...], ...]
    tokens: bool = False


@keras.saving.register_keras_serializable("course")
class Backbone(keras.Model):
    """A network without its classifier: uint8 images N×H×W×C → features N×D.

    Attributes:
        name: Such as ``"resnet18"``.
        weights_name: Where its weights came from: ``"random"`` or a file's name.
        preprocessing: How pixels are scaled, a small readable object.
        network: The layers themselves.
        feature_size: D, the number of features.
        map_shape: Height, width, channels of the last map.
    """

    def __init__(
        self, name: str, architecture: Architecture, network: keras.Model, weights_name: str
    ) -> None:
        super().__init__(name=name)
        self.weights_name, self.preprocessing = weights_name, architecture.preprocessing
        self.map_shape, self.feature_size = architecture.map_shape, architecture.map_shape[-1]
        self.network, self._blocks = network, architecture.blocks
        self.tokens = architecture.tokens
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Say how to build it again, without its weights: what a ``.keras`` file keeps of a layer."""
        return {"name": self.name, "preprocessing": asdict(self.preprocessing)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Backbone:
        """Build one as :meth:`get_config` says; a ``.keras`` file fills in the weights afterwards."""
        lists = {name: tuple(config["preprocessing"][name]) for name in ("mean", "std")}
        preprocessing = Preprocessing(**{**config["preprocessing"], **lists})
        name = config["name"]
        own = KERAS_OWN.get(name)
        base = own if own and own.preprocessing == preprocessing else _architecture(name)
        architecture = replace(base, preprocessing=preprocessing)
        return cls(config["name"], architecture, architecture.build(), "a .keras file")

    def preprocess(self, x: KerasTensor) -> KerasTensor:
        """Scale images N×H×W×C (0 … 255) as ``preprocessing`` says."""
        p = self.preprocessing
        require_images(self.name, p, x.shape, own_size=self.tokens)
        x = ops.repeat(x, p.channels, axis=-1) if x.shape[-1] == 1 else x
        x = ops.flip(x, axis=-1) if p.order == "BGR" else x
        mean, std = np.array(p.mean, np.float32), np.array(p.std, np.float32)
        return (ops.cast(x, keras.config.floatx()) / p.divide_by - mean) / std

    def feature_map(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        """Give the last map N×H'×W'×C' of images N×H×W×C. A transformer's are its patch tokens."""
        if self.tokens:
            patches = self.all_tokens(x, training=training)[:, 1:]
            return ops.reshape(patches, (-1, *self.map_shape))
        return self.network(self.preprocess(x), training=training)

    def all_tokens(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        """Give a transformer's tokens N×(1+H'·W')×C'; each place of an image has its own."""
        return self.network(self.preprocess(x), training=training)

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        """Give the features N×D: the last map's mean over its places, or the class token."""
        if self.tokens:
            return self.all_tokens(x, training=training)[:, 0]
        return ops.mean(self.feature_map(x, training=training), axis=(1, 2))

    @property
    def blocks(self) -> list[list[keras.Layer]]:
        """The network's blocks from input to output, for plans such as "the last two learn"."""
        layers = leaf_layers(self.network)
        return [
            [layer for layer in layers if f"{torch_name(layer)}.".startswith(starts)]
            for starts in self._blocks
        ]


def load_backbone(name: str, *, weights: str | Path | None = "default", seed: int = 0) -> Backbone:
    """Build a backbone by name and load its weights; nothing is frozen.

    Args:
        name: ``"glyphnet"``, ``"glyphnet_half"``, ``"vgg16"``, ``"resnet18"``, ``"resnet50"``,
            ``"mobilenet_v2"`` or ``"vit_b_16"``.
        weights: ``"default"``: the course's own for glyphnet, else the published ImageNet weights
            where this machine has them (``./course data fetch NAME`` brings them; with
            ``COURSE_DATA=real`` it is done here). ``"keras"``: those of keras.applications, for VGG16,
            ResNet-50 and MobileNetV2. ``None``: random. Or the path of a weights file:
            ``.safetensors``, ``.pth`` or ``.npz`` in PyTorch's names and layout; or Keras's own
            ``.h5`` or ``.keras``, of this backbone's network or of the one of that name in
            keras.applications. Each brings its own preprocessing.
        seed: Where random weights come from.

    Raises:
        CourseError: For an unknown name, weights that are not there, or weights that do not fit.
    """
    architecture, path = _architecture(name), weights_file(name, weights)
    if path is not None and path.suffix in (".h5", ".keras"):
        architecture, network = _load_keras_own(name, path)
        return Backbone(name, architecture, network, path.name)
    with drawing_from(require_seed(seed)):
        network = architecture.build()
    if path is not None:
        architecture = _load_weights(name, architecture, network, path)
    source = "random" if path is None else path.name
    return Backbone(name, architecture, network, source)


def save_backbone(backbone: Backbone, path: str | Path) -> Path:
    """Write a backbone's weights so that either half reads them: ``load_backbone(name, weights=path)``.

    Args:
        backbone: What ``load_backbone`` or ``pretrain_backbone`` gives, or ``model.backbone``.
        path: The file, ``*.safetensors``: PyTorch's names and layout, BatchNorm statistics included,
            and the preprocessing. It is written whole or not at all.

    Raises:
        CourseError: For what is no backbone, or another kind of file.
    """
    require_backbone(backbone, "save_backbone")
    require_torchvisions(backbone)
    return weight_files.write_weights(
        require_path("path", path), weights_of(backbone), backbone.preprocessing
    )


def require_torchvisions(backbone: Backbone) -> None:
    """Make sure that a backbone is torchvision's network, which both halves can build.

    Raises:
        CourseError: It is another one of keras.applications.
    """
    own = KERAS_OWN.get(backbone.name)
    if backbone.name != "vgg16" and own and backbone.preprocessing == own.preprocessing:
        raise CourseError(
            f"These weights are of keras.applications' {backbone.name}, which pads or strides otherwise than "
            "torchvision's: as .safetensors they would give other features. Save the model as .keras.",
            f"这些权重属于 keras.applications 的 {backbone.name}，它的填充方式或步幅的位置与 torchvision 的不同，"
            "存成 .safetensors 会得到别的特征。请把模型存成 .keras。",
        )


def weights_of(backbone: Backbone) -> dict[str, np.ndarray]:
    """Give copies of a backbone's weights and BatchNorm statistics by PyTorch's names."""
    return to_torch_layout(backbone.network, renamed=_renamed(backbone.name))


def with_network(backbone: Backbone, network: keras.Model) -> Backbone:
    """Give a backbone of the same kind, preprocessing and blocks around another network."""
    architecture = _architecture_with(backbone.name, backbone.preprocessing)
    return Backbone(backbone.name, architecture, network, backbone.weights_name)


def _glyphnet() -> keras.Model:
    return build_glyphnet(pooled=False)


def _glyphnet_half() -> keras.Model:
    return build_glyphnet(HALF_WIDTHS, pooled=False)


def _vgg16() -> keras.Model:
    """Simonyan & Zisserman, *Very Deep Convolutional Networks*, ICLR 2015, as Keras has it."""
    image = (None, None, 3)
    network = keras.applications.VGG16(include_top=False, weights=None, input_shape=image)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):  # as torchvision starts them (He et al., 2015)
            start = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
            layer.kernel.assign(start(layer.kernel.shape))
    return network


def _keras_mobilenet_v2() -> keras.Model:
    """Sandler et al., *MobileNetV2*, CVPR 2018, as Keras has it."""
    image = (None, None, 3)
    return keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=image)


def _keras_resnet50() -> keras.Model:
    """He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, as Keras has it."""
    image = (None, None, 3)
    return keras.applications.ResNet50(include_top=False, weights=None, input_shape=image)


_VGG_BLOCKS = tuple((f"block{i}_",) for i in (1, 2, 3, 4, 5))
_GLYPHNET_BLOCKS = (("block1.",), ("block2.",), ("block3.",))
_RESNET_BLOCKS = tuple((f"layer{i}.",) for i in (1, 2, 3, 4))
_MOBILENET_BLOCKS = ((1,), (2, 3), (4, 5, 6), (7, 8, 9, 10, 11, 12, 13), (14, 15, 16, 17, 18))
# One for each layer of the encoder; the last norm belongs to the last layer.
VIT_BLOCKS = (
    *((f"encoder.layers.encoder_layer_{i}.",) for i in range(11)),
    ("encoder.layers.encoder_layer_11.", "encoder.ln."),
)

ARCHITECTURES = {
    "glyphnet": Architecture(_glyphnet, GLYPHS, (4, 4, 128), _GLYPHNET_BLOCKS),
    "glyphnet_half": Architecture(_glyphnet_half, GLYPHS, (4, 4, 64), _GLYPHNET_BLOCKS),
    "resnet18": Architecture(build_resnet18, IMAGENET_RGB, (7, 7, 512), _RESNET_BLOCKS),
    "resnet50": Architecture(build_resnet50, IMAGENET_RGB, (7, 7, 2048), _RESNET_BLOCKS),
    "vgg16": Architecture(_vgg16, IMAGENET_RGB, (7, 7, 512), _VGG_BLOCKS),
    "mobilenet_v2": Architecture(
        build_mobilenet_v2,
        IMAGENET_RGB,
        (7, 7, 1280),
        tuple(tuple(f"features.{i}." for i in block) for block in _MOBILENET_BLOCKS),
    ),
    "vit_b_16": Architecture(build_vit_b_16, IMAGENET_RGB, (14, 14, 768), VIT_BLOCKS, tokens=True),
}

_KERAS_MOBILENET_BLOCKS = (
    ("Conv1", "bn_Conv1", "expanded_conv_"),
    *(tuple(f"block_{i}_" for i in block) for block in ((1, 2), (3, 4, 5), range(6, 13))),
    (*(f"block_{i}_" for i in range(13, 17)), "Conv_1"),
)

# Networks of keras.applications that differ from torchvision's of the same name, or were trained on
# other pixels: VGG16 as Caffe had it; ResNet-50 strides in the first convolution of a block; MobileNetV2
# pads at the far side where it strides.
KERAS_OWN = {
    "resnet50": Architecture(
        _keras_resnet50, IMAGENET_BGR, (7, 7, 2048), tuple((f"conv{i}_",) for i in (2, 3, 4, 5))
    ),
    "vgg16": replace(ARCHITECTURES["vgg16"], preprocessing=IMAGENET_BGR),
    "mobilenet_v2": Architecture(
        _keras_mobilenet_v2, MINUS_ONE_TO_ONE, (7, 7, 1280), _KERAS_MOBILENET_BLOCKS
    ),
}

# torchvision numbers VGG16's layers; keras.applications names them.
_VGG_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_VGG_CONVOLUTIONS = [f"block{b}_conv{c}" for b in range(1, 6) for c in range(1, 3 if b < 3 else 4)]
VGG16_IN_TORCHVISION = {
    name: f"features.{place}" for name, place in zip(_VGG_CONVOLUTIONS, _VGG_PLACES, strict=True)
}


def _architecture(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise CourseError(
            f"There is no backbone {name!r}: choose one of {', '.join(ARCHITECTURES)}.",
            f"没有叫 {name!r} 的主干网络，可选：{'、'.join(ARCHITECTURES)}。",
        )
    return ARCHITECTURES[name]


def _architecture_with(name: str, preprocessing: Preprocessing) -> Architecture:
    """Give the network of a name whose weights want such pixels: keras.applications' or torchvision's."""
    own = KERAS_OWN.get(name)
    known = own if own is not None and own.preprocessing == preprocessing else ARCHITECTURES[name]
    return replace(known, preprocessing=preprocessing)


def _load_weights(
    name: str, architecture: Architecture, network: keras.Model, path: Path
) -> Architecture:
    """Load a file and give the architecture with the preprocessing that these weights expect."""
    tensors = published.present_names(weight_files.read_weights(path))
    load_torch_layout(network, tensors, renamed=_renamed(name), source=str(path))
    found = weight_files.read_preprocessing(path)
    return replace(architecture, preprocessing=found) if found else architecture


def _load_keras_own(name: str, path: Path) -> tuple[Architecture, keras.Model]:
    """Build the network that a file of Keras's own belongs to, with its weights.

    It is a backbone of the course in a ``.keras`` file, our network's ``.weights.h5``, or the network of
    that name in keras.applications.
    """
    weight_files.require_file(path)
    candidates = [KERAS_OWN[name]] if name in KERAS_OWN else []
    candidates += [ARCHITECTURES[name]] if name != "vgg16" else []  # there they are one network
    problem: Exception | None = None
    for architecture in candidates:
        network = architecture.build()
        try:
            if path.suffix == ".h5":
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # whatever does not fit is an error as well
                    network.load_weights(path)
                return architecture, network
            saved = keras.saving.load_model(
                path, compile=False
            )  # safe mode: runs no code of the file's
            for layer in [saved, *saved._flatten_layers()]:
                if isinstance(layer, Backbone) and layer.name == name:
                    return _architecture_with(name, layer.preprocessing), layer.network
            network.set_weights(saved.get_weights())
        except Exception as error:
            problem = error
        else:
            return architecture, network
    assert problem is not None
    raise weight_files.unreadable(path, problem) from problem


def _renamed(name: str) -> dict[str, str] | None:
    return VGG16_IN_TORCHVISION if name == "vgg16" else None
