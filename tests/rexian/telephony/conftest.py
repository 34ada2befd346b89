"""A switch that says exactly what a test wants, over a real TCP connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from rexian.telephony.events import SwitchEvent
from rexian.telephony.link import AmiAddress, LinkLimits
from rexian.telephony.switch import Switch, connect

Kind = TypeVar("Kind")

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
QUICK = LinkLimits(
    connect_s=1.0, action_s=0.6, ping_every_s=0.1, dead_after_s=0.3, tick_s=0.02, unsent_bytes=1 << 20
)
"""Patience for tests; in operation all is ten times longer."""


class FakeAmi:
    """Knows Login and Ping; all else is answered `Success` unless `replies` says otherwise."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.replies: dict[str, Callable[[dict[str, str]], bytes]] = {}
        self.greeting = GREETING
        self.boots = True
        self.speaks = True
        """False: it accepts, reads, and says nothing any more."""
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    @property
    def address(self) -> AmiAddress:
        """Where it listens."""
        assert self._server is not None
        return AmiAddress(
            host="127.0.0.1", port=self._server.sockets[0].getsockname()[1], user="engine", secret="right"
        )

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def say(self, raw: bytes) -> None:
        """Send these bytes to whoever is connected now."""
        self._writers[-1].write(raw)

    def event(self, name: str, **headers: str) -> None:
        """Send a well-formed event."""
        self.say(message(Event=name, **headers))

    def names(self) -> list[str]:
        """The actions that came, in order, without Login and Ping."""
        return [each["Action"] for each in self.actions if each["Action"] not in ("Login", "Ping")]

    async def got(self, name: str, nth: int = 1) -> dict[str, str]:
        """The nth action of this name, as soon as it has come."""
        async with asyncio.timeout(2):
            while len(found := [each for each in self.actions if each["Action"] == name]) < nth:
                self._changed.clear()
                await self._changed.wait()
        return found[nth - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self.greeting)
        try:
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                lines = raw[:-4].decode().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines)
                action["lines"] = str(len(lines))
                self.actions.append(action)
                self._changed.set()
                if self.speaks:
                    writer.write(self._reply(action))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _reply(self, action: dict[str, str]) -> bytes:
        name, action_id = action["Action"], action["ActionID"]
        if name in self.replies:
            return self.replies[name](action)
        if name == "Login":
            if action["Secret"] != "right":
                return message(Response="Error", ActionID=action_id, Message="Authentication failed")
            booted = message(Event="FullyBooted", Status="Fully Booted") if self.boots else b""
            return message(Response="Success", ActionID=action_id) + booted
        return message(Response="Success", ActionID=action_id)


def message(**headers: str) -> bytes:
    """One message as Asterisk writes it."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


class Ears:
    """Everything the switch told, in order."""

    def __init__(self) -> None:
        self.heard: list[SwitchEvent] = []
        self._more = asyncio.Event()

    def __call__(self, event: SwitchEvent) -> None:
        self.heard.append(event)
        self._more.set()

    async def hear(self, kind: type[Kind], nth: int = 1) -> Kind:
        """The nth fact of this kind, as soon as it is told."""
        async with asyncio.timeout(2):
            while len(found := [event for event in self.heard if isinstance(event, kind)]) < nth:
                self._more.clear()
                await self._more.wait()
        return found[nth - 1]


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    """A fake switch, listening."""
    fake = FakeAmi()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def ears() -> Ears:
    """What the engine hears."""
    return Ears()


@pytest.fixture
async def switch(ami: FakeAmi, ears: Ears) -> AsyncIterator[Switch]:
    """The engine's connection to the fake switch."""
    async with connect(ami.address, ears, QUICK) as connection:
        yield connection
