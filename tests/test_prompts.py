"""The committed voice: every text has its sound, and every sound is fit for the telephone.

No voice model and no recogniser is needed; whether the files are understood is in
asterisk-config/voices/check-report.md.
"""

from __future__ import annotations

import array
import importlib
import math
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
VOICES = ROOT / "asterisk-config" / "voices"


def script(name: str) -> ModuleType:
    """A module of asterisk-config/voices, which is a folder of scripts and no package."""
    sys.path.insert(0, str(VOICES))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(VOICES))


prompts, wavfacts, hearing = script("prompts"), script("wavfacts"), script("hearing")
check, render, music = script("check"), script("render"), script("music")


def write(folder: Path, text: str) -> Path:
    path = folder / "prompts.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def tone(level_dbfs: float, ms: int, rate: int = 8000) -> array.array[int]:
    peak = 32768 * math.sqrt(2) * 10 ** (level_dbfs / 20)
    return array.array(
        "h", (round(peak * math.sin(2 * math.pi * 500 * i / rate)) for i in range(ms * rate // 1000))
    )


def save(path: Path, samples: array.array[int], rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(samples.tobytes())
    return path


# --- the committed files -----------------------------------------------------------------------------


def test_every_prompt_has_a_fresh_sound_fit_for_the_telephone() -> None:
    verdicts = check.examine(prompts.read_prompts(), deaf=True)

    assert len(verdicts) > 250
    assert {v.prompt.id: v.wrong for v in verdicts if v.wrong} == {}


def test_no_sound_lies_about_that_nobody_asks_for() -> None:
    wanted = set(prompts.read_prompts())

    assert {path.stem for path in prompts.SOUNDS.glob("*.wav")} == wanted
    assert set(prompts.read_index()) == wanted


def test_every_take_belongs_to_a_prompt() -> None:
    families = {name.rpartition(".")[0] for name in prompts.read_prompts()}

    assert set(prompts.read_takes()) <= set(prompts.read_prompts()) | families


def test_the_notice_nobody_can_skip_is_short() -> None:
    assert int(str(prompts.read_index()["g.notice"]["duration_ms"])) <= 6000


def test_an_agents_whisper_delays_the_caller_by_a_second_at_most() -> None:
    index = prompts.read_index()

    whispers = [row for name, row in index.items() if name.startswith("k.beep.")]

    assert len(whispers) >= 4
    assert all(int(str(row["duration_ms"])) <= 1000 for row in whispers)


def test_queue_positions_waits_and_agent_numbers_are_whole_sentences() -> None:
    found = prompts.read_prompts()

    assert [found[f"q.pos.{n}"].said for n in (1, 2, 12, 99)] == [
        "您前面还有一位。",
        "您前面还有两位。",
        "您前面还有十二位。",
        "您前面还有九十九位。",
    ]
    assert found["q.wait.2"].said == "预计等待两分钟左右。"
    assert found["p.last.month.2"].said == "您二月"
    assert found["a.gonghao.1018"].said == "幺零幺八号话务员为您服务。"


def test_music_on_hold_is_quiet_and_joins_its_end_to_its_beginning() -> None:
    path = ROOT / "asterisk-config" / "moh" / "calm.wav"

    samples = wavfacts.read_samples(path)
    facts = wavfacts.measure(samples)

    assert path.stat().st_size < 1_000_000
    assert 50_000 <= facts.duration_ms <= 70_000
    assert -26 <= facts.speech_dbfs <= -21
    assert facts.clipped == 0
    assert abs(samples[0] - samples[-1]) < max(map(abs, samples)) / 4, "a click at the seam"


def test_music_on_hold_never_falls_silent_long_enough_to_seem_a_lost_call() -> None:
    samples = wavfacts.read_samples(ROOT / "asterisk-config" / "moh" / "calm.wav")

    seconds = [wavfacts.measure(samples[i : i + 8000]).speech_dbfs for i in range(0, len(samples), 8000)]

    assert min(seconds) > -36


def test_the_tune_has_a_place_for_each_beat_and_stays_within_the_telephones_band() -> None:
    pitches = [music.pitch_hz(step) for _, step in [*music.melody(), *music.accompaniment()]]

    assert min(pitches) > 250
    assert max(pitches) < 1300
    assert len({beat for beat, _ in music.accompaniment()}) == music.BEATS


# --- reading prompts.yaml ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{from: 1, to: 2, as: count}", {"a.1": "一位", "a.2": "两位"}),
        ("{from: 20, to: 22, as: count}", {"a.20": "二十位", "a.21": "二十一位", "a.22": "二十二位"}),
        ("{from: 2, to: 2, as: number}", {"a.2": "二位"}),
        ("{from: 1010, to: 1011, as: digits}", {"a.1010": "幺零幺零位", "a.1011": "幺零幺幺位"}),
        ("{words: {x: 三, y: 四}}", {"a.x": "三位", "a.y": "四位"}),
    ],
)
def test_a_rule_makes_one_file_per_value(tmp_path: Path, rule: str, expected: dict[str, str]) -> None:
    path = write(tmp_path, f'voice: v\nprompts:\n  a: {{text: "{{n}}位", say: {rule}}}\n')

    found = prompts.read_prompts(path, takes=tmp_path / "none")

    assert {p.id: p.said for p in found.values()} == expected


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("a: {text: 请拨12345}", "write 12345 as it is said"),
        ("a: {text: 好, colour: red}", "unknown colour"),
        ("a: {}", "has no text"),
        ("A b: {text: 好}", "an id is made of"),
        ('a: {text: "{n}位"}', "without `say`"),
        ('a: {text: "{n}", say: {from: 1, to: 3}}', "`say` is neither"),
        ('a: {text: "{n}", say: {from: 99, to: 100, as: number}}', "only 0 to 99"),
        ('a.1: {text: 好}\n  a: {text: "{n}", say: {from: 1, to: 1, as: number}}', "a second time"),
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused_with_its_mending(
    tmp_path: Path, entry: str, complaint: str
) -> None:
    path = write(tmp_path, f"voice: v\nprompts:\n  {entry}\n")

    with pytest.raises(prompts.BadPrompts, match=complaint):
        prompts.read_prompts(path, takes=tmp_path / "none")


def test_a_single_key_may_stay_a_figure(tmp_path: Path) -> None:
    path = write(tmp_path, "voice: v\nprompts:\n  a: {text: 请按7。}\n")

    prompt = prompts.read_prompts(path, takes=tmp_path / "none")["a"]

    assert (prompt.text, prompt.said) == ("请按7。", "请按七。")


def test_a_take_changes_how_a_file_sounds_and_not_what_it_says(tmp_path: Path) -> None:
    path = write(tmp_path, "voice: v\nprompts:\n  a: {text: 好。}\n")
    takes = tmp_path / "takes.yaml"
    takes.write_text("a: {pace: 0.5, style: 60}\n", encoding="utf-8")

    usual = prompts.read_prompts(path, takes=tmp_path / "none")["a"]
    taken = prompts.read_prompts(path, takes=takes)["a"]

    assert taken.said == usual.said
    assert (taken.recipe.pace, taken.recipe.style) == (0.5, 60)
    assert taken.recipe.stamp() != usual.recipe.stamp()


# --- staleness and recordings ------------------------------------------------------------------------


def test_a_changed_text_makes_its_file_stale() -> None:
    found = prompts.read_prompts()["bye"]
    row = {"bye": {"text": found.text, "recipe": found.recipe.stamp()}}
    changed = {"bye": {"text": "别的。", "recipe": "0" * 16}}

    assert not render.is_stale(found, row)
    assert render.is_stale(found, changed)
    assert render.is_stale(found, {})


def test_a_studio_recording_is_held_against_the_text_beside_it(tmp_path: Path) -> None:
    found = prompts.read_prompts()
    save(tmp_path / "bye.wav", tone(-17, 2000))
    save(tmp_path / "g.notice.wav", tone(-17, 5500))
    (tmp_path / "bye.txt").write_text(found["bye"].text, encoding="utf-8")
    (tmp_path / "g.notice.txt").write_text("您好，曲靖幺二三四五热线。", encoding="utf-8")

    verdicts = {v.prompt.id: v.wrong for v in check.examine(found, studio=tmp_path, deaf=True)}

    assert verdicts["bye"] == []
    assert "曲靖" in verdicts["g.notice"][0]
    assert len(verdicts) == 2


@pytest.mark.parametrize(
    ("samples", "complaint"),
    [
        (tone(-30, 2000), "speech at"),
        (tone(-8, 2000), "speech at"),
        (tone(-17, 13_000), "at most 12 s"),
        (tone(-17, 500), "characters a minute"),
        (tone(-17, 2000) + array.array("h", [0] * 8000), "1000 ms behind"),
        (tone(-17, 2000) + array.array("h", [32767] * 3), "clipped"),
    ],
    ids=["too soft", "too loud", "too long", "too fast", "silence", "clipped"],
)
def test_a_file_that_breaks_a_rule_is_told_what(samples: array.array[int], complaint: str) -> None:
    bye = prompts.read_prompts()["bye"]

    found = check.faults(bye, wavfacts.measure(samples))

    assert any(complaint in fault for fault in found), found


# --- measuring and comparing -------------------------------------------------------------------------


def test_levels_are_those_of_a_known_tone() -> None:
    facts = wavfacts.measure(tone(-17, 1000) + array.array("h", [0] * 8000))

    assert facts.speech_dbfs == pytest.approx(-17, abs=0.05)
    assert facts.peak_dbfs == pytest.approx(-14, abs=0.05)
    assert (facts.duration_ms, facts.head_ms, facts.tail_ms) == (2000, 0, 1000)


def test_silence_has_a_level_too() -> None:
    assert wavfacts.measure(array.array("h", [0] * 800)).speech_dbfs == wavfacts.SILENCE_DBFS
    assert wavfacts.measure(array.array("h")).duration_ms == 0


def test_a_file_of_another_format_is_named_as_what_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "wide.wav", tone(-17, 100, rate=16000), rate=16000)

    with pytest.raises(wavfacts.NotTelephoneSound, match="16000 Hz"):
        wavfacts.read_samples(path)


def test_a_file_that_is_no_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"")

    with pytest.raises(wavfacts.NotTelephoneSound, match=r"empty\.wav"):
        wavfacts.read_samples(path)


def test_figures_are_read_in_every_usual_way() -> None:
    assert "请按二" in hearing.readings("请按2")
    assert "等待两分钟" in hearing.readings("等待2分钟")
    assert "十二位" in hearing.readings("12位")
    assert {"幺二三四五热线", "一二三四五热线"} == set(hearing.readings("12345热线"))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("ni hao", "ni hao", 0), ("ni hao", "hao", 1), ("ni hao", "ni gao ma", 2), ("", "ni", 1)],
)
def test_syllables_are_counted_wrong_missing_and_added(a: str, b: str, expected: int) -> None:
    assert hearing.distance(a.split(), b.split()) == expected
