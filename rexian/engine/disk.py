"""What the journal asks of a file system, and what it does when that fails."""

import ctypes
import errno
import os
from io import FileIO
from pathlib import Path

_KEEP_SIZE = 1  # linux/falloc.h: FALLOC_FL_KEEP_SIZE

_libc = ctypes.CDLL(None, use_errno=True)
_fallocate = getattr(_libc, "fallocate", None)
if _fallocate:
    _fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long)


def create(path: Path) -> int:
    """A new file for appending, for its owner only. OSError if it exists."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def open_to_append(path: Path) -> int:
    """An existing file for appending."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def writer_for(path: Path) -> FileIO:
    """A new or overwritten file, for its owner only."""
    return FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w")


def append_or_why(file: int, data: bytes, size: int) -> str:
    """Appends all of `data` to a file of `size` bytes, or nothing: then it says why not. Never raises.

    A disk that fills up in the middle of a line takes a part of it; that part is cut off again.
    """
    try:
        taken = os.write(file, data)
        if taken == len(data):
            return ""
        why = f"only {taken} of {len(data)} bytes found room"
    except OSError as error:
        why = error.strerror or str(error)
    return why if cut(file, size) else why + "; and the piece that was written can't be cut off"


def cut(file: int, size: int) -> bool:
    """Ends the file at `size`, with nothing behind it, reserve included. False if the disk refuses."""
    try:
        os.ftruncate(file, size)
    except OSError:
        return False
    return True


def reserve(file: int, begin: int, length: int) -> bool:
    """Holds `length` bytes of the disk ready behind `begin` without making the file longer.

    False if there is no such room. True too where the file system knows no reserving (then a full disk
    is met without a reserve).
    """
    if _fallocate is None or _fallocate(file, _KEEP_SIZE, begin, length) == 0:
        return True
    return ctypes.get_errno() in (errno.EOPNOTSUPP, errno.ENOSYS)


def sync_folder(folder: Path) -> None:
    """Makes the names of new files in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
