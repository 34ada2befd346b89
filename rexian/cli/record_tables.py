"""Calls and work orders as tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cdr.record import HangupBy, Outcome
from rexian.engine.mistakes import printable

Shown = Mapping[str, Any]

OUTCOMES: Mapping[str | None, str] = {
    Outcome.SERVED: "已接听",
    Outcome.ABANDONED_MENU: "菜单中放弃",
    Outcome.ABANDONED_QUEUE: "排队中放弃",
    Outcome.SELF_SERVICE: "自助",
    Outcome.CALLBACK: "预约回拨",
    Outcome.VOICEMAIL: "留言",
    Outcome.OVERFLOWED: "溢出",
    Outcome.HANDED_OVER: "已转接",
    Outcome.CLOSED: "非服务时间",
    Outcome.FALLBACK: "应急接听",
    Outcome.FAILED: "故障",
    Outcome.STOPPED: "系统停止",
    Outcome.SWITCH_LOST: "交换机中断",
}
HANGUPS: Mapping[str | None, str] = {
    HangupBy.CITIZEN: "市民",
    HangupBy.AGENT: "座席",
    HangupBy.SYSTEM: "系统",
}

_WIDTH = 140


def calls_table(calls: Sequence[Shown]) -> Table:
    """One call a line, as `cdr.forms.to_json` shows it."""
    heads = ("开始", "主叫", "被叫", "队列", "座席", "等待", "通话", "结果", "挂机", "评分", "工单")
    rows = (
        (
            _time(call["started_at"]),
            call["ani"] or "未知号码",
            call["dnis"],
            call["queue"],
            call["agent"],
            _seconds(call["wait_s"]),
            _seconds(call["talk_s"]),
            OUTCOMES.get(call["outcome"], call["outcome"]),
            HANGUPS.get(call["hangup_by"], call["hangup_by"]),
            call["rating"],
            call["work_order"],
        )
        for call in calls
    )
    return _table(heads, rows)


def orders_table(orders: Sequence[Shown]) -> Table:
    """One order a line, as `workorders.shown.to_json` shows it."""
    heads = ("工单号", "受理时间", "状态", "来电人", "座席", "承办单位", "期限", "标题")
    rows = (
        (
            order["number"],
            _time(order["created_at"]),
            order["state_label"],
            order["caller"] or "未知号码",
            order["agent"],
            order["department"],
            _time(order["due_at"]),
            order["title"],
        )
        for order in orders
    )
    return _table(heads, rows)


def console() -> Console:
    """Stdout. What isn't a terminal has no width of its own; nothing must be cut there."""
    out = Console()
    return out if out.is_terminal else Console(width=_WIDTH)


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    table = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("–" if value is None else _plain(value) for value in row))
    return table


def _plain(value: object) -> str:
    """Text that came from outside must neither colour nor move anything on a terminal."""
    return escape(printable(str(value)))


def _time(iso: str | None) -> str | None:
    """2026-11-24T14:05:29.120+08:00 as 11-24 14:05:29."""
    return None if iso is None else iso[5:19].replace("T", " ")


def _seconds(seconds: float | None) -> str | None:
    """83.4 as 1:23."""
    return None if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
