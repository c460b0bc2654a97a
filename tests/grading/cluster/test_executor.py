"""Grading on a cluster: the same gradebook as here, and nothing lost or doubled when machines go."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import threading
import time
from collections import Counter

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from benchmarks._local_cluster import LocalCluster, sandboxes, worker_below
from course_lib.errors import CourseError
from course_lib.grading import audit
from course_lib.grading.cluster import executor, worker_side
from course_lib.grading.cluster.executor import Cluster, read_answer
from course_lib.grading.commands.teach import teach
from course_lib.grading.course import open_course
from course_lib.grading.grade import grade
from course_lib.grading.judging.assignment import open_assignment
from course_lib.grading.kernels import executors
from course_lib.grading.kernels.execution import Answer, CellRun, Execution, Work
from course_lib.grading.kernels.executors import Done, MachineError, Task
from course_lib.grading.people.standing import read_grades
from course_lib.grading.regrade import regrade
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import QUICK, RIGHT, answered, hand_in, scores

WAIT = 120.0  # seconds for a worker to join: a busy machine imports slowly


@pytest.fixture(scope="module", autouse=True)
def _what_it_takes():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    require(importlib.util.find_spec("distributed"), "Dask distributed is not installed")


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """A scheduler, two workers, and a third that has no sandbox."""
    with LocalCluster(tmp_path_factory.mktemp("cluster")) as started:
        started.start_scheduler()
        # As TEACHING starts them: one with a single thread, one with two.
        started.good = [started.start_worker("one"), started.start_worker("two", threads=2)]
        started.bare = started.start_worker("bare", PATH="/nonexistent")
        yield started


def written(course):
    """Give all that grading writes down of everybody: points and comments by cell, and the notebooks."""
    found = {}
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions("90"):
            (notebook,) = submission.notebooks
            path = course.folder / "autograded" / submission.student.id / "90"
            graded = nbformat.read(path / f"{notebook.name}.ipynb", as_version=4)
            found[submission.student.id] = (
                {
                    g.name: (g.auto_score, g.max_score, g.needs_manual_grade)
                    for g in notebook.grades
                },
                {c.name: (c.auto_comment, c.manual_comment) for c in notebook.comments},
                [(cell.source, cell.get("outputs"), dict(cell.metadata)) for cell in graded.cells],
            )
    return found


def graded_lines(course):
    return Counter(line["student"] for line in audit.read(course) if line["event"] == "graded")


def at_work(engine):
    """Give the addresses of the workers that have a submission in hand."""
    return [address for address, keys in engine._client.processing().items() if keys]


def test_two_workers_write_what_one_machine_writes_and_a_bare_one_gets_nothing(
    course, deserved, machines, tmp_path
):
    shutil.copytree(course.folder, tmp_path / "serial")
    serial = open_course(tmp_path / "serial")
    assert {each.state for each in grade(serial, "90", executor=executors.Serial())} == {"graded"}
    said = []
    engine = Cluster(machines.address, say=said.append, patience=WAIT)
    # All three have joined before the first submission goes out.
    engine.wait_for(3)
    outcomes = list(grade(course, "90", executor=engine))
    assert {each.state for each in outcomes} == {"graded"}
    assert written(course) == written(serial) and scores(course) == scores(serial) == deserved
    assert graded_lines(course) == dict.fromkeys(deserved, 1)
    # One zygote each, warm for the next submission; nothing at all where there are no walls.
    warm = [[each.pid for each in sandboxes(worker)] for worker in machines.good]
    assert [len(each) for each in warm] == [1, 1]
    assert not sandboxes(machines.bare) and not (machines.folder / "bare").exists()
    (refused,) = said
    assert "no sandbox" in refused
    # What has not changed is not run again, with or without a cluster; one exercise can be judged there.
    again = Cluster(machines.address, patience=WAIT)
    assert {each.state for each in grade(course, "90", executor=again)} == {"unchanged"}
    engine = Cluster(machines.address, patience=WAIT)
    judged = list(regrade(course, "90", "90.1", again=True, executor=engine))
    assert {each.state for each in judged} == {"graded"} and scores(course) == deserved
    engine = Cluster(machines.address, patience=WAIT)
    assert {each.state for each in grade(course, "90", again=True, executor=engine)} == {"graded"}
    assert warm == [[each.pid for each in sandboxes(worker)] for worker in machines.good]


def test_a_second_submission_on_a_worker_finds_its_kernel_warm(released_course, machines):
    """A cold kernel imports everything itself; a warm one is forked from what has, and has next to nothing to do."""
    engine = Cluster(machines.address, patience=WAIT)

    def run(key, imports):
        work = Work(("import numpy; print(numpy.ones(2))",), {}, imports=imports)
        engine.submit(Task(key, work, QUICK, True))
        (done,) = engine.collect(wait=True)
        assert done.execution.cells[0].state == "ok" and done.execution.kernels == 1
        return done.execution.starts

    imports = open_assignment(released_course, "90").imports
    cold, _, warm = run("cold", None), run("first", imports), run("second", imports)
    engine.close()
    assert warm < cold / 2


def test_the_command_takes_a_scheduler(course, machines, monkeypatch):
    monkeypatch.setattr(executor, "PATIENCE", WAIT)
    hand_in(course, "ada", answered(course, RIGHT))
    arguments = ["grade", "90", "--scheduler", machines.address, "--dir", str(course.folder)]
    result = CliRunner().invoke(teach, arguments)
    assert result.exit_code == 0, result.output
    (row,) = read_grades(course, "90")
    assert row.student == "ada" and row.score
    refused = CliRunner().invoke(teach, [*arguments, "--unsandboxed"])
    assert isinstance(refused.exception, CourseError) and "sandbox" in str(refused.exception)


def test_a_worker_killed_in_the_middle_costs_nobody_anything(course, deserved, machines, tmp_path):
    with LocalCluster(tmp_path) as own:
        own.start_scheduler()
        workers = [own.start_worker(name) for name in ("one", "two")]
        engine = Cluster(own.address, patience=WAIT)
        engine.wait_for(2)
        outcomes, left = [], []
        for outcome in grade(course, "90", executor=engine):
            outcomes.append(outcome)
            victim = next(filter(None, map(own.process_at, at_work(engine))), None)
            if not left and victim is not None and sandboxes(victim):
                left = sandboxes(victim)
                victim.kill()
                victim.wait()
        assert left and not psutil.wait_procs(left, timeout=30)[1]  # its kernels went with it
        assert sum(each.poll() is not None for each in workers) == 1
    assert {each.state for each in outcomes} == {"graded"} and len(outcomes) == len(deserved)
    assert scores(course) == deserved and graded_lines(course) == dict.fromkeys(deserved, 1)
    assert len(list((course.private / "results").glob("*.json"))) == len(deserved)


def test_a_nanny_brings_its_worker_back_and_goes_with_everything_when_it_is_killed(
    course, deserved, tmp_path
):
    with LocalCluster(tmp_path) as own:
        own.start_scheduler()
        nanny = own.start_worker("looked-after", nanny=True)
        outcomes, ended, left = [], [], []
        for outcome in grade(course, "90", executor=Cluster(own.address, patience=WAIT)):
            outcomes.append(outcome)
            worker = worker_below(nanny)
            if worker is None or worker in ended:
                continue
            ended.append(worker)
            left += sandboxes(worker)
            if len(ended) == 1:
                worker.kill()
            else:  # the second worker, which the nanny has started
                nanny.kill()
                nanny.wait()
                own.start_worker("another")
        assert len(ended) == 2 and not psutil.wait_procs([*ended, *left], timeout=30)[1]
    assert {each.state for each in outcomes} == {"graded"} and len(outcomes) == len(deserved)
    assert scores(course) == deserved and graded_lines(course) == dict.fromkeys(deserved, 1)


def test_what_is_no_restart_is_not_taken_for_one():
    from distributed.comm import CommClosedError

    class Gone:
        status = "running"

        def __init__(self, problem):
            self.problem = problem

        def nthreads(self):
            raise self.problem

        def close(self, timeout):
            self.status = "closed"

    class Back:
        status = "running"

        def nthreads(self):
            return {"tcp://there": 2}

    for problem in (
        CommClosedError("gone"),
        TimeoutError(),
        RuntimeError("ConnectionPool is closed"),
    ):
        engine = Cluster("tcp://127.0.0.1:1")
        engine._client = gone = Gone(problem)
        engine._connect = lambda engine=engine: setattr(engine, "_client", Back())
        assert engine._who_is_there() == {"tcp://there": 2} and gone.status == "closed"
    for problem in (AttributeError("ncores"), ValueError("no number")):
        engine = Cluster("tcp://127.0.0.1:1")
        engine._client = Gone(problem)
        with pytest.raises(type(problem)):
            engine._who_is_there()


def test_a_scheduler_that_is_started_again_goes_on(course, deserved, tmp_path):
    """Its workers end with it, as Dask has it; what starts them starts new ones."""
    with LocalCluster(tmp_path) as own:
        first = own.start_scheduler()
        own.start_worker("one")
        outcomes, again = [], []

        def start_again():
            own.start_scheduler()
            own.start_worker("two")

        for outcome in grade(course, "90", executor=Cluster(own.address, patience=WAIT)):
            outcomes.append(outcome)
            if not again:
                first.kill()
                first.wait()
                again.append(threading.Thread(target=start_again))
                again[0].start()
        again[0].join()
    assert {each.state for each in outcomes} == {"graded"} and len(outcomes) == len(deserved)
    assert scores(course) == deserved and graded_lines(course) == dict.fromkeys(deserved, 1)


def test_nobody_there_is_said_after_a_while_and_the_next_run_goes_on(
    course, deserved, tmp_path, machines
):
    with LocalCluster(tmp_path) as own:
        with pytest.raises(MachineError, match="No scheduler answers"):
            list(grade(course, "90", executor=Cluster(own.address, patience=1)))
        own.start_scheduler()
        began = time.monotonic()
        with pytest.raises(MachineError, match="No worker has joined"):
            list(grade(course, "90", executor=Cluster(own.address, patience=2)))
        assert time.monotonic() - began < 60
        own.start_worker("bare", PATH="/nonexistent")
        with pytest.raises(MachineError, match=r"can be used .*no sandbox"):
            list(grade(course, "90", executor=Cluster(own.address, patience=20)))
    assert graded_lines(course) == {}
    # Ctrl-C, or a kill, after the first: the same command goes on with the others.
    run = grade(course, "90", executor=Cluster(machines.address, patience=WAIT))
    next(run)
    run.close()
    states = Counter(each.state for each in grade(course, "90", jobs=2))
    assert states["unchanged"] >= 1 and states.total() == len(deserved)
    assert scores(course) == deserved and graded_lines(course) == dict.fromkeys(deserved, 1)


def certificate(folder):
    """Make a certificate that is its own authority; give Dask's settings for it, by the names in its YAML."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=course",
    ]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command, *more], cwd=folder, check=True, capture_output=True)
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    names = {"ca-file": cert}
    for who in ("scheduler", "worker", "client"):
        names |= {f"{who}.cert": cert, f"{who}.key": key}
    return {f"distributed.comm.tls.{name}": value for name, value in names.items()}


def test_behind_tls_with_dasks_own_settings_and_not_without(course, tmp_path):
    require(shutil.which("openssl"), "openssl is not installed")
    import dask

    settings = certificate(tmp_path)
    environment = {
        f"DASK_{name.upper().replace('-', '_').replace('.', '__')}": value
        for name, value in settings.items()
    }
    hand_in(course, "ann", answered(course, RIGHT))
    with LocalCluster(tmp_path, environment=environment) as own:
        own.start_scheduler()
        own.start_worker("one")
        with pytest.raises(MachineError, match="certificates"):
            list(grade(course, "90", executor=Cluster(own.address, patience=5)))
        plain = own.address.replace("tls", "tcp")
        with pytest.raises(MachineError, match="No scheduler answers"):
            list(grade(course, "90", executor=Cluster(plain, patience=1)))
        with dask.config.set(settings):
            outcomes = list(grade(course, "90", executor=Cluster(own.address, patience=WAIT)))
    assert [(each.state, each.score) for each in outcomes] == [("graded", 5.0)]


def test_what_it_needs_is_said(monkeypatch):
    for address in ("10.0.0.5:8786", "tcp://host", "http://host:1", "tcp://user:word@host:1"):
        with pytest.raises(CourseError, match="no scheduler's address"):
            Cluster(address)
    said = []
    Cluster("tcp://10.0.0.5:8786", say=said.append)
    Cluster("tls://10.0.0.5:8786", say=said.append)
    Cluster("tcp://127.0.0.1:8786", say=said.append)
    assert len(said) == 1 and "not encrypted" in said[0]
    with pytest.raises(CourseError, match="leave --unsandboxed out"):
        Cluster("tcp://127.0.0.1:1").submit(Task("a", Work((), {}), sandbox.Limits(), False))
    monkeypatch.setattr(executor, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="optional part `cluster`"):
        Cluster("tcp://127.0.0.1:8786")


def test_no_object_of_a_workers_making_is_unpickled_here(machines):
    engine = Cluster(machines.address, patience=WAIT)
    engine.wait_for(1)
    places = engine._client.nthreads()
    assert engine._run(str, 5, places=places).result(timeout=WAIT) == "5"
    with pytest.raises(TypeError, match="serialize"):
        engine._run(Done, "key", places=places).result(timeout=WAIT)
    engine.close()


WORK = Work(("1", None), {"90.1": ("pass", "1")})
GOOD = Execution(
    [CellRun("ok", [nbformat.v4.new_output("stream", text="1")]), CellRun("skipped")],
    {"90.1": Answer("ok", "[1]")},
    sandboxed=True,
)


def damaged():
    """Give answers that no worker of ours would send."""

    def change(**values):
        data = json.loads(GOOD.to_json()) | values
        return json.dumps({"key": "a", "execution": json.dumps(data)})

    yield b"bytes", b"bytes"
    yield "no JSON", "{"
    yield "a list", "[]"
    yield "another one's", json.dumps({"key": "b", "execution": GOOD.to_json()})
    yield "no sandbox", change(sandboxed=False)
    yield "a truth like a sandbox", change(sandboxed=1)
    yield "cells missing", change(cells=[])
    yield "another state", change(cells=[{"state": "good", "outputs": []}] * 2)
    yield (
        "another output",
        change(cells=[{"state": "ok", "outputs": [{"output_type": "pickle"}]}] * 2),
    )
    yield "nobody asked", change(answers={"90.2": {"state": "ok", "text": "1"}})
    yield "an answer that is no text", change(answers={"90.1": {"state": "ok", "text": [1]}})
    yield "another field", change(score=5)
    yield "time without end", change(seconds=float("inf"))
    yield "a problem that is none", json.dumps({"key": "a", "problem": ["a", 5, False]})


@pytest.mark.parametrize(("what", "text"), damaged())
def test_what_comes_back_is_read_as_if_anybody_had_sent_it(what, text):
    task = Task("a", WORK, sandbox.Limits())
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read_answer(text, task)


def test_an_answer_of_ours_comes_through():
    task = Task("a", WORK, sandbox.Limits())
    assert read_answer(executors.write_done(Done("a", GOOD)), task) == Done("a", GOOD)
    said = read_answer(executors.write_done(Done("a", problem=CourseError("en", "zh"))), task)
    assert said.problem is not None and said.problem.zh == "zh"


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"sandbox": False}, "no sandbox"),
        ({"course": "another"}, "another version of the course"),
        ({"python": "3.9.1"}, "python is 3.9.1 there"),
        ({"keras": "2.0"}, "keras is 2.0 there"),
        ({"packages": {"numpy": "1.0"}}, "numpy 1.0"),
        ({"imports": []}, "numpy"),
    ],
)
def test_a_worker_that_is_not_as_we_are_is_refused_and_told_why(other, word):
    alike = {
        "sandbox": True, "course": "a", "python": "3.12", "keras": "3", "packages": {"numpy": "2.0"},
        "imports": ["numpy.linalg"],
    }  # fmt: skip
    assert executor._complaint(alike, alike, ("numpy.linalg",)) == ""
    assert word in executor._complaint(alike | other, alike, ("numpy.linalg",))


def test_a_worker_whose_walls_have_gone_runs_nothing(monkeypatch):
    monkeypatch.setattr(sandbox, "available", lambda: False)
    task = Task("a", Work(("raise SystemExit",), {}), sandbox.Limits())
    assert json.loads(worker_side.serve(task.to_json(), 1)) == {"key": "a", "no_sandbox": True}
