"""Menus that would leave a caller stuck are named before the first of them dials."""

from dataclasses import replace

import pytest

from ivr.check import findings, silent_s
from ivr.menus import Goodbye, Menu, Repeat, Stay, Target
from tests.ivr import yuxi
from tests.ivr.yuxi import WAITING, YUXI, YUXI_DIRECT, line, to_menu, to_queue, words

PERSON = to_queue("citizen")


def menu(name: str, keys: dict[str, Target] | None = None, silence: Target = PERSON) -> Menu:
    """With a way to a person; the test is about something else."""
    return yuxi.menu(name, {"0": PERSON} | (keys or {}), silence)


def found(*several: Menu, waiting: Menu = WAITING) -> list[str]:
    """What is said about these menus; the first of them is the one that callers enter."""
    first = several[0].id
    city = replace(
        YUXI,
        lines={"12345": line("12345", "citizen", first)},
        menus={one.id: one for one in several},
        waiting=waiting,
    )
    return [f"{f.menu}/{'/'.join(f.spot)}: {f.what}; {f.mend}" for f in findings(city)]


def test_the_demo_city_has_nothing_to_mend() -> None:
    assert findings(YUXI) == []


def test_a_circle_of_keys_is_shown() -> None:
    said = found(
        menu("a", {"1": to_menu("b")}), menu("b", {"2": to_menu("c")}), menu("c", {"3": to_menu("b")})
    )

    mend = "let one of them lead to a queue; * and `do: repeat` say a menu again"
    assert said == [f"c/keys/3: leads round in a circle: b → c → b; {mend}"]


def test_a_circle_of_silence_is_shown() -> None:
    said = found(menu("a", silence=to_menu("b")), menu("b", silence=to_menu("a")))

    assert [text.split(";")[0] for text in said] == ["b/silence: leads round in a circle: a → b → a"]


def test_a_menu_that_leads_to_itself_is_a_circle() -> None:
    said = found(menu("a", {"1": to_menu("a")}))

    assert [text.split(";")[0] for text in said] == ["a/keys/1: leads round in a circle: a → a"]


def test_two_ways_to_one_menu_are_no_circle() -> None:
    both = menu("a", {"1": to_menu("b"), "2": to_menu("c")})

    assert found(both, menu("b", {"1": to_menu("c")}), menu("c")) == []


@pytest.mark.parametrize("target", [Repeat(), Goodbye(), Stay()])
def test_silence_that_leads_nowhere_is_a_menu_without_exit(target: Target) -> None:
    mend = "let silence lead to a queue; nobody is asked for ever or hung up on"

    assert found(menu("a", silence=target)) == [
        f"a/silence: no exit for a caller who presses nothing; {mend}"
    ]


@pytest.mark.parametrize("options", [{}, {"0": Goodbye()}, {"0": to_menu("a")}])
def test_a_menu_without_a_person_is_refused(options: dict[str, Target]) -> None:
    said = found(yuxi.menu("a", options, PERSON))

    assert "a/keys: no way to a person: key 0 does not lead to a queue; add 0: {queue: …}" in said


@pytest.mark.parametrize("key", ["12", "", "A", "７", "-"])
def test_a_key_that_no_telephone_has_is_refused(key: str) -> None:
    assert found(menu("a", {key: PERSON})) == [
        f"a/keys/{key}: '{key}' is no single key; callers press one of 0 1 2 3 4 5 6 7 8 9 * #"
    ]


def test_star_keeps_its_meaning() -> None:
    assert found(menu("a", {"*": PERSON})) == [
        "a/keys/*: key * leads elsewhere, but it says every menu again; take another key"
    ]


def test_six_options_are_too_many_and_star_is_not_one_of_them() -> None:
    five: dict[str, Target] = {"1": PERSON, "2": PERSON, "3": PERSON, "4": PERSON, "*": Repeat()}

    assert found(menu("a", five)) == []
    assert found(menu("a", {**five, "5": PERSON})) == [
        "a/keys: 6 options, nobody remembers more than 5; move some into a second menu"
    ]


def test_a_menu_that_nobody_can_reach_is_named() -> None:
    assert found(menu("a"), menu("b")) == [
        "b/: no number and no key leads here; let a key lead here, or delete the menu"
    ]


def test_staying_is_for_those_who_wait() -> None:
    assert found(menu("a", {"1": Stay()})) == [
        "a/keys/1: key 1: `stay` is for callers who wait in a queue already; name a queue or a menu"
    ]


@pytest.mark.parametrize("target", [to_menu("a"), Goodbye()])
def test_nobody_is_taken_out_of_a_queue_by_a_key(target: Target) -> None:
    waiting = replace(WAITING, options={"0": Stay(), "8": target})

    assert found(menu("a"), waiting=waiting) == [
        "waiting/keys/8: key 8 takes callers out of the queue in which they wait; name a queue, or `do: stay`"
    ]


def test_the_time_until_a_silent_caller_is_queued_counts_notice_prompts_and_pauses() -> None:
    seconds = dict(zip(words("g.notice", "m.main"), (5.0, 6.5), strict=True))

    assert silent_s(YUXI, YUXI.lines["12345"], seconds) == 14.5
    assert silent_s(YUXI, YUXI.lines["123457"], seconds) == 5.0
    assert silent_s(YUXI_DIRECT, YUXI.lines["12345"], seconds) == 0.0


def test_a_circle_of_silence_takes_for_ever() -> None:
    main = menu("m.main", silence=to_menu("m.main"))

    assert silent_s(replace(YUXI, menus={main.id: main}), YUXI.lines["12345"], {}) == float("inf")
