"""Exercises of chapter 16, foundation models: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny


def unit(z):
    return z / np.linalg.norm(z, axis=-1, keepdims=True)


def log_softmax(s, axis=-1):
    return (
        s
        - np.log(np.exp(s - s.max(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True))
        - (s.max(axis=axis, keepdims=True))
    )


def both_halves(*names):
    return tuple(f"course_lib.{half}.{name}" for half in ("pytorch", "keras") for name in names)


# 16.1 ---------------------------------------------------------------------------------------------


def draw_views(rng):
    n = int(rng.integers(3, 6))
    a = rng.normal(size=(n, 4))
    return {
        "a": a * rng.uniform(0.5, 2, (n, 1)),
        "b": a + 0.7 * rng.normal(size=(n, 4)),
        "temperature": float(rng.choice([0.3, 0.5, 0.7])),
    }


def contrastive(a, b, temperature, *, own=False, one_way=False, plain=False, cold=False,
                times=False, summed=False, without=False, across=False):  # fmt: skip
    """The loss of N pairs; the options are bugs."""
    n = len(a)
    z = np.concatenate([a, b])
    z = z if plain else unit(z)
    s = z @ z.T
    s = s if cold else (s * temperature if times else s / temperature)
    partner = (np.arange(2 * n) + n) % (2 * n)
    if not own:
        s = np.where(np.eye(2 * n, dtype=bool), -np.inf, s)
    if across:  # only the other view's rows are strangers
        s = s[:n, n:]
        partner = np.arange(n)
    each = s[np.arange(len(s)), partner]
    if without:  # the partner is left out of the denominator
        others = s.copy()
        others[np.arange(len(s)), partner] = -np.inf
        loss = np.log(np.exp(others).sum(axis=1)) - each
    else:
        loss = np.log(np.exp(s).sum(axis=1)) - each
    loss = loss[:n] if one_way else loss
    return float(loss.sum() if summed else loss.mean())


def contrastive_as(**bug):
    return lambda a, b, temperature: contrastive(a, b, temperature, **bug)


CONTRASTIVE = Exercise(
    id="16.1",
    title=text("The contrastive loss", "对比损失"),
    points=4,
    objective="O1",
    function="contrastive_loss",
    survivors={
        "1000000000.0 → 1000000001.0": "any large number hides the diagonal",
        "ops.log_softmax(scores, axis=1) without axis": "the last axis is the default",
        "ops.normalize(ops.concatenate([a, b]), axis=1) without axis": "the last axis is the default",
        "torch.nn.functional.normalize(torch.cat([a, b]), dim=1) without dim": "dim=1 is the default",
    },
    inputs=draw_views,
    reference=contrastive_as(),
    comparator=close(rtol=1e-4, atol=1e-5),
    forbidden=both_halves("nt_xent", "contrastive.nt_xent"),
    pitfalls=(
        Pitfall(
            "compared_with_itself",
            contrastive_as(own=True),
            text(
                "Each row is compared with itself as well. That cosine is always 1, so it can never be pushed away: leave the diagonal out of the sum.",
                "每一行也和自己比了。自己与自己的余弦恒为 1，永远推不开：求和时要去掉对角线。",
            ),
        ),
        Pitfall(
            "one_view_only",
            contrastive_as(one_way=True),
            text(
                "The mean runs over the first view's rows only. Both views ask the question: 2N rows.",
                "平均只取了第一个视图的行。两个视图都要提问：共 2N 行。",
            ),
        ),
        Pitfall(
            "not_normalised",
            contrastive_as(plain=True),
            text(
                "Similarity is the cosine: bring each row to length 1 first. As it is, the loss can be lowered by longer vectors alone.",
                "相似度是余弦：先把每一行化成单位长度。像现在这样，只要把向量拉长就能降低损失。",
            ),
        ),
        Pitfall(
            "temperature_forgotten",
            contrastive_as(cold=True),
            text(
                "The temperature has no effect: divide the cosines by it.",
                "温度没有起作用：余弦要除以温度。",
            ),
        ),
        Pitfall(
            "temperature_multiplied",
            contrastive_as(times=True),
            text(
                "The cosines are multiplied by τ. Divide: a small τ makes differences larger.",
                "余弦乘上了 τ。应当除以 τ：τ 越小，差别越大。",
            ),
        ),
        Pitfall(
            "summed",
            contrastive_as(summed=True),
            text(
                "This is the sum over 2N rows; the loss is their mean.",
                "这是 2N 行之和；损失是它们的平均。",
            ),
        ),
        Pitfall(
            "partner_left_out",
            contrastive_as(without=True),
            text(
                "The denominator leaves the partner out. It sums over all k ≠ i, and the partner is among them; that is what makes it a softmax.",
                "分母漏掉了另一个视图。它对所有 k ≠ i 求和，其中也包括配对的那一个；这样才是 softmax。",
            ),
        ),
        Pitfall(
            "only_across",
            contrastive_as(across=True),
            text(
                "Only rows of the other view are compared. The strangers of the same view count too: 2N − 2 of them in all.",
                "只与另一个视图的行比较了。同一视图里的其他行也是陌生者：一共有 2N − 2 个。",
            ),
        ),
    ),
    hints=(
        text(
            "Stack the views: 2N rows. Bring them to length 1; one matrix product gives all cosines, 2N×2N.",
            "把两个视图叠起来：2N 行。化成单位长度；一次矩阵乘法就得到全部余弦，2N×2N。",
        ),
        text(
            "Divide by τ and put a very small number, such as −1e9, on the diagonal. Row i's right answer is column (i + N) mod 2N.",
            "除以 τ，在对角线上填一个很小的数（如 −1e9）。第 i 行的正确答案是第 (i + N) mod 2N 列。",
        ),
        text(
            "What is left is the cross-entropy of these logits with these labels, mean over the rows.",
            "剩下的就是这些 logits 与这些标签的交叉熵，按行取平均。",
        ),
    ),
    right={
        "pytorch": (
            "def contrastive_loss(a, b, temperature):\n"
            "    z = torch.nn.functional.normalize(torch.cat([a, b]), dim=1)\n"
            "    s = z @ z.T / temperature\n"
            "    s.fill_diagonal_(-1e9)\n"
            "    n = len(a)\n"
            "    y = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])\n"
            "    return torch.nn.functional.cross_entropy(s, y)\n",
            "def contrastive_loss(a, b, temperature):\n"
            "    z = torch.cat([a, b])\n"
            "    z = z / z.pow(2).sum(1, keepdim=True).sqrt()\n"
            "    n, total = len(a), 0.0\n"
            "    for i in range(2 * n):\n"
            "        e = [torch.exp((z[i] * z[k]).sum() / temperature) for k in range(2 * n)]\n"
            "        total = total - torch.log(e[(i + n) % (2 * n)] / (sum(e) - e[i]))\n"
            "    return total / (2 * n)\n",
        ),
        "keras": (
            "def contrastive_loss(a, b, temperature):\n"
            "    z = ops.normalize(ops.concatenate([a, b]), axis=1)\n"
            "    n = a.shape[0]\n"
            "    s = z @ ops.transpose(z) / temperature - 1e9 * ops.eye(2 * n)\n"
            "    y = np.concatenate([np.arange(n, 2 * n), np.arange(n)])\n"
            "    return ops.mean(keras.losses.sparse_categorical_crossentropy(y, s, from_logits=True))\n",
            "def contrastive_loss(a, b, temperature):\n"
            "    z = ops.concatenate([a, b])\n"
            "    z = z / ops.sqrt(ops.sum(z * z, axis=1, keepdims=True))\n"
            "    n, total = a.shape[0], 0.0\n"
            "    for i in range(2 * n):\n"
            "        e = ops.exp(ops.sum(z[i] * z, axis=1) / temperature)\n"
            "        total = total - ops.log(e[(i + n) % (2 * n)] / (ops.sum(e) - e[i]))\n"
            "    return total / (2 * n)\n",
        ),
    },
)

# 16.2 ---------------------------------------------------------------------------------------------


def draw_similarities(rng):
    k = int(rng.integers(4, 7))
    return {
        "s": rng.uniform(-0.6, 0.9, k),
        "partner": int(rng.integers(1, k)),
        "temperature": float(rng.choice([0.1, 0.25, 0.5])),
    }


def slopes(s, partner, temperature, *, sign=1, scale=True, pull=True, hot=False, norm=False, first=False):  # fmt: skip
    """dL/ds for one row; the options are bugs."""
    p = np.exp(log_softmax(s if hot else s / temperature))
    target = np.eye(len(s))[0 if first else partner] if pull else 0 * s
    g = sign * (p - target) / (temperature if scale else 1)
    return g / len(s) if norm else g


def slopes_as(**bug):
    return lambda s, partner, temperature: slopes(s, partner, temperature, **bug)


SLOPES = Exercise(
    id="16.2",
    title=text("Who is pushed, and how hard", "推谁，推多重"),
    points=3,
    objective="O1",
    function="push_and_pull",
    drawing=drawings.bars(across=text("candidate", "候选"), down=text("gradient", "梯度")),
    inputs=draw_similarities,
    reference=slopes_as(),
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "sign",
            slopes_as(sign=-1),
            text(
                "The signs are turned round: this is the direction of descent. The gradient is negative at the partner (more similarity, less loss).",
                "符号反了：这是下降的方向。在配对处梯度为负（越相似，损失越小）。",
            ),
        ),
        Pitfall(
            "inner_derivative",
            slopes_as(scale=False),
            text(
                "The chain rule's inner derivative is missing: the logits are s/τ, so a factor 1/τ remains.",
                "漏了链式法则的内层导数：logits 是 s/τ，所以还要乘 1/τ。",
            ),
        ),
        Pitfall(
            "push_only",
            slopes_as(pull=False),
            text(
                "All entries push. At the partner the loss has a second term, −s/τ, which pulls: subtract 1 there.",
                "所有项都在推。在配对处，损失还有一项 −s/τ 在拉：那里要减 1。",
            ),
        ),
        Pitfall(
            "softmax_without_temperature",
            slopes_as(hot=True),
            text("The softmax was taken of s, not of s/τ.", "softmax 是对 s 取的，应当对 s/τ 取。"),
        ),
        Pitfall(
            "divided_by_their_number",
            slopes_as(norm=True),
            text(
                "Divided by the number of entries once too often: this is the loss of one row, not a mean over its entries.",
                "多除了一次项数：这是一行的损失，不是对各项取平均。",
            ),
        ),
        Pitfall(
            "first_is_partner",
            slopes_as(first=True),
            text(
                "The 1 was subtracted at place 0. The partner stands at `partner`.",
                "1 减在了第 0 处。配对的位置是 `partner`。",
            ),
        ),
    ),
    hints=(
        text(
            "Write the loss of the row as −s[partner]/τ + log Σ exp(s[k]/τ) and differentiate by s[k].",
            "把这一行的损失写成 −s[partner]/τ + log Σ exp(s[k]/τ)，再对 s[k] 求导。",
        ),
        text(
            "The second term's derivative is softmax(s/τ)[k] / τ. The first term's is −1/τ at the partner, else 0.",
            "第二项的导数是 softmax(s/τ)[k] / τ；第一项在配对处是 −1/τ，其余为 0。",
        ),
    ),
    right={
        "numpy": (
            "def push_and_pull(s, partner, temperature):\n"
            "    e = np.exp((s - s.max()) / temperature)\n"
            "    g = e / e.sum()\n"
            "    g[partner] -= 1\n"
            "    return g / temperature\n",
            "def push_and_pull(s, partner, temperature):\n"
            "    total = sum(np.exp(v / temperature) for v in s)\n"
            "    return np.array([(np.exp(v / temperature) / total - (k == partner)) / temperature for k, v in enumerate(s)])\n",
        )
    },
)

# 16.3 ---------------------------------------------------------------------------------------------


def draw_patches(rng):
    side, rows, columns = int(rng.choice([2, 3])), 2, 3
    hidden = np.zeros((3, rows * columns), np.int64)
    for i, count in enumerate((1, 3, 4)):
        hidden[i, rng.permutation(rows * columns)[:count]] = 1
    if hidden.reshape(3, rows, columns)[:, :, :2].sum() == 0:
        hidden[0, 0] = 1
    x = rng.uniform(size=(3, rows * side, columns * side))
    return {
        "x": x,
        "filled": x + 0.4 * rng.normal(size=x.shape) + 0.1,
        "hidden": hidden,
        "side": side,
    }


def fill_error(x, filled, hidden, side, *, which=1, over="hidden", order="rows", power=2, per=False, root=False):  # fmt: skip
    """Mean squared error over hidden pixels; the options are bugs."""
    n, h, w = x.shape
    grid = hidden.reshape(n, h // side, w // side) if order == "rows" else (
        hidden.reshape(n, w // side, h // side).transpose(0, 2, 1))  # fmt: skip
    m = (grid == which).repeat(side, axis=1).repeat(side, axis=2)
    error = np.abs(filled - x) ** power
    if per:
        return float(np.mean([error[i][m[i]].mean() for i in range(n)]))
    value = error.mean() if over == "all" else (error * m).sum() / (
        m.size if over == "size" else m.sum() / side**2 if over == "patches" else m.sum())  # fmt: skip
    return float(np.sqrt(value) if root else value)


def fill_as(**bug):
    return lambda x, filled, hidden, side: fill_error(x, filled, hidden, side, **bug)


FILLED = Exercise(
    id="16.3",
    title=text("Judged on what was hidden", "只评被遮住的"),
    points=3,
    objective="O2",
    function="hidden_error",
    survivors={
        "filled - x → x - filled": "the difference is squared",
    },
    inputs=draw_patches,
    reference=fill_as(),
    comparator=close(rtol=1e-4, atol=1e-7),
    tensors=False,
    forbidden=both_halves("masked_error", "masked.masked_error"),
    pitfalls=(
        Pitfall(
            "everything_counts",
            fill_as(over="all"),
            text(
                "The visible pixels count as well. To copy what one sees is no achievement: only hidden pixels count.",
                "看得见的像素也算进去了。把看见的抄一遍不算本事：只算被遮住的像素。",
            ),
        ),
        Pitfall(
            "the_visible_ones",
            fill_as(which=0),
            text(
                "This is the error on the *visible* patches: 1 means hidden.",
                "这是**看得见的**块上的误差：1 表示被遮住。",
            ),
        ),
        Pitfall(
            "divided_by_all_pixels",
            fill_as(over="size"),
            text(
                "The sum is right; it is divided by all pixels. Divide by the number of hidden ones, or the loss falls when less is hidden.",
                "和是对的，却除以了全部像素数。应除以被遮住的像素数，否则遮得越少损失越小。",
            ),
        ),
        Pitfall(
            "divided_by_patches",
            fill_as(over="patches"),
            text(
                "Divided by the number of hidden *patches*: each has side² pixels.",
                "除的是被遮住的**块**数：每块有 side² 个像素。",
            ),
        ),
        Pitfall(
            "patches_by_columns",
            fill_as(order="columns"),
            text(
                "The patches were numbered down the columns. They are numbered row by row, like words on a page.",
                "块的编号按列往下走了。应按行编号，像读书一样。",
            ),
        ),
        Pitfall(
            "absolute",
            fill_as(power=1),
            text(
                "This is the mean absolute error; square the differences.",
                "这是平均绝对误差；差要平方。",
            ),
        ),
        Pitfall(
            "mean_of_means",
            fill_as(per=True),
            text(
                "This is the mean over pictures of each one's mean. Here the pictures hide different numbers of patches: one mean over all hidden pixels.",
                "这是先逐图平均、再对图平均。这里每张图遮住的块数不同：要对全部被遮像素取一次平均。",
            ),
        ),
        Pitfall(
            "root",
            fill_as(root=True),
            text(
                "The root was taken; the loss is the mean square itself.",
                "多开了平方；损失就是均方本身。",
            ),
        ),
    ),
    hints=(
        text(
            "Bring `hidden` into the shape of the picture: N×(H/side)×(W/side), one entry for each patch.",
            "先把 `hidden` 变成图片的样子：N×(H/side)×(W/side)，每块一个数。",
        ),
        text(
            "`np.repeat(…, side, axis=1)`, then the same with axis=2, gives each pixel its patch's entry.",
            "`np.repeat(…, side, axis=1)`，再对 axis=2 同样做一次，每个像素就有了所在块的值。",
        ),
        text(
            "Sum the squared differences times this mask, and divide by the sum of the mask.",
            "把差的平方乘上这个掩码求和，再除以掩码之和。",
        ),
    ),
    right={
        "numpy": (
            "def hidden_error(x, filled, hidden, side):\n"
            "    n, h, w = x.shape\n"
            "    m = np.kron(hidden.reshape(n, h // side, w // side), np.ones((1, side, side)))\n"
            "    return np.sum(m * (x - filled) ** 2) / np.sum(m)\n",
            "def hidden_error(x, filled, hidden, side):\n"
            "    errors = []\n"
            "    across = x.shape[2] // side\n"
            "    for i, p in zip(*np.nonzero(hidden)):\n"
            "        r, c = side * (p // across), side * (p % across)\n"
            "        errors.append((x - filled)[i, r : r + side, c : c + side] ** 2)\n"
            "    return float(np.mean(errors))\n",
        )
    },
)

# 16.4 ---------------------------------------------------------------------------------------------


def draw_pairs(rng):
    n = int(rng.integers(3, 6))
    a = rng.normal(size=(n, 4))
    return {"pictures": a * rng.uniform(0.5, 3, (n, 1)), "captions": a + rng.normal(size=(n, 4)),
            "scale": float(rng.uniform(2, 6))}  # fmt: skip


def matched(pictures, captions, scale, *, ways=("rows", "columns"), plain=False, divide=False, summed=False, added=False, sigmoid=False, blind=False):  # fmt: skip
    """The loss of pictures and captions; the options are bugs."""
    a, b = (pictures, captions) if plain else (unit(pictures), unit(captions))
    s = a @ b.T
    s = s if blind else (s / scale if divide else s * scale)
    own = np.arange(len(s))
    if sigmoid:
        sign = 2 * np.eye(len(s)) - 1
        return float(np.mean(np.log1p(np.exp(-sign * s))))
    parts = {"rows": -log_softmax(s, 1)[own, own], "columns": -log_softmax(s, 0)[own, own]}
    each = [parts[way].sum() if summed else parts[way].mean() for way in ways]
    return float(np.sum(each) if added else np.mean(each))


def matched_as(**bug):
    return lambda pictures, captions, scale: matched(pictures, captions, scale, **bug)


MATCHED = Exercise(
    id="16.4",
    title=text("Pictures and captions", "图片与说明"),
    points=3,
    objective="O3",
    function="pair_loss",
    survivors={
        "ops.log_softmax(S, axis=1) without axis": "the last axis is the default",
        "ops.normalize(captions, axis=1) without axis": "the last axis is the default",
        "ops.normalize(pictures, axis=1) without axis": "the last axis is the default",
        "unit(captions, dim=1) without dim": "dim=1 is the default",
        "unit(pictures, dim=1) without dim": "dim=1 is the default",
    },
    inputs=draw_pairs,
    reference=matched_as(),
    comparator=close(rtol=1e-4, atol=1e-5),
    forbidden=both_halves("matching_loss", "matching.matching_loss"),
    pitfalls=(
        Pitfall(
            "pictures_ask_only",
            matched_as(ways=("rows",)),
            text(
                "Only the pictures ask for their captions. The captions ask for their pictures, too: the same matrix, read by columns.",
                "只有图片在找说明。说明也要找图片：同一个矩阵，按列来读。",
            ),
        ),
        Pitfall(
            "captions_ask_only",
            matched_as(ways=("columns",)),
            text(
                "Only the captions ask for their pictures. The pictures ask, too: the same matrix, read by rows.",
                "只有说明在找图片。图片也要找说明：同一个矩阵，按行来读。",
            ),
        ),
        Pitfall(
            "not_normalised",
            matched_as(plain=True),
            text(
                "The rows were not brought to length 1: S holds cosines times the scale.",
                "没有化成单位长度：S 里应是余弦乘以尺度。",
            ),
        ),
        Pitfall(
            "divided_by_scale",
            matched_as(divide=True),
            text("`scale` is 1/τ already: multiply by it.", "`scale` 已经是 1/τ：应当相乘。"),
        ),
        Pitfall(
            "scale_forgotten",
            matched_as(blind=True),
            text(
                "The scale has no effect. Cosines between −1 and 1 alone cannot make a sure softmax.",
                "尺度没有起作用。光靠 −1 到 1 之间的余弦，softmax 不可能有把握。",
            ),
        ),
        Pitfall(
            "summed",
            matched_as(summed=True),
            text(
                "The two directions are averaged, but within each the rows are summed: take means.",
                "两个方向取了平均，但每个方向内部是求和：应取平均。",
            ),
        ),
        Pitfall(
            "added",
            matched_as(added=True),
            text(
                "The two directions are added; the loss is their mean.",
                "两个方向相加了；损失是它们的平均。",
            ),
        ),
        Pitfall(
            "each_pair_alone",
            matched_as(sigmoid=True),
            text(
                "Each pair was judged alone, yes or no. (That exists, and is called SigLIP; here a row is one question with N answers.)",
                "每一对都被单独判断是或否。（这种做法也有，叫 SigLIP；这里一行是一道 N 选一的题。）",
            ),
        ),
    ),
    hints=(
        text(
            "S = scale × (unit rows of pictures) @ (unit rows of captions)ᵀ; the right answers stand on the diagonal.",
            "S = scale ×（图片的单位行）@（说明的单位行）ᵀ；正确答案在对角线上。",
        ),
        text(
            "Cross-entropy of S with the labels 0 … N−1, and the same of S transposed; the mean of the two.",
            "S 与标签 0 … N−1 的交叉熵，再对 S 的转置做一次；取两者的平均。",
        ),
    ),
    right={
        "pytorch": (
            "def pair_loss(pictures, captions, scale):\n"
            "    F = torch.nn.functional\n"
            "    s = scale * F.normalize(pictures, dim=1) @ F.normalize(captions, dim=1).T\n"
            "    y = torch.arange(len(s))\n"
            "    return 0.5 * (F.cross_entropy(s, y) + F.cross_entropy(s.T, y))\n",
            "def pair_loss(pictures, captions, scale):\n"
            "    u = pictures / pictures.norm(dim=1, keepdim=True)\n"
            "    v = captions / captions.norm(dim=1, keepdim=True)\n"
            "    s = scale * torch.einsum('id,jd->ij', u, v)\n"
            "    return -(s.log_softmax(0).diag() + s.log_softmax(1).diag()).mean() / 2\n",
        ),
        "keras": (
            "def pair_loss(pictures, captions, scale):\n"
            "    s = scale * ops.normalize(pictures, axis=1) @ ops.transpose(ops.normalize(captions, axis=1))\n"
            "    rows = ops.diagonal(ops.log_softmax(s, axis=1))\n"
            "    columns = ops.diagonal(ops.log_softmax(s, axis=0))\n"
            "    return -(ops.mean(rows) + ops.mean(columns)) / 2\n",
            "def pair_loss(pictures, captions, scale):\n"
            "    u = pictures / ops.norm(pictures, axis=1, keepdims=True)\n"
            "    v = captions / ops.norm(captions, axis=1, keepdims=True)\n"
            "    s = scale * ops.einsum('id,jd->ij', u, v)\n"
            "    own = ops.diagonal(s)\n"
            "    return ops.mean((ops.logsumexp(s, axis=0) + ops.logsumexp(s, axis=1)) / 2 - own)\n",
        ),
    },
)

# 16.5 ---------------------------------------------------------------------------------------------


def draw_prompts(rng):
    """Draw until each bug labels at least one picture otherwise."""
    while True:
        centre = rng.normal(size=(4, 3))
        prompts = (centre[:, None] + 0.9 * rng.normal(size=(4, 3, 3))) * rng.uniform(
            0.2, 5, (4, 3, 1)
        )
        f = rng.normal(size=(16, 3)) + centre[rng.integers(0, 4, 16)]
        drawn = {"f": f, "prompts": prompts}
        answers = [tuple(worded(**drawn, **bug)) for bug in ({}, *WORDED_BUGS)]
        if len(set(answers)) == len(answers):
            return drawn


def worded(f, prompts, *, length=True, first=False, best=False, direction=True, least=False):
    """Labels by words; the options are bugs."""
    p = unit(prompts) if length else prompts
    u = unit(f)
    if best:  # the single most similar prompt decides
        return (
            (u @ unit(prompts).reshape(-1, f.shape[1]).T)
            .reshape(len(f), *prompts.shape[:2])
            .max(axis=2)
            .argmax(axis=1)
        )
    mean = p[:, 0] if first else p.mean(axis=1)
    scores = u @ (unit(mean) if direction else mean).T
    return scores.argmin(axis=1) if least else scores.argmax(axis=1)


WORDED_BUGS = (
    {"length": False},
    {"first": True},
    {"best": True},
    {"direction": False},
    {"least": True},
)


def worded_as(**bug):
    return lambda f, prompts: worded(f, prompts, **bug)


WORDED = Exercise(
    id="16.5",
    title=text("Labels from words", "用词语贴标签"),
    points=3,
    objective="O3",
    function="label_by_words",
    survivors={
        "unit.mean(axis=1) → unit.sum(axis=1)": "the mean is brought to length 1 afterwards, so that its length does not matter",
    },
    inputs=draw_prompts,
    reference=worded_as(),
    comparator=equal(),
    tensors=False,
    forbidden=(
        "course_lib.foundation.zero_shot.zero_shot",
        "course_lib.foundation.zero_shot.class_vectors",
        "course_lib.readouts.nearest_class_mean",
    ),
    pitfalls=(
        Pitfall(
            "long_prompts_weigh_more",
            worded_as(length=False),
            text(
                "The prompts were averaged as they are: long vectors outweigh short ones. Bring each to length 1 before averaging.",
                "提示语原样取了平均：长向量压过了短向量。先各自化成单位长度，再平均。",
            ),
        ),
        Pitfall(
            "first_prompt_only",
            worded_as(first=True),
            text("Only the first prompt of each class is used.", "每个类只用了第一条提示语。"),
        ),
        Pitfall(
            "nearest_prompt",
            worded_as(best=True),
            text(
                "The single most similar prompt decides. Here each class has *one* direction, the mean of its prompts.",
                "由最像的那一条提示语说了算。这里每个类只有**一个**方向，即各条提示语的平均。",
            ),
        ),
        Pitfall(
            "mean_not_normalised",
            worded_as(direction=False),
            text(
                "The mean of unit vectors is shorter than 1, the more so the less they agree: such a class would be at a disadvantage. Bring the mean to length 1 as well.",
                "单位向量的平均长度小于 1，越不一致就越短：这样的类会吃亏。平均之后也要化成单位长度。",
            ),
        ),
        Pitfall(
            "least_similar",
            worded_as(least=True),
            text("These are the *least* similar classes.", "选的是**最不像**的类。"),
        ),
    ),
    hints=(
        text(
            "prompts is K×P×D: bring each row to length 1 (last axis), average over axis 1, bring the K means to length 1.",
            "prompts 是 K×P×D：先把每一行化成单位长度（最后一维），对第 1 维平均，再把 K 个平均化成单位长度。",
        ),
        text(
            "f @ means.T is N×K; argmax over the classes. (The pictures' own lengths do not change who wins.)",
            "f @ means.T 是 N×K；对类别取 argmax。（图片自身的长度不影响谁赢。）",
        ),
    ),
    right={
        "numpy": (
            "def label_by_words(f, prompts):\n"
            "    p = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)\n"
            "    m = p.mean(axis=1)\n"
            "    m = m / np.linalg.norm(m, axis=1, keepdims=True)\n"
            "    return np.argmax(f @ m.T, axis=1)\n",
            "def label_by_words(f, prompts):\n"
            "    labels = []\n"
            "    for row in np.asarray(f):\n"
            "        scores = []\n"
            "        for rows in prompts:\n"
            "            m = sum(r / np.sqrt(r @ r) for r in rows)\n"
            "            scores.append(row @ m / np.sqrt(m @ m))\n"
            "        labels.append(int(np.argmax(scores)))\n"
            "    return np.array(labels)\n",
        )
    },
)

# 16.6 ---------------------------------------------------------------------------------------------


def draw_towers(rng):
    return {
        "images": rng.normal(size=(4, 2, 3, 3)).astype(np.float32),
        "text": rng.normal(size=(5, 4)).astype(np.float32),
        **draw_tiny(rng),
    }


def locked(**change):
    """What the probe says of a right answer, changed."""
    report = {"image": 0, "text": 24, "scale": 1, "statistics_moved": False, "answers_moved": False,
              "text_in_training_mode": True, "values_kept": True}  # fmt: skip
    return lambda **inputs: {**report, **change}


def part(**known):
    return lambda **inputs: known


LOCKS = {
    "pytorch": (
        "def lock_image_tower(model):\n"
        "    model.image.requires_grad_(False)\n"
        "    model.image.eval()\n"
    ),
    "keras": "def lock_image_tower(model):\n    model.image.trainable = False\n",
}


def lock_code(pytorch=None, keras=None):
    code = {}
    for half, change in (("pytorch", pytorch), ("keras", keras)):
        if change:
            assert change[0] in LOCKS[half]
            code[half] = LOCKS[half].replace(*change)
    return code


LOCKED = Exercise(
    id="16.6",
    title=text("Lock the image tower", "锁住图像塔"),
    points=3,
    objective="O3",
    function="lock_image_tower",
    inputs=draw_towers,
    reference=locked(),
    comparator=equal(),
    probe="locking",
    forbidden=both_halves("freeze", "freezing.freeze"),
    parts={
        "image": text("how many numbers of the image tower learn", "图像塔中有多少个数在学"),
        "text": text("how many numbers of the text tower learn", "文本塔中有多少个数在学"),
        "scale": text("how many numbers of the scale learn", "尺度有多少个数在学"),
        "statistics_moved": text("“BatchNorm's statistics moved”", "“BatchNorm 的统计量变了”"),
        "answers_moved": text("“the image tower's answers moved”", "“图像塔的回答变了”"),
        "text_in_training_mode": text(
            "“the text tower is in training mode”", "“文本塔处于训练模式”"
        ),
        "values_kept": text("“all values are as before”", "“所有数值都没有变”"),
    },
    pitfalls=(
        Pitfall(
            "statistics_move",
            part(image=0, statistics_moved=True),
            text(
                "No weight of the image tower learns, yet its BatchNorm statistics still follow the new pictures: put the tower into inference mode as well.",
                "图像塔的权重不学了，但 BatchNorm 的统计量仍跟着新图片走：还要把图像塔切到推断模式。",
            ),
            code=lock_code(("    model.image.eval()\n", "")),
        ),
        Pitfall(
            "normalised_by_the_batch",
            part(image=0, statistics_moved=False, answers_moved=True),
            text(
                "The statistics stand still, but the tower still normalises by its batch, so its answers move: it has to be in inference mode.",
                "统计量不动了，可图像塔仍按当前的批来归一化，所以它的回答还在变：要让它处于推断模式。",
            ),
            code=lock_code(
                (
                    "    model.image.eval()\n",
                    "    model.image.norm.momentum = 0.0\n",
                ),
                (
                    "    model.image.trainable = False\n",
                    "    for weight in model.image.trainable_weights:\n        weight.trainable = False\n"
                    "    model.image.norm.momentum = 1.0\n",
                ),
            ),
        ),
        Pitfall(
            "inference_mode_only",
            part(image=20, statistics_moved=False),
            text(
                "The tower is in inference mode, but all of its weights still take a gradient: they learn.",
                "图像塔在推断模式，但它的权重仍然接收梯度：还在学。",
            ),
            code=lock_code(("    model.image.requires_grad_(False)\n", "")),
        ),
        Pitfall(
            "everything_locked",
            part(image=0, text=0),
            text(
                "Nothing learns any more. Only `model.image` is to be locked: the text tower has to learn to speak its language.",
                "什么都不学了。只锁 `model.image`：文本塔还要学会说它的语言。",
            ),
            code=lock_code(
                ("model.image.requires_grad_", "model.requires_grad_"), ("model.image.", "model.")
            ),
        ),
        Pitfall(
            "text_tower_locked",
            part(image=20, text=0),
            text(
                "The wrong tower is locked: the pre-trained one is the image tower.",
                "锁错了塔：预训练过的是图像塔。",
            ),
            code=lock_code(("model.image", "model.text"), ("model.image", "model.text")),
        ),
        Pitfall(
            "scale_locked",
            part(image=0, text=24, scale=0),
            text(
                "The scale does not learn any more. It is part of the loss, not of the image tower.",
                "尺度也不学了。它属于损失，不属于图像塔。",
            ),
            code=lock_code(
                (
                    "    model.image.eval()\n",
                    "    model.image.eval()\n    model.log_scale.requires_grad_(False)\n",
                ),
                (
                    "trainable = False\n",
                    "trainable = False\n    model.log_scale.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "whole_model_in_inference_mode",
            part(image=0, text=24, text_in_training_mode=False),
            text(
                "The whole model is in inference mode. Dropout and BatchNorm of the *text* tower should train as usual: call eval() on model.image only.",
                "整个模型都进入了推断模式。**文本**塔的 dropout 和 BatchNorm 应照常训练：只对 model.image 调用 eval()。",
            ),
            code=lock_code(("model.image.eval()", "model.eval()")),
        ),
    ),
    hints=(
        text(
            "Two things must stand still: the weights, and BatchNorm's running statistics.",
            "有两样东西必须静止：权重，以及 BatchNorm 的滑动统计量。",
        ),
        text(
            "PyTorch: requires_grad_ and eval(), each on model.image only. Keras: one flag of model.image does both.",
            "PyTorch：只对 model.image 用 requires_grad_ 和 eval()。Keras：model.image 的一个标志就管住两者。",
        ),
    ),
    right={
        "pytorch": (
            LOCKS["pytorch"],
            "def lock_image_tower(model):\n"
            "    for weight in model.image.parameters():\n"
            "        weight.requires_grad = False\n"
            "    for layer in model.image.modules():\n"
            "        layer.training = False\n",
        ),
        "keras": (
            LOCKS["keras"],
            "def lock_image_tower(model):\n"
            "    for layer in (model.image.mix, model.image.norm):\n"
            "        layer.trainable = False\n",
        ),
    },
)

# 16.7 ---------------------------------------------------------------------------------------------


def draw_budgets(rng):
    """Draw two budgets: for the smaller one the best size reads a part of the text, for the larger all."""
    while True:
        smaller = float(10 ** rng.uniform(18.5, 20))
        larger = smaller * rng.uniform(2, 6)
        sizes = np.sort(10 ** rng.uniform(7, 9.5, 6)).round()
        tokens = float(10 ** rng.uniform(9.2, 9.8))
        right, more = (run_for(budget, sizes, tokens) for budget in (smaller, larger))
        wrong = [run_for(smaller, sizes, tokens, **bug) for bug in BUDGET_BUGS]
        if (
            0 < right["size"] <= more["size"] < 5
            and all(abs(right["loss"] - each["loss"]) > 1e-3 for each in wrong)
            and smaller / 6 / sizes[0] > 1.5 * tokens
            and larger / 6 / sizes[more["size"]] > 1.1 * tokens
        ):
            return {"budgets": np.array([smaller, larger]), "sizes": sizes, "tokens": tokens}


def run_for(operations, sizes, tokens, *, factor=6, limit=True, choose="loss", drop=False):
    """The best training for a budget; the options are bugs."""
    read = operations / (factor * sizes)
    seen = np.minimum(read, tokens) if limit else read
    loss = 1.69 + 406.4 / sizes**0.34 + 410.7 / seen**0.28
    rank = {"loss": loss, "largest": -sizes, "smallest": sizes, "worst": -loss, "most": -seen}[
        choose
    ]
    if drop:  # all tokens or nothing
        rank = np.where(read >= tokens, loss, np.inf) if (read >= tokens).any() else loss
    best = int(np.argmin(rank))
    return {"size": best, "tokens": float(seen[best]), "loss": float(loss[best])}


BUDGET_BUGS = (
    {"factor": 2},
    {"limit": False},
    {"choose": "largest"},
    {"choose": "smallest"},
    {"drop": True},
)


def run_as(**bug):
    return lambda budgets, sizes, tokens: [run_for(c, sizes, tokens, **bug) for c in budgets]


BUDGET = Exercise(
    id="16.7",
    title=text("A training for a budget", "预算内的训练"),
    points=3,
    objective="O4",
    function="best_runs",
    inputs=draw_budgets,
    reference=run_as(),
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    parts={
        "0": text("the smaller budget", "较小的预算"),
        "1": text("the larger budget", "较大的预算"),
    },
    pitfalls=(
        Pitfall(
            "forward_only",
            run_as(factor=2),
            text(
                "2ND counts the forward pass only. A training goes backward as well, which costs twice as much again: 6ND.",
                "2ND 只算了前向。训练还要反向，代价又是前向的两倍：6ND。",
            ),
        ),
        Pitfall(
            "text_without_end",
            run_as(limit=False),
            text(
                "More tokens are read than there are. D is the smaller of what the budget allows and what is at hand.",
                "读的词元比手头有的还多。D 应取预算允许的与手头有的两者中较小的。",
            ),
        ),
        Pitfall(
            "largest_model",
            run_as(choose="largest"),
            text(
                "The largest model is chosen. Within the budget it reads so little that a smaller one does better.",
                "选了最大的模型。预算内它读得太少，小一些的反而更好。",
            ),
        ),
        Pitfall(
            "smallest_model",
            run_as(choose="smallest"),
            text(
                "The smallest model is chosen. It reads all there is and has no room for it.",
                "选了最小的模型。它把文本都读完了，却装不下。",
            ),
        ),
        Pitfall(
            "all_text_or_nothing",
            run_as(drop=True),
            text(
                "Models that cannot read *all* tokens within the budget were ruled out. They may read a part.",
                "在预算内读不完**全部**词元的模型被排除了。它们可以只读一部分。",
            ),
        ),
    ),
    hints=(
        text(
            "For each budget C and each size N: D = C / (6 N), but never more than `tokens`.",
            "对每个预算 C 和每个规模 N：D = C / (6 N)，但不超过 `tokens`。",
        ),
        text(
            "Put N and D into the fitted formula, and take the size with the smallest loss.",
            "把 N 和 D 代入拟合公式，取损失最小的规模。",
        ),
    ),
    right={
        "numpy": (
            "def best_runs(budgets, sizes, tokens):\n"
            "    return [best_run(budget, sizes, tokens) for budget in budgets]\n\n\n"
            "def best_run(operations, sizes, tokens):\n"
            "    best = None\n"
            "    for i, N in enumerate(sizes):\n"
            "        D = min(tokens, operations / N / 6)\n"
            "        loss = 1.69 + 406.4 * N**-0.34 + 410.7 * D**-0.28\n"
            "        if best is None or loss < best['loss']:\n"
            "            best = {'size': i, 'tokens': D, 'loss': loss}\n"
            "    return best\n",
            "def best_runs(budgets, sizes, tokens):\n"
            "    D = np.clip(budgets[:, None] / (6 * sizes), None, tokens)\n"
            "    L = 1.69 + 406.4 / sizes**0.34 + 410.7 / D**0.28\n"
            "    return [dict(size=int(i), tokens=float(d[i]), loss=float(l[i])) for i, d, l in zip(L.argmin(1), D, L)]\n",
        )
    },
)

# 16.8 ---------------------------------------------------------------------------------------------


def draw_texts(rng):
    """Draw a source of three texts, and a test that copied a part of one of them."""
    words = np.array(
        [
            "the",
            "a",
            "of",
            "to",
            "in",
            "model",
            "data",
            "learns",
            "reads",
            "page",
            "text",
            "word",
            "and",
            "then",
        ]
    )
    n = int(rng.choice([3, 4]))
    source = [rng.choice(words, int(rng.integers(9, 13))).tolist() for _ in range(3)]
    copied = source[1][-6:]  # the last run of a text is one, too
    source[2][4:4] = copied[1 : n + 1]  # a run that stands in two texts
    tail = rng.choice(words, n - 1).tolist()
    source[0][4:4] = ["data", *tail]  # the test has “a”, which is only the end of a word here
    test = [
        *rng.choice(words, 5),
        *capitalised(copied, 2),
        *rng.choice(words, 2),
        "a",
        *tail,
        *source[0][-2:],  # the end of one text, the beginning of the next
        *source[1][:2],
        *copied[: n + 1],  # two runs stand in the test twice, and something comes after them
        "indeed",
    ]
    source[1] = capitalised(source[1], len(source[1]) - 3)  # the source has a capital of its own
    return {"test": " ".join(test), "source": [" ".join(line) for line in source], "n": n}


def capitalised(words, place):
    return [*words[:place], words[place].capitalize(), *words[place + 1 :]]


def copied_share(test, source, n, *, low=True, joined=False, words=False, distinct=False, jaccard=False, short=0, characters=False):  # fmt: skip
    """The part of the test's runs that the source has; the options are bugs."""

    def cut(line):
        line = line.lower() if low else line
        return list(line) if characters else line.split()

    def runs(tokens):
        size = 1 if words else n - short
        return [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]

    texts = (
        [[t for line in source for t in cut(line)]] if joined else [cut(line) for line in source]
    )
    known = {run for tokens in texts for run in runs(tokens)}
    found = runs(cut(test))
    if jaccard:
        return len(known & set(found)) / len(known | set(found))
    found = sorted(set(found)) if distinct else found
    return sum(run in known for run in found) / len(found)


def draw_copied(rng):
    """Draw until no two mistakes give the same share."""
    while True:
        drawn = draw_texts(rng)
        values = [round(copied_share(**drawn, **bug), 6) for bug in ({}, *COPIED_BUGS)]
        if len(set(values)) == len(values):
            return drawn


COPIED_BUGS = (
    {"low": False},
    {"joined": True},
    {"words": True},
    {"distinct": True},
    {"jaccard": True},
    {"short": 1},
    {"characters": True},
)


def copied_as(**bug):
    return lambda test, source, n: copied_share(test, source, n, **bug)


COPIED = Exercise(
    id="16.8",
    title=text("Has it read the test?", "它读过考题吗？"),
    points=3,
    objective="O5",
    function="copied_share",
    inputs=draw_copied,
    reference=copied_as(),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.text.overlap.overlap_share", "course_lib.text.overlap.runs"),
    pitfalls=(
        Pitfall(
            "capitals",
            copied_as(low=False),
            text(
                "A copy with one capital letter slips through: make test and source small letters first.",
                "改了一个大写字母的抄袭就漏过去了：先把考题和来源都变成小写。",
            ),
        ),
        Pitfall(
            "across_texts",
            copied_as(joined=True),
            text(
                "The source's texts were joined, so that runs span the end of one and the beginning of the next: nobody wrote those.",
                "来源的各篇被连成了一篇，于是有的片段跨过一篇的结尾和下一篇的开头：没有人写过那样的片段。",
            ),
        ),
        Pitfall(
            "single_words",
            copied_as(words=True),
            text(
                "Single words were compared. Words are everybody's; runs of n words are copies.",
                "比的是单个词。词是大家的；连续 n 个词相同才是抄来的。",
            ),
        ),
        Pitfall(
            "each_run_once",
            copied_as(distinct=True),
            text(
                "A run that stands in the test twice counts twice: take the runs as they come, not as a set.",
                "考题里出现两次的片段要算两次：按出现次序逐个数，不要先去重。",
            ),
        ),
        Pitfall(
            "of_both",
            copied_as(jaccard=True),
            text(
                "This divides by the runs of test *and* source (Jaccard). A long source would always look clean: divide by the test's runs.",
                "这里除以了考题**与来源**的全部片段（Jaccard）。来源一长，怎么看都是干净的：应除以考题的片段数。",
            ),
        ),
        Pitfall(
            "one_too_short",
            copied_as(short=1),
            text(
                "The runs have n − 1 words. `words[i : i + n]` has n.",
                "片段只有 n − 1 个词。`words[i : i + n]` 才是 n 个。",
            ),
        ),
        Pitfall(
            "letters",
            copied_as(characters=True),
            text(
                "Letters were compared; tokens are words here: use split().",
                "比的是字母；这里的词元是词：请用 split()。",
            ),
        ),
    ),
    hints=(
        text(
            "A helper that gives all runs of n words of one text: a list of tuples.",
            "先写一个辅助函数，给出一篇文本里所有连续 n 个词：元组的列表。",
        ),
        text(
            "The runs of all source texts go into a set, text by text; then count which of the test's runs are in it.",
            "把来源各篇的片段（一篇一篇地）放进集合；再数考题的片段有多少在里面。",
        ),
    ),
    right={
        "numpy": (
            "def copied_share(test, source, n):\n"
            "    def runs(line):\n"
            "        words = line.lower().split()\n"
            "        return list(zip(*(words[i:] for i in range(n))))\n"
            "    known = set()\n"
            "    for line in source:\n"
            "        known |= set(runs(line))\n"
            "    return float(np.mean([run in known for run in runs(test)]))\n",
            "def copied_share(test, source, n):\n"
            "    words = test.lower().split()\n"
            "    texts = [' ' + ' '.join(line.lower().split()) + ' ' for line in source]\n"
            "    hits = total = 0\n"
            "    for i in range(len(words) - n + 1):\n"
            "        run = ' ' + ' '.join(words[i : i + n]) + ' '\n"
            "        total += 1\n"
            "        hits += any(run in line for line in texts)\n"
            "    return hits / total\n",
        )
    },
)

# 16.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="16.9",
    title=text("May we use it?", "可以用吗？"),
    points=3,
    objective="O5",
    rubric=(
        (1, text(
            "Says that the test set stood on the web before the model was trained, so that the score may be memory; names a check (overlap, pictures made after the cut-off).",
            "指出测试集在模型训练之前就在网上，得分可能是记忆；给出一种检查办法（重叠检查，或用截止日期之后的图片）。")),
        (1, text(
            "Says that twenty prompts tried on the test set are a choice made on the test set, and that the missing baseline (a linear probe, the few labels alone) is needed.",
            "指出在测试集上试二十种提示语就是用测试集做选择；并指出缺少基线（线性探针，或只用那几个标签）。")),
        (1, text(
            "Says that a research-only licence forbids the product whatever the score; open code is not an open licence of the weights.",
            "指出“仅供研究”的许可证不允许用于产品，得分再高也不行；代码开源不等于权重许可开放。")),
    ),
)  # fmt: skip

EXERCISES = (CONTRASTIVE, SLOPES, FILLED, MATCHED, WORDED, LOCKED, BUDGET, COPIED, REPORT)

QUIZZES = (
    Quiz(
        "16.q1",
        text(
            "Pre-training never sees a label. Which changes to the pictures, used for making views, will give the best features of digits?",
            "预训练看不到任何标签。用哪种变化来造视图，得到的数字特征最好？",
        ),
        (
            Option(
                text("None: both views are the same picture.", "不做变化：两个视图是同一张图。"),
                text(
                    "The task is then solved by any network that tells pixels apart; nothing asks it to ignore anything.",
                    "那样的话，只要分得清像素就能解题；没有什么逼它忽略任何东西。",
                ),
            ),
            Option(
                text(
                    "Small shifts, turns, scales, and a hidden box.",
                    "小的平移、旋转、缩放，再遮住一块。",
                ),
                text(
                    "Yes: they change the pixels and keep the digit. What the views share is what the features keep.",
                    "对：像素变了，数字没变。两个视图共有的，就是特征留下的。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Any turn, up to upside down, and mirroring.",
                    "任意旋转（可以上下颠倒），再加镜像。",
                ),
                text(
                    "A turned 6 is a 9: the features would be told to ignore what the labels ask for. Try it below.",
                    "6 转过来就是 9：等于要求特征忽略标签恰恰要问的东西。可以在下面试试。",
                ),
            ),
        ),
    ),
    Quiz(
        "16.q2",
        text(
            "Now only pull: make the two views' outputs alike, push nothing apart. What happens to the loss, and to the outputs?",
            "现在只拉不推：让两个视图的输出变得相像，谁也不推开。损失会怎样，输出会怎样？",
        ),
        (
            Option(
                text("The loss stays high: the task is harder.", "损失居高不下：任务更难了。"),
                text(
                    "It is easier: there is one answer that is always right.",
                    "其实更容易：有一个答案永远正确。",
                ),
            ),
            Option(
                text(
                    "The loss goes to 0, and all outputs point the same way.",
                    "损失降到 0，所有输出指向同一个方向。",
                ),
                text(
                    "Yes. This is collapse: a perfect loss and nothing learned.",
                    "对。这就是坍缩：损失完美，什么也没学到。",
                ),
                right=True,
            ),
            Option(
                text(
                    "The loss goes to 0, and pictures of one digit gather.",
                    "损失降到 0，同一个数字的图片聚在一起。",
                ),
                text(
                    "Nothing keeps different digits apart, so they gather too.",
                    "没有什么把不同的数字分开，于是它们也聚到一起。",
                ),
            ),
        ),
    ),
    Quiz(
        "16.q3",
        text(
            "Somebody's contrastive loss stays at ln(2N − 1) from the first step to the last. What do you look at first?",
            "某人的对比损失从第一步到最后一步都停在 ln(2N − 1)。你先看什么？",
        ),
        (
            Option(
                text(
                    "Whether the two views still belong together after shuffling.",
                    "打乱次序之后，两个视图还对得上吗？",
                ),
                text(
                    "Yes: ln(2N − 1) is guessing among all others. Views that were shuffled apart have nothing in common.",
                    "对：ln(2N − 1) 就是在其他所有行里瞎猜。被分别打乱的视图毫无共同之处。",
                ),
                right=True,
            ),
            Option(
                text("Whether the test set is too small.", "测试集是不是太小。"),
                text(
                    "This is a training loss: no test set takes part.",
                    "这是训练损失：与测试集无关。",
                ),
            ),
            Option(
                text("Whether the temperature is too low.", "温度是不是太低。"),
                text(
                    "A low temperature makes the loss noisy or large; exactly ln(2N − 1) means that nothing is told apart.",
                    "温度低会让损失抖动或变大；恰好等于 ln(2N − 1) 说明什么都没有分开。",
                ),
            ),
        ),
    ),
    Quiz(
        "16.q4",
        text(
            "The towers have learned “a large bright disc” and “a small dark star”, but never saw a small dark disc. Which caption will they give such a picture, out of 16 unseen combinations?",
            "两座塔学过“大而亮的圆”和“小而暗的星形”，却从未见过小而暗的圆。给它一张这样的图，16 种没见过的组合里它会选哪一句？",
        ),
        (
            Option(
                text("Mostly the right one.", "多半选对。"),
                text(
                    "Yes: each word was learned, and a caption is (here) the mean of its words.",
                    "对：每个词都学过，而这里一句话就是各词的平均。",
                ),
                right=True,
            ),
            Option(
                text("Any: it cannot know what it never saw.", "随便哪一句：没见过就不可能知道。"),
                text(
                    "It never saw the combination, but each of its parts.",
                    "组合没见过，但每个部分都见过。",
                ),
            ),
            Option(
                text("The nearest one seen in training.", "训练时见过的最接近的一句。"),
                text("Those are not among the 16 to choose from.", "那些不在可选的 16 句里。"),
            ),
        ),
    ),
    Quiz(
        "16.q5",
        text(
            "Test pictures (without labels) stand in the pre-training set. How much does the accuracy on them move?",
            "预训练集里混进了测试图片（不带标签）。它们上面的准确率会变多少？",
        ),
        (
            Option(
                text("By 0.1 or more: it has seen the exam.", "0.1 以上：考题都见过了。"),
                text(
                    "The exam's answers are the labels, and those it has not seen.",
                    "考题的答案是标签，而标签它没见过。",
                ),
            ),
            Option(
                text(
                    "By a few hundredths at most, in either direction.", "至多百分之几，可正可负。"
                ),
                text(
                    "As the cell will show. Little, and still a reason to say so in the report.",
                    "单元格会给出答案。不大，但报告里仍要写明。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Not at all: without labels nothing can leak.", "完全不变：没有标签就不会泄漏。"
                ),
                text(
                    "The features change, so the score does.",
                    "特征变了，得分就会变。",
                ),
            ),
        ),
    ),
)
