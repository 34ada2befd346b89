"""The engine's books: journal into database, database into broker.

A module of its own because the libraries behind it take a second to import; the engine takes its calls
over before that (`rexian.cli.service`).
"""

import asyncio
import gc

import structlog

from rexian.engine.city import City
from rexian.engine.clock import Clock
from rexian.engine.journal import Journal
from rexian.engine.ledger import Ledger
from rexian.engine.settings import Settings
from rexian.engine.writer import Writer
from rexian.push.relay import Relay
from rexian.store.errors import StoreError, UnknownVersion
from rexian.store.store import Store

log = structlog.get_logger()

AGAIN_AFTER_S = 2.0


class Books:
    """Writer and relay of one engine; `run` them as one task for as long as it lives."""

    def __init__(
        self, settings: Settings, city: City, clock: Clock, journal: Journal, ledger: Ledger
    ) -> None:
        self._settings, self._city, self._clock = settings, city, clock
        self._journal, self._ledger = journal, ledger
        self._writer: Writer | None = None

    async def run(self) -> None:
        """Until cancelled. No trouble with database or broker ends it: the journal keeps everything."""
        store = await self._open()
        # What a hundred thousand imported objects are is known by now. To look at them all again for
        # garbage would stop every call for 80 ms of processor time, several times a minute.
        gc.freeze()
        relay = Relay(store, self._settings.mqtt_url, self._clock.now)
        self._writer = Writer(
            self._journal, store, self._city.zone, on_absorbed=relay.wake, ledger=self._ledger
        )
        try:
            async with asyncio.TaskGroup() as work:
                work.create_task(self._writer.run())
                work.create_task(relay.run())
        finally:
            await store.close()

    async def caught_up(self) -> None:
        """Returns when all that is in the journal now is in the database, or can't be brought there."""
        if self._writer is not None and self._writer.trouble is None:
            await self._writer.caught_up()

    async def _open(self) -> Store:
        told = ""
        while True:
            try:
                return await Store.open(self._settings.database_url)
            except StoreError as why:
                if str(why) != told:
                    told = str(why)
                    log.error("records are delayed, the journal keeps them: no database", why=told)
            await asyncio.sleep(AGAIN_AFTER_S)


async def check_database(url: str) -> None:
    """Make or update the database before anything is started. UnknownVersion if a newer program made it."""
    try:
        await (await Store.open(url)).close()
    except UnknownVersion:
        raise
    except StoreError as why:
        log.warning("the database can't be used now; records wait in the journal", why=str(why))
