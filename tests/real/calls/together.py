"""Stories that are played at the same time and reported one by one.

A call lasts as long as its prompts: one after the other, eighty calls would take half an hour. The
stories of a module that are marked `@together` therefore happen in one city at one time, as calls do,
each with citizens of its own; so do those of all modules with the same EVENING. An evening is played
before its first test reports, and every test then tells how its own story ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from simulators.rig import Rig
from tests.real.calls.city import City, Plan, again_until

Story = Callable[[City], Awaitable[None]]

STORY = "story"
OWN_PLAN = "own_plan"
CITIES_AT_ONCE = 4


@dataclass(slots=True)
class Told:
    """How the stories of a module ended."""

    ends: dict[Story, BaseException | None] = field(default_factory=dict)
    left_behind: dict[Plan, list[str]] = field(default_factory=dict)
    """What shouldn't be there any more when all have hung up; lines of the log that tell of an error."""

    def of(self, story: Story) -> None:
        """Raise what the story raised."""
        failure = self.ends[story]
        if failure is not None:
            raise failure


def together(story: Story) -> Callable[[Told], None]:
    """This story happens in the module's city while the others of the module do."""
    return _as_test(story, None)


def in_its_own_city(plan: Plan) -> Callable[[Story], Callable[[Told], None]]:
    """This story has a city for itself, and may do to it what it likes."""
    return lambda story: _as_test(story, plan)


def _as_test(story: Story, plan: Plan | None) -> Callable[[Told], None]:
    def test(told: Told) -> None:
        told.of(story)

    test.__name__ = test.__qualname__ = getattr(story, "__name__", "test_story")
    test.__module__, test.__doc__ = story.__module__, story.__doc__
    setattr(test, STORY, story)
    setattr(test, OWN_PLAN, plan)
    return test


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The stories that share one city."""

    rig: Rig
    plan: Plan
    stories: list[Story]


async def play(parts: Iterable[Part], apart: Sequence[tuple[Story, Plan]]) -> Told:
    """All of them at once, but for those that need more systems than a small machine can run."""
    told = Told()
    shared = [_in_one_city(part, told) for part in parts]
    for start in range(0, max(len(apart), 1), CITIES_AT_ONCE):
        some = apart[start : start + CITIES_AT_ONCE]
        rigs = [plan.rig() for _, plan in some]
        try:
            # All are up before the first call: a start takes the processor away from everybody's sound.
            await asyncio.gather(*(asyncio.to_thread(rig.__enter__) for rig in rigs))
            own = [
                _in_its_own_city(story, Part(rig=rig, plan=plan, stories=[]), told)
                for (story, plan), rig in zip(some, rigs, strict=True)
            ]
            await asyncio.gather(*shared, *own)
        finally:
            await asyncio.gather(*(asyncio.to_thread(rig.__exit__, None, None, None) for rig in rigs))
        shared = []
    return told


async def _in_one_city(part: Part, told: Told) -> None:
    async with City(part.rig, part.plan) as city:
        ends = await asyncio.gather(*(story(city) for story in part.stories), return_exceptions=True)
        told.ends.update(zip(part.stories, ends, strict=True))
        told.left_behind[part.plan] = await _left_behind(city)


async def _in_its_own_city(story: Story, part: Part, told: Told) -> None:
    try:
        async with City(part.rig, part.plan) as city:
            await story(city)
        told.ends[story] = None
    except Exception as failure:  # noqa: BLE001 - told to the story's own test
        told.ends[story] = failure


async def _left_behind(city: City) -> list[str]:
    async def nothing() -> bool | None:
        channels = await city.live_channels()
        return None if channels or city.board["status"]["channels"] else True

    left = []
    try:
        await again_until(nothing, 5.0, "a switch without channels")
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        left += [str(channel) for channel in await city.live_channels()] or [str(city.board["status"])]
    busy = [f"{desk['agent']} is {desk['state']}" for desk in city.board["agents"] if desk["state"] in BUSY]
    return left + busy + city.complaints()


BUSY = ("offered", "ringing", "talking", "hold", "in_doubt")
