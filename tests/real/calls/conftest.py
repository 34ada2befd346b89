"""Running hotlines for stories of calls; see together.py."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from types import ModuleType

import pytest

from simulators.rig import Rig
from tests.real.calls.city import Plan
from tests.real.calls.together import OWN_PLAN, STORY, Part, Story, Told, play

EVENING_LASTS_S = 300
"""At most, on a slow machine; the first test of an evening waits for all of it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An evening may last longer than a test."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item.function, STORY):
            item.add_marker(pytest.mark.timeout(EVENING_LASTS_S))


class Systems(dict[Plan, Rig]):
    """One running system for each plan, started when it is first asked for."""

    def __init__(self, ends: ExitStack) -> None:
        super().__init__()
        self._ends = ends

    def __missing__(self, plan: Plan) -> Rig:
        rig = self[plan] = self._ends.enter_context(plan.rig())
        return rig


@pytest.fixture(scope="session")
def systems() -> Iterator[Systems]:
    """Until the end of the session."""
    with ExitStack() as ends:
        yield Systems(ends)


@pytest.fixture(scope="session")
def evenings() -> dict[str, Told]:
    """What has been played so far."""
    return {}


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, systems: Systems, evenings: dict[str, Told]) -> Iterator[Told]:
    """The stories of the module's evening, played all at once; nothing may be left of them."""
    name = evening_of(request.module)
    if name not in evenings:
        evenings[name] = play_evening(name, request.session, systems)
    yield evenings[name]
    assert evenings[name].left_behind.pop(request.module.PLAN, []) == []


def evening_of(module: ModuleType) -> str:
    """Modules that name the same one are played together."""
    return str(getattr(module, "EVENING", module.__name__))


def play_evening(name: str, session: pytest.Session, systems: Systems) -> Told:
    """All stories of this evening that were selected."""
    shared: dict[Plan, list[Story]] = {}
    apart: list[tuple[Story, Plan]] = []
    for item in session.items:
        if not isinstance(item, pytest.Function) or not hasattr(item.function, STORY):
            continue
        if evening_of(item.module) == name:
            story, own = getattr(item.function, STORY), getattr(item.function, OWN_PLAN)
            if own is None:
                shared.setdefault(item.module.PLAN, []).append(story)
            else:
                apart.append((story, own))
    parts = [Part(rig=systems[plan], plan=plan, stories=stories) for plan, stories in shared.items()]
    return asyncio.run(play(parts, apart))
