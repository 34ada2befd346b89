"""Who waits in a queue may still choose, and can lose nothing by it. Both modes."""

import pytest

from ivr.actions import Play, Resumed
from ivr.menus import Menus
from tests.ivr.yuxi import YUXI, YUXI_DIRECT, Caller, join, move, words


@pytest.fixture(params=[YUXI, YUXI_DIRECT], ids=["menu", "direct"])
def waiting(request: pytest.FixtureRequest) -> Caller:
    """A caller in the citizen queue."""
    assert isinstance(request.param, Menus)
    caller = Caller(request.param)
    caller.dials("12345")
    caller.keeps_silent()
    return caller


def test_in_direct_mode_the_call_is_queued_at_once_and_the_notice_is_heard_to_its_end() -> None:
    assert Caller(YUXI_DIRECT).dials("12345") == [join("citizen", "q.connect", notice="g.notice")]


def test_in_direct_mode_the_enterprise_number_is_queued_at_once_too() -> None:
    assert Caller(YUXI_DIRECT).dials("123457") == [join("enterprise", "q.connect", notice="g.notice")]


def test_the_options_are_spoken_while_waiting_only_if_no_menu_said_them() -> None:
    assert YUXI_DIRECT.waiting_words == words("w.options")
    assert YUXI.waiting_words == ()


def test_key_7_moves_a_waiting_citizen_to_the_enterprise_queue_once(waiting: Caller) -> None:
    assert waiting.presses("7") == [move("enterprise", "e.enter")]
    assert waiting.state.queue == "enterprise"
    assert waiting.state.path == ("waiting.7",)

    assert waiting.presses("7") == []


def test_a_second_7_typed_ahead_does_not_move_anybody() -> None:
    caller = Caller()
    caller.dials("12345")

    assert caller.presses("7", "7") == []
    assert caller.state.path == ("m.main.7",)


@pytest.mark.parametrize("key", ["0", "1"])
def test_asking_for_a_person_while_waiting_for_one_changes_nothing(waiting: Caller, key: str) -> None:
    assert waiting.presses(key) == []
    assert waiting.state.queue == "citizen"


def test_key_3_while_waiting_is_answered_and_keeps_the_place(waiting: Caller) -> None:
    assert waiting.presses("3") == [Play(prompts=words("q.human"))]
    assert waiting.state.queue == "citizen"


@pytest.mark.parametrize("key", ["2", "5", "9", "*", "#", "A"])
def test_other_keys_are_ignored_while_waiting(waiting: Caller, key: str) -> None:
    before = waiting.state

    assert waiting.presses(key) == []
    assert waiting.state == before


def test_silence_while_waiting_changes_nothing(waiting: Caller) -> None:
    before = waiting.state

    assert waiting.keeps_silent() == []
    assert waiting.state == before


def test_a_caller_taken_over_in_the_queue_is_left_alone(waiting: Caller) -> None:
    assert waiting.meets(Resumed()) == []


def test_a_key_pressed_for_an_hour_is_on_the_path_once(waiting: Caller) -> None:
    waiting.presses(*"0" * 1000)

    assert waiting.state.path == ("waiting.0",)
