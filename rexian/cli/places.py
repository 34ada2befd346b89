"""Where things lie below the data folder: one list, so that every command looks in the same place."""

from dataclasses import dataclass
from pathlib import Path

from rexian.engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Places:
    """Paths below REXIAN_HOME. Nothing is created by looking."""

    settings: Settings

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def run(self) -> Path:
        """Sockets and process ids."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def control(self) -> Path:
        return self.run / "engine.sock"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def recordings(self) -> Path:
        return self.home / "recordings"

    @property
    def asterisk(self) -> Path:
        """Everything Asterisk writes."""
        return self.home / "asterisk"

    @property
    def asterisk_note(self) -> Path:
        """Which process the switch is."""
        return self.asterisk / "asterisk.json"

    @property
    def switch_cdr(self) -> Path:
        """The switch's own record of every call."""
        return self.asterisk / "log" / "cdr-custom" / "Master.csv"

    @property
    def mosquitto(self) -> Path:
        return self.home / "mosquitto"
