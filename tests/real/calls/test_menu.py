"""Mode `menu`: notice, one level of menu, a queue; and a citizen who leaves at any moment of it."""

import asyncio
import contextlib

import pytest

from simulators.milestone import CallOver, NotInTime
from terms.instant import after
from tests.real.calls.city import City, Record, apart_s, at, kinds, steps
from tests.real.calls.plans import BY_MENU, UNSERVED
from tests.real.calls.scenes import (
    STRAIGHT,
    answered_by_an_agent,
    left,
    served,
    talk_with_an_agent,
    times_agree,
)
from tests.real.calls.sounds import cut_after_s, hears_prompt, length_s, played
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = BY_MENU


@together
async def test_without_a_key_a_citizen_hears_notice_and_menu_and_is_queued_within_15_s(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await call.answered()
        notice = await hears_prompt(call, "g.notice", 2)
        menu = await hears_prompt(call, "m.main", 8)

        record = await served(city, citizen, call)

    assert apart_s(call.answered_at, notice) < 0.5, "answered at once, spoken to at once"
    assert apart_s(notice, menu) == pytest.approx(length_s("g.notice"), abs=0.5)
    assert apart_s(at(record, "answered_at"), at(record, "queued_at")) <= 15
    assert (record["queue"], record["menu_path"], record["mode"]) == ("citizen", [], "menu")


@together
async def test_key_1_goes_to_a_person(city: City) -> None:
    record = await press_in_the_menu(city, "1")

    assert (record["queue"], record["menu_path"]) == ("citizen", ["m.main.1"])


@together
async def test_key_0_goes_to_a_person(city: City) -> None:
    record = await press_in_the_menu(city, "0")

    assert (record["queue"], record["menu_path"]) == ("citizen", ["m.main.0"])


@together
async def test_key_7_goes_to_the_enterprise_line(city: City) -> None:
    record = await press_in_the_menu(city, "7")

    assert (record["queue"], record["menu_path"]) == ("enterprise", ["m.main.7"])


@together
async def test_key_3_is_answered_by_a_person_until_progress_can_be_asked_by_key(city: City) -> None:
    record = await press_in_the_menu(city, "3")

    assert (record["queue"], record["menu_path"]) == ("citizen", ["m.main.3"])


async def press_in_the_menu(city: City, key: str) -> Record:
    """One key, one second into the menu: it cuts the menu, and the citizen is queued at once."""
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await call.answered()
        menu = await hears_prompt(call, "m.main", 12)
        await call.press(key)
        record = await served(city, citizen, call)

    assert cut_after_s(call, "m.main", menu) < 1.0, "a key cuts the menu"
    (queued,) = steps(record, "queued")
    (pressed,) = steps(record, "key")
    assert pressed["key"] == key
    assert queued["at"] >= pressed["at"]
    assert apart_s(menu, at(record, "queued_at")) < 1.0
    return record


@together
async def test_a_wrong_key_is_asked_again_and_forgotten(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "m.main", 12)
        await call.press("9")
        retry = await hears_prompt(call, "x.retry", 3)
        await hears_prompt(call, "m.main", 6, since=retry)
        await call.press("7")
        record = await served(city, citizen, call)

    assert (record["queue"], record["menu_path"]) == ("enterprise", ["m.main.7"])
    assert [step["key"] for step in steps(record, "wrong_key")] == ["9"]


@together
async def test_after_two_wrong_keys_a_person_takes_over(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "m.main", 12)
        await call.press("8")
        await hears_prompt(call, "x.retry", 3)
        await call.press("5")
        await hears_prompt(call, "x.human", 3)
        record = await served(city, citizen, call)

    assert (record["queue"], record["menu_path"]) == ("citizen", [])
    assert [step["key"] for step in steps(record, "wrong_key")] == ["8", "5"]


@together
async def test_a_key_pressed_in_the_notice_counts_and_the_notice_is_heard_to_its_end(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        notice = await hears_prompt(call, "g.notice", 3)
        await call.press("7")
        record = await served(city, citizen, call)

    assert cut_after_s(call, "g.notice", notice) == pytest.approx(length_s("g.notice"), abs=0.05)
    assert played(call, "m.main") == [], "who has chosen is not asked"
    assert (record["queue"], record["menu_path"]) == ("enterprise", ["m.main.7"])
    assert apart_s(notice, at(record, "queued_at")) < length_s("g.notice") + 0.5


@together
async def test_a_star_repeats_the_menu(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        menu = await hears_prompt(call, "m.main", 12)
        await call.press("*")
        await hears_prompt(call, "m.main", 3, since=after(menu, 0.5))
        await call.press("1")
        record = await served(city, citizen, call)

    assert record["menu_path"] == ["m.main.*", "m.main.1"]
    assert played(call, "x.retry") == []


@together
async def test_the_enterprise_number_goes_straight_to_its_line(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        notice = await hears_prompt(call, "g.notice", 3)
        record = await served(city, citizen, call)

    assert (record["dnis"], record["queue"], record["menu_path"]) == ("123457", "enterprise", [])
    assert played(call, "m.main") == []
    assert apart_s(notice, at(record, "queued_at")) < length_s("g.notice") + 0.5


# --- leaving at any moment -----------------------------------------------------------------------


@together
async def test_leaving_in_the_notice_is_leaving_before_the_queue(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "g.notice", 3)
        await call.hang_up()

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_menu"
    assert (record["queued_at"], record["wait_s"], record["queue"]) == (None, None, None)


@together
async def test_leaving_in_the_menu_is_leaving_before_the_queue(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "m.main", 12)
        await call.hang_up()

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_menu"
    assert "menu" in kinds(record)


@together
async def test_leaving_the_queue_is_written_down_with_the_wait(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "q.connect", 8)
        await call.listens(2)
        await call.hang_up()

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert record["wait_s"] == pytest.approx(apart_s(at(record, "queued_at"), call.ended_at), abs=0.5)
    assert record["ring_s"] is None


@together
async def test_leaving_while_a_phone_rings_stops_it_at_once_and_frees_its_agent(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        leg = await city.rings_for(citizen, 15)
        await call.listens(0.5)
        await call.hang_up()
        await leg.ended(within_s=2)

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert record["ring_s"] == pytest.approx(0.5, abs=0.3)
    assert apart_s(call.ended_at, leg.ended_at) <= 0.3
    assert leg.ending is not None
    assert leg.ending.how == "CANCEL"


@together
async def test_leaving_as_the_agent_answers_leaves_one_record_and_no_agent_behind(city: City) -> None:
    await asyncio.gather(*(leave_as_the_agent_answers(city, frames) for frames in (-1, 0, 1, 2, 4)))


async def leave_as_the_agent_answers(city: City, frames: int) -> None:
    """The citizen hangs up `frames` of 20 ms after the agent has lifted the receiver; -1: just before."""
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        leg = await city.rings_for(citizen, 25)
        if frames < 0:
            leaving = asyncio.ensure_future(call.hang_up())
        answering = asyncio.ensure_future(leg.answer(within_s=3))
        if frames > 0:
            await call.listens(frames / 50)
        if frames >= 0:
            leaving = asyncio.ensure_future(call.hang_up())
        await leaving
        with contextlib.suppress(CallOver, NotInTime):
            await answering
        await leg.ended(within_s=3)

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert apart_s(call.ended_at, leg.ended_at) <= 0.5


@together
async def test_leaving_while_the_agent_is_announced_is_not_yet_a_talk(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        talk = await answered_by_an_agent(city, citizen, call)
        await hears_prompt(call, f"a.gonghao.{talk.agent}", 3)
        await call.hang_up()
        await talk.leg.ended(within_s=2)

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert apart_s(call.ended_at, talk.leg.ended_at) <= 0.3
    assert "agent_answered" in kinds(record)


@together
async def test_leaving_in_the_rating_keeps_what_happened_before(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await talk.leg.hang_up()
        await hears_prompt(talk.call, "s.ask", 3)
        await talk.call.hang_up()

        record = await city.record_of(citizen)

    times_agree(record, talk.call)
    assert (record["outcome"], record["hangup_by"], record["rating"]) == ("served", "agent", None)
    assert len(steps(record, "ended")) == 1
