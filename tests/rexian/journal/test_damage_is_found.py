"""A journal whose files were torn by a crash or changed by somebody."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rexian.engine.journal import Journal
from rexian.engine.journal_files import segments, verify
from rexian.engine.journal_line import Sealer

if TYPE_CHECKING:
    from tests.rexian.journal.conftest import Desk

COUNT = 6
one_folder_for_all_examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_torn_tail_is_cut_off_kept_aside_and_reported(desk: "Desk") -> None:
    lines = desk.written(COUNT)
    desk.last_segment().write_bytes(b"".join(lines[:-1]) + lines[-1][:30])

    journal = desk.open()

    assert journal.found.cut_bytes == 30
    assert journal.found.aside
    assert journal.found.aside.read_bytes() == lines[-1][:30]
    assert journal.put("step", {"n": COUNT}) == COUNT
    assert journal.verify().ok


def test_blocks_of_zeros_that_a_power_cut_leaves_are_a_torn_tail(desk: "Desk") -> None:
    lines = desk.written(COUNT)
    desk.last_segment().write_bytes(b"".join(lines) + b"\0" * 4096)

    assert desk.numbers() == [1, 2, 3, 4, 5, 6]


@given(length=st.integers(0, 1200))
@one_folder_for_all_examples
def test_wherever_the_end_is_torn_off_all_whole_entries_remain(desk: "Desk", length: int) -> None:
    for file in desk.folder.glob("*.journal*"):
        file.unlink()
    whole = b"".join(desk.written(COUNT))
    desk.last_segment().write_bytes(whole[:length])

    assert desk.numbers() == list(range(1, whole[:length].count(b"\n") + 1))


@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@one_folder_for_all_examples
def test_a_flipped_bit_anywhere_is_found_and_costs_at_most_two_entries(
    desk: "Desk", where: float, bit: int
) -> None:
    for file in desk.folder.glob("*.journal*"):
        file.unlink()
    whole = bytearray(b"".join(desk.written(COUNT)))
    whole[int(where * len(whole))] ^= 1 << bit
    desk.last_segment().write_bytes(whole)

    verdict = verify(desk.folder, Sealer(b"k" * 32))
    readable = desk.numbers()

    assert not verdict.ok
    assert len(readable) >= COUNT - 2
    assert set(readable) < set(range(1, COUNT + 1))


def test_the_place_of_the_damage_is_told(desk: "Desk") -> None:
    lines = desk.written(COUNT)
    lines[2] = lines[2].replace(b'"n":3', b'"n":4')
    desk.last_segment().write_bytes(b"".join(lines))

    journal = desk.open()

    assert [(found.offset, found.seq) for found in journal.found.damage] == [(len(lines[0] + lines[1]), 3)]
    assert [entry.seq for entry in journal.entries()] == [1, 2, 4, 5, 6]


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([0, 1, 3, 4, 5], id="one removed"),
        pytest.param([0, 1, 2, 2, 3, 4, 5], id="one doubled"),
        pytest.param([0, 2, 1, 3, 4, 5], id="two swapped"),
        pytest.param([1, 2, 3, 4, 5], id="the first removed"),
    ],
)
def test_moved_lines_are_found(desk: "Desk", order: list[int]) -> None:
    lines = desk.written(COUNT)
    desk.last_segment().write_bytes(b"".join(lines[index] for index in order))

    assert not verify(desk.folder, Sealer(b"k" * 32)).ok


def test_a_line_made_without_the_key_is_found(desk: "Desk") -> None:
    desk.written(COUNT)

    journal = desk.open(key=b"somebody else's key, 32 bytes ...")

    assert journal.found.cut_bytes
    assert not list(journal.entries())


def three_segments(desk: "Desk") -> Journal:
    journal = desk.open()
    for number in range(3):
        journal.put("step", {"n": number})
        journal.roll({})
    journal.close()
    return journal


@pytest.mark.parametrize("gone", [1, 2])
def test_a_removed_segment_is_found(desk: "Desk", gone: int) -> None:
    journal = three_segments(desk)
    segments(desk.folder)[gone].unlink()

    damage = journal.verify().damage

    assert ["removed" in found.what for found in damage] == [True]


def test_the_oldest_segments_may_be_archived(desk: "Desk") -> None:
    journal = three_segments(desk)
    segments(desk.folder)[0].unlink()

    verdict = journal.verify()

    assert (verdict.ok, verdict.first_seq, verdict.last_seq) == (True, 2, 6)


def test_an_end_that_was_cut_off_cleanly_shows_in_the_head(desk: "Desk") -> None:
    lines = desk.written(COUNT)
    known_head = verify(desk.folder, Sealer(b"k" * 32)).head
    desk.last_segment().write_bytes(b"".join(lines[:-1]))

    verdict = verify(desk.folder, Sealer(b"k" * 32))

    assert verdict.ok
    assert verdict.head != known_head
