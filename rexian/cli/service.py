"""One engine process: everything the engine is made of, put together and ended in the right order."""

import asyncio
import contextlib
import signal

import structlog

from rexian.cli.keys import journal_key
from rexian.cli.places import Places
from rexian.engine.city import load_city
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
from rexian.engine.writer import Writer
from rexian.push.relay import Relay
from rexian.store.store import Store
from rexian.telephony.secrets import Role, Secrets
from rexian.telephony.switch import AmiAddress
from terms.ids import SeatId

log = structlog.get_logger()

DRAIN_S = 1.0
"""So long the last records of a stopped house may take into the database; the journal has them anyway."""


async def run_engine(settings: Settings) -> None:
    """Serve until SIGTERM (calls live on, another engine adopts them) or the command `stop` (calls end)."""
    places = Places(settings)
    city = load_city(settings.config)
    secrets = Secrets.load_or_create(
        places.secrets, [str(seat.seat) for seat in city.seats], city.citizen_accounts
    )
    clock = Clock()
    journal = Journal.open(places.journal, journal_key(places.home), now=clock.now)
    ledger = Ledger(journal)
    for entry in journal.since_snapshot():
        ledger.replay(entry.kind, entry.body)
    store = await Store.open(settings.database_url)
    relay = Relay(store, settings.mqtt_url, clock.now)
    writer = Writer(journal, store, city.zone, on_absorbed=relay.wake, ledger=ledger)
    address = AmiAddress(
        host="127.0.0.1", port=settings.ami_port, user="engine", secret=secrets.ami["engine"]
    )
    parts = Parts(
        city=city,
        clock=clock,
        ledger=ledger,
        recordings=Recordings(places.recordings),
        endpoints={
            SeatId(phone.extension): phone.sip_user for phone in secrets.phones if phone.role is Role.SEAT
        },
    )
    gaps = Gaps(places.switch_cdr, ledger, clock)
    engine = Engine(parts, address, gaps, changed=lambda: control.changed())
    commands = Commands(engine, city, clock)
    control = Control(commands.table(), commands.snapshot)
    await control.open(places.control)
    await _serve(engine, writer, relay, commands)
    await control.close()
    await store.close()
    journal.close()


async def _serve(engine: Engine, writer: Writer, relay: Relay, commands: Commands) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, commands.leaving.set)
    work = [
        asyncio.create_task(engine.run(), name="engine"),
        asyncio.create_task(writer.run(), name="writer"),
        asyncio.create_task(relay.run(), name="relay"),
    ]
    leaving = asyncio.create_task(commands.leaving.wait())
    done, _ = await asyncio.wait([*work, leaving], return_when=asyncio.FIRST_COMPLETED)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(writer.caught_up(), DRAIN_S)
    for task in (*work, leaving):
        task.cancel()
    await asyncio.gather(*work, leaving, return_exceptions=True)
    for task in done:
        if task is not leaving:
            task.result()  # a part that can't go on ends the process: the supervisor begins anew
