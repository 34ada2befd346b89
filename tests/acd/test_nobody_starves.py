"""Who is passed, by whom, and for how long at most."""

from random import Random

from acd.rules import Stage
from terms.instant import SECOND
from tests.acd.hall import OPENING, Hall, offers, queue


def test_a_caller_is_passed_only_by_urgent_ones_who_came_within_the_urgents_head_start() -> None:
    hall = Hall([queue(slope=1000)])
    hall.caller("patient", at=0)
    served: list[str] = []
    for second in range(1, 300):
        hall.caller(f"urgent {second}", at=second, priority=50)
        for caller, _ in offers(hall.agent("Li", at=second + 0.5)):
            served.append(caller)
            hall.answers("Li")

    assert served.index("patient") == 49
    assert set(served[:49]) == {f"urgent {second}" for second in range(1, 50)}


def test_with_a_last_stage_but_no_slope_the_overdue_go_first_and_in_order() -> None:
    rule = queue("citizen", Stage(after_s=0, need=()), Stage(after_s=30, need=(), boost=1000), slope=0)
    hall = Hall([rule])
    for second in range(20):
        hall.caller(f"patient {second:02}", at=second)
    served = []
    for second in range(50, 70):
        hall.caller(f"urgent {second}", at=second, priority=100)
        served += [caller for caller, _ in offers(hall.agent("Li", at=second))]
        hall.answers("Li")

    assert served == [f"patient {second:02}" for second in range(20)]


def test_on_adversarial_days_an_overtaker_has_itself_waited_as_long_as_the_bound_says() -> None:
    """c with score S is passed by d only if priority(d) + slope·wait(d) is at least S."""
    for seed in range(20):
        dice = Random(seed)
        hall = Hall([queue(slope=1000), queue("enterprise", slope=3000)])
        joined: dict[str, tuple[int, int, int]] = {}
        for second in range(120):
            name, to = f"c{second:03}", dice.choice(["citizen", "enterprise"])
            priority = dice.choice([0, 0, 5, 40])
            hall.caller(name, to, at=second, priority=priority)
            joined[name] = (second, priority, 1 if to == "citizen" else 3)
            if dice.random() < 0.8:
                for caller, _ in offers(hall.agent("Li", at=second + 0.5)):
                    now = (hall.at(None) - OPENING) / SECOND
                    score = {n: p + slope * (now - j) for n, (j, p, slope) in joined.items()}
                    assert score[caller] >= max(score[waiting] for waiting in joined), (seed, second)
                    del joined[caller]
                    hall.answers("Li")
