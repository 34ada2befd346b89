"""A phone does what phones do, and remembers it; here against another one, without a switch."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from simulators.milestone import CallOver
from simulators.phone import (
    Account,
    CallRefused,
    NoAnswer,
    NotInTime,
    Phone,
    PhoneError,
    PickUp,
    Refuse,
    RegistrationRefused,
    StayMute,
)
from simulators.phone_line import Line
from simulators.registrar import Registrar
from simulators.sip_dialog import Dialog

if TYPE_CHECKING:
    from simulators.incoming_call import IncomingCall
    from simulators.outgoing_call import OutgoingCall


@pytest_asyncio.fixture
async def probe() -> AsyncIterator[Line]:
    """A switch's line, without a switch."""
    line = Line(Account(server=("127.0.0.1", 9), user="switch"), lambda _: None)
    yield line
    line.close()


async def talking(citizen: Phone, seat: Phone) -> "tuple[OutgoingCall, IncomingCall]":
    call = await citizen.dial("12345")
    ringing = await seat.ringing()
    await ringing.answer()
    await call.answered()
    return call, ringing


async def test_a_call_rings_is_answered_and_both_hear_each_other(citizen: Phone, seat: Phone) -> None:
    call = await citizen.dial("12345")
    ringing = await seat.ringing()
    await call.ringing()
    await ringing.answer()
    await call.answered()

    assert ringing.number == "13900001234"
    assert await call.hears(1200)
    assert await ringing.hears(2250)


async def test_sound_goes_out_every_20_ms(citizen: Phone, seat: Phone) -> None:
    call, _ = await talking(citizen, seat)

    since = await call.listens(1.0)

    assert call.hearing.gaps_over(40, since=since) == []
    assert call.media.lost == 0
    assert call.hearing.heard(since) == {1200}


@pytest.mark.parametrize("tone_ms", [40, 100])
async def test_keys_arrive_each_once_and_in_order(citizen: Phone, seat: Phone, tone_ms: int) -> None:
    call, ringing = await talking(citizen, seat)

    await call.press("1122*#0", tone_ms=tone_ms, pause_ms=40)

    assert ringing.hearing.keys == "1122*#0"


async def test_a_key_that_no_phone_has_is_refused(citizen: Phone, seat: Phone) -> None:
    call, _ = await talking(citizen, seat)

    with pytest.raises(ValueError, match="no phone has a key 'x'"):
        await call.press("x")


async def test_the_caller_hangs_up_and_the_other_side_knows(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)

    await call.hang_up()

    assert (await call.ended()).by_us
    theirs = await ringing.ended()
    assert (theirs.by_us, theirs.how) == (False, "BYE")


async def test_the_called_hangs_up_and_the_caller_knows(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)

    await ringing.hang_up()

    assert (await call.ended()).how == "BYE"
    assert not (await call.ended()).by_us


async def test_a_caller_who_gives_up_stops_the_ringing(citizen: Phone, seat: Phone) -> None:
    call = await citizen.dial("12345")
    ringing = await seat.ringing()

    await call.hang_up()

    assert (await ringing.ended()).how == "CANCEL"
    assert (await call.ended()).status == 487
    with pytest.raises(CallOver):
        await ringing.answer()


@pytest.mark.parametrize("status", [480, 486, 603])
async def test_a_phone_that_refuses_says_why(citizen: Phone, seat: Phone, status: int) -> None:
    seat.on_call = Refuse(status)

    call = await citizen.dial("12345")

    with pytest.raises(CallRefused, match=f"got {status}") as refused:
        await call.answered()
    assert refused.value.status == status


async def test_a_phone_may_pick_up_by_itself(citizen: Phone, seat: Phone) -> None:
    seat.on_call = PickUp(after_s=0.1)

    call = await citizen.dial("12345")
    await call.answered()

    assert call.rang.reached


async def test_a_phone_that_hangs_says_nothing(citizen: Phone, seat: Phone) -> None:
    seat.on_call = StayMute()

    call = await citizen.dial("12345")

    with pytest.raises(NotInTime, match=r"13900001234.*was not answered(?s:.*)-> INVITE"):
        await call.answered(within_s=0.2)
    assert not call.rang.reached
    citizen.die()


async def test_hold_stops_the_sound_and_unhold_brings_it_back(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)
    await ringing.hold()

    with pytest.raises(NotInTime, match="brought no 1200 Hz"):
        await call.hears(1200, within_s=0.2)
    await ringing.unhold()

    assert await call.hears(1200)
    assert await ringing.hears(2250)


async def test_a_phone_that_dies_says_goodbye_to_nobody(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)

    seat.die()

    assert (await ringing.ended()).how == "died"
    assert not call.over.reached
    assert not seat.log.all("BYE", sent=True)
    citizen.die()


async def test_hanging_up_on_the_dead_ends_the_call_all_the_same(citizen: Phone, seat: Phone) -> None:
    call, _ = await talking(citizen, seat)
    seat.die()

    farewell = asyncio.ensure_future(call.hang_up())

    assert (await call.ended()).how == "BYE"
    citizen.die()
    await farewell


async def test_what_is_pending_when_a_phone_dies_fails(citizen: Phone, seat: Phone) -> None:
    call, _ = await talking(citizen, seat)
    press = asyncio.ensure_future(call.press("123456789"))
    seat.die()
    hold = asyncio.ensure_future(call.hold())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await asyncio.shield(hold)

    citizen.die()

    with pytest.raises(ConnectionError, match="before the key was sent"):
        await press
    with pytest.raises(NoAnswer):
        await hold


async def test_the_log_is_a_witness_of_both_ends(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)
    await call.hang_up()

    sent = citizen.log.first("INVITE", sent=True, call=call.id)
    received = seat.log.first("INVITE", sent=False, call=ringing.id)
    answered = citizen.log.first("200 INVITE", sent=False, call=call.id)
    assert sent is not None
    assert received is not None
    assert answered == call.answered_at
    assert 0 <= received - sent < 100_000
    assert seat.log.all("BYE", sent=False) == [ringing.ended_at]


async def test_a_dead_phone_can_do_nothing_more(citizen: Phone, seat: Phone) -> None:
    call, ringing = await talking(citizen, seat)
    citizen.die()

    await call.hang_up()

    with pytest.raises(NoAnswer, match="the phone is dead"):
        await citizen.dial("12345")
    assert not ringing.over.reached
    seat.die()


async def test_options_are_answered_unless_told_otherwise(probe: Line, seat: Phone) -> None:
    dialog = Dialog.to(probe, "x", "probe", "t")

    first = await probe.ask(dialog.request(probe, "OPTIONS"), seat.address)
    seat.answers_options = False
    unanswered = probe.start(dialog.request(probe, "OPTIONS"), seat.address)

    assert first.answer.result().status == 200
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.shield(unanswered.answer)


async def test_registering_answers_the_challenge_and_leaving_takes_it_back(registrar: Registrar) -> None:
    account = Account(server=registrar.address, user="seat-1", password="right")

    async with Phone(account) as phone:
        await phone.register(expires_s=120)
        assert len(registrar.bindings) == 1

    assert [binding.rpartition("=")[2] for binding in registrar.bindings] == ["120", "0"]


async def test_a_wrong_password_is_told(registrar: Registrar) -> None:
    async with Phone(Account(server=registrar.address, user="seat-1", password="wrong")) as phone:
        with pytest.raises(RegistrationRefused, match="REGISTER of seat-1 got 401"):
            await phone.register()


async def test_a_phone_without_power_says_how_to_switch_it_on() -> None:
    phone = Phone(Account(server=("127.0.0.1", 9), user="x"))

    with pytest.raises(PhoneError, match=r"async with Phone"):
        await phone.dial("12345")
