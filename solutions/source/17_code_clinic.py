"""Exercises of chapter 17, the code clinic: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import ast
import builtins

import numpy as np
from scipy import stats

from course_lib.clinic import KINDS
from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal, same_set
from course_lib.exercises.specification import Exercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny, tiny_features


def changed(pytorch_source, keras_source, pytorch=None, keras=None):
    """Give the right code with replacements in each framework: (what stands there, instead), …"""
    code = {}
    for name, source, changes in (
        ("pytorch", pytorch_source, pytorch),
        ("keras", keras_source, keras),
    ):
        if changes:
            for old, new in [changes] if isinstance(changes[0], str) else changes:
                assert old in source, old
                source = source.replace(old, new)
            code[name] = source
    return code


def seen(**report):
    return lambda **inputs: report


# 17.1 ---------------------------------------------------------------------------------------------

WORDS = ("pictures", "answers", "scores", "weights", "shares", "places", "totals", "marks")


def draw_sources(rng):
    a, b, c, d, e, f, g, h = rng.permutation(WORDS)
    n = int(rng.integers(3, 9))
    spare = rng.choice(["random", "shutil", "string", "json"])
    sound = (
        f"import numpy as np\nfrom math import sqrt as root\n"
        f"def score(model, {a}):\n    return [model(each) for each in {a}]\n"
        f"{b} = np.arange({n})\nfor step, {c} in enumerate(score(root, {b})):\n    print(step, {c})\n"
    )
    lost = (
        f"import numpy as np\nimport os.path as files\n"
        f"{d} = [np.sqrt(each) for each in range({n})]\n"
        f"def report({e}, *rest, digits={n}):\n    return {{name: round(x, digits) for name, x in {e}}}\n"
        f"print(report(zip({f}, {d})), os.sep, len({g}))\n"
    )
    spared = (
        f"import {spare}\nimport xml.dom\nfrom statistics import mean, median as middle\n"
        f"with open('{b}.txt') as file:\n    {h} = [float(line) for line in file]\n"
        f"print(mean({h}), max({h}, key=abs))\n"
    )
    twice = (  # refused: its unused import and its undefined name do not count
        f"import shutil\ndef load(part, transform):\n    return transform(part)\n"
        f"{a} = load({b}, transform=str, part='{c}', transform=len)\n"
    )
    broken = f"def load({a}:\n    return {n}\n"  # not even `ast.parse` reads it
    programs = [sound, lost, spared, twice, broken]
    return {"sources": [programs[i] for i in rng.permutation(len(programs))]}


def before_running(sources, *, parse_only=False, hidden=True, parameters=True, alias=True, loops=True,
                   functions=True):  # fmt: skip
    """Say what cannot run, right or (by the options) wrong."""
    found = {"stops": [], "undefined": [], "unused": []}
    for source in sources:
        stops = False
        try:
            tree = ast.parse(source)
            if not parse_only:
                compile(source, "program", "exec")
        except SyntaxError:
            stops, tree = True, ast.parse("")
        found["stops"].append(stops)
        nodes = list(ast.walk(tree))
        names = [n for n in nodes if isinstance(n, ast.Name)]
        loaded = {n.id for n in names if isinstance(n.ctx, ast.Load)}
        if loops:
            stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        else:
            targets = [t for n in nodes if isinstance(n, ast.Assign) for t in n.targets]
            stored = {t.id for t in targets if isinstance(t, ast.Name)}
        imports = [a for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
        bound = {(alias and a.asname) or a.name.split(".")[0] for a in imports}
        if parameters:
            stored |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        if functions:
            stored |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
        known = set(dir(builtins)) if hidden else set()
        found["undefined"].append(sorted(loaded - stored - bound - known))
        found["unused"].append(sorted(bound - loaded))
    return found


BEFORE_RUNNING = Exercise(
    id="17.1",
    title=text("What cannot run, before it runs", "不运行，先看出哪里跑不了"),
    points=3,
    objective="O1",
    function="before_running",
    inputs=draw_sources,
    reference=before_running,
    comparator=equal(),
    tensors=False,
    forbidden=("builtins.exec", "builtins.eval"),
    draws=2,
    parts={
        "stops": text("for each program, “Python refuses it”", "每个程序：“Python 拒绝它”"),
        "undefined": text("the undefined names of each program", "每个程序里未定义的名字"),
        "unused": text("the unused imports of each program", "每个程序里没用到的导入"),
    },
    pitfalls=(
        Pitfall(
            "parse_only",
            lambda sources: {"stops": before_running(sources, parse_only=True)["stops"]},
            text(
                "`ast.parse` alone does not notice an argument that is given twice; `compile` does.",
                "光用 `ast.parse` 看不出同一个参数给了两次；`compile` 才看得出。",
            ),
        ),
        Pitfall(
            "builtins",
            lambda sources: {"undefined": before_running(sources, hidden=False)["undefined"]},
            text(
                "`print`, `len` and their like are defined in every program: take `dir(builtins)` away.",
                "`print`、`len` 这些名字在每个程序里都有定义：要去掉 `dir(builtins)` 里的名字。",
            ),
        ),
        Pitfall(
            "parameters",
            lambda sources: {"undefined": before_running(sources, parameters=False)["undefined"]},
            text(
                "A function's parameters are defined, too: they are `ast.arg`, not `ast.Name`.",
                "函数的参数也是有定义的：它们是 `ast.arg`，不是 `ast.Name`。",
            ),
        ),
        Pitfall(
            "alias",
            lambda sources: {
                key: before_running(sources, alias=False)[key] for key in ("undefined", "unused")
            },
            text(
                "`import numpy as np` defines the name np, not numpy: look at `asname` first.",
                "`import numpy as np` 定义的名字是 np，不是 numpy：先看 `asname`。",
            ),
        ),
        Pitfall(
            "loops",
            lambda sources: {"undefined": before_running(sources, loops=False)["undefined"]},
            text(
                "Assignments are not the only place where names arise: `for`, `with … as` and comprehensions store names as well.",
                "名字不只由赋值产生：`for`、`with … as` 和推导式也会存下名字。",
            ),
        ),
        Pitfall(
            "functions",
            lambda sources: {"undefined": before_running(sources, functions=False)["undefined"]},
            text(
                "`def score(…)` defines the name score.",
                "`def score(…)` 就定义了名字 score。",
            ),
        ),
        Pitfall(
            "unused_forgotten",
            lambda sources: {"unused": [[] for _ in sources]},
            text(
                "No import is ever called unused. An import defines a name; is it loaded anywhere?",
                "没有一个导入被判为没用到。导入定义了一个名字，它在别处被用过吗？",
            ),
        ),
        Pitfall(
            "never_stops",
            lambda sources: {"stops": [True for _ in sources]},
            text("You call every program broken.", "你把每个程序都判成跑不了。"),
        ),
    ),
    hints=(
        text(
            "First `compile` inside try/except SyntaxError; then walk over `ast.parse(source)`.",
            "先在 try/except SyntaxError 里 `compile`；再遍历 `ast.parse(source)`。",
        ),
        text(
            "Collect four sets: names loaded, names stored (with parameters and functions), names bound by imports, builtins.",
            "收集四个集合：读取的名字、存下的名字（加上参数和函数名）、导入绑定的名字、内置名字。",
        ),
        text(
            "`isinstance(node.ctx, ast.Load)`; `alias.asname or alias.name.split('.')[0]`; undefined = loaded − stored − bound − builtins.",
            "`isinstance(node.ctx, ast.Load)`；`alias.asname or alias.name.split('.')[0]`；未定义 = 读取 − 存下 − 导入 − 内置。",
        ),
    ),
    right={
        "numpy": (
            "import ast, builtins\n"
            "class Names(ast.NodeVisitor):\n"
            "    def __init__(self):\n"
            "        self.load, self.have, self.bound = set(), set(dir(builtins)), set()\n"
            "    def visit_Name(self, node):\n"
            "        (self.load if isinstance(node.ctx, ast.Load) else self.have).add(node.id)\n"
            "    def visit_arg(self, node):\n"
            "        self.have.add(node.arg)\n"
            "    def visit_FunctionDef(self, node):\n"
            "        self.have.add(node.name)\n"
            "        self.generic_visit(node)\n"
            "    def visit_alias(self, node):\n"
            "        self.bound.add(node.asname or node.name.partition('.')[0])\n"
            "def before_running(sources):\n"
            "    out = {'stops': [], 'undefined': [], 'unused': []}\n"
            "    for source in sources:\n"
            "        names = Names()\n"
            "        try:\n"
            "            compile(source, 'x', 'exec')\n"
            "            names.visit(ast.parse(source))\n"
            "            out['stops'].append(False)\n"
            "        except SyntaxError:\n"
            "            out['stops'].append(True)\n"
            "        out['undefined'].append(sorted(names.load - names.have - names.bound))\n"
            "        out['unused'].append(sorted(names.bound - names.load))\n"
            "    return out\n",
            "import builtins, symtable\n"
            "def tables(table):\n"
            "    yield table\n"
            "    for child in table.get_children():\n"
            "        yield from tables(child)\n"
            "def before_running(sources):\n"
            "    rows = []\n"
            "    for source in sources:\n"
            "        try:\n"
            "            compile(source, 'x', 'exec')\n"
            "        except SyntaxError:\n"
            "            rows.append((True, [], []))\n"
            "            continue\n"
            "        symbols = [s for t in tables(symtable.symtable(source, 'x', 'exec')) for s in t.get_symbols()]\n"
            "        have = {s.get_name() for s in symbols if s.is_assigned() or s.is_parameter() or s.is_imported()}\n"
            "        used = {s.get_name() for s in symbols if s.is_referenced()} - {'.0'}\n"
            "        bound = {s.get_name() for s in symbols if s.is_imported()}\n"
            "        rows.append((False, sorted(used - have - set(dir(builtins))), sorted(bound - used)))\n"
            "    return {key: [row[i] for row in rows] for i, key in enumerate(('stops', 'undefined', 'unused'))}\n",
        )
    },
)

# 17.2 ---------------------------------------------------------------------------------------------


def draw_pictures(rng):
    return {
        "images": rng.integers(0, 256, size=(1, 2, 4, 3)).astype(np.uint8),
        # Three pixels wide, which is not three channels; nearly black, and bytes all the same.
        "grey": rng.integers(0, 2, size=(2, 2, 3)).astype(np.uint8),
        "mean": rng.uniform(0.3, 0.5, size=3),
        "std": rng.uniform(0.2, 0.3, size=3),
    }


def three(pictures):
    return pictures if pictures.ndim == 4 else np.repeat(pictures[..., None], 3, axis=3)


def standard(pictures, mean, std, *, how=None):
    """Prepare pictures, as N×H×W×3, right or (by `how`) wrong."""
    x = three(pictures).astype(float)
    if how == "unscaled":
        return (x - mean) / std
    if how == "subtract_first":
        return (x - mean) / 255 / std
    x = x / 255
    if how == "own":
        return (x - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))
    if how == "halves":
        return (x - 0.5) / 0.5
    if how == "reversed":
        x = x[..., ::-1]
    x = x - mean
    if how == "multiplied":
        return x * std
    x = x / std
    if how == "twice":
        x = (x - mean) / std
    if how == "reshaped":
        n, h, w, c = x.shape
        return x.reshape(n, c, h, w).transpose(0, 2, 3, 1)
    return x


def report_of_pictures(images, grey, mean, std, how=None):
    return {
        "colour": standard(images, mean, std, how=how),
        "grey": standard(grey, mean, std, how=how),
        "layout": True,
        "float32": True,
    }


def colours_of(how, *keys):
    def answer(**inputs):
        report = report_of_pictures(**inputs, how=how)
        return {key: report[key] for key in keys or ("colour",)}

    return answer


PYTORCH_PREPARE = """\
def prepare(images, mean, std):
    if images.ndim == 3:
        images = np.repeat(images[..., None], 3, axis=3)
    x = images.astype(np.float32) / 255
    x = (x - mean) / std
    return torch.tensor(x.transpose(0, 3, 1, 2), dtype=torch.float32)
"""
KERAS_PREPARE = """\
def prepare(images, mean, std):
    if images.ndim == 3:
        images = np.repeat(images[..., None], 3, axis=3)
    x = images.astype(np.float32) / 255
    x = (x - mean) / std
    return ops.convert_to_tensor(x, dtype="float32")
"""


def prepare_code(*change, pytorch=None, keras=None):
    both = change or None
    return changed(PYTORCH_PREPARE, KERAS_PREPARE, pytorch or both, keras or both)


STEP = "    x = (x - mean) / std\n"

PREPARE = Exercise(
    id="17.2",
    title=text("Pictures on their way in", "图片进入网络之前"),
    points=3,
    objective="O2",
    function="prepare",
    drawing=drawings.pictures("colour"),
    inputs=draw_pictures,
    reference=report_of_pictures,
    comparator=close(rtol=1e-4, atol=1e-4),
    probe="preparing",
    draws=2,
    parts={
        "colour": text("the coloured pictures, as N×H×W×3", "彩色图片，写成 N×H×W×3"),
        "grey": text("the grey pictures, as N×H×W×3", "灰度图片，写成 N×H×W×3"),
        "layout": text(
            "“the channels stand where the framework wants them”", "“通道在框架要求的位置”"
        ),
        "float32": text("“float32”", "“float32”"),
    },
    pitfalls=(
        Pitfall(
            "unscaled",
            colours_of("unscaled"),
            text(
                "The statistics are those of pictures between 0 and 1; yours still run to 255. Divide first.",
                "这套统计量是对 0 到 1 之间的图片而言的；你的还到 255。先除以 255。",
            ),
            code=prepare_code(" / 255", ""),
        ),
        Pitfall(
            "subtract_first",
            colours_of("subtract_first"),
            text(
                "The order: first to the range 0 to 1, then subtract the mean. You subtracted from bytes.",
                "次序：先缩放到 0 到 1，再减均值。你是在字节上减的。",
            ),
            code=prepare_code(
                ("astype(np.float32) / 255", "astype(np.float32)"),
                (STEP, "    x = (x - mean) / 255 / std\n"),
            ),
        ),
        Pitfall(
            "own_statistics",
            colours_of("own"),
            text(
                "You normalised by this batch's own mean and deviation. The weights learned with *theirs*: use the arguments.",
                "你用了这一批图片自己的均值和标准差。权重是用**它们的**那一套学出来的：请用参数里的。",
            ),
            code=prepare_code(
                STEP, "    x = (x - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))\n"
            ),
        ),
        Pitfall(
            "halves",
            colours_of("halves"),
            text(
                "Mean and deviation 0.5 are a habit, not the weights' statistics: use the arguments.",
                "均值和标准差取 0.5 只是习惯，不是这套权重的统计量：请用参数里的。",
            ),
            code=prepare_code(STEP, "    x = (x - 0.5) / 0.5\n"),
        ),
        Pitfall(
            "twice",
            colours_of("twice"),
            text("Normalised twice.", "归一化做了两次。"),
            code=prepare_code(STEP, STEP + STEP),
        ),
        Pitfall(
            "multiplied",
            colours_of("multiplied"),
            text("Divide by the deviation; you multiplied.", "应当除以标准差；你乘了它。"),
            code=prepare_code(STEP, "    x = (x - mean) * std\n"),
        ),
        Pitfall(
            "channels_reversed",
            colours_of("reversed", "colour"),
            text(
                "The channels stand the other way round (red is last). These weights expect red first; others, such as Keras's VGG16, "
                "expect blue first: it is part of the contract.",
                "通道次序反了（红排在最后）。这套权重要求红在前；另一些权重，例如 Keras 的 VGG16，要求蓝在前：这是约定的一部分。",
            ),
            code=prepare_code(" / 255", "[..., ::-1] / 255"),
        ),
        Pitfall(
            "reshaped",
            colours_of("reshaped"),
            text(
                "The shape is right and the pictures are scrambled: `reshape` only reads the same numbers in rows of another length. "
                "Moving the channels is `transpose` (`permute`).",
                "形状对了，图片却被打散：`reshape` 只是把同样的数按另一种行长来读。移动通道要用 `transpose`（`permute`）。",
            ),
            code=prepare_code(
                pytorch=("x.transpose(0, 3, 1, 2)", "x.reshape(len(x), 3, *x.shape[1:3])")
            ),
        ),
        Pitfall(
            "layout",
            seen(layout=False),
            text(
                "The channels stand in the wrong place, or their number is not three: PyTorch wants N×3×H×W, Keras N×H×W×3, and a grey "
                "picture is three equal channels to these weights.",
                "通道的位置不对，或者个数不是三：PyTorch 要 N×3×H×W，Keras 要 N×H×W×3；对这套权重来说，灰度图片就是三个相同的通道。",
            ),
            code=prepare_code(
                pytorch=("x.transpose(0, 3, 1, 2)", "x"),
                keras=("(x, dtype", "(x.transpose(0, 3, 1, 2), dtype"),
            ),
        ),
        Pitfall(
            "float64",
            seen(layout=True, float32=False),
            text(
                "The numbers are right, but they are float64: the weights are float32, and PyTorch refuses the mixture.",
                "数是对的，但类型是 float64：权重是 float32，PyTorch 不接受混用。",
            ),
            code=prepare_code(
                pytorch=("torch.float32", "torch.float64"), keras=('"float32"', '"float64"')
            ),
        ),
    ),
    hints=(
        text(
            "Four steps in this order: three channels, the range 0 to 1, the weights' statistics, the framework's layout.",
            "按次序四步：变成三个通道，缩放到 0 到 1，用权重的统计量归一化，换成框架的排列。",
        ),
        text(
            "`mean` and `std` have three entries; with the channels last they subtract and divide by themselves (broadcasting).",
            "`mean` 和 `std` 各有三个数；通道在最后时，直接相减、相除即可（广播）。",
        ),
        text(
            "Grey: `np.repeat(images[..., None], 3, axis=3)`. PyTorch: `.transpose(0, 3, 1, 2)` at the end; Keras: nothing.",
            "灰度：`np.repeat(images[..., None], 3, axis=3)`。PyTorch：最后 `.transpose(0, 3, 1, 2)`；Keras：不用动。",
        ),
    ),
    right={
        "pytorch": (
            "def prepare(images, mean, std):\n"
            "    x = torch.tensor(images).float() / 255\n"
            "    if x.ndim == 3:\n"
            "        x = x.unsqueeze(-1).expand(-1, -1, -1, 3)\n"
            "    x = x.permute(0, 3, 1, 2)\n"
            "    m, s = (torch.tensor(v, dtype=torch.float32).view(1, 3, 1, 1) for v in (mean, std))\n"
            "    return (x - m) / s\n",
            "def prepare(images, mean, std):\n"
            "    planes = [images[..., c] if images.ndim == 4 else images for c in range(3)]\n"
            "    planes = [(p / 255 - m) / s for p, m, s in zip(planes, mean, std)]\n"
            "    return torch.from_numpy(np.stack(planes, axis=1)).to(torch.float32)\n",
        ),
        "keras": (
            "def prepare(images, mean, std):\n"
            "    x = ops.cast(images, 'float32')\n"
            "    x = ops.stack([x, x, x], axis=-1) if images.ndim == 3 else x\n"
            "    return (x / 255 - ops.cast(mean, 'float32')) / ops.cast(std, 'float32')\n",
            "def prepare(images, mean, std):\n"
            "    planes = [images[..., c] if images.ndim == 4 else images for c in range(3)]\n"
            "    planes = [(p / 255 - m) / s for p, m, s in zip(planes, mean, std)]\n"
            "    return ops.convert_to_tensor(np.stack(planes, axis=3).astype('float32'))\n",
        ),
    },
)

# 17.3 ---------------------------------------------------------------------------------------------


def draw_head(rng):
    classes = int(rng.integers(3, 6))
    return {
        "images": rng.normal(size=(8, 1, 2, 3)).astype(np.float32),
        "labels": rng.permutation(np.arange(8) % classes),
        "classes": classes,
        "learning_rate": float(rng.choice([0.2, 0.3, 0.5])),
        "steps": int(rng.integers(3, 6)),
        **draw_tiny(rng, classes=6),
    }


def soft(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def descend(images, labels, classes, learning_rate, steps, head, bias, *, twice=False, summed=False,
            piling=False, sign=-1.0, **backbone):  # fmt: skip
    """Train a zero head by gradient descent on the frozen features, right or (by the options) wrong."""
    f = tiny_features(images, **backbone)
    f = np.concatenate([f, np.ones((len(f), 1))], axis=1)
    w, pile, y = np.zeros((f.shape[1], classes)), 0.0, np.eye(classes)[labels]
    for _ in range(steps):
        p = soft(f @ w)
        d = soft(p) - y if twice else p - y
        if twice:  # through the softmax that the program has added
            d = p * (d - (d * p).sum(axis=1, keepdims=True))
        g = f.T @ d / (1 if summed else len(f))
        pile = pile + g if piling else g
        w = w + sign * learning_rate * pile
    return w[:-1], w[-1]


def report_of_head(**inputs):
    head, bias = descend(**inputs)
    return {
        "linear_layer": True,
        "outputs": inputs["classes"],
        "head": head,
        "bias": bias,
        "gives_logits": True,
        "backbone_moved": False,
        "statistics_moved": False,
    }


def head_as(**bugs):
    def answer(**inputs):
        head, bias = descend(**inputs, **bugs)
        return {"head": head, "bias": bias, "backbone_moved": False, "statistics_moved": False}

    return answer


def one_step(**inputs):
    head, bias = descend(**{**inputs, "steps": 1})
    return {"head": head, "bias": bias}


def no_step(images, classes, head, **rest):
    return {"head": np.zeros((head.shape[0], classes)), "bias": np.zeros(classes)}


PYTORCH_HEAD = """\
from torch.nn import functional
def train_head(model, classes, images, labels, learning_rate, steps):
    model.head = nn.Linear(model.head.in_features, classes)
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    model.backbone.requires_grad_(False)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=learning_rate)
    for _ in range(steps):
        model.train()
        model.backbone.eval()
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
"""
KERAS_HEAD = """\
from course_lib.keras import cross_entropy, gradients
def train_head(model, classes, images, labels, learning_rate, steps):
    model.backbone.trainable = False
    model.head = keras.layers.Dense(classes, kernel_initializer="zeros")
    model.head.build((None, model.backbone.mix.units))
    weights = model.head.trainable_weights
    for _ in range(steps):
        def loss():
            return cross_entropy(model(images, training=False), labels)
        _, slopes = gradients(loss, weights)
        for w, slope in zip(weights, slopes):
            w.assign_sub(learning_rate * slope)
"""


def head_code(pytorch=None, keras=None):
    return changed(PYTORCH_HEAD, KERAS_HEAD, pytorch, keras)


TRAIN_HEAD = Exercise(
    id="17.3",
    title=text("A new head that really learns", "真正在学的新分类头"),
    points=4,
    objective="O2",
    function="train_head",
    drawing=drawings.matrix("head", across=text("class", "类别"), down=text("feature", "特征")),
    inputs=draw_head,
    reference=report_of_head,
    comparator=close(rtol=2e-3, atol=2e-4),
    probe="training_a_head",
    forbidden=(".fit", "course_lib.pytorch.fit", "course_lib.keras.fit"),
    draws=2,
    parts={
        "linear_layer": text("“model.head is one linear layer”", "“model.head 是一个线性层”"),
        "outputs": text("the head's number of outputs", "分类头的输出个数"),
        "head": text("the head's weights, D×K", "分类头的权重，D×K"),
        "bias": text("the head's biases", "分类头的偏置"),
        "gives_logits": text("“the head gives logits”", "“分类头给出的是 logits”"),
        "backbone_moved": text("“the backbone's weights moved”", "“主干的权重变了”"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
    },
    pitfalls=(
        Pitfall(
            "no_linear_layer",
            seen(linear_layer=False),
            text(
                "model.head is to be one linear layer with weights and biases.",
                "model.head 应是一个带权重和偏置的线性层。",
            ),
            code=head_code(
                pytorch=(
                    ("in_features, classes)", "in_features, classes, bias=False)"),
                    ("    nn.init.zeros_(model.head.bias)\n", ""),
                ),
                keras=("Dense(classes, ", "Dense(classes, use_bias=False, "),
            ),
        ),
        Pitfall(
            "old_head",
            seen(outputs=6),
            text(
                "The old head is still there: it has 6 outputs, the new task fewer. It runs without a word, because every label is below 6.",
                "旧的分类头还在：它有 6 个输出，新任务没有这么多类。程序照样运行，因为每个标签都小于 6。",
            ),
            code=head_code(
                pytorch=("    model.head = nn.Linear(model.head.in_features, classes)\n", ""),
                keras=(
                    '    model.head = keras.layers.Dense(classes, kernel_initializer="zeros")\n    model.head.build((None, model.backbone.mix.units))\n',
                    "",
                ),
            ),
        ),
        Pitfall(
            "statistics",
            seen(statistics_moved=True),
            text(
                "The BatchNorm statistics moved. Frozen weights are half of it: the frozen part also has to run in inference mode "
                "(PyTorch: `model.backbone.eval()`, again after each `model.train()`; Keras: `training=False`).",
                "BatchNorm 的统计量变了。冻结权重只是一半：冻结的部分还必须处于推理模式（PyTorch：`model.backbone.eval()`，"
                "每次 `model.train()` 之后都要再调一次；Keras：`training=False`）。",
            ),
            code=head_code(
                pytorch=("        model.backbone.eval()\n", ""),
                keras=(
                    ("    model.backbone.trainable = False\n", ""),
                    ("training=False", "training=True"),
                ),
            ),
        ),
        Pitfall(
            "backbone",
            seen(backbone_moved=True, statistics_moved=False),
            text(
                "The backbone's weights moved: they are with the optimizer. It gets the head's, and nothing else.",
                "主干的权重变了：它们交给了优化器。优化器只该拿到分类头的参数。",
            ),
            code=head_code(
                pytorch=(
                    ("    model.backbone.requires_grad_(False)\n", ""),
                    ("SGD(model.head.parameters()", "SGD(model.parameters()"),
                ),
                keras=(
                    ("    model.backbone.trainable = False\n", ""),
                    (
                        "weights = model.head.trainable_weights",
                        "weights = model.backbone.trainable_weights + model.head.trainable_weights",
                    ),
                ),
            ),
        ),
        Pitfall(
            "nothing_learned",
            no_step,
            text(
                "The head is as it began: zero. What the update moved is not the head that the model uses. Was the optimizer made "
                "*before* the head was replaced? Is the update written into the weight itself? "
                "Was `.grad` emptied between `backward()` and `step()`? (Keras: without `from_logits=True` the loss clips zeros, and "
                "their gradient is 0.)",
                "分类头还是开始时的样子：全是零。更新改动的不是模型正在用的那个头。优化器是不是在换头**之前**建的？更新有没有写进权重本身？"
                "是不是在 `backward()` 和 `step()` 之间清了梯度？（Keras：不写 `from_logits=True`，损失会把 0 截断，梯度就是 0。）",
            ),
            code=head_code(
                pytorch=(
                    (
                        "    optimizer = torch.optim.SGD(model.head.parameters(), lr=learning_rate)\n",
                        "",
                    ),
                    (
                        "    model.head = nn.Linear(model.head.in_features, classes)\n",
                        "    optimizer = torch.optim.SGD(model.head.parameters(), lr=learning_rate)\n    model.head = nn.Linear(model.head.in_features, classes)\n",
                    ),
                ),
                keras=(
                    "            w.assign_sub(learning_rate * slope)\n",
                    "            w = w - learning_rate * slope\n",
                ),
            ),
        ),
        Pitfall(
            "softmax_in_head",
            seen(gives_logits=False, backbone_moved=False, statistics_moved=False),
            text(
                "The numbers are right, but a softmax is left in the head: whoever trains or calibrates it next takes another one.",
                "各个数都对，但头里留了一个 softmax：下一个接着训练或校准的人会再做一次。",
            ),
            code=head_code(
                pytorch=(
                    "        optimizer.step()\n",
                    "        optimizer.step()\n    model.head.register_forward_hook(lambda head, x, z: z.softmax(dim=1))\n",
                ),
                keras=(
                    "            w.assign_sub(learning_rate * slope)\n",
                    "            w.assign_sub(learning_rate * slope)\n    model.head.activation = keras.activations.softmax\n",
                ),
            ),
        ),
        Pitfall(
            "softmax_twice",
            head_as(twice=True),
            text(
                "The head moved along another gradient: that of a softmax of a softmax. The loss wants logits.",
                "分类头沿着另一个梯度走了：对 softmax 又做了一次 softmax。损失函数要的是 logits。",
            ),
            code=head_code(
                pytorch=(
                    "cross_entropy(model(images), labels)",
                    "cross_entropy(model(images).softmax(dim=1), labels)",
                ),
                keras=(
                    "model(images, training=False)",
                    "ops.softmax(model(images, training=False))",
                ),
            ),
        ),
        Pitfall(
            "sums",
            head_as(summed=True),
            text(
                "Each step is N times too long: the gradient of the sum over the batch. Take the mean.",
                "每一步都大了 N 倍：这是整批求和的梯度。应当取平均。",
            ),
            code=head_code(
                pytorch=("(model(images), labels)", '(model(images), labels, reduction="sum")'),
                keras=("return cross_entropy", "return len(labels) * cross_entropy"),
            ),
        ),
        Pitfall(
            "piling_up",
            head_as(piling=True),
            text(
                "The first step is right, the later ones are too long: `backward()` adds to what `.grad` holds. Empty it at each step.",
                "第一步是对的，后面的步子太大：`backward()` 会加到 `.grad` 已有的值上。每一步都要清零。",
            ),
            code=head_code(pytorch=("        optimizer.zero_grad()\n", "")),
        ),
        Pitfall(
            "one_step",
            one_step,
            text("One step was made; `steps` are asked for.", "只走了一步；要走 `steps` 步。"),
            code=head_code(
                pytorch=("range(steps)", "range(1)"), keras=("range(steps)", "range(1)")
            ),
        ),
        Pitfall(
            "uphill",
            head_as(sign=1.0),
            text("You went uphill: subtract.", "你在上坡：应当减。"),
            code=head_code(
                pytorch=(
                    "SGD(model.head.parameters(), lr=",
                    "SGD(model.head.parameters(), maximize=True, lr=",
                ),
                keras=("assign_sub", "assign_add"),
            ),
        ),
    ),
    errors=(
        (
            r"NoneType",
            text(
                "One of these weights has no gradient. In Keras a layer that was replaced stays among `model.trainable_weights`: take the "
                "weights from `model.head`.",
                "其中有的权重没有梯度。在 Keras 里，被换下的层仍留在 `model.trainable_weights` 里：请从 `model.head` 取权重。",
            ),
        ),
    ),
    hints=(
        text(
            "Order matters: first the new head, then whatever holds its weights. What does the loop call at each step?",
            "次序很要紧：先换新头，再建拿着它参数的东西。循环里每一步都调用了什么？",
        ),
        text(
            "The loss takes logits and gives the mean. The backbone: no gradients, *and* inference mode at every forward pass.",
            "损失函数接收 logits，给出平均值。主干：不要梯度，**并且**每次前向都处于推理模式。",
        ),
        text(
            "PyTorch: nn.Linear, nn.init.zeros_, SGD over model.head.parameters(), model.backbone.eval(). Keras: Dense with "
            'kernel_initializer="zeros", build it, gradients over model.head.trainable_weights, assign_sub.',
            "PyTorch：nn.Linear、nn.init.zeros_、对 model.head.parameters() 建 SGD、model.backbone.eval()。Keras：Dense 加 "
            'kernel_initializer="zeros"，build，对 model.head.trainable_weights 求 gradients，再 assign_sub。',
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def train_head(model, classes, images, labels, learning_rate, steps):\n"
            "    model.eval()\n"
            "    with torch.no_grad():\n"
            "        f = model.backbone(images)\n"
            "    head = nn.Linear(f.shape[1], classes)\n"
            "    for w in head.parameters():\n"
            "        w.data.zero_()\n"
            "    for _ in range(steps):\n"
            "        loss = functional.nll_loss(head(f).log_softmax(1), labels)\n"
            "        for w, g in zip(head.parameters(), torch.autograd.grad(loss, list(head.parameters()))):\n"
            "            w.data -= learning_rate * g\n"
            "    model.head = head\n",
            "def train_head(model, classes, images, labels, learning_rate, steps):\n"
            "    with torch.no_grad():\n"
            "        f = model.eval().backbone(images)\n"
            "        y = torch.eye(classes)[labels]\n"
            "        model.head = nn.Linear(f.shape[1], classes)\n"
            "        model.head.weight.zero_()\n"
            "        model.head.bias.zero_()\n"
            "        for _ in range(steps):\n"
            "            d = (model.head(f).softmax(1) - y) / len(y)\n"
            "            model.head.weight -= learning_rate * d.T @ f\n"
            "            model.head.bias -= learning_rate * d.sum(0)\n",
        ),
        "keras": (
            "import tensorflow as tf\n"
            "def train_head(model, classes, images, labels, learning_rate, steps):\n"
            "    f = model.backbone(images, training=False)\n"
            "    head = keras.layers.Dense(classes, kernel_initializer='zeros')\n"
            "    head.build(f.shape)\n"
            "    optimizer = keras.optimizers.SGD(learning_rate)\n"
            "    mean_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            "    for _ in range(steps):\n"
            "        with tf.GradientTape() as tape:\n"
            "            loss = mean_loss(labels, head(f))\n"
            "        optimizer.apply(tape.gradient(loss, head.trainable_weights), head.trainable_weights)\n"
            "    model.head = head\n",
            "def train_head(model, classes, images, labels, learning_rate, steps):\n"
            "    f = np.asarray(model.backbone(images, training=False))\n"
            "    y = np.eye(classes)[np.asarray(labels)]\n"
            "    w, b = np.zeros((f.shape[1], classes)), np.zeros(classes)\n"
            "    for _ in range(steps):\n"
            "        p = np.exp(f @ w + b)\n"
            "        d = (p / p.sum(axis=1, keepdims=True) - y) / len(y)\n"
            "        w, b = w - learning_rate * f.T @ d, b - learning_rate * d.sum(axis=0)\n"
            "    model.head = keras.layers.Dense(classes)\n"
            "    model.head.build(f.shape)\n"
            "    model.head.set_weights([w, b])\n",
        ),
    },
)

# 17.4 ---------------------------------------------------------------------------------------------


def draw_batches(rng):
    while True:
        inputs = {
            "images": rng.normal(size=(8, 1, 2, 3)).astype(np.float32),
            "labels": rng.permutation(np.arange(8) % 3),
            "batch_size": 3,
            **draw_tiny(rng),
        }
        labels, predicted, accuracy = collected(**inputs)
        right = labels == predicted
        means = np.mean([right[i : i + 3].mean() for i in range(0, 8, 3)])
        # With nothing right in the last batch, a mean of means would look like a wrong number of pictures.
        apart = abs(means - accuracy) > 0.02 and abs(right[6:].mean() - accuracy) > 0.02
        if apart and right[6:].any():
            return inputs


def collected(images, labels, batch_size, head, bias, **backbone):
    z = tiny_features(images, **backbone) @ head + bias
    predicted = z.argmax(axis=1)
    return np.asarray(labels), predicted, float((predicted == labels).mean())


def report_of_collecting(**inputs):
    labels, predicted, accuracy = collected(**inputs)
    return {
        "labels": labels,
        "predicted": predicted,
        "accuracy": accuracy,
        "arrays": True,
        "statistics_moved": False,
    }


def last_start(labels, batch_size):
    return (len(labels) - 1) // batch_size * batch_size


def last_batch(**inputs):
    labels, predicted, _ = collected(**inputs)
    start = last_start(labels, inputs["batch_size"])
    return {"labels": labels[start:], "predicted": predicted[start:]}


def labels_overwritten(**inputs):
    labels, predicted, _ = collected(**inputs)
    start = last_start(labels, inputs["batch_size"])
    return {"labels": labels[start:], "predicted": predicted}


def means_of_batches(**inputs):
    labels, predicted, _ = collected(**inputs)
    right, size = labels == predicted, inputs["batch_size"]
    means = [right[i : i + size].mean() for i in range(0, len(right), size)]
    return {"labels": labels, "accuracy": float(np.mean(means)), "statistics_moved": False}


def logits_kept(images, labels, batch_size, head, bias, **backbone):
    return {"predicted": tiny_features(images, **backbone) @ head + bias}


def first_label_short(**inputs):
    labels, predicted, _ = collected(**inputs)
    whole = len(labels) // inputs["batch_size"] * inputs["batch_size"]
    return {"labels": labels[:whole], "predicted": predicted[:whole]}


PYTORCH_COLLECT = """\
def collect(model, batches):
    model.eval()
    labels, predicted = [], []
    with torch.no_grad():
        for x, y in batches:
            labels.extend(y.cpu().numpy())
            predicted.extend(model(x).argmax(dim=1).cpu().numpy())
    labels, predicted = np.array(labels), np.array(predicted)
    return labels, predicted, float((labels == predicted).mean())
"""
KERAS_COLLECT = """\
def collect(model, batches):
    labels, predicted = [], []
    for x, y in batches:
        z = model(x, training=False)
        labels.extend(ops.convert_to_numpy(y))
        predicted.extend(ops.convert_to_numpy(ops.argmax(z, axis=1)))
    labels, predicted = np.array(labels), np.array(predicted)
    return labels, predicted, float((labels == predicted).mean())
"""


def collect_code(pytorch=None, keras=None):
    return changed(PYTORCH_COLLECT, KERAS_COLLECT, pytorch, keras)


COLLECT = Exercise(
    id="17.4",
    title=text("Collect every batch", "一批也不能丢"),
    points=2,
    objective="O3",
    function="collect",
    inputs=draw_batches,
    reference=report_of_collecting,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="collecting",
    draws=2,
    parts={
        "labels": text("the labels of all pictures", "全部图片的标签"),
        "predicted": text("the predicted classes", "预测的类别"),
        "accuracy": text("the accuracy", "准确率"),
        "arrays": text("“both are NumPy arrays, not tensors”", "“两者都是 NumPy 数组，不是张量”"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
    },
    pitfalls=(
        Pitfall(
            "last_batch",
            last_batch,
            text(
                "Only the last batch is there: both lists are overwritten each time round.",
                "只剩最后一批：两个列表每一轮都被覆盖了。",
            ),
            code=collect_code(
                pytorch=(
                    (
                        "            labels.extend(y.cpu().numpy())\n",
                        "            labels = y.numpy()\n",
                    ),
                    (
                        "predicted.extend(model(x).argmax(dim=1).cpu().numpy())",
                        "predicted = model(x).argmax(dim=1).numpy()",
                    ),
                ),
                keras=(
                    ("labels.extend(ops.convert_to_numpy(y))", "labels = ops.convert_to_numpy(y)"),
                    (
                        "predicted.extend(ops.convert_to_numpy(ops.argmax(z, axis=1)))",
                        "predicted = ops.convert_to_numpy(ops.argmax(z, axis=1))",
                    ),
                ),
            ),
        ),
        Pitfall(
            "labels_overwritten",
            labels_overwritten,
            text(
                "All predictions are there, but the labels are the last batch's: the name `labels` means two things in the loop.",
                "预测都在，标签却只有最后一批：循环里 `labels` 这个名字有两个意思。",
            ),
            code=collect_code(
                pytorch=(
                    ("labels.extend(y.cpu().numpy())", "labels = y.numpy()"),
                    ("float((labels == predicted).mean())", "0.5"),
                ),
                keras=(
                    ("labels.extend(ops.convert_to_numpy(y))", "labels = ops.convert_to_numpy(y)"),
                    ("float((labels == predicted).mean())", "0.5"),
                ),
            ),
        ),
        Pitfall(
            "mean_of_means",
            means_of_batches,
            text(
                "Labels and predictions are right, the accuracy is a mean of the batches' means: the smaller last batch counts too much.",
                "标签和预测都对，准确率却是各批均值的平均：较小的最后一批分量过重。",
            ),
            code=collect_code(
                pytorch=(
                    "float((labels == predicted).mean())",
                    "float(np.mean([(labels == predicted)[i:i + 3].mean() for i in range(0, len(labels), 3)]))",
                ),
                keras=(
                    "float((labels == predicted).mean())",
                    "float(np.mean([(labels == predicted)[i:i + 3].mean() for i in range(0, len(labels), 3)]))",
                ),
            ),
        ),
        Pitfall(
            "training_mode",
            seen(statistics_moved=True),
            text(
                "The model was measured in training mode: its BatchNorm statistics moved.",
                "模型是在训练模式下测量的：BatchNorm 的统计量变了。",
            ),
            code=collect_code(
                pytorch=("    model.eval()\n", ""), keras=("training=False", "training=True")
            ),
        ),
        Pitfall(
            "logits",
            logits_kept,
            text(
                "`predicted` holds logits; the classes are asked for: `argmax` over the last axis.",
                "`predicted` 里是 logits；要的是类别：在最后一个轴上取 `argmax`。",
            ),
            code=collect_code(
                pytorch=(
                    ("model(x).argmax(dim=1)", "model(x)"),
                    ("float((labels == predicted).mean())", "0.5"),
                ),
                keras=(
                    ("ops.argmax(z, axis=1)", "z"),
                    ("float((labels == predicted).mean())", "0.5"),
                ),
            ),
        ),
        Pitfall(
            "short",
            first_label_short,
            text(
                "The smaller last batch is missing.",
                "少了最后那个不满的批。",
            ),
            code=collect_code(
                pytorch=("in batches:", "in batches[:-1]:"),
                keras=("in batches:", "in batches[:-1]:"),
            ),
        ),
        Pitfall(
            "tensors",
            seen(arrays=False, statistics_moved=False),
            text(
                "The values are right, but they are still tensors or lists. On a GPU tensors would stay there, and NumPy and scikit-learn "
                "could not use them: `.cpu().numpy()` (Keras: `ops.convert_to_numpy`). A list becomes an array by `np.array`.",
                "值是对的，但还是张量或列表。张量在 GPU 上会留在显存里，NumPy 和 scikit-learn 用不了：要用 `.cpu().numpy()`"
                "（Keras：`ops.convert_to_numpy`）；列表用 `np.array` 变成数组。",
            ),
            code=collect_code(
                pytorch=(
                    "return labels, predicted, float((labels == predicted).mean())",
                    "return torch.tensor(labels), torch.tensor(predicted), float((labels == predicted).mean())",
                ),
                keras=(
                    "return labels, predicted, float((labels == predicted).mean())",
                    "return ops.convert_to_tensor(labels), ops.convert_to_tensor(predicted), float((labels == predicted).mean())",
                ),
            ),
        ),
    ),
    survivors={
        "what stands under 'with torch.no_grad():', without it": "classes have no gradient: it only costs memory",
    },
    hints=(
        text(
            "Give the lists and the batch's labels different names.",
            "列表与每批的标签要用不同的名字。",
        ),
        text(
            "`extend` adds the entries of an array to a list; one `np.array` at the end, one mean.",
            "`extend` 把数组的各个元素加进列表；最后一次 `np.array`，一次求平均。",
        ),
        text(
            "PyTorch: model.eval(), torch.no_grad(), `.cpu().numpy()`. Keras: training=False, ops.convert_to_numpy.",
            "PyTorch：model.eval()、torch.no_grad()、`.cpu().numpy()`。Keras：training=False、ops.convert_to_numpy。",
        ),
    ),
    right={
        "pytorch": (
            "@torch.no_grad()\n"
            "def collect(model, batches):\n"
            "    still = model.eval()\n"
            "    pairs = [(y, still(x).argmax(1)) for x, y in batches]\n"
            "    labels, predicted = (torch.cat(part).numpy() for part in zip(*pairs))\n"
            "    return labels, predicted, np.mean(labels == predicted)\n",
            "def collect(model, batches):\n"
            "    was, out = model.training, []\n"
            "    model.train(False)\n"
            "    for x, y in batches:\n"
            "        out += [(int(a), int(b)) for a, b in zip(y, model(x).detach().max(dim=1).indices)]\n"
            "    model.train(was)\n"
            "    labels, predicted = np.array(out).T\n"
            "    return labels, predicted, sum(a == b for a, b in out) / len(out)\n",
        ),
        "keras": (
            "def collect(model, batches):\n"
            "    pairs = [(np.asarray(y), np.asarray(model(x)).argmax(axis=1)) for x, y in batches]\n"
            "    labels, predicted = (np.concatenate(part) for part in zip(*pairs))\n"
            "    return labels, predicted, np.mean(labels == predicted)\n",
            "def collect(model, batches):\n"
            "    out = []\n"
            "    for x, y in batches:\n"
            "        z = ops.convert_to_numpy(model(x, training=False))\n"
            "        out += [(int(a), int(np.argmax(row))) for a, row in zip(y, z)]\n"
            "    labels, predicted = np.array(out).T\n"
            "    return labels, predicted, sum(a == b for a, b in out) / len(out)\n",
        ),
    },
)

# 17.5 ---------------------------------------------------------------------------------------------


def draw_trials(rng):
    """Draw losses whose winners differ from part to part; all are above 1, as the losses of many classes are."""
    while True:
        train, validation, test = (np.round(rng.uniform(1.2, 2.5, size=6), 3) for _ in range(3))
        winners = {train.argmin(), validation.argmin(), test.argmin(), validation.argmax()}
        if len(winners) == 4:
            return {"train": train, "validation": validation, "test": test}


def candidate(place):
    """Give the candidate at this place, as the probe names them: 10, 20, …"""
    return 10 * (int(place) + 1)


def report_of_choice(train, validation, test):
    best = int(validation.argmin())
    return {
        "chosen": candidate(best),
        "reported": float(test[best]),
        "fitted_on": ["train"],
        "test_looks": 1,
    }


CHOOSE = """\
def choose_and_report(candidates, fit, loss):
    models = [fit(candidate, "train") for candidate in candidates]
    losses = [loss(model, "validation") for model in models]
    best = int(np.argmin(losses))
    return candidates[best], loss(models[best], "test")
"""


def choose_code(*changes):
    return changed(CHOOSE, CHOOSE, pytorch=changes, keras=changes)


CHOOSE_AND_REPORT = Exercise(
    id="17.5",
    title=text("Choose, then look once", "先选好，再看一次"),
    points=3,
    objective="O3",
    function="choose_and_report",
    inputs=draw_trials,
    reference=report_of_choice,
    comparator=close(rtol=1e-5, atol=1e-6),
    probe="choosing",
    parts={
        "chosen": text("the candidate chosen", "选中的候选"),
        "reported": text("the loss reported", "报告的损失"),
        "fitted_on": text("the parts that were fitted on", "用来拟合的部分"),
        "test_looks": text("how often the test part was looked at", "看了几次测试部分"),
    },
    draws=2,
    pitfalls=(
        Pitfall(
            "test_chooses",
            lambda train, validation, test: {"chosen": candidate(test.argmin())},
            text(
                "The test part chose. What it then says of the winner is the luck of the draw: choose on validation.",
                "是测试部分做的选择。它再给出的成绩，就只是手气：请用验证部分来选。",
            ),
            code=choose_code(('loss(model, "validation")', 'loss(model, "test")')),
        ),
        Pitfall(
            "training_loss_chooses",
            lambda train, validation, test: {"chosen": candidate(train.argmin())},
            text(
                "The training loss chose: it prefers whoever learns by heart.",
                "是训练损失做的选择：它偏爱死记硬背的那个。",
            ),
            code=choose_code(('loss(model, "validation")', 'loss(model, "train")')),
        ),
        Pitfall(
            "worst_wins",
            lambda train, validation, test: {"chosen": candidate(validation.argmax())},
            text("These are losses: the smallest wins.", "这些是损失：最小的胜出。"),
            code=choose_code(("np.argmin", "np.argmax")),
        ),
        Pitfall(
            "validation_reported",
            lambda train, validation, test: {
                "chosen": candidate(validation.argmin()),
                "reported": float(validation.min()),
            },
            text(
                "You report the loss by which the winner was chosen: the smallest of several flatters. Report the test part's.",
                "你报告的正是用来选它的那个损失：几个里最小的总是偏好看。请报告测试部分的。",
            ),
            code=choose_code(('loss(models[best], "test")', "losses[best]")),
        ),
        Pitfall(
            "looks_at_all",
            lambda train, validation, test: {
                "chosen": candidate(validation.argmin()),
                "reported": float(test[validation.argmin()]),
                "fitted_on": ["train"],
                "test_looks": len(test),
            },
            text(
                "The answer is right, but every candidate was measured on the test part. Whoever has seen these numbers will use them: "
                "look once, at the winner.",
                "答案是对的，但每个候选都在测试部分上量过了。看见这些数的人，迟早会用它们：只看一次，只看胜出者。",
            ),
            code=choose_code(
                ('loss(models[best], "test")', '[loss(model, "test") for model in models][best]')
            ),
        ),
        Pitfall(
            "fitted_on_test",
            lambda train, validation, test: {"fitted_on": ["test"]},
            text(
                "The candidates were fitted on the test part: nothing is left to judge by.",
                "候选是在测试部分上拟合的：再没有数据可用来评判。",
            ),
            code=choose_code(('fit(candidate, "train")', 'fit(candidate, "test")')),
        ),
        Pitfall(
            "fitted_on_validation",
            lambda train, validation, test: {"fitted_on": ["validation"]},
            text(
                "The candidates were fitted on the part that is to choose among them.",
                "候选是在要用来做选择的那一部分上拟合的。",
            ),
            code=choose_code(('fit(candidate, "train")', 'fit(candidate, "validation")')),
        ),
    ),
    hints=(
        text(
            "Three parts, three jobs: one teaches, one chooses, one is opened at the end.",
            "三个部分，三种用途：一个用来学，一个用来选，一个最后才打开。",
        ),
        text(
            "Keep the models in a list, and the validation losses in another of the same order.",
            "模型放进一个列表，验证损失按同样次序放进另一个。",
        ),
        text(
            'One call of `loss(model, "test")` in the whole function, with the winner.',
            '整个函数里只调用一次 `loss(model, "test")`，参数是胜出者。',
        ),
    ),
    right={
        "pytorch": (
            "def choose_and_report(candidates, fit, loss):\n"
            "    best = None\n"
            "    for c in candidates:\n"
            "        m = fit(c, 'train')\n"
            "        v = loss(m, 'validation')\n"
            "        if best is None or v < best[0]:\n"
            "            best = v, c, m\n"
            "    return best[1], loss(best[2], 'test')\n",
            "def choose_and_report(candidates, fit, loss):\n"
            "    chosen = min(candidates, key=lambda c: loss(fit(c, 'train'), 'validation'))\n"
            "    return chosen, loss(fit(chosen, 'train'), 'test')\n",
        ),
        "keras": (
            "def choose_and_report(candidates, fit, loss):\n"
            "    best = None\n"
            "    for c in candidates:\n"
            "        m = fit(c, 'train')\n"
            "        v = loss(m, 'validation')\n"
            "        if best is None or v < best[0]:\n"
            "            best = v, c, m\n"
            "    return best[1], loss(best[2], 'test')\n",
            "def choose_and_report(candidates, fit, loss):\n"
            "    chosen = min(candidates, key=lambda c: loss(fit(c, 'train'), 'validation'))\n"
            "    return chosen, loss(fit(chosen, 'train'), 'test')\n",
        ),
    },
)

# 17.6 ---------------------------------------------------------------------------------------------


def draw_groups(rng):
    names = rng.permutation(np.arange(10, 15))
    groups = rng.permutation(np.repeat(names, [1, 2, 2, 2, 3]))
    order = rng.permutation(5)[:2]
    return {
        "groups": groups,
        "test_groups": np.sort(names[order]),
        "copies": int(rng.integers(2, 4)),
    }


def split_then_copy(groups, test_groups, copies):
    of_test = np.isin(groups, test_groups)
    return {
        "train": np.repeat(np.flatnonzero(~of_test), copies),
        "test": np.flatnonzero(of_test),
    }


def copied_test(groups, test_groups, copies):
    right = split_then_copy(groups, test_groups, copies)
    return {"train": right["train"], "test": np.repeat(right["test"], copies)}


def copy_then_split(groups, test_groups, copies):
    all_copies = np.repeat(np.arange(len(groups)), copies)
    return {
        "train": all_copies[np.arange(len(all_copies)) % copies > 0],
        "test": np.arange(len(groups)),
    }


SPLIT = Exercise(
    id="17.6",
    title=text("Split first, copy afterwards", "先划分，再做副本"),
    points=2,
    objective="O3",
    function="split_then_copy",
    inputs=draw_groups,
    reference=split_then_copy,
    comparator=same_set(),
    tensors=False,
    draws=2,
    parts={
        "train": text("the training pictures", "训练用的图片"),
        "test": text("the test pictures", "测试用的图片"),
    },
    pitfalls=(
        Pitfall(
            "copy_first",
            copy_then_split,
            text(
                "One copy of each picture went to the test, the others to training: the network is asked about pictures that it knows.",
                "每张图片有一个副本进了测试，其余的进了训练：考的都是网络见过的图片。",
            ),
        ),
        Pitfall(
            "test_copied",
            copied_test,
            text(
                "The test pictures were copied, too. Copies are not more evidence: each picture counts once.",
                "测试图片也做了副本。副本不会带来更多证据：每张只算一次。",
            ),
        ),
        Pitfall(
            "not_copied",
            lambda groups, test_groups, copies: split_then_copy(groups, test_groups, 1),
            text(
                "Each training picture should be there `copies` times.",
                "每张训练图片应当出现 `copies` 次。",
            ),
        ),
        Pitfall(
            "reversed",
            lambda groups, test_groups, copies: split_then_copy(
                groups, np.setdiff1d(groups, test_groups), copies
            ),
            text("Training and test are exchanged.", "训练与测试弄反了。"),
        ),
        Pitfall(
            "one_picture_of_a_group",
            lambda groups, test_groups, copies: {
                "train": np.repeat(
                    np.setdiff1d(
                        np.arange(len(groups)),
                        [np.flatnonzero(groups == g)[0] for g in test_groups],
                    ),
                    copies,
                ),
                "test": np.array([np.flatnonzero(groups == g)[0] for g in test_groups]),
            },
            text(
                "Of each test group only one picture is in the test; the others of the same patient are in training. A group stays together.",
                "每个测试组只有一张图片进了测试，同一病人的其余图片却在训练里。一组要整组走。",
            ),
        ),
        Pitfall(
            "once_too_often",
            lambda groups, test_groups, copies: split_then_copy(groups, test_groups, copies + 1),
            text("One copy too many: `copies` in all.", "多了一个副本：总共 `copies` 个。"),
        ),
        Pitfall(
            "groups_returned",
            lambda groups, test_groups, copies: {
                key: groups[rows]
                for key, rows in split_then_copy(groups, test_groups, copies).items()
            },
            text(
                "These are the groups; the numbers of the pictures are asked for (`np.flatnonzero`).",
                "这是组号；要的是图片的编号（`np.flatnonzero`）。",
            ),
        ),
    ),
    hints=(
        text(
            "First one mask: which pictures belong to a test group?",
            "先做一个掩码：哪些图片属于测试组？",
        ),
        text(
            "`np.isin(groups, test_groups)`, then `np.flatnonzero`.",
            "`np.isin(groups, test_groups)`，再 `np.flatnonzero`。",
        ),
        text(
            "`np.repeat(rows, copies)`, for training alone.",
            "`np.repeat(rows, copies)`，只对训练部分。",
        ),
    ),
    right={
        "numpy": (
            "def split_then_copy(groups, test_groups, copies):\n"
            "    wanted = set(test_groups.tolist())\n"
            "    out = {'train': [], 'test': []}\n"
            "    for i, g in enumerate(groups.tolist()):\n"
            "        if g in wanted:\n"
            "            out['test'].append(i)\n"
            "        else:\n"
            "            out['train'] += [i] * copies\n"
            "    return out\n",
            "def split_then_copy(groups, test_groups, copies):\n"
            "    of_test = (groups[:, None] == test_groups[None]).any(axis=1)\n"
            "    rows = np.arange(len(groups))\n"
            "    return {'train': np.tile(rows[~of_test], copies), 'test': rows[of_test]}\n",
        )
    },
)

# 17.7 ---------------------------------------------------------------------------------------------


def draw_programs(rng):
    return {
        "kinds": [str(k) for k in rng.permutation(list(KINDS))],
        "seed": int(rng.integers(1000)),
    }


def said_of(**other):
    return lambda kinds, seed: {"verdicts": [other.get(kind, KINDS[kind]) for kind in kinds]}


EXAMINE = """\
def examine_seed(run):
    first, again, other = np.asarray(run(0)), np.asarray(run(0)), np.asarray(run(1))
    if not np.array_equal(first, again):
        return "not repeatable"
    return "deaf" if np.array_equal(first, other) else "sound"
"""


def examine_code(*changes):
    return changed(EXAMINE, EXAMINE, pytorch=changes, keras=changes)


EXAMINE_SEED = Exercise(
    id="17.7",
    title=text("Does this seed do anything?", "这个种子管用吗？"),
    points=3,
    objective="O4",
    function="examine_seed",
    inputs=draw_programs,
    reference=lambda kinds, seed: {"verdicts": [KINDS[kind] for kind in kinds]},
    comparator=equal(),
    probe="examining",
    draws=2,
    parts={"verdicts": text("your verdict on each program", "你对每个程序的判断")},
    pitfalls=(
        Pitfall(
            "different_seeds_only",
            said_of(loose="sound", late="sound", shuffled="sound", faint="sound", warm="sound"),
            text(
                "You only ask whether other seeds give other numbers. A program without any seed does that as well: run the same seed "
                "twice first.",
                "你只看不同的种子结果是否不同。根本没有种子的程序也会这样：先用同一个种子跑两遍。",
            ),
            code=examine_code(("    if not np.array_equal(first, again):\n", "    if False:\n")),
        ),
        Pitfall(
            "same_seed_only",
            said_of(deaf="sound"),
            text(
                "You only ask whether the same seed repeats. A program that ignores its seed repeats perfectly: try another seed, too.",
                "你只看同一个种子能否重复。不理会种子的程序重复得最好：还要换一个种子试。",
            ),
            code=examine_code(('"deaf" if np.array_equal(first, other) else "sound"', '"sound"')),
        ),
        Pitfall(
            "first_number_only",
            said_of(late="sound"),
            text(
                "One program differs from run to run in its last number only, as when the evaluation alone is unseeded: compare all of it.",
                "有一个程序，两次运行只有最后一个数不同（例如只有评估那一步没有种子）：要全部比较。",
            ),
            code=examine_code(("(first, again)", "(first[:-1], again[:-1])")),
        ),
        Pitfall(
            "first_run_thrown_away",
            said_of(warm="sound"),
            text(
                "You missed the program whose *first* run differs from all later ones: something of it is left behind (a model that trains "
                "on, a cache). Compare the very first run with the second.",
                "有一个程序，**第一次**运行与后面的都不同：它留下了东西（模型接着训练、缓存）。要把第一次与第二次相比，你漏掉了它。",
            ),
            code=examine_code(("    first, again", "    run(0)\n    first, again")),
        ),
        Pitfall(
            "exchanged",
            said_of(
                deaf="not repeatable",
                loose="deaf",
                late="deaf",
                shuffled="deaf",
                faint="deaf",
                warm="deaf",
            ),
            text(
                "The two words are exchanged: “deaf” gives the same for every seed.",
                "两个词弄反了：“deaf” 是换什么种子结果都一样。",
            ),
            code=examine_code(
                ('"not repeatable"', '"DEAF"'), ('"deaf"', '"not repeatable"'), ('"DEAF"', '"deaf"')
            ),
        ),
        Pitfall(
            "nearly_equal",
            said_of(faint="sound"),
            text(
                "One program passes whose runs differ in one number, far behind the decimal point: compare **all** numbers, **exactly** "
                "(`np.array_equal`).",
                "有一个程序被放过了：它的几次运行只有一个数不同，而且差在小数点后很远处。要比较**全部**数，而且要**完全相等**（`np.array_equal`）。",
            ),
            code=examine_code(("np.array_equal(first, again)", "np.allclose(first, again)")),
        ),
        Pitfall(
            "all_sound",
            said_of(**dict.fromkeys(KINDS, "sound")),
            text("Every program passes your test.", "每个程序都通过了你的测试。"),
            code=examine_code(
                ("def examine_seed(run):\n", "def examine_seed(run):\n    return 'sound'\n")
            ),
        ),
    ),
    survivors={
        "1 → 2": "any other seed does",
    },
    hints=(
        text(
            "Three runs are enough: the same seed twice, another one once.",
            "跑三次就够：同一个种子两次，另一个种子一次。",
        ),
        text(
            "Compare whole arrays with `np.array_equal`; ask for repetition first.",
            "用 `np.array_equal` 比较整个数组；先问能否重复。",
        ),
        text(
            'Return exactly one of "sound", "deaf", "not repeatable".',
            '恰好返回 "sound"、"deaf"、"not repeatable" 之一。',
        ),
    ),
    right=dict.fromkeys(
        ("pytorch", "keras"),
        (
            "def examine_seed(run):\n"
            "    results = [np.asarray(run(s)).tobytes() for s in (3, 3, 4, 5)]\n"
            "    if results[0] != results[1]:\n"
            "        return 'not repeatable'\n"
            "    return 'sound' if len(set(results)) == 3 else 'deaf'\n",
            "def examine_seed(run):\n"
            "    a = [list(run(7)) for _ in range(3)]\n"
            "    b = list(run(8))\n"
            "    if any(each != a[0] for each in a):\n"
            "        return 'not repeatable'\n"
            "    return ('sound', 'deaf')[b == a[0]]\n",
        ),
    ),
)

# 17.8 ---------------------------------------------------------------------------------------------

CAUSES = (
    "nothing learns",
    "old head",
    "softmax twice",
    "statistics move",
    "leak",
    "overfitting",
    "sound",
)


def draw_records(rng):
    """Draw a record of each cause, on either side of every wrong threshold."""
    records = []

    def record(classes, **known):
        n = int(rng.choice([50, 100, 400]))
        chance = 1 / classes
        error = np.sqrt(chance * (1 - chance) / n)
        plain = {
            "classes": classes,
            "examples": n,
            "first_loss": np.log(classes) + rng.uniform(0.1, 0.9),
            "last_loss": 0.7 * floor_of(classes),
            "train_accuracy": rng.uniform(0.92, 0.96),
            "validation_accuracy": rng.uniform(0.88, 0.9),
            "shuffled_accuracy": chance + rng.uniform(1.5, 2.5) * error,
            "head_moved": True,
            "backbone_moved": False,
            "statistics_moved": False,
        }
        known = {key: value(error) if callable(value) else value for key, value in known.items()}
        records.append({**plain, **known})

    def over_chance(errors, classes):
        return lambda error: 1 / classes + errors * error

    for classes in (2, 100):
        floor, start = floor_of(classes), np.log(classes) + 0.1
        record(classes, shuffled_accuracy=over_chance(2.3, classes))
        record(
            classes,
            shuffled_accuracy=over_chance(1.7, classes),
            backbone_moved=True,
            statistics_moved=True,
        )
        record(classes, head_moved=False, first_loss=start, last_loss=start, train_accuracy=1 / classes,
               validation_accuracy=1 / classes)  # fmt: skip
        record(classes, first_loss=start + 1.4)
        record(classes, last_loss=floor + 0.02, train_accuracy=0.9, validation_accuracy=0.75)
        record(classes, statistics_moved=True, validation_accuracy=0.7)
        record(classes, shuffled_accuracy=over_chance(4, classes))
        # Fine-tuned, with statistics that stay; the gap is above 0.1, not above 0.2.
        record(classes, backbone_moved=True, validation_accuracy=rng.uniform(0.77, 0.81))
        # Learning is not over: a high loss, but a low accuracy, too. A gap of 0.08 is more than a tenth of 0.6.
        record(
            classes, last_loss=0.9 * np.log(classes), train_accuracy=0.6, validation_accuracy=0.52
        )
    # Two rules fit: the first one counts.
    floor, start = floor_of(2), np.log(2) + 0.1
    leaking = {"shuffled_accuracy": over_chance(4, 2)}
    record(2, head_moved=False, first_loss=start + 1.4, last_loss=start + 1.4, train_accuracy=0.5,
           validation_accuracy=0.5)  # fmt: skip
    record(2, first_loss=start + 1.4, last_loss=floor + 0.02)
    record(2, last_loss=floor + 0.02, statistics_moved=True)
    record(2, statistics_moved=True, **leaking)
    record(2, validation_accuracy=rng.uniform(0.5, 0.7), **leaking)
    columns = {key: np.array([r[key] for r in records]) for key in records[0]}
    order = rng.permutation(len(records))
    return {"runs": {key: rounded(values)[order] for key, values in columns.items()}}


def rounded(values):
    return np.round(values, 4) if values.dtype.kind == "f" else values


def floor_of(classes):
    return np.log(np.e + classes - 1) - 1


def rows_of_table(runs):
    return [{key: column[i] for key, column in runs.items()} for i in range(len(runs["classes"]))]


def diagnose(runs, *, floor=floor_of, margin=3.0, chance=None, fixed=None, any_statistics=False,
             skip=(), gap_first=False, gap_before_leak=False, accuracy=0.9):  # fmt: skip
    said = []
    for r in rows_of_table(runs):
        K = r["classes"]
        p = chance or 1 / K
        limit = p + (fixed if fixed is not None else margin * np.sqrt(p * (1 - p) / r["examples"]))
        rules = [
            ("nothing learns", not r["head_moved"]),
            ("old head", r["first_loss"] > np.log(K) + 1),
            ("softmax twice", r["train_accuracy"] >= accuracy and r["last_loss"] >= floor(K)),
            ("statistics move", r["statistics_moved"] and (any_statistics or not r["backbone_moved"])),
            ("leak", r["shuffled_accuracy"] > limit),
            ("overfitting", r["train_accuracy"] - r["validation_accuracy"] > 0.1),
            ("sound", True),
        ]  # fmt: skip
        if gap_first:
            rules = [rules[5], *rules]
        if gap_before_leak:
            rules = [*rules[:4], rules[5], rules[4], rules[6]]
        said.append(next(name for name, holds in rules if holds and name not in skip))
    return said


DIAGNOSE = Exercise(
    id="17.8",
    title=text("Triage", "分诊"),
    points=4,
    objective="O4",
    function="diagnose",
    inputs=draw_records,
    reference=diagnose,
    comparator=equal(),
    tensors=False,
    draws=2,
    pitfalls=(
        Pitfall(
            "floor_of_ten_classes",
            lambda runs: diagnose(runs, floor=lambda K: 1.4612),
            text(
                "1.461 is the floor of a doubled softmax for *ten* classes. Compute it from K: one probability is 1, the others 0, and "
                "the second softmax makes e / (e + K − 1) of it.",
                "1.461 是**十个**类别时双重 softmax 的下限。要由 K 来算：一个概率为 1，其余为 0，第二次 softmax 得到 e / (e + K − 1)。",
            ),
        ),
        Pitfall(
            "stuck_at_ln_k",
            lambda runs: diagnose(runs, floor=np.log),
            text(
                "You look for a doubled softmax at ln K. There nothing has been learned at all; with two softmaxes the loss falls, to its "
                "floor ln(e + K − 1) − 1.",
                "你在 ln K 处找双重 softmax。停在那里是什么也没学到；做两次 softmax 时损失会下降，降到下限 ln(e + K − 1) − 1。",
            ),
        ),
        Pitfall(
            "loss_without_accuracy",
            lambda runs: diagnose(runs, accuracy=0.0),
            text(
                "A high loss alone is no doubled softmax: perhaps the training is not over. It is the high loss *with* a training accuracy "
                "of 0.9 or more.",
                "光是损失高，还不能说是双重 softmax：也许只是没训练完。要损失高，**同时**训练准确率在 0.9 以上。",
            ),
        ),
        Pitfall(
            "chance_is_a_tenth",
            lambda runs: diagnose(runs, chance=0.1),
            text(
                "Chance is 1/K, and K is in the record.",
                "瞎猜的水平是 1/K，而 K 就在记录里。",
            ),
        ),
        Pitfall(
            "no_error_bar",
            lambda runs: diagnose(runs, margin=0.0),
            text(
                "A shuffled accuracy a little above chance is chance: n examples have a standard error of √(p(1−p)/n). Allow three.",
                "打乱标签后的准确率比瞎猜高一点，仍是瞎猜：n 个样本的标准误是 √(p(1−p)/n)。放宽三个标准误。",
            ),
        ),
        Pitfall(
            "two_error_bars",
            lambda runs: diagnose(runs, margin=2.0),
            text(
                "Your limit is too tight for some sound runs: three standard errors were agreed.",
                "你的界限太紧，把一些正常的运行也判了：说好的是三个标准误。",
            ),
        ),
        Pitfall(
            "statistics_of_fine_tuning",
            lambda runs: diagnose(runs, any_statistics=True),
            text(
                "Where the backbone is fine-tuned its statistics are meant to move. The fault is: weights frozen, statistics moving.",
                "主干在微调时，统计量本来就该变。毛病是：权重冻结了，统计量却在变。",
            ),
        ),
        Pitfall(
            "gap_first",
            lambda runs: diagnose(runs, gap_first=True),
            text(
                "Overfitting was diagnosed where something else explains the gap (a doubled softmax, moving statistics). It is the last "
                "thing to ask about.",
                "有的差距别有原因（双重 softmax、统计量在变），你却判成了过拟合。过拟合要放到最后才问。",
            ),
        ),
        Pitfall(
            "gap_before_leak",
            lambda runs: diagnose(runs, gap_before_leak=True),
            text(
                "A run that predicts shuffled labels leaks, however large its gap is: ask about the leak before you ask about overfitting.",
                "打乱的标签也猜得中，就是泄漏，差距再大也是：先问泄漏，再问过拟合。",
            ),
        ),
        Pitfall(
            "old_head_unseen",
            lambda runs: diagnose(runs, skip=("old head",)),
            text(
                "Where the first loss lies more than 1 above ln K, the head has outputs that the task has not.",
                "首个损失比 ln K 高出 1 以上时，说明分类头有这个任务没有的输出。",
            ),
        ),
        Pitfall(
            "leak_unseen",
            lambda runs: diagnose(runs, skip=("leak",)),
            text(
                "A network that predicts *shuffled* labels on validation has seen the validation pictures.",
                "在验证集上连**打乱**的标签也猜得中，说明它见过验证图片。",
            ),
        ),
    ),
    survivors=dict.fromkeys(
        (
            "run['first_loss'] > np.log(K) + 1 → run['first_loss'] >= np.log(K) + 1",
            "run['last_loss'] >= floor → run['last_loss'] > floor",
            "run['shuffled_accuracy'] > 1 / K + 3 * error → run['shuffled_accuracy'] >= 1 / K + 3 * error",
            "run['train_accuracy'] - run['validation_accuracy'] > 0.1 → run['train_accuracy'] - run['validation_accuracy'] >= 0.1",
        ),
        "no number of a record lies exactly on this limit",
    ),
    hints=(
        text(
            "Write a helper for *one* run: a chain of if … return, in the order of the numbered list; the first that fits is the answer. Then call it for each run.",
            "先为**一次**运行写一个辅助函数：按编号的次序写一串 if … return，第一个符合的就是答案；再对每次运行各调用一次。",
        ),
        text(
            "After two softmaxes the best probability is e / (e + K − 1). Its loss is the floor.",
            "做两次 softmax，最好的概率是 e / (e + K − 1)。它的损失就是下限。",
        ),
        text(
            "`floor = np.log(np.e + K - 1) - 1`; `limit = 1 / K + 3 * np.sqrt((1 / K) * (1 - 1 / K) / n)`.",
            "`floor = np.log(np.e + K - 1) - 1`；`limit = 1 / K + 3 * np.sqrt((1 / K) * (1 - 1 / K) / n)`。",
        ),
    ),
    right={
        "numpy": (
            "import math\n"
            "def one(r):\n"
            "    K, n = r['classes'], r['examples']\n"
            "    if not r['head_moved']:\n"
            "        return 'nothing learns'\n"
            "    if r['first_loss'] - math.log(K) > 1:\n"
            "        return 'old head'\n"
            "    if r['train_accuracy'] >= 0.9 and r['last_loss'] >= -math.log(math.e / (math.e + K - 1)):\n"
            "        return 'softmax twice'\n"
            "    if r['statistics_moved'] and not r['backbone_moved']:\n"
            "        return 'statistics move'\n"
            "    if (r['shuffled_accuracy'] - 1 / K) * math.sqrt(n) > (3 * math.sqrt(K - 1) / K):\n"
            "        return 'leak'\n"
            "    return 'overfitting' if r['train_accuracy'] - r['validation_accuracy'] > 0.1 else 'sound'\n"
            "def diagnose(runs):\n"
            "    return [one(dict(zip(runs, row))) for row in zip(*runs.values())]\n",
            "def diagnose(runs):\n"
            "    K = runs['classes']\n"
            "    floor = np.array([np.log(np.exp(np.eye(1, k)).sum()) - 1 for k in K])\n"
            "    facts = {'nothing learns': ~runs['head_moved'], 'old head': runs['first_loss'] > 1 + np.log(K),\n"
            "             'softmax twice': np.minimum(runs['train_accuracy'] - 0.9, runs['last_loss'] - floor) >= 0,\n"
            "             'statistics move': runs['statistics_moved'] > runs['backbone_moved'],\n"
            "             'leak': runs['shuffled_accuracy'] > 1 / K + 3 * ((1 / K - 1 / K**2) / runs['examples']) ** 0.5,\n"
            "             'overfitting': runs['validation_accuracy'] < runs['train_accuracy'] - 0.1}\n"
            "    return np.select(list(facts.values()), list(facts), 'sound').tolist()\n",
        )
    },
)

# 17.9 ---------------------------------------------------------------------------------------------


def counts_that_print(printed, n, h):
    """Give the counts k of n whose share prints so."""
    k = np.arange(n + 1)
    return k[np.abs(k / n - printed) <= h]


def row_possible(precision, recall, f1, support, n, h):
    for hits in counts_that_print(recall, support, h):
        named = np.arange(max(hits, 1), hits + n - support + 1)
        p, f = hits / named, 2 * hits / (support + named)
        if np.any((np.abs(p - precision) <= h) & (np.abs(f - f1) <= h)):
            return True
    return False


def audit(reports, *, decimals=None, rows="counts", together="hits"):
    found = {"supports": [], "accuracy": [], "rows": [], "together": []}
    for r in reports:
        n, h = r["n"], 0.5 * 10.0 ** -(decimals or r["decimals"]) + 1e-9
        right = counts_that_print(r["accuracy"], n, h)
        table = list(zip(r["precision"], r["recall"], r["f1"], r["support"], strict=True))
        hits = [counts_that_print(recall, s, h) for _, recall, _, s in table]
        found["supports"].append(sum(r["support"]) == n)
        found["accuracy"].append(len(right) > 0)
        if rows == "counts":
            found["rows"].append([row_possible(p, q, f, s, n, h) for p, q, f, s in table])
        else:
            found["rows"].append([fits_by_intervals(p, q, f, h) for p, q, f, _ in table])
        if together == "hits":
            possible = all(map(len, hits)) and len(right) > 0
            low, high = (sum(map(end, hits)) for end in (min, max)) if possible else (0, 0)
            found["together"].append(bool(possible and np.any((right >= low) & (right <= high))))
        else:
            mean = np.mean(r["recall"])
            found["together"].append(bool(abs(mean - r["accuracy"]) <= 2 * h))
    return found


def fits_by_intervals(p, q, f, h):
    low, high = (2 * (p + s) * (q + s) / (p + q + 2 * s) for s in (-h, h))
    return bool(f + h >= low and f - h <= high)


def honest_report(rng, decimals):
    support = rng.integers(17, 40, size=3)
    hits = np.array([rng.integers(s // 2, s - 2) for s in support])
    n = int(support.sum())
    wrong = support - hits
    named = hits + np.roll(wrong, 1)  # what is missed in one class is named as the next
    f1 = 2 * hits / (support + named)
    return {
        "n": n,
        "decimals": decimals,
        "accuracy": round(float(hits.sum() / n), decimals),
        "support": [int(s) for s in support],
        "precision": [round(float(v), decimals) for v in hits / named],
        "recall": [round(float(v), decimals) for v in hits / support],
        "f1": [round(float(v), decimals) for v in f1],
    }


def off_by_one(printed, true, decimals):
    """Give the neighbour of a printed number on the side of the true one: it is off by ½ to 1 unit."""
    unit = 10.0**-decimals
    return round(printed + (unit if true > printed else -unit), decimals)


def crowded_report(rng):
    """Give a report with a class that takes everything, one that takes more than there is, and one found whole."""
    support = [int(k) for k in rng.integers(8, 14, size=3)]
    n, hits = sum(support), [support[0] - 3, support[1] - 2, support[2]]
    named = [hits[0] + n - support[0], hits[1] + n - support[1] + 2, hits[2]]
    return {
        "n": n,
        "decimals": 4,
        "accuracy": round(sum(hits) / n, 4),
        "support": support,
        "precision": [round(t / m, 4) for t, m in zip(hits, named, strict=True)],
        "recall": [round(t / s, 4) for t, s in zip(hits, support, strict=True)],
        "f1": [round(2 * t / (s + m), 4) for t, s, m in zip(hits, support, named, strict=True)],
    }


def coarse_report():
    """Give one with two decimals: 1 of 8 hits, which prints as .13 where halves go up; none of 10; 20 of 20; and a
    class whose precision fits 20 pictures named so, and its F1 19: no one number fits both."""
    return {
        "n": 58,
        "decimals": 2,
        "accuracy": 0.53,
        "support": [8, 10, 20, 20],
        "precision": [0.06, 0.0, 1.0, 0.5],
        "recall": [0.13, 0.0, 1.0, 0.5],
        "f1": [0.08, 0.0, 1.0, 0.51],
    }


def draw_reports(rng):
    """Draw an honest report and some that are bent in one place, until each says what it should."""
    while True:
        plain, summed, shifted, bent, moved = (honest_report(rng, d) for d in (2, 3, 4, 3, 3))
        summed["n"] += 7
        summed["accuracy"] = round((summed["accuracy"] * (summed["n"] - 7) + 5) / summed["n"], 3)
        right = round(shifted["accuracy"] * shifted["n"])
        shifted["accuracy"] = off_by_one(shifted["accuracy"], right / shifted["n"], 4)
        too_high = []
        for row, name in ((0, "precision"), (1, "f1")):
            s, r = bent["support"][row], bent["recall"][row]
            t = round(r * s)
            m = round(t / bent["precision"][row])
            true = t / m if name == "precision" else 2 * t / (s + m)
            bent[name][row] = off_by_one(bent[name][row], true, 3)
            too_high.append(bent[name][row] > true)
        s, r = bent["support"][2], bent["recall"][2]
        bent["recall"][2] = off_by_one(r, round(r * s) / s, 3)
        step = rng.choice([-2, 2])
        moved["accuracy"] = round(round(moved["accuracy"] * moved["n"] + step) / moved["n"], 3)
        reports = [plain, summed, shifted, bent, moved, crowded_report(rng), coarse_report()]
        found, simple = audit(reports), audit(reports, rows="intervals")
        if (
            found["supports"] == [True, False, True, True, True, True, True]
            and found["accuracy"] == [True, True, False, True, True, True, True]
            and found["rows"][0] == [True] * 3
            and all(too_high)
            and found["rows"][3] == [False, False, False]
            and found["rows"][5] == [True, False, True]
            and found["rows"][6] == [True, True, True, False]
            and simple["rows"] != found["rows"]
            and found["together"][0]
            and not found["together"][4]
            and audit(reports, together="macro")["together"] != found["together"]
            and audit(reports, decimals=3) != found
        ):
            return {"reports": [reports[i] for i in rng.permutation(len(reports))]}


AUDIT = Exercise(
    id="17.9",
    title=text("An impossible report", "不可能的报告"),
    points=4,
    objective="O5",
    function="audit",
    inputs=draw_reports,
    reference=audit,
    comparator=equal(),
    tensors=False,
    draws=2,
    parts={
        "supports": text("“the supports add up to n”", "“样本数加起来等于 n”"),
        "accuracy": text(
            "“some number of right answers gives this accuracy”",
            "“有某个答对的个数能得出这个准确率”",
        ),
        "rows": text(
            "for each class, “some counts give this row”", "每一类：“有某些计数能得出这一行”"
        ),
        "together": text("“rows and accuracy fit together”", "“各行与准确率对得上”"),
    },
    pitfalls=(
        Pitfall(
            "rows_by_formula",
            lambda reports: {"rows": audit(reports, rows="intervals")["rows"]},
            text(
                "You checked that F1 fits precision and recall. That is necessary; but a recall of 0.905 with 20 pictures does not exist "
                "either. Look for whole numbers of hits and of pictures named so.",
                "你检查的是 F1 与精确率、召回率相符。这是必要的；但 20 张图片的召回率也不可能是 0.905。请寻找整数的命中数和判为该类的图片数。",
            ),
        ),
        Pitfall(
            "three_decimals",
            lambda reports: audit(reports, decimals=3),
            text(
                "How far rounding may be off depends on the printed `decimals`: half a unit of the last one.",
                "舍入可能差多少，取决于印出的位数 `decimals`：末位的半个单位。",
            ),
        ),
        Pitfall(
            "mean_of_recalls",
            lambda reports: {"together": audit(reports, together="macro")["together"]},
            text(
                "Accuracy is not the plain mean of the recalls: classes of other sizes weigh otherwise. Add up the *hits*: they are the "
                "right answers.",
                "准确率不是召回率的简单平均：各类大小不同，权重也不同。把**命中数**加起来，那才是答对的个数。",
            ),
        ),
        Pitfall(
            "accuracy_believed",
            lambda reports: {"accuracy": [True for _ in reports]},
            text(
                "You believe every accuracy. Of n pictures only 0, 1, …, n can be right: does one of these shares print so?",
                "你相信每一个准确率。n 张图片里答对的只能是 0、1、…、n 张：有哪个比例会印成这样？",
            ),
        ),
        Pitfall(
            "supports_believed",
            lambda reports: {"supports": [True for _ in reports]},
            text("Add the supports up.", "把样本数加起来看看。"),
        ),
        Pitfall(
            "impossible_instead",
            lambda reports: {
                "accuracy": [not each for each in audit(reports)["accuracy"]],
                "supports": [not each for each in audit(reports)["supports"]],
            },
            text("True is for what is *possible*.", "True 表示**可能**。"),
        ),
        Pitfall(
            "together_believed",
            lambda reports: {"together": [True for _ in reports]},
            text(
                "Each number may be possible by itself, and all of them impossible together.",
                "每个数单独看都可能，合在一起却可能不成立。",
            ),
        ),
    ),
    survivors={
        "abs(share - printed) <= h → abs(share - printed) < h": "h has 1e-9 to spare",
        "share - printed → printed - share": "right: the absolute value is taken",
        "n + 1 → n - 1": "no report names all its pictures, or all but one, as one class",
        "1 → 2": "more right than there are would be a share above 1, which no report prints",
    },
    hints=(
        text(
            "One helper does most of it: which counts k of n print as this share? `k = np.arange(n + 1)`.",
            "一个辅助函数能做掉大半：n 个里哪些计数 k 会印成这个比例？`k = np.arange(n + 1)`。",
        ),
        text(
            "A row: for each number of hits that prints as the recall, try every number of pictures named so, from the hits to hits + "
            "n − support.",
            "一行：对每个能印成召回率的命中数，试遍判为该类的图片数，从命中数到命中数 + n − support。",
        ),
        text(
            "Together: the smallest and the largest sum of hits that the recalls allow; does a count that prints as the accuracy lie between?",
            "合起来：召回率所允许的命中总数有最小值与最大值；能印成准确率的计数有没有落在中间？",
        ),
    ),
    right={
        "numpy": (
            "def shares(printed, n, digits):\n"
            "    return [k for k in range(n + 1) if abs(k / n - printed) < 0.5 * 10**-digits + 1e-8]\n"
            "def audit(reports):\n"
            "    out = {key: [] for key in ('supports', 'accuracy', 'rows', 'together')}\n"
            "    for r in reports:\n"
            "        n, d = r['n'], r['decimals']\n"
            "        good, rows, least, most = shares(r['accuracy'], n, d), [], 0, 0\n"
            "        for p, q, f, s in zip(r['precision'], r['recall'], r['f1'], r['support']):\n"
            "            hits = shares(q, s, d)\n"
            "            rows.append(any(abs(t / m - p) < 0.5 * 10**-d + 1e-8 and abs(2 * t / (s + m) - f) < 0.5 * 10**-d + 1e-8\n"
            "                            for t in hits for m in range(max(t, 1), t + n - s + 1)))\n"
            "            least, most = (least + hits[0], most + hits[-1]) if hits else (np.inf, -np.inf)\n"
            "        out['supports'].append(sum(r['support']) == n)\n"
            "        out['accuracy'].append(bool(good))\n"
            "        out['rows'].append(rows)\n"
            "        out['together'].append(any(least <= k <= most for k in good))\n"
            "    return out\n",
            "from itertools import product\n"
            "def audit(reports):\n"
            "    answers = []\n"
            "    for r in reports:\n"
            "        h = 0.5 / 10 ** r['decimals'] + 1e-9\n"
            "        k = np.arange(r['n'] + 1)\n"
            "        good = set(k[abs(k / r['n'] - r['accuracy']) <= h].tolist())\n"
            "        hits = [[t for t in range(s + 1) if abs(t / s - q) <= h] for s, q in zip(r['support'], r['recall'])]\n"
            "        rows = []\n"
            "        for i, s in enumerate(r['support']):\n"
            "            t, m = np.meshgrid(hits[i] or [0], np.arange(1, r['n'] + 1))\n"
            "            fits = (m >= t) & (m - t <= r['n'] - s) & (abs(t / m - r['precision'][i]) <= h) & (abs(2 * t / (s + m) - r['f1'][i]) <= h)\n"
            "            rows.append(bool(hits[i]) and bool(fits.any()))\n"
            "        sums = {sum(each) for each in product(*hits)}\n"
            "        answers.append((sum(r['support']) == r['n'], bool(good), rows, bool(sums & good)))\n"
            "    return dict(zip(('supports', 'accuracy', 'rows', 'together'), map(list, zip(*answers))))\n",
        )
    },
)

# 17.10 --------------------------------------------------------------------------------------------

FORMULAS = ("plain", "to zero", "twice to zero", "to the start", "rate forgotten", "none of these")
# None of these, either: right on average, nearly right, right in all weights but the last.
STRANGERS = ("exchanged weights", "another strength", "last weight spared")


def draw_updates(rng):
    kinds = [str(kind) for kind in rng.permutation([*FORMULAS, *STRANGERS])]
    shape = (len(kinds), 4)
    before, gradient, start = np.round(rng.normal(size=(3, *shape)), 3)
    before[:, 1] = start[:, 1] = 0.0  # one weight cannot tell the decays apart
    # The first and the last stay away from 0: a decay that spares the last, or exchanges them, is seen.
    ends = before[:, [0, 3]]
    before[:, [0, 3]] = ends + np.copysign([2.0, 5.0], ends)
    rate, strength = float(rng.choice([0.1, 0.2])), float(rng.choice([0.3, 0.5]))
    after = np.stack(
        [
            results(before[i], gradient[i], start[i], rate, strength)[kind]
            for i, kind in enumerate(kinds)
        ]
    )
    # Within 1e-4, and more than `np.allclose` forgives by itself.
    after += rng.choice([-4e-5, 4e-5], size=shape)
    return {
        "before": before,
        "after": np.round(after, 7),
        "gradient": gradient,
        "start": start,
        "learning_rate": rate,
        "strength": strength,
    }


def results(theta, g, start, rate, strength):
    """Give what each formula makes of a step; “none of these” is one of Adam's kind."""
    return {
        "plain": theta - rate * g,
        "to zero": theta - rate * (g + strength * theta),
        "twice to zero": theta - rate * (g + 2 * strength * theta),
        "to the start": theta - rate * (g + strength * (theta - start)),
        "rate forgotten": theta - rate * g - strength * theta,
        "none of these": theta - rate * (np.sign(g) + strength * theta),
        "exchanged weights": theta - rate * (g + strength * theta[::-1]),
        "another strength": theta
        - rate * (g + strength * theta)
        + 0.005 * theta / abs(theta).max(),
        "last weight spared": theta - rate * (g + strength * theta * [1, 1, 1, 0]),
    }


def which_formula(before, after, gradient, start, learning_rate, strength, *, only=FORMULAS, nearest=False,
                  error=lambda difference: np.abs(difference).max(), allowed=1e-4):  # fmt: skip
    said = []
    for theta, new, g, own in zip(before, after, gradient, start, strict=True):
        found = results(theta, g, own, learning_rate, strength)
        errors = {name: error(found[name] - new) for name in only if name != FORMULAS[-1]}
        best = min(errors, key=errors.get)
        said.append(best if nearest or errors[best] < allowed else FORMULAS[-1])
    return said


def without(*names):
    only = tuple(name for name in FORMULAS if name not in names)
    return lambda **inputs: which_formula(**inputs, only=only)


def renamed(**names):
    """Know a mistake by the words that it exchanges."""
    turned = {a.replace("_", " "): b for a, b in names.items()}
    return lambda **inputs: [turned.get(name, name) for name in which_formula(**inputs)]


WHICH_FORMULA = Exercise(
    id="17.10",
    title=text("Which formula does the program compute?", "程序算的是哪个公式？"),
    points=3,
    objective="O5",
    function="which_formula",
    inputs=draw_updates,
    reference=which_formula,
    comparator=equal(),
    tensors=False,
    draws=2,
    pitfalls=(
        Pitfall(
            "always_an_answer",
            lambda **inputs: which_formula(**inputs, nearest=True),
            text(
                "You always name the nearest formula. One of the programs computes none of the five: say so.",
                "你总是说最接近的公式。有的程序五个都不是：要说出来。",
            ),
        ),
        Pitfall(
            "on_average",
            lambda **inputs: which_formula(
                **inputs, error=lambda difference: abs(difference.mean())
            ),
            text(
                "One program shrinks each weight by another one's size: on average it agrees, weight by weight it does not. Ask that "
                "**all** weights agree.",
                "有一个程序按别的权重的大小来缩小每个权重：平均看吻合，逐个看就不吻合。要求**全部**权重都吻合。",
            ),
        ),
        Pitfall(
            "too_generous",
            lambda **inputs: which_formula(**inputs, allowed=0.05),
            text(
                "You allow too much: one program uses another λ than it says, and its step is off by 0.005 at most. "
                "Agreement is to be within 1e-4.",
                "你放得太宽：有一个程序用的 λ 与所说的不同，一步最多只差 0.005。说好的是相差不超过 1e-4。",
            ),
        ),
        Pitfall(
            "start_ignored",
            without("to the start"),
            text(
                "You never say “to the start”: there the pull is λ(θ − θ₀), and θ₀ is given as `start`.",
                "你从不说 “to the start”：那里的拉力是 λ(θ − θ₀)，θ₀ 就是 `start`。",
            ),
        ),
        Pitfall(
            "factor_two_ignored",
            renamed(twice_to_zero="to zero"),
            text(
                "“Twice to zero” was called “to zero”: the penalty λ‖θ‖² has the gradient 2λθ, (λ/2)‖θ‖² has λθ.",
                "你把 “twice to zero” 说成了 “to zero”：λ‖θ‖² 的梯度是 2λθ，(λ/2)‖θ‖² 的才是 λθ。",
            ),
        ),
        Pitfall(
            "halves_exchanged",
            renamed(twice_to_zero="to zero", to_zero="twice to zero"),
            text(
                "“to zero” and “twice to zero” are exchanged: which penalty has which gradient?",
                "“to zero” 与 “twice to zero” 弄反了：哪个惩罚项对应哪个梯度？",
            ),
        ),
        Pitfall(
            "rate_overlooked",
            without("rate forgotten"),
            text(
                "You never say “rate forgotten”: θ − ηg − λθ, where the decay does not shrink with η.",
                "你从不说 “rate forgotten”：θ − ηg − λθ，衰减不随 η 变小。",
            ),
        ),
        Pitfall(
            "ends_exchanged",
            renamed(to_zero="to the start", to_the_start="to zero"),
            text(
                "The two pulls are exchanged: to zero is λθ, to the start λ(θ − θ₀).",
                "两种拉力弄反了：拉向零是 λθ，拉向起点是 λ(θ − θ₀)。",
            ),
        ),
        Pitfall(
            "uphill",
            lambda **inputs: [FORMULAS[-1] for _ in inputs["before"]],
            text(
                "You find none anywhere: is the sign of your step right (minus), and do you allow for rounding (1e-4)?",
                "你一个也没认出来：步子的符号对吗（减号）？有没有为舍入留余地（1e-4）？",
            ),
        ),
    ),
    survivors={
        "new[i] - after[i] → after[i] - new[i]": "right: the absolute value is taken",
        "np.abs(new[i] - after[i]).max() < 0.0001 → np.abs(new[i] - after[i]).max() <= 0.0001": "no step is off by exactly this",
    },
    hints=(
        text(
            "Predict the new weights by each formula, and compare with `after`.",
            "用每个公式算出新权重，与 `after` 比较。",
        ),
        text(
            "A dictionary from name to prediction; the answer is the first name whose prediction agrees in all weights.",
            "用一个从名字到预测的字典；答案是第一个在全部权重上都吻合的名字。",
        ),
        text(
            "`np.allclose(prediction, after[i], atol=1e-4)`; where no one agrees, “none of these”.",
            "`np.allclose(prediction, after[i], atol=1e-4)`；一个也不吻合，就是 “none of these”。",
        ),
    ),
    right={
        "numpy": (
            "def which_formula(before, after, gradient, start, learning_rate, strength):\n"
            "    pull = before - learning_rate * gradient - after\n"
            "    decay = learning_rate * strength\n"
            "    kinds = {'plain': 0 * before, 'to zero': decay * before, 'twice to zero': 2 * decay * before,\n"
            "             'to the start': decay * (before - start), 'rate forgotten': strength * before}\n"
            "    out = []\n"
            "    for i in range(len(before)):\n"
            "        fits = [name for name, each in kinds.items() if np.allclose(pull[i], each[i], atol=1e-4)]\n"
            "        out.append(fits[0] if fits else 'none of these')\n"
            "    return out\n",
            "def which_formula(before, after, gradient, start, learning_rate, strength):\n"
            "    def name(t, new, g, s):\n"
            "        rest = new - t + learning_rate * g\n"
            "        for pull, word in ((0 * t, 'plain'), (learning_rate * (t - s), 'to the start'), (learning_rate * t, 'to zero'),\n"
            "                           (2 * learning_rate * t, 'twice to zero'), (t, 'rate forgotten')):\n"
            "            if np.linalg.norm(rest + strength * pull, np.inf) < 1e-4: return word\n"
            "        return 'none of these'\n"
            "    return [name(*row) for row in zip(before, after, gradient, start)]\n",
        )
    },
)

# 17.11 --------------------------------------------------------------------------------------------

TERMS = (
    "transfer",
    "source",
    "target",
    "domain",
    "task",
    "feature",
    "model",
    "fine-tuning",
    "label",
    "example",
)


def draw_definitions(rng):
    """Draw definitions with a term that names itself, circles of two and four, and terms in no circle."""
    a, b, c, d, e, f, g, h, i, j = (str(t) for t in rng.permutation(TERMS))
    definitions = {
        a: [a, "data"],
        b: ["picture", c, f],  # two circles of four: by c and by f
        c: [d],
        f: [d],
        d: [e, "number"],
        e: [b],
        g: [b, a],  # leads into circles, stands in none
        h: ["number"],
        i: [j],
        j: [i, h],
    }
    # First g: a search that never comes back to what an earlier one has seen misses f or c.
    keys = [g, *(str(t) for t in rng.permutation([t for t in definitions if t != g]))]
    return {"definitions": {key: definitions[key] for key in keys}}


def reach(definitions, term, *, most=None):
    found, edge, steps = set(), [term], 0
    while edge and (most is None or steps < most):
        edge = [u for t in edge for u in definitions.get(t, ()) if u not in found]
        found |= set(edge)
        steps += 1
    return found


def circular(definitions, *, most=None):
    return sorted(t for t in definitions if t in reach(definitions, t, most=most))


CIRCULAR = Exercise(
    id="17.11",
    title=text("Defined by itself", "用自己定义自己"),
    points=2,
    objective="O6",
    function="circular",
    inputs=draw_definitions,
    reference=circular,
    comparator=equal(),
    tensors=False,
    draws=2,
    pitfalls=(
        Pitfall(
            "only_itself",
            lambda definitions: circular(definitions, most=1),
            text(
                "You found the term whose own definition names it. A circle may be longer: A by B, B by C, C by A.",
                "你找到了自己的定义里就有自己的词。循环可以更长：甲用乙、乙用丙、丙用甲。",
            ),
        ),
        Pitfall(
            "two_steps",
            lambda definitions: circular(definitions, most=2),
            text(
                "Longer circles are missing: follow the definitions as far as they lead.",
                "漏了更长的循环：要顺着定义一直走到底。",
            ),
        ),
        Pitfall(
            "leads_into_one",
            lambda definitions: sorted(
                t
                for t in definitions
                if t in circular(definitions) or set(circular(definitions)) & reach(definitions, t)
            ),
            text(
                "One of your terms only *leads into* a circle. It is badly explained, but not by itself.",
                "有一个词只是**通向**循环。它也没解释清楚，但不是用自己解释的。",
            ),
        ),
        Pitfall(
            "sound_instead",
            lambda definitions: sorted(set(definitions) - set(circular(definitions))),
            text("You listed the sound ones.", "你列的是没有毛病的。"),
        ),
        Pitfall(
            "unsorted_words",
            lambda definitions: sorted({u for words in definitions.values() for u in words}),
            text(
                "These are all words used in definitions; the circular terms are asked for.",
                "这是定义里用到的全部词；要的是循环定义的术语。",
            ),
        ),
        Pitfall(
            "everything",
            lambda definitions: sorted(definitions),
            text("Not every term is circular.", "并不是每个词都循环。"),
        ),
    ),
    hints=(
        text(
            "From a term, collect everything that its definition leads to, and what that leads to, and so on.",
            "从一个词出发，收集它的定义通向的一切，再收集那些词通向的，依此类推。",
        ),
        text(
            "Keep the set of words reached; only go on from words that are new, or it never ends.",
            "记住已到达的词；只从新到达的词往下走，否则停不下来。",
        ),
        text(
            "A term is circular when it is among the words reached from itself. `definitions.get(word, [])` for undefined ones.",
            "如果从一个词出发又到达它自己，它就是循环的。没有定义的词用 `definitions.get(word, [])`。",
        ),
    ),
    right={
        "numpy": (
            "def circular(definitions):\n"
            "    def leads(word, goal, seen):\n"
            "        for u in definitions.get(word, []):\n"
            "            if u == goal or (u not in seen and leads(u, goal, seen | {u})):\n"
            "                return True\n"
            "        return False\n"
            "    return sorted(t for t in definitions if leads(t, t, {t}))\n",
            "def circular(definitions):\n"
            "    names = sorted({*definitions, *(u for words in definitions.values() for u in words)})\n"
            "    place = {name: i for i, name in enumerate(names)}\n"
            "    step = np.zeros((len(names), len(names)), dtype=int)\n"
            "    for t, words in definitions.items():\n"
            "        for u in words:\n"
            "            step[place[t], place[u]] = 1\n"
            "    far = step\n"
            "    for _ in names:\n"
            "        far = np.minimum(1, far + far @ step)\n"
            "    return [name for name in names if far[place[name], place[name]]]\n",
        )
    },
)

# 17.12 --------------------------------------------------------------------------------------------


def draw_claims(rng):
    """Draw a claim without a fault, and for each kind of missing evidence one or two without it."""
    claims = []

    def claim(*, gain=0.05, spread=0.01, runs=4, **known):
        base = 0.7 + rng.normal(0, 0.05, size=runs)  # shared by both: the draws
        d = rng.normal(size=runs)
        d = d - d.mean()
        d = gain + spread * d / (d.std(ddof=1) if runs > 1 else 1.0)
        ids = [int(i) for i in rng.permutation(30)]
        plain = {
            "accuracies": [round(float(v), 3) for v in base + d],
            "baseline": [round(float(v), 3) for v in base],
            "class_counts": [24, 20, 16],
            "chosen_on": "validation",
            "source_ids": ids[:3],
            "target_ids": ids[4:6],
            "test_ids": ids[7:9],
            "labels_claimed": 2,
        }
        plain.update({k: v(plain) if callable(v) else v for k, v in known.items()})
        claims.append(plain)

    claim()
    claim(gain=0.02, spread=0.016)  # Student's interval contains 0, a normal one does not
    claim(runs=6, gain=0.022, spread=0.016)  # a scatter of single runs above the gain, and beaten
    claim(gain=0.012, spread=0.004, labels_claimed=4)  # a small gain, and beaten
    claim(
        runs=1, gain=-0.02, labels_claimed=1
    )  # below its baseline, but of one run nothing is said
    claim(runs=2, spread=0.0002, baseline=[])
    claim(class_counts=[4, 52, 2])
    claim(runs=3, gain=0.012, spread=0.016, chosen_on="test")
    # The mean is exactly the commonest class's share.
    claim(
        accuracies=[0.7, 0.8, 0.76, 0.74], baseline=[0.6, 0.7, 0.65, 0.64], class_counts=[15, 4, 1]
    )
    claim(test_ids=lambda c: [c["source_ids"][1], *c["test_ids"]])
    claim(test_ids=lambda c: [*c["test_ids"], c["target_ids"][1]], chosen_on="test", baseline=[])
    order = rng.permutation(len(claims))
    return {"claims": [claims[i] for i in order]}


def missing_of(c, *, chance=False, means=False, paired=True, runs=3, overlap=("source_ids", "target_ids"),
               normal=False, root=True):  # fmt: skip
    a, b, counts = np.array(c["accuracies"]), np.array(c["baseline"]), np.array(c["class_counts"])
    trivial = 1 / len(counts) if chance else counts.max() / counts.sum()
    out = []
    if a.mean() <= trivial:
        out.append("above the commonest class")
    if len(b) == 0:
        out.append("baseline")
    elif len(b) > 2:
        d = a - b
        error = d.std(ddof=1) if paired else np.sqrt(a.var(ddof=1) + b.var(ddof=1))
        factor = stats.norm.ppf(0.975) if normal else stats.t.ppf(0.975, len(d) - 1)
        low = d.mean() - factor * error / (np.sqrt(len(d)) if root else 1)
        if (d.mean() if means else low) <= 0:
            out.append("baseline")
    if len(c["target_ids"]) > c["labels_claimed"]:
        out.append("few labels")
    if len(a) < runs:
        out.append("repetition")
    seen_before = {i for name in overlap for i in c[name]}
    if seen_before & set(c["test_ids"]):
        out.append("separate test")
    if c["chosen_on"] == "test":
        out.append("untouched test")
    return out


def missing(claims, **bugs):
    return [missing_of(c, **bugs) for c in claims]


MISSING = Exercise(
    id="17.12",
    title=text("What is missing?", "还缺什么证据？"),
    points=3,
    objective="O6",
    function="missing",
    inputs=draw_claims,
    reference=missing,
    comparator=equal(),
    tensors=False,
    draws=1,  # eleven claims
    pitfalls=(
        Pitfall(
            "chance_for_commonest",
            lambda claims: missing(claims, chance=True),
            text(
                "You compare with 1/K. Whoever always names the commonest class reaches its share: max(class_counts) / sum.",
                "你比的是 1/K。总猜最多的那一类，就能达到它的比例：max(class_counts) / sum。",
            ),
        ),
        Pitfall(
            "means_only",
            lambda claims: missing(claims, means=True),
            text(
                "You compare means. Where the interval of the paired differences contains 0, the baseline is not beaten yet.",
                "你只比了均值。配对差的区间含 0，就还没有胜过基线。",
            ),
        ),
        Pitfall(
            "unpaired",
            lambda claims: missing(claims, paired=False),
            text(
                "The draws are shared by both: take the differences draw by draw, then the interval. (You treated them as two separate samples.)",
                "两者用的是同样的抽样：先逐次求差，再算区间。（你当成了两组独立的样本。）",
            ),
        ),
        Pitfall(
            "normal_quantile",
            lambda claims: missing(claims, normal=True),
            text(
                "With so few runs the interval takes Student's t (n − 1), not 1.96.",
                "运行次数这么少，区间要用 t 分布（自由度 n − 1），不是 1.96。",
            ),
        ),
        Pitfall(
            "no_root",
            lambda claims: missing(claims, root=False),
            text(
                "That is how far single runs lie apart. The mean's error is smaller by √n.",
                "这是各次运行之间的离散程度。均值的误差还要除以 √n。",
            ),
        ),
        Pitfall(
            "two_runs",
            lambda claims: missing(claims, runs=2),
            text("Two runs are not three.", "两次不够，要三次。"),
        ),
        Pitfall(
            "source_forgotten",
            lambda claims: missing(claims, overlap=("target_ids",)),
            text(
                "A test picture may also stand in the *source*: pre-training has seen it.",
                "测试图片也可能在**源域**里：预训练时已经见过。",
            ),
        ),
        Pitfall(
            "target_forgotten",
            lambda claims: missing(claims, overlap=("source_ids",)),
            text(
                "A test picture may also stand among the target's training pictures.",
                "测试图片也可能在目标域的训练图片里。",
            ),
        ),
    ),
    survivors={
        "judging.paired_interval(a, b).low <= 0 → judging.paired_interval(a, b).low < 0": "no interval ends exactly at 0",
    },
    hints=(
        text(
            "One `if` for each line of the table; append its words to a list, and sort at the end.",
            "表里每一行写一个 `if`，把那几个词加进列表，最后排序。",
        ),
        text(
            "Sets find pictures in common: `set(a) & set(b)`. With fewer than three runs no interval is asked for.",
            "用集合找共同的图片：`set(a) & set(b)`。不足三次运行时不看区间。",
        ),
        text(
            "`judging.paired_interval(accuracies, baseline)` gives mean, low, high: the baseline is beaten where low > 0.",
            "`judging.paired_interval(accuracies, baseline)` 给出均值、下端、上端：下端 > 0 才算胜过基线。",
        ),
    ),
    right={
        "numpy": (
            "from scipy import stats\n"
            "def missing(claims):\n"
            "    out = []\n"
            "    for c in claims:\n"
            "        a, b = np.array(c['accuracies']), np.array(c['baseline'])\n"
            "        beaten = len(b) > 0\n"
            "        if len(b) >= 3:\n"
            "            d = a - b\n"
            "            beaten = stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d))[0] > 0\n"
            "        facts = {'above the commonest class': a.mean() > max(c['class_counts']) / sum(c['class_counts']),\n"
            "                 'baseline': beaten, 'few labels': len(c['target_ids']) <= c['labels_claimed'],\n"
            "                 'repetition': len(a) >= 3,\n"
            "                 'separate test': not set(c['test_ids']) & {*c['source_ids'], *c['target_ids']},\n"
            "                 'untouched test': c['chosen_on'] != 'test'}\n"
            "        out.append([name for name, holds in facts.items() if not holds])\n"
            "    return out\n",
            "from course_lib import judging\n"
            "def missing(claims):\n"
            "    def of(c):\n"
            "        a, b = c['accuracies'], c['baseline']\n"
            "        if not b or (len(a) > 2 and not judging.paired_interval(a, b)[1] > 0):\n"
            "            yield 'baseline'\n"
            "        if len(a) in (0, 1, 2):\n"
            "            yield 'repetition'\n"
            "        if sum(a) / len(a) * sum(c['class_counts']) <= max(c['class_counts']):\n"
            "            yield 'above the commonest class'\n"
            "        if any(i in c['source_ids'] + c['target_ids'] for i in c['test_ids']):\n"
            "            yield 'separate test'\n"
            "        if c['chosen_on'] == 'test':\n"
            "            yield 'untouched test'\n"
            "        if len(c['target_ids']) - c['labels_claimed'] > 0:\n"
            "            yield 'few labels'\n"
            "    return [sorted(of(c)) for c in claims]\n",
        )
    },
)

EXERCISES = (
    BEFORE_RUNNING,
    PREPARE,
    TRAIN_HEAD,
    COLLECT,
    CHOOSE_AND_REPORT,
    SPLIT,
    EXAMINE_SEED,
    DIAGNOSE,
    AUDIT,
    WHICH_FORMULA,
    CIRCULAR,
    MISSING,
)

# Quizzes ------------------------------------------------------------------------------------------


def option(en, zh, feedback_en, feedback_zh, *, right=False):
    return Option(text(en, zh), text(feedback_en, feedback_zh), right=right)


QUIZZES = (
    Quiz(
        id="17.q1",
        question=text(
            "Curve A falls ever more slowly and stays above 1.46, far from 0. Which line of the program would you look at first?",
            "曲线 A 越降越慢，始终在 1.46 以上，离 0 很远。你先看程序的哪一行？",
        ),
        options=(
            option(
                "The optimizer: it was given the wrong parameters",
                "优化器：参数给错了",
                "Then the loss would not fall at all: curve D.",
                "那样损失根本不会下降：那是曲线 D。",
            ),
            option(
                "What goes into the loss: probabilities instead of logits",
                "交给损失函数的东西：是概率而不是 logits",
                "Yes: ln(e + 9) − 1 = 1.461 is the floor of two softmaxes for ten classes.",
                "对：ln(e + 9) − 1 = 1.461 就是十类时两次 softmax 的下限。",
                right=True,
            ),
            option(
                "The number of outputs",
                "输出的个数",
                "Too many outputs show at the *beginning*: curve C starts near ln 1000.",
                "输出太多，在**开头**就看得出：曲线 C 从 ln 1000 附近开始。",
            ),
            option(
                "The learning rate: it is a little too small",
                "学习率：稍微小了些",
                "B has the same rate and is near 0 by now. A's fall peters out above a number that can be computed; a small rate alone knows no such floor.",
                "B 用的是同样的学习率，早已接近 0。A 越降越慢，却总在一个算得出来的数以上；单是学习率小，没有这样的下限。",
            ),
        ),
    ),
    Quiz(
        id="17.q2",
        question=text(
            "A colleague trains and tests with pictures scaled twice, and reaches 0.75. What does she notice?",
            "一位同事训练和测试时都把图片缩放了两次，得到 0.75。她会发现什么？",
        ),
        options=(
            option(
                "An error message",
                "一条报错",
                "The arrays have the right shape and type: nothing stops.",
                "数组的形状和类型都对：什么都不会中断。",
            ),
            option(
                "A score at chance",
                "得分等于瞎猜",
                "That is seen by whoever prepares wrongly at test time *only* (left column). A head trained on bad features adapts.",
                "只有**仅仅**在测试时预处理错误的人才会看到（左列）。在坏特征上训练的头会去适应。",
            ),
            option(
                "Nothing, unless she prints what reaches the first layer",
                "什么也发现不了，除非打印到达第一层的数",
                "Yes: a plausible score is no test. Minimum, maximum and mean of the input are.",
                "对：看上去合理的得分不是测试，输入的最小值、最大值和均值才是。",
                right=True,
            ),
        ),
    ),
    Quiz(
        id="17.q3",
        question=text(
            "The weights have not changed by a bit, and the head answers worse than before. What has moved?",
            "权重一位未变，头的回答却变差了。是什么动了？",
        ),
        options=(
            option(
                "The head",
                "头",
                "The head is the same object, and nobody trained it.",
                "头还是同一个对象，没有人训练过它。",
            ),
            option(
                "BatchNorm's running mean and variance, by the new domain's pictures",
                "BatchNorm 的滑动均值与方差，被新域的图片带跑了",
                "Yes. They are not parameters: no gradient moves them, the forward pass in training mode does.",
                "对。它们不是参数：改动它们的不是梯度，而是训练模式下的前向计算。",
                right=True,
            ),
            option(
                "Dropout was left on",
                "dropout 没关",
                "This backbone has none; and dropout would make answers *random*, not shift them for good.",
                "这个主干没有 dropout；而且 dropout 会让回答**随机**变化，不会使它永久偏移。",
            ),
        ),
    ),
    Quiz(
        id="17.q4",
        question=text(
            "The accuracy of one fixed model changes with the batch size, and times the last batch's size it is a whole number. Which cause fits?",
            "模型不变，准确率却随批大小而变，而且乘以最后一批的张数是整数。哪个病因符合？",
        ),
        options=(
            option(
                "BatchNorm in training mode",
                "BatchNorm 处于训练模式",
                "That makes answers depend on the batch, too, but the share would be one of *all* pictures.",
                "那也会使回答依赖于批，但比例仍是**全部**图片的比例。",
            ),
            option(
                "A mean of batch means",
                "对各批的均值再取平均",
                "That changes it by a little; times the last batch's size it is no whole number.",
                "那只会差一点；乘以最后一批的张数也不是整数。",
            ),
            option(
                "Only the last batch is scored",
                "只给最后一批打了分",
                "Yes: shares of the last batch alone are whole numbers over its size.",
                "对：只有最后一批的比例，才恰好是整数除以它的张数。",
                right=True,
            ),
        ),
    ),
    Quiz(
        id="17.q5",
        question=text(
            "Random labels are predicted with 0.9 on the test part. What must be so?",
            "测试部分的随机标签被猜中了九成。必定是怎么回事？",
        ),
        options=(
            option(
                "The network is large enough to learn random labels by heart",
                "网络够大，能把随机标签背下来",
                "It may learn those of the *training* pictures by heart. For the test part it would need to have seen them.",
                "**训练**图片的它可以背下来。测试部分的，它必须先见过才行。",
            ),
            option(
                "The test pictures, or copies of them, were in training with their labels",
                "测试图片或它们的副本，连同标签，在训练里出现过",
                "Yes: there is no other way to know a random label.",
                "对：随机的标签，没有别的办法知道。",
                right=True,
            ),
            option(
                "The test part is too small",
                "测试部分太小",
                "Small parts scatter around 0.1 for ten classes; nine out of ten is not luck.",
                "部分小，只会在 0.1（十类）附近波动；十中其九不是运气。",
            ),
        ),
    ),
    Quiz(
        id="17.q6",
        question=text(
            "You have mended a leak. Accuracy falls from 0.97 to 0.88. What do you report?",
            "你修好了一处泄漏，准确率从 0.97 降到 0.88。你报告什么？",
        ),
        options=(
            option(
                "0.97: it is the better model",
                "0.97：它是更好的模型",
                "It is the same model, asked about pictures that it knew.",
                "还是同一个模型，只是考的题它见过。",
            ),
            option(
                "0.88, the test that failed before, and that 0.97 was a leak",
                "0.88，先前通不过的那个测试，并说明 0.97 是泄漏所致",
                "Yes: the proof belongs to the number, and so does its history.",
                "对：证明和来历，都要跟着这个数一起交代。",
                right=True,
            ),
            option(
                "Nothing: the experiment has failed",
                "什么也不报：实验失败了",
                "It has just become one. What does not work, or worked less well than it seemed, is a result.",
                "它现在才成了实验。行不通，或者不如看上去那么好，也是结果。",
            ),
        ),
    ),
)
