"""Measures the API from the start of the interpreter to its first answer: `python -m benchmarks api_start`.

Beside it a bare Chalice app with PyJWT and the same two clients. Each runs in a process of its own, whose CPU time is
taken. The first request lists schedules with a token; a server in another process answers DynamoDB at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
from chalice.local import LambdaEventConverter, RouteMatcher
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks.answers import OTHER, endpoint
from benchmarks.api_requests import AUDIENCE, ISSUER
from benchmarks.measure import Goal, Measured, Row
from chalicelib.api.auth import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).parent.parent
PATH = "/v1/schedules"
WHY = (
    "half of the import is the project's own modules, among them the pydantic classes of actions, bodies and answers, "
    "which the bare app does not have"
)

FIRST_ANSWER = """
import json, os, sys
from chalicelib.api import auth
auth.fetch_keys = lambda *_: [json.loads(os.environ["PUBLIC_KEY"])]
import chalicelib.composition
chalicelib.composition.fetch_keys = auth.fetch_keys
from app import app
answer = app(json.load(open(sys.argv[1])), None)
assert answer["statusCode"] == 200, answer
"""
BARE_ANSWER = """
import json, os, sys
import boto3, jwt
from chalice import Chalice
from jwt.algorithms import RSAAlgorithm

app = Chalice(app_name="bare")
session = boto3.Session()
dynamodb, scheduler = session.client("dynamodb"), session.client("scheduler")
KEY = RSAAlgorithm.from_jwk(os.environ["PUBLIC_KEY"])

@app.route("/v1/schedules")
def schedules():
    token = app.current_request.headers["authorization"].removeprefix("Bearer ")
    issuer, audience = os.environ["JWT_ISSUER"], os.environ["JWT_AUDIENCE"]
    claims = jwt.decode(token, KEY, algorithms=["RS256"], issuer=issuer, audience=audience)
    found = dynamodb.query(
        TableName="schedules", IndexName="by_user", KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": claims["sub"]}},
    )
    return {"items": found["Items"]}

answer = app(json.load(open(sys.argv[1])), None)
assert answer["statusCode"] == 200, answer
"""
MEASURED = """
import resource
{}
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""


def rows(rounds: int) -> list[Row]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "key", "use": "sig"}
    claims = {"sub": "alice", "iss": ISSUER, "aud": AUDIENCE, "scope": Scope.READ, "exp": 2**32}
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "key"})
    with endpoint({"Query": {"Items": []}, OTHER: {}}) as url, tempfile.TemporaryDirectory() as folder:
        event = Path(folder) / "event.json"
        event.write_text(json.dumps(_event(token)))
        environment = _environment(url, public)
        works = [_CPU(code, event, environment) for code in (FIRST_ANSWER, BARE_ANSWER)]
        for work in works:
            work.milliseconds()  # stores bytecode
        ours, bare = zip(*[[work.milliseconds() for work in works] for _ in range(rounds)], strict=True)
    measured = Measured(f"`GET {PATH}`, the first request", ours, {"bare Chalice app": bare})
    return [Row("API, from import to the first answer", "ms of CPU", Goal("dearer", 1.35), (measured,), WHY)]


class _CPU:
    """A program that answers one request and prints its CPU time."""

    def __init__(self, code: str, event: Path, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-c", MEASURED.format(code), str(event)]
        self._environment = dict(environment)

    def milliseconds(self) -> float:
        done = subprocess.run(
            self._command, env=self._environment, cwd=PROJECT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return float(done.stdout.split()[-1]) * 1000


def _environment(url: str, public: Mapping[str, Any]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": url,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "PUBLIC_KEY": json.dumps(public),
        "SCHEDULER_GROUP_NAME": "group",
        "SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
        "NOTIFICATION_LAMBDA_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:notification",
        "TABLE_NAME": "schedules",
        "DELIVERY_DEAD_LETTER_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:dead-letters",
        "WEBHOOK_MASTER_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:master",
        "EVENT_AGE_SECONDS": "3600",
        "RUN_RETENTION_DAYS": "90",
    }


def _event(token: str) -> dict[str, Any]:
    """The request as it comes from API Gateway."""
    from app import app  # noqa: PLC0415 - only the routes are needed, and the import takes half a second

    converter = LambdaEventConverter(RouteMatcher(list(app.routes)))
    headers = {"authorization": f"Bearer {token}"}
    event: dict[str, Any] = converter.create_lambda_event(method="GET", path=PATH, headers=headers, body=None)
    return event
