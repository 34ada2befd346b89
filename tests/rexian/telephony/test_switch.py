"""Commands and facts of channels, against a fake switch."""

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from rexian.telephony import switch as switch_module
from rexian.telephony.errors import ActionFailed, BadValue, ChannelLost
from rexian.telephony.events import (
    ChannelGone,
    ChannelInAgi,
    CommandDone,
    HangupRequested,
    OriginateDone,
    PhoneStatus,
)
from rexian.telephony.link import LinkLimits
from rexian.telephony.switch import Switch, connect
from terms.ids import ChannelId

if TYPE_CHECKING:
    from tests.rexian.telephony.conftest import Ears, FakeAmi

CHANNEL = ChannelId("1700000000.1")


def message(**headers: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


def done(ami: "FakeAmi", command: str, result: str, channel: str = CHANNEL) -> None:
    ami.event("AsyncAGIExec", Uniqueid=channel, CommandId=command, Result=quote(result))


def no_such_channel(action: dict[str, str]) -> bytes:
    return message(Response="Error", ActionID=action["ActionID"], Message="No such channel")


def it_lives(action: dict[str, str]) -> bytes:
    common = {"ActionID": action["ActionID"]}
    return (
        message(Response="Success", EventList="start", **common)
        + message(Event="Status", Uniqueid=CHANNEL, **common)
        + message(Event="StatusComplete", EventList="Complete", ListItems="1", **common)
    )


async def test_each_result_finds_its_command_also_out_of_order(ami: "FakeAmi", switch: Switch) -> None:
    first, second = switch.agi(CHANNEL, "STREAM FILE a"), switch.agi(CHANNEL, "GET DATA b 3000 1")
    await ami.got("AGI", nth=2)

    done(ami, second.command_id, "200 result=7\n")
    done(ami, first.command_id, "200 result=0 endpos=800\n")

    assert (await first).endpos == 800
    assert (await second).value == "7"


async def test_a_result_that_nobody_waits_for_is_still_told(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    done(ami, "of-the-engine-before", "200 result=1 (张三)\n")

    told = await ears.hear(CommandDone)

    assert (told.command, told.result.data) == ("of-the-engine-before", "张三")


async def test_a_command_of_the_engine_before_can_be_waited_for(ami: "FakeAmi", switch: Switch) -> None:
    waiting = switch.expect(CHANNEL, "of-the-engine-before")

    done(ami, "of-the-engine-before", "200 result=0\n")

    assert (await waiting).code == 0


async def test_an_id_of_ones_own_choice_is_sent_and_kept(ami: "FakeAmi", switch: Switch) -> None:
    command = switch.agi(CHANNEL, "ANSWER", command_id="call-7.answer")

    assert (await ami.got("AGI"))["CommandID"] == command.command_id == "call-7.answer"


async def test_ids_of_two_connections_differ(ami: "FakeAmi", switch: Switch, ears: "Ears") -> None:
    async with connect(ami.address, ears) as other:
        assert switch.agi(CHANNEL, "ANSWER").command_id != other.agi(CHANNEL, "ANSWER").command_id


async def test_a_command_to_a_channel_that_is_not_there_fails(ami: "FakeAmi", switch: Switch) -> None:
    ami.replies["AGI"] = lambda action: message(
        Response="Error", ActionID=action["ActionID"], Message=f"Channel {CHANNEL} does not exist."
    )

    with pytest.raises(ChannelLost):
        await switch.agi(CHANNEL, "ANSWER")


async def test_the_end_of_a_channel_ends_its_commands_and_no_others(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    mine, other = switch.agi(CHANNEL, "STREAM FILE a"), switch.agi(ChannelId("2.2"), "STREAM FILE a")
    ami.event("HangupRequest", Uniqueid=CHANNEL, Cause="16")

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="PJSIP/x-1", Cause="16", TechCause="200")

    gone = await ears.hear(ChannelGone)
    assert (gone.channel, gone.name, gone.cause, gone.tech_cause) == (CHANNEL, "PJSIP/x-1", 16, "200")
    with pytest.raises(ChannelLost):
        await mine
    assert not other.done()


async def test_a_given_up_command_does_no_harm_when_its_result_comes(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    given_up = switch.agi(CHANNEL, "STREAM FILE a")
    given_up.cancel()

    done(ami, given_up.command_id, "200 result=0\n")

    await ears.hear(CommandDone)
    assert given_up.cancelled()


@pytest.mark.parametrize(
    "led_up_to_by",
    [
        {"name": "HangupRequest", "Cause": "16"},
        {"name": "AsyncAGIEnd"},
        {"name": "OriginateResponse", "Response": "Failure", "Reason": "0"},
    ],
)
async def test_an_end_that_something_led_up_to_is_believed_without_asking(
    ami: "FakeAmi", switch: Switch, ears: "Ears", led_up_to_by: dict[str, str]
) -> None:
    ami.event(
        led_up_to_by["name"], Uniqueid=CHANNEL, **{k: v for k, v in led_up_to_by.items() if k != "name"}
    )

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ears.hear(ChannelGone)
    assert "Status" not in ami.names()


async def test_an_end_that_we_asked_for_is_believed(ami: "FakeAmi", switch: Switch, ears: "Ears") -> None:
    await switch.hangup(CHANNEL)

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ears.hear(ChannelGone)
    assert ami.names() == ["Hangup"]


async def test_an_end_out_of_nowhere_is_told_when_the_switch_confirms_it(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    ami.replies["Status"] = no_such_channel

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ears.hear(ChannelGone)
    assert (await ami.got("Status"))["Channel"] == CHANNEL


async def test_an_end_out_of_nowhere_of_a_channel_that_lives_is_a_forgery(
    ami: "FakeAmi", switch: Switch, ears: "Ears", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_module, "LOOK_AGAIN_S", (0.01, 0.01))
    ami.replies["Status"] = it_lives
    prompt = switch.agi(CHANNEL, "STREAM FILE a")

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ami.got("Status", nth=3)
    await switch.action("Ping")
    assert switch.dropped["forged Hangup"] == 1
    assert ears.heard == []
    assert not prompt.done()


async def test_a_real_end_after_a_forged_one_is_told(
    ami: "FakeAmi", switch: Switch, ears: "Ears", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_module, "LOOK_AGAIN_S", (0.01,))
    ami.replies["Status"] = it_lives
    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")
    await ami.got("Status", nth=2)

    ami.event("HangupRequest", Uniqueid=CHANNEL, Cause="16")
    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ears.hear(ChannelGone)


@pytest.mark.parametrize(
    ("raw", "counted"),
    [
        (message(Event="Hangup", Channel="x", Cause="16"), "odd Hangup"),
        (message(Event="Hangup", Uniqueid="", Channel="x", Cause="16"), "odd Hangup"),
        (message(Event="Hangup", Uniqueid="1.1", Channel="x", Cause="sixteen"), "odd Hangup"),
        (message(Event="AsyncAGIStart", Uniqueid="1.1"), "odd AsyncAGIStart"),
        (message(Event="AsyncAGIExec", Uniqueid="1.1", Result="200"), "odd AsyncAGIExec"),
        (
            message(Event="OriginateResponse", Response="Failure", Reason="0", Uniqueid=""),
            "odd OriginateResponse",
        ),
        (message(Event="SomethingNew", Uniqueid="1.1"), "unknown event"),
        (message(Uniqueid="1.1"), "neither event nor response"),
        (b"Event: Hangup\r\nUniqueid: 1.1\r\nUniqueid: 1.2\r\n\r\n", "repeated header"),
        (b"Event: Big\r\nData: " + b"x" * (1 << 20) + b"\r\n\r\n", "too long"),
    ],
)
async def test_an_event_that_cant_be_read_is_dropped_counted_and_the_next_one_heard(
    ami: "FakeAmi", switch: Switch, ears: "Ears", raw: bytes, counted: str
) -> None:
    ami.say(raw)

    ami.event("HangupRequest", Uniqueid=CHANNEL, Cause="16")

    await ears.hear(HangupRequested)
    assert len(ears.heard) == 1
    assert switch.dropped == {counted: 1}


async def test_an_error_in_the_engine_does_not_keep_it_from_the_next_fact(
    ami: "FakeAmi", ears: "Ears", caplog: pytest.LogCaptureFixture
) -> None:
    def stumbling(event: object) -> None:
        if isinstance(event, PhoneStatus):
            raise RuntimeError("a bug")
        ears(event)  # type: ignore[arg-type]

    async with connect(ami.address, stumbling):
        with caplog.at_level(logging.ERROR):
            ami.event("DeviceStateChange", Device="PJSIP/seat-1", State="NOT_INUSE")
            ami.event("HangupRequest", Uniqueid=CHANNEL, Cause="16")
            await ears.hear(HangupRequested)

    assert "PhoneStatus" in str(caplog.records[0].__dict__["event"])


async def test_a_phones_state_is_told_when_it_changes_and_only_then(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    for state in ("NOT_INUSE", "RINGING", "INUSE", "NOT_INUSE", "UNAVAILABLE", "INVALID", "ONHOLD"):
        ami.event("DeviceStateChange", Device="PJSIP/seat-1", State=state)
    ami.event("DeviceStateChange", Device="Custom:seat-1", State="NOT_INUSE")

    await ears.hear(PhoneStatus, nth=3)
    assert [fact.reachable for fact in ears.heard if isinstance(fact, PhoneStatus)] == [True, False, True]


async def test_originate_is_sent_as_asterisk_wants_it(ami: "FakeAmi", switch: Switch) -> None:
    switch.originate(
        "PJSIP/seat-x",
        ChannelId("leg-1"),
        context="agent-leg",
        exten="s",
        caller_id='"张三" <139>',
        timeout_s=15.5,
        variables={"REXIAN_LEG": "1|a=b,c", "PJSIP_HEADER(add,X-Call-Id)": "c1"},
    )

    sent = await ami.got("Originate")
    assert sent["Timeout"] == "15500"
    assert sent["Async"] == "true"
    assert (sent["Context"], sent["Exten"], sent["Priority"]) == ("agent-leg", "s", "1")
    assert sent["CallerID"] == '"张三" <139>'
    assert sent["ChannelId"] == "leg-1"
    assert "Application" not in sent


async def test_a_failed_originate_that_knows_no_channel_still_names_ours(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    ami.event(
        "OriginateResponse", ActionID="originate/leg-9", Response="Failure", Reason="0", Uniqueid="<null>"
    )

    assert (await ears.hear(OriginateDone)).channel == "leg-9"


@pytest.mark.parametrize("value", ["a\r\nAction: Logoff", "a\nb", "a\0b", "字" * 400])
async def test_nothing_of_an_action_with_a_bad_value_is_sent(
    ami: "FakeAmi", switch: Switch, value: str
) -> None:
    for attempt in (
        lambda: switch.setvar(CHANNEL, "X", value),
        lambda: switch.agi(CHANNEL, value),
        lambda: switch.action("Hangup", {"Channel": value}),
    ):
        with pytest.raises(BadValue):
            attempt()

    await switch.action("Ping")
    assert ami.names() == []


async def test_a_state_that_status_cut_is_read_whole(ami: "FakeAmi", switch: Switch) -> None:
    def status(action: dict[str, str]) -> bytes:
        common = {"ActionID": action["ActionID"]}
        channel = {
            "Channel": "PJSIP/x-1", "ChannelStateDesc": "Up", "CallerIDNum": "139", "Context": "from-trunk",
            "Exten": "12345", "Uniqueid": CHANNEL, "Seconds": "7", "Variable": "REXIAN_STATE=" + "x" * 511,
        }  # fmt: skip
        return (
            message(Response="Success", EventList="start", **common)
            + message(Event="Status", **common, **channel)
            + message(Event="Status", **common, Uniqueid="2.2")
            + message(Event="StatusComplete", EventList="Complete", ListItems="2", **common)
        )

    ami.replies["Status"] = status
    ami.replies["Getvar"] = lambda action: message(
        Response="Success", ActionID=action["ActionID"], Variable="REXIAN_STATE", Value="x" * 600
    )

    (channel,) = await switch.live_channels()

    assert channel.state_var == "x" * 600
    assert channel.age_s == 7
    assert switch.dropped == {"odd Status": 1}


async def test_a_caller_is_told_with_a_number_or_none(ami: "FakeAmi", switch: Switch, ears: "Ears") -> None:
    shown = []
    for number in (
        "13912345678",
        "+8613912345678",
        "<unknown>",
        "1_0",
        "０１３８",
        "-1",
        "1" * 21,
        "139\n139",
    ):
        ami.event(
            "AsyncAGIStart", Uniqueid=CHANNEL, Channel="x", Context="from-trunk", Exten="12345",
            CallerIDNum=number, CallerIDName="\\\"张\\\"\\n三",
        )  # fmt: skip
    await ears.hear(ChannelInAgi, nth=8)

    shown = [fact.ani for fact in ears.heard if isinstance(fact, ChannelInAgi)]
    assert shown == ["13912345678", "+8613912345678", "", "", "", "", "", ""]
    assert (await ears.hear(ChannelInAgi)).ani_name == '"张" 三'


async def test_the_connections_end_is_a_result_and_no_error(ami: "FakeAmi", ears: "Ears") -> None:
    async with connect(ami.address, ears) as switch:
        lost = switch.lost
    assert "closed by us" in str(await lost)


async def test_getvar_of_something_unset_is_empty(ami: "FakeAmi", switch: Switch) -> None:
    ami.replies["Getvar"] = lambda action: message(
        Response="Success", ActionID=action["ActionID"], Variable="X", Value="(null)"
    )

    assert await switch.getvar(CHANNEL, "X") == ""


async def test_an_answer_that_takes_too_long_does_not_hold_up_the_others(
    ami: "FakeAmi", ears: "Ears"
) -> None:
    limits = LinkLimits(action_s=0.1, tick_s=0.02)
    async with connect(ami.address, ears, limits) as switch:
        ami.replies["Getvar"] = lambda _: b""
        slow = switch.getvar(None, "X")

        outcomes = await asyncio.gather(slow, switch.action("Ping"), return_exceptions=True)

        assert isinstance(outcomes[0], Exception)
        assert not isinstance(outcomes[1], ActionFailed)


async def test_nothing_is_kept_of_channels_that_are_gone(
    ami: "FakeAmi", switch: Switch, ears: "Ears", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_module, "NO_CHANNEL_S", 0.0)
    ended, refused = switch.agi(CHANNEL, "STREAM FILE a"), switch.agi(CHANNEL, "STREAM FILE b")
    done(ami, ended.command_id, "200 result=0\n")
    await ended
    ami.event(
        "OriginateResponse", ActionID="originate/leg-9", Response="Failure", Reason="0", Uniqueid="<null>"
    )
    ami.event("HangupRequest", Uniqueid=CHANNEL, Cause="16")
    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")
    await ears.hear(ChannelGone)
    ami.replies["AGI"] = no_such_channel
    ami.replies["Hangup"] = no_such_channel
    too_late = switch.agi(CHANNEL, "ANSWER")
    await asyncio.gather(refused, too_late, switch.hangup(CHANNEL), return_exceptions=True)
    await switch.action("Ping")

    assert (switch._commands, switch._of_channel, switch._ending) == ({}, {}, set())


async def test_a_transferred_caller_who_came_back_is_alive_again(
    ami: "FakeAmi", switch: Switch, ears: "Ears"
) -> None:
    ami.replies["Status"] = no_such_channel
    ami.event("AsyncAGIEnd", Uniqueid=CHANNEL)
    ami.event("AsyncAGIStart", Uniqueid=CHANNEL, Channel="x", Context="xfer", Exten="110", CallerIDNum="139")

    ami.event("Hangup", Uniqueid=CHANNEL, Channel="x", Cause="16")

    await ears.hear(ChannelGone)
    assert ami.names() == ["Status"], "an end out of nowhere again: asked, and confirmed"
