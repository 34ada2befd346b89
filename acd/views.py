"""What boards and callers may be shown of the router's insides."""

from dataclasses import dataclass

from terms.ids import AgentId, CallId, OfferId, QueueName
from terms.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call stands in its queue: 1 is next. The wait is None where no number would be honest."""

    position: int
    expected_wait_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """One call that no agent has answered yet."""

    call: CallId
    queue: QueueName
    joined_at: Instant
    priority: int  # of the call; its queue's comes on top
    position: int  # in its queue
    score: float  # points; the highest of those an agent may take is offered first
    stage: int
    tried: frozenset[AgentId]
    offer: OfferId | None
    agent: AgentId | None  # whose phone rings for it
