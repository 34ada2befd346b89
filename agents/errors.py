"""What can be wrong with a request to the agents' book; each says how to mend it."""

from collections.abc import Iterable

from terms.ids import AgentId, SeatId


class AgentError(Exception):
    """Base of all below. Raised before anything is changed."""


class UnknownAgent(AgentError):
    """Nobody of the configuration has this 工号."""

    def __init__(self, agent: str) -> None:
        super().__init__(f"no person has the number '{agent}'; people are listed in agents.yaml")
        self.agent = agent


class UnknownSeat(AgentError):
    """No seat of the configuration has this extension."""

    def __init__(self, seat: str) -> None:
        super().__init__(f"there is no seat '{seat}'; seats are listed in agents.yaml")
        self.seat = seat


class SeatTaken(AgentError):
    """Somebody is talking to a citizen on that phone."""

    def __init__(self, seat: SeatId, holder: AgentId) -> None:
        super().__init__(
            f"seat {seat}: agent {holder} has a call there; sign in when it has ended, or at another seat"
        )
        self.seat = seat
        self.holder = holder


class IllegalMove(AgentError):
    """The table of states does not know this event in this state."""

    def __init__(self, agent: AgentId, state: str, event: str, possible: Iterable[str]) -> None:
        super().__init__(
            f"agent {agent}: '{event}' is not possible in state '{state}'; possible: {', '.join(possible)}"
        )
        self.agent = agent
        self.state = state
        self.event = event


class DeskUnreadable(AgentError):
    """A stored desk that is garbled or was written by another version."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"stored desk of {where}: {what}; the person has to sign in again")
