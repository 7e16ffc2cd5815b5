"""Whatever stops a command, its user reads a sentence: with real processes, pipes and signals."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.paths import PROJECT
from deploy.terminal import INTERRUPTED, READER_GONE, run

if TYPE_CHECKING:
    from pathlib import Path

MAKE = shutil.which("make") or "make"
INTERRUPTS_WHEN_IMPORTED = """
import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep(5)
"""


def ended(*arguments: str, environment: dict[str, str] | None = None, output: int = subprocess.PIPE) -> tuple[int, str]:
    """Exit code and standard error of `python -m …`."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT,
        env=os.environ | (environment or {}),
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("slow_import", "command"),
    [
        ("boto3", ["deploy", "hold", "--stage", "dev"]),
        ("moto", ["local", "cloud"]),
        ("python_terraform", ["local", "run"]),
        ("jwt", ["local", "token"]),
    ],
)
def test_ctrl_c_during_the_imports_ends_with_one_word(tmp_path: Path, slow_import: str, command: list[str]) -> None:
    (tmp_path / f"{slow_import}.py").write_text(INTERRUPTS_WHEN_IMPORTED)

    code, errors = ended(*command, environment={"PYTHONPATH": str(tmp_path)})

    assert (code, errors) == (INTERRUPTED, "interrupted\n")


def test_a_reader_that_has_ended_is_no_error_to_tell() -> None:
    reader, writer = os.pipe()
    os.close(reader)

    code, errors = ended("deploy", "terraform", output=writer)
    os.close(writer)

    assert (code, errors) == (READER_GONE, "")


def of_a_shell(redirection: str, code: str, **environment: str) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors of a command of ours that does `code`."""
    program = f"import os, subprocess, sys\nfrom deploy.terminal import run\nsys.exit(run(lambda: {code}))"
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, program],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_closed_output_does_not_make_a_failure_of_what_was_done() -> None:
    assert of_a_shell(">&-", "print('done') or 7") == (7, b"", b"")
    assert of_a_shell(">&- 2>&-", "print('done') or 7") == (7, b"", b"")


def test_what_goes_wrong_does_not_go_to_the_output_when_errors_are_closed() -> None:
    assert of_a_shell("2>&-", "print('wrong', file=sys.stderr) or 1") == (1, b"", b"")


def test_no_file_gets_the_number_of_a_closed_output_which_children_would_write_to(tmp_path: Path) -> None:
    note = tmp_path / "note"
    code = f"open({str(note)!r}, 'w').fileno()"

    number, _, _ = of_a_shell("<&- >&-", code)

    assert number > 2


def test_a_sign_that_the_terminal_does_not_know_is_shown_by_its_number() -> None:
    assert of_a_shell("", r"print('gr\xf6\xdfer') or 0", PYTHONIOENCODING="ascii") == (0, b"gr\\xf6\\xdfer\n", b"")


def test_an_output_that_may_not_grow_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A limit of 0 bytes for new files stands for a full disk, which only some systems can pretend to have."""
    limited = ["/bin/sh", "-c", 'ulimit -f 0; exec "$0" -m deploy terraform', sys.executable]
    with (tmp_path / "output").open("wb") as output:
        done = subprocess.run(limited, cwd=PROJECT, stdout=output, stderr=subprocess.PIPE, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (1, b"[Errno 27] File too large\n")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file where a folder should be")

    code, errors = ended("deploy", "package", "--target", str(tmp_path / "build" / "notification.zip"))

    assert code == 1
    assert errors.startswith("[Errno ")
    assert str(tmp_path / "build") in errors
    assert "Traceback" not in errors


def test_the_exit_code_of_the_command_is_kept() -> None:
    assert run(lambda: 7) == 7


@pytest.mark.parametrize("port", ["99999", "0", "-1", "http", "8000.5"])
def test_a_number_that_is_no_port_is_refused_by_name(port: str) -> None:
    code, errors = ended("local", "run", "--cloud-port", port)

    assert code == 2
    assert errors.endswith(f"argument --cloud-port: {port} is not a port; allowed: a number from 1 to 65535\n")


@pytest.mark.parametrize("origins", ["https://app.example.com/", "app.example.com", "https://App.example.com", "*,x"])
def test_an_origin_that_no_browser_sends_is_refused_before_anything_starts(origins: str) -> None:
    code, errors = ended("local", "run", "--cors-origins", origins)

    assert code == 2
    assert "argument --cors-origins: " in errors
    assert errors.endswith("is not an origin such as https://app.example.com, in lower case, or *\n")


@pytest.mark.parametrize("user", ["o'brien", 'a "quoted" name', "two words", "back`tick", "a;b"])
def test_make_token_hands_any_name_on_as_it_is(tmp_path: Path, user: str) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nfor word; do printf "[%s]" "$word"; done\n')
    python.chmod(0o755)

    printed = subprocess.run(
        [MAKE, "--silent", "token", f"USER={user}", f"BIN={tmp_path}", f"RUNS={python}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert printed.startswith("[-m][local][token]")
    assert printed.endswith(f"[--user][{user}]")
