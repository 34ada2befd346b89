"""From the files' models to the domain's own facts. Nothing is judged here any more."""

from acd.rules import Fit, QueueRule, Stage
from agents.people import Limits, Person, Seat
from ivr.menus import Goodbye, Line, Menu, Menus, Mode, Repeat, Stay, Target, ToMenu, ToQueue
from rexian.engine.city_models import (
    AgentsFile,
    HotlineFile,
    MenusFile,
    QueueModel,
    QueuesFile,
    QueueTarget,
    TargetModel,
)
from terms.ids import MenuId, QueueName
from terms.skills import need

WAITING = MenuId("waiting")
"""The name that the menu of those who wait has in a call's path."""


def people(agents: AgentsFile, queues: QueuesFile) -> tuple[Person, ...]:
    """Everybody who may sign in; a person without a list of queues serves all of them."""
    every = frozenset(queues.queues)
    return tuple(
        Person(
            agent=agent,
            name=person.name,
            pin=person.pin,
            skills=need(person.skills),
            queues=frozenset(person.queues) if person.queues is not None else every,
        )
        for agent, person in agents.people.items()
    )


def seats(agents: AgentsFile) -> tuple[Seat, ...]:
    """Every phone of the hotline."""
    return tuple(Seat(seat=seat, usual_agent=facts.usual_agent) for seat, facts in agents.seats.items())


def limits(agents: AgentsFile) -> Limits:
    """The house rules for everybody."""
    return Limits(**agents.defaults.model_dump())


def rules(queues: QueuesFile, agents: AgentsFile) -> tuple[QueueRule, ...]:
    """What the router goes by."""
    return tuple(_rule(name, queue, agents.defaults.ring_s) for name, queue in queues.queues.items())


def _rule(name: QueueName, queue: QueueModel, ring_s: float) -> QueueRule:
    return QueueRule(
        name=name,
        stages=tuple(
            Stage(
                after_s=stage.after_s,
                need=need(stage.need),
                boost=stage.boost,
                overflow=stage.overflow,
            )
            for stage in queue.stages
        ),
        priority=queue.priority,
        slope=queue.slope,
        ring_s=ring_s if queue.ring_s is None else queue.ring_s,
        announce_first_s=queue.announce_first_s,
        announce_every_s=queue.announce_every_s,
        capacity=queue.capacity,
        fit=Fit(queue.fit),
        handling_s=queue.handling_s,
    )


def menus(hotline: HotlineFile, file: MenusFile) -> Menus:
    """What the step function walks through. Names that lead nowhere are taken over as they are."""
    return Menus(
        mode=Mode(hotline.mode),
        lines={
            number: Line(number=number, queue=line.queue, menu=line.menu)
            for number, line in hotline.numbers.items()
        },
        menus={
            name: Menu(
                id=name,
                prompt=menu.prompt,
                options={key: _target(target) for key, target in menu.keys.items()},
                silence=_target(menu.silence),
                wait_s=menu.wait_s,
            )
            for name, menu in file.menus.items()
        },
        waiting=Menu(
            id=WAITING,
            prompt=file.waiting.prompt,
            options={key: _target(target) for key, target in file.waiting.keys.items()},
            silence=Stay(),
            wait_s=0,
        ),
        person=_to_queue(file.person),
        notice=file.notice,
        connecting=file.connecting,
        retry=file.retry,
        mistakes_allowed=file.mistakes_allowed,
    )


def _to_queue(target: QueueTarget) -> ToQueue:
    return ToQueue(queue=target.queue, say=target.say)


def _target(target: TargetModel) -> Target:
    if target.queue is not None:
        return ToQueue(queue=target.queue, say=target.say)
    if target.menu is not None:
        return ToMenu(menu=target.menu)
    match target.do:
        case "hang_up":
            return Goodbye(say=target.say)
        case "stay":
            return Stay(say=target.say)
        case _:
            return Repeat()
