"""The private system that real tests and benchmarks stand on: up, served, recorded, gone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.rig import Rig, RigFailed
from terms.instant import SECOND, from_iso

pytestmark = pytest.mark.real

SEAT_HZ, CITIZEN_HZ = 1200, 2250


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """One system for this module, without after-call work."""
    with Rig(defaults={"after_call_work_s": 0}) as rig:
        yield rig


async def test_a_served_call_is_a_record_with_the_phones_own_times(rig: Rig) -> None:
    async with (
        rig.seat("8001", tone_hz=SEAT_HZ) as seat,
        rig.citizen("13900001234", tone_hz=CITIZEN_HZ) as citizen,
    ):
        await rig.put_to_work(seat)
        call = await citizen.dial("12345")
        ringing = await seat.ringing(within_s=30)
        await ringing.answer()
        await asyncio.gather(call.hears(SEAT_HZ, within_s=20), ringing.hears(CITIZEN_HZ, within_s=20))
        await ringing.hang_up()
        await call.press("5")
        ending = await call.ended(within_s=40)

        record = await rig.record_of("13900001234")

    assert (record["outcome"], record["agent"], record["seat"]) == ("served", "1001", "8001")
    assert record["rating"] == 5
    assert from_iso(record["answered_at"]) == pytest.approx(call.answered_at, abs=SECOND // 2)
    assert from_iso(record["ended_at"]) == pytest.approx(ending.at, abs=SECOND // 2)
    assert [order["call_id"] for order in await rig.orders()] == [record["call_id"]]


async def test_a_killed_engine_comes_back(rig: Rig) -> None:
    died = await rig.kill_engine()

    async with asyncio.timeout(20):
        while not ((now := await rig.status())["ready"] and now["engine_pid"] != died):
            pass


def test_a_city_with_a_mistake_is_refused_with_its_line_and_leaves_nothing() -> None:
    rig = Rig(edit=lambda config: (config / "queues.yaml").write_text("queues: {}\nquues: 1\n"))

    with pytest.raises(RigFailed, match=r"queues\.yaml:2"):
        rig.__enter__()

    assert not rig.home.exists()


def test_a_system_ends_in_three_seconds_and_nothing_of_it_stays() -> None:
    with Rig() as rig:
        home = str(rig.home)

        assert rig.stop() < 3.0

        left = [process.name for process in Path("/proc").glob("[0-9]*") if home in _command_of(process)]
    assert left == []


def _command_of(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""
