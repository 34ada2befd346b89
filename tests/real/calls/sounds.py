"""What was heard in a call, in the hotline's own words: prompts, music, the other's tone alone."""

from functools import cache
from pathlib import Path

from simulators import alaw, tones
from simulators.call import Call
from simulators.hearing import Hearing
from simulators.pacer import running_pacer
from terms.instant import Instant, after, seconds_between
from tests.real.calls.city import again_until

SOUNDS = Path(__file__).parents[3] / "asterisk-config" / "sounds" / "zh"

MUSIC_DBFS = -45.0
"""Music and speech are well above, the silence between words below."""
LONGEST_GAP_MS = 100
"""Between two pieces of sound that belong together. Measured over a short stretch."""
STALL_MS = 250
MISSING_AT_MOST = 0.04
"""Over a long one: on a busy machine a switch is now and then late, by up to a fifth of a second."""
PARTIES = set(tones.SEATS) | set(tones.CITIZENS)


@cache
def clip(prompt: str) -> bytes:
    """The sound of a prompt as a phone hears it."""
    return alaw.read_wav(SOUNDS / f"{prompt}.wav")


def length_s(prompt: str) -> float:
    """How long a prompt lasts."""
    return len(clip(prompt)) / alaw.RATE


def played(call: Call, prompt: str, since: Instant | None = None) -> list[Instant]:
    """When this prompt began, each time, cut short or not."""
    return call.hearing.times_played(clip(prompt), since)


async def hears_prompt(
    call: Call, prompt: str, within_s: float = 10.0, since: Instant | None = None
) -> Instant:
    """Wait until the prompt has begun, after `since` if it may have been heard before; say when it did."""

    async def begun() -> Instant | None:
        # What was playing already at `since` is found right there, and has not begun after it.
        times = played(call, prompt, since)
        return next((at for at in times if since is None or at > after(since, 0.03)), None)

    return await again_until(begun, within_s, f"{prompt} heard by {call.line.account.user}")


def cut_after_s(call: Call, prompt: str, begun: Instant) -> float:
    """How much of a prompt that began at `begun` was heard: seconds until something else came."""
    wanted = clip(prompt)
    heard = call.hearing.sound(after(begun, -0.001))
    same = 0
    for start in range(0, min(len(wanted), len(heard)) - alaw.FRAME, alaw.FRAME):
        if heard[start : start + alaw.FRAME] != wanted[start : start + alaw.FRAME]:
            break
        same = start + alaw.FRAME
    return same / alaw.RATE


def breaks(call: Call, since: Instant, until: Instant) -> list[str]:
    """Where sound was missing that should have come all the time.

    The other end of a talk is a phone of this process: a gap no longer than this process was ever late
    may be its own doing and proves nothing.
    """
    stall_ms = STALL_MS + running_pacer().worst_lateness_s * 1000
    found = [f"{gap.ms:.0f} ms" for gap in call.hearing.gaps_over(stall_ms, since, until)]
    heard_s = len(call.hearing.sound(since, until)) / alaw.RATE
    missing_s = seconds_between(since, until) - heard_s
    if missing_s > MISSING_AT_MOST * seconds_between(since, until) + stall_ms / 1000:
        found.append(f"{missing_s:.2f} s of {heard_s + missing_s:.2f} s in all")
    return found


def is_music(call: Call, since: Instant, seconds: float) -> bool:
    """Something is heard all the time, and it is nobody who sends a tone."""
    until = after(since, seconds)
    heard = call.hearing
    return (
        heard.loudness(since, until) > MUSIC_DBFS
        and not breaks(call, since, until)
        and not heard.heard(since, until, share=0.5) & PARTIES
    )


def purity(hearing: Hearing, hz: int, since: Instant, until: Instant | None = None) -> float:
    """The least share of the power that one tone has in any tenth of a second: 1.0 is the tone alone."""
    samples = alaw.decode(hearing.sound(since, until))
    blocks = [samples[start : start + tones.BLOCK] for start in range(0, len(samples), tones.BLOCK)]
    whole = [tones.shares(block, (hz,)).get(hz, 0.0) for block in blocks if len(block) == tones.BLOCK]
    assert whole, "nothing was heard"
    return min(whole)
