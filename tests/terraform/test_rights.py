"""A role has the rights that its code uses, and no other: read from the code, which makes every call in plain sight."""

import json
import re

import pytest

from chalicelib.core.dynamodb.repository import INDEXES
from deploy.paths import PROJECT, TERRAFORM

NO_RIGHTS = {"sts:AssumeRole", "iam:PassedToService", "ses:FromAddress"}
"""Of a trust policy, and of conditions."""

MODULES = ("api_access", "notification_function")
PARTS_OF_TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


NOT_FOR_THE_WORK = {"BatchWriteItem", "DeleteItem"}
"""The Notification Lambda erases no user."""


def granted(module: str, service: str) -> set[str]:
    text = (TERRAFORM / "modules" / module / "iam.tf").read_text()
    return set(re.findall(rf'"({service}:\w+)"', text)) - NO_RIGHTS


def called(path: str, client: str) -> set[str]:
    """The operations that a file calls: methods of `client`, a regular expression."""
    methods = re.findall(rf"{client}\.([a-z_]+)\(", (PROJECT / path).read_text())
    return {"".join(word.capitalize() for word in method.split("_")) for method in methods}


def used_on_the_table() -> set[str]:
    path = "chalicelib/core/dynamodb/repository.py"
    parts = re.findall(r'\{"(\w+)": ', (PROJECT / path).read_text())
    operations = called(path, "self._client") - {"TransactWriteItems"}
    return operations | {PARTS_OF_TRANSACTIONS[part] for part in parts if part in PARTS_OF_TRANSACTIONS}


@pytest.mark.parametrize(("module", "without"), [("api_access", set()), ("notification_function", NOT_FOR_THE_WORK)])
def test_the_rights_on_the_table_are_those_of_the_repository(module: str, without: set[str]) -> None:
    assert used_on_the_table() > without
    assert granted(module, "dynamodb") == {f"dynamodb:{operation}" for operation in used_on_the_table() - without}


def test_the_rights_on_schedules_are_those_of_the_gateway() -> None:
    assert granted("api_access", "scheduler") == {
        f"scheduler:{operation}" for operation in called("chalicelib/aws/eventbridge.py", "self._client")
    }


@pytest.mark.parametrize(
    ("service", "path", "client"),
    [
        ("ses", "notification/providers/ses.py", r'run\.aws\("sesv2"\)'),
        ("sns", "notification/providers/sns.py", r'run\.aws\("sns"\)'),
        ("events", "notification/actions/event.py", r'run\.aws\("events"\)'),
        ("sqs", "notification/dead_letters.py", r"self\._client\(\)"),
        ("secretsmanager", "chalicelib/core/actions/master_secret.py", r"self\._client\(\)"),
    ],
)
def test_the_rights_of_the_work_are_those_of_its_files(service: str, path: str, client: str) -> None:
    assert granted("notification_function", service) == {f"{service}:{call}" for call in called(path, client)}


def test_the_rights_on_the_master_of_webhook_keys_are_those_of_its_reader() -> None:
    calls = called("chalicelib/core/actions/master_secret.py", r"self\._client\(\)")

    assert granted("api_access", "secretsmanager") == {f"secretsmanager:{call}" for call in calls}


def test_the_rights_on_reports_are_those_of_their_file_and_of_its_links() -> None:
    stored = called("notification/actions/report.py", "s3") - {"GeneratePresignedUrl"}

    assert granted("notification_function", "s3") == {f"s3:{call}" for call in stored | {"GetObject"}}


def test_the_notification_lambda_makes_no_schedules() -> None:
    assert granted("notification_function", "scheduler") | granted("notification_function", "iam") == set()


@pytest.mark.parametrize("module", MODULES)
def test_each_right_has_its_reason_in_the_readme(module: str) -> None:
    folder = TERRAFORM / "modules" / module
    rights = set(re.findall(r'"([a-z]+:[A-Z]\w+)"', (folder / "iam.tf").read_text())) - NO_RIGHTS
    rows = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("| `")]

    assert [right for right in sorted(rights) if not any(f"`{right}`" in row for row in rows)] == []


def test_no_right_is_on_everything() -> None:
    policies = {path.parent.name: path.read_text() for path in TERRAFORM.glob("modules/*/iam.tf")}

    assert len(policies) == 3
    assert [name for name, text in policies.items() if re.search(r'Resource *= *(\[)?"\*"', text)] == []


def test_the_key_is_handed_to_every_module_that_takes_one() -> None:
    taking = {
        path.parent.name for path in TERRAFORM.glob("modules/*/variables.tf") if "kms_key_arn" in path.read_text()
    }
    modules = re.findall(r'^module "(\w+)" \{\n(.*?)^\}', (TERRAFORM / "main.tf").read_text(), re.MULTILINE | re.DOTALL)

    assert len(taking) == 5
    assert {name for name, body in modules if re.search(r"kms_key_arn += var\.kms_key_arn", body)} == taking


def test_the_indexes_that_may_be_queried_are_those_of_the_repository() -> None:
    text = (TERRAFORM / "modules/api_access/iam.tf").read_text()

    (listed,) = re.findall(r"^  indexes = (\[.*\])$", text, re.MULTILINE)
    assert set(json.loads(listed)) == {index for index in INDEXES if index}
