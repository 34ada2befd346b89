"""The beginning of a call: notice and menu, up to the queue. What is said and asked is decided by
`ivr.step`; this module only performs it.
"""

from acd.rules import Waiting
from cdr.journey import StepKind
from ivr.actions import Action, Ask, Entered, Event, HangUp, JoinQueue, Key, MoveQueue, Play, Resumed, Silence
from ivr.menus import MenuState
from ivr.step import step
from rexian.engine.caller import Call
from rexian.engine.leg import LegStage
from rexian.engine.line import KEYS
from rexian.engine.state import Stage
from terms.ids import PromptId, QueueName


def menu_state(call: Call) -> MenuState:
    """The part of the call's state that the menus are about."""
    state = call.state
    return MenuState(menu=state.menu, mistakes=state.mistakes, path=state.path, queue=state.queue)


def advance(call: Call, event: Event) -> list[Action]:
    """One step of the menus; the call's new state travels along before anything is performed."""
    before = menu_state(call)
    after, actions = step(call.house.city.menus, before, event, call.house.clock.now())
    _note_key(call, event, before, after)
    call.go(call.state.stage, menu=after.menu, mistakes=after.mistakes, path=after.path, queue=after.queue)
    return actions


async def walk_menu(call: Call, *, adopted: bool) -> None:
    """From the greeting until the call is queued or told goodbye. An adopted call isn't greeted again."""
    event: Event | None = Resumed() if adopted else Entered(number=call.state.dnis)
    while event is not None:
        actions = advance(call, event)
        event = None
        for action in actions:
            event = await perform(call, action)
    if call.state.stage is Stage.MENU:  # adopted in a notice that no menu follows
        join_queue(call, call.state.queue or call.house.city.menus.person.queue)


async def perform(call: Call, action: Action) -> Event | None:
    match action:
        case Play(prompts=prompts) if call.state.stage is Stage.QUEUE:
            reply(call, prompts)
        case Play(prompts=prompts, keys_cut=keys_cut):
            _note_notice(call, prompts)
            for prompt in prompts:
                await call.line.play(prompt, KEYS if keys_cut else "")
        case Ask(prompts=prompts, wait_s=wait_s, keys=keys):
            call.note(StepKind.MENU, menu=call.state.menu)
            key = await call.ask(prompts, wait_s, keys)
            return Silence() if key is None else Key(digit=key)
        case JoinQueue(queue=queue, prompts=prompts, notice=notice):
            join_queue(call, queue, prompts, notice)
        case MoveQueue(queue=queue, prompts=prompts):
            move_queue(call, queue, prompts)
        case HangUp(prompts=prompts):
            for prompt in prompts:
                await call.line.play(prompt)
            call.go(Stage.GOODBYE)
    return None


def join_queue(
    call: Call, queue: QueueName, prompts: tuple[PromptId, ...] = (), notice: tuple[PromptId, ...] = ()
) -> None:
    """Queued from this instant (or from when the call was first queued).

    What is still to be said is said while an agent's phone may ring already.
    """
    joined_at = call.state.joined_at or call.house.clock.now()
    call.go(Stage.QUEUE, queue=queue, joined_at=joined_at)
    call.note(StepKind.QUEUED, queue=queue, priority=call.state.priority, joined_at=joined_at)
    call.house.dispatch.enqueue(waiting(call))
    _note_notice(call, notice)
    for prompt in notice:
        call.notice = call.line.say(prompt)
    for prompt in prompts:
        call.line.say(prompt)
    call.line.music(on=True)


def move_queue(call: Call, queue: QueueName, prompts: tuple[PromptId, ...] = ()) -> None:
    """Over to another queue with the time already waited."""
    call.go(Stage.QUEUE, queue=queue)
    call.note(StepKind.MOVED, queue=queue)
    call.house.dispatch.move(call.id, queue)
    reply(call, prompts)


def speak(call: Call, prompts: tuple[PromptId, ...]) -> None:
    """Say something to a citizen who waits, then music again; in one go, so that it surely comes back."""
    if prompts and not call.line.speaking:
        for prompt in prompts:
            call.line.say(prompt)
        call.line.music(on=True)


def reply(call: Call, prompts: tuple[PromptId, ...]) -> None:
    """The answer to a key while waiting: whatever is being said gives way to it, but for the notice.

    Nothing here is waited for: an agent may pick up at any moment.
    """
    is_answered = call.leg is not None and call.leg.stage is LegStage.ANSWERED
    if not prompts or is_answered:
        return
    if call.notice is None or call.notice.done():
        call.line.cut()
    for prompt in prompts:
        call.line.say(prompt)
    call.line.music(on=True)


def waiting(call: Call) -> Waiting:
    """The call as the router sees it: its age travels with it."""
    state = call.state
    assert state.queue is not None, state
    assert state.joined_at is not None, state
    return Waiting(
        call=call.id,
        queue=state.queue,
        joined_at=state.joined_at,
        seq=call.seq,
        priority=state.priority,
        tried=frozenset(state.tried),
        told_position=state.told_position,
        told_wait_s=state.told_wait_s,
    )


def _note_notice(call: Call, prompts: tuple[PromptId, ...]) -> None:
    if prompts and prompts == call.house.city.menus.notice:
        call.note(StepKind.NOTICE)


def _note_key(call: Call, event: Event, before: MenuState, after: MenuState) -> None:
    menu = before.menu or (call.house.city.menus.waiting.id if call.state.stage is Stage.QUEUE else None)
    match event:
        case Key(digit=digit) if after.path != before.path or after.queue != before.queue:
            known = after.mistakes == before.mistakes and after.path != before.path
            call.note(StepKind.KEY if known else StepKind.WRONG_KEY, menu=menu, key=digit)
        case Key(digit=digit) if before.menu is not None:
            call.note(StepKind.WRONG_KEY, menu=menu, key=digit)
        case Silence():
            call.note(StepKind.SILENCE, menu=menu)
