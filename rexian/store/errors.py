"""What can go wrong at the database, in words that need no SQL to act on."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import exc

from workorders.outbox import OutboxTrouble


class StoreError(OutboxTrouble):
    """Base of everything the store raises."""


class StoreUnavailable(StoreError):
    """The database can't be reached or used at the moment: locked, full, gone. Try again later."""


class StoreDamaged(StoreError):
    """The database file is corrupt. What is in the journal can be rebuilt from it."""


class StoreRefused(StoreError):
    """The database took the statement and refused its content: trying again can't help."""


class UnknownVersion(StoreError):
    """The database was made by another, newer version of this program."""


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Turns the drivers' errors into the store's."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError, OSError) as why:
        raise StoreUnavailable(_first_line(why)) from why
    except exc.DatabaseError as why:
        if "malformed" in str(why.orig) or "not a database" in str(why.orig):
            raise StoreDamaged(_first_line(why)) from why
        raise StoreRefused(_first_line(why)) from why
    except (exc.StatementError, ValueError, TypeError, ArithmeticError) as why:
        raise StoreRefused(_first_line(why)) from why


def _first_line(why: Exception) -> str:
    """The driver's own sentence; SQLAlchemy's adds the statement and its values, which are personal data."""
    orig = getattr(why, "orig", None) or why
    lines = str(orig).splitlines()
    return lines[0] if lines else type(orig).__name__
