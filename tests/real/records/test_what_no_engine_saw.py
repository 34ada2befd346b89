"""Engine and supervisor killed: what ends and what comes and goes meanwhile is known to Asterisk alone."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from simulators.milestone import NotInTime
from simulators.rig import Rig
from terms.instant import SECOND, Instant, from_iso

pytestmark = pytest.mark.real

STRAIGHT = "123457"
SEAT_HZ, CITIZEN_HZ = 1200, 2250
TALKING, LEAVING, WAITING = "13900004444", "13900005555", "13900006666"
"""A citizen in a talk when the engine dies, one who calls while there is none, one in the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the phones know, and what the records say after the next start."""

    agent_left_at: Instant
    ended_at: dict[str, Instant]
    records: dict[str, dict[str, Any]]
    orders: list[str]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with Rig(defaults={"after_call_work_s": 0}) as rig:
        yield asyncio.run(story(rig))


async def story(rig: Rig) -> Told:
    async with (
        rig.seat("8001", tone_hz=SEAT_HZ) as seat,
        rig.citizen(TALKING, tone_hz=CITIZEN_HZ) as talking,
        rig.citizen(LEAVING) as leaving,
        rig.citizen(WAITING) as waiting,
    ):
        await rig.put_to_work(seat)
        talk = await talking.dial(STRAIGHT)
        leg = await seat.ringing(within_s=30)
        await leg.answer()
        await talk.hears(SEAT_HZ, within_s=20)
        queued = await waiting.dial(STRAIGHT)
        await in_the_queue(rig)
        await kill_everything_but_asterisk(rig)

        await leg.hang_up()
        await stays(talk, 2.0)
        await talk.hang_up()
        await queued.hang_up()
        unseen = await leaving.dial("12345")
        await unseen.answered()
        await stays(unseen, 1.0)
        await unseen.hang_up()
        phones = {TALKING: talk, LEAVING: unseen, WAITING: queued}
        endings = {number: (await call.ended(within_s=5)).at for number, call in phones.items()}
        agent_left_at = (await leg.ended(within_s=5)).at

        await asyncio.to_thread(rig.start)
        records = {number: await rig.record_of(number, within_s=10) for number in phones}
        orders = [order["call_id"] for order in await rig.orders()]
    return Told(agent_left_at=agent_left_at, ended_at=endings, records=records, orders=orders)


async def in_the_queue(rig: Rig) -> None:
    async with asyncio.timeout(30):
        while (await rig.status())["waiting"] != 1:
            pass


async def kill_everything_but_asterisk(rig: Rig) -> None:
    supervisor = rig._up
    assert supervisor
    supervisor.kill()
    supervisor.wait()
    await rig.kill_engine()


async def stays(call: Any, seconds: float) -> None:
    with pytest.raises(NotInTime):
        await call.ended(within_s=seconds)


@pytest.mark.parametrize("number", [TALKING, LEAVING, WAITING])
def test_the_end_is_the_phones_own_and_its_witness_is_the_switch(told: Told, number: str) -> None:
    record = told.records[number]

    assert (record["source"], record["hangup_cause"]) == ("switch", 16)
    assert from_iso(record["ended_at"]) == pytest.approx(told.ended_at[number], abs=SECOND // 2)


def test_a_talk_lasted_until_the_agent_left_it(told: Told) -> None:
    record = told.records[TALKING]

    talked_s = (told.agent_left_at - from_iso(record["connected_at"])) / SECOND
    assert (record["outcome"], record["hangup_by"], record["agent"]) == ("served", "agent", "1001")
    assert record["talk_s"] == pytest.approx(talked_s, abs=1.0)


def test_a_served_call_has_its_order_all_the_same(told: Told) -> None:
    assert told.orders == [told.records[TALKING]["call_id"]]


def test_who_left_the_queue_meanwhile_has_abandoned_it(told: Told) -> None:
    record = told.records[WAITING]

    waited_s = (told.ended_at[WAITING] - from_iso(record["queued_at"])) / SECOND
    assert (record["outcome"], record["hangup_by"], record["queue"]) == (
        "abandoned_queue",
        "citizen",
        "enterprise",
    )
    assert record["wait_s"] == pytest.approx(waited_s, abs=1.0)


def test_who_came_and_went_meanwhile_has_a_record(told: Told) -> None:
    record = told.records[LEAVING]

    assert (record["outcome"], record["hangup_by"], record["dnis"]) == ("abandoned_menu", "citizen", "12345")
    assert (record["queued_at"], record["work_order"]) == (None, None)


def test_their_journeys_are_told_in_the_order_of_time(told: Told) -> None:
    for record in told.records.values():
        moments = [from_iso(step["at"]) for step in record["journey"]]
        assert moments == sorted(moments)
