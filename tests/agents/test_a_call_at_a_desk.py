"""An offer, a talk, after-call work; pauses booked meanwhile; misses and their limits."""

import pytest

from agents.desk import Booking
from agents.people import MISS_REASONS, Miss
from agents.states import AgentState
from tests.agents.desks import CALL, DOOR, LI, OTHER_CALL, WINDOW, Office, an_office_where_li_is, limits

S = AgentState


def test_a_call_goes_through_offer_ringing_talk_hold_and_after_call_work() -> None:
    office = an_office_where_li_is(S.READY)
    way = []
    for second, verb in enumerate(
        ("offered", "ringing", "answered", "held", "unheld", "talk_ended", "set_ready"), 10
    ):
        office.at(second).brings(LI, verb)
        way.append((office.li().state, office.li().call))

    assert way == [
        (S.OFFERED, CALL),
        (S.RINGING, CALL),
        (S.TALKING, CALL),
        (S.HOLD, CALL),
        (S.TALKING, CALL),
        (S.WRAP_UP, CALL),
        (S.READY, None),
    ]


def test_only_the_end_of_the_after_call_work_finishes_a_call() -> None:
    office = an_office_where_li_is(S.READY)
    for second, verb in enumerate(
        (
            "offered",
            "ringing",
            "answered",
            "held",
            "unheld",
            "talk_ended",
            "set_ready",
            "offered",
            "offer_over",
        ),
        10,
    ):
        office.at(second).brings(LI, verb)

    assert [change.finished for change in office.changes if change.finished] == [(CALL, 1.0)]


def test_a_second_of_after_call_work_is_after_call_work() -> None:
    office = an_office_where_li_is(S.TALKING, Office(limits(after_call_work_s=0.5)))

    office.at(9).does("talk_ended", LI)

    assert office.book.next_deadline == office.at(9.5).now


def test_signals_that_come_twice_change_nothing() -> None:
    for state, verb in [
        (S.RINGING, "ringing"),
        (S.HOLD, "held"),
        (S.TALKING, "unheld"),
        (S.READY, "set_ready"),
    ]:
        assert an_office_where_li_is(state).at(9).does(verb, LI) == []


def test_after_call_work_ends_by_itself_after_its_seconds() -> None:
    office = an_office_where_li_is(S.WRAP_UP)

    assert office.book.next_deadline == office.at(65).now
    assert office.at(64.9).does("advance") == []
    (change,) = office.at(65).does("advance")

    assert (change.after.state, change.after.idle_since) == (S.READY, office.now)
    assert change.finished == (CALL, 60.0)
    assert office.book.next_deadline is None


def test_after_call_work_of_several_people_ends_in_its_order() -> None:
    office = an_office_where_li_is(S.TALKING)
    chen = office.book.desks()[1].agent
    office.does("sign_in", chen, DOOR)
    office.does("offered", chen, OTHER_CALL)
    office.brings(chen, "answered")
    office.at(7).does("talk_ended", chen)
    office.at(8).does("talk_ended", LI)

    assert [change.after.agent for change in office.at(100).does("advance")] == [chen, LI]


def test_without_after_call_work_the_next_state_comes_at_once() -> None:
    office = an_office_where_li_is(S.TALKING, Office(limits(after_call_work_s=0.0)))

    (change,) = office.at(9).does("talk_ended", LI)

    assert (change.before.state, change.after.state) == (S.TALKING, S.READY)
    assert change.finished == (CALL, 0.0)
    assert change.after.idle_since == office.now


def test_ready_ends_after_call_work() -> None:
    office = an_office_where_li_is(S.WRAP_UP)

    (change,) = office.at(15).does("set_ready", LI)

    assert change.after.state is S.READY
    assert change.finished == (CALL, 10.0)


def test_a_pause_ends_after_call_work() -> None:
    office = an_office_where_li_is(S.WRAP_UP)

    (change,) = office.at(15).does("pause", LI, "用餐")

    assert (change.after.state, change.after.reason) == (S.NOT_READY, "用餐")
    assert change.finished == (CALL, 10.0)


@pytest.mark.parametrize("state", [S.OFFERED, S.RINGING, S.TALKING, S.HOLD])
def test_a_pause_during_a_call_is_booked(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    since = office.li().since

    office.at(9).does("pause", LI, "用餐")

    assert (office.li().state, office.li().since) == (state, since)
    assert office.li().booked == Booking(state=S.NOT_READY, reason="用餐")


def test_a_booked_pause_begins_after_the_after_call_work_and_no_call_comes_between() -> None:
    office = an_office_where_li_is(S.TALKING)
    office.does("pause", LI, "用餐")
    office.at(10).does("talk_ended", LI)

    (change,) = office.at(70).does("advance")

    assert (change.before.state, change.after.state, change.after.reason) == (S.WRAP_UP, S.NOT_READY, "用餐")
    assert change.after.booked is None


def test_a_booked_pause_begins_at_once_when_the_offer_is_over() -> None:
    office = an_office_where_li_is(S.RINGING)
    office.does("pause", LI, "如厕")

    (change,) = office.at(9).does("offer_over", LI)

    assert (change.after.state, change.after.reason) == (S.NOT_READY, "如厕")


def test_a_booked_pause_begins_at_once_without_after_call_work() -> None:
    office = an_office_where_li_is(S.TALKING, Office(limits(after_call_work_s=0.0)))
    office.does("pause", LI, "如厕")

    (change,) = office.at(9).does("talk_ended", LI)

    assert (change.after.state, change.after.reason) == (S.NOT_READY, "如厕")


@pytest.mark.parametrize("state", [S.OFFERED, S.RINGING, S.TALKING, S.HOLD])
def test_ready_takes_back_what_was_booked(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    office.does("pause", LI, "用餐")

    office.does("set_ready", LI)

    assert (office.li().state, office.li().booked) == (state, None)


def test_the_last_wish_is_booked() -> None:
    office = an_office_where_li_is(S.TALKING)
    office.does("sign_out", LI)
    office.does("pause", LI, "会议")

    assert office.li().booked == Booking(state=S.NOT_READY, reason="会议")


def test_going_home_during_a_talk_comes_after_its_after_call_work() -> None:
    office = an_office_where_li_is(S.TALKING)

    office.does("sign_out", LI)
    office.at(10).does("talk_ended", LI)
    assert office.li().state is S.WRAP_UP
    (change,) = office.at(70).does("advance")

    assert (change.after.state, change.after.seat) == (S.OFF, None)


def test_an_offer_that_is_over_through_no_fault_of_theirs_makes_them_ready() -> None:
    office = an_office_where_li_is(S.RINGING)
    idle_since = office.li().idle_since

    office.at(30).does("offer_over", LI)

    assert (office.li().state, office.li().idle_since) == (S.READY, idle_since)


def test_a_pause_does_not_move_the_idle_since() -> None:
    office = an_office_where_li_is(S.READY)
    idle_since = office.li().idle_since

    office.at(20).does("pause", LI, "如厕")
    office.at(90).does("set_ready", LI)

    assert office.li().idle_since == idle_since


def test_another_pause_has_its_own_since_and_the_same_one_goes_on() -> None:
    office = an_office_where_li_is(S.NOT_READY)

    assert office.at(9).does("pause", LI, "用餐") == []
    office.at(10).does("pause", LI, "会议")

    assert (office.li().reason, office.li().since) == ("会议", office.now)


def test_a_pause_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="agent 1001: a pause needs a reason"):
        an_office_where_li_is(S.READY).does("pause", LI, "")


@pytest.mark.parametrize(
    ("miss", "reason"),
    [("no_answer", "未接听"), ("reject", "拒接"), ("busy", "占线"), ("unreachable", "无法接通")],
)
def test_one_missed_offer_makes_not_ready_with_its_reason_when_the_limit_is_1(miss: str, reason: str) -> None:
    office = an_office_where_li_is(S.RINGING)

    office.at(20).does("missed", LI, miss)

    assert (office.li().state, office.li().reason, office.li().call) == (S.NOT_READY, reason, None)


@pytest.mark.parametrize("miss", Miss)
def test_each_kind_of_miss_has_its_own_limit(miss: Miss) -> None:
    own = {f"{miss}_limit": 2} | {f"{other}_limit": 1 for other in Miss if other is not miss}
    office = an_office_where_li_is(S.READY, Office(limits(**own)))

    office.brings(LI, "offered").does("missed", LI, miss)
    assert office.li().state is S.READY
    office.brings(LI, "offered").does("missed", LI, miss)

    assert (office.li().state, office.li().reason) == (S.NOT_READY, MISS_REASONS[miss])


def test_a_limit_of_0_never_makes_not_ready() -> None:
    office = an_office_where_li_is(S.READY, Office(limits(busy_limit=0)))

    for _ in range(50):
        office.brings(LI, "offered").does("missed", LI, "busy")

    assert office.li().state is S.READY
    assert office.li().misses == {Miss.BUSY: 50}


def test_misses_of_different_kinds_do_not_add_up() -> None:
    office = an_office_where_li_is(S.READY, Office(limits(no_answer_limit=2, reject_limit=2)))

    office.brings(LI, "offered").does("missed", LI, "no_answer")
    office.brings(LI, "offered").does("missed", LI, "reject")

    assert office.li().state is S.READY


def test_an_answered_call_forgives_all_misses() -> None:
    office = an_office_where_li_is(S.READY, Office(limits(no_answer_limit=2)))
    office.brings(LI, "offered").does("missed", LI, "no_answer")

    office.brings(LI, "offered", "answered", "talk_ended", "set_ready")
    assert office.li().misses == {}
    office.brings(LI, "offered").does("missed", LI, "no_answer")

    assert office.li().state is S.READY


def test_who_comes_back_after_the_limit_has_the_whole_limit_again() -> None:
    office = an_office_where_li_is(S.READY, Office(limits(no_answer_limit=2)))
    states = []
    for _ in range(4):
        office.brings(LI, "offered").does("missed", LI, "no_answer")
        states.append(office.li().state)
        office.does("set_ready", LI)

    assert states == [S.READY, S.NOT_READY, S.READY, S.NOT_READY]
    assert office.li().misses == {Miss.NO_ANSWER: 4}


def test_a_new_shift_begins_without_misses() -> None:
    office = an_office_where_li_is(S.RINGING)
    office.does("missed", LI, "no_answer")
    office.does("sign_out", LI)
    office.does("sign_in", LI, WINDOW)

    assert office.li().misses == {}


def test_a_missed_offer_does_not_move_the_idle_since() -> None:
    office = an_office_where_li_is(S.RINGING)
    idle_since = office.li().idle_since

    office.at(20).does("missed", LI, "no_answer")
    office.at(30).does("set_ready", LI)

    assert office.li().idle_since == idle_since


def test_what_was_booked_comes_before_the_reason_of_a_miss() -> None:
    office = an_office_where_li_is(S.RINGING)
    office.does("pause", LI, "用餐")

    office.at(20).does("missed", LI, "no_answer")

    assert (office.li().reason, office.li().misses) == ("用餐", {Miss.NO_ANSWER: 1})


def test_a_miss_of_no_known_kind_is_refused() -> None:
    office = an_office_where_li_is(S.RINGING)

    with pytest.raises(ValueError, match="agent_left"):
        office.does("missed", LI, "agent_left")
    assert office.li().state is S.RINGING


def test_a_clock_that_goes_backwards_is_read_as_one_that_stands() -> None:
    office = an_office_where_li_is(S.READY).at(20)
    office.does("pause", LI, "休息")

    (change,) = office.at(10).does("set_ready", LI)

    assert change.at == change.after.since == change.before.since
