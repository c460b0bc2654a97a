"""The exercises of the small chapter that the authoring tests build, check and run."""

import numpy as np

from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text

EXERCISES = (
    Exercise(
        id="90.1",
        title=text("Unit length", "单位长度"),
        points=2,
        objective="O1",
        function="unit_length",
        inputs=lambda rng: {"f": rng.normal(size=(4, 3))},
        reference=lambda f: f / np.linalg.norm(f, axis=1, keepdims=True),
        comparator=close(rtol=1e-4, atol=1e-6),
        pitfalls=(
            Pitfall(
                "columns",
                answer=lambda f: f / np.linalg.norm(f, axis=0, keepdims=True),
                message=text("You scaled the columns.", "你缩放的是列。"),
            ),
        ),
        hints=(
            text("A row is one image.", "一行是一幅图像。"),
            text("Sum over axis 1.", "沿轴 1 求和。"),
        ),
        tensors=False,
        right={
            "numpy": (
                "def unit_length(f):\n    return f / np.linalg.norm(f, axis=1)[:, None]",
                "def unit_length(f):\n    return np.array([row / np.sqrt(row @ row) for row in f])",
            ),
        },
    ),
    ManualExercise(
        id="90.2",
        title=text("Why length matters", "长度为什么重要"),
        points=1,
        objective="O2",
        rubric=((1, text("Names the distance.", "提到距离。")),),
    ),
)

QUIZZES = (
    Quiz(
        id="90.q1",
        question=text("Which feature wins?", "哪个特征占上风？"),
        options=(
            Option(text("the long one", "数值大的"), text("Yes.", "对。"), right=True),
            Option(text("the short one", "数值小的"), text("No: look again.", "不对，再看看。")),
        ),
    ),
)
