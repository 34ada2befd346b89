"""Results of AGI commands."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rexian.telephony.agi import AgiResult, quoted


def result(text: str) -> AgiResult:
    return AgiResult.from_ami(quote(text))


@pytest.mark.parametrize(
    ("said", "status", "value", "code", "data", "endpos"),
    [
        ("200 result=0\n", 200, "0", 0, "", None),
        ("200 result=1\n", 200, "1", 1, "", None),
        ("200 result=-1\n", 200, "-1", -1, "", None),
        ("200 result=0 endpos=42160\n", 200, "0", 0, "", 42160),
        ("200 result=49 endpos=800\n", 200, "49", 49, "", 800),
        ("200 result=0042\n", 200, "0042", 42, "", None),
        ("200 result=1*2\n", 200, "1*2", None, "", None),
        ("200 result=\n", 200, "", None, "", None),
        ("200 result= (timeout)\n", 200, "", None, "timeout", None),
        ("200 result=12 (timeout)\n", 200, "12", 12, "timeout", None),
        ("200 result=1 (张三 (客户))\n", 200, "1", 1, "张三 (客户)", None),
        ("200 result=1 (two\nlines)\n", 200, "1", 1, "two\nlines", None),
        ("510 Invalid or unknown command\n", 510, "", None, "", None),
        ("511 Command Not Permitted on a dead channel or intercept routine\n", 511, "", None, "", None),
        ("520-Invalid command syntax.  Proper usage follows:\nUsage: x\n520 End\n", 520, "", None, "", None),
        ("200 result=٣\n", 200, "٣", None, "", None),
        ("", 0, "", None, "", None),
        ("HANGUP", 0, "", None, "", None),
    ],
)
def test_a_result_says_what_asterisk_said(
    said: str, status: int, value: str, code: int | None, data: str, endpos: int | None
) -> None:
    found = result(said)

    assert (found.status, found.value, found.code, found.data, found.endpos) == (
        status,
        value,
        code,
        data,
        endpos,
    )


@pytest.mark.parametrize(("said", "ok"), [("200 result=0", True), ("200 result=-1", False), ("510 x", False)])
def test_a_command_that_failed_or_met_a_hang_up_is_not_ok(said: str, ok: bool) -> None:
    assert result(said).ok is ok


@given(st.text(max_size=200))
def test_no_answer_whatever_raises(said: str) -> None:
    assert AgiResult.from_ami(said).status >= 0
    assert result(said).raw == said.strip("\r\n\0")


def test_an_argument_keeps_its_blanks_and_quotes() -> None:
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
