"""The one table of states: every pair of state and event, legal and illegal."""

from itertools import product

import pytest

from agents.errors import IllegalMove
from agents.states import LABELS, TRANSITIONS, AgentEvent, AgentState, next_state
from terms.ids import AgentId
from tests.agents.desks import LI, VERB_OF, an_office_where_li_is

PAIRS = list(product(AgentState, AgentEvent))
ILLEGAL = [pair for pair in PAIRS if pair not in TRANSITIONS]


@pytest.mark.parametrize(("state", "event"), ILLEGAL)
def test_an_illegal_move_names_person_state_event_and_what_is_possible(
    state: AgentState, event: AgentEvent
) -> None:
    with pytest.raises(IllegalMove) as refused:
        next_state(AgentId("1003"), state, event)

    sentence = str(refused.value)
    assert f"agent 1003: '{event}' is not possible in state '{state}'" in sentence
    for known in AgentEvent:
        is_listed = known in sentence.split("possible: ")[1].split(", ")
        assert is_listed == ((state, known) in TRANSITIONS)


@pytest.mark.parametrize(("state", "event"), [pair for pair in ILLEGAL if pair[1] in VERB_OF])
def test_what_is_illegal_in_the_table_is_refused_by_the_book_and_changes_nothing(
    state: AgentState, event: AgentEvent
) -> None:
    office = an_office_where_li_is(state)
    before = office.book.desks()
    verb, arguments = VERB_OF[event]

    with pytest.raises(IllegalMove) as refused:
        office.at(9).does(verb, *arguments)

    assert (refused.value.agent, refused.value.state) == (LI, state)
    assert refused.value.event in set(AgentEvent)
    assert office.book.desks() == before


@pytest.mark.parametrize(("state", "event"), [pair for pair in TRANSITIONS if pair[1] in VERB_OF])
def test_what_is_legal_in_the_table_is_done_by_the_book(state: AgentState, event: AgentEvent) -> None:
    office = an_office_where_li_is(state)
    verb, arguments = VERB_OF[event]

    office.at(9).does(verb, *arguments)

    assert office.li().state is TRANSITIONS[state, event]


def test_every_state_has_a_way_in_and_a_way_out_and_a_name_for_people() -> None:
    for state in AgentState:
        assert any(target is state for (here, _), target in TRANSITIONS.items() if here is not state)
        assert any(target is not state for (here, _), target in TRANSITIONS.items() if here is state)
    assert set(LABELS) == set(AgentState)
    assert len(set(LABELS.values())) == len(AgentState)


def test_every_event_is_good_for_something() -> None:
    assert {event for _, event in TRANSITIONS} == set(AgentEvent)


@pytest.mark.parametrize("state", [state for state in AgentState if state is not AgentState.OFF])
def test_a_person_can_go_home_from_every_state_at_once_or_when_the_call_is_over(state: AgentState) -> None:
    assert (state, AgentEvent.SIGN_OUT) in TRANSITIONS
