"""Something that happens once: when it did, and waiting for it."""

import asyncio

from terms.instant import Instant


class PhoneError(Exception):
    """A phone could not do what the test wanted of it."""


class NotInTime(PhoneError):
    """Something that a test waited for did not happen in the time it gave."""


class CallOver(PhoneError):
    """The call ended before what was waited for could happen."""


class CallRefused(CallOver):
    """The other side refused the call."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        """The SIP status: 486 busy, 603 decline, 404 no such number …"""


class Milestone:
    """Reached once or never; reaching it again changes nothing."""

    __slots__ = ("_event", "at")

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.at: Instant | None = None

    @property
    def reached(self) -> bool:
        return self.at is not None

    def reach(self, at: Instant) -> None:
        if self.at is None:
            self.at = at
            self._event.set()

    async def wait(self) -> None:
        await self._event.wait()


async def first_of(*milestones: Milestone, within_s: float) -> bool:
    """Waits until one of them is reached; False if none is after `within_s` seconds."""
    waits = [asyncio.ensure_future(milestone.wait()) for milestone in milestones]
    try:
        done, _ = await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
