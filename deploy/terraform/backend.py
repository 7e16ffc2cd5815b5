"""Where Terraform keeps its state, and what a stage's settings say: read from Terraform's own files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import DeployError

SETTING = r"^{name}[ \t]*=(.*)$"
"""A line of a .tfvars file. Those of an object are indented, as `terraform fmt` leaves them."""

VALUE = re.compile(r'\s*(?:"(?P<text>[^"$%\\]*)"|(?P<number>[0-9.]+)|null)\s*(?:(?:#|//).*)?')
"""What stands behind the equals sign, if it need not be calculated."""


@dataclass(frozen=True)
class StateLocation:
    """The object in S3 that holds the state."""

    bucket: str
    key: str
    region: str


def state_location(folder: Path) -> StateLocation | None:
    """Where `terraform init` bound the Terraform folder to; None if not to S3.

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
    """What Terraform's variable is set to, if it is text or a number: by envs/{stage}.tfvars, else by TF_VAR_{name}.

    Raises DeployError if the stage has no such file, or the value has to be calculated.
    """
    path = folder / "envs" / f"{stage}.tfvars"
    try:
        found = re.search(SETTING.format(name=name), path.read_text(), re.MULTILINE)
    except FileNotFoundError:
        stages = ", ".join(sorted(file.stem for file in path.parent.glob("*.tfvars")))
        raise DeployError(f"{path} is missing; there are settings of {stages or 'no stage'}.") from None
    if found is None:
        return variable(name, environment)
    value = VALUE.fullmatch(found[1])
    if value is None:
        raise DeployError(f"{name} in {path} is not written as one value, so it cannot be checked: {found[1].strip()}")
    return value["text"] or value["number"]


def variable(name: str, environment: Mapping[str, str]) -> str | None:
    """What Terraform's variable is set to by the environment alone."""
    return environment.get(f"TF_VAR_{name}")
