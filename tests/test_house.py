"""The house rules that no linter knows, each with what to do instead."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("terms", "agents", "acd", "ivr", "cdr", "workorders", "rexian", "simulators")
PURE = ("terms", "agents", "acd", "ivr", "cdr", "workorders")
DATA_AND_DOCS = {"asterisk-config", "config", "docs", "tests", "benchmarks", "ui"}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
MOST_NAMES_IN_INIT = 10
BROAD_EXCEPTS = {
    "rexian/engine/call.py": "one call's bug must not touch another call",
    "rexian/telephony/switch.py": "one event's bug must not deafen the engine",
    "rexian/engine/writer.py": "a database in trouble must not stop the calls",
}


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(found) > 50, "the packages are not where this test looks"
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_is_short_enough_to_have_one_reason_to_change(path: Path) -> None:
    length = len(path.read_text().splitlines())

    assert length <= LONGEST_MODULE, f"{name_of(path)} has {length} lines; take the second noun out of it"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    too_long = [
        f"{name_of(path)}:{function.lineno} {function.name}"
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]

    assert not too_long, "name the parts of these functions"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_log_message_is_a_fixed_sentence_with_fields(path: Path) -> None:
    offenders = [
        f"{name_of(path)}:{call.lineno}"
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        and call.args
        and not (isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]

    assert not offenders, "a number inside a message can't be masked: pass it as a named field"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_broad_excepts_stand_only_where_the_blast_radius_is_named(path: Path) -> None:
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]

    assert not broad or name_of(path) in BROAD_EXCEPTS, f"{name_of(path)}:{broad}: name what may go wrong"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_is_and_exports_little(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text())
    names = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert ast.get_docstring(tree), f"{package}/__init__.py needs a paragraph"
    assert len(names) <= MOST_NAMES_IN_INIT


def test_every_root_folder_is_named_in_the_house() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

    unknown = folders - set(PACKAGES) - DATA_AND_DOCS - {"node_modules", "dist", "build"}

    assert not unknown, "name the folder in docs/architecture.md and in the import contract"


def test_only_dispatch_owns_the_router() -> None:
    users = {
        name_of(path)
        for path in modules()
        if path.parts[len(ROOT.parts)] == "rexian" and re.search(r"\bacd\.router\b", path.read_text())
    }

    assert users == {"rexian/engine/dispatch.py"}


def test_no_record_is_saved_with_an_await_in_a_calls_clean_up() -> None:
    for path in (ROOT / "rexian/engine").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Try) and path.name in ("call.py", "caller.py", "floor.py"):
                waits = [
                    n.lineno for part in node.finalbody for n in ast.walk(part) if isinstance(n, ast.Await)
                ]
                assert not waits, f"{name_of(path)}:{waits}: a second cancellation would lose the record"


def test_a_skipped_test_says_why() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"pytest\.mark\.(skip|xfail)|pytest\.skip\(", line) and path.name != "test_house.py":
                assert "reason=" in line or re.search(r"skip\(.+\)", line), f"{path.name}:{number}"


def test_the_pure_packages_never_ask_what_time_it_is() -> None:
    for package in PURE:
        for path in (ROOT / package).rglob("*.py"):
            assert not re.search(r"\b(datetime\.now|date\.today|time\.time|monotonic)\(", path.read_text()), (
                name_of(path)
            )
