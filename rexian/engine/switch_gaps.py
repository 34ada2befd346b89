"""What AMI could not tell: calls that came and went without an engine, and ends that nobody saw.

Read at every adoption from the end of the switch's own call list; calls that are known stay known, so
reading a row twice does no harm.
"""

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path

import structlog

from cdr.switch_rows import SwitchCall, calls_of, ending, parse_rows, record_of_switch_call
from rexian.engine.clock import Clock
from rexian.engine.floor import CITIZEN_CONTEXTS
from rexian.engine.ledger import Ledger
from terms.ids import CallId
from terms.instant import after

log = structlog.get_logger()

LOOK_BACK_BYTES = 4 << 20
"""A restart looks at so much of the list's end: some 15,000 calls."""
ROW_COMES_WITHIN_S = 1.0
"""A row is written a moment after the channel's end; only a crashed switch never writes it."""
LONG_AGO_S = 6 * 3600
"""Older calls that no journal knows are not brought back: that journal was put away on purpose."""


class Gaps:
    """The switch's call list of one installation."""

    def __init__(self, file: Path, ledger: Ledger, clock: Clock) -> None:
        self._file, self._ledger, self._clock = file, ledger, clock

    async def close_unseen(self, live: Collection[CallId]) -> int:
        """Close what ended unseen, and record what was never seen. How many records that made.

        `live` is looked at as it is when the list has been read.
        """
        calls = await asyncio.to_thread(self._listed)
        if any(call not in live and call not in calls for call in self._ledger.open_calls()):
            await asyncio.sleep(ROW_COMES_WITHIN_S)
            calls = await asyncio.to_thread(self._listed)
        return self._close_open(live, calls) + self._record_unknown(live, calls.values())

    def _close_open(self, live: Collection[CallId], calls: dict[CallId, SwitchCall]) -> int:
        closed = 0
        for call in self._ledger.open_calls():
            if call in live:
                continue
            for step in ending(self._ledger.journey(call), calls.get(call), self._clock.now()):
                self._ledger.step(call, step)
            self._ledger.close(call)
            closed += 1
        return closed

    def _record_unknown(self, live: Collection[CallId], calls: Iterable[SwitchCall]) -> int:
        recorded = 0
        oldest = after(self._clock.now(), -LONG_AGO_S)
        for call in calls:
            if call.call_id not in live and not self._ledger.knows(call.call_id) and call.ended_at >= oldest:
                self._ledger.record(record_of_switch_call(call))
                recorded += 1
        return recorded

    def _listed(self) -> dict[CallId, SwitchCall]:
        try:
            with self._file.open("rb") as file:
                size = file.seek(0, 2)
                start = max(size - LOOK_BACK_BYTES, 0)
                file.seek(start)
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return {}
        lines = text.splitlines()[1 if start else 0 :]
        rows, complaints = parse_rows(lines)
        if complaints:
            log.warning(
                "rows of the switch's call list can't be read", rows=len(complaints), first=complaints[0]
            )
        return {call.call_id: call for call in calls_of(rows, CITIZEN_CONTEXTS)}
