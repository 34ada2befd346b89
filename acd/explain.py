"""Why a call was offered to an agent: the numbers the decision was made with, kept and not rebuilt.

Text is rendered when somebody asks; a journey stores `as_data`.
"""

from dataclasses import dataclass
from typing import Any

from terms.ids import AgentId, CallId
from terms.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What makes a call urgent, in points."""

    priority: int  # of the call and its queue
    boost: int  # of the stage in force
    ageing: float  # slope times wait

    @property
    def total(self) -> float:
        """The sum; the highest is served first."""
        return self.priority + self.boost + self.ageing


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AgentRank:
    """An agent's place among those who can serve a call: the least is asked."""

    fit: int
    idle_since: Instant
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """The next call that the same agent could have taken, and by how many points it was behind."""

    call: CallId
    behind: float  # 0.0: equal, it joined later


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReason:
    """The decision's own numbers."""

    stage: int  # index of the stage in force
    stage_since: Instant
    score: Score
    chosen: AgentRank
    runner_up: AgentRank | None
    able_idle: tuple[tuple[int, int], ...]  # (fit, idle agents who could take it), best fit first
    preferred: bool  # the call asked for this agent
    tried_again: bool  # had refused before; nobody else who can serve it is signed in
    passed_over: PassedOver | None  # None too where no other call could be meant


def as_data(reason: OfferReason) -> dict[str, Any]:
    """`reason` as plain JSON values.

    Written out, because `dataclasses.asdict` copies deeply: this is on the way from a freed agent to
    the next call.
    """
    score, passed_over = reason.score, reason.passed_over
    return {
        "stage": reason.stage,
        "stage_since": reason.stage_since,
        "score": {"priority": score.priority, "boost": score.boost, "ageing": score.ageing},
        "chosen": _rank(reason.chosen),
        "runner_up": None if reason.runner_up is None else _rank(reason.runner_up),
        "able_idle": reason.able_idle,
        "preferred": reason.preferred,
        "tried_again": reason.tried_again,
        "passed_over": None
        if passed_over is None
        else {"call": passed_over.call, "behind": passed_over.behind},
    }


def _rank(rank: AgentRank) -> dict[str, Any]:
    return {"fit": rank.fit, "idle_since": rank.idle_since, "agent": rank.agent}
