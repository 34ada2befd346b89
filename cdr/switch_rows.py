"""The switch's own call list, for what no engine saw: calls that came and went without one, and unseen ends.

Asterisk writes one row for each stretch of a channel's life (asterisk-config/templates/cdr_custom.conf
names the columns). A citizen's channel may have several: each talk with an agent ends a stretch. A row
is written when its stretch is over, so rows of one call may lie far apart.

What a row can't tell: whether the citizen was in a menu or in a queue (only the engine's steps say that),
and since when two channels heard each other (only that they did, and until when).
"""

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdr.journey import Step, StepKind, StepValue
from cdr.record import CallRecord, HangupBy, Outcome, Source, record_of
from terms.ids import CallId
from terms.instant import SECOND, Instant, after

COLUMNS = (
    "uniqueid",
    "linkedid",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "disposition",
    "hangup_cause",
    "hangup_source",
    "rexian_call",
    "sequence",
)

_NATIVE_DIAL = "Dial"
SAME_END_S = 0.5
"""A citizen who hangs up ends the talk's stretch a few milliseconds before the call's."""
_NORMAL = 16
_TOLD_BY_ADOPTERS = frozenset({StepKind.ADOPTED, StepKind.WRAPPED_UP, StepKind.NOTED})
"""Steps that an engine adds when it comes back; they say nothing of how long the call lived."""
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?", re.ASCII)


class NotARow(ValueError):
    """A line of the switch's call list can't be read; the others can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRow:
    """One stretch of one channel's life, as the switch saw it."""

    channel_id: str
    channel: str
    """Its name, for instance PJSIP/trunk-00000012."""
    context: str
    caller: str
    called: str
    started_at: Instant
    answered_at: Instant | None
    ended_at: Instant
    other_channel: str
    """The channel it was connected with in this stretch; empty if with none."""
    app: str
    cause: int | None
    hangup_source: str
    call: str
    """The call's id, if the engine wrote it; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTalk:
    """A stretch in which the citizen's channel was connected with another one."""

    over_at: Instant
    other_channel: str
    dialled: bool
    """Asterisk itself had dialled the other one: no engine was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCall:
    """One citizen's call, put together from all rows of its channel."""

    call_id: CallId
    caller: str
    called: str
    channel: str
    started_at: Instant
    answered_at: Instant | None
    ended_at: Instant
    talks: tuple[SwitchTalk, ...]
    cause: int | None
    hangup_by: HangupBy


def parse_rows(lines: Iterable[str]) -> tuple[list[SwitchRow], list[str]]:
    """The rows of the switch's file, and one complaint for each line that is none."""
    rows: list[SwitchRow] = []
    complaints: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            # Each line by itself: a torn one with an open quote must not swallow those behind it.
            rows += [
                parse_row(values) for values in csv.reader([line.strip("\0\r\n")], strict=True) if values
            ]
        except (csv.Error, NotARow) as why:
            complaints.append(f"row {number}: {why}")
    return rows, complaints


def parse_row(values: Sequence[str]) -> SwitchRow:
    """One row from its values. NotARow if columns are missing or a needed time is none."""
    if len(values) != len(COLUMNS):
        raise NotARow(f"{len(values)} columns where {len(COLUMNS)} belong: {', '.join(COLUMNS)}")
    row = dict(zip(COLUMNS, values, strict=True))
    started, ended = _instant(row["start"]), _instant(row["end"])
    if not row["uniqueid"] or started is None or ended is None:
        raise NotARow("without a channel, a start or an end")
    return SwitchRow(
        channel_id=row["uniqueid"],
        channel=row["channel"],
        context=row["dcontext"],
        caller=row["src"],
        called=row["dst"],
        started_at=started,
        answered_at=_instant(row["answer"]),
        ended_at=ended,
        other_channel=row["dstchannel"],
        app=row["lastapp"],
        cause=int(row["hangup_cause"]) if row["hangup_cause"].isdecimal() else None,
        hangup_source=row["hangup_source"],
        call=row["rexian_call"],
    )


def _instant(seconds: str) -> Instant | None:
    """From `1795500000.123456`; a moment that never came is empty or zero."""
    if not _SECONDS.fullmatch(seconds):
        return None
    at = int(Decimal(seconds) * SECOND)
    return Instant(at) if at > 0 else None


def calls_of(rows: Iterable[SwitchRow], citizen_contexts: Collection[str]) -> list[SwitchCall]:
    """The citizens' calls among `rows`, in the order of their starts.

    A channel is a citizen's if any of its rows begins in one of `citizen_contexts`. Agents' legs,
    feature codes and parked channels are no calls.
    """
    by_channel: dict[str, list[SwitchRow]] = {}
    for row in rows:
        by_channel.setdefault(row.channel_id, []).append(row)
    citizens = (
        stretches
        for stretches in by_channel.values()
        if any(row.context in citizen_contexts for row in stretches)
    )
    return sorted((_call_of(stretches) for stretches in citizens), key=lambda call: call.started_at)


def _call_of(stretches: list[SwitchRow]) -> SwitchCall:
    rows = sorted(stretches, key=lambda row: (row.started_at, row.ended_at))
    first, last = rows[0], max(rows, key=lambda row: row.ended_at)
    hangup_by = _hangup_by(last, rows)
    return SwitchCall(
        call_id=CallId(next((row.call for row in rows if row.call), first.channel_id)),
        caller=first.caller,
        called=first.called,
        channel=first.channel,
        started_at=first.started_at,
        answered_at=next((row.answered_at for row in rows if row.answered_at), None),
        ended_at=last.ended_at,
        talks=tuple(
            SwitchTalk(
                over_at=row.ended_at,
                other_channel=row.other_channel,
                dialled=row.app == _NATIVE_DIAL,
            )
            for row in rows
            if row.other_channel and row.answered_at
        ),
        cause=_cause(rows, hangup_by),
        hangup_by=hangup_by,
    )


def _hangup_by(last: SwitchRow, rows: Sequence[SwitchRow]) -> HangupBy:
    """Whose channel the switch says hung up first; no channel: the dialplan, the engine or the switch."""
    source = last.hangup_source
    if source == last.channel:
        return HangupBy.CITIZEN
    if source and any(row.other_channel == source for row in rows):
        return HangupBy.AGENT
    return HangupBy.SYSTEM


def _cause(rows: Sequence[SwitchRow], hangup_by: HangupBy) -> int | None:
    """Asterisk writes 0, which is no cause, for a citizen who hung up without having been bridged."""
    cause = next((row.cause for row in reversed(rows) if row.cause), None)
    return cause or (_NORMAL if hangup_by is HangupBy.CITIZEN else None)


def ending(steps: Sequence[Step], seen: SwitchCall | None, now: Instant) -> tuple[Step, ...]:
    """The steps that close a call whose end no engine saw; `steps` are those that are known.

    `seen` is what the switch wrote about it. None means that the switch itself lost the call without
    writing a row, so it crashed: the end is then the last thing known, and at the latest `now`.
    A talk that the journal left open ended when its stretch did, even if the citizen stayed on longer.
    """
    if seen is None:
        lost = {
            "by": HangupBy.SYSTEM.value,
            "outcome": Outcome.SWITCH_LOST.value,
            "source": Source.SWITCH.value,
        }
        lived = [step.at for step in steps if step.kind not in _TOLD_BY_ADOPTERS]
        return (Step(at=min(max(lived, default=now), now), kind=StepKind.ENDED, data=lost),)
    talking_since = _talking_since(steps)
    if talking_since is not None:
        over_at = next((talk.over_at for talk in reversed(seen.talks) if talking_since < talk.over_at), None)
        if over_at is not None and after(over_at, SAME_END_S) < seen.ended_at:
            by_agent = {"by": HangupBy.AGENT.value}
            return (Step(at=over_at, kind=StepKind.TALK_ENDED, data=by_agent), _ended(seen))
    return (_ended(seen),)


def record_of_switch_call(seen: SwitchCall) -> CallRecord:
    """The record of a call of which no engine knows anything.

    Outcome `fallback` if Asterisk itself connected it with somebody; else the citizen left before any
    queue (there is no queue without an engine), or the switch ended it.
    """
    arrived: dict[str, StepValue] = {
        "ani": seen.caller,
        "dnis": seen.called,
        "channel": seen.call_id,
        "direction": "inbound",
    }
    steps = [Step(at=seen.started_at, kind=StepKind.ARRIVED, data=arrived)]
    if seen.answered_at:
        steps.append(Step(at=seen.answered_at, kind=StepKind.ANSWERED))
    outcome = Outcome.FALLBACK if any(talk.dialled for talk in seen.talks) else None
    return record_of(seen.call_id, [*steps, _ended(seen, outcome)])


def _ended(seen: SwitchCall, outcome: Outcome | None = None) -> Step:
    return _ended_by_switch(seen.ended_at, seen.hangup_by, seen.cause, outcome)


def _ended_by_switch(at: Instant, by: HangupBy, cause: int | None, outcome: Outcome | None) -> Step:
    data = {"by": by.value, "cause": cause, "outcome": outcome, "source": Source.SWITCH.value}
    return Step(at=at, kind=StepKind.ENDED, data=data)


def _talking_since(steps: Sequence[Step]) -> Instant | None:
    """Since when the talk goes on that the journal left open; None if it left none."""
    kinds = (StepKind.CONNECTED, StepKind.TALK_ENDED, StepKind.ENDED)
    last = next((step for step in reversed(steps) if step.kind in kinds), None)
    return last.at if last and last.kind is StepKind.CONNECTED else None
