"""kill -9 of the engine while citizens are everywhere: it comes back by itself and goes on with each."""

import asyncio
import os
import signal
from weakref import WeakKeyDictionary

import pytest

from simulators.clock import wall_now
from simulators.outgoing_call import OutgoingCall
from simulators.phone import Phone
from terms.instant import Instant, after
from tests.real.calls.acts import Moment
from tests.real.calls.city import City, apart_s, at, kinds, steps
from tests.real.calls.plans import KILLED, UNSERVED
from tests.real.calls.scenes import (
    STRAIGHT,
    answered_by_an_agent,
    served,
    talk_with_an_agent,
    times_agree,
    tone_hz,
)
from tests.real.calls.sounds import breaks, hears_prompt, is_music, played, purity
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = KILLED
EVENING = "a bad one"

HOLDS, SOON, AT_ONCE = 1, 2, 3

_moments: WeakKeyDictionary[City, Moment] = WeakKeyDictionary()
_killed_at: WeakKeyDictionary[City, Instant] = WeakKeyDictionary()


def moment(city: City) -> Moment:
    """The death that all stories of this module share."""
    if city not in _moments:

        async def kill() -> None:
            _killed_at[city] = wall_now()
            await kill_engine(city)

        _moments[city] = Moment(kill)
    return _moments[city]


async def kill_engine(city: City) -> None:
    """And wait until another one has taken over."""
    old = city.board["status"]["engine_pid"]
    os.kill(old, signal.SIGKILL)
    await city.sees(lambda board: board["status"]["ready"] and board["status"]["engine_pid"] != old, 20)


def adopted_once(record: dict[str, object], stage: str) -> bool:
    """The journey tells who took over, and at which stage."""
    return [step["stage"] for step in steps(record, "adopted")] == [stage]


@together
async def test_another_engine_takes_over_by_itself(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    await act.and_then_it_happens()

    assert apart_s(_killed_at[city], wall_now()) < 5


@together
async def test_in_the_notice_it_is_heard_once_and_the_menu_follows(city: City) -> None:
    act = moment(city).with_act(AT_ONCE)
    async with city.citizen() as citizen:
        await act.begins()
        call = await citizen.dial("12345")
        await hears_prompt(call, "g.notice", 3)
        await act.and_then_it_happens()
        await hears_prompt(call, "m.main", 10)
        await call.press("7")
        record = await served(city, citizen, call)

    assert len(played(call, "g.notice")) == 1
    assert (record["queue"], record["menu_path"]) == ("enterprise", ["m.main.7"])
    assert adopted_once(record, "menu")


@together
async def test_in_the_menu_it_is_asked_again(city: City) -> None:
    act = moment(city).with_act(SOON)
    async with city.citizen() as citizen:
        await act.begins()
        call = await citizen.dial("12345")
        menu = await hears_prompt(call, "m.main", 12)
        await act.and_then_it_happens()
        await hears_prompt(call, "m.main", 12, since=after(menu, 0.1))
        await call.press("1")
        record = await served(city, citizen, call)

    assert len(played(call, "g.notice")) == 1
    assert (record["queue"], record["menu_path"]) == ("citizen", ["m.main.1"])
    assert record["outcome"] == "served"


async def waits(city: City, call: OutgoingCall, since: Instant) -> None:
    """The citizen heard something all the time since then."""
    assert breaks(call, since, wall_now()) == []


@together
async def test_who_waits_keeps_the_music_the_place_and_the_time(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    async with city.citizen() as first, city.citizen() as second:
        one = await first.dial(UNSERVED)
        since = await hears_prompt(one, "q.connect", 8)
        two = await second.dial(UNSERVED)
        await hears_prompt(two, "q.connect", 8)
        await city.sees(lambda _: len(waiting(city, first, second)) == 2)
        before = waiting(city, first, second)
        await act.and_then_it_happens()
        behind = waiting(city, first, second)
        await waits(city, one, since)
        await city.seat("8004")
        await city.dial_code("8004", "*40")
        talk = await answered_by_an_agent(city, first, one, 5)
        await talk.both_hear_each_other()
        await asyncio.gather(one.hang_up(), two.hang_up())
        record, other = await city.record_of(first), await city.record_of(second)

    assert behind == before
    assert len(played(one, "g.notice")) == 1
    assert (record["outcome"], other["outcome"]) == ("served", "abandoned_queue")
    assert adopted_once(record, "queue")
    assert len(steps(record, "queued")) == 1
    assert record["wait_s"] == pytest.approx(apart_s(since, at(record, "connected_at")), abs=1)
    times_agree(record, one)
    times_agree(other, two)


def waiting(city: City, *citizens: Phone) -> list[str]:
    """Which of these wait, in order."""
    shown = {f"{phone.account.user[:3]}****{phone.account.user[-4:]}" for phone in citizens}
    return [one["ani"] for one in city.board["waiting"] if one["ani"] in shown]


@together
async def test_a_phone_that_rings_rings_on_and_can_be_answered(city: City) -> None:
    act = moment(city).with_act(SOON)
    async with city.citizen() as citizen:
        await act.begins()
        call = await citizen.dial(STRAIGHT)
        leg = await city.rings_for(citizen, 12)
        await act.and_then_it_happens()
        assert not leg.over.reached
        since = after(wall_now(), -2)
        await waits(city, call, since)
        await leg.answer()
        await asyncio.gather(
            call.hears(tone_hz(city.seats[leg.line.account.extension]), 8), leg.hears(tone_hz(citizen), 8)
        )
        await call.hang_up()
        record = await city.record_of(citizen)

    assert (record["outcome"], record["seat"]) == ("served", leg.line.account.extension)
    assert len(steps(record, "offered")) == 1
    assert adopted_once(record, "queue")


@together
async def test_a_phone_that_is_answered_while_nobody_is_there_is_connected_afterwards(city: City) -> None:
    act = moment(city).with_act(SOON)
    async with city.citizen() as citizen:
        await act.begins()
        call = await citizen.dial(STRAIGHT)
        leg = await city.rings_for(citizen, 12)
        happens = asyncio.ensure_future(act.and_then_it_happens())
        await city.sees_no_engine(60)
        await leg.answer()
        await happens
        await asyncio.gather(
            call.hears(tone_hz(city.seats[leg.line.account.extension]), 8), leg.hears(tone_hz(citizen), 8)
        )
        await call.hang_up()
        record = await city.record_of(citizen)

    assert (record["outcome"], record["seat"]) == ("served", leg.line.account.extension)


@together
async def test_who_hears_the_agents_number_is_connected_to_that_agent(city: City) -> None:
    act = moment(city).with_act(AT_ONCE)
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "q.connect", 8)
        await act.begins()
        await call.press("7")
        talk = await answered_by_an_agent(city, citizen, call, 5)
        await hears_prompt(call, f"a.gonghao.{talk.agent}", 3)
        await act.and_then_it_happens()
        await talk.both_hear_each_other()
        await call.hang_up()
        record = await city.record_of(citizen)

    assert (record["outcome"], record["agent"]) == ("served", talk.agent)
    assert len(steps(record, "offered")) == 1


@together
async def test_a_talk_goes_on_and_its_time_is_right(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        since = wall_now()
        await act.and_then_it_happens()
        until = wall_now()
        await city.sees_agent(talk.agent, "talking")
        await talk.leg.hang_up()
        await hears_prompt(talk.call, "s.ask", 3)
        await talk.call.press("4")
        await talk.call.ended(within_s=8)
        record = await city.record_of(citizen)

    assert purity(talk.call.hearing, tone_hz(talk.seat), since, until) > 0.95
    assert purity(talk.leg.hearing, tone_hz(citizen), since, until) > 0.95
    assert breaks(talk.call, since, until) == []
    assert (record["rating"], record["hangup_by"]) == (4, "agent")
    assert record["talk_s"] == pytest.approx(apart_s(since, talk.leg.ended_at), abs=1)
    assert record["recording"] is not None
    assert kinds(record).count("connected") == 1


@together
async def test_a_talk_on_hold_stays_on_hold(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await talk.leg.hold()
        held = wall_now()
        await city.sees_agent(talk.agent, "hold")
        await act.and_then_it_happens()
        await city.sees_agent(talk.agent, "hold")
        assert is_music(talk.call, after(held, 0.3), apart_s(held, wall_now()) - 0.5)
        unheld = wall_now()
        await talk.leg.unhold()
        await talk.both_hear_each_other()
        await talk.call.hang_up()
        record = await city.record_of(citizen)

    assert record["hold_s"] == pytest.approx(apart_s(held, unheld), abs=1)
    assert kinds(record).count("held") == kinds(record).count("unheld") == 1


@together
async def test_in_the_rating_it_is_asked_once_more_and_counts(city: City) -> None:
    act = moment(city).with_act(AT_ONCE)
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await act.begins()
        await talk.leg.hang_up()
        asked = await hears_prompt(talk.call, "s.ask", 3)
        await act.and_then_it_happens()
        await hears_prompt(talk.call, "s.ask", 15, since=after(asked, 0.1))
        await talk.call.press("3")
        await talk.call.ended(within_s=8)
        record = await city.record_of(citizen)

    assert (record["rating"], record["outcome"]) == (3, "served")
    assert len(steps(record, "rating_asked")) == 2


@together
async def test_who_paused_is_still_paused_for_the_same_reason_since_the_same_time(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    paused = wall_now()
    await city.dial_code("8002", "*415")
    await city.sees_agent("1002", "not_ready")
    await act.and_then_it_happens()

    desk = await city.sees_agent("1002", "not_ready")
    assert desk["label"] == "会议"
    assert abs(apart_s(paused, city.since("1002"))) < 1.5


@together
async def test_after_call_work_goes_on_from_when_it_began(city: City) -> None:
    act = moment(city).with_act(HOLDS)
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await talk.call.hang_up()
        await city.sees_agent(talk.agent, "wrap_up")
        await act.and_then_it_happens()
        await city.sees_agent(talk.agent, "wrap_up")
        began = city.since(talk.agent)

    assert abs(apart_s(talk.call.ended_at, began)) < 1.5
