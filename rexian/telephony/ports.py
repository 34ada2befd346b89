"""Are our ports free, and if not: who has them?"""

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rexian.telephony.errors import FolderUnusable, PortTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port we are going to listen on."""

    what: str
    setting: str
    """The variable that moves it."""
    host: str
    number: int
    udp: bool = False

    @property
    def name(self) -> str:
        """Such as `5060/udp`."""
        return f"{self.number}/{'udp' if self.udp else 'tcp'}"


def demand_free(ports: Iterable[Port]) -> None:
    """PortTaken for the first port that somebody else holds, with that process's name if it can be seen."""
    for port in ports:
        trouble = _trouble(port)
        if trouble == errno.EADDRINUSE:
            raise PortTaken(
                f"{port.what}: port {port.name} on {port.host} is taken by {holder(port)}. "
                f"Stop that, or set {port.setting} to a free port."
            )
        if trouble == errno.EACCES:
            raise PortTaken(
                f"{port.what}: port {port.name} needs root. Set {port.setting} to one above 1023."
            )
        if trouble == errno.EADDRNOTAVAIL:
            raise FolderUnusable(
                f"{port.what}: this machine has no address {port.host}. "
                "Set REXIAN_BIND to one that `ip address` shows."
            )
        if trouble:
            raise PortTaken(f"{port.what}: port {port.name} on {port.host}: {os.strerror(trouble)}.")


def is_taken(port: Port) -> bool:
    """Somebody listens there, as our Asterisk should after its start."""
    return _trouble(port) == errno.EADDRINUSE


def _trouble(port: Port) -> int:
    kind = socket.SOCK_DGRAM if port.udp else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, kind) as trial:
        if not port.udp:
            trial.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a past life in TIME_WAIT is no holder
        try:
            trial.bind((port.host, port.number))
            if not port.udp:
                trial.listen(1)
        except OSError as failure:
            return failure.errno or errno.EINVAL
    return 0


def holder(port: Port) -> str:
    """`process 123 (name)`, as far as /proc lets us see it."""
    inodes = set(_inodes(port))
    if inodes:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                for handle in (process / "fd").iterdir():
                    if str(handle.readlink()) in inodes:
                        return f"process {process.name} ({_name(process)})"
            except OSError:
                continue
    return "another process (of another user, or in another container)"


def _inodes(port: Port) -> Iterable[str]:
    for table in ("udp", "udp6") if port.udp else ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            listens = port.udp or fields[3] == "0A"
            if listens and int(fields[1].rpartition(":")[2], 16) == port.number:
                yield f"socket:[{fields[9]}]"


def _name(process: Path) -> str:
    words = (process / "cmdline").read_bytes().split(b"\0")
    names = [Path(os.fsdecode(word)).name for word in words if word and not word.startswith(b"-")]
    # the private tree starts Asterisk by its own loader
    return next((name for name in names if not name.startswith("ld-linux") and "gnu" not in name), "unknown")
