"""Headlines about companies and markets, with a topic and a mood. They are **generated**; nobody published them.

The companies do not exist. A headline is filled in from a pattern of its topic; its mood (negative, neutral,
positive) stands in the verb, and many verbs belong to one topic: profits *slump*, a merger *collapses*, a
regulator *fines*. A tenth of the headlines has a mood that the words do not show (a reader who knows the
firm would disagree with the words), so nobody can be right always. ``period="new"`` has other words for the same
moods, as a year later: the language has moved on, the world has not.

``period="new"`` and the planted tenth make these texts good for seeing how a monitor works; how well it does on real
headlines they can't say. The real set with such a task is ``financial_phrasebank``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from course_lib.arguments import require_count, require_number, require_path
from course_lib.data.domain import Domain
from course_lib.data.formats import read_marked, texts_of
from course_lib.errors import CourseError

LICENSE = "Made here"
SOURCE = "generated from patterns; the companies do not exist"
MOODS = ("negative", "neutral", "positive")
TOPICS = ("results", "deals", "rates", "courts")
PERIODS = ("old", "new")
QUIET = (0.3, 0.4, 0.3)  # parts of the moods when nothing happens
HIDDEN = 0.1  # part of the headlines whose mood the words do not show

Words = Mapping[str, str]

_ENGLISH: dict[str, dict[str, Words]] = {
    "old": {
        "results": {
            "who": "{firm} profit|{firm} sales|quarterly revenue at {firm}|{firm} margins|{firm} dividend",
            "negative": "slumps|tumbles|misses forecasts|shrinks|falls short",
            "neutral": "unchanged|in line with forecasts|to be reported on {day}|little moved",
            "positive": "soars|beats forecasts|climbs|reaches record|grows",
        },
        "deals": {
            "who": "{firm} merger|{firm} takeover of {other}|bid for {firm}|{firm} joint venture|{firm} stake sale",
            "negative": "collapses|blocked by rivals|abandoned|runs into debt|called off",
            "neutral": "discussed by board|expected on {day}|under review|announced",
            "positive": "welcomed by investors|completed early|wins approval|creates value|oversubscribed",
        },
        "rates": {
            "who": "central bank|bond market|currency|inflation outlook|borrowing costs for {firm}",
            "negative": "alarms investors|worsens|under pressure|stokes recession fears|weakens",
            "neutral": "awaits decision on {day}|holds steady|in focus|debated by economists",
            "positive": "calms investors|improves|rallies|lifts confidence|eases",
        },
        "courts": {
            "who": "regulator and {firm}|lawsuit against {firm}|{firm} audit|{firm} licence|tax case of {firm}",
            "negative": "ends in fine|uncovers fraud|widens|brings penalty|leads to recall",
            "neutral": "adjourned until {day}|opens|continues|filed in court",
            "positive": "dismissed|settled cheaply|clears management|renewed|resolved",
        },
    },
    "new": {
        "results": {
            "negative": "craters|warns on chip glut|hit by tariffs|guides lower|bleeds subscribers",
            "positive": "turbocharged by cloud|smashes guidance|surges on streaming|guides higher|scales fast",
        },
        "deals": {
            "negative": "scrapped over tariffs|spooks shareholders|torpedoed|derailed|stalls on antitrust",
            "positive": "unlocks synergies|greenlit|draws sovereign funds|sweetened|cheered by activists",
        },
        "rates": {
            "negative": "rattled by stagflation|whipsawed|hawkish surprise bites|sells off|inverts",
            "positive": "buoyed by dovish pivot|rebounds|soft landing hopes build|tightens spreads|steadies",
        },
        "courts": {
            "negative": "snared in privacy breach|hit by greenwashing probe|delisted|subpoenaed|sanctioned",
            "positive": "exonerated|whitelisted|appeal upheld|immunity granted|vindicated",
        },
    },
}
_CHINESE: dict[str, dict[str, Words]] = {
    "old": {
        "results": {
            "who": "{firm}净利润|{firm}销售额|{firm}季度营收|{firm}毛利率|{firm}分红",
            "negative": "大幅下滑|跌去三成|不及预期|萎缩|由盈转亏",
            "neutral": "与去年持平|符合预期|将于{day}公布|变化不大",
            "positive": "大幅增长|好于预期|稳步攀升|创新高|扭亏为盈",
        },
        "deals": {
            "who": "{firm}重组|{firm}收购{other}|{firm}要约|{firm}合资项目|{firm}股权转让",
            "negative": "告吹|遭对手阻挠|终止|陷入债务|被叫停",
            "neutral": "提交董事会讨论|预计{day}完成|正在审议|对外公告",
            "positive": "受投资者欢迎|提前完成|获批|增厚收益|超额认购",
        },
        "rates": {
            "who": "央行|债市|汇率|通胀前景|{firm}融资成本",
            "negative": "引发担忧|恶化|承压|加剧衰退忧虑|走弱",
            "neutral": "{day}前静待决议|保持平稳|受到关注|引起讨论",
            "positive": "安抚市场|改善|走强|提振信心|缓和",
        },
        "courts": {
            "who": "监管部门与{firm}|{firm}被诉案|{firm}审计|{firm}牌照|{firm}税务案",
            "negative": "以罚款告终|查出造假|范围扩大|招致处罚|导致召回",
            "neutral": "延期至{day}|开庭|仍在进行|已立案",
            "positive": "被驳回|低价和解|还管理层清白|获续期|了结",
        },
    },
    "new": {
        "results": {
            "negative": "断崖下跌|遭芯片过剩拖累|受关税冲击|下调指引|用户流失",
            "positive": "靠云业务起飞|碾压指引|借直播爆发|上调指引|快速放量",
        },
        "deals": {
            "negative": "因关税搁浅|吓退股东|被搅黄|脱轨|卡在反垄断",
            "positive": "释放协同效应|一路绿灯|引来主权基金|加价成交|获激进股东点赞",
        },
        "rates": {
            "negative": "受滞胀惊扰|上蹿下跳|遭鹰派突袭|遭抛售|倒挂",
            "positive": "乘鸽派转向上扬|反弹|软着陆预期升温|利差收窄|企稳",
        },
        "courts": {
            "negative": "卷入隐私泄露|陷漂绿调查|遭摘牌|被传唤|被制裁",
            "positive": "洗脱嫌疑|进入白名单|上诉获支持|获豁免|沉冤得雪",
        },
    },
}
_LISTS = {"en": _ENGLISH, "zh": _CHINESE}
_FIRMS = {  # a firm's name is a beginning and an end: 440 of them, a few in every headline's mouth
    "en": (
        "nor cas bright os vel hal kes mar quen tar al ber cor del fen gar hol jas lin mon",
        "via tell water trom dt den trel low tin sis mond ridge vale star tech gen lux mark well port nova max",
    ),
    "zh": (
        "诺 卡 明 奥 维 海 红 马 昆 塔 安 博 科 德 芬 嘉 宏 杰 林 蒙",
        "维 特 水 通 达 登 隼 洛 廷 西 盛 岭 谷 星 泰 源 光 信 利 港 新 迈",
    ),
}
_DAYS = {"en": "Monday|Tuesday|Wednesday|Thursday|Friday", "zh": "周一|周二|周三|周四|周五"}


def headlines(
    *,
    n: int,
    seed: int = 0,
    about: str = "mood",
    period: str = "old",
    language: str = "en",
    sentences: int = 1,
    moods: tuple[float, float, float] = QUIET,
) -> Domain:
    """Generate headlines.

    The same seed gives the same texts for ``about="mood"`` and ``about="topic"``.

    Args:
        n: How many.
        seed: Another seed gives other headlines.
        about: What the labels say: ``"mood"`` (negative, neutral, positive) or ``"topic"``.
        period: ``"old"``, or ``"new"``: four praising and blaming headlines in five use words of a later year.
        language: ``"en"`` or ``"zh"``.
        sentences: 1 for headlines; more make *stories*, whose sentences have one mood and any topics (the
            topic that is the label is the first one's).
        moods: Parts of the three moods.
    """
    for name, value, allowed in (
        ("about", about, ("mood", "topic")),
        ("period", period, PERIODS),
        ("language", language, tuple(_LISTS)),
    ):
        _require(name, value, allowed)
    parts = np.array([require_number("moods", part, 0, 1) for part in moods])
    if len(parts) != len(MOODS) or abs(parts.sum() - 1) > 1e-6:
        raise CourseError(
            f"moods are three parts that add up to 1; they were {tuple(moods)}.",
            f"moods 应是和为 1 的三个比例，现在是 {tuple(moods)}。",
        )
    rng = np.random.default_rng([seed, PERIODS.index(period), len(language)])
    mood = rng.choice(3, n, p=parts)
    topic = rng.integers(len(TOPICS), size=(n, require_count("sentences", sentences)))
    # What the words say: the mood, or another one where the planted tenth hides it.
    other = (mood[:, None] + rng.integers(1, 3, topic.shape)) % 3
    said = np.where(rng.random(topic.shape) < HIDDEN, other, mood[:, None])
    x = [
        (". " if language == "en" else "。").join(
            _headline(TOPICS[t], MOODS[s], period, language, rng)
            for t, s in zip(*each, strict=True)
        )
        for each in zip(topic, said, strict=True)
    ]
    topic = topic[:, 0]
    labels, classes = (mood, MOODS) if about == "mood" else (topic, TOPICS)
    return Domain(
        "headlines", np.array(x, dtype=str), labels.astype(np.int64), classes, LICENSE, SOURCE
    )


def _headline(topic: str, mood: str, period: str, language: str, rng: np.random.Generator) -> str:
    lists = _LISTS[language]
    later = period == "new" and mood != "neutral" and rng.random() < 0.8
    firm, other = _firm(language, rng), _firm(language, rng)
    day = rng.choice(_DAYS[language].split("|"))
    pattern = " ".join if language == "en" else "".join
    who = str(rng.choice(lists["old"][topic]["who"].split("|")))
    does = str(rng.choice(lists["new" if later else "old"][topic][mood].split("|")))
    return pattern([who, does]).format(firm=firm, other=other, day=day)


def _firm(language: str, rng: np.random.Generator) -> str:
    """Draw a firm: few are in the news every day, most hardly ever."""
    begin, end = (words.split() for words in _FIRMS[language])
    number = int((len(begin) * len(end)) ** rng.random()) - 1
    name = begin[number % len(begin)] + end[number % len(end)]
    return name.capitalize()


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise CourseError(
            f"{name} is one of {', '.join(allowed)}; it was {value!r}.",
            f"{name} 应为 {'、'.join(allowed)} 之一，现在是 {value!r}。",
        )


def read_headlines(path: str | Path, *, classes: Sequence[str] = MOODS) -> Domain:
    """Read headlines of your own, or Financial PhraseBank's, from a file on this computer.

    Two formats: lines ``text@label`` (``.txt``, as Financial PhraseBank has them), and a table with the
    columns ``text`` and ``label`` (``.csv``, UTF-8).

    Args:
        path: The file.
        classes: What the labels are called; rows with another label are left out.

    Raises:
        CourseError: The file is not there, or no row of it has one of these labels.
    """
    path = require_path("path", path)
    if not path.is_file():
        raise CourseError(f"There is no file {path}.", f"没有文件 {path}。")
    content = path.read_bytes()
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("latin-1")  # as Financial PhraseBank is
    if path.suffix.lower() == ".csv":
        table = csv.DictReader(io.StringIO(words))
        rows = [(str(row.get("label")).strip(), str(row.get("text")).strip()) for row in table]
    else:
        rows = read_marked(words)
    x, y = texts_of(rows, classes)
    if not len(y):
        raise CourseError(
            f"{path.name} has no row with one of the labels {', '.join(classes)}: a .csv file needs the "
            "columns text and label, any other file lines text@label.",
            f"{path.name} 中没有标签为 {'、'.join(classes)} 的行：.csv 文件需有 text 和 label 两列，"
            "其他文件每行应为 text@label。",
        )
    return Domain("headlines", x, y, tuple(classes), "as its owner says", path.name)
