"""Ports for a private system: blocks that never overlap, however many run side by side.

All lie below the kernel's ephemeral ports (32768 up), where the Python phones sit, and below
SIPp's media. A block is held by a socket bound to its last port, so a process that dies sets it free.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simulators.udp import Address

_FIRST = 12_000
_SIZE = 600
_BLOCKS = 20


class NoPorts(Exception):
    """Every block of ports is taken."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One block: five single ports, and the rest for media (290 legs)."""

    first: int

    @property
    def sip(self) -> int:
        return self.first

    @property
    def ami(self) -> int:
        return self.first + 1

    @property
    def http(self) -> int:
        return self.first + 2

    @property
    def asterisk_http(self) -> int:
        return self.first + 3

    @property
    def mqtt(self) -> int:
        return self.first + 4

    @property
    def rtp(self) -> tuple[int, int]:
        """First and last."""
        return self.first + 10, self.first + _SIZE - 10

    def settings(self) -> dict[str, str]:
        """As Rexian's environment variables."""
        first, last = self.rtp
        return {
            "REXIAN_SIP_PORT": str(self.sip),
            "REXIAN_AMI_PORT": str(self.ami),
            "REXIAN_HTTP_PORT": str(self.http),
            "REXIAN_ASTERISK_HTTP_PORT": str(self.asterisk_http),
            "REXIAN_MQTT_PORT": str(self.mqtt),
            "REXIAN_RTP_PORTS": f"{first}-{last}",
        }


@contextmanager
def held_ports() -> Iterator[Ports]:
    """A block that is nobody else's until the end of the `with`. NoPorts if all are taken."""
    start = os.getpid() % _BLOCKS
    for number in range(_BLOCKS):
        ports = Ports(_FIRST + (start + number) % _BLOCKS * _SIZE)
        claim = _bound(("127.0.0.1", ports.first + _SIZE - 1), socket.SOCK_STREAM)
        if claim is None:
            continue
        with claim:
            if _are_free(ports):
                yield ports
                return
    raise NoPorts(
        f"all {_BLOCKS} blocks of ports from {_FIRST} are taken. "
        "Something of an earlier run may still be there: `ss -lunpt` names it."
    )


def _are_free(ports: Ports) -> bool:
    single = (ports.sip, ports.ami, ports.http, ports.asterisk_http, ports.mqtt)
    wanted = [(port, socket.SOCK_STREAM) for port in single]
    wanted += [(port, socket.SOCK_DGRAM) for port in (ports.sip, *ports.rtp)]
    for port, kind in wanted:
        probe = _bound(("0.0.0.0", port), kind)
        if probe is None:
            return False
        probe.close()
    return True


def _bound(address: Address, kind: socket.SocketKind) -> socket.socket | None:
    probe = socket.socket(socket.AF_INET, kind)
    try:
        # A TCP port on which a server was a moment ago is free, though the kernel still remembers it.
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        if kind == socket.SOCK_STREAM:
            probe.listen(1)
    except OSError:
        probe.close()
        return None
    return probe
