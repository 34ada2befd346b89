"""A-law, the telephone's 8 bits per sample (ITU-T G.711), and the files it comes from and goes to."""

import wave
from collections.abc import Iterable
from functools import cache
from pathlib import Path

RATE = 8000
FRAME = 160
"""Samples, and bytes, in the 20 ms that one RTP packet carries."""


def _decoded(code: int) -> int:
    code ^= 0x55
    segment, step = (code >> 4) & 7, code & 15
    magnitude = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


DECODED: tuple[int, ...] = tuple(_decoded(code) for code in range(256))
"""The 16-bit sample of each code."""


@cache
def _encoded(sample: int) -> int:
    sign, magnitude = (0x80, sample) if sample >= 0 else (0, ~sample)
    segment = max(magnitude.bit_length() - 8, 0)
    step = magnitude >> (segment + 3 if segment else 4)
    return (sign | segment << 4 | step & 15) ^ 0x55


def encode(samples: Iterable[int]) -> bytes:
    """A-law of 16-bit samples; louder ones are clipped."""
    return bytes(_encoded(max(-32768, min(32767, sample))) for sample in samples)


def decode(codes: bytes | bytearray) -> list[int]:
    """16-bit samples of A-law."""
    return [DECODED[code] for code in codes]


SILENCE = encode([0]) * FRAME


def read_wav(path: Path) -> bytes:
    """The A-law of a wav of 8 kHz, 16 bit, one channel. ValueError for any other kind."""
    with wave.open(str(path), "rb") as sound:
        kind = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
        if kind != (RATE, 2, 1):
            raise ValueError(f"{path}: {kind} (Hz, bytes, channels); wanted ({RATE}, 2, 1)")
        data = sound.readframes(sound.getnframes())
    return encode(memoryview(data).cast("h"))


def write_wav(path: Path, codes: bytes | bytearray) -> None:
    """Writes A-law as a wav of 8 kHz, 16 bit, one channel."""
    pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in decode(codes))
    with wave.open(str(path), "wb") as sound:
        sound.setframerate(RATE)
        sound.setsampwidth(2)
        sound.setnchannels(1)
        sound.writeframes(pcm)
