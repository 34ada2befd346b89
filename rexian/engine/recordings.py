"""Recordings of talks: one stereo file each, citizen left, agent right.

Asterisk writes headerless stereo samples while the talk goes on, which a crash can't spoil (a wav's
header is wrong until it is closed). When the call is over the file becomes a wav in a thread of its
own; what an earlier engine or a dead switch left behind is finished at the next start.
"""

import asyncio
import contextlib
import os
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

RATE_HZ = 8_000
CHANNELS = 2
BYTES_PER_SAMPLE = 2
HEADER_BYTES = 44
CHUNK = 1 << 20
SETTLE_S = 1.0
"""Asterisk's recording thread writes its last block a moment after the channel's end, and says nothing."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What MixMonitor needs: where to write, and how."""

    id: str
    file: str
    options: str


class Recordings:
    """Spool and archive below `folder`. Nothing here raises into a call: a recording that fails is logged."""

    def __init__(self, folder: Path) -> None:
        self._spool = folder / "spool"
        self._archive = folder / "done"
        for place in (self._spool, self._archive):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._work: set[asyncio.Task[None]] = set()

    def begin(self, call: str, known: str | None) -> Recording:
        """The recording of a call; a second talk of the same call is appended to the first."""
        name = known or re.sub(r"[^0-9A-Za-z.-]", "-", call)
        options = "Db" + ("a" if known else "")
        return Recording(id=name, file=str(self._spool / f"{name}.raw"), options=options)

    def finish(self, recording: str | None) -> None:
        """Turn a finished recording into a wav, without waiting for it."""
        if recording is not None:
            self._start(recording)

    def sweep(self, live: Collection[str | None]) -> None:
        """Finish what nobody writes to any more (`live` holds the ids that are still being written)."""
        for raw in self._spool.glob("*.raw"):
            if raw.stem not in live:
                self._start(raw.stem)

    def path(self, recording: str) -> Path | None:
        """The finished file, or None. Only ids that `begin` can have made are looked up."""
        if not re.fullmatch(r"[0-9A-Za-z-][0-9A-Za-z.-]*", recording):
            return None
        file = self._archive / f"{recording}.wav"
        return file if file.is_file() else None

    async def settle(self) -> None:
        """Wait for the files that are being finished."""
        if self._work:
            await asyncio.gather(*self._work, return_exceptions=True)

    def _start(self, recording: str) -> None:
        task = asyncio.get_running_loop().create_task(self._finish(recording))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _finish(self, recording: str) -> None:
        await asyncio.sleep(SETTLE_S)
        try:
            await asyncio.to_thread(
                raw_to_wav, self._spool / f"{recording}.raw", self._archive / f"{recording}.wav"
            )
        except OSError as broken:
            log.error("a recording could not be finished", recording=recording, why=str(broken))


def raw_to_wav(raw: Path, wav: Path) -> None:
    """Headerless stereo samples to a wav, atomically; a torn last sample is dropped. OSError if it can't.

    Does nothing when there is no raw file: the talk never began, or the wav is there already.
    """
    with contextlib.suppress(FileNotFoundError), raw.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        size -= size % (CHANNELS * BYTES_PER_SAMPLE)
        part = wav.with_suffix(".part")
        with part.open("wb") as target:
            target.write(wav_header(size))
            left = size
            while left and (chunk := source.read(min(CHUNK, left))):
                target.write(chunk)
                left -= len(chunk)
            target.flush()
            os.fsync(target.fileno())
        part.chmod(0o600)
        part.replace(wav)
        raw.unlink()


def wav_header(data_bytes: int) -> bytes:
    """The 44 bytes before 16-bit stereo PCM samples at 8 kHz. Source: RIFF WAVE, PCM format chunk."""
    frame = CHANNELS * BYTES_PER_SAMPLE
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        CHANNELS,
        RATE_HZ,
        RATE_HZ * frame,
        frame,
        BYTES_PER_SAMPLE * 8,
        b"data",
        data_bytes,
    )
