"""The journal: the truth about every call, written before anything else happens to it.

`put` writes to the file itself, synchronously, before it returns: nothing to await, so nothing that a
cancellation could lose, and a killed process loses nothing that was put. A thread makes it durable
against a power cut a few hundredths of a second later. The database is fed from here and can be
rebuilt from here.

A full or broken disk never reaches a call. Each segment has a reserve of disk space of its own; when
that is used up, entries stay in memory, in order, and are written as soon as there is room again.

Files are for their owner only: a journal holds telephone numbers.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self

import structlog

from rexian.engine import disk
from rexian.engine.clock import Clock
from rexian.engine.journal_files import (
    Damage,
    Reader,
    Verdict,
    begins_with,
    check,
    first_seq,
    header_of,
    segment_path,
    segments,
    verify,
)
from rexian.engine.journal_line import Entry, Header, Sealer
from terms.instant import Instant

log = structlog.get_logger()

GENESIS = b"0" * 64
SNAPSHOT = "snapshot"

_COLLECT_S = 0.02
_RETRY_S = 0.25
_RETRY_LINES = 500
_READ_AT_ONCE = 10_000


class JournalBusy(RuntimeError):
    """Another process is writing this journal."""


class JournalState(StrEnum):
    """Whether what was put is on the disk."""

    OK = "ok"
    DELAYED = "delayed"
    """Entries wait in memory: the disk takes nothing, and a crash now would lose them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What opening found amiss."""

    cut_bytes: int = 0
    """A torn tail of so many bytes was cut off …"""
    aside: Path | None = None
    """… and kept here."""
    damage: tuple[Damage, ...] = ()
    """Damage in the last segment that isn't just its tail; those entries are left out when reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the disk and of the memory the journal may use."""

    segment_bytes: int = 4 << 20
    """`is_full` from here on. A start reads a whole segment: a third of a second for this size."""
    reserve_bytes: int = 32 << 20
    """Disk space held ready in front of the end of the file, topped up when half of it is used."""
    held_bytes: int = 64 << 20
    """Entries in memory while the disk takes none; beyond it they are lost, counted and said so."""


class Journal:
    """An open journal; made by `Journal.open`. One process writes, any may read.

    `name` is the journal's own, for ever. `found` is what was amiss at the opening, `found_seq` the last
    entry that was there then.
    """

    def __init__(self, folder: Path, sealer: Sealer, limits: Limits, now: Callable[[], Instant]) -> None:
        """For `open` only."""
        self.folder, self._sealer, self._limits, self._now = folder, sealer, limits, now
        self.name = ""
        self.found, self.found_seq = Found(), 0
        self.lost = 0
        """Entries that found room neither on the disk nor in memory."""
        self.on_durable: Callable[[int], None] = _nobody_listens
        """Called with the last durable entry's number, from the journal's own thread."""
        self._lock = Lock()
        self._seq, self._seal, self._written_seq, self._durable_seq = 0, GENESIS, 0, 0
        self._file, self._size, self._reserved_to = -1, 0, 0
        self._old_files: list[tuple[int, int]] = []
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._why = ""
        self._dirty = False
        self._wake, self._closing = Event(), Event()
        self._thread = Thread(target=self._keep_durable, name="journal", daemon=True)

    @classmethod
    def open(
        cls,
        folder: Path,
        key: bytes,
        *,
        limits: Limits | None = None,
        now: Callable[[], Instant] | None = None,
    ) -> Self:
        """Opens or begins the journal in `folder` for writing; what was torn by a crash is mended.

        JournalBusy if another process has it. OSError if the folder can't be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = cls(folder, Sealer(key), limits or Limits(), now or Clock().now)
        journal._take_possession()
        try:
            journal._resume()
        except BaseException:
            os.close(journal._possession)
            raise
        journal._thread.start()
        return journal

    # -- writing

    def put(self, kind: str, body: Mapping[str, Any]) -> int:
        """Writes an entry down and returns its number, 1 for the journal's first. Never raises for the disk.

        When it returns, a kill of the process can't lose the entry; a power cut can for 50 ms more.
        While `state` is DELAYED the entry is in memory only.
        """
        with self._lock:
            if self._held_bytes > self._limits.held_bytes:
                self.lost += 1
                return self._seq
            entry = Entry(seq=self._seq + 1, at=self._now(), kind=kind, body=body)
            header = None if self._size or self._held else Header(journal=self.name, prev=self._seal)
            line, self._seal = self._sealer.line(entry, self._seal, header)
            self._seq = entry.seq
            if self._held or not self._write(line):
                self._held.append(line)
                self._held_bytes += len(line)
            else:
                self._written_seq = entry.seq
            waking = not self._dirty
            self._dirty = True
        if waking:
            self._wake.set()
        return entry.seq

    def roll(self, snapshot: Mapping[str, Any]) -> int | None:
        """Begins a new segment with an entry of kind `snapshot`, from which a later start can begin.

        Returns its number; None if the disk has no room for a segment with its reserve, or entries are
        still in memory: nothing has changed then, and the present segment goes on.
        """
        with self._lock:
            if self._held or self._size == 0:
                return None
            path = segment_path(self.folder, self._seq + 1)
            try:
                file = disk.create(path)
            except OSError:
                return None
            entry = Entry(seq=self._seq + 1, at=self._now(), kind=SNAPSHOT, body=snapshot)
            line, seal = self._sealer.line(entry, self._seal, Header(journal=self.name, prev=self._seal))
            reserve = len(line) + self._limits.reserve_bytes
            if not disk.reserve(file, 0, reserve) or disk.append_or_why(file, line, 0):
                os.close(file)
                path.unlink()
                return None
            self._old_files.append((self._file, self._size))
            self._file, self._size, self._reserved_to = file, len(line), reserve
            self._seq = self._written_seq = entry.seq
            self._seal = seal
            self._dirty = True
        self._wake.set()
        return entry.seq

    @property
    def is_full(self) -> bool:
        """Is the present segment big enough that `roll` should begin another?"""
        return self._size >= self._limits.segment_bytes

    @property
    def state(self) -> JournalState:
        """Is everything that was put on the disk?"""
        return JournalState.DELAYED if self._held or self._why else JournalState.OK

    @property
    def last_seq(self) -> int:
        """The number of the last entry put; 0 for none."""
        return self._seq

    @property
    def durable_seq(self) -> int:
        """Entries up to this number survive a power cut."""
        return self._durable_seq

    def close(self) -> None:
        """Makes everything durable, as far as the disk takes it, and lets another process write."""
        if not self._closing.is_set():
            self._closing.set()
            self._wake.set()
            self._thread.join()
            disk.cut(self._file, self._size)
            os.close(self._file)
            os.close(self._possession)

    # -- reading

    def reader(self, after: int = 0) -> Reader:
        """Follows the journal from the entry after `after` on."""
        return Reader(self.folder, self._sealer, after)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """All entries above `after` that are on the disk, in order; damaged ones are left out."""
        reader = self.reader(after)
        while batch := reader.read(_READ_AT_ONCE):
            yield from batch

    def since_snapshot(self) -> Iterator[Entry]:
        """The last snapshot and all entries after it; all entries if there is no snapshot."""
        for segment in reversed(segments(self.folder)):
            if begins_with(SNAPSHOT, segment, self._sealer):
                return self.entries(after=first_seq(segment) - 1)
        return self.entries()

    def verify(self) -> Verdict:
        """Checks everything that is on the disk, from the first line on."""
        return verify(self.folder, self._sealer)

    # -- opening

    def _take_possession(self) -> None:
        path = self.folder / "journal.lock"
        self._possession = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._possession, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._possession, 20, 0).decode("ascii", "replace").strip()
            os.close(self._possession)
            raise JournalBusy(
                f"{self.folder}: process {holder or 'unknown'} is already writing this journal. "
                "Stop it with `rexian stop`, or give this one another REXIAN_HOME."
            ) from None
        os.ftruncate(self._possession, 0)
        os.pwrite(self._possession, f"{os.getpid()}\n".encode(), 0)

    def _resume(self) -> None:
        """Goes on behind the last good line, or begins."""
        for segment in reversed(segments(self.folder)):
            state, damage = check(segment, self._sealer)
            torn = segment.stat().st_size - state.whole_to
            inner = tuple(found for found in damage if found.offset < state.whole_to)
            aside = _set_aside(segment, state.whole_to) if torn else self.found.aside
            self.found = Found(cut_bytes=self.found.cut_bytes + torn, aside=aside, damage=inner)
            if state.last_seq is not None and state.seal:
                header = header_of(segment)
                self.name = header.journal if header else ""
                self._seq, self._seal = state.last_seq, state.seal
                self._file, self._size = disk.open_to_append(segment), state.whole_to
                break
            segment.unlink()
        else:
            self.name = secrets.token_hex(8)
            self._file = disk.create(segment_path(self.folder, 1))
        self.found_seq = self._written_seq = self._durable_seq = self._seq
        self._top_up()
        os.fsync(self._file)
        disk.sync_folder(self.folder)
        self._tell_what_was_found()

    def _tell_what_was_found(self) -> None:
        if self.found.cut_bytes:
            aside = str(self.found.aside)
            log.warning("journal: a torn tail was cut off", bytes=self.found.cut_bytes, kept_in=aside)
        for damage in self.found.damage:
            place = f"{damage.segment}:{damage.offset}"
            log.error(
                "journal: an entry is damaged and left out", where=place, seq=damage.seq, what=damage.what
            )

    # -- the disk; `_write` and `_write_held` with the lock held

    def _write(self, line: bytes) -> bool:
        """True if the whole line is in the file; else nothing of it is."""
        if why := disk.append_or_why(self._file, line, self._size):
            self._why = why
            return False
        self._size += len(line)
        return True

    def _write_held(self, limit: int) -> None:
        """As many of the entries in memory as the disk takes, in order."""
        if not disk.cut(self._file, self._size):  # a piece of a line that could not be cut off when it failed
            return
        self._reserved_to = self._size
        done = 0
        for line in self._held[:limit]:
            if not self._write(line):
                break
            done += 1
            self._held_bytes -= len(line)
        del self._held[:done]
        self._written_seq = self._seq - len(self._held)

    def _top_up(self) -> None:
        """Keeps the reserve in front of the end of the file; without room it stays as it is."""
        if self._reserved_to - self._size < self._limits.reserve_bytes // 2:
            goal = self._size + self._limits.reserve_bytes
            if disk.reserve(self._file, self._size, self._limits.reserve_bytes):
                self._reserved_to = goal

    def _keep_durable(self) -> None:
        """The thread: collects puts for a moment, then makes them durable together."""
        delayed = closing = False
        while not closing:
            self._wake.wait()
            self._closing.wait(_RETRY_S if delayed else _COLLECT_S)
            self._wake.clear()
            closing = self._closing.is_set()
            with self._lock:
                self._dirty = False
                if self._held:
                    self._write_held(len(self._held) if closing else _RETRY_LINES)
                upto, file, old_files = self._written_seq, self._file, tuple(self._old_files)
            synced = self._sync(file, old_files)
            if synced and not self._held:
                self._why = ""
            delayed = self._tell_state(delayed)
            if synced:
                self._durable_seq = upto
                with contextlib.suppress(RuntimeError):  # the listener's event loop is closed already
                    self.on_durable(upto)
            if delayed:
                self._wake.set()

    def _sync(self, file: int, old_files: tuple[tuple[int, int], ...]) -> bool:
        """Old segments first: a later entry is never durable without the earlier ones."""
        try:
            for old, size in old_files:
                os.fdatasync(old)
                disk.cut(old, size)
                os.close(old)
                self._old_files.remove((old, size))
            if old_files:
                disk.sync_folder(self.folder)
            os.fdatasync(file)
        except OSError as error:
            self._why = error.strerror or str(error)
            return False
        self._top_up()
        return True

    def _tell_state(self, was_delayed: bool) -> bool:
        delayed = self.state is JournalState.DELAYED
        if delayed and not was_delayed:
            log.error(
                "journal: records are delayed, the disk takes none", why=self._why, folder=str(self.folder)
            )
        elif was_delayed and not delayed:
            log.warning("journal: everything is written again", lost=self.lost)
        return delayed


def _nobody_listens(seq: int) -> None:
    """The default of `on_durable`."""


def _set_aside(segment: Path, whole_to: int) -> Path:
    """Moves what is behind `whole_to` into a file of its own beside the segment."""
    aside = segment.with_suffix(f".torn-{whole_to}")
    with segment.open("r+b") as file, contextlib.closing(disk.writer_for(aside)) as kept:
        file.seek(whole_to)
        kept.write(file.read())
        file.truncate(whole_to)
    return aside
