"""Exercises of chapter 12, vision applications: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import EPSILON, draw_tiny, tiny_features


def changed(sources, pytorch=None, keras=None):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for name, change in (("pytorch", pytorch), ("keras", keras)):
        if change:
            assert change[0] in sources[name], change
            code[name] = sources[name].replace(*change)
    return code


# 12.1 ---------------------------------------------------------------------------------------------


def draw_boxes(rng):
    """Some boxes that overlap, some that lie apart in both directions, one inside another."""
    a = rng.uniform(0, 20, (3, 2))
    b = np.concatenate([a[:2] + rng.uniform(-3, 3, (2, 2)), a[:1] + 30, a[2:] + 2])
    size_a = rng.uniform(8, 14, (3, 2))
    size_b = np.concatenate([rng.uniform(6, 14, (3, 2)), size_a[2:] - 4])
    return {
        "a": np.concatenate([a, a + size_a], axis=1),
        "b": np.concatenate([b, b + size_b], axis=1),
    }


def overlaps(a, b, *, clip=True, extra=0.0, union="both", late=False, wide_high=False):
    """Intersection over union; the options are bugs."""
    if wide_high:
        a, b = (np.concatenate([c[:, :2], c[:, :2] + c[:, 2:]], axis=1) for c in (a, b))
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = high - low + extra
    common = np.prod(np.clip(sides, 0, None) if clip else sides, axis=2)
    common = np.clip(common, 0, None) if late else common
    area_a = np.prod(a[:, 2:] - a[:, :2] + extra, axis=1)[:, None]
    area_b = np.prod(b[:, 2:] - b[:, :2] + extra, axis=1)[None]
    if union == "sum":
        return common / (area_a + area_b)
    if union == "smaller":
        return common / np.minimum(area_a, area_b)
    if union == "first":
        return common / (area_a + 0 * area_b)
    if union == "dice":
        return 2 * common / (area_a + area_b)
    if union == "hull":
        out = np.maximum(a[:, None, 2:], b[None, :, 2:]) - np.minimum(
            a[:, None, :2], b[None, :, :2]
        )
        return common / np.prod(out, axis=2)
    return common / (area_a + area_b - common)


OVERLAP = Exercise(
    id="12.1",
    title=text("Intersection over union", "交并比"),
    points=3,
    objective="O1",
    function="overlap",
    drawing=drawings.matrix(across=text("box of b", "b 的框"), down=text("box of a", "a 的框")),
    inputs=draw_boxes,
    reference=lambda a, b: overlaps(a, b),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.vision.box_iou",
        "course_lib.vision.boxes.box_iou",
        "torchvision.ops.box_iou",
    ),
    pitfalls=(
        Pitfall(
            "not_clipped",
            lambda a, b: overlaps(a, b, clip=False),
            text(
                "Two boxes that lie apart got an overlap: a width or a height below 0 (or two of them, multiplied) counts as 0.",
                "两个不相交的框也有了重叠：宽或高小于 0 时（两个负数相乘还会变正）应当按 0 算。",
            ),
        ),
        Pitfall(
            "clipped_too_late",
            lambda a, b: overlaps(a, b, clip=False, late=True),
            text(
                "You clipped the product. Boxes apart in both directions have two negative sides, and their product is positive: clip each side first.",
                "你截断的是乘积。两个方向都错开的框，两条边都是负的，乘起来成了正数：应当先把每条边截到不小于 0。",
            ),
        ),
        Pitfall(
            "wide_and_high",
            lambda a, b: overlaps(a, b, wide_high=True),
            text(
                "You read the last two numbers as width and height. They are the right and the lower side.",
                "你把后两个数当成了宽和高。它们是右边和下边的坐标。",
            ),
        ),
        Pitfall(
            "plus_one",
            lambda a, b: overlaps(a, b, extra=1.0),
            text(
                "You added 1 to widths and heights. Here a box covers x₀ to x₁, so its width is x₁ − x₀.",
                "你给宽和高加了 1。这里的框从 x₀ 到 x₁，宽就是 x₁ − x₀。",
            ),
        ),
        Pitfall(
            "counted_twice",
            lambda a, b: overlaps(a, b, union="sum"),
            text(
                "The union counts the common part twice: subtract it once.",
                "并集里公共部分算了两次：应当减去一次。",
            ),
        ),
        Pitfall(
            "dice",
            lambda a, b: overlaps(a, b, union="dice"),
            text(
                "That is Dice, 2|A∩B| / (|A| + |B|). Asked for is |A∩B| / |A∪B|.",
                "这是 Dice 系数 2|A∩B| / (|A| + |B|)。要的是 |A∩B| / |A∪B|。",
            ),
        ),
        Pitfall(
            "of_the_smaller",
            lambda a, b: overlaps(a, b, union="smaller"),
            text(
                "You divided by the smaller box: a tiny box inside a large one would be perfect. Divide by the union.",
                "你除以了较小的框：这样大框里随便一个小框都成了满分。应除以并集。",
            ),
        ),
        Pitfall(
            "of_the_first",
            lambda a, b: overlaps(a, b, union="first"),
            text(
                "You divided by the area of a. Divide by the union.",
                "你除以了 a 的面积。应除以并集。",
            ),
        ),
        Pitfall(
            "hull",
            lambda a, b: overlaps(a, b, union="hull"),
            text(
                "You divided by the smallest box around both. The union is smaller: area + area − intersection.",
                "你除以了包住两者的最小框。并集更小：两个面积之和减去交集。",
            ),
        ),
        Pitfall(
            "turned",
            lambda a, b: overlaps(a, b).T,
            text(
                "The table is turned: rows are a's boxes, columns b's.",
                "表转置了：行是 a 的框，列是 b 的框。",
            ),
        ),
        Pitfall(
            "in_pairs",
            lambda a, b: np.diag(overlaps(a, b[:3])),
            text(
                "You compared box by box. Every box of a meets every box of b: N×M numbers.",
                "你是一对一比较的。a 的每个框都要和 b 的每个框比：N×M 个数。",
            ),
        ),
    ),
    hints=(
        text(
            "The intersection is a box, too: from the larger of the lefts to the smaller of the rights, and so on.",
            "交集也是一个框：左边取两者中较大的，右边取较小的，上下同理。",
        ),
        text(
            "`a[:, None, :2]` and `b[None, :, :2]` meet in all pairs: N×M×2. Clip width and height at 0 before you multiply.",
            "`a[:, None, :2]` 与 `b[None, :, :2]` 会两两配对，得到 N×M×2。相乘之前先把宽和高截到不小于 0。",
        ),
        text(
            "Union = area of a + area of b − intersection.", "并集 = a 的面积 + b 的面积 − 交集。"
        ),
    ),
    survivors={
        "c[:, 2:] - c[:, :2] → c[:, :2] - c[:, 2:]": "both sides change their sign, the area does not"
    },
    right={
        "numpy": (
            "def overlap(a, b):\n"
            "    found = np.zeros((len(a), len(b)))\n"
            "    for i, (l, t, r, d) in enumerate(a):\n"
            "        for j, (m, u, s, e) in enumerate(b):\n"
            "            common = max(0, min(r, s) - max(l, m)) * max(0, min(d, e) - max(t, u))\n"
            "            found[i, j] = common / ((r - l) * (d - t) + (s - m) * (e - u) - common)\n"
            "    return found\n",
            "def overlap(a, b):\n"
            "    wide, high = (np.maximum(np.minimum(a[:, None, k + 2], b[:, k + 2]) - np.maximum(a[:, None, k], b[:, k]), 0) for k in (0, 1))\n"
            "    area = [(c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b)]\n"
            "    return wide * high / (np.add.outer(*area) - wide * high)\n",
        )
    },
)

# 12.2 ---------------------------------------------------------------------------------------------


AREA_BUGS = (
    {"in_order": False},
    {"rising": True},
    {"second": "hit"},
    {"second": "next"},
    {"envelope": False},
    {"of": "found"},
    {"of": "all"},
    {"best": False},
    {"floor": 0.4},
    {"strict": True},
    {"misses_take": True},
    {"forwards": True},
    {"slanted": True},
    {"eleven": True},
)


def draw_detections(rng):
    """Ten detections of six objects: second looks, near misses, one just at the threshold.

    Drawn again until every mistake shows. (With fewer, nearly all that is left has the same answer.)
    """
    D, G = 10, 6
    while True:
        least = float(rng.choice([0.45, 0.5, 0.55, 0.6]))
        iou = rng.uniform(0, 0.35, (D, G))
        best = rng.integers(0, G - 1, D)  # nobody looks at the last object
        iou[np.arange(D), best] = rng.uniform(0.37, 0.9, D)
        k = int(rng.integers(D))
        iou[k, best[k]] = least
        other = int(rng.integers(D))
        iou[other, (best[other] + 1) % (G - 1)] = least + 0.01
        scores = rng.permutation(np.arange(D) / (D + 4) + 0.2)
        drawn = {"scores": scores, "iou": iou, "least": least}
        right = area(**drawn)
        if any(abs(area(**drawn, **bug) - right) <= 0.01 for bug in AREA_BUGS):
            continue
        if abs(area(**drawn, rising=True) - area(**drawn, forwards=True)) > 0.01:
            return drawn


def area(scores, iou, least, *, in_order=True, second="false", envelope=True, of="objects", best=True,
         strict=False, floor=None, rising=False, misses_take=False, forwards=False,
         slanted=False, eleven=False):  # fmt: skip
    """Average precision of one class; the options are bugs."""
    n, objects = iou.shape
    least = least if floor is None else floor
    ranks = np.argsort(-scores) if in_order else np.arange(n)
    ranks = ranks[::-1] if rising else ranks
    taken, hits = np.zeros(objects, bool), []
    for i in ranks:
        row = iou[i].copy()
        if second == "next":
            row[taken] = -1
        j = row.argmax()
        enough = row[j] > least if strict else row[j] >= least
        hit = enough and (second == "hit" or not taken[j])
        taken[j] |= hit or misses_take
        hits.append(hit)
    hits = np.array(hits)
    right = np.cumsum(hits)
    precision = right / np.arange(1, n + 1)
    recall = right / {"objects": objects, "found": max(right[-1], 1), "all": n}[of]
    if not best:
        return float(precision.mean())
    if forwards:
        precision = np.maximum.accumulate(precision)
    elif envelope:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    if eleven:
        return float(
            np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 11)])
        )
    if slanted:
        return float(np.sum(np.diff(recall) * (precision[1:] + precision[:-1]) / 2))
    return float(np.sum(np.diff(recall, prepend=0) * precision))


AREA = Exercise(
    id="12.2",
    title=text("Average precision, from hits to area", "平均精度：从命中到面积"),
    points=4,
    objective="O1",
    function="area_under_precision",
    inputs=draw_detections,
    reference=lambda **inputs: area(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.vision.average_precision",
        "course_lib.vision.match",
        "sklearn.metrics.average_precision_score",
    ),
    pitfalls=(
        Pitfall(
            "as_they_come",
            lambda **inputs: area(**inputs, in_order=False),
            text(
                "You went through the detections as they stand. The surest comes first: sort by falling score.",
                "你按原来的次序处理检测框。应当先处理最有把握的：按分数从高到低排序。",
            ),
        ),
        Pitfall(
            "rising",
            lambda **inputs: area(**inputs, rising=True),
            text(
                "The unsurest came first: sort by *falling* score.",
                "最没把握的排在了最前面：应按分数**从高到低**。",
            ),
        ),
        Pitfall(
            "twice_is_a_hit",
            lambda **inputs: area(**inputs, second="hit"),
            text(
                "A second detection of the same object counted as a hit: recall can pass 1 in this way. It is a false alarm.",
                "同一物体的第二个检测框被算成了命中，这样召回率会超过 1。它应当算误报。",
            ),
        ),
        Pitfall(
            "takes_the_next",
            lambda **inputs: area(**inputs, second="next"),
            text(
                "A detection whose best object was taken went on to its second choice. In our rule (VOC's) it is a false alarm.",
                "检测框的首选物体已被占用，你让它去占第二选择。按我们的规则（即 VOC 的规则），它是误报。",
            ),
        ),
        Pitfall(
            "no_envelope",
            lambda **inputs: area(**inputs, envelope=False),
            text(
                "You left out the envelope: at each recall the best precision that is reached there or *later*.",
                "你漏了包络：每个召回率处，取在那里**或更后面**达到的最高精确率。",
            ),
        ),
        Pitfall(
            "envelope_from_the_left",
            lambda **inputs: area(**inputs, forwards=True),
            text(
                "Your envelope runs from the left: it carries early luck to all later recalls. Take the best precision from here *on* (j ≥ k).",
                "你的包络是从左往右取的，早先的好运气被带到了后面。应取从这里**往后**（j ≥ k）的最高精确率。",
            ),
        ),
        Pitfall(
            "a_miss_takes_it",
            lambda **inputs: area(**inputs, misses_take=True),
            text(
                "A detection that overlaps too little also took its object. Only a hit takes one; the next detection may still find it.",
                "重叠不够的检测框也把物体占住了。只有命中才算占住，后面的检测框仍可以找到它。",
            ),
        ),
        Pitfall(
            "trapezoids",
            lambda **inputs: area(**inputs, slanted=True),
            text(
                "You joined the points by slanting lines and began at the first of them. The sum asked for has steps, from R₀ = 0: Σ (R_k − R_{k−1}) P̃_k.",
                "你用斜线把点连了起来，而且从第一个点才开始。题目要的是从 R₀ = 0 起的阶梯：Σ (R_k − R_{k−1}) P̃_k。",
            ),
        ),
        Pitfall(
            "eleven_points",
            lambda **inputs: area(**inputs, eleven=True),
            text(
                "You read the curve at eleven recalls (as VOC did until 2009). Here it is the whole area: Σ (R_k − R_{k−1}) P̃_k.",
                "你只在十一个召回率处读曲线（VOC 2009 年以前的做法）。这里要整个面积：Σ (R_k − R_{k−1}) P̃_k。",
            ),
        ),
        Pitfall(
            "only_what_is_found",
            lambda **inputs: area(**inputs, of="found"),
            text(
                "Recall is divided by the objects *found*. Those never found count, too: divide by all of them.",
                "召回率的分母成了**找到的**物体数。从未找到的也要算：应除以物体总数。",
            ),
        ),
        Pitfall(
            "by_detections",
            lambda **inputs: area(**inputs, of="all"),
            text(
                "Recall is divided by the number of detections. Divide by the number of objects (columns of iou).",
                "召回率除以了检测框的个数。应除以物体的个数（iou 的列数）。",
            ),
        ),
        Pitfall(
            "mean_precision",
            lambda **inputs: area(**inputs, best=False),
            text(
                "You averaged precision over all detections. Weigh each by the recall that it adds: false alarms add none.",
                "你对所有检测框的精确率取了平均。应以各自增加的召回率为权：误报不增加召回率。",
            ),
        ),
        Pitfall(
            "above_least",
            lambda **inputs: area(**inputs, strict=True),
            text(
                "An IoU of exactly `least` is a hit, too (≥).",
                "交并比恰好等于 `least` 也算命中（≥）。",
            ),
        ),
        Pitfall(
            "any_overlap",
            lambda **inputs: area(**inputs, floor=0.4),
            text(
                "A detection that overlaps by less than `least` was counted as a hit.",
                "重叠小于 `least` 的检测框也被算成了命中。",
            ),
        ),
    ),
    hints=(
        text(
            "First the hits: a loop over detections by falling score, with a list of the objects already taken.",
            "先求命中：按分数从高到低循环，同时记下哪些物体已被占用。",
        ),
        text(
            "`np.cumsum(hits)` divided by 1, 2, 3 … is precision, divided by the number of objects it is recall.",
            "`np.cumsum(hits)` 除以 1、2、3……是精确率，除以物体总数是召回率。",
        ),
        text(
            "Envelope: `np.maximum.accumulate(precision[::-1])[::-1]`. Then Σ (R_k − R_{k−1}) P̃_k.",
            "包络：`np.maximum.accumulate(precision[::-1])[::-1]`。然后求 Σ (R_k − R_{k−1}) P̃_k。",
        ),
    ),
    right={
        "numpy": (
            "def area_under_precision(scores, iou, least):\n"
            "    free, hits = set(range(iou.shape[1])), []\n"
            "    for row in iou[np.argsort(-scores)]:\n"
            "        j = int(np.argmax(row))\n"
            "        hits.append(bool(row[j] >= least and j in free))\n"
            "        if hits[-1]:\n"
            "            free.remove(j)\n"
            "    total = 0.0\n"
            "    for k, hit in enumerate(hits):\n"
            "        if hit:\n"
            "            total += max(sum(hits[: m + 1]) / (m + 1) for m in range(k, len(hits)))\n"
            "    return total / iou.shape[1]\n",
            "def area_under_precision(scores, iou, least):\n"
            "    iou = iou[np.argsort(scores)[::-1]]\n"
            "    best = iou.argmax(axis=1)\n"
            "    good = iou.max(axis=1) >= least\n"
            "    hits = np.array([good[k] and not (good[:k] & (best[:k] == best[k])).any() for k in range(len(best))])\n"
            "    precision = hits.cumsum() / (1 + np.arange(len(hits)))\n"
            "    highest = np.array([precision[k:].max() for k in range(len(hits))])\n"
            "    return highest[hits].sum() / iou.shape[1]\n",
        )
    },
)

# 12.3 ---------------------------------------------------------------------------------------------


def draw_looks(rng):
    D = 4
    return {
        "images": rng.normal(size=(3, 2, 2, 3)).astype(np.float32),
        "sides": rng.normal(size=(D, 4)).astype(np.float32),
        "sides_bias": rng.normal(size=4).astype(np.float32),
        **draw_tiny(rng),
    }


def answers_of(images, sides, sides_bias, head, bias, *, training=False, **arrays):
    """What the two heads say; or, in training mode, with statistics of the batch."""
    if training:
        z = images @ arrays["kernel"]
        arrays = arrays | {"mean": z.mean(axis=(0, 1, 2)), "variance": z.var(axis=(0, 1, 2))}
    f = tiny_features(images, **arrays)
    return {"kind": f @ head + bias, "sides": f @ sides + sides_bias}


def report_of_looks(**inputs):
    flags = {"statistics_moved": False, "mode_restored": True, "gradients_recorded": False}
    return answers_of(**inputs) | {"looks": 1.0} | flags


LOOK = {
    "pytorch": """\
def one_look(backbone, heads, images):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        f = backbone(images)
        answers = {name: head(f) for name, head in heads.items()}
    backbone.train(was_training)
    return answers
""",
    "keras": """\
def one_look(backbone, heads, images):
    f = backbone(images, training=False)
    return {name: head(f) for name, head in heads.items()}
""",
}

ONE_LOOK = Exercise(
    id="12.3",
    title=text("One look, two answers", "看一次，答两问"),
    points=3,
    objective="O2",
    function="one_look",
    inputs=draw_looks,
    reference=report_of_looks,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="looking",
    parts={
        "kind": text("the answers of the head “kind”", "“kind” 头的输出"),
        "sides": text("the answers of the head “sides”", "“sides” 头的输出"),
        "looks": text("how often each picture went through the backbone", "每张图片通过主干的次数"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
        "mode_restored": text(
            "“the backbone is in the mode in which it came”", "“主干恢复了原来的模式”"
        ),
        "gradients_recorded": text("“gradients were recorded”", "“记录了梯度”"),
    },
    pitfalls=(
        Pitfall(
            "training_mode",
            lambda **inputs: {"statistics_moved": True},
            text(
                "The BatchNorm statistics moved: the backbone ran in training mode. Asking is not training.",
                "BatchNorm 的统计量变了：主干是在训练模式下运行的。提问不是训练。",
            ),
            code=changed(LOOK, ("    backbone.eval()\n", ""), ("training=False", "training=True")),
        ),
        Pitfall(
            "a_look_for_each",
            lambda **inputs: {"looks": 2.0},
            text(
                "Each head had the pictures looked at anew. The backbone is the expensive part: run it once, and give its features "
                "to both heads.",
                "每个头都让主干重新看了一遍。主干才是费时的部分：只运行一次，把特征交给两个头。",
            ),
            code={
                "pytorch": LOOK["pytorch"]
                .replace("        f = backbone(images)\n", "")
                .replace("head(f)", "head(backbone(images))"),
                "keras": LOOK["keras"]
                .replace("    f = backbone(images, training=False)\n", "")
                .replace("head(f)", "head(backbone(images, training=False))"),
            },
        ),
        Pitfall(
            "left_in_inference_mode",
            lambda **inputs: {"mode_restored": False},
            text(
                "The backbone came in training mode and was left otherwise. Leave it as you found it (Keras: do not touch `trainable`).",
                "主干来时处于训练模式，走时却变了。用完请恢复原状（Keras：不要改 `trainable`）。",
            ),
            code=changed(
                LOOK,
                ("    backbone.train(was_training)\n", ""),
                ("    f = ", "    backbone.trainable = False\n    f = "),
            ),
        ),
        Pitfall(
            "with_gradients",
            lambda **inputs: {"gradients_recorded": True},
            text(
                "Gradients were recorded: memory for nothing. Use torch.no_grad().",
                "记录了梯度，白占内存。请用 torch.no_grad()。",
            ),
            code=changed(LOOK, ("with torch.no_grad():", "if True:")),
        ),
        Pitfall(
            "answers_swapped",
            lambda **inputs: dict(
                zip(("sides", "kind"), list(answers_of(**inputs).values()), strict=True)
            ),
            text("The two answers stand under each other's name.", "两个答案的名字互换了。"),
            code=changed(
                LOOK,
                (
                    "{name: head(f) for name, head in heads.items()}",
                    "dict(zip(reversed(list(heads)), [h(f) for h in heads.values()]))",
                ),
                (
                    "{name: head(f) for name, head in heads.items()}",
                    "dict(zip(reversed(list(heads)), [h(f) for h in heads.values()]))",
                ),
            ),
        ),
        Pitfall(
            "one_head_for_all",
            lambda **inputs: {"sides": answers_of(**inputs)["kind"]},
            text(
                "Both answers come from the same head: use the head that belongs to each name.",
                "两个答案出自同一个头：每个名字要用它自己的头。",
            ),
            code=changed(
                LOOK,
                ("name: head(f)", 'name: heads["kind"](f)'),
                ("name: head(f)", 'name: heads["kind"](f)'),
            ),
        ),
    ),
    hints=(
        text(
            "What is asked twice of the backbone is computed twice. Where do you keep its features?",
            "问主干两次，就会算两次。它的特征该存在哪里？",
        ),
        text(
            "Inference mode, no gradients, and afterwards the mode in which it came. (In Keras, training=False is all of it.)",
            "推理模式，不记梯度，用完恢复原来的模式。（在 Keras 里，training=False 就够了。）",
        ),
        text(
            "`f = backbone(images)`, then `{name: head(f) for name, head in heads.items()}`.",
            "`f = backbone(images)`，然后 `{name: head(f) for name, head in heads.items()}`。",
        ),
    ),
    right={
        "pytorch": (
            "@torch.no_grad()\n"
            "def one_look(backbone, heads, images):\n"
            "    modes = {layer: layer.training for layer in backbone.modules()}\n"
            "    backbone.train(False)\n"
            "    features = backbone.forward(images)\n"
            "    for layer, mode in modes.items():\n"
            "        layer.training = mode\n"
            "    return dict(kind=heads['kind'](features), sides=heads['sides'](features))\n",
            "from course_lib.pytorch.inference import inference\n"
            "def one_look(backbone, heads, images):\n"
            "    with inference(backbone):\n"
            "        features = backbone(images)\n"
            "        return {name: features @ head.weight.T + head.bias for name, head in heads.items()}\n",
        ),
        "keras": (
            "def one_look(backbone, heads, images):\n"
            "    features = backbone.call(images)\n"
            "    return dict(kind=heads['kind'](features), sides=heads['sides'](features))\n",
            "from keras import ops\n"
            "def one_look(backbone, heads, images):\n"
            "    features = backbone.predict_on_batch(images)\n"
            "    return {name: ops.matmul(features, head.kernel) + head.bias for name, head in heads.items()}\n",
        ),
    },
)

# 12.4 ---------------------------------------------------------------------------------------------

NOT_SURE = 255


def draw_maps(rng):
    """Maps with a rare class, classes only predicted, one or two absent, and a border nobody is sure of.

    The last class is mostly there. One of the absent is mostly predicted on the border, where it does not count.
    """
    classes = int(rng.integers(6, 10))
    untrue = np.arange(3, classes - (rng.random() < 0.8))
    absent = rng.permutation(untrue)[: rng.choice([1, 2, 2])]
    present = np.setdiff1d(np.arange(classes), absent)
    truth = rng.choice([0, 0, 0, 0, 1, 1, 2], (2, 6, 6))
    truth[0, 0, :2] = 2
    wrong = rng.random(truth.shape) < 0.3
    predicted = np.where(wrong, rng.choice(present, truth.shape), truth)
    predicted[0, 3] = present[-1]
    truth[:, -1] = NOT_SURE
    if rng.random() < 0.8:
        predicted[0, -1, 0] = absent[0]
    return {"truth": truth, "predicted": predicted, "classes": classes}


def iou_mean(truth, predicted, classes, *, ignore=True, absent=np.nan, per_image=False, dice=False,
             recall=False, background=True, accuracy=False, weighted=False, of_truth=False,
             pooled=False):  # fmt: skip
    """The mean over classes of intersection over union; the options are bugs."""
    if per_image:
        return float(
            np.mean(
                [iou_mean(t[None], p[None], classes) for t, p in zip(truth, predicted, strict=True)]
            )
        )
    sure = truth != NOT_SURE if ignore else np.ones(truth.shape, bool)
    if accuracy:
        return float((truth[sure] == predicted[sure]).mean())
    found, sizes, totals = [], [], np.zeros(2)
    for k in range(0 if background else 1, classes):
        t, p = (truth == k) & sure, (predicted == k) & sure
        common, either = (t & p).sum(), (t | p).sum()
        below = t.sum() + p.sum() if dice else t.sum() if recall else either
        below = 0 if of_truth and not t.any() else below
        totals += np.array([common, either])
        found.append((2 if dice else 1) * common / below if below else absent)
        sizes.append(t.sum())
    if weighted:
        return float(np.nansum(np.array(found) * sizes) / np.sum(sizes))
    return float(totals[0] / totals[1]) if pooled else float(np.nanmean(found))


MEAN_IOU = Exercise(
    id="12.4",
    title=text("Mean IoU, with a border to ignore", "带忽略边的平均交并比"),
    points=3,
    objective="O3",
    function="mean_iou",
    inputs=draw_maps,
    reference=lambda **inputs: iou_mean(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.vision.iou_of_classes",
        "course_lib.vision.count_pairs",
        "sklearn.metrics.jaccard_score",
    ),
    pitfalls=(
        Pitfall(
            "absent_is_zero",
            lambda **inputs: iou_mean(**inputs, absent=0.0),
            text(
                "A class that is neither true nor predicted at the places that count got 0. It has no IoU: leave it out of the mean.",
                "某一类在计入的位置上既不在真值里也不在预测里，你给了它 0。它没有交并比可言：不参与平均。",
            ),
        ),
        Pitfall(
            "absent_is_one",
            lambda **inputs: iou_mean(**inputs, absent=1.0),
            text(
                "A class that occurs nowhere at the places that count got 1: a present for doing nothing. Leave it out of the mean.",
                "在计入的位置上没有出现的类得了 1 分，等于白送。不要让它参与平均。",
            ),
        ),
        Pitfall(
            "classes_of_the_truth",
            lambda **inputs: iou_mean(**inputs, of_truth=True),
            text(
                "A class that is predicted but true nowhere was left out. Its IoU is 0: painting what is not there costs something.",
                "预测了却不在真值里的类，你没有算。它的交并比是 0：凭空涂出来的东西也要付代价。",
            ),
        ),
        Pitfall(
            "pooled",
            lambda **inputs: iou_mean(**inputs, pooled=True),
            text(
                "You added intersections and unions of all classes before dividing: the largest class decides. Divide for each class, then take the mean.",
                "你把各类的交、并先加起来再相除，于是最大的类说了算。应当每类先除，再取平均。",
            ),
        ),
        Pitfall(
            "unsure_counts",
            lambda **inputs: iou_mean(**inputs, ignore=False),
            text(
                "Places marked 255 count: what is predicted there went into the unions. Leave these places out altogether.",
                "标为 255 的位置也算进去了：那里的预测进入了并集。这些位置应当完全不计。",
            ),
        ),
        Pitfall(
            "picture_by_picture",
            lambda **inputs: iou_mean(**inputs, per_image=True),
            text(
                "You took the mean over pictures. Count intersections and unions over all pictures first, then divide.",
                "你对图片取了平均。应先在全部图片上累计交与并，再相除。",
            ),
        ),
        Pitfall(
            "dice",
            lambda **inputs: iou_mean(**inputs, dice=True),
            text("That is Dice, which is never below IoU.", "这是 Dice 系数，它从不低于交并比。"),
        ),
        Pitfall(
            "recall",
            lambda **inputs: iou_mean(**inputs, recall=True),
            text(
                "You divided by the true places of the class alone: painting everything in one class would be forgiven. Divide by the union.",
                "你只除以了该类真值的位置数：整图涂成一类也不受罚。应除以并集。",
            ),
        ),
        Pitfall(
            "without_class_0",
            lambda **inputs: iou_mean(**inputs, background=False),
            text("Class 0 is missing from the mean.", "平均里漏了第 0 类。"),
        ),
        Pitfall(
            "accuracy",
            lambda **inputs: iou_mean(**inputs, accuracy=True),
            text(
                "That is the share of right places, in which the largest class decides.",
                "这是答对的位置所占的比例，最大的类说了算。",
            ),
        ),
        Pitfall(
            "by_size",
            lambda **inputs: iou_mean(**inputs, weighted=True),
            text(
                "You weighted classes by their size. Each counts alike.",
                "你按类的大小加了权。各类应同等看待。",
            ),
        ),
    ),
    hints=(
        text(
            "First throw away the places where truth is 255, in both arrays: `truth[sure]`, `predicted[sure]`.",
            "先把真值为 255 的位置从两个数组里都去掉：`truth[sure]`、`predicted[sure]`。",
        ),
        text(
            "For class k: where are both k (intersection), where is at least one k (union)? Over all pictures at once.",
            "对第 k 类：两者都为 k 的位置是交，至少一个为 k 的位置是并。所有图片一起数。",
        ),
        text("Mean over those classes whose union is not empty.", "只对并集不为空的类取平均。"),
    ),
    right={
        "numpy": (
            "def mean_iou(truth, predicted, classes):\n"
            "    sure = truth != 255\n"
            "    t, p = truth[sure], predicted[sure]\n"
            "    table = np.histogram2d(t, p, bins=classes, range=[[-0.5, classes - 0.5]] * 2)[0]\n"
            "    union = table.sum(0) + table.sum(1) - table.diagonal()\n"
            "    return float(np.mean(table.diagonal()[union > 0] / union[union > 0]))\n",
            "def mean_iou(truth, predicted, classes):\n"
            "    pairs = [(int(a), int(b)) for a, b in zip(truth.ravel(), predicted.ravel()) if a != 255]\n"
            "    scores = []\n"
            "    for k in range(classes):\n"
            "        either = [pair for pair in pairs if k in pair]\n"
            "        if either:\n"
            "            scores.append(sum(a == b for a, b in either) / len(either))\n"
            "    return sum(scores) / len(scores)\n",
        )
    },
)

# 12.5 ---------------------------------------------------------------------------------------------


def draw_places(rng):
    return {"images": rng.normal(size=(2, 3, 4, 3)).astype(np.float32), **draw_tiny(rng)}


def logits_of(images, kernel, gamma, beta, mean, variance, head, bias, *, relu=True, training=False,
              bias_too=True, pooled=False, mapped=None, norm=True):  # fmt: skip
    """The head's answer at each place; the options are bugs."""
    z = images @ kernel
    if training:
        mean, variance = z.mean(axis=(0, 1, 2)), z.var(axis=(0, 1, 2))
    a = gamma * (z - mean) / np.sqrt(variance + EPSILON) + beta if norm else z
    a = np.maximum(0, a) if relu else a
    if pooled:
        return a.mean(axis=(1, 2)) @ head + bias
    found = a @ head + (bias if bias_too else 0)
    return mapped(found) if mapped else found


def places_but(**bug):
    return lambda **inputs: {"logits": logits_of(**inputs, **bug)}


PLACE = {
    "pytorch": """\
def place_logits(model, images):
    model.eval()
    with torch.no_grad():
        z = model.backbone.mix(images)
        a = model.backbone.norm(z.permute(0, 3, 1, 2)).relu()
        return model.head(a.permute(0, 2, 3, 1))
""",
    "keras": """\
from keras import ops
def place_logits(model, images):
    z = model.backbone.mix(images)
    a = ops.relu(model.backbone.norm(z, training=False))
    return model.head(a)
""",
}

PLACE_LOGITS = Exercise(
    id="12.5",
    title=text("A classifier becomes a map", "分类器变成地图"),
    points=4,
    objective="O3",
    function="place_logits",
    survivors={
        "what stands under 'with torch.no_grad():', without it": "the logits are the same: it only costs memory",
    },
    inputs=draw_places,
    reference=lambda **inputs: {"logits": logits_of(**inputs), "model_unchanged": True},
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="placing",
    parts={
        "logits": text("the logits of every place", "每个位置的 logits"),
        "model_unchanged": text("“the model is unchanged”", "“模型没有变”"),
    },
    pitfalls=(
        Pitfall(
            "training_mode",
            lambda **inputs: {
                "logits": logits_of(**inputs, training=True),
                "model_unchanged": False,
            },
            text(
                "BatchNorm normalised by this batch and moved its statistics: inference mode is needed (Keras: `training=False`).",
                "BatchNorm 用了这一批的统计量，还更新了自己的：应当用推理模式（Keras：`training=False`）。",
            ),
            code=changed(PLACE, ("    model.eval()\n", ""), ("training=False", "training=True")),
        ),
        Pitfall(
            "averaged",
            places_but(pooled=True),
            text(
                "You averaged over the places: N×K. The head comes *before* the mean now: N×H×W×K.",
                "你对位置取了平均，得到 N×K。现在头要放在平均**之前**：N×H×W×K。",
            ),
            code=changed(
                PLACE,
                ("model.head(a.permute(0, 2, 3, 1))", "model.head(a.mean(dim=(2, 3)))"),
                ("model.head(a)", "model.head(ops.mean(a, axis=(1, 2)))"),
            ),
        ),
        Pitfall(
            "without_relu",
            places_but(relu=False),
            text("The ReLU between norm and head is missing.", "norm 与 head 之间漏了 ReLU。"),
            code=changed(
                PLACE,
                (".relu()", ""),
                (
                    "ops.relu(model.backbone.norm(z, training=False))",
                    "model.backbone.norm(z, training=False)",
                ),
            ),
        ),
        Pitfall(
            "without_norm",
            places_but(norm=False),
            text(
                "The normalisation is missing: mix, norm, ReLU, head.",
                "漏了归一化：次序是 mix、norm、ReLU、head。",
            ),
            code=changed(
                PLACE,
                ("model.backbone.norm(z.permute(0, 3, 1, 2))", "z.permute(0, 3, 1, 2)"),
                ("model.backbone.norm(z, training=False)", "z"),
            ),
        ),
        Pitfall(
            "without_bias",
            places_but(bias_too=False),
            text(
                "The head's bias is missing. The mean of the map must be the classifier's logits.",
                "漏了头的偏置。整张图的平均应当等于分类器的 logits。",
            ),
            code=changed(
                PLACE,
                (
                    "model.head(a.permute(0, 2, 3, 1))",
                    "a.permute(0, 2, 3, 1) @ model.head.weight.T",
                ),
                ("model.head(a)", "ops.matmul(a, model.head.kernel)"),
            ),
        ),
        Pitfall(
            "bias_shared_out",
            lambda **inputs: {"logits": logits_of(**inputs, bias_too=False) + inputs["bias"] / 12},
            text(
                "You shared the bias out among the places. The mean of equal numbers is that number: every place gets the whole bias.",
                "你把偏置分摊到了各个位置。相同的数取平均还是那个数：每个位置都要加上完整的偏置。",
            ),
            code=changed(
                PLACE,
                (
                    "model.head(a.permute(0, 2, 3, 1))",
                    "a.permute(0, 2, 3, 1) @ model.head.weight.T + model.head.bias / 12",
                ),
                ("model.head(a)", "ops.matmul(a, model.head.kernel) + model.head.bias / 12"),
            ),
        ),
        Pitfall(
            "softmax",
            places_but(mapped=lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)),
            text("These are probabilities. Asked for are logits.", "这是概率。要的是 logits。"),
            code=changed(
                PLACE,
                (
                    "model.head(a.permute(0, 2, 3, 1))",
                    "model.head(a.permute(0, 2, 3, 1)).softmax(-1)",
                ),
                ("model.head(a)", "ops.softmax(model.head(a))"),
            ),
        ),
        Pitfall(
            "channels_first",
            places_but(mapped=lambda z: z.transpose(0, 3, 1, 2)),
            text(
                "The classes stand before the places. Give N×H×W×K.",
                "类别排到了位置前面。应为 N×H×W×K。",
            ),
            code=changed(
                PLACE,
                (
                    "model.head(a.permute(0, 2, 3, 1))",
                    "model.head(a.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)",
                ),
                ("model.head(a)", "ops.transpose(model.head(a), (0, 3, 1, 2))"),
            ),
        ),
    ),
    hints=(
        text(
            "`model.backbone(images)` ends in the mean: it is too late there. Go through its parts yourself: mix, norm, ReLU.",
            "`model.backbone(images)` 的末尾是求平均，到那里已经晚了。请自己依次走过它的各部分：mix、norm、ReLU。",
        ),
        text(
            "The head is a dense layer: it works on the last axis, whatever stands before. (PyTorch's BatchNorm2d wants the "
            "channels second: permute there and back.)",
            "头是全连接层，只作用在最后一个轴上，前面有几个轴都行。（PyTorch 的 BatchNorm2d 要求通道在第二个轴：先 permute 过去，再换回来。）",
        ),
        text(
            "Check yourself: the mean of your map over H and W must be `model(images)` in inference mode.",
            "自己检查：把得到的图对 H、W 求平均，应当等于推理模式下的 `model(images)`。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def place_logits(model, images):\n"
            "    b, norm = model.backbone, model.backbone.norm\n"
            "    rows = b.mix(images).reshape(-1, norm.num_features)\n"
            "    rows = functional.batch_norm(rows, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)\n"
            "    found = functional.linear(rows.clamp(min=0), model.head.weight, model.head.bias)\n"
            "    return found.reshape(*images.shape[:3], -1).detach()\n",
            "@torch.no_grad()\n"
            "def place_logits(model, images):\n"
            "    model.eval()\n"
            "    n, h, w, c = images.shape\n"
            "    each = images.reshape(n * h * w, 1, 1, c)  # every place a picture of its own\n"
            "    return model(each).reshape(n, h, w, -1)\n",
        ),
        "keras": (
            "from keras import ops\n"
            "def place_logits(model, images):\n"
            "    n, h, w, c = images.shape\n"
            "    each = ops.reshape(images, (n * h * w, 1, 1, c))  # every place a picture of its own\n"
            "    return ops.reshape(model(each, training=False), (n, h, w, -1))\n",
            "from keras import ops\n"
            "def place_logits(model, images):\n"
            "    norm = model.backbone.norm\n"
            "    z = (model.backbone.mix(images) - norm.moving_mean) / ops.sqrt(norm.moving_variance + 1e-5)\n"
            "    a = ops.maximum(norm.gamma * z + norm.beta, 0)\n"
            "    return ops.matmul(a, model.head.kernel) + model.head.bias\n",
        ),
    },
)

# 12.6 ---------------------------------------------------------------------------------------------


BUGS = (
    "own", "strict", "ill_only", "highest", "swapped", "plus", "healthy_only", "ill_strict", "healthy_twice"
)  # fmt: skip


def draw_screening(rng):
    """Scores on half-steps (so that equal ones occur), far more ill than at work, a budget.

    The budget is enough for one of the scores and nearly for the next: the nearest is over it. Sometimes
    only the ill or only the healthy have this very score. Drawn again until every mistake shows.
    """
    while True:
        y = rng.permutation(np.arange(60) < 30).astype(np.int64)
        scores = np.round(rng.normal(1.2 * y, 1.0) * 2) / 2
        prevalence = float(rng.choice([0.05, 0.2, 0.4]))
        k = rng.integers(3, len(np.unique(scores)) - 2)
        lower, right = np.unique(scores)[k - 1 : k + 1]
        scores[(y == rng.integers(0, 3)) & (scores == right)] += 0.5  # 2: nobody's
        enough, too_many = (
            prevalence * (scores >= t)[y == 1].mean()
            + (1 - prevalence) * (scores >= t)[y == 0].mean()
            for t in (right, lower)
        )
        budget = float(enough + rng.uniform(0.6, 0.95) * (too_many - enough))
        drawn = {"scores": scores, "y": y, "prevalence": prevalence, "budget": budget}
        wrong = {bug: within_budget(**drawn, **{bug: True}) for bug in BUGS}
        unlike = wrong["own"] != wrong["swapped"] and wrong["healthy_only"] != wrong["strict"]
        if unlike and within_budget(**drawn) == right and right not in wrong.values():
            return drawn


def within_budget(scores, y, prevalence, budget, *, own=False, strict=False, ill_only=False,
                  highest=False, swapped=False, ill_strict=False, plus=False, healthy_only=False,
                  healthy_twice=False):  # fmt: skip
    """The lowest threshold whose expected alarms fit the budget; the options are bugs."""
    fitting = []
    for t in np.unique(scores):
        alarm = scores > t if strict else scores >= t
        found, false = alarm[y == 1].mean(), alarm[y == 0].mean()
        if ill_strict:
            found = (scores[y == 1] > t).mean()
        found = false if healthy_twice else found
        share = prevalence * found + (1 + prevalence if plus else 1 - prevalence) * false
        if own:
            share = alarm.mean()
        if ill_only:
            share = prevalence * found
        if swapped:
            share = (1 - prevalence) * found + prevalence * false
        if healthy_only:
            share = (1 - prevalence) * false
        if share <= budget:
            fitting.append(t)
    return float((max if highest else min)(fitting)) if fitting else float(scores.max())


BUDGET = Exercise(
    id="12.6",
    title=text("A threshold under a budget", "预算内的阈值"),
    points=4,
    objective="O4",
    function="choose_threshold",
    inputs=draw_screening,
    reference=lambda **inputs: within_budget(**inputs),
    comparator=close(rtol=1e-9, atol=1e-9),
    tensors=False,
    forbidden=("sklearn.metrics.roc_curve",),
    pitfalls=(
        Pitfall(
            "own_prevalence",
            lambda **inputs: within_budget(**inputs, own=True),
            text(
                "You counted alarms among the validation patients, of whom far more are ill. Weigh the two groups by the "
                "prevalence at work: π · sensitivity + (1 − π) · (1 − specificity).",
                "你数的是验证集里的报警，而那里患病的人多得多。应按实际的患病率给两组加权：π · 灵敏度 + (1 − π) · 误报率。",
            ),
        ),
        Pitfall(
            "the_highest",
            lambda **inputs: within_budget(**inputs, highest=True),
            text(
                "That is the highest threshold that fits: it finds nearly nobody. Use the budget: the lowest that fits.",
                "这是满足预算的最高阈值，几乎谁也查不出来。预算要用足：取满足预算的最低阈值。",
            ),
        ),
        Pitfall(
            "false_alarms_only",
            lambda **inputs: within_budget(**inputs, healthy_only=True),
            text(
                "You counted false alarms alone. The ill who raise an alarm take the doctor's time, too.",
                "你只数了误报。报警的患者同样要占用医生的时间。",
            ),
        ),
        Pitfall(
            "above_only",
            lambda **inputs: within_budget(**inputs, strict=True),
            text(
                "One step too low: the share of alarms is over the budget. (Did you count only scores *above* the threshold? The threshold itself "
                "is an alarm, too, and equal scores occur here. Or did you return the first that no longer fits, or the nearest to the budget? "
                "At most is asked for.)",
                "低了一步：报警比例超出了预算。（是不是只数了**大于**阈值的分数？等于阈值也报警，而这里有相等的分数。还是返回了第一个超出预算的，"
                "或者最接近预算的？要的是不超过。）",
            ),
        ),
        Pitfall(
            "ill_only",
            lambda **inputs: within_budget(**inputs, ill_only=True),
            text(
                "You counted alarms of the ill alone. Most alarms come from the many who are healthy.",
                "你只数了患者的报警。大多数报警来自人数众多的健康者。",
            ),
        ),
        Pitfall(
            "swapped",
            lambda **inputs: within_budget(**inputs, swapped=True),
            text(
                "π belongs to the ill, 1 − π to the healthy.",
                "π 是患病者的权重，1 − π 才是健康者的。",
            ),
        ),
    ),
    hints=(
        text(
            "Candidates are the scores that occur: `np.unique(scores)`. For each: the alarms (≥) among ill and among healthy.",
            "候选阈值就是出现过的分数：`np.unique(scores)`。对每一个，分别求患病者与健康者中报警（≥）的比例。",
        ),
        text(
            "Expected share of alarms at work: π · (alarms among the ill) + (1 − π) · (alarms among the healthy).",
            "实际工作中的预期报警比例：π · 患病者的报警比例 + (1 − π) · 健康者的报警比例。",
        ),
        text(
            "The lower the threshold, the more are found: take the lowest whose share is at most the budget.",
            "阈值越低，查出的越多：取报警比例不超过预算的最低者。",
        ),
    ),
    survivors={
        "prevalence * found + (1 - prevalence) * false <= budget → prevalence * found + (1 - prevalence) * false < budget": "no share is exactly the budget",
    },
    right={
        "numpy": (
            "def choose_threshold(scores, y, prevalence, budget):\n"
            "    w = np.where(y == 1, prevalence / (y == 1).sum(), (1 - prevalence) / (y == 0).sum())\n"
            "    for t in sorted(set(scores)):\n"
            "        if w[scores >= t].sum() <= budget + 1e-12:\n"
            "            return float(t)\n"
            "    return float(scores.max())\n",
            "def choose_threshold(scores, y, prevalence, budget):\n"
            "    t = np.unique(scores)[::-1]\n"
            "    ill, healthy = (np.array([(scores[y == k] >= each).mean() for each in t]) for k in (1, 0))\n"
            "    fits = prevalence * ill + (1 - prevalence) * healthy <= budget\n"
            "    return t[fits].min() if fits.any() else t[0]\n",
        )
    },
)

# 12.7 ---------------------------------------------------------------------------------------------


def draw_groups(rng):
    """Two groups of unlike size; some scores stand just at the threshold."""
    n = 40
    group = rng.permutation(np.arange(n) < 14).astype(np.int64)
    y = np.zeros(n, np.int64)
    for g in (0, 1):
        y[rng.permutation(np.flatnonzero(group == g))[: (9, 6)[g]]] = 1
    threshold = float(rng.choice([0.25, 0.75, 1.25]))
    scores = np.round(rng.normal(np.where(group == 1, 0.5, 1.5) * y + 0.3 * group, 0.8), 2)
    for g in (0, 1):
        for k in (0, 1):
            scores[np.flatnonzero((group == g) & (y == k))[0]] = threshold
    return {"y": y, "scores": scores, "group": group, "threshold": threshold}


def of_groups(y, scores, group, threshold, *, kind="right", order=(0, 1), own=False, strict=False):
    """Sensitivity and specificity of each group; the options are bugs."""
    rows = []
    for g in order:
        here = group == g
        cut = np.median(scores[here]) if own else threshold
        alarm = scores > cut if strict else scores >= cut
        ill, healthy = here & (y == 1), here & (y == 0)
        if kind == "of_alarms":
            row = (y[here & alarm] == 1).mean(), (y[here & ~alarm] == 0).mean()
        elif kind == "of_everybody":
            row = (alarm & ill).sum() / (y == 1).sum(), (~alarm & healthy).sum() / (y == 0).sum()
        elif kind == "of_group":
            row = (alarm & ill).sum() / here.sum(), (~alarm & healthy).sum() / here.sum()
        elif kind == "false_alarms":
            row = alarm[ill].mean(), alarm[healthy].mean()
        elif kind == "turned":
            row = (~alarm[healthy]).mean(), alarm[ill].mean()
        else:
            row = alarm[ill].mean(), (~alarm[healthy]).mean()
        rows.append(row)
    return np.array(rows)


GROUPS = Exercise(
    id="12.7",
    title=text("Find the bug: rates by group", "找错：分组的灵敏度与特异度"),
    points=3,
    objective="O5",
    function="rates_by_group",
    drawing=drawings.bars(
        across=text("0: sensitivity, 1: specificity", "0：灵敏度，1：特异度"),
        down=text("rate", "比率"),
    ),
    inputs=draw_groups,
    reference=lambda **inputs: of_groups(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.vision.rates",),
    pitfalls=(
        Pitfall(
            "the_bug",
            lambda **inputs: of_groups(**inputs, kind="of_everybody"),
            text(
                "Still the bug: hits of one group are divided by the ill of *all* groups, so a small group looks bad however well it "
                "is served.",
                "毛病还在：一个组的命中数除以了**所有**组的患病人数，于是小组不管服务得多好都显得很差。",
            ),
        ),
        Pitfall(
            "of_the_group",
            lambda **inputs: of_groups(**inputs, kind="of_group"),
            text(
                "You divided by everybody in the group. Sensitivity is a share of its ill, specificity of its healthy.",
                "你除以了组内的所有人。灵敏度的分母是组内患病者，特异度的是组内健康者。",
            ),
        ),
        Pitfall(
            "predictive_values",
            lambda **inputs: of_groups(**inputs, kind="of_alarms"),
            text(
                "These are predictive values: the share of alarms that are right, and of silences that are. Asked for are shares of the "
                "ill and of the healthy.",
                "这是预测值：报警里对的比例、不报警里对的比例。要的是患病者中的比例与健康者中的比例。",
            ),
        ),
        Pitfall(
            "false_alarm_rate",
            lambda **inputs: of_groups(**inputs, kind="false_alarms"),
            text(
                "The second column is the false-alarm rate, 1 − specificity.",
                "第二列是误报率，即 1 − 特异度。",
            ),
        ),
        Pitfall(
            "columns_swapped",
            lambda **inputs: of_groups(**inputs, kind="turned"),
            text("The columns are swapped: sensitivity first.", "两列颠倒了：灵敏度在前。"),
        ),
        Pitfall(
            "rows_swapped",
            lambda **inputs: of_groups(**inputs, order=(1, 0)),
            text("The rows are swapped: group 0 first.", "两行颠倒了：第 0 组在前。"),
        ),
        Pitfall(
            "above_only",
            lambda **inputs: of_groups(**inputs, strict=True),
            text(
                "A score of exactly the threshold is an alarm, too (≥).",
                "分数恰好等于阈值也报警（≥）。",
            ),
        ),
        Pitfall(
            "thresholds_of_their_own",
            lambda **inputs: of_groups(**inputs, own=True),
            text(
                "You gave each group a threshold of its own. The question is what the one threshold does to each.",
                "你给每个组单独定了阈值。问的是同一个阈值对各组的影响。",
            ),
        ),
    ),
    hints=(
        text(
            "Write down for group 1 by hand: how many are ill, how many of *them* give an alarm?",
            "先手算第 1 组：患病的有几个？**其中**报警的有几个？",
        ),
        text(
            "Which people stand below the fraction line in the buggy function?",
            "有毛病的函数里，分母数的是哪些人？",
        ),
        text(
            "`alarm[(group == g) & (y == 1)].mean()`, and the like for the healthy.",
            "`alarm[(group == g) & (y == 1)].mean()`，健康者仿此。",
        ),
    ),
    right={
        "numpy": (
            "def rates_by_group(y, scores, group, threshold):\n"
            "    found = []\n"
            "    for g in range(group.max() + 1):\n"
            "        s, t = scores[group == g], y[group == g]\n"
            "        found.append([np.mean(s[t == 1] >= threshold), np.mean(s[t == 0] < threshold)])\n"
            "    return np.array(found)\n",
            "def rates_by_group(y, scores, group, threshold):\n"
            "    right = (scores >= threshold) == (y == 1)\n"
            "    return np.array([[right[(group == g) & (y == k)].mean() for k in (1, 0)] for g in np.unique(group)])\n",
        )
    },
)

# 12.8 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="12.8",
    title=text("A press release on your desk", "桌上的一篇新闻稿"),
    points=3,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "First fault, named with its reason (½) and with the number or experiment to ask for (½). Any of: split by picture, "
                "not by patient; accuracy no higher than what “everybody healthy” scores; threshold chosen on the test pictures; no "
                "scratch or other baseline; no rates by hospital or group; no interval; a heat map taken as proof.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的数字或实验（½ 分）。下列任一项：按图片而不是按病人切分；准确率并不高于“全部判为"
                "健康”；阈值在测试图片上选；没有从零训练或别的基线；没有分医院、分人群的灵敏度与特异度；没有区间；把热力图当作证明。",
            ),
        ),
        (
            1,
            text(
                "Second fault, of another kind, likewise.", "第二个毛病，须属于另一类，评分同上。"
            ),
        ),
        (
            1,
            text(
                "Third fault, of yet another kind, likewise.",
                "第三个毛病，须又属于另一类，评分同上。",
            ),
        ),
    ),
)

EXERCISES = (OVERLAP, AREA, ONE_LOOK, MEAN_IOU, PLACE_LOGITS, BUDGET, GROUPS, REPORT)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="12.q1",
        question=text(
            "Sixty pages of handwritten digits, each with boxes. Three starts for a detector: random; a network that classified single "
            "letters; a whole detector of *typeset* digits on pages. Which order of mean average precision do you expect?",
            "六十页手写数字，都标了边界框。检测器有三种起点：随机；分类过单个字母的网络；在页面上检测**印刷体**数字的整个检测器。你预计平均精度怎样排列？",
        ),
        options=(
            Option(
                text("letters > typeset pages > random", "字母 > 印刷页面 > 随机"),
                text(
                    "Letters were trained long and well, but only to say *what*, wherever it is. A detector must say *where*.",
                    "字母网络训练得又久又好，但只学过说出**是什么**，在哪儿都一样。检测器却必须说出**在哪里**。",
                ),
            ),
            Option(
                text(
                    "typeset pages far ahead; letters no better than random",
                    "印刷页面遥遥领先；字母不比随机强",
                ),
                text(
                    "Yes. It has answered the same question before, and its labels cost nothing: the pages are drawn. Section 2 measures it, "
                    "and what is left of it without the head.",
                    "对。同样的问题它早就回答过，而且它的标签不花钱：页面是画出来的。第 2 节会测量，还会看看拿掉头之后剩下多少。",
                ),
                right=True,
            ),
            Option(
                text("All three level: sixty pages are enough", "三者相当：六十页足够了"),
                text(
                    "Sixty pages hold little more than a hundred digits, about ten of each kind, in strange places. It is not enough.",
                    "六十页只有一百来个数字，每类十个左右，位置各异。这并不够。",
                ),
            ),
        ),
    ),
    Quiz(
        id="12.q2",
        question=text(
            "Each patient has three pictures. The *pictures* are split at random into training and validation, two to one. "
            "What will the score on validation say about new patients?",
            "每个病人有三张图片。把**图片**随机切成训练与验证，二比一。验证成绩对新病人说明什么？",
        ),
        options=(
            Option(
                text(
                    "The truth, give or take chance: the split was random",
                    "就是真相，只差一点偶然误差：切分是随机的",
                ),
                text(
                    "Random over *pictures*. Nearly every validation picture has a sister of the same patient, and the same label, in training.",
                    "随机的是**图片**。几乎每张验证图片，训练集里都有同一病人、同一标签的其他图片。",
                ),
            ),
            Option(
                text("Far too much: it knows the patients again", "高估得多：它认得这些病人"),
                text(
                    "Yes. It need not see the lesion, only the patient. The next cells measure by how much.",
                    "对。它不必看到病灶，认出病人就行。接下来的单元格会测出差多少。",
                ),
                right=True,
            ),
            Option(
                text("Too little: validation is small", "低估：验证集太小"),
                text(
                    "A small part makes a number uncertain, not low.",
                    "部分小只会让数值不稳，不会让它偏低。",
                ),
            ),
        ),
    ),
    Quiz(
        id="12.q3",
        question=text(
            "A test finds 90 % of the ill and leaves 90 % of the healthy in peace. Of a thousand people ten are ill. An alarm sounds: how "
            "likely is this person ill?",
            "某项检查能查出 90% 的患者，也能让 90% 的健康人不受打扰。一千人里有十个患病。现在报警了：这个人患病的可能性有多大？",
        ),
        options=(
            Option(
                text("90 %", "90%"),
                text(
                    "That is the chance of an alarm *given illness*, the wrong way round.",
                    "那是**已知患病**时报警的概率，方向反了。",
                ),
            ),
            Option(
                text("About 8 %", "大约 8%"),
                text(
                    "Yes: 9 right alarms, 99 false ones. 9/108 is 8 %.",
                    "对：9 次报对，99 次误报，9/108 约为 8%。",
                ),
                right=True,
            ),
            Option(
                text("50 %", "50%"),
                text(
                    "Count: 9 of the 10 ill, and 99 of the 990 healthy.",
                    "数一数：10 个患者里有 9 个报警，990 个健康人里有 99 个。",
                ),
            ),
        ),
    ),
    Quiz(
        id="12.q4",
        question=text(
            "A network for five kinds of land is to be trained on fifty tiles. Which change of a tile may you use as augmentation without "
            "a second thought?",
            "要用五十张图块训练一个区分五种地貌的网络。下列哪种变换可以放心地用作数据增强？",
        ),
        options=(
            Option(
                text("Turning it by any angle", "旋转任意角度"),
                text(
                    "Yes: seen from above nothing is up. (For digits it would turn a 6 into a 9.)",
                    "对：从上往下看，没有上下之分。（对数字就不行，6 会变成 9。）",
                ),
                right=True,
            ),
            Option(
                text("Doubling its scale", "放大一倍"),
                text(
                    "The scale is known from the satellite, and it tells trees from houses here. Mild changes only.",
                    "卫星的比例尺是已知的，而这里正是靠尺度区分树和房子。只宜轻微改变。",
                ),
            ),
            Option(
                text("Neither: augmentation is for photographs", "都不行：数据增强只适用于照片"),
                text(
                    "It is for whatever leaves the label as it is.",
                    "凡是不改变标签的变换都可以用。",
                ),
            ),
        ),
    ),
    Quiz(
        id="12.q5",
        question=text(
            "Ten pages, a network from scratch, twenty steps. The loss has become low, yet the masks on new pages are poor, and those on the ten "
            "training pages too, once the network is in inference mode. What would you try first?",
            "十页，从零训练，二十步。损失已经很低，可是新页面上的掩码很差；网络一进入推理模式，连那十页训练页面上的也很差。你先试什么？",
        ),
        options=(
            Option(
                text("A pre-trained start", "换成预训练的起点"),
                text(
                    "It may look like the cure, for its BatchNorm statistics are nearly right from the start. But then you would thank "
                    "transfer for what one line without any source does.",
                    "它看上去像是对症，因为它的 BatchNorm 统计量一开始就大致正确。可那样一来，不用任何源、一行代码就能办到的事，功劳会算到迁移头上。",
                ),
            ),
            Option(
                text(
                    "Estimate BatchNorm's statistics anew on the ten pages",
                    "用这十页重新估计 BatchNorm 的统计量",
                ),
                text(
                    "Yes. Low loss in training mode and poor answers in inference mode on the *same* pages: only the statistics differ.",
                    "对。**同样**的页面，训练模式下损失低，推理模式下答得差：两者之间只差统计量。",
                ),
                right=True,
            ),
            Option(
                text("More labels: it overfits", "多标一些：它过拟合了"),
                text(
                    "An overfitted network would be good on the ten pages that it was trained on.",
                    "过拟合的网络，在它训练过的那十页上应当很好。",
                ),
            ),
        ),
    ),
)
