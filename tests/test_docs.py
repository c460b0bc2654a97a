"""What the READMEs and CONTRIBUTING say is there."""

from __future__ import annotations

import re

import pytest

from course_lib.cli import app
from tests.conftest import ROOT

DOCUMENTS = ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")
TEACHING = ("TEACHING.md", "TEACHING.zh.md")


@pytest.mark.parametrize("document", (*DOCUMENTS, *TEACHING))
def test_every_command_named_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:\./|py )course ([a-z]+)", text))
    commands = {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert named and named <= commands | {"teach", "data", "project"}


@pytest.mark.parametrize("document", (*DOCUMENTS, *TEACHING))
def test_every_file_linked_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\[[^\]]+\]\(([^)#]+)\)", text)  # pictures too
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", (*DOCUMENTS, *TEACHING))
def test_nothing_is_left_to_be_filled_in(document: str) -> None:
    assert not re.findall(r"__[A-Z_]+__|\bTODO\b", (ROOT / document).read_text(encoding="utf-8"))


def test_both_readmes_name_the_same_commands_and_pictures() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS[:2])
    for pattern in (r"`\./course [^`]+`", r"^\./course teach \w+", r"book/images/(\w+)-"):
        in_english = set(re.findall(pattern, english, re.MULTILINE))
        in_chinese = set(re.findall(pattern, chinese, re.MULTILINE))
        assert in_english == in_chinese


def test_the_instructors_pages_name_the_same_commands_and_each_takes_its_options() -> None:
    from typer.main import get_command

    from course_lib.grading.commands.teach import teach

    there = get_command(teach).commands  # type: ignore[attr-defined]
    named = []
    for document in TEACHING:
        text = (ROOT / document).read_text(encoding="utf-8")
        lines = re.findall(r"\./course teach (\w+)((?: [^`\n|]*)?)", text)
        named.append({(name, *re.findall(r"--[a-z]+", rest)) for name, rest in lines})
    assert named[0] == named[1] and len(named[0]) > 10
    for name, *options in named[0]:
        known = {option for each in there[name].params for option in each.opts}
        assert set(options) <= known, name


def test_the_readme_names_the_launchers_disk_space() -> None:
    """The READMEs' 7, 3 and 2.5 GB are the launcher's own figures, without its half a GB to work in."""
    from tests.test_launcher import load_launcher

    launcher = load_launcher()
    figures = launcher.GIGABYTES
    assert round(sum(figures[part] for part in ("core", "pytorch", "cuda"))) == 7
    assert round(figures["core"] + figures["keras"]) == 3
    cpu = figures["core"] + figures["pytorch"]
    assert launcher.gigabytes_for({"core", "pytorch"}, True) == cpu + 0.5
    assert f"about {cpu} GB in all" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"共约 {cpu} GB" in (ROOT / "README.zh.md").read_text(encoding="utf-8")
    assert f"{figures['cuda']} of them" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", ("README.md", "README.zh.md"))
def test_no_speed_on_a_gpu_is_stated_without_a_kept_measurement(document: str) -> None:
    if not (ROOT / "benchmarks" / "results" / "gpu.json").exists():
        text = (ROOT / document).read_text(encoding="utf-8")
        assert not re.search(
            r"(images|图片|张)\s*(/|per |每)\s*(s|秒)|\d\s*(×|times) (as fast|faster)|快\s*\d", text
        )
