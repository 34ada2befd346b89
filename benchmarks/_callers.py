"""SIPp as many callers of one kind: they dial, listen without sending sound, and hang up."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from simulators.sipp_batch import find_sipp, free_media_ports, free_port

TRUNK = "127.0.0.2"
_SCENARIO = Path(__file__).with_name("caller.xml")
_AFTER_THE_LAST_S = 60


class CallsFailed(Exception):
    """Not every call went as the scenario says; the message ends with SIPp's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """`calls` calls to `callee` at `server`, `rate` a second, each ended by the caller after `stay_ms`."""

    server: tuple[str, int]
    callee: str
    calls: int
    rate: int
    stay_ms: int
    first_number: int = 13_900_000_000

    async def start(self, folder: Path) -> asyncio.subprocess.Process:
        """The running SIPp; its errors and its log go to `folder`."""
        shutil.copy(_SCENARIO, folder)
        numbers = folder / "numbers.csv"
        lines = [f"{self.first_number + n};{self.stay_ms}" for n in range(self.calls)]
        numbers.write_text("\n".join(["SEQUENTIAL", *lines]) + "\n", encoding="ascii")
        limit_s = round(self.calls / self.rate + self.stay_ms / 1000) + _AFTER_THE_LAST_S
        address, port = self.server
        media = free_media_ports(TRUNK)
        command = [str(find_sipp()), f"{address}:{port}", "-sf", str(folder / _SCENARIO.name)]
        command += ["-inf", str(numbers), "-i", TRUNK, "-mi", TRUNK, "-p", str(free_port(TRUNK))]
        command += ["-min_rtp_port", str(media), "-max_rtp_port", str(media + 8), "-nostdin"]
        command += ["-timeout", f"{limit_s}s", "-m", str(self.calls), "-r", str(self.rate), "-l", "2000"]
        command += ["-key", "callee", self.callee, "-trace_err", "-error_file", str(folder / "sipp.err")]
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "TERM": "dumb"},
        )

    async def run(self, folder: Path) -> None:
        """All calls. CallsFailed if one of them did not go as it should."""
        process = await self.start(folder)
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        if status != 0:
            errors = folder / "sipp.err"
            said = errors.read_text(errors="replace")[-800:] if errors.exists() else "nothing"
            raise CallsFailed(f"SIPp ended with {status}; it says: {said}")
