"""A relay between a real database and a broker in memory, and the departments behind it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rexian.push.relay import Relay
from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.store import Store
from simulators.fake_broker import FakeBroker
from simulators.past_calls import MONDAY, served
from terms.instant import Instant, after

PATIENCE_S = 20.0


class Hotline:
    """Opens orders, lets time pass, and hears what the departments are told."""

    def __init__(self, store: Store) -> None:
        self.store, self.broker = store, FakeBroker()
        self.now: Instant = MONDAY
        self.relay = Relay(store, "", lambda: self.now, broker=self.broker, first_pause_s=0.01)
        self._served = 0

    async def opens_orders(self, count: int = 1) -> list[str]:
        """The new orders' events, not sent yet."""
        records = [served(number) for number in range(self._served + 1, self._served + count + 1)]
        self._served += count
        place = Place(journal="j", seq=self._served)
        await self.store.absorb(
            Batch(place=place, records=records), OrderRule(zone=ZoneInfo("Asia/Shanghai"))
        )
        self.relay.wake()
        return [event.event for event in await self.store.outbox.due(self.now, 1000)][-count:]

    def passes(self, seconds: float) -> None:
        self.now = after(self.now, seconds)
        self.relay.wake()

    def told(self) -> list[dict[str, Any]]:
        """The payloads on all departments' topics so far."""
        orders = [message for message in self.broker.published if message.topic.endswith("/orders")]
        return [json.loads(message.payload) for message in orders]

    def events(self) -> list[str]:
        return [payload["event"] for payload in self.told()]

    async def has_told(self, count: int) -> None:
        """Returns when departments were told `count` things in all."""
        await asyncio.wait_for(self.broker.has_published(count, "/orders"), PATIENCE_S)

    async def says(self, payload: str, topic: str = "dept/hotline/receipts") -> None:
        """A department publishes something."""
        async with self.broker.connect() as link:
            await link.publish(topic, payload)

    async def receipts(self, event: str) -> None:
        await self.says(json.dumps({"event": event}))

    async def unreceipted_is(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self.store.outbox.unreceipted() != count:
                pass

    async def buried(self, count: int) -> list[str]:
        """Why the first `count` dead letters are dead."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := await self.store.outbox.dead()) < count:
                pass
        return [letter.why for letter in found]

    @contextlib.asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.relay.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled(), task.exception()


@pytest.fixture
async def hotline(tmp_path: Path) -> AsyncIterator[Hotline]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/rexian.db")
    yield Hotline(store)
    await store.close()
