"""What strangers can put on the wire, seen from the far end: who is served, and what is written down."""

import asyncio
from pathlib import Path

import pytest

from simulators.outgoing_call import OutgoingCall
from simulators.phone import CallRefused, Phone
from simulators.sip_message import Headers, Request
from tests.real.calls.city import City, Record, again_until, apart_s, at, kinds, steps
from tests.real.calls.keypad import drum
from tests.real.calls.plans import BY_MENU, UNSERVED
from tests.real.calls.scenes import STRAIGHT, Talk, left, served, talk_with_an_agent, times_agree, tone_hz
from tests.real.calls.sounds import hears_prompt, played
from tests.real.calls.together import together

pytestmark = pytest.mark.real

PLAN = BY_MENU

WITHHELD = "anonymous"
"""What an agent's phone shows for a caller without a number."""


async def short_call(phone: Phone, number: str = "12345") -> OutgoingCall:
    """Dial, hear the notice begin, hang up."""
    call = await phone.dial(number)
    await hears_prompt(call, "g.notice", 5)
    await call.hang_up()
    return call


async def record_of_nobody(city: City, call: OutgoingCall) -> Record:
    """The record of a call whose caller has no number, found by its times."""

    async def found() -> Record | None:
        for record in await city.finished_calls():
            if not record["ani"]:
                try:
                    times_agree(record, call)
                except AssertionError:
                    continue
                return record
        return None

    return await again_until(found, 5, "the record of a caller without a number")


# --- numbers -------------------------------------------------------------------------------------


@together
async def test_an_event_in_a_callers_number_touches_nobody(city: City) -> None:
    async with city.citizen() as victim:
        waiting = await victim.dial(UNSERVED)
        await hears_prompt(waiting, "q.connect", 8)
        number = victim.account.user
        (channel,) = [one.channel for one in await city.live_channels() if one.ani == number]
        for event in (
            f"Event: Hangup\nUniqueid: {channel}\nChannel: x\nCause: 16\nCause-txt: y",
            f"Event: HangupRequest\nUniqueid: {channel}\nCause: 16",
            f"Event: AsyncAGIEnd\nUniqueid: {channel}",
            f"Event: DTMFEnd\nUniqueid: {channel}\nDigit: 7\nDirection: Received",
        ):
            forged = (
                "139%0d%0a%0d%0a" + event.replace("\n", "%0d%0a").replace(": ", "%3a%20") + "%0d%0aX%3a%20y"
            )
            async with city.citizen(forged) as forger:
                call = await short_call(forger)
                record = await record_of_nobody(city, call)
                assert (record["outcome"], record["ani"]) == ("abandoned_menu", None)
        still_there = city.board["waiting"]
        await waiting.listens(0.5)
        await waiting.hang_up()
        record = await left(city, victim, waiting)

    assert channel in [one["call"] for one in still_there]
    assert (record["outcome"], record["queue"]) == ("abandoned_queue", "language")
    assert steps(record, "key", "moved") == []


@together
async def test_a_caller_without_a_number_is_served(city: City) -> None:
    async with city.citizen(WITHHELD) as citizen:
        call = await citizen.dial(STRAIGHT)
        leg = await city.rings_for(citizen, 20)
        await leg.answer()
        seat = city.seats[leg.line.account.extension]
        await asyncio.gather(call.hears(tone_hz(seat), 8), leg.hears(tone_hz(citizen), 8))
        await call.hang_up()
        record = await record_of_nobody(city, call)

    assert (record["outcome"], record["ani"], record["dnis"]) == ("served", None, STRAIGHT)
    assert record["recording"] is not None


def traces_of_a_run(city: City) -> list[Path]:
    """What a caller's `touch …-WAS-RUN` would have left, wherever a shell of ours may have stood."""
    places = (city.rig.home, Path.cwd())
    return [trace for place in places for trace in (*place.glob("*WAS-RUN"), *place.glob("*/*WAS-RUN"))]


NUMBERS = [
    ("+8613800000101", "138****0101"),
    ("+86%20138-0000-0102", "138****0102"),
    ("(0877)%202000.103", "0877****03"),
    ("500&PJSIP/trunk-demo/00442012340104", None),
    ("%EF%BC%91%EF%BC%93%EF%BC%98" * 3, None),
    ("1_0", None),
    ("-1", "1"),
    ("%20", None),
    ("13800000106" * 3, None),
    ("$%7BSHELL(touch%20NUMBER-WAS-RUN)%7D", None),
]


@together
async def test_a_number_is_digits_or_nothing_and_every_caller_is_heard(city: City) -> None:
    async def call_from(number: str) -> OutgoingCall:
        async with city.citizen(number) as citizen:
            return await short_call(citizen)

    calls = await asyncio.gather(*(call_from(number) for number, _ in NUMBERS))
    nobodies = [call for call, (_, shown) in zip(calls, NUMBERS, strict=True) if shown is None]
    await asyncio.gather(*(record_of_nobody(city, call) for call in nobodies))
    records = await city.finished_calls()

    shown = [record["ani"] for record in records]
    assert [shown.count(wanted) for _, wanted in NUMBERS if wanted] == [1, 1, 1, 1]
    begun = [call.begun_at for call in nobodies]
    same_time = [
        record
        for record in records
        if record["ani"] is None and abs(apart_s(begun[0], at(record, "started_at"))) < 3
    ]
    assert len(same_time) >= len(nobodies)
    assert traces_of_a_run(city) == []


@together
async def test_a_number_that_is_not_listed_does_not_exist(city: City) -> None:
    async with city.citizen() as citizen:
        for number in ("12346", "8001", "*40", "0014155550100", "s", "h"):
            call = await citizen.dial(number)
            with pytest.raises(CallRefused, match="404"):
                await call.answered()
        called = citizen.account.user

    records = await city.finished_calls()
    assert [record for record in records if record["ani"] == f"{called[:3]}****{called[-4:]}"] == []


@together
async def test_a_citizens_own_softphone_may_dial_the_hotline_and_nothing_else(city: City) -> None:
    async with city.rig.seat("9001", tone_hz=3300) as softphone:
        await softphone.register()
        for number in ("8001", "*40", "008613912345678"):
            refused = await softphone.dial(number)
            with pytest.raises(CallRefused, match="404"):
                await refused.answered()
        call = await short_call(softphone)

        async def found() -> Record | None:
            records = await city.finished_calls()
            return next((record for record in records if record["ani"] == "9001"), None)

        record = await again_until(found, 5, "the record of 9001")

    times_agree(record, call)
    assert (record["direction"], record["outcome"]) == ("inbound", "abandoned_menu")


# --- names ---------------------------------------------------------------------------------------


NAMES = [
    "李" * 200,
    b"\xff\xfe\x80broken".decode("utf-8", "surrogateescape"),
    "张三".encode("gbk").decode("utf-8", "surrogateescape"),
    'a\\"b\\\\c, d) & e; f | g',
    "${SHELL(touch NAME-WAS-RUN)}",
    "x%0d%0aEvent: Hangup",
    "\u202e\u200b𠮷",
]


@together
async def test_a_callers_name_harms_nobody_whatever_is_in_it(city: City) -> None:
    async def call_as(name: str) -> Record:
        async with city.citizen(name=name) as citizen:
            call = await short_call(citizen)
            return await left(city, citizen, call)

    records = await asyncio.gather(*map(call_as, NAMES))

    assert [record["outcome"] for record in records] == ["abandoned_menu"] * len(NAMES)
    assert traces_of_a_run(city) == []


@together
async def test_a_name_of_a_whole_sentence_does_not_keep_an_agent_from_answering(city: City) -> None:
    async with city.citizen(name=r"张\"三\\, ${EPOCH}") as citizen:
        call = await citizen.dial(STRAIGHT)
        record = await served(city, citizen, call)

    assert record["queue"] == "enterprise"


# --- keys ----------------------------------------------------------------------------------------


@together
async def test_odd_keys_are_wrong_keys(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "g.notice", 3)
        await call.press("*#ABCD")
        record = await served(city, citizen, call)

    assert (record["queue"], record["menu_path"]) == ("citizen", ["m.main.*"])
    assert [step["key"] for step in steps(record, "wrong_key")] == ["#", "A"]


@together
async def test_thousands_of_keys_cost_the_caller_nothing(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await call.answered()
        enough = asyncio.Event()
        leaning = asyncio.ensure_future(lean_on_the_keypad(call, enough))
        talk = await answered_in_the_end(city, citizen, call)
        await call.hears(tone_hz(talk.seat), 8)
        await call.listens(1)
        enough.set()
        assert await leaning > 300
        await talk.both_hear_each_other()
        await call.hang_up()
        record = await city.record_of(citizen)

    assert record["outcome"] == "served"
    assert record["menu_path"][0].startswith("m.main.")
    assert len(record["menu_path"]) <= 5, "a key that is leant on is written down once"
    (told,) = [step for step in steps(record, "noted") if "keys" in step]
    assert told["keys"] > 200
    assert len(record["journey"]) < 30


@together
async def test_five_thousand_keys_in_ten_seconds_are_a_key_and_a_line_in_the_journey(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "g.notice", 3)
        await drum(call, 5_000)
        await hears_prompt(call, "q.connect", 15)
        await call.hang_up()
        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert record["menu_path"] in ([], ["waiting.0"])
    assert len(record["journey"]) < 15


async def answered_in_the_end(city: City, citizen: Phone, call: OutgoingCall) -> Talk:
    """A phone that is given back again, because the citizen has chosen anew, is not picked up."""
    leg = await city.rings_for(citizen, 20)
    await call.listens(0.3)
    while leg.over.reached:
        leg = await city.rings_for(citizen, 5)
    await leg.answer()
    return Talk(citizen=citizen, call=call, seat=city.seats[leg.line.account.extension], leg=leg)


async def lean_on_the_keypad(call: OutgoingCall, enough: asyncio.Event) -> int:
    """Press as fast as a phone can, 50 keys a second; how many keys it were."""
    pressed = 0
    while not enough.is_set():
        await call.press("1234567890", tone_ms=20, pause_ms=0)
        pressed += 10
    return pressed


@together
async def test_keys_in_a_talk_answer_nothing(city: City) -> None:
    async with city.citizen() as citizen:
        talk = await talk_with_an_agent(city, citizen)
        await talk.call.press("555")
        await talk.leg.hang_up()
        await hears_prompt(talk.call, "s.ask", 3)
        await talk.call.listens(1)
        await talk.call.hang_up()
        record = await city.record_of(citizen)

    assert record["rating"] is None
    assert [step["keys"] for step in steps(record, "noted") if "keys" in step] == [3]
    assert played(talk.call, "s.thanks") == []


@together
async def test_a_choice_changed_in_the_same_breath_leaves_no_phone_ringing(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial("12345")
        await hears_prompt(call, "g.notice", 3)
        await call.press("17")
        talk = await answered_in_the_end(city, citizen, call)
        await call.hears(tone_hz(talk.seat), 15)
        await call.hang_up()
        record = await city.record_of(citizen)
        still_ringing = [
            seat.account.extension
            for seat in city.seats.values()
            for rung in seat.calls
            if rung.number == citizen.account.user and not rung.over.reached
        ]

    assert (record["queue"], record["menu_path"]) == ("enterprise", ["m.main.1", "waiting.7"])
    assert still_ringing == []


# --- the same call again, and again --------------------------------------------------------------


@together
async def test_a_call_that_arrives_twice_is_one_call(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "g.notice", 3)
        for _ in range(5):
            again = call.line.start(by_another_way(call), city.rig.server)
            response = await asyncio.wait_for(again.answer, 5)
            assert response.status >= 400
        await call.listens(0.5)
        await call.hang_up()

        await left(city, citizen, call)


def by_another_way(call: OutgoingCall) -> Request:
    """The call's own INVITE with another branch, as after a fork in a proxy."""
    assert call._client is not None
    invite = call._client.request
    headers = Headers()
    for name, value in invite.headers:
        headers.add(name, call.line.via() if name == "Via" else value)
    return Request(invite.method, invite.uri, headers, invite.body)


@together
async def test_changes_within_a_call_by_the_dozen_stay_one_call(city: City) -> None:
    async with city.citizen() as citizen:
        call = await citizen.dial(UNSERVED)
        await hears_prompt(call, "g.notice", 3)
        for _ in range(20):
            await call.hold()
            await call.unhold()
        await hears_prompt(call, "q.connect", 8)
        await call.hang_up()

        record = await left(city, citizen, call)

    assert record["outcome"] == "abandoned_queue"
    assert "held" not in kinds(record)


# --- a seat that claims to be another ------------------------------------------------------------


@together
async def test_a_seat_cannot_claim_to_be_another_one(city: City) -> None:
    await city.seat("8020")
    call = await city.seats["8020"].dial(
        "*40", headers={"P-Asserted-Identity": f"<sip:{city.rig.accounts['8018'].user}@127.0.0.1>"}
    )
    await call.ended(within_s=10)
    await city.sees_agent("1020", "ready")
    claimed = city.state_of("1018")
    await city.dial_code("8020", "*44")
    await city.sees_agent("1020", "off")

    assert claimed == "off"
