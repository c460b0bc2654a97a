"""Boxes, precision, masks and screening: checked against torchvision, scikit-learn and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from course_lib import data, vision
from course_lib.errors import CourseError
from course_lib.vision.places import measure_cells, measure_places


def some_boxes(seed: int, n: int = 12) -> np.ndarray:
    low = np.random.default_rng(seed).uniform(0, 30, (n, 2))
    return np.concatenate([low, low + np.random.default_rng(seed + 1).uniform(2, 15, (n, 2))], 1)


def test_iou_is_torchvisions() -> None:
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    a, b = some_boxes(0), some_boxes(5, 7)
    theirs = ops.box_iou(torch.tensor(a), torch.tensor(b)).numpy()
    np.testing.assert_allclose(vision.box_iou(a, b), theirs, atol=1e-12)


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.array([[3.0, 3, 3, 3]])
    assert vision.box_iou(point, point).item() == 0


def test_suppression_is_torchvisions() -> None:
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    boxes, scores = some_boxes(3, 40), np.random.default_rng(9).random(40)
    theirs = ops.nms(torch.tensor(boxes), torch.tensor(scores), 0.3).numpy()
    assert vision.suppress(boxes, scores, overlap=0.3).tolist() == theirs.tolist()


def test_what_is_encoded_is_decoded() -> None:
    pages = vision.draw_pages(data.load("digits", n=100), n=5, seed=3)
    t = pages.truth
    y = vision.encode_boxes(t.boxes, t.labels, t.page, pages=5, cells=12, stride=4)
    outputs = np.concatenate(
        [50 * (y[..., :1] - 0.5), 50 * np.eye(10)[y[..., 1].astype(int)], y[..., 2:]], -1
    )
    found = vision.detections(outputs, stride=4, least=0.5)
    assert vision.mean_average_precision(found, t) == 1
    assert len(found.boxes) == len(t.boxes)


def test_average_precision_is_scikit_learns_where_all_is_found() -> None:
    rng = np.random.default_rng(0)
    hits, scores = rng.random(60) < 0.4, -np.arange(60.0)
    ours = vision.average_precision(hits, int(hits.sum()), envelope=False)
    assert ours == pytest.approx(metrics.average_precision_score(hits, scores))
    assert vision.average_precision(hits, int(hits.sum())) >= ours
    assert vision.average_precision(hits, 2 * int(hits.sum()), envelope=False) == pytest.approx(
        ours / 2
    )


def test_a_second_detection_is_a_false_alarm() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    truth = vision.Found(box, np.zeros(1, int), np.zeros(1, int), np.ones(1))
    twice = vision.Found(
        np.repeat(box, 2, 0), np.zeros(2, int), np.zeros(2, int), np.array([0.5, 0.9])
    )
    assert vision.match(twice, truth).tolist() == [True, False]
    elsewhere = vision.Found(box, np.zeros(1, int), np.ones(1, int), np.ones(1))
    assert vision.match(elsewhere, truth).tolist() == [False]


def test_iou_of_classes_is_scikit_learns_and_nan_where_nothing_is() -> None:
    rng = np.random.default_rng(0)
    y, said = rng.integers(0, 3, (2, 500))
    found = vision.iou_of_classes(vision.count_pairs(y, said, 4))
    np.testing.assert_allclose(found[:3], metrics.jaccard_score(y, said, average=None))
    assert np.isnan(found[3])


def test_measures_of_places_and_cells() -> None:
    y = np.array([[[0, 1], [1, 1]]])
    found = measure_places(4.0 * np.eye(2)[y], y)
    assert found["accuracy"] == 1 and found["mean_iou"] == 1 and 0 < found["loss"] < 0.05
    cells = np.zeros((1, 1, 2, 6))
    cells[0, 0, 0] = [1, 2, 1, 1, 1, 1]
    outputs = np.zeros((1, 1, 2, 1 + 3 + 4))
    outputs[0, 0, 0, 3], outputs[0, 0, 0, 4:] = 5, 1.5
    assert measure_cells(outputs, cells) == {"accuracy": 1.0, "side_error": 0.5}


def test_screening_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    y, scores = rng.integers(0, 2, 200), rng.integers(0, 9, 200).astype(float)
    assert vision.area_under_curve(y, scores) == pytest.approx(metrics.roc_auc_score(y, scores))
    false, found = vision.curve(y, scores)
    assert np.trapezoid(found, false) == pytest.approx(metrics.roc_auc_score(y, scores))
    t = vision.threshold_for(y, scores, 0.8)
    assert vision.rates(y, scores, t).sensitivity >= 0.8
    assert vision.rates(y, scores, t + 1).sensitivity < 0.8
    with pytest.raises(CourseError, match="both ill and healthy"):
        vision.area_under_curve(np.ones(3), np.arange(3))


def test_predictive_value_counts_people() -> None:
    assert vision.predictive_value(0.9, 0.9, 0.01) == pytest.approx(9 / 108)
    assert np.isnan(vision.predictive_value(0, 1, 0.5))


def test_pages_have_boxes_around_their_ink() -> None:
    pages = vision.draw_pages(data.load("digits", n=200), n=20, seed=4)
    some = pages.take(np.array([7, 3]))
    for page in range(2):
        here = some.truth.page == page
        labels = set((some.truth.labels[here] + 1).tolist())
        assert set(np.unique(some.masks[page]).tolist()) - {0} == labels
        rows, columns = np.nonzero(some.masks[page])
        boxes = some.truth.boxes[here]
        assert boxes[:, 0].min() == columns.min() and boxes[:, 3].max() == rows.max() + 1


def test_phantoms_of_one_patient_share_illness_and_group() -> None:
    phantoms = vision.draw_phantoms(patients=10, pictures=3, ill=0.3, dense=0.6, seed=2)
    assert phantoms.x.shape == (30, 32, 32, 1) and phantoms.y.sum() == 9
    for patient in range(10):
        one = phantoms.take(phantoms.patient == patient)
        assert len(set(one.y)) == len(set(one.group)) == 1
    assert (phantoms.masks.any(axis=(1, 2)) == (phantoms.y == 1)).all()


def test_winter_is_another_terrain() -> None:
    warm, cold = (data.load("terrain", n=20, season=s, cache=False) for s in ("summer", "winter"))
    assert (warm.x != cold.x).any() and (warm.y == cold.y).all()
    with pytest.raises(CourseError, match="season"):
        data.load("terrain", n=5, season="spring")
