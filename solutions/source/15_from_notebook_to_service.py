"""Exercises of chapter 15, from notebook to service: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import json
import math

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.probing.serving import IN_FILE, tiny_logits
from course_lib.training.tiny import draw_tiny

# 15.1 ---------------------------------------------------------------------------------------------

BYTES_OF = {"F32": 4, "F16": 2, "I64": 8, "U8": 1}


def file_of(header, body, announced=None):
    """Write bytes as a safetensors file: the header's length, the header, the numbers."""
    words = json.dumps(header).encode()
    length = len(words) if announced is None else announced
    return np.frombuffer(length.to_bytes(8, "little") + words + bytes(body), np.uint8).copy()


def honest_header(rng):
    names = [str(n) for n in rng.permutation(["head.weight", "stem", "norm.bias", "a", "b"])[:3]]
    tensors, end = {}, 0
    for name in names:
        kind = str(rng.choice(list(BYTES_OF)))
        shape = [int(n) for n in rng.integers(1, 4, rng.integers(1, 3))]
        size = BYTES_OF[kind] * math.prod(shape)
        tensors[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    # As written by others: the order in the header is not the order in the file.
    first = int(rng.integers(1, 3))
    header = {name: tensors[name] for name in [*names[first:], *names[:first]]}
    return {**header, "__metadata__": {"made": "by hand"}}, end, names


def draw_files(rng):
    """Draw honest files and liars of each kind, shuffled."""
    files = []
    # Only a header, said to be 4 bytes longer, or 2⁶³: whoever cuts it all the same gets valid JSON.
    header = {"__metadata__": {"made": "by hand"}}
    words = len(json.dumps(header))
    files += [file_of(header, b"", announced=words + more) for more in (4, 2**63)]
    files.append(file_of(header, b"")[: 8 + words // 2])  # cut off on its way: no JSON to read
    for fault in (
        "none",
        "none",
        "short",
        "long",
        "size",
        "overlap",
        "nested",
        "hole",
        "empty",
    ):
        header, end, names = honest_header(rng)
        body = end
        if fault == "short":
            body = end - 1
        if fault == "long":
            body = end + 3  # room for something that no tensor names
        if fault == "size":
            header[names[1]]["shape"] += [1, 2]  # the last of many axes counts as well
        if fault == "overlap":
            first = header[names[0]]["data_offsets"]
            header[names[2]] = {**header[names[0]], "data_offsets": list(first)}
            body = header[names[1]]["data_offsets"][1]
        if fault == "nested":  # two share bytes, and a hole is just as large: sum and end are right
            for name, (first, last) in zip(names, [(0, 4), (2, 6), (8, 10)], strict=True):
                size = [last - first]
                header[name] = {"dtype": "U8", "shape": size, "data_offsets": [first, last]}
            body = 10
        if fault == "hole":
            for name in names[1:]:
                header[name]["data_offsets"] = [n + 2 for n in header[name]["data_offsets"]]
            body = end + 2
        if fault == "empty":
            header, body = {"__metadata__": {"made": "by hand"}}, 0
        files.append(file_of(header, np.zeros(body, np.uint8)))
    return {"files": [files[i] for i in rng.permutation(len(files))]}


def table_of(
    data, *, order="little", cover=True, sizes=True, ends=True, metadata=False, header_checked=True
):
    """The shapes in one file, or None for a liar; each option leaves out one of the checks."""
    data = np.asarray(data).astype(np.uint8).tobytes()
    length = int.from_bytes(data[:8], order)
    if length > len(data) - 8:
        return None if header_checked else {}
    header = json.loads(data[8 : 8 + length])
    if not metadata:
        header.pop("__metadata__", None)
    place, room = 0, len(data) - 8 - length
    entries = [(n, t) for n, t in header.items() if "data_offsets" in t]
    for _, tensor in sorted(entries, key=lambda item: item[1]["data_offsets"]):
        begin, end = tensor["data_offsets"]
        if sizes and end - begin != BYTES_OF[tensor["dtype"]] * math.prod(tensor["shape"]):
            return None
        if cover and begin != place:
            return None
        if ends and end > room:
            return None
        place = end
    if cover and ends and place != room:
        return None
    return {name: list(tensor.get("shape", [])) for name, tensor in header.items()}


def only_summed(files):
    """What comes out if the sizes are added up, and nobody asks where they lie."""
    found = []
    for data, table in zip(files, tables(cover=False)(files), strict=True):
        data = np.asarray(data).astype(np.uint8).tobytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length]) if table is not None else {}
        named = [t for name, t in header.items() if name != "__metadata__"]
        total = sum(end - begin for begin, end in (t["data_offsets"] for t in named))
        found.append(table if total == len(data) - 8 - length else None)
    return found


def in_the_headers_order(files):
    """What comes out if the order in the header is taken for the order in the file."""
    found = []
    for data, table in zip(files, tables()(files), strict=True):
        data = np.asarray(data).astype(np.uint8).tobytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length]) if table is not None else {}
        offsets = [t["data_offsets"] for name, t in header.items() if name != "__metadata__"]
        begins = [begin for begin, _ in offsets]
        found.append(table if begins == [0, *(end for _, end in offsets)][: len(begins)] else None)
    return found


def tables(**changed):
    return lambda files: [table_of(data, **changed) for data in files]


TABLE_CODE = (
    "def tensor_tables(files):\n"
    "    return [table(data.tobytes()) for data in files]\n\n\n"
    "def table(data):\n"
    "    n = int.from_bytes(data[:8], 'little')\n"
    "    body = data[8 + n:]\n"
    "    if n > len(data) - 8:\n"
    "        return None\n"
    "    named = {k: t for k, t in json.loads(data[8:8 + n]).items() if k != '__metadata__'}\n"
    "    owner = np.zeros(len(body), int)\n"
    "    for t in named.values():\n"
    "        begin, end = t['data_offsets']\n"
    "        size = {'F32': 4, 'F16': 2, 'I64': 8, 'U8': 1}[t['dtype']] * int(np.prod(t['shape']))\n"
    "        if not 0 <= begin <= end <= len(body) or end - begin != size:\n"
    "            return None\n"
    "        owner[begin:end] += 1\n"
    "    return {k: t['shape'] for k, t in named.items()} if (owner == 1).all() else None\n"
)

TABLE = Exercise(
    id="15.1",
    title=text("Read a file without believing it", "读文件，但不轻信"),
    points=3,
    objective="O1",
    function="tensor_tables",
    draws=2,
    inputs=draw_files,
    reference=tables(),
    comparator=equal(),
    tensors=False,
    forbidden=("safetensors.numpy.load", "safetensors.safe_open"),
    pitfalls=(
        Pitfall(
            "counted_backwards",
            tables(order="big"),
            text(
                "Nearly every file was refused. Two usual reasons: the length is *little*-endian; offsets count from the end of the "
                "header.",
                "几乎每个文件都被拒了。常见原因有两个：长度是**小端**的；偏移量从文件头末尾算起。",
            ),
        ),
        Pitfall(
            "metadata_taken_for_a_tensor",
            lambda files: [
                {**found, "__metadata__": []} if found is not None else None
                for found in tables()(files)
            ],
            text(
                "`__metadata__` is no tensor: leave it out of the table.",
                "`__metadata__` 不是张量：不要列进表里。",
            ),
        ),
        Pitfall(
            "sizes_believed",
            tables(sizes=False),
            text(
                "A tensor whose shape and type need another number of bytes than its offsets give was believed.",
                "有个张量，按形状与类型算出的字节数和偏移量给出的对不上，你却信了。",
            ),
        ),
        Pitfall(
            "overlaps_and_holes_believed",
            tables(cover=False),
            text(
                "You took a file in which two tensors share bytes, or in which bytes belong to nobody. Every byte of the data "
                "belongs to exactly one tensor.",
                "你放过了这样的文件：两个张量共用字节，或者有的字节不属于任何张量。数据区的每个字节应当恰好属于一个张量。",
            ),
        ),
        Pitfall(
            "in_the_headers_order",
            in_the_headers_order,
            text(
                "An honest file was refused: sort by `data_offsets`, and take each type's own width (4, 2, 8, 1).",
                "你拒绝了诚实的文件：先按 `data_offsets` 排序，并按各类型自己的字节数（4、2、8、1）算。",
            ),
        ),
        Pitfall(
            "only_summed",
            only_summed,
            text(
                "The sizes add up to the right number of bytes, and yet two tensors share some while others belong to nobody: look "
                "where each one lies.",
                "各张量的大小加起来正好，可是有的字节被两个张量共用，有的却不属于任何张量：要看每一个放在哪里。",
            ),
        ),
        Pitfall(
            "ends_believed",
            tables(ends=False),
            text(
                "Offsets that point behind the end of the file were believed, or bytes behind the last tensor.",
                "偏移量指到了文件末尾之外，或者最后一个张量之后还有字节，你却信了。",
            ),
        ),
        Pitfall(
            "header_believed",
            tables(header_checked=False),
            text(
                "The header's announced length was longer than the file, and you gave a table all the same. Give `None`.",
                "声明的文件头长度比整个文件还长，你仍然给出了表。应返回 `None`。",
            ),
        ),
        Pitfall(
            "empty_refused",
            lambda files: [found or None for found in tables()(files)],
            text(
                "A file without any tensor is honest: its table is the empty dictionary `{}`, not `None`.",
                "没有任何张量的文件也是诚实的：它的表是空字典 `{}`，不是 `None`。",
            ),
        ),
        Pitfall(
            "nothing_refused",
            tables(cover=False, sizes=False, ends=False, header_checked=False),
            text(
                "You refused no file. Some of these lie.", "你一个文件也没有拒绝。其中有的在说谎。"
            ),
        ),
    ),
    errors=(
        (
            r"^JSONDecodeError|^UnicodeDecodeError",
            text(
                "The header is the `length` bytes after the first eight, no more and no less; and compare `length` with the "
                "file before you cut.",
                "文件头是前八个字节之后的 `length` 个字节，不多不少；切片之前，先拿 `length` 和文件长度比一比。",
            ),
        ),
    ),
    hints=(
        text(
            '`data.tobytes()` makes bytes of the array, `int.from_bytes(first_eight, "little")` a number, `json.loads` a dictionary.',
            '`data.tobytes()` 把数组变成 bytes，`int.from_bytes(前八个字节, "little")` 得到一个数，`json.loads` 得到字典。',
        ),
        text(
            "Sort the tensors by `data_offsets`. Then one rule says it all: each begins where the one before ended, the first at 0, "
            "and the last ends where the file ends.",
            "把张量按 `data_offsets` 排序，一条规则就够了：每一个都从前一个结束处开始，第一个从 0 开始，最后一个正好在文件末尾结束。",
        ),
        text(
            "The size: `end - begin == bytes_per_number * math.prod(shape)`. The room: `len(data) - 8 - length`.",
            "大小：`end - begin == 每个数的字节数 * math.prod(shape)`。空间：`len(data) - 8 - length`。",
        ),
    ),
    right={
        "numpy": (
            TABLE_CODE,
            "def tensor_tables(files):\n"
            "    found = []\n"
            "    for data in files:\n"
            "        length = sum(int(b) << (8 * i) for i, b in enumerate(data[:8]))\n"
            "        found.append(None)\n"
            "        if 8 + length > len(data):\n"
            "            continue\n"
            "        header = json.loads(bytes(data[8:8 + length]).decode())\n"
            "        header.pop('__metadata__', None)\n"
            "        width = dict(F32=4, F16=2, I64=8, U8=1)\n"
            "        ranges = sorted((t['data_offsets'], width[t['dtype']] * math.prod(t['shape'])) for t in header.values())\n"
            "        edges = [0] + [end for (_, end), _ in ranges]\n"
            "        ok = all(b == edges[i] and e - b == n for i, ((b, e), n) in enumerate(ranges))\n"
            "        if ok and edges[-1] == len(data) - 8 - length:\n"
            "            found[-1] = {name: t['shape'] for name, t in header.items()}\n"
            "    return found\n",
        )
    },
)

# 15.2 ---------------------------------------------------------------------------------------------


def draw_shipped(rng):
    arrays = draw_tiny(rng)
    return {"images": rng.normal(size=(5, 3, 2, 3)).astype(np.float32), **arrays}


def shipped(images, **arrays):
    return {
        "names": sorted(IN_FILE),
        "arrays": True,
        "shapes_fit": True,
        "logits": tiny_logits(images, **arrays),
    }


def spoilt(images, **arrays):
    return tiny_logits(images, **{name: np.full_like(a, 0.5) for name, a in arrays.items()})


SHIP_TORCH = (
    "def weights_to_ship(model):\n"
    "    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()\n"
    "            if not name.endswith('num_batches_tracked')}\n"
)
SHIP_KERAS = (
    "def weights_to_ship(model):\n"
    "    mix, norm, head = model.backbone.mix, model.backbone.norm, model.head\n"
    "    a = lambda v: np.array(ops.convert_to_numpy(v))\n"
    "    return {'backbone.mix.weight': a(mix.kernel).T, 'backbone.norm.weight': a(norm.gamma),\n"
    "            'backbone.norm.bias': a(norm.beta), 'backbone.norm.running_mean': a(norm.moving_mean),\n"
    "            'backbone.norm.running_var': a(norm.moving_variance), 'head.weight': a(head.kernel).T,\n"
    "            'head.bias': a(head.bias)}\n"
)


def changed(source, *changes):
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


SHIP = Exercise(
    id="15.2",
    title=text("What belongs in the file", "文件里该放什么"),
    points=3,
    objective="O1",
    function="weights_to_ship",
    draws=2,
    inputs=draw_shipped,
    reference=shipped,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="shipping",
    parts={
        "names": text("the names in your dictionary", "你的字典里的名称"),
        "arrays": text("“all are NumPy arrays of float32”", "“全是 float32 的 NumPy 数组”"),
        "shapes_fit": text("“the shapes are those of the file”", "“形状与文件的约定一致”"),
        "logits": text(
            "the logits that your weights give, after the model went on training",
            "模型继续训练之后，用你取出的权重算出的 logits",
        ),
    },
    pitfalls=(
        Pitfall(
            "without_statistics",
            lambda images, **arrays: {
                "names": sorted(n for n in IN_FILE if "running" not in n),
                "logits": np.zeros((len(images), len(arrays["bias"]))),
            },
            text(
                "BatchNorm's running mean and variance are missing. No gradient moves them, but without them it is another function.",
                "缺了 BatchNorm 的滑动均值与方差。它们虽不靠梯度更新，少了它们就成了另一个函数。",
            ),
            code={
                "pytorch": changed(
                    SHIP_TORCH, ("model.state_dict().items()", "model.named_parameters()")
                ),
                "keras": changed(
                    SHIP_KERAS,
                    ("'backbone.norm.running_mean': a(norm.moving_mean),", ""),
                    ("'backbone.norm.running_var': a(norm.moving_variance), ", ""),
                ),
            },
        ),
        Pitfall(
            "with_the_counter",
            lambda images, **arrays: {
                "names": sorted([*IN_FILE, "backbone.norm.num_batches_tracked"])
            },
            text(
                "`num_batches_tracked` counts training batches. It answers no picture, and the other framework does not know it.",
                "`num_batches_tracked` 数的是训练过多少批。回答图片用不着它，另一个框架也不认识它。",
            ),
            code={
                "pytorch": changed(
                    SHIP_TORCH, ("\n            if not name.endswith('num_batches_tracked')", "")
                )
            },
        ),
        Pitfall(
            "still_tied_to_the_model",
            lambda images, **arrays: {
                "names": sorted(IN_FILE),
                "arrays": True,
                "shapes_fit": True,
                "logits": spoilt(images, **arrays),
            },
            text(
                "After you had taken the weights, the model went on training, and yours changed with it: `.numpy()` shows the "
                "tensor's own memory. Make copies.",
                "你取出权重之后，模型继续训练，你手里的也跟着变了：`.numpy()` 看到的就是张量自己的内存。请复制一份。",
            ),
            code={"pytorch": changed(SHIP_TORCH, (".copy()", ""))},
        ),
        Pitfall(
            "not_turned",
            lambda images, **arrays: {
                "names": sorted(IN_FILE),
                "shapes_fit": False,
                "logits": np.zeros((len(images), len(arrays["bias"]))),
            },
            text(
                "A shape is not that of the table: dense weights are outputs × inputs (Keras keeps them the other way round), the "
                "others have one axis.",
                "有的形状与表中不符：全连接层是“输出×输入”（Keras 存的方向相反），其余都只有一个轴。",
            ),
            code={"keras": changed(SHIP_KERAS, (".T", ""))},
        ),
        Pitfall(
            "tensors",
            lambda images, **arrays: {"names": sorted(IN_FILE), "arrays": False},
            text(
                "A file holds arrays. Give NumPy arrays of float32, not tensors, variables or lists, and not float64.",
                "文件里放的是数组。请给 float32 的 NumPy 数组，不要张量、变量或列表，也不要 float64。",
            ),
            code={
                "pytorch": changed(SHIP_TORCH, (".detach().numpy().copy()", ".detach().clone()")),
                "keras": changed(
                    SHIP_KERAS,
                    (
                        "np.array(ops.convert_to_numpy(v))",
                        "np.array(ops.convert_to_numpy(v), np.float64)",
                    ),
                ),
            },
        ),
        Pitfall(
            "backbone_alone",
            lambda images, **arrays: {
                "names": sorted(n for n in IN_FILE if n.startswith("backbone")),
            },
            text(
                "The head is missing: it is what was learned here.",
                "缺了分类头：这里学到的正是它。",
            ),
            code={
                "pytorch": changed(
                    SHIP_TORCH,
                    (
                        "if not name.endswith('num_batches_tracked')",
                        "if name.startswith('backbone') and 'num' not in name",
                    ),
                ),
                "keras": changed(
                    SHIP_KERAS,
                    (
                        ", 'head.weight': a(head.kernel).T,\n            'head.bias': a(head.bias)}",
                        "}",
                    ),
                ),
            },
        ),
        Pitfall(
            "names_without_backbone",
            lambda images, **arrays: {
                "names": sorted(n.removeprefix("backbone.") for n in IN_FILE),
            },
            text(
                "Names say where a layer stands: `backbone.mix.weight`, not `mix.weight`. Whoever reads the file looks for just these.",
                "名称要写明层在哪里：`backbone.mix.weight`，而不是 `mix.weight`。读文件的人找的就是这些名字。",
            ),
            code={
                "pytorch": changed(SHIP_TORCH, ("{name:", "{name.removeprefix('backbone.'):")),
                "keras": changed(SHIP_KERAS, ("'backbone.", "'")),
            },
        ),
    ),
    hints=(
        text(
            "Seven arrays: one weight of `mix`, four of `norm`, two of `head`. Which of norm's four does no gradient ever touch?",
            "七个数组：`mix` 一个，`norm` 四个，`head` 两个。`norm` 的四个里，哪些从来没有梯度？",
        ),
        text(
            "PyTorch: `model.state_dict()` has them all, and one that is not wanted. Keras: `.kernel`, `.gamma`, `.beta`, "
            "`.moving_mean`, `.moving_variance`, `.bias`, each through `ops.convert_to_numpy`.",
            "PyTorch：`model.state_dict()` 里都有，还多了一个不要的。Keras：`.kernel`、`.gamma`、`.beta`、`.moving_mean`、"
            "`.moving_variance`、`.bias`，各用 `ops.convert_to_numpy` 转换。",
        ),
        text(
            "PyTorch: `tensor.detach().numpy().copy()`. Keras: turn the two kernels with `.T`.",
            "PyTorch：`tensor.detach().numpy().copy()`。Keras：两个 kernel 要用 `.T` 转置。",
        ),
    ),
    right={
        "pytorch": (
            SHIP_TORCH,
            "def weights_to_ship(model):\n"
            "    b, h = model.backbone, model.head\n"
            "    found = {'backbone.mix.weight': b.mix.weight, 'head.weight': h.weight, 'head.bias': h.bias}\n"
            "    for name in ('weight', 'bias', 'running_mean', 'running_var'):\n"
            "        found[f'backbone.norm.{name}'] = getattr(b.norm, name)\n"
            "    return {name: np.array(t.tolist(), dtype=np.float32) for name, t in found.items()}\n",
        ),
        "keras": (
            SHIP_KERAS,
            "def weights_to_ship(model):\n"
            "    norm = model.backbone.norm\n"
            "    found = {}\n"
            "    found['head.weight'], found['head.bias'] = [w.T.copy() for w in model.head.get_weights()]\n"
            "    found['backbone.mix.weight'] = model.backbone.mix.get_weights()[0].T.copy()\n"
            "    names = {'gamma': 'weight', 'beta': 'bias', 'moving_mean': 'running_mean', 'moving_variance': 'running_var'}\n"
            "    for v in norm.variables:\n"
            "        if v.name in names:\n"
            "            found['backbone.norm.' + names[v.name]] = np.array(ops.convert_to_numpy(v))\n"
            "    return found\n",
        ),
    },
)

# 15.3 ---------------------------------------------------------------------------------------------


def draw_served(rng):
    return {
        "images": rng.normal(size=(7, 3, 2, 3)).astype(np.float32),
        "batch_size": int(rng.integers(2, 4)),
        **draw_tiny(rng),
    }


def probabilities(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def served(images, batch_size, **arrays):
    p = probabilities(tiny_logits(images, **arrays))
    return {
        "together": p,
        "alone": p[:1],
        "statistics_moved": False,
        "gradients_recorded": False,
        "batch_too_large": False,
        "left_as_found": True,
    }


def served_as(change):
    def answer(images, batch_size, **arrays):
        z = tiny_logits(images, **arrays)
        return change(z, batch_size)

    return answer


ANSWER_TORCH = (
    "def answer(model, images, batch_size):\n"
    "    model.eval()\n"
    "    with torch.no_grad():\n"
    "        parts = [model(torch.as_tensor(images[i:i + batch_size])) for i in range(0, len(images), batch_size)]\n"
    "        return torch.softmax(torch.cat(parts), dim=1).numpy()\n"
)
ANSWER_KERAS = (
    "def answer(model, images, batch_size):\n"
    "    parts = [model(images[i:i + batch_size], training=False) for i in range(0, len(images), batch_size)]\n"
    "    return ops.convert_to_numpy(ops.softmax(ops.concatenate(parts, axis=0), axis=1))\n"
)


def answers(*changes_torch, keras=()):
    code = {"pytorch": changed(ANSWER_TORCH, *changes_torch)}
    return code | ({"keras": changed(ANSWER_KERAS, *keras)} if keras else {})


ANSWER = Exercise(
    id="15.3",
    title=text("The same picture, the same answer", "同一张图片，同一个回答"),
    points=4,
    objective="O2",
    function="answer",
    draws=2,
    inputs=draw_served,
    reference=served,
    comparator=close(rtol=1e-4, atol=1e-5),
    probe="answering",
    parts={
        "together": text("the answers to all the images", "对全部图片的回答"),
        "alone": text("the answer to the first image alone", "单独问第一张图片时的回答"),
        "statistics_moved": text("“BatchNorm's statistics moved”", "“BatchNorm 的统计量变了”"),
        "gradients_recorded": text("“gradients were recorded”", "“记录了梯度”"),
        "batch_too_large": text("“a batch was larger than allowed”", "“有一批超过了上限”"),
        "left_as_found": text(
            "“whoever trains finds the gradients as before”", "“训练的人那里，梯度的设置没有变”"
        ),
    },
    pitfalls=(
        Pitfall(
            "training_mode",
            lambda images, batch_size, **arrays: {"statistics_moved": True},
            text(
                "The model answered in training mode: each answer depended on the neighbours in its batch, and serving changed the "
                "model. (It may come to you in training mode each time.)",
                "模型是在训练模式下回答的：每个回答都受同批邻居影响，而且每次服务都在改动模型。（它每次交到你手里时都可能处于训练模式。）",
            ),
            code=answers(("    model.eval()\n", ""), keras=(("training=False", "training=True"),)),
        ),
        Pitfall(
            "gradients",
            lambda images, batch_size, **arrays: {
                "statistics_moved": False,
                "gradients_recorded": True,
            },
            text(
                "The answers are right, but every request was recorded for a backward pass that never comes: memory and time.",
                "回答是对的，但每次请求都为一次永远不会来的反向传播做了记录，白费内存和时间。",
            ),
            code=answers(("with torch.no_grad():", "if True:"), (".numpy()", ".detach().numpy()")),
        ),
        Pitfall(
            "gradients_switched_off",
            lambda images, batch_size, **arrays: {
                "statistics_moved": False,
                "gradients_recorded": False,
                "batch_too_large": False,
                "left_as_found": False,
            },
            text(
                "After your function gradients stay switched off for the one who trains: use `with torch.no_grad():` in PyTorch, "
                "and leave `trainable` as it is in Keras.",
                "你的函数结束后，训练的人那里梯度仍是关着的：PyTorch 请用 `with torch.no_grad():`，Keras 不要改动 `trainable`。",
            ),
            code=answers(
                ("    with torch.no_grad():", "    torch.set_grad_enabled(False)\n    if True:"),
                keras=(("    parts", "    model.trainable = False\n    parts"),),
            ),
        ),
        Pitfall(
            "logits",
            served_as(lambda z, n: {"together": z, "alone": z[:1]}),
            text(
                "These are logits. Probabilities are asked for: none negative, and each row sums to 1.",
                "这是 logits。要的是概率：都不为负，每行之和为 1。",
            ),
            code=answers(
                ("torch.softmax(torch.cat(parts), dim=1)", "torch.cat(parts)"),
                keras=(
                    (
                        "ops.softmax(ops.concatenate(parts, axis=0), axis=1)",
                        "ops.concatenate(parts, axis=0)",
                    ),
                ),
            ),
        ),
        Pitfall(
            "softmax_over_the_batch",
            served_as(lambda z, n: {"together": probabilities(z, 0), "alone": np.ones_like(z[:1])}),
            text(
                "The softmax runs over the pictures instead of the classes: a picture alone gets 1 for every class.",
                "softmax 沿着图片的方向算了，而不是沿着类别：单独一张图片时，每个类别都得 1。",
            ),
            code=answers(("dim=1", "dim=0"), keras=(("axis=1", "axis=0"),)),
        ),
        Pitfall(
            "a_sigmoid_for_each",
            served_as(
                lambda z, n: {
                    "together": 1 / (1 + np.exp(-z)),
                    "alone": 1 / (1 + np.exp(-z[:1])),
                }
            ),
            text(
                "A sigmoid for each class answers K separate questions; the rows do not add up to 1. One class out of K: softmax.",
                "对每个类别各用一个 sigmoid，等于分别回答 K 个问题，每行加起来不是 1。K 类里选一类，要用 softmax。",
            ),
            code=answers(
                ("torch.softmax(torch.cat(parts), dim=1)", "torch.sigmoid(torch.cat(parts))"),
                keras=(
                    (
                        "ops.softmax(ops.concatenate(parts, axis=0), axis=1)",
                        "ops.sigmoid(ops.concatenate(parts, axis=0))",
                    ),
                ),
            ),
        ),
        Pitfall(
            "softmax_twice",
            served_as(
                lambda z, n: {
                    "together": probabilities(probabilities(z)),
                    "alone": probabilities(probabilities(z[:1])),
                }
            ),
            text(
                "Two softmaxes, one after the other: the class stays the same, and every probability is drawn towards 1/K.",
                "连做了两次 softmax：类别不变，但概率都被拉向 1/K。",
            ),
            code=answers(
                (
                    "torch.softmax(torch.cat(parts), dim=1)",
                    "torch.cat(parts).softmax(1).softmax(1)",
                ),
                keras=(
                    (
                        "ops.softmax(ops.concatenate(parts, axis=0), axis=1)",
                        "ops.softmax(ops.softmax(ops.concatenate(parts, axis=0)))",
                    ),
                ),
            ),
        ),
        Pitfall(
            "all_at_once",
            lambda images, batch_size, **arrays: {
                "statistics_moved": False,
                "batch_too_large": True,
            },
            text(
                "More pictures than `batch_size` went through at once. A request may hold more than fits: cut it into parts of at most "
                "`batch_size`.",
                "一次送进去的图片超过了 `batch_size`。一个请求里的图片可能多得放不下：请切成每份最多 `batch_size` 张。",
            ),
            code=answers(
                ("images[i:i + batch_size]", "images"),
                ("range(0, len(images), batch_size)", "range(1)"),
                keras=(
                    ("images[i:i + batch_size]", "images"),
                    ("range(0, len(images), batch_size)", "range(1)"),
                ),
            ),
        ),
        Pitfall(
            "the_last_part_lost",
            served_as(
                lambda z, n: {
                    "together": probabilities(z[: len(z) // n * n]),
                }
            ),
            text(
                "Some pictures got no answer: the last part is smaller than the others, and it counts.",
                "有的图片没有得到回答：最后一份比别的小，也不能丢。",
            ),
            code={
                half: changed(
                    source,
                    (
                        "range(0, len(images), batch_size)",
                        "range(0, max(1, len(images) - batch_size + 1), batch_size)",
                    ),
                )
                for half, source in (("pytorch", ANSWER_TORCH), ("keras", ANSWER_KERAS))
            },
        ),
    ),
    hints=(
        text(
            "Three states: the mode of the layers, the recording of gradients, the size of a batch. And one function at the end.",
            "三种状态：层的模式、是否记录梯度、批的大小。最后还有一个函数。",
        ),
        text(
            "PyTorch: `model.eval()` and `torch.no_grad()` are two different things, and both are needed. Keras: `training=False`.",
            "PyTorch：`model.eval()` 与 `torch.no_grad()` 是两回事，两样都要。Keras：`training=False`。",
        ),
        text(
            "`range(0, len(images), batch_size)` gives where each part begins; `images[i:i + batch_size]` may be shorter at the end. "
            "Softmax over the last axis.",
            "`range(0, len(images), batch_size)` 给出每份的起点；`images[i:i + batch_size]` 到最后可以短一些。softmax 沿最后一维。",
        ),
    ),
    survivors={
        "ops.concatenate(parts, axis=0) without axis": "right: axis 0 is the default",
        "ops.softmax(ops.concatenate(parts, axis=0), axis=1) without axis": "right: the last axis is "
        "the default, and there are two",
    },
    right={
        "pytorch": (
            ANSWER_TORCH,
            "def answer(model, images, batch_size):\n"
            "    model.train(False)\n"
            "    found = []\n"
            "    with torch.inference_mode():\n"
            "        for part in torch.tensor(images).split(batch_size):\n"
            "            z = model(part)\n"
            "            e = (z - z.max(dim=1, keepdim=True).values).exp()\n"
            "            found.append((e / e.sum(dim=1, keepdim=True)).numpy())\n"
            "    return np.concatenate(found)\n",
        ),
        "keras": (
            ANSWER_KERAS,
            "def answer(model, images, batch_size):\n"
            "    found = []\n"
            "    for part in np.array_split(images, -(-len(images) // batch_size)):\n"
            "        z = ops.convert_to_numpy(model(ops.convert_to_tensor(part)))\n"
            "        e = np.exp(z - z.max(axis=1, keepdims=True))\n"
            "        found.append(e / e.sum(axis=1, keepdims=True))\n"
            "    return np.concatenate(found)\n",
        ),
    },
)

# 15.4 ---------------------------------------------------------------------------------------------


def draw_integer_layer(rng):
    n, d, k = 3, 16, 2
    s_x = float(rng.uniform(0.02, 0.05))
    zero = int(rng.integers(20, 60))
    low, high = -zero * s_x, (255 - zero) * s_x
    x = rng.uniform(low - 0.5, high + 0.5, (n, d))  # some fall outside of what 8 bits can say
    x = (np.round(x / s_x) + rng.uniform(-0.4, 0.4, (n, d))) * s_x  # no ties
    q_w = rng.integers(-127, 128, (k, d)).astype(np.int8)
    q_w[0] = np.abs(q_w[0].astype(int)).astype(np.int8)  # sums that leave 16 bits
    return {
        "x": x,
        "q_w": q_w,
        "s_w": rng.uniform(0.001, 0.01, k),
        "b": rng.normal(size=k),
        "s_x": s_x,
        "zero": zero,
    }


def integer_layer(
    x,
    q_w,
    s_w,
    b,
    s_x,
    zero,
    *,
    clip=True,
    shift=1,
    whole=np.int64,
    floor=False,
    rounded=True,
    bias=True,
    scale=True,
):
    steps = np.floor(x / s_x) if floor else np.rint(x / s_x) if rounded else x / s_x
    q_x = steps + zero
    q_x = np.clip(q_x, 0, 255) if clip else q_x
    q_x = q_x.astype(np.int64)
    products = (q_x.astype(whole) @ q_w.T.astype(whole)).astype(np.int64)
    total = products - shift * zero * q_w.astype(np.int64).sum(axis=1)
    y = s_x * s_w * total if scale else s_x * total
    return q_x, total, y + (b if bias else 0)


def uint8_minus_zero(x, q_w, s_w, b, s_x, zero):
    q_x = np.clip(np.rint(x / s_x) + zero, 0, 255).astype(np.uint8)
    total = (q_x - np.uint8(zero)).astype(np.int64) @ q_w.T.astype(np.int64)
    return q_x, total, s_x * s_w * total + b


def clip_before_zero(x, q_w, s_w, b, s_x, zero):
    q_x = np.clip(np.rint(x / s_x), 0, 255).astype(np.int64) + zero
    total = (q_x - zero) @ q_w.T.astype(np.int64)
    return q_x, total, s_x * s_w * total + b


def outputs_of_the_floats(x, q_w, s_w, b, s_x, zero):
    q_x, total, _ = integer_layer(x, q_w, s_w, b, s_x, zero)
    return q_x, total, x @ (q_w * s_w[:, None]).T + b


def layer_with(**change):
    return lambda **given: integer_layer(**given, **change)


INTEGER = Exercise(
    id="15.4",
    title=text("A layer in whole numbers", "用整数算一层"),
    points=3,
    objective="O3",
    function="integer_layer",
    drawing=drawings.matrix("2"),
    draws=2,
    inputs=draw_integer_layer,
    reference=integer_layer,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "0": text("the quantised inputs", "量化后的输入"),
        "1": text("the whole-number sums", "整数和"),
        "2": text("the outputs", "输出"),
    },
    pitfalls=(
        Pitfall(
            "sums_in_16_bits",
            layer_with(whole=np.int16),
            text(
                "The sums ran over: a product of two 8-bit numbers needs 16 bits, and a sum of many of them more. Multiply in int32.",
                "求和溢出了：两个 8 位数的积要 16 位，许多个加起来还要更多。请用 int32 相乘。",
            ),
        ),
        Pitfall(
            "sums_in_8_bits",
            layer_with(whole=np.int8),
            text(
                "You multiplied 8-bit arrays as they are: NumPy keeps their type, and the numbers run over. Widen them first.",
                "你直接拿 8 位数组相乘：NumPy 保持类型不变，数就溢出了。先把类型放宽。",
            ),
        ),
        Pitfall(
            "zero_forgotten",
            layer_with(shift=0),
            text(
                "The zero point is still in the sums: `q_x − z` stands for the input, not `q_x`.",
                "和里还留着零点：代表输入的是 `q_x − z`，不是 `q_x`。",
            ),
        ),
        Pitfall(
            "zero_the_wrong_way",
            layer_with(shift=-1),
            text(
                "The zero point was added once more instead of taken out.",
                "零点应当减去，你却又加了一次。",
            ),
        ),
        Pitfall(
            "uint8_minus_zero",
            uint8_minus_zero,
            text(
                "`q_x − z` was taken in 8 bits without a sign: what should be below 0 comes out near 255. Widen before you subtract.",
                "`q_x − z` 是在无符号 8 位里减的：本该小于 0 的，变成了 255 附近的数。先放宽类型，再减。",
            ),
        ),
        Pitfall(
            "clip_before_zero",
            clip_before_zero,
            text(
                "You clipped before the zero point was added: every input below 0 became 0. Add `z` first, then clip.",
                "你在加零点之前就截断了：小于 0 的输入全成了 0。先加 `z`，再截断。",
            ),
        ),
        Pitfall(
            "outputs_of_the_floats",
            outputs_of_the_floats,
            text(
                "Your outputs come from the real `x`. A chip that has only the whole numbers cannot know it: use the sums.",
                "你的输出是用实数 `x` 算的。只有整数的芯片不知道 `x`：要从整数和算起。",
            ),
        ),
        Pitfall(
            "not_clipped",
            layer_with(clip=False),
            text(
                "Eight bits hold 0 … 255. Inputs outside of the measured range stop there; yours went on.",
                "八位只能表示 0 到 255。超出测得范围的输入到此为止，你的却越过去了。",
            ),
        ),
        Pitfall(
            "rounded_down",
            layer_with(floor=True),
            text(
                "You cut off instead of rounding: an error of up to a whole step, always to the same side.",
                "你是截断，不是四舍五入：误差可达一整步，而且总偏向同一边。",
            ),
        ),
        Pitfall(
            "one_scale_missing",
            layer_with(scale=False),
            text(
                "The weights' own scales are missing: each output k has its `s_w[k]`.",
                "缺了权重自己的比例：每个输出 k 有各自的 `s_w[k]`。",
            ),
        ),
        Pitfall(
            "no_bias",
            layer_with(bias=False),
            text("The bias is missing. It stays a real number.", "缺了偏置。它仍是实数。"),
        ),
    ),
    hints=(
        text(
            "Write `x ≈ s_x (q_x − z)` and `w_k ≈ s_w[k] q_w[k]` into `w_k · x + b_k` and take all that does not "
            "depend on `d` out of the sum.",
            "把 `x ≈ s_x (q_x − z)` 与 `w_k ≈ s_w[k] q_w[k]` 代入 `w_k · x + b_k`，把与 `d` 无关的都提到求和号外面。",
        ),
        text(
            "The sums are `Σ_d (q_x[d] − z) q_w[k, d] = Σ_d q_x[d] q_w[k, d] − z Σ_d q_w[k, d]`. The last one does not "
            "depend on the input.",
            "和为 `Σ_d (q_x[d] − z) q_w[k, d] = Σ_d q_x[d] q_w[k, d] − z Σ_d q_w[k, d]`，最后一项与输入无关。",
        ),
        text(
            "`np.clip(np.rint(x / s_x) + zero, 0, 255).astype(np.int32)`, and `q_w.astype(np.int32)` before the product.",
            "`np.clip(np.rint(x / s_x) + zero, 0, 255).astype(np.int32)`，相乘之前先 `q_w.astype(np.int32)`。",
        ),
    ),
    right={
        "numpy": (
            "def integer_layer(x, q_w, s_w, b, s_x, zero):\n"
            "    q = np.round(x / s_x + zero).clip(0, 255).astype(np.int64)\n"
            "    total = (q - zero) @ q_w.astype(np.int64).T\n"
            "    return q, total, total * (s_w * s_x) + b\n",
            "def integer_layer(x, q_w, s_w, b, s_x, zero):\n"
            "    q = np.empty(x.shape, np.int32)\n"
            "    for i, row in enumerate(x):\n"
            "        for j, v in enumerate(row):\n"
            "            q[i, j] = min(255, max(0, round(float(v) / s_x) + zero))\n"
            "    total = np.array([[sum((int(a) - zero) * int(c) for a, c in zip(r, w)) for w in q_w] for r in q])\n"
            "    return q, total, np.array([[s_x * s * t + c for t, s, c in zip(r, s_w, b)] for r in total])\n",
        )
    },
)

# 15.5 ---------------------------------------------------------------------------------------------


def draw_requests(rng):
    h, w = int(rng.integers(2, 4)), int(rng.integers(4, 6))

    def picture():
        return rng.integers(0, 256, (h, w)).tolist()

    def body(*pictures):
        return json.dumps({"images": pictures})

    def with_pixel(value):
        one = picture()
        one[-1][-1] = value
        return body(picture(), one)

    bright = picture()
    bright[0][0] = 256  # all that comes after it is right
    good = body(picture(), picture())
    kind, limit = "application/json", int(rng.integers(400, 900))
    requests = [
        (kind, len(good), good),
        ("APPLICATION/json;charset=utf-8", len(good), good),
        ("text/plain; application/json", len(good), good),
        ("application/jsonp", len(good), good),
        (kind, None, "{"),  # whoever parses first says 400
        (kind, limit + 1, "{"),
        (kind, limit, good),
        (kind, 9, '{"images"'),
        (kind, 1, "7"),
        (kind, 4, "null"),
        (kind, 8, '"images"'),
        (kind, 2, "[]"),
        (kind, 2, "{}"),
        (kind, 14, '{"images": []}'),
        (kind, 16, '{"images": null}'),
        (kind, 18, '{"images": [null]}'),
        (kind, 0, ""),
        (kind, 20, body(picture(), picture()[:-1], picture())),
        (kind, 20, body([row[:-1] for row in picture()])),
        (kind, 20, body([*picture()[:-1], [1, 2]])),
        (kind, 20, body([[1, 2], *picture()[1:]], picture())),
        (kind, 20, body(*picture())),
        (kind, 20, body(bright, picture())),
        *((kind, 20, with_pixel(v)) for v in (-1, True, 7.0, "7", None, [7])),
        (kind, 20, with_pixel(255)),
        (kind, 20, with_pixel(0)),
        ("text/plain", None, good),
        ("text/plain", limit + 1, "{"),
    ]
    return {
        "requests": [
            {"type": t, "length": n, "body": b}
            for t, n, b in (requests[i] for i in rng.permutation(len(requests)))
        ],
        "shape": [h, w],
        "limit": limit,
    }


def status_of(
    request, shape, limit, *, exact_type=False, loose_type=False, length_first=True, strict_limit=False,
    booleans=False, floats=False, range_checked=True, ragged=False, empty=False, bad_json=400,
    zero_missing=False, length_before_type=False,
):  # fmt: skip
    kind = request["type"].split(";")[0].strip().lower()
    kind = request["type"] if exact_type else kind
    missing = request["length"] is None or (zero_missing and not request["length"])
    if length_before_type and not missing and request["length"] > limit:
        return 413
    if not (kind == "application/json" or (loose_type and kind.startswith("application/json"))):
        return 415
    if missing:
        return 411
    if length_first and (
        request["length"] > limit or (strict_limit and request["length"] == limit)
    ):
        return 413
    try:
        told = json.loads(request["body"])
    except ValueError:
        return bad_json
    pictures = told.get("images") if isinstance(told, dict) else None
    if not isinstance(pictures, list) or (not pictures and not empty):
        return 422
    for one in pictures:
        rows = one if isinstance(one, list) else []
        widths = [len(row) if isinstance(row, list) else -1 for row in rows]
        if len(rows) != shape[0] or (not ragged and set(widths) != {shape[1]}) or -1 in widths:
            return 422
        for pixel in (v for row in rows for v in row):
            fits = type(pixel) is int or (booleans and type(pixel) is bool)
            fits = fits or (floats and type(pixel) is float)
            if not fits or (range_checked and not 0 <= pixel <= 255):
                return 422
    return 200


def statuses(**change):
    return lambda requests, shape, limit: [status_of(r, shape, limit, **change) for r in requests]


REQUESTS = Exercise(
    id="15.5",
    title=text("The doorkeeper", "看门人"),
    points=4,
    objective="O4",
    function="statuses",
    draws=2,
    inputs=draw_requests,
    reference=statuses(),
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.serving.read_images", "course_lib.serving.contract.require_headers"),
    pitfalls=(
        Pitfall(
            "true_is_a_pixel",
            statuses(booleans=True),
            text(
                "`true` was taken for a pixel: in Python `isinstance(True, int)` holds. Ask for `type(v) is int`.",
                "`true` 被当成了像素：Python 里 `isinstance(True, int)` 成立。请用 `type(v) is int`。",
            ),
        ),
        Pitfall(
            "fractions_are_pixels",
            statuses(floats=True),
            text(
                "7.0 is no whole number in JSON's eyes, nor in the contract's.",
                "7.0 不是整数，约定里要的是整数。",
            ),
        ),
        Pitfall(
            "any_number",
            statuses(range_checked=False),
            text(
                "Pixels outside 0 … 255 were let in. As uint8, 256 becomes 0 without a word.",
                "0 到 255 之外的像素被放进来了。变成 uint8 时，256 会一声不响地变成 0。",
            ),
        ),
        Pitfall(
            "ragged_rows",
            statuses(ragged=True),
            text(
                "Pictures with rows of a wrong length were let in: look at every row.",
                "有的图片行的长度不对，也被放进来了：每一行都要看。",
            ),
        ),
        Pitfall(
            "no_pictures",
            statuses(empty=True),
            text(
                "A request without a picture is no request: 422.",
                "一张图片也没有的请求不算请求：422。",
            ),
        ),
        Pitfall(
            "read_before_measuring",
            statuses(length_first=False),
            text(
                "A body longer than the limit was read. Refuse it by its announced length, before you parse anything: 413.",
                "超过上限的正文也读了。应当在解析之前，凭声明的长度就拒绝：413。",
            ),
        ),
        Pitfall(
            "length_before_type",
            statuses(length_before_type=True),
            text(
                "Where two rows of the table apply, the first counts: a wrong type is 415, however long the body.",
                "两行都符合时，以前面的为准：类型不对就是 415，不管正文多长。",
            ),
        ),
        Pitfall(
            "limit_itself_refused",
            statuses(strict_limit=True),
            text(
                "A body of exactly `limit` bytes is allowed.", "恰好 `limit` 字节的正文是允许的。"
            ),
        ),
        Pitfall(
            "type_compared_as_it_stands",
            statuses(exact_type=True),
            text(
                "`APPLICATION/json;charset=utf-8` is JSON as well: letters of either case, and a remark after the semicolon.",
                "`APPLICATION/json;charset=utf-8` 也是 JSON：大小写不论，分号后面是附注。",
            ),
        ),
        Pitfall(
            "type_by_its_beginning",
            statuses(loose_type=True),
            text(
                "`application/jsonp` begins like JSON's type, and is another.",
                "`application/jsonp` 开头一样，却是另一种类型。",
            ),
        ),
        Pitfall(
            "zero_is_no_length",
            statuses(zero_missing=True),
            text(
                "A length of 0 is a length: `if not length` takes it for none. The empty body is no JSON: 400.",
                "长度 0 也是长度：`if not length` 把它当成没有了。空的正文不是 JSON：400。",
            ),
        ),
        Pitfall(
            "one_status_for_all",
            statuses(bad_json=422),
            text(
                "What is no JSON at all is 400; 422 is JSON that is not what was agreed.",
                "根本不是 JSON 的是 400；是 JSON 但不合约定的才是 422。",
            ),
        ),
    ),
    errors=(
        (
            r"^JSONDecodeError",
            text(
                "A body that is no JSON stopped your function. Catch `ValueError` around `json.loads`: 400.",
                "不是 JSON 的正文让你的函数停下了。在 `json.loads` 外面捕获 `ValueError`：400。",
            ),
        ),
        (
            r"^TypeError|^AttributeError",
            text(
                "Something was not of the kind that you expected: a list where a dictionary should be, `None` for a length. Look at "
                "the kind first, then inside.",
                "有的东西不是你以为的类型：该是字典的是列表，长度是 `None`。先看类型，再看里面。",
            ),
        ),
    ),
    hints=(
        text(
            "Write one function for one request, with an early `return` for each refusal, in the order of the table.",
            "先写处理一个请求的函数，按表里的次序，每种拒绝都提前 `return`。",
        ),
        text(
            '`kind = request["type"].split(";")[0].strip().lower()`; a body of exactly `limit` is allowed; '
            "`except ValueError` covers JSON's errors.",
            '`kind = request["type"].split(";")[0].strip().lower()`；恰好 `limit` 字节是允许的；`except ValueError` 能接住 JSON 的错误。',
        ),
        text(
            "A picture: `isinstance(p, list) and len(p) == H`, each row a list of length W, each pixel `type(v) is int and 0 <= v <= 255`.",
            "一张图片：`isinstance(p, list) and len(p) == H`，每行是长为 W 的列表，每个像素 `type(v) is int and 0 <= v <= 255`。",
        ),
    ),
    right={
        "numpy": (
            "def statuses(requests, shape, limit):\n"
            "    h, w = shape\n"
            "    row = lambda r: isinstance(r, list) and len(r) == w and all(type(v) is int and v in range(256) for v in r)\n"
            "    picture = lambda p: isinstance(p, list) and len(p) == h and all(map(row, p))\n"
            "    def one(type, length, body):\n"
            "        if type.partition(';')[0].strip().casefold() != 'application/json':\n"
            "            return 415\n"
            "        if length is None:\n"
            "            return 411\n"
            "        if length > limit:\n"
            "            return 413\n"
            "        try:\n"
            "            told = json.loads(body)\n"
            "        except json.JSONDecodeError:\n"
            "            return 400\n"
            "        ok = isinstance(told, dict) and isinstance(told.get('images'), list) and told['images']\n"
            "        return 200 if ok and all(map(picture, told['images'])) else 422\n"
            "    return [one(**r) for r in requests]\n",
            "def statuses(requests, shape, limit):\n"
            "    found = []\n"
            "    for r in requests:\n"
            "        status = 200\n"
            "        if r['type'].lower().split(';')[0].rstrip() != 'application/json':\n"
            "            status = 415\n"
            "        elif r['length'] is None:\n"
            "            status = 411\n"
            "        elif r['length'] > limit:\n"
            "            status = 413\n"
            "        else:\n"
            "            try:\n"
            "                images = json.loads(r['body'])['images']\n"
            "                assert type(images) is list and len(images) > 0\n"
            "                for image in images:\n"
            "                    assert type(image) is list and len(image) == shape[0]\n"
            "                    for row in image:\n"
            "                        assert type(row) is list and len(row) == shape[1]\n"
            "                        assert all(type(v) is int and 0 <= v <= 255 for v in row)\n"
            "            except ValueError:\n"
            "                status = 400\n"
            "            except (AssertionError, KeyError, TypeError):\n"
            "                status = 422\n"
            "        found.append(status)\n"
            "    return found\n",
        )
    },
)

# 15.6 ---------------------------------------------------------------------------------------------


def draw_queue(rng):
    n = 24
    work = rng.exponential(0.8, n)
    work[rng.integers(5, 15)] = 12.0  # one long one
    gaps = rng.exponential(1.0, n)
    gaps[0] = rng.uniform(0, 0.3)  # so that a worker who is not free at the start is noticed
    return {"arrivals": np.cumsum(gaps), "work": work}


def queue(arrivals, work):
    done, found = 0.0, []
    for a, s in zip(arrivals, work, strict=True):
        done = max(a, done) + s
        found.append(done - a)
    return np.array(found)


def without_idle(arrivals, work):
    return arrivals[0] + np.cumsum(work) - arrivals


def one_ahead(arrivals, work):
    done = arrivals + work  # as if the one before had not waited itself
    before = np.concatenate([[0.0], done[:-1]])
    return np.maximum(arrivals, before) + work - arrivals


QUEUE = Exercise(
    id="15.6",
    title=text("Who waits for whom?", "谁在等谁"),
    points=3,
    objective="O4",
    function="response_times",
    drawing=drawings.curve(
        x="arrivals",
        across=text("arrival, seconds", "到达时刻（秒）"),
        down=text("response, seconds", "响应时间（秒）"),
    ),
    draws=2,
    inputs=draw_queue,
    reference=queue,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "work_alone",
            lambda arrivals, work: work,
            text(
                "That is the time of the work alone. A request that arrives while another is worked on waits first.",
                "这只是处理本身的时间。如果来的时候前一个还没做完，就得先等。",
            ),
        ),
        Pitfall(
            "one_number_for_all",
            lambda arrivals, work: np.full(len(work), queue(arrivals, work).mean()),
            text(
                "That is one number for everybody. Each request has its own time, and the tail is what matters.",
                "这是给所有人的同一个数。每个请求有自己的时间，要紧的正是尾部。",
            ),
        ),
        Pitfall(
            "waiting_alone",
            lambda arrivals, work: queue(arrivals, work) - work,
            text(
                "That is the waiting alone; the response also takes the work itself.",
                "这只是等待的时间；响应时间还要加上处理本身。",
            ),
        ),
        Pitfall(
            "moments_instead_of_times",
            lambda arrivals, work: queue(arrivals, work) + arrivals,
            text(
                "These are the moments at which answers are sent. Subtract when each request arrived.",
                "这是发出回答的时刻。请减去各请求到达的时刻。",
            ),
        ),
        Pitfall(
            "never_idle",
            without_idle,
            text(
                "Your worker starts on requests that have not arrived yet (some response times are negative or too small): it must "
                "wait for the arrival, too.",
                "你的服务员在请求还没到的时候就开工了（有的响应时间是负的或太小）：他也得等请求到来。",
            ),
        ),
        Pitfall(
            "only_the_neighbour_counts",
            one_ahead,
            text(
                "You let each request wait for the one before, but as if that one had started at once. Waiting is passed on: keep the "
                "moment at which the worker is free.",
                "你只让每个请求等前一个，却当前一个一到就开工了。等待会往后传：要记住服务员何时有空。",
            ),
        ),
        Pitfall(
            "everybody_waits_for_all",
            lambda arrivals, work: np.cumsum(work),
            text(
                "You added up all the work so far, as if all had come at once.",
                "你把到目前为止的处理时间全加了起来，好像大家是同时来的。",
            ),
        ),
    ),
    hints=(
        text(
            "Two things must both have happened before work on request i begins. Which?",
            "开始处理请求 i 之前，有两件事都必须发生。哪两件？",
        ),
        text(
            "Keep one number in a loop: the moment `f` at which the worker is free. `f[i] = max(a[i], f[i − 1]) + s[i]`.",
            "循环里只记一个数：服务员有空的时刻 `f`。`f[i] = max(a[i], f[i − 1]) + s[i]`。",
        ),
        text("The response time is `f[i] − a[i]`.", "响应时间是 `f[i] − a[i]`。"),
    ),
    survivors={"max(a, free) → max(free, a)": "right: the larger of two numbers, in either order"},
    right={
        "numpy": (
            "def response_times(arrivals, work):\n"
            "    free = np.zeros(len(work) + 1)\n"
            "    for i in range(len(work)):\n"
            "        free[i + 1] = max(free[i], arrivals[i]) + work[i]\n"
            "    return free[1:] - arrivals\n",
            "def response_times(arrivals, work):\n"
            "    # the longest chain of work that ends with i\n"
            "    total = np.cumsum(work)\n"
            "    before = np.concatenate([[0.0], total[:-1]])\n"
            "    return total + np.maximum.accumulate(arrivals - before) - arrivals\n",
        )
    },
)

# 15.7 ---------------------------------------------------------------------------------------------


def draw_budgets(rng):
    """Draw scores and budgets; the smallest budget is one that so few scores cannot keep."""
    # Powers of 2, so that no rounding decides where (1 − α)(n + 1) is whole.
    n, checks = int(rng.choice([31, 63])), int(rng.choice([256, 512]))
    while True:
        budgets = np.sort(rng.choice(np.arange(8, 90), 4, replace=False))
        budgets = np.concatenate([[2], budgets])
        ranks = [exact_rank(n, checks, int(a)) for a in budgets]
        # For one budget the place is whole: “at most” allows equality.
        whole = budgets * (n + 1) % checks == 0
        # No two mistakes may look alike.
        apart = any(rank_down(n, checks, a) != rank_of_n(n, checks, a) for a in budgets)
        if ranks[0] > n and whole.sum() == 1 and apart and len(set(ranks)) == 5:
            return {"scores": rng.gamma(4.0, 0.3, n), "checks": checks, "budgets": budgets}


def bell(p):
    from scipy.stats import norm

    return norm.ppf(p)


def exact_rank(n, checks, alarms):
    """⌈(1 − α)(n + 1)⌉ in whole numbers, so that no rounding decides."""
    return -(-(checks - alarms) * (n + 1) // checks)


def rank_down(n, checks, alarms):
    return (checks - alarms) * (n + 1) // checks


def rank_of_n(n, checks, alarms):
    return -(-(checks - alarms) * n // checks)


def thresholds(rank=exact_rank, endless=True):
    def answer(scores, checks, budgets):
        n, ordered = len(scores), np.sort(scores)
        found = []
        for alarms in np.asarray(budgets).astype(int):
            place = rank(n, int(checks), int(alarms))
            beyond = np.inf if endless else ordered[-1]
            found.append(float(beyond if place > n else ordered[max(place, 1) - 1]))
        return found

    return answer


THRESHOLD = Exercise(
    id="15.7",
    title=text("Alarms within a budget", "预算之内的警报"),
    points=3,
    objective="O5",
    function="alarm_thresholds",
    inputs=draw_budgets,
    reference=thresholds(),
    comparator=close(rtol=1e-9, atol=1e-12),
    tensors=False,
    pitfalls=(
        Pitfall(
            "no_room_for_the_new_one",
            thresholds(rank_of_n),
            text(
                "You counted n scores; with the one to come there are n + 1, and each place among them is as likely for it.",
                "你按 n 个分数来数；加上将要来的那一个，一共 n + 1 个，它落在每个位置的机会相同。",
            ),
        ),
        Pitfall(
            "one_place_too_low",
            thresholds(rank_down),
            text(
                "One place too low: the rate of false alarms is then a little above the budget. Round up.",
                "低了一位：误报率会略超预算。应当向上取整。",
            ),
        ),
        Pitfall(
            "one_place_too_high",
            thresholds(lambda n, checks, a: rank_down(n, checks, a) + 1),
            text(
                "One place too high where (1 − α)(n + 1) is whole: “at most” allows equality.",
                "(1 − α)(n + 1) 恰为整数时高了一位：“不超过”包含相等。",
            ),
        ),
        Pitfall(
            "hopeless_budget_promised",
            thresholds(endless=False),
            text(
                "With so few scores the smallest budget cannot be kept by any of them: the largest score itself is exceeded too "
                "often. Then only infinity keeps it.",
                "分数这么少，最小的那份预算用哪个分数都守不住：连最大的分数也会被超过得太频繁。这时只有无穷大守得住。",
            ),
        ),
        Pitfall(
            "the_wrong_end",
            thresholds(lambda n, checks, a: -(-a * (n + 1) // checks), endless=False),
            text(
                "You counted from the small end: with such a threshold nearly every window raises an alarm.",
                "你从小的一端数起了：用这样的阈值，几乎每个窗口都会报警。",
            ),
        ),
        Pitfall(
            "two_sided",
            thresholds(lambda n, checks, a: -(-(2 * checks - a) * (n + 1) // (2 * checks))),
            text(
                "You halved the budget, as for a test on two sides. Only large scores raise an alarm here.",
                "你把预算对半分了，像双侧检验那样。这里只有大的分数才报警。",
            ),
        ),
        Pitfall(
            "between_two_scores",
            lambda scores, checks, budgets: [
                float(np.quantile(scores, 1 - a / checks)) for a in np.asarray(budgets)
            ],
            text(
                "`np.quantile` gives a value between two scores, describes the n old ones, and never says that none is large enough. "
                "The new score has n + 1 places.",
                "`np.quantile` 给出的是两个分数之间的值，描述的是 n 个旧分数，也从不会说“没有一个够大”。新分数有 n + 1 个位置。",
            ),
        ),
        Pitfall(
            "a_bell_curve",
            lambda scores, checks, budgets: [
                float(scores.mean() + bell(1 - a / checks) * scores.std())
                for a in np.asarray(budgets)
            ],
            text(
                "You assumed a normal distribution. These scores have a longer tail; take the threshold from the scores themselves.",
                "你假定了正态分布。这些分数的尾巴更长；阈值要取自分数本身。",
            ),
        ),
    ),
    hints=(
        text(
            "Put the new score among the n old ones. If nothing has changed, each of the n + 1 places is equally likely for it. How "
            "many places lie above the k-th smallest old score?",
            "把新分数放进 n 个旧分数里。如果什么都没变，它落在 n + 1 个位置中每一个的机会相同。第 k 小的旧分数之上有几个位置？",
        ),
        text(
            "There are `n + 1 − k` of them, so an alarm has the probability `(n + 1 − k)/(n + 1)`. This must be at most "
            "`α = alarms/checks`: solve for the smallest `k`.",
            "有 `n + 1 − k` 个，所以报警的概率是 `(n + 1 − k)/(n + 1)`。它不得超过 `α = alarms/checks`："
            "解出最小的 `k`。",
        ),
        text(
            "`k = ⌈(1 − α)(n + 1)⌉`; where `k > n` give `np.inf`. `np.sort(scores)[k - 1]`.",
            "`k = ⌈(1 − α)(n + 1)⌉`；若 `k > n`，给 `np.inf`。`np.sort(scores)[k - 1]`。",
        ),
    ),
    right={
        "numpy": (
            "def alarm_thresholds(scores, checks, budgets):\n"
            "    n, found = len(scores), []\n"
            "    for alarms in budgets:\n"
            "        k = math.ceil((1 - alarms / checks) * (n + 1))\n"
            "        found.append(np.inf if k > n else np.sort(scores)[k - 1])\n"
            "    return found\n",
            "def alarm_thresholds(scores, checks, budgets):\n"
            "    down = np.concatenate([[np.inf], np.sort(scores)[::-1]])\n"
            "    # exactly m of the n + 1 places lie above the m-th largest: the most that the budget allows\n"
            "    return np.array([down[int(np.floor(a * (len(scores) + 1) / checks))] for a in budgets])\n",
        )
    },
)


# 15.8 ---------------------------------------------------------------------------------------------


def draw_stream(rng):
    """Draw until no mistake gives the right rows by chance."""
    while True:
        drawn = draw_table(rng)
        right = usable_rows(**drawn)
        if not any(
            all(np.array_equal(a, b) for a, b in zip(right, pitfall.answer(**drawn), strict=True))
            for pitfall in PITFALLS_OF_ROWS
        ):
            return drawn


def draw_table(rng):
    n = 40
    taken = rng.permutation(n) * 0.5 + rng.uniform(0, 0.2, n)
    labelled = (
        taken
        + rng.choice([0.5, 1.5, 4.0, np.inf], n, p=[0.35, 0.25, 0.2, 0.2])
        + rng.uniform(0, 0.3, n)
    )
    now, window = (
        rng.integers(14 * 8, 16 * 8) / 8,
        rng.integers(7 * 8, 10 * 8) / 8,
    )  # exact in binary
    labelled[rng.integers(n)] = now  # a label that arrives at this very moment
    edge = rng.integers(n)
    taken[edge], labelled[edge] = now - window, now - 1  # a picture exactly as old as the window
    labelled = np.maximum(labelled, taken + 0.1)
    return {
        "taken": taken,
        "labelled": labelled,
        "now": float(now),
        "window": float(window),
        "judge": int(rng.integers(3, 6)),
    }


def usable_rows(
    taken,
    labelled,
    now,
    window,
    judge,
    *,
    know=None,
    recent=None,
    newest=True,
    apart=True,
    by="taken",
):
    known = (labelled <= now) if know is None else know(taken, labelled, now)
    young = (taken > now - window) if recent is None else recent(taken, labelled, now, window)
    rows = np.flatnonzero(known & young)
    clock = {"taken": taken, "labelled": labelled, "row": np.arange(len(taken))}[by]
    ordered = rows[np.argsort(clock[rows])]
    kept = ordered[-judge:] if newest else ordered[:judge]
    return np.sort(np.setdiff1d(rows, kept) if apart else rows), np.sort(kept)


def rows_with(**change):
    return lambda **given: usable_rows(**given, **change)


PITFALLS_OF_ROWS = (
    Pitfall(
        "labels_before_they_arrive",
        rows_with(know=lambda taken, labelled, now: taken <= now),
        text(
            "You used labels that had not arrived by `now`. In a replay of old data they lie in the table already; then, nobody knew them.",
            "你用了到 `now` 为止还没有送到的标签。回放旧数据时它们就在表里，可当时谁也不知道。",
        ),
    ),
    Pitfall(
        "everything_ever_labelled",
        rows_with(recent=lambda taken, labelled, now, window: taken > -np.inf),
        text(
            "Pictures older than the window were used: they show the scanner as it was.",
            "用了窗口之前的旧图片：它们反映的是扫描仪以前的样子。",
        ),
    ),
    Pitfall(
        "window_by_the_labels_date",
        rows_with(recent=lambda taken, labelled, now, window: labelled > now - window),
        text(
            "The window is about when a picture was *taken*, not when its label came.",
            "窗口看的是图片**拍摄**的时间，不是标签到达的时间。",
        ),
    ),
    Pitfall(
        "judged_on_the_oldest",
        rows_with(newest=False),
        text(
            "You judge on the oldest of them. The new model is to work next week: judge on the newest.",
            "你用其中最旧的来评判。新模型是为下周准备的：要用最新的来评判。",
        ),
    ),
    Pitfall(
        "judged_on_what_it_learned",
        rows_with(apart=False),
        text(
            "The rows to judge on are among those to train on.",
            "评判用的行也在训练用的行里。",
        ),
    ),
    Pitfall(
        "newest_by_place_in_the_table",
        rows_with(by="row"),
        text(
            "You took the last rows of the table. It is not sorted by time.",
            "你取了表格末尾的几行，可表格并不是按时间排的。",
        ),
    ),
    Pitfall(
        "newest_by_label",
        rows_with(by="labelled"),
        text(
            "You took those whose *labels* came last. An old picture with a late label is an old picture.",
            "你取了**标签**来得最晚的。标签来得晚的旧图片，还是旧图片。",
        ),
    ),
    Pitfall(
        "a_moment_too_old",
        rows_with(recent=lambda taken, labelled, now, window: taken >= now - window),
        text(
            "A picture taken exactly `window` weeks ago is too old: *less than* `window`.",
            "恰好 `window` 周之前拍的图片已经太旧：要**不到** `window` 周。",
        ),
    ),
    Pitfall(
        "a_moment_too_strict",
        rows_with(know=lambda taken, labelled, now: labelled < now),
        text("A label that arrives at `now` is there.", "恰好在 `now` 到达的标签是可用的。"),
    ),
)

ROWS = Exercise(
    id="15.8",
    title=text("What may the new model know?", "新模型可以知道什么"),
    points=3,
    objective="O6",
    function="usable_rows",
    draws=2,
    inputs=draw_stream,
    reference=usable_rows,
    comparator=equal(),
    tensors=False,
    parts={
        "0": text("the rows to train on", "用来训练的行"),
        "1": text("the rows to judge on", "用来评判的行"),
    },
    pitfalls=PITFALLS_OF_ROWS,
    hints=(
        text(
            "Two conditions, each about another clock: the label has arrived, the picture is recent.",
            "两个条件，各看一个时钟：标签已经到了；图片是近期的。",
        ),
        text(
            "`rows = np.flatnonzero((labelled <= now) & (taken > now - window))`.",
            "`rows = np.flatnonzero((labelled <= now) & (taken > now - window))`。",
        ),
        text(
            "Sort these rows by `taken[rows]`; the last `judge` are for judging, the others for training. Give both in rising order.",
            "按 `taken[rows]` 给这些行排序；最后 `judge` 行用来评判，其余用来训练。两者都按从小到大的次序给出。",
        ),
    ),
    right={
        "numpy": (
            "def usable_rows(taken, labelled, now, window, judge):\n"
            "    rows = [i for i in np.argsort(taken) if labelled[i] <= now and taken[i] > now - window]\n"
            "    return sorted(rows[:-judge]), sorted(rows[-judge:])\n",
            "def usable_rows(taken, labelled, now, window, judge):\n"
            "    usable = (now >= labelled) & (now - taken < window)\n"
            "    limit = np.sort(taken[usable])[-judge]\n"
            "    return np.where(usable & (taken < limit))[0], np.where(usable & (taken >= limit))[0]\n",
        )
    },
)

# 15.9 ---------------------------------------------------------------------------------------------

HUB = ManualExercise(
    id="15.9",
    title=text("Would you take this model?", "这个模型，你敢用吗"),
    points=3,
    objective="O6",
    rubric=(
        (
            1,
            text(
                "Code: a `.bin` pickle with `trust_remote_code=True` runs the publisher's program on the clinic's machine, and “main” "
                "is another file tomorrow (½ each; one with the remedy: safetensors, a pinned revision with its SHA-256, a sandbox).",
                "代码：`.bin` 是 pickle，加上 `trust_remote_code=True`，等于在诊所的机器上运行发布者的程序；“main” 明天可能就是另一个文件"
                "（各 ½ 分，其中之一须说出办法：safetensors、固定到带 SHA-256 的版本、沙箱）。",
            ),
        ),
        (
            1,
            text(
                "Evidence: 99.1 % without the number of pictures, an interval, a baseline, a split by patient, or a check that the "
                "test pictures were not in the training data (any two).",
                "证据：99.1% 没有说明图片数、区间、基线、是否按病人划分，也没有查测试图片是否混进了训练数据（任意两条）。",
            ),
        ),
        (
            1,
            text(
                "Rights and people: weights for research only cannot serve a clinic's business, and the data's origin and the "
                "patients' consent are unknown (½); the patients' pictures must not go to somebody else's free server; ask what it keeps and who "
                "is responsible (½).",
                "权利与人：仅限研究使用的权重不能用于诊所的业务，数据来源与患者是否同意也不清楚（½ 分）；不能把患者的照片发到别人的免费服务器上，"
                "要问清它留下什么、由谁负责（½ 分）。",
            ),
        ),
    ),
)

EXERCISES = (TABLE, SHIP, ANSWER, INTEGER, REQUESTS, QUEUE, THRESHOLD, ROWS, HUB)

QUIZZES = (
    Quiz(
        id="15.q1",
        question=text(
            "A colleague sends you `weights.pt`. What can happen when you call `pickle.load` on it?",
            "同事发来 `weights.pt`。对它调用 `pickle.load`，可能发生什么？",
        ),
        options=(
            Option(
                text("At worst an error message", "最坏不过是报错"),
                text(
                    "That is so for a table of numbers. A pickle is a list of instructions.",
                    "如果只是一张数表，那没错。可 pickle 是一串指令。",
                ),
            ),
            Option(
                text(
                    "Anything that you could do on this machine",
                    "凡是你在这台机器上能做的，都可能发生",
                ),
                text(
                    "Yes: it may call any function with any arguments, before you see a single weight.",
                    "对：在你看到任何一个权重之前，它就可以用任意参数调用任意函数。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Nothing, as long as I do not call the model", "只要不调用模型，就什么事也没有"
                ),
                text(
                    "The instructions run while the file is *read*.",
                    "这些指令在**读**文件的时候就执行了。",
                ),
            ),
        ),
    ),
    Quiz(
        id="15.q2",
        question=text(
            "The network's weights are rounded from 32 to 8 bits, and its intermediate results as well. What happens to accuracy on new "
            "pictures, what to the file?",
            "把网络的权重从 32 位舍入到 8 位，中间结果也一样。新图片上的准确率会怎样？文件呢？",
        ),
        options=(
            Option(
                text(
                    "Accuracy collapses, the file shrinks to a quarter",
                    "准确率崩溃，文件缩到四分之一",
                ),
                text(
                    "The file, yes. But a class is the largest of ten sums of many terms, and small errors largely cancel.",
                    "文件说对了。但类别取的是十个和里最大的，每个和有许多项，小误差大多互相抵消。",
                ),
            ),
            Option(
                text(
                    "Hardly any loss, about a quarter of the size", "几乎没有损失，大小约四分之一"
                ),
                text(
                    "Yes, here. Whether on your network, too, is something to be measured, not to be believed.",
                    "对，在这里是这样。你的网络是不是也这样，要测，不要信。",
                ),
                right=True,
            ),
            Option(
                text(
                    "No loss, the same size: it is only stored otherwise",
                    "没有损失，大小不变：只是换了存法",
                ),
                text(
                    "Rounding is a loss; what matters is how large it is.",
                    "舍入就是损失，问题在于有多大。",
                ),
            ),
        ),
    ),
    Quiz(
        id="15.q3",
        question=text(
            "A service works 0.4 s on each request and can take one at a time. Your test program sends a request, waits for the answer, "
            "sends the next: each takes 0.4 s. On Monday people arrive at random, two a second on average. What do they see?",
            "某服务处理每个请求要 0.4 秒，一次只能处理一个。你的测试程序发一个请求，等到回答再发下一个：每个都是 0.4 秒。"
            "周一，人们随机到来，平均每秒两个。他们等多久？",
        ),
        options=(
            Option(
                text("0.4 s each, as measured", "每个 0.4 秒，和测的一样"),
                text(
                    "The test program never came while somebody else was served. People do not wait for each other before they come.",
                    "测试程序从来不会在别人被服务时到来。可人们不会等别人办完了才来。",
                ),
            ),
            Option(
                text("Over a second on average: a queue builds up", "平均一秒多：会排队"),
                text(
                    "Yes. Four fifths of the time is taken, and random arrivals come in clusters. You will write the few lines that "
                    "compute it in exercise 15.6.",
                    "对。五分之四的时间都占满了，而随机到达总是一阵一阵的。练习 15.6 里，你将写出计算它的那几行。",
                ),
                right=True,
            ),
            Option(
                text("The queue grows without end", "队伍无限变长"),
                text(
                    "It would at more than 2.5 a second. At 2 it is long, but it ends.",
                    "每秒超过 2.5 个才会那样。每秒 2 个时，队伍会长，但有尽头。",
                ),
            ),
        ),
    ),
    Quiz(
        id="15.q4",
        question=text(
            "The scanner's lamp ages: white paper becomes a light grey, 40 of 255. You read the digits as before. And the model, "
            "which was right 19 times out of 20?",
            "扫描仪的灯老化了：白纸变成浅灰，255 级里的 40。你读数字毫无困难。那么原先二十个对十九个的模型呢？",
        ),
        options=(
            Option(
                text(
                    "Nothing changes: the digits are as clear as before", "没有变化：数字一样清楚"
                ),
                text(
                    "To you. The network has never seen a picture whose paper was not exactly 0.",
                    "那是对你。网络从没见过纸面不是恰好为 0 的图片。",
                ),
            ),
            Option(
                text(
                    "It is wrong again and again, and still sounds rather sure",
                    "一再答错，口气却仍然相当肯定",
                ),
                text(
                    "Something like this: the next cell shows both, accuracy and confidence.",
                    "差不多：准确率和置信度，下一个单元格都会显示。",
                ),
                right=True,
            ),
            Option(
                text("It refuses to answer", "它会拒绝回答"),
                text(
                    "A classifier always answers. Somebody has to watch what comes in.",
                    "分类器总会作答。所以要有人盯着输入。",
                ),
            ),
        ),
    ),
    Quiz(
        id="15.q5",
        question=text(
            "Weights are published under an MIT licence, the data they were trained on “for non-commercial research only”. May your firm "
            "sell a service built on them?",
            "某权重以 MIT 许可发布，而训练它的数据写着“仅限非商业研究”。你的公司能出售基于它的服务吗？",
        ),
        options=(
            Option(
                text("Yes: the weights are MIT", "可以：权重是 MIT"),
                text(
                    "MIT says what the publisher permits. Whether the publisher had the right to permit it is another question.",
                    "MIT 说的是发布者允许什么。至于发布者有没有权利允许，是另一个问题。",
                ),
            ),
            Option(
                text(
                    "The licence of the weights does not settle it: ask, and have the answer in writing",
                    "单凭权重的许可定不了：要去问，并留下书面答复",
                ),
                text(
                    "Yes. Code, weights and data each have their own terms, and countries differ on what training does to them.",
                    "对。代码、权重、数据各有各的条款；训练之后权利如何，各国也不一样。",
                ),
                right=True,
            ),
            Option(
                text("No, never", "绝对不行"),
                text(
                    "It may turn out so. But that is a lawyer's finding, not a file name's.",
                    "也许最后是这样。但那要由律师来判断，而不是看文件名。",
                ),
            ),
        ),
    ),
)
