import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import source_from_cache
from pathlib import Path

import pytest

from benchmarks.lambda_start import ENVIRONMENT
from deploy.build.package import build
from deploy.build.provided import provide
from deploy.errors import DeployError
from deploy.paths import PROJECT

FILES = {
    "notification/__init__.py": "",
    "notification/handler.py": "def lambda_handler(event, context): ...\n",
    "chalicelib/__init__.py": "",
    "chalicelib/actions/email.py": "",
    "chalicelib/core/model/ids.py": "SEPARATOR = '#'\n",
    "requirements.txt": f"boto3==1.0\ntzdata=={version('tzdata')}\n",
}


def a_project(folder: Path, **changed_files: str) -> Path:
    for name, content in (FILES | changed_files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def names_in(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


@pytest.fixture
def _strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    project = a_project(tmp_path)

    assert (
        build(tmp_path / "one.zip", project).path.read_bytes() == build(tmp_path / "two.zip", project).path.read_bytes()
    )


@pytest.mark.usefixtures("_strict_umask")
def test_place_time_and_permissions_of_the_files_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = build(tmp_path / "here.zip", a_project(tmp_path / "here"))
    elsewhere = a_project(tmp_path / "elsewhere")
    (elsewhere / "notification/handler.py").chmod(0o755)
    os.utime(elsewhere / "notification/handler.py", (1, 1))
    monkeypatch.chdir(elsewhere)

    assert build(Path("there.zip"), elsewhere).sha256 == here.sha256


def test_another_input_gives_other_bytes(tmp_path: Path) -> None:
    before = build(tmp_path / "before.zip", a_project(tmp_path))
    after = build(tmp_path / "after.zip", a_project(tmp_path, **{"notification/handler.py": "# changed\n"}))

    assert before.sha256 != after.sha256


def test_it_holds_what_the_lambda_imports_and_nothing_else(tmp_path: Path) -> None:
    others = {
        "app.py": "",
        "chalicelib/scheduling/service.py": "",
        "chalicelib/api/console/static/main.js": "",
        "local/endpoint/cloud.py": "",
        "notification/.hidden": "",
    }
    compiled = {"notification/__pycache__/handler.cpython-311.pyc": "", "notification/old.pyc": ""}
    package = build(tmp_path / "notification.zip", a_project(tmp_path, **others, **compiled))

    ours = [name for name in names_in(package.path) if not name.startswith("tzdata/")]

    assert [name for name in ours if not name.endswith(".pyc")] == [
        "chalicelib/__init__.py",
        "chalicelib/actions/email.py",
        "chalicelib/core/model/ids.py",
        "notification/__init__.py",
        "notification/handler.py",
    ]
    assert {source_from_cache(name) for name in ours if name.endswith(".pyc")} == {
        name for name in ours if name.endswith(".py")
    }


def test_it_holds_the_time_zones(tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", a_project(tmp_path))

    assert {"tzdata/__init__.py", "tzdata/zones", "tzdata/zoneinfo/Europe/Berlin"} <= set(names_in(package.path))


def test_its_entries_are_sorted_plain_readable_files_without_a_date(tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", a_project(tmp_path))
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.external_attr >> 16, entry.date_time) for entry in entries} == {(0o100644, (1980, 1, 1, 0, 0, 0))}


def test_it_refuses_time_zones_of_another_version_than_the_pinned(tmp_path: Path) -> None:
    project = a_project(tmp_path, **{"requirements.txt": "tzdata==2020.1\n"})

    with pytest.raises(DeployError, match=r"tzdata \S+ is installed, but requirements.txt pins 2020.1"):
        build(tmp_path / "notification.zip", project)


def test_it_refuses_requirements_that_pin_no_time_zones(tmp_path: Path) -> None:
    project = a_project(tmp_path, **{"requirements.txt": "tzdata>=2020\n"})

    with pytest.raises(DeployError, match="pins no version of tzdata"):
        build(tmp_path / "notification.zip", project)


def test_it_names_the_part_that_is_missing(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / "chalicelib/__init__.py").unlink()

    with pytest.raises(DeployError, match=r"chalicelib/__init__\.py is missing"):
        build(tmp_path / "notification.zip", project)


def test_a_failed_build_leaves_the_old_zip(tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", a_project(tmp_path))
    a_project(tmp_path, **{"requirements.txt": "tzdata==2020.1\n"})

    with pytest.raises(DeployError):
        build(package.path, tmp_path)

    assert package.path.stat().st_size == package.size


IMPORTS_ALL = """
import importlib, sys
from pathlib import Path

task = Path(sys.argv[1])
sys.path.insert(0, str(task))
ours = ("notification", "chalicelib")
for path in (path for part in ours for path in sorted(task.glob(f"{part}/**/*.py"))):
    importlib.import_module(".".join(path.relative_to(task).with_suffix("").parts).removesuffix(".__init__"))
print(*(m.__file__ for name, m in sys.modules.items() if name.split(".")[0] in ours), sep="\\n")
"""


def test_every_module_imports_from_the_unpacked_zip_alone(tmp_path: Path) -> None:
    task, runtime = tmp_path / "task", tmp_path / "runtime"
    with zipfile.ZipFile(build(tmp_path / "notification.zip").path) as archive:
        archive.extractall(task)
    provide(["boto3"], runtime)

    # -S, -P, and only the variables of the function: neither site-packages nor the current folder lend a module.
    command = [sys.executable, "-S", "-P", "-c", IMPORTS_ALL, str(task)]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(runtime)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT, env=environment)

    assert done.stderr == ""
    modules = {str(path) for part in ("notification", "chalicelib") for path in (task / part).rglob("*.py")}
    assert len(modules) > 40
    assert set(done.stdout.splitlines()) == modules


def test_an_action_that_cannot_be_read_is_refused_before_it_is_deployed(tmp_path: Path) -> None:
    project = a_project(tmp_path, **{"notification/actions/remind.py": "def"})

    with pytest.raises(DeployError, match=r"remind\.py is not valid Python"):
        build(tmp_path / "notification.zip", project)
