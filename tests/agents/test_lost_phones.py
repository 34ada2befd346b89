"""A phone that is out of reach, in whatever its person is just doing."""

import pytest

from agents.people import PHONE_OFFLINE
from agents.states import AgentState
from tests.agents.desks import CALL, DOOR, LI, WINDOW, Office, an_office_where_li_is, limits

S = AgentState


def test_a_ready_person_whose_phone_is_lost_is_not_ready_until_it_is_back() -> None:
    office = an_office_where_li_is(S.READY)
    idle_since = office.li().idle_since

    office.at(20).does("phone_lost", WINDOW)
    assert (office.li().state, office.li().reason, office.li().since) == (
        S.NOT_READY,
        PHONE_OFFLINE,
        office.now,
    )
    assert not office.book.may_take_calls(LI)
    assert not office.book.phone_reachable(WINDOW)
    office.at(50).does("phone_back", WINDOW)

    assert (office.li().state, office.li().reason, office.li().idle_since) == (S.READY, None, idle_since)
    assert office.book.phone_reachable(WINDOW)


@pytest.mark.parametrize("state", [S.OFFERED, S.RINGING])
def test_an_offer_to_a_phone_that_is_lost_is_void_and_no_miss(state: AgentState) -> None:
    office = an_office_where_li_is(state)

    (change,) = office.at(9).does("phone_lost", WINDOW)

    assert (change.after.state, change.after.reason, change.after.call) == (S.NOT_READY, PHONE_OFFLINE, None)
    assert change.after.misses == {}


def test_what_was_booked_comes_before_a_lost_phone() -> None:
    office = an_office_where_li_is(S.RINGING)
    office.does("pause", LI, "用餐")
    office.does("phone_lost", WINDOW)
    assert office.li().reason == "用餐"

    assert office.does("phone_back", WINDOW) == []


@pytest.mark.parametrize("state", [S.TALKING, S.HOLD])
def test_a_talk_goes_on_without_a_phone_and_what_follows_it_is_not_ready(state: AgentState) -> None:
    office = an_office_where_li_is(state)

    assert office.does("phone_lost", WINDOW) == []
    assert office.li().state is state
    office.at(10).does("talk_ended", LI)
    assert office.li().state is S.WRAP_UP
    office.at(70).does("advance")

    assert (office.li().state, office.li().reason) == (S.NOT_READY, PHONE_OFFLINE)


def test_without_after_call_work_a_talk_at_a_lost_phone_is_followed_by_not_ready() -> None:
    office = an_office_where_li_is(S.TALKING, Office(limits(after_call_work_s=0.0)))
    office.does("phone_lost", WINDOW)

    (change,) = office.at(10).does("talk_ended", LI)

    assert (change.after.state, change.after.reason) == (S.NOT_READY, PHONE_OFFLINE)
    assert change.finished == (CALL, 0.0)


def test_after_call_work_goes_on_without_a_phone() -> None:
    office = an_office_where_li_is(S.WRAP_UP)

    assert office.does("phone_lost", WINDOW) == []
    assert office.does("phone_back", WINDOW) == []
    (change,) = office.at(65).does("advance")

    assert change.after.state is S.READY


def test_a_pause_outlives_a_lost_phone() -> None:
    office = an_office_where_li_is(S.NOT_READY)

    assert office.does("phone_lost", WINDOW) == []
    assert office.does("phone_back", WINDOW) == []

    assert office.li().reason == "用餐"


def test_who_is_ready_at_a_lost_phone_is_ready_when_it_is_back() -> None:
    office = an_office_where_li_is(S.NOT_READY)
    office.does("phone_lost", WINDOW)

    office.at(9).does("set_ready", LI)
    assert (office.li().state, office.li().reason) == (S.NOT_READY, PHONE_OFFLINE)
    assert office.does("set_ready", LI) == []
    office.at(12).does("phone_back", WINDOW)

    assert office.li().state is S.READY


def test_who_pauses_at_a_lost_phone_stays_away_when_it_is_back() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("phone_lost", WINDOW)
    office.does("pause", LI, "用餐")

    assert office.does("phone_back", WINDOW) == []
    assert office.li().reason == "用餐"


def test_moving_away_from_a_lost_phone_makes_ready() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("phone_lost", WINDOW)

    office.does("sign_in", LI, DOOR)

    assert (office.li().state, office.li().seat) == (S.READY, DOOR)


def test_moving_to_a_lost_phone_makes_not_ready() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("phone_lost", DOOR)

    office.does("sign_in", LI, DOOR)

    assert (office.li().state, office.li().reason, office.li().seat) == (S.NOT_READY, PHONE_OFFLINE, DOOR)


def test_news_of_a_phone_at_which_nobody_sits_is_kept_for_who_comes() -> None:
    office = Office()

    assert office.does("phone_lost", WINDOW) == []
    assert office.does("phone_lost", WINDOW) == []
    (change,) = office.does("sign_in", LI, WINDOW)
    assert change.after.state is S.NOT_READY

    assert [back.after.state for back in office.does("phone_back", WINDOW)] == [S.READY]


def test_news_that_come_twice_change_nothing() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("phone_lost", WINDOW)

    assert office.does("phone_lost", WINDOW) == []
    office.does("phone_back", WINDOW)
    assert office.does("phone_back", WINDOW) == []
