"""Rules nobody can route by are refused, all mistakes at once and in words."""

import pytest

from acd.router import Router
from acd.rule_check import RulesRefused, mistakes
from acd.rules import QueueRule, Stage
from terms.ids import QueueName, SkillName
from tests.acd.hall import queue, skills


def stage(after_s: float, *need: tuple[str, int], overflow: str | None = None) -> Stage:
    to = None if overflow is None else QueueName(overflow)
    return Stage(after_s=after_s, need=tuple((SkillName(skill), level) for skill, level in need), overflow=to)


NO_STAGES = QueueRule(
    name=QueueName("citizen"),
    stages=(),
    ring_s=15.0,
    announce_first_s=10.0,
    announce_every_s=30.0,
    capacity=0,
    handling_s=180.0,
)


def test_good_rules_have_no_mistakes() -> None:
    overflowing = queue("enterprise", stage(0), stage(9, overflow="citizen"))

    assert mistakes([queue(), overflowing]) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (NO_STAGES, "no stage says which skills"),
        (queue("citizen", stage(3)), "the first stage begins after 3 s"),
        (queue("citizen", stage(0), stage(0)), "sort by after_s"),
        (queue("citizen", stage(0), stage(9), stage(8)), "a stage after 8 s follows one after 9 s"),
        (queue("citizen", stage(0), stage(float("nan"))), "stage 1 after_s is nan"),
        (queue("citizen", stage(0), stage(9, overflow="moon")), "overflows to 'moon', which is no queue"),
        (queue("citizen", stage(0, overflow="citizen")), "send its calls there in the first place"),
        (queue("citizen", stage(0), stage(5, overflow="citizen")), "in a circle: citizen → citizen"),
        (queue("citizen", stage(0), stage(5, overflow="enterprise"), stage(9)), "so no stage can follow"),
        (queue("citizen", stage(0, ("yi", 2), ("tax", 1))), "must be sorted, each once"),
        (queue("citizen", stage(0, ("tax", 2), ("tax", 1))), "must be sorted, each once"),
        (queue("citizen", stage(0, ("yi", 11))), "skill 'yi' at level 11"),
        (queue("citizen", stage(0, ("yi", 0))), "skill 'yi' at level 0"),
        (queue(ring_s=0.0), "must ring for more than 0 seconds"),
        (queue(ring_s=float("inf")), "ring_s is inf"),
        (queue(announce_first_s=-1.0), "announce_first_s is -1.0"),
        (queue(announce_every_s=float("inf")), "announce_every_s is inf"),
        (queue(handling_s=-5.0), "handling_s is -5.0"),
        (queue(capacity=-1), "capacity is -1"),
        (queue(slope=-1), "slope is -1"),
        (queue(slope=0), "for ever"),
        (queue("citizen", stage(0), stage(9), slope=0), "for ever"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_in_words(rule: QueueRule, words: str) -> None:
    with pytest.raises(RulesRefused) as refused:
        Router([rule, queue("enterprise")], "o-")

    assert any("queue 'citizen'" in mistake or "circle" in mistake for mistake in refused.value.mistakes)
    assert words in str(refused.value)


def test_slope_0_is_fine_with_a_last_stage_that_ends_the_waiting() -> None:
    boosted = queue("citizen", Stage(after_s=0, need=()), Stage(after_s=60, need=(), boost=9), slope=0)

    assert mistakes([boosted]) == []


def test_a_circle_of_overflows_is_shown_once() -> None:
    ways = {"a": "b", "b": "c", "c": "a", "outside": "a"}
    rules = [
        queue(name, Stage(after_s=0, need=()), Stage(after_s=5, need=(), overflow=QueueName(to)))
        for name, to in ways.items()
    ]

    assert mistakes(rules) == ["calls overflow in a circle: a → b → c → a; break it somewhere"]


def test_all_mistakes_of_all_queues_come_at_once() -> None:
    found = mistakes([queue(ring_s=0.0, capacity=-1), queue("enterprise", slope=0), queue()])

    assert len(found) == 4
    assert found[0] == "queue 'citizen' is there 2 times; keep one"


def test_two_stages_may_ask_for_the_same() -> None:
    rule = queue("citizen", Stage(after_s=0, need=skills(yi=1)), Stage(after_s=5, need=skills(yi=1), boost=1))

    assert mistakes([rule]) == []
