"""What may be changed about a day without changing its decisions."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import pytest

from acd.decisions import Decision, Offer
from acd.router import Router
from acd.rules import Profile, Stage, Waiting
from terms.ids import AgentId, CallId, QueueName
from terms.instant import Instant
from tests.acd.streams import RULES, TICK, Day, Event, rule, skills

DAYS = range(300, 312)
HOUR = Instant(3_600_000_000)


def a_day(seed: int) -> tuple[list[Event], list[Decision]]:
    """Its events, and what one router decides about them."""
    events = Day(Random(seed), restarts=False).live(100).events
    return events, replay(events)


def replay(events: Sequence[Event]) -> list[Decision]:
    router = Router(RULES, "o-")
    return [decision for event in events for decision in punctually(router, event)]


def punctually(router: Router, event: Event) -> list[Decision]:
    """What `router` decides at each deadline before the event, and then about the event."""
    decided: list[Decision] = []
    while (due := router.next_deadline) is not None and due < event.now:
        decided += router.advance(due)
    return decided + event.apply(router)


def everywhere(thing: Any, change: Any) -> Any:
    """`thing` with every instant and id in it, however deep, replaced by what `change` makes of it."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(thing, **{f.name: everywhere(getattr(thing, f.name), change) for f in fields(thing)})
    if isinstance(thing, frozenset | tuple | list):
        return type(thing)(everywhere(part, change) for part in thing)
    if isinstance(thing, dict):
        return {key: everywhere(part, change) for key, part in thing.items()}
    return change(thing)


@pytest.mark.parametrize("day", DAYS)
def test_an_hour_later_everything_happens_an_hour_later(day: int) -> None:
    def later(part: Any) -> Any:
        return part + HOUR if type(part) is int and part > 10**12 else part

    events, decided = a_day(day)

    assert replay([everywhere(event, later) for event in events]) == everywhere(decided, later)


@pytest.mark.parametrize("day", DAYS)
def test_other_names_make_no_other_decisions(day: int) -> None:
    def renamed(part: Any) -> Any:
        if isinstance(part, str) and part[:2] == "10":
            return f"agent {part}"
        return f"call {part}" if isinstance(part, str) and part[:1] == "c" and part[1:].isdigit() else part

    events, decided = a_day(day)

    assert replay([everywhere(event, renamed) for event in events]) == everywhere(decided, renamed)


@pytest.mark.parametrize("day", DAYS)
def test_a_timer_that_goes_off_for_nothing_changes_nothing(day: int) -> None:
    dice = Random(day)
    events, decided = a_day(day)

    router, found = Router(RULES, "o-"), list[Decision]()
    for event in events:
        found += punctually(router, event)
        due = router.next_deadline
        if due is not None and due > event.now:
            assert router.advance(Instant(dice.randrange(event.now, due))) == []

    assert found == decided


@pytest.mark.parametrize("day", DAYS)
def test_an_agent_whom_no_call_may_use_changes_nothing(day: int) -> None:
    stranger = Profile(skills=skills(mandarin=10), queues=frozenset({QueueName("elsewhere")}))
    events, decided = a_day(day)

    come = Event(events[0].now, "agent_available", (AgentId("0001"), stranger), {})

    assert replay([come, *events]) == decided


def interleaved(ours: Sequence[Event], theirs: Sequence[Event], *, first: bool) -> list[tuple[Event, bool]]:
    """(event, is it ours) in the order of time; of the same instant, ours `first` or last."""
    tagged = [(event, True) for event in ours] + [(event, False) for event in theirs]
    return sorted(tagged, key=lambda event: (event[0].now, event[1] is not first))


@pytest.mark.parametrize("day", DAYS)
def test_another_group_of_agents_and_callers_changes_nothing_for_us(day: int) -> None:
    events, decided = a_day(day)
    island = rule(QueueName("island"), Stage(after_s=0, need=skills(diving=1)))
    islanders = Profile(skills=skills(diving=2), queues=frozenset({island.name}))
    dice = Random(day)
    theirs = []
    for n in range(40):
        now = Instant(events[0].now + dice.randrange(300) * TICK)
        waiting = Waiting(call=CallId(f"i{n}"), queue=island.name, joined_at=now, seq=n)
        guest = AgentId(f"i{dice.randrange(4)}")
        theirs.append(Event(now, "enqueue", (waiting,), {}))
        theirs.append(Event(now, "agent_available", (guest, islanders), {}))
        theirs.append(Event(now, "agent_gone", (guest,), {}))

    router = Router([*RULES, island], "o-")
    known: dict[object, object] = {}
    expected = iter([decision for decision in decided if isinstance(decision, Offer)])
    mine: list[tuple[object, object]] = []
    for event, is_ours in interleaved(events, theirs, first=bool(day % 2)):
        arguments = tuple(known.get(argument, argument) for argument in event.arguments if is_ours)
        event = replace(event, arguments=arguments) if is_ours else event
        for offer in punctually(router, event):
            if isinstance(offer, Offer) and not offer.call.startswith("i"):
                mine.append((offer.call, offer.agent))
                known[next(expected).offer] = offer.offer

    assert mine == [(offer.call, offer.agent) for offer in decided if isinstance(offer, Offer)]
