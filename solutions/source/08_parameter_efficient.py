"""Exercises of chapter 08, parameter-efficient transfer: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np
from scipy import stats

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny


def changed(pytorch_source, keras_source, pytorch=None, keras=None):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for name, source, change in (
        ("pytorch", pytorch_source, pytorch),
        ("keras", keras_source, keras),
    ):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


# 08.1 ---------------------------------------------------------------------------------------------


def draw_low_rank(rng):
    n, d, m, r = 5, 4, 3, 2
    return {
        "x": rng.normal(size=(n, d)),
        "g": rng.normal(size=(n, m)) / n,
        "a": rng.normal(size=(r, d)),
        "b": rng.normal(size=(m, r)),
        "scale": float(rng.choice([0.7, 1.6, 2.4])),  # no ratio of the shapes
    }


def low_rank_gradients(x, g, a, b, scale):
    return [scale * (g @ b).T @ x, scale * g.T @ (x @ a.T)]


LOW_RANK_GRADIENTS = Exercise(
    id="08.1",
    title=text("Two gradients of a low-rank change", "低秩改变量的两个梯度"),
    points=3,
    objective="O1",
    function="low_rank_gradients",
    inputs=draw_low_rank,
    reference=low_rank_gradients,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "0": text("the gradient of A", "A 的梯度"),
        "1": text("the gradient of B", "B 的梯度"),
    },
    pitfalls=(
        Pitfall(
            "scale_forgotten",
            lambda x, g, a, b, scale: low_rank_gradients(x, g, a, b, 1.0),
            text(
                "The factor s stands before BA, so by the chain rule it stands before both gradients.",
                "BA 前面有系数 s，由链式法则，两个梯度前面也都有它。",
            ),
        ),
        Pitfall(
            "scale_twice",
            lambda x, g, a, b, scale: low_rank_gradients(x, g, a, b, scale**2),
            text(
                "s stands in each gradient once, not squared.",
                "每个梯度里 s 只出现一次，不是平方。",
            ),
        ),
        Pitfall(
            "averaged_again",
            lambda x, g, a, b, scale: [
                each / len(x) for each in low_rank_gradients(x, g, a, b, scale)
            ],
            text(
                "You divided by N. g is the gradient of the *mean* loss already: just add up the rows.",
                "你又除了一次 N。g 已经是**平均**损失的梯度，各行直接相加即可。",
            ),
        ),
        Pitfall(
            "one_only_b",
            lambda x, g, a, b, scale: [np.zeros_like(a), low_rank_gradients(x, g, a, b, scale)[1]],
            text(
                "The gradient of A is zero only as long as B is zero, at the very start.",
                "只有在 B 为零（刚开始）时，A 的梯度才是零。",
            ),
        ),
        Pitfall(
            "as_if_b_were_zero_and_a_fixed",
            lambda x, g, a, b, scale: [low_rank_gradients(x, g, a, b, scale)[0], np.zeros_like(b)],
            text("B learns, too: its gradient is not zero.", "B 也在学习，它的梯度不是零。"),
        ),
        Pitfall(
            "order_exchanged",
            lambda x, g, a, b, scale: low_rank_gradients(x, g, a, b, scale)[::-1],
            text(
                "Both are right, in the wrong order: first A's, then B's.",
                "两个都对，次序反了：先 A，后 B。",
            ),
        ),
        Pitfall(
            "transposed",
            lambda x, g, a, b, scale: [each.T for each in low_rank_gradients(x, g, a, b, scale)],
            text(
                "A gradient has the shape of its matrix: r×D for A, M×r for B. Yours are transposed.",
                "梯度与矩阵同形：A 的是 r×D，B 的是 M×r。你的两个都转置了。",
            ),
        ),
        Pitfall(
            "uphill",
            lambda x, g, a, b, scale: low_rank_gradients(x, g, a, b, -scale),
            text(
                "Asked for are the gradients, not the steps: no minus sign.",
                "要的是梯度，不是更新量：没有负号。",
            ),
        ),
    ),
    hints=(
        text(
            "Name what is in between: u = x Aᵀ (N×r), v = u Bᵀ (N×M), y = … + s v. What is the gradient of v?",
            "给中间量起名：u = x Aᵀ（N×r），v = u Bᵀ（N×M），y = … + s v。v 的梯度是什么？",
        ),
        text(
            "For v = u Bᵀ with the gradient G of v: the gradient of B is Gᵀu, that of u is G B. (Check the shapes.)",
            "v = u Bᵀ，v 的梯度记作 G，则 B 的梯度是 Gᵀu，u 的梯度是 G B。（核对形状。）",
        ),
        text(
            "u = x Aᵀ has the same form once more: the gradient of A is (the gradient of u)ᵀ x.",
            "u = x Aᵀ 又是同样的形式：A 的梯度是（u 的梯度）ᵀ x。",
        ),
    ),
    right={
        "numpy": (
            "def low_rank_gradients(x, g, a, b, scale):\n"
            "    whole = scale * g.T @ x\n"
            "    return b.T @ whole, whole @ a.T\n",
            "def low_rank_gradients(x, g, a, b, scale):\n"
            "    da = np.einsum('nm,mr,nd->rd', g, b, x)\n"
            "    db = np.einsum('nm,rd,nd->mr', g, a, x)\n"
            "    return [scale * da, scale * db]\n",
        )
    },
)

# 08.2 ---------------------------------------------------------------------------------------------


def draw_layer(rng):
    d, m = 6, 5
    return {
        "x": rng.normal(size=(8, d)),
        "targets": rng.normal(size=(8, m)),
        "kernel": rng.normal(size=(d, m)),
        "bias": rng.normal(size=m),
        "rank": int(rng.choice([2, 3, 4])),
    }


def report_of_start(x, targets, kernel, bias, rank):
    (d, m), r = kernel.shape, rank
    return {
        "shapes": [[d, r], [r, m]],
        "unchanged": True,
        "b_starts_at_zero": True,
        "rank_of_a": r,
        "trainable": [0, r * d, r * m],
        "layer_moved": False,
        "linear": True,
        "learns": True,
    }


def start_but(**others):
    """Know a mistake by part of the report."""
    return lambda rank, kernel, **rest: {
        n: v(rank, *kernel.shape) if callable(v) else v for n, v in others.items()
    }


PYTORCH_START = """\
def start_low_rank(layer, rank):
    layer.requires_grad_(False)
    a = torch.nn.Linear(layer.in_features, rank, bias=False)
    b = torch.nn.Linear(rank, layer.out_features, bias=False)
    torch.nn.init.zeros_(b.weight)
    return a, b
"""
KERAS_START = """\
def start_low_rank(layer, rank):
    layer.trainable = False
    a = keras.layers.Dense(rank, use_bias=False)
    b = keras.layers.Dense(layer.units, use_bias=False, kernel_initializer="zeros")
    return a, b
"""


def start_code(pytorch=None, keras=None):
    return changed(PYTORCH_START, KERAS_START, pytorch, keras)


START_LOW_RANK = Exercise(
    id="08.2",
    title=text("Start a low-rank change", "让低秩改变量起步"),
    points=4,
    objective="O2",
    function="start_low_rank",
    inputs=draw_layer,
    reference=report_of_start,
    comparator=equal(),
    probe="low_rank_start",
    errors=(
        (
            r"cannot unpack|mat1 and mat2|incompatible shapes|must match|has no attribute 'parameters'",
            text(
                "`a` takes the layer's inputs and gives `rank` numbers, `b` takes these and gives the layer's outputs. Both are layers; return them as (a, b).",
                "`a` 接收原来那层的输入，给出 `rank` 个数；`b` 接收这些数，给出原来那层的输出。两者都是层，按 (a, b) 返回。",
            ),
        ),
    ),
    forbidden=tuple(
        f"course_lib.{framework}.{name}"
        for framework in ("pytorch", "keras")
        for name in ("add_lora", "adapting.add_lora", "adapting.down_and_up")
    ),
    parts={
        "shapes": text(
            "the shapes of A (inputs × rank) and B (rank × outputs)",
            "A（输入 × 秩）与 B（秩 × 输出）的形状",
        ),
        "unchanged": text(
            "“layer(x) + b(a(x)) is layer(x) at first”", "“起初 layer(x) + b(a(x)) 等于 layer(x)”"
        ),
        "b_starts_at_zero": text("“B starts at zero”", "“B 从零开始”"),
        "rank_of_a": text("the rank of A at the start", "A 起初的秩"),
        "trainable": text(
            "how many numbers of the layer, of a and of b learn",
            "原来的层、a、b 各有多少个数可训练",
        ),
        "layer_moved": text(
            "“the layer's own weights are no longer the given ones”", "“原来那层的权重变了”"
        ),
        "linear": text("“a and b are linear”", "“a 与 b 是线性的”"),
        "learns": text("“after two steps b has moved”", "“走两步之后，b 动了”"),
    },
    pitfalls=(
        Pitfall(
            "both_zero",
            start_but(b_starts_at_zero=True, rank_of_a=0, learns=False),
            text(
                "A and B are both zero. Then each one's gradient, which has the other as a factor, is zero as well: nothing ever learns.",
                "A 与 B 都是零。每一个的梯度都以另一个为因子，于是也是零：永远学不动。",
            ),
            code=start_code(
                pytorch=("    return a, b", "    torch.nn.init.zeros_(a.weight)\n    return a, b"),
                keras=(
                    "a = keras.layers.Dense(rank, use_bias=False)",
                    'a = keras.layers.Dense(rank, use_bias=False, kernel_initializer="zeros")',
                ),
            ),
        ),
        Pitfall(
            "both_random",
            start_but(unchanged=False, b_starts_at_zero=False),
            text(
                "The outputs are no longer those of the borrowed layer: B must start at zero, so that B A is zero.",
                "输出已经不是借来的那一层的了：B 必须从零开始，B A 才是零。",
            ),
            code=start_code(
                pytorch=("    torch.nn.init.zeros_(b.weight)\n", ""),
                keras=(', kernel_initializer="zeros"', ""),
            ),
        ),
        Pitfall(
            "a_zero_b_random",
            start_but(unchanged=True, b_starts_at_zero=False, rank_of_a=0),
            text(
                "The product is zero, but the other way round: by LoRA's convention A is random and B is zero.",
                "乘积确实为零，但反过来了：按 LoRA 的约定，A 随机，B 为零。",
            ),
            code=start_code(
                pytorch=("zeros_(b.weight)", "zeros_(a.weight)"),
                keras=(
                    'a = keras.layers.Dense(rank, use_bias=False)\n    b = keras.layers.Dense(layer.units, use_bias=False, kernel_initializer="zeros")',
                    'a = keras.layers.Dense(rank, use_bias=False, kernel_initializer="zeros")\n    b = keras.layers.Dense(layer.units, use_bias=False)',
                ),
            ),
        ),
        Pitfall(
            "rank_ignored",
            start_but(shapes=lambda r, d, m: [[d, 1], [1, m]]),
            text(
                "Your change has rank 1, whatever `rank` says: A is inputs × rank, B is rank × outputs.",
                "不管 `rank` 是多少，你的改变量秩都是 1：A 应为“输入 × 秩”，B 应为“秩 × 输出”。",
            ),
            code=start_code(
                pytorch=(
                    "    layer.requires_grad_(False)",
                    "    rank = 1\n    layer.requires_grad_(False)",
                ),
                keras=("    layer.trainable = False", "    rank = 1\n    layer.trainable = False"),
            ),
        ),
        Pitfall(
            "a_constant",
            start_but(rank_of_a=1, b_starts_at_zero=True),
            text(
                "All rows of A are alike, so all columns of B get the same gradient, and the rank stays 1 for ever. Draw A at random.",
                "A 的各行都一样，于是 B 的各列得到同样的梯度，秩永远是 1。A 要随机。",
            ),
            code=start_code(
                pytorch=(
                    "    return a, b",
                    "    torch.nn.init.constant_(a.weight, 0.1)\n    return a, b",
                ),
                keras=(
                    "a = keras.layers.Dense(rank, use_bias=False)",
                    'a = keras.layers.Dense(rank, use_bias=False, kernel_initializer="ones")',
                ),
            ),
        ),
        Pitfall(
            "layer_not_frozen",
            start_but(trainable=lambda r, d, m: [d * m + m, r * d, r * m], layer_moved=True),
            text(
                "The layer itself moved: freeze it. Otherwise every task needs a layer of its own again.",
                "原来的层也动了：要把它冻结，否则每个任务又需要一份自己的层。",
            ),
            code=start_code(
                pytorch=("    layer.requires_grad_(False)\n", ""),
                keras=("    layer.trainable = False\n", ""),
            ),
        ),
        Pitfall(
            "layer_overwritten",
            start_but(trainable=lambda r, d, m: [0, r * d, r * m], layer_moved=True),
            text(
                "The layer is frozen, but its weights are others now: you wrote into them, or `a` or `b` shares them. They are what was borrowed.",
                "原来的层冻结了，权重却变了：要么被你改写，要么与 `a` 或 `b` 共用了。借来的正是这些权重。",
            ),
            code=start_code(
                pytorch=(
                    "    return a, b",
                    "    torch.nn.init.zeros_(layer.weight)\n    return a, b",
                ),
                keras=(
                    "    return a, b",
                    "    layer.set_weights([0 * w for w in layer.get_weights()])\n    return a, b",
                ),
            ),
        ),
        Pitfall(
            "not_linear",
            start_but(linear=False),
            text(
                "The new layers are not linear: no activation. With one between or behind them, B A could not be merged into the layer.",
                "新层不是线性的：不要用激活函数。中间或后面夹了激活函数，B A 就不能并入原来的层。",
            ),
            code=start_code(
                keras=(
                    "Dense(rank, use_bias=False)",
                    'Dense(rank, use_bias=False, activation="relu")',
                )
            ),
        ),
        Pitfall(
            "weight_frozen_bias_not",
            start_but(trainable=lambda r, d, m: [m, r * d, r * m]),
            text(
                "The layer's bias still learns; LoRA freezes the whole layer.",
                "原来那层的偏置还在学习；LoRA 冻结的是整层。",
            ),
            code=start_code(
                pytorch=("layer.requires_grad_(False)", "layer.weight.requires_grad_(False)"),
                keras=("layer.trainable = False", "layer.kernel.trainable = False"),
            ),
        ),
        Pitfall(
            "with_biases",
            start_but(trainable=lambda r, d, m: [0, r * d + r, r * m + m]),
            text(
                "a and b have biases. A change of the matrix has none, and with them it could not be merged as B A.",
                "a 与 b 带了偏置。对矩阵的改变量没有偏置；带上就不能按 B A 合并了。",
            ),
            code=start_code(
                pytorch=(", bias=False)", ")"),
                keras=(", use_bias=False", ""),
            ),
        ),
        Pitfall(
            "b_frozen",
            start_but(trainable=lambda r, d, m: [0, r * d, 0], learns=False),
            text("b is frozen at zero. Both a and b learn.", "b 被冻结在零上了。a 与 b 都要学习。"),
            code=start_code(
                pytorch=("    return a, b", "    b.requires_grad_(False)\n    return a, b"),
                keras=("    return a, b", "    b.trainable = False\n    return a, b"),
            ),
        ),
        Pitfall(
            "a_frozen",
            start_but(trainable=lambda r, d, m: [0, 0, r * m]),
            text(
                "a is frozen: then the change keeps A's random directions. Both learn.",
                "a 被冻结了：改变量只能停在 A 的随机方向上。两个都要学习。",
            ),
            code=start_code(
                pytorch=("    return a, b", "    a.requires_grad_(False)\n    return a, b"),
                keras=("    return a, b", "    a.trainable = False\n    return a, b"),
            ),
        ),
    ),
    hints=(
        text(
            "Three things: freeze the layer, build a (inputs → rank), build b (rank → outputs).",
            "三件事：冻结原来的层；搭 a（输入 → 秩）；搭 b（秩 → 输出）。",
        ),
        text(
            "Look at the two gradients of exercise 08.1. Which of the two matrices may start at zero, and which then may not?",
            "看练习 08.1 的两个梯度：哪个矩阵可以从零开始？那么另一个呢？",
        ),
        text(
            "PyTorch: `nn.Linear(…, bias=False)`, `nn.init.zeros_(b.weight)`, `layer.in_features`, `layer.out_features`. Keras: "
            "`layers.Dense(…, use_bias=False, kernel_initializer=…)`, `layer.units`.",
            "PyTorch：`nn.Linear(…, bias=False)`、`nn.init.zeros_(b.weight)`、`layer.in_features`、`layer.out_features`。Keras："
            "`layers.Dense(…, use_bias=False, kernel_initializer=…)`、`layer.units`。",
        ),
    ),
    right={
        "pytorch": (
            "def start_low_rank(layer, rank):\n"
            "    for w in layer.parameters():\n"
            "        w.requires_grad = False\n"
            "    width_out, width_in = layer.weight.shape\n"
            "    a, b = torch.nn.Linear(width_in, rank, bias=False), torch.nn.Linear(rank, width_out, bias=False)\n"
            "    with torch.no_grad():\n"
            "        a.weight.normal_(std=0.02)\n"
            "        b.weight.mul_(0.0)\n"
            "    return a, b\n",
            "def start_low_rank(layer, rank):\n"
            "    layer.weight.requires_grad = layer.bias.requires_grad = False\n"
            "    a = torch.nn.LazyLinear(rank, bias=False)\n"
            "    a(torch.zeros(1, layer.in_features))\n"
            "    b = torch.nn.Linear(rank, len(layer.bias), bias=False)\n"
            "    b.weight.data = torch.zeros(len(layer.bias), rank)\n"
            "    return [a, b]\n",
        ),
        "keras": (
            "def start_low_rank(layer, rank):\n"
            "    layer.trainable = False\n"
            "    width_in, width_out = layer.kernel.shape\n"
            "    a = keras.layers.Dense(rank, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))\n"
            "    b = keras.layers.Dense(width_out, use_bias=False)\n"
            "    a.build((None, width_in))\n"
            "    b.build((None, rank))\n"
            "    b.set_weights([np.zeros((rank, width_out))])\n"
            "    return [a, b]\n",
            "def start_low_rank(layer, rank):\n"
            "    for w in layer.weights:\n"
            "        w.trainable = False\n"
            "    down = keras.layers.Dense(units=rank, use_bias=False, kernel_initializer='he_uniform')\n"
            "    up = keras.layers.Dense(units=layer.bias.shape[0], use_bias=False, kernel_initializer=keras.initializers.Zeros())\n"
            "    return down, up\n",
        ),
    },
)

# 08.3 ---------------------------------------------------------------------------------------------


def draw_convolution(rng):
    m, d, r, k = 4, 3, int(rng.choice([2, 5])), 3
    return {
        "w": rng.normal(size=(m, d, k, k)),
        "a": rng.normal(size=(r, d, k, k)),
        "b": rng.normal(size=(m, r)),
        "alpha": float(rng.choice([3.0, 8.0, 16.0])),
    }


def merged(w, a, b, alpha, *, rank=None, add=1.0):
    rank = len(a) if rank is None else rank
    return add * w + alpha / rank * np.einsum("mr,rdhw->mdhw", b, a)


def middle_only(w, a, b, alpha):
    change = merged(0 * w, a, b, alpha)
    out = w.copy()
    out[:, :, 1, 1] += change[:, :, 1, 1]
    return out


MERGED = Exercise(
    id="08.3",
    title=text("Merge a convolution", "合并卷积"),
    points=3,
    objective="O1",
    function="merged",
    drawing=drawings.matrix(down=text("output channel", "输出通道")),
    inputs=draw_convolution,
    reference=merged,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "alpha_alone",
            lambda w, a, b, alpha: merged(w, a, b, alpha, rank=1),
            text("The change is multiplied by α/r, not by α.", "改变量要乘 α/r，不是 α。"),
        ),
        Pitfall(
            "no_scale",
            lambda w, a, b, alpha: merged(w, a, b, len(a)),
            text("The factor α/r is missing.", "少了系数 α/r。"),
        ),
        Pitfall(
            "rank_of_the_wrong_axis",
            lambda w, a, b, alpha: merged(w, a, b, alpha, rank=len(b)),
            text(
                "You divided by the number of outputs. The rank r is the number of A's filters, `len(a)`.",
                "你除的是输出通道数。秩 r 是 A 的滤波器个数，即 `len(a)`。",
            ),
        ),
        Pitfall(
            "change_alone",
            lambda w, a, b, alpha: merged(w, a, b, alpha, add=0.0),
            text(
                "That is the change alone; the old filters are missing.",
                "这只是改变量，没有加上原来的滤波器。",
            ),
        ),
        Pitfall(
            "subtracted",
            lambda w, a, b, alpha: merged(w, a, b, -alpha),
            text(
                "Add the change; subtracting it takes a merged task out again.",
                "应当加上改变量；减去是把合并过的任务再取出来。",
            ),
        ),
        Pitfall(
            "middle_only",
            middle_only,
            text(
                "Only the middle of each filter changed. B is 1×1, but A has all of the places: each belongs to the change.",
                "只改了每个滤波器的中心。B 是 1×1，但 A 有全部位置，每个位置都属于改变量。",
            ),
        ),
        Pitfall(
            "scale_upside_down",
            lambda w, a, b, alpha: merged(w, a, b, len(a) ** 2 / alpha),
            text("You multiplied by r/α. It is α/r.", "你乘的是 r/α，应当是 α/r。"),
        ),
        Pitfall(
            "scale_squared",
            lambda w, a, b, alpha: merged(w, a, b, alpha**2 / len(a)),
            text("You multiplied by α/r twice.", "你乘了两次 α/r。"),
        ),
        Pitfall(
            "mirrored",
            lambda w, a, b, alpha: merged(w, a[:, :, ::-1, ::-1], b, alpha),
            text(
                "The change stands upside down in the window. Both frameworks slide filters without mirroring them.",
                "改变量在窗口里上下左右颠倒了。两个框架滑动滤波器时都不翻转。",
            ),
        ),
    ),
    hints=(
        text(
            "Write each filter of A as one row of D·h·w numbers. Then it is the linear layer again: W + (α/r) B A.",
            "把 A 的每个滤波器摊成一行 D·h·w 个数，就又回到了线性层：W + (α/r) B A。",
        ),
        text(
            "`a.reshape(len(a), -1)` makes the rows, `.reshape(w.shape)` brings the product back.",
            "`a.reshape(len(a), -1)` 摊成行，`.reshape(w.shape)` 把乘积变回去。",
        ),
        text(
            "`np.tensordot(b, a, axes=1)` does both at once: it sums over the last axis of b and the first of a.",
            "`np.tensordot(b, a, axes=1)` 一步完成：对 b 的最后一维和 a 的第一维求和。",
        ),
    ),
    right={
        "numpy": (
            "def merged(w, a, b, alpha):\n"
            "    rank = a.shape[0]\n"
            "    return w + alpha / rank * (b @ a.reshape(rank, -1)).reshape(w.shape)\n",
            "def merged(w, a, b, alpha):\n"
            "    out = w.astype(float).copy()\n"
            "    for i in range(len(b)):\n"
            "        for k in range(len(a)):\n"
            "            out[i] += alpha * b[i, k] * a[k] / len(a)\n"
            "    return out\n",
        )
    },
)

# 08.4 ---------------------------------------------------------------------------------------------


def report_of_biases(**arrays):
    return {
        "kernel": False, "gamma": False, "beta": True, "mean": False, "variance": False,
        "head": True, "bias": True, "values_kept": True,
    }  # fmt: skip


PYTORCH_BIASES = """\
def learn_biases(model):
    model.requires_grad_(False)
    model.backbone.norm.bias.requires_grad_(True)
    model.head.requires_grad_(True)
"""
KERAS_BIASES = """\
def learn_biases(model):
    model.backbone.mix.trainable = False
    model.backbone.norm.gamma.trainable = False
"""


def biases_code(pytorch=None, keras=None):
    return changed(PYTORCH_BIASES, KERAS_BIASES, pytorch, keras)


def learning(**others):
    return lambda **arrays: others


LEARN_BIASES = Exercise(
    id="08.4",
    title=text("Biases only", "只学偏置"),
    points=3,
    objective="O2",
    function="learn_biases",
    inputs=draw_tiny,
    reference=report_of_biases,
    comparator=equal(),
    probe="learning_arrays",
    forbidden=tuple(f"course_lib.{framework}.freeze_plan" for framework in ("pytorch", "keras")),
    parts={
        "kernel": text("“the weights of mix learn”", "“mix 的权重在学”"),
        "gamma": text("“norm's scale γ learns”", "“norm 的缩放 γ 在学”"),
        "beta": text("“norm's shift β learns”", "“norm 的平移 β 在学”"),
        "mean": text("“norm's running mean learns”", "“norm 的滑动均值在学”"),
        "variance": text("“norm's running variance learns”", "“norm 的滑动方差在学”"),
        "head": text("“the head's weights learn”", "“分类头的权重在学”"),
        "bias": text("“the head's bias learns”", "“分类头的偏置在学”"),
        "values_kept": text("“all values are as before”", "“所有数值都没有变”"),
    },
    pitfalls=(
        Pitfall(
            "nothing_frozen",
            learning(kernel=True, gamma=True, beta=True, head=True, bias=True),
            text(
                "Everything learns. requires_grad belongs to each *parameter*; in Keras the flag is called trainable.",
                "全都在学。requires_grad 是每个**参数**的属性；Keras 的标志叫 trainable。",
            ),
            code=biases_code(
                pytorch=("model.requires_grad_(False)", "model.requires_grad = False"),
                keras=(
                    "    model.backbone.mix.trainable = False\n    model.backbone.norm.gamma.trainable = False\n",
                    "    model.backbone.learns = False\n",
                ),
            ),
        ),
        Pitfall(
            "head_only",
            learning(kernel=False, gamma=False, beta=False, head=True, bias=True),
            text(
                "That is the linear probe: only the head learns. The backbone has a bias, too: β, the shift of its norm.",
                "这是线性探针：只有分类头在学。主干里也有偏置：norm 的平移 β。",
            ),
            code=biases_code(
                pytorch=("    model.backbone.norm.bias.requires_grad_(True)\n", ""),
                keras=(
                    "    model.backbone.mix.trainable = False\n    model.backbone.norm.gamma.trainable = False\n",
                    "    model.backbone.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "scale_too",
            learning(kernel=False, gamma=True, beta=True, head=True, bias=True),
            text(
                "γ learns as well. It multiplies, so it is no bias: BitFit frees β only.",
                "γ 也在学。它是乘上去的，不是偏置：BitFit 只放开 β。",
            ),
            code=biases_code(
                pytorch=("model.backbone.norm.bias.requires", "model.backbone.norm.requires"),
                keras=("    model.backbone.norm.gamma.trainable = False\n", ""),
            ),
        ),
        Pitfall(
            "statistics_too",
            learning(kernel=False, gamma=False, beta=True, mean=True, variance=True),
            text(
                "The running mean and variance are switched on, too. They are measured, not learned: leave their flags alone.",
                "滑动均值和滑动方差也打开了。它们是统计出来的，不是学出来的：不要动它们的标志。",
            ),
            code=biases_code(
                keras=(
                    "    model.backbone.norm.gamma.trainable = False\n",
                    "    for w in model.backbone.norm.weights:\n        w.trainable = w.name != 'gamma'\n",
                )
            ),
        ),
        Pitfall(
            "scale_for_shift",
            learning(kernel=False, gamma=True, beta=False),
            text(
                "You freed γ and froze β: it is the other way round.",
                "你放开了 γ、冻结了 β：正好反了。",
            ),
            code=biases_code(
                pytorch=("norm.bias", "norm.weight"),
                keras=("norm.gamma", "norm.beta"),
            ),
        ),
        Pitfall(
            "head_weights_frozen",
            learning(kernel=False, gamma=False, beta=True, head=False, bias=True),
            text(
                "The head's matrix is frozen at its random start. The head is new and learns whole.",
                "分类头的矩阵被冻结在随机的起点上。分类头是新的，要整个学。",
            ),
            code=biases_code(
                pytorch=("model.head.requires", "model.head.bias.requires"),
                keras=(
                    "    model.backbone.norm.gamma",
                    "    model.head.kernel.trainable = False\n    model.backbone.norm.gamma",
                ),
            ),
        ),
        Pitfall(
            "head_frozen",
            learning(kernel=False, gamma=False, beta=True, head=False, bias=False),
            text(
                "The head is frozen. It is new: without it nothing can be learned.",
                "分类头被冻结了。它是新的，不学它就什么也学不成。",
            ),
            code=biases_code(
                pytorch=("    model.head.requires_grad_(True)\n", ""),
                keras=(
                    "    model.backbone.norm.gamma",
                    "    model.head.trainable = False\n    model.backbone.norm.gamma",
                ),
            ),
        ),
        Pitfall(
            "weights_instead",
            learning(kernel=True, gamma=True, beta=False),
            text(
                "The weights learn and the biases are frozen: the other way round.",
                "权重在学，偏置被冻结：反了。",
            ),
            code=biases_code(
                pytorch=(
                    "    model.requires_grad_(False)\n    model.backbone.norm.bias.requires_grad_(True)\n",
                    "    model.backbone.norm.bias.requires_grad_(False)\n",
                ),
                keras=(
                    "    model.backbone.mix.trainable = False\n    model.backbone.norm.gamma.trainable = False\n",
                    "    model.backbone.norm.beta.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "nothing_learns",
            learning(kernel=False, gamma=False, beta=False, head=False, bias=False),
            text(
                "Nothing learns. In Keras `model.trainable = False` holds all of the model, whatever a part says; set the parts.",
                "什么都没在学。Keras 里 `model.trainable = False` 管住整个模型，不管各部分怎么设；要设的是各个部分。",
            ),
            code=biases_code(
                pytorch=(
                    "    model.backbone.norm.bias.requires_grad_(True)\n    model.head.requires_grad_(True)\n",
                    "",
                ),
                keras=(
                    "    model.backbone.mix.trainable = False\n",
                    "    model.trainable = False\n",
                ),
            ),
        ),
    ),
    hints=(
        text(
            "The model has five arrays that can learn: the weights of `backbone.mix`, γ and β of `backbone.norm`, the head's weights "
            "and bias. Which three may?",
            "模型有五个可以学的数组：`backbone.mix` 的权重，`backbone.norm` 的 γ 与 β，分类头的权重与偏置。哪三个可以学？",
        ),
        text(
            "Freeze first, then free what learns. In Keras a layer that is frozen as a whole hides what is inside: leave "
            "`backbone.norm` trainable and freeze its γ.",
            "先冻结，再放开该学的。Keras 里整层冻结会盖住层内的一切：让 `backbone.norm` 保持可训练，只冻结它的 γ。",
        ),
        text(
            "PyTorch calls γ `norm.weight` and β `norm.bias`, and each has `.requires_grad`. Keras calls them `norm.gamma` and "
            "`norm.beta`, and each has `.trainable`.",
            "PyTorch 把 γ 叫 `norm.weight`、β 叫 `norm.bias`，各有 `.requires_grad`；Keras 叫 `norm.gamma` 与 `norm.beta`，各有 `.trainable`。",
        ),
    ),
    right={
        "pytorch": (
            "def learn_biases(model):\n"
            "    for name, w in model.named_parameters():\n"
            "        w.requires_grad = name.startswith('head.') or name.endswith('.bias')\n",
            "def learn_biases(model):\n"
            "    model.backbone.mix.weight.requires_grad = False\n"
            "    model.backbone.norm.weight.requires_grad = False\n"
            "    return model\n",
        ),
        "keras": (
            "def learn_biases(model):\n"
            "    free = {id(w) for w in [model.backbone.norm.beta, *model.head.weights]}\n"
            "    for w in model.weights:\n"
            "        if w.name not in ('moving_mean', 'moving_variance'):\n"
            "            w.trainable = id(w) in free\n",
            "def learn_biases(model):\n"
            "    for layer in (model.backbone.mix, model.backbone.norm):\n"
            "        for w in layer.trainable_weights:\n"
            "            w.trainable = w.name in ('bias', 'beta')\n"
            "    return model\n",
        ),
    },
)

# 08.5 ---------------------------------------------------------------------------------------------


# Mean difference to row 0 and half the width of its interval, in margins, from the smallest method to the largest.
# Good enough by: nothing; the upper end; "contains 0"; the mean (and the sum); 1.96; ddof = 0; t with D degrees of freedom; the right
# rule (and perhaps better by more than the margin); both ends; a margin that is a share; the right rule, unpaired too;
# surely better; best mean.
KINDS = (
    (-3, 0.5), (-1.5, 0.8), (-1.2, 1.5), (0.25, 1.9), (-0.58, 0.5), (-0.54, 0.5), (-0.51, 0.5),
    (0.1, 1.08), (-0.45, 0.5), (-0.3, 0.5), (0.1, 0.55), (1, 0.95), (1.3, 2),
)  # fmt: skip


def draw_methods(rng):
    draws = int(rng.choice([5, 6]))  # so that t is not always the same
    margin = round(float(rng.uniform(0.008, 0.02)), 4)
    luck = rng.normal(size=draws)  # of a draw, shared by all
    luck = (luck - luck.mean()) / luck.std(ddof=1)
    stored = np.sort(rng.choice(np.arange(5, 400), len(KINDS), replace=False)) * 1000
    rows = []
    for mean, half in KINDS:
        noise = rng.normal(size=draws)
        noise -= noise.mean() + luck * (noise @ luck) / (luck @ luck)
        noise *= half / stats.t.ppf(0.975, draws - 1) * np.sqrt(draws) / noise.std(ddof=1)
        rows.append(0.85 + 0.5 * margin * luck + margin * (mean + noise))
    order = rng.permutation(len(KINDS))
    accuracy = np.array([0.85 + 0.5 * margin * luck, *(rows[k] for k in order)])
    return {"accuracy": accuracy, "stored": np.append(1_200_000, stored[order]), "margin": margin}


def cheapest(accuracy, stored, margin, *, quantile=None, paired=True, ddof=1, rule=None):
    d = accuracy - accuracy[0]
    n = d.shape[1]
    t = stats.t.ppf(0.975, n - 1) if quantile is None else quantile(n)
    error = d.std(axis=1, ddof=ddof)
    if not paired:
        error = np.sqrt(accuracy.var(axis=1, ddof=1) + accuracy[0].var(ddof=1))
    error = error / np.sqrt(n)
    mean = d.mean(axis=1)
    good = (rule or (lambda low, high, mean: low > -margin))(
        mean - t * error, mean + t * error, mean
    )
    good[0] = True
    return int(min(np.flatnonzero(good), key=lambda k: stored[k]))


CHEAPEST = Exercise(
    id="08.5",
    title=text("The cheapest that is good enough", "够用的里面最省的"),
    points=3,
    objective="O3",
    function="cheapest_good_enough",
    inputs=draw_methods,
    reference=cheapest,
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.judging.paired_interval", "course_lib.judging.interval"),
    survivors={"low > -margin → low >= -margin": "no interval ends exactly at −margin"},
    draws=4,
    pitfalls=(
        Pitfall(
            "not_significant",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, rule=lambda low, high, mean: high > 0
            ),
            text(
                "You took a method because its interval contains 0. “Not shown to be different” is not “shown to be as good”: a wide "
                "interval proves nothing. Its *lower end* must lie above −margin.",
                "你选它是因为它的区间包含 0。“没有显示出差别”不等于“证明了一样好”：宽区间什么也说明不了。要看区间的**下端**是否高于 −margin。",
            ),
        ),
        Pitfall(
            "means_only",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, rule=lambda low, high, mean: mean > -margin
            ),
            text(
                "You looked at means only. A mean within the margin may be luck: ask where the interval ends.",
                "你只看了均值。均值在容差之内可能是运气：要看区间的端点。",
            ),
        ),
        Pitfall(
            "upper_end",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, rule=lambda low, high, mean: high > -margin
            ),
            text(
                "You compared the *upper* end: that is the hopeful one.",
                "你比的是区间的**上端**，那是乐观的一端。",
            ),
        ),
        Pitfall(
            "cheapest_of_all",
            lambda accuracy, stored, margin: int(np.argmin(stored)),
            text(
                "That is the smallest of all, however bad it is.",
                "这是所有方法里最小的，不管它有多差。",
            ),
        ),
        Pitfall(
            "best_accuracy",
            lambda accuracy, stored, margin: int(np.argmax(accuracy.mean(axis=1))),
            text(
                "That is the most accurate one. Asked is the *smallest* among those that are good enough.",
                "这是最准的。要的是够用的方法里**最小**的。",
            ),
        ),
        Pitfall(
            "nothing_else_is_good_enough",
            lambda accuracy, stored, margin: 0,
            text(
                "Row 0 came out, full fine-tuning itself: no other counted as good enough. Is the standard error divided by √D? The "
                "interval is for the mean, not for one draw. Or did you compare with +margin?",
                "选出的是第 0 行，也就是全部微调：别的方法一个也没算够用。标准误除以 √D 了吗？区间是均值的，不是单次抽样的。还是与 +margin 比较了？",
            ),
        ),
        Pitfall(
            "must_be_better",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, rule=lambda low, high, mean: low > 0
            ),
            text(
                "It need not be better than full fine-tuning, only at most `margin` worse.",
                "不必比全部微调更好，只要至多差 `margin`。",
            ),
        ),
        Pitfall(
            "better_refused",
            lambda accuracy, stored, margin: cheapest(
                accuracy,
                stored,
                margin,
                rule=lambda low, high, mean: (low > -margin) & (high < margin),
            ),
            text(
                "You refused a method that may be better than full fine-tuning. That is no fault: only the lower end counts.",
                "你拒绝了一个可能比全部微调更好的方法。更好不是毛病：只看下端。",
            ),
        ),
        Pitfall(
            "margin_is_a_share",
            lambda accuracy, stored, margin: cheapest(
                accuracy,
                stored,
                margin,
                rule=lambda low, high, mean: low > -margin * accuracy[0].mean(),
            ),
            text(
                "`margin` is a difference of two accuracies, not a share of one: compare with −margin itself.",
                "`margin` 是两个准确率之差，不是准确率的百分之几：直接与 −margin 比较。",
            ),
        ),
        Pitfall(
            "unpaired",
            lambda accuracy, stored, margin: cheapest(accuracy, stored, margin, paired=False),
            text(
                "You treated the rows as separate samples. They share their draws: take differences draw by draw.",
                "你把各行当成独立的样本。它们用的是同样的抽样：应逐次求差。",
            ),
        ),
        Pitfall(
            "normal_quantile",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, quantile=lambda n: 1.96
            ),
            text(
                "Your factor is too small. 1.96 is for many draws, and 0.95 in t gives a one-sided interval. With few draws the two-sided "
                "one needs `stats.t.ppf(0.975, D − 1)`.",
                "你用的系数太小。1.96 适用于很多次抽样；给 t 的若是 0.95，得到的是单侧区间。抽样次数少时，双侧区间要用 `stats.t.ppf(0.975, D − 1)`。",
            ),
        ),
        Pitfall(
            "one_degree_too_many",
            lambda accuracy, stored, margin: cheapest(
                accuracy, stored, margin, quantile=lambda n: stats.t.ppf(0.975, n)
            ),
            text(
                "D differences have D − 1 degrees of freedom: their mean was estimated from them, too. (Take D from the shape: it varies.)",
                "D 个差值的自由度是 D − 1：它们的均值也是从这些差值估计出来的。（D 要从形状里取，它并不固定。）",
            ),
        ),
        Pitfall(
            "divides_by_n",
            lambda accuracy, stored, margin: cheapest(accuracy, stored, margin, ddof=0),
            text(
                "The sample standard deviation divides by D − 1: ddof=1. (Take D from the shape: it varies.)",
                "样本标准差除以 D − 1：ddof=1。（D 要从形状里取，它并不固定。）",
            ),
        ),
    ),
    hints=(
        text(
            "For each method: the differences to row 0, draw by draw, their mean and standard error.",
            "对每个方法：与第 0 行逐次求差，再求均值和标准误。",
        ),
        text(
            "Good enough: the lower end, mean − t · error, lies above −margin. `stats.t.ppf(0.975, D − 1)` is t.",
            "够用：下端，即均值 − t · 标准误，高于 −margin。t 是 `stats.t.ppf(0.975, D − 1)`。",
        ),
        text(
            "Row 0 has the difference 0 everywhere, so it always counts as good enough. Among all that do, the smallest `stored`.",
            "第 0 行的差处处为 0，所以总是够用的。在够用的里面取 `stored` 最小的。",
        ),
    ),
    right={
        "numpy": (
            "def cheapest_good_enough(accuracy, stored, margin):\n"
            "    from scipy import stats\n"
            "    best = 0\n"
            "    for k in range(1, len(accuracy)):\n"
            "        d = accuracy[k] - accuracy[0]\n"
            "        low, _ = stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=stats.sem(d))\n"
            "        if low > -margin and stored[k] < stored[best]:\n"
            "            best = k\n"
            "    return best\n",
            "def cheapest_good_enough(accuracy, stored, margin):\n"
            "    from scipy import stats\n"
            "    d = accuracy[1:] - accuracy[:1]\n"
            "    n = d.shape[1]\n"
            "    low = d.mean(1) - stats.t.ppf(0.975, n - 1) * np.sqrt(d.var(1, ddof=1) / n)\n"
            "    price = np.where(np.append(True, low > -margin), stored, np.inf)\n"
            "    return int(np.argmin(price))\n",
        )
    },
)

# 08.6 ---------------------------------------------------------------------------------------------

BYTES = 4  # of a float32


def draw_budget(rng):
    shapes = [
        (int(rng.choice([16, 32, 64])), int(rng.choice([8, 16, 32])), int(h), int(w))
        for h, w in rng.permutation([(1, 1), (3, 3), (3, 5)])  # not all are squares
    ]
    per_rank = sum(m + d * h * w for m, d, h, w in shapes)
    tasks = int(rng.integers(3, 12))
    head = int(
        per_rank * rng.uniform(2.2, 2.8)
    )  # more than two ranks: whoever forgets it does not just round up
    # At the edge of a whole rank, just above it, and just below the next one.
    rank = int(rng.integers(3, 8))
    edge = int(rng.choice([0, 1, BYTES * tasks * per_rank - 1]))
    budget = BYTES * tasks * (head + rank * per_rank) + edge
    return {"shapes": shapes, "head": head, "tasks": tasks, "budget": budget}


def largest_rank(shapes, head, tasks, budget, *, size=BYTES, cost=None, heads=None):
    """The rank that fits; the options are bugs."""
    cost = cost or (lambda m, d, h, w: m + d * h * w)
    per_rank = sum(cost(*(int(n) for n in s)) for s in shapes)
    heads = tasks if heads is None else heads
    return int((budget - size * heads * head) // (size * tasks * per_rank))


LARGEST_RANK = Exercise(
    id="08.6",
    title=text("A rank for the budget", "预算内的秩"),
    points=3,
    objective="O4",
    function="largest_rank",
    inputs=draw_budget,
    reference=largest_rank,
    comparator=equal(),
    tensors=False,
    draws=5,
    pitfalls=(
        Pitfall(
            "numbers_for_bytes",
            lambda **given: largest_rank(**given, size=1),
            text(
                "The budget is in bytes; a float32 takes four.",
                "预算以字节计；一个 float32 占四个字节。",
            ),
        ),
        Pitfall(
            "one_task",
            lambda tasks, **given: largest_rank(tasks=1, **given),
            text(
                "Each of the tasks stores a change of its own.", "每个任务都要存一份自己的改变量。"
            ),
        ),
        Pitfall(
            "heads_forgotten",
            lambda **given: largest_rank(**given, heads=0),
            text(
                "Each task stores a head of its own, too: not none, and not one for all.",
                "每个任务还要存一份自己的分类头：不是不存，也不是大家共用一份。",
            ),
        ),
        Pitfall(
            "rounded_up",
            lambda **given: largest_rank(**given) + 1,
            text(
                "That rank costs more than the budget: round down.",
                "这个秩超出了预算：应当向下取整。",
            ),
        ),
        Pitfall(
            "places_forgotten",
            lambda **given: largest_rank(**given, cost=lambda m, d, h, w: m + d),
            text(
                "A has h×w places in each filter: r filters of D·h·w numbers.",
                "A 的每个滤波器有 h×w 个位置：r 个滤波器，每个 D·h·w 个数。",
            ),
        ),
        Pitfall(
            "places_twice",
            lambda **given: largest_rank(**given, cost=lambda m, d, h, w: (m + d) * h * w),
            text(
                "B is 1×1: it costs r·M, without the places.",
                "B 是 1×1 的：只要 r·M 个数，不乘位置数。",
            ),
        ),
        Pitfall(
            "whole_filters",
            lambda **given: largest_rank(**given, cost=lambda m, d, h, w: m * d * h * w),
            text(
                "You counted the filters themselves. A and B cost r(D·h·w + M).",
                "你数的是滤波器本身。A 与 B 一共 r(D·h·w + M) 个数。",
            ),
        ),
    ),
    hints=(
        text(
            "First one task and one layer: how many numbers do A (r filters of D×h×w) and B (M×r) have? Which part grows with r?",
            "先看一个任务、一层：A（r 个 D×h×w 的滤波器）和 B（M×r）各有多少个数？哪一部分随 r 增长？",
        ),
        text(
            "All together: 4 · tasks · (head + r · Σ(D·h·w + M)) ≤ budget. Solve for r.",
            "合起来：4 · tasks · (head + r · Σ(D·h·w + M)) ≤ budget，解出 r。",
        ),
        text(
            "`//` divides whole numbers and rounds down, exactly; dividing floats may miss an edge.",
            "`//` 是整数除法，向下取整，而且精确；用浮点数相除可能错过边界。",
        ),
    ),
    right={
        "numpy": (
            "def largest_rank(shapes, head, tasks, budget):\n"
            "    rank = 0\n"
            "    def cost(r):\n"
            "        return 4 * tasks * (head + sum(r * (d * h * w + m) for m, d, h, w in shapes))\n"
            "    while cost(rank + 1) <= budget:\n"
            "        rank += 1\n"
            "    return rank\n",
            "def largest_rank(shapes, head, tasks, budget):\n"
            "    numbers = budget // (4 * tasks) - head\n"
            "    return numbers // sum(s[0] + int(np.prod(s[1:])) for s in shapes)\n",
        )
    },
)

# 08.7 ---------------------------------------------------------------------------------------------


def draw_weights(rng):
    shapes = [(4, 3), (5, 4), (2, 5)]
    # Of 42 weights: 8.4 and 25.2, which are rounded down, 33.6, which is rounded up.
    sparsity = float(rng.choice([0.2, 0.6, 0.8]))
    weights = [
        rng.normal(size=s) * size
        for s, size in zip(shapes, rng.permutation([0.3, 1.0, 2.0]), strict=True)
    ]
    return {"weights": weights, "sparsity": sparsity}


def pruned(weights, sparsity, *, size=np.abs, per_layer=False, largest=False):
    out = []
    sizes = np.concatenate([size(w).ravel() for w in weights])
    for w in weights:
        among = size(w).ravel() if per_layer else sizes
        goes = round(sparsity * len(among))
        if goes:
            order = np.sort(among)
            gone = size(w) >= order[len(among) - goes] if largest else size(w) <= order[goes - 1]
            w = np.where(gone, 0.0, w)
        out.append(w)
    return out


PRUNED = Exercise(
    id="08.7",
    title=text("Prune the smallest", "剪掉最小的"),
    points=2,
    objective="O5",
    function="prune_smallest",
    drawing=drawings.matrix("1"),
    inputs=draw_weights,
    reference=pruned,
    comparator=close(rtol=1e-9, atol=1e-12),
    tensors=False,
    survivors={
        "-1.0 → 1.0": "something goes in every draw: each pitfall must show in each",
        "1.0 → 2.0": "−2 is below every |w| just as −1 is",
        "sizes[goes - 1] if goes else -1.0 → sizes[goes - 1]": "something goes in every draw: each pitfall must show in each",
    },
    pitfalls=(
        Pitfall(
            "per_layer",
            lambda weights, sparsity: pruned(weights, sparsity, per_layer=True),
            text(
                "Each matrix lost the same part. Here one threshold holds for all of them together.",
                "每个矩阵都剪掉了同样的比例。这里要全体共用一个阈值。",
            ),
        ),
        Pitfall(
            "signed",
            lambda weights, sparsity: pruned(weights, sparsity, size=lambda w: w),
            text(
                "You compared the values with their signs, so large negative weights went. Compare |w|.",
                "你比较的是带符号的值，绝对值大的负权重也被剪掉了。要比 |w|。",
            ),
        ),
        Pitfall(
            "largest_gone",
            lambda weights, sparsity: pruned(weights, sparsity, largest=True),
            text("The largest are gone. Small weights go.", "剪掉的是最大的。该剪的是小的。"),
        ),
        Pitfall(
            "keeps_instead",
            lambda weights, sparsity: pruned(weights, 1 - sparsity),
            text(
                "`sparsity` is the part that goes, not the part that stays.",
                "`sparsity` 是剪掉的比例，不是留下的。",
            ),
        ),
        Pitfall(
            "sizes_kept",
            lambda weights, sparsity: [np.abs(w) for w in pruned(weights, sparsity)],
            text(
                "What stays has lost its sign. Compare by |w|, but keep w.",
                "留下的权重丢了符号。比较用 |w|，保留的是 w。",
            ),
        ),
        Pitfall(
            "masks",
            lambda weights, sparsity: [(w != 0).astype(float) for w in pruned(weights, sparsity)],
            text(
                "Those are the masks. Return the weights with zeros in them.",
                "这是掩码。应返回带零的权重。",
            ),
        ),
        Pitfall(
            "share_of_the_largest",
            lambda weights, sparsity: [
                np.where(np.abs(w) > sparsity * max(np.abs(v).max() for v in weights), w, 0.0)
                for w in weights
            ],
            text(
                "`sparsity` is a part of the *number* of weights, not of the largest value.",
                "`sparsity` 是权重**个数**的比例，不是最大值的比例。",
            ),
        ),
    ),
    hints=(
        text(
            "Put the absolute values of all matrices into one long array.",
            "把所有矩阵的绝对值接成一个长数组。",
        ),
        text(
            "Sort it. With `goes = round(sparsity * n)`, the largest value that goes stands at place goes − 1. If `goes` is 0, nothing goes: place −1 would be the largest of all.",
            "排序。令 `goes = round(sparsity * n)`，要剪掉的最大值在第 goes − 1 位。`goes` 为 0 时什么也不剪：第 −1 位会是全体中最大的那个。",
        ),
        text(
            "`np.where(np.abs(w) > threshold, w, 0.0)` for each matrix.",
            "对每个矩阵写 `np.where(np.abs(w) > threshold, w, 0.0)`。",
        ),
    ),
    right={
        "numpy": (
            "def prune_smallest(weights, sparsity):\n"
            "    flat = np.concatenate([w.ravel() for w in weights])\n"
            "    flat[np.argsort(np.abs(flat))[: round(sparsity * flat.size)]] = 0\n"
            "    ends = np.cumsum([w.size for w in weights])[:-1]\n"
            "    return [part.reshape(w.shape) for part, w in zip(np.split(flat, ends), weights)]\n",
            "def prune_smallest(weights, sparsity):\n"
            "    sizes = sorted(abs(v) for w in weights for v in w.flat)\n"
            "    threshold = sizes[round(sparsity * len(sizes))]\n"
            "    return [w * (np.abs(w) >= threshold) for w in weights]\n",
        )
    },
)

# 08.8 ---------------------------------------------------------------------------------------------


def draw_training(rng):
    w = rng.normal(size=(3, 4))
    mask = np.ones(w.size)
    mask[rng.permutation(w.size)[:6]] = 0
    return {
        "w": w,
        "mask": mask.reshape(w.shape),
        "v": rng.normal(size=w.shape),
        "gradients": rng.normal(size=(4, *w.shape)),
        "rate": float(rng.choice([0.1, 0.2])),
        "momentum": float(rng.choice([0.5, 0.9])),
    }


def train_masked(w, mask, v, gradients, rate, momentum, *, first=True, last=True, gradient=False,
                 fresh=False, every_step=True, decay=False):  # fmt: skip
    w = w * mask if first else w
    v = np.zeros_like(v) if fresh else v
    for g in gradients:
        g = g * mask if gradient else g
        v = momentum * v + g
        w = w - rate * v
        w = w * mask if every_step else w
    return w * mask if last else w


def train_with_holes(w, mask, v, gradients, rate, momentum):
    """The mask is drawn up anew after each step: other weights go."""
    n = int(mask.size - mask.sum())
    w = w * mask
    for g in gradients:
        v = momentum * v + g
        w = w - rate * v
        w = np.where(np.abs(w) <= np.sort(np.abs(w).ravel())[n - 1], 0.0, w)
    return w


TRAIN_MASKED = Exercise(
    id="08.8",
    title=text("Zeros that come back", "又长回来的零"),
    points=3,
    objective="O5",
    function="train_pruned",
    drawing=drawings.matrix(),
    inputs=draw_training,
    reference=lambda **given: train_masked(**given),
    comparator=close(rtol=1e-9, atol=1e-12),
    tensors=False,
    pitfalls=(
        Pitfall(
            "as_given",
            lambda **given: train_masked(**given, last=False, every_step=False, gradient=True),
            text(
                "Zeros came back: that is the program as given. Its gradients are masked, but the momentum from before the pruning still "
                "moves what was set to zero.",
                "零又长回来了：这正是原来的程序。梯度遮住了，但剪枝之前留下的动量还在推动已置零的权重。",
            ),
        ),
        Pitfall(
            "mask_once",
            lambda **given: train_masked(**given, last=False, every_step=False),
            text(
                "The mask was applied once, at the start; then every weight learned again.",
                "掩码只在开头用了一次，之后所有权重又都在学习。",
            ),
        ),
        Pitfall(
            "gradient_not_masked",
            lambda w, mask, v, gradients, **given: train_masked(
                w=w,
                mask=mask,
                v=v * mask,
                gradients=gradients,
                **given,
                last=False,
                every_step=False,
            ),
            text(
                "You masked the old momentum, but the gradients that come in push the zeros away again.",
                "旧的动量遮住了，可是后来的梯度又把零推开了。",
            ),
        ),
        Pitfall(
            "momentum_forgotten",
            lambda **given: train_masked(**given, fresh=True),
            text(
                "The zeros stay, but you threw the memory of the others away, too: v of the kept weights goes on as it was.",
                "零保住了，但你把其余权重的记忆也扔掉了：留下的权重，其 v 应当照旧继续。",
            ),
        ),
        Pitfall(
            "nothing_masked",
            lambda **given: train_masked(**given, first=False, last=False, every_step=False),
            text("No weight is pruned at all.", "没有任何权重被剪掉。"),
        ),
        Pitfall(
            "another_mask",
            train_with_holes,
            text(
                "You drew the mask up anew in each step, so other weights went. The mask is given.",
                "你每一步都重新定掩码，剪掉的就变成了别的权重。掩码是给定的。",
            ),
        ),
        Pitfall(
            "inverted",
            lambda mask, **given: train_masked(mask=1 - mask, **given),
            text("The mask is 1 where a weight *stays*.", "掩码为 1 的位置是**留下**的权重。"),
        ),
        Pitfall(
            "one_step",
            lambda gradients, **given: train_masked(gradients=gradients[:1], **given),
            text(
                "That is one step; there is one for each gradient.",
                "这只是一步；有几个梯度就走几步。",
            ),
        ),
        Pitfall(
            "no_momentum",
            lambda momentum, **given: train_masked(momentum=0.0, **given, fresh=True),
            text("The momentum is gone: v ← μ v + g.", "动量没有了：v ← μ v + g。"),
        ),
    ),
    hints=(
        text(
            "Follow one pruned weight by hand: w = 0, g = 0 after the mask, but v = 1. Where is it after one step?",
            "手算一个被剪的权重：w = 0，遮住之后 g = 0，但 v = 1。走一步之后它在哪里？",
        ),
        text(
            "What must be zero for a pruned weight, besides its gradient? Or: what can be put right after every step?",
            "对被剪的权重来说，除了梯度，还有什么必须为零？或者：每一步之后可以补救什么？",
        ),
        text(
            "The safest rule needs no thought about the optimizer: multiply w by the mask after *every* step.",
            "最稳妥的办法与优化器无关：**每一步**之后都把 w 乘上掩码。",
        ),
    ),
    right={
        "numpy": (
            "def train_pruned(w, mask, v, gradients, rate, momentum):\n"
            "    w, v = w * mask, v * mask\n"
            "    for g in gradients:\n"
            "        v = momentum * v + g * mask\n"
            "        w = w - rate * v\n"
            "    return w\n",
            "def train_pruned(w, mask, v, gradients, rate, momentum):\n"
            "    v = v.copy()\n"
            "    for g in gradients:\n"
            "        v *= momentum\n"
            "        v += g\n"
            "        w = np.where(mask > 0, w - rate * v, 0.0)\n"
            "    return w\n",
        )
    },
)

# 08.9 ---------------------------------------------------------------------------------------------

MEMO = ManualExercise(
    id="08.9",
    title=text("A memo to the team", "给团队的一份备忘"),
    points=3,
    objective="O6",
    rubric=(
        (
            1,
            text(
                "First fault: named with its reason (½) and with the number or experiment to ask for (½). Any of: LoRA's backward pass "
                "still goes through the whole network, so training is not eighteen times as fast; zeros in a dense matrix save no time "
                "and, stored densely, no bytes; freezing removes nothing and is not pruning; the accuracy after pruning is not reported; one "
                "run each, no interval; “no significant difference” taken for equality; rank chosen on the test part; no probe as rival.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的数字或实验（½ 分）。下列任一项：LoRA 的反向传播仍要穿过整个网络，训练不会快"
                "十八倍；稠密矩阵里的零既不省时间，按稠密方式存也不省字节；冻结什么也没去掉，不是剪枝；剪枝之后的准确率没有报告；各只跑了一次，没有"
                "区间；把“没有显著差别”当成相等；在测试集上选秩；没有拿线性探针作对手。",
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

EXERCISES = (
    LOW_RANK_GRADIENTS,
    START_LOW_RANK,
    MERGED,
    LEARN_BIASES,
    CHEAPEST,
    LARGEST_RANK,
    PRUNED,
    TRAIN_MASKED,
    MEMO,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="08.q1",
        question=text(
            "Textured paper, twenty labels per class. LoRA of rank 4 (with norms) learns a seventeenth of the numbers. How does it compare?",
            "有纹理的纸，每类二十个标签。秩为 4 的 LoRA（连同归一化层）只学十七分之一的参数。它的准确率会怎样？",
        ),
        options=(
            Option(
                text(
                    "Clearly below full fine-tuning: it hardly learns anything",
                    "明显不如全部微调：它几乎没学什么",
                ),
                text(
                    "It learns little, but in every layer, where the probe has only the last. Texture must be dealt with early.",
                    "它学得少，却每一层都学，探针只有最后一层。纹理要在靠前的层里处理。",
                ),
            ),
            Option(
                text(
                    "Level with full fine-tuning or a little below; three draws do not tell",
                    "与全部微调持平，或略低一点，三次抽样分不清",
                ),
                text(
                    "Yes, at a rate that suits it: look at RATES, where small parts have the larger ones.",
                    "对，只要学习率合适：看看 RATES，小部件用的学习率更大。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Like full fine-tuning on one draw, so on every one: rank 4 is enough for any task",
                    "一次抽样上与全部微调一样，次次都一样：秩 4 对什么任务都够",
                ),
                text(
                    "One draw proves nothing, and another task may need more directions: look at rank 4 in section 1's list.",
                    "一次抽样说明不了什么；换个任务也可能需要更多方向：看看第 1 节那张表里的秩 4。",
                ),
            ),
            Option(
                text(
                    "Far above full fine-tuning: it cannot overfit", "远高于全部微调：它不会过拟合"
                ),
                text(
                    "Eighteen thousand numbers can learn two hundred pictures by heart, too.",
                    "一万八千个数也足以背下两百张图片。",
                ),
            ),
        ),
    ),
    Quiz(
        id="08.q2",
        question=text(
            "The change that was learned on textured paper is doubled, t = 2. What happens on textured paper?",
            "把在有纹理的纸上学到的改变量加倍，t = 2。在有纹理的纸上会怎样？",
        ),
        options=(
            Option(
                text("Better still: twice the adaptation", "更好：适应了两倍"),
                text(
                    "Training stopped where the loss was low, not halfway to somewhere.",
                    "训练停在损失低的地方，而不是走到半路。",
                ),
            ),
            Option(
                text("Worse: it overshoots", "变差：走过头了"),
                text(
                    "Yes. A step that leads into a valley leads up the other side when doubled.",
                    "对。走进山谷的一步，加倍之后就走上了对面的坡。",
                ),
                right=True,
            ),
            Option(
                text("The same: the head makes up for it", "一样：分类头会补偿"),
                text(
                    "The head was trained with t = 1 and is not trained again here.",
                    "分类头是在 t = 1 时训练的，这里没有再训练。",
                ),
            ),
        ),
    ),
    Quiz(
        id="08.q3",
        question=text(
            "A vision service has one backbone and a LoRA part for each of 500 customers. Requests arrive mixed, each for another "
            "customer. Merge the parts?",
            "一个视觉服务有一个主干，为 500 位客户各存一份 LoRA。请求混着来，每个都属于不同的客户。要不要合并？",
        ),
        options=(
            Option(
                text("Yes: merged, prediction costs nothing more", "要：合并后预测不再多花"),
                text(
                    "For one customer at a time. Here each request would need its own merged network, or a merge and its undoing.",
                    "那是一次只服务一位客户时。这里每个请求都要一个合并好的网络，或者合并一次、再还原一次。",
                ),
            ),
            Option(
                text(
                    "No: keep W₀ shared and add BAx for each request",
                    "不要：共用 W₀，每个请求各加自己的 BAx",
                ),
                text(
                    "Yes. The expensive product W₀x is computed for the whole mixed batch; each row adds its own small product. "
                    "A few percent more work, and one network in memory.",
                    "对。昂贵的 W₀x 对整个混合批次一起算，每一行再加上自己的小乘积。多花几个百分点的计算，内存里只要一个网络。",
                ),
                right=True,
            ),
            Option(
                text("Average all parts into one", "把所有部件平均成一个"),
                text(
                    "Customers' tasks differ (a 6 is another's 9); the average serves nobody.",
                    "客户的任务各不相同（这位的 6 是那位的 9），平均之后对谁都不合适。",
                ),
            ),
        ),
    ),
)
