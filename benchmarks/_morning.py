"""The journal of a busy morning: what an engine finds when it has to take over late in a segment."""

from collections.abc import Mapping
from pathlib import Path

from cdr.journey import Step, StepKind, StepValue
from rexian.cli.keys import journal_key
from rexian.engine.clock import Clock
from rexian.engine.journal import Journal, Limits
from rexian.engine.ledger import Ledger
from terms.ids import CallId
from terms.instant import after

CALL_S = 200

_REASON = (
    '{"stage":0,"stage_since":1795563986673099,"score":{"priority":0,"boost":0,"ageing":6.632082},'
    '"chosen":{"fit":4,"idle_since":1795563993304756,"agent":"1018"},"runner_up":null,"able_idle":[[4,1]],'
    '"preferred":false,"tried_again":false,"passed_over":{"call":"1795563986.213","behind":0.014663}}'
)
_AGENT = {"agent": "1018", "seat": "8018"}
_STEPS: tuple[tuple[float, StepKind, Mapping[str, StepValue]], ...] = (
    (0.0, StepKind.ARRIVED, {"ani": "13900000001", "dnis": "12345", "direction": "inbound", "mode": "menu"}),
    (0.1, StepKind.ANSWERED, {}),
    (0.2, StepKind.NOTICE, {}),
    (6.0, StepKind.MENU, {"menu": "m.main"}),
    (8.0, StepKind.KEY, {"menu": "m.main", "key": "1"}),
    (8.1, StepKind.QUEUED, {"queue": "citizen", "priority": 0}),
    (18.0, StepKind.ANNOUNCED, {"prompts": ["q.pos.3"]}),
    (40.0, StepKind.OFFERED, {"offer": "1", "reason": _REASON, **_AGENT}),
    (40.1, StepKind.RINGING, {"offer": "1", "agent": "1018"}),
    (44.0, StepKind.AGENT_ANSWERED, {"offer": "1", "agent": "1018"}),
    (48.0, StepKind.CONNECTED, {"recording": "1", **_AGENT}),
    (180.0, StepKind.TALK_ENDED, {"by": "agent"}),
    (180.1, StepKind.RATING_ASKED, {}),
    (192.0, StepKind.RATED, {"score": 5}),
    (195.0, StepKind.ENDED, {"by": "system", "cause": 16}),
)


def write_morning(home: Path, nearly: float = 0.8) -> int:
    """Fills the first segment of a new installation's journal to that share; how many calls that took.

    The calls ended before now and were served; their records go into the database like any others.
    """
    clock = Clock()
    journal = Journal.open(home / "journal", journal_key(home), now=clock.now)
    ledger = Ledger(journal)
    segment = home / "journal" / "000000000001.journal"
    calls = 0
    while segment.stat().st_size < nearly * Limits().segment_bytes:
        calls += 1
        began = after(clock.now(), -CALL_S)
        call = CallId(f"1700000000.{calls}")
        for at_s, kind, data in _STEPS:
            more: Mapping[str, StepValue] = {"joined_at": began} if kind is StepKind.QUEUED else {}
            ledger.step(call, Step(at=after(began, at_s), kind=kind, data={**data, **more}))
        ledger.close(call)
    journal.close()
    return calls
