"""From the model's 24 kHz to a telephone file: trimmed, levelled, 8 kHz, 16-bit, mono."""

from __future__ import annotations

import array
import math
import wave
from typing import TYPE_CHECKING

from wavfacts import RATE, measure

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

SPEECH_DBFS = -17.0  # the middle of -20…-14
PEAK = 10 ** (-1.0 / 20)
HEAD_MS, TAIL_MS = 40, 120  # a breath of room, so that nothing is cut by a jitter buffer
BEEP_HZ, BEEP_MS, BEEP_GAP_MS = 1000, 80, 20
TONE_DBFS = -17.0
PRESENCE_HZ, PRESENCE_DB = 1800, 4.0
LOWEST_HZ = 120  # under the voice there is only rumble, and a telephone does not carry it


def to_telephone(sound: NDArray[np.float32], from_rate: int) -> NDArray[np.float64]:
    """`sound` at 8 kHz, rumble removed, its silent ends cut, at the level all prompts have."""
    import numpy as np
    from scipy import signal

    slow = signal.resample_poly(sound.astype(np.float64), 1, from_rate // RATE)
    clean = signal.sosfilt(signal.butter(2, LOWEST_HZ, "highpass", fs=RATE, output="sos"), slow)
    return _levelled(_trimmed(signal.sosfilt(_presence(), clean)))


def _presence() -> NDArray[np.float64]:
    """A gentle shelf that lifts what tells consonants apart; the line cuts off the rest of them."""
    from scipy import signal

    a = 10 ** (PRESENCE_DB / 40)
    w = 2 * math.pi * PRESENCE_HZ / RATE
    lean, root = (a - 1) * math.cos(w), math.sqrt(2 * a) * math.sin(w)
    over = [a * (a + 1 + lean + root), -2 * a * (a - 1 + (a + 1) * math.cos(w)), a * (a + 1 + lean - root)]
    under = [a + 1 - lean + root, 2 * (a - 1 - (a + 1) * math.cos(w)), a + 1 - lean - root]
    sections: NDArray[np.float64] = signal.tf2sos(over, under)
    return sections


def _trimmed(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the silence at both ends: what is 40 dB under the loudest 10 ms."""
    import numpy as np

    step = RATE // 100
    frames = sound[: len(sound) // step * step].reshape(-1, step)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power > power.max() / 10**4)
    first = max(0, int(loud[0]) * step - HEAD_MS * RATE // 1000)
    last = min(len(sound), (int(loud[-1]) + 1) * step + TAIL_MS * RATE // 1000)
    cut = sound[first:last].copy()
    fade = RATE // 200
    cut[:fade] *= np.linspace(0, 1, fade)
    cut[-fade:] *= np.linspace(1, 0, fade)
    return cut


def _levelled(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """At SPEECH_DBFS; peaks that would pass -1 dBFS are bent, not cut."""
    import numpy as np

    for _ in range(3):  # bending takes a little level away: repeat
        level = measure(to_samples(sound / max(1.0, float(np.abs(sound).max())))).speech_dbfs
        level += 20 * math.log10(max(1.0, float(np.abs(sound).max())))
        sound = sound * 10 ** ((SPEECH_DBFS - level) / 20)
        knee = 0.7
        over = np.abs(sound) > knee
        room = PEAK - knee
        sound[over] = np.sign(sound[over]) * (knee + room * np.tanh((np.abs(sound[over]) - knee) / room))
    return sound


def tone(hz: int, ms: int) -> NDArray[np.float64]:
    """A sine with soft edges; 0 Hz is silence."""
    import numpy as np

    n = ms * RATE // 1000
    wave_ = math.sqrt(2) * 10 ** (TONE_DBFS / 20) * np.sin(2 * math.pi * hz * np.arange(n) / RATE)
    edge = min(n // 2, RATE // 100)
    wave_[:edge] *= np.linspace(0, 1, edge)
    wave_[n - edge :] *= np.linspace(1, 0, edge)
    result: NDArray[np.float64] = wave_
    return result


def silence(ms: int) -> NDArray[np.float64]:
    """Nothing, for `ms`."""
    return tone(0, ms)


def to_samples(sound: NDArray[np.float64]) -> array.array[int]:
    """16-bit samples of a sound in -1…1."""
    import numpy as np

    whole = np.clip(np.rint(sound * 32767), -32768, 32767).astype("<i2")
    return array.array("h", whole.tobytes())


def write_wav(path: Path, sound: NDArray[np.float64]) -> None:
    """Write an 8 kHz 16-bit mono file, whole or not at all: somebody may be playing the old one."""
    unfinished = path.with_suffix(".unfinished")
    with wave.open(str(unfinished), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(to_samples(sound).tobytes())
    unfinished.replace(path)
