"""Seats' phones on their way from one call to the next.

A phone that is still being told to stop ringing would answer the next INVITE with "busy", and its owner
would be counted as having missed a call. So the next one waits for the switch to say that the last one
is gone: a few milliseconds, and never longer than NEVER_LONGER_S.
"""

import asyncio
from collections.abc import Callable

from terms.ids import ChannelId, SeatId

NEVER_LONGER_S = 0.5

Act = Callable[[], None]


class PhoneLines:
    """Which legs are on their way out, by seat."""

    def __init__(self) -> None:
        self._leaving: dict[SeatId, set[ChannelId]] = {}
        self._next: dict[SeatId, tuple[Act, asyncio.TimerHandle]] = {}

    def leaving(self, seat: SeatId, leg: ChannelId) -> None:
        """This leg has been told to stop."""
        self._leaving.setdefault(seat, set()).add(leg)

    def gone(self, seat: SeatId, leg: ChannelId) -> None:
        """This leg is no more, whoever ended it."""
        legs = self._leaving.get(seat)
        if legs is None:
            return
        legs.discard(leg)
        if not legs:
            self._free(seat)

    def when_free(self, seat: SeatId, act: Act) -> None:
        """`act` now, or when the last leg to this phone is gone. A later wish replaces an earlier one."""
        if seat not in self._leaving:
            act()
            return
        waiting = self._next.pop(seat, None)
        if waiting is not None:
            waiting[1].cancel()
        timer = asyncio.get_running_loop().call_later(NEVER_LONGER_S, self._free, seat)
        self._next[seat] = (act, timer)

    def _free(self, seat: SeatId) -> None:
        self._leaving.pop(seat, None)
        waiting = self._next.pop(seat, None)
        if waiting is not None:
            act, timer = waiting
            timer.cancel()
            act()
