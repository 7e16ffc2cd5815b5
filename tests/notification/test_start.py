"""The start of the Notification Lambda."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.lambda_start import ENVIRONMENT
from deploy.paths import PROJECT

COUNTS = """
import sys
import boto3, boto3.dynamodb.types, pkgutil, zoneinfo
boto3.client("dynamodb")
generated = []

def note(event, arguments):
    if event == "compile" and not str(arguments[1]).endswith(".py"):
        generated.append(arguments[0])

sys.addaudithook(note)
import notification.handler
print(len(generated), *generated)
"""


def test_no_code_is_generated_while_our_modules_are_imported() -> None:
    """A dataclass or a NamedTuple would do so, which takes longer than the rest of a module's import.

    The standard library's own, such as that of `pkgutil`, are imported before.
    """
    done = subprocess.run(
        [sys.executable, "-c", COUNTS], env=ENVIRONMENT, cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "0"
