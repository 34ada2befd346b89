"""The beat that all phones of a process share."""

import asyncio

from simulators.pacer import SLOTS, Pacer, running_pacer


class Drum:
    """Counts its beats and tells when it has had enough."""

    def __init__(self, enough: int = 10**9) -> None:
        self.beats = 0
        self.satisfied = asyncio.Event()
        self._enough = enough

    def beat(self) -> None:
        self.beats += 1
        if self.beats == self._enough:
            self.satisfied.set()


async def test_fifty_beats_take_a_second() -> None:
    drum, loop = Drum(enough=51), asyncio.get_running_loop()
    pacer = running_pacer()
    pacer.add(drum)
    begun = loop.time()

    await drum.satisfied.wait()
    pacer.drop(drum)

    assert 1.0 <= loop.time() - begun < 1.1


async def test_all_beat_equally_often_wherever_their_slot_is() -> None:
    drums = [Drum(enough=20) for _ in range(3 * SLOTS + 1)]
    pacer = running_pacer()
    for drum in drums:
        pacer.add(drum)

    await drums[-1].satisfied.wait()
    for drum in drums:
        pacer.drop(drum)

    assert {drum.beats for drum in drums} <= {19, 20, 21}


async def test_who_is_dropped_beats_no_more_and_the_timer_ends_with_the_last() -> None:
    drum = Drum(enough=2)
    pacer = Pacer(asyncio.get_running_loop())
    pacer.add(drum)
    await drum.satisfied.wait()

    pacer.drop(drum)

    with_nobody = asyncio.all_tasks()
    assert drum.beats == 2
    assert len(with_nobody) == 1
    assert pacer.idle


async def test_after_a_stall_at_most_100_ms_are_made_up_for() -> None:
    class StalledLoop(asyncio.SelectorEventLoop):
        late_s = 0.0

        def time(self) -> float:
            return super().time() + self.late_s

    loop = StalledLoop()
    try:
        drum, pacer = Drum(), Pacer(loop)
        pacer.add(drum)
        loop.late_s = 5.0
        pacer.tick()

        assert drum.beats in (5, 6)
        assert pacer.worst_lateness_s > 4.9
        pacer.drop(drum)
    finally:
        loop.close()
