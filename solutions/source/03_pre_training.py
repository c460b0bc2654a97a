"""Exercises of chapter 03, pre-training: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib import judging
from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal, up_to_sign
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.probing.pretraining import draw_dense, rows_of
from course_lib.training.tiny import draw_tiny

# 03.1 ---------------------------------------------------------------------------------------------


def draw_transfer(rng):
    """Draw until a score on the training pictures, or without transfer, is another score."""
    while True:
        drawn = draw_pictures_to_transfer(rng)
        scores = [
            transfer_as(**change)(**drawn)["score"]
            for change in ({}, {"judged": "target"}, {"borrowed": ()}, {"on": ("source", "test")})
        ]
        if 0.4 < scores[0] < 0.95 and scores[0] not in scores[1:]:
            return drawn


def draw_pictures_to_transfer(rng):
    def pictures(n, classes, first=0):
        labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
        looks = np.random.default_rng(7).normal(size=(9, 2, 3))  # how each class looks
        images = 1 / (1 + np.exp(-2 * looks[first + labels] - rng.normal(size=(n, 2, 3))))
        return images.astype(np.float32), labels

    source, target = pictures(24, 4), pictures(9, 3, 4)
    test = pictures(23, 2, 4)  # without the last class: the target's labels say how many there are
    return {
        "source_images": source[0],
        "source_labels": source[1],
        "images": target[0],
        "labels": target[1],
        "test_images": test[0],
        "test_labels": test[1],
        "hidden": 5,
        "seed": int(rng.integers(1000)),
    }


def descend(w, x, y):
    """Twenty steps of gradient descent on the cross-entropy: what the probe's train does."""
    w = {name: array.astype(np.float64) for name, array in w.items()}
    for _ in range(20):
        hidden = np.maximum(0, x @ w["w1"] + w["b1"])
        z = hidden @ w["w2"] + w["b2"]
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        slope = (p - np.eye(p.shape[1])[y]) / len(y)
        back = (slope @ w["w2"].T) * (hidden > 0)
        w["w1"] -= 0.5 * x.T @ back
        w["b1"] -= 0.5 * back.sum(axis=0)
        w["w2"] -= 0.5 * hidden.T @ slope
        w["b2"] -= 0.5 * slope.sum(axis=0)
    return w


def transfer_as(on=("source", "target"), judged="test", borrowed=("w1", "b1"), new_head=True):
    """Run the program with these changes and give the probe's report."""

    def answer(
        source_images, source_labels, images, labels, test_images, test_labels, hidden, seed
    ):
        parts = {
            "source": (rows_of(source_images), source_labels),
            "target": (rows_of(images), labels),
            "test": (rows_of(test_images), test_labels),
        }
        again = [name for name in on if name == "source"]
        later = [name for name in on if name != "source"]
        pixels = parts["source"][0].shape[1]
        wide = draw_dense(seed, pixels, hidden, int(source_labels.max()) + 1)
        trained = wide
        for name in again:
            trained = descend(trained, *parts[name])
        fresh = draw_dense(seed, pixels, hidden, int(labels.max()) + 1)
        own = fresh if new_head else wide
        w = {**own, **{name: trained[name] for name in borrowed}}
        for name in later:
            w = descend(w, *parts[name])
        x, y = parts[judged]
        z = np.maximum(0, x @ w["w1"] + w["b1"]) @ w["w2"] + w["b2"]
        return {
            "trained_on": list(on),
            "starts_with_source": "w1" in borrowed and bool(later),
            "new_head": new_head,
            "score": float((z.argmax(axis=1) == y).mean()),
        }

    return answer


def only(*names, **change):
    """The part of a report by which a mistake is known."""
    report = transfer_as(**change)
    return lambda **inputs: {name: report(**inputs)[name] for name in names}


def program(half, *changes):
    """Give a program in one framework, after changes old → new."""
    carry = {
        "pytorch": "    model.backbone.load_state_dict(teacher.backbone.state_dict())\n",
        "keras": "    model.backbone.set_weights(teacher.backbone.get_weights())\n",
    }[half]
    source = (
        "def transfer(build, train, predict, source, target, test):\n"
        "    rows = [(x.reshape(len(x), -1), y) for x, y in (source, target, test)]\n"
        "    (xs, ys), (xt, yt), (xe, ye) = rows\n"
        "    teacher = build(ys.max() + 1)\n"
        "    train(teacher, xs, ys)\n"
        "    model = build(yt.max() + 1)\n"
        f"{carry}"
        "    train(model, xt, yt)\n"
        "    return float((predict(model, xe).argmax(axis=1) == ye).mean())\n"
    )
    for old, new in changes:
        assert old in source or old == "CARRY"
        source = source.replace(carry if old == "CARRY" else old, new)
    return source


def programs(*changes):
    return {half: program(half, *changes) for half in ("pytorch", "keras")}


TRANSFER = Exercise(
    id="03.1",
    title=text("Mend the program", "修好这个程序"),
    points=4,
    objective="O1",
    function="transfer",
    inputs=draw_transfer,
    reference=transfer_as(),
    comparator=close(rtol=1e-4, atol=1e-4),
    probe="transferring",
    parts={
        "trained_on": text("what was trained on, in order", "依次在什么数据上训练"),
        "starts_with_source": text(
            "“the last training began with the source's backbone”",
            "“最后一次训练从源模型的主干出发”",
        ),
        "new_head": text("“and with a new head”", "“并且配的是新的分类头”"),
        "score": text("the accuracy returned", "返回的准确率"),
    },
    pitfalls=(
        Pitfall(
            "trained_on_the_test_split",
            only("trained_on", on=("source", "test")),
            text(
                "The target model was trained on the test pictures. Whatever it scores on them now says nothing about new ones. "
                "Train on `target`; `test` is for the last line only.",
                "目标模型在测试图片上训练了。现在它在这些图片上得多少分，都说明不了新图片上的表现。"
                "应当在 `target` 上训练，`test` 只用在最后一行。",
            ),
            code=programs(("train(model, xt, yt)", "train(model, xe, ye)")),
        ),
        Pitfall(
            "trained_on_everything",
            only("trained_on", on=("source", "target", "test")),
            text(
                "After the target's pictures you trained on the test pictures as well. More data, yes; and nothing left to judge by.",
                "在目标图片之后，你又在测试图片上训练了。数据是多了，可再没有东西能用来评判。",
            ),
            code=programs(
                ("train(model, xt, yt)", "train(model, xt, yt)\n    train(model, xe, ye)")
            ),
        ),
        Pitfall(
            "trained_then_overwritten",
            lambda **inputs: {"trained_on": ["source", "target"], "starts_with_source": False},
            text(
                "The target's training did not begin with the source's backbone. If you copy *after* training, you overwrite what "
                "was just learned; if you never copy, nothing is transferred. (Keras: or a network has fewer outputs than "
                "`max(labels) + 1`, by its *own* labels; then its weights become NaN.)",
                "目标模型的训练不是从源模型的主干出发的。如果训练**之后**才复制，刚学到的就被覆盖了；如果根本没复制，就什么也没有迁移。"
                "（Keras：也可能是某个网络的输出少于**自己的** `max(标签) + 1`，权重因此变成了 NaN。）",
            ),
            code={
                half: program(half, ("CARRY", ""), ("    return", line + "    return"))
                for half, line in (
                    (
                        "pytorch",
                        "    model.backbone.load_state_dict(teacher.backbone.state_dict())\n",
                    ),
                    (
                        "keras",
                        "    model.backbone.set_weights(teacher.backbone.get_weights())\n",
                    ),
                )
            },
        ),
        Pitfall(
            "the_sources_head_stays",
            lambda **inputs: {"trained_on": ["source", "target"], "new_head": False},
            text(
                "The last training did not start with the head that `build` gives for the target's classes: the source's head "
                "came along, or yours has another number of outputs than `max(labels) + 1`, or you made it yourself.",
                "最后一次训练用的，不是 `build` 按目标域类别数给出的分类头：要么源域的分类头跟着过来了，"
                "要么输出个数不是 `max(标签) + 1`，要么是你自己另建的。",
            ),
            code=programs(
                ("    model = build(yt.max() + 1)\n", ""),
                ("CARRY", "    model = teacher\n"),
            ),
        ),
        Pitfall(
            "source_trained_twice",
            only("trained_on", on=("source", "source", "target")),
            text(
                "The source was trained on twice. Once is enough: keep the network.",
                "在源域上训练了两遍。一遍就够了：把网络留着用。",
            ),
            code=programs(
                ("train(teacher, xs, ys)", "train(teacher, xs, ys)\n    train(teacher, xs, ys)")
            ),
        ),
        Pitfall(
            "scaled_again",
            lambda **inputs: {"trained_on": ["something else", "something else"]},
            text(
                "You changed the numbers on the way. The pictures are between 0 and 1 already: flatten them, and nothing else.",
                "你中途改动了数值。图片已在 0 到 1 之间：只需展平，不要做别的。",
            ),
            code=programs(("x.reshape(len(x), -1)", "x.reshape(len(x), -1) / 255")),
        ),
        Pitfall(
            "never_fine_tuned",
            lambda **inputs: {"trained_on": ["source"]},
            text(
                "The target's few labelled pictures were never used: the new head is still random.",
                "目标域那几张带标签的图片根本没有用上：新的分类头还是随机的。",
            ),
            code=programs(("    train(model, xt, yt)\n", "")),
        ),
        Pitfall(
            "never_scored",
            lambda **inputs: {"trained_on": ["source", "target"], "score": -1.0},
            text(
                "The training is right. What you return is not one number: compare the predictions with the test labels and return "
                "the share that is right.",
                "训练是对的，但返回的不是一个数：请把预测与测试标签比较，返回预测正确的比例。",
            ),
            code=programs(
                (
                    "float((predict(model, xe).argmax(axis=1) == ye).mean())",
                    "predict(model, xe).argmax(axis=1)",
                )
            ),
        ),
        Pitfall(
            "scored_on_its_own_training_data",
            lambda **inputs: {
                "trained_on": ["source", "target"],
                "score": transfer_as(judged="target")(**inputs)["score"],
            },
            text(
                "You scored the model on the pictures that it was trained on. That is memory; the test pictures are for judging.",
                "你在训练用过的图片上给模型打分。那是记忆；评判要用测试图片。",
            ),
            code=programs(
                (
                    "(predict(model, xe).argmax(axis=1) == ye)",
                    "(predict(model, xt).argmax(axis=1) == yt)",
                )
            ),
        ),
    ),
    errors=(
        (
            r"mat1 and mat2|incompatible with the layer|Matrix size-incompatible|Dimensions must be equal",
            text(
                "The first layer takes rows of numbers, one row for each picture, and got pictures N×H×W. Flatten them: "
                "`x.reshape(len(x), -1)`.",
                "第一层要的是一行一行的数，每张图片一行，得到的却是 N×H×W 的图片。先展平：`x.reshape(len(x), -1)`。",
            ),
        ),
        (
            r"You must build the layer before accessing",
            text(
                "You made a head yourself. Networks and heads come from `build`, nowhere else.",
                "你自己另建了分类头。网络和分类头都要用 `build` 来建。",
            ),
        ),
        (
            r"Target \d+ is out of bounds",
            text(
                "A label does not fit the head. Labels count from 0, so each network needs `max(labels) + 1` outputs, by its "
                "*own* labels.",
                "有标签超出了分类头。标签从 0 数起，每个网络的输出个数是**自己的** `max(标签) + 1`。",
            ),
        ),
        (
            r"copying a param|size mismatch|not compatible with provided weight shape|Shape mismatch|shape mismatch",
            text(
                "The heads of the two tasks have different sizes. Copy the backbone alone, and give the target as many outputs as it "
                "has classes.",
                "两个任务的分类头大小不同。只复制主干，并按目标域的类别数给它输出。",
            ),
        ),
    ),
    hints=(
        text(
            "Go through the program line by line and ask of each training: on which pictures? And of each copy: of what, and before "
            "or after the training?",
            "把程序逐行过一遍，每次训练都问：用的是哪些图片？每次复制都问：复制的是什么？在训练之前还是之后？",
        ),
        text(
            "`x.reshape(len(x), -1)` makes rows of pixels. Two networks: one for the source's classes, trained on `source`; one for the "
            "target's, which gets the first one's `.backbone`.",
            "`x.reshape(len(x), -1)` 把每张图片变成一行像素。需要两个网络：一个对应源域的类别，在 `source` 上训练；另一个对应目标域的类别，"
            "接过前一个的 `.backbone`。",
        ),
        text(
            "The order: build and train on the source, build for the target, copy the backbone, train on the target, predict the test "
            "pictures, compare `argmax(axis=1)` with the labels, `mean()`.",
            "次序：在源域上搭建并训练，为目标域搭建，复制主干，在目标域上训练，预测测试图片，用 `argmax(axis=1)` 与标签比较，取 `mean()`。",
        ),
    ),
    right={
        "pytorch": (
            "def transfer(build, train, predict, source, target, test):\n"
            "    flat = lambda x: x.reshape(x.shape[0], x.shape[1] * x.shape[2])\n"
            "    old = build(len(set(source[1])))\n"
            "    train(old, flat(source[0]), source[1])\n"
            "    new = build(len(set(target[1])))\n"
            "    new.backbone = old.backbone\n"
            "    train(new, flat(target[0]), target[1])\n"
            "    guesses = np.argmax(predict(new, flat(test[0])), axis=1)\n"
            "    return np.mean(guesses == test[1])\n",
            "def transfer(build, train, predict, source, target, test):\n"
            "    model = build(int(max(source[1])) + 1)\n"
            "    train(model, torch.tensor(source[0]).flatten(1), source[1])\n"
            "    model.head = build(int(max(target[1])) + 1).head\n"
            "    train(model, torch.tensor(target[0]).flatten(1), target[1])\n"
            "    z = predict(model, torch.tensor(test[0]).flatten(1))\n"
            "    return sum(int(a == b) for a, b in zip(z.argmax(1), test[1])) / len(z)\n",
        ),
        "keras": (
            "def transfer(build, train, predict, source, target, test):\n"
            "    flat = lambda x: x.reshape(x.shape[0], x.shape[1] * x.shape[2])\n"
            "    old = build(len(set(source[1])))\n"
            "    train(old, flat(source[0]), source[1])\n"
            "    new = build(len(set(target[1])))\n"
            "    new.backbone = old.backbone\n"
            "    train(new, flat(target[0]), target[1])\n"
            "    guesses = np.argmax(predict(new, flat(test[0])), axis=1)\n"
            "    return np.mean(guesses == test[1])\n",
            "def transfer(build, train, predict, source, target, test):\n"
            "    old = build(int(max(source[1])) + 1)\n"
            "    train(old, ops.reshape(source[0], (len(source[0]), -1)), source[1])\n"
            "    new = build(int(max(target[1])) + 1)\n"
            "    for theirs, ours in zip(old.backbone.weights, new.backbone.weights):\n"
            "        ours.assign(theirs)\n"
            "    train(new, ops.reshape(target[0], (len(target[0]), -1)), target[1])\n"
            "    z = predict(new, ops.reshape(test[0], (len(test[0]), -1)))\n"
            "    return sum(int(a == b) for a, b in zip(z.argmax(1), test[1])) / len(z)\n",
        ),
    },
)

# 03.2 ---------------------------------------------------------------------------------------------


def draw_few(rng):
    """Draw few labelled features: classes of unequal size, some examples far out."""
    # Any whole numbers: one is negative, so that a label used as an index shows; none is 0, 1, 2.
    kinds = rng.permutation([rng.integers(-9, 0), *rng.choice(np.arange(3, 10), 2, replace=False)])
    own = rng.permutation(np.repeat(np.arange(3), [3, 4, 2]))
    centres = rng.normal(size=(3, 3)) * 1.2
    return {"features": centres[own] + rng.normal(size=(9, 3)), "labels": kinds[own]}


def nearest_mean(features, labels, leave_out=True, distance=None):
    distance = distance or (lambda f, m: ((f - m) ** 2).sum())
    kinds, found = np.unique(labels), []
    for i in range(len(labels)):
        rest = np.arange(len(labels)) != i if leave_out else np.ones(len(labels), bool)
        means = [features[rest & (labels == k)].mean(axis=0) for k in kinds]
        found.append(kinds[np.argmin([distance(features[i], m) for m in means])])
    return np.array(found)


def leave_one_out(features, labels, **change):
    found = nearest_mean(features, labels, **change)
    return [found, float((found == labels).mean())]


def nearest_other_example(features, labels):
    away = ((features[:, None] - features) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    found = labels[away.argmin(axis=1)]
    return [found, float((found == labels).mean())]


def minus_cosine(f, m):
    return -(f @ m) / np.linalg.norm(f) / np.linalg.norm(m)


def own_class_shrunk_to_zero(features, labels):
    """Leaves the example out of the sum, but still divides by the whole count."""
    kinds, found = np.unique(labels), []
    for i in range(len(labels)):
        means = []
        for k in kinds:
            chosen = (labels == k) & (np.arange(len(labels)) != i)
            means.append(features[chosen].sum(axis=0) / (labels == k).sum())
        found.append(kinds[np.argmin([((features[i] - m) ** 2).sum() for m in means])])
    return [np.array(found), float((np.array(found) == labels).mean())]


def as_positions(features, labels):
    found, share = leave_one_out(features, labels)
    return [np.searchsorted(np.unique(labels), found), share]


def as_count(features, labels):
    found, _ = leave_one_out(features, labels)
    return [found, int((found == labels).sum())]


def as_error(features, labels):
    found, share = leave_one_out(features, labels)
    return [found, 1 - share]


def draw_telling_few(rng):
    """Draw until the mistakes show: most of them change only some of the nine answers."""
    while True:
        drawn = draw_few(rng)
        given = {"features": drawn["features"].astype(np.float32), "labels": drawn["labels"]}
        given["features"] = given["features"].astype(np.float64)
        right = leave_one_out(**given)[0]
        others = (
            leave_one_out(**given, leave_out=False)[0],
            nearest_other_example(**given)[0],
            own_class_shrunk_to_zero(**given)[0],
            leave_one_out(**given, distance=lambda f, m: -(f @ m))[0],
            leave_one_out(**given, distance=minus_cosine)[0],
        )
        answers = [tuple(each) for each in (right, *others)]
        told_apart = len(set(answers)) == len(answers) and right.min() < 0
        if told_apart and 0.3 < (right == given["labels"]).mean() < 0.95:
            return drawn


LEAVE_ONE_OUT = Exercise(
    id="03.2",
    title=text("The yardstick, without a test set", "没有测试集时的尺子"),
    points=4,
    objective="O4",
    function="leave_one_out",
    inputs=draw_telling_few,
    reference=leave_one_out,
    comparator=close(rtol=1e-5, atol=1e-6),
    tensors=False,
    draws=4,
    forbidden=("course_lib.readouts.nearest_class_mean", "sklearn.neighbors.NearestCentroid"),
    parts={
        "0": text("the predicted labels", "预测的标签"),
        "1": text("the share that is right", "预测正确的比例"),
    },
    pitfalls=(
        Pitfall(
            "left_in",
            lambda features, labels: leave_one_out(features, labels, leave_out=False),
            text(
                "Each example helped to make the mean that it is then compared with, which pulls its own class nearer: too good. "
                "Compute its class's mean *without* it.",
                "每个样本都参与了自己那一类均值的计算，然后又与这个均值比较，自己的类被拉近了：结果偏好。"
                "计算本类均值时要**去掉**它自己。",
            ),
        ),
        Pitfall(
            "nearest_example",
            nearest_other_example,
            text(
                "You gave each example the label of the nearest other *example*. The nearest class *mean* is asked for.",
                "你给的是最近的另一个**样本**的标签。要的是最近的**类均值**。",
            ),
        ),
        Pitfall(
            "divided_by_the_whole_count",
            own_class_shrunk_to_zero,
            text(
                "Without the example its class has one member less: divide by n − 1, not by n.",
                "去掉这个样本，这一类就少了一个成员：要除以 n − 1，而不是 n。",
            ),
        ),
        Pitfall(
            "farthest",
            lambda features, labels: leave_one_out(
                features, labels, distance=lambda f, m: -((f - m) ** 2).sum()
            ),
            text(
                "You took the class whose mean is *farthest*: `argmin` of the distances, not `argmax`.",
                "你取的是均值**最远**的类别：对距离要用 `argmin`，不是 `argmax`。",
            ),
        ),
        Pitfall(
            "inner_product",
            lambda features, labels: leave_one_out(
                features, labels, distance=lambda f, m: -(f @ m)
            ),
            text(
                "You took the mean with the largest inner product: long means win it too easily. Here the nearest mean in Euclidean "
                "distance is asked for.",
                "你取的是内积最大的均值，长的均值太占便宜。这里要的是欧氏距离最近的均值。",
            ),
        ),
        Pitfall(
            "cosine",
            lambda features, labels: leave_one_out(features, labels, distance=minus_cosine),
            text(
                "You compared directions (vectors of length 1, or the cosine). Here the vectors stay as they are: Euclidean distance.",
                "你比较的是方向（把长度变成 1，或者用余弦）。这里向量保持原样：用欧氏距离。",
            ),
        ),
        Pitfall(
            "positions",
            as_positions,
            text(
                "The classes are right, but you gave their positions 0, 1, 2. The labels themselves are asked for.",
                "类别是对的，但给出的是它们的位置 0、1、2。要的是标签本身。",
            ),
        ),
        Pitfall(
            "count",
            as_count,
            text(
                "The predictions are right. The second value is a share between 0 and 1, not a count.",
                "预测是对的。第二个值应当是 0 到 1 之间的比例，而不是个数。",
            ),
        ),
        Pitfall(
            "error_rate",
            as_error,
            text(
                "The predictions are right. The second value is the share that is *right*, not wrong.",
                "预测是对的。第二个值是预测**正确**的比例，不是错误的比例。",
            ),
        ),
    ),
    hints=(
        text(
            "For each example i: the means of the other classes are as always; its own class's mean leaves it out.",
            "对每个样本 i：别的类的均值照常；它自己那一类的均值不包括它。",
        ),
        text(
            "Either in a loop with a mask `np.arange(N) != i`, or by formula: the mean without i is (n·m − f_i)/(n − 1), n and m being "
            "number and mean of its class.",
            "可以用循环加掩码 `np.arange(N) != i`；也可以用公式：去掉 i 之后的均值是 (n·m − f_i)/(n − 1)，n 和 m 是这一类的个数和均值。",
        ),
        text(
            "`kinds = np.unique(labels)` lists the labels; `kinds[np.argmin(distances)]` turns a position back into a label.",
            "`kinds = np.unique(labels)` 列出各个标签；`kinds[np.argmin(distances)]` 把位置换回标签。",
        ),
    ),
    survivors={
        "means - features[i] → features[i] - means": "right: a length has no sign",
    },
    right={
        "numpy": (
            "def leave_one_out(features, labels):\n"
            "    kinds, own = np.unique(labels, return_inverse=True)\n"
            "    n = np.bincount(own)\n"
            "    m = np.stack([features[own == k].mean(axis=0) for k in range(len(kinds))])\n"
            "    d = np.linalg.norm(features[:, None] - m, axis=2)\n"
            "    i = np.arange(len(own))\n"
            "    without = (n[own, None] * m[own] - features) / (n[own, None] - 1)\n"
            "    d[i, own] = np.linalg.norm(features - without, axis=1)\n"
            "    found = kinds[d.argmin(axis=1)]\n"
            "    return found, np.mean(found == labels)\n",
            "def leave_one_out(features, labels):\n"
            "    predicted = []\n"
            "    for i, f in enumerate(features):\n"
            "        x, y = np.delete(features, i, axis=0), np.delete(labels, i)\n"
            "        away = {k: np.sum((x[y == k].mean(axis=0) - f) ** 2) for k in set(y.tolist())}\n"
            "        predicted.append(min(away, key=away.get))\n"
            "    right = sum(int(a == b) for a, b in zip(predicted, labels))\n"
            "    return [np.array(predicted), right / len(labels)]\n",
        )
    },
)

# 03.3 ---------------------------------------------------------------------------------------------


def draw_choice(rng):
    """Draws of six sources' accuracies: one helps a little, two much, one hurts, one is dear, one wild."""
    names = [f"source {letter}" for letter in rng.permutation(list("ABCD"))]
    # The luck of the draw of labels, shared by all: so wide that no gain stands out from it unpaired.
    luck = rng.normal(size=6)
    base = 0.45 + 0.1 * (luck - luck.mean()) / luck.std(ddof=1)
    gains = {names[0]: 0.05, names[1]: 0.10, names[2]: -0.06, names[3]: 0.20}
    noise = {names[0]: 0.004, names[1]: 0.012, names[2]: 0.01, names[3]: 0.01}
    accuracies = {"none": base}
    for name in sorted(names):
        accuracies[name] = base + gains[name] + noise[name] * rng.normal(size=6)
    # The one to choose has the highest mean, 0.10 above none, but is not better in every draw; source F
    # costs more and does much better in four draws, but not in two.
    accuracies[names[1]] = base + rng.permutation([-0.01, 0.11, 0.11, 0.13, 0.13, 0.13])
    # One that only seems to help: the best mean among the affordable ones, but wildly uncertain.
    wild = np.array([1, -1, 1, -1, 1, -1]) * rng.choice([-1, 1])
    accuracies["source E"] = base + 0.15 + 0.17 * wild
    accuracies["source F"] = base + rng.permutation([0, 0, 0.14, 0.14, 0.14, 0.14])
    unit = int(rng.integers(1, 40))  # an hour, a day …: no budget fits all offers
    costs = {
        "none": 0, names[0]: 10, names[1]: 35, names[2]: 5, names[3]: 90, "source E": 6, "source F": 50,
    }  # fmt: skip
    return {
        "accuracies": {name: np.round(a, 3) for name, a in accuracies.items()},
        "costs": {name: unit * cost for name, cost in costs.items()},
        "budgets": [unit * int(each) for each in rng.permutation([7, 35, 60])],  # 35: just enough
    }


def mean_of(values, gain):
    return values.mean()


def choose_source(
    accuracies, costs, budget, *, affordable=True, proven=True, paired=True, by=mean_of
):
    base = accuracies["none"]
    best, highest = "none", -np.inf
    for name, values in accuracies.items():
        if name == "none" or (affordable and costs[name] > budget):
            continue
        gain = (
            judging.paired_interval(values, base)
            if paired
            else judging.Interval(0, judging.interval(values).low - judging.interval(base).high, 0)
        )
        if proven and not gain.low > 0:
            continue
        if by(values, gain) > highest:
            best, highest = name, by(values, gain)
    return best


def cheapest_that_helps(accuracies, costs, budget):
    helpful = [
        name
        for name, values in accuracies.items()
        if name != "none"
        and costs[name] <= budget
        and judging.paired_interval(values, accuracies["none"]).low > 0
    ]
    return min(helpful, key=costs.get) if helpful else "none"


def for_each_budget(choose, **change):
    """Make the answer for all budgets from the one for a budget."""
    return lambda accuracies, costs, budgets: [
        choose(accuracies, costs, budget, **change) for budget in budgets
    ]


def draw_telling_choice(rng):
    """Draw until only the mean leads to the right choice: no median, no maximum, no lower end."""
    while True:
        drawn = draw_choice(rng)
        right, *others = (
            for_each_budget(choose_source, by=by)(**drawn)
            for by in (
                mean_of,
                lambda values, gain: np.median(values),
                lambda values, gain: values.max(),
                lambda values, gain: gain.low,
            )
        )
        if right not in others:
            return drawn


CHOOSE_SOURCE = Exercise(
    id="03.3",
    title=text("Choose a source, within a budget", "在预算之内选源域"),
    points=3,
    objective="O2",
    function="choose_source",
    inputs=draw_telling_choice,
    reference=for_each_budget(choose_source),
    comparator=equal(),
    tensors=False,
    draws=4,
    pitfalls=(
        Pitfall(
            "over_budget",
            for_each_budget(choose_source, affordable=False),
            text(
                "A source that you chose costs more than its budget. Leave out first what you cannot pay.",
                "你选的源域里有超出预算的。先去掉买不起的。",
            ),
        ),
        Pitfall(
            "best_mean_only",
            for_each_budget(choose_source, proven=False),
            text(
                "That one has the best mean, but from draw to draw it swings so widely that its gain may be luck: the paired "
                'interval of its gain over "none" contains 0.',
                '它的均值最高，但各次抽样之间起伏太大，增益可能只是运气：它相对 "none" 的增益，配对区间包含 0。',
            ),
        ),
        Pitfall(
            "cheapest",
            for_each_budget(cheapest_that_helps),
            text(
                "That source helps, but another within the budget has a higher mean accuracy, and that decides: not the price, not "
                "the gain per price, and not the lower end of the interval.",
                "这个源域有帮助，但预算之内另有平均准确率更高的，而题目看的正是这一点：不看价钱，不看性价比，也不看区间的下端。",
            ),
        ),
        Pitfall(
            "strictly_below_the_budget",
            for_each_budget(lambda a, costs, budget: choose_source(a, costs, budget - 1e-9)),
            text(
                "What costs just as much as the budget can be paid: `<=`, not `<`.",
                "开销恰好等于预算，也买得起：用 `<=`，不是 `<`。",
            ),
        ),
        Pitfall(
            "one_name_for_all",
            lambda accuracies, costs, budgets: choose_source(accuracies, costs, budgets[0]),
            text(
                "You gave one name. A list is asked for, one name for each budget, in the order of the budgets.",
                "你只给了一个名字。要的是一个列表，每笔预算一个名字，次序与预算相同。",
            ),
        ),
        Pitfall(
            "unpaired",
            for_each_budget(choose_source, paired=False),
            text(
                "For the larger budgets there is a source whose paired interval lies above 0. Did you compare unpaired intervals? "
                "The draws share their luck: subtract draw by draw. Or did you test only the one with the best mean? Leave out "
                "first, then choose.",
                "较大的预算之内有一个源域，配对区间整个在 0 之上。你是不是用了不配对的区间？各次抽样的运气是共有的：要逐次相减。"
                "或者只检验了均值最高的那个？应当先去掉，再选。",
            ),
        ),
        Pitfall(
            "lowest_mean",
            lambda accuracies, costs, budgets: (
                [min(accuracies, key=lambda name: accuracies[name].mean())] * len(budgets)
            ),
            text(
                "That is the one with the lowest accuracy: it hurts.",
                "这是准确率最低的一个：它有害。",
            ),
        ),
    ),
    errors=(
        (
            r"empty",
            text(
                'Nothing was left to choose from: every source is too dear or has not shown that it helps. Then the answer is "none".',
                '已经没有可选的了：每个源域要么太贵，要么没有显示出帮助。这时答案就是 "none"。',
            ),
        ),
    ),
    hints=(
        text(
            'For each name but "none": can it be paid (`costs[name] <= budget`)? Does its gain stand (`low > 0`)?',
            '对 "none" 之外的每个名字：买得起吗（`costs[name] <= budget`）？增益站得住吗（`low > 0`）？',
        ),
        text(
            '`judging.paired_interval(accuracies[name], accuracies["none"])` has a `.low`.',
            '`judging.paired_interval(accuracies[name], accuracies["none"])` 有 `.low`。',
        ),
        text(
            "For each budget collect the names that pass both, and take the one with the largest mean: `max(names, key=…)`. If there are none, "
            'take "none".',
            '对每笔预算，把两关都过的名字收集起来，取平均值最大的：`max(names, key=…)`。一个也没有，就取 "none"。',
        ),
    ),
    survivors={
        "judging.paired_interval(values, accuracies['none']).low > 0 → judging.paired_interval(values, accuracies['none']).low >= 0": "right: no interval ends exactly at 0",
    },
    right={
        "numpy": (
            "def choose_source(accuracies, costs, budgets):\n"
            "    from scipy import stats\n"
            "    found = []\n"
            "    for budget in budgets:\n"
            "        best, best_mean = 'none', 0.0\n"
            "        for name in accuracies:\n"
            "            d = np.asarray(accuracies[name]) - np.asarray(accuracies['none'])\n"
            "            if name == 'none' or costs[name] > budget:\n"
            "                continue\n"
            "            half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / len(d) ** 0.5\n"
            "            if d.mean() - half > 0 and accuracies[name].mean() > best_mean:\n"
            "                best, best_mean = name, accuracies[name].mean()\n"
            "        found.append(best)\n"
            "    return found\n",
            "from course_lib import judging\n"
            "def choose_source(accuracies, costs, budgets):\n"
            "    names = sorted(set(accuracies) - {'none'}, key=lambda n: -accuracies[n].mean())\n"
            "    def helps(name):\n"
            "        return judging.paired_interval(accuracies[name], accuracies['none']).low > 0\n"
            "    return tuple(next((n for n in names if helps(n) and costs[n] <= budget), 'none')\n"
            "                 for budget in budgets)\n",
        )
    },
)

# 03.4 ---------------------------------------------------------------------------------------------


def draw_affine(rng):
    return {
        "weights": rng.normal(size=(4, 3)),
        "pixel_mean": rng.uniform(0.2, 0.6, size=4),
        "pixel_std": rng.uniform(0.2, 0.5, size=4),
        "gamma": rng.uniform(0.5, 1.5, size=3),
        "beta": rng.normal(size=3),
        "mean": rng.normal(size=3),
        "variance": rng.uniform(0.3, 2.0, size=3),
        "epsilon": float(rng.choice([0.01, 0.02, 0.05])),
    }


def fold(
    weights, pixel_mean, pixel_std, gamma, beta, mean, variance, epsilon,
    *, top=255.0, slope=None, shift=None,
):  # fmt: skip
    by_output = gamma / np.sqrt(variance + epsilon) if slope is None else slope
    by_input = 1 / (top * pixel_std)
    matrix = by_input[:, None] * weights * by_output
    if shift is None:
        shift = beta - by_output * mean - (pixel_mean / pixel_std) @ weights * by_output
    return [matrix, shift]


def fold_with(**change):
    """The right answer after a change: names → function of the inputs."""

    def answer(**inputs):
        return fold(**inputs, **{name: make(inputs) for name, make in change.items()})

    return answer


def slope_of(g):
    return g["gamma"] / np.sqrt(g["variance"] + g["epsilon"])


FOLD = Exercise(
    id="03.4",
    title=text("Everything that travels, in one layer", "把要带走的全装进一层"),
    points=3,
    objective="O6",
    function="fold",
    drawing=drawings.matrix("0", across=text("unit", "单元"), down=text("pixel", "像素")),
    inputs=draw_affine,
    reference=fold,
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    parts={"0": text("the matrix A", "矩阵 A"), "1": text("the vector c", "向量 c")},
    pitfalls=(
        Pitfall(
            "forgets_255",
            fold_with(top=lambda g: 1.0),
            text(
                "Raw pixels go up to 255; the normalisation constants are for pixels between 0 and 1. The 1/255 is part of A.",
                "原始像素最大是 255，而归一化常数是针对 0 到 1 的像素。1/255 也要算进 A。",
            ),
        ),
        Pitfall(
            "forgets_the_pixel_mean",
            fold_with(shift=lambda g: g["beta"] - slope_of(g) * g["mean"]),
            text(
                "The matrix is right. In c the pixels' mean is missing: −(m/s)W, times the slope of BatchNorm.",
                "矩阵是对的。c 里少了像素均值那一项：−(m/s)W，再乘以 BatchNorm 的斜率。",
            ),
        ),
        Pitfall(
            "forgets_the_running_mean",
            fold_with(
                shift=lambda g: (
                    g["beta"] - (g["pixel_mean"] / g["pixel_std"]) @ g["weights"] * slope_of(g)
                )
            ),
            text(
                "The matrix is right. In c BatchNorm's running mean is missing.",
                "矩阵是对的。c 里少了 BatchNorm 的滑动均值。",
            ),
        ),
        Pitfall(
            "forgets_beta",
            fold_with(
                shift=lambda g: (
                    -slope_of(g) * (g["mean"] + (g["pixel_mean"] / g["pixel_std"]) @ g["weights"])
                )
            ),
            text(
                "The matrix is right. In c the shift β is missing.", "矩阵是对的。c 里少了平移 β。"
            ),
        ),
        Pitfall(
            "mean_not_scaled",
            fold_with(
                shift=lambda g: (
                    g["beta"]
                    - g["mean"]
                    - (g["pixel_mean"] / g["pixel_std"]) @ g["weights"] * slope_of(g)
                )
            ),
            text(
                "The matrix is right. The running mean is subtracted *before* the scaling: it carries the factor γ/√(v+ε), too.",
                "矩阵是对的。滑动均值是在缩放**之前**减去的：它也要乘上 γ/√(v+ε)。",
            ),
        ),
        Pitfall(
            "pixel_mean_not_scaled",
            fold_with(
                shift=lambda g: (
                    g["beta"]
                    - slope_of(g) * g["mean"]
                    - (g["pixel_mean"] / g["pixel_std"]) @ g["weights"]
                )
            ),
            text(
                "The matrix is right. What the pixels' mean contributes passes through BatchNorm as well: times γ/√(v+ε).",
                "矩阵是对的。像素均值的那一项同样要经过 BatchNorm：乘上 γ/√(v+ε)。",
            ),
        ),
        Pitfall(
            "no_root",
            fold_with(slope=lambda g: g["gamma"] / (g["variance"] + g["epsilon"])),
            text(
                "BatchNorm divides by the *root* of the variance (plus ε).",
                "BatchNorm 除以的是方差（加 ε）的**平方根**。",
            ),
        ),
        Pitfall(
            "no_epsilon",
            fold_with(slope=lambda g: g["gamma"] / np.sqrt(g["variance"])),
            text("You left out ε: √(v + ε).", "你漏了 ε：√(v + ε)。"),
        ),
        Pitfall(
            "epsilon_outside_the_root",
            fold_with(slope=lambda g: g["gamma"] / (np.sqrt(g["variance"]) + g["epsilon"])),
            text(
                "ε belongs under the root: √(v + ε), not √v + ε.",
                "ε 在根号里面：√(v + ε)，不是 √v + ε。",
            ),
        ),
        Pitfall(
            "no_gamma",
            fold_with(slope=lambda g: 1 / np.sqrt(g["variance"] + g["epsilon"])),
            text(
                "The scale γ is missing: each output is multiplied by γ/√(v + ε).",
                "少了缩放 γ：每个输出都要乘 γ/√(v + ε)。",
            ),
        ),
        Pitfall(
            "running_mean_added",
            fold_with(
                shift=lambda g: (
                    g["beta"]
                    + slope_of(g) * (g["mean"] - (g["pixel_mean"] / g["pixel_std"]) @ g["weights"])
                )
            ),
            text(
                "The matrix is right. In c the running mean has the wrong sign: BatchNorm subtracts it.",
                "矩阵是对的。c 里滑动均值的符号反了：BatchNorm 是减去它。",
            ),
        ),
        Pitfall(
            "pixel_mean_on_raw_pixels",
            fold_with(
                shift=lambda g: (
                    g["beta"]
                    - slope_of(g) * g["mean"]
                    - (g["pixel_mean"] / g["pixel_std"] / 255) @ g["weights"] * slope_of(g)
                )
            ),
            text(
                "The matrix is right. In c you multiplied the pixels' mean by A, which is meant for *raw* pixels; m is between 0 and "
                "1, so it is 255 m that belongs there.",
                "矩阵是对的。c 里你拿像素均值直接乘了 A，而 A 针对的是**原始**像素；m 在 0 到 1 之间，那里应当是 255 m。",
            ),
        ),
        Pitfall(
            "no_statistics",
            fold_with(
                slope=lambda g: g["gamma"],
                shift=lambda g: (
                    g["beta"] - (g["pixel_mean"] / g["pixel_std"]) @ g["weights"] * g["gamma"]
                ),
            ),
            text(
                "You used γ and β only. The running mean and variance belong to the function that was learned, too.",
                "你只用了 γ 和 β。滑动均值与方差同样属于学到的函数。",
            ),
        ),
    ),
    hints=(
        text(
            "Write out what happens to one raw row x: ((x/255 − m)/s) W, then γ(z − μ)/√(v+ε) + β. Both steps are affine, so the whole is.",
            "写出一行原始像素 x 经历了什么：先是 ((x/255 − m)/s) W，再是 γ(z − μ)/√(v+ε) + β。两步都是仿射的，所以合起来也是。",
        ),
        text(
            "What multiplies x? Input i brings 1/(255 sᵢ), output j brings γⱼ/√(vⱼ+ε). So A scales row i and column j of W.",
            "乘在 x 上的是什么？输入 i 带来 1/(255 sᵢ)，输出 j 带来 γⱼ/√(vⱼ+ε)。所以 A 是把 W 的第 i 行、第 j 列分别缩放。",
        ),
        text(
            "c is what comes out for x = 0. Or check yourself with numbers: the answer for x = 0, and for one unit vector after another.",
            "c 就是 x = 0 时的输出。也可以拿数字自己验证：先算 x = 0，再逐个代入单位向量。",
        ),
    ),
    right={
        "numpy": (
            "def fold(weights, pixel_mean, pixel_std, gamma, beta, mean, variance, epsilon):\n"
            "    def network(x):\n"
            "        z = ((x / 255 - pixel_mean) / pixel_std) @ weights\n"
            "        return gamma * (z - mean) / np.sqrt(variance + epsilon) + beta\n"
            "    c = network(np.zeros(len(weights)))\n"
            "    return network(np.eye(len(weights))) - c, c\n",
            "def fold(weights, pixel_mean, pixel_std, gamma, beta, mean, variance, epsilon):\n"
            "    g = np.diag(gamma / (variance + epsilon) ** 0.5)\n"
            "    d = np.diag(1 / pixel_std)\n"
            "    a = d @ weights @ g\n"
            "    return a / 255, beta - mean @ g - pixel_mean @ a\n",
        )
    },
)

# 03.5 ---------------------------------------------------------------------------------------------

PARTS = ("kernel", "gamma", "beta", "mean", "variance")


def draw_moving(rng):
    before = draw_tiny(rng)
    after = {
        f"later_{name}": (array + 0.3 * rng.normal(size=array.shape)).astype(np.float32)
        for name, array in before.items()
    }
    return before | after


def moved(names=PARTS, size=np.linalg.norm, relative_to="before"):
    def answer(**arrays):
        found = []
        for name in names:
            before, after = arrays[name], arrays[f"later_{name}"]
            whole = {"before": before, "after": after}.get(relative_to)
            distance = size((after - before).ravel())
            found.append(distance if whole is None else distance / size(whole.ravel()))
        return {"moved": np.array(found), "trained": 1, "left_alone": True}

    return answer


def moved_nothing(**arrays):
    return {"moved": np.zeros(len(PARTS)), "trained": 1}


HOW_FAR = {
    "pytorch": (
        "def how_far(model, train):\n"
        "    names = [n for n in model.backbone.state_dict() if 'num_batches' not in n]\n"
        "    before = {n: t.clone() for n, t in model.backbone.state_dict().items()}\n"
        "    train()\n"
        "    after = model.backbone.state_dict()\n"
        "    return [float((after[n] - before[n]).norm() / before[n].norm()) for n in names]\n"
    ),
    "keras": (
        "def how_far(model, train):\n"
        "    before = [np.array(w) for w in model.backbone.get_weights()]\n"
        "    train()\n"
        "    after = model.backbone.get_weights()\n"
        "    norm = np.linalg.norm\n"
        "    return [float(norm(b - a) / norm(a)) for a, b in zip(before, after)]\n"
    ),
}


def how_far_with(pytorch=None, keras=None):
    """The right answer after one change, old → new, per framework."""
    changed = {}
    for half, change in (("pytorch", pytorch), ("keras", keras)):
        if change:
            assert change[0] in HOW_FAR[half], change
            changed[half] = HOW_FAR[half].replace(*change)
    return changed


MOVED = Exercise(
    id="03.5",
    title=text("What moved, and how far?", "动了什么，动了多远？"),
    points=3,
    objective="O3",
    function="how_far",
    inputs=draw_moving,
    reference=moved(),
    comparator=close(rtol=1e-3, atol=1e-5),
    probe="moving",
    parts={
        "moved": text("the five distances", "五个距离"),
        "trained": text("how often train() was called", "train() 被调用的次数"),
        "left_alone": text("“the model is as the training left it”", "“模型保持训练之后的样子”"),
    },
    pitfalls=(
        Pitfall(
            "before_moves_along",
            moved_nothing,
            text(
                "All distances are 0, as if nothing had been learned. Your “before” is no copy: it shows the *same* numbers, and they "
                "changed with the training. Copy first (PyTorch: `.clone()`, Keras: `get_weights()`).",
                "距离全是 0，好像什么也没学到。你存下的“之前”并不是副本，它指向的是**同一批**数，训练时跟着变了。"
                "要先复制（PyTorch 用 `.clone()`，Keras 用 `get_weights()`）。",
            ),
            code={
                "pytorch": HOW_FAR["pytorch"].replace("t.clone()", "t"),
                "keras": HOW_FAR["keras"]
                .replace(
                    "[np.array(w) for w in model.backbone.get_weights()]", "model.backbone.weights"
                )
                .replace("model.backbone.get_weights()", "model.backbone.weights")
                .replace(
                    "norm(b - a) / norm(a)", "norm(np.array(b) - np.array(a)) / norm(np.array(a))"
                ),
            },
        ),
        Pitfall(
            "never_trained",
            lambda **arrays: {"trained": 0},
            text(
                "`train()` was never called (are the parentheses missing?).",
                "`train()` 根本没有被调用（是不是漏了括号？）。",
            ),
            code=how_far_with(
                pytorch=("    train()\n", "    train\n"),
                keras=("    train()\n", "    train\n"),
            ),
        ),
        Pitfall(
            "no_statistics",
            moved(names=PARTS[:3]),
            text(
                "Three numbers: you took what the optimizer trains. BatchNorm's running mean and variance move as well, and belong to "
                "the backbone's state.",
                "只有三个数：你只取了优化器训练的那些。BatchNorm 的滑动均值和方差也会动，它们也是主干状态的一部分。",
            ),
            code=how_far_with(
                pytorch=(
                    "[n for n in model.backbone.state_dict() if 'num_batches' not in n]",
                    "[n for n, _ in model.backbone.named_parameters()]",
                ),
                keras=(
                    "zip(before, after)",
                    "list(zip(before, after))[:3]",
                ),
            ),
        ),
        Pitfall(
            "head_measured_too",
            moved(names=(*PARTS, "head", "bias")),
            text(
                "Seven numbers: the head is not part of the backbone. It will be thrown away.",
                "有七个数：分类头不属于主干，它是要扔掉的。",
            ),
            code={
                "pytorch": HOW_FAR["pytorch"].replace(
                    "model.backbone.state_dict", "model.state_dict"
                ),
                "keras": HOW_FAR["keras"].replace(
                    "model.backbone.get_weights", "model.get_weights"
                ),
            },
        ),
        Pitfall(
            "not_relative",
            moved(relative_to=None),
            text(
                "These are absolute distances. Divide each by the length of what was there before, or large and small tensors cannot "
                "be compared.",
                "这是绝对距离。每个都要除以训练之前的长度，否则大小不同的张量没法比较。",
            ),
            code=how_far_with(
                pytorch=(" / before[n].norm()", ""),
                keras=(" / norm(a)", ""),
            ),
        ),
        Pitfall(
            "relative_to_after",
            moved(relative_to="after"),
            text(
                "You divided by the length *after* the training. The question is how far it went from where it was.",
                "你除以的是训练**之后**的长度。要问的是：从原来的地方走了多远。",
            ),
            code=how_far_with(
                pytorch=("/ before[n].norm()", "/ after[n].norm()"),
                keras=("/ norm(a)", "/ norm(b)"),
            ),
        ),
        Pitfall(
            "squared",
            moved(size=lambda a: (a**2).sum()),
            text(
                "These are squares of lengths: the square root is missing.",
                "这是长度的平方：少了开平方。",
            ),
            code=how_far_with(
                pytorch=(
                    "(after[n] - before[n]).norm() / before[n].norm()",
                    "((after[n] - before[n]) ** 2).sum() / (before[n] ** 2).sum()",
                ),
                keras=("norm(b - a) / norm(a)", "((b - a) ** 2).sum() / (a ** 2).sum()"),
            ),
        ),
    ),
    errors=(
        (
            r"cannot compute a norm|linalg.vector_norm|Long|num_batches",
            text(
                "One entry of PyTorch's state_dict, `num_batches_tracked`, is a counter (a whole number) and has no length: leave it out.",
                "PyTorch 的 state_dict 里有一项 `num_batches_tracked`，是个计数器（整数），没有长度可言：跳过它。",
            ),
        ),
    ),
    hints=(
        text(
            "Three steps: copy the backbone's state, call `train()`, compare. The copy is the point.",
            "三步：复制主干的状态，调用 `train()`，比较。关键在于复制。",
        ),
        text(
            "PyTorch: `{name: t.clone() for name, t in model.backbone.state_dict().items()}` copies; `state_dict()` alone only points. "
            "Keras: `model.backbone.get_weights()` copies; `.weights` only points.",
            "PyTorch：`{name: t.clone() for name, t in model.backbone.state_dict().items()}` 是复制；单独的 `state_dict()` 只是引用。"
            "Keras：`model.backbone.get_weights()` 是复制；`.weights` 只是引用。",
        ),
        text(
            "Each distance is ‖after − before‖ / ‖before‖, the norm over all entries of the tensor. PyTorch: skip "
            "`num_batches_tracked`.",
            "每个距离是 ‖之后 − 之前‖ / ‖之前‖，范数对张量的所有元素求。PyTorch 要跳过 `num_batches_tracked`。",
        ),
    ),
    survivors={
        "b - a → a - b": "right: a length has no sign",
    },
    right={
        "pytorch": (
            "import copy\n"
            "def how_far(model, train):\n"
            "    old = copy.deepcopy(model.backbone)\n"
            "    train()\n"
            "    pairs = zip(old.state_dict().items(), model.backbone.state_dict().values())\n"
            "    return [float(torch.linalg.vector_norm(b - a) / torch.linalg.vector_norm(a))\n"
            "            for (name, a), b in pairs if a.dtype.is_floating_point]\n",
            "def how_far(model, train):\n"
            "    b = model.backbone\n"
            "    tensors = [b.mix.weight, b.norm.weight, b.norm.bias, b.norm.running_mean, b.norm.running_var]\n"
            "    before = [t.detach().numpy().copy() for t in tensors]\n"
            "    train()\n"
            "    return np.array([np.sqrt(((t.detach().numpy() - a) ** 2).sum() / (a ** 2).sum())\n"
            "                     for t, a in zip(tensors, before)])\n",
        ),
        "keras": (
            "def how_far(model, train):\n"
            "    before = model.backbone.get_weights()\n"
            "    train()\n"
            "    return [np.sqrt(((b - a) ** 2).sum() / (a ** 2).sum())\n"
            "            for a, b in zip(before, model.backbone.get_weights())]\n",
            "def how_far(model, train):\n"
            "    weights = model.backbone.weights\n"
            "    before = [ops.convert_to_numpy(w).copy() for w in weights]\n"
            "    train()\n"
            "    return [float(ops.norm(w - a)) / np.linalg.norm(a) for w, a in zip(weights, before)]\n",
        ),
    },
)

# 03.6 ---------------------------------------------------------------------------------------------


def draw_pictures(rng):
    # Halves of 2 and 3 pixels: with halves of 1 pixel, to exchange would be to mirror.
    height, width = rng.permutation([4, 6])
    count = rng.integers(2, 5)
    return {"images": rng.integers(0, 256, size=(count, height, width, 2), dtype=np.uint8)}


def swap_halves(images, k, axes=(1, 2)):
    """Exchange left and right halves where k is odd, top and bottom halves where k is 2 or 3."""
    down, across = (images.shape[axis] // 2 for axis in axes)
    return np.roll(images, (down * (k // 2), across * (k % 2)), axis=axes)


def jigsaw_task(images, swap=swap_halves, kinds=4, labels=np.repeat):
    x = np.concatenate([swap(images, k) for k in range(kinds)])
    return [x, labels(np.arange(kinds), len(images))]


def image_by_image(images):
    pictures = (images[i : i + 1] for i in range(len(images)))
    x = np.concatenate([swap_halves(picture, k) for picture in pictures for k in range(4)])
    return [x, np.tile(np.arange(4), len(images))]


def mirrored(images, k):
    x = images[:, :, ::-1] if k % 2 else images
    return x[:, ::-1] if k // 2 else x


def shifted_by_one(images, k):
    return np.roll(images, (k // 2, k % 2), axis=(1, 2))


JIGSAW_TASK = Exercise(
    id="03.6",
    title=text("Make the targets yourself", "自己造目标"),
    points=3,
    objective="O5",
    function="jigsaw_task",
    drawing=drawings.pictures("0"),
    inputs=draw_pictures,
    reference=lambda images: jigsaw_task(images.astype(np.uint8)),
    comparator=equal(),
    tensors=False,
    parts={"0": text("the pictures", "图片"), "1": text("the targets", "目标")},
    pitfalls=(
        Pitfall(
            "targets_in_another_order",
            lambda images: jigsaw_task(images, labels=np.tile),
            text(
                "Pictures and targets do not match: the pictures come block by block (all as they are, then all with left and right "
                "exchanged, …), so the targets must be 0, 0, …, 1, 1, …",
                "图片与目标对不上：图片是一块一块的（先是全部原样，再是全部左右互换……），所以目标应当是 0, 0, …, 1, 1, …",
            ),
        ),
        Pitfall(
            "rows_for_columns",
            lambda images: jigsaw_task(images, swap=lambda x, k: swap_halves(x, (0, 2, 1, 3)[k])),
            text(
                "Kinds 1 and 2 are exchanged. Kind 1 exchanges the left and the right half: axis 2, the width.",
                "第 1 种和第 2 种弄反了。第 1 种是左半与右半互换：第 2 轴，也就是宽。",
            ),
        ),
        Pitfall(
            "mirrored",
            lambda images: jigsaw_task(images, swap=mirrored),
            text(
                "You mirrored the pictures. Here the halves change places, each as it was inside.",
                "你做的是镜像。这里是两半互换位置，每一半内部不变。",
            ),
        ),
        Pitfall(
            "one_pixel",
            lambda images: jigsaw_task(images, swap=shifted_by_one),
            text(
                "The pictures moved by one pixel. To exchange halves, move by half the height or half the width.",
                "图片只移动了一个像素。要互换两半，应移动高或宽的一半。",
            ),
        ),
        Pitfall(
            "three_kinds",
            lambda images: jigsaw_task(images, kinds=3),
            text(
                "There are four kinds: kind 3 exchanges both, left with right and top with bottom.",
                "一共有四种：第 3 种左右、上下都互换。",
            ),
        ),
        Pitfall(
            "image_by_image",
            image_by_image,
            text(
                "Each pair is right, but the order is another one: first all pictures of kind 0, then all of kind 1, and so on.",
                "每一对都对，但次序不同：先是全部第 0 种的图片，再是全部第 1 种的，依此类推。",
            ),
        ),
        Pitfall(
            "channels",
            lambda images: jigsaw_task(images, swap=lambda x, k: swap_halves(x, k, axes=(1, 3))),
            text(
                "You exchanged channels. Height and width are the axes 1 and 2.",
                "你互换的是通道。高和宽是第 1、2 轴。",
            ),
        ),
    ),
    hints=(
        text(
            "`np.roll(images, shift, axis=2)` moves all pictures sideways, and what leaves on one side comes in on the other. By how "
            "much must it move for the halves to change places?",
            "`np.roll(images, shift, axis=2)` 把所有图片横向移动，从一边出去的从另一边进来。移动多少，两半恰好互换？",
        ),
        text(
            "Make the four versions, join them with `np.concatenate`; the targets are `np.repeat(np.arange(4), len(images))`.",
            "做出四个版本，用 `np.concatenate` 接起来；目标是 `np.repeat(np.arange(4), len(images))`。",
        ),
        text(
            "Kind 1 is `np.roll(images, images.shape[2] // 2, axis=2)`; kind 2 the same with axis 1; kind 3 is kind 2 made from kind 1.",
            "第 1 种是 `np.roll(images, images.shape[2] // 2, axis=2)`；第 2 种把轴换成 1；第 3 种是在第 1 种的结果上再做第 2 种。",
        ),
    ),
    right={
        "numpy": (
            "def jigsaw_task(images):\n"
            "    n, h, w, _ = images.shape\n"
            "    sideways = np.concatenate([images[:, :, w // 2 :], images[:, :, : w // 2]], axis=2)\n"
            "    blocks = [images, sideways]\n"
            "    blocks += [np.concatenate([b[:, h // 2 :], b[:, : h // 2]], axis=1) for b in blocks[:2]]\n"
            "    return np.vstack(blocks), np.array([k for k in range(4) for _ in range(n)])\n",
            "def jigsaw_task(images):\n"
            "    n, h, w, c = images.shape\n"
            "    x = np.empty((4 * n, h, w, c), images.dtype)\n"
            "    y = np.empty(4 * n, int)\n"
            "    for k in range(4):\n"
            "        for i in range(n):\n"
            "            one = np.roll(images[i], w // 2, axis=1) if k in (1, 3) else images[i]\n"
            "            x[k * n + i] = np.roll(one, h // 2, axis=0) if k in (2, 3) else one\n"
            "            y[k * n + i] = k\n"
            "    return x, y\n",
        )
    },
)

# 03.7 ---------------------------------------------------------------------------------------------


def draw_unlabelled(rng):
    # Directions of about the same weight: who does not sort them gets another order, mostly.
    stretch = np.diag([2.0, 1.8, 1.6, 1.4]) @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    shift = rng.uniform(2, 5, size=4)  # far from 0, so that a missing centring shows
    return {
        "unlabelled": rng.normal(size=(12, 4)) @ stretch + shift,
        "x": rng.normal(size=(5, 4)) @ stretch + shift + rng.normal(size=4),
        "size": int(rng.integers(2, 4)),
    }


def principal(unlabelled, x, size, mean=None, fitted=None, first=0, scaled=False):
    mean = unlabelled.mean(axis=0) if mean is None else mean
    fitted = unlabelled - mean if fitted is None else fitted
    _, values, axes = np.linalg.svd(fitted, full_matrices=False)
    chosen = slice(first, first + size)
    z = (x - mean) @ axes[chosen].T
    return z / values[chosen] if scaled else z


def along_columns(unlabelled, x, size):
    """Take the columns of svd's third factor for its rows."""
    mean = unlabelled.mean(axis=0)
    return (x - mean) @ np.linalg.svd(unlabelled - mean, full_matrices=False)[2][:, :size]


def reconstruct(unlabelled, x, size):
    mean = unlabelled.mean(axis=0)
    axes = np.linalg.svd(unlabelled - mean, full_matrices=False)[2][:size]
    return principal(unlabelled, x, size) @ axes + mean


PRINCIPAL = Exercise(
    id="03.7",
    title=text("Features from pictures without labels", "从无标签图片得到特征"),
    points=3,
    objective="O5",
    function="principal_features",
    drawing=drawings.points(
        across=text("first direction", "第一方向"), down=text("second direction", "第二方向")
    ),
    inputs=draw_unlabelled,
    reference=principal,
    comparator=up_to_sign(rtol=1e-4, atol=1e-5),
    tensors=False,
    forbidden=("sklearn.decomposition.PCA",),
    pitfalls=(
        Pitfall(
            "not_centred",
            lambda unlabelled, x, size: principal(unlabelled, x, size, mean=0 * unlabelled[0]),
            text(
                "You did not subtract the mean: the first direction then points at the mean picture instead of along the differences.",
                "你没有减去均值：第一个方向就会指向平均图片，而不是沿着图片之间的差别。",
            ),
        ),
        Pitfall(
            "x_not_centred",
            lambda unlabelled, x, size: principal(unlabelled, x + unlabelled.mean(axis=0), size),
            text(
                "The directions are right, but the mean has to be subtracted from `x`, too.",
                "方向是对的，但 `x` 也要减去均值。",
            ),
        ),
        Pitfall(
            "own_mean",
            lambda unlabelled, x, size: (
                principal(unlabelled, x, size) - principal(unlabelled, x, size).mean(axis=0)
            ),
            text(
                "You centred `x` by its own mean. What was learned, mean and directions, comes from the unlabelled pictures; new ones "
                "use it as it is.",
                "你用 `x` 自己的均值去中心化。学到的东西（均值与方向）来自无标签图片，新图片照用就行。",
            ),
        ),
        Pitfall(
            "learned_on_x",
            lambda unlabelled, x, size: principal(x, x, size),
            text(
                "You learned the directions on `x`. They come from the unlabelled pictures alone.",
                "你在 `x` 上学了方向。方向只能从无标签图片中来。",
            ),
        ),
        Pitfall(
            "learned_on_both",
            lambda unlabelled, x, size: principal(np.concatenate([unlabelled, x]), x, size),
            text(
                "You learned on both sets together. `x` may hold the pictures to be judged on: keep them out.",
                "你把两组合在一起学了。`x` 里可能有用来评判的图片：不要让它们参与。",
            ),
        ),
        Pitfall(
            "last_directions",
            lambda unlabelled, x, size: principal(unlabelled, x, size, first=4 - size)[:, ::-1],
            text(
                "You took the directions of *least* variance. (`eigh` sorts upwards, `svd` downwards.)",
                "你取的是方差**最小**的方向。（`eigh` 从小到大排，`svd` 从大到小排。）",
            ),
        ),
        Pitfall(
            "columns_for_rows",
            along_columns,
            text(
                "You took columns of `svd`'s third factor. That factor is Vᵀ: the directions are its *rows*.",
                "你取的是 `svd` 第三个因子的列。那个因子是 Vᵀ：方向是它的**行**。",
            ),
        ),
        Pitfall(
            "whitened",
            lambda unlabelled, x, size: principal(unlabelled, x, size, scaled=True),
            text(
                "You divided by the singular values. That is whitening, another representation; here plain coordinates are asked for.",
                "你除以了奇异值。那叫白化，是另一种表示；这里要的是普通的坐标。",
            ),
        ),
        Pitfall(
            "reconstruction",
            reconstruct,
            text(
                "That is the picture rebuilt from its features, as large as before. The features themselves are asked for, N×size.",
                "这是由特征重建出来的图片，和原来一样大。要的是特征本身，N×size。",
            ),
        ),
    ),
    hints=(
        text(
            "Subtract the *unlabelled* mean from both. The directions are right singular vectors of the centred unlabelled matrix.",
            "两边都减去**无标签数据**的均值。方向是中心化之后的无标签矩阵的右奇异向量。",
        ),
        text(
            "`_, _, axes = np.linalg.svd(centred, full_matrices=False)`: the rows of `axes` are the directions, the most important first.",
            "`_, _, axes = np.linalg.svd(centred, full_matrices=False)`：`axes` 的各行就是方向，最重要的在前。",
        ),
        text(
            "The features are the coordinates along the first `size` rows: `(x - mean) @ axes[:size].T`.",
            "特征就是沿前 `size` 行的坐标：`(x - mean) @ axes[:size].T`。",
        ),
    ),
    survivors={
        "unlabelled - mean → mean - unlabelled": "right: a direction has no sign of its own",
        "x - mean → mean - x": "right: each column is compared up to its sign",
    },
    right={
        "numpy": (
            "def principal_features(unlabelled, x, size):\n"
            "    mean = unlabelled.mean(axis=0)\n"
            "    values, vectors = np.linalg.eigh(np.cov(unlabelled.T))\n"
            "    return (x - mean) @ vectors[:, ::-1][:, :size]\n",
            "def principal_features(unlabelled, x, size):\n"
            "    mean = np.mean(unlabelled, axis=0)\n"
            "    u, s, vt = np.linalg.svd((unlabelled - mean).T)\n"
            "    return np.stack([(x - mean) @ u[:, i] for i in range(size)], axis=1)\n",
        )
    },
)

# 03.8 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="03.8",
    title=text("Three sentences of a report", "报告里的三句话"),
    points=3,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "Sentence 1: the classification weights of ResNet-50 were trained with ImageNet's human labels, so this is "
                "*supervised* pre-training (½); without labels would be, for instance, predicting rotations, masked parts or "
                "agreeing views, where the targets come from the pictures themselves (½).",
                "第一句：ResNet-50 的分类权重是用 ImageNet 的人工标签训练的，属于**有监督**预训练（½ 分）；不用标签的例子，如预测旋转、"
                "预测被遮住的部分、让两个视图一致，目标来自图片本身（½ 分）。",
            ),
        ),
        (
            1,
            text(
                "Sentence 2: it misses controls, such as the same network with random weights or trained from scratch, a trivial "
                "baseline, several draws with an interval (½ for one, 1 for two).",
                "第二句：缺少对照，如同样的网络用随机权重或从零训练、简单的基线、多次抽样与区间（举出一条 ½ 分，两条 1 分）。",
            ),
        ),
        (
            1,
            text(
                "Sentence 3: the constants and BatchNorm's statistics are part of the function that was learned, with others it is "
                "another function; and taking them from the test pictures uses the test data (½); keep the source's, or measure the "
                "change on a development part (½).",
                "第三句：归一化常数与 BatchNorm 统计量是所学函数的一部分，换掉就成了另一个函数；而且从测试图片上取，等于用了测试数据（½ 分）；"
                "应当沿用源域的，或在开发集上测量改动的效果（½ 分）。",
            ),
        ),
    ),
)

EXERCISES = (
    TRANSFER,
    LEAVE_ONE_OUT,
    CHOOSE_SOURCE,
    FOLD,
    MOVED,
    JIGSAW_TASK,
    PRINCIPAL,
    REPORT,
)
QUIZZES = (
    Quiz(
        id="03.q1",
        question=text(
            "A program trains a network on the training pictures of MNIST, copies all weights into a second network, trains that one "
            "on the *test* pictures, and would report 0.99 on them. What does the 0.99 say about new pictures?",
            "一个程序在 MNIST 的训练图片上训练网络，把全部权重复制到第二个网络，再用**测试**图片训练它，然后准备在这些图片上报告 0.99。"
            "这个 0.99 对新图片说明了什么？",
        ),
        options=(
            Option(
                text("It will be right about 99 times in 100", "一百张里大约对九十九张"),
                text(
                    "It was trained on just these pictures. Whoever has seen the exam does well in it.",
                    "它就是在这些图片上训练的。见过考题的人，考试当然考得好。",
                ),
            ),
            Option(
                text("Next to nothing", "几乎什么也说明不了"),
                text(
                    "Yes. And nothing is left with which one could find out.",
                    "对。而且再没有数据可以用来弄清楚了。",
                ),
                right=True,
            ),
            Option(
                text("That transfer works", "说明迁移有效"),
                text(
                    "Source and target are the same task on the same kind of pictures, and nothing is compared with a start from scratch.",
                    "源与目标是同类图片上的同一个任务，而且没有与从零训练作比较。",
                ),
            ),
        ),
    ),
    Quiz(
        id="03.q2",
        question=text(
            "Four networks of one structure each see 4,000 pictures: letters, fractals, geometric shapes, and digits whose only "
            "target is how far they were turned. Which one's features tell handwritten digits apart best, two labels per class?",
            "四个结构相同的网络各看 4,000 张图片：字母、分形、几何图形，以及只以“转了多少度”为目标的数字。"
            "每类两个标签时，哪一个的特征最能分清手写数字？",
        ),
        options=(
            Option(
                text("Letters", "字母"),
                text(
                    "Yes. They are strokes, and the place and direction of the strokes decide which letter it is.",
                    "对。字母由笔画组成，而笔画的位置和方向决定了是哪个字母。",
                ),
                right=True,
            ),
            Option(
                text("Shapes: they are the simplest", "几何图形：最简单"),
                text(
                    "Simple they are. But their labels reward something that digits cannot afford. See below.",
                    "确实简单。但它们的标签所奖励的东西，恰恰是认数字时要不得的。往下看。",
                ),
            ),
            Option(
                text(
                    "Turned digits: they are the target's own pictures",
                    "转动的数字：本来就是目标域的图片",
                ),
                text(
                    "They are, but “which way up?” is another question than “which digit?”. The pictures matter, the targets matter more.",
                    "图片是的，但“哪边朝上”和“是哪个数字”是两个问题。图片重要，目标更重要。",
                ),
            ),
            Option(
                text("All alike: edges are edges", "都差不多：边缘总是边缘"),
                text(
                    "That is often said, and it holds at best for the first layer. Look at the table.",
                    "常有人这么说，但至多对第一层成立。请看表。",
                ),
            ),
        ),
    ),
    Quiz(
        id="03.q3",
        question=text(
            "A network is trained on letters for a few seconds. In which layer do the weights move farthest, measured by their own length?",
            "一个网络在字母上训练了几秒钟。按权重自身的长度来衡量，哪一层动得最远？",
        ),
        options=(
            Option(
                text("In the first: it learns edges before all else", "第一层：先学会看边缘"),
                text(
                    "By this measure it moves least. Whether that means that it learned least is another question: see below the table.",
                    "按这个量法，它动得最少。这是不是等于学得最少，是另一个问题：见表后的说明。",
                ),
            ),
            Option(
                text("In the last block", "最后一个块"),
                text(
                    "Yes, by this measure. Why, and that it says less than it seems, stands below the table.",
                    "对，按这个量法是这样。为什么，以及它说明的其实没有看上去那么多，见表后的说明。",
                ),
                right=True,
            ),
            Option(
                text("Everywhere alike", "处处一样"),
                text(
                    "Measured by their own length, no: by a factor of several. But keep the thought when you read the middle column.",
                    "以自身长度衡量，并非如此，相差好几倍。不过看表的中间一列时，请记着这个想法。",
                ),
            ),
        ),
    ),
    Quiz(
        id="03.q4",
        question=text(
            "Which of these was pre-trained *without* labels that people made?",
            "下面哪一个是**不用**人工标签预训练的？",
        ),
        options=(
            Option(
                text(
                    "ResNet-50 with torchvision's ImageNet weights",
                    "torchvision 的 ImageNet 权重的 ResNet-50",
                ),
                text(
                    "People assigned each of its 1.28 million training pictures to one of 1,000 classes.",
                    "它的 128 万张训练图片，每一张都由人归入 1000 类之一。",
                ),
            ),
            Option(
                text("BERT", "BERT"),
                text(
                    "Yes: it predicts hidden words and whether two pieces of text follow one another; both targets come from the text.",
                    "对：它预测被遮住的词，以及两段文字是否相接；两种目标都来自文本本身。",
                ),
                right=True,
            ),
            Option(
                text("This course's glyphnet", "本课程的 glyphnet"),
                text(
                    "Its targets are letters' names. They cost no labour, since a program drew the pictures, but they are labels of the "
                    "task: supervised.",
                    "它的目标是字母的名称。图片是程序画的，标签不费人工，但它们就是任务的标签：有监督。",
                ),
            ),
            Option(
                text("VGG16 with ImageNet weights", "ImageNet 权重的 VGG16"),
                text("The same labels as ResNet-50's.", "用的是与 ResNet-50 同样的标签。"),
            ),
        ),
    ),
    Quiz(
        id="03.q5",
        question=text(
            "You send a colleague your backbone's convolution weights. She builds the same network, loads them, and gets quite other "
            "features. What is most likely missing?",
            "你把主干的卷积权重发给同事。她搭好同样的网络，加载进去，得到的特征却大不一样。最可能缺了什么？",
        ),
        options=(
            Option(
                text("The head", "分类头"),
                text("Features are computed before the head.", "特征是在分类头之前算出来的。"),
            ),
            Option(
                text(
                    "BatchNorm's statistics and scales, and the pixels' normalisation",
                    "BatchNorm 的统计量和缩放，以及像素的归一化常数",
                ),
                text(
                    "Yes. They belong to the function that was learned as much as the weights do.",
                    "对。它们和权重一样，属于学到的函数。",
                ),
                right=True,
            ),
            Option(
                text("The optimizer's state", "优化器的状态"),
                text(
                    "It is needed to go on training, not to compute features.",
                    "继续训练才用得上，算特征用不着。",
                ),
            ),
        ),
    ),
)
