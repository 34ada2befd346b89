"""Medians, ratios against a bar, and what has to be known of the machine to read them."""

import os
import platform
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by `share` of all of them. ValueError without values."""
    if not values:
        raise ValueError("no samples: the benchmark measured nothing")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One ratio and what it has to be."""

    what: str
    ratio: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is."""
        low_enough = self.at_most is None or self.ratio <= self.at_most
        return low_enough and (self.at_least is None or self.ratio >= self.at_least)

    def __str__(self) -> str:
        wanted = f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"
        return f"{'ok    ' if self.met else 'MISSED'}  {self.what}: {self.ratio:.2f} ({wanted})"


def verdict(bars: Sequence[Bar]) -> int:
    """Prints every bar; the exit status, 1 if one of them is missed."""
    for bar in bars:
        print(bar)
    return 0 if all(bar.met for bar in bars) else 1


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """p50, p95 and the greatest of `values` with their number, as one line's end."""
    p50, p95 = median(values), percentile(values, 0.95)
    return f"p50 {p50:8.2f} {unit}   p95 {p95:8.2f} {unit}   max {max(values):8.2f} {unit}   n {len(values)}"


def machine() -> str:
    """Processor, cores, kernel, Python and how busy the machine is with other work, in one line."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.partition(":")[2].strip() for line in info if line.startswith("model name")), "?")
    return (
        f"{name}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def seed_or(given: int | None) -> int:
    """The seed that was asked for, or a new one to be printed."""
    return given if given is not None else random.SystemRandom().randrange(1 << 31)
