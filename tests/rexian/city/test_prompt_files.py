"""Every prompt has a sound that Asterisk can play, before the first caller: RELIABILITY rows 21 and 22."""

import struct
from pathlib import Path

import pytest

from rexian.engine.prompt_files import hear
from tests.rexian.city.town import Town, write_wav


@pytest.fixture
def own(town: Town) -> Path:
    """The town's own recordings, which win over the shipped ones."""
    folder = town.folder / "sounds"
    folder.mkdir()
    return folder


def test_every_prompt_is_known_with_its_file_and_length(town: Town) -> None:
    prompts = town.load().prompts

    assert {"g.notice", "q.pos.1", "q.pos.99", "a.gonghao.1002", "beep"} <= prompts.ids
    assert "q.pos" not in prompts.ids
    assert prompts.seconds[next(one for one in prompts.ids if one == "q.next")] == 0.1
    assert prompts.sound("q.pos.7") == str(town.shipped / "q.pos.7")


def test_a_recording_of_the_city_wins(town: Town, own: Path) -> None:
    write_wav(own / "g.notice.wav", samples=bytes(16000))

    prompts = town.load().prompts

    assert prompts.sound("g.notice") == str(own / "g.notice")
    assert prompts.sound("m.main") == str(town.shipped / "m.main")


def test_a_folder_with_a_space_is_quoted_for_agi_and_an_unknown_prompt_handed_on(
    tmp_path: Path, recordings: Path
) -> None:
    folder = tmp_path / 'my "own" town'
    folder.mkdir()
    town = Town(folder, recordings)
    (folder / "sounds").mkdir()
    write_wav(folder / "sounds" / "bye.wav")

    prompts = town.load().prompts

    assert prompts.sound("bye") == f'"{tmp_path}/my \\"own\\" town/sounds/bye"'
    assert prompts.sound("never.heard") == "never.heard"


@pytest.mark.parametrize(
    ("rate", "channels", "samples", "words"),
    [
        (44100, 1, bytes(400), "has 44100 Hz, 16-bit, mono"),
        (8000, 2, bytes(400), "has 8000 Hz, 16-bit, stereo"),
        (8000, 6, bytes(480), "has 8000 Hz, 16-bit, 6 channels"),
        (8000, 1, b"", "has no sound in it"),
    ],
)
def test_a_wav_of_another_format_is_refused_with_file_and_cure(
    town: Town, own: Path, rate: int, channels: int, samples: bytes, words: str
) -> None:
    write_wav(own / "g.notice.wav", samples, rate, channels)

    assert town.mistakes() == [
        (
            f"{town.at('prompts.yaml', 'g.notice')}: sounds/g.notice.wav {words}; "
            "save it as WAV, 8 kHz, 16-bit, mono"
        )
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has 0 bytes"),
        (b"ID3\x03 not a wav at all, but an mp3", "is no WAV file (file does not start with RIFF id)"),
        (b"RIFF\xff\xff", "is no WAV file (it ends too early)"),
    ],
)
def test_what_is_no_wav_is_refused_with_file_and_cure(
    town: Town, own: Path, content: bytes, words: str
) -> None:
    (own / "g.notice.wav").write_bytes(content)

    (sentence,) = town.mistakes()

    assert sentence.startswith(f"{town.at('prompts.yaml', 'g.notice')}: sounds/g.notice.wav {words}")


def test_an_8_bit_wav_is_refused(tmp_path: Path) -> None:
    header = (
        b"RIFF" + struct.pack("<I", 40) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    )
    (tmp_path / "x.wav").write_bytes(header + b"data" + struct.pack("<I", 4) + b"\x80" * 4)

    assert hear(tmp_path / "x.wav").unfit == "has 8000 Hz, 8-bit, mono"


def test_a_clipped_recording_is_a_warning(town: Town, own: Path) -> None:
    write_wav(own / "g.notice.wav", struct.pack("<8h", 0, 9000, *[32767] * 4, 9000, 0) * 100)

    assert town.warnings() == [
        f"{town.at('prompts.yaml', 'g.notice')}: sounds/g.notice.wav is clipped; record it again, less loud"
    ]


def test_a_loud_peak_is_no_clipping(tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", struct.pack("<8h", 0, 32767, 32767, 32767, 0, -32768, -32768, 0) * 100)

    assert not hear(tmp_path / "x.wav").clipped


def test_a_prompt_without_sound_is_refused_and_many_are_one_sentence(town: Town) -> None:
    town.change("prompts.yaml", "bye: {text: 再见。}", "bye: {text: 再见。}\n  g.night: {text: 夜间值守。}")
    town.change("prompts.yaml", "to: 10,", "to: 20,")

    cure = "record it as 8 kHz, 16-bit, mono into sounds, or run `make prompts`"
    some = ", ".join(f"q.wait.{n}.wav" for n in range(11, 16))
    assert town.mistakes() == [
        f"{town.at('prompts.yaml', 'q.wait')}: 'q.wait' has no sound: {some} and 5 more; {cure}",
        f"{town.at('prompts.yaml', 'g.night')}: 'g.night' has no sound: g.night.wav; {cure}",
    ]


@pytest.mark.parametrize("bad", ["../greet", "/etc/passwd", "G.notice", "q..pos", "a b"])
def test_an_id_that_is_a_path_or_in_capitals_is_refused(town: Town, bad: str) -> None:
    town.change("prompts.yaml", "bye: {text: 再见。}", f"bye: {{text: 再见。}}\n  {bad}: {{text: 您好。}}")

    assert town.mistakes() == [
        (
            f"{town.at('prompts.yaml', bad)}: prompts.{bad} is '{bad}'; "
            "a prompt's id is made of a-z, 0-9 and single dots, such as q.pos"
        )
    ]


def test_a_menu_cannot_name_a_path_either(town: Town) -> None:
    town.change("menus.yaml", "notice: g.notice", "notice: ../g.notice")

    assert town.mistakes() == [
        (
            "menus.yaml:1: notice is '../g.notice'; "
            "a prompt's id is made of a-z, 0-9 and single dots, such as q.pos"
        )
    ]


def test_a_recording_whose_name_differs_in_case_only_is_refused(town: Town, own: Path) -> None:
    write_wav(own / "G.Notice.wav")
    write_wav(own / "bye.WAV")

    assert town.mistakes() == [
        (
            "prompts.yaml:1: sounds/G.Notice.wav belongs to no prompt: the case of its name is wrong; "
            "rename it to g.notice.wav"
        ),
        (
            "prompts.yaml:1: sounds/bye.WAV belongs to no prompt: the case of its name is wrong; "
            "rename it to bye.wav"
        ),
    ]


def test_a_recording_for_no_prompt_is_refused_with_the_nearest(town: Town, own: Path) -> None:
    write_wav(own / "g.notic.wav")

    assert town.mistakes() == [
        "prompts.yaml:1: sounds/g.notic.wav belongs to no prompt; did you mean 'g.notice'?"
    ]


def test_two_entries_that_make_one_sound_are_refused(town: Town) -> None:
    town.change("prompts.yaml", "bye: {text: 再见。}", "bye: {text: 再见。}\n  q.pos.7: {text: 七位。}")

    assert town.mistakes() == [
        (
            f"{town.at('prompts.yaml', 'q.pos.7')}: 'q.pos.7' makes the sound 'q.pos.7', "
            "which another entry makes too; rename one of them"
        )
    ]


def test_what_the_engine_speaks_must_be_there(town: Town) -> None:
    town.change("prompts.yaml", "  k.pin: {text: 请输入密码。, only: agent}\n", "")
    town.change("prompts.yaml", "to: 99", "to: 50")

    assert town.mistakes() == [
        "prompts.yaml:2: prompt 'k.pin' is not there, and the engine speaks it; take the demo city's entry",
        (
            f"{town.at('prompts.yaml', 'q.pos')}: prompt 'q.pos.99' is not there, and the engine speaks it; "
            "take the demo city's entry"
        ),
    ]


def test_a_menu_that_names_a_range_instead_of_a_sound_is_refused(town: Town) -> None:
    town.change("menus.yaml", "say: q.human", "say: q.pos")

    assert town.mistakes() == [
        f"{town.at('menus.yaml', 'q.pos')}: unknown prompt 'q.pos'; did you mean 'q.pos.9'?"
    ]


def test_a_person_without_an_announced_number_is_a_warning(town: Town) -> None:
    town.change(
        "agents.yaml", "seats:", '  "1003": {name: 小满, pin: "881003", skills: {citizen: 5}}\nseats:'
    )

    assert town.warnings() == [
        (
            f"{town.at('agents.yaml', '小满')}: '1003' has no announcement of the 工号, "
            "prompt 'a.gonghao.1003'; widen a.gonghao in prompts.yaml and run `make prompts`"
        )
    ]


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        ("{from: 5, to: 1, as: count}", "counts from 5 to 1; count upwards, at most 2000 values"),
        ("{from: 1, to: 99999, as: count}", "counts from 1 to 99999; count upwards, at most 2000 values"),
        ("{from: 1}", "is neither a range nor words; write {from: 1, to: 9, as: digits} or {words: {…}}"),
    ],
)
def test_a_range_of_values_counts_upwards(town: Town, say: str, sentence: str) -> None:
    town.change(
        "prompts.yaml", "bye: {text: 再见。}", f"bye: {{text: 再见。}}\n  x.y: {{text: 几, say: {say}}}"
    )

    assert town.mistakes() == [f"{town.at('prompts.yaml', 'x.y')}: prompts.x.y.say {sentence}"]


def test_a_notice_and_a_menu_that_take_too_long_are_a_warning(town: Town, own: Path) -> None:
    write_wav(own / "g.notice.wav", bytes(16000 * 6))
    write_wav(own / "m.main.wav", bytes(16000 * 7))

    assert town.warnings() == [
        (
            "hotline.yaml:5: number 12345: who presses nothing is queued after 16.0 s, 15 s are promised; "
            "shorten the notice, the menu's prompt or its wait_s"
        )
    ]
