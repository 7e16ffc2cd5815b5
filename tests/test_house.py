"""The architecture in the imports: few layers, few dependencies between packages, none upwards and none circular.

And the places where the deployed code reads the time and the environment.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[1]
CODE = ("chalicelib", "notification", "local", "deploy")
CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = {contract["containers"][0]: contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"}
OTHER_TESTS = {"benchmarks", "console", "contract", "docs", "e2e", "examples", "simulation", "terraform"}
"""The folders of tests that are about more than one folder of the code, or about none of Python."""
FOLDERS = {path.parent.relative_to(PROJECT / "tests") for path in PROJECT.glob("tests/*/**/test_*.py")}
MIRROR = sorted(folder for folder in FOLDERS if folder.parts[0] not in OTHER_TESTS)

Arrow = tuple[str, str]


# The drawing


def parts_of(package: str) -> set[str]:
    """The modules and folders of a package. Its entry point `__main__` starts the others and is no part of it."""
    folder = PROJECT.joinpath(*package.split("."))
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def arrows_of(package: str) -> set[Arrow]:
    """(part, part that it imports), those for type checkers included."""
    parts = parts_of(package)
    found = {
        (_part(module, package), _part(name, package)) for module in _modules(package) for name in _imports(module)
    }
    return {(upper, lower) for upper, lower in found if upper != lower and {upper, lower} <= parts}


def floors_of(package: str) -> int:
    return floors(parts_of(package), arrows_of(package))


def floors(parts: set[str], arrows: set[Arrow]) -> int:
    """The longest way down, in parts. Raises CycleError if the parts import each other in a circle."""
    below = {part: {lower for upper, lower in arrows if upper == part} for part in parts}
    floor: dict[str, int] = {}
    for part in TopologicalSorter(below).static_order():
        floor[part] = 1 + max((floor[lower] for lower in below[part]), default=0)
    return max(floor.values())


def _modules(package: str) -> list[str]:
    paths = PROJECT.joinpath(*package.split(".")).rglob("*.py")
    return [".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in paths]


def _imports(module: str) -> set[str]:
    path = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def _part(module: str, package: str) -> str:
    """The part of the package that a module belongs to, empty if none."""
    return module.removeprefix(f"{package}.").split(".")[0] if module.startswith(f"{package}.") else ""


# What it shows


@pytest.mark.parametrize(
    ("package", "most_floors", "most_arrows"),
    [
        ("chalicelib", 6, 16),
        ("chalicelib.core", 4, 15),  # `frozen` has the base class of all records
        ("chalicelib.api", 6, 27),
        ("chalicelib.api.console", 1, 0),
        ("chalicelib.api.models", 4, 8),
        ("chalicelib.scheduling", 6, 49),
        ("chalicelib.scheduling.arguments", 4, 10),
        ("notification", 7, 20),
        ("local", 5, 26),
        ("deploy", 4, 16),
    ],
)
def test_a_package_has_few_floors_and_few_arrows_between_its_parts(
    package: str, most_floors: int, most_arrows: int
) -> None:
    assert floors_of(package) <= most_floors
    assert len(arrows_of(package)) <= most_arrows


@pytest.mark.parametrize("package", LAYERS)
def test_no_import_runs_up(package: str) -> None:
    floor = {part.strip(): level for level, parts in enumerate(LAYERS[package]) for part in re.split("[:|]", parts)}

    assert [arrow for arrow in arrows_of(package) if floor[arrow[0]] > floor[arrow[1]]] == []


def test_a_circle_is_found() -> None:
    with pytest.raises(CycleError):
        floors({"upper", "lower"}, {("upper", "lower"), ("lower", "upper")})


def test_the_picture_draws_the_arrows_that_there_are() -> None:
    drawn = re.findall(r"^(\w+) +─ .*?→ ([\w, ]+)$", (PROJECT / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    assert {(upper, lower) for upper, below in drawn for lower in below.split(", ")} == arrows_of("chalicelib")


def test_a_new_module_needs_a_floor(tmp_path: Path) -> None:
    copy(PROJECT / "pyproject.toml", tmp_path)
    for package in CODE:
        copytree(PROJECT / package, tmp_path / package, ignore=ignore_patterns("__pycache__"))
    kept = _lint_imports(tmp_path)

    for package in LAYERS:
        tmp_path.joinpath(*package.split("."), "newcomer.py").touch()
    broken = _lint_imports(tmp_path)

    assert kept.returncode == 0, kept.stdout
    assert broken.returncode != 0
    assert set(re.findall(r"^- ([\w.]+)\.newcomer$", broken.stdout, re.MULTILINE)) == set(LAYERS), broken.stdout


@pytest.mark.parametrize("folder", MIRROR, ids=str)
def test_a_folder_of_tests_has_the_name_of_the_code_that_it_tests(folder: Path) -> None:
    code = PROJECT if folder.parts[0] in CODE else PROJECT / "chalicelib"

    assert (code / folder / "__init__.py").exists()


def test_each_package_is_linted_as_a_whole() -> None:
    assert set(CODE) <= {package.split(".")[0] for package in LAYERS}
    assert all(contract["exhaustive"] for contract in CONTRACTS if contract["type"] == "layers")


# Time and environment


TIME = re.compile(
    r"(datetime\.)?(datetime\.(now|utcnow|today)|date\.today)"
    r"|time\.(time|monotonic|perf_counter|process_time|thread_time|sleep)(_ns)?|time\.(gmtime|localtime|ctime)"
)
ENVIRONMENT = re.compile(r"os\.(environb?|getenvb?)")
DEPLOYED = [path for package in ("chalicelib", "notification") for path in sorted((PROJECT / package).rglob("*.py"))]
GIVES_THE_TIME = {PROJECT / "notification" / "composition.py"}
READS_THE_ENVIRONMENT = {PROJECT / package / "settings.py" for package in ("chalicelib", "notification")}


def uses(names: re.Pattern[str], program: ast.AST) -> list[str]:
    """The places where a program uses or imports one of these names. Not a function that is a parameter's or field's
    default: it is called later, and a test gives another one.
    """
    functions = [default for default in _defaults(program) if isinstance(default, (ast.Attribute, ast.Lambda))]
    defaults = {node for function in functions for node in ast.walk(function)}
    outside = [node for node in ast.walk(program) if node not in defaults]
    return [f"line {line}: {name}" for node in outside for line, name in _named(node) if names.fullmatch(name)]


def _defaults(program: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(program):
        if isinstance(node, ast.arguments):
            yield from filter(None, (*node.defaults, *node.kw_defaults))
        elif isinstance(node, ast.ClassDef):
            yield from (field.value for field in node.body if isinstance(field, ast.AnnAssign) and field.value)


def _named(node: ast.AST) -> list[tuple[int, str]]:
    match node:
        case ast.Attribute():
            return [(node.lineno, ast.unparse(node))]
        case ast.ImportFrom():
            return [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return []


def places(names: re.Pattern[str], allowed: set[Path]) -> dict[str, list[str]]:
    found = {path: uses(names, ast.parse(path.read_text())) for path in DEPLOYED if path not in allowed}
    return {str(path.relative_to(PROJECT)): lines for path, lines in found.items() if lines}


def test_only_defaults_read_the_time() -> None:
    assert places(TIME, GIVES_THE_TIME) == {}


def test_only_the_settings_read_the_environment() -> None:
    assert places(ENVIRONMENT, READS_THE_ENVIRONMENT) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def age(): return datetime.now(UTC)", ["line 1: datetime.now"]),
        ("class A:\n    began_at = time.monotonic()", ["line 2: time.monotonic"]),
        ("def age(now=datetime.now(UTC)): return now", ["line 1: datetime.now"]),
        ("from time import sleep", ["line 1: time.sleep"]),
        ("def age(*, clock=lambda: datetime.now(UTC)): return clock()", []),
        ("class A:\n    monotonic: Clock = time.monotonic", []),
        ("time.astimezone(UTC)", []),
    ],
)
def test_a_reading_of_the_time_is_found(text: str, found: list[str]) -> None:
    assert uses(TIME, ast.parse(text)) == found


def _lint_imports(project: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
