"""A connection to an MQTT broker, as far as the house needs one.

A connection never comes back to life: when it is lost everything on it fails with BrokerLost, and a new
one is made. Whatever was on its way then may have arrived or not.
"""

import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiomqtt

TIMEOUT_S = 10.0
INCOMING_MAX = 10_000
"""Messages that wait to be received; further ones are dropped, and their senders have to say them again."""

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerLost(Exception):
    """There is no connection to the broker, or it was lost just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody published."""

    topic: str
    payload: bytes


class Link(Protocol):
    """One connection."""

    async def subscribe(self, pattern: str) -> None:
        """From now on messages whose topics match `pattern` (`+`, `#`) are received, at least once."""

    async def publish(self, topic: str, payload: str) -> None:
        """Returns when the broker has the message (QoS 1, not retained). That says nothing of its readers."""

    async def receive(self, limit: int) -> list[Message]:
        """Waits for a message, and returns it with those that came meanwhile, `limit` at most."""


class Broker(Protocol):
    """A place to connect to, again and again."""

    def connect(self) -> AbstractAsyncContextManager[Link]:
        """A new connection. BrokerLost if there is nobody, they refuse, or they don't answer in time."""


class NoBrokerUrl(ValueError):
    """REXIAN_MQTT_URL can't be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttBroker:
    """A real broker. `url` is mqtt://[user:password@]host[:port], or mqtts:// for TLS."""

    url: str
    timeout_s: float = TIMEOUT_S

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """See Broker.connect."""
        try:
            async with self._client() as client:
                yield _MqttLink(client)
        except aiomqtt.MqttError as why:
            raise BrokerLost(str(why)) from why

    def __post_init__(self) -> None:
        """NoBrokerUrl at once, not at the first connection."""
        self._address()

    def _address(self) -> tuple[SplitResult, str, int]:
        parts = urlsplit(self.url)
        with contextlib.suppress(KeyError, ValueError):
            if parts.hostname:
                return parts, parts.hostname, parts.port or _PORTS[parts.scheme]
        raise NoBrokerUrl("REXIAN_MQTT_URL is no broker URL; write mqtt://user:password@host:1883")

    def _client(self) -> aiomqtt.Client:
        parts, host, port = self._address()
        return aiomqtt.Client(
            host,
            port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls_context=ssl.create_default_context() if parts.scheme == "mqtts" else None,
            timeout=self.timeout_s,
            max_queued_incoming_messages=INCOMING_MAX,
        )


@dataclass(frozen=True, slots=True)
class _MqttLink:
    client: aiomqtt.Client

    async def subscribe(self, pattern: str) -> None:
        with _lost():
            await self.client.subscribe(pattern, qos=1)

    async def publish(self, topic: str, payload: str) -> None:
        with _lost():
            await self.client.publish(topic, payload.encode(), qos=1)

    async def receive(self, limit: int) -> list[Message]:
        messages = self.client.messages
        with _lost():
            found = [await anext(messages)]
            while len(found) < limit and len(messages):
                found.append(await anext(messages))
        return [Message(topic=str(got.topic), payload=_bytes(got.payload)) for got in found]


@contextlib.contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except aiomqtt.MqttError as why:
        raise BrokerLost(str(why)) from why


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload).encode()
