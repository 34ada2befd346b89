"""A UDP socket that says when the kernel received a datagram, not when Python got round to it."""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from simulators.clock import wall_now
from terms.instant import Instant

Address = tuple[str, int]

# Linux numbers (include/uapi/asm-generic/socket.h); Python 3.11 has no name for them.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_LONGEST = 8_192  # bytes; a datagram of a switch is far smaller


class Datagram(NamedTuple):
    data: bytes
    source: Address
    at: Instant
    """When the kernel took it from the wire, wall clock."""


class UdpSocket:
    """Non-blocking. Sending to nobody and a full buffer are no errors: the net loses packets too."""

    __slots__ = ("_socket", "host", "port")

    def __init__(self, host: str, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.host: str = host
        self.port: int = self._socket.getsockname()[1]

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def closed(self) -> bool:
        return self._socket.fileno() < 0

    def send(self, data: bytes, to: Address) -> None:
        with suppress(BlockingIOError, ConnectionRefusedError):
            self._socket.sendto(data, to)

    def received(self) -> Iterator[Datagram]:
        """Every datagram that waits in the socket; ends when it is empty."""
        receive = self._socket.recvmsg
        while True:
            try:
                data, extras, _, source = receive(_LONGEST, 64)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # an earlier datagram of ours found nobody at home
                continue
            yield Datagram(data, source, _kernel_time(extras))

    def close(self) -> None:
        self._socket.close()


def _kernel_time(extras: list[tuple[int, int, bytes]]) -> Instant:
    for level, kind, data in extras:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data[:16])
            return Instant(seconds * 1_000_000 + nanoseconds // 1000)
    return wall_now()


def even_pair(host: str) -> tuple[UdpSocket, UdpSocket]:
    """Two free neighbouring ports, the lower one even: RTP and its RTCP (RFC 3550, section 11)."""
    for _ in range(200):
        media = UdpSocket(host)
        if media.port % 2 == 0:
            try:
                return media, UdpSocket(host, media.port + 1)
            except OSError:
                pass
        media.close()
    raise OSError(f"no free pair of UDP ports on {host}: too many phones, or too few file handles")
