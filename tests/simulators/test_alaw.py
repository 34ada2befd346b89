"""The codec that every claim about sound in our tests stands on."""

import wave
from pathlib import Path

import pytest

from simulators import alaw


def test_known_values_of_the_standard_come_out() -> None:
    assert alaw.encode([0, -1, 32767, -32768]) == bytes([0xD5, 0x55, 0xAA, 0x2A])
    assert alaw.decode(bytes([0xD5, 0x55, 0xAA, 0x2A])) == [8, -8, 32256, -32256]


def test_every_code_survives_decoding_and_encoding_again() -> None:
    codes = bytes(range(256))

    assert alaw.encode(alaw.decode(codes)) == codes


def test_louder_never_becomes_quieter() -> None:
    heard = alaw.decode(alaw.encode(range(-32768, 32768, 7)))

    assert heard == sorted(heard)


def test_too_loud_samples_are_clipped_and_not_wrapped() -> None:
    assert alaw.encode([99_999, -99_999]) == alaw.encode([32767, -32768])


def test_a_wav_that_was_written_is_read_back(tmp_path: Path) -> None:
    codes = bytes(range(256)) * 3

    alaw.write_wav(tmp_path / "heard.wav", codes)

    assert alaw.read_wav(tmp_path / "heard.wav") == codes


def test_a_wav_of_another_kind_is_refused_with_its_kind(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "cd.wav"), "wb") as sound:
        sound.setframerate(44_100)
        sound.setsampwidth(2)
        sound.setnchannels(2)

    with pytest.raises(ValueError, match=r"cd\.wav: \(44100, 2, 2\).*wanted \(8000, 2, 1\)"):
        alaw.read_wav(tmp_path / "cd.wav")
