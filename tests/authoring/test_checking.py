"""`check` is silent on a sound chapter and names file and line of each thing that is wrong."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from course_lib.authoring import build, check, stamp_matched
from course_lib.errors import CourseError

from .conftest import SOURCE

SPEC = SOURCE.with_suffix(".py")
STUDENT = Path("notebooks/en/pytorch/90_small_course.ipynb")


def line_of(course: Path, words: str, path: Path = SOURCE) -> int:
    """Give the line of the file that holds these words."""
    lines = (course / path).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_a_sound_course_has_no_problems_and_its_exercises_are_proven(built_course: Path) -> None:
    assert check(built_course) == []


# What is planted (old, new); the words in whose line it is found; what is said.
PLANTED = {
    "one language moved on": (
        "Divide each row",
        "Scale each row",
        '"exercise", "lang": "en"',
        "the English text moved on and the Chinese one did not",
    ),
    "never matched": (
        '"exercise", "lang": "en", "partner": "7bfc6fee"',
        '"exercise", "lang": "en"',
        '"exercise", "lang": "zh"',
        "--matched exercise",
    ),
    "no translation": (
        '+++ {"id": "exercise", "lang": "zh"',
        '+++ {"id": "exercise-2", "lang": "zh"',
        '{"id": "exercise-2"',
        "has no English partner",
    ),
    "not translated": (
        "## 练习\n\n把每一行除以它的长度。",
        "## Exercise\n\nDivide each row.",
        '"exercise", "lang": "zh"',
        "no Chinese in it",
    ),
    "Chinese in English": (
        "Divide each row by its length.",
        "Divide each row.\n请把每一行都除以它的长度",
        "请把每一行都除以它的长度",
        "a line of Chinese in an English cell",
    ),
    "comma": ("压过其他特征，", "压过其他特征,", "压过其他特征,", "use '，'"),
    "comment's comma": ("# zh: 二十幅图像，", "# zh: 二十幅图像,", "二十幅图像,", "use '，'"),
    "alt text's comma": ("zh: 二十个特征", "zh: 二十个,特征", "二十个,特征", "use '，'"),
    "invisible bold": ("**大**的特征", "**大，**的特征", "**大，**", "** is not rendered"),
    "duplicate id": (
        "id: guess",
        "id: answer-1",
        "id: answer-1\ntags",
        "names another cell already",
    ),
    "one framework": (
        "id: tensor\nframework: keras",
        "id: t\nframework: keras",
        "id: t\n",
        "no PyTorch partner",
    ),
    "same code": (
        "import keras\n\ntensor = keras.ops.convert_to_tensor(features)",
        "import torch\n\ntensor = torch.as_tensor(features)",
        "framework: keras",
        "the same in both frameworks",
    ),
    "unequal tags": (
        "framework: keras\n",
        "framework: keras\ntags: [demo]\n",
        "framework: keras",
        "tags differs",
    ),
    "line magic": (
        "print(features.shape)",
        "%timeit features",
        "%timeit",
        "magics and shell escapes",
    ),
    "shell escape": ("print(features.shape)", "!ls", "!ls", "magics and shell escapes"),
    "cell magic": ("print(features.shape)", "%%time", "%%time", "magics and shell escapes"),
    "help": (
        "print(features.shape)",
        "features.mean?",
        "features.mean?",
        "magics and shell escapes",
    ),
    "get_ipython": (
        "print(features.shape)",
        "get_ipython().system('ls')",
        "get_ipython",
        "plain Python",
    ),
    "no Python": (
        "print(features.shape)",
        "print(features.shape",
        "print(features.shape",
        "no Python",
    ),
    "one-sided comment": (
        "# zh: 二十幅图像，每幅三个特征。\n",
        "",
        "# en: Twenty",
        "has no  # zh:",
    ),
    "trailing comment": (
        "print(features.shape)",
        "print(features.shape)  # en: shape",
        "# en: shape",
        "needs a line of its own",
    ),
    "framework in a shared cell": (
        "import numpy as np\n",
        "import numpy as np\nimport torch.nn\n",
        "torch.nn",
        "imports torch.nn",
    ),
    "framework's half in a shared cell": (
        "import numpy as np\n",
        "import numpy as np\nfrom course_lib import keras\n",
        "from course_lib import keras",
        "imports course_lib.keras",
    ),
    "no setup": ("tags: [setup]\n", "", "id: setup", "needs the tag setup"),
    "another chapter's start": ('start("90"', 'start("91"', "id: setup", "must call"),
    "demo feeds a claim": (
        "lengths.std() > 0.1",
        "means[0] < 1",
        "means[0] < 1",
        "which the demo cell 'long-run'",
    ),
    "answer feeds a cell": (
        "print(len(means))",
        "print(unit_length(features))",
        "print(unit_length",
        "an answer to exercise 90.1",
    ),
    "no answer": ('exercise: "90.1"\n', "", 'id="90.1"', "has no cells with  exercise: '90.1'"),
    "no check": ('check: "90.1"\n', "", 'id="90.1"', "has no cells with  check: '90.1'"),
    "check of another exercise": (
        'check("90.1", unit_length)',
        "unit_length(features)",
        "unit_length(features)",
        "must call",
    ),
    "unknown quiz": ('quiz("90.q1")', 'quiz("90.q2")', 'quiz("90.q2")', "names nothing"),
    "quiz not asked": ('quiz("90.q1")', "print(2)", 'id="90.q1"', "is asked in no cell"),
    "unknown hint": ("print(len(means))", 'hint("90.4")', 'hint("90.4")', "names nothing"),
    "unknown exercise": (
        'check: "90.1"',
        'check: "90.5"',
        'check: "90.5"',
        "there is no exercise 90.5",
    ),
    "no explanation": (
        ', "why": "90.1"}\n\nDivided',
        "}\n\nDivided",
        '"why-90-1", "lang": "zh"',
        "why differs from its partner's",
    ),
    "no manual answer": (
        ', "manual": "90.2"}\n\n**In',
        "}\n\n**In",
        '"explain", "lang": "zh"',
        "manual differs from its partner's",
    ),
    "solution outside a function": (
        '"""Scale each row of f (N×D) to length 1."""\n    ### BEGIN',
        "return f\n\n\n### BEGIN",
        "### BEGIN",
        "inside a function's body",
    ),
    "other function": (
        "def unit_length(f):",
        "def unit(f):",
        "def unit(f):",
        "does not define unit_length()",
    ),
    "no markers": (
        "    ### BEGIN SOLUTION\n    return f",
        "    return f",
        "id: answer-1",
        "between",
    ),
    "objective not assessed": (
        "- {id: O2,",
        "- {id: O3, en: a, zh: 甲}\n    - {id: O2,",
        "id: O3",
        "no exercise that assesses it",
    ),
    "no alt text": (
        "alt:\n  en: Histogram of the lengths of twenty feature vectors.\n  zh: 二十个特征向量长度的直方图。\n",
        "",
        "id: lengths",
        "has no  alt:",
    ),
    "untranslated alt text": (
        "zh: 二十个特征向量长度的直方图。",
        "zh: A histogram.",
        "zh: A histogram.",
        "zh: is not in Chinese",
    ),
    "untagged figure": ("tags: [figure]\n", "", "id: lengths", "give it the tag figure"),
    "image without words": (
        "see [the exercise]",
        "see ![](x.png) and [the exercise]",
        "![](x.png)",
        "no alternative text",
    ),
    "missing glyph": ("个长度的直方图，从", "个长龘度的直方图，从", "龘", "the font has no '龘'"),
    "broken anchor": ("(#Exercise)", "(#Exercises)", "(#Exercises)", "no such heading"),
    "broken chapter": ("(#Exercise)", "(91_other.ipynb)", "91_other", "no such chapter"),
    "broken file": ("(#Exercise)", "(../../../LICENCE)", "LICENCE", "no such file"),
    "formula among words": (
        "Divide each row by its length.",
        "Divide:\n$$f / l$$\neach row.",
        "$$f / l$$",
        "an empty line is missing",
    ),
    "TeX in a hint": ("Sum over axis 1.", "Sum $x_i^2$.", "Sum $x_i^2$", "write it as `code`"),
    "machine path": (
        "print(features.shape)",
        'open("/home/ann/x")',
        "/home/ann",
        "a path of one machine",
    ),
    "a backslash lost": ("(#Exercise)", "(#Exercise) $\tau$", "$\tau$", "an invisible character"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_in_its_line(
    course: Path, edit: Callable[..., Path], name: str
) -> None:
    old, new, words, message = PLANTED[name]
    edit(old, new, SPEC if name == "TeX in a hint" else SOURCE)
    found = [problem for problem in check(course, proofs=False) if message in problem.message]
    assert found, f"nothing was said about: {message}"
    text = (course / found[0].path).read_text(encoding="utf-8")
    line = text[: text.index(words)].count("\n") + 1
    # A cell is named by the line where it begins, at most six above the words.
    assert any(0 <= line - problem.line <= 6 for problem in found), [str(p) for p in found]


def test_an_unassessed_exercise_and_an_unknown_objective_are_named(
    course: Path, edit: Callable[..., Path]
) -> None:
    edit('objective="O2"', 'objective="O7"', SPEC)
    said = {str(problem) for problem in check(course, proofs=False)}
    line = line_of(course, '"90.2"', SPEC)
    assert (
        f"{SPEC.as_posix()}:{line}: exercise 90.2 assesses O7, which is no objective here" in said
    )
    assert any("objective O2 has no exercise" in sentence for sentence in said)


def test_a_stale_edition_is_named_with_the_line_where_it_differs(
    course: Path, edit: Callable[..., Path]
) -> None:
    line = line_of(course, "Divide each row", STUDENT)
    edit("Divide each row", "Scale each row", STUDENT)
    (problem,) = check(course, proofs=False)
    assert (problem.path, problem.line) == (STUDENT, line)
    assert "stale" in problem.message


def test_what_is_missing_or_left_over_is_named(course: Path) -> None:
    (course / STUDENT).rename(course / STUDENT.with_name("91_gone.ipynb"))
    said = {problem.path.name: problem.message for problem in check(course, proofs=False)}
    assert "is missing" in said["90_small_course.ipynb"]
    assert "comes from no source" in said["91_gone.ipynb"]


def test_what_a_faulty_source_made_is_not_called_left_over(
    course: Path, edit: Callable[..., Path]
) -> None:
    edit('check: "90.1"', 'check: "90.55"')
    said = [problem.message for problem in check(course, proofs=False)]
    assert any("there is no exercise 90.55" in sentence for sentence in said)
    assert not any("comes from no source" in sentence for sentence in said)


def test_windows_line_ends_are_not_stale(course: Path) -> None:
    path = course / STUDENT
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check(course, proofs=False) == []


def test_what_another_processor_rounded_otherwise_is_neither_stale_nor_built_anew(
    course: Path,
) -> None:
    (path,) = (course / "course_lib/exercises/public").glob("90_*.json")
    content = path.read_text("utf-8")
    (words, *_) = re.findall(r'"array": "([^"]+)",\s*"dtype": "<f8"', content)
    for factor, stale in ((1 + 4e-16, False), (1 + 1e-6, True)):
        numbers = np.frombuffer(base64.b64decode(words)) * factor
        nudged = content.replace(words, base64.b64encode(numbers.tobytes()).decode())
        assert nudged != content
        path.write_text(nudged, "utf-8")
        assert any("stale" in problem.message for problem in check(course, proofs=False)) == stale
        assert (path.relative_to(course) in build(course)) == stale


def test_a_malformed_source_is_a_problem_and_no_traceback(
    course: Path, edit: Callable[..., Path]
) -> None:
    edit('+++ {"id": "formula", "lang": "both"}', "+++ {oops}")
    (problem,) = check(course, proofs=False)
    assert problem.path == SOURCE and problem.line == 42


def test_a_pitfall_that_passes_breaks_the_proof(course: Path, edit: Callable[..., Path]) -> None:
    edit("return f / (f**2).sum(axis=1, keepdims=True) ** 0.5", "return f")
    build(course)
    said = [problem for problem in check(course) if problem.path == SPEC]
    assert said and all("not proven: 90.1" in problem.message for problem in said)
    assert said[0].line == line_of(course, 'id="90.1"', SPEC)


def test_proofs_that_took_too_long_are_a_problem_and_tried_again(
    built_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran_out = CourseError("It took too long.", "时间太长。")
    monkeypatch.setattr("course_lib.exercises.proofs.prove", Mock(side_effect=[ran_out, []]))
    monkeypatch.setattr("course_lib.authoring.checks.proofs.cache_dir", lambda: tmp_path)
    (problem,) = check(built_course)
    assert problem.path == SPEC and problem.message == "not proven: It took too long."
    assert check(built_course) == [], "what ran out of time was not kept"


def test_matching_writes_both_hashes_and_only_for_the_pair_that_was_read(
    course: Path, edit: Callable[..., Path]
) -> None:
    edit("Divide each row", "Scale each row")
    edit("数值**大**的", "数值很**大**的")
    assert stamp_matched(course, "exercise") == 1
    build(course)
    (problem,) = check(course, proofs=False)
    assert "'why'" in problem.message and "Chinese text moved on" in problem.message
    assert stamp_matched(course, "all") == 4, "each pair of the chapter"
    build(course)
    assert check(course, proofs=False) == []
    with pytest.raises(CourseError, match="nowhere"):
        stamp_matched(course, "nowhere")


def test_a_demo_cell_may_import_again_what_others_use(
    course: Path, edit: Callable[..., Path]
) -> None:
    cell = "```{code-cell}\n---\nid: later\n---\nnp.ones(3)\n```\n\n"
    edit('+++ {"id": "explain", "lang": "en"', cell + '+++ {"id": "explain", "lang": "en"')
    edit("means = [", "import numpy as np\n\nmeans = [")
    build(course)
    assert check(course, proofs=False) == []
    edit("means = [", "np = None\nmeans = [")
    build(course)
    assert "'np', which the demo cell" in check(course, proofs=False)[0].message


def test_only_the_chapters_asked_for_are_checked(course: Path, edit: Callable[..., Path]) -> None:
    edit("Divide each row", "Scale each row")
    assert check(course, chapters=["04"], proofs=False) == []
