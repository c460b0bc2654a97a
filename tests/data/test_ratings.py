"""MovieLens's two layouts, written small as GroupLens writes them; damaged ones; the door of the catalogue."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib import data, ranking
from course_lib.data import ratings, remote
from course_lib.data.catalogue import REAL
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from tests.test_archives import make_zip

MOVIES = (
    "movieId,title,genres\n"
    "1,Toy Story (1995),Adventure|Animation\n"
    '5,"American President, The (1995)",Comedy\n'
    "9,Nameless (2001),(no genres listed)\n"
)
RATED = "userId,movieId,rating,timestamp\n7,5,4.5,300\n7,1,0.5,100\n2,1,5.0,200\n"


def small(path: Path, movies: str = MOVIES, rated: str = RATED) -> Path:
    folder = "ml-latest-small"
    named = {"movies.csv": movies, "ratings.csv": rated, "README.txt": "", "links.csv": "1,2,3"}
    make_zip(path, {f"{folder}/{name}": text.encode() for name, text in named.items()})
    return path


def test_the_small_release(tmp_path: Path) -> None:
    found = ratings.read_movielens(small(tmp_path / "a.zip"))
    assert found.texts[0] == "Toy Story (1995): Adventure, Animation"
    assert found.texts[1:] == ("American President, The (1995): Comedy", "Nameless (2001)")
    assert found.when.tolist() == [100, 200, 300]  # in the order of time
    assert found.reader.tolist() == [1, 0, 1] and found.film.tolist() == [0, 0, 1]
    x, y = ratings.as_arrays(found)
    assert x.tolist() == [[1, 0], [0, 0], [1, 1]]
    assert [ratings.STARS[each] for each in y] == ["0.5", "5", "4.5"]


def test_the_release_of_a_million(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    movies = "1::Les Misérables (1995)::Drama|Musical\n".encode("latin-1")
    make_zip(path, {"ml-1m/movies.dat": movies, "ml-1m/ratings.dat": b"1::1::3::50\n2::1::4::40\n"})
    found = ratings.read_movielens(path)
    assert found.texts == ("Les Misérables (1995): Drama, Musical",)
    assert found.reader.tolist() == [1, 0] and found.stars.tolist() == [4, 3]


@pytest.mark.parametrize(
    "changed",
    [
        {"rated": "userId,movieId,rating,timestamp\n"},
        {"rated": RATED + "7,8,1.0,1\n"},  # a film that is not there
        {"rated": RATED + "7,1,7.0,1\n"},  # more stars than there are
        {"rated": RATED + "7,1\n"},
        {"movies": MOVIES + "x,y,z\n"},
    ],
)
def test_what_is_damaged_is_said_so(changed: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="damaged"):
        ratings.read_movielens(small(tmp_path / "a.zip", **changed))


def test_another_zip_is_none(tmp_path: Path) -> None:
    make_zip(tmp_path / "a.zip", {"notes.csv": b"a,b"})
    with pytest.raises(CourseError, match="damaged"):
        ratings.read_movielens(tmp_path / "a.zip")


def test_by_name_pairs_come_as_a_domain_and_titles_beside_it(
    course_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.folder().mkdir(parents=True)
    path = small(remote.folder() / "films.zip")
    checksum = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    there = (RemoteFile(path.name, ("https://example.org/films.zip",), checksum),)
    monkeypatch.setitem(
        REAL, "movielens_small", replace(REAL["movielens_small"], parts={"train": there})
    )
    domain = data.load("movielens_small")
    assert domain.x.tolist() == [[1, 0], [0, 0], [1, 1]]
    assert [domain.classes[label] for label in domain.y] == ["0.5", "5", "4.5"]
    films = ranking.load_films("movielens_small")
    assert [films.texts[film][:9] for film in domain.x[:, 1]] == [
        "Toy Story",
        "Toy Story",
        "American ",
    ]
    with pytest.raises(CourseError, match="movielens_small"):
        ranking.load_films("movielens_9m")
