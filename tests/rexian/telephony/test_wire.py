"""Bytes in and out of AMI."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rexian.telephony.errors import BadValue
from rexian.telephony.wire import MAX_LINE_BYTES, MAX_MESSAGE_BYTES, Framer, Message, checked, parse

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def framed(*pieces: bytes) -> tuple[list[Message], Counter[str]]:
    dropped: Counter[str] = Counter()
    framer = Framer(dropped)
    return [message for piece in (GREETING, *pieces) for message in framer.feed(piece)], dropped


def test_a_character_split_over_two_segments_stays_whole() -> None:
    stream = "Event: AsyncAGIStart\r\nCallerIDName: 张三𠮷\r\n\r\n".encode()

    for cut in range(len(stream)):
        messages, dropped = framed(stream[:cut], stream[cut:])

        assert messages == [{"Event": "AsyncAGIStart", "CallerIDName": "张三𠮷"}]
        assert not dropped


@given(st.lists(st.integers(1, 40), max_size=60))
def test_messages_are_the_same_however_the_stream_is_cut(lengths: list[int]) -> None:
    stream = b"".join(f"Event: E{number}\r\nName: 第{number}位\r\n\r\n".encode() for number in range(10))
    pieces, rest = [], stream
    for length in lengths:
        pieces.append(rest[:length])
        rest = rest[length:]

    messages, _ = framed(*pieces, rest)

    assert [each["Event"] for each in messages] == [f"E{number}" for number in range(10)]


def test_the_greeting_may_come_in_pieces_and_tells_the_version() -> None:
    framer = Framer(Counter())

    for byte in b"Asterisk Call Manager/11.0.0\r":
        assert list(framer.feed(bytes([byte]))) == []
    assert framer.version is None
    assert list(framer.feed(b"\nEvent: X\r\n\r\n")) == [{"Event": "X"}]
    assert framer.version == "11.0.0"


@pytest.mark.parametrize("said", [b"220 smtp.example ESMTP\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"x" * 300])
def test_a_server_that_is_no_ami_is_recognised(said: bytes) -> None:
    with pytest.raises(ConnectionError, match="no AMI"):
        list(Framer(Counter()).feed(said))


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    messages, dropped = framed(b"Event: X\r\nCallerIDName: \xd5\xc5\xc8\xfd\r\n\r\n")  # 张三 in GBK

    assert messages[0]["CallerIDName"] == "\ufffd" * len(messages[0]["CallerIDName"])
    assert not dropped


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"Event: Hangup\r\nUniqueid: 1\r\nUniqueid: 2", "repeated header"),
        (b"Event: Newstate\r\nCallerIDNum: 139\r\nEvent: Hangup\r\nUniqueid: 2", "repeated header"),
        (b"Event: X\r\nCallerIDNum: 139\r\nstowaway", "no header"),
        (b"Event: X\r\n Uniqueid 1", "no header"),
    ],
)
def test_a_message_that_a_caller_may_have_written_into_is_not_believed(raw: bytes, why: str) -> None:
    messages, dropped = framed(raw + b"\r\n\r\nEvent: Next\r\n\r\n")

    assert messages == [{"Event": "Next"}]
    assert dropped == {why: 1}


def test_variables_are_told_apart_and_may_repeat() -> None:
    raw = b"Event: Status\r\nChanVariable: A=1\r\nVariable: A=2=3\r\nVariable: B=(null)\r\nVariable: "

    assert parse(raw) == {
        "Event": "Status",
        "ChanVariable(A)": "1",
        "Variable(A)": "2=3",
        "Variable(B)": "(null)",
        "Variable()": "",
    }


def test_a_value_may_be_empty_and_may_hold_colons() -> None:
    assert parse(b"Event: X\r\nA: \r\nB:\r\nC: a: b") == {"Event": "X", "A": "", "B": "", "C": "a: b"}


@pytest.mark.parametrize("piece", [1000, 65536, 1 << 20])
def test_an_event_of_a_megabyte_is_dropped_and_the_next_one_heard(piece: int) -> None:
    huge = b"Event: Huge\r\nData: " + b"x" * (1 << 20) + b"\r\n\r\nEvent: Next\r\n\r\n"

    messages, dropped = framed(*(huge[at : at + piece] for at in range(0, len(huge), piece)))

    assert messages == [{"Event": "Next"}]
    assert dropped == {"too long": 1}


def test_a_stream_without_an_end_does_not_fill_the_memory() -> None:
    framer = Framer(Counter())
    list(framer.feed(GREETING))

    for _ in range(100):
        list(framer.feed(b"x" * 65536))

    assert len(framer._buffer) <= MAX_MESSAGE_BYTES


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\nAction: Logoff", "\0", "a\x1bb", "\x7f"])
def test_a_control_character_is_not_sent(bad: str) -> None:
    with pytest.raises(BadValue, match="CallerID"):
        checked([("CallerID", f"张三{bad}")])


def test_a_line_is_counted_in_bytes() -> None:
    room = MAX_LINE_BYTES - len("Value: ")

    assert checked([("Value", "字" * (room // 3))])
    with pytest.raises(BadValue, match="1004 bytes"):
        checked([("Value", "字" * (room // 3 + 1) + "x")])


def test_too_many_lines_are_not_sent() -> None:
    with pytest.raises(BadValue, match="121 lines"):
        checked([("Variable", "x=y")] * 121)


@pytest.mark.parametrize("name", ["", "A: B", "A\r\nB", "中"])
def test_a_header_name_is_a_word(name: str) -> None:
    with pytest.raises(BadValue, match="header name"):
        checked([(name, "x")])


def test_half_a_character_is_not_sent() -> None:
    with pytest.raises(BadValue, match="surrogate"):
        checked([("Value", "x\ud800")])


@given(st.text(max_size=300))
def test_what_is_sent_is_one_line_that_reads_back_the_same(value: str) -> None:
    try:
        ((name, good),) = checked([("Value", value)])
    except BadValue:
        assert any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in value) or len(value.encode()) > 900
        return

    assert parse(f"{name}: {good}".encode()) == {"Value": value}
