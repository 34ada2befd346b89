"""Needs and skills: one form, one predicate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.ids import SkillName
from terms.skills import Need, meets, need

YI, TAX = SkillName("yi"), SkillName("tax")

needs = st.dictionaries(st.sampled_from([YI, TAX, SkillName("mandarin")]), st.integers(1, 10)).map(need)


def test_a_need_is_sorted_whatever_the_order_it_was_written_in() -> None:
    assert need({YI: 2, TAX: 1}) == need({TAX: 1, YI: 2}) == ((TAX, 1), (YI, 2))


@pytest.mark.parametrize("level", [0, -1, 11])
def test_a_level_outside_1_to_10_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match=f"skill 'yi' has level {level}; write 1 to 10"):
        need({YI: level})


def test_a_need_is_met_by_its_level_or_better_and_by_nothing_less() -> None:
    assert meets(((YI, 2),), ((YI, 2),))
    assert meets(((YI, 3),), ((YI, 2),))
    assert not meets(((YI, 1),), ((YI, 2),))
    assert not meets(((TAX, 9),), ((YI, 1),))


@given(needs)
def test_the_empty_need_is_met_by_everybody(skills: Need) -> None:
    assert meets(skills, ())


@given(needs, needs)
def test_whoever_has_more_meets_all_that_less_would_meet(skills: Need, wanted: Need) -> None:
    more = need({**dict(skills), **{skill: 10 for skill, _ in wanted}})

    assert meets(more, wanted)
    assert meets(more, skills) or any(dict(more)[skill] < level for skill, level in skills)
