"""Recordings: raw samples become a wav that anybody can play."""

import wave
from pathlib import Path

from rexian.engine.recordings import Recordings, raw_to_wav


def test_a_wav_is_stereo_and_holds_every_whole_sample(tmp_path: Path) -> None:
    raw, wav = tmp_path / "a.raw", tmp_path / "a.wav"
    raw.write_bytes(b"\x01\x00\x02\x00" * 8_000 + b"\x01")

    raw_to_wav(raw, wav)

    with wave.open(str(wav)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8_000, 2)
        assert sound.getnframes() == 8_000
        assert sound.readframes(1) == b"\x01\x00\x02\x00"
    assert not raw.exists()
    assert wav.stat().st_mode & 0o077 == 0


def test_a_talk_that_never_began_leaves_no_file(tmp_path: Path) -> None:
    raw_to_wav(tmp_path / "none.raw", tmp_path / "none.wav")

    assert list(tmp_path.iterdir()) == []


def test_only_ids_of_ours_are_looked_up(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "recordings")
    (tmp_path / "secret.wav").write_bytes(b"x")
    done = tmp_path / "recordings" / "done"
    (done / "1795500000.7.wav").write_bytes(b"x")

    assert recordings.path("1795500000.7") == done / "1795500000.7.wav"
    for evil in ("../secret", "/etc/passwd", "", "..", "a/b", "a\0b", "1795500000.8"):
        assert recordings.path(evil) is None


def test_a_second_talk_of_a_call_is_appended_to_the_first(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)

    first = recordings.begin("1795500000.7", None)
    second = recordings.begin("1795500000.7", first.id)

    assert first.file == second.file
    assert "a" not in first.options
    assert "a" in second.options
