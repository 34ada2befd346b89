"""What has to travel with a call so that another engine can go on with it.

It lives in a channel variable of the citizen's channel: it dies when the call dies, never before,
and needs neither the journal nor the database of the engine that wrote it. An AMI line ends at
1,024 bytes, so the text is compact and bounded.
"""

import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from terms.ids import AgentId, CallId, MenuId, QueueName, SeatId
from terms.instant import Instant

VERSION = 1
LONGEST = 900
"""Bytes; the rest of the AMI line is the action's other headers."""


class Stage(StrEnum):
    """How far a call has come. The order of the story."""

    MENU = "menu"
    """The notice too: what comes after it is settled before it is spoken."""
    QUEUE = "queue"
    TALK = "talk"
    RATING = "rating"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """One call's place in its story. Frozen: each step makes a new one and sends it along."""

    call: CallId
    stage: Stage
    started_at: Instant
    ani: str
    dnis: str
    queue: QueueName | None = None
    joined_at: Instant | None = None
    priority: int = 0
    tried: tuple[AgentId, ...] = ()
    menu: MenuId | None = None
    mistakes: int = 0
    path: tuple[str, ...] = ()
    agent: AgentId | None = None
    seat: SeatId | None = None
    leg: str | None = None
    """Channel id of the agent's leg, from the moment it is bridged."""
    command: str | None = None
    """CommandID of the running `EXEC Bridge`, so that an adopter hears it end."""
    recording: str | None = None
    told_position: int | None = None
    told_wait_s: float | None = None
    """What the citizen has heard: no later announcement is worse."""
    rated: bool = False
    asked: int = 0
    """How often the rating was asked."""
    failures: int = 0
    """How often this call's story ended in a bug of ours."""

    def at(self, stage: Stage, **changes: Any) -> Self:
        """The same call, one stage on."""
        return replace(self, stage=stage, **changes)

    def encode(self) -> str:
        """One line, at most LONGEST bytes: the menu path is shortened from its front if it must be."""
        body: dict[str, Any] = {"v": VERSION}
        for field in fields(self):
            value = getattr(self, field.name)
            if value not in (None, (), 0):
                body[field.name] = value
        while True:
            text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
            if len(text) <= LONGEST:
                return text
            if body.get("path"):
                body["path"] = body["path"][1:]
            elif body.get("tried"):
                body["tried"] = body["tried"][1:]
            else:
                raise ValueError(
                    f"call {self.call}: its state needs {len(text)} bytes, a channel variable holds {LONGEST}"
                )


class UnreadableState(Exception):
    """A channel variable that this engine can't read: the call is served, but as an unknown one."""


def decode(text: str) -> CallState:
    """The state in a channel variable. UnreadableState for another version, garbage or wrong types."""
    try:
        body = json.loads(text)
        if not isinstance(body, dict) or body.pop("v", None) != VERSION:
            raise UnreadableState(f"not a state of version {VERSION}: {text[:60]!r}")
        known = {field.name for field in fields(CallState)}
        values = {name: value for name, value in body.items() if name in known}
        for name in ("tried", "path"):
            values[name] = tuple(str(item) for item in values.get(name, ()))
        values["stage"] = Stage(values["stage"])
        for name in ("started_at", "joined_at", "priority", "mistakes", "asked", "failures"):
            if values.get(name) is not None and not isinstance(values[name], int):
                raise UnreadableState(f"{name} is {values[name]!r}, a whole number is needed")
        return CallState(**values)
    except UnreadableState:
        raise
    except (ValueError, TypeError, KeyError) as broken:
        raise UnreadableState(f"{text[:60]!r}: {broken}") from broken
