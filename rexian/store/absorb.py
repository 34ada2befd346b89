"""Taking finished calls in: record, work order, outbox and place in the journal in one transaction.

Everything is decided by the journal's order alone, so a database that is rebuilt from the journal gets
the same order numbers and the same events again, and absorbing something twice changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cdr.journey import Step, StepKind, step
from cdr.record import CallRecord, record_of
from rexian.store.rows import call_row, order_row
from rexian.store.tables import calls, meta, orders, outbox
from terms.ids import AgentId, CallId
from terms.instant import Instant, to_datetime
from workorders.number import order_number
from workorders.order import DISPATCH_DESK, WorkOrder, open_order, opens_order
from workorders.shown import to_json

OPENED = "order.opened"

_IDS_PER_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRule:
    """How a city opens its orders."""

    zone: tzinfo
    """An order's day, and so its number, is the city's day."""
    department: str = DISPATCH_DESK
    """The unit that dispatches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """After-call work that ended after its call's record was written."""

    call: CallId
    agent: AgentId
    acw_s: float
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a journal is absorbed."""

    journal: str
    """The journal's name; another journal begins from its own beginning."""
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A stretch of the journal, up to `place`."""

    place: Place
    records: Sequence[CallRecord] = ()
    wrap_ups: Sequence[WrapUp] = ()


async def absorb(connection: AsyncConnection, batch: Batch, rule: OrderRule) -> int:
    """All of `batch`, in the journal's order; returns how many work orders it opened."""
    fresh = await _not_there_yet(connection, batch.records)
    if fresh:
        await connection.execute(insert(calls), [call_row(record) for record in fresh])
    opened = await _open_orders(connection, [record for record in fresh if opens_order(record)], rule)
    for wrap_up in batch.wrap_ups:
        await _add_wrap_up(connection, wrap_up)
    await set_meta(connection, {"journal": batch.place.journal, "applied_seq": str(batch.place.seq)})
    return opened


async def _not_there_yet(connection: AsyncConnection, records: Sequence[CallRecord]) -> list[CallRecord]:
    """The first record of each call that the database doesn't have."""
    by_call: dict[CallId, CallRecord] = {}
    for record in records:
        by_call.setdefault(record.call_id, record)
    ids = list(by_call)
    for begin in range(0, len(ids), _IDS_PER_QUERY):
        part = ids[begin : begin + _IDS_PER_QUERY]
        for known in await connection.scalars(select(calls.c.call_id).where(calls.c.call_id.in_(part))):
            del by_call[known]
    return list(by_call.values())


async def _open_orders(connection: AsyncConnection, served: Sequence[CallRecord], rule: OrderRule) -> int:
    serials: dict[date, int] = {}
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for record in served:
        assert record.ended_at is not None
        day = to_datetime(record.ended_at, rule.zone).date()
        if day not in serials:
            serials[day] = await _last_serial(connection, day)
        serials[day] += 1
        order = open_order(record, order_number(day, serials[day]), rule.department)
        rows.append({**order_row(order), "day": day.isoformat(), "serial": serials[day]})
        events.append(_event(order, rule))
    if rows:
        await connection.execute(insert(orders), rows)
        await connection.execute(insert(outbox), events)
    return len(rows)


async def _last_serial(connection: AsyncConnection, day: date) -> int:
    last = await connection.scalar(select(func.max(orders.c.serial)).where(orders.c.day == day.isoformat()))
    return last or 0


def _event(order: WorkOrder, rule: OrderRule) -> dict[str, Any]:
    """What the department is told. The event's id is the same however often it is sent or made again."""
    event = f"{order.number}.1"
    payload = {"event": event, "kind": OPENED, "order": to_json(order, rule.zone)}
    return {
        "event": event,
        "order_number": order.number,
        "department": order.department,
        "payload": json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        "created_at": order.created_at,
    }


async def _add_wrap_up(connection: AsyncConnection, wrap_up: WrapUp) -> None:
    """Appends the step to the call's journey, once, and counts it."""
    row = (
        await connection.execute(
            select(calls.c.journey, calls.c.acw_s).where(calls.c.call_id == wrap_up.call)
        )
    ).first()
    if row is None:
        return
    worked = step(wrap_up.at, StepKind.WRAPPED_UP, agent=wrap_up.agent, acw_s=wrap_up.acw_s).to_json()
    if worked in row.journey:
        return
    journey = [*row.journey, worked]
    acw_s = record_of(wrap_up.call, [Step.from_json(raw) for raw in journey]).acw_s
    await connection.execute(
        update(calls).where(calls.c.call_id == wrap_up.call).values(journey=journey, acw_s=acw_s)
    )


async def set_meta(connection: AsyncConnection, values: Mapping[str, str]) -> None:
    """Remembers `values`, each under its key."""
    for key, value in values.items():
        changed = await connection.execute(update(meta).where(meta.c.key == key).values(value=value))
        if changed.rowcount == 0:
            await connection.execute(insert(meta).values(key=key, value=value))


async def place_of(connection: AsyncConnection) -> Place | None:
    """How far which journal is absorbed; None if none ever was."""
    rows = await connection.execute(select(meta.c.key, meta.c.value))
    known: dict[str, str] = {row.key: row.value for row in rows}
    if "journal" not in known:
        return None
    return Place(journal=known["journal"], seq=int(known["applied_seq"]))
