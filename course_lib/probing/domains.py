"""Along which gradients the two players of an adversarial training have moved."""

from __future__ import annotations

import numpy as np


def measure_players(
    moved: dict[str, np.ndarray],
    of_classes: dict[str, np.ndarray],
    of_domains: dict[str, np.ndarray],
) -> tuple[np.ndarray, bool]:
    r"""Say along which gradients the parts of an adversarial training have moved.

    .. math:: \Delta_\text{backbone} \approx a \, g_C + b \, g_D, \qquad
              \Delta_\text{head} \approx c \, g_C, \qquad \Delta_\text{discriminator} \approx d \, g_D

    Args:
        moved: How far ``backbone``, ``head`` and ``discriminator`` went downhill, over the rate.
        of_classes: :math:`g_C`, the gradients of the classifier's loss, of backbone and head.
        of_domains: :math:`g_D`, those of the discriminator's loss, of backbone and discriminator.

    Returns:
        :math:`(a, b, c, d)`, and whether that is all: nothing moved along anything else.
    """
    directions = {
        "backbone": (of_classes["backbone"], of_domains["backbone"]),
        "head": (of_classes["head"],),
        "discriminator": (of_domains["discriminator"],),
    }
    multiples, straight = [], True
    for part, slopes in directions.items():
        G = np.stack(slopes, axis=1)
        found = np.linalg.lstsq(G, moved[part], rcond=None)[0]
        rest = float(np.linalg.norm(moved[part] - G @ found))
        straight &= rest <= 1e-2 * float(np.linalg.norm(moved[part])) + 1e-5
        multiples.extend(found)
    return np.array(multiples), bool(straight)
