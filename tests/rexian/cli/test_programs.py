"""Programs that outlive their starter."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rexian.cli import programs
from rexian.cli.programs import Program
from rexian.host import processes
from rexian.host.processes import Process


@pytest.fixture
def sleeper(tmp_path: Path) -> Program:
    command = [sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()"]
    return Program(
        name="sleeper",
        command=command,
        pid_file=tmp_path / "run" / "sleeper.pid",
        log=tmp_path / "log" / "sleeper.log",
        environment={},
    )


async def test_a_program_is_found_again_by_its_pid_file_and_ended(sleeper: Program) -> None:
    process = programs.start(sleeper)
    assert programs.running(sleeper.pid_file) == process

    await process.end(within_s=5)

    assert programs.running(sleeper.pid_file) is None


async def test_a_program_that_ignores_the_request_is_killed(sleeper: Program) -> None:
    process = programs.start(sleeper)
    os.kill(process.pid, signal.SIGSTOP)

    await process.end(within_s=0.1)

    assert not process.alive()


def test_a_program_that_is_not_there_is_told_of(sleeper: Program) -> None:
    with pytest.raises(OSError, match="nowhere"):
        programs.start(replace(sleeper, command=["/nowhere/at/all"]))


def test_a_pid_that_belongs_to_another_program_by_now_is_not_believed(tmp_path: Path) -> None:
    pid_file = tmp_path / "old.pid"

    for text in (f"{os.getpid()} 1\n", "", "x y\n", f"{os.getpid()}\n", "999999999 5\n"):
        pid_file.write_text(text)
        assert programs.running(pid_file) is None
    ourselves = Process.of(os.getpid())
    assert ourselves is not None
    programs.note(pid_file, ourselves)

    assert programs.running(pid_file) == ourselves
    assert programs.running(tmp_path / "none.pid") is None


def test_a_log_that_has_grown_is_put_aside_and_the_oldest_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 3)
    monkeypatch.setattr(processes, "LOGS_KEPT", 2)
    log = tmp_path / "engine.log"

    for text in ("first", "second", "third", "fourth"):
        processes.rotate(log)
        log.write_text(text)

    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"engine.log": "fourth", "engine.log.1": "third", "engine.log.2": "second"}


def test_a_small_log_stays_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    processes.rotate(log)
    log.write_text("few words")

    processes.rotate(log)

    assert [path.name for path in tmp_path.iterdir()] == ["engine.log"]
