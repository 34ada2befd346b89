"""The exact form gives the same record back; the shown form is the public one, numbers masked."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdr.forms import NotARecord, from_entry, to_entry, to_json
from cdr.journey import NotAStep, Step, StepKind, StepValue
from cdr.record import CallRecord, record_of
from terms.ids import CallId
from terms.instant import Instant, after, from_iso

CITY = ZoneInfo("Asia/Shanghai")
BEGIN = from_iso("2026-11-24T14:05:29.120+08:00")

PUBLIC_KEYS = (
    "call_id direction ani dnis started_at answered_at queued_at connected_at ended_at mode menu_path queue "
    "agent seat wait_s ring_s talk_s hold_s acw_s outcome hangup_by hangup_cause rating recording work_order "
    "source journey"
)

words = st.sampled_from(["", "a1", "a2", "1003", "citizen", "agent", "system", "talking", "served", "咨询"])
values: st.SearchStrategy[StepValue] = st.one_of(st.none(), words, st.integers(0, 10**16))
names = st.sampled_from(
    ["ani", "agent", "offer", "queue", "by", "outcome", "joined_at", "stage", "recording", "menu", "key"]
)
steps = st.builds(
    lambda second, kind, data: Step(at=after(BEGIN, second), kind=kind, data=data),
    st.integers(0, 10_000),
    st.sampled_from(StepKind),
    st.dictionaries(names, values, max_size=4),
)


def a_record(**arrived: StepValue) -> CallRecord:
    return record_of(
        CallId("c1"),
        [
            Step(at=BEGIN, kind=StepKind.ARRIVED, data={"ani": "13812345678", "dnis": "12345", **arrived}),
            Step(at=after(BEGIN, 1), kind=StepKind.QUEUED, data={"queue": "citizen", "joined_at": BEGIN}),
            Step(at=after(BEGIN, 1.23456), kind=StepKind.ENDED, data={"by": "citizen", "cause": 16}),
        ],
    )


@given(st.lists(steps, min_size=1, max_size=20))
def test_any_journey_at_all_folds_and_comes_back_the_same(journey: list[Step]) -> None:
    record = record_of(CallId("c1"), journey)

    assert from_entry(json.loads(json.dumps(to_entry(record)))) == record
    assert all(value is None or value >= 0 for value in (record.wait_s, record.ring_s, record.talk_s))


@given(st.lists(steps, min_size=1, max_size=20))
def test_every_public_key_is_always_there_and_no_other(journey: list[Step]) -> None:
    assert sorted(to_json(record_of(CallId("c1"), journey), CITY)) == sorted(PUBLIC_KEYS.split())


def test_the_shown_form_has_the_citys_times_and_masked_numbers_in_the_journey_too() -> None:
    shown = to_json(a_record(), CITY)

    assert (shown["started_at"], shown["answered_at"]) == ("2026-11-24T14:05:29.120+08:00", None)
    assert (shown["ani"], shown["dnis"], shown["wait_s"]) == ("138****5678", "12345", 1.235)
    assert shown["journey"][0]["at"] == "2026-11-24T14:05:29.120+08:00"
    assert shown["journey"][1]["joined_at"] == "2026-11-24T14:05:29.120+08:00"
    assert "13812345678" not in json.dumps(shown)


def test_revealing_shows_the_number() -> None:
    shown = to_json(a_record(), CITY, reveal=True)

    assert (shown["ani"], shown["journey"][0]["ani"]) == ("13812345678", "13812345678")


def test_of_a_call_that_we_made_the_number_called_is_the_citizens() -> None:
    shown = to_json(a_record(direction="outbound", ani="12345", dnis="13812345678"), CITY)

    assert (shown["ani"], shown["dnis"]) == ("12345", "138****5678")
    assert "13812345678" not in json.dumps(shown)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"call_id": "c1"},
        {"call_id": "c1", "started_at": "yesterday"},
        {"call_id": "c1", "started_at": 1, "outcome": "eaten by a grue"},
        {"call_id": "c1", "started_at": 1, "journey": [{"at": 1}]},
    ],
)
def test_what_is_no_record_is_refused_with_the_calls_id(entry: dict[str, Any]) -> None:
    with pytest.raises(NotARecord, match=r"not a call record"):
        from_entry(entry)


def test_a_record_of_an_older_or_newer_version_stays_readable() -> None:
    entry = to_entry(a_record())
    del entry["rating"]

    assert from_entry({**entry, "mood": "sunny"}) == a_record()


def test_a_step_without_its_instant_is_refused() -> None:
    with pytest.raises(NotAStep, match="whole number `at`"):
        Step.from_json({"kind": "answered", "at": "noon"})


def test_an_instant_survives_to_the_microsecond() -> None:
    record = a_record()

    assert from_entry(to_entry(record)).ended_at == Instant(BEGIN + 1_234_560)
