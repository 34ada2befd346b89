"""A phone's wire: one UDP socket, its transactions, who it says it is, and what it saw."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from simulators.phone_log import PhoneLog
from simulators.sip_digest import Credentials, read_challenge
from simulators.sip_message import CSeq, Headers, Request, Response
from simulators.sip_transaction import (
    ClientTransaction,
    ServerTransaction,
    Transactions,
    answer_headers,
)
from simulators.udp import Address, UdpSocket

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER, NOTIFY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who a phone is, and where its switch is."""

    server: Address
    user: str
    """The user part of From and To, sent exactly as written: a test may put anything here."""
    password: str | None = None
    """None: no digest. The trunk knows its caller by the address it comes from."""
    host: str = "127.0.0.1"
    """The address of the host's that the phone sends from."""
    display: str = ""
    extension: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """From one entry of `rexian phones --json`."""
        return cls(
            server=(str(entry["host"]), int(entry["port"])),
            user=str(entry["sip_user"]),
            password=str(entry["password"]),
            extension=str(entry["extension"]),
        )

    @classmethod
    def on_trunk(cls, server: Address, number: str, host: str = "127.0.0.2") -> Self:
        """A citizen's call as the carrier hands it over: any `number`, known by `host` alone."""
        return cls(server=server, user=number, host=host)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    tag: str
    body: str = ""
    extra: list[tuple[str, str]] = field(default_factory=list)


REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


def token() -> str:
    """A fresh random word for tags, branches and Call-IDs."""
    return secrets.token_hex(8)


class Line:
    """Sends and answers requests for one account. Each phone has one."""

    def __init__(self, account: Account, on_request: Callable[[ServerTransaction], None]) -> None:
        self.account = account
        self.log = PhoneLog()
        self._socket = UdpSocket(account.host)
        self._transactions = Transactions(self._socket, self.log, on_request)
        self._answers_digest = account.password is not None

    @property
    def host(self) -> str:
        return self._socket.host

    @property
    def address_of_socket(self) -> Address:
        return self._socket.host, self._socket.port

    @property
    def contact(self) -> str:
        """Our own URI, where the switch finds us."""
        user = self.account.user if self.account.user.isalnum() else "phone"
        return f"<sip:{user}@{self._socket.host}:{self._socket.port}>"

    def address(self, user: str, tag: str = "") -> str:
        """A From or To value for `user` at our switch."""
        host, port = self.account.server
        domain = host if port == 5060 else f"{host}:{port}"
        display = f'"{self.account.display}" ' if tag and self.account.display else ""
        return f"{display}<sip:{user}@{domain}>" + (f";tag={tag}" if tag else "")

    def uri(self, user: str) -> str:
        host, port = self.account.server
        return f"sip:{user}@{host}:{port}"

    def via(self) -> str:
        branch = f"z9hG4bK{token()}"
        return f"SIP/2.0/UDP {self._socket.host}:{self._socket.port};rport;branch={branch}"

    def start(
        self,
        request: Request,
        to: Address,
        on_provisional: Callable[[Response], None] | None = None,
    ) -> ClientTransaction:
        """Sends `request` once (and its repeats), without answering a challenge."""
        return self._transactions.request(request, to, on_provisional)

    async def ask(
        self,
        request: Request,
        to: Address,
        on_provisional: Callable[[Response], None] | None = None,
        on_start: Callable[[ClientTransaction], None] | None = None,
    ) -> ClientTransaction:
        """Sends `request`, answers one challenge, and is back with the final answer.

        `on_start` gets each attempt. NoAnswer after 32 s or when the phone dies.
        """
        client = self.start(request, to, on_provisional)
        if on_start is not None:
            on_start(client)
        response = await client.answer
        if response.status not in (401, 407) or not self._answers_digest:
            return client
        client = self.start(self._authorised(request, response), to, on_provisional)
        if on_start is not None:
            on_start(client)
        await client.answer
        return client

    def _authorised(self, request: Request, refusal: Response) -> Request:
        asked, given = ("WWW-Authenticate", "Authorization")
        if refusal.status == 407:
            asked, given = ("Proxy-Authenticate", "Proxy-Authorization")
        challenge = read_challenge(refusal.headers.need(asked))
        credentials = Credentials(self.account.user, self.account.password or "")
        cseq = CSeq.of(request)
        headers = Headers()
        for name, value in request.headers:
            fresh = {"via": self.via(), "cseq": f"{cseq.number + 1} {cseq.method}"}
            headers.add(name, fresh.get(name.lower(), value))
        headers.add(given, credentials.answer(challenge, request.method, request.uri, token()))
        return Request(request.method, request.uri, headers, request.body)

    def reply(self, server: ServerTransaction, answer: Answer) -> None:
        """Answers a request of theirs."""
        headers = answer_headers(server.request, answer.tag)
        headers.add("Contact", self.contact)
        headers.add("Allow", ALLOW)
        for name, value in answer.extra:
            headers.add(name, value)
        if answer.body:
            headers.add("Content-Type", "application/sdp")
        reason = REASONS.get(answer.status, "No Reason")
        server.respond(Response(answer.status, reason, headers, answer.body))

    def close(self) -> None:
        self._transactions.close()
