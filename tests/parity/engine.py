"""One process for one engine: everything that the tests of this folder ask of it.

``python -m tests.parity.engine HALF FILE [CASE …]``; ``KERAS_BACKEND`` names the Keras half's engine.
Starting an engine takes longer than most of what it is asked: ask one more thing here before
starting another process.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

IMPORTED = "-- imported --"  # on stderr: up to here, the process should have been silent


def describe(half: str) -> dict[str, Any]:
    """Give a half's names with their parameters, and what importing it alone has brought."""
    module = importlib.import_module(f"course_lib.{half}")
    probes = importlib.import_module(f"course_lib.{half}.probes")
    modules = sorted(sys.modules)
    names = {name: _parameters(getattr(module, name)) for name in module.__all__}
    names |= {f"probes.{n}": _parameters(getattr(probes, n)) for n in probes.ARGUMENTS}
    return {"names": names, "modules": modules}


def groups(half: str, backbone: str) -> list[Any]:
    """Give what ``describe_groups`` says of a partly frozen model."""
    module = importlib.import_module(f"course_lib.{half}")
    model = module.attach_head(module.load_backbone(backbone, weights=None), 7)
    module.freeze_plan(model, "last", blocks=2)
    return module.describe_groups(model, module.AdamW(rates=module.Discriminative()))


def features(half: str) -> list[list[float]]:
    """Give glyphnet's features of rendered and real digits, 40 of each."""
    import numpy as np

    from course_lib import data

    module = importlib.import_module(f"course_lib.{half}")
    images = np.concatenate([data.load(name, n=40).x for name in ("digits", "rendered_digits")])
    found = module.extract_features(module.load_backbone("glyphnet"), images, cache=False)
    assert found.dtype == np.float32
    return found.tolist()


def precisions(half: str) -> dict[str, list[float]]:
    """Give one number of a network at one precision after another, asked of the same object."""
    import numpy as np

    module = importlib.import_module(f"course_lib.{half}")
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), dtype=np.uint8)
    backbone = module.load_backbone("glyphnet")
    found: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    for precision in ("float32", "bfloat16", "float32"):
        found[precision].append(float(module.predict(backbone, x, precision=precision).sum()))
    found["cached"] = [float(module.extract_features(backbone, x, cache=False).sum())]
    return found


def pretraining(half: str, path: Path) -> dict[str, Any]:
    """Give the losses of a moment's pre-training on shapes, and the features that it ends with.

    The starting weights are those that the course ships: at random, each framework starts elsewhere.
    """
    from course_lib import data
    from course_lib.training import SGD, Callback
    from course_lib.training.published import EMBEDDED

    losses: list[float] = []

    class Note(Callback):
        def on_end(self, run: Any) -> None:
            losses.extend(run.history.loss)

    module, shapes = importlib.import_module(f"course_lib.{half}"), data.load("shapes", n=48)
    start = EMBEDDED / "glyphnet.safetensors"
    backbone = module.pretrain_backbone(
        "glyphnet", shapes, epochs=1, batch_size=16, optimizer=SGD(0.001), weights=start,
        callbacks=[Note()], progress=False,
    )  # fmt: skip
    module.save_backbone(backbone, path)
    features = module.extract_features(backbone, shapes.x, cache=False)
    return {"losses": losses, "features": features.tolist(), "path": str(path)}


def three_steps(half: str) -> list[float]:
    """Give the losses of three steps of gradient descent, made with the half's ``gradients``."""
    from tests.training.tiny_reference import three_right_steps

    module = importlib.import_module(f"course_lib.{half}")
    probes = importlib.import_module(f"course_lib.{half}.probes")

    def learn(model: Any, x: Any, y: Any, learning_rate: float) -> Any:
        keras = half == "keras"
        weights = model.trainable_variables if keras else list(model.parameters())
        loss, slopes = module.gradients(lambda: module.cross_entropy(model(x), y), weights)
        for weight, slope in zip(weights, slopes, strict=True):
            step = learning_rate * slope
            weight.assign_sub(step) if keras else weight.data.sub_(step)
        return loss

    given, _ = three_right_steps(0)
    return probes.three_steps(learn, **given)["losses"].tolist()


def repetition(half: str) -> dict[str, list[list[float]]]:
    """Give the losses of three small trainings, made with ``fit_each`` and one by one with ``fit``.

    The one in the middle has more examples, hence more steps in an epoch, and fewer epochs.
    """
    import numpy as np

    from course_lib.training import AdamW, WarmupCosine

    module = importlib.import_module(f"course_lib.{half}")
    rng = np.random.default_rng(0)
    data = [(rng.normal(size=(n, 4)).astype(np.float32), np.arange(n) % 3) for n in (8, 16, 8)]
    rates = (WarmupCosine(0.1), 0.01, WarmupCosine(0.1))
    recipes, epochs = [AdamW(rate, weight_decay=0.1) for rate in rates], (3, 2, 3)
    heads = [[module.build_head(4, 3, hidden=(5,), seed=i) for i in range(3)] for _ in range(2)]
    how: dict[str, Any] = {"optimizers": recipes, "seeds": [5, 6, 7], "epochs": epochs}
    each = module.fit_each(heads[0], data, batch_size=4, **how)
    alone = [
        module.fit(h, one, optimizer=r, seed=s, epochs=e, batch_size=4, progress=False)
        for h, one, r, s, e in zip(heads[1], data, recipes, (5, 6, 7), epochs, strict=True)
    ]
    outputs = [[module.predict(head, data[0][0]).ravel().tolist() for head in row] for row in heads]
    judged = [
        [list(found.values()) for found in module.evaluate_each(heads[0], data)],
        [
            list(module.evaluate(head, one).values())
            for head, one in zip(heads[0], data, strict=True)
        ],
    ]
    return {
        "each": [history.loss for history in each] + outputs[0] + judged[0],
        "alone": [history.loss for history in alone] + outputs[1] + judged[1],
    }


def repeated_fit(half: str) -> dict[str, list[list[float]]]:
    """Give the losses of two tasks in turn for two models, with springs of their own in the second."""
    import numpy as np

    from course_lib.training import AdamW

    module = importlib.import_module(f"course_lib.{half}")
    rng = np.random.default_rng(0)
    tasks = [(rng.normal(size=(8, 4)).astype(np.float32), np.arange(8) % 3) for _ in range(2)]
    how: dict[str, Any] = {"optimizer": AdamW(0.1, weight_decay=0.0), "epochs": 2, "batch_size": 4}
    repeated = module.RepeatedFit(**how)

    def alone(model: Any, task: Any, *, objective: Any = None, seed: int = 0) -> Any:
        return module.fit(model, task, objective=objective, seed=seed, progress=False, **how)

    def losses(train: Any) -> list[list[float]]:
        found = []
        for i in range(2):
            model = module.build_head(4, 3, hidden=(5,), seed=i)
            found.append(train(model, tasks[0], seed=i).loss)
            fisher = {n: np.full_like(w, 1 + i) for n, w in module.named_arrays(model).items()}
            springs = module.EWC(module.CrossEntropy(), model, fisher, strength=3.0)
            found.append(train(model, tasks[1], objective=springs, seed=i).loss)
            found.append(module.predict(model, tasks[0][0]).ravel().tolist())
        return found

    return {"repeated": losses(repeated), "alone": losses(alone)}


def rates_by_part(half: str) -> dict[str, Any]:
    """Give what the probe of two steps reports of a step that has one rate for all parts."""
    import numpy as np

    from course_lib.training.tiny import draw_tiny

    module = importlib.import_module(f"course_lib.{half}")
    probes = importlib.import_module(f"course_lib.{half}.probes")

    def step(model: Any, images: Any, labels: Any, learning_rate: float, factor: float) -> None:
        keras = half == "keras"
        weights = model.trainable_variables if keras else list(model.parameters())
        how = {"training": True} if keras else {}
        loss = lambda: module.cross_entropy(model(images, **how), labels)  # noqa: E731
        for weight, slope in zip(weights, module.gradients(loss, weights)[1], strict=True):
            moved = learning_rate * slope
            weight.assign_sub(moved) if keras else weight.data.sub_(moved)

    rng = np.random.default_rng(0)
    images = rng.normal(size=(6, 2, 2, 3)).astype(np.float32)
    given = {"images": images, "labels": np.arange(6) % 3, **draw_tiny(rng)}
    found = probes.rates_of_steps(step, learning_rate=0.25, factor=2.0, **given)
    return found | {name: found[name].tolist() for name in ("first", "second")}


def transformer(half: str) -> dict[str, Any]:
    """Give what a small transformer answers, where it looks, and how it learns: tokens, then whole texts."""
    import numpy as np

    from course_lib.training import SGD, AdamW

    module = importlib.import_module(f"course_lib.{half}")
    shape = module.TransformerShape(vocabulary=20, places=8, width=16, depth=2, heads=4, hidden=32)
    rng = np.random.default_rng(0)
    x = rng.integers(1, 20, (48, 8))  # tokens come twice in a batch: their gradients add up first
    y = np.where(rng.random(x.shape) < 0.2, -1, np.roll(x, -1, axis=1))
    x[:5, 5:] = 0  # padding
    model = module.build_language_model(shape, seed=1)
    found: dict[str, Any] = {"logits": module.predict(model, x[:3]).tolist()}
    found["maps"] = module.attention_maps(model, x[:2]).tolist()
    how: dict[str, Any] = {"epochs": 7, "batch_size": 16, "progress": False}
    objective = module.SequenceLikelihood()
    learned = module.fit(model, (x, y), objective=objective, optimizer=AdamW(0.01), **how)
    classifier = module.freeze_plan(module.attach_text_head(model.backbone, 3), "last")
    found["groups"] = module.describe_groups(classifier)
    tuned = module.fit(classifier, (x, x.sum(axis=1) % 3), optimizer=SGD(0.05), **how)
    found["scribe"] = module.predict(module.load_scribe(), x).tolist()
    return found | {
        "losses": learned.loss + tuned.loss,
        "names": sorted(module.named_arrays(model)),
    }


def ranker(half: str) -> dict[str, Any]:
    """Give what a ranker says of slates before and after it has learned, one of them without a history."""
    import numpy as np

    from course_lib.ranking import NOBODY, pack_slates
    from course_lib.training import AdamW

    module = importlib.import_module(f"course_lib.{half}")
    rng = np.random.default_rng(0)
    content = rng.random((9, 7)).astype(np.float32)
    content[4] = 0  # an article without a known word
    table = rng.normal(size=(7, 5)).astype(np.float32)
    history = rng.integers(0, 9, (64, 3))
    history[rng.random(history.shape) < 0.4] = NOBODY
    history[0] = NOBODY
    x = pack_slates(history, rng.integers(0, 9, (64, 4)), rng.normal(size=(64, 4, 2)))
    y = (rng.random((64, 4)) < 0.3).astype(np.float32)
    model = module.build_ranker(content, table, history=3, features=2)
    before = module.predict(model, x).tolist()
    how: dict[str, Any] = {"epochs": 6, "batch_size": 16, "progress": False}
    objective, recipe = module.BinaryCrossEntropy(), AdamW(0.01)
    learned = module.fit(model, (x, y), objective=objective, optimizer=recipe, **how)
    after = module.predict(model, x).tolist()
    return {"before": before, "after": after, "losses": learned.loss}


def _parameters(thing: Any) -> list[tuple[str, str, str]]:
    parameters = inspect.signature(thing).parameters.values()
    return [(p.name, str(p.kind), repr(p.default)) for p in parameters]


def main(half: str, file: str, names: list[str]) -> None:
    report: dict[str, Any] = describe(half)  # before anything else is imported
    if half == "pytorch" or os.environ["KERAS_BACKEND"] == "tensorflow":
        report["groups"] = {name: groups(half, name) for name in ("glyphnet", "mobilenet_v2")}
        report["pretraining"] = pretraining(half, Path(file).with_suffix(".safetensors"))
    print(IMPORTED, file=sys.stderr, flush=True)
    report["features"] = features(half)
    report["precisions"] = precisions(half)
    report["three_steps"] = three_steps(half)
    report["repetition"] = repetition(half)
    report["repeated_fit"] = repeated_fit(half)
    report["rates_by_part"] = rates_by_part(half)
    report["transformer"] = transformer(half)
    report["ranker"] = ranker(half)
    run = importlib.import_module(f"tests.parity.run_{half}").run
    cases = importlib.import_module("tests.parity.cases").CASES
    report["cases"] = {name: run(cases[name]) for name in names}
    Path(file).write_text(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
