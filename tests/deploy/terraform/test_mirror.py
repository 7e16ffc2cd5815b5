from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.paths import TERRAFORM
from deploy.terraform.binary import platform_name
from deploy.terraform.mirror import PROVIDER, find_mirror, is_accepted


def unpacked(mirror: Path, version: str = "5.100.0", target: str | None = None) -> Path:
    (mirror / PROVIDER / version / (target or platform_name())).mkdir(parents=True)
    return mirror


def packed(mirror: Path, version: str = "6.2.0") -> Path:
    archive = mirror / PROVIDER / f"terraform-provider-aws_{version}_{platform_name()}.zip"
    archive.parent.mkdir(parents=True)
    archive.touch()
    return mirror


@pytest.mark.parametrize(
    "place",
    [
        "home/.terraform.d",
        "home/.terraform.d/plugins",
        "usr/share",
        "usr/share/terraform",
        "usr/share/terraform/plugins",
        "usr/local/share/terraform/providers",
        "opt/mirror",
    ],
)
@pytest.mark.parametrize("layout", [packed, unpacked])
def test_a_mirror_is_found_where_mirrors_are_kept(tmp_path: Path, place: str, layout: Callable[[Path], Path]) -> None:
    mirror = layout(tmp_path / place)

    assert find_mirror({"HOME": str(tmp_path / "home")}, tmp_path) == mirror


def test_the_directory_that_the_caller_names_comes_first(tmp_path: Path) -> None:
    unpacked(tmp_path / "opt/mirror")
    named = unpacked(tmp_path / "named")

    assert find_mirror({"TF_PLUGIN_DIR": str(named)}, tmp_path) == named


def test_deeper_in_opt_nothing_is_looked_for(tmp_path: Path) -> None:
    unpacked(tmp_path / "opt/product/mirror")

    assert find_mirror({}, tmp_path) is None


def test_a_mirror_for_another_machine_is_none(tmp_path: Path) -> None:
    unpacked(tmp_path / "opt/mirror", target="plan9_mips")

    assert find_mirror({}, tmp_path) is None


def test_a_mirror_of_a_version_that_does_not_fit_is_passed_over(tmp_path: Path) -> None:
    unpacked(tmp_path / "opt/first", version="4.67.0")
    fitting = packed(tmp_path / "opt/second")

    assert find_mirror({}, tmp_path) == fitting


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("5.99.1", False),
        ("5.100.0", True),
        ("6.0.0", True),
        ("6.40.2", True),
        ("6.0.0-beta1", False),
        ("7.0.0", False),
        ("index", False),
    ],
)
def test_the_versions_accepted_are_those_of_the_modules(version: str, *, accepted: bool) -> None:
    assert is_accepted(version) is accepted


def test_every_module_accepts_the_same_versions() -> None:
    constraints = {path: 'version = ">= 5.100, < 7"' in path.read_text() for path in TERRAFORM.rglob("versions.tf")}

    assert len(constraints) > 1
    assert all(constraints.values()), constraints
