"""Relaxation, boost and overflow as one mechanism; capacity and moves."""

import pytest

from acd.decisions import DropReason, Overflow
from acd.rules import Stage
from terms.ids import CallId
from tests.acd.hall import CITIZEN, ENTERPRISE, Hall, dropped, offers, only, profile, queue, skills

YI = skills(yi=2)


def test_a_skill_is_given_up_at_its_second_and_not_before() -> None:
    rule = queue("citizen", Stage(after_s=0, need=YI), Stage(after_s=8, need=()))
    hall = Hall([rule])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    assert hall.router.next_deadline == hall.at(9)
    assert hall.wait_until(8.999999) == []
    assert offers(hall.wait_until(9)) == [("Wang", "Li")]


def test_a_late_timer_decides_as_of_now_and_the_most_urgent_call_first() -> None:
    rule = queue("citizen", Stage(after_s=0, need=YI), Stage(after_s=8, need=()))
    hall = Hall([rule])
    hall.agent("Li", at=0)
    hall.caller("patient", at=1)
    hall.caller("urgent", at=2, priority=50)

    assert offers(hall.wait_until(60)) == [("urgent", "Li")]


def test_a_boost_puts_a_call_before_all_that_it_would_else_wait_for() -> None:
    rule = queue("citizen", Stage(after_s=0, need=()), Stage(after_s=60, need=(), boost=1000))
    hall = Hall([rule, queue("enterprise", priority=500)])
    hall.caller("patient", at=0)
    hall.caller("important", "enterprise", at=1)

    assert hall.router.waiting(hall.at(59))[0].call == "important"
    hall.wait_until(60)

    assert offers(hall.agent("Li", at=61)) == [("patient", "Li")]


def test_a_stage_may_ask_for_more_than_the_one_before() -> None:
    rule = queue("citizen", Stage(after_s=0, need=()), Stage(after_s=8, need=YI))
    hall = Hall([rule])
    hall.caller("Wang", at=0)
    hall.wait_until(8)

    assert hall.agent("Li", at=9) == []
    assert offers(hall.agent("Bai", profile(YI), at=10)) == [("Wang", "Bai")]


OVERFLOWING = queue(
    "enterprise",
    Stage(after_s=0, need=()),
    Stage(after_s=20, need=(), overflow=CITIZEN),
    announce_first_s=900.0,
)


def test_a_call_that_overflows_waits_in_the_other_queue_since_its_own_joining() -> None:
    hall = Hall([queue(), OVERFLOWING])
    hall.caller("early", "enterprise", at=0)
    hall.caller("late", "citizen", at=5)

    decided = hall.wait_until(20)

    assert decided == [Overflow(call=CallId("early"), to=CITIZEN)]
    assert hall.line("citizen") == ["early", "late"]


def test_a_ringing_call_overflows_only_when_the_ringing_came_to_nothing() -> None:
    hall = Hall([queue(), OVERFLOWING])
    hall.agent("Li", at=0)
    hall.caller("Wang", "enterprise", at=10)

    assert hall.wait_until(27.9) == []
    decided = hall.wait_until(28)
    assert only(Overflow, decided) == []

    assert only(Overflow, hall.wait_until(30)) == [Overflow(call=CallId("Wang"), to=CITIZEN)]


def test_a_call_that_has_waited_for_two_overflows_goes_all_the_way() -> None:
    night = queue("night", Stage(after_s=0, need=()))
    citizen = queue("citizen", Stage(after_s=0, need=()), Stage(after_s=10, need=(), overflow=night.name))
    hall = Hall([citizen, OVERFLOWING, night])

    decided = hall.caller("Wang", "enterprise", at=100, joined=10)

    assert [overflow.to for overflow in only(Overflow, decided)] == ["citizen", "night"]
    assert hall.line("night") == ["Wang"]


def test_a_full_queue_takes_nobody_more() -> None:
    hall = Hall([queue(capacity=2)])
    hall.caller("first", at=0)
    hall.caller("second", at=1)

    assert hall.caller("third", at=2) == [Overflow(call=CallId("third"), to=None)]
    assert hall.line() == ["first", "second"]
    assert hall.router.place(CallId("third")) is None


def test_a_full_queue_takes_a_call_for_which_somebody_is_idle() -> None:
    hall = Hall([queue("citizen", capacity=1), queue("enterprise", capacity=1)])
    hall.agent("Li", profile((), "enterprise"), at=0)
    hall.caller("first", "citizen", at=0)

    assert offers(hall.caller("second", "enterprise", at=1)) == [("second", "Li")]


def test_a_ringing_call_counts_as_waiting_for_the_capacity() -> None:
    hall = Hall([queue(capacity=1)])
    hall.agent("Li", at=0)
    hall.caller("rings", at=1)

    assert only(Overflow, hall.caller("Wang", at=2)) == [Overflow(call=CallId("Wang"), to=None)]


def test_a_call_that_waited_before_a_restart_is_taken_into_a_full_queue() -> None:
    hall = Hall([queue(capacity=1)])
    hall.caller("first", at=100, joined=50)
    hall.caller("second", at=100, joined=60)

    assert hall.line() == ["first", "second"]


def test_a_caller_who_presses_7_takes_the_waiting_time_along() -> None:
    hall = Hall()
    hall.caller("early", "citizen", at=0)
    hall.caller("late", "enterprise", at=5)

    hall.router.move(CallId("early"), ENTERPRISE, hall.at(9))

    assert hall.line("enterprise") == ["early", "late"]
    assert hall.line("citizen") == []


def test_a_caller_who_moves_meets_the_idle_agents_of_the_other_queue() -> None:
    hall = Hall()
    hall.agent("Li", profile((), "enterprise"), at=0)
    hall.caller("Wang", "citizen", at=1)

    assert offers(hall.router.move(CallId("Wang"), ENTERPRISE, hall.at(2))) == [("Wang", "Li")]


def test_a_caller_who_moves_while_ringing_frees_the_phone_for_the_next() -> None:
    hall = Hall()
    hall.agent("Li", profile((), "citizen"), at=0)
    hall.caller("Wang", "citizen", at=1)
    hall.caller("Zhao", "citizen", at=2)

    decided = hall.router.move(CallId("Wang"), ENTERPRISE, hall.at(3))

    assert dropped(decided) == [("Li", DropReason.CALL_MOVED)]
    assert offers(decided) == [("Zhao", "Li")]
    assert hall.line("enterprise") == ["Wang"]


def test_moving_to_where_one_is_changes_nothing() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    assert hall.router.move(CallId("Wang"), CITIZEN, hall.at(2)) == []
    assert hall.ringing() == {"Wang": "Li"}


@pytest.mark.parametrize("calls", [1, 300])
def test_between_events_there_is_nothing_to_do(calls: int) -> None:
    hall = Hall([queue(announce_first_s=1e6)])
    for n in range(calls):
        hall.caller(f"{n:03}", at=n)

    assert hall.router.next_deadline == hall.at(1e6)
    assert hall.wait_until(999_999) == []
