"""One person's situation as a frozen fact, with exact book-keeping of their shift."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, TypeVar

from agents.errors import DeskUnreadable
from agents.fields import Fields
from agents.people import Miss
from agents.states import OFFER_STATES, TALK_STATES, AgentState
from terms.ids import AgentId, CallId, SeatId
from terms.instant import SECOND, Instant, seconds_between

VERSION = 1
"""Of the stored form. A desk written in another one is not guessed at."""

_E = TypeVar("_E", bound=StrEnum)
_V = TypeVar("_V")
_N = TypeVar("_N")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a person asked for while they were not free to do it: not ready, off, or ready."""

    state: AgentState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What was known before the switch was lost from sight, and since when it had been so."""

    state: AgentState
    since: Instant
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a person stands.

    `since` is when the present pair of state and reason began. `call` is the call being offered,
    talked about or written up. `idle_since` is the end of the last handled call, its after-call work
    included, or the sign-in: a pause, a missed offer or a lost phone does not move it, else agents
    would learn to jump the line. `spent_us` are the closed intervals of the shift that began at
    `shift_since`; an off desk keeps the sums of its last shift.
    """

    agent: AgentId
    state: AgentState
    since: Instant
    seat: SeatId | None = None
    reason: str | None = None
    booked: Booking | None = None
    wrap_up_until: Instant | None = None
    misses: Mapping[Miss, int] = field(default_factory=dict)
    call: CallId | None = None
    idle_since: Instant | None = None
    shift_since: Instant | None = None
    spent_us: Mapping[AgentState, int] = field(default_factory=dict)
    doubt: Doubt | None = None

    def time_in(self, state: AgentState, now: Instant) -> float:
        """Seconds of this shift spent in `state` up to `now`. The states' sum is the shift's length."""
        return self._spent_by(now).get(state, 0) / SECOND

    def moved(self, at: Instant, state: AgentState, reason: str | None = None, **rest: Any) -> Self:
        """The desk after a move to `state` at `at`, the time before it booked to the state it was in.

        A doubt that turns out to be unfounded leaves no trace: the state counts from its old since.
        """
        if (state, reason) == (self.state, self.reason):
            return replace(self, **rest)
        doubt = self.doubt
        if doubt is not None:
            known = (doubt.state, doubt.reason, self.call)
            if known == (state, reason, rest.get("call", self.call)):
                return replace(self, state=state, reason=reason, since=doubt.since, doubt=None, **rest)
        if state is AgentState.IN_DOUBT:
            rest["doubt"] = Doubt(state=self.state, since=self.since, reason=self.reason)
        else:
            rest |= {"doubt": None, "spent_us": self._spent_by(at)}
        return replace(self, state=state, reason=reason, since=at, **rest)

    def _spent_by(self, at: Instant) -> dict[AgentState, int]:
        """The sums of the shift as they are if its open interval is cut at `at`."""
        spent = dict(self.spent_us)
        if self.state is AgentState.OFF:
            return spent
        if self.doubt is not None:
            known_us = self.since - self.doubt.since
            spent[self.doubt.state] = spent.get(self.doubt.state, 0) + known_us
        spent[self.state] = spent.get(self.state, 0) + at - self.since
        return spent

    def no_later_than(self, now: Instant) -> "Desk":
        """The desk itself, or moved back in time as a whole if its since lies after `now`."""
        early = min(0, now - self.since)
        if not early:
            return self

        def moved_back(instant: Instant | None) -> Instant | None:
            return None if instant is None else Instant(instant + early)

        return replace(
            self,
            since=now,
            wrap_up_until=moved_back(self.wrap_up_until),
            idle_since=moved_back(self.idle_since),
            shift_since=moved_back(self.shift_since),
            doubt=self.doubt and replace(self.doubt, since=Instant(self.doubt.since + early)),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain JSON values."""
        booked, doubt = self.booked, self.doubt
        return {
            "v": VERSION,
            "agent": self.agent,
            "state": self.state.value,
            "since": self.since,
            "seat": self.seat,
            "reason": self.reason,
            "booked": booked and {"state": booked.state.value, "reason": booked.reason},
            "wrap_up_until": self.wrap_up_until,
            "misses": {miss.value: count for miss, count in self.misses.items()},
            "call": self.call,
            "idle_since": self.idle_since,
            "shift_since": self.shift_since,
            "spent_us": {state.value: spent for state, spent in self.spent_us.items()},
            "doubt": doubt and {"state": doubt.state.value, "since": doubt.since, "reason": doubt.reason},
        }

    @classmethod
    def from_json(cls, data: object) -> "Desk":
        """The desk that `to_json` wrote. DeskUnreadable if it is garbled or of another version."""
        fields = Fields.of("somebody", data)
        fields = Fields(f"agent {fields.text('agent')}", fields.data)
        if fields.whole("v") != VERSION:
            raise DeskUnreadable(fields.where, f"version {fields.data['v']} is not {VERSION}")
        booked, doubt = fields.inner("booked"), fields.inner("doubt")
        desk = cls(
            agent=AgentId(fields.text("agent")),
            state=_member(AgentState, fields, "state"),
            since=Instant(fields.whole("since")),
            seat=_named(SeatId, fields.text_or_none("seat")),
            reason=fields.text_or_none("reason"),
            booked=None if booked is None else _booking(booked),
            wrap_up_until=_named(Instant, fields.whole_or_none("wrap_up_until")),
            misses=_counts(Miss, fields, "misses"),
            call=_named(CallId, fields.text_or_none("call")),
            idle_since=_named(Instant, fields.whole_or_none("idle_since")),
            shift_since=_named(Instant, fields.whole_or_none("shift_since")),
            spent_us=_counts(AgentState, fields, "spent_us"),
            doubt=None if doubt is None else _doubt(doubt),
        )
        wrong = _contradiction(desk)
        if wrong:
            raise DeskUnreadable(fields.where, wrong)
        return desk


def _named(kind: Callable[[_V], _N], value: _V | None) -> _N | None:
    return None if value is None else kind(value)


def _member(kind: type[_E], fields: Fields, key: str) -> _E:
    text = fields.text(key)
    if text not in list(kind):
        raise DeskUnreadable(fields.where, f"'{key}' is '{text}', which is none of {', '.join(kind)}")
    return kind(text)


def _counts(kind: type[_E], fields: Fields, key: str) -> dict[_E, int]:
    counts = fields.inner(key)
    if counts is None:
        raise DeskUnreadable(fields.where, f"'{key}' is missing")
    for name in counts.data:
        if name not in list(kind):
            raise DeskUnreadable(counts.where, f"'{name}' is none of {', '.join(kind)}")
    return {kind(name): counts.whole(name) for name in counts.data}


def _booking(fields: Fields) -> Booking:
    return Booking(state=_member(AgentState, fields, "state"), reason=fields.text_or_none("reason"))


def _doubt(fields: Fields) -> Doubt:
    return Doubt(
        state=_member(AgentState, fields, "state"),
        since=Instant(fields.whole("since")),
        reason=fields.text_or_none("reason"),
    )


def _contradiction(desk: Desk) -> str | None:
    """What cannot be true of any desk that the book ever made, or None."""
    doubt = desk.doubt
    if desk.state is AgentState.OFF:
        return "off, and yet at a seat" if desk.seat else None
    if desk.seat is None or desk.shift_since is None or desk.idle_since is None:
        return f"'{desk.state}' without a seat or the beginning of the shift"
    if (desk.state is AgentState.IN_DOUBT) != (doubt is not None):
        return "in doubt without what was known before, or the other way round"
    state, began = (doubt.state, doubt.since) if doubt else (desk.state, desk.since)
    if state in (AgentState.OFF, AgentState.IN_DOUBT):
        return f"in doubt whether '{state}'"
    if state is AgentState.WRAP_UP and (desk.wrap_up_until is None or desk.call is None):
        return "after-call work without an end or a call"
    if state in OFFER_STATES | TALK_STATES and desk.call is None:
        return f"'{state}' without a call"
    if sum(desk.spent_us.values()) != began - desk.shift_since or began > desk.since:
        return "the sums of the states are not the length of the shift"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One person's desk before and after something happened at `at`.

    Whoever hears of it and keeps calls for that person (the router) drops an open offer of theirs if
    `moved`: the phone that rings is no longer theirs.
    """

    before: Desk
    after: Desk
    at: Instant

    @property
    def moved(self) -> bool:
        """Whether the person went from one seat to another."""
        return None not in (self.before.seat, self.after.seat) and self.before.seat != self.after.seat

    @property
    def finished(self) -> tuple[CallId, float] | None:
        """The call whose after-call work ended by this change, with the seconds it took (0.0 if the
        house grants none), else None."""
        before, after = self.before, self.after
        was, began = (
            (before.doubt.state, before.doubt.since) if before.doubt else (before.state, before.since)
        )
        if before.call is None or after.call == before.call:
            return None
        if was is AgentState.WRAP_UP:
            return before.call, seconds_between(began, self.at)
        return (before.call, 0.0) if was in TALK_STATES else None
