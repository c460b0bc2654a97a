"""The outputs of one request to a kernel, merged as a notebook shows them, and no more than a limit.

What a kernel sends was made by the submission's process, and instructors look at it in the formgrader, a
page of the very server that runs their notebooks: HTML or JavaScript there would act in their name. So
only text and pictures are kept, in the form in which a notebook holds them.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

_PICTURES = ("image/png", "image/jpeg")
# The colours of a traceback take some hundred; whoever turns very many into HTML takes minutes.
_MOST_ESCAPES = 2000
# What decides about an instructor's own test: too much output before it must not push it out.
_DECIDES = ("execute_result", "error")
_SHORT = 2000
_TOO_LONG = "\n… (the rest of this cell's output was too long / 此后的输出过长，已截去)\n"


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
        self._left_for_short = 10 * _SHORT
        self._escapes = 0
        self._cut_off = False
        self._clear_next = False

    def take(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel's; whatever it holds."""
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            self.idle = content.get("execution_state") == "idle"
        elif kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
        else:
            with suppress(Exception):  # badly made by the submission: not shown
                output = _plain(kind, content)
                if output is not None:
                    self._add(output)

    def _clear(self) -> None:
        """Forget what was shown, but for what decides: no function under test takes that away."""
        self.outputs = [each for each in self.outputs if each.output_type in _DECIDES]

    def _add(self, output: NotebookNode) -> None:
        if self._clear_next:
            self._clear()
            self._clear_next = False
        output = self._within_limits(output)
        if output is None:
            return
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

    def _within_limits(self, output: NotebookNode) -> NotebookNode | None:
        """Give an output, or what there is room for, ``None`` where there is none."""
        size = len(str(output))
        if size > self._left and output.output_type in _DECIDES:
            output = _shortened(output)
            self._left_for_short -= len(str(output))
            return self._without_too_many_colours(output) if self._left_for_short > 0 else None
        if size <= self._left:
            self._left -= size
            return self._without_too_many_colours(output)
        if self._cut_off:
            return None
        text = output.text[: max(0, self._left)] if output.output_type == "stream" else ""
        self._left, self._cut_off = 0, True
        cut = new_output("stream", name="stdout", text=text + _TOO_LONG)
        return self._without_too_many_colours(cut)

    def _without_too_many_colours(self, output: NotebookNode) -> NotebookNode:
        self._escapes += str(output).count("\\x1b")
        if self._escapes <= _MOST_ESCAPES:
            return output
        return _mapped(output, lambda text: text.replace("\x1b", ""))


def _plain(kind: str, content: dict[str, Any]) -> NotebookNode | None:
    """Give a message as an output that holds text and pictures and nothing else; ``None`` for others."""
    if kind == "stream":
        name = "stderr" if content["name"] == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(content["text"]))
    if kind == "error":
        lines = content["traceback"] if isinstance(content["traceback"], list) else []
        return new_output(
            "error",
            ename=_text(content["ename"]),
            evalue=_text(content["evalue"]),
            traceback=[_text(line) for line in lines],
        )
    if kind in ("display_data", "execute_result"):
        data = {"text/plain": _text(content["data"].get("text/plain"))}
        for mime in _PICTURES:
            picture = content["data"].get(mime)
            with suppress(ValueError, AttributeError):
                base64.b64decode(picture.replace("\n", ""), validate=True)
                data[mime] = picture
        return new_output(kind, data=data)
    return None


def _text(value: object) -> str:
    """Give a text that every file can hold: a lone half of a character becomes a question mark."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _shortened(output: NotebookNode) -> NotebookNode:
    """Give the beginning of a result or an error, without pictures."""
    if output.output_type == "execute_result":
        return new_output("execute_result", data={"text/plain": output.data["text/plain"][:_SHORT]})
    return new_output(
        "error",
        ename=output.ename[:_SHORT],
        evalue=output.evalue[:_SHORT],
        traceback=["\n".join(output.traceback)[-_SHORT:]],
    )


def _mapped(output: NotebookNode, change: Any) -> NotebookNode:
    if output.output_type == "stream":
        output.text = change(output.text)
    elif output.output_type == "error":
        output.ename, output.evalue = change(output.ename), change(output.evalue)
        output.traceback = [change(line) for line in output.traceback]
    else:
        output.data["text/plain"] = change(output.data["text/plain"])
    return output
