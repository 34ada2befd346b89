"""Opening a database: SQLite's settings, file rights, transactions, and what its URL may be."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from rexian.store.errors import StoreError, StoreUnavailable, told_plainly

READING = "rexian_reading"

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}

_ON_CONNECT = (
    "PRAGMA busy_timeout = 2000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)


def parse_url(url: str) -> URL:
    """The URL with the driver that is needed. StoreError for what is no such URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as why:
        raise StoreError(
            "REXIAN_DATABASE_URL is no database URL; write sqlite+aiosqlite:////path/to/file.db "
            "or postgresql+asyncpg://user:password@host/name"
        ) from why
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def is_there(url: str) -> bool:
    """Has there ever been a database? False only for a file that doesn't exist; a server isn't asked."""
    file = file_of(parse_url(url))
    return file is None or file.exists()


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


class Database:
    """An opened database: transactions for reading and for writing, whose errors are the store's.

    Writers of one process take turns, first come first served: SQLite itself lets whoever asks at the
    right moment go first, and an unlucky one can starve.
    """

    def __init__(self, url: URL) -> None:
        self.url, self.file = url, file_of(url)
        self.engine = connect(url)
        self._reading = self.engine.execution_options(**{READING: True})
        self._turn = asyncio.Lock() if self.file else contextlib.nullcontext()
        self._inode = self._present_inode()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view; never waits for a writer and never holds one up."""
        with told_plainly():
            async with self._reading.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end, undone by any exception."""
        with told_plainly():
            async with self._turn, self.engine.begin() as connection:
                yield connection

    @property
    def is_lost(self) -> bool:
        """Was the file removed or replaced under us? Then what is written to it is gone."""
        return self.file is not None and self._present_inode() != self._inode

    async def close(self) -> None:
        """Ends all connections."""
        await self.engine.dispose()

    def _present_inode(self) -> int:
        try:
            return self.file.stat().st_ino if self.file else 0
        except OSError:
            return 0


def connect(url: URL) -> AsyncEngine:
    """An engine whose every connection is set up. An SQLite file is made for its owner only."""
    if file := file_of(url):
        _make_private(file)
    try:
        engine = create_async_engine(url, json_serializer=_to_json, pool_pre_ping=file is None)
    except ModuleNotFoundError as why:
        raise StoreError(f"{url.drivername} needs the package {why.name}; install it beside rexian") from why
    if file:
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """SQLite gives its side files the rights of the database file."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as why:
        raise StoreUnavailable(f"{file}: {why.strerror}") from why


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in _ON_CONNECT:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at the beginning: in the middle SQLite would refuse it without waiting."""
    reading = connection.get_execution_options().get(READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
