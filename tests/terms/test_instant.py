"""Points in time as whole microseconds."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.instant import (
    SECOND,
    Instant,
    after,
    from_datetime,
    from_iso,
    seconds_between,
    to_datetime,
    to_iso,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = Instant(1_764_043_200 * SECOND)

instants = st.integers(0, 4_000_000_000 * SECOND).map(Instant)


def test_an_instant_is_shown_with_milliseconds_and_offset() -> None:
    assert to_iso(NOON, SHANGHAI) == "2025-11-25T12:00:00.000+08:00"
    assert to_iso(Instant(NOON + 129_999)) == "2025-11-25T04:00:00.129+00:00"


def test_the_same_instant_has_many_texts_and_each_leads_back_to_it() -> None:
    for text in ("2025-11-25T12:00:00+08:00", "2025-11-25T04:00:00Z", "2025-11-24T23:00:00-05:00"):
        assert from_iso(text) == NOON


def test_a_wall_time_is_no_instant() -> None:
    with pytest.raises(ValueError, match=r"2025-11-25T12:00:00 has no time zone; write an offset"):
        from_datetime(datetime(2025, 11, 25, 12))
    with pytest.raises(ValueError, match="has no time zone"):
        from_iso("2025-11-25T12:00:00")


@pytest.mark.parametrize("text", ["", "noon", "2026-02-30T00:00:00Z", "2025-11-25T25:00:00Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_iso(text)


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_a_datetime_in_any_zone_leads_back_to_its_instant(instant: Instant, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))

    assert from_datetime(to_datetime(instant, zone)) == instant
    assert to_datetime(instant, zone).utcoffset() == timedelta(minutes=minutes)


@given(instants)
def test_a_text_leads_back_to_its_instant_to_the_millisecond(instant: Instant) -> None:
    assert from_iso(to_iso(instant, SHANGHAI)) == instant - instant % 1000


@given(instants, st.integers(-(10**12), 10**12))
def test_seconds_there_and_back_are_exact_to_the_microsecond(instant: Instant, microseconds: int) -> None:
    later = Instant(instant + microseconds)

    assert after(instant, seconds_between(instant, later)) == later


@given(instants, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_order_of_instants_is_the_order_of_the_seconds_added(
    instant: Instant, some: float, more: float
) -> None:
    assert (after(instant, some) <= after(instant, more)) or some > more


def test_a_second_is_a_million_microseconds_and_the_epoch_is_utc() -> None:
    assert after(Instant(0), 1.5) == 1_500_000
    assert seconds_between(Instant(2_000_000), Instant(500_000)) == -1.5
    assert to_datetime(Instant(0)) == datetime(1970, 1, 1, tzinfo=UTC)
