"""The three commands over a database with calls in it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner, Result

from cdr.record import CallRecord
from rexian.cli import records
from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.store import AuditEntry, Store

CONFIG = Path(__file__).parents[3] / "config"


class Shell:
    """Types commands and reads what they say."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = f"sqlite+aiosqlite:///{home / 'rexian.db'}"
        self.app = typer.Typer()
        self.app.command("calls")(records.calls)
        self.app.command("orders")(records.orders)
        self.app.add_typer(records.export, name="export")

    def runs(self, *words: str) -> Result:
        result = CliRunner().invoke(self.app, list(words))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """The JSON lines of a command that worked."""
        result = self.runs(*words)
        assert (result.exit_code, result.stderr) == (0, "")
        return [json.loads(line) for line in result.stdout.splitlines()]

    def has(self, *calls: CallRecord) -> None:
        asyncio.run(self._absorb(calls))

    async def _absorb(self, calls: Sequence[CallRecord]) -> None:
        store = await Store.open(self.url)
        place = Place(journal="j", seq=1)
        await store.absorb(Batch(place=place, records=calls), OrderRule(zone=ZoneInfo("Asia/Shanghai")))
        await store.close()

    def audited(self) -> list[AuditEntry]:
        async def read() -> list[AuditEntry]:
            store = await Store.open(self.url)
            found = await store.audit_trail()
            await store.close()
            return found

        return asyncio.run(read())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    home = tmp_path / "home"
    monkeypatch.setenv("REXIAN_HOME", str(home))
    monkeypatch.setenv("REXIAN_CONFIG", str(CONFIG))
    monkeypatch.setenv("REXIAN_DATABASE_URL", "")
    return Shell(home)
