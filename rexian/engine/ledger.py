"""What the engine has written down and not finished yet: open calls' journeys and the agents' desks.

The journal is the truth; this is its unfinished part in memory, rebuilt from the journal at start.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from agents.desk import Desk
from cdr.forms import to_entry
from cdr.journey import NotAStep, Step
from cdr.record import CallRecord, record_of
from terms.ids import AgentId, CallId

JUST_CLOSED = 10_000
"""So many finished calls are remembered, to know a repeated switch row from a new call."""


class Book(Protocol):
    """The journal, as far as the ledger uses it."""

    def put(self, kind: str, body: Mapping[str, Any]) -> int: ...


class Ledger:
    """Open calls and desks. Every method is synchronous and puts into the journal before it returns."""

    def __init__(self, journal: Book) -> None:
        self._journal = journal
        self._open: dict[CallId, list[Step]] = {}
        self._closed: dict[CallId, None] = {}
        self._desks: dict[AgentId, Mapping[str, Any]] = {}

    def replay(self, kind: str, body: Mapping[str, Any]) -> None:
        """Take an entry of the journal in, at start; nothing is written."""
        match kind:
            case "step":
                try:
                    self._open.setdefault(CallId(body["call"]), []).append(Step.from_json(body["step"]))
                except NotAStep:
                    return
            case "record":
                self._finished(CallId(body["call"]))
            case "desk":
                self._desks[AgentId(body["agent"])] = body
            case "snapshot":
                self._open = {
                    CallId(c): [Step.from_json(s) for s in steps] for c, steps in body["open"].items()
                }
                self._closed = dict.fromkeys(CallId(call) for call in body["closed"])
                self._desks = {AgentId(desk["agent"]): desk for desk in body["desks"]}

    def snapshot(self) -> dict[str, Any]:
        """All that a fresh segment of the journal needs to stand without the older ones."""
        return {
            "open": {call: [step.to_json() for step in steps] for call, steps in self._open.items()},
            "closed": list(self._closed),
            "desks": list(self._desks.values()),
        }

    def step(self, call: CallId, step: Step) -> None:
        """One more step of an open call."""
        self._journal.put("step", {"call": call, "step": step.to_json()})
        self._open.setdefault(call, []).append(step)

    def journey(self, call: CallId) -> tuple[Step, ...]:
        """The steps so far; empty for a call nobody knows."""
        return tuple(self._open.get(call, ()))

    def open_calls(self) -> Iterable[CallId]:
        """Calls whose record isn't written yet."""
        return tuple(self._open)

    def knows(self, call: CallId) -> bool:
        """Whether the call is open or was closed lately."""
        return call in self._open or call in self._closed

    def close(self, call: CallId) -> None:
        """Write the call's record. A second close of a call does nothing."""
        steps = self._open.get(call)
        if steps:
            self.record(record_of(call, steps))

    def record(self, record: CallRecord) -> None:
        """Write a finished record, once per call."""
        if record.call_id in self._closed:
            return
        self._journal.put("record", {"call": record.call_id, "record": to_entry(record)})
        self._finished(record.call_id)

    def desk(self, desk: Desk) -> None:
        """An agent's new state, with its since-when."""
        body = desk.to_json()
        self._journal.put("desk", body)
        self._desks[desk.agent] = body

    def desks(self) -> tuple[Mapping[str, Any], ...]:
        """The desks last written down, as they were written."""
        return tuple(self._desks.values())

    def wrapped_up(self, step: Step, call: CallId, agent: AgentId, acw_s: float) -> None:
        """After-call work ended; the call's record may be closed already."""
        if call in self._open:
            self.step(call, step)
        else:
            self._journal.put("wrap_up", {"call": call, "agent": agent, "acw_s": acw_s})

    def _finished(self, call: CallId) -> None:
        self._open.pop(call, None)
        self._closed[call] = None
        while len(self._closed) > JUST_CLOSED:
            self._closed.pop(next(iter(self._closed)))
