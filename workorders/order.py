"""A work order: the citizen's matter on its way through the offices, from the call to the last answer.

Here is its beginning: a call in which somebody was served opens one, accepted and waiting to be
dispatched. What it is about, its department and its deadline come when the agent has classified it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from cdr.record import CallRecord, Outcome
from terms.ids import AgentId, CallId, QueueName
from terms.instant import Instant


class OrderState(StrEnum):
    """How far a work order has come; each state's 中文 is in LABELS, and is what a citizen hears."""

    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    WORKING = "working"
    EXTENDED = "extended"
    VISITING = "visiting"
    CLOSED = "closed"


LABELS: Mapping[OrderState, str] = {
    OrderState.ACCEPTED: "已受理,等待派单",
    OrderState.DISPATCHED: "已派给承办单位",
    OrderState.WORKING: "正在办理",
    OrderState.EXTENDED: "已申请延期",
    OrderState.VISITING: "已办结,等待回访",
    OrderState.CLOSED: "已办结",
}

TITLE = "来电诉求,待补充"
DISPATCH_DESK = "hotline"
"""The hotline's own unit: who has a fresh order on their desk until it is dispatched."""

_OPENS_AN_ORDER = frozenset({Outcome.SERVED, Outcome.VOICEMAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One matter. `type`, `category` and `due_at` are None until an agent has classified it.

    The deadline runs from the dispatch, not from the call (KPI: working days after dispatch), so an
    order that nobody has dispatched has none.
    """

    number: str
    call_id: CallId
    state: OrderState
    type: str | None = None
    category: str | None = None
    created_at: Instant
    due_at: Instant | None = None
    department: str
    """Who has it: the code of a unit, [a-z0-9-]{1,32}."""
    caller: str | None = None
    """The citizen's number; None if it was withheld."""
    agent: AgentId | None = None
    queue: QueueName | None = None
    title: str = TITLE


def opens_order(record: CallRecord) -> bool:
    """Does this call leave a matter behind? Somebody was served, or left a message."""
    return record.outcome in _OPENS_AN_ORDER and record.ended_at is not None


def open_order(record: CallRecord, number: str, department: str = DISPATCH_DESK) -> WorkOrder:
    """The order that `record`'s call becomes, created when the call ended.

    ValueError for a call that leaves none (`opens_order`).
    """
    if record.ended_at is None or not opens_order(record):
        raise ValueError(f"call {record.call_id}: ended as {record.outcome}, which opens no work order")
    return WorkOrder(
        number=number,
        call_id=record.call_id,
        state=OrderState.ACCEPTED,
        created_at=record.ended_at,
        department=department,
        caller=record.ani if record.direction == "inbound" else record.dnis,
        agent=record.agent,
        queue=record.queue,
    )


def to_entry(order: WorkOrder) -> dict[str, Any]:
    """The exact form of `order`: instants as microseconds, every key there."""
    return {field.name: getattr(order, field.name) for field in fields(order)}
