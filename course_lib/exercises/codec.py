"""Values as JSON text and back, exactly: for the public data and across the sandbox's wall.

=================  ============================================================================
value              in JSON
=================  ============================================================================
number, bool,      itself; a float that JSON can't hold is ``{"float": "nan"}`` (inf, -inf)
text, None
list               a list
tuple              ``{"tuple": […]}``
dict               ``{"dict": [[key, value], …]}``: order kept, keys may be texts or whole numbers
array              ``{"array": base64, "dtype": "<f4", "shape": [2, 3]}``, bits exactly, C order
array of texts     ``{"texts": […], "shape": […]}``
=================  ============================================================================

There is no pickle anywhere, and :func:`decode` believes nothing: it may be given any text.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises.values import Value, texts_fit

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
MAX_BYTES = 4_000_000  # of JSON text
MAX_DEPTH = 16
MAX_PARTS = 200_000  # numbers, texts and containers outside arrays
MAX_DIMENSIONS = 16


class CodecError(CourseError):
    """Something is not a value, is too large, or a text does not hold one."""


def encode(value: Value) -> Any:
    """Turn a value into what :func:`json.dumps` takes. Raises :class:`CodecError`."""
    return _Encoder().encode(value, depth=0)


def decode(data: Any) -> Value:
    """Turn parsed JSON back into the value. Raises :class:`CodecError` for anything else."""
    return _Decoder().decode(data, depth=0)


def to_text(value: Value) -> str:
    """Turn a value into JSON text of at most ``MAX_BYTES``."""
    words = json.dumps(encode(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    _limit(len(words.encode("utf-8", "surrogatepass")))
    return words


def from_text(words: str | bytes) -> Value:
    """Turn JSON text back into the value; whatever is wrong with the text is a CodecError."""
    _limit(len(words))
    try:
        data = json.loads(words, parse_constant=_no_constant)
    except (ValueError, RecursionError, MemoryError) as error:
        raise CodecError(f"This is not a value in JSON: {type(error).__name__}.") from None
    return decode(data)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _limit(size: int) -> None:
    if size > MAX_BYTES:
        raise CodecError(
            f"The value takes {size:,} bytes; at most {MAX_BYTES:,} can be checked.",
            f"这个值有 {size:,} 字节，超过了可检查的上限 {MAX_BYTES:,} 字节。",
        )


def _refuse(en: str) -> CodecError:
    return CodecError(f"This can't be passed on as a value: {en}.")


class _Walk:
    """Counts parts and depth, so that no value and no text can use up memory or the stack."""

    def __init__(self) -> None:
        self.parts = 0

    def step(self, depth: int) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise _refuse(f"more than {MAX_PARTS:,} parts outside arrays")
        if depth > MAX_DEPTH:
            raise _refuse(f"nested more than {MAX_DEPTH} deep")


class _Encoder(_Walk):
    def encode(self, value: Value, depth: int) -> Any:
        self.step(depth)
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind is int:
            return _whole_number(value)
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, np.ndarray):
            return _encode_array(value)
        if isinstance(value, np.generic):
            return self.encode(value.item(), depth)
        if kind is list:
            return [self.encode(part, depth + 1) for part in value]
        if kind is tuple:
            return {"tuple": [self.encode(part, depth + 1) for part in value]}
        if kind is dict:
            return {"dict": [[_key(k), self.encode(part, depth + 1)] for k, part in value.items()]}
        raise _refuse(f"it holds a {kind.__name__}")


class _Decoder(_Walk):
    def decode(self, data: Any, depth: int) -> Value:
        self.step(depth)
        kind = type(data)
        if data is None or kind in (bool, str, float):
            return data
        if kind is int:
            return _whole_number(data)
        if kind is list:
            return [self.decode(part, depth + 1) for part in data]
        if kind is not dict:
            raise _refuse(f"it holds a {kind.__name__}")
        match data:
            case {"float": "nan" | "inf" | "-inf" as name, **rest} if not rest:
                return float(name)
            case {"tuple": list(parts), **rest} if not rest:
                return tuple(self.decode(part, depth + 1) for part in parts)
            case {"dict": list(pairs), **rest} if not rest:
                return self._decode_dict(pairs, depth)
            case {"array": str(words), "dtype": str(dtype), "shape": list(shape), **rest} if (
                not rest
            ):
                return _decode_array(words, dtype, shape)
            case {"texts": list(words), "shape": list(shape), **rest} if not rest:
                for word in words:
                    self.step(depth)
                    if type(word) is not str:
                        raise _refuse("an array of texts holds something else")
                if not texts_fit(words):
                    raise _refuse("an array of texts is too wide")
                return _shaped(np.array(words, dtype=np.str_), shape)
        raise _refuse("its form is unknown")

    def _decode_dict(self, pairs: list, depth: int) -> dict:
        if not all(type(pair) is list and len(pair) == 2 for pair in pairs):
            raise _refuse("a dictionary is not a list of pairs")
        decoded = {_key(key): self.decode(part, depth + 1) for key, part in pairs}
        if len(decoded) != len(pairs):
            raise _refuse("a dictionary has the same key twice")
        return decoded


def _whole_number(value: int) -> int:
    if not -(2**63) <= value < 2**64:
        raise _refuse("a whole number needs more than 64 bits")
    return value


def _key(key: Any) -> str | int:
    if isinstance(key, np.integer):
        key = int(key)
    if type(key) is str:
        return key
    if type(key) is int:
        return _whole_number(key)
    raise _refuse("the keys of a dictionary must be texts or whole numbers")


def _encode_array(value: np.ndarray) -> dict[str, Any]:
    plain = np.asarray(value)  # a subclass (a matrix, say) becomes an array
    if plain.dtype.kind == "U":
        return {"texts": plain.ravel().tolist(), "shape": list(plain.shape)}
    little = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in DTYPES:
        raise _refuse(f"it holds an array of {plain.dtype}")
    if little.nbytes > MAX_BYTES:
        _limit(little.nbytes)
    words = base64.b64encode(little.tobytes()).decode("ascii")
    return {"array": words, "dtype": little.dtype.str, "shape": list(little.shape)}


def _decode_array(words: str, dtype: str, shape: list) -> np.ndarray:
    if dtype not in DTYPES:
        raise _refuse("an array has an unknown dtype")
    try:
        raw = base64.b64decode(words, validate=True)
    except (binascii.Error, ValueError):
        raise _refuse("an array is not base64") from None
    kind = np.dtype(dtype)
    if len(raw) % kind.itemsize or (dtype == "|b1" and raw.strip(b"\0\1")):
        raise _refuse("an array's bytes don't fit its dtype")
    flat = np.frombuffer(raw, dtype=kind).astype(kind.newbyteorder("="))
    return _shaped(flat, shape)


def _shaped(flat: np.ndarray, shape: list) -> np.ndarray:
    sizes_fit = len(shape) <= MAX_DIMENSIONS and all(
        type(size) is int and 0 <= size <= MAX_BYTES for size in shape
    )
    if not sizes_fit or math.prod(shape) != flat.size:
        raise _refuse("an array's shape doesn't fit its content")
    return flat.reshape(shape)
