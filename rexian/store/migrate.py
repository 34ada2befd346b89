"""Bringing a database to the version of this program, and refusing one that is ahead of it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from rexian.store.database import Database
from rexian.store.errors import UnknownVersion

VERSIONS = ("0001",)
"""All versions a database may have, oldest first: the names of the files in migrations/versions."""

HERE = Path(__file__).parent / "migrations"


async def migrate(database: Database) -> None:
    """Creates the tables or changes them to this program's version, in one transaction.

    A database that is up to date is only read, so it can be opened while another process writes.
    UnknownVersion if the database was made by a newer program: nothing is changed then.
    """
    async with database.read() as connection:
        version = await connection.run_sync(version_of)
    if version != VERSIONS[-1]:
        async with database.write() as connection:
            await connection.run_sync(bring_up)


def bring_up(connection: Connection) -> None:
    """As `migrate`, inside an open transaction."""
    version = version_of(connection)
    if version == VERSIONS[-1]:
        return
    if version is not None and version not in VERSIONS:
        raise UnknownVersion(
            f"The database has version {version}, this program knows up to {VERSIONS[-1]}. "
            "Start the newer program that made it, or restore the backup from before its first start."
        )
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    command.upgrade(config, "head")


def version_of(connection: Connection) -> str | None:
    """The version of a database; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
