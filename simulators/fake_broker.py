"""A message broker in memory: passes the same contract as a real one (tests/doors)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from rexian.push.broker import BrokerLost, Link, Message


class FakeBroker:
    """Delivers at once to whoever is connected and subscribed; keeps nothing for the others."""

    def __init__(self) -> None:
        self._links: list[_FakeLink] = []
        self._is_up = True
        self.published: list[Message] = []
        """Everything that anybody ever published, in order."""
        self.refused = 0
        """So many connections were asked for while it was stopped."""
        self._news = asyncio.Event()

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """See rexian.push.broker.Broker."""
        if not self._is_up:
            self.refused += 1
            raise BrokerLost("connection refused")
        link = _FakeLink(self)
        self._links.append(link)
        try:
            yield link
        finally:
            self._links.remove(link)

    async def has_published(self, count: int, ending: str) -> None:
        """Returns when `count` messages were published on topics with that ending."""
        while sum(message.topic.endswith(ending) for message in self.published) < count:
            await self._news.wait()

    def stop(self) -> None:
        """Every connection is lost, and nobody gets a new one before `start`."""
        self._is_up = False
        for link in self._links:
            link.lose()

    def start(self) -> None:
        """Connections are taken again; the old ones stay lost."""
        self._is_up = True

    def deliver(self, message: Message) -> None:
        """To all who are subscribed to its topic."""
        self.published.append(message)
        self._news.set()
        self._news.clear()
        for link in self._links:
            link.deliver(message)


class _FakeLink:
    def __init__(self, broker: FakeBroker) -> None:
        self._broker = broker
        self._patterns: list[str] = []
        self._waiting: list[Message] = []
        self._news = asyncio.Event()
        self._is_lost = False

    async def subscribe(self, pattern: str) -> None:
        self._must_live()
        self._patterns.append(pattern)

    async def publish(self, topic: str, payload: str) -> None:
        self._must_live()
        self._broker.deliver(Message(topic=topic, payload=payload.encode()))

    async def receive(self, limit: int) -> list[Message]:
        while not self._waiting:
            self._must_live()
            self._news.clear()
            await self._news.wait()
        found, self._waiting = self._waiting[:limit], self._waiting[limit:]
        return found

    def deliver(self, message: Message) -> None:
        if not self._is_lost and any(matches(pattern, message.topic) for pattern in self._patterns):
            self._waiting.append(message)
            self._news.set()

    def lose(self) -> None:
        self._is_lost = True
        self._news.set()

    def _must_live(self) -> None:
        if self._is_lost:
            raise BrokerLost("the connection was lost")


def matches(pattern: str, topic: str) -> bool:
    """MQTT's rule: `+` is one level, `#` the rest and the level above it."""
    levels = topic.split("/")
    for index, wanted in enumerate(pattern.split("/")):
        if wanted == "#":
            return True
        if index >= len(levels) or wanted not in ("+", levels[index]):
            return False
    return len(levels) == pattern.count("/") + 1
