"""One connection to a switch that behaves badly."""

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from rexian.telephony.errors import ActionFailed, ActionTimeout, ChannelLost, LinkLost, LoginRefused
from rexian.telephony.events import HangupRequested, OriginateDone
from rexian.telephony.link import AmiAddress, LinkLimits
from rexian.telephony.switch import LegFields, Switch, connect
from terms.ids import ChannelId

if TYPE_CHECKING:
    from tests.rexian.telephony.conftest import Ears, FakeAmi

QUICK = LinkLimits(
    connect_s=0.3, action_s=0.6, ping_every_s=0.1, dead_after_s=0.3, tick_s=0.02, unsent_bytes=1 << 20
)
LEG: LegFields = {"context": "agent-leg", "exten": "s", "caller_id": "x", "timeout_s": 10, "variables": {}}


def message(**headers: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


@pytest.fixture
def complaints() -> Iterator[list[dict[str, Any]]]:
    """What asyncio would print: an error nobody looked at, a callback that failed."""
    seen: list[dict[str, Any]] = []
    loop = asyncio.get_event_loop_policy().get_event_loop()
    loop.set_exception_handler(lambda _, context: seen.append(context))
    yield seen
    gc.collect()
    assert seen == []


async def test_a_wrong_secret_is_refused(ami: "FakeAmi", ears: "Ears") -> None:
    wrong = AmiAddress(host="127.0.0.1", port=ami.address.port, user="engine", secret="wrong")

    with pytest.raises(LoginRefused, match="'engine'"):
        async with connect(wrong, ears, QUICK):
            pass


async def test_a_server_that_is_no_ami_is_told_so(ami: "FakeAmi", ears: "Ears") -> None:
    ami.greeting = b"220 mail.example ESMTP\r\n"

    with pytest.raises(LinkLost, match="no AMI"):
        async with connect(ami.address, ears, QUICK):
            pass


async def test_a_server_that_says_nothing_is_given_up(ami: "FakeAmi", ears: "Ears") -> None:
    ami.greeting = b""

    with pytest.raises(LinkLost, match="says nothing"):
        async with connect(ami.address, ears, QUICK):
            pass


async def test_nobody_is_let_in_before_the_switch_has_booted(ami: "FakeAmi", ears: "Ears") -> None:
    ami.boots = False

    async with asyncio.timeout(3):
        with pytest.raises(LinkLost):
            async with connect(ami.address, ears, QUICK):
                pytest.fail("not booted")


async def test_commands_arrive_in_the_order_of_the_calls(ami: "FakeAmi", switch: Switch) -> None:
    channel = ChannelId("1.1")

    for number in range(50):
        switch.agi(channel, f"GET VARIABLE V{number}")
        switch.setvar(channel, f"V{number}", "x")

    await ami.got("Setvar", nth=50)
    said = [
        each.get("Command") or each.get("Variable")
        for each in ami.actions
        if each["Action"] in ("AGI", "Setvar")
    ]
    assert said == [word for number in range(50) for word in (f"GET VARIABLE V{number}", f"V{number}")]


async def test_an_action_is_never_sent_again(ami: "FakeAmi", ears: "Ears") -> None:
    ami.replies["Originate"] = lambda _: b""
    async with connect(ami.address, ears, QUICK) as first:
        answer = first.originate("PJSIP/seat-1", ChannelId("leg-1"), **LEG)
        await ami.got("Originate")
        ami.cut()
        await first.lost
        with pytest.raises(LinkLost):
            await answer

    async with connect(ami.address, ears, QUICK) as second:
        await second.action("Ping")
        await second.setvar(None, "X", "1")

    assert ami.names() == ["Originate", "Setvar"]


async def test_an_action_without_an_answer_fails_in_time_and_its_late_answer_does_no_harm(
    ami: "FakeAmi", switch: Switch
) -> None:
    ami.replies["Setvar"] = lambda _: b""
    answer = switch.setvar(None, "X", "1")
    with pytest.raises(ActionTimeout, match="Setvar"):
        await answer

    ami.say(message(Response="Success", ActionID=(await ami.got("Setvar"))["ActionID"]))

    await switch.action("Ping")
    assert switch.dropped == {"answer to nothing": 1}


async def test_an_originate_response_is_a_fact_and_no_answer(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    channel = ChannelId("leg-1")
    ami.replies["Originate"] = lambda action: (
        message(
            Event="OriginateResponse",
            ActionID=action["ActionID"],
            Response="Failure",
            Reason="3",
            Uniqueid="<null>",
        )
        + message(Response="Success", ActionID=action["ActionID"], Message="Originate successfully queued")
    )

    answer = await switch.originate("PJSIP/seat-1", channel, **LEG)

    assert answer["Message"] == "Originate successfully queued"
    assert await ears.hear(OriginateDone) == OriginateDone(channel=channel, ok=False, reason=3)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("No such channel", ChannelLost),
        ("Channel 1.1 does not exist.", ChannelLost),
        ("Permission denied", ActionFailed),
        ("", ActionFailed),
    ],
)
async def test_a_refusal_says_whose_and_why(
    ami: "FakeAmi", switch: Switch, said: str, kind: type[ActionFailed]
) -> None:
    ami.replies["Hangup"] = lambda action: message(
        Response="Error", ActionID=action["ActionID"], Message=said
    )

    with pytest.raises(kind, match="Hangup: ") as refused:
        await switch.hangup(ChannelId("1.1"))

    assert type(refused.value) is kind


async def test_a_switch_that_falls_silent_is_given_up(ami: "FakeAmi", switch: Switch) -> None:
    under_way = switch.agi(ChannelId("1.1"), "STREAM FILE x")
    ami.speaks = False

    async with asyncio.timeout(1):
        why = await switch.lost

    assert "silent" in str(why)
    with pytest.raises(LinkLost):
        await under_way


async def test_a_quiet_switch_that_answers_pings_is_kept(ami: "FakeAmi", switch: Switch) -> None:
    for nth in range(1, 9):
        await ami.got("Ping", nth=nth)

    assert not switch.lost.done()


async def test_our_own_standstill_is_not_taken_for_the_switchs(ami: "FakeAmi", switch: Switch) -> None:
    until = time.monotonic() + 2 * QUICK.dead_after_s
    while time.monotonic() < until:
        pass  # this process is stopped, not the switch

    await ami.got("Ping", nth=2)
    assert not switch.lost.done()


async def test_a_switch_that_reads_nothing_is_given_up_before_memory_fills(
    ami: "FakeAmi", ears: "Ears"
) -> None:
    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ami.greeting)
        await asyncio.Event().wait()

    async with connect(ami.address, ears, QUICK) as switch:
        reader = ami._writers[-1].transport
        assert isinstance(reader, asyncio.Transport)
        reader.pause_reading()
        value = "x" * 900
        with contextlib.suppress(LinkLost):
            for _ in range(20000):
                switch.setvar(None, "X", value)
                if switch.lost.done():
                    break

        assert "no longer reads" in str(switch.lost.result())


async def test_the_switch_closing_is_noticed_at_once(ami: "FakeAmi", switch: Switch) -> None:
    ami.cut()

    async with asyncio.timeout(0.2):
        await switch.lost


async def test_after_the_end_every_command_fails_the_same_way(ami: "FakeAmi", switch: Switch) -> None:
    ami.cut()
    await switch.lost

    for late in (
        switch.agi(ChannelId("1.1"), "ANSWER"),
        switch.expect(ChannelId("1.1"), "x"),
        switch.setvar(None, "X", "1"),
        switch.hangup(ChannelId("1.1")),
        switch.originate("PJSIP/x", ChannelId("leg"), **LEG),
    ):
        with pytest.raises(LinkLost):
            await late
    with pytest.raises(LinkLost):
        await switch.live_channels()


async def test_a_list_of_another_length_than_promised_is_counted(ami: "FakeAmi", switch: Switch) -> None:
    ami.replies["DeviceStateList"] = lambda action: (
        message(Response="Success", ActionID=action["ActionID"], EventList="start")
        + message(Event="DeviceStateChange", ActionID=action["ActionID"], Device="PJSIP/a", State="NOT_INUSE")
        + message(
            Event="DeviceStateListComplete", ActionID=action["ActionID"], EventList="Complete", ListItems="2"
        )
    )

    assert await switch.phones() == {"a": True}

    assert switch.dropped == {"list of another length": 1}


async def test_facts_that_came_with_the_log_in_are_not_lost(ami: "FakeAmi", ears: "Ears") -> None:
    ami.replies["Login"] = lambda action: (
        message(Response="Success", ActionID=action["ActionID"])
        + message(Event="HangupRequest", Uniqueid="1.1", Cause="16")
        + message(Event="FullyBooted")
        + message(Event="HangupRequest", Uniqueid="1.2", Cause="16")
    )

    async with connect(ami.address, ears, QUICK):
        assert ears.heard == [], "not before the engine has its switch in hand"
        await ears.hear(HangupRequested, nth=2)

    assert [event.channel for event in ears.heard if isinstance(event, HangupRequested)] == ["1.1", "1.2"]


async def test_outcomes_that_nobody_looks_at_are_not_complained_about(
    ami: "FakeAmi", switch: Switch, complaints: list[dict[str, Any]]
) -> None:
    ami.replies["Setvar"] = lambda action: message(Response="Error", ActionID=action["ActionID"], Message="x")
    switch.setvar(None, "X", "1")
    switch.agi(ChannelId("1.1"), "STREAM FILE x")
    cancelled = switch.agi(ChannelId("1.1"), "STREAM FILE y")
    cancelled.cancel()
    await ami.got("AGI", nth=2)
    await switch.action("Ping")
    ami.cut()
    await switch.lost
    gc.collect()
    assert complaints == []


async def test_a_secret_is_not_shown() -> None:
    assert "right" not in repr(AmiAddress(host="h", port=1, user="engine", secret="right"))
