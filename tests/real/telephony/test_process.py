"""Asterisk as a process of ours: up, adopted, down, and one clear sentence when it can't be."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.errors import BootFailed, FolderUnusable, PortTaken
from rexian.telephony.installation import Installation
from rexian.telephony.process import AsteriskHouse
from rexian.telephony.switch import connect

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]


def twin(rig: "Rig") -> AsteriskHouse:
    """What a second supervisor of the same home makes for itself."""
    return AsteriskHouse(rig.house.plan, rig.house.secrets, rig.house.installation)


async def test_it_ends_within_three_seconds_and_says_goodbye_to_callers(fresh_asterisk: "Rig") -> None:
    async with connect(fresh_asterisk.ami(), lambda _: None) as engine:
        await fresh_asterisk.believe_in_engine(engine)
    pid = fresh_asterisk.house.pid
    async with fresh_asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        await call.answered()
        began = time.monotonic()

        await fresh_asterisk.house.stop()

        assert time.monotonic() - began < 3
        await call.ended(within_s=1)
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_second_supervisor_adopts_it_with_its_calls(fresh_asterisk: "Rig", ears: "Ears") -> None:
    second = twin(fresh_asterisk)

    assert await second.start() is True

    assert second.pid == fresh_asterisk.house.pid
    await second.stop()
    await fresh_asterisk.house.gone()


async def test_it_outlives_the_process_that_started_it(tmp_path: Path, fresh_asterisk: "Rig") -> None:
    await fresh_asterisk.house.stop()
    program = f"""
import asyncio, os, signal
from pathlib import Path
from rexian.telephony.installation import Installation
from rexian.telephony.process import AsteriskHouse
from rexian.telephony.render import SwitchPlan
from rexian.telephony.secrets import Secrets
from pathlib import PosixPath

async def main():
    plan = {fresh_asterisk.house.plan!r}
    secrets = Secrets.load_or_create(Path({str(tmp_path / "secrets.json")!r}))
    house = AsteriskHouse(plan, secrets, Installation.find(Path({str(ROOT / ".cache")!r})))
    await house.start()
    print(house.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    died = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert died.returncode == -signal.SIGKILL, died.stderr

    heir = twin(fresh_asterisk)
    assert heir.adopt()
    assert heir.pid == int(died.stdout)
    async with connect(heir.address("engine"), lambda _: None) as engine:
        assert (await engine.action("Ping"))["Ping"] == "Pong"
    await heir.stop()


async def test_a_killed_one_is_started_again_from_the_same_home(fresh_asterisk: "Rig") -> None:
    first = fresh_asterisk.house.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await fresh_asterisk.house.gone()

    assert await fresh_asterisk.house.start() is False

    assert fresh_asterisk.house.pid not in (None, first)


async def test_a_busy_port_is_told_with_the_process_that_has_it(fresh_asterisk: "Rig") -> None:
    await fresh_asterisk.house.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", fresh_asterisk.house.plan.sip_port))

        with pytest.raises(PortTaken) as refused:
            await fresh_asterisk.house.start()

    said = str(refused.value)
    assert f"{fresh_asterisk.house.plan.sip_port}/udp" in said
    assert f"process {os.getpid()}" in said
    assert "REXIAN_SIP_PORT" in said


async def test_two_instances_live_side_by_side(asterisk: "Rig", fresh_asterisk: "Rig") -> None:
    async with (
        connect(asterisk.ami(), lambda _: None) as one,
        connect(fresh_asterisk.ami(), lambda _: None) as two,
    ):
        await one.setvar(None, "WHO", "one")
        await two.setvar(None, "WHO", "two")

        assert (await one.getvar(None, "WHO"), await two.getvar(None, "WHO")) == ("one", "two")


async def test_a_home_with_a_very_long_path_works(fresh_asterisk: "Rig", tmp_path: Path) -> None:
    await fresh_asterisk.house.stop()
    home = tmp_path / "长路径" / ("x" * 100) / "asterisk"
    plan = replace(fresh_asterisk.house.plan, home=home)
    house = AsteriskHouse(plan, fresh_asterisk.house.secrets, fresh_asterisk.house.installation)

    await house.start()

    assert (plan.run / "asterisk.ctl").is_socket()
    assert plan.run.stat().st_mode & 0o077 == 0
    await house.stop()
    assert not plan.run.exists()


async def test_a_program_that_ends_at_once_is_told_in_one_sentence(
    fresh_asterisk: "Rig", tmp_path: Path
) -> None:
    await fresh_asterisk.house.stop()
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    real = fresh_asterisk.house.installation
    house = AsteriskHouse(
        fresh_asterisk.house.plan,
        fresh_asterisk.house.secrets,
        Installation(program=broken, modules=real.modules, data=real.data, version=real.version),
    )

    with pytest.raises(BootFailed, match="ended"):
        await house.start()


async def test_a_folder_that_is_a_file_is_told_with_its_name(fresh_asterisk: "Rig", tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    plan = replace(fresh_asterisk.house.plan, home=tmp_path / "home")
    await fresh_asterisk.house.stop()

    with pytest.raises(FolderUnusable, match="REXIAN_HOME"):
        await AsteriskHouse(plan, fresh_asterisk.house.secrets, fresh_asterisk.house.installation).start()


async def test_its_log_holds_no_error_after_a_start(fresh_asterisk: "Rig") -> None:
    log = (fresh_asterisk.house.plan.log / "messages.log").read_text()

    assert [line for line in log.splitlines() if "ERROR" in line or "WARNING" in line] == []
