from pathlib import Path

import pytest

from tests.rexian.city.town import Town, record_everything


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    record_everything(folder)
    return folder


@pytest.fixture
def town(tmp_path: Path, recordings: Path) -> Town:
    return Town(tmp_path, recordings)
