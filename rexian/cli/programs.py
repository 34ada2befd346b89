"""The supervisor's programs, found again by their pid files: a killed `up` leaves them running, and the
next one adopts them.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rexian.host.processes import Process, spawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to start one, and where it leaves its traces."""

    name: str
    command: Sequence[str]
    pid_file: Path
    log: Path
    environment: Mapping[str, str]


def running(pid_file: Path) -> Process | None:
    """The program that wrote this file, if it still runs."""
    try:
        pid, started = (int(part) for part in pid_file.read_text().split())
    except (OSError, ValueError):
        return None
    process = Process(pid, started)
    return process if process.alive() else None


def note(pid_file: Path, process: Process) -> None:
    """Write down which process it is."""
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(f"{process.pid} {process.started}\n")


def start(program: Program) -> Process:
    """Start it, or find that it ended at once. OSError if there is no such program, or it did not last."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    pid = spawn(program.command, program.log, {**os.environ, **program.environment})
    process = Process.of(pid)
    if process is None:
        raise OSError(f"{program.name} ended at once; see {program.log}")
    note(program.pid_file, process)
    return process
