"""What may follow what in an agent's working day: one table, and nothing about it elsewhere.

Two rules keep it readable. Everything that decides whether a move is legal stands in TRANSITIONS.
And an entry says where an event *leads*, not what else may follow at the same instant: a booked
pause, a wrap-up of 0 s or a lost phone is a second event that `agents.book` applies at once, so
that what the outside sees is one change.

Entries that lead back to their own state are legal and mean that the wish is kept for later (a
pause during a talk), that it is true already (ready while ready), or that a signal came twice.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from agents.errors import IllegalMove
from terms.ids import AgentId


class AgentState(StrEnum):
    """Each second of a shift belongs to exactly one of these."""

    OFF = "off"
    READY = "ready"
    OFFERED = "offered"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"
    IN_DOUBT = "in_doubt"


class AgentEvent(StrEnum):
    """What can happen to a person: wishes of theirs, facts of their phone, our own timers and sweeps."""

    SIGN_IN = "sign_in"
    SET_READY = "set_ready"
    PAUSE = "pause"
    SIGN_OUT = "sign_out"
    OFFER = "offer"
    RING = "ring"
    ANSWER = "answer"
    HOLD = "hold"
    UNHOLD = "unhold"
    TALK_END = "talk_end"
    WRAP_UP_END = "wrap_up_end"
    OFFER_ENDED = "offer_ended"
    MISSED = "missed"
    PHONE_LOST = "phone_lost"
    PHONE_BACK = "phone_back"
    DOUBT = "doubt"
    SETTLE_READY = "settle_ready"
    SETTLE_RINGING = "settle_ringing"
    SETTLE_TALKING = "settle_talking"
    SETTLE_HOLD = "settle_hold"
    SETTLE_WRAP_UP = "settle_wrap_up"
    SETTLE_NOT_READY = "settle_not_ready"


LABELS: Mapping[AgentState, str] = MappingProxyType(
    {
        AgentState.OFF: "离线",
        AgentState.READY: "空闲",
        AgentState.OFFERED: "派话",
        AgentState.RINGING: "振铃",
        AgentState.TALKING: "通话",
        AgentState.HOLD: "保持",
        AgentState.WRAP_UP: "话后整理",
        AgentState.NOT_READY: "小休",
        AgentState.IN_DOUBT: "待核实",
    }
)
"""What boards and reports call a state. `not_ready` is shown by its reason where there is room."""

OFFER_STATES = frozenset({AgentState.OFFERED, AgentState.RINGING})
TALK_STATES = frozenset({AgentState.TALKING, AgentState.HOLD})

_S = AgentState
_E = AgentEvent

TRANSITIONS: Mapping[tuple[AgentState, AgentEvent], AgentState] = MappingProxyType(
    {
        (_S.OFF, _E.SIGN_IN): _S.READY,
        #
        (_S.READY, _E.SIGN_IN): _S.READY,
        (_S.READY, _E.SET_READY): _S.READY,
        (_S.READY, _E.PAUSE): _S.NOT_READY,
        (_S.READY, _E.SIGN_OUT): _S.OFF,
        (_S.READY, _E.OFFER): _S.OFFERED,
        (_S.READY, _E.PHONE_LOST): _S.NOT_READY,
        (_S.READY, _E.PHONE_BACK): _S.READY,
        (_S.READY, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.OFFERED, _E.SIGN_IN): _S.READY,
        (_S.OFFERED, _E.SET_READY): _S.OFFERED,
        (_S.OFFERED, _E.PAUSE): _S.OFFERED,
        (_S.OFFERED, _E.SIGN_OUT): _S.OFF,
        (_S.OFFERED, _E.RING): _S.RINGING,
        (_S.OFFERED, _E.ANSWER): _S.TALKING,
        (_S.OFFERED, _E.OFFER_ENDED): _S.READY,
        (_S.OFFERED, _E.MISSED): _S.NOT_READY,
        (_S.OFFERED, _E.PHONE_LOST): _S.NOT_READY,
        (_S.OFFERED, _E.PHONE_BACK): _S.OFFERED,
        (_S.OFFERED, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.RINGING, _E.SIGN_IN): _S.READY,
        (_S.RINGING, _E.SET_READY): _S.RINGING,
        (_S.RINGING, _E.PAUSE): _S.RINGING,
        (_S.RINGING, _E.SIGN_OUT): _S.OFF,
        (_S.RINGING, _E.RING): _S.RINGING,
        (_S.RINGING, _E.ANSWER): _S.TALKING,
        (_S.RINGING, _E.OFFER_ENDED): _S.READY,
        (_S.RINGING, _E.MISSED): _S.NOT_READY,
        (_S.RINGING, _E.PHONE_LOST): _S.NOT_READY,
        (_S.RINGING, _E.PHONE_BACK): _S.RINGING,
        (_S.RINGING, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.TALKING, _E.SET_READY): _S.TALKING,
        (_S.TALKING, _E.PAUSE): _S.TALKING,
        (_S.TALKING, _E.SIGN_OUT): _S.TALKING,
        (_S.TALKING, _E.HOLD): _S.HOLD,
        (_S.TALKING, _E.UNHOLD): _S.TALKING,
        (_S.TALKING, _E.TALK_END): _S.WRAP_UP,
        (_S.TALKING, _E.PHONE_LOST): _S.TALKING,
        (_S.TALKING, _E.PHONE_BACK): _S.TALKING,
        (_S.TALKING, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.HOLD, _E.SET_READY): _S.HOLD,
        (_S.HOLD, _E.PAUSE): _S.HOLD,
        (_S.HOLD, _E.SIGN_OUT): _S.HOLD,
        (_S.HOLD, _E.HOLD): _S.HOLD,
        (_S.HOLD, _E.UNHOLD): _S.TALKING,
        (_S.HOLD, _E.TALK_END): _S.WRAP_UP,
        (_S.HOLD, _E.PHONE_LOST): _S.HOLD,
        (_S.HOLD, _E.PHONE_BACK): _S.HOLD,
        (_S.HOLD, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.WRAP_UP, _E.SIGN_IN): _S.WRAP_UP,
        (_S.WRAP_UP, _E.SET_READY): _S.READY,
        (_S.WRAP_UP, _E.PAUSE): _S.NOT_READY,
        (_S.WRAP_UP, _E.SIGN_OUT): _S.OFF,
        (_S.WRAP_UP, _E.WRAP_UP_END): _S.READY,
        (_S.WRAP_UP, _E.PHONE_LOST): _S.WRAP_UP,
        (_S.WRAP_UP, _E.PHONE_BACK): _S.WRAP_UP,
        (_S.WRAP_UP, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.NOT_READY, _E.SIGN_IN): _S.READY,
        (_S.NOT_READY, _E.SET_READY): _S.READY,
        (_S.NOT_READY, _E.PAUSE): _S.NOT_READY,
        (_S.NOT_READY, _E.SIGN_OUT): _S.OFF,
        (_S.NOT_READY, _E.PHONE_LOST): _S.NOT_READY,
        (_S.NOT_READY, _E.PHONE_BACK): _S.READY,
        (_S.NOT_READY, _E.DOUBT): _S.IN_DOUBT,
        #
        (_S.IN_DOUBT, _E.SET_READY): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.PAUSE): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.SIGN_OUT): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.PHONE_LOST): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.PHONE_BACK): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.DOUBT): _S.IN_DOUBT,
        (_S.IN_DOUBT, _E.SETTLE_READY): _S.READY,
        (_S.IN_DOUBT, _E.SETTLE_RINGING): _S.RINGING,
        (_S.IN_DOUBT, _E.SETTLE_TALKING): _S.TALKING,
        (_S.IN_DOUBT, _E.SETTLE_HOLD): _S.HOLD,
        (_S.IN_DOUBT, _E.SETTLE_WRAP_UP): _S.WRAP_UP,
        (_S.IN_DOUBT, _E.SETTLE_NOT_READY): _S.NOT_READY,
    }
)


def next_state(agent: AgentId, state: AgentState, event: AgentEvent) -> AgentState:
    """Where `event` leads from `state`. IllegalMove, naming `agent`, if the table does not say."""
    target = TRANSITIONS.get((state, event))
    if target is None:
        possible = [known for here, known in TRANSITIONS if here is state]
        raise IllegalMove(agent, state, event, possible)
    return target
