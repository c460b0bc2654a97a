"""The PyTorch loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.pytorch import (
    SGD,
    AdamW,
    Checkpoint,
    CrossEntropy,
    EarlyStopping,
    evaluate,
    fit,
    freeze,
    predict,
)
from course_lib.pytorch.freezing import train_mode
from tests.parity import cases
from tests.pytorch.small import Small
from tests.training.killed import check_resuming


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    return cases.arrays()


def pair(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return data["x"], data["y"]


def bits(module: nn.Module) -> dict[str, bytes]:
    return {name: w.numpy().tobytes() for name, w in module.state_dict().items()}


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
    assert not model.training


def test_a_small_network_computes_with_one_thread_and_gives_the_others_back(
    data: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, seen = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        model = Small(cases.start())
        model.register_forward_pre_hook(lambda *_: seen.add(torch.get_num_threads()))
        fit(model, pair(data), optimizer=SGD(0.1), epochs=1)
        predict(model, data["x"])
        assert seen == {1} and torch.get_num_threads() == 2
        monkeypatch.setattr("course_lib.pytorch.devices.SMALL", 1)
        seen.clear()
        predict(model, data["x"])
        assert seen == {2}
    finally:
        torch.set_num_threads(threads)


def test_frozen_means_bit_identical_weights_and_statistics(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    freeze(model.backbone)
    before, head = bits(model.backbone), bits(model.head)
    fit(model.train(), pair(data), optimizer=AdamW(0.01, weight_decay=0.1), epochs=2)
    assert bits(model.backbone) == before
    assert bits(model.head) != head


def test_unfrozen_statistics_do_move(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    before = bits(model.backbone)
    fit(model, pair(data), optimizer=SGD(0.01), epochs=1)
    assert all(bits(model.backbone)[name] != before[name] for name in before)


def test_a_part_is_frozen_by_its_weights_and_dropout_in_it_rests() -> None:
    model = nn.Sequential(
        nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)),
        nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)),
    )
    model[0].requires_grad_(False)
    train_mode(model)
    assert not model[0][1].training and model[1][1].training and model.training


def test_the_same_seed_gives_the_same_training(data: dict[str, np.ndarray]) -> None:
    losses = [
        fit(Small(cases.start()), pair(data), epochs=1, batch_size=16, seed=seed).loss
        for seed in (0, 0, 1)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_the_callers_random_state_is_left_alone(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    torch.manual_seed(3)
    expected = torch.rand(2).tolist()
    torch.manual_seed(3)
    fit(model, pair(data), epochs=1)
    assert torch.rand(2).tolist() == expected


def test_early_stopping_goes_back_to_the_best_weights(data: dict[str, np.ndarray]) -> None:
    model = Small(cases.start())
    stop = EarlyStopping(patience=2)
    history = fit(
        model, pair(data), optimizer=SGD(3.0), epochs=30, validation=pair(data), callbacks=[stop]
    )
    assert len(history.epochs) < 30
    assert evaluate(model, pair(data))["loss"] == min(history.column("val_loss"))


def test_a_killed_training_resumes_as_if_nothing_had_happened(tmp_path: Path) -> None:
    check_resuming("pytorch", tmp_path)


def test_a_checkpoint_knows_the_start_the_data_and_the_recipe(
    data: dict[str, np.ndarray], tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "run.safetensors")
    x, y = pair(data)
    fit(Small(cases.start()), (x, y), optimizer=SGD(0.1), epochs=1, callbacks=[checkpoint])
    other = {**cases.start(), "head.bias": np.ones(3, np.float32)}
    for named, model, train, recipe, objective in [
        ("start", Small(other), (x, y), SGD(0.1), None),
        ("data", Small(cases.start()), (x + 1, y), SGD(0.1), None),
        ("recipe", Small(cases.start()), (x, y), SGD(0.2), None),
        ("objective", Small(cases.start()), (x, y), SGD(0.1), CrossEntropy(0.1)),
    ]:
        with pytest.raises(CourseError, match=named):
            fit(
                model,
                train,
                optimizer=recipe,
                objective=objective,
                epochs=1,
                callbacks=[checkpoint],
            )


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
    fit(model, pair(data), optimizer=SGD(0.1), epochs=6, batch_size=16, precision="bfloat16")
    assert {w.dtype for w in model.parameters()} == {torch.float32}
    assert evaluate(model, pair(data))["accuracy"] > 0.75


def test_predict_asks_in_inference_mode_and_restores_every_mode(
    data: dict[str, np.ndarray],
) -> None:
    model = Small(cases.start()).train()
    model.head.eval()
    before = bits(model)
    whole, parts = predict(model, data["x"]), predict(model, data["x"], batch_size=7)
    np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)
    assert whole.shape == (cases.N, 3) and whole.dtype == np.float32
    assert bits(model) == before
    assert model.training and model.backbone.bn1.training and not model.head.training
