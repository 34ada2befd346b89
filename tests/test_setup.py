"""The set-up of the two commands: locks, scripts, and the sentence each missing thing gets.

The happy way is proved by the fact that these tests run: test.sh came through setup.sh. Here a clone is
set up in a world whose commands are replaced one by one, without the network.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SCRIPTS = ["setup.sh", "run.sh", "test.sh", "asterisk-config/fetch-tree.sh", ".ci/run"]
FETCHED = ["asterisk", "sip-tester", "mosquitto", "mosquitto-clients"]
# Absent until a test provides them.
REPLACEABLE = re.compile(r"(python|pip|apt|dpkg|asterisk|sipp|mosquitto|uv)")


class World:
    """A clone in a folder with a space in its name, and a PATH with only what a test put there."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "my clone"
        self.commands = folder / "commands"
        self.commands.mkdir()
        self._started: list[subprocess.Popen[str]] = []
        for path in [*Path("/usr/bin").iterdir(), *Path("/usr/sbin").iterdir()]:
            link = self.commands / path.name
            if not REPLACEABLE.match(path.name) and not link.is_symlink():
                link.symlink_to(path)
        for name in [*SCRIPTS, "pyproject.toml", *(lock.name for lock in ROOT.glob("requirements*.lock"))]:
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.clone / name)
        self.has("id", "echo 1000")

    def has(self, command: str, *lines: str) -> None:
        """Gives this world `command`, a shell script."""
        path = self.commands / command
        path.unlink(missing_ok=True)
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)

    def has_real(self, command: str) -> None:
        self.has(command, f'exec {shutil.which(command)} "$@"')

    def start(self, *words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            ["sh", *words],
            cwd=self.clone,
            env={"PATH": str(self.commands), "HOME": str(self.clone)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def ends(self) -> None:
        """Nothing that a failed test left running outlives it: setup.sh takes its jobs along."""
        for process in self._started:
            process.terminate()
            process.communicate(timeout=20)

    def refusal(self, *words: str) -> str:
        """What `sh words` says on stderr when it ends with 1; one sentence, that is one line."""
        process = self.start(*words)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1, said
        return said.splitlines()[-1]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.ends()


@pytest.fixture
def python_that_hangs(world: World, tmp_path: Path) -> Callable[[], int]:
    """A Python good enough to be chosen whose `-m venv` never ends; gives the pid of that."""
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    world.has("python3", f'[ "$2" = venv ] || exit 0\necho $$ >"{pipe}"\nexec sleep 600')
    return lambda: int(pipe.read_text())


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [Requirement(line) for line in project["project"]["dependencies"]]


def locked(name: str) -> dict[str, Version]:
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {package: Version(version) for package, version in pins}


def is_alive(pid: int) -> bool:
    """Zombies do not count: nobody reaps in some containers."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- the locks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", ["requirements-boot.lock", "requirements.lock", "requirements-test.lock"])
def test_every_package_of_a_lock_has_hashes_and_the_lock_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()

    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]

    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_a_declared_dependency_is_locked_in_a_version_that_satisfies_it(requirement: Requirement) -> None:
    name = re.sub(r"[._]", "-", requirement.name).lower()

    assert requirement.specifier.contains(locked("requirements.lock")[name])


def test_the_tests_run_with_the_very_versions_that_run_in_service() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-test.lock").items()


# --- the scripts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_executable_and_plain_sh(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["sh", "-n", ROOT / script], check=True)


def test_a_second_set_up_has_nothing_to_do_says_nothing_and_takes_no_time() -> None:
    subprocess.run(["sh", "setup.sh", "test"], cwd=ROOT, check=True)

    began = time.monotonic()
    second = subprocess.run(["sh", "run.sh", "--setup-only"], cwd=ROOT, capture_output=True, check=True)

    assert second.stdout + second.stderr == b""
    assert time.monotonic() - began < 1


def test_the_programs_that_the_set_up_names_are_there() -> None:
    programs = json.loads((ROOT / ".cache/programs.json").read_text())

    assert Path(programs["astmoddir"], "chan_pjsip.so").exists()
    assert Path(programs["astdatadir"], "documentation").is_dir()
    for name in ["asterisk", "sipp", "mosquitto", "mosquitto_pub", "mosquitto_sub"]:
        assert os.access(programs[name], os.X_OK), name


def test_what_pip_was_told_about_indexes_is_told_to_uv(tmp_path: Path) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://mirror.invalid/simple\ntrusted-host = mirror.invalid\n"
        "[install]\nfind-links =\n    /wheels/a\n    /wheels/b\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    told = clean | {"PIP_CONFIG_FILE": str(settings), "PIP_TIMEOUT": "77", "UV_INSECURE_HOST": "own.invalid"}

    said = subprocess.run(
        ["sh", "setup.sh", "--uv-settings"], cwd=ROOT, env=told, capture_output=True, text=True, check=True
    ).stdout

    assert "export UV_DEFAULT_INDEX=https://mirror.invalid/simple\n" in said
    assert "export UV_FIND_LINKS=/wheels/a,/wheels/b\n" in said
    assert "export UV_HTTP_TIMEOUT=77\n" in said
    assert "UV_INSECURE_HOST" not in said


# --- one sentence for whatever is missing -------------------------------------------------------------------


def test_without_python_an_ordinary_user_gets_the_line_to_type(world: World) -> None:
    world.has("apt-get")

    said = world.refusal("run.sh")

    assert said.endswith("as root, then start again:  apt-get update && apt-get install -y python3-venv")


def test_without_python_and_apt_the_package_manager_is_named(world: World) -> None:
    assert "Python 3.11 with its venv module is missing" in world.refusal("run.sh")


def test_an_old_python_is_named_with_its_version(world: World) -> None:
    world.has("python3", '[ "$1" = -V ] && echo Python 3.9.2 && exit; exit 1')

    assert "Python 3.11 or newer is needed, this is Python 3.9.2." in world.refusal("run.sh")


def test_root_sees_why_apt_could_not_bring_python(world: World) -> None:
    world.has("id", "echo 0")
    world.has("apt-get", 'echo "E: Temporary failure resolving mirror.invalid"; exit 100')

    assert "could not install python3-venv (E: Temporary failure resolving" in world.refusal("run.sh")


def test_a_full_disk_is_told_before_anything_is_fetched(world: World) -> None:
    world.has("df", "echo Filesystem 1024-blocks Used Available Capacity Mounted", "echo x 9 9 716800 9% /")

    assert "has 700 MB free, the set-up needs 1500 MB" in world.refusal("run.sh")


def test_a_machine_the_tree_is_not_made_for_is_named(world: World) -> None:
    world.has("apt-get")
    world.has("dpkg-deb")
    world.has("dpkg", "echo riscv64")

    said = world.refusal("asterisk-config/fetch-tree.sh", "tree", *FETCHED)

    assert "made for amd64 and arm64, not for riscv64. Install Asterisk (20 or newer)" in said


def test_a_system_without_apt_is_told_what_to_install(world: World) -> None:
    assert "Install Asterisk (20 or newer)" in world.refusal(
        "asterisk-config/fetch-tree.sh", "tree", *FETCHED
    )


def test_an_old_asterisk_of_the_system_is_not_taken(world: World) -> None:
    world.has("asterisk", "echo Asterisk 18.10.0")

    assert "no apt to fetch Asterisk with" in world.refusal("setup.sh", "--programs")


def test_a_new_asterisk_of_the_system_is_taken_and_nothing_is_fetched(world: World, tmp_path: Path) -> None:
    modules = tmp_path / "lib/some-linux-gnu/asterisk/modules"
    modules.mkdir(parents=True)
    (modules / "chan_pjsip.so").touch()
    world.has("asterisk", 'echo "Asterisk 20.6.0~dfsg+~cs6.13"')
    for name in ["sipp", "mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_passwd"]:
        world.has(name, f'echo "system {name}" "$@"')

    process = world.start("setup.sh", "--programs")
    _, said = process.communicate(timeout=60)

    assert process.returncode == 0, said
    programs = json.loads((world.clone / ".cache/programs.json").read_text())
    assert programs["source"] == "system"
    assert programs["asterisk_version"] == "20.6.0"
    assert programs["astmoddir"] == str(modules)
    sipp = subprocess.run([programs["sipp"], "-v"], capture_output=True, text=True, check=True)
    assert sipp.stdout == "system sipp -v\n"


# --- interrupted, twice at once, failing half-way -----------------------------------------------------------


def apt(world: World, plan: str = "", download: str = "") -> None:
    """An apt whose only mirror answers; `plan` and `download` are what it does when asked for packages."""
    world.has("dpkg", "echo amd64")
    world.has(
        "apt-get",
        'case "$*" in',
        "*indextargets*) echo https://mirror.invalid/debian ;;",
        f"*print-uris*) {plan} ;;",
        f"*download*) {download} ;;",
        "esac",
    )


def test_a_mirror_that_does_not_answer_is_told_with_apts_own_words(world: World) -> None:
    apt(world, plan='echo "E: Failed to fetch InRelease  Connection timed out" >&2; exit 100')
    world.has("dpkg-deb")

    said = world.refusal("asterisk-config/fetch-tree.sh", "tree", *FETCHED)

    assert "(Failed to fetch InRelease  Connection timed out)" in said
    assert not (world.clone / "tree").exists()


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg-deb")
def test_a_tree_appears_in_one_piece_lends_no_rights_and_keeps_licences(world: World, tmp_path: Path) -> None:
    package = tmp_path / "package"
    for name in [
        "DEBIAN/control",
        "usr/bin/lends-rights",
        "usr/share/doc/x/copyright",
        "usr/share/doc/x/news",
    ]:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(
            "Package: x\nVersion: 1:2\nArchitecture: all\nMaintainer: x\nDescription: x\n"
        )
    (package / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (package / "usr/bin/lends-rights").chmod(0o6755)
    deb = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--build", package, deb], check=True, stdout=subprocess.DEVNULL)
    world.has_real("dpkg-deb")
    once = tmp_path / "once"
    uri = "https://mirror.invalid/asterisk_1%253a2_amd64.deb"
    apt(
        world,
        plan=f"echo \"'{uri}' asterisk_1%3a2_amd64.deb 9 SHA256:0\"",
        download=f'[ -e "{once}" ] || {{ touch "{once}"; exit 100; }}; cp "{deb}" .',
    )

    process = world.start("asterisk-config/fetch-tree.sh", "new/tree", "asterisk")
    _, said = process.communicate(timeout=60)

    tree = world.clone / "new/tree"
    assert process.returncode == 0, said
    assert once.exists()
    assert (tree / "usr/bin/lends-rights").stat().st_mode & 0o7777 == 0o755
    assert (tree / "usr/share/doc/x/copyright").exists()
    assert not (tree / "usr/share/doc/x/news").exists()
    assert "asterisk 1:2" in (tree / "rexian-tree").read_text()
    assert [path.name for path in tree.parent.iterdir()] == ["tree"]


def test_ctrl_c_ends_the_set_up_and_all_it_started(
    world: World, python_that_hangs: Callable[[], int]
) -> None:
    apt(world, plan="exec sleep 600")
    world.has("dpkg-deb")
    process = world.start("setup.sh", "run")
    hanging = python_that_hangs()

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "start again to go on" in said
    assert not is_alive(hanging)
    assert not (world.clone / ".cache/ready-run").exists()


def test_when_one_half_fails_the_other_is_ended_and_the_reason_is_told(
    world: World, python_that_hangs: Callable[[], int], tmp_path: Path
) -> None:
    go = tmp_path / "go"
    apt(world, plan=f'until [ -e "{go}" ]; do sleep 0.02; done; echo "E: mirror is gone" >&2; exit 100')
    world.has("dpkg-deb")
    process = world.start("setup.sh", "run")
    hanging = python_that_hangs()

    go.touch()
    _, said = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "could not be fetched from Debian's mirror (mirror is gone)" in said.splitlines()[-1]
    assert not is_alive(hanging)


def test_a_second_set_up_waits_for_the_first_and_says_so(world: World) -> None:
    (world.clone / ".cache").mkdir()
    with (world.clone / ".cache/setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = world.start("run.sh")
        assert second.stderr is not None
        waiting = second.stderr.readline()

    _, said = second.communicate(timeout=20)

    assert "another set-up of this clone is going on; waiting for it" in waiting
    assert "Python 3.11 with its venv module is missing" in said
