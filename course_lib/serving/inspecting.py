"""Look at a model file before it is loaded: what is it, and would loading it run somebody's code?

Nothing is loaded here. A pickle is read as the list of instructions that it is (``pickletools`` lists
them without following them); what it would import stands in them by name.
"""

from __future__ import annotations

import io
import json
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import sha256_of

# What a pickle of named tensors has to import; anything else is a program that loading would run.
TENSORS_ONLY = frozenset(
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        *(f"torch.{kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int",
                                              "Short", "Char", "Byte", "Bool")),
    }
)  # fmt: skip


@dataclass(frozen=True)
class FileReport:
    """What can be said of a model file without loading it.

    Attributes:
        kind: ``"safetensors"``, ``"pickle"``, ``"keras"``, ``"onnx or other"``.
        runs: The names that loading would import, or the layers with code in them: none in a safe one.
        sha256: The file's own name: the same digits, the same file.
        bytes: Its size.
    """

    kind: str
    runs: tuple[str, ...]
    sha256: str
    bytes: int

    @property
    def safe_to_load(self) -> bool:
        """Whether nothing was found that loading would run. Not whether the model is any good."""
        return not self.runs


def inspect_file(path: str | Path) -> FileReport:
    """Say what a model file is, by its bytes and not by its name.

    Raises:
        CourseError: Where there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"There is no model file {path}.", f"没有模型文件 {path}。")
    kind, runs = _kind_of(path)
    return FileReport(kind, tuple(sorted(runs)), sha256_of(path), path.stat().st_size)


def _kind_of(path: Path) -> tuple[str, set[str]]:
    with open(path, "rb") as file:
        start = file.read(10)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "config.json" in names and "metadata.json" in names:
                return "keras", lambdas_in(json.loads(archive.read("config.json")))
            pickled = [name for name in names if name.endswith(".pkl")]
            found = set().union(*(imports_of(archive.read(name)) for name in pickled))
            return "pickle" if pickled else "onnx or other", found - TENSORS_ONLY
    if start[8:10] == b'{"':
        return "safetensors", set()
    if start[:1] == b"\x80":
        return "pickle", imports_of(path.read_bytes()) - TENSORS_ONLY
    return "onnx or other", set()


def imports_of(pickled: bytes) -> set[str]:
    """Give the names that pickles would import, ``module.name``, without following them.

    A name whose module is computed and not written (possible, and never innocent) is ``"?"``; so is what
    cannot be read to its end. Bytes after a whole pickle that begin none are data, as old files have them.
    """
    found: set[str] = set()
    whole = 0
    stream = io.BytesIO(pickled)
    while stream.tell() < len(pickled):  # several may stand in a row
        strings: list[str] = []
        begun = False
        try:
            for code, argument, _ in pickletools.genops(stream):
                begun = True
                if code.name in ("GLOBAL", "INST"):
                    found.add(str(argument).replace(" ", "."))
                elif code.name == "STACK_GLOBAL":
                    found.add(".".join(strings[-2:]) if len(strings) > 1 else "?")
                elif "UNICODE" in code.name or "STRING" in code.name:
                    strings.append(str(argument))
                elif code.name in ("BINGET", "LONG_BINGET", "GET"):
                    strings.append("?")  # taken from memory: what it is, only running would tell
        except Exception:  # genops raises what it likes
            return found | ({"?"} if begun or not whole else set())
        whole += 1
    return found


def lambdas_in(config: object) -> set[str]:
    """Give the layers of a Keras configuration that hold code as bytes."""
    if isinstance(config, dict):
        own = {"keras.layers.Lambda"} if config.get("class_name") == "Lambda" else set()
        return own.union(*(lambdas_in(part) for part in config.values()))
    if isinstance(config, list):
        return set().union(*(lambdas_in(part) for part in config))
    return set()
