"""A call's mailbox: one reader, and the citizen's hang-up overtakes every other message."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

CAPACITY = 256

Message = TypeVar("Message")


class CallerHungUp(Exception):
    """The line is gone. It may arise at any await of a call's story and ends it.

    `cause` is the Q.850 number the switch gave, 0 if it gave none.
    """

    def __init__(self, cause: int = 0) -> None:
        super().__init__(f"the line is gone (cause {cause})")
        self.cause = cause


class InboxFull(Exception):
    """More than CAPACITY messages wait for one call: its story is stuck and has to be restarted."""


class Inbox(Generic[Message]):
    """Messages for one coroutine. At most CAPACITY wait; one more raises InboxFull in the reader."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._failure: Exception | None = None

    def put(self, message: Message) -> None:
        """Never waits, never fails; after `fail` it does nothing."""
        if len(self._messages) >= CAPACITY:
            self._failure = self._failure or InboxFull(
                f"{CAPACITY} messages wait, the last one is {message!r}"
            )
        self._messages.append(message)
        self._wake()

    def holds(self, kind: type) -> bool:
        """Whether a message of this type waits."""
        return any(isinstance(message, kind) for message in self._messages)

    def count(self, kind: type) -> int:
        """How many messages of this type wait."""
        return sum(isinstance(message, kind) for message in self._messages)

    def discard(self, kind: type) -> None:
        """Forget the waiting messages of this type."""
        self._messages = deque(message for message in self._messages if not isinstance(message, kind))

    def fail(self, failure: Exception) -> None:
        """Let every present and later `get` raise `failure`."""
        self._failure = failure
        self._wake()

    async def get(self, timeout_s: float | None = None) -> Message | None:
        """The next message, or None after `timeout_s` seconds without one."""
        if self._failure is None and not self._messages:
            loop = asyncio.get_running_loop()
            self._reader = loop.create_future()
            timer = None if timeout_s is None else loop.call_later(max(timeout_s, 0), self._wake)
            try:
                await self._reader
            finally:
                self._reader = None
                if timer:
                    timer.cancel()
        if self._failure is not None:
            raise self._failure
        return self._messages.popleft() if self._messages else None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
