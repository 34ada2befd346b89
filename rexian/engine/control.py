"""The engine's own door for commands of this machine: one line of JSON in, one line of JSON out.

A Unix socket that only its owner may open. `watch` keeps the line open and sends a snapshot whenever
something changed, at most a few times a second.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

LONGEST_LINE = 64 * 1024
LONGEST_SOCKET_PATH = 100
COALESCE_S = 0.25
ANSWER_WITHIN_S = 5.0

Command = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Refused(Exception):
    """A command that can't be carried out; the text says why and is meant for people."""


class NobodyThere(Exception):
    """No engine listens at this socket."""


class Control:
    """Serves commands. `commands` maps a name to a function that answers at once or raises Refused."""

    def __init__(self, commands: Mapping[str, Command], snapshot: Callable[[], Mapping[str, Any]]) -> None:
        self._commands = commands
        self._snapshot = snapshot
        self._changed: set[asyncio.Event] = set()
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    def changed(self) -> None:
        """Something that a watcher would see has changed."""
        for event in self._changed:
            event.set()

    async def open(self, path: Path) -> None:
        """Begin to listen; a socket left by a dead engine is taken over."""
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at start
        with _short(path) as short:
            self._server = await asyncio.start_unix_server(self._serve, path=short, limit=LONGEST_LINE)
        path.chmod(0o600)  # noqa: ASYNC240 - once, at start

    async def close(self) -> None:
        """No more commands; open watches end."""
        if self._server is not None:
            self._server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, asyncio.LimitOverrunError):
            line = await reader.readline()
            if line:
                await self._answer(line, writer)
        writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(line)
            if asked["do"] == "watch":
                await self._watch(writer)
                return
            answer = {"ok": True, **self._commands[asked["do"]](asked)}
        except Refused as why:
            answer = {"ok": False, "why": str(why)}
        except (ValueError, KeyError, TypeError) as odd:
            answer = {"ok": False, "why": f"the engine doesn't know this command: {odd}"}
        await _send(writer, answer)

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        event = asyncio.Event()
        event.set()
        self._changed.add(event)
        try:
            while True:
                await event.wait()
                event.clear()
                await _send(writer, self._snapshot())
                await asyncio.sleep(COALESCE_S)
        finally:
            self._changed.discard(event)


async def _send(writer: asyncio.StreamWriter, body: Mapping[str, Any]) -> None:
    writer.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
    await writer.drain()


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A path to `path` that fits into a socket address (108 bytes), however deep the data folder lies."""
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


async def ask(path: Path, command: Mapping[str, Any]) -> Mapping[str, Any]:
    """The engine's answer. NobodyThere if none listens; Refused with the engine's own sentence."""
    try:
        with _short(path) as short:
            reader, writer = await asyncio.open_unix_connection(short, limit=16 * LONGEST_LINE)
        await _send(writer, command)
        line = await asyncio.wait_for(reader.readline(), ANSWER_WITHIN_S)
        writer.close()
    except (OSError, TimeoutError) as why:
        raise NobodyThere(f"no engine answers at {path}") from why
    if not line:
        raise NobodyThere(f"the engine at {path} went away")
    answer: dict[str, Any] = json.loads(line)
    if not answer.pop("ok", True):
        raise Refused(answer.get("why", "refused"))
    return answer


async def watch(path: Path) -> AsyncIterator[Mapping[str, Any]]:
    """Snapshots, one now and one on every change. NobodyThere when the engine isn't there or leaves."""
    try:
        with _short(path) as short:
            reader, writer = await asyncio.open_unix_connection(short, limit=16 * LONGEST_LINE)
        with contextlib.closing(writer):
            await _send(writer, {"do": "watch"})
            while line := await reader.readline():
                yield json.loads(line)
    except OSError as why:
        raise NobodyThere(f"no engine answers at {path}") from why
    raise NobodyThere(f"the engine at {path} went away")
