"""Published models, opened from a local folder: pictures and texts in, NumPy arrays out.

They are computed by ``transformers`` in PyTorch, whichever edition asks. Opening takes safetensors
only, runs no code that came with the files, and never touches the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.foundation.published import folder_of, missing_part, unreadable

BATCH = 32
SAFE = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class ImageText:
    """A pair of published towers, such as CLIP."""

    model: Any
    tokenizer: Any
    preparation: dict[str, Any]

    def images(self, x: np.ndarray) -> np.ndarray:
        """Give pictures' outputs, N×D, for uint8 N×H×W×C (C is 1 or 3)."""
        ask = self.model.get_image_features
        return _in_batches(lambda part: ask(pixel_values=_pixels(part, self.preparation)), x)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Give texts' outputs, N×D."""

        def ask(part: list[str]) -> Any:
            inputs = self.tokenizer(part, padding=True, truncation=True, return_tensors="pt")
            names = ("input_ids", "attention_mask")
            return self.model.get_text_features(**{name: inputs[name] for name in names})

        return _in_batches(ask, list(texts))


@dataclass(frozen=True)
class ImageFeatures:
    """A published backbone for pictures, such as DINOv2."""

    model: Any
    preparation: dict[str, Any]

    def images(self, x: np.ndarray) -> np.ndarray:
        """Give the class token's features, N×D, for uint8 N×H×W×C (C is 1 or 3)."""
        return _in_batches(lambda part: self.model(_pixels(part, self.preparation)), x)


@dataclass(frozen=True)
class Language:
    """A published language model, such as GPT-2 or Qwen."""

    model: Any
    tokenizer: Any

    def bits_per_character(self, texts: Sequence[str]) -> float:
        r"""Give :math:`-\sum \log_2 p / \text{characters}`: comparable whatever the tokens are.

        The first token of each text is given, not guessed; its characters count all the same.
        """
        import torch

        total, characters = 0.0, 0
        for text in texts:
            tokens = torch.tensor([self.tokenizer(text)["input_ids"]])
            with torch.no_grad():
                log_p = self.model(tokens).logits[0, :-1].float().log_softmax(dim=-1)
            total -= float(log_p.gather(1, tokens[0, 1:, None]).sum())
            characters += len(text)
        return total / np.log(2) / characters

    def tokens_per_character(self, texts: Sequence[str]) -> float:
        """Give into how many tokens a character is cut: what a language costs."""
        tokens = sum(len(self.tokenizer(text)["input_ids"]) for text in texts)
        return tokens / sum(map(len, texts))


def load_image_text(name: str = "clip", folder: str | Path | None = None) -> ImageText:
    """Open published towers of pictures and texts; see :func:`~.published.folder_of` for errors."""
    path, library = folder_of(name, folder), _library()
    with _opening(name, path):
        model = library.CLIPModel.from_pretrained(path, use_safetensors=True, **SAFE)
        tokenizer = _tokenizer(library, path)
        return ImageText(model.eval(), tokenizer, _read(path))


def load_image_features(name: str = "dinov2", folder: str | Path | None = None) -> ImageFeatures:
    """Open a published backbone for pictures; see :func:`~.published.folder_of` for errors."""
    path, library = folder_of(name, folder), _library()
    with _opening(name, path):
        model = library.AutoModel.from_pretrained(path, use_safetensors=True, **SAFE)
        return ImageFeatures(model.eval(), _read(path))


def load_language(name: str = "gpt2", folder: str | Path | None = None) -> Language:
    """Open a published language model; see :func:`~.published.folder_of` for errors."""
    path, library = folder_of(name, folder), _library()
    with _opening(name, path):
        model = library.AutoModelForCausalLM.from_pretrained(path, use_safetensors=True, **SAFE)
        return Language(model.eval(), _tokenizer(library, path))


def _tokenizer(library: Any, path: Path) -> Any:
    """Open a tokenizer. transformers makes an empty one, without a word, where there are no files."""
    if not any((path / name).is_file() for name in ("tokenizer.json", "vocab.json")):
        raise FileNotFoundError("tokenizer.json")
    return library.AutoTokenizer.from_pretrained(path, **SAFE)


@contextmanager
def _opening(name: str, path: Path) -> Iterator[None]:
    """Say in one sentence that a file is missing, cut off or of another model."""
    try:
        yield
    except Exception as error:  # safetensors', tokenizers', JSON's and the system's own kinds
        raise unreadable(name, path, type(error).__name__) from error


def _library() -> Any:
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError:
        raise missing_part() from None
    transformers.logging.disable_progress_bar()  # it would stand red in the notebook
    return transformers


def _read(path: Path) -> dict[str, Any]:
    """Read how a model wants its pictures: side in pixels, mean and spread of the channels."""
    given = json.loads((path / "preprocessor_config.json").read_text(encoding="utf-8"))
    side = given.get("crop_size") or given["size"]
    side = side if isinstance(side, int) else side.get("height", side.get("shortest_edge"))
    return {"side": side, "mean": given["image_mean"], "std": given["image_std"]}


def _pixels(x: np.ndarray, preparation: dict[str, Any]) -> Any:
    """Bring uint8 N×H×W×C to the size and scale that the weights expect: a tensor N×3×S×S."""
    import torch

    images = torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2).float() / 255
    images = images.expand(-1, 3, -1, -1)
    side = (preparation["side"],) * 2
    images = torch.nn.functional.interpolate(images, side, mode="bicubic", antialias=True)
    mean, std = (torch.tensor(preparation[name])[:, None, None] for name in ("mean", "std"))
    return (images.clamp(0, 1) - mean) / std


def _in_batches(ask: Any, x: Any) -> np.ndarray:
    """Ask part by part, without gradients: float32, N×D."""
    import torch

    parts = []
    with torch.no_grad():
        for start in range(0, len(x), BATCH):
            found = ask(x[start : start + BATCH])
            parts.append(getattr(found, "pooler_output", found).numpy())
    return np.concatenate(parts).astype(np.float32)
