"""What breaks while a class is graded costs nobody anything: processes, disk, database, files, clock."""

from __future__ import annotations

import errno
import json
import os
import random
import sqlite3

import pytest

from benchmarks import faults
from course_lib.grading import gradebook, marks, recording
from course_lib.grading.grade import grade
from course_lib.grading.kernels import executors
from course_lib.grading.kernels.executors import MachineError, Processes, Task
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import RIGHT, answered, hand_in, scores


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def test_a_killed_kernel_zygote_and_worker_cost_nobody_anything(course, deserved):
    """One after the other, each as soon as the one before has been got over."""
    executor = Processes(2)
    trial = faults.Trial(course, random.Random(0), 1.0)

    class Grader:  # this process, as the faults know the command
        pid = os.getpid()

    command = faults.Command(Grader, trial, 0.0)
    outcomes, killed = [], []
    for outcome in grade(course, "90", executor=executor):
        outcomes.append(outcome)
        victims = (faults._kernel, faults._zygote, faults._worker)[len(killed) : len(killed) + 1]
        for victim in filter(None, (find(command) for find in victims)):
            victim.kill()
            killed.append(victim)
    assert {each.state for each in outcomes} == {"graded"}
    assert scores(course) == deserved
    assert len(killed) == 3 and executor.pids == []
    assert not [each for each in trial.seen if faults._lives(each)]


def test_a_full_disk_and_a_held_gradebook_stop_it_and_it_goes_on_later(
    course, deserved, monkeypatch
):
    list(grade(course, "90", students=["student00"]))
    real, calls = marks.write_atomically, []

    def full(path, data):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, data)

    def interrupt(path, data):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recording, "write_atomically", full)
        with pytest.raises(MachineError, match="disk is full"):
            list(grade(course, "90", jobs=2))
    assert len(calls) == 2
    with monkeypatch.context() as patch:  # Ctrl-C in the middle of nbgrader's steps
        patch.setattr(recording, "write_atomically", interrupt)
        with pytest.raises(KeyboardInterrupt):
            list(grade(course, "90", jobs=2))
    monkeypatch.setattr(gradebook, "PATIENCE", 0.2)
    other = sqlite3.connect(course.folder / "gradebook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(MachineError, match="Another program"):
        list(grade(course, "90", jobs=2))
    other.rollback()
    assert len([score for score in scores(course).values() if score is not None]) == 2
    states = [each.state for each in grade(course, "90", jobs=2)]
    assert sorted(states) == ["graded"] * 4 + ["unchanged"] * 2
    assert scores(course) == deserved


class Elsewhere:
    """An executor that runs one task at a time on some other machine: only text goes there and back."""

    def __init__(self):
        self.sent, self.closed = [], False

    def has_room(self):
        return len(self.sent) < 2

    def submit(self, task):
        self.sent.append(task.to_json())

    def collect(self, *, wait):
        if not wait or not self.sent:
            return []
        task = Task.from_json(self.sent.pop(0))
        return [executors.read_done(json.loads(executors.write_done(executors.run(task))))]

    def close(self):
        self.closed = True


def test_any_executor_can_stand_behind_the_interface_and_equal_work_is_run_once(course):
    for student in ("ann", "bob", "eve"):
        hand_in(course, student, answered(course, RIGHT))
    hand_in(course, "zoe", "not a notebook")
    engine = Elsewhere()
    outcomes = {each.student: each for each in grade(course, "90", executor=engine)}
    assert {name: each.score for name, each in outcomes.items()} == {
        **dict.fromkeys(("ann", "bob", "eve"), 5.0),
        "zoe": None,
    }
    assert engine.closed and len(list((course.private / "results").glob("*.json"))) == 1


def test_what_ends_its_process_each_time_is_given_up_and_the_others_go_on(tmp_path):
    """A process that runs submissions ends at every task named ``bad``."""
    program = tmp_path / "worker.py"
    program.write_text(
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    key = json.loads(line)['key']\n"
        "    print(json.dumps({'key': key, 'begun': True}), flush=True)\n"
        "    if key == 'bad': print('ouch', file=sys.stderr, flush=True); os._exit(7)\n"
        "    print(json.dumps({'key': key, 'problem': ['done', 'done', False]}), flush=True)\n"
    )
    executor = Processes(1, command=["python3", str(program)])
    work = executors.Work((), {})
    for key in ("a", "bad"):
        executor.submit(Task(key, work, sandbox.Limits()))
    done = {}
    while len(done) < 2:
        done |= {each.key: str(each.problem) for each in executor.collect(wait=True)}
    executor.submit(Task("b", work, sandbox.Limits()))
    done |= {each.key: str(each.problem) for each in executor.collect(wait=True)}
    executor.close()
    assert done["a"] == done["b"] == "done"
    assert "3 times" in done["bad"] and "ouch" in done["bad"]
    hopeless = Processes(1, command=["false"])
    hopeless.submit(Task("a", work, sandbox.Limits()))
    with pytest.raises(MachineError, match="doctor"):
        hopeless.collect(wait=True)
    hopeless.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return faults.prepare(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", faults.FAULTS)
def test_nothing_is_lost(undisturbed, tmp_path, name, seed):
    course, standing = undisturbed
    faults.strike(name, course, standing, tmp_path / "trial", seed)
