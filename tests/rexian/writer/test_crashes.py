"""kill -9 between transactions, and a write-ahead log that the disk has spoiled: one record each."""

import asyncio
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulators.past_calls import served

if TYPE_CHECKING:
    from tests.rexian.writer.conftest import House

Put = Callable[..., None]
PATIENCE_S = 60.0

# Tells each call's number after its record was put.
ENGINE = """
import asyncio, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from cdr.forms import to_entry
from rexian.engine.journal import Journal
from rexian.engine.writer import Writer
from rexian.store.store import Store
from simulators.past_calls import served

async def engine(folder, first):
    journal = Journal.open(Path(folder) / "journal", b"k" * 32)
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/rexian.db")
    writer = Writer(journal, store, ZoneInfo("Asia/Shanghai"))
    task = asyncio.create_task(writer.run())
    for number in range(first, first + 100_000):
        record = served(number)
        journal.put("record", {"call": record.call_id, "record": to_entry(record)})
        print(number, flush=True)
        await asyncio.sleep(0.0005)

asyncio.run(engine(sys.argv[1], int(sys.argv[2])))
"""


def killed_after(folder: Path, first: int, count: int) -> list[int]:
    """Runs an engine until it has told `count` calls, kills it, and returns what it told."""
    command = [sys.executable, "-c", ENGINE, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout
        told = [int(engine.stdout.readline()) for _ in range(count)]
        engine.kill()
        told += [int(line) for line in engine.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return told


async def test_after_any_number_of_kills_every_call_has_one_record_and_one_order(house: "House") -> None:
    dice = random.Random(2026)
    told: list[int] = []
    for _ in range(4):
        told += killed_after(house.folder, len(told) + 1000 * len(told) + 1, dice.randint(20, 400))
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
        kept = [entry.body["call"] for entry in journal.entries() if entry.kind == "record"]

    calls, orders = await house.content()
    assert {served(number).call_id for number in told} <= set(kept)
    assert sorted(call.call_id for call in calls) == sorted(set(kept))
    assert sorted(order.call_id for order in orders) == sorted(set(kept))
    assert len({order.number for order in orders}) == len(orders)


@pytest.mark.parametrize("seed", range(6))
async def test_a_spoiled_write_ahead_log_is_made_good_from_the_journal(
    house: "House", put_records: Put, tmp_path: Path, seed: int
) -> None:
    spoiled = tmp_path / "spoiled"
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            for number in range(1, 21):
                put_records(journal, served(number))
                await asyncio.wait_for(writer.caught_up(), PATIENCE_S)
            copy_and_spoil(house.folder, spoiled, random.Random(seed))
        whole = await house.content()
    house.folder = spoiled
    house.file = spoiled / "rexian.db"
    house.url = f"sqlite+aiosqlite:///{house.file}"

    before = await house.content()
    with house.journal() as journal:
        async with house.writing(journal) as (writer, _):
            await asyncio.wait_for(writer.caught_up(), PATIENCE_S)

    assert len(before[0]) < len(whole[0])
    assert await house.content() == whole


def copy_and_spoil(folder: Path, to: Path, dice: random.Random) -> None:
    """As after a power cut: the files as they are at this moment, 64 bytes of the log flipped."""
    to.mkdir()
    shutil.copytree(folder / "journal", to / "journal")
    for name in ("rexian.db", "rexian.db-wal"):
        shutil.copy(folder / name, to / name)
    log = bytearray((to / "rexian.db-wal").read_bytes())
    where = dice.randrange(len(log) // 3, len(log) * 2 // 3)
    for index in range(where, where + 64):
        log[index] ^= 0xFF
    (to / "rexian.db-wal").write_bytes(log)
