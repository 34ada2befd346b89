"""Nobody is there for a while: what the switch goes on with, and what is made good afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.clock import wall_now
from simulators.phone import CallRefused
from terms.instant import after
from tests.real.calls.city import City, again_until, apart_s
from tests.real.calls.plans import DIRECT, KILLED, UNSERVED
from tests.real.calls.scenes import talk_with_an_agent, times_agree, tone_hz
from tests.real.calls.sounds import (
    breaks,
    cut_after_s,
    hears_prompt,
    is_music,
    length_s,
    played,
    purity,
)
from tests.real.calls.together import in_its_own_city

pytestmark = pytest.mark.real

PLAN = KILLED
EVENING = "a bad one"

HEARTBEAT_OLD_S = 4.5
"""After so long the dialplan knows that nobody is there."""


@asynccontextmanager
async def nobody_there(city: City) -> AsyncIterator[None]:
    """The engine is killed and stays away for the block; then the supervisor may start another."""
    engine = city.board["status"]["engine_pid"]
    supervisor = (await city.rig.status())["up_pid"]
    os.kill(supervisor, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)
    await city.sees_no_engine(5)
    try:
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
        await city.sees(lambda board: board["status"]["ready"], 20)


@in_its_own_city(KILLED)
async def test_what_happens_while_nobody_is_there_is_made_good(city: City) -> None:
    async with (
        city.citizen() as talker,
        city.citizen() as leaver,
        city.citizen() as waiter,
        city.citizen() as quitter,
        city.citizen() as stranger,
        city.citizen() as patient,
    ):
        waiting, quitting = await waiter.dial(UNSERVED), await quitter.dial(UNSERVED)
        talk, left_talk = await asyncio.gather(
            talk_with_an_agent(city, talker), talk_with_an_agent(city, leaver)
        )
        talking_since = wall_now()
        waiting_since = played(waiting, "q.connect")[0]
        await city.dial_code("8002", "*413")

        async with nobody_there(city):
            gone_since = wall_now()
            await talk.call.listens(1.0)
            assert purity(talk.call.hearing, tone_hz(talk.seat), gone_since) > 0.95
            await talk.leg.hang_up()
            await left_talk.call.hang_up()
            await left_talk.leg.ended(within_s=2)
            await waiting.listens(HEARTBEAT_OLD_S)
            await quitting.hang_up()
            with pytest.raises(CallRefused, match="503"):
                await (await city.seats["8002"].dial("*42")).answered()
            unheard, kept = await stranger.dial("12345"), await patient.dial("12345")
            await asyncio.gather(hears_prompt(unheard, "f.queue", 3), hears_prompt(kept, "f.queue", 3))
            await unheard.hang_up()
            await kept.listens(length_s("f.queue") + 1)
            assert is_music(kept, after(wall_now(), -0.9), 0.8)

        await hears_prompt(kept, "g.notice", 3)
        await kept.hang_up()
        await hears_prompt(talk.call, "s.ask", 5)
        await talk.call.press("5")
        await talk.call.ended(within_s=8)
        assert breaks(waiting, waiting_since, wall_now()) == []
        assert len(played(waiting, "g.notice")) == 1
        await waiting.hang_up()
        rated = await city.record_of(talker)
        left_in_talk = await city.record_of(leaver)
        abandoned = await city.record_of(quitter)
        unseen, late = await city.record_of(stranger), await city.record_of(patient)
        desk = await city.sees_agent("1002", "not_ready")

    assert (rated["rating"], rated["hangup_by"], rated["outcome"]) == (5, "agent", "served")
    assert rated["talk_s"] == pytest.approx(apart_s(talking_since, talk.leg.ended_at), abs=1)
    times_agree(rated, talk.call)

    assert (left_in_talk["outcome"], left_in_talk["hangup_by"]) == ("served", "citizen")
    assert left_in_talk["talk_s"] == pytest.approx(apart_s(talking_since, left_talk.call.ended_at), abs=1)
    times_agree(left_in_talk, left_talk.call)

    assert (abandoned["outcome"], abandoned["queue"]) == ("abandoned_queue", "language")
    assert abandoned["source"] == "switch"
    times_agree(abandoned, quitting)

    assert (unseen["outcome"], unseen["source"], unseen["hangup_by"]) == (
        "abandoned_menu",
        "switch",
        "citizen",
    )
    times_agree(unseen, unheard)

    assert (late["outcome"], late["source"]) == ("abandoned_menu", "engine")
    times_agree(late, kept)

    assert desk["label"] == "如厕"


@in_its_own_city(DIRECT)
async def test_in_mode_direct_the_notice_is_heard_to_its_end_whoever_began_it(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        leg = await city.rings_for(citizen, 3)
        notice = await hears_prompt(call, "g.notice", 3)
        async with nobody_there(city):
            await leg.answer()
        back_at = wall_now()
        agent = f"1{leg.line.account.extension[1:]}"
        name = await hears_prompt(call, f"a.gonghao.{agent}", 15)
        seat_hz = tone_hz(city.seats[leg.line.account.extension])
        await asyncio.gather(call.hears(seat_hz, 8), leg.hears(tone_hz(citizen), 8))
        await call.hang_up()
        record = await city.record_of(citizen)

    assert cut_after_s(call, "g.notice", notice) == pytest.approx(length_s("g.notice"), abs=0.05)
    assert name > after(notice, length_s("g.notice") - 0.05)
    assert name < after(max(back_at, notice), length_s("g.notice") + length_s("q.connect") + 1)
    assert len(played(call, "g.notice")) == 1
    assert (record["outcome"], record["agent"]) == ("served", agent)


@in_its_own_city(KILLED)
async def test_an_engine_that_is_killed_again_while_it_takes_over_loses_nothing(city: City) -> None:
    async with city.citizen() as talker, city.citizen() as first, city.citizen() as second:
        one = await first.dial(UNSERVED)
        since = await hears_prompt(one, "q.connect", 8)
        two = await second.dial(UNSERVED)
        talk = await talk_with_an_agent(city, talker)
        talking_since = wall_now()
        for _ in range(3):
            await kill_whatever_engine_there_is(city)
        await city.sees(lambda board: board["status"]["ready"], 30)
        shown = [call["ani"][-4:] for call in city.board["waiting"]]
        until = wall_now()
        await asyncio.gather(one.hang_up(), two.hang_up(), talk.call.hang_up())
        records = [await city.record_of(citizen) for citizen in (talker, first, second)]

    assert shown == [first.account.user[-4:], second.account.user[-4:]]
    assert breaks(one, since, until) == []
    assert purity(talk.call.hearing, tone_hz(talk.seat), talking_since, until) > 0.95
    assert [record["outcome"] for record in records] == ["served", "abandoned_queue", "abandoned_queue"]
    assert records[0]["talk_s"] == pytest.approx(apart_s(talking_since, talk.call.ended_at), abs=1)
    assert len(played(one, "g.notice")) == 1


async def kill_whatever_engine_there_is(city: City) -> None:
    """The next process that the supervisor starts, as soon as it is there."""
    file = city.rig.home / "run" / "engine.pid"

    async def dead() -> bool | None:
        try:
            os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            return None
        return True

    await again_until(dead, 15, "an engine to kill")
    before = file.read_text()

    async def another() -> bool | None:
        return None if file.read_text() == before else True

    await again_until(another, 15, "another engine")
