"""What may move during training and what may not.

Frozen means two things at once: no gradient, *and* inference mode. The second is easily forgotten:
BatchNorm layers in training mode change their statistics although no gradient reaches them.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.training.requirements import require_transfer_model

SMALL_PLANS = ("bias", "norm")
PLANS = ("everything", "head", "last", *SMALL_PLANS)
NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm)


def freeze(module: nn.Module) -> nn.Module:
    """Let nothing in the module move: no gradients, and inference mode. Gives the module back."""
    module.requires_grad_(False)
    return module.eval()


def unfreeze(module: nn.Module) -> nn.Module:
    """Let the module learn again; ``fit`` puts it into training mode. Gives the module back."""
    return module.requires_grad_(True)


def freeze_plan(model: nn.Module, plan: str, *, blocks: int = 1) -> nn.Module:
    """Freeze a model with ``.backbone`` and ``.head`` by a named plan. Gives the model back.

    Args:
        model: What ``attach_head`` gives.
        plan: ``"everything"`` (all of it learns), ``"head"`` (the backbone is frozen), ``"last"``
            (the head and the backbone's last ``blocks`` blocks learn), ``"bias"`` (the head and
            every bias and norm's shift: Ben Zaken et al., *BitFit*, ACL 2022, arXiv:2106.10199) or
            ``"norm"`` (the head and every norm's scale and shift). With the last two, BatchNorm
            statistics move, too, unless ``fit`` is told ``batch_norm="frozen"``.
        blocks: How many blocks ``"last"`` leaves free; ``backbone.blocks`` lists them.
    """
    if plan not in PLANS:
        raise CourseError(
            f"There is no freeze plan {plan!r}: choose one of {', '.join(PLANS)}.",
            f"没有叫 {plan!r} 的冻结方案，可选：{'、'.join(PLANS)}。",
        )
    require_transfer_model(model, "freeze_plan")
    if plan == "last":
        require_count("blocks", blocks, 1, len(model.backbone.blocks))
    unfreeze(model)
    if plan != "everything":
        freeze(model.backbone)
    if plan == "last":
        for block in model.backbone.blocks[-blocks:]:
            unfreeze(block)
    if plan in SMALL_PLANS:
        learn_small(model, plan)
    return model


def learn_small(model: nn.Module, plan: str) -> None:
    """Let the backbone's biases learn (``"bias"``) or its norms' scales and shifts (``"norm"``)."""
    for layer in model.backbone.modules():
        for name, weight in layer.named_parameters(recurse=False):
            chosen = isinstance(layer, NORMS) if plan == "norm" else name.endswith("bias")
            weight.requires_grad_(chosen)


def train_mode(module: nn.Module) -> None:
    """Put a module into training mode, all but its frozen parts."""
    if is_frozen(module):
        module.eval()
        return
    module.training = True
    for child in module.children():
        train_mode(child)


def train_mode_by_block(model: nn.Module) -> None:
    """Put a model into training mode, all but its frozen parts and blocks.

    What has no weights of its own, as a BatchNorm layer without scale and shift, is frozen with its
    block: a backbone may keep the layers of all its blocks in one row.
    """
    train_mode(model)
    backbone: Any = getattr(model, "backbone", None)
    blocks = [*getattr(backbone, "blocks", [])]
    in_blocks = {layer for block in blocks for layer in block.modules()}
    leaves = [layer for layer in backbone.modules() if not [*layer.children()]] if blocks else []
    stem = nn.ModuleList([layer for layer in leaves if layer not in in_blocks])
    for part in filter(is_frozen, (stem, *blocks)):
        part.eval()


def is_frozen(module: nn.Module) -> bool:
    """Say whether a module has weights and none of them takes a gradient."""
    weights = list(module.parameters())
    return bool(weights) and not any(w.requires_grad for w in weights)
