"""Waiting for an agent: music, announcements, keys, and phones that ring, until one is answered."""

import json
from functools import partial

from acd.decisions import Announce, DropAgentLeg, Offer, Overflow, Refusal
from acd.explain import as_data
from cdr.journey import StepKind
from ivr.actions import Key, MoveQueue, Play
from rexian.engine.caller import Call, NoticeOver
from rexian.engine.leg import AgentLeg, LegAnswered, LegFailed, LegGone, LegOf, LegRang, LegStage
from rexian.engine.menu import advance, move_queue, speak, waiting
from rexian.engine.state import Stage
from rexian.telephony import events
from terms.ids import AgentId, ChannelId, PromptId, QueueName

TO_ANYBODY = PromptId("e.plain")
MINUTE_S = 60
LONGEST_WAIT_MIN = 10
MOST_AHEAD = 99

_as_json = json.JSONEncoder(separators=(",", ":")).encode


async def wait_for_agent(call: Call) -> AgentLeg:
    """Until an agent has picked up and may be connected.

    The citizen keeps hearing music and announcements while phones ring; a notice that has to be
    heard to its end is waited for with the agent already on the line.
    """
    answered = call.leg if call.leg is not None and call.leg.stage is LegStage.ANSWERED else None
    if call.notice is not None:
        call.notice.add_done_callback(lambda _: call.inbox.put(NoticeOver()))
    while True:
        leg = call.leg
        # The leg's stage runs ahead of its news: a phone that answers at once must still be told of first.
        is_there = leg is not None and leg is answered and leg.stage is LegStage.ANSWERED
        if leg is not None and is_there and (call.notice is None or call.notice.done()):
            return leg
        message = await call.inbox.get()
        match message:
            case Offer():
                ring(call, message)
            case Announce():
                announce(call, message)
            case Overflow(to=to) if to is not None:
                overflowed(call, to)
            case Overflow():
                raise QueueFull(call.state.queue)
            case DropAgentLeg(offer=offer, why=why) if leg is not None and leg.of.offer == offer:
                _give_up(call, leg, why.value)
            case events.KeyPressed(digit=digit):
                _on_key(call, digit)
            case LegRang() | LegAnswered() | LegFailed() | LegGone() if message.leg is leg:
                _on_leg(call, message)
                answered = leg if isinstance(message, LegAnswered) else answered
            case _:
                pass  # the notice is through, or late news of a phone that was given back meanwhile


class QueueFull(Exception):
    """The queue takes nobody any more; the citizen has to be told."""


def overflowed(call: Call, to: QueueName) -> None:
    """The router has moved the call on, with its old joined-at."""
    call.go(Stage.QUEUE, queue=to)
    call.note(StepKind.MOVED, queue=to)
    speak(call, (TO_ANYBODY,))


def _on_key(call: Call, digit: str) -> None:
    """Keys of a citizen who waits: another queue, or a word; never a wait in here, never a place lost."""
    for action in advance(call, Key(digit=digit)):
        match action:
            case MoveQueue(queue=queue, prompts=prompts):
                move_queue(call, queue, prompts)
            case Play(prompts=prompts):
                speak(call, prompts)


def _on_leg(call: Call, news: LegRang | LegAnswered | LegFailed | LegGone) -> None:
    of = news.leg.of
    match news:
        case LegRang():
            call.note(StepKind.RINGING, offer=of.offer, agent=of.agent)
            call.house.dispatch.ringing(of.agent)
            _say_who_serves(call, of.agent)
        case LegAnswered():
            call.note(StepKind.AGENT_ANSWERED, offer=of.offer, agent=of.agent)
            call.house.dispatch.answered(of.offer, of.agent)
        case LegFailed(why=why):
            call.note(StepKind.REFUSED, offer=of.offer, agent=of.agent, why=why.value)
            call.leg = None
            _remember_tried(call, of.agent)
            call.house.dispatch.refused(of.offer, why)
        case LegGone():
            back_to_the_queue(call, news.leg, "the agent hung up before the citizen was there")


def _say_who_serves(call: Call, agent: AgentId) -> None:
    """A citizen who is served by somebody without the skill their queue first asks for is told so."""
    queue = call.state.queue or QueueName("")
    words = call.house.city.stage_words.get(queue, ())
    said = words[call.offered_in_stage] if call.offered_in_stage < len(words) else None
    if said is not None and not call.house.dispatch.is_specialist(agent, queue):
        speak(call, (said,))


def ring(call: Call, offer: Offer) -> None:
    """Call the agent's phone; the citizen's music goes on."""
    house = call.house
    seat = house.dispatch.book.desk(offer.agent).seat
    if seat is None or seat not in house.endpoints:
        house.dispatch.refused(offer.offer, Refusal.UNREACHABLE)
        return
    of = LegOf(call=call.id, offer=offer.offer, agent=offer.agent, seat=seat)
    leg = AgentLeg(house.switch, of, ChannelId(f"leg-{offer.offer}"), call.inbox.put)
    call.claim_leg(leg)
    call.offered_in_stage = offer.reason.stage
    call.note(
        StepKind.OFFERED,
        offer=offer.offer,
        agent=offer.agent,
        seat=seat,
        reason=_as_json(as_data(offer.reason)),
    )
    shown = f'"{call.state.queue}" <{call.state.ani or "anonymous"}>'
    house.lines.when_free(seat, partial(leg.ring, house.endpoints[seat], shown, offer.ring_s))


def announce(call: Call, told: Announce) -> None:
    """Place and expected wait in turn, one prompt at a time so that an answer can cut it at once."""
    if call.line.speaking or (call.leg is not None and call.leg.stage is LegStage.ANSWERED):
        return
    words = call.house.city.menus.waiting_words if told.nth == 1 else ()
    prompts = words or (announcement(told),)
    call.note(StepKind.ANNOUNCED, prompts=list(prompts))
    call.go(
        Stage.QUEUE, told_position=told.position, told_wait_s=told.expected_wait_s or call.state.told_wait_s
    )
    speak(call, prompts)


def announcement(told: Announce) -> PromptId:
    """The one sentence for this announcement: odd ones tell the place, even ones the wait, if it is known."""
    if told.nth % 2 == 0 and told.expected_wait_s is not None:
        minutes = max(-(-int(told.expected_wait_s) // MINUTE_S), 1)
        return PromptId("q.long" if minutes > LONGEST_WAIT_MIN else f"q.wait.{minutes}")
    if told.nth % 2 == 0 and told.position > 1:
        return PromptId("q.still")
    ahead = told.position - 1
    if ahead == 0:
        return PromptId("q.next")
    return PromptId(f"q.pos.{ahead}" if ahead <= MOST_AHEAD else "q.still")


def back_to_the_queue(call: Call, leg: AgentLeg, why: str, first: PromptId | None = None) -> None:
    """The agent was lost after the answer: the citizen gets the old place again, by the time of joining."""
    call.note(StepKind.REFUSED, offer=leg.of.offer, agent=leg.of.agent, why=Refusal.AGENT_LEFT.value)
    call.note(StepKind.NOTED, what=why)
    call.drop_leg()
    call.house.dispatch.talk_ended(leg.of.agent, call.id)
    _remember_tried(call, leg.of.agent)
    call.house.dispatch.enqueue(waiting(call), again=True)
    if first is not None:
        call.line.say(first)
    call.line.music(on=True)


def _give_up(call: Call, leg: AgentLeg, why: str) -> None:
    call.note(StepKind.REFUSED, offer=leg.of.offer, agent=leg.of.agent, why=why)
    _remember_tried(call, leg.of.agent)
    call.drop_leg()


def _remember_tried(call: Call, agent: AgentId) -> None:
    tried = (*(a for a in call.state.tried if a != agent), agent)
    call.go(Stage.QUEUE, tried=tried, agent=None, seat=None, leg=None, command=None)
