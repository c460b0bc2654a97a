"""Backbones by name: images in, features out, with the preprocessing that their weights expect."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_path, require_seed
from course_lib.errors import CourseError
from course_lib.pytorch.finding import weights_file
from course_lib.pytorch.glyphnet import HALF_WIDTHS, build_glyphnet
from course_lib.training import published
from course_lib.training.preprocessing import (
    GLYPHS,
    IMAGENET_RGB,
    Preprocessing,
    require_images,
)
from course_lib.training.requirements import require_backbone
from course_lib.training.weight_files import (
    read_preprocessing,
    read_weights,
    require_file,
    require_pytorch_layout,
    require_tensors,
    unreadable,
    write_weights,
)


@dataclass(frozen=True)
class Architecture:
    """What is known of a backbone before it is built.

    Attributes:
        build: Gives the network: scaled images N×C×H×W → feature maps N×C'×H'×W'.
        preprocessing: What the network expects of its input.
        map_shape: Height, width and channels of the last map at ``preprocessing.size``.
        blocks: For each block, from input to output, how its layers' names start.
        tokens: Whether the network is a transformer, which gives tokens N×(1+H'·W')×C' instead of
            maps: the class token first. It takes images of ``preprocessing.size`` only.
    """

    build: Callable[[], nn.Module]
    preprocessing: Preprocessing
    map_shape: tuple[int, int, int]
    blocks: tuple[tuple[str, ...], ...]
    tokens: bool = False


class Backbone(nn.Module):
    """A network without its classifier: uint8 images N×H×W×C → features N×D.

    Attributes:
        name: Such as ``"resnet18"``.
        weights_name: Where its weights came from: ``"random"`` or a file's name.
        preprocessing: How pixels are scaled, a small readable object.
        network: The layers themselves, in PyTorch's N×C×H×W.
        feature_size: D, the number of features.
        map_shape: Height, width, channels of the last map.
    """

    def __init__(
        self, name: str, architecture: Architecture, network: nn.Module, weights_name: str
    ) -> None:
        super().__init__()
        self.name, self.weights_name = name, weights_name
        self.preprocessing, self.map_shape = architecture.preprocessing, architecture.map_shape
        self.feature_size = architecture.map_shape[-1]
        self.network, self._blocks = network, architecture.blocks
        self.tokens = architecture.tokens
        self.register_buffer("mean", torch.tensor(self.preprocessing.mean), persistent=False)
        self.register_buffer("std", torch.tensor(self.preprocessing.std), persistent=False)

    def preprocess(self, x: Tensor) -> Tensor:
        """Scale images N×H×W×C (0 … 255) to the network's N×C×H×W, as ``preprocessing`` says.

        The transposition moves no data: the result is what PyTorch calls channels-last.
        """
        p = self.preprocessing
        require_images(self.name, p, x.shape, own_size=self.tokens)
        x = x.expand(*x.shape[:3], p.channels) if x.shape[-1] == 1 else x
        x = x.flip(-1) if p.order == "BGR" else x
        scaled = (x.float() / p.divide_by - self.mean) / self.std
        return scaled.permute(0, 3, 1, 2)

    def feature_map(self, x: Tensor) -> Tensor:
        """Give the last map N×H'×W'×C' of images N×H×W×C. A transformer's are its patch tokens."""
        if self.tokens:
            return self.all_tokens(x)[:, 1:].unflatten(1, self.map_shape[:2])
        # glyphnet itself ends in the mean; its map is one call before.
        maps = getattr(self.network, "feature_map", self.network)
        return maps(self.preprocess(x)).permute(0, 2, 3, 1)

    def all_tokens(self, x: Tensor) -> Tensor:
        """Give a transformer's tokens N×(1+H'·W')×C'; each place of an image has its own."""
        return self.network(self.preprocess(x))

    def forward(self, x: Tensor) -> Tensor:
        """Give the features N×D: the last map's mean over its places, or the class token."""
        return self.all_tokens(x)[:, 0] if self.tokens else self.feature_map(x).mean(dim=(1, 2))

    @property
    def blocks(self) -> list[nn.ModuleList]:
        """The network's blocks from input to output, for plans such as "the last two learn"."""
        layers = [(name, layer) for name, layer in self.network.named_modules() if name]
        return [
            nn.ModuleList([layer for name, layer in layers if f"{name}.".startswith(starts)])
            for starts in self._blocks
        ]


def load_backbone(name: str, *, weights: str | Path | None = "default", seed: int = 0) -> Backbone:
    """Build a backbone by name and load its weights; it comes in inference mode, nothing frozen.

    Args:
        name: ``"glyphnet"``, ``"glyphnet_half"``, ``"vgg16"``, ``"resnet18"``, ``"resnet50"``,
            ``"mobilenet_v2"`` or ``"vit_b_16"``.
        weights: ``"default"``: the course's own for glyphnet, else the published ImageNet weights
            where this machine has them (``./course data fetch NAME`` brings them; with
            ``COURSE_DATA=real`` it is done here). ``None``: random. Or the path of a weights file
            (``.safetensors``, ``.pth`` or ``.npz``, PyTorch's names and layout).
        seed: Where random weights come from.

    Raises:
        CourseError: For an unknown name, weights that are not there, or weights that do not fit.
    """
    architecture, path = _architecture(name), weights_file(name, weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(require_seed(seed))
        network = architecture.build()
    if path is not None:
        architecture = _load_weights(architecture, network, path)
    source = "random" if path is None else path.name
    network.to(memory_format=torch.channels_last)
    return Backbone(name, architecture, network, source).eval()


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
    return write_weights(require_path("path", path), weights_of(backbone), backbone.preprocessing)


def weights_of(backbone: Backbone) -> dict[str, np.ndarray]:
    """Give copies of a backbone's weights and BatchNorm statistics by PyTorch's names."""
    return {
        name: np.array(tensor.cpu())
        for name, tensor in backbone.network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def with_network(backbone: Backbone, network: nn.Module) -> Backbone:
    """Give a backbone of the same kind, preprocessing and blocks around another network."""
    architecture = replace(ARCHITECTURES[backbone.name], preprocessing=backbone.preprocessing)
    return Backbone(backbone.name, architecture, network, backbone.weights_name)


def _resnet(name: str) -> Callable[[], nn.Module]:
    """He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, as torchvision has it."""

    def build() -> nn.Module:
        import torchvision

        whole = torchvision.models.get_model(name, weights=None)
        layers = [(n, layer) for n, layer in whole.named_children() if n not in ("avgpool", "fc")]
        return nn.Sequential(OrderedDict(layers))

    return build


def _vgg16() -> nn.Module:
    """Simonyan & Zisserman, *Very Deep Convolutional Networks*, ICLR 2015, as torchvision has it."""
    from torchvision.models.vgg import cfgs, make_layers

    # The convolutions alone: the dense layers are eight times larger.
    features = make_layers(cfgs["D"])
    for layer in features:
        if isinstance(layer, nn.Conv2d):  # as torchvision starts them (He et al., 2015)
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return nn.Sequential(OrderedDict(features=features))


def _mobilenet_v2() -> nn.Module:
    """Sandler et al., *MobileNetV2*, CVPR 2018, as torchvision has it."""
    import torchvision

    whole = torchvision.models.get_model("mobilenet_v2", weights=None)
    return nn.Sequential(OrderedDict(features=whole.features))


def _vit_b_16() -> nn.Module:
    from course_lib.pytorch.vit import build_vit_b_16

    return build_vit_b_16()


def _glyphnet() -> nn.Module:
    return build_glyphnet()


def _glyphnet_half() -> nn.Module:
    return build_glyphnet(HALF_WIDTHS)


_VGG_BLOCKS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
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
    "resnet18": Architecture(_resnet("resnet18"), IMAGENET_RGB, (7, 7, 512), _RESNET_BLOCKS),
    "resnet50": Architecture(_resnet("resnet50"), IMAGENET_RGB, (7, 7, 2048), _RESNET_BLOCKS),
    "vgg16": Architecture(
        _vgg16,
        IMAGENET_RGB,
        (7, 7, 512),
        tuple(tuple(f"features.{i}." for i in block) for block in _VGG_BLOCKS),
    ),
    "mobilenet_v2": Architecture(
        _mobilenet_v2,
        IMAGENET_RGB,
        (7, 7, 1280),
        tuple(tuple(f"features.{i}." for i in block) for block in _MOBILENET_BLOCKS),
    ),
    "vit_b_16": Architecture(_vit_b_16, IMAGENET_RGB, (14, 14, 768), VIT_BLOCKS, tokens=True),
}


def _architecture(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise CourseError(
            f"There is no backbone {name!r}: choose one of {', '.join(ARCHITECTURES)}.",
            f"没有叫 {name!r} 的主干网络，可选：{'、'.join(ARCHITECTURES)}。",
        )
    return ARCHITECTURES[name]


def _load_weights(architecture: Architecture, network: nn.Module, path: Path) -> Architecture:
    """Load a file in PyTorch's layout and give the architecture with the preprocessing it names.

    A classifier in it (fc.…, classifier.…) is left out.
    """
    tensors = published.present_names(_read(path))
    own = network.state_dict()
    wrong = [n for n in own if n not in tensors or tensors[n].shape != own[n].shape]
    wrong = [n for n in wrong if not n.endswith("num_batches_tracked")]
    if wrong:
        raise CourseError(
            f"{path} does not fit this backbone: {len(wrong)} weights are missing or have another "
            f"shape, the first is {wrong[0]}.",
            f"{path} 与这个主干网络不匹配：有 {len(wrong)} 个权重缺失或形状不同，第一个是 {wrong[0]}。",
        )
    network.load_state_dict({n: tensors[n] for n in own if n in tensors}, strict=False)
    return replace(
        architecture, preprocessing=read_preprocessing(path) or architecture.preprocessing
    )


def _read(path: Path) -> dict[str, Tensor]:
    require_file(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if path.suffix == ".npz":
            return {name: torch.as_tensor(array) for name, array in read_weights(path).items()}
        require_pytorch_layout(path)
        return require_tensors(path, torch.load(path, map_location="cpu", weights_only=True))
    except CourseError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error
