"""What own actions require is installed for Lambda, whatever this machine is, and lies in the zip."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from deploy.build.lambda_platform import LambdaPlatform
from deploy.build.package import Limits, build, pinned_version
from deploy.errors import DeployError
from deploy.paths import PROJECT
from tests.deploy.build.test_package import a_project, names_in
from tests.deploy.build.wheels import make_wheel, require

if TYPE_CHECKING:
    from pathlib import Path

ARM = LambdaPlatform("python3.11", "arm64")
INTEL = LambdaPlatform("python3.11", "x86_64")
CALENDAR = {"feasts/__init__.py": "EASTER = '2027-03-28'\n"}


def a_project_that_requires(folder: Path, *lines: str) -> Path:
    project = a_project(folder)
    require(project, *lines)
    return project


def required_in(zip_path: Path) -> list[str]:
    ours = ("notification/", "chalicelib/", "tzdata/")
    return [name for name in names_in(zip_path) if not name.startswith(ours) and not name.endswith(".pyc")]


def test_without_requirements_the_zip_is_what_it_was(tmp_path: Path) -> None:
    before = build(tmp_path / "before.zip", a_project(tmp_path / "one"))
    project = a_project(tmp_path / "two", **{"notification/requirements.txt": "# nothing yet\n\n"})

    assert build(tmp_path / "after.zip", project, ARM).sha256 == before.sha256


def test_the_file_that_is_committed_requires_nothing() -> None:
    lines = (PROJECT / "notification/requirements.txt").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_a_package_that_is_required_lies_in_the_zip_with_its_version(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "feasts", "1.0", CALENDAR)
    project = a_project_that_requires(tmp_path, "feasts==1.0")

    made = build(tmp_path / "notification.zip", project, ARM)

    assert required_in(made.path) == [
        "feasts-1.0.dist-info/METADATA",
        "feasts-1.0.dist-info/WHEEL",
        "feasts/__init__.py",
    ]


@pytest.mark.parametrize(("platform", "machine"), [(ARM, "aarch64"), (INTEL, "x86_64")])
@pytest.mark.parametrize(
    "form",
    [
        "manylinux_2_17_{0}.manylinux2014_{0}",
        pytest.param("manylinux_2_17_{0}", marks=pytest.mark.long),
        pytest.param("manylinux2014_{0}", marks=pytest.mark.long),
    ],
)
def test_what_is_compiled_is_that_of_lambda_s_processor(
    tmp_path: Path, platform: LambdaPlatform, machine: str, form: str
) -> None:
    for name in ("aarch64", "x86_64"):
        files = {"fast/core.py": f"MACHINE = '{name}'\n"}
        make_wheel(tmp_path / "wheels", "fast", "1.0", files, tag=f"cp311-cp311-{form.format(name)}")
    project = a_project_that_requires(tmp_path, "fast==1.0")

    made = build(tmp_path / "notification.zip", project, platform)

    with zipfile.ZipFile(made.path) as archive:
        assert archive.read("fast/core.py").decode() == f"MACHINE = '{machine}'\n"


def test_a_wheel_of_another_python_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "fast", "1.0", {"fast.py": ""}, tag="cp312-cp312-manylinux_2_17_aarch64")
    project = a_project_that_requires(tmp_path, "fast==1.0")

    with pytest.raises(DeployError, match=r"(?s)for python3.11 on arm64, as wheels only:.*fast==1.0"):
        build(tmp_path / "notification.zip", project, ARM)


def test_what_there_is_no_wheel_of_is_refused_and_the_old_zip_stays(tmp_path: Path) -> None:
    made = build(tmp_path / "notification.zip", a_project(tmp_path), ARM)
    require(tmp_path, "missing==1.0")

    with pytest.raises(DeployError, match=r"missing==1\.0"):
        build(made.path, tmp_path, ARM)

    assert made.path.stat().st_size == made.size


def test_for_this_machine_its_own_wheels_are_installed(tmp_path: Path) -> None:
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    make_wheel(tmp_path / "wheels", "fast", "1.0", {"fast.py": ""}, tag=f"{tag}-none-any")
    project = a_project_that_requires(tmp_path, "fast==1.0")

    assert "fast.py" in required_in(build(tmp_path / "notification.zip", project).path)


@pytest.mark.long
def test_the_same_packages_give_the_same_bytes_wherever_they_come_from(tmp_path: Path) -> None:
    zips = []
    for name in ("one", "two"):
        make_wheel(tmp_path / name / "wheels", "feasts", "1.0", CALENDAR)
        project = a_project_that_requires(tmp_path / name, f"feasts @ file://{tmp_path / name}/wheels/{WHEEL}")
        zips.append(build(tmp_path / f"{name}.zip", project, ARM))

    assert zips[0].sha256 == zips[1].sha256


WHEEL = "feasts-1.0-py3-none-any.whl"


def test_a_package_that_would_replace_ours_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "evil", "1.0", {"notification/handler.py": "stolen = True\n"})
    project = a_project_that_requires(tmp_path, "evil==1.0")

    with pytest.raises(DeployError, match=r"brings notification/handler.py, which the zip has already"):
        build(tmp_path / "notification.zip", project, ARM)


def test_a_package_that_requires_tzdata_gets_the_pinned_one(tmp_path: Path) -> None:
    """Pandas does, for example. The zip has it already, and its version decides when schedules fire."""
    pinned = pinned_version("tzdata", PROJECT / "requirements.txt")
    for version in (pinned, "2999.1"):
        make_wheel(tmp_path / "wheels", "tzdata", version, {"tzdata/zones": "Mars/Olympus\n"})
    make_wheel(tmp_path / "wheels", "frames", "1.0", {"frames.py": ""}, requires="tzdata>=2022.7")
    project = a_project_that_requires(tmp_path, "frames==1.0")

    made = build(tmp_path / "notification.zip", project, ARM)

    with zipfile.ZipFile(made.path) as archive:
        assert b"Mars" not in archive.read("tzdata/zones")
        assert "frames.py" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("tzdata-2999")]


def test_another_tzdata_is_refused_with_the_one_that_is_pinned(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "tzdata", "2999.1", {"tzdata/zones": ""})
    project = a_project_that_requires(tmp_path, "tzdata==2999.1")

    with pytest.raises(DeployError, match=r"tzdata==\d{4}\.\d+"):
        build(tmp_path / "notification.zip", project, ARM)


@pytest.mark.long
def test_a_zip_that_lambda_would_not_take_as_it_is_becomes_smaller(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "large", "1.0", {"large.py": "x = 1\n" * 400_000})
    project = a_project_that_requires(tmp_path, "large==1.0")

    made = build(tmp_path / "notification.zip", project, ARM, Limits(zipped=2_000_000))

    assert made.size < 2_000_000
    assert made.unpacked > 2_400_000


@pytest.mark.long
def test_a_zip_that_lambda_takes_in_no_form_is_refused_with_its_size(tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "large", "1.0", {"large.py": "x = 1\n" * 400_000})
    project = a_project_that_requires(tmp_path, "large==1.0")

    with pytest.raises(DeployError, match=r"The zip would have [\d,]+ bytes \(\d,[\d,]+ unpacked\)"):
        build(tmp_path / "notification.zip", project, ARM, Limits(unpacked=2_000_000))
