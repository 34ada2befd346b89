"""The state that travels with a call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rexian.engine.state import LONGEST, CallState, Stage, UnreadableState, decode
from terms.ids import AgentId, CallId, MenuId, QueueName
from terms.instant import Instant

NEW = CallState(
    call=CallId("1795500000.7"),
    stage=Stage.MENU,
    started_at=Instant(1_795_500_000_000_000),
    ani="13900001234",
    dnis="12345",
)
QUEUED = replace(
    NEW,
    stage=Stage.QUEUE,
    queue=QueueName("citizen"),
    joined_at=Instant(1_795_500_009_000_000),
    priority=3,
    tried=(AgentId("1001"), AgentId("1002")),
    menu=MenuId("m.main"),
    path=("m.main.7",),
    told_position=2,
)


@pytest.mark.parametrize(
    "state", [NEW, QUEUED, replace(QUEUED, stage=Stage.TALK, agent=AgentId("1001"), rated=True)]
)
def test_a_state_survives_the_channel_variable(state: CallState) -> None:
    assert decode(state.encode()) == state


@given(st.lists(st.text(min_size=1, max_size=30), max_size=60))
def test_a_state_always_fits_into_an_ami_line(path: list[str]) -> None:
    text = replace(QUEUED, path=tuple(path)).encode()

    assert len(text.encode()) <= LONGEST
    assert decode(text).joined_at == QUEUED.joined_at


def test_a_menu_path_that_is_too_long_loses_its_oldest_keys_first() -> None:
    path = tuple(f"m.menu{number:03}.1" for number in range(100))

    kept = decode(replace(QUEUED, path=path).encode()).path

    assert kept
    assert kept == path[-len(kept) :]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        '{"v":2,"call":"1","stage":"queue"}',
        '{"v":1}',
        '{"v":1,"call":"1","stage":"nowhere","started_at":1,"ani":"","dnis":""}',
        '{"v":1,"call":"1","stage":"queue","started_at":"yesterday","ani":"","dnis":""}',
        '{"v":1,"call":"1","stage":"queue","started_at":1,"ani":"","dnis":"","joined_at":"x"}',
        '{"v":1,"call":"1","stage":"queue","started_at":1,"ani":"","dnis":"","tried":7}',
    ],
)
def test_a_state_of_another_version_or_garbage_is_refused(text: str) -> None:
    with pytest.raises(UnreadableState):
        decode(text)


def test_fields_of_a_later_writer_of_the_same_version_are_passed_over() -> None:
    text = NEW.encode().replace('{"v":1', '{"v":1,"something_new":true')

    assert decode(text) == NEW
