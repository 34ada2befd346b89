"""Telephone numbers as people may see them."""

_SHORT = 6
_PREFIX_MAX = 6


def masked(number: str) -> str:
    """`number` with its telling middle hidden: 13812345678 becomes 138****5678, 087712345678 0877****5678.

    The last four digits stay and at most six in front of the hidden four. Up to six digits are a short
    code or an extension, which are nobody's own, and stay as they are. Anything that isn't a number
    (a SIP user name) keeps its first character only.
    """
    if not number.removeprefix("+").isdecimal():
        return number[:1] + "****" if number else number
    if len(number) <= _SHORT:
        return number
    return number[:-8][:_PREFIX_MAX] + "****" + number[-4:]
