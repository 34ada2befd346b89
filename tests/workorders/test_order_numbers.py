"""The twelve digits a citizen writes down."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.check_digit import mod_11_10
from workorders.number import NumbersUsedUp, is_valid_number, order_number

DAY = date(2026, 11, 24)
days = st.dates(date(2000, 1, 1), date(2068, 12, 31))


def test_a_number_tells_its_day_and_its_place_in_the_day() -> None:
    assert order_number(DAY, 42)[:11] == "26112400042"


@given(days, st.integers(1, 99_999))
def test_every_number_has_twelve_digits_and_is_valid(day: date, serial: int) -> None:
    number = order_number(day, serial)

    assert len(number) == 12
    assert is_valid_number(number)


@given(days, st.integers(1, 99_999), st.integers(0, 11), st.integers(1, 9))
def test_a_number_with_one_wrong_digit_is_not_valid(day: date, serial: int, where: int, off: int) -> None:
    number = order_number(day, serial)
    wrong = str((int(number[where]) + off) % 10)

    assert not is_valid_number(number[:where] + wrong + number[where + 1 :])


@pytest.mark.parametrize("text", ["", "26112400042", "2611240004211", "abcdefghijkl", "２６" * 6])
def test_other_texts_are_not_valid(text: str) -> None:
    assert not is_valid_number(text)


def test_a_number_of_no_real_day_is_not_valid() -> None:
    thirtieth_of_february = "26023000001" + mod_11_10("26023000001")

    assert not is_valid_number(thirtieth_of_february)


@pytest.mark.parametrize("serial", [0, -1, 100_000])
def test_more_orders_than_a_day_has_numbers_are_refused(serial: int) -> None:
    with pytest.raises(NumbersUsedUp, match="1 to 99999"):
        order_number(DAY, serial)
