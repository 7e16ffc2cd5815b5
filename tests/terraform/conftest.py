import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.mirror import find_mirror
from deploy.provision import CLI_CONFIGURATION, cli_configuration, copy_terraform, terraform_environment
from deploy.terraform_binary import find_terraform

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs terraform with the arguments given, in an initialised copy of the terraform folder, tests included.

    Fails, and does not skip, where terraform or its provider cannot be had.
    """
    copy = tmp_path_factory.mktemp("terraform")
    copy_terraform(copy, parts=("*.tf", "envs", "modules", "tests"))
    (copy / CLI_CONFIGURATION).write_text(cli_configuration(find_mirror(os.environ)))
    binary = find_terraform(os.environ)
    environment = terraform_environment(os.environ, copy)

    def run(*arguments: str, folder: Path = copy) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    initialised = run("init", "-backend=false", "-input=false", "-no-color")
    assert initialised.returncode == 0, initialised.stderr
    return run
