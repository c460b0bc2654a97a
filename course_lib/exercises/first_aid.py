"""Errors in a student's own cells lead with what to do; then comes the traceback, cut to these cells.

:func:`install` puts :func:`explain_error` in front of IPython's own display of errors. It is the
first cell's ``course_lib.start`` that calls it, in a student's notebook only: grading, tests and
builds show errors as Python does. The whole traceback stays one line away: ``%tb``.
"""

from __future__ import annotations

import difflib
import logging
import re
import sys
from types import FrameType, TracebackType
from typing import Any

from course_lib.exercises.advice import advise, is_library, is_untouched_stub
from course_lib.exercises.cards import Card
from course_lib.exercises.settings import is_recording
from course_lib.exercises.values import shorten, text
from course_lib.language import Text, both, pick

_LOG = logging.getLogger(__name__)


def install() -> bool:
    """Let errors in this notebook lead with what to do; say whether that is so from now on."""
    shell = _shell() if is_recording() else None
    if shell is None or shell.custom_exceptions:  # none, or somebody's own handler stands already
        return False
    shell.set_custom_exc((Exception,), explain_error)
    return True


def explain_error(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show an error as IPython asks its handlers to: what to do, then the student's own lines."""
    lines, card = None, None
    if not hasattr(error, "_render_traceback_"):  # else it says itself what is to be shown
        try:
            lines, left_out = _own_traceback(shell, kind, error, trace)
            card = _card(error, shell.user_ns, left_out)
        except Exception:
            _LOG.info("No first aid for %s.", kind.__name__, exc_info=True)
    if lines is None or card is None:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    from IPython.display import display

    _keep_for_later(kind, error, trace)
    display(card)
    shell._showtraceback(kind, error, lines)


def first_step(error: BaseException, names: dict[str, Any] | None = None) -> Text:
    """Say in a sentence or two what to do about an error in a cell of one's own.

    Args:
        error: As it was raised.
        names: What the notebook knows by name: a misspelt name is then looked for in it.
    """
    if is_untouched_stub(error):
        return _of_stub(error)
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name:
        return _of_name(error.name, names or {})
    said = f"{type(error).__name__}: {error}"
    for pattern, words in _IN_A_CELL:
        if found := re.search(pattern, said, re.DOTALL):
            given = [shorten(_plain(each or ""), 60) for each in found.groups()]
            return {language: each.format(*given) for language, each in words.items()}
    return advise(error)


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _keep_for_later(kind: type[BaseException], error: BaseException, trace: TracebackType) -> None:
    """Leave the error where ``%tb`` and ``%debug`` look for it, as Python itself does."""
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error


def _card(error: BaseException, names: dict[str, Any], left_out: int) -> Card:
    footer = []
    if left_out:
        footer = [
            both(
                f"Below are your own lines; {left_out} inside libraries are left out. "
                "`%tb` in a cell of its own shows everything.",
                f"下面只列出你自己的代码，省略了库内部的 {left_out} 层调用；新建单元格运行 `%tb` 可看到全部。",
            )
        ]
    return Card("bad", pick(first_step(error, names)), footer=footer)


def _own_traceback(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType
) -> tuple[list[str] | None, int]:
    """Give IPython's traceback of the student's own frames, and how many frames that leaves out."""
    frames = _frames_of(trace)
    own = [each for each in frames if not is_library(each[0].f_code.co_filename)]
    if not own:
        return None, 0
    cut: TracebackType | None = None
    for frame, instruction, line in reversed(own):
        cut = TracebackType(cut, frame, instruction, line)
    after_cell = frames[frames.index(own[0]) :]  # before it stand IPython's own
    with _alone(error):
        lines = shell.InteractiveTB.structured_traceback(kind, error, cut, tb_offset=0)
    return lines, len(after_cell) - len(own)


def _frames_of(trace: TracebackType | None) -> list[tuple[FrameType, int, int]]:
    frames = []
    while trace is not None:
        frames.append((trace.tb_frame, trace.tb_lasti, trace.tb_lineno))
        trace = trace.tb_next
    return frames


class _alone:  # noqa: N801 - used like a function
    """Take an error, for a moment, without those that it followed from: theirs are library frames."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __enter__(self) -> None:
        error = self.error
        self.kept = error.__cause__, error.__context__, error.__suppress_context__
        error.__cause__ = error.__context__ = None

    def __exit__(self, *_: object) -> None:
        self.error.__cause__, self.error.__context__, suppress = self.kept
        self.error.__suppress_context__ = suppress


def _plain(words: str) -> str:
    """Take out what a card would read as its own marks."""
    return " ".join(re.sub(r"[`*]", "", words).split())


def _of_stub(error: BaseException) -> Text:
    frame = _frames_of(error.__traceback__)[-1][0]
    name = frame.f_code.co_name
    if name.startswith("<"):
        return text(
            "This cell is not filled in yet: put your own code in place of the line that raises "
            "NotImplementedError, then run it again.",
            "这个单元格还没有作答：请把抛出 NotImplementedError 的那一行换成自己的代码，再运行一次。",
        )
    return text(
        f"`{name}` is not filled in yet: in its cell, put your own code in place of the line that raises "
        "NotImplementedError, run that cell, then this one.",
        f"`{name}` 还没有作答：请在它的单元格里把抛出 NotImplementedError 的那一行换成自己的代码，"
        "运行那个单元格，再运行这里。",
    )


def _of_name(name: str, names: dict[str, Any]) -> Text:
    known = [each for each in names if not each.startswith("_")]
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.75):
        return text(
            f"There is no `{name}`. Did you mean `{close[0]}`? Else run the cells above first: one of "
            "them makes it.",
            f"没有 `{name}` 这个名字。是不是想写 `{close[0]}`？如果不是，请先运行上面的单元格，它由其中一个给出。",
        )
    return text(
        f"`{name}` does not exist yet. Run the cells above first, from the top (an import or an earlier "
        "result is missing); if they have all run, check how it is spelt.",
        f"`{name}` 还不存在。请先从头依次运行上面的单元格（缺了某个 import 或前面的结果）；如果都运行过，再检查拼写。",
    )


# Patterns for "TypeError: its message", with what to say; {0} is the pattern's first group.
_IN_A_CELL: tuple[tuple[str, Text], ...] = (
    (
        r"^ModuleNotFoundError: No module named '([\w.]+)'",
        text(
            "The package `{0}` is not installed in this notebook's environment. If you did not mistype "
            "it, choose the course's kernel (Kernel → Change Kernel).",
            "这个笔记本的环境里没有安装 `{0}`。如果名字没有写错，请在菜单里把内核换成本课程的内核。",
        ),
    ),
    (
        r"out of memory|OutOfMemoryError|ResourceExhaustedError|RESOURCE_EXHAUSTED",
        text(
            "The memory is full. Make the batches smaller; then restart the kernel (Kernel → Restart), "
            "which frees what earlier cells still hold. Evaluate without gradients.",
            "内存（显存）用完了。请减小批量；再重启内核，释放前面单元格占住的部分。评估时不要记录梯度。",
        ),
    ),
    (
        r"same device|on device .* but|cuda.*\bcpu\b|\bcpu\b.*cuda"
        r"|torch\.cuda\.\w+Tensor.*torch\.\w+Tensor\)|cuda.* to numpy",
        text(
            "One part is on the GPU and another on the CPU. Bring the data to the model's device: "
            "`x.to(next(model.parameters()).device)`; before NumPy: `.cpu()`.",
            "有的在 GPU 上，有的在 CPU 上。请把数据放到模型所在的设备："
            "`x.to(next(model.parameters()).device)`；转成 NumPy 之前用 `.cpu()`。",
        ),
    ),
    (
        r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
        text(
            "What goes in has rows of {1} numbers, the layer expects rows of {2}. Print the `.shape` before "
            "that layer: is something not pooled, flattened or transposed?",
            "输入的每一行有 {1} 个数，而这一层要 {2} 个。请打印进入该层之前的 `.shape`：是不是漏了池化、展平或转置？",
        ),
    ),
    (
        r"matmul: Input operand 1 has a mismatch in its core.*size (\d+) is different from (\d+)"
        r"|shapes \(.*\) and \(.*\) not aligned: (\d+)",
        text(
            "In a product `A @ B`, A must have as many columns as B has rows. Print both `.shape`; often "
            "one of them wants to be transposed: `.T`.",
            "矩阵乘积 `A @ B` 要求 A 的列数等于 B 的行数。请打印二者的 `.shape`；常常只是其中一个需要转置：`.T`。",
        ),
    ),
    (
        r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)",
        text(
            "There are {0} rows of logits and {1} labels: cross-entropy wants one label for each row. "
            "Print both `.shape`; do they come from the same batch?",
            "有 {0} 行 logits，却有 {1} 个标签：交叉熵要求每行一个标签。请打印二者的 `.shape`：它们来自同一批吗？",
        ),
    ),
    (
        r"`?logits`? and `?labels`? must have the same first dimension"
        r"|(?:arguments|Arguments) `target` and `output` must have the same shape",
        text(
            "Logits and labels don't fit. With class numbers (N) use the *sparse* cross-entropy and logits "
            "N×K; with one-hot labels (N×K) the other one. Print both `.shape`.",
            "logits 与标签对不上。标签是类别编号（N 个）时用带 sparse 的交叉熵，logits 为 N×K；"
            "标签是独热（N×K）时用另一个。请打印二者的 `.shape`。",
        ),
    ),
    (
        r"Target (-?\d+) is out of bounds|label value of (-?\d+) which is outside the valid range",
        text(
            "A label is larger than the number of logits allows: with K logits the labels are 0 … K−1. "
            "Does the head have one output for each class, and do the labels begin at 0?",
            "有标签超出了 logits 的个数：有 K 个 logits 时，标签只能是 0 … K−1。"
            "输出层是否每类一个输出？标签是否从 0 开始？",
        ),
    ),
    (
        r"1D target tensor expected|multi-target not supported",
        text(
            "Cross-entropy wants class numbers as one axis (N). Yours have two: `labels.squeeze(1)` for one "
            "column, `labels.argmax(1)` for one-hot labels.",
            "交叉熵要的是一维的类别编号（N 个），而你的标签有两个轴：只有一列时用 `labels.squeeze(1)`，"
            "独热标签用 `labels.argmax(1)`。",
        ),
    ),
    (
        r"expected scalar type (?:Long|Int)|expected target dtype to be Long"
        r"|nll_loss\w* not implemented for|only applicable to index tensor"
        r"|expected floating point type for target with class probabilities"
        r"|tensors used as indices must be|Expected tensor for argument #1 'indices'",
        text(
            "Class labels and indices are whole numbers: write `labels.long()` (or make them int64 where "
            "they are loaded).",
            "类别标签和下标应为整数：请写 `labels.long()`（或在读入时就转成 int64）。",
        ),
    ),
    (
        r"expected scalar type|must have the same dtype|Input type .* and (?:weight|bias) type|expected m1 and m2"
        r"|not implemented for '(?:Byte|Long|Int|Char)'|was expected to be a \w+ tensor but is a \w+ tensor",
        text(
            "Two kinds of numbers meet: the weights are float32, so pictures and features must be too: "
            "`x.float()`, or `.astype('float32')` while it is still an array.",
            "两种数值类型碰到了一起：权重是 float32，图像和特征也应是 float32：`x.float()`；还是数组时用 "
            "`.astype('float32')`。",
        ),
    ),
    (
        r"Expected more than 1 value per channel when training",
        text(
            "BatchNorm in training mode needs more than one value per channel, and this batch has one. To "
            "predict: `model.eval()` first. To train: a larger batch.",
            "训练模式下的 BatchNorm 要求每个通道不止一个值，而这一批只有一个。预测之前请先 `model.eval()`；"
            "训练时请用更大的批量。",
        ),
    ),
    (
        r"does not require grad and does not have a grad_fn",
        text(
            "Nothing in this loss can learn: every part is frozen, or it was computed under `no_grad` or "
            "after `.detach()`. Which parameters have `requires_grad`?",
            "这个损失里没有可以学习的东西：要么全部冻结了，要么是在 `no_grad` 下或 `.detach()` 之后算出来的。"
            "哪些参数的 `requires_grad` 是 True？",
        ),
    ),
    (
        r"backward through the graph a second time",
        text(
            "A graph can be gone through backwards once. Compute the loss anew in each step, and `.detach()` "
            "what you carry over from one step to the next.",
            "一张计算图只能反向传播一次。请在每一步重新计算损失；从上一步带过来的量要先 `.detach()`。",
        ),
    ),
    (
        r"loading state_dict|(?:Missing|Unexpected) key\(s\) in state_dict",
        text(
            "The names in the file are not those of this model. Compare `list(weights)` with "
            "`list(model.state_dict())`: another architecture, another head, or a prefix too many?",
            "文件里的名字与这个模型的对不上。请比较 `list(weights)` 与 `list(model.state_dict())`："
            "是结构不同、分类头不同，还是多了一个前缀？",
        ),
    ),
    (
        r"^ValueError: No such layer: ([\w./-]+)",
        text(
            "The model has no layer `{0}`. Its layers: `[layer.name for layer in model.layers]`.",
            "模型里没有名为 `{0}` 的层。列出各层：`[layer.name for layer in model.layers]`。",
        ),
    ),
    (
        r"^KeyError: '([^']+)'",
        text(
            "There is no entry `{0}`. Print the names that there are: `list(d)` of a dictionary, "
            "`[name for name, _ in model.named_modules()]` of a PyTorch model.",
            "没有 `{0}` 这一项。请打印现有的名字：字典用 `list(d)`，PyTorch 模型用 "
            "`[name for name, _ in model.named_modules()]`。",
        ),
    ),
    (
        r"^FileNotFoundError: .*'([^']+)'",
        text(
            "There is no file `{0}` as seen from the notebook's folder. Look at its name in the file "
            "browser on the left; did an earlier cell have to make it?",
            "从笔记本所在的文件夹看，没有 `{0}` 这个文件。请在左侧文件列表里核对名字；它是不是要由前面的单元格生成？",
        ),
    ),
)  # fmt: skip
