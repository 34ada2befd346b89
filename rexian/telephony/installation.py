"""Which Asterisk this machine has: the private tree beside the clone, or the system's own."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rexian.telephony.errors import AsteriskMissing

OLDEST = 20
"""Major version; AsyncAGI's events and pjsip's options are as used here from there on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where an Asterisk lies."""

    program: Path
    """Starts it in place (exec), whichever loader it needs."""
    modules: Path
    data: Path
    """Its own read-only data; `documentation/` is needed from there."""
    version: str

    @classmethod
    def find(cls, cache: Path) -> Self:
        """What run.sh has noted in `cache`/programs.json, else the system's. AsteriskMissing if neither."""
        noted = cache / "programs.json"
        if noted.is_file():
            found = cls._noted(noted)
            if found is not None:
                return found
        return cls._of_system()

    @classmethod
    def _noted(cls, file: Path) -> Self | None:
        try:
            facts = json.loads(file.read_text("utf-8"))
            found = cls(
                program=Path(facts["asterisk"]),
                modules=Path(facts["astmoddir"]),
                data=Path(facts["astdatadir"]),
                version=str(facts["asterisk_version"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.program.exists() and (found.modules / "chan_pjsip.so").exists() else None

    @classmethod
    def _of_system(cls) -> Self:
        program = shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise AsteriskMissing(
                "no Asterisk on this machine. Run: sh run.sh (it fetches one, no root needed)"
            )
        said = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=10, check=False).stdout
        version = re.search(r"(\d+)\.\d+(?:\.\d+)?", said)
        if version is None or int(version[1]) < OLDEST:
            raise AsteriskMissing(
                f"{program} is '{said.strip()}'; {OLDEST} or newer is needed. Run: sh run.sh (it fetches one)"
            )
        modules = next(
            (
                path.parent
                for root in ("/usr/lib", "/usr/local/lib", "/usr/lib64")
                for path in Path(root).glob("**/asterisk/modules/chan_pjsip.so")
            ),
            None,
        )
        if modules is None:
            raise AsteriskMissing(f"{program} has no chan_pjsip.so; install Asterisk's PJSIP modules")
        data = next(
            (
                path
                for path in (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
                if (path / "documentation").is_dir()
            ),
            Path("/usr/share/asterisk"),
        )
        return cls(program=Path(program), modules=modules, data=data, version=version[0])
