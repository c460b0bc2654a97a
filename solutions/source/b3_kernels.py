"""The question of bridge B3: kernels."""

from __future__ import annotations

from course_lib.exercises.specification import Option, Quiz, text

EXERCISES = ()

QUIZZES = (
    Quiz(
        id="b3.q1",
        question=text(
            "A Gaussian kernel with a σ far smaller than any distance between the points: what does their kernel matrix "
            "(N×N) look like, and what does that mean?",
            "高斯核的 σ 远小于任何两点的距离：这些点的核矩阵（N×N）是什么样子？意味着什么？",
        ),
        options=(
            Option(
                text("all ones: everything is alike", "全是 1：一切都相同"),
                text(
                    "That is a very *large* σ: then every distance counts as near.",
                    "那是 σ 非常**大**的情形：多远都算近。",
                ),
            ),
            Option(
                text("the identity: each point is like itself only", "单位阵：每个点只与自己相似"),
                text(
                    "Yes. Nothing is learned about new points: a kernel's σ says how far an example speaks for its "
                    "surroundings. A usual start is the median distance.",
                    "对。对新的点什么也说不出来：σ 决定一个样本能代表周围多大的范围。常用的起点是距离的中位数。",
                ),
                right=True,
            ),
            Option(
                text("all zeros", "全是 0"),
                text(
                    "On the diagonal the distance is 0 and the similarity 1, for any σ.",
                    "对角线上距离为 0，相似度是 1，σ 取多少都一样。",
                ),
            ),
        ),
    ),
)
