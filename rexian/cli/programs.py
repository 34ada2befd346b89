"""Programs that outlive the one who started them: a pid file, the start time as proof, and pidfds.

A killed supervisor leaves its programs running, and the next one adopts them. A pid alone proves
nothing (numbers are used again), so the start time from /proc is kept beside it.
"""

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KILL_AFTER_S = 1.0
LOG_BYTES = 20 << 20
LOGS_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to start one, and where it leaves its traces."""

    name: str
    command: Sequence[str]
    pid_file: Path
    log: Path
    environment: Mapping[str, str]


def started_at(pid: int) -> str | None:
    """The kernel's start time of a process, in its own unit; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def running(pid_file: Path) -> int | None:
    """The pid of the program that wrote this file, if it still runs."""
    try:
        pid_text, _, start = pid_file.read_text().strip().partition(" ")
        pid = int(pid_text)
    except (OSError, ValueError):
        return None
    return pid if start and started_at(pid) == start else None


def note_pid(pid_file: Path, pid: int) -> None:
    """Write the pid and its start time down."""
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(f"{pid} {started_at(pid)}\n")


def start(program: Program) -> int:
    """Start it in a session of its own, output to its log; the pid. OSError if there is no such program."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    rotate(program.log)
    with program.log.open("ab") as log:
        pid = os.posix_spawn(
            program.command[0],
            list(program.command),
            {**os.environ, **program.environment},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
            setsid=True,
        )
    note_pid(program.pid_file, pid)
    return pid


def rotate(log: Path) -> None:
    """Put a log that has grown to LOG_BYTES aside; LOGS_KEPT old ones are kept."""
    try:
        if log.stat().st_size < LOG_BYTES:
            return
    except FileNotFoundError:
        return
    old = [log, *(log.with_name(f"{log.name}.{number}") for number in range(1, LOGS_KEPT + 1))]
    for newer, older in reversed(list(itertools.pairwise(old))):
        if newer.exists():
            newer.replace(older)


async def ended(pid: int) -> None:
    """Wait for the end of a process, our child or not. Returns at once if there is none."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.add_reader(fd, lambda: None if over.done() else over.set_result(None))
    try:
        await over
    finally:
        loop.remove_reader(fd)
        os.close(fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 - it is over: this only collects it


async def stop(pid: int, within_s: float = KILL_AFTER_S, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask a process to end, and end it after `within_s`."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, first)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended(pid), within_s)
            return
        os.kill(pid, signal.SIGKILL)
        await ended(pid)
