"""What this machine is asked to do: ports, folders and addresses, from the environment or from `.env`.

Everything about the city itself stands in its files; nothing here needs to be set for the demo.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rexian.engine.mistakes import did_you_mean, printable

PREFIX = "REXIAN_"
FEWEST_RTP_PORTS = 16

_CLONE = Path(__file__).resolve().parents[2]


class SettingsError(Exception):
    """A setting that cannot be used: one sentence for each, with its name and how to mend it."""


def _wrong(mend: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{mend}", {"mend": mend})


def _is_number(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(high)) and low <= int(text) <= high


def _port(value: Any) -> int:
    if isinstance(value, str) and _is_number(value.strip(), 1, 65535):
        return int(value)
    raise _wrong("write a port, 1 to 65535")


def _ports(value: Any) -> tuple[int, int]:
    first, _, last = value.partition("-") if isinstance(value, str) else ("", "", "")
    if _is_number(first.strip(), 1, 65535) and _is_number(last.strip(), 1, 65535):
        if int(last) - int(first) + 1 >= FEWEST_RTP_PORTS:
            return int(first), int(last)
        raise _wrong(f"give it at least {FEWEST_RTP_PORTS} ports, a call with its agent takes four")
    raise _wrong("write the first and the last port, such as 10000-10999")


def _address(value: Any) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise _wrong("write an IPv4 address of this machine, such as 127.0.0.1") from None


def _yes_no(value: Any) -> bool:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise _wrong("write 1 or 0")


def _url(*schemes: str) -> BeforeValidator:
    def read(value: Any) -> str:
        if isinstance(value, str) and value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            return value
        raise _wrong(f"begin it with {' or '.join(f'{scheme}://' for scheme in schemes)}")

    return BeforeValidator(read)


Port = Annotated[int, BeforeValidator(_port)]


class Settings(BaseSettings):
    """All settings. What was not set has its default; `load` makes the folders absolute."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, validate_default=False
    )

    home: Path = Path(".rexian")
    """Everything that a running system writes."""
    config: Path = Path("config")
    """The city's files."""
    bind: Annotated[str, BeforeValidator(_address)] = "127.0.0.1"
    """Where the seats' phones reach the switch."""
    sip_port: Port = 5060
    rtp_ports: Annotated[tuple[int, int], NoDecode, BeforeValidator(_ports)] = (10000, 10999)
    """The first and the last."""
    ami_port: Port = 5038
    http_port: Port = 8080
    asterisk_http_port: Port = 8088
    mqtt_port: Port = 1883
    """Of the broker that comes along."""
    given_database_url: Annotated[str, _url("sqlite+aiosqlite", "postgresql+asyncpg")] = Field(
        default="", validation_alias=f"{PREFIX}DATABASE_URL"
    )
    given_mqtt_url: Annotated[str, _url("mqtt", "mqtts")] = Field(
        default="", validation_alias=f"{PREFIX}MQTT_URL"
    )
    crowd: Annotated[bool, BeforeValidator(_yes_no)] = Field(default=True, validation_alias="CROWD")
    """Simulated citizens and agents."""

    @classmethod
    def load(cls, clone: Path | None = None) -> Self:
        """From the environment and from `.env` in `clone`, which is where this program was cloned to.

        A relative folder in the environment begins at the present folder, as everywhere in a shell; one
        in `.env`, and a default, at the clone. SettingsError says all that is wrong.
        """
        clone = clone or (_CLONE if (_CLONE / "pyproject.toml").is_file() else Path.cwd())
        try:
            read = cls(_env_file=clone / ".env", _env_file_encoding="utf-8")
        except ValidationError as refused:
            sentences = (_sentence(error) for error in refused.errors(include_url=False))
            raise SettingsError("\n".join(sentences)) from None
        except (UnicodeDecodeError, OSError) as why:
            raise SettingsError(f"{clone / '.env'} cannot be read ({why}); save it as UTF-8") from None
        folders = {name: _absolute(getattr(read, name), name, clone) for name in ("home", "config")}
        settings = read.model_copy(update=folders)
        if clashes := _clashes(settings):
            raise SettingsError("\n".join(clashes))
        return settings

    @property
    def database_url(self) -> str:
        """As SQLAlchemy wants it; a file in the data folder unless another was given."""
        return self.given_database_url or f"sqlite+aiosqlite:///{self.home / 'rexian.db'}"

    @property
    def own_broker(self) -> bool:
        """No other broker was given."""
        return not self.given_mqtt_url

    @property
    def mqtt_url(self) -> str:
        """The broker for work orders."""
        return self.given_mqtt_url or f"mqtt://127.0.0.1:{self.mqtt_port}"

    def as_environment(self) -> dict[str, str]:
        """The same settings for a program that we start, wherever it runs."""
        plain = {name: str(getattr(self, name)) for name in _PLAIN}
        plain["rtp_ports"] = "-".join(map(str, self.rtp_ports))
        return {
            **{PREFIX + name.upper(): value for name, value in plain.items()},
            _variable("given_database_url"): self.given_database_url,
            _variable("given_mqtt_url"): self.given_mqtt_url,
            _variable("crowd"): "1" if self.crowd else "0",
        }


_PORTS = ("sip_port", "ami_port", "http_port", "asterisk_http_port", "mqtt_port")
_PLAIN = ("home", "config", "bind", *_PORTS)


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like ours and is none: most likely a typo."""
    known = {_variable(name) for name in Settings.model_fields}
    return [
        f"{name} is no setting; {did_you_mean(name, known)}"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]


def _variable(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


def _sentence(error: ErrorDetails) -> str:
    field = str(error["loc"][0])
    if field.endswith("_URL"):  # may hold a password
        return f"{field} can't be used: {error['msg']}."
    name = _variable(field) if field in Settings.model_fields else field
    return printable(f"{name} is '{error['input']}': {error['msg']}.")


def _absolute(folder: Path, name: str, clone: Path) -> Path:
    base = Path.cwd() if os.environ.get(_variable(name)) else clone
    return Path(os.path.abspath(base / folder.expanduser()))


def _clashes(settings: Settings) -> list[str]:
    """Ports that two programs would want, and a data folder that is none."""
    names: dict[int, str] = {}
    sentences = []
    for field in _PORTS if settings.own_broker else _PORTS[:-1]:
        port, name = getattr(settings, field), _variable(field)
        if port in names:
            sentences.append(f"{names[port]} and {name} are both {port}: give one of them another port.")
        names.setdefault(port, name)
    first, last = settings.rtp_ports
    if first <= settings.sip_port <= last:
        sentences.append(
            f"{_variable('sip_port')} is {settings.sip_port}, which lies in {_variable('rtp_ports')} "
            f"{first}-{last}: move one of them."
        )
    if settings.home.exists() and not settings.home.is_dir():
        sentences.append(f"{_variable('home')} is {settings.home}, which is no folder: name another.")
    return sentences
