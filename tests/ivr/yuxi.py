"""The demo city's menus as the step function sees them, and callers who walk through them."""

from collections.abc import Mapping
from dataclasses import replace

from ivr.actions import Action, Ask, Entered, Event, JoinQueue, Key, MoveQueue, Silence
from ivr.menus import Line, Menu, Menus, MenuState, Mode, Stay, Target, ToMenu, ToQueue
from ivr.step import step
from terms.ids import MenuId, PromptId, QueueName
from terms.instant import Instant


def words(*ids: str) -> tuple[PromptId, ...]:
    return tuple(map(PromptId, ids))


def to_queue(queue: str, *say: str) -> ToQueue:
    return ToQueue(queue=QueueName(queue), say=words(*say))


def to_menu(menu: str) -> ToMenu:
    return ToMenu(menu=MenuId(menu))


def menu(name: str, options: Mapping[str, Target], silence: Target, prompt: str = "") -> Menu:
    return Menu(id=MenuId(name), prompt=PromptId(prompt or name), options=options, silence=silence, wait_s=3)


def line(number: str, queue: str, menu: str | None = None) -> Line:
    return Line(number=number, queue=QueueName(queue), menu=MenuId(menu) if menu else None)


def ask(*prompts: str) -> Ask:
    return Ask(prompts=words(*prompts), wait_s=3)


def join(queue: str, *prompts: str, notice: str = "") -> JoinQueue:
    return JoinQueue(queue=QueueName(queue), prompts=words(*prompts), notice=words(notice) if notice else ())


def move(queue: str, *prompts: str) -> MoveQueue:
    return MoveQueue(queue=QueueName(queue), prompts=words(*prompts))


MAIN = menu(
    "m.main",
    {
        "7": to_queue("enterprise", "q.connect"),
        "3": to_queue("citizen", "q.human"),
        "1": to_queue("citizen", "q.connect"),
        "0": to_queue("citizen", "q.human"),
    },
    silence=to_queue("citizen", "q.connect"),
)
WAITING = menu(
    "waiting",
    {"7": to_queue("enterprise", "e.enter"), "3": Stay(say=words("q.human")), "1": Stay(), "0": Stay()},
    silence=Stay(),
    prompt="w.options",
)
YUXI = Menus(
    mode=Mode.MENU,
    lines={"12345": line("12345", "citizen", "m.main"), "123457": line("123457", "enterprise")},
    menus={MAIN.id: MAIN},
    waiting=WAITING,
    person=to_queue("citizen", "x.human"),
    notice=words("g.notice"),
    connecting=words("q.connect"),
    retry=words("x.retry"),
)
YUXI_DIRECT = replace(YUXI, mode=Mode.DIRECT)


class Caller:
    """Walks through menus; each verb tells what is done for the caller in answer."""

    def __init__(self, menus: Menus = YUXI) -> None:
        self.menus = menus
        self.state = MenuState()

    def meets(self, event: Event) -> list[Action]:
        self.state, actions = step(self.menus, self.state, event, Instant(0))
        return actions

    def dials(self, number: str) -> list[Action]:
        return self.meets(Entered(number=number))

    def presses(self, *digits: str) -> list[Action]:
        """What the last of the digits led to."""
        return [self.meets(Key(digit=digit)) for digit in digits][-1]

    def keeps_silent(self) -> list[Action]:
        return self.meets(Silence())
