"""Exercises of chapter 13, recommendation and finance: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import math

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text

# 13.1 ---------------------------------------------------------------------------------------------


def draw_events(rng):
    n, articles, days = 40, int(rng.integers(5, 8)), int(rng.integers(6, 10))
    day = np.sort(rng.integers(0, days, n))
    article = rng.integers(0, articles - 1, n)
    article[-1] = articles - 1  # new on the last day
    p = np.array([0.1, 0.3, 0.5, 0.7, 0.2, 0.9, 0.4])[article]
    order = rng.permutation(n)  # the log is not sorted
    return {
        "day": day[order],
        "article": article[order],
        "clicked": (rng.random(n) < p).astype(np.int64)[order],
        "prior": float(rng.choice([0.1, 0.15, 0.2])),
        "strength": float(rng.choice([3.0, 5.0, 8.0])),
    }


def past(day, article, clicked, prior, strength, *, when="before", smooth=True, everyone=False, shown=True,
         prior_weight=True):  # fmt: skip
    """Click rates from the past; the options are bugs."""
    n = len(day)
    counted = {
        "before": day[None, :] < day[:, None],
        "today": day[None, :] <= day[:, None],
        "always": np.ones((n, n), dtype=bool),
        "row": np.tril(np.ones((n, n), dtype=bool), -1),
        "after": day[None, :] > day[:, None],
        "others": ~np.eye(n, dtype=bool),
    }[when]
    if not everyone:
        counted = counted & (article[None, :] == article[:, None])
    clicks, shows = (counted * clicked).sum(axis=1), counted.sum(axis=1)
    if not shown:
        return clicks.astype(float)
    if not smooth:
        return np.where(shows > 0, clicks / np.maximum(shows, 1), prior)
    return (clicks + (strength * prior if prior_weight else 0)) / (shows + strength)


def as_past(**bug):
    return lambda **inputs: past(**inputs, **bug)


PAST = Exercise(
    id="13.1",
    title=text("Only what was known", "只用当时知道的"),
    points=4,
    objective="O1",
    function="past_rate",
    drawing=drawings.curve(across=text("event", "事件"), down=text("click rate", "点击率")),
    inputs=draw_events,
    reference=past,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "whole_log",
            as_past(when="always"),
            text(
                "The rate is taken over the whole log: it knows the future, and the very click that is to be predicted.",
                "点击率是用整份日志算的：它知道未来，连要预测的那次点击也算了进去。",
            ),
        ),
        Pitfall(
            "today_too",
            as_past(when="today"),
            text(
                "The same day counts as well, and with it the event itself. Only days before this one: `<`, not `<=`.",
                "当天也算了进去，其中就有这次事件本身。只能用更早的日子：是 `<`，不是 `<=`。",
            ),
        ),
        Pitfall(
            "rows_for_time",
            as_past(when="row"),
            text(
                "You counted the rows above. The log is in no order: compare days.",
                "你数的是排在上面的行。日志没有按时间排序：要比较日期。",
            ),
        ),
        Pitfall(
            "leave_one_out",
            as_past(when="others"),
            text(
                "Only the event itself is left out; later days still count. Leaving one out is no split by time.",
                "只去掉了这次事件本身，更晚的日子仍在其中。留一法不是按时间划分。",
            ),
        ),
        Pitfall(
            "after",
            as_past(when="after"),
            text(
                "You counted the days after. Turn the comparison round.",
                "你数的是之后的日子，比较的方向反了。",
            ),
        ),
        Pitfall(
            "unsmoothed",
            as_past(smooth=False),
            text(
                "Without the prior's weight, one lucky click makes a rate of 1. Add strength · prior above and strength below.",
                "没有加先验的分量，碰巧一次点击就成了 100%。分子要加 strength · prior，分母要加 strength。",
            ),
        ),
        Pitfall(
            "prior_below_only",
            as_past(prior_weight=False),
            text(
                "The strength stands below but not above: a new article would have the rate 0.",
                "分母加了 strength，分子却没有加 strength · prior：新文章的点击率成了 0。",
            ),
        ),
        Pitfall(
            "all_articles",
            as_past(everyone=True),
            text(
                "All articles are counted together. Count the events of the same article.",
                "所有文章混在一起数了。只数同一篇文章的事件。",
            ),
        ),
        Pitfall(
            "clicks",
            as_past(shown=False),
            text(
                "These are numbers of clicks. Divide by how often the article was shown.",
                "这是点击次数，还要除以展示次数。",
            ),
        ),
    ),
    hints=(
        text(
            "For one event: which other events are of the same article and of an earlier day? Count them, and the clicks among them.",
            "先看一次事件：哪些事件属于同一篇文章、而且日期更早？数出它们，以及其中的点击。",
        ),
        text(
            "The mask `(article == article[i]) & (day < day[i])` says which; `.sum()` counts.",
            "掩码 `(article == article[i]) & (day < day[i])` 指出是哪些，`.sum()` 计数。",
        ),
        text(
            "`(clicked[known].sum() + strength * prior) / (known.sum() + strength)` for each i, as an array.",
            "对每个 i 计算 `(clicked[known].sum() + strength * prior) / (known.sum() + strength)`，合成一个数组。",
        ),
    ),
    right={
        "numpy": (
            "import numpy as np\n"
            "def past_rate(day, article, clicked, prior, strength):\n"
            "    rates = []\n"
            "    for i in range(len(day)):\n"
            "        clicks = shows = 0\n"
            "        for j in range(len(day)):\n"
            "            if article[j] == article[i] and day[j] < day[i]:\n"
            "                shows += 1\n"
            "                clicks += clicked[j]\n"
            "        rates.append((clicks + strength * prior) / (shows + strength))\n"
            "    return np.array(rates)\n",
            "import numpy as np\n"
            "def past_rate(day, article, clicked, prior, strength):\n"
            "    shows, clicks = np.zeros(article.max() + 1), np.zeros(article.max() + 1)\n"
            "    rate = np.empty(len(day))\n"
            "    for today in np.unique(day):\n"
            "        now = day == today\n"
            "        rate[now] = (clicks[article[now]] + strength * prior) / (shows[article[now]] + strength)\n"
            "        np.add.at(shows, article[now], 1)\n"
            "        np.add.at(clicks, article[now], clicked[now])\n"
            "    return rate\n",
        )
    },
)

# 13.2 ---------------------------------------------------------------------------------------------


def draw_list(rng):
    n = int(rng.integers(7, 10))
    while True:  # until each of these bugs shows
        scores = rng.choice([0.1, 0.2, 0.5, 0.9], n)
        gains = rng.choice([0.0, 1.0, 1.0, 2.0], n)
        k = int(rng.integers(3, 5))
        answer = gain(scores, gains, k)
        bugs = [
            {"ties": "order"},
            {"ties": "lucky"},
            {"ties": "ends"},
            {"first": 1},
            {"ideal": "whole"},
            {"cut": False},
            {"rising": True},
        ]
        others = [gain(scores, gains, k, **bug) for bug in bugs]
        if gains.max() == 2 and min(gains) == 0 and all(abs(answer - o) > 1e-3 for o in others):
            return {"scores": scores, "gains": gains, "k": k}


def gain(scores, gains, k, *, ties="mean", log=np.log2, first=2, rising=False, ideal="best", cut=True, normal=True,
         exponential=False):  # fmt: skip
    """NDCG of one list; the options are bugs."""
    if ties == "ends":
        ends = [gain(scores, gains, k, ties=each) for each in ("lucky", "unlucky")]
        return sum(ends) / 2
    g = 2**gains - 1 if exponential else gains
    key = scores if rising else -scores
    order = np.argsort(key, kind="stable")
    order = np.lexsort((-g if ties == "lucky" else g, key)) if ties.endswith("lucky") else order
    ranked = g[order]
    if ties == "mean":
        ranked = np.array([ranked[scores[order] == s].mean() for s in scores[order]])
    n = min(k, len(g)) if cut else len(g)
    with np.errstate(divide="ignore"):
        discount = 1 / log(np.arange(n) + float(first))
    discount = np.where(np.isfinite(discount), discount, 1.0)
    best = np.sort(g)[::-1]
    top = best[: len(ranked[:n])] if ideal == "best" else np.ones(n)
    full = best @ (1 / np.log2(np.arange(len(g)) + 2))
    below = (
        {"best": top @ discount, "ones": discount.sum(), "whole": full}[ideal] if normal else 1.0
    )
    return float(ranked[:n] @ discount / below)


def as_gain(**bug):
    return lambda **inputs: gain(**inputs, **bug)


NDCG = Exercise(
    id="13.2",
    title=text("NDCG when scores are tied", "得分并列时的 NDCG"),
    points=4,
    objective="O2",
    function="ndcg_of_list",
    inputs=draw_list,
    reference=gain,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("sklearn.metrics.ndcg_score", "course_lib.ranking.ndcg"),
    pitfalls=(
        Pitfall(
            "best_and_worst",
            as_gain(ties="ends"),
            text(
                "You took the middle of the luckiest and the unluckiest order. The mean is over *all* orders of the tied.",
                "你取了最走运与最倒霉两种次序的中点。要的是并列者**所有**次序的平均。",
            ),
        ),
        Pitfall(
            "order_of_the_list",
            as_gain(ties="order"),
            text(
                "Tied articles keep the order in which they came: another order of the same list gives another number. Share the gain "
                "among the tied.",
                "并列的文章保持了原来的先后：同一份名单换个次序，结果就变了。并列者应平分增益。",
            ),
        ),
        Pitfall(
            "lucky_ties",
            as_gain(ties="lucky"),
            text(
                "Among the tied, the relevant come first: too kind. Take the mean over all orders, that is the mean gain of the tied.",
                "并列时把相关的排在了前面，太宽容。应对所有次序取平均，也就是取并列者增益的均值。",
            ),
        ),
        Pitfall(
            "rising",
            as_gain(rising=True),
            text(
                "The lowest score stands first. Sort downwards.",
                "得分最低的排在了最前，应从高到低。",
            ),
        ),
        Pitfall(
            "natural_logarithm",
            as_gain(first=1),
            text(
                "The discount at rank j is 1 / log₂(j + 1) with j from 1; yours begins one place too early.",
                "第 j 位的折扣是 1 / log₂(j + 1)，j 从 1 数起；你早了一位。",
            ),
        ),
        Pitfall(
            "no_cut",
            as_gain(cut=False),
            text(
                "The whole list counts; take the first k only.", "整份名单都算了，应只取前 k 个。"
            ),
        ),
        Pitfall(
            "ideal_of_the_whole",
            as_gain(ideal="whole"),
            text(
                "The best possible list is cut at k as well: else a perfect order has less than 1.",
                "理想名单也要在 k 处截断，否则完美的排序也到不了 1。",
            ),
        ),
        Pitfall(
            "ideal_of_ones",
            as_gain(ideal="ones"),
            text(
                "You divided by the discounts alone. Divide by the DCG of the best order of these very gains.",
                "你只除以了折扣之和。应除以这些增益按最佳次序排列时的 DCG。",
            ),
        ),
        Pitfall(
            "not_normalised",
            as_gain(normal=False),
            text(
                "This is DCG: divide by that of the best order.",
                "这是 DCG，还要除以最佳次序的 DCG。",
            ),
        ),
        Pitfall(
            "exponential_gain",
            as_gain(exponential=True),
            text(
                "You took 2^g − 1 as gain. Some papers do; here, as in scikit-learn, the gain is g itself.",
                "你用了 2^g − 1 作增益。有的论文这样定义；这里与 scikit-learn 一致，增益就是 g。",
            ),
        ),
    ),
    hints=(
        text(
            "Sort downwards by score. Replace each gain by the mean gain of all that have this very score. Then sum with discounts.",
            "按得分从高到低排。把每个增益换成所有同分者增益的均值，再按折扣求和。",
        ),
        text(
            "`shared = np.array([gains[scores == s].mean() for s in np.sort(scores)[::-1]])`",
            "`shared = np.array([gains[scores == s].mean() for s in np.sort(scores)[::-1]])`",
        ),
        text(
            "`discount = 1 / np.log2(np.arange(k) + 2)`; divide `shared[:k] @ discount` by `np.sort(gains)[::-1][:k] @ discount`.",
            "`discount = 1 / np.log2(np.arange(k) + 2)`；用 `shared[:k] @ discount` 除以 `np.sort(gains)[::-1][:k] @ discount`。",
        ),
    ),
    right={
        "numpy": (
            "import numpy as np\n"
            "def ndcg_of_list(scores, gains, k):\n"
            "    found = place = 0.0\n"
            "    total, rank = 0.0, 0\n"
            "    for s in sorted(set(scores.tolist()), reverse=True):\n"
            "        tied = gains[scores == s]\n"
            "        for _ in tied:\n"
            "            if k > rank:\n"
            "                total += tied.mean() / np.log2(rank + 2)\n"
            "            rank += 1\n"
            "    best = sum(g / np.log2(j + 2) for j, g in enumerate(sorted(gains, reverse=True)[:k]))\n"
            "    return total / best\n",
            "import numpy as np\n"
            "def ndcg_of_list(scores, gains, k):\n"
            "    rng = np.random.default_rng(0)\n"
            "    values, group, size = np.unique(-scores, return_inverse=True, return_counts=True)\n"
            "    mean = np.bincount(group, weights=gains) / size\n"
            "    shared = np.repeat(mean, size)[:k]\n"
            "    discount = np.log(2) / np.log(np.arange(2, len(shared) + 2))\n"
            "    return (shared * discount).sum() / (np.sort(-gains)[: len(shared)] * -discount).sum()\n",
        )
    },
)

# 13.3 ---------------------------------------------------------------------------------------------


def draw_slates(rng):
    n, k = 5, 6
    clicked = (rng.random((n, k)) < 0.35).astype(np.float32)
    clicked[0], clicked[1] = 0, np.eye(k, dtype=np.float32)[2]
    clicked[2, :3] = 1
    return {"scores": (2 * rng.normal(size=(n, k))).astype(np.float32), "clicked": clicked}


def bpr(scores, clicked, *, sign=1, per_slate=False, total=False, across=False, log=True, all_pairs=False,
        clicks_only=False):  # fmt: skip
    """The pairwise loss; the options are bugs."""
    s, c = scores.astype(np.float64), clicked > 0
    if across:
        s, c = s.reshape(1, -1), c.reshape(1, -1)
    difference = sign * (s[:, :, None] - s[:, None, :])
    pairs = c[:, :, None] & ~c[:, None, :]
    if all_pairs:
        pairs = c[:, :, None] | c[:, None, :]
    if clicks_only:
        pairs = np.broadcast_to(c[:, :, None], pairs.shape)
    terms = np.logaddexp(0, -difference) if log else 1 / (1 + np.exp(difference))
    terms = np.where(pairs, terms, 0)
    if total:
        return float(terms.sum())
    if per_slate:
        some = pairs.any(axis=(1, 2))
        return float((terms.sum(axis=(1, 2))[some] / pairs.sum(axis=(1, 2))[some]).mean())
    return float(terms.sum() / pairs.sum())


def as_bpr(**bug):
    return lambda **inputs: bpr(**inputs, **bug)


BPR = Exercise(
    id="13.3",
    title=text("A loss of pairs", "成对比较的损失"),
    points=4,
    objective="O3",
    function="pairwise_loss",
    survivors={
        "1 - clicked[:, None, :] → clicked[:, None, :] - 1": "the sign stands above and below the line",
    },
    inputs=draw_slates,
    reference=bpr,
    comparator=close(rtol=1e-4, atol=1e-5),
    pitfalls=(
        Pitfall(
            "turned_round",
            as_bpr(sign=-1),
            text(
                "The loss falls when the clicked stands *below* the other. Look at the sign of the difference.",
                "点击过的排得越**低**，损失反而越小。检查差的正负号。",
            ),
        ),
        Pitfall(
            "no_logarithm",
            as_bpr(log=False),
            text(
                "This is 1 − σ of the difference, without the logarithm: −log σ.",
                "这是 1 − σ，漏了对数：应为 −log σ。",
            ),
        ),
        Pitfall(
            "sum",
            as_bpr(total=True),
            text("This is the sum over pairs; give their mean.", "这是对各对求和，应取平均。"),
        ),
        Pitfall(
            "mean_per_slate",
            as_bpr(per_slate=True),
            text(
                "You averaged within each slate first. Here every *pair* counts alike: one mean over all pairs of all slates.",
                "你先在每份列表内取了平均。这里每一**对**分量相同：对所有列表的所有对取一次平均。",
            ),
        ),
        Pitfall(
            "across_slates",
            as_bpr(across=True),
            text(
                "Articles of different slates were compared: another reader, another day. Pairs stay within a slate.",
                "不同列表的文章被拿来比较了：读者不同，日子不同。只在同一份列表内配对。",
            ),
        ),
        Pitfall(
            "both_ways",
            as_bpr(all_pairs=True),
            text(
                "Too many pairs: i was clicked *and* j was not.",
                "配对太多：应是 i 被点击，**并且** j 没被点击。",
            ),
        ),
        Pitfall(
            "clicked_against_all",
            as_bpr(clicks_only=True),
            text(
                "The clicked are compared with all, themselves included. j must be one that was not clicked.",
                "点击过的与所有文章（包括自己）比较了。j 必须没被点击。",
            ),
        ),
        Pitfall(
            "slates_with_nothing",
            lambda **inputs: float("nan"),
            text(
                "Not a number: a slate without a click has no pair, and 0 / 0 is none. Divide once, at the end.",
                "结果不是数：没有点击的列表一对也没有，0 / 0 不是数。只在最后除一次。",
            ),
        ),
    ),
    hints=(
        text(
            "All differences of a slate at once: scores N×K×1 minus scores N×1×K gives N×K×K; entry (i, j) is s_i − s_j.",
            "一次算出列表内所有的差：N×K×1 的得分减 N×1×K 的得分，得 N×K×K；(i, j) 处是 s_i − s_j。",
        ),
        text(
            "The mask of pairs is clicked N×K×1 times (1 − clicked) N×1×K.",
            "配对的掩码是 N×K×1 的 clicked 乘 N×1×K 的 (1 − clicked)。",
        ),
        text(
            "−log σ(d) is softplus(−d), which does not overflow. Sum it over the mask and divide by the mask's sum.",
            "−log σ(d) 就是 softplus(−d)，这样写不会溢出。在掩码上求和，再除以掩码之和。",
        ),
    ),
    right={
        "pytorch": (
            "import torch\n"
            "def pairwise_loss(scores, clicked):\n"
            "    losses = []\n"
            "    for s, c in zip(scores, clicked):\n"
            "        for i in range(len(s)):\n"
            "            for j in range(len(s)):\n"
            "                if c[i] == 1 and c[j] == 0:\n"
            "                    losses.append(-torch.nn.functional.logsigmoid(s[i] - s[j]))\n"
            "    return torch.stack(losses).mean()\n",
            "import torch\n"
            "def pairwise_loss(scores, clicked):\n"
            "    pairs = clicked.bool().unsqueeze(2) & ~clicked.bool().unsqueeze(1)\n"
            "    d = (scores.unsqueeze(2) - scores.unsqueeze(1))[pairs]\n"
            "    return torch.log1p(torch.exp(-d)).mean()\n",
        ),
        "keras": (
            "from keras import ops\n"
            "def pairwise_loss(scores, clicked):\n"
            "    d = ops.expand_dims(scores, 1) - ops.expand_dims(scores, 2)\n"
            "    pairs = ops.expand_dims(clicked, 2) * (1 - ops.expand_dims(clicked, 1))\n"
            "    return ops.sum(ops.log(1 + ops.exp(d)) * pairs) / ops.sum(pairs)\n",
            "from keras import ops\n"
            "def pairwise_loss(scores, clicked):\n"
            "    total, pairs = 0.0, 0.0\n"
            "    for j in range(scores.shape[1]):\n"
            "        here = clicked * (1 - clicked[:, j : j + 1])\n"
            "        total = total - ops.sum(ops.log_sigmoid(scores - scores[:, j : j + 1]) * here)\n"
            "        pairs = pairs + ops.sum(here)\n"
            "    return total / pairs\n",
        ),
    },
)

# 13.4 ---------------------------------------------------------------------------------------------


def draw_growth(rng):
    old, new, D = int(rng.integers(4, 7)), int(rng.integers(2, 4)), 3
    return {
        "table": rng.normal(size=(old, D)).astype(np.float32),
        "start": rng.normal(size=(new, D)).astype(np.float32),
        "readers": rng.normal(size=(new, D)).astype(np.float32),
        "clicked": (np.arange(new) % 2).astype(np.float32),
    }


def report_of_growth(table, start, readers, clicked):
    rows = len(table) + len(start)
    return {
        "rows": rows,
        "old_rows": True,
        "new_rows": True,
        "trainable": rows * table.shape[1] + 1,
        "new_learn": True,
        "old_stay": True,
        "old_learn": True,
    }


PYTORCH_GROW = """\
def grow_articles(model, start):
    rows = torch.cat([model.articles.weight.detach(), torch.as_tensor(start)])
    model.articles = torch.nn.Embedding.from_pretrained(rows, freeze=False)
"""
KERAS_GROW = """\
def grow_articles(model, start):
    rows = np.concatenate([model.articles.get_weights()[0], start])
    model.articles = keras.layers.Embedding(*rows.shape)
    model.articles.build()
    model.articles.set_weights([rows])
"""


def growing_code(pytorch=None, keras=None):
    code = {}
    for name, source, change in (("pytorch", PYTORCH_GROW, pytorch), ("keras", KERAS_GROW, keras)):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


GROW = Exercise(
    id="13.4",
    title=text("Rows for new articles", "给新文章添几行"),
    points=3,
    objective="O3",
    function="grow_articles",
    inputs=draw_growth,
    reference=report_of_growth,
    comparator=equal(),
    probe="grown_articles",
    parts={
        "rows": text("how many rows the table has", "表有多少行"),
        "old_rows": text("“the old rows are as before”", "“旧的行与原来一样”"),
        "new_rows": text("“the new rows are those of `start`”", "“新的行就是 `start`”"),
        "trainable": text("how many numbers may learn", "可训练的参数个数"),
        "new_learn": text(
            "“a step on new articles moved their rows”", "“在新文章上训练一步后，它们的行变了”"
        ),
        "old_stay": text("“and not the old ones”", "“旧的行没变”"),
        "old_learn": text(
            "“a step on old articles moved each of their rows”",
            "“在旧文章上训练一步后，它们的每一行都变了”",
        ),
    },
    pitfalls=(
        Pitfall(
            "new_only",
            lambda table, start, **inputs: {"rows": len(start)},
            text(
                "The table holds the new articles alone: put the new rows after the old ones.",
                "表里只剩下新文章：新的行应接在旧的行后面。",
            ),
            code=growing_code(
                pytorch=(
                    "torch.cat([model.articles.weight.detach(), torch.as_tensor(start)])",
                    "torch.as_tensor(start)",
                ),
                keras=("np.concatenate([model.articles.get_weights()[0], start])", "start"),
            ),
        ),
        Pitfall(
            "nothing",
            lambda table, **inputs: {"rows": len(table)},
            text(
                "The table has as many rows as before. Put a new embedding into `model.articles`.",
                "表的行数没变。要把新的嵌入层放进 `model.articles`。",
            ),
            code=growing_code(
                pytorch=("model.articles = torch", "articles = torch"),
                keras=(KERAS_GROW, "def grow_articles(model, start):\n    pass\n"),
            ),
        ),
        Pitfall(
            "frozen",
            lambda table, start, **inputs: {
                "rows": len(table) + len(start),
                "old_rows": True,
                "new_rows": True,
                "new_learn": False,
            },
            text(
                "The rows are right and cannot learn: the table is frozen. In PyTorch `from_pretrained` freezes unless it is told not "
                "to; in Keras look at `trainable`.",
                "行是对的，却学不了：表被冻结了。PyTorch 的 `from_pretrained` 默认冻结，要明说不冻结；Keras 里看 `trainable`。",
            ),
            code=growing_code(
                pytorch=("freeze=False", "freeze=True"),
                keras=(
                    "    model.articles.set_weights([rows])\n",
                    "    model.articles.set_weights([rows])\n    model.articles.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "old_lost",
            lambda **inputs: {"old_rows": False, "new_rows": True},
            text(
                "The old rows are gone: what was learned from clicks must stay, bit for bit.",
                "旧的行丢了：从点击中学到的东西应逐位保留。",
            ),
            code=growing_code(
                pytorch=(
                    "model.articles.weight.detach()",
                    "torch.randn_like(model.articles.weight).detach()",
                ),
                keras=(
                    "[model.articles.get_weights()[0], start]",
                    "[np.random.default_rng(1).normal(size=model.articles.get_weights()[0].shape).astype('float32'), start]",
                ),
            ),
        ),
        Pitfall(
            "random_start",
            lambda table, start, **inputs: {
                "rows": len(table) + len(start),
                "old_rows": True,
                "new_rows": False,
            },
            text(
                "The new rows are not those of `start`: a random row knows nothing of its article.",
                "新的行不是 `start`：随机的行对文章一无所知。",
            ),
            code=growing_code(
                pytorch=(
                    "torch.as_tensor(start)",
                    "torch.randn(len(start), model.articles.embedding_dim)",
                ),
                keras=(
                    ", start])",
                    ", np.random.default_rng(1).normal(size=start.shape).astype('float32')])",
                ),
            ),
        ),
        Pitfall(
            "new_first",
            lambda **inputs: {"old_rows": False, "new_rows": False},
            text(
                "The rows are in the wrong order: article i keeps row i, the new ones come after.",
                "行的次序错了：第 i 篇文章仍用第 i 行，新的接在后面。",
            ),
            code=growing_code(
                pytorch=(
                    "[model.articles.weight.detach(), torch.as_tensor(start)]",
                    "[torch.as_tensor(start), model.articles.weight.detach()]",
                ),
                keras=(
                    "[model.articles.get_weights()[0], start]",
                    "[start, model.articles.get_weights()[0]]",
                ),
            ),
        ),
    ),
    hints=(
        text(
            "Three steps: take the old rows out, put `start` below them, make an embedding of that size.",
            "三步：取出旧的行；把 `start` 接在下面；做一个这么大的嵌入层。",
        ),
        text(
            "PyTorch: `torch.cat`, `torch.nn.Embedding.from_pretrained(rows, freeze=False)`. Keras: `np.concatenate`, "
            "`keras.layers.Embedding(rows, columns)`, `.build()`, `.set_weights([…])`.",
            "PyTorch：`torch.cat`、`torch.nn.Embedding.from_pretrained(rows, freeze=False)`。Keras：`np.concatenate`、"
            "`keras.layers.Embedding(行数, 列数)`、`.build()`、`.set_weights([…])`。",
        ),
        text(
            "Assign the new layer to `model.articles`; nothing else is to change, and the table must be able to learn.",
            "把新的层赋给 `model.articles`；别的都不动，而且表必须可以训练。",
        ),
    ),
    right={
        "pytorch": (
            "import torch\n"
            "def grow_articles(model, start):\n"
            "    old = model.articles\n"
            "    new = torch.nn.Embedding(old.num_embeddings + len(start), old.embedding_dim)\n"
            "    with torch.no_grad():\n"
            "        new.weight[: old.num_embeddings] = old.weight\n"
            "        new.weight[old.num_embeddings :] = torch.as_tensor(start)\n"
            "    model.articles = new\n",
            "import torch\n"
            "def grow_articles(model, start):\n"
            "    rows = torch.vstack([model.articles.weight.data, torch.tensor(start)])\n"
            "    model.articles.weight = torch.nn.Parameter(rows)\n"
            "    model.articles.num_embeddings = len(rows)\n",
        ),
        "keras": (
            "import keras\n"
            "import numpy as np\n"
            "def grow_articles(model, start):\n"
            "    old = keras.ops.convert_to_numpy(model.articles.embeddings)\n"
            "    new = keras.layers.Embedding(len(old) + len(start), old.shape[1])\n"
            "    new.build()\n"
            "    new.embeddings.assign(np.vstack([old, start]))\n"
            "    model.articles = new\n",
            "import keras\n"
            "import numpy as np\n"
            "def grow_articles(model, start):\n"
            "    rows = np.vstack([np.array(model.articles.get_weights()[0]), start])\n"
            "    layer = keras.layers.Embedding(\n"
            "        rows.shape[0], rows.shape[1], embeddings_initializer=keras.initializers.Constant(0.0))\n"
            "    layer.build()\n"
            "    layer.set_weights([rows.astype('float32')])\n"
            "    setattr(model, 'articles', layer)\n",
        ),
    },
)

# 13.5 ---------------------------------------------------------------------------------------------


def draw_campaign(rng):
    """Clicks and a small model that was trained on thinned negatives; drawn again until every mistake shows."""
    while True:
        drawn = {
            "x": rng.normal(size=(6, 3)).astype(np.float32),
            "w1": rng.normal(size=(3, 4)).astype(np.float32),
            "w2": rng.normal(size=(4, 1)).astype(np.float32),
            "bias": rng.uniform(-0.9, -0.3, 1).astype(np.float32),
            "kept": float(rng.choice([0.05, 0.1, 0.2])),
        }
        right = said_after(**drawn)
        if right.max() > 0.2 and all(
            np.abs(said_after(**drawn, how=how) - right).max() > 0.01 for how in INTERCEPT_BUGS
        ):
            return drawn


INTERCEPT_BUGS = ("nothing", "up", "times", "set", "added", "logit", "ten", "slopes")


def said_after(x, w1, w2, bias, kept, *, how="right"):
    """What the model says once the thinning is undone; the options are bugs."""
    z = np.maximum(0, x @ w1) @ w2[:, 0]
    new = {
        "right": bias + np.log(kept),
        "nothing": bias,
        "up": bias - np.log(kept),
        "times": bias * kept,
        "set": np.log(kept) + 0 * bias,
        "added": bias + kept,
        "logit": bias + np.log(kept / (1 - kept)),
        "ten": bias + np.log10(kept),
        "slopes": bias * kept,
    }[how]
    z = z * kept if how == "slopes" else z
    return 1 / (1 + np.exp(-(z + new)))


def as_said(how):
    return lambda **inputs: {"probabilities": said_after(**inputs, how=how)}


def report_of_mending(**inputs):
    return {
        "probabilities": said_after(**inputs),
        "weights_stay": True,
        "trainable": inputs["w1"].size + inputs["w2"].size + 1,
    }


UNDO = {
    "pytorch": """\
def undo_thinning(model, kept):
    with torch.no_grad():
        model.last.bias += np.log(kept)
""",
    "keras": """\
def undo_thinning(model, kept):
    bias = model.last.bias
    bias.assign(bias + np.log(kept))
""",
}


def undoing(pytorch, keras):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for name, change in (("pytorch", pytorch), ("keras", keras)):
        assert change[0] in UNDO[name], change
        code[name] = UNDO[name].replace(*change)
    return code


THINNED = Exercise(
    id="13.5",
    title=text("Probabilities that mean what they say", "说到做到的概率"),
    points=3,
    objective="O4",
    function="undo_thinning",
    drawing=drawings.bars(
        "probabilities", across=text("example", "样本"), down=text("probability", "概率")
    ),
    inputs=draw_campaign,
    reference=report_of_mending,
    comparator=close(rtol=1e-4, atol=1e-6),
    probe="undone_thinning",
    parts={
        "probabilities": text("the probabilities that the model gives now", "模型现在给出的概率"),
        "weights_stay": text(
            "“all weights but the intercept are as before”", "“除截距外，权重与原来一样”"
        ),
        "trainable": text("how many numbers may learn", "可训练的参数个数"),
    },
    pitfalls=(
        Pitfall(
            "unchanged",
            as_said("nothing"),
            text(
                "The model says what it said: the thinned sample's probabilities, far too high. (In PyTorch `b + 1` makes a new "
                "tensor; in Keras a variable changes by `assign`.)",
                "模型说的还是原来那些：抽稀样本里的概率，高得太多。（PyTorch 里 `b + 1` 会新建张量；Keras 里要用 `assign` 才能改变量。）",
            ),
            code=undoing(
                ("model.last.bias += np", "bias = model.last.bias + np"),
                ("bias.assign(bias + np.log(kept))", "bias = bias + np.log(kept)"),
            ),
        ),
        Pitfall(
            "turned_round",
            as_said("up"),
            text(
                "The probabilities rose. Throwing away negatives made them too high: they have to come down, and log w is below 0.",
                "概率变大了。扔掉负例使它们偏高，所以应当降下来；log w 小于 0。",
            ),
            code=undoing(("+= np", "-= np"), ("bias + np", "bias - np")),
        ),
        Pitfall(
            "times_kept",
            as_said("times"),
            text(
                "You multiplied the intercept by w. The *odds* are multiplied, so their logarithm, the logit, is moved by a sum.",
                "你把截距乘了 w。要乘的是**胜算**；胜算的对数（logit）则是加上一个数。",
            ),
            code=undoing(
                ("model.last.bias += np.log(kept)", "model.last.bias *= kept"),
                ("bias + np.log(kept)", "bias * kept"),
            ),
        ),
        Pitfall(
            "in_place_of",
            as_said("set"),
            text(
                "You put log w in place of the intercept. What it had learned is still needed: add to it.",
                "你用 log w 顶替了截距。它学到的东西还要用：应当加上去。",
            ),
            code=undoing(
                ("model.last.bias += np.log(kept)", "model.last.bias.fill_(np.log(kept))"),
                ("bias + np.log(kept)", "0 * bias + np.log(kept)"),
            ),
        ),
        Pitfall(
            "no_logarithm",
            as_said("added"),
            text(
                "You added w itself. The odds are multiplied by w; a logit is a *logarithm* of odds.",
                "你加的是 w 本身。胜算乘以 w，而 logit 是胜算的**对数**。",
            ),
            code=undoing(("np.log(kept)", "kept"), ("np.log(kept)", "kept")),
        ),
        Pitfall(
            "log_of_odds",
            as_said("logit"),
            text(
                "You added log(w / (1 − w)), as if the other part had gone to the buyers. All buyers and the part w of the others are "
                "there: each kept one stands for 1/w.",
                "你加的是 log(w / (1 − w))。样本里有全部买家和比例为 w 的其余人：留下的每一个代表 1/w 个。",
            ),
            code=undoing(
                ("np.log(kept)", "np.log(kept / (1 - kept))"),
                ("np.log(kept)", "np.log(kept / (1 - kept))"),
            ),
        ),
        Pitfall(
            "base_ten",
            as_said("ten"),
            text(
                "You took log₁₀. A logit is a natural logarithm.",
                "你用了 log₁₀。logit 用的是自然对数。",
            ),
            code=undoing(("np.log(", "np.log10("), ("np.log(", "np.log10(")),
        ),
        Pitfall(
            "slopes_as_well",
            lambda **inputs: {"weights_stay": False},
            text(
                "You changed more than the intercept. Thinning drops negatives by lot, whatever is known of them: how the odds "
                "*depend* on x stays.",
                "你动的不只是截距。抽稀是随机丢弃负例，与 x 无关：胜算怎样**随 x 变化**并不改变。",
            ),
            code=undoing(
                (
                    "model.last.bias += np.log(kept)",
                    "model.last.weight *= kept\n        model.last.bias *= kept",
                ),
                (
                    "    bias.assign(bias + np.log(kept))",
                    "    bias.assign(bias * kept)\n    model.last.kernel.assign(model.last.kernel * kept)",
                ),
            ),
        ),
        Pitfall(
            "cannot_learn",
            lambda **inputs: {"trainable": inputs["w1"].size + inputs["w2"].size},
            text(
                "The intercept is right and can no longer learn: a later training on fresh clicks would leave it where it is.",
                "截距是对的，却不能再学了：以后用新的点击训练时，它会原地不动。",
            ),
            code={
                "pytorch": UNDO["pytorch"] + "    model.last.bias.requires_grad_(False)\n",
                "keras": UNDO["keras"] + "    bias.trainable = False\n",
            },
        ),
    ),
    hints=(
        text(
            "Think of 1,000 people: 10 convert, 990 do not. Keep a tenth of the 990. What are the odds before and after?",
            "设想 1000 人：10 人转化，990 人没有。把 990 留下十分之一。抽稀前后的胜算各是多少？",
        ),
        text(
            "Thinned odds = true odds / w. A logit is the logarithm of the odds: what does dividing by w become?",
            "抽稀后的胜算 = 真实胜算 / w。logit 是胜算的对数：除以 w 变成了什么？",
        ),
        text(
            "The true logit is the thinned one + log w, for every click. So only `model.last.bias` moves. PyTorch: `+=` inside "
            "`torch.no_grad()`; Keras: `.assign(…)`.",
            "对每次点击，真实 logit = 抽稀后的 logit + log w。所以只要动 `model.last.bias`。PyTorch：在 `torch.no_grad()` 里用 `+=`；"
            "Keras：用 `.assign(…)`。",
        ),
    ),
    right={
        "pytorch": (
            "import math\n"
            "import torch\n"
            "def undo_thinning(model, kept):\n"
            "    model.last.bias = torch.nn.Parameter(model.last.bias.detach() - math.log(1 / kept))\n",
            "import torch\n"
            "def undo_thinning(model, kept):\n"
            "    state = model.state_dict()\n"
            "    state['last.bias'] = state['last.bias'] + torch.log(torch.tensor(kept))\n"
            "    model.load_state_dict(state)\n",
        ),
        "keras": (
            "import numpy as np\n"
            "def undo_thinning(model, kept):\n"
            "    kernel, bias = model.last.get_weights()\n"
            "    model.last.set_weights([kernel, bias + np.log(kept).astype('float32')])\n",
            "import math\n"
            "from keras import ops\n"
            "def undo_thinning(model, kept):\n"
            "    model.last.bias.assign_sub(ops.full((1,), math.log(1 / kept)))\n",
        ),
    },
)

# 13.6 ---------------------------------------------------------------------------------------------


def draw_conversions(rng):
    n, today, window = 60, int(rng.integers(27, 34)), int(rng.integers(5, 9))
    shown = rng.integers(0, today + 1, n)
    wait = rng.geometric(0.18, n) - 1
    bought = np.where(rng.random(n) < 0.6, shown + wait, -1)
    bought = np.where(bought > today, -1, bought)  # not known yet
    shown[0], bought[0] = today - window, today  # exactly at the window's end
    shown[1], bought[1] = today - window, -1
    shown[2], bought[2] = 3, 3 + window + 1
    shown[3], bought[3] = 0, 0  # day 0 is a day
    return {"shown": shown, "bought": bought, "today": today, "window": window}


def conversion(shown, bought, today, window, *, mature="old", within=True, end=0):
    """The conversion rate of clicks that have had their time; the options are bugs."""
    ripe = {
        "old": shown + window + end <= today,
        "all": np.ones(len(shown), dtype=bool),
        "young": shown + window > today,
        "known": (shown + window <= today) | (bought >= 0),
        "strict": shown + window < today,
    }[mature]
    yes = (bought >= 0) & ((bought <= shown + window) if within else True)
    return float(yes[ripe].sum() / max(ripe.sum(), 1))


def as_conversion(**bug):
    return lambda **inputs: conversion(**inputs, **bug)


DELAY = Exercise(
    id="13.6",
    title=text("Too young to say no", "还没到说“不”的时候"),
    points=3,
    objective="O4",
    function="conversion_rate",
    inputs=draw_conversions,
    reference=conversion,
    comparator=close(rtol=1e-9, atol=1e-12),
    tensors=False,
    pitfalls=(
        Pitfall(
            "all_clicks",
            as_conversion(mature="all"),
            text(
                "All clicks count, and those of this week as failures: they have not had their time. Leave out the young ones.",
                "所有点击都算了，本周的点击被当成了失败：它们还没到时间。应排除太新的。",
            ),
        ),
        Pitfall(
            "young_buyers_kept",
            as_conversion(mature="known"),
            text(
                "Young clicks are left out only where they have not bought: what is left of them always bought, so the rate is too high. "
                "Leave out *all* young ones.",
                "太新的点击只排除了没买的：剩下的新点击个个都买了，转化率偏高。太新的应**全部**排除。",
            ),
        ),
        Pitfall(
            "late_buyers",
            as_conversion(within=False),
            text(
                "Purchases after the window count as well; old clicks had more time than young ones. Only within the window.",
                "窗口之后的购买也算了，老点击的时间比新点击多。只算窗口之内的。",
            ),
        ),
        Pitfall(
            "only_young",
            as_conversion(mature="young"),
            text(
                "You kept the young clicks. Keep the others.",
                "你留下的是太新的点击，应留下其余的。",
            ),
        ),
        Pitfall(
            "end_left_out",
            as_conversion(mature="strict"),
            text(
                "A click whose window ends today has had its time: `<=`.",
                "窗口恰好今天结束的点击已经够时间了：用 `<=`。",
            ),
        ),
        Pitfall(
            "percent",
            lambda **inputs: 100 * conversion(**inputs),
            text("Give a part (0 to 1), not per cent.", "请给出比例（0 到 1），不要百分数。"),
        ),
    ),
    hints=(
        text(
            "Which clicks do you know the end of? Those whose window has passed, bought or not.",
            "哪些点击已经有了结局？窗口已过的，不管买没买。",
        ),
        text("`ripe = shown + window <= today`", "`ripe = shown + window <= today`"),
        text(
            "Among them: bought (≥ 0) and at most `window` days after the click. Take the mean.",
            "在其中数：买了（≥ 0）且距点击不超过 `window` 天的。取平均。",
        ),
    ),
    right={
        "numpy": (
            "def conversion_rate(shown, bought, today, window):\n"
            "    old = [(s, b) for s, b in zip(shown, bought) if today - s >= window]\n"
            "    return sum(b != -1 and b - s <= window for s, b in old) / len(old)\n",
            "import numpy as np\n"
            "def conversion_rate(shown, bought, today, window):\n"
            "    s, b = shown[shown <= today - window], bought[shown <= today - window]\n"
            "    return np.count_nonzero((b > -1) & (b - s < window + 1)) / s.size\n",
        )
    },
)

# 13.7 ---------------------------------------------------------------------------------------------


def draw_settings(rng):
    """Six settings with a part each, in any order; drawn again until every mistake shows.

    Without the parts one draw of some ten thousand would do. A setting's runs ring about the day named,
    or never: the quickest, whose sums soon fall back (so that only the *first* day will do); one that is
    quicker where it rings; one that seldom rings; one that rings when nearly all is over; one with a low
    threshold; and one that would win if its silent runs counted a day less. With 37 or 38 quiet runs every
    way to round but the right one gives another place.
    """
    C, R, M, T = 6, int(rng.integers(37, 39)), 12, int(rng.integers(14, 18))
    days = np.array([4.5, 2.0, 4.5, T - 1, 7.0, 3.0])[:, None]
    silent = np.array([0, 3, 9, 0, 0, 2])[:, None]  # runs of M that never ring
    unlike = ("hits", "early", "lowest", "slow", "short")  # they also differ from one another
    while True:
        scale = rng.uniform(4, 8, (C, 1))
        scale[4] = rng.uniform(1.5, 3)
        quiet = np.round(scale * rng.gamma(3, 1, (C, R)) / 3, 2)
        # The threshold is about 1.8 scales.
        rise = 1.8 * scale / days * rng.uniform(0.8, 1.2, (C, M))
        slope = np.where(np.arange(M) < silent, -0.2, rise)
        steps = slope[..., None] + rng.normal(0, 0.8, (C, M, T))
        steps[0, :, 6:] = -rise[0][:, None]
        after = np.round(steps.cumsum(axis=2).clip(0), 2)
        order, runs = rng.permutation(C), rng.permutation(M)
        given = {
            "quiet": quiet[order],
            "after": after[order][:, runs],
            "budget": float(rng.choice([0.1, 0.15, 0.2])),
        }
        right = chosen(**given)
        if any(chosen(**given, bug=bug) == right for bug in (*unlike, *ALSO_WRONG)):
            continue
        if len({chosen(**given, bug=bug)[0] for bug in unlike}) == 5:
            return given


# "runs": M days for T; "days": all days without an alarm; "search": binary search in sums that are not sorted.
ALSO_WRONG = ("still", "quantile", "one", "max", "budget", "runs", "days", "search")


def chosen(quiet, after, budget, bug=None):
    """The setting with the shortest mean delay within the budget; the options are bugs."""
    C, R = quiet.shape
    T = after.shape[2]
    place = math.ceil((1 - budget) * (R + 1))
    place = math.floor((1 - budget) * R) if bug == "quantile" else place
    place = math.ceil(budget * (R + 1)) if bug == "budget" else place
    h = np.sort(quiet, axis=1)[:, place - 1]
    h = (
        np.full(C, np.sort(quiet.ravel())[math.ceil((1 - budget) * (quiet.size + 1)) - 1])
        if bug == "one"
        else h
    )
    h = quiet.max(axis=1) if bug == "max" else h
    rings = after > h[:, None, None]
    rings = after.mean(axis=1, keepdims=True) > h[:, None, None] if bug == "mean" else rings
    rung = rings.argmin(axis=2) if bug == "still" else rings.argmax(axis=2)
    never = {"early": 0, "runs": after.shape[1], "short": T - 1}.get(bug or "", T)
    first = np.where(rings.any(axis=2), rung, never).astype(float)
    delay = first.mean(axis=1)
    if bug == "days":
        delay = (~rings).sum(axis=2).mean(axis=1)
    if bug == "search":
        found = [
            [np.searchsorted(run, limit, side="right") for run in runs]
            for runs, limit in zip(after, h, strict=True)
        ]
        delay = np.mean(found, axis=1)
    if bug == "hits":
        hit = rings.any(axis=2)
        delay = np.array([f[k].mean() if k.any() else T for f, k in zip(first, hit, strict=True)])
    best = int(np.argmax(delay)) if bug == "slow" else int(np.argmin(delay))
    best = int(np.argmin(h)) if bug == "lowest" else best
    return [best, float(h[best])]


def as_chosen(bug):
    return lambda **inputs: chosen(**inputs, bug=bug)


CHOICE = Exercise(
    id="13.7",
    title=text("The quickest alarm within the budget", "预算之内最快的报警"),
    points=5,
    objective="O5",
    function="choose_monitor",
    inputs=draw_settings,
    reference=lambda quiet, after, budget: chosen(quiet, after, budget),
    comparator=close(rtol=1e-9, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "plain_quantile",
            as_chosen("quantile"),
            text(
                "Your place is ⌊(1 − budget)·R⌋: with few quiet runs a new one exceeds it too often. Take the "
                "⌈(1 − budget)(R + 1)⌉-th smallest.",
                "你取的是第 ⌊(1 − budget)·R⌋ 个：平静期不多时，新的一段超过它的机会就超出了预算。应取第 ⌈(1 − budget)(R + 1)⌉ 小的。",
            ),
        ),
        Pitfall(
            "other_tail",
            as_chosen("budget"),
            text(
                "The threshold stands in the lower tail: most quiet runs would ring.",
                "阈值取在了低的一端：多数平静期都会误报。",
            ),
        ),
        Pitfall(
            "never_rings",
            as_chosen("max"),
            text(
                "The largest of all quiet runs spends none of the budget, and detection waits for it.",
                "取了平静期的最大值：预算一点没用，发现得更慢。",
            ),
        ),
        Pitfall(
            "never_is_zero",
            as_chosen("early"),
            text(
                "A run that never rings got the delay 0, the best there is. It counts T days.",
                "从不报警的一次被记成延迟 0，反而成了最好。应记 T 天。",
            ),
        ),
        Pitfall(
            "hits_only",
            as_chosen("hits"),
            text(
                "Runs without an alarm were left out of the mean: a monitor that rings once, at once, would win. They count T days. "
                "(A median forgets them as well: take the mean.)",
                "没报警的几次没有计入平均：只要报过一次、报得早就赢了。它们应记 T 天。（中位数同样会忽略它们：要取平均。）",
            ),
        ),
        Pitfall(
            "one_day_short",
            as_chosen("short"),
            text(
                "The delay is the *first* day that rings, counted from 0, or T. (Did you count from 1, take T − 1 where there is no alarm, "
                "or count days after the first alarm, too?)",
                "延迟是**第一个**报警的日子，从 0 数起；没有报警记 T。（是不是从 1 数起，把没有报警的记成了 T − 1，或者把首次报警之后的日子也数了进去？）",
            ),
        ),
        Pitfall(
            "slowest",
            as_chosen("slow"),
            text("This is the slowest one.", "你选的是最慢的。"),
        ),
        Pitfall(
            "one_threshold",
            as_chosen("one"),
            text(
                "One threshold for all settings: their sums have different sizes. Each needs its own.",
                "所有设置用了同一个阈值：它们的累积和大小不同，应各有各的阈值。",
            ),
        ),
        Pitfall(
            "lowest_threshold",
            as_chosen("lowest"),
            text(
                "You chose the lowest threshold. What counts is how soon the sums pass it.",
                "你选了阈值最低的。要紧的是累积和多快越过阈值。",
            ),
        ),
    ),
    hints=(
        text(
            "First, for each setting, the threshold from its own quiet maxima: sort them and take the right place.",
            "先为每个设置定阈值：把它自己的平静期最大值排序，取对位置。",
        ),
        text(
            "Place (from 1): `math.ceil((1 - budget) * (R + 1))`. An alarm: the first day on which the sum is *above* the threshold; "
            "T where there is none.",
            "位置（从 1 数起）：`math.ceil((1 - budget) * (R + 1))`。报警：累积和首次**高于**阈值的那天；没有则记 T。",
        ),
        text(
            "`rings = after[c] > h`; `np.where(rings.any(axis=1), rings.argmax(axis=1), T).mean()`, then the setting with the least.",
            "`rings = after[c] > h`；`np.where(rings.any(axis=1), rings.argmax(axis=1), T).mean()`，再取最小的设置。",
        ),
    ),
    survivors={
        "after > h[:, None, None] → after >= h[:, None, None]": "a tie moves one delay by a day, and not the choice",
        "np.where(rings.any(axis=2), rings.argmax(axis=2), T).mean(axis=1) → np.where(rings.any(axis=2), rings.argmax(axis=2), T).sum(axis=1)": "every setting has as many runs",
    },
    right={
        "numpy": (
            "import math\n"
            "def choose_monitor(quiet, after, budget):\n"
            "    best = None\n"
            "    for c in range(len(quiet)):\n"
            "        ordered = sorted(quiet[c].tolist())\n"
            "        h = ordered[math.ceil((1 - budget) * (len(ordered) + 1)) - 1]\n"
            "        days = 0\n"
            "        for path in after[c]:\n"
            "            days += next((t for t, s in enumerate(path) if s > h), len(path))\n"
            "        if best is None or days < best[0]:\n"
            "            best = (days, c, h)\n"
            "    return [best[1], best[2]]\n",
            "import numpy as np\n"
            "def choose_monitor(quiet, after, budget):\n"
            "    R = quiet.shape[1]\n"
            "    skip = int(np.floor(budget * (R + 1) + 1e-9))\n"
            "    h = np.sort(quiet, axis=1)[:, ::-1][:, skip - 1]\n"
            "    silent = np.cumsum(after > h[:, None, None], axis=2) == 0\n"
            "    delay = silent.sum(axis=2).mean(axis=1)\n"
            "    c = int(delay.argmin())\n"
            "    return (c, h[c])\n",
        )
    },
)

# 13.8 ---------------------------------------------------------------------------------------------

MEMO = ManualExercise(
    id="13.8",
    title=text("The note after the alarm", "报警之后的便条"),
    points=3,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "Says what the figures show and what they do not: accuracy on the 30 labels far below the old (11/30 against 0.89), unknown "
                "words jumped, so the *language* moved; the fall of the index is no good news, for the index is the failed model's (½ for "
                "each half). Naming the interval of 11/30 is a plus, not needed.",
                "说清数字表明什么、不表明什么：30 个标签上的准确率远低于过去（11/30 对 0.89），生词猛增，所以变的是**语言**；指数下降不是好消息，"
                "因为它出自失灵的模型（各 ½ 分）。给出 11/30 的区间更好，不作要求。",
            ),
        ),
        (
            1,
            text(
                "A decision in the right order: do not trade or report on the index now; new vectors from unlabelled news, old labels, "
                "judged on labels that were not used for it; a gate before it replaces the old model (½ for the order, ½ for labels kept "
                "for judging).",
                "决定的次序正确：指数暂停使用；用无标签的新闻更新词向量，配旧标签重新训练，在没参与训练的标签上评判；过关才替换旧模型"
                "（次序 ½ 分，留出评判用的标签 ½ 分）。",
            ),
        ),
        (
            1,
            text(
                "What happens to the watch: the quiet period is no longer valid, so a new one and a new threshold (½); says what would have "
                "led to the *other* decision, for example 27 of 30 right: then it is an event, and people are told (½).",
                "监控本身怎么办：原来的平静期已不适用，要重新取平静期、重定阈值（½ 分）；说出什么结果会导致**另一种**决定，例如 30 个对了 27 个："
                "那就是真有事件，应当通报（½ 分）。",
            ),
        ),
    ),
)

EXERCISES = (PAST, NDCG, BPR, GROW, THINNED, DELAY, CHOICE, MEMO)

QUIZZES = (
    Quiz(
        id="13.q1",
        question=text(
            "Which of these splits lets a recommender look best, and promises most falsely?",
            "下面哪种划分会让推荐系统看起来最好，也骗人最深？",
        ),
        options=(
            Option(
                text(
                    "by time: learn before day 40, judge from day 48 on",
                    "按时间：第 40 天前训练，第 48 天起评判",
                ),
                text(
                    "This is the one that the system will live in: all it knows lies before what it is asked.",
                    "这正是系统上线后的处境：它知道的都在被问之前。",
                ),
            ),
            Option(
                text(
                    "at random over all events, click rates counted over the whole log",
                    "所有事件随机划分，点击率用整份日志统计",
                ),
                text(
                    "Yes: the click rate of an article holds the very clicks of the test, and new articles do not exist: all have been seen.",
                    "对：文章的点击率里就有测试集的点击；而且没有新文章，因为每篇都见过。",
                ),
                right=True,
            ),
            Option(
                text(
                    "by readers: some readers are kept for the test", "按读者：留出一部分读者做测试"
                ),
                text(
                    "That asks about new readers, a fair question; but if their days are not later, articles' futures still leak in.",
                    "这问的是新读者，问题本身合理；但如果时间没有错开，文章的未来仍会漏进来。",
                ),
            ),
        ),
    ),
    Quiz(
        id="13.q2",
        question=text(
            "An article has just arrived: nobody has clicked it. Which ranker says most about it?",
            "一篇刚上架的文章，还没人点过。哪种排序模型对它最有话说？",
        ),
        options=(
            Option(
                text("a vector of its own, learned from clicks", "专属的向量，从点击中学来"),
                text(
                    "Its row has had no gradient: it is what the random start made of it.",
                    "它那一行没有得到过梯度，还是随机的初值。",
                ),
            ),
            Option(
                text("the most popular first", "热门优先"),
                text(
                    "All new articles have the prior's rate: they are tied, and only luck orders them.",
                    "新文章的点击率都是先验值：全部并列，次序只凭运气。",
                ),
            ),
            Option(
                text("its words", "它的文字"),
                text(
                    "Yes: words were met in other articles. That is why text is worth its trouble here.",
                    "对：这些词在别的文章里见过。这正是此处要用文本的原因。",
                ),
                right=True,
            ),
        ),
    ),
    Quiz(
        id="13.q3",
        question=text(
            "“Profit soars” and “profit slumps”: word vectors are learned from headlines alone. How near will *soars* and *slumps* be?",
            "“profit soars”（利润飙升）与“profit slumps”（利润暴跌）：只用标题学词向量，*soars* 和 *slumps* 会离多远？",
        ),
        options=(
            Option(
                text("far apart: they mean the opposite", "很远：意思相反"),
                text(
                    "Vectors do not know meanings, but company, and both stand beside profit.",
                    "词向量不懂意思，只认同伴；这两个词都站在 profit 旁边。",
                ),
            ),
            Option(
                text("near: they keep the same company", "很近：同伴相同"),
                text(
                    "Yes. In a headline a mood has one word only; what stands beside it is the topic.",
                    "对。一个标题里只有一个词表达情绪，站在旁边的是主题。",
                ),
                right=True,
            ),
            Option(
                text("it depends on the labels", "要看标签"),
                text("No label is used here.", "这里一个标签也没用。"),
            ),
        ),
    ),
    Quiz(
        id="13.q4",
        question=text(
            "A monitor rings on one quiet day in a hundred. It is read daily. How many quiet *quarters* (60 days) ring at least once, if "
            "days are independent?",
            "某监控在平静的日子里每百天误报一次，每天看一回。若各天独立，平静的**季度**（60 天）里至少误报一次的有多少？",
        ),
        options=(
            Option(
                text("1 in 100", "百分之一"),
                text(
                    "That is the day's rate; a quarter has sixty chances.",
                    "这是单日的比例；一个季度有六十次机会。",
                ),
            ),
            Option(
                text("about 45 in 100", "约百分之四十五"),
                text("Yes: 1 − 0.99⁶⁰ = 0.45.", "对：1 − 0.99⁶⁰ = 0.45。"),
                right=True,
            ),
            Option(
                text("60 in 100", "百分之六十"),
                text(
                    "The sum counts quarters with several alarms several times: 1 − 0.99⁶⁰ is less.",
                    "直接相加会把多次误报的季度重复计算：1 − 0.99⁶⁰ 要小一些。",
                ),
            ),
        ),
    ),
)
