"""Processes that can't be mistaken: a pid alone proves nothing, for numbers are used again.

A process is its pid and its start time. Its end is waited for by a pidfd, which works for our own
children and for those of a starter that was killed.
"""

import asyncio
import os
import select
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOG_BYTES = 20 << 20
LOGS_KEPT = 5


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was alive when it was noted."""

    pid: int
    started: int
    """Clock ticks after boot, field 22 of /proc/PID/stat."""

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """None if there is no such process, or it has ended and only waits to be reaped."""
        started = _started(pid)
        process = None if started is None else cls(pid, started)
        return process if process is not None and process.alive() else None

    def alive(self) -> bool:
        """Whether any thread of it is left. The state in /proc won't do: it says "zombie" as soon as the
        first thread has ended, while the others still hold the ports."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            watch = select.poll()
            watch.register(handle, select.POLLIN)
            return not watch.poll(0) and _started(self.pid) == self.started
        finally:
            os.close(handle)

    def runs_with(self, file: Path) -> bool:
        """Whether `file` stands in its command line."""
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(file) in words

    async def ended(self) -> None:
        """Wait for its end, whoever started it; at once if it is over."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_reader(handle, over.set)
        try:
            if self.alive():
                await over.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        self._reap()

    async def end(self, within_s: float, first: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; after `within_s` it is killed, with all of its group. No harm if it is over."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, first)
            try:
                async with asyncio.timeout(within_s):
                    await self.ended()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                    os.killpg(self.pid, signal.SIGKILL)
                await self.ended()
        self._reap()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def spawn(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> int:
    """Start a program in a session of its own, nothing on its stdin, its output at the end of `log`; the pid.

    OSError if there is no such program. A log that has grown too large is put aside before.
    """
    rotate(log)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return os.posix_spawn(
            command[0],
            list(command),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ],
            setsid=True,
            setsigmask=(),
        )
    finally:
        os.close(output)


def rotate(file: Path) -> None:
    """Put a log that has grown to LOG_BYTES aside; LOGS_KEPT old ones are kept."""
    if not file.exists() or file.stat().st_size < LOG_BYTES:
        return
    for number in range(LOGS_KEPT, 1, -1):
        newer = file.with_name(f"{file.name}.{number - 1}")
        if newer.exists():
            newer.replace(file.with_name(f"{file.name}.{number}"))
    file.replace(file.with_name(f"{file.name}.1"))


def _started(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
