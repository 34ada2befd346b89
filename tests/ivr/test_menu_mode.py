"""Mode `menu`: notice, one question, and then a queue, whatever the caller does."""

from dataclasses import replace

import pytest

from ivr.actions import Ask, HangUp, Play, Resumed
from ivr.menus import Goodbye, MenuState
from terms.ids import MenuId
from tests.ivr.yuxi import MAIN, YUXI, Caller, ask, join, words


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    caller.dials("12345")
    return caller


def test_every_caller_hears_the_notice_uncut_and_then_the_menu() -> None:
    assert Caller().dials("12345") == [
        Play(prompts=words("g.notice"), keys_cut=False),
        Ask(prompts=words("m.main"), wait_s=3, keys="0123456789*#"),
    ]


@pytest.mark.parametrize(
    ("key", "queue", "say"),
    [
        ("7", "enterprise", "q.connect"),
        ("3", "citizen", "q.human"),
        ("1", "citizen", "q.connect"),
        ("0", "citizen", "q.human"),
    ],
)
def test_a_key_leads_to_its_queue_and_is_on_the_path(caller: Caller, key: str, queue: str, say: str) -> None:
    assert caller.presses(key) == [join(queue, say)]
    assert caller.state.path == (f"m.main.{key}",)
    assert (caller.state.menu, caller.state.queue) == (None, queue)


def test_a_caller_who_presses_nothing_is_queued_for_a_person(caller: Caller) -> None:
    assert caller.keeps_silent() == [join("citizen", "q.connect")]
    assert caller.state.path == ()


def test_the_first_wrong_key_is_asked_again_and_the_second_leads_to_a_person(caller: Caller) -> None:
    assert caller.presses("5") == [ask("x.retry", "m.main")]
    assert caller.presses("9") == [join("citizen", "x.human")]


def test_after_a_wrong_key_the_right_one_still_counts(caller: Caller) -> None:
    assert caller.presses("#", "7") == [join("enterprise", "q.connect")]


def test_after_a_wrong_key_silence_still_leads_to_a_person(caller: Caller) -> None:
    caller.presses("5")

    assert caller.keeps_silent() == [join("citizen", "q.connect")]


@pytest.mark.parametrize("odd", ["A", "77", "", "７", "seven"])
def test_what_is_no_key_of_a_telephone_counts_as_a_wrong_key(caller: Caller, odd: str) -> None:
    assert caller.presses(odd) == [ask("x.retry", "m.main")]


def test_star_says_the_menu_again_although_nobody_listed_it(caller: Caller) -> None:
    assert caller.presses("*") == [ask("m.main")]
    assert caller.state.mistakes == 0


def test_star_without_end_leads_to_a_person(caller: Caller) -> None:
    assert caller.presses(*"*" * 11) == [ask("m.main")]
    assert caller.presses("*") == [join("citizen", "x.human")]


def test_the_enterprise_number_is_queued_right_after_the_notice() -> None:
    assert Caller().dials("123457") == [
        Play(prompts=words("g.notice"), keys_cut=False),
        join("enterprise", "q.connect"),
    ]


def test_a_number_that_nobody_configured_still_reaches_a_person() -> None:
    assert Caller().dials("999")[-1] == join("citizen", "q.connect")


def test_a_call_taken_over_in_the_menu_is_asked_again_without_the_notice(caller: Caller) -> None:
    caller.presses("5")

    assert caller.meets(Resumed()) == [ask("m.main")]
    assert caller.state.mistakes == 1


def test_a_call_taken_over_before_it_came_to_a_menu_reaches_a_person() -> None:
    assert Caller().meets(Resumed()) == [join("citizen", "q.connect")]


def test_a_call_taken_over_in_a_menu_that_is_no_more_reaches_a_person(caller: Caller) -> None:
    caller.state = MenuState(menu=MenuId("m.gone"))

    assert caller.meets(Resumed()) == [join("citizen", "x.human")]


def test_a_key_in_a_menu_that_is_no_more_reaches_a_person(caller: Caller) -> None:
    caller.state = MenuState(menu=MenuId("m.gone"))

    assert caller.presses("7") == [join("citizen", "x.human")]


def test_keys_after_the_goodbye_do_nothing() -> None:
    with_goodbye = replace(MAIN, options={**MAIN.options, "9": Goodbye(say=words("bye"))})
    caller = Caller(replace(YUXI, menus={MAIN.id: with_goodbye}))
    caller.dials("12345")

    assert caller.presses("9") == [HangUp(prompts=words("bye"))]
    assert caller.presses("7") == []
