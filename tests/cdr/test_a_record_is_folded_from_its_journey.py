"""The record of a call, computed from its steps: the ordinary days and the days after a crash."""

import pytest

from cdr.journey import Step, StepKind, StepValue
from cdr.record import CallRecord, Direction, HangupBy, Outcome, Source, record_of
from terms.ids import AgentId, CallId, SeatId
from terms.instant import Instant, after

BEGIN = Instant(1_795_500_000_000_000)
CALL = CallId("20261124-1")

ARRIVED: dict[str, StepValue] = {
    "ani": "13812345678",
    "dnis": "12345",
    "channel": "1795500000.1",
    "direction": "inbound",
    "mode": "menu",
}


def at(second: float, kind: StepKind | str, **data: StepValue) -> Step:
    return Step(at=after(BEGIN, second), kind=StepKind(kind), data=data)


def moment(second: float) -> Instant:
    return after(BEGIN, second)


def folded(*steps: Step) -> CallRecord:
    return record_of(CALL, steps)


TO_THE_QUEUE = (
    at(0, "arrived", **ARRIVED),
    at(0.2, "answered"),
    at(0.2, "notice"),
    at(5, "menu", menu="m.main"),
    at(7, "key", menu="m.main", key="7"),
    at(7.5, "queued", queue="enterprise", priority=0, joined_at=moment(7.5)),
)
OFFERED = (
    at(20, "offered", offer="a1", agent="1003", seat="8003", reason="longest idle"),
    at(21, "ringing", offer="a1", agent="1003"),
)
TALKING = (
    *OFFERED,
    at(25, "agent_answered", offer="a1", agent="1003"),
    at(25.5, "connected", agent="1003", seat="8003", recording="20261124-1"),
)


def test_a_served_call_tells_who_when_how_long_and_how_well() -> None:
    call = folded(
        *TO_THE_QUEUE,
        *TALKING,
        at(40, "held"),
        at(50, "unheld"),
        at(145.5, "talk_ended", by="agent"),
        at(146, "rating_asked"),
        at(150, "rated", score=5),
        at(153, "ended", by="system", cause=16),
    )

    assert (call.outcome, call.hangup_by, call.hangup_cause) == (Outcome.SERVED, HangupBy.AGENT, 16)
    assert (call.ani, call.dnis, call.mode) == ("13812345678", "12345", "menu")
    assert (call.direction, call.source) == (Direction.INBOUND, Source.ENGINE)
    assert (call.menu_path, call.queue) == (("m.main.7",), "enterprise")
    assert (call.agent, call.seat, call.recording) == ("1003", "8003", "20261124-1")
    assert (call.started_at, call.answered_at) == (moment(0), moment(0.2))
    assert (call.queued_at, call.connected_at, call.ended_at) == (moment(7.5), moment(25.5), moment(153))
    assert (call.wait_s, call.ring_s, call.talk_s, call.hold_s) == (18.0, 4.0, 110.0, 10.0)
    assert (call.rating, call.acw_s) == (5, None)
    assert call.journey[0].kind is StepKind.ARRIVED


def test_after_call_work_may_end_after_the_call() -> None:
    ended = (*TO_THE_QUEUE, *TALKING, at(60, "ended", by="citizen", cause=16))

    call = folded(*ended, at(95, "wrapped_up", agent="1003", acw_s=35.0))

    assert (call.acw_s, call.ended_at) == (35.0, moment(60))


def test_without_a_talk_there_is_no_after_call_work() -> None:
    agent_left = at(26, "wrapped_up", agent="1003", acw_s=0.0)

    assert folded(*TO_THE_QUEUE, *TALKING[:3], agent_left, at(30, "ended", by="citizen")).acw_s is None


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        (TO_THE_QUEUE[:4], Outcome.ABANDONED_MENU),
        (TO_THE_QUEUE, Outcome.ABANDONED_QUEUE),
        ((*TO_THE_QUEUE, *OFFERED), Outcome.ABANDONED_QUEUE),
        ((*TO_THE_QUEUE, *TALKING), Outcome.SERVED),
    ],
)
def test_the_citizens_hangup_is_named_after_where_it_happened(
    steps: tuple[Step, ...], outcome: Outcome
) -> None:
    call = folded(*steps, at(30, "ended", by="citizen", cause=16))

    assert (call.outcome, call.hangup_by) == (outcome, HangupBy.CITIZEN)


def test_a_call_that_we_ended_before_anybody_talked_has_failed() -> None:
    call = folded(*TO_THE_QUEUE, at(30, "ended", by="system", cause=44))

    assert (call.outcome, call.hangup_by, call.hangup_cause) == (Outcome.FAILED, HangupBy.SYSTEM, 44)


def test_what_the_end_says_stands_above_what_the_journey_shows() -> None:
    call = folded(*TO_THE_QUEUE, *TALKING, at(30, "ended", by="system", cause=16, outcome="stopped"))

    assert (call.outcome, call.talk_s) == (Outcome.STOPPED, 4.5)


def test_an_outcome_nobody_knows_is_a_failure_and_not_a_lost_record() -> None:
    assert folded(*TO_THE_QUEUE, at(9, "ended", by="?", cause=16, outcome="?")).outcome is Outcome.FAILED


def test_who_left_the_queue_without_a_talk_has_waited_until_then() -> None:
    call = folded(*TO_THE_QUEUE, at(67.5, "ended", by="citizen", cause=16))

    assert (call.wait_s, call.ring_s, call.talk_s, call.hold_s) == (60.0, None, None, None)


def test_who_never_entered_a_queue_has_not_waited() -> None:
    assert folded(*TO_THE_QUEUE[:3], at(3, "ended", by="citizen", cause=16)).wait_s is None


def test_changing_the_queue_keeps_the_age_and_tells_the_last_queue() -> None:
    waiting = at(1, "queued", queue="citizen", priority=0, joined_at=moment(1))

    call = folded(TO_THE_QUEUE[0], waiting, at(9, "moved", queue="enterprise"), at(31, "ended", by="citizen"))

    assert (call.queue, call.queued_at, call.wait_s) == ("enterprise", moment(1), 30.0)


def test_ringing_counts_at_the_phone_that_answered() -> None:
    missed = (
        at(8, "offered", offer="a0", agent="1001", seat="8001"),
        at(9, "ringing", offer="a0", agent="1001"),
        at(18, "refused", offer="a0", agent="1001", why="no_answer"),
    )

    assert folded(*TO_THE_QUEUE, *missed, *TALKING, at(60, "ended", by="citizen")).ring_s == 4.0


def test_ringing_counts_at_the_last_phone_that_rang_if_none_answered() -> None:
    missed = (
        at(8, "offered", offer="a0", agent="1001"),
        at(9, "ringing", offer="a0", agent="1001"),
        at(18, "refused", offer="a0", agent="1001", why="no_answer"),
        at(18, "offered", offer="a1", agent="1002"),
        at(19, "refused", offer="a1", agent="1002", why="unreachable"),
    )

    assert folded(*TO_THE_QUEUE, *missed, at(30, "ended", by="citizen")).ring_s == 9.0


def test_a_phone_that_answers_without_saying_that_it_rings_counts_from_its_offer() -> None:
    silent = (OFFERED[0], *TALKING[2:])

    assert folded(*TO_THE_QUEUE, *silent, at(60, "ended", by="citizen")).ring_s == 5.0


def test_a_phone_still_ringing_when_the_citizen_leaves_has_rung_until_then() -> None:
    assert folded(*TO_THE_QUEUE, *OFFERED, at(28, "ended", by="citizen")).ring_s == 7.0


def test_two_talks_add_up_and_the_second_agent_talked_last() -> None:
    second = (
        at(45.5, "talk_ended", by="agent"),
        at(60, "connected", agent="1008", seat="8008", recording=None),
        at(70, "ended", by="citizen", cause=16),
    )

    call = folded(*TO_THE_QUEUE, *TALKING, *second)

    assert (call.agent, call.talk_s, call.connected_at) == ("1008", 30.0, moment(25.5))
    assert (call.hangup_by, call.recording) == (HangupBy.CITIZEN, "20261124-1")


def test_hold_that_the_citizen_ended_by_leaving_counts_until_then() -> None:
    call = folded(*TO_THE_QUEUE, *TALKING, at(35.5, "held"), at(55.5, "ended", by="citizen", cause=16))

    assert (call.talk_s, call.hold_s) == (10.0, 20.0)


def test_an_answer_that_nobody_saw_is_taken_from_the_step_that_implies_it() -> None:
    assert folded(TO_THE_QUEUE[0], *TO_THE_QUEUE[2:]).answered_at == moment(0.2)


def test_a_talk_that_an_adopter_found_going_on_began_when_the_agent_lifted_the_receiver() -> None:
    adopted = at(40, "adopted", stage="talk")
    found = at(40, "connected", agent="1003", seat="8003", recording="r1")

    call = folded(*TO_THE_QUEUE, *TALKING[:3], adopted, found, at(85, "ended", by="citizen", cause=16))

    assert (call.outcome, call.connected_at, call.wait_s) == (Outcome.SERVED, moment(25), 17.5)
    assert (call.agent, call.seat, call.talk_s) == ("1003", "8003", 60.0)


def test_a_talk_that_the_journey_knows_is_not_begun_again_by_its_adoption() -> None:
    adopted = at(40, "adopted", stage="talk")

    call = folded(*TO_THE_QUEUE, *TALKING, adopted, at(85.5, "ended", by="citizen", cause=16))

    assert (call.connected_at, call.talk_s) == (moment(25.5), 60.0)


def test_an_adoption_long_before_the_agent_answered_moves_no_talk() -> None:
    call = folded(*TO_THE_QUEUE, at(15, "adopted", stage="queue"), *TALKING, at(85.5, "ended", by="citizen"))

    assert call.connected_at == moment(25.5)


def test_a_citizen_who_leaves_before_the_bridge_stands_has_not_been_served() -> None:
    call = folded(
        *TO_THE_QUEUE, *TALKING[:3], at(25.1, "talk_ended", by="citizen"), at(25.1, "ended", by="citizen")
    )

    assert (call.outcome, call.connected_at, call.ring_s) == (Outcome.ABANDONED_QUEUE, None, 4.0)


def test_a_call_whose_whole_past_is_gone_is_told_by_who_adopted_it() -> None:
    adopted = at(
        40,
        "adopted",
        stage="queue",
        ani="13812345678",
        dnis="12345",
        mode="menu",
        queue="citizen",
        started_at=moment(2),
        answered_at=moment(2),
        joined_at=moment(10),
        menu_path=["m.main.1"],
    )

    call = folded(adopted, at(70, "ended", by="citizen", cause=16))

    assert (call.started_at, call.answered_at, call.queued_at) == (moment(2), moment(2), moment(10))
    assert (call.outcome, call.wait_s, call.queue) == (Outcome.ABANDONED_QUEUE, 60.0, "citizen")
    assert (call.ani, call.dnis, call.menu_path) == ("13812345678", "12345", ("m.main.1",))


def test_a_call_that_goes_on_has_no_outcome_yet() -> None:
    call = folded(*TO_THE_QUEUE, *TALKING, at(35.5, "held"))

    assert (call.outcome, call.ended_at, call.hangup_by) == (None, None, None)
    assert (call.agent, call.seat) == (AgentId("1003"), SeatId("8003"))


def test_a_clock_that_was_set_back_makes_no_negative_duration() -> None:
    call = folded(*TO_THE_QUEUE, *TALKING, at(-3600, "ended", by="citizen", cause=16))

    assert call.talk_s == 0.0


def test_there_is_no_record_of_nothing() -> None:
    with pytest.raises(ValueError, match="no record without a step"):
        record_of(CALL, [])
