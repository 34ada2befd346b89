"""The cities of these stories, each the demo city with a few lines changed."""

from functools import partial
from pathlib import Path
from typing import Any

from tests.real.calls.city import Plan, rewrite

NO_LANGUAGE = tuple(f"80{number:02}" for number in (1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 16, 17, 19))
"""Seats whose people speak none of the languages: for their queue nobody is there in the first minute."""

UNSERVED = "123459"
"""A line to the language queue, for citizens who shall wait."""


def _with_a_line_nobody_serves(config: Path, mode: str = "menu") -> None:
    def change(hotline: Any) -> None:
        hotline["numbers"][UNSERVED] = {"queue": "language"}
        hotline["mode"] = mode

    rewrite(config / "hotline.yaml", change)


BY_MENU = Plan(on_duty=NO_LANGUAGE, edit=_with_a_line_nobody_serves)
"""As the demo city, without after-call work."""

DIRECT = Plan(on_duty=NO_LANGUAGE[:8], edit=partial(_with_a_line_nobody_serves, mode="direct"))
"""The same in mode `direct`."""
