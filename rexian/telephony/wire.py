"""AMI's bytes: messages out of a stream that callers can write into, actions without stowaways.

In: everything is framed as bytes and only then decoded, so a 汉字 split over two TCP segments stays
whole. A message with a repeated header, with a line that is no header or beyond the size limit is not
believed: it is dropped and counted, the stream goes on. Out: a control character in a value would end
the line and begin a header of the value's own; Asterisk drops a whole action for one line over 1,024
bytes. Both are refused before anything is sent.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from rexian.telephony.errors import BadValue

MAX_LINE_BYTES = 1000
"""Of an outgoing line with its header name. Asterisk's own limit is 1,024 with the line end."""
MAX_LINES = 120
"""Of an action. Asterisk's own limit is 128."""
MAX_MESSAGE_BYTES = 128 * 1024
"""Of an incoming message; real ones stay below 4 KB."""

_END = b"\r\n\r\n"
_GREETING = b"Asterisk Call Manager/"

Message = dict[str, str]


def parse(raw: bytes) -> Message | str:
    """One message without its end; or, in one word, why it isn't believed.

    Bytes that are no UTF-8 (a GBK name) become U+FFFD. Lines named `…Variable`, the only ones that may
    repeat, are found under `Variable(NAME)`, `ChanVariable(NAME)`.
    """
    lines = raw.decode("utf-8", "replace").split("\r\n")
    headers: Message = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if not colon:
            if not line.endswith(":") or ":" in line[:-1]:
                return "no header"
            name = line[:-1]
        if name.endswith("Variable"):
            variable, _, value = value.partition("=")
            name = f"{name}({variable})"
        if name in headers:
            return "repeated header"
        headers[name] = value
    return headers


class Framer:
    """Cuts a byte stream into messages. Holds at most one message of MAX_MESSAGE_BYTES."""

    def __init__(self, dropped: Counter[str]) -> None:
        self._buffer = bytearray()
        self._skipping = False
        self._dropped = dropped
        self.version: str | None = None
        """AMI's version from the greeting; None until it has come."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes."""
        buffer = self._buffer
        scan_from = max(0, len(buffer) - len(_END) + 1)
        buffer += data
        if self.version is None and not self._greet():
            return
        if scan_from > len(buffer):
            scan_from = 0
        start = 0
        while (end := buffer.find(_END, max(start, scan_from))) >= 0:
            raw = bytes(buffer[start:end])
            start = end + len(_END)
            if self._skipping:
                self._skipping = False
            elif (message := self._believed(raw)) is not None:
                yield message
        del buffer[:start]
        if len(buffer) > MAX_MESSAGE_BYTES:
            if not self._skipping:
                self._dropped["too long"] += 1
            self._skipping = True
            del buffer[: -len(_END) + 1]

    def _greet(self) -> bool:
        line, found, _ = bytes(self._buffer[:200]).partition(b"\r\n")
        if not found and len(self._buffer) < 200:
            return False
        if not line.startswith(_GREETING):
            raise ConnectionError(f"this is no AMI: it greets with {line[:60]!r}")
        self.version = line[len(_GREETING) :].decode("ascii", "replace")
        del self._buffer[: len(line) + 2]
        return True

    def _believed(self, raw: bytes) -> Message | None:
        raw = raw.strip(b"\r\n")
        if not raw:
            return None
        if len(raw) > MAX_MESSAGE_BYTES:
            self._dropped["too long"] += 1
            return None
        message = parse(raw)
        if isinstance(message, str):
            self._dropped[message] += 1
            return None
        return message


def checked(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of one action, or BadValue naming the one that can't be sent and why."""
    good = list(fields)
    if len(good) > MAX_LINES:
        raise BadValue(f"an action of {len(good)} lines; Asterisk takes {MAX_LINES}, so send fewer variables")
    for name, value in good:
        if not (name.isascii() and name.replace("-", "").isalnum()):
            raise BadValue(f"{name!r} is no AMI header name")
        if not value.isprintable() and any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value):
            raise BadValue(
                f"{name}: control characters can't be sent over AMI; remove them from {value[:40]!r}"
            )
        length = len(name) + 2 + len(value.encode("utf-8", "surrogatepass"))
        if length > MAX_LINE_BYTES:
            raise BadValue(
                f"{name}: a line of {length} bytes; AMI takes {MAX_LINE_BYTES}, so shorten the value"
            )
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadValue(f"{name}: half a character (a lone surrogate) can't be sent")
    return good
