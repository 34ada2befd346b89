"""An engine's connection to a real Asterisk, and all it hears."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeVar

import pytest

from rexian.telephony.events import SwitchEvent
from rexian.telephony.switch import Switch, connect

if TYPE_CHECKING:
    from tests.real.conftest import Rig

Kind = TypeVar("Kind")


class Ears:
    """Everything the switch told, in order."""

    def __init__(self) -> None:
        self.heard: list[SwitchEvent] = []
        self._unread: list[SwitchEvent] = []
        self._more = asyncio.Event()

    def __call__(self, event: SwitchEvent) -> None:
        self.heard.append(event)
        self._unread.append(event)
        self._more.set()

    async def hear(self, kind: type[Kind], *, within_s: float = 5.0, **fields: object) -> Kind:
        """The first fact of this kind with these fields that was not handed out before."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for event in self._unread:
                        if isinstance(event, kind) and all(
                            getattr(event, name) == value for name, value in fields.items()
                        ):
                            self._unread.remove(event)
                            return event
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            story = "\n".join(map(str, self.heard))
            raise AssertionError(
                f"no {kind.__name__} {fields} within {within_s:g} s; heard:\n{story}"
            ) from None


@pytest.fixture
def ears() -> Ears:
    """What the engine's connection hears."""
    return Ears()


@pytest.fixture
async def switch(asterisk: "Rig", ears: Ears) -> AsyncIterator[Switch]:
    """The engine's connection; the dialplan believes that an engine is there."""
    async with connect(asterisk.ami("engine"), ears) as connection:
        await asterisk.believe_in_engine(connection)
        yield connection
