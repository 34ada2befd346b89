"""Calls that have been: believable records for tests and benchmarks of what comes after a call."""

from cdr.journey import Step, StepKind, StepValue
from cdr.record import CallRecord, record_of
from terms.ids import CallId
from terms.instant import Instant, after, from_iso

MONDAY = from_iso("2026-11-23T09:00:00+08:00")


def served(number: int, *, begin: Instant = MONDAY, ani: str = "13812345678") -> CallRecord:
    """Call `number`, begun as many seconds after `begin`: menu, queue, two minutes of talk, five points."""
    call, offer = _Story(number, begin, ani), f"o{number}"
    call.adds(20.0, StepKind.OFFERED, offer=offer, agent="1003", seat="8003", reason="longest idle")
    call.adds(20.3, StepKind.RINGING, offer=offer, agent="1003")
    call.adds(24.0, StepKind.AGENT_ANSWERED, offer=offer, agent="1003")
    call.adds(24.2, StepKind.CONNECTED, agent="1003", seat="8003", recording=f"r{number}")
    call.adds(144.2, StepKind.TALK_ENDED, by="agent")
    call.adds(144.5, StepKind.RATING_ASKED)
    call.adds(149.0, StepKind.RATED, score=5)
    return call.ended(152.0, "system")


def abandoned(number: int, *, begin: Instant = MONDAY, ani: str = "13812345678") -> CallRecord:
    """Call `number`, whose citizen gave up after half a minute in the queue."""
    return _Story(number, begin, ani).ended(37.4, "citizen")


class _Story:
    """A call that has come as far as the queue."""

    def __init__(self, number: int, begin: Instant, ani: str) -> None:
        self._start = after(begin, number)
        self._id = CallId(f"{self._start // 1_000_000}.{number}")
        self._steps: list[Step] = []
        self.adds(0.0, StepKind.ARRIVED, ani=ani, dnis="12345", direction="inbound", mode="menu")
        self.adds(0.1, StepKind.ANSWERED)
        self.adds(0.1, StepKind.NOTICE)
        self.adds(5.9, StepKind.MENU, menu="m.main")
        self.adds(7.2, StepKind.KEY, menu="m.main", key="1")
        self.adds(7.4, StepKind.QUEUED, queue="citizen", priority=0, joined_at=after(self._start, 7.4))
        self.adds(17.4, StepKind.ANNOUNCED, prompts=["q.pos.1"])

    def adds(self, second: float, kind: StepKind, **data: StepValue) -> None:
        self._steps.append(Step(at=after(self._start, second), kind=kind, data=data))

    def ended(self, second: float, by: str) -> CallRecord:
        self.adds(second, StepKind.ENDED, by=by, cause=16)
        return record_of(self._id, self._steps)
