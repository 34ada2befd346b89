"""The kinds of values a city's files are made of. Each reads the text that stands in the file.

A value that won't do is refused with what it is and how to mend it; the loader adds the place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from ivr.menus import KEYS
from terms.ids import AgentId, MenuId, PromptId, QueueName, SeatId, SkillName
from terms.skills import LEVELS

OWN_ERROR = "config"
"""The type of a pydantic error whose context holds `what` and `mend` in our own words."""


class ConfigModel(BaseModel):
    """A group of keys. A key that is not listed is a typo, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileModel(ConfigModel):
    """A whole file."""

    STAND_INS: ClassVar[Mapping[str, Any]] = {}
    """What is put, while mistakes are looked for, in place of a section that is missing or wrong."""


def wrong(what: str, mend: str) -> PydanticCustomError:
    """A value that won't do: `what` follows the name of its key, as in `ring_s` + `is '-5'`."""
    return PydanticCustomError(OWN_ERROR, "{what}; {mend}", {"what": what, "mend": mend})


def is_what(value: object) -> str:
    """What stands in the file, as the end of a sentence that begins with the key."""
    if isinstance(value, str):
        return f"is '{value[:_SHOWN]}…'" if len(value) > _SHOWN else f"is '{value}'"
    return "is a list" if isinstance(value, list) else "is a group of keys"


_SHOWN = 40


@dataclass(frozen=True, eq=False)
class Reads:
    """Hands a value to `read`, and tells editors that it looks like `schema`."""

    read: Callable[[object], object]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)


def number(low: float, high: float, unit: str) -> Reads:
    """A decimal number; no exponents, leading zeros or units, which people read in two ways."""

    def read(value: object) -> float:
        if isinstance(value, str) and _NUMBER.fullmatch(value) and low <= float(value) <= high:
            return float(value)
        raise wrong(is_what(value), f"write a number from {low:g} to {high:g} ({unit})")

    return Reads(read, {"type": "number", "minimum": low, "maximum": high, "description": unit})


def whole(low: int, high: int, unit: str) -> Reads:
    """A whole number, written the same way."""

    def read(value: object) -> int:
        if isinstance(value, str) and _WHOLE.fullmatch(value) and low <= int(value) <= high:
            return int(value)
        raise wrong(is_what(value), f"write a whole number from {low} to {high} ({unit})")

    return Reads(read, {"type": "integer", "minimum": low, "maximum": high, "description": unit})


def text(pattern: str, mend: str) -> Reads:
    """A text that matches `pattern` as a whole; `mend` says what it has to look like."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if isinstance(value, str) and compiled.fullmatch(value):
            return value
        raise wrong(is_what(value), mend)

    # An editor's YAML takes bare digits for a number; ours doesn't.
    return Reads(read, {"type": ["string", "integer"], "pattern": f"^{pattern}$", "description": mend})


def choice(*values: str) -> Reads:
    """One of a few words."""
    mend = f"write {', '.join(values[:-1])} or {values[-1]}"

    def read(value: object) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise wrong(is_what(value), mend)

    return Reads(read, {"enum": list(values)})


_YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _read_yes_no(value: object) -> bool:
    if isinstance(value, str) and value in _YES_NO:
        return _YES_NO[value]
    raise wrong(is_what(value), "write true or false")


def _read_zone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str):
            return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise wrong(is_what(value), "write a zone's name, such as Asia/Shanghai")


_PROMPT = r"[a-z0-9]+(?:\.[a-z0-9]+)*"
_PROMPT_MEND = "a prompt's id is made of a-z, 0-9 and single dots, such as q.pos"
_read_prompt = text(_PROMPT, _PROMPT_MEND).read


def _read_words(value: object) -> tuple[object, ...]:
    return tuple(_read_prompt(one) for one in (value if isinstance(value, list) else [value]))


_WORDS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": f"^{_PROMPT}$"},
        {"type": "array", "items": {"type": "string", "pattern": f"^{_PROMPT}$"}},
    ],
    "description": "ids from prompts.yaml, spoken one after the other",
}

YesNo = Annotated[bool, Reads(_read_yes_no, {"type": "boolean"})]
Zone = Annotated[ZoneInfo, Reads(_read_zone, {"type": "string", "description": "IANA name"})]
PromptText = Annotated[PromptId, text(_PROMPT, _PROMPT_MEND)]
Words = Annotated[tuple[PromptId, ...], Reads(_read_words, _WORDS_SCHEMA)]
"""One prompt or several."""

Label = Annotated[str, text(r"\S(?:.{0,38}\S)?", "write 1 to 40 characters")]
AgentText = Annotated[AgentId, text(r"[0-9]{4}", "a 工号 is four digits, such as 1001")]
SeatText = Annotated[SeatId, text(r"[1-9][0-9]{2,5}", "an extension is 3 to 6 digits, such as 8001")]
PinText = Annotated[str, text(r"[0-9]{4,12}", "a PIN is 4 to 12 digits")]
QueueText = Annotated[
    QueueName, text(r"[a-z][a-z0-9-]{0,31}", "a queue's name is made of a-z, 0-9 and -, such as citizen")
]
SkillText = Annotated[
    SkillName,
    text(r"\w(?:[\w-]{0,30}\w)?", "a skill's name is one word of up to 32 characters, such as 彝语"),
]
MenuText = Annotated[
    MenuId,
    text(r"[a-z0-9]+(?:[.-][a-z0-9]+){0,7}", "a menu's name is made of a-z, 0-9 and dots, such as m.main"),
]
KeyText = Annotated[str, text(rf"[{KEYS}]", f"callers press one key, one of {' '.join(KEYS)}")]
DigitText = Annotated[str, text(r"[1-9]", "it is dialled as one digit, 1 to 9")]
DialledText = Annotated[str, text(r"[1-9][0-9]{2,11}", "a number to dial is 3 to 12 digits, such as 12345")]
Level = Annotated[int, whole(LEVELS[0], LEVELS[-1], "how well, 10 is best")]
Count = Annotated[int, whole(0, 100, "times; 0 is never")]
