"""`chalice package`: what goes to Lambda as the API.

Chalice only warns of a package that it has no wheel of, and ends with 0; so the zip itself is asked.
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from deploy.build.render import render
from deploy.paths import PROJECT
from deploy.terraform.provision import machine_variables
from tests.deploy.build.test_package import names_in
from tests.deploy.terraform_outputs import outputs

Zip = Callable[[str], Path]

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
ELF_MACHINES = {62: "x86_64", 183: "aarch64"}
"""e_machine of an ELF header (System V ABI, and its supplement for the Arm 64-bit architecture)."""

CPYTHON = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
MOST_BYTES_ZIPPED = 50_000_000
MOST_BYTES = 250 * 1024**2
"""Lambda's limits of a zip that is uploaded directly (developer guide, quotas)."""

THIS_MACHINES = machine_variables()["lambda_architecture"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Zip:
    """Packages the API for an architecture, once; returns the zip."""

    @cache
    def make(architecture: str) -> Path:
        project = a_rendered_project(tmp_path_factory.mktemp(architecture), architecture)
        done = subprocess.run(
            [Path(sys.executable).with_name("chalice"), "package", "--stage", "dev", "out"],
            cwd=project,
            env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return project / "out/deployment.zip"

    return make


def a_rendered_project(project: Path, architecture: str) -> Path:
    """A copy of what Chalice reads, with the stage config rendered for `architecture`, beside links to all the rest."""
    ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
    for path in PROJECT.iterdir():
        if path.name in ("chalicelib", ".chalice"):
            shutil.copytree(path, project / path.name, ignore=ignored)
        elif not path.name.startswith("."):
            (project / path.name).symlink_to(path)
    render("dev", outputs(app_name="scheduled-tasks", lambda_architecture=architecture), project)
    return project


def shared_objects(package: Path) -> dict[str, str]:
    """Name in the zip -> the machine it was compiled for."""
    with zipfile.ZipFile(package) as archive:
        return {name: machine_of(archive.read(name)) for name in archive.namelist() if name.endswith(".so")}


def machine_of(shared_object: bytes) -> str:
    magic, machine = struct.unpack_from("<4s14xH", shared_object)
    assert magic == b"\x7fELF"
    return ELF_MACHINES[machine]


@pytest.mark.long
@pytest.mark.parametrize("architecture", MACHINES)
def test_what_is_compiled_is_compiled_for_the_functions_processor(package: Zip, architecture: str) -> None:
    machine = MACHINES[architecture]

    compiled = shared_objects(package(architecture))

    assert set(compiled.values()) == {machine}
    assert {
        f"pydantic_core/_pydantic_core.{CPYTHON}-{machine}-linux-gnu.so",
        f"_cffi_backend.{CPYTHON}-{machine}-linux-gnu.so",
        "cryptography/hazmat/bindings/_rust.abi3.so",
    } <= set(compiled)


@pytest.mark.long
@pytest.mark.parametrize("architecture", MACHINES)
def test_every_requirement_is_in_it_in_the_pinned_version(package: Zip, architecture: str) -> None:
    pins = re.findall(r"^([\w-]+)==(\S+)$", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    packed = {name.split("/")[0].lower() for name in names_in(package(architecture))}

    assert len(pins) >= 5
    assert [pin for pin in pins if f"{pin[0].lower()}-{pin[1]}.dist-info" not in packed] == []


@pytest.mark.long
def test_it_holds_the_app_the_time_zones_and_none_of_our_other_parts(package: Zip) -> None:
    names = names_in(package("arm64"))
    ours = {path.name for path in PROJECT.iterdir()}

    assert {"tzdata/zones", "tzdata/zoneinfo/Europe/Berlin", "chalicelib/core/timing/expressions.py"} <= set(names)
    assert {name.split("/")[0] for name in names} & ours == {"app.py", "chalicelib"}


@pytest.mark.long
def test_it_holds_the_files_of_the_console(package: Zip) -> None:
    static = PROJECT / "chalicelib/api/console/static"

    packed = set(names_in(package("arm64")))
    assert {str(path.relative_to(PROJECT)) for path in static.iterdir()} <= packed


@pytest.mark.long
@pytest.mark.parametrize("architecture", MACHINES)
def test_lambda_takes_it_as_it_is(package: Zip, architecture: str) -> None:
    with zipfile.ZipFile(package(architecture)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())

    assert package(architecture).stat().st_size < MOST_BYTES_ZIPPED
    assert unpacked < MOST_BYTES


@pytest.mark.long
def test_the_app_imports_from_the_unpacked_zip_alone(package: Zip, tmp_path: Path) -> None:
    with zipfile.ZipFile(package(THIS_MACHINES)) as archive:
        archive.extractall(tmp_path)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import app; print(app.__file__, *app.app.routes)"

    # -I and -S: beside the zip there is the standard library, and nothing else.
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd="/", capture_output=True, text=True, check=False
    )

    assert answer.stderr == ""
    assert answer.stdout.split()[0] == str(tmp_path / "app.py")
    assert "/v1/schedules" in answer.stdout.split()


@pytest.mark.long
def test_its_functions_have_the_environment_that_was_rendered(package: Zip) -> None:
    template = json.loads(package("arm64").with_name("sam.json").read_text())
    function = template["Resources"]["APIHandler"]["Properties"]

    assert function["Environment"]["Variables"]["TABLE_NAME"] == outputs()["table_name"]
    assert (function["MemorySize"], function["Timeout"], function["Architectures"]) == (1024, 29, ["arm64"])
