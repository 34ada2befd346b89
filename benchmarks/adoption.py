"""How long 220 calls are without an engine that died: kill -9, and the next process takes them over.

    python benchmarks/adoption.py [--kills 6] [--waiting 200]

Twenty agents talk, two hundred citizens wait. From the start of the new process (the kernel's account) to
the engine's own word that the floor is taken over. See README.md beside this file.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._callers import Callers
from benchmarks._figures import Bar, machine, verdict
from benchmarks._morning import write_morning
from rexian.engine.control import NobodyThere, Refused, ask
from rexian.engine.state import decode
from rexian.telephony.secrets import Secrets
from rexian.telephony.switch import AmiAddress, connect
from simulators.phone import Phone, PickUp
from simulators.rig import Rig

AGENTS = 20
DIALLED_PER_S = 20
WITHIN_S = 2.0
PATIENCE_S = 60.0
APART_S = 12.0
"""Between kills: after a shorter life the supervisor believes the engine to be broken, and waits longer."""
RELEASED_WITHIN_S = 10.0


class PlacesLost(Exception):
    """Somebody was lost, or stands elsewhere than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One death and what came after it, in seconds."""

    gap_s: float
    """From the kill to the new process's word."""
    start_s: float
    """From the new process's start to its word."""
    calls: int


@dataclass(frozen=True, slots=True)
class Floor:
    """What is compared before and after: the line in its order, who is in a talk, every call's own state."""

    line: tuple[str, ...]
    talking: int
    states: Mapping[str, tuple[str, Any, Any]]
    """By channel, as the switch has it: stage, queue, joined at."""


class Bench:
    """The system under load, and questions to it."""

    def __init__(self, rig: Rig, seats: list[Phone]) -> None:
        self.rig, self.seats = rig, seats
        self._door = rig.home / "run" / "engine.sock"
        self._log = rig.home / "log" / "engine.log"
        secrets = Secrets.load_or_create(rig.home / "secrets.json")
        port = int(rig.environment["REXIAN_AMI_PORT"])
        self._ami = AmiAddress(
            host="127.0.0.1", port=port, user="supervisor", secret=secrets.ami["supervisor"]
        )

    async def floor(self) -> Floor:
        """The engine's line, and the switch's own channel variables."""
        snapshot = await ask(self._door, {"do": "snapshot"})
        async with connect(self._ami, lambda _: None) as switch:
            channels = await switch.live_channels()
        states = {}
        for channel in channels:
            if channel.state_var:
                state = decode(channel.state_var)
                states[str(channel.channel)] = (state.stage.value, state.queue, state.joined_at)
        line = tuple(str(each["call"]) for each in snapshot["waiting"])
        return Floor(line=line, talking=snapshot["status"]["talking"], states=states)

    async def settled(self, waiting: int, talking: int) -> None:
        """Until so many wait and talk. PlacesLost if they never do."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                status = await ask(self._door, {"do": "status"})
            except (NobodyThere, Refused):
                status = {"waiting": 0, "talking": 0}
            if (status["waiting"], status["talking"]) == (waiting, talking):
                return
            if time.monotonic() > deadline:
                raise PlacesLost(f"{waiting} should wait and {talking} talk, but it is {status}")
            await asyncio.sleep(0.2)

    async def kill(self) -> Adoption:
        """Kill -9, and wait for the next engine's word."""
        known = self._words()
        old = _pid(self.rig.home)
        killed_at = time.clock_gettime(time.CLOCK_REALTIME)
        os.kill(old, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while len(words := self._words()) == len(known):
            if time.monotonic() > deadline:
                raise PlacesLost(f"no engine took over within {PATIENCE_S:g} s\n{self.rig.last_words()}")
            await asyncio.sleep(0.2)
        taken_at, calls = words[-1]
        began_at = started_at(_pid(self.rig.home))
        return Adoption(gap_s=taken_at - killed_at, start_s=taken_at - began_at, calls=calls)

    def _words(self) -> list[tuple[float, int]]:
        """When an engine had taken the floor over, and how many calls, by its log."""
        found = []
        for line in self._log.read_text(encoding="utf-8").splitlines():
            if '"the floor is taken over"' in line:
                word = json.loads(line)
                found.append((datetime.fromisoformat(word["timestamp"]).timestamp(), int(word["calls"])))
        return found

    async def release_all(self) -> list[str]:
        """All agents hang up; the numbers of those whose call comes next, sorted."""
        before = [phone.calls[-1] for phone in self.seats]
        await asyncio.gather(*(call.hang_up() for call in before))
        deadline = time.monotonic() + RELEASED_WITHIN_S
        while any(phone.calls[-1] is call for phone, call in zip(self.seats, before, strict=True)):
            if time.monotonic() > deadline:
                raise PlacesLost("citizens wait, but not every freed agent was called")
            await asyncio.sleep(0.05)
        return sorted(phone.calls[-1].number for phone in self.seats)


def _pid(home: Path) -> int:
    return int((home / "run" / "engine.pid").read_text().split()[0])


def started_at(pid: int) -> float:
    """The kernel's start of a process on the wall clock, to 10 ms."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_REALTIME) - age_s


@asynccontextmanager
async def under_load(waiting: int, first_number: int) -> AsyncIterator[Bench]:
    """Twenty agents signed in and talking, `waiting` citizens in the line."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rexian-bench-")))
        rig = stack.enter_context(
            Rig(defaults={"after_call_work_s": 0}, edit=lambda config: write_morning(config.parent))
        )
        extensions = [extension for extension in rig.accounts if extension.startswith("80")][:AGENTS]
        seats = [rig.seat(extension, tone_hz=1200, keep_sound=False) for extension in extensions]
        for seat in seats:
            await stack.enter_async_context(seat)
            seat.on_call = PickUp()
            await seat.register()
        bench = Bench(rig, seats)
        for extension in extensions:
            await ask(rig.home / "run" / "engine.sock", {"do": "agent", "verb": "in", "seat": extension})
        callers = Callers(
            server=rig.server,
            callee="12345",
            calls=AGENTS + waiting,
            rate=DIALLED_PER_S,
            stay_ms=900_000,
            first_number=first_number,
        )
        sipp = await callers.start(folder)
        stack.callback(sipp.kill)
        await bench.settled(waiting, AGENTS)
        yield bench


def unchanged(before: Floor, after: Floor) -> None:
    """PlacesLost if anybody is gone or stands elsewhere."""
    if after.line != before.line:
        moved = sum(a != b for a, b in zip(before.line, after.line, strict=False))
        raise PlacesLost(f"{len(before.line)} waited and {len(after.line)} wait now; {moved} stand elsewhere")
    if after.talking != before.talking or after.states != before.states:
        changed = {name for name in before.states if after.states.get(name) != before.states[name]}
        raise PlacesLost(
            f"{before.talking} talks, now {after.talking}; states changed: {sorted(changed)[:5]}"
        )


def parts(home: Path, environment: Mapping[str, str]) -> list[tuple[str, float]]:
    """What a start is made of, each measured by itself; seconds of the fastest of three runs."""
    program = Path(__file__).with_name("_start_parts.py")
    runs = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="rexian-bench-") as folder:
            for name in ("journal", "journal.key"):
                source = home / name
                if source.is_dir():
                    shutil.copytree(source, Path(folder) / name)
                elif source.exists():
                    shutil.copy(source, folder)
            done = subprocess.run(
                [sys.executable, str(program), folder],
                env=dict(environment),
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            runs.append(json.loads(done.stdout))
    return [(name, min(run[name] for run in runs)) for name in runs[0]]


async def measure(kills: int, waiting: int) -> int:
    """The exit status."""
    print(machine())
    first_number = 13_900_000_001
    adoptions = []
    async with under_load(waiting, first_number) as bench:
        print(f"no dice in it: callers dial in order of their numbers; {AGENTS} talk, {waiting} wait")
        before = await bench.floor()
        for _ in range(kills):
            adoption = await bench.kill()
            await bench.settled(waiting, AGENTS)
            unchanged(before, await bench.floor())
            adoptions.append(adoption)
            print(
                f"  {adoption.calls} calls taken over {adoption.start_s:.2f} s after the process's start, "
                f"{adoption.gap_s:.2f} s after the kill",
                flush=True,
            )
            await asyncio.sleep(APART_S)
        next_ones = await bench.release_all()
        expected = [str(first_number + AGENTS + n) for n in range(AGENTS)]
        if next_ones != expected:
            raise PlacesLost(f"the first {AGENTS} of the line were not called next: {next_ones}")
        made_of = parts(bench.rig.home, bench.rig.environment)
        journal_mb = sum(file.stat().st_size for file in (bench.rig.home / "journal").glob("*.journal")) / 1e6
    starts = [adoption.start_s for adoption in adoptions]
    print(
        f"process's start -> all taken over: p50 {median(starts):.2f} s, max {max(starts):.2f} s, n {kills}"
    )
    print(f"  the journal held {journal_mb:.1f} MB")
    print("  of it, each measured by itself: " + ", ".join(f"{name} {s:.2f} s" for name, s in made_of))
    rest = median(starts) - sum(s for _, s in made_of)
    print(f"  the rest, {rest:.2f} s, is AMI: log-in, asking the switch, taking over")
    return verdict([Bar(what="seconds, the slowest", ratio=max(starts), at_most=WITHIN_S)])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--waiting", type=int, default=200)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended then too
    try:
        return asyncio.run(measure(given.kills, given.waiting))
    except PlacesLost as why:
        print(f"MISSED  nobody lost, places unchanged: {why}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
