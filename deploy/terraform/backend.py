"""Reads from Terraform's files where it keeps its state, and the settings of a stage."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import DeployError

SETTING = r"^{name}[ \t]*=(.*)$"
"""A setting's line in a .tfvars file. Lines of nested objects do not match: `terraform fmt` indents them."""

VALUE = re.compile(r'\s*(?:"(?P<text>[^"$%\\]*)"|(?P<number>[0-9.]+)|null)\s*(?:(?:#|//).*)?')
"""A literal value: text, number or null."""


@dataclass(frozen=True)
class StateLocation:
    """The object in S3 that holds the state."""

    bucket: str
    key: str
    region: str


def state_location(folder: Path) -> StateLocation | None:
    """Returns where `terraform init` put the state of the Terraform folder; None if it is not in S3.

    Raises DeployError if `init` has not run.
    """
    path = folder / ".terraform" / "terraform.tfstate"
    try:
        backend = json.loads(path.read_text())["backend"]
    except FileNotFoundError:
        raise DeployError(f"{path} is missing: run terraform init first.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DeployError(f"{path} names no backend: run terraform init -reconfigure.") from error
    if backend["type"] != "s3":
        return None
    config = backend["config"]
    return StateLocation(config["bucket"], config["key"], config["region"])


def stage_setting(name: str, stage: str, folder: Path, environment: Mapping[str, str]) -> str | None:
    """Returns the value of a Terraform variable in envs/{stage}.tfvars, else in TF_VAR_{name}; None if it is not set.

    Raises DeployError if the file does not exist, or the value is not a literal text, number or null.
    """
    path = folder / "envs" / f"{stage}.tfvars"
    try:
        found = re.search(SETTING.format(name=name), path.read_text(), re.MULTILINE)
    except FileNotFoundError:
        stages = ", ".join(sorted(file.stem for file in path.parent.glob("*.tfvars")))
        raise DeployError(f"{path} is missing; stages with settings: {stages or 'none'}.") from None
    if found is None:
        return variable(name, environment)
    value = VALUE.fullmatch(found[1])
    if value is None:
        raise DeployError(
            f"{name} in {path} is {found[1].strip()}, which cannot be checked: write a literal text or number."
        )
    return value["text"] or value["number"]


def variable(name: str, environment: Mapping[str, str]) -> str | None:
    """Returns the value of TF_VAR_{name}, or None."""
    return environment.get(f"TF_VAR_{name}")
