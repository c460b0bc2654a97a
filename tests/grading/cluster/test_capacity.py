"""The queue of hand-ins: what a hand can work out, what theory says, and the command's answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from course_lib.errors import CourseError
from course_lib.grading.cluster import capacity
from course_lib.grading.cluster.capacity import Crowd, Service
from course_lib.grading.commands.capacity import headings
from course_lib.grading.commands.teach import teach


def fixed(kernel: float = 1.0, record: float = 0.001) -> Service:
    return Service(np.array([kernel]), record, "made up")


def test_a_line_worked_out_by_hand() -> None:
    came, takes = np.array([0.0, 1.0, 2.0, 2.0]), np.array([5.0, 1.0, 1.0, 4.0])
    np.testing.assert_array_equal(capacity.wait_in_line(came, takes, 1), [5, 6, 7, 11])
    np.testing.assert_array_equal(capacity.wait_in_line(came, takes, 2), [5, 2, 3, 7])
    np.testing.assert_array_equal(capacity.wait_in_line(came, takes, 9), came + takes)


def test_one_server_needs_no_loop() -> None:
    came = np.sort(np.random.default_rng(0).uniform(0, 100, 300))
    slowly = capacity.wait_in_line(came, np.full(300, 0.3), 1)
    np.testing.assert_allclose(capacity.wait_for_one(came, 0.3), slowly)


def test_a_line_of_random_arrivals_waits_as_theory_says() -> None:
    """M/M/1: the mean time in the system is 1 / (service rate − arrival rate)."""
    rng = np.random.default_rng(0)
    came = np.cumsum(rng.exponential(1.0, 200_000))
    done = capacity.wait_in_line(came, rng.exponential(0.5, 200_000), 1)
    assert (done - came).mean() == pytest.approx(1.0, rel=0.05)


def test_hand_ins_bunch_as_the_crowd_says() -> None:
    crowd = Crowd(20_000, attempts=1.5, days=7, peak=0.6, peak_hours=4)
    came = capacity.draw_hand_ins(crowd, np.random.default_rng(0))
    assert (np.diff(came) >= 0).all() and came[0] >= -7 * capacity.DAY and came[-1] <= 0
    assert len(came) == pytest.approx(30_000, rel=0.02)
    last_hours = (came > -4 * capacity.HOUR).mean()
    assert last_hours == pytest.approx(0.6 * (1 - np.exp(-1)) + 0.4 * 4 / 168, abs=0.01)


def test_both_stations_count_and_the_writer_is_one() -> None:
    rng = np.random.default_rng(0)
    outcome = capacity.simulate(np.zeros(10), fixed(kernel=1.0, record=2.0), 10, rng)
    np.testing.assert_allclose(np.sort(outcome.waits), 1 + 2 * np.arange(1, 11))
    assert outcome.longest_line == 10 and outcome.busy_seconds == 10


def test_more_kernels_wait_less_and_all_at_once_is_work_over_kernels() -> None:
    crowd = Crowd(2_000, days=1, peak=1.0, peak_hours=1.0)
    few, many = (capacity.plan(crowd, fixed(5.0), n) for n in (2, 8))
    assert few.late[0] > 10 * many.late[0] and few.line > many.line
    assert few.all_at_once == pytest.approx(2_000 * 5 / 2 / 3600, rel=0.01)
    assert few.late[1] <= few.late[0] <= few.late[2]
    assert capacity.plan(crowd, fixed(5.0), 2) == few  # from its seeds


def test_the_fewest_kernels_are_enough_and_one_fewer_is_not() -> None:
    crowd = Crowd(2_000, days=1, peak=1.0, peak_hours=1.0)
    enough = capacity.fewest_kernels(crowd, fixed(5.0), minutes=1)
    assert enough is not None and enough.kernels > 1 and enough.late[2] <= 60
    assert capacity.plan(crowd, fixed(5.0), enough.kernels - 1).late[2] > 60


def test_no_number_of_kernels_helps_a_writer_that_is_too_slow() -> None:
    crowd, slow = Crowd(2_000, days=1, peak=1.0, peak_hours=1.0), fixed(record=10.0)
    assert capacity.fewest_kernels(crowd, slow, minutes=1, most=64) is None
    parts = capacity.sharding(crowd, slow)
    part = Crowd(2_000 // parts, days=1, peak=1.0, peak_hours=1.0)
    assert parts > 1 and capacity.plan(part, slow, 64).late[0] < 600


@pytest.mark.parametrize(
    "wrong", [{"students": 0}, {"attempts": 0.5}, {"days": 0}, {"peak": 1.1}, {"peak_hours": 169}]
)
def test_crowds_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CourseError, match=next(iter(wrong))):
        Crowd(**{"students": 10, **wrong})  # type: ignore[arg-type]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    result = {"chapter": "04", "kernel_seconds": [1.0, 2.0], "record_seconds": 0.1}
    whole = {"date": "2026-01-01", "machine": {"processor": "a chip"}, "result": result}
    path = tmp_path / "capacity.json"
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_measured_seconds_are_read(kept: Path) -> None:
    service = capacity.read_service(kept)
    assert service.kernel.tolist() == [1, 2] and service.record == 0.1 and "a chip" in service.made


@pytest.mark.parametrize("text", ["", "[]", '{"result": {}}', '{"result": {"kernel_seconds": []}}'])
def test_other_files_are_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "capacity.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="bench capacity --keep"):
        capacity.read_service(path)


def ask(*options: str) -> str:
    answer = CliRunner().invoke(teach, ["capacity", *options])
    return answer.output + (str(answer.exception) if answer.exception else "")


def test_the_command_gives_a_table_and_prices(kept: Path) -> None:
    said = ask("--students", "50", "--kernels", "2", "--price", "0.5", "--measured", str(kept))
    assert "a chip" in said and "2 kernels kept for 7 days: 168.00" in said


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_nothing_is_cut_or_wrapped_in_a_terminal_of_80_columns(
    kept: Path, spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", spoken)
    monkeypatch.setenv("COLUMNS", "80")
    plans = [each for kernels in (1, 2, 4, 8, 16) for each in ("--kernels", f"{kernels}")]
    said = ask("--students", "50000", "--hours", "1", *plans, "--measured", str(kept))
    assert "…" not in said and all(cell_len(line) <= 80 for line in said.splitlines())
    for heading in headings():
        assert all(part in said for part in re.split(r" (?=\()|(?=（)", heading))
    crowd = Crowd(50_000, peak_hours=1.0)
    for plan in [capacity.plan(crowd, capacity.read_service(kept), n) for n in (1, 2, 4, 8, 16)]:
        for cell in capacity.as_rows([plan])[0]:
            assert all(part in said for part in cell.split(" ("))


def test_the_command_finds_the_fewest(kept: Path) -> None:
    assert "50" in ask("--students", "50", "--minutes", "1", "--measured", str(kept))


def test_the_command_says_when_nothing_helps(kept: Path) -> None:
    said = ask("--students", "50", "--minutes", "0.02", "--measured", str(kept))
    assert "No number of kernels" in said and "Traceback" not in said
    assert "Neither does cutting" in said  # a submission alone takes longer


def test_the_command_says_into_how_many_parts_to_cut_and_that_is_enough(kept: Path) -> None:
    crowd, service = Crowd(5_000, days=1, peak=1.0, peak_hours=0.1), capacity.read_service(kept)
    parts, each = capacity.cut(crowd, service, 0.5)
    assert each is not None and each.late[2] <= 30 and each.students * parts >= 5_000
    options = ("--days", "1", "--peak", "1", "--hours", "0.1", "--minutes", "0.5")
    said = ask("--students", "5000", *options, "--measured", str(kept))
    assert f"into {parts} course directories" in said and f"then {each.kernels} kernels" in said


def test_the_chapter_and_one_kernel_are_named_in_both_languages(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--students", "50", "--kernels", "1", "--price", "1", "--measured", str(kept))
    assert "chapter 04; a chip" in ask(*options) and "1 kernel kept" in ask(*options)
    monkeypatch.setenv("COURSE_LANGUAGE", "zh")
    assert "第 04 章；a chip" in ask(*options)
