"""Who waits, in which order: calls in lines of one requirement, sorted once and for all.

Inside one queue two calls age at the same slope, so their difference in score never changes and the
constant key `slope·joined - priority - boost` sorts them. Only calls of different queues overtake
each other, and they are compared at the moment an agent is free.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from acd.rules import POINT, QueueRule, Waiting
from terms.ids import AgentId, CallId, OfferId
from terms.instant import Instant, after
from terms.skills import Need

Key = tuple[int, Instant, int, CallId]
"""(slope·joined - priority - boost in 1/POINT, joined_at, seq, call): the least is next in its queue."""

_K = TypeVar("_K", bound=tuple[Any, ...])

Rank = tuple[int, Instant, int, CallId]
"""The key with minus the score at one moment in front: comparable between queues."""


@dataclass(slots=True, eq=False)
class Requirement:
    """What calls of one queue and stage need. `bit` is its place in the masks of profiles."""

    bit: int
    queue: "Queue"
    need: Need
    groups: list[tuple[int, int]] = field(default_factory=list)  # (fit, mask of able profiles), sorted
    lines: dict[frozenset[AgentId], list[Key]] = field(default_factory=dict)  # by who has refused
    able: int = 0  # agents signed in who can serve it


@dataclass(slots=True, eq=False)
class Queue:
    """A rule ready for use, with the calls that wait in it."""

    rule: QueueRule
    requirements: list[Requirement] = field(default_factory=list)  # one per stage
    stage_us: list[int] = field(default_factory=list)
    filed: list[Key] = field(default_factory=list)  # waiting for an agent
    offered: list[Key] = field(default_factory=list)  # an agent's phone rings for them

    def stage_at(self, joined_at: Instant, now: Instant) -> int:
        """Index of the last stage with joined + after ≤ now: the same sum as `stage_begins`."""
        in_force = 0
        for index, after_us in enumerate(self.stage_us):
            if joined_at + after_us <= now:
                in_force = index
        return in_force

    def own_stage_at(self, joined_at: Instant, now: Instant) -> int:
        """The same for a call whose phone rings: it overflows when the ringing has come to nothing."""
        stage = self.stage_at(joined_at, now)
        return stage - 1 if self.rule.stages[stage].overflow is not None else stage

    def stage_begins(self, joined_at: Instant, index: int) -> Instant | None:
        """When stage `index` begins for a call, None if there is no such stage."""
        return Instant(joined_at + self.stage_us[index]) if index < len(self.stage_us) else None


@dataclass(slots=True, eq=False)
class OpenOffer:
    """A phone rings for a call."""

    offer: OfferId
    agent: AgentId
    made_at: Instant


@dataclass(slots=True, eq=False)
class Call:
    """One caller, from joining until an agent answers."""

    waiting: Waiting
    queue: Queue
    priority: int
    tried: frozenset[AgentId]
    stage: int = 0
    key: Key = (0, Instant(0), 0, CallId(""))
    offer: OpenOffer | None = None
    told_times: int = 0
    told_position: int | None = None
    told_wait_s: float | None = None

    @property
    def id(self) -> CallId:
        """The call's own id."""
        return self.waiting.call

    @property
    def requirement(self) -> Requirement:
        """What it needs at the stage that was last looked at."""
        return self.queue.requirements[self.stage]

    def set_key(self) -> None:
        """Work out the key for the queue, stage and priority of now."""
        rule, waiting = self.queue.rule, self.waiting
        points = self.priority + rule.priority + rule.stages[self.stage].boost
        constant = rule.slope * waiting.joined_at - points * POINT
        self.key = (constant, waiting.joined_at, waiting.seq, waiting.call)

    def rank(self, now: Instant) -> Rank:
        """Its urgency at `now`; the least is served first."""
        constant, joined_at, seq, call = self.key
        return (constant - self.queue.rule.slope * now, joined_at, seq, call)


class Lines:
    """All queues, and the calls in them. `nonempty` has a bit for each requirement with a waiting call."""

    def __init__(self, rules: Iterable[QueueRule]) -> None:
        self.queues = {rule.name: Queue(rule=rule) for rule in rules}
        self.requirements: list[Requirement] = []
        self.calls: dict[CallId, Call] = {}
        self.nonempty = 0
        for queue in self.queues.values():
            self._compile(queue)

    def _compile(self, queue: Queue) -> None:
        known: dict[Need, Requirement] = {}
        for stage in queue.rule.stages:
            if stage.need not in known:
                known[stage.need] = Requirement(1 << len(self.requirements), queue, stage.need)
                self.requirements.append(known[stage.need])
            queue.requirements.append(known[stage.need])
            queue.stage_us.append(after(Instant(0), stage.after_s))

    def chosen(self, mask: int) -> Iterator[Requirement]:
        """The requirements whose bits are set in `mask`."""
        while mask:
            lowest = mask & -mask
            yield self.requirements[lowest.bit_length() - 1]
            mask ^= lowest

    def file(self, call: Call) -> None:
        """Put a call into its line under its key."""
        requirement = call.requirement
        insort(requirement.lines.setdefault(call.tried, []), call.key)
        insort(call.queue.filed, call.key)
        self.nonempty |= requirement.bit

    def unfile(self, call: Call) -> None:
        """Take a call out of its line."""
        requirement = call.requirement
        line = requirement.lines[call.tried]
        take_out(line, call.key)
        take_out(call.queue.filed, call.key)
        if not line:
            del requirement.lines[call.tried]
            if not requirement.lines:
                self.nonempty &= ~requirement.bit

    def position(self, call: Call) -> int:
        """Place in its queue, 1 is next; callers whose agent's phone rings count, for they may return."""
        queue = call.queue
        return 1 + bisect_left(queue.filed, call.key) + bisect_left(queue.offered, call.key)


def take_out(keys: list[_K], key: _K) -> None:
    """Remove `key` from a sorted list that has it."""
    index = bisect_left(keys, key)
    assert keys[index] == key, "the books do not balance; please report this"
    del keys[index]
