"""A call record in JSON: exact for the journal and the database, readable for people and scripts.

The exact form keeps instants as microseconds and gives the same record back. The shown form is the
public one (`rexian calls --jsonl`): ISO times with the city's offset, durations in seconds, every key
always there, telephone numbers masked unless they are to be revealed.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import tzinfo
from typing import Any

from cdr.journey import NotAStep, Step
from cdr.record import CallRecord, Direction, HangupBy, Outcome, Source
from terms.instant import Instant, to_iso
from terms.numbers import clean, mask

INSTANTS = ("started_at", "answered_at", "queued_at", "connected_at", "ended_at")
DURATIONS = ("wait_s", "ring_s", "talk_s", "hold_s", "acw_s")

_STEP_NUMBERS = frozenset({"ani", "dnis", "number", "caller"})
_STEP_INSTANTS = frozenset({"joined_at", *INSTANTS})


class NotARecord(ValueError):
    """A stored record can't be read: it is damaged or was written by a newer version."""


def to_entry(record: CallRecord) -> dict[str, Any]:
    """The exact form of `record`, journey included; `from_entry` gives the same record back."""
    entry: dict[str, Any] = {field.name: getattr(record, field.name) for field in fields(record)}
    entry["menu_path"] = list(record.menu_path)
    entry["journey"] = [step.to_json() for step in record.journey]
    return entry


def from_entry(entry: Mapping[str, Any]) -> CallRecord:
    """The record that `to_entry` wrote. NotARecord if it can't have been written by it.

    Names that it doesn't know are passed over, names that are missing become None: an older version's
    records stay readable.
    """
    try:
        known = {field.name: entry[field.name] for field in fields(CallRecord) if field.name in entry}
        known["menu_path"] = tuple(known.get("menu_path") or ())
        known["journey"] = tuple(Step.from_json(step) for step in known.get("journey") or ())
        for name, kind in _TYPES.items():
            if known.get(name) is not None:
                known[name] = kind(known[name])
        record = CallRecord(**known)
    except (KeyError, TypeError, ValueError, NotAStep) as why:
        raise NotARecord(f"call {entry.get('call_id', 'without an id')}: not a call record: {why}") from why
    return record


_TYPES: dict[str, type] = {
    "call_id": str,
    "direction": Direction,
    "outcome": Outcome,
    "hangup_by": HangupBy,
    "source": Source,
    **dict.fromkeys(INSTANTS, int),
    **dict.fromkeys(DURATIONS, float),
}


def to_json(record: CallRecord, zone: tzinfo, *, reveal: bool = False) -> dict[str, Any]:
    """The public form of `record`, times in `zone`. `reveal` shows telephone numbers in full."""
    shown = to_entry(record)
    for name in INSTANTS:
        shown[name] = _iso(shown[name], zone)
    for name in DURATIONS:
        shown[name] = _rounded(shown[name])
    if not reveal:
        citizen = "ani" if record.direction is Direction.INBOUND else "dnis"
        shown[citizen] = mask(clean(shown[citizen])) if shown[citizen] else None
    shown["journey"] = [_step_shown(step, zone, reveal=reveal) for step in record.journey]
    return shown


def _step_shown(step: Step, zone: tzinfo, *, reveal: bool) -> dict[str, Any]:
    shown = step.to_json()
    shown["at"] = to_iso(step.at, zone)
    for name, value in step.data.items():
        if name in _STEP_INSTANTS and isinstance(value, int):
            shown[name] = to_iso(Instant(value), zone)
        elif name in _STEP_NUMBERS and isinstance(value, str) and not reveal:
            shown[name] = mask(clean(value))
        elif isinstance(value, float):
            shown[name] = _rounded(value)
    return shown


def _iso(at: int | None, zone: tzinfo) -> str | None:
    return None if at is None else to_iso(Instant(at), zone)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
