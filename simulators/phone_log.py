"""What a phone saw, with its own clock: the witness against which a system's records are checked."""

from collections.abc import Iterator
from dataclasses import dataclass

from terms.instant import Instant, to_iso


@dataclass(frozen=True, slots=True)
class LogLine:
    at: Instant
    """Received: the kernel's stamp. Sent: just before the datagram left."""
    sent: bool
    what: str
    """A request's method, or `STATUS METHOD` for a response: `INVITE`, `180 INVITE`."""
    call: str
    """The Call-ID; empty for what belongs to no call."""

    def __str__(self) -> str:
        return f"{to_iso(self.at)} {'->' if self.sent else '<-'} {self.what} {self.call[:8]}"


class PhoneLog:
    """Every SIP message of one phone in order, repeats included; the oldest go above `keep` lines."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lines: list[LogLine] = []
        self._keep = keep

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    def note(self, line: LogLine) -> None:
        self._lines.append(line)
        if len(self._lines) > self._keep:
            del self._lines[: self._keep // 10]

    def all(self, what: str, *, sent: bool, call: str | None = None) -> list[Instant]:
        """When `what` was sent (or received), repeats included; of one call if `call` is given."""
        return [
            line.at
            for line in self._lines
            if line.what == what and line.sent == sent and call in (None, line.call)
        ]

    def first(self, what: str, *, sent: bool, call: str | None = None) -> Instant | None:
        """When `what` was first sent (or received); None if it never was."""
        return next(iter(self.all(what, sent=sent, call=call)), None)

    def last(self, what: str, *, sent: bool, call: str | None = None) -> Instant | None:
        """When `what` was last sent (or received); None if it never was."""
        return next(reversed(self.all(what, sent=sent, call=call)), None)

    def tail(self, count: int = 12) -> str:
        """The last `count` lines as text, for an error message."""
        return "\n".join(f"  {line}" for line in self._lines[-count:]) or "  (nothing)"
