"""Arrays to the framework's tensors, and whatever a student returns back to plain values.

Only the framework that is in use is ever imported: what a student returns can be a torch tensor
only if torch was imported already, so its module is looked up and never loaded.
"""

from __future__ import annotations

import inspect
import numbers
import sys
from collections import deque
from collections.abc import Iterator, KeysView, Mapping, Set, ValuesView
from typing import Any

import numpy as np

from course_lib.exercises.codec import MAX_DEPTH, MAX_PARTS
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.values import Value

MAX_ARRAY_BYTES = 2_500_000  # all arrays of one answer together


def to_tensors(value: Value, framework: str) -> Any:
    """Copy a value, its arrays as tensors of ``"pytorch"`` or ``"keras"`` (``"numpy"``: arrays).

    float64 becomes float32, in which both frameworks compute; arrays of texts stay arrays.
    """
    if isinstance(value, np.ndarray):
        copy = value.copy()
        if framework == "numpy" or copy.dtype.kind == "U":
            return copy
        if copy.dtype == np.float64:
            copy = copy.astype(np.float32)
        return _torch_tensor(copy) if framework == "pytorch" else _keras_tensor(copy)
    if isinstance(value, dict):
        return {key: to_tensors(part, framework) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(to_tensors(part, framework) for part in value)
    return value


def to_plain(returned: Any) -> Value:
    """Turn what a student's function returned into a value of plain arrays and numbers.

    Accepts arrays, tensors and variables of any framework, scalars, lists, tuples, sets and
    mappings of these. Raises :class:`AnswerError` with a sentence for everything else.
    """
    return _Plain().convert(returned, depth=0)


def _torch_tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(array)


def _keras_tensor(array: np.ndarray) -> Any:
    import keras

    if keras.backend.backend() == "jax" and array.dtype.itemsize == 8:
        array = array.astype(array.dtype.str[1:-1] + "4")  # JAX has no 64 bits, and warns of it
    return keras.ops.convert_to_tensor(array, dtype=str(array.dtype))


class _Plain:
    """Converts one answer and keeps count of its size, whatever it is made of."""

    def __init__(self) -> None:
        self.parts = 0
        self.bytes = 0

    def convert(self, part: Any, depth: int) -> Value:
        self.parts += 1
        if self.parts > MAX_PARTS or depth > MAX_DEPTH:
            raise too_large()
        if part is None or isinstance(part, bool | str):
            return part if part is None or isinstance(part, bool) else str(part)
        if isinstance(part, np.ndarray | np.generic) or is_tensor(part):
            return self._array(part)
        if isinstance(part, numbers.Integral):
            return self._whole(int(part))
        if isinstance(part, numbers.Real):
            return float(part)
        if isinstance(part, Mapping):
            return {self._key(key): self.convert(value, depth + 1) for key, value in part.items()}
        if isinstance(part, tuple):
            return tuple(self.convert(item, depth + 1) for item in part)
        if isinstance(part, Set | KeysView) and not isinstance(part, list):
            # A set has no order of its own; a fixed one keeps messages the same from run to run.
            return [self.convert(item, depth + 1) for item in sorted(part, key=repr)]
        if isinstance(part, list | deque | range | ValuesView):
            return [self.convert(item, depth + 1) for item in part]
        return self._last_resort(part)

    def _array(self, part: Any) -> Value:
        is_scalar = isinstance(part, np.generic)
        self._count(part)
        array = (
            np.asarray(part) if isinstance(part, np.ndarray | np.generic) else _from_tensor(part)
        )
        array = _plain_array(array)
        return array.item() if is_scalar else array

    def _count(self, part: Any) -> None:
        """Look at the size before anything is copied: a broadcast tensor can claim terabytes."""
        shape = getattr(part, "shape", ())
        try:
            self.bytes += int(np.prod([int(size) for size in shape], dtype=object)) * 8
        except (
            TypeError,
            ValueError,
        ):  # a shape with unknown sizes: converting will say what it is
            return
        if self.bytes > 2 * MAX_ARRAY_BYTES:
            raise too_large(tuple(shape))

    def _whole(self, value: int) -> int:
        if not -(2**63) <= value < 2**64:
            raise too_large()
        return value

    def _key(self, key: Any) -> str | int:
        if isinstance(key, str):
            return str(key)
        if isinstance(key, numbers.Integral) and not isinstance(key, bool):
            return self._whole(int(key))
        raise _not_a_value(key, "as a key of a dictionary", "作为字典的键")

    def _last_resort(self, part: Any) -> Value:
        if inspect.iscoroutine(part) or isinstance(part, Iterator):
            raise AnswerError(
                "lazy",
                f"Your function returns a {type(part).__name__}, which makes its values only when "
                "they are asked for. Wrap it in list(…) before returning it.",
                f"你的函数返回的是 {type(part).__name__}，它要等到被遍历时才产生数值。"
                "请先用 list(…) 把它变成列表再返回。",
            )
        if inspect.isroutine(part):
            name = getattr(part, "__name__", "")
            raise AnswerError(
                "not_a_value",
                f"Your function returns the function {name} itself, not its result. "
                "Are the parentheses missing?",
                f"你的函数返回的是函数 {name} 本身，而不是它的结果。是不是漏了括号？",
            )
        if hasattr(part, "__array__") and not isinstance(part, type):
            try:
                return self._array(np.asarray(part))
            except AnswerError:
                raise
            except Exception:
                raise _not_a_value(part) from None
        raise _not_a_value(part)


def _loaded(module: str) -> Any:
    """Give a module that somebody has imported already, else None."""
    return sys.modules.get(module)


def is_tensor(part: Any) -> bool:
    """Say whether something is a tensor or a variable of one of the frameworks."""
    torch, keras, tf, jax = map(_loaded, ("torch", "keras", "tensorflow", "jax"))
    return bool(
        (hasattr(torch, "Tensor") and isinstance(part, torch.Tensor))
        or (hasattr(keras, "KerasTensor") and isinstance(part, (keras.KerasTensor, keras.Variable)))
        or (hasattr(tf, "Variable") and isinstance(part, (tf.Tensor, tf.Variable, tf.SparseTensor)))
        or (hasattr(jax, "Array") and isinstance(part, jax.Array))
    )


def _from_tensor(tensor: Any) -> np.ndarray:
    torch = _loaded("torch")
    try:
        if hasattr(torch, "Tensor") and isinstance(tensor, torch.Tensor):
            return _from_torch(tensor)
        return _from_keras(tensor)
    except AnswerError:
        raise
    except Exception as error:
        raise _without_numbers(type(tensor).__name__) from error


def _from_torch(tensor: Any) -> np.ndarray:
    if tensor.device.type == "meta":
        raise AnswerError(
            "lazy",
            "Your function returns a tensor on the device 'meta': it has a shape, but no numbers. "
            "Compute on the inputs' own device.",
            "你的函数返回了位于 'meta' 设备上的张量：它只有形状，没有数值。请在输入所在的设备上计算。",
        )
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    if tensor.is_floating_point() and tensor.element_size() < 4:
        tensor = tensor.float()  # bfloat16 has no counterpart in NumPy
    return tensor.numpy().copy()


def _from_keras(tensor: Any) -> np.ndarray:
    torch, keras, tf = map(_loaded, ("torch", "keras", "tensorflow"))
    if hasattr(keras, "KerasTensor") and isinstance(tensor, keras.KerasTensor):
        raise _without_numbers("KerasTensor")
    if hasattr(keras, "Variable") and isinstance(tensor, keras.Variable):
        tensor = tensor.value
        if hasattr(torch, "Tensor") and isinstance(tensor, torch.Tensor):
            return _from_torch(tensor)
    if hasattr(tf, "SparseTensor") and isinstance(tensor, tf.SparseTensor):
        tensor = tf.sparse.to_dense(tensor)
    array = np.array(tensor.numpy() if hasattr(tensor, "numpy") else tensor)
    return array.astype(np.float32) if array.dtype.name in ("bfloat16", "float16") else array


def _plain_array(array: np.ndarray) -> np.ndarray:
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise _not_a_value(array, "with masked entries", "（含被遮盖的元素）")
    plain = np.array(array, subok=False)
    if plain.dtype == np.longdouble:
        plain = plain.astype(np.float64)
    if plain.dtype.kind == "O":
        raise AnswerError(
            "not_a_value",
            "Your function returns an array of Python objects, which is what NumPy makes of rows "
            "of different lengths. Give all rows one length, or return a list.",
            "你的函数返回了由 Python 对象组成的数组；各行长度不一时，NumPy 就会生成这种数组。"
            "请让各行等长，或者返回列表。",
        )
    if plain.dtype.kind not in "biufU":
        raise _not_a_value(array, f"of {plain.dtype}", f"（{plain.dtype}）")
    if plain.nbytes > MAX_ARRAY_BYTES:
        raise too_large(plain.shape)
    return plain


def _without_numbers(kind: str) -> AnswerError:
    return AnswerError(
        "lazy",
        f"Your function returns a {kind} that stands for a computation and holds no numbers yet. "
        "Call the model or the operation on the inputs that your function was given.",
        f"你的函数返回的 {kind} 只是一个计算的占位符，里面还没有数值。请对函数收到的输入真正执行这一步计算。",
    )


def too_large(shape: tuple[int, ...] | None = None) -> AnswerError:
    """Give the problem of an answer that is far larger than any exercise asks for."""
    en = f" (shape {tuple(map(int, shape))})" if shape else ""
    zh = f"（形状 {tuple(map(int, shape))}）" if shape else ""
    return AnswerError(
        "too_large",
        f"Your function returns far more than this exercise asks for{en}. "
        "Print the shape of what you return: did two arrays broadcast against each other?",
        f"你的函数返回的内容远远超出本题的要求{zh}。请打印返回值的形状：是不是两个数组之间发生了意外的广播？",
    )


def _not_a_value(part: Any, how_en: str = "", how_zh: str = "") -> AnswerError:
    kind = type(part).__name__
    return AnswerError(
        "not_a_value",
        f"Your function returns an object of type {kind}{' ' + how_en if how_en else ''}. "
        "Return numbers, arrays or tensors, or a list, tuple or dictionary of these.",
        f"你的函数返回了 {kind} 类型的对象{how_zh}。"
        "请返回数、数组或张量，或者由它们组成的列表、元组或字典。",
    )
