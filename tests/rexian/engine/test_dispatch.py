"""The queue and the agents together: what the router decides and what the desks say must always agree."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from acd.decisions import Decision, DropAgentLeg, Offer, Refusal
from acd.rules import Waiting
from agents.states import AgentState
from rexian.engine.city import City, load_city
from rexian.engine.dispatch import Dispatch
from terms.ids import AgentId, CallId, QueueName, SeatId
from terms.instant import Instant, after

if TYPE_CHECKING:
    from agents.desk import Change

ROOT = Path(__file__).resolve().parents[3]
LI, CHEN = AgentId("1001"), AgentId("1002")
AT = {LI: SeatId("8001"), CHEN: SeatId("8002")}


class HandClock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = Instant(1_795_500_000_000_000)

    def now(self) -> Instant:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time = after(self.time, seconds)


class Hall:
    """A dispatch with its decisions and changes written down."""

    def __init__(self, city: City) -> None:
        self.clock = HandClock()
        self.told: list[tuple[CallId, Decision]] = []
        self.changes: list[Change] = []
        self.dispatch = Dispatch(
            city,
            self.clock,  # type: ignore[arg-type]
            "t-",
            lambda call, decision: self.told.append((call, decision)),
            self.changes.append,
        )

    def joins(self, name: str, queue: str = "citizen") -> CallId:
        call, now = CallId(name), self.clock.now()
        self.dispatch.enqueue(Waiting(call=call, queue=QueueName(queue), joined_at=now, seq=len(self.told)))
        return call

    def works(self, *agents: AgentId) -> None:
        for agent in agents:
            self.dispatch.sign_in(agent, AT[agent])

    def offers(self, call: CallId) -> list[Offer]:
        return [told for to, told in self.told if to == call and isinstance(told, Offer)]

    def state(self, agent: AgentId) -> AgentState:
        return self.dispatch.book.desk(agent).state


@pytest.fixture(scope="module")
def city() -> City:
    city = load_city(ROOT / "config")
    limits = replace(city.limits, after_call_work_s=10, no_answer_limit=1, reject_limit=2)
    return replace(city, limits=limits)


@pytest.fixture
async def hall(city: City) -> Iterator[Hall]:  # type: ignore[misc]
    hall = Hall(city)
    yield hall
    hall.dispatch.close()


async def test_a_citizen_is_offered_to_whoever_is_ready(hall: Hall) -> None:
    hall.works(LI)

    call = hall.joins("a")

    assert [offer.agent for offer in hall.offers(call)] == [LI]
    assert hall.state(LI) is AgentState.OFFERED


async def test_a_citizen_who_hangs_up_gives_the_agent_to_the_next_one_at_once(hall: Hall) -> None:
    hall.works(LI)
    first, second = hall.joins("a"), hall.joins("b")

    hall.dispatch.withdraw(first)

    assert [offer.agent for offer in hall.offers(second)] == [LI]
    assert hall.dispatch.book.desk(LI).call == second


async def test_a_pause_during_an_offer_takes_effect_after_it(hall: Hall) -> None:
    hall.works(LI)
    first, second = hall.joins("a"), hall.joins("b")

    hall.dispatch.pause(LI, "用餐")
    hall.dispatch.withdraw(first)

    assert hall.state(LI) is AgentState.NOT_READY
    assert hall.offers(second) == []


async def test_an_answer_to_an_offer_that_is_over_connects_nobody(hall: Hall) -> None:
    hall.works(LI)
    call = hall.joins("a")
    offer = hall.offers(call)[0]
    hall.dispatch.withdraw(call)

    hall.dispatch.answered(offer.offer, LI)

    assert hall.state(LI) is AgentState.READY


async def test_a_phone_that_rings_out_makes_its_agent_not_ready_and_the_next_one_is_asked(hall: Hall) -> None:
    hall.works(LI, CHEN)
    call = hall.joins("a")
    asked = hall.offers(call)[0]
    other = CHEN if asked.agent == LI else LI

    hall.dispatch.refused(asked.offer, Refusal.NO_ANSWER)

    assert hall.state(asked.agent) is AgentState.NOT_READY
    assert hall.dispatch.book.desk(asked.agent).reason == "未接听"
    assert [offer.agent for offer in hall.offers(call)] == [asked.agent, other]


async def test_one_rejection_below_the_limit_leaves_the_agent_ready(hall: Hall) -> None:
    hall.works(LI)
    call = hall.joins("a")

    hall.dispatch.refused(hall.offers(call)[0].offer, Refusal.REJECT)

    assert hall.state(LI) in (AgentState.READY, AgentState.OFFERED)


async def test_a_phone_that_is_lost_while_it_rings_gives_the_call_to_the_next(hall: Hall) -> None:
    hall.works(LI, CHEN)
    call = hall.joins("a")
    asked = hall.offers(call)[0]

    hall.dispatch.phone(AT[asked.agent], reachable=False)

    assert hall.state(asked.agent) is AgentState.NOT_READY
    assert any(isinstance(told, DropAgentLeg) for _, told in hall.told)
    assert len({offer.agent for offer in hall.offers(call)}) == 2


async def test_a_phone_that_comes_back_is_offered_calls_again(hall: Hall) -> None:
    hall.works(LI)
    hall.dispatch.phone(AT[LI], reachable=False)
    call = hall.joins("a")
    assert hall.offers(call) == []

    hall.dispatch.phone(AT[LI], reachable=True)

    assert [offer.agent for offer in hall.offers(call)] == [LI]


async def test_after_call_work_keeps_calls_away_until_it_is_over(hall: Hall) -> None:
    hall.works(LI)
    first = hall.joins("a")
    hall.dispatch.answered(hall.offers(first)[0].offer, LI)
    second = hall.joins("b")
    hall.dispatch.talk_ended(LI, first)
    assert hall.state(LI) is AgentState.WRAP_UP
    assert hall.offers(second) == []

    hall.dispatch.set_ready(LI)

    assert [offer.agent for offer in hall.offers(second)] == [LI]
    assert [change.finished for change in hall.changes if change.finished] == [(first, 0.0)]


async def test_a_late_word_of_an_ended_talk_does_not_end_the_talk_after_it(hall: Hall) -> None:
    hall.works(LI)
    first = hall.joins("a")
    hall.dispatch.answered(hall.offers(first)[0].offer, LI)
    hall.dispatch.talk_ended(LI, first)
    hall.dispatch.set_ready(LI)
    second = hall.joins("b")
    hall.dispatch.answered(hall.offers(second)[0].offer, LI)

    hall.dispatch.talk_ended(LI, first)

    assert hall.state(LI) is AgentState.TALKING


async def test_what_an_engine_left_behind_is_settled_before_anybody_is_offered_a_call(
    hall: Hall, city: City
) -> None:
    hall.works(LI, CHEN)
    call = hall.joins("a")
    asked = hall.offers(call)[0]
    hall.dispatch.answered(asked.offer, asked.agent)
    stored = [desk.to_json() for desk in hall.dispatch.book.desks()]
    next_hall = Hall(city)

    next_hall.dispatch.restore(stored)
    for agent in (LI, CHEN):
        assert next_hall.state(agent) is AgentState.IN_DOUBT
        next_hall.dispatch.settle(agent, call if agent == asked.agent else None)
    next_hall.dispatch.sync_all()
    waiting = next_hall.joins("b")

    assert next_hall.state(asked.agent) is AgentState.TALKING
    assert [offer.agent for offer in next_hall.offers(waiting)] == [CHEN if asked.agent == LI else LI]
    next_hall.dispatch.close()
