"""Everybody's desk, and the rules that need more than one: seats, limits, lost phones, wrap-up's end.

Each method takes one fact or wish with its `now`, moves the person through `agents.states` and
returns what changed; an empty list means that it was true already. Illegal requests raise and
change nothing. What follows at the same instant (a booked pause, a wrap-up of 0 s, a phone that is
lost) is part of the same change, so that nobody is ever seen ready who may not be offered a call.
"""

from collections.abc import Iterable
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any

from agents.desk import Booking, Change, Desk
from agents.errors import AgentError, DeskUnreadable, SeatTaken, UnknownAgent, UnknownSeat
from agents.people import MISS_REASONS, PHONE_OFFLINE, Limits, Miss, Person, Seat
from agents.states import TALK_STATES, AgentEvent, AgentState, next_state
from terms.ids import AgentId, CallId, SeatId
from terms.instant import Instant, after

_S = AgentState
_E = AgentEvent
_HANDLING = TALK_STATES | {_S.WRAP_UP}
_WITHOUT_CALL = frozenset({_S.OFF, _S.READY, _S.NOT_READY})


class AgentBook:
    """The desks of `people` at `seats`. A clock that runs backwards is read as one that stands."""

    def __init__(self, people: Iterable[Person], seats: Iterable[Seat], limits: Limits, now: Instant) -> None:
        self._limits = limits
        self._desks = {
            person.agent: Desk(agent=person.agent, state=_S.OFF, since=now)
            for person in sorted(people, key=lambda person: person.agent)
        }
        self._holder: dict[SeatId, AgentId | None] = {seat.seat: None for seat in seats}
        self._lost: set[SeatId] = set()
        self._wrap_ups: list[tuple[Instant, AgentId]] = []

    # What is known

    def desk(self, agent: AgentId) -> Desk:
        """Where `agent` stands. UnknownAgent if nobody has that number."""
        desk = self._desks.get(agent)
        if desk is None:
            raise UnknownAgent(agent)
        return desk

    def at_seat(self, seat: SeatId) -> Desk | None:
        """The desk of the person signed in at `seat`, if any. UnknownSeat if there is no such seat."""
        holder = self._holder_of(seat)
        return None if holder is None else self._desks[holder]

    def desks(self) -> list[Desk]:
        """All desks, those of people who are off too, by 工号."""
        return list(self._desks.values())

    def may_take_calls(self, agent: AgentId) -> bool:
        """Whether `agent` may be offered a call: ready, which nobody is whose phone is lost."""
        return self.desk(agent).state is _S.READY

    def phone_reachable(self, seat: SeatId) -> bool:
        """Whether the phone of `seat` was not reported lost. UnknownSeat if there is no such seat."""
        self._holder_of(seat)
        return seat not in self._lost

    @property
    def next_deadline(self) -> Instant | None:
        """When the next after-call work ends, for `advance`."""
        while self._wrap_ups and not self._is_running(*self._wrap_ups[0]):
            heappop(self._wrap_ups)
        return self._wrap_ups[0][0] if self._wrap_ups else None

    def advance(self, now: Instant) -> list[Change]:
        """End the after-call work that is over by `now`, in the order in which it was."""
        changes: list[Change] = []
        while (due := self.next_deadline) is not None and due <= now:
            desk = self._desks[self._wrap_ups[0][1]]
            changes += self._free(desk, now, _E.WRAP_UP_END, desk.booked)
        return changes

    # What people ask for

    def sign_in(self, agent: AgentId, seat: SeatId, now: Instant) -> list[Change]:
        """`agent` sits down at `seat` and is ready, or goes on with their after-call work there.

        Somebody signed in elsewhere moves; an offer to the phone they left is void. Whoever was
        signed in at `seat` is signed out (listed first); SeatTaken if they have a call.
        """
        desk, holder = self.desk(agent), self.at_seat(seat)
        if desk.seat == seat and desk.state is not _S.NOT_READY:
            return []
        target = next_state(agent, desk.state, _E.SIGN_IN)
        changes: list[Change] = []
        if holder is not None and holder.agent != agent:
            if holder.state in TALK_STATES or holder.state is _S.IN_DOUBT:
                raise SeatTaken(seat, holder.agent)
            changes += self._put(holder, now, next_state(holder.agent, holder.state, _E.SIGN_OUT))
        if target is _S.WRAP_UP:
            return changes + self._put(desk, now, target, seat=seat)
        if desk.state is _S.OFF:
            at = max(now, desk.since)
            desk = replace(desk, shift_since=at, idle_since=at, spent_us={}, misses={})
        return changes + self._free(replace(desk, seat=seat), now, _E.SIGN_IN)

    def sign_out(self, agent: AgentId, now: Instant) -> list[Change]:
        """`agent` goes home; after-call work ends with it. Booked if they have a call, for after its
        after-call work."""
        desk = self.desk(agent)
        if next_state(agent, desk.state, _E.SIGN_OUT) is _S.OFF:
            return self._put(desk, now, _S.OFF)
        return self._book(desk, now, Booking(state=_S.OFF))

    def set_ready(self, agent: AgentId, now: Instant) -> list[Change]:
        """`agent` can take calls: ends a pause or after-call work, takes back what was booked."""
        desk = self.desk(agent)
        target = next_state(agent, desk.state, _E.SET_READY)
        if target is _S.READY:
            return self._free(desk, now, _E.SET_READY)
        return self._book(desk, now, Booking(state=_S.READY) if target is _S.IN_DOUBT else None)

    def pause(self, agent: AgentId, reason: str, now: Instant) -> list[Change]:
        """`agent` is not ready for `reason`: at once, or booked for after the offer or the talk with
        its after-call work. ValueError without a reason: a pause must say what it is for."""
        if not reason:
            raise ValueError(f"agent {agent}: a pause needs a reason, one of those in agents.yaml")
        desk = self.desk(agent)
        if next_state(agent, desk.state, _E.PAUSE) is _S.NOT_READY:
            return self._put(desk, now, _S.NOT_READY, reason)
        return self._book(desk, now, Booking(state=_S.NOT_READY, reason=reason))

    # What becomes of a call

    def offered(self, agent: AgentId, call: CallId, now: Instant) -> list[Change]:
        """The router chose `agent` for `call`; their phone is being dialled."""
        desk = self.desk(agent)
        return self._put(desk, now, next_state(agent, desk.state, _E.OFFER), call=call)

    def ringing(self, agent: AgentId, now: Instant) -> list[Change]:
        """Their phone rings."""
        return self._signal(agent, now, _E.RING)

    def answered(self, agent: AgentId, now: Instant) -> list[Change]:
        """They answered; misses are forgiven."""
        return self._signal(agent, now, _E.ANSWER, misses={})

    def held(self, agent: AgentId, now: Instant) -> list[Change]:
        """They put the citizen on hold."""
        return self._signal(agent, now, _E.HOLD)

    def unheld(self, agent: AgentId, now: Instant) -> list[Change]:
        """They took the citizen back."""
        return self._signal(agent, now, _E.UNHOLD)

    def talk_ended(self, agent: AgentId, now: Instant) -> list[Change]:
        """The talk is over, whoever ended it: after-call work begins, if the house grants any."""
        return self._wrap_up(self.desk(agent), now, _E.TALK_END)

    def offer_over(self, agent: AgentId, now: Instant) -> list[Change]:
        """The offer ended through no doing of theirs: the citizen left, or the call went elsewhere."""
        desk = self.desk(agent)
        return self._free(desk, now, _E.OFFER_ENDED, desk.booked)

    def missed(self, agent: AgentId, why: str, now: Instant) -> list[Change]:
        """They did not take the offer. At every limit-th miss of a kind in a row they are not ready,
        with the reason for it, unless something else was booked. ValueError if `why` is no Miss."""
        miss, desk = Miss(why), self.desk(agent)
        target = next_state(agent, desk.state, _E.MISSED)
        desk = replace(desk, misses={**desk.misses, miss: desk.misses.get(miss, 0) + 1})
        limit = self._limits.of(miss)
        if limit and desk.misses[miss] % limit == 0 and desk.booked is None:
            return self._put(desk, now, target, MISS_REASONS[miss])
        return self._free(desk, now, _E.OFFER_ENDED, desk.booked)

    # What phones do

    def phone_lost(self, seat: SeatId, now: Instant) -> list[Change]:
        """The phone of `seat` is out of reach: its person is not ready until it is back. An offer to
        it is void at once and no miss; a talk and after-call work go on, and the rest comes after."""
        desk = self.at_seat(seat)
        self._lost.add(seat)
        if desk is None or next_state(desk.agent, desk.state, _E.PHONE_LOST) is desk.state:
            return []
        return self._land(desk, now, desk.booked)

    def phone_back(self, seat: SeatId, now: Instant) -> list[Change]:
        """The phone of `seat` can be reached again; a person whom only that kept away is ready."""
        desk = self.at_seat(seat)
        self._lost.discard(seat)
        if desk is None or (desk.state, desk.reason) != (_S.NOT_READY, PHONE_OFFLINE):
            return []
        return self._free(desk, now, _E.PHONE_BACK)

    # Losing sight of the switch, and finding it again

    def doubt(self, agent: AgentId, now: Instant) -> list[Change]:
        """What `agent` does is no longer sure; no calls for them until it is settled. IllegalMove for
        somebody who is off: there is nothing to doubt."""
        return self._signal(agent, now, _E.DOUBT)

    def settled_talking(
        self, agent: AgentId, call: CallId, now: Instant, *, held: bool = False
    ) -> list[Change]:
        """The sweep found `agent` in a talk with `call`."""
        return self._settle(agent, call, now, _E.SETTLE_HOLD if held else _E.SETTLE_TALKING)

    def settled_ringing(self, agent: AgentId, call: CallId, now: Instant) -> list[Change]:
        """The sweep found `agent`'s phone ringing for `call`."""
        return self._settle(agent, call, now, _E.SETTLE_RINGING)

    def settled_free(self, agent: AgentId, now: Instant) -> list[Change]:
        """The sweep found no call at `agent`'s phone. A pause and after-call work go on from their old
        since, unless the latter is over by now; a talk ended unseen and is followed by after-call work;
        an offer is over. Then comes what was booked meanwhile."""
        desk = self.desk(agent)
        doubt = desk.doubt
        if doubt is not None and doubt.state in TALK_STATES:
            return self._wrap_up(desk, now, _E.SETTLE_WRAP_UP)
        if doubt is not None and desk.booked is None:
            if doubt.state is _S.NOT_READY and doubt.reason != PHONE_OFFLINE:
                target = next_state(agent, desk.state, _E.SETTLE_NOT_READY)
                return self._put(desk, now, target, doubt.reason)
            if doubt.state is _S.WRAP_UP and (desk.wrap_up_until or now) > now:
                return self._put(desk, now, next_state(agent, desk.state, _E.SETTLE_WRAP_UP))
        return self._free(desk, now, _E.SETTLE_READY, desk.booked)

    def restore(self, stored: Iterable[object], now: Instant) -> list[str]:
        """Take up the desks (or their JSON) of an earlier engine, the newest of each person last.

        Returns one sentence for each that can't be taken up: garbled, of another version, of somebody
        or some seat no longer configured, or at a seat that a later one took. Those people are off and
        have to sign in again. A since that lies after `now` is moved back to it.
        """
        complaints: list[str] = []
        taken: dict[AgentId, Desk | None] = {}
        for entry in stored:
            try:
                desk = entry if isinstance(entry, Desk) else Desk.from_json(entry)
                self.desk(desk.agent)
                if desk.seat is not None:
                    self._holder_of(desk.seat)
                taken[desk.agent] = desk
            except AgentError as error:
                complaints.append(str(error))
                if isinstance(entry, dict) and isinstance(entry.get("agent"), str):
                    taken[AgentId(entry["agent"])] = None
        readable = [desk for desk in taken.values() if desk is not None]
        for desk in sorted(readable, key=lambda desk: (desk.since, desk.agent)):
            holder = None if desk.seat is None else self._holder[desk.seat]
            if holder is not None:
                left = DeskUnreadable(f"agent {holder}", f"{desk.agent} sat down at {desk.seat} later")
                complaints.append(str(left))
                self._keep(Desk(agent=holder, state=_S.OFF, since=now))
            self._keep(desk.no_later_than(now))
        return complaints

    # How it is done

    def _holder_of(self, seat: SeatId) -> AgentId | None:
        if seat not in self._holder:
            raise UnknownSeat(seat)
        return self._holder[seat]

    def _signal(self, agent: AgentId, now: Instant, event: AgentEvent, **rest: Any) -> list[Change]:
        """An event after which nothing else follows."""
        desk = self.desk(agent)
        return self._put(desk, now, next_state(agent, desk.state, event), **rest)

    def _settle(self, agent: AgentId, call: CallId, now: Instant, event: AgentEvent) -> list[Change]:
        booked = self.desk(agent).booked
        keep = booked is not None and booked.state is not _S.READY
        return self._signal(agent, now, event, call=call, booked=booked if keep else None)

    def _wrap_up(self, desk: Desk, now: Instant, event: AgentEvent) -> list[Change]:
        target = next_state(desk.agent, desk.state, event)
        if self._limits.after_call_work_s <= 0:
            return self._land(desk, now, desk.booked)
        until = after(max(now, desk.since), self._limits.after_call_work_s)
        keep = desk.booked is not None and desk.booked.state is not _S.READY
        booked = desk.booked if keep else None
        return self._put(desk, now, target, wrap_up_until=until, booked=booked)

    def _free(
        self, desk: Desk, now: Instant, event: AgentEvent, booked: Booking | None = None
    ) -> list[Change]:
        """`event` makes the person ready, and `booked` or a lost phone may follow it at once."""
        next_state(desk.agent, desk.state, event)
        return self._land(desk, now, booked)

    def _land(self, desk: Desk, now: Instant, booked: Booking | None) -> list[Change]:
        if booked is not None and booked.state is not _S.READY:
            event = _E.SIGN_OUT if booked.state is _S.OFF else _E.PAUSE
            return self._put(desk, now, next_state(desk.agent, _S.READY, event), booked.reason)
        if desk.seat in self._lost:
            return self._put(desk, now, next_state(desk.agent, _S.READY, _E.PHONE_LOST), PHONE_OFFLINE)
        return self._put(desk, now, _S.READY)

    def _book(self, desk: Desk, now: Instant, booked: Booking | None) -> list[Change]:
        return self._put(desk, now, desk.state, desk.reason, booked=booked)

    def _put(
        self, desk: Desk, now: Instant, state: AgentState, reason: str | None = None, **rest: Any
    ) -> list[Change]:
        """Move `desk`'s person to `state`; `desk` may carry changes that come with it."""
        before = self._desks[desk.agent]
        at = max(now, before.since)
        was = before.doubt.state if before.doubt is not None else before.state
        if state in _WITHOUT_CALL:
            rest |= {"call": None, "booked": None}
        if state not in (_S.WRAP_UP, _S.IN_DOUBT):
            rest["wrap_up_until"] = None
        if state is _S.OFF:
            rest |= {"seat": None, "idle_since": None, "misses": {}}
        elif state in _WITHOUT_CALL and was in _HANDLING:
            rest["idle_since"] = at
        after_it = desk.moved(at, state, reason, **rest)
        self._keep(after_it)
        return [] if after_it == before else [Change(before=before, after=after_it, at=at)]

    def _keep(self, desk: Desk) -> None:
        before = self._desks[desk.agent]
        if before.seat is not None:
            self._holder[before.seat] = None
        if desk.seat is not None:
            self._holder[desk.seat] = desk.agent
        self._desks[desk.agent] = desk
        if desk.state is _S.WRAP_UP and desk.wrap_up_until is not None:
            heappush(self._wrap_ups, (desk.wrap_up_until, desk.agent))

    def _is_running(self, until: Instant, agent: AgentId) -> bool:
        desk = self._desks[agent]
        return desk.state is _S.WRAP_UP and desk.wrap_up_until == until
