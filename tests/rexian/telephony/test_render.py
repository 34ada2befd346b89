"""Asterisk's files from the templates."""

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from rexian.telephony.errors import AsteriskMissing, FolderUnusable, PortTaken
from rexian.telephony.installation import Installation
from rexian.telephony.ports import Port, demand_free, holder, is_taken
from rexian.telephony.render import SwitchPlan, fill, render
from rexian.telephony.secrets import Secrets

ROOT = Path(__file__).parents[3]


@pytest.fixture
def plan(tmp_path: Path) -> SwitchPlan:
    """An instance of its own."""
    return SwitchPlan(
        home=tmp_path / "asterisk", config=ROOT / "asterisk-config", sip_port=15060, ami_port=15038
    )


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    """Fresh passwords."""
    return Secrets.load_or_create(tmp_path / "secrets.json")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Some Asterisk."""
    return Installation(program=Path("/bin/true"), modules=tmp_path / "modules", data=tmp_path, version="22")


def test_every_template_is_rendered_without_a_name_left(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(plan, secrets, installation)

    templates = {path.name for path in (plan.config / "templates").glob("*.conf")}
    assert {path.name for path in plan.etc.iterdir()} == templates
    for path in plan.etc.iterdir():
        assert not re.search(r"@[A-Z_]+@|;@", path.read_text()), path.name
        assert path.stat().st_mode & 0o077 == 0


def test_a_second_rendering_replaces_the_first_and_clears_what_is_old(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(plan, secrets, installation)
    (plan.etc / "forgotten.conf").write_text("[x]")

    render(replace(plan, ami_port=15039), secrets, installation)

    assert "port = 15039" in (plan.etc / "manager.conf").read_text()
    assert not (plan.etc / "forgotten.conf").exists()


def test_every_phone_has_its_three_sections(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(plan, secrets, installation)

    text = (plan.etc / "pjsip.conf").read_text()
    for phone in secrets.phones:
        assert len(re.findall(rf"^\[{phone.sip_user}\]\(", text, re.MULTILINE)) == 3
        assert f"callerid = <{phone.extension}>" in text


def test_the_dialplan_knows_our_numbers_for_trunk_and_citizens_and_dials_nothing(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(replace(plan, numbers=("12345", "96100")), secrets, installation)

    code = "\n".join(
        line for line in (plan.etc / "extensions.conf").read_text().splitlines() if not line.startswith(";")
    )
    assert len(re.findall(r"^exten => 96100,1,", code, re.MULTILINE)) == 1
    assert "[from-trunk]\ninclude => hotline\n" in code
    assert "[from-citizens]\ninclude => hotline\n" in code
    assert "123457" not in code
    assert not re.search(r"\b(Dial|Originate|System|TrySystem|Transfer|FollowMe|Page)\(", code)


def test_a_bind_address_of_the_lan_leaves_the_trunk_on_loopback(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(replace(plan, bind="192.0.2.7"), secrets, installation)

    text = (plan.etc / "pjsip.conf").read_text()
    assert text.count("bind = 192.0.2.7:15060") == 2
    assert text.count("bind = 127.0.0.1:15060") == 2
    assert "bindaddr = 127.0.0.1" in (plan.etc / "manager.conf").read_text()


def test_no_more_calls_are_taken_than_there_are_ports_for_their_sound(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(replace(plan, rtp_ports=(20000, 20199)), secrets, installation)

    assert "maxcalls = 100" in (plan.etc / "asterisk.conf").read_text()


def test_the_door_for_browsers_is_closed_until_it_has_a_port(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    render(plan, secrets, installation)
    assert "enabled = no" in (plan.etc / "http.conf").read_text()

    render(replace(plan, http_port=18088), secrets, installation)
    assert "enabled = yes" in (plan.etc / "http.conf").read_text()
    assert "bindport = 18088" in (plan.etc / "http.conf").read_text()


@pytest.mark.parametrize("home", ["a;b", "a\nb"])
def test_a_path_that_an_asterisk_file_cant_hold_is_refused(
    plan: SwitchPlan, secrets: Secrets, installation: Installation, home: str
) -> None:
    with pytest.raises(FolderUnusable, match="Move the folder"):
        render(replace(plan, home=plan.home / home), secrets, installation)


def test_a_name_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="nobody knows @TYPO@"):
        fill("a = @TYPO@\n", {}, {}, where="x.conf")
    with pytest.raises(KeyError, match="block 'sea'"):
        fill(";@each sea\n;@end\n", {}, {}, where="x.conf")


def test_a_block_is_repeated_with_its_own_values_and_the_common_ones() -> None:
    text = ";@each phone\n[@NAME@] on @BIND@\n;@end\nend\n"

    filled = fill(text, {"BIND": "b"}, {"phone": [{"NAME": "1"}, {"NAME": "2"}]}, where="x")

    assert filled == "[1] on b\n[2] on b\nend\n"


def test_a_short_path_keeps_its_socket_at_home_and_a_long_one_gets_a_private_folder(
    plan: SwitchPlan, secrets: Secrets, installation: Installation
) -> None:
    short = replace(plan, home=Path("/srv/rexian"))
    long = replace(plan, home=plan.home / ("很" * 60))
    other = replace(plan, home=plan.home / ("长" * 60))

    assert short.run == Path("/srv/rexian/run")
    assert len(str(long.run / "asterisk.ctl").encode()) <= 100
    assert long.run != other.run
    render(long, secrets, installation)
    assert long.run.stat().st_mode & 0o777 == 0o700
    long.run.rmdir()


def test_a_private_folder_that_is_a_link_of_somebody_else_is_refused(
    plan: SwitchPlan, secrets: Secrets, installation: Installation, tmp_path: Path
) -> None:
    long = replace(plan, home=plan.home / ("链" * 60))
    long.run.symlink_to(tmp_path)
    try:
        with pytest.raises(FolderUnusable, match="somebody else"):
            render(long, secrets, installation)
    finally:
        long.run.unlink()


def test_a_config_folder_without_templates_is_told(
    plan: SwitchPlan, secrets: Secrets, installation: Installation, tmp_path: Path
) -> None:
    with pytest.raises(FolderUnusable, match="no templates"):
        render(replace(plan, config=tmp_path), secrets, installation)


def test_a_taken_port_names_its_holder() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        port = Port(what="AMI", setting="REXIAN_AMI_PORT", host="127.0.0.1", number=number)

        with pytest.raises(
            PortTaken, match=rf"AMI: port {number}/tcp .* process \d+ \(.+\)\. .*REXIAN_AMI_PORT"
        ):
            demand_free([port])
        assert is_taken(port)

    demand_free([port])
    assert not is_taken(port)
    assert "another process" in holder(port)


def test_an_address_that_is_not_this_machines_is_told() -> None:
    port = Port(what="SIP", setting="REXIAN_SIP_PORT", host="192.0.2.7", number=5060, udp=True)

    with pytest.raises(FolderUnusable, match="no address"):
        demand_free([port])


def test_notes_of_a_vanished_tree_are_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programs.json").write_text('{"asterisk": "/gone", "astmoddir": "/gone"}')
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)

    with pytest.raises(AsteriskMissing, match=r"sh run\.sh"):
        Installation.find(tmp_path)


def test_a_system_asterisk_that_is_too_old_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho Asterisk 18.10.0~dfsg\n")
    old.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda *_, **__: str(old))

    with pytest.raises(AsteriskMissing, match=r"18\.10\.0.*20 or newer"):
        Installation.find(tmp_path)
