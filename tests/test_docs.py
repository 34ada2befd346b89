"""The documents: their links resolve, what they name exists, and the README's commands do what it says."""

import ast
import asyncio
import importlib
import importlib.metadata
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from rexian.cli.main import app
from rexian.engine.city import load_city
from rexian.engine.seat_codes import parse
from rexian.engine.settings import PREFIX, Settings
from simulators.phone import Phone
from simulators.rig import Rig

ROOT = Path(__file__).resolve().parents[1]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
DOCUMENTS = (
    *READMES,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *ROOT.glob("docs/*.md"),
)
NAMING = [*READMES, ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md", ROOT / "docs/telephony.md"]

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"([\w.-]+/[\w./-]+\.(?:py|sh|conf|yaml|md|toml))(?::([\w.]+))?")
FOLDER = re.compile(r"[\w./-]+/")
MARKED = re.compile(r"(?:^<!-- (run|not run): (.+?) -->\n)?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(document: Path) -> str:
    """Without its fenced blocks."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def rows(document: Path, heading: str) -> list[list[str]]:
    """The first table below a heading, without its own head."""
    section = text_of(document).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.findall(r"^\|(.+)\|$", section.split("\n\n| ", 1)[1].split("\n\n")[0], re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in table if "---" not in row]


# --- links and names -----------------------------------------------------------------------------------


def anchors(document: Path) -> set[str]:
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    inside = [link for link in LINK.findall(text_of(document)) if not link.startswith(("http:", "https:"))]

    broken = []
    for link in inside:
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert not broken


@pytest.mark.parametrize("document", READMES, ids=name_of)
def test_a_readme_leads_to_every_document(document: Path) -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(document))}

    assert {path for path in DOCUMENTS if path != document} <= linked


def defined(module: Path) -> set[str]:
    """What a module defines, members of its classes as Class.member."""
    names: set[str] = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        names |= set(_targets(node))
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{found}" for inner in node.body for found in _targets(inner)}
    return names


def _targets(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))


@pytest.mark.parametrize("document", NAMING, ids=name_of)
def test_files_and_functions_that_a_document_names_exist(document: Path) -> None:
    spans = SPAN.findall(text_of(document))
    places = [found for span in spans if (found := PLACE.fullmatch(span))]
    folders = [span for span in spans if FOLDER.fullmatch(span)]

    missing = [found[0] for found in places if not (ROOT / found[1]).is_file()]
    missing += [folder for folder in folders if not (ROOT / folder).is_dir()]
    missing += [
        found[0]
        for found in places
        if found[2] and found[0] not in missing and found[2] not in defined(ROOT / found[1])
    ]

    assert not missing


def test_the_architecture_names_every_package_and_every_module_of_the_engine() -> None:
    named = set(SPAN.findall(text_of(ROOT / "docs/architecture.md")))
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    packages = {f"{package}/" for package in contract if package != "rexian"}
    packages |= {f"rexian/{path.parent.name}/" for path in ROOT.glob("rexian/*/__init__.py")}
    engine = {name_of(path) for path in ROOT.glob("rexian/engine/*.py") if path.name != "__init__.py"}

    assert packages <= named
    assert engine <= {name.partition(":")[0] for name in named}


def test_the_words_of_the_glossary_are_words_of_the_code() -> None:
    cells = [
        row.split("|")[3] for row in text_of(ROOT / "docs/glossary.md").splitlines() if row.count("|") == 5
    ]
    names = [name for cell in cells for name in SPAN.findall(cell)]

    assert len(names) > 60
    assert [name for name in names if not exists(name)] == []


def exists(name: str) -> bool:
    module, _, member = name.rpartition(".")
    if not module:
        return False
    try:
        return hasattr(importlib.import_module(module), member)
    except ModuleNotFoundError:  # a member of a class
        module, _, owner = module.rpartition(".")
        found: Any = getattr(importlib.import_module(module), owner, None)
        return hasattr(found, member) or member in getattr(found, "__annotations__", {})


def test_the_picture_of_the_agents_states_is_fresh() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "docs/draw_agent_states.py", "--check"], cwd=ROOT, check=False
    )

    assert check.returncode == 0, "run: .venv/bin/python docs/draw_agent_states.py"


# --- dependencies --------------------------------------------------------------------------------------


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    lists += project["project"]["optional-dependencies"].values()
    return {re.split(r"[\[<>=~]", wanted)[0].lower() for wanted in chain.from_iterable(lists)}


def licences() -> dict[str, str]:
    """As docs/dependencies.md tells them, of Python packages."""
    tables = text_of(ROOT / "docs/dependencies.md").partition("\n## Programs")[0]
    told = re.findall(r"^\| ([\w.-]+) \| [^|]+ \| ([^|]+) \|$", tables, re.MULTILINE)
    return {package: licence for package, licence in told if package != "package"}


def test_every_dependency_has_its_line_and_none_is_left_over() -> None:
    assert set(licences()) == declared()


def test_what_is_installed_states_the_licence_that_is_told() -> None:
    stated = {
        about.name.lower(): [
            line
            for name in ("License", "License-Expression", "Classifier")
            for line in about.metadata.get_all(name, [])
        ]
        for about in importlib.metadata.distributions()
    }
    installed = {package: licence for package, licence in licences().items() if package in stated}

    assert len(installed) > 15
    assert [
        package
        for package, licence in installed.items()
        if licence.partition("-")[0].lower() not in " ".join(stated[package]).lower()
    ] == []


# --- what the README tells -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Commands of a README, and what its mark says."""

    mark: str
    """`run`, `not run`, or nothing."""
    name: str
    """Of a block that is run; else the reason why not."""
    commands: str


def blocks(document: Path = READMES[0]) -> list[Block]:
    return [Block(*found) for found in MARKED.findall(document.read_text(encoding="utf-8"))]


def commands(name: str) -> str:
    """Of the block of that name."""
    (found,) = [block.commands for block in blocks() if block.mark == "run" and block.name == name]
    return found


RUN_HERE = {"start", "start alone", "look around", "sign in", "see what was kept", "stop"}


def test_every_command_of_the_readme_is_run_here_or_says_why_not() -> None:
    assert all(block.mark for block in blocks())
    assert {block.name for block in blocks() if block.mark == "run"} == RUN_HERE


def test_both_readmes_tell_the_same() -> None:
    english, chinese = (document.read_text(encoding="utf-8") for document in READMES)

    assert blocks(READMES[0]) == blocks(READMES[1])
    assert re.findall(r"^#+ ", english, re.MULTILINE) == re.findall(r"^#+ ", chinese, re.MULTILINE)
    for start, rest in (("| `", r"[^`]+`"), ("- ", ""), ("|", ""), ("**", r"\d")):
        lines = rf"^{re.escape(start)}{rest}"
        assert re.findall(lines, english, re.MULTILINE) == re.findall(lines, chinese, re.MULTILINE)


def test_every_setting_is_told_with_its_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in Settings().as_environment():
        monkeypatch.delenv(variable, raising=False)
    defaults = Settings.load(tmp_path).as_environment()

    told = {name.strip("`"): default.strip("`") for name, default, _ in rows(READMES[0], "Settings")}

    assert set(told) == set(defaults)
    for name in set(defaults) - {f"{PREFIX}DATABASE_URL", f"{PREFIX}MQTT_URL"}:
        assert defaults[name].removeprefix(f"{tmp_path}/") == told[name]


def test_the_feature_codes_are_those_of_the_engine() -> None:
    told = [row[0] for row in rows(READMES[0], "Feature codes")]
    codes = {re.sub("[`]", "", row).split()[0] for row in told}
    reasons = load_city(ROOT / "config").reasons

    assert codes == {f"*4{digit}" for digit in range(10) if parse(f"*4{digit}")}
    assert " · ".join(f"{digit} {reason}" for digit, reason in reasons.items()) in READMES[0].read_text()


def test_the_commands_are_those_of_the_program() -> None:
    told = {name for row in rows(READMES[0], "Commands") for name in re.findall(r"`rexian ([a-z]+)", row[0])}
    visible = {
        each.name or each.callback.__name__
        for each in app.registered_commands
        if each.callback and not each.hidden
    }

    assert told == visible | {str(group.name) for group in app.registered_groups}


@pytest.mark.parametrize(
    ("target", "script"), [("run", "run.sh"), ("test", "test.sh"), ("check", "test.sh check")]
)
def test_make_only_calls_the_scripts(target: str, script: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make here: the scripts are what counts")

    said = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert said.split() == ["exec", "sh", *script.split()]


# --- the first ten minutes, for real -------------------------------------------------------------------


class Newcomer(Rig):
    """A private system that is started by a line of the README."""

    def __init__(self, block: str, folder: Path, **settings: str) -> None:
        super().__init__(settings=settings)
        self._block = block
        self._folder = folder
        (folder / ".venv").symlink_to(ROOT / ".venv")

    def _command(self, *arguments: str) -> list[str]:
        return ["sh", "-c", commands(self._block)] if arguments == ("up",) else super()._command(*arguments)

    def stop(self) -> float:
        """Ctrl-C, which a terminal sends to all that runs in front; how many seconds it took."""
        if self._up is not None and self._up.poll() is None:
            os.killpg(self._up.pid, signal.SIGINT)
        return super().stop()

    async def types(self, block: str) -> str:
        """Run a block as it stands there, while the phones go on; what it prints."""
        done = await asyncio.to_thread(
            subprocess.run,
            ["sh", "-ec", commands(block)],
            env=self.environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block}: {done.stderr}"
        return done.stdout


@pytest.mark.real
def test_the_first_command_starts_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    with Newcomer("start", tmp_path) as newcomer:
        assert newcomer.stop() < 5


@pytest.mark.real
@pytest.mark.timeout(400)  # two dozen programs are started: on a busy machine each takes seconds
async def test_the_first_ten_minutes_go_as_the_readme_says(tmp_path: Path) -> None:
    home = tmp_path / "my hotline"
    with Newcomer("start alone", tmp_path, REXIAN_HOME=str(home)) as newcomer:
        looked = await newcomer.types("look around")
        assert "可以接听来电" in looked
        assert all(extension in looked for extension in (*map(str, range(8001, 8021)), "9001", "9002"))
        assert "1017 8017 not_ready 话机离线" in await newcomer.types("sign in")

        async with newcomer.seat("8017", tone_hz=1200) as agent, Phone(newcomer.accounts["9001"]) as citizen:
            await newcomer.put_to_work(agent)
            assert "1017 8017 ready" in await newcomer.types("sign in")
            await citizen.register()
            call = await citizen.dial("12345")
            await call.answered()
            rung = await agent.ringing(within_s=60)
            await rung.answer()
            await call.hears(1200, within_s=30)
            await rung.hang_up()
            await call.listens(1.0)  # the question has begun: keys before it are no answer to it
            await call.press("5")
            await call.ended(within_s=40)
            while not await newcomer.calls():
                assert (await newcomer.status())["ready"]

        kept = await newcomer.types("see what was kept")
        (order,) = await newcomer.orders()
        (record,) = await newcomer.calls()
        assert (record["outcome"], record["rating"], record["work_order"]) == ("served", 5, order["number"])
        assert "已接听" in kept
        assert order["number"] in kept
        assert len((tmp_path / "calls.csv").read_text(encoding="utf-8-sig").splitlines()) == 2

        await newcomer.types("stop")
        assert [path.stem for path in home.glob("recordings/done/*.wav")] == [record["recording"]]
        assert newcomer._run("status").returncode == 3


def address_of_this_machine() -> str:
    """The one that other machines reach it by. Nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network: it has only loopback addresses")
        return str(probe.getsockname()[0])


@pytest.mark.real
async def test_phones_there_and_here_have_sound_on_the_address_that_is_set(tmp_path: Path) -> None:
    address = address_of_this_machine()
    with Newcomer("start alone", tmp_path, REXIAN_BIND=address) as newcomer:
        there = replace(newcomer.accounts["8017"], host=address)
        here = replace(there, host="127.0.0.3", server=("127.0.0.1", there.server[1]))
        for account in (there, here):
            async with Phone(account, tone_hz=1200) as seat:
                await seat.register()
                echo = await seat.dial("*43")
                await echo.answered()
                await echo.hears(1200, within_s=15)
