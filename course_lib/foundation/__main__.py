"""``python -m course_lib.foundation clip`` fetches a published model; without a name it lists them."""

from __future__ import annotations

import sys

from course_lib.errors import CourseError
from course_lib.foundation.published import describe_catalogue, fetch


def main(names: list[str]) -> int:
    """Fetch what is named; give 0, or 1 with one sentence when it could not be had."""
    if not names:
        print(describe_catalogue())
    try:
        for name in names:
            print(fetch(name))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
