"""Waiting, talking, holding, rating: what both sides hear, by their tones, and what is written down."""

import asyncio
import wave
from pathlib import Path

import pytest

from simulators import tones
from simulators.clock import wall_now
from terms.instant import Instant, after
from tests.real.calls.city import City, again_until, apart_s, at, kinds, steps
from tests.real.calls.plans import BY_MENU, UNSERVED
from tests.real.calls.scenes import (
    STRAIGHT,
    Talk,
    answered_by_an_agent,
    served,
    talk_with_an_agent,
    times_agree,
    tone_hz,
)
from tests.real.calls.sounds import (
    LONGEST_GAP_MS,
    breaks,
    cut_after_s,
    hears_prompt,
    is_music,
    length_s,
    played,
    purity,
)
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = BY_MENU
EVENING = "a long one"


# --- waiting -------------------------------------------------------------------------------------


@together
async def test_who_waits_hears_music_and_is_told_the_place_after_10_s_and_then_every_30_s(city: City) -> None:
    async with city.citizen() as first, city.citizen() as second:
        one = await first.dial(UNSERVED)
        await hears_prompt(one, "q.connect", 8)
        two = await second.dial(UNSERVED)
        connecting = await hears_prompt(two, "q.connect", 8)
        await asyncio.gather(hears_prompt(one, "q.next", 15), hears_prompt(two, "q.pos.1", 15))
        again = await hears_prompt(two, "q.still", 35)
        await two.listens(length_s("q.still") + 1)
        await asyncio.gather(one.hang_up(), two.hang_up())
        record = await city.record_of(second)

    queued_at = at(record, "queued_at")
    announced = played(two, "q.pos.1")[0]
    assert apart_s(queued_at, announced) == pytest.approx(10, abs=0.5)
    assert apart_s(announced, again) == pytest.approx(30, abs=0.5)
    assert [step["prompts"] for step in steps(record, "announced")] == [["q.pos.1"], ["q.still"]]
    assert breaks(two, connecting, again) == []
    for begun, prompt in ((connecting, "q.connect"), (announced, "q.pos.1"), (again, "q.still")):
        over = after(begun, length_s(prompt))
        assert two.hearing.gaps_over(LONGEST_GAP_MS, after(over, -0.2), after(over, 0.3)) == []
        assert is_music(two, after(over, 0.1), 0.8)


@together
async def test_the_music_plays_on_while_the_agents_phone_rings(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        connecting = await hears_prompt(call, "q.connect", 8)
        leg = await city.rings_for(citizen, 20)
        await call.listens(length_s("q.connect") + 1)
        rung_until = wall_now()
        await call.hang_up()
        await leg.ended(within_s=2)

    assert is_music(call, after(connecting, length_s("q.connect") + 0.1), 0.8)
    assert breaks(call, connecting, rung_until) == []


# --- connected -----------------------------------------------------------------------------------


@together
async def test_a_running_prompt_is_cut_when_the_agent_answers_and_nothing_of_the_music_is_left(
    city: City,
) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        connecting = await hears_prompt(call, "q.connect", 8)
        talk = await answered_by_an_agent(city, citizen, call, 20)
        answered_at = talk.leg.answered_at
        name = f"a.gonghao.{talk.agent}"
        to_citizen = await hears_prompt(call, name, 5, since=connecting)
        to_agent = await hears_prompt(talk.leg, name, 5, since=connecting)
        await talk.both_hear_each_other()
        since = await call.listens(1.0)
        until = wall_now()
        await call.hang_up()
        record = await city.record_of(citizen)

    if apart_s(connecting, answered_at) < length_s("q.connect"):
        assert cut_after_s(call, "q.connect", connecting) < apart_s(connecting, answered_at) + 0.2
    assert apart_s(answered_at, to_citizen) < 0.3
    assert apart_s(answered_at, to_agent) < 0.3
    assert purity(call.hearing, tone_hz(talk.seat), since, until) > 0.95
    assert purity(talk.leg.hearing, tone_hz(citizen), since, until) > 0.95
    assert breaks(call, since, until) == []
    heard_at = call.hearing.first_heard(tone_hz(talk.seat), answered_at)
    assert abs(apart_s(heard_at, at(record, "connected_at"))) < 1
    assert abs(apart_s(talk.leg.rang.at, at(record, "connected_at")) - record["ring_s"]) < 8


@together
async def test_hold_is_music_for_the_citizen_and_a_step_of_the_journey(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        connected = wall_now()
        await talk.leg.hold()
        held = wall_now()
        await city.sees_agent(talk.agent, "hold")
        await talk.call.listens(2.0)
        unheld = wall_now()
        await talk.leg.unhold()
        await talk.both_hear_each_other()
        await city.sees_agent(talk.agent, "talking")
        await talk.call.listens(1.0)
        await talk.call.hang_up()
        record = await city.record_of(citizen)

    assert is_music(talk.call, after(held, 0.3), 1.5)
    assert tone_hz(talk.seat) not in talk.call.hearing.heard(after(held, 0.2), after(unheld, -0.1))
    journey = kinds(record)
    assert [kind for kind in journey if kind in ("connected", "held", "unheld", "talk_ended")] == [
        "connected",
        "held",
        "unheld",
        "talk_ended",
    ]
    assert record["hold_s"] == pytest.approx(apart_s(held, unheld), abs=0.5)
    talked_s = apart_s(connected, talk.call.ended_at) - apart_s(held, unheld)
    assert record["talk_s"] == pytest.approx(talked_s, abs=1)


@together
async def test_a_talk_is_recorded_with_the_citizen_left_and_the_agent_right(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await talk.call.listens(2.0)
        await talk.call.hang_up()
        record = await city.record_of(citizen)

        async def the_file() -> Path | None:
            found = list((city.rig.home / "recordings").rglob(f"*{record['recording']}*.wav"))
            assert len(found) <= 1, found
            return found[0] if found else None

        file = await again_until(the_file, 10, "the recording")

    left, right, seconds = both_sides(file)
    assert heard_in(left) == {tone_hz(citizen)}
    assert heard_in(right) == {tone_hz(talk.seat)}
    assert seconds == pytest.approx(record["talk_s"] + record["hold_s"], abs=1)
    assert file.stat().st_mode & 0o077 == 0, "nobody else may listen"


def both_sides(file: Path) -> tuple[list[int], list[int], float]:
    """The samples of both channels, and the length in seconds."""
    with wave.open(str(file), "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
        return list(samples[::2]), list(samples[1::2]), sound.getnframes() / 8000


def heard_in(samples: list[int]) -> set[int]:
    """The tones that sound for most of the time; the edges may be silent."""
    blocks = [samples[start : start + tones.BLOCK] for start in range(0, len(samples), tones.BLOCK)]
    whole = [tones.heard_in(block, share=0.5) for block in blocks if len(block) == tones.BLOCK]
    return {hz for hz in tones.PALETTE if sum(hz in heard for heard in whole) > len(whole) * 0.7}


# --- the end -------------------------------------------------------------------------------------


async def asked_for_a_rating(city: City, talk: Talk) -> Instant:
    """The agent hangs up; the citizen is asked."""
    await talk.leg.hang_up()
    return await hears_prompt(talk.call, "s.ask", 3)


@together
async def test_a_rating_is_thanked_for_and_the_hotline_hangs_up(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        asked = await asked_for_a_rating(city, talk)
        await talk.call.press("5")
        ending = await talk.call.ended(within_s=6)
        record = await city.record_of(citizen)

    assert (ending.by_us, ending.how) == (False, "BYE")
    assert cut_after_s(talk.call, "s.ask", asked) < 1
    (thanks,) = played(talk.call, "s.thanks")
    assert apart_s(thanks, ending.at) == pytest.approx(length_s("s.thanks"), abs=0.5)
    times_agree(record, talk.call)
    assert (record["rating"], record["hangup_by"], record["outcome"]) == (5, "agent", "served")


@together
async def test_who_rates_nothing_is_asked_twice_and_let_go(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        first = await asked_for_a_rating(city, talk)
        again = await hears_prompt(talk.call, "s.ask", 25, since=after(first, 2))
        await talk.call.ended(within_s=30)
        record = await city.record_of(citizen)

    assert apart_s(first, again) == pytest.approx(length_s("s.ask") + 8, abs=0.5)
    assert len(played(talk.call, "s.ask")) == 2
    assert (len(played(talk.call, "bye")), played(talk.call, "s.thanks")) == (1, [])
    assert (record["rating"], record["outcome"]) == (None, "served")
    assert len(steps(record, "rating_asked")) == 2


@together
async def test_a_key_that_is_no_rating_is_asked_once_more(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        first = await asked_for_a_rating(city, talk)
        await talk.call.press("9")
        await hears_prompt(talk.call, "s.ask", 3, since=after(first, 0.05))
        await talk.call.press("2")
        await talk.call.ended(within_s=6)
        record = await city.record_of(citizen)

    assert record["rating"] == 2
    assert len(played(talk.call, "s.thanks")) == 1


@together
async def test_who_presses_9_twice_has_not_answered(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        first = await asked_for_a_rating(city, talk)
        await talk.call.press("9")
        await hears_prompt(talk.call, "s.ask", 3, since=after(first, 0.05))
        await talk.call.press("9")
        await talk.call.ended(within_s=6)
        record = await city.record_of(citizen)

    assert (record["rating"], record["outcome"]) == (None, "served")
    assert len(steps(record, "rating_asked")) == 2


@together
async def test_a_citizen_who_hangs_up_first_is_not_asked(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(STRAIGHT)
        record = await served(city, citizen, call)

    assert record["rating"] is None
    assert steps(record, "rating_asked") == []
