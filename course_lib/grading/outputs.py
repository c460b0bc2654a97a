"""The outputs of one request to a kernel, merged as a notebook shows them, and no more than a limit."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import nbformat
from nbformat import NotebookNode


class Outputs:
    """Collects what a cell shows.

    Attributes:
        outputs: What is shown so far.
        idle: Whether the kernel has said that it is done with the request.
    """

    def __init__(self, limit: int) -> None:
        self.outputs: list[NotebookNode] = []
        self.idle = False
        self._left = limit
        self._clear_next = False

    def take(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel's; whatever it holds."""
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            self.idle = content.get("execution_state") == "idle"
        elif kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self.outputs.clear()
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            with suppress(Exception):  # badly made by the submission: not shown
                self._add(nbformat.v4.output_from_msg(message))

    def _add(self, output: NotebookNode) -> None:
        if self._clear_next:
            self.outputs.clear()
            self._clear_next = False
        if self._left <= 0:
            return
        size = len(str(output))
        if size > self._left:
            output = nbformat.v4.new_output("stream", name="stdout", text=_cut(output, self._left))
        self._left -= size
        last = self.outputs[-1] if self.outputs else None
        if (
            output.output_type == "stream"
            and last is not None
            and last.output_type == "stream"
            and last.name == output.name
        ):
            last.text += output.text
        else:
            self.outputs.append(output)


def _cut(output: NotebookNode, left: int) -> str:
    text = output.text[:left] if output.output_type == "stream" else ""
    return text + "\n… (the rest of this cell's output was too long / 此后的输出过长，已截去)\n"
