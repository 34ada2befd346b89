"""Cost as counted work, not as time: instructions that Python executes for one event.

The same count on every machine, so a bound can be tight. The hall grows a hundredfold, from 20 agents
and 50 waiting calls to 2,000 and 5,000.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from acd.decisions import Refusal
from acd.router import Router
from acd.rules import Profile, QueueRule, Stage, Waiting
from terms.ids import AgentId, CallId, QueueName, SkillName
from terms.instant import SECOND, Instant
from terms.skills import need
from tests.acd.hall import OPENING, queue

SIZES = {"small": (20, 50), "large": (2000, 5000)}
TOPICS = [SkillName(f"topic{n}") for n in range(8)]


def rules() -> list[QueueRule]:
    return [
        queue(
            f"q{n}",
            Stage(after_s=0, need=need({TOPICS[n]: 3})),
            Stage(after_s=3600, need=need({TOPICS[n]: 1})),
            slope=1000 + n,
        )
        for n in range(4)
    ]


def profile_of(n: int) -> Profile:
    topics = {TOPICS[n % 4]: 3 + n % 3, TOPICS[4 + n % 2]: 1}
    return Profile(
        skills=need(topics), queues=frozenset({QueueName(f"q{n % 4}"), QueueName(f"q{(n + 1) % 4}")})
    )


def hall(size: str, *, idle: bool, waiting: bool) -> Router:
    agents, calls = SIZES[size]
    router = Router(rules(), "o-")
    for n in range(agents):
        report = router.agent_available if idle else router.agent_occupied
        report(AgentId(f"{n:04}"), profile_of(n), Instant(OPENING + n))
    for n in range(calls if waiting else 0):
        router.enqueue(caller(n), Instant(OPENING + 10 * SECOND + n))
    return router


def caller(n: int) -> Waiting:
    joined = Instant(OPENING + 10 * SECOND + n)
    return Waiting(call=CallId(f"c{n:05}"), queue=QueueName(f"q{n % 4}"), joined_at=joined, seq=n)


def instructions(act: Callable[[], object]) -> int:
    """How many byte-code instructions `act` executes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


LATER = Instant(OPENING + 60 * SECOND)


def an_agent_is_free(size: str) -> int:
    router = hall(size, idle=False, waiting=True)
    return instructions(lambda: router.agent_available(AgentId("0001"), profile_of(1), LATER))


def a_call_meets_idle_agents(size: str) -> int:
    router = hall(size, idle=True, waiting=False)
    return instructions(lambda: router.enqueue(caller(7), LATER))


def a_call_joins_a_line(size: str) -> int:
    router = hall(size, idle=False, waiting=True)
    return instructions(lambda: router.enqueue(caller(99_999), LATER))


def a_caller_hangs_up(size: str) -> int:
    router = hall(size, idle=False, waiting=True)
    return instructions(lambda: router.withdraw(CallId("c00020"), LATER))


def an_agent_leaves(size: str) -> int:
    router = hall(size, idle=True, waiting=False)
    return instructions(lambda: router.agent_gone(AgentId("0005"), LATER))


def an_offer_is_refused(size: str) -> int:
    router = hall(size, idle=False, waiting=True)
    router.agent_available(AgentId("0001"), profile_of(1), LATER)
    offer = next(view.offer for view in router.waiting(LATER) if view.offer)
    return instructions(lambda: router.refused(offer, Refusal.REJECT, LATER))


def nothing_is_due(size: str) -> int:
    router = hall(size, idle=False, waiting=True)
    return instructions(lambda: router.advance(LATER))


@pytest.mark.parametrize(
    ("event", "at_most"),
    [
        (an_agent_is_free, 1.5),
        (a_call_meets_idle_agents, 1.5),
        (a_call_joins_a_line, 1.5),
        (a_caller_hangs_up, 1.5),
        (an_agent_leaves, 1.5),
        (an_offer_is_refused, 1.5),
        (nothing_is_due, 1.0),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_hall_a_hundred_times_as_large_costs_hardly_more_per_event(
    event: Callable[[str], int], at_most: float
) -> None:
    small, large = event("small"), event("large")

    assert 0 < large <= at_most * small, f"{small} instructions became {large}"


def test_nothing_due_is_next_to_no_work() -> None:
    assert nothing_is_due("large") < 100
