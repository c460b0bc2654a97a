"""Beginners' answers to chapter 03, through check(): none passes or fails by mistake."""

from __future__ import annotations

import textwrap

import pytest

from course_lib import edition, language
from course_lib.exercises import checking, example
from course_lib.exercises.proofs import Bench
from course_lib.exercises.public import load_public

RIGHT = ""

STUBS = {
    "03.1": "transfer(build, train, predict, source, target, test)",
    "03.2": "leave_one_out(features, labels)",
    "03.3": "choose_source(accuracies, costs, budgets)",
    "03.4": "fold(weights, pixel_mean, pixel_std, gamma, beta, mean, variance, epsilon)",
    "03.5": "how_far(model, train)",
    "03.6": "jigsaw_task(images)",
    "03.7": "principal_features(unlabelled, x, size)",
}

_TRANSFER = """
flat = lambda x: {flat}
teacher = build(4)
train(teacher, flat(source[0]), source[1])
model = build(3)
{copy}
train(model, flat(target[0]), target[1])
return ({guess} == test[1]).mean()
"""


def transfer(
    flat: str = "x.reshape(len(x), -1)",
    copy: str = "model.backbone.load_state_dict(teacher.backbone.state_dict())",
    guess: str = "predict(model, flat(test[0])).argmax(1)",
) -> str:
    return _TRANSFER.format(flat=flat, copy=copy, guess=guess)


GIVEN = (
    ("03.1", transfer(), RIGHT),
    ("03.1", transfer(copy="model.backbone = teacher.backbone"), RIGHT),
    ("03.1", transfer(flat="x"), "Flatten them"),
    ("03.1", transfer(flat="x.reshape(len(x), -1) / 255"), "scaled_again"),
    ("03.1", transfer(copy="model.load_state_dict(teacher.state_dict())"), "Copy the backbone alone"),
    ("03.1", transfer(copy="pass"), "trained_then_overwritten"),
    ("03.1", transfer(guess="predict(model, flat(test[0])).argmax(0)"), "shapes"),
    (
        "03.2",
        "from course_lib.readouts import nearest_class_mean as n\n"
        "p = np.array([n(np.delete(features, i, 0), np.delete(labels, i), features[i:i + 1])[0]\n"
        "              for i in range(len(labels))])\nreturn p, (p == labels).mean()",
        "excludes that call",
    ),
    (
        "03.3",
        "mean = lambda n: accuracies[n].mean()\n"
        "return [max((n for n in costs if costs[n] <= b), key=mean) for b in budgets]",
        "best_mean_only",
    ),
    (
        "03.3",
        "gain = lambda n: judging.paired_interval(accuracies[n], accuracies['none']).low\n"
        "helps = [n for n in costs if n != 'none' and gain(n) > 0]\n"
        "mean = lambda n: accuracies[n].mean()\n"
        "best = lambda b: max([n for n in helps if costs[n] <= b], key=mean, default='none')\n"
        "return [best(b) for b in budgets]",
        RIGHT,
    ),
    (
        "03.4",
        "s = gamma / np.sqrt(variance + epsilon)\n"
        "return weights * s / 255 / pixel_std[:, None], beta - mean * s",
        "forgets_the_pixel_mean",
    ),
    (
        "03.5",
        "before = model.backbone.state_dict()\ntrain()\nafter = model.backbone.state_dict()\n"
        "return [float((after[k] - before[k]).norm() / before[k].norm()) for k in before if 'num' not in k]",
        "before_moves_along",
    ),
    (
        "03.5",
        "before = {k: v.clone() for k, v in model.backbone.state_dict().items()}\ntrain()\n"
        "after = model.backbone.state_dict()\n"
        "return [float((after[k] - before[k]).norm() / before[k].norm()) for k in before]",
        "num_batches_tracked",
    ),
    (
        "03.6",
        "h, w = images.shape[1] // 2, images.shape[2] // 2\n"
        "r = np.roll\nx = [images, r(images, w, 2), r(images, h, 1), r(r(images, w, 2), h, 1)]\n"
        "return np.concatenate(x), np.arange(4).repeat(len(images))",
        RIGHT,
    ),
    (
        "03.7",
        "from sklearn.decomposition import PCA\n"
        "return PCA(size).fit(unlabelled).transform(x)",
        "excludes that call",
    ),
    (
        "03.7",
        "c = unlabelled - unlabelled.mean(0)\nv = np.linalg.eigh(c.T @ c)[1]\n"
        "return (x - unlabelled.mean(0)) @ v[:, :size]",
        "last_directions",
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def english_pytorch(course_home: object) -> None:
    edition.set_current(edition.Edition("03", "en", "pytorch"))
    language.use("en")


@pytest.mark.parametrize(("exercise_id", "body", "what"), GIVEN)
def test_an_answer_gets_what_it_deserves(exercise_id: str, body: str, what: str) -> None:
    exercise = load_public(exercise_id)
    imports = "import numpy as np\nimport torch\nfrom course_lib import judging\n"
    source = f"{imports}def {STUBS[exercise_id]}:\n{textwrap.indent(body, '    ')}\n"
    result: checking.Result = Bench(exercise, exercise, "pytorch").try_source(source, "answer")
    if what == RIGHT:
        assert result.state == "correct", repr(result)
    else:
        assert result.state == "incorrect"
        assert result.pitfall == what or what in repr(result), repr(result)


def test_examples_of_state_exercises_are_what_the_function_gets() -> None:
    given = example("03.1")
    assert list(given) == ["build", "train", "predict", "source", "target", "test"]
    assert given["build"](3).head.out_features == 3
    model, train = example("03.5").values()
    before = model.backbone.mix.weight.clone()
    train()
    assert not before.equal(model.backbone.mix.weight)
