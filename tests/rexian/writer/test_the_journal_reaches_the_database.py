"""The writer: finished calls go from the journal into the database, whatever happens to either."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from cdr.forms import to_entry
from rexian.engine.journal import Limits
from rexian.engine.journal_files import segments
from simulators.past_calls import abandoned, served

if TYPE_CHECKING:
    from tests.rexian.writer.conftest import House

Put = Callable[..., None]
SHOWN_WITHIN_S = 2.0
PATIENCE_S = 30.0


async def test_a_finished_call_is_in_the_database_in_two_seconds(house: "House", put_records: Put) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, store):
            put_records(journal, served(1))
            await asyncio.wait_for(writer.caught_up(), SHOWN_WITHIN_S)
            calls = [call async for call in store.calls()]

    assert [(call.call_id, bool(call.work_order)) for call in calls] == [(served(1).call_id, True)]
    assert house.opened == 1


async def test_other_entries_of_the_journal_are_no_calls(house: "House", put_records: Put) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            journal.put("step", {"call": "c1", "step": {"at": 1, "kind": "arrived"}})
            journal.put("desk", {"agent": "1003"})
            put_records(journal, abandoned(1))
            journal.put("something newer", {})
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            assert (writer.applied, writer.refused) == (4, 0)

    calls, orders = await house.content()
    assert ([call.call_id for call in calls], orders) == ([abandoned(1).call_id], [])


async def test_what_was_put_while_nobody_wrote_is_caught_up(house: "House", put_records: Put) -> None:
    with house.journal() as journal:
        put_records(journal, *(served(number) for number in range(1, 501)))
        async with house.writing(journal) as (writer, _):
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, orders = await house.content()
    assert (len(calls), len(orders)) == (500, 500)


async def test_a_deleted_database_is_built_again_with_the_same_order_numbers(
    house: "House", put_records: Put
) -> None:
    with house.journal() as journal:
        for begin in (1, 11, 21):
            put_records(journal, *(served(number) for number in range(begin, begin + 10)))
            async with house.writing(journal) as (writer, _):
                await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
        before = await house.content()
        house.remove_database()
        async with house.writing(journal) as (writer, _):
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    assert await house.content() == before
    assert len(before[1]) == 30


async def test_a_database_deleted_under_an_engine_is_built_again(house: "House", put_records: Put) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, served(1))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            house.remove_database()
            put_records(journal, served(2))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, _ = await house.content()
    assert [call.call_id for call in calls] == [served(1).call_id, served(2).call_id]


async def test_a_locked_database_delays_records_and_loses_none(house: "House", put_records: Put) -> None:
    with house.journal() as journal, capture_logs() as said:
        async with house.writing(journal) as (writer, _):
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            lock = house.lock()
            put_records(journal, served(1))
            while writer.trouble is None:
                await asyncio.wait([asyncio.create_task(writer.caught_up())], timeout=0.1)
            put_records(journal, served(2))
            lock.close()
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, orders = await house.content()
    assert ([call.call_id for call in calls], len(orders)) == ([served(1).call_id, served(2).call_id], 2)
    assert [line["log_level"] for line in said] == ["error", "warning"]


async def test_one_record_that_no_database_takes_keeps_no_other_out(house: "House", put_records: Put) -> None:
    unfit = {**to_entry(served(2)), "rating": 2**70}
    with house.journal() as journal, capture_logs() as said:
        async with house.writing(journal) as (writer, _):
            put_records(journal, served(1))
            journal.put("record", {"call": served(2).call_id, "record": unfit})
            put_records(journal, served(3))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            assert writer.refused == 1

    calls, orders = await house.content()
    assert [call.call_id for call in calls] == [served(1).call_id, served(3).call_id]
    assert [order.number[:11] for order in orders] == ["26112300001", "26112300002"]
    assert [line["call"] for line in said] == [served(2).call_id]
    assert "13812345678" not in str(said)


@pytest.mark.parametrize("body", [{}, {"call": "c9", "record": None}, {"call": "c9", "record": {"x": 1}}])
async def test_an_entry_that_is_no_record_is_told_and_passed_over(
    house: "House", put_records: Put, body: dict[str, Any]
) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            journal.put("record", body)
            put_records(journal, served(1))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            assert writer.refused == 1

    calls, _ = await house.content()
    assert len(calls) == 1


async def test_after_call_work_that_ends_later_reaches_its_call(house: "House", put_records: Put) -> None:
    call = served(1)
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, call)
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            journal.put("wrap_up", {"call": call.call_id, "agent": "1003", "acw_s": 12.5})
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    (known,), _ = await house.content()
    assert known.acw_s == 12.5


async def test_a_database_that_knows_another_journal_takes_this_one_from_its_beginning(
    house: "House", put_records: Put
) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, *(served(number) for number in range(1, 6)))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
    for segment in segments(house.folder / "journal"):
        segment.unlink()

    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, served(9))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, orders = await house.content()
    assert [call.call_id for call in calls][-1] == served(9).call_id
    assert [order.number[:11] for order in orders][-1] == "26112300006"


async def test_a_journal_that_lost_its_end_does_not_hide_what_is_put_after_it(
    house: "House", put_records: Put
) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, *(served(number) for number in range(1, 6)))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
    (segment,) = segments(house.folder / "journal")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:2]))

    with house.journal() as journal, capture_logs() as said:
        async with house.writing(journal) as (writer, _):
            put_records(journal, served(9))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, _ = await house.content()
    assert [call.call_id for call in calls] == [served(number).call_id for number in (1, 2, 3, 4, 5, 9)]
    assert [line["event"] for line in said] == ["the journal ends before the database"]


class Snapshots:
    def __init__(self) -> None:
        self.taken = 0

    def snapshot(self) -> dict[str, Any]:
        self.taken += 1
        return {"open": self.taken}


async def test_a_full_segment_of_the_journal_is_followed_by_a_new_one_with_a_snapshot(
    house: "House", put_records: Put
) -> None:
    ledger = Snapshots()
    with house.journal(Limits(segment_bytes=20_000, reserve_bytes=1 << 16)) as journal:
        async with house.writing(journal, ledger) as (writer, _):
            for number in range(1, 31):
                put_records(journal, served(number))
                await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
        after_a_restart = [entry.body for entry in journal.since_snapshot()]

    calls, _ = await house.content()
    assert (len(calls), ledger.taken) == (30, len(segments(house.folder / "journal")) - 1)
    assert after_a_restart[0] == {"open": ledger.taken}
    assert ledger.taken > 1


async def test_the_first_record_of_a_call_stands(house: "House", put_records: Put) -> None:
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            put_records(journal, served(1))
            put_records(journal, replace(served(1), rating=1))
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    calls, orders = await house.content()
    assert ([call.rating for call in calls], len(orders)) == ([5], 1)
