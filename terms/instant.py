"""Points in time as whole microseconds since 1970-01-01 UTC, handed in and never asked for.

Integers because `a - b + c` must mean the same however it is written: two float expressions for
one deadline can disagree by a bit, and then a timer fires while its stage is "not yet due".
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NewType

Instant = NewType("Instant", int)
"""Microseconds since the epoch."""

SECOND = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def after(start: Instant, seconds: float) -> Instant:
    """The instant `seconds` (may be negative) after `start`, rounded to a microsecond."""
    return Instant(start + round(seconds * SECOND))


def seconds_between(earlier: Instant, later: Instant) -> float:
    """Seconds from `earlier` to `later`; negative if they are the wrong way round."""
    return (later - earlier) / SECOND


def to_datetime(instant: Instant, zone: tzinfo = UTC) -> datetime:
    """`instant` as an aware datetime in `zone`."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def to_iso(instant: Instant, zone: tzinfo = UTC) -> str:
    """ISO 8601 with offset, to the millisecond: 2026-11-24T14:05:29.120+08:00."""
    return to_datetime(instant, zone).isoformat(timespec="milliseconds")


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime. ValueError without a time zone: a wall time is not an instant."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; write an offset such as +08:00")
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def from_iso(text: str) -> Instant:
    """The instant of an ISO 8601 text with offset. ValueError if it is no date or has no offset."""
    return from_datetime(datetime.fromisoformat(text))
