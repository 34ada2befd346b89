"""Who is heard: tones are found where they are, alone and mixed, and nowhere else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import alaw, tones

ROOT = Path(__file__).resolve().parents[2]


def samples_of(*tone_hz: int, frames: int = 5, dbfs: float = -12.0) -> list[int]:
    parties = [alaw.decode(tones.frame(hz, dbfs) * frames) for hz in tone_hz]
    return [sum(together) for together in zip(*parties, strict=True)]


@given(st.sampled_from(tones.PALETTE), st.floats(-40, -6))
def test_a_tone_alone_is_heard_alone(hz: int, dbfs: float) -> None:
    assert tones.heard_in(samples_of(hz, dbfs=dbfs)) == {hz}


@given(st.sets(st.sampled_from(tones.PALETTE), min_size=2, max_size=4))
def test_parties_that_speak_together_are_all_heard_and_nobody_else(parties: set[int]) -> None:
    assert tones.heard_in(samples_of(*parties, dbfs=-24)) == parties


def test_silence_is_nobody() -> None:
    assert tones.heard_in(alaw.decode(alaw.SILENCE * 5)) == set()


def test_the_level_asked_for_is_the_level_heard() -> None:
    assert tones.loudness(samples_of(1050, dbfs=-20)) == pytest.approx(-20, abs=0.2)
    assert tones.loudness([]) == tones.QUIET_DBFS


def test_half_a_block_of_a_tone_does_not_spill_into_its_neighbours() -> None:
    cut_in = alaw.decode(alaw.SILENCE * 3 + tones.frame(1050) * 2)

    assert tones.heard_in(cut_in) == {1050}


def test_no_seat_tone_is_a_harmonic_of_another() -> None:
    pairs = [(low, high) for low in tones.SEATS for high in tones.SEATS if low < high]

    assert not [pair for pair in pairs if pair[1] % pair[0] == 0]


@pytest.mark.parametrize("hz", [1051, 0, 3400])
def test_a_frequency_that_could_not_be_found_again_is_refused(hz: int) -> None:
    with pytest.raises(ValueError, match=f"{hz} Hz is not in the palette: 400 to 3350 by 50"):
        tones.frame(hz)


def test_broken_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="161 samples are no whole frames of 160"):
        tones.shares([0] * 161)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "asterisk-config").rglob("*.wav"))[::7], ids=lambda file: file.stem
)
def test_neither_prompts_nor_music_are_taken_for_a_party(file: Path) -> None:
    samples = alaw.decode(alaw.read_wav(file))
    parties = (*tones.SEATS, *tones.CITIZENS)

    blocks = range(0, len(samples) - tones.BLOCK + 1, tones.BLOCK)

    assert not set().union(*(tones.heard_in(samples[at : at + tones.BLOCK], parties) for at in blocks))
