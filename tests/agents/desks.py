"""A small office to tell stories in: five people, six phones, seconds for times."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.book import AgentBook
from agents.desk import Change, Desk
from agents.people import Limits, Person, Seat
from agents.states import AgentEvent, AgentState
from terms.ids import AgentId, CallId, QueueName, SeatId
from terms.instant import SECOND, Instant, after

MORNING = Instant(1_790_000_000 * SECOND)
NAMES = {"李娜": "1001", "陈伟": "1002", "普红": "1003", "白玉": "1004", "刀玉": "1005"}
PEOPLE = [
    Person(agent=AgentId(n), name=name, pin="0000", skills=(), queues=frozenset({QueueName("citizen")}))
    for name, n in NAMES.items()
]
SEATS = [Seat(seat=SeatId(f"800{n}"), usual_agent=None) for n in range(1, 7)]
LI, CHEN = AgentId("1001"), AgentId("1002")
WINDOW, DOOR = SeatId("8001"), SeatId("8002")
CALL, OTHER_CALL = CallId("c1"), CallId("c2")


def limits(**changed: float) -> Limits:
    """Of the demo city, but for what a test says."""
    usual: dict[str, float] = {
        "after_call_work_s": 60.0,
        "ring_s": 15.0,
        "no_answer_limit": 1,
        "reject_limit": 1,
        "busy_limit": 1,
        "unreachable_limit": 1,
    }
    return Limits(**(usual | changed))  # type: ignore[arg-type]


@dataclass
class Office:
    """The book and its clock: each verb takes place `at` that second, or at the last one."""

    limits: Limits = field(default_factory=limits)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = MORNING
        self.book = AgentBook(PEOPLE, SEATS, self.limits, MORNING)

    def at(self, seconds: float) -> "Office":
        """The same office, then."""
        self.now = after(MORNING, seconds)
        return self

    def does(self, verb: str, *arguments: object, **rest: object) -> list[Change]:
        """Apply one of the book's verbs now."""
        changes: list[Change] = getattr(self.book, verb)(*arguments, now=self.now, **rest)
        self.changes += changes
        return changes

    def brings(self, agent: AgentId, *verbs: str) -> "Office":
        """Apply verbs that take nothing but the agent, and `offered` with CALL."""
        for verb in verbs:
            arguments = (agent, CALL) if verb == "offered" else (agent,)
            self.does(verb, *arguments)
        return self

    def li(self) -> Desk:
        """李娜's desk."""
        return self.book.desk(LI)


WAY_TO: dict[AgentState, Sequence[str]] = {
    AgentState.OFF: (),
    AgentState.READY: ("sign_in",),
    AgentState.OFFERED: ("sign_in", "offered"),
    AgentState.RINGING: ("sign_in", "offered", "ringing"),
    AgentState.TALKING: ("sign_in", "offered", "answered"),
    AgentState.HOLD: ("sign_in", "offered", "answered", "held"),
    AgentState.WRAP_UP: ("sign_in", "offered", "answered", "talk_ended"),
    AgentState.NOT_READY: ("sign_in", "pause"),
    AgentState.IN_DOUBT: ("sign_in", "doubt"),
}
"""How 李娜 gets from home into each state."""


def an_office_where_li_is(state: AgentState, office: Office | None = None) -> Office:
    """李娜 at WINDOW in `state` since the fifth second."""
    office = (office or Office()).at(5)
    for verb in WAY_TO[state]:
        more: dict[str, tuple[object, ...]] = {"sign_in": (WINDOW,), "offered": (CALL,), "pause": ("用餐",)}
        office.does(verb, LI, *more.get(verb, ()))
    assert office.li().state is state
    return office


VERB_OF: dict[AgentEvent, tuple[str, tuple[object, ...]]] = {
    AgentEvent.SIGN_IN: ("sign_in", (LI, DOOR)),
    AgentEvent.SET_READY: ("set_ready", (LI,)),
    AgentEvent.PAUSE: ("pause", (LI, "休息")),
    AgentEvent.SIGN_OUT: ("sign_out", (LI,)),
    AgentEvent.OFFER: ("offered", (LI, OTHER_CALL)),
    AgentEvent.RING: ("ringing", (LI,)),
    AgentEvent.ANSWER: ("answered", (LI,)),
    AgentEvent.HOLD: ("held", (LI,)),
    AgentEvent.UNHOLD: ("unheld", (LI,)),
    AgentEvent.TALK_END: ("talk_ended", (LI,)),
    AgentEvent.OFFER_ENDED: ("offer_over", (LI,)),
    AgentEvent.MISSED: ("missed", (LI, "no_answer")),
    AgentEvent.DOUBT: ("doubt", (LI,)),
    AgentEvent.SETTLE_READY: ("settled_free", (LI,)),
    AgentEvent.SETTLE_RINGING: ("settled_ringing", (LI, CALL)),
    AgentEvent.SETTLE_TALKING: ("settled_talking", (LI, CALL)),
}
"""The verb by which the outside causes an event. The rest (timers, phones) can't be asked for illegally."""
