"""Skills, order, fit, priority and ageing: the choice itself."""

import pytest

from acd.changes import NewPriority, NewProfile
from acd.rules import Fit, Stage
from terms.ids import AgentId, CallId
from tests.acd.hall import Hall, offers, profile, queue, skills


def test_a_caller_who_finds_an_idle_agent_is_offered_at_once() -> None:
    hall = Hall()
    hall.agent("Li", at=0)

    assert offers(hall.caller("Wang", at=1)) == [("Wang", "Li")]


def test_a_freed_agent_gets_the_caller_who_has_waited_longest() -> None:
    hall = Hall()
    hall.caller("first", at=0)
    hall.caller("second", at=1)

    assert offers(hall.agent("Li", at=2)) == [("first", "Li")]
    assert hall.line() == ["second"]


def test_callers_who_join_at_the_same_instant_keep_the_order_of_their_arrival() -> None:
    hall = Hall()
    for caller in ("b", "a", "c"):
        hall.caller(caller, at=5)

    assert hall.line() == ["b", "a", "c"]


def test_a_caller_gets_the_agent_who_has_been_idle_longest() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.agent("Bai", at=1)

    assert offers(hall.caller("Wang", at=9)) == [("Wang", "Li")]


def test_agents_idle_since_the_same_instant_are_asked_by_number() -> None:
    hall = Hall()
    hall.agent("1002", at=0)
    hall.agent("1001", at=0)

    assert offers(hall.caller("Wang", at=1)) == [("Wang", "1001")]


def test_a_short_pause_does_not_cost_an_agent_their_place_among_the_idle() -> None:
    hall = Hall()
    hall.agent("Li", at=0, idle=0)
    hall.agent("Bai", at=5, idle=5)

    hall.gone("Li", at=6)
    hall.agent("Li", at=8, idle=0)

    assert offers(hall.caller("Wang", at=9)) == [("Wang", "Li")]


def test_being_reported_available_twice_changes_nothing() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.agent("Bai", at=1)

    assert hall.agent("Li", at=2) == []
    assert offers(hall.caller("Wang", at=3)) == [("Wang", "Li")]


def test_a_call_waits_when_nobody_has_its_skill_at_its_level() -> None:
    hall = Hall([queue("citizen", Stage(after_s=0, need=skills(yi=2)))])
    hall.agent("Li", profile(skills(mandarin=9)), at=0)
    hall.agent("Bai", profile(skills(yi=1)), at=0)

    assert hall.caller("Wang", at=1) == []
    assert offers(hall.agent("Pu", profile(skills(yi=2)), at=2)) == [("Wang", "Pu")]


def test_an_agent_is_never_asked_for_a_queue_that_is_not_theirs() -> None:
    hall = Hall()
    hall.agent("Li", profile((), "citizen"), at=0)

    assert hall.caller("Wang", "enterprise", at=1) == []


def test_generalists_are_kept_free_for_what_only_they_can_do() -> None:
    hall = Hall()
    hall.agent("generalist", profile(skills(mandarin=5, yi=5)), at=0)
    hall.agent("specialist", profile(skills(mandarin=1)), at=5)

    assert offers(hall.caller("Wang", at=9)) == [("Wang", "specialist")]


def test_a_queue_that_wants_the_best_asks_the_highest_level_first() -> None:
    hall = Hall([queue("citizen", Stage(after_s=0, need=skills(tax=1)), fit=Fit.HIGHEST_LEVEL)])
    hall.agent("good", profile(skills(tax=3)), at=0)
    hall.agent("best", profile(skills(tax=7, yi=1)), at=5)

    assert offers(hall.caller("Wang", at=9)) == [("Wang", "best")]


def test_a_preferred_agent_is_asked_before_anybody_who_fits_better() -> None:
    hall = Hall()
    hall.agent("specialist", profile(), at=0)
    hall.agent("known", profile(skills(yi=5)), at=5)

    assert offers(hall.caller("Wang", at=9, preferred=AgentId("known"))) == [("Wang", "known")]


def test_a_caller_whose_preferred_agent_is_busy_takes_the_next() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.busy("known", at=0)

    assert offers(hall.caller("Wang", at=9, preferred=AgentId("known"))) == [("Wang", "Li")]


@pytest.mark.parametrize(("ahead_s", "next_caller"), [(9, "urgent"), (10, "patient"), (11, "patient")])
def test_a_priority_of_10_points_is_a_head_start_of_10_seconds(ahead_s: int, next_caller: str) -> None:
    hall = Hall([queue(slope=1000)])
    hall.caller("patient", at=0)
    hall.caller("urgent", at=ahead_s, priority=10)

    assert offers(hall.agent("Li", at=100)) == [(next_caller, "Li")]


@pytest.mark.parametrize(("freed_at", "next_caller"), [(29, "slow"), (30, "slow"), (31, "fast")])
def test_a_queue_that_ages_faster_overtakes_at_its_moment(freed_at: int, next_caller: str) -> None:
    hall = Hall([queue("citizen", slope=1000), queue("enterprise", slope=1500)])
    hall.caller("slow", "citizen", at=0)
    hall.caller("fast", "enterprise", at=10)

    assert offers(hall.agent("Li", at=freed_at)) == [(next_caller, "Li")]


def test_a_supervisor_can_put_a_waiting_caller_first() -> None:
    hall = Hall()
    hall.caller("first", at=0)
    hall.caller("second", at=1)

    hall.router.change(NewPriority(call=CallId("second"), priority=60), hall.at(2))

    assert hall.line() == ["second", "first"]
    assert offers(hall.agent("Li", at=3)) == [("second", "Li")]


def test_a_new_skill_serves_callers_who_wait_already() -> None:
    hall = Hall([queue("citizen", Stage(after_s=0, need=skills(yi=1)))])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    decided = hall.router.change(NewProfile(agent=AgentId("Li"), profile=profile(skills(yi=1))), hall.at(2))

    assert offers(decided) == [("Wang", "Li")]


def test_a_call_that_is_enqueued_twice_keeps_its_place() -> None:
    hall = Hall()
    hall.caller("first", at=0)
    hall.caller("second", at=1)

    assert hall.caller("first", at=2, priority=99) == []
    assert hall.line() == ["first", "second"]


def test_facts_about_the_unknown_change_nothing() -> None:
    hall = Hall()

    assert hall.hangs_up("nobody", at=0) == []
    assert hall.gone("nobody", at=0) == []
    assert hall.router.move(CallId("nobody"), queue("enterprise").name, hall.at(0)) == []
    assert hall.router.change(NewPriority(call=CallId("nobody"), priority=1), hall.at(0)) == []
    assert hall.router.change(NewProfile(agent=AgentId("nobody"), profile=profile()), hall.at(0)) == []
    assert hall.router.place(CallId("nobody")) is None
    assert hall.router.next_deadline is None
