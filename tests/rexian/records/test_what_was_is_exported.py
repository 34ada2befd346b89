"""`rexian export`: files that a spreadsheet opens, and in which nothing computes."""

import csv
import io
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rexian.cli.csv_file import cell, write_csv
from simulators.past_calls import abandoned, served
from terms.ids import QueueName

if TYPE_CHECKING:
    from tests.rexian.records.conftest import Shell


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))


def test_calls_are_exported_masked_with_all_their_figures(shell: "Shell", tmp_path: Path) -> None:
    shell.has(served(1), abandoned(2))

    result = shell.runs("export", "calls", "--csv", str(tmp_path / "calls.csv"))

    first, second = rows_of(tmp_path / "calls.csv")
    assert (result.exit_code, result.stdout) == (0, f"2 -> {tmp_path / 'calls.csv'}\n")
    assert (first["ani"], first["talk_s"], first["menu_path"]) == ("138****5678", "120.0", "m.main.1")
    assert (second["outcome"], second["talk_s"], second["work_order"]) == ("abandoned_queue", "", "")
    assert "journey" not in first


def test_orders_are_exported_with_their_chinese_intact(shell: "Shell", tmp_path: Path) -> None:
    shell.has(served(1))

    shell.runs("export", "orders", "--csv", str(tmp_path / "orders.csv"))

    raw = (tmp_path / "orders.csv").read_bytes()
    (order,) = rows_of(tmp_path / "orders.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert (order["state_label"], order["title"]) == ("已受理,等待派单", "来电诉求,待补充")
    assert order["caller"] == "138****5678"


def test_an_export_of_full_numbers_is_written_to_the_audit_trail(shell: "Shell", tmp_path: Path) -> None:
    shell.has(served(1))

    shell.runs("export", "calls", "--csv", str(tmp_path / "calls.csv"), "--reveal", "审计抽查")

    (call,) = rows_of(tmp_path / "calls.csv")
    (line,) = shell.audited()
    assert call["ani"] == "13812345678"
    assert (line.object, line.reason) == (f"export calls to {tmp_path / 'calls.csv'}", "审计抽查")


def test_an_export_can_begin_at_a_moment(shell: "Shell", tmp_path: Path) -> None:
    shell.has(abandoned(1), abandoned(9))

    shell.runs("export", "calls", "--csv", str(tmp_path / "c.csv"), "--since", "2026-11-23T09:00:05")

    assert [call["call_id"] for call in rows_of(tmp_path / "c.csv")] == [abandoned(9).call_id]


def test_no_cell_of_an_export_computes(shell: "Shell", tmp_path: Path) -> None:
    link = '=HYPERLINK("http://x","y")'
    shell.has(replace(abandoned(1), dnis=link, queue=QueueName("@SUM(A1)"), ani="+8613812345678"))

    shell.runs("export", "calls", "--csv", str(tmp_path / "c.csv"))

    (call,) = rows_of(tmp_path / "c.csv")
    assert (call["dnis"], call["queue"]) == ('\'=HYPERLINK("http://x","y")', "'@SUM(A1)")
    assert call["ani"] == "138****5678"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_every_sign_that_begins_a_formula_is_guarded(sign: str) -> None:
    assert cell(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (-1.5, "-1.5"), (True, "True"), ([], ""), (["a", "b"], "a b"), (["=a"], "'=a")],
)
def test_what_is_no_text_needs_no_guard(value: object, text: str) -> None:
    assert cell(value) == text


def test_the_file_is_for_its_owner_only(shell: "Shell", tmp_path: Path) -> None:
    shell.runs("export", "calls", "--csv", str(tmp_path / "calls.csv"))

    assert stat.S_IMODE((tmp_path / "calls.csv").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told(shell: "Shell", tmp_path: Path) -> None:
    result = shell.runs("export", "calls", "--csv", str(tmp_path / "nowhere" / "calls.csv"))

    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    assert "nowhere" in result.stderr


async def test_an_export_that_fails_in_the_middle_leaves_the_older_file(tmp_path: Path) -> None:
    older = tmp_path / "calls.csv"
    write(older, "older")

    with pytest.raises(RuntimeError):
        await write_csv(older, ("a",), one_and_a_failure())

    assert (names_in(tmp_path), read(older)) == (["calls.csv"], "older")


async def one_and_a_failure() -> AsyncIterator[dict[str, Any]]:
    yield {"a": 1}
    raise RuntimeError


def write(file: Path, text: str) -> None:
    file.write_text(text)


def read(file: Path) -> str:
    return file.read_text()


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
