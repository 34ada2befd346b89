"""What waiting callers are told, and when."""

import pytest

from acd.decisions import Announce
from acd.rules import Stage
from terms.ids import CallId
from terms.instant import SECOND
from tests.acd.hall import ENTERPRISE, OPENING, Hall, only, profile, queue, skills

RULE = queue(announce_first_s=10.0, announce_every_s=30.0)


def heard(hall: Hall, caller: str, until: int) -> list[tuple[float, int]]:
    """(second, how manieth) of `caller`'s announcements, the timer going off exactly when it should."""
    found: list[tuple[float, int]] = []
    while (due := hall.router.next_deadline) is not None and due <= OPENING + until * SECOND:
        second = (due - OPENING) / SECOND
        found += [
            (second, told.nth) for told in only(Announce, hall.wait_until(second)) if told.call == caller
        ]
    return found


def test_a_caller_hears_their_place_after_10_seconds_and_then_every_30() -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=0)

    assert heard(hall, "Wang", until=80) == [(10, 1), (40, 2), (70, 3)]


def test_announcements_go_on_while_the_agents_phone_rings() -> None:
    hall = Hall([queue(announce_first_s=2.0, announce_every_s=5.0, ring_s=15.0)])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=0)

    assert heard(hall, "Wang", until=12) == [(2, 1), (7, 2), (12, 3)]


def test_nobody_is_told_anything_once_an_agent_has_answered() -> None:
    hall = Hall([RULE])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=0)
    hall.answers("Li", at=9)

    assert hall.router.next_deadline is None


def test_no_announcement_is_made_for_a_caller_who_is_gone() -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=0)
    hall.hangs_up("Wang", at=9)

    assert hall.wait_until(10) == []
    assert hall.router.next_deadline is None


@pytest.mark.parametrize(
    ("restart_s", "rest"),
    [
        (5, [(10, 1), (40, 2)]),
        (10, [(40, 2), (70, 3)]),
        (39, [(40, 2), (70, 3)]),
        (40.5, [(70, 3), (100, 4)]),
    ],
)
def test_after_a_restart_the_rhythm_goes_on_and_nothing_is_repeated(
    restart_s: float, rest: list[tuple[float, int]]
) -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=restart_s, joined=0)

    assert heard(hall, "Wang", until=110)[:2] == rest


def test_after_a_restart_nothing_is_worse_than_what_was_told_before() -> None:
    hall = Hall([queue(announce_first_s=10.0, handling_s=100.0)])
    hall.busy("Li", at=0)
    hall.caller("first", at=60, joined=0)
    hall.caller("Wang", at=60, joined=1, told_position=1, told_wait_s=30.0)

    told = only(Announce, hall.wait_until(71))[-1]

    assert (told.call, told.position, told.expected_wait_s) == ("Wang", 1, 30.0)


def test_a_queue_can_speak_only_once() -> None:
    hall = Hall([queue(announce_first_s=10.0, announce_every_s=0.0)])
    hall.caller("Wang", at=0)

    assert heard(hall, "Wang", until=900) == [(10, 1)]
    assert hall.router.next_deadline is None


def test_a_late_timer_speaks_once_and_finds_back_to_the_rhythm() -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=0)

    assert [told.nth for told in only(Announce, hall.wait_until(75))] == [1]
    assert heard(hall, "Wang", until=110) == [(100, 2)]


def test_a_caller_who_moved_goes_on_in_the_rhythm_of_the_other_queue() -> None:
    hall = Hall([RULE, queue("enterprise", announce_first_s=20.0, announce_every_s=20.0)])
    hall.caller("Wang", at=0)
    hall.wait_until(10)
    hall.router.move(CallId("Wang"), ENTERPRISE, hall.at(20))

    assert heard(hall, "Wang", until=65) == [(40, 2), (60, 3)]


def test_the_place_counts_everybody_who_is_ahead_also_those_whose_agent_rings() -> None:
    hall = Hall([RULE])
    hall.agent("Li", at=0)
    for second, caller in enumerate(("rings", "second", "third")):
        hall.caller(caller, at=second)

    places = {str(view.call): view.position for view in hall.router.waiting(hall.at(3))}

    assert places == {"rings": 1, "second": 2, "third": 3}


def test_the_announced_place_never_gets_worse() -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=0)
    hall.wait_until(10)
    hall.caller("urgent", at=20, priority=500)

    told = [told for told in only(Announce, hall.wait_until(40)) if told.call == "Wang"]

    assert hall.router.waiting(hall.at(40))[1].position == 2
    assert [place.position for place in told] == [1]


def test_the_expected_wait_is_place_times_handling_over_the_agents_who_can_serve_it() -> None:
    hall = Hall([queue("citizen", Stage(after_s=0, need=skills(yi=1)), announce_first_s=10.0)])
    hall.busy("able", profile(skills(yi=1)), at=0)
    hall.busy("able too", profile(skills(yi=3)), at=0)
    hall.busy("unable", profile(), at=0)
    hall.caller("first", at=0)
    hall.caller("second", at=1)

    assert hall.router.place(CallId("second")) is not None
    told = only(Announce, hall.wait_until(11))

    assert [(place.position, place.expected_wait_s) for place in told] == [(1, 90.0), (2, 180.0)]


def test_the_expected_wait_never_gets_worse() -> None:
    hall = Hall([queue(announce_first_s=10.0, handling_s=100.0)])
    for agent in ("Li", "Bai"):
        hall.busy(agent, at=0)
    hall.caller("Wang", at=0)
    hall.wait_until(10)
    hall.gone("Bai", at=20)

    assert [told.expected_wait_s for told in only(Announce, hall.decisions)] == [50.0]
    assert [told.expected_wait_s for told in only(Announce, hall.wait_until(40))] == [50.0]
    place = hall.router.place(CallId("Wang"))
    assert place is not None
    assert place.expected_wait_s == 100.0


def test_no_wait_is_promised_when_nobody_who_could_serve_is_signed_in() -> None:
    hall = Hall([RULE])
    hall.caller("Wang", at=0)

    assert [told.expected_wait_s for told in only(Announce, hall.wait_until(10))] == [None]


def test_no_wait_is_promised_when_the_handling_time_is_not_known() -> None:
    hall = Hall([queue(announce_first_s=10.0, handling_s=0.0)])
    hall.busy("Li", at=0)
    hall.caller("Wang", at=0)

    assert [told.expected_wait_s for told in only(Announce, hall.wait_until(10))] == [None]
