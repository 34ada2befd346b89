"""`rexian calls`, `rexian orders`, `rexian export`: what was, for people and for scripts.

The libraries behind the database are imported when they are needed: they take half a second, and every
other command would wait for them too.
"""

import asyncio
import contextlib
import json
import os
import pwd
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from cdr import forms
from cdr.record import CallRecord
from rexian.cli.csv_file import write_csv
from rexian.engine.city_models import HotlineFile
from rexian.engine.clock import Clock
from rexian.engine.config_reading import read_file
from rexian.engine.mistakes import ConfigErrors
from rexian.engine.settings import Settings, SettingsError
from terms.instant import Instant, from_datetime
from workorders import shown

if TYPE_CHECKING:
    from rexian.store.store import Store

REFUSED, WRONG_USAGE = 1, 2
LAST_SHOWN = 50
CALL_COLUMNS = tuple(field.name for field in fields(CallRecord) if field.name != "journey")
ORDER_COLUMNS = (
    "number",
    "call_id",
    "state",
    "state_label",
    "type",
    "category",
    "created_at",
    "due_at",
    "department",
    "caller",
    "agent",
    "queue",
    "title",
)

Shown = dict[str, Any]
Rows = Callable[["Store", "Asked"], AsyncIterator[Shown]]

AsJsonl = Annotated[bool, typer.Option("--jsonl", help="每行一个 JSON 对象")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="起始时间,例如 2026-11-24T14:05 或带时区 2026-11-24T14:05+08:00"),
]
Reveal = Annotated[
    str | None, typer.Option("--reveal", metavar="REASON", help="显示完整号码;事由写入审计记录")
]
Csv = Annotated[
    Path, typer.Option("--csv", metavar="FILE", help="写入的 CSV 文件(UTF-8 带 BOM,可用 Excel 打开)")
]

export = typer.Typer(no_args_is_help=True, help="导出为 CSV。号码默认脱敏。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see."""

    what: str
    """In words, for the audit trail."""
    zone: ZoneInfo
    since: Instant | None
    reveal: str | None
    """Why the telephone numbers are to be shown in full; None: masked."""


def calls(jsonl: AsJsonl = False, since: Since = None, reveal: Reveal = None) -> None:
    """话单:已结束的来电。号码默认脱敏。"""
    from rexian.cli.record_tables import calls_table

    _list(*_asked("calls", since, reveal), _call_rows, None if jsonl else calls_table)


def orders(jsonl: AsJsonl = False, since: Since = None, reveal: Reveal = None) -> None:
    """工单。号码默认脱敏。"""
    from rexian.cli.record_tables import orders_table

    _list(*_asked("orders", since, reveal), _order_rows, None if jsonl else orders_table)


@export.command("calls")
def export_calls(csv: Csv, since: Since = None, reveal: Reveal = None) -> None:
    """导出话单。"""
    configured, asked = _asked(f"export calls to {csv}", since, reveal)
    print(f"{_run(_written(configured, asked, _call_rows, CALL_COLUMNS, csv))} -> {csv}")


@export.command("orders")
def export_orders(csv: Csv, since: Since = None, reveal: Reveal = None) -> None:
    """导出工单。"""
    configured, asked = _asked(f"export orders to {csv}", since, reveal)
    print(f"{_run(_written(configured, asked, _order_rows, ORDER_COLUMNS, csv))} -> {csv}")


async def _call_rows(store: "Store", asked: Asked) -> AsyncIterator[Shown]:
    async for record in store.calls(asked.since):
        yield forms.to_json(record, asked.zone, reveal=asked.reveal is not None)


async def _order_rows(store: "Store", asked: Asked) -> AsyncIterator[Shown]:
    async for order in store.orders(asked.since):
        yield shown.to_json(order, asked.zone, reveal=asked.reveal is not None)


def _list(configured: Settings, asked: Asked, rows: Rows, table: Callable[[list[Shown]], Any] | None) -> None:
    """To stdout: as a table, or without one as JSON lines."""
    _run(_printed(configured, asked, rows) if table is None else _tabled(configured, asked, rows, table))


async def _printed(configured: Settings, asked: Asked, rows: Rows) -> None:
    async with _records(configured, asked, rows) as found:
        async for row in found:
            print(json.dumps(row, ensure_ascii=False))


async def _tabled(
    configured: Settings, asked: Asked, rows: Rows, table: Callable[[list[Shown]], Any]
) -> None:
    from rexian.cli.record_tables import console

    async with _records(configured, asked, rows) as found:
        everything = [row async for row in found]
    last = everything if asked.since is not None else everything[-LAST_SHOWN:]
    console().print(table(last))
    if len(last) < len(everything):
        print(f"共 {len(everything)} 条,只显示最近 {LAST_SHOWN} 条;全部请用 --since 或 --jsonl。")


async def _written(
    configured: Settings, asked: Asked, rows: Rows, columns: tuple[str, ...], csv: Path
) -> int:
    async with _records(configured, asked, rows) as found:
        return await write_csv(csv, columns, found)


@contextlib.asynccontextmanager
async def _records(configured: Settings, asked: Asked, rows: Rows) -> AsyncIterator[AsyncIterator[Shown]]:
    """The rows; none from a system that never ran. Revealing is written down before the first row."""
    from rexian.store.database import is_there
    from rexian.store.store import AuditEntry, Store

    if not is_there(configured.database_url):
        yield _nothing()
        return
    store = await Store.open(configured.database_url)
    try:
        if asked.reveal is not None:
            now, reason = Clock().now(), asked.reveal
            await store.audit(
                AuditEntry(at=now, who=_user(), what="reveal", object=asked.what, reason=reason)
            )
        yield rows(store, asked)
    finally:
        await store.close()


async def _nothing() -> AsyncIterator[Shown]:
    none: tuple[Shown, ...] = ()
    for row in none:
        yield row


def _asked(what: str, since: str | None, reveal: str | None) -> tuple[Settings, Asked]:
    """Everything that can be wrong about the question is told before the database is opened."""
    try:
        configured = Settings.load()
        zone = _city_zone(configured.config)
    except SettingsError as why:
        _refuse(why, WRONG_USAGE)
    except ConfigErrors as why:
        _refuse(why)
    if reveal is not None and not reveal.strip():
        _refuse("--reveal needs the reason: it is written to the audit trail, with your name", WRONG_USAGE)
    what = f"{what} since {since}" if since else what
    return configured, Asked(what=what, zone=zone, since=_instant(since, zone), reveal=reveal)


def _city_zone(config: Path) -> ZoneInfo:
    """From hotline.yaml alone: old records can be read while somebody edits the other files."""
    reading = read_file(config / "hotline.yaml", str(config / "hotline.yaml"), HotlineFile)
    if reading.content is None or not reading.is_sound(("time_zone",)):
        raise ConfigErrors(list(reading.mistakes))
    return reading.content.time_zone


def _instant(since: str | None, zone: ZoneInfo) -> Instant | None:
    if since is None:
        return None
    try:
        moment = datetime.fromisoformat(since.strip())
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        _refuse(
            f"--since {since!r} is no time; write 2026-11-24T14:05 (then it is {zone.key}) "
            "or, with an offset, 2026-11-24T14:05:00+08:00",
            WRONG_USAGE,
        )


def _user() -> str:
    """Who asks, as the system knows them and not as they call themselves."""
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return f"uid {os.getuid()}"


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    from rexian.store.errors import StoreError

    try:
        with _quiet_when_nobody_reads():
            return asyncio.run(work)
    except (StoreError, OSError) as why:
        _refuse(f"{why.strerror}: {why.filename}" if isinstance(why, OSError) else why)


@contextlib.contextmanager
def _quiet_when_nobody_reads() -> Iterator[None]:
    """`rexian calls --jsonl | head` ends when head has enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def _refuse(why: object, status: int = REFUSED) -> NoReturn:
    typer.echo(str(why), err=True)
    raise typer.Exit(status)
