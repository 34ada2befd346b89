"""SIP transactions over UDP (RFC 3261, section 17): repeats, time-outs, and who a response is for.

One `Transactions` serves one socket. Above it nothing is ever sent twice by hand: requests repeat
until answered, final answers to an INVITE repeat until acknowledged, a repeated request gets the
answer it already had.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from simulators.clock import wall_now
from simulators.phone_log import LogLine, PhoneLog
from simulators.sip_message import (
    BadMessage,
    CSeq,
    Headers,
    Message,
    Request,
    Response,
    parameter,
    parse,
)
from simulators.udp import Address, Datagram, UdpSocket

# RFC 3261, section 17.1.1.1 and table 4: round trip, longest pause, and how long to go on trying.
T1_S = 0.5
T2_S = 4.0
GIVE_UP_S = 64 * T1_S


class NoAnswer(Exception):
    """The other side did not answer a request in 32 seconds, or the phone died before."""


class Repeater:
    """Sends the same bytes with growing pauses until told to stop; `on_end` if nobody does."""

    __slots__ = ("_end", "_limit_s", "_loop", "_next", "_send", "_started")

    def __init__(self, send: Callable[[], None], on_end: Callable[[], None], limit_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._limit_s = limit_s
        self._started = self._loop.time()
        self._end = self._loop.call_at(self._started + GIVE_UP_S, on_end)
        self._next = self._loop.call_later(T1_S, self._again, T1_S * 2)
        send()

    def _again(self, pause_s: float) -> None:
        self._send()
        pause_s = min(pause_s, self._limit_s)
        self._next = self._loop.call_later(pause_s, self._again, pause_s * 2)

    def quiet(self) -> None:
        """No more repeats, but still give up in the end (an INVITE that got a 100)."""
        self._next.cancel()

    def stop(self) -> None:
        self._next.cancel()
        self._end.cancel()


class ClientTransaction:
    """One request of ours. `answer` becomes the final response, or NoAnswer."""

    def __init__(
        self,
        transactions: "Transactions",
        request: Request,
        to: Address,
        on_provisional: Callable[[Response], None] | None,
    ) -> None:
        self.request = request
        self.acknowledgement: bytes | None = None
        self.answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(_seen)
        self._transactions = transactions
        self._to = to
        self._on_provisional = on_provisional
        # An INVITE's pauses grow without limit, all others stop growing at T2.
        limit_s = GIVE_UP_S if request.method == "INVITE" else T2_S
        self._repeater = Repeater(self._send, self.give_up, limit_s)

    def _send(self) -> None:
        self._transactions.send(self.request, self._to)

    def give_up(self) -> None:
        self._repeater.stop()
        if not self.answer.done():
            self.answer.set_exception(NoAnswer(f"no answer to {self.request.method}"))
        self._transactions.forget_later(self)

    def received(self, response: Response) -> None:
        if response.status < 200:
            if self.request.method == "INVITE":
                self._repeater.quiet()
            if self._on_provisional and not self.answer.done():
                self._on_provisional(response)
            return
        if self.request.method == "INVITE" and response.status >= 300:
            self._transactions.send(_refusal_ack(self.request, response), self._to)
        if self.answer.done():
            if self.acknowledgement is not None:
                self._transactions.send_bytes(self.acknowledgement, self._to)
            return
        self._repeater.stop()
        self.answer.set_result(response)
        self._transactions.forget_later(self)

    def acknowledge(self, ack: Request) -> None:
        """Sends the ACK of a 2xx, and again whenever the 2xx is repeated."""
        self.acknowledgement = ack.to_bytes()
        self._transactions.send(ack, self._to)


class ServerTransaction:
    """One request of theirs, and what we answered."""

    def __init__(self, transactions: "Transactions", request: Request, datagram: Datagram) -> None:
        self.request = request
        self.received_at = datagram.at
        self.acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acknowledged.add_done_callback(_seen)
        self._transactions = transactions
        self._source = datagram.source
        self._last: Response | None = None
        self._repeater: Repeater | None = None

    @property
    def answered(self) -> bool:
        return self._last is not None and self._last.status >= 200

    def respond(self, response: Response) -> None:
        """Sends `response`; a final one to an INVITE again until its ACK comes."""
        if self.answered:
            return
        self._last = response
        if response.status >= 200 and self.request.method == "INVITE":
            self._repeater = Repeater(self.repeat, self._never_acknowledged, T2_S)
        else:
            self.repeat()

    def repeat(self) -> None:
        if self._last is not None:
            self._transactions.send(self._last, self._source)

    def acknowledge(self) -> None:
        if self._repeater is not None:
            self._repeater.stop()
        if not self.acknowledged.done():
            self.acknowledged.set_result(None)

    def _never_acknowledged(self) -> None:
        self.stop()
        if not self.acknowledged.done():
            self.acknowledged.set_exception(NoAnswer("no ACK for our final answer"))

    def stop(self) -> None:
        if self._repeater is not None:
            self._repeater.stop()


class Transactions:
    """All transactions of one socket. `on_request` gets each new request once, never an ACK."""

    def __init__(
        self, socket: UdpSocket, log: PhoneLog, on_request: Callable[[ServerTransaction], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._log = log
        self._on_request = on_request
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, ...], ServerTransaction] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._loop.add_reader(socket.fileno(), self._readable)

    def request(
        self,
        request: Request,
        to: Address,
        on_provisional: Callable[[Response], None] | None = None,
    ) -> ClientTransaction:
        """Starts a request; its top Via carries the branch that names it. NoAnswer after `close`."""
        if self._socket.closed:
            raise NoAnswer("the phone is dead")
        client = ClientTransaction(self, request, to, on_provisional)
        self._clients[_client_key(request)] = client
        return client

    def send(self, message: Message, to: Address) -> None:
        self._note(message, sent=True)
        self._socket.send(message.to_bytes(), to)

    def send_bytes(self, data: bytes, to: Address) -> None:
        self._socket.send(data, to)

    def forget_later(self, client: ClientTransaction) -> None:
        """Keeps the transaction for the repeats that may still come, then lets it go."""
        self._later(lambda: self._clients.pop(_client_key(client.request), None))

    def close(self) -> None:
        """Stops everything at once; what still waits for an answer gets NoAnswer."""
        if self._socket.closed:
            return
        self._loop.remove_reader(self._socket.fileno())
        for client in list(self._clients.values()):
            client.give_up()
        for server in self._servers.values():
            server.stop()
        for timer in self._timers:
            timer.cancel()
        self._socket.close()

    def _later(self, forget: Callable[[], object]) -> None:
        def due() -> None:
            self._timers.discard(timer)
            forget()

        timer = self._loop.call_later(GIVE_UP_S, due)
        self._timers.add(timer)

    def _readable(self) -> None:
        for datagram in self._socket.received():
            with suppress(BadMessage):
                self._take(parse(datagram.data), datagram)
            if self._socket.closed:
                return

    def _take(self, message: Message, datagram: Datagram) -> None:
        cseq = CSeq.of(message)
        self._note(message, sent=False, datagram=datagram)
        if isinstance(message, Response):
            branch = parameter("branch", message.headers.need("Via"))
            client = self._clients.get((branch, cseq.method))
            if client is not None:
                client.received(message)
            return
        known = self._servers.get(_server_key(message, cseq))
        if message.method == "ACK":
            if known is not None:
                known.acknowledge()
        elif known is not None:
            known.repeat()
        else:
            server = ServerTransaction(self, message, datagram)
            key = _server_key(message, cseq)
            self._servers[key] = server
            self._later(lambda: self._servers.pop(key, None))
            self._on_request(server)

    def _note(self, message: Message, *, sent: bool, datagram: Datagram | None = None) -> None:
        what = message.method if isinstance(message, Request) else _answer_name(message)
        at = datagram.at if datagram else wall_now()
        self._log.note(LogLine(at, sent, what, message.headers.get("Call-ID")))


def answer_headers(request: Request, our_tag: str) -> Headers:
    """The headers that every response copies from its request; a To without a tag gets `our_tag`."""
    headers = Headers()
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for value in request.headers.all(name):
            if name == "To" and not parameter("tag", value):
                value = f"{value};tag={our_tag}"
            headers.add(name, value)
    for value in request.headers.all("Record-Route"):
        headers.add("Record-Route", value)
    return headers


def _answer_name(response: Response) -> str:
    return f"{response.status} {CSeq.of(response).method}"


def _client_key(request: Request) -> tuple[str, str]:
    return parameter("branch", request.headers.need("Via")), request.method


def _server_key(request: Request, cseq: CSeq) -> tuple[str, ...]:
    # By dialog and number, not by branch: so the ACK of a 2xx, which has a branch of its own,
    # finds the INVITE that it acknowledges.
    sender = parameter("tag", request.headers.need("From"))
    method = "INVITE" if cseq.method == "ACK" else cseq.method
    return request.headers.need("Call-ID"), sender, str(cseq.number), method


def _refusal_ack(invite: Request, refusal: Response) -> Request:
    """The ACK of a 3xx to 6xx: same branch, same target, their To (RFC 3261, 17.1.1.3)."""
    headers = Headers([("Via", invite.headers.need("Via")), ("Max-Forwards", "70")])
    headers.add("From", invite.headers.need("From"))
    headers.add("To", refusal.headers.need("To"))
    headers.add("Call-ID", invite.headers.need("Call-ID"))
    headers.add("CSeq", f"{CSeq.of(invite).number} ACK")
    for value in invite.headers.all("Route"):
        headers.add("Route", value)
    return Request("ACK", invite.uri, headers)


def _seen(future: "asyncio.Future[Response] | asyncio.Future[None]") -> None:
    """Marks an exception as retrieved: a phone that died may leave nobody who asks for it."""
    if not future.cancelled():
        future.exception()
