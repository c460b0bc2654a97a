"""Exercise of chapter 00: how exercises work."""

from __future__ import annotations

import numpy as np

from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, Pitfall, text

EXERCISES = (
    Exercise(
        id="00.1",
        title=text("Pixels to numbers", "从像素到小数"),
        points=1,
        objective="O1",
        function="to_unit",
        # Neither black nor white: stretching the pictures shows, and so does their own largest value.
        inputs=lambda rng: {"images": rng.integers(1, 255, size=(2, 3, 3, 1), dtype=np.uint8)},
        reference=lambda images: images / 255,
        comparator=close(rtol=1e-5, atol=1e-6),
        tensors=False,
        pitfalls=(
            Pitfall(
                "whole_division",
                lambda images: images // 255,
                text(
                    "Everything has become 0 (or 1): `//` throws the fraction away. Use `/`.",
                    "全都变成了 0（或 1）：`//` 会丢掉小数部分，请用 `/`。",
                ),
            ),
            Pitfall(
                "divides_by_256",
                lambda images: images / 256,
                text(
                    "The largest value is 255, so 256 never lets a white pixel reach 1.",
                    "最大值是 255；除以 256，白色像素就永远到不了 1。",
                ),
            ),
            Pitfall(
                "by_the_largest",
                lambda images: images / images.max(),
                text(
                    "You divided by the brightest pixel of these pictures. Then the same grey means something else in "
                    "each batch. Divide by 255.",
                    "你除以了这批图片中最亮的像素。这样一来，同样的灰度在每一批里含义都不同。请除以 255。",
                ),
            ),
            Pitfall(
                "stretched",
                lambda images: (images - images.min()) / (float(images.max()) - images.min()),
                text(
                    "You stretched these pictures to their own darkest and brightest pixel. Then the same grey means "
                    "something else in each batch. Divide by 255.",
                    "你把这批图片按它们自己最暗和最亮的像素拉伸了。这样一来，同样的灰度在每一批里含义都不同。请除以 255。",
                ),
            ),
        ),
        hints=(
            text(
                "uint8 pictures go from 0 to 255. What maps 255 to 1?",
                "uint8 图片取值 0 到 255。怎样把 255 变成 1？",
            ),
            text("NumPy divides a whole array at once.", "NumPy 可以一次除整个数组。"),
        ),
        right={
            "numpy": (
                "def to_unit(images):\n    return images.astype('float32') / 255.0\n",
                "def to_unit(images):\n    return np.multiply(images, 1 / 255)\n",
            )
        },
    ),
)
