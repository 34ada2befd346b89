"""`rexian check`: all mistakes with file and line, or one line about a city that is right."""

from pathlib import Path

import pytest

from rexian.cli import check as command
from rexian.engine.city import load_city
from tests.rexian.city.town import Town


@pytest.fixture(autouse=True)
def sounds_of_the_town(monkeypatch: pytest.MonkeyPatch, recordings: Path) -> None:
    monkeypatch.setattr(command, "load_city", lambda folder: load_city(folder, sounds=recordings))


def test_a_city_that_is_right_is_summed_up_in_a_line(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.check(town.folder) == 0

    said = capsys.readouterr()
    assert said.err == ""
    assert said.out == (
        "小镇12345: ok. mode menu; numbers 12345, 123457; 2 people; 2 seats; queues citizen, enterprise; "
        "1 menu; 138 prompts\n"
    )


def test_a_warning_is_shown_and_does_not_refuse(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    town.change("queues.yaml", "{enterprise: 1}", "{彝语: 1}")

    assert command.check(town.folder) == 0

    assert capsys.readouterr().err == (
        f"warning: {town.folder}/{town.at('queues.yaml', '彝语')}: queue 'enterprise', stage 1: nobody can "
        "serve it, callers only wait it out; give somebody these skills, or take the stage out\n"
    )


def test_mistakes_of_all_files_are_shown_with_their_count(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town.change("hotline.yaml", "mode: menu", "mode: manu")
    town.change("queues.yaml", "{enterprise: 1}", "{enterprize: 1}")

    assert command.check(town.folder) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"{town.folder}/hotline.yaml:2: mode is 'manu'; write menu or direct\n"
        f"{town.folder}/{town.at('queues.yaml', 'enterprize')}: unknown skill 'enterprize'; "
        "did you mean 'enterprise'?\n"
        "2 mistakes\n"
    )


def test_files_below_the_present_folder_are_named_from_there(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(town.folder.parent)
    town.change("hotline.yaml", "mode: menu", "mode: manu")

    command.check(town.folder)

    assert capsys.readouterr().err.startswith(f"{town.folder.name}/hotline.yaml:2: ")


def test_a_folder_that_is_not_there_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.check(tmp_path / "nowhere") == 1

    assert "there is no such folder; copy the demo city's config/ there" in capsys.readouterr().err
