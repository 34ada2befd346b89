"""The engine: journal, writer and clock for its whole life; one floor for each login to the switch."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from rexian.engine.adoption import adopt
from rexian.engine.floor import Floor, Parts
from rexian.engine.switch_gaps import Gaps
from rexian.telephony.errors import LinkLost, LoginRefused, TelephonyError
from rexian.telephony.switch import AmiAddress, Switch, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from rexian.telephony import events

log = structlog.get_logger()

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 1.0
HEARTBEAT_S = 1.0
HEARTBEAT = "REXIAN_HEARTBEAT"


class Engine:
    """Connects, adopts, serves, and begins again when the link goes."""

    def __init__(self, parts: Parts, address: AmiAddress, gaps: Gaps) -> None:
        self._parts, self._address, self._gaps = parts, address, gaps
        self.on_change: Callable[[], None] = _nobody_watches
        """Called, often, when a board would show something new."""
        self.floor: Floor | None = None
        """The present floor; None while there is no link to the switch."""
        self.served = asyncio.Event()
        """Set for good when the first floor has been taken over."""

    async def run(self) -> None:
        """Until cancelled. Calls are left as they are: another engine may go on with them."""
        delay_s = FIRST_RETRY_S
        while True:
            try:
                await self._one_login()
                delay_s = FIRST_RETRY_S
            except LoginRefused:
                raise
            except (TelephonyError, OSError) as why:
                log.warning("no link to the switch", why=str(why), next_try_s=delay_s)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_RETRY_S)

    async def _one_login(self) -> None:
        early: list[events.SwitchEvent] = []
        take: Callable[[events.SwitchEvent], None] = early.append
        async with connect(self._address, lambda event: take(event)) as switch:
            floor = Floor(self._parts, switch, self.on_change)
            take = floor.on_event
            for event in early:
                floor.on_event(event)
            beat = asyncio.create_task(self._heartbeat(switch))
            try:
                await adopt(floor)
                self.floor = floor
                self.served.set()
                self.on_change()
                unseen = await self._gaps.close_unseen(floor.calls)
                if unseen:
                    log.info("calls were closed from the switch's list", calls=unseen)
                await asyncio.wait([switch.lost])
            except LinkLost:
                pass
            finally:
                self.floor = None
                beat.cancel()
                floor.leave()
                self.on_change()

    async def _heartbeat(self, switch: Switch) -> None:
        """Tells the dialplan that somebody serves; it compares the seconds with its own clock."""
        with contextlib.suppress(LinkLost):
            while True:
                switch.setvar(None, HEARTBEAT, str(self._parts.clock.wall_s()))
                await asyncio.sleep(HEARTBEAT_S)

    def end_all(self) -> None:
        """Close every record and hang up every call; the engine may be cancelled after it."""
        if self.floor is not None:
            self.floor.end_all()


def _nobody_watches() -> None:
    """The default of `on_change`."""
