"""A call that comes to a phone, and what phones are in the habit of doing with one."""

import asyncio
from dataclasses import dataclass

from simulators import sdp
from simulators.call import Call, Ending
from simulators.clock import wall_now
from simulators.milestone import CallOver
from simulators.phone_line import Answer, Line, token
from simulators.rtp import Media
from simulators.sip_dialog import Dialog
from simulators.sip_message import Request, display_name_of, user_of
from simulators.sip_transaction import ServerTransaction


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring after a while, and leave the rest to the test (which may let it ring for ever)."""

    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PickUp:
    """Ring at once and answer by itself after a while."""

    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse with a status: 486 busy, 603 decline, 480 do not disturb …"""

    status: int = 486
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StayMute:
    """Take the INVITE and say nothing at all, as a phone does that hangs."""


Reaction = Ring | PickUp | Refuse | StayMute


class IncomingCall(Call):
    """A call to this phone."""

    def __init__(self, line: Line, media: Media, invite: ServerTransaction) -> None:
        self._tag = token()
        sender = invite.request.headers.need("From")
        super().__init__(line, Dialog.of(invite.request, self._tag), media, user_of(sender))
        self.begun_at = invite.received_at
        self.display = display_name_of(sender)
        """The caller's name as the phone would show it."""
        self._invite = invite

    @property
    def invite(self) -> Request:
        """Their INVITE, for its headers."""
        return self._invite.request

    async def react(self, reaction: Reaction, on_ringing: asyncio.Queue["IncomingCall"]) -> None:
        """Does what a phone with this habit does; a call that rings goes to `on_ringing`."""
        if isinstance(reaction, StayMute):
            return
        if isinstance(reaction, Refuse):
            await asyncio.sleep(reaction.after_s)
            self.refuse(reaction.status)
            return
        self._answer_with(100)
        if isinstance(reaction, Ring):
            await asyncio.sleep(reaction.after_s)
        if self.over.reached:
            return
        self._answer_with(180)
        self.rang.reach(wall_now())
        on_ringing.put_nowait(self)
        if isinstance(reaction, PickUp):
            await asyncio.sleep(reaction.after_s)
            if not self.over.reached:
                await self.answer()

    async def answer(self, within_s: float = 5.0) -> None:
        """Sends 200 OK and sound; back when the ACK is here.

        CallOver if the caller has gone, NotInTime if no ACK comes.
        """
        self._raise_if_over("answer")
        try:
            theirs = self.talk_by(self.invite.body)
        except sdp.BadDescription:
            self.refuse(488)
            self._raise_if_over("answer")
            raise
        body = self.description(theirs.direction.answered, theirs.keys)
        self._answer_with(200, body)
        self._invite.acknowledged.add_done_callback(self._acknowledged)
        await self._reach(self.talking, within_s, "got no ACK")

    def refuse(self, status: int = 486) -> None:
        """Refuses the ringing call."""
        if self.over.reached or self._invite.answered:
            return
        self._answer_with(status)
        self._end(Ending(at=wall_now(), by_us=True, how="refused", status=status))

    async def hang_up(self) -> None:
        """BYE, or 486 if we have not answered yet."""
        if self._invite.answered:
            await super().hang_up()
        else:
            self.refuse()

    def on_request(self, server: ServerTransaction) -> None:
        if server.request.method != "CANCEL":
            super().on_request(server)
            return
        self._reply(server, 200)
        if not self._invite.answered:
            self._answer_with(487)
            reason = server.request.headers.get("Reason")
            at = server.received_at
            self._end(Ending(at=at, by_us=False, how="CANCEL", status=487, reason=reason))

    def _answer_with(self, status: int, body: str = "") -> None:
        tag = self._tag if status > 100 else ""
        self.line.reply(self._invite, Answer(status, tag, body))

    def _acknowledged(self, acknowledged: asyncio.Future[None]) -> None:
        if acknowledged.exception() is None:
            self.talking.reach(wall_now())
        elif not self.over.reached:
            self._end(Ending(at=wall_now(), by_us=True, how="lost"))

    def _raise_if_over(self, what: str) -> None:
        if self.over.reached:
            raise CallOver(f"cannot {what} the call from {self.number}: it ended, {self.ending}")
