"""What becomes of an offer: answered, refused, run out, overtaken by events, taken over."""

from collections.abc import Callable

import pytest

from acd.decisions import DropAgentLeg, DropReason, MakeNotReady, Offer, Refusal
from acd.router import Router
from acd.rules import Stage, Waiting
from terms.ids import AgentId, CallId, OfferId, QueueName
from terms.instant import Instant
from tests.acd.hall import OPENING, Hall, dropped, offers, only, profile, queue, skills


def test_an_answered_call_leaves_the_queue_and_its_agent_is_busy() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    assert hall.answers("Li", at=5) == []
    assert hall.router.waiting(hall.at(5)) == []
    assert hall.caller("Zhao", at=6) == []


def test_no_agent_is_offered_a_second_call_while_their_phone_rings() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    assert hall.caller("Zhao", at=2) == []
    assert hall.agent("Li", at=3) == []


def test_a_caller_whose_agent_does_not_answer_keeps_their_place() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    for second, caller in enumerate(("first", "second", "third")):
        hall.caller(caller, at=second)

    decided = hall.refuses("Li", at=16)

    assert decided == [MakeNotReady(agent=AgentId("Li"), why=Refusal.NO_ANSWER, offer=OfferId("o-1"))]
    assert hall.line() == ["first", "second", "third"]
    assert offers(hall.agent("Bai", at=17)) == [("first", "Bai")]


def test_an_agent_who_refused_a_call_is_not_asked_for_it_while_others_could_serve_it() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.busy("Bai", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=2)

    assert hall.agent("Li", at=20) == []
    assert offers(hall.agent("Bai", at=30)) == [("Wang", "Bai")]


def test_an_agent_who_refused_a_call_still_gets_the_others() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.busy("Bai", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=2)
    hall.caller("Zhao", at=3)

    assert offers(hall.agent("Li", at=20)) == [("Zhao", "Li")]


def test_when_only_those_who_refused_remain_they_are_asked_again() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=4)

    decided = hall.agent("Li", at=5)

    assert offers(decided) == [("Wang", "Li")]
    assert only(Offer, decided)[0].reason.tried_again


def test_when_the_last_other_agent_leaves_an_idle_one_who_refused_is_asked_again() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.busy("Bai", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=4)
    hall.agent("Li", at=5)

    assert offers(hall.gone("Bai", at=9)) == [("Wang", "Li")]


def test_when_the_last_other_agent_loses_the_skill_an_idle_one_who_refused_is_asked_again() -> None:
    hall = Hall([queue("citizen", Stage(after_s=0, need=skills(yi=1)))])
    hall.agent("Li", profile(skills(yi=1)), at=0)
    hall.busy("Bai", profile(skills(yi=1)), at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=4)
    hall.agent("Li", at=5)

    assert offers(hall.busy("Bai", profile(), at=9)) == [("Wang", "Li")]


def test_a_phone_that_refuses_at_once_is_left_in_peace_for_3_seconds() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.caller("Zhao", at=2)
    hall.refuses("Li", Refusal.BUSY, at=1.01)

    assert hall.agent("Li", at=1.02) == []
    assert hall.wait_until(3.999) == []
    assert offers(hall.wait_until(4)) == [("Wang", "Li")]


def test_two_phones_whose_3_seconds_end_together_are_both_asked_the_most_urgent_call_first() -> None:
    hall = Hall()
    for agent in ("Li", "Bai"):
        hall.agent(agent, at=0)
    for caller in ("Wang", "Zhao"):
        hall.caller(caller, at=1)
    for agent in ("Li", "Bai"):
        hall.refuses(agent, Refusal.BUSY, at=1.01)
        hall.agent(agent, at=1.01)
    hall.caller("urgent", at=2, priority=50)

    decided = hall.wait_until(4)

    assert [call for call, _ in offers(decided)] == ["urgent", "Wang"]
    assert {agent for _, agent in offers(decided)} == {"Li", "Bai"}


def test_a_phone_that_rang_longer_than_3_seconds_may_ring_again_at_once() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.REJECT, at=4)

    assert offers(hall.agent("Li", at=4)) == [("Wang", "Li")]


def test_an_agent_who_leaves_during_those_3_seconds_is_gone() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.refuses("Li", Refusal.BUSY, at=1.01)
    hall.agent("Li", at=1.02)
    hall.gone("Li", at=2)

    assert hall.wait_until(9) == []


def test_an_offer_runs_out_3_seconds_after_its_phone_should_have_stopped() -> None:
    hall = Hall([queue(ring_s=15.0)])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=0)

    assert hall.wait_until(17.9) == []
    decided = hall.wait_until(18)

    assert dropped(decided) == [("Li", DropReason.EXPIRED)]
    assert [missed.why for missed in only(MakeNotReady, decided)] == [Refusal.NO_ANSWER]
    assert hall.line() == ["Wang"]


def test_who_answers_an_offer_that_is_closed_is_hung_up() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    offer = hall.rings_at("Li")
    hall.hangs_up("Wang", at=2)

    late = hall.router.answered(offer, hall.at(3))

    assert late == [DropAgentLeg(offer=offer, agent=None, call=None, why=DropReason.STALE)]


def test_a_refusal_of_an_offer_that_is_closed_changes_nothing() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    offer = hall.rings_at("Li")
    hall.answers("Li", at=2)

    assert hall.router.refused(offer, Refusal.NO_ANSWER, hall.at(3)) == []


def test_when_the_caller_hangs_up_the_phone_stops_and_its_agent_takes_the_next_at_once() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.caller("Zhao", at=2)

    decided = hall.hangs_up("Wang", at=3)

    assert dropped(decided) == [("Li", DropReason.CALLER_GONE)]
    assert offers(decided) == [("Zhao", "Li")]


def test_an_agent_who_booked_a_pause_while_ringing_gets_no_call_when_the_caller_hangs_up() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.caller("Zhao", at=2)
    hall.busy("Li", at=2.5)

    decided = hall.hangs_up("Wang", at=3)

    assert dropped(decided) == [("Li", DropReason.CALLER_GONE)]
    assert offers(decided) == []


def test_an_agent_who_takes_back_the_booked_pause_gets_the_next_call() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.caller("Zhao", at=2)
    hall.busy("Li", at=2.5)
    hall.agent("Li", at=2.6)

    assert offers(hall.hangs_up("Wang", at=3)) == [("Zhao", "Li")]


def test_an_agent_who_leaves_while_ringing_gives_the_call_back_to_its_place() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("first", at=1)
    hall.caller("second", at=2)

    decided = hall.gone("Li", at=3)

    assert dropped(decided) == [("Li", DropReason.AGENT_LEFT)]
    assert only(MakeNotReady, decided) == []
    assert hall.line() == ["first", "second"]


def test_a_refusal_because_the_agent_left_is_no_miss_of_theirs() -> None:
    hall = Hall()
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)

    assert hall.refuses("Li", Refusal.AGENT_LEFT, at=2) == []
    assert hall.line() == ["Wang"]


def waiting(name: str, joined: int = 0) -> Waiting:
    call, joined_at = CallId(name), OPENING
    return Waiting(call=call, queue=QueueName("citizen"), joined_at=joined_at, seq=joined)


def test_a_phone_that_rings_already_is_taken_over_and_can_be_answered() -> None:
    hall = Hall()
    hall.caller("Zhao", at=4)

    decided = hall.router.resume(
        OfferId("old-7"), waiting("Wang"), AgentId("Li"), profile(), hall.at(15), hall.at(5)
    )

    assert decided == []
    assert hall.ringing() == {"Wang": "Li"}
    assert hall.router.answered(OfferId("old-7"), hall.at(6)) == []
    assert hall.line() == ["Zhao"]


def test_a_phone_that_is_taken_over_stops_when_its_old_time_is_up() -> None:
    hall = Hall([queue()])
    hall.router.resume(OfferId("old-7"), waiting("Wang"), AgentId("Li"), profile(), hall.at(9), hall.at(5))

    assert hall.wait_until(11.9) == []
    assert dropped(hall.wait_until(12)) == [("Li", DropReason.EXPIRED)]


def test_of_two_phones_that_ring_for_one_call_the_second_is_dropped() -> None:
    hall = Hall()
    for offer, agent in (("old-7", "Li"), ("old-8", "Bai")):
        decided = hall.router.resume(
            OfferId(offer), waiting("Wang"), AgentId(agent), profile(), hall.at(15), hall.at(5)
        )

    assert dropped(decided) == [("Bai", DropReason.STALE)]
    assert hall.ringing() == {"Wang": "Li"}


def test_of_two_calls_that_ring_at_one_phone_the_second_waits() -> None:
    hall = Hall()
    for offer, caller in (("old-7", "Wang"), ("old-8", "Zhao")):
        decided = hall.router.resume(
            OfferId(offer), waiting(caller), AgentId("Li"), profile(), hall.at(15), hall.at(5)
        )

    assert dropped(decided) == [("Li", DropReason.STALE)]
    assert hall.line() == ["Zhao"]


MOON = Waiting(call=CallId("Zhao"), queue=QueueName("moon"), joined_at=OPENING, seq=1)


@pytest.mark.parametrize(
    "send",
    [
        lambda router, now: router.enqueue(MOON, now),
        lambda router, now: router.resume(OfferId("o"), MOON, AgentId("Li"), profile(), now, now),
        lambda router, now: router.move(CallId("Wang"), MOON.queue, now),
    ],
    ids=["enqueue", "resume", "move"],
)
def test_a_queue_that_no_rule_describes_is_refused_and_named(
    send: Callable[[Router, Instant], object],
) -> None:
    hall = Hall()
    hall.caller("Wang", at=0)

    with pytest.raises(LookupError, match="no queue 'moon'; there are citizen, enterprise"):
        send(hall.router, hall.at(1))
    assert hall.line() == ["Wang"]
