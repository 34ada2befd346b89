"""The crowd of `make run`: who it is, what it does, and that it says what it misses."""

import asyncio
import json
import random
import stat
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from simulators import alaw, tones
from simulators.crowd import accounts_of, dial_code
from simulators.crowd_files import NOBODY, murmur, write_citizens, write_seats
from simulators.phone import Account, Phone, PickUp
from simulators.sipp_batch import ROOT


def entry(extension: int, role: str = "seat") -> dict[str, object]:
    return {
        "role": role,
        "extension": str(extension),
        "sip_user": f"{role}-{extension}",
        "password": "secret",
        "host": "192.0.2.1",
        "port": 5060,
        "transport": "udp",
        "usual_agent": None,
    }


def test_sixteen_seats_are_the_crowds_and_four_stay_free_for_people() -> None:
    listed = [entry(number) for number in range(8001, 8021)] + [entry(9001, "citizen")]

    crowd = accounts_of(listed, ("127.0.0.1", 5070))

    assert [account.extension for account in crowd] == [str(number) for number in range(8001, 8017)]
    assert {account.server for account in crowd} == {("127.0.0.1", 5070)}
    assert {account.host for account in crowd} == {"127.0.0.3"}


def test_citizens_are_invented_and_most_of_them_are_patient(tmp_path: Path) -> None:
    file = write_citizens(tmp_path / "citizens.csv", 1000, random.Random(12345))

    order, *lines = file.read_text().splitlines()
    numbers, keys, stays, ratings = zip(*(line.split(";") for line in lines), strict=True)

    assert order == "SEQUENTIAL"
    assert all(number.startswith("1390000") and len(number) == 11 for number in numbers)
    assert set(keys) == {NOBODY, "1", "7"}
    assert Counter(stay == "180000" for stay in stays)[True] > 800
    assert set(ratings) <= {NOBODY, *"12345"}


def test_passwords_are_for_our_eyes_only(tmp_path: Path) -> None:
    file = write_seats(tmp_path, [Account(server=("127.0.0.1", 1), user="seat-a", password="p")])

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().splitlines()[1] == "seat-a;[authentication username=seat-a password=p]"


def test_a_murmur_is_as_loud_as_a_voice_and_not_clipped() -> None:
    samples = alaw.decode(murmur(140))

    assert -24 < tones.loudness(samples) < -14
    assert max(map(abs, samples)) < 32_000


@pytest_asyncio.fixture
async def switch() -> AsyncIterator[Phone]:
    """Answers whatever is dialled, as the engine does with a feature code."""
    async with Phone(Account(server=("127.0.0.1", 9), user="switch")) as phone:
        phone.on_call = PickUp()
        yield phone


async def test_a_feature_code_is_done_when_the_switch_has_spoken_and_hung_up(switch: Phone) -> None:
    seat = Account(server=switch.address, user="seat-1", password="p")
    dialled = asyncio.ensure_future(dial_code(seat, "*40"))
    call = await switch.ringing()
    await call.answered()

    await call.listens(0.1)
    await call.hang_up()

    assert await dialled


async def test_a_refused_feature_code_is_tried_again_later(switch: Phone) -> None:
    seat = Account(server=switch.address, user="seat-1", password="p")
    dialled = asyncio.ensure_future(dial_code(seat, "*40"))
    call = await switch.ringing()

    await call.hang_up()

    assert not await dialled


async def test_without_sipp_the_crowd_ends_with_one_sentence_and_status_3(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text(json.dumps([entry(8001)]))
    start = (
        "import sys; from pathlib import Path; from simulators import crowd, sipp_batch\n"
        f"sipp_batch.ROOT = Path({str(tmp_path)!r})\n"
        f"sys.argv = ['crowd', '--accounts', {str(tmp_path / 'accounts.json')!r}]\n"
        "sys.exit(crowd.main())\n"
    )

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        start,
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert process.returncode == 3
    assert said.decode().count("\n") == 1
    assert "SIPp is missing" in said.decode()
