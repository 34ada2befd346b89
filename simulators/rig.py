"""A whole private system for one test or one benchmark: own folder, own ports, nobody's crowd.

    with Rig(defaults={"after_call_work_s": 0}) as rig:
        async with rig.seat("8001", tone_hz=1200) as seat, rig.citizen("13900001234") as citizen:
            await rig.put_to_work(seat)
            call = await citizen.dial("12345")
            …
        record = await rig.record_of("13900001234")

It is started and asked as any user would do it: `rexian up`, `rexian calls --jsonl`.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ruamel.yaml import YAML

from simulators.milestone import NotInTime
from simulators.phone import Account, Phone
from simulators.rig_ports import Ports, held_ports
from simulators.udp import Address

ROOT = Path(__file__).resolve().parents[1]

READY_WITHIN_S = 45.0
STOPPED_WITHIN_S = 6.0
_COMMAND_WITHIN_S = 30.0


class RigFailed(Exception):
    """The private system did not do what it should; the message ends with its last words."""


class Rig:
    """Started by `with`, stopped and wiped at its end; kept in its folder if REXIAN_KEEP_RIGS is set.

    `defaults` go into agents.yaml, `edit` may change anything else in a copy of config/ before the
    start, `settings` are further environment variables.
    """

    def __init__(
        self,
        *,
        defaults: Mapping[str, int] | None = None,
        edit: Callable[[Path], object] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._defaults = dict(defaults or {})
        self._edit = edit
        self._settings = dict(settings or {})
        self._ends = ExitStack()
        self._up: subprocess.Popen[bytes] | None = None
        self._accounts: dict[str, Account] = {}
        self.home = Path()
        """Everything the system writes."""
        self.environment: dict[str, str] = {}
        """For commands of one's own against this system."""

    def __enter__(self) -> Self:
        try:
            self._prepare(self._ends.enter_context(held_ports()))
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    # -- the system ------------------------------------------------------------------------------

    def start(self) -> None:
        """`rexian up`, until it can take calls. RigFailed if it can't in time."""
        with (self.home / "up.log").open("ab") as log:
            self._up = subprocess.Popen(
                self._command("up"),
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while self._run("status", "--json").returncode != 0:
            if self._up.poll() is not None or time.monotonic() > deadline:
                raise RigFailed(f"`rexian up` cannot take calls.\n{self.last_words()}")
            time.sleep(0.1)

    def stop(self) -> float:
        """Ends `rexian up` as Ctrl-C does; how many seconds that took. RigFailed if it will not go."""
        if self._up is None:
            return 0.0
        begun = time.monotonic()
        self._up.send_signal(signal.SIGINT)
        try:
            self._up.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._kill_what_is_left()
            raise RigFailed(
                f"`rexian up` did not end in {STOPPED_WITHIN_S} s.\n{self.last_words()}"
            ) from None
        self._up = None
        return time.monotonic() - begun

    def last_words(self, lines: int = 25) -> str:
        """The ends of its logs."""
        told = []
        for log in [self.home / "up.log", *sorted((self.home / "log").glob("*.log"))]:
            if log.exists():
                tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
                told.append("\n".join([f"--- {log.name}", *tail]))
        return "\n".join(told)

    async def kill_engine(self) -> int:
        """kill -9 of the engine; the pid that died."""
        pid = int((await self.status())["engine_pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    # -- phones ----------------------------------------------------------------------------------

    @property
    def server(self) -> Address:
        """Where its switch takes SIP."""
        return next(iter(self._accounts.values())).server

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Seats 8001 to 8020 and the citizens' accounts, by extension."""
        return self._accounts

    def seat(self, extension: str, *, tone_hz: int | None = None, keep_sound: bool = True) -> Phone:
        """The phone of a seat, switched off: use it in `async with`."""
        return Phone(self._accounts[extension], tone_hz=tone_hz, keep_sound=keep_sound)

    def citizen(self, number: str, *, tone_hz: int | None = None, keep_sound: bool = True) -> Phone:
        """A citizen's phone behind the trunk, switched off. Any number, even an impossible one."""
        return Phone(Account.on_trunk(self.server, number), tone_hz=tone_hz, keep_sound=keep_sound)

    async def put_to_work(self, *seats: Phone) -> None:
        """Registers these phones and signs their usual people in, all by *40, as people do."""
        await asyncio.gather(*(seat.register() for seat in seats))
        for seat in seats:
            call = await seat.dial("*40")
            await call.answered()
            await call.ended(within_s=30)

    # -- what the system says ----------------------------------------------------------------------

    async def rexian(self, *arguments: str) -> str:
        """Output of a `rexian` command. RigFailed with its own words if it fails."""
        done = await asyncio.to_thread(self._run, *arguments)
        if done.returncode != 0:
            command = " ".join(arguments)
            raise RigFailed(f"`rexian {command}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    async def status(self) -> dict[str, Any]:
        """`rexian status --json`, whatever its exit status."""
        done = await asyncio.to_thread(self._run, "status", "--json")
        return dict(json.loads(done.stdout))

    async def calls(self, *, since: str | None = None) -> list[dict[str, Any]]:
        """Every finished call, oldest first."""
        return _objects(await self.rexian("calls", "--jsonl", *(["--since", since] if since else [])))

    async def orders(self, *, since: str | None = None) -> list[dict[str, Any]]:
        """Every work order."""
        return _objects(await self.rexian("orders", "--jsonl", *(["--since", since] if since else [])))

    async def record_of(self, number: str, within_s: float = 5.0) -> dict[str, Any]:
        """The one record of the caller `number`, found by its masked form: give each caller of a test
        another first three and last four digits. NotInTime if it does not come, RigFailed if there
        are several."""
        masked = f"{number[:3]}****{number[-4:]}"
        deadline = time.monotonic() + within_s
        while True:
            records = await self.calls()
            found = [record for record in records if record["ani"] == masked]
            if len(found) == 1:
                return found[0]
            if found:
                raise RigFailed(f"{len(found)} records for one call of {masked}: {found}")
            if time.monotonic() > deadline:
                seen = [(record["ani"], record["outcome"]) for record in records]
                raise NotInTime(f"no record of {masked} within {within_s:g} s; there are {seen}")
            await asyncio.sleep(0.1)

    # -- within --------------------------------------------------------------------------------------

    def _prepare(self, ports: Ports) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rexian-rig-"))
        if not os.environ.get("REXIAN_KEEP_RIGS"):
            self._ends.callback(shutil.rmtree, self.home, ignore_errors=True)
        config = self.home / "config"
        shutil.copytree(ROOT / "config", config)
        self._set_defaults(config / "agents.yaml")
        if self._edit is not None:
            self._edit(config)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REXIAN_")}
        private = {"REXIAN_HOME": str(self.home), "REXIAN_CONFIG": str(config), "CROWD": "0"}
        self.environment = {**inherited, **private, **ports.settings(), **self._settings}
        listed = self._run("phones", "--json")
        if listed.returncode != 0:
            raise RigFailed(f"`rexian phones` ended with {listed.returncode}: {listed.stderr.strip()}")
        for entry in json.loads(listed.stdout):
            self._accounts[str(entry["extension"])] = Account.of(entry)

    def _set_defaults(self, file: Path) -> None:
        if not self._defaults:
            return
        yaml = YAML()
        agents = yaml.load(file.read_text(encoding="utf-8"))
        agents["defaults"].update(self._defaults)
        with file.open("w", encoding="utf-8") as changed:
            yaml.dump(agents, changed)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "rexian.cli", *arguments]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments),
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_WITHIN_S,
            check=False,
        )

    def _leave(self) -> None:
        with self._ends:
            try:
                self.stop()
            finally:
                if self.home != Path():
                    self._kill_what_is_left()

    def _kill_what_is_left(self) -> None:
        """Only what carries our folder's name, which is nobody else's, in its command or environment."""
        for process in Path("/proc").glob("[0-9]*"):
            if process.name != str(os.getpid()) and str(self.home) in _traces_of(process):
                with suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)
        if self._up is not None:
            self._up.wait()
            self._up = None


def _objects(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line.strip()]


def _traces_of(process: Path) -> str:
    """Command line and environment of a process; empty if it is gone or not ours."""
    try:
        return "".join((process / name).read_text(errors="replace") for name in ("cmdline", "environ"))
    except OSError:
        return ""
