"""A channel as the switch shows it when asked, for adoption and reconciliation."""

from dataclasses import dataclass
from typing import Self

from rexian.telephony.events import Header, phone_number, plain, unescaped
from terms.ids import ChannelId

VARIABLES = ("REXIAN_STATE", "REXIAN_LEG", "REXIAN_UNATTENDED")
"""What travels with a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChannel:
    """One channel at the moment of asking. Source: Status."""

    channel: ChannelId
    name: str
    state: str
    """Up, Ring, Ringing, Down …"""
    context: str
    exten: str
    application: str
    """AGI: waits for commands or runs one; Bridge: talking from its own AGI; AppDial2, empty …"""
    bridge: str
    """BridgeID, empty outside a bridge."""
    ani: str
    ani_name: str
    dnis: str
    state_var: str
    leg_var: str
    unattended_since: str
    """Seconds since 1970 if the call came while no engine was there, else empty."""
    age_s: int
    """How long the channel has existed."""

    @classmethod
    def from_ami(cls, header: Header) -> Self:
        """KeyError or ValueError if this is no Status item."""
        context, exten = header["Context"], plain(header["Exten"])

        def variable(name: str) -> str:
            return plain(header.get(f"Variable({name})", ""))

        return cls(
            channel=ChannelId(header["Uniqueid"]),
            name=header["Channel"],
            state=header["ChannelStateDesc"],
            context=context,
            exten=exten,
            application=plain(header.get("Application", "")),
            bridge=plain(header.get("BridgeID", "")),
            ani=phone_number(header["CallerIDNum"]),
            ani_name=unescaped(header.get("CallerIDName", "")),
            dnis=phone_number(header.get("DNID", ""))
            or (phone_number(exten) if context.startswith("from-") else ""),
            state_var=variable("REXIAN_STATE"),
            leg_var=variable("REXIAN_LEG"),
            unattended_since=variable("REXIAN_UNATTENDED"),
            age_s=int(header.get("Seconds") or 0),
        )
