"""A journal in a folder of its own, and ways to spoil its files."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rexian.engine.journal import Journal, Limits
from rexian.engine.journal_files import segments
from terms.instant import Instant

KEY = b"k" * 32
SMALL = Limits(segment_bytes=4096, reserve_bytes=1 << 16, held_bytes=1 << 20)


class Desk:
    """Opens the same journal again and again, as engines come and go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: list[Journal] = []
        self._tick = 0

    def open(self, limits: Limits = SMALL, key: bytes = KEY) -> Journal:
        journal = Journal.open(self.folder, key, limits=limits, now=self.now)
        self._opened.append(journal)
        return journal

    def now(self) -> Instant:
        self._tick += 1
        return Instant(1_795_500_000_000_000 + self._tick)

    def written(self, count: int) -> list[bytes]:
        """The lines of a closed journal with `count` entries."""
        journal = self.open()
        for number in range(1, count + 1):
            journal.put("step", {"n": number, "what": "排队"})
        journal.close()
        return self.last_segment().read_bytes().splitlines(keepends=True)

    def last_segment(self) -> Path:
        return segments(self.folder)[-1]

    def numbers(self) -> list[int]:
        """What a new opening can still read."""
        with contextlib.closing(self.open()) as journal:
            return [entry.body["n"] for entry in journal.entries()]

    def close(self) -> None:
        for journal in self._opened:
            journal.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "journal")
    yield desk
    desk.close()
