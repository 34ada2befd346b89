"""What departments have to be told, until they have said that they know it."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select, update

from rexian.store.database import Database
from rexian.store.tables import dead_letters, outbox
from terms.instant import Instant, after
from workorders.outbox import DeadLetter, Receipt, Waiting

DEAD_LETTERS_MAX = 1000
PAYLOAD_MAX = 4096


_RESULTS = {None: Receipt.UNKNOWN, True: Receipt.TAKEN, False: Receipt.REPEATED}
"""By whether an event is known for a department, and then whether it still waits for its receipt."""


class Outbox:
    """The outbox of an open store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: Instant, limit: int) -> list[Waiting]:
        """Events to be sent now, oldest first. Of one order only the oldest without a receipt."""
        chosen = _first_unreceipted().where(outbox.c.next_at <= now).order_by(outbox.c.id).limit(limit)
        async with self._database.read() as connection:
            return [Waiting(**row._asdict()) for row in await connection.execute(chosen)]

    async def next_at(self) -> Instant | None:
        """When the next event is to be sent; None if none waits for a receipt."""
        inner = _first_unreceipted().subquery()
        soonest = select(func.min(outbox.c.next_at)).join(inner, inner.c.id == outbox.c.id)
        async with self._database.read() as connection:
            at = await connection.scalar(soonest)
        return None if at is None else Instant(at)

    async def sent(self, events: Sequence[Waiting], now: Instant, again_in_s: Sequence[float]) -> None:
        """Remembers that `events` were sent, and when each is to be sent again without a receipt."""
        change = (
            update(outbox)
            .where(outbox.c.id == bindparam("which"))
            .values(sent=outbox.c.sent + 1, next_at=bindparam("again"))
        )
        rows = [
            {"which": event.id, "again": after(now, wait_s)}
            for event, wait_s in zip(events, again_in_s, strict=True)
        ]
        async with self._database.write() as connection:
            await connection.execute(change, rows)

    async def receipted(self, receipts: Sequence[tuple[str, str]], now: Instant) -> list[Receipt]:
        """Takes receipts as (event, department), all in one transaction; what each did, in their order."""
        events = [event for event, _ in receipts]
        known = select(outbox.c.event, outbox.c.department, outbox.c.receipted_at)
        async with self._database.write() as connection:
            rows = await connection.execute(known.where(outbox.c.event.in_(events)))
            open_ones = {(row.event, row.department): row.receipted_at is None for row in rows}
            results = []
            for receipt in receipts:
                is_open = open_ones.get(receipt)
                results.append(_RESULTS[is_open])
                if is_open:
                    open_ones[receipt] = False
            taken = [event for (event, _), did in zip(receipts, results, strict=True) if did is Receipt.TAKEN]
            change = update(outbox).where(outbox.c.event.in_(taken)).values(receipted_at=now)
            await connection.execute(change)
        return results

    async def bury(self, letters: Sequence[DeadLetter], now: Instant) -> None:
        """Keeps messages that nobody could use, the last thousand of them, for people to look at."""
        rows = [
            {
                "at": now,
                "topic": letter.topic[:PAYLOAD_MAX].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                "payload": letter.payload[:PAYLOAD_MAX].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                "why": letter.why,
            }
            for letter in letters
        ]
        async with self._database.write() as connection:
            await connection.execute(insert(dead_letters), rows)
            last = await connection.scalar(select(func.max(dead_letters.c.id))) or 0
            await connection.execute(delete(dead_letters).where(dead_letters.c.id <= last - DEAD_LETTERS_MAX))

    async def dead(self) -> list[DeadLetter]:
        """The kept dead letters, oldest first."""
        chosen = select(dead_letters.c.topic, dead_letters.c.payload, dead_letters.c.why)
        async with self._database.read() as connection:
            rows = await connection.execute(chosen.order_by(dead_letters.c.id))
            return [DeadLetter(**row._asdict()) for row in rows]

    async def unreceipted(self) -> int:
        """How many events wait for a receipt."""
        async with self._database.read() as connection:
            waiting = select(func.count()).where(outbox.c.receipted_at.is_(None))
            return await connection.scalar(waiting) or 0


def _first_unreceipted() -> "Select[tuple[int, str, str, str, int]]":
    earlier = outbox.alias()
    blocked = and_(
        earlier.c.order_number == outbox.c.order_number,
        earlier.c.id < outbox.c.id,
        earlier.c.receipted_at.is_(None),
    )
    return select(outbox.c.id, outbox.c.event, outbox.c.department, outbox.c.payload, outbox.c.sent).where(
        outbox.c.receipted_at.is_(None), ~select(earlier.c.id).where(blocked).exists()
    )
