"""Look for a clearer way to say what is misheard, and write it to `takes.yaml`.

    make prompts ARGS=--tune                everything that check.py reports as misheard, then speak it
    make prompts ARGS='--tune k. bye'       only ids that begin so

The recogniser that judges here is the one that checks afterwards, so a take found by many trials is a
weaker proof than a first take that passed: takes.yaml shows which files these are.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from itertools import product

import check
import hearing
from kokoro import NoVoice, Speaker
from prompts import SOUNDS, TAKES, BadPrompts, Prompt, read_prompts, read_takes
from render import speak
from ruamel.yaml import YAML
from sound import to_samples
from wavfacts import measure

PACES = (0.95, 0.87, 1.05, 0.8)
STYLES = (30, 100, 1, 60, 45, 130)
HEAD = """# How the synthetic voice says what its usual way would make less clear; `make prompts` follows it.
# The takes of single files are found by tune.py, which rewrites this file. All fields may be left out:
#   pace    its speed
#   style   the manner of a text of at least so many phonemes
#   text    another spelling of the same sounds
"""


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 done, 1 could not listen or speak."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("ids", nargs="*", help="only ids that begin with one of these")
    args = parser.parse_args(arguments)
    try:
        prompts = read_prompts()
        verdicts = check.examine(prompts, tuple(args.ids))
        misheard = [v for v in verdicts if v.error is not None and v.error > check.MAX_ERROR]
        if misheard:
            speaker, listener = Speaker(misheard[0].prompt.recipe.voice), hearing.Listener()
        for verdict in misheard:
            _improve(verdict, speaker, listener, prompts)
    except (BadPrompts, NoVoice, hearing.NoListener) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


def _improve(
    verdict: check.Verdict, speaker: Speaker, listener: hearing.Listener, prompts: dict[str, Prompt]
) -> None:
    best_error, best = verdict.error or 0.0, verdict.prompt
    for style, pace in product(STYLES, PACES):
        trial = replace(verdict.prompt, recipe=replace(verdict.prompt.recipe, pace=pace, style=style))
        samples = to_samples(speak(trial, speaker))
        if check.faults(trial, measure(samples)):
            continue
        error, heard = check.listen(trial, SOUNDS, listener, prompts, mine=samples)
        if error < best_error:
            best_error, best = error, trial
            print(f"{trial.id}: {error:.0%} with pace {pace}, style {style}: “{heard}”", flush=True)
        if best_error <= check.MAX_ERROR:
            break
    if best is verdict.prompt:
        print(f"{best.id}: nothing better than {best_error:.0%}", flush=True)
        return
    takes = read_takes()
    takes[best.id] = {**takes.get(best.id, {}), "pace": best.recipe.pace, "style": best.recipe.style}
    _write(takes)


def _write(takes: dict[str, dict[str, object]]) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_unicode, yaml.default_flow_style, yaml.width = True, None, 120
    with TAKES.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        yaml.dump(takes, file)


if __name__ == "__main__":
    raise SystemExit(main())
