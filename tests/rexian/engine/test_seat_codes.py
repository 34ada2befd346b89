"""Feature codes, taken apart."""

import pytest

from rexian.engine.seat_codes import Code, parse


@pytest.mark.parametrize(
    ("dialled", "code"),
    [
        ("*40", Code("*40", "")),
        ("*401008", Code("*40", "1008")),
        ("*40*1008", Code("*40", "1008")),
        ("*41", Code("*41", "")),
        ("*412", Code("*41", "2")),
        ("*42", Code("*42", "")),
        ("*43", Code("*43", "")),
        ("*44", Code("*44", "")),
    ],
)
def test_a_feature_code_is_a_verb_and_perhaps_a_number(dialled: str, code: Code) -> None:
    assert parse(dialled) == code


@pytest.mark.parametrize("dialled", ["", "12345", "*45", "*4", "*40abc", "*421", "00861391234", "*40１"])
def test_anything_else_is_no_code(dialled: str) -> None:
    assert parse(dialled) is None
