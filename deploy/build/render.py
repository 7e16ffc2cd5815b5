"""Terraform's outputs -> the stage of the Chalice app: .chalice/config.json and .chalice/policy-{stage}.json.

Only what comes from Terraform is written, and the types of the actions that lie in the Notification Lambda's zip; other
stages, settings and variables are a person's and stay as they are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.build.own_actions import own_action_types
from deploy.errors import DeployError
from deploy.files import write_atomically
from deploy.paths import NOTIFICATION_ACTIONS

ENVIRONMENT = {
    "SCHEDULER_GROUP_NAME": "scheduler_group_name",
    "SCHEDULER_ROLE_ARN": "scheduler_role_arn",
    "NOTIFICATION_LAMBDA_ARN": "notification_lambda_arn",
    "TABLE_NAME": "table_name",
    "DELIVERY_DEAD_LETTER_QUEUE_ARN": "delivery_dead_letter_queue_arn",
    "WEBHOOK_MASTER_SECRET_ARN": "webhook_master_secret_arn",
    "EVENT_AGE_SECONDS": "event_age_seconds",
    "RUN_RETENTION_DAYS": "run_retention_days",
    "CORS_ORIGINS": "cors_origins",
}
"""Variable of the API's functions -> Terraform output."""

NEEDED = (
    *("stage_name", "project_name", "app_name", "lambda_architecture", "lambda_runtime", "api_policy_json"),
    *("api_rate_limit", "api_burst_limit"),
)
"""Outputs that are no variables of the API's functions."""

RENDERED = "SCHEDULER_GROUP_NAME"
"""A stage that has this variable was rendered before: the others are ours to replace."""

OUR_FUNCTIONS = frozenset({"api_handler", "sweep"})
"""The functions that run Scheduled Tasks, by the names that Chalice has for them."""

OWN_ACTION_TYPES = "OWN_ACTION_TYPES"
"""Variable of the API's functions: types separated by commas; not there without any (chalicelib/settings.py)."""

A_PERSONS_SETTINGS = ("JWT_ISSUER", "JWT_AUDIENCE")
"""Without them the API cannot know whose tokens to trust, and Terraform cannot know them either."""


@dataclass(frozen=True)
class Rendered:
    written: list[Path] = field(default_factory=list)
    """Files that changed; empty if all was as it should be."""
    missing: list[str] = field(default_factory=list)
    """Environment variables that a person has still to set."""
    own_roles: list[str] = field(default_factory=list)
    """ARNs of roles that Chalice does not make, so that the rendered policy is not theirs."""


def render(stage: str, outputs: Mapping[str, str], project: Path, *, actions: Path = NOTIFICATION_ACTIONS) -> Rendered:
    """Write what Terraform made for `stage` into the Chalice app that lies in `project`.

    `outputs`: name -> value, as `terraform output -json` says. `actions`: the folder of the actions that are deployed.
    Raises DeployError if the outputs are of another stage or app or incomplete, an action's type cannot be read, or the
    app has no readable .chalice/config.json or one with settings of the same names for something else.
    """
    check_outputs(stage, outputs)
    config_path = project / ".chalice" / "config.json"
    config = read_config(config_path)
    stage_config = config.setdefault("stages", {}).setdefault(stage, {})
    own_policy = config_path.with_name(own_policy_name(stage))
    check_no_collision(config, stage, outputs, own_policy)
    policy = policy_of(outputs, own_policy)
    render_stage(stage_config, stage, outputs)
    render_own_actions(stage_config["environment_variables"], own_action_types(actions))
    written = [
        path
        # The policy first: a config never names a policy that is not there.
        for path, content in ((config_path.with_name(policy_name(stage)), policy), (config_path, config))
        if write_json(path, content)
    ]
    return Rendered(written, missing_settings(config, stage), list(_own_roles(config, stage)))


def read_outputs(path: Path) -> dict[str, str]:
    """The answer of `terraform output -json` in a file -> name -> value."""
    try:
        return {name: output["value"] for name, output in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DeployError(f"{path} is not the answer of `terraform output -json`: {error!r}.") from error


def check_outputs(stage: str, outputs: Mapping[str, str]) -> None:
    if not outputs:
        raise DeployError("Terraform has no outputs yet: run terraform apply first.")
    needed = {*NEEDED, *ENVIRONMENT.values()}
    if needed - set(outputs):
        raise DeployError(
            f"Terraform's outputs lack {', '.join(sorted(needed - set(outputs)))}: run terraform apply first."
        )
    if outputs["stage_name"] != stage:
        raise DeployError(
            f"Terraform's state is that of stage {outputs['stage_name']}, not of {stage}. "
            f"Run terraform init -reconfigure -backend-config=envs/{stage}.s3.tfbackend first."
        )


def read_config_of(stage: str, project: Path) -> dict[str, Any]:
    """The config of the Chalice app in `project`, which has this stage. Raises DeployError."""
    path = project / ".chalice" / "config.json"
    config = read_config(path)
    stages = config.get("stages", {})
    if stage not in stages:
        raise DeployError(f"There is no stage {stage} in {path}; its stages: {', '.join(sorted(stages)) or 'none'}.")
    return config


def read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except FileNotFoundError:
        raise DeployError(f"{path} is missing: this is no Chalice project.") from None
    except ValueError as error:
        raise DeployError(f"{path} is not JSON: {error}.") from error
    if not isinstance(config, dict):
        raise DeployError(f"{path} holds no JSON object.")
    return config


def check_no_collision(config: Mapping[str, Any], stage: str, outputs: Mapping[str, str], own_policy: Path) -> None:
    """Raises DeployError if the app means something else by a name that would be written."""
    if config.get("app_name") != outputs["app_name"]:
        raise DeployError(
            f"The app is named {config.get('app_name')}, and Terraform made the log groups, permissions and alarms of "
            f"{outputs['app_name']}. Set app_name in envs/{stage}.tfvars to the name that the app has in "
            ".chalice/config.json, and apply."
        )
    if collisions := list(_collisions(config, stage, outputs, own_policy)):
        raise DeployError(
            f"Stage {stage} has settings that would be replaced: {', '.join(collisions)}. Nothing was written. Rename "
            f"the app's own variables; move the statements of its own policy to .chalice/{own_policy.name}, "
            "which render adds to the policy of Scheduled Tasks. An app that calls nothing else on AWS has "
            "autogen_policy: false."
        )


def _collisions(config: Mapping[str, Any], stage: str, outputs: Mapping[str, str], own_policy: Path) -> Iterator[str]:
    stage_config = config["stages"][stage]
    merged = {**config, **stage_config}
    if merged.get("autogen_policy"):
        yield "autogen_policy: true"
    if merged.get("autogen_policy") is None and not own_policy.exists():
        yield "autogen_policy is not set, so Chalice makes the policy from the code (see chalice gen-policy)"
    if merged.get("iam_policy_file", policy_name(stage)) != policy_name(stage):
        yield f"iam_policy_file: {merged['iam_policy_file']}"
    variables = config.get("environment_variables", {}) | stage_config.get("environment_variables", {})
    if RENDERED not in stage_config.get("environment_variables", {}):
        yield from (
            f"environment variable {name}: {variables[name]}"
            for name, output in ENVIRONMENT.items()
            if variables.get(name, outputs[output]) != outputs[output]
        )
    for settings in (config, stage_config):
        yield from _collisions_of_functions(settings.get("lambda_functions", {}), stage, outputs)


def _collisions_of_functions(
    functions: Mapping[str, Mapping[str, Any]], stage: str, outputs: Mapping[str, str]
) -> Iterator[str]:
    """What a function has of its own counts more for Chalice than what its stage has."""
    for function in sorted(OUR_FUNCTIONS & functions.keys()):
        own = functions[function]
        if own.get("autogen_policy"):
            yield f"autogen_policy of {function}: true"
        if own.get("iam_policy_file", policy_name(stage)) != policy_name(stage):
            yield f"iam_policy_file of {function}: {own['iam_policy_file']}"
        variables = own.get("environment_variables", {})
        yield from (
            f"environment variable {name} of {function}: {variables[name]}"
            for name, output in ENVIRONMENT.items()
            if variables.get(name, outputs[output]) != outputs[output]
        )


def _own_roles(config: Mapping[str, Any], stage: str) -> Iterator[str]:
    """Chalice uses `iam_role_arn` where `manage_iam_role` is false: of the app, a stage or a function."""
    for settings in (config, config["stages"][stage]):
        for part in (settings, *settings.get("lambda_functions", {}).values()):
            if part.get("iam_role_arn"):
                yield part["iam_role_arn"]


def policy_of(outputs: Mapping[str, str], own: Path) -> dict[str, Any]:
    """The policy of the app's functions: Terraform's statements, and those of the app's `own` policy, if it has one."""
    policy: dict[str, Any] = json.loads(outputs["api_policy_json"])
    if own.exists():
        policy["Statement"] = [*policy["Statement"], *_statements(own)]
    return policy


def _statements(path: Path) -> list[Any]:
    match _content(path):
        case {"Statement": list(statements)}:
            return statements
    raise DeployError(f"{path} is no IAM policy: a JSON object with a list Statement.")


def render_stage(config: dict[str, Any], stage: str, outputs: Mapping[str, str]) -> None:
    config["autogen_policy"] = False
    config["iam_policy_file"] = policy_name(stage)
    config["lambda_architecture"] = outputs["lambda_architecture"]
    variables = config.setdefault("environment_variables", {})
    variables.update({name: outputs[output] for name, output in ENVIRONMENT.items()})


def render_own_actions(variables: dict[str, str], types: Sequence[str]) -> None:
    if types:
        variables[OWN_ACTION_TYPES] = ",".join(types)
    else:
        variables.pop(OWN_ACTION_TYPES, None)


def policy_name(stage: str) -> str:
    return f"policy-{stage}.json"


def own_policy_name(stage: str) -> str:
    return f"own-policy-{stage}.json"


def write_json(path: Path, content: dict[str, Any]) -> bool:
    """Write it unless the file says the same already, however it is laid out; whether it was written."""
    if _content(path) == content:
        return False
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    return True


def _content(path: Path) -> Any:
    """The file's JSON; None if it is missing or broken, which is then written anew."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def missing_settings(config: Mapping[str, Any], stage: str) -> list[str]:
    variables = config.get("environment_variables", {}) | config["stages"][stage]["environment_variables"]
    return [name for name in A_PERSONS_SETTINGS if not variables.get(name)]
