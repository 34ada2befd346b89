"""A call's journey: what happened to it, step by step, each step with its instant.

The journey is the truth about a call and everything else is computed from it (`record.record_of`).
Steps only ever get appended. A step's `data` is flat, so that it reads well in a line of JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from terms.instant import Instant

_RULE = "a step needs a whole number `at` (µs since the epoch) and a known `kind`"

StepValue = str | int | float | None | Sequence[str]


class StepKind(StrEnum):
    """What a step says; in parentheses the names that its data carries."""

    ARRIVED = "arrived"
    """The call reached the switch (ani, dnis, channel, direction, mode)."""
    ANSWERED = "answered"
    """The citizen's leg was answered by us: from here on it costs somebody money."""
    NOTICE = "notice"
    """The greeting that nobody can skip began."""
    MENU = "menu"
    """A menu was asked (menu)."""
    KEY = "key"
    """The citizen pressed a key that the menu knows (menu, key)."""
    WRONG_KEY = "wrong_key"
    """The citizen pressed a key that the menu doesn't know (menu, key)."""
    SILENCE = "silence"
    """The citizen pressed nothing for as long as the menu waits (menu)."""
    QUEUED = "queued"
    """The call entered a queue (queue, priority, joined_at in µs)."""
    MOVED = "moved"
    """The call changed the queue and kept its age (queue)."""
    ANNOUNCED = "announced"
    """The waiting citizen was told something (prompts)."""
    OFFERED = "offered"
    """An agent's phone is being called for this call (offer, agent, seat, reason)."""
    RINGING = "ringing"
    """That phone rings (offer, agent)."""
    REFUSED = "refused"
    """The offer came to nothing (offer, agent, why)."""
    AGENT_ANSWERED = "agent_answered"
    """The agent lifted the receiver; nobody hears anybody yet (offer, agent)."""
    CONNECTED = "connected"
    """Both hear each other (agent, seat, recording)."""
    HELD = "held"
    UNHELD = "unheld"
    TALK_ENDED = "talk_ended"
    """The talk is over, the citizen may still be there (by)."""
    RATING_ASKED = "rating_asked"
    RATED = "rated"
    """The citizen's score (score, 1 to 5)."""
    ADOPTED = "adopted"
    """An engine took over a call that another one had begun (stage).

    Where the journey before it is lost, it may tell what the channel's variables still know: ani, dnis,
    direction, mode, queue, agent, seat, recording, menu_path, and started_at, answered_at, joined_at in
    µs. What earlier steps tell stands above it. A talk that it finds going on and that has no
    `connected` yet is told by a `connected` step after it.
    """
    NOTED = "noted"
    """Anything worth keeping that changes no figure (what, …)."""
    ENDED = "ended"
    """The citizen's leg is gone (by, cause as a Q.850 number).

    outcome where the rest doesn't tell it; source "switch" where only the switch saw it.
    """
    WRAPPED_UP = "wrapped_up"
    """The agent finished the work after the call; may come after `ended` (agent, acw_s)."""


class NotAStep(ValueError):
    """A stored step can't be read: it is damaged or was written by a newer version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to a call."""

    at: Instant
    kind: StepKind
    data: Mapping[str, StepValue] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Exact and flat: `{"at": µs, "kind": …, **data}`; `from_json` gives the same step back."""
        return {"at": self.at, "kind": self.kind.value, **self.data}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """The step that `to_json` wrote. NotAStep if it can't have been written by it."""
        data = dict(raw)
        try:
            at, kind = data.pop("at"), StepKind(data.pop("kind"))
        except (KeyError, ValueError) as why:
            raise NotAStep(f"not a step of a call: {raw!r}; {_RULE}") from why
        if not isinstance(at, int):
            raise NotAStep(f"not a step of a call: {raw!r}; {_RULE}")
        return cls(at=Instant(at), kind=kind, data=data)


def step(at: Instant, kind: StepKind, **data: StepValue) -> Step:
    """Short for Step(…): `step(now, StepKind.KEY, menu="m.main", key="7")`."""
    return Step(at=at, kind=kind, data=data)
