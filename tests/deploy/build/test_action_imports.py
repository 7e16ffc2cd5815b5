"""Each action is imported before the zip is written, with what Lambda will have and nothing else of this machine."""

from __future__ import annotations

import sysconfig
import time
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING

import pytest

from deploy.build.action_imports import CHECKED
from deploy.build.lambda_platform import LambdaPlatform
from deploy.build.package import Limits, build
from deploy.errors import DeployError
from deploy.paths import PROJECT
from tests.deploy.build.test_package import a_project, names_in
from tests.deploy.build.wheels import make_wheel, require

if TYPE_CHECKING:
    from pathlib import Path

ARM = LambdaPlatform("python3.11", "arm64")
HERE = sysconfig.get_platform().replace("-", "_").replace(".", "_")
ACTION_API = (PROJECT / "notification/action_api.py").read_text()
REMIND = 'from notification.action_api import action\n\n@action("invoice.remind")\ndef remind(run, data): ...\n'


def a_project_with(folder: Path, **actions: str) -> Path:
    """Own actions by the names of their files."""
    files = {f"notification/actions/{name}.py": content for name, content in actions.items()}
    project = a_project(
        folder, **{"notification/action_api.py": ACTION_API, "notification/actions/__init__.py": "", **files}
    )
    for part in ("chalicelib/actions", "chalicelib/core"):
        copytree(PROJECT / part, folder / part, ignore=ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return project


def refusal(project: Path, platform: LambdaPlatform | None = None) -> str:
    with pytest.raises(DeployError) as refused:
        build(project / "notification.zip", project, platform)
    assert not (project / "notification.zip").exists()
    return str(refused.value)


def test_an_action_that_can_be_imported_is_packed(tmp_path: Path) -> None:
    package = build(tmp_path / "notification.zip", a_project_with(tmp_path, invoice=REMIND), ARM)

    assert "notification/actions/invoice.py" in names_in(package.path)


@pytest.mark.parametrize("platform", [None, ARM])
def test_a_package_that_is_installed_here_and_not_required_is_missing(
    tmp_path: Path, platform: LambdaPlatform | None
) -> None:
    project = a_project_with(tmp_path, invoice=f"{REMIND}\nimport pydantic\n")

    assert refusal(project, platform) == (
        "notification/actions/invoice.py, line 6, cannot be imported: ModuleNotFoundError: No module named 'pydantic'. "
        "The zip has notification/, chalicelib/actions/, chalicelib/core/ and the packages of "
        "notification/requirements.txt: add what is missing."
    )


PARTS_NOT_IN_THE_ZIP = ("deploy", "local", "app", "chalicelib.api", "chalice", "tests")


def test_a_part_of_the_project_that_the_zip_has_not_is_missing(tmp_path: Path) -> None:
    actions = {f"own_{number}": f"import {part}\n" for number, part in enumerate(PARTS_NOT_IN_THE_ZIP)}

    told = refusal(a_project_with(tmp_path, **actions)).splitlines()

    assert len(told) == len(PARTS_NOT_IN_THE_ZIP)
    for number, part in enumerate(PARTS_NOT_IN_THE_ZIP):
        assert told[number].startswith(f"notification/actions/own_{number}.py, line 1, cannot be imported")
        assert f"No module named '{part}'" in told[number]


REFUSED = (
    ("return", "line 1, cannot be imported: SyntaxError: 'return' outside function. Correct the file."),
    ("\n\n1 / 0", "line 3, cannot be imported: ZeroDivisionError: division by zero. Correct the file."),
    ("raise ValueError('two\\nlines')", "line 1, cannot be imported: ValueError: two lines. Correct"),
    ("raise SystemExit(0)", "line 1, cannot be imported: SystemExit: 0. Correct the file."),
    ("import os\nos.environ['TABLE']", "KeyError: 'TABLE'. If it reads a variable of the function, let it do so"),
    ("from notification.action_api import no", "ImportError: cannot import name 'no' from"),
)


def test_each_is_refused_with_its_file_its_line_and_the_reason_in_one_line(tmp_path: Path) -> None:
    actions = {f"own_{number}": content for number, (content, _) in enumerate(REFUSED)}

    told = refusal(a_project_with(tmp_path, **actions, fine=REMIND)).splitlines()

    assert len(told) == len(REFUSED)
    for number, (_, reason) in enumerate(REFUSED):
        assert told[number].startswith(f"notification/actions/own_{number}.py")
        assert reason in told[number]


def test_an_import_that_ends_the_process_is_refused_in_one_line(tmp_path: Path) -> None:
    told = refusal(a_project_with(tmp_path, invoice="import os\nos._exit(0)", fine=REMIND))

    assert told.startswith("notification/actions/invoice.py")
    assert "cannot be imported: during its import, the process ended with code 0. Correct the file." in told
    assert "\n" not in told


def test_an_import_that_never_ends_is_ended(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice="while True: pass\n")

    with pytest.raises(DeployError, match="its import, the 2 seconds for all imports together ended") as refused:
        build(tmp_path / "notification.zip", project, limits=Limits(import_seconds=2))

    assert str(refused.value).startswith("notification/actions/invoice.py cannot be imported: during")


def test_what_an_import_began_is_not_waited_for(tmp_path: Path) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(20,)).start()\n"
    process = "import subprocess\nsubprocess.Popen(['/bin/sleep', '20'])\n"
    began_at = time.monotonic()

    build(tmp_path / "notification.zip", a_project_with(tmp_path, thread=thread, process=process))

    assert time.monotonic() - began_at < 10


def test_each_broken_action_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(a_project_with(tmp_path, one="import no_such_one", two="import no_such_two", three=REMIND))

    assert [line.partition(",")[0] for line in told.splitlines()] == [
        "notification/actions/one.py",
        "notification/actions/two.py",
    ]


def test_two_actions_of_one_type_are_refused(tmp_path: Path) -> None:
    by_a_call = REMIND.replace("@action", "action").replace("\ndef remind(run, data): ...", "(print)")
    told = refusal(a_project_with(tmp_path, one=REMIND, two=by_a_call))

    assert "two.py, line 3, cannot be imported: ValueError: two actions have the type 'invoice.remind'" in told


def test_what_an_action_prints_or_leaves_behind_is_nobody_s(tmp_path: Path) -> None:
    noisy = "print('hello')\nopen('left.txt', 'w').write('x')\nimport sys; sys.exc_info()\n"

    build(tmp_path / "notification.zip", a_project_with(tmp_path, invoice=noisy))

    assert not list(tmp_path.rglob("left.txt"))
    assert not list((tmp_path / "notification").rglob("__pycache__"))


def test_it_sees_no_credentials_of_the_builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    asks = "import os\nif os.environ.get('AWS_ACCESS_KEY_ID') or 'PATH' in os.environ: raise ValueError('seen')\n"

    assert build(tmp_path / "notification.zip", a_project_with(tmp_path, invoice=asks)).size


def test_a_client_may_be_made_at_import(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice="import boto3\nsqs = boto3.client('sqs')\n")

    assert build(tmp_path / "notification.zip", project).size


@pytest.mark.parametrize("platform", [None, pytest.param(ARM, marks=pytest.mark.long)])
def test_a_package_that_is_required_is_imported(tmp_path: Path, platform: LambdaPlatform | None) -> None:
    make_wheel(tmp_path / "wheels", "feasts", "1.0", {"feasts/__init__.py": "EASTER = '2027-03-28'\n"})
    project = a_project_with(tmp_path, invoice="from feasts import EASTER\n")
    require(project, "feasts==1.0")

    assert "feasts/__init__.py" in names_in(build(tmp_path / "notification.zip", project, platform).path)


def test_a_package_that_lacks_what_is_imported_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "feasts", "1.0", {"feasts/__init__.py": ""})
    project = a_project_with(tmp_path, invoice="from feasts import EASTER\n")
    require(project, "feasts==1.0")

    assert "ImportError: cannot import name 'EASTER' from 'feasts'" in refusal(project, ARM)


def compiled_for(project: Path, tag: str, files: dict[str, str]) -> None:
    make_wheel(project / "wheels", "fast", "1.0", files, tag=f"cp311-cp311-{tag}")


@pytest.mark.long
def test_for_lambda_s_processor_this_machine_s_own_wheels_are_imported(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice="import fast.core\n")
    compiled_for(project, "manylinux_2_17_aarch64", {"fast/__init__.py": "raise OSError('wrong ELF class')\n"})
    compiled_for(project, HERE, {"fast/__init__.py": "", "fast/core.py": ""})
    require(project, "fast==1.0")

    told = refusal(project, ARM)

    assert told == (
        "The actions import fast/core.py, which the packages for python3.11 on arm64 lack. "
        "Require in notification/requirements.txt what has it as a wheel for that platform."
    )


@pytest.mark.long
def test_a_compiled_module_may_have_each_platform_s_own_suffix(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice="import fast.core\n")
    compiled_for(project, "manylinux_2_17_aarch64", {"fast/__init__.py": "", "fast/core.cpython-311-aarch64.so": ""})
    compiled_for(project, HERE, {"fast/__init__.py": "", "fast/core.py": ""})
    require(project, "fast==1.0")

    assert build(tmp_path / "notification.zip", project, ARM).size


@pytest.mark.parametrize(
    "name", ["feasts/.keep", *(pytest.param(name, marks=pytest.mark.long) for name in (".keep", "feasts/..dots"))]
)
def test_a_file_whose_name_begins_with_a_dot_is_packed(tmp_path: Path, name: str) -> None:
    make_wheel(tmp_path / "wheels", "feasts", "1.0", {"feasts/__init__.py": "", name: ""})
    project = a_project_with(tmp_path, invoice="import feasts\n")
    require(project, "feasts==1.0")

    assert name in names_in(build(tmp_path / "notification.zip", project, ARM).path)


@pytest.mark.long
def test_what_cannot_be_installed_here_is_refused_with_pip_s_reason(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice="import fast\n")
    compiled_for(project, "manylinux_2_17_aarch64", {"fast/__init__.py": ""})
    require(project, "fast==1.0")

    assert "for this machine, on which the actions are imported before they are packed:\n" in refusal(project, ARM)


def test_what_was_imported_once_is_not_imported_again(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice=f"open({str(tmp_path / 'seen')!r}, 'a').write('x')\n")
    for _ in range(3):
        build(tmp_path / "notification.zip", project)

    assert (tmp_path / "seen").read_text() == "x"


def test_a_changed_action_is_imported_again_and_leaves_the_old_zip(tmp_path: Path) -> None:
    project = a_project_with(tmp_path, invoice=REMIND)
    before = build(tmp_path / "notification.zip", project).path.read_bytes()
    (project / "notification/actions/invoice.py").write_text("import no_such_module\n")

    for _ in range(2):
        with pytest.raises(DeployError, match="no_such_module"):
            build(tmp_path / "notification.zip", project)

    assert (tmp_path / "notification.zip").read_bytes() == before


def test_the_project_s_own_actions_are_imported_once(tmp_path: Path) -> None:
    build(tmp_path / "one.zip")
    noted = (PROJECT / CHECKED).stat().st_mtime_ns
    build(tmp_path / "two.zip")

    assert (PROJECT / CHECKED).stat().st_mtime_ns == noted
