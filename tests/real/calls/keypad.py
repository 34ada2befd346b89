"""Keys faster than any finger: telephone events without the pauses of a phone (RFC 4733)."""

import asyncio

from simulators.call import Call
from simulators.rtp import _EVENT, _LAST, _VOLUME

BEAT_S = 0.02
KEYS_A_BEAT = 10
LASTS = 80  # samples: 10 ms

ZERO = 0


async def drum(call: Call, keys: int) -> None:
    """Press 0 so many times, 500 times a second; back when the last one is on the wire."""
    media, loop = call.media, asyncio.get_running_loop()
    to = media._to
    assert to is not None
    began = media._timestamp
    due = loop.time()
    for number in range(keys):
        began += 2 * LASTS
        for last in (False, True):
            payload = _EVENT.pack(ZERO, _VOLUME | (_LAST if last else 0), LASTS)
            media._packet(media._keys_type, not last, began & 0xFFFFFFFF, payload, to)
        if number % KEYS_A_BEAT == 0:
            due += BEAT_S
            await asyncio.sleep(max(due - loop.time(), 0))  # noqa: TID251 - the pace of the keys
