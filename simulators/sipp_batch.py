"""SIPp in small doses: every run is bounded, reads no terminal, dies with us and is ended by its pid."""

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = Path(__file__).resolve().parent / "sipp"

_WAY_OUT = "Run `sh run.sh --setup-only`, or set CROWD=0."
_FIRST_MEDIA_PORT, _LAST_MEDIA_PORT = 24_000, 32_000
_MEDIA_PORTS = 400
_PATIENCE_S = 0.4
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, linux/prctl.h


class SippMissing(Exception):
    """There is no SIPp on this machine."""


def find_sipp() -> Path:
    """The SIPp that set-up fetched, else the system's. SippMissing if there is none, or an old one."""
    private = ROOT / ".cache" / "bin" / "sipp"
    found = str(private) if private.exists() else shutil.which("sipp")
    if found is None:
        raise SippMissing(f"SIPp is missing, so there can be no simulated citizens. {_WAY_OUT}")
    told = subprocess.run([found, "-h"], stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout
    if b"-rxsf" not in told:
        raise SippMissing(f"{found} is older than SIPp 3.8 and cannot call and answer at once. {_WAY_OUT}")
    return Path(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One run of SIPp."""

    scenario: str
    """A file of simulators/sipp, without .xml."""
    server: tuple[str, int]
    host: str
    """Where its calls come from: 127.0.0.2 is the trunk, 127.0.0.3 the seats."""
    port: int
    limit_s: int
    """SIPp ends itself after so many seconds, whatever happens."""
    answering: str | None = None
    """A second scenario, for calls to the same port; the switch sends calls where REGISTER came from."""
    calls: int | None = None
    """Ends when so many calls are over; None: goes on until its limit."""
    at_once: int = 100
    """No new call while so many are open."""
    every_ms: int = 1000
    """A new call each so many milliseconds."""
    lines: Path | None = None
    """The injection file."""
    words: Sequence[tuple[str, str]] = ()
    """The scenario's keywords."""

    def arguments(self, folder: Path, media_port: int) -> list[str]:
        """The command line behind the program's name; `folder` holds scenario and sounds."""
        address, number = self.server
        made = [f"{address}:{number}", "-sf", str(folder / f"{self.scenario}.xml")]
        made += ["-i", self.host, "-p", str(self.port), "-mi", self.host]
        made += ["-min_rtp_port", str(media_port), "-max_rtp_port", str(media_port + _MEDIA_PORTS)]
        made += ["-nostdin", "-aa", "-timeout", f"{self.limit_s}s", "-r", "1", "-rp", str(self.every_ms)]
        made += ["-l", str(self.at_once)]
        if self.answering is not None:
            made += ["-rxsf", str(folder / f"{self.answering}.xml")]
        if self.calls is not None:
            made += ["-m", str(self.calls)]
        if self.lines is not None:
            made += ["-inf", str(self.lines)]
        for name, value in self.words:
            made += ["-key", name, value]
        return made


class SippRuns:
    """Starts batches in `folder`, where their sounds lie, and ends all that it started."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self, batch: Batch) -> asyncio.subprocess.Process:
        """The running process; its screen goes nowhere, its errors to NAME.err in the folder."""
        # SIPp looks for sounds beside the scenario, and grumbles on every call if they are elsewhere.
        for scenario in filter(None, (batch.scenario, batch.answering)):
            shutil.copy(SCENARIOS / f"{scenario}.xml", self._folder)
        process = await asyncio.create_subprocess_exec(
            str(self._program),
            *batch.arguments(self._folder, free_media_ports(batch.host)),
            "-trace_err",
            "-error_file",
            str(self._folder / f"{batch.scenario}.err"),
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
            env={**os.environ, "TERM": "dumb"},
        )
        self._running = [one for one in self._running if one.returncode is None] + [process]
        return process

    async def end_all(self) -> None:
        """Ends every batch in half a second."""
        running = [one for one in self._running if one.returncode is None]
        for name in (signal.SIGTERM, signal.SIGKILL):
            for process in running:
                with suppress(ProcessLookupError):
                    process.send_signal(name)
            waits = [asyncio.ensure_future(process.wait()) for process in running]
            if waits:
                await asyncio.wait(waits, timeout=_PATIENCE_S)
            for wait in waits:
                wait.cancel()
            running = [process for process in running if process.returncode is None]
        self._running.clear()


def free_port(host: str) -> int:
    """A UDP port of `host` that is free now. OSError if the host has no such address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_media_ports(host: str) -> int:
    """The first of a block of ports for RTP in which nobody sits on the first few. OSError if none is."""
    blocks = list(range(_FIRST_MEDIA_PORT, _LAST_MEDIA_PORT, _MEDIA_PORTS))
    start = os.getpid() % len(blocks)
    for port in blocks[start:] + blocks[:start]:
        if all(_is_free(host, port + offset) for offset in range(0, 8, 2)):
            return port
    raise OSError(f"no free block of media ports on {host} from {_FIRST_MEDIA_PORT} to {_LAST_MEDIA_PORT}")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
