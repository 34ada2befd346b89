"""Compose the music on hold: a calm pentatonic tune of 56 s that joins end to beginning.

    python3 asterisk-config/voices/music.py

Written for this project, so nobody has to be asked or paid. Needs Python alone, makes the same bytes
each time. Everything sounds between 250 and 2,600 Hz, which is what a telephone carries; no drums and
no long rests, since callers take a gap for a lost call.
"""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

RATE = 8000
FOLDER = Path(__file__).resolve().parents[1] / "moh"
BEAT_S = 0.875
BEATS = 64  # 16 bars of four
LEVEL_DBFS = -24.0

# Steps of the pentatonic scale of D (宫调): 0 is D4, 5 is D5. One string a bar, one place a quarter;
# a pair is two eighths, "." lets the note before ring on.
SCALE = (0, 2, 4, 7, 9)
D4_HZ = 293.66
MELODY = """
5 . 7 6   | 5 3 4 .   | 3 45 6 .  | 5 . . 3
5 . 7 8   | 7 6 5 .   | 4 35 4 2  | 3 . . .
7 . 8 7   | 6 5 6 .   | 7 6 5 3   | 4 . 34 5
5 . 7 6   | 5 3 4 .   | 3 2 3 4   | 5 . . .
"""
# Under it, a broken chord in quarters: scale steps, one group a bar.
CHORDS = "0235 0134 1346 0235 0235 1346 1246 0235 3568 1346 0235 1246 0235 0134 1246 0235"


def pitch_hz(step: int) -> float:
    """Frequency of a scale step; five steps are an octave."""
    octave, place = divmod(step, len(SCALE))
    return float(D4_HZ * 2 ** (octave + SCALE[place] / 12))


def melody() -> list[tuple[float, int]]:
    """(beat, step) of each note of the tune."""
    notes = []
    places = MELODY.replace("|", " ").split()
    if len(places) != BEATS:
        raise ValueError(f"MELODY has {len(places)} places, needs {BEATS}: one a beat.")
    for beat, place in enumerate(places):
        if place != ".":
            notes += [(beat + i / len(place), int(step)) for i, step in enumerate(place)]
    return notes


def accompaniment() -> list[tuple[float, int]]:
    """(beat, step) of the broken chords, off the beat so that they do not cover the tune."""
    bars = CHORDS.split()
    return [(4 * bar + i + 0.5, int(step)) for bar, steps in enumerate(bars) for i, step in enumerate(steps)]


def add_note(sound: list[float], beat: float, hz: float, loudness: float, ring_s: float) -> None:
    """A soft plucked note; what rings past the end goes on at the beginning, so the loop has no seam."""
    start = round(beat * BEAT_S * RATE)
    partials = [(hz * k, loudness * weight, ring_s / k) for k, weight in ((1, 1.0), (2, 0.32), (3, 0.1))]
    for number in range(round(ring_s * 2.5 * RATE)):
        t = number / RATE
        rise = min(1.0, t / 0.012)
        value = sum(a * math.exp(-t / d) * math.sin(2 * math.pi * f * t) for f, a, d in partials if f < 2600)
        sound[(start + number) % len(sound)] += rise * value


def compose() -> array.array[int]:
    """The whole tune as 16-bit samples at LEVEL_DBFS."""
    sound = [0.0] * round(BEATS * BEAT_S * RATE)
    for beat, step in melody():
        add_note(sound, beat, pitch_hz(step), 1.0, 1.1)
    for beat, step in accompaniment():
        add_note(sound, beat, pitch_hz(step), 0.42, 0.9)
    echo = round(0.31 * RATE)
    sound = [s + 0.22 * sound[i - echo] for i, s in enumerate(sound)]
    rms = math.sqrt(sum(s * s for s in sound) / len(sound))
    gain = 32768 * 10 ** (LEVEL_DBFS / 20) / rms
    return array.array("h", (round(s * gain) for s in sound))


def main() -> None:
    """Write `asterisk-config/moh/calm.wav`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    samples = compose()
    with wave.open(str(FOLDER / "calm.wav"), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes(samples.tobytes())
    print(f"{FOLDER.name}/calm.wav: {len(samples) / RATE:.0f} s, peak {max(map(abs, samples))}")


if __name__ == "__main__":
    main()
