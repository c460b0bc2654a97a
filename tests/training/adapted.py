"""What few new weights around a frozen backbone must do alike in both halves: checks of a library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from course_lib.errors import CourseError
from course_lib.training import AdamW

X = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 1), dtype=np.uint8)
Y = np.arange(12) % 3
LORA = {"rank": 2, "alpha": 4.0}


def model(lib: Any, classes: int = 3) -> Any:
    return lib.attach_head(lib.load_backbone("glyphnet"), classes)


def train(lib: Any, net: Any, **how: Any) -> Any:
    lib.fit(net, (X, Y), **{"epochs": 2, "optimizer": AdamW(0.01), "progress": False} | how)
    return net


def shaken(lib: Any, net: Any, seed: int = 0) -> Any:
    """Move what learns, without the cost of a training."""
    rng, part = np.random.default_rng(seed), lib.small_part(net)
    moved = {
        n: (a * rng.uniform(0.8, 1.2, a.shape) + 0.02).astype(a.dtype) for n, a in part.items()
    }
    return lib.put_small_part(net, moved)


def bits(lib: Any, net: Any) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in lib.named_arrays(net).items()}


def check_a_model_begins_as_it_was(lib: Any, folder: Path) -> None:
    for add in (lib.add_lora, lib.add_adapters):
        net = model(lib)
        before, names = lib.predict(net, X), set(lib.named_arrays(net))
        assert add(net) is net
        np.testing.assert_array_equal(lib.predict(net, X), before)
        assert names < set(lib.named_arrays(net))


def check_lora_learns_alone_and_can_be_merged(lib: Any, folder: Path) -> None:
    net = lib.add_lora(model(lib), **LORA)
    before = bits(lib, net)
    after = bits(lib, train(lib, net))
    moved = {name for name in before if before[name] != after[name]}
    part, base, outputs = lib.small_part(net), lib.named_arrays(net), lib.predict(net, X)
    assert moved == set(part)
    assert {name.split(".")[-2] for name in part if "head" not in name} == {"lora_a", "lora_b"}
    assert lib.merge_lora(net) is net
    np.testing.assert_allclose(lib.predict(net, X), outputs, rtol=1e-4, atol=1e-4)
    merged = lib.named_arrays(net)
    assert set(merged) == set(lib.named_arrays(model(lib)))
    layer = "backbone.network.block2.conv1"
    a, b = part[f"{layer}.lora_a.weight"], part[f"{layer}.lora_b.weight"]
    change = 2.0 * np.einsum("or,rikl->oikl", b[:, :, 0, 0], a)  # α/r = 2, by the paper
    expected = base[f"{layer}.weight"] + change
    np.testing.assert_allclose(merged[f"{layer}.weight"], expected, atol=1e-6)
    with pytest.raises(CourseError, match="no LoRA"):
        lib.merge_lora(net)


def check_adapters_learn_alone_and_leave_no_trace(lib: Any, folder: Path) -> None:
    net = model(lib)
    plain = bits(lib, net.backbone)
    before = bits(lib, lib.add_adapters(net, width=4))
    after = bits(lib, train(lib, net))
    assert {name for name in before if before[name] != after[name]} == set(lib.small_part(net))
    assert bits(lib, lib.remove_adapters(net).backbone) == plain


def check_norms_may_learn_and_follow(lib: Any, folder: Path) -> None:
    norms = 2 * (3 * 32 + 3 * 64 + 3 * 128)
    for add in (lib.add_lora, lib.add_adapters):
        alone = lib.count_parameters(add(model(lib)))["trainable"]
        net = add(model(lib), norms=True)
        assert lib.count_parameters(net)["trainable"] == alone + norms
        assert lib.stored_bytes(net) == 4 * (alone + 2 * norms)  # the statistics, too
    before = bits(lib, net)
    after = bits(lib, train(lib, net))
    moved = {name for name in before if before[name] != after[name]}
    assert moved == set(lib.small_part(net))
    assert sum("norm" in name for name in moved) == 4 * 9


def check_sizes_are_those_of_the_formula(lib: Any, folder: Path) -> None:
    net = lib.add_lora(model(lib), rank=3, where=["block3.conv2"])
    assert lib.count_parameters(net)["trainable"] == 3 * (128 * 9 + 128) + 128 * 3 + 3
    net = lib.add_adapters(model(lib), width=5, where="conv_skip")
    adapters = sum(2 * 5 * out + 5 + out for out in (64, 128))
    assert lib.count_parameters(net)["trainable"] == adapters + 128 * 3 + 3
    assert lib.stored_bytes(net) == 4 * lib.count_parameters(net)["trainable"]


def check_one_backbone_serves_two_tasks(lib: Any, folder: Path) -> None:
    net = lib.add_lora(model(lib), **LORA)
    fresh, outputs = lib.small_part(net), {}
    for seed, task in enumerate("ab"):
        shaken(lib, net, seed)
        outputs[task] = lib.predict(net, X)
        lib.save_small_part(net, folder / f"{task}.safetensors")
    before = bits(lib, net)
    for task in ("a", "b", "a"):
        lib.load_small_part(net, folder / f"{task}.safetensors")
        np.testing.assert_array_equal(lib.predict(net, X), outputs[task])
        after = bits(lib, net)
        assert all(before[name] == after[name] for name in before if name not in fresh)
    stored = load_file(folder / "a.safetensors")
    assert {n: a.shape for n, a in stored.items()} == {n: a.shape for n, a in fresh.items()}


def check_a_part_that_does_not_fit_is_refused(lib: Any, folder: Path) -> None:
    path = folder / "part.safetensors"
    lib.save_small_part(lib.add_lora(model(lib), **LORA), path)
    with pytest.raises(CourseError, match="alpha/rank"):
        lib.load_small_part(lib.add_lora(model(lib), rank=2, alpha=8.0), path)
    with pytest.raises(CourseError, match="alpha/rank"):
        lib.load_small_part(model(lib), path)
    with pytest.raises(CourseError, match="has the shape"):
        lib.load_small_part(lib.add_lora(model(lib, 4), **LORA), path)
    with pytest.raises(CourseError, match="safetensors"):
        lib.save_small_part(model(lib), folder / "part.pth")


def check_bad_arguments_get_a_sentence(lib: Any, folder: Path) -> None:
    for how, said in (
        ({"rank": 0}, "rank"),
        ({"alpha": 0}, "alpha"),
        ({"where": ["block9"]}, "No linear or convolution"),
        ({"where": "block"}, "No linear or convolution"),
    ):
        with pytest.raises(CourseError, match=said):
            lib.add_lora(model(lib), **how)
    net = lib.add_lora(model(lib))
    with pytest.raises(CourseError, match="already"):
        lib.add_adapters(net)
    with pytest.raises(CourseError, match="width"):
        lib.add_adapters(model(lib), width=-1)


def check_plans_for_biases_and_norms(lib: Any, folder: Path) -> None:
    free = lib.count_parameters(lib.freeze_plan(model(lib), "norm"))["trainable"]
    assert free == 2 * (3 * 32 + 3 * 64 + 3 * 128) + 128 * 3 + 3
    net = lib.freeze_plan(model(lib), "bias")
    before, count = bits(lib, net), lib.count_parameters(net)
    after = bits(lib, train(lib, net, batch_norm="frozen", epochs=1))
    moved = {name for name in before if before[name] != after[name]}
    inside = {name for name in moved if "backbone" in name}
    assert len(inside) == 9 and all("norm" in n and n.endswith(".bias") for n in inside)
    assert lib.count_parameters(net) == count  # fit leaves the plan as it was
    assert moved < set(lib.small_part(net))  # statistics are stored, too
    free = lib.count_parameters(lib.freeze_plan(net, "everything"))
    assert free["trainable"] == free["total"]


def check_zeros_survive_training(lib: Any, folder: Path) -> None:
    net = model(lib)
    masks = lib.prune_weights(net, 0.7)
    gone = sum((mask == 0).sum() for mask in masks.values())
    assert gone / sum(mask.size for mask in masks.values()) == pytest.approx(0.7, abs=1e-4)
    train(lib, net, optimizer=AdamW(0.01, weight_decay=0.5))
    arrays = lib.named_arrays(net)
    for name, mask in masks.items():
        weight = arrays[f"backbone.network.{name}.weight"]
        assert (weight[mask == 0] == 0).all() and (weight[mask == 1] != 0).any()
    outputs = lib.predict(net, X)
    assert lib.finish_pruning(net) is net
    np.testing.assert_array_equal(lib.predict(net, X), outputs)
    again = lib.prune_weights(net, 0.8)
    assert all((again[name] <= masks[name]).all() for name in masks)


def check_each_of_several_keeps_its_own_zeros(lib: Any, folder: Path) -> None:
    nets = [shaken(lib, model(lib), seed) for seed in (0, 1)]
    masks = [lib.prune_weights(net, 0.7) for net in nets]
    assert any((masks[0][name] != masks[1][name]).any() for name in masks[0])
    lib.fit_each(nets, [(X, Y)] * 2, epochs=1, batch_size=6, optimizers=AdamW(0.01))
    again = lib.RepeatedFit(optimizer=AdamW(0.01), epochs=1, batch_size=6)
    for net, mask in zip(nets, masks, strict=True):
        again(net, (X, Y))
        arrays = lib.named_arrays(net)
        for name in mask:
            weight = arrays[f"backbone.network.{name}.weight"]
            assert ((weight == 0) == (mask[name] == 0)).all()
    lib.finish_pruning(nets[0])
    once_more = lib.prune_weights(nets[0], 0.9)  # the network that lent its training, masked anew
    again(nets[0], (X, Y))
    arrays = lib.named_arrays(nets[0])
    for name in once_more:
        weight = arrays[f"backbone.network.{name}.weight"]
        assert ((weight == 0) == (once_more[name] == 0)).all()
    again(lib.finish_pruning(nets[0]), (X, Y))  # and let go: everything grows again
    assert (lib.named_arrays(nets[0])[f"backbone.network.{name}.weight"] != 0).all()


def check_filters_go_and_the_shapes_outside_stay(lib: Any, folder: Path) -> None:
    net = model(lib)
    same = lib.prune_filters(net, 1.0)
    np.testing.assert_allclose(lib.predict(same, X), lib.predict(net, X), rtol=1e-5, atol=1e-5)
    before, small = bits(lib, net), lib.prune_filters(net, 0.25)
    assert lib.predict(small, X).shape == (12, 3) and bits(lib, net) == before
    shapes = {name: array.shape for name, array in lib.named_arrays(small.backbone).items()}
    assert shapes["network.block3.conv1.weight"] == (32, 64, 3, 3)
    assert shapes["network.block3.conv2.weight"] == (128, 32, 3, 3)
    assert shapes["network.block3.norm1.running_var"] == (32,)
    count = lib.count_parameters(small)
    assert count["trainable"] == count["total"] < lib.count_parameters(net)["total"] / 2
    with pytest.raises(CourseError, match="keep"):
        lib.prune_filters(net, 0.0)


def check_weights_go_out_and_in_by_name(lib: Any, folder: Path) -> None:
    net = model(lib)
    before = lib.named_arrays(net)
    moved = lib.named_arrays(shaken(lib, net))
    halfway = lib.average_weights([before, moved])
    lib.put_arrays(net, halfway)
    for name, array in lib.named_arrays(net).items():
        np.testing.assert_allclose(array, (before[name] + moved[name]) / 2, rtol=1e-5, atol=1e-6)
    task = lib.task_vector(before, moved)
    lib.put_arrays(net, lib.add_task_vectors(before, [task]))
    weight = "backbone.network.block1.conv1.weight"
    np.testing.assert_allclose(lib.named_arrays(net)[weight], moved[weight], atol=1e-6)
    with pytest.raises(CourseError, match="no weights called"):
        lib.put_arrays(net, {"nothing": np.zeros(1)})


def check_what_describes_a_model_still_does(lib: Any, folder: Path) -> None:
    net = lib.add_adapters(model(lib))
    rows = lib.describe(net)
    assert sum(row.parameters for row in rows) == lib.count_parameters(net)["total"]
    assert "block1" in [row.layer for row in rows]
    assert lib.extract_features(net.backbone, X, layer="block1", cache=False).shape == (
        12,
        16,
        16,
        32,
    )


CHECKS = {name: value for name, value in list(globals().items()) if name.startswith("check_")}
