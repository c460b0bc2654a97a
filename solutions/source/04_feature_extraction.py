"""Exercises of chapter 04, feature extraction: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np
from scipy import stats

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny, tiny_features

# 04.1 ---------------------------------------------------------------------------------------------


def draw_head(rng):
    height = int(rng.integers(3, 8))
    return {
        "height": height,
        "width": height + int(rng.integers(1, 4)),  # never square: a mix-up of the sides shows
        "channels": int(rng.integers(80, 512)),  # never as many as places
        "hidden": int(rng.integers(32, 1024)),
        "classes": int(rng.integers(3, 50)),
    }


def count_head(height, width, channels, hidden, classes):
    flat = height * width * channels
    return [(flat + 1) * hidden + (hidden + 1) * classes, (channels + 1) * classes]


def count_without_biases(height, width, channels, hidden, classes):
    flat = height * width * channels
    return [flat * hidden + hidden * classes, channels * classes]


def count_without_channels(height, width, channels, hidden, classes):
    places = height * width
    return [(places + 1) * hidden + (hidden + 1) * classes, (channels + 1) * classes]


def count_pooled_over_channels(height, width, channels, hidden, classes):
    return [count_head(height, width, channels, hidden, classes)[0], (height * width + 1) * classes]


def count_pooled_with_hidden(height, width, channels, hidden, classes):
    flattened = count_head(height, width, channels, hidden, classes)[0]
    return [flattened, (channels + 1) * hidden + (hidden + 1) * classes]


def count_with_fixed_sizes(height, width, channels, hidden, classes):
    return count_head(height, width, channels, 1024, 10)


def count_swapped(height, width, channels, hidden, classes):
    return count_head(height, width, channels, hidden, classes)[::-1]


def count_one_bias_per_layer(height, width, channels, hidden, classes):
    flat = height * width * channels
    return [flat * hidden + 1 + hidden * classes + 1, channels * classes + 1]


HEAD_PARAMETERS = Exercise(
    id="04.1",
    title=text("What does a head cost?", "一个分类头有多贵？"),
    points=2,
    objective="O1",
    function="head_parameters",
    inputs=draw_head,
    reference=count_head,
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "without_biases",
            count_without_biases,
            text(
                "You counted the weights only. Each output of a dense layer also has a bias.",
                "你只数了权重。全连接层的每个输出还有一个偏置。",
            ),
        ),
        Pitfall(
            "without_channels",
            count_without_channels,
            text(
                "Flatten keeps everything: a map of height × width for each of the channels.",
                "Flatten 会保留一切：每个通道都有一张 height × width 的图。",
            ),
        ),
        Pitfall(
            "pooled_over_channels",
            count_pooled_over_channels,
            text(
                "In the second number you averaged over the channels. Global average pooling averages over "
                "the places of each map and keeps the channels.",
                "第二个数里，你对通道取了平均。全局平均池化是对每张图的各个位置取平均，保留通道。",
            ),
        ),
        Pitfall(
            "pooled_with_hidden",
            count_pooled_with_hidden,
            text(
                "The pooled head has no hidden layer: pooling → Dense(classes), and that is all.",
                "池化的分类头没有隐藏层：池化之后直接接 Dense(classes)。",
            ),
        ),
        Pitfall(
            "one_bias_per_layer",
            count_one_bias_per_layer,
            text(
                "You gave each layer one bias. A dense layer has one bias for each of its outputs.",
                "你给每一层只算了一个偏置。全连接层的每个输出各有一个偏置。",
            ),
        ),
        Pitfall(
            "fixed_sizes",
            count_with_fixed_sizes,
            text(
                "You wrote 1,024 and 10 into the function, the sizes of one particular head. They come as the "
                "arguments `hidden` and `classes`.",
                "你把 1,024 和 10 写死在函数里了，那只是某一个分类头的大小。它们由参数 `hidden` 和 `classes` 给出。",
            ),
        ),
        Pitfall(
            "swapped",
            count_swapped,
            text(
                "Both counts are right, but in the wrong order: first the flattened head, then the pooled one.",
                "两个数都对，但次序反了：先是展平的分类头，后是池化的分类头。",
            ),
        ),
    ),
    parts={
        "0": text("the first of the pair (flattened)", "第一个数（展平）"),
        "1": text("the second of the pair (pooled)", "第二个数（池化）"),
    },
    hints=(
        text(
            "How many numbers does Flatten hand to the first dense layer? Try 7×7×512 by hand: 25,088.",
            "Flatten 交给第一个全连接层多少个数？拿 7×7×512 手算一下：25,088。",
        ),
        text(
            "A dense layer from d inputs to m outputs has (d + 1)·m parameters. The flattened head has two of them.",
            "从 d 个输入到 m 个输出的全连接层有 (d + 1)·m 个参数。展平的分类头有两个这样的层。",
        ),
        text(
            "After pooling there are as many numbers as channels, whatever height and width were.",
            "池化之后，不管高和宽是多少，剩下的个数就是通道数。",
        ),
    ),
    right={
        "numpy": (
            "def head_parameters(height, width, channels, hidden, classes):\n"
            "    dense = lambda d, m: d * m + m\n"
            "    flat = int(np.prod([height, width, channels]))\n"
            "    return (dense(flat, hidden) + dense(hidden, classes), dense(channels, classes))\n",
            "def head_parameters(height, width, channels, hidden, classes):\n"
            "    total = 0\n"
            "    sizes = [height * width * channels, hidden, classes]\n"
            "    for d, m in zip(sizes, sizes[1:]):\n"
            "        total += d * m\n"
            "        total += m\n"
            "    return np.array([total, channels * classes + classes])\n",
        )
    },
)

# 04.2 ---------------------------------------------------------------------------------------------

TURNS = ((1, 2, 0), (2, 0, 1))  # neither undoes itself, so a turn the wrong way shows


def draw_images(rng):
    return {
        "images": rng.integers(0, 256, size=(2, 3, 2, 3), dtype=np.uint8),
        "scale": float(rng.choice([200.0, 127.5, 64.0])),  # never 255: who ignores it shows
        "mean": np.round(rng.uniform(0.2, 0.6, size=3), 3),
        "std": np.round(rng.uniform(0.15, 0.4, size=3), 3),
        "order": [int(c) for c in TURNS[rng.integers(2)]],
    }


def in_double(images, scale, mean, std, order):
    return (images[..., order] / scale - mean) / std


def preprocess(images, scale, mean, std, order):
    return in_double(images, scale, mean, std, order).astype(np.float32)


PREPROCESS = Exercise(
    id="04.2",
    title=text("Speak the weights' language", "说权重听得懂的话"),
    points=3,
    objective="O2",
    function="preprocess",
    drawing=drawings.pictures(),
    inputs=draw_images,
    reference=preprocess,
    comparator=close(rtol=1e-4, atol=1e-4, float_bits=32),
    tensors=False,
    pitfalls=(
        Pitfall(
            "keeps_the_order",
            lambda images, scale, mean, std, order: (images / scale - mean) / std,
            text(
                "The colours are still red, green, blue. The network wants them in the order that `order` says.",
                "颜色还是红、绿、蓝的次序。网络要的是 `order` 规定的次序。",
            ),
        ),
        Pitfall(
            "turns_the_wrong_way",
            lambda images, scale, mean, std, order: (
                (images[..., np.argsort(order)] / scale - mean) / std
            ),
            text(
                "You reordered the colours the wrong way round: the network's colour c is the picture's colour order[c].",
                "颜色调换的方向反了：网络的第 c 个颜色，是图片的第 order[c] 个颜色。",
            ),
        ),
        Pitfall(
            "subtracts_before_scaling",
            lambda images, scale, mean, std, order: ((images[..., order] - mean) / scale) / std,
            text(
                "You subtracted the mean before dividing by `scale`. Here the mean belongs to the scaled picture: scale first.",
                "你先减了均值，再除以 `scale`。这里的均值是缩放之后的均值，要先缩放。",
            ),
        ),
        Pitfall(
            "turns_the_mean_too",
            lambda images, scale, mean, std, order: (
                (images[..., order] / scale - np.asarray(mean)[order]) / np.asarray(std)[order]
            ),
            text(
                "You reordered mean and std as well. They are given in the network's order already.",
                "你把 mean 和 std 也调换了。它们本来就是按网络的次序给出的。",
            ),
        ),
        Pitfall(
            "own_statistics",
            lambda images, scale, mean, std, order: (
                (images[..., order] / scale - (images[..., order] / scale).mean(axis=(0, 1, 2)))
                / (images[..., order] / scale).std(axis=(0, 1, 2))
            ),
            text(
                "You used the mean and deviation of these pictures. The weights expect the ones of the pictures "
                "that *they* were trained on: the arguments.",
                "你用了这批图片自己的均值和标准差。权重要的是**它们**训练时所用图片的统计量，也就是传进来的参数。",
            ),
        ),
        Pitfall(
            "multiplies_by_the_deviation",
            lambda images, scale, mean, std, order: (images[..., order] / scale - mean) * std,
            text(
                "You multiplied by `std`. Divide by it: a colour that varies little is stretched.",
                "你乘上了 `std`。应当除以它：变化小的颜色要被拉大。",
            ),
        ),
        Pitfall(
            "back_to_whole_numbers",
            lambda images, scale, mean, std, order: (
                ((images[..., order] / scale).astype(np.uint8) - mean) / std
            ),
            text(
                "After the division you went back to uint8, which cuts off everything behind the point. Stay with float32.",
                "除完以后你又转回了 uint8，小数部分全被截掉了。请一直用 float32。",
            ),
        ),
        Pitfall(
            "half_precision",
            lambda images, scale, mean, std, order: (
                (images.astype(np.float16)[..., order] / scale - mean) / std
            ),
            text(
                "Only about three digits are right, as with float16. Convert to float32.",
                "只有大约三位有效数字是对的，像是用了 float16。请转成 float32。",
            ),
        ),
        Pitfall(
            "forgets_the_deviation",
            lambda images, scale, mean, std, order: images[..., order] / scale - mean,
            text("You did not divide by `std`.", "你没有除以 `std`。"),
        ),
        Pitfall(
            "forgets_the_parentheses",
            lambda images, scale, mean, std, order: images[..., order] / scale - mean / std,
            text(
                "Without parentheses, `x - mean / std` divides only the mean by `std`. Subtract first: `(x - mean) / std`.",
                "没有括号时，`x - mean / std` 只是把均值除以 `std`。应当先减再除：`(x - mean) / std`。",
            ),
        ),
        Pitfall(
            "always_255",
            lambda images, scale, mean, std, order: (images[..., order] / 255 - mean) / std,
            text(
                "You divided by 255, whatever `scale` says. Other weights want another scale.",
                "你总是除以 255，没有用 `scale`。别的权重要的是别的缩放。",
            ),
        ),
        Pitfall(
            "forgets_the_scale",
            lambda images, scale, mean, std, order: (images[..., order] - mean) / std,
            text("You did not divide by `scale`.", "你没有除以 `scale`。"),
        ),
        Pitfall(
            "always_reversed",
            lambda images, scale, mean, std, order: (images[..., ::-1] / scale - mean) / std,
            text(
                "You turned the colours round to blue, green, red, whatever `order` says.",
                "你总是把颜色倒成蓝、绿、红，没有用 `order`。",
            ),
        ),
        Pitfall(
            "reorders_the_rows",
            lambda images, scale, mean, std, order: (images[:, order] / scale - mean) / std,
            text(
                "You reordered the rows of each picture. The colours are the last axis.",
                "你调换的是每张图片的行。颜色在最后一个轴上。",
            ),
        ),
        Pitfall(
            "stays_double",
            in_double,
            text(
                "The values are right, but the array is float64 (mean and std are float64): finish with "
                "`.astype(np.float32)`.",
                "数值是对的，但数组是 float64（因为 mean 和 std 是 float64）：最后加上 `.astype(np.float32)`。",
            ),
        ),
    ),
    errors=(
        (
            r"^IndexError: index \d+ is out of bounds",
            text(
                "`order` numbers the colours, and these are the last axis. You used it on another one.",
                "`order` 是颜色的编号，而颜色在最后一个轴上。你把它用到了别的轴上。",
            ),
        ),
        (
            "cannot cast ufunc",
            text(
                "uint8 holds whole numbers only, so it can't be divided in place: `astype(np.float32)` first.",
                "uint8 只能存整数，不能就地做除法：请先 `astype(np.float32)`。",
            ),
        ),
    ),
    hints=(
        text(
            "The colours are the last axis. `images[..., order]` takes them in a new order.",
            "颜色在最后一个轴上。`images[..., order]` 就能按新次序取出。",
        ),
        text(
            "mean and std have shape (3,), the last axis of the pictures has length 3: NumPy's broadcasting lines them up by itself.",
            "mean 和 std 的形状是 (3,)，图片最后一个轴的长度也是 3，NumPy 的广播会自动对齐。",
        ),
        text(
            "Mind the parentheses: `(x / scale - mean) / std`. And print `.dtype` at the end: mean and std are float64, "
            "so what has float32 become?",
            "注意括号：`(x / scale - mean) / std`。最后再打印一下 `.dtype`：mean 和 std 是 float64，float32 变成了什么？",
        ),
    ),
    right={
        "numpy": (
            "def preprocess(images, scale, mean, std, order):\n"
            "    x = np.take(images, order, axis=3).astype('float64') / scale\n"
            "    return np.float32((x - np.asarray(mean)) / np.asarray(std))\n",
            "def preprocess(images, scale, mean, std, order):\n"
            "    out = np.empty(images.shape, dtype=np.float32)\n"
            "    for c in range(3):\n"
            "        out[:, :, :, c] = (images[:, :, :, order[c]] / scale - mean[c]) / std[c]\n"
            "    return out\n",
        )
    },
)

# 04.3 ---------------------------------------------------------------------------------------------


def draw_features(rng):
    train = rng.normal(rng.uniform(-2, 2, size=4), rng.uniform(0.5, 3, size=4), size=(9, 4))
    test = rng.normal(1.0, 2.0, size=(5, 4))
    # Two columns are constant in training, not in the test. The deviation of the second is not quite
    # 0: the mean of nine times 0.7 is not 0.7, since 0.7 is rounded.
    first, second, third = rng.permutation(4)[:3]
    train[:, first], train[:, second] = float(rng.integers(1, 4)), 0.7
    # A third hardly varies, but it does: who takes what is small for constant shows.
    train[:, third] = 0.4 + 2e-4 * rng.normal(size=9)
    test[:, third] = 0.4 + 2e-4 * rng.normal(size=5)
    return {"train": train, "test": test}


def standardise_with(mean, deviation, *matrices):
    """Standardise; a column that is constant in the first matrix is only centred."""
    constant = np.ptp(matrices[0], axis=0) == 0
    return [(matrix - mean) / np.where(constant, 1, deviation) for matrix in matrices]


def standardise(train, test, constants):
    return standardise_with(
        train.mean(axis=0), train.std(axis=0, ddof=constants["ddof"]), train, test
    )


def standardise_with_other_divisor(train, test, constants):
    return standardise(train, test, {"ddof": 1 - constants["ddof"]})


def standardise_with_variance(train, test, constants):
    variance = train.var(axis=0, ddof=constants["ddof"])
    return standardise_with(train.mean(axis=0), variance, train, test)


def standardise_where_not_zero(train, test, constants):
    deviation = train.std(axis=0, ddof=constants["ddof"])
    deviation = np.where(deviation == 0, 1, deviation)
    return [(m - train.mean(axis=0)) / deviation for m in (train, test)]


def standardise_each_alone(train, test, constants):
    return [standardise(train, train, constants)[0], standardise(test, test, constants)[0]]


def standardise_jointly(train, test, constants):
    both = np.concatenate([train, test])
    deviation = both.std(axis=0, ddof=constants["ddof"])
    return standardise_with(both.mean(axis=0), deviation, train, test)


def standardise_by_zero(train, test, constants):
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = train.std(axis=0, ddof=constants["ddof"])
        return [(m - train.mean(axis=0)) / deviation for m in (train, test)]


def standardise_with_epsilon(train, test, constants):
    deviation = train.std(axis=0, ddof=constants["ddof"]) + 1e-8
    return [(m - train.mean(axis=0)) / deviation for m in (train, test)]


def standardise_and_hide_the_zero(train, test, constants):
    return [np.nan_to_num(m) for m in standardise_by_zero(train, test, constants)]


def standardise_each_by_zero(train, test, constants):
    with np.errstate(divide="ignore", invalid="ignore"):
        return [(m - m.mean(axis=0)) / m.std(axis=0, ddof=constants["ddof"]) for m in (train, test)]


def standardise_and_blank_constants(train, test, constants):
    """Give the columns that are constant in training as zeros, in the test as well."""
    varies = np.ptp(train, axis=0) > 0
    return [matrix * varies for matrix in standardise(train, test, constants)]


def standardise_but_leave_constants(train, test, constants):
    varies = np.ptp(train, axis=0) > 0
    pairs = zip(standardise(train, test, constants), (train, test), strict=True)
    return [np.where(varies, standardised, m) for standardised, m in pairs]


def standardise_and_drop_constants(train, test, constants):
    varies = np.ptp(train, axis=0) > 0
    return [matrix[:, varies] for matrix in standardise(train, test, constants)]


def standardise_with_joint_deviation(train, test, constants):
    deviation = np.concatenate([train, test]).std(axis=0, ddof=constants["ddof"])
    return [(matrix - train.mean(axis=0)) / deviation for matrix in (train, test)]


def scale_between_extremes(train, test):
    width = np.ptp(train, axis=0)
    width = np.where(width == 0, 1, width)
    return [(matrix - train.min(axis=0)) / width for matrix in (train, test)]


def standardise_with_one_mean(train, test, constants):
    return [(m - train.mean()) / train.std(ddof=constants["ddof"]) for m in (train, test)]


def standardise_per_picture(train, test, constants):
    return [
        (m - m.mean(axis=1, keepdims=True)) / m.std(axis=1, keepdims=True, ddof=constants["ddof"])
        for m in (train, test)
    ]


def words_on_divisor(constants):
    """Say by what the deviation that is asked for divides, and by what the other one."""
    by, numpys = ("n", "n − 1"), (" (NumPy's default)", ": ddof=1")
    ddof = constants["ddof"]
    return {
        "divisor": by[ddof],
        "other": by[1 - ddof],
        "numpy": numpys[ddof],
        "numpy_zh": ("（NumPy 默认）", "，即 ddof=1")[ddof],
    }


STANDARDISE = Exercise(
    id="04.3",
    title=text("Standardise without a leak", "不泄漏地标准化"),
    points=3,
    objective="O4",
    function="standardise",
    drawing=drawings.matrix("1"),
    inputs=draw_features,
    reference=standardise,
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "test_by_itself",
            standardise_each_alone,
            text(
                "You standardised the test features with their own mean and deviation. That is a leak, and it "
                "makes training and test features incomparable.",
                "你用测试特征自己的均值和标准差来标准化它。这是泄漏，还会使训练特征与测试特征不可比。",
            ),
        ),
        Pitfall(
            "joint_statistics",
            standardise_jointly,
            text(
                "You took mean and deviation over training and test together: the test set has leaked into training.",
                "你把训练集和测试集合在一起求均值和标准差：测试集泄漏进了训练。",
            ),
        ),
        Pitfall(
            "divides_by_variance",
            standardise_with_variance,
            text(
                "You divided by the variance. Divide by its square root, the standard deviation.",
                "你除以了方差。应当除以它的平方根，即标准差。",
            ),
        ),
        Pitfall(
            "other_divisor",
            standardise_with_other_divisor,
            text(
                "You used the deviation that divides by {{other}}. The one asked for divides by {{divisor}}{{numpy}}.",
                "你用的是除以 {{other}} 的标准差。题目要的是除以 {{divisor}} 的那一种{{numpy_zh}}。",
            ),
        ),
        Pitfall(
            "divides_by_zero",
            standardise_by_zero,
            text(
                "A column is constant in the training set, so its deviation is 0 and you divided by it.",
                "有一列在训练集中是常数，标准差为 0，而你除以了它。",
            ),
        ),
        Pitfall(
            "compares_with_zero",
            standardise_where_not_zero,
            text(
                "One constant column has a deviation of about 10⁻¹⁶ instead of 0: its value is rounded, and so is its "
                "mean. Dividing by that makes the test values explode. Ask whether the column's largest and smallest "
                "values are equal.",
                "有一个常数列，标准差不是 0，而是约 10⁻¹⁶：它的数值经过舍入，均值也是。除以这样的数，测试值就会变得极大。"
                "应当检查这一列的最大值与最小值是否相等。",
            ),
        ),
        Pitfall(
            "hides_the_zero",
            standardise_and_hide_the_zero,
            text(
                "A column is constant in the training set, so its deviation is 0 and you divided by it. `nan_to_num` "
                "only hides that: the test values there have become astronomically large.",
                "有一列在训练集中是常数，标准差为 0，而你除以了它。`nan_to_num` 只是把问题盖住：那一列的测试值变成了天文数字。",
            ),
        ),
        Pitfall(
            "divides_by_zero_and_leaks",
            standardise_each_by_zero,
            text(
                "Two things. A column is constant in the training set: its deviation is 0, and you divided by it. And you "
                "standardised the test features with their own mean and deviation: that is a leak.",
                "有两处。其一，有一列在训练集中是常数，标准差为 0，而你除以了它。其二，你用测试特征自己的均值和标准差来标准化它，这是泄漏。",
            ),
        ),
        Pitfall(
            "blanks_the_constants",
            standardise_and_blank_constants,
            text(
                "Where a column is constant in training you gave zeros for the test, too. There the test values may "
                "differ from one another: subtract the training mean from them, and nothing else.",
                "训练集中为常数的列，你在测试特征里也一律给了 0。可是测试值在那里可能各不相同：应当只减去训练集的均值。",
            ),
        ),
        Pitfall(
            "leaves_the_constants",
            standardise_but_leave_constants,
            text(
                "You left the constant columns as they are. Their mean is to be subtracted as well.",
                "常数列你原样留着了。它们也要减去均值。",
            ),
        ),
        Pitfall(
            "drops_the_constants",
            standardise_and_drop_constants,
            text(
                "You dropped the columns that are constant in training. Keep all d columns: there only the mean is subtracted.",
                "你把训练集中为常数的列删掉了。d 列都要保留：这些列只减均值。",
            ),
        ),
        Pitfall(
            "joint_deviation",
            standardise_with_joint_deviation,
            text(
                "The mean is the training set's, but your deviation was taken over training and test together: a leak all the same.",
                "均值是训练集的，但标准差是把训练集和测试集合在一起算的：这同样是泄漏。",
            ),
        ),
        Pitfall(
            "between_extremes",
            scale_between_extremes,
            text(
                "You scaled every column to the range from 0 to 1 (min–max scaling). To standardise is to subtract the mean "
                "and divide by the standard deviation.",
                "你把每一列缩放到了 0 到 1 之间（最小–最大缩放）。标准化是减去均值，再除以标准差。",
            ),
        ),
        Pitfall(
            "one_mean_for_all",
            standardise_with_one_mean,
            text(
                "You took one mean over the whole matrix. It takes one for each column: axis=0.",
                "你对整个矩阵只求了一个均值。应当每列各求一个：axis=0。",
            ),
        ),
        Pitfall(
            "tiny_epsilon",
            standardise_with_epsilon,
            text(
                "You added a tiny number to the deviation. For the column that is constant in training, the test "
                "values are then divided by almost zero and explode. Only subtract the mean there.",
                "你给标准差加了一个极小的数。对训练集中为常数的那一列，测试值除以一个近乎 0 的数，就会变得极大。那一列只减均值即可。",
            ),
        ),
        Pitfall(
            "per_picture",
            standardise_per_picture,
            text(
                "You standardised each row, that is each picture. A feature is a column: axis=0.",
                "你是逐行（逐张图片）标准化的。一个特征是一列：axis=0。",
            ),
        ),
    ),
    constants={"ddof": 0},
    alternatives={"ddof": (1,)},
    words=words_on_divisor,
    forbidden=("sklearn.preprocessing.StandardScaler", "sklearn.preprocessing.scale"),
    parts={
        "0": text("the training features", "训练特征"),
        "1": text("the test features", "测试特征"),
    },
    hints=(
        text(
            "Compute two vectors of length d from `train` alone. Use the same two for both matrices.",
            "只用 `train` 算出两个长度为 d 的向量，两个矩阵都用它们。",
        ),
        text(
            "Where a column is constant, `train.std(axis=0)` is 0, or nearly: 10⁻¹⁶ by rounding. Better compare the column's "
            "largest and smallest values: `np.ptp(train, axis=0) == 0`. What do you divide by there?",
            "某一列是常数时，`train.std(axis=0)` 是 0，也可能因为舍入而是 10⁻¹⁶ 左右。更可靠的办法是比较该列的最大值与最小值："
            "`np.ptp(train, axis=0) == 0`。那里应当除以什么？",
        ),
        text(
            "`np.where(constant, 1, deviation)`: dividing by 1 changes nothing.",
            "`np.where(constant, 1, deviation)`：除以 1 等于不变。",
        ),
    ),
    right={
        "numpy": (
            "def standardise(train, test):\n"
            "    train, test = train.astype(float), test.astype(float)\n"
            "    for c in range(train.shape[1]):\n"
            "        mean, deviation = np.mean(train[:, c]), np.var(train[:, c], ddof={{ddof}}) ** 0.5\n"
            "        if deviation < 1e-10:\n"
            "            deviation = 1.0\n"
            "        for m in (train, test):\n"
            "            m[:, c] = (m[:, c] - mean) / deviation\n"
            "    return [train, test]\n",
            "def standardise(train, test):\n"
            "    centre = np.sum(train, axis=0) / len(train)\n"
            "    spread = np.sqrt(np.sum((train - centre) ** 2, axis=0) / (len(train) - {{ddof}}))\n"
            "    constant = np.ptp(train, axis=0) == 0\n"
            "    result = []\n"
            "    for m in (train, test):\n"
            "        z = m - centre\n"
            "        z[:, ~constant] /= spread[~constant]\n"
            "        result.append(z)\n"
            "    return result\n",
        )
    },
)

# 04.4 ---------------------------------------------------------------------------------------------


def draw_ridge(rng):
    # More features than pictures happens, as in life; and V can't be mistaken for its transpose then.
    n, d, classes = 9, int(rng.choice([4, 12, 11, 5])), 3
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, size=n - classes)])
    features = rng.normal(size=(classes, d))[labels] + rng.normal(size=(n, d)) + 1.0
    return {
        "features": features,
        "labels": labels,
        "strengths": np.round(rng.uniform(0.3, 20, size=3), 2),
    }


def targets_of(labels):
    return np.eye(labels.max() + 1)[labels]


def shrunk(f, y, strengths, shrink=lambda s, strength: s / (s**2 + strength)):
    """Give the weights L×d×K: V · diag(shrink(s, λ)) · Uᵀ · y, over the directions with s > 0."""
    u, s, vt = np.linalg.svd(f, full_matrices=False)
    keep = s > 1e-9
    u, s, vt = u[:, keep], s[keep], vt[keep]
    return np.stack([vt.T @ (shrink(s, x)[:, None] * (u.T @ y)) for x in strengths])


def ridge(features, labels, strengths, *, centre=(True, True), shrink=None):
    targets = targets_of(labels)
    h_mean, y_mean = features.mean(axis=0), targets.mean(axis=0)
    f, y = features - h_mean * centre[0], targets - y_mean * centre[1]
    weights = shrunk(f, y, strengths, shrink) if shrink else shrunk(f, y, strengths)
    return [weights, y_mean - h_mean @ weights]


def ridge_with_penalised_intercept(features, labels, strengths, constants):
    with_one = np.column_stack([features, np.ones(len(features))])
    weights = shrunk(with_one, targets_of(labels), strengths * constants["factor"])
    return [weights[:, :-1], weights[:, -1]]


def ridge_without_intercept(features, labels, strengths, constants):
    weights = shrunk(features, targets_of(labels), strengths * constants["factor"])
    return [weights, np.zeros((len(strengths), weights.shape[2]))]


def ridge_with_mean_loss(features, labels, strengths, constants):
    return ridge(features, labels, strengths * constants["factor"] * len(features))


def ridge_with_half_loss(features, labels, strengths, constants):
    return ridge(features, labels, strengths * constants["factor"] * 2)


def ridge_with_plain_intercept(features, labels, strengths, constants):
    weights, intercepts = ridge(features, labels, strengths * constants["factor"])
    return [weights, np.broadcast_to(targets_of(labels).mean(axis=0), intercepts.shape)]


def ridge_with_last_intercept(features, labels, strengths, constants):
    """Forget that each strength has intercepts of its own."""
    weights, intercepts = ridge(features, labels, strengths * constants["factor"])
    return [weights, intercepts[-1]]


def ridge_in_pairs(features, labels, strengths, constants):
    pairs = zip(*ridge(features, labels, strengths * constants["factor"]), strict=True)
    return [list(pair) for pair in pairs]


def words_on_penalty(constants):
    """Write the penalty as formulas and code have it: λ, 2λ …"""
    factor = constants["factor"]
    times, code = ("", "") if factor == 1 else (f"{factor}", f"{factor} * ")
    return {"times": times, "code_times": code, "penalties": f"{code}strengths"}


def ridge_transposed(features, labels, strengths, constants):
    weights, intercepts = ridge(features, labels, strengths * constants["factor"])
    return [weights.transpose(0, 2, 1), intercepts]


RIDGE_PATH = Exercise(
    id="04.4",
    title=text("The whole path from one decomposition", "一次分解，整条路径"),
    points=6,
    objective="O3",
    function="ridge_path",
    inputs=draw_ridge,
    reference=lambda features, labels, strengths, constants: ridge(
        features, labels, strengths * constants["factor"]
    ),
    comparator=close(rtol=1e-4, atol=1e-6),
    survivors={
        "one_hot - y_mean → one_hot + y_mean": "the centred features make nothing of a constant"
    },
    tensors=False,
    pitfalls=(
        Pitfall(
            "penalised_intercept",
            ridge_with_penalised_intercept,
            text(
                "The intercept is penalised too, as happens when a column of ones is appended. Centre instead, "
                "and compute the intercept afterwards.",
                "截距也被惩罚了；给特征添一列 1 就会这样。应当先中心化，最后再算截距。",
            ),
        ),
        Pitfall(
            "no_intercept",
            ridge_without_intercept,
            text(
                "There is no intercept in your solution, and the weights have to make up for it. Centre features and targets first.",
                "你的解没有截距，只好由权重来补。请先把特征和目标中心化。",
            ),
        ),
        Pitfall(
            "mean_loss",
            ridge_with_mean_loss,
            text(
                "Your penalty is n times too strong: that is the solution for the *mean* of the squared errors. Here they are summed.",
                "你的惩罚是应有的 n 倍：那是平方误差取**平均**时的解。这里是求和。",
            ),
        ),
        Pitfall(
            "half_loss",
            ridge_with_half_loss,
            text(
                "Your penalty is twice too strong: there is no factor ½ before the squared errors here.",
                "你的惩罚是应有的 2 倍：这里平方误差前面没有 ½。",
            ),
        ),
        Pitfall(
            "plain_intercept",
            ridge_with_plain_intercept,
            text(
                "The weights are right. The intercept has to undo the centring of the features: b = ȳ − Wᵀh̄, for each strength.",
                "权重对了。截距还要抵消特征的中心化：对每个强度，b = ȳ − Wᵀh̄。",
            ),
        ),
        Pitfall(
            "unsquared_singular_values",
            lambda features, labels, strengths, constants: ridge(
                features, labels, strengths * constants["factor"], shrink=lambda s, x: 1 / (s + x)
            ),
            text(
                "The shrinkage factor is s / (s² + {{times}}λ). Yours is 1 / (s + {{times}}λ): FᵀF has the *squares* of the singular values.",
                "收缩系数是 s / (s² + {{times}}λ)，你写成了 1 / (s + {{times}}λ)：FᵀF 的特征值是奇异值的**平方**。",
            ),
        ),
        Pitfall(
            "one_value_unsquared",
            lambda features, labels, strengths, constants: ridge(
                features, labels, strengths * constants["factor"], shrink=lambda s, x: s / (s + x)
            ),
            text(
                "The shrinkage factor is s / (s² + {{times}}λ). Yours is s / (s + {{times}}λ): the square is missing.",
                "收缩系数是 s / (s² + {{times}}λ)，你写成了 s / (s + {{times}}λ)：少了平方。",
            ),
        ),
        Pitfall(
            "squared_strength",
            lambda features, labels, strengths, constants: ridge(
                features, labels, (strengths * constants["factor"]) ** 2
            ),
            text(
                "You squared the strength. Only the singular value is squared: s / (s² + {{times}}λ).",
                "你把强度也平方了。平方的只有奇异值：s / (s² + {{times}}λ)。",
            ),
        ),
        Pitfall(
            "last_intercept",
            ridge_with_last_intercept,
            text(
                "There is one row of intercepts only, that of the last strength. Each strength has weights of its own, "
                "and so intercepts of its own: L×K.",
                "你只返回了一行截距，也就是最后一个强度的。每个强度有自己的权重，也就有自己的截距：L×K。",
            ),
        ),
        Pitfall(
            "list_of_pairs",
            ridge_in_pairs,
            text(
                "You returned a pair for each strength. Asked for is one pair: all weights (L×d×K), then all intercepts (L×K).",
                "你为每个强度返回了一对。要的是一对数组：先是全部权重（L×d×K），再是全部截距（L×K）。",
            ),
        ),
        Pitfall(
            "shrinks_the_fit",
            lambda features, labels, strengths, constants: ridge(
                features,
                labels,
                strengths * constants["factor"],
                shrink=lambda s, x: s**2 / (s**2 + x),
            ),
            text(
                "The factor s² / (s² + {{times}}λ) says how much of the *prediction* is kept. In the weights it is s / (s² + {{times}}λ).",
                "s² / (s² + {{times}}λ) 说的是**预测值**保留了多少。权重里的系数是 s / (s² + {{times}}λ)。",
            ),
        ),
        Pitfall(
            "not_centred",
            lambda features, labels, strengths, constants: ridge(
                features, labels, strengths * constants["factor"], centre=(False, False)
            ),
            text(
                "The decomposition is that of the raw features. Subtract the column means from the features and from the "
                "targets before it.",
                "你分解的是原始特征。分解之前，特征和目标都要先减去各自的列均值。",
            ),
        ),
        Pitfall(
            "features_not_centred",
            lambda features, labels, strengths, constants: ridge(
                features, labels, strengths * constants["factor"], centre=(False, True)
            ),
            text(
                "You centred the targets, but not the features. Subtract their column means before the decomposition.",
                "你把目标中心化了，特征却没有。分解之前要先减去特征的列均值。",
            ),
        ),
        Pitfall(
            "transposed_weights",
            ridge_transposed,
            text(
                "Your weights are L×K×d. Asked for is L×d×K: features first, then classes.",
                "你的权重是 L×K×d。要的是 L×d×K：先特征，后类别。",
            ),
        ),
    ),
    constants={"factor": 1},
    alternatives={"factor": (2, 3, 4)},
    words=words_on_penalty,
    forbidden=(
        "sklearn.linear_model.Ridge",
        *(
            f"{package}.linalg.{name}"
            for package in ("numpy", "scipy")
            for name in ("inv", "solve", "lstsq", "pinv")
        ),
    ),
    parts={"0": text("the weights", "权重"), "1": text("the intercepts", "截距")},
    errors=(
        (
            r"^ValueError: (matmul|shapes )",
            text(
                "Two shapes don't fit together. `np.linalg.svd(F, full_matrices=False)` returns U (n×r), s (r) and Vᵀ "
                "(r×d): what the formula calls V is the transpose of the third. Print the shapes of both operands.",
                "两个形状对不上。`np.linalg.svd(F, full_matrices=False)` 返回 U（n×r）、s（r）和 Vᵀ（r×d）："
                "公式里的 V 是第三个的转置。请打印两个操作数的形状。",
            ),
        ),
    ),
    hints=(
        text(
            "One-hot targets: `np.eye(K)[labels]`. Subtract the column means from features and targets.",
            "独热目标：`np.eye(K)[labels]`。特征和目标都减去各自的列均值。",
        ),
        text(
            "With U, s, Vᵀ from the centred features, compute UᵀY once. Only diag(s / (s² + {{times}}λ)) depends on λ.",
            "对中心化的特征做分解得到 U、s、Vᵀ，UᵀY 只需算一次。只有 diag(s / (s² + {{times}}λ)) 与 λ 有关。",
        ),
        text(
            "A diagonal matrix times M is a column vector times M: `(s / (s**2 + {{code_times}}lam))[:, None] * M`. `np.stack` joins the results.",
            "对角矩阵乘 M，就是用一个列向量的各个分量去乘 M 的各行：`(s / (s**2 + {{code_times}}lam))[:, None] * M`。最后用 `np.stack` 叠起来。",
        ),
    ),
    right={
        "numpy": (
            "def ridge_path(features, labels, strengths):\n"
            "    k = int(labels.max()) + 1\n"
            "    y = (labels[:, None] == np.arange(k)).astype(float)\n"
            "    f = features - features.mean(0)\n"
            "    values, vectors = np.linalg.eigh(f.T @ f)\n"
            "    projected = vectors.T @ f.T @ y\n"
            "    weights, intercepts = [], []\n"
            "    for lam in {{penalties}}:\n"
            "        w = (vectors / (values + lam)) @ projected\n"
            "        weights.append(w)\n"
            "        intercepts.append(y.mean(0) - features.mean(0) @ w)\n"
            "    return np.array(weights), np.array(intercepts)\n",
            "from scipy.linalg import svd\n"
            "def ridge_path(features, labels, strengths):\n"
            "    y = np.eye(labels.max() + 1)[labels]\n"
            "    u, s, vt = svd(features - features.mean(0), full_matrices=False)\n"
            "    factors = s / (s**2 + {{code_times}}strengths[:, None])\n"
            "    weights = np.einsum('rd,lr,nr,nk->ldk', vt, factors, u, y)\n"
            "    return weights, y.mean(0) - np.einsum('d,ldk->lk', features.mean(0), weights)\n",
            "def ridge_path(features, labels, strengths):\n"
            "    y = np.eye(labels.max() + 1)[labels]\n"
            "    f = features - features.mean(0)\n"
            "    values, vectors = np.linalg.eigh(f @ f.T)  # pictures with pictures: n×n\n"
            "    weights = [f.T @ (vectors / (values + x)) @ (vectors.T @ (y - y.mean(0))) for x in {{penalties}}]\n"
            "    return np.stack(weights), np.stack([y.mean(0) - features.mean(0) @ w for w in weights])\n",
        )
    },
)

# 04.5 ---------------------------------------------------------------------------------------------


def one_standard_error(strengths, scores, *, ddof=1, root=True, strongest=True):
    means = scores.mean(axis=1)
    best = int(np.argmax(means))
    error = scores[best].std(ddof=ddof) / (np.sqrt(scores.shape[1]) if root else 1.0)
    allowed = strengths[means >= means[best] - error]
    return float(allowed.max() if strongest else allowed.min())


def choose_within(strengths, scores, error):
    means = scores.mean(axis=1)
    return float(strengths[means >= means.max() - error].max())


def choose_with_deviation_of_all(strengths, scores):
    return choose_within(strengths, scores, scores.std(ddof=1) / np.sqrt(scores.shape[1]))


def choose_with_five_folds(strengths, scores):
    best = scores[np.argmax(scores.mean(axis=1))]
    return choose_within(strengths, scores, best.std(ddof=1) / np.sqrt(5))


def choose_first_listed(strengths, scores):
    means = scores.mean(axis=1)
    error = scores[np.argmax(means)].std(ddof=1) / np.sqrt(scores.shape[1])
    return float(strengths[np.argmax(means >= means.max() - error)])


def choose_index(strengths, scores):
    return int(np.argmax(strengths == one_standard_error(strengths, scores)))


def choose_index_of_best(strengths, scores):
    return int(np.argmax(scores.mean(axis=1)))


def choose_index_in_order(strengths, scores):
    return int(np.sum(strengths > one_standard_error(strengths, scores)))


def choose_with_own_errors(strengths, scores):
    means = scores.mean(axis=1)
    errors = scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
    return float(strengths[means + errors >= means.max()].max())


def choose_by_means_of_folds(strengths, scores):
    means = scores.mean(axis=0)
    error = scores[np.argmax(means)].std(ddof=1) / np.sqrt(scores.shape[1])
    return float(strengths[: len(means)][means >= means.max() - error].max())


def choose_within_two_errors(strengths, scores):
    best = scores[np.argmax(scores.mean(axis=1))]
    return choose_within(strengths, scores, 2 * best.std(ddof=1) / np.sqrt(scores.shape[1]))


def choose_with_root_of_strengths(strengths, scores):
    best = scores[np.argmax(scores.mean(axis=1))]
    return choose_within(strengths, scores, best.std(ddof=1) / np.sqrt(len(scores)))


CHOICES = {
    "deviation_of_all": choose_with_deviation_of_all,
    "best_mean": lambda strengths, scores: float(strengths[np.argmax(scores.mean(axis=1))]),
    "weakest": lambda strengths, scores: one_standard_error(strengths, scores, strongest=False),
    "deviation_not_error": lambda strengths, scores: one_standard_error(
        strengths, scores, root=False
    ),
    "divides_by_k": lambda strengths, scores: one_standard_error(strengths, scores, ddof=0),
    "five_folds": choose_with_five_folds,
    "first_listed": choose_first_listed,
    "own_errors": choose_with_own_errors,
    "means_of_folds": choose_by_means_of_folds,
    "two_errors": choose_within_two_errors,
    "root_of_strengths": choose_with_root_of_strengths,
    "lowest_is_best": lambda strengths, scores: one_standard_error(strengths, -scores),
    "index": choose_index,
    "index_of_best": choose_index_of_best,
    "index_in_order": choose_index_in_order,
}


def draw_scores(rng):
    """Draw until the right choice differs from every mistaken one, and these from one another.

    For that to happen soon, the means of the stronger strengths are the rungs of a ladder: one
    between any two of the margins that the right rule and the mistaken ones allow.
    """
    k = int(rng.choice([3, 8, 10, 12]))  # folds; never 5, so that a fixed √5 shows
    while True:
        deviation, of_others = rng.uniform(0.02, 0.04) * np.array([1, rng.uniform(1.5, 2.2)])
        margins = deviation * np.array(
            [np.sqrt((1 - 1 / k) / k), 1 / np.sqrt(k), 1 / np.sqrt(5), 1]
        )
        margins = np.sort([*margins, of_others / np.sqrt(k)])
        rungs = np.append(margins[0] / 2, (margins[1:] + margins[:-1]) / 2)
        below = [*rng.uniform(0.001, 0.05, size=5), 0, *rungs, 1.2 * deviation, 0.1, 0.2]
        noise = rng.normal(size=(14, k))
        noise -= noise.mean(axis=1, keepdims=True)
        noise /= noise.std(axis=1, ddof=1, keepdims=True)
        deviations = of_others * rng.uniform(0.6, 1.3, size=(14, 1))
        deviations[5] = deviation  # of the best
        scores = np.round(-0.3 - np.array(below)[:, None] + deviations * noise, 4)
        order = rng.permutation(14)
        strengths, scores = 10.0 ** (np.arange(-6, 8) / 2)[order], scores[order]
        wrong = [choice(strengths, scores) for choice in CHOICES.values()]
        told_apart = one_standard_error(strengths, scores) not in wrong and len(set(wrong)) >= 9
        if told_apart and is_clear(scores) and scores.min() >= -1 and scores.max() <= 0:
            return {"strengths": strengths, "scores": scores}


def is_clear(scores):
    """Whether no two strengths tie for the best mean and none stands on the threshold itself."""
    means = scores.mean(axis=1)
    best = int(np.argmax(means))
    threshold = means[best] - scores[best].std(ddof=1) / np.sqrt(scores.shape[1])
    ahead = means[best] - np.delete(means, best).max()
    return min(ahead, np.abs(means - threshold).min()) > 1e-6


INDEX_MESSAGE = text(
    "You returned a position in the list. Return the strength itself.",
    "你返回的是在列表中的位置。请返回强度本身。",
)
FOLDS_MESSAGE = text(
    "You averaged over the strengths. Your means, and the mask made of them, have one entry for each fold; "
    "it needs one for each strength: mean(axis=1).",
    "你是对强度求的平均。这样得到的平均分和掩码是每折一个，而需要的是每个强度一个：mean(axis=1)。",
)

CHOOSE_STRENGTH = Exercise(
    id="04.5",
    title=text("One standard error", "一倍标准误"),
    points=3,
    objective="O4",
    function="choose_strength",
    inputs=draw_scores,
    reference=lambda strengths, scores: one_standard_error(strengths, scores),
    comparator=close(rtol=1e-9, atol=0.0),
    survivors={
        "means >= means[best] - standard_error → means > means[best] - standard_error": (
            "no mean lies exactly one standard error below the best"
        )
    },
    tensors=False,
    pitfalls=(
        Pitfall(
            "deviation_of_all",
            CHOICES["deviation_of_all"],
            text(
                "You took the deviation of all scores; take that of the best strength's row.",
                "你用的是全部得分的标准差；应当只用最佳强度那一行的标准差。",
            ),
        ),
        Pitfall(
            "best_mean",
            CHOICES["best_mean"],
            text(
                "You took the best mean (or your standard error came out far too small: variance in place of deviation?). The "
                "rule allows a stronger penalty as long as it is within one standard error.",
                "你取了平均分最高的那个（也可能是标准误算得太小：用了方差而不是标准差？）。"
                "按规则，只要在一倍标准误之内，就可以选更强的惩罚。",
            ),
        ),
        Pitfall(
            "weakest",
            CHOICES["weakest"],
            text(
                "Within one standard error you took the weakest penalty. The rule prefers the strongest, that is the simplest model.",
                "在一倍标准误之内，你选了最弱的惩罚。规则偏爱最强的，也就是最简单的模型。",
            ),
        ),
        Pitfall(
            "deviation_not_error",
            CHOICES["deviation_not_error"],
            text(
                "You used the standard deviation of the folds. The standard error of their mean is smaller by √k.",
                "你用的是各折得分的标准差。平均分的标准误要再除以 √k。",
            ),
        ),
        Pitfall(
            "divides_by_k",
            CHOICES["divides_by_k"],
            text(
                "Your deviation divides by k. The sample standard deviation divides by k − 1: ddof=1.",
                "你的标准差除以了 k。样本标准差除以 k − 1：ddof=1。",
            ),
        ),
        Pitfall(
            "five_folds",
            CHOICES["five_folds"],
            text(
                "You divided by √5. The number of folds k is the number of columns: scores.shape[1].",
                "你除以的是 √5。折数 k 应取列数：scores.shape[1]。",
            ),
        ),
        Pitfall(
            "first_listed",
            CHOICES["first_listed"],
            text(
                "You took the first strength in the list that qualifies. The list may be in any order: take the largest.",
                "你取的是列表中第一个合格的强度。列表的次序任意，应取其中最大的。",
            ),
        ),
        Pitfall(
            "own_errors",
            CHOICES["own_errors"],
            text(
                "You gave each strength its own standard error. The rule uses one: that of the best mean.",
                "你给每个强度用了各自的标准误。规则只用一个：平均分最高者的标准误。",
            ),
        ),
        Pitfall("means_of_folds", CHOICES["means_of_folds"], FOLDS_MESSAGE),
        Pitfall(
            "two_errors",
            CHOICES["two_errors"],
            text(
                "You allowed two standard errors. The rule allows one.",
                "你放宽到了两倍标准误。按规则只有一倍。",
            ),
        ),
        Pitfall(
            "root_of_strengths",
            CHOICES["root_of_strengths"],
            text(
                "You divided by the root of the number of strengths (the rows). The mean is over the k folds: √k, with "
                "k = scores.shape[1].",
                "你除以的是强度个数（行数）的平方根。平均是对 k 折取的：应除以 √k，k = scores.shape[1]。",
            ),
        ),
        Pitfall(
            "lowest_is_best",
            CHOICES["lowest_is_best"],
            text(
                "The strength you give is far too strong: its scores are among the lowest. Did you treat them as losses? These are "
                "log-probabilities: higher is better.",
                "你给的强度太强了，它的得分属于最低之列。是不是把得分当成了损失？这里的得分是对数概率，越大越好。",
            ),
        ),
        Pitfall("index", CHOICES["index"], INDEX_MESSAGE),
        Pitfall("index_of_best", CHOICES["index_of_best"], INDEX_MESSAGE),
        Pitfall("index_in_order", CHOICES["index_in_order"], INDEX_MESSAGE),
    ),
    errors=(
        (
            r"^IndexError: (boolean|index \d+ is out of bounds)",
            text(
                "Your mask (or your list of means) has one entry for each fold; it needs one for each strength: "
                "mean(axis=1).",
                "你的掩码（或平均分）是每折一个，而需要的是每个强度一个：mean(axis=1)。",
            ),
        ),
    ),
    hints=(
        text(
            "`scores.mean(axis=1)` has one mean for each strength. Which row is the best one?",
            "`scores.mean(axis=1)` 给出每个强度的平均分。哪一行最好？",
        ),
        text(
            "The threshold is one number: the best mean minus `scores[best].std(ddof=1) / sqrt(k)`.",
            "门槛是一个数：最高平均分减去 `scores[best].std(ddof=1) / sqrt(k)`。",
        ),
        text(
            "A boolean mask picks the strengths that reach the threshold; the answer is the largest of them.",
            "用布尔掩码挑出达到门槛的强度，答案是其中最大的。",
        ),
    ),
    right={
        "numpy": (
            "from scipy import stats\n"
            "def choose_strength(strengths, scores):\n"
            "    means = scores.mean(1)\n"
            "    best = means.argmax()\n"
            "    threshold = means[best] - stats.sem(scores[best])\n"
            "    return max(s for s, m in zip(strengths, means) if m >= threshold)\n",
            "def choose_strength(strengths, scores):\n"
            "    k = scores.shape[1]\n"
            "    table = sorted(((float(s), row.mean(), row) for s, row in zip(strengths, scores)), key=lambda t: t[0])\n"
            "    best = max(table, key=lambda t: t[1])\n"
            "    se = np.sqrt(((best[2] - best[1]) ** 2).sum() / (k - 1) / k)\n"
            "    while table[-1][1] < best[1] - se:\n"
            "        table.pop()\n"
            "    return table[-1][0]\n",
        )
    },
)

# 04.6 ---------------------------------------------------------------------------------------------


def draw_accuracies(rng):
    n = int(rng.choice([3, 6, 7, 8]))  # not 4, not 5, so that a fixed t of five draws shows
    gain = rng.choice([-0.05, -0.03, 0.05])  # a loss as well, so that who cuts off at 0 shows
    luck = rng.normal(0, 0.04, size=n)  # a bad draw is bad for both methods
    scratch = 0.8 + luck + rng.normal(0, 0.015, size=n)
    transferred = 0.8 + gain + luck + rng.normal(0, 0.015, size=n)
    return {"transferred": np.round(transferred, 4), "scratch": np.round(scratch, 4)}


def quantile_of(constants):
    """Give the quantile at which an interval of this level ends: 0.975 for 95 %."""
    return 0.5 + constants["level"] / 200


def interval(differences, constants, *, quantile=None, ddof=1, root=True):
    n = len(differences)
    t = stats.t.ppf(quantile_of(constants), n - 1) if quantile is None else quantile
    half = t * differences.std(ddof=ddof) / (np.sqrt(n) if root else 1.0)
    return [differences.mean(), differences.mean() - half, differences.mean() + half]


def around(mean, values, constants):
    """Give the interval that these values' deviation gives, around another mean."""
    centre, low, high = interval(values, constants)
    return [mean, mean + low - centre, mean + high - centre]


def interval_of_separate(transferred, scratch, constants, freedom):
    half = stats.t.ppf(quantile_of(constants), freedom) * np.sqrt(
        (transferred.var(ddof=1) + scratch.var(ddof=1)) / len(scratch)
    )
    gain = transferred.mean() - scratch.mean()
    return [gain, gain - half, gain + half]


def unpaired_interval(transferred, scratch, constants):
    return interval_of_separate(transferred, scratch, constants, 2 * len(scratch) - 2)


def unpaired_with_own_freedom(transferred, scratch, constants):
    return interval_of_separate(transferred, scratch, constants, len(scratch) - 1)


def welch_interval(transferred, scratch, constants):
    a, b = transferred.var(ddof=1), scratch.var(ddof=1)
    return interval_of_separate(
        transferred, scratch, constants, (len(scratch) - 1) * (a + b) ** 2 / (a**2 + b**2)
    )


def words_on_level(constants):
    """Give the numbers that belong to an interval's level, as the text writes them."""
    level, quantile = constants["level"], quantile_of(constants)
    return {
        "confidence": level / 100,
        "quantile": quantile,
        "percent": 100 * quantile,
        "each_end": (100 - level) / 2,
        "both_ends": 100 - level,
        "of_five": f"{stats.t.ppf(quantile, 4):.2f}",
        "normal": f"{stats.norm.ppf(quantile):.2f}",
    }


UNPAIRED_MESSAGE = text(
    "You treated the two methods as separate samples. They share their draws: take the difference draw by "
    "draw first; the luck of the draw cancels.",
    "你把两种方法当成了两个独立的样本。它们用的是同样的抽样：应先逐次求差，抽样的运气会抵消。",
)


PAIRED_GAIN = Exercise(
    id="04.6",
    title=text("A paired interval", "配对置信区间"),
    points=3,
    objective="O6",
    function="paired_gain",
    drawing=drawings.interval(),
    inputs=draw_accuracies,
    reference=lambda transferred, scratch, constants: interval(transferred - scratch, constants),
    comparator=close(rtol=1e-5, atol=1e-8),
    tensors=False,
    constants={"level": 95},
    alternatives={"level": (80, 90, 98, 99)},
    words=words_on_level,
    forbidden=("course_lib.judging.paired_interval", "course_lib.judging.interval"),
    pitfalls=(
        Pitfall("unpaired", unpaired_interval, UNPAIRED_MESSAGE),
        Pitfall("unpaired_with_own_freedom", unpaired_with_own_freedom, UNPAIRED_MESSAGE),
        Pitfall("unpaired_welch", welch_interval, UNPAIRED_MESSAGE),
        Pitfall(
            "normal_quantile",
            lambda transferred, scratch, constants: interval(
                transferred - scratch, constants, quantile=stats.norm.ppf(quantile_of(constants))
            ),
            text(
                "You used {{normal}}, the quantile of the normal distribution. With so few draws the deviation itself is "
                "uncertain; Student's t allows for it.",
                "你用了正态分布的分位数 {{normal}}。抽样次数这么少，标准差本身就不准，学生 t 分布把这一点考虑进去了。",
            ),
        ),
        Pitfall(
            "one_sided",
            lambda transferred, scratch, constants: interval(
                transferred - scratch,
                constants,
                quantile=stats.t.ppf(constants["level"] / 100, len(scratch) - 1),
            ),
            text(
                "{{confidence}} leaves {{both_ends}} % at *each* end. A {{level}} % interval leaves {{each_end}} % at each: "
                "the {{quantile}} quantile.",
                "{{confidence}} 会在**两端各**留下 {{both_ends}}%。{{level}}% 置信区间两端各留 {{each_end}}%，要用 {{quantile}} 分位数。",
            ),
        ),
        Pitfall(
            "wrong_freedom",
            lambda transferred, scratch, constants: interval(
                transferred - scratch,
                constants,
                quantile=stats.t.ppf(quantile_of(constants), len(scratch)),
            ),
            text("There are n − 1 degrees of freedom, not n.", "自由度是 n − 1，不是 n。"),
        ),
        Pitfall(
            "divides_by_n",
            lambda transferred, scratch, constants: interval(
                transferred - scratch, constants, ddof=0
            ),
            text(
                "Your deviation divides by n. The sample standard deviation divides by n − 1: ddof=1.",
                "你的标准差除以了 n。样本标准差除以 n − 1：ddof=1。",
            ),
        ),
        Pitfall(
            "forgets_the_root",
            lambda transferred, scratch, constants: interval(
                transferred - scratch, constants, root=False
            ),
            text(
                "You forgot to divide by √n: that interval is for a single draw, not for the mean.",
                "你忘了除以 √n：那是单次抽样的区间，不是均值的区间。",
            ),
        ),
        Pitfall(
            "ends_swapped",
            lambda transferred, scratch, constants: [
                interval(transferred - scratch, constants)[i] for i in (0, 2, 1)
            ],
            text(
                "The two ends are swapped: the lower one comes first. (Did you use the quantile below the middle? It is negative.)",
                "两端写反了：应当先写下端。（是不是用了小于 0.5 的分位数？那样 t 是负的。）",
            ),
        ),
        Pitfall(
            "half_width_alone",
            lambda transferred, scratch, constants: [
                interval(transferred - scratch, constants)[0],
                np.diff(interval(transferred - scratch, constants)[:2])[0] * -1,
            ],
            text(
                "You returned the mean and the half width. Asked for are the mean and the two *ends*: mean − half width and "
                "mean + half width.",
                "你返回的是均值和半宽。要的是均值和**两端**：均值 − 半宽、均值 + 半宽。",
            ),
        ),
        Pitfall(
            "deviation_of_one_method",
            lambda transferred, scratch, constants: around(
                (transferred - scratch).mean(), transferred, constants
            ),
            text(
                "You used the deviation of the transferred accuracies. Asked for is that of the differences.",
                "你用的是迁移准确率的标准差。要的是差值的标准差。",
            ),
        ),
        Pitfall(
            "always_five_draws",
            lambda transferred, scratch, constants: interval(
                transferred - scratch, constants, quantile=stats.t.ppf(quantile_of(constants), 4)
            ),
            text(
                "You used {{of_five}}, the t of five draws. Here there are n, and t changes with n: n − 1 degrees of freedom.",
                "你用的是 {{of_five}}，那是抽样五次时的 t。这里是 n 次，t 随 n 而变：自由度为 n − 1。",
            ),
        ),
        Pitfall(
            "reversed",
            lambda transferred, scratch, constants: interval(scratch - transferred, constants),
            text(
                "Your sign is reversed: the gain is transferred − scratch.",
                "符号反了：增益是“迁移 − 从零训练”。",
            ),
        ),
    ),
    hints=(
        text(
            "Start with `differences = transferred - scratch`.",
            "先写 `differences = transferred - scratch`。",
        ),
        text(
            "`differences.std(ddof=1)` divides by n − 1. The half width is t·s/√n.",
            "`differences.std(ddof=1)` 除以 n − 1。区间半宽是 t·s/√n。",
        ),
        text(
            "`stats.t.ppf(q, n - 1)` wants as q the share below the *upper* end: half of what is left out lies above it.",
            "`stats.t.ppf(q, n - 1)` 的 q 是**上端**以下所占的比例：区间外的部分，有一半在上端之上。",
        ),
    ),
    parts={
        "0": text("the mean gain", "平均增益"),
        "1": text("the lower end", "区间下端"),
        "2": text("the upper end", "区间上端"),
    },
    right={
        "numpy": (
            "from scipy import stats\n"
            "def paired_gain(transferred, scratch):\n"
            "    d = np.asarray(transferred) - np.asarray(scratch)\n"
            "    low, high = stats.t.interval({{confidence}}, len(d) - 1, loc=d.mean(), scale=stats.sem(d))\n"
            "    return d.mean(), low, high\n",
            "from scipy import stats\n"
            "def paired_gain(transferred, scratch):\n"
            "    result = stats.ttest_rel(transferred, scratch)\n"
            "    ends = result.confidence_interval({{confidence}})\n"
            "    return [float(np.mean(transferred) - np.mean(scratch)), ends.low, ends.high]\n",
        )
    },
)

# 04.7 ---------------------------------------------------------------------------------------------


def draw_step(rng):
    model = draw_tiny(rng)
    images = rng.normal(size=(6, 2, 2, 3)).astype(np.float32)
    labels = rng.permutation(np.arange(6) % 3)
    return {"images": images, "labels": labels, "learning_rate": 0.5, **model}


def head_after_step(h, labels, learning_rate, head, bias):
    """One step of gradient descent on the cross-entropy: the gradient is hᵀ(p − y)/N."""
    logits = h @ head + bias
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return head - learning_rate * h.T @ (p - np.eye(head.shape[1])[labels]) / len(labels)


def report_of_step(images, labels, learning_rate, head, bias, **backbone):
    """Give what the probe reports of a right answer."""
    h = tiny_features(images, **backbone)
    return {
        "weights_moved": False,
        "statistics_moved": False,
        "head_moved": True,
        "head_in_training_mode": True,
        "trainable": head.size + bias.size,
        "head": head_after_step(h, labels, learning_rate, head, bias),
    }


def seen(*names, **report):
    """Know a mistake by a part of the probe's report; the names are those of the trainable arrays."""

    def answer(**inputs):
        learning = {"trainable": sum(inputs[name].size for name in names)} if names else {}
        return report | learning

    return answer


def report_with_batch_statistics(images, labels, learning_rate, head, bias, **backbone):
    """Give the report of a backbone that normalises by the batch, but keeps its running averages."""
    z = images @ backbone["kernel"]
    by_batch = {"mean": z.mean(axis=(0, 1, 2)), "variance": z.var(axis=(0, 1, 2))}
    return report_of_step(images, labels, learning_rate, head, bias, **backbone | by_batch)


HEAD = ("head", "bias")
ALL = ("kernel", "gamma", "beta", *HEAD)

FREEZE_BACKBONE = Exercise(
    id="04.7",
    title=text("Freeze, and mean it", "说冻结，就真冻结"),
    points=3,
    objective="O5",
    function="freeze_backbone",
    inputs=draw_step,
    reference=report_of_step,
    comparator=close(rtol=1e-3, atol=1e-5),
    probe="after_one_step",
    forbidden=("course_lib.pytorch.freeze", "course_lib.keras.freeze"),
    parts={
        "weights_moved": text("“the backbone's weights moved”", "“主干的权重变了”"),
        "statistics_moved": text("“its BatchNorm statistics moved”", "“它的 BatchNorm 统计量变了”"),
        "head_moved": text("“the head learned”", "“分类头学到了东西”"),
        "head_in_training_mode": text("“the head is in training mode”", "“分类头处于训练模式”"),
        "trainable": text("the number of trainable parameters", "可训练参数的个数"),
        "head": text("the head after the step", "这一步之后的分类头"),
    },
    pitfalls=(
        Pitfall(
            "nothing_frozen",
            seen(*ALL, weights_moved=True, statistics_moved=True),
            text(
                "The backbone's weights moved, and so did its BatchNorm statistics: nothing is frozen. (PyTorch: "
                "requires_grad belongs to each *parameter*, mind the s; as an attribute of the backbone it does nothing. "
                "Keras: the flag is called trainable.)",
                "主干的权重变了，BatchNorm 的统计量也变了：什么都没有冻结。（PyTorch：requires_grad 是每个**参数**的属性，"
                "注意 requires 里的 s；给主干本身设这个属性不起作用。Keras：这个标志叫 trainable。）",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    for p in model.backbone.parameters():\n"
                    "        p.require_grad = False\n"
                ),
                "keras": "def freeze_backbone(model):\n    model.frozen = True\n",
            },
        ),
        Pitfall(
            "only_inference_mode",
            seen(*ALL, weights_moved=True, statistics_moved=False),
            text(
                "BatchNorm stood still, but the weights moved: they still take gradients. requires_grad belongs to each "
                "*parameter* (mind the s): `model.backbone.requires_grad_(False)`.",
                "BatchNorm 没动，但权重变了：它们仍在接收梯度。requires_grad 是每个**参数**的属性（注意 requires 里的 s）："
                "`model.backbone.requires_grad_(False)`。",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    model.backbone.requires_grad = False\n"
                    "    model.backbone.eval()\n"
                ),
            },
        ),
        Pitfall(
            "still_in_training_mode",
            seen(weights_moved=False, statistics_moved=True),
            text(
                "The weights stood still, but the BatchNorm statistics moved: those layers are still in training mode. "
                "No gradient is only half of frozen.",
                "权重没动，但 BatchNorm 的统计量变了：这些层还处于训练模式。不算梯度，只冻结了一半。",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    for parameter in model.backbone.parameters():\n"
                    "        parameter.requires_grad = False\n"
                ),
                "keras": (
                    "def freeze_backbone(model):\n"
                    "    for variable in model.backbone.trainable_variables:\n"
                    "        variable.trainable = False\n"
                ),
            },
        ),
        Pitfall(
            "head_frozen_too",
            seen(head_moved=False),
            text(
                "The head did not move: you froze the whole model, and nothing is left to learn.",
                "分类头没有变化：你把整个模型都冻结了，没有东西可学。",
            ),
            code={
                "pytorch": "def freeze_backbone(model):\n    model.requires_grad_(False)\n    model.eval()\n",
                "keras": "def freeze_backbone(model):\n    model.trainable = False\n",
            },
        ),
        Pitfall(
            "head_in_inference_mode",
            seen(weights_moved=False, statistics_moved=False, head_in_training_mode=False),
            text(
                "The head is in inference mode too: its dropout would be off. Call eval() on model.backbone only.",
                "分类头也进入了推理模式：它的 dropout 会失效。只对 model.backbone 调用 eval()。",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    model.eval()\n"
                    "    model.backbone.requires_grad_(False)\n"
                ),
            },
        ),
        Pitfall(
            "normalises_by_the_batch",
            report_with_batch_statistics,
            text(
                "Nothing of the backbone moved, but the head learned from other features: BatchNorm still normalises by the "
                "batch, as it does in training mode. Stopping the running averages (momentum 0, say) is not enough; inference "
                "mode makes it *use* them.",
                "主干里什么都没动，但分类头学的是另一种特征：BatchNorm 仍像训练模式那样，用这一批的统计量做归一化。"
                "只让滑动平均停下来（例如把 momentum 设为 0）还不够，要切到推理模式，它才会**使用**滑动平均。",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    model.backbone.requires_grad_(False)\n"
                    "    model.backbone.norm.momentum = 0.0\n"
                ),
            },
        ),
        Pitfall(
            "only_batchnorm",
            seen("kernel", *HEAD, weights_moved=True, statistics_moved=False),
            text(
                "BatchNorm stands still, but another layer of the backbone learned.",
                "BatchNorm 没动，但主干里还有别的层在学习。",
            ),
            code={
                "pytorch": (
                    "def freeze_backbone(model):\n"
                    "    model.backbone.norm.requires_grad_(False)\n"
                    "    model.backbone.norm.eval()\n"
                ),
                "keras": "def freeze_backbone(model):\n    model.backbone.norm.trainable = False\n",
            },
        ),
        Pitfall(
            "all_but_batchnorm",
            seen("gamma", "beta", *HEAD, weights_moved=True, statistics_moved=True),
            text(
                "BatchNorm's own scale and shift still learned, and its statistics moved. BatchNorm belongs to the backbone, too.",
                "BatchNorm 自己的缩放和平移还在学习，统计量也变了。BatchNorm 也是主干的一部分。",
            ),
            code={
                "pytorch": "def freeze_backbone(model):\n    model.backbone.mix.requires_grad_(False)\n",
                "keras": "def freeze_backbone(model):\n    model.backbone.mix.trainable = False\n",
            },
        ),
    ),
    hints=(
        text(
            "Two things must stop: the gradients to the weights, and the updates of the running averages.",
            "有两样东西要停下：流向权重的梯度，以及滑动平均的更新。",
        ),
        text(
            "Look at the list above: PyTorch needs two calls on model.backbone, Keras one line.",
            "看上面的列表：PyTorch 要对 model.backbone 做两件事，Keras 只需一行。",
        ),
        text(
            "PyTorch: `requires_grad_(False)` and `eval()`, both on the backbone only. Keras: `trainable`.",
            "PyTorch：只对主干调用 `requires_grad_(False)` 和 `eval()`。Keras：用 `trainable`。",
        ),
    ),
    right={
        "pytorch": (
            "def freeze_backbone(model):\n    model.backbone.requires_grad_(False).eval()\n",
            "def freeze_backbone(model):\n"
            "    model.eval()\n"
            "    model.head.train()\n"
            "    for parameter in model.backbone.parameters():\n"
            "        parameter.requires_grad = False\n",
            "def freeze_backbone(model):\n"
            "    for module in model.backbone.modules():\n"
            "        module.training = False\n"
            "        for parameter in module.parameters(recurse=False):\n"
            "            parameter.requires_grad = False\n",
        ),
        "keras": (
            "def freeze_backbone(model):\n"
            "    for layer in model.backbone.layers:\n"
            "        layer.trainable = False\n",
            "def freeze_backbone(model):\n"
            "    model.trainable = True\n"
            "    setattr(model.backbone, 'trainable', False)\n",
        ),
    },
)

# 04.8 ---------------------------------------------------------------------------------------------


def draw_extraction(rng):
    model = draw_tiny(rng)
    del model["head"], model["bias"]
    # The probe's second batch size is 4: then nothing is left over.
    return {"images": rng.normal(size=(4, 2, 3, 3)).astype(np.float32), "batch_size": 3, **model}


def report_of_extraction(images, batch_size, **backbone):
    """Give what the probe reports of a right answer."""
    return {
        "features": tiny_features(images, **backbone),
        "batch_size_matters": False,
        "statistics_moved": False,
        "training_restored": True,
        "inference_restored": True,
        "gradients_recorded": False,
        "batch_too_large": False,
    }


def features_of_full_batches(images, batch_size, **backbone):
    return {"features": tiny_features(images[: len(images) // batch_size * batch_size], **backbone)}


def features_scaled_twice(images, batch_size, **backbone):
    return {"features": tiny_features(images / 255, **backbone)}


def features_of_permuted(images, batch_size, **backbone):
    return {"features": tiny_features(images.transpose(0, 3, 1, 2), **backbone)}


def right_features_but(**report):
    return lambda images, batch_size, **backbone: {
        "features": tiny_features(images, **backbone),
        **report,
    }


PYTORCH_EXTRACT = """\
def extract(backbone, images, batch_size):
    was_training = backbone.training
    backbone.eval()
    features = []
    with torch.no_grad():
        for start in range(0, {stop}, {step}):
            features.append(backbone(torch.tensor(images[start : start + {step}]{scale})).numpy())
    backbone.train(was_training)
    return np.concatenate(features)
"""
KERAS_EXTRACT = """\
def extract(backbone, images, batch_size):
    features = []
    for start in range(0, {stop}, {step}):
        batch = backbone(images[start : start + {step}]{scale}, training=False)
        features.append(keras.ops.convert_to_numpy(batch))
    return np.concatenate(features)
"""


def extract_code(stop="len(images)", step="batch_size", scale=""):
    options = {"stop": stop, "step": step, "scale": scale}
    return {"pytorch": PYTORCH_EXTRACT.format(**options), "keras": KERAS_EXTRACT.format(**options)}


def extract_code_with_rest():
    """Give the code of somebody who takes the full batches first, and the rest without looking."""
    full = extract_code(stop="len(images) // batch_size * batch_size")
    rest = "images[-(len(images) % batch_size) :]"
    return {
        "pytorch": full["pytorch"].replace(
            "    backbone.train(",
            f"    features.append(backbone(torch.tensor({rest})).detach().numpy())\n    backbone.train(",
        ),
        "keras": full["keras"].replace(
            "    return",
            f"    features.append(np.array(backbone({rest}, training=False)))\n    return",
        ),
    }


def extract_code_without(pytorch, keras):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    right = extract_code()
    return {"pytorch": right["pytorch"].replace(*pytorch), "keras": right["keras"].replace(*keras)}


EXTRACT = Exercise(
    id="04.8",
    title=text("Your own extractor", "自己写一个特征提取器"),
    points=4,
    objective="O2",
    function="extract",
    inputs=draw_extraction,
    reference=report_of_extraction,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="extraction",
    forbidden=tuple(
        f"course_lib.{framework}.{name}"
        for framework in ("pytorch", "keras")
        for name in ("extract_features", "predict")
    ),
    parts={
        "features": text("the features", "特征"),
        "batch_size_matters": text("“the batch size changes the features”", "“特征随批大小而变”"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 统计量变了”"),
        "training_restored": text(
            "“came in training mode, went back in it”", "“送来时是训练模式，还回去也是”"
        ),
        "inference_restored": text(
            "“came in inference mode, went back in it”", "“送来时是推理模式，还回去也是”"
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
                "The backbone wants a tensor: `torch.as_tensor(batch)`.",
                "主干要的是张量：`torch.as_tensor(batch)`。",
            ),
        ),
        (
            r"numpy\(\) on Tensor that requires grad",
            text(
                "Gradients are being recorded, so a tensor can't simply become an array. Compute under `torch.no_grad()`.",
                "梯度正在被记录，所以张量不能直接变成数组。请在 `torch.no_grad()` 下计算。",
            ),
        ),
    ),
    pitfalls=(
        Pitfall(
            "training_mode",
            seen(batch_size_matters=True, statistics_moved=True),
            text(
                "The features depend on the batch size and the BatchNorm statistics moved: the backbone ran in training mode.",
                "特征随批大小而变，BatchNorm 的统计量也动了：主干是在训练模式下运行的。",
            ),
            code=extract_code_without(
                pytorch=("    backbone.eval()\n", ""), keras=("training=False", "training=True")
            ),
        ),
        Pitfall(
            "all_at_once",
            seen(batch_too_large=True),
            text(
                "A batch was larger than batch_size; did you pass all pictures at once? With real pictures that runs out of memory.",
                "有一批超过了 batch_size。是不是把图片一次全送进去了？图片一多就会耗尽内存。",
            ),
            code=extract_code(step="len(images)"),
        ),
        Pitfall(
            "drops_the_rest",
            features_of_full_batches,
            text(
                "The last, smaller batch is missing: the number of pictures need not be a multiple of the batch size.",
                "少了最后不满的那一批：图片数不一定是批大小的整数倍。",
            ),
            code=extract_code(stop="len(images) // batch_size * batch_size"),
        ),
        Pitfall(
            "rest_of_nothing",
            seen(batch_size_matters=True, statistics_moved=False),
            text(
                "With a second batch size, that divides the number of pictures, other features came back. Then no rest is left, "
                "and `images[-0:]` is *all* of them.",
                "换一个批大小，恰好整除图片数，得到的特征就不同了。这时没有剩下的图片，而 `images[-0:]` 是**全部**图片。",
            ),
            code=extract_code_with_rest(),
        ),
        Pitfall(
            "scales_again",
            features_scaled_twice,
            text(
                "These are the features of the pictures divided by 255. The images came ready for the backbone: don't scale twice.",
                "这是图片除以 255 之后的特征。送来的图片已经处理好了，不要再缩放一次。",
            ),
            code=extract_code(scale=" / np.float32(255)"),
        ),
        Pitfall(
            "permutes_the_axes",
            features_of_permuted,
            text(
                "You moved the channels to the front. These backbones take N×H×W×C; do not permute.",
                "你把通道挪到了前面。这里的主干接收 N×H×W×C，不要调换轴的次序。",
            ),
            code=extract_code(scale=".transpose(0, 3, 1, 2)"),
        ),
        Pitfall(
            "forces_training_mode",
            right_features_but(training_restored=True, inference_restored=False),
            text(
                "You put the backbone into training mode whatever it was. Remember `backbone.training` first. (Keras: you "
                "made it trainable whatever it was; leave `trainable` alone.)",
                "不管主干原来处于什么模式，你最后都把它切到了训练模式。应当先记住 `backbone.training`。"
                "（Keras：不管原来如何，你都把它设成了可训练；不要动 `trainable`。）",
            ),
            code=extract_code_without(
                pytorch=("backbone.train(was_training)", "backbone.train()"),
                keras=(
                    "    return",
                    "    backbone.trainable = True\n    return",
                ),
            ),
        ),
        Pitfall(
            "changes_the_backbone",
            right_features_but(training_restored=False),
            text(
                "The features are right, but the backbone comes back in another mode than it went in: remember "
                "`backbone.training` and set it again at the end. (Keras: leave `trainable` alone.)",
                "特征是对的，但主干还回来时，模式和送来时不一样了：应当先记住 `backbone.training`，最后再设回去。"
                "（Keras：不要动 `trainable`。）",
            ),
            code=extract_code_without(
                pytorch=("    backbone.train(was_training)\n", ""),
                keras=(
                    "    features = []\n",
                    "    features = []\n    backbone.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "records_gradients",
            right_features_but(gradients_recorded=True),
            text(
                "The features are right, but gradients were recorded while the backbone ran: detach() comes too late, the "
                "memory has been used by then. Compute under `torch.no_grad()`.",
                "特征是对的，但主干运行时记录了梯度：等到 detach() 已经晚了，内存已经占用。请在 `torch.no_grad()` 下计算。",
            ),
            code={
                "pytorch": (
                    "def extract(backbone, images, batch_size):\n"
                    "    mode = backbone.training\n"
                    "    backbone.eval()\n"
                    "    parts = [backbone(part).detach() for part in torch.tensor(images).split(batch_size)]\n"
                    "    backbone.train(mode)\n"
                    "    return torch.cat(parts).numpy()\n"
                ),
            },
        ),
    ),
    hints=(
        text(
            "`range(0, len(images), batch_size)` gives where each batch starts; a slice may run past the end.",
            "`range(0, len(images), batch_size)` 给出每一批的起点；切片超出末尾也没关系。",
        ),
        text(
            "PyTorch: remember `backbone.training`, call eval(), compute under torch.no_grad(), then train(…) with what you "
            "remembered. Keras: call the backbone with training=False.",
            "PyTorch：先记住 `backbone.training`，调用 eval()，在 torch.no_grad() 下计算，最后用记住的值调用 train(…)。"
            "Keras：调用主干时传入 training=False。",
        ),
        text(
            "Collect the batches as NumPy arrays in a list and join them with np.concatenate.",
            "把每一批的结果转成 NumPy 数组放进列表，最后用 np.concatenate 连起来。",
        ),
    ),
    right={
        "pytorch": (
            "def extract(backbone, images, batch_size):\n"
            "    mode = backbone.training\n"
            "    try:\n"
            "        backbone.train(False)\n"
            "        with torch.inference_mode():\n"
            "            parts = [backbone(part) for part in torch.from_numpy(images).split(batch_size)]\n"
            "        return torch.cat(parts).numpy()\n"
            "    finally:\n"
            "        backbone.train(mode)\n",
            "@torch.no_grad()\n"
            "def extract(backbone, images, batch_size):\n"
            "    mode = backbone.training\n"
            "    backbone.eval()\n"
            "    rows, start = [], 0\n"
            "    while start < len(images):\n"
            "        rows.extend(backbone(torch.tensor(images[start : start + batch_size])).tolist())\n"
            "        start += batch_size\n"
            "    backbone.train(mode)\n"
            "    return rows\n",
            "import copy\n"
            "def extract(backbone, images, batch_size):\n"
            "    backbone = copy.deepcopy(backbone).eval()\n"
            "    with torch.no_grad():\n"
            "        return np.stack([backbone(torch.as_tensor(image)[None])[0].numpy() for image in images])\n",
        ),
        "keras": (
            "def extract(backbone, images, batch_size):\n"
            "    return np.concatenate([backbone(image[None], training=False) for image in images])\n",
            "def extract(backbone, images, batch_size):\n"
            "    return backbone.predict(images, batch_size=batch_size, verbose=0)\n",
            "def extract(backbone, images, batch_size):\n"
            "    count = -(-len(images) // batch_size)\n"
            "    parts = [images[i * batch_size : (i + 1) * batch_size] for i in range(count)]\n"
            "    return np.vstack([np.asarray(backbone(part, training=False)) for part in parts])\n",
        ),
    },
)

# 04.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="04.9",
    title=text("A report on your desk", "桌上的一份报告"),
    points=3,
    objective="O6",
    rubric=(
        (
            1,
            text(
                "First fault: named (½) and with the number to ask for (½). Any of: wrong preprocessing, learning "
                "rate chosen on the test set, no baseline, a single run without interval, head far too big, "
                "loss and output layer not said, how the test pictures were drawn.",
                "第一个毛病：指出来（½ 分），并说出应要求的数字（½ 分）。下列任一项：预处理不对、在测试集上选学习率、"
                "没有基线、只跑一次且没有区间、分类头过大、没说明损失与输出层、没说明测试图片怎样抽取。",
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
    HEAD_PARAMETERS,
    PREPROCESS,
    STANDARDISE,
    RIDGE_PATH,
    CHOOSE_STRENGTH,
    PAIRED_GAIN,
    FREEZE_BACKBONE,
    EXTRACT,
    REPORT,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="04.q1",
        question=text(
            "Fifty labelled handwritten digits, five of each class, and hundreds more to classify. Which is best?",
            "五十张带标签的手写数字，每类五张，还有好几百张等着分类。哪种办法最好？",
        ),
        options=(
            Option(
                text("Logistic regression on the raw pixels", "在原始像素上做逻辑回归"),
                text(
                    "A respectable guess, and a baseline that you must always run. But pixels know nothing of strokes: a "
                    "shift by two pixels changes almost all of them. Section 5 shows how far it gets.",
                    "这个猜测不离谱，它也是必须跑的基线。但像素不懂什么是笔画：平移两个像素，几乎所有数值都变了。第 5 节会看到它能做到什么程度。",
                ),
            ),
            Option(
                text(
                    "A small network trained from scratch on the fifty",
                    "用这五十张从零训练一个小网络",
                ),
                text(
                    "It can learn strokes, in principle. Fifty pictures are few to learn them from. Section 5 measures it.",
                    "原则上它能学会笔画，可是只靠五十张图片，太少了。第 5 节会实际测量。",
                ),
            ),
            Option(
                text(
                    "Comparing features of a network that has only ever seen letters",
                    "用一个只见过字母的网络提取特征，再作比较",
                ),
                text(
                    "Yes: letters and digits share their strokes. Section 5 gives the numbers, with intervals.",
                    "对：字母和数字共用同样的笔画。第 5 节会给出具体数值和置信区间。",
                ),
                right=True,
            ),
            Option(
                text("Nothing works with fifty pictures", "只有五十张，什么办法都不行"),
                text(
                    "Even a single picture per class goes a surprisingly long way, if somebody else's pictures did the learning.",
                    "只要网络先用别人的图片学过，每类哪怕只有一张，效果也会好得出人意料。",
                ),
            ),
        ),
    ),
    Quiz(
        id="04.q2",
        question=text(
            "You invert the pictures (dark on light instead of light on dark). Which costs more accuracy?",
            "把图片反色（亮底暗字，而不是暗底亮字）。哪种情况损失的准确率更多？",
        ),
        options=(
            Option(
                text(
                    "Inverting all pictures, labelled and new ones alike",
                    "所有图片都反色，带标签的和新来的都一样",
                ),
                text(
                    "This weakens the features, but labelled and new pictures still agree. Run the cell and see.",
                    "这会削弱特征，但带标签的图片和新图片仍然一致。运行下面的单元格看看。",
                ),
            ),
            Option(
                text("Inverting only the new pictures", "只有新来的图片反色"),
                text(
                    "Yes: now the new features lie somewhere else entirely, and the class means wait in the wrong place.",
                    "对：新图片的特征跑到了完全不同的地方，而类均值还在老地方等着。",
                ),
                right=True,
            ),
            Option(
                text("Both the same: the information is still there", "两种一样：信息都还在"),
                text(
                    "The information is there, but a frozen network cannot learn to read it the other way round.",
                    "信息确实还在，但冻结的网络没法学会反着读。",
                ),
            ),
        ),
    ),
    Quiz(
        id="04.q3",
        question=text(
            "Two heads on the same frozen features, fifty labelled pictures, each at its best learning rate. One has two "
            "million parameters, the other 1,290. Which is more accurate on other pictures?",
            "同样的冻结特征，五十张带标签的图片，两个分类头各用最合适的学习率。一个有两百万个参数，另一个只有 1,290 个。"
            "在其他图片上谁更准？",
        ),
        options=(
            Option(
                text("The large one, clearly", "大的，而且明显更准"),
                text(
                    "It can represent more. But what counts is what fifty pictures can tell it.",
                    "它的表达能力更强。可是起决定作用的，是五十张图片能告诉它多少。",
                ),
            ),
            Option(
                text(
                    "The small one, clearly: the large one overfits",
                    "小的，而且明显更准：大的会过拟合",
                ),
                text(
                    "That is what counting parameters suggests. Run the cell: training briefly from a small start holds "
                    "the large head back more than you might think.",
                    "只数参数，确实会这样猜。运行下面的单元格：从小的初始值出发、训练时间又短，大分类头受到的约束比想象的强。",
                ),
            ),
            Option(
                text("About the same", "差不多"),
                text(
                    "Yes, here. A thousand times more parameters buy nothing, and cost memory and time.",
                    "在这里正是如此。多出上千倍的参数，没换来什么，却要占内存、费时间。",
                ),
                right=True,
            ),
        ),
    ),
    Quiz(
        id="04.q4",
        question=text(
            "In PyTorch, every parameter of a backbone has requires_grad=False. The loop calls model.train() in each epoch. "
            "After training, the same picture gives other features than before. Why?",
            "在 PyTorch 中，主干的所有参数都设了 requires_grad=False。训练循环每一轮都调用 model.train()。训练之后，"
            "同一张图片的特征却与之前不同。为什么？",
        ),
        options=(
            Option(
                text(
                    "The optimiser moved the frozen weights through weight decay",
                    "优化器通过权重衰减改动了冻结的权重",
                ),
                text(
                    "A parameter that never had a gradient (its .grad is None) is skipped by PyTorch's optimisers, decay included.",
                    "从未有过梯度的参数（.grad 为 None）会被 PyTorch 的优化器跳过，权重衰减也不例外。",
                ),
            ),
            Option(
                text("BatchNorm's running averages moved", "BatchNorm 的滑动平均变了"),
                text(
                    "Yes: in training mode each forward pass updates them, gradient or not.",
                    "对：在训练模式下，每次前向计算都会更新它们，与梯度无关。",
                ),
                right=True,
            ),
            Option(
                text("Rounding", "舍入误差"),
                text(
                    "Rounding changes the seventh digit. Section 6.2 printed how much the features change: in the first.",
                    "舍入误差只影响第七位有效数字。6.2 节打印过特征变了多少：变的是第一位。",
                ),
            ),
        ),
    ),
    Quiz(
        id="04.q5",
        question=text(
            "You store features on disk and train a head for 100 epochs. What can you no longer do?",
            "把特征存到磁盘上，再训练 100 轮分类头。这样一来，什么事做不了了？",
        ),
        options=(
            Option(
                text("Choose the L2 strength", "选择 L2 强度"),
                text(
                    "On the contrary: stored features make a whole path of strengths affordable.",
                    "恰恰相反：特征存好之后，走完整条强度路径也不费多少时间。",
                ),
            ),
            Option(
                text(
                    "Shift and rotate the training pictures at random in each epoch",
                    "每一轮都随机平移、旋转训练图片",
                ),
                text(
                    "Yes: each random picture has features of its own, and those are not on the disk.",
                    "对：每张随机变换过的图片都有自己的特征，磁盘上没有。",
                ),
                right=True,
            ),
            Option(
                text("Use another kind of readout", "换一种分类器"),
                text(
                    "Any readout works on the same stored features: that is what section 4 did.",
                    "同一份存好的特征可以配任何分类器，第 4 节就是这么做的。",
                ),
            ),
        ),
    ),
    Quiz(
        id="04.q6",
        question=text(
            "Ants and bees were taken from ImageNet, whose list of classes has 309 bee and 310 ant. A probe on an "
            "ImageNet network tells them apart with an accuracy of 0.95. What has been shown?",
            "蚂蚁与蜜蜂的照片取自 ImageNet，而 ImageNet 的类别表里有 309 bee 和 310 ant。在 ImageNet 网络上训练线性探针，"
            "区分两者的准确率是 0.95。这说明了什么？",
        ),
        options=(
            Option(
                text(
                    "ImageNet's features transfer to insects that they have never seen",
                    "ImageNet 的特征能迁移到从没见过的昆虫上",
                ),
                text(
                    "These insects were in the training pictures, each with its name. For new ones take new photographs, or "
                    "a network that was trained without these classes.",
                    "这些昆虫就在训练图片里，而且带着名字。要说“没见过”，得用新拍的照片，或者训练时没有这些类的网络。",
                ),
            ),
            Option(
                text(
                    "The weights were loaded and fed as they want to be, hardly more",
                    "权重加载对了，输入也合乎约定，此外说明不了多少",
                ),
                text(
                    "Yes. The network was trained to name these very pictures; the probe renames two of its thousand "
                    "classes. As a test of your code that is useful, as a measure of transfer it is not.",
                    "对。网络当初就是学着给这些图片起名字的，探针只是把一千类中的两类改个名。用来检验代码很好，"
                    "用来衡量迁移则不行。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Nothing: with two classes 0.95 is chance",
                    "什么也没说明：只有两类，0.95 就是瞎猜",
                ),
                text(
                    "Chance is one half. The number is high; the question is what made it high.",
                    "瞎猜是二分之一。这个数确实高，问题在于它为什么高。",
                ),
            ),
        ),
    ),
)
