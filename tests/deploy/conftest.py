import stat
from collections.abc import Callable
from pathlib import Path

import pytest

FakeTerraform = Callable[..., Path]


@pytest.fixture
def fake_terraform(tmp_path: Path) -> FakeTerraform:
    """Makes a terraform whose answers are a shell script's, all but `version`; returns the folder it lies in."""

    def make(script: str = "", version: str = "1.11.4") -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        terraform = folder / "terraform"
        terraform.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo "Terraform v{version}" && exit\n{script}\n')
        terraform.chmod(terraform.stat().st_mode | stat.S_IXUSR)
        return folder

    return make
