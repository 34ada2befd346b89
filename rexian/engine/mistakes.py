"""What is wrong with a city's files: always where, what, and how to mend it."""

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing to mend. Prints as `file:line: what; how to mend`, on one line whatever was in the file."""

    file: str
    line: int
    """Counted from 1; 1 if the file as a whole is meant."""
    what: str
    mend: str

    def __str__(self) -> str:
        return printable(f"{self.file}:{self.line}: {self.what}; {self.mend}")


class ConfigErrors(Exception):
    """A configuration that cannot be used: every mistake of every file, in the files' order."""

    def __init__(self, mistakes: Iterable[Mistake], warnings: Iterable[Mistake] = ()) -> None:
        self.mistakes = tuple(sorted(set(mistakes), key=lambda m: (m.file, m.line, m.what)))
        self.warnings = tuple(warnings)
        super().__init__("\n".join(map(str, self.mistakes)))


def printable(text: str) -> str:
    """`text` without what could move a terminal's cursor or turn its writing round: shown as U+XXXX."""
    return "".join(c if unicodedata.category(c) not in _INVISIBLE else f"<U+{ord(c):04X}>" for c in text)


_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """How to mend a name that nothing has: the one that looks most like it, or all there are."""
    names = sorted(set(known))
    lower = {name.lower(): name for name in reversed(names)}
    if near := difflib.get_close_matches(wrong.lower(), lower, n=1, cutoff=0.6):
        return f"did you mean '{lower[near[0]]}'?"
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return f"known are: {shown}" if names else "there is none yet"


_SHOWN = 12


def shown(path: Path) -> str:
    """`path` as people in the present folder would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
