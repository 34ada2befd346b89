"""The store: calls, work orders, the outbox and the audit trail behind one door."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from sqlalchemy import insert, select
from sqlalchemy.engine import URL

from cdr.record import CallRecord
from rexian.store import absorb as absorbing
from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.database import Database, parse_url
from rexian.store.migrate import migrate
from rexian.store.outbox import Outbox
from rexian.store.rows import call_record, work_order
from rexian.store.tables import audit, calls, orders
from terms.instant import Instant
from workorders.order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, and why. Written before the thing is done."""

    at: Instant
    who: str
    what: str
    object: str
    reason: str


class Store:
    """An open database; made by `Store.open`, which brings it to this program's version.

    Reading never disturbs the writer, in this process or in another. StoreUnavailable from any method
    means: nothing was changed, try again later.
    """

    def __init__(self, database: Database) -> None:
        """For `open` only."""
        self._use(database)

    def _use(self, database: Database) -> None:
        self._database, self.outbox = database, Outbox(database)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Opens the database of a URL such as sqlite+aiosqlite:////path/to/file.db, made if there is none.

        UnknownVersion for the database of a newer program, StoreDamaged for a corrupt file,
        StoreUnavailable if it can't be reached.
        """
        return cls(await _opened(parse_url(url)))

    async def close(self) -> None:
        """Ends all connections."""
        await self._database.close()

    @property
    def is_lost(self) -> bool:
        """Was the database's file removed or replaced under us? Then what is written to it is gone."""
        return self._database.is_lost

    async def reopen(self) -> None:
        """Begins again with whatever lies at the URL now."""
        await self._database.close()
        self._use(await _opened(self._database.url))

    async def place(self) -> Place | None:
        """How far which journal is absorbed; None for a database that never absorbed anything."""
        async with self._database.read() as connection:
            return await absorbing.place_of(connection)

    async def absorb(self, batch: Batch, rule: OrderRule) -> int:
        """Takes a stretch of the journal in, wholly or not at all; returns the number of orders opened.

        A call that is there already is left as it is. StoreRefused if the database can't take what is
        in it, however often it is tried.
        """
        async with self._database.write() as connection:
            return await absorbing.absorb(connection, batch, rule)

    async def calls(self, since: Instant | None = None) -> AsyncIterator[CallRecord]:
        """Finished calls that began at `since` or later, in the order of their begins."""
        chosen = (
            select(calls, orders.c.number.label("work_order"))
            .outerjoin(orders, orders.c.call_id == calls.c.call_id)
            .order_by(calls.c.started_at, calls.c.call_id)
        )
        if since is not None:
            chosen = chosen.where(calls.c.started_at >= since)
        async with self._database.read() as connection:
            async for row in await connection.stream(chosen):
                yield call_record(row._asdict())

    async def orders(self, since: Instant | None = None) -> AsyncIterator[WorkOrder]:
        """Work orders created at `since` or later, in the order of their creation."""
        chosen = select(orders).order_by(orders.c.created_at, orders.c.number)
        if since is not None:
            chosen = chosen.where(orders.c.created_at >= since)
        async with self._database.read() as connection:
            async for row in await connection.stream(chosen):
                yield work_order(row._asdict())

    async def audit(self, entry: AuditEntry) -> None:
        """Writes one line of the audit trail; only when it returns may the thing be done."""
        values = {name: getattr(entry, name) for name in ("at", "who", "what", "object", "reason")}
        async with self._database.write() as connection:
            await connection.execute(insert(audit).values(values))

    async def audit_trail(self) -> list[AuditEntry]:
        """The whole audit trail, oldest first."""
        chosen = select(audit.c.at, audit.c.who, audit.c.what, audit.c.object, audit.c.reason)
        async with self._database.read() as connection:
            rows = await connection.execute(chosen.order_by(audit.c.id))
            return [AuditEntry(**row._asdict()) for row in rows]


async def _opened(url: URL) -> Database:
    database = Database(url)
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        raise
    return database
