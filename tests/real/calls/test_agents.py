"""Seats, people, phones: signing in, pausing, wrapping up, and phones that are not answered."""

import asyncio

import pytest

from simulators.clock import wall_now
from simulators.incoming_call import Refuse, Ring, StayMute
from simulators.phone import Phone
from simulators.rig import RigFailed
from tests.real.calls.city import City, Record, again_until, apart_s, at, steps
from tests.real.calls.plans import CELLS, RING_S, TWO_BY_TWO, WRAP_UP_S
from tests.real.calls.scenes import answered_by_an_agent, served, talk_with_an_agent, tone_hz
from tests.real.calls.sounds import hears_prompt, played
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = TWO_BY_TWO
EVENING = "a long one"


def cell(number: int) -> tuple[str, str, str]:
    """A line of a story's own, and the two seats that serve it."""
    line = f"12360{number}"
    return line, *CELLS[line]


def person(seat: str) -> str:
    """The 工号 of a seat's usual person."""
    return f"1{seat[1:]}"


async def sign_in(city: City, *seats: str) -> None:
    """The seats' usual people, one after the other: the first has been idle longest."""
    for seat in seats:
        await city.seat(seat)
        await city.dial_code(seat, "*40")
        await city.sees_agent(person(seat), "ready")


async def a_call_past_the_first(city: City, line: str, second: str, within_s: float) -> Record:
    """The call is offered to the first of two, then served by the second; how soon that rang."""
    async with city.citizen() as citizen:
        call = await citizen.dial(line)
        await hears_prompt(call, "g.notice", 3)
        talk = await answered_by_an_agent(city, citizen, call, 10 + within_s)
        await talk.both_hear_each_other()
        await call.hang_up()
        record = await city.record_of(citizen)
    assert (record["outcome"], record["seat"]) == ("served", second)
    offered = steps(record, "offered")
    assert apart_s(at(offered[0], "at"), at(offered[-1], "at")) <= within_s
    return record


# --- phones that are not answered ----------------------------------------------------------------


@together
async def test_a_phone_that_rings_out_makes_its_person_not_ready_and_the_call_keeps_its_place(
    city: City,
) -> None:
    line, seat, other = cell(0)
    await sign_in(city, seat)
    await city.seat(other)
    async with city.citizen() as first, city.citizen() as second:
        one = await first.dial(line)
        rung_out = await city.rings_for(first, 10)
        two = await second.dial(line)
        ending = await rung_out.ended(within_s=RING_S + 2)
        desk = await city.sees_agent(person(seat), "not_ready")
        await hears_prompt(two, "q.connect", 8)
        await city.dial_code(other, "*40")
        talk = await answered_by_an_agent(city, first, one, 3)
        await talk.both_hear_each_other()
        await asyncio.gather(one.hang_up(), two.hang_up())
        record = await city.record_of(first)
        abandoned = await city.record_of(second)

    assert apart_s(rung_out.begun_at, ending.at) == pytest.approx(RING_S, abs=0.5)
    assert desk["label"] == "未接听"
    assert talk.seat.account.extension == other
    assert [(step["agent"], step["why"]) for step in steps(record, "refused")] == [
        (person(seat), "no_answer")
    ]
    assert len(steps(record, "queued")) == 1
    assert record["wait_s"] > RING_S
    assert abandoned["outcome"] == "abandoned_queue"


@together
async def test_a_rejected_call_goes_to_the_next_and_the_second_rejection_is_a_pause(city: City) -> None:
    await refuse_twice(city, 1, 603, "reject", "拒接")


@together
async def test_a_busy_phone_sends_the_call_on_and_the_second_time_is_a_pause(city: City) -> None:
    await refuse_twice(city, 2, 486, "busy", "占线")


async def refuse_twice(city: City, number: int, status: int, why: str, label: str) -> None:
    """The first seat's phone refuses two calls; the second seat takes both."""
    line, first, second = cell(number)
    await sign_in(city, first, second)
    city.seats[first].on_call = Refuse(status)

    record = await a_call_past_the_first(city, line, second, 1.0)
    assert [(step["agent"], step["why"]) for step in steps(record, "refused")] == [(person(first), why)]
    assert city.state_of(person(first)) == "ready", "once is no reason to pause anybody"
    await city.dial_code(second, "*42")

    record = await a_call_past_the_first(city, line, second, 1.0)
    assert [(step["agent"], step["why"]) for step in steps(record, "refused")] == [(person(first), why)]
    desk = await city.sees_agent(person(first), "not_ready")
    assert desk["label"] == label


@together
async def test_a_phone_that_says_nothing_is_left_within_2_s_and_one_that_dies_ringing_after_its_time(
    city: City,
) -> None:
    line, first, second = cell(3)
    await sign_in(city, first, second)
    city.seats[first].on_call = StayMute()

    record = await a_call_past_the_first(city, line, second, 2.0)
    assert [(step["agent"], step["why"]) for step in steps(record, "refused")] == [
        (person(first), "unreachable")
    ]
    desk = await city.sees_agent(person(first), "not_ready")
    assert desk["label"] == "无法接通"

    city.seats[first].on_call = Ring()
    await asyncio.gather(city.dial_code(first, "*42"), city.dial_code(second, "*42"))
    async with city.citizen() as citizen:
        call = await citizen.dial(line)
        dying = await city.rings_for(citizen, 10)
        city.seats[first].die()
        talk = await answered_by_an_agent(city, citizen, call, RING_S + 2)
        await talk.both_hear_each_other()
        await call.hang_up()
        record = await city.record_of(citizen)

    assert dying.line.account.extension == first
    assert (record["outcome"], record["seat"]) == ("served", second)
    assert record["wait_s"] > RING_S - 1


@together
async def test_a_phone_that_is_not_registered_is_not_called_and_its_person_is_back_with_it(
    city: City,
) -> None:
    line, first, second = cell(4)
    await sign_in(city, first, second)
    await city.seats[first].unregister()
    desk = await city.sees_agent(person(first), "not_ready", 2)
    assert desk["label"] == "话机离线"

    record = await a_call_past_the_first(city, line, second, 0.5)
    assert [step["agent"] for step in steps(record, "offered")] == [person(second)]

    await city.seats[first].register()
    await city.sees_agent(person(first), "ready", 2)


@together
async def test_an_offer_to_a_phone_that_has_just_died_moves_on_within_2_s(city: City) -> None:
    line, first, second = cell(5)
    await sign_in(city, first, second)
    city.seats[first].die()

    record = await a_call_past_the_first(city, line, second, 2.0)

    assert [step["why"] for step in steps(record, "refused")] in (["unreachable"], [])
    await city.sees_agent(person(first), "not_ready", 15)


# --- a person's day ------------------------------------------------------------------------------


@together
async def test_after_call_work_ends_by_itself_or_by_42_and_is_in_the_record(city: City) -> None:
    line, seat, _ = cell(6)
    await sign_in(city, seat)
    async with city.citizen() as first, city.citizen() as second:
        talk = await talk_with_an_agent(city, first, line)
        await talk.call.hang_up()
        began = wall_now()
        await city.sees_agent(person(seat), "wrap_up", 1)
        waiting = await second.dial(line)
        while_wrapping = [leg for leg in talk.seat.calls if leg.number == second.account.user]
        talk = await answered_by_an_agent(city, second, waiting, WRAP_UP_S + 10)
        rang_at = talk.leg.begun_at
        await talk.both_hear_each_other()
        await talk.leg.hang_up()
        await city.sees_agent(person(seat), "wrap_up", 1)
        await talk.leg.ended(1)
        await city.dial_code(seat, "*42")
        await city.sees_agent(person(seat), "ready", 1)
        await waiting.hang_up()

        assert while_wrapping == []
        assert apart_s(began, rang_at) == pytest.approx(WRAP_UP_S, abs=1)
        assert await acw_s(city, first) == pytest.approx(WRAP_UP_S, abs=0.5)
        assert await acw_s(city, second) < 1


async def acw_s(city: City, citizen: Phone) -> float:
    """The after-call work in a citizen's record, as soon as it is there."""

    async def told() -> float | None:
        record = await city.record_of(citizen)
        return None if record["acw_s"] is None else float(record["acw_s"])

    return await again_until(told, 5, "after-call work in the record")


@together
async def test_a_pause_in_a_talk_begins_after_it(city: City) -> None:
    line, seat, _ = cell(7)
    await sign_in(city, seat)
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen, line)
        await city.dial_code(seat, "*411")
        during = city.state_of(person(seat))
        await talk.both_hear_each_other()
        await talk.call.hang_up()
        await city.sees_agent(person(seat), "wrap_up", 1)
        desk = await city.sees_agent(person(seat), "not_ready", WRAP_UP_S + 2)

    assert during == "talking"
    assert desk["label"] == "用餐"


@together
async def test_of_two_who_can_the_one_who_has_been_idle_longer_is_called(city: City) -> None:
    line, first, second = cell(8)
    await sign_in(city, first, second)
    answered_by = []
    for _ in range(3):
        async with city.citizen() as citizen:
            call = await citizen.dial(line)
            record = await served(city, citizen, call)
        answered_by.append(record["seat"])
        await city.dial_code(record["seat"], "*42")

    assert answered_by == [first, second, first]


# --- feature codes -------------------------------------------------------------------------------


async def hears_and_is_let_go(city: City, seat: str, code: str, *prompts: str, keys: str = "") -> None:
    """A code is answered at once, confirmed by these prompts and no others, and ended by the hotline."""
    call = await city.seats[seat].dial(code)
    await call.answered(within_s=2)
    asked_since = None
    for number, pin in enumerate(keys.split()):
        await hears_prompt(call, "k.wrong" if number else "k.pin", 5, since=asked_since)
        await call.press(pin)
        asked_since = wall_now()
        await call.press("#")
    ending = await call.ended(within_s=15)
    heard = [prompt for prompt in SPOKEN for _ in played(call, prompt)]
    assert (ending.by_us, ending.how) == (False, "BYE")
    assert heard == sorted(prompts, key=SPOKEN.index), code


SPOKEN = ("k.pin", "k.in", "k.ready", "k.pause", "k.out", "k.wrong", "k.first", "k.taken", "k.fault")


@together
async def test_feature_codes_are_confirmed_in_a_word_and_do_what_they_say(city: City) -> None:
    _, seat, other = cell(9)
    await asyncio.gather(city.seat(seat), city.seat(other))
    usual, second = person(seat), person(other)

    await hears_and_is_let_go(city, seat, "*40", "k.in")
    await city.sees_agent(usual, "ready")
    for digit, reason in enumerate(("用餐", "休息", "如厕", "培训", "会议", "故障"), 1):
        await hears_and_is_let_go(city, seat, f"*41{digit}", "k.pause")
        assert (await city.sees_agent(usual, "not_ready"))["label"] == reason
    await hears_and_is_let_go(city, seat, "*42", "k.ready")
    await city.sees_agent(usual, "ready")
    await hears_and_is_let_go(city, seat, "*41", "k.pause")
    await city.sees_agent(usual, "not_ready")
    await hears_and_is_let_go(city, seat, "*44", "k.out")
    await city.sees_agent(usual, "off")
    for wrong in ("*419", "*45", "8001", "12345", "0"):
        await hears_and_is_let_go(city, seat, wrong, "k.wrong")

    await hears_and_is_let_go(city, seat, f"*40{second}", "k.pin", "k.in", keys=f"88{second}")
    assert (await city.sees_agent(second, "ready"))["seat"] == seat
    await hears_and_is_let_go(city, other, "*40", "k.in")
    assert (await city.sees_agent(second, "ready"))["seat"] == other, "a second sign-in moves the person"
    await hears_and_is_let_go(
        city, seat, f"*40{usual}", "k.pin", "k.wrong", "k.wrong", "k.wrong", keys="1 2 3"
    )
    assert city.state_of(usual) == "off"
    await echoes(city.seats[seat])
    await hears_and_is_let_go(city, other, "*44", "k.out")


async def echoes(seat: Phone) -> None:
    """*43 gives back what it hears."""
    call = await seat.dial("*43")
    await call.hears(tone_hz(seat), 8)
    await call.hang_up()


@together
async def test_the_command_line_does_what_the_codes_do(city: City) -> None:
    _, _, seat = cell(6)
    await city.seat(seat)
    say = city.rig.rexian

    await say("agent", "in", "--seat", seat)
    await city.sees_agent(person(seat), "ready")
    await say("agent", "pause", "--seat", seat, "--reason", "培训")
    assert (await city.sees_agent(person(seat), "not_ready"))["label"] == "培训"
    await say("agent", "ready", "--seat", seat)
    await city.sees_agent(person(seat), "ready")
    with pytest.raises(RigFailed, match="reason"):
        await say("agent", "pause", "--seat", seat, "--reason", "9")
    with pytest.raises(RigFailed, match="8099"):
        await say("agent", "in", "--seat", "8099")
    await say("agent", "out", "--seat", seat)
    await city.sees_agent(person(seat), "off")
    with pytest.raises(RigFailed, match="nobody"):
        await say("agent", "ready", "--seat", seat)
