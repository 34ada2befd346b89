"""Rows of the tables to the domain's records and back."""

from collections.abc import Mapping
from typing import Any

from cdr.forms import from_entry, to_entry
from cdr.record import CallRecord
from rexian.store.tables import calls, orders
from terms.ids import AgentId, CallId, QueueName
from terms.instant import Instant
from workorders.order import OrderState, WorkOrder
from workorders.order import to_entry as order_to_entry

_CALL_COLUMNS = frozenset(calls.columns.keys())
_ORDER_COLUMNS = frozenset(orders.columns.keys())


def call_row(record: CallRecord) -> dict[str, Any]:
    """The row of a call. Its work order is a row of its own."""
    return {name: _clean(value) for name, value in to_entry(record).items() if name in _CALL_COLUMNS}


def call_record(row: Mapping[str, Any]) -> CallRecord:
    """The record of a row, with the number of its work order if the row has one joined to it."""
    return from_entry({**row, "work_order": row.get("work_order")})


def order_row(order: WorkOrder) -> dict[str, Any]:
    """The row of an order, without its day and serial."""
    entry = order_to_entry(order)
    return {name: _clean(value) for name, value in entry.items() if name in _ORDER_COLUMNS}


def work_order(row: Mapping[str, Any]) -> WorkOrder:
    """The order of a row."""
    return WorkOrder(
        number=row["number"],
        call_id=CallId(row["call_id"]),
        state=OrderState(row["state"]),
        type=row["type"],
        category=row["category"],
        created_at=Instant(row["created_at"]),
        due_at=None if row["due_at"] is None else Instant(row["due_at"]),
        department=row["department"],
        caller=row["caller"],
        agent=AgentId(row["agent"]) if row["agent"] else None,
        queue=QueueName(row["queue"]) if row["queue"] else None,
        title=row["title"],
    )


def _clean(value: Any) -> Any:
    """Without the one character that one database refuses and another cuts a text at."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return value
