"""Facts from AMI's headers, as Asterisk 22.10 writes them."""

from dataclasses import fields

import pytest

from rexian.telephony import events
from rexian.telephony.events import typed
from terms.ids import ChannelId

TRANSFER = {
    "Result": "Success",
    "OrigTransfererUniqueid": "a.1",
    "SecondTransfererUniqueid": "a.2",
    "TransfereeUniqueid": "1.1",
    "TransferTargetUniqueid": "t.1",
}


CALLER, LEG, AGENT, SECOND, TARGET = map(ChannelId, ("1.1", "l.1", "a.1", "a.2", "t.1"))
KEY = {"Uniqueid": "1.1", "Digit": "#"}
BLIND = {"Result": "Success", "TransfererUniqueid": "a.1", "TransfereeUniqueid": "1.1", "Extension": "110"}


@pytest.mark.parametrize(
    ("name", "header", "fact"),
    [
        ("AsyncAGIEnd", {"Uniqueid": "1.1"}, events.AgiEnded(channel=CALLER)),
        ("HangupRequest", {"Uniqueid": "1.1"}, events.HangupRequested(channel=CALLER, cause=0)),
        ("DialState", {"DestUniqueid": "l.1", "DialStatus": "RINGING"}, events.LegRinging(channel=LEG)),
        ("DialState", {"DestUniqueid": "l.1", "DialStatus": "PROGRESS"}, None),
        (
            "DialEnd",
            {"DestUniqueid": "l.1", "DialStatus": "BUSY"},
            events.LegDialEnded(channel=LEG, status="BUSY"),
        ),
        (
            "BridgeEnter",
            {"Uniqueid": "1.1", "BridgeUniqueid": "b"},
            events.BridgeEntered(channel=CALLER, bridge="b"),
        ),
        (
            "BridgeLeave",
            {"Uniqueid": "1.1", "BridgeUniqueid": "b"},
            events.BridgeLeft(channel=CALLER, bridge="b"),
        ),
        ("Hold", {"Uniqueid": "1.1"}, events.Held(channel=CALLER)),
        ("Unhold", {"Uniqueid": "1.1"}, events.Unheld(channel=CALLER)),
        ("DTMFEnd", {**KEY, "Direction": "Received"}, events.KeyPressed(channel=CALLER, digit="#")),
        ("DTMFEnd", {**KEY, "Direction": "Sent"}, None),
        (
            "DeviceStateChange",
            {"Device": "PJSIP/s", "State": "BUSY"},
            events.PhoneStatus(endpoint="s", reachable=True),
        ),
        ("DeviceStateChange", {"Device": "Queue:x", "State": "BUSY"}, None),
        (
            "BlindTransfer",
            BLIND,
            events.BlindTransferred(transferer=AGENT, transferee=CALLER, exten="110", ok=True),
        ),
        (
            "AttendedTransfer",
            TRANSFER,
            events.AttendedTransferred(
                transferer=AGENT, second_transferer=SECOND, transferee=CALLER, target=TARGET, ok=True
            ),
        ),
    ],
)
def test_a_fact_is_read_from_its_headers(
    name: str, header: dict[str, str], fact: events.SwitchEvent | None
) -> None:
    assert typed(name, header) == fact


@pytest.mark.parametrize("channel", ["", "1\n2", "通道"])
def test_a_channel_id_is_a_plain_word(channel: str) -> None:
    with pytest.raises(ValueError, match="channel id"):
        typed("Hold", {"Uniqueid": channel})


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        ("o\\'x\\?y", "o'x?y"),
        ("a\\\\b", "a\\b"),
        ("tab\\there", "tab here"),
        ("\\r\\nEvent: Hangup", "  Event: Hangup"),
        ("张三", "张三"),
        ("<unknown>", ""),
        ("ends with \\", "ends with \\"),
    ],
)
def test_names_lose_amis_escapes_and_stay_on_one_line(escaped: str, meant: str) -> None:
    assert events.unescaped(escaped) == meant


@pytest.mark.parametrize("kind", events.SwitchEvent.__args__)
def test_every_fact_is_frozen(kind: type) -> None:
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(kind)
