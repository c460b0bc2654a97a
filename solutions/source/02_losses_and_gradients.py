"""Exercises of chapter 02, losses and gradients: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np
from scipy import special

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text


def log_softmax(z, axis=1):
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax(z, axis=1):
    return np.exp(log_softmax(z, axis))


def relu(z):
    return np.maximum(z, 0)


# What differentiates by itself, for the exercises in which that is to be done by hand.
AUTOMATIC = (
    ".backward",
    ".gradient",
    ".jacobian",
    "torch.autograd.grad",
    "torch.autograd.backward",
    "torch.autograd.functional.jacobian",
    "torch.func.grad",
    "torch.func.jacrev",
    "torch.func.vjp",
    "course_lib.pytorch.gradients",
    "course_lib.keras.gradients",
)

# 02.1 ---------------------------------------------------------------------------------------------


def draw_network(rng, examples=3, inputs=3, hidden=4, classes=4):
    return {
        "x": rng.normal(size=(examples, inputs)),
        "w1": rng.normal(size=(inputs, hidden)),
        "b1": rng.normal(size=hidden),
        "w2": rng.normal(size=(hidden, classes)),
        "b2": rng.normal(size=classes),
    }


def forward(x, w1, b1, w2, b2, *, activation=relu):
    hidden = activation(x @ w1 + b1)
    return [hidden, hidden @ w2 + b2]


FORWARD = Exercise(
    id="02.1",
    title=text("Through the network, forwards", "在网络里向前走"),
    points=2,
    objective="O1",
    function="forward",
    inputs=draw_network,
    reference=lambda **inputs: forward(**inputs),
    comparator=close(rtol=1e-4, atol=1e-5),
    parts={
        "0": text("the first of the pair (hidden activations)", "第一个数组（隐藏层的激活值）"),
        "1": text("the second of the pair (logits)", "第二个数组（logits）"),
    },
    pitfalls=(
        Pitfall(
            "no_activation",
            lambda **inputs: forward(**inputs, activation=lambda z: z),
            text(
                "There is no ReLU between the two layers, so together they are one linear layer.",
                "两层之间没有 ReLU，合起来仍然只是一个线性层。",
            ),
        ),
        Pitfall(
            "before_the_activation",
            lambda x, w1, b1, w2, b2: [x @ w1 + b1, forward(x, w1, b1, w2, b2)[1]],
            text(
                "The logits are right. As the first array you returned the pre-activations, from before the ReLU.",
                "logits 是对的。但第一个数组给的是经过 ReLU 之前的值。",
            ),
        ),
        Pitfall(
            "relu_on_the_logits",
            lambda **inputs: [forward(**inputs)[0], relu(forward(**inputs)[1])],
            text(
                "The last layer gets no ReLU: a logit may be any number, negative ones too.",
                "最后一层不加 ReLU：logit 可以是任何实数，包括负数。",
            ),
        ),
        Pitfall(
            "softmax_at_the_end",
            lambda **inputs: [forward(**inputs)[0], softmax(forward(**inputs)[1])],
            text(
                "You returned probabilities. The loss wants logits and does the softmax itself.",
                "你返回的是概率。损失函数要的是 logits，softmax 由它自己来做。",
            ),
        ),
        Pitfall(
            "bias_after_the_relu",
            lambda x, w1, b1, w2, b2: [relu(x @ w1) + b1, (relu(x @ w1) + b1) @ w2 + b2],
            text(
                "You added b1 after the ReLU. It belongs to the weighted sum: first x @ w1 + b1, then the ReLU.",
                "b1 加在了 ReLU 之后。它是加权和的一部分：先算 x @ w1 + b1，再做 ReLU。",
            ),
        ),
        Pitfall(
            "no_biases",
            lambda x, w1, b1, w2, b2: forward(x, w1, 0, w2, 0),
            text("The biases b1 and b2 are missing.", "漏掉了偏置 b1 和 b2。"),
        ),
        Pitfall(
            "sigmoid",
            lambda **inputs: forward(**inputs, activation=special.expit),
            text(
                "The hidden layer uses a sigmoid. ReLU, max(0, z), is asked for.",
                "隐藏层用了 sigmoid。这里要的是 ReLU，即 max(0, z)。",
            ),
        ),
        Pitfall(
            "tanh",
            lambda **inputs: forward(**inputs, activation=np.tanh),
            text(
                "The hidden layer uses tanh. ReLU, max(0, z), is asked for.",
                "隐藏层用了 tanh。这里要的是 ReLU，即 max(0, z)。",
            ),
        ),
        Pitfall(
            "swapped",
            lambda **inputs: forward(**inputs)[::-1],
            text(
                "Both arrays are right, but in the wrong order: first the hidden activations, then the logits.",
                "两个数组都对，但次序反了：先是隐藏层的激活值，后是 logits。",
            ),
        ),
    ),
    hints=(
        text(
            "One layer is `x @ w + b`. Check the shapes: N×d times d×m gives N×m, and b (m) is added to every row.",
            "一层就是 `x @ w + b`。核对形状：N×d 乘 d×m 得 N×m，b（m 个数）加到每一行上。",
        ),
        text(
            "ReLU keeps what is positive and puts 0 for the rest: `torch.relu(z)`, or `keras.ops.relu(z)`.",
            "ReLU 保留正数，其余变成 0：`torch.relu(z)`，或 `keras.ops.relu(z)`。",
        ),
        text(
            "The second layer takes the hidden activations, not x, and nothing comes after it.",
            "第二层的输入是隐藏层的激活值，而不是 x；它后面什么都不接。",
        ),
    ),
    right={
        "pytorch": (
            "def forward(x, w1, b1, w2, b2):\n"
            "    hidden = torch.clamp(torch.addmm(b1, x, w1), min=0)\n"
            "    return hidden, torch.addmm(b2, hidden, w2)\n",
            "from torch.nn import functional\n"
            "def forward(x, w1, b1, w2, b2):\n"
            "    hidden = functional.relu(functional.linear(x, w1.T, b1))\n"
            "    return [hidden, functional.linear(hidden, w2.T, b2)]\n",
        ),
        "keras": (
            "def forward(x, w1, b1, w2, b2):\n"
            "    hidden = ops.maximum(ops.matmul(x, w1) + b1, 0)\n"
            "    return hidden, ops.matmul(hidden, w2) + b2\n",
            "def forward(x, w1, b1, w2, b2):\n"
            "    z = ops.einsum('nd,dm->nm', x, w1) + b1\n"
            "    hidden = ops.where(z > 0, z, 0.0)\n"
            "    return [hidden, ops.einsum('nm,mk->nk', hidden, w2) + b2]\n",
        ),
    },
)

# 02.2 ---------------------------------------------------------------------------------------------


def draw_extreme_logits(rng):
    """Draw logits of which some overflow, some underflow, and one right answer is hopeless."""
    z = rng.normal(0, 2, size=(5, 4))
    y = rng.permutation(np.arange(5) % 4)
    z[1] += 1000.0
    z[2] -= 1000.0
    # One class is far above all others, and it is not the right one: e^(-1000) is 0 in double
    # precision, and the row's mean lies so far below that e^(z - mean) overflows.
    z[3, (y[3] + 1) % 4] += rng.uniform(1000, 1100)
    order = rng.permutation(5)
    return {"z": np.round(z[order], 3), "y": y[order]}


def log_probabilities(z, y, axis=1):
    return log_softmax(z, axis)[np.arange(len(y)), y]


def quiet(function):
    """Let a mistake overflow without a warning."""

    def answer(**inputs):
        with np.errstate(all="ignore"):
            return float(function(**inputs))

    return answer


def naive_surprise(z, y):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean()


def clipped_surprise(epsilon):
    return quiet(lambda z, y: -np.log(softmax(z)[np.arange(len(y)), y] + epsilon).mean())


def surprise_of_every_pair(z, y):
    return -log_softmax(z)[:, y].mean()


def surprise_with_one_maximum(z, y):
    shifted = z - z.max()
    sums = np.log(np.exp(shifted).sum(axis=1))
    return (sums - shifted[np.arange(len(y)), y]).mean()


def surprise_without_adding_back(z, y):
    sums = np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1))
    return (sums - z[np.arange(len(y)), y]).mean()


CLIPPED = text(
    "A small number was added to the probability (or the probability was clipped) before the logarithm. Then no "
    "answer can be worse than some fixed number, and a hopelessly wrong one has no gradient at all. Go from logits to "
    "log-probabilities directly.",
    "你在取对数之前给概率加了一个小数（或把概率截断了）。这样一来，错得再离谱，损失也有上限，而且完全没有梯度。"
    "应当从 logits 直接得到对数概率。",
)

SURPRISE = Exercise(
    id="02.2",
    title=text("Cross-entropy that survives", "不会溢出的交叉熵"),
    points=3,
    objective="O2",
    function="surprise",
    inputs=draw_extreme_logits,
    reference=lambda z, y: float(-log_probabilities(z, y).mean()),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "scipy.special.logsumexp",
        "scipy.special.log_softmax",
        "scipy.special.softmax",
        "sklearn.metrics.log_loss",
        "torch.nn.functional.cross_entropy",
        "torch.nn.functional.log_softmax",
        "torch.logsumexp",
        "keras.ops.logsumexp",
        "keras.ops.log_softmax",
        "course_lib.pytorch.cross_entropy",
        "course_lib.keras.cross_entropy",
        # By whatever module, tensor or layer they are reached:
        ".logsumexp",
        ".reduce_logsumexp",
        ".log_softmax",
        ".LogSoftmax",
        ".cross_entropy",
        ".CrossEntropyLoss",
        ".nll_loss",
        ".sparse_categorical_crossentropy",
        ".SparseCategoricalCrossentropy",
        ".sparse_softmax_cross_entropy_with_logits",
    ),
    pitfalls=(
        Pitfall(
            "overflows",
            quiet(naive_surprise),
            text(
                "The result is not a number: e to the power of 1000 is infinite for a computer, and infinite divided by "
                "infinite is nothing. Subtract each row's largest logit first.",
                "结果不是数（NaN）：e 的 1000 次方对计算机来说是无穷大，无穷大除以无穷大没有意义。"
                "请先从每一行减去该行最大的 logit。",
            ),
        ),
        Pitfall(
            "probability_zero",
            quiet(lambda z, y: -np.log(softmax(z)[np.arange(len(y)), y]).mean()),
            text(
                "The loss is infinite. Either a probability has underflowed to 0 and you took its logarithm: then don't go by "
                "way of the probability. Or an exponent was still large and positive: subtract each row's *largest* logit, "
                "not its mean or its smallest.",
                "损失是无穷大。要么是有一个概率下溢成了 0，而你对它取了对数：那就不要绕道概率。"
                "要么是还有很大的正指数：应当减去每一行**最大**的 logit，而不是平均值或最小值。",
            ),
        ),
        Pitfall("clipped_at_1e-07", clipped_surprise(1e-07), CLIPPED),
        Pitfall("clipped_at_1e-08", clipped_surprise(1e-08), CLIPPED),
        Pitfall("clipped_at_1e-10", clipped_surprise(1e-10), CLIPPED),
        Pitfall("clipped_at_1e-12", clipped_surprise(1e-12), CLIPPED),
        Pitfall("clipped_at_1e-15", clipped_surprise(1e-15), CLIPPED),
        Pitfall(
            "one_maximum_for_all",
            quiet(surprise_with_one_maximum),
            text(
                "In some row all exponentials are 0: what you subtracted is far above that row's own largest logit. (The "
                "maximum of the whole matrix? Of a column? Of |z|?) Take `max(axis=1, keepdims=True)`.",
                "有的行里，所有指数都成了 0：你减去的数远大于这一行自己的最大 logit。（是整个矩阵的最大值？某一列的？"
                "还是 |z| 的？）应当用 `max(axis=1, keepdims=True)`。",
            ),
        ),
        Pitfall(
            "not_added_back",
            quiet(surprise_without_adding_back),
            text(
                "You subtracted the maximum inside the sum, but not from the right class's logit. Use the shifted logits in "
                "both places (or add m back to the logarithm).",
                "求和时减去了最大值，正确类别的 logit 却没有减。两处都要用平移后的 logits（或者在对数上把 m 加回去）。",
            ),
        ),
        Pitfall(
            "sums",
            quiet(lambda z, y: -log_probabilities(z, y).sum()),
            text(
                "You summed over the examples. The mean is asked for.",
                "你对样本求了和。这里要的是平均。",
            ),
        ),
        Pitfall(
            "divides_by_all",
            quiet(lambda z, y: -log_probabilities(z, y).sum() / z.size),
            text(
                "You averaged over all N×K entries. Only one entry per row counts: divide by N.",
                "你对全部 N×K 个元素求了平均。每行只有一个元素算数：应当除以 N。",
            ),
        ),
        Pitfall(
            "wrong_axis",
            quiet(lambda z, y: -log_probabilities(z, y, axis=0).mean()),
            text(
                "You normalised over the examples. The classes compete within a row: axis=1.",
                "你是沿样本方向归一化的。各类别在同一行内竞争：axis=1。",
            ),
        ),
        Pitfall(
            "every_pair",
            quiet(surprise_of_every_pair),
            text(
                "`[:, y]` takes all the columns y of *every* row, N×N numbers. Each row has one right class: "
                "`[np.arange(len(y)), y]`.",
                "`[:, y]` 从**每一行**都取出 y 指的那些列，共 N×N 个数。每行只有一个正确类别：`[np.arange(len(y)), y]`。",
            ),
        ),
        Pitfall(
            "bits",
            quiet(lambda z, y: -log_probabilities(z, y).mean() / np.log(2)),
            text(
                "You used logarithms to base 2. The natural logarithm is asked for.",
                "你用了以 2 为底的对数。这里要的是自然对数。",
            ),
        ),
        Pitfall(
            "negative",
            quiet(lambda z, y: log_probabilities(z, y).mean()),
            text(
                "That is the mean log-probability: it wants to be large. The loss is its negative.",
                "这是平均对数概率，它越大越好。损失要取相反数。",
            ),
        ),
    ),
    hints=(
        text(
            "Begin with `m = z.max(axis=1, keepdims=True)` and `shifted = z - m`. Every exponent is now at most 0.",
            "先写 `m = z.max(axis=1, keepdims=True)` 和 `shifted = z - m`。这样每个指数都不超过 0。",
        ),
        text(
            "log p_y = shifted_y − log Σ exp(shifted). Nothing in it overflows, and the sum is at least 1.",
            "log p_y = shifted_y − log Σ exp(shifted)。这里不会溢出，而且和至少是 1。",
        ),
        text(
            "`shifted[np.arange(len(y)), y]` takes from each row the entry of the right class.",
            "`shifted[np.arange(len(y)), y]` 从每一行取出正确类别的那个元素。",
        ),
    ),
    right={
        "numpy": (
            "def surprise(z, y):\n"
            "    return np.mean(np.logaddexp.reduce(z, axis=1) - z[range(len(y)), y])\n",
            "def surprise(z, y):\n"
            "    total = 0.0\n"
            "    for row, label in zip(z, y):\n"
            "        away = row - row[label]\n"
            "        m = away.max()\n"
            "        total += m + np.log(np.sum(np.exp(away - m)))\n"
            "    return total / len(y)\n",
        )
    },
)

# 02.3 ---------------------------------------------------------------------------------------------


def draw_counts(rng):
    z = np.round(rng.uniform(0.3, 2.0, size=6), 3)
    y = rng.poisson(np.exp(z))
    y[:3] = [0, 3, 7]  # a zero, and counts whose factorial is not 1
    return {"z": z, "y": rng.permutation(y)}


def count_loss(z, y):
    return [float(np.mean(np.exp(z) - y * z)), (np.exp(z) - y) / len(y)]


def count_loss_of_rates(z, y):
    return [float(np.mean(z - y * np.log(z))), (1 - y / z) / len(y)]


COUNT_LOSS = Exercise(
    id="02.3",
    title=text("A likelihood of your own", "自己推一个损失"),
    points=3,
    objective="O2",
    function="count_loss",
    drawing=drawings.curve("1", x="z", across=text("z", "z"), down=text("gradient", "梯度")),
    inputs=draw_counts,
    reference=count_loss,
    comparator=close(rtol=1e-10, atol=1e-12),  # finer than differences can be
    tensors=False,
    forbidden=(
        *AUTOMATIC,
        "torch.nn.functional.poisson_nll_loss",
        "torch.nn.PoissonNLLLoss",
        "keras.losses.poisson",
        "keras.losses.Poisson",
    ),
    parts={"0": text("the loss", "损失"), "1": text("the gradient", "梯度")},
    pitfalls=(
        Pitfall(
            "keeps_the_factorial",
            lambda z, y: [
                float(np.mean(np.exp(z) - y * z + special.gammaln(y + 1))),
                count_loss(z, y)[1],
            ],
            text(
                "You kept log(y!). It does not depend on z, so it moves no minimum; leave it out.",
                "你保留了 log(y!)。它与 z 无关，不影响最小值点；这里要略去。",
            ),
        ),
        Pitfall(
            "gradient_not_averaged",
            lambda z, y: [count_loss(z, y)[0], np.exp(z) - y],
            text(
                "The loss is a mean, so its gradient has the factor 1/N as well.",
                "损失是平均值，所以它的梯度也带因子 1/N。",
            ),
        ),
        Pitfall(
            "sums",
            lambda z, y: [float(np.sum(np.exp(z) - y * z)), np.exp(z) - y],
            text(
                "You summed over the examples. The mean is asked for.",
                "你对样本求了和。这里要的是平均。",
            ),
        ),
        Pitfall(
            "rate_instead_of_log_rate",
            count_loss_of_rates,
            text(
                "You took the network's output for the rate r itself. It is log r: so r = exp(z).",
                "你把网络的输出当成了 r 本身。它是 log r，所以 r = exp(z)。",
            ),
        ),
        Pitfall(
            "gradient_by_the_rate",
            lambda z, y: [count_loss(z, y)[0], (1 - y / np.exp(z)) / len(y)],
            text(
                "That is the derivative with respect to r. One link of the chain is missing: dr/dz = r.",
                "这是对 r 的导数。链式法则还差一环：dr/dz = r。",
            ),
        ),
        Pitfall(
            "product_rule",
            lambda z, y: [count_loss(z, y)[0], (z * np.exp(z) - y) / len(y)],
            text(
                "The loss is right. The derivative of exp(z) is exp(z) itself, without a factor z.",
                "损失是对的。exp(z) 的导数就是 exp(z)，前面没有因子 z。",
            ),
        ),
        Pitfall(
            "wrong_sign",
            lambda z, y: [-count_loss(z, y)[0], -count_loss(z, y)[1]],
            text(
                "That is the log-likelihood, which wants to be large. The loss is its negative.",
                "这是对数似然，越大越好。损失要取它的相反数。",
            ),
        ),
        Pitfall(
            "gradient_uphill",
            lambda z, y: [count_loss(z, y)[0], -count_loss(z, y)[1]],
            text(
                "The loss is right, but the gradient has the wrong sign: where r is larger than y, the loss grows with z.",
                "损失是对的，但梯度的符号反了：当 r 大于 y 时，损失随 z 增大。",
            ),
        ),
        Pitfall(
            "squared_error",
            lambda z, y: [
                float(np.mean((np.exp(z) - y) ** 2) / 2),
                (np.exp(z) - y) * np.exp(z) / len(y),
            ],
            text(
                "That is the squared error: it takes the noise for Gaussian. Begin with −log p(y) of the distribution given.",
                "这是平方误差，它把噪声当成高斯分布。请从题目给的分布写出 −log p(y)。",
            ),
        ),
    ),
    hints=(
        text(
            "log p(y) = y log r − r − log y!. Put in r = exp(z): what is log r?",
            "log p(y) = y log r − r − log y!。代入 r = exp(z)：log r 是什么？",
        ),
        text(
            "The loss of one example is exp(z) − y z, less a constant. Differentiate it with respect to z.",
            "一个样本的损失是 exp(z) − y z，略去了常数。对 z 求导。",
        ),
        text(
            "Compare with the squared error in 3.1: prediction minus target, divided by N, once more.",
            "与 3.1 节的平方误差比较：又是“预测减目标，再除以 N”。",
        ),
    ),
    right={
        "numpy": (
            "def count_loss(z, y):\n"
            "    mu = np.exp(z)\n"
            "    return (mu - y * np.log(mu)).sum() / len(z), (mu - y) / len(z)\n",
            "def count_loss(z, y):\n"
            "    n = z.size\n"
            "    loss = np.mean(np.exp(z)) - np.dot(y, z) / n\n"
            "    slope = [np.exp(v) - k for v, k in zip(z, y)]\n"
            "    return np.array([loss]).item(), np.array(slope) / n\n",
        )
    },
)

# 02.4 ---------------------------------------------------------------------------------------------


def draw_smoothed(rng):
    classes = int(rng.integers(4, 7))
    examples = int(rng.integers(2, classes))  # never as many as classes
    return {
        "z": rng.normal(0, 2, size=(examples, classes)),
        "y": rng.integers(0, classes - 1, size=examples),  # the last class never occurs
        "smoothing": float(rng.choice([0.1, 0.2, 0.3])),
    }


def smoothed(y, classes, smoothing):
    return (1 - smoothing) * np.eye(classes)[y] + smoothing / classes


def logit_gradient(z, y, smoothing):
    return (softmax(z) - smoothed(y, z.shape[1], smoothing)) / len(z)


LOGIT_GRADIENT = Exercise(
    id="02.4",
    title=text("What reaches the logits", "传到 logits 的梯度"),
    points=2,
    objective="O3",
    function="logit_gradient",
    drawing=drawings.matrix(across=text("class", "类别"), down=text("example", "样本")),
    inputs=draw_smoothed,
    reference=logit_gradient,
    comparator=close(rtol=1e-4, atol=1e-6),
    forbidden=(
        *AUTOMATIC,
        "torch.nn.functional.cross_entropy",
        "course_lib.pytorch.cross_entropy",
        "course_lib.keras.cross_entropy",
    ),
    pitfalls=(
        Pitfall(
            "no_smoothing",
            lambda z, y, smoothing: logit_gradient(z, y, 0),
            text(
                "The targets are plain one-hot: `smoothing` is not used.",
                "目标是普通的独热向量：没有用到 `smoothing`。",
            ),
        ),
        Pitfall(
            "not_averaged",
            lambda z, y, smoothing: logit_gradient(z, y, smoothing) * len(z),
            text(
                "The loss is a mean over N examples, so each row of its gradient has the factor 1/N.",
                "损失是 N 个样本的平均，所以梯度的每一行都带因子 1/N。",
            ),
        ),
        Pitfall(
            "averaged_over_classes_too",
            lambda z, y, smoothing: logit_gradient(z, y, smoothing) / z.shape[1],
            text(
                "You divided by N·K. The loss is a mean over the N examples and a sum over the classes.",
                "你除以了 N·K。损失对 N 个样本求平均，对类别是求和。",
            ),
        ),
        Pitfall(
            "spread_over_the_others",
            lambda z, y, smoothing: (
                (
                    softmax(z)
                    - np.where(
                        np.eye(z.shape[1])[y] == 1, 1 - smoothing, smoothing / (z.shape[1] - 1)
                    )
                )
                / len(z)
            ),
            text(
                "You gave the part ε to the K − 1 other classes. In the definition above all K classes share it, the right "
                "one too.",
                "你把 ε 分给了其余 K − 1 个类别。按上面的定义，是 K 个类别平分，正确的那一类也有份。",
            ),
        ),
        Pitfall(
            "right_class_without_its_share",
            lambda z, y, smoothing: (
                (
                    softmax(z)
                    - np.where(np.eye(z.shape[1])[y] == 1, 1 - smoothing, smoothing / z.shape[1])
                )
                / len(z)
            ),
            text(
                "Your targets do not add up to 1: the right class gets 1 − ε and its own share ε/K on top.",
                "你的目标加起来不等于 1：正确类别除了 1 − ε，还有自己那一份 ε/K。",
            ),
        ),
        Pitfall(
            "nothing_taken_from_the_right_class",
            lambda z, y, smoothing: (
                (softmax(z) - np.eye(z.shape[1])[y] - smoothing / z.shape[1]) / len(z)
            ),
            text(
                "Your targets add up to 1 + ε: the right class kept its whole 1. It gives ε away: (1 − ε)·one-hot + ε/K.",
                "你的目标加起来是 1 + ε：正确类别还留着完整的 1。它要让出 ε：(1 − ε)·独热 + ε/K。",
            ),
        ),
        Pitfall(
            "whole_epsilon_for_each_class",
            lambda z, y, smoothing: (
                (softmax(z) - (1 - smoothing) * np.eye(z.shape[1])[y] - smoothing) / len(z)
            ),
            text(
                "You gave every class the whole ε. They share it: ε/K each.",
                "你给每个类别都加了完整的 ε。应当由 K 个类别平分：每个 ε/K。",
            ),
        ),
        Pitfall(
            "softmax_differentiated_again",
            lambda z, y, smoothing: logit_gradient(z, y, smoothing) * softmax(z) * (1 - softmax(z)),
            text(
                "p − q is the derivative with respect to the logits already: the softmax is in it. Don't multiply by p(1 − p).",
                "p − q 已经是对 logits 的导数，softmax 包含在内。不要再乘 p(1 − p)。",
            ),
        ),
        Pitfall(
            "uphill",
            lambda z, y, smoothing: -logit_gradient(z, y, smoothing),
            text(
                "The sign is reversed: prediction minus target, p − q.",
                "符号反了：应当是预测减目标，p − q。",
            ),
        ),
        Pitfall(
            "wrong_axis",
            lambda z, y, smoothing: (
                (softmax(z, axis=0) - smoothed(y, z.shape[1], smoothing)) / len(z)
            ),
            text(
                "Your softmax runs over the examples. The classes compete within a row: axis 1.",
                "你的 softmax 是沿样本方向做的。各类别在同一行内竞争：第 1 轴。",
            ),
        ),
        Pitfall(
            "logits_instead_of_probabilities",
            lambda z, y, smoothing: (z - smoothed(y, z.shape[1], smoothing)) / len(z),
            text(
                "You subtracted the targets from the logits. p is the softmax of z.",
                "你用 logits 减去了目标。p 是 z 的 softmax。",
            ),
        ),
        Pitfall(
            "only_the_right_class",
            lambda z, y, smoothing: logit_gradient(z, y, smoothing) * (np.eye(z.shape[1])[y] == 1),
            text(
                "Only the right class's logit has a gradient in your answer. The others are pushed as well.",
                "你的答案里只有正确类别的 logit 有梯度。其他类别也受到推动。",
            ),
        ),
    ),
    hints=(
        text(
            "Two steps: the targets q (N×K) from labels and ε, then (p − q)/N.",
            "两步：先由标签和 ε 得到目标 q（N×K），再算 (p − q)/N。",
        ),
        text(
            "K is `z.shape[1]`. One-hot rows: `torch.nn.functional.one_hot(y, K)` or `keras.ops.one_hot(y, K)`.",
            "K 就是 `z.shape[1]`。独热编码：`torch.nn.functional.one_hot(y, K)` 或 `keras.ops.one_hot(y, K)`。",
        ),
        text(
            "Check yourself: each row of p − q adds up to 0, since p and q both add up to 1.",
            "自查：p − q 的每一行之和为 0，因为 p 和 q 之和都是 1。",
        ),
    ),
    survivors={
        "ops.softmax(z, axis=1) without axis": "right: Keras takes the last axis by itself",
    },
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def logit_gradient(z, y, smoothing):\n"
            "    n, k = z.shape\n"
            "    q = (1 - smoothing) * functional.one_hot(y, k) + smoothing / k\n"
            "    return (functional.softmax(z, dim=1) - q) / n\n",
            "def logit_gradient(z, y, smoothing):\n"
            "    gradient = torch.exp(z - torch.logsumexp(z, dim=1, keepdim=True)) - smoothing / z.shape[1]\n"
            "    gradient[torch.arange(len(z)), y] -= 1 - smoothing\n"
            "    return gradient / len(z)\n",
        ),
        "keras": (
            "def logit_gradient(z, y, smoothing):\n"
            "    n, k = z.shape\n"
            "    q = (1 - smoothing) * ops.one_hot(y, k) + smoothing / k\n"
            "    return (ops.softmax(z, axis=1) - q) / n\n",
            "def logit_gradient(z, y, smoothing):\n"
            "    e = ops.exp(z - ops.max(z, axis=1, keepdims=True))\n"
            "    p = e / ops.sum(e, axis=1, keepdims=True)\n"
            "    right = ops.cast(ops.expand_dims(y, 1) == ops.arange(z.shape[1], dtype=y.dtype), 'float32')\n"
            "    return (p - smoothing / z.shape[1] - (1 - smoothing) * right) / z.shape[0]\n",
        ),
    },
)

# 02.5 ---------------------------------------------------------------------------------------------

NAMES = ("w1", "b1", "w2", "b2")


def draw_backward(rng):
    """Draw until each hidden unit is on for some examples only, and some gradient there is negative."""
    examples = int(rng.integers(5, 9))
    y = rng.permutation(np.arange(examples) % 3)  # the last class never occurs
    while True:
        arrays = draw_network(rng, examples, inputs=2, hidden=3, classes=4)
        hidden, z = forward(**arrays)
        on, back = hidden > 0, (softmax(z) - np.eye(4)[y]) @ arrays["w2"].T
        if np.all(on.any(axis=0) & ~on.all(axis=0)) and back.min() < 0:
            return {"x": arrays.pop("x"), "y": y, **arrays}


def backward(
    x,
    y,
    w1,
    b1,
    w2,
    b2,
    *,
    slope=None,
    delta=lambda p, q: p - q,
    mean=True,
    bias=np.sum,
    hidden=None,
):
    """Gradients of the mean cross-entropy; the options make the usual mistakes."""
    z1 = x @ w1 + b1
    h = relu(z1)
    p, q = softmax(h @ w2 + b2), np.eye(w2.shape[1])[y]
    d2 = delta(p, q) / (len(x) if mean else 1)
    d1 = d2 @ w2.T * (z1 > 0 if slope is None else slope(z1, h))
    seen = h if hidden is None else hidden(z1)
    return [x.T @ d1, bias(d1, axis=0), seen.T @ d2, bias(d2, axis=0)]


BACKWARD = Exercise(
    id="02.5",
    title=text("Back through the network, by hand", "亲手反向传播"),
    points=5,
    objective="O3",
    function="backward",
    inputs=draw_backward,
    reference=lambda **inputs: backward(**inputs),
    comparator=close(rtol=1e-11, atol=1e-12),  # finer than differences can be
    tensors=False,
    parts={
        str(i): text(f"the gradient of {name}", f"{name} 的梯度") for i, name in enumerate(NAMES)
    },
    forbidden=AUTOMATIC,
    pitfalls=(
        Pitfall(
            "no_mask",
            lambda **inputs: backward(**inputs, slope=lambda z, h: np.ones_like(z)),
            text(
                "On its way through the ReLU the gradient must be multiplied by the ReLU's derivative: 0 where z1 was "
                "negative. That step is missing.",
                "梯度穿过 ReLU 时，要乘上 ReLU 的导数：z1 为负的地方是 0。少了这一步。",
            ),
        ),
        Pitfall(
            "relu_of_the_gradient",
            lambda x, y, w1, b1, w2, b2: backward(
                x,
                y,
                w1,
                b1,
                w2,
                b2,
                slope=lambda z, h: (softmax(h @ w2 + b2) - np.eye(w2.shape[1])[y]) @ w2.T > 0,
            ),
            text(
                "You cut off the negative *gradients*. What decides is the sign of z1, from the way forwards.",
                "你把负的**梯度**截成了 0。起决定作用的是前向计算时 z1 的符号。",
            ),
        ),
        Pitfall(
            "times_the_activation",
            lambda **inputs: backward(**inputs, slope=lambda z, h: h),
            text(
                "You multiplied by the activation itself. Its derivative is asked for: 1 where z1 > 0, else 0.",
                "你乘的是激活值本身。应当乘它的导数：z1 > 0 处为 1，其余为 0。",
            ),
        ),
        Pitfall(
            "slope_of_tanh",
            lambda **inputs: backward(**inputs, slope=lambda z, h: 1 - h**2),
            text(
                "1 − h² is the derivative of tanh, from the example above. Here the hidden layer is ReLU.",
                "1 − h² 是上面例子中 tanh 的导数。这里的隐藏层是 ReLU。",
            ),
        ),
        Pitfall(
            "not_averaged",
            lambda **inputs: backward(**inputs, mean=False),
            text(
                "All your gradients are N times too large: the loss is the mean over the examples.",
                "所有梯度都大了 N 倍：损失是对样本求平均。",
            ),
        ),
        Pitfall(
            "biases_averaged_again",
            lambda **inputs: backward(**inputs, bias=np.mean),
            text(
                "The weights are right. A bias's gradient is the *sum* of the δ over the examples: the 1/N is in δ already.",
                "权重是对的。偏置的梯度是各样本 δ 的**和**：1/N 已经在 δ 里面了。",
            ),
        ),
        Pitfall(
            "softmax_twice_differentiated",
            lambda **inputs: backward(**inputs, delta=lambda p, q: (p - q) * p * (1 - p)),
            text(
                "p − q is the derivative with respect to the logits already: the softmax is in it. Don't multiply by p(1 − p) "
                "once more.",
                "p − q 已经是对 logits 的导数，softmax 包含在内。不要再乘 p(1 − p)。",
            ),
        ),
        Pitfall(
            "no_targets",
            lambda **inputs: backward(**inputs, delta=lambda p, q: p),
            text(
                "You forgot to subtract the one-hot targets from p.", "你忘了从 p 中减去独热目标。"
            ),
        ),
        Pitfall(
            "uphill",
            lambda **inputs: backward(**inputs, delta=lambda p, q: q - p),
            text(
                "All signs are reversed: begin with p − q, prediction minus target.",
                "符号全反了：应当从 p − q 开始，即预测减目标。",
            ),
        ),
        Pitfall(
            "z1_instead_of_hidden",
            lambda **inputs: backward(**inputs, hidden=lambda z1: z1),
            text(
                "In the gradient of w2 you used z1. The second layer's input is the hidden activation, after the ReLU.",
                "计算 w2 的梯度时你用了 z1。第二层的输入是经过 ReLU 的激活值。",
            ),
        ),
    ),
    errors=(
        (
            r"^ValueError: (matmul|operands could not be broadcast)",
            text(
                "Two shapes don't fit together. A gradient has the shape of its weight: w1 is d×m, so xᵀ (d×N) times δ₁ (N×m). "
                "And δ₁ comes from δ₂ (N×K) times the transpose of w2 (K×m). K is the number of w2's columns, not of the "
                "classes that happen to occur in y.",
                "两个形状对不上。梯度与对应的权重形状相同：w1 是 d×m，所以是 xᵀ（d×N）乘 δ₁（N×m）。"
                "而 δ₁ 来自 δ₂（N×K）乘 w2 的转置（K×m）。K 是 w2 的列数，而不是 y 里碰巧出现的类别数。",
            ),
        ),
    ),
    hints=(
        text(
            "First go forwards and keep z1, h and p. Then δ₂ = (p − q)/N, an N×K matrix.",
            "先做前向计算，保留 z1、h 和 p。然后 δ₂ = (p − q)/N，是 N×K 的矩阵。",
        ),
        text(
            "Each layer's weights: (its input)ᵀ times its δ. Each bias: the sum of its δ over the examples, axis=0.",
            "每一层的权重梯度：（该层的输入）的转置乘该层的 δ。偏置梯度：δ 对样本求和，axis=0。",
        ),
        text(
            "δ₁ = (δ₂ times w2 transposed), entry by entry times 1 where z1 > 0 and 0 elsewhere.",
            "δ₁ 等于 δ₂ 乘 w2 的转置，再逐元素相乘：z1 > 0 处乘 1，其余乘 0。",
        ),
    ),
    survivors={
        "z1 > 0 → z1 >= 0": "right as well: at exactly 0 a ReLU has no derivative, and no drawn z1 is 0",
    },
    right={
        "numpy": (
            "def backward(x, y, w1, b1, w2, b2):\n"
            "    h = np.maximum(0, x @ w1 + b1)\n"
            "    z = h @ w2 + b2\n"
            "    d = np.exp(z - z.max(axis=1, keepdims=True))\n"
            "    d /= d.sum(axis=1, keepdims=True)\n"
            "    d[np.arange(len(y)), y] -= 1\n"
            "    d /= len(y)\n"
            "    e = d @ w2.T\n"
            "    e[h == 0] = 0\n"
            "    return x.T @ e, e.sum(0), h.T @ d, d.sum(0)\n",
            "def backward(x, y, w1, b1, w2, b2):\n"
            "    g1, c1, g2, c2 = (np.zeros_like(a) for a in (w1, b1, w2, b2))\n"
            "    for row, label in zip(x, y):\n"
            "        z1 = row @ w1 + b1\n"
            "        h = z1 * (z1 > 0)\n"
            "        p = np.exp(h @ w2 + b2)\n"
            "        d2 = p / p.sum() - (np.arange(len(b2)) == label)\n"
            "        d1 = np.where(z1 > 0, w2 @ d2, 0)\n"
            "        g1 += np.outer(row, d1)\n"
            "        c1 += d1\n"
            "        g2 += np.outer(h, d2)\n"
            "        c2 += d2\n"
            "    return [g / len(x) for g in (g1, c1, g2, c2)]\n",
        )
    },
)

# 02.6 ---------------------------------------------------------------------------------------------


def draw_bowl(rng, low=1.6, high=5.0, size=3):
    """Draw a symmetric matrix with eigenvalues between low and high, none of its axes along ours."""
    turn = np.linalg.qr(rng.normal(size=(size, size)))[0]
    hessian = turn @ np.diag(rng.uniform(low, high, size=size)) @ turn.T
    return np.round((hessian + hessian.T) / 2, 4)


def draw_resting(rng):
    size = int(rng.choice([2, 4]))  # never 3, so that a fixed np.eye(3) shows
    return {
        "hessian": draw_bowl(rng, size=size),
        "best": np.round(rng.normal(0, 2, size=size), 3),
        "start": np.round(rng.normal(0, 2, size=size), 3),
        "decay": float(rng.choice([0.4, 0.7, 1.1])),
    }


def resting_points(hessian, best, start, decay):
    both = hessian + decay * np.eye(len(best))
    return [
        np.linalg.solve(both, hessian @ best),
        np.linalg.solve(both, hessian @ best + decay * start),
    ]


def with_decay(change):
    return lambda hessian, best, start, decay: resting_points(hessian, best, start, change(decay))


RESTING_POINTS = Exercise(
    id="02.6",
    title=text("Where the descent comes to rest", "下降停在哪里"),
    points=3,
    objective="O4",
    function="resting_points",
    inputs=draw_resting,
    reference=resting_points,
    comparator=close(rtol=1e-5, atol=1e-7),
    tensors=False,
    parts={
        "0": text("the first point (decay towards 0)", "第一个点（衰减到 0）"),
        "1": text("the second point (pulled towards the start)", "第二个点（拉向起点）"),
    },
    pitfalls=(
        Pitfall(
            "no_decay",
            lambda hessian, best, start, decay: [best, best],
            text(
                "That is where L alone is lowest. The update rests where its whole step is 0: ∇L(θ) + λθ = 0.",
                "这是只有 L 时的最低点。更新停在整个步子为 0 的地方：∇L(θ) + λθ = 0。",
            ),
        ),
        Pitfall(
            "decay_added_to_every_entry",
            lambda hessian, best, start, decay: [
                np.linalg.solve(hessian + decay, hessian @ best),
                np.linalg.solve(hessian + decay, hessian @ best + decay * start),
            ],
            text(
                "`hessian + decay` adds λ to *every* entry of the matrix. A + λI has it on the diagonal only: "
                "`hessian + decay * np.eye(n)`.",
                "`hessian + decay` 给矩阵的**每个**元素都加了 λ。A + λI 只加在对角线上：`hessian + decay * np.eye(n)`。",
            ),
        ),
        Pitfall(
            "start_pushed_away",
            lambda hessian, best, start, decay: [
                resting_points(hessian, best, start, decay)[0],
                resting_points(hessian, best, -start, decay)[1],
            ],
            text(
                "The first point is right. In the second the start has the wrong sign: λ(θ − θ₀) = λθ − λθ₀, and λθ₀ goes "
                "over to the right-hand side.",
                "第一个点是对的。第二个点里起点的符号反了：λ(θ − θ₀) = λθ − λθ₀，λθ₀ 要移到右边。",
            ),
        ),
        Pitfall(
            "decay_doubled",
            with_decay(lambda decay: 2 * decay),
            text(
                "Your decay is twice too strong: the penalty is (λ/2)‖θ‖², whose gradient is λθ, not 2λθ.",
                "你的衰减大了一倍：惩罚项是 (λ/2)‖θ‖²，梯度是 λθ，不是 2λθ。",
            ),
        ),
        Pitfall(
            "decay_halved",
            with_decay(lambda decay: decay / 2),
            text(
                "Your decay is half as strong as it should be: the gradient of (λ/2)‖θ‖² is λθ.",
                "你的衰减只有应有的一半：(λ/2)‖θ‖² 的梯度是 λθ。",
            ),
        ),
        Pitfall(
            "wrong_sign",
            with_decay(lambda decay: -decay),
            text(
                "The decay pushes away in your solution: it must be added to the Hessian, A + λI.",
                "在你的解里，衰减项变成了往外推：应当加到海森矩阵上，即 A + λI。",
            ),
        ),
        Pitfall(
            "as_if_round",
            lambda hessian, best, start, decay: [
                best / (1 + decay),
                (best + decay * start) / (1 + decay),
            ],
            text(
                "That would be right for a round bowl, A = I. Here the steep directions resist the decay more: keep A.",
                "这只对圆形的碗（A = I）成立。这里越陡的方向越不容易被拉动：要保留 A。",
            ),
        ),
        Pitfall(
            "diagonal_only",
            lambda hessian, best, start, decay: resting_points(
                np.diag(np.diag(hessian)), best, start, decay
            ),
            text(
                "You divided entry by entry by the diagonal of A. The bowl is turned: solve with the whole matrix.",
                "你只用了 A 的对角元逐个相除。这个碗是转过的：要用整个矩阵解方程组。",
            ),
        ),
        Pitfall(
            "forgets_the_hessian_on_the_right",
            lambda hessian, best, start, decay: [
                np.linalg.solve(hessian + decay * np.eye(len(best)), best),
                np.linalg.solve(hessian + decay * np.eye(len(best)), best + decay * start),
            ],
            text(
                "∇L is A(θ − θ*) = Aθ − Aθ*: on the right-hand side stands A θ*, not θ*.",
                "∇L 是 A(θ − θ*) = Aθ − Aθ*：等式右边是 A θ*，而不是 θ*。",
            ),
        ),
        Pitfall(
            "same_point_twice",
            lambda hessian, best, start, decay: (
                [resting_points(hessian, best, start, decay)[0]] * 2
            ),
            text(
                "The second point is the first once more. There the penalty is (λ/2)‖θ − θ₀‖²: what is its gradient?",
                "第二个点与第一个相同。那里的惩罚项是 (λ/2)‖θ − θ₀‖²：它的梯度是什么？",
            ),
        ),
        Pitfall(
            "starts_without_weight",
            lambda hessian, best, start, decay: [
                resting_points(hessian, best, start, decay)[0],
                np.linalg.solve(hessian + decay * np.eye(len(best)), hessian @ best + start),
            ],
            text(
                "In the second point the start lacks its factor λ: λ(θ − θ₀) = λθ − λθ₀.",
                "第二个点里，起点少了因子 λ：λ(θ − θ₀) = λθ − λθ₀。",
            ),
        ),
        Pitfall(
            "start_added",
            lambda hessian, best, start, decay: [
                resting_points(hessian, best, start, decay)[0],
                start + resting_points(hessian, best, start, decay)[0],
            ],
            text(
                "You added the start to the first point. Solve ∇L(θ) + λ(θ − θ₀) = 0 anew.",
                "你把起点直接加到了第一个点上。请重新解 ∇L(θ) + λ(θ − θ₀) = 0。",
            ),
        ),
        Pitfall(
            "swapped",
            lambda **inputs: resting_points(**inputs)[::-1],
            text(
                "Both points are right, but in the wrong order: first the decay towards 0.",
                "两个点都对，但次序反了：先是衰减到 0 的那个。",
            ),
        ),
    ),
    hints=(
        text(
            "At rest the step is 0. Write ∇L(θ) = A(θ − θ*) into it and collect everything with θ on the left.",
            "停下来，就是步子为 0。把 ∇L(θ) = A(θ − θ*) 代入，含 θ 的项都移到左边。",
        ),
        text(
            "First case: (A + λI) θ = A θ*. `np.linalg.solve(matrix, right_hand_side)` does the rest.",
            "第一种情形：(A + λI) θ = A θ*。剩下的交给 `np.linalg.solve(矩阵, 右端)`。",
        ),
        text(
            "In the second case λ(θ − θ₀) takes the place of λθ: one more term on the right.",
            "第二种情形，λθ 换成 λ(θ − θ₀)：右边多一项。",
        ),
    ),
    survivors={
        "hessian @ best → best @ hessian": "right: a Hessian is symmetric",
    },
    right={
        "numpy": (
            "def resting_points(hessian, best, start, decay):\n"
            "    both = np.linalg.inv(hessian + decay * np.identity(len(best)))\n"
            "    pull = both @ hessian\n"
            "    return pull @ best, start + pull @ (best - start)\n",
            "def resting_points(hessian, best, start, decay):\n"
            "    points = []\n"
            "    for anchor in (np.zeros_like(start), start):\n"
            "        theta = start.copy()\n"
            "        for _ in range(3000):\n"
            "            theta = theta - 0.15 * (hessian @ (theta - best) + decay * (theta - anchor))\n"
            "        points.append(theta)\n"
            "    return np.stack(points)\n",
        )
    },
)

# 02.7 ---------------------------------------------------------------------------------------------


def draw_slopes(rng):
    return {"hessian": draw_bowl(rng, 0.5, 9.0), "decay": float(rng.choice([0.3, 0.6, 0.9]))}


def best_rate(low, high):
    return [float(2 / (low + high)), float((high - low) / (high + low))]


def choose_rate(hessian, decay):
    values = np.linalg.eigvalsh(hessian) + decay
    return best_rate(values[0], values[-1])


def rate_for(change):
    """Give the answer of somebody who takes another rate: change(lowest, highest) -> rate."""

    def answer(hessian, decay):
        values = np.linalg.eigvalsh(hessian) + decay
        rate = change(values[0], values[-1])
        return [float(rate), float(np.abs(1 - rate * values).max())]

    return answer


def rate_from_diagonal(hessian, decay):
    values = np.sort(np.diag(hessian)) + decay
    return best_rate(values[0], values[-1])


CHOOSE_RATE = Exercise(
    id="02.7",
    title=text("The best fixed learning rate", "最佳的固定学习率"),
    points=2,
    objective="O4",
    function="choose_rate",
    inputs=draw_slopes,
    reference=choose_rate,
    comparator=close(rtol=1e-5, atol=1e-8),
    tensors=False,
    parts={"0": text("the learning rate", "学习率"), "1": text("the factor", "收缩因子")},
    pitfalls=(
        Pitfall(
            "the_largest_possible",
            rate_for(lambda low, high: 2 / high),
            text(
                "2/a_max is the edge (a_max: the largest eigenvalue, the decay included): there the steepest direction jumps to and fro without end (factor 1).",
                "2/a_max 是边界（a_max 是最大特征值，含衰减）：在那里，最陡的方向会永远来回跳（因子为 1）。",
            ),
        ),
        Pitfall(
            "for_the_steepest",
            rate_for(lambda low, high: 1 / high),
            text(
                "1/a_max settles the steepest direction in one step, and the flattest one then crawls. Let both shrink equally fast.",
                "1/a_max 让最陡的方向一步到位，最平的方向却慢慢爬。要让两者缩得一样快。",
            ),
        ),
        Pitfall(
            "for_the_flattest",
            rate_for(lambda low, high: 1 / low),
            text(
                "1/a_min settles the flattest direction in one step; the steepest then jumps across, by the factor a_max/a_min − 1, which is worse than it need be (and above 1 the jumps grow). Let both shrink equally fast.",
                "1/a_min 让最平的方向一步到位，最陡的方向却跳到了另一侧，每步的因子是 a_max/a_min − 1，比本来能做到的差（超过 1 时还会越跳越远）。要让两者缩得一样快。",
            ),
        ),
        Pitfall(
            "no_decay",
            lambda hessian, decay: choose_rate(hessian, 0),
            text(
                "The decay is missing: it adds λ to every eigenvalue.",
                "漏掉了衰减：它给每个特征值都加上 λ。",
            ),
        ),
        Pitfall(
            "decay_added_to_every_entry",
            lambda hessian, decay: choose_rate(hessian + decay, 0),
            text(
                "`hessian + decay` adds λ to *every* entry of the matrix. A + λI has it on the diagonal only: "
                "`hessian + decay * np.eye(n)`; or add λ to the eigenvalues.",
                "`hessian + decay` 给矩阵的**每个**元素都加了 λ。A + λI 只加在对角线上：`hessian + decay * np.eye(n)`；"
                "也可以直接给特征值加 λ。",
            ),
        ),
        Pitfall(
            "for_the_middle",
            rate_for(lambda low, high: 1 / (low + high)),
            text(
                "With half of the best rate every direction moves the same way, none jumps, and the flattest is needlessly slow. "
                "Let the steepest jump: as far as the flattest is left behind.",
                "这是最佳学习率的一半：没有哪个方向来回跳，最平的方向却白白慢了。让最陡的方向跳起来，跳到与最平的方向一样远为止。",
            ),
        ),
        Pitfall(
            "decay_twice",
            lambda hessian, decay: choose_rate(hessian, 2 * decay),
            text(
                "The decay counts twice in your answer: (λ/2)‖θ‖² adds λ to each eigenvalue, not 2λ.",
                "你把衰减算了两遍：(λ/2)‖θ‖² 给每个特征值加的是 λ，不是 2λ。",
            ),
        ),
        Pitfall(
            "diagonal_only",
            rate_from_diagonal,
            text(
                "You used the diagonal of A. How steep the bowl is along its own axes, the eigenvalues say: np.linalg.eigvalsh.",
                "你用的是 A 的对角元。碗沿自身各轴有多陡，要看特征值：np.linalg.eigvalsh。",
            ),
        ),
        Pitfall(
            "squared_factor",
            lambda hessian, decay: [
                choose_rate(hessian, decay)[0],
                choose_rate(hessian, decay)[1] ** 2,
            ],
            text(
                "The rate is right. Your factor is the square: that is by how much the *loss* shrinks. The distance is asked for.",
                "学习率是对的。你的因子是平方：那是**损失**缩小的倍数。这里问的是距离。",
            ),
        ),
        Pitfall(
            "negative_factor",
            lambda hessian, decay: [
                choose_rate(hessian, decay)[0],
                -choose_rate(hessian, decay)[1],
            ],
            text(
                "The rate is right. Give the factor's absolute value: a negative one only means jumping to the other side.",
                "学习率是对的。因子要取绝对值：负号只表示跳到了另一侧。",
            ),
        ),
        Pitfall(
            "ratio",
            lambda hessian, decay: [
                choose_rate(hessian, decay)[0],
                float(1 / np.linalg.cond(hessian + decay * np.eye(3))),
            ],
            text(
                "The rate is right. a_min/a_max is no factor of a step: put your rate into |1 − ηa| for the flattest direction.",
                "学习率是对的。a_min/a_max 不是每一步的因子：请把你的学习率代入最平方向的 |1 − ηa|。",
            ),
        ),
        Pitfall(
            "condition_number",
            lambda hessian, decay: [
                choose_rate(hessian, decay)[0],
                float(np.linalg.cond(hessian + decay * np.eye(3))),
            ],
            text(
                "The rate is right. a_max/a_min is the condition number; by how much does the distance shrink in a step?",
                "学习率是对的。a_max/a_min 是条件数；问题是每一步距离缩小到多少？",
            ),
        ),
    ),
    hints=(
        text(
            "In the direction of an eigenvalue a, one step multiplies the distance by |1 − ηa|. Decay turns a into a + λ.",
            "在特征值为 a 的方向上，一步使距离乘以 |1 − ηa|。加上衰减，a 变成 a + λ。",
        ),
        text(
            "The worst direction is either the flattest or the steepest. When η grows, one gets better and the other worse.",
            "最差的方向不是最平的就是最陡的。η 增大时，一个变好，一个变差。",
        ),
        text(
            "So the best η makes them equal: 1 − η a_min = η a_max − 1, with the smallest and the largest eigenvalue (the decay included).",
            "所以最好的 η 让两者相等：1 − η a_min = η a_max − 1，其中是最小和最大的特征值（含衰减）。",
        ),
    ),
    right={
        "numpy": (
            "def choose_rate(hessian, decay):\n"
            "    values = np.linalg.svd(hessian + decay * np.eye(len(hessian)), compute_uv=False)\n"
            "    rate = 2 / (values.max() + values.min())\n"
            "    return rate, max(abs(1 - rate * values))\n",
            "from scipy.optimize import minimize_scalar\n"
            "def choose_rate(hessian, decay):\n"
            "    values = np.linalg.eigvals(hessian).real + decay\n"
            "    worst = lambda rate: np.abs(1 - rate * values).max()\n"
            "    found = minimize_scalar(worst, bounds=(0, 2 / values.max()), method='bounded', options={'xatol': 1e-12})\n"
            "    return [found.x, found.fun]\n",
        )
    },
)

# 02.8 ---------------------------------------------------------------------------------------------


def draw_sizes(rng):
    inputs = int(rng.integers(60, 120))
    return {
        "inputs": inputs,
        "hidden": int(rng.integers(220, 380)),
        "outputs": inputs + int(rng.integers(15, 60)),
    }


def both_scales(deviation):
    """What the probe reports of weights with this standard deviation."""
    return lambda inputs, hidden, outputs: {
        "first": float(deviation(inputs, hidden) / np.sqrt(2 / inputs)),
        "second": float(deviation(hidden, outputs) / np.sqrt(2 / hidden)),
    }


def init_code(pytorch, keras=None):
    """Give code for a mistake: what is done with each dense layer's weights."""
    code = {
        "pytorch": (
            "def initialise(model):\n"
            "    for layer in model:\n"
            "        if isinstance(layer, nn.Linear):\n"
            "            n_out, n_in = layer.weight.shape\n"
            f"            {pytorch}\n"
            "            nn.init.zeros_(layer.bias)\n"
        )
    }
    if keras:
        code["keras"] = (
            "def initialise(model):\n"
            "    for layer in model.layers:\n"
            "        n_in, n_out = layer.kernel.shape\n"
            f"        layer.kernel.assign({keras})\n"
            "        layer.bias.assign(np.zeros(n_out))\n"
        )
    return code


def normal_code(deviation):
    return init_code(
        f"nn.init.normal_(layer.weight, std={deviation})",
        f"np.random.default_rng(1).normal(0, {deviation}, size=(n_in, n_out))",
    )


INITIALISE = Exercise(
    id="02.8",
    title=text("A good start", "好的开始"),
    points=3,
    objective="O5",
    function="initialise",
    inputs=draw_sizes,
    reference=lambda inputs, hidden, outputs: {
        "first": 1.0,
        "second": 1.0,
        "centred": True,
        "units_differ": True,
        "biases_zero": True,
    },
    comparator=close(rtol=0.04, atol=1e-9),
    probe="initial_weights",
    parts={
        "first": text(
            "the size of the first layer's weights, in units of √(2/inputs)",
            "第一层权重的大小，以 √(2/n) 为单位，n 是该层的输入数",
        ),
        "second": text(
            "the size of the second layer's weights, in units of √(2/inputs)",
            "第二层权重的大小，以 √(2/n) 为单位，n 是该层的输入数",
        ),
        "centred": text("“the weights have the mean 0”", "“权重的均值为 0”"),
        "units_differ": text(
            "“no two units of a layer have the same weights”", "“同一层里没有两个单元的权重相同”"
        ),
        "biases_zero": text("“all biases are 0”", "“偏置全为 0”"),
    },
    pitfalls=(
        Pitfall(
            "not_centred",
            lambda **inputs: {"centred": False},
            text(
                "The weights do not have the mean 0: positive and negative ones must be equally likely.",
                "权重的均值不是 0：正负应当同样可能。",
            ),
            code=init_code(
                "nn.init.uniform_(layer.weight, 0, (6 / n_in) ** 0.5)",
                "np.random.default_rng(1).uniform(0, (6 / n_in) ** 0.5, size=(n_in, n_out))",
            ),
        ),
        Pitfall(
            "units_alike",
            lambda **inputs: {"first": 1.0, "second": 1.0, "centred": True, "units_differ": False},
            text(
                "The size is right, but units of one layer have the same weights. They compute the same and get the same "
                "gradient for ever: draw every weight anew.",
                "大小是对的，但同一层里有些单元的权重相同。它们算出的值、得到的梯度永远一样：每个权重都要单独抽取。",
            ),
            code={
                "pytorch": (
                    "def initialise(model):\n"
                    "    for layer in (model[0], model[2]):\n"
                    "        row = torch.randn(layer.in_features)\n"
                    "        row = (row - row.mean()) / row.std(correction=0) * (2 / layer.in_features) ** 0.5\n"
                    "        layer.weight.data = row.repeat(layer.out_features, 1)\n"
                    "        nn.init.zeros_(layer.bias)\n"
                ),
                "keras": (
                    "def initialise(model):\n"
                    "    for layer in model.layers:\n"
                    "        n_in, n_out = layer.kernel.shape\n"
                    "        column = np.random.default_rng(1).normal(size=(n_in, 1))\n"
                    "        column = (column - column.mean()) / column.std() * (2 / n_in) ** 0.5\n"
                    "        layer.kernel.assign(np.repeat(column, n_out, axis=1))\n"
                    "        layer.bias.assign(np.zeros(n_out))\n"
                ),
            },
        ),
        Pitfall(
            "all_zero",
            both_scales(lambda n_in, n_out: 0.0),
            text(
                "All weights are 0. Then all hidden units compute the same and get the same "
                "gradient for ever: draw them at random.",
                "权重全是 0。这样所有隐藏单元算出同样的值，得到同样的梯度，永远分不开：要随机抽取。",
            ),
            code=init_code("nn.init.zeros_(layer.weight)", "np.zeros((n_in, n_out))"),
        ),
        Pitfall(
            "glorot",
            both_scales(lambda n_in, n_out: np.sqrt(2 / (n_in + n_out))),
            text(
                "These are Glorot's weights, 2/(inputs + outputs) (Keras's default: perhaps nothing was changed). For ReLU the "
                "variance is 2/inputs.",
                "这是 Glorot 初始化，方差为 2/(n₁ + n₂)，即输入数与输出数之和（它是 Keras 的默认值，也许你什么都没改）。"
                "用 ReLU 时，方差应为 2/输入数。",
            ),
            code=init_code(
                "nn.init.xavier_uniform_(layer.weight)",
                "keras.initializers.GlorotUniform()((n_in, n_out))",
            ),
        ),
        Pitfall(
            "outputs_counted",
            both_scales(lambda n_in, n_out: np.sqrt(2 / n_out)),
            text(
                "You divided by the number of *outputs*. PyTorch keeps a weight as outputs×inputs, Keras as inputs×outputs.",
                "你除以的是**输出**的个数。PyTorch 的权重是“输出×输入”，Keras 的是“输入×输出”。",
            ),
            code=normal_code("(2 / n_out) ** 0.5"),
        ),
        Pitfall(
            "variance_for_deviation",
            both_scales(lambda n_in, n_out: 2 / n_in),
            text(
                "You used the variance 2/n as the standard deviation. Take its square root.",
                "你把方差 2/n 当成了标准差。要开平方。",
            ),
            code=normal_code("2 / n_in"),
        ),
        Pitfall(
            "unscaled",
            both_scales(lambda n_in, n_out: 1.0),
            text(
                "Your weights have the deviation 1. Multiply them by √(2/inputs).",
                "你的权重标准差是 1。要乘上 √(2/n)，n 是该层的输入数。",
            ),
            code=normal_code("1.0"),
        ),
        Pitfall(
            "bound_for_deviation",
            both_scales(lambda n_in, n_out: np.sqrt(2 / n_in / 3)),
            text(
                "Numbers spread evenly between −a and a have the standard deviation a/√3: your a is too small by that factor.",
                "在 −a 与 a 之间均匀分布的数，标准差是 a/√3：你的 a 小了这么多倍。",
            ),
            code=init_code(
                "nn.init.uniform_(layer.weight, -((2 / n_in) ** 0.5), (2 / n_in) ** 0.5)",
                "np.random.default_rng(1).uniform(-((2 / n_in) ** 0.5), (2 / n_in) ** 0.5, size=(n_in, n_out))",
            ),
        ),
        Pitfall(
            "factor_two_missing",
            both_scales(lambda n_in, n_out: np.sqrt(1 / n_in)),
            text(
                "That is the variance 1/n, right without a ReLU. The ReLU throws half of the signal away: 2/n.",
                "这是方差 1/n，没有 ReLU 时才对。ReLU 扔掉了一半信号：应为 2/n。",
            ),
            code=normal_code("(1 / n_in) ** 0.5"),
        ),
        Pitfall(
            "pytorch_default",
            both_scales(lambda n_in, n_out: np.sqrt(1 / n_in / 3)),
            text(
                "These are still the weights that PyTorch gives a Linear layer by itself, with the variance 1/(3n).",
                "这还是 PyTorch 给 Linear 层的默认权重，方差为 1/(3n)。",
            ),
            code={"pytorch": "def initialise(model):\n    pass\n"},
        ),
        Pitfall(
            "one_size_for_both",
            lambda inputs, hidden, outputs: {
                "first": 1.0,
                "second": float(np.sqrt(hidden / inputs)),
            },
            text(
                "The first layer is right. You gave the second the same size, but it has more inputs: count them for each layer.",
                "第一层是对的。第二层用了同样的大小，但它的输入更多：每一层都要数自己的输入。",
            ),
            code={
                "pytorch": (
                    "def initialise(model):\n"
                    "    n = model[0].in_features\n"
                    "    for layer in (model[0], model[2]):\n"
                    "        nn.init.normal_(layer.weight, std=(2 / n) ** 0.5)\n"
                    "        nn.init.zeros_(layer.bias)\n"
                ),
                "keras": (
                    "def initialise(model):\n"
                    "    n = model.layers[0].kernel.shape[0]\n"
                    "    for layer in model.layers:\n"
                    "        shape = layer.kernel.shape\n"
                    "        layer.kernel.assign(np.random.default_rng(1).normal(0, (2 / n) ** 0.5, size=shape))\n"
                    "        layer.bias.assign(np.zeros(shape[1]))\n"
                ),
            },
        ),
        Pitfall(
            "biases_left",
            lambda **inputs: {"first": 1.0, "second": 1.0, "biases_zero": False},
            text(
                "The weights are right. The biases are not 0: set them to 0.",
                "权重是对的。偏置不是 0：请设为 0。",
            ),
            code={
                "pytorch": (
                    "def initialise(model):\n"
                    "    for layer in (model[0], model[2]):\n"
                    "        nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')\n"
                ),
                "keras": (
                    "def initialise(model):\n"
                    "    for layer in model.layers:\n"
                    "        layer.kernel.assign(keras.initializers.HeNormal()(layer.kernel.shape))\n"
                ),
            },
        ),
    ),
    errors=(
        (
            r"a leaf Variable that requires grad is being used in an in-place operation",
            text(
                "PyTorch would record your change as part of a computation. Make it under `torch.no_grad()`, or use the "
                "functions of `nn.init`.",
                "这样 PyTorch 会把你的修改也记录进计算图。请在 `torch.no_grad()` 下修改，或使用 `nn.init` 里的函数。",
            ),
        ),
        (
            r"cannot assign .* as parameter|has no setter",
            text(
                "A layer keeps its own weight object; put numbers into it: `nn.init.normal_(layer.weight, std=…)` or "
                "`layer.weight.data.copy_(…)` in PyTorch, `layer.kernel.assign(…)` in Keras.",
                "层的权重对象不能换掉，只能往里面写数：PyTorch 用 `nn.init.normal_(layer.weight, std=…)` 或 "
                "`layer.weight.data.copy_(…)`，Keras 用 `layer.kernel.assign(…)`。",
            ),
        ),
    ),
    hints=(
        text(
            "Go through the layers: PyTorch `for layer in model`, with `isinstance(layer, nn.Linear)`; Keras `model.layers`.",
            "逐层处理：PyTorch 用 `for layer in model` 加 `isinstance(layer, nn.Linear)`；Keras 用 `model.layers`。",
        ),
        text(
            "Either with the frameworks' own: `nn.init.kaiming_normal_(weight, nonlinearity='relu')`, "
            "`keras.initializers.HeNormal()(shape)`; or draw normal numbers with the deviation √(2/inputs).",
            "可以用框架自带的：`nn.init.kaiming_normal_(weight, nonlinearity='relu')`、`keras.initializers.HeNormal()(shape)`；"
            "也可以自己抽正态随机数，标准差为 √(2/n)，n 是输入数。",
        ),
        text(
            "Don't forget the biases: `nn.init.zeros_(layer.bias)`, or `layer.bias.assign(…)` with zeros of its shape.",
            "别忘了偏置：`nn.init.zeros_(layer.bias)`，或者用形状相同的零数组 `layer.bias.assign(…)`。",
        ),
    ),
    right={
        "pytorch": (
            "def initialise(model):\n"
            "    for weight in model.parameters():\n"
            "        if weight.dim() == 2:\n"
            "            nn.init.kaiming_uniform_(weight, nonlinearity='relu')\n"
            "        else:\n"
            "            weight.data.zero_()\n",
            "def initialise(model):\n"
            "    with torch.no_grad():\n"
            "        for layer in (model[0], model[2]):\n"
            "            layer.weight.copy_(torch.randn(layer.weight.shape) * (2 / layer.in_features) ** 0.5)\n"
            "            layer.bias[:] = 0\n",
        ),
        "keras": (
            "def initialise(model):\n"
            "    for weight in model.trainable_variables:\n"
            "        kind = keras.initializers.HeUniform() if len(weight.shape) == 2 else keras.initializers.Zeros()\n"
            "        weight.assign(kind(weight.shape))\n",
            "def initialise(model):\n"
            "    rng = np.random.default_rng()\n"
            "    for layer in model.layers:\n"
            "        w, b = layer.get_weights()\n"
            "        layer.set_weights([rng.normal(scale=np.sqrt(2 / len(w)), size=w.shape), 0 * b])\n",
        ),
    },
)

# 02.9 ---------------------------------------------------------------------------------------------


def draw_training(rng):
    arrays = draw_network(rng, examples=6, inputs=3, hidden=4, classes=4)
    return {
        "x": arrays.pop("x"),
        "y": rng.permutation(np.arange(6) % 4),
        "learning_rate": float(rng.choice([0.2, 0.3, 0.4])),
        **arrays,
    }


def through_two_softmaxes(z, q):
    """The gradient of the mean cross-entropy that is given probabilities for logits."""
    p = softmax(z)
    g = (softmax(p) - q) / len(z)
    return p * (g - (g * p).sum(axis=1, keepdims=True))


def through_probabilities_that_are_none(z, q, epsilon=1e-7):
    """What Keras (TensorFlow) does with logits where it expects probabilities: clip, then normalise."""
    c = np.clip(z, epsilon, 1 - epsilon)
    inside = (z > epsilon) & (z < 1 - epsilon)
    return (1 / c.sum(axis=1, keepdims=True) - q / c) * inside / len(z)


def through_bare_probabilities(z, q):
    """The gradient of the mean of −p_y: somebody took no logarithm."""
    p = softmax(z)
    return (q * p).sum(axis=1, keepdims=True) * (p - q) / len(z)


def train(
    x, y, learning_rate, w1, b1, w2, b2, *,
    slope=None, factor=1.0, keep=False, moved=NAMES, after=False,
):  # fmt: skip
    """Three steps of gradient descent and what the probe reports of them; the options are bugs."""
    weights = {"w1": w1, "b1": b1, "w2": w2, "b2": b2}
    q, total, losses, states = np.eye(w2.shape[1])[y], dict.fromkeys(NAMES, 0.0), [], []
    for _ in range(3):
        z = forward(x, **weights)[1]
        losses.append(float(-(q * log_softmax(z)).sum(axis=1).mean()))
        given = None if slope is None else slope(z, q) * len(x)
        found = backward(x, y, **weights, delta=lambda p, q, given=given: p - q if given is None else given)  # fmt: skip
        for name, gradient in zip(NAMES, found, strict=True):
            total[name] = gradient + (total[name] if keep else 0)
        weights = {
            n: w - factor * learning_rate * total[n] * (n in moved) for n, w in weights.items()
        }
        states.append(weights)
    if after:
        z = forward(x, **weights)[1]
        losses = [*losses[1:], float(-(q * log_softmax(z)).sum(axis=1).mean())]
    return {
        "losses": np.array(losses),
        "w1": states[0]["w1"],
        "w2": states[0]["w2"],
        "w1_later": states[2]["w1"],
        "w2_later": states[2]["w2"],
    }


def trained(*keys, **bugs):
    """Know a bug by a part of the report."""
    return lambda **inputs: {
        key: value for key, value in train(**inputs, **bugs).items() if key in keys
    }


FIRST_STEP = ("w1",)  # enough to know a bug by, and small
ALL_STEPS = ("w1", "w1_later")

PYTORCH_STEP = """\
from torch.nn import functional
def training_step(model, x, y, learning_rate):
    loss = functional.cross_entropy(model(x), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for w in model.parameters():
            w -= learning_rate * w.grad
    return loss.item()
"""
KERAS_STEP = """\
from course_lib.keras import cross_entropy, gradients
def training_step(model, x, y, learning_rate):
    def mean_loss():
        return ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))
    weights = model.trainable_variables
    loss, slopes = gradients(mean_loss, weights)
    for w, g in zip(weights, slopes):
        w.assign_sub(learning_rate * g)
    return loss
"""


def step_code(pytorch=None, keras=None):
    """Give the right step with one replacement: (what stands there, what stands there instead)."""
    code = {}
    for framework, right, change in (
        ("pytorch", PYTORCH_STEP, pytorch),
        ("keras", KERAS_STEP, keras),
    ):
        if change:
            assert change[0] in right
            code[framework] = right.replace(*change)
    return code


TRAINING_STEP = Exercise(
    id="02.9",
    title=text("Mend a training step", "修好一步训练"),
    points=4,
    objective="O6",
    function="training_step",
    drawing=drawings.curve("losses", across=text("step", "步"), down=text("loss", "损失")),
    inputs=draw_training,
    reference=lambda **inputs: train(**inputs),
    comparator=close(rtol=1e-3, atol=1e-5),
    probe="three_steps",
    forbidden=(".fit", ".train_on_batch", "course_lib.pytorch.fit", "course_lib.keras.fit"),
    parts={
        "losses": text("the three losses", "三次的损失"),
        "w1": text("w1 after the first step", "第一步之后的 w1"),
        "w2": text("w2 after the first step", "第一步之后的 w2"),
        "w1_later": text("w1 after the third step", "第三步之后的 w1"),
        "w2_later": text("w2 after the third step", "第三步之后的 w2"),
    },
    pitfalls=(
        Pitfall(
            "softmax_twice",
            trained(*FIRST_STEP, slope=through_two_softmaxes),
            text(
                "The loss function is given probabilities and takes a softmax of them once more. Symptom: a loss that can't fall "
                "below log(1 + (K−1)/e). Hand it the logits.",
                "传给损失函数的是概率，它又做了一次 softmax。症状：损失降不到 log(1 + (K−1)/e) 以下。"
                "请把 logits 交给它。",
            ),
            code=step_code(
                pytorch=("model(x), y)", "torch.softmax(model(x), dim=1), y)"),
                keras=(
                    "ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))",
                    "cross_entropy(ops.softmax(model(x)), y)",
                ),
            ),
        ),
        Pitfall(
            "softmax_twice_and_sums",
            trained(*FIRST_STEP, slope=through_two_softmaxes, factor=6.0),
            text(
                "Two things at least. The loss function is given probabilities and takes a softmax of them once more. And the "
                "losses of the batch are summed, which makes the step N times too long: take the mean.",
                "至少有两处。其一，传给损失函数的是概率，它又做了一次 softmax。其二，整批的损失求了和，步子大了 N 倍：应当取平均。",
            ),
            code=step_code(
                pytorch=("model(x), y)", 'torch.softmax(model(x), dim=1), y, reduction="sum")'),
                keras=(
                    "ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))",
                    "6 * cross_entropy(ops.softmax(model(x)), y)",
                ),
            ),
        ),
        Pitfall(
            "logits_taken_for_probabilities",
            trained(*FIRST_STEP, slope=through_probabilities_that_are_none),
            text(
                "Keras takes your logits for probabilities: it cuts them off at 0 and 1. Say `from_logits=True`.",
                "Keras 把你的 logits 当成了概率，截到 0 与 1 之间。请写上 `from_logits=True`。",
            ),
            code=step_code(keras=("from_logits=True", "from_logits=False")),
        ),
        Pitfall(
            "logits_taken_for_probabilities_and_sums",
            trained(*FIRST_STEP, slope=through_probabilities_that_are_none, factor=6.0),
            text(
                "Two things at least. Keras takes your logits for probabilities and cuts them off at 0 and 1: say "
                "`from_logits=True`. And the losses of the batch are summed, which makes the step N times too long: take the mean.",
                "至少有两处。其一，Keras 把你的 logits 当成了概率，截到 0 与 1 之间：请写上 `from_logits=True`。"
                "其二，整批的损失求了和，步子大了 N 倍：应当取平均。",
            ),
            code=step_code(
                keras=(
                    "ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))",
                    "ops.sum(keras.losses.sparse_categorical_crossentropy(y, model(x)))",
                ),
            ),
        ),
        Pitfall(
            "no_logarithm",
            trained(*FIRST_STEP, slope=through_bare_probabilities),
            text(
                "You averaged −p of the right class; its *logarithm* is missing. (`nll_loss` wants log-probabilities: "
                "`log_softmax`, not `softmax`. Or hand the logits to `cross_entropy`.)",
                "你平均的是正确类别的 −p，少了**对数**。（`nll_loss` 要的是对数概率：用 `log_softmax`，而不是 `softmax`。"
                "或者直接把 logits 交给 `cross_entropy`。）",
            ),
            code=step_code(
                pytorch=(
                    "functional.cross_entropy(model(x), y)",
                    "functional.nll_loss(torch.softmax(model(x), dim=1), y)",
                ),
                keras=(
                    "ops.mean(keras.losses.sparse_categorical_crossentropy(y, model(x), from_logits=True))",
                    "-ops.mean(ops.sum(ops.one_hot(y, 4) * ops.softmax(model(x)), axis=1))",
                ),
            ),
        ),
        Pitfall(
            "gradients_pile_up",
            trained(*ALL_STEPS, keep=True),
            text(
                "The first step is right, the later ones are too long: in PyTorch `backward()` *adds* to `.grad`. Empty it "
                "before each step, for example with `model.zero_grad()`.",
                "第一步是对的，后面的步子太大：PyTorch 的 `backward()` 会把梯度**累加**到 `.grad` 里。每一步之前都要清零，"
                "例如用 `model.zero_grad()`。",
            ),
            code=step_code(pytorch=("    model.zero_grad()\n", "")),
        ),
        Pitfall(
            "sums",
            trained(*FIRST_STEP, factor=6.0),
            text(
                "Your steps are N times too long: the gradient is that of the *sum* over the batch. Take the mean, or the "
                "right learning rate changes with the batch size.",
                "你的步子大了 N 倍：这是整批**求和**的梯度。应当取平均，否则合适的学习率会随批大小而变。",
            ),
            code=step_code(
                pytorch=("model(x), y)", 'model(x), y, reduction="sum")'),
                keras=("ops.mean(", "ops.sum("),
            ),
        ),
        Pitfall(
            "averaged_twice",
            trained(*FIRST_STEP, factor=1 / 6),
            text(
                "Your steps are N times too short: the loss is a mean already, and you divided by N once more.",
                "你的步子小了 N 倍：损失已经是平均值，你又除以了一次 N。",
            ),
            code=step_code(
                pytorch=("model(x), y)", "model(x), y) / len(y)"),
                keras=("from_logits=True))", "from_logits=True)) / len(y)"),
            ),
        ),
        Pitfall(
            "nothing_moves",
            trained("w1", "w2", factor=0.0),
            text(
                "The weights have not moved. `w = w - …` only gives a new value the old name; change the weight itself: "
                "`w -= …` under torch.no_grad(), or `w.assign_sub(…)` in Keras.",
                "权重没有变化。`w = w - …` 只是让名字 w 指向一个新的值；要修改权重本身：在 torch.no_grad() 下写 `w -= …`，"
                "Keras 里用 `w.assign_sub(…)`。",
            ),
            code=step_code(
                pytorch=("w -= learning_rate * w.grad", "w = w - learning_rate * w.grad"),
                keras=("w.assign_sub(learning_rate * g)", "w = w - learning_rate * g"),
            ),
        ),
        Pitfall(
            "uphill",
            trained(*FIRST_STEP, factor=-1.0),
            text(
                "You go uphill: the step is *minus* the learning rate times the gradient.",
                "你在上坡：每一步应当**减去**学习率乘梯度。",
            ),
            code=step_code(
                pytorch=("w -= learning", "w += learning"), keras=("assign_sub", "assign_add")
            ),
        ),
        Pitfall(
            "learning_rate_ignored",
            lambda **inputs: {
                key: value
                for key, value in train(**inputs | {"learning_rate": 1.0}).items()
                if key in FIRST_STEP
            },
            text(
                "You subtracted the whole gradient: multiply it by `learning_rate`.",
                "你减去的是整个梯度：要先乘以 `learning_rate`。",
            ),
            code=step_code(
                pytorch=("learning_rate * w.grad", "w.grad"), keras=("learning_rate * g", "g")
            ),
        ),
        Pitfall(
            "only_the_last_layer",
            trained("w1", "w2", moved=("w2", "b2")),
            text(
                "Only the last layer learns. All weights of the model are meant.",
                "只有最后一层在学习。这里要更新模型的全部权重。",
            ),
            code=step_code(
                pytorch=("model.parameters():", "model[2].parameters():"),
                keras=("model.trainable_variables", "model.layers[-1].trainable_variables"),
            ),
        ),
        Pitfall(
            "biases_stay",
            trained(*ALL_STEPS, moved=("w1", "w2")),
            text(
                "The first step's weights are right, but the biases do not learn: they need the gradient as well.",
                "第一步的权重是对的，但偏置没有学习：它们也要按梯度更新。",
            ),
            code=step_code(
                pytorch=(
                    "for w in model.parameters():",
                    "for w in (model[0].weight, model[2].weight):",
                ),
                keras=(
                    "model.trainable_variables",
                    "[w for w in model.trainable_variables if len(w.shape) == 2]",
                ),
            ),
        ),
        Pitfall(
            "loss_after_the_step",
            lambda **inputs: train(**inputs, after=True),
            text(
                "The weights are right. The loss returned is the one *after* the step; the one before it is asked for (it is "
                "there already and costs nothing).",
                "权重是对的。但返回的是这一步**之后**的损失；这里要的是之前的（它本来就算好了，不必再算）。",
            ),
            code=step_code(
                pytorch=(
                    "return loss.item()",
                    "return functional.cross_entropy(model(x), y).item()",
                ),
                keras=("return loss\n", "return mean_loss()\n"),
            ),
        ),
    ),
    errors=(
        (
            r"unsupported operand type\(s\) for \*: '(float|NoneType)' and '(NoneType|float)'",
            text(
                "`w.grad` is None: the gradients were emptied after `backward()`, or `backward()` was not called. The order: "
                "forward, loss, empty, backward, update.",
                "`w.grad` 是 None：要么在 `backward()` 之后才清零，要么根本没有调用 `backward()`。次序是：前向计算、损失、清零、反向、更新。",
            ),
        ),
        (
            r"a leaf Variable that requires grad is being used in an in-place operation",
            text(
                "PyTorch would record the update itself as part of the computation. Make it under `torch.no_grad()`.",
                "这样 PyTorch 会把更新本身也记录进计算图。请在 `torch.no_grad()` 下更新。",
            ),
        ),
    ),
    hints=(
        text(
            "Read the shown function line by line: what goes into the loss, what comes out of it, what happens to the "
            "gradients of the last call?",
            "把上面那个函数逐行读一遍：什么进了损失函数？出来的是什么？上一次调用留下的梯度怎么样了？",
        ),
        text(
            "The loss functions of both frameworks can take logits: `functional.cross_entropy(logits, y)` always does, "
            "`keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)` when told, one loss per example.",
            "两个框架的损失函数都可以接收 logits：`functional.cross_entropy(logits, y)` 总是如此；"
            "`keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)` 要加参数，而且每个样本给一个损失。",
        ),
        text(
            "Order of a step: forward, loss (a mean), empty the old gradients (PyTorch), gradients, update every weight in place, "
            "give the loss back as a number.",
            "一步的次序：前向计算，求损失（平均值），清掉旧梯度（PyTorch），求梯度，就地更新每个权重，最后把损失作为数返回。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def training_step(model, x, y, learning_rate):\n"
            "    weights = list(model.parameters())\n"
            "    loss = functional.nll_loss(torch.log_softmax(model(x), dim=1), y)\n"
            "    for w, g in zip(weights, torch.autograd.grad(loss, weights)):\n"
            "        w.data.add_(g, alpha=-learning_rate)\n"
            "    return loss\n",
            "def training_step(model, x, y, learning_rate):\n"
            "    for w in model.parameters():\n"
            "        w.grad = None\n"
            "    log_p = model(x).log_softmax(dim=1)\n"
            "    loss = -log_p[torch.arange(len(y)), y].mean()\n"
            "    loss.backward()\n"
            "    with torch.no_grad():\n"
            "        for w in model.parameters():\n"
            "            w.copy_(w - learning_rate * w.grad)\n"
            "    return float(loss.detach())\n",
        ),
        "keras": (
            "import tensorflow as tf\n"
            "def training_step(model, x, y, learning_rate):\n"
            "    with tf.GradientTape() as tape:\n"
            "        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, model(x))\n"
            "    slopes = tape.gradient(loss, model.trainable_variables)\n"
            "    for w, g in zip(model.trainable_variables, slopes):\n"
            "        w.assign(w - learning_rate * g)\n"
            "    return float(loss)\n",
            "from course_lib.keras import cross_entropy, gradients\n"
            "def training_step(model, x, y, learning_rate):\n"
            "    loss, slopes = gradients(lambda: cross_entropy(model(x), y), model.trainable_variables)\n"
            "    keras.optimizers.SGD(learning_rate).apply_gradients(zip(slopes, model.trainable_variables))\n"
            "    return loss\n",
        ),
    },
)

# 02.10 --------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="02.10",
    title=text("Three sentences about decay", "关于权重衰减的三句话"),
    points=3,
    objective="O4",
    rubric=(
        (
            1,
            text(
                "Sentence 1: the update minimises L + (λ/2)‖θ‖², not L (½); with the reason, ∇(λ/2‖θ‖²) = λθ, or that at rest "
                "∇L = −λθ ≠ 0 (½).",
                "第一句：这个更新最小化的是 L + (λ/2)‖θ‖²，而不是 L（½ 分）；并说明理由：∇(λ/2‖θ‖²) = λθ，"
                "或停下时 ∇L = −λθ ≠ 0（½ 分）。",
            ),
        ),
        (
            1,
            text(
                "Sentence 2: the decay pulls towards 0, not towards the pre-trained θ₀ (½); an update that does pull there, "
                "θ ← θ − η∇L − ηλ(θ − θ₀), or the penalty (λ/2)‖θ − θ₀‖², or another sound means such as few steps or a small "
                "rate (½).",
                "第二句：衰减拉向 0，而不是拉向预训练的 θ₀（½ 分）；给出真正拉向那里的更新 θ ← θ − η∇L − ηλ(θ − θ₀)，"
                "或惩罚项 (λ/2)‖θ − θ₀‖²，或别的合理办法，如步数少、学习率小（½ 分）。",
            ),
        ),
        (
            1,
            text(
                "Sentence 3: in PyTorch's Adam the λθ is added to the gradient and divided by its running size (coupled), in Keras "
                "and AdamW it is not (½); so the same λ means something else; use decoupled decay in both, or tune λ for each (½).",
                "第三句：PyTorch 的 Adam 把 λθ 加进梯度，再除以近来梯度的大小（耦合），Keras 和 AdamW 则不是（½ 分）；"
                "所以同一个 λ 含义不同，应当两边都用解耦的衰减，或分别调 λ（½ 分）。",
            ),
        ),
    ),
)

EXERCISES = (
    FORWARD,
    SURPRISE,
    COUNT_LOSS,
    LOGIT_GRADIENT,
    BACKWARD,
    RESTING_POINTS,
    CHOOSE_RATE,
    INITIALISE,
    TRAINING_STEP,
    REPORT,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="02.q1",
        question=text(
            "Ten classes. The loss falls from 2.30 and then stays near 1.46 for ever; the accuracy is fine. What is it?",
            "十个类别。损失从 2.30 下降，然后一直停在 1.46 附近；准确率还不错。是怎么回事？",
        ),
        options=(
            Option(
                text("The learning rate is too small", "学习率太小"),
                text(
                    "Then it would still be falling, slowly, and a larger rate would help. This one stands before a wall, "
                    "always at the same number.",
                    "那样损失还会慢慢下降，调大学习率也有用。这里却像撞上一堵墙，总停在同一个数。",
                ),
            ),
            Option(
                text("The network is too small for the task", "网络太小，学不了这个任务"),
                text(
                    "Then the accuracy would suffer as well. And why would every small network stop at the same 1.46?",
                    "那样准确率也会受影响。况且，为什么每个小网络都停在同样的 1.46？",
                ),
            ),
            Option(
                text(
                    "The loss is computed from something that cannot express certainty",
                    "损失是从一个“表达不了确信”的量算出来的",
                ),
                text(
                    "Yes. What that something is, and why it makes exactly 1.46, section 7 shows.",
                    "对。这个量是什么，为什么恰好得到 1.46，第 7 节揭晓。",
                ),
                right=True,
            ),
            Option(
                text("The labels are partly wrong", "有一部分标签是错的"),
                text(
                    "Wrong labels do put a floor under the loss, but under the training accuracy a ceiling too, and the floor "
                    "depends on how many are wrong.",
                    "错误的标签确实会给损失一个下限，但也会给训练准确率一个上限，而且下限取决于错了多少。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q2",
        question=text(
            "Two layers without activation functions, 3 → 100 → 4. What can they compute that one layer 3 → 4 cannot?",
            "没有激活函数的两层，3 → 100 → 4。它们能算出单独一层 3 → 4 算不出的东西吗？",
        ),
        options=(
            Option(
                text(
                    "Much more: there are 700 weights, not 12",
                    "多得多：权重有 700 个，而不是 12 个",
                ),
                text(
                    "More weights, but only more ways of writing the same functions. Run the cell.",
                    "权重多了，但只是把同样的函数换了更多种写法。请运行单元格。",
                ),
            ),
            Option(
                text("Nothing", "不能"),
                text(
                    "Yes: the product of two matrices is a matrix. (Learning may go another way, but where it can go is the same.)",
                    "对：两个矩阵的乘积还是一个矩阵。（学习的过程可能不同，但能到达的函数是同样的。）",
                ),
                right=True,
            ),
            Option(
                text("A little more, thanks to the biases", "多一点，因为有偏置"),
                text(
                    "The biases merge too: (xW1 + b1)W2 + b2 = x(W1W2) + (b1W2 + b2).",
                    "偏置也会合并：(xW1 + b1)W2 + b2 = x(W1W2) + (b1W2 + b2)。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q3",
        question=text(
            "You check a derivative by a difference quotient, in float64. Which step h gives the smallest error?",
            "你用差商检验一个导数，用 float64 计算。步长 h 取多小，误差最小？",
        ),
        options=(
            Option(
                text("As small as possible, about 1e-15", "越小越好，约 1e-15"),
                text(
                    "In mathematics, yes. In a computer L(w+h) and L(w) then agree in nearly all digits, and what is left of "
                    "their difference is rounding.",
                    "数学上是这样。可在计算机里，这时 L(w+h) 与 L(w) 的各位数字几乎全相同，两者之差只剩下舍入误差。",
                ),
            ),
            Option(
                text("About 1e-5", "约 1e-5"),
                text(
                    "Yes, for the central difference; the figure shows the valley between the two errors.",
                    "对，这是对中心差商而言；图中可以看到两种误差之间的低谷。",
                ),
                right=True,
            ),
            Option(
                text("About 0.1: rounding does not matter then", "约 0.1：这样舍入就不要紧了"),
                text(
                    "Rounding does not, but the curve bends a good deal within 0.1, and the quotient takes it for straight.",
                    "舍入是不要紧了，但在 0.1 的范围内曲线弯得厉害，而差商把它当成直线。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q4",
        question=text(
            "Fine-tuning from pre-trained weights θ₀ with strong weight decay. About some weights the target data say "
            "nothing. Where do these go?",
            "从预训练权重 θ₀ 出发微调，权重衰减很强。有些权重，目标数据完全没有提供信息。它们会走向哪里？",
        ),
        options=(
            Option(
                text("They stay at θ₀: nothing moves them", "留在 θ₀：没有东西推动它们"),
                text(
                    "Their gradient is 0, but the decay acts all the same, in every step.",
                    "它们的梯度是 0，但衰减照样起作用，每一步都有。",
                ),
            ),
            Option(
                text("To 0", "走向 0"),
                text(
                    "Yes: θ ← (1 − ηλ)θ in every step. What was learned on the source, and not contradicted, is forgotten.",
                    "对：每一步都有 θ ← (1 − ηλ)θ。在源域上学到的东西，并没有被否定，却被忘掉了。",
                ),
                right=True,
            ),
            Option(
                text("Towards θ₀, if they were moved away", "如果偏离了，会被拉回 θ₀"),
                text(
                    "That would be another penalty, (λ/2)‖θ − θ₀‖². Plain weight decay does not know θ₀.",
                    "那是另一种惩罚项 (λ/2)‖θ − θ₀‖²。普通的权重衰减并不知道 θ₀。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q5",
        question=text(
            "Twenty ReLU layers with Glorot's weights, as many outputs as inputs: τ² = 1/n. How large is the signal "
            "(its root mean square) at the end, compared with the first layer?",
            "二十层 ReLU，用 Glorot 初始化，每层输入与输出一样多：τ² = 1/n。到最后，信号（均方根）是第一层的多少？",
        ),
        options=(
            Option(
                text(
                    "The same: that is what Glorot's weights are for",
                    "一样：Glorot 初始化就是为此设计的",
                ),
                text(
                    "It was derived for activations that are nearly linear around 0. A ReLU throws half of the variance away.",
                    "它是对在 0 附近近似线性的激活函数推导的。ReLU 会扔掉一半方差。",
                ),
            ),
            Option(
                text("About half", "约一半"),
                text(
                    "One layer halves the variance. There are nineteen more after the first.",
                    "一层就使方差减半，而第一层之后还有十九层。",
                ),
            ),
            Option(
                text("About a thousandth", "约千分之一"),
                text(
                    "Yes: the variance is halved nineteen times, and the root of 2⁻¹⁹ is about 0.0014.",
                    "对：方差减半十九次，2⁻¹⁹ 的平方根约为 0.0014。",
                ),
                right=True,
            ),
            Option(
                text("A thousand times larger", "大一千倍"),
                text(
                    "The factor per layer is ½·n·τ² = ½, below 1: it shrinks.",
                    "每层的因子是 ½·n·τ² = ½，小于 1：信号在缩小。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q6",
        question=text(
            "Which start makes the *training loss* on twenty digits fall fastest?",
            "哪种起点使二十张数字上的**训练损失**降得最快？",
        ),
        options=(
            Option(
                text("Random (He)", "随机（He）"),
                text(
                    "It keeps the signal's size; the other two have a louder hidden layer, and so larger gradients at the new "
                    "last layer. Run the cells.",
                    "它保持信号的大小；另外两种的隐藏层响应更强，新的最后一层得到的梯度也就更大。请运行单元格。",
                ),
            ),
            Option(
                text("Random, same size as the pre-trained one", "随机，与预训练的同样大小"),
                text(
                    "Yes, surprisingly: speed on the training examples is a matter of size here. Now look at the accuracy on "
                    "others.",
                    "对，出人意料：这里训练样本上的快慢取决于大小。再看看别的图片上的准确率。",
                ),
                right=True,
            ),
            Option(
                text("Pre-trained on letters", "在字母上预训练"),
                text(
                    "It is much faster than He's start, which many would take for the proof of transfer. Look at the control "
                    "of the same size.",
                    "它比 He 起点快得多，许多人会把这当成迁移的证据。请看同样大小的对照。",
                ),
            ),
        ),
    ),
    Quiz(
        id="02.q7",
        question=text(
            "Ten classes, label smoothing 0.1. The training loss has been at 0.502 for many epochs, training accuracy 1.00. "
            "What do you do?",
            "十个类别，标签平滑 0.1。训练损失很多轮一直是 0.502，训练准确率 1.00。你会怎么做？",
        ),
        options=(
            Option(
                text("Raise the learning rate: the loss is stuck", "调大学习率：损失卡住了"),
                text(
                    "It is not stuck, it has arrived: the entropy of the smoothed targets is 0.500.",
                    "它不是卡住了，而是到头了：平滑后目标的熵是 0.500。",
                ),
            ),
            Option(
                text("Look for a softmax too many", "检查是不是多了一个 softmax"),
                text(
                    "With a softmax too many the loss could not even come below 1.46.",
                    "如果多了一个 softmax，损失连 1.46 都降不到。",
                ),
            ),
            Option(
                text(
                    "Nothing: the lowest possible loss is 0.500", "什么也不做：损失最低就是 0.500"
                ),
                text(
                    "Yes. Report the loss minus that entropy: this does tend to 0.",
                    "对。可以报告损失减去这个熵，它趋于 0。",
                ),
                right=True,
            ),
        ),
    ),
)
