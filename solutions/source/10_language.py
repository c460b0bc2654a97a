"""Exercises of chapter 10, language: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text

# 10.1 ---------------------------------------------------------------------------------------------

_ALWAYS = (
    ("研究生命起源", ("研究", "研究生", "生命", "起源")),
    ("从小学生做起", ("从小", "小学生", "学生", "做", "做起")),  # the longest word begins too late
)
_LONG = (  # words of four, of five
    ("南京市长江大桥", ("南京", "南京市", "市长", "长江", "长江大桥", "大桥", "大")),
    ("计算机科学家", ("计算", "计算机", "计算机科学", "科学", "科学家")),
)
_OTHERS = (
    ("他说的确实在理", ("的确", "确实", "实在", "在理")),
    ("结合成分子时", ("结合", "合成", "成分", "分子")),
    ("乒乓球拍卖完了", ("乒乓", "乒乓球", "球拍", "拍卖", "卖完")),
)


def draw_text(rng):
    """Draw a sentence of five pieces, one of them twice; its last sign is in no word."""
    pieces = [*_ALWAYS, _LONG[rng.integers(2)], _OTHERS[rng.integers(3)]]
    order = rng.permutation([0, 1, 2, 3, rng.integers(2)])
    between = ["啊", "呢吧", "", "", "嘛"]  # in no word
    sentence = "".join(pieces[i][0] + sign for i, sign in zip(order, between, strict=True))
    while True:  # until the first word that fits is not always the longest, nor always the shortest
        words = [str(w) for w in rng.permutation([w for piece in pieces for w in piece[1]])]
        others = [cut(sentence, words, **bug) for bug in ({}, {"shortest": True}, {"cap": 2})]
        if first_listed(sentence, words) not in others:
            return {"sentence": sentence, "words": words}


def cut(sentence, words, *, shortest=False, backward=False, drop=False, cap=None, glue=False):
    """Cut a sentence by its longest (or shortest) known words."""
    known, found, rest = set(words), [], sentence
    longest = cap or max(map(len, known))
    while rest:
        sizes = range(1, min(longest, len(rest)) + 1)
        order = sizes if shortest else reversed(sizes)
        pieces = [rest[-n:] if backward else rest[:n] for n in order]
        piece = next((p for p in pieces if p in known), None)
        if piece is None:
            piece = rest[-1] if backward else rest[0]
            if not drop:
                if glue and found and found[-1] not in known:
                    found[-1] += piece
                else:
                    found.append(piece)
        else:
            found.append(piece)
        rest = rest[: -len(piece)] if backward else rest[len(piece) :]
    return found[::-1] if backward else found


def first_listed(sentence, words):
    """Take the first word of the list that fits, long or short."""
    found, i = [], 0
    while i < len(sentence):
        found.append(next((w for w in words if sentence.startswith(w, i)), sentence[i]))
        i += len(found[-1])
    return found


def longest_anywhere(sentence, words):
    """Cut out the longest word first, wherever it stands."""
    longest = max((w for w in words if w in sentence), key=len, default=None)
    if longest is None:
        return list(sentence)
    before, after = sentence.split(longest, 1)
    return [*longest_anywhere(before, words), longest, *longest_anywhere(after, words)]


LONGEST_MATCH = Exercise(
    id="10.1",
    title=text("Words without spaces", "没有空格的词"),
    points=3,
    objective="O1",
    function="longest_match",
    inputs=draw_text,
    reference=lambda sentence, words: cut(sentence, words),
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "shortest",
            lambda sentence, words: cut(sentence, words, shortest=True),
            text(
                "You took the shortest known word at each place. Try the longest first.",
                "你在每个位置取了最短的词。应当先试最长的。",
            ),
        ),
        Pitfall(
            "first_listed",
            first_listed,
            text(
                "You took the first word of the list that fits. The list is in no order: compare all that fit.",
                "你取了词表里第一个能匹配上的词。词表没有次序：要在所有能匹配的词里取最长的。",
            ),
        ),
        Pitfall(
            "longest_anywhere",
            longest_anywhere,
            text(
                "You cut the longest words out first, wherever they stand in the sentence. Go from the left: at each place "
                "take the longest word that begins *there*.",
                "你先在整句里找最长的词切出来，不管它在什么位置。应当从左往右走，在每个位置取**从这里开始**的最长的词。",
            ),
        ),
        Pitfall(
            "backward",
            lambda sentence, words: cut(sentence, words, backward=True),
            text(
                "This is the matching from the right end. It is a method, too (often the better one), but here we go from the "
                "left.",
                "这是从右往左的匹配。它也是一种方法（往往还更好），但这里要从左往右。",
            ),
        ),
        Pitfall(
            "unknown_dropped",
            lambda sentence, words: cut(sentence, words, drop=True),
            text(
                "Characters that begin no known word have vanished. Such a character is a token by itself: nothing of the text "
                "may get lost.",
                "不在词典里的字不见了。这样的字应单独成为一个词元：原文一个字也不能丢。",
            ),
        ),
        Pitfall(
            "characters",
            lambda sentence, words: list(sentence),
            text(
                "Every character stands alone: no word of the list was found. Compare substrings, `sentence[i:i + n]`.",
                "每个字都单独成了一项：词表里的词一个也没找到。要比较子串 `sentence[i:i + n]`。",
            ),
        ),
        Pitfall(
            "two_at_most",
            lambda sentence, words: cut(sentence, words, cap=2),
            text(
                "Words of three characters and more are never found. The longest word of the list says how far to look.",
                "三个字以上的词没有找到。最多要看多长，由词表里最长的词决定。",
            ),
        ),
        Pitfall(
            "unknown_glued",
            lambda sentence, words: cut(sentence, words, glue=True),
            text(
                "Neighbouring characters that are in no word were put together. Each of them is a token by itself.",
                "相邻的、不属于任何词的字被粘在了一起。它们应各自成为一个词元。",
            ),
        ),
    ),
    hints=(
        text(
            "Stand at place i. Which substrings that begin there are in the list? Take the longest and go on behind it.",
            "站在位置 i：从这里开始的子串，哪些在词表里？取最长的，再从它后面继续。",
        ),
        text(
            "Try the lengths from that of the longest word down to 1; a single character is always taken.",
            "长度从最长的词开始，一直试到 1；只剩一个字时无论如何都取它。",
        ),
        text(
            "`while i < len(sentence): for n in range(longest, 0, -1): …` and move i by the length of what you took. (At the end "
            "of the sentence a slice is shorter than n: move by len of the piece.)",
            "`while i < len(sentence): for n in range(longest, 0, -1): …`，取了多长就把 i 移多远。"
            "（句末的切片可能比 n 短，要按实际取到的长度移动。）",
        ),
    ),
    right={
        "numpy": (
            "def longest_match(sentence, words):\n"
            "    if not sentence:\n"
            "        return []\n"
            "    fitting = [w for w in words if sentence.startswith(w)]\n"
            "    first = max(fitting, key=len, default=sentence[0])\n"
            "    return [first] + longest_match(sentence[len(first):], words)\n",
            "import re\n"
            "def longest_match(sentence, words):\n"
            "    ranked = sorted(words, key=len, reverse=True)\n"
            "    return re.findall('|'.join(map(re.escape, ranked)) + '|.', sentence)\n",
        )
    },
)

# 10.2 ---------------------------------------------------------------------------------------------


def draw_glove(rng):
    V, D = 4, 3
    X = rng.integers(0, 30, (V, V)).astype(float) * (rng.random((V, V)) < 0.7)
    X[0, 1], X[1, 2], X[2, 0] = 40.0, 3.0, 0.0
    return {
        "X": X,
        "w": rng.normal(size=(V, D)),
        "c": rng.normal(size=(V, D)),
        "b": rng.normal(size=V),
        "d": rng.normal(size=V),
        "x_max": float(rng.choice([10.0, 20.0])),
        "alpha": float(rng.choice([0.5, 0.75])),
    }


def glove(X, w, c, b, d, x_max, alpha, *, mean=False, weight=True, cap=True, log=True, biases=True, swap=False,
          root=False, plus_one=False):  # fmt: skip
    """GloVe's loss; the options are bugs."""
    seen = X > 0
    f = (np.where(seen, X, 1.0) / x_max) ** alpha
    f = np.minimum(f, 1) if cap else f
    f = f if weight else np.ones_like(X)
    product = c @ w.T if swap else w @ c.T
    target = np.log(np.where(seen, X, 1.0) + plus_one) if log else X
    error = product + (b[:, None] + d[None, :] if biases else 0) - target
    terms = np.where(seen, f * (np.abs(error) if root else error**2), 0.0)
    return float(terms.sum() / (seen.sum() if mean else 1))


def as_glove(**bug):
    return lambda **inputs: glove(**inputs, **bug)


GLOVE = Exercise(
    id="10.2",
    title=text("GloVe's loss", "GloVe 的损失"),
    points=3,
    objective="O2",
    function="glove_loss",
    survivors={
        "(w[i] * c[j]).sum(axis=1) + b[i] + d[j] - np.log(X[i, j]) → np.log(X[i, j]) - ((w[i] * c[j]).sum(axis=1) "
        "+ b[i] + d[j])": "the difference is squared",
    },
    inputs=draw_glove,
    reference=glove,
    comparator=close(rtol=1e-6, atol=1e-8),
    tensors=False,
    pitfalls=(
        Pitfall(
            "mean",
            as_glove(mean=True),
            text(
                "You averaged. The loss is a sum over pairs.", "你取了平均。这个损失是对词对求和。"
            ),
        ),
        Pitfall(
            "unweighted",
            as_glove(weight=False),
            text(
                "All pairs count alike. The weight f(X) is missing: rare pairs say little.",
                "所有词对的分量都一样，漏了权重 f(X)：罕见的词对说明不了多少问题。",
            ),
        ),
        Pitfall(
            "uncapped",
            as_glove(cap=False),
            text(
                "Frequent pairs count more than 1. From x_max on the weight stays 1.",
                "高频词对的权重超过了 1。从 x_max 起，权重应保持为 1。",
            ),
        ),
        Pitfall(
            "no_logarithm",
            as_glove(log=False),
            text(
                "The product is compared with X itself, not with log X.",
                "拿内积与 X 比较了，应当与 log X 比较。",
            ),
        ),
        Pitfall(
            "no_biases",
            as_glove(biases=False),
            text("The two biases are missing.", "漏了两个偏置。"),
        ),
        Pitfall(
            "biases_swapped",
            lambda X, w, c, b, d, x_max, alpha: glove(X, w, c, d, b, x_max, alpha),
            text(
                "The biases are exchanged: b goes with the word (row i), d with its company (column j).",
                "两个偏置弄反了：b 属于中心词（行 i），d 属于同伴（列 j）。",
            ),
        ),
        Pitfall(
            "no_alpha",
            lambda X, w, c, b, d, x_max, alpha: glove(X, w, c, b, d, x_max, 1.0),
            text(
                "The weight is (X / x_max) to the power alpha: the power is missing.",
                "权重是 (X / x_max) 的 alpha 次方：漏了乘方。",
            ),
        ),
        Pitfall(
            "log_of_one_more",
            as_glove(plus_one=True),
            text(
                "You took log(1 + X). The loss has log X; pairs with X = 0 are left out instead.",
                "你取的是 log(1 + X)。公式里是 log X；X = 0 的词对应当排除，而不是靠加一躲开。",
            ),
        ),
        Pitfall(
            "sides_swapped",
            as_glove(swap=True),
            text(
                "Rows and columns are exchanged: entry (i, j) belongs to the word vector wᵢ and the context vector cⱼ.",
                "行与列弄反了：(i, j) 处对应词向量 wᵢ 与上下文向量 cⱼ。",
            ),
        ),
        Pitfall(
            "not_squared",
            as_glove(root=True),
            text("The difference is to be squared.", "差应当平方。"),
        ),
        Pitfall(
            "not_a_number",
            lambda **inputs: float("nan"),
            text(
                "Not a number: log 0 of a pair that never met. Such pairs have weight 0, but 0 · ∞ is no number: leave them out "
                "before the logarithm.",
                "结果不是数：从未相遇的词对出现了 log 0。这样的词对权重为 0，但 0 · ∞ 不是数：取对数之前就要把它们排除。",
            ),
        ),
    ),
    hints=(
        text(
            "First the table of errors, V×V: what the vectors say less what the counts say.",
            "先算出 V×V 的误差表：向量给出的值减去计数给出的值。",
        ),
        text(
            "Pairs with X = 0 have weight 0. Take them out with a mask before you take the logarithm.",
            "X = 0 的词对权重为 0。取对数之前用掩码把它们排除。",
        ),
        text(
            "`i, j = np.nonzero(X)`, then everything for these pairs: `(w[i] * c[j]).sum(axis=1) + b[i] + d[j] - np.log(X[i, j])`.",
            "`i, j = np.nonzero(X)`，然后只对这些词对计算：`(w[i] * c[j]).sum(axis=1) + b[i] + d[j] - np.log(X[i, j])`。",
        ),
    ),
    right={
        "numpy": (
            "import numpy as np\n"
            "def glove_loss(X, w, c, b, d, x_max, alpha):\n"
            "    total = 0.0\n"
            "    for i in range(len(X)):\n"
            "        for j in range(len(X)):\n"
            "            if X[i, j] > 0:\n"
            "                f = min(1.0, (X[i, j] / x_max) ** alpha)\n"
            "                total += f * (w[i] @ c[j] + b[i] + d[j] - np.log(X[i, j])) ** 2\n"
            "    return total\n",
            "import numpy as np\n"
            "def glove_loss(X, w, c, b, d, x_max, alpha):\n"
            "    f = np.clip(X / x_max, 0, 1) ** alpha\n"
            "    logs = np.log(X, out=np.zeros_like(X), where=X > 0)\n"
            "    return np.sum(f * np.square(w @ c.T + b[:, None] + d - logs))\n",
        )
    },
)

# 10.3 ---------------------------------------------------------------------------------------------


def draw_vectors(rng):
    K, D, C = 7, 3, 2
    draw = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731
    known = np.zeros(K, np.int64)
    known[rng.permutation(K)[:4]] = 1
    return {
        "x": rng.integers(0, K, (6, 4)),
        "y": np.arange(6) % C,
        "table": draw(K, D),
        "head": draw(D, C),
        "vectors": draw(K, D),
        "known": known,
    }


def report_of_filling(head, **rest):
    trainable = head.size + head.shape[1]
    return {
        "known_rows": True,
        "other_rows": True,
        "trainable": int(trainable),
        "table_moved": False,
        "head_moved": True,
    }


PYTORCH_INSTALL = """\
def install_vectors(model, vectors, known):
    with torch.no_grad():
        model.tokens.weight[known] = torch.as_tensor(vectors[known])
    model.tokens.weight.requires_grad = False
"""
KERAS_INSTALL = """\
def install_vectors(model, vectors, known):
    table = model.tokens.get_weights()[0].copy()
    table[known] = vectors[known]
    model.tokens.set_weights([table])
    model.tokens.trainable = False
"""


def filling_code(pytorch=None, keras=None):
    code = {}
    for name, source, change in (
        ("pytorch", PYTORCH_INSTALL, pytorch),
        ("keras", KERAS_INSTALL, keras),
    ):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


INSTALL = Exercise(
    id="10.3",
    title=text("Borrowed vectors in an embedding", "把借来的词向量放进嵌入层"),
    points=3,
    objective="O2",
    function="install_vectors",
    inputs=draw_vectors,
    reference=report_of_filling,
    comparator=equal(),
    probe="filled_embedding",
    parts={
        "known_rows": text("“the known words' rows are the vectors”", "“已知词的行就是所给向量”"),
        "other_rows": text("“the other rows are as before”", "“其余的行与原来一样”"),
        "trainable": text("how many numbers may learn", "可训练的参数个数"),
        "table_moved": text("“a training step moved the embedding”", "“训练一步后嵌入变了”"),
        "head_moved": text("“a training step moved the head”", "“训练一步后分类头变了”"),
    },
    pitfalls=(
        Pitfall(
            "not_frozen",
            lambda **inputs: {"known_rows": True, "table_moved": True, "head_moved": True},
            text(
                "The vectors are in, but the training step moved them: freeze the embedding.",
                "向量放进去了，但训练一步就把它们改了：要冻结嵌入层。",
            ),
            code=filling_code(
                pytorch=("    model.tokens.weight.requires_grad = False\n", ""),
                keras=("    model.tokens.trainable = False\n", ""),
            ),
        ),
        Pitfall(
            "all_rows",
            lambda **inputs: {"known_rows": True, "other_rows": False},
            text(
                "Rows of words without a vector were overwritten as well. They keep their start.",
                "没有向量的词，它们的行也被覆盖了。这些行应保持原样。",
            ),
            code=filling_code(pytorch=("[known]", "[:]"), keras=("[known]", "[:]")),
        ),
        Pitfall(
            "wrong_rows",
            lambda **inputs: {"known_rows": False, "other_rows": False},
            text(
                "The vectors went into the wrong rows: row i of the table belongs to token i, and `known` says which rows.",
                "向量放错了行：表的第 i 行属于词元 i，放进哪些行由 `known` 决定。",
            ),
            code=filling_code(
                pytorch=("weight[known] =", "weight[: int(known.sum())] ="),
                keras=("table[known] =", "table[: int(known.sum())] ="),
            ),
        ),
        Pitfall(
            "nothing_put_in",
            lambda **inputs: {"known_rows": False, "other_rows": True},
            text(
                "The known words' rows are not the vectors: row i of `vectors` belongs to token i, known or not. If the rows are "
                "as they were before, you changed a copy of the table.",
                "已知词的行不是所给向量：不论已知与否，`vectors` 的第 i 行都属于词元 i。如果这些行根本没变，说明你改的是表的一份副本。",
            ),
            code=filling_code(
                pytorch=("model.tokens.weight[known] =", "model.tokens.weight.clone()[known] ="),
                keras=("    model.tokens.set_weights([table])\n", ""),
            ),
        ),
        Pitfall(
            "everything_frozen",
            lambda **inputs: {"trainable": 0, "head_moved": False},
            text(
                "Nothing may learn any more: the head is to stay free.",
                "什么都不能学了：分类头应当保持可训练。",
            ),
            code=filling_code(
                pytorch=(
                    "model.tokens.weight.requires_grad = False",
                    "model.requires_grad_(False)",
                ),
                keras=("model.tokens.trainable = False", "model.trainable = False"),
            ),
        ),
        Pitfall(
            "wrong_part",
            lambda **inputs: {"table_moved": True, "head_moved": False},
            text(
                "The head is frozen and the embedding is not: the other way round.",
                "冻结的是分类头而不是嵌入层：弄反了。",
            ),
            code=filling_code(
                pytorch=(
                    "model.tokens.weight.requires_grad = False",
                    "model.head.requires_grad_(False)",
                ),
                keras=("model.tokens.trainable = False", "model.head.trainable = False"),
            ),
        ),
    ),
    hints=(
        text(
            "Two things: put numbers into the layer's table, and stop the table from learning.",
            "两件事：把数放进嵌入层的表里；不让这张表再学习。",
        ),
        text(
            "The table is `model.tokens.weight` (PyTorch) or `model.tokens.get_weights()[0]` (Keras), one row for each token; "
            "`known` chooses rows.",
            "表是 `model.tokens.weight`（PyTorch）或 `model.tokens.get_weights()[0]`（Keras），每个词元一行；用 `known` 选行。",
        ),
        text(
            "PyTorch: change it under `torch.no_grad()`, then `requires_grad = False`. Keras: `set_weights([table])`, then "
            "`trainable = False` of this layer only.",
            "PyTorch：在 `torch.no_grad()` 下修改，再设 `requires_grad = False`。Keras：`set_weights([table])`，再把这一层的 "
            "`trainable` 设为 False。",
        ),
    ),
    right={
        "pytorch": (
            "def install_vectors(model, vectors, known):\n"
            "    rows = torch.as_tensor(known).unsqueeze(1)\n"
            "    table = torch.where(rows, torch.as_tensor(vectors), model.tokens.weight.detach())\n"
            "    model.tokens.weight.data.copy_(table)\n"
            "    model.tokens.requires_grad_(False)\n",
            "def install_vectors(model, vectors, known):\n"
            "    table = model.tokens.weight.detach().clone()\n"
            "    for row in range(len(table)):\n"
            "        if known[row]:\n"
            "            table[row] = torch.tensor(vectors[row])\n"
            "    model.tokens = torch.nn.Embedding.from_pretrained(table, freeze=True)\n",
        ),
        "keras": (
            "import numpy as np\n"
            "def install_vectors(model, vectors, known):\n"
            "    old = keras.ops.convert_to_numpy(model.tokens.embeddings)\n"
            "    model.tokens.embeddings.assign(np.where(known[:, None], vectors, old))\n"
            "    model.tokens.trainable = False\n",
            "def install_vectors(model, vectors, known):\n"
            "    (table,) = model.tokens.get_weights()\n"
            "    table = [v if k else t for v, k, t in zip(vectors, known, table)]\n"
            "    model.tokens.trainable = False\n"
            "    model.tokens.embeddings.assign(keras.ops.stack(table))\n",
        ),
    },
)

# 10.4 ---------------------------------------------------------------------------------------------


def draw_attention(rng):
    T, d = int(rng.choice([5, 6])), int(rng.choice([2, 3]))
    return {
        "q": rng.normal(size=(2, T, d)),
        "k": rng.normal(size=(2, T, d)),
        "v": rng.normal(size=(2, T, 5)),
    }


def attend(
    q,
    k,
    v,
    *,
    causal="later",
    scale=True,
    axis=-1,
    zeros=False,
    transposed=False,
    after=False,
    root=True,
):
    """Causal attention; the options are bugs."""
    d = q.shape[-1]
    scores = np.einsum("nid,njd->nij", q, k) / ((np.sqrt(d) if root else d) if scale else 1)
    T = scores.shape[1]
    hidden = {
        "later": np.triu(np.ones((T, T), bool), 1),
        "self_too": np.triu(np.ones((T, T), bool)),
        "earlier": np.tril(np.ones((T, T), bool), -1),
        "none": np.zeros((T, T), bool),
    }[causal]
    if not after:
        scores = np.where(hidden, 0.0 if zeros else -np.inf, scores)
    with np.errstate(invalid="ignore"):  # a row in which everything is −∞
        weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    weights = weights / weights.sum(axis=axis, keepdims=True)
    weights = np.where(hidden, 0.0, weights) if after else weights
    return np.einsum("nij,njd->nid", weights.swapaxes(1, 2) if transposed else weights, v)


def attended(**bug):
    return lambda **inputs: attend(**inputs, **bug)


ATTENTION = Exercise(
    id="10.4",
    title=text("Attention that cannot see the future", "看不见未来的注意力"),
    points=4,
    objective="O3",
    function="causal_attention",
    inputs=draw_attention,
    reference=attend,
    comparator=close(rtol=1e-4, atol=1e-5),
    forbidden=(
        "torch.nn.functional.scaled_dot_product_attention",
        "keras.ops.dot_product_attention",
    ),
    pitfalls=(
        Pitfall(
            "no_mask",
            attended(causal="none"),
            text(
                "Every place looks at all others, the later ones included. A model trained so copies its answers.",
                "每个位置都看到了所有位置，包括后面的。这样训练，模型只会抄答案。",
            ),
        ),
        Pitfall(
            "upside_down",
            attended(causal="earlier"),
            text(
                "The mask hides the past and shows the future: turn it round.",
                "掩码把过去遮住、把未来露了出来：弄反了。",
            ),
        ),
        Pitfall(
            "not_itself",
            attended(causal="self_too"),
            text(
                "A place may look at itself: hide only j > i. (The first place has nothing else to look at: everything in its row "
                "is −∞, and the result is no number.)",
                "位置可以看自己：只遮 j > i。（第一个位置除了自己没有别的可看：它那一行全是 −∞，结果就不是数。）",
            ),
        ),
        Pitfall(
            "not_a_number",
            lambda q, k, v: np.full(v.shape, np.nan),
            text(
                "Not a number: a row in which everything is −∞ (a place may see itself), or 0 · ∞ from multiplying a mask by −∞: "
                "use where or masked_fill.",
                "结果不是数：某一行全是 −∞（位置可以看自己），或者用掩码乘 −∞ 得到 0 · ∞：应使用 where 或 masked_fill。",
            ),
        ),
        Pitfall(
            "not_scaled",
            attended(scale=False),
            text("The division by √d is missing.", "漏了除以 √d。"),
        ),
        Pitfall(
            "zero_for_minus_infinity",
            attended(zeros=True),
            text(
                "Hidden scores were set to 0, and e⁰ = 1: the future still gets weight. They must be −∞ before softmax.",
                "被遮的得分设成了 0，而 e⁰ = 1，未来仍然分到了权重。softmax 之前应当设成 −∞。",
            ),
        ),
        Pitfall(
            "mask_after_softmax",
            attended(after=True),
            text(
                "Weights were set to 0 after softmax: what is left of a row no longer adds up to 1. Mask the scores *before* it.",
                "你在 softmax 之后把权重设成 0：一行里剩下的加起来不再是 1。应当在 softmax **之前**遮住得分。",
            ),
        ),
        Pitfall(
            "divided_by_d",
            attended(root=False),
            text("The scores are divided by √d, not by d.", "得分应当除以 √d，而不是 d。"),
        ),
        Pitfall(
            "softmax_over_queries",
            attended(axis=1),
            text(
                "Softmax went along the queries. Each *row* (each place that looks) shares out 1.",
                "softmax 沿着查询的方向做了。应当是每一**行**（每个在看的位置）分完 1。",
            ),
        ),
        Pitfall(
            "weights_transposed",
            attended(transposed=True),
            text(
                "The weights were transposed before they met the values.",
                "权重在与值相乘之前被转置了。",
            ),
        ),
    ),
    hints=(
        text(
            "Chapter b4's `attend` for a batch, and one more line between the scores and softmax.",
            "就是附录 b4 的 `attend` 加上批次维，再在得分与 softmax 之间多写一行。",
        ),
        text(
            "Make a T×T table that is true where the column j is later than the row i, and put −∞ there.",
            "做一张 T×T 的表，列 j 在行 i 之后处为真，把那里设成 −∞。",
        ),
        text(
            "PyTorch: `scores.masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)`. Keras: "
            "`ops.where(ops.triu(ops.ones((T, T)), 1) > 0, -np.inf, scores)`.",
            "PyTorch：`scores.masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)`。Keras："
            "`ops.where(ops.triu(ops.ones((T, T)), 1) > 0, -np.inf, scores)`。",
        ),
    ),
    right={
        "pytorch": (
            "def causal_attention(q, k, v):\n"
            "    out = []\n"
            "    for t in range(q.shape[1]):\n"
            "        scores = (q[:, t:t + 1] * k[:, :t + 1]).sum(-1) / q.shape[-1] ** 0.5\n"
            "        out.append((scores.softmax(-1).unsqueeze(-1) * v[:, :t + 1]).sum(1))\n"
            "    return torch.stack(out, dim=1)\n",
            "import math\n"
            "def causal_attention(q, k, v):\n"
            "    e = torch.exp(q @ k.mT / math.sqrt(k.shape[-1])).tril()\n"
            "    return (e / e.sum(dim=-1, keepdim=True)) @ v\n",
        ),
        "keras": (
            "from keras import ops\n"
            "def causal_attention(q, k, v):\n"
            "    out = []\n"
            "    for t in range(q.shape[1]):\n"
            "        scores = ops.sum(q[:, t:t + 1] * k[:, :t + 1], axis=-1) / q.shape[-1] ** 0.5\n"
            "        out.append(ops.sum(ops.softmax(scores)[..., None] * v[:, :t + 1], axis=1))\n"
            "    return ops.stack(out, axis=1)\n",
            "from keras import ops\n"
            "def causal_attention(q, k, v):\n"
            "    e = ops.tril(ops.exp(ops.einsum('nid,njd->nij', q, k) / float(k.shape[-1]) ** 0.5))\n"
            "    return ops.matmul(e / ops.sum(e, axis=-1, keepdims=True), v)\n",
        ),
    },
)

# 10.5 ---------------------------------------------------------------------------------------------


def draw_perplexity(rng):
    return {
        "perplexity": float(rng.uniform(20, 200)),
        "tokens": int(rng.integers(200, 400)),
        "characters": int(rng.integers(900, 2000)),
    }


BITS = Exercise(
    id="10.5",
    title=text("Two perplexities, one text", "两个困惑度，同一段文本"),
    points=2,
    objective="O3",
    function="bits_per_character",
    inputs=draw_perplexity,
    reference=lambda perplexity, tokens, characters: float(
        np.log2(perplexity) * tokens / characters
    ),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "nats",
            lambda perplexity, tokens, characters: np.log(perplexity) * tokens / characters,
            text(
                "These are nats. Bits take the logarithm to base 2.",
                "这是奈特（nat）。比特要用以 2 为底的对数。",
            ),
        ),
        Pitfall(
            "per_token",
            lambda perplexity, tokens, characters: np.log2(perplexity),
            text(
                "This is bits per token. The text's whole surprise is spread over its characters.",
                "这是每个词元的比特数。要把整段文本的意外程度分摊到每个字符上。",
            ),
        ),
        Pitfall(
            "upside_down",
            lambda perplexity, tokens, characters: np.log2(perplexity) * characters / tokens,
            text(
                "Tokens and characters are exchanged: there are fewer tokens than characters, so each character carries less.",
                "词元数与字符数弄反了：词元比字符少，所以每个字符承担的更少。",
            ),
        ),
        Pitfall(
            "whole_text",
            lambda perplexity, tokens, characters: np.log2(perplexity) * tokens,
            text(
                "These are the bits of the whole text. Spread them over its characters.",
                "这是整段文本的比特数。要分摊到每个字符上。",
            ),
        ),
        Pitfall(
            "tokens_forgotten",
            lambda perplexity, tokens, characters: np.log2(perplexity) / characters,
            text(
                "One token's bits were spread over all characters. The text has `tokens` of them.",
                "你把一个词元的比特数分摊给了全部字符。整段文本有 `tokens` 个词元。",
            ),
        ),
        Pitfall(
            "perplexity_divided",
            lambda perplexity, tokens, characters: perplexity * tokens / characters,
            text(
                "Perplexity itself cannot be spread: it is an exponential. Spread its logarithm.",
                "困惑度是指数，本身不能分摊；能分摊的是它的对数。",
            ),
        ),
        Pitfall(
            "per_character_perplexity",
            lambda perplexity, tokens, characters: perplexity ** (tokens / characters),
            text(
                "This is the perplexity per character: right, but bits are asked for. Take log₂ of it.",
                "这是每个字符的困惑度，没有错，但题目要的是比特：再取以 2 为底的对数。",
            ),
        ),
    ),
    hints=(
        text(
            "How surprising is the whole text, in nats, to a model of this perplexity per token?",
            "对每个词元困惑度如此的模型，整段文本的意外程度是多少奈特？",
        ),
        text(
            "tokens · log(perplexity). The text is the same, however it is cut: so is this sum.",
            "是 tokens · log(perplexity)。无论怎样切分，文本是同一段，这个总和也不变。",
        ),
        text("Divide by the characters, and by log 2.", "除以字符数，再除以 log 2。"),
    ),
    right={
        "numpy": (
            "import math\n"
            "def bits_per_character(perplexity, tokens, characters):\n"
            "    return tokens * math.log(perplexity) / math.log(2) / characters\n",
            "import math\n"
            "def bits_per_character(perplexity, tokens, characters):\n"
            "    return math.log2(perplexity ** (tokens / characters))\n",
        )
    },
)

# 10.7 ---------------------------------------------------------------------------------------------


def draw_pair(rng):
    lengths = rng.integers(2, 5, size=2)
    source, target = (rng.permutation(np.arange(10, 30))[:n].tolist() for n in lengths)
    return {
        "source": [int(n) for n in source],
        "target": [int(n) for n in target],
        "start": int(rng.integers(1, 4)),
        "arrow": int(rng.integers(4, 8)),
        "end": int(rng.integers(8, 10)),
        "places": int(rng.integers(11, 15)),
    }


def pair_rows(source, target, start, arrow, end, places, *, shift=True, whole=False, no_end=False, filler=-1,
              off=0, arrow_counts=False, end_read=False, masked_copy=False):  # fmt: skip
    """Inputs and targets of one translation; the options are bugs."""
    row = [start, *source, arrow, *target, *([] if no_end else [end])]
    x = row[:-1]
    y = row[1:] if shift else row[:-1]
    silent = len(source) + 1 + off - arrow_counts
    if not whole:
        y = [-1] * silent + y[silent:]
    if masked_copy:
        y = [-1] * (len(source) + 2) + x[len(source) + 2 :]
    x = [*row] if end_read else x
    fill = lambda numbers, with_: np.array(numbers + [with_] * (places - len(numbers)))  # noqa: E731
    return {"x": fill(x, 0), "y": fill(y, filler)}


def colleague(source, target, start, arrow, end, places):
    """The rows as the colleague makes them."""
    row = [start, *source, arrow, *target]
    filled = np.array(row + [0] * (places - len(row)))
    return {"x": filled, "y": filled.copy()}


def paired(**bug):
    return lambda **inputs: pair_rows(**inputs, **bug)


PAIR_ROWS = Exercise(
    id="10.7",
    title=text("Find the bug: what is the target?", "找出毛病：目标是什么？"),
    points=3,
    objective="O4",
    function="pair_to_rows",
    inputs=draw_pair,
    reference=pair_rows,
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.text.made_languages.translation_arrays",),
    pitfalls=(
        Pitfall(
            "as_it_was",
            colleague,
            text(
                "These are the colleague's rows, unchanged. Four things: what comes next, the end, the source, the padding.",
                "这就是同事原来的做法。四处要看：下一个是什么、结束符、源语句、填充。",
            ),
        ),
        Pitfall(
            "shifted_only",
            paired(whole=True, filler=0),
            text(
                "Shifted, and with an end: two of four. The source sentence and the padding still count: there y is −1.",
                "错开了，也有了结束符：四处改了两处。源语句和填充仍算进损失：那里的 y 应为 −1。",
            ),
        ),
        Pitfall(
            "a_masked_copy",
            paired(masked_copy=True),
            text(
                "Each English word stands at its own place: the model sees it in x and copies it. The target is the *next* token, so "
                "the first English word stands at the arrow's place.",
                "每个英文词都填在它自己的位置：模型在 x 里就看得见，照抄即可。目标应是**下一个**词元，第一个英文词要填在箭头的位置。",
            ),
        ),
        Pitfall(
            "end_is_read",
            paired(end_read=True),
            text(
                "The end stands in x. It is only ever predicted: nothing comes after it.",
                "结束符出现在 x 里了。它只被预测：它后面什么也没有。",
            ),
        ),
        Pitfall(
            "not_shifted",
            paired(shift=False),
            text(
                "The target at each place is the token that stands there: the model only has to copy its input, and its loss falls "
                "to 0. The target is the *next* token.",
                "每个位置的目标就是当前位置的词元：模型只要照抄输入，损失就会降到 0。目标应是**下一个**词元。",
            ),
        ),
        Pitfall(
            "source_counts",
            paired(whole=True),
            text(
                "The source sentence counts, too: the model spends itself on guessing made sentences. There y is −1.",
                "源语句也算进了损失：模型把力气花在猜人造语句上。那里的 y 应为 −1。",
            ),
        ),
        Pitfall(
            "padding_counts",
            paired(filler=0),
            text(
                "The padding behind the end is a target (0): the model is praised for writing nothing. There y is −1.",
                "结尾之后的填充成了目标（0）：模型因为什么都不写而得到奖励。那里的 y 应为 −1。",
            ),
        ),
        Pitfall(
            "no_end",
            paired(no_end=True),
            text(
                "The end is not among the targets: a model trained so never stops.",
                "目标里没有结束符：这样训练的模型不会停下来。",
            ),
        ),
        Pitfall(
            "first_word_silent",
            paired(off=1),
            text(
                "The first English word does not count. It is the target at the arrow's place.",
                "第一个英文词没有算进去。它是箭头那个位置的目标。",
            ),
        ),
        Pitfall(
            "arrow_is_target",
            paired(arrow_counts=True),
            text(
                "The arrow is a target. Only the words of the translation and the end are.",
                "箭头成了目标。只有译文的词和结束符才是目标。",
            ),
        ),
    ),
    hints=(
        text(
            "Write the whole row first: start, source, arrow, target, end. x is all of it but the last token.",
            "先写出整行：开始、源句、箭头、译文、结束。x 是去掉最后一个词元的整行。",
        ),
        text(
            "y is all of it but the first token; then everything before the first English word becomes −1.",
            "y 是去掉第一个词元的整行；然后把第一个英文词之前的都改成 −1。",
        ),
        text(
            "`y = [-1] * (len(source) + 1) + [*target, end]`; fill x up with 0 and y with −1.",
            "`y = [-1] * (len(source) + 1) + [*target, end]`；x 用 0 补齐，y 用 −1 补齐。",
        ),
    ),
    right={
        "numpy": (
            "import numpy as np\n"
            "def pair_to_rows(source, target, start, arrow, end, places):\n"
            "    x, y = np.zeros(places, int), np.full(places, -1)\n"
            "    row = np.array([start, *source, arrow, *target, end])\n"
            "    x[:len(row) - 1] = row[:-1]\n"
            "    y[len(source) + 1:len(row) - 1] = row[len(source) + 2:]\n"
            "    return {'x': x, 'y': y}\n",
            "def pair_to_rows(source, target, start, arrow, end, places):\n"
            "    x = [start] + source + [arrow] + target\n"
            "    y = [-1 for _ in source] + [-1] + target + [end]\n"
            "    x += [0] * (places - len(x))\n"
            "    y += [-1] * (places - len(y))\n"
            "    return dict(x=x, y=y)\n",
        )
    },
)

# 10.6 ---------------------------------------------------------------------------------------------


def draw_nucleus(rng):
    return {
        "z": rng.normal(size=(3, 6)) * np.array([[0.4], [1.0], [2.0]]),
        "temperature": float(rng.uniform(0.5, 0.8))
        if rng.random() < 0.5
        else float(rng.uniform(1.3, 1.8)),
        "share": float(rng.uniform(0.55, 0.85)),
    }


def nucleus(
    z,
    temperature,
    share,
    *,
    again=True,
    hot=True,
    without_last=False,
    multiply=False,
    count=False,
    keep_low=False,
    late=False,
):
    """Probabilities of nucleus sampling; the options are bugs."""
    scaled = z * temperature if multiply else z / (temperature if hot and not late else 1)
    p = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    out = np.zeros_like(p)
    for row, target in zip(p, out, strict=True):
        order = np.argsort(row if keep_low else -row)
        before = np.cumsum(row[order]) - row[order]
        n = int((before < share).sum())
        n = max(n - 1, 1) if without_last else n
        n = max(1, round(share * len(row))) if count else n
        target[order[:n]] = row[order[:n]] ** (1 / temperature if late else 1)
    return out / out.sum(axis=-1, keepdims=True) if again else out


def of_nucleus(**bug):
    return lambda **inputs: nucleus(**inputs, **bug)


NUCLEUS = Exercise(
    id="10.6",
    title=text("The nucleus", "核采样"),
    points=3,
    objective="O5",
    function="nucleus_probabilities",
    drawing=drawings.bars(across=text("token", "词元"), down=text("probability", "概率")),
    survivors={
        "before < share → before <= share": "no sum of drawn probabilities is the share exactly"
    },
    inputs=draw_nucleus,
    reference=nucleus,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "not_renormalised",
            of_nucleus(again=False),
            text(
                "What is left does not add up to 1. Divide by its sum.",
                "剩下的概率加起来不是 1，要除以它们的和。",
            ),
        ),
        Pitfall(
            "no_temperature",
            of_nucleus(hot=False),
            text(
                "The temperature has no effect. Divide the logits by it first.",
                "温度没有起作用。先用它去除 logits。",
            ),
        ),
        Pitfall(
            "temperature_last",
            of_nucleus(late=True),
            text(
                "The nucleus was chosen without the temperature, which came afterwards. Divide the logits first, then choose.",
                "你先不管温度选出了核，之后才用温度。应先用温度去除 logits，再选。",
            ),
        ),
        Pitfall(
            "temperature_multiplied",
            of_nucleus(multiply=True),
            text(
                "The logits are to be divided by the temperature.",
                "logits 应当除以温度，而不是乘。",
            ),
        ),
        Pitfall(
            "one_too_few",
            of_nucleus(without_last=True),
            text(
                "The nucleus is one token short: the token that reaches the share belongs to it.",
                "核里少了一个词元：使总和达到 share 的那个词元也属于核。",
            ),
        ),
        Pitfall(
            "a_share_of_the_tokens",
            of_nucleus(count=True),
            text(
                "You kept a share of the *number* of tokens. The share is one of the probability.",
                "你按词元的**个数**取了比例。share 说的是概率的总和。",
            ),
        ),
        Pitfall(
            "the_unlikely",
            of_nucleus(keep_low=True),
            text(
                "You kept the unlikely ones: begin with the likeliest.",
                "你留下的是概率小的：应从最大的开始。",
            ),
        ),
    ),
    hints=(
        text(
            "First softmax of z divided by the temperature, row by row.",
            "先逐行算 z 除以温度之后的 softmax。",
        ),
        text(
            "Sort a row from large to small. Keep a token when the sum of those *before* it is still below the share.",
            "把一行从大到小排序。若排在它**前面**的概率之和还不到 share，就留下这个词元。",
        ),
        text(
            "`order = np.argsort(-p)`, `before = np.cumsum(p[order]) - p[order]`, keep `order[before < share]`, divide by the sum.",
            "`order = np.argsort(-p)`，`before = np.cumsum(p[order]) - p[order]`，留下 `order[before < share]`，再除以总和。",
        ),
    ),
    right={
        "numpy": (
            "import numpy as np\n"
            "def nucleus_probabilities(z, temperature, share):\n"
            "    p = np.exp(z / temperature)\n"
            "    p /= p.sum(axis=1, keepdims=True)\n"
            "    before = (p[:, None, :] * (p[:, None, :] > p[:, :, None])).sum(axis=2)\n"
            "    kept = np.where(before < share, p, 0)\n"
            "    return kept / kept.sum(axis=1, keepdims=True)\n",
            "from scipy.special import softmax\n"
            "import numpy as np\n"
            "def nucleus_probabilities(z, temperature, share):\n"
            "    rows = []\n"
            "    for p in softmax(np.asarray(z) / temperature, axis=1):\n"
            "        kept, total = np.zeros_like(p), 0.0\n"
            "        for i in sorted(range(len(p)), key=lambda i: p[i], reverse=True):\n"
            "            if total >= share:\n"
            "                break\n"
            "            kept[i] = p[i]\n"
            "            total += p[i]\n"
            "        rows.append(kept / total)\n"
            "    return np.array(rows)\n",
        )
    },
)

# 10.8 ---------------------------------------------------------------------------------------------


def draw_pieces(rng):
    """Draw six candidates and three budgets: one admits nothing, one a single candidate, one all."""
    depth = int(rng.choice([2, 3]))
    while True:
        signs = int(rng.integers(60, 90))
        width = int(rng.choice([48, 66, 78])) // depth  # so that blocks and head weigh alike
        merges = np.sort(rng.choice(np.arange(20, 600, 10), 6, replace=False))
        mean = 60 * (1 + merges / rng.uniform(60, 120)) ** -0.35
        spread = rng.permutation([*rng.uniform(0.6, 1.3, 18), *rng.uniform(1.6, 2.6, 2)])
        lengths = np.maximum(1, np.round(mean[:, None] * spread)).astype(int)
        first = rng.integers(1, 3)  # with fewer merges the texts do not fit
        table = (signs + merges) * width
        budgets = rng.permutation([table[first - 1], table[first], 2 * table[5]])
        order = rng.permutation(6)
        inputs = {
            "lengths": lengths[order],
            "merges": [int(m) for m in merges[order]],
            "signs": signs,
            "width": width,
            "depth": depth,
            "places": int(np.sort(lengths[first])[17]),  # 18 of the 20 texts fit: just 90 %
            "budgets": [int(budget) for budget in budgets],
        }
        right = choose(**inputs)
        answers = [right, *(choose(**inputs, **bug) for bug in PIECES_BUGS)]
        if (
            min(right) == -1
            and len(set(right)) == 3
            and len({tuple(answer) for answer in answers}) == len(answers)
            and all(choose(**inputs, **bug) != right for bug in UNNAMED_BUGS)
            and choose(**{**inputs, "depth": 5 - depth}) != right  # 3 for 2, 2 for 3
        ):
            return inputs


def choose(lengths, merges, signs, width, depth, places, budgets, *, without_signs=False,
           table=True, window=True, dearest=False, index=False, shortest=False, one_block=False,
           strict=False, above=False, paid=None):  # fmt: skip
    """Choose the cheapest candidate for each budget; the options are bugs."""
    V = np.asarray(merges) + (0 if without_signs else signs)
    each = 12 * (1 if one_block else depth) * width**2 + width * V
    sums = (paid(lengths, places) if paid else lengths).sum(axis=1)
    cost = sums * (1 if shortest else each)
    share = (lengths < places if strict else lengths <= places).mean(axis=1)
    fits = (share > 0.9 if above else share >= 0.9) | (not window)
    chosen = []
    for budget in budgets:
        allowed = fits & ((V * width <= budget) | (not table))
        best = (
            np.where(allowed, cost, -np.inf).argmax()
            if dearest
            else np.where(allowed, cost, np.inf).argmin()
        )
        chosen.append((int(best) if index else int(merges[best])) if allowed.any() else -1)
    return chosen


PIECES_BUGS = (
    {"without_signs": True},
    {"one_block": True},
    {"table": False},
    {"window": False},
    {"dearest": True},
    {"shortest": True},
    {"index": True},
)
UNNAMED_BUGS = (
    {"strict": True},
    {"above": True},
    {"paid": np.minimum},  # texts cut off
    {"paid": lambda lengths, places: lengths * (lengths <= places)},  # or left out
)


def chosen_with(**bug):
    return lambda **inputs: choose(**inputs, **bug)


PIECES = Exercise(
    id="10.8",
    title=text("Pieces within the budget", "预算之内的子词"),
    points=3,
    objective="O1",
    function="choose_merges",
    survivors={
        "lengths.sum(axis=1) → lengths.mean(axis=1)": "every candidate has the same number of texts",
    },
    inputs=draw_pieces,
    reference=choose,
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "without_signs",
            chosen_with(without_signs=True),
            text(
                "V counts the merges only. The single signs are tokens, too: V = signs + merges.",
                "V 只算了合并出来的词元。单个字符也是词元：V = signs + 合并次数。",
            ),
        ),
        Pitfall(
            "shortest",
            chosen_with(shortest=True),
            text(
                "These have the shortest rows: most merges always look best when a token's price is left out, or its head (width · V), which grows with V.",
                "这是序列最短的方案：不算每个词元的花费，或者漏了其中随 V 增大的输出头（width · V），总是合并得越多越好。",
            ),
        ),
        Pitfall(
            "one_block",
            chosen_with(one_block=True),
            text(
                "You took one with fewer merges than the cheapest: its head was weighed too heavily, or the price left out. "
                "`depth` multiplies 12·width² and not the head width·V; all texts are paid.",
                "你选的合并次数比最便宜的少：输出头算重了，或者没有算花费。`depth` 只乘 12·width²，不乘输出头 width·V；所有文本都要付。",
            ),
        ),
        Pitfall(
            "table_unlimited",
            chosen_with(table=False),
            text(
                "The table of the chosen one is larger than the budget allows: V · width numbers.",
                "所选方案的词元表超出了预算：它有 V · width 个数。",
            ),
        ),
        Pitfall(
            "window_ignored",
            chosen_with(window=False),
            text(
                "With the one that you chose, fewer than 90 % of the texts fit into the places. (That their mean fits is not enough; and where no candidate will do, the answer is −1: argmin of nothing but ∞ is 0.)",
                "按你选的方案，放得下的文本不到 90%。（平均长度放得下还不够；没有合格方案时应为 −1：全是 ∞ 时 argmin 给出 0。）",
            ),
        ),
        Pitfall(
            "dearest",
            chosen_with(dearest=True),
            text("That is the dearest of those allowed.", "这是合格方案里最贵的。"),
        ),
        Pitfall(
            "index",
            chosen_with(index=True),
            text(
                "These are places in the list. Return the numbers of merges.",
                "这是方案的序号。要返回的是合并次数。",
            ),
        ),
    ),
    hints=(
        text(
            "Three rows of C numbers, the same for all budgets: the tokens V, the cost, and whether 90 % of the texts fit.",
            "先算三行、每行 C 个数，它们与预算无关：词元数 V、费用、是否有 90% 的文本放得下。",
        ),
        text(
            "The cost of a candidate is the sum of its lengths times (12 · depth · width² + width · V).",
            "一个方案的费用，是它的长度之和乘以 (12 · depth · width² + width · V)。",
        ),
        text(
            "For each budget: `allowed = fits & (V * width <= budget)`; if `allowed.any()`, "
            "`merges[np.where(allowed, cost, np.inf).argmin()]`, else −1.",
            "对每个预算：`allowed = fits & (V * width <= budget)`；若 `allowed.any()`，取 "
            "`merges[np.where(allowed, cost, np.inf).argmin()]`，否则为 −1。",
        ),
    ),
    right={
        "numpy": (
            "def choose_merges(lengths, merges, signs, width, depth, places, budgets):\n"
            "    answers = []\n"
            "    for budget in budgets:\n"
            "        best = (float('inf'), -1)\n"
            "        for m, row in zip(merges, lengths):\n"
            "            V = signs + m\n"
            "            if V * width > budget or sum(n <= places for n in row) < 0.9 * len(row):\n"
            "                continue\n"
            "            best = min(best, (sum(row) * (12 * depth * width ** 2 + width * V), m))\n"
            "        answers.append(int(best[1]))\n"
            "    return answers\n",
            "import numpy as np\n"
            "def choose_merges(lengths, merges, signs, width, depth, places, budgets):\n"
            "    V = signs + np.array(merges)\n"
            "    cost = np.mean(lengths, axis=1) * (12 * depth * width + V)\n"
            "    good = [c for c in np.argsort(cost) if np.mean(lengths[c] > places) <= 0.1 + 1e-12]\n"
            "    pick = lambda b: next((merges[c] for c in good if V[c] <= b // width), -1)\n"
            "    return [pick(b) for b in budgets]\n",
        )
    },
)

# 10.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="10.9",
    title=text("A report to be read closely", "一份要细读的报告"),
    points=3,
    objective="O3",
    rubric=(
        (
            1,
            text(
                "First fault: named with its reason (½) and with the number or experiment to ask for (½). Any of: perplexity per piece "
                "against per word (ask: bits per character, same text); no rival that has read the same (ask: n-grams on posts and "
                "reviews); from scratch on 200 reviews shows the worth of text, not understanding; rate chosen on the test reviews; one "
                "run, no interval, no trivial baseline; another domain taken for the same (ask: labelled phone reviews, counts carried "
                "over); near-duplicates or one writer on both sides.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的数字或实验（½ 分）。下列任一项：每子词与每词的困惑度不可比（应要求：同一文本上每字符的"
                "比特数）；没有读过同样文本的对手（应要求：在帖子和评论上计数的 n 元语法）；200 条评论从零训练不行，说明文本有用，不说明“理解”；在测试评论"
                "上选学习率；只跑一次、没有区间、没有最简单的基线；把另一个领域当成同一个（应要求：带标签的手机评论，以及直接搬过去的词频）；划分两边有"
                "几乎重复的文本或同一作者。",
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

EXERCISES = (LONGEST_MATCH, GLOVE, INSTALL, ATTENTION, BITS, NUCLEUS, PAIR_ROWS, PIECES, REPORT)

QUIZZES = (
    Quiz(
        id="10.q4",
        question=text(
            "The dictionary holds 研究 · 研究生 · 生命 · 起源 (research; graduate student; life; origin). What does forward maximum matching make of 研究生命起源 here?",
            "词典里有“研究”“研究生”“生命”“起源”。正向最大匹配会把“研究生命起源”切成什么？",
        ),
        options=(
            Option(
                text("研究 · 生命 · 起源", "研究 · 生命 · 起源"),
                text(
                    "That is what a reader makes of it. At the first place 研究生 fits as well: it is longer.",
                    "人会这样读。但在第一个位置，“研究生”也匹配得上，而且更长。",
                ),
            ),
            Option(
                text("研究生 · 命 · 起源", "研究生 · 命 · 起源"),
                text(
                    "Yes: the longest word is taken at once and 命 is left alone. From the right end it would have come out right.",
                    "对：最长的词先被取走，“命”就落了单。若从右往左匹配，反倒切对了。",
                ),
                right=True,
            ),
            Option(
                text("研 · 究 · 生 · 命 · 起 · 源", "研 · 究 · 生 · 命 · 起 · 源"),
                text(
                    "Single characters are left only where no word of the dictionary begins.",
                    "只有当词典里没有词从某个字开始时，才剩下单个的字。",
                ),
            ),
        ),
    ),
    Quiz(
        id="10.q1",
        question=text(
            "A classifier of book reviews meets reviews of kettles. It counts words. How often will it be right? (Chance is 0.5; on books it "
            "reaches 0.9.)",
            "一个书评分类器遇到了水壶的评论。它靠数词来判断。它能对多少？（瞎猜是 0.5；在书评上约 0.9。）",
        ),
        options=(
            Option(
                text("About 0.9: good is good", "约 0.9：好就是好"),
                text(
                    "Only for words that both domains use. It has never seen “leaky”.",
                    "只有两个领域共用的词才如此。它从没见过“漏水”。",
                ),
            ),
            Option(
                text("About 0.7", "约 0.7"),
                text(
                    "Yes: the shared words carry it so far, the others say nothing to it.",
                    "对：共用的词只能把它带到这里，别的词对它毫无意义。",
                ),
                right=True,
            ),
            Option(
                text("About 0.5", "约 0.5"),
                text(
                    "It is not that blind: “excellent” and “terrible” are praise and blame everywhere.",
                    "没有那么糟：“优秀”和“糟糕”在哪里都是褒贬。",
                ),
            ),
        ),
    ),
    Quiz(
        id="10.q2",
        question=text(
            "A language model knows nothing at all and gives each of 99 tokens the same probability. Its perplexity?",
            "一个语言模型什么都不知道，给 99 个词元同样的概率。它的困惑度是多少？",
        ),
        options=(
            Option(
                text("1", "1"),
                text("1 is the best there is: never surprised.", "1 是最好的情形：从不意外。"),
            ),
            Option(
                text("log 99 ≈ 4.6", "log 99 ≈ 4.6"),
                text(
                    "That is its surprise per token, in nats. Perplexity is e to that.",
                    "这是每个词元的意外程度（奈特）。困惑度是 e 的这么多次方。",
                ),
            ),
            Option(
                text("99", "99"),
                text(
                    "Yes: as if it guessed among 99 equally likely tokens; it does.",
                    "对：就像在 99 个等可能的词元里猜，而它正是如此。",
                ),
                right=True,
            ),
        ),
    ),
    Quiz(
        id="10.q3",
        question=text(
            "A hundred sentences of Luma with their translations. Which start is best, and can a pre-trained start be *worse* than none?",
            "只有一百句 Luma 语和译文。哪种起点最好？预训练过的起点会不会比没有**更差**？",
        ),
        options=(
            Option(
                text(
                    "The sister's model; the stranger's is second: it knows English, too",
                    "姐妹语言的模型最好，陌生语言的第二：它也懂英语",
                ),
                text(
                    "The first half is right. The stranger brings a habit, too: where to look.",
                    "前一半对。陌生语言还带来了一个习惯：往哪里看。",
                ),
            ),
            Option(
                text(
                    "The sister's model; the stranger's is worse than none",
                    "姐妹语言的模型最好；陌生语言的比没有更差",
                ),
                text(
                    "Yes. Look at the table: negative transfer, by a habit that has to be unlearned.",
                    "对。看看下面的表：要先改掉一个习惯，这就是负迁移。",
                ),
                right=True,
            ),
            Option(
                text("No difference: translation is word by word", "没有差别：翻译就是逐词对应"),
                text(
                    "Then a hundred sentences would have to be enough for all words. They are not.",
                    "那样一百句就该够学会所有的词了。事实并非如此。",
                ),
            ),
        ),
    ),
)
