"""Keys of this installation that are nobody's password: made once, kept beside the secrets."""

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def journal_key(folder: Path) -> bytes:
    """The key of the journal's chain, made at the first start; its file is for the owner only.

    ValueError if the file is damaged: a new key would make every old entry look forged.
    """
    path = folder / "journal.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"{path}: has {len(key)} bytes instead of {KEY_BYTES}; restore it from a backup"
            ) from None
        return key
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
