"""Ctrl-C, a killed supervisor, a killed switch: what ends, what lives on, what is written down."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from simulators.clock import wall_now
from tests.real.calls.city import City, again_until, apart_s
from tests.real.calls.plans import BY_MENU, UNSERVED
from tests.real.calls.scenes import STRAIGHT, served, talk_with_an_agent, times_agree, tone_hz
from tests.real.calls.sounds import breaks, hears_prompt, played, purity
from tests.real.calls.together import in_its_own_city

pytestmark = pytest.mark.real

PLAN = BY_MENU
EVENING = "a bad one"

ALL_GONE_S = 3.0


def processes_of(home: Path) -> list[str]:
    """Whatever runs with this data folder in its command line or its environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(home) in words and process.name != str(os.getpid()):
            found.append(f"{process.name} {words[:80]!r}")
    return found


@in_its_own_city(BY_MENU)
async def test_ctrl_c_ends_all_calls_writes_them_down_and_leaves_nothing(city: City) -> None:
    async with (
        city.citizen() as talker,
        city.citizen() as waiter,
        city.citizen() as ringer,
        city.citizen() as listener,
    ):
        waiting = await waiter.dial(UNSERVED)
        talk = await talk_with_an_agent(city, talker)
        ringing = await ringer.dial(STRAIGHT)
        leg = await city.rings_for(ringer, 12)
        in_menu = await listener.dial("12345")
        await hears_prompt(in_menu, "g.notice", 3)
        stopped_at = wall_now()

        lasted_s = await asyncio.to_thread(city.rig.stop)
        calls = (talk.call, waiting, ringing, in_menu, talk.leg, leg)
        endings = await asyncio.gather(*(call.ended(within_s=1) for call in calls))
        left = await asyncio.to_thread(processes_of, city.rig.home)
        records = [await city.record_of(citizen) for citizen in (talker, waiter, ringer, listener)]
        status = await city.rig.status()

    assert lasted_s < ALL_GONE_S
    assert left == []
    assert [ending.how for ending in endings] == ["BYE"] * 5 + ["CANCEL"]
    assert all(apart_s(stopped_at, ending.at) < ALL_GONE_S for ending in endings)
    assert [record["outcome"] for record in records] == ["stopped"] * 4
    assert [record["hangup_by"] for record in records] == ["system"] * 4
    assert records[0]["talk_s"] > 0
    for record, call in zip(records, calls[:4], strict=True):
        times_agree(record, call)
    assert (status["engine_pid"], status["asterisk_pid"], status["ready"]) == (None, None, False)


@in_its_own_city(BY_MENU)
async def test_a_killed_supervisor_costs_nothing_and_the_next_one_adopts_what_runs(city: City) -> None:
    async with city.citizen() as talker, city.citizen() as waiter, city.citizen() as newcomer:
        waiting = await waiter.dial(UNSERVED)
        since = await hears_prompt(waiting, "q.connect", 8)
        talk = await talk_with_an_agent(city, talker)
        before = await city.rig.status()
        talking_since = wall_now()

        supervisor = city.rig._up
        assert supervisor is not None
        supervisor.kill()
        await asyncio.to_thread(supervisor.wait)
        newcomers = await newcomer.dial(STRAIGHT)
        record = await served(city, newcomer, newcomers)
        await asyncio.to_thread(city.rig.start)
        after = await city.rig.status()
        until = wall_now()
        await asyncio.gather(talk.call.hang_up(), waiting.hang_up())
        talked, waited = await city.record_of(talker), await city.record_of(waiter)

        assert record["outcome"] == "served"
        for name in ("engine_pid", "asterisk_pid"):
            assert after[name] == before[name], f"{name}: it runs, and is left alone"
        assert after["up_pid"] != before["up_pid"]
        assert purity(talk.call.hearing, tone_hz(talk.seat), talking_since, until) > 0.95
        assert breaks(waiting, since, until) == []
        assert (talked["outcome"], waited["outcome"]) == ("served", "abandoned_queue")
        assert [len(played(call, "g.notice")) for call in (waiting, talk.call)] == [1, 1]

        engine = after["engine_pid"]
        os.kill(engine, signal.SIGKILL)
        await city.sees(lambda board: board["status"]["engine_pid"] not in (engine, None), 20)


@in_its_own_city(BY_MENU)
async def test_a_killed_switch_is_back_in_seconds_and_its_calls_are_called_lost(city: City) -> None:
    async with (
        city.citizen() as talker,
        city.citizen() as waiter,
        city.citizen() as listener,
        city.citizen() as newcomer,
    ):
        waiting = await waiter.dial(UNSERVED)
        talk = await talk_with_an_agent(city, talker)
        in_menu = await listener.dial("12345")
        await hears_prompt(in_menu, "m.main", 10)
        status = await city.rig.status()
        killed_at = wall_now()

        os.kill(status["asterisk_pid"], signal.SIGKILL)
        await city.sees(lambda board: not board["status"]["ready"])
        await city.sees(lambda board: board["status"]["ready"], 15)
        back_at = wall_now()
        lost = [await city.record_of(citizen) for citizen in (talker, waiter, listener)]
        for phone in (talk.call, waiting, in_menu, talk.leg):
            phone.die()
        agent = await city.sees_agent(talk.agent, "ready")

        async def answers() -> bool | None:
            again = await city.rig.status()
            return None if again["asterisk_pid"] in (None, status["asterisk_pid"]) else True

        await again_until(answers, 5, "another Asterisk")
        call = await newcomer.dial(STRAIGHT)
        record = await served(city, newcomer, call)

    assert apart_s(killed_at, back_at) < 10
    assert [one["outcome"] for one in lost] == ["switch_lost"] * 3
    assert [one["source"] for one in lost] == ["switch"] * 3
    assert [one["queue"] for one in lost] == ["enterprise", "language", None]
    assert lost[0]["talk_s"] is not None
    assert agent["seat"] == talk.seat.account.extension
    assert record["outcome"] == "served"
