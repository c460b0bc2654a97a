"""Has the model read the test? What can be said of it when the text it learned from is at hand.

The usual check compares runs of n tokens: Brown et al., *Language Models are Few-Shot Learners*,
NeurIPS 2020, arXiv:2005.14165, appendix C, took 13 words.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from course_lib.arguments import require_count


def runs(tokens: Sequence[Hashable], n: int) -> list[tuple[Hashable, ...]]:
    """Give all runs of n neighbouring tokens, in order; none where there are fewer than n."""
    require_count("n", n)
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def overlap_share(test: Sequence[Hashable], source: Iterable[Sequence[Hashable]], n: int) -> float:
    """Give the part of a test text's runs that also stand in the source: 0 (none) to 1 (all).

    Args:
        test: The test text's tokens.
        source: The source's texts, each as its tokens; a run never spans two of them.
        n: How long a run is. Short runs are everybody's; long ones are copies.

    Returns:
        0 for a text of fewer than n tokens: it cannot be judged.
    """
    known = {run for text in source for run in runs(text, n)}
    found = runs(test, n)
    return sum(run in known for run in found) / len(found) if found else 0.0
