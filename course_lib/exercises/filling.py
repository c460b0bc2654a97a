"""Constants in words: ``{{ level }}`` in a specification, ``{{ 04.6.level }}`` in a chapter's source.

An offering may draw an exercise's constants anew (:attr:`.specification.Exercise.alternatives`). Prose,
stub, solution, hints and messages follow, since they name the constant instead of writing it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

_OWN = re.compile(r"\{\{ *([A-Za-z_]\w*) *\}\}")
_OF_ANY = re.compile(r"\{\{ *(\d\d\.\d+)\.([A-Za-z_]\w*) *\}\}")


def fill(thing: Any, values: Mapping[str, Any]) -> Any:
    """Put values in the place of their names, in texts however deep inside ``thing``.

    Raises:
        LookupError: A name stands there that has no value.
    """
    if isinstance(thing, str):
        return _OWN.sub(lambda found: written(_known(values, found[1], found[0])), thing)
    if isinstance(thing, Mapping):
        return {key: fill(part, values) for key, part in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)(fill(part, values) for part in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(
            thing, **{f.name: fill(getattr(thing, f.name), values) for f in fields(thing)}
        )
    return thing


def fill_source(text: str, exercises: Mapping[str, Any]) -> str:
    """Put the exercises' constants in the place of their names in a cell of a chapter's source.

    Args:
        text: The cell's prose or code.
        exercises: The chapter's exercises by id.

    Raises:
        LookupError: There is no such exercise, or it has no such constant.
    """

    def value(found: re.Match[str]) -> str:
        exercise = _known(exercises, found[1], found[0])
        return written(_known(getattr(exercise, "values", {}), found[2], found[0]))

    return _OF_ANY.sub(value, text)


def written(value: object) -> str:
    """Write a constant as prose and code both can have it: ``90``, ``0.975``, ``1.64``."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def values_of(
    constants: Mapping[str, Any], words: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None
) -> dict[str, Any]:
    """Give everything that texts may name: the constants, and the words computed from them."""
    return {**constants, **(words(constants) if words else {})}


def _known(values: Mapping[str, Any], name: str, place: str) -> Any:
    if name not in values:
        raise LookupError(
            f"{place}: there is no {name!r} (there are: {', '.join(values) or 'none'})"
        )
    return values[name]
