"""Losing sight of the switch and finding it again; desks that survive the engine."""

import json
from typing import Any

import pytest

from agents.desk import Booking, Desk
from agents.errors import DeskUnreadable, IllegalMove
from agents.people import PHONE_OFFLINE
from agents.states import AgentState
from terms.ids import SeatId
from tests.agents.desks import CALL, CHEN, DOOR, LI, OTHER_CALL, WINDOW, Office, an_office_where_li_is, limits

S = AgentState
SIGNED_IN = [state for state in S if state is not S.OFF]


@pytest.mark.parametrize("state", SIGNED_IN)
def test_whoever_is_in_doubt_takes_no_calls_and_keeps_what_was_known(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    before = office.li()

    office.at(9).does("doubt", LI)

    desk = office.li()
    assert desk.state is S.IN_DOUBT
    assert desk.doubt is not None
    assert (desk.call, desk.seat, desk.wrap_up_until) == (before.call, before.seat, before.wrap_up_until)
    assert not office.book.may_take_calls(LI)
    assert office.book.next_deadline is None


def test_nobody_who_is_off_is_in_doubt() -> None:
    with pytest.raises(IllegalMove):
        Office().does("doubt", LI)


def test_a_doubt_about_a_doubt_changes_nothing() -> None:
    office = an_office_where_li_is(S.IN_DOUBT)

    assert office.at(9).does("doubt", LI) == []


@pytest.mark.parametrize("state", [S.READY, S.NOT_READY, S.WRAP_UP])
def test_a_doubt_that_was_unfounded_leaves_no_trace(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    before = office.li()

    office.at(9).does("doubt", LI)
    office.at(11).does("settled_free", LI)

    assert office.li() == before
    assert (office.book.next_deadline is None) == (state is not S.WRAP_UP)


@pytest.mark.parametrize(("state", "held"), [(S.TALKING, False), (S.HOLD, True)])
def test_a_talk_that_is_found_again_goes_on_from_its_old_since(state: AgentState, held: bool) -> None:
    office = an_office_where_li_is(state)
    before = office.li()

    office.at(9).does("doubt", LI)
    office.at(11).does("settled_talking", LI, CALL, held=held)

    assert office.li() == before


def test_a_phone_that_is_found_ringing_rings_on() -> None:
    office = an_office_where_li_is(S.RINGING)
    before = office.li()

    office.does("doubt", LI)
    office.does("settled_ringing", LI, CALL)

    assert office.li() == before


def test_a_talk_that_began_unseen_counts_from_its_discovery() -> None:
    office = an_office_where_li_is(S.RINGING)
    office.at(9).does("doubt", LI)

    office.at(11).does("settled_talking", LI, CALL)

    assert (office.li().state, office.li().since) == (S.TALKING, office.now)
    assert office.li().time_in(S.RINGING, office.now) == 4.0
    assert office.li().time_in(S.IN_DOUBT, office.now) == 2.0


def test_another_talk_than_the_one_that_was_known_counts_from_its_discovery() -> None:
    office = an_office_where_li_is(S.TALKING)
    office.at(9).does("doubt", LI)

    office.at(11).does("settled_talking", LI, OTHER_CALL)

    assert (office.li().call, office.li().since) == (OTHER_CALL, office.now)


def test_after_call_work_is_over_when_another_talk_is_found() -> None:
    office = an_office_where_li_is(S.WRAP_UP)
    office.at(9).does("doubt", LI)

    (change,) = office.at(11).does("settled_talking", LI, OTHER_CALL)

    assert change.finished == (CALL, 6.0)
    assert (office.li().state, office.li().wrap_up_until) == (S.TALKING, None)


@pytest.mark.parametrize("state", [S.TALKING, S.HOLD])
def test_a_talk_that_ended_unseen_is_followed_by_after_call_work(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    office.at(9).does("doubt", LI)

    office.at(11).does("settled_free", LI)

    assert (office.li().state, office.li().call) == (S.WRAP_UP, CALL)
    assert office.li().wrap_up_until == office.at(71).now


def test_a_talk_that_ended_unseen_in_a_house_without_after_call_work_makes_ready() -> None:
    office = an_office_where_li_is(S.TALKING, Office(limits(after_call_work_s=0.0)))
    office.does("doubt", LI)

    (change,) = office.at(11).does("settled_free", LI)

    assert change.after.state is S.READY
    assert change.finished == (CALL, 0.0)


@pytest.mark.parametrize("state", [S.OFFERED, S.RINGING])
def test_an_offer_that_ended_unseen_makes_ready(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    office.does("doubt", LI)

    (change,) = office.at(11).does("settled_free", LI)

    assert (change.after.state, change.after.call) == (S.READY, None)


def test_after_call_work_that_ran_out_meanwhile_is_over() -> None:
    office = an_office_where_li_is(S.WRAP_UP)
    office.at(60).does("doubt", LI)

    (change,) = office.at(65).does("settled_free", LI)

    assert change.after.state is S.READY
    assert change.finished == (CALL, 60.0)
    assert change.after.idle_since == office.now


@pytest.mark.parametrize("state", [S.READY, S.NOT_READY, S.WRAP_UP])
@pytest.mark.parametrize(
    ("wish", "then"),
    [(("pause", "会议"), S.NOT_READY), (("set_ready",), S.READY), (("sign_out",), S.OFF)],
    ids=["pause", "ready", "out"],
)
def test_what_is_wished_while_in_doubt_comes_when_it_is_settled(
    state: AgentState, wish: tuple[str, ...], then: AgentState
) -> None:
    office = an_office_where_li_is(state)
    office.does("doubt", LI)
    verb, *arguments = wish
    office.does(verb, LI, *arguments)
    assert office.li().state is S.IN_DOUBT

    office.at(11).does("settled_free", LI)

    assert office.li().state is then
    assert office.li().booked is None


def test_a_pause_that_was_wished_in_doubt_waits_for_the_end_of_the_talk_that_is_found() -> None:
    office = an_office_where_li_is(S.TALKING)
    office.does("doubt", LI)
    office.does("pause", LI, "会议")

    office.does("settled_talking", LI, CALL)

    assert office.li().booked == Booking(state=S.NOT_READY, reason="会议")


def test_being_ready_was_no_wish_for_after_the_talk_that_is_found() -> None:
    for verb, more in (("settled_talking", (CALL,)), ("settled_free", ())):
        office = an_office_where_li_is(S.TALKING)
        office.does("doubt", LI)
        office.does("set_ready", LI)

        office.does(verb, LI, *more)

        assert office.li().booked is None


def test_a_phone_that_came_back_during_a_doubt_makes_ready_when_it_is_settled() -> None:
    office = an_office_where_li_is(S.READY)
    office.does("phone_lost", WINDOW)
    office.does("doubt", LI)
    assert office.does("phone_back", WINDOW) == []

    office.does("settled_free", LI)

    assert office.li().state is S.READY


def test_a_phone_that_is_still_lost_stays_lost_when_a_doubt_is_settled() -> None:
    office = an_office_where_li_is(S.READY)
    office.at(8).does("phone_lost", WINDOW)
    before = office.li()
    office.at(9).does("doubt", LI)

    office.at(11).does("settled_free", LI)

    assert office.li() == before
    assert before.reason == PHONE_OFFLINE


def through_json(desk: Desk) -> Any:
    return json.loads(json.dumps(desk.to_json()))


def restarted(office: Office, at: float, *stored: object) -> tuple[Office, list[str]]:
    """A new office at that second that takes up what is stored."""
    later = Office(office.limits).at(at)
    return later, later.book.restore(stored, later.now)


@pytest.mark.parametrize("state", list(S))
def test_a_desk_survives_a_restart_with_its_since_when(state: AgentState) -> None:
    office = an_office_where_li_is(state)
    office.does("doubt", LI) if state is S.IN_DOUBT else None

    later, complaints = restarted(office, 30, through_json(office.li()))

    assert complaints == []
    assert later.li() == office.li()
    assert later.book.next_deadline == office.book.next_deadline
    assert later.book.at_seat(WINDOW) == (None if state is S.OFF else later.li())


def test_every_field_of_a_desk_survives_its_stored_form() -> None:
    office = an_office_where_li_is(S.READY, Office(limits(no_answer_limit=0)))
    office.brings(LI, "offered").does("missed", LI, "no_answer")
    office.brings(LI, "offered").does("pause", LI, "用餐")
    office.at(9).does("doubt", LI)

    assert Desk.from_json(through_json(office.li())) == office.li()


def test_of_several_stored_desks_of_one_person_the_last_counts() -> None:
    office = an_office_where_li_is(S.READY)
    earlier = through_json(office.li())
    office.at(9).does("pause", LI, "用餐")

    later, _ = restarted(office, 30, earlier, through_json(office.li()))

    assert later.li() == office.li()


def test_a_desk_from_the_future_is_moved_back_to_now() -> None:
    office = an_office_where_li_is(S.WRAP_UP)
    before = office.li()

    later, complaints = restarted(office, -95, through_json(before))

    desk = later.li()
    assert complaints == []
    assert desk.since == later.now
    assert desk.wrap_up_until == Office().at(-35).now
    assert desk.time_in(S.WRAP_UP, later.now) == 0


def test_a_doubt_from_the_future_is_moved_back_with_what_was_known_before() -> None:
    office = an_office_where_li_is(S.NOT_READY)
    office.at(9).does("doubt", LI)

    later, _ = restarted(office, -91, through_json(office.li()))
    later.does("settled_free", LI)

    assert (later.li().state, later.li().since) == (S.NOT_READY, Office().at(-95).now)


GARBLED: list[tuple[object, str]] = [
    (None, "None is not a JSON object"),
    ([1], "is not a JSON object"),
    ({}, "'agent' is missing"),
    ({"agent": 1001}, "'agent' is 1001, not a text"),
    ({"v": 2}, "version 2 is not 1"),
    ({"v": None}, "'v' is missing"),
    ({"state": "asleep"}, "'state' is 'asleep', which is none of off, ready"),
    ({"state": None}, "'state' is missing"),
    ({"since": "noon"}, "'since' is 'noon', not a whole number of 0 or more"),
    ({"since": 1.5}, "'since' is 1.5"),
    ({"since": True}, "'since' is True"),
    ({"since": -1}, "'since' is -1"),
    ({"seat": 8001}, "'seat' is 8001, not a text"),
    ({"seat": ""}, "'seat' is '', not a text"),
    ({"seat": "9000"}, "there is no seat '9000'"),
    ({"seat": None}, "'wrap_up' without a seat"),
    ({"shift_since": None}, "without a seat or the beginning of the shift"),
    ({"agent": "9999"}, "no person has the number '9999'"),
    ({"booked": {"state": "dancing"}}, "agent 1001, 'booked': 'state' is 'dancing'"),
    ({"booked": "用餐"}, "agent 1001, 'booked': '用餐' is not a JSON object"),
    ({"misses": {"sulking": 1}}, "'sulking' is none of no_answer"),
    ({"misses": None}, "'misses' is missing"),
    ({"spent_us": {"ready": "long"}}, "'ready' is 'long', not a whole number"),
    ({"spent_us": {"ready": 1}}, "the sums of the states are not the length of the shift"),
    ({"wrap_up_until": None}, "after-call work without an end or a call"),
    ({"call": None}, "after-call work without an end or a call"),
    ({"state": "talking", "call": None}, "'talking' without a call"),
    ({"state": "in_doubt"}, "in doubt without what was known before"),
    ({"doubt": {"state": "ready", "since": 1}}, "in doubt without what was known before"),
    ({"state": "in_doubt", "doubt": {"state": "off", "since": 1}}, "in doubt whether 'off'"),
    ({"state": "off"}, "off, and yet at a seat"),
]


@pytest.mark.parametrize(("garbled", "words"), GARBLED)
def test_a_garbled_desk_is_skipped_with_a_reason_and_the_others_are_taken_up(
    garbled: object, words: str
) -> None:
    office = an_office_where_li_is(S.WRAP_UP)
    office.does("sign_in", CHEN, DOOR)
    stored = through_json(office.li()) | garbled if isinstance(garbled, dict) and garbled else garbled

    later, complaints = restarted(office, 30, stored, through_json(office.book.desk(CHEN)))

    (complaint,) = complaints
    assert words in complaint
    assert later.li().state is S.OFF
    assert later.book.desk(CHEN) == office.book.desk(CHEN)


def test_somebody_whose_newest_desk_is_garbled_is_off_rather_than_as_they_were_before() -> None:
    office = an_office_where_li_is(S.READY)

    later, complaints = restarted(office, 30, through_json(office.li()), {"agent": LI, "v": 1})

    assert len(complaints) == 1
    assert "the person has to sign in again" in complaints[0]
    assert later.li().state is S.OFF


def test_of_two_people_at_one_seat_the_one_who_came_later_has_it() -> None:
    office = an_office_where_li_is(S.READY)
    chen = Office().at(9)
    chen.does("sign_in", CHEN, WINDOW)

    later, complaints = restarted(office, 30, through_json(chen.book.desk(CHEN)), through_json(office.li()))

    (complaint,) = complaints
    assert "agent 1001" in complaint
    assert later.li().state is S.OFF
    assert later.book.at_seat(WINDOW) == later.book.desk(CHEN)
    assert later.book.desk(CHEN).state is S.READY


def test_an_unreadable_desk_says_whose_it_is() -> None:
    with pytest.raises(DeskUnreadable, match="stored desk of agent 1001: 'state' is 'asleep'"):
        Desk.from_json(through_json(an_office_where_li_is(S.READY).li()) | {"state": "asleep"})
    assert SeatId("8001") == WINDOW
