"""Writing and reading a journal that nothing happens to."""

import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rexian.engine.journal import SNAPSHOT, Journal, JournalBusy, JournalState
from rexian.engine.journal_files import segments

if TYPE_CHECKING:
    from tests.rexian.journal.conftest import Desk


def test_entries_come_back_in_order_with_their_numbers_and_instants(desk: "Desk") -> None:
    journal = desk.open()

    numbers = [journal.put("step", {"call": "c1", "n": n}) for n in range(3)]

    assert numbers == [1, 2, 3]
    assert [(entry.seq, entry.kind, entry.body["n"]) for entry in journal.entries()] == [
        (1, "step", 0),
        (2, "step", 1),
        (3, "step", 2),
    ]
    assert [entry.at for entry in journal.entries(after=1)] == [1_795_500_000_000_002, 1_795_500_000_000_003]


def test_the_next_engine_goes_on_counting(desk: "Desk") -> None:
    desk.written(3)

    journal = desk.open()

    assert journal.put("step", {"n": 4}) == 4
    assert journal.verify().ok
    assert (journal.found.cut_bytes, journal.found.damage) == (0, ())


@pytest.mark.parametrize(
    "body",
    [
        {"name": "杨明", "city": "𠮷"},
        {"text": 'quote " backslash \\ newline \n nul \0 bell \a'},
        {"deep": {"list": [1, 2.5, None, True, {"x": "y"}]}},
        {},
    ],
)
def test_any_text_comes_back_as_it_was(desk: "Desk", body: dict[str, Any]) -> None:
    journal = desk.open()

    journal.put("record", body)

    assert next(journal.entries()).body == body


def test_half_a_character_from_a_broken_phone_costs_a_question_mark_and_not_the_entry(desk: "Desk") -> None:
    journal = desk.open()

    journal.put("record", {"ani": "a\ud800b"})

    assert next(journal.entries()).body == {"ani": "a?b"}


def test_a_value_that_json_does_not_know_is_written_as_its_text(desk: "Desk") -> None:
    journal = desk.open()

    journal.put("record", {"where": Path("recordings/1.wav")})

    assert next(journal.entries()).body == {"where": "recordings/1.wav"}


def test_the_files_are_for_their_owner_only(desk: "Desk") -> None:
    desk.written(1)

    modes = {stat.S_IMODE(file.stat().st_mode) for file in desk.folder.iterdir()}

    assert modes == {0o600}
    assert stat.S_IMODE(desk.folder.stat().st_mode) == 0o700


def test_a_put_becomes_durable_by_itself_and_says_so(desk: "Desk") -> None:
    journal = desk.open()
    durable = threading.Event()
    journal.on_durable = lambda seq: durable.set() if seq >= 2 else None

    journal.put("step", {})
    journal.put("step", {})

    assert durable.wait(10)
    assert (journal.durable_seq, journal.state) == (2, JournalState.OK)


def test_a_second_writer_is_refused_with_the_process_that_writes(desk: "Desk") -> None:
    desk.open()

    with pytest.raises(JournalBusy, match=f"process {os.getpid()} is already writing.*REXIAN_HOME"):
        Journal.open(desk.folder, b"k" * 32)


def test_a_closed_journal_can_be_opened_at_once(desk: "Desk") -> None:
    desk.open().close()

    assert desk.open().put("step", {}) == 1


def test_a_new_segment_begins_with_a_snapshot_and_the_chain_goes_on(desk: "Desk") -> None:
    journal = desk.open()
    journal.put("step", {"n": 1})

    rolled = journal.roll({"desks": ["1001"]})
    journal.put("step", {"n": 2})

    assert rolled == 2
    assert [segment.name for segment in segments(desk.folder)] == [
        "000000000001.journal",
        "000000000002.journal",
    ]
    assert [entry.kind for entry in journal.entries()] == ["step", SNAPSHOT, "step"]
    assert journal.verify().ok


def test_a_start_reads_from_the_last_snapshot_on(desk: "Desk") -> None:
    journal = desk.open()
    for number in range(3):
        journal.put("step", {"n": number})
        journal.roll({"state": number})
    journal.put("step", {"n": 3})
    journal.close()

    again = desk.open()

    assert [entry.body for entry in again.since_snapshot()] == [{"state": 2}, {"n": 3}]


def test_a_start_after_a_damaged_snapshot_reads_from_the_one_before(desk: "Desk") -> None:
    journal = desk.open()
    for number in range(2):
        journal.put("step", {"n": number})
        journal.roll({"state": number})
    journal.put("step", {"n": 2})
    journal.close()
    damaged = bytearray(desk.last_segment().read_bytes())
    damaged[damaged.index(b'"state"') + 1] ^= 1
    desk.last_segment().write_bytes(damaged)

    again = desk.open()

    assert [entry.body for entry in again.since_snapshot()] == [{"state": 0}, {"n": 1}, {"n": 2}]


def test_a_segment_is_full_when_it_has_its_size(desk: "Desk") -> None:
    journal = desk.open()

    before = journal.is_full
    while not journal.is_full:
        journal.put("step", {"text": "x" * 100})
    journal.roll({})

    assert (before, journal.is_full) == (False, False)
    assert segments(desk.folder)[0].stat().st_size >= 4096


def test_a_reader_follows_the_writer_over_segments_and_never_past_the_mark(desk: "Desk") -> None:
    journal = desk.open()
    reader = journal.reader()
    seen: list[int] = []
    for number in range(1, 200):
        journal.put("step", {"n": number, "text": "x" * 100})
        if journal.is_full:
            journal.roll({})
        seen += [entry.seq for entry in reader.read(limit=7, upto=journal.last_seq - 3)]
    mark = journal.last_seq - 3
    while batch := reader.read(limit=7, upto=mark):
        seen += [entry.seq for entry in batch]

    assert seen == list(range(1, mark + 1))
    assert len(segments(desk.folder)) > 3


def test_a_reader_begins_in_the_middle(desk: "Desk") -> None:
    journal = desk.open()
    for number in range(1, 200):
        journal.put("step", {"n": number, "text": "x" * 100})
        if journal.is_full:
            journal.roll({})

    assert [entry.seq for entry in journal.reader(after=150).read(limit=3)] == [151, 152, 153]
