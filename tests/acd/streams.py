"""Random days for two routers at once: whatever one decides, the other must have decided too.

Times lie on a grid of half seconds, so that ties and events at the very moment of a deadline are
frequent. The events are drawn from what the naive router knows, so a day is a function of its seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from acd.changes import NewPriority, NewProfile
from acd.decisions import Decision, Offer, Refusal
from acd.router import Router
from acd.rules import Fit, Profile, QueueRule, Stage, Waiting
from simulators.naive_router import GRACE_S, NaiveRouter, Pairing
from terms.ids import AgentId, CallId, OfferId, QueueName, SkillName
from terms.instant import SECOND, Instant, after
from terms.skills import Need, need
from tests.acd.books import check_books

BASE = Instant(1_790_000_000 * SECOND)
TICK = SECOND // 2
CITIZEN, ENTERPRISE, LANGUAGE, NIGHT = (
    QueueName(name) for name in ("citizen", "enterprise", "language", "night")
)


def skills(**levels: int) -> Need:
    return need({SkillName(skill): level for skill, level in levels.items()})


def rule(name: QueueName, *stages: Stage, **rest: object) -> QueueRule:
    defaults: dict[str, object] = {
        "ring_s": 6.0,
        "announce_first_s": 4.0,
        "announce_every_s": 10.0,
        "capacity": 0,
        "handling_s": 180.0,
    }
    return QueueRule(name=name, stages=stages, **(defaults | rest))  # type: ignore[arg-type]


RULES = (
    rule(
        CITIZEN,
        Stage(after_s=0, need=skills(mandarin=2)),
        Stage(after_s=8, need=skills(mandarin=1)),
        Stage(after_s=20, need=(), boost=5),
        capacity=9,
    ),
    rule(
        ENTERPRISE,
        Stage(after_s=0, need=skills(enterprise=3, mandarin=1)),
        Stage(after_s=6, need=skills(enterprise=1)),
        Stage(after_s=15, need=(), overflow=CITIZEN),
        slope=2000,
        priority=3,
        fit=Fit.HIGHEST_LEVEL,
    ),
    rule(
        LANGUAGE,
        Stage(after_s=0, need=skills(yi=1)),
        Stage(after_s=12, need=(), overflow=NIGHT),
        slope=500,
        announce_first_s=0.0,
        announce_every_s=0.0,
    ),
    rule(
        NIGHT, Stage(after_s=0, need=()), Stage(after_s=30, need=(), boost=40), slope=0, announce_first_s=7.5
    ),
)

PROFILES = (
    Profile(skills=skills(mandarin=1), queues=frozenset({CITIZEN})),
    Profile(skills=skills(mandarin=2), queues=frozenset({CITIZEN, NIGHT})),
    Profile(skills=skills(mandarin=3, enterprise=1), queues=frozenset({CITIZEN, ENTERPRISE})),
    Profile(skills=skills(mandarin=1, enterprise=4), queues=frozenset({ENTERPRISE})),
    Profile(
        skills=skills(mandarin=2, enterprise=3, yi=2),
        queues=frozenset({CITIZEN, ENTERPRISE, LANGUAGE, NIGHT}),
    ),
    Profile(skills=skills(yi=1), queues=frozenset({LANGUAGE, NIGHT})),
    Profile(skills=(), queues=frozenset({CITIZEN, NIGHT})),
)

AGENTS = tuple(AgentId(str(1001 + n)) for n in range(6))


def pairs(decisions: Sequence[object]) -> list[Pairing]:
    """The offers among the decisions of either router, in order."""
    found = []
    for decision in decisions:
        if isinstance(decision, Pairing):
            found.append(decision)
        elif isinstance(decision, Offer):
            offer, call, agent = decision.offer, decision.call, decision.agent
            found.append(Pairing(offer=offer, call=call, agent=agent, ring_s=decision.ring_s))
    return found


def others(decisions: Sequence[object]) -> list[str]:
    """All that are no offers, sorted: their order among each other is free."""
    return sorted(repr(decision) for decision in decisions if not isinstance(decision, Pairing | Offer))


@dataclass(frozen=True)
class Event:
    """One call of a verb."""

    now: Instant
    verb: str
    arguments: tuple[object, ...]
    rest: Mapping[str, object]

    def apply(self, router: Router) -> list[Decision]:
        """What `router` decides about it."""
        decided: list[Decision] = getattr(router, self.verb)(*self.arguments, now=self.now, **self.rest)
        return decided


@dataclass
class Twins:
    """Both routers under the same events. Each disagreement is an AssertionError that tells the day."""

    rules: Sequence[QueueRule] = RULES
    router: Router = field(init=False)
    naive: NaiveRouter = field(init=False)
    now: Instant = BASE
    script: list[str] = field(default_factory=list)
    events: list["Event"] = field(default_factory=list)
    decisions: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.router = Router(self.rules, "o-")
        self.naive = NaiveRouter(self.rules, "o-")

    def both(self, verb: str, *arguments: object, **rest: object) -> None:
        """Apply one event at `now`, compare the decisions, and check what must hold after every event."""
        told = [repr(argument) for argument in arguments] + [f"{name}={rest[name]!r}" for name in rest]
        self.script.append(f"{(self.now - BASE) / SECOND:g} s: {verb}({', '.join(told)})")
        self.events.append(Event(self.now, verb, arguments, rest))
        deadline = self.router.next_deadline
        decided = getattr(self.router, verb)(*arguments, now=self.now, **rest)
        expected = getattr(self.naive, verb)(*arguments, now=self.now, **rest)
        self.decisions += decided
        assert pairs(decided) == pairs(expected), self.as_script()
        assert others(decided) == others(expected), self.as_script()
        self._check_board()
        check_books(self.router, self.now)
        if deadline is None or deadline > self.now:
            self._check_offers([decision for decision in decided if isinstance(decision, Offer)])

    def restart(self) -> None:
        """Kill the router and let a new one adopt what rings, waits and sits there, in the order of the
        manual: calls and ringing phones, then everybody busy, then the idle. Nobody is offered anything
        by it, and the future is that of the naive router, which goes on."""
        self.both("advance")
        self.script.append(f"{(self.now - BASE) / SECOND:g} s: restart()")
        prefix = f"{self.naive.prefix}r"
        router, naive, now = Router(self.rules, prefix), self.naive, self.now
        naive.forget_what_a_restart_forgets(prefix, now)
        decided: list[Decision] = []
        ringing = {call.agent: call for call in naive.calls.values() if call.agent is not None}
        for call in naive.calls.values():
            waiting = naive.as_waiting(call)
            if call.offer is None or call.agent is None:
                decided += router.enqueue(waiting, now, adopted=True)
                continue
            profile, until = naive.agents[call.agent].profile, after(call.expires_at, -GRACE_S)
            decided += router.resume(call.offer, waiting, call.agent, profile, until, now)
        for name, agent in naive.agents.items():
            if not agent.is_ready or name not in ringing:
                decided += router.agent_occupied(name, agent.profile, now)
        for name, agent in naive.agents.items():
            if agent.is_ready:
                decided += router.agent_available(name, agent.profile, now, agent.idle_since)
        assert decided == [], self.as_script()
        self.router = router
        self._check_board()

    def as_script(self) -> str:
        """The day so far, to be read or run again."""
        return "\n".join(self.script)

    def _check_board(self) -> None:
        shown = [
            (view.call, view.queue, view.priority, view.position, view.tried, view.offer, view.agent)
            for view in self.router.waiting(self.now)
        ]
        calls = sorted(self.naive.calls.values(), key=lambda call: self.naive.order(call, self.now))
        known = [
            (
                call.waiting.call,
                call.queue,
                call.priority,
                self.naive.position(call, self.now),
                call.tried,
                call.offer,
                call.agent,
            )
            for call in calls
        ]
        assert shown == known, self.as_script()

    def _check_offers(self, offers: Sequence[Offer]) -> None:
        """Nobody who waits was overtaken by score at an agent who could have taken them. (Only where one
        event was settled and not first what was due: the second may change who could take whom.)"""
        for offer in offers:
            served = self.naive.calls[offer.call]
            for call in self.naive.calls.values():
                if call.offer is None and self.naive.may_ring(offer.agent, call):
                    ahead = self.naive.order(served, self.now) < self.naive.order(call, self.now)
                    assert ahead, self.as_script()


@dataclass
class Day:
    """Random events for a pair of twins. On a quiet day agents wait for callers, else the other way
    round; agents mostly keep their profile."""

    dice: Random
    twins: Twins = field(default_factory=Twins)
    restarts: bool = True
    _calls: int = 0

    def __post_init__(self) -> None:
        self._is_quiet = self.dice.random() < 0.4
        self._usual = {agent: self.dice.choice(PROFILES) for agent in AGENTS}

    def live(self, events: int) -> Twins:
        """Let so many events happen."""
        kinds: list[tuple[int, Callable[[], None]]] = [
            (5 if self._is_quiet else 9, self.someone_calls),
            (4 if self._is_quiet else 3, self.someone_hangs_up),
            (2, self.someone_moves),
            (14 if self._is_quiet else 8, self.someone_is_available),
            (3, self.someone_is_busy),
            (4, self.someone_leaves),
            (6, self.someone_answers),
            (6, self.someone_refuses),
            (2, self.someone_is_changed),
            (3, self.nothing_happens),
            (int(self.restarts), self.twins.restart),
        ]
        acts = [act for _, act in kinds]
        for _ in range(events):
            self.time_passes()
            self.dice.choices(acts, [weight for weight, _ in kinds])[0]()
        return self.twins

    def time_passes(self) -> None:
        """Not at all, a little, up to the next deadline or just before it, or far too long."""
        twins, deadline = self.twins, self.twins.router.next_deadline
        step = self.dice.choice(["none", "none", "little", "little", "exactly", "early", "late"])
        if step == "little" or (deadline is None and step != "none"):
            twins.now = Instant(twins.now + self.dice.randrange(8) * TICK)
        elif step == "late" and self.dice.random() < 0.3:
            twins.now = Instant(twins.now + 60 * SECOND)
        elif deadline is not None and deadline > twins.now and step in ("exactly", "early"):
            twins.now = Instant(deadline - (step == "early"))

    def someone_calls(self) -> None:
        self._calls += 1
        joined = (
            self.twins.now if self.dice.random() < 0.8 else self.twins.now - self.dice.randrange(40) * TICK
        )
        waiting = Waiting(
            call=CallId(f"c{self._calls:03}"),
            queue=self.dice.choice([CITIZEN, CITIZEN, CITIZEN, ENTERPRISE, ENTERPRISE, LANGUAGE, NIGHT]),
            joined_at=Instant(joined),
            seq=self.dice.randrange(3),
            priority=self.dice.choice([0, 0, 0, 0, 2, 10, -1]),
            tried=frozenset(self.dice.sample(AGENTS, self.dice.choice([0, 0, 0, 2, 4, 5]))),
            preferred=self.dice.choice([None, None, *AGENTS[:2]]),
        )
        self.twins.both("enqueue", waiting, adopted=self.dice.random() < 0.2)

    def a_call(self) -> CallId:
        return self.dice.choice([*self.twins.naive.calls, CallId("unknown")])

    def an_offer(self) -> OfferId:
        open_offers = [call.offer for call in self.twins.naive.calls.values() if call.offer is not None]
        return self.dice.choice([*open_offers, *open_offers, OfferId("stale")])

    def someone_hangs_up(self) -> None:
        self.twins.both("withdraw", self.a_call())

    def someone_moves(self) -> None:
        self.twins.both("move", self.a_call(), self.dice.choice([CITIZEN, ENTERPRISE, LANGUAGE, NIGHT]))

    def someone_is_available(self) -> None:
        agent = self.dice.choice(AGENTS)
        since = self.dice.choice([None, None, Instant(self.twins.now - self.dice.randrange(20) * TICK)])
        self.twins.both("agent_available", agent, self.a_profile(agent), idle_since=since)

    def a_profile(self, agent: AgentId) -> Profile:
        return self._usual[agent] if self.dice.random() < 0.85 else self.dice.choice(PROFILES)

    def someone_is_busy(self) -> None:
        ringing = [call.agent for call in self.twins.naive.calls.values() if call.agent is not None]
        agent = self.dice.choice([*AGENTS, *ringing, *ringing, *ringing])
        self.twins.both("agent_occupied", agent, self.a_profile(agent))

    def someone_leaves(self) -> None:
        self.twins.both("agent_gone", self.dice.choice(AGENTS))

    def someone_answers(self) -> None:
        self.twins.both("answered", self.an_offer())

    def someone_refuses(self) -> None:
        self.twins.both("refused", self.an_offer(), self.dice.choice(list(Refusal)))

    def someone_is_changed(self) -> None:
        change: NewPriority | NewProfile = NewPriority(
            call=self.a_call(), priority=self.dice.randrange(-3, 9)
        )
        if self.dice.random() < 0.5:
            change = NewProfile(agent=self.dice.choice(AGENTS), profile=self.dice.choice(PROFILES))
        self.twins.both("change", change)

    def nothing_happens(self) -> None:
        self.twins.both("advance")
