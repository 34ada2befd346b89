"""The floor: everything that lives between one login to the switch and its loss.

It hands each event to the coroutine that owns the channel, starts a coroutine for each new call, and
gives everything up when the link goes: the next floor adopts what is there. So a restart of the
engine, a cut of the link and a standby's take-over are one path.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from acd.decisions import Decision
from agents.desk import Change
from cdr.journey import Step, StepKind
from rexian.engine import call as story
from rexian.engine.caller import Call, House
from rexian.engine.city import City
from rexian.engine.clock import Clock
from rexian.engine.dispatch import Dispatch
from rexian.engine.ledger import Ledger
from rexian.engine.phone_lines import PhoneLines
from rexian.engine.recordings import Recordings
from rexian.engine.seat_codes import SeatCall, serve_seat
from rexian.engine.state import CallState, Stage
from rexian.telephony import events
from rexian.telephony.switch import Switch
from terms.ids import CallId, ChannelId, SeatId
from terms.instant import Instant
from terms.numbers import clean

log = structlog.get_logger()

CITIZEN_CONTEXTS = ("from-trunk", "from-citizens")
SEAT_CONTEXT = "from-seats"
LEG_CONTEXT = "agent-leg"

Handler = Callable[[events.SwitchEvent], None]
Watch = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What outlives a floor."""

    city: City
    clock: Clock
    ledger: Ledger
    recordings: Recordings
    endpoints: Mapping[SeatId, str]


class Floor:
    """One engine at one switch. `changed` is called (often) when a board would show something new."""

    def __init__(self, parts: Parts, switch: Switch, changed: Watch) -> None:
        self.city, self.clock, self.ledger = parts.city, parts.clock, parts.ledger
        self.switch = switch
        self.calls: dict[CallId, Call] = {}
        self.adopting = True
        self._early: list[events.SwitchEvent] = []
        self._changed = changed
        self._seat_of = {endpoint: seat for seat, endpoint in parts.endpoints.items()}
        self._owners: dict[ChannelId, Handler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrivals = 0
        prefix = f"{parts.clock.now():x}-"
        self.dispatch = Dispatch(parts.city, parts.clock, prefix, self._post, self.desk_changed)
        self.house = House(
            city=parts.city,
            clock=parts.clock,
            switch=switch,
            dispatch=self.dispatch,
            ledger=parts.ledger,
            recordings=parts.recordings,
            endpoints=parts.endpoints,
            lines=PhoneLines(),
            claim=self.claim,
        )

    # --- events ------------------------------------------------------------------------------

    def on_event(self, event: events.SwitchEvent) -> None:
        """Everything the switch tells, in order."""
        if isinstance(event, events.PhoneStatus):
            self._phone(event)
            return
        if isinstance(event, events.BlindTransferred | events.AttendedTransferred):
            return  # the channels concerned tell what became of them
        channel = event.channel
        owner = self._owners.get(channel)
        if owner is not None:
            owner(event)
        elif isinstance(event, events.ChannelInAgi) and not (
            self.adopting and (event.state_var or event.leg_var)
        ):
            self._arrive(event)
        elif self.adopting:
            self._early.append(event)
        if isinstance(event, events.ChannelGone):
            self._owners.pop(channel, None)
            self._changed()

    def adopted(self) -> None:
        """Adoption is through: what happened to the old channels meanwhile is told to their owners now."""
        self.adopting = False
        early, self._early = self._early, []
        for event in early:
            self.on_event(event)

    def claim(self, channel: ChannelId, handler: Handler) -> None:
        """From now on the events of `channel` go to `handler`."""
        self._owners[channel] = handler

    def owned(self, channel: ChannelId) -> bool:
        """Whether a coroutine looks after this channel."""
        return channel in self._owners

    @property
    def channels(self) -> int:
        """Channels that somebody here looks after: citizens, legs, seats."""
        return len(self._owners)

    def _arrive(self, event: events.ChannelInAgi) -> None:
        if event.context in CITIZEN_CONTEXTS:
            self.begin(event)
        elif event.context == SEAT_CONTEXT:
            self.begin_seat(event.channel, event.name, event.exten)
        else:
            log.warning(
                "a channel that belongs to nobody is hung up", channel=event.channel, context=event.context
            )
            self.switch.hangup(event.channel)

    def _phone(self, event: events.PhoneStatus) -> None:
        seat = self._seat_of.get(event.endpoint)
        if seat is None:
            return
        self.dispatch.phone(seat, event.reachable)

    # --- calls -------------------------------------------------------------------------------

    def next_seq(self) -> int:
        """Settles the order of calls that joined in the same microsecond."""
        self._arrivals += 1
        return self._arrivals

    def begin(self, event: events.ChannelInAgi, since: Instant | None = None) -> None:
        """A new call from outside; `since` when nobody was there to receive it."""
        at = since or self.clock.now()
        state = CallState(
            call=CallId(str(event.channel)),
            stage=Stage.MENU,
            started_at=at,
            ani=clean(event.ani),
            dnis=event.dnis or event.exten,
        )
        call = Call(self.house, event.channel, state, self.next_seq())
        arrived = {
            "ani": state.ani,
            "dnis": state.dnis,
            "channel": event.name,
            "direction": "inbound",
            "mode": self.city.menus.mode.value,
        }
        self.ledger.step(call.id, Step(at=at, kind=StepKind.ARRIVED, data=arrived))
        self.ledger.step(call.id, Step(at=at, kind=StepKind.ANSWERED))
        self.start(call, adopted=False)

    def start(self, call: Call, *, adopted: bool) -> None:
        """Put a call into the hands of its coroutine."""
        self.calls[call.id] = call
        self.claim(call.line.channel, call.on_event)
        self._spawn(self._serve(call, adopted=adopted))

    async def _serve(self, call: Call, *, adopted: bool) -> None:
        try:
            await story.run(call, adopted=adopted)
        finally:
            self.calls.pop(call.id, None)
            self._changed()

    def begin_seat(self, channel: ChannelId, name: str, exten: str) -> None:
        """A seat dialled a feature code."""
        endpoint = name.removeprefix("PJSIP/").rsplit("-", 1)[0]
        seat = self._seat_of.get(endpoint)
        if seat is None:
            self.switch.hangup(channel)
            return
        call = SeatCall(self.house, channel, seat, exten)
        self.claim(channel, call.on_event)
        self._spawn(serve_seat(call))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a coroutine of the floor failed", exc_info=failure)

    # --- what the others tell ----------------------------------------------------------------

    def _post(self, call: CallId, decision: Decision) -> None:
        known = self.calls.get(call)
        if known is not None:
            known.inbox.put(decision)
        self._changed()

    def desk_changed(self, change: Change) -> None:
        self.ledger.desk(change.after)
        if change.finished is not None:
            call, acw_s = change.finished
            agent = change.after.agent
            step = Step(at=change.at, kind=StepKind.WRAPPED_UP, data={"agent": agent, "acw_s": acw_s})
            self.ledger.wrapped_up(step, call, agent, acw_s)
        self._changed()

    # --- the end -----------------------------------------------------------------------------

    def leave(self) -> None:
        """Let go of everything without ending anything: the calls live on in the switch."""
        self.dispatch.close()
        for task in tuple(self._tasks):
            task.cancel()

    def end_all(self) -> None:
        """The house is closing: every record is closed as `stopped`, every channel of a call hung up."""
        for call in tuple(self.calls.values()):
            call.close(outcome="stopped", by="system")
            call.line.hang_up()
        self.leave()
