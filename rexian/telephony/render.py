"""Asterisk's files for one instance, from the templates in asterisk-config/.

A template is an Asterisk file with `@NAME@` for what differs between instances, and blocks between
`;@each phone` and `;@end` that are repeated. A name nobody knows, or a value that would end its line, is
an error: half a configuration boots just as well as a whole one.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rexian.telephony.errors import FolderUnusable
from rexian.telephony.installation import Installation
from rexian.telephony.ports import Port
from rexian.telephony.secrets import Secrets

Values = Mapping[str, str]

_LONGEST_SOCKET = 100
"""Bytes of the path of Asterisk's control socket; the kernel takes 107."""

_BLOCK = re.compile(r"^;@each (\w+)\n(.*?)^;@end\n", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"@([A-Z_]+)@")
_ANY = ("0.0.0.0", "::")
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    """One Asterisk: its folder, its ports, its numbers."""

    home: Path
    """Everything this instance writes lies below."""
    config: Path
    """asterisk-config/ of the clone: templates/, sounds/, moh/."""
    bind: str = _LOOPBACK
    """Address of the seats' side. The demo trunk is always on loopback."""
    sip_port: int = 5060
    rtp_ports: tuple[int, int] = (10000, 10999)
    ami_port: int = 5038
    http_port: int | None = None
    """For browsers' softphones (ws); None: closed."""
    numbers: tuple[str, ...] = ("12345", "123457")
    """What citizens may dial; everything else is answered 404."""
    trunk_address: str = "127.0.0.2"
    trunk_rtp_timeout_s: int = 300
    qualify_every_s: int = 5
    """How often a phone is asked whether it lives; it has 2 s to answer."""

    @property
    def etc(self) -> Path:
        """The rendered files."""
        return self.home / "etc"

    @property
    def conf(self) -> Path:
        """What Asterisk is started with; also tells our instance from others."""
        return self.etc / "asterisk.conf"

    @property
    def log(self) -> Path:
        """messages.log, security.log, console.log."""
        return self.home / "log"

    @property
    def cdr_file(self) -> Path:
        """The switch's own record of every call, see templates/cdr_custom.conf."""
        return self.log / "cdr-custom" / "Master.csv"

    @property
    def run(self) -> Path:
        """Where the control socket is: in `home`, or in a short private folder if that path is too long."""
        inside = self.home / "run"
        if len(os.fsencode(inside / "asterisk.ctl")) <= _LONGEST_SOCKET:
            return inside
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir(), f"rexian-{os.getuid()}-{mark}")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where SIP is spoken."""
        return (self.bind,) if self.bind in (_LOOPBACK, *_ANY) else (self.bind, _LOOPBACK)

    @property
    def ports(self) -> tuple[Port, ...]:
        """What must be free before the start. RTP ports are taken one by one, as calls come."""
        sip = [
            Port(what="SIP", setting="REXIAN_SIP_PORT", host=host, number=self.sip_port, udp=udp)
            for host in self.addresses
            for udp in (True, False)
        ]
        ami = Port(what="Asterisk's AMI", setting="REXIAN_AMI_PORT", host=_LOOPBACK, number=self.ami_port)
        if self.http_port is None:
            return (*sip, ami)
        web = Port(
            what="softphones in the browser",
            setting="REXIAN_ASTERISK_HTTP_PORT",
            host=self.bind,
            number=self.http_port,
        )
        return (*sip, ami, web)


def render(plan: SwitchPlan, secrets: Secrets, installation: Installation) -> None:
    """Make the folders and write all files of one instance; what an earlier version left in etc/ is removed.

    FolderUnusable if a folder can't be made or the path holds what an Asterisk file can't.
    """
    make_folders(plan, installation)
    values, blocks = _values(plan, secrets, installation), _blocks(plan, secrets)
    wanted = sorted((plan.config / "templates").glob("*.conf"))
    if not wanted:
        raise FolderUnusable(
            f"{plan.config}/templates: no templates here. Is this the clone's asterisk-config/?"
        )
    for template in wanted:
        text = fill(template.read_text("utf-8"), values, blocks, where=template.name)
        _write(plan.etc / template.name, text)
    for old in set(plan.etc.glob("*.conf")) - {plan.etc / template.name for template in wanted}:
        old.unlink()


def fill(template: str, values: Values, blocks: Mapping[str, Sequence[Values]], *, where: str) -> str:
    """`template` with every name and block filled in.

    FolderUnusable for a value that breaks its line, KeyError for a name that nobody knows.
    """

    def repeated(found: re.Match[str]) -> str:
        if found[1] not in blocks:
            raise KeyError(f"{where}: nobody knows the block '{found[1]}'")
        return "".join(_put(found[2], {**values, **own}, where) for own in blocks[found[1]])

    return _put(_BLOCK.sub(repeated, template), values, where)


def _put(text: str, values: Values, where: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise KeyError(f"{where}: nobody knows @{found[1]}@")
        value = values[found[1]]
        if ";" in value or not value.isprintable():
            raise FolderUnusable(
                f"{where}: @{found[1]}@ is {value!r}; a ; or a line break can't be in there. Move the folder."
            )
        return value

    return _NAME.sub(one, text)


def _values(plan: SwitchPlan, secrets: Secrets, installation: Installation) -> Values:
    home = plan.home
    media = "" if plan.bind in _ANY else f"media_address = {plan.bind}"
    return {
        "ETC": str(plan.etc),
        "MODULES": str(installation.modules),
        "VARLIB": str(home / "lib"),
        "DB": str(home / "db"),
        "DATA": str(home / "data"),
        "SPOOL": str(home / "spool"),
        "RUN": str(plan.run),
        "LOG": str(plan.log),
        "MOH": str(home / "data" / "moh"),
        "AMI_PORT": str(plan.ami_port),
        "AMI_ENGINE_SECRET": secrets.ami["engine"],
        "AMI_SUPERVISOR_SECRET": secrets.ami["supervisor"],
        "SIP_PORT": str(plan.sip_port),
        "BIND": plan.bind,
        "TRUNK_ADDRESS": plan.trunk_address,
        "TRUNK_RTP_TIMEOUT_S": str(plan.trunk_rtp_timeout_s),
        "QUALIFY_EVERY_S": str(plan.qualify_every_s),
        "SEAT_MEDIA": media,
        "BIND_MEDIA": "yes" if plan.bind == _LOOPBACK else "no",
        "RTP_FIRST": str(plan.rtp_ports[0]),
        "RTP_LAST": str(plan.rtp_ports[1]),
        "MAX_CALLS": str((plan.rtp_ports[1] - plan.rtp_ports[0] + 1) // 2),
        "HTTP_ENABLED": "no" if plan.http_port is None else "yes",
        "HTTP_PORT": str(plan.http_port or 8088),
    }


def _blocks(plan: SwitchPlan, secrets: Secrets) -> Mapping[str, Sequence[Values]]:
    return {
        "transport": [
            {
                "NAME": f"{protocol}-{number}",
                "PROTOCOL": protocol,
                "ADDRESS": f"[{host}]" if ":" in host else host,
            }
            for number, host in enumerate(plan.addresses)
            for protocol in ("udp", "tcp")
        ],
        "number": [{"NUMBER": number} for number in plan.numbers],
        "phone": [
            {
                "ROLE": str(phone.role),
                "EXTENSION": phone.extension,
                "SIP_USER": phone.sip_user,
                "PASSWORD": phone.password,
            }
            for phone in secrets.phones
        ],
    }


def make_folders(plan: SwitchPlan, installation: Installation) -> None:
    """All folders of an instance; its sounds are links to the clone's."""
    try:
        for folder in ("etc", "lib/keys", "db", "data/sounds", "data/agi-bin", "spool", "log/cdr-custom"):
            (plan.home / folder).mkdir(parents=True, exist_ok=True)
        _private(plan.run)
        _link(plan.home / "data" / "documentation", installation.data / "documentation")
        _link(plan.home / "data" / "sounds" / "zh", plan.config / "sounds" / "zh")
        _link(plan.home / "data" / "moh", plan.config / "moh")
    except OSError as failure:
        raise FolderUnusable(
            f"{failure.filename or plan.home}: can't be written ({failure.strerror}). "
            "Set REXIAN_HOME to a folder of your own."
        ) from None


def _private(folder: Path) -> None:
    """A folder only we can enter. In a shared /tmp somebody may have made it before us."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.lstat()
    if facts.st_uid != os.getuid() or folder.is_symlink():
        raise FolderUnusable(
            f"{folder}: belongs to somebody else. Remove it, or set REXIAN_HOME to a shorter path."
        )
    folder.chmod(0o700)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        if link.readlink() == target.resolve():
            return
        link.unlink()
    elif link.is_dir():
        shutil.rmtree(link)
    link.symlink_to(target.resolve())


def _write(path: Path, text: str) -> None:
    """Mode 600: manager.conf and pjsip.conf hold passwords."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    fresh.replace(path)
