"""A call through the dialplan and the adapter, on a real Asterisk with real phones."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from rexian.telephony.agi import AgiResult
from rexian.telephony.errors import ActionFailed, BadValue, ChannelLost
from rexian.telephony.events import (
    AgiEnded,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    ChannelGone,
    ChannelInAgi,
    CommandDone,
    HangupRequested,
    Held,
    KeyPressed,
    LegDialEnded,
    LegRinging,
    PhoneStatus,
    Unheld,
)
from rexian.telephony.switch import LegFields, Switch
from simulators.phone import CallRefused
from terms.ids import ChannelId

if TYPE_CHECKING:
    from tests.real.conftest import Rig
    from tests.real.telephony.conftest import Ears

pytestmark = pytest.mark.real

LEG: LegFields = {
    "context": "agent-leg",
    "exten": "s",
    "caller_id": '"张三" <13912345678>',
    "timeout_s": 10,
    "variables": {"REXIAN_LEG": "1|call|offer"},
}


async def test_caller_and_agent_talk_and_each_fact_is_told(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    leg = ChannelId("leg-of-the-talk")
    async with (
        asterisk.citizen("13912345678", tone_hz=700) as li,
        asterisk.phone("8001", tone_hz=1050) as wang,
    ):
        await wang.register()
        await ears.hear(PhoneStatus, endpoint=asterisk.endpoint("8001"), reachable=True)
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi, context="from-trunk", dnis="12345")).channel
        switch.agi(caller, "SET MUSIC ON")

        await switch.originate(f"PJSIP/{asterisk.endpoint('8001')}", leg, **LEG)
        phone = await wang.ringing()
        await ears.hear(LegRinging, channel=leg)
        await phone.answer()
        await ears.hear(LegDialEnded, channel=leg, status="ANSWER")
        at_phone = await ears.hear(ChannelInAgi, channel=leg, leg_var="1|call|offer")
        switch.setvar(leg, "TIMEOUT(absolute)", "0")
        switch.agi(caller, "SET MUSIC OFF")
        talk = switch.agi(caller, f"EXEC Bridge {at_phone.name}")
        await ears.hear(BridgeEntered, channel=caller)
        await call.hears(1050)
        await phone.hears(700)
        await phone.hold()
        await ears.hear(Held, channel=leg)
        await phone.unhold()
        await ears.hear(Unheld, channel=leg)
        await phone.hang_up()

        await ears.hear(HangupRequested, channel=leg)
        await ears.hear(BridgeLeft, channel=caller)
        gone = await ears.hear(ChannelGone, channel=leg)
        assert gone.cause == 16
        assert (await talk).code == 0
        assert await switch.getvar(caller, "BRIDGERESULT") == "SUCCESS"
        switch.agi(caller, "HANGUP")
        await ears.hear(AgiEnded, channel=caller)
        await ears.hear(ChannelGone, channel=caller, cause=16)
        await call.ended()
    assert sum(switch.dropped.values()) == 0


async def test_a_phones_blind_transfer_brings_the_caller_back_to_the_engine(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    leg = ChannelId("leg-that-transfers")
    async with asterisk.citizen("13912345678") as li, asterisk.phone("8001") as wang:
        await wang.register()
        await ears.hear(PhoneStatus)
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi, context="from-trunk")).channel
        await call.answered()
        switch.originate(f"PJSIP/{asterisk.endpoint('8001')}", leg, **LEG)
        phone = await wang.ringing()
        await phone.answer()
        switch.agi(caller, f"EXEC Bridge {(await ears.hear(ChannelInAgi, channel=leg)).name}")
        await ears.hear(BridgeEntered, channel=caller)

        assert await phone.transfer("110") < 300

        told = await ears.hear(BlindTransferred, ok=True)
        assert (told.transferer, told.transferee, told.exten) == (leg, caller, "110")
        back = await ears.hear(ChannelInAgi, channel=caller)
        assert (back.context, back.exten, back.dnis) == ("xfer", "110", "")
        assert (await switch.agi(caller, "GET VARIABLE CALLERID(num)")).data == "13912345678"
        await call.hang_up()
        await ears.hear(ChannelGone, channel=caller)


async def test_a_caller_who_hangs_up_ends_every_command_under_way(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        prompt = switch.agi(caller, 'STREAM FILE g.notice ""')
        behind = switch.agi(caller, "GET VARIABLE X")
        await call.answered()

        await call.hang_up()

        await ears.hear(HangupRequested, channel=caller)
        await ears.hear(ChannelGone, channel=caller)
        for outcome in await asyncio.gather(prompt, behind, return_exceptions=True):
            assert isinstance(outcome, ChannelLost) or (isinstance(outcome, AgiResult) and outcome.code == -1)
        for late in (
            switch.agi(caller, "ANSWER"),
            switch.hangup(caller),
            switch.setvar(caller, "X", "1"),
            switch.stop_playback(caller),
        ):
            with pytest.raises(ChannelLost):
                await late


async def test_a_prompt_is_cut_within_a_few_milliseconds(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        await call.answered()
        prompt = switch.agi(caller, 'STREAM FILE g.notice ""')
        await call.listens(0.3)

        await switch.stop_playback(caller)

        async with asyncio.timeout(0.2):
            assert (await prompt).code == 0
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_every_key_is_heard_also_those_no_command_waits_for(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        await call.answered()

        await call.press("17*#")

        for digit in "17*#":
            assert (await ears.hear(KeyPressed, channel=caller)).digit == digit
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_digits_keep_their_leading_zeros(asterisk: "Rig", switch: Switch, ears: "Ears") -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        await call.answered()
        digits = switch.agi(caller, "GET DATA g.notice 2000 4")
        await call.press("0042")

        result = await digits

        assert (result.value, result.code, result.timed_out) == ("0042", 42, False)
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_another_engine_can_wait_for_a_command_it_did_not_send(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        waiting = switch.expect(caller, "from-the-engine-before")

        await switch.action(
            "AGI", {"Channel": caller, "Command": "GET VARIABLE X", "CommandID": "from-the-engine-before"}
        )

        assert (await waiting).status == 200
        await ears.hear(CommandDone, command="from-the-engine-before")
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_an_agents_leg_that_nobody_bridges_ends_by_itself(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    leg = ChannelId("leg-left-alone")
    async with asterisk.phone("8002") as phone:
        await phone.register()
        await ears.hear(PhoneStatus)
        switch.originate(f"PJSIP/{asterisk.endpoint('8002')}", leg, **LEG)
        await (await phone.ringing()).answer()
        await ears.hear(ChannelInAgi, channel=leg)

        assert 13 < float(await switch.getvar(leg, "TIMEOUT(absolute)")) <= 15
        await switch.setvar(leg, "TIMEOUT(absolute)", "1")

        await ears.hear(ChannelGone, channel=leg)


@pytest.mark.parametrize(("status", "cause"), [(486, 17), (603, 21), (480, 19), (404, 1)])
async def test_a_phone_that_refuses_says_why(
    asterisk: "Rig", switch: Switch, ears: "Ears", status: int, cause: int
) -> None:
    leg = ChannelId(f"leg-refused-{status}")
    async with asterisk.phone("8003") as phone:
        await phone.register()
        await ears.hear(PhoneStatus)
        switch.originate(f"PJSIP/{asterisk.endpoint('8003')}", leg, **LEG)

        (await phone.ringing()).refuse(status)

        gone = await ears.hear(ChannelGone, channel=leg)
        assert (gone.cause, gone.tech_cause) == (cause, str(status))


async def test_a_leg_is_withdrawn_and_the_phone_stops_ringing(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    leg = ChannelId("leg-withdrawn")
    async with asterisk.phone("8004") as phone:
        await phone.register()
        await ears.hear(PhoneStatus)
        switch.originate(f"PJSIP/{asterisk.endpoint('8004')}", leg, **LEG)
        ringing = await phone.ringing()

        switch.hangup(leg)

        await ears.hear(ChannelGone, channel=leg)
        await ringing.ended(within_s=1)


async def test_a_phone_that_stops_answering_is_reported_lost_and_found_again(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    endpoint = asterisk.endpoint("8005")
    async with asterisk.phone("8005") as phone:
        await phone.register()
        await ears.hear(PhoneStatus, endpoint=endpoint, reachable=True)
        assert (await switch.phones())[endpoint]

        phone.answers_options = False

        every_s, patience_s = asterisk.house.plan.qualify_every_s, 2
        await ears.hear(PhoneStatus, endpoint=endpoint, reachable=False, within_s=every_s + patience_s + 1)
        assert not (await switch.phones())[endpoint]
        phone.answers_options = True
        await ears.hear(PhoneStatus, endpoint=endpoint, reachable=True, within_s=every_s + patience_s + 1)


@pytest.mark.parametrize("number", ["110", "12346", "1234", "0013912345678", "s", "h", "8001", "%2A40"])
async def test_a_number_that_is_not_ours_does_not_exist(
    asterisk: "Rig", switch: Switch, ears: "Ears", number: str
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial(number)

        with pytest.raises(CallRefused, match="404"):
            await call.answered()

    assert await switch.live_channels() == []
    assert not any(isinstance(fact, ChannelInAgi) for fact in ears.heard)


@pytest.mark.parametrize("number", ["110", "8001", "*40", "13912345678"])
async def test_a_citizens_softphone_reaches_the_hotline_and_nothing_else(
    asterisk: "Rig", switch: Switch, ears: "Ears", number: str
) -> None:
    async with asterisk.phone("9001") as softphone:
        await softphone.register()
        with pytest.raises(CallRefused, match="404"):
            await (await softphone.dial(number)).answered()

        call = await softphone.dial("12345")

        started = await ears.hear(ChannelInAgi)
        assert (started.context, started.ani, started.dnis) == ("from-citizens", "9001", "12345")
        await call.answered()
        await call.hang_up()
        await ears.hear(ChannelGone)


@pytest.mark.parametrize("dialled", ["*40", "*411001", "12345", "0013912345678", "7"])
async def test_whatever_a_seat_dials_goes_to_the_engine_under_the_seats_number(
    asterisk: "Rig", switch: Switch, ears: "Ears", dialled: str
) -> None:
    async with asterisk.phone("8006") as phone:
        await phone.register()
        call = await phone.dial(dialled, {"P-Asserted-Identity": "<sip:8001@127.0.0.1>"})

        started = await ears.hear(ChannelInAgi)

        assert (started.context, started.exten, started.ani) == ("from-seats", dialled, "8006")
        await call.answered()
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_a_value_that_would_begin_a_line_of_its_own_is_not_sent_and_the_call_goes_on(
    asterisk: "Rig", switch: Switch, ears: "Ears"
) -> None:
    async with asterisk.citizen("13912345678") as li:
        call = await li.dial("12345")
        caller = (await ears.hear(ChannelInAgi)).channel
        await call.answered()

        with pytest.raises(BadValue, match="Value"):
            switch.setvar(caller, "REXIAN_STATE", "x\r\nAction: Hangup")
        with pytest.raises(BadValue, match="1000"):
            switch.setvar(caller, "REXIAN_STATE", "字" * 340)

        text = "热线|" + "字" * 300
        await switch.setvar(caller, "REXIAN_STATE", text)
        (seen,) = await switch.live_channels()
        assert seen.state_var == text
        await call.hang_up()
        await ears.hear(ChannelGone)


async def test_an_action_nobody_knows_is_an_error_and_harms_nothing(switch: Switch) -> None:
    with pytest.raises(ActionFailed, match="Nonsense"):
        await switch.action("Nonsense")
    assert (await switch.action("Ping"))["Ping"] == "Pong"
