"""Writes Terraform's outputs into the Chalice app: .chalice/config.json and .chalice/policy-{stage}.json.

Also writes the types of the actions in the Notification Lambda's zip. All other stages, settings and variables belong
to the operator and are not changed.
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
    "CONSOLE_CLIENT_ID": "console_client_id",
    "CONSOLE_SCOPES": "console_scopes",
}
"""Variable of the API's functions -> Terraform output."""

NEEDED = (
    *("stage_name", "project_name", "app_name", "lambda_architecture", "lambda_runtime", "api_policy_json"),
    *("api_rate_limit", "api_burst_limit"),
)
"""Required outputs that are not variables of the API's functions."""

RENDERED = "SCHEDULER_GROUP_NAME"
"""A stage with this variable was rendered before, so the other variables may be replaced."""

OUR_FUNCTIONS = frozenset({"api_handler", "sweep"})
"""Chalice's names of the functions that run Scheduled Tasks."""

OWN_ACTION_TYPES = "OWN_ACTION_TYPES"
"""Variable of the API's functions: types separated by commas; absent if there are none (chalicelib/settings.py)."""

A_PERSONS_SETTINGS = ("JWT_ISSUER", "JWT_AUDIENCE")
"""The trusted issuer of tokens. The operator must set them: Terraform does not know them."""


@dataclass(frozen=True)
class Rendered:
    written: list[Path] = field(default_factory=list)
    """Files that changed; empty if all were up to date."""
    missing: list[str] = field(default_factory=list)
    """Environment variables that the operator must still set."""
    own_roles: list[str] = field(default_factory=list)
    """ARNs of roles that Chalice does not make, so that they do not get the rendered policy."""


def render(stage: str, outputs: Mapping[str, str], project: Path, *, actions: Path = NOTIFICATION_ACTIONS) -> Rendered:
    """Write Terraform's outputs for `stage` into the Chalice app in `project`.

    `outputs`: name -> value. `actions`: the folder of the deployed actions.
    Raises DeployError if the outputs are incomplete or belong to another stage or app, an action's type cannot be read,
    .chalice/config.json cannot be read, or the app uses one of the settings for something else.
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
        # The policy first: the config must never name a policy that does not exist.
        for path, content in ((config_path.with_name(policy_name(stage)), policy), (config_path, config))
        if write_json(path, content)
    ]
    return Rendered(written, missing_settings(config, stage), list(_own_roles(config, stage)))


def read_outputs(path: Path) -> dict[str, str]:
    """Returns name -> value from a file with the output of `terraform output -json`.

    Raises DeployError if the file has another content.
    """
    try:
        return {name: output["value"] for name, output in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DeployError(f"{path} is not the output of `terraform output -json`: {error!r}.") from error


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
            f"Terraform's state belongs to stage {outputs['stage_name']}, not to {stage}. "
            f"Run terraform init -reconfigure -backend-config=envs/{stage}.s3.tfbackend first."
        )


def read_config_of(stage: str, project: Path) -> dict[str, Any]:
    """Returns the config of the Chalice app in `project`. Raises DeployError if it is unreadable or lacks the stage."""
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
        raise DeployError(f"{path} is missing: this is not a Chalice project.") from None
    except ValueError as error:
        raise DeployError(f"{path} is not JSON: {error}.") from error
    if not isinstance(config, dict):
        raise DeployError(f"{path} is not a JSON object.")
    return config


def check_no_collision(config: Mapping[str, Any], stage: str, outputs: Mapping[str, str], own_policy: Path) -> None:
    """Raises DeployError if the app uses a name that would be written for something else."""
    if config.get("app_name") != outputs["app_name"]:
        raise DeployError(
            f"The app is named {config.get('app_name')}, but Terraform made the log groups, permissions and alarms for "
            f"{outputs['app_name']}. Set app_name in envs/{stage}.tfvars to the name in .chalice/config.json, and "
            "apply."
        )
    if collisions := list(_collisions(config, stage, outputs, own_policy)):
        raise DeployError(
            f"Stage {stage} has settings that would be replaced: {', '.join(collisions)}. Nothing was written. Rename "
            f"the app's own variables. Move the statements of its own policy to .chalice/{own_policy.name}: "
            "render adds them to the policy of Scheduled Tasks. If the app calls nothing else on AWS, set "
            "autogen_policy to false."
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
    """Chalice prefers a function's own settings to those of its stage."""
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
    """Chalice uses `iam_role_arn`, of the app, a stage or a function, if `manage_iam_role` is false."""
    for settings in (config, config["stages"][stage]):
        for part in (settings, *settings.get("lambda_functions", {}).values()):
            if part.get("iam_role_arn"):
                yield part["iam_role_arn"]


def policy_of(outputs: Mapping[str, str], own: Path) -> dict[str, Any]:
    """Returns the policy of the app's functions: Terraform's statements, and those of the file `own` if it exists."""
    policy: dict[str, Any] = json.loads(outputs["api_policy_json"])
    if own.exists():
        policy["Statement"] = [*policy["Statement"], *_statements(own)]
    return policy


def _statements(path: Path) -> list[Any]:
    match _content(path):
        case {"Statement": list(statements)}:
            return statements
    raise DeployError(f"{path} is not an IAM policy: it must be a JSON object with a list named Statement.")


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
    """Write the file unless it has the same content in any layout. Returns whether it was written."""
    if _content(path) == content:
        return False
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    return True


def _content(path: Path) -> Any:
    """Returns the file's JSON; None if the file is missing or not JSON."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def missing_settings(config: Mapping[str, Any], stage: str) -> list[str]:
    variables = config.get("environment_variables", {}) | config["stages"][stage]["environment_variables"]
    return [name for name in A_PERSONS_SETTINGS if not variables.get(name)]
