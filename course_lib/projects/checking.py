"""What is wrong with a folder of pictures or a table of texts: one clear sentence for each fault."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.data.folders import load_picture, picture_files
from course_lib.errors import CourseError
from course_lib.language import both
from course_lib.projects.cutting import fingerprints
from course_lib.projects.own_data import SEPARATOR, as_times, group_of, read_table

LEAST = 20  # examples of a class: fewer leave too little for three parts
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}
_ALIKE = 0.82  # two names of which so much agrees may be one
_TIMES_LARGER = 4  # pixels: a class so much larger than another is known by its size
_MOST_OF_ALL = 0.3  # of the examples, for one group
_SHOWN = 3


def check_data(path: str | Path, *, least: int = LEAST) -> list[str]:
    """Say everything that is wrong with a folder of pictures or a CSV table of texts.

    Args:
        path: The folder (a sub-folder for each class) or the table (columns text, label, group, time).
        least: The fewest examples that a class should have.

    Returns:
        A sentence for each fault, in the reader's language; none where all is well.

    Raises:
        CourseError: ``least`` is below 1.
    """
    path = Path(path)
    if least < 1:
        raise CourseError(
            f"least={least}: a whole number of 1 or more.", f"least={least}：应为不小于 1 的整数。"
        )
    try:
        if path.suffix.lower() == ".csv":
            return list(_faults_of_texts(read_table(path), least))
        if path.is_file():
            return [_neither(path)]
        if (path / "data.csv").is_file():
            return [_a_table_beside(path)]
        return list(_faults_of_pictures(path, picture_files(path), least))
    except CourseError as error:
        return [str(error)]


def _neither(path: Path) -> str:
    return both(
        f"{path} is neither a folder of pictures nor a table of texts (.csv).",
        f"{path} 既不是图片文件夹，也不是文本表格（.csv）。",
    )


def _a_table_beside(path: Path) -> str:
    table = path / "data.csv"
    return both(
        f"{path} holds a table of texts: check the table itself,  ./course project check {table}",
        f"{path} 里是一张文本表格：请检查表格本身：./course project check {table}",
    )


def _faults_of_pictures(path: Path, files: Sequence[tuple[str, Path]], least: int) -> Iterator[str]:
    readable: list[tuple[str, Path]] = []
    unread: list[str] = []
    marks: list[str] = []
    sizes = defaultdict(list)
    for label, file in files:
        try:
            marks.append(_mark_of(file))
        except CourseError:
            unread.append(file.relative_to(path).as_posix())
            continue
        readable.append((label, file))
        with Image.open(file) as image:
            sizes[label].append(image.width * image.height)
    if unread:
        yield both(
            f"{_files(len(unread))} cannot be read as pictures: {_listed(unread)}. Export them again as JPEG or PNG.",
            f"有 {len(unread)} 个文件不是可读的图片：{_listed(unread)}。请重新导出为 JPEG 或 PNG。",
        )
    labels = [label for label, _ in readable]
    folders = [
        each.name for each in sorted(path.iterdir()) if each.is_dir() and each.name[0] != "."
    ]
    names = [file.relative_to(path).as_posix() for _, file in readable]
    if parts := [name for name in folders if name.lower() in _PARTS]:
        yield both(
            f"The folders {_listed(parts)} are parts, not classes: put all pictures of a class into one folder, "
            "named as the class is; the notebook cuts them into parts.",
            f"文件夹 {_listed(parts)} 是数据的划分，不是类别：请把同一类的图片"
            "放进一个以类名命名的文件夹，由笔记本来划分。",
        )
        yield from _copies_across(parts, labels, names, marks)
        return
    yield from _faults_of_labels(labels, least, empty=[f for f in folders if f not in labels])
    groups = [group_of(file.name) for _, file in readable]
    yield from _copies(labels, names, marks, groups, texts=False)
    yield from _faults_of_sizes(sizes)
    yield from _faults_of_groups(groups, labels, texts=False)


def _mark_of(file: Path) -> str:
    """Give 64 bits as text: whether each of 8×8 neighbours is brighter to the right. Copies agree, even resized."""
    grey = Image.fromarray(load_picture(file, size=32)[..., 0]).resize((9, 8), Image.Resampling.BOX)
    bits = np.diff(np.asarray(grey, np.int64), axis=1) > 0
    return (
        np.packbits(bits).tobytes().hex() if bits.any() else f"flat {np.asarray(grey).mean():.0f}"
    )


def _faults_of_texts(rows: Sequence[Mapping[str, str]], least: int) -> Iterator[str]:
    for name in ("text", "label"):
        if empty := [str(i) for i, row in enumerate(rows, start=2) if not row[name].strip()]:
            yield both(
                f"There is no {name} in line {_listed(empty)}: fill it in or leave the line out.",
                f"第 {_listed(empty)} 行没有 {name}：请补上，或删去该行。",
            )
    numbered = [
        (i, r) for i, r in enumerate(rows, start=2) if r["text"].strip() and r["label"].strip()
    ]
    names, rows = (
        [both(f"line {i}", f"第 {i} 行") for i, _ in numbered],
        [row for _, row in numbered],
    )
    labels = [row["label"].strip() for row in rows]
    yield from _faults_of_labels(labels, least, empty=[])
    groups = [row.get("group", "").strip() for row in rows]
    prints = list(fingerprints(np.array([row["text"] for row in rows], dtype=str)))
    yield from _copies(labels, names, prints, groups, texts=True)
    yield from _faults_of_groups(groups, labels, texts=True)
    times = [row.get("time", "").strip() for row in rows]
    if any(times) and not all(times):
        yield both(
            f"{times.count('')} lines have no time: give all or none.",
            f"有 {times.count('')} 行没有时间：要么都写，要么都不写。",
        )
    elif any(times):
        try:
            as_times(times)
        except CourseError as error:
            yield str(error)


def _faults_of_labels(labels: Sequence[str], least: int, empty: Sequence[str]) -> Iterator[str]:
    counts = Counter(labels)
    if empty:
        yield both(
            f"There is no readable picture in {_listed(empty)}: fill the folder or remove it.",
            f"{_listed(empty)} 中没有可读的图片：请放入图片，或删掉这个文件夹。",
        )
    if len(counts) < 2:
        yield both(
            f"There are {len(counts)} classes; at least two are needed.",
            f"只有 {len(counts)} 个类别，至少需要两个。",
        )
    for one, other in combinations(sorted(counts), 2):
        if _alike(one, other):
            yield both(
                f"{one!r} and {other!r} look like one label written twice: rename one, if they are.",
                f"{one!r} 与 {other!r} 像是同一个标签的两种写法：如果是，请统一名称。",
            )
    for label, count in sorted(counts.items()):
        if count < least:
            yield both(
                f"Class {label!r} has {count} example{'s' * (count != 1)}; below {least} the three parts are "
                "too small: collect more, or merge or leave out the class.",
                f"类别 {label!r} 只有 {count} 个样本；少于 {least} 个时三个部分都太小："
                "请再收集一些，或合并、去掉这一类。",
            )


def _alike(one: str, other: str) -> bool:
    """Tell names that differ in capitals, spaces, signs or a letter, and are no numbering."""
    a, b = ("".join(filter(str.isalnum, name.casefold())) for name in (one, other))
    if a == b:
        return True
    if any(map(str.isdigit, a + b)) or min(len(a), len(b)) < 3 or a[:-1] == b[:-1]:
        return False  # type 1 and type 2, class a and class b
    return SequenceMatcher(None, a, b).ratio() >= _ALIKE


def _copies(
    labels: Sequence[str],
    names: Sequence[str],
    marks: Sequence[str],
    groups: Sequence[str],
    *,
    texts: bool,
) -> Iterator[str]:
    """Name what stands under two labels, and copies that a cut could tear apart."""
    alike = defaultdict(list)
    for i, mark in enumerate(marks):
        alike[mark].append(i)
    loose = [rows for rows in alike.values() if len({groups[i] or i for i in rows}) > 1]
    quarrels = [
        next([rows[0], i] for i in rows if labels[i] != labels[rows[0]])
        for rows in alike.values()
        if len({labels[i] for i in rows}) > 1
    ]
    if quarrels:
        shown = _listed([f"{names[i]} = {names[k]}" for i, k in quarrels])
        yield both(
            f"The same {'text' if texts else 'picture'} stands under two labels: {shown}. Decide on one.",
            f"同一{'段文字' if texts else '张图片'}有两个标签：{shown}。请定为一个。",
        )
    if copies := [rows[:2] for rows in loose if len({labels[i] for i in rows}) == 1]:
        shown = _listed([f"{names[i]} = {names[k]}" for i, k in copies])
        yield both(
            f"{'Texts' if texts else 'Pictures'} that are there more than once, or look the same: {shown}. "
            "Copies in two parts make the test too easy: keep one of each, or give them one group.",
            f"有的{'文字' if texts else '图片'}重复出现，或看上去一样：{shown}。"
            "两份分别落进两个部分，测试就会虚高：请各留一份，或归入同一组。",
        )


def _copies_across(
    parts: Sequence[str], labels: Sequence[str], names: Sequence[str], marks: Sequence[str]
) -> Iterator[str]:
    """Name pictures that stand in two of the prepared parts."""
    first: dict[str, int] = {}
    found = []
    for i, (part, mark) in enumerate(zip(labels, marks, strict=True)):
        k = first.setdefault(mark, i)
        if part in parts and labels[k] in parts and labels[k] != part:
            found.append(f"{names[k]} = {names[i]}")
    if found:
        yield both(
            f"{len(found)} pictures stand in two parts: {_listed(found)}. What was learned is then tested again.",
            f"有 {len(found)} 张图片同时在两个部分里：{_listed(found)}。这样测到的是学过的东西。",
        )


def _faults_of_sizes(sizes: Mapping[str, Sequence[int]]) -> Iterator[str]:
    middle = {label: float(np.median(each)) for label, each in sizes.items()}
    if not middle:
        return
    small, large = min(middle, key=middle.__getitem__), max(middle, key=middle.__getitem__)
    if middle[large] > _TIMES_LARGER * middle[small]:
        side = {label: round(middle[label] ** 0.5) for label in (small, large)}
        yield both(
            f"Sizes are mixed by class: {large!r} has about {side[large]}×{side[large]} points, {small!r} "
            f"{side[small]}×{side[small]}. A network could tell them by sharpness: bring all to one size first.",
            f"各类图片的大小不同：{large!r} 约 {side[large]}×{side[large]} 点，"
            f"{small!r} 约 {side[small]}×{side[small]} 点。"
            "网络可能凭清晰度区分它们：请先统一大小。",
        )


def _faults_of_groups(
    groups: Sequence[str], labels: Sequence[str], *, texts: bool
) -> Iterator[str]:
    if not any(groups):
        return
    if not all(groups):
        how = both("in the column group", "在 group 列里") if texts else f"GROUP{SEPARATOR}…"
        yield both(
            f"{list(groups).count('')} of {len(groups)} examples name no group ({how}): name all or none.",
            f"{len(groups)} 个样本中有 {list(groups).count('')} 个没有写组（{how}）：要么都写，要么都不写。",
        )
        return
    if len(set(groups)) < 5:
        yield both(
            f"There are only {len(set(groups))} groups; three parts need at least five.",
            f"只有 {len(set(groups))} 个组；分成三个部分至少需要五个。",
        )
    largest, count = Counter(groups).most_common(1)[0]
    if count > _MOST_OF_ALL * len(groups):
        yield both(
            f"Group {largest!r} holds {count} of {len(groups)} examples: its part holds little else. Divide "
            "it, if it can be divided honestly, or collect more groups.",
            f"组 {largest!r} 有 {count} 个样本（共 {len(groups)} 个）：它进哪个部分，"
            "哪个部分就几乎只有它。能如实拆开就拆开，"
            "否则请再收集一些组。",
        )
    classes = defaultdict(set)
    for group, label in zip(groups, labels, strict=True):
        classes[group].add(label)
    if all(len(each) == 1 for each in classes.values()):
        yield both(
            "Every group holds one class only: the network may learn to know the group (its camera, its hand) instead "
            "of the class. Get groups with several classes, or state it as a limit.",
            "每个组都只含一个类别：网络可能学会认组（相机、笔迹），而不是认类别。"
            "请收集含多个类别的组，或把这一点写进局限。",
        )


def _files(count: int) -> str:
    return f"{count} file{'s' * (count > 1)}"


def _listed(names: Sequence[str]) -> str:
    shown = both(", ", "、").join(names[:_SHOWN])
    return shown + both(" …", "……") * (len(names) > _SHOWN)
