"""`rexian calls` and `rexian orders`."""

import os
import pwd
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulators.past_calls import abandoned, served
from workorders.number import is_valid_number

if TYPE_CHECKING:
    from tests.rexian.records.conftest import Shell

PUBLIC_KEYS = (
    "call_id direction ani dnis started_at answered_at queued_at connected_at ended_at mode menu_path queue "
    "agent seat wait_s ring_s talk_s hold_s acw_s outcome hangup_by hangup_cause rating recording work_order "
    "source journey"
)


def test_a_call_is_one_line_with_every_public_key_and_its_order(shell: "Shell") -> None:
    shell.has(served(1))

    (call,) = shell.lines("calls", "--jsonl")
    (order,) = shell.lines("orders", "--jsonl")

    assert sorted(call) == sorted(PUBLIC_KEYS.split())
    assert (call["started_at"], call["wait_s"], call["talk_s"]) == (
        "2026-11-23T09:00:01.000+08:00",
        16.8,
        120.0,
    )
    assert (call["outcome"], call["hangup_by"], call["rating"]) == ("served", "agent", 5)
    assert call["work_order"] == order["number"]
    assert is_valid_number(order["number"])
    assert (order["state"], order["state_label"]) == ("accepted", "已受理,等待派单")


def test_calls_come_by_their_begin_and_from_a_moment_on(shell: "Shell") -> None:
    shell.has(abandoned(7), abandoned(3), abandoned(5))

    every = shell.lines("calls", "--jsonl")
    since = shell.lines("calls", "--jsonl", "--since", "2026-11-23T09:00:05+08:00")

    assert [call["call_id"] for call in every] == [abandoned(number).call_id for number in (3, 5, 7)]
    assert since == every[1:]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-23T09:00:05+08:00",
        "2026-11-23T09:00:05",
        "2026-11-23 09:00:05",
        "2026-11-23T01:00:05Z",
        "2026-11-22T20:00:05-05:00",
        "20261123T090005",
    ],
)
def test_a_moment_without_an_offset_is_the_citys(shell: "Shell", moment: str) -> None:
    shell.has(abandoned(4), abandoned(5))

    assert len(shell.lines("calls", "--jsonl", "--since", moment)) == 1


def test_a_day_is_its_midnight(shell: "Shell") -> None:
    shell.has(served(1))

    listed = [len(shell.lines("orders", "--jsonl", "--since", f"2026-11-{day}")) for day in (22, 23, 24)]

    assert listed == [1, 1, 0]


@pytest.mark.parametrize("moment", ["yesterday", "", "2026-13-01", "2026-02-30", "14:05", "2026-11-24T25:00"])
def test_what_is_no_moment_is_refused_with_how_to_write_one(shell: "Shell", moment: str) -> None:
    result = shell.runs("calls", "--jsonl", "--since", moment)

    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        f"--since {moment!r} is no time; write 2026-11-24T14:05 (then it is Asia/Shanghai)" in result.stderr
    )


def test_numbers_are_masked_everywhere(shell: "Shell") -> None:
    shell.has(served(1), abandoned(2))

    for words in (("calls", "--jsonl"), ("orders", "--jsonl"), ("calls",), ("orders",)):
        shown = shell.runs(*words).stdout
        assert "13812345678" not in shown
        assert "138****5678" in shown


def test_numbers_are_revealed_for_a_reason_that_is_written_down_first(shell: "Shell") -> None:
    shell.has(served(1))

    (call,) = shell.lines("calls", "--jsonl", "--since", "2026-11-23", "--reveal", "投诉核查")
    (order,) = shell.lines("orders", "--jsonl", "--reveal", "回访")

    assert (call["ani"], call["journey"][0]["ani"], order["caller"]) == ("13812345678",) * 3
    me = pwd.getpwuid(os.getuid()).pw_name
    assert [(line.who, line.what, line.object, line.reason) for line in shell.audited()] == [
        (me, "reveal", "calls since 2026-11-23", "投诉核查"),
        (me, "reveal", "orders", "回访"),
    ]


def test_looking_at_masked_numbers_leaves_no_trace(shell: "Shell") -> None:
    shell.has(served(1))

    shell.lines("calls", "--jsonl")

    assert shell.audited() == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_revealing_without_a_reason_is_refused(shell: "Shell", reason: str) -> None:
    shell.has(served(1))

    result = shell.runs("calls", "--jsonl", "--reveal", reason)

    assert (result.exit_code, result.stdout, shell.audited()) == (2, "", [])
    assert "needs the reason" in result.stderr


def test_nothing_is_revealed_when_it_cannot_be_written_down(shell: "Shell") -> None:
    shell.has(served(1))
    engine = sqlite3.connect(shell.home / "rexian.db", isolation_level=None)
    engine.execute("BEGIN IMMEDIATE")

    refused = shell.runs("calls", "--jsonl", "--reveal", "投诉核查")
    masked = shell.lines("calls", "--jsonl")
    engine.close()

    assert (refused.exit_code, refused.stdout, len(masked)) == (1, "", 1)
    assert "locked" in refused.stderr


def test_people_see_a_table_with_chinese_words(shell: "Shell") -> None:
    shell.has(served(1), replace(abandoned(2), ani=None))

    shown = shell.runs("calls").stdout

    assert "11-23 09:00:01" in shown
    assert all(word in shown for word in ("已接听", "排队中放弃", "未知号码", "2:00", "座席"))


def test_the_table_shows_the_last_fifty_and_says_so(shell: "Shell") -> None:
    shell.has(*(abandoned(number) for number in range(1, 61)))

    shown = shell.runs("calls").stdout

    assert shown.count("排队中放弃") == 50
    assert "共 60 条,只显示最近 50 条" in shown
    assert shell.runs("calls", "--since", "2026-11-01").stdout.count("排队中放弃") == 60


def test_a_number_cannot_colour_or_move_anything_on_the_terminal(shell: "Shell") -> None:
    shell.has(replace(abandoned(1), dnis="\x1b[2J[bold]12345"))

    shown = shell.runs("calls").stdout

    assert "\x1b" not in shown
    assert "[bold]12345" in shown


@pytest.mark.parametrize("words", [("calls", "--jsonl"), ("orders", "--jsonl")])
def test_a_system_that_never_ran_has_no_records_and_is_not_touched(
    shell: "Shell", words: tuple[str, ...]
) -> None:
    assert shell.lines(*words) == []
    assert not shell.home.exists()


def test_records_can_be_read_while_another_file_of_the_city_is_broken(
    shell: "Shell", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.has(served(1))
    city = tmp_path / "config"
    city.mkdir()
    (city / "hotline.yaml").write_text("time_zone: America/New_York\nmode: wrong\n")
    monkeypatch.setenv("REXIAN_CONFIG", str(city))

    (call,) = shell.lines("calls", "--jsonl")

    assert call["started_at"] == "2026-11-22T20:00:01.000-05:00"


def test_without_a_time_zone_it_is_said_where_one_belongs(
    shell: "Shell", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REXIAN_CONFIG", str(tmp_path / "nowhere"))

    result = shell.runs("calls", "--jsonl")

    assert result.exit_code == 1
    assert "nowhere/hotline.yaml" in result.stderr
