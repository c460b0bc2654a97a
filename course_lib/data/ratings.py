"""Ratings as MovieLens publishes them: who gave which film how many stars, when, and what the film is called.

Harper & Konstan, *The MovieLens Datasets: History and Context*, ACM Transactions on Interactive
Intelligent Systems 5(4), 2015.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.archives import damaged, members

STARS = tuple(f"{half / 2:g}" for half in range(1, 11))  # "0.5", "1", … "5"


@dataclass(frozen=True)
class Ratings:
    """Ratings in the order of time.

    Attributes:
        reader: N numbers of people, counting from 0.
        film: N numbers of films, counting from 0: places in ``texts``.
        stars: N ratings, 0.5 to 5.
        when: N seconds since 1970.
        texts: Of each film, its title, year and genres.
    """

    reader: np.ndarray
    film: np.ndarray
    stars: np.ndarray
    when: np.ndarray
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.stars)


def read_movielens(path: Path) -> Ratings:
    """Read MovieLens's zip: the ``latest`` releases (``*.csv``) or the 1M one (``*.dat``).

    Raises:
        CourseError: It is no such archive, or it is damaged.
    """
    found = {
        name.rpartition("/")[2]: content
        for name, content in members(path, wanted=lambda each: _stem(each) in ("ratings", "movies"))
    }
    tables = {_stem(name): list(_rows(name, content)) for name, content in found.items()}
    if set(tables) != {"ratings", "movies"}:
        raise damaged(path)
    try:
        texts = {int(row[0]): _text(*row[1:3]) for row in tables["movies"]}
        rows = np.array([[float(each) for each in row] for row in tables["ratings"]])
        reader, film, stars, when = rows.reshape(len(rows), 4).T
        place = {number: i for i, number in enumerate(texts)}
        films = np.array([place[int(number)] for number in film], dtype=np.int64)
    except (ValueError, KeyError, TypeError):
        raise damaged(path) from None
    if not len(rows) or not np.isin(stars, [float(each) for each in STARS]).all():
        raise damaged(path)
    order = np.argsort(when, kind="stable")
    readers = np.unique(reader, return_inverse=True)[1].astype(np.int64)
    return Ratings(
        readers[order],
        films[order],
        stars[order],
        when[order].astype(np.int64),
        tuple(texts.values()),
    )


def as_arrays(ratings: Ratings) -> tuple[np.ndarray, np.ndarray]:
    """Give pairs (reader, film) as N×2 inputs, and half stars from 0 as labels; in the order of time."""
    x = np.stack([ratings.reader, ratings.film], axis=1)
    return x, (2 * ratings.stars).astype(np.int64) - 1


def _stem(name: str) -> str:
    file = name.rpartition("/")[2]
    return file.rpartition(".")[0] if file.endswith((".csv", ".dat")) else ""


def _rows(name: str, content: bytes) -> Iterator[list[str]]:
    if name.endswith(".csv"):  # a heading, then quoted fields in UTF-8
        yield from list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))[1:]
        return
    for line in content.decode("latin-1").splitlines():
        yield line.split("::")


def _text(title: str, genres: str) -> str:
    known = [] if genres == "(no genres listed)" else genres.split("|")
    return f"{title}: {', '.join(known)}" if known else title
