"""A running hotline with its people: agents at their phones, citizens who call, and what the system says.

Everything here is asked for in the way that SURFACE offers it to anybody: phones, `rexian` commands, the
board. The phones' own logs are the witness against which records are checked.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ruamel.yaml import YAML

from rexian.engine.control import NobodyThere, watch
from rexian.telephony.channels import LiveChannel
from rexian.telephony.secrets import Secrets
from rexian.telephony.switch import AmiAddress, connect
from simulators import tones
from simulators.incoming_call import IncomingCall
from simulators.milestone import NotInTime
from simulators.phone import Account, Phone
from simulators.rig import Rig
from terms.instant import Instant, after, from_iso, seconds_between

Record = dict[str, Any]
Board = Mapping[str, Any]
T = TypeVar("T")

LOOK_AGAIN_S = 0.1
OTHERS_COME_S = 0.3
PATIENCE = 3
"""Two cores may have more to do than this; what must be quick is measured by the phones' own clocks."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """How a city is set up. Modules with the same plan share one running system."""

    on_duty: Sequence[str] = ()
    """Seats whose usual people are signed in and ready when the stories begin."""
    defaults: Mapping[str, int] = field(default_factory=lambda: {"after_call_work_s": 0})
    edit: Callable[[Path], None] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def rig(self) -> Rig:
        """The private system, not started yet."""
        return Rig(defaults=self.defaults, edit=self.edit, settings=self.settings)


def rewrite(file: Path, change: Callable[[Any], None]) -> None:
    """Change a YAML file as a person with an editor would."""
    yaml = YAML()
    content = yaml.load(file.read_text(encoding="utf-8"))
    change(content)
    with file.open("w", encoding="utf-8") as changed:
        yaml.dump(content, changed)


async def again_until(question: Callable[[], Awaitable[T | None]], within_s: float, what: str) -> T:
    """Ask until there is an answer. For what nobody can be waited for: another program's output."""
    deadline = time.monotonic() + within_s
    while (answer := await question()) is None:
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {within_s:g} s")
        await asyncio.sleep(LOOK_AGAIN_S)  # noqa: TID251 - a program that is asked again, not waited for
    return answer


class City:
    """One hotline under test. `async with City(rig, plan)`; afterwards every phone is off."""

    def __init__(self, rig: Rig, plan: Plan) -> None:
        self.rig, self.plan = rig, plan
        self.board: Board = {}
        """What the engine showed last: `status`, `waiting`, `agents`."""
        self.seats: dict[str, Phone] = {}
        """The phones that are on, by extension."""
        self._news = asyncio.Condition()
        self._rung: dict[str, asyncio.Queue[IncomingCall]] = defaultdict(asyncio.Queue)
        self._asking: asyncio.Task[list[Record]] | None = None
        self._ends = AsyncExitStack()
        self._chores: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._chores.append(asyncio.create_task(self._look_at_the_board()))
        await asyncio.gather(*map(self.seat, self.plan.on_duty))
        await asyncio.gather(*map(self.dial_code, self.plan.on_duty, ["*40"] * len(self.plan.on_duty)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._ends.aclose()

    # --- phones ----------------------------------------------------------------------------------

    async def seat(self, extension: str) -> Phone:
        """Switch the phone of a seat on: registered, rings when called, nobody signed in."""
        tone_hz = tones.SEATS[int(extension) - 8001]
        phone = await self._ends.enter_async_context(self.rig.seat(extension, tone_hz=tone_hz))
        await phone.register()
        self.seats[extension] = phone
        self._chores.append(asyncio.create_task(self._pass_rings_on(phone)))
        return phone

    async def dial_code(self, extension: str, code: str, keys: str = "") -> None:
        """Dial a feature code at a seat, type `keys` when asked, and wait for its end."""
        call = await self.seats[extension].dial(code)
        await call.answered()
        if keys:
            await call.listens(0.3)
            await call.press(keys)
        await call.ended(within_s=30)

    @asynccontextmanager
    async def citizen(self, number: str | None = None, *, name: str = "") -> AsyncIterator[Phone]:
        """A citizen's phone behind the trunk, with a number and a tone of its own."""
        serial = next(_serial)
        account = Account(
            server=self.rig.server,
            user=f"1390000{serial:04}" if number is None else number,
            host="127.0.0.2",
            display=name,
        )
        async with Phone(account, tone_hz=tones.CITIZENS[serial % len(tones.CITIZENS)]) as phone:
            yield phone

    async def rings_for(self, citizen: Phone, within_s: float = 10.0) -> IncomingCall:
        """The next phone of a seat that rings for this citizen, whichever it is."""
        number = citizen.account.user
        try:
            async with asyncio.timeout(within_s):
                return await self._rung[number].get()
        except TimeoutError:
            raise NotInTime(f"no seat rang for {number} within {within_s:g} s; {self.board}") from None

    # --- what the system says --------------------------------------------------------------------

    async def sees(self, fact: Callable[[Board], object], within_s: float = 5.0) -> Board:
        """Wait until the board shows it."""
        try:
            async with asyncio.timeout(PATIENCE * within_s), self._news:
                await self._news.wait_for(lambda: bool(self.board) and fact(self.board))
        except TimeoutError:
            raise NotInTime(f"the board never showed it within {within_s:g} s: {self.board}") from None
        return self.board

    async def sees_agent(self, agent: str, state: str, within_s: float = 5.0) -> Mapping[str, Any]:
        """Wait until somebody's state is `state` ("off": not on the board), and give what is shown."""
        await self.sees(lambda _: self.state_of(agent) == state, within_s)
        return self.desk(agent)

    async def sees_no_engine(self, within_s: float = 5.0) -> None:
        """Wait until the engine is gone."""
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: not self.board)
        except TimeoutError:
            raise NotInTime(f"the engine was still there after {within_s:g} s") from None

    def desk(self, agent: str) -> Mapping[str, Any]:
        """What the board shows of somebody, empty if they are off."""
        return next((desk for desk in self.board.get("agents", ()) if desk["agent"] == agent), {})

    def since(self, agent: str) -> Instant:
        """Since when somebody has been in their present state."""
        return after(from_iso(self.board["at"]), -float(self.desk(agent)["since_s"]))

    def state_of(self, agent: str) -> str:
        """`off` if the board doesn't show them."""
        return str(self.desk(agent).get("state", "off"))

    async def finished_calls(self) -> list[Record]:
        """As `rexian calls --jsonl` tells them; who asks while somebody else does gets the same answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_calls())
        return await asyncio.shield(self._asking)

    async def _ask_for_calls(self) -> list[Record]:
        await asyncio.sleep(OTHERS_COME_S)  # noqa: TID251 - one command for all whose calls end about now
        return await self.rig.calls()

    async def record_of(self, citizen: Phone, within_s: float = 5.0) -> Record:
        """The one record of this citizen's only call."""
        number = citizen.account.user
        masked = f"{number[:3]}****{number[-4:]}"

        async def found() -> Record | None:
            records = [record for record in await self.finished_calls() if record["ani"] == masked]
            assert len(records) <= 1, f"several records of one call: {records}"
            return records[0] if records else None

        return await again_until(found, within_s, f"the record of {number}")

    async def live_channels(self) -> list[LiveChannel]:
        """What Asterisk itself says it has."""
        secrets = Secrets.load_or_create(self.rig.home / "secrets.json")
        port = int(self.rig.environment["REXIAN_AMI_PORT"])
        name = "supervisor"
        address = AmiAddress(host="127.0.0.1", port=port, user=name, secret=secrets.ami[name])
        async with connect(address, lambda _: None) as switch:
            return await switch.live_channels()

    def complaints(self) -> list[str]:
        """Every line of the engine's log that tells of an error."""
        log = self.rig.home / "log" / "engine.log"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [line[:2000] for line in lines if '"level": "error"' in line or "Traceback" in line]

    # --- within ----------------------------------------------------------------------------------

    async def _pass_rings_on(self, phone: Phone) -> None:
        while True:
            with contextlib.suppress(NotInTime):
                call = await phone.ringing(within_s=3600)
                self._rung[call.number].put_nowait(call)

    async def _look_at_the_board(self) -> None:
        while True:
            try:
                async for board in watch(self.rig.home / "run" / "engine.sock"):
                    await self._show(board)
            except NobodyThere:
                await self._show({})
                await asyncio.sleep(LOOK_AGAIN_S)  # noqa: TID251 - an engine that comes back some time

    async def _show(self, board: Board) -> None:
        async with self._news:
            self.board = board
            self._news.notify_all()


_serial = count(1)


def steps(record: Record, *kinds: str) -> list[Mapping[str, Any]]:
    """The steps of these kinds of a record's journey."""
    return [step for step in record["journey"] if step["kind"] in kinds]


def kinds(record: Record) -> list[str]:
    """The journey in words."""
    return [step["kind"] for step in record["journey"]]


def at(record: Mapping[str, Any], name: str) -> Instant:
    """One of a record's times."""
    assert record[name] is not None, f"{name} is null: {record}"
    return from_iso(record[name])


def apart_s(earlier: Instant | None, later: Instant | None) -> float:
    """Seconds between two things that must both have happened."""
    assert earlier is not None
    assert later is not None
    return seconds_between(earlier, later)
