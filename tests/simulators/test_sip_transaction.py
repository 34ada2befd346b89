"""What a lossy net must not break: each side is a bare socket here, so that it can be deaf or repeat."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest
import pytest_asyncio

from simulators.phone_line import Account, Answer, Line
from simulators.sip_dialog import Dialog
from simulators.sip_message import CSeq, Headers, Message, Request, Response, parameter, parse
from simulators.sip_transaction import ServerTransaction, answer_headers
from simulators.udp import UdpSocket


class Peer:
    """The other end of the wire, without any manners of its own."""

    def __init__(self) -> None:
        self.socket = UdpSocket("127.0.0.1")
        self.address = ("127.0.0.1", self.socket.port)
        self._arrivals: asyncio.Queue[Message] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._readable)

    def _readable(self) -> None:
        for datagram in self.socket.received():
            self._arrivals.put_nowait(parse(datagram.data))

    async def hears(self, kind: str) -> Message:
        """The next message of this method or status."""
        async with asyncio.timeout(5):
            while True:
                message = await self._arrivals.get()
                if kind == (message.method if isinstance(message, Request) else str(message.status)):
                    return message

    def answers(self, request: Message, status: int, to: Line, tag: str = "p") -> None:
        assert isinstance(request, Request)
        headers = answer_headers(request, tag)
        headers.add("Contact", f"<sip:peer@127.0.0.1:{self.socket.port}>")
        self.socket.send(Response(status, "Whatever", headers).to_bytes(), to.address_of_socket)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


class Desk:
    """A line and the requests that it was given."""

    def __init__(self, peer: Peer) -> None:
        self.requests: asyncio.Queue[ServerTransaction] = asyncio.Queue()
        self.line = Line(Account(server=peer.address, user="8001"), self.requests.put_nowait)

    def invite(self, peer: Peer) -> Request:
        """An INVITE of the peer's to this desk."""
        where = f"<sip:peer@127.0.0.1:{peer.socket.port}>"
        headers = Headers([("Via", f"SIP/2.0/UDP 127.0.0.1:{peer.socket.port};branch=z9hG4bKp1")])
        for name, value in (("From", f"{where};tag=p"), ("To", "<sip:8001@h>"), ("Call-ID", "c")):
            headers.add(name, value)
        headers.add("CSeq", "1 INVITE")
        headers.add("Contact", where)
        return Request("INVITE", "sip:8001@h", headers)


@pytest_asyncio.fixture
async def desk(peer: Peer) -> AsyncIterator[Desk]:
    desk = Desk(peer)
    yield desk
    desk.line.close()


async def test_an_unheard_request_is_sent_again_until_it_is_answered(peer: Peer, desk: Desk) -> None:
    dialog = Dialog.to(desk.line, "x", "c", "t")
    client = desk.line.start(dialog.request(desk.line, "OPTIONS"), peer.address)

    first, again = await peer.hears("OPTIONS"), await peer.hears("OPTIONS")
    peer.answers(again, 200, desk.line)

    assert (await client.answer).status == 200
    assert first.to_bytes() == again.to_bytes()


async def test_a_refused_invite_is_acknowledged_as_often_as_the_refusal_comes(peer: Peer, desk: Desk) -> None:
    dialog = Dialog.to(desk.line, "x", "c", "t")
    client = desk.line.start(dialog.request(desk.line, "INVITE"), peer.address)
    invite = await peer.hears("INVITE")

    acks = []
    for _ in range(2):
        peer.answers(invite, 486, desk.line)
        acks.append(await peer.hears("ACK"))

    assert (await client.answer).status == 486
    for ack in acks:
        assert parameter("branch", ack.headers.need("Via")) == parameter("branch", invite.headers.need("Via"))
        assert parameter("tag", ack.headers.need("To")) == "p"
        assert CSeq.of(ack) == CSeq(1, "ACK")


async def test_an_accepted_invite_is_acknowledged_again_when_the_ack_got_lost(peer: Peer, desk: Desk) -> None:
    dialog = Dialog.to(desk.line, "x", "c", "t")
    client = desk.line.start(dialog.request(desk.line, "INVITE"), peer.address)
    invite = await peer.hears("INVITE")
    peer.answers(invite, 200, desk.line)
    response = await client.answer
    dialog.accepted_by(response)
    client.acknowledge(dialog.acknowledge(desk.line, client.request))
    first = await peer.hears("ACK")

    peer.answers(invite, 200, desk.line)

    assert (await peer.hears("ACK")).to_bytes() == first.to_bytes()


async def test_a_repeated_request_gets_the_answer_it_already_had(peer: Peer, desk: Desk) -> None:
    invite = desk.invite(peer)
    peer.socket.send(invite.to_bytes(), desk.line.address_of_socket)
    server = await desk.requests.get()
    desk.line.reply(server, Answer(180, "d"))
    first = await peer.hears("180")

    peer.socket.send(invite.to_bytes(), desk.line.address_of_socket)

    assert (await peer.hears("180")).to_bytes() == first.to_bytes()
    assert desk.requests.empty()


async def test_an_acceptance_is_repeated_until_its_ack_comes(peer: Peer, desk: Desk) -> None:
    invite = desk.invite(peer)
    peer.socket.send(invite.to_bytes(), desk.line.address_of_socket)
    server = await desk.requests.get()
    desk.line.reply(server, Answer(200, "d"))
    await peer.hears("200")
    accepted = await peer.hears("200")

    headers = Headers(invite.headers)
    ack = Headers((name, "1 ACK" if name == "CSeq" else value) for name, value in headers)
    peer.socket.send(Request("ACK", "sip:8001@h", ack).to_bytes(), desk.line.address_of_socket)
    await server.acknowledged

    assert parameter("tag", accepted.headers.need("To")) == "d"


async def test_noise_on_the_wire_is_ignored(peer: Peer, desk: Desk) -> None:
    for noise in (
        b"",
        b"\r\n\r\n",
        b"\xff" * 2000,
        b"INVITE sip:a SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ):
        peer.socket.send(noise, desk.line.address_of_socket)
    peer.socket.send(desk.invite(peer).to_bytes(), desk.line.address_of_socket)

    server = await desk.requests.get()

    assert server.request.method == "INVITE"
    assert desk.requests.empty()


@pytest.fixture
def two_stamps() -> Iterator[tuple[UdpSocket, UdpSocket]]:
    left, right = UdpSocket("127.0.0.1"), UdpSocket("127.0.0.1")
    yield left, right
    left.close()
    right.close()


def test_arrivals_carry_the_kernels_time_and_not_pythons(two_stamps: tuple[UdpSocket, UdpSocket]) -> None:
    left, right = two_stamps
    for number in range(3):
        left.send(bytes([number]), ("127.0.0.1", right.port))

    once_read = [(datagram.data, datagram.at) for datagram in right.received()]

    assert [data for data, _ in once_read] == [b"\x00", b"\x01", b"\x02"]
    assert all(earlier <= later for (_, earlier), (_, later) in pairwise(once_read))
