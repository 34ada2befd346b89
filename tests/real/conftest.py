"""Real Asterisks for tests: private ports and folders, rendered from the shipped templates.

`asterisk` is shared by a module's tests and must be left without channels; `fresh_asterisk` belongs to
one test, which may kill it. Both come with every seat's account, so a test needs only `rig.phone("8001")`.
"""

import asyncio
import csv
import random
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rexian.telephony.installation import Installation
from rexian.telephony.link import AmiAddress
from rexian.telephony.process import AsteriskHouse
from rexian.telephony.render import SwitchPlan
from rexian.telephony.secrets import Secrets
from rexian.telephony.switch import Switch, connect
from simulators.phone import Account, Phone

ROOT = Path(__file__).parents[2]
RTP_BLOCK = 200
"""Ports, for 50 channels with RTCP."""


@dataclass(frozen=True, slots=True)
class Rig:
    """One private Asterisk and who may call it."""

    house: AsteriskHouse

    @property
    def sip(self) -> tuple[str, int]:
        """Where phones send to."""
        return "127.0.0.1", self.house.plan.sip_port

    def ami(self, account: str = "engine") -> AmiAddress:
        """Where `account` logs in."""
        return self.house.address(account)

    def endpoint(self, extension: str) -> str:
        """The PJSIP endpoint of a seat or citizen account."""
        return self.house.secrets.endpoint_of(extension)

    def phone(self, extension: str, *, tone_hz: int | None = None) -> Phone:
        """A seat's or citizen account's phone, not yet registered."""
        (entry,) = [each for each in self.house.secrets.phones if each.extension == extension]
        account = Account(server=self.sip, user=entry.sip_user, password=entry.password, extension=extension)
        return Phone(account, tone_hz=tone_hz)

    def citizen(self, number: str, *, name: str = "", tone_hz: int | None = None) -> Phone:
        """A caller on the demo trunk; `number` goes into From as it is."""
        account = Account(server=self.sip, user=number, host=self.house.plan.trunk_address, display=name)
        return Phone(account, tone_hz=tone_hz)

    def cdr_rows(self) -> list[list[str]]:
        """What the switch itself wrote down."""
        if not self.house.plan.cdr_file.exists():
            return []
        with self.house.plan.cdr_file.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    async def believe_in_engine(self, switch: Switch) -> None:
        """From now on the dialplan hands callers over as if an engine's heart were beating."""
        await switch.setvar(None, "REXIAN_HEARTBEAT", "9999999999")


def _free_port(low: int, high: int) -> int:
    """Free for UDP and TCP on loopback, and outside the range the kernel gives to phones."""
    for _ in range(200):
        port = random.randrange(low, high)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as trial:
                    trial.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
    raise RuntimeError(f"no free port between {low} and {high}")


def make_rig(folder: Path, config: Path = ROOT / "asterisk-config") -> Rig:
    """An Asterisk of its own below `folder`, not yet started."""
    rtp = random.randrange(20000, 32000 - RTP_BLOCK, 2)
    plan = SwitchPlan(
        home=folder / "asterisk",
        config=config,
        sip_port=_free_port(12000, 16000),
        ami_port=_free_port(16000, 20000),
        rtp_ports=(rtp, rtp + RTP_BLOCK - 1),
        qualify_every_s=1,
    )
    secrets = Secrets.load_or_create(folder / "secrets.json")
    return Rig(AsteriskHouse(plan, secrets, Installation.find(ROOT / ".cache")))


@pytest.fixture(scope="module")
def shared_asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One running instance for a module; tests take `asterisk`."""
    rig = make_rig(tmp_path_factory.mktemp("switch"))
    asyncio.run(rig.house.start())
    yield rig
    asyncio.run(rig.house.stop())


@pytest.fixture
async def asterisk(shared_asterisk: Rig) -> AsyncIterator[Rig]:
    """A running Asterisk without any call, and it must be so again afterwards."""
    yield shared_asterisk
    async with connect(shared_asterisk.ami(), lambda _: None) as switch, asyncio.timeout(5):
        while await switch.live_channels():
            await switch.getvar(None, "EPOCH")
        await switch.setvar(None, "REXIAN_HEARTBEAT", "0")


@pytest.fixture
async def talkative_asterisk(tmp_path: Path) -> AsyncIterator[Rig]:
    """A broken world: one whose event filters are missing, so that all of a caller's words get through."""
    config = tmp_path / "asterisk-config"
    shutil.copytree(ROOT / "asterisk-config" / "templates", config / "templates")
    for shared in ("sounds", "moh"):
        (config / shared).symlink_to(ROOT / "asterisk-config" / shared)
    manager = config / "templates" / "manager.conf"
    lines = manager.read_text().splitlines(keepends=True)
    manager.write_text("".join(line for line in lines if not line.startswith("eventfilter")))
    rig = make_rig(tmp_path, config)
    await rig.house.start()
    yield rig
    await rig.house.stop()


@pytest.fixture
async def fresh_asterisk(tmp_path: Path) -> AsyncIterator[Rig]:
    """An Asterisk for one test only, which may do to it what it likes."""
    rig = make_rig(tmp_path)
    await rig.house.start()
    yield rig
    await rig.house.stop()
