"""One clock beat for the media of every phone in the process: each sends once in 20 ms.

A timer per phone would cost the loop 11,000 wake-ups a second for 220 phones; here it is 200. The
phones are spread over four slots of 5 ms, so that they do not all send in the same instant.
"""

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary

SLOTS = 4
SLOT_S = 0.005


class Paced(Protocol):
    def beat(self) -> None:
        """20 ms have passed."""


class Pacer:
    """Beats without drift. After a stall it makes up for at most 100 ms and drops the rest.

    `worst_lateness_s` tells a test whether a gap in what a phone sent was this process's own doing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: list[dict[Paced, None]] = [{} for _ in range(SLOTS)]
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._slot = 0
        self.worst_lateness_s = 0.0

    @property
    def idle(self) -> bool:
        """Nobody to beat, and no timer."""
        return self._timer is None

    def add(self, paced: Paced) -> None:
        """Beats `paced` from now on, until `drop`."""
        min(self._slots, key=len)[paced] = None
        if self._timer is None:
            self._due = self._loop.time() + SLOT_S
            self._timer = self._loop.call_at(self._due, self.tick)

    def drop(self, paced: Paced) -> None:
        for slot in self._slots:
            slot.pop(paced, None)
        if self._timer is not None and not any(self._slots):
            self._timer.cancel()
            self._timer = None

    def tick(self) -> None:
        """One slot of 5 ms is due; called by the timer."""
        now = self._loop.time()
        self.worst_lateness_s = max(self.worst_lateness_s, now - self._due)
        if now - self._due > 0.1:
            self._due = now - 0.1
        while self._due <= now:
            for paced in list(self._slots[self._slot]):
                paced.beat()
            self._slot = (self._slot + 1) % SLOTS
            self._due += SLOT_S
        if any(self._slots):
            self._timer = self._loop.call_at(self._due, self.tick)
        else:
            self._timer = None


_pacers: WeakKeyDictionary[asyncio.AbstractEventLoop, Pacer] = WeakKeyDictionary()


def running_pacer() -> Pacer:
    """The pacer of the running loop, made when first asked for."""
    loop = asyncio.get_running_loop()
    if loop not in _pacers:
        _pacers[loop] = Pacer(loop)
    return _pacers[loop]
