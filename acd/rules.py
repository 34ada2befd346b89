"""What is configured about queues, and what is known of a call and an agent when they arrive."""

from dataclasses import dataclass
from enum import StrEnum

from terms.ids import AgentId, CallId, QueueName
from terms.instant import Instant
from terms.skills import Need, meets

POINT = 1_000_000_000
"""Scores are whole numbers of 1/POINT: a slope in points per 1000 s times a wait in µs is exact, and
`p - s·joined + s·now` and `p + s·(now - joined)` are the same number, which floats do not promise."""


class Fit(StrEnum):
    """Which of the agents who can serve a call are asked first; always followed by longest idle."""

    FEWEST_SKILLS = "fewest_skills"  # keeps the generalists free for what only they can do
    HIGHEST_LEVEL = "highest_level"  # the sum of the levels in the skills that the call needs

    def of(self, need: Need, profile: "Profile") -> int:
        """How well `profile` fits: the smaller, the earlier."""
        if self is Fit.FEWEST_SKILLS:
            return len(profile.skills)
        levels = dict(profile.skills)
        return -sum(levels.get(skill, 0) for skill, _ in need)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """From `after_s` of waiting on: this need, this boost in points, or a way to another queue.

    Relaxing the skills, jumping ahead after a longest wait and overflowing are the same mechanism.
    """

    after_s: float
    need: Need
    boost: int = 0
    overflow: QueueName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRule:
    """One queue. `slope` is points per 1000 s of waiting, so a priority is a head start of
    1000·priority/slope seconds. `announce_every_s` 0: only once. `capacity` 0: no limit.
    `handling_s` is the talk with its after-call work that the expected wait reckons with."""

    name: QueueName
    stages: tuple[Stage, ...]
    priority: int = 0
    slope: int = 1000
    ring_s: float
    announce_first_s: float
    announce_every_s: float
    capacity: int
    fit: Fit = Fit.FEWEST_SKILLS
    handling_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an agent offers."""

    skills: Need
    queues: frozenset[QueueName]

    def serves(self, queue: QueueName, need: Need) -> bool:
        """The one predicate behind routing, explanation and the check of a configuration."""
        return queue in self.queues and meets(self.skills, need)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A call on its way into a queue.

    `seq` orders calls that joined in the same microsecond. `preferred` is taken if idle and able.
    `told_*` is what the caller has already heard: no announcement is ever worse than that.
    """

    call: CallId
    queue: QueueName
    joined_at: Instant
    seq: int
    priority: int = 0
    tried: frozenset[AgentId] = frozenset()
    preferred: AgentId | None = None
    told_position: int | None = None
    told_wait_s: float | None = None
