"""A phone's next call waits until the last one is really gone."""

import asyncio

import pytest

from rexian.engine import phone_lines
from rexian.engine.phone_lines import PhoneLines
from terms.ids import ChannelId, SeatId

SEAT, OTHER = SeatId("8001"), SeatId("8002")
FIRST, SECOND = ChannelId("leg-1"), ChannelId("leg-2")


async def test_a_free_phone_is_called_at_once() -> None:
    called: list[str] = []

    PhoneLines().when_free(SEAT, lambda: called.append("now"))

    assert called == ["now"]


async def test_a_phone_that_is_still_being_stopped_is_called_when_that_leg_is_gone() -> None:
    lines, called = PhoneLines(), list[str]()
    lines.leaving(SEAT, FIRST)
    lines.leaving(SEAT, SECOND)

    lines.when_free(SEAT, lambda: called.append("next"))
    lines.when_free(OTHER, lambda: called.append("other"))
    lines.gone(SEAT, FIRST)
    assert called == ["other"]
    lines.gone(SEAT, SECOND)

    assert called == ["other", "next"]


async def test_a_phone_whose_end_is_never_told_is_called_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phone_lines, "NEVER_LONGER_S", 0.0)
    lines, called = PhoneLines(), asyncio.Event()
    lines.leaving(SEAT, FIRST)

    lines.when_free(SEAT, called.set)

    await asyncio.wait_for(called.wait(), timeout=5)


async def test_only_the_latest_wish_for_a_phone_is_carried_out() -> None:
    lines, called = PhoneLines(), list[str]()
    lines.leaving(SEAT, FIRST)

    lines.when_free(SEAT, lambda: called.append("old"))
    lines.when_free(SEAT, lambda: called.append("new"))
    lines.gone(SEAT, FIRST)
    lines.gone(SEAT, FIRST)

    assert called == ["new"]
