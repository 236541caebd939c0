"""When something was played, as exports write it: s since 1970, or text, always taken as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

MILLISECONDS = 1e11  # a larger time is not in s
DAYS = ("%d %b %Y", "%Y-%m-%d", "%Y/%m/%d")
CLOCK = re.compile(r"(.*\w),?[ T]([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def moment(when: Any) -> float | None:
    """Seconds since 1970; None for a time that cannot be read.

    >>> moment("1700000000"), moment(1700000000000), moment("06 Jan 2023, 13:25")
    (1700000000.0, 1700000000.0, 1673011500.0)
    """
    try:
        number = float(when)
    except ValueError:
        return written(when.strip())
    except (TypeError, OverflowError):
        return None
    return number / 1_000 if number > MILLISECONDS else number


def written(text: str) -> float | None:
    """The seconds of a date, with or without a time of day."""
    if clock := CLOCK.fullmatch(text):
        day, hours, minutes, seconds = clock.groups()
        if (midnight := of_day(day)) is not None:
            return midnight + 3_600 * int(hours) + 60 * int(minutes) + int(seconds or 0)
    return of_day(text)


@lru_cache(maxsize=10_000)
def of_day(text: str) -> float | None:
    """The seconds of a day, of which a history has many times; or of a time in ISO 8601."""
    for form in DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
