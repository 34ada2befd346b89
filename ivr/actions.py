"""What the step function asks the line to do, in order, and the events that it answers."""

from dataclasses import dataclass

from ivr.menus import KEYS
from terms.ids import PromptId, QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play prompts one after the other. With `keys_cut` False a key waits for the next `Ask`."""

    prompts: tuple[PromptId, ...]
    keys_cut: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Play prompts and take one key, which cuts them; a key pressed earlier counts at once.

    Comes back as `Key`, or as `Silence` once `wait_s` have passed since the prompts' end.
    """

    prompts: tuple[PromptId, ...]
    wait_s: float
    keys: str = KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinQueue:
    """The caller is queued from this moment, whatever is spoken next.

    An agent's phone may ring from now on. `notice` must be heard to its end before the two talk;
    `prompts` follow it and end when the agent answers. Then music.
    """

    queue: QueueName
    prompts: tuple[PromptId, ...] = ()
    notice: tuple[PromptId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveQueue:
    """A queued caller goes over to another queue; the waiting time so far still counts."""

    queue: QueueName
    prompts: tuple[PromptId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Say goodbye and end the call."""

    prompts: tuple[PromptId, ...] = ()


Action = Play | Ask | JoinQueue | MoveQueue | HangUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The call has just been answered."""

    number: str
    """As dialled. A number that no line names is served like a line without a menu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key; the line hands them in one at a time, in the order they were pressed."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No key came within the time an `Ask` gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Another engine took the call over: ask again, without the notice; earlier keys are forgotten."""


Event = Entered | Key | Silence | Resumed
