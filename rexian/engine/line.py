"""The citizen's line, as the story of the call uses it.

Commands are sent at once and in order; the switch runs them one after another. A known sequence is
therefore sent in one go and only its last command awaited: between two commands of a line without
RTP Asterisk waits up to 100 ms, and an engine that dies between "prompt" and "music on" would leave
the citizen in silence.
"""

import asyncio
from collections.abc import Callable

from rexian.engine.inbox import CallerHungUp
from rexian.telephony.agi import AgiResult
from rexian.telephony.errors import ChannelLost
from rexian.telephony.switch import Switch
from terms.ids import ChannelId

KEYS = "0123456789*#"
CUT_AGAIN_S = 0.06
"""A stop that reaches the switch before its prompt has begun stops nothing and is answered all the same."""


class Line:
    """One channel in AsyncAGI. Every awaited command raises CallerHungUp when the channel is gone."""

    def __init__(self, switch: Switch, channel: ChannelId, sound: Callable[[str], str]) -> None:
        self._switch = switch
        self._sound = sound
        self.channel = channel
        self._prompts = 0
        self._to_cut = 0
        self._cutting: asyncio.TimerHandle | None = None

    def send(self, command: str, command_id: str | None = None) -> asyncio.Future[AgiResult]:
        """Hand a command to the switch now. Awaiting the future is optional and may raise ChannelLost."""
        return self._switch.agi(self.channel, command, command_id=command_id)

    async def do(self, command: str) -> AgiResult:
        """Send a command and wait until the switch has run it."""
        return await self.outcome(self.send(command))

    async def outcome(self, command: asyncio.Future[AgiResult]) -> AgiResult:
        """Wait for a command that was sent before."""
        try:
            return await command
        except ChannelLost as lost:
            raise CallerHungUp() from lost

    def say(self, prompt: str, keys: str = "") -> asyncio.Future[AgiResult]:
        """Play a prompt after whatever runs now; one of `keys` cuts it (the result's code is its ASCII)."""
        self._prompts += 1
        played = self.send(f'STREAM FILE {self._sound(prompt)} "{keys}"')
        played.add_done_callback(self._played)
        return played

    async def play(self, prompt: str, keys: str = "") -> AgiResult:
        """Play a prompt and wait for its end."""
        return await self.outcome(self.say(prompt, keys))

    def take_over(self) -> asyncio.Future[AgiResult]:
        """All that an engine before this one has asked to be said here counts as one prompt, and can be cut.

        The future is done when it is over.
        """
        self._prompts += 1
        said = self.send("NOOP")
        said.add_done_callback(self._played)
        return said

    def music(self, on: bool) -> None:
        """Music starts when the commands before it are through; any prompt ends it."""
        self.send("SET MUSIC ON" if on else "SET MUSIC OFF")

    @property
    def speaking(self) -> bool:
        """A prompt is playing or waits to be played."""
        return self._prompts > 0

    def cut(self) -> None:
        """End all prompts that are playing or waiting; music and later prompts are not touched."""
        self._to_cut = self._prompts
        self._cut_one()

    def _cut_one(self) -> None:
        """A stop ends one prompt only; it is repeated until that prompt is known to be over."""
        if self._cutting is not None:
            self._cutting.cancel()
            self._cutting = None
        if self._to_cut:
            self._switch.stop_playback(self.channel)
            self._cutting = asyncio.get_running_loop().call_later(CUT_AGAIN_S, self._cut_one)

    def _played(self, _: asyncio.Future[AgiResult]) -> None:
        self._prompts -= 1
        if self._to_cut:
            self._to_cut -= 1
            self._cut_one()

    def variable(self, name: str, value: str) -> None:
        """Set a channel variable; a channel that is gone is no matter here."""
        self._switch.setvar(self.channel, name, value)

    def hang_up(self, cause: int = 16) -> None:
        """End the line, whatever it is doing. The end itself comes as an event."""
        self._switch.hangup(self.channel, cause)
