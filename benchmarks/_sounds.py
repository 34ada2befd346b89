"""How long the shipped prompts are."""

import wave
from pathlib import Path

SOUNDS = Path(__file__).resolve().parents[1] / "asterisk-config" / "sounds" / "zh"


def spoken_s(prompt: str) -> float:
    """Seconds."""
    with wave.open(str(SOUNDS / f"{prompt}.wav")) as sound:
        return float(sound.getnframes() / sound.getframerate())
