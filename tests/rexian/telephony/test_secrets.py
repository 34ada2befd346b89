"""The file of passwords."""

import json
import os
from pathlib import Path

import pytest

from rexian.telephony.errors import SecretsUnsafe
from rexian.telephony.secrets import Role, Secrets


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the secrets go; not there yet."""
    return tmp_path / "home" / "secrets.json"


def test_they_are_made_once_and_kept(file: Path) -> None:
    made = Secrets.load_or_create(file)

    assert Secrets.load_or_create(file) == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_installations_have_nothing_in_common(tmp_path: Path) -> None:
    one, two = (Secrets.load_or_create(tmp_path / name) for name in ("one", "two"))

    words = [
        {*each.ami.values(), *(p.password for p in each.phones), *(p.sip_user for p in each.phones)}
        for each in (one, two)
    ]
    assert not words[0] & words[1]
    assert len(words[0]) == 2 + 2 * 22


def test_there_are_twenty_seats_and_two_citizens_with_long_passwords(file: Path) -> None:
    phones = Secrets.load_or_create(file).phones

    assert [p.extension for p in phones if p.role is Role.SEAT] == [str(n) for n in range(8001, 8021)]
    assert len([p for p in phones if p.role is Role.CITIZEN]) == 2
    assert all(len(phone.password) >= 20 for phone in phones)
    assert all(phone.extension not in phone.sip_user for phone in phones)
    assert all(phone.sip_user.startswith(f"{phone.role}-") for phone in phones)


def test_a_new_seat_gets_an_account_and_the_others_keep_theirs(file: Path) -> None:
    before = Secrets.load_or_create(file, seats=["8001"])

    after = Secrets.load_or_create(file, seats=["8001", "8002"])

    assert after.endpoint_of("8001") == before.endpoint_of("8001")
    assert after.ami == before.ami
    assert after.extension_of(after.endpoint_of("8002")) == "8002"
    assert after.extension_of("nobody") is None


def test_a_file_that_others_can_read_is_refused_with_the_cure(file: Path) -> None:
    Secrets.load_or_create(file)
    file.chmod(0o644)

    with pytest.raises(SecretsUnsafe, match="chmod 600"):
        Secrets.load_or_create(file)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"ami": 1, "phones": []}', '{"ami": {}, "phones": [{}]}']
)
def test_a_damaged_file_is_refused_and_left_alone(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    file.chmod(0o600)

    with pytest.raises(SecretsUnsafe, match="damaged"):
        Secrets.load_or_create(file)

    assert file.read_text() == content


def test_a_folder_in_its_place_is_refused(file: Path) -> None:
    file.mkdir(parents=True)

    with pytest.raises(SecretsUnsafe, match="can't be read"):
        Secrets.load_or_create(file)


def test_no_password_is_shown_by_accident(file: Path) -> None:
    made = Secrets.load_or_create(file)

    shown = repr(made)
    assert not [word for word in (*made.ami.values(), *(p.password for p in made.phones)) if word in shown]


def test_nothing_is_left_behind_beside_the_file(file: Path) -> None:
    Secrets.load_or_create(file)

    assert os.listdir(file.parent) == ["secrets.json"]
    assert set(json.loads(file.read_text())) == {"ami", "phones"}
