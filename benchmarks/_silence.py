"""How long a freed phone was silent: each BYE of a seat paired with the next INVITE at it.

Beside it the moments in between at which the switch and whoever decides spoke to each other over AMI.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks._wire import Packet
from terms.instant import Instant

US_PER_MS = 1_000
PARTS = (
    ("switch: BYE -> AMI says so", "bye", "told"),
    ("decision: that -> Originate", "told", "originate"),
    ("switch: Originate -> INVITE", "originate", "invite"),
)

_TOLD = re.compile(rb"Event: HangupRequest\r\n(?:[^\r\n]+\r\n)*?Channel: PJSIP/([\w-]+)-[0-9a-f]{8}\r\n")
_ORIGINATE = re.compile(rb"Action: Originate\r\n(?:[^\r\n]+\r\n)*?Channel: PJSIP/([\w-]+)\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One of them; `at` holds `bye`, `invite`, and what was seen of `told` and `originate`."""

    at: Mapping[str, Instant]

    @property
    def ms(self) -> float:
        """The whole of it."""
        return self.part("bye", "invite") or 0.0

    def part(self, begin: str, end: str) -> float | None:
        """Milliseconds between two moments; None if one wasn't seen."""
        if begin not in self.at or end not in self.at:
            return None
        return (self.at[end] - self.at[begin]) / US_PER_MS


@dataclass(slots=True)
class Watch:
    """Reads the packets of some switches' SIP and AMI ports."""

    sip_ports: frozenset[int]
    ami_ports: frozenset[int]
    seat_at: dict[int, str] = field(default_factory=dict)
    """By the port of the phone."""
    seat_of: dict[str, str] = field(default_factory=dict)
    """By endpoint."""
    seen: list[Silence] = field(default_factory=list)
    _free: dict[str, dict[str, Instant]] = field(default_factory=dict)

    def take(self, packet: Packet) -> None:
        """One packet."""
        if packet.target in self.sip_ports and packet.payload.startswith(b"BYE "):
            if (seat := self.seat_at.get(packet.source)) is not None:
                self._free.setdefault(seat, {"bye": packet.at})
        elif packet.source in self.sip_ports and packet.payload.startswith(b"INVITE "):
            seat = self.seat_at.get(packet.target)
            if seat is not None and (times := self._free.pop(seat, None)) is not None:
                self.seen.append(Silence(at={**times, "invite": packet.at}))
        elif packet.source in self.ami_ports:
            self._note(_TOLD, "told", packet)
        elif packet.target in self.ami_ports:
            self._note(_ORIGINATE, "originate", packet)

    def _note(self, what: re.Pattern[bytes], name: str, packet: Packet) -> None:
        for found in what.finditer(packet.payload):
            seat = self.seat_of.get(found[1].decode("ascii", "replace"))
            if seat in self._free:
                self._free[seat].setdefault(name, packet.at)

    def between(self, since: Instant, until: Instant) -> list[Silence]:
        """Those whose BYE came in [since, until)."""
        return [each for each in self.seen if since <= each.at["bye"] < until]
