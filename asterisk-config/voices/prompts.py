"""Read `config/prompts.yaml` and say which sound files it asks for, and what each of them says.

Needs nothing but ruamel.yaml, so that the tests and the checker can use it without a voice model.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

REPO = Path(__file__).resolve().parents[2]
PROMPTS = REPO / "config" / "prompts.yaml"
SOUNDS = REPO / "asterisk-config" / "sounds" / "zh"
INDEX = SOUNDS / "index.json"
TAKES = Path(__file__).with_name("takes.yaml")

MAX_S = 12.0  # UX rule: nobody listens longer than that
PACE = 0.95  # of the voice's own speed; mostly under 220 characters a minute
CHAIN = 2  # what sound.py does to the voice; raise it to have all files spoken again
STYLE = 60  # speak at least as calmly as in a text of so many phonemes
DIGITS = "零一二三四五六七八九"
FIELDS = {"text", "say", "only", "speak", "pace", "lead_ms", "max_s", "beep", "part_of", "note"}
_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")


class BadPrompts(Exception):
    """`prompts.yaml` cannot be used; the message says where, what and how to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides how one file sounds; a change of any of it makes the file stale."""

    voice: str
    text: str  # as read aloud: no figures
    pace: float = PACE
    style: int = STYLE
    lead_ms: int = 0
    beep: bool = False
    hz: int = 0  # a tone instead of speech
    ms: int = 0
    chain: int = CHAIN

    def stamp(self) -> str:
        """Sixteen hex digits that change when any of this changes."""
        plain = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One sound file."""

    id: str
    text: str  # as written in the file, for people
    said: str  # the same with single figures as words
    recipe: Recipe
    max_s: float = MAX_S
    only_agent: bool = False
    sentence: tuple[str, ...] = ()  # the ids of a whole sentence around this piece, itself included

    @property
    def is_tone(self) -> bool:
        """No words in it."""
        return self.recipe.ms > 0


def read_prompts(path: Path = PROMPTS, takes: Path = TAKES) -> dict[str, Prompt]:
    """Every sound file that `path` asks for, by id, in the order of the file.

    `takes` says how single files are spoken where the usual way is misheard. Raises BadPrompts for an
    unknown field, a bad id, a number nobody spelled out.
    """
    known = read_takes(takes)
    data = YAML(typ="safe").load(path)
    if not isinstance(data, Mapping) or not isinstance(data.get("prompts"), Mapping):
        raise BadPrompts(f"{path}: no `prompts:` in it. Begin with `prompts:` and one line per id.")
    voice = str(data.get("voice", ""))
    found: dict[str, Prompt] = {}
    for prompt_id, entry in data["prompts"].items():
        where = f"{path}: {prompt_id}"
        family = known.get(prompt_id, {})
        _refuse_nonsense(where, prompt_id, entry)
        for prompt in _expand(where, prompt_id, entry, voice):
            prompt = replace(prompt, recipe=replace(prompt.recipe, **(family | known.get(prompt.id, {}))))
            if prompt.id in found:
                raise BadPrompts(f"{where}: makes the file {prompt.id} a second time. Rename one.")
            found[prompt.id] = prompt
    for tone_id, tone in (data.get("tones") or {}).items():
        recipe = Recipe(voice="tone", text="", hz=int(tone.get("hz", 0)), ms=int(tone["ms"]))
        found[tone_id] = Prompt(id=tone_id, text="", said="", recipe=recipe)
    return found


def read_takes(path: Path = TAKES) -> dict[str, dict[str, Any]]:
    """Parts of a recipe (`pace`, `style`, `text`) that replace the usual ones, by id; empty without a file.

    A take of `q.pos` holds for all its files, one of `q.pos.7` for this.
    """
    if not path.exists():
        return {}
    takes = YAML(typ="safe").load(path) or {}
    for name, take in takes.items():
        if unknown := sorted(set(take) - {"pace", "style", "text"}):
            raise BadPrompts(f"{path}: {name}: unknown {', '.join(unknown)}. Known: pace, style, text.")
    return {str(name): dict(take) for name, take in takes.items()}


def _refuse_nonsense(where: str, prompt_id: object, entry: object) -> None:
    if not isinstance(prompt_id, str) or not _ID.fullmatch(prompt_id):
        raise BadPrompts(f"{where}: an id is made of a-z, 0-9 and dots, as in `q.pos`.")
    if not isinstance(entry, Mapping) or not entry.get("text"):
        raise BadPrompts(f"{where}: has no text. Write `{prompt_id}: {{text: 要说的话}}`.")
    unknown = sorted(set(entry) - FIELDS)
    if unknown:
        raise BadPrompts(f"{where}: unknown {', '.join(unknown)}. Known: {', '.join(sorted(FIELDS))}.")


def _expand(where: str, prompt_id: str, entry: Mapping[str, object], voice: str) -> Iterator[Prompt]:
    text = str(entry["text"])
    speak = str(entry.get("speak", text))
    if "{n}" in text + speak and "say" not in entry:
        raise BadPrompts(f"{where}: {{n}} without `say`. Say which values, or take {{n}} out.")
    for suffix, said in _values(where, entry.get("say")):
        own_id = prompt_id + suffix
        part_of = entry.get("part_of")
        yield Prompt(
            id=own_id,
            text=text.replace("{n}", said),
            said=_spoken(where, text.replace("{n}", said)),
            recipe=Recipe(
                voice=voice,
                text=_spoken(where, speak.replace("{n}", said)),
                pace=float(str(entry.get("pace", PACE))),
                lead_ms=int(str(entry.get("lead_ms", 0))),
                beep=bool(entry.get("beep", False)),
            ),
            max_s=float(str(entry.get("max_s", MAX_S))),
            only_agent=entry.get("only") == "agent",
            sentence=tuple(own_id if i == prompt_id else str(i) for i in part_of)
            if isinstance(part_of, list)
            else (),
        )


def _values(where: str, say: object) -> list[tuple[str, str]]:
    """(end of the id, words) for each value of a `say` rule."""
    if say is None:
        return [("", "")]
    if isinstance(say, Mapping) and isinstance(say.get("words"), Mapping):
        return [(f".{name}", str(word)) for name, word in say["words"].items()]
    if isinstance(say, Mapping) and {"from", "to", "as"} == set(say) and say["as"] in _READINGS:
        read = _READINGS[say["as"]]
        return [(f".{n}", read(n)) for n in range(int(say["from"]), int(say["to"]) + 1)]
    raise BadPrompts(
        f"{where}: `say` is neither {{words: …}} nor {{from: 1, to: 9, as: {' | '.join(_READINGS)}}}."
    )


def as_number(n: int) -> str:
    """0–99 as a plain number: 12 -> 十二, 2 -> 二. Ends at 99 because nothing here counts further."""
    if not 0 <= n <= 99:
        raise BadPrompts(f"{n}: only 0 to 99 can be said as a number. Use `as: digits`.")
    tens, ones = divmod(n, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def as_count(n: int) -> str:
    """0–99 before a measure word: 2 -> 两, but 12 -> 十二."""
    return "两" if n == 2 else as_number(n)


def as_digits(n: int) -> str:
    """Digit by digit as on the telephone: 1018 -> 幺零幺八."""
    return "".join(DIGITS[int(d)] for d in str(n)).replace("一", "幺")


_READINGS = {"count": as_count, "number": as_number, "digits": as_digits}


def _spoken(where: str, text: str) -> str:
    """`text` with its single figures as words; more than one figure in a row is refused."""
    if many := re.search(r"[0-9]{2,}", text):
        raise BadPrompts(f"{where}: write {many.group()} as it is said, for instance 幺二三四五.")
    if "{" in text:
        raise BadPrompts(f"{where}: a brace in the text. Only {{n}} has a meaning.")
    return re.sub(r"[0-9]", lambda d: DIGITS[int(d.group())], text)


def syllables(text: str) -> int:
    """Characters that are spoken, one syllable each."""
    return len(re.findall(r"[\u4e00-\u9fff]", text))


def read_index(path: Path = INDEX) -> dict[str, dict[str, object]]:
    """What is on disk, as `render.py` wrote it down: id -> text, recipe, wav_sha256, duration_ms."""
    if not path.exists():
        return {}
    files = json.loads(path.read_text(encoding="utf-8"))["files"]
    return {str(name): dict(row) for name, row in files.items()}


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
