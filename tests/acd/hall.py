"""A small hall to tell stories in: names for people, seconds for times, the decisions so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from acd.decisions import Announce, Decision, DropAgentLeg, DropReason, MakeNotReady, Offer, Overflow, Refusal
from acd.router import Router
from acd.rules import Profile, QueueRule, Stage, Waiting
from terms.ids import AgentId, CallId, OfferId, QueueName, SkillName
from terms.instant import SECOND, Instant, after
from terms.skills import Need, need

OPENING = Instant(1_790_000_000 * SECOND)
CITIZEN, ENTERPRISE = QueueName("citizen"), QueueName("enterprise")

SILENT = 1e6

_D = TypeVar("_D", Offer, DropAgentLeg, MakeNotReady, Announce, Overflow)


def skills(**levels: int) -> Need:
    """`skills(mandarin=2)`, sorted."""
    return need({SkillName(skill): level for skill, level in levels.items()})


def queue(name: str = "citizen", *stages: Stage, **changed: object) -> QueueRule:
    """A queue that anybody can serve, that rings 15 s and says nothing."""
    usual: dict[str, object] = {
        "ring_s": 15.0,
        "announce_first_s": SILENT,
        "announce_every_s": 30.0,
        "capacity": 0,
        "handling_s": 180.0,
    }
    stages = stages or (Stage(after_s=0, need=()),)
    return QueueRule(name=QueueName(name), stages=stages, **(usual | changed))  # type: ignore[arg-type]


def profile(levels: Need = (), *queues: str) -> Profile:
    """Of somebody with these skills who serves these queues, both of the usual ones if none is named."""
    return Profile(skills=levels, queues=frozenset(map(QueueName, queues or ("citizen", "enterprise"))))


@dataclass
class Hall:
    """Router, clock and memory. Every verb takes `at`, in seconds after opening, and moves the clock."""

    rules: Sequence[QueueRule] = (queue(), queue("enterprise"))
    decisions: list[Decision] = field(default_factory=list)
    router: Router = field(init=False)
    _now: Instant = OPENING
    _seq: int = 0
    _profiles: dict[str, Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.router = Router(self.rules, "o-")

    def at(self, seconds: float | None) -> Instant:
        """That moment of the day; None is the moment of the last event."""
        self._now = self._now if seconds is None else after(OPENING, seconds)
        return self._now

    def _note(self, decisions: list[Decision]) -> list[Decision]:
        self.decisions += decisions
        return decisions

    def agent(
        self, name: str, who: Profile | None = None, *, at: float | None = None, idle: float | None = None
    ) -> list[Decision]:
        """`name` is available, idle since second `idle`."""
        self._profiles[name] = who or self._profiles.get(name) or profile()
        now = self.at(at)
        since = None if idle is None else after(OPENING, idle)
        return self._note(self.router.agent_available(AgentId(name), self._profiles[name], now, since))

    def busy(self, name: str, who: Profile | None = None, *, at: float | None = None) -> list[Decision]:
        """`name` is signed in and has something else to do."""
        self._profiles[name] = who or self._profiles.get(name) or profile()
        return self._note(self.router.agent_occupied(AgentId(name), self._profiles[name], self.at(at)))

    def gone(self, name: str, *, at: float | None = None) -> list[Decision]:
        """`name` paused or went home."""
        return self._note(self.router.agent_gone(AgentId(name), self.at(at)))

    def caller(
        self, name: str, to: str = "citizen", *, at: float | None = None, **known: object
    ) -> list[Decision]:
        """`name` joins the queue; `joined` is the second they joined if that was earlier."""
        now = self.at(at)
        joined = known.pop("joined", None)
        self._seq += 1
        waiting = Waiting(
            call=CallId(name),
            queue=QueueName(to),
            joined_at=now if joined is None else after(OPENING, float(str(joined))),
            seq=self._seq,
            **known,  # type: ignore[arg-type]
        )
        adopted = joined is not None
        return self._note(self.router.enqueue(waiting, now, adopted=adopted))

    def hangs_up(self, name: str, *, at: float | None = None) -> list[Decision]:
        """The caller is gone."""
        return self._note(self.router.withdraw(CallId(name), self.at(at)))

    def answers(self, agent: str, *, at: float | None = None) -> list[Decision]:
        """`agent` picks up what rings."""
        return self._note(self.router.answered(self.rings_at(agent), self.at(at)))

    def refuses(
        self, agent: str, why: Refusal = Refusal.NO_ANSWER, *, at: float | None = None
    ) -> list[Decision]:
        """`agent` does not."""
        return self._note(self.router.refused(self.rings_at(agent), why, self.at(at)))

    def wait_until(self, at: float) -> list[Decision]:
        """Nothing happens but what is due."""
        return self._note(self.router.advance(self.at(at)))

    def rings_at(self, agent: str) -> OfferId:
        """The offer for which `agent`'s phone rings."""
        ringing = {view.agent: view.offer for view in self.router.waiting(self._now)}
        offer = ringing.get(AgentId(agent))
        assert offer is not None, f"nothing rings at {agent}"
        return offer

    def ringing(self) -> Mapping[str, str]:
        """Whose phone rings for whom."""
        return {str(view.call): str(view.agent) for view in self.router.waiting(self._now) if view.agent}

    def line(self, name: str = "citizen") -> list[str]:
        """Who waits in a queue for a phone to ring, the next first."""
        return [
            str(view.call)
            for view in self.router.waiting(self._now)
            if view.queue == name and view.offer is None
        ]


def only(kind: type[_D], decisions: Sequence[Decision]) -> list[_D]:
    """The decisions of one kind."""
    return [decision for decision in decisions if isinstance(decision, kind)]


def offers(decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    """(caller, agent) of the offers among them, in order."""
    return [(str(offer.call), str(offer.agent)) for offer in only(Offer, decisions)]


def dropped(decisions: Sequence[Decision]) -> list[tuple[str, DropReason]]:
    """(agent, why) of the phones that must stop ringing."""
    return [(str(drop.agent), drop.why) for drop in only(DropAgentLeg, decisions)]
