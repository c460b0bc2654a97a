"""Fractals, shapes and dead leaves: classes that can be told apart, and images that differ."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data
from course_lib.data import fractals
from course_lib.readouts import nearest_class_mean


@pytest.mark.parametrize("name", ["fractals", "shapes", "dead_leaves"])
def test_images_of_one_class_differ(name):
    domain = data.load(name, n=240, cache=False)
    first = domain.x[domain.y == 0]
    assert len(np.unique(first.reshape(len(first), -1), axis=0)) == len(first)


def test_fractals_of_one_class_look_alike():
    domain = data.load("fractals", n=600, classes=10, cache=False)
    development, test = data.split(domain)
    flat = [part.x.reshape(len(part), -1).astype(float) for part in (development, test)]
    predicted = nearest_class_mean(flat[0], development.y, flat[1])
    assert (predicted == test.y).mean() > 0.5, "chance is 0.1"


def test_fractal_maps_shrink():
    systems = fractals.random_systems(100, np.random.default_rng(0))
    assert systems.shape == (100, 4, 2, 3)
    assert (np.abs(systems[..., :2]).sum(axis=-1) < 0.86).all()


def test_shapes_have_their_area():
    domain = data.load("shapes", n=1200, cache=False)
    bright = (domain.x > 150).mean(axis=(1, 2, 3))
    area = {name: bright[domain.y == i].mean() for i, name in enumerate(domain.classes)}
    assert area["square"] > area["diamond"] > area["cross"] > area["star"]
    assert area["disc"] > area["ring"] and area["disc"] > area["half disc"] > area["crescent"]
