"""The journal's files: finding them, reading them on, proving them.

A journal is a folder of segments, `000000000001.journal` and so on, named after their first entry.
Reading needs no lock and disturbs no writer: only whole lines are taken, and what was read once is
never read differently again (a writer only appends, or cuts off what was never whole).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rexian.engine.journal_line import Chain, Entry, Header, Sealer, parse, seq_of

_CHUNK = 1 << 18
_LINE_MAX = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A place where the journal isn't what was written."""

    segment: str
    offset: int
    """Of the line in its segment, in bytes."""
    seq: int | None
    """The entry's number, if it can still be read."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What checking a whole journal showed."""

    entries: int
    first_seq: int | None
    last_seq: int | None
    head: str | None
    """The last seal. Kept elsewhere, it also proves that nothing was cut off the end."""
    damage: tuple[Damage, ...] = ()

    @property
    def ok(self) -> bool:
        """Is every entry there and as it was written?"""
        return not self.damage


def segments(folder: Path) -> list[Path]:
    """The segments of a journal in order; none if there is no journal."""
    return sorted(folder.glob("[0-9]*.journal"))


def first_seq(segment: Path) -> int:
    """The number of the first entry of a segment, after which it is named."""
    return int(segment.stem)


def segment_path(folder: Path, seq: int) -> Path:
    """Where the segment that begins with entry `seq` lies."""
    return folder / f"{seq:012d}.journal"


def lines(segment: Path, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each whole line from `offset` on, with its own offset; a last line without its end is left out."""
    descriptor = os.open(segment, os.O_RDONLY)
    try:
        size = _CHUNK
        while chunk := os.pread(descriptor, size, offset):
            whole = chunk.rfind(b"\n") + 1
            for line in chunk[:whole].split(b"\n")[:-1]:
                yield offset, line + b"\n"
                offset += len(line) + 1
            if not whole and (len(chunk) < size or size > _LINE_MAX):
                return
            size = _CHUNK if whole else size * 2
    finally:
        os.close(descriptor)


def header_of(segment: Path) -> Header | None:
    """What the first line tells about the segment, unchecked. None if it can't be read."""
    for _, line in lines(segment):
        try:
            return parse(line)[1]
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
    return None


@dataclass(slots=True)
class SegmentCheck:
    """The running check of one segment's lines. `whole_to` is the offset behind the last good line."""

    segment: Path
    chain: Chain
    last_seq: int | None = None
    seal: bytes | None = None
    whole_to: int = 0
    entries: int = 0

    def take(self, offset: int, line: bytes) -> Damage | None:
        """None if `line` is good; what is wrong with it otherwise."""
        if not self.chain.accepts(line):
            what = "the seal does not fit: changed, inserted, or the one before it is gone"
            return Damage(segment=self.segment.name, offset=offset, seq=seq_of(line), what=what)
        self.last_seq, self.seal, self.whole_to = seq_of(line), self.chain.seal, offset + len(line)
        self.entries += 1
        return None


def check(segment: Path, sealer: Sealer) -> tuple[SegmentCheck, list[Damage]]:
    """Checks a segment by itself, beginning with the seal that its own first line names."""
    header = header_of(segment)
    state = SegmentCheck(segment, Chain(sealer, header.prev if header else b""))
    found = [damage for offset, line in lines(segment) if (damage := state.take(offset, line))]
    return state, found


def begins_with(kind: str, segment: Path, sealer: Sealer) -> bool:
    """Is the first line of `segment` a good one, and of that kind?"""
    header = header_of(segment)
    if header is None:
        return False
    _, line = next(lines(segment))
    return Chain(sealer, header.prev).accepts(line) and parse(line)[0].kind == kind


def verify(folder: Path, sealer: Sealer) -> Verdict:
    """Checks every line of a journal and that the segments follow each other. Reads only."""
    damage: list[Damage] = []
    entries, begin, last, seal = 0, None, None, None
    for segment in segments(folder):
        state, found = check(segment, sealer)
        damage += found
        header = header_of(segment)
        if last is not None and (first_seq(segment) != last + 1 or not header or header.prev != seal):
            what = f"does not follow entry {last}: a segment before it was changed, cut or removed"
            damage.append(Damage(segment=segment.name, offset=0, seq=first_seq(segment), what=what))
        if not found and _has_torn_end(segment, state.whole_to):
            what = "the last line has no end"
            damage.append(Damage(segment=segment.name, offset=state.whole_to, seq=None, what=what))
        entries += state.entries
        begin = first_seq(segment) if begin is None else begin
        last, seal = state.last_seq or last, state.seal or seal
    return Verdict(
        entries=entries,
        first_seq=begin,
        last_seq=last,
        head=seal.decode() if seal else None,
        damage=tuple(damage),
    )


def _has_torn_end(segment: Path, whole_to: int) -> bool:
    """Is there a piece of a line behind the last whole one, that isn't just being written?"""
    return segment.stat().st_size > whole_to and not any(True for _ in lines(segment, whole_to))


class Reader:
    """Reads a journal on from where it stopped; made for following one that is still being written."""

    def __init__(self, folder: Path, sealer: Sealer, after: int = 0) -> None:
        """The first entry read will be the first one with a number above `after`."""
        self._folder, self._sealer, self._after = folder, sealer, after
        self._check: SegmentCheck | None = None
        self._offset = 0
        self.damage: list[Damage] = []
        """What was found damaged on the way, and left out of what `read` gives."""

    def read(self, limit: int, upto: int | None = None) -> list[Entry]:
        """Up to `limit` further entries, none above `upto`; empty if there is nothing further yet."""
        found: list[Entry] = []
        while True:
            following = self._following()  # asked first: a segment that has a follower grows no more
            if self._check and self._is_enough(self._check, found, limit, upto):
                return found
            if following is None:
                return found
            header = header_of(following)
            self._check = SegmentCheck(following, Chain(self._sealer, header.prev if header else b""))
            self._offset = 0

    def _is_enough(self, state: SegmentCheck, found: list[Entry], limit: int, upto: int | None) -> bool:
        """Reads on in the present segment; False if it has no further whole line."""
        for offset, line in lines(state.segment, self._offset):
            seq = seq_of(line)
            if len(found) >= limit or (upto is not None and seq is not None and seq > upto):
                return True
            self._offset = offset + len(line)
            if damage := state.take(offset, line):
                self.damage.append(damage)
            elif seq is not None and seq > self._after:
                found.append(parse(line)[0])
        return False

    def _following(self) -> Path | None:
        """The segment to read next, once it has a whole line."""
        known = segments(self._folder)
        if self._check is None:
            before = [segment for segment in known if first_seq(segment) <= self._after + 1]
            further = before[-1:] or known[:1]
        else:
            further = [segment for segment in known if segment > self._check.segment][:1]
        return further[0] if further and any(True for _ in lines(further[0])) else None
