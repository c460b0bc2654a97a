"""The real data sets that the course knows by name: where they are, under what licence, how they are read.

Checksums are those that the publisher or a well-kept library states (torchvision, Keras, PaddlePaddle,
MedMNIST, torchaudio). Where nobody states one there is none here either: it is recorded on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from course_lib.archives import damaged, members
from course_lib.data import formats
from course_lib.data.formats import Arrays
from course_lib.data.headlines import MOODS
from course_lib.data.ratings import STARS, as_arrays, read_movielens
from course_lib.downloads import RemoteFile
from course_lib.language import Text

Files = Mapping[str, Path]  # where each file of a data set lies, by its name

_OSSCI = "https://ossci-datasets.s3.amazonaws.com/mnist"
_BAIDU = "https://dataset.bj.bcebos.com"  # reachable from mainland China, as is the mirror below
_LECUN = "http://yann.lecun.com/exdb/mnist"
_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
_LIBSVM = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_EUROSAT = "datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip"
_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class RealSet:
    """A real data set.

    Attributes:
        name: As :func:`course_lib.data.load` knows it.
        about: What it is, in a line.
        parts: The parts that it is published in and the files of each.
        read: Makes arrays from a part's files: ``read(files, part, size)``.
        classes: What the labels mean.
        license: Its terms, in the publisher's words.
        citation: Whom to cite.
        stands_in: The embedded domain that serves without a network.
        size: The pictures' own side in pixels; ``None`` for texts, or where it differs.
        note: What to know before using it.
    """

    name: str
    about: Text
    parts: Mapping[str, tuple[RemoteFile, ...]]
    read: Callable[[Files, str, int], Arrays]
    classes: tuple[str, ...]
    license: str
    citation: str
    stands_in: str
    size: int | None = 32
    note: Text | None = None

    def files(self) -> tuple[RemoteFile, ...]:
        """Give all its files, each once."""
        return tuple(dict.fromkeys(file for files in self.parts.values() for file in files))


def _idx(
    folder: str, urls: tuple[str, ...], sums: Mapping[str, tuple[str, int]]
) -> dict[str, tuple[RemoteFile, ...]]:
    """The four files of MNIST and of what imitates it; the cache tells them apart by a prefix."""

    def file(name: str) -> RemoteFile:
        md5, size = sums[name]
        full = f"{name}-ubyte.gz"
        return RemoteFile(
            f"{folder}-{full}", tuple(f"{url}/{full}" for url in urls), f"md5:{md5}", size
        )

    return {
        "train": (file("train-images-idx3"), file("train-labels-idx1")),
        "test": (file("t10k-images-idx3"), file("t10k-labels-idx1")),
    }


def _read_idx(files: Files, part: str, size: int) -> Arrays:
    images, labels = sorted(files)  # "images" comes before "labels"
    return formats.read_idx_pair(files[images], files[labels])


def _only(files: Files) -> Path:
    (path,) = files.values()
    return path


def _read_usps(files: Files, part: str, size: int) -> Arrays:
    return formats.read_libsvm(_only(files), side=16)


def _cifar(label: bytes) -> Callable[[Files, str, int], Arrays]:
    def read(files: Files, part: str, size: int) -> Arrays:
        return formats.read_cifar(_only(files), part, label=label)

    return read


def _read_hymenoptera(files: Files, part: str, size: int) -> Arrays:
    folder = {"train": "train", "test": "val"}[part]
    return formats.read_pictures(
        _only(files), below=f"hymenoptera_data/{folder}", classes=("ants", "bees"), size=size
    )


def _medmnist(files: Files, part: str, size: int) -> Arrays:
    return formats.read_npz(_only(files), part)


def _read_svhn(files: Files, part: str, size: int) -> Arrays:
    return formats.read_mat(_only(files))


def _read_eurosat(files: Files, part: str, size: int) -> Arrays:
    return formats.read_pictures(_only(files), below="2750", classes=EUROSAT, size=size)


def _read_office31(files: Files, part: str, size: int) -> Arrays:
    return formats.read_pictures(_only(files), below=f"{part}/images", classes=OFFICE31, size=size)


def _read_pets(files: Files, part: str, size: int) -> Arrays:
    """Read Oxford's pets: pictures in one archive, which of them belong to a part in another."""
    lists = {"train": "annotations/trainval.txt", "test": "annotations/test.txt"}
    named = list(members(files["annotations.tar.gz"], wanted=lambda name: name == lists[part]))
    if not named:
        raise damaged(files["annotations.tar.gz"])
    lines = named[0][1].decode("ascii", "replace").splitlines()
    pictures = [line.split()[0] for line in lines if line.strip()]  # such as Maine_Coon_12
    breeds = [picture.rpartition("_")[0] for picture in pictures]
    if not set(breeds) <= set(PETS):
        raise damaged(files["annotations.tar.gz"])
    labels = {
        f"images/{picture}.jpg": PETS.index(breed)
        for picture, breed in zip(pictures, breeds, strict=True)
    }
    return formats.read_listed_pictures(files["images.tar.gz"], labels, size=size)


def _read_sms(files: Files, part: str, size: int) -> Arrays:
    named = members(_only(files), wanted=lambda name: name == "SMSSpamCollection")
    ((_, content),) = named
    return formats.texts_of(formats.read_lines(content), ("ham", "spam"))


def _read_films(files: Files, part: str, size: int) -> Arrays:
    return as_arrays(read_movielens(_only(files)))


def _read_sst2(files: Files, part: str, size: int) -> Arrays:
    name = {"train": "train.tsv", "test": "dev.tsv"}[part]  # the labels of its own test are secret
    ((_, content),) = members(_only(files), wanted=lambda each: each == f"SST-2/{name}")
    return formats.texts_of(formats.read_lines(content, label=1, text=0), ("0", "1"))


def _read_imdb(files: Files, part: str, size: int) -> Arrays:
    return formats.read_texts(_only(files), below=f"aclImdb/{part}", classes=("neg", "pos"))


def _read_chnsenticorp(files: Files, part: str, size: int) -> Arrays:
    name = {"train": "train.tsv", "test": "dev.tsv"}[part]
    ((_, content),) = members(
        _only(files), wanted=lambda each: each.endswith(f"ChnSentiCorp/{name}")
    )
    first = 0 if part == "train" else 1
    return formats.texts_of(formats.read_lines(content, label=first, text=first + 1), ("0", "1"))


def _read_phrases(files: Files, part: str, size: int) -> Arrays:
    wanted = "FinancialPhraseBank-v1.0/Sentences_75Agree.txt"
    ((_, content),) = members(_only(files), wanted=lambda name: name == wanted)
    return formats.texts_of(formats.read_marked(content.decode("latin-1")), MOODS)


def _read_mini_commands(files: Files, part: str, size: int) -> Arrays:
    return formats.read_sounds(_only(files), classes=MINI_COMMANDS, samples=SECOND)


def _read_commands(files: Files, part: str, size: int) -> Arrays:
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
    if part == "train":
        held_out = set().union(*named.values())
        return formats.read_sounds(
            path, classes=COMMANDS, samples=SECOND, wanted=lambda name: name not in held_out
        )
    listed = named[lists[part]]
    return formats.read_sounds(
        path, classes=COMMANDS, samples=SECOND, wanted=lambda name: name in listed
    )


SECOND = 16_000  # samples of one second in Speech Commands
MINI_COMMANDS = ("down", "go", "left", "no", "right", "stop", "up", "yes")
COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
OFFICE31 = (
    *("back_pack", "bike", "bike_helmet", "bookcase", "bottle", "calculator", "desk_chair"),
    *("desk_lamp", "desktop_computer", "file_cabinet", "headphones", "keyboard"),
    *("laptop_computer", "letter_tray", "mobile_phone", "monitor", "mouse", "mug"),
    *("paper_notebook", "pen", "phone", "printer", "projector", "punchers", "ring_binder"),
    *("ruler", "scissors", "speaker", "stapler", "tape_dispenser", "trash_can"),
)
# In the order of the publisher's numbers, which ignores case: cats and dogs mixed.
PETS = (
    *("Abyssinian", "american_bulldog", "american_pit_bull_terrier", "basset_hound", "beagle"),
    *("Bengal", "Birman", "Bombay", "boxer", "British_Shorthair", "chihuahua", "Egyptian_Mau"),
    *("english_cocker_spaniel", "english_setter", "german_shorthaired", "great_pyrenees"),
    *("havanese", "japanese_chin", "keeshond", "leonberger", "Maine_Coon"),
    *("miniature_pinscher", "newfoundland", "Persian", "pomeranian", "pug", "Ragdoll"),
    *("Russian_Blue", "saint_bernard", "samoyed", "scottish_terrier", "shiba_inu", "Siamese"),
    *("Sphynx", "staffordshire_bull_terrier", "wheaten_terrier", "yorkshire_terrier"),
)
EUROSAT = (
    *("AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial"),
    *("Pasture", "PermanentCrop", "Residential", "River", "SeaLake"),
)

_MNIST_SUMS = {
    "train-images-idx3": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
    "train-labels-idx1": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
    "t10k-images-idx3": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
    "t10k-labels-idx1": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
}
_FASHION_SUMS = {
    "train-images-idx3": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
    "train-labels-idx1": ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
    "t10k-images-idx3": ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
    "t10k-labels-idx1": ("bb300cfdad3c16e7a12a480ee83cd310", 5_148),
}
_CIFAR10_FILE = RemoteFile(
    "cifar-10-python.tar.gz",
    (f"{_TORONTO}/cifar-10-python.tar.gz", f"{_BAIDU}/cifar/cifar-10-python.tar.gz"),
    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    170_498_071,
)
_CIFAR100_FILE = RemoteFile(
    "cifar-100-python.tar.gz",
    (f"{_TORONTO}/cifar-100-python.tar.gz", f"{_BAIDU}/cifar/cifar-100-python.tar.gz"),
    "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    169_001_437,
)
_HYMENOPTERA_FILE = RemoteFile(
    "hymenoptera_data.zip", ("https://download.pytorch.org/tutorial/hymenoptera_data.zip",)
)
_PNEUMONIA_FILE = RemoteFile(
    "pneumoniamnist.npz",
    ("https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1",),
    "md5:28209eda62fecd6e6a2d98b1501bb15f",
)
_EUROSAT_FILE = RemoteFile(
    "EuroSAT.zip",
    (f"https://huggingface.co/{_EUROSAT}", f"https://hf-mirror.com/{_EUROSAT}"),
    "md5:c8fa014336c82ac7804f0398fcb19387",
)
# The adaptation library of Tsinghua University (TLlib) hands it out; nobody states a checksum.
_OFFICE31_FILES = {
    part: (RemoteFile(f"{part}.tgz", (f"https://cloud.tsinghua.edu.cn/f/{key}/?dl=1",)),)
    for part, key in (
        ("amazon", "ec12dfcddade43ab8101"),
        ("dslr", "a41d818ae2f34da7bb32"),
        ("webcam", "8a41009a166e4131adcd"),
    )
}
_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data/pets/data"
_PETS_FILES = (
    RemoteFile(
        "images.tar.gz", (f"{_OXFORD}/images.tar.gz",), "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c"
    ),
    RemoteFile(
        "annotations.tar.gz",
        (f"{_OXFORD}/annotations.tar.gz",),
        "md5:95a8c909bbe2e81eed6a22bccdf3f68f",
    ),
)
_SMS_FILE = RemoteFile(
    "smsspamcollection.zip",
    (
        "https://archive.ics.uci.edu/ml/machine-learning-databases/00228/smsspamcollection.zip",
        "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
    ),
    "sha256:1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
)
_SST2_FILE = RemoteFile(
    "SST-2.zip",
    (
        "https://bj.bcebos.com/dataset/glue/SST.zip",
        "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
    ),
    "md5:9f81648d4199384278b86e315dac217c",
)
_PHRASES_FILE = RemoteFile(
    "FinancialPhraseBank-v1.0.zip",
    tuple(
        f"https://{host}/datasets/takala/financial_phrasebank/resolve/main/data/FinancialPhraseBank-v1.0.zip"
        for host in ("huggingface.co", "hf-mirror.com")
    ),
)
_FILMS = "files.grouplens.org/datasets/movielens"
_FILMS_SMALL_FILE = RemoteFile(  # made anew at times: no checksum is stated, and no mirror keeps up
    "ml-latest-small.zip",
    (f"https://{_FILMS}/ml-latest-small.zip",),
)
_FILMS_1M_FILE = RemoteFile(
    "ml-1m.zip",
    (f"{_BAIDU}/movielens%2Fml-1m.zip", f"https://{_FILMS}/ml-1m.zip"),
    "md5:c4d9eecfca2ab87c1945afe126590906",
    5_917_549,
)
_HARPER = (
    "F. M. Harper and J. A. Konstan, The MovieLens datasets: history and context, ACM Transactions on "
    "Interactive Intelligent Systems 5(4), 2015"
)
_IMDB_FILE = RemoteFile(
    "aclImdb_v1.tar.gz",
    (
        "https://bj.bcebos.com/dataset/imdb%2FaclImdb_v1.tar.gz",
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    ),
    "md5:7c2ac02c03563afcf9b574c7e56c153a",
)
_CHNSENTICORP_FILE = RemoteFile(
    "ChnSentiCorp.zip",
    ("https://bj.bcebos.com/paddlenlp/datasets/ChnSentiCorp.zip",),
    "md5:7ef61b08ad10fbddf2ba97613f071561",
)
_GOOGLE = "https://storage.googleapis.com/download.tensorflow.org/data"
_MINI_COMMANDS_FILE = RemoteFile(
    "mini_speech_commands.zip", (f"{_GOOGLE}/mini_speech_commands.zip",)
)
_COMMANDS_FILE = RemoteFile(
    "speech_commands_v0.02.tar.gz",
    (
        f"{_GOOGLE}/speech_commands_v0.02.tar.gz",
        "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    ),
    "sha256:af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    2_428_923_189,
)
_WARDEN = (
    "P. Warden, Speech Commands: a dataset for limited-vocabulary speech recognition, "
    "arXiv:1804.03209, 2018"
)
_SVHN = "http://ufldl.stanford.edu/housenumbers"

_ALL = (
    RealSet(
        name="mnist",
        about={"en": "70,000 handwritten digits, 28×28", "zh": "7 万张手写数字，28×28"},
        parts=_idx("mnist", (_OSSCI, f"{_BAIDU}/mnist", _LECUN), _MNIST_SUMS),
        read=_read_idx,
        classes=_DIGITS,
        license="CC BY-SA 3.0",
        citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to "
        "document recognition, Proceedings of the IEEE 86(11), 1998",
        stands_in="digits",
        size=28,
    ),
    RealSet(
        name="fashion_mnist",
        about={"en": "70,000 pictures of clothes, 28×28", "zh": "7 万张服装图片，28×28"},
        parts=_idx("fashion", (_ZALANDO, f"{_BAIDU}/fashion_mnist"), _FASHION_SUMS),
        read=_read_idx,
        classes=FASHION,
        license="MIT",
        citation="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017",
        stands_in="shapes",
        size=28,
    ),
    RealSet(
        name="usps",
        about={"en": "9,298 digits from envelopes, 16×16", "zh": "9,298 张信封上的手写数字，16×16"},
        parts={
            "train": (
                RemoteFile(
                    "usps.bz2", (f"{_LIBSVM}/usps.bz2",), "md5:ec16c51db3855ca6c91edd34d0e9b197"
                ),
            ),
            "test": (
                RemoteFile(
                    "usps.t.bz2", (f"{_LIBSVM}/usps.t.bz2",), "md5:8ea070ee2aca1ac39742fdd1ef5ed118"
                ),
            ),
        },
        read=_read_usps,
        classes=_DIGITS,
        license="none stated; public research data",
        citation="J. J. Hull, A database for handwritten text recognition research, IEEE TPAMI 16(5), 1994",
        stands_in="digits",
        size=16,
    ),
    RealSet(
        name="svhn",
        about={
            "en": "99,289 house numbers in colour, 32×32",
            "zh": "99,289 张彩色门牌号数字，32×32",
        },
        parts={
            "train": (
                RemoteFile(
                    "svhn_train_32x32.mat",
                    (f"{_SVHN}/train_32x32.mat",),
                    "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
                ),
            ),
            "test": (
                RemoteFile(
                    "svhn_test_32x32.mat",
                    (f"{_SVHN}/test_32x32.mat",),
                    "md5:eb5a983be6a315427106f1b164d9cef3",
                ),
            ),
        },
        read=_read_svhn,
        classes=_DIGITS,
        license="non-commercial use only",
        citation="Y. Netzer et al., Reading digits in natural images with unsupervised feature learning, "
        "NIPS Workshop on Deep Learning and Unsupervised Feature Learning, 2011",
        stands_in="rendered_digits",
    ),
    RealSet(
        name="cifar10",
        about={"en": "60,000 small photographs, 10 classes", "zh": "6 万张小照片，10 类"},
        parts={"train": (_CIFAR10_FILE,), "test": (_CIFAR10_FILE,)},
        read=_cifar(b"labels"),
        classes=CIFAR10,
        license="none stated; cite the report",
        citation="A. Krizhevsky, Learning multiple layers of features from tiny images, University of "
        "Toronto, 2009",
        stands_in="shapes",
    ),
    RealSet(
        name="cifar100",
        about={"en": "60,000 small photographs, 100 classes", "zh": "6 万张小照片，100 类"},
        parts={"train": (_CIFAR100_FILE,), "test": (_CIFAR100_FILE,)},
        read=_cifar(b"fine_labels"),
        classes=tuple(str(number) for number in range(100)),
        license="none stated; cite the report",
        citation="A. Krizhevsky, Learning multiple layers of features from tiny images, University of "
        "Toronto, 2009",
        stands_in="shapes",
    ),
    RealSet(
        name="hymenoptera",
        about={"en": "397 photographs of ants and bees", "zh": "397 张蚂蚁与蜜蜂的照片"},
        parts={"train": (_HYMENOPTERA_FILE,), "test": (_HYMENOPTERA_FILE,)},
        read=_read_hymenoptera,
        classes=("ants", "bees"),
        license="none stated (photographs from ImageNet)",
        citation="S. Chilamkurthy, Transfer learning for computer vision, PyTorch tutorials, 2017",
        stands_in="shapes",
        size=None,
        note={
            "en": "A subset of ImageNet: a network pre-trained there has seen these very pictures.",
            "zh": "这是 ImageNet 的子集：在 ImageNet 上预训练的网络已经见过这些图片。",
        },
    ),
    RealSet(
        name="office31",
        about={
            "en": "4,110 pictures of 31 things in an office, in three domains: shop, webcam, camera",
            "zh": "办公室里 31 种物品的 4,110 张图片，分三个域：网店、网络摄像头、数码相机",
        },
        parts=_OFFICE31_FILES,
        read=_read_office31,
        classes=OFFICE31,
        license="none stated; research use",
        citation="K. Saenko, B. Kulis, M. Fritz and T. Darrell, Adapting visual category models to new "
        "domains, ECCV, 2010",
        stands_in="digits",
        size=None,
        note={
            "en": "Its parts are amazon, dslr and webcam: data.load('office31', part='webcam').",
            "zh": "它的各部分叫 amazon、dslr、webcam：data.load('office31', part='webcam')。",
        },
    ),
    RealSet(
        name="pets",
        about={
            "en": "7,349 photographs of cats and dogs, 37 breeds",
            "zh": "7,349 张猫狗照片，37 个品种",
        },
        parts=dict.fromkeys(("train", "test"), _PETS_FILES),
        read=_read_pets,
        classes=PETS,
        license="CC BY-SA 4.0",
        citation="O. M. Parkhi, A. Vedaldi, A. Zisserman and C. V. Jawahar, Cats and dogs, CVPR, 2012",
        stands_in="shapes",
        size=None,
        note={
            "en": "ImageNet has many of these breeds among its classes, from other photographs.",
            "zh": "其中许多品种也是 ImageNet 的类别，但照片不同。",
        },
    ),
    RealSet(
        name="pneumoniamnist",
        about={
            "en": "5,856 chest X-rays of children, 28×28",
            "zh": "5,856 张儿童胸部 X 光片，28×28",
        },
        parts=dict.fromkeys(("train", "val", "test"), (_PNEUMONIA_FILE,)),
        read=_medmnist,
        classes=("normal", "pneumonia"),
        license="CC BY 4.0",
        citation="J. Yang et al., MedMNIST v2, Scientific Data 10, 2023",
        stands_in="shapes",
        size=28,
    ),
    RealSet(
        name="eurosat",
        about={
            "en": "27,000 satellite pictures, 10 kinds of land",
            "zh": "2.7 万张卫星图片，10 种土地类型",
        },
        parts={"train": (_EUROSAT_FILE,)},
        read=_read_eurosat,
        classes=EUROSAT,
        license="MIT",
        citation="P. Helber, B. Bischke, A. Dengel and D. Borth, EuroSAT, IEEE JSTARS 12(7), 2019",
        stands_in="terrain",
        size=64,
    ),
    RealSet(
        name="mini_speech_commands",
        about={
            "en": "8,000 spoken words of one second, 8 words",
            "zh": "8,000 段一秒钟的英文口令，8 个词",
        },
        parts={"train": (_MINI_COMMANDS_FILE,)},
        read=_read_mini_commands,
        classes=MINI_COMMANDS,
        license="CC BY 4.0",
        citation=_WARDEN,
        stands_in="vowels",
        size=None,
        note={
            "en": "A part of Speech Commands; the same speakers occur in several words.",
            "zh": "Speech Commands 的一部分；同一个人会说多个词。",
        },
    ),
    RealSet(
        name="speech_commands",
        about={
            "en": "Ten spoken words of one second, thousands of speakers",
            "zh": "一秒钟的英文口令，10 个词，数千名说话人",
        },
        parts=dict.fromkeys(("train", "validation", "test"), (_COMMANDS_FILE,)),
        read=_read_commands,
        classes=COMMANDS,
        license="CC BY 4.0",
        citation=_WARDEN,
        stands_in="vowels",
        size=None,
        note={
            "en": "2.4 GB to fetch, over 1 GB in memory; the parts share no speaker.",
            "zh": "需下载 2.4 GB，占内存 1 GB 以上；各部分的说话人互不重复。",
        },
    ),
    RealSet(
        name="sms_spam",
        about={"en": "5,574 text messages, spam or not", "zh": "5,574 条短信，是否垃圾短信"},
        parts={"train": (_SMS_FILE,)},
        read=_read_sms,
        classes=("ham", "spam"),
        license="CC BY 4.0",
        citation="T. A. Almeida, J. M. Gómez Hidalgo and A. Yamakami, Contributions to the study of SMS "
        "spam filtering, ACM DocEng, 2011",
        stands_in="messages",
        size=None,
    ),
    RealSet(
        name="sst2",
        about={
            "en": "68,221 phrases and sentences from film reviews, good or bad",
            "zh": "68,221 个影评短语和句子，好评或差评",
        },
        parts={"train": (_SST2_FILE,), "test": (_SST2_FILE,)},
        read=_read_sst2,
        classes=("negative", "positive"),
        license="none stated; research use",
        citation="R. Socher et al., Recursive deep models for semantic compositionality over a sentiment "
        "treebank, EMNLP, 2013",
        stands_in="reviews",
        size=None,
        note={
            "en": "Its training part holds phrases of its sentences, too; the part named test is GLUE's dev, "
            "for GLUE keeps the labels of its own test.",
            "zh": "训练部分还包含句子里的短语；这里的 test 是 GLUE 的 dev，因为 GLUE 不公开自己测试集的标签。",
        },
    ),
    RealSet(
        name="imdb",
        about={"en": "50,000 film reviews, good or bad", "zh": "5 万条影评，好评或差评"},
        parts={"train": (_IMDB_FILE,), "test": (_IMDB_FILE,)},
        read=_read_imdb,
        classes=("negative", "positive"),
        license="none stated; research use",
        citation="A. L. Maas et al., Learning word vectors for sentiment analysis, ACL, 2011",
        stands_in="reviews",
        size=None,
    ),
    RealSet(
        name="chnsenticorp",
        about={"en": "10,800 Chinese reviews, good or bad", "zh": "10,800 条中文评论，好评或差评"},
        parts={"train": (_CHNSENTICORP_FILE,), "test": (_CHNSENTICORP_FILE,)},
        read=_read_chnsenticorp,
        classes=("negative", "positive"),
        license="none stated; research use",
        citation="S. Tan and J. Zhang, An empirical study of sentiment analysis for Chinese documents, "
        "Expert Systems with Applications 34(4), 2008",
        stands_in="reviews",
        size=None,
    ),
    RealSet(
        name="financial_phrasebank",
        about={
            "en": "3,453 sentences of financial news, negative, neutral or positive for investors",
            "zh": "3,453 句财经新闻，对投资者而言负面、中性或正面",
        },
        parts={"train": (_PHRASES_FILE,)},
        read=_read_phrases,
        classes=MOODS,
        license="CC BY-NC-SA 3.0",
        citation="P. Malo, A. Sinha, P. Korhonen, J. Wallenius and P. Takala, Good debt or bad debt: "
        "detecting semantic orientations in economic texts, JASIST 65(4), 2014",
        stands_in="headlines",
        size=None,
        note={
            "en": "Sentences on which three of four annotators agreed; more than half are neutral.",
            "zh": "取四分之三以上标注者意见一致的句子；一半以上为中性。",
        },
    ),
    RealSet(
        name="movielens_small",
        about={
            "en": "100,000 ratings of 9,700 films by 610 people",
            "zh": "610 人对 9,700 部电影的 10 万次评分",
        },
        parts={"train": (_FILMS_SMALL_FILE,)},
        read=_read_films,
        classes=STARS,
        license="research use; not to be passed on without permission (its README)",
        citation=_HARPER,
        stands_in="reviews",
        size=None,
        note={
            "en": "Pairs (person, film) in the order of time; ranking.load_films() gives the films' titles, too. "
            "GroupLens makes it anew at times: compare published results on movielens_1m.",
            "zh": "按时间排列的（人，电影）对；片名见 ranking.load_films()。GroupLens 会不时更新它："
            "要与发表的结果比较，请用 movielens_1m。",
        },
    ),
    RealSet(
        name="movielens_1m",
        about={
            "en": "1,000,209 ratings of 3,900 films by 6,040 people, fixed in 2003",
            "zh": "6,040 人对 3,900 部电影的 1,000,209 次评分，2003 年定稿",
        },
        parts={"train": (_FILMS_1M_FILE,)},
        read=_read_films,
        classes=STARS,
        license="research use; not to be passed on without permission (its README)",
        citation=_HARPER,
        stands_in="reviews",
        size=None,
        note={
            "en": "Whole stars only; pairs (person, film) in the order of time.",
            "zh": "只有整星；按时间排列的（人，电影）对。",
        },
    ),
)

REAL = {each.name: each for each in _ALL}
