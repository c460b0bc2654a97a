"""Exercises and questions of chapter 00: how exercises work, the game by hand, and what one should know."""

from __future__ import annotations

import numpy as np

from course_lib import judging
from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import PARTS, draw_tiny


def _most_frequent(y):
    return int(np.argmax(np.bincount(y)))


def _above_baseline(y_learn, y_held_out, guesses):
    accuracy = float(np.mean(guesses == y_held_out))
    return accuracy, accuracy - float(np.mean(y_held_out == _most_frequent(y_learn)))


def _labels(rng):
    """The learning half's most frequent class is the rarest in the held-out half."""
    classes = rng.permutation(4)
    y_learn = rng.permutation(np.repeat(classes, [7, 5, 4, 3]))
    # No share is 1/4: which class was taken shows.
    y_held_out = rng.permutation(np.repeat(classes, [3, 6, 5, 4]))
    guesses = y_held_out.copy()
    # Some classifiers lie above the baseline, and some below it.
    how_many = rng.integers(2, 6) if rng.random() < 0.5 else rng.integers(16, 18)
    missed = rng.permutation(18)[:how_many]
    guesses[missed] = (guesses[missed] + rng.integers(1, 4, size=how_many)) % 4
    return {"y_learn": y_learn, "y_held_out": y_held_out, "guesses": guesses}


# 00.3 ---------------------------------------------------------------------------------------------


def _softmax(z):
    shares = np.exp(z - z.max())
    return shares / shares.sum()


def _gap(h, weights, bias):
    """Give the winner's weights minus the runner-up's: D."""
    runner_up, winner = np.argsort(h @ weights + bias)[-2:]
    return weights[:, winner] - weights[:, runner_up]


def _why(h, weights, bias):
    return _softmax(h @ weights + bias), int(np.argmax(h * _gap(h, weights, bias)))


def _features_blamed(h, weights, bias):
    """Give, by mistake, the feature that it names; "right" is the right one."""
    z = h @ weights + bias
    last, last_but_one, *_ = np.argsort(z)
    winner, gap = np.argmax(z), _gap(h, weights, bias)
    others = np.delete(weights, winner, axis=1)
    return {
        "right": np.argmax(h * gap),
        "largest_feature": np.argmax(h),
        "largest_weight": np.argmax(weights[:, winner]),
        "winner_alone": np.argmax(h * weights[:, winner]),
        "feature_forgotten": np.argmax(gap),
        "largest_either_way": np.argmax(abs(h * gap)),
        "against_the_last": np.argmax(h * (weights[:, winner] - weights[:, last])),
        "the_two_lowest": np.argmax(h * (weights[:, last] - weights[:, last_but_one])),
        "against_the_mean": np.argmax(h * (weights[:, winner] - others.mean(axis=1))),
    }


def _draw_decision(rng):
    """Draw a decision in which each mistake blames another feature than the right one."""
    while True:
        h = np.round(rng.uniform(0, 1.2, size=8), 2).astype(np.float32)
        classes = int(rng.integers(3, 6))
        weights = np.round(rng.normal(size=(8, classes)), 2).astype(np.float32)
        bias = np.round(rng.normal(size=classes), 2).astype(np.float32)
        blamed = _features_blamed(h, weights, bias)
        right, *wrong = blamed.values()
        z = h @ weights + bias
        steps = np.diff(np.sort(z))
        terms = np.sort(h * _gap(h, weights, bias))
        clear = steps.min() > 0.15 and terms[-1] - terms[-2] > 0.05 and z.max() > 0.5
        told_apart = right not in (*wrong, z.argmax()) and len(set(wrong)) > 4
        told_apart &= blamed["largest_weight"] != blamed["winner_alone"]
        told_apart &= blamed["against_the_last"] != blamed["against_the_mean"]
        unsorted = np.diff(z).max() > 0 and np.argmax(z - bias) != z.argmax()
        if clear and told_apart and unsorted:
            return {"h": h, "weights": weights, "bias": bias}


def _blames(name):
    return lambda h, weights, bias: (
        _softmax(h @ weights + bias),
        int(_features_blamed(h, weights, bias)[name]),
    )


def _shares(give):
    """A mistake in the probabilities: the feature is the right one."""
    return lambda h, weights, bias: (give(h @ weights + bias), _why(h, weights, bias)[1])


WHY = Exercise(
    id="00.3",
    title=text("Why this class, and not the other?", "为什么是这一类，而不是那一类？"),
    points=5,
    objective="O3",
    function="why",
    drawing=drawings.bars("0", across=text("class", "类别"), down=text("probability", "概率")),
    inputs=_draw_decision,
    reference=_why,
    comparator=close(rtol=1e-4, atol=1e-5),
    draws=4,
    tensors=False,
    forbidden=("course_lib.calibration.softmax", "scipy.special.softmax"),
    parts={
        "0": text("the probabilities", "概率"),
        "1": text("the deciding feature", "起决定作用的特征"),
    },
    pitfalls=(
        Pitfall(
            "largest_feature",
            _blames("largest_feature"),
            text(
                "The probabilities are right. You named the feature that is largest in the picture; but it may speak "
                "for both classes alike. What does a feature add to the *difference* of the two scores?",
                "概率对了。你给出的是图中数值最大的特征，可它也许对两个类别都一样有利。一个特征给两个得分之**差**贡献了多少？",
            ),
        ),
        Pitfall(
            "largest_weight",
            _blames("largest_weight"),
            text(
                "The probabilities are right. You named the feature with the winner's largest weight. A weight counts "
                "only as much as its feature occurs in the picture, and the runner-up has a weight for it, too.",
                "概率对了。你给出的是胜者那一列里权重最大的特征。可是特征在图中出现得有多强，权重才起多大作用；而且第二名对这个特征也有自己的权重。",
            ),
        ),
        Pitfall(
            "winner_alone",
            _blames("winner_alone"),
            text(
                "The probabilities are right. You looked at the winner's score alone: what raised it may have raised the "
                "runner-up's as much. Take the difference of the two scores, and write it as a sum over features.",
                "概率对了。你只看了胜者的得分：抬高它的特征，也许把第二名抬得一样高。请写出两个得分之差，再把它写成对各个特征的求和。",
            ),
        ),
        Pitfall(
            "feature_forgotten",
            _blames("feature_forgotten"),
            text(
                "The probabilities are right. You compared the two columns of weights, but a difference of weights counts "
                "only as much as its feature occurs in *this* picture.",
                "概率对了。你比较了两列权重，但是权重之差要乘上特征在**这张**图里出现的强度。",
            ),
        ),
        Pitfall(
            "against_the_winner",
            _blames("largest_either_way"),
            text(
                "The probabilities are right. You named the feature that speaks most *against* the winner: either your "
                "difference is the other way round (it is winner minus runner-up), or you took the largest term without its sign.",
                "概率对了。你给出的是最**不利于**胜者的特征：要么减的方向反了（应当是胜者减第二名），要么取了绝对值最大的一项。",
            ),
        ),
        Pitfall(
            "against_the_last",
            _blames("against_the_last"),
            text(
                "The probabilities are right. You compared the winner with the class of the *lowest* score. `argsort` goes "
                "from low to high: the runner-up is the last but one.",
                "概率对了。你拿胜者跟得分**最低**的类别比了。`argsort` 从低到高排列，第二名是倒数第二个。",
            ),
        ),
        Pitfall(
            "against_the_mean",
            _blames("against_the_mean"),
            text(
                "The probabilities are right. You compared the winner with the mean of all other classes; asked is the "
                "runner-up alone, the class with the second highest score.",
                "概率对了。你拿胜者跟其余各类的平均比了；要比的只是第二名，也就是得分第二高的那一类。",
            ),
        ),
        Pitfall(
            "no_exponential",
            _shares(lambda z: z / z.sum()),
            text(
                "You divided the scores by their sum. Scores may be negative, and then so are your probabilities: softmax "
                "takes e to the power of each score first.",
                "你把得分除以了总和。得分可能是负的，这样算出的概率也会是负的：softmax 要先取 e 的得分次方。",
            ),
        ),
        Pitfall(
            "one_by_one",
            _shares(lambda z: 1 / (1 + np.exp(-z))),
            text(
                "That is a sigmoid for each class by itself; these do not add up to 1. In softmax each class is divided by "
                "the sum over *all* classes.",
                "这是对每一类单独取 sigmoid，加起来不等于 1。softmax 里，每一类都要除以**所有**类别之和。",
            ),
        ),
        Pitfall(
            "not_divided",
            _shares(np.exp),
            text(
                "Your numbers do not add up to 1: divide by their sum.",
                "你的数加起来不等于 1：还要除以它们的总和。",
            ),
        ),
        Pitfall(
            "only_scores",
            _shares(lambda z: z),
            text(
                "The first part is still the scores: turn them into probabilities with softmax.",
                "第一部分还是得分：请用 softmax 把它们变成概率。",
            ),
        ),
        Pitfall(
            "sorted",
            _shares(lambda z: np.sort(_softmax(z))[::-1]),
            text(
                "The right numbers in another order: leave the probabilities in the order of the classes, the columns of the "
                "weights.",
                "数是对的，次序不对：概率要按类别的次序，也就是权重矩阵各列的次序。",
            ),
        ),
        Pitfall(
            "bias_forgotten",
            lambda h, weights, bias: _why(h, weights, 0 * bias),
            text(
                "You left out the bias b. It belongs to every score, and here it decides who wins.",
                "你漏掉了偏置 b。每个得分里都有它，在这里它还决定了谁胜出。",
            ),
        ),
        Pitfall(
            "the_two_lowest",
            _blames("the_two_lowest"),
            text(
                "The probabilities are right. You compared the two classes of the *lowest* scores: `argsort` goes from low to high.",
                "概率对了。你比较的是得分**最低**的两类：`argsort` 从低到高排列。",
            ),
        ),
        Pitfall(
            "counted_from_one",
            lambda h, weights, bias: (
                _softmax(h @ weights + bias),
                _why(h, weights, bias)[1] + 1,
            ),
            text(
                "The right feature, but counted from 1: features are counted from 0 here, as NumPy does.",
                "特征找对了，但你是从 1 数起的：这里和 NumPy 一样从 0 数起。",
            ),
        ),
        Pitfall(
            "the_term_itself",
            lambda h, weights, bias: (
                _softmax(h @ weights + bias),
                float((h * _gap(h, weights, bias)).max()),
            ),
            text(
                "You gave the largest term; asked is *which* feature it belongs to: `argmax` in place of `max`.",
                "你给出的是最大那一项的值；要的是它属于**哪个**特征：用 `argmax`，而不是 `max`。",
            ),
        ),
        Pitfall(
            "the_class",
            lambda h, weights, bias: (
                _softmax(h @ weights + bias),
                int(np.argmax(h @ weights + bias)),
            ),
            text(
                "The probabilities are right. The second number is the *class* that won; asked is the *feature* (a row of the "
                "weights) that decided.",
                "概率对了。第二个数你给的是胜出的**类别**；要的是起决定作用的**特征**（权重矩阵的行号）。",
            ),
        ),
        Pitfall(
            "in_the_other_order",
            lambda h, weights, bias: _why(h, weights, bias)[::-1],
            text(
                "The two results are in the other order: the probabilities come first.",
                "两个结果的次序反了：先是概率。",
            ),
        ),
    ),
    hints=(
        text(
            "Scores first: `h @ weights + bias` gives K numbers. `np.exp` takes e to the power of each; divide by their sum.",
            "先算得分：`h @ weights + bias` 得到 K 个数。`np.exp` 对每个数取 e 的次方，再除以总和。",
        ),
        text(
            "On paper: write both scores as sums over d and subtract. Under the sum stands, for each feature d, one product.",
            "在纸上：把两个得分都写成对 d 的求和，再相减。求和号下面，每个特征 d 对应一个乘积。",
        ),
        text(
            "`np.argsort(z)` gives the classes from the lowest score to the highest; `weights[:, k]` is the column of class k. "
            "Which vector of D products is it of which you want the `argmax`?",
            "`np.argsort(z)` 按得分从低到高给出类别；`weights[:, k]` 是类别 k 那一列。你要对哪 D 个乘积取 `argmax`？",
        ),
    ),
    right={
        "numpy": (
            "def why(h, weights, bias):\n"
            "    scores = [sum(h[d] * weights[d, k] for d in range(len(h))) + bias[k] for k in range(len(bias))]\n"
            "    powers = [np.exp(s) for s in scores]\n"
            "    best, second = sorted(range(len(scores)), key=lambda k: -scores[k])[:2]\n"
            "    terms = [h[d] * weights[d, best] - h[d] * weights[d, second] for d in range(len(h))]\n"
            "    return [p / sum(powers) for p in powers], terms.index(max(terms))\n",
            "def why(h, weights, bias):\n"
            "    z = np.einsum('d,dk->k', h, weights) + bias\n"
            "    p = np.exp(z) / np.exp(z).sum()\n"
            "    winner = p.argmax()\n"
            "    rest = p.copy()\n"
            "    rest[winner] = -1\n"
            "    terms = h[:, None] * (weights[:, [winner]] - weights)\n"
            "    return p, terms[:, rest.argmax()].argmax()\n",
        )
    },
)

# 00.4 ---------------------------------------------------------------------------------------------


def _draw_left_model(rng):
    """Draw a tiny model whose head comes frozen, and of its backbone one layer or none."""
    sizes = {"channels": rng.integers(2, 5), "features": rng.integers(5, 8)}
    model = draw_tiny(rng, **sizes, classes=int(rng.integers(2, 5)))
    backbone = [["mix"], ["norm"], []][rng.integers(3)]
    return {"frozen": [*backbone, "head"], **model}


def _numbers(arrays):
    return {part: sum(arrays[name].size for name in names) for part, names in PARTS.items()}


def _learning(frozen, returned=None, learns=("head",), **arrays):
    """Give the probe's report when these parts learn afterwards; ``returned`` of the counts."""
    sizes = _numbers(arrays)
    before = sum(size for part, size in sizes.items() if part not in frozen)
    after = sum(sizes[part] for part in learns)
    every = sum(sizes.values())
    return {
        **{part: size if part in learns else 0 for part, size in sizes.items()},
        "returned": returned(before, after, every) if returned else [before, after],
        "values_kept": True,
    }


def _returns(returned):
    """Right settings, another pair of numbers."""
    return lambda frozen, **arrays: {
        key: value
        for key, value in _learning(frozen, returned, **arrays).items()
        if key != "values_kept"
    }


def _with_statistics(returned):
    """Right settings, but the counts of all weights hold BatchNorm's mean and variance, too (Keras)."""

    def answer(frozen, **arrays):
        every = sum(_numbers(arrays).values()) + arrays["mean"].size + arrays["variance"].size
        return _returns(lambda before, after, _: returned(every, after))(frozen, **arrays)

    return answer


def _learns(parts):
    """These parts learn afterwards, whatever was returned."""

    def answer(frozen, **arrays):
        learns = parts(frozen)
        report = _learning(frozen, learns=learns, **arrays)
        return {part: report[part] for part in PARTS}

    return answer


def _arrays_learning(frozen, **arrays):
    """Give counts of arrays in place of numbers: what ``len`` of the list of weights gives."""
    report = _learning(frozen, **arrays)
    before = sum(len(names) for part, names in PARTS.items() if part not in frozen)
    return {**{part: report[part] for part in PARTS}, "returned": [before, len(PARTS["head"])]}


_HEAD_ONLY = {
    "pytorch": (
        "def only_the_head(model):\n"
        "    def count():\n"
        "        return sum(w.numel() for w in model.parameters() if w.requires_grad)\n"
        "    before = count()\n"
        "    model.backbone.requires_grad_(False)\n"
        "    model.head.requires_grad_(True)\n"
        "    return before, count()\n"
    ),
    "keras": (
        "import math\n\n\n"
        "def only_the_head(model):\n"
        "    def count():\n"
        "        return sum(math.prod(w.shape) for w in model.trainable_weights)\n"
        "    before = count()\n"
        "    model.backbone.trainable = False\n"
        "    model.head.trainable = True\n"
        "    return before, count()\n"
    ),
}


def _head_only(pytorch=None, keras=None):
    """Give the right answer with one piece exchanged, per framework."""
    changes = {"pytorch": pytorch, "keras": keras}
    return {
        half: _HEAD_ONLY[half].replace(*change, 1) for half, change in changes.items() if change
    }


ONLY_THE_HEAD = Exercise(
    id="00.4",
    title=text("What learns here?", "这里谁在学？"),
    points=4,
    objective="O4",
    function="only_the_head",
    inputs=_draw_left_model,
    reference=_learning,
    comparator=equal(),
    probe="learning",
    forbidden=tuple(
        f"course_lib.{half}.{name}"
        for half in ("pytorch", "keras")
        for name in ("freeze", "unfreeze", "freeze_plan", "count_parameters")
    ),
    parts={
        "mix": text(
            "learning afterwards, in the backbone's first layer", "改完之后，主干第一层里在学的个数"
        ),
        "norm": text(
            "learning afterwards, in the backbone's second layer",
            "改完之后，主干第二层里在学的个数",
        ),
        "head": text("learning afterwards, in the head", "改完之后，分类头里在学的个数"),
        "returned": text("the two numbers returned", "返回的两个数"),
        "values_kept": text("“no weight was changed”", "“权重的值没有变”"),
    },
    pitfalls=(
        Pitfall(
            "head_left_frozen",
            _learns(lambda frozen: ()),
            text(
                "Nothing learns now. The head came frozen (others had left the model), or you have frozen all of it: after the "
                "backbone is off, switch the head *on*. (In Keras set the two parts themselves: `model.trainable = False` holds the whole "
                "model, whatever a part says afterwards, and on TensorFlow `model.trainable = True` changes nothing inside a model that has "
                "this flag already.)",
                "现在什么都不学了。要么分类头来的时候就是冻结的（模型是别人留下的），要么你把整个模型都冻结了：关掉主干之后，"
                "还要把分类头**打开**。（Keras 里要分别设两个部分：`model.trainable = False` 管住整个模型，之后再放开某一部分也没有用；"
                "用 TensorFlow 时，如果模型的标志本来就是 True，再设 `model.trainable = True`，里面什么也不会变。）",
            ),
            code=_head_only(
                ("    model.head.requires_grad_(True)\n", ""),
                ("    model.head.trainable = True\n", ""),
            ),
        ),
        Pitfall(
            "everything_learns",
            _learns(lambda frozen: ("mix", "norm", "head")),
            text(
                "Everything learns now, the backbone too: only the head should.",
                "现在全都在学，连主干也在学：应当只有分类头在学。",
            ),
            code=_head_only(
                ("model.backbone.requires_grad_(False)", "model.requires_grad_(True)"),
                (
                    "    model.backbone.trainable = False",
                    "    model.trainable = False\n    model.trainable = True",
                ),
            ),
        ),
        Pitfall(
            "backbone_left_as_it_was",
            _learns(lambda frozen: (*(p for p in ("mix", "norm") if p not in frozen), "head")),
            text(
                "The head learns, but so does what had not been frozen in the backbone. (PyTorch: `requires_grad` belongs to each "
                "weight; as an attribute of the backbone itself it does nothing. `requires_grad_(False)`, with the underscore at its end, sets all of them.)",
                "分类头在学，可是主干里原先没有冻结的部分也在学。（PyTorch：requires_grad 是每个权重的属性，设在主干本身上不起作用；"
                "末尾带下划线的 `requires_grad_(False)` 才会把里面的权重都设好。）",
            ),
            code=_head_only(
                ("model.backbone.requires_grad_(False)", "model.backbone.requires_grad = False"),
                ("    model.backbone.trainable = False\n", ""),
            ),
        ),
        Pitfall(
            "backbone_learns_instead",
            _learns(lambda frozen: ("mix", "norm")),
            text(
                "The wrong way round: now the backbone learns and the head does not.",
                "正好反了：现在主干在学，分类头不学。",
            ),
            code={
                "pytorch": _HEAD_ONLY["pytorch"]
                .replace("(False)", "(?)")
                .replace("(True)", "(False)")
                .replace("(?)", "(True)"),
                "keras": _HEAD_ONLY["keras"].replace(
                    "    model.backbone.trainable = False\n    model.head.trainable = True\n",
                    "    for layer in model.backbone.layers:\n        layer.trainable = True\n",
                ),
            },
        ),
        Pitfall(
            "as_it_came",
            _learns(lambda frozen: tuple(p for p in PARTS if p not in frozen)),
            text(
                "The model learns just what it learned when it came: of the backbone still something, of the head nothing. Set both "
                "parts, the backbone off and the head on. (In Keras on TensorFlow, `trainable = True` on a part that has this flag "
                "already does nothing for what is frozen inside it.)",
                "模型还是来的时候那样：主干里仍有部分在学，分类头不学。两个部分都要设：关掉主干，打开分类头。"
                "（Keras 用 TensorFlow 时，如果一个部分的标志本来就是 True，再设 `trainable = True`，对里面冻结的层不起作用。）",
            ),
            code=_head_only(
                (
                    "    model.backbone.requires_grad_(False)\n    model.head.requires_grad_(True)\n",
                    "",
                ),
                ("    model.backbone.trainable = False\n    model.head.trainable = True\n", ""),
            ),
        ),
        Pitfall(
            "counted_too_late",
            _returns(lambda before, after, every: [after, after]),
            text(
                "The right part learns, but both numbers are those of afterwards: count once *before* you change anything.",
                "该学的部分对了，可是两个数都是改完之后的：在动手**之前**要先数一次。",
            ),
            code=_head_only(
                ("    return before, count()", "    return count(), count()"),
                ("    return before, count()", "    return count(), count()"),
            ),
        ),
        Pitfall(
            "counted_everything",
            _returns(lambda before, after, every: [every, every]),
            text(
                "The right part learns, but you counted every weight, learning or not. (PyTorch: `parameters()` gives all of "
                "them; ask each for its `requires_grad`. Keras: take `trainable_weights`.)",
                "该学的部分对了，可是你把所有权重都数了，不管学不学。（PyTorch：`parameters()` 给出全部，要逐个看 `requires_grad`；"
                "Keras：用 `trainable_weights`。）",
            ),
            code=_head_only((" if w.requires_grad", ""), None)
            | {
                "keras": _HEAD_ONLY["keras"].replace(
                    "for w in model.trainable_weights",
                    "for w in model.weights if 'moving' not in w.name",
                )
            },
        ),
        Pitfall(
            "all_then_head",
            _returns(lambda before, after, every: [every, after]),
            text(
                "The right part learns, and the second number is right. The first one counts all weights; but some did not learn "
                "when the model came.",
                "该学的部分对了，第二个数也对了。第一个数把所有权重都数了进去；可是模型来的时候，有些并不在学。",
            ),
            code=_head_only(
                (
                    "    before = count()",
                    "    before = sum(w.numel() for w in model.parameters())",
                ),
                (
                    "    before = count()",
                    "    before = sum(math.prod(w.shape) for w in model.weights if 'moving' not in w.name)",
                ),
            ),
        ),
        Pitfall(
            "counted_everything_and_statistics",
            _with_statistics(lambda every, after: [every, every]),
            text(
                "The right part learns, but you counted all that the model holds, learning or not, even BatchNorm's statistics: take "
                "`trainable_weights`.",
                "该学的部分对了，可是你把模型里所有的数都数了，不管学不学，连批归一化的统计量也在内：请用 `trainable_weights`。",
            ),
            code={
                "keras": _HEAD_ONLY["keras"].replace("model.trainable_weights", "model.weights"),
            },
        ),
        Pitfall(
            "all_and_statistics_then_head",
            _with_statistics(lambda every, after: [every, after]),
            text(
                "The right part learns, and the second number is right. The first one counts all that the model holds, even BatchNorm's "
                "statistics; but some weights did not learn when the model came.",
                "该学的部分对了，第二个数也对了。第一个数把模型里所有的数都数了，连批归一化的统计量也在内；可是模型来的时候，有些权重并不在学。",
            ),
            code=_head_only(None, ("    before = count()", "    before = model.count_params()")),
        ),
        Pitfall(
            "counted_arrays",
            _arrays_learning,
            text(
                "The right part learns, but you counted the arrays; each holds many numbers. (PyTorch: `w.numel()`. Keras: "
                "`math.prod(w.shape)`.)",
                "该学的部分对了，可是你数的是数组的个数，每个数组里有许多数。（PyTorch：`w.numel()`；Keras：`math.prod(w.shape)`。）",
            ),
            code=_head_only(("w.numel()", "1"), ("math.prod(w.shape)", "1")),
        ),
        Pitfall(
            "in_the_other_order",
            _returns(lambda before, after, every: [after, before]),
            text(
                "The two numbers are in the other order: before your change, then after it.",
                "两个数的次序反了：先是改动之前的，再是之后的。",
            ),
            code=_head_only(
                ("    return before, count()", "    return count(), before"),
                ("    return before, count()", "    return count(), before"),
            ),
        ),
        Pitfall(
            "frozen_ones_counted",
            _returns(lambda before, after, every: [every - before, every - after]),
            text(
                "The right part learns, but you counted the weights that do *not* learn.",
                "该学的部分对了，可是你数的是**不**在学的权重。",
            ),
            code=_head_only(("if w.requires_grad", "if not w.requires_grad"), None)
            | {
                "keras": _HEAD_ONLY["keras"].replace(
                    "for w in model.trainable_weights",
                    "for w in model.weights if not w.trainable and 'moving' not in w.name",
                )
            },
        ),
        Pitfall(
            "values_changed",
            lambda frozen, **arrays: {"values_kept": False},
            text(
                "Values of weights have changed: was the head replaced by a new one? Only the flags should change, not what has been "
                "learned.",
                "有权重的值变了：是不是换了一个新的分类头？要改的只是标志，已经学到的东西不要动。",
            ),
            code=_head_only(
                (
                    "    model.head.requires_grad_(True)",
                    "    model.head = torch.nn.Linear(model.head.in_features, model.head.out_features)",
                ),
                (
                    "    model.head.trainable = True",
                    "    model.head.trainable = True\n    model.head.kernel.assign(0 * model.head.kernel)",
                ),
            ),
        ),
        Pitfall(
            "nothing_returned",
            _returns(lambda before, after, every: [-1, -1]),
            text(
                "The right part learns, but your function returns nothing: `return` the two numbers.",
                "该学的部分对了，可是函数什么也没有返回：请 `return` 两个数。",
            ),
            code=_head_only(
                ("    return before, count()\n", ""), ("    return before, count()\n", "")
            ),
        ),
    ),
    hints=(
        text(
            "Three steps in this order: count, set, count again. A small function of your own for counting saves writing it twice.",
            "依次三步：数一数，设好，再数一数。计数写成一个小函数，就不必写两遍。",
        ),
        text(
            "Set *both* parts, one off and one on: you do not know how they came.",
            "**两个**部分都要设，一个关，一个开：你不知道它们来的时候是什么样。",
        ),
        text(
            "PyTorch: `sum(w.numel() for w in … if …)`, and `requires_grad_(…)` of a part. Keras: "
            "`sum(math.prod(w.shape) for w in …)`, and `trainable = …` of a part.",
            "PyTorch：`sum(w.numel() for w in … if …)`，以及某一部分的 `requires_grad_(…)`。Keras："
            "`sum(math.prod(w.shape) for w in …)`，以及某一部分的 `trainable = …`。",
        ),
    ),
    right={
        "pytorch": (
            "def only_the_head(model):\n"
            "    learning = [w for w in model.parameters() if w.requires_grad]\n"
            "    for w in model.parameters():\n"
            "        w.requires_grad = False\n"
            "    for w in model.head.parameters():\n"
            "        w.requires_grad = True\n"
            "    return sum(map(torch.numel, learning)), model.head.weight.numel() + model.head.bias.numel()\n",
            "def only_the_head(model):\n"
            "    counts = [0, 0]\n"
            "    for name, w in model.named_parameters():\n"
            "        counts[0] += w.nelement() * w.requires_grad\n"
            "        w.requires_grad_(name.startswith('head'))\n"
            "        counts[1] += w.nelement() * w.requires_grad\n"
            "    model.backbone.eval()\n"
            "    return counts\n",
        ),
        "keras": (
            "def only_the_head(model):\n"
            "    before = sum(w.numpy().size for w in model.trainable_variables)\n"
            "    model.trainable = False\n"
            "    model.trainable = True\n"
            "    model.backbone.trainable = False\n"
            "    return [before, sum(w.numpy().size for w in model.trainable_variables)]\n",
            "def only_the_head(model):\n"
            "    before = sum(np.prod(w.shape) for w in model.trainable_weights)\n"
            "    for layer in model.backbone.layers:\n"
            "        layer.trainable = False\n"
            "    model.head.trainable = True\n"
            "    return int(before), model.head.count_params()\n",
        ),
    },
)

# 00.5 ---------------------------------------------------------------------------------------------


def _draw_new_pictures(rng):
    """Draw dark strokes on paper that is not quite white, and a head with its mean and deviation."""
    pictures = rng.integers(150, 241, size=(int(rng.integers(3, 5)), 2, 3, 1))
    ink = rng.random(pictures.shape) < 0.4
    pictures = np.where(ink, rng.integers(20, 90, size=pictures.shape), pictures)
    return {
        "pictures": pictures.astype(np.uint8),
        "mean": rng.uniform(0.3, 0.6, size=6).astype(np.float32),
        "deviation": float(np.round(rng.uniform(0.15, 0.4), 3)),
        "weights": rng.normal(size=(6, 3)).astype(np.float32),
        "bias": rng.normal(size=3).astype(np.float32),
    }


def _prepared(pictures, *, ink=True, whole_range=True):
    x = pictures.reshape(len(pictures), -1) / (255 if whole_range else pictures.max())
    return 1 - x if ink else x


def _scores(
    pictures, mean, deviation, weights, bias, *, ink=True, whole_range=True, own_mean=False
):
    x = _prepared(pictures, ink=ink, whole_range=whole_range)
    return (x - (x.mean(axis=0) if own_mean else mean)) / deviation @ weights + bias


def _scores_with(**bugs):
    return lambda **inputs: _scores(**inputs, **bugs)


_INK = (
    "The head learned from pictures in which ink is 1 and paper 0; compare the first two lines of `learn_head` with the first line of `buggy_scores`.",
    "分类头学习时，图片里墨是 1，纸是 0；请对照 `learn_head` 的前两行和 `buggy_scores` 的第一行。",
)
_RANGE = (
    "The number by which you divide depends on the pictures that happen to come: of a dimmer photograph the same ink gets another value.",
    "你除以的数取决于碰巧来了哪些图片：照片暗一点，同样的墨就变成了另一个值。",
)
_MEAN = (
    "You subtract a mean of the *new* pictures. For a single picture that leaves nothing but zeros, and what a picture gets depends on "
    "which others come along.",
    "你减去的是**新**图片的均值。只来一张图片时，减完全是 0；而且每张图片的得分，取决于跟它一起来的是哪些图片。",
)


def _several(*parts):
    return text(
        f"{['One bug is', 'Two bugs are', 'All three bugs are'][len(parts) - 1]} still there. "
        + " ".join(each[0] for each in parts),
        f"还有{'一二三'[len(parts) - 1]}处错误。" + "".join(each[1] for each in parts),
    )


SCORES = Exercise(
    id="00.5",
    title=text("Find the bugs: the new pictures", "找错：换了新图片就不灵"),
    points=4,
    objective="O5",
    function="scores",
    drawing=drawings.bars(across=text("class", "类别"), down=text("score", "得分")),
    inputs=_draw_new_pictures,
    reference=_scores,
    comparator=close(rtol=1e-4, atol=1e-4),
    tensors=False,
    survivors={"1 → 2": "NumPy's reshape takes -2 as it takes -1"},
    pitfalls=(
        Pitfall(
            "nothing_mended",
            _scores_with(ink=False, whole_range=False, own_mean=True),
            _several(_INK, _RANGE, _MEAN),
        ),
        Pitfall(
            "own_brightest_and_own_mean",
            _scores_with(whole_range=False, own_mean=True),
            _several(_RANGE, _MEAN),
        ),
        Pitfall(
            "paper_and_own_mean",
            _scores_with(ink=False, own_mean=True),
            _several(_INK, _MEAN),
        ),
        Pitfall(
            "paper_and_own_brightest",
            _scores_with(ink=False, whole_range=False),
            _several(_INK, _RANGE),
        ),
        Pitfall("paper", _scores_with(ink=False), _several(_INK)),
        Pitfall("own_brightest", _scores_with(whole_range=False), _several(_RANGE)),
        Pitfall("own_mean", _scores_with(own_mean=True), _several(_MEAN)),
        Pitfall(
            "own_darkest",
            lambda pictures, mean, deviation, weights, bias: (
                (((255.0 - pictures) / (255.0 - pictures).max()).reshape(len(pictures), -1) - mean)
                / deviation
                @ weights
                + bias
            ),
            _several(_RANGE),
        ),
        Pitfall(
            "not_divided",
            lambda pictures, mean, deviation, weights, bias: (
                ((255.0 - pictures.reshape(len(pictures), -1)) - mean) / deviation @ weights + bias
            ),
            text(
                "Your pictures go up to 255; the head learned from numbers between 0 and 1.",
                "你的图片数值一直到 255；分类头学习时用的是 0 到 1 之间的数。",
            ),
        ),
        Pitfall(
            "minus_only",
            lambda pictures, mean, deviation, weights, bias: (
                (-_prepared(pictures, ink=False) - mean) / deviation @ weights + bias
            ),
            text(
                "You changed the sign of the pixels. Paper must become 0 and ink 1: 255 minus the pixel comes first, as in `learn_head`.",
                "你只是给像素变了号。纸要变成 0，墨要变成 1：先用 255 减去像素，就像 `learn_head` 里那样。",
            ),
        ),
        Pitfall(
            "brightest_minus_pixel",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - (1 - pictures.max() / 255) - mean) / deviation @ weights
                + bias
            ),
            text(
                "You subtract from the brightest of *these* pixels. That number depends on the pictures that happen to come: in a dimmer photograph the same ink gets another value. Subtract from 255.",
                "你是用**这些**图片里最亮的像素来减的。这个数取决于碰巧来了哪些图片：照片暗一点，同样的墨就变成了另一个值。请用 255 来减。",
            ),
        ),
        Pitfall(
            "own_overall_mean",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - _prepared(pictures).mean()) / deviation @ weights + bias
            ),
            text(
                "One bug is still there, in another form. You subtract one number, the mean of the *new* pictures, so what a picture gets depends on which others come along. Subtract `mean`, which was learned: one number for each pixel.",
                "还有一处错误，只是换了个样子。你减去的是一个数，即**新**图片的总均值，于是每张图片的得分取决于跟它一起来的是哪些图片。应当减去学来的 `mean`，每个像素各有一个数。",
            ),
        ),
        Pitfall(
            "each_its_own_mean",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - _prepared(pictures).mean(axis=1, keepdims=True))
                / deviation
                @ weights
                + bias
            ),
            text(
                "You subtract from each picture its own mean. The head learned with *one* mean for each pixel, taken over the pictures of "
                "the learning half: `mean`.",
                "你让每张图片减去自己的均值。分类头学习时，减的是每个像素在学习那一半图片上的均值，就是 `mean`。",
            ),
        ),
        Pitfall(
            "mean_of_the_mean",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - mean.mean()) / deviation @ weights + bias
            ),
            text(
                "You subtract one number from all pixels. `mean` holds one for each pixel; NumPy subtracts row by row.",
                "你给所有像素减去同一个数。`mean` 里每个像素各有一个数，NumPy 会逐行相减。",
            ),
        ),
        Pitfall(
            "times_the_deviation",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - mean) * deviation @ weights + bias
            ),
            text(
                "You multiply by `deviation`; `learn_head` divides by it.",
                "你乘上了 `deviation`；`learn_head` 里是除以它。",
            ),
        ),
        Pitfall(
            "ink_taken_back",
            lambda pictures, mean, deviation, weights, bias: _scores(
                pictures, 1 - mean, deviation, weights, bias, ink=False
            ),
            text(
                "You turned the *mean* round, not the pictures: the sign of what comes out is wrong. Bring the pictures into the form in "
                "which the head learned.",
                "你反转的是**均值**，而不是图片，结果的正负号就反了。要把图片变成分类头学习时的样子。",
            ),
        ),
        Pitfall(
            "own_deviation",
            lambda pictures, mean, deviation, weights, bias: (
                (_prepared(pictures) - mean) / _prepared(pictures).std() @ weights + bias
            ),
            text(
                "You divided by the deviation of the *new* pictures. It, too, comes from the learning half: it is the argument "
                "`deviation`.",
                "你除以的是**新**图片的标准差。它同样出自学习的那一半，就是参数 `deviation`。",
            ),
        ),
        Pitfall(
            "not_centred",
            lambda pictures, mean, deviation, weights, bias: (
                _prepared(pictures) / deviation @ weights + bias
            ),
            text(
                "Nothing is subtracted any more. The head learned from centred numbers: subtract the mean that it was given, `mean`.",
                "现在什么都没有减。分类头学习时用的是减去均值的数：请减去给定的 `mean`。",
            ),
        ),
        Pitfall(
            "the_classes",
            lambda **inputs: _scores(**inputs).argmax(axis=1),
            text(
                "You returned the winning classes. Asked are the scores, N×K.",
                "你返回的是胜出的类别。要的是得分，N×K。",
            ),
        ),
    ),
    hints=(
        text(
            "Go through the steps that made the pictures to learn from, one after another, and put a finger on the same step in `buggy_scores`.",
            "把学习用的图片经过的步骤一步一步看过去，在 `buggy_scores` 里找到对应的那一步。",
        ),
        text(
            "Is there anything in `buggy_scores` that is computed from the pictures which happen to be there? Which numbers should stand in its place?",
            "`buggy_scores` 里有没有哪个数，是由碰巧在场的这些图片算出来的？换成哪个数才对？",
        ),
        text(
            "Three places: paper and ink, the number by which the pixels are divided, the mean that is subtracted. `deviation`, the "
            "weights and the bias are used rightly.",
            "三处：纸和墨、像素除以的数、减去的均值。`deviation`、权重和偏置都用对了。",
        ),
    ),
    right={
        "numpy": (
            "def scores(pictures, mean, deviation, weights, bias):\n"
            "    ink = (255.0 - pictures) / 255.0\n"
            "    rows = ink.reshape(pictures.shape[0], -1)\n"
            "    return bias + ((rows - mean) @ weights) / deviation\n",
            "def scores(pictures, mean, deviation, weights, bias):\n"
            "    found = []\n"
            "    for picture in pictures:\n"
            "        x = 1 - picture.astype('float64').ravel() / 255\n"
            "        found.append([((x - mean) / deviation * w).sum() + b for w, b in zip(weights.T, bias)])\n"
            "    return found\n",
            "def scores(pictures, mean, deviation, weights, bias):\n"
            "    folded = weights / deviation\n"
            "    ink = ~pictures.reshape(len(pictures), -1) / 255\n"
            "    return ink @ folded + (bias - mean @ folded)\n",
        )
    },
)

# 00.6 ---------------------------------------------------------------------------------------------


def _lows(sizes, accuracies, total):
    """Give the low end of each plan's interval, if it turns out as on the earlier heap."""
    plans = zip(accuracies, total - sizes, strict=True)
    return np.array([judging.share_interval(round(p * n), int(n)).low for p, n in plans])


def _simple_lows(sizes, accuracies, total):
    return accuracies - 1.96 * np.sqrt(accuracies * (1 - accuracies) / (total - sizes))


def _last_above(lows, baseline):
    """Give the best plan that shows it: accuracies rise from plan to plan."""
    return max(np.flatnonzero(lows > baseline), default=-1)


def _choose_split(sizes, accuracies, total, baseline):
    return int(sizes[_last_above(_lows(sizes, accuracies, total), baseline)])


def _draw_plans(rng):
    """Draw plans in which each mistake chooses another one, and rounding changes nothing."""
    while True:
        total = int(rng.integers(24, 41)) * 5
        sizes = np.sort(rng.choice(np.arange(1, total // 5), size=8, replace=False)) * 5
        top, bottom = rng.uniform(0.9, 0.97), rng.uniform(0.6, 0.75)
        accuracies = np.round(
            top - (top - bottom) * np.exp(-sizes / rng.uniform(8, 25)) + 1e-4 * sizes, 3
        )
        baseline = float(np.round(rng.uniform(0.72, 0.84), 2))
        lows = _lows(sizes, accuracies, total)
        fits = np.flatnonzero(lows > baseline)
        if len(fits) < 3 or fits[-1] > 5 or fits[0] == 0 or np.diff(accuracies).min() <= 0:
            continue
        n = total - sizes
        nearly = [
            [judging.share_interval(count, m).low for count, m in zip(counts, n, strict=True)]
            for counts in (accuracies * n, np.floor(accuracies * n))
        ]
        best, safest = fits[-1], lows.argmax()
        agree = all(_last_above(np.array(each), baseline) == best for each in nearly)
        simple = _last_above(_simple_lows(sizes, accuracies, total), baseline)
        clear = abs(lows - baseline).min() > 0.002 and safest not in (fits[0], best)
        if agree and clear and best < simple < 7 and total != 2 * sizes[best]:
            return {
                "sizes": sizes, "accuracies": accuracies, "total": total, "baseline": baseline
            }  # fmt: skip


def _plan(pick):
    """Choose another plan: ``pick`` gets the low ends and the positions of those above the baseline."""

    def answer(sizes, accuracies, total, baseline):
        lows = _lows(sizes, accuracies, total)
        return int(sizes[pick(lows, np.flatnonzero(lows > baseline))])

    return answer


CHOOSE_SPLIT = Exercise(
    id="00.6",
    title=text("How many to put away?", "该收起多少张？"),
    points=4,
    objective="O2",
    function="choose_split",
    inputs=_draw_plans,
    reference=_choose_split,
    comparator=equal(),
    survivors={
        "judging.share_interval(round(p * n), n).low > baseline → "
        "judging.share_interval(round(p * n), n).low >= baseline": "no interval ends exactly there",
    },
    draws=4,
    tensors=False,
    pitfalls=(
        Pitfall(
            "highest_accuracy",
            _plan(lambda lows, fits: -1),
            text(
                "You took the plan with the highest accuracy of all. So few pictures are put away there that the interval reaches "
                "below the baseline. (If you did compute low ends: n is the number of pictures that are *put away*, `total` minus "
                "the size; and the low end is `.low`.)",
                "你取的是准确率最高的方案。可是它收起来的图片太少，区间一直伸到基线以下。（如果你确实算了下端：n 是**收起来**的张数，"
                "也就是 `total` 减去学习的张数；下端是 `.low`。）",
            ),
        ),
        Pitfall(
            "safest",
            _plan(lambda lows, fits: lows.argmax()),
            text(
                "You took the plan whose low end is the highest: the surest one. Asked is the *best classifier* among the plans that "
                "show it: the highest accuracy among those with a low end above the baseline.",
                "你取的是区间下端最高的方案，也就是最有把握的。要的是说明得了问题的方案里**最好的分类器**：在下端高于基线的方案中，准确率最高的那个。",
            ),
        ),
        Pitfall(
            "first_that_fits",
            _plan(lambda lows, fits: fits[0]),
            text(
                "You took the first plan whose low end lies above the baseline. Others do, too, and one of them has a higher accuracy.",
                "你取的是第一个下端高于基线的方案。还有别的方案也高于基线，其中有准确率更高的。",
            ),
        ),
        Pitfall(
            "too_sure",
            lambda sizes, accuracies, total, baseline: int(
                sizes[_last_above(_simple_lows(sizes, accuracies, total), baseline)]
            ),
            text(
                "You seem to have computed p − 1.96·√(p(1 − p)/n). With few pictures and p near 1 that interval is too narrow: take "
                "the chapter's own, `judging.share_interval`.",
                "看来你用的是 p − 1.96·√(p(1 − p)/n)。图片少、p 接近 1 的时候，这个区间太窄：请用本章的 `judging.share_interval`。",
            ),
        ),
        Pitfall(
            "one_too_far",
            _plan(lambda lows, fits: fits[-1] + 1),
            text(
                "One plan too far: the low end of yours is just below the baseline.",
                "多走了一个方案：你选的那个，下端已经低于基线。",
            ),
        ),
        Pitfall(
            "how_many_put_away",
            lambda sizes, accuracies, total, baseline: (
                total - _choose_split(sizes, accuracies, total, baseline)
            ),
            text(
                "The right plan, but this is how many are put away. Asked is how many to *learn* from.",
                "方案选对了，但这是收起来的张数。要的是用来**学习**的张数。",
            ),
        ),
        Pitfall(
            "nothing_found",
            lambda sizes, accuracies, total, baseline: 0,
            text(
                "You found no plan that shows it; there is one. `share_interval(right, n)` takes two *counts*: `round(p * n)` right ones of "
                "the n that are put away. (An accuracy such as 0.9 is no count.)",
                "你没有找到说明得了问题的方案，其实是有的。`share_interval(right, n)` 要的是两个**个数**：收起来的 n 张里，认对 `round(p * n)` 张。"
                "（0.9 这样的准确率不是个数。）",
            ),
        ),
        Pitfall(
            "which_plan",
            lambda sizes, accuracies, total, baseline: int(
                _last_above(_lows(sizes, accuracies, total), baseline)
            ),
            text(
                "The right plan, but this is its position in the list. Give its size, `sizes[i]`.",
                "方案选对了，但这是它在列表里的位置。请给出张数 `sizes[i]`。",
            ),
        ),
        Pitfall(
            "accuracy_itself",
            lambda sizes, accuracies, total, baseline: float(
                accuracies[_last_above(_lows(sizes, accuracies, total), baseline)]
            ),
            text(
                "The right plan, but this is its accuracy. Give the number of pictures to learn from.",
                "方案选对了，但这是它的准确率。请给出用来学习的张数。",
            ),
        ),
        Pitfall(
            "every_plan_that_fits",
            lambda sizes, accuracies, total, baseline: sizes[
                _lows(sizes, accuracies, total) > baseline
            ],
            text(
                "These are all plans that show it; choose one: the one with the highest accuracy.",
                "这是所有说明得了问题的方案；请从中选一个：准确率最高的那个。",
            ),
        ),
    ),
    errors=(
        (
            r"truth value of an array",
            text(
                "`share_interval` takes one plan at a time: two numbers, not two arrays. Go through the plans with a loop.",
                "`share_interval` 一次只算一个方案：给它两个数，而不是两个数组。请用循环逐个看方案。",
            ),
        ),
        (
            r"^IndexError",
            text(
                "An index does not exist: perhaps because no low end lies above the baseline. `share_interval(right, n)` takes two "
                "*counts*: `round(p * n)` right ones of the n that are put away.",
                "下标不存在：也许是因为没有一个下端高于基线。`share_interval(right, n)` 要的是两个**个数**：收起来的 n 张里，认对 `round(p * n)` 张。",
            ),
        ),
    ),
    hints=(
        text(
            "Go through the plans with a loop: how many pictures are left to be put away, and how many of those would be right?",
            "用循环逐个看方案：还剩多少张可以收起来？其中会认对多少张？",
        ),
        text(
            "`judging.share_interval(round(p * n), n).low` is the low end for an accuracy p on n pictures.",
            "准确率为 p、共 n 张时，下端就是 `judging.share_interval(round(p * n), n).low`。",
        ),
        text(
            "Keep the size whenever its low end lies above the baseline. Accuracies rise from plan to plan: the last one that you "
            "keep is the best.",
            "下端高于基线就记下这个方案的张数。准确率逐个上升，所以最后记下的就是最好的。",
        ),
    ),
    right={
        "numpy": (
            "from course_lib import judging\n\n\n"
            "def choose_split(sizes, accuracies, total, baseline):\n"
            "    best = 0\n"
            "    for size, p in zip(sizes, accuracies):\n"
            "        n = total - size\n"
            "        if judging.share_interval(int(p * n), n).low > baseline:\n"
            "            best = max(best, size)\n"
            "    return best\n",
            "def choose_split(sizes, accuracies, total, baseline):\n"
            "    n, p, z = total - sizes, accuracies, 1.959964\n"
            "    middle = p + z**2 / (2 * n)\n"
            "    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))\n"
            "    shown = (middle - half) / (1 + z**2 / n) > baseline\n"
            "    return int(sizes[np.argmax(np.where(shown, p, 0))])\n",
        )
    },
)

# 00.1 and 00.2 --------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="00.1",
        title=text("Pixels to numbers", "从像素到小数"),
        points=1,
        objective="O1",
        function="to_unit",
        drawing=drawings.pictures(),
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
            Pitfall(
                "from_minus_one",
                lambda images: images / 127.5 - 1,
                text(
                    "These go from −1 to 1, the form that some published networks want. Asked is 0 to 1: black is 0.",
                    "这样得到的是 −1 到 1，有些公开的网络要的是这种形式。这里要的是 0 到 1：黑色为 0。",
                ),
            ),
            Pitfall(
                "inverted",
                lambda images: 1 - images / 255,
                text(
                    "Black has become 1 and white 0: that is the negative. 0 must stay 0, and 255 become 1.",
                    "黑变成了 1，白变成了 0：成了底片。0 应当还是 0，255 应当变成 1。",
                ),
            ),
            Pitfall(
                "standardised",
                lambda images: (images - images.mean()) / images.std(),
                text(
                    "You subtracted the mean of these pictures and divided by their deviation. Then the same grey means "
                    "something else in each batch. Divide by 255.",
                    "你减去了这批图片的均值，又除以它们的标准差。这样一来，同样的灰度在每一批里含义都不同。请除以 255。",
                ),
            ),
        ),
        hints=(
            text(
                "uint8 pictures go from 0 to 255. What maps 255 to 1?",
                "uint8 图片取值 0 到 255。怎样把 255 变成 1？",
            ),
            text("NumPy divides a whole array at once.", "NumPy 可以一次除整个数组。"),
            text(
                "`a / 2` gives half of every number in the array `a`: floating-point, in the shape of `a`. By what "
                "must you divide here?",
                "`a / 2` 把数组 `a` 里的每个数减半，得到浮点数，形状与 `a` 相同。这里应当除以几？",
            ),
        ),
        right={
            "numpy": (
                "def to_unit(images):\n    return images.astype('float32') / 255.0\n",
                "def to_unit(images):\n    return np.multiply(images, 1 / 255)\n",
            )
        },
    ),
    Exercise(
        id="00.2",
        title=text("Better than always the same?", "比“永远答同一个”好多少？"),
        points=2,
        objective="O2",
        function="above_baseline",
        inputs=_labels,
        reference=_above_baseline,
        comparator=close(rtol=1e-5, atol=1e-6),
        tensors=False,
        parts={"0": text("accuracy", "准确率"), "1": text("above the baseline", "高出基线")},
        pitfalls=(
            Pitfall(
                "majority_of_the_held_out",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(guesses == y_held_out)
                    - np.mean(y_held_out == _most_frequent(y_held_out)),
                ),
                text(
                    "You took the class that is most frequent in the *held-out* half. Nobody may look there "
                    "before answering: the baseline, too, learns from the learning half only.",
                    "你取的是**留出**那一半里最多的类别。作答之前谁也不能看那里：基线也只能从学习的一半里学。",
                ),
            ),
            Pitfall(
                "share_in_the_learning_half",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(guesses == y_held_out) - np.mean(y_learn == _most_frequent(y_learn)),
                ),
                text(
                    "You subtracted the class's share of the *learning* half. The baseline answers for the "
                    "held-out pictures: how many of *those* are of that class?",
                    "你减去的是该类别在**学习**那一半里的比例。基线要回答的是留出的图片：**它们**当中有多少属于这一类？",
                ),
            ),
            Pitfall(
                "one_in_k",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(guesses == y_held_out) - 1 / 4,
                ),
                text(
                    "You compared with guessing blindly among the classes (1/4). The baseline here always gives "
                    "one and the same answer.",
                    "你比的是在各类别中瞎猜（1/4）。这里的基线是永远给出同一个答案。",
                ),
            ),
            Pitfall(
                "rarest_of_the_learning_half",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(guesses == y_held_out)
                    - np.mean(y_held_out == np.argmin(np.bincount(y_learn))),
                ),
                text(
                    "You took the *rarest* class of the learning half: `argsort` goes from few to many.",
                    "你取的是学习那一半里**最少**的类别：`argsort` 从少到多排列。",
                ),
            ),
            Pitfall(
                "the_other_way_round",
                lambda y_learn, y_held_out, guesses: (
                    _above_baseline(y_learn, y_held_out, guesses)[0],
                    -_above_baseline(y_learn, y_held_out, guesses)[1],
                ),
                text(
                    "The second number has the wrong sign: above the baseline is positive, below it negative.",
                    "第二个数的符号反了：高于基线为正，低于基线为负。",
                ),
            ),
            Pitfall(
                "counts",
                lambda y_learn, y_held_out, guesses: (
                    float(np.sum(guesses == y_held_out)),
                    float(
                        np.sum(guesses == y_held_out)
                        - np.sum(y_held_out == _most_frequent(y_learn))
                    ),
                ),
                text(
                    "You counted; an accuracy is the *share* that is right, between 0 and 1.",
                    "你数的是个数；准确率是认对的**比例**，在 0 到 1 之间。",
                ),
            ),
            Pitfall(
                "percent",
                lambda y_learn, y_held_out, guesses: (
                    100 * _above_baseline(y_learn, y_held_out, guesses)[0],
                    100 * _above_baseline(y_learn, y_held_out, guesses)[1],
                ),
                text(
                    "These are percent; give shares between 0 and 1.",
                    "这是百分数；请给出 0 到 1 之间的比例。",
                ),
            ),
            Pitfall(
                "the_baseline_itself",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(y_held_out == _most_frequent(y_learn)),
                ),
                text(
                    "The second number is the baseline's own accuracy. How far does the classifier lie above it?",
                    "第二个数是基线本身的准确率。分类器比它高出多少？",
                ),
            ),
            Pitfall(
                "how_often_for_which",
                lambda y_learn, y_held_out, guesses: (
                    np.mean(guesses == y_held_out),
                    np.mean(guesses == y_held_out)
                    - np.mean(y_held_out == np.bincount(y_learn).max()),
                ),
                text(
                    "You took *how often* the most frequent class occurs for the class itself, so your baseline is "
                    "never right: `argmax` in place of `max`.",
                    "你把最多的那一类出现的**次数**当成了类别本身，所以你的基线一个也答不对：应当用 `argmax`，而不是 `max`。",
                ),
            ),
            Pitfall(
                "in_the_other_order",
                lambda y_learn, y_held_out, guesses: _above_baseline(y_learn, y_held_out, guesses)[
                    ::-1
                ],
                text(
                    "The two numbers are in the other order: the accuracy comes first.",
                    "两个数的次序反了：先是准确率。",
                ),
            ),
        ),
        hints=(
            text(
                "`guesses == y_held_out` gives True where the guess is right; the mean of Trues and Falses is their share.",
                "`guesses == y_held_out` 在猜对的地方为 True；一串 True 和 False 的平均值，就是 True 的比例。",
            ),
            text(
                "`np.bincount(y)` counts each label 0, 1, 2 …; `np.argmax` says which count is the largest.",
                "`np.bincount(y)` 数出标签 0、1、2……各有多少个；`np.argmax` 说出哪个数最大。",
            ),
            text(
                "Which half decides the class, and on which half is the answer judged? They are not the same.",
                "答哪一类由哪一半决定？答得对不对，又在哪一半上评判？两者不是同一半。",
            ),
        ),
        right={
            "numpy": (
                "def above_baseline(y_learn, y_held_out, guesses):\n"
                "    labels, counts = np.unique(y_learn, return_counts=True)\n"
                "    constant = np.full(len(y_held_out), labels[counts.argmax()])\n"
                "    right, base = (guesses == y_held_out).mean(), (constant == y_held_out).mean()\n"
                "    return [right, right - base]\n",
                "def above_baseline(y_learn, y_held_out, guesses):\n"
                "    learned = y_learn.tolist()\n"
                "    most = max(set(learned), key=learned.count)\n"
                "    n = len(y_held_out)\n"
                "    right = sum(int(a == b) for a, b in zip(guesses, y_held_out)) / n\n"
                "    return right, right - sum(int(b == most) for b in y_held_out) / n\n",
            )
        },
    ),
    WHY,
    ONLY_THE_HEAD,
    SCORES,
    CHOOSE_SPLIT,
)


def _no(words_en, words_zh, why_en, why_zh):
    return Option(text(words_en, words_zh), text(why_en, why_zh))


def _yes(words_en, words_zh, why_en, why_zh):
    return Option(text(words_en, words_zh), text(why_en, why_zh), right=True)


QUIZZES = (
    Quiz(
        id="00.q1",
        question=text(
            "45 labelled marks to learn from, about 15 of each kind, and a network that has only seen letters. "
            "What share of the 45 held-out marks will be right?",
            "学习用的带标签的记号有 45 张，每种约 15 张，网络只见过字母。留出的 45 张里，大约能认对多少？",
        ),
        options=(
            _no(
                "about one in three, as by guessing",
                "大约三分之一，和瞎猜差不多",
                "That would be so if features of letters said nothing about marks. But ticks and crosses are made "
                "of strokes and corners, too.",
                "如果字母的特征对记号毫无用处，才会这样。可是勾和叉也是由笔画和拐角组成的。",
            ),
            _no(
                "about half",
                "大约一半",
                "More, as you will see: the three kinds differ by strokes and crossings, and that is what the "
                "network has learned to notice.",
                "不止，马上会看到：三种记号的差别在于笔画和交叉，而网络学会注意的正是这些。",
            ),
            _yes(
                "about nine in ten",
                "大约十分之九",
                "Yes, give or take some. Strokes, corners and crossings were learned from letters; 45 examples need "
                "only say what they mean here.",
                "对，上下差一点。笔画、拐角、交叉是从字母里学来的；45 个例子只需说明它们在这里代表什么。",
            ),
            _no(
                "all of them",
                "全部",
                "Some are hard even for people: a struck-through tick with a steep stroke nearly is a cross. And "
                "whoever gets 100 % on few pictures should first suspect that some had been learned from.",
                "有几张连人都难认：那一撇画得太陡，半对就成了叉。再说，图片不多却得了 100%，首先该怀疑有些图片是学过的。",
            ),
        ),
    ),
    Quiz(
        id="00.q2",
        question=text(
            "The classifier for ticks and crosses gets a handwritten 8. What will it answer?",
            "认勾和叉的分类器，拿到一张手写的 8，会怎么回答？",
        ),
        options=(
            _no(
                "that it is none of the three",
                "三种都不是",
                "It has no way to say so: there are three scores, and the highest wins.",
                "它没法这么说：只有三个得分，总有一个最高。",
            ),
            _yes(
                "one of the three, perhaps with a high probability",
                "三种之一，概率可能还很高",
                "Yes. The probabilities add up to 1 over the three classes that it knows; for an 8 there is no room "
                "among them.",
                "对。概率在它知道的三类上加起来等于 1，8 没有容身之处。",
            ),
            _no(
                "one of the three, with a third each, since it cannot know",
                "三种之一，而且因为无从判断，概率各三分之一",
                "That would be modest, but nothing teaches it to be. An 8 has strokes that cross and bend, and the "
                "head adds up whatever it finds.",
                "这样倒是谦虚，可是没有人教过它谦虚。8 也有弯曲、交叉的笔画，分类头找到什么就累加什么。",
            ),
            _no(
                "an error: the picture does not fit",
                "报错：图片不合适",
                "It fits: 32×32 grey points. What the picture means is nothing that the program could check.",
                "尺寸是合适的：32×32 个灰点。至于图片是什么意思，程序没法检查。",
            ),
        ),
    ),
    Quiz(
        id="00.q3",
        question=text(
            "The same files, loaded *without* `drawing=True`: dark strokes on light paper, in learning and in "
            "testing alike. What happens to the accuracy?",
            "同样的文件，读入时**不加** `drawing=True`：浅底深字，学习和测试都一样。准确率会怎样？",
        ),
        options=(
            _no(
                "nothing: both halves are treated alike, and the head learns the new form",
                "不变：两半处理方式相同，分类头会学会新的形式",
                "The head can only use what the network gives it. Its filters were made for light strokes on black; "
                "what they give for a bright sheet tells marks apart less well.",
                "分类头只能利用网络给它的东西。网络的滤波器适应的是黑底亮笔画；面对一张亮堂堂的纸，它们的输出更难把记号分开。",
            ),
            _yes(
                "it falls, without any error message",
                "下降，而且没有任何报错",
                "Yes. The network was taught with other pictures; its features now are worse. Nothing crashes, which "
                "is what makes this mistake so common.",
                "对。网络学的是另一种图片，现在给出的特征变差了。程序照样运行，所以这种错误特别常见。",
            ),
            _no(
                "it falls to one in three",
                "降到三分之一",
                "Not that far: even ill-suited features hold some of the shape. See below.",
                "没那么糟：不合适的特征里，也还留着一些形状信息。看下面的结果。",
            ),
        ),
    ),
    Quiz(
        id="00.q4",
        question=text(
            "`h` has shape (45, 128). What is the shape of `h - h.mean(axis=0)`?",
            "`h` 的形状是 (45, 128)。`h - h.mean(axis=0)` 的形状是什么？",
        ),
        options=(
            _yes(
                "(45, 128)",
                "(45, 128)",
                "Yes: the mean over the 45 rows has shape (128,), and NumPy takes it away from every row.",
                "对：对 45 行取平均，得到形状 (128,)，NumPy 把它从每一行里减去。",
            ),
            _no(
                "(128,)",
                "(128,)",
                "That is the mean alone. Subtracting it from `h` keeps the rows. To read: *Broadcasting* in NumPy's "
                "user guide.",
                "那只是平均值的形状。用 `h` 减去它，各行都还在。请读 NumPy 用户指南里的 **Broadcasting**。",
            ),
            _no(
                "(45,)",
                "(45,)",
                "`axis=0` is the axis that *disappears* in the mean: the 45 rows are averaged, 128 numbers stay. To "
                "read: *Broadcasting* in NumPy's user guide.",
                "`axis=0` 是取平均时**消失**的那个轴：45 行被平均掉，剩下 128 个数。请读 NumPy 用户指南里的 **Broadcasting**。",
            ),
            _no(
                "none, it is an error: the shapes differ",
                "没有形状：两边不同，会报错",
                "They fit from the right: 128 and 128; the missing 45 is filled in by repeating. To read: "
                "*Broadcasting* in NumPy's user guide.",
                "从右边对齐：128 对 128；缺的 45 靠重复补上。请读 NumPy 用户指南里的 **Broadcasting**。",
            ),
        ),
    ),
    Quiz(
        id="00.q5",
        question=text(
            "The loss is L(w) = (3w − 6)², and w = 1. Where is w after one step of gradient descent with rate 0.01?",
            "损失 L(w) = (3w − 6)²，现在 w = 1。以 0.01 的学习率做一步梯度下降，w 变成多少？",
        ),
        options=(
            _no(
                "1.06",
                "1.06",
                "The inner derivative 3 is missing (chain rule). To read: chapter 02, which begins with it.",
                "漏了内层的导数 3（链式法则）。请读第 02 章，那里从头讲起。",
            ),
            _no(
                "0.82",
                "0.82",
                "That goes uphill: one steps *against* the gradient. To read: chapter 02.",
                "这是往上走：应当**逆着**梯度走。请读第 02 章。",
            ),
            _yes(
                "1.18",
                "1.18",
                "Yes: the derivative is 2 · (3w − 6) · 3 = −18, and w − 0.01 · (−18) = 1.18.",
                "对：导数是 2 · (3w − 6) · 3 = −18，w − 0.01 × (−18) = 1.18。",
            ),
            _no(
                "2, where the loss is smallest",
                "2，损失最小的地方",
                "That is where it gets in the end; one step of this rate goes only a part of the way. To read: "
                "chapter 02.",
                "最后会走到那里；但以这个学习率，一步只走一小段。请读第 02 章。",
            ),
        ),
    ),
    Quiz(
        id="00.q6",
        question=text(
            "One in a hundred X-ray pictures shows a fracture. A classifier finds 90 % of the fractures, and raises "
            "a false alarm on 10 % of the healthy ones. It raises an alarm. How probable is a fracture?",
            "一百张 X 光片里有一张是骨折。某分类器能发现 90% 的骨折，对没有骨折的片子也有 10% 误报。现在它报警了，真是骨折的概率有多大？",
        ),
        options=(
            _no(
                "90 %",
                "90%",
                "That is `P(alarm | fracture)`. Asked is `P(fracture | alarm)`, and fractures are rare. To read: chapter "
                "01, section 2, on P(y | x) and P(x | y).",
                "那是 `P(报警 | 骨折)`。问的是 `P(骨折 | 报警)`，而骨折很少见。请读第 01 章第 2 节，关于 P(y | x) 与 P(x | y)。",
            ),
            _no(
                "about half",
                "大约一半",
                "Count 1,000 pictures: 9 true alarms, but 99 false ones. To read: chapter 01, section 2.",
                "拿 1000 张来数：真报警 9 次，误报却有 99 次。请读第 01 章第 2 节。",
            ),
            _yes(
                "about 8 %",
                "大约 8%",
                "Yes: of 1,000 pictures, 9 true alarms and 99 false ones; 9/108. The same classifier elsewhere, "
                "where fractures are frequent, would be right much more often: that is label shift.",
                "对：1000 张里，真报警 9 次，误报 99 次，9/108。同一个分类器拿到骨折多的地方，对的比例会高得多：这就是标签偏移。",
            ),
        ),
    ),
    Quiz(
        id="00.q7",
        question=text(
            "You try ten strengths of the penalty, keep the one with the best accuracy on the held-out half, and "
            "report that accuracy. What is it?",
            "试了十种惩罚强度，留下在留出那一半上准确率最高的，并报告这个准确率。这个数怎么样？",
        ),
        options=(
            _no(
                "an honest estimate: nothing was *trained* on that half",
                "诚实的估计：并没有在那一半上**训练**",
                "A choice is learning, too: the best of ten was partly the luckiest of ten. To read: chapter 04, which "
                "keeps a test part for the very end.",
                "选择也是学习：十个里最好的，多少也是十个里运气最好的。请读第 04 章，那里把测试集留到最后才用。",
            ),
            _yes(
                "too high, as a rule: the half has been used for a choice",
                "一般偏高：那一半已经用来做过选择",
                "Yes. Choose on a validation part (or by cross-validation within the learning half), and open the test "
                "part once, at the end.",
                "对。应当在验证集上选（或在学习的一半里做交叉验证），测试集最后只打开一次。",
            ),
            _no(
                "too low, as a rule",
                "一般偏低",
                "The other way: the maximum of ten noisy numbers lies above what the chosen one is worth. To read: "
                "chapter 04.",
                "正相反：十个带噪声的数取最大，会高于所选者的真实水平。请读第 04 章。",
            ),
        ),
    ),
    Quiz(
        id="00.q8",
        question=text(
            "A convolution with 16 filters of 3×3, stride 1, no padding, on a picture of 32×32×1. What comes out, and "
            "how many weights and biases are there?",
            "16 个 3×3 的滤波器做卷积，步幅 1，不填充，输入是 32×32×1 的图片。输出是什么形状？权重和偏置一共多少个？",
        ),
        options=(
            _no(
                "32×32×16, and 160",
                "32×32×16，160 个",
                "That needs a padding of 1; without it the window fits at 30 places only. To read: bridge B1.",
                "那需要填充 1 圈；不填充时，窗口只放得下 30 个位置。请读补课页 B1。",
            ),
            _no(
                "30×30×16, and 144",
                "30×30×16，144 个",
                "The 16 biases are missing. To read: bridge B1.",
                "漏了 16 个偏置。请读补课页 B1。",
            ),
            _yes(
                "30×30×16, and 160",
                "30×30×16，160 个",
                "Yes: 32 − 3 + 1 = 30 places each way, one map per filter; 16 · (3·3·1) weights and 16 biases.",
                "对：每个方向有 32 − 3 + 1 = 30 个位置，每个滤波器一张图；权重 16 × (3×3×1) 个，偏置 16 个。",
            ),
            _no(
                "30×30×16, and 144,000: every output has weights and a bias of its own",
                "30×30×16，14.4 万个：每个输出各有自己的权重和偏置",
                "It is the point of a convolution that the weights are *shared* by all places. To read: bridge B1.",
                "卷积的要点，正是所有位置**共用**同一组权重。请读补课页 B1。",
            ),
        ),
    ),
    Quiz(
        id="00.q9",
        question=text(
            "The picture moves two pixels to the right. What does the output of a convolution (stride 1) do, away "
            "from the border?",
            "图片向右移两个像素。卷积（步幅 1）的输出会怎样变化？（边缘除外）",
        ),
        options=(
            _no(
                "nothing: convolutions do not care where things are",
                "不变：卷积不在乎东西在哪里",
                "Not by themselves: the answer moves along (equivariance). Only pooling over places makes it stay the "
                "same. To read: bridge B1.",
                "光靠卷积还不行：输出会跟着移动（等变性）。对位置做汇聚，才会不变。请读补课页 B1。",
            ),
            _yes(
                "it moves two places to the right",
                "也向右移两格",
                "Yes: the same window is laid everywhere. Averaging over all places afterwards makes it indifferent to "
                "the move.",
                "对：处处放的是同一个窗口。之后再对所有位置取平均，结果就几乎不受平移影响。",
            ),
            _no(
                "it changes in a way that cannot be said beforehand",
                "变化无法预知",
                "It can: each output depends on its window alone, and windows move along. To read: bridge B1.",
                "可以预知：每个输出只取决于自己的窗口，窗口里的内容跟着移动了。请读补课页 B1。",
            ),
        ),
    ),
    Quiz(
        id="00.q10",
        question=text(
            "No weight of a network with BatchNorm gets a gradient any more (in PyTorch: `requires_grad = False`). It runs "
            "in *training* mode over your pictures. What changes in it?",
            "一个带批归一化的网络，所有权重都不再得到梯度（在 PyTorch 里就是 `requires_grad = False`）。它以**训练**模式跑了一遍你的图片。网络里什么变了？",
        ),
        options=(
            _no(
                "nothing: without gradients nothing can change",
                "什么都没变：没有梯度就不会变",
                "The running mean and variance are no weights: training mode moves them with every batch, gradients or "
                "not. To read: bridge B2.",
                "滑动均值和滑动方差不是权重：只要在训练模式，每个批次都会更新它们，跟梯度无关。请读补课页 B2。",
            ),
            _yes(
                "BatchNorm's running mean and variance",
                "批归一化的滑动均值和滑动方差",
                "Yes. So a frozen network must also be in inference mode, or its features drift. Keras sees to it by itself: "
                "with `trainable = False` its BatchNorm always runs in inference mode. PyTorch does not.",
                "对。所以冻结的网络还必须处于推理模式，否则特征会漂移。Keras 会自动处理：设了 `trainable = False`，批归一化层就总在推理模式下运行；PyTorch 不会。",
            ),
            _no(
                "BatchNorm's scale γ and shift β",
                "批归一化的缩放 γ 和平移 β",
                "Those are weights and get gradients; they are frozen. It is the *statistics* that move. To read: "
                "bridge B2.",
                "那两个是权重，靠梯度更新，已经冻结了。会动的是**统计量**。请读补课页 B2。",
            ),
        ),
    ),
    Quiz(
        id="00.q11",
        question=text(
            "A Gaussian (RBF) kernel k(x, x′) = exp(−‖x − x′‖² / 2σ²). What is its value for x = x′, and for two "
            "points that are very far apart?",
            "高斯（RBF）核 k(x, x′) = exp(−‖x − x′‖² / 2σ²)。x = x′ 时取什么值？两点相距很远时呢？",
        ),
        options=(
            _no(
                "0, and very large",
                "0，以及很大",
                "That is a distance. A kernel is a *similarity*: the nearer, the larger. To read: bridge B3.",
                "那是距离。核衡量的是**相似度**：越近越大。请读补课页 B3。",
            ),
            _yes(
                "1, and nearly 0",
                "1，以及接近 0",
                "Yes, a similarity; σ says what counts as far.",
                "对，它是相似度；σ 决定多远算远。",
            ),
            _no(
                "1, and nearly −1",
                "1，以及接近 −1",
                "It is never negative: far apart means *nothing in common*, not opposite. To read: bridge B3.",
                "它不会是负的：相距很远表示**毫无共同点**，而不是相反。请读补课页 B3。",
            ),
        ),
    ),
    Quiz(
        id="00.q12",
        question=text(
            "In an attention step, a query has the same score with all three keys. What comes out for it?",
            "在一次注意力计算里，某个查询与三个键的得分完全相同。它的输出是什么？",
        ),
        options=(
            _no(
                "the first value",
                "第一个值",
                "Nothing is *chosen*: attention averages with weights, and here all weights are equal. To read: "
                "bridge B4.",
                "注意力并不**挑选**，而是加权平均；这里权重都相等。请读补课页 B4。",
            ),
            _no(
                "zero: no key stands out",
                "零：没有哪个键突出",
                "The weights add up to 1 in any case. To read: bridge B4.",
                "无论如何，权重加起来都等于 1。请读补课页 B4。",
            ),
            _yes(
                "the mean of the three values",
                "三个值的平均",
                "Yes: softmax turns equal scores into equal weights, 1/3 each, whatever the scores are.",
                "对：softmax 把相等的得分变成相等的权重，各 1/3，不管得分是多少。",
            ),
        ),
    ),
    Quiz(
        id="00.q13",
        question=text(
            "Queries 4×8, keys 6×8, values 6×16. What is the shape of the weights, and of the output?",
            "查询 4×8，键 6×8，值 6×16。注意力权重和输出各是什么形状？",
        ),
        options=(
            _no(
                "6×4, and 6×16",
                "6×4，6×16",
                "There is one output for each *query*, of which there are four. To read: bridge B4.",
                "每个**查询**有一个输出，查询有四个。请读补课页 B4。",
            ),
            _yes(
                "4×6, and 4×16",
                "4×6，4×16",
                "Yes: a weight for each pair of query and key; one mixture of values for each query.",
                "对：每一对查询与键有一个权重；每个查询得到值的一种混合。",
            ),
            _no(
                "8×8, and 4×8",
                "8×8，4×8",
                "The 8 is summed over in the scores: it disappears. To read: bridge B4.",
                "算得分时对 8 那一维求和，它就消失了。请读补课页 B4。",
            ),
        ),
    ),
)
