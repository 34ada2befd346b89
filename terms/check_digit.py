"""Check digits: they find a mistyped or misheard number before anybody looks for it."""


def mod_11_10(digits: str) -> str:
    """The check digit of ISO 7064 MOD 11,10 for `digits`: finds every single wrong digit.

    ValueError if there is anything but 0 to 9 in it, or nothing.
    """
    return str((11 - _product(digits)) % 10)


def is_mod_11_10(digits: str) -> bool:
    """Is the last digit the right check digit for those before it? False too for what isn't a number."""
    if len(digits) < 2 or not _is_plain(digits):
        return False
    return mod_11_10(digits[:-1]) == digits[-1]


def _product(digits: str) -> int:
    if not _is_plain(digits):
        raise ValueError(f"'{digits}' has no check digit: only the digits 0 to 9 may be in it, at least one")
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return product


def _is_plain(digits: str) -> bool:
    """int() also takes other scripts' digits, signs and underscores; a citizen's keys don't."""
    return digits.isascii() and digits.isdigit()
