"""The programs that make one hotline on this machine: which, with what, in which order."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from rexian.cli import programs
from rexian.cli.accounts import write_accounts
from rexian.cli.places import Places
from rexian.cli.programs import Program
from rexian.cli.up import Kept
from rexian.engine.city import City, load_city
from rexian.engine.settings import Settings
from rexian.host.processes import Process
from rexian.telephony.errors import SwitchTrouble
from rexian.telephony.installation import Installation
from rexian.telephony.ports import Port, demand_free
from rexian.telephony.process import AsteriskHouse
from rexian.telephony.render import SwitchPlan
from rexian.telephony.secrets import Secrets

ROOT = Path(__file__).resolve().parents[2]
ENOUGH_DISK_BYTES = 200 << 20
STOP_ASTERISK_S, STOP_PROGRAM_S = 1.0, 1.0
BROKER_AS_ROOT = "user root\n"
"""Started as root it would become `nobody`, who may not write into our folder."""

Say = Callable[[str], None]


class NoRoom(SwitchTrouble):
    """The disk is full, or nearly."""


class House:
    """All programs of one data folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.places = Places(settings)
        self._asterisk: AsteriskHouse | None = None
        self.engine = self._program("engine", [sys.executable, "-m", "rexian.cli", "engine"])
        self._crowd = self._program(
            "crowd",
            [
                sys.executable,
                "-m",
                "simulators.crowd",
                "--accounts",
                str(self.places.run / "accounts.json"),
                "--sip-host",
                settings.bind,
                "--sip-port",
                str(settings.sip_port),
                # nobody but a real department may say that it knows a real city's orders
                *(["--mqtt-url", settings.mqtt_url] if settings.own_broker else []),
            ],
        )
        self._broker = self._program(
            "broker", [str(self._cached("mosquitto")), "-c", str(self.places.mosquitto / "mosquitto.conf")]
        )

    async def prepare(self, say: Say) -> list[Kept]:
        """Check what would stop us, start what the others need, and say so; the programs to keep running.

        ConfigErrors for the city's files, SwitchTrouble (one sentence) for everything of this machine.
        """
        city = load_city(self.settings.config)
        self._folders()
        self._asterisk = self._plan(city)
        kept = [Kept(name="Asterisk", start=self._start_asterisk)]
        say(f"Asterisk {self._asterisk.installation.version} …")
        await self._start_asterisk()
        if self.settings.own_broker:
            if self._cached("mosquitto").exists():
                self._broker_files()
                kept.append(self._kept(self._broker))
            else:
                say("没有找到 mosquitto:工单暂存在数据库,派送要等消息服务可用")
        kept.append(self._kept(self.engine))
        if self.settings.crowd:
            write_accounts(self.places, self._secrets(city), city, self.settings)
            kept.append(self._kept(self._crowd))
        return kept

    def how_to_dial(self) -> str:
        """One line for the person at the terminal."""
        where = f"{self.settings.bind}:{self.settings.sip_port}"
        return f"软电话:服务器 {where},账号见 `rexian phones`,拨 12345;座席拨 *40 签入。"

    async def end_programs(self) -> None:
        """Everything that was started for this data folder, by whichever `up`. Asterisk is last but one:
        it says goodbye to the phones."""
        await asyncio.gather(self._end(self._crowd), self._end(self.engine))
        await asyncio.gather(self._end_asterisk(), self._end(self._broker))

    def asterisk_pid(self) -> int | None:
        """The switch's process, if it runs."""
        process = self._asterisk_process()
        return None if process is None else process.pid

    def _asterisk_process(self) -> Process | None:
        """Found without the city's files: it has to be ended also when those are broken."""
        try:
            note = json.loads(self.places.asterisk_note.read_text())
            process = Process(int(note["pid"]), int(note["started"]))
        except (OSError, ValueError, KeyError):
            return None
        return process if process.alive() else None

    async def _end_asterisk(self) -> None:
        process = self._asterisk_process()
        if process is not None:
            await process.end(STOP_ASTERISK_S)

    async def _end(self, program: Program) -> None:
        process = programs.running(program.pid_file)
        if process is not None:
            await process.end(STOP_PROGRAM_S)
        program.pid_file.unlink(missing_ok=True)

    async def _start_asterisk(self) -> Process:
        assert self._asterisk is not None
        await self._asterisk.start()
        process = self._asterisk_process()
        if process is None:
            raise SwitchTrouble("Asterisk ended right after its start; see asterisk/log in the data folder")
        return process

    def _kept(self, program: Program) -> Kept:
        async def begin() -> Process:
            return programs.running(program.pid_file) or programs.start(program)

        return Kept(name=program.name, start=begin)

    def _program(self, name: str, command: list[str]) -> Program:
        return Program(
            name=name,
            command=command,
            pid_file=self.places.run / f"{name}.pid",
            log=self.places.logs / f"{name}.log",
            environment=self.settings.as_environment(),
        )

    def _secrets(self, city: City) -> Secrets:
        return Secrets.load_or_create(
            self.places.secrets, [seat.seat for seat in city.seats], city.citizen_accounts
        )

    def _plan(self, city: City) -> AsteriskHouse:
        settings = self.settings
        plan = SwitchPlan(
            home=self.places.asterisk,
            config=ROOT / "asterisk-config",
            bind=settings.bind,
            sip_port=settings.sip_port,
            rtp_ports=settings.rtp_ports,
            ami_port=settings.ami_port,
            http_port=settings.asterisk_http_port,
            numbers=tuple(city.menus.lines),
        )
        return AsteriskHouse(plan, self._secrets(city), Installation.find(ROOT / ".cache"))

    def _folders(self) -> None:
        for folder in (self.places.home, self.places.run, self.places.logs, self.places.mosquitto):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(self.places.home).free
        if free < ENOUGH_DISK_BYTES:
            raise NoRoom(
                f"{self.places.home}: only {free >> 20} MB are free, a start needs "
                f"{ENOUGH_DISK_BYTES >> 20} MB. Make room, or set REXIAN_HOME to a folder on another disk."
            )

    def _broker_files(self) -> None:
        folder, port = self.places.mosquitto, self.settings.mqtt_port
        if programs.running(self._broker.pid_file) is None:
            demand_free([Port(what="MQTT broker", setting="REXIAN_MQTT_PORT", host="127.0.0.1", number=port)])
        (folder / "mosquitto.conf").write_text(
            f"listener {port} 127.0.0.1\n"
            "allow_anonymous true\n"  # loopback only; departments outside come by REXIAN_MQTT_URL
            "persistence true\n"
            f"{BROKER_AS_ROOT if os.geteuid() == 0 else ''}"
            f"persistence_location {folder}/\n"
            "max_queued_messages 20000\n"
            "max_packet_size 1048576\n"
            "log_dest stderr\n"
            "log_type error\nlog_type warning\nlog_type notice\n"
        )

    @staticmethod
    def _cached(name: str) -> Path:
        private = ROOT / ".cache" / "bin" / name
        if private.exists() or (system := shutil.which(name, path=f"/usr/sbin:{os.defpath}")) is None:
            return private
        return Path(system)
