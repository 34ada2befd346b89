"""What makes a set of menus unfit for callers, found before the first of them dials.

Whether the queues, menus and prompts that are named exist is for the loader to say; a name that leads
nowhere is passed over here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.menus import (
    KEYS,
    PERSON_KEY,
    REPEAT_KEY,
    Goodbye,
    Line,
    Menu,
    Menus,
    Mode,
    Repeat,
    Stay,
    ToMenu,
    ToQueue,
)
from terms.ids import MenuId, PromptId

MAX_OPTIONS = 5
"""Nobody remembers more than that. `*` doesn't count: it is never announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must be mended."""

    menu: MenuId
    spot: tuple[str, ...]
    """Where in the menu: ("keys", "7"), ("silence",), or () for the menu as a whole."""
    what: str
    mend: str


def findings(menus: Menus) -> list[Finding]:
    """Everything wrong with `menus`, menu by menu; empty if callers can be let in."""
    found: list[Finding] = []
    for menu in menus.menus.values():
        found += _keys(menu)
        found += _targets(menu)
    found += _keys(menus.waiting)
    found += _waiting_targets(menus.waiting)
    found += _circles(menus.menus)
    found += _unreachable(menus)
    return found


def silent_s(menus: Menus, line: Line, seconds: Mapping[PromptId, float]) -> float:
    """Seconds from the answer until a caller on `line` who presses nothing is queued.

    `seconds` are the prompts' lengths, 0 for those it lacks. Infinite if silence leads round in a circle.
    """
    if menus.mode is Mode.DIRECT:
        return 0.0
    total = sum(seconds.get(prompt, 0.0) for prompt in menus.notice)
    at, seen = line.menu, set[MenuId]()
    while at is not None and at in menus.menus:
        if at in seen:
            return float("inf")
        seen.add(at)
        menu = menus.menus[at]
        total += seconds.get(menu.prompt, 0.0) + menu.wait_s
        at = menu.silence.menu if isinstance(menu.silence, ToMenu) else None
    return total


def _keys(menu: Menu) -> Iterator[Finding]:
    for key, target in menu.options.items():
        spot = ("keys", key)
        if len(key) != 1 or key not in KEYS:
            what = f"'{key}' is no single key"
            yield Finding(menu=menu.id, spot=spot, what=what, mend=f"callers press one of {' '.join(KEYS)}")
        elif key == REPEAT_KEY and not isinstance(target, Repeat):
            what = f"key {REPEAT_KEY} leads elsewhere, but it says every menu again"
            yield Finding(menu=menu.id, spot=spot, what=what, mend="take another key")
    announced = sum(key != REPEAT_KEY for key in menu.options)
    if announced > MAX_OPTIONS:
        what = f"{announced} options, nobody remembers more than {MAX_OPTIONS}"
        yield Finding(menu=menu.id, spot=("keys",), what=what, mend="move some into a second menu")


def _targets(menu: Menu) -> Iterator[Finding]:
    if not isinstance(menu.options.get(PERSON_KEY), ToQueue):
        what = f"no way to a person: key {PERSON_KEY} does not lead to a queue"
        yield Finding(menu=menu.id, spot=("keys",), what=what, mend=f"add {PERSON_KEY}: {{queue: …}}")
    for key, target in menu.options.items():
        if isinstance(target, Stay):
            what = f"key {key}: `stay` is for callers who wait in a queue already"
            yield Finding(menu=menu.id, spot=("keys", key), what=what, mend="name a queue or a menu")
    if not isinstance(menu.silence, ToQueue | ToMenu):
        what = "no exit for a caller who presses nothing"
        mend = "let silence lead to a queue; nobody is asked for ever or hung up on"
        yield Finding(menu=menu.id, spot=("silence",), what=what, mend=mend)


def _waiting_targets(menu: Menu) -> Iterator[Finding]:
    for key, target in menu.options.items():
        if isinstance(target, ToMenu | Goodbye):
            what = f"key {key} takes callers out of the queue in which they wait"
            yield Finding(menu=menu.id, spot=("keys", key), what=what, mend="name a queue, or `do: stay`")


def _ways(menu: Menu) -> Iterator[tuple[tuple[str, ...], MenuId]]:
    """Where in the menu another menu is named, and which."""
    for key, target in menu.options.items():
        if isinstance(target, ToMenu):
            yield ("keys", key), target.menu
    if isinstance(menu.silence, ToMenu):
        yield ("silence",), menu.silence.menu


def _circles(menus: Mapping[MenuId, Menu]) -> Iterator[Finding]:
    """One finding for each way that leads back to a menu the caller has come through."""
    done: set[MenuId] = set()

    def walk(trail: tuple[MenuId, ...]) -> Iterator[Finding]:
        here = trail[-1]
        for spot, following in _ways(menus[here]):
            if following in trail:
                circle = " → ".join((*trail[trail.index(following) :], following))
                what = f"leads round in a circle: {circle}"
                mend = f"let one of them lead to a queue; {REPEAT_KEY} and `do: repeat` say a menu again"
                yield Finding(menu=here, spot=spot, what=what, mend=mend)
            elif following in menus and following not in done:
                yield from walk((*trail, following))
        done.add(here)

    for menu in menus:
        if menu not in done:
            yield from walk((menu,))


def _unreachable(menus: Menus) -> Iterator[Finding]:
    reached: set[MenuId] = set()
    ahead = [line.menu for line in menus.lines.values() if line.menu]
    while ahead:
        here = ahead.pop()
        if here in menus.menus and here not in reached:
            reached.add(here)
            ahead += [following for _, following in _ways(menus.menus[here])]
    for menu in menus.menus:
        if menu not in reached:
            what = "no number and no key leads here"
            yield Finding(menu=menu, spot=(), what=what, mend="let a key lead here, or delete the menu")
