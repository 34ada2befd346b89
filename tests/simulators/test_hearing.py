"""What a phone says of what it heard."""

from pathlib import Path

import pytest

from simulators import alaw, tones
from simulators.hearing import Gap, Hearing
from terms.instant import SECOND, Instant

START = Instant(1_795_500_000 * SECOND)
PACKET = SECOND // 50


def at(seconds: float) -> Instant:
    return Instant(START + round(seconds * SECOND))


def hearing_of(*stretches: tuple[float, bytes]) -> Hearing:
    """Sounds that each begin at their second, a packet every 20 ms."""
    hearing = Hearing()
    for begin, sound in stretches:
        for number, offset in enumerate(range(0, len(sound), alaw.FRAME)):
            hearing.take(sound[offset : offset + alaw.FRAME], Instant(at(begin) + number * PACKET))
    return hearing


def clip() -> bytes:
    """A second of sound whose frames all differ, beginning and ending quietly."""
    frames = [tones.frame(hz) for hz in tones.PALETTE[:40]]
    return alaw.SILENCE * 5 + b"".join(frames) + alaw.SILENCE * 5


def test_each_window_has_its_own_tones() -> None:
    hearing = hearing_of((0, tones.frame(1050) * 50), (1, tones.frame(2150) * 50))

    assert hearing.heard(at(0), at(1)) == {1050}
    assert hearing.heard(at(1), at(2)) == {2150}
    assert hearing.heard() == {1050, 2150}


def test_a_blip_is_not_heard_unless_blips_are_asked_for() -> None:
    hearing = hearing_of((0, tones.frame(1050) * 5 + alaw.SILENCE * 45))

    assert hearing.heard() == set()
    assert hearing.heard(at_least_ms=100) == {1050}


def test_the_first_packet_of_a_tone_is_found_to_the_packet() -> None:
    hearing = hearing_of((0, alaw.SILENCE * 7 + tones.frame(1050) * 9))

    assert hearing.first_heard(1050) == at(0.14)
    assert hearing.first_heard(1050, since=at(0.2)) == at(0.2)
    assert hearing.first_heard(1050, since=at(0.28)) is None
    assert hearing.first_heard(1100) is None


def test_gaps_count_inside_and_at_the_edges_that_are_given() -> None:
    hearing = hearing_of((0, alaw.SILENCE * 10), (0.5, alaw.SILENCE * 10))

    assert hearing.gaps_over(60) == [Gap(at(0.18), 320)]
    assert hearing.gaps_over(60, since=at(-1), until=at(1)) == [
        Gap(at(-1), 1000),
        Gap(at(0.18), 320),
        Gap(at(0.68), 320),
    ]
    assert hearing.gaps_over(400) == []


def test_nothing_at_all_is_one_gap() -> None:
    assert Hearing().gaps_over(60, since=at(0), until=at(2)) == [Gap(at(0), 2000)]
    assert Hearing().loudness() == tones.QUIET_DBFS


def test_loudness_is_that_of_the_window() -> None:
    hearing = hearing_of((0, alaw.SILENCE * 50), (1, tones.frame(1050, -20) * 50))

    assert hearing.loudness(at(0), at(1)) < -60
    assert hearing.loudness(at(1)) == pytest.approx(-20, abs=0.2)


def test_every_playing_of_a_clip_is_found_where_it_began() -> None:
    hearing = hearing_of((0, alaw.SILENCE[:40] + clip()), (3, clip()), (5, alaw.SILENCE * 20))

    begun = hearing.times_played(clip())

    assert begun == [at(0.005), at(3)]


def test_a_clip_that_was_cut_short_counts_and_another_one_does_not() -> None:
    hearing = hearing_of((0, clip()[: alaw.RATE * 4 // 5]))
    other = b"".join(tones.frame(hz, -18) for hz in tones.PALETTE[:40])

    assert len(hearing.times_played(clip())) == 1
    assert hearing.times_played(other) == []


def test_the_wav_keeps_the_time_that_was_missing(tmp_path: Path) -> None:
    hearing = hearing_of((0, tones.frame(1050) * 10), (1, tones.frame(2150) * 10))

    hearing.save_wav(tmp_path / "heard.wav")

    sound = alaw.read_wav(tmp_path / "heard.wav")
    assert len(sound) == alaw.RATE + 10 * alaw.FRAME
    assert tones.heard_in(alaw.decode(sound[alaw.RATE :])) == {2150}


def test_a_crowd_phone_counts_packets_and_owns_up_to_having_no_sound() -> None:
    hearing = Hearing(keep_sound=False)
    hearing.take(alaw.SILENCE, at(0))

    assert hearing.packets == 1
    with pytest.raises(ValueError, match="keep_sound=False"):
        hearing.sound()
