"""What both halves must refuse in one sentence, and what they must simply take: tables, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from tests.parity import cases
from tests.training.trainable import Half

DATA = cases.arrays()
X, Y = DATA["x"], DATA["y"]
IMAGES = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 1), dtype=np.uint8)

Ask = Callable[[Any, Half], Any]  # of the half's library, and the half


def fit(**how: Any) -> Ask:
    return lambda _, half: half.fit(half.model(), **{"epochs": 1, **how})


def data(train: Any) -> Ask:
    return lambda lib, half: lib.fit(half.model(), train, epochs=1, progress=False)


def validation(held_out: Any) -> Ask:
    return lambda lib, half: lib.fit(half.model(), (X, Y), epochs=1, validation=held_out)


def measure(held_out: Any) -> Ask:
    return lambda lib, half: lib.evaluate(half.model(), held_out)


def glyphs(x: np.ndarray, **head: Any) -> Ask:
    def ask(lib: Any, _: Half) -> Any:
        return lib.predict(lib.attach_head(lib.load_backbone("glyphnet"), 3, **head), x)

    return ask


def features(x: Any) -> Ask:
    return lambda lib, _: lib.extract_features(lib.load_backbone("glyphnet"), x)


def backbone(**how: Any) -> Ask:
    return lambda lib, _: lib.load_backbone("glyphnet", **how)


def plan(blocks: int) -> Ask:
    return lambda lib, half: lib.freeze_plan(half.model(), "last", blocks=blocks)


# What is asked, and a part of the sentence that answers.
REFUSED: dict[str, tuple[Ask, str]] = {
    # data
    "no data": (data(None), "Data is a Domain"),
    "three things": (data((X, Y, Y)), "3 things"),
    "inputs alone": (data(X), "ndarray"),
    "a name": (data("digits"), "Data is a Domain"),
    "no labels": (data({"x": X}), "'y'"),
    "one label for all": (data((X, 3)), "single number"),
    "text as labels": (data((X, Y.astype(str))), "np.unique"),
    "rows of different lengths": (data(([[1.0], [1.0, 2.0]], [0, 1])), "array of numbers"),
    "complex inputs": (data((X.astype(complex), Y)), "array of numbers"),
    "labels that are halves": (data((X, Y + 0.5)), "whole numbers"),
    "validation without labels": (validation({"x": X}), "'y'"),
    "validation of another length": (validation((X, Y[:3])), "3 were expected"),
    "labels to measure that are halves": (measure((X, Y + 0.5)), "whole numbers"),
    "shares to measure": (measure((X, np.eye(3)[Y])), "labels N"),
    "inputs to measure that are no numbers": (measure((X * np.nan, Y)), "no numbers"),
    "no inputs to predict": (lambda lib, half: lib.predict(half.model(), X[:0]), "0 examples"),
    "no inputs to extract": (features(IMAGES[:0]), "0 examples"),
    "no inputs to estimate by": (
        lambda lib, half: lib.estimate_statistics(half.model(), X[:0]),
        "0 examples",
    ),
    "evaluation without labels": (lambda lib, half: lib.evaluate(half.model(), {"x": X}), "'y'"),
    "answers that are neither yes nor no": (
        lambda lib, half: half.fit(
            half.model(), train=(X, Y[:, None] * [1, 2, 3]), objective=lib.BinaryCrossEntropy()
        ),
        "Yes-or-no",
    ),
    # numbers
    "one and a half epochs": (fit(epochs=1.5), "epochs is a whole number"),
    "epochs as text": (fit(epochs="3"), "epochs is a whole number"),
    "a batch size as a float": (fit(batch_size=16.0), "batch_size"),
    "no batch size": (lambda lib, half: lib.predict(half.model(), X, batch_size=0), "batch_size"),
    "a negative seed": (fit(seed=-1), "seed"),
    "no seed": (fit(seed=None), "seed"),
    "a negative rate": (lambda lib, _: lib.SGD(-0.1), "learning_rate"),
    "a rate that is none": (lambda lib, _: lib.Adam(float("nan")), "learning_rate"),
    "a rate as text": (lambda lib, _: lib.AdamW("0.1"), "learning_rate"),
    "a negative peak": (lambda lib, _: lib.WarmupCosine(-1.0), "peak"),
    "a negative rate of a part": (lambda lib, _: lib.SGD(rates={"head": -1}), "head"),
    "rates that are none": (lambda lib, _: lib.SGD(rates=0.1), "rates"),
    "too much momentum": (lambda lib, _: lib.SGD(momentum=1.5), "momentum"),
    "a moment that keeps all": (lambda lib, _: lib.Adam(beta_2=1.0), "beta_2"),
    "negative decay": (lambda lib, _: lib.AdamW(weight_decay=-0.1), "weight_decay"),
    "too much smoothing": (lambda lib, _: lib.CrossEntropy(1.5), "label_smoothing"),
    "negative smoothing": (lambda lib, _: lib.CrossEntropy(-1), "label_smoothing"),
    "no patience": (lambda lib, _: lib.EarlyStopping(patience=0), "patience"),
    "a checkpoint never": (lambda lib, _: lib.Checkpoint("a.safetensors", every=0), "every"),
    "more than all": (lambda lib, _: lib.Flip(p=3), "p is"),
    "a negative shift": (lambda lib, _: lib.Shift(-1), "part"),
    "an area that shrinks": (lambda lib, _: lib.Erase(area=(0.5, 0.1)), "largest area"),
    "no last block": (plan(0), "from 1 to 2"),
    "a block before the first": (plan(-1), "from 1 to 2"),
    "more blocks than there are": (plan(99), "from 1 to 2"),
    "negative classes": (lambda lib, _: lib.build_head(4, -1), "classes"),
    "all is dropped": (lambda lib, _: lib.build_head(4, 2, dropout=1.0), "dropout"),
    "one width": (lambda lib, _: lib.build_head(4, 2, hidden=8), "hidden"),
    # objects
    "a device that is none": (fit(device="foo"), "device"),
    "a GPU that is not there": (fit(device="gpu:77"), "gpu:77"),
    "an optimizer's name": (fit(optimizer="adam"), "AdamW"),
    "an optimizer's class": (lambda lib, half: half.fit(half.model(), optimizer=lib.Adam), "AdamW"),
    "an objective's name": (fit(objective="cross_entropy"), "CrossEntropy"),
    "an objective's class": (
        lambda lib, half: half.fit(half.model(), objective=lib.CrossEntropy),
        "CrossEntropy",
    ),
    "a callback alone": (
        lambda lib, half: half.fit(half.model(), callbacks=lib.EarlyStopping()),
        "callbacks is a list",
    ),
    "a callback's class": (
        lambda lib, half: half.fit(half.model(), callbacks=[lib.EarlyStopping]),
        "EarlyStopping()",
    ),
    "a change alone": (
        lambda lib, _: lib.Augmented(lib.CrossEntropy(), lib.Flip()),
        "transforms is a list",
    ),
    "changes for fewer images": (
        lambda lib, _: lib.augment(IMAGES, {"brightness": np.ones(4, np.float32)}),
        "drawn for 4",
    ),
    "no model": (lambda lib, _: lib.predict("model", X), "attach_head"),
    "a head alone has no backbone to hold": (
        lambda lib, half: lib.L2SP(lib.CrossEntropy(), half.model().head),
        "attach_head",
    ),
    "a head alone has no plan": (
        lambda lib, half: lib.freeze_plan(half.model().head, "head"),
        "attach_head",
    ),
    "a head alone has no two stages": (
        lambda lib, half: lib.probe_then_fine_tune(
            half.model().head, (X, Y), probe_epochs=1, epochs=1
        ),
        "probe_then_fine_tune",
    ),
    "a head alone cannot be described": (
        lambda lib, half: lib.describe(half.model().head),
        "load_backbone",
    ),
    "a head alone cannot be saved": (
        lambda lib, half: lib.save_backbone(half.model().head, "a.safetensors"),
        "load_backbone",
    ),
    "features of a model with a head": (
        lambda lib, half: lib.extract_features(half.model(), X),
        "model.backbone",
    ),
    # images
    "colours for glyphnet": (glyphs(np.repeat(IMAGES, 3, axis=-1)), "8×32×32×3"),
    "features of colours": (features(np.repeat(IMAGES, 3, axis=-1)), "8×32×32×3"),
    "no channels": (glyphs(IMAGES[..., 0]), r"x\[..., None\]"),
    "images too small": (glyphs(IMAGES[:, :4, :4]), "at least 8"),
    "images of odd sides": (glyphs(IMAGES[:, :29, :29]), "even"),
    "another size for a flattened head": (glyphs(IMAGES[:, :28, :28], flatten=True), "32×32 pixels"),
    "features of another width": (
        lambda lib, half: lib.predict(half.model().head, np.zeros((2, 5), np.float32)),
        "N×5",
    ),
    "training on features of another width": (
        lambda lib, half: lib.fit(half.model().head, (np.zeros((4, 5)), [0, 1, 2, 0]), epochs=1),
        "N×5",
    ),
    # files
    "weights that are no path": (backbone(weights=True), "path of a file"),
    "weights that are not there": (backbone(weights="nofile.pth"), "no weights file"),
    "weights in a folder": (backbone(weights="."), "folder"),
    "a checkpoint in a folder": (lambda lib, _: lib.Checkpoint("."), "folder"),
    "weights in another format": (
        lambda lib, _: lib.save_backbone(lib.load_backbone("glyphnet"), "a.pth"),
        "safetensors",
    ),
}  # fmt: skip


def check_refused(half: Half, name: str) -> None:
    ask, part = REFUSED[name]
    with pytest.raises(CourseError, match=part) as refused:
        ask(half.library, half)
    en, zh = refused.value.en, refused.value.zh
    assert "\x1b" not in en and any("一" <= letter <= "鿿" for letter in zh)


def check_damaged_weights_are_named(half: Half, folder: Path) -> None:
    for name, ending in [("glyphnet", "pth"), ("glyphnet", "safetensors"), ("vgg16", "h5")]:
        path = folder / f"damaged.{ending}"
        for content in (b"hello", b""):
            path.write_bytes(content)
            with pytest.raises(CourseError, match=r"cannot be read as weights|Keras's own layout"):
                half.library.load_backbone(name, weights=path)


def check_early_stopping_cannot_join_or_change_on_resuming(half: Half, folder: Path) -> None:
    lib, checkpoint = half.library, half.library.Checkpoint(folder / "run.safetensors")
    how: dict[str, Any] = {"epochs": 1, "validation": (X, Y)}
    half.fit(half.model(), callbacks=[lib.EarlyStopping(patience=1), checkpoint], **how)
    for others in ([], [lib.EarlyStopping(patience=5)], [lib.EarlyStopping("val_accuracy")]):
        with pytest.raises(CourseError, match="callbacks"):
            half.fit(half.model(), callbacks=[*others, checkpoint], **how)


UNUSUAL: dict[str, tuple[Any, Any]] = {
    "doubles": (X.astype(np.float64), Y),
    "lists": (X.tolist(), Y.tolist()),
    "objects": (X.astype(object), Y.astype(object)),
    "columns first in memory": (np.asfortranarray(X), Y[::-1][::-1]),
    "mirrored twice": (X[:, ::-1].copy()[:, ::-1], Y.astype(np.int16)),
    "labels as uint16": (X, Y.astype(np.uint16)),
}
WHOLE = {"uint8": np.uint8, "int64": np.int64, "uint16": np.uint16, "int8": np.int8}


def check_unusual_data_trains_as_usual(half: Half, names: list[str]) -> None:
    """And a rate may be NumPy's, a batch size, too."""
    lib, rate = half.library, np.float32(0.05)
    usual = half.fit(half.model(), epochs=1, batch_size=30, optimizer=lib.SGD(float(rate))).loss
    how: dict[str, Any] = {"epochs": 1, "batch_size": np.int64(30), "optimizer": lib.SGD(rate)}
    for name in names:
        assert half.fit(half.model(), train=UNUSUAL[name], **how).loss == usual, name


def check_whole_numbers_are_inputs_like_others(half: Half) -> None:
    amounts = np.random.default_rng(0).integers(0, 100, (5, 8, 8, 1))
    model = half.model()
    expected = half.library.predict(model, amounts.astype(np.float32))
    for kind in WHOLE.values():
        assert (half.library.predict(model, amounts.astype(kind)) == expected).all()
    yes = half.library.predict(model, amounts > 50)
    assert (yes == half.library.predict(model, (amounts > 50).astype(np.float32))).all()


def check_glyphnet_takes_other_sizes(half: Half) -> None:
    lib = half.library
    wide = np.pad(IMAGES, ((0, 0), (0, 12), (0, 20), (0, 0)))
    maps = lib.extract_features(lib.load_backbone("glyphnet"), wide, layer="maps", cache=False)
    assert maps.shape == (8, 5, 6, 128)


def check_batch_norm_never_meets_one_example_alone(half: Half, model: Any) -> None:
    """``model`` has BatchNorm on features: N×6 → logits N×3."""
    x, y = np.random.default_rng(0).normal(size=(33, 6)), np.arange(33) % 3
    history = half.fit(model, train=(x, y), epochs=1, batch_size=16)
    assert len(history.loss) == 2  # 16, and 17 in place of 16 and 1
    before = half.arrays(model)
    for n, how in [(3, {"batch_size": 1}), (5, {"accumulate": 3}), (1, {})]:
        with pytest.raises(CourseError, match="spread"):
            half.fit(model, train=(x[:n], y[:n]), **how)
    with pytest.raises(CourseError, match="spread"):
        half.library.estimate_statistics(model, x[:1])
    after = half.arrays(model)
    assert all((before[name] == after[name]).all() for name in before)
    half.fit(model, train=(x[:3], y[:3]), batch_size=1, batch_norm="frozen", epochs=1)
