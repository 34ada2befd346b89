"""ISO 7064 MOD 11,10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.check_digit import is_mod_11_10, mod_11_10

numbers = st.from_regex(r"[0-9]{1,20}", fullmatch=True)


def test_the_standards_own_example() -> None:
    assert mod_11_10("0794") == "5"


@given(numbers)
def test_a_number_with_its_check_digit_is_right(digits: str) -> None:
    assert is_mod_11_10(digits + mod_11_10(digits))


@given(numbers, st.data())
def test_any_single_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    whole = digits + mod_11_10(digits)
    where = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[where]]))

    assert not is_mod_11_10(whole[:where] + wrong + whole[where + 1 :])


@pytest.mark.parametrize("text", ["", "7", "12a4", "１２３", "1_2", "-12", " 12"])
def test_what_is_no_number_has_no_check_digit(text: str) -> None:
    assert not is_mod_11_10(text)


@pytest.mark.parametrize("text", ["", "1_2", "１２"])
def test_asking_for_the_check_digit_of_no_number_says_what_may_be_in_it(text: str) -> None:
    with pytest.raises(ValueError, match="only the digits 0 to 9"):
        mod_11_10(text)
