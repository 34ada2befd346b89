"""YAML without surprises: every value is the text that stands in the file, with the line it stands on.

`no` is not False here, `0110` is not 72 and `12:30` is not 750: what a value means is decided by
whoever asks for it. Refused, each with the cure: aliases, anchors and tags (a few lines of them can
unfold into gigabytes), the same key twice (the last one would silently win), tabs, anything but UTF-8,
and whatever is larger or deeper than a city's file can be.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rexian.engine.mistakes import Mistake

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_LINE = 10_000
"""Characters. A longer line is no clerk's work, and scanning it takes longer than a refusal may."""

Tree = dict[str, "Tree"] | list["Tree"] | str | None
"""None is a key with nothing after it."""

Spot = tuple[str | int, ...]
"""Keys and indexes from the top of a file down to a value."""


class Unreadable(Exception):
    """A file that is no strict YAML."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(map(str, mistakes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The values of one file, and where each of them stands."""

    file: str
    """As shown to people."""
    data: Tree
    lines: Mapping[Spot, int]
    """The line of each key, for a list of each element."""

    def line(self, spot: Spot) -> int:
        """The line of `spot`, or of the nearest thing around it that is in the file; from 1."""
        while spot and spot not in self.lines:
            spot = spot[:-1]
        return self.lines.get(spot, 1)

    def holds(self, spot: Spot) -> bool:
        """Whether `spot` is in the file."""
        return spot in self.lines

    def mistake(self, spot: Spot, what: str, mend: str) -> Mistake:
        """What is wrong at `spot` of this file."""
        return Mistake(file=self.file, line=self.line(spot), what=what, mend=mend)


def read_yaml(path: Path, shown: str) -> Document:
    """The file at `path`, called `shown` in messages. Unreadable if it isn't strict YAML."""
    text = _decoded(_bytes_of(path, shown), shown)
    _refuse_odd_text(text, shown)
    return _Builder(shown).build(text)


def _refusal(shown: str, line: int, what: str, mend: str) -> Unreadable:
    return Unreadable([Mistake(file=shown, line=line, what=what, mend=mend)])


def _bytes_of(path: Path, shown: str) -> bytes:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise _refusal(shown, 1, "is no ordinary file", "put a text file in its place")
        if facts.st_size <= MAX_BYTES:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) <= MAX_BYTES:
                return data
        what = f"is larger than {MAX_BYTES // 1_000_000} MB"
        raise _refusal(shown, 1, what, "a city's file is far smaller; is it the right one?")
    except FileNotFoundError:
        raise _refusal(shown, 1, "is missing", "copy the demo city's and change it") from None
    except OSError as why:
        mend = "check its owner and rights"
        raise _refusal(shown, 1, f"cannot be read ({why.strerror})", mend) from None


def _decoded(data: bytes, shown: str) -> str:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(shown, 1, "begins with a byte order mark", "save as UTF-8, without BOM")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        line = len(_LINE_END.findall(data[: wrong.start].decode("latin-1"))) + 1
        what = "is not UTF-8" + (", but looks like GBK" if _is_gbk(data) else "")
        raise _refusal(shown, line, what, "save as UTF-8") from None


def _is_gbk(data: bytes) -> bool:
    try:
        return any("\u4e00" <= char <= "\u9fff" for char in data.decode("gb18030"))
    except UnicodeDecodeError:
        return False


_LINE_END = re.compile(r"\r\n|\r|\n")
_BRACKET = re.compile(r"[\[\]{}]")
_ODD = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _refuse_odd_text(text: str, shown: str) -> None:
    """What the parser would read in another way than people do, or read for longer than is good."""
    if odd := _ODD.search(text):
        code = ord(odd.group())
        what, mend = (
            ("a tab", "use spaces instead")
            if code == _TAB
            else (f"an invisible character, U+{code:04X}", "delete it")
        )
        raise _refusal(shown, _line_of(text, odd.start()), what, f"{mend}, and save as UTF-8")
    lines = _LINE_END.split(text)
    longest = max(lines, key=len)
    if len(longest) > MAX_LINE:
        what = f"a line of {len(longest)} characters"
        raise _refusal(shown, lines.index(longest) + 1, what, "break it into several")
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > MAX_DEPTH * _BRACKETS_IN_TEXTS:
            raise _refusal(shown, _line_of(text, bracket.start()), _TOO_DEEP, "flatten it")


_TAB = 9
_BRACKETS_IN_TEXTS = 10
"""The count of open brackets is no exact depth, for texts may hold some: only far too many are refused."""
_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"


def _line_of(text: str, position: int) -> int:
    return len(_LINE_END.findall(text, 0, position)) + 1


class _Builder:
    """Builds the tree from the parser's events, so that nothing is unfolded before it was looked at."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._lines: dict[Spot, int] = {}
        self._twice: list[Mistake] = []

    def build(self, text: str) -> Document:
        events = self._events(text)
        data: Tree = {}
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                self._refuse_more(event, documents)
                data = self._value(next(events), events, ())
        if self._twice:
            raise Unreadable(self._twice)
        return Document(file=self._shown, data=data, lines=self._lines)

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except MarkedYAMLError as wrong:
            mark = wrong.problem_mark or wrong.context_mark
            line = mark.line + 1 if mark else 1
            what = f"cannot be read from here: {wrong.problem or wrong.context}"
            mend = "look for a missing colon, quote or bracket, or for other spaces in front than above"
            raise self._refused(line, what, mend) from None
        except YAMLError as wrong:
            raise self._refused(1, f"cannot be read: {wrong}", "save as UTF-8") from None

    def _refused(self, line: int, what: str, mend: str) -> Unreadable:
        return Unreadable([*self._twice, Mistake(file=self._shown, line=line, what=what, mend=mend)])

    def _refuse_more(self, event: DocumentStartEvent, documents: int) -> None:
        line = event.start_mark.line + 1
        if event.version or event.tags:
            raise self._refused(line, "a % line", "delete it")
        if documents > 1:
            raise self._refused(line, "a second document begins", "delete the line ---")

    def _value(self, event: Any, events: Iterator[Any], spot: Spot) -> Tree:
        line = event.start_mark.line + 1
        self._lines.setdefault(spot, line)
        self._refuse_marks(event, line)
        if isinstance(event, ScalarEvent):
            empty = event.value == "" and event.style in (None, "")
            return None if empty else str(event.value)
        if len(spot) >= MAX_DEPTH:
            raise self._refused(line, _TOO_DEEP, "flatten it")
        if isinstance(event, SequenceStartEvent):
            return self._list(events, spot)
        return self._mapping(events, spot)

    def _refuse_marks(self, event: Any, line: int) -> None:
        if isinstance(event, AliasEvent):
            mend = "write the value out, or put it in quotes if the * is part of a text"
            raise self._refused(line, f"an alias, *{event.anchor}", mend)
        if event.anchor is not None:
            mend = "write the value out, or put it in quotes if the & is part of a text"
            raise self._refused(line, f"an anchor, &{event.anchor}", mend)
        if event.tag is not None:
            mend = "delete it, or put the value in quotes if the ! is part of a text"
            raise self._refused(line, f"a tag, {event.tag}", mend)

    def _list(self, events: Iterator[Any], spot: Spot) -> Tree:
        items: list[Tree] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._value(event, events, (*spot, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], spot: Spot) -> Tree:
        values: dict[str, Tree] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            line = event.start_mark.line + 1
            self._refuse_marks(event, line)
            if not isinstance(event, ScalarEvent):
                raise self._refused(line, "a key that is no word", "begin the line with `name:`")
            key = str(event.value)
            here = (*spot, key)
            if key in values:
                what = f"'{key}' stands here a second time, the first is on line {self._lines[here]}"
                mend = "delete one of them or rename it"
                self._twice.append(Mistake(file=self._shown, line=line, what=what, mend=mend))
            self._lines.setdefault(here, line)
            value = self._value(next(events), events, here)
            values.setdefault(key, value)
        return values
