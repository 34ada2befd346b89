"""The router against one that is obviously right, on random days and on days that Hypothesis thinks up.

After every event: the same offers in the same order, the same announcements and drops, the same board;
nobody overtaken by score; the books in balance.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from acd import matching
from acd.changes import NewPriority, NewProfile
from acd.decisions import Offer, Refusal
from acd.rules import Profile, Waiting
from terms.ids import AgentId, CallId, OfferId, QueueName
from terms.instant import Instant
from tests.acd.streams import AGENTS, CITIZEN, ENTERPRISE, LANGUAGE, NIGHT, PROFILES, TICK, Day, Twins

ROOT = Path(__file__).parents[2]


def pairs_on_days(days: range, events: int) -> int:
    """How many offers were compared."""
    decided = [decision for day in days for decision in Day(Random(day)).live(events).decisions]
    return sum(isinstance(decision, Offer) for decision in decided)


def test_both_make_the_same_pairs_on_random_days() -> None:
    assert pairs_on_days(range(120), events=100) > 1500


def test_both_make_the_same_pairs_when_freed_agents_walk_down_their_queues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matching, "HEADS_AT_MOST", 0)

    assert pairs_on_days(range(1000, 1050), events=100) > 600


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_both_make_the_same_pairs_on_two_thousand_random_days() -> None:
    assert pairs_on_days(range(10_000, 12_000), events=200) > 50_000


TRACE = """
from random import Random
from hashlib import sha256
from tests.acd.streams import Day
print(sha256(repr([Day(Random(day)).live(100).decisions for day in range(3)]).encode()).hexdigest())
"""


def test_decisions_depend_on_the_events_alone_and_not_on_the_order_of_hashes() -> None:
    here = sha256(repr([Day(Random(day)).live(100).decisions for day in range(3)]).encode()).hexdigest()

    for seed in ("1", "2"):
        command = [sys.executable, "-c", TRACE]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        elsewhere = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert elsewhere.stdout.strip() == here


queues = st.sampled_from([CITIZEN, ENTERPRISE, LANGUAGE, NIGHT])
agents = st.sampled_from(AGENTS)
profiles = st.sampled_from(PROFILES)


class Hotline(RuleBasedStateMachine):
    """One day, thought up by Hypothesis, which shortens a day that goes wrong to its essence."""

    @initialize()
    def open(self) -> None:
        self.twins = Twins()
        self.calls = 0

    def a_call(self, index: int) -> CallId:
        calls = list(self.twins.naive.calls)
        return calls[index % len(calls)] if calls else CallId("unknown")

    def an_offer(self, index: int) -> OfferId:
        open_offers = [call.offer for call in self.twins.naive.calls.values() if call.offer is not None]
        return open_offers[index % len(open_offers)] if open_offers else OfferId("stale")

    @rule(
        queue=queues,
        priority=st.sampled_from([0, 0, 0, 2, 10, -1]),
        waited=st.sampled_from([0, 0, 0, 3, 30]),
        tried=st.frozensets(agents, max_size=3),
        preferred=st.none() | agents,
    )
    def enqueue(
        self,
        queue: QueueName,
        priority: int,
        waited: int,
        tried: frozenset[AgentId],
        preferred: AgentId | None,
    ) -> None:
        self.calls += 1
        waiting = Waiting(
            call=CallId(f"c{self.calls:03}"),
            queue=queue,
            joined_at=Instant(self.twins.now - waited * TICK),
            seq=self.calls,
            priority=priority,
            tried=tried,
            preferred=preferred,
        )
        self.twins.both("enqueue", waiting, adopted=waited > 0)

    @rule(index=st.integers(0, 20))
    def withdraw(self, index: int) -> None:
        self.twins.both("withdraw", self.a_call(index))

    @rule(index=st.integers(0, 20), queue=queues)
    def move(self, index: int, queue: QueueName) -> None:
        self.twins.both("move", self.a_call(index), queue)

    @rule(agent=agents, profile=profiles, idle=st.none() | st.integers(0, 20))
    def agent_available(self, agent: AgentId, profile: Profile, idle: int | None) -> None:
        since = None if idle is None else Instant(self.twins.now - idle * TICK)
        self.twins.both("agent_available", agent, profile, idle_since=since)

    @rule(agent=agents, profile=profiles)
    def agent_occupied(self, agent: AgentId, profile: Profile) -> None:
        self.twins.both("agent_occupied", agent, profile)

    @rule(agent=agents)
    def agent_gone(self, agent: AgentId) -> None:
        self.twins.both("agent_gone", agent)

    @rule(index=st.integers(0, 5))
    def answered(self, index: int) -> None:
        self.twins.both("answered", self.an_offer(index))

    @rule(index=st.integers(0, 5), why=st.sampled_from(Refusal))
    def refused(self, index: int, why: Refusal) -> None:
        self.twins.both("refused", self.an_offer(index), why)

    @rule(index=st.integers(0, 20), priority=st.integers(-3, 9))
    def new_priority(self, index: int, priority: int) -> None:
        self.twins.both("change", NewPriority(call=self.a_call(index), priority=priority))

    @rule(agent=agents, profile=profiles)
    def new_profile(self, agent: AgentId, profile: Profile) -> None:
        self.twins.both("change", NewProfile(agent=agent, profile=profile))

    @rule(ticks=st.integers(0, 130))
    def time_passes(self, ticks: int) -> None:
        self.twins.now = Instant(self.twins.now + ticks * TICK)

    @precondition(lambda self: self.twins.router.next_deadline is not None)
    @rule(early=st.booleans())
    def the_next_deadline(self, early: bool) -> None:
        deadline = self.twins.router.next_deadline
        assert deadline is not None
        self.twins.now = max(self.twins.now, Instant(deadline - early))
        before = len(self.twins.decisions)
        self.twins.both("advance")
        if early and self.twins.now < deadline:
            assert self.twins.decisions[before:] == [], self.twins.as_script()

    @rule()
    def crash_and_restore(self) -> None:
        self.twins.restart()

    @invariant()
    def advancing_twice_does_nothing(self) -> None:
        self.twins.both("advance")
        before = len(self.twins.decisions)
        self.twins.both("advance")
        assert self.twins.decisions[before:] == [], self.twins.as_script()
        deadline = self.twins.router.next_deadline
        assert deadline is None or deadline > self.twins.now, self.twins.as_script()

    @invariant()
    def nobody_waits_whom_an_idle_agent_could_take(self) -> None:
        naive, now = self.twins.naive, self.twins.now
        for call in naive.calls.values():
            if call.offer is None:
                able = [a for a in naive.agents if naive.is_idle(a, now) and naive.may_ring(a, call)]
                assert able == [], self.twins.as_script()


def test_every_day_that_hypothesis_thinks_up_is_a_day_as_it_should_be() -> None:
    run_state_machine_as_test(
        Hotline,
        settings=settings(
            max_examples=80,
            stateful_step_count=60,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_night_of_days_that_hypothesis_thinks_up() -> None:
    run_state_machine_as_test(
        Hotline, settings=settings(max_examples=5000, stateful_step_count=100, deadline=None)
    )
