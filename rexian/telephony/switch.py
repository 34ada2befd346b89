"""The switch as the engine sees it: commands out, typed events in, one object per connection.

Every command is written to the socket before its method returns, so commands reach the switch in the
order of the calls. Nothing is ever sent twice: when the connection dies, the outcome of what was under
way is unknown (LinkLost) and the next connection finds out by `live_channels`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import TypedDict, Unpack

from rexian.telephony import events
from rexian.telephony.agi import AgiResult
from rexian.telephony.channels import VARIABLES, LiveChannel
from rexian.telephony.errors import ActionFailed, ChannelLost, LinkLost, TelephonyError
from rexian.telephony.link import AmiAddress, Link, LinkLimits, Reply, open_link, quiet
from rexian.telephony.wire import Message
from terms.ids import ChannelId

log = logging.getLogger(__name__)

__all__ = ["AmiAddress", "LegFields", "LinkLimits", "Switch", "connect"]

LOOK_AGAIN_S = (0.05, 0.2, 0.75)
"""When a hang-up came out of nowhere and the channel still lives: looked at again after so long."""


NO_CHANNEL_S = 2.0
"""A leg that failed to be made and has not ended by then has never been there."""

STATUS_CUTS_AT = 500
"""A variable of so many bytes may have been cut by Status."""


class LegFields(TypedDict):
    """How to originate a leg."""

    context: str
    exten: str
    caller_id: str
    """`"张三" <13912345678>`"""
    timeout_s: float
    """Give up ringing after so many seconds."""
    variables: Mapping[str, str]


class AgiFuture(asyncio.Future[AgiResult]):
    """The result of one command; `command_id` lets another engine wait for it."""

    command_id: str = ""
    channel: ChannelId


class Switch:
    """One connection to Asterisk. See `connect`."""

    def __init__(self, link: Link, on_event: Callable[[events.SwitchEvent], None]) -> None:
        self._link = link
        self._tell = on_event
        self._commands: dict[str, AgiFuture] = {}
        self._of_channel: dict[ChannelId, set[str]] = {}
        self._ending: set[ChannelId] = set()
        self._prefix = token_hex(4)
        self._serial = 0
        self._reachable: dict[str, bool] = {}
        self._doubts: set[asyncio.Task[None]] = set()
        link.lost.add_done_callback(lambda lost: self._fail_all(lost.result()))
        link.listen(self._on_event)

    # --- the connection ---------------------------------------------------------------------------

    @property
    def lost(self) -> "asyncio.Future[LinkLost]":
        """Done, with the reason as its result, when this connection is dead; `await switch.lost`."""
        return self._link.lost

    @property
    def dropped(self) -> Counter[str]:
        """Messages that were not believed, by reason: a forgery, an event without its headers …"""
        return self._link.dropped

    def close(self) -> None:
        """End this connection; calls and phones are not touched."""
        self._link.end(LinkLost("closed by us"))

    # --- commands to a channel in AsyncAGI -----------------------------------------------------------

    def agi(self, channel: ChannelId, command: str, *, command_id: str | None = None) -> AgiFuture:
        """Send an AGI command now; it runs after those sent to this channel before it.

        The future gets its result, or ChannelLost, LinkLost, ActionFailed (not in AsyncAGI). No time
        limit: a prompt takes as long as it takes. Nobody needs to await it.
        """
        if command_id is None:
            self._serial += 1
            command_id = f"{self._prefix}.{self._serial}"
        fields = [("Channel", channel), ("Command", command), ("CommandID", command_id)]
        accepted = self._link.ask("AGI", fields)
        future = self.expect(channel, command_id)
        accepted.add_done_callback(lambda answer: self._refused(command_id, answer))
        return future

    def expect(self, channel: ChannelId, command_id: str) -> AgiFuture:
        """The result of a command that somebody else (the engine before this one) has sent."""
        future = AgiFuture()
        future.command_id, future.channel = command_id, channel
        quiet(future)
        if self._link.lost.done():
            future.set_exception(LinkLost(str(self._link.lost.result())))
            return future
        self._commands[command_id] = future
        self._of_channel.setdefault(channel, set()).add(command_id)
        return future

    def stop_playback(self, channel: ChannelId) -> "asyncio.Future[Reply]":
        """End the prompt that is playing now, and only that one; no harm if none is."""
        return self._link.ask("ControlPlayback", [("Channel", channel), ("Control", "stop")])

    # --- actions -------------------------------------------------------------------------------------

    def action(self, name: str, fields: Mapping[str, str] | None = None) -> "asyncio.Future[Reply]":
        """Any other AMI action. BadValue is raised at once.

        The future gets the answer's headers, or ActionFailed, ActionTimeout, LinkLost.
        """
        return self._link.ask(name, (fields or {}).items())

    def setvar(self, channel: ChannelId | None, name: str, value: str) -> "asyncio.Future[Reply]":
        """Set a variable or function of a channel, or a global one."""
        fields = [("Variable", name), ("Value", value)]
        return self._link.ask("Setvar", fields if channel is None else [("Channel", channel), *fields])

    async def getvar(self, channel: ChannelId | None, name: str) -> str:
        """The value of a channel's (or a global) variable; empty if it isn't set."""
        fields = [("Variable", name)]
        answer = await self._link.ask(
            "Getvar", fields if channel is None else [("Channel", channel), *fields]
        )
        return events.plain(answer.get("Value", ""))

    def hangup(self, channel: ChannelId, cause: int = 16) -> "asyncio.Future[Reply]":
        """End a channel. Its end comes as ChannelGone; ChannelLost in the future if there is none."""
        self._ending.add(channel)
        answer = self._link.ask("Hangup", [("Channel", channel), ("Cause", str(cause))])
        answer.add_done_callback(lambda done: self._nothing_ended(channel, done))
        return answer

    def originate(
        self, endpoint: str, channel_id: ChannelId, **leg: Unpack[LegFields]
    ) -> "asyncio.Future[Reply]":
        """Call `endpoint` ("PJSIP/seat-…") on a channel of that id and send whoever answers into a context.

        The future only says that the switch has taken it; OriginateDone and the leg's own events say the
        rest. A channel id must never have been used before.
        """
        fields = [
            ("Channel", endpoint),
            ("ChannelId", channel_id),
            ("Context", leg["context"]),
            ("Exten", leg["exten"]),
            ("Priority", "1"),
            ("CallerID", leg["caller_id"]),
            ("Timeout", str(round(leg["timeout_s"] * 1000))),
            ("Async", "true"),
            *(("Variable", f"{name}={value}") for name, value in leg["variables"].items()),
        ]
        return self._link.ask("Originate", fields, action_id=events.ORIGINATE_ID + channel_id)

    # --- questions -----------------------------------------------------------------------------------

    async def live_channels(self) -> list[LiveChannel]:
        """Every channel there is, with what its variables tell. Unreadable ones are counted in `dropped`."""
        channels = []
        for item in await self._link.items_of("Status", [("Variables", ",".join(VARIABLES))]):
            try:
                channels.append(LiveChannel.from_ami(item))
            except (KeyError, ValueError):
                self.dropped["odd Status"] += 1
        whole = await asyncio.gather(*map(self._with_whole_state, channels))
        return [channel for channel in whole if channel is not None]

    async def _with_whole_state(self, channel: LiveChannel) -> LiveChannel | None:
        """Status cuts variables at 511 bytes; Getvar doesn't. None if the channel ended meanwhile."""
        if len(channel.state_var.encode()) < STATUS_CUTS_AT:
            return channel
        try:
            return replace(channel, state_var=await self.getvar(channel.channel, "REXIAN_STATE"))
        except ChannelLost:
            return None

    async def phones(self) -> dict[str, bool]:
        """Which PJSIP endpoints can be reached now."""
        states = await self._link.items_of("DeviceStateList")
        devices = ((item.get("Device", "").partition("/"), item.get("State", "")) for item in states)
        return {
            name: events.reachable(state) for (tech, _, name), state in devices if tech == "PJSIP" and name
        }

    # --- what comes in ---------------------------------------------------------------------------------

    def _on_event(self, name: str, header: Message) -> None:
        if not events.is_known(name):
            self.dropped["unknown event"] += 1
            return
        try:
            event = events.typed(name, header)
        except (KeyError, ValueError):
            self.dropped[f"odd {name}"] += 1
            log.warning("an event can't be read and is dropped", extra={"event": name})
            return
        match event:
            case None:
                return
            case events.CommandDone():
                self._command_done(event)
            case events.ChannelGone():
                self._gone(event)
            case events.PhoneStatus():
                if self._reachable.get(event.endpoint) is not event.reachable:
                    self._reachable[event.endpoint] = event.reachable
                    self._pass_on(event)
            case events.HangupRequested() | events.AgiEnded():
                self._ending.add(event.channel)
                self._pass_on(event)
            case events.OriginateDone(ok=False):
                # its Hangup follows at once, or never: a phone that isn't registered has no channel
                self._ending.add(event.channel)
                asyncio.get_running_loop().call_later(NO_CHANNEL_S, self._ending.discard, event.channel)
                self._pass_on(event)
            case events.ChannelInAgi():
                self._ending.discard(event.channel)  # it had only left AsyncAGI for a transfer
                self._pass_on(event)
            case _:
                self._pass_on(event)

    def _pass_on(self, event: events.SwitchEvent) -> None:
        try:
            self._tell(event)
        except Exception:  # one event is the blast radius: the next call's must still be heard
            log.exception("an event raised an error", extra={"event": type(event).__name__})

    def _command_done(self, event: events.CommandDone) -> None:
        future = self._take(event.command)
        if future is not None:
            future.set_result(event.result)
        self._pass_on(event)

    def _take(self, command_id: str) -> AgiFuture | None:
        """Forget a command; its future, if somebody may still wait for it."""
        future = self._commands.pop(command_id, None)
        if future is None:
            return None
        others = self._of_channel.get(future.channel, set())
        others.discard(command_id)
        if not others:
            self._of_channel.pop(future.channel, None)
        return None if future.done() else future

    def _refused(self, command_id: str, answer: "asyncio.Future[Reply]") -> None:
        if answer.cancelled() or (why := answer.exception()) is None:
            return
        if (future := self._take(command_id)) is not None:
            future.set_exception(why)

    def _gone(self, event: events.ChannelGone) -> None:
        if event.channel in self._ending:
            self._bury(event)
            return
        task = asyncio.get_running_loop().create_task(self._confirm(event))
        self._doubts.add(task)
        task.add_done_callback(self._doubts.discard)

    async def _confirm(self, event: events.ChannelGone) -> None:
        """Nothing led up to this hang-up: a caller may have written it. Ask whether the channel lives."""
        for pause_s in (0.0, *LOOK_AGAIN_S):
            if pause_s:
                await asyncio.sleep(pause_s)
            try:
                await self._link.items_of("Status", [("Channel", event.channel)])
            except ActionFailed:
                self._bury(event)
                return
            except TelephonyError:
                continue
            if self._link.lost.done():
                return
        self.dropped["forged Hangup"] += 1
        log.warning("a hang-up was reported of a channel that lives", extra={"channel": event.channel})

    def _bury(self, event: events.ChannelGone) -> None:
        self._ending.discard(event.channel)
        for command_id in list(self._of_channel.get(event.channel, ())):
            if (future := self._take(command_id)) is not None:
                future.set_exception(ChannelLost(f"{event.channel} is gone (cause {event.cause})"))
        self._pass_on(event)

    def _nothing_ended(self, channel: ChannelId, answer: "asyncio.Future[Reply]") -> None:
        if answer.cancelled() or answer.exception() is not None:
            self._ending.discard(channel)

    def _fail_all(self, why: LinkLost) -> None:
        commands, self._commands = self._commands, {}
        self._of_channel.clear()
        for task in self._doubts:
            task.cancel()
        for future in commands.values():
            if not future.done():
                future.set_exception(LinkLost(str(why)))


@asynccontextmanager
async def connect(
    address: AmiAddress,
    on_event: Callable[[events.SwitchEvent], None],
    limits: LinkLimits | None = None,
) -> AsyncIterator[Switch]:
    """A logged-in connection to a fully booted Asterisk, closed at the end of the block.

    Events come from the block's first await on. `on_event` must not block; an error in it is logged and
    goes no further. Raises OSError, LinkLost, LoginRefused or ActionTimeout.
    """
    switch = Switch(await open_link(address, limits or LinkLimits()), on_event)
    try:
        yield switch
    finally:
        switch.close()
