"""The question of bridge B4: attention."""

from __future__ import annotations

from course_lib.exercises.specification import Option, Quiz, text

EXERCISES = ()

QUIZZES = (
    Quiz(
        id="b4.q1",
        question=text(
            "The keys are shuffled, and the values in the same way. How does the output change?",
            "把键打乱次序，值也按同样的次序打乱。输出会怎样变化？",
        ),
        options=(
            Option(
                text("not at all", "完全不变"),
                text(
                    "Yes: it is a sum over pairs of key and value, and a sum has no order. So attention does not know "
                    "who stands where; that has to be put into the inputs (position encodings).",
                    "对：它是对一对对键值求和，求和不分次序。所以注意力不知道谁在什么位置，位置信息要另外加到输入里（位置编码）。",
                ),
                right=True,
            ),
            Option(
                text("its rows are shuffled in the same way", "输出的各行按同样的次序打乱"),
                text(
                    "The rows of the output belong to the *queries*, and these stayed where they were.",
                    "输出的各行对应**查询**，而查询没有动。",
                ),
            ),
            Option(
                text("it becomes something quite different", "变成完全不同的东西"),
                text(
                    "Each value still goes with its own key and keeps its weight.",
                    "每个值仍与自己的键配对，权重不变。",
                ),
            ),
        ),
    ),
)
