"""Telephone numbers: one form for the same caller, and never more of it shown than allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.numbers import DIGITS_MAX, UNKNOWN, UNKNOWN_TEXT, clean, mask


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13808775678", "13808775678"),
        ("+8613808775678", "13808775678"),
        ("+86 138 0877 5678", "13808775678"),
        ("+86-138-0877-5678", "13808775678"),
        ("008613808775678", "13808775678"),
        ("8613808775678", "13808775678"),
        ("013808775678", "13808775678"),
        ("+86013808775678", "13808775678"),
        ("08772012345", "08772012345"),
        ("0877-2012345", "08772012345"),
        ("+868772012345", "08772012345"),
        ("+8608772012345", "08772012345"),
        ("+861012345678", "01012345678"),
        ("+862887654321", "02887654321"),
        ("2012345", "2012345"),
        ("12345", "12345"),
        ("+8612345", "12345"),
        ("110", "110"),
        ("8001", "8001"),
        ("95588", "95588"),
        ("4001234567", "4001234567"),
        ("+864001234567", "4001234567"),
        ("+12025550100", "0012025550100"),
        ("0012025550100", "0012025550100"),
        ("0", "0"),
        ("0086", "0086"),
    ],
)
def test_the_same_caller_always_has_the_same_number(raw: str, number: str) -> None:
    assert clean(raw) == number
    assert clean(number) == number


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "anonymous",
        "unknown",
        "０１３８１２３４５６７８",
        "１３８12345678",
        "١٢٣٤٥",
        "1_0",
        "-1",
        "+",
        "++8613808775678",
        "138 0877  5678",
        "13808775678 ",
        " 13808775678",
        "13808775678\n",
        "13808775678;ext=1",
        "500&PJSIP/trunk/0013",
        "138x",
        "1e3",
        "0x10",
        "*40",
        "110#",
        "1" * 32,
        "1" * 5000,
        "+" + "1" * 31,
        "1\x002",
        "²",
    ],
)
def test_what_is_no_number_is_unknown(raw: str) -> None:
    assert clean(raw) == UNKNOWN


def test_31_digits_are_still_a_number() -> None:
    assert clean("1" * DIGITS_MAX) == "1" * DIGITS_MAX


@given(st.text())
def test_nothing_but_ascii_digits_ever_comes_out(raw: str) -> None:
    number = clean(raw)

    assert len(number) <= DIGITS_MAX
    assert set(number) <= set("0123456789")


@given(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True))
def test_cleaning_what_is_clean_changes_nothing(raw: str) -> None:
    assert clean(clean(raw)) == clean(raw)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("08772012331", "0877****31"),
        ("087720123431", "0877****31"),
        ("01012345678", "010****78"),
        ("02887654321", "028****21"),
        ("110", "110"),
        ("12345", "12345"),
        ("8001", "8001"),
        ("955888", "955888"),
        ("2012345", "2****45"),
        ("20123456", "20****56"),
        ("4001234567", "4001****67"),
        ("0012025550100", "0012****00"),
        ("1" * 31, "1111****11"),
        (UNKNOWN, UNKNOWN_TEXT),
        ("anonymous", UNKNOWN_TEXT),
        ("+8613812345678", UNKNOWN_TEXT),
        ("１３８１２３４５６７８", UNKNOWN_TEXT),
        ("138****5678", UNKNOWN_TEXT),
        ("13812345678\n", UNKNOWN_TEXT),
        ("1" * 32, UNKNOWN_TEXT),
    ],
)
def test_people_see_the_beginning_and_the_end_of_a_number(number: str, shown: str) -> None:
    assert mask(number) == shown


@given(st.from_regex(r"[0-9]{7,31}", fullmatch=True))
def test_at_least_four_digits_of_a_persons_number_stay_hidden(number: str) -> None:
    shown = mask(number)

    assert shown.count("*") == 4
    assert sum(sign.isdigit() for sign in shown) <= len(number) - 4
    assert number.startswith(shown.split("****")[0])
    assert number.endswith(shown.split("****")[1])
