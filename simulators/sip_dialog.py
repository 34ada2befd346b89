"""What both sides know of one call, and the requests that follow from it (RFC 3261, section 12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.phone_line import ALLOW, Line
from simulators.sip_message import (
    CSeq,
    Headers,
    Request,
    Response,
    host_and_port_of,
    parameter,
    uri_of,
)
from simulators.udp import Address


@dataclass(slots=True)
class Dialog:
    call_id: str
    ours: str
    """Our From value, with tag."""
    theirs: str
    """Our To value; has a tag once they gave one."""
    target: str
    """Their Contact URI."""
    number: int = 0
    """Our latest CSeq."""
    routes: list[str] = field(default_factory=list)

    def request(
        self, line: Line, method: str, body: str = "", extra: Mapping[str, str] | None = None
    ) -> Request:
        """The next request of ours."""
        self.number += 1
        return self._build(line, method, self.number, body, extra or {})

    def acknowledge(self, line: Line, invite: Request) -> Request:
        """The ACK of a 2xx to `invite`."""
        return self._build(line, "ACK", CSeq.of(invite).number, "", {})

    def _build(self, line: Line, method: str, number: int, body: str, extra: Mapping[str, str]) -> Request:
        headers = Headers([("Via", line.via()), ("Max-Forwards", "70")])
        headers.add("From", self.ours)
        headers.add("To", self.theirs)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {method}")
        for route in self.routes:
            headers.add("Route", route)
        if method not in ("BYE", "ACK"):
            headers.add("Contact", line.contact)
            headers.add("Allow", ALLOW)
        headers.add("User-Agent", "Rexian phone")
        for name, value in extra.items():
            headers.add(name, value)
        if body:
            headers.add("Content-Type", "application/sdp")
        return Request(method, self.target, headers, body)

    @classmethod
    def to(cls, line: Line, user: str, call_id: str, tag: str) -> "Dialog":
        """The dialog of a call that we are about to make to `user`."""
        ours = line.address(line.account.user, tag)
        return cls(call_id=call_id, ours=ours, theirs=line.address(user), target=line.uri(user))

    @classmethod
    def of(cls, invite: Request, tag: str) -> "Dialog":
        """The dialog of a call that they are making to us."""
        headers = invite.headers
        return cls(
            call_id=headers.need("Call-ID"),
            ours=f"{headers.need('To')};tag={tag}",
            theirs=headers.need("From"),
            target=uri_of(headers.need("Contact")),
            routes=headers.all("Record-Route"),
        )

    def accepted_by(self, response: Response) -> None:
        """Takes their tag, contact and route from an answer to our INVITE."""
        headers = response.headers
        if parameter("tag", headers.need("To")):
            self.theirs = headers.need("To")
        if headers.get("Contact"):
            self.target = uri_of(headers.get("Contact"))
        self.routes = headers.all("Record-Route")[::-1]

    def refreshed_by(self, response: Response) -> None:
        """Takes their newest contact from an answer to a re-INVITE; the route stays."""
        if response.headers.get("Contact"):
            self.target = uri_of(response.headers.get("Contact"))

    @property
    def our_tag(self) -> str:
        return parameter("tag", self.ours)

    @property
    def their_tag(self) -> str:
        return parameter("tag", self.theirs)

    @property
    def next_hop(self) -> Address:
        """Where our next request goes."""
        return host_and_port_of(uri_of(self.routes[0]) if self.routes else self.target)
