"""What departments have to be told, as facts; and what keeps them until the departments know."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from terms.instant import Instant


class OutboxTrouble(Exception):
    """Whoever keeps the outbox can't be used at the moment; nothing is lost, try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One event that its department has not receipted."""

    id: int
    event: str
    department: str
    payload: str
    sent: int
    """How often it was sent already."""


class Receipt(StrEnum):
    """What a department's receipt did."""

    TAKEN = "taken"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    """There is no such event, or it is another department's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message from a department that could not be understood or was not its to send."""

    topic: str
    payload: str
    why: str


class Outbox(Protocol):
    """Keeps events until their receipts are there. Every method may raise OutboxTrouble."""

    async def due(self, now: Instant, limit: int) -> list[Waiting]:
        """Events to be sent now, oldest first. Of one order only the oldest without a receipt."""

    async def next_at(self) -> Instant | None:
        """When the next event is to be sent; None if none waits for a receipt."""

    async def sent(self, events: Sequence[Waiting], now: Instant, again_in_s: Sequence[float]) -> None:
        """Remembers that `events` were sent, and when each is to be sent again without a receipt."""

    async def receipted(self, receipts: Sequence[tuple[str, str]], now: Instant) -> list[Receipt]:
        """Takes receipts, each an event and the department it came from; what each of them did."""

    async def bury(self, letters: Sequence[DeadLetter], now: Instant) -> None:
        """Keeps messages that are no receipts, for somebody to look at."""


class KeepsOutbox(Protocol):
    """Whoever has the outbox; it may be another one after a rebuild."""

    @property
    def outbox(self) -> Outbox:
        """The present one."""
