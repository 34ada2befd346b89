"""What a phone heard: packet arrivals by the kernel's clock, and the sound in them."""

from array import array
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from simulators import alaw, tones
from simulators.clock import wall_now
from terms.instant import SECOND, Instant, after, seconds_between

PACKET_S = alaw.FRAME / alaw.RATE
_SURE_PACKETS = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a packet."""

    start: Instant
    ms: float


class Hearing:
    """Everything one party received in a call, in order of arrival.

    With `keep_sound=False` only arrivals are kept (0.4 KB/s instead of 8.4): for crowds.
    """

    def __init__(self, *, keep_sound: bool = True) -> None:
        self._keep_sound = keep_sound
        self._at = array("q")
        self._from = array("q")
        self._sound = bytearray()
        self.keys = ""
        """Keys that came as telephone events (RFC 4733), in order."""

    def take(self, sound: bytes, at: Instant) -> None:
        """One packet's payload."""
        self._at.append(at)
        if self._keep_sound:
            self._from.append(len(self._sound))
            self._sound += sound

    @property
    def packets(self) -> int:
        return len(self._at)

    @property
    def first_at(self) -> Instant | None:
        """When the first packet came."""
        return Instant(self._at[0]) if self._at else None

    @property
    def last_at(self) -> Instant | None:
        """When the latest packet came."""
        return Instant(self._at[-1]) if self._at else None

    def gaps_over(self, ms: float, since: Instant | None = None, until: Instant | None = None) -> list[Gap]:
        """Pauses between packets longer than `ms` in [since, until].

        With `since` the time to the first packet counts, with `until` the time after the last one;
        without them it is first packet to last packet.
        """
        first, beyond = self._window(since, until)
        arrivals = list(self._at[first:beyond])
        edges = [*([since] if since is not None else []), *arrivals]
        edges += [until] if until is not None else []
        return [
            Gap(Instant(left), (right - left) / 1000)
            for left, right in pairwise(edges)
            if right - left > ms * 1000
        ]

    def sound(self, since: Instant | None = None, until: Instant | None = None) -> bytes:
        """The A-law of the packets that arrived in [since, until), gaps left out."""
        if not self._keep_sound:
            raise ValueError("this phone was told to keep no sound (keep_sound=False)")
        first, beyond = self._window(since, until)
        if first == beyond:
            return b""
        end = self._from[beyond] if beyond < len(self._from) else len(self._sound)
        return bytes(self._sound[self._from[first] : end])

    def loudness(self, since: Instant | None = None, until: Instant | None = None) -> float:
        """RMS level in dBFS of what arrived in [since, until); -96 if nothing did."""
        return tones.loudness(alaw.decode(self.sound(since, until)))

    def heard(
        self,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        at_least_ms: int = 200,
        share: float = 0.1,
        among: Collection[int] = tones.PALETTE,
    ) -> set[int]:
        """The tones, in Hz, that sounded for `at_least_ms` altogether in [since, until).

        A tone sounds when it has `share` of the power of a tenth of a second. Speech and music can
        touch a tone by chance: compare with the tones of the parties, don't ask for an empty set.
        """
        samples = alaw.decode(self.sound(since, until))
        blocks: dict[int, int] = {}
        for start in range(0, len(samples) - tones.BLOCK + 1, tones.BLOCK):
            for hz in tones.heard_in(samples[start : start + tones.BLOCK], among, share):
                blocks[hz] = blocks.get(hz, 0) + 1
        return {hz for hz, count in blocks.items() if count * 100 >= at_least_ms}

    def first_heard(self, hz: int, since: Instant | None = None, share: float = 0.3) -> Instant | None:
        """When the tone began: the first of three packets in a row in which it has `share` of the power.

        Three, because a vowel can hold a tone for 40 ms.
        """
        first, _ = self._window(since, None)
        in_a_row = 0
        for number in range(first, len(self._at)):
            sound = self._sound[self._from[number] : self._from[number] + alaw.FRAME]
            there = len(sound) == alaw.FRAME and tones.heard_in(alaw.decode(sound), (hz,), share)
            in_a_row = in_a_row + 1 if there else 0
            if in_a_row == _SURE_PACKETS:
                return Instant(self._at[number - _SURE_PACKETS + 1])
        return None

    def times_played(self, clip: bytes, since: Instant | None = None) -> list[Instant]:
        """When each playing of this A-law clip (`alaw.read_wav`) began, cut short or not.

        Found by three stretches of 20 ms from its first second, two of which must be there.
        """
        sound = self.sound(since)
        first, _ = self._window(since, None)
        starts: dict[int, int] = {}
        for offset in _loud_spots(clip[: alaw.RATE]):
            probe = clip[offset : offset + alaw.FRAME]
            place = sound.find(probe)
            while place >= 0:
                starts[place - offset] = starts.get(place - offset, 0) + 1
                place = sound.find(probe, place + 1)
        begun = sorted(start for start, probes in starts.items() if probes >= 2)
        return [self._arrival(first, max(start, 0)) for start in begun]

    def save_wav(self, path: Path) -> None:
        """Writes what was heard, with silence where packets were missing."""
        sound = bytearray()
        begun = self.first_at
        for number, at in enumerate(self._at):
            missing = round(seconds_between(begun or Instant(at), Instant(at)) * alaw.RATE)
            if missing - len(sound) > 3 * alaw.FRAME:
                sound += alaw.SILENCE[:1] * (missing - len(sound))
            end = self._from[number + 1] if number + 1 < len(self._from) else len(self._sound)
            sound += self._sound[self._from[number] : end]
        alaw.write_wav(path, sound)

    def last_ms(self, ms: float) -> Instant:
        """The instant `ms` ago, to hand to the questions above as `since`."""
        return after(wall_now(), -ms / 1000)

    def _window(self, since: Instant | None, until: Instant | None) -> tuple[int, int]:
        first = 0 if since is None else bisect_left(self._at, since)
        return first, len(self._at) if until is None else bisect_left(self._at, until)

    def _arrival(self, first: int, offset: int) -> Instant:
        base = self._from[first]
        packet = bisect_left(self._from, base + offset + 1) - 1
        late = (base + offset - self._from[packet]) / alaw.RATE
        return Instant(self._at[packet] + round(late * SECOND))


@cache
def _loud_spots(clip: bytes) -> tuple[int, ...]:
    """Offsets of the three loudest whole frames: silence would be found everywhere.

    Remembered, because who waits for a prompt asks ten times a second.
    """
    frames = range(0, len(clip) - alaw.FRAME + 1, alaw.FRAME)
    by_level = sorted(frames, key=lambda at: -tones.loudness(alaw.decode(clip[at : at + alaw.FRAME])))
    return tuple(by_level[:3])
