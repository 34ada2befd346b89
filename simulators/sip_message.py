"""SIP messages as they travel (RFC 3261, sections 7, 19 and 25), read and written.

Lenient in what it reads and literal in what it writes: a phone of a test must be able to send a
caller's number that no honest phone would send, so nothing is escaped here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

_LONG_FORMS = {
    "b": "referred-by",
    "c": "content-type",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
}


class BadMessage(Exception):
    """Bytes that are no SIP message, or a message without a header that it must have."""


class Headers:
    """Header lines in their order; names compare without case and in their long form."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = list(lines)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def add(self, name: str, value: str) -> None:
        self._lines.append((name, value))

    def all(self, name: str) -> list[str]:
        """Every value under `name`, one a line, in order."""
        wanted = name.lower()
        return [value for line, value in self._lines if _long(line) == wanted]

    def get(self, name: str, default: str = "") -> str:
        """The first value under `name`."""
        values = self.all(name)
        return values[0] if values else default

    def need(self, name: str) -> str:
        """The first value under `name`. BadMessage if there is none."""
        values = self.all(name)
        if not values:
            raise BadMessage(f"the message has no {name} header")
        return values[0]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: str = ""

    def to_bytes(self) -> bytes:
        return _join(f"{self.method} {self.uri} SIP/2.0", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: str = ""

    def to_bytes(self) -> bytes:
        return _join(f"SIP/2.0 {self.status} {self.reason}", self.headers, self.body)


Message = Request | Response


@dataclass(frozen=True, slots=True)
class CSeq:
    number: int
    method: str

    @classmethod
    def of(cls, message: Message) -> Self:
        """The message's CSeq. BadMessage if it is missing or no number and method."""
        number, _, method = message.headers.need("CSeq").partition(" ")
        if not number.isdecimal() or not method.strip():
            raise BadMessage(f"CSeq is '{number} {method}', not a number and a method")
        return cls(int(number), method.strip())


def parse(data: bytes) -> Message:
    """The message in one datagram. BadMessage if it is none; lone CRLFs (keep-alives) are none."""
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    headers = Headers(_header_lines(lines[1:]))
    body = rest.decode("utf-8", "surrogateescape")
    first = lines[0].split(" ", 2)
    if len(first) == 3 and first[0] == "SIP/2.0" and first[1].isdecimal():
        return Response(int(first[1]), first[2], headers, body)
    if len(first) == 3 and first[2] == "SIP/2.0":
        return Request(first[0], first[1], headers, body)
    raise BadMessage(f"the first line is {lines[0][:60]!r}, neither a request nor a status line")


def parameter(name: str, value: str) -> str:
    """The header parameter `name` in `value`, '' if absent: tag of a From, branch of a Via."""
    tail = value.rpartition(">")[2] if ">" in value else value
    for part in tail.split(";")[1:]:
        key, _, content = part.partition("=")
        if key.strip().lower() == name:
            return content.strip()
    return ""


def uri_of(value: str) -> str:
    """The URI of a From, To, Contact, Route or Refer-To value."""
    _, opened, rest = value.rpartition("<") if '"' in value else value.partition("<")
    return rest.partition(">")[0] if opened else value.partition(";")[0].strip()


def user_of(value: str) -> str:
    """The user part in a name-addr or URI, as written (not un-escaped); '' if there is none."""
    uri = uri_of(value).partition(":")[2]
    user, at, _ = uri.rpartition("@")
    return user if at else ""


def display_name_of(value: str) -> str:
    """The name in front of the address, without quotes; '' if there is none."""
    return value.rpartition("<")[0].strip().strip('"').replace('\\"', '"')


def host_and_port_of(uri: str) -> tuple[str, int]:
    """Where a `sip:` URI points to; 5060 if it names no port. BadMessage if it is none."""
    where = uri.partition(";")[0].rpartition("@")[2].removeprefix("sip:")
    host, _, port = where.partition(":")
    if not host or not (port.isdecimal() or not port):
        raise BadMessage(f"cannot send to {uri!r}: it names no host and port")
    return host, int(port or 5060)


def _join(first: str, headers: Headers, body: str) -> bytes:
    content = body.encode("utf-8", "surrogateescape")
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(content)}\r\n\r\n")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + content


def _header_lines(lines: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage(f"a header line without a colon: {line[:60]!r}")
        found.append((name.strip(), value.strip()))
    return [(name, value) for name, value in found if name.lower() not in ("l", "content-length")]


def _long(name: str) -> str:
    lower = name.lower()
    return _LONG_FORMS.get(lower, lower)
