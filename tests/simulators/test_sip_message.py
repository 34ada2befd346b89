"""SIP text in and out."""

import pytest

from simulators.sip_message import (
    BadMessage,
    CSeq,
    Headers,
    Request,
    Response,
    display_name_of,
    host_and_port_of,
    parameter,
    parse,
    uri_of,
    user_of,
)

INVITE = (
    b"INVITE sip:12345@127.0.0.1:5060 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.2:6000;branch=z9hG4bK1;rport\r\n"
    b'f: "\xe5\xbc\xa0\xe4\xb8\x89" <sip:13900001234@127.0.0.1>;tag=a\r\n'
    b"t: <sip:12345@127.0.0.1>\r\ni: call-1\r\nCSeq: 7 INVITE\r\n"
    b"Subject: one\r\n two\r\nl: 5\r\n\r\nv=0\r\n"
)


def test_compact_names_folded_lines_and_chinese_names_are_read() -> None:
    request = parse(INVITE)

    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:12345@127.0.0.1:5060", "v=0\r\n")
    assert display_name_of(request.headers.need("From")) == "张三"
    assert request.headers.get("subject") == "one two"
    assert CSeq.of(request) == CSeq(7, "INVITE")


def test_what_is_written_is_read_back() -> None:
    response = Response(
        486, "Busy Here", Headers([("Via", "a"), ("Via", "b"), ("To", "<sip:x@y>;tag=t")]), "好"
    )

    again = parse(response.to_bytes())

    assert isinstance(again, Response)
    assert (again.status, again.reason, again.body) == (486, "Busy Here", "好")
    assert again.headers.all("via") == ["a", "b"]


def test_a_number_goes_out_exactly_as_given() -> None:
    forged = "139%0d%0aEvent%3a%20Hangup"
    request = Request("INVITE", "sip:12345@h", Headers([("From", f"<sip:{forged}@h>;tag=1")]))

    assert f"<sip:{forged}@h>".encode() in request.to_bytes()
    assert user_of(request.headers.need("From")) == forged


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"", b"\x00\x01", b"INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        parse(data)


def test_a_missing_header_is_named() -> None:
    with pytest.raises(BadMessage, match="no Call-ID header"):
        Headers().need("Call-ID")


@pytest.mark.parametrize(
    ("value", "uri", "tag"),
    [
        ("<sip:1@h;transport=udp>;tag=x", "sip:1@h;transport=udp", "x"),
        ("sip:1@h;tag=x", "sip:1@h", "x"),
        ('"a <b>" <sip:1@h>;expires=3;tag=x', "sip:1@h", "x"),
        ("<sip:1@h>", "sip:1@h", ""),
    ],
)
def test_addresses_are_taken_apart(value: str, uri: str, tag: str) -> None:
    assert (uri_of(value), parameter("tag", value)) == (uri, tag)


def test_where_a_uri_points_to() -> None:
    assert host_and_port_of("sip:1@127.0.0.1:5070;ob") == ("127.0.0.1", 5070)
    assert host_and_port_of("sip:127.0.0.1") == ("127.0.0.1", 5060)
    with pytest.raises(BadMessage, match="names no host and port"):
        host_and_port_of("sip:1@h:port")
