"""What both halves must do alike about what is trainable: checks by the half's name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import (
    SGD,
    AdamW,
    Callback,
    Checkpoint,
    Discriminative,
    GradualUnfreezing,
    History,
    WarmupCosine,
)
from tests.parity import cases

Bits = dict[str, bytes]
PARTS = {"conv1": "block1", "bn1": "block1", "conv2": "block2", "bn2": "block2", "head": "head"}


class Half:
    """One half of the library, with the small model of its tests.

    Args:
        name: ``"pytorch"`` or ``"keras"``.
        arrays: Gives a module's weights and statistics as arrays, by names that start with the
            layer's (``bn1.…``).
    """

    def __init__(self, name: str, arrays: Callable[[Any], dict[str, np.ndarray]]) -> None:
        self.name = name
        self.library: Any = importlib.import_module(f"course_lib.{name}")
        small: Any = importlib.import_module(f"tests.{name}.small")
        self.small, self.pairs = small.Small, small.Pairs
        norms: Any = importlib.import_module(f"course_lib.{name}.batch_norm")
        self.arrays, self.norm_layers = arrays, norms.norm_layers

    def model(self, **how: Any) -> Any:
        return self.small(cases.start(), **how)

    def fit(self, model: Any, *, train: Any = None, **how: Any) -> History:
        data = cases.arrays()
        given = {"epochs": 2, "batch_size": 16, "progress": False, "optimizer": SGD(0.05)}
        return self.library.fit(model, train or (data["x"], data["y"]), **(given | how))

    def bits(self, model: Any) -> dict[str, Bits]:
        """Give the bytes of all weights and statistics, by part."""
        parts: dict[str, Bits] = {}
        for name, array in self.arrays(model).items():
            layer = next(part for part in name.split(".") if part in PARTS)
            parts.setdefault(PARTS[layer], {})[name] = array.tobytes()
        return parts


class InterruptError(Exception):
    """What ends a training in the middle."""


class Watch(Callback):
    """Note the bytes of a model after each epoch; end the training after some."""

    def __init__(self, half: Half, model: Any, *, end_after: int = 0) -> None:
        self.half, self.model, self.end_after = half, model, end_after
        self.seen = [half.bits(model)]

    def on_epoch_end(self, run: Any) -> None:
        self.seen.append(self.half.bits(self.model))
        if len(run.history.epochs) == self.end_after:
            raise InterruptError


def moved(before: Bits, after: Bits) -> set[bool]:
    """Say of all arrays of a part whether they changed."""
    return {before[name] != after[name] for name in before}


def check_plans_freeze_bit_by_bit(half: Half, plan: str, free: set[str], batch_norm: str) -> None:
    model = half.library.freeze_plan(half.model(), plan)
    before = half.bits(model)
    half.fit(
        model,
        optimizer=AdamW(0.01, weight_decay=0.5, rates=Discriminative()),
        batch_norm=batch_norm,
        accumulate=2,
    )
    after = half.bits(model)
    for part in before:
        change = moved(before[part], after[part])
        assert change == {False} if part not in free else True in change


def check_unfreezing_goes_from_the_head_to_the_input(half: Half) -> None:
    model = half.model()
    watch = Watch(half, model)
    recipe = AdamW(WarmupCosine(0.01), weight_decay=0.5)
    half.fit(model, optimizer=recipe, epochs=5, callbacks=[GradualUnfreezing(every=2), watch])
    first = {"head": 0, "block2": 2, "block1": 4}  # the epoch in which each part begins to learn
    for epoch, (before, after) in enumerate(zip(watch.seen, watch.seen[1:], strict=False)):
        for part, begins in first.items():
            assert moved(before[part], after[part]) == {epoch >= begins}  # statistics, too
    assert {row.trainable == row.parameters for row in half.library.describe_groups(model)} == {
        True
    }


def check_norms_without_weights_are_frozen_with_their_block(half: Half) -> None:
    model = half.library.freeze_plan(half.model(scaled=False), "last")
    before = half.bits(model)
    half.fit(model)
    after = half.bits(model)
    assert {part: moved(before[part], after[part]) for part in before} == {
        "block1": {False}, "block2": {True}, "head": {True}
    }  # fmt: skip
    model = half.model(scaled=False)
    watch = Watch(half, model)
    half.fit(model, callbacks=[GradualUnfreezing(), watch])
    for epoch, (before, after) in enumerate(zip(watch.seen, watch.seen[1:], strict=False)):
        assert moved(before["block1"], after["block1"]) == {False}
        assert moved(before["block2"], after["block2"]) == {epoch == 1}


class TakingTurns(Callback):
    """Let one block learn in even epochs and the other in odd ones: as many weights, but others."""

    def on_epoch_begin(self, run: Any) -> None:
        run.let_learn([f"block{1 + len(run.history.epochs) % 2}"])


def check_parts_that_take_turns_learn_in_their_turn(half: Half) -> None:
    model = half.model()
    watch = Watch(half, model)
    half.fit(model, callbacks=[TakingTurns(), watch], optimizer=AdamW(0.01))
    for epoch, (before, after) in enumerate(zip(watch.seen, watch.seen[1:], strict=False)):
        learnt = {part for part in before if True in moved(before[part], after[part])}
        assert learnt == {f"block{1 + epoch % 2}"}


def check_a_checkpoint_knows_the_objectives_own_state(half: Half, folder: Path) -> None:
    """Two penalties that differ in nothing but their anchor, the starting point they hold."""
    library, path = half.library, folder / "anchored.safetensors"
    anchors = half.model(), half.small({n: w + 1 for n, w in cases.start().items()})
    for anchor in anchors:
        how = {"objective": library.L2SP(library.CrossEntropy(), anchor), "epochs": 1}
        if anchor is anchors[0]:
            half.fit(half.model(), callbacks=[Checkpoint(path)], **how)
        else:
            with pytest.raises(CourseError, match="start"):
                half.fit(half.model(), callbacks=[Checkpoint(path)], **how)


def check_what_was_frozen_before_stays_so(half: Half) -> None:
    model = half.library.freeze_plan(half.model(), "last")
    before = half.bits(model)["block1"]
    half.fit(model, epochs=4, callbacks=[GradualUnfreezing()])
    assert moved(before, half.bits(model)["block1"]) == {False}
    learning = {row.part for row in half.library.describe_groups(model) if row.trainable}
    assert learning == {"block2", "head"}


def check_an_interrupted_unfreezing_goes_on_as_if_nothing_had_happened(
    half: Half, folder: Path
) -> None:
    how: dict[str, Any] = {"optimizer": AdamW(WarmupCosine(0.01), weight_decay=0.5), "epochs": 5}
    whole, cut, resumed = half.model(), half.model(), half.model()
    expected = half.fit(whole, callbacks=[GradualUnfreezing()], **how)
    path = folder / "cut.safetensors"
    watch = Watch(half, cut, end_after=3)
    with pytest.raises(InterruptError):
        half.fit(cut, callbacks=[GradualUnfreezing(), Checkpoint(path, every=2), watch], **how)
    assert count_trainable(half, cut) == count_trainable(half, whole)  # free again all the same
    history = half.fit(resumed, callbacks=[GradualUnfreezing(), Checkpoint(path)], **how)
    assert history.loss == expected.loss and half.bits(resumed) == half.bits(whole)
    with pytest.raises(CourseError, match="callbacks"):
        half.fit(half.model(), callbacks=[GradualUnfreezing(every=2), Checkpoint(path)], **how)


def count_trainable(half: Half, model: Any) -> int:
    return half.library.count_parameters(model)["trainable"]


def check_accumulated_gradients_are_the_whole_batchs(half: Half) -> None:
    """90 examples in batches of 44 leave two for the last: fewer than the parts."""
    ends = {}
    for accumulate in (1, 4):
        model = half.model()
        how: dict[str, Any] = {"batch_size": 44, "accumulate": accumulate, "epochs": 3}
        recipe = SGD(WarmupCosine(0.1), weight_decay=0.01)
        history = half.fit(model, optimizer=recipe, batch_norm="frozen", **how)
        ends[accumulate] = half.arrays(model) | {"loss": np.array(history.loss)}
    assert len(ends[4]["loss"]) == 9
    for name, array in ends[1].items():
        np.testing.assert_allclose(ends[4][name], array, rtol=1e-5, atol=1e-6)


def check_accumulated_tokens_weigh_as_in_the_whole_batch(half: Half) -> None:
    """Sequences of one or two tokens: parts of as many examples have unlike numbers of tokens."""
    data = cases.data_for(cases.CASES["sequences, SGD"])
    data["y"][:30] = -1  # and some without any
    ends = {}
    for accumulate in (1, 4):
        model = half.pairs(cases.start())
        how: dict[str, Any] = {"batch_size": 11, "accumulate": accumulate, "epochs": 1}
        history = half.library.fit(
            model, data, objective=half.library.SequenceLikelihood(), optimizer=SGD(0.1),
            batch_norm="frozen", **how,
        )  # fmt: skip
        ends[accumulate] = half.arrays(model) | {"loss": np.array(history.loss)}
    for name, array in ends[1].items():
        np.testing.assert_allclose(ends[4][name], array, rtol=1e-5, atol=1e-6)


class Breaking:
    """Data on disk whose third reading fails."""

    def __init__(self, x: np.ndarray) -> None:
        self.x, self.shape, self.dtype, self.readings = x, x.shape, x.dtype, 0

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        self.readings += 1
        if self.readings == 3:
            raise InterruptError
        return self.x[indices]


def check_a_failed_estimate_leaves_the_layers_as_they_were(half: Half) -> None:
    model = half.model()
    norms = half.norm_layers(model)
    before = [norm.momentum for norm in norms]
    with pytest.raises(InterruptError):
        data = Breaking(cases.arrays()["x"])
        half.library.estimate_statistics(model, data, batch_size=20)
    assert [norm.momentum for norm in norms] == before


def check_frozen_statistics_stay_while_scale_and_shift_learn(half: Half) -> None:
    model = half.model()
    before = half.arrays(model)
    half.fit(model, batch_norm="frozen")
    after = half.arrays(model)
    for name in before:
        is_statistic = any(word in name for word in ("running", "moving"))
        assert np.array_equal(before[name], after[name]) == (is_statistic or "num_" in name), name
    half.fit(model)  # the policy was that training's, not the model's
    later = half.arrays(model)
    names = [name for name in before if "mean" in name]
    assert names and not any(np.array_equal(later[name], after[name]) for name in names)


def check_estimated_statistics_are_the_means_over_batches(half: Half, model: Any) -> None:
    """``model`` is one BatchNorm layer for inputs N×3."""
    x = np.random.default_rng(0).normal(2.0, 3.0, size=(50, 3)).astype(np.float32)
    before = half.arrays(model)
    for batch_size, parts in ((50, [x]), (20, np.array_split(x, 3))):
        assert half.library.estimate_statistics(model, x, batch_size=batch_size) is model
        after = half.arrays(model)
        mean = next(after[name] for name in after if name.endswith("mean"))
        variance = next(after[name] for name in after if name.endswith(("var", "variance")))
        np.testing.assert_allclose(mean, np.mean([p.mean(0) for p in parts], axis=0), rtol=1e-5)
        expected = np.mean([p.var(0, ddof=1) for p in parts], axis=0)
        np.testing.assert_allclose(variance, expected, rtol=1e-5)
    weights = [n for n in before if not any(word in n for word in ("mean", "var", "num_"))]
    assert weights and all(np.array_equal(before[name], after[name]) for name in weights)


def check_estimating_comes_before_the_first_step_and_moves_frozen_layers_too(half: Half) -> None:
    expected, model = half.model(), half.library.freeze_plan(half.model(), "head")
    half.library.estimate_statistics(expected, cases.arrays()["x"])
    half.fit(model, batch_norm="estimated")
    ours, theirs = half.bits(model), half.bits(expected)
    assert ours["block1"] == theirs["block1"] and ours["block2"] == theirs["block2"]


def check_lp_ft_trains_the_head_on_features_as_in_the_whole_model(half: Half) -> None:
    data = cases.glyphs()
    train, held_out = (data["x"][:60], data["y"][:60]), (data["x"][60:], data["y"][60:])
    how: dict[str, Any] = {"batch_size": 20, "validation": held_out, "progress": False}
    library = half.library
    model = library.attach_head(library.load_backbone("glyphnet"), 10)
    both = library.probe_then_fine_tune(
        model,
        train,
        probe_optimizer=SGD(0.05),
        probe_epochs=3,
        optimizer=SGD(0.001),
        epochs=1,
        **how,
    )
    alone = library.freeze_plan(library.attach_head(library.load_backbone("glyphnet"), 10), "head")
    probe = library.fit(alone, train, optimizer=SGD(0.05), epochs=3, **how)
    assert both.loss[:9] == pytest.approx(probe.loss, rel=1e-4)
    assert both.column("val_loss")[:3] == pytest.approx(probe.column("val_loss"), rel=1e-4)
    assert both.column("epoch") == [0, 1, 2, 3] and len(both.loss) == 12
    assert both.loss[9] < both.loss[0]  # the second stage goes on from there
    assert library.count_parameters(model)["trainable"] > 300_000


def check_the_table_of_groups(half: Half) -> None:
    library = half.library
    model = library.attach_head(library.load_backbone("glyphnet", weights=None), 10)
    library.freeze_plan(model, "last")
    recipe = SGD(WarmupCosine(0.1), weight_decay=0.5, rates={"backbone": 0.1, "block3": 0.25})
    rows = [tuple(row) for row in library.describe_groups(model, recipe)]
    assert rows[:2] == [("stem", 0.01, 0.5, 512, 0), ("stem", 0.01, 0.0, 64, 0)]
    assert rows[6:] == [
        ("block3", 0.025, 0.5, 229376, 229376), ("block3", 0.025, 0.0, 768, 768),
        ("head", 0.1, 0.5, 1280, 1280), ("head", 0.1, 0.0, 10, 10),
    ]  # fmt: skip
    everything = library.describe_groups(
        model, AdamW(rates=Discriminative(2), decay_everything=True)
    )
    assert [row.rate for row in everything] == [1e-3 / 2**i for i in (4, 3, 2, 1, 0)]
    assert {row.decay for row in everything} == {0.01}


def check_rates_for_parts_that_are_not_there_are_refused(half: Half) -> None:
    with pytest.raises(CourseError, match="block1, block2, head"):
        half.fit(half.model(), optimizer=SGD(rates={"block9": 0.1}))
    data = np.zeros((4, 6), np.float32), np.arange(4) % 3
    for how in ({"optimizer": SGD(rates=Discriminative())}, {"callbacks": [GradualUnfreezing()]}):
        with pytest.raises(CourseError, match="attach_head"):
            half.library.fit(half.model().head, data, epochs=1, progress=False, **how)


def check_bfloat16_stays_close_and_keeps_float32_weights(half: Half) -> None:
    losses, model = {}, None
    for precision in ("float32", "bfloat16"):
        model = half.model()
        how: dict[str, Any] = {"epochs": 4, "precision": precision, "accumulate": 2}
        losses[precision] = half.fit(model, optimizer=AdamW(0.01), **how).loss
    assert losses["bfloat16"] != losses["float32"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05)
    assert {array.dtype.name for array in half.arrays(model).values()} <= {"float32", "int64"}


def check_every_objective_is_float32_in_bfloat16(half: Half, loss_of: Callable[..., Any]) -> None:
    """``loss_of(model, objective, data, precision)`` gives the loss of a first batch."""
    build = importlib.import_module(f"tests.parity.run_{half.name}").build_objective
    for objective in ("cross-entropy", *cases.OBJECTIVES, "DANN", "distillation"):
        case = cases.Case(SGD(), objective=objective)
        losses = {}
        for precision in ("float32", "bfloat16"):
            model = (half.pairs if objective == "sequences" else half.small)(cases.start())
            loss = loss_of(model, build(case, model), cases.data_for(case), precision)
            assert str(loss.dtype).removeprefix("torch.") in ("float32", "<dtype: 'float32'>")
            losses[precision] = float(loss)
        assert losses["bfloat16"] != losses["float32"], objective
        assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05), objective


def check_labels_of_any_whole_type_mean_the_same(half: Half, loss_of: Callable[..., Any]) -> None:
    data = cases.arrays()
    for kind in ("uint8", "uint16", "uint32", "int8", "int32", "int64"):
        y = data["y"].astype(kind)
        loss = loss_of(half.model(), half.library.CrossEntropy(), data | {"y": y}, "float32")
        expected = loss_of(half.model(), half.library.CrossEntropy(), data, "float32")
        assert float(loss) == float(expected), kind
