"""Persons, seats and the rules of the house for both, as the configuration gives them."""

from dataclasses import dataclass, field
from enum import StrEnum

from terms.ids import AgentId, QueueName, SeatId
from terms.skills import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in."""

    agent: AgentId
    name: str
    pin: str = field(repr=False)  # as configured; never in a log
    skills: Need
    queues: frozenset[QueueName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A phone on a desk."""

    seat: SeatId
    usual_agent: AgentId | None  # who `*40` without a number signs in


class Miss(StrEnum):
    """Why an offer to an agent came to nothing. The values are those of `acd.decisions.Refusal`."""

    NO_ANSWER = "no_answer"
    REJECT = "reject"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


MISS_REASONS = {
    Miss.NO_ANSWER: "未接听",
    Miss.REJECT: "拒接",
    Miss.BUSY: "占线",
    Miss.UNREACHABLE: "无法接通",
}
"""The not-ready reason that a person gets whose limit for such misses is reached."""

PHONE_OFFLINE = "话机离线"
"""The not-ready reason that ends by itself: the person is ready again when their phone is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """House rules. A limit is the number of misses in a row, of one kind, that makes a person not
    ready; 0 means never."""

    after_call_work_s: float
    ring_s: float
    no_answer_limit: int
    reject_limit: int
    busy_limit: int
    unreachable_limit: int

    def of(self, miss: Miss) -> int:
        """The limit for this kind of miss."""
        match miss:
            case Miss.NO_ANSWER:
                return self.no_answer_limit
            case Miss.REJECT:
                return self.reject_limit
            case Miss.BUSY:
                return self.busy_limit
            case Miss.UNREACHABLE:
                return self.unreachable_limit
