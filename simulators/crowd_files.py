"""What SIPp reads: who calls, who sits where, and what they sound like."""

import math
import os
import random
from collections.abc import Sequence
from pathlib import Path

from simulators import alaw
from simulators.phone_line import Account

NOBODY = "-"
FOREVER_MS = 180_000

_PRIVATE = 0o600
_SENTENCE_S = 6


def write_citizens(path: Path, count: int, dice: random.Random) -> Path:
    """Invented callers for citizen.xml: most wait for a person, some press a key, some give up."""
    lines = ["SEQUENTIAL"]
    for _ in range(count):
        number = f"1390000{dice.randrange(10_000):04}"
        key = dice.choices((NOBODY, "1", "7"), (70, 12, 18))[0]
        gives_up = dice.random() < 0.12
        stay_ms = dice.randint(3_000, 25_000) if gives_up else FOREVER_MS
        rating = NOBODY if gives_up or dice.random() < 0.4 else dice.choices("54321", (50, 30, 10, 5, 5))[0]
        lines.append(f"{number};{key};{stay_ms};{rating}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path


def write_seats(folder: Path, accounts: Sequence[Account]) -> Path:
    """The accounts for register.xml, readable by nobody else."""
    lines = ["SEQUENTIAL"]
    for account in accounts:
        lines.append(f"{account.user};[authentication username={account.user} password={account.password}]")
    path = folder / "seats.csv"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def write_voices(folder: Path) -> None:
    """citizen.alaw and agent.alaw: a murmur at two pitches, so that a recording shows who spoke."""
    (folder / "citizen.alaw").write_bytes(murmur(pitch_hz=210))
    (folder / "agent.alaw").write_bytes(murmur(pitch_hz=140))


def murmur(pitch_hz: float) -> bytes:
    """Some seconds of A-law that rise and fall like a spoken sentence, about -20 dBFS."""
    samples: list[int] = []
    phase = 0.0
    for n in range(_SENTENCE_S * alaw.RATE):
        seconds = n / alaw.RATE
        phase += 2 * math.pi * pitch_hz * (1 + 0.06 * math.sin(2 * math.pi * 0.7 * seconds)) / alaw.RATE
        syllable = max(0.0, math.sin(2 * math.pi * 2.3 * seconds)) ** 0.5
        breath = 1.0 if seconds % 3 < 2.4 else 0.0
        voice = sum(math.sin(k * phase) / k for k in (1, 2, 3, 5))
        samples.append(round(5000 * breath * syllable * voice))
    return alaw.encode(samples)
