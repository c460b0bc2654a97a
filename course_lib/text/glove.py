"""GloVe's published vectors, fetched once (``./course data fetch glove``) and kept.

They are read with :func:`course_lib.text.vectors.parse_vectors`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from course_lib.archives import damaged, members
from course_lib.data.remote import fetch_set
from course_lib.errors import CourseError
from course_lib.text.vectors import WordVectors, parse_vectors

DIMENSIONS = (50, 100, 200, 300)


def load_glove(
    dimensions: int = 50, *, only: Iterable[str] | None = None, progress: bool = True
) -> WordVectors:
    """Give GloVe's vectors of 400,000 English words (Wikipedia 2014 and Gigaword 5).

    The file has 862 MB and is fetched once.

    Args:
        dimensions: 50, 100, 200 or 300.
        only: Words to keep; all unless given.
        progress: Say what is fetched, and show a bar.

    Raises:
        CourseError: They can't be had. Vectors of your own text do without a network:
            :func:`course_lib.text.vectors.train_vectors`.
    """
    if dimensions not in DIMENSIONS:
        raise CourseError(
            f"GloVe comes with {', '.join(map(str, DIMENSIONS))} dimensions, not {dimensions}.",
            f"GloVe 提供 {'、'.join(map(str, DIMENSIONS))} 维的向量，没有 {dimensions} 维。",
        )
    (path,) = fetch_set("glove", progress=progress).values()
    name = f"glove.6B.{dimensions}d.txt"
    found = [content for _, content in members(path, wanted=lambda each: each == name)]
    if not found:
        raise damaged(path)
    (content,) = found
    return parse_vectors(
        io.StringIO(content.decode("utf-8")), name, only=None if only is None else set(only)
    )
