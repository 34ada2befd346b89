"""Two phones that call each other without a switch, and a registrar for one of them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from simulators.phone import Account, Phone
from simulators.registrar import Registrar


@pytest_asyncio.fixture
async def seat() -> AsyncIterator[Phone]:
    """A phone that sends 1200 Hz."""
    async with Phone(Account(server=("127.0.0.1", 9), user="seat-8001"), tone_hz=1200) as phone:
        yield phone


@pytest_asyncio.fixture
async def citizen(seat: Phone) -> AsyncIterator[Phone]:
    """A phone that sends 2250 Hz and whose calls go straight to the seat."""
    account = Account.on_trunk(seat.address, "13900001234", host="127.0.0.1")
    async with Phone(account, tone_hz=2250) as phone:
        yield phone


@pytest_asyncio.fixture
async def registrar() -> AsyncIterator[Registrar]:
    """Knows seat-1 by the password `right`."""
    registrar = Registrar("seat-1", "right")
    yield registrar
    registrar.close()
