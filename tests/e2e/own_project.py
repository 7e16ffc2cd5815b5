"""A checkout with actions of its own, made as docs/actions.md says: a file each, a package, and Terraform's inputs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from deploy.paths import PROJECT
from local.app.stack import REGION, Stack
from local.environment import ACCOUNT
from tests.deploy.build.wheels import make_wheel, require
from tests.e2e.aws import client

OWN_ACTIONS = Path(__file__).with_name("own_actions")
INVOICES_TABLE = "invoices"
INPUTS = {
    "environment_variables": {"INVOICES_TABLE": INVOICES_TABLE},
    "action_policy_statements": [
        {
            "actions": ["dynamodb:GetItem"],
            "resources": [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{INVOICES_TABLE}"],
        }
    ],
}
"""What `invoice.settle` needs beside its file and its package."""

FOLDERS = ("chalicelib", "notification")
FILES = ("app.py", "requirements.txt", ".chalice/config.json")


def make_project(directory: Path) -> Path:
    """A copy of this project in `directory`, with the files of `own_actions` added."""
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / ".chalice").mkdir()
    for name in FILES:
        shutil.copy(PROJECT / name, directory / name)
    for file in OWN_ACTIONS.glob("*.py"):
        shutil.copy(file, directory / "notification" / "actions")
    make_wheel(directory / "wheels", "feasts", "1.0", {"feasts.py": "EASTER = '2027-03-28'\n"})
    require(directory, "feasts==1.0")
    return directory


class StackWithOwnActions(Stack):
    """Whose Terraform has the inputs of the actions.

    progress: Terraform's lines about the resources that it makes and changes.
    """

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.progress: list[str] = []
        super().__init__(directory, **settings, on_progress=self.progress.append)

    def variables(self) -> dict[str, object]:
        return super().variables() | INPUTS


def an_invoice(stack: Stack, number: str) -> None:
    """In the application's own table, which is made by whoever comes first."""
    dynamodb = client(stack, "dynamodb")
    if INVOICES_TABLE not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName=INVOICES_TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "invoice", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "invoice", "KeyType": "HASH"}],
        )
    item = {"invoice": {"S": number}, "email": {"S": "accounts@example.com"}}
    dynamodb.put_item(TableName=INVOICES_TABLE, Item=item)
