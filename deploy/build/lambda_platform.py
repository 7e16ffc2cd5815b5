"""What the Notification Lambda runs on, as Terraform says it: the runtime and the processor.

Terraform's variables are the one place that states them: Chalice gives the API the runtime of the Python that runs it,
which the deployment compares (deploy/rollout/target.py).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from deploy.errors import DeployError
from deploy.paths import TERRAFORM

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's name of a processor -> that of a wheel."""

DEPRECATED_FROM = {"python3.11": date(2027, 6, 30)}
"""Lambda Developer Guide, lambda-runtimes. A month later no function can be created with it."""

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


def lambda_platform(setting: Callable[[str], str | None], terraform: Path = TERRAFORM) -> LambdaPlatform:
    """As Terraform has it. setting: what a variable is set to; None means the default in variables.tf."""
    variables = (terraform / "variables.tf").read_text()
    return LambdaPlatform(
        runtime=setting("lambda_runtime") or _default("lambda_runtime", variables),
        architecture=setting("lambda_architecture") or _default("lambda_architecture", variables),
    )


def deprecation(runtime: str, today: date) -> str | None:
    """What to say of a runtime that Lambda will not support for much longer; None as long as that is far."""
    day = DEPRECATED_FROM.get(runtime)
    if day is None or today < day - NEAR:
        return None
    last = day + NO_NEW_FUNCTIONS_AFTER
    return (
        f"Lambda deprecates {runtime} on {day}; from {last} no function can be created with it. "
        "Change lambda_runtime in terraform/variables.tf, and deploy with that Python."
    )


def _default(name: str, variables: str) -> str:
    found = re.search(rf'^variable "{name}" {{.*?^  default += "(.*?)"', variables, re.MULTILINE | re.DOTALL)
    if not found:
        raise DeployError(f"terraform/variables.tf has no default for {name}.")
    return found[1]
