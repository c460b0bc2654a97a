"""The speed benchmarks: all loops do the same work, roofs are counted right, a miss is called one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import _side_by_side, speed, speed_gpu
from course_lib.errors import CourseError


@pytest.fixture(scope="module")
def quick() -> dict:
    return speed.run(quick=True, backend="torch")  # the quickest to start


@pytest.fixture(scope="module")
def quick_gpu() -> dict:
    return speed_gpu.run(quick=True, backends=("torch",))


def made_up(**slower: float) -> dict:
    """Give a result in which every way takes 1.2 times fit's seconds but those named."""
    times = {"fit": 1.0, "plain_loop": 1.2, "documents_style": 3.0} | slower
    rows = [
        {"half": "PyTorch", "way": way, "images": 100, "against": "fit",
         "seconds": [2 * times[key], 4 * times[key], 3 * times[key]]}
        for key, way in zip(times, ("fit", "plain loop", "documents' style"), strict=True)
    ]  # fmt: skip
    absent = {"half": "PyTorch", "way": "Fabric", "missing": "not installed: pip install it"}
    return {"rows": [*rows, absent], "turns": 3, "images": 100, "quick": False}


def made_up_gpu(
    device: str = "NVIDIA H200", large: float = 1.1, small: float = 1.4, **model
) -> dict:
    """Give a result of a GPU, with one model and one engine."""
    row = {
        "model": "resnet18", "size": 224, "images_per_second": 15_000.0, "aim": 14_000,
        "as_it_is": 9_000.0, "compile_seconds": 20.0, "of_synthetic": 0.97, "roof": "memory",
        "of_roof": 0.6,
    }  # fmt: skip
    beside = [
        {"model": "resnet18", "batch": batch, "way": way, "images_per_second": 1.0, "times_faster": times}
        for batch, way, times in (
            (256, "documents' style", 40.0),
            (256, "Fabric, DataLoader", large),
            (16, "Fabric, DataLoader", small),
            (16, "Fabric, data on the device", 1.0),
            (16, "plain loop", 0.5),
        )
    ]  # fmt: skip
    return {
        "models": [row | model], "beside": beside, "keras": [], "roofs": {"flops": 7e14, "bytes": 4e12},
        "device": device, "precision": "bfloat16", "quick": False,
    }  # fmt: skip


def test_all_loops_do_what_fit_does(quick):
    rows = {(row["half"], row["way"]): row for row in quick["rows"]}
    assert {"fit", "plain loop", "fit, once more", "documents' style", "Fabric", "Accelerate"} == {
        way for half, way in rows if half == "PyTorch"
    }
    measured = [row for row in quick["rows"] if "missing" not in row]
    assert all(len(row["seconds"]) == quick["turns"] for row in measured)
    same = [row["largest_difference_of_losses"] for row in measured if row["half"] == "PyTorch"
            and row["way"] != "documents' style"]  # fmt: skip
    assert len(same) >= 3 and max(same) < 1e-4
    keras = [way for half, way in rows if half.startswith("Keras")]
    assert len(keras) == 4 and "keras.fit, later epoch" in keras


def test_the_table_has_every_way_and_a_quick_run_promises_nothing(quick):
    text = speed.table(quick)
    assert all(row["way"] in text for row in quick["rows"]) and "numbers mean nothing" in text
    assert speed.misses(quick) == [] and json.loads(json.dumps(quick)) == quick


def test_a_miss_is_called_one_and_what_is_not_installed_does_not_count():
    assert speed.misses(made_up()) == []
    assert "pip install it; not counted" in speed.table(made_up())
    assert speed.misses(made_up(plain_loop=0.98)) == []  # within the tolerance
    (miss,) = speed.misses(made_up(plain_loop=0.8))
    assert "plain loop: 0.80" in miss and miss in speed.table(made_up(plain_loop=0.8))
    (miss,) = speed.misses(made_up(documents_style=1.4))
    assert "promised 1.5" in miss


def test_turns_begin_with_another_way_each_time():
    seen: list[str] = []
    ways = {name: lambda name=name: seen.append(name) or float(len(seen)) for name in "abc"}
    seconds = _side_by_side.in_turns(ways, 2)
    assert "".join(seen) == "abcbca"
    assert seconds == {"a": [1.0, 6.0], "b": [2.0, 4.0], "c": [3.0, 5.0]}


def test_the_interval_of_a_median_is_between_two_of_the_ratios():
    ratios = np.array([1.5, 1.1, 1.9, 1.3, 1.2, 1.8, 1.4, 1.6, 1.7])
    found = _side_by_side.median_ratio(ratios * 3, np.full(9, 3.0))
    # Of nine, the second and the eighth: 96 % (with the third and the seventh it would be 82 %).
    assert found == pytest.approx((1.5, 1.2, 1.8))
    assert _side_by_side.median_ratio([2.0, 3.0], [1.0, 1.0]) == (2.5, 2.0, 3.0)


def test_the_interval_holds_the_median_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [
        low <= 1 <= high
        for _ in range(1000)
        for _, low, high in [_side_by_side.median_ratio(np.exp(rng.standard_t(2, 9)), np.ones(9))]
    ]
    assert 0.94 < np.mean(held) < 0.985  # 0.961 is exact


def test_the_gpu_part_runs_its_whole_path_small(quick_gpu):
    assert [row["model"] for row in quick_gpu["models"]] == ["resnet18"]
    for row in quick_gpu["models"]:
        assert row["images_per_second"] > 0 and row["of_synthetic"] > 0 and row["of_roof"] > 0
        assert row["roof"] in ("memory", "arithmetic")
    ways = {(row["model"], row["batch"], row["way"]) for row in quick_gpu["beside"]}
    assert len(ways) == len(quick_gpu["beside"]) == 7 + 6
    (keras,) = quick_gpu["keras"]
    assert keras["backend"] == "torch" and keras["images_per_second"] > 0
    text = speed_gpu.table(quick_gpu)
    assert "numbers mean nothing" in text and "documents' style" in text
    assert speed_gpu.misses(quick_gpu) == [] and json.loads(json.dumps(quick_gpu)) == quick_gpu


def test_a_full_run_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CourseError, match="--quick"):
        speed_gpu.run()


def test_work_is_counted():
    import torch

    from benchmarks._loops import Task
    from benchmarks._roofs import Roofs, Work, binding_roof, work_per_image

    N, D, K = 4, 6, 3
    task = Task(torch.zeros(N, D, dtype=torch.uint8), torch.zeros(N, dtype=torch.int64), 1, N)
    work = work_per_image(torch.nn.Linear(D, K, bias=False), task)
    # z = xW' and dW = dz'x (x needs no gradient): two products of 2NDK operations each.
    assert work.flops == 2 * 2 * D * K
    # Each reads two of x, W, z and writes the third, 4 bytes a number; the update moves 28 a weight.
    assert work.bytes == (2 * 4 * (N * D + D * K + N * K) + 28 * D * K) / N
    assert binding_roof(Roofs(1e12, 1e9), Work(1e9, 1e7)) == ("memory", 100)
    assert binding_roof(Roofs(1e12, 1e12), Work(1e9, 1e7)) == ("arithmetic", 1000)


def test_a_miss_on_a_gpu_is_called_one():
    assert speed_gpu.misses(made_up_gpu()) == []
    assert speed_gpu.misses(made_up_gpu("NVIDIA H100", images_per_second=9_000.0)) == []
    assert "not judged here" in speed_gpu.table(made_up_gpu("NVIDIA H100"))
    (miss,) = speed_gpu.misses(made_up_gpu(images_per_second=9_000.0))
    assert "9000 images/s, promised 14000" in miss
    (miss,) = speed_gpu.misses(made_up_gpu(of_synthetic=0.9))
    assert "90.0% of synthetic" in miss and miss in speed_gpu.table(made_up_gpu(of_synthetic=0.9))
    (miss,) = speed_gpu.misses(made_up_gpu(large=0.9))
    assert "batch 256: 0.90× Fabric" in miss
    (miss,) = speed_gpu.misses(made_up_gpu(small=1.2))
    assert "promised 1.3×" in miss
