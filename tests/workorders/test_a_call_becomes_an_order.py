"""The order that a served call opens."""

from zoneinfo import ZoneInfo

import pytest

from cdr.record import CallRecord, Direction, Outcome
from terms.ids import AgentId, CallId, QueueName
from terms.instant import from_iso
from workorders.order import LABELS, OrderState, open_order, opens_order
from workorders.shown import to_json

NUMBER = "261124000420"
ENDED = from_iso("2026-11-24T14:05:29.120+08:00")


def a_call(outcome: Outcome | None = Outcome.SERVED, **told: str | None) -> CallRecord:
    return CallRecord(
        call_id=CallId("c1"),
        ani=told.get("ani", "13812345678"),
        dnis=told.get("dnis", "12345"),
        direction=Direction(told.get("direction") or "inbound"),
        started_at=ENDED,
        ended_at=ENDED if outcome else None,
        outcome=outcome,
        agent=AgentId("1003"),
        queue=QueueName("citizen"),
    )


def test_a_served_call_opens_an_accepted_order_that_waits_for_its_dispatch() -> None:
    order = open_order(a_call(), NUMBER)

    assert (order.number, order.call_id, order.state) == (NUMBER, "c1", OrderState.ACCEPTED)
    assert (order.caller, order.agent, order.queue) == ("13812345678", "1003", "citizen")
    assert (order.created_at, order.due_at, order.department) == (ENDED, None, "hotline")


def test_an_unknown_caller_has_an_order_too() -> None:
    assert open_order(a_call(ani=None), NUMBER).caller is None


def test_of_a_call_that_we_made_the_citizen_is_who_was_called() -> None:
    call = a_call(direction="outbound", ani="12345", dnis="13812345678")

    assert open_order(call, NUMBER).caller == "13812345678"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_talk_or_a_message_leaves_a_matter_behind(outcome: Outcome) -> None:
    assert opens_order(a_call(outcome)) == (outcome in (Outcome.SERVED, Outcome.VOICEMAIL))


@pytest.mark.parametrize("outcome", [Outcome.ABANDONED_QUEUE, None])
def test_a_call_without_a_matter_opens_no_order(outcome: Outcome | None) -> None:
    with pytest.raises(ValueError, match=r"call c1.*opens no work order"):
        open_order(a_call(outcome), NUMBER)


def test_an_order_is_shown_with_its_states_words_and_a_masked_number() -> None:
    shown = to_json(open_order(a_call(), NUMBER), ZoneInfo("Asia/Shanghai"))

    assert (shown["state"], shown["state_label"]) == ("accepted", "已受理,等待派单")
    assert (shown["caller"], shown["created_at"]) == ("138****5678", "2026-11-24T14:05:29.120+08:00")
    assert {"number", "call_id", "type", "category", "due_at", "department", "agent", "title"} < set(shown)


def test_a_revealed_order_shows_the_number() -> None:
    shown = to_json(open_order(a_call(), NUMBER), ZoneInfo("Asia/Shanghai"), reveal=True)

    assert shown["caller"] == "13812345678"


def test_every_state_has_its_words() -> None:
    assert set(LABELS) == set(OrderState)
