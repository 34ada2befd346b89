"""The spoken prompts of a city: which ids there are, and the sound file of each.

A city's own recording, `sounds/<id>.wav` beside its prompts.yaml, wins over the file that comes with
Rexian. Asterisk plays a file of another format as noise or not at all, so each is looked at before the
first call.
"""

import array
import sys
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rexian.engine.city_models import PromptModel, PromptsFile
from rexian.engine.config_reading import Reading
from rexian.engine.mistakes import Mistake, did_you_mean, shown
from terms.ids import PromptId

SHIPPED_SOUNDS = Path(__file__).parents[2] / "asterisk-config" / "sounds" / "zh"
OWN_SOUNDS = "sounds"

RATE_HZ = 8000
_RAIL = 32_760
_CLIPPED_IN_A_ROW = 4
"""A voice touches the rail now and then; several samples there in a row are a flattened peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """Every prompt that can be played."""

    files: Mapping[PromptId, Path]
    seconds: Mapping[PromptId, float]

    @property
    def ids(self) -> frozenset[PromptId]:
        """All of them, values included: `q.pos.7`."""
        return frozenset(self.files)

    def sound(self, prompt: str) -> str:
        """What an AGI command plays for `prompt`: its path without .wav, quoted if it must be.

        An unknown id is handed on as it is: Asterisk then plays nothing, and the call goes on.
        """
        path = self.files.get(PromptId(prompt))
        name = str(path.with_suffix("")) if path else prompt
        if not any(c in name for c in ' "\\'):
            return name
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCheck:
    """The prompts, and what is wrong with them."""

    prompts: Prompts
    named: frozenset[str]
    """Every sound that prompts.yaml asks for, whether or not its file is fit or there."""
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


def ids_of(prompt_id: str, prompt: PromptModel) -> list[PromptId]:
    """The sound files that one entry of prompts.yaml asks for."""
    if prompt.say is None:
        return [PromptId(prompt_id)]
    if prompt.say.words is not None:
        return [PromptId(f"{prompt_id}.{word}") for word in prompt.say.words]
    first, last = prompt.say.first or 0, prompt.say.last or 0
    return [PromptId(f"{prompt_id}.{value}") for value in range(first, last + 1)]


def check_prompts(reading: Reading[PromptsFile], own: Path, shipped: Path) -> PromptCheck:
    """Look for the sound file of every prompt, in `own` and then in `shipped`."""
    looked = _Look(reading, own, shipped)
    if reading.content is not None:
        for prompt_id, prompt in reading.content.prompts.items():
            if reading.is_sound(("prompts", prompt_id)):
                looked.at(("prompts", prompt_id), ids_of(prompt_id, prompt))
        for tone in reading.content.tones:
            looked.at(("tones", tone), [tone])
    if reading.whole:
        looked.at_strangers()
    return PromptCheck(
        prompts=Prompts(files=looked.files, seconds=looked.seconds),
        named=frozenset(looked.named),
        mistakes=tuple(looked.mistakes),
        warnings=tuple(looked.warnings),
    )


class _Look:
    def __init__(self, reading: Reading[PromptsFile], own: Path, shipped: Path) -> None:
        self._document = reading.document
        self._own, self._shipped = own, shipped
        self.named: set[str] = set()
        self.files: dict[PromptId, Path] = {}
        self.seconds: dict[PromptId, float] = {}
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []

    def at(self, spot: tuple[str, ...], ids: Iterable[PromptId]) -> None:
        missing = []
        for one in ids:
            if one in self.named:
                what = f"makes the sound '{one}', which another entry makes too"
                self.mistakes.append(
                    self._document.mistake(spot, f"'{spot[-1]}' {what}", "rename one of them")
                )
                continue
            self.named.add(one)
            name = f"{one}.wav"
            path = next((p for p in (self._own / name, self._shipped / name) if p.is_file()), None)
            if path is None:
                missing.append(name)
                continue
            self.files[one] = path
            self._judge(spot, one, path)
        if missing:
            some = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            mend = f"record it as 8 kHz, 16-bit, mono into {shown(self._own)}, or run `make prompts`"
            self.mistakes.append(self._document.mistake(spot, f"'{spot[-1]}' has no sound: {some}", mend))

    def _judge(self, spot: tuple[str, ...], one: PromptId, path: Path) -> None:
        sound = hear(path)
        self.seconds[one] = sound.seconds
        if sound.unfit:
            mend = "save it as WAV, 8 kHz, 16-bit, mono"
            self.mistakes.append(self._document.mistake(spot, f"{shown(path)} {sound.unfit}", mend))
        elif sound.clipped:
            mend = "record it again, less loud"
            self.warnings.append(self._document.mistake(spot, f"{shown(path)} is clipped", mend))

    def at_strangers(self) -> None:
        """Recordings that a city made and that would never be played."""
        for path in sorted(self._own.glob("*")) if self._own.is_dir() else ():
            if path.suffix.lower() != ".wav" or (path.suffix == ".wav" and path.stem in self.files):
                continue
            stem = path.stem.lower()
            twin = PromptId(stem) in self.files
            mend = f"rename it to {stem}.wav" if twin else did_you_mean(path.stem, self.files)
            what = f"{shown(path)} belongs to no prompt" + (": the case of its name is wrong" if twin else "")
            self.mistakes.append(self._document.mistake((), what, mend))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What can be told about a sound file without listening."""

    seconds: float = 0.0
    unfit: str = ""
    """Why Asterisk can't play it, as the end of a sentence; empty if it can."""
    clipped: bool = False


def hear(path: Path) -> Sound:
    """Measure the file at `path`. Never raises for what is in it."""
    try:
        if path.stat().st_size == 0:
            return Sound(unfit="has 0 bytes")
        with wave.open(str(path), "rb") as file:
            rate, bits, channels = file.getframerate(), file.getsampwidth() * 8, file.getnchannels()
            if (rate, bits, channels) != (RATE_HZ, 16, 1):
                shape = "mono" if channels == 1 else "stereo" if channels == 2 else f"{channels} channels"
                return Sound(unfit=f"has {rate} Hz, {bits}-bit, {shape}")
            samples = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as why:
        return Sound(unfit=f"is no WAV file ({str(why) or 'it ends too early'})")
    except OSError as why:
        return Sound(unfit=f"cannot be read ({why.strerror})")
    if not samples:
        return Sound(unfit="has no sound in it")
    return Sound(seconds=len(samples) / 2 / RATE_HZ, clipped=_is_clipped(samples))


def _is_clipped(samples: bytes) -> bool:
    high_bytes = samples[1::2]
    if b"\x7f" not in high_bytes and b"\x80" not in high_bytes:
        return False  # nowhere near the rail: a start looks at 300 files, and a loop over each takes long
    values = array.array("h", samples[: len(samples) // 2 * 2])
    if sys.byteorder == "big":
        values.byteswap()
    run = 0
    for value in values:
        run = run + 1 if abs(value) >= _RAIL else 0
        if run >= _CLIPPED_IN_A_ROW:
            return True
    return False
