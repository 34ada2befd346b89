"""One citizen's call, from the greeting to the goodbye: read `serve` from top to bottom.

The parts of the story live beside it: menu.py, waiting.py, talking.py. A call that is adopted from
another engine enters at its stage and goes on from there; a stage therefore begins with nothing but
the call's state in hand.
"""

import structlog

from cdr.journey import StepKind
from rexian.engine.caller import Call
from rexian.engine.inbox import CallerHungUp
from rexian.engine.menu import join_queue, walk_menu
from rexian.engine.state import Stage
from rexian.engine.talking import ask_for_rating, connect, say_goodbye, talk
from rexian.engine.waiting import QueueFull, wait_for_agent
from rexian.telephony.errors import ChannelLost, LinkLost
from terms.ids import PromptId

log = structlog.get_logger()

MOST_FAILURES = 2
"""A story that ended in a bug of ours is begun again in the queue this often, then the citizen is told."""
NO_SERVICE, GOODBYE = PromptId("f.leave"), PromptId("bye")
CAUSE_FAILURE = 41  # Q.850: temporary failure


async def serve(call: Call, *, adopted: bool = False) -> None:
    """The story. CallerHungUp may arise at any await and ends it; nothing else does, but a bug."""
    if call.state.stage is Stage.MENU:
        await walk_menu(call, adopted=adopted)
    while call.state.stage in (Stage.QUEUE, Stage.TALK):
        if call.state.stage is Stage.QUEUE:
            connect(call, await wait_for_agent(call))
        await talk(call)
    if call.state.stage is Stage.RATING:
        await ask_for_rating(call)
    await say_goodbye(call)


async def run(call: Call, *, adopted: bool = False) -> None:
    """The supervisor of one call: whatever happens in it, its record is closed and no other call is touched.

    A cancellation or a lost link means that this engine is leaving, not the citizen: the record
    stays open on purpose, the next engine adopts the call.
    """
    while True:
        try:
            await serve(call, adopted=adopted)
        except (CallerHungUp, ChannelLost):
            call.close()
            return
        except LinkLost:
            return
        except QueueFull:
            send_away(call, "overflowed")
            return
        except Exception:
            log.exception("a call's story failed", call=call.id, stage=call.state.stage.value)
            if not start_over(call):
                return
            adopted = True


def send_away(call: Call, outcome: str | None, words: PromptId = NO_SERVICE) -> None:
    """One last sentence, which the switch plays by itself; the record is closed now."""
    call.line.say(words)
    call.line.send("HANGUP")
    call.close(outcome=outcome, by="system")


def start_over(call: Call) -> bool:
    """After a bug: back into the queue, to a person; the second time a sentence and the end. False: ended."""
    stage, failures = call.state.stage, call.state.failures + 1
    call.note(StepKind.NOTED, what="a fault of the engine", stage=stage.value, failures=failures)
    if failures >= MOST_FAILURES or stage in (Stage.RATING, Stage.GOODBYE):
        served = stage in (Stage.RATING, Stage.GOODBYE)
        send_away(call, None if served else "failed", GOODBYE if served else NO_SERVICE)
        return False
    call.house.dispatch.withdraw(call.id)
    call.drop_leg()
    if stage is Stage.TALK and call.state.agent is not None:
        call.house.dispatch.talk_ended(call.state.agent, call.id)
    call.go(Stage.QUEUE, failures=failures, agent=None, seat=None, leg=None, command=None)
    join_queue(call, call.state.queue or call.house.city.menus.person.queue)
    return True
