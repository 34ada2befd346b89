"""Feature codes: what an agent dials from the seat's phone to sign in, pause, come back or leave.

Each code is answered, confirmed by one spoken sentence, and then the engine hangs up.
"""

import asyncio
import hmac
from dataclasses import dataclass

import structlog

from agents.errors import AgentError
from rexian.engine.caller import House
from rexian.engine.inbox import CallerHungUp, Inbox
from rexian.engine.line import Line
from rexian.telephony import events
from rexian.telephony.errors import ChannelLost, LinkLost
from terms.ids import AgentId, ChannelId, PromptId, SeatId

log = structlog.get_logger()

PIN_TRIES = 3
PIN_DIGITS = 12
FIRST_DIGIT_MS = 8_000
ECHO_S = 60

IN, READY, PAUSED, OUT = PromptId("k.in"), PromptId("k.ready"), PromptId("k.pause"), PromptId("k.out")
ASK_PIN, WRONG = PromptId("k.pin"), PromptId("k.wrong")


class SeatCall:
    """A seat's own call to the engine."""

    def __init__(self, house: House, channel: ChannelId, seat: SeatId, dialled: str) -> None:
        self.house, self.seat, self.dialled = house, seat, dialled
        self.line = Line(house.switch, channel, house.city.prompts.sound)
        self.inbox: Inbox[events.SwitchEvent] = Inbox()

    def on_event(self, event: events.SwitchEvent) -> None:
        """Only the end matters here; digits come as the result of GET DATA."""
        if isinstance(event, events.ChannelGone):
            self.inbox.fail(CallerHungUp(event.cause))


@dataclass(frozen=True, slots=True)
class Code:
    """A feature code taken apart: `*401008` is sign-in of 1008, `*412` is pause for reason 2."""

    verb: str
    rest: str


def parse(dialled: str) -> Code | None:
    """None for anything that is no feature code of ours."""
    verb, rest = dialled[:3], dialled[3:].removeprefix("*")
    if verb in ("*40", "*41") and ((rest.isascii() and rest.isdigit()) or not rest):
        return Code(verb, rest)
    return Code(verb, "") if verb in ("*42", "*43", "*44") and not rest else None


async def serve_seat(call: SeatCall) -> None:
    """From the answer to the confirmation; a phone that hangs up early changes nothing that was done."""
    try:
        said = await perform(call)
        if said is not None:
            await call.line.play(said)
        call.line.hang_up()
    except (CallerHungUp, ChannelLost, LinkLost):
        return


async def perform(call: SeatCall) -> PromptId | None:
    """Carry the code out; the sentence that says so."""
    code = parse(call.dialled)
    if code is None:
        return WRONG
    if code.verb == "*43":
        await asyncio.wait_for(call.line.do("EXEC Echo"), ECHO_S)
        return None
    try:
        return await sign_in(call, code.rest) if code.verb == "*40" else change(call, code)
    except AgentError as refused:
        log.info("a feature code was refused", seat=call.seat, code=code.verb, why=str(refused))
        return WRONG


def change(call: SeatCall, code: Code) -> PromptId:
    """Pause, ready, sign out: of the person who sits here; nobody there is a wrong code."""
    dispatch = call.house.dispatch
    desk = dispatch.book.at_seat(call.seat)
    if desk is None:
        return WRONG
    agent = desk.agent
    match code.verb:
        case "*41":
            reason = call.house.city.reasons.get(code.rest or "2")
            if reason is None:
                return WRONG
            dispatch.pause(agent, reason)
            return PAUSED
        case "*42":
            dispatch.set_ready(agent)
            return READY
        case _:
            dispatch.sign_out(agent)
            return OUT


async def sign_in(call: SeatCall, number: str) -> PromptId:
    """The seat's usual person, or whoever's 工号 was dialled and who knows the PIN."""
    city, dispatch = call.house.city, call.house.dispatch
    if not number:
        usual = next(seat.usual_agent for seat in city.seats if seat.seat == call.seat)
        if usual is None:
            return WRONG
        dispatch.sign_in(usual, call.seat)
        return IN
    person = next((person for person in city.people if person.agent == number), None)
    for attempt in range(PIN_TRIES):
        prompt = ASK_PIN if attempt == 0 else WRONG
        asked = f"GET DATA {city.prompts.sound(prompt)} {FIRST_DIGIT_MS} {PIN_DIGITS}"
        typed = (await call.line.do(asked)).value
        if person is not None and typed and hmac.compare_digest(typed.encode(), person.pin.encode()):
            dispatch.sign_in(AgentId(number), call.seat)
            return IN
    return WRONG
