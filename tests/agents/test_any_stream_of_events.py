"""Whatever comes in whatever order, what must hold of the book holds after each event."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from agents.book import AgentBook
from agents.desk import Change, Desk
from agents.errors import IllegalMove, SeatTaken
from agents.people import Limits, Miss
from agents.states import OFFER_STATES, TRANSITIONS, AgentEvent, AgentState
from terms.ids import AgentId, CallId
from terms.instant import SECOND, Instant
from tests.agents.desks import MORNING, NAMES, PEOPLE, SEATS, limits

S = AgentState
DAYS = 150
PERSONS = [AgentId(number) for number in list(NAMES.values())[:3]]
PHONES = [seat.seat for seat in SEATS[:4]]

Step = tuple[Instant, str, tuple[object, ...]]


def verbs_for(agent: AgentId, dice: Random) -> dict[AgentEvent, tuple[str, tuple[object, ...]]]:
    """By which verb `agent` comes to each event."""
    call = CallId(dice.choice(["c1", "c2"]))
    return {
        AgentEvent.SIGN_IN: ("sign_in", (agent, dice.choice(PHONES))),
        AgentEvent.SET_READY: ("set_ready", (agent,)),
        AgentEvent.PAUSE: ("pause", (agent, dice.choice(["用餐", "会议"]))),
        AgentEvent.SIGN_OUT: ("sign_out", (agent,)),
        AgentEvent.OFFER: ("offered", (agent, call)),
        AgentEvent.RING: ("ringing", (agent,)),
        AgentEvent.ANSWER: ("answered", (agent,)),
        AgentEvent.HOLD: ("held", (agent,)),
        AgentEvent.UNHOLD: ("unheld", (agent,)),
        AgentEvent.TALK_END: ("talk_ended", (agent,)),
        AgentEvent.OFFER_ENDED: ("offer_over", (agent,)),
        AgentEvent.MISSED: ("missed", (agent, dice.choice(list(Miss)))),
        AgentEvent.DOUBT: ("doubt", (agent,)),
        AgentEvent.SETTLE_READY: ("settled_free", (agent,)),
        AgentEvent.SETTLE_RINGING: ("settled_ringing", (agent, call)),
        AgentEvent.SETTLE_TALKING: ("settled_talking", (agent, call)),
        AgentEvent.PHONE_LOST: ("phone_lost", (dice.choice(PHONES),)),
        AgentEvent.PHONE_BACK: ("phone_back", (dice.choice(PHONES),)),
        AgentEvent.WRAP_UP_END: ("advance", ()),
    }


def a_house(dice: Random) -> Limits:
    """Any after-call work and any limits, 0 among them."""
    missed = {f"{miss}_limit": dice.randrange(3) for miss in Miss}
    return limits(after_call_work_s=dice.choice([0.0, 5.0, 60.0]), **missed)


def next_step(book: AgentBook, now: Instant, dice: Random) -> Step:
    """Mostly something the table allows that person just now, sometimes anything."""
    agent = dice.choice(PERSONS)
    verbs = verbs_for(agent, dice)
    state = book.desk(agent).state
    legal = [verb for event, verb in verbs.items() if (state, event) in TRANSITIONS]
    verb, arguments = dice.choice(legal if dice.random() < 0.85 else list(verbs.values()))
    return Instant(now + dice.choice([0, 0, 1, 3, 20, 70]) * SECOND), verb, arguments


def reachable() -> dict[AgentState, set[AgentState]]:
    """Where the table leads from each state by one event or by several at the same instant."""
    one_step: dict[AgentState, set[AgentState]] = {state: {state} for state in S}
    for (here, _), target in TRANSITIONS.items():
        one_step[here].add(target)
    ready = one_step[S.READY] - {S.OFFERED, S.IN_DOUBT}
    return {
        here: targets | (ready if targets & {S.READY, S.WRAP_UP} else set())
        for here, targets in one_step.items()
    }


REACHABLE = reachable()


def check(book: AgentBook, now: Instant) -> None:
    """The invariants of desks and seats."""
    seats_taken = Counter(desk.seat for desk in book.desks() if desk.seat is not None)
    assert all(count == 1 for count in seats_taken.values())
    for seat in SEATS:
        sitting = book.at_seat(seat.seat)
        assert (sitting is None) == (seat.seat not in seats_taken)
        assert sitting is None or sitting.seat == seat.seat
    ends = []
    for desk in book.desks():
        check_desk(desk, now)
        if desk.state is S.READY and desk.seat is not None:
            assert book.phone_reachable(desk.seat), "ready at a phone that can't be reached"
        assert book.may_take_calls(desk.agent) == (desk.state is S.READY)
        if desk.state is S.WRAP_UP and desk.wrap_up_until is not None:
            ends.append(desk.wrap_up_until)
    assert book.next_deadline == min(ends, default=None)


def check_desk(desk: Desk, now: Instant) -> None:
    assert desk.since <= now
    assert (desk.seat is None) == (desk.state is S.OFF)
    assert (desk.doubt is not None) == (desk.state is S.IN_DOUBT)
    assert (desk.reason is not None) == (desk.state is S.NOT_READY)
    if desk.state in (S.OFFERED, S.RINGING, S.TALKING, S.HOLD, S.WRAP_UP):
        assert desk.call is not None
    if desk.state in (S.OFF, S.READY, S.NOT_READY):
        assert (desk.call, desk.booked) == (None, None)
    if desk.state is not S.IN_DOUBT:
        assert (desk.wrap_up_until is not None) == (desk.state is S.WRAP_UP)
    if desk.shift_since is not None:
        until = desk.since if desk.state is S.OFF else now
        total_us = sum(round(desk.time_in(state, until) * SECOND) for state in S)
        assert total_us == until - desk.shift_since, "a second is lost, or counted twice"
    assert Desk.from_json(desk.to_json()) == desk


def test_after_any_event_the_book_is_as_it_should_be() -> None:
    happened: Counter[tuple[AgentState, str]] = Counter()
    for day in range(DAYS):
        dice = Random(day)
        house = a_house(dice)
        book, now = AgentBook(PEOPLE, SEATS, house, MORNING), MORNING
        for _ in range(80):
            if dice.random() < 0.03 and not rings_at_a_lost_phone(book):
                book = after_a_restart(book, house, now)
                check(book, now)
            now, verb, arguments = next_step(book, now, dice)
            before = book.desks()
            state = (
                book.desk(AgentId(str(arguments[0]))).state if arguments[:1] and verb[:5] != "phone" else None
            )
            try:
                changes: list[Change] = getattr(book, verb)(*arguments, now=now)
            except (IllegalMove, SeatTaken):
                assert book.desks() == before, "a refused request changed something"
                continue
            if state is not None:
                happened[state, verb] += 1
            check_changes(changes, before, book, now)
            check(book, now)

    by_verb = {event: verb for event, (verb, _) in verbs_for(PERSONS[0], Random(0)).items()}
    for state, event in TRANSITIONS:
        verb = by_verb.get(event, "advance")
        if verb not in ("advance", "phone_lost", "phone_back"):
            assert happened[state, verb] >= 5, f"'{verb}' hardly ever came in state '{state}'"


def check_changes(changes: Sequence[Change], before: Sequence[Desk], book: AgentBook, now: Instant) -> None:
    """They tell the whole difference, in steps that the table knows."""
    known = {desk.agent: desk for desk in before}
    for change in changes:
        assert change.before == known[change.after.agent]
        assert change.before != change.after
        assert change.at <= now
        assert change.after.state in REACHABLE[change.before.state]
        known[change.after.agent] = change.after
    assert list(known.values()) == book.desks()


def rings_at_a_lost_phone(book: AgentBook) -> bool:
    """A sweep found it ringing although it was reported lost; the next report will make it void."""
    return any(
        desk.seat is not None and desk.state in OFFER_STATES and not book.phone_reachable(desk.seat)
        for desk in book.desks()
    )


def after_a_restart(book: AgentBook, house: Limits, now: Instant) -> AgentBook:
    """A new book that took up the old one's desks and was told which phones are lost."""
    new = AgentBook(PEOPLE, SEATS, house, MORNING)
    assert new.restore([desk.to_json() for desk in book.desks()], now) == []
    for seat in SEATS:
        if not book.phone_reachable(seat.seat):
            assert new.phone_lost(seat.seat, now) == []
    return new


def test_who_only_hears_the_changes_finds_the_same_sums() -> None:
    """Nothing of a shift is known to the book alone. (Doubts aside: those that prove unfounded are
    taken back.)"""
    for day in range(DAYS):
        dice = Random(day)
        book, now = AgentBook(PEOPLE, SEATS, a_house(dice), MORNING), MORNING
        heard: dict[AgentId, Counter[AgentState]] = {desk.agent: Counter() for desk in book.desks()}
        for _ in range(60):
            now, verb, arguments = next_step(book, now, dice)
            if verb == "doubt":
                continue
            try:
                changes: list[Change] = getattr(book, verb)(*arguments, now=now)
            except (IllegalMove, SeatTaken):
                continue
            for change in changes:
                if change.before.state is S.OFF:
                    heard[change.after.agent].clear()
                elif change.before.since != change.after.since:
                    heard[change.after.agent][change.before.state] += change.at - change.before.since
        for desk in book.desks():
            assert +heard[desk.agent] == +Counter(desk.spent_us)
