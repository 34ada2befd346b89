"""Telephone numbers as callers present them: cleaned to ASCII digits, masked for people's eyes.

Only an ASCII pattern decides what a digit is: `int()` and `str.isdigit()` also take `１３８`, `1_0`
and `-1`, and a number that came from outside may end up in a dial string.
"""

import re

UNKNOWN = ""
"""What `clean` answers when there is no usable number: withheld, garbled or forged."""

UNKNOWN_TEXT = "未知号码"

DIGITS_MAX = 31
"""E.164 allows 15; carriers put prefixes before them. 32 and more are garbage or an attack."""

_WRITTEN = re.compile(r"\+?[0-9]+(?:[ -][0-9]+)*", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_AREA_CODE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})(?=[0-9]{7,8}\Z)", re.ASCII)
_SERVICE = re.compile(r"[48]00[0-9]{7}", re.ASCII)
_SHORT_MAX = 6
_HIDDEN = "****"


def clean(raw: str) -> str:
    """The number in the one form in which the same caller always looks the same.

    Mobiles without prefix (13808775678), landlines with area code (08772012345), short and service
    numbers as dialled (110, 95588, 4001234567), foreign ones with 00. `+86`, `0086`, a bare 86 and
    the long-distance 0 before a mobile are taken off; single spaces and hyphens between digits are
    ignored. UNKNOWN for anything else and for more than DIGITS_MAX digits.
    """
    if not _WRITTEN.fullmatch(raw):
        return UNKNOWN
    digits = raw.replace(" ", "").replace("-", "")
    if digits.startswith("+"):
        digits = "00" + digits[1:]
    if len(digits) > DIGITS_MAX:
        return UNKNOWN
    if digits.startswith("0086") and len(digits) > len("0086"):
        return _national(digits[len("0086") :])
    without_prefix = digits.removeprefix("86") if len(digits) == len("8613808775678") else digits
    without_prefix = without_prefix.removeprefix("0") if without_prefix[:2] != "00" else digits
    return without_prefix if _MOBILE.fullmatch(without_prefix) else digits


def _national(digits: str) -> str:
    """What follows +86: landlines come without their 0 there, everything else as dialled at home."""
    trunk_zero_missing = (
        len(digits) in (10, 11)
        and not digits.startswith("0")
        and not _MOBILE.fullmatch(digits)
        and not _SERVICE.fullmatch(digits)
    )
    if trunk_zero_missing:
        return "0" + digits
    mobile = digits.removeprefix("0")
    return mobile if _MOBILE.fullmatch(mobile) else digits


def mask(number: str) -> str:
    """A cleaned `number` as people without the right to the whole of it may see it.

    138****5678 · 0877****31 (area code and the last two) · up to 6 digits untouched: those are
    services and our own extensions, not persons. Everything that is not a cleaned number, UNKNOWN
    included, becomes UNKNOWN_TEXT, so a garbled one is never shown by mistake.
    """
    if not re.fullmatch(r"[0-9]{1,31}", number, re.ASCII):
        return UNKNOWN_TEXT
    if len(number) <= _SHORT_MAX:
        return number
    if _MOBILE.fullmatch(number):
        return f"{number[:3]}{_HIDDEN}{number[-4:]}"
    area = _AREA_CODE.match(number)
    shown = area.group() if area else number[: min(4, len(number) - _SHORT_MAX)]
    return f"{shown}{_HIDDEN}{number[-2:]}"
