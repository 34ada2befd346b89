"""What can be measured in a telephone sound file with Python alone: format, length, level, clipping.

Levels are dBFS of a full-scale square wave, i.e. a full-scale sine is -3.01 dBFS.
"""

from __future__ import annotations

import array
import math
import sys
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RATE = 8000
FRAME = RATE // 50  # 20 ms
GATE_DB = 25.0  # a frame this far under the loudest one is a pause, not speech
CLIP = 32760
SILENCE_DBFS = -90.0


class NotTelephoneSound(Exception):
    """The file is not 8 kHz, 16-bit, mono PCM; the message says what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WavFacts:
    """Measured facts of one file."""

    duration_ms: int
    speech_dbfs: float  # RMS over the frames that carry speech
    peak_dbfs: float
    clipped: int  # samples at the rail
    head_ms: int  # quiet before the first sound
    tail_ms: int  # quiet after the last sound


def read_samples(path: Path) -> array.array[int]:
    """The samples of an 8 kHz 16-bit mono file; raises NotTelephoneSound for anything else."""
    try:
        with wave.open(str(path), "rb") as f:
            shape = (f.getframerate(), f.getsampwidth() * 8, f.getnchannels())
            raw = f.readframes(f.getnframes())
    except (wave.Error, EOFError) as why:
        raise NotTelephoneSound(f"{path.name}: {why}. Save it as WAV, 8 kHz, 16-bit, mono.") from why
    if shape != (RATE, 16, 1):
        rate, bits, channels = shape
        raise NotTelephoneSound(
            f"{path.name}: {rate} Hz, {bits}-bit, {channels} channels. Save it as 8 kHz, 16-bit, mono."
        )
    samples = array.array("h", raw)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def measure(samples: array.array[int]) -> WavFacts:
    """Facts of `samples`; an empty or silent sound has levels of -90 dBFS."""
    powers = [_mean_square(samples[i : i + FRAME]) for i in range(0, len(samples), FRAME)]
    floor = max(powers, default=0.0) / 10 ** (GATE_DB / 10)
    loud = [i for i, p in enumerate(powers) if p > 0 and p >= floor]
    active = [powers[i] for i in loud]
    peak = max(map(abs, samples), default=0)
    return WavFacts(
        duration_ms=len(samples) * 1000 // RATE,
        speech_dbfs=_dbfs(sum(active) / len(active)) if active else SILENCE_DBFS,
        peak_dbfs=_dbfs(float(peak) ** 2),
        clipped=sum(abs(s) >= CLIP for s in samples) if peak >= CLIP else 0,
        head_ms=loud[0] * 20 if loud else 0,
        tail_ms=(len(powers) - 1 - loud[-1]) * 20 if loud else 0,
    )


def _mean_square(frame: array.array[int]) -> float:
    return sum(s * s for s in frame) / len(frame)


def _dbfs(mean_square: float) -> float:
    if mean_square <= 0:
        return SILENCE_DBFS
    return max(SILENCE_DBFS, round(10 * math.log10(mean_square / 32768**2), 2))
