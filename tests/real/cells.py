"""Run cells of a solved edition as they are, and print what some names hold then, as JSON: a process of its own.

python -m tests.real.cells '{"chapter": "04", "framework": "keras", "definitions": [...], "before": "…",
                             "cells": [...], "give": [...]}'
"""

from __future__ import annotations

import ast
import json
import sys
from typing import Any

import numpy as np
from nbformat import NotebookNode

from course_lib.authoring.executing import read_edition
from tests.conftest import ROOT


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Run imports and functions of some cells, then ``before``, then whole cells; give names."""
    notebook = read_edition(ROOT, order["chapter"], order["framework"], language="en", solved=True)
    by_id = {cell.id: cell for cell in notebook.cells}
    names: dict[str, Any] = {}
    for name in order["definitions"]:
        exec(compile(_definitions(by_id[name]), name, "exec"), names)
    exec(compile(order["before"], "before", "exec"), names)
    for name in order["cells"]:
        exec(compile(by_id[name].source, name, "exec"), names)
    return {name: names[name] for name in order["give"]}


def _definitions(cell: NotebookNode) -> ast.Module:
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef)
    return ast.Module([node for node in ast.parse(cell.source).body if isinstance(node, kept)], [])


if __name__ == "__main__":
    found = run(json.loads(sys.argv[1]))
    print(json.dumps(found, default=lambda each: np.asarray(each).tolist()))
