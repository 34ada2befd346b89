"""A work order in JSON for people, scripts and departments."""

from datetime import tzinfo
from typing import Any

from terms.instant import to_iso
from terms.numbers import clean, mask
from workorders.order import LABELS, WorkOrder, to_entry


def to_json(order: WorkOrder, zone: tzinfo, *, reveal: bool = False) -> dict[str, Any]:
    """The public form of `order`, times in `zone`, the state's 中文 beside its code.

    The caller's number is masked unless it is to be revealed.
    """
    shown = to_entry(order)
    shown["state"] = order.state.value
    shown["state_label"] = LABELS[order.state]
    shown["created_at"] = to_iso(order.created_at, zone)
    shown["due_at"] = None if order.due_at is None else to_iso(order.due_at, zone)
    if order.caller is not None and not reveal:
        shown["caller"] = mask(clean(order.caller))
    return shown
