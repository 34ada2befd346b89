"""A call's mailbox."""

import asyncio

import pytest

from rexian.engine.inbox import CAPACITY, CallerHungUp, Inbox, InboxFull


async def test_messages_come_out_in_the_order_they_went_in() -> None:
    inbox: Inbox[int] = Inbox()

    for number in range(3):
        inbox.put(number)

    assert [await inbox.get() for _ in range(3)] == [0, 1, 2]


async def test_a_hang_up_overtakes_what_waits() -> None:
    inbox: Inbox[str] = Inbox()
    inbox.put("an offer")

    inbox.fail(CallerHungUp(16))

    with pytest.raises(CallerHungUp) as hung_up:
        await inbox.get()
    assert hung_up.value.cause == 16


async def test_a_hang_up_wakes_a_reader_that_waits_for_ever() -> None:
    inbox: Inbox[str] = Inbox()
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)  # noqa: TID251 - one turn of the loop, so that the reader waits

    inbox.fail(CallerHungUp())

    with pytest.raises(CallerHungUp):
        await reader


async def test_nothing_within_the_time_is_none() -> None:
    inbox: Inbox[str] = Inbox()

    assert await inbox.get(timeout_s=0) is None


async def test_a_story_that_never_reads_is_told_that_it_is_stuck() -> None:
    inbox: Inbox[int] = Inbox()

    for number in range(CAPACITY + 1):
        inbox.put(number)

    with pytest.raises(InboxFull):
        await inbox.get()


async def test_messages_of_one_kind_can_be_forgotten() -> None:
    inbox: Inbox[int | str] = Inbox()
    for message in (1, "key", 2):
        inbox.put(message)

    assert inbox.holds(str)
    inbox.discard(str)

    assert not inbox.holds(str)
    assert [await inbox.get(), await inbox.get()] == [1, 2]
