"""nbval's own comparison, on a notebook that has been executed already.

`pytest --nbval-lax solutions/en/pytorch` executes a notebook and compares. Here the one execution that
every test shares is handed to the same collector and the same comparison.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile, coalesce_streams


def differing_cells(
    session: pytest.Session, reference: Path, executed: NotebookNode
) -> dict[str, str]:
    """Give, by cell id, how the outputs differ from those stored in the reference notebook.

    Only cells with an execution count are compared, as nbval does: those whose output the source
    expects.
    """
    outputs = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    found = {}
    for item in IPyNbFile.from_parent(session, path=reference).collect():
        if item.cell.execution_count is not None:
            expected = coalesce_streams(item.cell.outputs)
            if not item.compare_outputs(coalesce_streams(outputs[item.cell.id]), expected):
                found[item.cell.id] = "\n".join(item.comparison_traceback)
    return found
