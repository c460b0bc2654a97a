"""Exercises of chapter 11, speech and other senses: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text

# 11.1 ---------------------------------------------------------------------------------------------


def draw_resonance(rng):
    return {
        "x": rng.normal(size=40),
        "frequency": float(rng.choice([500.0, 800.0, 1500.0])),
        "bandwidth": float(rng.choice([60.0, 90.0, 150.0])),
        "rate": float(rng.choice([8000.0, 10000.0, 16000.0])),
    }


def resonance(x, frequency, bandwidth, rate, *, gain=True, sign=-1.0, in_b=1.0, in_c=2.0, turns=2.0,
              swapped=False, late=False, two=2.0, first=0, echo=False):  # fmt: skip
    """A resonator; the options are bugs."""
    c = sign * np.exp(-in_c * np.pi * bandwidth / rate)
    b = two * np.exp(-in_b * np.pi * bandwidth / rate) * np.cos(turns * np.pi * frequency / rate)
    a = 1 - b - c if gain else 1.0
    if swapped:
        b, c = c, b
    y = np.zeros(len(x) + 2)
    if echo:
        silent = np.concatenate([[0.0, 0.0], x])
        return a * silent[2:] + b * silent[1:-1] + c * silent[:-2]
    for n in range(first, len(x)):
        now = x[n - 1] * (n > 0) if late else x[n]
        y[n + 2] = a * now + b * y[n + 1] + c * y[n]
    return y[2:]


RESONATOR = Exercise(
    id="11.1",
    title=text("A resonator", "共振器"),
    points=3,
    objective="O1",
    function="resonate_one",
    drawing=drawings.curve(across=text("sample", "采样点"), down=text("sound", "声音")),
    inputs=draw_resonance,
    reference=lambda **inputs: resonance(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("scipy.signal.lfilter", "course_lib.sound.resonate"),
    pitfalls=(
        Pitfall(
            "no_gain",
            lambda **inputs: resonance(**inputs, gain=False),
            text(
                "The input enters with the weight 1. It enters with a = 1 − b − c, so that a constant passes unchanged.",
                "输入的系数用成了 1。应当是 a = 1 − b − c，这样常数输入才能原样通过。",
            ),
        ),
        Pitfall(
            "plus_c",
            lambda **inputs: resonance(**inputs, sign=1.0),
            text(
                "c is negative: it is what pulls the swing back. With +c the sound explodes or dies without ringing.",
                "c 是负的，正是它把摆动拉回来。取正号时，声音要么爆掉，要么不振就没了。",
            ),
        ),
        Pitfall(
            "same_decay",
            lambda **inputs: resonance(**inputs, in_b=2.0),
            text(
                "In b the exponent is −πB/r, half of that in c.",
                "b 里的指数是 −πB/r，只有 c 里的一半。",
            ),
        ),
        Pitfall(
            "half_decay",
            lambda **inputs: resonance(**inputs, in_c=1.0),
            text(
                "In c the exponent is −2πB/r, twice that in b.",
                "c 里的指数是 −2πB/r，是 b 里的两倍。",
            ),
        ),
        Pitfall(
            "no_two",
            lambda **inputs: resonance(**inputs, two=1.0),
            text("b begins with a factor of 2.", "b 前面有个因子 2。"),
        ),
        Pitfall(
            "half_a_turn",
            lambda **inputs: resonance(**inputs, turns=1.0),
            text(
                "The cosine gets πF/r; a whole period is 2π, so 2πF/r.",
                "余弦里写成了 πF/r；一个周期是 2π，应为 2πF/r。",
            ),
        ),
        Pitfall(
            "swapped",
            lambda **inputs: resonance(**inputs, swapped=True),
            text(
                "b belongs to the sample just before, c to the one before that.",
                "b 乘前一个样点，c 乘再前一个。",
            ),
        ),
        Pitfall(
            "late",
            lambda **inputs: resonance(**inputs, late=True),
            text(
                "Your sound comes one sample late: y of n needs x of n, not of n − 1.",
                "你的声音晚了一个样点：第 n 个 y 要用第 n 个 x，而不是第 n − 1 个。",
            ),
        ),
        Pitfall(
            "first_two_left_out",
            lambda **inputs: resonance(**inputs, first=2),
            text(
                "Your loop begins at the third sample. The first two count as well; before them there is silence, so what is missing is 0.",
                "你的循环从第三个样点才开始。头两个也要算；它们之前是静音，缺的值就是 0。",
            ),
        ),
        Pitfall(
            "echoes_of_the_input",
            lambda **inputs: resonance(**inputs, echo=True),
            text(
                "You added earlier samples of x. b and c multiply earlier samples of y, the result: that is why it rings on.",
                "你加的是 x 从前的样点。b 与 c 乘的是 y（结果）从前的样点：余振正是这样来的。",
            ),
        ),
        Pitfall(
            "no_rate",
            lambda x, frequency, bandwidth, rate: resonance(x, frequency, bandwidth, 1.0),
            text(
                "Frequency and width are not divided by the rate: the formulas have F/r and B/r, parts of a turn for each sample.",
                "频率和带宽没有除以采样率：公式里是 F/r 与 B/r，即每个样点转过几分之几圈。",
            ),
        ),
    ),
    hints=(
        text(
            "First the three numbers c, b and a, in this order; then a loop over the samples.",
            "先依次算出 c、b、a 三个数，再对样点循环。",
        ),
        text(
            "Keep the last two results in two variables that begin at 0, or make y two longer than x.",
            "用两个从 0 开始的变量记住最近的两个结果，或者让 y 比 x 长两格。",
        ),
        text(
            "In the loop: new = a * x[n] + b * last + c * before; then last becomes before, and new becomes last.",
            "循环里：new = a * x[n] + b * last + c * before；然后 last 变成 before，new 变成 last。",
        ),
    ),
    right={
        "numpy": (
            "def resonate_one(x, frequency, bandwidth, rate):\n"
            "    c = -np.exp(-2 * np.pi * bandwidth / rate)\n"
            "    b = 2 * np.exp(-np.pi * bandwidth / rate) * np.cos(2 * np.pi * frequency / rate)\n"
            "    last = before = 0.0\n"
            "    y = []\n"
            "    for value in np.ravel(x):\n"
            "        last, before = (1 - b - c) * value + b * last + c * before, last\n"
            "        y.append(last)\n"
            "    return np.array(y)\n",
            "def resonate_one(x, frequency, bandwidth, rate):\n"
            "    p = np.exp((-np.pi * bandwidth + 2j * np.pi * frequency) / rate)\n"
            "    a = abs(1 - p) ** 2\n"
            "    h = np.imag(p ** np.arange(1, len(x) + 1)) / np.imag(p)\n"
            "    return a * np.convolve(x, h)[: len(x)]\n",
        )
    },
)

# 11.3 ---------------------------------------------------------------------------------------------


def draw_sound(rng):
    window, hop = int(rng.choice([16, 20])), int(rng.choice([5, 6]))
    t = np.arange(90)
    tone = np.sin(0.9 * t) * (t > 30) + 0.3 * np.sin(2.1 * t)
    return {"x": tone + 0.0005 * rng.normal(size=90), "window": window, "hop": hop}


def decibel_picture(x, window, hop, *, hann="periodic", factor=10.0, power=2.0, floor=-60.0, each=False,
                    whole=False, turned=False, fewer=0, top=True, each_band=False):  # fmt: skip
    """A spectrogram in decibels; the options are bugs."""
    n = np.arange(window)
    shapes = {
        "periodic": 0.5 - 0.5 * np.cos(2 * np.pi * n / window),
        "symmetric": np.hanning(window),
        "none": np.ones(window),
    }
    starts = range(0, len(x) - window + 1, hop)
    starts = list(starts)[: len(starts) - fewer]
    frames = np.stack([x[s : s + window] * shapes[hann] for s in starts])
    spectrum = np.abs((np.fft.fft if whole else np.fft.rfft)(frames, axis=1)).T ** power
    loudest = (
        spectrum.max(axis=1, keepdims=True) if each_band else spectrum.max(axis=0 if each else None)
    )
    ratio = spectrum / loudest if top else spectrum
    db = factor * np.log10(np.maximum(ratio, 1e-30))
    db = db if floor is None else np.maximum(db, floor)
    return db.T if turned else db


LOG_SPECTROGRAM = Exercise(
    id="11.3",
    title=text("From a sound to a picture", "从声音到图像"),
    points=4,
    objective="O1",
    function="log_spectrogram",
    drawing=drawings.matrix(across=text("frame", "帧"), down=text("frequency", "频率")),
    inputs=draw_sound,
    reference=lambda **inputs: decibel_picture(**inputs),
    comparator=close(rtol=1e-5, atol=1e-4),
    tensors=False,
    forbidden=(
        "scipy.signal.stft",
        "scipy.signal.spectrogram",
        "scipy.signal.ShortTimeFFT",
        "course_lib.sound.power_spectrum",
        "course_lib.sound.decibels",
    ),
    pitfalls=(
        Pitfall(
            "no_window",
            lambda **inputs: decibel_picture(**inputs, hann="none"),
            text(
                "The frames are cut off hard: each is to be multiplied by Hann's window first. A hard edge smears every tone over all "
                "frequencies.",
                "帧是硬切下来的：应当先乘上 Hann 窗。硬边会把每个音抹到所有频率上。",
            ),
        ),
        Pitfall(
            "another_window",
            lambda **inputs: decibel_picture(**inputs, hann="symmetric"),
            text(
                "Nearly: np.hanning divides by W − 1. The window above divides by W.",
                "差一点：np.hanning 里除的是 W − 1，上文的窗除的是 W。",
            ),
        ),
        Pitfall(
            "magnitude",
            lambda **inputs: decibel_picture(**inputs, power=1.0),
            text(
                "Your decibels are half as large: ten times the logarithm wants the *power*, the square of the magnitude.",
                "你的分贝值只有一半：10 乘对数，里面应是**功率**，即幅值的平方。",
            ),
        ),
        Pitfall(
            "twice",
            lambda **inputs: decibel_picture(**inputs, factor=20.0),
            text(
                "Your decibels are twice as large: 20 belongs to the magnitude, 10 to the power.",
                "你的分贝值大了一倍：20 配幅值，10 配功率。",
            ),
        ),
        Pitfall(
            "no_floor",
            lambda **inputs: decibel_picture(**inputs, floor=None),
            text(
                "What lies more than 60 dB below the loudest place is to be raised to −60: else the picture shows mostly rounding noise.",
                "比最响处低 60 分贝以上的，都应抬到 −60：不然图里多半是舍入噪声。",
            ),
        ),
        Pitfall(
            "each_frame",
            lambda **inputs: decibel_picture(**inputs, each=True),
            text(
                "You took the loudest place of each frame. Take that of the whole sound, or loud and soft moments look alike.",
                "你取的是每一帧各自的最响处。应取整段声音的，否则响与不响的时刻就看不出差别。",
            ),
        ),
        Pitfall(
            "each_frequency",
            lambda **inputs: decibel_picture(**inputs, each_band=True),
            text(
                "You took the loudest place of each frequency. Take that of the whole sound, or the formants no longer stand out.",
                "你取的是每个频率各自的最响处。应取整段声音的，否则共振峰就不突出了。",
            ),
        ),
        Pitfall(
            "natural_logarithm",
            lambda **inputs: decibel_picture(**inputs, factor=10.0 / np.log10(np.e)),
            text(
                "Your decibels are 2.3 times too large: np.log is the natural logarithm; decibels take np.log10.",
                "你的分贝值是应有值的 2.3 倍：np.log 是自然对数，分贝要用 np.log10。",
            ),
        ),
        Pitfall(
            "both_halves",
            lambda **inputs: decibel_picture(**inputs, whole=True),
            text(
                "There are W rows: the second half mirrors the first. Keep W/2 + 1 (np.fft.rfft does).",
                "有 W 行：后一半是前一半的镜像。保留 W/2 + 1 行（np.fft.rfft 就是）。",
            ),
        ),
        Pitfall(
            "turned",
            lambda **inputs: decibel_picture(**inputs, turned=True),
            text(
                "Rows and columns are exchanged: frequencies by frames.",
                "行列颠倒了：行是频率，列是帧。",
            ),
        ),
        Pitfall(
            "last_frame",
            lambda **inputs: decibel_picture(**inputs, fewer=1),
            text(
                "The last frame is missing: one may begin at T − W, too.",
                "少了最后一帧：起点可以一直到 T − W。",
            ),
        ),
        Pitfall(
            "not_relative",
            lambda **inputs: decibel_picture(**inputs, top=False),
            text(
                "Divide by the largest power first: the loudest place is 0 dB, whatever the microphone's gain.",
                "先除以最大的功率：不论话筒音量多大，最响处都是 0 分贝。",
            ),
        ),
    ),
    hints=(
        text(
            "Where do frames begin? At 0, hop, 2·hop …, as long as the whole window still fits.",
            "帧从哪里开始？0、hop、2·hop……，只要整个窗还放得下。",
        ),
        text(
            "Stack the frames as rows, multiply by the window, np.fft.rfft along axis 1, absolute value squared, transpose.",
            "把各帧叠成行，乘窗，沿 axis=1 做 np.fft.rfft，取绝对值的平方，再转置。",
        ),
        text(
            "Then 10·log10(P / P.max()), and np.maximum(…, −60). (Zeros: np.maximum(P / P.max(), 1e-6) before the logarithm.)",
            "然后 10·log10(P / P.max())，再 np.maximum(…, −60)。（防零：取对数前先 np.maximum(P / P.max(), 1e-6)。）",
        ),
    ),
    survivors={
        "0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window) → 0.5 * np.cos(2 * np.pi * np.arange(window) / window) - 0.5": "the power does not see the window's sign",
        "np.fft.rfft(frames, axis=1) without axis": "the last axis is the default",
    },
    right={
        "numpy": (
            "def log_spectrogram(x, window, hop):\n"
            "    columns = []\n"
            "    w = np.sin(np.pi * np.arange(window) / window) ** 2\n"
            "    s = 0\n"
            "    while s + window <= len(x):\n"
            "        z = np.fft.rfft(w * x[s : s + window])\n"
            "        columns.append(z.real**2 + z.imag**2)\n"
            "        s += hop\n"
            "    p = np.array(columns).T\n"
            "    return 10 * np.log10(np.clip(p / p.max(), 1e-6, None))\n",
            "def log_spectrogram(x, window, hop):\n"
            "    n = np.arange(window)\n"
            "    k = np.arange(window // 2 + 1)\n"
            "    waves = np.exp(-2j * np.pi * np.outer(k, n) / window)\n"
            "    starts = np.arange(0, len(x) - window + 1, hop)\n"
            "    frames = x[starts[:, None] + n] * (0.5 - 0.5 * np.cos(2 * np.pi * n / window))\n"
            "    size = np.abs(waves @ frames.T)\n"
            "    return np.maximum(20 * np.log10(size / size.max() + 1e-12), -60)\n",
        )
    },
)

# 11.2 ---------------------------------------------------------------------------------------------


def draw_two_mouths(rng):
    men = np.sort(rng.uniform(250, 3000, size=(4, 3)), axis=1)
    return {"formants": men, "others": men * 1.3 * np.exp(0.15 * rng.normal(size=(4, 3)))}


SHRINK = Exercise(
    id="11.2",
    title=text("How much shorter is a mouth?", "口腔短了多少？"),
    points=2,
    objective="O2",
    function="stretch_factor",
    inputs=draw_two_mouths,
    reference=lambda formants, others: float(np.exp(np.mean(np.log(others / formants)))),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "mean_of_ratios",
            lambda formants, others: float(np.mean(others / formants)),
            text(
                "That is the arithmetic mean of the ratios. Set the derivative with respect to ln s to zero: what is the mean of?",
                "这是各比值的算术平均。对 ln s 求导并令其为零：被平均的是什么？",
            ),
        ),
        Pitfall(
            "ratio_of_means",
            lambda formants, others: float(others.mean() / formants.mean()),
            text(
                "A ratio of means is ruled by F3, the largest. In logarithms each formant counts alike.",
                "均值之比由最大的 F3 说了算。取对数后，每个共振峰分量相同。",
            ),
        ),
        Pitfall(
            "in_hertz",
            lambda formants, others: float((formants * others).sum() / (formants**2).sum()),
            text(
                "You minimised squared differences in hertz; they are of logarithms here.",
                "你最小化的是赫兹之差的平方；这里是对数之差的平方。",
            ),
        ),
        Pitfall(
            "upside_down",
            lambda formants, others: float(np.exp(np.mean(np.log(formants / others)))),
            text(
                "You found 1/s: s·formants should come close to others.",
                "你求的是 1/s：应当是 s·formants 接近 others。",
            ),
        ),
        Pitfall(
            "still_a_logarithm",
            lambda formants, others: float(np.mean(np.log(others / formants))),
            text("That is ln s. Undo the logarithm.", "这是 ln s。请把对数还原。"),
        ),
        Pitfall(
            "sum_for_mean",
            lambda formants, others: float(np.exp(np.sum(np.log(others / formants)))),
            text(
                "You added the logarithms of all ratios up. The derivative is zero at their mean.",
                "你把所有比值的对数加了起来。导数为零的地方是它们的平均。",
            ),
        ),
        Pitfall(
            "mixed_bases",
            lambda formants, others: float(np.exp(np.mean(np.log10(others / formants)))),
            text(
                "log10 and exp do not undo each other.",
                "log10 与 exp 不互逆。",
            ),
        ),
    ),
    hints=(
        text(
            "Write d = ln F′ − ln F for each pair. What is to be made small is Σ (ln s − d)².",
            "对每一对记 d = ln F′ − ln F。要最小化的是 Σ (ln s − d)²。",
        ),
        text(
            "Its derivative with respect to ln s is 2 Σ (ln s − d). Where is it 0?",
            "它对 ln s 的导数是 2 Σ (ln s − d)。何时为 0？",
        ),
        text(
            "ln s is the mean of the d: so s is the geometric mean of the ratios.",
            "ln s 是各个 d 的平均，所以 s 是各比值的几何平均。",
        ),
    ),
    right={
        "numpy": (
            "def stretch_factor(formants, others):\n"
            "    return float(np.exp((np.log(others) - np.log(formants)).mean()))\n",
            "def stretch_factor(formants, others):\n"
            "    ratios = (np.asarray(others) / np.asarray(formants)).ravel()\n"
            "    return 10 ** float(np.log10(ratios).sum() / len(ratios))\n",
        )
    },
)

# 11.5 ---------------------------------------------------------------------------------------------


def draw_three_channels(rng):
    high, wide = rng.permutation([3, 2])
    features = int(rng.integers(3, 6))
    return {
        "kernel": rng.normal(size=(high, wide, 3, features)),
        "bias": rng.normal(size=features),
        "stride": int(rng.choice([2, 3])),
        "images": rng.normal(size=(2, 7, 6, 1)),
    }


def convolved(kernel, bias, stride, images):
    """A convolution without padding of images with one channel: N×H'×W'×D."""
    high, wide = kernel.shape[:2]
    rows = range(0, images.shape[1] - high + 1, stride)
    columns = range(0, images.shape[2] - wide + 1, stride)
    places = [[images[:, i : i + high, j : j + wide, 0] for j in columns] for i in rows]
    return np.einsum("ijnhw,hwd->nijd", np.array(places), kernel[:, :, 0]) + bias


def report_of_layer(kernel, bias, stride, images, *, mix=None, lose_bias=False):
    one = kernel.sum(axis=2, keepdims=True) if mix is None else mix(kernel)
    return {
        "outputs": convolved(one, np.zeros_like(bias) if lose_bias else bias, stride, images),
        "numbers": int(one.size + bias.size),
        "layer_unchanged": True,
        "independent": True,
    }


PYTORCH_NARROW = """\
from torch import nn
def for_one_channel(layer):
    new = nn.Conv2d(1, layer.out_channels, layer.kernel_size, stride=layer.stride)
    with torch.no_grad():
        new.weight.copy_(layer.weight.sum(dim=1, keepdim=True))
        new.bias.copy_(layer.bias)
    return new
"""
KERAS_NARROW = """\
def for_one_channel(layer):
    kernel, bias = layer.get_weights()
    new = keras.layers.Conv2D(layer.filters, layer.kernel_size, strides=layer.strides)
    new.build((None, None, None, 1))
    new.set_weights([kernel.sum(axis=2, keepdims=True), bias])
    return new
"""


def changed(sources, pytorch=None, keras=None):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for (name, source), change in zip(sources.items(), (pytorch, keras), strict=True):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


NARROW = {"pytorch": PYTORCH_NARROW, "keras": KERAS_NARROW}


def outputs_of(**options):
    return lambda **inputs: {"outputs": report_of_layer(**inputs, **options)["outputs"]}


FOR_ONE_CHANNEL = Exercise(
    id="11.5",
    title=text("Three channels become one", "三个通道变成一个"),
    points=3,
    objective="O3",
    function="for_one_channel",
    inputs=draw_three_channels,
    reference=lambda **inputs: report_of_layer(**inputs),
    comparator=close(rtol=1e-4, atol=1e-4),
    probe="narrowing",
    parts={
        "outputs": text("the new layer's outputs", "新层的输出"),
        "numbers": text("how many numbers the new layer learns", "新层可训练的参数个数"),
        "layer_unchanged": text("“the old layer is unchanged”", "“原来的层没有变”"),
        "independent": text("“the new layer has weights of its own”", "“新层有自己的权重”"),
    },
    pitfalls=(
        Pitfall(
            "mean",
            outputs_of(mix=lambda kernel: kernel.mean(axis=2, keepdims=True)),
            text(
                "You took the mean over the channels: all answers (without the bias) are three times too small. The old layer *added* "
                "what three equal channels gave.",
                "你对通道取了平均：除偏置外，所有输出都只有应有的三分之一。原来的层是把三个相同通道的结果**相加**。",
            ),
            code=changed(
                NARROW,
                (".sum(dim=1, keepdim=True)", ".mean(dim=1, keepdim=True)"),
                (".sum(axis=2, keepdims=True)", ".mean(axis=2, keepdims=True)"),
            ),
        ),
        Pitfall(
            "first_channel",
            outputs_of(mix=lambda kernel: kernel[:, :, :1]),
            text(
                "You kept the first channel's weights only. The other two answered to the same picture.",
                "你只留下了第一个通道的权重。另外两个通道看的也是同一张图。",
            ),
            code=changed(
                NARROW,
                ("layer.weight.sum(dim=1, keepdim=True)", "layer.weight[:, :1]"),
                ("kernel.sum(axis=2, keepdims=True)", "kernel[:, :, :1]"),
            ),
        ),
        Pitfall(
            "luminance",
            outputs_of(
                mix=lambda kernel: (kernel * np.array([0.299, 0.587, 0.114])[:, None]).sum(
                    axis=2, keepdims=True
                )
            ),
            text(
                "0.299, 0.587, 0.114 turn a colour picture into grey. Here a grey picture is repeated three times: plain sums.",
                "0.299、0.587、0.114 是把彩色变灰度用的。这里是把灰度图重复三遍，直接相加即可。",
            ),
            code=changed(
                NARROW,
                (
                    "layer.weight.sum(dim=1, keepdim=True)",
                    "(layer.weight * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)",
                ),
                (
                    "kernel.sum(axis=2, keepdims=True)",
                    "(kernel * np.array([0.299, 0.587, 0.114])[:, None]).sum(axis=2, keepdims=True)",
                ),
            ),
        ),
        Pitfall(
            "no_bias",
            outputs_of(lose_bias=True),
            text(
                "The new layer's bias is 0. Take it over: it does not depend on the channels.",
                "新层的偏置为 0。偏置与通道无关，要带过来。",
            ),
            code=changed(
                NARROW,
                ("new.bias.copy_(layer.bias)", "new.bias.zero_()"),
                ("keepdims=True), bias]", "keepdims=True), 0 * bias]"),
            ),
        ),
        Pitfall(
            "bias_three_times",
            lambda kernel, bias, stride, images: {
                "outputs": convolved(kernel.sum(axis=2, keepdims=True), 3 * bias, stride, images)
            },
            text(
                "Your bias is three times too large. It is added once for each output, whatever the number of channels.",
                "偏置大了两倍。不论有几个通道，每个输出只加一次偏置。",
            ),
            code=changed(
                NARROW,
                ("new.bias.copy_(layer.bias)", "new.bias.copy_(3 * layer.bias)"),
                ("keepdims=True), bias]", "keepdims=True), 3 * bias]"),
            ),
        ),
        Pitfall(
            "repeats_inside",
            lambda kernel, bias, stride, images: {"numbers": int(kernel.size + bias.size)},
            text(
                "Your layer repeats the picture inside and still has the weights of three channels: the same answers for three times the "
                "work. Add the three kernels up instead.",
                "你的层在里面把图重复了三遍，仍带着三个通道的权重：答案相同，计算却是三倍。应当把三份卷积核加成一份。",
            ),
            code={
                "pytorch": "import copy\ndef for_one_channel(layer):\n    own = copy.deepcopy(layer)\n"
                "    class Repeat(torch.nn.Module):\n        def forward(self, x):\n            return x.repeat(1, 3, 1, 1)\n"
                "    return torch.nn.Sequential(Repeat(), own)\n",
                "keras": "def for_one_channel(layer):\n"
                "    own = keras.layers.Conv2D.from_config({**layer.get_config(), 'name': 'own'})\n"
                "    repeat = keras.layers.Lambda(lambda x: ops.repeat(x, 3, axis=-1))\n"
                "    new = keras.Sequential([keras.Input((None, None, 1)), repeat, own])\n"
                "    new.set_weights(layer.get_weights())\n    return new\n",
            },
        ),
        Pitfall(
            "stride_lost",
            lambda kernel, bias, stride, images: {
                "outputs": convolved(kernel.sum(axis=2, keepdims=True), bias, 1, images)
            },
            text(
                "The new maps are larger: the stride was lost. Take over all that the layer was built with.",
                "新的特征图变大了：步幅丢了。原来的层是怎样搭的，新层也要照样。",
            ),
            code=changed(NARROW, (", stride=layer.stride", ""), (", strides=layer.strides", "")),
        ),
        Pitfall(
            "old_layer_changed",
            lambda **inputs: {"layer_unchanged": False},
            text(
                "You changed the layer that was given to you. Build a new one beside it.",
                "你改动了给你的那一层。请另建一层。",
            ),
            code=changed(
                NARROW,
                ("    return new\n", "    layer.bias.data.zero_()\n    return new\n"),
                ("    return new\n", "    layer.set_weights([kernel, 0 * bias])\n    return new\n"),
            ),
        ),
        Pitfall(
            "shared_bias",
            lambda **inputs: {"independent": False},
            text(
                "The new layer shares weights with the old one: training one changes the other. Copy them.",
                "新层与原来的层共用了权重：训练一个就会改动另一个。请复制一份。",
            ),
            code=changed(
                NARROW, ("        new.bias.copy_(layer.bias)\n", "        new.bias = layer.bias\n")
            ),
        ),
    ),
    hints=(
        text(
            "Three equal channels: Σ_c w_c·x = (Σ_c w_c)·x. Which axis of the kernel counts the input channels?",
            "三个通道相同时，Σ_c w_c·x = (Σ_c w_c)·x。卷积核的哪个轴是输入通道？",
        ),
        text(
            "PyTorch keeps kernels as output×input×high×wide, Keras as high×wide×input×output.",
            "PyTorch 的卷积核形状为“输出×输入×高×宽”，Keras 的为“高×宽×输入×输出”。",
        ),
        text(
            "Build a convolution with the same number of filters, the same kernel size and stride, for one channel; then copy the "
            "summed kernel and the bias into it (PyTorch: under torch.no_grad(); Keras: .build(…), then .set_weights([…])).",
            "新建一个卷积层，滤波器数、核的大小、步幅都相同，输入一个通道；再把求和后的核与偏置复制进去"
            "（PyTorch：在 torch.no_grad() 下；Keras：先 .build(…)，再 .set_weights([…])）。",
        ),
    ),
    right={
        "pytorch": (
            PYTORCH_NARROW,
            "import copy\n"
            "def for_one_channel(layer):\n"
            "    new = copy.deepcopy(layer)\n"
            "    new.in_channels = 1\n"
            "    new.weight = torch.nn.Parameter(layer.weight.detach().sum(1)[:, None].clone())\n"
            "    return new\n",
        ),
        "keras": (
            KERAS_NARROW,
            "def for_one_channel(layer):\n"
            "    new = keras.layers.Conv2D.from_config({**layer.get_config(), 'name': 'grey'})\n"
            "    new.build((None, 8, 8, 1))\n"
            "    new.kernel.assign(ops.sum(layer.kernel, axis=2, keepdims=True))\n"
            "    new.bias.assign(layer.bias)\n"
            "    return new\n",
        ),
    },
)

# 11.4 ---------------------------------------------------------------------------------------------


def draw_speakers(rng):
    """Draw until every mistake below shows, and rounding share · N (down) as well."""
    while True:
        names = rng.choice(90, 8, replace=False)  # so that nobody takes them for places in a list
        clips = rng.permutation(np.repeat(names, rng.integers(1, 6, size=8)))
        drawn = {
            "speakers": clips,
            "share": float(rng.choice([0.28, 0.4, 0.53])),
            "order": rng.permutation(names),
        }
        right, rounded = whole_speakers(**drawn), round(drawn["share"] * len(clips))
        answers = [right, *(each.answer(**drawn) for each in SPLIT_PITFALLS)]
        different = len({answer.tobytes() for answer in answers}) == len(answers)
        if different and (whole_speakers(**drawn, enough=rounded) != right).any():
            return drawn


def whole_speakers(speakers, share, order, *, enough=None, over=False, one_more=False):
    enough = share * len(speakers) if enough is None else enough
    test, taken, before = np.zeros(len(speakers), bool), 0, 0
    for speaker in order:
        more = int((speakers == speaker).sum())
        if (before if one_more else taken) >= enough or (over and taken + more > enough):
            break
        before = taken
        test |= speakers == speaker
        taken += more
    return test


def by_clip(speakers, share, order):
    rank = [list(order).index(speaker) for speaker in speakers]
    first = np.argsort(rank, kind="stable")[: int(np.ceil(share * len(speakers)))]
    mask = np.zeros(len(speakers), bool)
    mask[first] = True
    return mask


def first_clips(speakers, share, order):
    return np.arange(len(speakers)) < np.ceil(share * len(speakers))


SPLIT_PITFALLS = (
    Pitfall(
        "by_file",
        first_clips,
        text(
            "You cut the list of clips: speakers stand on both sides. The test then asks whether the network knows the voice.",
            "你切的是片段列表：同一个人两边都有。测试考的就成了认不认得这个嗓音。",
        ),
    ),
    Pitfall(
        "cut_through_a_speaker",
        by_clip,
        text(
            "The last speaker is cut in two. A speaker belongs wholly to one side, even if the test becomes a little larger.",
            "最后一位说话人被切成了两半。一个人只能整个归一边，哪怕测试集因此稍大。",
        ),
    ),
    Pitfall(
        "share_of_speakers",
        lambda speakers, share, order: np.isin(speakers, order[: int(np.ceil(share * len(order)))]),
        text(
            "You took a share of the speakers. Some say more than others: count clips.",
            "你按人数取比例。有的人说得多，有的人说得少：要数片段。",
        ),
    ),
    Pitfall(
        "share_of_speakers_rounded_down",
        lambda speakers, share, order: np.isin(speakers, order[: int(share * len(order))]),
        text(
            "You took a share of the speakers. Some say more than others: count clips.",
            "你按人数取比例。有的人说得多，有的人说得少：要数片段。",
        ),
    ),
    Pitfall(
        "too_few",
        lambda **inputs: whole_speakers(**inputs, over=True),
        text(
            "Your test holds fewer clips than asked for: stop *after* the speaker who reaches the share.",
            "测试集的片段不够：应当在达到比例的那个人**之后**才停。",
        ),
    ),
    Pitfall(
        "one_too_many",
        lambda **inputs: whole_speakers(**inputs, one_more=True),
        text(
            "You took one speaker too many: ask whether there are enough *before* you take the next.",
            "多取了一个人：取下一个人**之前**，就要先看够不够。",
        ),
    ),
    Pitfall(
        "inverted",
        lambda **inputs: ~whole_speakers(**inputs),
        text(
            "True marks the test part; you marked the rest.",
            "True 表示测试部分；你标的是其余部分。",
        ),
    ),
    Pitfall(
        "order_ignored",
        lambda speakers, share, order: whole_speakers(speakers, share, np.sort(order)),
        text(
            "Take the speakers in the order that is given: it was drawn at random, the numbers were not.",
            "请按给出的次序取人：次序是随机抽的，编号不是。",
        ),
    ),
)

SPLIT = Exercise(
    id="11.4",
    title=text("Mend the split", "修好切分"),
    points=3,
    objective="O2",
    function="held_out_speakers",
    inputs=draw_speakers,
    reference=lambda **inputs: whole_speakers(**inputs),
    comparator=equal(),
    tensors=False,
    draws=5,
    pitfalls=SPLIT_PITFALLS,
    hints=(
        text(
            "Go through `order`, one speaker at a time, and mark all clips of that speaker: speakers == speaker.",
            "沿着 `order` 一个人一个人地取，把这个人的片段全部标上：speakers == speaker。",
        ),
        text(
            "Before each speaker ask: are already at least share · N clips marked? Then stop.",
            "取每个人之前先问：标上的片段是否已达到 share · N？达到就停。",
        ),
        text(
            "test = np.zeros(N, bool); for speaker in order: if test.sum() >= share * N: break; test |= speakers == speaker",
            "test = np.zeros(N, bool)；for speaker in order：若 test.sum() >= share * N 则 break；test |= speakers == speaker",
        ),
    ),
    survivors={
        "test.sum() >= share * len(speakers) → test.sum() > share * len(speakers)": "whole speakers never hold exactly the share here: if they did, cutting through a speaker would be right as well",
    },
    right={
        "numpy": (
            "def held_out_speakers(speakers, share, order):\n"
            "    counts = np.cumsum([np.sum(speakers == each) for each in order])\n"
            "    enough = int(np.argmax(counts >= share * len(speakers))) + 1\n"
            "    return np.isin(speakers, order[:enough])\n",
            "def held_out_speakers(speakers, share, order):\n"
            "    chosen = set()\n"
            "    for each in order:\n"
            "        if sum(s in chosen for s in speakers) >= share * len(speakers):\n"
            "            break\n"
            "        chosen.add(each)\n"
            "    return np.array([s in chosen for s in speakers])\n",
        )
    },
)

# 11.6 ---------------------------------------------------------------------------------------------


def draw_candidates(rng):
    drawn = rng.normal(size=(7, 3))
    drawn[:, 2] = 0.4 + 0.001 * drawn[:, 2]  # agreed already: here `least` is needed
    return {
        "drawn": drawn,
        "scores": rng.permutation(np.arange(7)) * 10.0 - 20,
        "elite": int(rng.choice([2, 3])),
        "least": float(rng.choice([0.05, 0.1, 0.2])),
    }


def selected(drawn, scores, elite, least, *, worst=False, everybody=False, variance=False, ddof=0,
             floor=True, cap=False, weighted=False, added=False):  # fmt: skip
    """The next mean and deviation; the options are bugs."""
    order = np.argsort(scores if worst else -scores)
    best = drawn[order[:elite]]
    mean = drawn[order[0]] if weighted else best.mean(axis=0)
    spread = (drawn if everybody else best).std(axis=0, ddof=ddof)
    spread = spread**2 if variance else spread
    if added:
        spread = spread + least
    elif floor:
        spread = np.minimum(spread, least) if cap else np.maximum(spread, least)
    return [mean, spread]


NEXT_ROUND = Exercise(
    id="11.6",
    title=text("One round of selection", "一轮选择"),
    points=2,
    objective="O4",
    function="next_round",
    inputs=draw_candidates,
    reference=lambda **inputs: selected(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.control.cross_entropy_search",),
    parts={
        "0": text("the next mean", "下一轮的均值"),
        "1": text("the next deviation", "下一轮的标准差"),
    },
    pitfalls=(
        Pitfall(
            "the_worst",
            lambda **inputs: selected(**inputs, worst=True),
            text(
                "You kept the worst: larger scores are better.", "你留下的是最差的：分数越大越好。"
            ),
        ),
        Pitfall(
            "everybodys_spread",
            lambda **inputs: selected(**inputs, everybody=True),
            text(
                "The deviation is that of all candidates; take that of the elite, or the search never narrows.",
                "标准差用了全部候选；应只用精英的，否则搜索永远不会收窄。",
            ),
        ),
        Pitfall(
            "variance",
            lambda **inputs: selected(**inputs, variance=True),
            text("That is a variance; take its root.", "这是方差，请开根号。"),
        ),
        Pitfall(
            "unbiased",
            lambda **inputs: selected(**inputs, ddof=1),
            text(
                "You divided by elite − 1; the method divides by elite (np.std's default).",
                "你除以了 elite − 1；这里除以 elite（np.std 的默认值）。",
            ),
        ),
        Pitfall(
            "no_floor",
            lambda **inputs: selected(**inputs, floor=False),
            text(
                "No deviation may fall below `least`: else a lucky round ends the search.",
                "标准差不得小于 `least`：否则碰巧走运的一轮就会让搜索停下来。",
            ),
        ),
        Pitfall(
            "cap",
            lambda **inputs: selected(**inputs, cap=True),
            text("`least` is a floor; you used it as a ceiling.", "`least` 是下限，你当成了上限。"),
        ),
        Pitfall(
            "floor_added",
            lambda **inputs: selected(**inputs, added=True),
            text(
                "You added `least` to every deviation. It is a floor: larger deviations stay as they are.",
                "你给每个标准差都加上了 `least`。它只是下限：本来就更大的不必动。",
            ),
        ),
        Pitfall(
            "only_the_best",
            lambda **inputs: selected(**inputs, weighted=True),
            text(
                "You took the single best as the mean. With noisy scores it is often just lucky: average the elite.",
                "你把最好的那一个当成了均值。分数有噪声时，它往往只是走运：要对精英取平均。",
            ),
        ),
    ),
    hints=(
        text(
            "np.argsort sorts upwards; which end holds the best?",
            "np.argsort 从小到大排；最好的在哪一头？",
        ),
        text(
            "best = drawn[np.argsort(-scores)[:elite]]", "best = drawn[np.argsort(-scores)[:elite]]"
        ),
        text(
            "Then mean and standard deviation along axis 0, the latter at least `least`.",
            "然后沿 axis=0 求均值与标准差，后者至少为 `least`。",
        ),
    ),
    right={
        "numpy": (
            "def next_round(drawn, scores, elite, least):\n"
            "    best = drawn[np.argsort(scores)[-elite:]]\n"
            "    return best.mean(axis=0), np.clip(best.std(axis=0), least, None)\n",
            "def next_round(drawn, scores, elite, least):\n"
            "    line = np.sort(scores)[::-1][elite - 1]\n"
            "    best = drawn[scores >= line]\n"
            "    mean = best.sum(axis=0) / elite\n"
            "    spread = np.sqrt(((best - mean) ** 2).sum(axis=0) / elite)\n"
            "    return mean, np.where(spread < least, least, spread)\n",
        )
    },
)

# 11.7 ---------------------------------------------------------------------------------------------


def draw_curves(rng):
    """Draw until every mistake below shows, in every number that it touches."""
    while True:
        columns = rng.integers(5, 8)
        rising = np.sort(rng.integers(0, 7, size=(2, 4, columns)), axis=2) * 50.0
        warm, cold = np.maximum(0, rising - 50.0 * rng.integers(0, 2, size=rising.shape))
        drawn = {"warm": warm, "cold": cold, "threshold": float(rng.choice([150.0, 200.0]))}
        answers = [compared(**drawn), *(each.answer(**drawn) for each in COMPARE_PITFALLS)]
        if len({tuple(answer.values()) for answer in answers}) == len(answers):
            return drawn


def arrivals(curves, threshold, *, never=None, strictly=False):
    """The first round in which each run reaches the threshold."""
    there = curves > threshold if strictly else curves >= threshold
    never = curves.shape[1] if never is None else never
    return np.where(there.any(axis=1), there.argmax(axis=1), never)


def compared(warm, cold, threshold, *, first=0, last=None, sign=1, of_means=False, **options):
    """Jump-start, final gain and rounds saved; the options are bugs."""
    ends = [(c[:, -1] if last is None else last(c)).mean() for c in (warm, cold)]
    if of_means:
        saved = (
            arrivals(cold.mean(axis=0)[None], threshold)[0]
            - arrivals(warm.mean(axis=0)[None], threshold)[0]
        )
    else:
        saved = (arrivals(cold, threshold, **options) - arrivals(warm, threshold, **options)).mean()
    return {
        "jump_start": float(sign * (warm[:, first] - cold[:, first]).mean()),
        "final": float(sign * (ends[0] - ends[1])),
        "saved": float(sign * saved),
    }


def rounds_below(warm, cold, threshold):
    """All rounds below the threshold, those after a first arrival included."""
    return float(((cold < threshold).sum(axis=1) - (warm < threshold).sum(axis=1)).mean())


def saved_by_arrivers(warm, cold, threshold):
    """The rounds saved, from those runs alone that arrive both times."""
    both = (warm >= threshold).any(axis=1) & (cold >= threshold).any(axis=1)
    saved = arrivals(cold, threshold) - arrivals(warm, threshold)
    return float(saved[both].mean()) if both.any() else 99.0


COMPARE_PITFALLS = (
    Pitfall(
        "never_is_at_once",
        lambda **inputs: compared(**inputs, never=0),
        text(
            "argmax of a row without any True is 0: a run that never arrives looks as if it had begun there. Count it as R + 1.",
            "一行里没有 True 时，argmax 给出 0：从未达到的那次看起来像一开始就达到了。应记为 R + 1。",
        ),
    ),
    Pitfall(
        "strictly",
        lambda **inputs: compared(**inputs, strictly=True),
        text("To reach the threshold is enough: ≥, not >.", "等于阈值就算达到：用 ≥，而不是 >。"),
    ),
    Pitfall(
        "the_other_way",
        lambda **inputs: compared(**inputs, sign=-1),
        text(
            "All signs are turned round: positive is to mean that the warm start is better.",
            "符号全反了：正数应表示热启动更好。",
        ),
    ),
    Pitfall(
        "saved_the_other_way",
        lambda **inputs: {**compared(**inputs), "saved": -compared(**inputs)["saved"]},
        text(
            "The rounds saved have the wrong sign: arriving *earlier* is better, so it is cold minus warm.",
            "省下的轮数符号反了：**早**到才好，所以是冷减热。",
        ),
    ),
    Pitfall(
        "never_is_left_out",
        lambda **inputs: {**compared(**inputs), "saved": saved_by_arrivers(**inputs)},
        text(
            "You left out the runs that never arrive. They are the slowest of all: count them as R + 1 rounds.",
            "你把从未达到的运行略去了。它们恰恰是最慢的：应记为 R + 1 轮。",
        ),
    ),
    Pitfall(
        "rounds_below",
        lambda **inputs: {**compared(**inputs), "saved": rounds_below(**inputs)},
        text(
            "You counted all rounds below the threshold. A run may reach it and fall again: what counts is the *first* round that reaches it.",
            "你数的是低于阈值的所有轮次。一次运行可能达到之后又掉下去：要的是**首次**达到的那一轮。",
        ),
    ),
    Pitfall(
        "rows_for_columns",
        lambda warm, cold, threshold: {
            **compared(warm, cold, threshold),
            "jump_start": float((warm[0] - cold[0]).mean()),
            "final": float((warm[-1] - cold[-1]).mean()),
        },
        text(
            "You took the first and the last *run*. Runs are rows; the rounds are the columns.",
            "你取的是第一次和最后一次**运行**。行是运行，列才是轮次。",
        ),
    ),
    Pitfall(
        "after_one_round",
        lambda **inputs: compared(**inputs, first=1),
        text(
            "The jump-start is measured before any training in the new world: column 0.",
            "起步优势是在新世界里训练之前量的：第 0 列。",
        ),
    ),
    Pitfall(
        "the_best_round",
        lambda **inputs: compared(**inputs, last=lambda c: c.max(axis=1)),
        text(
            "You took each run's best round; the last is what one would deploy. (Choosing the best afterwards flatters.)",
            "你取的是每次运行最好的一轮；真正部署的是最后一轮。（事后挑最好的会高估。）",
        ),
    ),
    Pitfall(
        "of_the_means",
        lambda **inputs: compared(**inputs, of_means=True),
        text(
            "You let the *mean curve* arrive. Find each run's arrival, then take means: one run that never arrives would hide.",
            "你看的是**平均曲线**何时达到。应先求每次运行何时达到，再平均：否则从未达到的那次就被掩盖了。",
        ),
    ),
    Pitfall(
        "one_too_early",
        lambda warm, cold, threshold: compared(warm, cold, threshold, never=warm.shape[1] - 1),
        text(
            "A run that never arrives counts as R + 1 rounds, one more than the last; and the first column is round 0, not 1.",
            "从未达到的运行记为 R + 1 轮，比最后一轮多一；并且第一列是第 0 轮，不是第 1 轮。",
        ),
    ),
)

COMPARE = Exercise(
    id="11.7",
    title=text("What was transferred?", "迁移了什么？"),
    points=3,
    objective="O4",
    function="measure_transfer",
    inputs=draw_curves,
    reference=lambda **inputs: compared(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "jump_start": text("the jump-start", "起步优势"),
        "final": text("the final gain", "最终增益"),
        "saved": text("the rounds saved", "省下的轮数"),
    },
    pitfalls=COMPARE_PITFALLS,
    hints=(
        text(
            "Two of the three numbers are means of differences of a single column.",
            "三个数里有两个是某一列之差的平均。",
        ),
        text(
            "there = curves >= threshold; there.any(axis=1) says who arrives, there.argmax(axis=1) when.",
            "there = curves >= threshold；there.any(axis=1) 说明谁达到了，there.argmax(axis=1) 说明何时。",
        ),
        text(
            "np.where(arrives, when, curves.shape[1]): columns are rounds 0 … R, so the number of columns is R + 1.",
            "达到了就取何时，没达到就取 `curves.shape[1]`（用 np.where）：各列是第 0 … R 轮，列数就是 R + 1。",
        ),
    ),
    right={
        "numpy": (
            "def measure_transfer(warm, cold, threshold):\n"
            "    def when(run):\n"
            "        for number, value in enumerate(run):\n"
            "            if value >= threshold:\n"
            "                return number\n"
            "        return len(run)\n"
            "    saved = [when(c) - when(w) for w, c in zip(warm, cold)]\n"
            "    return {'jump_start': np.mean(warm[:, 0]) - np.mean(cold[:, 0]),\n"
            "            'final': np.mean(warm[:, -1]) - np.mean(cold[:, -1]), 'saved': float(np.mean(saved))}\n",
            "def measure_transfer(warm, cold, threshold):\n"
            "    d = warm - cold\n"
            "    late = lambda c: (np.maximum.accumulate(c, axis=1) < threshold).sum(axis=1)\n"
            "    return {'jump_start': float(d[:, 0].mean()), 'final': float(d[:, -1].mean()),\n"
            "            'saved': float((late(cold) - late(warm)).mean())}\n",
        )
    },
)

# 11.8 ---------------------------------------------------------------------------------------------


def draw_notes(rng):
    """Notes in which states of two or three numbers come again; draw until every mistake below shows."""
    D = rng.integers(2, 4)
    thirds = (0.0, 2.0)[: D - 1]  # with two numbers, the third is cut off below
    while True:
        kinds = [(a, b, c) for a in (-1.0, 0.0, 0.5) for b in (-0.5, 1.0) for c in thirds]
        kinds = rng.permutation(kinds)[:5, :D]
        rows = rng.permutation(np.repeat(np.arange(5), rng.permutation([1, 2, 2, 3, 5])))
        drawn = {"states": kinds[rows], "pushes": rng.normal(size=len(rows)).round(2) + 0.3}
        answers = [left_over(**drawn), *(each.answer(**drawn) for each in LEFT_PITFALLS)]
        if D == 3:
            answers.append(left_over(**drawn, of=[0, 1]))
        if np.diff(np.sort(answers)).min() > 1e-3:
            return drawn


def left_over(states, pushes, *, of=None, ddof=0, per_state=False, guess=np.mean):
    """The least mean squared error of a function of the states; the options are bugs."""
    _, which = np.unique(states if of is None else states[:, of], axis=0, return_inverse=True)
    which = which.ravel()
    groups = [pushes[which == k] for k in range(which.max() + 1)]
    squares = [((p - guess(p)) ** 2).sum() for p in groups]
    if per_state:
        return float(np.mean([q / len(p) for q, p in zip(squares, groups, strict=True)]))
    return float(sum(squares) / (len(pushes) - ddof * len(groups)))


def plane(states, pushes):
    """The mean squared error of the best affine function of the states."""
    inputs = np.column_stack([states, np.ones(len(states))])
    weights = np.linalg.lstsq(inputs, pushes, rcond=None)[0]
    return float(np.mean((inputs @ weights - pushes) ** 2))


LEFT_PITFALLS = (
    Pitfall(
        "one_answer_for_all",
        lambda states, pushes: float(pushes.var()),
        text(
            "That is the variance of all pushes: the best *constant*. A function may give each state a push of its own.",
            "这是全部推力的方差，对应最好的**常数**。函数可以给每个状态各一个推力。",
        ),
    ),
    Pitfall(
        "plane",
        lambda states, pushes: plane(states, pushes),
        text(
            "You fitted a straight line through the notes. *Any* function counts, bent as it likes: each state has a best value of its own.",
            "你用的是线性拟合。**任何**函数都算，想怎么弯就怎么弯：每个状态各有自己最好的值。",
        ),
    ),
    Pitfall(
        "no_push",
        lambda states, pushes: float((pushes**2).mean()),
        text(
            "That is the error of never pushing. 0 is the best value only where the pushes of a state cancel out.",
            "这是永远不推的误差。只有当同一状态的推力互相抵消时，0 才是最好的值。",
        ),
    ),
    Pitfall(
        "sum_for_mean",
        lambda states, pushes: left_over(states, pushes) * len(pushes),
        text("That is the sum. Divide by the number of notes.", "这是总和。请除以笔记的条数。"),
    ),
    Pitfall(
        "each_state_once",
        lambda states, pushes: left_over(states, pushes, per_state=True),
        text(
            "You averaged over the *distinct* states. A state that stands in the notes five times counts five times.",
            "你是对**不同的**状态取平均。一个状态在笔记里出现五次，就要算五次。",
        ),
    ),
    Pitfall(
        "unbiased",
        lambda states, pushes: left_over(states, pushes, ddof=1),
        text(
            "You divided by N minus the number of states, as one does to estimate a variance. Here the notes are all there is: divide by N.",
            "你除以了 N 减去状态数，那是估计方差时的做法。这里就这些笔记：除以 N。",
        ),
    ),
    Pitfall(
        "median",
        lambda states, pushes: left_over(states, pushes, guess=np.median),
        text(
            "The median makes absolute errors small. For squares it is the mean.",
            "中位数使绝对误差最小；对平方误差，应取平均。",
        ),
    ),
    Pitfall(
        "last_note_wins",
        lambda states, pushes: left_over(states, pushes, guess=lambda p: p[-1]),
        text(
            "Your function repeats the last push seen at a state (a dictionary that is overwritten does so). Something between does better.",
            "你的函数重复了同一状态最后见到的推力（字典被覆盖就会这样）。取中间某个值更好。",
        ),
    ),
    Pitfall(
        "first_number_only",
        lambda states, pushes: left_over(states, pushes, of=[0]),
        text(
            "You told states apart by their first number only. Two states are the same when *all* their numbers are.",
            "你只按第一个数区分状态。**所有**数都相同，才是同一个状态。",
        ),
    ),
    Pitfall(
        "root",
        lambda states, pushes: float(np.sqrt(left_over(states, pushes))),
        text(
            "You took a root at the end; the mean of squares is asked for.",
            "你最后开了根号；要的是平方的平均。",
        ),
    ),
    Pitfall(
        "half",
        lambda states, pushes: left_over(states, pushes) / 2,
        text(
            "That is half of it. `SquaredError` has the factor ½ of chapter 02; the mean squared error here has none.",
            "这只有一半。`SquaredError` 带着第 02 章的 ½；这里的均方误差没有。",
        ),
    ),
)

UNAVOIDABLE = Exercise(
    id="11.8",
    title=text("Could one function do both?", "同一个函数做得了两件事吗？"),
    points=3,
    objective="O5",
    function="unavoidable_error",
    inputs=draw_notes,
    reference=lambda **inputs: left_over(**inputs),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=LEFT_PITFALLS,
    hints=(
        text(
            "One state, n pushes, one value f: which f makes Σ (f − p_i)² small? Set the derivative to zero.",
            "一个状态、n 个推力、一个值 f：哪个 f 使 Σ (f − p_i)² 最小？令导数为零。",
        ),
        text(
            "It is the mean of the pushes at that state. So: for each distinct state (np.unique(states, axis=0)) the squared distances of "
            "its pushes from their mean.",
            "是该状态上各推力的平均。所以：对每个不同的状态（np.unique(states, axis=0)），求它的推力到其平均的距离平方。",
        ),
        text(
            "For each state: here = (states == state).all(axis=1); total += ((pushes[here] - pushes[here].mean()) ** 2).sum(). In the end "
            "total / len(pushes).",
            "对每个状态：here = (states == state).all(axis=1)；total += ((pushes[here] - pushes[here].mean()) ** 2).sum()。"
            "最后 total / len(pushes)。",
        ),
    ),
    survivors={
        "pushes - means[which] → means[which] - pushes": "a square does not see the sign",
    },
    right={
        "numpy": (
            "def unavoidable_error(states, pushes):\n"
            "    seen = {}\n"
            "    for state, push in zip(states.tolist(), pushes):\n"
            "        seen.setdefault(tuple(state), []).append(push)\n"
            "    return sum(len(p) * np.var(p) for p in seen.values()) / len(pushes)\n",
            "def unavoidable_error(states, pushes):\n"
            "    same = (states[:, None] == states[None]).all(axis=2)\n"
            "    best = same @ pushes / same.sum(axis=1)\n"
            "    return float(np.mean(pushes**2) - np.mean(best**2))\n",
        )
    },
)

# 11.9 ---------------------------------------------------------------------------------------------


def draw_policy(rng):
    """Draw until pushes go both ways, some of them beyond what the motor can."""
    while True:
        drawn = {
            "w1": rng.normal(size=(4, 5)),
            "b1": rng.normal(size=5),
            "w2": rng.normal(size=(5, 1)),
            "b2": rng.normal(size=1),
            "states": rng.normal(size=(6, 4)),
        }
        pushes = report_of_policy(**drawn)["pushes"]
        if pushes.min() < -0.1 and pushes.max() > 1.1:
            return drawn


def report_of_policy(w1, b1, w2, b2, states, *, relu=True, first=True, second=True, column=False,
                     clipped=False, twice=False):  # fmt: skip
    h = states @ w1 + first * b1
    pushes = (np.maximum(0, h) if relu else h) @ w2 + second * b2
    pushes = np.clip(pushes, -1, 1) if clipped else pushes
    pushes = np.maximum(pushes, 0) if twice else pushes
    return {
        "pushes": pushes if column else pushes[:, 0],
        "one_state": True,
        "kept": True,
        "numpy": True,
        "network_unchanged": True,
    }


def pushes_of(**options):
    return lambda **inputs: {"pushes": report_of_policy(**inputs, **options)["pushes"]}


PYTORCH_READ = """\
def read_policy(model):
    w1, b1, w2, b2 = [w.detach().numpy().copy() for w in model.parameters()]
    def policy(states):
        hidden = np.maximum(0, states @ w1.T + b1)
        return (hidden @ w2.T + b2)[:, 0]
    return policy
"""
KERAS_READ = """\
def read_policy(model):
    w1, b1, w2, b2 = model.get_weights()
    def policy(states):
        hidden = np.maximum(0, states @ w1 + b1)
        return (hidden @ w2 + b2)[:, 0]
    return policy
"""
READ = {"pytorch": PYTORCH_READ, "keras": KERAS_READ}

READ_POLICY = Exercise(
    id="11.9",
    title=text("A policy for the robot", "给机器人的策略"),
    points=3,
    objective="O5",
    function="read_policy",
    drawing=drawings.curve("pushes", across=text("state", "状态"), down=text("push", "推力")),
    inputs=draw_policy,
    reference=lambda **inputs: report_of_policy(**inputs),
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="reading_out",
    forbidden=("course_lib.control.network_policy",),
    parts={
        "pushes": text("the policy's pushes", "策略给出的推力"),
        "one_state": text(
            "“a single state (N = 1) gets its one push”",
            "“只有一个状态（N = 1）时，给出它的一个推力”",
        ),
        "kept": text(
            "“training the network on leaves the policy as it was”", "“网络继续训练，策略保持原样”"
        ),
        "numpy": text("“the policy is NumPy alone”", "“策略只用 NumPy”"),
        "network_unchanged": text("“the network is unchanged”", "“网络没有变”"),
    },
    pitfalls=(
        Pitfall(
            "no_numpy",
            lambda **inputs: {"numpy": False},
            text(
                "The policy gives a tensor, or asks the framework while it computes (a copy of the network, a tensor of its weights). On the "
                "robot there is no framework: take NumPy arrays out once, and compute with these alone.",
                "策略给出的是张量，或者在计算时还要用到框架（网络的副本、权重的张量）。机器人上没有框架："
                "请一次取出 NumPy 数组，之后只用它们计算。",
            ),
            code={
                "pytorch": "import copy\ndef read_policy(model):\n    own = copy.deepcopy(model)\n"
                "    return lambda states: own(torch.tensor(states))[:, 0].detach().numpy()\n",
                "keras": "def read_policy(model):\n    own = keras.models.clone_model(model)\n"
                "    own.set_weights(model.get_weights())\n    return lambda states: np.array(own(states))[:, 0]\n",
            },
        ),
        Pitfall(
            "a_view",
            lambda **inputs: {"kept": False, "numpy": True},
            text(
                "The policy changed when the network was trained on: it still looks into the network's memory (in PyTorch "
                ".detach().numpy() is a view, not a copy) or reads the weights at each call. Copy them once.",
                "网络继续训练时，策略也跟着变了：它还在看网络的内存（PyTorch 的 .detach().numpy() 是视图，不是副本），"
                "或者每次调用都重新读权重。请一次复制好。",
            ),
            code=changed(
                READ,
                (".numpy().copy()", ".numpy()"),
                (
                    "    w1, b1, w2, b2 = model.get_weights()\n    def policy(states):\n",
                    "    def policy(states):\n        w1, b1, w2, b2 = model.get_weights()\n",
                ),
            ),
        ),
        Pitfall(
            "no_relu",
            pushes_of(relu=False),
            text("Between the two layers stands a ReLU.", "两层之间有 ReLU。"),
            code=changed(
                READ,
                ("np.maximum(0, states @ w1.T + b1)", "(states @ w1.T + b1)"),
                ("np.maximum(0, states @ w1 + b1)", "(states @ w1 + b1)"),
            ),
        ),
        Pitfall(
            "no_first_bias",
            pushes_of(first=False),
            text("The first layer's bias is missing.", "少了第一层的偏置。"),
            code=changed(READ, (" + b1", ""), (" + b1", "")),
        ),
        Pitfall(
            "no_last_bias",
            pushes_of(second=False),
            text("The last layer's bias is missing.", "少了最后一层的偏置。"),
            code=changed(READ, (" + b2", ""), (" + b2", "")),
        ),
        Pitfall(
            "clipped",
            pushes_of(clipped=True),
            text(
                "You cut the pushes off at −1 and 1. The network does not: give its own numbers (the motor does the cutting).",
                "你把推力截到了 −1 与 1 之间。网络并不截断：请给出它本来的数（截断由电机负责）。",
            ),
            code=changed(
                READ,
                (
                    "return (hidden @ w2.T + b2)[:, 0]",
                    "return np.clip((hidden @ w2.T + b2)[:, 0], -1, 1)",
                ),
                (
                    "return (hidden @ w2 + b2)[:, 0]",
                    "return np.clip((hidden @ w2 + b2)[:, 0], -1, 1)",
                ),
            ),
        ),
        Pitfall(
            "relu_at_the_end_too",
            pushes_of(twice=True),
            text(
                "After the last layer there is no ReLU: a push may be negative, to the left.",
                "最后一层之后没有 ReLU：推力可以是负的，也就是向左。",
            ),
            code=changed(
                READ,
                (
                    "return (hidden @ w2.T + b2)[:, 0]",
                    "return np.maximum(0, hidden @ w2.T + b2)[:, 0]",
                ),
                ("return (hidden @ w2 + b2)[:, 0]", "return np.maximum(0, hidden @ w2 + b2)[:, 0]"),
            ),
        ),
        Pitfall(
            "a_column",
            pushes_of(column=True),
            text(
                "You give N×1; a policy gives N numbers: take the column.",
                "你给出的是 N×1；策略应给出 N 个数：取出那一列。",
            ),
            code=changed(READ, ("[:, 0]", ""), ("[:, 0]", "")),
        ),
        Pitfall(
            "squeezed",
            lambda **inputs: {"one_state": False},
            text(
                "With a single state the push is not an array of one number: squeeze takes away *every* axis of length 1, here that of "
                "the states as well. On the robot N is 1: take the column by [:, 0].",
                "只有一个状态时，给出的不是长度为 1 的数组：squeeze 会去掉**所有**长度为 1 的轴，这时连状态那个轴也去掉了。"
                "机器人上 N 就是 1：请用 [:, 0] 取出那一列。",
            ),
            code=changed(READ, ("[:, 0]", ".squeeze()"), ("[:, 0]", ".squeeze()")),
        ),
    ),
    hints=(
        text(
            "Take the four arrays out first: PyTorch model[0].weight, model[0].bias, model[2].…; Keras model.get_weights().",
            "先取出四个数组：PyTorch 用 model[0].weight、model[0].bias、model[2].……；Keras 用 model.get_weights()。",
        ),
        text(
            "PyTorch keeps a dense layer's weights as outputs×inputs (so states @ w.T), Keras as inputs×outputs.",
            "PyTorch 全连接层的权重形状为“输出×输入”（所以用 states @ w.T），Keras 的为“输入×输出”。",
        ),
        text(
            "Copy the arrays (.copy()), then define and return an inner function: ReLU by np.maximum(0, …), in the end [:, 0].",
            "复制这些数组（.copy()），再定义并返回一个内层函数：ReLU 用 np.maximum(0, …)，最后取 [:, 0]。",
        ),
    ),
    right={
        "pytorch": (
            PYTORCH_READ,
            "def read_policy(model):\n"
            "    kept = {name: np.array(w.tolist()) for name, w in model.state_dict().items()}\n"
            "    def policy(states):\n"
            "        pushes = []\n"
            "        for s in states:\n"
            "            h = kept['0.weight'] @ s + kept['0.bias']\n"
            "            pushes.append((kept['2.weight'] @ (h * (h > 0)) + kept['2.bias']).item())\n"
            "        return np.array(pushes)\n"
            "    return policy\n",
        ),
        "keras": (
            KERAS_READ,
            "def read_policy(model):\n"
            "    first, last = [[np.array(ops.convert_to_numpy(w)) for w in layer.weights] for layer in model.layers]\n"
            "    def policy(states):\n"
            "        h = np.einsum('ni,ih->nh', states, first[0]) + first[1]\n"
            "        h[h < 0] = 0\n"
            "        return np.squeeze(h @ last[0] + last[1], axis=1)\n"
            "    return policy\n",
        ),
    },
)

# 11.10 ---------------------------------------------------------------------------------------------

CITY = ManualExercise(
    id="11.10",
    title=text("Another city", "另一座城市"),
    points=4,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "Names what changes between the cities and what stays, and sorts it: inputs (signs, light, rain), physics, rules that "
                "contradict (side of the road).",
                "说出两座城市之间什么变、什么不变，并归类：输入（标志、光线、雨雪）、物理、互相矛盾的规则（靠左或靠右）。",
            ),
        ),
        (
            1,
            text(
                "Says what the network must be *told* (which city), and why no amount of data replaces it where rules contradict.",
                "说明必须**告诉**网络什么（在哪座城市），并解释规则矛盾时为什么再多数据也代替不了。",
            ),
        ),
        (
            1,
            text(
                "A protocol: from-scratch and unchanged-policy baselines, several seeds, new routes (not new frames of old routes) held out, "
                "the old city tested again after the transfer.",
                "给出实验方案：从零训练与原封不动两个基线，多个种子，留出新的路线（而不是旧路线上的新帧），迁移之后再测旧城市。",
            ),
        ),
        (
            1,
            text(
                "Safety: what is tried in simulation only, what would stop the trial, and that imitation's low loss does not show closed-loop "
                "behaviour.",
                "安全：哪些只在仿真里试，什么情况下中止；并指出模仿的损失低不等于闭环表现好。",
            ),
        ),
    ),
)

EXERCISES = (
    RESONATOR, SHRINK, LOG_SPECTROGRAM, SPLIT, FOR_ONE_CHANNEL, NEXT_ROUND, COMPARE, UNAVOIDABLE,
    READ_POLICY, CITY,
)  # fmt: skip

QUIZZES = (
    Quiz(
        id="11.q1",
        question=text(
            "A network has learned ten vowels from men and women, and gets over 90 % of new adults' vowels right. No child was among its "
            "examples. How many of children's vowels?",
            "一个网络从男声和女声学会了十个元音，对新的成人能答对九成以上。它没有听过孩子。孩子的元音它能答对多少？",
        ),
        options=(
            Option(
                text("About as many: a vowel is a vowel", "差不多一样多：元音就是元音"),
                text(
                    "To our ears. The network has learned frequencies, and a child's mouth is shorter.",
                    "对人耳是这样。网络学的是频率，而孩子的口腔更短。",
                ),
            ),
            Option(
                text("Clearly fewer, but far above chance", "明显少一些，但远高于瞎猜"),
                text(
                    "Yes. Women's formants lie between men's and children's, so that part of the way is covered. Section 3 measures it.",
                    "对。女声的共振峰在男声与童声之间，已经走了一部分路。第 3 节会测量。",
                ),
                right=True,
            ),
            Option(
                text("About 10 %, chance", "约 10%，等于瞎猜"),
                text(
                    "The order of the formants is the same for all; only the scale moves.",
                    "共振峰的排列人人相同，变的只是尺度。",
                ),
            ),
        ),
    ),
    Quiz(
        id="11.q2",
        question=text(
            "Two labelled vowels per class from children. Which does worst?",
            "每个元音只有两段带标签的童声。哪一种最差？",
        ),
        options=(
            Option(
                text(
                    "The network trained on letters, fine-tuned on spectrograms",
                    "在字母上预训练、再用语谱图微调的网络",
                ),
                text(
                    "Strokes help with stripes a little; it is not last. But look at the plain nearest mean beside it.",
                    "笔画对条纹多少有点帮助，它不是最后一名。不过，请看旁边那个朴素的最近均值。",
                ),
            ),
            Option(
                text("The network from scratch", "从零训练的网络"),
                text(
                    "Yes, in fifty steps. And it is beaten by comparing pixels with class means, which learns nothing at all; the letters are not clearly ahead of that either.",
                    "对，走五十步时如此。它还不如拿像素与类均值比较，而后者什么都不用学；字母网络也没有明显胜过后者。",
                ),
                right=True,
            ),
            Option(
                text("The network trained on adults", "在成人声音上训练过的网络"),
                text("It is the best of the three.", "它是三者里最好的。"),
            ),
        ),
    ),
    Quiz(
        id="11.q3",
        question=text(
            "A policy that balances perfectly is carried to a cart whose motor is wired the wrong way round, and searched on from there. "
            "Compared with starting from zeros?",
            "把一个平衡得很好的策略，带到电机接反了的小车上，从那里继续搜索。与从零开始相比怎样？",
        ),
        options=(
            Option(
                text("Better: much about poles is the same", "更好：关于杆子的知识大多相同"),
                text(
                    "The pole is the same, but what was learned are four weights, and all four now have the wrong sign.",
                    "杆子相同，可是学到的是四个权重，而四个的符号现在全错了。",
                ),
            ),
            Option(
                text("Worse: negative transfer", "更差：负迁移"),
                text(
                    "Yes: it begins far on the wrong side, and must first come back to zero.",
                    "对：它起步就远在错的一边，先得走回零点。",
                ),
                right=True,
            ),
            Option(
                text("The same: the search forgets where it began", "一样：搜索会忘掉起点"),
                text(
                    "With rounds enough, perhaps. Six are few.",
                    "轮数足够多时也许会。六轮太少。",
                ),
            ),
        ),
    ),
    Quiz(
        id="11.q4",
        question=text(
            "One network is trained on notes from both carts at once, the right and the wrong wiring, half and half. Afterwards it …",
            "把接对与接反两种小车的记录各一半，一起训练同一个网络。训练之后它……",
        ),
        options=(
            Option(
                text("balances both: replay cures forgetting", "两种都能平衡：重放治得了遗忘"),
                text(
                    "Replay cures what one network *could* hold at once. Here the same state wants opposite pushes.",
                    "重放能治的，是一个网络本来就**装得下**的东西。这里同一个状态要相反的推力。",
                ),
            ),
            Option(
                text("balances neither", "两种都不行"),
                text(
                    "Yes: the best answer to “half push left, half push right” is not to push. It must be told which cart it is on.",
                    "对：一半说向左、一半说向右，最好的折中就是不推。必须告诉它在哪辆车上。",
                ),
                right=True,
            ),
            Option(
                text("balances the one seen last", "平衡最后见到的那一种"),
                text("They were mixed: there is no last one.", "两种是混在一起的，没有先后。"),
            ),
        ),
    ),
)
