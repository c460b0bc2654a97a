"""What a student reads of a verdict: fixed sentences in both languages, chosen and never filled in."""

from __future__ import annotations

from course_lib.exercises.values import text
from course_lib.language import Text

TITLES: dict[str, Text] = {
    "NotAttempted": text("Not attempted", "未作答"),
    "Incorrect": text("Not right yet", "还不对"),  # as on the card of check()
    "RaisedAnError": text("Stopped with an error", "运行出错"),
    "TimedOut": text("Out of time", "超时"),
    "KernelDied": text("The kernel ended", "内核终止"),
    "TooMuchMemory": text("Out of memory", "内存超限"),
    "ForbiddenCall": text("A call that this exercise excludes", "调用了本题不允许使用的函数"),
    "NoAnswer": text("No answer", "没有得到答案"),
    "CheckFailed": text("The check could not run", "检查未能运行"),
    "NotRun": text("Not run", "未运行"),
    "Tampered": text("The notebook hides its errors", "笔记本隐藏了错误"),
    "TestFailed": text("The test failed", "测试未通过"),
    "TwoResults": text("More than one result", "显示了多个结果"),
    "OddResult": text("A result that is no mark", "显示的结果不是有效得分"),
    "NotAFunction": text("Not a function", "不是函数"),
    "WrongParameters": text("Other parameters", "参数不符"),
    "Unusable": text("Can't be used", "无法使用"),
    "ReturnedNothing": text("Returned nothing", "没有返回值"),
    "NotAValue": text("Not a value", "返回值无法比较"),
    "ReturnedATensor": text("A tensor came back", "返回的是张量"),
    "TooLarge": text("Far too large", "返回值过大"),
}

SENTENCES: dict[str, Text] = {
    "Correct": text(
        "Your function gives the right values on inputs that it had not seen before.",
        "你的函数在未见过的输入上也给出了正确结果。",
    ),
    "NotAttempted": text(
        "The stub is still there: this exercise was not begun.",
        "占位代码还在：这道题没有作答。",
    ),
    "TimedOut": text(
        "Your function did not come to an end within the time allowed. Look for a loop whose "
        "condition never becomes false, and for Python loops over every pixel or every pair.",
        "你的函数没有在规定时间内结束。请检查是否有条件永远为真的循环，"
        "或用 Python 循环逐像素、逐对处理数据。",
    ),
    "KernelDied": text(
        "The Python process ended while your function ran, for example by exit(). "
        "Return a value instead.",
        "运行你的函数时，Python 进程终止了，例如调用了 exit()。请改为返回一个值。",
    ),
    "TooMuchMemory": text(
        "Your function needed more memory than is allowed. Did two arrays broadcast into a huge one?",
        "你的函数占用的内存超过了上限。是不是有两个数组意外广播成了一个巨大的数组？",
    ),
    "ForbiddenCall": text(
        "Your function calls a library function that this exercise excludes, since it would take over "
        "the step that you are to practise. Write that step yourself.",
        "你的函数调用了本题不允许使用的库函数，因为它会代替你完成要练习的那一步。请自己写出这一步。",
    ),
    "NoAnswer": text(
        "Nothing that could be read came back from your notebook. If it changes Python's or "
        "Jupyter's own workings, take that out; then restart the kernel and run all cells.",
        "没能从你的笔记本得到可读的答案。若其中改动了 Python 或 Jupyter 自身的机制，请去掉；"
        "然后重启内核并运行全部单元格。",
    ),
    "CheckFailed": text(
        "The check cell could not run, mostly because the cell with your answer did not run through: "
        "a syntax error, or a function with another name. Restart the kernel and run all cells to see it.",
        "检查单元格没能运行，多半是因为你的作答单元格没有运行成功：有语法错误，或者函数改了名字。"
        "请重启内核并运行全部单元格，就能看到原因。",
    ),
    "NotRun": text(
        "The time allowed for the whole notebook was over before this exercise's turn.",
        "还没轮到这道题，整个笔记本的规定时间就用完了。",
    ),
    "OwnTestTestFailed": text(
        "The test in this cell stopped with an error.",
        "这个单元格里的测试因错误而中断。",
    ),
    "OwnTestTimedOut": text(
        "The test in this cell did not come to an end within the time allowed; it was stopped.",
        "这个单元格里的测试没有在规定时间内结束，已被停止。",
    ),
    "OwnTestKernelDied": text(
        "The Python process ended while the test in this cell ran, for example by exit().",
        "运行这个单元格里的测试时，Python 进程终止了，例如调用了 exit()。",
    ),
    "OwnTestNotRun": text(
        "The test in this cell was not run: the time allowed for the whole notebook was over before its turn.",
        "这个单元格里的测试没有运行：还没轮到它，整个笔记本的规定时间就用完了。",
    ),
    "OwnTestTampered": text(
        "After this test, code that must fail did not: the notebook changes how Python or Jupyter report "
        "errors, so the test says nothing. Take that out; then restart the kernel and run all cells.",
        "在这个测试之后，必须出错的代码没有出错：笔记本改动了 Python 或 Jupyter 报告错误的方式，"
        "测试结果因此不可信。请去掉这些改动，然后重启内核并运行全部单元格。",
    ),
    "OwnTestTwoResults": text(
        "This test showed more than one result, so it can't be told which one is its mark. Your function "
        "must not display values by itself (print is fine).",
        "这个测试显示了不止一个结果，无法判断哪个才是得分。你的函数不应自行显示数值（用 print 没有关系）。",
    ),
    "OwnTestOddResult": text(
        "This test showed a number that is no mark: it is below 0 or above all points that there are.",
        "这个测试显示的数不是有效得分：小于 0，或大于满分。",
    ),
    "NotAFunction": text(
        "The check was given something else than a function.",
        "传给检查的不是一个函数。",
    ),
    "WrongParameters": text(
        "Your function takes other parameters than the stub. Put them back as they stood there.",
        "你的函数的参数与题目给出的不同。请改回原来的样子。",
    ),
    "RaisedAnError": text(
        "Your function stopped with an error on inputs that it had not seen before.",
        "你的函数在未见过的输入上运行出错。",
    ),
    "Unusable": text(
        "Your function ran to its end, but what it returned or left behind can't be used.",
        "你的函数运行完了，但它返回的或留下的东西无法使用。",
    ),
    "ReturnedNothing": text(
        "Your function returned None. Does it end in a return with the result, and was that ever set?",
        "你的函数返回了 None。函数末尾是否写了 return 并带上结果？返回的变量是否赋过值？",
    ),
    "NotAValue": text(
        "Your function returned something that holds no numbers to compare. Return numbers, arrays "
        "or tensors, or a list, tuple or dictionary of these.",
        "你的函数返回的内容里没有可比较的数值。请返回数、数组或张量，或者由它们组成的列表、元组或字典。",
    ),
    "ReturnedATensor": text(
        "Your function returns a tensor where a NumPy array is asked for.",
        "你的函数返回的是张量，而这里要的是 NumPy 数组。",
    ),
    "TooLarge": text(
        "Your function returned far more than the exercise asks for. Did two arrays broadcast?",
        "你的函数返回的内容远远超出本题的要求。是不是有两个数组意外广播了？",
    ),
}

NOTES: dict[str, Text] = {
    "TimedOut": text(
        "This cell did not come to an end within the time allowed; it was stopped.",
        "这个单元格没有在规定时间内结束，已被停止。",
    ),
    "KernelDied": text(
        "The Python process ended in this cell. The other cells ran without it.",
        "Python 进程在这个单元格中终止。其他单元格已在略过它之后运行。",
    ),
    "NotRun": text(
        "The time allowed for the whole notebook was over before this cell's turn.",
        "还没轮到这个单元格，整个笔记本的规定时间就用完了。",
    ),
}

# A student who runs the whole notebook meets no such error: there, those cells have been run.
UNKNOWN_NAME = text(
    "It uses a name that is not defined. Demonstration cells are not run while grading: import and define "
    "what your function needs in its own cell.",
    "它用到了一个没有定义的名字。评分时不运行演示单元格：函数需要的东西，请在答题单元格里导入和定义。",
)
SAME_AS_CHECK = text(
    " What worked on the examples in the notebook has to work on others too: run the check again, "
    "use its hints, and make sure that nothing is written for one example only.",
    "在笔记本的例子上成立的做法，在别的输入上也应成立：请再运行一次检查，看看提示，"
    "并确认代码不是只针对某一个例子写的。",
)


DIFFERENCES: dict[str, Text] = {
    "value": text(
        "Your function returns other numbers than expected on inputs that it had not seen before.",
        "在未见过的输入上，你的函数返回的数值与预期不同。",
    ),
    "shape": text(
        "Your function returns an array of another shape than expected.",
        "你的函数返回的数组形状与预期不同。",
    ),
    "kind": text(
        "Your function returns another kind of value than expected.",
        "你的函数返回的值的类型与预期不同。",
    ),
    "length": text(
        "Your function returns more or fewer items than expected.",
        "你的函数返回的元素个数与预期不同。",
    ),
    "keys": text(
        "Your function returns a dictionary with other keys than expected.",
        "你的函数返回的字典，键与预期不同。",
    ),
    "members": text(
        "Your function returns other members than expected.",
        "你的函数返回的成员与预期不同。",
    ),
    "dtype": text(
        "The values that your function returns are right, but not as a NumPy array of the type asked for.",
        "你的函数返回的数值是对的，但不是题目要求的那种类型的 NumPy 数组。",
    ),
    "nan": text(
        "Your function returns NaN (not a number) where a number is expected.",
        "你的函数在应当返回数的地方返回了 NaN。",
    ),
}
