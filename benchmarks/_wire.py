"""The loopback wire with the kernel's time stamps: a packet socket with a filter for a few ports.

What is stamped is the packet's arrival, by the kernel, whatever the programs at either end are doing. A
packet socket needs root or CAP_NET_RAW.
"""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Callable, Collection
from typing import NamedTuple, Self

from terms.instant import Instant

# Linux numbers that Python 3.11 has no name for (linux/socket.h, linux/if_ether.h).
_SO_TIMESTAMPNS = 35
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_ETH_P_IP = 0x0800
_BUFFER_BYTES = 8 << 20
_LONGEST = 65_600
_TIMESPEC = struct.Struct("@qq")
_BPF_LINE = struct.Struct("=HBBI")

# Classic BPF: X = length of the IP header; A = 16 bits at X + k; compare; return.
_HEADER_LENGTH = (0xB1, 0, 0, 0)
_LOAD_PORT, _IF_EQUAL, _RETURN = 0x48, 0x15, 0x06


class Packet(NamedTuple):
    """One packet that arrived at its socket."""

    at: Instant
    source: int
    """Port."""
    target: int
    """Port."""
    payload: bytes


class Wire:
    """Hands every packet from or to one of `ports` to `take`, on the running loop, until `close`."""

    def __init__(self, ports: Collection[int], take: Callable[[Packet], None]) -> None:
        """PermissionError without CAP_NET_RAW."""
        # ETH_P_IP, not ETH_P_ALL: what is sent over loopback would be seen twice.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._attach(_program(ports))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        self._socket.bind(("lo", _ETH_P_IP))
        self._take = take

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _attach(self, program: bytes) -> None:
        held = ctypes.create_string_buffer(program)
        described = struct.pack("@HP", len(program) // _BPF_LINE.size, ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)

    def _read(self) -> None:
        while True:
            try:
                data, extras, _, _ = self._socket.recvmsg(_LONGEST, 64)
            except BlockingIOError:
                return
            at = _stamp(extras)
            if at is not None and (packet := _parsed(data, at)) is not None:
                self._take(packet)


def _program(ports: Collection[int]) -> bytes:
    """Takes a packet if its source or its target port is one of `ports`, of TCP as of UDP."""
    accept = 4 + 2 * len(ports)
    lines = [_HEADER_LENGTH]
    for offset in (0, 2):
        lines.append((_LOAD_PORT, 0, 0, offset))
        for port in ports:
            lines.append((_IF_EQUAL, accept - len(lines) - 1, 0, port))
    lines += [(_RETURN, 0, 0, 0), (_RETURN, 0, 0, 0xFFFFFFFF)]
    return b"".join(_BPF_LINE.pack(*line) for line in lines)


def _stamp(extras: list[tuple[int, int, bytes]]) -> Instant | None:
    for level, kind, data in extras:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data[:16])
            return Instant(seconds * 1_000_000 + nanoseconds // 1000)
    return None


def _parsed(data: bytes, at: Instant) -> Packet | None:
    header = (data[0] & 15) * 4
    source, target = struct.unpack_from("!HH", data, header)
    if data[9] == socket.IPPROTO_UDP:
        return Packet(at, source, target, data[header + 8 :])
    if data[9] == socket.IPPROTO_TCP:
        return Packet(at, source, target, data[header + (data[header + 12] >> 4) * 4 :])
    return None
