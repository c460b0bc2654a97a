"""Objectives around objectives: mix-up, augmentation, L2-SP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from course_lib.errors import CourseError
from course_lib.pytorch import (
    L2SP,
    SGD,
    Augmented,
    BinaryCrossEntropy,
    Checkpoint,
    CrossEntropy,
    Flip,
    MixUp,
    SequenceLikelihood,
    Shift,
    SquaredError,
    count_parameters,
    evaluate,
    fit,
    freeze,
)
from tests.parity import cases
from tests.pytorch.small import Small

MODEL = nn.Identity()
Z = torch.tensor(np.random.default_rng(0).normal(size=(6, 4)), dtype=torch.float32)
Y = torch.tensor([0, 3, 1, 1, 2, 0])
HALF = {"mixup.share": torch.full((6,), 0.7)}


def test_mixup_blends_inputs_and_labels() -> None:
    loss = MixUp(CrossEntropy(), classes=4).loss(MODEL, {"x": Z, "y": Y, **HALF})
    q = np.eye(4)[Y]
    log_p = torch.log_softmax(0.7 * Z + 0.3 * Z.flip(0), dim=1).numpy()
    expected = -((0.7 * q + 0.3 * q[::-1]) * log_p).sum(axis=1).mean()
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_mixup_with_a_share_of_one_is_the_objective_itself() -> None:
    batch = {"x": Z, "y": Y, "mixup.share": torch.ones(6)}
    alone = CrossEntropy().loss(MODEL, batch)
    assert MixUp(CrossEntropy(), classes=4).loss(MODEL, batch).item() == alone.item()


def test_mixup_blends_numbers_as_numbers() -> None:
    y = Z + 1
    assert MixUp(SquaredError()).loss(MODEL, {"x": Z, "y": y, **HALF}).item() == pytest.approx(0.5)
    bits = (Z[:, 0] > 0).long()  # whole numbers, yet no classes
    one = nn.Linear(4, 1)
    assert MixUp(BinaryCrossEntropy()).loss(one, {"x": Z, "y": bits, **HALF}).item() > 0


def test_mixup_draws_one_share_for_a_step_from_its_beta() -> None:
    rng, mixed = np.random.default_rng(0), MixUp(CrossEntropy(), alpha=0.5)
    steps = [mixed.draws(rng, 8)["mixup.share"] for _ in range(2000)]
    assert all((share == share[0]).all() and share.shape == (8,) for share in steps)
    shares = np.array([share[0] for share in steps])
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(1 / 8, abs=0.01)  # 1 / (4 (2α + 1))


def test_mixup_asks_for_what_it_needs() -> None:
    with pytest.raises(CourseError, match="classes=K"):
        MixUp(CrossEntropy()).loss(MODEL, {"x": Z, "y": Y, **HALF})
    with pytest.raises(CourseError, match="token ids"):
        MixUp(CrossEntropy(), classes=4).loss(MODEL, {"x": Y, "y": Y, **HALF})
    with pytest.raises(CourseError, match="alpha"):
        MixUp(CrossEntropy(), alpha=0.0)
    with pytest.raises(CourseError, match="one wrapper of each kind"):
        MixUp(MixUp(CrossEntropy())).draws(np.random.default_rng(0), 4)


def test_augmentation_changes_what_is_trained_on_and_nothing_that_is_measured() -> None:
    images = torch.randint(0, 256, (6, 4, 4, 1), dtype=torch.uint8)
    seen: list[torch.Tensor] = []

    class Sees(CrossEntropy):
        def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
            seen.append(batch["x"])
            return batch["x"].sum()

    always = Augmented(Sees(), [Flip(p=1.0)])
    draws = always.draws(np.random.default_rng(0), 6)
    always.loss(MODEL, {"x": images} | {name: torch.tensor(v) for name, v in draws.items()})
    np.testing.assert_allclose(seen[0], images.flip(2).float(), atol=0.01)
    z = Z.numpy()
    assert always.measure(z, Y.numpy()) == CrossEntropy().measure(z, Y.numpy())
    assert Augmented(Sees(), []).draws(np.random.default_rng(0), 6) == {}


def test_l2sp_is_its_formula_and_its_gradient_points_back() -> None:
    model = Small(cases.start())
    objective = L2SP(CrossEntropy(), model, alpha=0.3, beta=0.7)
    start = [w.detach().clone() for w in model.backbone.parameters()]
    with torch.no_grad():
        for w in model.backbone.parameters():
            w += torch.randn_like(w)
    data = {name: torch.tensor(a) for name, a in cases.arrays().items()}
    model.eval()
    difference = objective.loss(model, data) - CrossEntropy().loss(model, data)
    moved = sum(
        ((w - w0) ** 2).sum() for w, w0 in zip(model.backbone.parameters(), start, strict=True)
    )
    head = sum((w**2).sum() for w in model.head.parameters())
    expected = 0.3 / 2 * moved + 0.7 / 2 * head
    assert difference.item() == pytest.approx(expected.item(), rel=1e-5)
    difference.backward()
    w, w0 = model.backbone.conv1.weight, start[0]
    np.testing.assert_allclose(w.grad, 0.3 * (w - w0).detach(), atol=1e-5)


def test_l2sp_holds_the_backbone_where_it_began_and_knows_no_statistics() -> None:
    data, moved = cases.arrays(), {}
    for alpha in (0.0, 50.0):
        model = Small(cases.start())
        objective = L2SP(CrossEntropy(), model, alpha=alpha)
        start = objective.anchor.clone()
        assert len(start) == count_parameters(model.backbone)["total"]
        fit(model, (data["x"], data["y"]), objective=objective, optimizer=SGD(0.005), epochs=12)
        now = torch.cat([w.detach().flatten() for w in model.backbone.parameters()])
        moved[alpha] = (now - start).abs().max().item()
        assert torch.equal(objective.anchor, start)
    assert moved[50.0] < moved[0.0] / 3


def test_l2sp_bears_a_frozen_backbone_and_channels_last() -> None:
    data = cases.arrays()
    model = Small(cases.start()).to(memory_format=torch.channels_last)
    freeze(model.backbone)
    objective = L2SP(CrossEntropy(), model)
    assert np.isfinite(fit(model, (data["x"], data["y"]), objective=objective, epochs=1).loss).all()


def test_a_checkpoint_knows_what_is_inside_a_wrapper(tmp_path: Path) -> None:
    data, checkpoint = cases.arrays(), Checkpoint(tmp_path / "run.safetensors")
    nested = Augmented(MixUp(CrossEntropy(0.1), classes=3), [Shift()])
    assert json.loads(json.dumps(nested.settings()))["objective"][0] == "MixUp"
    for epsilon, message in ((0.1, None), (0.2, "objective")):
        model = Small(cases.start())
        objective = L2SP(MixUp(CrossEntropy(epsilon), classes=3), model)
        arguments: dict[str, Any] = {"objective": objective, "epochs": 1, "callbacks": [checkpoint]}
        if message is None:
            fit(model, (data["x"], data["y"]), **arguments)
        else:
            with pytest.raises(CourseError, match=message):
                fit(model, (data["x"], data["y"]), **arguments)


def test_what_evaluate_reports_follows_the_objective() -> None:
    data, model = cases.arrays(), Small(cases.start())
    x, real = data["x"], np.zeros((cases.N, 3), np.float32)
    reports = {
        type(objective).__name__: set(evaluate(model, (x, y), objective=objective))
        for objective, y in [
            (SquaredError(), real),
            (BinaryCrossEntropy(), real),
            (MixUp(SquaredError()), real),
            (CrossEntropy(), data["y"]),
        ]
    }
    assert reports == {
        "SquaredError": {"loss", "rmse"},
        "BinaryCrossEntropy": {"loss", "accuracy"},
        "MixUp": {"loss", "rmse"},
        "CrossEntropy": {"loss", "accuracy"},
    }
    z = np.zeros((2, 3, 4), np.float32)
    assert SequenceLikelihood().measure(z, np.zeros((2, 3), int))["perplexity"] == pytest.approx(4)


def test_a_network_with_one_output_takes_plain_targets() -> None:
    one, x = nn.Linear(4, 1), Z
    y = torch.zeros(6)
    for objective in (SquaredError(), BinaryCrossEntropy()):
        loss = objective.loss(one, {"x": x, "y": y})
        assert loss.item() == objective.loss(one, {"x": x, "y": y[:, None]}).item()
    with pytest.raises(CourseError, match="6×4 and the targets 6"):
        SquaredError().loss(MODEL, {"x": x, "y": y})


class Waits(TorchDispatchMode):
    """Counts how often a number is asked for: on a GPU, Python would wait for it there."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        waiting = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
        self.count += func in waiting
        return func(*args, **(kwargs or {}))


def test_no_step_waits_for_the_device() -> None:
    data, counts = cases.data_for(cases.CASES["nested, SGD"]), []
    for batch_size in (5, 45):
        model = Small(cases.start())
        mixed = MixUp(CrossEntropy(0.1), classes=3)
        objective = L2SP(Augmented(mixed, cases.TRANSFORMS), model)
        with Waits() as waits:
            fit(model, data, objective=objective, epochs=1, batch_size=batch_size)
        counts.append(waits.count)
    assert counts[0] == counts[1]
    with Waits() as waits:
        torch.ones(1).item()
    assert waits.count == 1  # it does see them
