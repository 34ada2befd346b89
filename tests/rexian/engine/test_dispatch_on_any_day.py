"""Random days at a dispatch: after every event the router, the desks and the phones tell one story."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from acd.decisions import Decision, DropAgentLeg, Offer, Refusal
from acd.rules import Waiting
from agents.errors import IllegalMove, SeatTaken
from agents.people import Miss
from agents.states import OFFER_STATES, TALK_STATES, AgentState
from rexian.engine.city import City, load_city
from rexian.engine.dispatch import Dispatch
from terms.ids import AgentId, CallId, OfferId, QueueName, SeatId
from terms.instant import Instant, after

Act = Callable[[], None]
ROOT = Path(__file__).resolve().parents[3]


class HandClock:
    """A clock that a test turns."""

    time = Instant(1_795_500_000_000_000)

    def now(self) -> Instant:
        return self.time


@dataclass
class Day:
    """Few people, many calls, and everything that can come in between."""

    city: City
    dice: Random
    ringing: dict[OfferId, tuple[CallId, AgentId]] = field(default_factory=dict)
    calls: list[CallId] = field(default_factory=list)
    script: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = HandClock()
        dispatch = Dispatch(self.city, self.clock, "t-", self.hears, lambda _: None)  # type: ignore[arg-type]
        self.dispatch = dispatch
        self.people = [person.agent for person in self.city.people][:4]
        self.seats = [seat.seat for seat in self.city.seats][:5]

    def hears(self, call: CallId, decision: Decision) -> None:
        match decision:
            case Offer(offer=offer, agent=agent):
                self.ringing[offer] = (call, agent)
            case DropAgentLeg(offer=offer):
                self.ringing.pop(offer, None)

    def lives(self, events: int) -> None:
        facts: list[Act] = [
            *[self.someone_calls] * 4,
            *[self.someone_answers] * 3,
            *[self.someone_refuses] * 2,
            *[self.someone_hangs_up] * 4,
            *[lambda: self.dispatch.withdraw(self.a_call())] * 2,
            lambda: self.dispatch.move(self.a_call(), self.a_queue()),
            *[lambda: self.dispatch.ringing(self.somebody())] * 2,
            lambda: self.dispatch.phone(self.a_seat(), reachable=False),
            *[lambda: self.dispatch.phone(self.a_seat(), reachable=True)] * 2,
        ]
        wishes: list[Act] = [
            *[lambda: self.dispatch.sign_in(self.somebody(), self.a_seat())] * 3,
            *[lambda: self.dispatch.set_ready(self.somebody())] * 3,
            lambda: self.dispatch.pause(self.somebody(), "用餐"),
            lambda: self.dispatch.sign_out(self.somebody()),
        ]
        for _ in range(events):
            self.clock.time = after(self.clock.time, self.dice.choice([0, 0, 0.2, 1, 3, 20]))
            self.dispatch._due()
            act = self.dice.choice(facts + wishes)
            if act in facts:
                act()
            else:
                with suppress(IllegalMove, SeatTaken):
                    act()
            self.agrees()

    def somebody(self) -> AgentId:
        return self.dice.choice(self.people)

    def a_seat(self) -> SeatId:
        return self.dice.choice(self.seats)

    def a_call(self) -> CallId:
        return self.dice.choice([*self.calls, CallId("unknown")])

    def a_queue(self) -> QueueName:
        return QueueName(self.dice.choice(["citizen", "enterprise"]))

    def someone_calls(self) -> None:
        call = CallId(f"c{len(self.calls)}")
        self.calls.append(call)
        now = self.clock.now()
        self.dispatch.enqueue(Waiting(call=call, queue=self.a_queue(), joined_at=now, seq=len(self.calls)))

    def someone_answers(self) -> None:
        for offer in self.dice.sample(list(self.ringing), min(1, len(self.ringing))):
            self.dispatch.answered(offer, self.ringing.pop(offer)[1])

    def someone_refuses(self) -> None:
        for offer in self.dice.sample(list(self.ringing), min(1, len(self.ringing))):
            del self.ringing[offer]
            self.dispatch.refused(offer, Refusal(self.dice.choice(list(Miss))))

    def someone_hangs_up(self) -> None:
        for desk in self.dispatch.book.desks():
            if desk.state in TALK_STATES:
                assert desk.call is not None
                self.dispatch.talk_ended(desk.agent, desk.call)
                return

    def agrees(self) -> None:
        views = self.dispatch.router.waiting(self.clock.now())
        desks = self.dispatch.book.desks()
        offered = {view.agent: view.call for view in views if view.agent is not None}
        assert offered == {desk.agent: desk.call for desk in desks if desk.state in OFFER_STATES}
        rings = {view.offer: (view.call, view.agent) for view in views if view.offer is not None}
        assert rings == self.ringing
        ready = [desk.agent for desk in desks if desk.state is AgentState.READY]
        for agent in ready:
            assert self.dispatch.router._floor.bench.agents[agent].standing.name in ("IDLE", "RESTING")


@pytest.fixture(scope="module")
def demo() -> City:
    return load_city(ROOT / "config")


@pytest.mark.parametrize("seed", range(40))
async def test_router_desks_and_phones_tell_one_story(demo: City, seed: int) -> None:
    dice = Random(seed)
    limits = {f"{miss}_limit": dice.randrange(3) for miss in Miss}
    house = replace(demo.limits, after_call_work_s=dice.choice([0.0, 10.0]), **limits)
    day = Day(replace(demo, limits=house), dice)

    day.lives(events=150)

    assert day.calls
    day.dispatch.close()
