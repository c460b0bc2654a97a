"""Exercises of chapter 05, fine-tuning: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np
from scipy import stats

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny, tiny_features

# 05.1 ---------------------------------------------------------------------------------------------


def draw_step(rng):
    return {
        "images": rng.normal(size=(6, 2, 2, 3)).astype(np.float32),
        "labels": rng.permutation(np.arange(6) % 3),
        "learning_rate": float(rng.choice([0.2, 0.3, 0.4])),
        "factor": float(rng.choice([2.5, 3.0])),  # not 2: its double is its square
        **draw_tiny(rng),
    }


def rates_of(learning_rate, factor):
    """The rates of mix, norm and head."""
    return np.array([learning_rate / factor**2, learning_rate / factor, learning_rate])


def report_of_steps(learning_rate, factor, **rest):
    rates = rates_of(learning_rate, factor)
    return {"first": rates, "second": rates, "downhill": True, "statistics_moved": True}


def moved_at(rates):
    """Know a mistake by the rates of the first step."""
    return lambda learning_rate, factor, **rest: {"first": np.array(rates(learning_rate, factor))}


PYTORCH_STEP = """\
from torch.nn import functional
def training_step(model, images, labels, learning_rate, factor):
    model.zero_grad()
    loss = functional.cross_entropy(model(images), labels)
    loss.backward()
    parts = (model.head, model.backbone.norm, model.backbone.mix)
    with torch.no_grad():
        for depth, part in enumerate(parts):
            for w in part.parameters():
                w -= learning_rate / factor**depth * w.grad
"""
KERAS_STEP = """\
from keras import ops
from course_lib.keras import cross_entropy, gradients
def training_step(model, images, labels, learning_rate, factor):
    parts = (model.head, model.backbone.norm, model.backbone.mix)
    weights = [w for part in parts for w in part.trainable_weights]
    depths = [depth for depth, part in enumerate(parts) for w in part.trainable_weights]
    def loss():
        return cross_entropy(model(images, training=True), labels)
    _, slopes = gradients(loss, weights)
    for w, slope, depth in zip(weights, slopes, depths):
        w.assign_sub(learning_rate / factor**depth * slope)
"""


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


def step_code(pytorch=None, keras=None):
    return changed(PYTORCH_STEP, KERAS_STEP, pytorch, keras)


TRAINING_STEP = Exercise(
    id="05.1",
    title=text("A step with three rates", "三种学习率的一步"),
    points=4,
    objective="O1",
    function="training_step",
    inputs=draw_step,
    reference=report_of_steps,
    comparator=close(rtol=5e-3, atol=1e-4),
    probe="rates_of_steps",
    forbidden=(".fit", ".train_on_batch", "course_lib.pytorch.fit", "course_lib.keras.fit"),
    parts={
        "first": text(
            "the rates of mix, norm and head in the first step", "第一步里 mix、norm、head 的学习率"
        ),
        "second": text(
            "the rates of mix, norm and head in the second step",
            "第二步里 mix、norm、head 的学习率",
        ),
        "downhill": text("“each part moved along its gradient”", "“各部分都沿自己的梯度移动”"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
    },
    pitfalls=(
        Pitfall(
            "a_copy_stepped",
            lambda **inputs: {"first": np.zeros(3), "statistics_moved": False},
            text(
                "The model that was handed in has not changed at all. Was the step made on a copy, or nothing done? Change the given "
                "model, in place.",
                "交给你的模型一点没变。是不是在副本上走的步，或者什么也没做？要就地修改给定的模型。",
            ),
            code={
                "pytorch": "import copy\n"
                + PYTORCH_STEP.replace(
                    "    model.zero_grad()\n",
                    "    model = copy.deepcopy(model)\n    model.zero_grad()\n",
                ),
                "keras": "def training_step(model, images, labels, learning_rate, factor):\n"
                "    return None\n",
            },
        ),
        Pitfall(
            "inference_mode",
            lambda **inputs: {"statistics_moved": False},
            text(
                "The BatchNorm statistics did not move: the forward pass ran in inference mode. A training step needs "
                "training mode (Keras: `training=True`).",
                "BatchNorm 的统计量没有变：前向计算是在推理模式下做的。训练一步要用训练模式（Keras：`training=True`）。",
            ),
            code=step_code(
                pytorch=("    model.zero_grad()\n", "    model.zero_grad()\n    model.eval()\n"),
                keras=(", training=True", ""),
            ),
        ),
        Pitfall(
            "one_rate",
            moved_at(lambda rate, factor: [rate, rate, rate]),
            text(
                "All parts moved at the full rate. norm gets η/φ, mix η/φ².",
                "各部分都用了完整的学习率。norm 应为 η/φ，mix 应为 η/φ²。",
            ),
            code=step_code(pytorch=(" / factor**depth", ""), keras=(" / factor**depth", "")),
        ),
        Pitfall(
            "upside_down",
            moved_at(lambda rate, factor: [rate, rate / factor, rate / factor**2]),
            text(
                "The order is upside down: the head, new and random, learns fastest; the part next to the input slowest.",
                "次序颠倒了：新的、随机的分类头学得最快，靠近输入的部分最慢。",
            ),
            code=step_code(
                pytorch=(
                    "(model.head, model.backbone.norm, model.backbone.mix)",
                    "(model.backbone.mix, model.backbone.norm, model.head)",
                ),
                keras=(
                    "(model.head, model.backbone.norm, model.backbone.mix)",
                    "(model.backbone.mix, model.backbone.norm, model.head)",
                ),
            ),
        ),
        Pitfall(
            "backbone_as_one",
            moved_at(lambda rate, factor: [rate / factor, rate / factor, rate]),
            text(
                "mix and norm moved at the same rate. Each part towards the input is slower by another factor φ.",
                "mix 与 norm 用了同样的学习率。每向输入靠近一个部分，就再慢 φ 倍。",
            ),
            code=step_code(
                pytorch=("factor**depth", "factor**min(depth, 1)"),
                keras=("factor**depth", "factor**min(depth, 1)"),
            ),
        ),
        Pitfall(
            "multiplied",
            moved_at(lambda rate, factor: [rate * factor**2, rate * factor, rate]),
            text(
                "You multiplied by the factor: the parts near the input run away. Divide.",
                "你乘了因子，靠近输入的部分反而跑得更快。应当除。",
            ),
            code=step_code(pytorch=("/ factor", "* factor"), keras=("/ factor", "* factor")),
        ),
        Pitfall(
            "sums",
            moved_at(lambda rate, factor: 6 * rates_of(rate, factor)),
            text(
                "All steps are N times too long: that is the gradient of the *sum* over the batch. Take the mean.",
                "每一步都大了 N 倍：这是整批**求和**的梯度。应当取平均。",
            ),
            code=step_code(
                pytorch=("model(images), labels)", 'model(images), labels, reduction="sum")'),
                keras=("return cross_entropy", "return 6 * cross_entropy"),
            ),
        ),
        Pitfall(
            "only_the_head",
            moved_at(lambda rate, factor: [0.0, 0.0, rate]),
            text(
                "Only the head moved. norm and mix learn too, more slowly.",
                "只有分类头动了。norm 和 mix 也要学，只是慢一些。",
            ),
            code=step_code(
                pytorch=("(model.head, model.backbone.norm, model.backbone.mix)", "(model.head,)"),
                keras=("(model.head, model.backbone.norm, model.backbone.mix)", "(model.head,)"),
            ),
        ),
        Pitfall(
            "nothing_moves",
            moved_at(lambda rate, factor: [0.0, 0.0, 0.0]),
            text(
                "Nothing moved. `w = w - …` only renames; change the weight itself (`w -= …` under torch.no_grad(), in Keras "
                "`w.assign_sub(…)`). Or were the gradients emptied before the step?",
                "什么都没动。`w = w - …` 只是换了名字；要修改权重本身（在 torch.no_grad() 下写 `w -= …`，Keras 用 `w.assign_sub(…)`）。"
                "也可能在更新之前就把梯度清零了。",
            ),
            code=step_code(
                pytorch=(
                    "w -= learning_rate / factor**depth * w.grad",
                    "w = w - learning_rate / factor**depth * w.grad",
                ),
                keras=(
                    "w.assign_sub(learning_rate / factor**depth * slope)",
                    "w = w - learning_rate / factor**depth * slope",
                ),
            ),
        ),
        Pitfall(
            "uphill",
            moved_at(lambda rate, factor: -rates_of(rate, factor)),
            text("You went uphill: subtract.", "你在上坡：应当减。"),
            code=step_code(pytorch=("w -= ", "w += "), keras=("assign_sub", "assign_add")),
        ),
        Pitfall(
            "gradients_pile_up",
            lambda learning_rate, factor, **rest: {
                "first": rates_of(learning_rate, factor),
                "downhill": False,
                "statistics_moved": True,
            },
            text(
                "The first step is right, the second goes elsewhere: `backward()` *adds* to what the first one left in `.grad`. "
                "Empty it first: `model.zero_grad()`.",
                "第一步是对的，第二步走偏了：`backward()` 把梯度**加**在第一步留下的 `.grad` 上。先清零：`model.zero_grad()`。",
            ),
            code=step_code(pytorch=("    model.zero_grad()\n", "")),
        ),
        Pitfall(
            "another_gradient",
            lambda **inputs: {"downhill": False, "statistics_moved": True},
            text(
                "Within a part the weights did not all move along the gradient of the mean cross-entropy. Is a softmax taken of "
                "softmax's result, a bias left out, a decay added, or an optimizer in use that is not plain gradient descent?",
                "同一部分里的权重没有都沿交叉熵平均值的梯度移动。是不是多做了一次 softmax，漏了偏置，加了衰减，或者用了不是普通梯度下降的优化器？",
            ),
            code=step_code(
                pytorch=("(model(images), labels)", "(model(images).softmax(dim=1), labels)"),
                keras=("model(images, training=True)", "ops.softmax(model(images, training=True))"),
            ),
        ),
    ),
    errors=(
        (
            r"a leaf Variable that requires grad is being used in an in-place operation",
            text(
                "PyTorch would record the update itself. Make it under `torch.no_grad()`.",
                "这样 PyTorch 会把更新本身也记录下来。请在 `torch.no_grad()` 下更新。",
            ),
        ),
    ),
    hints=(
        text(
            "First the plain step of section 1 (start clean, forwards, mean loss, backwards), and only then think of the rates.",
            "先写第 1 节那样的普通一步（清零、前向、平均损失、反向），再考虑学习率。",
        ),
        text(
            "Put the parts into a tuple from the head to the input; number k of it has the rate η/φᵏ.",
            "把各部分从分类头到输入放进一个元组，第 k 个的学习率是 η/φᵏ。",
        ),
        text(
            "PyTorch: `for w in part.parameters(): w -= rate * w.grad` under torch.no_grad(). Keras: "
            "`part.trainable_weights`, one call of `gradients` for all of them, then `w.assign_sub(rate * slope)`.",
            "PyTorch：在 torch.no_grad() 下写 `for w in part.parameters(): w -= rate * w.grad`。Keras：用 "
            "`part.trainable_weights`，对全部权重调用一次 `gradients`，再 `w.assign_sub(rate * slope)`。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def training_step(model, images, labels, learning_rate, factor):\n"
            "    groups = [{'params': part.parameters(), 'lr': learning_rate / factor**k}\n"
            "              for k, part in enumerate((model.head, model.backbone.norm, model.backbone.mix))]\n"
            "    optimizer = torch.optim.SGD(groups, lr=learning_rate)\n"
            "    optimizer.zero_grad()\n"
            "    functional.cross_entropy(model(images), labels).backward()\n"
            "    optimizer.step()\n",
            "from torch.nn import functional\n"
            "def training_step(model, images, labels, learning_rate, factor):\n"
            "    rates = {'head': learning_rate, 'backbone.norm': learning_rate / factor, 'backbone.mix': learning_rate / factor / factor}\n"
            "    named = list(model.named_parameters())\n"
            "    loss = functional.nll_loss(model(images).log_softmax(1), labels)\n"
            "    for (name, w), g in zip(named, torch.autograd.grad(loss, [w for _, w in named])):\n"
            "        w.data.add_(g, alpha=-rates[name.rpartition('.')[0]])\n",
        ),
        "keras": (
            "from course_lib.keras import cross_entropy, gradients\n"
            "def training_step(model, images, labels, learning_rate, factor):\n"
            "    weights = model.trainable_variables\n"
            "    _, slopes = gradients(lambda: cross_entropy(model(images, training=True), labels), weights)\n"
            "    scale = {id(w): 1 / factor for w in model.backbone.norm.weights}\n"
            "    scale |= {id(w): factor**-2 for w in model.backbone.mix.weights}\n"
            "    scaled = [slope * scale.get(id(w), 1.0) for w, slope in zip(weights, slopes)]\n"
            "    keras.optimizers.SGD(learning_rate).apply(scaled, weights)\n",
            "import tensorflow as tf\n"
            "def training_step(model, images, labels, learning_rate, factor):\n"
            "    with tf.GradientTape() as tape:\n"
            "        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, model(images, training=True))\n"
            "    slopes = tape.gradient(loss, model.trainable_variables)\n"
            "    for w, slope in zip(model.trainable_variables, slopes):\n"
            "        of_part = [any(w is v for v in part.weights) for part in (model.head, model.backbone.norm, model.backbone.mix)]\n"
            "        w.assign(w - learning_rate / factor ** of_part.index(True) * slope)\n",
        ),
    },
)

# 05.2 ---------------------------------------------------------------------------------------------


def draw_adam(rng):
    size = (2, 3)
    return {
        "theta": rng.normal(size=size),
        "g": rng.normal(size=size) * np.array([1.0, 0.1, 0.01]),
        "m": rng.normal(size=size) * 0.1,
        "v": rng.uniform(0.01, 0.3, size=size),
        "t": int(rng.integers(2, 8)),
        "learning_rate": float(rng.choice([0.1, 0.2, 0.3])),
        "beta_1": float(rng.choice([0.8, 0.85])),
        "beta_2": float(rng.choice([0.95, 0.97])),
        "epsilon": float(rng.choice([0.05, 0.1])),  # large, so that its place shows
    }


def adam(theta, g, m, v, t, learning_rate, beta_1, beta_2, epsilon, *, correct=(True, True), inside=False,
         root=True, before=False, swap=False, sign=-1.0, square=True, given_t=None, late=False,
         summed=False):  # fmt: skip
    """One step of Adam; the options are bugs."""
    if swap:
        beta_1, beta_2 = beta_2, beta_1
    old_m, old_v = m, v
    m = beta_1 * m + (1 if summed else 1 - beta_1) * g
    v = beta_2 * v + (1 if summed else 1 - beta_2) * (g**2 if square else np.abs(g))
    used_m, used_v = (old_m, old_v) if before else (m, v)
    t = t if given_t is None else given_t(t)
    m_hat = used_m / (1 - beta_1**t) if correct[0] else used_m
    v_hat = used_v / (1 - beta_2**t) if correct[1] else used_v
    size = np.sqrt(v_hat + epsilon) if inside else (np.sqrt(v_hat) if root else v_hat) + epsilon
    if late:
        size = (np.sqrt(v) + epsilon) / np.sqrt(1 - beta_2**t)
    return [theta + sign * learning_rate * m_hat / size, m, v]


ADAM_STEP = Exercise(
    id="05.2",
    title=text("Adam, one step", "Adam 的一步"),
    points=3,
    objective="O2",
    function="adam_step",
    drawing=drawings.matrix("0"),
    inputs=draw_adam,
    reference=lambda **inputs: adam(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "0": text("theta after the step", "这一步之后的 theta"),
        "1": text("m after the step", "这一步之后的 m"),
        "2": text("v after the step", "这一步之后的 v"),
    },
    pitfalls=(
        Pitfall(
            "no_correction",
            lambda **inputs: adam(**inputs, correct=(False, False)),
            text(
                "m and v are right, but you used them without their hats: they start at 0 and are too small at first. "
                "Divide by 1 − β₁ᵗ and 1 − β₂ᵗ.",
                "m 与 v 是对的，但用的时候没戴“帽子”：它们从 0 开始，起初偏小。应当除以 1 − β₁ᵗ 与 1 − β₂ᵗ。",
            ),
        ),
        Pitfall(
            "corrects_m_only",
            lambda **inputs: adam(**inputs, correct=(True, False)),
            text("You corrected m, but not v.", "你校正了 m，没有校正 v。"),
        ),
        Pitfall(
            "returns_the_hats",
            lambda t, beta_1, beta_2, **inputs: (
                lambda theta, m, v: [theta, m / (1 - beta_1**t), v / (1 - beta_2**t)]
            )(*adam(t=t, beta_1=beta_1, beta_2=beta_2, **inputs)),
            text(
                "theta is right, but you returned the corrected m and v. What the next step needs are the memories themselves.",
                "theta 是对的，但返回的是校正过的 m 和 v。下一步需要的是记忆本身。",
            ),
        ),
        Pitfall(
            "epsilon_under_the_root",
            lambda **inputs: adam(**inputs, inside=True),
            text("ε stands outside the root: √v̂ + ε.", "ε 在根号外面：√v̂ + ε。"),
        ),
        Pitfall(
            "epsilon_before_the_correction",
            lambda **inputs: adam(**inputs, late=True),
            text(
                "You added ε to √v and corrected afterwards, as Keras does. Here ε is added to √v̂, the corrected root.",
                "你先在 √v 上加 ε、再做校正，这是 Keras 的写法。这里 ε 加在校正之后的 √v̂ 上。",
            ),
        ),
        Pitfall(
            "sums_without_weights",
            lambda **inputs: adam(**inputs, summed=True),
            text(
                "The new gradient enters m with the weight 1 − β₁ and v with 1 − β₂; you added it whole. (Momentum does that, Adam "
                "does not.)",
                "新的梯度进入 m 时要乘 1 − β₁，进入 v 时要乘 1 − β₂；你整个加了进去。（那是动量的做法，不是 Adam 的。）",
            ),
        ),
        Pitfall(
            "no_root",
            lambda **inputs: adam(**inputs, root=False),
            text("You divided by v̂; take its root first.", "你除以了 v̂；应当先开根号。"),
        ),
        Pitfall(
            "old_memories",
            lambda **inputs: adam(**inputs, before=True),
            text(
                "The step used m and v from before this gradient. Update them first.",
                "这一步用的是加入本次梯度之前的 m 和 v。应当先更新它们。",
            ),
        ),
        Pitfall(
            "betas_swapped",
            lambda **inputs: adam(**inputs, swap=True),
            text(
                "You exchanged β₁ and β₂: β₁ belongs to m, β₂ to v.",
                "你把 β₁ 与 β₂ 弄反了：β₁ 属于 m，β₂ 属于 v。",
            ),
        ),
        Pitfall(
            "not_squared",
            lambda **inputs: adam(**inputs, square=False),
            text("v is a running mean of g², not of |g|.", "v 是 g² 的滑动平均，不是 |g| 的。"),
        ),
        Pitfall(
            "counts_from_zero",
            lambda **inputs: adam(**inputs, given_t=lambda t: t + 1),
            text(
                "t is the number of this step already: don't add 1.",
                "t 已经是这一步的步数，不要再加 1。",
            ),
        ),
        Pitfall(
            "uphill",
            lambda **inputs: adam(**inputs, sign=1.0),
            text("You went uphill: subtract.", "你在上坡：应当减。"),
        ),
    ),
    hints=(
        text(
            "Five lines, in the order of the table in section 2: m, v, the two hats, the step.",
            "按第 2 节表格的次序，五行就够：m，v，两个“帽子”，再走一步。",
        ),
        text(
            "`m = beta_1 * m + (1 - beta_1) * g` makes a new array and leaves the given one alone; `m *= beta_1` would not.",
            "`m = beta_1 * m + (1 - beta_1) * g` 会产生新数组，不动原来的；`m *= beta_1` 则会改动它。",
        ),
        text(
            "Return m and v as they are now, without their hats.",
            "返回的 m 和 v 是现在的值，不戴“帽子”。",
        ),
    ),
    right={
        "numpy": (
            "def adam_step(theta, g, m, v, t, learning_rate, beta_1, beta_2, epsilon):\n"
            "    m = m + (1 - beta_1) * (g - m)\n"
            "    v = v + (1 - beta_2) * (g * g - v)\n"
            "    root = np.sqrt(1 - beta_2**t)\n"
            "    rate = learning_rate * root / (1 - beta_1**t)\n"
            "    return theta - rate * m / (np.sqrt(v) + epsilon * root), m, v\n",
            "def adam_step(theta, g, m, v, t, learning_rate, beta_1, beta_2, epsilon):\n"
            "    out = np.empty((3, *theta.shape))\n"
            "    for i in np.ndindex(theta.shape):\n"
            "        a = beta_1 * m[i] + (1 - beta_1) * g[i]\n"
            "        b = beta_2 * v[i] + (1 - beta_2) * g[i] ** 2\n"
            "        step = a / (1 - beta_1**t) / ((b / (1 - beta_2**t)) ** 0.5 + epsilon)\n"
            "        out[(slice(None), *i)] = theta[i] - learning_rate * step, a, b\n"
            "    return [out[0], out[1], out[2]]\n",
        )
    },
)

# 05.3 ---------------------------------------------------------------------------------------------


def draw_decay(rng):
    return {
        "learning_rate": float(rng.choice([0.01, 0.02, 0.05])),
        "steps": int(rng.integers(5, 20)),
        "kept": float(rng.choice([0.05, 0.1, 0.3])),
    }


DECAY_FOR = Exercise(
    id="05.3",
    title=text("How strong is a decay?", "衰减有多强？"),
    points=2,
    objective="O2",
    function="decay_for",
    inputs=draw_decay,
    reference=lambda learning_rate, steps, kept: (1 - kept ** (1 / steps)) / learning_rate,
    comparator=close(rtol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "approximate",
            lambda learning_rate, steps, kept: -np.log(kept) / (learning_rate * steps),
            text(
                "That is the approximation by the exponential function. Each step multiplies by exactly 1 − ηλ.",
                "这是用指数函数的近似。每一步恰好乘以 1 − ηλ。",
            ),
        ),
        Pitfall(
            "in_a_straight_line",
            lambda learning_rate, steps, kept: (1 - kept) / (learning_rate * steps),
            text(
                "You let the weight fall in a straight line. Each step takes a fraction of what is *left*.",
                "你让权重沿直线下降。其实每一步减去的是**剩余部分**的一个比例。",
            ),
        ),
        Pitfall(
            "lost_instead_of_kept",
            lambda learning_rate, steps, kept: (1 - (1 - kept) ** (1 / steps)) / learning_rate,
            text(
                "`kept` is what is left, not what is lost.", "`kept` 是剩下的比例，不是失去的比例。"
            ),
        ),
        Pitfall(
            "rate_forgotten",
            lambda learning_rate, steps, kept: 1 - kept ** (1 / steps),
            text(
                "The factor of a step is 1 − ηλ: the rate belongs to it.",
                "每一步的倍数是 1 − ηλ，其中有学习率。",
            ),
        ),
        Pitfall(
            "power_for_root",
            lambda learning_rate, steps, kept: (1 - kept**steps) / learning_rate,
            text(
                "T steps *together* leave `kept`. One of them leaves the T-th root of it.",
                "T 步**合起来**剩下 `kept`；一步剩下的是它的 T 次方根。",
            ),
        ),
        Pitfall(
            "rate_times",
            lambda learning_rate, steps, kept: (1 - kept ** (1 / steps)) * learning_rate,
            text(
                "You multiplied by the learning rate; solve 1 − ηλ = … for λ.",
                "你乘了学习率；请从 1 − ηλ = … 解出 λ。",
            ),
        ),
    ),
    hints=(
        text(
            "By which number is the weight multiplied in one step, and in T steps?",
            "权重一步乘以多少？T 步乘以多少？",
        ),
        text(
            "(1 − ηλ)ᵀ = kept. Take the T-th root of both sides.",
            "(1 − ηλ)ᵀ = kept。两边开 T 次方。",
        ),
        text("`kept ** (1 / steps)` is the T-th root.", "`kept ** (1 / steps)` 就是 T 次方根。"),
    ),
    right={
        "numpy": (
            "def decay_for(learning_rate, steps, kept):\n"
            "    return -np.expm1(np.log(kept) / steps) / learning_rate\n",
            "def decay_for(learning_rate, steps, kept):\n"
            "    from scipy.optimize import brentq\n"
            "    return brentq(lambda d: (1 - learning_rate * d) ** steps - kept, 0, 1 / learning_rate, xtol=1e-14, rtol=1e-13)\n",
        )
    },
)

# 05.4 ---------------------------------------------------------------------------------------------


def t_values(sources, amounts, draws):
    """t-values of twelve cells, with one on either side of every threshold that somebody may use."""
    right = stats.t.ppf(0.975, draws - 1)
    wrong = [
        1.96,
        stats.t.ppf(0.95, draws - 1),  # one-sided
        stats.t.ppf(0.975, draws),  # degrees of freedom
        stats.t.ppf(0.975, draws - 2),
        right * np.sqrt(1 - 1 / draws),  # ddof=0
        right * np.sqrt(draws),  # not divided by √D
        # another axis taken for the draws
        *(stats.t.ppf(0.975, n - 1) * np.sqrt(draws / n) for n in (sources, amounts)),
    ]
    thresholds = np.sort([right, *wrong])
    between = (thresholds[1:] + thresholds[:-1]) / 2
    return np.array([0.3, 1.5, *between, 1.2 * thresholds[-1], 1.4 * thresholds[-1]])


def draw_map(rng):
    sources, amounts, draws = 3, 4, int(rng.integers(6, 9))
    t = t_values(sources, amounts, draws)
    signs = rng.choice([-1, 1], size=len(t))
    signs[-1] = -signs[-2]  # so that each way wins somewhere
    t = rng.permutation(t * signs)
    noise = rng.normal(size=(len(t), draws))
    noise -= noise.mean(axis=1, keepdims=True)
    noise /= noise.std(axis=1, ddof=1, keepdims=True)
    differences = 0.01 * (noise + t[:, None] / np.sqrt(draws))
    shape = (sources, amounts, draws)
    frozen = 0.8 + rng.normal(0, 0.03, size=shape)  # this luck is shared by both ways
    return {"fine_tuned": frozen + differences.reshape(shape), "frozen": frozen}


def decide(fine_tuned, frozen, *, quantile=None, ddof=1, root=True, paired=True):
    d = fine_tuned - frozen
    n = d.shape[2]
    t = stats.t.ppf(0.975, n - 1) if quantile is None else quantile(n)
    error = (
        d.std(axis=2, ddof=ddof)
        if paired
        else np.sqrt(fine_tuned.var(axis=2, ddof=1) + frozen.var(axis=2, ddof=1))
    )
    error = error / np.sqrt(n) if root else error
    mean = d.mean(axis=2)
    return np.where(np.abs(mean) > t * error, np.sign(mean), 0).astype(int)


DECIDE = Exercise(
    id="05.4",
    title=text("Read a map", "读地图"),
    points=3,
    objective="O3",
    function="decide",
    drawing=drawings.matrix(across=text("number of labels", "标签数"), down=text("source", "源")),
    inputs=draw_map,
    reference=decide,
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.judging.paired_interval", "course_lib.judging.interval"),
    survivors={
        "np.abs(mean) > stats.t.ppf(0.975, draws - 1) * error → np.abs(mean) >= stats.t.ppf(0.975, draws - 1) * error": (
            "no interval ends exactly at 0"
        ),
    },
    pitfalls=(
        Pitfall(
            "means_only",
            lambda fine_tuned, frozen: np.sign((fine_tuned - frozen).mean(axis=2)).astype(int),
            text(
                "You looked at the means only, so every cell is decided. Where the interval contains 0, the draws decide nothing: 0.",
                "你只看了均值，于是每一格都有了胜负。区间包含 0 的格子，抽样分不出来，应为 0。",
            ),
        ),
        Pitfall(
            "unpaired",
            lambda fine_tuned, frozen: decide(fine_tuned, frozen, paired=False),
            text(
                "You treated the two ways as separate samples. They share their draws: take the difference draw by draw first.",
                "你把两种做法当成了独立的样本。它们用的是同样的抽样：应先逐次求差。",
            ),
        ),
        Pitfall(
            "normal_quantile",
            lambda fine_tuned, frozen: decide(fine_tuned, frozen, quantile=lambda n: 1.96),
            text(
                "1.96 is for many draws. With few, Student's t needs more: `stats.t.ppf(0.975, D − 1)`.",
                "1.96 适用于很多次抽样。次数少时，学生 t 分布要用更大的数：`stats.t.ppf(0.975, D − 1)`。",
            ),
        ),
        Pitfall(
            "one_sided",
            lambda fine_tuned, frozen: decide(
                fine_tuned, frozen, quantile=lambda n: stats.t.ppf(0.95, n - 1)
            ),
            text(
                "The 0.95 quantile leaves 5 % at *each* end. A two-sided 95 % interval ends at the 0.975 quantile.",
                "0.95 分位数在**两端各**留 5%。双侧 95% 区间的端点是 0.975 分位数。",
            ),
        ),
        Pitfall(
            "degrees_of_freedom",
            lambda fine_tuned, frozen: decide(
                fine_tuned, frozen, quantile=lambda n: stats.t.ppf(0.975, n)
            ),
            text(
                "The t distribution has D − 1 degrees of freedom here, not D: one is spent on the mean.",
                "这里 t 分布的自由度是 D − 1，不是 D：有一个用在了求均值上。",
            ),
        ),
        Pitfall(
            "divides_by_n",
            lambda fine_tuned, frozen: decide(fine_tuned, frozen, ddof=0),
            text(
                "The sample standard deviation divides by D − 1: ddof=1.",
                "样本标准差除以 D − 1：ddof=1。",
            ),
        ),
        Pitfall(
            "forgets_the_root",
            lambda fine_tuned, frozen: decide(fine_tuned, frozen, root=False),
            text(
                "You forgot to divide by √D: that interval is for one draw, not for the mean.",
                "你忘了除以 √D：那是单次抽样的区间，不是均值的。",
            ),
        ),
        Pitfall(
            "reversed",
            lambda fine_tuned, frozen: -decide(fine_tuned, frozen),
            text(
                "The signs are reversed: 1 where fine-tuning is better.",
                "符号反了：微调更好处为 1。",
            ),
        ),
        Pitfall(
            "never_freezes",
            lambda fine_tuned, frozen: np.maximum(decide(fine_tuned, frozen), 0),
            text(
                "Where freezing is clearly better, the answer is −1, not 0.",
                "冻结明显更好的地方应为 −1，而不是 0。",
            ),
        ),
    ),
    hints=(
        text(
            "Take the differences first; they are S×L×D, and the draws are the last axis.",
            "先求差，得到 S×L×D；抽样在最后一个轴上。",
        ),
        text(
            "The interval leaves out 0 exactly where |mean| is larger than t·s/√D.",
            "区间不含 0，恰好就是 |均值| 大于 t·s/√D。",
        ),
        text(
            "`stats.t.ppf(0.975, D - 1)`; `.std(axis=2, ddof=1)`; `np.where` and `np.sign`.",
            "`stats.t.ppf(0.975, D - 1)`；`.std(axis=2, ddof=1)`；再用 `np.where` 和 `np.sign`。",
        ),
    ),
    right={
        "numpy": (
            "from scipy import stats\n"
            "def decide(fine_tuned, frozen):\n"
            "    result = stats.ttest_rel(fine_tuned, frozen, axis=2)\n"
            "    return np.where(result.pvalue < 0.05, np.sign(result.statistic), 0).astype(int)\n",
            "from scipy import stats\n"
            "def decide(fine_tuned, frozen):\n"
            "    out = np.zeros(fine_tuned.shape[:2], dtype=int)\n"
            "    for i, j in np.ndindex(out.shape):\n"
            "        d = fine_tuned[i, j] - frozen[i, j]\n"
            "        low, high = stats.t.interval(0.95, len(d) - 1, loc=d.mean(), scale=stats.sem(d))\n"
            "        out[i, j] = 1 if low > 0 else -1 if high < 0 else 0\n"
            "    return out\n",
        )
    },
)

# 05.5 ---------------------------------------------------------------------------------------------


def draw_search(rng):
    repetitions, trials = 4, 7
    budget = int(rng.integers(4, 6))
    truth = rng.uniform(0.4, 0.65, size=trials)
    validation = np.round(truth + rng.normal(0, 0.08, size=(repetitions, trials)), 2)
    easier = float(rng.choice([0.0, 0.3]))  # of easier fresh pictures the excess is negative
    fresh = truth + easier + rng.normal(0, 0.02, size=(repetitions, trials))
    validation[0, 1] = validation[0, 3] = validation[0].max() + 0.01  # a tie
    validation[1, budget] = validation[1].max() + 0.05  # the best, just beyond the budget
    validation[2, budget - 1] = validation[2].max() + 0.05  # the best, the last within
    return {"validation": validation, "fresh": fresh, "budget": budget}


def worth(validation, fresh, budget, *, last=False):
    v = validation[:, :budget]
    winners = v.shape[1] - 1 - v[:, ::-1].argmax(axis=1) if last else v.argmax(axis=1)
    return of_winners(validation, fresh, winners)


def of_winners(validation, fresh, winners):
    rows = np.arange(len(validation))
    reported, honest = validation[rows, winners].mean(), fresh[rows, winners].mean()
    return [reported, honest, reported - honest]


SEARCH_WORTH = Exercise(
    id="05.5",
    title=text("What is the winner worth?", "胜出者值多少？"),
    points=3,
    objective="O5",
    function="search_worth",
    inputs=draw_search,
    reference=worth,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "0": text("the winners' mean validation score", "胜出者验证成绩的平均"),
        "1": text("the winners' mean score on fresh pictures", "胜出者在新图片上成绩的平均"),
        "2": text("the excess", "高估的部分"),
    },
    pitfalls=(
        Pitfall(
            "budget_ignored",
            lambda validation, fresh, budget: worth(validation, fresh, validation.shape[1]),
            text(
                "Only the first `budget` trials are run; you let all of them compete.",
                "只运行前 `budget` 个试验；你让全部试验都参赛了。",
            ),
        ),
        Pitfall(
            "best_on_fresh",
            lambda validation, fresh, budget: [
                validation[:, :budget].max(axis=1).mean(),
                fresh[:, :budget].max(axis=1).mean(),
                validation[:, :budget].max(axis=1).mean() - fresh[:, :budget].max(axis=1).mean(),
            ],
            text(
                "You took the best score on the fresh pictures: that is choosing on them. Take the score of the trial that won "
                "on *validation*.",
                "你取的是新图片上的最高分，这就等于在上面做选择。应当取在**验证集**上胜出的那个试验的成绩。",
            ),
        ),
        Pitfall(
            "chosen_on_fresh",
            lambda validation, fresh, budget: of_winners(
                validation, fresh, fresh[:, :budget].argmax(axis=1)
            ),
            text(
                "You let the fresh pictures choose the winner. The validation scores choose.",
                "你让新图片来选胜出者。应当由验证成绩来选。",
            ),
        ),
        Pitfall(
            "one_winner_for_all",
            lambda validation, fresh, budget: of_winners(
                validation,
                fresh,
                np.full(len(validation), validation[:, :budget].mean(axis=0).argmax()),
            ),
            text(
                "You chose one trial for all repetitions, by its mean. Each repetition is a search of its own, with its own winner.",
                "你按平均分给所有重复选了同一个试验。每次重复都是一次独立的搜索，各有各的胜出者。",
            ),
        ),
        Pitfall(
            "later_on_a_tie",
            lambda validation, fresh, budget: worth(validation, fresh, budget, last=True),
            text("On a tie the earlier trial wins.", "并列时，先运行的试验胜出。"),
        ),
        Pitfall(
            "excess_reversed",
            lambda validation, fresh, budget: (lambda a, b, c: [a, b, -c])(
                *worth(validation, fresh, budget)
            ),
            text(
                "The sign of the third number is reversed (or its absolute value was taken): reported − honest.",
                "第三个数的符号反了（或取了绝对值）：报告的减去真实的。",
            ),
        ),
        Pitfall(
            "worst_wins",
            lambda validation, fresh, budget: of_winners(
                validation, fresh, validation[:, :budget].argmin(axis=1)
            ),
            text("These are scores: the highest wins.", "这些是得分：最高的胜出。"),
        ),
    ),
    hints=(
        text(
            "Cut to the first `budget` columns, then `argmax` along the trials.",
            "先截取前 `budget` 列，再沿试验的方向取 `argmax`。",
        ),
        text("`argmax` gives the first of equal values.", "有并列时，`argmax` 给出的是第一个。"),
        text(
            "`fresh[np.arange(D), winners]` takes one entry from each row.",
            "`fresh[np.arange(D), winners]` 从每一行取一个元素。",
        ),
    ),
    right={
        "numpy": (
            "def search_worth(validation, fresh, budget):\n"
            "    pairs = []\n"
            "    for v, f in zip(validation, fresh):\n"
            "        best = max(range(budget), key=lambda i: v[i])\n"
            "        pairs.append((v[best], f[best]))\n"
            "    reported, honest = np.mean(pairs, axis=0)\n"
            "    return reported, honest, reported - honest\n",
            "def search_worth(validation, fresh, budget):\n"
            "    winners = np.argmax(validation[:, :budget], axis=1)[:, None]\n"
            "    reported = np.take_along_axis(validation, winners, axis=1).mean()\n"
            "    honest = np.take_along_axis(fresh, winners, axis=1).mean()\n"
            "    return np.array([reported, honest, reported - honest])\n",
        )
    },
)

# 05.6 ---------------------------------------------------------------------------------------------


def draw_evaluation(rng):
    return {
        "images": rng.normal(size=(7, 2, 2, 3)).astype(np.float32),
        "labels": rng.permutation(np.arange(7) % 3),
        "batch_size": 3,
        **draw_tiny(rng),
    }


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def measure(
    images, labels, batch_size, head, bias, *, means=False, twice=False, summed=False, dropped=False,
    rounded_up=False, **backbone
):  # fmt: skip
    """The mean loss and the accuracy, right or (by the options) wrong."""
    if dropped:
        whole = len(images) // batch_size * batch_size
        images, labels = images[:whole], labels[:whole]
    z = tiny_features(images, **backbone) @ head + bias
    log_p = log_softmax(np.exp(log_softmax(z)) if twice else z)
    losses, right = -log_p[np.arange(len(labels)), labels], z.argmax(axis=1) == labels
    if means or rounded_up:
        parts = [slice(i, i + batch_size) for i in range(0, len(labels), batch_size)]
        if rounded_up:
            return sum(losses[p].mean() for p in parts) * batch_size / len(labels), right.mean()
        return np.mean([losses[p].mean() for p in parts]), np.mean([right[p].mean() for p in parts])
    return (losses.sum() if summed else losses.mean()), right.mean()


def report_of_evaluation(**inputs):
    loss, accuracy = measure(**inputs)
    return {
        "loss": float(loss),
        "accuracy": float(accuracy),
        "statistics_moved": False,
        "mode_restored": True,
        "gradients_recorded": False,
        "batch_too_large": False,
    }


def seen(**report):
    return lambda **inputs: report


def measured_as(*keys, **bugs):
    """Know a mistake by the loss, the accuracy or both."""

    def answer(**inputs):
        loss, accuracy = measure(**inputs, **bugs)
        found = {"loss": float(loss), "accuracy": float(accuracy)}
        return {key: found[key] for key in keys} | {"statistics_moved": False}

    return answer


PYTORCH_EVALUATE = """\
from torch.nn import functional
def evaluate_model(model, images, labels, batch_size):
    was_training = model.training
    model.eval()
    loss_sum, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            y = torch.as_tensor(labels[start : start + batch_size])
            z = model(torch.as_tensor(images[start : start + batch_size]))
            loss_sum += functional.cross_entropy(z, y, reduction="sum").item()
            right += int((z.argmax(dim=1) == y).sum())
    model.train(was_training)
    return loss_sum / len(images), right / len(images)
"""
KERAS_EVALUATE = """\
from keras import ops
def evaluate_model(model, images, labels, batch_size):
    loss_sum, right = 0.0, 0
    for start in range(0, len(images), batch_size):
        x, y = images[start : start + batch_size], labels[start : start + batch_size]
        z = model(x, training=False)
        losses = keras.losses.sparse_categorical_crossentropy(y, z, from_logits=True)
        loss_sum += float(ops.sum(losses))
        right += int(np.sum(np.argmax(ops.convert_to_numpy(z), axis=1) == y))
    return loss_sum / len(images), right / len(images)
"""


def evaluate_code(pytorch=None, keras=None):
    return changed(PYTORCH_EVALUATE, KERAS_EVALUATE, pytorch, keras)


EVALUATE = Exercise(
    id="05.6",
    title=text("Mend an evaluation", "修好一个评估函数"),
    points=4,
    objective="O6",
    function="evaluate_model",
    inputs=draw_evaluation,
    reference=report_of_evaluation,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="evaluation",
    forbidden=tuple(
        f"course_lib.{framework}.{name}"
        for framework in ("pytorch", "keras")
        for name in ("evaluate", "predict")
    ),
    parts={
        "loss": text("the mean loss", "平均损失"),
        "accuracy": text("the accuracy", "准确率"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
        "mode_restored": text(
            "“came in training mode, went back in it; the same weights learn”",
            "“送来时是训练模式，还回去也是；学习的权重也没变”",
        ),
        "gradients_recorded": text("“gradients were recorded”", "“记录了梯度”"),
        "batch_too_large": text(
            "“a batch was larger than batch_size”", "“有一批超过了 batch_size”"
        ),
    },
    errors=(
        (
            r"must be Tensor, not (numpy\.)?ndarray",
            text(
                "The model wants a tensor: `torch.as_tensor(batch)`.",
                "模型要的是张量：`torch.as_tensor(batch)`。",
            ),
        ),
    ),
    pitfalls=(
        Pitfall(
            "training_mode",
            seen(statistics_moved=True),
            text(
                "The BatchNorm statistics moved: the model was measured in training mode, and changed by it.",
                "BatchNorm 的统计量变了：模型是在训练模式下测量的，并因此被改动。",
            ),
            code=evaluate_code(
                pytorch=("    model.eval()\n", ""), keras=("training=False", "training=True")
            ),
        ),
        Pitfall(
            "mean_of_means",
            measured_as("loss", "accuracy", means=True),
            text(
                "You averaged the batches' means. The last batch is smaller and counts too much: add up over pictures, and divide "
                "once at the end.",
                "你对各批的均值再取了平均。最后一批较小，分量就过重了：应当逐张累加，最后只除一次。",
            ),
            code={
                "pytorch": PYTORCH_EVALUATE.replace(
                    'reduction="sum").item()', 'reduction="mean").item()'
                )
                .replace(
                    "right += int((z.argmax(dim=1) == y).sum())",
                    "right += float((z.argmax(dim=1) == y).float().mean())",
                )
                .replace(
                    "return loss_sum / len(images), right / len(images)",
                    "n = -(-len(images) // batch_size)\n    return loss_sum / n, right / n",
                ),
                "keras": KERAS_EVALUATE.replace("ops.sum(losses)", "ops.mean(losses)")
                .replace("int(np.sum(", "float(np.mean(")
                .replace(
                    "return loss_sum / len(images), right / len(images)",
                    "n = -(-len(images) // batch_size)\n    return loss_sum / n, right / n",
                ),
            },
        ),
        Pitfall(
            "mean_of_means_of_the_loss",
            measured_as("loss", means=True),
            text(
                "The accuracy is right, but the loss is a mean of the batches' means: the smaller last batch counts too much.",
                "准确率是对的，但损失是各批均值的平均：较小的最后一批分量过重。",
            ),
            code={
                "pytorch": PYTORCH_EVALUATE.replace(
                    'reduction="sum").item()', 'reduction="mean").item()'
                ).replace(
                    "return loss_sum / len(images),",
                    "return loss_sum / -(-len(images) // batch_size),",
                ),
                "keras": KERAS_EVALUATE.replace("ops.sum(losses)", "ops.mean(losses)").replace(
                    "return loss_sum / len(images),",
                    "return loss_sum / -(-len(images) // batch_size),",
                ),
            },
        ),
        Pitfall(
            "last_batch_dropped",
            measured_as("loss", dropped=True),
            text(
                "The last, smaller batch is missing: you measured on the whole batches only. Every picture counts.",
                "少了最后那个不满的批：你只在整批上测量。每一张图片都要算。",
            ),
            code={
                "pytorch": PYTORCH_EVALUATE.replace(
                    "range(0, len(images), batch_size)",
                    "range(0, len(images) - batch_size + 1, batch_size)",
                ).replace(
                    "    return loss", "    images = images[: start + batch_size]\n    return loss"
                ),
                "keras": KERAS_EVALUATE.replace(
                    "range(0, len(images), batch_size)",
                    "range(0, len(images) - batch_size + 1, batch_size)",
                ).replace(
                    "    return loss", "    images = images[: start + batch_size]\n    return loss"
                ),
            },
        ),
        Pitfall(
            "full_weight_for_the_last",
            measured_as("loss", rounded_up=True),
            text(
                "You multiplied each batch's mean by `batch_size`. The last batch has fewer pictures: multiply by its own number.",
                "你把每批的均值都乘了 `batch_size`。最后一批没有那么多张：应乘它自己的张数。",
            ),
            code=evaluate_code(
                pytorch=('reduction="sum").item()', 'reduction="mean").item() * batch_size'),
                keras=("float(ops.sum(losses))", "float(ops.mean(losses)) * batch_size"),
            ),
        ),
        Pitfall(
            "pair_reversed",
            lambda **inputs: dict(
                zip(("accuracy", "loss"), map(float, measure(**inputs)), strict=True)
            ),
            text(
                "The pair is the wrong way round: the loss comes first, then the accuracy.",
                "两个数的次序反了：先是损失，然后是准确率。",
            ),
            code=evaluate_code(
                pytorch=(
                    "return loss_sum / len(images), right / len(images)",
                    "return right / len(images), loss_sum / len(images)",
                ),
                keras=(
                    "return loss_sum / len(images), right / len(images)",
                    "return right / len(images), loss_sum / len(images)",
                ),
            ),
        ),
        Pitfall(
            "softmax_twice",
            measured_as("loss", twice=True),
            text(
                "The loss function is given probabilities and takes a softmax of them once more (chapter 02). Hand it the logits.",
                "传给损失函数的是概率，它又做了一次 softmax（第 02 章）。请把 logits 交给它。",
            ),
            code=evaluate_code(
                pytorch=(
                    "functional.cross_entropy(z, y",
                    "functional.cross_entropy(z.softmax(dim=1), y",
                ),
                keras=(
                    "crossentropy(y, z, from_logits=True)",
                    "crossentropy(y, ops.softmax(ops.softmax(z)))",
                ),
            ),
        ),
        Pitfall(
            "sums",
            measured_as("loss", summed=True),
            text(
                "That is the sum of the losses; the mean is asked for.",
                "这是损失之和；要的是平均。",
            ),
            code=evaluate_code(
                pytorch=("return loss_sum / len(images)", "return loss_sum"),
                keras=("return loss_sum / len(images)", "return loss_sum"),
            ),
        ),
        Pitfall(
            "stays_in_inference_mode",
            seen(statistics_moved=False, mode_restored=False),
            text(
                "The model came in training mode and goes back in another: what trains on after you is in the wrong mode. "
                "Remember `model.training`. Or other weights learn now than before (`requires_grad`, `trainable`): leave those alone.",
                "模型送来时是训练模式，还回去却不是：接着训练的程序就处于错误的模式。要先记住 `model.training`。"
                "也可能是学习的权重变了（`requires_grad`、`trainable`）：不要动它们。",
            ),
            code=evaluate_code(
                pytorch=("    model.train(was_training)\n", ""),
                keras=(
                    "    loss_sum, right = 0.0, 0\n",
                    "    loss_sum, right = 0.0, 0\n    model.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "records_gradients",
            seen(statistics_moved=False, gradients_recorded=True),
            text(
                "The numbers are right, but gradients were recorded meanwhile: memory for nothing. Compute under `torch.no_grad()`.",
                "数是对的，但同时记录了梯度，白白占用内存。请在 `torch.no_grad()` 下计算。",
            ),
            code=evaluate_code(pytorch=("    with torch.no_grad():\n", "    if True:\n")),
        ),
        Pitfall(
            "all_at_once",
            seen(batch_too_large=True),
            text(
                "A batch was larger than `batch_size`. With real pictures that runs out of memory.",
                "有一批超过了 `batch_size`。图片一多就会耗尽内存。",
            ),
            code=evaluate_code(
                pytorch=("    was_training =", "    batch_size = len(images)\n    was_training ="),
                keras=("    loss_sum, right", "    batch_size = len(images)\n    loss_sum, right"),
            ),
        ),
    ),
    hints=(
        text(
            "Read the shown function: in which mode does it run, what goes into the loss, how are the batches put together, what "
            "happens to the last one?",
            "把给出的函数读一遍：它在什么模式下运行？什么进了损失函数？各批怎样合起来？最后一批呢？",
        ),
        text(
            "Keep two sums over pictures, of losses and of right answers; divide by the number of pictures once.",
            "按图片累加两个和：损失之和与答对的张数；最后除以图片数，只除一次。",
        ),
        text(
            'PyTorch: `cross_entropy(z, y, reduction="sum")`, under no_grad, between eval() and train(was_training). Keras: '
            "`model(x, training=False)` and the sum of `sparse_categorical_crossentropy(y, z, from_logits=True)`.",
            'PyTorch：在 no_grad 下用 `cross_entropy(z, y, reduction="sum")`，前面 eval()，后面 train(was_training)。Keras：'
            "`model(x, training=False)`，再对 `sparse_categorical_crossentropy(y, z, from_logits=True)` 求和。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "@torch.no_grad()\n"
            "def evaluate_model(model, images, labels, batch_size):\n"
            "    mode = model.training\n"
            "    z = torch.cat([model.eval()(part) for part in torch.tensor(images).split(batch_size)])\n"
            "    model.train(mode)\n"
            "    y = torch.tensor(labels)\n"
            "    return functional.cross_entropy(z, y).item(), (z.argmax(1) == y).double().mean().item()\n",
            "import copy\n"
            "from torch.nn import functional\n"
            "def evaluate_model(model, images, labels, batch_size):\n"
            "    still = copy.deepcopy(model).eval()\n"
            "    losses, right = [], []\n"
            "    for image, label in zip(images, labels):\n"
            "        with torch.inference_mode():\n"
            "            log_p = still(torch.tensor(image)[None]).log_softmax(1)[0]\n"
            "        losses.append(-float(log_p[label]))\n"
            "        right.append(int(log_p.argmax()) == label)\n"
            "    return np.mean(losses), np.mean(right)\n",
        ),
        "keras": (
            "def evaluate_model(model, images, labels, batch_size):\n"
            "    z = np.concatenate([np.asarray(model(images[i:i + batch_size], training=False)) for i in range(0, len(images), batch_size)])\n"
            "    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))\n"
            "    return -log_p[np.arange(len(z)), labels].mean(), (z.argmax(axis=1) == labels).mean()\n",
            "def evaluate_model(model, images, labels, batch_size):\n"
            "    z = np.vstack([np.asarray(model(image[None])) for image in images])\n"
            "    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, z)\n"
            "    return float(loss), float(np.mean(np.argmax(z, axis=1) == labels))\n",
        ),
    },
)

# 05.7 ---------------------------------------------------------------------------------------------

H = 0.0005


def harmonic(p, r):
    return 2 * p * r / (p + r)


def impossible(precision, recall, f1):
    low, high = harmonic(precision - H, recall - H), harmonic(precision + H, recall + H)
    return (f1 + H < low) | (f1 - H > high)


def distance(p, r, f1):
    """How far the printed F1 lies from that of the printed precision and recall."""
    return abs(harmonic(p, r) - f1)


def draw_report(rng):
    """Rows that are right, right only by rounding, and wrong by a little and by much.

    No single tolerance serves: an honest lopsided row lies further from its formula than the closest
    impossible one, whose precision and recall are alike.
    """
    rows = []
    while len(rows) < 4:  # honest: three numbers of one table, each rounded
        row = honest(rng.uniform(0.5, 0.95), rng.uniform(0.5, 0.95))
        if (H < distance(*row) < 1.9 * H) == (len(rows) < 2):
            rows.append(row)
    while len(rows) < 6:  # honest and lopsided: here rounding of the precision counts for more
        row = honest(rng.uniform(0.05, 0.15), rng.uniform(0.9, 0.99))
        # For the first the printed F1's own rounding is needed, too, for the second it is not.
        if distance(*row) > 2.24 * H if len(rows) < 5 else 1.1 * H < distance(*row) < 1.5 * H:
            rows.append(row)
    for off in (0.001, -0.001):  # impossible, but only just
        while True:
            p = np.round(rng.uniform(0.5, 0.95), 3)
            r = np.round(p + rng.uniform(-0.03, 0.03), 3)
            row = [p, r, np.round(harmonic(p, r) + off, 3)]
            if 2.04 * H < distance(*row) < 2.2 * H:
                rows.append(row)
                break
    p = np.round(rng.uniform(0.5, 0.95), 3)
    r = np.round(p + 0.002, 3)  # so that F1 does not even lie between the two
    rows.append([p, r, np.round(harmonic(p, r) + 0.002, 3)])
    p, r = np.round(rng.uniform([0.5, 0.8], [0.7, 0.95]), 3)
    rows.append([p, r, np.round(harmonic(p, r) - 0.005, 3)])
    p, r, f1 = np.array(rows)[rng.permutation(len(rows))].T
    return {"precision": p, "recall": r, "f1": f1}


def honest(p, r):
    return np.round([p, r, harmonic(p, r)], 3)


IMPOSSIBLE = Exercise(
    id="05.7",
    title=text("Could this report be true?", "这份报告可能是真的吗？"),
    points=3,
    objective="O6",
    function="impossible",
    inputs=draw_report,
    reference=impossible,
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.reports.report_classes",),
    survivors={
        "f1 + h < lowest → f1 + h <= lowest": "no two ranges touch in exactly one number",
        "f1 - h > highest → f1 - h >= highest": "no two ranges touch in exactly one number",
        "harmonic(precision + h, recall + h) → harmonic(recall + h, precision + h)": "right: F1 is symmetric",
        "harmonic(precision - h, recall - h) → harmonic(recall - h, precision - h)": "right: F1 is symmetric",
    },
    pitfalls=(
        Pitfall(
            "printed_f1_as_exact",
            lambda precision, recall, f1: (
                (f1 < harmonic(precision - H, recall - H))
                | (f1 > harmonic(precision + H, recall + H))
            ),
            text(
                "The printed F1 is rounded, too: the true one lies within h of it.",
                "印出来的 F1 本身也舍入过：真实的 F1 在它周围 h 以内。",
            ),
        ),
        Pitfall(
            "exact",
            lambda precision, recall, f1: np.round(harmonic(precision, recall), 3) != f1,
            text(
                "You compared with the F1 of the printed numbers. They are rounded themselves, so the true one may differ by 0.001: "
                "an honest row is called impossible.",
                "你是拿印出来的数直接算 F1 来比的。可它们本身也舍入过，真实的 F1 可能差 0.001：诚实的行被你冤枉了。",
            ),
        ),
        Pitfall(
            "arithmetic_mean",
            lambda precision, recall, f1: np.abs((precision + recall) / 2 - f1) > 2 * H,
            text(
                "F1 is the harmonic mean, 2PR/(P + R), not (P + R)/2.",
                "F1 是调和平均 2PR/(P + R)，不是 (P + R)/2。",
            ),
        ),
        Pitfall(
            "possible_instead",
            lambda precision, recall, f1: ~impossible(precision, recall, f1),
            text(
                "You marked the possible rows; the impossible ones are asked for.",
                "你标出的是可能的行；要的是不可能的行。",
            ),
        ),
        Pitfall(
            "never",
            lambda precision, recall, f1: np.zeros(len(f1), dtype=bool),
            text(
                "You called no row impossible. No number can lie below a range *and* above it: one of the two is enough.",
                "你认为没有一行不可能。一个数不会既低于一个范围、**又**高于它：只要占其中一样就够了。",
            ),
        ),
        Pitfall(
            "between_only",
            lambda precision, recall, f1: (
                (f1 < np.minimum(precision, recall)) | (f1 > np.maximum(precision, recall))
            ),
            text(
                "That F1 lies between precision and recall is necessary, not sufficient: the formula says exactly where.",
                "F1 介于精确率与召回率之间，只是必要条件，并不充分：公式给出了确切的位置。",
            ),
        ),
        Pitfall(
            "too_generous",
            lambda precision, recall, f1: distance(precision, recall, f1) > 6 * H,
            text(
                "Your tolerance is too wide: it lets contradictions of 0.002 pass. Compute the lowest and the highest F1 that "
                "rounding allows.",
                "你的容差太宽，差 0.002 的矛盾也放过了。请算出舍入所允许的最低与最高 F1。",
            ),
        ),
        Pitfall(
            "one_tolerance",
            lambda precision, recall, f1: distance(precision, recall, f1) > 2 * H,
            text(
                "One tolerance of 0.001 for all rows is not exact: how far rounding moves F1 depends on P and R (where P is much smaller "
                "than R, its rounding counts almost twice). Compute the lowest and the highest F1 of each row.",
                "对所有行用同一个容差 0.001 并不精确：舍入使 F1 变动多少，取决于 P 与 R（P 比 R 小得多时，P 的舍入几乎要算两倍）。"
                "请算出每一行最低与最高的 F1。",
            ),
        ),
        Pitfall(
            "wider_tolerance",
            lambda precision, recall, f1: distance(precision, recall, f1) > 3 * H,
            text(
                "A tolerance of 0.0015 lets rows pass that no rounding explains. Compute the lowest and the highest F1 of each row.",
                "0.0015 的容差放过了舍入解释不了的行。请算出每一行最低与最高的 F1。",
            ),
        ),
        Pitfall(
            "too_low_missed",
            lambda precision, recall, f1: f1 - H > harmonic(precision + H, recall + H),
            text("A printed F1 can also be too *low* for its row.", "印出来的 F1 也可能**太低**。"),
        ),
    ),
    hints=(
        text(
            "The lowest F1 comes from the lowest P and R, the highest from the highest.",
            "最低的 P、R 给出最低的 F1，最高的给出最高的。",
        ),
        text(
            "The printed F1 stands for all values within h of it. It is possible when that range meets the range of the formula.",
            "印出来的 F1 代表它周围 h 以内的所有值。这个范围与公式给出的范围有交集，就可能。",
        ),
        text(
            "Two ranges miss each other when one ends before the other begins: two comparisons and an `|`.",
            "一个范围在另一个开始之前就结束了，两者才没有交集：两个比较，中间一个 `|`。",
        ),
    ),
    right={
        "numpy": (
            "def impossible(precision, recall, f1):\n"
            "    h = 0.0005\n"
            "    ends = [2 / (1 / (precision + s) + 1 / (recall + s)) for s in (-h, h)]\n"
            "    return ~((f1 + h >= ends[0]) & (f1 - h <= ends[1]))\n",
            "def impossible(precision, recall, f1):\n"
            "    out = []\n"
            "    for p, r, f in zip(precision, recall, f1):\n"
            "        low = 2 * (p - 0.0005) * (r - 0.0005) / (p + r - 0.001)\n"
            "        high = 2 * (p + 0.0005) * (r + 0.0005) / (p + r + 0.001)\n"
            "        out.append(bool(f + 0.0005 < low or f - 0.0005 > high))\n"
            "    return out\n",
        )
    },
)

# 05.8 ---------------------------------------------------------------------------------------------


def draw_stages(rng):
    model = draw_tiny(rng, features=5)
    orders = ([1, 3, 2, 1], [2, 1, 3, 2], [3, 1, 2, 3])
    return {
        "images": rng.normal(size=(6, 2, 2, 3)).astype(np.float32),
        "free": orders[rng.integers(3)],
        **model,
    }


def counts_of(kernel, gamma, beta, head, bias, **rest):
    return [kernel.size, gamma.size + beta.size, head.size + bias.size]


def report_of_stages(free, **arrays):
    sizes = counts_of(**arrays)
    return {
        "trainable": [[size * (place >= 3 - n) for place, size in enumerate(sizes)] for n in free],
        "statistics_moved": [n >= 2 for n in free],
    }


def stages_but(change):
    """Know a mistake by the report that it makes of the right one's pieces."""
    return lambda free, **arrays: change(free, counts_of(**arrays))


def never_back(free, sizes):
    """What was frozen once stays frozen."""
    frozen, rows, moved = 0, [], []
    for n in free:
        frozen = max(frozen, 3 - n)
        rows.append([size * (place >= frozen) for place, size in enumerate(sizes)])
        moved.append(frozen <= 1)
    return {"trainable": rows, "statistics_moved": moved}


def never_frozen_again(free, sizes):
    """All begins frozen; what was freed once stays free."""
    most, rows = 0, []
    for n in free:
        most = max(most, n)
        rows.append([size * (place >= 3 - most) for place, size in enumerate(sizes)])
    return {
        "trainable": rows,
        "statistics_moved": [max(free[: i + 1]) >= 2 for i in range(len(free))],
    }


def from_the_input(free, sizes):
    return {"trainable": [[size * (place < n) for place, size in enumerate(sizes)] for n in free]}


def one_too_many(free, sizes):
    return {
        "trainable": [[size * (place >= 2 - n) for place, size in enumerate(sizes)] for n in free]
    }


def only_that_part(free, sizes):
    return {
        "trainable": [[size * (place == 3 - n) for place, size in enumerate(sizes)] for n in free]
    }


PYTORCH_UNFREEZE = """\
def unfreeze(model, free):
    parts = (model.backbone.mix, model.backbone.norm, model.head)
    for depth, part in enumerate(parts):
        learns = depth >= len(parts) - free
        part.requires_grad_(learns)
        part.train(learns)
"""
KERAS_UNFREEZE = """\
def unfreeze(model, free):
    parts = (model.backbone.mix, model.backbone.norm, model.head)
    for depth, part in enumerate(parts):
        part.trainable = depth >= len(parts) - free
"""


def unfreeze_code(pytorch=None, keras=None):
    return changed(PYTORCH_UNFREEZE, KERAS_UNFREEZE, pytorch, keras)


UNFREEZE = Exercise(
    id="05.8",
    title=text("Unfreeze, stage by stage", "一层一层地解冻"),
    points=3,
    objective="O4",
    function="unfreeze",
    inputs=draw_stages,
    reference=report_of_stages,
    comparator=equal(),
    probe="stages",
    forbidden=tuple(
        f"course_lib.{framework}.{name}"
        for framework in ("pytorch", "keras")
        for name in ("freeze", "unfreeze", "freeze_plan")
    ),
    parts={
        "trainable": text(
            "for each stage, the trainable numbers of mix, norm and head",
            "各阶段 mix、norm、head 可训练的参数个数",
        ),
        "statistics_moved": text(
            "for each stage, “the BatchNorm statistics moved”", "各阶段“BatchNorm 的统计量变了”"
        ),
    },
    pitfalls=(
        Pitfall(
            "still_in_training_mode",
            lambda free, **arrays: (
                report_of_stages(free, **arrays) | {"statistics_moved": [True for _ in free]}
            ),
            text(
                "The right weights learn, but the statistics of the frozen BatchNorm move: it is still in training mode. Frozen is two "
                "things.",
                "该学的权重都对，但冻结的 BatchNorm 的统计量在变：它还处于训练模式。冻结包含两件事。",
            ),
            code=unfreeze_code(pytorch=("        part.train(learns)\n", "")),
        ),
        Pitfall(
            "always_in_inference_mode",
            lambda free, **arrays: (
                report_of_stages(free, **arrays) | {"statistics_moved": [False for _ in free]}
            ),
            text(
                "The right weights learn, but the BatchNorm layer stays in inference mode even where it learns.",
                "该学的权重都对，但 BatchNorm 层在它该学习的阶段也停在推理模式。",
            ),
            code=unfreeze_code(pytorch=("part.train(learns)", "part.train(False)")),
        ),
        Pitfall(
            "never_unfrozen_again",
            stages_but(never_back),
            text(
                "What was frozen at one stage stays frozen at a later one. Set each part at each stage, both ways.",
                "某个阶段冻结的部分，后面的阶段再也没有放开。每个阶段都要把每个部分设一遍，两个方向都要设。",
            ),
            code=unfreeze_code(
                pytorch=(
                    "        part.requires_grad_(learns)\n        part.train(learns)\n",
                    "        if not learns:\n            part.requires_grad_(False)\n            part.eval()\n        elif not next(part.parameters()).requires_grad:\n            part.eval()\n",
                ),
                keras=(
                    "        part.trainable = depth >= len(parts) - free\n",
                    "        if depth < len(parts) - free:\n            part.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "counted_from_the_input",
            stages_but(from_the_input),
            text(
                "You freed parts from the input on. The head is the first to learn.",
                "你从输入端开始放开。最先学习的应是分类头。",
            ),
            code=unfreeze_code(
                pytorch=("depth >= len(parts) - free", "depth < free"),
                keras=("depth >= len(parts) - free", "depth < free"),
            ),
        ),
        Pitfall(
            "one_too_many",
            stages_but(one_too_many),
            text(
                "One part too many learns: with free = 1 it is the head alone.",
                "多放开了一个部分：free = 1 时只有分类头学习。",
            ),
            code=unfreeze_code(
                pytorch=("depth >= len(parts) - free", "depth >= len(parts) - free - 1"),
                keras=("depth >= len(parts) - free", "depth >= len(parts) - free - 1"),
            ),
        ),
        Pitfall(
            "only_that_part",
            stages_but(only_that_part),
            text(
                "At each stage a single part learns. Those freed before go on learning.",
                "每个阶段只有一个部分在学。先前放开的部分要继续学习。",
            ),
            code=unfreeze_code(
                pytorch=("depth >= len(parts) - free", "depth == len(parts) - free"),
                keras=("depth >= len(parts) - free", "depth == len(parts) - free"),
            ),
        ),
        Pitfall(
            "nothing_learns",
            stages_but(lambda free, sizes: {"trainable": [[0, 0, 0] for _ in free]}),
            text(
                "Nothing learns at any stage. In Keras `model.trainable = False` holds the whole model, whatever a part says "
                "afterwards: set the three parts, not the model. In PyTorch switch on again what should learn.",
                "每个阶段都没有一个部分在学。在 Keras 里，`model.trainable = False` 管住整个模型，之后再放开某个部分也没有用："
                "要设定的是三个部分，而不是模型。在 PyTorch 里，要把该学的部分重新打开。",
            ),
            code=unfreeze_code(
                pytorch=("part.requires_grad_(learns)", "part.requires_grad_(False)"),
                keras=(
                    "    for depth, part",
                    "    model.trainable = False\n    for depth, part",
                ),
            ),
        ),
        Pitfall(
            "nothing_changes",
            stages_but(lambda free, sizes: {"trainable": [list(sizes) for _ in free]}),
            text(
                "Everything learns at every stage. requires_grad belongs to each *parameter*; Keras's flag is called trainable.",
                "每个阶段全都在学。requires_grad 是每个**参数**的属性；Keras 的标志叫 trainable。",
            ),
            code=unfreeze_code(
                pytorch=("part.requires_grad_(learns)", "part.requires_grad = learns"),
                keras=("part.trainable", "part.learns"),
            ),
        ),
    ),
    hints=(
        text(
            "Put the three parts into a tuple from input to output. Which places of it learn for free = 1, 2, 3?",
            "把三个部分从输入到输出放进一个元组。free = 1、2、3 时，哪几个位置学习？",
        ),
        text(
            "Set every part at every stage, to learning *or* to frozen: the stage before may have left it otherwise.",
            "每个阶段都要设定每个部分，要么学习，**要么**冻结：上一阶段可能留下了别的设定。",
        ),
        text(
            "PyTorch: `part.requires_grad_(learns)` and `part.train(learns)`. Keras: `part.trainable = learns`.",
            "PyTorch：`part.requires_grad_(learns)` 与 `part.train(learns)`。Keras：`part.trainable = learns`。",
        ),
    ),
    right={
        "pytorch": (
            "def unfreeze(model, free):\n"
            "    model.requires_grad_(False).eval()\n"
            "    for part in [model.head, model.backbone.norm, model.backbone.mix][:free]:\n"
            "        part.requires_grad_(True).train()\n",
            "def unfreeze(model, free):\n"
            "    order = {'backbone.mix': 3, 'backbone.norm': 2, 'head': 1}\n"
            "    for name, w in model.named_parameters():\n"
            "        w.requires_grad = order[name.rpartition('.')[0]] <= free\n"
            "    model.backbone.norm.train(free > 1)\n",
        ),
        "keras": (
            "def unfreeze(model, free):\n"
            "    parts = [model.head, model.backbone.norm, model.backbone.mix]\n"
            "    for part in parts:\n"
            "        part.trainable = False\n"
            "    for part in parts[:free]:\n"
            "        part.trainable = True\n",
            "def unfreeze(model, free):\n"
            "    model.backbone.mix.trainable = free == 3\n"
            "    model.backbone.norm.trainable = free >= 2\n"
            "    model.head.trainable = True\n",
        ),
    },
)

# 05.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="05.9",
    title=text("A report on your desk", "桌上的一份报告"),
    points=3,
    objective="O3",
    rubric=(
        (
            1,
            text(
                "First fault: named with its reason (½) and with the experiment or number to ask for (½). Any of: epoch chosen on the "
                "test pictures; a new head before training as the baseline; “similar, so freeze” without an experiment or the number "
                "of labels; pre-training's rate; batches of four; a single run without an interval.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的实验或数字（½ 分）。下列任一项：在测试图片上选轮数；拿未训练的新分类头"
                "当基线；“相似所以冻结”没有实验，也没有考虑标签多少；沿用预训练的学习率；批大小 4；只跑一次且没有区间。",
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
    TRAINING_STEP,
    ADAM_STEP,
    DECAY_FOR,
    DECIDE,
    SEARCH_WORTH,
    EVALUATE,
    IMPOSSIBLE,
    UNFREEZE,
    REPORT,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="05.q1",
        question=text(
            "Ten labels per class, the same number of steps for each. Which of the three is worst on other digits?",
            "每类十个标签，步数都一样。在别的数字上，三者里哪个最差？",
        ),
        options=(
            Option(
                text("From scratch: it borrowed nothing", "从零训练：什么也没借"),
                text(
                    "A hundred small pictures teach it as much. And with two per class part of what it seems to lack is not knowledge; section 3 "
                    "shows what it is.",
                    "一百张小图片足以教会它。就算每类只有两张，它看上去欠缺的，有一部分也不是知识；究竟是什么，第 3 节会看到。",
                ),
            ),
            Option(
                text("Pre-trained on textures, then fine-tuned", "在纹理上预训练，再微调"),
                text(
                    "Its *frozen* features are worst by far. Fine-tuning repairs them: to what scratch reaches as well.",
                    "它**冻结**的特征确实差得最远。微调能把它们修好，不过也只是从零训练同样能到的水平。",
                ),
            ),
            Option(
                text("Pre-trained on letters, then fine-tuned", "在字母上预训练，再微调"),
                text(
                    "Letters share their strokes with digits; with a hundred labels that hardly matters.",
                    "字母与数字共用笔画；可有了一百个标签，这就不大要紧了。",
                ),
            ),
            Option(
                text("They are nearly level", "三者不相上下"),
                text(
                    "Yes: a hundred labels and fifty steps are enough here, from anywhere. Section 3 measures it, and shows how other "
                    "numbers of steps would have told another story.",
                    "对：在这里，有一百个标签、走五十步，从哪里出发都够了。第 3 节会测量，还会看到换一种步数就会讲出另一个故事。",
                ),
                right=True,
            ),
        ),
    ),
    Quiz(
        id="05.q2",
        question=text(
            "A weight of 1 without any gradient from the data; Adam, η = 0.001, a hundred steps. How does *coupled* decay depend on λ?",
            "权重为 1，没有来自数据的梯度；Adam，η = 0.001，走一百步。**耦合**的衰减怎样依赖 λ？",
        ),
        options=(
            Option(
                text("Ten times the λ, ten times the decay", "λ 大十倍，衰减也大十倍"),
                text(
                    "That is the decoupled kind. Here Adam divides by the size of what it is given.",
                    "解耦的才是这样。这里 Adam 会除以梯度自身的大小。",
                ),
            ),
            Option(
                text("Not at all", "完全不依赖"),
                text(
                    "Yes: λ stands in numerator and denominator. Run the cell.",
                    "对：λ 同时在分子和分母里。运行下面的单元格看看。",
                ),
                right=True,
            ),
            Option(
                text("Only for λ above a threshold", "只有 λ 超过某个阈值才起作用"),
                text(
                    "Only ε could make a threshold, and it is 10⁻⁸.",
                    "能造成阈值的只有 ε，而它只有 10⁻⁸。",
                ),
            ),
        ),
    ),
    Quiz(
        id="05.q3",
        question=text(
            "LP-FT, gradual unfreezing, discriminative rates, L2-SP: each is to keep the features close to the start. Two labels per class, near source. What "
            "will it do to the accuracy on other digits?",
            "LP-FT、逐步解冻、分层学习率、L2-SP 都是为了让特征离起点近些。每类两个标签，源域近。在别的数字上，准确率会怎样？",
        ),
        options=(
            Option(
                text("All four raise it clearly", "四种都明显提高"),
                text(
                    "So one reads. Look at the intervals in the last column.",
                    "书上常这么说。请看最后一列的区间。",
                ),
            ),
            Option(
                text("Little, one way or the other", "变化不大，有升有降"),
                text(
                    "Yes, here: closer to the start is not the same as better. Under a shift it may be another story.",
                    "在这里正是如此：离起点近，不等于更好。分布有偏移时，也许是另一回事。",
                ),
                right=True,
            ),
            Option(
                text(
                    "All four ruin it: nothing can be learned any more",
                    "四种都毁了它：什么也学不到了",
                ),
                text(
                    "They slow the early layers down; the head learns freely.",
                    "它们只是让前面的层慢下来，分类头照样自由学习。",
                ),
            ),
        ),
    ),
    Quiz(
        id="05.q4",
        question=text(
            "The training loss falls to 0.001, the validation loss falls until epoch 3 and then rises, the validation accuracy still creeps "
            "up until epoch 9. Which epoch's weights do you keep?",
            "训练损失降到 0.001；验证损失降到第 3 轮后回升；验证准确率却一直缓慢上升到第 9 轮。你保留哪一轮的权重？",
        ),
        options=(
            Option(
                text("The last one's: its training loss is the lowest", "最后一轮：训练损失最低"),
                text(
                    "The training loss says what was learned by heart.",
                    "训练损失只说明背下了多少。",
                ),
            ),
            Option(
                text(
                    "It depends on what will be used, fixed beforehand",
                    "看要用的是什么，而且事先定好",
                ),
                text(
                    "Yes: for sure and honest probabilities epoch 3, for the most right answers perhaps epoch 9. Decide before you look, "
                    "and on validation only.",
                    "对：要可靠的概率，取第 3 轮；只要答对得多，也许是第 9 轮。要在看结果之前定好，而且只看验证集。",
                ),
                right=True,
            ),
            Option(
                text("The one with the best test accuracy", "测试准确率最高的那一轮"),
                text("Then there is no test set any more.", "那就再也没有测试集了。"),
            ),
        ),
    ),
)
