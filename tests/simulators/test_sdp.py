"""Offers and answers."""

import pytest

from simulators import sdp
from simulators.sdp import BadDescription, Description, Direction

ASTERISK = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 10550 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)


def test_what_a_switch_offers_is_understood() -> None:
    assert sdp.read(ASTERISK) == Description("127.0.0.1", 10550, Direction.BOTH, 101)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("keys", [101, 96, None])
def test_what_we_write_is_read_back(direction: Direction, keys: int | None) -> None:
    ours = Description("127.0.0.1", 4000, direction, keys)

    assert sdp.read(ours.to_text()) == ours


def test_hold_is_answered_by_listening_and_back() -> None:
    assert [direction.answered for direction in Direction] == [
        Direction.BOTH,
        Direction.RECEIVE,
        Direction.SEND,
        Direction.NONE,
    ]


def test_the_old_way_of_holding_counts_as_inactive() -> None:
    held = ASTERISK.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0")

    assert sdp.read(held).direction is Direction.NONE


def test_an_offer_without_a_law_says_what_it_has() -> None:
    with pytest.raises(BadDescription, match=r"offers 0 101, not A-law"):
        sdp.read(ASTERISK.replace("RTP/AVP 8 101", "RTP/AVP 0 101"))


def test_a_description_of_nothing_is_refused() -> None:
    with pytest.raises(BadDescription, match="no audio stream"):
        sdp.read("v=0\r\nm=video 5000 RTP/AVP 96\r\nc=IN IP4 127.0.0.1\r\n")


@pytest.mark.parametrize(
    "line", ["m=audio many RTP/AVP 8", "m=audio 5000", "a=rtpmap:x telephone-event/8000"]
)
def test_a_broken_line_is_refused_like_any_other_offer_that_is_no_use(line: str) -> None:
    with pytest.raises(BadDescription, match="cannot be read"):
        sdp.read(ASTERISK.replace("t=0 0", "t=0 0\r\n" + line))
