"""What a call costs that hears the notice and the menu and leaves: this system against a bare dialplan.

    python benchmarks/menu_only.py [--seed N] [--calls 600] [--repeats 2]

Forty such calls a second. Processor time of Asterisk and the engine with records on, over that of an
Asterisk whose dialplan answers and plays the same prompts, with its own call list on. See README.md.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks._callers import Callers, CallsFailed
from benchmarks._cpu import cpu_s
from benchmarks._figures import Bar, machine, seed_or, verdict
from benchmarks._private_switch import NATIVE_MENU, private_switch
from benchmarks._sounds import spoken_s
from simulators.rig import Rig

RATE = 40
INTO_THE_MENU_S = 1.0
"""So long the caller listens to the menu."""
SETTLE_S = 4.0
"""Records are in the database, recordings closed, the call list written: all of it is counted."""
AT_MOST = 2.0


@dataclass(frozen=True, slots=True)
class Script:
    """What is played. `short` has almost no sound, so that the work for a call shows, not its media."""

    name: str
    notice: str
    menu: str


SCRIPTS = (Script("short", "k.in", "bye"), Script("city", "g.notice", "m.main"))


@dataclass(slots=True)
class Spent:
    """Processor seconds of one script's calls."""

    calls: int = 0
    asterisk_s: float = 0.0
    engine_s: float = 0.0
    supervisor_s: float = 0.0
    native_s: float = 0.0
    ratios: list[float] = field(default_factory=list)


def with_script(script: Script) -> Callable[[Path], None]:
    """A city that says these words."""

    def edit(config: Path) -> None:
        yaml = YAML()
        menus = yaml.load((config / "menus.yaml").read_text(encoding="utf-8"))
        menus["notice"] = script.notice
        menus["menus"]["m.main"]["prompt"] = script.menu
        with (config / "menus.yaml").open("w", encoding="utf-8") as file:
            yaml.dump(menus, file)

    return edit


async def one_script(script: Script, numbers: random.Random, calls: int, repeats: int) -> Spent:
    """Engine and dialplan in turn, `repeats` times. CallsFailed if a call fails or has no record."""
    spent = Spent()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rexian-bench-")))
        rig = stack.enter_context(Rig(edit=with_script(script)))
        house = await stack.enter_async_context(private_switch(folder, (script.notice, script.menu)))
        assert house.pid is not None
        status = await rig.status()
        stay_ms = round((spoken_s(script.notice) + INTO_THE_MENU_S) * 1000)
        for _ in range(repeats):
            first = 13_000_000_000 + numbers.randrange(900_000_000)
            pids = (status["asterisk_pid"], status["engine_pid"], status["up_pid"], house.pid)
            before = [cpu_s(pid) for pid in pids]
            for server, callee in ((rig.server, "12345"), (("127.0.0.1", house.plan.sip_port), NATIVE_MENU)):
                batch = Callers(
                    server=server, callee=callee, calls=calls, rate=RATE, stay_ms=stay_ms, first_number=first
                )
                await batch.run(folder)
                await asyncio.sleep(SETTLE_S)
            used = [cpu_s(pid) - start for pid, start in zip(pids, before, strict=True)]
            spent.calls += calls
            spent.asterisk_s += used[0]
            spent.engine_s += used[1]
            spent.supervisor_s += used[2]
            spent.native_s += used[3]
            spent.ratios.append((used[0] + used[1]) / used[3])
        await _all_recorded(rig, spent.calls)
    return spent


async def _all_recorded(rig: Rig, calls: int) -> None:
    outcomes = [record["outcome"] for record in await rig.calls()]
    if outcomes != ["abandoned_menu"] * calls:
        seen = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
        raise CallsFailed(f"{calls} calls left in the menu, the records say {seen}")


async def measure(seed: int, calls: int, repeats: int, scripts: Sequence[Script]) -> int:
    print(machine())
    print(f"seed {seed}; {repeats} x {calls} calls a side, {RATE}/s, callers send no sound, records on")
    numbers = random.Random(seed)
    bars = []
    for script in scripts:
        spent = await one_script(script, numbers, calls, repeats)
        ms = {
            name: 1000 * getattr(spent, f"{name}_s") / spent.calls
            for name in ("asterisk", "engine", "native", "supervisor")
        }
        print(
            f"  {script.name:6} a call: Asterisk {ms['asterisk']:.2f} + engine {ms['engine']:.2f} ms, "
            f"native dialplan {ms['native']:.2f} ms (beside it `rexian up`: {ms['supervisor']:.2f} ms); "
            f"by repeat {', '.join(f'{ratio:.2f}' for ratio in spent.ratios)}",
            flush=True,
        )
        ratio = (spent.asterisk_s + spent.engine_s) / spent.native_s
        bars.append(Bar(what=f"{script.name}: (Asterisk + engine) / native", ratio=ratio, at_most=AT_MOST))
    return verdict(bars)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only", choices=[script.name for script in SCRIPTS])
    given = parser.parse_args()
    scripts = [script for script in SCRIPTS if given.only in (None, script.name)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended then too
    try:
        return asyncio.run(measure(seed_or(given.seed), given.calls, given.repeats, scripts))
    except CallsFailed as why:
        print(f"MISSED  none failed: {why}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
