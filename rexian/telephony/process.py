"""One Asterisk of our own: started, adopted, watched and ended.

It runs in a session of its own and outlives whoever started it: when the supervisor is killed the calls
go on, and the next supervisor adopts the process. Found again by a note of its pid and start time, and
believed only if /proc shows that process with our configuration file in its command line.
"""

import asyncio
import json
import os
from contextlib import suppress

from rexian.host.processes import Process, rotate, spawn
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
_LOGS = ("messages.log", "security.log")
"""Put aside at each start when they have grown; while running, AMI's LoggerRotate does it."""
_PASSED_ON = ("PATH", "TZ", "LANG", "LC_ALL", "HOME")


class AsteriskHouse:
    """One instance, as planned. `start` first."""

    def __init__(self, plan: SwitchPlan, secrets: Secrets, installation: Installation) -> None:
        self.plan = plan
        self.secrets = secrets
        self.installation = installation
        self._process: Process | None = None
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
            await other.end(STOP_S)
        demand_free(self.plan.ports)
        render(self.plan, self.secrets, self.installation)
        for name in _LOGS:
            rotate(self.plan.log / name)
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
            await self._process.ended()

    async def stop(self, within_s: float = STOP_S) -> None:
        """End it: every phone gets its BYE, then it is killed after `within_s`. No harm if nothing runs."""
        process = self._process or self._noted()
        if process is not None:
            await process.end(within_s)
        self._process = None
        self._note.unlink(missing_ok=True)
        if self.plan.run.parent != self.plan.home:
            for leftover in self.plan.run.glob("asterisk.*"):
                leftover.unlink(missing_ok=True)
            with suppress(OSError):
                self.plan.run.rmdir()

    # --- details ----------------------------------------------------------------------------------

    def _noted(self) -> Process | None:
        try:
            note = json.loads(self._note.read_text())
            noted = Process(int(note["pid"]), int(note["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return noted if noted.alive() and noted.runs_with(self.plan.conf) else None

    def _noted_plan(self) -> str:
        return str(json.loads(self._note.read_text()).get("plan", ""))

    def _spawn(self) -> Process:
        program = str(self.installation.program)
        command = [program, "-f", "-C", str(self.plan.conf)]
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            pid = spawn(command, self.plan.log / "console.log", environment)
        except OSError as failure:
            raise SwitchTrouble(f"{program}: can't be started ({failure.strerror}). Run: sh run.sh") from None
        process = Process.of(pid)
        if process is None:
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
