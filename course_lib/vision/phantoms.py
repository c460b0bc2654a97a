"""Phantoms: made-up patients with made-up pictures, some with a lesion whose place is known.

A phantom is an object of known content on which scanners are tried out. These are drawn; nothing
here is about real people. What is imitated on purpose:

* **several pictures of each patient**, alike in everything but noise and position;
* **a patient's own pattern** (vessels, texture) in all of them: a network can know the patient again;
* **a lesion** in pictures of ill patients, at one place of the patient's, moving a little;
* **two groups**: in *dense* tissue the background is brighter and rougher and hides a lesion, as in
  mammography (Boyd et al., "Mammographic density and the risk and detection of breast cancer", NEJM
  356, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUPS = ("fatty", "dense")


@dataclass(frozen=True)
class Phantoms:
    """Pictures of patients.

    Attributes:
        x: uint8, N×H×W×1.
        y: 1 where a lesion is, else 0; N.
        patient: whose picture it is, N whole numbers.
        group: 0 fatty, 1 dense; N.
        masks: where the lesion is, N×H×W truth values.
    """

    x: np.ndarray
    y: np.ndarray
    patient: np.ndarray
    group: np.ndarray
    masks: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def take(self, chosen: np.ndarray) -> Phantoms:
        """The pictures at these places (integers or truth values), in this order."""
        return Phantoms(*(part[chosen] for part in vars(self).values()))


def draw_phantoms(
    *,
    patients: int,
    pictures: int = 4,
    ill: float = 0.5,
    dense: float = 0.5,
    contrast: float = 0.35,
    seed: int = 0,
    size: int = 32,
) -> Phantoms:
    """Draw pictures of so many patients; each patient is ill or healthy in all of them.

    Args:
        patients: how many. pictures: of each.
        ill, dense: the share of ill patients and of dense ones (nearest whole number; independent).
        contrast: how bright a lesion is, 0 to 1.
        seed: another seed gives other patients.
        size: side of the pictures, pixels.
    """
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(patients) < round(ill * patients)).astype(np.int64)
    group = rng.permutation(np.arange(patients) < round(dense * patients)).astype(np.int64)
    x, masks = [], []
    for i in range(patients):
        for picture, mask in _pictures(rng, pictures, size, bool(y[i]), bool(group[i]), contrast):
            x.append(picture)
            masks.append(mask)
    labels, whose, kind = (np.repeat(each, pictures) for each in (y, np.arange(patients), group))
    return Phantoms(np.stack(x)[..., None], labels, whose, kind, np.stack(masks))


def _pictures(
    rng: np.random.Generator, count: int, size: int, ill: bool, dense: bool, contrast: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures of one patient and the lesion's mask in each."""
    wide = 3 * size // 2
    own = _tissue(rng, wide, dense) + _vessels(rng, wide)
    place, radius = rng.uniform(-0.22, 0.22, 2) * size, rng.uniform(0.06, 0.1) * size
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    made = []
    for _ in range(count):
        top, left = (wide - size) // 2 + rng.integers(-2, 3, 2)
        picture = own[top : top + size, left : left + size] + 0.25 * _tissue(rng, size, dense)
        at = place + rng.normal(0, 1, 2)
        distance = np.hypot(rows - at[0], columns - at[1])
        cover = np.clip(radius + 0.5 - distance, 0, 1) * ill
        picture = picture + contrast * cover
        body = np.hypot(rows / 0.47, columns / 0.42) < size
        picture = np.where(body, picture * rng.uniform(0.9, 1.1), 0.03)
        picture += rng.normal(0, 0.04, picture.shape)
        made.append((np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8), cover > 0.5))
    return made


def _tissue(rng: np.random.Generator, size: int, dense: bool) -> np.ndarray:
    """A smooth random field, size×size: few slow waves, and for dense tissue quicker, stronger ones."""
    rows, columns = np.mgrid[:size, :size] / 32
    field = np.full((size, size), 0.35 if dense else 0.25)
    for _ in range(8):
        quick = rng.uniform(1, 6 if dense else 3)
        way, phase = rng.uniform(0, 2 * np.pi, 2)
        wave = np.cos(2 * np.pi * quick * (rows * np.sin(way) + columns * np.cos(way)) + phase)
        field += (0.045 if dense else 0.02) * wave
    return field


def _vessels(rng: np.random.Generator, size: int) -> np.ndarray:
    """Three thin bright lines, a patient's own, size×size."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    lines = np.zeros((size, size))
    for _ in range(3):
        way, away = rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3) * size
        across = rows * np.cos(way) - columns * np.sin(way) - away
        lines = np.maximum(lines, 0.15 * np.exp(-(across**2) / 1.5))
    return lines
