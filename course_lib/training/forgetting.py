"""A fresh model beside a trained one: what the probes of chapter 14 draw, the same in both halves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_lib.training.tiny import Arrays, draw_tiny


def draw_fresh(arrays: Mapping[str, np.ndarray], seed: int) -> Arrays:
    """Draw the arrays of a tiny model of the same structure as one that there is."""
    channels, features = arrays["kernel"].shape
    classes = arrays["head"].shape[1]
    rng = np.random.default_rng(seed)
    return draw_tiny(rng, channels=channels, features=features, classes=classes)
