"""Mode `direct`: queued at second 0, the notice heard all the same, the options spoken while waiting."""

import asyncio

import pytest

from terms.instant import after
from tests.real.calls.city import City, apart_s, at, kinds, steps
from tests.real.calls.plans import DIRECT, UNSERVED
from tests.real.calls.scenes import answered_by_an_agent, left, served, times_agree, tone_hz
from tests.real.calls.sounds import cut_after_s, hears_prompt, is_music, length_s, played
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = DIRECT
EVENING = "a long one"


@together
async def test_an_agents_phone_rings_at_once_and_the_notice_is_still_heard_to_its_end(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        talk = await answered_by_an_agent(city, citizen, call, 2)
        answered_early = talk.leg.answered_at
        name = await hears_prompt(call, f"a.gonghao.{talk.agent}", 10)
        await talk.both_hear_each_other()
        await call.hang_up()
        record = await city.record_of(citizen)

    (notice,) = played(call, "g.notice")
    assert apart_s(answered_early, notice) < 1
    assert cut_after_s(call, "g.notice", notice) == pytest.approx(length_s("g.notice"), abs=0.05)
    assert -0.05 < apart_s(notice, name) - length_s("g.notice") < 0.5
    assert tone_hz(talk.seat) not in call.hearing.heard(notice, name)
    times_agree(record, call)
    assert (record["mode"], record["outcome"], record["queue"]) == ("direct", "served", "citizen")
    assert 0 <= apart_s(at(record, "answered_at"), at(record, "queued_at")) < 0.5
    assert "notice" in kinds(record)
    waited_s = apart_s(at(record, "queued_at"), at(record, "connected_at"))
    assert record["wait_s"] == pytest.approx(waited_s, abs=0.01)


@together
async def test_who_waits_hears_the_options_once_and_then_the_place(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        options = await hears_prompt(call, "w.options", 15)
        place = await hears_prompt(call, "q.next", 35)
        await call.hang_up()
        record = await left(city, citizen, call)

    assert apart_s(at(record, "queued_at"), options) == pytest.approx(10, abs=0.5)
    assert apart_s(options, place) == pytest.approx(30, abs=0.5)
    assert len(played(call, "w.options")) == 1
    assert record["outcome"] == "abandoned_queue"


@together
async def test_key_7_moves_on_to_the_enterprise_line_with_the_time_already_waited(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "q.connect", 8)
        await call.listens(length_s("q.connect") + 0.5)
        await call.press("7")
        moved = await hears_prompt(call, "e.enter", 2)
        record = await served(city, citizen, call)

    (step,) = steps(record, "moved")
    assert step["queue"] == record["queue"] == "enterprise"
    assert record["menu_path"] == ["waiting.7"]
    assert len(steps(record, "queued")) == 1
    assert apart_s(at(record, "answered_at"), at(record, "queued_at")) < 0.5
    assert record["wait_s"] > apart_s(call.answered_at, moved)


@together
async def test_key_7_in_the_notice_counts_and_the_notice_is_heard_to_its_end(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        notice = await hears_prompt(call, "g.notice", 3)
        await call.press("7")
        record = await served(city, citizen, call)

    assert cut_after_s(call, "g.notice", notice) == pytest.approx(length_s("g.notice"), abs=0.05)
    assert (record["queue"], record["menu_path"]) == ("enterprise", ["waiting.7"])


@together
async def test_key_7_ends_the_options_it_was_chosen_from(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        options = await hears_prompt(call, "w.options", 15)
        await call.press("7")
        enter = await hears_prompt(call, "e.enter", 2)
        record = await served(city, citizen, call)

    assert cut_after_s(call, "w.options", options) < 1
    assert apart_s(options, enter) < 1
    assert record["queue"] == "enterprise"


@together
async def test_other_keys_cost_nobody_their_place_or_the_music(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "w.options", 15)
        await call.listens(length_s("w.options") + 0.5)
        await call.press("0")
        await call.press("9*#5")
        await call.press("3")
        human = await hears_prompt(call, "q.human", 2)
        await call.listens(length_s("q.human") + 2)
        await call.hang_up()
        record = await left(city, citizen, call)

    assert is_music(call, after(human, length_s("q.human") + 0.1), 1.5)
    assert record["queue"] == "language"
    assert record["menu_path"] == ["waiting.0", "waiting.3"]
    assert steps(record, "moved") == []


@together
async def test_leaving_in_the_notice_is_leaving_the_queue(city: City) -> None:
    async with city.citizen() as citizen, city.citizen() as other:
        call = await citizen.dial("12345")
        leg = await city.rings_for(citizen, 3)
        waiting = await other.dial(UNSERVED)
        await hears_prompt(waiting, "g.notice", 3)
        await asyncio.gather(call.hang_up(), waiting.hang_up())
        await leg.ended(within_s=2)
        records = [await left(city, citizen, call), await left(city, other, waiting)]

    assert apart_s(call.ended_at, leg.ended_at) <= 0.3
    assert [record["outcome"] for record in records] == ["abandoned_queue"] * 2


@together
async def test_an_agent_who_hangs_up_before_the_notice_is_over_sends_nobody_away(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        first = await answered_by_an_agent(city, citizen, call, 3)
        await first.leg.hang_up()
        record = await served(city, citizen, call)

    assert record["agent"] != first.agent
    assert [step["why"] for step in steps(record, "refused")] == ["agent_left"]
    assert len(played(call, "g.notice")) == 1
