"""What departments have to be told, and when."""

import pytest
from sqlalchemy import insert

from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.outbox import DEAD_LETTERS_MAX, Outbox
from rexian.store.store import Store
from rexian.store.tables import outbox as outbox_table
from simulators.past_calls import MONDAY, served
from terms.instant import after
from workorders.outbox import DeadLetter, Receipt, Waiting


@pytest.fixture
async def outbox(store: Store, rule: OrderRule) -> Outbox:
    """With the events of two orders."""
    place = Place(journal="j", seq=1)
    await store.absorb(Batch(place=place, records=[served(1), served(2)]), rule)
    return store.outbox


async def due(outbox: Outbox, in_s: float = 0) -> list[Waiting]:
    return await outbox.due(after(MONDAY, in_s), limit=10)


async def test_events_are_due_oldest_first_up_to_the_limit(outbox: Outbox) -> None:
    assert [event.event[:11] for event in await due(outbox)] == ["26112300001", "26112300002"]
    assert len(await outbox.due(MONDAY, limit=1)) == 1


async def test_a_sent_event_is_due_again_after_its_interval(outbox: Outbox) -> None:
    first, second = await due(outbox)

    await outbox.sent([first, second], MONDAY, [30.0, 60.0])

    assert (await due(outbox, 29.9), await outbox.next_at()) == ([], after(MONDAY, 30))
    assert [(event.event, event.sent) for event in await due(outbox, 30)] == [(first.event, 1)]


async def test_a_receipt_takes_its_event_out_once(outbox: Outbox) -> None:
    first, _ = await due(outbox)

    results = await outbox.receipted([(first.event, "hotline")] * 3, MONDAY)

    assert results == [Receipt.TAKEN, Receipt.REPEATED, Receipt.REPEATED]
    assert (first not in await due(outbox), await outbox.unreceipted()) == (True, 1)


@pytest.mark.parametrize("department", ["gps", "", "hotline/orders"])
async def test_a_department_can_not_receipt_another_ones_event(outbox: Outbox, department: str) -> None:
    first, _ = await due(outbox)

    assert await outbox.receipted([(first.event, department)], MONDAY) == [Receipt.UNKNOWN]
    assert await outbox.unreceipted() == 2


async def test_an_event_that_never_was_is_unknown(outbox: Outbox) -> None:
    assert await outbox.receipted([("261123000013.9", "hotline")], MONDAY) == [Receipt.UNKNOWN]


async def test_with_every_receipt_there_nothing_is_due_ever(outbox: Outbox) -> None:
    await outbox.receipted([(event.event, "hotline") for event in await due(outbox)], MONDAY)

    assert (await due(outbox, 10**6), await outbox.next_at()) == ([], None)


async def test_an_orders_next_event_waits_for_the_receipt_of_the_one_before(
    outbox: Outbox, store: Store
) -> None:
    first, second = await due(outbox)
    number = first.event.partition(".")[0]
    later = {
        "event": f"{number}.2",
        "order_number": number,
        "department": "gps",
        "payload": "{}",
        "created_at": 0,
    }
    async with store._database.write() as connection:
        await connection.execute(insert(outbox_table).values(later))

    before = [event.event for event in await due(outbox)]
    await outbox.receipted([(first.event, "hotline")], MONDAY)
    then = [event.event for event in await due(outbox)]

    assert before == [first.event, second.event]
    assert then == [second.event, f"{number}.2"]


async def test_only_the_last_dead_letters_are_kept(outbox: Outbox) -> None:
    letters = [DeadLetter(topic="t", payload=str(n), why="w") for n in range(DEAD_LETTERS_MAX + 5)]

    await outbox.bury(letters[:600], MONDAY)
    await outbox.bury(letters[600:], MONDAY)

    assert await outbox.dead() == letters[5:]


async def test_a_dead_letter_is_kept_whatever_is_in_it(outbox: Outbox) -> None:
    await outbox.bury([DeadLetter(topic="t\0", payload="\0" * 10**6, why="w")], MONDAY)

    (kept,) = await outbox.dead()
    assert len(kept.payload) == 4096
