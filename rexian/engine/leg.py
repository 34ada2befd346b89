"""The agent's phone, rung for one offer: what became of it, in one word.

The switch tells it in pieces (an answer to the action, a dial state, a hang-up, or for a phone that
isn't registered no channel at all); this module puts them together. Source: the table "The agent's
phone" in docs/telephony.md.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from acd.decisions import Refusal
from rexian.telephony import events
from rexian.telephony.errors import ChannelLost
from rexian.telephony.switch import Switch
from terms.ids import AgentId, CallId, ChannelId, OfferId, SeatId

NO_SIGN_OF_LIFE_S = 1.8
"""A phone that hasn't begun to ring by then is taken for dead: the citizen's wait goes on elsewhere."""
NO_CHANNEL_S = 0.3
"""After "failed" the hang-up of the leg follows within a millisecond, if there was a leg at all."""

DROP_AGAIN_S = 0.03
MOST_DROPS = 50
"""A leg that is dropped in the breath in which it was called may not have a channel yet."""

LEG_CONTEXT = "agent-leg"
ORIGINATE_TIMED_OUT = 3


class LegStage(StrEnum):
    """How far the phone's side is."""

    CALLED = "called"
    RINGING = "ringing"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LegRang:
    """The phone rings."""

    leg: "AgentLeg"


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The agent picked up; nobody is connected yet."""

    leg: "AgentLeg"


@dataclass(frozen=True, slots=True)
class LegFailed:
    """The phone was not answered."""

    leg: "AgentLeg"
    why: Refusal


@dataclass(frozen=True, slots=True)
class LegGone:
    """A phone that had answered is gone; `cause` is a Q.850 number, 44 when its RTP fell silent."""

    leg: "AgentLeg"
    cause: int
    by_phone: bool


LegNews = LegRang | LegAnswered | LegFailed | LegGone


def why_not(tech_cause: str, *, timed_out: bool, rang: bool) -> Refusal:
    """The reason for an unanswered phone, from its SIP code.

    Busy and rejected are the phone's own answers; silence after ringing is "no answer"; all else
    means that nobody could have heard it ring.
    """
    code = "".join(digit for digit in tech_cause if digit.isdigit())[-3:]
    if timed_out:
        return Refusal.NO_ANSWER if rang else Refusal.UNREACHABLE
    if code in ("486", "600"):
        return Refusal.BUSY
    if code in ("603", "607", "608") or (rang and code in ("403", "480", "487")):
        return Refusal.REJECT
    if rang and code == "408":
        return Refusal.NO_ANSWER
    return Refusal.UNREACHABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOf:
    """Whom a leg belongs to; written into the leg's channel variable so that an adopter can tell."""

    call: CallId
    offer: OfferId
    agent: AgentId
    seat: SeatId

    def encode(self) -> str:
        """As the channel variable's text."""
        return f"1|{self.call}|{self.offer}|{self.agent}|{self.seat}"

    @classmethod
    def decode(cls, text: str) -> "LegOf | None":
        """None for a text that isn't ours or is of another version."""
        parts = text.split("|")
        if len(parts) != 5 or parts[0] != "1":
            return None
        return cls(
            call=CallId(parts[1]), offer=OfferId(parts[2]), agent=AgentId(parts[3]), seat=SeatId(parts[4])
        )


class AgentLeg:
    """One ringing of one phone. `tell` hears each piece of news once, in order."""

    def __init__(
        self, switch: Switch, of: LegOf, channel: ChannelId, tell: Callable[[LegNews], None]
    ) -> None:
        self._switch = switch
        self._tell = tell
        self.of = of
        self.channel = channel
        self.name = ""
        self.stage = LegStage.CALLED
        self.rang = False
        self.begun = False
        """The switch has been asked for it: there may be a channel."""
        self._timed_out = False
        self._by_phone = False
        self._drops = 0
        self._gone = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def hung_up_by_phone(self) -> bool:
        """The agent's phone asked for the end, as opposed to having vanished."""
        return self._by_phone

    def ring(self, endpoint: str, caller_id: str, ring_s: float) -> None:
        """Call the phone; it is given up after `ring_s` seconds, or NO_SIGN_OF_LIFE_S without ringing.

        Does nothing for a leg that was dropped before its phone was free.
        """
        if self.stage is LegStage.OVER:
            return
        self.begun = True
        self._switch.originate(
            endpoint=f"PJSIP/{endpoint}",
            channel_id=self.channel,
            context=LEG_CONTEXT,
            exten="s",
            caller_id=caller_id,
            timeout_s=ring_s,
            variables={"__REXIAN_LEG": self.of.encode(), "TRANSFER_CONTEXT": "xfer"},
        )
        self._expect_sign_of_life()

    def _expect_sign_of_life(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(NO_SIGN_OF_LIFE_S, self._lifeless)

    def adopt(self, name: str, stage: LegStage) -> None:
        """Go on with a leg that another engine had called."""
        self.name, self.stage, self.begun = name, stage, True
        self.rang = stage is not LegStage.CALLED
        if stage is LegStage.CALLED:
            self._expect_sign_of_life()

    def on_event(self, event: events.SwitchEvent) -> None:
        """Facts from the switch that name this leg's channel."""
        match event:
            case events.LegRinging() if self.stage is LegStage.CALLED:
                self.stage, self.rang = LegStage.RINGING, True
                self._calm()
                self._tell(LegRang(self))
            case events.ChannelInAgi(name=name) if self.stage in (LegStage.CALLED, LegStage.RINGING):
                self.stage, self.name = LegStage.ANSWERED, name
                self._calm()
                self._tell(LegAnswered(self))
            case events.HangupRequested():
                self._by_phone = True
            case events.OriginateDone(ok=False, reason=reason) if self.stage is not LegStage.ANSWERED:
                self._timed_out, self._gone = reason == ORIGINATE_TIMED_OUT, True
                self._calm()
                self._timer = asyncio.get_running_loop().call_later(NO_CHANNEL_S, self._end, "")
            case events.ChannelGone(cause=cause, tech_cause=tech_cause):
                self._gone = True
                self._end(tech_cause, cause)

    def drop(self) -> None:
        """Stop the phone at once: a ringing one gets CANCEL, one that has answered a BYE. No news follows."""
        if self.stage is not LegStage.OVER:
            self.stage = LegStage.OVER
            self._calm()
            if self.begun:
                self._hang_up()

    def _hang_up(self) -> None:
        """Until the channel's end is known (`_calm`): the switch makes it some time after it was asked to."""
        self._drops += 1
        self._switch.hangup(self.channel).add_done_callback(self._hung_up)

    def _hung_up(self, asked: "asyncio.Future[Any]") -> None:
        missed = not asked.cancelled() and isinstance(asked.exception(), ChannelLost)
        if missed and not self._gone and self._drops < MOST_DROPS:
            self._timer = asyncio.get_running_loop().call_later(DROP_AGAIN_S, self._hang_up)

    def _lifeless(self) -> None:
        if self.stage is LegStage.CALLED:
            self._end("")
            self._hang_up()

    def _end(self, tech_cause: str, cause: int = 0) -> None:
        before, self.stage = self.stage, LegStage.OVER
        self._calm()
        if before is LegStage.ANSWERED:
            self._tell(LegGone(self, cause, self._by_phone))
        elif before is not LegStage.OVER:
            why = why_not(tech_cause, timed_out=self._timed_out, rang=self.rang)
            self._tell(LegFailed(self, why))

    def _calm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
