"""Settings come from the environment or `.env`; a wrong one is a sentence: RELIABILITY row 64."""

import os
from pathlib import Path

import pytest

from rexian.engine.settings import Settings, SettingsError, unknown_settings


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone without a `.env`, and an environment without settings."""
    for name in list(os.environ):
        if name.startswith("REXIAN_") or name == "CROWD":
            monkeypatch.delenv(name)
    folder = tmp_path / "clone"
    folder.mkdir()
    return folder


def refusal(clone: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.load(clone)
    return str(refused.value).split("\n")


def test_without_any_setting_everything_has_its_documented_place(clone: Path) -> None:
    settings = Settings.load(clone)

    assert (settings.home, settings.config) == (clone / ".rexian", clone / "config")
    assert (settings.bind, settings.sip_port, settings.rtp_ports) == ("127.0.0.1", 5060, (10000, 10999))
    assert (settings.ami_port, settings.http_port, settings.asterisk_http_port) == (5038, 8080, 8088)
    assert settings.database_url == f"sqlite+aiosqlite:///{clone}/.rexian/rexian.db"
    assert (settings.mqtt_url, settings.own_broker) == ("mqtt://127.0.0.1:1883", True)
    assert settings.crowd


def test_the_environment_wins_over_the_file(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / ".env").write_text("REXIAN_SIP_PORT=6060\nREXIAN_AMI_PORT=6038\nCROWD=0\nOTHER=1\n")
    monkeypatch.setenv("REXIAN_SIP_PORT", "7060")

    settings = Settings.load(clone)

    assert (settings.sip_port, settings.ami_port, settings.crowd) == (7060, 6038, False)


def test_an_empty_variable_is_as_good_as_none(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REXIAN_SIP_PORT", "")

    assert Settings.load(clone).sip_port == 5060


def test_a_relative_folder_begins_where_it_was_written(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = clone.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (clone / ".env").write_text("REXIAN_CONFIG=cities/yuxi\n")
    monkeypatch.setenv("REXIAN_HOME", "data/../data")

    settings = Settings.load(clone)

    assert settings.config == clone / "cities/yuxi"
    assert settings.home == elsewhere / "data"


def test_another_database_and_broker_are_taken_as_given(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REXIAN_DATABASE_URL", "postgresql+asyncpg://rexian@db/rexian")
    monkeypatch.setenv("REXIAN_MQTT_URL", "mqtts://broker.example:8883")

    settings = Settings.load(clone)

    assert settings.database_url == "postgresql+asyncpg://rexian@db/rexian"
    assert (settings.mqtt_url, settings.own_broker) == ("mqtts://broker.example:8883", False)


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("REXIAN_SIP_PORT", "abc", "write a port, 1 to 65535."),
        ("REXIAN_SIP_PORT", "0", "write a port, 1 to 65535."),
        ("REXIAN_SIP_PORT", "65536", "write a port, 1 to 65535."),
        ("REXIAN_SIP_PORT", "-1", "write a port, 1 to 65535."),
        ("REXIAN_SIP_PORT", "1_0", "write a port, 1 to 65535."),
        ("REXIAN_SIP_PORT", "５０６０", "write a port, 1 to 65535."),
        ("REXIAN_RTP_PORTS", "10000", "write the first and the last port, such as 10000-10999."),
        ("REXIAN_RTP_PORTS", "10999-10000", "give it at least 16 ports, a call with its agent takes four."),
        ("REXIAN_BIND", "localhost", "write an IPv4 address of this machine, such as 127.0.0.1."),
        ("CROWD", "many", "write 1 or 0."),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_in_a_sentence(
    clone: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(name, value)

    assert refusal(clone) == [f"{name} is '{value}': {mend}"]


def test_all_wrong_settings_come_at_once(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REXIAN_SIP_PORT", "x")
    (clone / ".env").write_text("REXIAN_AMI_PORT=y\n")

    assert refusal(clone) == [
        "REXIAN_SIP_PORT is 'x': write a port, 1 to 65535.",
        "REXIAN_AMI_PORT is 'y': write a port, 1 to 65535.",
    ]


def test_a_wrong_url_is_refused_without_showing_the_password_in_it(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REXIAN_DATABASE_URL", "postgres://rexian:secret@db/rexian")

    assert refusal(clone) == [
        "REXIAN_DATABASE_URL can't be used: begin it with sqlite+aiosqlite:// or postgresql+asyncpg://."
    ]


def test_two_programs_cannot_have_one_port(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REXIAN_HTTP_PORT", "5038")
    monkeypatch.setenv("REXIAN_SIP_PORT", "10500")

    assert refusal(clone) == [
        "REXIAN_AMI_PORT and REXIAN_HTTP_PORT are both 5038: give one of them another port.",
        "REXIAN_SIP_PORT is 10500, which lies in REXIAN_RTP_PORTS 10000-10999: move one of them.",
    ]


def test_the_port_of_a_broker_that_is_not_ours_does_not_matter(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REXIAN_MQTT_PORT", "5038")
    monkeypatch.setenv("REXIAN_MQTT_URL", "mqtt://broker.example")

    assert Settings.load(clone).ami_port == 5038


def test_a_data_folder_that_is_a_file_is_refused(clone: Path) -> None:
    (clone / ".rexian").write_text("")

    assert refusal(clone) == [f"REXIAN_HOME is {clone}/.rexian, which is no folder: name another."]


def test_an_env_file_in_another_encoding_is_refused(clone: Path) -> None:
    (clone / ".env").write_bytes("CROWD=0 # 没有人".encode("gbk"))

    (sentence,) = refusal(clone)

    assert sentence.startswith(f"{clone}/.env cannot be read (")
    assert sentence.endswith("); save it as UTF-8")


def test_a_program_that_we_start_gets_the_same_settings(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REXIAN_RTP_PORTS", "20000-20099")
    monkeypatch.setenv("REXIAN_MQTT_URL", "mqtt://broker.example")
    monkeypatch.setenv("CROWD", "0")
    settings = Settings.load(clone)

    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")

    assert Settings.load(Path("/nowhere")) == settings


def test_a_typo_in_a_name_is_answered_with_the_right_one() -> None:
    assert unknown_settings({"REXIAN_SIPPORT": "1", "REXIAN_HOME": "x", "PATH": "y"}) == [
        "REXIAN_SIPPORT is no setting; did you mean 'REXIAN_SIP_PORT'?"
    ]
