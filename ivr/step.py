"""The one pure function that walks a caller through the menus.

Every way through it ends: circles are refused when menus are loaded (`ivr.check`), wrong keys are
counted, and after `MAX_KEYS` keys that led nowhere (`*` again and again) the caller is taken to a
person. So nobody is ever stuck, and nobody is hung up on for pressing the wrong thing.
"""

from dataclasses import replace

from ivr.actions import Action, Ask, Entered, Event, HangUp, JoinQueue, Key, MoveQueue, Play, Resumed
from ivr.menus import (
    REPEAT_KEY,
    Goodbye,
    Menu,
    Menus,
    MenuState,
    Mode,
    Repeat,
    Stay,
    Target,
    ToMenu,
    ToQueue,
)
from terms.ids import MenuId, PromptId, QueueName
from terms.instant import Instant

MAX_KEYS = 12
"""Also keeps `MenuState.path` short enough to travel in a channel variable."""

Outcome = tuple[MenuState, list[Action]]


def step(menus: Menus, state: MenuState, event: Event, now: Instant) -> Outcome:
    """The caller's next state, and what the line has to do, in order.

    `now` is the instant of the event. No menu depends on the hour yet; those with opening hours will.
    """
    match event:
        case Entered():
            return _enter(menus, state, event.number)
        case _ if state.queue is not None:
            return _while_waiting(menus, state, event)
        case Resumed():
            return _resume(menus, state)
    if state.menu is None:
        return state, []
    menu = menus.menus.get(state.menu)
    if menu is None:  # adopted from an engine that ran other menus
        return _give_up(menus, state)
    if isinstance(event, Key):
        return _key(menus, menu, state, event.digit)
    return _follow(menus, menu, state, menu.silence)


def _enter(menus: Menus, state: MenuState, number: str) -> Outcome:
    line = menus.lines.get(number)
    queue = line.queue if line else menus.person.queue
    if menus.mode is Mode.DIRECT:
        return _join(state, queue, menus.connecting, notice=menus.notice)
    if line and line.menu:
        after, actions = _open(menus, state, line.menu)
    else:
        after, actions = _join(state, queue, menus.connecting)
    return after, [Play(prompts=menus.notice, keys_cut=False), *actions]


def _resume(menus: Menus, state: MenuState) -> Outcome:
    if state.menu is not None:
        return _open(menus, state, state.menu)
    return _join(state, menus.person.queue, menus.connecting)


def _open(menus: Menus, state: MenuState, menu_id: MenuId) -> Outcome:
    menu = menus.menus.get(menu_id)
    if menu is None:
        return _give_up(menus, state)
    return replace(state, menu=menu.id), [_ask(menu)]


def _key(menus: Menus, menu: Menu, state: MenuState, digit: str) -> Outcome:
    target = menu.options.get(digit, Repeat() if digit == REPEAT_KEY else None)
    if target is None:
        return _wrong_key(menus, menu, state)
    noted = _noted(state, menu, digit)
    if len(noted.path) >= MAX_KEYS and isinstance(target, Repeat | ToMenu):
        return _give_up(menus, noted)
    return _follow(menus, menu, noted, target)


def _wrong_key(menus: Menus, menu: Menu, state: MenuState) -> Outcome:
    if state.mistakes >= menus.mistakes_allowed:
        return _give_up(menus, state)
    return replace(state, mistakes=state.mistakes + 1), [_ask(menu, first=menus.retry)]


def _follow(menus: Menus, menu: Menu, state: MenuState, target: Target) -> Outcome:
    match target:
        case ToQueue():
            return _join(state, target.queue, target.say)
        case ToMenu():
            return _open(menus, state, target.menu)
        case Goodbye():
            return replace(state, menu=None), [HangUp(prompts=target.say)]
        case Stay() | Repeat():
            return state, [_ask(menu)]


def _while_waiting(menus: Menus, state: MenuState, event: Event) -> Outcome:
    """Nothing a queued caller presses can cost them their place."""
    if not isinstance(event, Key):
        return state, []
    match menus.waiting.options.get(event.digit):
        case Stay(say=say):
            return _noted_once(state, menus.waiting, event.digit), _play(say)
        case ToQueue(queue=queue, say=say) if queue != state.queue:
            moved = replace(_noted_once(state, menus.waiting, event.digit), queue=queue)
            return moved, [MoveQueue(queue=queue, prompts=say)]
    return state, []


def _give_up(menus: Menus, state: MenuState) -> Outcome:
    return _join(state, menus.person.queue, menus.person.say)


def _join(
    state: MenuState,
    queue: QueueName,
    prompts: tuple[PromptId, ...],
    notice: tuple[PromptId, ...] = (),
) -> Outcome:
    joined = replace(state, menu=None, queue=queue)
    return joined, [JoinQueue(queue=queue, prompts=prompts, notice=notice)]


def _ask(menu: Menu, first: tuple[PromptId, ...] = ()) -> Ask:
    return Ask(prompts=(*first, menu.prompt), wait_s=menu.wait_s)


def _play(prompts: tuple[PromptId, ...]) -> list[Action]:
    return [Play(prompts=prompts)] if prompts else []


def _noted(state: MenuState, menu: Menu, digit: str) -> MenuState:
    return replace(state, path=(*state.path, f"{menu.id}.{digit}"))


def _noted_once(state: MenuState, menu: Menu, digit: str) -> MenuState:
    """A caller may drum on one key for as long as they wait; the path keeps it once."""
    if f"{menu.id}.{digit}" in state.path or len(state.path) >= MAX_KEYS:
        return state
    return _noted(state, menu, digit)
