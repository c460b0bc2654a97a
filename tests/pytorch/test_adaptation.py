"""Adaptation without target labels: penalties, the adversary, and what they must not see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.pytorch import (
    DANN,
    SGD,
    Adapted,
    Augmented,
    Checkpoint,
    CoralAlignment,
    CrossEntropy,
    EntropyMinimisation,
    InformationMaximisation,
    MMDAlignment,
    Penalty,
    PseudoLabels,
    attach_head,
    build_bottleneck,
    coral_distance,
    cross_entropy,
    fit,
    fit_each,
    load_backbone,
    mmd_squared,
    predict,
    ramp_up,
    reverse_gradient,
    unlabelled_target,
)
from course_lib.pytorch.adaptation import Seen
from tests.parity import cases as parity
from tests.pytorch.small import Small
from tests.training import adaptation_cases as cases


def seen(progress: float = 0.3) -> Seen:
    f_s, f_t, z_t = (torch.tensor(a) for a in (cases.F_S, cases.F_T, cases.Z_T))
    return Seen(f_s, f_t, torch.zeros(7, 4), z_t, progress)


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (EntropyMinimisation(), cases.entropy(cases.Z_T)),
        (InformationMaximisation(), cases.information(cases.Z_T)),
        (InformationMaximisation(shares=cases.SHARES), cases.information(cases.Z_T, cases.SHARES)),
        (PseudoLabels(threshold=0.6), cases.pseudo(cases.Z_T, 0.6)),
        (CoralAlignment(), cases.coral_distance(cases.F_S, cases.F_T)),
        (MMDAlignment(kernel="rbf", width=0.8), cases.mmd_squared(cases.F_S, cases.F_T, **cases.CASES[6])),
    ],
)  # fmt: skip
def test_penalties_are_their_formulas(penalty: Penalty, expected: float) -> None:
    assert cases.CASES[6] == {"kernel": "rbf", "width": 0.8, "biased": True}
    assert float(penalty.value(seen())) == pytest.approx(expected, rel=1e-6)


def test_information_with_shares_asks_for_those_shares() -> None:
    equal, given = InformationMaximisation(), InformationMaximisation(shares=[3, 3, 3, 3])
    assert float(given.value(seen())) == pytest.approx(float(equal.value(seen())), abs=1e-6)
    answers = 50 * torch.eye(4)[[0, 0, 0, 0, 0, 0, 1, 2, 2, 3]]  # sure, and with SHARES
    asked = InformationMaximisation(shares=cases.SHARES)
    right, other = (float(p.value(seen()._replace(z_t=answers))) for p in (asked, equal))
    assert right == pytest.approx(-math.log(4), abs=1e-5) and other > right + 0.1
    assert asked.settings()["shares"] == pytest.approx([0.6, 0.1, 0.2, 0.1])
    assert "shares" not in equal.settings()


@pytest.mark.parametrize("shares", [[0.5, 0.5, 0.0, 0.0], [1.0], [[0.5, 0.5]], [0.5, -0.5, 1, 1]])
def test_shares_are_above_zero(shares: list) -> None:
    with pytest.raises(CourseError, match="one number above 0 for each class"):
        InformationMaximisation(shares=shares)


def test_there_is_a_share_for_each_class() -> None:
    with pytest.raises(CourseError, match="3 shares, but the model knows 4 classes"):
        InformationMaximisation(shares=[1, 1, 2]).value(seen())


def test_strength_grows_as_ganin_et_al_have_it() -> None:
    for p in (0.0, 0.1, 0.5, 1.0):
        assert ramp_up(p) == pytest.approx(2 / (1 + math.exp(-10 * p)) - 1)
    plain = float(CoralAlignment().value(seen()))
    assert float(CoralAlignment(3.0, ramp=False).term(seen())) == pytest.approx(3 * plain)
    assert float(CoralAlignment(3.0).term(seen(0.0))) == 0


def test_pseudo_labels_send_no_gradient_through_the_unsure() -> None:
    z = torch.tensor([[4.0, 0.0], [0.1, 0.0]], requires_grad=True)
    PseudoLabels(threshold=0.9).value(seen()._replace(z_t=z)).backward()
    assert z.grad is not None
    assert z.grad[0].abs().min() > 0 and z.grad[1].abs().max() == 0


def test_reversal_is_the_identity_forward_and_minus_strength_back() -> None:
    f = torch.randn(4, 3, requires_grad=True)
    reversed_ = reverse_gradient(f, 0.7)
    assert torch.equal(reversed_, f)
    (reversed_**2).sum().backward()
    assert f.grad is not None
    torch.testing.assert_close(f.grad, -0.7 * 2 * f.detach())


def test_the_adversary_learns_what_the_features_hide() -> None:
    penalty, now = DANN(3, 0.5, hidden=(), ramp=False), seen()
    f_s, f_t = now.f_s.float().requires_grad_(), now.f_t.float()
    loss = penalty.term(now._replace(f_s=f_s, f_t=f_t))
    loss.backward()
    weight = penalty.discriminator[0].weight  # type: ignore[index]
    z = (torch.cat([f_s, f_t]) @ weight.T)[:, 0].detach().numpy()
    p, is_target = 1 / (1 + np.exp(-z)), np.repeat([0, 1], [7, 5])
    expected = -np.log(np.where(is_target, p, 1 - p)).mean()
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    slope = ((p - is_target) / 12)[:, None]
    ours = (slope * torch.cat([f_s, f_t]).detach().numpy()).sum(axis=0)
    np.testing.assert_allclose(weight.grad.numpy()[0], ours, rtol=1e-4)  # at full strength
    back = -0.5 * slope[:7] * weight.detach().numpy()
    np.testing.assert_allclose(f_s.grad.numpy(), back, rtol=1e-4, atol=1e-8)  # type: ignore[union-attr]


def test_the_objective_is_the_sum() -> None:
    model, data = Small(parity.start()), parity.arrays()
    batch: dict[str, Any] = {n: torch.tensor(a[:20]) for n, a in data.items()} | {"progress": 0.2}
    both = Adapted(MMDAlignment(2.0), CoralAlignment(3.0, ramp=False)).loss(model, batch)
    f_s, f_t = model.backbone(batch["x"]), model.backbone(batch["x_t"])
    expected = cross_entropy(model.head(f_s), batch["y"]) + 2 * ramp_up(0.2) * mmd_squared(f_s, f_t)
    torch.testing.assert_close(both, expected + 3 * coral_distance(f_s, f_t))


def test_target_labels_cannot_get_in() -> None:
    source, target = (np.zeros((4, 8, 8, 1)), [0, 1, 2, 0]), (np.ones((3, 8, 8, 1)), [0, 1, 2])
    data = unlabelled_target(source, target)
    assert sorted(data) == ["x", "x_t", "y"]
    with pytest.raises(CourseError, match="'y_t'"):
        fit(Small(), data | {"y_t": np.array([0, 1, 2])}, objective=Adapted(), epochs=1)
    with pytest.raises(CourseError, match="'x_t'"):
        fit(Small(), source, objective=Adapted(), epochs=1)


def test_what_cannot_be_adapted_is_told() -> None:
    data = parity.arrays()
    with pytest.raises(CourseError, match="backbone and a head"):
        fit(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), data, objective=Adapted(), epochs=1)
    whole_map = attach_head(load_backbone("glyphnet", weights=None), 3, flatten=True)
    images = {"x": np.zeros((4, 32, 32, 1)), "y": [0, 1, 2, 0], "x_t": np.zeros((4, 32, 32, 1))}
    with pytest.raises(CourseError, match="flatten"):
        fit(whole_map, images, objective=Adapted(), epochs=1)
    with pytest.raises(CourseError, match="MMDAlignment"):
        Adapted(MMDAlignment)  # type: ignore[arg-type]
    with pytest.raises(CourseError, match="strength"):
        CoralAlignment(-1.0)


def test_the_adversary_trains_and_comes_back_from_a_checkpoint(tmp_path: Any) -> None:
    losses = []
    for epochs in ((2, 4), (4,)):  # interrupted, and not
        for until in epochs:
            objective = Adapted(DANN(6, hidden=(4,)))
            start = objective.penalties[0].discriminator[0].weight.detach().clone()
            path = tmp_path / f"{len(epochs)}"
            history = fit(
                Small(parity.start()), parity.arrays(), objective=objective, optimizer=SGD(0.05),
                epochs=until, callbacks=[Checkpoint(path)] if until == 4 else [],
            )  # fmt: skip
            assert not torch.equal(objective.penalties[0].discriminator[0].weight, start)
        losses.append(history.loss)
    assert losses[0] == losses[1]


def test_images_of_the_source_may_be_augmented_meanwhile() -> None:
    from course_lib.pytorch import Flip

    data = parity.data_for(parity.CASES["augmented, SGD"]) | {"x_t": parity.arrays()["x_t"]}
    objective = Augmented(Adapted(CoralAlignment()), [Flip()])
    history = fit(Small(parity.start()), data, objective=objective, optimizer=SGD(0.02), epochs=1)
    assert np.isfinite(history.loss).all()


def test_adaptation_finds_a_target_that_is_moved() -> None:
    """Three classes on a line, moved by half the way to the next: the source alone errs."""
    rng = np.random.default_rng(3)
    y, y_t = rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    f = np.stack([2.0 * y, rng.normal(size=300)], axis=1) + rng.normal(size=(300, 2)) * 0.3
    f_t = (
        np.stack([2.0 * y_t + 1.2, rng.normal(size=300)], axis=1) + rng.normal(size=(300, 2)) * 0.3
    )
    right = {}
    for name, data in {"source": (f, y), "aligned": unlabelled_target((f, y), f_t)}.items():
        objective = Adapted(MMDAlignment(3.0)) if name == "aligned" else CrossEntropy()
        model = build_bottleneck(2, 3, width=16, seed=0)
        fit(model, data, objective=objective, optimizer=SGD(0.05), epochs=25)
        right[name] = (predict(model, f_t).argmax(axis=1) == y_t).mean()
    assert right["source"] < 0.8 and right["aligned"] > 0.9


def test_without_penalties_it_is_the_source_alone() -> None:
    data = parity.arrays()
    model = Small(parity.start())
    batch: dict[str, Any] = {n: torch.tensor(a[:20]) for n, a in data.items()} | {"progress": 0.0}
    assert Adapted().loss(model, batch) == CrossEntropy().loss(model, batch)


def test_each_of_several_trainings_has_a_fresh_adversary() -> None:
    data = parity.arrays()
    shared = fit_each(
        [Small(parity.start()) for _ in range(2)], [data, data], seeds=[1, 1],
        objective=Adapted(DANN(6, hidden=(4,))), optimizers=SGD(0.05), epochs=2,
    )  # fmt: skip
    alone = fit(
        Small(parity.start()), data, seed=1,
        objective=Adapted(DANN(6, hidden=(4,))), optimizer=SGD(0.05), epochs=2,
    )  # fmt: skip
    losses = [history.loss for history in (*shared, alone)]
    assert losses[0] == losses[1] == losses[2]
