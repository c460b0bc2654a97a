"""The test part under seal: it opens for one choice under one plan, and a ledger remembers it.

What the lock can do: stop whoever forgets, or is tempted, and leave a trace where somebody insists.
What it cannot do: stop whoever deletes the ledger. It is a promise with a memory, not a safe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.data.domain import Domain
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.projects.cutting import fingerprints


@dataclass(frozen=True)
class Sealed:
    """A test part that gives its examples away only through :meth:`open`.

    Attributes:
        n: How many examples there are.
        print: A fingerprint of all of them.
        plan: A fingerprint of the plan that was fixed before.
        ledger: The file that remembers.
    """

    n: int
    print: str
    plan: str
    ledger: Path
    _methods: tuple[str, ...]
    _test: Domain

    def open(self, choice: str, plan: Mapping[str, Any], *, anyway: str = "") -> Domain:
        """Open the test part for the method that was chosen on validation data.

        The same choice under the same plan may be opened again, so that a notebook can be run from the
        top: nothing new is learned from it. Another choice, or another plan, is another look.

        Args:
            choice: One of the plan's methods.
            plan: The plan, once more; it must be the one that was sealed.
            anyway: A reason to look again all the same. The look is counted, and a report has to say it.

        Raises:
            CourseError: The plan has changed, the choice is not in it, or the test part was opened before
                for something else.
        """
        if _print_of(plan) != self.plan:
            raise CourseError(
                "The plan is not the one that was sealed: seal again with the plan that you mean, before "
                "you open the test part.",
                "方案与封存时的不同：请先用你真正要用的方案重新封存，再打开测试集。",
            )
        if choice not in self._methods:
            raise CourseError(
                f"{choice!r} is not among the plan's methods: {', '.join(self._methods)}.",
                f"{choice!r} 不在方案的方法之中：{'、'.join(self._methods)}。",
            )
        looks = _looks(self.ledger)
        look = {"test": self.print, "plan": self.plan, "choice": choice}
        known = [{key: each.get(key) for key in look} for each in looks]
        if look in known:
            return self._test
        if any(each["test"] == self.print for each in known) and not anyway:
            raise CourseError(
                f"This test part was opened before, for {looks[-1]['choice']!r} under "
                f"{'this' if looks[-1]['plan'] == self.plan else 'another'} plan. A second look would make it "
                "a validation set. Report what the first one showed; or look again with anyway='why', and say "
                "in your report that you did.",
                f"这个测试集已经打开过，当时选的是 {looks[-1]['choice']!r}，"
                f"方案{'相同' if looks[-1]['plan'] == self.plan else '不同'}。再看一次，它就成了验证集。"
                "请报告第一次的结果；或者用 anyway='理由' 再看，并在报告里写明。",
            )
        looks.append(look | ({"anyway": anyway} if anyway else {}))
        write_atomically(self.ledger, json.dumps(looks, ensure_ascii=False, indent=1) + "\n")
        return self._test

    @property
    def looks(self) -> int:
        """How often this test part was opened for something new."""
        return sum(each.get("test") == self.print for each in _looks(self.ledger))


def seal(
    test: Domain, plan: Mapping[str, Any], *, ledger: str | Path = "test_ledger.json"
) -> Sealed:
    """Put the test part under seal, together with the plan.

    Args:
        test: The test part.
        plan: JSON-able, with ``"methods"``: everything that decides what will be reported.
        ledger: Where looks are noted; beside the notebook unless given.
    """
    methods = tuple(plan.get("methods", ()))
    if len(methods) < 2:
        raise CourseError(
            "A plan names at least two methods: plan['methods'].",
            "方案至少要列出两种方法：plan['methods']。",
        )
    everything = "".join(fingerprints(test.x)) + str(test.y.tolist())
    print_ = hashlib.sha256(everything.encode()).hexdigest()[:12]
    return Sealed(len(test), print_, _print_of(plan), Path(ledger), methods, test)


def _print_of(plan: Mapping[str, Any]) -> str:
    written = json.dumps(plan, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:12]


def _looks(ledger: Path) -> list[dict[str, str]]:
    """Read the ledger; one that cannot be read is no reason to begin a new one."""
    if not ledger.exists():
        return []
    try:
        looks = json.loads(ledger.read_text(encoding="utf-8"))
        assert isinstance(looks, list) and all(isinstance(each, dict) for each in looks)
    except (ValueError, AssertionError) as error:
        raise CourseError(
            f"{ledger} cannot be read. It says how often the test part was opened: bring back the file as it was.",
            f"无法读取 {ledger}。它记录测试集打开过几次：请恢复原来的文件。",
        ) from error
    return looks
