"""Kernels, warm and cold, in both kinds of sandbox: walled off the same way, and gone afterwards."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from course_lib.grading.kernels import kernel, rooms, starting, zygote
from course_lib.grading.walls import cgroups, processes, sandbox, seccomp
from course_lib.grading.walls.sandbox import Limits
from tests.conftest import require

IMPORTS = ("ipykernel.kernelapp", "numpy")
LIMITS = Limits(memory_mb=1500, cell_seconds=60)


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


@pytest.fixture(params=["dropped", "namespace"])
def mode(request, monkeypatch):
    require(sandbox._works(request.param), f"no sandbox of the kind {request.param!r} here")
    zygote.close_all()
    monkeypatch.setattr(sandbox, "_found_mode", lambda: request.param)
    yield request.param
    zygote.close_all()


def said(outcome):
    assert outcome.state == "ok", outcome.outputs
    return "".join(each.text for each in outcome.outputs if each.output_type == "stream")


LOOK = """
import ctypes, os, socket
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
libc = ctypes.CDLL(None)
with socket.create_server(("127.0.0.1", 0)) as server:
    talks = socket.create_connection(server.getsockname(), 2) is not None
print({
    "powers": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")],
    "filter": status["Seccomp"].strip(), "locked": status["NoNewPrivs"].strip(),
    "uid": os.getuid(), "others": [p for p in os.listdir("/proc") if p.isdigit()],
    "rooms": os.listdir("/rooms") if os.path.isdir("/rooms") else [],
    "host": os.listdir("/whole-proc") if os.path.isdir("/whole-proc") else [],
    "calls": [libc.unshare(0x10000000), libc.mount(b"x", b"/tmp", b"tmpfs", 0, None),
              libc.ptrace(0, 0, 0, 0), libc.chroot(b"/tmp"), libc.umount2(b"/rooms", 2)],
    "talks to itself": talks,
    "writable": [d for d in ("/", "/course", "/inside", "/etc", "/proc/sys", "/usr") if os.access(d, os.W_OK)],
    "shm": os.listdir("/dev/shm"), "nursery": "nursery" in __import__("sys").modules,
})
"""


@pytest.mark.parametrize("imports", [IMPORTS, None], ids=["warm", "cold"])
def test_every_kernel_is_walled_off(mode, imports):
    with starting.open_kernel(limits=LIMITS, imports=imports) as running:
        assert isinstance(running.process, zygote.WarmProcess) is (imports is not None)
        seen = ast.literal_eval(said(running.run(LOOK, seconds=60)))
    assert {int(each, 16) for each in seen["powers"]} == {0}
    assert seen["locked"] == "1"
    assert seen["filter"] == ("2" if seccomp.build() else "0")
    assert seen["uid"] not in (0, os.getuid())
    assert len(seen["others"]) <= 3
    assert seen["rooms"] == [] and seen["host"] == []
    assert set(seen["calls"]) == {-1}
    assert seen["talks to itself"] and not seen["nursery"]
    assert seen["writable"] == [] and seen["shm"] == []


def test_the_course_itself_may_lie_in_a_scratch_folder(mode, monkeypatch):
    """As a clone under /tmp does: its Python stays in sight, read-only, when the folder is emptied."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder, "a clone", ".venv")
        place.mkdir(parents=True)
        (place / "module.py").write_text("x = 5")
        Path(folder, "beside it").write_text("not for a submission")
        shown = [*sandbox._python_files(), *sandbox._show(place, str(place))]
        monkeypatch.setattr(sandbox, "_python_files", lambda: shown)
        look = f"""
import os, sys
sys.path.append({str(place)!r})
import module
print(module.x, os.access({str(place)!r}, os.W_OK), os.listdir({folder!r}))
"""
        os.chmod(folder, 0o755)
        kind = (*IMPORTS, "colorsys")  # a zygote of its own
        with starting.open_kernel(limits=LIMITS, imports=kind) as running:
            assert isinstance(running.process, zygote.WarmProcess)
            assert said(running.run(look, seconds=60)) == "5 False ['a clone']\n"


def test_one_kernel_sees_nothing_of_another(mode):
    with (
        starting.open_kernel(limits=LIMITS, imports=IMPORTS) as one,
        starting.open_kernel(limits=LIMITS, imports=IMPORTS) as other,
    ):
        one.run("import numpy; numpy.mine = 1; open('/tmp/mine', 'w').write('x')", seconds=60)
        one.run("import socket; s = socket.socket(1); s.bind('\\0mine'); s.listen()", seconds=60)
        look = "import os, numpy; print(os.path.exists('/tmp/mine'), hasattr(numpy, 'mine'))"
        assert said(other.run(look, seconds=60)) == "False False\n"
        knock = "import socket\ntry:\n    socket.socket(1).connect('\\0mine')\nexcept OSError: print('no')"
        assert said(other.run(knock, seconds=60)) == "no\n"
        # What one does to itself, the other does not notice.
        assert one.run("import os; os._exit(3)", seconds=60).state == "dead"
        assert said(other.run("print(2)", seconds=60)) == "2\n"


def test_figures_come_as_from_a_cold_kernel():
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint(plt.get_backend())"
    shown = []
    for imports in ((*IMPORTS, "matplotlib.pyplot"), None):
        with starting.open_kernel(limits=LIMITS, imports=imports) as running:
            outcome = running.run(draw, seconds=120)
            kinds = {each.output_type for each in outcome.outputs}
            shown.append((kinds, said(outcome).split()[-1]))
    assert shown[0] == shown[1]
    assert "display_data" in shown[0][0]


def _is_over(pid: int, *, seconds: float = 10) -> bool:
    """Whether a process ends soon; one that nobody has buried yet, as in many a container, has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_a_dead_zygote_is_replaced_and_takes_its_kernels_along():
    with starting.open_kernel(limits=LIMITS, imports=IMPORTS) as running:
        pid = running.process.pid
        bearer = running.process._zygote
        bearer.process.kill()
        assert running.run("import time; time.sleep(9)", seconds=30).state == "dead"
        assert _is_over(pid)
    with starting.open_kernel(limits=LIMITS, imports=IMPORTS) as running:
        assert isinstance(running.process, zygote.WarmProcess)
        assert running.process._zygote is not bearer
        assert said(running.run("print(1)", seconds=30)) == "1\n"


def test_an_idle_zygote_is_given_up_but_not_while_a_kernel_lives(monkeypatch):
    monkeypatch.setattr(zygote, "_IDLE", 0.3)
    with starting.open_kernel(limits=LIMITS, imports=IMPORTS) as running:
        bearer = running.process._zygote
        time.sleep(0.8)
        assert said(running.run("print(1)", seconds=30)) == "1\n"
    deadline = time.monotonic() + 20
    while bearer.alive and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not bearer.alive


def test_where_nothing_can_be_forked_a_cold_kernel_starts(monkeypatch):
    zygote.close_all()
    monkeypatch.setattr(zygote, "_failures", Counter())
    real = sandbox.nursery_command
    monkeypatch.setattr(
        sandbox, "nursery_command", lambda *a, **k: [*real(*a, **k)[:-3], "/bin/false"]
    )
    for _ in range(3):
        with starting.open_kernel(limits=LIMITS, imports=(*IMPORTS, "ast")) as running:
            assert isinstance(running.process, starting.ColdProcess)
            assert said(running.run("print(1)", seconds=30)) == "1\n"
    assert zygote._failures.total() == 2  # and then nobody tries any more


def test_one_kernel_that_does_not_start_is_no_reason_to_give_warm_ones_up(monkeypatch):
    zygote.close_all()
    monkeypatch.setattr(zygote, "_failures", Counter())
    real, fails = starting._wait_until_ready, [True]

    def too_slow_once(*given):
        if fails and fails.pop():
            raise starting.CourseError("too slow", "太慢")
        real(*given)

    monkeypatch.setattr(starting, "_wait_until_ready", too_slow_once)
    with starting.open_kernel(limits=LIMITS, imports=IMPORTS) as running:
        assert isinstance(running.process, zygote.WarmProcess)
        assert said(running.run("print(1)", seconds=30)) == "1\n"


def test_memory_is_counted_for_the_kernel_and_not_for_what_it_shares():
    limits = Limits(memory_mb=400, cell_seconds=60)
    with starting.open_kernel(limits=limits, imports=IMPORTS) as running:
        # Twelve forks of a process of some 60 MB: far more than the limit if each counted in full.
        many = (
            "import os, time\nfor _ in range(12):\n    if not os.fork(): time.sleep(2); os._exit(0)"
        )
        assert running.run(many, seconds=60).state == "ok"
        time.sleep(1)
        assert said(running.run("print('alive')", seconds=60)) == "alive\n"
        hungry = "held = []\nwhile True:\n    held.append(bytearray(20_000_000))"
        assert running.run(hungry, seconds=60).state == "dead"
        assert running.why_dead == "memory"


@pytest.mark.skipif(sys.platform != "linux", reason="cgroups are Linux's")
def test_a_group_limits_all_processes_together_and_is_taken_away():
    group = cgroups.make("test", Limits(processes=40))
    require(group is not None, "no cgroup can be made here")
    folders = group.folders
    group.remove()
    assert not any(folder.exists() for folder in folders)
    with starting.open_kernel(limits=Limits(processes=60), imports=IMPORTS) as running:
        bomb = "import os, time\nn = 0\ntry:\n    while n < 500:\n"
        bomb += (
            "        os.fork() or time.sleep(30)\n        n += 1\nexcept OSError: pass\nprint(n)"
        )
        assert int(said(running.run(bomb, seconds=60))) < 60
        folders = running.group.folders
    assert not any(folder.exists() for folder in folders)


@pytest.fixture
def place():
    """Give a short place for kernels' folders that no other grader knows of."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


KILLED = """
import sys, time
from course_lib.grading.kernels import rooms, starting
with starting.open_kernel(imports={imports}) as running:
    print(rooms.house(), running.process.pid, flush=True)
    stay = "import subprocess; subprocess.Popen(['/bin/sleep', '600'])"
    running.run(stay, seconds=30)
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("imports", [IMPORTS, None], ids=["warm", "cold"])
def test_a_killed_grader_leaves_no_process_and_its_folder_goes_with_the_next(imports, place):
    # In a place of its own: any other grader on this machine, in another test's process, would be
    # the next one, and clear the folder away before it is looked at here.
    grader = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(imports=imports)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(place)},
    )
    folder, pid = grader.stdout.readline().split()
    assert grader.stdout.readline() == "ready\n"
    family = processes.family(int(pid))
    assert len(family) > 1
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    deadline = time.monotonic() + 10
    while any(each.is_running() for each in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [each for each in family if each.is_running() and each.status() != "zombie"]
    grader.stdout.close()
    assert Path(folder).parent == place and os.path.isdir(folder)
    assert rooms.clear_away(place) == [Path(folder)] and not os.path.exists(folder)


RACE = """
import os, subprocess
from course_lib.grading.kernels import starting
from course_lib.grading.walls import sandbox
sandbox.mode()
start = subprocess.Popen.__init__
def told(self, *arguments, **named):
    os.write(1, b"now\\n")
    start(self, *arguments, **named)
subprocess.Popen.__init__ = told
with starting.open_kernel(imports={imports}, sandboxed={sandboxed}):
    os.write(1, b"up\\n")
    __import__("time").sleep(600)
"""


def in_folder(folder):
    """List the processes that have a folder in their command line."""
    found = []
    for each in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(each.info["cmdline"] or [])
        if str(folder) in words and each.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(each)
    return found


def programs_below(processes):
    """Name what runs inside bubblewrap's processes: anything but bubblewrap itself."""
    below = []
    for each in processes:
        with contextlib.suppress(psutil.Error):
            below += [child.name() for child in each.children(recursive=True)]
    return [name for name in below if name != "bwrap"]


@pytest.mark.parametrize(
    ("imports", "sandboxed", "moments"),
    [
        # While bubblewrap starts and has not yet bound its life to the grader's; while the zygote
        # imports and forks; an ipykernel without any walls.
        pytest.param(None, True, [0.0, 0.004], id="cold"),
        pytest.param(IMPORTS, True, [0.0, 0.6], id="warm"),
        pytest.param(
            None, True, [i / 500 for i in range(20)], id="cold-more", marks=pytest.mark.slow
        ),
        pytest.param(
            IMPORTS, True, [i / 6 for i in range(12)], id="warm-more", marks=pytest.mark.slow
        ),
        pytest.param(None, False, [0.0, 3.0], id="outside", marks=pytest.mark.slow),
    ],
)
def test_a_grader_killed_while_a_kernel_starts_leaves_nothing(imports, sandboxed, moments, place):
    code = RACE.format(imports=imports, sandboxed=sandboxed)
    environment = {**os.environ, "TMPDIR": str(place)}
    for moment in moments:
        grader = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment
        )
        assert grader.stdout.readline() == b"now\n"
        time.sleep(moment)
        grader.kill()
        grader.wait()
        grader.stdout.close()
    deadline = time.monotonic() + 30
    while in_folder(place) and time.monotonic() < deadline:
        time.sleep(0.1)
    # bubblewrap's inner half waits for a word from its outer half, and does so for ever where that
    # was killed in between: nothing has run in it, nothing can, and whoever grades next ends it.
    assert programs_below(in_folder(place)) == []
    rooms.clear_away(place)
    assert not list(place.glob("course-kernels-*"))
    while in_folder(place) and time.monotonic() < deadline + 30:
        time.sleep(0.1)
    assert in_folder(place) == []


def test_what_still_ran_in_a_dead_graders_folder_is_ended_by_the_next(tmp_path):
    dead = tmp_path / "course-kernels-dead"
    dead.mkdir()
    (dead / "lock").touch()
    begun = tmp_path / "course-begun-dead"
    begun.mkdir()
    sleep = "import time; time.sleep(600)"
    stray = subprocess.Popen([sys.executable, "-c", sleep, "bwrap", f"{dead}/k1"])
    other = subprocess.Popen([sys.executable, "-c", sleep, "bwrap", f"{dead}-not/k1"])
    assert rooms.clear_away(tmp_path) == [dead] and not dead.exists()
    assert stray.wait(timeout=10) == -signal.SIGKILL and other.poll() is None
    other.kill()
    other.wait()
    assert begun.exists()  # somebody may just be making it
    os.utime(begun, (0, 0))
    rooms.clear_away(tmp_path)
    assert not begun.exists()


def test_the_folders_of_living_graders_and_of_others_stay(tmp_path, monkeypatch):
    mine = rooms.house()
    assert mine not in rooms.clear_away(mine.parent) and mine.is_dir()
    (tmp_path / "course-kernels-x").symlink_to(tmp_path)
    (tmp_path / "course-kernels-new").mkdir()  # somebody is just making it: no lock yet
    assert rooms.clear_away(tmp_path) == []
    room = rooms.make_room()
    assert room.parent == mine and len(str(room)) < 80
    room.rmdir()


def test_the_filter_is_well_made_for_both_architectures():
    for machine in ("x86_64", "aarch64"):
        program = seccomp.build(machine)
        assert program and len(program) % 8 == 0 and len(program) // 8 < 256 + 64
    assert seccomp.build("sparc") is None


def test_time_is_what_a_cell_computes_and_waiting_costs_little():
    limits = Limits(cell_seconds=0.5, patience=8)
    with starting.open_kernel(limits=limits, imports=IMPORTS) as running:
        # Asleep, as on a machine that is busy with others: more by the clock than the cell may compute.
        assert running.run("import time; time.sleep(1.2)", seconds=0.5).state == "ok"
        began = time.monotonic()
        assert running.run("while True: pass", seconds=0.5).state == "timeout"
        assert running.run("time.sleep(60)", seconds=0.3).state == "timeout"
        assert time.monotonic() - began < 40
        began = time.monotonic()
        assert running.run("time.sleep(60)", seconds=30, by=began + 1).state == "timeout"


def test_an_interruption_that_comes_late_stops_nothing_else(monkeypatch):
    """On a busy machine a cell may end by itself while its interruption is still on the way."""
    interrupt = kernel.Kernel._interrupt

    def late(self):
        send = self.client.control_channel.send
        later = threading.Timer(0.6, lambda: send(waiting.pop()))
        with monkeypatch.context() as held:
            waiting = []
            held.setattr(self.client.control_channel, "send", waiting.append)
            number = interrupt(self)
        later.start()
        return number

    with starting.open_kernel(limits=Limits(patience=1), imports=IMPORTS) as running:
        monkeypatch.setattr(kernel.Kernel, "_interrupt", late)
        assert running.run("import time; time.sleep(0.8)", seconds=0.5).state == "timeout"
        monkeypatch.undo()
        assert running.ask("time.sleep(1.5)", "str(41 + 1)", seconds=5).answer == "'42'"


def test_a_kernel_that_hears_no_interruption_is_ended(monkeypatch):
    number = "one that it was never told"
    monkeypatch.setattr(kernel.Kernel, "_interrupt", lambda self: number)
    with starting.open_kernel(limits=Limits(patience=1), imports=IMPORTS) as running:
        asleep = running.run("import time; time.sleep(0.8)", seconds=0.5)
        assert asleep.state == "dead" and running.why_dead == "timeout"


@pytest.mark.skipif(sys.platform != "linux", reason="there are no pidfds elsewhere")
def test_a_process_is_not_let_go_of_while_another_thread_kills_it(monkeypatch):
    with subprocess.Popen(["sleep", "600"]) as sleeper:
        process = zygote.WarmProcess(os.pidfd_open(sleeper.pid), None)
        closing = threading.Thread(target=process.close)
        send, meant = signal.pidfd_send_signal, []

        def slowly(pidfd, number):
            if not meant:
                meant.append(process.pid)
                closing.start()
                closing.join(0.5)
                meant.append(zygote._pid_of(pidfd))  # nobody's, or worse, somebody else's
            send(pidfd, number)

        monkeypatch.setattr(zygote.signal, "pidfd_send_signal", slowly)
        process.kill()
        assert sleeper.wait(timeout=5) == -signal.SIGKILL
        closing.join()
    assert meant == [sleeper.pid, sleeper.pid] and process.ended()


@pytest.mark.skipif(sys.platform != "linux", reason="the folder's place is that of the sandbox")
def test_what_is_made_among_the_sockets_is_charged_to_the_cell_that_made_it():
    with starting.open_kernel(imports=IMPORTS) as running:
        assert running.run("1", seconds=30).state == "ok"
        made = running.run("import os; os.symlink('/etc/passwd', '/kernel/mine')", seconds=30)
        assert made.state == "dead" and running.why_dead == "files"


def test_memory_that_is_still_held_is_charged_to_the_cell_that_took_it(monkeypatch):
    monkeypatch.setattr(kernel.Kernel, "_watch_over", lambda self: None)  # as if it came too late
    limits = Limits(memory_mb=400, cell_seconds=60)
    with starting.open_kernel(limits=limits, imports=IMPORTS) as running:
        took = running.run("held = bytearray(b'x') * 500_000_000", seconds=30)
        assert took.state == "dead" and running.why_dead == "memory"
