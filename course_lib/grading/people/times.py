"""Points in time: read as instructors write them, kept in UTC, shown in the course's own zone."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.tz import tzlocal

from course_lib.errors import CourseError
from course_lib.language import both

_WRITTEN = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[\sT]*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
)


def find_zone(name: str | None) -> tzinfo:
    """Give a time zone by its name, such as ``Asia/Shanghai``; this machine's own for ``None``."""
    if name is None:
        return tzlocal()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"There is no time zone {name!r}: write it like Asia/Shanghai or Europe/Berlin.",
            f"没有 {name!r} 这个时区：请写成 Asia/Shanghai、Europe/Berlin 这样的名称。",
        ) from None


def read_time(words: str, zone: tzinfo) -> datetime:
    """Read a point in time, such as ``2026-10-01 23:59`` (in ``zone``) or one with its own offset.

    A day alone means its end, and 24:00 is the next day's 0:00. Raises CourseError for anything else.
    """
    found = _WRITTEN.match(unicodedata.normalize("NFKC", words).strip())
    try:
        if found is None:
            raise ValueError
        year, month, day = (int(part) for part in found.groups()[:3])
        hour, minute, second = (int(part or 0) for part in found.groups()[3:6])
        if found[4] is None:
            hour, minute, second = 23, 59, 59
        midnight = (hour, minute, second) == (24, 0, 0)
        time = datetime(year, month, day, 0 if midnight else hour, minute, second)
        time += timedelta(days=midnight)
        return time.replace(tzinfo=_offset(found[7]) or zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CourseError(
            f"{words!r} is not a time: write it like 2026-10-01 23:59.",
            f"{words!r} 不是有效的时间：请写成 2026-10-01 23:59 这样。",
        ) from None


def show_time(time: datetime | None, zone: tzinfo) -> str:
    """Write a point in time in a zone, with its offset from UTC; ``""`` for none."""
    if time is None:
        return ""
    local = aware(time).astimezone(zone)
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def show_duration(seconds: float) -> str:
    """Write how long, in days, hours and minutes; a minute that has begun counts."""
    minutes = int(-(-seconds // 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        both(f"{days} d", f"{days} 天") if days else "",
        both(f"{hours} h", f"{hours} 小时") if hours else "",
        both(f"{minutes} min", f"{minutes} 分钟") if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or both("0 min", "0 分钟")


def aware(time: datetime) -> datetime:
    """Say of a time without a zone, as the gradebook keeps it, that it is in UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def naive(time: datetime) -> datetime:
    """Give a time as the gradebook keeps it: in UTC, and without saying so."""
    return aware(time).astimezone(UTC).replace(tzinfo=None)


def _offset(words: str | None) -> tzinfo | None:
    if words is None:
        return None
    return UTC if words in ("Z", "UTC") else datetime.strptime(words, "%z").tzinfo
