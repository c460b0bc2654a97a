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
        kind: ``"safetensors"``, ``"pickle"``, ``"keras"``, ``"onnx"``, ``"zip"`` or ``"unknown"``.
        runs: The names that loading would import, or the layers with code in them: none in a safe one.
            ``"?"`` stands for what cannot be told, such as anything in a file of unknown kind.
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
    start = path.open("rb").read(10)
    if zipfile.is_zipfile(path):
        kind, runs = _kind_of_zip(path)
        # A zip may stand behind something else: who reads from the front meets that.
        return (kind, runs) if start[:2] == b"PK" else ("unknown", runs | {"?"})
    if _is_safetensors(path, start):
        return "safetensors", set()
    if start[:1] == b"\x80":
        return "pickle", imports_of(path.read_bytes()) - TENSORS_ONLY
    if start[:1] == b"\x08" and start[2:3] in (
        b"\x12",
        b"\x1a",
        b"\x22",
        b"\x2a",
        b"\x3a",
        b"\x42",
    ):
        return "onnx", set()  # its version, then another of its fields
    found = imports_of(path.read_bytes())  # the oldest pickles begin like any text
    return ("pickle", found - TENSORS_ONLY) if found - {"?"} else ("unknown", {"?"})


def _kind_of_zip(path: Path) -> tuple[str, set[str]]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "config.json" in names and "metadata.json" in names:
            return "keras", lambdas_in(json.loads(archive.read("config.json")))
        pickled = [name for name in names if name.endswith(".pkl")]
        found = set().union(*(imports_of(archive.read(name)) for name in pickled))
        return ("pickle", found - TENSORS_ONLY) if pickled else ("zip", {"?"})


def _is_safetensors(path: Path, start: bytes) -> bool:
    """Say whether a file is a header's length, that much JSON, and numbers."""
    length = int.from_bytes(start[:8], "little")
    if start[8:9] != b"{" or length > path.stat().st_size - 8:
        return False
    try:
        with path.open("rb") as file:
            return isinstance(json.loads(file.read(8 + length)[8:]), dict)
    except (ValueError, RecursionError):
        return False


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
