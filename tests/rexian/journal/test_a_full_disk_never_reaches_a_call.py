"""No room on the disk: puts go on, nothing is torn, and everything is written when there is room again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rexian.engine.journal_files import verify
from rexian.engine.journal_line import Sealer

if TYPE_CHECKING:
    from tests.rexian.journal.conftest import Desk

# The limit on file sizes stands for the full disk: the kernel takes a part of a line and refuses the rest.
FULL = """
import json, resource, sys, threading
from pathlib import Path
from rexian.engine.journal import Journal, Limits

limit = int(sys.argv[2])
held = int(sys.argv[3])
journal = Journal.open(Path(sys.argv[1]), b"k" * 32, limits=Limits(reserve_bytes=1000, held_bytes=held))
caught_up = threading.Event()
journal.on_durable = lambda seq: caught_up.set() if seq == journal.last_seq and before else None
before = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
numbers = [journal.put("step", {"n": n}) for n in range(1, 1001)]
state, rolled = journal.state, journal.roll({})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
before = journal.last_seq
journal.put("step", {"n": 1001})
caught_up.wait(30)
after = journal.state
print(json.dumps({
    "numbers": numbers, "full": state, "rolled": rolled, "after": after,
    "lost": journal.lost, "durable": journal.durable_seq,
}))
journal.close()
"""


def with_a_full_disk(folder: Path, *, limit: int, held: int = 1 << 20) -> dict[str, Any]:
    command = [sys.executable, "-c", FULL, str(folder), str(limit), str(held)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    told["said"] = [line for line in done.stdout.splitlines() if "journal" in line]
    return told


@pytest.mark.parametrize("limit", [5000, 5001, 5077, 20_000])
def test_entries_wait_in_memory_in_order_and_are_written_when_there_is_room(desk: "Desk", limit: int) -> None:
    told = with_a_full_disk(desk.folder, limit=limit)

    assert told["numbers"] == list(range(1, 1001))
    assert (told["full"], told["rolled"], told["lost"]) == ("delayed", None, 0)
    assert (told["after"], told["durable"]) == ("ok", 1001)
    assert desk.numbers() == list(range(1, 1002))
    assert verify(desk.folder, Sealer(b"k" * 32)).ok


def test_it_is_said_once_that_records_are_delayed_and_once_that_they_are_not(desk: "Desk") -> None:
    said = with_a_full_disk(desk.folder, limit=5000)["said"]

    assert [("delayed" in line, "written again" in line) for line in said] == [(True, False), (False, True)]


def test_what_memory_cannot_hold_is_counted_as_lost_and_the_rest_stays_whole(desk: "Desk") -> None:
    told = with_a_full_disk(desk.folder, limit=5000, held=20_000)

    assert told["lost"] > 0
    assert told["durable"] == 1001 - told["lost"]
    assert len(desk.numbers()) == 1001 - told["lost"]
    assert verify(desk.folder, Sealer(b"k" * 32)).ok


# Really full: a small file system in memory, filled to the last byte behind the journal's back.
RESERVE = """
import os, sys
from pathlib import Path
from rexian.engine.journal import Journal, Limits

folder = Path(sys.argv[1])
journal = Journal.open(folder / "journal", b"k" * 32, limits=Limits(reserve_bytes=1 << 20))
hog = os.open(folder / "hog", os.O_WRONLY | os.O_CREAT)
try:
    while True:
        os.write(hog, b"x" * 4096)
except OSError:
    pass
for n in range(1, 3001):
    journal.put("step", {"n": n, "text": "x" * 100})
print(journal.state, os.statvfs(folder).f_bavail)
for n in range(3001, 6001):
    journal.put("step", {"n": n, "text": "x" * 100})
print(journal.state)
os.unlink(folder / "hog")
os.close(hog)
journal.close()
print(journal.verify().entries)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_the_reserve_takes_entries_while_the_disk_is_full(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, RESERVE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no mounts allowed here: {done.stderr.strip()}")

    told = [line for line in done.stdout.splitlines() if "journal:" not in line]

    assert told == ["ok 0", "delayed", "6000"]
