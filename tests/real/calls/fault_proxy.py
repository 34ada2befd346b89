"""A wire between engine and switch that can be cut, or fall silent without being cut."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from simulators.rig import ROOT
from tests.real.calls.city import City


class FaultProxy:
    """Passes TCP on to `port`, until told otherwise."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for pipe in tuple(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def cut(self) -> None:
        """Close every connection; new ones are served."""
        for writer in tuple(self._writers):
            writer.close()

    def fall_silent(self) -> None:
        """Nothing passes any more in the connections there are, which stay open. New ones are served."""
        for pipe in tuple(self._pipes):
            pipe.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_switch, to_switch = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, to_switch}
        for source, target in ((reader, to_switch), (from_switch, writer)):
            pipe = asyncio.create_task(self._pipe(source, target))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
            target.close()
            self._writers.discard(target)


@asynccontextmanager
async def engine_behind_a_proxy(city: City) -> AsyncIterator[FaultProxy]:
    """The city's engine is replaced by one that reaches the switch through a wire of ours.

    The supervisor is halted meanwhile, so that it does not start another; afterwards it does.
    """
    proxy = FaultProxy(int(city.rig.environment["REXIAN_AMI_PORT"]))
    await proxy.open()
    supervisor = (await city.rig.status())["up_pid"]
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(city.board["status"]["engine_pid"], signal.SIGKILL)
    await city.sees_no_engine()
    log = (city.rig.home / "log" / "engine.log").open("ab")
    engine = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rexian.cli",
        "engine",
        cwd=ROOT,
        env={**city.rig.environment, "REXIAN_AMI_PORT": str(proxy.port)},
        stdout=log,
        stderr=log,
    )
    try:
        await city.sees(lambda board: board["status"]["ready"], 20)
        yield proxy
    finally:
        with suppress(ProcessLookupError):
            engine.kill()
        await engine.wait()
        log.close()
        os.kill(supervisor, signal.SIGCONT)
        await proxy.close()
