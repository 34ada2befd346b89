"""Records, orders, outbox and the place in the journal: together, once, in order."""

import json
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cdr.record import CallRecord
from rexian.store.absorb import Batch, OrderRule, Place, WrapUp
from rexian.store.errors import StoreRefused
from rexian.store.store import Store
from simulators.past_calls import MONDAY, abandoned, served
from terms.ids import AgentId, CallId
from terms.instant import Instant, after, from_iso
from workorders.number import is_valid_number
from workorders.order import OrderState, WorkOrder

TUESDAY_0005 = from_iso("2026-11-24T00:05:00+08:00")


def batch(records: Sequence[CallRecord] = (), *, upto: int = 1, wrap_ups: Sequence[WrapUp] = ()) -> Batch:
    return Batch(place=Place(journal="j1", seq=upto), records=records, wrap_ups=wrap_ups)


async def calls(store: Store, since: Instant | None = None) -> list[CallRecord]:
    return [record async for record in store.calls(since)]


async def orders(store: Store, since: Instant | None = None) -> list[WorkOrder]:
    return [order async for order in store.orders(since)]


async def test_a_record_comes_back_as_it_was_with_the_order_it_became(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch([served(1), abandoned(2)]), rule)

    (order,) = await orders(store)
    assert await calls(store) == [replace(served(1), work_order=order.number), abandoned(2)]


async def test_a_served_call_opens_an_order_and_an_abandoned_one_none(store: Store, rule: OrderRule) -> None:
    opened = await store.absorb(batch([served(1), abandoned(2)]), rule)

    (order,) = await orders(store)
    assert opened == 1
    assert (order.call_id, order.state, order.agent) == (served(1).call_id, OrderState.ACCEPTED, "1003")
    assert (order.created_at, order.caller) == (served(1).ended_at, "13812345678")


async def test_the_department_is_to_be_told_of_each_order_without_the_callers_number(
    store: Store, rule: OrderRule
) -> None:
    await store.absorb(batch([served(1)]), rule)

    (event,) = await store.outbox.due(MONDAY, limit=10)
    (order,) = await orders(store)
    payload = json.loads(event.payload)
    assert (event.department, event.sent) == ("hotline", 0)
    assert (payload["event"], payload["kind"]) == (event.event, "order.opened")
    assert (payload["order"]["number"], payload["order"]["caller"]) == (order.number, "138****5678")
    assert "13812345678" not in event.payload


async def test_orders_are_numbered_in_journal_order_and_anew_each_day(store: Store, rule: OrderRule) -> None:
    late = served(1, begin=TUESDAY_0005)
    await store.absorb(batch([served(9), served(3), late], upto=1), rule)
    await store.absorb(batch([served(5)], upto=2), rule)

    numbers = {order.call_id: order.number for order in await orders(store)}
    monday = [numbers[served(number).call_id] for number in (9, 3, 5)]
    assert [number[:11] for number in monday] == ["26112300001", "26112300002", "26112300003"]
    assert numbers[late.call_id].startswith("26112400001")
    assert all(is_valid_number(number) for number in numbers.values())


async def test_an_orders_day_is_the_citys_day(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch([served(1, begin=TUESDAY_0005)]), rule)

    (order,) = await orders(store)
    assert order.number.startswith("261124")


async def test_absorbing_again_changes_nothing(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch([served(1), abandoned(2)]), rule)
    before = (await calls(store), await orders(store))

    opened = await store.absorb(batch([served(1), served(1), abandoned(2)]), rule)

    assert opened == 0
    assert (await calls(store), await orders(store)) == before
    assert len(await store.outbox.due(MONDAY, limit=10)) == 1


async def test_the_place_in_the_journal_moves_with_the_records(store: Store, rule: OrderRule) -> None:
    assert await store.place() is None

    await store.absorb(batch([served(1)], upto=17), rule)
    assert await store.place() == Place(journal="j1", seq=17)


async def test_a_batch_that_is_refused_leaves_nothing_behind(store: Store, rule: OrderRule) -> None:
    unfit = replace(served(2), call_id=None)  # type: ignore[arg-type]

    with pytest.raises(StoreRefused):
        await store.absorb(batch([served(1), unfit], upto=17), rule)

    assert (await calls(store), await orders(store), await store.place()) == ([], [], None)


async def test_a_refusal_tells_nothing_personal(store: Store, rule: OrderRule) -> None:
    unfit = replace(served(2), call_id=None)  # type: ignore[arg-type]

    with pytest.raises(StoreRefused) as refused:
        await store.absorb(batch([unfit]), rule)

    assert "13812345678" not in str(refused.value)


async def test_after_call_work_is_added_to_its_call_once(store: Store, rule: OrderRule) -> None:
    call = served(1)
    done = WrapUp(call=call.call_id, agent=AgentId("1003"), acw_s=41.5, at=after(MONDAY, 200))
    await store.absorb(batch([call]), rule)

    for upto in (2, 3):
        await store.absorb(batch(wrap_ups=[done], upto=upto), rule)

    (known,) = await calls(store)
    assert (known.acw_s, known.talk_s) == (41.5, call.talk_s)
    assert [step.kind for step in known.journey[-2:]] == ["ended", "wrapped_up"]


async def test_after_call_work_of_two_agents_adds_up(store: Store, rule: OrderRule) -> None:
    call = served(1)
    first = WrapUp(call=call.call_id, agent=AgentId("1003"), acw_s=40, at=after(MONDAY, 200))
    second = WrapUp(call=call.call_id, agent=AgentId("1004"), acw_s=2.5, at=after(MONDAY, 210))

    await store.absorb(batch([call], wrap_ups=[first, second]), rule)

    assert (await calls(store))[0].acw_s == 42.5


async def test_after_call_work_of_an_unknown_call_is_no_reason_to_stop(store: Store, rule: OrderRule) -> None:
    done = WrapUp(call=CallId("never heard of"), agent=AgentId("1003"), acw_s=1, at=MONDAY)

    await store.absorb(batch([served(1)], wrap_ups=[done]), rule)

    assert len(await calls(store)) == 1


async def test_calls_come_by_their_begin_from_a_moment_on(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch([abandoned(7), abandoned(3), abandoned(5)]), rule)

    assert [call.call_id for call in await calls(store)] == [abandoned(n).call_id for n in (3, 5, 7)]
    since = await calls(store, abandoned(5).started_at)
    assert [call.call_id for call in since] == [abandoned(n).call_id for n in (5, 7)]


async def test_orders_come_by_their_creation_from_a_moment_on(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch([served(7), served(3)]), rule)

    assert [order.call_id for order in await orders(store)] == [served(3).call_id, served(7).call_id]
    assert [order.call_id for order in await orders(store, served(4).ended_at)] == [served(7).call_id]


@pytest.mark.parametrize("ani", ["", "未知号码", "'; DROP TABLE calls; --", "a\0b", "𠮷" * 300])
async def test_any_text_is_stored_as_text(store: Store, rule: OrderRule, ani: str) -> None:
    await store.absorb(batch([served(1, ani=ani)]), rule)

    (call,) = await calls(store)
    assert call.ani == (ani.replace("\0", "\N{REPLACEMENT CHARACTER}") or None)


async def test_the_files_are_for_their_owner_only(store: Store, rule: OrderRule, file: Path) -> None:
    await store.absorb(batch([served(1)]), rule)

    assert {stat.S_IMODE(found.stat().st_mode) for found in file.parent.iterdir()} == {0o600}
    assert {found.name for found in file.parent.iterdir()} >= {"rexian.db", "rexian.db-wal"}
