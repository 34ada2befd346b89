"""Who gets which call: the one owner of the router and of the agents' book.

Facts come in as plain method calls, decisions go out to the mailbox of the call they concern; both
happen on the loop's thread and nothing here waits. One timer serves the next deadline of both.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from acd.decisions import (
    Announce,
    Decision,
    DropAgentLeg,
    DropReason,
    MakeNotReady,
    Offer,
    Overflow,
    Refusal,
)
from acd.router import Router
from acd.rules import Profile, Waiting
from agents.book import AgentBook
from agents.desk import Change
from agents.states import TALK_STATES, AgentState
from rexian.engine.city import City
from rexian.engine.clock import Clock
from terms.ids import AgentId, CallId, OfferId, QueueName, SeatId
from terms.instant import Instant, seconds_between
from terms.skills import meets

log = structlog.get_logger()

Post = Callable[[CallId, Decision], None]
Tell = Callable[[Change], None]

BUSY_STATES = (AgentState.TALKING, AgentState.HOLD, AgentState.WRAP_UP, AgentState.IN_DOUBT)
NOBODYS_FAULT = (DropReason.CALLER_GONE, DropReason.CALL_MOVED)
"""After the other reasons the desk has moved already (left), is told by MakeNotReady (expired), or the
phone belongs to no open offer (stale)."""
OFFERED_STATES = (AgentState.OFFERED, AgentState.RINGING)


class Dispatch:
    """The queue and the agents of one city.

    `post` puts a decision into a call's mailbox, `tell` hears every change of an agent's desk (the
    journal writes it down, the board shows it).
    """

    def __init__(self, city: City, clock: Clock, offer_prefix: str, post: Post, tell: Tell) -> None:
        self._clock = clock
        self._post = post
        self._tell = tell
        self._people = {person.agent: person for person in city.people}
        self.book = AgentBook(city.people, city.seats, city.limits, clock.now())
        self._rules = city.queues
        self.router = Router(city.queues, offer_prefix=offer_prefix)
        self._timer: asyncio.TimerHandle | None = None

    # --- calls -------------------------------------------------------------------------------

    def enqueue(self, waiting: Waiting, *, again: bool = False) -> None:
        """A call waits from `waiting.joined_at` on. `again`: no full queue refuses it."""
        self._apply(self.router.enqueue(waiting, self._clock.now(), adopted=again))

    def resume(self, offer: OfferId, waiting: Waiting, agent: AgentId, ring_until: Instant) -> None:
        """A call that waits while the phone of `agent` already rings for it (adoption)."""
        profile = self._profile(agent)
        self._apply(self.router.resume(offer, waiting, agent, profile, ring_until, self._clock.now()))

    def withdraw(self, call: CallId) -> None:
        """The call waits no longer; a phone that rings for it is given back."""
        self._apply(self.router.withdraw(call, self._clock.now()))

    def move(self, call: CallId, queue: QueueName) -> None:
        """To another queue, with the time already waited."""
        self._apply(self.router.move(call, queue, self._clock.now()))

    # --- offers ------------------------------------------------------------------------------

    def ringing(self, agent: AgentId) -> None:
        """The phone rings. Late news of an offer that is over is of no interest."""
        if self.book.desk(agent).state in OFFERED_STATES:
            self._changed(self.book.ringing(agent, self._clock.now()))

    def answered(self, offer: OfferId, agent: AgentId) -> None:
        """The agent picked up. If the offer is stale the call hears of it as DropAgentLeg."""
        now = self._clock.now()
        decisions = self.router.answered(offer, now)
        if not any(isinstance(d, DropAgentLeg) and d.offer == offer for d in decisions):
            self._changed(self.book.answered(agent, now))
        self._apply(decisions)

    def refused(self, offer: OfferId, why: Refusal) -> None:
        """The agent did not take it: the call keeps its place, the agent's misses are counted."""
        self._apply(self.router.refused(offer, why, self._clock.now()))

    # --- talks -------------------------------------------------------------------------------

    # Neither does anything once `agent` talks with `call` no longer: such news may be late, or told twice.

    def held(self, agent: AgentId, call: CallId, on: bool) -> None:
        """The agent's phone put the citizen on hold, or came back."""
        if self._talks(agent, call):
            now = self._clock.now()
            self._changed(self.book.held(agent, now) if on else self.book.unheld(agent, now))

    def talk_ended(self, agent: AgentId, call: CallId) -> None:
        """After-call work begins, or the next state at once when none is planned."""
        if self._talks(agent, call):
            self._changed(self.book.talk_ended(agent, self._clock.now()))

    def _talks(self, agent: AgentId, call: CallId) -> bool:
        desk = self.book.desk(agent)
        return desk.call == call and desk.state in TALK_STATES

    # --- people ------------------------------------------------------------------------------

    def sign_in(self, agent: AgentId, seat: SeatId) -> None:
        """Raises the book's errors, e.g. SeatTaken."""
        self._changed(self.book.sign_in(agent, seat, self._clock.now()))

    def set_ready(self, agent: AgentId) -> None:
        """Ready for calls; ends after-call work."""
        self._changed(self.book.set_ready(agent, self._clock.now()))

    def pause(self, agent: AgentId, reason: str) -> None:
        """Not ready, now or after the call that is on."""
        self._changed(self.book.pause(agent, reason, self._clock.now()))

    def sign_out(self, agent: AgentId) -> None:
        """Off duty."""
        self._changed(self.book.sign_out(agent, self._clock.now()))

    def phone(self, seat: SeatId, reachable: bool) -> None:
        """A seat's phone came or went."""
        now = self._clock.now()
        self._changed(self.book.phone_back(seat, now) if reachable else self.book.phone_lost(seat, now))

    def restore(self, stored: Iterable[object]) -> None:
        """The desks as the journal knows them. What everybody does is in doubt until `settle`."""
        now = self._clock.now()
        for complaint in self.book.restore(stored, now):
            log.error("an agent has to sign in again", why=complaint)
        for desk in self.book.desks():
            if desk.state not in (AgentState.OFF, AgentState.IN_DOUBT):
                self.book.doubt(desk.agent, now)

    def settle(self, agent: AgentId, call: CallId | None, *, ringing: bool = False) -> None:
        """What the switch showed: `agent` talks with, or is rung for, `call`; None: neither."""
        now = self._clock.now()
        if self.book.desk(agent).state is not AgentState.IN_DOUBT:
            if call is not None:
                log.error("a phone is in a call whose person isn't signed in", agent=agent, call=call)
            return
        if call is None:
            self._note(self.book.settled_free(agent, now))
        elif ringing:
            self._note(self.book.settled_ringing(agent, call, now))
        else:
            held = (doubt := self.book.desk(agent).doubt) is not None and doubt.state is AgentState.HOLD
            self._note(self.book.settled_talking(agent, call, now, held=held))

    def sync_all(self) -> None:
        """Tell the router of everybody (after adoption): the ready ones may be offered calls from now on.

        The busy ones first: somebody is "the only one who can" only if nobody else is there at all.
        """
        for desk in sorted(self.book.desks(), key=lambda desk: self.book.may_take_calls(desk.agent)):
            self._sync(desk.agent)

    def is_specialist(self, agent: AgentId, queue: QueueName) -> bool:
        """Whether the agent has what the queue asks for before it relaxes."""
        return any(
            meets(self._people[agent].skills, rule.stages[0].need)
            for rule in self._rules
            if rule.name == queue
        )

    # --- the machine -------------------------------------------------------------------------

    def close(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()

    def _profile(self, agent: AgentId) -> Profile:
        person = self._people[agent]
        return Profile(skills=person.skills, queues=person.queues)

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._tell(change)

    def _changed(self, changes: Sequence[Change]) -> None:
        self._note(changes)
        for change in changes:
            if change.moved:  # the phone that may ring for them is no longer theirs
                self._apply(self.router.agent_gone(change.after.agent, self._clock.now()))
        for agent in dict.fromkeys(change.after.agent for change in changes):
            self._sync(agent)
        self._arm()

    def _sync(self, agent: AgentId) -> None:
        desk = self.book.desk(agent)
        now = self._clock.now()
        if desk.state in OFFERED_STATES:
            return  # the router made that offer, and its end comes from there
        if self.book.may_take_calls(agent):
            self._apply(self.router.agent_available(agent, self._profile(agent), now, desk.idle_since))
        elif desk.state in BUSY_STATES:
            self._apply(self.router.agent_occupied(agent, self._profile(agent), now))
        else:
            self._apply(self.router.agent_gone(agent, now))

    def _apply(self, decisions: Sequence[Decision]) -> None:
        now = self._clock.now()
        freed: list[AgentId] = []
        for decision in decisions:
            match decision:
                case Offer(agent=agent, call=call):
                    if self.book.may_take_calls(agent):
                        self._note(self.book.offered(agent, call, now))
                        self._post(call, decision)
                    else:  # a pause was booked for the end of the offer before this one
                        self._apply(self.router.agent_gone(agent, now))
                case MakeNotReady(agent=agent, why=why):
                    self._changed(self.book.missed(agent, why, now))
                case DropAgentLeg(agent=holder, call=concerned, why=why):
                    if concerned is not None:
                        self._post(concerned, decision)
                    if holder is not None and why in NOBODYS_FAULT:
                        self._note(self.book.offer_over(holder, now))
                        freed.append(holder)
                case Announce(call=call) | Overflow(call=call):
                    self._post(call, decision)
        for agent in freed:  # only now: the router may have given the agent the next call in the same breath
            self._sync(agent)
        self._arm()

    def _arm(self) -> None:
        deadlines = [due for due in (self.router.next_deadline, self.book.next_deadline) if due is not None]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadlines:
            delay_s = max(seconds_between(self._clock.now(), min(deadlines)), 0)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer = None
        now = self._clock.now()
        try:
            self._changed(self.book.advance(now))
            self._apply(self.router.advance(now))
        finally:
            self._arm()  # whatever went wrong with this one, the next deadline must still come
