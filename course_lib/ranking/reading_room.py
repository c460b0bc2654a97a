r"""A reading room that sells short technical articles. The texts are real, the readers are **made**.

An article is three sentences of real documentation (docstrings of Python's standard library), and it
stands on one of eight shelves. Nobody tells a recommender which: it must read. A reader has a taste
for each shelf and a usual price, and clicks a shown article with the probability

.. math::
    p = \sigma\bigl(b + \theta_{\text{reader},\,\text{shelf}} + q_{\text{article}}
        - (\log \text{price} - m_{\text{reader}})^2\bigr)

where :math:`\theta` is taste and :math:`q` the article's general appeal. So there is something that only text
says, something that only clicks say, and something that only the price says. What is measured here shows how
methods work and not what they earn in a shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.text import corpora

SHELVES: dict[str, tuple[str, ...]] = {
    "network": ("email", "http", "ftplib", "imaplib", "smtplib", "urllib", "wsgiref", "ipaddress"),
    "screens": ("tkinter", "turtle"),
    "waiting": ("asyncio", "concurrent", "multiprocessing", "threading", "subprocess"),
    "numbers": ("random", "statistics", "fractions", "datetime", "heapq", "collections"),
    "testing": ("unittest", "logging"),
    "formats": ("xml", "json", "configparser", "csv", "html", "difflib"),
    "insight": ("inspect", "importlib", "typing", "functools"),
    "files": ("shutil", "tarfile", "tempfile", "pathlib", "zipfile", "os", "pickle"),
}
PER_SHELF = 45  # articles
SENTENCES = 3  # in an article
DAYS = 60
NOBODY = -1  # where a row of articles has ended


@dataclass(frozen=True)
class Catalogue:
    """Articles, in the order of their release.

    Attributes:
        texts: I texts.
        shelf: I shelves, as numbers; hidden from recommenders.
        price: I prices.
        released: I days, not falling; those of day 0 were there from the beginning.
    """

    texts: tuple[str, ...]
    shelf: np.ndarray
    price: np.ndarray
    released: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Log:
    """What was shown and what was clicked: one row is one *slate*, in the order of time.

    Attributes:
        day: N days, not falling.
        reader: N numbers of readers.
        shown: N×K numbers of articles, in random order, so that no place on the page is favoured.
        clicked: N×K, 1 where the article was clicked.
        arrivals: N, whether the slate came from the table of new arrivals.
    """

    day: np.ndarray
    reader: np.ndarray
    shown: np.ndarray
    clicked: np.ndarray
    arrivals: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: np.ndarray) -> Log:
        """Give some of the slates: places, or a mask."""
        return Log(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@cache
def _articles() -> tuple[tuple[str, ...], tuple[int, ...]]:
    texts, shelves, seen = [], [], set()
    for number, modules in enumerate(SHELVES.values()):
        sentences = []
        for sentence in corpora.sentences_of(
            corpora.python_docstrings(modules), least=6, letters=0.85
        ):
            if sentence not in seen:  # a sentence stands in one article only
                seen.add(sentence)
                sentences.append(sentence)
        whole = len(sentences) // SENTENCES
        chosen = np.linspace(0, whole - 1, min(PER_SHELF, whole)).astype(int)
        for i in chosen:
            texts.append(" ".join(sentences[i * SENTENCES : (i + 1) * SENTENCES]))
            shelves.append(number)
    return tuple(texts), tuple(shelves)


def open_catalogue(*, seed: int = 0) -> Catalogue:
    """Give the articles with prices and days of release: half of them are there on day 0.

    Args:
        seed: Another seed releases them in another order, at other prices. The texts are the same.
    """
    texts, shelves = _articles()
    rng = np.random.default_rng([13, require_seed(seed)])
    order, n = rng.permutation(len(texts)), len(texts)
    released = np.concatenate(
        [np.zeros(n // 2, int), np.sort(rng.integers(1, DAYS - 2, n - n // 2))]
    )
    price = np.round(np.exp(rng.normal(1.0, 0.6, n)), 2)
    return Catalogue(
        tuple(texts[i] for i in order), np.array(shelves)[order], price, released.astype(np.int64)
    )


def open_log(
    catalogue: Catalogue, *, readers: int = 150, per_day: int = 60, shown: int = 12, seed: int = 0
) -> Log:
    """Let readers come and click for sixty days.

    Two thirds of the readers are there on day 0, the others join later. Each day some readers see a slate
    drawn at random from all articles, or (every second slate) from the newest ones. Slates without
    a click stay in the log.

    Args:
        catalogue: The articles.
        readers: How many people there are.
        per_day: Slates a day.
        shown: K, articles on a slate.
        seed: Other people, other slates, other clicks.
    """
    require_count("readers", readers, 3)
    require_count("shown", shown, 2, len(catalogue) // 4)
    rng = np.random.default_rng([31, require_seed(seed)])
    taste = rng.normal(0, 1, (readers, len(SHELVES)))
    taste = 1.7 * (taste - taste.mean(axis=1, keepdims=True))
    usual = rng.normal(1.0, 0.5, readers)
    appeal = rng.normal(0, 0.7, len(catalogue))
    joined = np.sort(np.where(rng.random(readers) < 2 / 3, 0, rng.integers(1, DAYS - 4, readers)))
    rows: dict[str, list] = {name: [] for name in Log.__dataclass_fields__}
    for day in range(DAYS):
        there = int(np.searchsorted(catalogue.released, day, side="right"))
        here = int(np.searchsorted(joined, day, side="right"))
        for number in range(per_day):
            arrivals = number % 2 == 0
            first = max(0, there - 3 * shown) if arrivals else 0
            who = int(rng.integers(here))
            what = first + rng.permutation(there - first)[:shown]
            z = (
                -2.2
                + taste[who, catalogue.shelf[what]]
                + appeal[what]
                - (np.log(catalogue.price[what]) - usual[who]) ** 2
            )
            clicks = rng.random(shown) < 1 / (1 + np.exp(-z))
            for name, value in zip(rows, (day, who, what, clicks, arrivals), strict=True):
                rows[name].append(value)
    return Log(
        np.array(rows["day"]),
        np.array(rows["reader"]),
        np.array(rows["shown"]),
        np.array(rows["clicked"]).astype(np.int64),
        np.array(rows["arrivals"]),
    )
