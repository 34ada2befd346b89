"""The relay: departments hear of their orders until they say that they know, and not longer."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from rexian.push.relay import FIRST_RESEND_S, RESEND_MAX_S, Relay, resend_s
from simulators.departments import receipt_everything

if TYPE_CHECKING:
    from tests.rexian.push.conftest import Hotline


async def test_a_department_is_told_of_an_order_without_the_citizens_number(hotline: "Hotline") -> None:
    async with hotline.relaying():
        (event,) = await hotline.opens_orders()
        await hotline.has_told(1)

    (message,) = hotline.broker.published
    (payload,) = hotline.told()
    assert message.topic == "dept/hotline/orders"
    assert (payload["event"], payload["kind"], payload["order"]["caller"]) == (
        event,
        "order.opened",
        "138****5678",
    )
    assert b"13812345678" not in message.payload


async def test_what_waited_before_the_start_is_told_in_its_order(hotline: "Hotline") -> None:
    events = await hotline.opens_orders(250)

    async with hotline.relaying():
        await hotline.has_told(250)

    assert hotline.events() == events


async def test_an_order_without_a_receipt_is_told_again_after_a_while(hotline: "Hotline") -> None:
    async with hotline.relaying():
        (event,) = await hotline.opens_orders()
        await hotline.has_told(1)
        hotline.passes(FIRST_RESEND_S - 1)
        (other,) = await hotline.opens_orders()
        await hotline.has_told(2)
        hotline.passes(1)
        await hotline.has_told(3)

    assert hotline.events() == [event, other, event]


async def test_a_receipt_ends_the_telling(hotline: "Hotline") -> None:
    async with hotline.relaying():
        first, _ = await hotline.opens_orders(2)
        await hotline.has_told(2)
        await hotline.receipts(first)
        await hotline.unreceipted_is(1)
        hotline.passes(RESEND_MAX_S)
        await hotline.has_told(3)

    assert first not in hotline.events()[2:]


async def test_a_receipt_that_comes_three_times_counts_once_and_is_no_fault(hotline: "Hotline") -> None:
    async with hotline.relaying():
        first, second = await hotline.opens_orders(2)
        await hotline.has_told(2)
        for event in (first, first, first, second):
            await hotline.receipts(event)
        await hotline.unreceipted_is(0)

    assert hotline.relay.dead_letters == 0


@pytest.mark.parametrize(
    ("payload", "topic", "why"),
    [
        ("received, thanks", "dept/hotline/receipts", "not JSON"),
        ("[" * 100_000, "dept/hotline/receipts", "at most 65536"),
        ("[" * 60_000, "dept/hotline/receipts", "not JSON"),
        ('"261123000013.1"', "dept/hotline/receipts", 'no "event"'),
        ('{"event": 5}', "dept/hotline/receipts", 'no "event"'),
        ('{"event": "261199999999.1"}', "dept/hotline/receipts", "no such event"),
        ("\udcff", "dept/hotline/receipts", "not JSON"),
    ],
)
async def test_what_is_no_receipt_is_kept_apart_and_changes_nothing(
    hotline: "Hotline", payload: str, topic: str, why: str
) -> None:
    async with hotline.relaying():
        (event,) = await hotline.opens_orders()
        await hotline.has_told(1)
        await hotline.says(payload.encode("utf-8", "surrogateescape").decode("latin-1"), topic)
        (told,) = await hotline.buried(1)
        await hotline.receipts(event)
        await hotline.unreceipted_is(0)

    assert why in told
    assert hotline.relay.dead_letters == 1


async def test_a_department_can_not_receipt_for_another(hotline: "Hotline") -> None:
    async with hotline.relaying():
        (event,) = await hotline.opens_orders()
        await hotline.has_told(1)
        await hotline.says(json.dumps({"event": event}), "dept/gps/receipts")
        (why,) = await hotline.buried(1)

    assert why == "no such event was sent to this department"
    assert await hotline.store.outbox.unreceipted() == 1


async def test_without_a_broker_orders_wait_and_it_is_said_once(hotline: "Hotline") -> None:
    hotline.broker.stop()
    with capture_logs() as said:
        async with hotline.relaying():
            events = await hotline.opens_orders(3)
            await tried_a_few_times(hotline)
            hotline.broker.start()
            await hotline.has_told(3)

    assert hotline.events() == events
    assert [line["event"] for line in said] == [
        "work orders wait to be sent",
        "departments are told again what waited",
    ]


async def tried_a_few_times(hotline: "Hotline") -> None:
    refused_before = hotline.broker.refused
    async with asyncio.timeout(20):
        while hotline.broker.refused < refused_before + 3:
            await hotline.store.outbox.unreceipted()


async def test_a_connection_lost_in_the_middle_is_made_again(hotline: "Hotline") -> None:
    async with hotline.relaying():
        await hotline.opens_orders()
        await hotline.has_told(1)
        hotline.broker.stop()
        hotline.broker.start()
        (second,) = await hotline.opens_orders()
        while second not in hotline.events():
            await hotline.has_told(len(hotline.events()) + 1)
        await hotline.receipts(second)
        await hotline.unreceipted_is(1)


async def test_after_a_kill_between_telling_and_remembering_it_tells_again_with_the_same_id(
    hotline: "Hotline", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    (event,) = await hotline.opens_orders()
    with monkeypatch.context() as patched:
        patched.setattr(hotline.store.outbox, "sent", killed)
        with pytest.raises(asyncio.CancelledError):
            await hotline.relay.run()

    async with hotline.relaying():
        await hotline.has_told(2)

    assert hotline.events() == [event, event]


async def test_departments_that_receipt_everything_empty_the_outbox(hotline: "Hotline") -> None:
    departments = asyncio.create_task(receipt_everything(hotline.broker))
    async with hotline.relaying():
        await hotline.opens_orders(300)
        async with asyncio.timeout(60):
            while await hotline.store.outbox.unreceipted():
                hotline.passes(RESEND_MAX_S)
                await hotline.store.outbox.unreceipted()
    departments.cancel()
    await asyncio.gather(departments, return_exceptions=True)

    assert hotline.relay.dead_letters == 0


async def test_without_a_url_nobody_is_told_and_nothing_fails(hotline: "Hotline") -> None:
    relay = Relay(hotline.store, "", lambda: hotline.now)
    task = asyncio.create_task(relay.run())

    done, _ = await asyncio.wait([task], timeout=0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert (done, relay.connected) == (set(), False)


def test_the_intervals_grow_and_stay_bounded() -> None:
    intervals = [resend_s(sent) for sent in range(50)]

    assert intervals[:3] == [FIRST_RESEND_S, 2 * FIRST_RESEND_S, 4 * FIRST_RESEND_S]
    assert intervals == sorted(intervals)
    assert intervals[-1] == RESEND_MAX_S
