"""A head that grows with the classes."""

from __future__ import annotations

import torch
from torch import nn

from course_lib.arguments import require_seed
from course_lib.training.incremental import grown, require_linear_end
from course_lib.training.requirements import require_transfer_model


def grow_head(model: nn.Module, classes: int, *, seed: int = 0) -> nn.Module:
    """Give a model's head outputs for further classes; the old rows are the same, bit for bit.

    The simplest of growing architectures. For class-incremental learning that is all: new logits
    beside the old ones. For task-incremental learning the new rows are the new task's own head: see
    ``TaskCrossEntropy``. (Whole columns of layers that grow: Rusu et al., *Progressive Neural
    Networks*, 2016, arXiv:1606.04671.)

    Args:
        model: What ``attach_head`` gives; it is changed in place.
        classes: How many outputs there are from now on, more than before.
        seed: Where the new rows come from, the same numbers in both halves.

    Returns:
        The model.
    """
    require_transfer_model(model, "grow_head")
    head = model.head
    require_linear_end(isinstance(head, nn.Sequential) and isinstance(head[-1], nn.Linear))
    old = head[-1]
    arrays = (old.weight.detach().cpu().numpy(), old.bias.detach().cpu().numpy())
    weight, bias = map(torch.from_numpy, grown(*arrays, classes, require_seed(seed)))
    new = nn.Linear(weight.shape[1], classes).to(old.weight.device)
    with torch.no_grad():
        new.weight.copy_(weight)
        new.bias.copy_(bias)
    head[-1] = new.requires_grad_(old.weight.requires_grad)
    return model
