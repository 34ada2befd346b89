"""All phones of a benchmark, in a process of their own so that they can't slow what is measured.

    python -m benchmarks._phones        one line of JSON in, one line of JSON out; see `Phones`, its other end

Twenty seats pick up at once, talk for a time from the seed's dice and hang up. A citizen is there for
each of them, and others wait: whenever one of those is taken, a new one dials. Everybody sends RTP.
"""

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self

from simulators.incoming_call import IncomingCall
from simulators.milestone import PhoneError
from simulators.phone import Account, NoAnswer, Phone, PickUp

TOP_UP_S = 0.1
"""So often the waiting line is looked at."""
RATES_AFTER_S = 0.6
"""So long after the agent has left the citizen presses a key, if the call is still there."""
LEAVES_AFTER_S = 8.0
LONGEST_CALL_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """How long an agent stays after picking up: `lead_s`, and uniformly between the other two."""

    shortest_s: float
    longest_s: float
    lead_s: float = 0.0


class Crowd:
    """The citizens behind one trunk: `wanted` of them wait, answered and not yet taken by an agent."""

    def __init__(self, server: tuple[str, int], callee: str) -> None:
        self._server, self._callee = server, callee
        self._serial = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: dict[str, asyncio.Event] = {}
        self._waiting: set[str] = set()
        self._coming: set[str] = set()
        self.wanted = 0
        self.failed = 0
        """Calls that the switch refused or that ended before an agent came."""

    @property
    def waiting(self) -> int:
        """So many hear music now."""
        return len(self._waiting)

    @property
    def alive(self) -> int:
        """Calls that are not over."""
        return len(self._tasks)

    async def keep_the_line_filled(self) -> None:
        """Until cancelled."""
        while True:
            for _ in range(self.wanted - len(self._waiting) - len(self._coming)):
                self._begin()
            await asyncio.sleep(TOP_UP_S)

    def _begin(self) -> None:
        self._serial += 1
        number = f"139{self._serial:08}"
        self._coming.add(number)
        task = asyncio.create_task(self._call(number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, number: str) -> None:
        self._left[number] = left = asyncio.Event()
        try:
            async with Phone(Account.on_trunk(self._server, number), tone_hz=2250, keep_sound=False) as phone:
                call = await phone.dial(self._callee)
                await call.answered()
                if number in self._coming:
                    self._coming.discard(number)
                    self._waiting.add(number)
                over = asyncio.create_task(call.ended(LONGEST_CALL_S))
                gone = asyncio.create_task(left.wait())
                await asyncio.wait([over, gone], return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                if call.over.reached or number in self._waiting:
                    self.failed += call.over.reached and number in self._waiting
                    return
                await asyncio.sleep(RATES_AFTER_S)
                if not call.over.reached:
                    with suppress(ConnectionError, TimeoutError):
                        await asyncio.wait_for(call.press("5"), LEAVES_AFTER_S)
                await asyncio.wait([over], timeout=LEAVES_AFTER_S)
                over.cancel()
        except (PhoneError, NoAnswer):
            self.failed += 1
        finally:
            for known in (self._coming, self._waiting):
                known.discard(number)
            del self._left[number]

    def taken(self, number: str) -> None:
        """An agent's phone rings for this citizen."""
        self._coming.discard(number)
        self._waiting.discard(number)

    def left_by_agent(self, number: str) -> None:
        """The agent has hung up."""
        if number in self._left:
            self._left[number].set()

    async def send_home(self) -> None:
        """Whoever waits hangs up, talks come to their own end; back when nobody is left."""
        self.wanted = 0
        for number in (*self._waiting, *self._coming):
            self._left[number].set()
        if self._tasks:
            await asyncio.wait(self._tasks)


class Hall:
    """Twenty seats at one switch, and the citizens who call it."""

    def __init__(self, seats: Sequence[Account], callee: str, talk: Talk, dice: random.Random) -> None:
        self.phones = [Phone(seat, tone_hz=1200, keep_sound=False) for seat in seats]
        self.crowd = Crowd(seats[0].server, callee)
        self._talk, self._dice = talk, dice
        self.served = 0
        self.fewest_waiting = 10**6
        """The shortest line that an agent who hung up left behind."""

    async def open(self) -> dict[int, str]:
        """Registers all seats; their ports with their extensions."""
        for phone in self.phones:
            phone.on_call = PickUp()
            await phone.__aenter__()
            await phone.register()
        return {phone.address[1]: phone.account.extension for phone in self.phones}

    async def work(self) -> None:
        """Every agent takes calls, and the line is kept filled, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.crowd.keep_the_line_filled())
            for phone in self.phones:
                group.create_task(self._serve(phone))

    async def _serve(self, phone: Phone) -> None:
        while True:
            call = await phone.ringing(within_s=86_400)
            number = call.number
            self.crowd.taken(number)
            with suppress(PhoneError, NoAnswer):
                await self._talk_to(call)
            self.crowd.left_by_agent(number)

    async def _talk_to(self, call: IncomingCall) -> None:
        await call.answered()
        talk = self._talk
        await asyncio.wait(
            [ended := asyncio.create_task(call.ended(LONGEST_CALL_S))],
            timeout=talk.lead_s + self._dice.uniform(talk.shortest_s, talk.longest_s),
        )
        ended.cancel()
        if not call.over.reached:
            self.served += 1
            self.fewest_waiting = min(self.fewest_waiting, self.crowd.waiting)
            await call.hang_up()

    async def rest(self) -> None:
        """Everybody goes home; back when no call is left at any phone."""
        await self.crowd.send_home()
        for phone in self.phones:
            for call in phone.calls[-2:]:
                await call.ended(LONGEST_CALL_S)

    def figures(self) -> dict[str, int]:
        """Since the last `work`; `failed` since the beginning."""
        return {
            "waiting": self.crowd.waiting,
            "fewest_waiting": self.fewest_waiting,
            "served": self.served,
            "failed": self.crowd.failed,
        }

    async def close(self) -> None:
        for phone in self.phones:
            await phone.__aexit__(None, None, None)


async def _serve_commands() -> None:
    halls: dict[str, Hall] = {}
    work: asyncio.Task[None] | None = None
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        answer: dict[str, Any] = {}
        match asked["do"]:
            case "open":
                seats = [Account(**{**seat, "server": tuple(seat["server"])}) for seat in asked["seats"]]
                dice = random.Random(f"{asked['seed']} {asked['hall']}")
                hall = halls[asked["hall"]] = Hall(seats, asked["callee"], Talk(**asked["talk"]), dice)
                answer["ports"] = await hall.open()
            case "work":
                hall = halls[asked["hall"]]
                hall.crowd.wanted, hall.fewest_waiting, hall.served = asked["waiting"], 10**6, 0
                work = asyncio.create_task(hall.work())
            case "look":
                answer |= halls[asked["hall"]].figures()
            case "rest":
                hall = halls[asked["hall"]]
                await hall.rest()
                answer |= hall.figures()
                if work is not None:
                    work.cancel()
        print(json.dumps(answer), flush=True)
    for hall in halls.values():
        await hall.close()


class Phones:
    """The other end: starts the process and asks it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> Self:
        """A process without any phone yet."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks._phones",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        return cls(process)

    async def open(
        self, hall: str, seats: Sequence[Account], callee: str, talk: Talk, seed: int
    ) -> dict[int, str]:
        """Registers `seats`; port → extension."""
        answer = await self.ask(
            "open",
            hall,
            seats=[asdict(seat) for seat in seats],
            callee=callee,
            talk=asdict(talk),
            seed=seed,
        )
        return {int(port): extension for port, extension in answer["ports"].items()}

    async def ask(self, do: str, hall: str, **more: object) -> dict[str, Any]:
        """One command: `work` (with `waiting`), `look`, `rest`. EOFError if the process is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "hall": hall, **more}).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise EOFError(f"the phones' process ended with {await self._process.wait()} at '{do}'")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Phones are switched off, the process ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()


if __name__ == "__main__":
    asyncio.run(_serve_commands())
