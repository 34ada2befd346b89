"""A citizen's call as its coroutine holds it: line, state that travels, mailbox, agent's leg."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from acd.decisions import Decision
from cdr.journey import Step, StepKind
from rexian.engine.city import City
from rexian.engine.clock import Clock
from rexian.engine.dispatch import Dispatch
from rexian.engine.inbox import CallerHungUp, Inbox
from rexian.engine.ledger import Ledger
from rexian.engine.leg import AgentLeg, LegNews, LegStage
from rexian.engine.line import Line
from rexian.engine.phone_lines import PhoneLines
from rexian.engine.recordings import Recordings
from rexian.engine.state import CallState, Stage
from rexian.telephony import events
from rexian.telephony.agi import AgiResult
from rexian.telephony.switch import Switch
from terms.ids import CallId, ChannelId, PromptId, SeatId
from terms.instant import seconds_between

STATE_VARIABLE = "REXIAN_STATE"
SAME_KEY_S = 0.15
"""No finger, and no dialler that anybody uses, presses one key twice in so short a time."""
MOST_KEYS_AHEAD = 12
NORMAL_CLEARING = 16  # Q.850; the switch gives 0 for a BYE


@dataclass(frozen=True, slots=True)
class CommandOver:
    """A command that the story didn't wait for is through. None: its channel went first."""

    result: AgiResult | None


@dataclass(frozen=True, slots=True)
class NoticeOver:
    """The notice that had to be heard to its end is through."""


Message = Decision | LegNews | events.SwitchEvent | CommandOver | NoticeOver


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a call needs of the engine that serves it."""

    city: City
    clock: Clock
    switch: Switch
    dispatch: Dispatch
    ledger: Ledger
    recordings: Recordings
    endpoints: Mapping[SeatId, str]
    lines: PhoneLines
    claim: Callable[[ChannelId, Callable[[events.SwitchEvent], None]], None]
    """From now on the events of this channel go there."""


class Call:
    """A citizen's call in the hands of its coroutine."""

    def __init__(self, house: House, channel: ChannelId, state: CallState, seq: int) -> None:
        self.house = house
        self.state = state
        self.seq = seq
        """Settles who came first among calls of the same microsecond."""
        self.line = Line(house.switch, channel, house.city.prompts.sound)
        self.inbox: Inbox[Message] = Inbox()
        self.leg: AgentLeg | None = None
        self.bridge: asyncio.Future[AgiResult] | None = None
        self.notice: asyncio.Future[AgiResult] | None = None
        """While it runs, citizen and agent may not be connected."""
        self.together = False
        """Citizen and agent are, or were until a moment ago, in one bridge."""
        self.offered_in_stage = 0
        self.cause = 0
        self.keys_ignored = 0
        """Keys that no question was there for; the journey tells of them once."""
        self._asked_to_hang_up = False
        self._closed = False
        self._last_key = ("", state.started_at)

    @property
    def id(self) -> CallId:
        return self.state.call

    def note(self, kind: StepKind, **data: Any) -> None:
        """Write a step of the journey down, in the journal before anything else happens."""
        self.house.ledger.step(self.id, Step(at=self.house.clock.now(), kind=kind, data=data))

    def go(self, stage: Stage, **changes: Any) -> None:
        """On to a stage, with a new state that travels with the channel."""
        self.state = self.state.at(stage, **changes)
        self.line.variable(STATE_VARIABLE, self.state.encode())

    def on_event(self, event: events.SwitchEvent) -> None:
        """Facts from the switch about the citizen's channel."""
        match event:
            case events.HangupRequested():
                self._asked_to_hang_up = True
            case events.ChannelGone(cause=cause):
                self.cause = cause
                self.inbox.fail(CallerHungUp(cause))
            case events.KeyPressed():
                self._take_key(event)
            case events.BridgeEntered() if self.leg is not None and not self.together:
                # Past the mailbox: a hang-up overtakes what waits there, and a short talk was one too.
                self.together = True
                of = self.leg.of
                self.note(StepKind.CONNECTED, agent=of.agent, seat=of.seat, recording=self.state.recording)

    def _take_key(self, key: events.KeyPressed) -> None:
        """No menu wants so many keys ahead; somebody who leans on the keypad must not fill the mailbox.

        A short key is told twice by the switch: the same digit again at once is the same key.
        """
        now, last = self.house.clock.now(), self._last_key
        self._last_key = (key.digit, now)
        if key.digit == last[0] and seconds_between(last[1], now) < SAME_KEY_S:
            return
        if self.inbox.count(events.KeyPressed) < MOST_KEYS_AHEAD:
            self.inbox.put(key)
        else:
            self.keys_ignored += 1

    def on_leg_event(self, leg: AgentLeg, event: events.SwitchEvent) -> None:
        """Facts from the switch about an agent's leg, one that was given back among them."""
        if isinstance(event, events.Held | events.Unheld):
            if leg is self.leg:
                self.inbox.put(event)
            return
        leg.on_event(event)
        if isinstance(event, events.ChannelGone) or (
            isinstance(event, events.OriginateDone) and not event.ok
        ):
            self.house.lines.gone(leg.of.seat, leg.channel)
        if isinstance(event, events.HangupRequested) and leg is self.leg and self.together:
            # Past the mailbox: this phone can ring for the next citizen while the switch clears up here.
            self.house.dispatch.talk_ended(leg.of.agent, self.id)

    def claim_leg(self, leg: AgentLeg) -> None:
        """`leg` works for this call; its channel's events come here."""
        self.leg, self.together = leg, False
        self.house.claim(leg.channel, partial(self.on_leg_event, leg))

    def drop_leg(self) -> None:
        """The agent's phone stops at once, if one is ringing or connected."""
        if self.leg is not None:
            if self.leg.begun and self.leg.stage is not LegStage.OVER:
                self.house.lines.leaving(self.leg.of.seat, self.leg.channel)
            self.leg.drop()
            self.leg = None

    def forget_keys(self) -> None:
        """Keys pressed in a talk are not an answer to the question after it."""
        self.keys_ignored += self.inbox.count(events.KeyPressed)
        self.inbox.discard(events.KeyPressed)

    async def ask(self, prompts: tuple[PromptId, ...], wait_s: float, keys: str) -> str | None:
        """The first key, pressed in a prompt or up to `wait_s` after it; None if nobody pressed one.

        Only DTMFEnd events count: a key of the result would be counted twice, and a key pressed
        between two commands has no result at all. A key that came before makes the prompt superfluous.
        """
        for prompt in prompts:
            if self.inbox.holds(events.KeyPressed):
                break
            await self.line.play(prompt, keys)
        waiting = self.inbox.holds(events.KeyPressed)
        deadline = asyncio.get_running_loop().time() + (0 if waiting else wait_s)
        while True:
            left_s = deadline - asyncio.get_running_loop().time()
            message = await self.inbox.get(max(left_s, 0))
            if isinstance(message, events.KeyPressed):
                return message.digit
            if message is None and left_s <= 0:
                return None

    def close(self, outcome: str | None = None, by: str | None = None) -> None:
        """End the record. Synchronous and once: an `await` here could be cancelled and lose it."""
        if self._closed:
            return
        self._closed = True
        stage = self.state.stage
        if stage is Stage.TALK and self.state.agent is not None:
            self.note(StepKind.TALK_ENDED, by=by or "citizen")
            self.house.dispatch.talk_ended(self.state.agent, self.id)
        if stage is Stage.QUEUE:
            self.house.dispatch.withdraw(self.id)
        self.drop_leg()
        ended_by = by or ("citizen" if self._asked_to_hang_up else "system")
        if self.keys_ignored:
            self.note(StepKind.NOTED, what="keys pressed that nobody had asked for", keys=self.keys_ignored)
        cause = self.cause or (NORMAL_CLEARING if self._asked_to_hang_up else 0)
        self.note(StepKind.ENDED, by=ended_by, cause=cause or None, outcome=outcome)
        self.house.ledger.close(self.id)
        self.house.recordings.finish(self.state.recording)
