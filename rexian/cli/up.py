"""`rexian up`: start everything, keep it running, show it, and end all of it within 3 s.

Each program outlives this one: an `up` that was killed is followed by one that adopts what still
runs. A program that dies is started again at once; one that keeps dying waits a little longer.
"""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.live import Live

from rexian.cli import board, programs
from rexian.cli.places import Places
from rexian.engine import control
from rexian.engine.control import NobodyThere, Refused
from rexian.host.processes import Process
from rexian.telephony.errors import TelephonyError

console = Console(highlight=False, soft_wrap=True)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
HEALTHY_AFTER_S = 10.0
READY_WITHIN_S = 30.0
STOP_CALLS_WITHIN_S = 1.5
REFRESH_HZ = 4


class House(Protocol):
    """What is to be kept running."""

    places: Places
    engine: programs.Program

    async def prepare(self, say: Callable[[str], None]) -> "list[Kept]": ...
    def how_to_dial(self) -> str: ...
    async def end_programs(self) -> None: ...


class AlreadyUp(Exception):
    """Another `rexian up` looks after this data folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A program under supervision: how to start it, or adopt it if it runs; both give the process."""

    name: str
    start: Callable[[], Awaitable[Process]]


async def up(house: House) -> int:
    """Until Ctrl-C, SIGTERM or `rexian stop`. Exit status for the shell."""
    lock = _only_one(house.places.run)
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, leaving.set)
    _note_ourselves(house.places.run / "up.pid")
    keepers = [
        asyncio.create_task(_keep(kept), name=kept.name) for kept in await house.prepare(console.print)
    ]
    show = asyncio.create_task(_show(house))
    left = asyncio.create_task(leaving.wait())
    try:
        done, _ = await asyncio.wait([left, show, *keepers], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is not left:
                task.result()
    finally:
        for task in (left, show, *keepers):
            task.cancel()
        await asyncio.gather(left, show, *keepers, return_exceptions=True)
        console.print("正在停止 …")
        await end_everything(house)
        os.close(lock)
    return 0


def _only_one(run: Path) -> int:
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(run / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyUp(
            f"{run.parent}: another `rexian up` ({_who(run / 'up.pid')}) looks after it. "
            "End it with `rexian stop`, or give this one another REXIAN_HOME and other ports."
        ) from None
    return lock


def _note_ourselves(pid_file: Path) -> None:
    ourselves = Process.of(os.getpid())
    assert ourselves is not None
    programs.note(pid_file, ourselves)


def _who(pid_file: Path) -> str:
    process = programs.running(pid_file)
    return "just starting" if process is None else f"process {process.pid}"


async def _keep(kept: Kept) -> None:
    """Start or adopt, wait for the end, begin again."""
    pause_s = FIRST_PAUSE_S
    while True:
        began = time.monotonic()
        try:
            process = await kept.start()
            await process.ended()
            what = f"{kept.name} 已退出(进程 {process.pid})"
        except (TelephonyError, OSError) as why:
            what = f"{kept.name} 无法启动:{why}"
        healthy = time.monotonic() - began > HEALTHY_AFTER_S
        pause_s = FIRST_PAUSE_S if healthy else min(pause_s * 2, LONGEST_PAUSE_S)
        console.print(f"{what},{pause_s:.1f} 秒后重新启动")
        await asyncio.sleep(pause_s)


async def _show(house: House) -> None:
    if sys.stdout.isatty():
        await _board(house)
    else:
        await _lines(house)


async def _board(house: House) -> None:
    snapshot: board.Snapshot | None = None
    taken = time.monotonic()
    footer = f"{house.how_to_dial()}   Ctrl-C 停止"
    with Live(
        console=console,
        refresh_per_second=REFRESH_HZ,
        screen=True,
        get_renderable=lambda: board.render(snapshot, time.monotonic() - taken, footer),
    ):
        while True:
            try:
                async for latest in control.watch(house.places.control):
                    snapshot, taken = latest, time.monotonic()
            except NobodyThere:
                snapshot = None
                await asyncio.sleep(FIRST_PAUSE_S)


async def _lines(house: House) -> None:
    before: board.Snapshot | None = None
    was_ready = False
    while True:
        try:
            async for snapshot in control.watch(house.places.control):
                if snapshot["status"]["ready"] and not was_ready:
                    was_ready = True
                    console.print(f"可以接听来电。{house.how_to_dial()}")
                for line in board.lines(before, snapshot):
                    console.print(line)
                before = snapshot
        except NobodyThere:
            was_ready = False
            await asyncio.sleep(FIRST_PAUSE_S)


async def end_everything(house: House) -> None:
    """Calls first, so that their records say `stopped`; then the programs, those of a killed `up` too."""
    try:
        await asyncio.wait_for(control.ask(house.places.control, {"do": "stop"}), STOP_CALLS_WITHIN_S)
    except (NobodyThere, Refused, TimeoutError):
        pass
    else:
        engine = programs.running(house.engine.pid_file)
        if engine is not None:
            await engine.end(STOP_CALLS_WITHIN_S, first=signal.SIGCONT)
    await house.end_programs()
    (house.places.run / "up.pid").unlink(missing_ok=True)
