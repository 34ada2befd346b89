"""From the agent's answer to the goodbye: connect, talk, rating."""

from typing import TYPE_CHECKING

from cdr.journey import StepKind
from rexian.engine.caller import Call, CommandOver
from rexian.engine.inbox import CallerHungUp
from rexian.engine.leg import AgentLeg, LegGone
from rexian.engine.line import KEYS
from rexian.engine.state import Stage
from rexian.engine.waiting import back_to_the_queue
from rexian.telephony import events
from rexian.telephony.agi import AgiResult, quoted
from terms.ids import PromptId

if TYPE_CHECKING:
    import asyncio

SCORES = "12345"
WHO_LEFT_S = 0.5
GONE_S = 2.0


def connect(call: Call, leg: AgentLeg) -> None:
    """Join the two, in one breath: what the citizen hears is cut, both hear who is speaking, then they talk.

    The music has to be switched off by itself: a bridge doesn't end it, and it would play on inside
    the talk.
    """
    house, line, of = call.house, call.line, leg.of
    name = PromptId(f"a.gonghao.{of.agent}")
    line.cut()
    line.music(on=False)
    line.say(name)
    house.switch.agi(leg.channel, f'STREAM FILE {house.city.prompts.sound(name)} ""')
    house.switch.setvar(leg.channel, "TIMEOUT(absolute)", "0")
    recording = house.recordings.begin(call.id, call.state.recording) if house.city.recording else None
    if recording is not None:
        line.send(f"EXEC MixMonitor {quoted(f'{recording.file},{recording.options}')}")
    command = f"bridge-{of.offer}"
    call.bridge = line.send(f"EXEC Bridge {leg.name}", command_id=command)
    call.go(
        Stage.TALK,
        agent=of.agent,
        seat=of.seat,
        leg=str(leg.channel),
        command=command,
        recording=recording.id if recording else call.state.recording,
    )


async def talk(call: Call) -> None:
    """Until the talk is over and the citizen is still there; on to the rating, or back to the queue."""
    leg, bridge = call.leg, call.bridge
    assert leg is not None
    assert bridge is not None
    bridge.add_done_callback(lambda done: call.inbox.put(CommandOver(_result(done))))
    gone: LegGone | None = None
    while True:
        match await call.inbox.get():
            case CommandOver():
                break
            case events.KeyPressed():
                call.keys_ignored += 1
            case events.Held():
                call.note(StepKind.HELD)
                call.house.dispatch.held(leg.of.agent, call.id, on=True)
            case events.Unheld():
                call.note(StepKind.UNHELD)
                call.house.dispatch.held(leg.of.agent, call.id, on=False)
            case LegGone() as news if news.leg is leg:
                gone = news
    await _after_talk(call, leg, gone)


async def _after_talk(call: Call, leg: AgentLeg, gone: LegGone | None) -> None:
    call.bridge = None
    call.line.send("EXEC StopMixMonitor")
    result = await call.line.do("GET VARIABLE BRIDGERESULT")
    if not call.together:
        back_to_the_queue(call, leg, f"the bridge never was: {result.data or 'no result'}")
        return
    if gone is None and not leg.hung_up_by_phone:
        gone = await _wait_for_end(call, leg)
    if leg.hung_up_by_phone or (gone is not None and gone.by_phone):
        call.note(StepKind.TALK_ENDED, by="agent")
        call.drop_leg()
        call.house.dispatch.talk_ended(leg.of.agent, call.id)
        call.go(Stage.RATING, leg=None, command=None)
        return
    call.note(StepKind.TALK_ENDED, by="system")
    back_to_the_queue(call, leg, "the agent's phone was lost in the talk", first=PromptId("r.other"))


async def _wait_for_end(call: Call, leg: AgentLeg) -> LegGone | None:
    """The bridge's end comes a moment before the news of how the agent's leg ended."""
    while True:
        message = await call.inbox.get(WHO_LEFT_S)
        if message is None or (isinstance(message, LegGone) and message.leg is leg):
            return message


async def ask_for_rating(call: Call) -> None:
    """One question, asked twice at most over the whole life of the call, whoever serves it."""
    call.forget_keys()
    city = call.house.city
    while call.state.asked <= city.rating_repeats:
        call.go(Stage.RATING, asked=call.state.asked + 1)
        call.note(StepKind.RATING_ASKED)
        key = await call.ask((PromptId("s.ask"),), city.rating_wait_s, KEYS)
        if key is not None and key in SCORES:
            call.note(StepKind.RATED, score=int(key))
            call.go(Stage.GOODBYE, rated=True)
            return
    call.go(Stage.GOODBYE)


async def say_goodbye(call: Call) -> None:
    """Thanks or goodbye, then the line is ours to end."""
    await call.line.play(PromptId("s.thanks" if call.state.rated else "bye"))
    call.line.hang_up()
    while await call.inbox.get(GONE_S) is not None:
        pass
    raise CallerHungUp()


def _result(done: "asyncio.Future[AgiResult]") -> AgiResult | None:
    return None if done.cancelled() or done.exception() is not None else done.result()
