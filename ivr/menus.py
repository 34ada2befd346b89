"""Menus as data: where a key leads, what silence means, which number opens which menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from terms.ids import MenuId, PromptId, QueueName

KEYS = "0123456789*#"
"""Every key of an ordinary telephone. A to D count as wrong keys."""

PERSON_KEY = "0"
REPEAT_KEY = "*"


class Mode(StrEnum):
    """Whether callers hear the menu before they are queued, or the same options while queued."""

    MENU = "menu"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    """Into a queue; for a caller who is queued already: over into that one, waiting time kept."""

    queue: QueueName
    say: tuple[PromptId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMenu:
    """On to another menu."""

    menu: MenuId


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Say this menu again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Keep waiting where one is; only for the menu of those who wait."""

    say: tuple[PromptId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodbye:
    """The end of the call, by the hotline."""

    say: tuple[PromptId, ...] = ()


Target = ToQueue | ToMenu | Repeat | Stay | Goodbye


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One question and its keys. `*` repeats every menu, whether or not it is listed."""

    id: MenuId
    prompt: PromptId
    options: Mapping[str, Target]
    silence: Target
    wait_s: float
    """From the end of the prompt; then `silence` is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A number that citizens dial."""

    number: str
    queue: QueueName
    """Where its callers wait in mode `direct`, and in mode `menu` if it opens no menu."""
    menu: MenuId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Menus:
    """Everything the step function needs to know about a city."""

    mode: Mode
    lines: Mapping[str, Line]
    """By dialled number."""
    menus: Mapping[MenuId, Menu]
    waiting: Menu
    """For callers who are queued: its keys lead to queues or leave them where they are; any other
    key, and silence, is ignored. Its `prompt` is for mode `direct`, see `waiting_words`."""
    person: ToQueue
    """Where whoever does not come to terms with a menu is taken."""
    notice: tuple[PromptId, ...]
    """What every caller must have heard to the end before they talk to anybody."""
    connecting: tuple[PromptId, ...]
    """First words to those who are queued without having chosen anything."""
    retry: tuple[PromptId, ...]
    mistakes_allowed: int = 1
    """Wrong keys that are answered with `retry`; the next one leads to `person`."""

    @property
    def waiting_words(self) -> tuple[PromptId, ...]:
        """What the first announcement in the queue begins with: the options, if no menu said them."""
        return (self.waiting.prompt,) if self.mode is Mode.DIRECT else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuState:
    """How far a caller has come. Small, for it travels with the call."""

    menu: MenuId | None = None
    """The menu that is being asked; None before the first one and after the last."""
    mistakes: int = 0
    path: tuple[str, ...] = ()
    """The keys that counted, each as menu.key: `m.main.7`."""
    queue: QueueName | None = None
    """Set once the caller is queued. Whoever moves the caller otherwise, says so here."""
