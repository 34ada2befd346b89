"""Speak `config/prompts.yaml`: write the wav files that Asterisk plays.

    make prompts                         what changed, then check all
    make prompts ARGS='--all q.pos'      everything whose id begins with q.pos

Only files whose text or recipe changed are spoken again; `index.json` beside the files remembers
what each one says. Runs on one thread and takes about as long as the speech lasts. Needs the extra
[tts], which `make prompts` keeps in .cache/voices/venv.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from prompts import (
    INDEX,
    PROMPTS,
    SOUNDS,
    BadPrompts,
    Prompt,
    file_sha256,
    read_index,
    read_prompts,
    syllables,
)
from wavfacts import RATE

if TYPE_CHECKING:
    import numpy as np
    from kokoro import Speaker
    from numpy.typing import NDArray

MAX_PER_MIN = 220  # characters; UX rule
Row = dict[str, object]


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 done, 1 something could not be rendered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("ids", nargs="*", help="only ids that begin with one of these")
    parser.add_argument("--all", action="store_true", help="also what is up to date")
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    args = parser.parse_args(arguments)
    try:
        prompts = read_prompts(args.prompts)
        todo = [
            p
            for p in prompts.values()
            if (args.all or is_stale(p, read_index())) and (not args.ids or p.id.startswith(tuple(args.ids)))
        ]
        return _render(todo, prompts)
    except BadPrompts as why:
        print(why, file=sys.stderr)
        return 1


def is_stale(prompt: Prompt, index: dict[str, Row]) -> bool:
    """The file is missing, or says something else than `prompt` now asks for."""
    row = index.get(prompt.id)
    return row is None or row["recipe"] != prompt.recipe.stamp() or not (SOUNDS / f"{prompt.id}.wav").exists()


def _render(todo: list[Prompt], prompts: dict[str, Prompt]) -> int:
    index = {name: row for name, row in read_index().items() if name in prompts}
    SOUNDS.mkdir(parents=True, exist_ok=True)
    if todo:
        from kokoro import NoVoice, Speaker

        try:
            speaker = Speaker(next((p.recipe.voice for p in todo if not p.is_tone), "zf_xiaobei"))
        except NoVoice as why:
            print(why, file=sys.stderr)
            return 1
        for n, prompt in enumerate(todo, 1):
            index[prompt.id] = _render_one(prompt, speaker)
            print(
                f"[{n}/{len(todo)}] {prompt.id} {index[prompt.id]['duration_ms']} ms {prompt.text}",
                flush=True,
            )
            _write_index(index, prompts)
    for gone in {w.stem for w in SOUNDS.glob("*.wav")} - set(prompts):
        (SOUNDS / f"{gone}.wav").unlink()
        print(f"removed {gone}.wav: no longer in prompts.yaml")
    _write_index(index, prompts)
    too_long = [p.id for p in todo if int(str(index[p.id]["duration_ms"])) > p.max_s * 1000]
    if too_long:
        print(f"too long: {', '.join(too_long)}. Shorten the text.", file=sys.stderr)
    return 1 if too_long else 0


def _render_one(prompt: Prompt, speaker: Speaker) -> Row:
    import sound

    recipe = prompt.recipe
    made = sound.tone(recipe.hz, recipe.ms) if prompt.is_tone else speak(prompt, speaker)
    path = SOUNDS / f"{prompt.id}.wav"
    sound.write_wav(path, made)
    return {
        "text": prompt.text,
        "recipe": recipe.stamp(),
        "wav_sha256": file_sha256(path),
        "duration_ms": len(made) * 1000 // RATE,
    }


def speak(prompt: Prompt, speaker: Speaker) -> NDArray[np.float64]:
    """The file's sound: its text at its pace, or as much slower as the limit asks for."""
    import numpy as np
    import sound
    from kokoro import MODEL_RATE

    pace = prompt.recipe.pace
    least_s = 0.0 if prompt.recipe.beep else syllables(prompt.said) * 60 / MAX_PER_MIN
    for _ in range(4):
        made = sound.to_telephone(speaker.say(prompt.recipe.text, pace, prompt.recipe.style), MODEL_RATE)
        length_s = len(made) / RATE
        if length_s >= least_s:
            break
        pace *= length_s / least_s * 0.99
    pieces = [made]
    if prompt.recipe.beep:
        pieces = [sound.tone(sound.BEEP_HZ, sound.BEEP_MS), sound.silence(sound.BEEP_GAP_MS), made]
    if prompt.recipe.lead_ms:
        pieces.insert(0, sound.silence(prompt.recipe.lead_ms))
    return np.concatenate(pieces)


def _write_index(index: dict[str, Row], prompts: dict[str, Prompt]) -> None:
    ordered = {name: index[name] for name in prompts if name in index}
    text = json.dumps({"format": 1, "files": ordered}, ensure_ascii=False, indent=1)
    INDEX.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
