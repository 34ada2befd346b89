"""The router's books: which call is in which line, which phone rings for whom, what is due when.

Whatever happens to a call or an agent is one of these few moves. Each keeps lines, masks, open offers
and deadlines in step, so that a call is always in exactly one line or offered, or not here.
"""

from bisect import insort
from collections.abc import Iterable, Sequence

from acd.announcements import announcements_before, next_announcement
from acd.deadlines import Deadlines, Due
from acd.decisions import Decision, DropAgentLeg, DropReason, MakeNotReady, Offer, Overflow, Refusal
from acd.explain import OfferReason, Score
from acd.lines import Call, Lines, OpenOffer, Queue, take_out
from acd.matching import Match, Matching
from acd.profiles import Agent, Bench, Standing
from acd.rules import POINT, Profile, QueueRule, Waiting
from terms.ids import AgentId, OfferId, QueueName
from terms.instant import Instant, after

EXPIRY_GRACE_S = 3.0
"""An offer is given up this long after its phone should have stopped ringing: nobody reported back."""

REST_S = 3.0
"""From one offer to an agent until the next, if the first was refused. A busy phone refuses within
milliseconds, and would otherwise be asked for every waiting call in turn, all in the same second."""


class UnknownQueue(LookupError):
    """A call was sent to a queue that no rule describes. Nothing was changed."""

    def __init__(self, queue: QueueName, known: Iterable[QueueName]) -> None:
        super().__init__(f"there is no queue '{queue}'; there are {', '.join(known)}")


class Floor:
    """Callers, agents and ringing phones, kept in step."""

    def __init__(self, rules: Sequence[QueueRule], offer_prefix: str) -> None:
        self.lines = Lines(rules)
        self.bench = Bench(self.lines.requirements)
        self.matching = Matching(self.lines, self.bench)
        self.deadlines = Deadlines()
        self.offers: dict[OfferId, Call] = {}
        self._offer_prefix = offer_prefix
        self._offer_count = 0

    def queue(self, name: QueueName) -> Queue:
        """The queue of that name, or UnknownQueue."""
        queue = self.lines.queues.get(name)
        if queue is None:
            raise UnknownQueue(name, self.lines.queues)
        return queue

    def admit(self, waiting: Waiting, queue: Queue, told_until: Instant) -> Call:
        """A new call, not in any line yet. Announcements due before `told_until` were made elsewhere."""
        call = self.lines.calls[waiting.call] = Call(
            waiting=waiting,
            queue=queue,
            priority=waiting.priority,
            tried=waiting.tried,
            told_times=announcements_before(queue.rule, waiting.joined_at, told_until),
            told_position=waiting.told_position,
            told_wait_s=waiting.told_wait_s,
        )
        self.set_announcement(call, told_until)
        return call

    def forget(self, call: Call) -> None:
        """A call that is in no line and has no offer is here no more."""
        self.deadlines.set(Due.STAGE_BEGINS, call.id, None)
        self.deadlines.set(Due.ANNOUNCEMENT, call.id, None)
        del self.lines.calls[call.id]

    def file(self, call: Call, now: Instant) -> list[Decision]:
        """Put a call into the line of the stage in force, which may be in another queue."""
        decisions: list[Decision] = []
        joined_at = call.waiting.joined_at
        while True:
            call.stage = call.queue.stage_at(joined_at, now)
            to = call.queue.rule.stages[call.stage].overflow
            if to is None:
                break
            call.queue = self.lines.queues[to]
            self.set_announcement(call, Instant(now + 1))
            decisions.append(Overflow(call=call.id, to=to))
        call.set_key()
        self.lines.file(call)
        self.deadlines.set(Due.STAGE_BEGINS, call.id, call.queue.stage_begins(joined_at, call.stage + 1))
        return decisions

    def set_announcement(self, call: Call, at: Instant) -> None:
        """Have the first announcement at or after `at`, in the rhythm of the call's queue."""
        due = next_announcement(call.queue.rule, call.waiting.joined_at, at)
        self.deadlines.set(Due.ANNOUNCEMENT, call.id, due)

    def set_priority(self, call: Call, priority: int) -> None:
        """Give a call another priority, in its line or while a phone rings for it."""
        call.priority = priority
        if call.offer is None:
            self.lines.unfile(call)
            call.set_key()
            self.lines.file(call)
        else:
            take_out(call.queue.offered, call.key)
            call.set_key()
            insort(call.queue.offered, call.key)

    def join(self, agent: AgentId, profile: Profile) -> tuple[Agent, list[Call]]:
        """The agent, and the calls for which nobody is left but those who refused them, because of it."""
        before = self.bench.agents.get(agent)
        served = 0 if before is None else before.group.serves
        known = self.bench.join(agent, profile)
        return known, self.matching.freed_by_absence(served & ~known.group.serves)

    def stand_down(self, agent: Agent) -> None:
        """Make an agent busy who is in no offer."""
        self.deadlines.set(Due.REST_ENDS, agent.id, None)
        self.bench.put(agent, Standing.BUSY)

    def rested(self, agent: Agent, now: Instant) -> list[Agent]:
        """Make them idle, or resting until they may be; returns the idle."""
        if agent.rests_until is not None and agent.rests_until > now:
            self.bench.put(agent, Standing.RESTING)
            self.deadlines.set(Due.REST_ENDS, agent.id, agent.rests_until)
            return []
        self.bench.put(agent, Standing.IDLE)
        return [agent]

    def settle(self, calls: Iterable[Call], freed: Sequence[Agent], now: Instant) -> list[Decision]:
        """Make every offer that `calls` (just filed) and `freed` agents (just idle) make possible."""
        decisions: list[Decision] = []
        once = {call.id: call for call in calls}.values()
        pending = sorted(once, key=lambda call: call.rank(now), reverse=True)
        while (match := self.matching.next_match(pending, freed, now)) is not None:
            decisions.append(self._offer(match, now))
        return decisions

    def _offer(self, match: Match, now: Instant) -> Offer:
        call, agent, rule = match.call, match.agent, match.call.queue.rule
        self._offer_count += 1
        offer = OfferId(f"{self._offer_prefix}{self._offer_count}")
        reason = OfferReason(
            stage=call.stage,
            stage_since=Instant(call.waiting.joined_at + call.queue.stage_us[call.stage]),
            score=score(call, now),
            chosen=match.ranks[0],
            runner_up=match.ranks[1] if len(match.ranks) > 1 else None,
            able_idle=match.able_idle,
            preferred=match.preferred,
            tried_again=agent.id in call.tried,
            passed_over=match.passed_over,
        )
        opened = OpenOffer(offer=offer, agent=agent.id, made_at=now)
        self.lines.unfile(call)
        self.ring(call, agent, opened, after(now, rule.ring_s + EXPIRY_GRACE_S))
        return Offer(offer=offer, call=call.id, agent=agent.id, ring_s=rule.ring_s, reason=reason)

    def ring(self, call: Call, agent: Agent, opened: OpenOffer, expires_at: Instant) -> None:
        """A call in no line and an agent in no offer: that phone rings for it from now on."""
        if agent.id in call.tried:
            call.tried = frozenset()
        call.offer = opened
        insort(call.queue.offered, call.key)
        agent.call = call.id
        self.bench.put(agent, Standing.OFFERED)
        self.offers[opened.offer] = call
        self.deadlines.set(Due.STAGE_BEGINS, call.id, None)
        self.deadlines.set(Due.OFFER_EXPIRES, opened.offer, expires_at)

    def close(self, call: Call) -> Agent:
        """End the call's offer: it is in no line then, its agent busy."""
        opened = call.offer
        assert opened is not None, "no offer to close; please report this"
        agent = self.bench.agents[opened.agent]
        take_out(call.queue.offered, call.key)
        call.offer = agent.call = None
        self.bench.put(agent, Standing.BUSY)
        del self.offers[opened.offer]
        self.deadlines.set(Due.OFFER_EXPIRES, opened.offer, None)
        return agent

    def release(self, call: Call, now: Instant) -> list[Agent]:
        """End the call's offer through no doing of its agent's; returns them if they are idle now."""
        agent = self.close(call)
        return self.rested(agent, now) if agent.idle_after else []

    def missed(self, call: Call, why: Refusal, now: Instant) -> list[Decision]:
        """End the call's offer because of its agent, and file the call again."""
        opened = call.offer
        assert opened is not None, "no offer to miss; please report this"
        agent = self.close(call)
        call.tried |= {agent.id}
        told: list[Decision] = []
        if why is not Refusal.AGENT_LEFT:
            agent.rests_until = after(opened.made_at, REST_S)
            told.append(MakeNotReady(agent=agent.id, why=why, offer=opened.offer))
        return told + self.file(call, now)


def drop(call: Call, why: DropReason) -> DropAgentLeg:
    """The decision that stops the phone which rings for `call`."""
    opened = call.offer
    assert opened is not None, "no offer to drop; please report this"
    return DropAgentLeg(offer=opened.offer, agent=opened.agent, call=call.id, why=why)


def score(call: Call, now: Instant) -> Score:
    """What makes `call` urgent at `now`."""
    rule = call.queue.rule
    return Score(
        priority=call.priority + rule.priority,
        boost=rule.stages[call.stage].boost,
        ageing=rule.slope * (now - call.waiting.joined_at) / POINT,
    )
