"""What one expects of a benchmark, and what was found: both are printed, and ``--check`` judges claims alone.

A *claim* is what this repository says itself (a chapter's text, the README): not finding it is a fault. An
ordering *of the literature* belongs to other data and other networks: not finding it is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Ordering(NamedTuple):
    """An expectation in words with the numbers that were measured, whether it was met, and whose it is."""

    words: str
    met: bool
    claimed: bool


def verdicts(orderings: Sequence[Ordering], *, quick: bool) -> list[str]:
    """Give a line for each expectation; of a quick run, that it has none."""
    if quick:
        return ["a quick run, to see that it works: its numbers mean nothing"]
    return [
        f"{'found' if o.met else 'NOT FOUND'} ({'claimed here' if o.claimed else 'literature'}): {o.words}"
        for o in orderings
    ]


def missed_claims(orderings: Sequence[Ordering], *, quick: bool) -> list[str]:
    """Give the claims that were not met: what ``--check`` fails for. A quick run has none."""
    return [] if quick else [o.words for o in orderings if o.claimed and not o.met]
