"""Real films and real ratings, by name: fetched once, then read from the cache."""

from __future__ import annotations

from course_lib.data.ratings import Ratings, read_movielens
from course_lib.data.remote import fetch_set
from course_lib.errors import CourseError

FILMS = ("movielens_small", "movielens_1m")


def load_films(name: str = "movielens_small", *, progress: bool = True) -> Ratings:
    """Give ratings with the films' texts, which ``data.load(name)`` leaves out.

    Args:
        name: One of :data:`FILMS`.
        progress: Whether to show the download.

    Raises:
        CourseError: No such data set, or it cannot be had.
    """
    if name not in FILMS:
        raise CourseError(
            f"There are no films {name!r}: choose {' or '.join(FILMS)}.",
            f"没有名为 {name!r} 的电影数据：可选 {' 或 '.join(FILMS)}。",
        )
    (path,) = fetch_set(name, progress=progress).values()
    return read_movielens(path)
