"""Published models that the chapter can use: where they are, at which revision, under which licence.

A revision is a commit: the same files for everybody, today and next year. Only safetensors and plain
text are taken: a pickle could run code, and so could a model's own Python files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.paths import data_dir

# What is fetched, and nothing else. CLIP's repository holds its weights twice: ``open_clip_model`` is
# for another library.
PICKLES = ("*.bin", "*.pt", "*.pth")
FILES = ("model*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True)
class PublishedModel:
    """One model of the catalogue.

    Attributes:
        name: What the course calls it.
        kind: ``"image-text"``, ``"image"`` or ``"language"``.
        repository: Its name at the Hugging Face hub.
        revision: The commit that was pinned.
        licence: Of the weights, as the model's card states it.
        megabytes: To be fetched, about.
        learned_from: What its makers say of the data.
    """

    name: str
    kind: str
    repository: str
    revision: str
    licence: str
    megabytes: int
    learned_from: str


CATALOGUE = {
    model.name: model
    for model in (
        PublishedModel(
            "clip", "image-text", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            "1a25a446712ba5ee05982a381eed697ef9b435cf", "MIT", 605,
            "LAION-2B: two thousand million pictures of the web with their English captions",
        ),
        PublishedModel(
            "dinov2", "image", "facebook/dinov2-small",
            "ed25f3a31f01632728cabb09d1542f84ab7b0056", "Apache-2.0", 88,
            "LVD-142M: 142 million pictures without labels, chosen to be like curated data sets",
        ),
        PublishedModel(
            "gpt2", "language", "openai-community/gpt2",
            "607a30d783dfa663caf39e06633721c8d4cfcd7e", "MIT", 548,
            "WebText: English pages linked from Reddit, never published",
        ),
        PublishedModel(
            "qwen", "language", "Qwen/Qwen2.5-0.5B",
            "060db6499f32faf8b98477b0a26969ef7d8b9987", "Apache-2.0", 988,
            "Chinese, English and 27 other languages or more; the text was not published",
        ),
    )
}  # fmt: skip


def describe_catalogue() -> str:
    """Give the catalogue as a table."""
    rows = [("name", "kind", "licence", "MB", "revision")]
    rows += [
        (m.name, m.kind, m.licence, str(m.megabytes), m.revision[:8]) for m in CATALOGUE.values()
    ]
    return "\n".join(f"{a:<8}{b:<12}{c:<12}{d:>5}  {e}" for a, b, c, d, e in rows)


def require_known(name: str) -> PublishedModel:
    """Give a model of the catalogue by its name."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    known = ", ".join(CATALOGUE)
    raise CourseError(
        f"There is no published model {name!r} in the catalogue: it has {known}.",
        f"目录里没有叫 {name!r} 的公开模型，现有：{known}。",
    )


def folder_of(name: str, folder: str | Path | None = None) -> Path:
    """Give the folder with a model's files, checked: a configuration and weights as safetensors.

    Args:
        name: Of the catalogue.
        folder: Where the files are; the course's own data folder unless given.

    Raises:
        CourseError: One sentence, when something is missing: what, and what to do.
    """
    model = require_known(name)
    path = data_dir() / "models" / model.name if folder is None else Path(folder)
    if not (path / "config.json").is_file():
        raise CourseError(
            f"The model {name} is not in {path}: with a network, run "
            f"`python -m course_lib.foundation {name}` ({model.megabytes} MB), or copy its files there; "
            "the exercises run on the course's own small models without it.",
            f"{path} 里没有模型 {name}：有网络时请运行 `python -m course_lib.foundation {name}`"
            f"（{model.megabytes} MB），或把文件复制到那里；没有它，练习也能用课程自带的小模型完成。",
        )
    if not any(path.glob("model*.safetensors")):
        if not any(each for pattern in PICKLES for each in path.glob(pattern)):
            raise unreadable(name, path, "model.safetensors")
        raise CourseError(
            f"The weights in {path} are not safetensors: the course opens no pickles "
            "(*.bin, *.pt, *.pth), since a pickle may run any code.",
            f"{path} 里的权重不是 safetensors：课程不打开 pickle 文件（*.bin、*.pt、*.pth），因为它可以运行任意代码。",
        )
    return path


def fetch(name: str, folder: str | Path | None = None) -> Path:
    """Fetch a model's files at its pinned revision; give their folder. Only on request, never by itself.

    Where huggingface.co cannot be reached, set ``HF_ENDPOINT`` to a mirror's address first.

    Raises:
        CourseError: One sentence, when the optional part or the network is missing.
    """
    model = require_known(name)
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise missing_part() from None
    path = data_dir() / "models" / model.name if folder is None else Path(folder)
    try:
        snapshot_download(
            model.repository, revision=model.revision, allow_patterns=list(FILES), local_dir=path
        )
    except Exception as error:  # its own and requests', httpx' and the system's errors
        raise CourseError(
            f"{model.repository} could not be fetched ({type(error).__name__}): look at the network, or "
            "set HF_ENDPOINT to a mirror, or copy the files from another machine.",
            f"没能下载 {model.repository}（{type(error).__name__}）：请检查网络，或把 HF_ENDPOINT 设成镜像地址，"
            "或从别的机器复制文件。",
        ) from error
    return folder_of(name, path)


def unreadable(name: str, path: Path, what: str) -> CourseError:
    """Say that a model's folder is incomplete or damaged.

    Args:
        what: A file's name, or the kind of error that opening it gave.
    """
    return CourseError(
        f"The files of {name} in {path} are incomplete or damaged ({what}): delete this folder, and run "
        f"`python -m course_lib.foundation {name}` again.",
        f"{path} 里 {name} 的文件不完整或已损坏（{what}）：请删除这个文件夹，再运行一次 "
        f"`python -m course_lib.foundation {name}`。",
    )


def missing_part() -> CourseError:
    """Say that the optional part is not installed, and how to install it."""
    return CourseError(
        "Published models need the optional part `foundation`: run "
        '`python -m pip install "transformers>=4.57" torch` in the course\'s environment; the exercises '
        "run without it.",
        '公开模型需要可选部分 foundation：请在课程的环境里运行 `python -m pip install "transformers>=4.57" torch`；'
        "没有它，练习照样能做。",
    )
