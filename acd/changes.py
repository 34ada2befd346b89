"""What a supervisor may change while calls wait; `Router.change` takes one of these."""

from dataclasses import dataclass

from acd.rules import Profile
from terms.ids import AgentId, CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPriority:
    """This call has that priority from now on; its queue's comes on top."""

    call: CallId
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProfile:
    """This agent offers that from now on, idle or not; a phone that rings for them rings on."""

    agent: AgentId
    profile: Profile
