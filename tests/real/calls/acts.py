"""One moment that many stories share: each prepares for it, and it comes when all are ready.

act = moment.with_act(2)
…                         # what lasts: a talk, a place in the queue
await act.begins()        # everybody of the acts before is ready
…                         # what doesn't last: a notice that has just begun
await act.and_then_it_happens()
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

WITHIN_S = 50.0


@dataclass(slots=True, eq=False)
class Moment:
    """`happens` is called once, when everybody of every act is ready."""

    happens: Callable[[], Awaitable[None]]
    _missing: Counter[int] = field(default_factory=Counter)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _happened: "asyncio.Future[None] | None" = None

    def with_act(self, number: int) -> "Act":
        """Take part; to be called before the first await of a story."""
        self._missing[number] += 1
        return Act(self, number)

    async def _until_ready(self, acts_before: int) -> None:
        await asyncio.sleep(0)  # noqa: TID251 - no time passes: all who take part have said so then
        async with asyncio.timeout(WITHIN_S), self._changed:
            await self._changed.wait_for(
                lambda: not any(self._missing[act] for act in self._missing if act < acts_before)
            )

    async def _ready(self, act: int) -> None:
        await asyncio.sleep(0)  # noqa: TID251 - as above
        async with self._changed:
            self._missing[act] -= 1
            self._changed.notify_all()

    async def _together(self) -> None:
        if self._happened is None:
            self._happened = asyncio.ensure_future(self.happens())
        await asyncio.shield(self._happened)


@dataclass(frozen=True, slots=True)
class Act:
    """One story's part."""

    moment: Moment
    number: int

    async def begins(self) -> None:
        """Everybody of the acts before this one is ready."""
        await self.moment._until_ready(self.number)

    async def and_then_it_happens(self) -> None:
        """This story is ready; back when it has happened."""
        await self.moment._ready(self.number)
        await self.moment._until_ready(1_000)
        await self.moment._together()
