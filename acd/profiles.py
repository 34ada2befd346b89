"""Who can serve, and who is idle: agents grouped by what they offer, matched with needs by bit masks.

Skills are compared once, when a profile is first seen; from then on `requirement.groups` and
`profile.serves` are integers, and "is anybody idle who can serve this" is one AND.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from acd.lines import Requirement, take_out
from acd.rules import Profile
from terms.ids import AgentId, CallId
from terms.instant import Instant


class Standing(Enum):
    """Where the router has an agent. Those signed off are not there at all."""

    IDLE = auto()
    OFFERED = auto()
    BUSY = auto()
    RESTING = auto()  # idle, but refused so shortly ago that the next call waits a moment


@dataclass(slots=True, eq=False)
class Group:
    """The agents of one profile."""

    bit: int
    profile: Profile
    serves: int  # mask of requirements
    idle: list[tuple[Instant, AgentId]] = field(default_factory=list)  # sorted: longest idle first


@dataclass(slots=True, eq=False)
class Agent:
    """Somebody signed in."""

    id: AgentId
    group: Group
    standing: Standing = Standing.BUSY
    idle_since: Instant | None = None
    call: CallId | None = None  # offered to them
    idle_after: bool = True  # when that offer ends through no doing of theirs
    rests_until: Instant | None = None


class Bench:
    """All agents signed in. `idle` has a bit for each group with an idle agent."""

    def __init__(self, requirements: list[Requirement]) -> None:
        self._requirements = requirements
        self._groups: dict[Profile, Group] = {}
        self._by_bit: list[Group] = []
        self.agents: dict[AgentId, Agent] = {}
        self.idle = 0

    def chosen(self, mask: int) -> Iterator[Group]:
        """The groups whose bits are set in `mask`."""
        while mask:
            lowest = mask & -mask
            yield self._by_bit[lowest.bit_length() - 1]
            mask ^= lowest

    def join(self, agent: AgentId, profile: Profile) -> Agent:
        """`agent` with `profile`, busy if they were not there before. An idle one stays idle."""
        group = self._groups.get(profile) or self._add(profile)
        known = self.agents.get(agent)
        if known is None:
            known = self.agents[agent] = Agent(agent, group)
        elif known.group is group:
            return known
        else:
            self._count(known.group, -1)
            if known.standing is Standing.IDLE:
                self._take_idle(known)
                known.group = group
                self._add_idle(known)
            known.group = group
        self._count(group, +1)
        return known

    def leave(self, agent: Agent) -> None:
        """They are gone."""
        self.put(agent, Standing.BUSY)
        self._count(agent.group, -1)
        del self.agents[agent.id]

    def put(self, agent: Agent, standing: Standing) -> None:
        """Move them to `standing`; only an agent with `idle_since` may be idle."""
        if agent.standing is Standing.IDLE:
            self._take_idle(agent)
        agent.standing = standing
        if standing is Standing.IDLE:
            self._add_idle(agent)

    def is_able(self, agent: AgentId, requirement: Requirement) -> bool:
        """Whether they are signed in and can serve it, idle or not."""
        known = self.agents.get(agent)
        return known is not None and bool(known.group.serves & requirement.bit)

    def _add(self, profile: Profile) -> Group:
        group = self._groups[profile] = Group(1 << len(self._by_bit), profile, serves=0)
        self._by_bit.append(group)
        for requirement in self._requirements:
            queue = requirement.queue.rule
            if not profile.serves(queue.name, requirement.need):
                continue
            group.serves |= requirement.bit
            fit = queue.fit.of(requirement.need, profile)
            masks = dict(requirement.groups)
            masks[fit] = masks.get(fit, 0) | group.bit
            requirement.groups[:] = sorted(masks.items())
        return group

    def _count(self, group: Group, by: int) -> None:
        for requirement in self._requirements:
            if requirement.bit & group.serves:
                requirement.able += by

    def _add_idle(self, agent: Agent) -> None:
        assert agent.idle_since is not None, "idle since when?"
        insort(agent.group.idle, (agent.idle_since, agent.id))
        self.idle |= agent.group.bit

    def _take_idle(self, agent: Agent) -> None:
        assert agent.idle_since is not None, "idle since when?"
        take_out(agent.group.idle, (agent.idle_since, agent.id))
        if not agent.group.idle:
            self.idle &= ~agent.group.bit
