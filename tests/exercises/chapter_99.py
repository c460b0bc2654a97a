"""A chapter's specifications, small: two value exercises, one on state, one by hand, a quiz."""

from __future__ import annotations

import numpy as np

from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text


def draw_features(rng):
    labels = np.concatenate([np.arange(3), rng.integers(0, 3, size=6)])
    return {"features": rng.normal(2.0, 1.0, size=(9, 4)), "labels": labels}


def class_means(features, labels):
    return np.stack([features[labels == k].mean(axis=0) for k in range(3)])


def class_sums(features, labels):
    return np.stack([features[labels == k].sum(axis=0) for k in range(3)])


CLASS_MEANS = Exercise(
    id="99.1",
    title=text("Class means", "类均值"),
    points=2,
    objective="O1",
    function="class_means",
    inputs=draw_features,
    reference=class_means,
    comparator=close(rtol=1e-4, atol=1e-6),
    pitfalls=(
        Pitfall(
            "sums",
            class_sums,
            text("You added up; divide by the `count`.", "你只求了和，还要除以 `count`。"),
        ),
        Pitfall(
            "overall",
            lambda features, labels: np.stack([features.mean(axis=0)] * 3),
            text("You averaged over all classes.", "你对所有类一起求了平均。"),
        ),
    ),
    hints=(text("Use a mask.", "用掩码。"), text("Average over axis 0.", "对第 0 轴求平均。")),
    forbidden=("torch.segment_reduce", "keras.ops.segment_sum", "numpy.bincount", ".groupby"),
    right={
        "pytorch": (
            "def class_means(features, labels):\n"
            "    return torch.stack([features[labels == k].mean(0) for k in range(3)])\n",
            "def class_means(features, labels):\n"
            "    one_hot = nn.functional.one_hot(labels, 3).float()\n"
            "    return (one_hot.T @ features) / one_hot.sum(0)[:, None]\n",
        ),
        "keras": (
            "def class_means(features, labels):\n"
            "    one_hot = ops.one_hot(labels, 3)\n"
            "    return ops.transpose(one_hot) @ features / ops.sum(one_hot, axis=0)[:, None]\n",
            "def class_means(features, labels):\n"
            "    features, labels = np.array(features), np.array(labels)\n"
            "    return [features[labels == k].mean(0).tolist() for k in range(3)]\n",
        ),
    },
)

COUNTS = Exercise(
    id="99.2",
    title=text("Counts", "计数"),
    points=1,
    objective="O2",
    function="count_parameters",
    inputs=lambda rng, constants: {
        "inputs": int(rng.integers(3, 9)),
        "outputs": constants["outputs"] + int(rng.integers(2)),
    },
    reference=lambda inputs, outputs: {"dense": (inputs + 1) * outputs, "name": "Dense"},
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "no_biases",
            lambda inputs, outputs: {"dense": inputs * outputs, "name": "Dense"},
            text("The biases are missing.", "漏了偏置。"),
        ),
    ),
    hints=(text("Draw it.", "画出来。"), text("Each output has a bias.", "每个输出有一个偏置。")),
    constants={"outputs": 5},
    right={
        "numpy": (
            "def count_parameters(inputs, outputs):\n"
            "    return {'dense': inputs * outputs + outputs, 'name': 'Dense'}\n",
            "def count_parameters(inputs, outputs):\n"
            "    return {'name': 'Dense', 'dense': np.int32((inputs + 1) * outputs)}\n",
        )
    },
)

STATE = Exercise(
    id="99.3",
    title=text("Frozen is frozen", "冻结就要冻住"),
    points=3,
    objective="O1",
    function="freeze_all",
    inputs=lambda rng: {"weights": rng.normal(size=(3,))},
    reference=lambda weights: {"unchanged": True, "weights": weights},
    comparator=close(rtol=1e-5, atol=1e-7),
    probe="step_on",
    pitfalls=(
        Pitfall(
            "moves",
            lambda weights: {"unchanged": False, "weights": weights + 1},
            text("The weights still move.", "权重仍在变。"),
            code={
                "pytorch": "def freeze_all(box):\n    box['frozen'] = False\n",
                "keras": "def freeze_all(box):\n    pass\n",
            },
        ),
    ),
    hints=(text("What moves?", "什么在变？"), text("Set the flag.", "设置标志。")),
    right=dict.fromkeys(
        ("pytorch", "keras"),
        (
            "def freeze_all(box):\n    box['frozen'] = True\n",
            "def freeze_all(box):\n    box.update(frozen=1)\n",
        ),
    ),
)

ESSAY = ManualExercise(
    id="99.4",
    title=text("Say why", "说说为什么"),
    points=2,
    objective="O2",
    rubric=((1, text("a reason", "一个理由")), (1, text("a number", "一个数"))),
)

EXERCISES = (CLASS_MEANS, COUNTS, STATE, ESSAY)
QUIZZES = (
    Quiz(
        "99.q1",
        text("What moves?", "什么会变？"),
        (
            Option(text("nothing", "都不变"), text("The head moves.", "分类头会变。")),
            Option(text("the head", "分类头"), text("Only the head.", "只有分类头。"), right=True),
        ),
    ),
)


def step_on(freeze, weights):
    """Stand in for a framework's probe: take a step on a box that the student's function froze."""
    box = {"frozen": False}
    freeze(box)
    after = weights if box["frozen"] else weights + 1
    return {"unchanged": bool(np.array_equal(after, weights)), "weights": after}


ARGUMENTS = {"step_on": lambda weights: {"box": {"frozen": False}}}


ANSWERS = {
    "pytorch": {
        "setup": "from torch import stack\n",
        "99.1": "def class_means(features, labels):\n"
        "    ### BEGIN SOLUTION\n"
        "    return stack([features[labels == k].mean(dim=0) for k in range(3)])\n"
        "    ### END SOLUTION\n",
        "99.2": "def count_parameters(inputs, outputs):\n"
        "    return {'dense': (inputs + 1) * outputs, 'name': 'Dense'}\n",
        "99.3": "def freeze_all(box):\n    box['frozen'] = True\n",
    }
}
ANSWERS["keras"] = ANSWERS["pytorch"] | {
    "setup": "",
    "99.1": "def class_means(features, labels):\n"
    "    return ops.stack([ops.mean(features[labels == k], axis=0) for k in range(3)])\n",
}
