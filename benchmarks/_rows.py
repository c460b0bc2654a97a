"""Rows of a benchmark: a task, a method and a value for each seed; as a table, and as orderings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._orderings import Ordering, verdicts
from course_lib.judging import interval, paired_interval

# (task, better, worse, "above" or "not below", whether this repository claims it)
Expected = Sequence[tuple[str, str, str, str, bool]]
Values = Mapping[tuple[str, str], Sequence[float]]


def as_rows(values: Values) -> list[dict[str, Any]]:
    """Write values by (task, method) as rows."""
    return [{"task": task, "method": name, "values": [*v]} for (task, name), v in values.items()]


def best_of(tried: Mapping[str, Mapping[float, float]]) -> dict[str, float]:
    """Give what was best for each name, of what was tried: value by setting."""
    return {name: max(found, key=lambda each: found[each]) for name, found in tried.items()}


def rates_line(where: str, rates: Mapping[str, float]) -> str:
    """Say which rates were chosen, and where."""
    return f"rates chosen on {where}: " + ", ".join(f"{n} {rate:g}" for n, rate in rates.items())


def rows_table(
    title: str, result: Mapping[str, Any], expected: Expected, units: Mapping[str, str] | None = None
) -> str:  # fmt: skip
    """Write the result as text: for each task, every method with its difference to the first.

    Args:
        title: The first line, without the number of seeds.
        result: ``rows``, ``seeds``, ``seconds``, ``quick``.
        expected: What was expected.
        units: What the values of a task are, where they are not accuracies.
    """
    lines = [f"{title}: mean [95 % interval] over {result['seeds']} seeds"]
    for task in dict.fromkeys(row["task"] for row in result["rows"]):
        rows = [row for row in result["rows"] if row["task"] == task]
        unit, first = (units or {}).get(task, "accuracy"), f"difference to {rows[0]['method']}"
        lines += ["", f"{task:34}{unit:>26}{first:>40}"]
        for row in rows:
            gain = "" if row is rows[0] else str(paired_interval(row["values"], rows[0]["values"]))
            lines.append(f"{row['method']:34}{interval(row['values'])!s:>26}{gain:>40}".rstrip())
    said = verdicts(row_orderings(result, expected), quick=result["quick"])
    return "\n".join([*lines, "", *said, f"{result['seconds']:.0f} s"])


def row_orderings(result: Mapping[str, Any], expected: Expected) -> list[Ordering]:
    """Say of each expectation what was found, whether it is that, and whose it is."""
    values = {(row["task"], row["method"]): row["values"] for row in result["rows"]}
    found = []
    for task, better, worse, how, claimed in expected:
        gain = paired_interval(values[task, better], values[task, worse])
        met = gain.low > 0 if how == "above" else gain.high >= 0
        words = f"{task}: {better} − {worse} = {gain}, expected {how} 0"
        found.append(Ordering(words, met, claimed))
    return found
