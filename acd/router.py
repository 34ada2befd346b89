"""The router's verbs: facts about callers and agents in, decisions out, `now` always last.

Every verb first does what is due by `now`, then what it was called for. A fact about a call, an agent
or an offer that the router does not know (any more) is no error: facts cross each other on their way.
"""

from collections.abc import Sequence

from acd.announcements import announcement, expected_wait_s
from acd.changes import NewPriority, NewProfile
from acd.deadlines import Due
from acd.decisions import Decision, DropAgentLeg, DropReason, Overflow, Refusal
from acd.floor import EXPIRY_GRACE_S, Floor, drop, score
from acd.lines import Call, OpenOffer
from acd.profiles import Agent, Standing
from acd.rule_check import RulesRefused, mistakes
from acd.rules import Profile, QueueRule, Waiting
from acd.views import Place, WaitingView
from terms.ids import AgentId, CallId, OfferId, QueueName
from terms.instant import Instant, after


class Router:
    """Who gets which call. `offer_prefix` makes offer ids unique across restarts of the process."""

    def __init__(self, rules: Sequence[QueueRule], offer_prefix: str) -> None:
        """RulesRefused, with every mistake, if the rules can't be routed by."""
        wrong = mistakes(rules)
        if wrong:
            raise RulesRefused(wrong)
        self._floor = Floor(rules, offer_prefix)

    @property
    def next_deadline(self) -> Instant | None:
        """When `advance` has something to do; before that it has nothing."""
        return self._floor.deadlines.next

    def advance(self, now: Instant) -> list[Decision]:
        """Do what is due: as of `now`, in order of score, however late the timer is."""
        decisions: list[Decision] = []
        due = self._floor.deadlines.pop_due(now)
        if not due:
            return decisions
        calls: list[Call] = []
        freed: list[Agent] = []
        to_tell: list[Call] = []
        for kind, name in due:
            match kind:
                case Due.OFFER_EXPIRES:
                    call = self._floor.offers[OfferId(name)]
                    decisions.append(drop(call, DropReason.EXPIRED))
                    decisions += self._floor.missed(call, Refusal.NO_ANSWER, now)
                    calls.append(call)
                case Due.REST_ENDS:
                    freed.append(self._floor.bench.agents[AgentId(name)])
                    self._floor.bench.put(freed[-1], Standing.IDLE)
                case Due.STAGE_BEGINS:
                    calls.append(self._floor.lines.calls[CallId(name)])
                    self._floor.lines.unfile(calls[-1])
                    decisions += self._floor.file(calls[-1], now)
                case Due.ANNOUNCEMENT:
                    to_tell.append(self._floor.lines.calls[CallId(name)])
        decisions += self._floor.settle(calls, freed, now)
        for call in to_tell:
            decisions.append(announcement(call, self._floor.lines.position(call)))
            self._floor.set_announcement(call, Instant(now + 1))
        return decisions

    # Callers

    def enqueue(self, waiting: Waiting, now: Instant, *, adopted: bool = False) -> list[Decision]:
        """A caller joins. A call that is here already keeps its place; one that finds its queue full
        and nobody idle for it is answered with Overflow(to=None) and not taken, unless `adopted`: it
        was waiting before this process was. UnknownQueue if no rule describes the queue."""
        queue = self._floor.queue(waiting.queue)
        decisions = self.advance(now)
        if waiting.call in self._floor.lines.calls:
            return decisions
        call = self._floor.admit(waiting, queue, Instant(now + adopted))
        decisions += self._floor.file(call, now)
        decisions += self._floor.settle([call], [], now)
        waiting_here = len(call.queue.filed) + len(call.queue.offered)
        is_full = 0 < call.queue.rule.capacity < waiting_here
        if is_full and call.offer is None and not adopted:
            self._floor.lines.unfile(call)
            self._floor.forget(call)
            decisions.append(Overflow(call=call.id, to=None))
        return decisions

    def withdraw(self, call: CallId, now: Instant) -> list[Decision]:
        """The caller is gone. A phone that rang for them stops; its agent is idle again at once, unless
        reported occupied meanwhile."""
        decisions = self.advance(now)
        known = self._floor.lines.calls.get(call)
        if known is None:
            return decisions
        freed: list[Agent] = []
        if known.offer is not None:
            decisions.append(drop(known, DropReason.CALLER_GONE))
            freed = self._floor.release(known, now)
        else:
            self._floor.lines.unfile(known)
        self._floor.forget(known)
        return decisions + self._floor.settle([], freed, now)

    def move(self, call: CallId, queue: QueueName, now: Instant) -> list[Decision]:
        """The caller waits in another queue from now on, as if they had joined it when they joined the
        first. A phone that rang for them stops. UnknownQueue if no rule describes the queue."""
        target = self._floor.queue(queue)
        decisions = self.advance(now)
        known = self._floor.lines.calls.get(call)
        if known is None or known.queue is target:
            return decisions
        freed: list[Agent] = []
        if known.offer is not None:
            decisions.append(drop(known, DropReason.CALL_MOVED))
            freed = self._floor.release(known, now)
        else:
            self._floor.lines.unfile(known)
        known.queue = target
        self._floor.set_announcement(known, Instant(now + 1))
        decisions += self._floor.file(known, now)
        return decisions + self._floor.settle([known], freed, now)

    # Agents

    def agent_available(
        self, agent: AgentId, profile: Profile, now: Instant, idle_since: Instant | None = None
    ) -> list[Decision]:
        """`agent` can take calls. Without `idle_since` it stays what it was, or is `now` after an
        answered call. While an offer to them is open it rings on, and they are idle after it. Within
        REST_S of an offer they refused they become idle when that is over."""
        decisions = self.advance(now)
        known, calls = self._floor.join(agent, profile)
        was_offered = known.standing is Standing.OFFERED
        if not was_offered:
            self._floor.bench.put(known, Standing.BUSY)
        if idle_since is not None or known.idle_since is None:
            known.idle_since = now if idle_since is None else idle_since
        known.idle_after = True
        return decisions + self._floor.settle(
            calls, [] if was_offered else self._floor.rested(known, now), now
        )

    def agent_occupied(self, agent: AgentId, profile: Profile, now: Instant) -> list[Decision]:
        """`agent` is signed in and busy: never offered a call, but counted for the expected wait. An
        open offer to them rings on; when it ends they stay busy until reported available."""
        decisions = self.advance(now)
        known, calls = self._floor.join(agent, profile)
        known.idle_after = False
        if known.standing is not Standing.OFFERED:
            self._floor.stand_down(known)
        return decisions + self._floor.settle(calls, [], now)

    def agent_gone(self, agent: AgentId, now: Instant) -> list[Decision]:
        """`agent` paused or signed out. A phone that rang for them stops and its call is back in its
        old place."""
        decisions = self.advance(now)
        known = self._floor.bench.agents.get(agent)
        if known is None:
            return decisions
        calls: list[Call] = []
        if known.call is not None:
            calls.append(self._floor.lines.calls[known.call])
            decisions.append(drop(calls[0], DropReason.AGENT_LEFT))
            decisions += self._floor.missed(calls[0], Refusal.AGENT_LEFT, now)
        self._floor.stand_down(known)
        self._floor.bench.leave(known)
        calls += self._floor.matching.freed_by_absence(known.group.serves)
        return decisions + self._floor.settle(calls, [], now)

    # Offers

    def answered(self, offer: OfferId, now: Instant) -> list[Decision]:
        """The agent picked up: the call leaves its queue, they are busy until reported otherwise. If
        the offer is closed the phone that picked up is dropped."""
        decisions = self.advance(now)
        call = self._floor.offers.get(offer)
        if call is None:
            return [*decisions, DropAgentLeg(offer=offer, agent=None, call=None, why=DropReason.STALE)]
        self._floor.close(call).idle_since = None
        self._floor.forget(call)
        return decisions

    def refused(self, offer: OfferId, why: Refusal, now: Instant) -> list[Decision]:
        """The offer came to nothing: its call is back in its old place and not for this agent while
        there are others, who is busy until reported available. Nothing if the offer is closed."""
        decisions = self.advance(now)
        call = self._floor.offers.get(offer)
        if call is None:
            return decisions
        decisions += self._floor.missed(call, why, now)
        return decisions + self._floor.settle([call], [], now)

    def resume(
        self,
        offer: OfferId,
        waiting: Waiting,
        agent: AgentId,
        profile: Profile,
        ring_until: Instant,
        now: Instant,
    ) -> list[Decision]:
        """An offer of an earlier process still rings: take it over as it is. The call is enqueued if it
        was not. The phone is dropped instead if the call or the agent has another open offer."""
        queue = self._floor.queue(waiting.queue)
        decisions = self.advance(now)
        call = self._floor.lines.calls.get(waiting.call)
        known, calls = self._floor.join(agent, profile)
        if known.standing is Standing.OFFERED or (call is not None and call.offer is not None):
            decisions.append(DropAgentLeg(offer=offer, agent=agent, call=waiting.call, why=DropReason.STALE))
            if call is None:
                decisions += self.enqueue(waiting, now, adopted=True)
            return decisions + self._floor.settle(calls, [], now)
        if call is None:
            call = self._floor.admit(waiting, queue, Instant(now + 1))
            call.stage = queue.own_stage_at(waiting.joined_at, now)
            call.set_key()
        else:
            self._floor.lines.unfile(call)
        self._floor.stand_down(known)
        if known.idle_since is None:
            known.idle_since = now
        known.idle_after = True
        opened = OpenOffer(offer=offer, agent=agent, made_at=now)
        self._floor.ring(call, known, opened, after(ring_until, EXPIRY_GRACE_S))
        return decisions + self._floor.settle(calls, [], now)

    # Supervisors, boards

    def change(self, order: NewPriority | NewProfile, now: Instant) -> list[Decision]:
        """A supervisor's change, in force from the next decision on, for those who wait already too."""
        decisions = self.advance(now)
        match order:
            case NewPriority(call=call, priority=priority):
                if call in self._floor.lines.calls:
                    self._floor.set_priority(self._floor.lines.calls[call], priority)
                return decisions
            case NewProfile(agent=agent, profile=profile):
                known = self._floor.bench.agents.get(agent)
                if known is None:
                    return decisions
                _, calls = self._floor.join(agent, profile)
                freed = [known] if known.standing is Standing.IDLE else []
                return decisions + self._floor.settle(calls, freed, now)

    def place(self, call: CallId) -> Place | None:
        """Where a call stands now, None if it does not wait here. Not what its caller was told."""
        known = self._floor.lines.calls.get(call)
        if known is None:
            return None
        position = self._floor.lines.position(known)
        return Place(position=position, expected_wait_s=expected_wait_s(known, position))

    def waiting(self, now: Instant) -> list[WaitingView]:
        """All calls that no agent has answered yet, the most urgent first."""
        calls = sorted(self._floor.lines.calls.values(), key=lambda call: call.rank(now))
        return [
            WaitingView(
                call=call.id,
                queue=call.queue.rule.name,
                joined_at=call.waiting.joined_at,
                priority=call.priority,
                position=self._floor.lines.position(call),
                score=score(call, now).total,
                stage=call.stage,
                tried=call.tried,
                offer=None if call.offer is None else call.offer.offer,
                agent=None if call.offer is None else call.offer.agent,
            )
            for call in calls
        ]
