"""One engine process: everything the engine is made of, put together and ended in the right order."""

import asyncio
import contextlib
import gc
import importlib
import signal
from typing import TYPE_CHECKING

from rexian.cli.keys import journal_key
from rexian.cli.places import Places
from rexian.engine.city import City, load_city
from rexian.engine.clock import Clock
from rexian.engine.commands import Commands
from rexian.engine.control import Control
from rexian.engine.engine import Engine
from rexian.engine.floor import Parts
from rexian.engine.journal import Journal
from rexian.engine.ledger import Ledger
from rexian.engine.recordings import Recordings
from rexian.engine.settings import Settings
from rexian.engine.switch_gaps import Gaps
from rexian.telephony.secrets import Role, Secrets
from rexian.telephony.switch import AmiAddress
from terms.ids import SeatId

if TYPE_CHECKING:
    from rexian.cli.books import Books

CALLS_FIRST_S = 3.0
"""So long the books wait for the calls to be taken over; without a switch they are opened all the same."""
DRAIN_S = 1.3
"""So long the last records and recordings of a stopped house may take. The journal and the spool have
them anyway; what isn't finished is finished at the next start."""


async def run_engine(settings: Settings) -> None:
    """Serve until SIGTERM (calls live on, another engine adopts them) or the command `stop` (calls end)."""
    gc.freeze()  # see books.py
    places = Places(settings)
    city = load_city(settings.config)
    clock = Clock()
    journal = Journal.open(places.journal, journal_key(places.home), now=clock.now)
    ledger = Ledger(journal)
    for entry in journal.since_snapshot():
        ledger.replay(entry.kind, entry.body)
    recordings = Recordings(places.recordings)
    engine = _engine(settings, city, clock, ledger, recordings)
    commands = Commands(engine, city, clock)
    control = Control(commands.table(), commands.snapshot)
    engine.on_change = control.changed
    await control.open(places.control)
    try:
        await _serve(engine, commands, _Bookkeeping(settings, city, clock, journal, ledger), recordings)
    finally:
        await control.close()
        journal.close()


def _engine(settings: Settings, city: City, clock: Clock, ledger: Ledger, recordings: Recordings) -> Engine:
    places = Places(settings)
    seats = [str(seat.seat) for seat in city.seats]
    secrets = Secrets.load_or_create(places.secrets, seats, city.citizen_accounts)
    parts = Parts(
        city=city,
        clock=clock,
        ledger=ledger,
        recordings=recordings,
        endpoints={SeatId(p.extension): p.sip_user for p in secrets.phones if p.role is Role.SEAT},
    )
    address = AmiAddress(
        host="127.0.0.1", port=settings.ami_port, user="engine", secret=secrets.ami["engine"]
    )
    return Engine(parts, address, Gaps(places.switch_cdr, ledger, clock))


class _Bookkeeping:
    """The books, opened after the calls have been taken over."""

    def __init__(
        self, settings: Settings, city: City, clock: Clock, journal: Journal, ledger: Ledger
    ) -> None:
        self._made_of = (settings, city, clock, journal, ledger)
        self._books: Books | None = None

    async def run(self, served: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(served.wait(), CALLS_FIRST_S)
        module = await asyncio.to_thread(importlib.import_module, "rexian.cli.books")
        self._books = module.Books(*self._made_of)
        await self._books.run()

    async def caught_up(self) -> None:
        if self._books is not None:
            await self._books.caught_up()


async def _serve(engine: Engine, commands: Commands, books: _Bookkeeping, recordings: Recordings) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, commands.leaving.set)
    work = [asyncio.create_task(engine.run()), asyncio.create_task(books.run(engine.served))]
    leaving = asyncio.create_task(commands.leaving.wait())
    done, _ = await asyncio.wait([*work, leaving], return_when=asyncio.FIRST_COMPLETED)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(books.caught_up(), recordings.settle()), DRAIN_S)
    for task in (*work, leaving):
        task.cancel()
    await asyncio.gather(*work, leaving, return_exceptions=True)
    for task in done:
        if task is not leaving:
            task.result()  # a part that can't go on ends the process: the supervisor begins anew
