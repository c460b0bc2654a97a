"""How the files of each data set in ``catalogue.toml`` become arrays: ``reader(files, part, size, classes)``.

One line for most of them: the formats are in :mod:`course_lib.data.formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from course_lib.archives import damaged, members
from course_lib.data import formats
from course_lib.data.formats import Arrays
from course_lib.data.pictures import middle
from course_lib.data.ratings import as_arrays, read_movielens

Files = Mapping[str, Path]  # where each file of a data set lies, by its name
Classes = tuple[str, ...]
Reader = Callable[[Files, str, int, Classes], Arrays]

SECOND = 16_000  # samples of one second in Speech Commands


def _only(files: Files) -> Path:
    (path,) = files.values()
    return path


def _one_in(path: Path, name: str) -> bytes:
    """Give the one file of an archive whose name ends so."""
    found = [content for _, content in members(path, wanted=lambda each: each.endswith(name))]
    if len(found) != 1:
        raise damaged(path)
    return found[0]


def _idx(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    images, labels = sorted(files)  # "images" comes before "labels"
    return formats.read_idx_pair(files[images], files[labels])


def _usps(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.read_libsvm(_only(files), side=size)


def _svhn(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.read_mat(_only(files))


def _cifar(label: bytes) -> Reader:
    def read(files: Files, part: str, size: int, classes: Classes) -> Arrays:
        return formats.read_cifar(_only(files), part, label=label)

    return read


def _medmnist(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.read_npz(_only(files), part)


def _hymenoptera(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    folder = {"train": "train", "test": "val"}[part]
    below = f"hymenoptera_data/{folder}"
    return formats.read_pictures(_only(files), below=below, classes=classes, size=size)


def _office31(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    below = f"{part}/images"
    return formats.read_pictures(_only(files), below=below, classes=classes, size=size)


def _eurosat(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    # All have one size already: nothing is cut off.
    return formats.read_pictures(_only(files), below="2750", classes=classes, size=size, cut=middle)


def _pets(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    """Read Oxford's pets: pictures in one archive, which of them belong to a part in another."""
    lists = {"train": "annotations/trainval.txt", "test": "annotations/test.txt"}
    content = _one_in(files["annotations.tar.gz"], lists[part])
    lines = content.decode("ascii", "replace").splitlines()
    pictures = [line.split()[0] for line in lines if line.strip()]  # such as Maine_Coon_12
    breeds = [picture.rpartition("_")[0] for picture in pictures]
    if not set(breeds) <= set(classes):
        raise damaged(files["annotations.tar.gz"])
    labels = {
        f"images/{picture}.jpg": classes.index(breed)
        for picture, breed in zip(pictures, breeds, strict=True)
    }
    return formats.read_listed_pictures(files["images.tar.gz"], labels, size=size)


def _sms(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.texts_of(formats.read_lines(_one_in(_only(files), "SMSSpamCollection")), classes)


def _sst2(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    name = {"train": "train.tsv", "test": "dev.tsv"}[part]  # the labels of its own test are secret
    content = _one_in(_only(files), f"SST-2/{name}")
    return formats.texts_of(formats.read_lines(content, label=1, text=0), ("0", "1"))


def _imdb(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.read_texts(_only(files), below=f"aclImdb/{part}", classes=("neg", "pos"))


def _chnsenticorp(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    name = {"train": "train.tsv", "test": "dev.tsv"}[part]
    content = _one_in(_only(files), f"ChnSentiCorp/{name}")
    first = 0 if part == "train" else 1
    return formats.texts_of(formats.read_lines(content, label=first, text=first + 1), ("0", "1"))


def _phrases(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    content = _one_in(_only(files), "FinancialPhraseBank-v1.0/Sentences_75Agree.txt")
    return formats.texts_of(formats.read_marked(content.decode("latin-1")), classes)


def _films(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return as_arrays(read_movielens(_only(files)))


def _mini_commands(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    return formats.read_sounds(_only(files), classes=classes, samples=SECOND)


def _commands(files: Files, part: str, size: int, classes: Classes) -> Arrays:
    """The publisher lists which files are for validation and for testing; all others are for training."""
    path = _only(files)
    lists = {"validation": "validation_list.txt", "test": "testing_list.txt"}
    named = {
        name.rpartition("/")[2]: set(content.decode("utf-8").split())
        for name, content in members(
            path, wanted=lambda each: each.rpartition("/")[2] in lists.values()
        )
    }
    if len(named) < len(lists):
        raise damaged(path)
    held_out = set().union(*named.values())
    listed = held_out if part == "train" else named[lists[part]]
    return formats.read_sounds(
        path,
        classes=classes,
        samples=SECOND,
        wanted=lambda name: (name in listed) != (part == "train"),
    )


READERS: dict[str, Reader] = {
    "mnist": _idx,
    "fashion_mnist": _idx,
    "usps": _usps,
    "svhn": _svhn,
    "cifar10": _cifar(b"labels"),
    "cifar100": _cifar(b"fine_labels"),
    "hymenoptera": _hymenoptera,
    "office31": _office31,
    "pets": _pets,
    "pneumoniamnist": _medmnist,
    "bloodmnist": _medmnist,
    "breastmnist": _medmnist,
    "eurosat": _eurosat,
    "mini_speech_commands": _mini_commands,
    "speech_commands": _commands,
    "sms_spam": _sms,
    "sst2": _sst2,
    "imdb": _imdb,
    "chnsenticorp": _chnsenticorp,
    "financial_phrasebank": _phrases,
    "movielens_small": _films,
    "movielens_1m": _films,
}
