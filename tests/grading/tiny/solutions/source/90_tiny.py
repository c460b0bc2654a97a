"""Exercises of a tiny chapter, for the tests of grading: no framework, nothing slow."""

import numpy as np

from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Pitfall, text

MEANS = Exercise(
    id="90.1",
    title=text("Column means", "列平均"),
    points=2,
    objective="O1",
    function="column_means",
    inputs=lambda rng: {"x": rng.normal(size=(5, 3))},
    reference=lambda x, constants: x.mean(axis=0) * constants["factor"],
    comparator=close(rtol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "sums",
            lambda x, constants: x.sum(axis=0) * constants["factor"],
            text("You added up, but did not divide.", "你求了和，但没有除。"),
        ),
        Pitfall(
            "rows",
            lambda x, constants: x.mean(axis=1) * constants["factor"],
            text("These are the rows' means.", "这是各行的平均。"),
        ),
    ),
    hints=(
        text("Which axis?", "哪个轴？"),
        text("axis=0, then times {{factor}}", "axis=0，再乘以 {{factor}}"),
    ),
    constants={"factor": 1},
    alternatives={"factor": (2, 3, 4, 5, 6)},
    forbidden=("numpy.average",),
    right={
        "numpy": (
            "def column_means(x):\n    return sum(x) / len(x) * {{factor}}\n",
            "def column_means(x):\n    return [float(np.dot(c, np.ones(len(c))) / len(c)) * {{factor}} for c in x.T]\n",
        )
    },
)

LONGEST = Exercise(
    id="90.2",
    title=text("The longest row", "最长的一行"),
    points=3,
    objective="O1",
    function="longest_row",
    inputs=lambda rng: {"x": rng.normal(size=(6, 4)) * rng.uniform(0.5, 2, size=(6, 1))},
    reference=lambda x: int(np.argmax((x**2).sum(axis=1))),
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "one_based",
            lambda x: int(np.argmax((x**2).sum(axis=1))) + 1,
            text("Rows are counted from 0.", "行从 0 开始数。"),
        ),
    ),
    hints=(text("Square.", "平方。"), text("argmax", "argmax")),
    right={
        "numpy": (
            "def longest_row(x):\n    return max(range(len(x)), key=lambda i: x[i] @ x[i])\n",
        )
        * 2
    },
)

WHY = ManualExercise(
    id="90.3",
    title=text("Why not the mean?", "为什么不用平均值？"),
    points=2,
    objective="O2",
    rubric=((1, text("names outliers", "提到离群点")), (1, text("says what to do", "说出办法"))),
)

EXERCISES = (MEANS, LONGEST, WHY)
