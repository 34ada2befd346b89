"""The call detail record: one call folded from its journey.

What the times mean, exactly:

- `wait_s`: from the queue entry (`queued_at`, which a change of the queue keeps) until both heard each
  other for the first time, or until the call ended if that never happened. The ringing of agents'
  phones is inside; the menu before the queue is outside. None if the call never entered a queue.
- `ring_s`: how long the phone rang that answered; if none did, how long the last one rang that rang at
  all. A phone that answered without ever reporting that it rings counts from its offer. None if no
  phone rang.
- `talk_s`: how long citizen and agents heard each other, all talks of the call added up, hold excluded.
- `hold_s`: how long the citizen was on hold inside those talks. Both None if nobody talked.
- `acw_s`: after-call work, that of all its agents added up; None until it ended, or if nobody talked.

A journey may have gaps: an engine died, another one adopted the call and nobody saw what lay between.
The fold then takes the nearest step that implies the missing one, never a guess outside the call's own
steps. No duration is ever negative, whatever a stepped clock did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from cdr.journey import Step, StepKind
from terms.ids import AgentId, CallId, QueueName, SeatId
from terms.instant import Instant, seconds_between


class Outcome(StrEnum):
    """How a call ended for the citizen."""

    SERVED = "served"
    ABANDONED_MENU = "abandoned_menu"
    ABANDONED_QUEUE = "abandoned_queue"
    SELF_SERVICE = "self_service"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    OVERFLOWED = "overflowed"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    FALLBACK = "fallback"
    FAILED = "failed"
    STOPPED = "stopped"
    SWITCH_LOST = "switch_lost"


class HangupBy(StrEnum):
    """Who ended the talk if there was one, else who ended the call."""

    CITIZEN = "citizen"
    AGENT = "agent"
    SYSTEM = "system"


class Direction(StrEnum):
    """Whose call it was."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Source(StrEnum):
    """Who saw the call's end: our engine, or only the switch itself (`ended` then says so)."""

    ENGINE = "engine"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call, as it was. `outcome` and `ended_at` are None only while it still goes on."""

    call_id: CallId
    direction: Direction = Direction.INBOUND
    ani: str | None = None
    dnis: str | None = None
    started_at: Instant
    answered_at: Instant | None = None
    queued_at: Instant | None = None
    connected_at: Instant | None = None
    ended_at: Instant | None = None
    mode: str | None = None
    menu_path: tuple[str, ...] = ()
    queue: QueueName | None = None
    agent: AgentId | None = None
    """The person who talked last."""
    seat: SeatId | None = None
    wait_s: float | None = None
    ring_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    acw_s: float | None = None
    outcome: Outcome | None = None
    hangup_by: HangupBy | None = None
    hangup_cause: int | None = None
    """Q.850: 16 normal, 17 busy, 44 no more sound from that side …"""
    rating: int | None = None
    recording: str | None = None
    work_order: str | None = None
    """The number of the order that the call became; the store fills it in."""
    source: Source = Source.ENGINE
    journey: tuple[Step, ...] = ()


_Word = TypeVar("_Word", bound=StrEnum)

_IMPLIES_ANSWERED = frozenset(
    {
        StepKind.NOTICE,
        StepKind.MENU,
        StepKind.KEY,
        StepKind.WRONG_KEY,
        StepKind.SILENCE,
        StepKind.ANNOUNCED,
        StepKind.CONNECTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One stretch in which the citizen and one agent heard each other, hold inside."""

    agent: AgentId | None
    seat: SeatId | None
    begun_at: Instant
    over_at: Instant
    hold_s: float
    ended_by: str | None
    """None: it ended because the call did, or because another agent came in."""


def record_of(call: CallId, steps: Sequence[Step]) -> CallRecord:
    """The record of `call` as far as `steps` tell it.

    `steps` are in the order in which they were told. Without an `ended` step the call still goes on:
    durations then run up to the last step, and the outcome is None. ValueError without any step.
    """
    if not steps:
        raise ValueError(
            f"call {call}: no record without a step; every journey begins with `arrived` or `adopted`"
        )
    begin = _first(steps, StepKind.ARRIVED)
    ended = _last(steps, StepKind.ENDED)
    talks = list(_talks(steps))
    queued_at, connected_at = _queued_at(steps), talks[0].begun_at if talks else None
    left_queue_at = connected_at or (ended.at if ended else None)
    return CallRecord(
        call_id=call,
        direction=_one_of(Direction, _told(steps, "direction"), Direction.INBOUND),
        ani=_told(steps, "ani"),
        dnis=_told(steps, "dnis"),
        started_at=begin.at if begin else _told_instant(steps, "started_at") or steps[0].at,
        answered_at=_answered_at(steps),
        queued_at=queued_at,
        connected_at=connected_at,
        ended_at=ended.at if ended else None,
        mode=_told(steps, "mode"),
        menu_path=_menu_path(steps),
        queue=_queue(steps),
        agent=talks[-1].agent if talks else None,
        seat=talks[-1].seat if talks else None,
        wait_s=_duration_s(queued_at, left_queue_at),
        ring_s=_ring_s(steps),
        talk_s=_talk_s(talks),
        hold_s=sum(talk.hold_s for talk in talks) if talks else None,
        acw_s=_acw_s(steps) if talks else None,
        outcome=_outcome(steps, ended),
        hangup_by=_hangup_by(talks, ended),
        hangup_cause=_whole(ended, "cause"),
        rating=_whole(_last(steps, StepKind.RATED), "score"),
        recording=_recording(steps),
        source=_one_of(Source, _text(ended, "source"), Source.ENGINE),
        journey=tuple(sorted(steps, key=lambda step: step.at)),
    )


def _first(steps: Sequence[Step], kind: StepKind) -> Step | None:
    return next((step for step in steps if step.kind is kind), None)


def _last(steps: Sequence[Step], kind: StepKind) -> Step | None:
    return next((step for step in reversed(steps) if step.kind is kind), None)


def _text(step: Step | None, name: str) -> str | None:
    value = step.data.get(name) if step else None
    return None if value is None or value == "" else str(value)


def _whole(step: Step | None, name: str) -> int | None:
    value = step.data.get(name) if step else None
    return value if isinstance(value, int) else None


def _told(steps: Sequence[Step], name: str) -> str | None:
    """`name` as the call's arrival told it, or whoever adopted the call from its channel's variables."""
    for step in steps:
        if step.kind in (StepKind.ARRIVED, StepKind.ADOPTED) and (value := _text(step, name)):
            return value
    return None


def _told_instant(steps: Sequence[Step], name: str) -> Instant | None:
    told = (_whole(step, name) for step in steps if step.kind in (StepKind.ARRIVED, StepKind.ADOPTED))
    return next((Instant(value) for value in told if value is not None), None)


def _answered_at(steps: Sequence[Step]) -> Instant | None:
    if answered := _first(steps, StepKind.ANSWERED):
        return answered.at
    told = _told_instant(steps, "answered_at")
    return told or next((step.at for step in steps if step.kind in _IMPLIES_ANSWERED), None)


def _queued_at(steps: Sequence[Step]) -> Instant | None:
    queued = _first(steps, StepKind.QUEUED)
    if queued is None:
        return _told_instant(steps, "joined_at")
    joined = _whole(queued, "joined_at")
    return Instant(joined) if joined is not None else queued.at


def _queue(steps: Sequence[Step]) -> QueueName | None:
    entries = (StepKind.QUEUED, StepKind.MOVED, StepKind.ADOPTED)
    names = [name for step in steps if step.kind in entries and (name := _text(step, "queue"))]
    return QueueName(names[-1]) if names else None


def _menu_path(steps: Sequence[Step]) -> tuple[str, ...]:
    pressed = [
        f"{step.data.get('menu')}.{step.data.get('key')}" for step in steps if step.kind is StepKind.KEY
    ]
    if pressed:
        return tuple(pressed)
    for step in steps:
        path = step.data.get("menu_path") if step.kind is StepKind.ADOPTED else None
        if isinstance(path, Sequence) and not isinstance(path, str):
            return tuple(path)
    return ()


def _ring_s(steps: Sequence[Step]) -> float | None:
    """See the module's docstring; an offer that never rang and was refused says nothing about ringing."""
    rings: dict[object, tuple[Instant, bool]] = {}  # by offer: since when, and whether the phone said so
    answered_s = rang_s = None
    for step in steps:
        offer = step.data.get("offer")
        if step.kind is StepKind.OFFERED:
            rings[offer] = (step.at, False)
        elif step.kind is StepKind.RINGING:
            rings[offer] = (step.at, True)
        elif step.kind is StepKind.AGENT_ANSWERED and offer in rings:
            answered_s = _duration_s(rings.pop(offer)[0], step.at)
        elif step.kind is StepKind.REFUSED and offer in rings:
            since, said_so = rings.pop(offer)
            rang_s = _duration_s(since, step.at) if said_so else rang_s
        elif step.kind in (StepKind.CONNECTED, StepKind.ENDED) and rings:
            since, said_so = rings.popitem()[1]
            connected = step.kind is StepKind.CONNECTED  # whoever answered was not seen, but here they are
            answered_s = _duration_s(since, step.at) if connected and answered_s is None else answered_s
            rang_s = _duration_s(since, step.at) if said_so else rang_s
            rings.clear()
    return answered_s if answered_s is not None else rang_s


def _talks(steps: Sequence[Step]) -> Iterator[_Talk]:
    """The talks in order; one that nobody saw begin begins where it must have (`_begin`)."""
    talk: Step | None = None
    held_at: Instant | None = None
    hold_s = 0.0
    lifted_at, adopted = None, False
    for step in steps:
        opens, closes = step.kind is StepKind.CONNECTED, step.kind in (StepKind.TALK_ENDED, StepKind.ENDED)
        if talk and (opens or closes):
            hold_s += _duration_s(held_at, step.at) or 0.0
            ended_by = _text(step, "by") if step.kind is StepKind.TALK_ENDED else None
            yield _talk(talk, step.at, hold_s, ended_by)
            talk, held_at, hold_s = None, None, 0.0
        if opens:
            talk = _begin(step, lifted_at if adopted else None)
            lifted_at = None
        elif step.kind is StepKind.AGENT_ANSWERED:
            lifted_at, adopted = step.at, False
        elif step.kind is StepKind.ADOPTED:
            adopted = True
        elif step.kind is StepKind.HELD and talk and held_at is None:
            held_at = step.at
        elif step.kind is StepKind.UNHELD and held_at is not None:
            hold_s += _duration_s(held_at, step.at) or 0.0
            held_at = None
    if talk:
        hold_s += _duration_s(held_at, steps[-1].at) or 0.0
        yield _talk(talk, steps[-1].at, hold_s, None)


def _begin(connected: Step, lifted_at: Instant | None) -> Step:
    """An adopter can only say that a talk is on: it began when the agent lifted the receiver, if seen."""
    return connected if lifted_at is None else Step(at=lifted_at, kind=connected.kind, data=connected.data)


def _talk(begin: Step, over_at: Instant, hold_s: float, ended_by: str | None) -> _Talk:
    agent, seat = _text(begin, "agent"), _text(begin, "seat")
    return _Talk(
        agent=AgentId(agent) if agent else None,
        seat=SeatId(seat) if seat else None,
        begun_at=begin.at,
        over_at=over_at,
        hold_s=hold_s,
        ended_by=ended_by,
    )


def _talk_s(talks: Sequence[_Talk]) -> float | None:
    if not talks:
        return None
    heard = ((_duration_s(talk.begun_at, talk.over_at) or 0.0) - talk.hold_s for talk in talks)
    return sum(max(0.0, talk_s) for talk_s in heard)


def _acw_s(steps: Sequence[Step]) -> float | None:
    worked = [step.data.get("acw_s") for step in steps if step.kind is StepKind.WRAPPED_UP]
    return sum(float(acw_s) for acw_s in worked if isinstance(acw_s, int | float)) if worked else None


def _recording(steps: Sequence[Step]) -> str | None:
    kinds = (StepKind.CONNECTED, StepKind.ADOPTED)
    ids = [name for step in steps if step.kind in kinds and (name := _text(step, "recording"))]
    return ids[-1] if ids else None


def _hangup_by(talks: Sequence[_Talk], ended: Step | None) -> HangupBy | None:
    by = (talks[-1].ended_by if talks else None) or _text(ended, "by")
    return _one_of(HangupBy, by, HangupBy.SYSTEM) if ended and by else None


def _outcome(steps: Sequence[Step], ended: Step | None) -> Outcome | None:
    """What `ended` says; else what the journey shows. A call that we ended without a talk has failed."""
    if ended is None:
        return None
    if said := _text(ended, "outcome"):
        return _one_of(Outcome, said, Outcome.FAILED)
    if _first(steps, StepKind.CONNECTED):
        return Outcome.SERVED
    if _text(ended, "by") != HangupBy.CITIZEN:
        return Outcome.FAILED
    return Outcome.ABANDONED_MENU if _queued_at(steps) is None else Outcome.ABANDONED_QUEUE


def _one_of(words: type[_Word], said: str | None, otherwise: _Word) -> _Word:
    """The word that `said` names. One that nobody knows (of a damaged variable) must not cost the record."""
    return next((word for word in words if word == said), otherwise)


def _duration_s(earlier: Instant | None, later: Instant | None) -> float | None:
    if earlier is None or later is None:
        return None
    return max(0.0, seconds_between(earlier, later))
