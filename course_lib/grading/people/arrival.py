"""When a submission was handed in, as far as what was exported says so.

Believed, in this order: what the instructor says; ``timestamp.txt`` in nbgrader's own layout; a time in
the file's name as Blackboard writes it; the time of an entry in a platform's zip. Not believed: files
inside a student's own zip, the times of files in a folder (copying changes them), and a zip all of whose
times are those of its making, as Canvas's are.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from nbgrader.utils import parse_utc

from course_lib.grading.people.times import aware

_IN_NAME = re.compile(r"_attempt_(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_OF_ONE_MAKING = timedelta(minutes=10)
_EXTENDED_TIME = 0x5455


@dataclass(frozen=True)
class Arrival:
    """A time of handing in (UTC), and what says so: ``told``, ``timestamp``, ``name`` or ``zip``."""

    time: datetime
    source: str

    @property
    def line(self) -> str:
        """The content of nbgrader's ``timestamp.txt``. A zone's name, since it misreads offsets."""
        return f"{self.time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def of_timestamp(content: bytes) -> Arrival | None:
    """Read nbgrader's ``timestamp.txt``."""
    with suppress(ValueError, OverflowError, TypeError):
        return _plausible(aware(parse_utc(content[:200].decode("utf-8").strip())), "timestamp")
    return None


def of_name(name: str, zone: tzinfo) -> Arrival | None:
    """Read the time that Blackboard puts into a file's name."""
    found = _IN_NAME.search(name)
    if found is None:
        return None
    with suppress(ValueError):
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        time = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        return _plausible(time.astimezone(UTC), "name")
    return None


def of_entry(info: zipfile.ZipInfo, zone: tzinfo) -> Arrival | None:
    """Read a zip entry's time: UTC where the entry has it, else the packer's own zone, taken for ``zone``."""
    seconds = _extended_time(info.extra)
    with suppress(ValueError, OverflowError, OSError):
        if seconds is not None:
            return _plausible(datetime.fromtimestamp(seconds, UTC), "zip")
        time = datetime(*info.date_time, tzinfo=zone)  # type: ignore[misc]
        return _plausible(time.astimezone(UTC), "zip")
    return None


def are_of_one_making(arrivals: Sequence[Arrival]) -> bool:
    """Say whether a zip's times can't be those of handing in: all of them lie within minutes."""
    times = [each.time for each in arrivals]
    return bool(times) and max(times) - min(times) <= _OF_ONE_MAKING


def _plausible(time: datetime, source: str) -> Arrival | None:
    """Leave out 1980, which is how a zip says that it does not know, and the future."""
    if datetime(2000, 1, 1, tzinfo=UTC) < time < datetime.now(UTC) + timedelta(days=1):
        return Arrival(time, source)
    return None


def _extended_time(extra: bytes) -> int | None:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _EXTENDED_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return int(struct.unpack("<i", extra[5:9])[0])
        extra = extra[4 + size :]
    return None
