"""Messages, wanted or spam, by telephone and by mail. They are **generated**; nobody sent them.

Spam has the same aims on both channels (money, haste, a number or an address to answer to) and other
words; so have wanted messages. The real set with such a task is ``sms_spam``.
"""

from __future__ import annotations

import numpy as np

from course_lib.data.domain import Domain
from course_lib.errors import CourseError

LICENSE = "Made here"
SOURCE = "generated from templates; nobody's message"
CLASSES = ("ham", "spam")

_PARTS: dict[str, dict[str, str]] = {
    "sms": {
        "ham": "ok see you at {hour}|running late, start without me|can u pick up the kids at {hour}|"
        "happy birthday {name}|did you eat yet|call me when you are home|lol that was fun {name}|"
        "i left my keys at your place|dinner at mum's on {day}|bus is late again",
        "spam": "you have won {money} cash|txt WIN to {number} now|claim your free prize today|"
        "urgent! call {number} to collect {money}|free ringtone, reply YES|only today: {money} voucher|"
        "your mobile number was selected|guaranteed prize waiting",
        "both": "thanks|please reply|{day}|now|x",
    },
    "mail": {
        "ham": "please find the minutes attached|the meeting on {day} is moved to {hour}|"
        "thank you for your report, {name}|could you review the draft before {day}|"
        "the printer on the second floor is repaired|our team welcomes {name}|"
        "i will be out of office until {day}|the slides are on the server",
        "spam": "dear beneficiary, {money} awaits your claim|verify your account immediately|"
        "exclusive offer: lose weight guaranteed|this is not a scam, transfer {money} today|"
        "cheap watches, limited offer|your mailbox is full, click to verify|"
        "act now to claim your inheritance|you have been selected for a free loan of {money}",
        "both": "thank you|please reply|kind regards|{day}|today",
    },
}
CHANNELS = tuple(_PARTS)
SPAM = 0.3  # what part of the messages


def messages(*, n: int, seed: int = 0, channel: str = "sms") -> Domain:
    """Generate messages, three in ten of them spam (label 1).

    Args:
        n: How many.
        seed: Another seed gives other messages.
        channel: ``"sms"`` or ``"mail"``.

    Returns:
        A domain whose ``x`` are texts.
    """
    if channel not in CHANNELS:
        raise CourseError(
            f"channel is one of {', '.join(CHANNELS)}; it was {channel!r}.",
            f"channel 应为 {'、'.join(CHANNELS)} 之一，现在是 {channel!r}。",
        )
    rng = np.random.default_rng([seed, CHANNELS.index(channel), 2])
    y = rng.permutation(np.arange(n) < round(SPAM * n)).astype(np.int64)
    x = np.array([_message(CLASSES[label], channel, rng) for label in y], dtype=str)
    return Domain("messages", x, y, CLASSES, LICENSE, SOURCE)


def _message(kind: str, channel: str, rng: np.random.Generator) -> str:
    parts = {name: texts.split("|") for name, texts in _PARTS[channel].items()}
    count = int(rng.integers(1, 4))
    # One part in twelve is of the other kind: no word decides alone.
    kinds = [kind if rng.random() < 11 / 12 else CLASSES[kind == "ham"] for _ in range(count)]
    said = [_one_of(parts[each], rng) for each in kinds]
    if rng.random() < 0.5:
        said.append(_one_of(parts["both"], rng))
    return ". ".join(said).format(
        hour=f"{rng.integers(1, 12)} o'clock",
        name=_one_of(["anna", "ben", "li", "omar", "sofia"], rng),
        day=_one_of(["monday", "tuesday", "friday", "sunday"], rng),
        money=f"${rng.integers(1, 100) * 100}",
        number=str(rng.integers(80000, 89999)),
    )


def _one_of(texts: list[str], rng: np.random.Generator) -> str:
    """Draw one: what ``rng.choice`` draws, which makes an array of the texts each time."""
    return texts[int(rng.integers(len(texts)))]
