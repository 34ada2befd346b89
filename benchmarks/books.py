"""What it costs to keep the books: a put into the journal, a call into the database.

    python benchmarks/books.py [--calls 2000]

A put is compared with the bare write(2) of the same bytes: what is above that is JSON, chain and lock. A
hundred calls in one transaction are compared with a hundred transactions. Nothing here depends on dice.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from benchmarks._figures import Bar, machine, spread, verdict
from cdr.forms import to_entry
from cdr.record import CallRecord
from rexian.engine.journal import Journal
from rexian.engine.writer import Writer
from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.store import Store
from simulators.past_calls import served

CITY = ZoneInfo("Asia/Shanghai")
MANY = 100
ROUNDS = 20
PUT_AT_MOST = {"step": 15, "record": 40}


def each_us(work: Callable[[], object], times: int) -> list[float]:
    """How long each of `times` runs took."""
    took = []
    for _ in range(times):
        begun = time.perf_counter_ns()
        work()
        took.append((time.perf_counter_ns() - begun) / 1_000)
    return took


def journal_bars(folder: Path, calls: int) -> list[Bar]:
    """A put of a step and of a whole record, against the bare write of as many bytes."""
    record = served(1)
    bodies = {
        "step": {"call": record.call_id, "step": record.journey[7].to_json()},
        "record": {"call": record.call_id, "record": to_entry(record)},
    }
    bars = []
    with (folder / "bare").open("ab", buffering=0) as bare:
        journal = Journal.open(folder / "journal", b"k" * 32)
        for kind, body in bodies.items():
            before = journal._size
            puts = each_us(partial(journal.put, kind, body), calls)
            size = (journal._size - before) // calls
            writes = each_us(partial(os.write, bare.fileno(), b"x" * size), calls)
            print(f"put of a {kind:7}       {spread(puts, 'µs')}   {size} bytes")
            print(f"bare write            {spread(writes, 'µs')}")
            what, ratio = f"put of a {kind} ÷ bare write", median(puts) / median(writes)
            bars.append(Bar(what=what, ratio=ratio, at_most=PUT_AT_MOST[kind]))
        journal.close()
    return bars


async def store_bars(folder: Path) -> list[Bar]:
    """A call in a transaction of its own, and a hundred in one."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'store.db'}")
    rule = OrderRule(zone=CITY)
    singly = [await absorb_ms(store, [served(number)], rule) for number in range(1, MANY + 1)]
    together = [
        await absorb_ms(store, [served(MANY * begin + number) for number in range(1, MANY + 1)], rule)
        for begin in range(1, ROUNDS + 1)
    ]
    await store.close()
    print(f"absorb 1 call         {spread(singly)}")
    print(f"absorb {MANY} calls      {spread(together)}")
    ratio = median(together) / (MANY * median(singly))
    return [Bar(what=f"{MANY} calls in one transaction ÷ in {MANY}", ratio=ratio, at_most=0.5)]


async def absorb_ms(store: Store, records: Sequence[CallRecord], rule: OrderRule) -> float:
    """One transaction."""
    begun = time.perf_counter()
    await store.absorb(Batch(place=Place(journal="bench", seq=1), records=records), rule)
    return (time.perf_counter() - begun) * 1_000


async def way_bars(folder: Path, calls: int) -> list[Bar]:
    """From the put to the database, one call at a time; and building a database again."""
    journal = Journal.open(folder / "way", b"k" * 32)
    for number in range(1, calls + 1):
        record = served(number)
        journal.put("record", {"call": record.call_id, "record": to_entry(record)})
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'way.db'}")
    writer = Writer(journal, store, CITY)
    task = asyncio.create_task(writer.run())
    begun = time.perf_counter()
    await writer.caught_up()
    print(f"building it again     {calls / (time.perf_counter() - begun):8.0f} calls/s")
    ways = []
    for number in range(calls + 1, calls + MANY):
        record = served(number)
        begun = time.perf_counter()
        journal.put("record", {"call": record.call_id, "record": to_entry(record)})
        await writer.caught_up()
        ways.append((time.perf_counter() - begun) * 1_000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()
    journal.close()
    print(f"put -> database       {spread(ways)}")
    return [Bar(what="slowest way into the database ÷ 2 s", ratio=max(ways) / 2_000, at_most=1)]


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2_000)
    calls = parser.parse_args().calls
    print(machine())
    with tempfile.TemporaryDirectory(prefix="rexian-books-") as name:
        folder = Path(name)
        bars = journal_bars(folder, calls)
        bars += asyncio.run(store_bars(folder))
        bars += asyncio.run(way_bars(folder, calls))
    return verdict(bars)


if __name__ == "__main__":
    sys.exit(main())
