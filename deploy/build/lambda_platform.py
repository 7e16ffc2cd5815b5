"""The runtime and the processor of the Notification Lambda, read from Terraform's variables.

Chalice gives the API the runtime of the Python that runs `chalice deploy`. The deployment compares that Python with the
variable (deploy/rollout/target.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from deploy.errors import DeployError
from deploy.paths import TERRAFORM

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name of a processor -> its name in wheels."""

DEPRECATED_FROM = {"python3.11": date(2027, 6, 30)}
"""Runtime -> day of its deprecation (Lambda Developer Guide, lambda-runtimes)."""

NO_NEW_FUNCTIONS_AFTER = timedelta(days=31)
NEAR = timedelta(days=180)


@dataclass(frozen=True)
class LambdaPlatform:
    """runtime: such as `python3.11`. architecture: `arm64` or `x86_64`."""

    runtime: str
    architecture: str

    @property
    def python(self) -> str:
        """Such as `3.11`."""
        return self.runtime.removeprefix("python")

    @property
    def machine(self) -> str:
        return MACHINES[self.architecture]


def lambda_platform(setting: Callable[[str], str | None]) -> LambdaPlatform:
    """Returns the platform of the Notification Lambda.

    `setting` returns the value of a variable; None means the default in variables.tf. Raises DeployError if that has
    no default.
    """
    return LambdaPlatform(
        runtime=setting("lambda_runtime") or terraform_default("lambda_runtime"),
        architecture=setting("lambda_architecture") or terraform_default("lambda_architecture"),
    )


def deprecation(runtime: str, today: date) -> str | None:
    """Returns a warning if Lambda deprecates the runtime within 180 days, or has deprecated it; else None."""
    day = DEPRECATED_FROM.get(runtime)
    if day is None or today < day - NEAR:
        return None
    last = day + NO_NEW_FUNCTIONS_AFTER
    return (
        f"Lambda deprecates {runtime} on {day}; from {last} no function can be created with it. "
        "Set lambda_runtime in envs/{stage}.tfvars (default: terraform/variables.tf), and deploy with that Python."
    )


def terraform_default(name: str) -> str:
    """Returns the default of a text variable in variables.tf. Raises DeployError if it has none."""
    variables = (TERRAFORM / "variables.tf").read_text()
    found = re.search(rf'^variable "{name}" {{$(?:\n(?!}}).*)*?\n  default += "(.*?)"', variables, re.MULTILINE)
    if not found:
        raise DeployError(f"terraform/variables.tf has no default for {name}.")
    return found[1]
