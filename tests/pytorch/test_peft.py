"""LoRA against the library peft: the same weights give the same outputs, counts and merged layers."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from course_lib.pytorch import add_lora, count_parameters, merge_lora
from course_lib.pytorch.adapting import LowRank

RANK, ALPHA = 3, 5.0


class SmallNet(nn.Module):
    """A convolution with stride and padding, one of 1×1, and a linear layer: all that LoRA goes around."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.second = nn.Conv2d(6, 4, 1, bias=False)
        self.last = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.second(torch.relu(self.first(x))))
        return self.last(x.mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def pair() -> tuple[nn.Module, nn.Module, nn.Module]:
    """The plain network, ours with LoRA, peft's; ours and peft's with the same random A and B."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    plain = SmallNet().eval()
    ours = add_lora(copy.deepcopy(plain), rank=RANK, alpha=ALPHA).eval()
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["first", "second", "last"])
    theirs = get_peft_model(copy.deepcopy(plain), config).eval()
    return plain, ours, theirs


def share_weights(ours: nn.Module, theirs: nn.Module) -> None:
    """Draw A and B at random, and put them into both."""
    layers = {n: m for n, m in ours.named_modules() if isinstance(m, LowRank)}
    assert set(layers) == {"first", "second", "last"}
    for name, layer in layers.items():
        other = theirs.get_submodule(f"base_model.model.{name}")
        for mine, its in ((layer.lora_a, other.lora_A), (layer.lora_b, other.lora_B)):
            with torch.no_grad():
                mine.weight.normal_()
                its["default"].weight.copy_(mine.weight)  # the same shapes, or this stops


def test_both_start_as_the_plain_network(pair: tuple[nn.Module, ...]) -> None:
    x = torch.randn(4, 2, 8, 8)
    plain, ours, theirs = pair
    torch.testing.assert_close(ours(x), plain(x), rtol=0, atol=0)
    torch.testing.assert_close(theirs(x), plain(x), rtol=0, atol=0)


def test_as_many_parameters_learn(pair: tuple[nn.Module, ...]) -> None:
    _, ours, theirs = pair
    expected = theirs.get_nb_trainable_parameters()[0]
    assert count_parameters(ours)["trainable"] == expected == RANK * (18 + 6 + 6 + 4 + 4 + 5)


def test_same_weights_same_outputs_same_merged_layers(pair: tuple[nn.Module, ...]) -> None:
    plain, ours, theirs = (copy.deepcopy(model) for model in pair)
    share_weights(ours, theirs)
    x = torch.randn(4, 2, 8, 8)
    expected = theirs(x)
    assert not torch.allclose(expected, plain(x), atol=0.1)
    torch.testing.assert_close(ours(x), expected, rtol=1e-5, atol=1e-5)
    merged, theirs_merged = merge_lora(ours), theirs.merge_and_unload()
    for name, weight in theirs_merged.named_parameters():
        torch.testing.assert_close(merged.get_parameter(name), weight, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(merged(x), expected, rtol=1e-4, atol=1e-4)
