"""An offer's reason is the decision's own numbers: whoever recomputes them finds the same."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from random import Random

from acd.decisions import Offer
from acd.explain import AgentRank, PassedOver, Score, as_data
from acd.rules import Stage
from terms.ids import AgentId, CallId
from tests.acd.hall import ENTERPRISE, Hall, only, profile, queue, skills
from tests.acd.streams import Day


def test_a_reason_names_stage_score_the_chosen_and_the_runner_up() -> None:
    rule = queue(
        "citizen", Stage(after_s=0, need=skills(yi=9)), Stage(after_s=8, need=(), boost=3), priority=2
    )
    hall = Hall([rule])
    hall.agent("1001", profile(), at=0)
    hall.agent("1002", profile(), at=1)
    hall.agent("1003", profile(skills(yi=1)), at=2)
    hall.caller("Wang", at=4, priority=1)

    reason = only(Offer, hall.wait_until(14))[0].reason

    assert (reason.stage, reason.stage_since) == (1, hall.at(12))
    assert reason.score == Score(priority=3, boost=3, ageing=10.0)
    assert reason.score.total == 16.0
    assert reason.chosen == AgentRank(fit=0, idle_since=hall.at(0), agent=AgentId("1001"))
    assert reason.runner_up == AgentRank(fit=0, idle_since=hall.at(1), agent=AgentId("1002"))
    assert reason.able_idle == ((0, 2), (1, 1))
    assert reason.passed_over is None


def test_a_reason_names_the_call_that_was_passed_over_and_by_how_much() -> None:
    hall = Hall([queue(), queue("enterprise", priority=5)])
    hall.caller("citizen", at=0)
    hall.caller("firm", "enterprise", at=2)

    reason = only(Offer, hall.agent("Li", at=10))[0].reason

    assert reason.passed_over == PassedOver(call=CallId("citizen"), behind=3.0)


def test_of_two_calls_that_are_relaxed_at_once_the_second_is_the_one_passed_over() -> None:
    rule = queue("citizen", Stage(after_s=0, need=skills(yi=9)), Stage(after_s=8, need=()))
    hall = Hall([rule])
    hall.agent("Li", at=0)
    hall.caller("second", at=1)
    hall.caller("first", at=1, priority=7)

    (offer,) = only(Offer, hall.wait_until(9))

    assert (offer.call, offer.reason.passed_over) == ("first", PassedOver(call=CallId("second"), behind=7.0))


def test_a_call_that_moves_while_it_rings_is_the_one_passed_over_by_the_agent_it_frees() -> None:
    hall = Hall([queue(), queue("enterprise")])
    hall.agent("Li", at=0)
    hall.caller("Wang", at=1)
    hall.caller("Zhao", at=2, priority=5)

    (offer,) = only(Offer, hall.router.move(CallId("Wang"), ENTERPRISE, hall.at(3)))

    assert (offer.call, offer.reason.passed_over) == ("Zhao", PassedOver(call=CallId("Wang"), behind=4.0))


def test_a_reason_fits_on_a_journey() -> None:
    hall = Hall()
    hall.agent("1001", at=0)
    reason = only(Offer, hall.caller("Wang", at=1))[0].reason

    stored = json.loads(json.dumps(as_data(reason)))

    assert stored["chosen"]["agent"] == "1001"
    assert stored["score"] == {"priority": 0, "boost": 0, "ageing": 0.0}
    assert len(json.dumps(as_data(reason))) < 600


def reasons_on_random_days() -> Iterator[Offer]:
    for day in range(500, 540):
        yield from only(Offer, Day(Random(day)).live(80).decisions)  # type: ignore[arg-type]


def test_a_stored_reason_leaves_nothing_out() -> None:
    reasons = [offer.reason for offer in reasons_on_random_days()]

    assert [as_data(reason) for reason in reasons] == [asdict(reason) for reason in reasons]
    assert any(reason.passed_over for reason in reasons)
    assert any(reason.runner_up for reason in reasons)


def test_on_any_day_the_chosen_ranks_before_the_runner_up_and_nobody_passed_over_was_ahead() -> None:
    runners_up = passed = 0
    for offer in reasons_on_random_days():
        reason = offer.reason
        assert reason.chosen.agent == offer.agent
        assert sum(count for _, count in reason.able_idle) >= 1 + (reason.runner_up is not None)
        if reason.runner_up is not None:
            runners_up += 1
            assert reason.preferred or reason.chosen < reason.runner_up
        if reason.passed_over is not None:
            passed += 1
            assert reason.passed_over.behind >= 0
            assert reason.passed_over.call != offer.call

    assert runners_up > 20
    assert passed > 100
