"""The Keras loop, on TensorFlow. (Parity with PyTorch, and the other backends: tests/parity.)"""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import (
    SGD,
    AdamW,
    Callback,
    Checkpoint,
    CrossEntropy,
    EarlyStopping,
    WarmupCosine,
    attach_head,
    evaluate,
    fit,
    freeze,
    load_backbone,
    predict,
)
from course_lib.keras.engine import keras
from course_lib.keras_backend.running import many_steps
from tests.keras.small import Small
from tests.parity import cases
from tests.training.killed import check_resuming


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    return cases.arrays()


def pair(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return data["x"], data["y"]


def bits(model: keras.Model) -> list[bytes]:
    return [keras.ops.convert_to_numpy(w).tobytes() for w in model.weights]


def test_it_learns_and_records_what_happened(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    before = evaluate(model, pair(data))
    recipe = {"optimizer": SGD(0.1), "epochs": 6, "batch_size": 16}
    history = fit(model, pair(data), validation=pair(data), **recipe)
    after = evaluate(model, pair(data))
    assert after["accuracy"] > 0.75 > before["accuracy"] and after["loss"] < before["loss"]
    assert len(history.loss) == 6 * 6 and len(history.epochs) == 6
    assert history.column("val_accuracy")[-1] == after["accuracy"]
    assert 0 < history.epochs[0]["seconds"] <= history.seconds


def test_batches_read_together_train_as_those_read_one_by_one(
    data: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for limit in (16e6, 0):
        monkeypatch.setattr("course_lib.keras_backend.running.AT_ONCE", limit)
        model = Small(cases.start())
        few = data["x"][:32], data["y"][:32]
        losses.append(fit(model, few, optimizer=SGD(0.1), epochs=3, batch_size=16).loss)
    assert len(losses[0]) == 6 and losses[0] == losses[1]


class Lookout(Callback):
    """Does nothing, but something may lie between two epochs."""


@pytest.mark.parametrize("accumulate", [1, 2])
def test_steps_done_together_are_those_done_one_by_one(
    accumulate: int, data: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a training in few calls, an epoch in one, or Keras's own way, a step in each."""
    found = []
    for callbacks, many in (((), many_steps), ((Lookout(),), many_steps), ((), lambda step: None)):
        monkeypatch.setattr("course_lib.keras.learner.many_steps", many)
        model = Small(cases.start())
        how = {"optimizer": SGD(WarmupCosine(0.1), momentum=0.9), "epochs": 4, "batch_size": 20}
        history = fit(model, pair(data), callbacks=callbacks, accumulate=accumulate, **how)
        rows = [{name: n for name, n in row.items() if name != "seconds"} for row in history.epochs]
        found.append((history.loss, rows, bits(model)))
        seconds = history.column("seconds")
        assert len(seconds) == 4 and seconds[0] > 0 and sorted(seconds) == seconds
    assert found[0] == found[1] == found[2]


def test_losses_are_all_recorded_where_there_is_room_for_few(
    data: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for room in (4096, 2):
        for place in ("keras_backend.running", "keras.learner"):
            monkeypatch.setattr(f"course_lib.{place}.MOST_STEPS", room)
        model = Small(cases.start())
        losses.append(fit(model, pair(data), optimizer=SGD(0.1), epochs=5, batch_size=20).loss)
    assert len(losses[0]) == 5 * 5 and losses[0] == losses[1]


def test_a_loss_that_is_no_number_ends_a_training_soon(data: dict[str, np.ndarray]) -> None:
    x = data["x"].astype(np.float32).copy()
    x[7] = np.nan
    with pytest.raises(CourseError, match="no longer a number at step"):
        fit(Small(cases.start()), (x, data["y"]), optimizer=SGD(0.1), epochs=10**6, batch_size=20)


def test_frozen_means_bit_identical_weights_and_statistics(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    freeze(model.backbone)
    before, head = bits(model.backbone), bits(model.head)
    fit(model, pair(data), optimizer=AdamW(0.01, weight_decay=0.1), epochs=2)
    assert bits(model.backbone) == before
    assert bits(model.head) != head


def test_unfrozen_statistics_do_move(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    before = bits(model.backbone)
    fit(model, pair(data), optimizer=SGD(0.01), epochs=1)
    assert all(now != then for now, then in zip(bits(model.backbone), before, strict=True))


def test_dropout_follows_the_seed_of_fit() -> None:
    x = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 1), dtype=np.uint8)
    losses = []
    for seed in (0, 0, 1):
        model = attach_head(load_backbone("glyphnet", weights=None), 3, dropout=0.5)
        freeze(model.backbone)
        losses.append(fit(model, (x, np.arange(8) % 3), epochs=1, batch_size=8, seed=seed).loss)
    assert losses[0] == losses[1] != losses[2]


def test_early_stopping_goes_back_to_the_best_weights(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    stop = EarlyStopping(patience=2)
    history = fit(
        model, pair(data), optimizer=SGD(3.0), epochs=30, validation=pair(data), callbacks=[stop]
    )
    assert len(history.epochs) < 30
    assert evaluate(model, pair(data))["loss"] == min(history.column("val_loss"))


def test_a_finished_training_keeps_neither_graph_nor_data() -> None:
    def leftovers() -> Counter[str]:
        gc.collect()
        kinds = Counter(type(thing).__name__ for thing in gc.get_objects())
        return Counter({kind: kinds[kind] for kind in ("FuncGraph", "Learner", "Plan")})

    def train() -> weakref.ref[np.ndarray]:
        x = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 1), dtype=np.uint8)
        model = attach_head(load_backbone("glyphnet", weights=None), 3)
        fit(model, (x, np.arange(8) % 3), epochs=1, batch_size=8)
        return weakref.ref(x)

    before = leftovers()
    data_of = [train(), train()]
    assert leftovers() <= before
    assert all(data() is None for data in data_of)


def test_a_killed_training_resumes_as_if_nothing_had_happened(tmp_path: Path) -> None:
    check_resuming("keras", tmp_path)


def test_a_checkpoint_knows_the_start_and_the_recipe(
    data: dict[str, np.ndarray], tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "run.safetensors")
    fit(Small(cases.start()), pair(data), optimizer=SGD(0.1), epochs=1, callbacks=[checkpoint])
    other = {**cases.start(), "head.bias": np.ones(3, np.float32)}
    for named, start, recipe, objective in [
        ("start", other, SGD(0.1), None),
        ("recipe", cases.start(), SGD(0.2), None),
        ("objective", cases.start(), SGD(0.1), CrossEntropy(0.1)),
    ]:
        with pytest.raises(CourseError, match=named):
            fit(
                Small(start), pair(data), optimizer=recipe, objective=objective, epochs=1,
                callbacks=[checkpoint],
            )  # fmt: skip


def test_what_cannot_be_trained_is_refused(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    with pytest.raises(CourseError, match="learning rate"):
        fit(model, (data["x"] * np.nan, data["y"]), epochs=1)
    with pytest.raises(CourseError, match="precision"):
        fit(model, pair(data), epochs=1, precision="float8")
    freeze(model)
    with pytest.raises(CourseError, match="frozen"):
        fit(model, pair(data), epochs=1)


def test_bfloat16_trains_too_and_weights_stay_float32(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    recipe = {"optimizer": SGD(0.1), "epochs": 6, "batch_size": 16}
    fit(model, pair(data), precision="bfloat16", **recipe)
    assert {str(w.dtype) for w in model.weights} == {"float32"}
    assert {layer.compute_dtype for layer in model._flatten_layers()} == {"float32"}
    assert evaluate(model, pair(data))["accuracy"] > 0.75


def test_predict_asks_in_inference_mode(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    before = bits(model)
    whole, parts = predict(model, data["x"]), predict(model, data["x"], batch_size=7)
    np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)
    assert whole.shape == (cases.N, 3) and whole.dtype == np.float32
    assert bits(model) == before
