"""A router that is obviously right and slow: the yardstick for `acd.router`, in tests and benchmarks.

It keeps two plain tables and looks at every pair of call and agent after every event. Only the rules'
data classes and the decisions are shared with the real one; offers come back as `Pairing`, without a
reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acd.changes import NewPriority, NewProfile
from acd.decisions import Announce, DropAgentLeg, DropReason, MakeNotReady, Overflow, Refusal
from acd.rules import Fit, Profile, QueueRule, Stage, Waiting
from terms.ids import AgentId, CallId, OfferId, QueueName
from terms.instant import SECOND, Instant, after

GRACE_S = 3.0
REST_S = 3.0
LONG_AGO = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """An offer without its reason."""

    offer: OfferId
    call: CallId
    agent: AgentId
    ring_s: float


Answer = Pairing | DropAgentLeg | MakeNotReady | Announce | Overflow


@dataclass(slots=True, eq=False)
class NaiveCall:
    """A row of the table of calls."""

    waiting: Waiting
    queue: QueueName
    priority: int
    tried: frozenset[AgentId]
    told_until: Instant
    told_times: int
    told_position: int | None
    told_wait_s: float | None
    stage: int = 0
    offer: OfferId | None = None
    agent: AgentId | None = None
    made_at: Instant = LONG_AGO
    expires_at: Instant = LONG_AGO


@dataclass(slots=True, eq=False)
class NaiveAgent:
    """A row of the table of agents."""

    profile: Profile
    is_ready: bool = False
    idle_since: Instant | None = None
    rests_until: Instant = LONG_AGO


class NaiveRouter:
    """The verbs of `acd.router.Router`."""

    def __init__(self, rules: Sequence[QueueRule], offer_prefix: str) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self.calls: dict[CallId, NaiveCall] = {}
        self.agents: dict[AgentId, NaiveAgent] = {}
        self.prefix = offer_prefix
        self._count = 0

    # What is true now

    def stage(self, call: NaiveCall, now: Instant) -> int:
        """Index of the stage in force."""
        due = [
            index
            for index, stage in enumerate(self.rules[call.queue].stages)
            if after(call.waiting.joined_at, stage.after_s) <= now
        ]
        return due[-1] if due else 0

    def own_stage(self, call: NaiveCall, now: Instant) -> int:
        """The same, for a call that can't overflow because a phone rings for it."""
        stage = self.stage(call, now)
        return stage - 1 if self.rules[call.queue].stages[stage].overflow else stage

    def _rule_of(self, call: NaiveCall) -> tuple[QueueRule, Stage]:
        rule = self.rules[call.queue]
        return rule, rule.stages[call.stage]

    def order(self, call: NaiveCall, now: Instant) -> tuple[int, Instant, int, CallId]:
        """Sorts the most urgent first."""
        rule, stage = self._rule_of(call)
        points = (call.priority + rule.priority + stage.boost) * 1000 * SECOND
        score = points + rule.slope * (now - call.waiting.joined_at)
        return -score, call.waiting.joined_at, call.waiting.seq, call.waiting.call

    def is_able(self, agent: AgentId, call: NaiveCall) -> bool:
        """Signed in, with the queue and every skill at its level."""
        if agent not in self.agents:
            return False
        profile, (_, stage) = self.agents[agent].profile, self._rule_of(call)
        levels = dict(profile.skills)
        return call.queue in profile.queues and all(levels.get(s, 0) >= level for s, level in stage.need)

    def may_ring(self, agent: AgentId, call: NaiveCall) -> bool:
        """Able, and has not refused it, unless every able one has."""
        able = {other for other in self.agents if self.is_able(other, call)}
        return agent in able and (agent not in call.tried or able <= call.tried)

    def is_idle(self, agent: AgentId, now: Instant) -> bool:
        """Ready, with no phone ringing and not resting."""
        row = self.agents[agent]
        rings = any(call.agent == agent for call in self.calls.values())
        return row.is_ready and not rings and row.rests_until <= now

    def position(self, call: NaiveCall, now: Instant) -> int:
        """1 is next."""
        return 1 + sum(
            other.queue == call.queue and self.order(other, now) < self.order(call, now)
            for other in self.calls.values()
        )

    def fit(self, agent: AgentId, call: NaiveCall) -> tuple[bool, int, Instant, AgentId]:
        """Sorts the agent to ask first."""
        rule, stage = self._rule_of(call)
        skills = dict(self.agents[agent].profile.skills)
        fit = len(skills)
        if rule.fit is Fit.HIGHEST_LEVEL:
            fit = -sum(skills[skill] for skill, _ in stage.need)
        since = self.agents[agent].idle_since
        assert since is not None, "a ready agent has an idle_since"
        return agent != call.waiting.preferred, fit, since, agent

    # A restart beside which this one goes on

    def as_waiting(self, call: NaiveCall) -> Waiting:
        """The call as somebody who takes it over would enqueue it."""
        return replace(
            call.waiting,
            queue=call.queue,
            priority=call.priority,
            tried=call.tried,
            told_position=call.told_position,
            told_wait_s=call.told_wait_s,
        )

    def forget_what_a_restart_forgets(self, prefix: str, now: Instant) -> None:
        """What a new router can't know: who rests, when ringing began, the idle time of the busy."""
        self.prefix, self._count = prefix, 0
        for call in list(self.calls.values()):
            readmitted = self._admit(self.as_waiting(call), Instant(now + 1))
            call.told_until, call.told_times = readmitted.told_until, readmitted.told_times
            call.made_at = now
            if call.offer is not None:
                call.stage = self.own_stage(call, now)
            self.calls[call.waiting.call] = call
        for name, agent in self.agents.items():
            rings = any(call.agent == name for call in self.calls.values())
            agent.is_ready = agent.is_ready and agent.rests_until <= now
            agent.rests_until = LONG_AGO
            if not agent.is_ready:
                agent.idle_since = now if rings else None

    # What follows

    def _refresh(self, now: Instant) -> list[Answer]:
        """Let stages begin, then offer whatever can be offered, the most urgent call first."""
        answers: list[Answer] = []
        for call in self.calls.values():
            if call.offer is None:
                call.stage = self.stage(call, now)
                while (to := self._rule_of(call)[1].overflow) is not None:
                    call.queue, call.told_until = to, now
                    call.stage = self.stage(call, now)
                    answers.append(Overflow(call=call.waiting.call, to=to))
        waiting = [call for call in self.calls.values() if call.offer is None]
        for call in sorted(waiting, key=lambda call: self.order(call, now)):
            able = [a for a in self.agents if self.is_idle(a, now) and self.may_ring(a, call)]
            if able:
                answers.append(self._ring(call, min(able, key=lambda a: self.fit(a, call)), now))
        return answers

    def _ring(self, call: NaiveCall, agent: AgentId, now: Instant) -> Pairing:
        if agent in call.tried:
            call.tried = frozenset()
        self._count += 1
        call.offer, call.agent, call.made_at = OfferId(f"{self.prefix}{self._count}"), agent, now
        ring_s = self.rules[call.queue].ring_s
        call.expires_at = after(now, ring_s + GRACE_S)
        return Pairing(offer=call.offer, call=call.waiting.call, agent=agent, ring_s=ring_s)

    def _end_offer(self, call: NaiveCall, why: DropReason) -> DropAgentLeg:
        assert call.offer is not None, "no offer to end"
        drop = DropAgentLeg(offer=call.offer, agent=call.agent, call=call.waiting.call, why=why)
        call.offer = call.agent = None
        return drop

    def _miss(self, call: NaiveCall, why: Refusal) -> list[Answer]:
        agent, offer = call.agent, call.offer
        assert agent is not None, "no offer to miss"
        assert offer is not None, "no offer to miss"
        call.tried |= {agent}
        call.offer = call.agent = None
        self.agents[agent].is_ready = False
        if why is Refusal.AGENT_LEFT:
            return []
        self.agents[agent].rests_until = after(call.made_at, REST_S)
        return [MakeNotReady(agent=agent, why=why, offer=offer)]

    def _announcement_due(self, call: NaiveCall, now: Instant) -> bool:
        rule = self.rules[call.queue]
        due = after(call.waiting.joined_at, rule.announce_first_s)
        every = after(Instant(0), rule.announce_every_s)
        while due <= call.told_until and every:
            due = Instant(due + every)
        return call.told_until < due <= now

    def _tell(self, call: NaiveCall, now: Instant) -> Announce:
        place = self.position(call, now)
        able = sum(self.is_able(agent, call) for agent in self.agents)
        handling_s = self.rules[call.queue].handling_s
        wait_s = place * handling_s / able if able and handling_s else None
        call.told_until, call.told_times = now, call.told_times + 1
        call.told_position = place if call.told_position is None else min(place, call.told_position)
        if wait_s is not None:
            call.told_wait_s = wait_s = wait_s if call.told_wait_s is None else min(wait_s, call.told_wait_s)
        return Announce(
            call=call.waiting.call, position=call.told_position, expected_wait_s=wait_s, nth=call.told_times
        )

    # The verbs

    def advance(self, now: Instant) -> list[Answer]:
        """Everything due by `now`."""
        answers: list[Answer] = []
        to_tell = [call for call in self.calls.values() if self._announcement_due(call, now)]
        for call in self.calls.values():
            if call.offer is not None and call.expires_at <= now:
                expired = call.offer, call.agent
                answers += self._miss(call, Refusal.NO_ANSWER)
                answers.append(
                    DropAgentLeg(
                        offer=expired[0], agent=expired[1], call=call.waiting.call, why=DropReason.EXPIRED
                    )
                )
        answers += self._refresh(now)
        return answers + [self._tell(call, now) for call in to_tell]

    def enqueue(self, waiting: Waiting, now: Instant, *, adopted: bool = False) -> list[Answer]:
        """A caller joins."""
        answers = self.advance(now)
        if waiting.call in self.calls:
            return answers
        call = self._admit(waiting, Instant(now + adopted))
        answers += self._refresh(now)
        rule = self.rules[call.queue]
        here = sum(other.queue == call.queue for other in self.calls.values())
        if call.offer is None and rule.capacity and here > rule.capacity and not adopted:
            del self.calls[waiting.call]
            answers.append(Overflow(call=waiting.call, to=None))
        return answers

    def _admit(self, waiting: Waiting, told_until: Instant) -> NaiveCall:
        call = self.calls[waiting.call] = NaiveCall(
            waiting=waiting,
            queue=waiting.queue,
            priority=waiting.priority,
            tried=waiting.tried,
            told_until=Instant(told_until - 1),
            told_times=0,
            told_position=waiting.told_position,
            told_wait_s=waiting.told_wait_s,
        )
        rule = self.rules[waiting.queue]
        due = after(waiting.joined_at, rule.announce_first_s)
        while due < told_until and (call.told_times == 0 or rule.announce_every_s):
            call.told_times += 1
            due = after(due, rule.announce_every_s)
        return call

    def withdraw(self, call: CallId, now: Instant) -> list[Answer]:
        """The caller is gone."""
        answers = self.advance(now)
        row = self.calls.pop(call, None)
        if row is not None and row.offer is not None:
            answers.append(self._end_offer(row, DropReason.CALLER_GONE))
        return answers + self._refresh(now)

    def move(self, call: CallId, queue: QueueName, now: Instant) -> list[Answer]:
        """The caller waits elsewhere."""
        answers = self.advance(now)
        row = self.calls.get(call)
        if row is not None and row.queue != queue:
            if row.offer is not None:
                answers.append(self._end_offer(row, DropReason.CALL_MOVED))
            row.queue, row.told_until = queue, now
        return answers + self._refresh(now)

    def agent_available(
        self, agent: AgentId, profile: Profile, now: Instant, idle_since: Instant | None = None
    ) -> list[Answer]:
        """They can take calls."""
        answers = self.advance(now)
        row = self.agents.setdefault(agent, NaiveAgent(profile))
        row.profile, row.is_ready = profile, True
        if idle_since is not None or row.idle_since is None:
            row.idle_since = now if idle_since is None else idle_since
        return answers + self._refresh(now)

    def agent_occupied(self, agent: AgentId, profile: Profile, now: Instant) -> list[Answer]:
        """They are busy."""
        answers = self.advance(now)
        row = self.agents.setdefault(agent, NaiveAgent(profile))
        row.profile, row.is_ready = profile, False
        return answers + self._refresh(now)

    def agent_gone(self, agent: AgentId, now: Instant) -> list[Answer]:
        """They are not there."""
        answers = self.advance(now)
        for call in self.calls.values():
            if call.agent == agent:
                answers.append(self._end_offer(call, DropReason.AGENT_LEFT))
                call.tried |= {agent}
        self.agents.pop(agent, None)
        return answers + self._refresh(now)

    def _by_offer(self, offer: OfferId) -> NaiveCall | None:
        return next((call for call in self.calls.values() if call.offer == offer), None)

    def answered(self, offer: OfferId, now: Instant) -> list[Answer]:
        """They picked up."""
        answers = self.advance(now)
        call = self._by_offer(offer)
        if call is None or call.agent is None:
            return [*answers, DropAgentLeg(offer=offer, agent=None, call=None, why=DropReason.STALE)]
        self.agents[call.agent].is_ready = False
        self.agents[call.agent].idle_since = None
        del self.calls[call.waiting.call]
        return answers + self._refresh(now)

    def refused(self, offer: OfferId, why: Refusal, now: Instant) -> list[Answer]:
        """They did not."""
        answers = self.advance(now)
        call = self._by_offer(offer)
        if call is not None:
            answers += self._miss(call, why)
        return answers + self._refresh(now)

    def resume(
        self,
        offer: OfferId,
        waiting: Waiting,
        agent: AgentId,
        profile: Profile,
        ring_until: Instant,
        now: Instant,
    ) -> list[Answer]:
        """That phone rings already."""
        answers = self.advance(now)
        is_new = waiting.call not in self.calls
        call = self._admit(waiting, Instant(now + 1)) if is_new else self.calls[waiting.call]
        row = self.agents.setdefault(agent, NaiveAgent(profile))
        row.profile = profile
        if call.offer is not None or any(other.agent == agent for other in self.calls.values()):
            drop = DropAgentLeg(offer=offer, agent=agent, call=waiting.call, why=DropReason.STALE)
            return [*answers, drop, *self._refresh(now)]
        if is_new:
            call.stage = self.own_stage(call, now)
        row.is_ready, row.idle_since = True, row.idle_since or now
        if agent in call.tried:
            call.tried = frozenset()
        call.offer, call.agent, call.made_at = offer, agent, now
        call.expires_at = after(ring_until, GRACE_S)
        return answers + self._refresh(now)

    def change(self, order: NewPriority | NewProfile, now: Instant) -> list[Answer]:
        """A supervisor's change."""
        answers = self.advance(now)
        match order:
            case NewPriority(call=call, priority=priority):
                if call in self.calls:
                    self.calls[call].priority = priority
            case NewProfile(agent=agent, profile=profile):
                if agent in self.agents:
                    self.agents[agent].profile = profile
        return answers + self._refresh(now)
