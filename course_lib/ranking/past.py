r"""What was known when a slate was shown: counted from the days *before*, never from the future.

A feature of a recommender is easily a leak: a click rate over the whole log knows how the test ended. So
everything here is asked for day by day, and only earlier days are counted.
"""

from __future__ import annotations

import numpy as np

from course_lib.arguments import require_count, require_number
from course_lib.errors import CourseError
from course_lib.ranking.reading_room import NOBODY, Log


def split_by_day(log: Log, first: int, second: int) -> tuple[Log, Log, Log]:
    """Cut a log by time: before day ``first``, from there to before ``second``, and from ``second`` on.

    Learn on the first part, choose on the second, and judge on the third, once.
    """
    if not int(log.day.min()) < first < second <= int(log.day.max()):
        raise CourseError(
            f"Cut inside the log (days {log.day.min()} to {log.day.max()}), the first day before the "
            f"second: these were {first} and {second}.",
            f"切分日应落在日志之内（第 {log.day.min()} 天到第 {log.day.max()} 天），且前一个早于后一个；"
            f"现在是 {first} 和 {second}。",
        )
    between = (log.day >= first) & (log.day < second)
    return log.take(log.day < first), log.take(between), log.take(log.day >= second)


def past_click_rate(log: Log, articles: int, *, prior: float, strength: float = 20.0) -> np.ndarray:
    r"""Give each shown article's click rate on earlier days, N×K, drawn towards a prior.

    .. math:: r_{i}(d) = \frac{c_i(<d) + s\,\pi}{n_i(<d) + s}

    where :math:`n_i(<d)` counts how often article i was shown before day d and :math:`c_i(<d)` how often it was
    clicked. An article that was never shown has the prior's rate.

    Args:
        log: Slates, days not falling.
        articles: How many articles there are.
        prior: :math:`\pi`, the rate of an unknown article: the *training* part's mean.
        strength: s, how many showings the prior is worth.
    """
    prior, strength = require_number("prior", prior, 0, 1), require_number("strength", strength)
    clicks, shows = np.zeros(articles), np.zeros(articles)
    rate = np.empty(log.shown.shape)
    for day in np.unique(log.day):
        today = log.day == day
        what = log.shown[today]
        rate[today] = (clicks[what] + strength * prior) / (shows[what] + strength)
        np.add.at(shows, what, 1)
        np.add.at(clicks, what, log.clicked[today])
    return rate


def past_clicks(log: Log, *, most: int = 10) -> np.ndarray:
    """Give for each slate what its reader clicked on earlier days, the latest first: N×most, then ``NOBODY``."""
    require_count("most", most)
    kept: dict[int, list[int]] = {}
    history = np.full((len(log), most), NOBODY, dtype=np.int64)
    for day in np.unique(log.day):
        today = np.flatnonzero(log.day == day)
        for row in today:
            known = kept.get(int(log.reader[row]), [])[-most:][::-1]
            history[row, : len(known)] = known
        for row in today:
            kept.setdefault(int(log.reader[row]), []).extend(
                log.shown[row][log.clicked[row] == 1].tolist()
            )
    return history


def price_distance(log: Log, history: np.ndarray, price: np.ndarray, *, usual: float) -> np.ndarray:
    r"""Give how far each shown price is from what the reader used to pay: :math:`|\log p - m|`, N×K.

    Args:
        log: Slates.
        history: N×H, as :func:`past_clicks` gives it.
        price: Of each article.
        usual: m of a reader without a history: the training part's mean logarithm.
    """
    logs, known = np.log(price), history != NOBODY
    total = np.where(known, logs[history], 0).sum(axis=1)
    mean = (total + usual) / (known.sum(axis=1) + 1)  # the prior is worth one article
    return np.abs(logs[log.shown] - mean[:, None])
