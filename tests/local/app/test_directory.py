"""Where a local cloud keeps its files: nobody else's are deleted, and no two share a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.__main__ import main, parser
from local.app.directory import MARKER, Claim, DirectoryRefused, directory_of
from local.app.run import token_command
from local.app.stack import Stack

PROJECT = Path(__file__).parents[3]
HOLDS_THE_LOCK = """
import sys
from pathlib import Path
from local.app.directory import Claim
claim = Claim(Path(sys.argv[1]), sys.argv[2])
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of somebody who is not us."""
    directory = tmp_path / "thesis"
    (directory / "chapters").mkdir(parents=True)
    (directory / "chapters" / "one.txt").write_text("years of work")
    return directory


def everything_below(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def empty(directory: Path) -> None:
    with Claim(directory, "run") as claim:
        claim.empty()


@pytest.mark.parametrize("user", ["run", "cloud"])
def test_a_folder_of_somebody_else_is_refused_and_left_as_it_is(foreign: Path, user: str) -> None:
    with pytest.raises(DirectoryRefused, match="files that no local cloud wrote, and was not changed"):
        Claim(foreign, user)  # type: ignore[arg-type]

    assert everything_below(foreign) == {"chapters/one.txt": "years of work"}


def test_a_stack_in_a_folder_of_somebody_else_does_not_start(foreign: Path) -> None:
    stack = Stack(foreign, cloud_port=1, api_port=2)

    with pytest.raises(DirectoryRefused):
        stack.start()
    stack.stop()

    assert everything_below(foreign) == {"chapters/one.txt": "years of work"}


def test_the_command_says_so_in_one_line(foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "--port", "4599", "--directory", str(foreign)]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{foreign} has files that no local cloud wrote")


def test_a_file_of_the_markers_name_makes_a_folder_not_ours(foreign: Path) -> None:
    (foreign / MARKER).write_text("mine")

    with pytest.raises(DirectoryRefused):
        Claim(foreign, "run")


def test_a_link_to_the_marker_of_a_folder_of_ours_makes_a_folder_not_ours(foreign: Path, tmp_path: Path) -> None:
    Claim(tmp_path / "ours", "run").release()
    (foreign / MARKER).symlink_to(tmp_path / "ours" / MARKER)

    with pytest.raises(DirectoryRefused):
        Claim(foreign, "run")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(DirectoryRefused, match="cannot be used: File exists"):
        Claim(tmp_path / "file", "run")


def test_a_folder_of_ours_is_emptied(tmp_path: Path) -> None:
    with Claim(tmp_path / "ours", "run"):
        (tmp_path / "ours" / "project").mkdir()
        (tmp_path / "ours" / "project" / "config.json").write_text("{}")
        (tmp_path / "ours" / "link").symlink_to(PROJECT)

    with Claim(tmp_path / "ours", "run") as claim:
        claim.empty()

        assert [path.name for path in (tmp_path / "ours").iterdir() if not path.name.startswith(".")] == []
    assert (PROJECT / "pyproject.toml").exists()


@pytest.mark.parametrize("user", ["run", "cloud"])
def test_a_folder_in_use_is_refused_with_the_process_that_uses_it(tmp_path: Path, user: str) -> None:
    command = [sys.executable, "-c", HOLDS_THE_LOCK, str(tmp_path / "ours"), user]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        (tmp_path / "ours" / "state").write_text("of the other")

        with pytest.raises(DirectoryRefused, match=f"in use by `python -m local {user}` .process {other.pid}."):
            empty(tmp_path / "ours")
        other.communicate(timeout=10)

    assert (tmp_path / "ours" / "state").read_text() == "of the other"
    empty(tmp_path / "ours")
    assert not (tmp_path / "ours" / "state").exists()


def test_a_run_s_own_cloud_may_use_its_folder(tmp_path: Path) -> None:
    with Claim(tmp_path, "run") as ours, Claim(tmp_path, "cloud") as its_cloud:
        assert ours is not its_cloud


def test_each_port_has_a_folder_of_its_own() -> None:
    assert directory_of(4566) != directory_of(4567)
    assert parser().parse_args(["run", "--cloud-port", "4567"]).directory is None


def test_token_looks_where_the_run_on_that_port_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    chalice = tmp_path / directory_of(4567) / "project" / ".chalice"
    chalice.mkdir(parents=True)
    (chalice / "config.json").write_text(
        '{"stages": {"local": {"environment_variables": {"JWT_ISSUER": "http://127.0.0.1:4567/_local/issuer"}}}}'
    )

    assert main(["token", "--cloud-port", "4567"]) == 0
    assert main(["token"]) == 1
    assert "start `make run` first" in capsys.readouterr().err


def test_a_run_names_the_command_that_prints_its_tokens(tmp_path: Path) -> None:
    assert token_command(directory_of(4567).resolve(), 4567) == "make token USER=bob CLOUD_PORT=4567"
    assert token_command(tmp_path, 4567) == f".venv/bin/python -m local token --user bob --directory {tmp_path}"
