"""The live board in the terminal, and the same in lines for those who have none."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Snapshot = Mapping[str, Any]

GLYPHS = {
    "ready": "○",
    "offered": "◎",
    "ringing": "◎",
    "talking": "☎",
    "hold": "‖",
    "wrap_up": "✎",
    "not_ready": "☕",
    "in_doubt": "?",
}
STYLES = {"ready": "green", "offered": "yellow", "ringing": "yellow", "talking": "blue", "hold": "cyan"}
QUEUES = {"citizen": "市民", "enterprise": "企业", "language": "语言"}
LONG_WAIT_S = 15
SHOWN_CALLS = 8


def clock(seconds: float) -> str:
    """4:12 or 1:04:12."""
    whole = int(max(seconds, 0))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def render(snapshot: Snapshot | None, elapsed_s: float, footer: str) -> Group:
    """One screen. `elapsed_s` have passed since the snapshot was taken; timers count on by it."""
    if snapshot is None:
        return Group(
            Panel(Text("引擎正在启动或重连,通话不受影响 …", style="yellow"), title="热线 Rexian"),
            Text(footer),
        )
    return Group(
        _figures(snapshot, elapsed_s),
        _waiting(snapshot, elapsed_s),
        _agents(snapshot, elapsed_s),
        Text(footer),
    )


def _figures(snapshot: Snapshot, elapsed_s: float) -> Panel:
    status, waiting = snapshot["status"], snapshot["waiting"]
    longest = max((call["wait_s"] for call in waiting), default=None)
    parts = [
        f"排队 {status.get('waiting', 0)}",
        f"最长等待 {clock(longest + elapsed_s) if longest is not None else '—'}",
        f"通话 {status.get('talking', 0)}",
        f"空闲 {status.get('agents_ready', 0)}",
        f"签入 {status.get('agents_signed_in', 0)}",
    ]
    return Panel("   ".join(parts), title=f"值班看板  {snapshot['at'][:19].replace('T', ' ')}")


def _waiting(snapshot: Snapshot, elapsed_s: float) -> Table:
    table = Table(title="排队来电(最久在前)", title_justify="left", expand=True)
    for name in ("队列", "来电", "等待", "振铃"):
        table.add_column(name)
    for call in sorted(snapshot["waiting"], key=lambda call: -call["wait_s"])[:SHOWN_CALLS]:
        wait_s = call["wait_s"] + elapsed_s
        mark = "▲ " if wait_s > LONG_WAIT_S else "  "
        table.add_row(
            QUEUES.get(call["queue"], call["queue"]), call["ani"], mark + clock(wait_s), call["agent"] or ""
        )
    if not snapshot["waiting"]:
        table.add_row("没有排队来电", "", "", "")
    return table


def _agents(snapshot: Snapshot, elapsed_s: float) -> Columns | Text:
    tiles = [
        Panel(
            Text(f"{GLYPHS.get(agent['state'], ' ')} {agent['label']} {clock(agent['since_s'] + elapsed_s)}"),
            title=f"{agent['agent']} {agent['name']}",
            subtitle=agent["seat"] or "",
            border_style=STYLES.get(agent["state"], "dim"),
            width=24,
        )
        for agent in snapshot["agents"]
    ]
    return Columns(tiles) if tiles else Text("没有人签入。在座席话机上拨 *40 签入。")


def lines(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    """What changed between two snapshots, a line each."""
    at = after["at"][11:19]
    old_calls = {call["call"]: call for call in before["waiting"]} if before else {}
    for call in after["waiting"]:
        if call["call"] not in old_calls:
            yield f"{at} 排队 {call['ani']} {QUEUES.get(call['queue'], call['queue'])}"
    old_agents = {agent["agent"]: agent for agent in before["agents"]} if before else {}
    for agent in after["agents"]:
        old = old_agents.pop(agent["agent"], None)
        if old is None or (old["state"], old["seat"], old["label"]) != (
            agent["state"],
            agent["seat"],
            agent["label"],
        ):
            yield f"{at} 坐席 {agent['agent']} {agent['name']} {agent['seat'] or ''} {agent['label']}"
    for gone in old_agents:
        yield f"{at} 坐席 {gone} 签出"
