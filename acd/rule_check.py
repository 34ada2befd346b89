"""What no set of queue rules may say, all of it at once and in words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from acd.rules import QueueRule
from terms.ids import QueueName
from terms.skills import LEVELS


class RulesRefused(ValueError):
    """The rules can't be routed by; `mistakes` has one sentence each."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def mistakes(rules: Sequence[QueueRule]) -> list[str]:
    """Everything that is wrong with `rules`; empty if they can be used."""
    found = [
        f"queue '{name}' is there {count} times; keep one"
        for name, count in Counter(rule.name for rule in rules).items()
        if count > 1
    ]
    by_name = {rule.name: rule for rule in rules}
    for rule in rules:
        found += [f"queue '{rule.name}': {what}" for what in _in_one(rule, by_name)]
    return found + list(_circles(by_name))


def _in_one(rule: QueueRule, by_name: Mapping[QueueName, QueueRule]) -> Iterator[str]:
    yield from _numbers(rule)
    if not rule.stages:
        yield "no stage says which skills a call needs; write one with after_s 0"
        return
    if rule.stages[0].after_s != 0:
        yield f"the first stage begins after {rule.stages[0].after_s} s; a call needs one from 0 s on"
    if rule.stages[0].overflow is not None:
        yield f"overflows to '{rule.stages[0].overflow}' at once; send its calls there in the first place"
    for earlier, later in zip(rule.stages, rule.stages[1:], strict=False):
        if not later.after_s > earlier.after_s:
            yield f"a stage after {later.after_s} s follows one after {earlier.after_s} s; sort by after_s"
        if earlier.overflow is not None:
            yield f"after {earlier.after_s} s calls overflow to '{earlier.overflow}', so no stage can follow"
    for stage in rule.stages:
        if stage.overflow is not None and stage.overflow not in by_name:
            yield f"overflows to '{stage.overflow}', which is no queue"
        skills = [skill for skill, _ in stage.need]
        if skills != sorted(set(skills)):
            yield f"the skills of the stage after {stage.after_s} s must be sorted, each once"
        for skill, level in stage.need:
            if level not in LEVELS:
                yield f"skill '{skill}' at level {level}; levels are {LEVELS[0]} to {LEVELS[-1]}"
    last = rule.stages[-1]
    if rule.slope == 0 and (len(rule.stages) == 1 or not (last.boost > 0 or last.overflow)):
        yield (
            "slope 0 lets urgent calls pass a waiting one for ever; give it a slope, "
            "or a last stage with a boost or an overflow"
        )


def _numbers(rule: QueueRule) -> Iterator[str]:
    seconds = {
        "announce_first_s": rule.announce_first_s,
        "announce_every_s": rule.announce_every_s,
        "handling_s": rule.handling_s,
        **{f"stage {index} after_s": stage.after_s for index, stage in enumerate(rule.stages)},
    }
    for what, value in seconds.items():
        if not (isfinite(value) and value >= 0):
            yield f"{what} is {value}; it must be 0 or more seconds"
    if not (isfinite(rule.ring_s) and rule.ring_s > 0):
        yield f"ring_s is {rule.ring_s}; a phone must ring for more than 0 seconds"
    for what, count in {"capacity": rule.capacity, "slope": rule.slope}.items():
        if count < 0:
            yield f"{what} is {count}; it must be 0 or more"


def _circles(by_name: Mapping[QueueName, QueueRule]) -> Iterator[str]:
    reported: set[QueueName] = set()
    for start in by_name:
        way = [start]
        while (target := _overflow_of(by_name.get(way[-1]))) is not None and target not in way:
            way.append(target)
        if target is not None and target in way:
            circle = way[way.index(target) :]
            if reported.isdisjoint(circle):
                yield f"calls overflow in a circle: {' → '.join([*circle, target])}; break it somewhere"
            reported.update(circle)


def _overflow_of(rule: QueueRule | None) -> QueueName | None:
    return rule.stages[-1].overflow if rule is not None and rule.stages else None
