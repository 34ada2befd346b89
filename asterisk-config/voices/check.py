"""Prove the sound files: present, fresh, telephone format, level, clipping, pace, and understood.

    make prompts                                  render what changed, then this, with a report
    python3 asterisk-config/voices/check.py OPTIONS ids…
        --deaf                      measure only; needs nothing but ruamel.yaml
        --studio config/sounds      a city's own recordings instead
        --report FILE --strict

Listening needs the extra [tts]; `make prompts` keeps it in .cache/voices/venv. Exit 0 all well, 1 something
to mend. Misheard (more than 10 % of the syllables wrong after the A-law line) is reported, and fails only
with --strict: the listener is a small model, not a person.
"""

from __future__ import annotations

import argparse
import array
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

import hearing
from prompts import (
    PROMPTS,
    SOUNDS,
    BadPrompts,
    Prompt,
    file_sha256,
    read_index,
    read_prompts,
    syllables,
)
from sound import BEEP_GAP_MS, BEEP_MS
from wavfacts import RATE, NotTelephoneSound, WavFacts, measure, read_samples

LOWEST_DBFS, HIGHEST_DBFS = -20.0, -14.0
MAX_PER_MIN = 220
MAX_EDGE_MS = 250
MAX_ERROR = 0.10
BEEP_SAMPLES = (BEEP_MS + BEEP_GAP_MS) * RATE // 1000
HEAD = """# The prompts, measured and heard

Made by `check.py --report`; do not edit. Listener: Whisper-base (int8) on what is left after G.711 A-law.
Error: wrong, missing and added syllables (pinyin without tones) per expected syllable; a piece of a
sentence is heard within it, a whisper without its beep.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said about one file."""

    prompt: Prompt
    facts: WavFacts | None = None
    wrong: list[str] = field(default_factory=list)
    error: float | None = None  # None: nobody listened
    heard: str = ""


def main(arguments: list[str] | None = None) -> int:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("ids", nargs="*", help="only ids that begin with one of these")
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    parser.add_argument("--studio", type=Path, help="check the recordings in this folder instead")
    parser.add_argument("--deaf", action="store_true", help="measure only")
    parser.add_argument("--strict", action="store_true", help="fail if something is not understood")
    parser.add_argument("--report", type=Path, help="write the result as Markdown")
    args = parser.parse_args(arguments)
    try:
        verdicts = examine(read_prompts(args.prompts), tuple(args.ids), studio=args.studio, deaf=args.deaf)
    except (BadPrompts, hearing.NoListener) as why:
        print(why, file=sys.stderr)
        return 1
    unclear = [v for v in verdicts if v.error is not None and v.error > MAX_ERROR]
    for v in verdicts:
        for what in v.wrong:
            print(f"{v.prompt.id}: {what}")
    for v in unclear:
        print(f"{v.prompt.id}: {v.error:.0%} misheard: “{v.prompt.text}” heard as “{v.heard}”")
    if args.report:
        args.report.write_text(report(verdicts), encoding="utf-8")
    print(f"{len(verdicts)} files, {sum(bool(v.wrong) for v in verdicts)} to mend, {len(unclear)} misheard")
    return 1 if any(v.wrong for v in verdicts) or (args.strict and unclear) else 0


def examine(
    prompts: dict[str, Prompt], ids: tuple[str, ...] = (), *, studio: Path | None = None, deaf: bool = False
) -> list[Verdict]:
    """A verdict for each file whose id begins with one of `ids` (all if empty)."""
    listener = None if deaf else hearing.Listener()
    chosen = [p for p in prompts.values() if not ids or p.id.startswith(ids)]
    if studio:
        return [
            _examine_one(p, studio, _stale_recording(p, studio), listener, prompts)
            for p in chosen
            if (studio / f"{p.id}.wav").exists()
        ]
    index = read_index()
    return [_examine_one(p, SOUNDS, _stale(p, index.get(p.id)), listener, prompts) for p in chosen]


def _stale(prompt: Prompt, row: dict[str, object] | None) -> list[str]:
    path = SOUNDS / f"{prompt.id}.wav"
    if not path.exists() or row is None:
        return ["has no sound. Run `make prompts`"]
    if row["recipe"] != prompt.recipe.stamp() or row["text"] != prompt.text:
        return [f"says “{row['text']}”, prompts.yaml “{prompt.text}”. Run `make prompts`"]
    if row["wav_sha256"] != file_sha256(path):
        return ["was changed by hand. Run `make prompts`, or put a recording into config/sounds"]
    return []


def _stale_recording(prompt: Prompt, folder: Path) -> list[str]:
    """A studio recording is fresh if the text file beside it says what prompts.yaml says."""
    note = folder / f"{prompt.id}.txt"
    said = note.read_text(encoding="utf-8").strip() if note.exists() else ""
    if said == prompt.text:
        return []
    return [f"{note.name} says “{said}”, prompts.yaml “{prompt.text}”. Record again, or correct the text"]


def _examine_one(
    prompt: Prompt,
    folder: Path,
    wrong: list[str],
    listener: hearing.Listener | None,
    prompts: dict[str, Prompt],
) -> Verdict:
    try:
        samples = read_samples(folder / f"{prompt.id}.wav")
    except FileNotFoundError:
        return Verdict(prompt, wrong=wrong)
    except NotTelephoneSound as why:
        return Verdict(prompt, wrong=[*wrong, str(why)])
    facts = measure(samples)
    wrong = wrong + faults(prompt, facts)
    if listener is None or prompt.is_tone:
        return Verdict(prompt, facts, wrong)
    return Verdict(prompt, facts, wrong, *listen(prompt, folder, listener, prompts))


def listen(
    prompt: Prompt,
    folder: Path,
    listener: hearing.Listener,
    prompts: dict[str, Prompt],
    *,
    mine: array.array[int] | None = None,
) -> tuple[float, str]:
    """Error and words heard, of the whole sentence if `prompt` is a piece of one; no beeps.

    `mine` stands in for the prompt's own file: a trial that is not on disk.
    """
    text, sentence = "", array.array("h")
    for name in prompt.sentence or (prompt.id,):
        text += prompts[name].said
        trial = mine is not None and name == prompt.id
        samples = mine if trial and mine is not None else read_samples(_file(folder, name))
        if prompts[name].recipe.beep:
            samples = samples[BEEP_SAMPLES:]
        sentence += samples
    heard = listener.hear(sentence)
    return hearing.error(text, heard), heard


def _file(folder: Path, name: str) -> Path:
    own = folder / f"{name}.wav"
    return own if own.exists() else SOUNDS / f"{name}.wav"


def faults(prompt: Prompt, facts: WavFacts) -> list[str]:
    """What a measured file breaks of the rules for prompts."""
    found = []
    if facts.clipped:
        found.append(f"{facts.clipped} samples are clipped. Render or record it softer")
    if facts.duration_ms > prompt.max_s * 1000:
        found.append(
            f"lasts {facts.duration_ms / 1000:.1f} s, at most {prompt.max_s:.0f} s allowed. Shorten it"
        )
    if prompt.is_tone:
        return found
    if not LOWEST_DBFS <= facts.speech_dbfs <= HIGHEST_DBFS:
        found.append(f"speech at {facts.speech_dbfs} dBFS, must be {LOWEST_DBFS:.0f} to {HIGHEST_DBFS:.0f}")
    if facts.head_ms > prompt.recipe.lead_ms + MAX_EDGE_MS or facts.tail_ms > MAX_EDGE_MS:
        found.append(f"silence: {facts.head_ms} ms in front, {facts.tail_ms} ms behind. Cut it")
    if not prompt.recipe.beep and (rate := pace(prompt, facts)) > MAX_PER_MIN:
        found.append(f"{rate:.0f} characters a minute, at most {MAX_PER_MIN} allowed. Lower its pace")
    return found


def pace(prompt: Prompt, facts: WavFacts) -> float:
    """Characters a minute, pauses included, the silence in front not."""
    speech_ms = facts.duration_ms - prompt.recipe.lead_ms
    return syllables(prompt.said) * 60_000 / max(1, speech_ms)


def report(verdicts: list[Verdict]) -> str:
    """The verdicts as a Markdown page."""
    misheard = [v for v in verdicts if (v.error or 0.0) > MAX_ERROR]
    parts = [HEAD, *_summary(verdicts), "", "## Misheard (more than 10 %)", "", *_table(misheard)]
    return "\n".join([*parts, "", "## All", "", *_table(verdicts), ""])


def _summary(verdicts: list[Verdict]) -> list[str]:
    errors = [v.error for v in verdicts if v.error is not None]
    facts = [v.facts for v in verdicts if v.facts]
    spoken = [v.facts for v in verdicts if v.facts and not v.prompt.is_tone]
    levels = [f.speech_dbfs for f in spoken]
    good = sum(e <= MAX_ERROR for e in errors)
    return [
        f"- files: {len(verdicts)}, {sum(f.duration_ms for f in facts) / 1000:.0f} s of sound",
        f"- to mend: {sum(bool(v.wrong) for v in verdicts)}",
        (
            f"- heard: {len(errors)}; without any error {sum(e == 0 for e in errors)}, "
            f"at most 10 % {good}, more {len(errors) - good}"
        ),
        f"- mean error: {statistics.fmean(errors or [0.0]):.1%}",
        (
            f"- speech level: {min(levels, default=0):.1f} to {max(levels, default=0):.1f} dBFS, "
            f"highest peak {max((f.peak_dbfs for f in spoken), default=0):.1f} dBFS, "
            f"clipped samples {sum(f.clipped for f in facts)}"
        ),
    ]


def _table(verdicts: list[Verdict]) -> list[str]:
    if not verdicts:
        return ["none"]
    rows = ["| id | text | error | heard | s | dBFS | chars/min |", "|---|---|---|---|---|---|---|"]
    for v in verdicts:
        f = v.facts
        measured = f"{f.duration_ms / 1000:.2f} | {f.speech_dbfs:.1f}" if f else "– | –"
        rate = f"{pace(v.prompt, f):.0f}" if f and not v.prompt.is_tone else "–"
        wrong = "–" if v.error is None else f"{v.error:.0%}"
        rows.append(f"| {v.prompt.id} | {v.prompt.text} | {wrong} | {v.heard} | {measured} | {rate} |")
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
