"""The `rexian` command. Each function here only reads its arguments and says how it ended."""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from rexian.cli import programs, records
from rexian.cli.accounts import accounts
from rexian.cli.check import check as check_config
from rexian.cli.house import House
from rexian.cli.log import configure_logging
from rexian.cli.places import Places
from rexian.cli.up import AlreadyUp, end_everything
from rexian.cli.up import up as keep_up
from rexian.engine.city import ConfigErrors, load_city
from rexian.engine.control import NobodyThere, Refused, ask
from rexian.engine.journal import JournalBusy
from rexian.engine.settings import Settings, SettingsError, unknown_settings
from rexian.telephony.errors import TelephonyError
from rexian.telephony.secrets import Secrets

app = typer.Typer(no_args_is_help=True, add_completion=False, help="热线 Rexian:12345 热线的呼叫中心引擎。")
agent = typer.Typer(no_args_is_help=True, help="座席签入、置闲、置忙、签出(与话机特征码相同)。")
app.add_typer(agent, name="agent")
app.add_typer(records.export, name="export")
app.command("calls")(records.calls)
app.command("orders")(records.orders)

REFUSED, WRONG_USAGE = 1, 2
STOP_WITHIN_S = 5.0
CAN_TAKE_CALLS, DEGRADED, STOPPED = 0, 2, 3

T = TypeVar("T")
Seat = Annotated[str, typer.Option("--seat", help="话机分机号,例如 8001")]
Number = Annotated[str | None, typer.Option("--agent", help="工号,例如 1001")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]


def refuse(why: object, status: int = REFUSED) -> NoReturn:
    """One sentence on stderr, and the end."""
    typer.echo(str(why), err=True)
    raise typer.Exit(status)


def settings() -> Settings:
    """From the environment and `.env`; a wrong one is a wrong usage."""
    try:
        return Settings.load()
    except SettingsError as why:
        refuse(why, WRONG_USAGE)


def pid_of(pid_file: Path) -> int | None:
    """The process behind a pid file, if it runs."""
    process = programs.running(pid_file)
    return None if process is None else process.pid


def warn_of_typos() -> None:
    """Variables that look like settings and are none: without a word they would just do nothing."""
    for sentence in unknown_settings(os.environ):
        typer.echo(sentence, err=True)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. What people can mend is told in a sentence; all else is a bug and shows itself."""
    try:
        return asyncio.run(work)
    except (Refused, NobodyThere, AlreadyUp, TelephonyError, ConfigErrors, JournalBusy) as why:
        refuse(why)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def up() -> None:
    """启动并看护全部程序;在终端中显示看板。Ctrl-C 停止。"""
    warn_of_typos()
    raise typer.Exit(run(keep_up(House(settings()))))


@app.command()
def stop() -> None:
    """停止由 `rexian up` 启动的一切;通话结束,记录完整。"""
    house = House(settings())
    supervisor = programs.running(house.places.run / "up.pid")
    run(supervisor.end(STOP_WITHIN_S) if supervisor is not None else end_everything(house))


@app.command(hidden=True)
def engine() -> None:
    """The engine process; started by `rexian up`."""
    from rexian.cli.service import run_engine  # database and broker clients: the other commands start faster

    configured = settings()
    configure_logging()
    run(run_engine(configured))


@app.command()
def status(as_json: Json = False) -> None:
    """能否接听来电。退出码:0 能,2 启动中或降级,3 已停止。"""
    configured = settings()
    places = Places(configured)
    shown: dict[str, Any] = {
        "ready": False,
        "engine_pid": None,
        "channels": 0,
        "waiting": 0,
        "talking": 0,
        "agents_ready": 0,
    }
    try:
        shown |= asyncio.run(ask(places.control, {"do": "status"}))
    except (NobodyThere, Refused):
        shown["engine_pid"] = pid_of(places.run / "engine.pid")
    shown["up_pid"] = pid_of(places.run / "up.pid")
    shown["asterisk_pid"] = House(configured).asterisk_pid()
    shown["home"] = str(places.home)
    alive = any(shown[name] is not None for name in ("engine_pid", "up_pid", "asterisk_pid"))
    code = CAN_TAKE_CALLS if shown["ready"] else DEGRADED if alive else STOPPED
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        words = {CAN_TAKE_CALLS: "可以接听来电", DEGRADED: "启动中或降级", STOPPED: "已停止"}
        typer.echo(
            f"{words[code]}  排队 {shown['waiting']}  通话 {shown['talking']}  空闲 {shown['agents_ready']}"
        )
    raise typer.Exit(code)


@app.command()
def check(folder: Annotated[Path | None, typer.Argument(help="配置目录,默认 REXIAN_CONFIG")] = None) -> None:
    """检查配置;所有错误一次列出(文件:行号)。"""
    warn_of_typos()
    raise typer.Exit(check_config(folder or settings().config))


@app.command()
def phones(as_json: Json = False) -> None:
    """全部 SIP 账号:20 个座席和两个市民账号。"""
    configured = settings()
    try:
        city = load_city(configured.config)
        seats = [str(seat.seat) for seat in city.seats]
        secrets = Secrets.load_or_create(Places(configured).secrets, seats, city.citizen_accounts)
    except (ConfigErrors, TelephonyError) as why:
        refuse(why)
    listed = accounts(secrets, city, configured)
    if as_json:
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    for one in listed:
        server = f"{one['host']}:{one['port']}"
        typer.echo(
            f"{one['extension']}  {one['sip_user']}  {one['password']}  {server}  {one['usual_agent'] or ''}"
        )


def tell_agent(verb: str, seat: str, number: str | None, reason: str | None = None) -> None:
    """Send one agent command to the engine and say what came of it."""
    asked = {"do": "agent", "verb": verb, "seat": seat, "agent": number, "reason": reason}
    answer = run(ask(Places(settings()).control, asked))
    typer.echo(" ".join(answer[name] for name in ("agent", "seat", "state", "reason") if answer[name]))


@agent.command("in")
def sign_in(seat: Seat, number: Number = None) -> None:
    """签入(置闲)。不写工号则为该座席的固定人员。"""
    tell_agent("in", seat, number)


@agent.command("ready")
def ready(seat: Seat, number: Number = None) -> None:
    """置闲;同时结束话后整理。"""
    tell_agent("ready", seat, number)


@agent.command("pause")
def pause(
    seat: Seat,
    number: Number = None,
    reason: Annotated[str | None, typer.Option("--reason", help="1–6 或名称")] = None,
) -> None:
    """置忙。通话中则在通话后生效。"""
    tell_agent("pause", seat, number, reason)


@agent.command("out")
def sign_out(seat: Seat, number: Number = None) -> None:
    """签出。"""
    tell_agent("out", seat, number)


if __name__ == "__main__":
    app(prog_name=Path(sys.argv[0]).name)
