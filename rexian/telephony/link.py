"""One AMI connection: framing, answers, watchdog. The only module that knows panoramisk.

What is taken from panoramisk 1.4 is its asyncio protocol and its actions (ids, wire form, the future of
an answer). What is not: its decoding (drops a 汉字 split over two segments), its matching of answers (an
OriginateResponse or AsyncAGIExec is swallowed as somebody's response), its manager (pings without looking
for the answer, and sends unanswered actions again after a reconnect: an Originate twice).

A Link is one connection and never reconnects. When it ends everything under way fails with LinkLost.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from rexian.telephony.errors import ActionFailed, ActionTimeout, ChannelLost, LinkLost, LoginRefused
from rexian.telephony.wire import Framer, Message, checked

log = logging.getLogger(__name__)

Reply = Message
"""The answer to an action: its headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiAddress:
    """Where the switch listens, and who we are there."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """How patient a link is. Seconds, bytes."""

    connect_s: float = 3.0
    action_s: float = 5.0
    """An action without an answer has failed; the switch normally answers within a millisecond."""
    ping_every_s: float = 2.0
    dead_after_s: float = 4.5
    """Nothing heard for so long, though asked: the link is dead."""
    tick_s: float = 0.25
    unsent_bytes: int = 1 << 20
    """The switch takes nothing in any more and this much waits: the link is dead."""


@dataclass(slots=True)
class _Pending:
    action: Any
    name: str
    deadline: float
    items: list[Message] | None


def quiet(future: "asyncio.Future[Any]") -> None:
    """Let nobody be told that the outcome of `future` was never looked at: often it isn't needed."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())


class Link(AMIProtocol):  # type: ignore[misc]  # panoramisk is untyped
    """The protocol of one connection. Events that are no answers wait until `listen` is called."""

    def __init__(self, limits: LinkLimits) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_event: Callable[[str, Message], None] = self._keep
        self._early: list[tuple[str, Message]] = []
        self._limits = limits
        self._pending: dict[str, _Pending] = {}
        self.dropped: Counter[str] = Counter()
        """Messages that were not believed or came too late, by reason."""
        self._framer = Framer(self.dropped)
        self.lost: asyncio.Future[LinkLost] = self._loop.create_future()
        """Done, with the reason as its result, when the link is dead."""
        self.greeted: asyncio.Future[str] = self._loop.create_future()
        self.booted: asyncio.Future[None] = self._loop.create_future()
        self.logged_in = False
        self._heard_at = self._loop.time()
        self._pinged_at: float | None = None
        self._ticked_at = self._heard_at
        self._timer: asyncio.TimerHandle | None = None

    # --- the connection ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        super().connection_made(transport)
        self._timer = self._loop.call_later(self._limits.tick_s, self._tick)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._heard_at = self._loop.time()
        self._pinged_at = None
        try:
            for message in self._framer.feed(data):
                self.handle_message(message)
        except ConnectionError as odd:
            self.end(LinkLost(str(odd)))
        if self._framer.version is not None and not self.greeted.done():
            self.greeted.set_result(self._framer.version)

    def handle_message(self, message: Message) -> None:
        """An event of its own, an item of a list, or an answer.

        `Event:` is looked at first: OriginateResponse carries `Response:` as well.
        """
        if (name := message.get("Event")) is not None:
            pending = self._pending.get(message.get("ActionID", ""))
            if pending is not None and pending.items is not None and name != "OriginateResponse":
                self._list_item(pending, message)
            elif name == "FullyBooted":
                if not self.booted.done():
                    self.booted.set_result(None)
            else:
                self._on_event(name, message)
        elif "Response" in message:
            self._answer(message)
        else:
            self.dropped["neither event nor response"] += 1

    def listen(self, on_event: Callable[[str, Message], None]) -> None:
        """From the loop's next turn on, `on_event(name, headers)` hears all events, the early ones first."""
        self._loop.call_soon(self._flush, on_event)

    def _keep(self, name: str, message: Message) -> None:
        self._early.append((name, message))

    def _flush(self, on_event: Callable[[str, Message], None]) -> None:
        early, self._early, self._on_event = self._early, [], on_event
        for name, message in early:
            on_event(name, message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.end(LinkLost(f"the switch closed the connection ({exc or 'end of stream'})"))

    def end(self, why: LinkLost) -> None:
        """Close, and fail everything under way. Safe to call again."""
        if self.lost.done():
            return
        self.lost.set_result(why)
        if self._timer is not None:
            self._timer.cancel()
        pending, self._pending = self._pending, {}
        for each in pending.values():
            self._fail(each, LinkLost(f"{each.name}: {why}"))
        for waiting in (self.greeted, self.booted):
            if not waiting.done():
                waiting.set_exception(why)
                quiet(waiting)
        self.closed = True
        self.transport.abort()

    # --- actions ----------------------------------------------------------------------------------

    def ask(
        self, name: str, fields: Iterable[tuple[str, str]] = (), *, action_id: str = ""
    ) -> "asyncio.Future[Reply]":
        """Send one action now; the future gets its answer, or an error of this package. Never sent again.

        BadValue is raised at once, before anything is sent.
        """
        future: asyncio.Future[Reply] = self._send(name, fields, None, action_id).action.future
        return future

    async def items_of(self, name: str, fields: Iterable[tuple[str, str]] = ()) -> list[Message]:
        """The items of a list action (Status, DeviceStateList …), all of them or an error."""
        items: list[Message] = []
        await self._send(name, fields, items, "").action.future
        return items

    def _send(
        self, name: str, fields: Iterable[tuple[str, str]], items: list[Message] | None, action_id: str
    ) -> _Pending:
        good = checked(fields)
        action = _action(name, good, action_id)
        pending = _Pending(action, name, self._loop.time() + self._limits.action_s, items)
        quiet(action.future)
        if self.lost.done():
            self._fail(pending, LinkLost(f"{name}: {self.lost.result()}"))
            return pending
        self._pending[action.id] = pending
        self.transport.write(str(action).encode("utf-8"))
        if self.transport.get_write_buffer_size() > self._limits.unsent_bytes:
            self.end(LinkLost("the switch no longer reads what is sent to it"))
        return pending

    def _answer(self, message: Message) -> None:
        action_id = message.get("ActionID", "")
        pending = self._pending.get(action_id)
        if pending is None:
            self.dropped["answer to nothing"] += 1
            return
        if message["Response"] not in ("Success", "Goodbye"):
            del self._pending[action_id]
            self._fail(pending, _refusal(pending.name, message.get("Message", "")))
        elif pending.items is None:
            del self._pending[action_id]
            _settle(pending, message)

    def _list_item(self, pending: _Pending, message: Message) -> None:
        assert pending.items is not None
        if message.get("EventList") not in ("Complete", "complete", "cancelled"):
            pending.items.append(message)
            return
        del self._pending[message["ActionID"]]
        promised = message.get("ListItems", str(len(pending.items)))
        if promised != str(len(pending.items)):
            self.dropped["list of another length"] += 1
            log.warning("the switch promised another number of items", extra={"action": pending.name})
        _settle(pending, message)

    @staticmethod
    def _fail(pending: _Pending, why: Exception) -> None:
        if not pending.action.future.done():
            pending.action.future.set_exception(why)

    # --- watchdog ---------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._loop.time()
        overslept = now - self._ticked_at > 4 * self._limits.tick_s
        self._ticked_at = now
        self._timer = self._loop.call_later(self._limits.tick_s, self._tick)
        if overslept:
            # This process was stopped or blocked, not the switch: what came meanwhile is still unread.
            self._heard_at = now
            return
        for action_id in [key for key, each in self._pending.items() if each.deadline < now]:
            late = self._pending.pop(action_id)
            self._fail(late, ActionTimeout(f"{late.name}: no answer within {self._limits.action_s:g} s"))
        if not self.logged_in:
            return  # `open_link` has its own limits, and a stranger's ping would be refused
        silent_s = now - self._heard_at
        if silent_s > self._limits.dead_after_s:
            self.end(LinkLost(f"the switch has been silent for {silent_s:.1f} s"))
        elif silent_s > self._limits.ping_every_s and self._pinged_at is None:
            self._pinged_at = now
            self.ask("Ping")


def _action(name: str, fields: list[tuple[str, str]], action_id: str) -> Any:
    """panoramisk's action: it brings the id, the order on the wire and the future."""
    headers: dict[str, str | list[str]] = {"Action": name}
    if action_id:
        headers["ActionID"] = action_id
    for key, value in fields:
        if key in headers:
            earlier = headers[key]
            headers[key] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        else:
            headers[key] = value
    return Action(headers)


def _settle(pending: _Pending, message: Message) -> None:
    if not pending.action.future.done():
        pending.action.future.set_result(message)


def _refusal(action: str, text: str) -> ActionFailed:
    lowered = text.lower()
    gone = "does not exist" in lowered or "no such channel" in lowered or "not found" in lowered
    return (ChannelLost if gone else ActionFailed)(f"{action}: {text or 'refused without a word'}")


async def open_link(address: AmiAddress, limits: LinkLimits) -> Link:
    """Connect, log in and wait until Asterisk says it has fully booted.

    OSError, LinkLost, LoginRefused or ActionTimeout; nothing stays open then.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(limits.connect_s):
        _, link = await loop.create_connection(lambda: Link(limits), address.host, address.port)
    try:
        async with asyncio.timeout(limits.connect_s):
            await link.greeted
        login = [("Username", address.user), ("Secret", address.secret)]
        try:
            await link.ask("Login", login)
        except ActionFailed as refused:
            raise LoginRefused(f"account '{address.user}': {refused}") from None
        link.logged_in = True
        async with asyncio.timeout(limits.action_s * 4):
            await link.booted
    except BaseException as failure:
        link.end(LinkLost("log-in did not come through"))
        if isinstance(failure, TimeoutError):
            raise LinkLost("the switch accepts the connection and says nothing") from None
        raise
    return link
