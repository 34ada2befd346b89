"""Sends departments what the outbox holds, until each has said that it knows.

Delivered means that the department's own receipt came back: a broker keeps messages for an absent reader
only up to a number, and forgets the rest after it has acknowledged them. So an event is sent again until
its receipt is there, in growing intervals. Events carry an id: a department that gets one twice receipts
it twice and acts on it once.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from rexian.push.broker import Broker, BrokerLost, Link, Message, MqttBroker
from rexian.push.receipts import PATTERN, NotAReceipt, department_of, event_of, orders_topic
from terms.instant import Instant, seconds_between
from workorders.outbox import DeadLetter, KeepsOutbox, OutboxTrouble, Receipt

log = structlog.get_logger()

AT_ONCE = 100
FIRST_RESEND_S = 30.0
RESEND_MAX_S = 600.0
FIRST_PAUSE_S = 1.0
PAUSE_MAX_S = 30.0
LEAST_WAIT_S = 0.05


class Relay:
    """One task, `run`, beside the engine; `wake` it when the outbox got something new."""

    def __init__(
        self,
        store: KeepsOutbox,
        url: str,
        now: Callable[[], Instant],
        *,
        broker: Broker | None = None,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Without a URL and a broker nobody is told anything, and `run` only waits to be cancelled."""
        self._store, self._now, self._first_pause_s = store, now, first_pause_s
        self._broker = broker or (MqttBroker(url=url) if url else None)
        self._news = asyncio.Event()
        self.connected = False
        self.dead_letters = 0
        """Messages on the departments' topics that could not be used, since the start."""
        self._told: str | None = None

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled. Without a broker it waits, says so once, and tries again."""
        pause_s = self._first_pause_s
        while self._broker is not None:
            try:
                async with self._broker.connect() as link:
                    await link.subscribe(PATTERN)
                    self._is_connected()
                    pause_s = self._first_pause_s
                    await self._serve(link)
            except (BrokerLost, OutboxTrouble) as why:
                self._is_waiting(why)
            finally:
                self.connected = False
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)
        await asyncio.Event().wait()

    async def _serve(self, link: Link) -> None:
        """Both directions at once, until one of them fails."""
        work = [asyncio.create_task(self._send(link)), asyncio.create_task(self._take_receipts(link))]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _send(self, link: Link) -> None:
        while True:
            self._news.clear()
            now = self._now()
            due = await self._store.outbox.due(now, AT_ONCE)
            for event in due:
                await link.publish(orders_topic(event.department), event.payload)
            if due:
                await self._store.outbox.sent(due, now, [resend_s(event.sent) for event in due])
                continue
            next_at = await self._store.outbox.next_at()
            wait_s = None if next_at is None else max(LEAST_WAIT_S, seconds_between(self._now(), next_at))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait_s)

    async def _take_receipts(self, link: Link) -> None:
        while True:
            await self._take(await link.receive(AT_ONCE))

    async def _take(self, messages: list[Message]) -> None:
        """All of them in one transaction; what is no receipt is kept apart and changes nothing."""
        receipts: list[tuple[str, str]] = []
        dead: list[DeadLetter] = []
        for message in messages:
            try:
                receipts.append((event_of(message), department_of(message.topic)))
            except NotAReceipt as why:
                dead.append(_dead(message.topic, message.payload, str(why)))
        results = await self._store.outbox.receipted(receipts, self._now()) if receipts else []
        for (event, department), result in zip(receipts, results, strict=True):
            if result is Receipt.UNKNOWN:
                told = "no such event was sent to this department"
                dead.append(_dead(f"dept/{department}/receipts", event.encode(), told))
        if Receipt.TAKEN in results:
            self._news.set()  # the next event of that order may go
        if dead:
            self.dead_letters += len(dead)
            await self._store.outbox.bury(dead, self._now())
            log.warning(
                "receipts that can't be used", count=len(dead), total=self.dead_letters, why=dead[0].why
            )

    def _is_connected(self) -> None:
        self.connected = True
        if self._told is not None:
            log.warning("departments are told again what waited")
        self._told = None

    def _is_waiting(self, why: Exception) -> None:
        if self._told is None:
            log.warning("work orders wait to be sent", why=str(why))
        self._told = str(why)


def resend_s(sent: int) -> float:
    """How long to wait for a receipt after having sent an event `sent` times before."""
    return min(FIRST_RESEND_S * 2.0 ** min(sent, 20), RESEND_MAX_S)


def _dead(topic: str, payload: bytes, why: str) -> DeadLetter:
    return DeadLetter(topic=topic, payload=payload.decode("utf-8", "replace"), why=why)
