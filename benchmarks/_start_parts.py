"""Goes through an engine's start without a switch, and prints how long each part took, as JSON.

python benchmarks/_start_parts.py FOLDER        FOLDER holds a copy of a journal and its key
"""

import os
import time

BEGUN = time.clock_gettime(time.CLOCK_BOOTTIME)

import gc  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def main() -> None:
    """The parts in the order in which `rexian engine` has them."""
    took = {}
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    took["interpreter"] = BEGUN - ticks / os.sysconf("SC_CLK_TCK")
    last = BEGUN

    def part(name: str) -> None:
        nonlocal last
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        took[name], last = now - last, now

    gc.disable()  # as rexian/cli/__main__.py does
    import rexian.cli.main
    import rexian.cli.service
    from rexian.cli.keys import journal_key
    from rexian.engine.city import load_city
    from rexian.engine.journal import Journal
    from rexian.engine.ledger import Ledger

    part("imports")
    load_city(rexian.cli.main.settings().config)
    part("config")
    folder = Path(sys.argv[1])
    journal = Journal.open(folder / "journal", journal_key(folder))
    ledger = Ledger(journal)
    for entry in journal.since_snapshot():
        ledger.replay(entry.kind, entry.body)
    part("journal")
    journal.close()
    print(json.dumps(took))


if __name__ == "__main__":
    main()
