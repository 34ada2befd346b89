"""SIPp waits for ever unless told otherwise, so what is started here is bounded and ends with us."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulators import sipp_batch
from simulators.sipp_batch import SCENARIOS, Batch, SippMissing, SippRuns

STUBBORN = """#!{python}
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("here", "w").write(" ".join(sys.argv))
time.sleep(60)
"""


def batch_of(scenario: str = "citizen") -> Batch:
    return Batch(scenario=scenario, server=("127.0.0.1", 5060), host="127.0.0.1", port=6000, limit_s=30)


@pytest.fixture
def stubborn(tmp_path: Path) -> Path:
    """A program that does not listen to SIGTERM."""
    program = tmp_path / "sipp"
    program.write_text(STUBBORN.format(python=sys.executable))
    program.chmod(0o700)
    os.mkfifo(tmp_path / "here")
    return program


async def word_from(pipe: Path) -> str:
    """What the program writes once it runs."""
    async with asyncio.timeout(10):
        return await asyncio.to_thread(pipe.read_text)


def test_every_run_is_bounded_and_reads_no_terminal() -> None:
    arguments = batch_of().arguments(Path("folder"), 24_000)

    assert "-nostdin" in arguments
    assert arguments[arguments.index("-timeout") + 1] == "30s"


async def test_a_run_that_will_not_go_is_gone_within_a_second(stubborn: Path, tmp_path: Path) -> None:
    runs = SippRuns(stubborn, tmp_path)
    process = await runs.start(batch_of())
    assert "-nostdin" in await word_from(tmp_path / "here")
    begun = time.monotonic()

    await runs.end_all()

    assert time.monotonic() - begun < 1
    assert await process.wait() == -signal.SIGKILL


async def test_a_run_dies_with_the_process_that_started_it(stubborn: Path, tmp_path: Path) -> None:
    mother = (
        "import asyncio, sys; from pathlib import Path; from simulators.sipp_batch import *\n"
        "async def main():\n"
        "    batch = Batch(scenario='agent', server=('127.0.0.1', 1), host='127.0.0.1', port=1, limit_s=30)\n"
        f"    child = await SippRuns(Path({str(stubborn)!r}), Path({str(tmp_path)!r})).start(batch)\n"
        "    print(child.pid, flush=True); await child.wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", mother, stdout=asyncio.subprocess.PIPE, cwd=SCENARIOS.parents[1]
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    await word_from(tmp_path / "here")
    handle = os.pidfd_open(child)

    process.kill()
    await process.wait()

    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(handle, gone.set)
    async with asyncio.timeout(5):
        await gone.wait()
    asyncio.get_running_loop().remove_reader(handle)
    os.close(handle)


def test_without_sipp_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sipp_batch, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SippMissing, match=r"sh run.sh --setup-only.*CROWD=0"):
        sipp_batch.find_sipp()


def test_a_sipp_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "sipp"
    old.write_text("#!/bin/sh\necho ' -sf  Loads an alternate XML scenario file.'\n")
    old.chmod(0o700)
    monkeypatch.setattr(sipp_batch, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    with pytest.raises(SippMissing, match=rf"{old} is older than SIPp 3\.8"):
        sipp_batch.find_sipp()


def test_media_ports_that_somebody_sits_on_are_left_alone() -> None:
    free = sipp_batch.free_media_ports("127.0.0.1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
        squatter.bind(("127.0.0.1", free + 2))

        assert sipp_batch.free_media_ports("127.0.0.1") != free


@pytest.mark.parametrize("name", ["citizen", "agent", "register"])
def test_a_scenario_is_well_formed_and_every_branch_leads_somewhere(name: str) -> None:
    scenario = ElementTree.parse(SCENARIOS / f"{name}.xml").getroot()

    labels = {label.get("id") for label in scenario.iter("label")}
    targets = {step.get("next") for step in scenario.iter() if step.get("next")}

    assert targets <= labels


def test_only_waits_without_end_are_for_calls_that_are_not_there_yet() -> None:
    unbounded = [
        (name, step.get("request") or step.get("response"))
        for name in ("citizen", "agent")
        for step in ElementTree.parse(SCENARIOS / f"{name}.xml").getroot().iter("recv")
        if step.get("optional") is None and step.get("timeout") is None
    ]

    assert unbounded == [("agent", "INVITE")]
