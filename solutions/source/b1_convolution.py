"""The question of bridge B1: convolution."""

from __future__ import annotations

from course_lib.exercises.specification import Option, Quiz, text

EXERCISES = ()

QUIZZES = (
    Quiz(
        id="b1.q1",
        question=text(
            "Two convolutions of 3×3 (stride 1), one after the other. On how large a patch of the picture does one "
            "number of the second output depend?",
            "两层 3×3 的卷积（步幅 1）先后相接。第二层的一个输出，取决于图片上多大的一块？",
        ),
        options=(
            Option(
                text("3×3", "3×3"),
                text(
                    "That is the patch of the *first* output. Each of those nine numbers has seen 3×3 pixels of its own.",
                    "那是它在**第一层输出**上看到的范围。那九个数，每一个又各自看到图片上的 3×3。",
                ),
            ),
            Option(
                text("5×5", "5×5"),
                text(
                    "Yes: 3 places, and one pixel more on each side. Stacking makes the field of view grow; strides make "
                    "it grow faster.",
                    "对：3 格，每侧再多一个像素。层数越多，看到的范围（感受野）越大；有步幅时增长得更快。",
                ),
                right=True,
            ),
            Option(
                text("6×6", "6×6"),
                text(
                    "The windows overlap: the second 3×3 adds two pixels, not three.",
                    "窗口是重叠的：第二个 3×3 只多出两个像素，不是三个。",
                ),
            ),
            Option(
                text("9×9", "9×9"),
                text(
                    "It grows by addition, not by multiplication: neighbouring windows overlap.",
                    "范围是相加，不是相乘：相邻的窗口互相重叠。",
                ),
            ),
        ),
    ),
)
