"""What a call asks for and what a person can do: the same shape, so that one word serves both."""

from collections.abc import Mapping

from terms.ids import SkillName

Need = tuple[tuple[SkillName, int], ...]
"""(skill, level) pairs sorted by skill, each skill once. Of a call: the least level that will do.
Of a person: the level they have. The empty need is met by everybody."""

LEVELS = range(1, 11)
"""1 can just do it, 10 teaches it."""


def need(levels: Mapping[SkillName, int]) -> Need:
    """The skills of `levels` in their one sorted form. ValueError for a level outside 1 to 10."""
    for skill, level in levels.items():
        if level not in LEVELS:
            raise ValueError(
                f"skill '{skill}' has level {level}; write {LEVELS[0]} to {LEVELS[-1]}, "
                "or leave the skill out if it is not there"
            )
    return tuple(sorted(levels.items()))


def meets(skills: Need, wanted: Need) -> bool:
    """Whether somebody with `skills` has every skill of `wanted` at its level or better."""
    have = dict(skills)
    return all(have.get(skill, 0) >= level for skill, level in wanted)
