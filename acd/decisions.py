"""What the router answers. Whoever asked performs them in the given order."""

from dataclasses import dataclass
from enum import StrEnum

from acd.explain import OfferReason
from terms.ids import AgentId, CallId, OfferId, QueueName


class Refusal(StrEnum):
    """Why an offer came to nothing. All but the last are told to the agent's desk."""

    NO_ANSWER = "no_answer"
    REJECT = "reject"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    AGENT_LEFT = "agent_left"  # paused or signed out: their own doing, known already


class DropReason(StrEnum):
    """Why an agent's phone must stop ringing."""

    CALLER_GONE = "caller_gone"
    CALL_MOVED = "call_moved"
    AGENT_LEFT = "agent_left"
    EXPIRED = "expired"
    STALE = "stale"  # that offer is closed, or the call rings elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Ring this agent for that call."""

    offer: OfferId  # a late answer names its offer, so a stale one is recognised
    call: CallId
    agent: AgentId
    ring_s: float  # give up after so many seconds of ringing
    reason: OfferReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAgentLeg:
    """Hang up the agent's leg of that offer. `agent` and `call` are None if the offer is long gone."""

    offer: OfferId
    agent: AgentId | None
    call: CallId | None
    why: DropReason


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeNotReady:
    """The agent missed an offer. They get no call until they are reported available again; whether
    they are not ready or go on is decided by the limits of their desk."""

    agent: AgentId
    why: Refusal
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Tell the caller their place. Never worse than what they heard before."""

    call: CallId
    position: int  # 1 is next
    expected_wait_s: float | None  # from now on; None: not trustworthy, say nothing about it
    nth: int  # 1 is the first announcement of this call, counted from its joining


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """The call now waits in queue `to`, with its old joined-at; None: the queue is full, the call was
    not taken."""

    call: CallId
    to: QueueName | None


Decision = Offer | DropAgentLeg | MakeNotReady | Announce | Overflow
