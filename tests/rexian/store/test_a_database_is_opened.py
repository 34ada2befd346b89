"""Versions, settings, damage: what a database must be like before it is used."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from rexian.store.absorb import Batch, OrderRule, Place
from rexian.store.database import connect, parse_url
from rexian.store.errors import StoreDamaged, StoreError, StoreUnavailable, UnknownVersion
from rexian.store.migrate import HERE, VERSIONS, bring_up, version_of
from rexian.store.store import Store
from rexian.store.tables import metadata
from simulators.past_calls import served


async def test_the_migrations_make_exactly_the_tables_that_the_program_knows(url: str) -> None:
    engine = connect(parse_url(url))

    def differences(connection: Connection) -> object:
        bring_up(connection)
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with engine.begin() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


def test_the_known_versions_are_the_migrations_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    newest_first = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(newest_first)) == VERSIONS


async def test_an_interrupted_migration_leaves_nothing_behind(url: str) -> None:
    engine = connect(parse_url(url))

    def interrupted(connection: Connection) -> None:
        bring_up(connection)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        async with engine.begin() as connection:
            await connection.run_sync(interrupted)
    async with engine.connect() as connection:
        version = await connection.run_sync(version_of)
        tables = await connection.exec_driver_sql("SELECT name FROM sqlite_master")
        left = tables.all()
    await engine.dispose()

    assert (version, left) == (None, [])


def made_by_a_newer_program(file: Path) -> bytes:
    raw = sqlite3.connect(file)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    return content(file)


def content(file: Path) -> bytes:
    return file.read_bytes()


async def test_a_newer_programs_database_is_refused_untouched_with_what_to_do(url: str, file: Path) -> None:
    await (await Store.open(url)).close()
    before = made_by_a_newer_program(file)

    with pytest.raises(UnknownVersion, match=r"version 9999.*knows up to 0001.*newer program"):
        await Store.open(url)

    assert content(file) == before


async def test_opening_again_keeps_everything(url: str, rule: OrderRule) -> None:
    store = await Store.open(url)
    await store.absorb(Batch(place=Place(journal="j", seq=1), records=[served(1)]), rule)
    await store.close()

    again = await Store.open(url)
    known = [call.call_id async for call in again.calls()]
    await again.close()

    assert known == [served(1).call_id]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 2000),
        ("secure_delete", 1),
    ],
)
async def test_every_connection_is_set_up_to_lose_nothing(url: str, pragma: str, value: object) -> None:
    engine = connect(parse_url(url))
    async with engine.connect() as connection:
        found = (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()
    await engine.dispose()

    assert found == value


def no_database(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"not a database at all, but long enough to have a header " * 100)


async def test_a_file_that_is_no_database_is_damaged(url: str, file: Path) -> None:
    no_database(file)

    with pytest.raises(StoreDamaged):
        await Store.open(url)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match=r"file/home/rexian\.db"):
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/file/home/rexian.db")


async def test_what_is_no_url_is_told_without_repeating_its_password() -> None:
    with pytest.raises(StoreError, match=r"REXIAN_DATABASE_URL.*postgresql\+asyncpg://") as refused:
        await Store.open("postgres:secret@host")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:////a/b.db", "sqlite+aiosqlite"),
        ("postgresql://u@h/d", "postgresql+asyncpg"),
        ("postgres://u@h/d", "postgresql+asyncpg"),
    ],
)
def test_a_url_without_a_driver_gets_the_right_one(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


async def test_a_removed_database_is_noticed_and_begun_again(url: str, file: Path, rule: OrderRule) -> None:
    store = await Store.open(url)
    await store.absorb(Batch(place=Place(journal="j", seq=1), records=[served(1)]), rule)
    for part in file.parent.iterdir():
        part.unlink()

    lost = store.is_lost
    await store.reopen()
    place = await store.place()
    await store.close()

    assert (lost, store.is_lost, place) == (True, False, None)
