"""A journal, a database and a writer between them, that come and go like engines."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cdr.forms import to_entry
from cdr.record import CallRecord
from rexian.engine.journal import Journal, Limits
from rexian.engine.writer import SnapshotSource, Writer
from rexian.store.store import Store
from workorders.order import WorkOrder

CITY = ZoneInfo("Asia/Shanghai")
WITHIN_S = 30


class House:
    """One folder with a journal and a database in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "rexian.db"
        self.url = f"sqlite+aiosqlite:///{self.file}"
        self.opened = 0

    @contextlib.contextmanager
    def journal(self, limits: Limits | None = None) -> Any:
        with contextlib.closing(Journal.open(self.folder / "journal", b"k" * 32, limits=limits)) as journal:
            yield journal

    @contextlib.asynccontextmanager
    async def writing(
        self, journal: Journal, ledger: SnapshotSource | None = None
    ) -> AsyncIterator[tuple[Writer, Store]]:
        """A running writer."""
        store = await Store.open(self.url)
        writer = Writer(journal, store, CITY, on_absorbed=self._count, ledger=ledger)
        task = asyncio.create_task(writer.run())
        try:
            yield writer, store
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await store.close()
            assert task.cancelled(), task.exception()

    def _count(self) -> None:
        self.opened += 1

    async def content(self) -> tuple[list[CallRecord], list[WorkOrder]]:
        store = await Store.open(self.url)
        found = [call async for call in store.calls()], [order async for order in store.orders()]
        await store.close()
        return found

    def remove_database(self) -> None:
        for part in self.folder.glob("rexian.db*"):
            part.unlink()

    def lock(self) -> sqlite3.Connection:
        """Nobody else can write until the connection is closed."""
        other = sqlite3.connect(self.file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        return other


def put(journal: Journal, *records: CallRecord) -> None:
    for record in records:
        journal.put("record", {"call": record.call_id, "record": to_entry(record)})


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def put_records() -> Callable[..., None]:
    return put
