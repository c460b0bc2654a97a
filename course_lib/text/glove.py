"""GloVe's published vectors, fetched once and read with :func:`course_lib.text.vectors.parse_vectors`."""

from __future__ import annotations

import io
from collections.abc import Iterable

from course_lib import downloads
from course_lib.archives import members
from course_lib.data.remote import folder
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from course_lib.language import both
from course_lib.text.vectors import WordVectors, parse_vectors

DIMENSIONS = (50, 100, 200, 300)
LICENSE = "Open Data Commons Public Domain Dedication and License (PDDL) 1.0"
CITATION = "J. Pennington, R. Socher and C. D. Manning, GloVe: global vectors for word representation, EMNLP, 2014"
# Nobody states a checksum: the SHA-256 of the first download is recorded, and later ones must have it.
GLOVE_6B = RemoteFile(
    "glove.6B.zip",
    (
        "https://nlp.stanford.edu/data/glove.6B.zip",
        "https://huggingface.co/stanfordnlp/glove/resolve/main/glove.6B.zip",
        "https://hf-mirror.com/stanfordnlp/glove/resolve/main/glove.6B.zip",
    ),
)


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
    if progress and not downloads.is_whole(GLOVE_6B, folder()):
        print(
            both(f"GloVe 6B, 862 MB. Licence: {LICENSE}.", f"GloVe 6B，862 MB。许可：{LICENSE}。")
        )
    path = downloads.fetch(GLOVE_6B, folder(), progress=progress)
    name = f"glove.6B.{dimensions}d.txt"
    ((_, content),) = members(path, wanted=lambda each: each == name)
    return parse_vectors(
        io.StringIO(content.decode("utf-8")), name, only=None if only is None else set(only)
    )
