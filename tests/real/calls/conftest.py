"""Running hotlines for stories of calls; see together.py."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from simulators.rig import Rig
from tests.real.calls.city import Plan
from tests.real.calls.together import OWN_PLAN, STORY, Told, play


@pytest.fixture(scope="session")
def systems() -> Iterator[dict[Plan, Rig]]:
    """One running system for each plan, until the end of the session."""
    with ExitStack() as ends:
        yield _Started(ends)


class _Started(dict[Plan, Rig]):
    def __init__(self, ends: ExitStack) -> None:
        super().__init__()
        self._ends = ends

    def __missing__(self, plan: Plan) -> Rig:
        rig = self[plan] = self._ends.enter_context(plan.rig())
        return rig


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, systems: dict[Plan, Rig]) -> Iterator[Told]:
    """The module's stories, played all at once; nothing may be left of them."""
    plan: Plan = request.module.PLAN
    tests = [
        item.function
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and hasattr(item.function, STORY)
    ]
    stories = [getattr(test, STORY) for test in tests if getattr(test, OWN_PLAN) is None]
    apart = [(getattr(test, STORY), own) for test in tests if (own := getattr(test, OWN_PLAN)) is not None]
    told = asyncio.run(play(systems[plan] if stories else None, plan, stories, apart))
    yield told
    assert told.left_behind == []
