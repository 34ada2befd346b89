"""One party's media: sends a tone, silence, speech or keys every 20 ms, and listens (RFC 3550, 4733)."""

import asyncio
import random
import struct
from collections import deque
from dataclasses import dataclass, field

from simulators import alaw, tones
from simulators.hearing import Hearing
from simulators.pacer import running_pacer
from simulators.sdp import KEYS, PCMA
from simulators.udp import Address, Datagram, even_pair

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_KEYS = "0123456789*#ABCD"
_MARKER = 0x80
_LAST = 0x80
_VOLUME = 10  # -10 dBm0, an ordinary key
_DRAIN_EVERY = 5  # beats; a socket's buffer holds seconds, and the kernel stamps the arrivals


@dataclass(slots=True)
class _Press:
    """A key being sent: `beats` packets that each say the key lasts longer, then `pause` of sound."""

    event: int
    beats: int
    pause: int
    done: "asyncio.Future[None]"
    sent: int = 0
    began_at: int = 0


@dataclass(slots=True)
class Sending:
    """What goes out when no key is pressed; `None` sends nothing at all, not even silence."""

    sound: bytes | None = alaw.SILENCE
    speech: deque[bytes] = field(default_factory=deque)


class Media:
    """The RTP side of one call. Begins to send at `talk_to`; listens from the start."""

    def __init__(self, host: str, tone_hz: int | None, *, keep_sound: bool = True) -> None:
        self._socket, self._control = even_pair(host)
        self.hearing = Hearing(keep_sound=keep_sound)
        self._sending = Sending(tones.frame(tone_hz) if tone_hz else alaw.SILENCE)
        self._to: Address | None = None
        self._keys_type = KEYS
        self._presses: deque[_Press] = deque()
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._source = random.getrandbits(32)
        self._beats = 0
        self._talkspurt = True
        self._key_heard_at = -1
        self.sent = 0
        """Packets sent, keys included."""
        self.lost = 0
        """Packets that never arrived, by their sequence numbers."""
        self._expected: int | None = None
        self._pacer = running_pacer()
        self._pacer.add(self)

    @property
    def port(self) -> int:
        return self._socket.port

    def talk_to(self, address: Address | None, keys_type: int | None = None) -> None:
        """Sends to `address` from the next beat on; None stops sending (hold)."""
        self._talkspurt = self._talkspurt or self._to is None
        self._to = address
        if keys_type is not None:
            self._keys_type = keys_type

    def send_tone(self, hz: int) -> None:
        self._sending.sound = tones.frame(hz)

    def send_silence(self) -> None:
        self._sending.sound = alaw.SILENCE

    def send_nothing(self) -> None:
        """No packets at all, as a phone does whose network has gone."""
        self._sending.sound = None

    def say(self, sound: bytes) -> None:
        """Sends this A-law once, before going on with tone or silence."""
        for start in range(0, len(sound), alaw.FRAME):
            self._sending.speech.append(sound[start : start + alaw.FRAME].ljust(alaw.FRAME, b"\xd5"))

    async def press(self, keys: str, tone_ms: int = 100, pause_ms: int = 100) -> None:
        """Presses `keys` one by one; back when the last one's pause is over.

        Lengths are rounded to 20 ms. ValueError for a key that no phone has.
        """
        loop = asyncio.get_running_loop()
        presses = []
        for key in keys:
            if key.upper() not in _KEYS:
                raise ValueError(f"no phone has a key {key!r}; keys are {_KEYS}")
            beats = (max(1, round(tone_ms / 20)), max(0, round(pause_ms / 20)))
            presses.append(_Press(_KEYS.index(key.upper()), *beats, loop.create_future()))
        self._presses.extend(presses)
        if presses:
            await presses[-1].done

    def beat(self) -> None:
        """Called by the pacer every 20 ms."""
        self._beats += 1
        self._timestamp = (self._timestamp + alaw.FRAME) & 0xFFFFFFFF
        if self._to is not None:
            self._send_something(self._to)
        if self._beats % _DRAIN_EVERY == 0:
            self.listen()

    def _send_something(self, to: Address) -> None:
        press = self._presses[0] if self._presses else None
        if press is not None and press.sent < press.beats:
            self._send_key(press, to)
            return
        if press is not None:
            press.pause -= 1
            if press.pause <= 0:
                self._presses.popleft()
                if not press.done.done():
                    press.done.set_result(None)
        speech = self._sending.speech
        sound = speech.popleft() if speech else self._sending.sound
        if sound is None:
            self._talkspurt = True
            return
        self._packet(PCMA, self._talkspurt, self._timestamp, sound, to)
        self._talkspurt = False

    def _send_key(self, press: _Press, to: Address) -> None:
        if press.sent == 0:
            press.began_at = self._timestamp
        press.sent += 1
        last = press.sent == press.beats
        lasted = press.sent * alaw.FRAME
        payload = _EVENT.pack(press.event, _VOLUME | (_LAST if last else 0), lasted)
        # The end goes out three times (RFC 4733, 2.5.1.4): a lost one would leave the key held down.
        for _ in range(3 if last else 1):
            self._packet(self._keys_type, press.sent == 1 and not last, press.began_at, payload, to)
        self._talkspurt = True

    def _packet(self, kind: int, marked: bool, timestamp: int, payload: bytes, to: Address) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        kind |= _MARKER if marked else 0
        header = _HEADER.pack(0x80, kind, self._sequence, timestamp, self._source)
        self._socket.send(header + payload, to)
        self.sent += 1

    def listen(self) -> Hearing:
        """Takes in what has arrived so far, and returns all that was heard."""
        if not self._socket.closed:
            for datagram in self._socket.received():
                self._take(datagram)
            for _ in self._control.received():
                pass
        return self.hearing

    def _take(self, datagram: Datagram) -> None:
        data = datagram.data
        if len(data) < _HEADER.size or data[0] >> 6 != 2:
            return
        first, kind, sequence, timestamp, _ = _HEADER.unpack_from(data)
        start = _HEADER.size + 4 * (first & 15)
        if self._expected is not None:
            missed = (sequence - self._expected) & 0xFFFF
            self.lost += missed if missed < 1000 else 0
        self._expected = (sequence + 1) & 0xFFFF
        if kind & 0x7F == PCMA:
            self.hearing.take(data[start:], datagram.at)
        elif kind & 0x7F == self._keys_type and len(data) >= start + _EVENT.size:
            self._take_key(data[start], timestamp)

    def _take_key(self, event: int, timestamp: int) -> None:
        # Every packet of one key carries the time at which the key went down.
        if timestamp != self._key_heard_at and event < len(_KEYS):
            self._key_heard_at = timestamp
            self.hearing.keys += _KEYS[event]

    def close(self) -> None:
        """Stops at once; what was heard stays."""
        if self._socket.closed:
            return
        self._pacer.drop(self)
        self.listen()
        self._socket.close()
        self._control.close()
        for press in self._presses:
            if not press.done.done():
                press.done.set_exception(ConnectionError("the call ended before the key was sent"))
                press.done.exception()
        self._presses.clear()
