"""The launcher, run as a user runs it; its installers are stand-ins, so that no test downloads."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT, require

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are Unix scripts")

# Stands for .venv/bin/python: notes what it is asked and "installs" a stand-in for uv.
FAKE_PYTHON = """\
#!{python}
import os, sys, json, shutil
here = os.path.dirname(os.path.abspath(__file__))
def note(**what):
    with open(os.path.join(here, "..", "..", "calls.jsonl"), "a") as file:
        file.write(json.dumps(what) + "\\n")
arguments = sys.argv[1:]
if arguments[:3] == ["-m", "pip", "install"]:
    note(pip=arguments, environment={{k: v for k, v in os.environ.items() if k.startswith("PIP_")}})
    if os.environ.get("FAKE_PIP_SAYS"):
        print(os.environ["FAKE_PIP_SAYS"]); sys.exit(1)
    shutil.copy(os.path.join(here, "..", "..", "fake-uv"), os.path.join(here, "uv"))
elif arguments[:4] == ["-m", "pip", "config", "list"]:
    print(os.environ.get("FAKE_PIP_CONFIG", ""))
elif arguments[:2] == ["-m", "course_lib.cli"]:
    note(cli=arguments[2:]); print("handed over", *arguments[2:])
else:
    os.execv({python!r}, [{python!r}, *arguments])
"""
# Stands for uv: notes its arguments, its variables and the requirements it is given.
FAKE_UV = """\
#!{python}
import os, sys, json, time
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
arguments = sys.argv[1:]
if arguments == ["--version"]:
    print("uv {version} (stand-in)"); sys.exit()
text = open(arguments[arguments.index("-r") + 1]).read() if "-r" in arguments else ""
names = ("UV_", "SSL_", "HTTP", "http")
environment = {{k: v for k, v in os.environ.items() if k.startswith(names)}}
with open(os.path.join(root, "calls.jsonl"), "a") as file:
    file.write(json.dumps(dict(uv=arguments, requirements=text, environment=environment)) + "\\n")
if "-r" in arguments:
    open(os.path.join(root, "uv-runs"), "w").close()
    time.sleep(float(os.environ.get("FAKE_UV_SECONDS", "0")))
    open(os.path.join(root, "uv-ended"), "w").close()
    says = os.environ.get("FAKE_UV_SAYS_WITH_CPU" if "--torch-backend" in arguments else "FAKE_UV_SAYS")
    if says:
        print(says, file=sys.stderr); sys.exit(2)
"""


@pytest.fixture(scope="module")
def launcher() -> ModuleType:
    return load_launcher()


def load_launcher() -> ModuleType:
    """Import the file `course`, which has no .py at its end, and leave no compiled copy beside it."""
    loader = SourceFileLoader("course_launcher", str(ROOT / "course"))
    specification = importlib.util.spec_from_loader("course_launcher", loader)
    assert specification
    module = importlib.util.module_from_spec(specification)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


class Checkout:
    """A fresh clone, as far as the launcher can see, with a stand-in environment on request."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("course", "pyproject.toml", "requirements.lock"):
            shutil.copy(ROOT / name, root / name)
        (root / "solutions").mkdir()
        pinned = re.search(r"^uv==(\S+)", (root / "requirements.lock").read_text(), re.MULTILINE)
        assert pinned
        fake_uv = FAKE_UV.format(python=sys.executable, version=pinned.group(1))
        self._script(root / "fake-uv", fake_uv)

    def with_environment(self) -> Checkout:
        self._script(self.venv / "bin" / "python", FAKE_PYTHON.format(python=sys.executable))
        return self

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> dict[str, Any]:
        file = self.venv / "course-stamp.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def calls(self) -> list[dict[str, Any]]:
        file = self.root / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def installs(self) -> list[dict[str, Any]]:
        """Give uv's calls that installed requirements."""
        return [call for call in self.calls if "-r" in call.get("uv", ())]

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "course"), *arguments],
            env={**_plain_environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    @staticmethod
    def _script(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


def _plain_environment() -> dict[str, str]:
    """Give the environment without this machine's own settings for pip and uv."""
    ours = ("PIP_", "UV_", "SSL_", "HTTP", "http", "ALL_PROXY", "all_proxy", "COURSE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "COURSE_SKIP_DISK_CHECK": "1"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def assert_one_sentence(said: str, *, english: str, chinese: str) -> None:
    """The last two lines are one sentence, in both languages; there is no traceback."""
    assert "Traceback" not in said
    lines = [line for line in said.strip().splitlines() if line.startswith(("course: ", "课程："))]
    assert english in lines[-2], said
    assert chinese in lines[-1], said


# ------------------------------------------------------------------------------- starting


def test_first_start_installs_and_hands_over(checkout: Checkout) -> None:
    status, out, _ = checkout.with_environment().run("lab", "--lang", "zh")
    assert (status, out) == (0, "handed over lab --lang zh\n")
    pip = next(call["pip"] for call in checkout.calls if "pip" in call)
    assert "--require-hashes" in pip
    assert (checkout.venv / "course-uv.txt").read_text().startswith("uv==")
    (install,) = checkout.installs()
    assert "--require-hashes" in install["uv"]
    assert "--compile-bytecode" in install["uv"]  # or each import compiles TensorFlow again
    assert {"core", "pytorch", "launcher"} == set(checkout.stamp["parts"])
    assert re.search(r"^torch==", install["requirements"], re.MULTILINE)
    assert not re.search(r"^(tensorflow|jax|pytest)==", install["requirements"], re.MULTILINE)
    project = checkout.calls[-2]["uv"]
    assert "--editable" in project and "--no-build-isolation" in project


def test_second_start_is_quick_and_installs_nothing(checkout: Checkout) -> None:
    checkout.with_environment().run("lab")
    before = len(checkout.calls)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        status, out, err = checkout.run("lab")
        seconds.append(time.monotonic() - began)
        assert (status, out, err) == (0, "handed over lab\n", "")
    assert len(checkout.calls) == before + 3  # the three hand-overs
    assert min(seconds) < 1.0


def test_more_is_added_and_nothing_taken_away(checkout: Checkout) -> None:
    checkout.with_environment().run("lab")
    checkout.run("lab", "--framework", "keras")
    assert {"pytorch", "keras"} <= set(checkout.stamp["parts"])
    last = checkout.installs()[-1]
    assert "uninstall" not in last["uv"] and "sync" not in last["uv"]
    assert "torch==" in last["requirements"] and "tensorflow==" in last["requirements"]
    calls = len(checkout.installs())
    checkout.run("lab", "--framework=pytorch")
    assert len(checkout.installs()) == calls


def test_test_installs_both_halves_and_the_tools(checkout: Checkout) -> None:
    checkout.with_environment().run("test", "--full")
    names = set(re.findall(r"^([\w-]+)==", checkout.installs()[0]["requirements"], re.MULTILINE))
    assert {"torch", "torchvision", "tensorflow", "keras", "jax", "pytest", "ruff", "uv"} <= names


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.with_environment().run("lab")
    lock = checkout.root / "requirements.lock"
    lock.write_text(lock.read_text() + "\n# changed\n")
    checkout.run("version")
    assert len(checkout.installs()) == 2
    assert "pytorch" in checkout.stamp["parts"]


def test_a_framework_that_does_not_exist(checkout: Checkout) -> None:
    status, _, err = checkout.run("lab", "--framework", "caffe")
    assert status == 1
    assert_one_sentence(err, english="'caffe'", chinese="'caffe'")
    assert not checkout.venv.exists()


# ------------------------------------------------------------------------------- cut off


@pytest.mark.parametrize(
    "command", ["test", "build", "book", "check", "pretrain", "demo", "bench", "teach"]
)
def test_a_students_kit_refuses_what_it_lacks(checkout: Checkout, command: str) -> None:
    (checkout.with_environment().root / "solutions").rmdir()
    status, out, err = checkout.run(command, "init")
    assert status == 2 and out == "" and len(err.splitlines()) == 2
    assert_one_sentence(err, english=f"student's kit:  ./course {command}", chinese="这是学生包")
    assert checkout.calls == []  # nothing is installed, nothing is run


@pytest.mark.parametrize("arguments", [["lab"], ["doctor"], ["version"], ["test", "--help"]])
def test_a_students_kit_does_the_rest(checkout: Checkout, arguments: list[str]) -> None:
    (checkout.with_environment().root / "solutions").rmdir()
    assert checkout.run(*arguments)[0] == 0
    assert checkout.calls[-1] == {"cli": arguments}


def _wait_for(path: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


@pytest.fixture
def slow_start(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    """Give a start whose installer is at work and takes its time."""
    process = checkout.with_environment().start("lab", FAKE_UV_SECONDS="2")
    _wait_for(checkout.root / "uv-runs")
    yield process
    process.kill()
    process.communicate()


def test_killed_half_way_the_next_start_finishes(
    checkout: Checkout, slow_start: subprocess.Popen[str]
) -> None:
    slow_start.send_signal(signal.SIGKILL)
    slow_start.wait()
    assert not checkout.stamp
    assert not (checkout.root / "uv-ended").exists()
    status, out, err = checkout.run("lab")
    assert (status, out) == (0, "handed over lab\n")
    # The installer outlived the start that was killed: the next one waited for it …
    assert (checkout.root / "uv-ended").exists()
    assert "waiting" in err
    # … and then installed again what may only look complete.
    assert "--reinstall" in checkout.installs()[-1]["uv"]
    assert checkout.stamp["parts"]
    assert not (checkout.venv / "course-installing").exists()
    assert "--reinstall" not in checkout.installs()[0]["uv"]


def test_two_starts_at_once_install_once(
    checkout: Checkout, slow_start: subprocess.Popen[str]
) -> None:
    second = checkout.start("lab")
    out, err = second.communicate(timeout=60)
    first_out, _ = slow_start.communicate(timeout=60)
    assert out == first_out == "handed over lab\n"
    assert "waiting" in err
    assert len(checkout.installs()) == 1


def test_a_stamp_cut_short_counts_as_none(checkout: Checkout) -> None:
    checkout.with_environment().run("lab")
    stamp = checkout.venv / "course-stamp.json"
    stamp.write_text(stamp.read_text()[:20])
    assert checkout.run("lab")[0] == 0
    assert len(checkout.installs()) == 2


def test_a_half_made_environment_is_made_again(checkout: Checkout) -> None:
    (checkout.venv / "bin").mkdir(parents=True)
    (checkout.venv / "half").write_text("made")
    (checkout.venv / "bin" / "python").symlink_to("/nowhere/python3")
    # The real venv module makes a real environment; the index is then out of reach.
    status, _, err = checkout.run("lab", PIP_INDEX_URL="http://127.0.0.1:9/index")
    assert status == 1
    assert "making it again" in err and "重新建立" in err
    assert_one_sentence(err, english="No package index can be reached", chinese="连不上软件包索引")
    assert (checkout.venv / "bin" / "python").exists()
    assert not (checkout.venv / "half").exists()


@pytest.mark.parametrize("damage", ["no python", "a file", "moved", "works"])
def test_what_counts_as_damaged(
    launcher: ModuleType, checkout: Checkout, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if damage == "a file":
        checkout.venv.write_text("not a folder")
    elif damage == "no python":
        checkout.venv.mkdir()
    else:
        checkout.with_environment()
    commands = []

    def run(command: list[str], *_: object) -> tuple[int, str]:
        commands.append(command)
        return 0, ""

    monkeypatch.setattr(launcher, "run", run)
    stamp = {"root": "/somewhere/else"} if damage == "moved" else {}
    launcher.make_environment(str(checkout.root), str(checkout.venv), stamp, {}, 0)
    made_again = [sys.executable, "-m", "venv", str(checkout.venv)] in commands
    assert made_again == (damage != "works")
    assert checkout.venv.exists() == (damage == "works")


# ------------------------------------------------------------------------------- sentences


@pytest.mark.parametrize(("version", "verdict"), [((3, 10), "too old"), ((3, 14), "too new")])
def test_python_too_old_or_too_new(
    launcher: ModuleType,
    version: tuple[int, int],
    verdict: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launcher, "working_python", lambda: "python3.12")
    with pytest.raises(SystemExit) as stop:
        launcher.require_python(version)
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert_one_sentence(said, english=verdict, chinese="3.11、3.12 或 3.13")
    assert "python3.12 course" in said


def test_supported_pythons_pass(launcher: ModuleType) -> None:
    for minor in (11, 12, 13):
        launcher.require_python((3, minor))


def test_an_old_python_can_read_the_file() -> None:
    """Syntax newer than 3.8 in this file would show a beginner a SyntaxError instead of the sentence."""
    import ast

    source = (ROOT / "course").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__" not in source
    assert ":=" not in source


GLIBC = ("glibc", "2.36")


@pytest.mark.parametrize(
    "platform",
    [
        ("linux", "x86_64", GLIBC, "CPython", 64),
        ("linux", "aarch64", ("glibc", "2.28"), "CPython", 64),
        ("darwin", "arm64", ("macOS", "14.0"), "CPython", 64),
        ("darwin", "arm64", ("macOS", "26.1"), "CPython", 64),
        ("win32", "AMD64", ("", ""), "CPython", 64),
    ],
)
def test_supported_platforms_pass(launcher: ModuleType, platform: tuple[Any, ...]) -> None:
    launcher.require_platform(*platform)


@pytest.mark.parametrize(
    "platform",
    [
        ("linux", "x86_64", ("", ""), "CPython", 64),  # musl
        ("linux", "x86_64", ("glibc", "2.17"), "CPython", 64),
        ("linux", "riscv64", GLIBC, "CPython", 64),
        ("linux", "x86_64", GLIBC, "PyPy", 64),
        ("linux", "x86_64", GLIBC, "free-threaded CPython", 64),
        ("darwin", "x86_64", ("macOS", "14.0"), "CPython", 64),
        ("darwin", "arm64", ("macOS", "13.6"), "CPython", 64),
        ("win32", "AMD64", ("", ""), "CPython", 32),
        ("win32", "ARM64", ("", ""), "CPython", 64),
        ("freebsd14", "amd64", ("", ""), "CPython", 64),
    ],
)
def test_other_platforms_stop(launcher: ModuleType, platform: tuple[Any, ...]) -> None:
    with pytest.raises(launcher.Stop) as stop:
        launcher.require_platform(*platform)
    assert platform[1].lower() in stop.value.en
    assert "不能在这里运行" in stop.value.zh


def _main(
    launcher: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> int:
    monkeypatch.setattr(launcher, "ROOT", str(root))
    return launcher.main(list(arguments))


def test_too_little_disk(
    launcher: ModuleType,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("COURSE_SKIP_DISK_CHECK", raising=False)
    usage = shutil.disk_usage("/")._replace(free=int(1.25e9))
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda _: usage)
    assert _main(launcher, checkout.root, monkeypatch, "lab") == 1
    need = launcher.gigabytes_for({"core", "pytorch"}, False)
    said = capsys.readouterr().err
    assert_one_sentence(
        said, english=f"{need:.1f} GB are needed and 1.2 GB", chinese="磁盘空间不足"
    )
    assert not checkout.venv.exists()


def test_a_folder_that_cannot_be_written_to(
    launcher: ModuleType,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(launcher.tempfile, "TemporaryFile", refuse)
    assert _main(launcher, checkout.root, monkeypatch, "lab") == 1
    assert_one_sentence(capsys.readouterr().err, english="cannot be written to", chinese="不可写")


@pytest.mark.parametrize(
    ("said", "english", "chinese"),
    [
        ("error: dns error: failed to lookup address information", "No package index", "连不上"),
        ("WARNING: Retrying … NewConnectionError(…)", "No package index", "连不上"),
        ("error: No space left on device (os error 28)", "Too little disk space", "磁盘空间不足"),
        ("error: Hash mismatch for numpy==2.4.6", "Installing failed", "安装失败"),
    ],
)
def test_what_an_installer_says_becomes_a_sentence(
    checkout: Checkout, said: str, english: str, chinese: str
) -> None:
    for variable in ("FAKE_PIP_SAYS", "FAKE_UV_SAYS"):
        status, _, err = checkout.with_environment().run("lab", **{variable: said})
        assert status == 1
        assert_one_sentence(err, english=english, chinese=chinese)
    if english == "Installing failed":  # nobody could guess: the installer's own words follow
        assert said in err
    assert not checkout.stamp


def test_without_the_venv_module(
    launcher: ModuleType,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COURSE_SKIP_DISK_CHECK", "1")
    monkeypatch.setattr(launcher, "run", lambda *_, **__: (1, "No module named ensurepip"))
    assert _main(launcher, checkout.root, monkeypatch, "lab") == 1
    assert_one_sentence(capsys.readouterr().err, english="python3-venv", chinese="python3-venv")


# ------------------------------------------------------------------------------- the index


def test_pips_settings_reach_uv(checkout: Checkout) -> None:
    listing = "\n".join(
        [
            "global.index-url='https://mirror.example/index'",
            "global.extra-index-url='\\nhttps://a.example/index\\nhttps://b.example/index'",
            "install.find-links='/wheels /more-wheels'",
            "global.cert='/etc/corporate.pem'",
            "global.proxy='http://proxy.example:3128'",
            "global.trusted-host='mirror.example'",
            "global.timeout='77'",
        ]
    )
    checkout.with_environment().run("lab", FAKE_PIP_CONFIG=listing)
    environment = checkout.installs()[0]["environment"]
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/index"
    assert environment["UV_INDEX"] == "https://a.example/index https://b.example/index"
    assert environment["UV_FIND_LINKS"] == "/wheels,/more-wheels"
    assert environment["SSL_CERT_FILE"] == "/etc/corporate.pem"
    assert environment["HTTPS_PROXY"] == environment["HTTP_PROXY"] == "http://proxy.example:3128"
    assert environment["UV_INSECURE_HOST"] == "mirror.example"
    assert environment["UV_HTTP_TIMEOUT"] == "77"
    assert environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    # Addresses may hold passwords: never on a command line.
    assert not any("example" in word for word in checkout.installs()[0]["uv"])


def test_what_is_set_for_uv_itself_stays(checkout: Checkout) -> None:
    checkout.with_environment().run(
        "lab",
        FAKE_PIP_CONFIG="global.index-url='https://pip.example/index'\nglobal.cert='/pip.pem'",
        UV_DEFAULT_INDEX="https://uv.example/index",
        SSL_CERT_FILE="/own.pem",
    )
    environment = checkout.installs()[0]["environment"]
    assert environment["UV_DEFAULT_INDEX"] == "https://uv.example/index"
    assert environment["SSL_CERT_FILE"] == "/own.pem"


def test_pips_environment_wins_over_its_files(launcher: ModuleType) -> None:
    listing = "\n".join(
        [
            ":env:.index-url='https://env.example'",
            "global.index-url='https://global.example'",
            "install.index-url='https://install.example'",
            "global.find-links='/a'",
            "freeze.timeout='10'",
            "global.no-index='true'",
        ]
    )
    settings = launcher.pip_settings(listing)
    assert settings["index-url"] == "https://env.example"
    assert settings["find-links"] == "/a"
    assert "timeout" not in settings


def test_the_real_pip_lists_what_the_launcher_reads(launcher: ModuleType, tmp_path: Path) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nindex-url = https://mirror.example/index\n")
    environment = {
        **_plain_environment(),
        "PIP_CONFIG_FILE": str(configuration),
        "PIP_FIND_LINKS": "/wheels",
    }
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    settings = launcher.pip_settings(listing)
    assert settings["index-url"] == "https://mirror.example/index"
    assert settings["find-links"] == "/wheels"


def test_no_index_is_handed_over(checkout: Checkout) -> None:
    checkout.with_environment().run("lab", FAKE_PIP_CONFIG="global.no-index='true'")
    assert "--no-index" in checkout.installs()[0]["uv"]


def test_pip_keeps_to_the_environment(checkout: Checkout) -> None:
    checkout.with_environment().run("lab", PIP_TARGET="/elsewhere", PIP_USER="1")
    pip = next(call for call in checkout.calls if "pip" in call)
    assert pip["environment"]["PIP_USER"] == "0"
    assert "PIP_TARGET" not in pip["environment"]


# ------------------------------------------------------------------------------- --cpu


def on_linux() -> None:
    require(sys.platform.startswith("linux"), "PyTorch's ordinary builds are CPU builds elsewhere")


def test_cpu_takes_pytorchs_own_builds(checkout: Checkout) -> None:
    on_linux()
    status, out, _ = checkout.with_environment().run("lab", "--cpu")
    assert (status, out) == (0, "handed over lab\n")
    (install,) = checkout.installs()
    command, requirements = install["uv"], install["requirements"]
    assert command[command.index("--torch-backend") + 1] == "cpu"
    assert "--require-hashes" not in command
    lines = requirements.splitlines()
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if "==" in line and "--hash" not in following
    ]
    assert sorted(line.split("==")[0] for line in bare) == ["torch", "torchvision"]
    assert not re.search(r"^(nvidia-|cuda-|triton)", requirements, re.MULTILINE)
    assert checkout.stamp["cpu"] is True


def test_an_environment_keeps_its_kind_of_pytorch(checkout: Checkout) -> None:
    on_linux()
    checkout.with_environment().run("lab", "--cpu")
    checkout.run("test")
    assert "--torch-backend" in checkout.installs()[-1]["uv"]
    assert "nvidia-" not in checkout.installs()[-1]["requirements"]


def test_cpu_asked_for_too_late_says_what_to_do(checkout: Checkout) -> None:
    on_linux()
    checkout.with_environment().run("lab")
    status, out, err = checkout.run("lab", "--cpu")
    assert (status, out) == (0, "handed over lab\n")
    assert_one_sentence(err, english=f"delete {checkout.venv}", chinese="请删除")
    assert checkout.run("lab", "--cpu-if-possible")[2] == ""
    assert len(checkout.installs()) == 1


def test_cpu_out_of_reach_is_said_and_installs_nothing_else(checkout: Checkout) -> None:
    on_linux()
    status, _, err = checkout.with_environment().run(
        "lab", "--cpu", FAKE_UV_SAYS_WITH_CPU="dns error"
    )
    assert status == 1
    assert_one_sentence(err, english="start without --cpu", chinese="去掉 --cpu")
    assert len(checkout.installs()) == 1
    assert not checkout.stamp


def test_cpu_if_possible_falls_back_and_says_so(checkout: Checkout) -> None:
    on_linux()
    status, out, err = checkout.with_environment().run(
        "--cpu-if-possible", "lab", FAKE_UV_SAYS_WITH_CPU="dns error"
    )
    assert (status, out) == (0, "handed over lab\n")
    assert "taking the ordinary ones" in err and "改装普通版" in err
    assert "--require-hashes" in checkout.installs()[-1]["uv"]
    assert checkout.stamp["cpu"] is False
