"""Which examples meet in which batch."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import batches


def test_an_epoch_visits_every_example_once_in_an_order_of_its_own() -> None:
    first, second = batches.order(10, seed=0, epoch=0), batches.order(10, seed=0, epoch=1)
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)
    assert list(first) == list(batches.order(10, seed=0, epoch=0))
    assert list(first) != list(batches.order(10, seed=1, epoch=0))


def test_the_order_is_the_same_on_every_machine() -> None:
    assert list(batches.order(6, seed=3, epoch=2)) == [4, 0, 1, 2, 3, 5]


def test_batches_cover_an_epoch_and_the_last_may_be_smaller() -> None:
    orders = batches.epoch_order({"x": np.zeros(8), "y": np.zeros(8)}, seed=0, epoch=0)
    cut = [list(batch[""]) for batch in batches.cut(orders, batches.batch_sizes(8, 3))]
    assert [len(batch) for batch in cut] == [3, 3, 2]
    assert sorted(i for batch in cut for i in batch) == list(range(8))


@pytest.mark.parametrize(
    ("n", "batch_size", "sizes"),
    [(7, 3, [3, 4]), (6, 3, [3, 3]), (4, 3, [4]), (1, 3, [1]), (2, 3, [2]), (3, 1, [1, 1, 1])],
)
def test_one_example_left_over_joins_the_batch_before_it(
    n: int, batch_size: int, sizes: list[int]
) -> None:
    assert batches.batch_sizes(n, batch_size) == sizes


def test_a_second_stream_goes_on_where_it_stopped() -> None:
    arrays = {"x": np.zeros(6), "x_t": np.zeros(4), "y_t": np.zeros(4)}
    seen = np.concatenate([batches.epoch_order(arrays, 0, epoch)["t"] for epoch in range(2)])
    assert len(seen) == 12  # as long as the main stream, twice
    for once_round in seen.reshape(3, 4):
        assert sorted(once_round) == [0, 1, 2, 3]


def test_data_may_be_a_pair_a_domain_or_a_mapping() -> None:
    class Pretender:
        x, y = np.zeros((2, 3)), np.ones(2)

    for train in ((Pretender.x, Pretender.y), Pretender(), {"x": Pretender.x, "y": Pretender.y}):
        assert {name: a.shape for name, a in batches.as_arrays(train).items()} == {
            "x": (2, 3),
            "y": (2,),
        }


def test_what_would_be_drawn_apart_from_its_inputs_is_refused() -> None:
    with pytest.raises(CourseError, match="'sampleweight'"):
        batches.as_arrays({"x": np.zeros(2), "y": np.zeros(2), "sample_weight": np.ones(2)})
    together = {"x": np.zeros(2), "sampleweight": np.ones(2), "x_t": np.zeros(3), "w_t": np.ones(3)}
    assert set(batches.epoch_order(batches.as_arrays(together), 0, 0)) == {"", "t"}


@pytest.mark.parametrize(
    "train",
    [
        (np.zeros(3), np.zeros(2)),
        (np.zeros(0), np.zeros(0)),
        {"images": np.zeros(2)},
        {"x": np.zeros(2), "x_t": np.zeros(2), "y_t": np.zeros(3)},
    ],
)
def test_unusable_data_is_refused_in_one_sentence(train: object) -> None:
    with pytest.raises(CourseError):
        batches.as_arrays(train)


@pytest.mark.parametrize(
    ("n", "parts", "sizes"), [(10, 3, [3, 3, 4]), (8, 2, [4, 4]), (2, 4, [1, 1])]
)
def test_a_batch_is_cut_into_even_parts_with_their_shares(
    n: int, parts: int, sizes: list[int]
) -> None:
    batch = {"": np.arange(n), "t": np.arange(n) * 2}
    found = list(batches.shares(batch, parts))
    assert [len(rows[""]) for _, rows in found] == sizes
    assert [share for share, _ in found] == [size / n for size in sizes]
    assert np.concatenate([rows["t"] for _, rows in found]).tolist() == batch["t"].tolist()


@pytest.mark.parametrize(
    ("given", "x", "y"),
    [
        (np.float64, "float32", "float32"),
        (np.float16, "float32", "float32"),
        (bool, "uint8", "int64"),
        (np.uint8, "uint8", "uint8"),
        (np.uint16, "int64", "int64"),
        (np.int32, "int64", "int64"),
        (object, "int64", "int64"),
    ],
)
def test_data_has_few_types_and_lies_in_memory_row_by_row(given: type, x: str, y: str) -> None:
    table = np.arange(6).reshape(3, 2) % 2
    arrays = batches.as_arrays((table.astype(given)[:, ::-1], table[:, 0].astype(given)[::-1]))
    assert (arrays["x"].dtype, arrays["y"].dtype) == (x, y)
    assert all(array.flags.c_contiguous for array in arrays.values())
    assert arrays["x"].tolist() == table[:, ::-1].tolist()


def test_plain_data_is_not_copied() -> None:
    x = np.zeros((3, 2), np.float32)
    assert batches.as_inputs(x) is x


def test_classes_are_named_by_a_domain_or_counted_by_labels() -> None:
    class Pretender:
        x, y, classes = np.zeros((2, 3)), np.ones(2), ("a", "b", "c")

    assert batches.count_classes(Pretender()) == 3
    assert batches.count_classes((np.zeros((2, 3)), [1, 3])) == 4
    with pytest.raises(CourseError, match="whole numbers"):
        batches.count_classes((np.zeros((2, 3)), [0.5, 3]))


def test_inputs_are_cut_so_that_no_batch_is_much_smaller() -> None:
    assert [len(part) for part in batches.even_parts(np.zeros(50), 20)] == [17, 17, 16]
