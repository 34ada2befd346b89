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


RING_S, WRAP_UP_S = 4, 6

CELLS = {f"12360{cell}": (f"80{2 * cell + 1:02}", f"80{2 * cell + 2:02}") for cell in range(10)}
"""A line of its own for each two seats, so that ten stories about agents don't meet."""


def _in_cells(config: Path) -> None:
    def people(agents: Any) -> None:
        for number, seats in CELLS.items():
            for seat in seats:
                agent = agents["people"][f"1{seat[1:]}"]
                agent["skills"], agent["queues"] = {"citizen": 5}, [f"cell-{number[-1]}"]
        agents["people"]["1020"]["queues"] += ["citizen", "enterprise", "language"]  # each wants somebody

    def queues(content: Any) -> None:
        for number in CELLS:
            content["queues"][f"cell-{number[-1]}"] = {
                "name": number,
                "stages": [{"after_s": 0, "need": {}}],
                "slope": 1000,
                "handling_s": 60,
            }

    def numbers(hotline: Any) -> None:
        for number in CELLS:
            hotline["numbers"][number] = {"queue": f"cell-{number[-1]}"}

    for name, change in (("agents", people), ("queues", queues), ("hotline", numbers)):
        rewrite(config / f"{name}.yaml", change)


TWO_BY_TWO = Plan(
    edit=_in_cells,
    defaults={
        "after_call_work_s": WRAP_UP_S,
        "ring_s": RING_S,
        "no_answer_limit": 1,
        "reject_limit": 2,
        "busy_limit": 2,
        "unreachable_limit": 1,
    },
)
"""Nobody is signed in; each story signs in its own two."""

KILLED = Plan(on_duty=NO_LANGUAGE, edit=_with_a_line_nobody_serves, defaults={"after_call_work_s": 60})
"""The demo city with its after-call work, for an engine that will be killed."""
