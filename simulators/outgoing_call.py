"""A call that a phone makes."""

from collections.abc import Mapping

from simulators import sdp
from simulators.call import Call, Ending
from simulators.clock import wall_now
from simulators.milestone import Milestone, NotInTime, first_of
from simulators.phone_line import Line, token
from simulators.rtp import Media
from simulators.sip_dialog import Dialog
from simulators.sip_message import CSeq, Headers, Request, Response
from simulators.sip_transaction import ClientTransaction, NoAnswer


class OutgoingCall(Call):
    """A call that this phone makes."""

    def __init__(self, line: Line, media: Media, number: str) -> None:
        super().__init__(line, Dialog.to(line, number, token(), token()), media, number)
        self._accepted = Milestone()
        self._client: ClientTransaction | None = None
        self._giving_up = False

    async def run(self, extra: Mapping[str, str]) -> None:
        """Sends the INVITE and sees it through to its final answer."""
        invite = self._dialog.request(self.line, "INVITE", self.description(), extra)
        try:
            client = await self.line.ask(invite, self.line.account.server, self._provisional, self._started)
        except NoAnswer:
            self._end(Ending(at=wall_now(), by_us=False, how="lost", status=408))
            return
        response = client.answer.result()
        at = self.line.log.last(f"{response.status} INVITE", sent=False, call=self.id) or wall_now()
        if response.status >= 300:
            how = "CANCEL" if self._giving_up else "refused"
            reason = response.headers.get("Reason")
            ending = Ending(at=at, by_us=self._giving_up, how=how, status=response.status, reason=reason)
            self._end(ending)
            return
        self._dialog.number = CSeq.of(client.request).number
        self._dialog.accepted_by(response)
        client.acknowledge(self._dialog.acknowledge(self.line, client.request))
        if self.over.reached:  # we died meanwhile, or gave up and the answer crossed our CANCEL
            return
        self._talk(response)
        self.talking.reach(at)
        if self._giving_up:
            await super().hang_up()

    async def hang_up(self) -> None:
        """BYE, or CANCEL if nobody has answered yet; back when it is over."""
        if self.talking.reached or self.over.reached:
            await super().hang_up()
            return
        self._giving_up = True
        # Before a provisional answer a CANCEL could overtake its INVITE (RFC 3261, 9.1).
        await first_of(self._accepted, self.over, within_s=5.0)
        client = self._client
        if client is None or self.over.reached:
            return
        self.line.start(_cancel(client.request), self.line.account.server)
        if not await first_of(self.over, within_s=5.0):
            raise NotInTime(self._story("was not cancelled", 5.0))

    def _started(self, client: ClientTransaction) -> None:
        self._client = client

    def _provisional(self, response: Response) -> None:
        self._accepted.reach(wall_now())
        if response.status < 180:
            return
        what = f"{response.status} INVITE"
        self.rang.reach(self.line.log.last(what, sent=False, call=self.id) or wall_now())
        if response.body:
            self._talk(response)

    def _talk(self, response: Response) -> None:
        try:
            self.talk_by(response.body)
        except sdp.BadDescription:
            self.media.talk_to(None)


def _cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE: same branch, target and CSeq number (RFC 3261, 9.1)."""
    headers = Headers([("Via", invite.headers.need("Via")), ("Max-Forwards", "70")])
    for name in ("From", "To", "Call-ID"):
        headers.add(name, invite.headers.need(name))
    headers.add("CSeq", f"{CSeq.of(invite).number} CANCEL")
    for route in invite.headers.all("Route"):
        headers.add("Route", route)
    return Request("CANCEL", invite.uri, headers)
