"""A small crowd for `make run`: SIPp plays sixteen agents and a gentle stream of citizens, for ever.

    python -m simulators.crowd --accounts FILE --sip-host 127.0.0.1 --sip-port 5060

FILE holds what `rexian phones --json` says. Seats 8001 to 8016 are registered and signed in by *40,
like any phone; 8017 to 8020 stay free for people. Everything is gone within a second of SIGTERM.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rexian.push.broker import MqttBroker
from simulators.crowd_files import write_citizens, write_seats, write_voices
from simulators.departments import receipt_everything
from simulators.milestone import PhoneError
from simulators.phone import Account, NoAnswer, Phone
from simulators.sipp_batch import Batch, SippMissing, SippRuns, find_sipp, free_port

SEATS = tuple(str(number) for number in range(8001, 8017))
SIGN_IN, READY = "*40", "*42"
HOTLINE = "12345"
TRUNK, DESKS = "127.0.0.2", "127.0.0.3"

CITIZENS_A_BATCH = 20
LONGEST_CALL_S = 240
SHIFT_S = 900
"""So long one SIPp plays the agents; the next one takes over while the calls of the old one end."""
REGISTERED_S = 120
REGISTER_EVERY_MS = 500
"""One seat after the other, round and round: each again after eight seconds."""
SIGN_IN_AT_ONCE = 4
AGAIN_AFTER_S = 2.0


class Crowd:
    """All that runs for one switch."""

    def __init__(self, accounts: Sequence[Account], server: tuple[str, int], runs: SippRuns) -> None:
        self._accounts = accounts
        self._server = server
        self._runs = runs
        self._dice = random.Random()
        self._at_once = asyncio.Semaphore(SIGN_IN_AT_ONCE)

    async def live(self, folder: Path) -> None:
        """For ever; cancel it, then end the runs."""
        write_voices(folder)
        seats = write_seats(folder, self._accounts)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._agents(seats))
            for account in self._accounts:
                group.create_task(self._at_work(account))
            group.create_task(self._citizens(folder))

    async def _agents(self, seats: Path) -> None:
        while True:
            port = free_port(DESKS)
            shift = Batch(
                scenario="register",
                answering="agent",
                server=self._server,
                host=DESKS,
                port=port,
                limit_s=SHIFT_S + LONGEST_CALL_S,
                every_ms=REGISTER_EVERY_MS,
                at_once=4 * len(self._accounts),
                lines=seats,
                words=(("contact", f"{DESKS}:{port}"), ("expires", str(REGISTERED_S))),
            )
            await self._let_run(await self._runs.start(shift), SHIFT_S)

    @staticmethod
    async def _let_run(process: asyncio.subprocess.Process, so_long_s: float) -> None:
        try:
            async with asyncio.timeout(so_long_s):
                await process.wait()
            await asyncio.sleep(AGAIN_AFTER_S)  # it ended early: no switch there, or a port taken
        except TimeoutError:
            return

    async def _at_work(self, account: Account) -> None:
        """Signs the seat's usual person in, and makes them ready again now and then: in a demo that
        runs for hours an agent may have become not ready because a phone was away for a while."""
        code = SIGN_IN
        while True:
            async with self._at_once:
                done = await dial_code(account, code)
            if done:
                code = READY
            await asyncio.sleep(SHIFT_S * self._dice.uniform(0.5, 1.0) if done else AGAIN_AFTER_S)

    async def _citizens(self, folder: Path) -> None:
        # The first callers come when the first agents may be there.
        await asyncio.sleep(5)
        number = 0
        while True:
            number += 1
            every_ms = self._dice.randint(6_000, 10_000)
            whole_s = CITIZENS_A_BATCH * every_ms / 1000
            batch = Batch(
                scenario="citizen",
                server=self._server,
                host=TRUNK,
                port=free_port(TRUNK),
                limit_s=round(whole_s) + LONGEST_CALL_S,
                calls=CITIZENS_A_BATCH,
                every_ms=every_ms,
                lines=write_citizens(folder / f"citizens-{number % 8}.csv", CITIZENS_A_BATCH, self._dice),
                words=(("callee", HOTLINE),),
            )
            process = await self._runs.start(batch)
            # The next batch begins when the last one has made all its calls, not when they are over.
            await self._let_run(process, whole_s)


async def dial_code(account: Account, code: str) -> bool:
    """Dials a feature code from a seat and listens to the confirmation; whether it came to its end."""
    try:
        async with Phone(account, keep_sound=False) as phone:
            call = await phone.dial(code)
            await call.answered(within_s=10)
            ending = await call.ended(within_s=30)
            return not ending.by_us and call.hearing.packets > 0
    except (PhoneError, NoAnswer, OSError):
        return False


def accounts_of(entries: Sequence[Mapping[str, Any]], server: tuple[str, int]) -> list[Account]:
    """The crowd's seats among all accounts, dialling from the seats' address to `server`."""
    seats = [Account.of(entry) for entry in entries if entry["role"] == "seat"]
    return [replace(seat, server=server, host=DESKS) for seat in seats if seat.extension in SEATS]


async def run(program: Path, accounts: Sequence[Account], server: tuple[str, int]) -> None:
    """The crowd, until SIGTERM or Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="rexian-crowd-") as name:
        folder = Path(name)
        runs = SippRuns(program, folder)
        crowd = asyncio.ensure_future(Crowd(accounts, server, runs).live(folder))
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, crowd.cancel)
        try:
            await crowd
        except asyncio.CancelledError:
            pass  # we were asked to go
        finally:
            await runs.end_all()


async def live(
    sipp: Path, accounts: Sequence[Account], server: tuple[str, int], mqtt_url: str | None
) -> None:
    """Citizens and agents, and the departments if it is said where they are told."""
    departments = (
        asyncio.create_task(receipt_everything(MqttBroker(url=mqtt_url))) if mqtt_url is not None else None
    )
    try:
        await run(sipp, accounts, server)
    finally:
        if departments is not None:
            departments.cancel()


def main() -> int:
    """Exit status 3: no SIPp here."""
    parser = argparse.ArgumentParser(prog="simulators.crowd", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accounts", type=Path, required=True, help="what `rexian phones --json` says")
    parser.add_argument("--sip-host", default="127.0.0.1")
    parser.add_argument("--sip-port", type=int, default=5060)
    parser.add_argument("--mqtt-url", help="departments that receipt every work order live there")
    given = parser.parse_args()
    # The crowd lives on loopback addresses, and a switch that is bound elsewhere listens there as well.
    server = (given.sip_host if given.sip_host.startswith("127.") else "127.0.0.1", given.sip_port)
    accounts = accounts_of(json.loads(given.accounts.read_text(encoding="utf-8")), server)
    try:
        asyncio.run(live(find_sipp(), accounts, server, given.mqtt_url))
    except SippMissing as missing:
        print(missing, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
