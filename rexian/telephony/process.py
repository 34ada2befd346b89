"""One Asterisk of our own: started, adopted, watched and ended.

It runs in a session of its own and outlives whoever started it: when the supervisor is killed the calls
go on, and the next supervisor adopts the process. Found again by a note of its pid and start time, and
believed only if /proc shows that process with our configuration file in its command line.
"""

import asyncio
import json
import os
import select
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rexian.telephony.errors import BootFailed, LinkLost, SwitchTrouble, TelephonyError
from rexian.telephony.installation import Installation
from rexian.telephony.link import AmiAddress, LinkLimits, open_link
from rexian.telephony.ports import demand_free, is_taken
from rexian.telephony.render import SwitchPlan, render
from rexian.telephony.secrets import Secrets

BOOT_S = 20.0
"""Normally 0.6 s; a cold disk takes 3."""
STOP_S = 2.0
"""Time to say BYE to all phones; then it is killed."""
_LOG_BYTES = 20 << 20
_LOGS_KEPT = 5
_PASSED_ON = ("PATH", "TZ", "LANG", "LC_ALL", "HOME")


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that can't be mistaken for a later one of the same number."""

    pid: int
    started: int
    """Clock ticks after boot, field 22 of /proc/PID/stat."""

    @classmethod
    def of(cls, pid: int) -> "_Process | None":
        """None if there is no such process, or it has ended and only waits to be reaped."""
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        process = cls(pid, int(after_name[19]))
        return process if process.alive() else None

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
            return not watch.poll(0) and self._same()
        finally:
            os.close(handle)

    def _same(self) -> bool:
        try:
            return (
                int(Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[19]) == self.started
            )
        except OSError:
            return False

    def runs_with(self, file: Path) -> bool:
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(file) in words


class AsteriskHouse:
    """One instance, as planned. `start` first."""

    def __init__(self, plan: SwitchPlan, secrets: Secrets, installation: Installation) -> None:
        self.plan = plan
        self.secrets = secrets
        self.installation = installation
        self._process: _Process | None = None
        self._note = plan.home / "asterisk.json"

    @property
    def pid(self) -> int | None:
        """The running process, if any."""
        return self._process.pid if self._process is not None and self._process.alive() else None

    def address(self, account: str) -> AmiAddress:
        """Where `account` ("engine" or "supervisor") logs in."""
        return AmiAddress(
            host="127.0.0.1", port=self.plan.ami_port, user=account, secret=self.secrets.ami[account]
        )

    async def start(self) -> bool:
        """Adopt the instance that runs, else render its files and boot one. True if it was adopted.

        PortTaken, FolderUnusable or BootFailed, each one sentence. One that runs with other ports than
        planned is ended first.
        """
        if self.adopt():
            return True
        if (other := self._noted()) is not None:
            await _end(other, STOP_S)
        demand_free(self.plan.ports)
        render(self.plan, self.secrets, self.installation)
        self._rotate_logs()
        self._process = self._spawn()
        self._note.write_text(
            json.dumps({"pid": self._process.pid, "started": self._process.started, "plan": repr(self.plan)})
        )
        try:
            await self.wait_booted()
        except BaseException:
            await self.stop()
            raise
        return False

    def adopt(self) -> bool:
        """Take over an instance of exactly this plan that already runs, with all its calls."""
        noted = self._noted()
        if noted is None or self._noted_plan() != repr(self.plan):
            return False
        self._process = noted
        return True

    async def wait_booted(self, timeout_s: float = BOOT_S) -> None:
        """Until calls can come in. BootFailed with Asterisk's own words if they never will."""
        try:
            async with asyncio.timeout(timeout_s):
                while not await self._answers():
                    if self.pid is None:
                        raise BootFailed(f"Asterisk ended while starting. {self._last_words()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise BootFailed(
                f"Asterisk did not come up within {timeout_s:g} s. {self._last_words()}"
            ) from None
        for port in self.plan.ports:
            if not is_taken(port):
                raise BootFailed(
                    f"Asterisk does not listen on {port.name} ({port.what}). {self._last_words()}"
                )

    async def gone(self) -> None:
        """Wait until the process has ended, also if somebody else had started it."""
        if self._process is not None:
            await _end_of(self._process)

    async def stop(self, within_s: float = STOP_S) -> None:
        """End it: every phone gets its BYE, then it is killed after `within_s`. No harm if nothing runs."""
        process = self._process or self._noted()
        if process is not None:
            await _end(process, within_s)
        self._process = None
        self._note.unlink(missing_ok=True)
        if self.plan.run.parent != self.plan.home:
            for leftover in self.plan.run.glob("asterisk.*"):
                leftover.unlink(missing_ok=True)
            with suppress(OSError):
                self.plan.run.rmdir()

    # --- details ----------------------------------------------------------------------------------

    def _noted(self) -> _Process | None:
        try:
            note = json.loads(self._note.read_text())
            noted = _Process(int(note["pid"]), int(note["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return noted if noted.alive() and noted.runs_with(self.plan.conf) else None

    def _noted_plan(self) -> str:
        return str(json.loads(self._note.read_text()).get("plan", ""))

    def _spawn(self) -> _Process:
        program = str(self.installation.program)
        output = os.open(self.plan.log / "console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            pid = os.posix_spawn(
                program,
                [program, "-f", "-C", str(self.plan.conf)],
                {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, output, 2),
                ],
                setsid=True,
                setsigmask=(),
            )
        except OSError as failure:
            raise SwitchTrouble(f"{program}: can't be started ({failure.strerror}). Run: sh run.sh") from None
        finally:
            os.close(output)
        process = _Process.of(pid)
        if process is None:
            _reap(pid)
            raise BootFailed(f"Asterisk ended at once. {self._last_words()}")
        return process

    async def _answers(self) -> bool:
        limits = LinkLimits(connect_s=2.0)
        try:
            link = await open_link(self.address("supervisor"), limits)
        except (OSError, TelephonyError, TimeoutError):
            return False
        link.end(LinkLost("only looked whether it has booted"))
        return True

    def _last_words(self) -> str:
        """The errors of this start from its log, for the person at the terminal."""
        said = []
        for name in ("console.log", "messages.log"):
            with suppress(OSError):
                text = (self.plan.log / name).read_text("utf-8", "replace")
                said += [
                    line.strip() for line in text.splitlines()[-200:] if "ERROR" in line or "Unable" in line
                ]
        return f"It says: {said[-1]}" if said else f"Its log: {self.plan.log / 'messages.log'}"

    def _rotate_logs(self) -> None:
        """Start each run with small logs; while running, AMI's LoggerRotate does it."""
        for name in ("messages.log", "security.log", "console.log"):
            file = self.plan.log / name
            if not file.exists() or file.stat().st_size < _LOG_BYTES:
                continue
            for number in range(_LOGS_KEPT, 0, -1):
                older = file.with_name(f"{name}.{number}")
                if older.exists():
                    older.replace(file.with_name(f"{name}.{number + 1}"))
            file.with_name(f"{name}.{_LOGS_KEPT + 1}").unlink(missing_ok=True)
            file.replace(file.with_name(f"{name}.1"))


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


async def _end_of(process: _Process) -> None:
    """Works for children and for strangers: a pidfd turns readable when its process ends."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        if process.alive():
            await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    _reap(process.pid)


async def _end(process: _Process, within_s: float) -> None:
    if not process.alive():
        _reap(process.pid)
        return
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(within_s):
            await _end_of(process)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _end_of(process)
