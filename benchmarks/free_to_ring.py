"""How long a freed agent's phone stays silent while citizens wait: the engine, the floor, app_queue.

    python benchmarks/free_to_ring.py [--seed N] [--rounds 4] [--seconds 28]

From the arrival of the agent's BYE to the arrival of the next INVITE at that phone, by the kernel's time
stamps. Twenty agents, talks of 2 to 4 s drawn from the seed (a fixed talk time would measure only the
fraction of a second at which talks end), RTP both ways in every call. See README.md beside this file.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from ruamel.yaml import YAML

from benchmarks._figures import Bar, machine, percentile, seed_or, spread, verdict
from benchmarks._phones import Phones, Talk
from benchmarks._private_switch import BARE_CONTEXT, NATIVE_QUEUE, private_switch, seats_of
from benchmarks._silence import PARTS, Silence, Watch
from benchmarks._sounds import spoken_s
from benchmarks._wire import Wire
from rexian.engine.control import ask
from rexian.telephony.process import AsteriskHouse
from simulators.clock import wall_now
from simulators.phone import Account
from simulators.rig import Rig

SHORTEST_S, LONGEST_S = 2.0, 4.0
WAITING = 20
SETTLE_S = 8.0
"""Until the talks no longer end in step."""
TAIL_S = 2.5
"""After the last BYE that counts the round goes on for so long, so that no long silence is left out."""
RECORDS_WITHIN_S = 5.0
ENOUGH = 300


@dataclass(slots=True)
class Side:
    """What was seen of one way to bring an agent and a citizen together."""

    name: str
    waiting: int
    silences: list[Silence] = field(default_factory=list)
    fewest_waiting: int = 10**6
    served: int = 0
    failed: int = 0

    @property
    def ms(self) -> list[float]:
        """All of them."""
        return [silence.ms for silence in self.silences]


@dataclass(slots=True)
class Bench:
    """Both switches and all phones."""

    rig: Rig
    house: AsteriskHouse
    phones: Phones
    watch: Watch

    async def round(self, side: Side, seconds: float) -> None:
        """One stretch of one side."""
        hall = "engine" if side.name == "engine" else "native"
        await self.phones.ask("work", hall, waiting=side.waiting)
        async with AsyncExitStack() as stack:
            if side.name == "bare":
                await stack.enter_async_context(idle_script(self.house))
            await asyncio.sleep(SETTLE_S)
            since = wall_now()
            await asyncio.sleep(seconds)
            until = wall_now()
            await asyncio.sleep(TAIL_S)
            seen = await self.phones.ask("look", hall)
        rested = await self.phones.ask("rest", hall)
        here = self.watch.between(since, until)
        side.silences += here
        side.served += rested["served"]
        side.failed = rested["failed"]
        side.fewest_waiting = min(side.fewest_waiting, seen["fewest_waiting"])
        print(f"  {side.name:7} {spread([silence.ms for silence in here])}", flush=True)


@asynccontextmanager
async def idle_script(house: AsteriskHouse) -> AsyncIterator[None]:
    """Runs until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks._idle_script", stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    address = house.address("engine")
    told = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "secret": address.secret,
        "context": BARE_CONTEXT,
        "endpoints": [seat.user for seat in seats_of(house)],
    }
    process.stdin.write(json.dumps(told).encode() + b"\n")
    try:
        yield
    finally:
        process.stdin.close()
        await process.wait()


def queued_at_once(config: Path) -> None:
    """No notice and no menu, like the callers of app_queue. All else stays as the demo city has it."""
    for name, changes in (
        ("hotline.yaml", {"mode": "direct"}),
        ("menus.yaml", {"notice": [], "connecting": []}),
    ):
        yaml = YAML()
        content = yaml.load((config / name).read_text(encoding="utf-8"))
        content.update(changes)
        with (config / name).open("w", encoding="utf-8") as file:
            yaml.dump(content, file)


@asynccontextmanager
async def bench(seed: int) -> AsyncIterator[Bench]:
    """The engine's system, the private switch, twenty phones at each, everybody signed in."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rexian-bench-")))
        rig = stack.enter_context(Rig(defaults={"after_call_work_s": 0}, edit=queued_at_once))
        house = await stack.enter_async_context(private_switch(folder))
        phones = await Phones.start()
        stack.push_async_callback(phones.end)
        watch = Watch(
            sip_ports=frozenset((rig.server[1], house.plan.sip_port)),
            ami_ports=frozenset((int(rig.environment["REXIAN_AMI_PORT"]), house.plan.ami_port)),
        )
        ours = [account for extension, account in rig.accounts.items() if extension.startswith("80")]
        talk = {"shortest_s": SHORTEST_S, "longest_s": LONGEST_S}
        # The talk begins when both have heard the agent's number; app_queue has nothing like it.
        after_the_number = Talk(**talk, lead_s=spoken_s("a.gonghao.1001"))
        for hall, seats, callee, how_long in (
            ("engine", ours, "12345", after_the_number),
            ("native", seats_of(house), NATIVE_QUEUE, Talk(**talk)),
        ):
            ports = await phones.open(hall, seats, callee, how_long, seed)
            watch.seat_at.update({port: f"{hall} {extension}" for port, extension in ports.items()})
            watch.seat_of.update({seat.user: f"{hall} {seat.extension}" for seat in seats})
        await sign_in(rig, ours)
        stack.enter_context(Wire([*watch.sip_ports, *watch.ami_ports], watch.take))
        yield Bench(rig, house, phones, watch)


async def sign_in(rig: Rig, seats: list[Account]) -> None:
    """Every seat's usual person, ready."""
    for seat in seats:
        door = rig.home / "run" / "engine.sock"
        await ask(door, {"do": "agent", "verb": "in", "seat": seat.extension})


async def records_are_complete(rig: Rig, served: int) -> bool:
    """Whether every talk has its record with a recording, and says so."""
    await asyncio.sleep(RECORDS_WITHIN_S)
    records = [record for record in await rig.calls() if record["outcome"] == "served"]
    recorded = sum(record["recording"] is not None for record in records)
    print(f"  talks {served}, records of served calls {len(records)}, with a recording {recorded}")
    return len(records) == served == recorded


async def measure(seed: int, rounds: int, seconds: float) -> int:
    """The exit status."""
    print(machine())
    print(f"seed {seed}; {rounds} rounds of {seconds:g} s a side, in turn")
    bare, engine, native = sides = (Side("bare", 0), Side("engine", WAITING), Side("native", WAITING))
    async with bench(seed) as running:
        for _ in range(rounds):
            for side in sides:
                await running.round(side, seconds)
        complete = await records_are_complete(running.rig, engine.served)
    print("agent's BYE -> next INVITE at that phone, by the kernel's time stamps")
    for side in sides:
        waiting = f"   never fewer than {side.fewest_waiting} waited" if side.waiting else ""
        print(f"  {side.name:7} {spread(side.ms)}{waiting}")
    for side in (bare, engine):
        for what, begin, end in PARTS:
            took = [part for each in side.silences if (part := each.part(begin, end)) is not None]
            if took:
                print(f"  {side.name:7} {what:28} {spread(took)}")
    p50 = {side.name: median(side.ms) for side in sides}
    p95 = {side.name: percentile(side.ms, 0.95) for side in sides}
    print(f"  engine / bare at p95: {p95['engine'] / p95['bare']:.2f} (no bar)")
    sound = complete and all(len(side.silences) >= ENOUGH for side in sides)
    if not sound or engine.fewest_waiting == 0 or native.fewest_waiting == 0:
        print(f"MISSED  a record for every talk, citizens always waiting, {ENOUGH} samples a side")
    status = verdict(
        [
            Bar(what="engine / bare, p50", ratio=p50["engine"] / p50["bare"], at_most=1.5),
            Bar(what="native / engine, p50", ratio=p50["native"] / p50["engine"], at_least=60),
            Bar(what="native / engine, p95", ratio=p95["native"] / p95["engine"], at_least=80),
        ]
    )
    return status if sound else 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=28.0)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended then too
    try:
        return asyncio.run(measure(seed_or(given.seed), given.rounds, given.seconds))
    except PermissionError:
        print("the kernel's time stamps of other programs' packets need root or CAP_NET_RAW: run it as root")
        return 1


if __name__ == "__main__":
    sys.exit(main())
