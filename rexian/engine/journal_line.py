"""One line of the journal: an entry in JSON, sealed, and chained to the line before it.

    {"seq":7,"at":1795500000000000,"kind":"step","body":{…},"mac":"64 hex digits"}

The seal is an HMAC over the seal before it and everything in front of `"mac"`, so a changed, removed,
inserted or swapped line is found by whoever has the key. A segment's first line also names the journal
and repeats the seal before it, so that a segment can be checked without the ones before it:

    {"seq":8,"at":…,"kind":"snapshot","journal":"16 hex digits","prev":"64 hex digits","body":{…},"mac":"…"}
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from terms.instant import Instant

Mac = Callable[[bytes, bytes], bytes]
"""(key, message) -> 32 bytes. Replaceable: a city that must use a national algorithm hands in its own."""


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The seal that is used when nothing else is asked for."""
    return hmac.digest(key, message, "sha256")


_MAC_HEX = 64
_BEFORE_MAC = b',"mac":"'
_AFTER_MAC = b'"}\n'
_TAIL = len(_BEFORE_MAC) + _MAC_HEX + len(_AFTER_MAC)

# A value that JSON doesn't know is written as its text: a strange value must not cost the whole entry.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it was put."""

    seq: int
    at: Instant
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line of a segment tells beside its entry."""

    journal: str
    """The journal's own name, made once: a database knows by it whose entries it has absorbed."""
    prev: bytes
    """The seal (hex) of the last line before this segment."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Writes lines and checks them with one key."""

    key: bytes
    mac: Mac = hmac_sha256

    def seal(self, prev: bytes, content: bytes) -> bytes:
        """The seal in hex of a line whose part in front of `"mac"` is `content`."""
        return self.mac(self.key, prev + content).hex().encode()

    def line(self, entry: Entry, prev: bytes, header: Header | None = None) -> tuple[bytes, bytes]:
        """The whole line of `entry` after a line sealed with `prev`, and its own seal."""
        head = f'{{"seq":{entry.seq},"at":{entry.at},"kind":{_encode(entry.kind)}'
        if header:
            head += f',"journal":{_encode(header.journal)},"prev":"{header.prev.decode()}"'
        # A lone surrogate (half a character from a broken phone) would be refused by every database.
        content = f'{head},"body":{_encode(entry.body)}'.encode("utf-8", "replace")
        seal = self.seal(prev, content)
        return content + _BEFORE_MAC + seal + _AFTER_MAC, seal


class Chain:
    """Walks along lines and tells for each whether it is what was written there.

    After a damaged line the walk goes on with the seals that the damaged line may have had, so that
    one flipped bit makes one bad line and not a bad rest.
    """

    def __init__(self, sealer: Sealer, prev: bytes) -> None:
        self._sealer = sealer
        self._seals: tuple[bytes, ...] = (prev,)

    @property
    def seal(self) -> bytes:
        """The seal that the next line builds on."""
        return self._seals[0]

    def accepts(self, line: bytes) -> bool:
        """Is `line` (with its line end) whole, genuine and in its place?"""
        content, stored = split(line)
        computed = [self._sealer.seal(prev, content) for prev in self._seals]
        if stored in computed and line[len(content) :] == _BEFORE_MAC + stored + _AFTER_MAC:
            self._seals = (stored,)
            return True
        self._seals = (stored, *computed[:2])
        return False


def split(line: bytes) -> tuple[bytes, bytes]:
    """What is in front of `"mac"`, and the seal behind it; of a damaged line whatever stands there."""
    return line[:-_TAIL], line[-_MAC_HEX - len(_AFTER_MAC) : -len(_AFTER_MAC)]


def seq_of(line: bytes) -> int | None:
    """The number at the beginning of `line`, without reading the rest. None if there is none."""
    digits = line[len(b'{"seq":') : 30].partition(b",")[0]
    return int(digits) if digits.isdigit() else None


def parse(line: bytes) -> tuple[Entry, Header | None]:
    """The entry of a line. ValueError or KeyError if it isn't one: check with `Chain.accepts` first."""
    raw = json.loads(line)
    entry = Entry(seq=raw["seq"], at=Instant(raw["at"]), kind=raw["kind"], body=raw["body"])
    header = Header(journal=raw["journal"], prev=raw["prev"].encode()) if "prev" in raw else None
    return entry, header
