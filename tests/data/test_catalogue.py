"""Every name of the catalogue, from a tiny file in its publisher's format, through a server and ``data.load``."""

from __future__ import annotations

import bz2
import hashlib
import io
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from course_lib import data
from course_lib.data import remote
from course_lib.data.catalogue import REAL, TABLE, read_table
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from course_lib.text.glove import load_glove
from tests.conftest import require
from tests.data.test_formats import cifar, idx, jpeg, wav
from tests.odd_server import OddServer, odd_server
from tests.test_archives import make_tar, make_zip

RNG = np.random.default_rng(0)
RED, BLUE = (200, 10, 10), (10, 10, 200)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    return zipped(**files)


def tar_of(files: dict[str, bytes], folder: Path) -> bytes:
    return make_tar(folder / "made.tar.gz", files).read_bytes()


def _idx(prefix: str) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        images, labels = RNG.integers(0, 256, (3, 28, 28), np.uint8), np.array([3, 0, 9], np.uint8)
        return {
            f"{prefix}-{part}-{what}-ubyte.gz": idx(values)
            for part in ("train", "t10k")
            for what, values in (("images-idx3", images), ("labels-idx1", labels))
        }

    return make


def _usps(folder: Path) -> dict[str, bytes]:
    rows = RNG.uniform(-1, 1, (2, 256)).round(2)
    lines = [
        f"{label} " + " ".join(f"{k}:{value}" for k, value in enumerate(row, start=1))
        for label, row in zip((10, 1), rows, strict=True)
    ]
    content = bz2.compress("\n".join(lines).encode())
    return {"usps.bz2": content, "usps.t.bz2": content}


def _svhn(folder: Path) -> dict[str, bytes]:
    out = io.BytesIO()
    x = RNG.integers(0, 256, (32, 32, 3, 2), np.uint8)
    savemat(out, {"X": x, "y": np.array([[10], [3]], np.uint8)}, do_compression=True)
    return dict.fromkeys(("svhn_train_32x32.mat", "svhn_test_32x32.mat"), out.getvalue())


def _cifar(name: str, label: bytes) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        rows = RNG.integers(0, 256, (2, 3072), np.uint8)
        batch = cifar(rows, [1, 0]).replace(b"labels", label)
        if label != b"labels":
            batch = pickle.dumps({b"data": rows, label: [1, 0]}, protocol=3)
        ten = {"data_batch_1": batch, "test_batch": batch}
        files = ten if label == b"labels" else {"train": batch, "test": batch, "meta": b""}
        inside = {f"{name}/{each}": content for each, content in files.items()}
        return {f"{name.removesuffix('-batches-py')}": tar_of(inside, folder)}

    return make


def _cifar10(folder: Path) -> dict[str, bytes]:
    (content,) = _cifar("cifar-10-batches-py", b"labels")(folder).values()
    return {"cifar-10-python.tar.gz": content}


def _cifar100(folder: Path) -> dict[str, bytes]:
    (content,) = _cifar("cifar-100-python", b"fine_labels")(folder).values()
    return {"cifar-100-python.tar.gz": content}


def _hymenoptera(folder: Path) -> dict[str, bytes]:
    files = {
        f"hymenoptera_data/{part}/{name}/{k}.jpg": jpeg((60, 40), colour)
        for part in ("train", "val")
        for k, (name, colour) in enumerate((("ants", RED), ("bees", BLUE)))
    }
    return {"hymenoptera_data.zip": zip_of(files)}


def _office31(folder: Path) -> dict[str, bytes]:
    return {
        f"{part}.tgz": tar_of(
            {f"{part}/images/{name}/frame.jpg": jpeg((60, 40), RED) for name in ("mug", "bike")},
            folder,
        )
        for part in ("amazon", "dslr", "webcam")
    }


def _pets(folder: Path) -> dict[str, bytes]:
    names = ("pug_10", "Bengal_1")
    lines = b"pug_10 26 2 13\nBengal_1 6 1 2\n"
    pictures = {f"images/{name}.jpg": jpeg((60, 40), RED) for name in names}
    lists = dict.fromkeys(("annotations/trainval.txt", "annotations/test.txt"), lines)
    return {
        "images.tar.gz": tar_of(pictures, folder),
        "annotations.tar.gz": tar_of(lists, folder),
    }


def _medmnist(name: str, *shape: int) -> Callable[[Path], dict[str, bytes]]:
    def make(folder: Path) -> dict[str, bytes]:
        out = io.BytesIO()
        arrays: dict[str, np.ndarray] = {}
        for part in ("train", "val", "test"):
            arrays[f"{part}_images"] = RNG.integers(0, 256, (2, 28, 28, *shape), np.uint8)
            arrays[f"{part}_labels"] = np.array([[1], [0]])
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return {f"{name}.npz": out.getvalue()}

    return make


def _eurosat(folder: Path) -> dict[str, bytes]:
    files = {
        f"2750/{name}/{name}_1.jpg": jpeg((64, 64), colour)
        for name, colour in (("Forest", RED), ("River", BLUE))
    }
    return {"EuroSAT.zip": zip_of(files)}


def _sounds(folder: Path) -> dict[str, bytes]:
    sound = wav(np.arange(8_000, dtype="<i2"))
    return {f"{word}/{name}.wav": sound for word in ("yes", "no") for name in ("a", "b", "c")}


def _mini_commands(folder: Path) -> dict[str, bytes]:
    files = {f"mini_speech_commands/{name}": sound for name, sound in _sounds(folder).items()}
    return {"mini_speech_commands.zip": zip_of(files)}


def _commands(folder: Path) -> dict[str, bytes]:
    lists = {"validation_list.txt": b"no/b.wav\n", "testing_list.txt": b"yes/a.wav\nno/c.wav\n"}
    return {"speech_commands_v0.02.tar.gz": tar_of(lists | _sounds(folder), folder)}


def _sms(folder: Path) -> dict[str, bytes]:
    lines = 'ham\tSee you £5 "later\nspam\tWIN a prize\n'.encode()
    return {"smsspamcollection.zip": zip_of({"SMSSpamCollection": lines, "readme": b"about"})}


def _sst2(folder: Path) -> dict[str, bytes]:
    rows = b"sentence\tlabel\ndull \t0\na fine film \t1\n"
    return {"SST-2.zip": zip_of({"SST-2/train.tsv": rows, "SST-2/dev.tsv": rows})}


def _imdb(folder: Path) -> dict[str, bytes]:
    files = {
        f"aclImdb/{part}/{name}/0_3.txt": name.encode()
        for part in ("train", "test")
        for name in ("neg", "pos")
    }
    return {"aclImdb_v1.tar.gz": tar_of(files | {"aclImdb/train/unsup/0.txt": b"?"}, folder)}


def _chnsenticorp(folder: Path) -> dict[str, bytes]:
    train = 'label\ttext_a\n0\t很差\n1\t房间很好，"不错\n'.encode()
    dev = "qid\tlabel\ttext_a\n0\t0\t很差\n1\t1\t很好\n".encode()
    inside = {"train.tsv": train, "dev.tsv": dev}
    return {
        "ChnSentiCorp.zip": zip_of({f"ChnSentiCorp/ChnSentiCorp/{k}": v for k, v in inside.items()})
    }


def _phrases(folder: Path) -> dict[str, bytes]:
    rows = "Profit rose to EUR 3 mn .@positive\nSales fell .@negative\n".encode("latin-1")
    return {
        "FinancialPhraseBank-v1.0.zip": zip_of(
            {"FinancialPhraseBank-v1.0/Sentences_75Agree.txt": rows}
        )
    }


def _films_small(folder: Path) -> dict[str, bytes]:
    films = b"movieId,title,genres\n1,Toy Story (1995),Adventure|Comedy\n7,Sabrina (1995),Comedy\n"
    ratings = b"userId,movieId,rating,timestamp\n1,7,4.5,200\n2,1,3.0,100\n"
    files = {"ml-latest-small/movies.csv": films, "ml-latest-small/ratings.csv": ratings}
    return {"ml-latest-small.zip": zip_of(files)}


def _films_1m(folder: Path) -> dict[str, bytes]:
    films = "1::Toy Story (1995)::Animation\n7::Les Misérables (1995)::Drama\n".encode("latin-1")
    files = {"ml-1m/movies.dat": films, "ml-1m/ratings.dat": b"1::7::5::200\n2::1::3::100\n"}
    return {"ml-1m.zip": zip_of(files)}


# Of each name: what makes its files; the part to load; the shape of one example, or a text; the labels.
SETS: dict[str, tuple[Callable[[Path], dict[str, bytes]], str, object, list[str]]] = {
    "mnist": (_idx("mnist"), "train", (28, 28, 1), ["3", "0", "9"]),
    "fashion_mnist": (_idx("fashion"), "test", (28, 28, 1), ["Dress", "T-shirt/top", "Ankle boot"]),
    "usps": (_usps, "test", (16, 16, 1), ["9", "0"]),
    "svhn": (_svhn, "train", (32, 32, 3), ["0", "3"]),
    "cifar10": (_cifar10, "train", (32, 32, 3), ["automobile", "airplane"]),
    "cifar100": (_cifar100, "test", (32, 32, 3), ["aquarium_fish", "apple"]),
    "hymenoptera": (_hymenoptera, "test", (224, 224, 3), ["ants", "bees"]),
    "office31": (_office31, "webcam", (224, 224, 3), ["bike", "mug"]),
    "pets": (_pets, "train", (224, 224, 3), ["pug", "Bengal"]),
    "pneumoniamnist": (_medmnist("pneumoniamnist"), "val", (28, 28, 1), ["pneumonia", "normal"]),
    "bloodmnist": (_medmnist("bloodmnist", 3), "test", (28, 28, 3), ["eosinophil", "basophil"]),
    "breastmnist": (
        _medmnist("breastmnist"), "train", (28, 28, 1), ["normal or benign", "malignant"],
    ),
    "eurosat": (_eurosat, "train", (64, 64, 3), ["Forest", "River"]),
    "mini_speech_commands": (_mini_commands, "train", (16_000,), ["no"] * 3 + ["yes"] * 3),
    "speech_commands": (_commands, "test", (16_000,), ["no", "yes"]),
    "sms_spam": (_sms, "train", 'See you £5 "later', ["ham", "spam"]),
    "sst2": (_sst2, "test", "dull ", ["negative", "positive"]),
    "imdb": (_imdb, "train", "neg", ["negative", "positive"]),
    "chnsenticorp": (_chnsenticorp, "test", "很差", ["negative", "positive"]),
    "financial_phrasebank": (
        _phrases, "train", "Profit rose to EUR 3 mn .", ["positive", "negative"],
    ),
    "movielens_small": (_films_small, "train", (2,), ["3", "4.5"]),
    "movielens_1m": (_films_1m, "train", (2,), ["3", "5"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


@pytest.fixture
def published(server, course_home, monkeypatch, tmp_path) -> Callable[[str], None]:
    """Put a set's tiny files on the server, in place of the real ones; their sums are right."""

    def publish(name: str, files: dict[str, bytes]) -> None:
        server.files = files
        real = REAL[name]
        small = {
            file.name: replace(
                file,
                urls=(server.url("404"), server.url(f"file/{file.name}")),
                checksum=f"sha256:{hashlib.sha256(files[file.name]).hexdigest()}",
                size=len(files[file.name]),
            )
            for file in real.files()
            if file.name in files
        }
        parts = {
            part: tuple(small.get(file.name, file) for file in listed)
            for part, listed in real.parts.items()
        }
        monkeypatch.setitem(REAL, name, replace(real, parts=parts))

    return publish


@pytest.mark.parametrize("name", list(SETS))
def test_each_set_is_read_as_its_publisher_writes_it(published, tmp_path, capsys, name):
    make, part, first, labels = SETS[name]
    published(name, make(tmp_path))
    domain = data.load(name, part=part)
    assert [domain.classes[label] for label in domain.y] == labels
    if isinstance(first, str):
        assert domain.x[0] == first
    else:
        assert domain.x.shape == (len(labels), *first)
    said = capsys.readouterr().out
    assert f"{name}: " in said and "to fetch" in said and domain.license in said
    assert data.load(name, part=part).y.tolist() == domain.y.tolist()
    assert capsys.readouterr().out == "", "the second time nothing is fetched"


def test_nothing_in_the_catalogue_is_without_such_a_test():
    assert set(SETS) == {name for name, real in REAL.items() if real.reader is not None}
    assert {name for name, real in REAL.items() if real.kind == "vectors"} == {"glove"}


def test_glove_has_its_own_reader(published):
    lines = b"the 0.1 0.2\ncat -1 2e-1\n"
    published("glove", {"glove.6B.zip": zip_of({"glove.6B.50d.txt": lines})})
    vectors = load_glove(50, only=["cat"], progress=False)
    assert vectors["cat"].tolist() == pytest.approx([-1, 0.2])
    with pytest.raises(CourseError, match="load_glove"):
        data.load("glove")


@pytest.mark.parametrize("name", [name for name, real in REAL.items() if real.kind == "weights"])
def test_weights_are_no_data(name):
    with pytest.raises(CourseError, match=r"load_backbone\('"):
        data.load(name)


@pytest.mark.parametrize("name", ["eurosat", "hymenoptera", "mnist"])
def test_two_sizes_are_two_results_in_any_order(published, tmp_path, name):
    make, part, _, _ = SETS[name]
    published(name, make(tmp_path))
    small, own, again = (data.load(name, part=part, size=size).x for size in (16, None, 16))
    assert small.shape[1:3] == (16, 16) and own.shape[1:3] == (remote.find(name).size or 224,) * 2
    assert np.array_equal(small, again)
    assert np.array_equal(own, data.load(name, part=part).x)


def test_satellite_pictures_of_one_size_lose_no_border(published):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 0] = 255
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    published("eurosat", {"EuroSAT.zip": zip_of({"2750/Forest/Forest_1.jpg": out.getvalue()})})
    assert np.array_equal(data.load("eurosat").x[0], picture)


def test_a_bomb_and_a_way_out_from_a_server_are_one_sentence(published, tmp_path):
    home = set(tmp_path.parent.rglob("*"))
    for content, said in (
        (make_zip(tmp_path / "b.zip", {"SMSSpamCollection": bytes(70 << 20)}), "more than such"),
        (make_zip(tmp_path / "t.zip", {"../../out.txt": b"x"}), "leads out"),
    ):
        published("sms_spam", {"smsspamcollection.zip": content.read_bytes()})
        with pytest.raises(CourseError, match=said) as failed:
            data.load("sms_spam")
        assert "\n" not in str(failed.value) and "请不要使用" in failed.value.zh
    written = {path.name for path in set(tmp_path.parent.rglob("*")) - home}
    assert "out.txt" not in written and not any(name.endswith(".npz") for name in written)


def bomb_npz() -> bytes:
    """A small .npz whose array has 70 MB."""
    out = io.BytesIO()
    np.savez_compressed(out, train_images=np.zeros((70, 1000, 1000), np.uint8))
    return out.getvalue()


def liar_npz() -> bytes:
    """An .npz whose array says that it has a trillion numbers."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        array, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6)}
    )
    return zipped(**{"train_images.npy": array.getvalue(), "train_labels.npy": array.getvalue()})


def bomb_mat() -> bytes:
    out = io.BytesIO()
    savemat(out, {"X": np.zeros((70, 1000, 1000), np.uint8)}, do_compression=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "file", "make", "said"),
    [
        ("pneumoniamnist", "pneumoniamnist.npz", bomb_npz, "more than such"),
        ("pneumoniamnist", "pneumoniamnist.npz", liar_npz, "damaged"),
        ("svhn", "svhn_train_32x32.mat", bomb_mat, "more than such"),
    ],
)
def test_arrays_that_would_fill_the_memory_are_refused(published, name, file, make, said):
    published(name, {file: make()})
    with pytest.raises(CourseError, match=said):
        data.load(name)


@pytest.mark.parametrize("name", list(REAL))
def test_each_entry_says_what_people_must_know(name):
    real = REAL[name]
    assert real.license and real.citation and set(real.about) == {"en", "zh"}
    assert real.note is None or set(real.note) == {"en", "zh"}
    assert not real.stands_in or real.stands_in in {each for each, _, _ in data.names()}
    assert real.stands_in or real.kind != "data"
    sums = r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}"
    sums += r"|sha256:[0-9a-f]{8}" if real.kind == "weights" else ""
    for file in real.files():
        assert file.checksum is None or (re.fullmatch(sums, file.checksum) and file.stated_by)
        # Without a checksum only a certificate says whose file it is.
        assert file.checksum or all(url.startswith("https://") for url in file.urls)
        assert len(set(file.urls)) == len(file.urls) >= 1


def test_file_names_are_of_one_file_each():
    names = [(real.kind, file) for real in REAL.values() for file in real.files()]
    assert len({(kind, file.name) for kind, file in names}) == len(set(names))


def test_the_table_is_what_is_used():
    assert read_table(TABLE) == REAL


def test_the_sums_are_those_that_torchvision_states():
    require(find_spec("torchvision") is not None, "torchvision states these sums")
    import torchvision.datasets as torchvision

    theirs = {
        f"{prefix}-{name}": md5
        for prefix, kind in (("mnist", torchvision.MNIST), ("fashion", torchvision.FashionMNIST))
        for name, md5 in kind.resources
    }
    for each in (torchvision.USPS, torchvision.SVHN):
        prefix = "svhn_" if each is torchvision.SVHN else ""
        theirs |= {f"{prefix}{name}": md5 for _, name, md5 in each.split_list.values()}
    theirs |= {url.rpartition("/")[2]: md5 for url, md5 in torchvision.OxfordIIITPet._RESOURCES}
    ours = {
        file.name: file.checksum
        for real in REAL.values()
        if real.kind == "data"
        for file in real.files()
        if file.stated_by == "torchvision" and file.name != "EuroSAT.zip"
    }
    assert ours == {name: f"md5:{theirs[name]}" for name in ours}


def test_the_readme_says_which_have_a_mirror_in_china_and_which_have_one_host_only():
    text = TABLE.with_name("README.md").read_text(encoding="utf-8")
    listed = [
        set(re.findall(r"`(\w+)`", item)) for item in re.findall(r"^- .*\n(?:  .*\n)+", text, re.M)
    ]

    def hosts(file: RemoteFile) -> set[str]:
        return {urlsplit(url).hostname or "" for url in file.urls}

    sets = {name: [hosts(file) for file in real.files()] for name, real in REAL.items()}
    china = {
        name
        for name, files in sets.items()
        if all(any(host.endswith(remote.IN_CHINA) for host in each) for each in files)
    }
    single = {name for name, files in sets.items() if any(len(each) == 1 for each in files)}
    assert listed == [china, single]
    said = {name: remote.places(real) for name, real in REAL.items()}
    assert {name for name, places in said.items() if "mainland China" in places} == china
    assert {name for name, places in said.items() if "one source only" in places} == single
