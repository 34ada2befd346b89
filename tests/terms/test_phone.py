"""Telephone numbers as people may see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.phone import masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("087712345678", "0877****5678"),
        ("2012345", "****2345"),
        ("12345", "12345"),
        ("8001", "8001"),
        ("", ""),
        ("anonymous", "a****"),
        ("1" * 32, "111111****1111"),
    ],
)
def test_the_middle_of_a_number_is_hidden(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.from_regex(r"[0-9]{7,20}", fullmatch=True))
def test_at_least_four_digits_of_any_longer_number_are_hidden_or_it_has_only_three_more(number: str) -> None:
    assert masked(number) != number
    assert sum(sign.isdecimal() for sign in masked(number)) <= max(4, len(number) - 4)
