"""Taking over what is there: the one path for a start, a reconnect and a standby's take-over.

The switch is asked what lives; each citizen's channel brings its state along, each agent's leg its
offer. What the journal calls open and the switch no longer has, ended unseen: the switch's own CDR
file tells when. Nobody is offered a call before all of this is settled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from acd.rules import Waiting
from cdr.journey import Step, StepKind
from ivr.menus import Mode
from rexian.engine.caller import Call
from rexian.engine.floor import CITIZEN_CONTEXTS, SEAT_CONTEXT, Floor
from rexian.engine.leg import AgentLeg, LegOf, LegStage
from rexian.engine.menu import waiting
from rexian.engine.state import CallState, Stage, UnreadableState, decode
from rexian.telephony import events
from rexian.telephony.channels import LiveChannel
from rexian.telephony.errors import ActionFailed
from terms.ids import CallId, ChannelId
from terms.instant import SECOND, Instant, after, seconds_between

log = structlog.get_logger()

UP = "Up"
RINGING = "Ringing"

NOTICE_AT_MOST_S = 8.0
"""In mode `direct` a notice may still be spoken to who joined a queue less than so long ago."""


@dataclass(slots=True)
class Found:
    """What the switch holds, sorted by what it is."""

    citizens: list[tuple[LiveChannel, CallState]] = field(default_factory=list)
    legs: dict[CallId, tuple[LiveChannel, LegOf]] = field(default_factory=dict)
    new: list[LiveChannel] = field(default_factory=list)
    seats: list[LiveChannel] = field(default_factory=list)
    strangers: list[LiveChannel] = field(default_factory=list)


async def adopt(floor: Floor) -> None:
    """Take everything over. LinkLost if the link goes meanwhile: then the next floor begins anew."""
    phones = await floor.switch.phones()
    live = await floor.switch.live_channels()
    found = sort(live, floor)
    floor.dispatch.restore(floor.ledger.desks())
    for endpoint, reachable in phones.items():
        floor.on_event(events.PhoneStatus(endpoint=endpoint, reachable=reachable))
    times = await _told_by_the_switch(floor, found)
    calls = [_adopt_call(floor, channel, state, found, times) for channel, state in _in_order(found.citizens)]
    _settle_desks(floor, calls)
    for call in calls:
        _take_up(floor, call)
    for channel in found.new:
        floor.begin(_as_arrival(channel), since=times.get(channel.channel))
    for channel in found.seats:
        floor.begin_seat(channel.channel, channel.name, channel.exten)
    for channel in found.strangers:
        log.warning(
            "a channel that belongs to no call is hung up", channel=channel.channel, context=channel.context
        )
        floor.switch.hangup(channel.channel)
    floor.house.recordings.sweep({call.state.recording for call in floor.calls.values()})
    floor.dispatch.sync_all()
    floor.adopted()
    log.info("the floor is taken over", calls=len(calls), new=len(found.new), phones=sum(phones.values()))


def sort(live: Iterable[LiveChannel], floor: Floor) -> Found:
    """Tell citizens from legs, seats and strangers. A state nobody can read makes its call an unknown one."""
    found = Found()
    for channel in live:
        of = LegOf.decode(channel.leg_var)
        if floor.owned(channel.channel):
            continue
        if of is not None and not channel.state_var:
            found.legs[of.call] = (channel, of)
        elif channel.state_var:
            found.citizens.append((channel, _state_of(floor, channel)))
        elif channel.context in CITIZEN_CONTEXTS:
            found.new.append(channel)
        elif channel.context == SEAT_CONTEXT:
            found.seats.append(channel)
        else:
            found.strangers.append(channel)
    known = {state.call for _, state in found.citizens}
    for call in [call for call in found.legs if call not in known]:
        found.strangers.append(found.legs.pop(call)[0])
    return found


def _state_of(floor: Floor, channel: LiveChannel) -> CallState:
    try:
        return decode(channel.state_var)
    except UnreadableState as why:
        log.error("a call's state can't be read; it goes to a person", channel=channel.channel, why=str(why))
        now = floor.clock.now()
        return CallState(
            call=CallId(str(channel.channel)),
            stage=Stage.QUEUE,
            started_at=now,
            ani=channel.ani,
            dnis=channel.dnis,
            queue=floor.city.menus.person.queue,
            joined_at=now,
        )


def _in_order(citizens: list[tuple[LiveChannel, CallState]]) -> list[tuple[LiveChannel, CallState]]:
    """By the time of joining, so that those who joined in the same microsecond keep their order."""
    return sorted(
        citizens, key=lambda pair: (pair[1].joined_at or pair[1].started_at, _number(pair[0].channel))
    )


def _number(channel: ChannelId) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in str(channel).split("."))


async def _told_by_the_switch(floor: Floor, found: Found) -> dict[ChannelId, Instant]:
    """What nobody saw and the switch noted: when a new call came, when a talk without an agent ended."""
    asked = {channel.channel: "CDR(start,u)" for channel in found.new}
    for channel, state in found.citizens:
        if state.stage is Stage.TALK and state.call not in found.legs:
            asked[channel.channel] = "CDR(end,u)"
    times = {}
    for id_, name in asked.items():
        try:
            told = await floor.switch.getvar(id_, name)
        except ActionFailed:
            continue  # it ended in this moment; that it did is told by its own event
        seconds, _, fraction = told.partition(".")
        if seconds.isdecimal() and int(seconds) > 0 and (fraction or "0").isdecimal():
            times[id_] = Instant(int(seconds) * SECOND + int(fraction[:6].ljust(6, "0")))
    return times


def _adopt_call(
    floor: Floor, channel: LiveChannel, state: CallState, found: Found, times: Mapping[ChannelId, Instant]
) -> Call:
    call = Call(floor.house, channel.channel, state, floor.next_seq())
    if state.stage is Stage.TALK and call.id not in found.legs:
        _after_unseen_end(call, times.get(channel.channel))
    call.note(StepKind.ADOPTED, **_what_travelled(state))
    leg = found.legs.get(call.id)
    if leg is not None:
        _adopt_leg(call, *leg)
        if state.stage is Stage.TALK:
            _adopt_talk(call, channel)
    return call


def _what_travelled(state: CallState) -> dict[str, str | int | None]:
    """Enough for a record even where the journal of the engine before isn't at hand."""
    return {
        "stage": state.stage.value,
        "started_at": state.started_at,
        "ani": state.ani,
        "dnis": state.dnis,
        "queue": state.queue,
        "joined_at": state.joined_at,
        "agent": state.agent,
        "seat": state.seat,
        "recording": state.recording,
    }


def _adopt_leg(call: Call, channel: LiveChannel, of: LegOf) -> None:
    leg = AgentLeg(call.house.switch, of, channel.channel, call.inbox.put)
    answered = channel.state == UP
    stage = (
        LegStage.ANSWERED if answered else LegStage.RINGING if channel.state == RINGING else LegStage.CALLED
    )
    leg.adopt(channel.name, stage)
    call.claim_leg(leg)


def _adopt_talk(call: Call, channel: LiveChannel) -> None:
    """The agent's leg lives: the talk is on, or about to begin, behind the words that name the agent.

    The result of the `EXEC Bridge` may have come in the meantime, and is never told twice. A command
    sent now is run when it is over; if there was no bridge, that is at once.
    """
    assert call.leg is not None
    call.together = bool(channel.bridge)
    if call.together and not _talked(call):
        of = call.leg.of
        call.note(StepKind.CONNECTED, agent=of.agent, seat=of.seat, recording=call.state.recording)
    call.bridge = call.line.send("GET VARIABLE BRIDGERESULT")


def _talked(call: Call) -> bool:
    return any(step.kind is StepKind.CONNECTED for step in call.house.ledger.journey(call.id))


def _after_unseen_end(call: Call, over_at: Instant | None) -> None:
    """The agent is gone and nobody saw it: on to the rating, or back to the queue if it never was a talk."""
    if _talked(call) or not call.house.ledger.journey(call.id):
        at = over_at or call.house.clock.now()
        call.house.ledger.step(call.id, Step(at=at, kind=StepKind.TALK_ENDED, data={"by": "agent"}))
        call.go(Stage.RATING, leg=None, command=None)
    else:
        call.go(Stage.QUEUE, agent=None, seat=None, leg=None, command=None)


def _settle_desks(floor: Floor, calls: Iterable[Call]) -> None:
    """Make the agents' states agree with the legs that live."""
    engaged = {call.leg.of.agent: call for call in calls if call.leg is not None}
    for desk in floor.dispatch.book.desks():
        call = engaged.get(desk.agent)
        if call is None or call.leg is None:
            floor.dispatch.settle(desk.agent, None)
        else:
            floor.dispatch.settle(desk.agent, call.id, ringing=call.leg.stage is not LegStage.ANSWERED)


def _take_up(floor: Floor, call: Call) -> None:
    """Back into the router, and on with the story."""
    if call.state.stage is Stage.QUEUE:
        said = call.line.take_over()
        joined_s = seconds_between(call.state.joined_at or floor.clock.now(), floor.clock.now())
        if floor.city.menus.mode is Mode.DIRECT and joined_s < NOTICE_AT_MOST_S:
            call.notice = said
        _requeue(floor, call, waiting(call))
    floor.start(call, adopted=True)


def _requeue(floor: Floor, call: Call, as_waiting: Waiting) -> None:
    leg = call.leg
    if leg is None:
        floor.dispatch.enqueue(as_waiting, again=True)
    elif leg.stage is not LegStage.ANSWERED:
        until = after(floor.clock.now(), floor.city.limits.ring_s)
        floor.dispatch.resume(leg.of.offer, as_waiting, leg.of.agent, until)


def _as_arrival(channel: LiveChannel) -> events.ChannelInAgi:
    return events.ChannelInAgi(
        channel=channel.channel,
        name=channel.name,
        context=channel.context,
        exten=channel.exten,
        ani=channel.ani,
        ani_name="",
        dnis=channel.dnis,
    )
