"""Results of AGI commands run over AMI (AsyncAGI)."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote_to_bytes

_RESULT = re.compile(
    r"(?P<status>\d{3})[ -](?:result=(?P<value>\S*))?"
    r"(?: \((?P<data>.*)\))?(?: endpos=(?P<endpos>\d+))?",
    re.DOTALL,
)
_NUMBER = re.compile(r"-?[0-9]{1,18}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiResult:
    """What a command came to.

    status: 200 done, 510 unknown command, 511 not allowed on a dead channel, 520 bad syntax; 0 if the
    answer was no AGI answer at all.
    """

    status: int
    value: str
    """What stands after `result=`, as sent: GET DATA's digits keep their leading zeros here."""
    code: int | None
    """`value` as a number; None if it is none (GET DATA with `*`, or no key at all)."""
    data: str
    """What stands in parentheses: a variable's value, `timeout`, `hangup`."""
    endpos: int | None
    """Where in the file a prompt ended, in samples."""
    raw: str

    @property
    def ok(self) -> bool:
        """The command ran and the channel lived through it."""
        return self.status == 200 and self.code != -1

    @property
    def timed_out(self) -> bool:
        """Fewer keys came than asked for."""
        return self.data == "timeout"

    @classmethod
    def from_ami(cls, quoted: str) -> Self:
        """From the url-encoded `Result` header of AsyncAGIExec; never raises."""
        raw = unquote_to_bytes(quoted).decode("utf-8", "replace").strip("\r\n\0")
        found = _RESULT.match(raw)
        if found is None:
            return cls(status=0, value="", code=None, data="", endpos=None, raw=raw)
        value = found["value"] or ""
        return cls(
            status=int(found["status"]),
            value=value,
            code=int(value) if _NUMBER.match(value) else None,
            data=found["data"] or "",
            endpos=int(found["endpos"]) if found["endpos"] else None,
            raw=raw,
        )


def quoted(argument: str) -> str:
    """One argument of an AGI command, so that blanks and quotes in it stay where they are.

    Not a licence to put a caller's words into a command: EXEC substitutes `${…}` in them.
    """
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
