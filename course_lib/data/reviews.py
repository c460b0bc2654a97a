"""Reviews of four kinds of thing, good or bad, in English and in Chinese. They are **generated**.

Nobody wrote them. A review is a few sentences; a sentence praises or blames one thing, in words that
everybody uses (``excellent``) or that only its own kind knows (a ``gripping`` book, a ``leaky``
kettle); some sentences are neutral. Six sentences in seven agree with the label. That is the
structure which makes sentiment hard to carry from one kind to another in real reviews (Blitzer, Dredze &
Pereira, *Biographies, Bollywood, Boom-boxes and Blenders*, ACL 2007): here it is planted, so what is
measured on these texts shows how a method works and not how well it does on real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from course_lib.data.domain import Domain
from course_lib.errors import CourseError

LICENSE = "Made here"
SOURCE = "generated from word lists; nobody's opinion"
CLASSES = ("negative", "positive")

Words = Mapping[str, Sequence[str]]
Join = Callable[[list[tuple[str, str]], np.random.Generator], str]

_ENGLISH: dict[str, dict[str, str]] = {
    "shared": {
        "good": "good great excellent wonderful lovely perfect",
        "bad": "bad poor awful terrible horrible disappointing",
    },
    "books": {
        "thing": "story plot hero ending chapter dialogue author style",
        "good": "gripping moving witty touching thoughtful vivid profound",
        "bad": "dull shallow wordy predictable confusing tedious pompous",
        "plain": "it has three hundred pages|my sister lent it to me|the cover is blue|i read it on the train",
    },
    "kitchen": {
        "thing": "kettle pan lid handle knife blender spout oven",
        "good": "sturdy sharp spotless handy watertight durable nonstick",
        "bad": "leaky rusty wobbly blunt flimsy scratched greasy",
        "plain": "it holds two litres|it came in a box|we cook every evening|it stands beside the sink",
    },
    "phones": {
        "thing": "screen battery camera speaker button signal charger keyboard",
        "good": "crisp speedy slim responsive bright loud longlasting",
        "bad": "laggy cracked blurry muffled unresponsive overheating frozen",
        "plain": "it runs the new system|i bought it in may|it fits my pocket|the box holds a cable",
    },
    "hotels": {
        "thing": "room bed breakfast reception pool view bathroom staff",
        "good": "quiet cosy friendly welcoming sunny comfortable generous",
        "bad": "noisy dirty rude mouldy cramped stuffy overpriced",
        "plain": "we stayed two nights|it lies near the station|our room was on the third floor|they speak french",
    },
}
_CHINESE: dict[str, dict[str, str]] = {
    "shared": {
        "good": "很好 不错 优秀 满意 完美 喜欢",
        "bad": "很差 糟糕 失望 难受 不行 后悔",
    },
    "books": {
        "thing": "故事 情节 主角 结局 章节 对话 作者 文笔",
        "good": "引人入胜 感人 风趣 深刻 细腻 生动 耐读",
        "bad": "枯燥 肤浅 啰嗦 老套 混乱 乏味 做作",
        "plain": "全书三百页|这本书是姐姐借给我的|封面是蓝色的|我在火车上读完",
    },
    "kitchen": {
        "thing": "水壶 炒锅 锅盖 把手 菜刀 搅拌机 壶嘴 烤箱",
        "good": "结实 锋利 光洁 顺手 密封 耐用 不粘锅",
        "bad": "漏水 生锈 摇晃 太钝 单薄 掉漆 油腻",
        "plain": "容量两升|装在纸箱里寄来|我们每天晚上做饭|它放在水池旁边",
    },
    "phones": {
        "thing": "屏幕 电池 相机 扬声器 按键 信号 充电器 键盘",
        "good": "清晰 流畅 轻薄 灵敏 明亮 响亮 续航久",
        "bad": "卡顿 碎裂 模糊 沉闷 失灵 发烫 死机",
        "plain": "装的是新系统|五月份买的|正好放进口袋|盒子里有一根数据线",
    },
    "hotels": {
        "thing": "房间 床铺 早餐 前台 泳池 景色 浴室 服务员",
        "good": "安静 温馨 友好 热情 阳光充足 舒适 丰盛",
        "bad": "吵闹 肮脏 粗鲁 发霉 狭窄 闷热 太贵",
        "plain": "我们住了两晚|离车站不远|房间在三楼|他们会说法语",
    },
}
_LISTS = {"en": _ENGLISH, "zh": _CHINESE}
KINDS = ("books", "kitchen", "phones", "hotels")
AGREES, SHARED, PLAIN = 6 / 7, 0.3, 0.25  # what part of the sentences …


def reviews(*, n: int, seed: int = 0, about: str = "books", language: str = "en") -> Domain:
    """Generate reviews, half of them good (label 1).

    Args:
        n: How many.
        seed: Another seed gives other reviews.
        about: ``"books"``, ``"kitchen"``, ``"phones"`` or ``"hotels"``.
        language: ``"en"`` or ``"zh"`` (words stand without spaces between them, as usual).

    Returns:
        A domain whose ``x`` are texts.
    """
    _require("about", about, KINDS)
    _require("language", language, tuple(_LISTS))
    lists = {
        key: words.split("|" if key == "plain" else None)
        for key, words in _LISTS[language][about].items()
    }
    shared = {key: words.split() for key, words in _LISTS[language]["shared"].items()}
    rng = np.random.default_rng([seed, KINDS.index(about), len(language)])
    y = rng.permutation(np.arange(n) % 2).astype(np.int64)
    join = _in_english if language == "en" else _in_chinese
    x = np.array([_review(label == 1, lists, shared, join, rng) for label in y], dtype=str)
    return Domain("reviews", x, y, CLASSES, LICENSE, SOURCE)


def _review(good: bool, own: Words, shared: Words, join: Join, rng: np.random.Generator) -> str:
    sentences: list[tuple[str, str]] = []
    for _ in range(rng.integers(2, 6)):
        if sentences and rng.random() < PLAIN:
            sentences.append((_one_of(own["plain"], rng), ""))
            continue
        side = "good" if good == (rng.random() < AGREES) else "bad"
        words = shared[side] if rng.random() < SHARED else own[side]
        sentences.append((_one_of(own["thing"], rng), _one_of(words, rng)))
    return join(sentences, rng)


def _one_of(words: Sequence[str], rng: np.random.Generator) -> str:
    """Draw one: what ``rng.choice`` draws, which makes an array of the words each time."""
    return words[int(rng.integers(len(words)))]


def _in_english(sentences: list[tuple[str, str]], rng: np.random.Generator) -> str:
    verbs, very = ("is", "was", "seems"), ("", "really ", "so ", "quite ")
    return " ".join(
        f"the {thing} {_one_of(verbs, rng)} {_one_of(very, rng)}{word}." if word else f"{thing}."
        for thing, word in sentences
    )


def _in_chinese(sentences: list[tuple[str, str]], rng: np.random.Generator) -> str:
    very = ("", "真的", "实在", "比较")
    clauses = [f"{thing}{_one_of(very, rng)}{word}" if word else thing for thing, word in sentences]
    return "，".join(clauses) + "。"


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise CourseError(
            f"{name} is one of {', '.join(allowed)}; it was {value!r}.",
            f"{name} 应为 {'、'.join(allowed)} 之一，现在是 {value!r}。",
        )
