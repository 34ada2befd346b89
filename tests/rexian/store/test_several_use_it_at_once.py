"""Other processes read while the engine writes; a lock makes writers wait, and then say so."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.errors import StoreUnavailable
from rexian.store.store import AuditEntry, Store
from simulators.past_calls import MONDAY, served

READER = """
import asyncio, sys
from rexian.store.store import Store

async def read():
    store = await Store.open(sys.argv[1])
    print(len([call async for call in store.calls()]))
    await store.close()

asyncio.run(read())
"""


def batch(number: int) -> Batch:
    return Batch(place=Place(journal="j", seq=number), records=[served(number)])


async def test_another_process_sees_what_is_committed_while_a_transaction_is_open(
    store: Store, url: str, file: Path, rule: OrderRule
) -> None:
    await store.absorb(batch(1), rule)
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM outbox")

    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", READER, url], capture_output=True, text=True, check=False
    )
    writer.close()

    assert (done.stdout, done.stderr) == ("1\n", "")


async def test_a_locked_database_is_unavailable_and_nothing_was_changed(
    store: Store, file: Path, rule: OrderRule
) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"):
        await store.absorb(batch(1), rule)
    other.close()

    assert await store.place() is None
    assert await store.absorb(batch(1), rule) == 1


async def test_a_long_reading_does_not_hold_up_the_writer(store: Store, rule: OrderRule) -> None:
    await store.absorb(batch(1), rule)
    reading = store.calls()
    first = await anext(reading)

    await store.absorb(batch(2), rule)
    rest = [call.call_id async for call in reading]

    assert (first.call_id, rest) == (served(1).call_id, [])


async def test_a_cancelled_absorbing_leaves_no_lock_behind(store: Store, rule: OrderRule) -> None:
    for number in range(1, 30):
        task = asyncio.create_task(store.absorb(batch(number), rule))
        for _ in range(number):
            await asyncio.wait([task], timeout=0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await store.absorb(batch(99), rule)

    assert served(99).call_id in [call.call_id async for call in store.calls()]


async def test_the_audit_trail_keeps_who_did_what_and_why(store: Store) -> None:
    entry = AuditEntry(at=MONDAY, who="root", what="reveal", object="calls", reason="投诉核查")

    await store.audit(entry)

    assert await store.audit_trail() == [entry]
