"""Tones by which parties of a call are told apart: made, and found again in what was heard.

All are multiples of 50 Hz. Then 20 ms hold whole periods, so one packet repeated for ever is a
clean tone, and a stretch of sound can be folded to 20 ms before the search: the fold keeps exactly
these frequencies and their powers, and makes the search five to fifty times shorter.
"""

import math
from collections.abc import Collection, Sequence
from functools import cache
from operator import add, mul

from simulators import alaw

STEP_HZ = 50
PALETTE: tuple[int, ...] = tuple(range(400, 3400, STEP_HZ))
"""Every frequency that is looked for, inside the telephone's band."""

SEATS: tuple[int, ...] = tuple(range(1200, 2250, STEP_HZ))
"""21 tones none of which is a harmonic of another: one for each agent's phone of a demo city."""

CITIZENS: tuple[int, ...] = tuple(range(2250, 3400, STEP_HZ))
"""Like the seats' tones far above the music (below 1000 Hz) and the weight of a voice: no prompt of
the demo city holds one of them for a tenth of a second."""

BLOCK = 5 * alaw.FRAME
"""Samples in one look: 100 ms, neighbours in the palette lie in each other's zeros."""

FULL_SCALE = 32768.0
QUIET_DBFS = -96.0
"""What `loudness` says of nothing at all."""


@cache
def frame(hz: int, dbfs: float = -12.0) -> bytes:
    """20 ms of a tone in A-law at an RMS level of `dbfs` (a sine at full scale has -3).

    ValueError unless `hz` is one of PALETTE.
    """
    if hz not in PALETTE:
        raise ValueError(f"{hz} Hz is not in the palette: {PALETTE[0]} to {PALETTE[-1]} by {STEP_HZ}")
    peak = FULL_SCALE * math.sqrt(2) * 10 ** (dbfs / 20)
    turn = 2 * math.pi * hz / alaw.RATE
    return alaw.encode(round(peak * math.sin(turn * n)) for n in range(alaw.FRAME))


@cache
def _waves(hz: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    turn = 2 * math.pi * hz / alaw.RATE
    cosine = tuple(math.cos(turn * n) for n in range(alaw.FRAME))
    return cosine, tuple(math.sin(turn * n) for n in range(alaw.FRAME))


def shares(samples: Sequence[int], among: Collection[int] = PALETTE) -> dict[int, float]:
    """How much of the power lies in each tone, 0 to 1; empty if it is quiet (below -50 dBFS).

    `samples` must be whole frames of 20 ms, at least one.
    """
    if len(samples) % alaw.FRAME or not samples:
        raise ValueError(f"{len(samples)} samples are no whole frames of {alaw.FRAME}")
    power = sum(map(mul, samples, samples)) / len(samples)
    if _dbfs(power) < -50:
        return {}
    fold: list[int] = list(samples[: alaw.FRAME])
    for start in range(alaw.FRAME, len(samples), alaw.FRAME):
        fold = list(map(add, fold, samples[start : start + alaw.FRAME]))
    found: dict[int, float] = {}
    for hz in among:
        cosine, sine = _waves(hz)
        real, imaginary = sum(map(mul, fold, cosine)), sum(map(mul, fold, sine))
        found[hz] = 2 * (real * real + imaginary * imaginary) / len(samples) ** 2 / power
    return found


def heard_in(samples: Sequence[int], among: Collection[int] = PALETTE, share: float = 0.1) -> set[int]:
    """The tones that carry at least `share` of the power of these whole frames."""
    return {hz for hz, part in shares(samples, among).items() if part >= share}


def loudness(samples: Sequence[int]) -> float:
    """RMS level in dBFS; QUIET_DBFS if there is nothing. A sine's peak at full scale is -3."""
    if not samples:
        return QUIET_DBFS
    return _dbfs(sum(map(mul, samples, samples)) / len(samples))


def _dbfs(power: float) -> float:
    floor = 10 ** (QUIET_DBFS / 10)
    return 10 * math.log10(max(power / FULL_SCALE**2, floor))
