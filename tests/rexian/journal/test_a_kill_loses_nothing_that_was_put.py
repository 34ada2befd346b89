"""kill -9 in the middle of writing: every `put` that returned is there when the next engine opens."""

import random
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rexian.journal.conftest import Desk

# Tells each number only after its put returned; the text makes lines of many pages now and then.
WRITER = """
import sys
from pathlib import Path
from rexian.engine.journal import Journal, Limits

journal = Journal.open(Path(sys.argv[1]), b"k" * 32, limits=Limits(segment_bytes=200_000))
while True:
    n = journal.last_seq + 1
    seq = journal.put("step", {"n": n, "text": "x" * (n % 50) ** 3})
    sys.stdout.write(f"{seq}\\n")
    sys.stdout.flush()
    if journal.is_full:
        seq = journal.roll({"n": seq + 1})
        sys.stdout.write(f"{seq}\\n")
        sys.stdout.flush()
"""


@pytest.mark.parametrize("seed", range(4))
def test_every_put_that_returned_before_the_kill_is_read_by_the_next_engine(desk: "Desk", seed: int) -> None:
    kill_after = random.Random(seed).randint(50, 3000)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(desk.folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    with writer:
        told = [int(writer.stdout.readline()) for _ in range(kill_after)]
        writer.kill()
        told += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]

    journal = desk.open()
    found = [(entry.seq, entry.body["n"]) for entry in journal.entries()]

    assert told == list(range(1, len(told) + 1))
    assert found[: len(told)] == [(seq, seq) for seq in told]
    assert len(found) <= len(told) + 2
    assert journal.verify().ok


def test_a_stopped_process_still_holds_the_lock_and_a_killed_one_does_not(desk: "Desk") -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(desk.folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    with writer:
        select.select([writer.stdout], [], [], 30)
        with pytest.raises(RuntimeError, match=f"process {writer.pid} is already writing"):
            desk.open()
        writer.kill()
        writer.wait()

    assert desk.open().last_seq > 0
