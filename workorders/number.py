"""Work-order numbers: what a citizen writes down and types on the phone to ask how far it is."""

from datetime import date, datetime

from terms.check_digit import is_mod_11_10, mod_11_10

LENGTH = 12
SERIAL_MAX = 99_999


class NumbersUsedUp(ValueError):
    """More orders on one day than a number has room for."""


def order_number(day: date, serial: int) -> str:
    """Twelve digits: the day as YYMMDD, the day's `serial` with five digits from 1 on, a check digit.

    NumbersUsedUp beyond 99,999 orders a day: a city that big needs a line of its own per district.
    """
    if not 1 <= serial <= SERIAL_MAX:
        raise NumbersUsedUp(f"order {serial} of {day.isoformat()}: a day's serial is 1 to {SERIAL_MAX}")
    digits = f"{day:%y%m%d}{serial:05d}"
    return digits + mod_11_10(digits)


def is_valid_number(text: str) -> bool:
    """Could `text` be a work-order number? Twelve digits, a real day, the right check digit."""
    if len(text) != LENGTH or not is_mod_11_10(text):
        return False
    try:
        datetime.strptime(text[:6], "%y%m%d")
    except ValueError:
        return False
    return True
