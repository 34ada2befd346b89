"""Typed reading of one stored JSON object: the first thing that is wrong is named, nothing is guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.errors import DeskUnreadable


@dataclass(frozen=True, slots=True)
class Fields:
    """The object and the name under which a complaint speaks of it."""

    where: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, where: str, data: object) -> "Fields":
        """DeskUnreadable unless `data` is an object with text keys."""
        if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
            raise DeskUnreadable(where, f"{_shown(data)} is not a JSON object")
        return cls(where, data)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.text_or_none(key)
        if value is None:
            raise DeskUnreadable(self.where, f"'{key}' is missing")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text that is not empty, or None if the key is absent or null."""
        value = self.data.get(key)
        if value is not None and not (isinstance(value, str) and value):
            raise DeskUnreadable(self.where, f"'{key}' is {_shown(value)}, not a text")
        return value

    def whole(self, key: str) -> int:
        """A whole number, 0 or more."""
        value = self.whole_or_none(key)
        if value is None:
            raise DeskUnreadable(self.where, f"'{key}' is missing")
        return value

    def whole_or_none(self, key: str) -> int | None:
        """A whole number, 0 or more, or None if the key is absent or null."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise DeskUnreadable(self.where, f"'{key}' is {_shown(value)}, not a whole number of 0 or more")
        return value

    def inner(self, key: str) -> "Fields | None":
        """The object under `key`, or None if the key is absent or null."""
        value = self.data.get(key)
        return None if value is None else Fields.of(f"{self.where}, '{key}'", value)


def _shown(value: object) -> str:
    return repr(value)[:60]
