"""Which model is in service: a shelf of releases that never change, and one small file that names the current one.

What changes is only that file, written in one step: whoever reads it finds the old name or the new one,
never half of either, and going back is writing the former name. Nothing is released that does not answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import sha256_of, write_atomically
from course_lib.serving.models import card_of, load_service
from course_lib.serving.service import Service


@dataclass(frozen=True)
class Releases:
    """A folder of releases.

    Attributes:
        folder: Made where it is not there yet.
    """

    folder: Path

    def add(self, model: str | Path) -> str:
        """Put a model file, and the card beside it, on the shelf; give its version. Nothing is released.

        Args:
            model: A file of ``export_onnx`` or ``save_model``.
        """
        model = Path(model)
        if not model.is_file():
            raise CourseError(f"There is no model file {model}.", f"没有模型文件 {model}。")
        version = sha256_of(model)[:12]
        kept = self.folder / f"{version}{model.suffix}"
        self.folder.mkdir(parents=True, exist_ok=True)
        if card_of(model).is_file():
            write_atomically(card_of(kept), card_of(model).read_bytes())
        write_atomically(kept, model.read_bytes())
        return version

    def release(self, version: str) -> Service:
        """Make a version the current one, if it answers; give a service of it.

        Raises:
            CourseError: Where it is not on the shelf, has changed there, or does not answer. The
                version that is in service stays so.
        """
        service = self._open(version)
        self._write([*self.history(), version])
        return service

    def roll_back(self) -> Service:
        """Make the version before the current one the current one again; give a service of it."""
        past = self.history()
        if len(past) < 2:
            raise CourseError(
                "There is no earlier release to go back to.", "没有更早的版本可以退回。"
            )
        service = self._open(past[-2])
        self._write(past[:-1])
        return service

    def current(self) -> Service:
        """Give a service of the version in use, such as after a restart."""
        past = self.history()
        if not past:
            raise CourseError("Nothing has been released yet.", "还没有发布过任何版本。")
        return self._open(past[-1])

    def history(self) -> list[str]:
        """Give the versions as they were released, the current one last."""
        try:
            return list(json.loads((self.folder / "released.json").read_text("utf-8")))
        except FileNotFoundError:
            return []

    def _write(self, versions: list[str]) -> None:
        write_atomically(self.folder / "released.json", json.dumps(versions))

    def _open(self, version: str) -> Service:
        kept = [p for p in self.folder.glob("*") if p.suffix in (".onnx", ".safetensors")]
        found = {path.stem: path for path in kept}.get(version)
        if found is None:
            raise CourseError(f"There is no release {version}.", f"没有版本 {version}。")
        if sha256_of(found)[:12] != version:
            raise CourseError(
                f"{found} has changed since it was put there.", f"{found} 放进来之后变过了。"
            )
        return load_service(found)
