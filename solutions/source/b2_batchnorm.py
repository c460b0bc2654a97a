"""The question of bridge B2: BatchNorm."""

from __future__ import annotations

from course_lib.exercises.specification import Option, Quiz, text

EXERCISES = ()

QUIZZES = (
    Quiz(
        id="b2.q1",
        question=text(
            "A BatchNorm layer on features of shape N×C (no height, no width) is left in training mode, and a *single* "
            "example goes through it. What comes out, by the formula?",
            "批归一化层作用在形状 N×C 的特征上（没有高和宽），忘了切换，仍在训练模式，**只**送进一个样本。按公式，输出是什么？",
        ),
        options=(
            Option(
                text("the example, normalised as usual", "照常归一化后的样本"),
                text(
                    "With which mean? Of one value the mean is the value itself.",
                    "用哪个均值？只有一个数，均值就是它自己。",
                ),
            ),
            Option(
                text("β, whatever the example is", "不管样本是什么，都是 β"),
                text(
                    "Yes: x − μ = 0 in every channel, so only β is left. PyTorch refuses such a batch with an error; "
                    "small batches have the same trouble in part, silently.",
                    "对：每个通道里 x − μ = 0，只剩下 β。PyTorch 遇到这样的批会直接报错；批很小时，同样的毛病会悄悄出现一部分。",
                ),
                right=True,
            ),
            Option(
                text("the same as in inference mode", "与推理模式相同"),
                text(
                    "Inference mode uses the stored mean and variance. Training mode does not look at them; it only "
                    "updates them.",
                    "推理模式用的是存下来的均值和方差。训练模式不看它们，只更新它们。",
                ),
            ),
        ),
    ),
)
