"""One contract for every message broker: the fake one in memory, and a real mosquitto."""

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from rexian.push.broker import Broker, BrokerLost, Link, Message, MqttBroker, NoBrokerUrl
from simulators.fake_broker import FakeBroker

MOSQUITTO = Path(__file__).parents[2] / ".cache" / "bin" / "mosquitto"
PATIENCE_S = 20.0
LOST_S = 5.0


class World(Protocol):
    """A broker, and the power to end it and to bring it back."""

    @property
    def broker(self) -> Broker: ...

    def stop(self) -> None: ...
    def start(self) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self.broker = self._fake = FakeBroker()

    def stop(self) -> None:
        self._fake.stop()

    def start(self) -> None:
        self._fake.start()


class RealWorld:
    def __init__(self, folder: Path) -> None:
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.broker = MqttBroker(url=f"mqtt://127.0.0.1:{self.port}", timeout_s=LOST_S)
        self._config = folder / "mosquitto.conf"
        settings = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "connection_messages false"]
        self._config.write_text("\n".join([*settings, ""]))
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it takes connections: it says so itself."""
        command = [str(MOSQUITTO), "-c", str(self._config)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert self.process.stderr
        for line in self.process.stderr:
            if line.rstrip().endswith(" running"):
                return
        self.stop()
        raise ConnectionError("mosquitto did not start")

    def signal(self, which: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(which)

    def stop(self) -> None:
        assert self.process
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def real_world(tmp_path: Path) -> Iterator[RealWorld]:
    if not MOSQUITTO.exists():
        pytest.skip("no mosquitto in .cache/bin: `sh test.sh` puts it there")
    world = started(tmp_path)
    yield world
    world.stop()


def started(folder: Path, tries: int = 3) -> RealWorld:
    """A free port may be somebody else's a moment later."""
    world = RealWorld(folder)
    try:
        world.start()
    except ConnectionError:
        if tries == 1:
            raise
        return started(folder, tries - 1)
    return world


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.real)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    world: RealWorld = request.getfixturevalue("real_world")
    return world


@contextlib.asynccontextmanager
async def reader_of(world: World, pattern: str) -> AsyncIterator[Link]:
    async with world.broker.connect() as link:
        await link.subscribe(pattern)
        yield link


async def received(link: Link, count: int) -> list[Message]:
    found: list[Message] = []
    while len(found) < count:
        found += await asyncio.wait_for(link.receive(100), PATIENCE_S)
    return found


async def test_a_message_reaches_who_subscribed_to_its_topic(world: World) -> None:
    async with reader_of(world, "dept/+/orders") as reader, world.broker.connect() as writer:
        await writer.publish("dept/gps/orders", '{"event": "停水"}')

        assert await received(reader, 1) == [
            Message(topic="dept/gps/orders", payload='{"event": "停水"}'.encode())
        ]


@pytest.mark.parametrize("topic", ["dept/gps/receipts", "dept/orders", "dept/a/b/orders", "other/gps/orders"])
async def test_a_message_on_another_topic_does_not(world: World, topic: str) -> None:
    async with reader_of(world, "dept/+/orders") as reader, world.broker.connect() as writer:
        await writer.publish(topic, "1")
        await writer.publish("dept/gps/orders", "2")

        assert [message.payload for message in await received(reader, 1)] == [b"2"]


async def test_messages_come_in_the_order_in_which_they_were_published(world: World) -> None:
    async with reader_of(world, "dept/#") as reader, world.broker.connect() as writer:
        for number in range(250):
            await writer.publish("dept/gps/orders", str(number))

        assert [int(message.payload) for message in await received(reader, 250)] == list(range(250))


async def test_receiving_gives_no_more_than_was_asked_for(world: World) -> None:
    async with reader_of(world, "#") as reader, world.broker.connect() as writer:
        for number in range(5):
            await writer.publish("t", str(number))
        found = [await asyncio.wait_for(reader.receive(2), PATIENCE_S) for _ in range(3)]
        while sum(map(len, found)) < 5:
            found.append(await asyncio.wait_for(reader.receive(2), PATIENCE_S))

    assert max(map(len, found)) <= 2
    assert [int(message.payload) for part in found for message in part] == [0, 1, 2, 3, 4]


async def test_nothing_is_kept_for_who_comes_later(world: World) -> None:
    async with world.broker.connect() as writer:
        await writer.publish("dept/gps/orders", "early")
        async with reader_of(world, "dept/gps/orders") as reader:
            await writer.publish("dept/gps/orders", "late")

            assert [message.payload for message in await received(reader, 1)] == [b"late"]


async def test_without_a_broker_there_is_no_connection(world: World) -> None:
    world.stop()

    with pytest.raises(BrokerLost):
        async with world.broker.connect():
            pass
    world.start()


async def test_whoever_waits_for_a_message_hears_that_the_connection_is_lost(world: World) -> None:
    with pytest.raises(BrokerLost):
        await receive_while_it_stops(world)
    world.start()


async def receive_while_it_stops(world: World) -> None:
    async with reader_of(world, "#") as reader:
        waiting = asyncio.ensure_future(reader.receive(1))
        await asyncio.wait([waiting], timeout=0)
        world.stop()
        await asyncio.wait_for(waiting, PATIENCE_S)


async def test_whoever_publishes_on_a_lost_connection_is_told(world: World) -> None:
    with pytest.raises(BrokerLost):
        await publish_after_it_stopped(world)
    world.start()


async def publish_after_it_stopped(world: World) -> None:
    async with world.broker.connect() as writer:
        world.stop()
        await asyncio.wait_for(writer.publish("t", "1"), PATIENCE_S)


async def test_after_a_restart_there_are_new_connections(world: World) -> None:
    world.stop()
    world.start()

    async with reader_of(world, "t") as reader, world.broker.connect() as writer:
        await writer.publish("t", "1")
        assert len(await received(reader, 1)) == 1


@pytest.mark.real
async def test_a_frozen_broker_is_lost_after_the_time_out(real_world: RealWorld) -> None:
    with pytest.raises(BrokerLost):
        await publish_to_a_frozen_one(real_world)
    real_world.signal(signal.SIGCONT)


async def publish_to_a_frozen_one(world: RealWorld) -> None:
    async with MqttBroker(url=world.broker.url, timeout_s=1.0).connect() as writer:
        world.signal(signal.SIGSTOP)
        await asyncio.wait_for(writer.publish("t", "1"), PATIENCE_S)


@pytest.mark.parametrize("url", ["", "mqtt://", "http://host", "host:1883", "mqtt://host:port"])
def test_what_is_no_broker_url_is_told_at_once_with_what_to_write(url: str) -> None:
    with pytest.raises(NoBrokerUrl, match=r"write mqtt://user:password@host:1883"):
        MqttBroker(url=url)
