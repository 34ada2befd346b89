"""Who sits where: signing in, moving, taking a seat, going home."""

import pytest

from agents.errors import IllegalMove, SeatTaken, UnknownAgent, UnknownSeat
from agents.states import AgentState
from terms.ids import AgentId, SeatId
from tests.agents.desks import CALL, CHEN, DOOR, LI, PEOPLE, WINDOW, Office, an_office_where_li_is

S = AgentState
TALKING_OR_UNSURE = [S.TALKING, S.HOLD, S.IN_DOUBT]


def test_who_signs_in_is_ready_at_that_seat() -> None:
    office = Office().at(5)

    (change,) = office.does("sign_in", LI, WINDOW)

    assert (change.before.state, change.after.state) == (S.OFF, S.READY)
    assert (change.after.seat, change.after.since, change.after.idle_since) == (
        WINDOW,
        office.now,
        office.now,
    )
    assert office.book.at_seat(WINDOW) == change.after
    assert office.book.may_take_calls(LI)


def test_signing_in_a_second_time_moves_the_person_and_never_doubles_them() -> None:
    office = an_office_where_li_is(S.READY)

    (change,) = office.at(9).does("sign_in", LI, DOOR)

    assert change.moved
    assert office.book.at_seat(WINDOW) is None
    assert office.book.at_seat(DOOR) == office.li()
    assert office.li().since == change.before.since


def test_coming_and_going_is_no_move() -> None:
    office = Office()

    assert not office.does("sign_in", LI, WINDOW)[0].moved
    assert not office.does("pause", LI, "用餐")[0].moved
    assert not office.does("sign_out", LI)[0].moved


def test_signing_in_again_at_the_same_seat_changes_nothing() -> None:
    for state in (state for state in S if state not in (S.OFF, S.NOT_READY)):
        office = an_office_where_li_is(state)

        assert office.at(9).does("sign_in", LI, WINDOW) == []
        assert office.li().state is state


def test_signing_in_again_after_a_pause_is_a_way_to_be_ready() -> None:
    office = an_office_where_li_is(S.NOT_READY)

    office.at(9).does("sign_in", LI, WINDOW)

    assert (office.li().state, office.li().reason) == (S.READY, None)


def test_after_call_work_follows_its_person_to_another_seat() -> None:
    office = an_office_where_li_is(S.WRAP_UP)
    ends_at = office.li().wrap_up_until

    office.at(20).does("sign_in", LI, DOOR)

    desk = office.li()
    assert (desk.state, desk.seat, desk.wrap_up_until, desk.call) == (S.WRAP_UP, DOOR, ends_at, CALL)
    assert office.book.next_deadline == ends_at


@pytest.mark.parametrize("state", [S.OFFERED, S.RINGING])
def test_who_moves_while_their_phone_rings_is_ready_at_the_new_seat_and_the_offer_is_void(
    state: AgentState,
) -> None:
    office = an_office_where_li_is(state)

    (change,) = office.at(9).does("sign_in", LI, DOOR)

    assert change.moved
    assert (change.after.state, change.after.call) == (S.READY, None)


@pytest.mark.parametrize("state", TALKING_OR_UNSURE)
def test_nobody_moves_away_from_a_call(state: AgentState) -> None:
    office = an_office_where_li_is(state)

    with pytest.raises(IllegalMove):
        office.does("sign_in", LI, DOOR)
    assert office.li().seat == WINDOW


@pytest.mark.parametrize("state", [state for state in S if state not in (S.OFF, *TALKING_OR_UNSURE)])
def test_whoever_sat_there_is_signed_out(state: AgentState) -> None:
    office = an_office_where_li_is(state)

    left, came = office.at(9).does("sign_in", CHEN, WINDOW)

    assert (left.after.agent, left.after.state, left.after.seat) == (LI, S.OFF, None)
    assert (came.after.agent, came.after.state, came.after.seat) == (CHEN, S.READY, WINDOW)
    assert office.book.at_seat(WINDOW) == came.after


@pytest.mark.parametrize("state", TALKING_OR_UNSURE)
def test_a_seat_with_a_talk_is_taken(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    office.does("sign_in", CHEN, DOOR)
    before = office.book.desks()

    with pytest.raises(
        SeatTaken, match="seat 8001: agent 1001 has a call there; sign in when it has ended"
    ) as taken:
        office.at(9).does("sign_in", CHEN, WINDOW)
    assert (taken.value.seat, taken.value.holder) == (WINDOW, LI)

    assert office.book.desks() == before


def test_two_people_can_swap_seats_one_after_the_other() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("sign_in", CHEN, DOOR)

    office.does("sign_in", CHEN, WINDOW)
    office.does("sign_in", LI, DOOR)

    assert [desk.seat for desk in office.book.desks()[:2]] == [DOOR, WINDOW]


def test_who_goes_home_leaves_the_seat_and_the_sums_of_the_shift() -> None:
    office = an_office_where_li_is(S.READY)

    office.at(65).does("sign_out", LI)

    desk = office.li()
    assert (desk.state, desk.seat, desk.call, desk.reason, desk.idle_since) == (S.OFF, None, None, None, None)
    assert desk.time_in(S.READY, office.now) == 60.0
    assert office.book.at_seat(WINDOW) is None


def test_going_home_ends_after_call_work() -> None:
    office = an_office_where_li_is(S.WRAP_UP)

    (change,) = office.at(25).does("sign_out", LI)

    assert change.after.state is S.OFF
    assert change.finished == (CALL, 20.0)
    assert office.book.next_deadline is None


def test_nobody_can_be_somebody_unknown_or_sit_nowhere() -> None:
    office = Office()

    with pytest.raises(UnknownAgent, match="no person has the number '9999'") as agent:
        office.does("sign_in", AgentId("9999"), WINDOW)
    with pytest.raises(UnknownSeat, match="there is no seat '9000'") as seat:
        office.does("sign_in", LI, SeatId("9000"))
    assert (agent.value.agent, seat.value.seat) == ("9999", "9000")
    with pytest.raises(UnknownSeat):
        office.does("phone_lost", SeatId("9000"))
    with pytest.raises(UnknownSeat):
        office.book.phone_reachable(SeatId("9000"))


def test_desks_are_listed_by_number_those_who_are_off_too() -> None:
    office = an_office_where_li_is(S.READY)

    assert [desk.agent for desk in office.book.desks()] == ["1001", "1002", "1003", "1004", "1005"]


def test_a_pin_does_not_show_when_a_person_is_printed() -> None:
    assert "0000" not in repr(PEOPLE[0])
