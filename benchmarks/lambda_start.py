"""Measures the Notification Lambda's start, from the interpreter's first instruction until the handler is ready.

`python -m benchmarks lambda_start` counts instructions: ours, and those of a bare handler that makes one DynamoDB
client. It needs valgrind. Both run as on AWS: from an unpacked zip into which nothing can be written, beside a boto3
whose bytecode is stored, and without the other packages of this environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Goal, Measured, Row
from deploy.build.package import build
from deploy.build.provided import provide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MILLION = 1_000_000
BARE = """
import boto3

CLIENT = boto3.client("dynamodb")


def lambda_handler(event, context):
    CLIENT.describe_table(TableName="schedules")
"""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "TABLE_NAME": "schedules",
    "WORK_DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/work",
    "SENDER_ADDRESS": "tasks@example.com",
    "EVENT_BUS_NAME": "tasks",
    "REPORTS_BUCKET": "reports",
    "RUN_RETENTION_DAYS": "30",
    "WEBHOOK_MASTER_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:master",
    "LOOPBACK_WEBHOOKS": "false",
    "ACTION_RATES": "{}",
    "MAX_CONCURRENCY": "10",
    "PYTHONHASHSEED": "0",
}


def instructions(command: Sequence[str], environment: dict[str, str]) -> int:
    """Returns the instructions that callgrind counts. Raises CalledProcessError if the command fails."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run([*valgrind, *command], env=environment, cwd="/", capture_output=True, text=True, check=True)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if not counted:
        raise RuntimeError(done.stderr)
    return int(counted[1])


def rows(_rounds: int, measure: Callable[[Sequence[str], dict[str, str]], int] = instructions) -> list[Row]:
    """One round is enough: the count is the same each time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, peer = folder / "ours", folder / "peer"
        with zipfile.ZipFile(build(folder / "ours.zip").path) as archive:
            archive.extractall(ours)
        peer.mkdir()
        (peer / "bare.py").write_text(BARE)
        provide(["boto3"], folder / "runtime")
        own = measure(*_imports("notification.handler", ours, folder / "runtime"))
        bare = measure(*_imports("bare", peer, folder / "runtime"))
    measured = Measured("interpreter to handler", (own / _MILLION,), {"bare boto3 handler": (bare / _MILLION,)})
    return [Row("start of the Notification Lambda", "million instructions", Goal("dearer", 1.15), (measured,))]


def _imports(module: str, task: Path, runtime: Path) -> tuple[list[str], dict[str, str]]:
    """Returns a command that imports the module, and its environment. boto3's bytecode is stored by the first run."""
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{task}:{runtime}"}
    stores = [sys.executable, "-S", "-c", "import boto3; boto3.client('dynamodb')"]
    subprocess.run(stores, env={**environment, "PYTHONPATH": str(runtime)}, cwd="/", check=True)
    return [sys.executable, "-S", "-B", "-c", f"import {module}"], environment
