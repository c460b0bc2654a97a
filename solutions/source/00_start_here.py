"""Exercises and questions of chapter 00: how exercises work, a baseline, and what one should know."""

from __future__ import annotations

import numpy as np

from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, Option, Pitfall, Quiz, text


def _most_frequent(y):
    return int(np.argmax(np.bincount(y)))


def _above_baseline(y_learn, y_held_out, guesses):
    accuracy = float(np.mean(guesses == y_held_out))
    return accuracy, accuracy - float(np.mean(y_held_out == _most_frequent(y_learn)))


def _labels(rng):
    """The learning half's most frequent class is a rare one in the held-out half."""
    often, rare, third = rng.permutation(3)
    y_held_out = rng.permutation(np.repeat([often, rare, third], [6, 2, 4]))
    guesses = y_held_out.copy()
    missed = rng.permutation(12)[: rng.integers(2, 6)]
    guesses[missed] = (guesses[missed] + rng.integers(1, 3, size=len(missed))) % 3
    y_learn = rng.permutation(np.repeat([often, rare, third], [3, 7, 5]))
    return {"y_learn": y_learn, "y_held_out": y_held_out, "guesses": guesses}


EXERCISES = (
    Exercise(
        id="00.1",
        title=text("Pixels to numbers", "从像素到小数"),
        points=1,
        objective="O1",
        function="to_unit",
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
                    np.mean(guesses == y_held_out) - 1 / 3,
                ),
                text(
                    "You compared with guessing blindly among the classes (1/3). The baseline here always gives "
                    "one and the same answer.",
                    "你比的是在各类别中瞎猜（1/3）。这里的基线是永远给出同一个答案。",
                ),
            ),
            Pitfall(
                "the_other_way_round",
                lambda y_learn, y_held_out, guesses: (
                    _above_baseline(y_learn, y_held_out, guesses)[0],
                    -_above_baseline(y_learn, y_held_out, guesses)[1],
                ),
                text(
                    "The second number has the wrong sign: above the baseline is positive.",
                    "第二个数的符号反了：高于基线为正。",
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
