"""Teeth: routers with one bug each, of the kind that somebody might write; the random days must tell
each of them from a right one. A bug that lives here and is not caught is a hole in those days."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from acd import announcements, floor, lines, matching, profiles, router
from acd.decisions import Decision, Refusal
from acd.lines import Call, Requirement
from acd.profiles import Agent
from acd.rules import POINT, Fit, Profile
from terms.ids import AgentId
from terms.instant import Instant
from terms.skills import Need
from tests.acd.streams import Day

Patch = Callable[[pytest.MonkeyPatch], None]

BUGS: dict[str, Patch] = {}


def bug(plant: Patch) -> Patch:
    """Add to the collection under its name in words."""
    BUGS[plant.__name__.replace("_", " ")] = plant
    return plant


@bug
def the_newest_of_equals_is_served_first(patch: pytest.MonkeyPatch) -> None:
    def set_key(self: Call) -> None:
        right(self)
        constant, joined_at, seq, call = self.key
        self.key = (constant, joined_at, -seq, call)

    right = Call.set_key
    patch.setattr(Call, "set_key", set_key)


@bug
def a_relaxation_is_missed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lines.Queue, "stage_begins", lambda self, joined_at, index: None)


@bug
def a_stage_begins_a_microsecond_late(patch: pytest.MonkeyPatch) -> None:
    right = lines.Queue.stage_at
    patch.setattr(lines.Queue, "stage_at", lambda self, joined, now: right(self, joined, Instant(now - 1)))


@bug
def the_boost_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    def set_key(self: Call) -> None:
        right(self)
        constant, *rest = self.key
        self.key = (constant + self.queue.rule.stages[self.stage].boost * POINT, *rest)  # type: ignore[assignment]

    right = Call.set_key
    patch.setattr(Call, "set_key", set_key)


@bug
def ageing_runs_on_the_wrong_clock(patch: pytest.MonkeyPatch) -> None:
    right = Call.rank
    patch.setattr(Call, "rank", lambda self, now: right(self, self.waiting.joined_at))


@bug
def whoever_has_been_idle_shortest_is_asked(patch: pytest.MonkeyPatch) -> None:
    def agent_for(self: matching.Matching, call: Call, now: Instant) -> matching.Match | None:
        match = right(self, call, now)
        if match is None or len(match.ranks) < 2 or match.preferred:
            return match
        return replace(match, agent=self._bench.agents[match.ranks[1].agent])

    right = matching.Matching._agent_for
    patch.setattr(matching.Matching, "_agent_for", agent_for)


@bug
def idle_time_starts_again_with_every_report(patch: pytest.MonkeyPatch) -> None:
    def available(
        self: router.Router, agent: AgentId, profile: Profile, now: Instant, idle_since: Instant | None = None
    ) -> list[Decision]:
        return right(self, agent, profile, now, now if idle_since is None else idle_since)

    right = router.Router.agent_available
    patch.setattr(router.Router, "agent_available", available)


@bug
def generalists_go_first(patch: pytest.MonkeyPatch) -> None:
    def of(self: Fit, need: Need, profile: Profile) -> int:
        return -right(self, need, profile)

    right = Fit.of
    patch.setattr(Fit, "of", of)


@bug
def nobody_is_preferred(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching.Matching, "_preferred", lambda self, call, barred: None)


@bug
def who_refused_is_asked_again_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching.Matching, "_barred", lambda self, requirement, tried: frozenset())


@bug
def who_refused_is_never_asked_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching.Matching, "_is_exhausted", lambda self, requirement, tried: False)


@bug
def the_absence_of_others_is_not_noticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching.Matching, "freed_by_absence", lambda self, requirements: [])


@bug
def only_idle_agents_count_as_others_who_could(patch: pytest.MonkeyPatch) -> None:
    def is_able(self: profiles.Bench, agent: AgentId, requirement: Requirement) -> bool:
        known = self.agents.get(agent)
        return right(self, agent, requirement) and known is not None and known.call is None

    right = profiles.Bench.is_able
    patch.setattr(profiles.Bench, "is_able", is_able)


@bug
def a_refused_call_goes_to_the_end_of_its_line(patch: pytest.MonkeyPatch) -> None:
    def missed(self: floor.Floor, call: Call, why: Refusal, now: Instant) -> list[Decision]:
        call.waiting = replace(call.waiting, seq=call.waiting.seq + 1000)
        return right(self, call, why, now)

    right = floor.Floor.missed
    patch.setattr(floor.Floor, "missed", missed)


@bug
def a_phone_that_stopped_ringing_gets_no_next_call(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(floor.Floor, "release", lambda self, call, now: self.close(call) and [])


@bug
def a_booked_pause_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def release(self: floor.Floor, call: Call, now: Instant) -> list[Agent]:
        return self.rested(self.close(call), now)

    patch.setattr(floor.Floor, "release", release)


@bug
def several_calls_at_once_are_placed_as_they_come(patch: pytest.MonkeyPatch) -> None:
    def settle(
        self: floor.Floor, calls: Sequence[Call], freed: Sequence[Agent], now: Instant
    ) -> list[Decision]:
        decisions: list[Decision] = []
        for call in calls:
            if call.offer is None:
                decisions += right(self, [call], [], now)
        return decisions + right(self, [], freed, now)

    right = floor.Floor.settle
    patch.setattr(floor.Floor, "settle", settle)


@bug
def a_busy_phone_is_asked_again_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(floor, "REST_S", 0.0)


@bug
def an_offer_never_runs_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(floor, "EXPIRY_GRACE_S", 1e6)


@bug
def an_announced_place_may_get_worse(patch: pytest.MonkeyPatch) -> None:
    def announcement(call: Call, position: int) -> Any:
        call.told_position = None
        return right(call, position)

    right = announcements.announcement
    patch.setattr(router, "announcement", announcement)


@bug
def an_adopted_call_hears_its_last_announcement_again(patch: pytest.MonkeyPatch) -> None:
    right = floor.Floor.admit
    patch.setattr(
        floor.Floor,
        "admit",
        lambda self, waiting, queue, until: right(self, waiting, queue, Instant(until - 1)),
    )


@bug
def the_walk_stops_at_the_first_call_whatever_its_need(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "HEADS_AT_MOST", 0)
    right = matching.Matching._may_take
    patch.setattr(
        matching.Matching,
        "_walk",
        lambda self, agent: [
            queue.filed[0]
            for name, queue in self._lines.queues.items()
            if name in agent.group.profile.queues and queue.filed and right(self, agent, queue.filed[0])
        ],
    )


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[name](monkeypatch)

    assert _first_wrong_day() is not None, f"'{name}' went unnoticed"


def test_without_a_bug_the_same_days_are_right() -> None:
    assert _first_wrong_day() is None


def _first_wrong_day(days: int = 40) -> int | None:
    for day in range(days):
        try:
            Day(Random(day)).live(100)
        except (AssertionError, KeyError, IndexError):
            return day
    return None
