"""Measures the Notification Lambda's start, from the interpreter's first instruction until the handler is ready.

`python -m benchmarks lambda_start` counts instructions: ours, those of a bare handler that makes one DynamoDB client,
and those of the same with Powertools and a pydantic model. It needs valgrind. It also takes the memory of ours and of
the bare handler when they are ready. All run as on AWS: from an unpacked zip into which nothing can be written, beside
a boto3 whose bytecode is stored, and without the other packages of this environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
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

WITH_POWERTOOLS = """
import boto3
from aws_lambda_powertools import Logger, Metrics
from pydantic import BaseModel


class Payload(BaseModel):
    schedule_id: str
    scheduled_time: str


CLIENT = boto3.client("dynamodb")
LOGGER = Logger(service="schedules")
METRICS = Metrics(namespace="schedules", service="schedules")


def lambda_handler(event, context):
    payload = Payload.model_validate(event)
    LOGGER.info(payload.schedule_id)
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


def rows(rounds: int, measure: Callable[[Sequence[str], dict[str, str]], int] = instructions) -> list[Row]:
    """Instructions need one round: the count is the same each time. Powertools is left out if it is not installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, peer = folder / "ours", folder / "peer"
        with zipfile.ZipFile(build(folder / "ours.zip").path) as archive:
            archive.extractall(ours)
        peer.mkdir()
        (peer / "bare.py").write_text(BARE)
        (peer / "with_powertools.py").write_text(WITH_POWERTOOLS)
        provide(["boto3"], folder / "runtime")
        own = _imports("notification.handler", ours, folder / "runtime")
        bare = _imports("bare", peer, folder / "runtime")
        starts = {"ours": own, "bare boto3 handler": bare}
        if find_spec("aws_lambda_powertools"):
            provide(["boto3", "aws-lambda-powertools", "pydantic"], folder / "larger")
            starts["the same with Powertools and pydantic"] = _imports("with_powertools", peer, folder / "larger")
        counts = {name: (measure(*start) / _MILLION,) for name, start in starts.items()}
        memory = [(_memory(*own), _memory(*bare)) for _ in range(rounds)]
    of_start = counts.pop("ours")
    of_ours, of_bare = zip(*memory, strict=True)
    return [
        Row(
            "start of the Notification Lambda",
            "million instructions",
            Goal("dearer", 1.15),
            (Measured("interpreter to handler", of_start, counts),),
        ),
        Row(
            "memory of the Notification Lambda when it is ready",
            "MB",
            Goal("dearer", 1.04),
            (Measured("largest resident set", of_ours, {"bare boto3 handler": of_bare}),),
            "the code of this project's 65 modules takes 0.9 MB, and the objects that they make at import as much",
        ),
    ]


def _memory(command: Sequence[str], environment: dict[str, str]) -> float:
    """Returns the largest resident set of the process, in megabytes, which Linux shows.

    That of `getrusage` includes the parent's, from before the process ran its own program.
    """
    *python, code = command
    shows = f"{code}; print(open('/proc/self/status').read())"
    done = subprocess.run([*python, shows], env=environment, cwd="/", capture_output=True, text=True, check=True)
    found = re.search(r"^VmHWM:\s+(\d+) kB", done.stdout, re.MULTILINE)
    if not found:
        raise RuntimeError(done.stdout)
    return int(found[1]) / 1024


def _imports(module: str, task: Path, runtime: Path) -> tuple[list[str], dict[str, str]]:
    """Returns a command that imports the module, and its environment. boto3's bytecode is stored by the first run."""
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{task}:{runtime}"}
    stores = [sys.executable, "-S", "-c", "import boto3; boto3.client('dynamodb')"]
    subprocess.run(stores, env={**environment, "PYTHONPATH": str(runtime)}, cwd="/", check=True)
    return [sys.executable, "-S", "-B", "-c", f"import {module}"], environment
