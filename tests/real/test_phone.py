"""The Python phone against a real switch: what later tests prove by it must first be true of it.

Calls are connected by hand here, command by command, so that a failure is the phone's own.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from rexian.telephony.events import (
    BlindTransferred,
    ChannelGone,
    ChannelInAgi,
    KeyPressed,
    PhoneStatus,
    SwitchEvent,
)
from rexian.telephony.switch import Switch, connect
from simulators import alaw
from simulators.milestone import NotInTime
from simulators.phone import CallRefused, Phone, Refuse, RegistrationRefused, StayMute
from terms.ids import ChannelId
from terms.instant import SECOND, Instant, seconds_between

if TYPE_CHECKING:
    from simulators.incoming_call import IncomingCall
    from simulators.outgoing_call import OutgoingCall
    from tests.real.conftest import Rig

pytestmark = pytest.mark.real

SEAT_HZ, CITIZEN_HZ, OTHER_SEAT_HZ = 1200, 2250, 1250
NUMBER = "13900001234"
PROMPT = Path(__file__).parents[2] / "asterisk-config" / "sounds" / "zh" / "bye.wav"

Kind = TypeVar("Kind")


class Operator:
    """Connects calls by hand."""

    def __init__(self, rig: "Rig") -> None:
        self.rig = rig
        self.switch: Switch
        self._facts: asyncio.Queue[SwitchEvent] = asyncio.Queue()
        self._legs = count()

    def hear(self, event: SwitchEvent) -> None:
        self._facts.put_nowait(event)

    async def next(self, kind: type[Kind], **fields: object) -> Kind:
        """The next fact of this kind with these fields; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                fact = await self._facts.get()
                if isinstance(fact, kind) and all(
                    getattr(fact, name) == value for name, value in fields.items()
                ):
                    return fact

    async def cdr_row(self, channel: ChannelId) -> list[str]:
        """What the switch itself wrote down of a channel; it does so a moment after its end."""
        async with asyncio.timeout(5):
            while True:
                for row in self.rig.cdr_rows():
                    if row[0] == channel:
                        return row
                await self.switch.getvar(None, "EPOCH")

    def ring(self, extension: str) -> ChannelId:
        """Lets a seat ring, as the engine does."""
        channel = ChannelId(f"operator-{id(self)}-{next(self._legs)}")
        self.switch.originate(
            f"PJSIP/{self.rig.endpoint(extension)}",
            channel,
            context="agent-leg",
            exten="s",
            caller_id=f'"市民" <{NUMBER}>',
            timeout_s=10,
            variables={"TRANSFER_CONTEXT": "xfer"},
        )
        return channel

    async def take(self, citizen: Phone) -> "tuple[OutgoingCall, ChannelInAgi]":
        """A citizen's call, answered and waiting in AsyncAGI."""
        call = await citizen.dial("12345")
        channel = await self.next(ChannelInAgi)
        await call.answered()
        return call, channel

    async def connect(self, citizen: Phone, seat: Phone) -> "tuple[OutgoingCall, IncomingCall, ChannelInAgi]":
        """A citizen and a seat in one talk."""
        call, channel = await self.take(citizen)
        self.ring(seat.account.extension)
        ringing = await seat.ringing()
        await ringing.answer()
        leg = await self.next(ChannelInAgi)
        self.switch.agi(channel.channel, f"EXEC Bridge {leg.name}")
        return call, ringing, channel


def seconds_of(at: Instant | None) -> float:
    assert at is not None
    return at / SECOND


@pytest.fixture
async def operator(asterisk: "Rig") -> AsyncIterator[Operator]:
    """Sits at the switchboard."""
    operator = Operator(asterisk)
    async with connect(asterisk.ami("engine"), operator.hear) as operator.switch:
        await asterisk.believe_in_engine(operator.switch)
        yield operator


@pytest.fixture
async def citizen(asterisk: "Rig") -> AsyncIterator[Phone]:
    """A citizen on the trunk."""
    async with asterisk.citizen(NUMBER, tone_hz=CITIZEN_HZ) as phone:
        yield phone


@pytest.fixture
async def seat(asterisk: "Rig", operator: Operator) -> AsyncIterator[Phone]:
    """The phone of seat 8001, registered."""
    async with asterisk.phone("8001", tone_hz=SEAT_HZ) as phone:
        await phone.register()
        yield phone


async def test_a_citizen_hears_themself_in_the_echo_without_a_gap(operator: Operator, citizen: Phone) -> None:
    call, channel = await operator.take(citizen)
    operator.switch.agi(channel.channel, "EXEC Echo")
    await call.hears(CITIZEN_HZ)

    since = await call.listens(1.0)

    assert call.hearing.heard(since) == {CITIZEN_HZ}
    assert call.hearing.loudness(since) == pytest.approx(-12, abs=0.5)
    assert call.hearing.gaps_over(60, since=since) == []
    await call.hang_up()


async def test_two_parties_of_a_talk_hear_each_other_and_not_themselves(
    operator: Operator, citizen: Phone, seat: Phone
) -> None:
    call, ringing, _ = await operator.connect(citizen, seat)
    await asyncio.gather(call.hears(SEAT_HZ), ringing.hears(CITIZEN_HZ))

    since = await call.listens(0.5)

    assert (ringing.number, ringing.display) == (NUMBER, "市民")
    assert call.hearing.heard(since) == {SEAT_HZ}
    assert ringing.hearing.heard(since) == {CITIZEN_HZ}
    await call.hang_up()


async def test_a_held_citizen_hears_music_and_then_the_agent_again(
    operator: Operator, citizen: Phone, seat: Phone
) -> None:
    call, ringing, _ = await operator.connect(citizen, seat)
    await call.hears(SEAT_HZ)

    await ringing.hold()
    since = await call.listens(1.0)
    music = call.hearing.loudness(since)
    seat_in_music = SEAT_HZ in call.hearing.heard(call.hearing.last_ms(500))
    await ringing.unhold()

    assert music > -40
    assert not seat_in_music
    await asyncio.gather(call.hears(SEAT_HZ), ringing.hears(CITIZEN_HZ))
    await call.hang_up()


@pytest.mark.parametrize("tone_ms", [40, 100])
async def test_keys_of_a_citizen_reach_a_menu_each_once(
    operator: Operator, citizen: Phone, tone_ms: int
) -> None:
    call, channel = await operator.take(citizen)
    menu = operator.switch.agi(channel.channel, "GET DATA g.notice 3000 6")

    await call.press("1172*0", tone_ms=tone_ms, pause_ms=60)

    assert (await menu).value == "1172*0"
    await call.hang_up()


async def test_keys_outside_a_menu_are_told_each_once(operator: Operator, citizen: Phone) -> None:
    # Shorter than 80 ms the switch tells of some keys twice (DTMFEnd, 22.10.1): no phone sends such.
    call, _ = await operator.take(citizen)

    await call.press("1172*0", tone_ms=100, pause_ms=100)

    assert [(await operator.next(KeyPressed)).digit for _ in "1172*0"] == list("1172*0")
    await call.hang_up()


async def test_keys_pass_through_a_talk_both_ways(operator: Operator, citizen: Phone, seat: Phone) -> None:
    call, ringing, _ = await operator.connect(citizen, seat)
    await asyncio.gather(call.hears(SEAT_HZ), ringing.hears(CITIZEN_HZ))

    await asyncio.gather(call.press("159"), ringing.press("0#"))

    assert ringing.hearing.keys == "159"
    assert call.hearing.keys == "0#"
    await call.hang_up()


async def test_a_prompt_is_recognised_as_often_as_it_was_played(operator: Operator, citizen: Phone) -> None:
    prompt = alaw.read_wav(PROMPT)
    call, channel = await operator.take(citizen)

    for _ in range(2):
        await operator.switch.agi(channel.channel, 'STREAM FILE bye ""')

    begun = call.hearing.times_played(prompt)
    assert len(begun) == 2
    assert seconds_between(*begun) == pytest.approx(len(prompt) / alaw.RATE, abs=0.2)
    await call.hang_up()


@pytest.mark.parametrize(("status", "cause"), [(486, 17), (603, 21), (480, 19)])
async def test_a_seat_that_refuses_is_seen_to_refuse(
    operator: Operator, seat: Phone, status: int, cause: int
) -> None:
    seat.on_call = Refuse(status)

    channel = operator.ring("8001")

    gone = await operator.next(ChannelGone, channel=channel)
    assert (gone.cause, gone.tech_cause) == (cause, str(status))


async def test_a_withdrawn_call_stops_ringing_at_once(operator: Operator, seat: Phone) -> None:
    channel = operator.ring("8001")
    ringing = await seat.ringing()

    await operator.switch.hangup(channel)

    ending = await ringing.ended()
    assert (ending.how, ending.by_us) == ("CANCEL", False)


async def test_a_mute_phone_is_given_up_by_the_caller(operator: Operator, seat: Phone) -> None:
    seat.on_call = StayMute()
    channel = operator.ring("8001")
    with pytest.raises(NotInTime):
        await seat.ringing(within_s=0.5)

    await operator.switch.hangup(channel)

    await operator.next(ChannelGone, channel=channel)
    assert not seat.log.all("180 INVITE", sent=True)


async def test_a_blind_transfer_moves_the_citizen_and_frees_the_phone(
    operator: Operator, citizen: Phone, seat: Phone
) -> None:
    call, ringing, channel = await operator.connect(citizen, seat)
    await call.hears(SEAT_HZ)

    assert await ringing.transfer("8002") == 200

    moved = await operator.next(BlindTransferred)
    assert (moved.transferee, moved.exten) == (channel.channel, "8002")
    assert (await ringing.ended()).how == "BYE"
    assert not call.over.reached
    await call.hang_up()


async def test_an_attended_transfer_joins_the_citizen_with_the_colleague(
    operator: Operator, citizen: Phone, seat: Phone
) -> None:
    async with operator.rig.phone("8002", tone_hz=OTHER_SEAT_HZ) as colleague:
        await colleague.register()
        call, ringing, _ = await operator.connect(citizen, seat)
        await ringing.hold()
        consultation = await seat.dial("8002")
        from_seat = await operator.next(ChannelInAgi)
        operator.ring("8002")
        other = await colleague.ringing()
        await other.answer()
        leg = await operator.next(ChannelInAgi)
        operator.switch.agi(from_seat.channel, f"EXEC Bridge {leg.name}")
        await consultation.hears(OTHER_SEAT_HZ)

        assert await ringing.transfer_to(consultation) == 200

        await asyncio.gather(call.hears(OTHER_SEAT_HZ), other.hears(CITIZEN_HZ))
        assert (await ringing.ended()).how == "BYE"
        await consultation.ended()
        await call.hang_up()


async def test_registering_and_leaving_is_seen_by_the_switch(operator: Operator, asterisk: "Rig") -> None:
    endpoint = asterisk.endpoint("8003")
    async with asterisk.phone("8003") as phone:
        await phone.register()
        assert await operator.next(PhoneStatus, endpoint=endpoint, reachable=True)

        await phone.unregister()

        assert await operator.next(PhoneStatus, endpoint=endpoint, reachable=False)


async def test_a_phone_that_died_is_found_out_by_probes(operator: Operator, asterisk: "Rig") -> None:
    endpoint = asterisk.endpoint("8004")
    async with asterisk.phone("8004") as phone:
        await phone.register()
        await operator.next(PhoneStatus, endpoint=endpoint, reachable=True)

        phone.die()

        assert await operator.next(PhoneStatus, endpoint=endpoint, reachable=False)


async def test_a_wrong_password_is_refused(asterisk: "Rig") -> None:
    async with asterisk.phone("8005") as right:
        account = replace(right.account, password="wrong")
    async with Phone(account) as wrong:
        with pytest.raises(RegistrationRefused, match="got 401"):
            await wrong.register()


async def test_a_number_that_does_not_exist_is_refused(citizen: Phone) -> None:
    call = await citizen.dial("110")

    with pytest.raises(CallRefused, match="got 404"):
        await call.answered()


async def test_the_phones_log_and_the_switchs_own_record_agree(asterisk: "Rig", operator: Operator) -> None:
    async with asterisk.citizen("13900009999") as citizen:
        call, channel = await operator.take(citizen)
        operator.switch.agi(channel.channel, "EXEC Echo")
        await call.listens(0.5)
        await call.hang_up()
        await operator.next(ChannelGone, channel=channel.channel)

    row = await operator.cdr_row(channel.channel)

    answered, ended = float(row[3]), float(row[4])
    assert row[7] == "13900009999"
    assert seconds_of(call.answered_at) == pytest.approx(answered, abs=0.05)
    assert seconds_of(call.ended_at) == pytest.approx(ended, abs=0.05)
