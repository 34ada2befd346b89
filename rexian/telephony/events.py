"""What the switch tells us, as typed facts. Source: AMI of Asterisk 20 and 22.

Header names live here and nowhere else. `typed` turns a message into its fact, or None for an event
that nobody here reads; a header that is missing or odd raises, and the link drops and counts that event.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rexian.telephony.agi import AgiResult
from terms.ids import ChannelId

Header = Mapping[str, str]

_PHONE_NUMBER = re.compile(r"\+?[0-9]{1,20}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOTHING = ("<unknown>", "<null>", "(null)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelInAgi:
    """A channel waits for commands. Comes again on the same channel after a transfer or redirect.

    Source: AsyncAGIStart.
    """

    channel: ChannelId
    name: str
    context: str
    exten: str
    ani: str
    """ASCII digits, perhaps a leading +; empty when the caller sent anything else."""
    ani_name: str
    dnis: str
    """The number that was dialled, where the context is one that callers dial into; else empty."""
    state_var: str = ""
    """Only if manager.conf's channelvars lists it; `live_channels` always has it."""
    leg_var: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDone:
    """A command ended, whoever sent it (an engine before this one, too). Source: AsyncAGIExec."""

    channel: ChannelId
    command: str
    """CommandID."""
    result: AgiResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiEnded:
    """The channel left AsyncAGI, not necessarily life: transferred calls come back. Source: AsyncAGIEnd."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGone:
    """A channel no longer exists. Source: Hangup, confirmed by Status where nothing had led up to it."""

    channel: ChannelId
    name: str
    cause: int
    """A Q.850 number: 16 normal, 17 busy, 19 no answer, 44 no media; 0 unknown."""
    tech_cause: str
    """The SIP code, such as `486`; empty if there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangupRequested:
    """This channel's own side asked for the end. Source: HangupRequest."""

    channel: ChannelId
    cause: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    """The phone at the end of this leg rings. Source: DialState RINGING."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDialEnded:
    """Ringing is over: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION … Source: DialEnd."""

    channel: ChannelId
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateDone:
    """How an Originate ended. Reason 3: rang out; 4: answered; 0: see the leg's ChannelGone, if any.

    A phone that isn't registered gives this and no ChannelGone at all. Source: OriginateResponse.
    """

    channel: ChannelId
    ok: bool
    reason: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeEntered:
    """Source: BridgeEnter."""

    channel: ChannelId
    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeLeft:
    """Source: BridgeLeave."""

    channel: ChannelId
    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """This phone put the talk on hold; the other side hears music. Source: Hold."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheld:
    """Source: Unhold."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A key was pressed and released. None come in a plain two-party bridge. Source: DTMFEnd."""

    channel: ChannelId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneStatus:
    """A phone can be reached from now on, or no longer. Source: DeviceStateChange."""

    endpoint: str
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransferred:
    """A phone sent the other side elsewhere (REFER); that side comes back as ChannelInAgi.

    Source: BlindTransfer.
    """

    transferer: ChannelId
    transferee: ChannelId
    exten: str
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTransferred:
    """A phone joined its two calls (REFER with Replaces). Source: AttendedTransfer."""

    transferer: ChannelId
    second_transferer: ChannelId
    transferee: ChannelId
    target: ChannelId
    ok: bool


SwitchEvent = (
    ChannelInAgi
    | CommandDone
    | AgiEnded
    | ChannelGone
    | HangupRequested
    | LegRinging
    | LegDialEnded
    | OriginateDone
    | BridgeEntered
    | BridgeLeft
    | Held
    | Unheld
    | KeyPressed
    | PhoneStatus
    | BlindTransferred
    | AttendedTransferred
)

ORIGINATE_ID = "originate/"
"""An Originate's ActionID is this and its channel's id: its OriginateResponse may know no Uniqueid."""


def phone_number(text: str) -> str:
    """`text` if it is a telephone number in ASCII digits, else empty: whatever it is, nobody dials it."""
    return text if _PHONE_NUMBER.match(text) else ""


def plain(text: str) -> str:
    """`text` on one line and without Asterisk's words for "nothing"."""
    return "" if text in _NOTHING else _CONTROL.sub(" ", text)


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = dict.fromkeys("abfnrtv", " ")


def unescaped(text: str) -> str:
    """`text` as it was before AMI's C escapes, as caller names and ChanVariable have them; one line."""
    return plain(
        _ESCAPED.sub(lambda found: _CONTROLS.get(found[1], found[1]), text) if "\\" in text else text
    )


def _id(header: Header, name: str = "Uniqueid") -> ChannelId:
    value = header[name]
    if not value or not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} is no channel id")
    return ChannelId(value)


def _agi_start(header: Header) -> ChannelInAgi:
    context, exten = header["Context"], plain(header["Exten"])
    return ChannelInAgi(
        channel=_id(header),
        name=plain(header["Channel"]),
        context=context,
        exten=exten,
        ani=phone_number(header["CallerIDNum"]),
        ani_name=unescaped(header.get("CallerIDName", "")),
        dnis=exten if context.startswith("from-") else "",
        state_var=unescaped(header.get("ChanVariable(REXIAN_STATE)", "")),
        leg_var=unescaped(header.get("ChanVariable(REXIAN_LEG)", "")),
    )


def _agi_exec(header: Header) -> CommandDone:
    return CommandDone(
        channel=_id(header), command=header["CommandId"], result=AgiResult.from_ami(header["Result"])
    )


def _hangup(header: Header) -> ChannelGone:
    return ChannelGone(
        channel=_id(header),
        name=plain(header["Channel"]),
        cause=int(header["Cause"]),
        tech_cause=plain(header.get("TechCause", "")),
    )


def _hangup_request(header: Header) -> HangupRequested:
    return HangupRequested(channel=_id(header), cause=int(header.get("Cause") or 0))


def _dial_state(header: Header) -> LegRinging | None:
    return LegRinging(channel=_id(header, "DestUniqueid")) if header["DialStatus"] == "RINGING" else None


def _dial_end(header: Header) -> LegDialEnded:
    return LegDialEnded(channel=_id(header, "DestUniqueid"), status=header["DialStatus"])


def _originate(header: Header) -> OriginateDone:
    action = header.get("ActionID", "")
    ours = action.startswith(ORIGINATE_ID)
    return OriginateDone(
        channel=ChannelId(action.removeprefix(ORIGINATE_ID)) if ours else _id(header),
        ok=header["Response"] == "Success",
        reason=int(header["Reason"]),
    )


def _key(header: Header) -> KeyPressed | None:
    if header["Direction"] != "Received":
        return None
    return KeyPressed(channel=_id(header), digit=header["Digit"])


def reachable(device_state: str) -> bool:
    """Whether a device in this state could be rung at all."""
    return device_state not in ("UNAVAILABLE", "INVALID", "UNKNOWN")


def _device(header: Header) -> PhoneStatus | None:
    technology, _, endpoint = header["Device"].partition("/")
    if technology != "PJSIP" or not endpoint:
        return None
    return PhoneStatus(endpoint=endpoint, reachable=reachable(header["State"]))


def _blind(header: Header) -> BlindTransferred:
    return BlindTransferred(
        transferer=_id(header, "TransfererUniqueid"),
        transferee=_id(header, "TransfereeUniqueid"),
        exten=plain(header["Extension"]),
        ok=header["Result"] == "Success",
    )


def _attended(header: Header) -> AttendedTransferred:
    return AttendedTransferred(
        transferer=_id(header, "OrigTransfererUniqueid"),
        second_transferer=_id(header, "SecondTransfererUniqueid"),
        transferee=_id(header, "TransfereeUniqueid"),
        target=_id(header, "TransferTargetUniqueid"),
        ok=header["Result"] == "Success",
    )


_TYPED: Mapping[str, Callable[[Header], SwitchEvent | None]] = {
    "AsyncAGIStart": _agi_start,
    "AsyncAGIExec": _agi_exec,
    "AsyncAGIEnd": lambda header: AgiEnded(channel=_id(header)),
    "Hangup": _hangup,
    "HangupRequest": _hangup_request,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
    "OriginateResponse": _originate,
    "BridgeEnter": lambda header: BridgeEntered(channel=_id(header), bridge=header["BridgeUniqueid"]),
    "BridgeLeave": lambda header: BridgeLeft(channel=_id(header), bridge=header["BridgeUniqueid"]),
    "Hold": lambda header: Held(channel=_id(header)),
    "Unhold": lambda header: Unheld(channel=_id(header)),
    "DTMFEnd": _key,
    "DeviceStateChange": _device,
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
}


def is_known(name: str) -> bool:
    """Whether `typed` reads events of this name."""
    return name in _TYPED


def typed(name: str, header: Header) -> SwitchEvent | None:
    """The fact that an event of a known name states; None if it states nothing for us.

    KeyError or ValueError when a header is missing or is not what it should be.
    """
    return _TYPED[name](header)
