"""Applies Terraform in a copy of the terraform folder, with the state in a file in that copy.

This is for stages of local clouds. Each copy has its own state, so that two local clouds never share one. A stage on
AWS is applied by hand, with its state in S3 (docs/deploy.md).
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from deploy.paths import NOTIFICATION_PACKAGE, TERRAFORM, TOOLS
from deploy.terraform.adapter import Progress, Terraform
from deploy.terraform.binary import find_terraform, platform_name
from deploy.terraform.mirror import PROVIDER, find_mirror

LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
CLI_CONFIGURATION = "terraform.rc"
VARIABLES = "provision.auto.tfvars.json"
"""Terraform reads this file automatically, so commands typed in the copy need only -var-file=envs/{stage}.tfvars."""
IMPORTS = "imports.tf"
"""Made by `prepare` and deleted by the next one, as a file that is not in the terraform folder."""
COPIED = ("*.tf", "envs", "modules")


def provision(
    stage: str,
    *,
    environment: Mapping[str, str],
    workdir: Path,
    variables: Mapping[str, object],
    on_progress: Progress = lambda _line: None,
    caller: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Make or update all resources of `stage`. Returns Terraform's outputs: name -> value.

    The arguments are those of `prepare` and `apply`. Raises DeployError, with terraform's message, if terraform fails.
    """
    prepare(environment=environment, workdir=workdir, variables=variables, caller=caller)
    return apply(stage, environment=environment, workdir=workdir, on_progress=on_progress)


def prepare(
    *,
    environment: Mapping[str, str],
    workdir: Path,
    variables: Mapping[str, object],
    imports: Mapping[str, str] = MappingProxyType({}),
    caller: Mapping[str, str] | None = None,
) -> None:
    """Copy the terraform folder and run `terraform init`, which calls no AWS service.

    `environment`: terraform's whole environment, with credentials, Region and endpoint. Its TF_* variables are left
    out, so a broken TF_CLI_CONFIG_FILE does no harm.
    `workdir`: the copy, which holds the state and the provider; keep it between calls.
    `variables`: of Terraform; they override those of envs/{stage}.tfvars.
    `imports`: address in Terraform -> id of an existing resource that `apply` imports if it is not in the state.
    `caller`: its TF_PLUGIN_DIR and HOME are used to find mirrors; by default this process's environment.
    Raises DeployError, with terraform's message, if terraform fails.
    """
    copy_terraform(workdir)
    (workdir / VARIABLES).write_text(json.dumps({**machine_variables(), **variables}, indent=2))
    if imports:
        (workdir / IMPORTS).write_text(
            "".join(f"import {{\n  to = {to}\n  id = {json.dumps(id_)}\n}}\n" for to, id_ in imports.items())
        )
    _choose_where_state_and_provider_lie(workdir, find_mirror(os.environ if caller is None else caller))
    terraform_in(workdir, environment=environment).init()


def apply(
    stage: str, *, environment: Mapping[str, str], workdir: Path, on_progress: Progress = lambda _line: None
) -> dict[str, str]:
    """Make or update all resources of `stage` in a `workdir` that `prepare` made. Returns Terraform's outputs.

    `on_progress`: called with each line about a resource. Raises DeployError, with terraform's message, if terraform
    fails.
    """
    terraform = terraform_in(workdir, environment=environment, on_progress=on_progress)
    terraform.apply(var_files(stage))
    return terraform.outputs()


def destroy(
    stage: str, *, environment: Mapping[str, str], workdir: Path, on_progress: Progress = lambda _line: None
) -> None:
    """Remove everything that `provision` made in this `workdir`."""
    terraform_in(workdir, environment=environment, on_progress=on_progress).destroy(var_files(stage))


def terraform_in(
    workdir: Path, *, environment: Mapping[str, str], on_progress: Progress = lambda _line: None
) -> Terraform:
    """Returns Terraform for a `workdir` that `provision` made, for other commands: `.plan(var_files(stage))`."""
    return Terraform(
        workdir,
        binary=find_terraform(environment),
        environment=terraform_environment(environment, workdir),
        on_progress=on_progress,
    )


def _choose_where_state_and_provider_lie(workdir: Path, mirror: Path | None) -> None:
    (workdir / "backend_override.tf").write_text(LOCAL_BACKEND)
    (workdir / CLI_CONFIGURATION).write_text(cli_configuration(mirror))
    if mirror:
        # The lock may be of another mirror or of a download. Without a mirror it is kept: it saves the next download.
        (workdir / ".terraform.lock.hcl").unlink(missing_ok=True)


def copy_terraform(workdir: Path, parts: Iterable[str] = COPIED) -> None:
    """Replace the copied files. A file that was deleted in the terraform folder is deleted in the copy as well."""
    workdir.mkdir(parents=True, exist_ok=True)
    for pattern in parts:
        for old in workdir.glob(pattern):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for new in TERRAFORM.glob(pattern):
            shutil.copytree(new, workdir / new.name) if new.is_dir() else shutil.copy(new, workdir)


def var_files(stage: str) -> list[str]:
    """Returns the files of variables. Later files override earlier ones, so the caller's variables are last."""
    return [f"envs/{stage}.tfvars", VARIABLES]


def machine_variables() -> dict[str, str]:
    """Returns variables for a stage on this machine: the absolute path of the zip, and this machine's processor."""
    return {
        "notification_package": str(NOTIFICATION_PACKAGE),
        "lambda_architecture": "arm64" if platform_name().endswith("arm64") else "x86_64",
    }


def terraform_environment(environment: Mapping[str, str], workdir: Path) -> dict[str, str]:
    """Returns `environment` with its TF_* variables replaced by those of `workdir`."""
    kept = {name: value for name, value in environment.items() if not name.startswith("TF_")}
    return kept | {"TF_CLI_CONFIG_FILE": str(workdir.absolute() / CLI_CONFIGURATION), "TF_IN_AUTOMATION": "1"}


def cli_configuration(mirror: Path | None, cache: Path = TOOLS / "providers") -> str:
    """Returns Terraform's CLI configuration: the provider comes from `mirror`; if None, it is downloaded into `cache`.

    Without disable_checkpoint, terraform would ask HashiCorp's servers for newer versions.
    """
    if mirror is None:
        cache.mkdir(parents=True, exist_ok=True)
        return (
            "disable_checkpoint = true\n"
            f"plugin_cache_dir = {json.dumps(str(cache))}\n"
            "plugin_cache_may_break_dependency_lock_file = true\n"
        )
    return (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {json.dumps(str(mirror))}\n"
        f"    include = [{json.dumps(PROVIDER)}]\n"
        "  }\n"
        "}\n"
    )
