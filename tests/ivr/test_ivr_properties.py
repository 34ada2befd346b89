"""What holds for every set of menus that passes the check, and for every caller."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Action, Ask, Event, HangUp, JoinQueue, Key, MoveQueue, Resumed, Silence
from ivr.check import findings
from ivr.menus import KEYS, Goodbye, Menu, Menus, Mode, Repeat, Stay, Target, ToMenu, ToQueue
from ivr.step import MAX_KEYS
from terms.ids import QueueName
from tests.ivr.yuxi import Caller, line, menu, to_menu, to_queue, words

NAMES = ["m.a", "m.b", "m.c", "m.d"]

queues = st.sampled_from(["citizen", "enterprise", "language"])
to_some_queue: st.SearchStrategy[Target] = st.builds(to_queue, queues) | st.builds(
    to_queue, queues, st.just("q.human")
)
to_some_menu: st.SearchStrategy[Target] = st.builds(to_menu, st.sampled_from([*NAMES, "m.nowhere"]))
elsewhere: st.SearchStrategy[Target] = st.sampled_from([Repeat(), Goodbye(), Stay()])
digits = st.sampled_from([*KEYS, "A", "77", ""])
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Key, digit=digits), st.just(Silence()), st.just(Resumed())
)


@st.composite
def cities(draw: st.DrawFn) -> Menus:
    """Menus as a careless clerk might write them: most are unfit, and many lead into each other."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    menus = [_some_menu(draw, name) for name in names]
    keys = draw(st.dictionaries(st.sampled_from("0179"), to_some_queue | st.just(Stay())))
    return Menus(
        mode=draw(st.sampled_from(Mode)),
        lines={"12345": line("12345", "citizen", names[0])},
        menus={one.id: one for one in menus},
        waiting=menu("waiting", keys, Stay()),
        person=to_queue("citizen", "x.human"),
        notice=words("g.notice"),
        connecting=words("q.connect"),
        retry=words("x.retry"),
    )


def _some_menu(draw: st.DrawFn, name: str) -> Menu:
    anywhere = st.one_of(to_some_queue, to_some_menu, elsewhere)
    keys: dict[str, Target] = {"0": draw(to_some_queue)}
    keys |= draw(st.dictionaries(st.sampled_from("1234"), anywhere, max_size=3))
    return menu(name, keys, silence=draw(to_some_queue | to_some_menu))


@st.composite
def fit_cities(draw: st.DrawFn) -> Menus:
    """Menus that pass the check: keys lead only to later menus, and none is left out."""
    city = draw(cities())
    following: list[Menu | None] = [*list(city.menus.values())[1:], None]
    mended = (_mended(one, after) for one, after in zip(city.menus.values(), following, strict=True))
    return replace(city, menus={one.id: one for one in mended})


def _mended(one: Menu, after: Menu | None) -> Menu:
    onward: Target = ToMenu(menu=after.id) if after else to_queue("citizen")
    keys = {key: onward if isinstance(t, Stay | ToMenu) else t for key, t in one.options.items()}
    if after:
        keys["5"] = onward
    return replace(one, options=keys, silence=onward if isinstance(one.silence, ToMenu) else one.silence)


def gone_through(actions: list[Action]) -> bool:
    return any(isinstance(action, JoinQueue | HangUp) for action in actions)


@given(fit_cities())
def test_the_mended_menus_really_pass_the_check(city: Menus) -> None:
    assert findings(city) == []


@given(fit_cities(), st.lists(events, max_size=30))
def test_whatever_a_caller_did_silence_brings_them_to_a_queue(city: Menus, done: list[Event]) -> None:
    caller = Caller(city)
    through = gone_through(caller.dials("12345"))
    for event in done:
        through = gone_through(caller.meets(event)) or through

    for _ in city.menus:
        through = through or gone_through(caller.keeps_silent())

    assert through


@given(fit_cities(), st.lists(digits, min_size=MAX_KEYS + 1, max_size=MAX_KEYS + 1))
def test_no_row_of_keys_keeps_a_caller_in_the_menus(city: Menus, pressed: list[str]) -> None:
    caller = Caller(city)
    through = gone_through(caller.dials("12345"))
    for digit in pressed:
        through = gone_through(caller.presses(digit)) or through

    assert through


@given(fit_cities(), st.lists(events, max_size=30))
def test_in_a_menu_each_event_asks_again_or_ends_the_menus(city: Menus, done: list[Event]) -> None:
    caller = Caller(city)
    caller.dials("12345")
    for event in done:
        in_a_menu = caller.state.menu is not None
        actions = caller.meets(event)
        if in_a_menu:
            assert isinstance(actions[-1], Ask | JoinQueue | HangUp)
        assert caller.state.menu is None or caller.state.queue is None


@given(cities(), st.lists(events, max_size=60))
def test_a_caller_joins_once_and_every_move_changes_the_queue(city: Menus, done: list[Event]) -> None:
    caller = Caller(city)
    seen = caller.dials("12345")
    for event in done:
        before = caller.state.queue
        actions = caller.meets(event)
        seen += actions
        assert all(action.queue != before for action in actions if isinstance(action, MoveQueue))
        assert before is None or caller.state.queue is not None

    assert sum(isinstance(action, JoinQueue) for action in seen) <= 1


@given(cities(), st.lists(events, max_size=200))
def test_the_path_stays_short_enough_to_travel_with_the_call(city: Menus, done: list[Event]) -> None:
    caller = Caller(city)
    caller.dials("12345")
    for event in done:
        caller.meets(event)

    assert len(caller.state.path) <= MAX_KEYS


@given(cities())
def test_a_circle_is_found_exactly_when_a_menu_can_be_come_back_to(city: Menus) -> None:
    ahead = {
        name: {t.menu for t in (*one.options.values(), one.silence) if isinstance(t, ToMenu)}
        for name, one in city.menus.items()
    }
    for _ in city.menus:
        ahead = {name: near.union(*(ahead.get(n, set()) for n in near)) for name, near in ahead.items()}
    comes_back = any(name in far for name, far in ahead.items())

    assert any("circle" in finding.what for finding in findings(city)) == comes_back


@given(cities())
def test_0_leads_to_the_queue_that_the_menu_names(city: Menus) -> None:
    caller = Caller(city)
    told = caller.dials("12345")[-1]
    named = next(iter(city.menus.values())).options["0"]

    if isinstance(told, Ask):
        told = caller.presses("0")[-1]
        assert isinstance(named, ToQueue)
        assert told == JoinQueue(queue=named.queue, prompts=named.say)
    else:
        assert told == JoinQueue(queue=QueueName("citizen"), prompts=city.connecting, notice=city.notice)
