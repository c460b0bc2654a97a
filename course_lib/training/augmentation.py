r"""Random changes to images, as numbers: what is drawn for each example, before any pixel moves.

Three families. What moves pixels is a 3×3 matrix for each image, and a row of such changes is one
product, so that pixels are interpolated once. What changes the light is one factor each. What hides
a part is a box. ``augment`` of either half applies them to a whole batch on the device: first the
matrix, then contrast, then brightness, then the boxes.

Labels stay as they are: choose only changes under which the answer is still right. (A mirrored "2"
is none; a shifted one is.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from course_lib.arguments import require_number
from course_lib.errors import CourseError
from course_lib.training.batches import Arrays

Rng = np.random.Generator


class Transform(Protocol):
    """A random change. Write your own with a ``kind`` of those in ``JOINED`` and a ``draw``.

    ``draw(rng, n)`` gives for n images

    * kind ``"affine"``: matrices n×3×3 that say for each place of the *new* image where in the old
      one its colour comes from. Places are (x, y, 1): x to the right and y down from the image's
      centre, in units of its shorter side.
    * kind ``"contrast"`` or ``"brightness"``: factors n.
    * kind ``"boxes"``: n×1×4 with top, bottom, left, right, as parts of height and width.
    """

    kind: ClassVar[str]

    def draw(self, rng: Rng, n: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Flip:
    """Mirror left and right, with probability ``p``."""

    p: float = 0.5
    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        require_number("p", self.p, 0, 1)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        matrices = _identities(n)
        matrices[rng.random(n) < self.p, 0, 0] = -1
        return matrices


@dataclass(frozen=True)
class Shift:
    """Move by up to ``part`` of the shorter side, in each direction. What comes in is black, 0."""

    part: float = 0.1
    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        require_number("part", self.part)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        matrices = _identities(n)
        matrices[:, :2, 2] = rng.uniform(-self.part, self.part, (n, 2))
        return matrices


@dataclass(frozen=True)
class Rotate:
    """Turn around the centre by up to ``degrees``, either way."""

    degrees: float = 10.0
    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        require_number("degrees", self.degrees)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        angle = np.radians(rng.uniform(-self.degrees, self.degrees, n))
        matrices = _identities(n)
        matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angle)
        matrices[:, 0, 1], matrices[:, 1, 0] = -np.sin(angle), np.sin(angle)
        return matrices


@dataclass(frozen=True)
class Scale:
    """Enlarge around the centre by a factor between ``smallest`` and ``largest``."""

    smallest: float = 0.9
    largest: float = 1.1
    kind: ClassVar[str] = "affine"

    def __post_init__(self) -> None:
        require_number("smallest", self.smallest, ends="()")
        require_number("largest", self.largest, low=self.smallest)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        matrices = _identities(n)
        # Twice as large means that colours come from half as far away.
        matrices[:, 0, 0] = matrices[:, 1, 1] = 1 / rng.uniform(self.smallest, self.largest, n)
        return matrices


@dataclass(frozen=True)
class Brightness:
    """Multiply by a factor up to ``strength`` away from 1."""

    strength: float = 0.2
    kind: ClassVar[str] = "brightness"

    def __post_init__(self) -> None:
        require_number("strength", self.strength, 0, 1)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        return rng.uniform(1 - self.strength, 1 + self.strength, n)


@dataclass(frozen=True)
class Contrast:
    """Multiply the distance from the image's mean by a factor up to ``strength`` away from 1."""

    strength: float = 0.2
    kind: ClassVar[str] = "contrast"

    def __post_init__(self) -> None:
        require_number("strength", self.strength, 0, 1)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        return rng.uniform(1 - self.strength, 1 + self.strength, n)


@dataclass(frozen=True)
class CutOut:
    """Blacken a box of ``side`` times height and width, its centre anywhere in the image.

    DeVries & Taylor, *Improved Regularization of CNNs with Cutout*, 2017, arXiv:1708.04552.
    """

    side: float = 0.4
    kind: ClassVar[str] = "boxes"

    def __post_init__(self) -> None:
        require_number("side", self.side, 0, 1)

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        centre, half = rng.random((n, 2)), self.side / 2
        return _boxes(centre - half, centre + half)


@dataclass(frozen=True)
class Erase:
    """With probability ``p``, blacken a box of random area and shape that lies inside the image.

    Zhong et al., *Random Erasing Data Augmentation*, AAAI 2020, arXiv:1708.04896.

    Attributes:
        p: How often.
        area: The smallest and the largest part of the image to hide.
        aspect: The smallest and the largest ratio of height to width.
    """

    p: float = 0.5
    area: tuple[float, float] = (0.02, 0.33)
    aspect: tuple[float, float] = (0.3, 3.3)
    kind: ClassVar[str] = "boxes"

    def __post_init__(self) -> None:
        require_number("p", self.p, 0, 1)
        require_number("the smallest area", self.area[0], 0, 1)
        require_number("the largest area", self.area[1], self.area[0], 1)
        require_number("the smallest aspect", self.aspect[0], ends="()")
        require_number("the largest aspect", self.aspect[1], self.aspect[0])

    def draw(self, rng: Rng, n: int) -> np.ndarray:
        area, used = rng.uniform(*self.area, n), rng.random(n) < self.p
        shortest, longest = np.log(self.aspect)
        aspect = np.exp(rng.uniform(shortest, longest, n))
        sides = np.stack([np.sqrt(area * aspect), np.sqrt(area / aspect)], axis=1)
        sides = np.minimum(sides, 1) * used[:, None]
        corner = rng.random((n, 2)) * (1 - sides)
        return _boxes(corner, corner + sides)


# How two changes of one kind, one after the other, become one.
JOINED: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "affine": np.matmul,  # the later change is undone first: from new places back to old ones
    "contrast": np.multiply,
    "brightness": np.multiply,
    "boxes": lambda one, other: np.concatenate([one, other], axis=1),
}


def draw_transforms(transforms: Sequence[Transform], rng: Rng, n: int) -> Arrays:
    """Draw for n images. The result has an entry for each kind that occurs, float32.

    Shapes: ``affine`` n×3×3, ``contrast`` n, ``brightness`` n, ``boxes`` n×B×4.
    """
    draws: Arrays = {}
    require_known_kinds(transforms)
    for transform in transforms:
        kind, values = transform.kind, transform.draw(rng, n)
        draws[kind] = JOINED[kind](draws[kind], values) if kind in draws else values
    return {kind: values.astype(np.float32) for kind, values in draws.items()}


def require_known_kinds(transforms: Sequence[Transform]) -> None:
    """Make sure that there is a list of changes, each of a kind that ``augment`` applies."""
    if not isinstance(transforms, Iterable):
        raise CourseError(
            f"transforms is a list: write [{transforms!r}].",
            f"transforms 是列表，应写成 [{transforms!r}]。",
        )
    for transform in transforms:
        if isinstance(transform, type) or getattr(transform, "kind", None) not in JOINED:
            raise CourseError(
                f"{transform!r} is no change to an image: its kind must be one of "
                f"{', '.join(JOINED)}. (Write Flip(), not Flip.)",
                f"{transform!r} 不是一种图像变换：它的 kind 应为 {'、'.join(JOINED)} 之一。"
                "（应写 Flip()，而不是 Flip。）",
            )


def _identities(n: int) -> np.ndarray:
    return np.tile(np.eye(3), (n, 1, 1))


def _boxes(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Give n×1×4 (top, bottom, left, right) from corners n×2 (vertical, horizontal)."""
    return np.stack([start[:, 0], end[:, 0], start[:, 1], end[:, 1]], axis=1)[:, None]
