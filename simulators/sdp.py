"""Session descriptions for one telephone call: one audio stream, A-law and keys (RFC 4566, 3264)."""

from dataclasses import dataclass
from enum import StrEnum

PCMA = 8
KEYS = 101
"""The payload type we offer for telephone events (RFC 4733)."""


class Direction(StrEnum):
    """Who sends, seen from the side that wrote the description."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def answered(self) -> "Direction":
        """What the other side says in its answer when it wants all that it may have."""
        return {Direction.SEND: Direction.RECEIVE, Direction.RECEIVE: Direction.SEND}.get(self, self)


class BadDescription(Exception):
    """An offer or answer that this phone can't talk by: no audio, no A-law, no address."""


@dataclass(frozen=True, slots=True)
class Description:
    host: str
    port: int
    direction: Direction = Direction.BOTH
    keys: int | None = KEYS
    version: int = 1

    def to_text(self) -> str:
        formats = f"{PCMA}" if self.keys is None else f"{PCMA} {self.keys}"
        lines = [
            "v=0",
            f"o=- {self.port} {self.version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {formats}",
            f"a=rtpmap:{PCMA} PCMA/8000",
        ]
        if self.keys is not None:
            lines += [f"a=rtpmap:{self.keys} telephone-event/8000", f"a=fmtp:{self.keys} 0-15"]
        lines += ["a=ptime:20", f"a={self.direction}"]
        return "\r\n".join(lines) + "\r\n"


def read(text: str) -> Description:
    """The audio stream of an offer or answer. BadDescription if there is none with A-law."""
    try:
        return _read(text)
    except ValueError as broken:
        raise BadDescription(f"the description cannot be read: {broken}") from None


def _read(text: str) -> Description:
    host, port, formats = "", 0, list[str]()
    direction, keys = Direction.BOTH, None
    in_audio = before_media = True
    for line in text.splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            in_audio, before_media = value.startswith("audio ") and not port, False
            if in_audio:
                _, number, _, *formats = value.split()
                port = int(number.partition("/")[0])
        elif not in_audio:
            continue
        elif kind == "c":
            host = value.split()[-1]
        elif kind == "a" and value in list(Direction):
            direction = Direction(value)
        elif kind == "a" and value.startswith("rtpmap:") and "telephone-event/8000" in value:
            keys = int(value.removeprefix("rtpmap:").split()[0])
    if before_media or not port or not host:
        raise BadDescription("the description has no audio stream with an address")
    if str(PCMA) not in formats:
        raise BadDescription(f"the description offers {' '.join(formats)}, not A-law ({PCMA})")
    return Description(host, port, Direction.NONE if host == "0.0.0.0" else direction, keys)
