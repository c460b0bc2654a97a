"""The proof that an exercise ships with: right answers pass, known mistakes fail with their message.

:func:`prove` checks for a chapter, in each framework, through the same door as a student's
``check()`` (:func:`.checking.assess` on the public data):

- the solved edition's answer passes, on the public examples and on freshly drawn ones;
- the differently written right answers of the specification pass, and there are at least two;
- every pitfall fails, with its own message and not with another's;
- an untouched stub is "not attempted";
- each forbidden name exists, and calling it is noticed;
- with each constant that an offering may draw, all of this holds as well, and the course's own
  solution fails.

Each framework runs in a process of its own: they would be slow and get into each other's way in one.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import linecache
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises.checking import Result, assess
from course_lib.exercises.conversion import to_plain, to_tensors
from course_lib.exercises.filling import fill_source
from course_lib.exercises.public import Draw, PublicExercise, build_public, parse
from course_lib.exercises.specification import Exercise, SpecificationError
from course_lib.exercises.values import Value, shorten

PREAMBLES = {
    "pytorch": "import numpy as np\nimport torch\nfrom torch import nn\n",
    "keras": "import numpy as np\nimport keras\nfrom keras import ops\n",
    "numpy": "import numpy as np\n",
}
"""What every source of a proof may use without importing it."""

FRESH_DRAWS = 5  # beyond the public ones: grading draws its own
TIMEOUT = 900.0  # seconds for one framework


def prove(
    spec: ModuleType,
    *,
    chapter: str,
    frameworks: Sequence[str] = ("pytorch", "keras"),
    answers: Mapping[str, Mapping[str, str]],
    offered: Offered | None = None,
) -> list[str]:
    """Run the proofs of a chapter, each framework in a process of its own.

    Args:
        spec: The chapter's specification module, loaded from a file.
        chapter: Two digits.
        frameworks: Which halves to prove.
        answers: For each framework, the solved edition's answer cell by exercise id; under the key
            ``"setup"``, source that they need before them (imports, helpers). As in the chapter's
            source, with the names of constants in place.
        offered: What an offering has drawn: then that is proved, and not the course's own.

    Returns:
        One sentence for each thing that is wrong, naming exercise and framework; ``[]`` is a proof.

    Raises:
        CourseError: A framework's proofs take longer than ``TIMEOUT`` seconds.
    """
    problems = []
    for framework in frameworks:
        problems += _in_own_process(
            spec, chapter, framework, dict(answers.get(framework, {})), offered
        )
    return problems


def prove_here(
    spec: ModuleType,
    chapter: str,
    framework: str,
    answers: Mapping[str, str],
    offered: Offered | None = None,
) -> list[str]:
    """Run the proofs of one framework in this process; arguments as for :func:`prove`."""
    own = {each.id: each for each in spec.EXERCISES}
    try:
        exercises = in_offering(own, offered) if offered is not None else own
        public, _ = parse(
            build_public(SimpleNamespace(EXERCISES=tuple(exercises.values())), chapter)
        )
        setup = fill_source(answers.get("setup", ""), exercises)
    except (SpecificationError, LookupError) as error:
        return [str(error.args[0] if isinstance(error, LookupError) else error)]
    try:
        _run(PREAMBLES[framework] + setup, "<setup>", {"__name__": "__main__"})
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return [f"chapter {chapter} ({framework}): the answers' own setup can't be run: {said}"]
    problems = []
    for exercise in exercises.values():
        if not isinstance(exercise, Exercise):
            continue
        bench = Bench(exercise, public[exercise.id], framework, setup)
        answer = answers.get(exercise.id)
        found = list(_problems_of(bench, _filled(answer, exercise)))
        if offered is not None:
            found += _copy_must_fail(bench, _filled(answer, own[exercise.id]))
        elif not found:
            found += _problems_of_alternatives(bench, answer)
        problems += [f"{exercise.id} ({framework}): {problem}" for problem in found]
    return problems


Offered = Mapping[str, Mapping[str, Any]]
"""What an offering has drawn: by exercise, ``{"constants": {…}, "offering": number}``."""


def in_offering(exercises: Mapping[str, Any], offered: Offered) -> dict[str, Any]:
    """Give a chapter's exercises as an offering has them."""
    return {
        name: exercise.with_constants(
            offered[name]["constants"], offering=offered[name]["offering"]
        )
        if isinstance(exercise, Exercise) and name in offered
        else exercise
        for name, exercise in exercises.items()
    }


def _filled(answer: str | None, exercise: Exercise) -> str | None:
    return None if answer is None else fill_source(answer, {exercise.id: exercise})


def _problems_of_alternatives(bench: Bench, answer: str | None) -> Iterator[str]:
    """Prove the exercise with each value that an offering may draw, one constant at a time."""
    for name, options in bench.exercise.alternatives.items():
        for value in options:
            where = f"with {name} = {value!r}: "
            try:
                other = bench.exercise.with_constants({name: value}, offering=1)
                public, _ = parse(build_public(SimpleNamespace(EXERCISES=(other,)), other.id[:2]))
            except SpecificationError as error:
                yield f"{where}{error}"
                continue
            there = replace(bench, exercise=other, public=public[other.id])
            for problem in _problems_of(there, _filled(answer, other)):
                yield f"{where}{problem}"
            for problem in _copy_must_fail(there, _filled(answer, bench.exercise)):
                yield f"{where}{problem}"


def _copy_must_fail(bench: Bench, published: str | None) -> Iterator[str]:
    """The course's own solution earns nothing where an offering has other constants."""
    if published is None or not bench.exercise.alternatives:
        return
    for each in (bench, bench.on_fresh_draws()):
        try:
            passes = bool(each.try_source(published, "the course's own solution"))
        except Exception:
            passes = False
        if passes:
            yield "the course's own solution, without the constants drawn, passes"
            return


@dataclass(frozen=True)
class Bench:
    """An exercise with what is needed to try any answer on it, a mutant's too."""

    exercise: Exercise
    public: PublicExercise
    framework: str
    setup: str = ""

    def try_function(self, answer: Any) -> Result:
        """Check a function as a student's would be."""
        return assess(self.public, answer, framework=self.framework)

    def try_source(self, source: str, name: str) -> Result:
        """Run source that defines the exercise's function, then check it.

        Raises whatever the source raises outside the function.
        """
        return self.try_function(self.load(source, name))

    def load(self, source: str, name: str) -> Callable[..., Any]:
        """Run source as a notebook's cell would be run and give the function that it defines."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(PREAMBLES[self.framework], namespace)
        if self.setup:
            _run(self.setup, f"<{self.public.id} setup>", namespace)
        _run(source, f"<{self.public.id} {name}>", namespace)
        if self.exercise.function not in namespace:
            raise NameError(f"it does not define {self.exercise.function}()")
        return namespace[self.exercise.function]

    def on_fresh_draws(self) -> Bench:
        """Give the same bench with other inputs, drawn as grading draws them."""
        rng = np.random.default_rng(20240229)
        draws = []
        for _ in range(FRESH_DRAWS):
            inputs = self.exercise.draw(rng)
            draws.append(
                Draw(inputs, self.exercise.expected(inputs), self.exercise.mistaken(inputs))
            )
        return replace(self, public=replace(self.public, draws=tuple(draws)))


def _problems_of(bench: Bench, answer: str | None) -> Iterator[str]:
    fresh = bench.on_fresh_draws()
    if answer is None:
        yield "the solved edition has no answer cell for it"
    else:
        yield from _must_pass(bench, answer, "the solved edition's answer")
        yield from _must_pass(fresh, answer, "the solved edition's answer, on fresh draws,")
    yield from _right_ones(bench, fresh)
    yield from _pitfalls(bench)
    yield from _pitfalls(fresh, " on fresh draws")
    yield from _stub(bench)
    yield from _forbidden(bench)


def _must_pass(bench: Bench, source: str, name: str) -> Iterator[str]:
    try:
        result = bench.try_source(source, name)
    except Exception as error:
        yield f"{name} can't be run: {type(error).__name__}: {error}"
        return
    if not result:
        yield f"{name} does not pass: {_said(result)}"


def _right_ones(bench: Bench, fresh: Bench) -> Iterator[str]:
    sources = (
        *bench.exercise.right.get("numpy", ()),
        *bench.exercise.right.get(bench.framework, ()),
    )
    if len(sources) < 2:
        yield f"right has {len(sources)} source(s); it needs two right answers, written differently"
    for number, source in enumerate(sources, start=1):
        yield from _must_pass(bench, source, f"right answer {number}")
        yield from _must_pass(fresh, source, f"right answer {number}, on fresh draws,")


def _pitfalls(bench: Bench, where: str = "") -> Iterator[str]:
    for pitfall in bench.exercise.pitfalls:
        if pitfall.code and bench.framework not in pitfall.code:
            continue  # a mistake that only the other framework has
        what = f"pitfall {pitfall.name!r}{where}"
        try:
            result = bench.try_function(_made_by(bench, pitfall.name))
        except Exception as error:
            yield f"{what} can't be run: {type(error).__name__}: {error}"
            continue
        if result:
            yield f"{what} passes"
        elif result.pitfall is None:
            yield f"{what} is not recognised: {_said(result)}"
        elif result.pitfall != pitfall.name:
            yield f"{what} gets the message of {result.pitfall!r}"


def _made_by(bench: Bench, name: str) -> Callable[..., Any]:
    """Give a function that makes the mistake: the pitfall's own code, or its NumPy answer wrapped."""
    pitfall = next(pitfall for pitfall in bench.exercise.pitfalls if pitfall.name == name)
    if pitfall.code and bench.framework in pitfall.code:
        return bench.load(pitfall.code[bench.framework], f"pitfall {name}")
    framework = bench.framework if bench.exercise.tensors else "numpy"

    def wrapped(**inputs: Any) -> Any:
        plain = {key: to_plain(value) for key, value in inputs.items()}
        return to_tensors(bench.exercise.mistaken(plain)[name], framework)

    return wrapped


def _stub(bench: Bench) -> Iterator[str]:
    source = f'def {bench.exercise.function}(*_, **__):\n    raise NotImplementedError("…")\n'
    state = bench.try_source(source, "stub").state
    if state != "not_attempted":
        yield f"an untouched stub counts as {state!r}, not as 'not_attempted'"


def _forbidden(bench: Bench) -> Iterator[str]:
    for name in bench.exercise.forbidden:
        if not _is_here(name, bench.framework):
            continue
        if name.startswith("."):
            call = f"something{name}()"
            first = ""
        else:
            module, _, _ = name.rpartition(".")
            first = f"import {_importable(module)}\n"
            call = f"{name}()"
        if name[:1] != "." and _found(name) is None:
            yield f"forbidden: there is no {name}"
            continue
        source = f"{first}def {bench.exercise.function}(*_, **__):\n    return {call}\n"
        if bench.try_source(source, f"forbidden {name}").reason != "forbidden":
            yield f"forbidden: a call of {name}() is not noticed"


def _is_here(name: str, framework: str) -> bool:
    """Whether a forbidden name belongs to this half: torch's names are none of Keras's business."""
    others = {"pytorch": ("keras", "tensorflow", "jax"), "keras": ("torch", "torchvision")}
    package = name.split(".")[0]
    if name.startswith("course_lib."):
        half = name.split(".")[1]
        return half == framework or half not in ("pytorch", "keras")
    return package not in others[framework]


def _importable(dotted: str) -> str:
    """Import as much of a dotted name as is a module, and give that part."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        return ".".join(parts[:cut])
    return parts[0]


def _found(dotted: str) -> Any:
    module = _importable(dotted)
    thing: Value = sys.modules.get(module)
    for part in dotted[len(module) + 1 :].split("."):
        thing = getattr(thing, part, None) if part else thing
    return thing


def _run(source: str, name: str, namespace: dict[str, Any]) -> None:
    # Known to linecache, the source can be read by inspect and shown in tracebacks.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)


def _said(result: Result) -> str:
    lines = [line.strip() for line in repr(result).splitlines()[1:]]
    return shorten(" ".join(lines), 300)


def _in_own_process(
    spec: ModuleType,
    chapter: str,
    framework: str,
    answers: dict[str, str],
    offered: Offered | None,
) -> list[str]:
    assert spec.__file__, "a specification module is loaded from a file"
    with tempfile.TemporaryDirectory() as folder:
        order, reply = Path(folder, "order.json"), Path(folder, "reply.json")
        order.write_text(
            json.dumps(
                {
                    "spec": os.path.abspath(spec.__file__),
                    "chapter": chapter,
                    "framework": framework,
                    "answers": answers,
                    "offered": offered,
                }
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "course_lib.exercises.proofs", str(order), str(reply)]
        done = run_within(TIMEOUT, command, f"chapter {chapter} ({framework})")
        if done.returncode or not reply.exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return [f"chapter {chapter} ({framework}): the proofs stopped half-way: {last}"]
        return json.loads(reply.read_text(encoding="utf-8"))


def run_within(
    seconds: float, command: Sequence[str], where: str
) -> subprocess.CompletedProcess[str]:
    """Run the proofs or mutants of one framework, and end them when they take too long.

    Raises:
        CourseError: It took longer than ``seconds``: that says more of the machine than of the answers.
    """
    try:
        return subprocess.run(
            command,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CourseError(
            f"{where}: trying the answers took longer than {seconds:g} s and was stopped; "
            "try again when the machine has less to do.",
            f"{where}：逐个试答案用了超过 {seconds:g} 秒，已中止；请等机器空闲一些再试。",
        ) from None


def _environment() -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_GRADING",)}
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH"))))
    return environment | {"PYTHONPATH": path, "COURSE_LANGUAGE": "en", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _main(order_path: str, reply_path: str) -> None:
    order = json.loads(Path(order_path).read_text(encoding="utf-8"))
    finder = importlib.util.spec_from_file_location("chapter_specification", order["spec"])
    assert finder and finder.loader
    spec = importlib.util.module_from_spec(finder)
    sys.modules[finder.name] = spec
    finder.loader.exec_module(spec)
    problems = prove_here(
        spec, order["chapter"], order["framework"], order["answers"], order["offered"]
    )
    Path(reply_path).write_text(json.dumps(problems), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
