"""The connection dies: the switch killed, frozen, or behind a wire that passes nothing on."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.errors import LinkLost
from rexian.telephony.events import ChannelInAgi
from rexian.telephony.link import AmiAddress
from rexian.telephony.switch import connect

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real


class Wire:
    """A TCP proxy that can stop passing on without closing anything."""

    def __init__(self) -> None:
        self.passes = asyncio.Event()
        self.passes.set()
        self.port = 0

    @asynccontextmanager
    async def to(self, port: int) -> AsyncIterator["Wire"]:
        tasks: set[asyncio.Task[None]] = set()
        ends: list[asyncio.StreamWriter] = []

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                await self.passes.wait()
                writer.write(data)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            ends.extend((writer, far_writer))
            tasks.add(asyncio.create_task(pump(reader, far_writer)))
            tasks.add(asyncio.create_task(pump(far_reader, writer)))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        for task in tasks:
            task.cancel()
        for end in ends:
            end.transport.abort()
        server.close()


async def test_a_killed_switch_is_noticed_at_once_and_everything_under_way_fails(
    fresh_asterisk: "Rig", ears: "Ears"
) -> None:
    async with connect(fresh_asterisk.ami(), ears) as switch:
        await fresh_asterisk.believe_in_engine(switch)
        async with fresh_asterisk.citizen("13912345678") as li:
            call = await li.dial("12345")
            caller = (await ears.hear(ChannelInAgi)).channel
            await call.answered()
            prompt = switch.agi(caller, 'STREAM FILE g.notice ""')
            pid = fresh_asterisk.house.pid
            assert pid is not None
            began = time.monotonic()

            os.kill(pid, signal.SIGKILL)

            async with asyncio.timeout(1):
                await switch.lost
            assert time.monotonic() - began < 0.5
            with pytest.raises(LinkLost):
                await prompt
            with pytest.raises(LinkLost):
                await switch.agi(caller, "ANSWER")
            with pytest.raises(LinkLost):
                await switch.live_channels()
            await fresh_asterisk.house.gone()
            assert fresh_asterisk.house.pid is None
            li.die()


async def test_a_frozen_switch_is_given_up_within_five_seconds(fresh_asterisk: "Rig", ears: "Ears") -> None:
    pid = fresh_asterisk.house.pid
    assert pid is not None
    async with connect(fresh_asterisk.ami(), ears) as switch:
        os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(5.0):
                why = await switch.lost
        finally:
            os.kill(pid, signal.SIGCONT)
    assert "silent" in str(why)


async def test_a_half_open_connection_is_given_up_within_five_seconds(asterisk: "Rig", ears: "Ears") -> None:
    wire = Wire()
    async with wire.to(asterisk.ami().port):
        real = asterisk.ami()
        through = AmiAddress(host="127.0.0.1", port=wire.port, user=real.user, secret=real.secret)
        async with connect(through, ears) as switch:
            waiting = switch.action("Ping")
            await waiting
            wire.passes.clear()
            under_way = switch.setvar(None, "REXIAN_HEARTBEAT", "0")

            async with asyncio.timeout(5.0):
                await switch.lost

            with pytest.raises(LinkLost):
                await under_way


async def test_a_quiet_connection_stays(asterisk: "Rig", ears: "Ears") -> None:
    async with connect(asterisk.ami(), ears) as switch:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(6.0):
                await asyncio.shield(switch.lost)

        assert (await switch.action("Ping"))["Ping"] == "Pong"
