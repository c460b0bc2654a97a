"""The course's diagrams: boxes, questions and arrows, in both languages, with a text that says the same."""

from __future__ import annotations

from itertools import pairwise

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

from course_lib.figures import COLOURS, describe
from course_lib.language import both

# From top to bottom: a question, the answers that end it, and the answer that leads to the next one.
TERMS = (
    (
        ("Are there target labels\nto learn from?", "目标域有标签\n可学吗？"),
        (
            (("no, but source\ndata at hand", "没有，但源域\n数据在手"), ("domain\nadaptation", "领域自适应")),
            (("no, and no\nsource data", "没有，也没有\n源域数据"), ("zero-shot", "零样本")),
        ),
        ("yes", "有"),
    ),
    (
        ("Are source data learnt\nat the same time?", "同时还在学\n源域数据吗？"),
        ((("yes", "是"), ("multi-task\nlearning", "多任务学习")),),
        ("no", "否"),
    ),
    (
        ("Must the old task still\nbe solved afterwards?", "学完之后旧任务\n还得会做吗？"),
        ((("yes", "是"), ("continual\nlearning", "持续学习")),),
        ("no", "否"),
    ),
    (
        ("How much of the borrowed\nweights changes?", "借来的权重\n改动多少？"),
        (
            (("nothing", "一点不动"), ("feature\nextraction", "特征提取")),
            (("less than\na tenth", "不到\n十分之一"), ("parameter-efficient\nfine-tuning", "参数高效微调")),
            (("more", "更多"), ("fine-tuning", "微调")),
        ),
        None,
    ),
)  # fmt: skip


def draw_terms() -> None:
    """Draw which question decides what a kind of transfer is called: read from the top."""
    rows = sum(len(answers) for _, answers, _ in TERMS)
    figure, axis = plt.subplots(figsize=(5.2, 0.78 * rows))
    axis.set(xlim=(0, 10), ylim=(-rows + 0.4, 0.6))
    axis.axis("off")
    y, above, onward = 0.0, None, None
    for question, answers, next_answer in TERMS:
        middle = y - (len(answers) - 1) / 2
        asked = box(axis, 1.9, middle, both(*question), COLOURS[0])
        if above is not None and onward is not None:
            arrow(axis, above, (0.5, 0), asked, (0.5, 1))
            axis.text(2.1, (middle + _height(above)) / 2, both(*onward), va="center", fontsize=8.5)
        for words, term in answers:
            arrow(axis, asked, (1, 0.5), box(axis, 8.2, y, both(*term), COLOURS[1]), (0, 0.5))
            axis.text(
                5.2, (middle + 2 * y) / 3, both(*words), ha="center", va="center", fontsize=8.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
            y -= 1
        above, onward = asked, next_answer
    describe(figure, _in_words("en"), _in_words("zh"))


# From left to right: what it is called, and what happens to it.
EXTRACTION = (
    (("picture", "图片"), "$x$"),
    (("backbone", "主干"), ("frozen", "冻结")),
    (("features", "特征"), "$h$"),
    (("head", "分类头"), ("trained", "训练")),
    (("class", "类别"), r"$\hat y$"),
)


def draw_extraction() -> None:
    """Draw feature extraction: what is computed once, and what is trained."""
    figure, axis = plt.subplots(figsize=(4.7, 1.3))
    axis.set(xlim=(-0.55, 4.5), ylim=(-0.5, 1.2))
    axis.axis("off")
    boxes = []
    for i, (name, below) in enumerate(EXTRACTION):
        second = below if isinstance(below, str) else both(*below)
        colour = COLOURS[0] if i < 2 else COLOURS[1]
        boxes.append(box(axis, i, 0, f"{both(*name)}\n{second}", colour))
    for left, right in pairwise(boxes):
        arrow(axis, left, (1, 0.5), right, (0, 0.5))
    for first, last, words in (
        (-0.4, 2.1, both("once for each picture", "每张图片只算一次")),
        (2.2, 4.35, both("in every epoch", "每一轮都算")),
    ):
        axis.annotate(
            "", (first, 0.78), (last, 0.78), arrowprops={"arrowstyle": "|-|,widthA=0.2,widthB=0.2"}
        )
        axis.text((first + last) / 2, 0.92, words, ha="center", fontsize=9)
    describe(
        figure,
        "Picture x, backbone (frozen), features h: computed once for each picture. "
        "Features h, head (trained), class: in every epoch.",
        "图片 x、主干（冻结）、特征 h：每张图片只算一次。特征 h、分类头（训练）、类别：每一轮都算。",
    )


# Column and row of each step, and what it says.
PROJECT = {
    "question": (0, 3, ("question,\ndata sheet", "问题、\n数据说明书")),
    "cut": (1, 3, ("cut by what\nwill be new", "按使用时的\n新单位划分")),
    "plan": (2, 3, ("methods, rule:\nsealed", "方法、规则：\n封存")),
    "train": (0, 2, ("train", "训练集")),
    "validation": (1, 2, ("validation", "验证集")),
    "test": (2, 2, ("test\n(locked)", "测试集\n（锁着）")),
    "learn": (0, 1, ("every method\nlearns", "每种方法\n都来学")),
    "choose": (1, 1, ("the rule\nchooses one", "规则\n选定一种")),
    "measure": (2, 1, ("opened once:\nthe gain", "只开一次：\n量出增益")),
    "errors": (1, 0, ("look into\nthe errors", "分析错误")),
    "card": (2, 0, ("record,\nmodel card", "记录、\n模型卡")),
}
PROJECT_ARROWS = (
    ("question", "cut"), ("cut", "plan"), ("cut", "train"), ("cut", "validation"), ("cut", "test"),
    ("train", "learn"), ("validation", "choose"), ("test", "measure"), ("learn", "choose"), ("choose", "measure"),
    ("choose", "errors"), ("measure", "card"), ("errors", "card"),
)  # fmt: skip


def draw_project() -> None:
    """Draw a project's way from a question to a model card, and which part of the data each step sees."""
    figure, axis = plt.subplots(figsize=(4.9, 3.9))
    axis.set(xlim=(-0.5, 2.5), ylim=(-0.4, 3.4))
    axis.axis("off")
    parts = ("train", "validation", "test")
    boxes = {
        name: box(axis, x, y, both(*words), COLOURS[1 if name in parts else 0])
        for name, (x, y, words) in PROJECT.items()
    }
    for start, end in PROJECT_ARROWS:
        (x, y, _), (to, down, _) = PROJECT[start], PROJECT[end]
        level = y == down
        leave = (1, 0.5) if level else (0.5 + 0.5 * (to - x), 0)
        arrow(axis, boxes[start], leave, boxes[end], (0, 0.5) if level else (0.5, 1))
    describe(
        figure,
        "A question and a data sheet; a cut into train, validation and test, which is locked; methods and rule, "
        "sealed. Every method learns on train, the rule chooses one on validation, the test part is opened once and "
        "gives the gain. Errors are looked into on validation. At the end: record and model card.",
        "问题与数据说明书；划分成训练集、验证集和锁着的测试集；方法与规则封存。每种方法都在训练集上学，规则在验证集上选定一种，"
        "测试集只开一次、量出增益。错误在验证集上分析。最后是记录与模型卡。",
    )


def box(axis: Axes, x: float, y: float, words: str, colour: str) -> Text:
    """Draw words in a box whose middle is at (x, y)."""
    style = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": colour}
    return axis.text(x, y, words, ha="center", va="center", fontsize=9.5, bbox=style)


def _height(box: Text) -> float:
    return float(box.get_position()[1])


def arrow(
    axis: Axes, start: Text, leave: tuple[float, float], end: Text, arrive: tuple[float, float]
) -> None:
    """Draw an arrow between two boxes, from a place on the first to a place on the second."""
    axis.annotate(
        "", arrive, leave, xycoords=end, textcoords=start,
        arrowprops={"arrowstyle": "->", "color": "#555555", "shrinkA": 6, "shrinkB": 6},
    )  # fmt: skip


def _in_words(language: str) -> str:
    """Say the diagram as sentences: every question with its answers."""
    i = 0 if language == "en" else 1
    sentences = []
    for question, answers, _ in TERMS:
        joint = " " if language == "en" else ""
        said = [
            f"{words[i].replace(chr(10), joint)}: {term[i].replace(chr(10), joint)}"
            if language == "en"
            else f"{words[i].replace(chr(10), joint)}，{term[i].replace(chr(10), joint)}"
            for words, term in answers
        ]
        asked = question[i].replace("\n", joint)
        sentences.append(
            asked + (" " if language == "en" else "") + ("; " if i == 0 else "；").join(said)
        )
    if language == "en":
        return "Questions from top to bottom. " + ". ".join(sentences) + "."
    return "自上而下的问题。" + "。".join(sentences) + "。"
