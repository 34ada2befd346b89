"""The one place that knows what time it is."""

import time

from terms.instant import Instant


class Clock:
    """Wall time that never runs backwards.

    Anchored once to the wall clock and advanced by the monotonic one: a step of the system's
    time can't reorder a queue, and the instants still mean something to the process that
    adopts the calls of this one (a bare monotonic reading would not).
    """

    def __init__(self) -> None:
        self._anchor_ns = time.time_ns() - time.monotonic_ns()

    def now(self) -> Instant:
        """The present instant, in microseconds."""
        return Instant((self._anchor_ns + time.monotonic_ns()) // 1_000)

    def wall_s(self) -> int:
        """Seconds on the system's own clock, steps and all: for comparing with another program's."""
        return int(time.time())
