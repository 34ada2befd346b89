"""The wall clock of the simulated world, the only place here that asks for the time."""

import time

from terms.instant import Instant


def wall_now() -> Instant:
    """Now by the host's wall clock, the clock of the kernel's packet stamps. May step if it is set."""
    return Instant(time.time_ns() // 1000)  # noqa: TID251 - a witness has a clock of its own
