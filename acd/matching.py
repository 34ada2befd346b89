"""Who is offered to whom: the best agent for a call, the best call for an agent, and both together.

Between two events no waiting call has an idle agent who could take it. So an event is settled by
looking at what it changed and nothing else: a new call can only meet idle agents, a freed agent only
waiting calls. When one event changes several at once, the most urgent call chooses first.

Who has refused a call (`tried`) is not asked again, until nobody else who is signed in could serve it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from acd.explain import AgentRank, PassedOver
from acd.lines import Call, Key, Lines, Rank, Requirement
from acd.profiles import Agent, Bench, Standing
from acd.rules import POINT
from terms.ids import AgentId
from terms.instant import Instant

HEADS_AT_MOST = 24
"""Up to so many requirements with waiting calls, a freed agent compares the heads of their lines. With
more they walk down each of their queues to the first call they may take: the more requirements an agent
meets, the larger the share of such calls, and the shorter the walk."""


@dataclass(frozen=True, slots=True)
class Match:
    """A call and the agent to ask, with what the choice was made from."""

    call: Call
    agent: Agent
    ranks: tuple[AgentRank, ...]  # of the chosen and, if any, the next best
    able_idle: tuple[tuple[int, int], ...]
    preferred: bool
    passed_over: PassedOver | None = None


class Matching:
    """Finds matches; changes nothing."""

    def __init__(self, lines: Lines, bench: Bench) -> None:
        self._lines = lines
        self._bench = bench

    def next_match(self, pending: list[Call], freed: Sequence[Agent], now: Instant) -> Match | None:
        """The most urgent match that `pending` (calls just filed, the most urgent last) or `freed`
        (agents just idle) make possible. Takes the calls it has dealt with out of `pending`."""
        wishes = {agent.id: self._calls_for(agent, now) for agent in freed if agent.standing is Standing.IDLE}
        first = min((wish[0] for wish in wishes.values() if wish), default=None, key=lambda wish: wish[0])
        while pending and (first is None or pending[-1].rank(now) <= first[0]):
            match = self._agent_for(pending.pop(), now)
            if match is not None:
                return self._with_passed_over(match, wishes, bool(pending), now)
        match = None if first is None else self._agent_for(first[1], now)
        return match and self._with_passed_over(match, wishes, bool(pending), now)

    def freed_by_absence(self, requirements: int) -> list[Call]:
        """The calls of these requirements that now may go back to agents who refused them, because
        nobody else is left. They are offered only if one of those is idle."""
        return [
            self._lines.calls[key[3]]
            for requirement in self._lines.chosen(requirements & self._lines.nonempty)
            for tried, line in requirement.lines.items()
            if tried and self._is_exhausted(requirement, tried)
            for key in line
        ]

    def _is_exhausted(self, requirement: Requirement, tried: frozenset[AgentId]) -> bool:
        """Whether everybody signed in who could serve it has refused."""
        return requirement.able == sum(self._bench.is_able(agent, requirement) for agent in tried)

    def _barred(self, requirement: Requirement, tried: frozenset[AgentId]) -> frozenset[AgentId]:
        return frozenset() if not tried or self._is_exhausted(requirement, tried) else tried

    def _agent_for(self, call: Call, now: Instant) -> Match | None:
        """Preferred, then best fit, then longest idle, then id."""
        requirement = call.requirement
        barred = self._barred(requirement, call.tried)
        found: list[tuple[int, Instant, AgentId]] = []
        able_idle = []
        for fit, mask in requirement.groups:
            able = 0
            firsts: list[tuple[int, Instant, AgentId]] = []
            for group in self._bench.chosen(mask & self._bench.idle):
                idle = group.idle
                if barred:
                    idle = [entry for entry in idle if entry[1] not in barred]
                firsts += [(fit, since, agent) for since, agent in idle[:2]]
                able += len(idle)
            found += sorted(firsts)
            if able:
                able_idle.append((fit, able))
        if not found:
            return None
        wanted = self._preferred(call, barred)
        if wanted is not None:
            found = [wanted, *(rank for rank in found if rank != wanted)]
        ranks = tuple(AgentRank(fit=fit, idle_since=since, agent=agent) for fit, since, agent in found[:2])
        agent = self._bench.agents[ranks[0].agent]
        return Match(call, agent, ranks, tuple(able_idle), wanted is not None)

    def _preferred(self, call: Call, barred: frozenset[AgentId]) -> tuple[int, Instant, AgentId] | None:
        wanted = call.waiting.preferred
        agent = None if wanted is None or wanted in barred else self._bench.agents.get(wanted)
        if agent is None or agent.standing is not Standing.IDLE or agent.idle_since is None:
            return None
        for fit, mask in call.requirement.groups:
            if mask & agent.group.bit:
                return (fit, agent.idle_since, agent.id)
        return None

    def _calls_for(self, agent: Agent, now: Instant) -> list[tuple[Rank, Call]]:
        """The two most urgent calls that `agent` may take, most urgent first."""
        open_lines = agent.group.serves & self._lines.nonempty
        few = open_lines.bit_count() <= HEADS_AT_MOST
        keys = self._heads(agent, open_lines) if few else self._walk(agent)
        calls = [self._lines.calls[key[3]] for key in keys]
        return sorted(((call.rank(now), call) for call in calls), key=lambda ranked: ranked[0])[:2]

    def _heads(self, agent: Agent, open_lines: int) -> Iterator[Key]:
        for requirement in self._lines.chosen(open_lines):
            for tried, line in requirement.lines.items():
                if agent.id not in self._barred(requirement, tried):
                    yield from line[:2]

    def _walk(self, agent: Agent) -> Iterator[Key]:
        for name in sorted(agent.group.profile.queues & self._lines.queues.keys()):
            filed = self._lines.queues[name].filed
            yield from islice((key for key in filed if self._may_take(agent, key)), 2)

    def _may_take(self, agent: Agent, key: Key) -> bool:
        call = self._lines.calls[key[3]]
        requirement = call.requirement
        able = agent.group.serves & requirement.bit
        return bool(able) and agent.id not in self._barred(requirement, call.tried)

    def _with_passed_over(
        self, match: Match, wishes: dict[AgentId, list[tuple[Rank, Call]]], batch: bool, now: Instant
    ) -> Match:
        """Add the next call the agent could have taken. An agent who was idle before has none, by the
        rule above, unless several calls are being placed."""
        agent = match.agent
        wish = self._calls_for(agent, now) if batch and agent.id not in wishes else wishes.get(agent.id, [])
        for rank, other in wish:
            if other is not match.call:
                behind = (rank[0] - match.call.rank(now)[0]) / POINT
                return replace(match, passed_over=PassedOver(call=other.id, behind=behind))
        return match
