"""The board in the terminal, and its changes in lines."""

from typing import Any

from rich.console import Console

from rexian.cli.board import clock, lines, render

NOBODY: dict[str, Any] = {
    "at": "2026-11-24T14:05:29.120+08:00",
    "status": {"ready": True, "waiting": 0, "talking": 0, "agents_ready": 0, "agents_signed_in": 0},
    "waiting": [],
    "agents": [],
}
LI = {
    "agent": "1001",
    "name": "李",
    "seat": "8001",
    "state": "ready",
    "label": "空闲",
    "since_s": 3.0,
    "call": None,
}
CALL = {"call": "1.1", "ani": "138****5678", "queue": "enterprise", "wait_s": 72.0, "agent": None}


def screen(snapshot: dict[str, Any] | None) -> str:
    console = Console(width=120, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(render(snapshot, 1.0, "footer"))
    return captured.get()


def test_a_waiting_call_is_shown_masked_with_its_running_wait() -> None:
    shown = screen({**NOBODY, "waiting": [CALL], "agents": [LI]})

    assert "138****5678" in shown
    assert "1:13" in shown
    assert "企业" in shown
    assert "1001" in shown


def test_an_empty_floor_says_what_to_do_next() -> None:
    assert "*40" in screen(NOBODY)
    assert "启动或重连" in screen(None)


def test_lines_tell_only_what_changed() -> None:
    talking = {**LI, "state": "talking", "label": "通话"}

    assert list(lines(None, {**NOBODY, "waiting": [CALL]})) == ["14:05:29 排队 138****5678 企业"]
    assert list(lines({**NOBODY, "agents": [LI]}, {**NOBODY, "agents": [LI]})) == []
    assert list(lines({**NOBODY, "agents": [LI]}, {**NOBODY, "agents": [talking]})) == [
        "14:05:29 坐席 1001 李 8001 通话"
    ]
    assert list(lines({**NOBODY, "agents": [LI]}, NOBODY)) == ["14:05:29 坐席 1001 签出"]


def test_durations_read_like_a_clock() -> None:
    assert [clock(0), clock(252), clock(3852)] == ["0:00", "4:12", "1:04:12"]
