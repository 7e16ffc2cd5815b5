"""What a policy must not forget. Real calls show that no permission is missing or unused: tests/e2e/test_iam.py."""

import re

import pytest

from chalicelib.actions import built_in
from deploy.paths import TERRAFORM

NOT_PERMISSIONS = {"sts:AssumeRole", "iam:PassedToService", "ses:FromAddress"}
"""Of a trust policy, and of conditions."""

MODULES = ("api_access", "notification_function")


def granted(module: str) -> set[str]:
    text = (TERRAFORM / "modules" / module / "iam.tf").read_text()
    return set(re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', text)) - NOT_PERMISSIONS


@pytest.mark.parametrize("type_", built_in())
def test_the_permissions_that_a_built_in_action_states_are_granted(type_: str) -> None:
    assert built_in()[type_].permissions - granted("notification_function") == set()


@pytest.mark.parametrize("module", MODULES)
def test_each_permission_has_its_reason_in_the_readme(module: str) -> None:
    rows = [
        line for line in (TERRAFORM / "modules" / module / "README.md").read_text().splitlines() if line[:3] == "| `"
    ]

    assert granted(module)
    assert [name for name in sorted(granted(module)) if not any(f"`{name}`" in row for row in rows)] == []


def test_the_key_is_handed_to_every_module_that_takes_one() -> None:
    taking = {
        path.parent.name for path in TERRAFORM.glob("modules/*/variables.tf") if "kms_key_arn" in path.read_text()
    }
    modules = re.findall(r'^module "(\w+)" \{\n(.*?)^\}', (TERRAFORM / "main.tf").read_text(), re.MULTILINE | re.DOTALL)

    assert len(taking) == 5
    assert {name for name, body in modules if re.search(r"kms_key_arn += var\.kms_key_arn", body)} == taking
