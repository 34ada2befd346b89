"""Everything that is due at a time, as one heap. Changing one's mind is cheap: old entries are skipped."""

from enum import IntEnum
from heapq import heapify, heappop, heappush

from terms.instant import Instant

_SLACK = 64


class Due(IntEnum):
    """What a deadline is for."""

    OFFER_EXPIRES = 0
    REST_ENDS = 1
    STAGE_BEGINS = 2
    ANNOUNCEMENT = 3


class Deadlines:
    """At most one deadline per (kind, name). Ties come out in the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, Due, str]] = []
        self._at: dict[tuple[Due, str], tuple[Instant, int]] = {}
        self._count = 0

    def set(self, kind: Due, name: str, at: Instant | None) -> None:
        """Set, move or, with None, take back the deadline of `name` for `kind`."""
        if at is None:
            self._at.pop((kind, name), None)
            return
        self._count += 1
        self._at[kind, name] = (at, self._count)
        heappush(self._heap, (at, self._count, kind, name))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [(at, n, *who) for who, (at, n) in self._at.items()]
            heapify(self._heap)

    @property
    def next(self) -> Instant | None:
        """The earliest deadline still wanted."""
        while self._heap:
            at, count, kind, name = self._heap[0]
            if self._at.get((kind, name)) == (at, count):
                return at
            heappop(self._heap)
        return None

    def pop_due(self, now: Instant) -> list[tuple[Due, str]]:
        """Take out all that is due by `now`, earliest first."""
        due = []
        while (at := self.next) is not None and at <= now:
            _, _, kind, name = heappop(self._heap)
            del self._at[kind, name]
            due.append((kind, name))
        return due
