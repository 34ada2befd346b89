"""Passwords of this installation: made once at random, kept in one file that only we can read.

The file also says who the phones are: a seat's SIP user is a random name, so that nobody can guess an
account from an extension.
"""

import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from rexian.telephony.errors import SecretsUnsafe

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0/o, 1/l/i: people type these into desk phones
_SECRET_LENGTH = 24
_NAME_LENGTH = 8

AMI_ACCOUNTS = ("engine", "supervisor")
SEAT_EXTENSIONS = tuple(str(number) for number in range(8001, 8021))
CITIZEN_EXTENSIONS = ("9001", "9002")


class Role(StrEnum):
    """What an account may dial: seats reach the engine, citizens the hotline's numbers."""

    SEAT = "seat"
    CITIZEN = "citizen"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """One SIP account. `sip_user` is also its endpoint in the switch."""

    role: Role
    extension: str
    sip_user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """All passwords of one installation."""

    ami: Mapping[str, str] = field(repr=False)
    """AMI account → secret."""
    phones: tuple[PhoneAccount, ...]

    def endpoint_of(self, extension: str) -> str:
        """The PJSIP endpoint of a seat or citizen account. KeyError if there is none."""
        for phone in self.phones:
            if phone.extension == extension:
                return phone.sip_user
        raise KeyError(extension)

    def extension_of(self, endpoint: str) -> str | None:
        """The extension behind a PJSIP endpoint."""
        return next((phone.extension for phone in self.phones if phone.sip_user == endpoint), None)

    @classmethod
    def load_or_create(
        cls,
        path: Path,
        seats: Iterable[str] = SEAT_EXTENSIONS,
        citizens: Iterable[str] = CITIZEN_EXTENSIONS,
    ) -> Self:
        """What the file says, with accounts added that are missing in it; the file's mode is 600.

        SecretsUnsafe if others can read it, we can't, or it isn't what we wrote.
        """
        known = _read(path)
        wanted = [(Role.SEAT, ext) for ext in seats] + [(Role.CITIZEN, ext) for ext in citizens]
        ami = {name: known.ami.get(name) or _random(_SECRET_LENGTH) for name in AMI_ACCOUNTS}
        have = {(phone.role, phone.extension): phone for phone in known.phones}
        phones = tuple(have.get(key) or _new_phone(*key) for key in wanted)
        complete = cls(ami=ami, phones=phones)
        if complete != cls(ami=known.ami, phones=known.phones):
            _write(path, complete)
        return complete


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _new_phone(role: Role, extension: str) -> PhoneAccount:
    name = f"{role}-{_random(_NAME_LENGTH)}"
    return PhoneAccount(role=role, extension=extension, sip_user=name, password=_random(_SECRET_LENGTH))


def _read(path: Path) -> Secrets:
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Secrets(ami={}, phones=())
    except OSError as failure:
        raise SecretsUnsafe(
            f"{path}: can't be read ({failure.strerror}). Run as the owner of this folder."
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretsUnsafe(f"{path}: others may read these passwords. Run: chmod 600 '{path}'")
    try:
        content: dict[str, Any] = json.loads(text)
        phones = tuple(
            PhoneAccount(
                role=Role(each["role"]),
                extension=str(each["extension"]),
                sip_user=str(each["sip_user"]),
                password=str(each["password"]),
            )
            for each in content["phones"]
        )
        return Secrets(ami={str(name): str(value) for name, value in content["ami"].items()}, phones=phones)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SecretsUnsafe(
            f"{path}: is damaged. Restore it from a backup, or remove it: new passwords are then made, and "
            "every phone needs its new one."
        ) from None


def _write(path: Path, content: Secrets) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    body = {
        "ami": dict(content.ami),
        "phones": [
            {
                "role": str(phone.role),
                "extension": phone.extension,
                "sip_user": phone.sip_user,
                "password": phone.password,
            }
            for phone in content.phones
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(body, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
