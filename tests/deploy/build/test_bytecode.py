"""A cold start finds the bytecode of its modules in the zip."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from deploy.build.bytecode import bytecode_files
from deploy.build.lambda_platform import LambdaPlatform
from deploy.build.package import build
from deploy.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"
BUILDS = "import sys; from pathlib import Path; from deploy.build.package import build; build(Path(sys.argv[1]))"
PRINTS_CODE = "import notification.guard as it; print(it.judge.__code__.co_filename)"


def compiled(folder: Path, platform: LambdaPlatform | None = None, **contents: str) -> dict[str, bytes]:
    sources = []
    for name, content in contents.items():
        (folder / f"{name}.py").write_text(content)
        sources.append((f"part/{name}.py", folder / f"{name}.py"))
    (folder / "target").mkdir()
    return {name: path.read_bytes() for name, path in bytecode_files(sources, platform, folder / "target")}


def test_bytecode_is_beside_its_source_and_never_compared_with_it(tmp_path: Path) -> None:
    made = compiled(tmp_path, one="ONE = 1")

    (name,) = made
    assert name == f"part/__pycache__/one.{sys.implementation.cache_tag}.pyc"
    assert made[name][4:8] == (0b01).to_bytes(4, "little")  # PEP 552: hash-based, source not checked


def test_bytecode_has_the_path_on_aws_and_none_of_this_machine(tmp_path: Path) -> None:
    (content,) = compiled(tmp_path, one="def of(): ...").values()

    assert b"/var/task/part/one.py" in content
    assert str(tmp_path).encode() not in content


def test_the_runtime_s_own_python_compiles(tmp_path: Path) -> None:
    assert len(compiled(tmp_path, LambdaPlatform(HERE, "arm64"), one="")) == 1


def test_another_python_than_the_runtime_s_compiles_nothing(tmp_path: Path) -> None:
    assert compiled(tmp_path, LambdaPlatform("python3.99", "arm64"), one="") == {}


def test_a_file_that_is_not_valid_python_has_no_bytecode(tmp_path: Path) -> None:
    assert len(compiled(tmp_path, one="", template="{{ name }} is")) == 1


@pytest.mark.parametrize("seed", ["0", "1"])
def test_another_process_builds_the_same_bytes(tmp_path: Path, seed: str) -> None:
    command = [sys.executable, "-c", BUILDS, str(tmp_path / "there.zip")]
    subprocess.run(command, cwd=PROJECT, env={"PYTHONHASHSEED": seed}, check=True)

    assert (tmp_path / "there.zip").read_bytes() == build(tmp_path / "here.zip").path.read_bytes()


def test_an_import_from_the_unpacked_zip_uses_the_bytecode(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path / "notification.zip").path) as archive:
        archive.extractall(tmp_path)
    # Other sources than the bytecode's: what the function still has comes from the bytecode.
    source = tmp_path / "notification/guard.py"
    source.write_text("raise AssertionError('compiled')")

    done = subprocess.run(
        [sys.executable, "-B", "-c", PRINTS_CODE], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == str(source)
