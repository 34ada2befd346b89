"""One call at one phone: what both directions share once somebody has dialled."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from simulators import sdp
from simulators.clock import wall_now
from simulators.hearing import PACKET_S, Hearing
from simulators.milestone import CallOver, CallRefused, Milestone, NotInTime, first_of
from simulators.phone_line import Answer, Line, token
from simulators.rtp import Media
from simulators.sdp import Description, Direction
from simulators.sip_dialog import Dialog
from simulators.sip_message import CSeq, Headers, Response
from simulators.sip_transaction import NoAnswer, ServerTransaction
from terms.instant import Instant, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a call ended at this phone."""

    at: Instant
    by_us: bool
    how: str
    """`BYE`, `CANCEL`, `refused` (by a status), `lost` (no answer, no ACK) or `died`."""
    status: int | None = None
    reason: str = ""
    """Their Reason header, such as `Q.850;cause=16`."""


class Call:
    """A conversation or the attempt at one. Made by `Phone.dial` or handed out by `Phone.ringing`.

    Times are wall-clock instants of this phone: `rang.at`, `answered_at`, `ended_at`.
    """

    def __init__(self, line: Line, dialog: Dialog, media: Media, number: str) -> None:
        self.line = line
        self.id = dialog.call_id
        self.number = number
        """The other side's number: dialled, or as the caller's INVITE gives it."""
        self.media = media
        self.begun_at = wall_now()
        """When the INVITE was sent or received."""
        self.rang = Milestone()
        """We heard (or sent) ringing."""
        self.talking = Milestone()
        """The 200 OK was received (or its ACK, for a call to us)."""
        self.over = Milestone()
        self.ending: Ending | None = None
        self.transferred = Milestone()
        self.transfer_status = 0
        """The last status that a NOTIFY reported for our REFER."""
        self.held = False
        self._dialog = dialog
        self._sdp_version = 0

    # -- what a test asks ------------------------------------------------------------------------

    @property
    def answered_at(self) -> Instant | None:
        return self.talking.at

    @property
    def ended_at(self) -> Instant | None:
        return self.over.at

    @property
    def hearing(self) -> Hearing:
        """All that this phone has heard in this call so far."""
        return self.media.listen()

    async def answered(self, within_s: float = 10.0) -> None:
        """Waits until both can talk. CallRefused, CallOver, or NotInTime after `within_s`."""
        await self._reach(self.talking, within_s, "was not answered")

    async def ringing(self, within_s: float = 10.0) -> None:
        """Waits for 180 or 183. CallRefused, CallOver, or NotInTime after `within_s`."""
        await self._reach(self.rang, within_s, "did not ring")

    async def ended(self, within_s: float = 10.0) -> Ending:
        """Waits for the end, whoever brings it. NotInTime after `within_s`."""
        if not await first_of(self.over, within_s=within_s):
            raise NotInTime(self._story("did not end", within_s))
        assert self.ending is not None
        return self.ending

    async def hears(self, hz: int, within_s: float = 5.0) -> Instant:
        """Waits until the tone is there, and says since when. NotInTime after `within_s`."""
        since = wall_now()
        deadline = after(since, within_s)
        unheard = since
        while (now := wall_now()) < deadline:
            at = self.hearing.first_heard(hz, unheard)
            if at is not None:
                return at
            # Don't search all of a long wait again: what is not found yet began in the last packets.
            unheard = max(since, after(now, -5 * PACKET_S))
            await asyncio.sleep(PACKET_S)
        heard = sorted(self.hearing.heard(since))
        raise NotInTime(f"{self._story(f'brought no {hz} Hz', within_s)}\n  heard instead: {heard} Hz")

    async def listens(self, seconds: float) -> Instant:
        """Waits until so much sound has come in, and says since when: a window for `hearing`.

        NotInTime if it takes a second longer than the sound is long.
        """
        since = wall_now()
        deadline = after(since, seconds + 1)
        wanted = self.hearing.packets + round(seconds / PACKET_S)
        while self.hearing.packets < wanted:
            if wall_now() > deadline:
                raise NotInTime(self._story(f"brought less than {seconds:g} s of sound", seconds + 1))
            await asyncio.sleep(PACKET_S)
        return since

    def save_wav(self, path: Path) -> None:
        """Writes what this phone heard."""
        self.hearing.save_wav(path)

    # -- what a test does ------------------------------------------------------------------------

    async def press(self, keys: str, tone_ms: int = 100, pause_ms: int = 100) -> None:
        """Presses keys one after the other (RFC 4733); back when the last pause is over."""
        await self.media.press(keys, tone_ms, pause_ms)

    async def hang_up(self) -> None:
        """Ends an answered call with BYE; back when the other side has confirmed."""
        if self.over.reached:
            return
        self._end(Ending(at=wall_now(), by_us=True, how="BYE"))
        try:
            await self._ask("BYE")
        except NoAnswer:
            return  # nobody is there any more; the call is over all the same

    async def hold(self, direction: Direction = Direction.SEND) -> None:
        """Puts the other side on hold (`sendonly`, or `inactive`), and sends no more sound."""
        await self._offer(direction)
        self.held = True
        self.media.talk_to(None)

    async def unhold(self) -> None:
        """Takes the other side back."""
        theirs = await self._offer(Direction.BOTH)
        self.held = False
        self.media.talk_to((theirs.host, theirs.port), theirs.keys)

    async def transfer(self, number: str, within_s: float = 5.0) -> int:
        """Blind transfer: REFER to `number`, wait for the outcome, hang up if it went well.

        Returns the last status reported (200: done). CallRefused if the REFER itself is refused,
        NotInTime if no final NOTIFY comes.
        """
        return await self._refer(f"<{self.line.uri(number)}>", within_s)

    async def transfer_to(self, other: "Call", within_s: float = 5.0) -> int:
        """Attended transfer: joins the other sides of this call and of `other` (RFC 3891), as above."""
        replaces = quote(other.as_replaced(), safe="")
        return await self._refer(f"<{self.line.uri(other.number)}?Replaces={replaces}>", within_s)

    def as_replaced(self) -> str:
        """This call as the party at its other end knows it: the value of a Replaces header."""
        return f"{self.id};to-tag={self._dialog.their_tag};from-tag={self._dialog.our_tag}"

    async def _refer(self, target: str, within_s: float) -> int:
        self.transferred, self.transfer_status = Milestone(), 0
        response = await self._ask("REFER", extra={"Refer-To": target, "Referred-By": self.line.contact})
        if response.status >= 300:
            raise CallRefused(response.status, f"REFER to {target} got {response.status}")
        if not await first_of(self.transferred, within_s=within_s):
            raise NotInTime(self._story("got no news of its transfer", within_s))
        if self.transfer_status < 300:
            await self.hang_up()
        return self.transfer_status

    # -- what the phone does ---------------------------------------------------------------------

    def on_request(self, server: ServerTransaction) -> None:
        """A request inside this call."""
        method = server.request.method
        if method in ("INVITE", "UPDATE"):
            self._changed(server)
        elif method == "BYE":
            self._reply(server, 200)
            reason = server.request.headers.get("Reason")
            self._end(Ending(at=server.received_at, by_us=False, how="BYE", reason=reason))
        elif method == "NOTIFY":
            self._reply(server, 200)
            self._notified(server.request.body)
        elif method in ("INFO", "OPTIONS", "MESSAGE"):
            self._reply(server, 200)
        else:
            self._reply(server, 603)

    def die(self) -> None:
        """The phone is gone: no BYE."""
        self._end(Ending(at=wall_now(), by_us=True, how="died"))

    def description(self, direction: Direction = Direction.BOTH, keys: int | None = sdp.KEYS) -> str:
        """Our next offer or answer."""
        self._sdp_version += 1
        host, port = self.line.host, self.media.port
        return Description(host, port, direction, keys, self._sdp_version).to_text()

    def talk_by(self, text: str) -> Description:
        """Sends sound where their description says."""
        theirs = sdp.read(text)
        wanted = theirs.direction in (Direction.BOTH, Direction.RECEIVE) and not self.held
        self.media.talk_to((theirs.host, theirs.port) if wanted else None, theirs.keys)
        return theirs

    def _changed(self, server: ServerTransaction) -> None:
        if not server.request.body:
            body = self.description() if server.request.method == "INVITE" else ""
            self._reply(server, 200, body)
            return
        try:
            theirs = self.talk_by(server.request.body)
        except sdp.BadDescription:
            self._reply(server, 488)
            return
        direction = Direction.SEND if self.held else theirs.direction.answered
        self._reply(server, 200, self.description(direction, theirs.keys))

    async def _offer(self, direction: Direction) -> Description:
        response = await self._ask("INVITE", self.description(direction))
        if response.status >= 300:
            raise CallRefused(response.status, f"re-INVITE {direction} got {response.status}")
        return sdp.read(response.body)

    async def _ask(self, method: str, body: str = "", extra: Mapping[str, str] | None = None) -> Response:
        request = self._dialog.request(self.line, method, body, extra)
        client = await self.line.ask(request, self._dialog.next_hop)
        self._dialog.number = CSeq.of(client.request).number
        response = client.answer.result()
        if method == "INVITE" and response.status < 300:
            self._dialog.refreshed_by(response)
            client.acknowledge(self._dialog.acknowledge(self.line, client.request))
        return response

    def _notified(self, fragment: str) -> None:
        words = fragment.split()
        if len(words) >= 2 and words[0] == "SIP/2.0" and words[1].isdecimal():
            self.transfer_status = int(words[1])
            if self.transfer_status >= 200:
                self.transferred.reach(wall_now())

    def _reply(
        self, server: ServerTransaction, status: int, body: str = "", headers: Headers | None = None
    ) -> None:
        self.line.reply(server, Answer(status, token(), body, list(headers or ())))

    def _end(self, ending: Ending) -> None:
        if self.over.reached:
            return
        self.ending = ending
        self.media.close()
        self.over.reach(ending.at)

    async def _reach(self, milestone: Milestone, within_s: float, what: str) -> None:
        if not await first_of(milestone, self.over, within_s=within_s):
            raise NotInTime(self._story(what, within_s))
        if milestone.reached:
            return
        assert self.ending is not None
        if self.ending.status is not None:
            text = f"the call to {self.number} got {self.ending.status}"
            raise CallRefused(self.ending.status, f"{text}\n{self.line.log.tail()}")
        raise CallOver(f"the call with {self.number} {what}: it is over, {self.ending}")

    def _story(self, what: str, within_s: float) -> str:
        who = self.line.account.extension or self.line.account.user
        return (
            f"phone {who}: the call with {self.number} {what} within {within_s:g} s. "
            f"What the phone saw last:\n{self.line.log.tail()}"
        )
