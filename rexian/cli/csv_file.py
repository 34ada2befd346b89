"""A CSV file that a spreadsheet opens with its Chinese intact, and in which nothing computes."""

import contextlib
import csv
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

_COMPUTES = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: object) -> str:
    """One value as text. What a spreadsheet would take for a formula gets a `'` in front of it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return cell(" ".join(map(str, value)))
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_COMPUTES) else text


async def write_csv(file: Path, columns: Sequence[str], rows: AsyncIterator[Mapping[str, Any]]) -> int:
    """Writes `columns` of each row, and returns how many rows there were. OSError if it can't be written.

    The file appears when it is whole, for its owner only; until then an older one stays.
    """
    count = 0
    with _whole(file) as out:
        lines = csv.writer(out)
        lines.writerow(columns)
        async for row in rows:
            lines.writerow([cell(row[column]) for column in columns])
            count += 1
    return count


@contextlib.contextmanager
def _whole(file: Path) -> Iterator[TextIO]:
    """A file to write that takes its name at the end; nothing is left of it after an exception."""
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8-sig", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
