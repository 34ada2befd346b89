"""The one task that brings finished calls from the journal into the database.

It is woken when entries have become durable, never before: a database must not know of what a power cut
could still take out of the journal. A call never waits for it. When the database is locked, full or
gone it tries again, with growing pauses; the journal keeps what has to be caught up.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol

import structlog

from cdr.forms import from_entry
from cdr.record import CallRecord
from rexian.engine.journal import Journal
from rexian.engine.journal_files import Reader
from rexian.engine.journal_line import Entry
from rexian.store.absorb import Batch, OrderRule, Place, WrapUp
from rexian.store.errors import StoreDamaged, StoreRefused, StoreUnavailable
from rexian.store.store import Store
from terms.ids import AgentId, CallId

log = structlog.get_logger()

ENTRIES_AT_ONCE = 200
COLLECT_S = 0.25
"""What becomes durable within so long goes into the database together: a transaction costs it as much
as the call itself cost the engine, whatever is in it. Records may be 2 s late."""
FIRST_PAUSE_S = 0.25
PAUSE_MAX_S = 5.0
ROLL_AGAIN_S = 30.0


class SnapshotSource(Protocol):
    """Whoever knows the state that a new segment of the journal begins with."""

    def snapshot(self) -> dict[str, Any]:
        """All that is open at this moment."""


@dataclass(slots=True)
class _Stretch:
    """What was read from the journal and isn't in the database yet."""

    upto: int = 0
    records: list[CallRecord] = field(default_factory=list)
    wrap_ups: list[WrapUp] = field(default_factory=list)


class Writer:
    """Feeds the database; `run` it as one task for as long as the engine lives."""

    def __init__(
        self,
        journal: Journal,
        store: Store,
        zone: tzinfo,
        *,
        on_absorbed: Callable[[], None] | None = None,
        ledger: SnapshotSource | None = None,
    ) -> None:
        """`on_absorbed` is called after orders were opened. With a `ledger` the writer also begins a new
        segment of the journal, with its snapshot, whenever the present one is full."""
        self._journal, self._store, self._rule = journal, store, OrderRule(zone=zone)
        self._on_absorbed, self._ledger = on_absorbed, ledger
        self._news, self._progress = asyncio.Event(), asyncio.Condition()
        self._awaited: list[int] = []
        self._hurry = asyncio.Event()
        self._reader: Reader | None = None
        self._stretch = _Stretch()
        self._known_damage, self._has_begun = 0, False
        self._roll_after = 0.0
        self.applied = 0
        """Entries of the journal up to this number are in the database, as far as they belong there."""
        self.refused = 0
        """Entries that the database can't take, however often it is tried. They stay in the journal."""
        self.trouble: str | None = None
        """Why records are late; None if they aren't."""

    async def run(self) -> None:
        """Until cancelled. What isn't in the database then is found in the journal at the next start."""
        self._journal.on_durable = self._waker(asyncio.get_running_loop())
        pause_s = FIRST_PAUSE_S
        while True:
            self._news.clear()
            try:
                await self._catch_up()
                self._is_well()
                pause_s = FIRST_PAUSE_S
                await self._news.wait()
                await self._collect()
            except (StoreUnavailable, StoreDamaged) as why:
                self._is_in_trouble(str(why))
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_MAX_S)

    def _waker(self, loop: asyncio.AbstractEventLoop) -> Callable[[int], None]:
        def wake(_seq: int) -> None:
            loop.call_soon_threadsafe(self._news.set)

        return wake

    async def caught_up(self) -> None:
        """Returns when all that is in the journal now is in the database."""
        target = self._journal.last_seq
        self._awaited.append(target)
        self._hurry.set()
        try:
            async with self._progress:
                await self._progress.wait_for(lambda: self.applied >= target)
        finally:
            self._awaited.remove(target)

    async def _collect(self) -> None:
        """Gives further records time to come, unless somebody waits for those that are there."""
        if not self._awaited:
            self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), COLLECT_S)

    async def _catch_up(self) -> None:
        """Everything durable, a stretch at a time."""
        if self._store.is_lost:
            log.error("the database file is gone: it is built again from the journal")
            await self._store.reopen()
            self._reader = None
        reader = self._reader or await self._begin()
        self._reader = reader
        await self._absorb()  # what was read before a failure
        while True:
            upto = self._journal.durable_seq
            entries = reader.read(ENTRIES_AT_ONCE, upto)
            self._tell_damage(reader)
            for entry in entries:
                self._take(entry)
            if not entries:
                self._stretch.upto = max(self._stretch.upto, upto)
            await self._absorb()
            self._roll_if_full()
            if not entries:
                return

    async def _begin(self) -> Reader:
        """Reading begins behind what the database has of this journal."""
        place = await self._store.place()
        if place is None or place.journal != self._journal.name:
            if place is not None:
                log.warning("the database knows another journal; this one is absorbed from its beginning")
            after = 0
        elif self._has_begun or place.seq <= self._journal.found_seq:
            after = place.seq
        else:
            after = self._journal.found_seq
            log.error("the journal ends before the database", journal=after, database=place.seq)
        self._has_begun = True
        self._stretch = _Stretch(upto=after)
        self.applied, self._known_damage = after, 0
        return self._journal.reader(after)

    def _take(self, entry: Entry) -> None:
        """Adds what an entry says to the present stretch; most say nothing for the database."""
        self._stretch.upto = entry.seq
        try:
            if entry.kind == "record":
                self._stretch.records.append(from_entry(entry.body["record"]))
            elif entry.kind == "wrap_up":
                self._stretch.wrap_ups.append(_wrap_up(entry))
        except Exception as why:  # noqa: BLE001 - one entry is the blast radius, not the writer
            self._refuse(str(entry.body.get("call")), f"entry {entry.seq} can't be read: {why}")

    async def _absorb(self) -> None:
        """The present stretch, in one transaction; it is kept for another try if the database isn't there."""
        stretch, opened = self._stretch, 0
        if stretch.records or stretch.wrap_ups:
            place = Place(journal=self._journal.name, seq=stretch.upto)
            batch = Batch(place=place, records=stretch.records, wrap_ups=stretch.wrap_ups)
            try:
                opened = await self._store.absorb(batch, self._rule)
            except StoreRefused:
                opened = await self._absorb_singly(batch)
        self._stretch = _Stretch(upto=stretch.upto)
        async with self._progress:
            self.applied = stretch.upto
            self._progress.notify_all()
        if opened and self._on_absorbed:
            self._on_absorbed()

    async def _absorb_singly(self, batch: Batch) -> int:
        """One bad entry must not keep the others out: each for itself, the bad one is left out and told."""
        before = Place(journal=batch.place.journal, seq=self.applied)
        singles: Sequence[tuple[CallId, Batch]] = [
            *((record.call_id, Batch(place=before, records=[record])) for record in batch.records),
            *((work.call, Batch(place=before, wrap_ups=[work])) for work in batch.wrap_ups),
        ]
        opened = 0
        for call, single in singles:
            try:
                opened += await self._store.absorb(single, self._rule)
            except StoreRefused as why:
                self._refuse(call, str(why))
        await self._store.absorb(Batch(place=batch.place), self._rule)
        return opened

    def _refuse(self, call: str, why: str) -> None:
        self.refused += 1
        log.error("a record can't be taken into the database; it stays in the journal", call=call, why=why)

    def _roll_if_full(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._ledger and self._journal.is_full and now >= self._roll_after:
            self._journal.roll(self._ledger.snapshot())
            self._roll_after = now + ROLL_AGAIN_S if self._journal.is_full else 0.0

    def _tell_damage(self, reader: Reader) -> None:
        for damage in reader.damage[self._known_damage :]:
            place = f"{damage.segment}:{damage.offset}"
            log.error(
                "a damaged entry of the journal is left out", where=place, seq=damage.seq, what=damage.what
            )
        self._known_damage = len(reader.damage)

    def _is_in_trouble(self, why: str) -> None:
        if self.trouble is None:
            log.error("records are delayed: the database can't be written", why=why)
        self.trouble = why

    def _is_well(self) -> None:
        if self.trouble is not None:
            log.warning("the database can be written again; all records are in it", applied=self.applied)
        self.trouble = None


def _wrap_up(entry: Entry) -> WrapUp:
    body = entry.body
    return WrapUp(
        call=CallId(body["call"]), agent=AgentId(body["agent"]), acw_s=float(body["acw_s"]), at=entry.at
    )
