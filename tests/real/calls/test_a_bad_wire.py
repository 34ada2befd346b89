"""The link between engine and switch is cut, or half-open: the same path as a start."""

import pytest

from simulators.clock import wall_now
from terms.instant import Instant
from tests.real.calls.city import City, again_until, apart_s, steps
from tests.real.calls.fault_proxy import engine_behind_a_proxy
from tests.real.calls.plans import BY_MENU, UNSERVED
from tests.real.calls.scenes import STRAIGHT, served, talk_with_an_agent, tone_hz
from tests.real.calls.sounds import breaks, hears_prompt, played, purity
from tests.real.calls.together import in_its_own_city

pytestmark = pytest.mark.real

PLAN = BY_MENU
EVENING = "a bad one"

HALF_OPEN_S, BACK_S = 5.0, 1.0
"""A half-open link is noticed within, and a new one is there after."""


def takeovers(city: City) -> int:
    """How often an engine has taken the floor over in this city."""
    return (city.rig.home / "log" / "engine.log").read_text(encoding="utf-8").count("is taken over")


async def another_takeover(city: City, before: int, within_s: float) -> Instant:
    """The engine has a new link: the board needn't have shown that it lost the old one, so fast is it."""

    async def told() -> bool | None:
        return None if takeovers(city) == before else True

    await again_until(told, within_s, "a new link")
    return wall_now()


@in_its_own_city(BY_MENU)
async def test_a_link_that_is_cut_and_one_that_falls_silent_cost_no_call_anything(city: City) -> None:
    async with city.citizen() as talker, city.citizen() as waiter, city.citizen() as late:
        waiting = await waiter.dial(UNSERVED)
        since = await hears_prompt(waiting, "q.connect", 8)
        async with engine_behind_a_proxy(city) as wire:
            talk = await talk_with_an_agent(city, talker)
            before = takeovers(city)
            cut_at = wall_now()
            wire.cut()
            back_at = await another_takeover(city, before, BACK_S + 1)
            await city.sees_agent(talk.agent, "talking")

            silent_at = wall_now()
            wire.fall_silent()
            call = await late.dial(STRAIGHT)
            await talk.leg.hang_up()
            noticed_at = await another_takeover(city, before + 1, HALF_OPEN_S + BACK_S + 1)
            await hears_prompt(talk.call, "s.ask", 3)
            await talk.call.press("4")
            await talk.call.ended(within_s=8)
            rated = await city.record_of(talker)
            late_one = await served(city, late, call)
            assert breaks(waiting, since, wall_now()) == []
            await waiting.hang_up()
            waited = await city.record_of(waiter)

    assert apart_s(cut_at, back_at) < BACK_S + 0.5
    assert apart_s(silent_at, noticed_at) < HALF_OPEN_S + BACK_S
    assert purity(talk.call.hearing, tone_hz(talk.seat), cut_at, silent_at) > 0.95
    assert (rated["rating"], rated["hangup_by"]) == (4, "agent")
    assert rated["talk_s"] == pytest.approx(apart_s(cut_at, talk.leg.ended_at), abs=1.5)
    assert late_one["outcome"] == "served"
    assert len(played(waiting, "g.notice")) == 1
    assert waited["outcome"] == "abandoned_queue"
    assert len(steps(waited, "queued")) == 1
    assert [step["stage"] for step in steps(waited, "adopted")] == ["queue"] * 3
