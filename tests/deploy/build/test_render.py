import json
from pathlib import Path
from typing import Any

import pytest

from deploy.build.render import ENVIRONMENT, check_outputs, render
from deploy.errors import DeployError
from deploy.paths import PROJECT, TERRAFORM
from tests.deploy.terraform_outputs import POLICY, outputs


def a_project(folder: Path, config: dict[str, Any] | None = None) -> Path:
    (folder / ".chalice").mkdir()
    content = {"version": "2.0", "app_name": "tasks", "autogen_policy": False} if config is None else config
    (folder / ".chalice/config.json").write_text(json.dumps(content))
    return folder


def config_of(project: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((project / ".chalice/config.json").read_text())
    return config


def test_the_stage_gets_what_terraform_made(tmp_path: Path) -> None:
    render("dev", outputs(), a_project(tmp_path))

    assert config_of(tmp_path)["stages"]["dev"] == {
        "autogen_policy": False,
        "iam_policy_file": "policy-dev.json",
        "lambda_architecture": "arm64",
        "environment_variables": {
            "SCHEDULER_GROUP_NAME": "tasks-scheduler-group-dev",
            "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/tasks-scheduler",
            "NOTIFICATION_LAMBDA_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:tasks-notification",
            "TABLE_NAME": "tasks-schedules-dev",
            "DELIVERY_DEAD_LETTER_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:tasks-delivery-dead-letters",
            "WEBHOOK_MASTER_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tasks-webhook-master",
            "EVENT_AGE_SECONDS": "600",
            "RUN_RETENTION_DAYS": "30",
            "CORS_ORIGINS": "https://app.example.com",
            "CONSOLE_CLIENT_ID": "7m4pq2example",
            "CONSOLE_SCOPES": "",
        },
    }


def test_the_policy_lies_where_chalice_looks_for_it(tmp_path: Path) -> None:
    render("dev", outputs(), a_project(tmp_path))

    assert json.loads((tmp_path / ".chalice/policy-dev.json").read_text()) == POLICY


def test_what_a_person_wrote_stays_in_its_order(tmp_path: Path) -> None:
    written = {
        "version": "2.0",
        "tags": {"Team": "Müller"},
        "autogen_policy": False,
        "stages": {
            "prod": {"environment_variables": {"TABLE_NAME": "prods"}},
            "dev": {
                "lambda_timeout": 20,
                "environment_variables": {"JWT_ISSUER": "https://i", "TABLE_NAME": "old", "SCHEDULER_GROUP_NAME": "g"},
            },
        },
        "app_name": "tasks",
    }

    render("dev", outputs(), a_project(tmp_path, written))

    config = config_of(tmp_path)
    assert list(config) == list(written)
    assert config["tags"] == {"Team": "Müller"}
    assert config["stages"]["prod"] == {"environment_variables": {"TABLE_NAME": "prods"}}
    assert config["stages"]["dev"]["lambda_timeout"] == 20
    assert config["stages"]["dev"]["environment_variables"]["JWT_ISSUER"] == "https://i"
    assert config["stages"]["dev"]["environment_variables"]["TABLE_NAME"] == "tasks-schedules-dev"


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    first = render("dev", outputs(), project)
    content = (project / ".chalice/config.json").read_bytes()

    second = render("dev", outputs(), project)

    assert len(first.written) == 2
    assert second.written == []
    assert (project / ".chalice/config.json").read_bytes() == content


def test_a_file_that_says_the_same_in_another_layout_is_left_alone(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    render("dev", outputs(), project)
    path = project / ".chalice/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=8))
    laid_out = path.read_text()

    render("dev", outputs(), project)

    assert path.read_text() == laid_out


def test_a_policy_cut_short_is_written_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    (project / ".chalice/policy-dev.json").write_text('{"Version"')

    render("dev", outputs(), project)

    assert json.loads((project / ".chalice/policy-dev.json").read_text()) == POLICY


def test_a_linked_config_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "original").mkdir()
    (tmp_path / "copy/.chalice").mkdir(parents=True)
    original = a_project(tmp_path / "original")
    (tmp_path / "copy/.chalice/config.json").symlink_to(original / ".chalice/config.json")

    render("dev", outputs(), tmp_path / "copy")

    assert "stages" not in config_of(original)
    assert "dev" in config_of(tmp_path / "copy")["stages"]


def test_no_draft_is_left_behind(tmp_path: Path) -> None:
    render("dev", outputs(), a_project(tmp_path))

    assert sorted(path.name for path in (tmp_path / ".chalice").iterdir()) == ["config.json", "policy-dev.json"]


def test_a_stage_without_an_issuer_is_said_to_miss_it(tmp_path: Path) -> None:
    rendered = render("dev", outputs(), a_project(tmp_path))

    assert rendered.missing == ["JWT_ISSUER", "JWT_AUDIENCE"]


def test_settings_for_all_stages_count(tmp_path: Path) -> None:
    project = a_project(
        tmp_path,
        {
            "app_name": "tasks",
            "autogen_policy": False,
            "environment_variables": {"JWT_ISSUER": "https://i", "JWT_AUDIENCE": "tasks"},
        },
    )

    assert render("dev", outputs(), project).missing == []


def test_the_state_of_another_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="state belongs to stage prod, not to dev"):
        render("dev", outputs("prod"), a_project(tmp_path))


def test_before_the_first_apply_it_says_so() -> None:
    with pytest.raises(DeployError, match="run terraform apply first"):
        check_outputs("dev", {})


def test_outputs_that_lack_something_are_refused_by_name() -> None:
    incomplete = outputs()
    del incomplete["table_name"]

    with pytest.raises(DeployError, match="lack table_name"):
        check_outputs("dev", incomplete)


@pytest.mark.parametrize(("content", "message"), [("{", "is not JSON"), ("[]", "is not a JSON object")])
def test_a_config_that_cannot_be_read_is_refused_and_left_alone(tmp_path: Path, content: str, message: str) -> None:
    project = a_project(tmp_path)
    (project / ".chalice/config.json").write_text(content)

    with pytest.raises(DeployError, match=message):
        render("dev", outputs(), project)

    assert (project / ".chalice/config.json").read_text() == content


def test_a_folder_that_is_no_chalice_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="this is not a Chalice project"):
        render("dev", outputs(), tmp_path)


def test_terraform_has_every_output_that_is_rendered() -> None:
    declared = (TERRAFORM / "outputs.tf").read_text()

    assert [output for output in [*ENVIRONMENT.values(), *outputs()] if f'output "{output}"' not in declared] == []


def test_the_committed_config_gives_the_api_its_size() -> None:
    config = config_of(PROJECT)

    assert (config["lambda_memory_size"], config["lambda_timeout"], config["lambda_architecture"]) == (
        1024,
        29,
        "arm64",
    )
    assert config["autogen_policy"] is False


def shops_config(stage: dict[str, Any], **everywhere: Any) -> dict[str, Any]:
    """An app that was there before."""
    return {"app_name": "tasks", "autogen_policy": False, "stages": {"dev": stage}, **everywhere}


@pytest.mark.parametrize(
    ("config", "collision"),
    [
        (shops_config({"environment_variables": {"TABLE_NAME": "orders"}}), "environment variable TABLE_NAME: orders"),
        (shops_config({}, environment_variables={"TABLE_NAME": "orders"}), "environment variable TABLE_NAME: orders"),
        (shops_config({"iam_policy_file": "shop.json"}), "iam_policy_file: shop.json"),
        (shops_config({}, iam_policy_file="shop.json"), "iam_policy_file: shop.json"),
        (shops_config({"autogen_policy": True}), "autogen_policy: true"),
        (
            shops_config({}, lambda_functions={"api_handler": {"environment_variables": {"TABLE_NAME": "orders"}}}),
            "environment variable TABLE_NAME of api_handler: orders",
        ),
        (
            shops_config({"lambda_functions": {"api_handler": {"iam_policy_file": "shop.json"}}}),
            "iam_policy_file of api_handler: shop.json",
        ),
        (
            shops_config({}, lambda_functions={"sweep": {"autogen_policy": True}}),
            "autogen_policy of sweep: true",
        ),
    ],
)
def test_a_setting_of_somebody_elses_app_is_not_replaced(
    tmp_path: Path, config: dict[str, Any], collision: str
) -> None:
    project = a_project(tmp_path, config)

    with pytest.raises(DeployError, match=f"settings that would be replaced: {collision}"):
        render("dev", outputs(), project)

    assert config_of(project) == config
    assert not (project / ".chalice/policy-dev.json").exists()


def test_a_function_that_is_none_of_ours_may_have_its_own(tmp_path: Path) -> None:
    own = {"iam_policy_file": "shop.json", "environment_variables": {"TABLE_NAME": "orders"}}
    project = a_project(tmp_path, shops_config({}, lambda_functions={"invoices": own, "sweep": {"lambda_timeout": 50}}))

    assert render("dev", outputs(), project).written


def test_a_stage_that_turns_off_what_the_app_has_on_is_no_collision(tmp_path: Path) -> None:
    project = a_project(tmp_path, shops_config({"autogen_policy": False}, autogen_policy=True))

    render("dev", outputs(), project)

    assert config_of(project)["stages"]["dev"]["autogen_policy"] is False


UNSAID: dict[str, Any] = {"app_name": "tasks"}
"""An app whose policy Chalice makes from its code, since nothing says otherwise."""


def test_a_policy_that_chalice_makes_from_the_code_is_not_lost(tmp_path: Path) -> None:
    project = a_project(tmp_path, UNSAID)

    with pytest.raises(
        DeployError, match=r"autogen_policy is not set, .*own-policy-dev\.json.*set autogen_policy to false"
    ):
        render("dev", outputs(), project)

    assert config_of(project) == UNSAID


def test_a_policy_that_was_written_down_may_take_the_place_of_chalices(tmp_path: Path) -> None:
    project = a_project(tmp_path, UNSAID)
    (project / ".chalice/own-policy-dev.json").write_text('{"Version": "2012-10-17", "Statement": []}')

    render("dev", outputs(), project)

    assert config_of(project)["stages"]["dev"]["autogen_policy"] is False


def test_a_stage_that_was_rendered_before_is_not_asked_again(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    render("dev", outputs(), project)
    config = {name: value for name, value in config_of(project).items() if name != "autogen_policy"}
    (project / ".chalice/config.json").write_text(json.dumps(config))

    render("dev", outputs(table_name="another"), project)

    assert config_of(project)["stages"]["dev"]["environment_variables"]["TABLE_NAME"] == "another"


def test_a_role_of_ones_own_is_said_to_need_the_policy(tmp_path: Path) -> None:
    arn = "arn:aws:iam::123456789012:role/shop"
    project = a_project(tmp_path, shops_config({"manage_iam_role": False, "iam_role_arn": arn}))

    rendered = render("dev", outputs(), project)

    assert rendered.own_roles == [arn]


def test_the_apps_own_policy_is_part_of_the_rendered_one(tmp_path: Path) -> None:
    own = {
        "Effect": "Allow",
        "Action": "dynamodb:Query",
        "Resource": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
    }
    project = a_project(tmp_path)
    (project / ".chalice/own-policy-dev.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [own]}))

    render("dev", outputs(), project)

    rendered = json.loads((project / ".chalice/policy-dev.json").read_text())
    assert rendered["Statement"] == [*POLICY["Statement"], own]


@pytest.mark.parametrize("content", ["{", "[]", '{"Statement": {}}'])
def test_an_own_policy_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    project = a_project(tmp_path)
    (project / ".chalice/own-policy-dev.json").write_text(content)

    with pytest.raises(DeployError, match=r"own-policy-dev\.json is not an IAM policy"):
        render("dev", outputs(), project)


def test_an_app_of_another_name_is_refused_since_its_logs_would_be_lost(tmp_path: Path) -> None:
    project = a_project(tmp_path, {"app_name": "shop"})

    with pytest.raises(DeployError, match=r"app is named shop, .* for tasks\. Set app_name in envs/dev\.tfvars"):
        render("dev", outputs(), project)
