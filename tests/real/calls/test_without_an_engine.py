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
from tests.real.calls.city import City, apart_s
from tests.real.calls.plans import KILLED, UNSERVED
from tests.real.calls.scenes import talk_with_an_agent, times_agree, tone_hz
from tests.real.calls.sounds import LONGEST_GAP_MS, hears_prompt, is_music, length_s, played, purity
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
            agent_left_at = wall_now()
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
        assert waiting.hearing.gaps_over(LONGEST_GAP_MS, waiting_since, wall_now()) == []
        assert len(played(waiting, "g.notice")) == 1
        await waiting.hang_up()
        rated = await city.record_of(talker)
        left_in_talk = await city.record_of(leaver)
        abandoned = await city.record_of(quitter)
        unseen, late = await city.record_of(stranger), await city.record_of(patient)
        desk = await city.sees_agent("1002", "not_ready")

    assert (rated["rating"], rated["hangup_by"], rated["outcome"]) == (5, "agent", "served")
    assert rated["talk_s"] == pytest.approx(apart_s(talking_since, agent_left_at), abs=1)
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
