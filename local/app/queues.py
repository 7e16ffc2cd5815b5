"""Makes the dead-letter queues of `make run` before Terraform, which then imports them.

The AWS provider reads the attributes of a new queue six times, 5 s apart, since a queue on AWS changes slowly: 25 s in
which Terraform does not make the function. The local cloud's queues change at once. If the attributes and tags here
differ from those in terraform/, Terraform corrects the queue and waits; tests/e2e compares them.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from deploy.errors import DeployError
from deploy.local_cloud import DUMMY_KEYS

from ..environment import ACCOUNT

PROJECT_NAME = "scheduled-tasks"
"""The default of Terraform's variable `project`."""
QUEUES = {
    "module.schedule_group.aws_sqs_queue.delivery_dead_letters": "delivery-dead-letters",
    "module.notification_function.aws_sqs_queue.work_dead_letters": "work-dead-letters",
}
"""Address in Terraform -> name without project and stage."""
ATTRIBUTES = {"MessageRetentionPeriod": "1209600", "MaximumMessageSize": "262144", "SqsManagedSseEnabled": "true"}


def make_queues(endpoint: str, region: str, stage: str) -> None:
    """Make the queues in the local cloud at `endpoint`. Raises DeployError if it refuses or does not answer."""
    place = urlsplit(endpoint)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    tags = {"Project": PROJECT_NAME, "Stage": stage, "ManagedBy": "terraform"}
    try:
        for name in QUEUES.values():
            queue = {"QueueName": _full(name, stage), "Attributes": ATTRIBUTES, "tags": tags}
            connection.request("POST", "/", json.dumps(queue), _headers(region))
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != HTTPStatus.OK:
                raise DeployError(f"The queue {queue['QueueName']} cannot be made: {answer.status} {text}")
    except (OSError, HTTPException) as error:
        raise DeployError(f"The queues cannot be made at {endpoint}: {error}") from error
    finally:
        connection.close()


def _headers(region: str) -> dict[str, str]:
    """Returns the headers of CreateQueue. The signature names account and Region; the local cloud does not check it.

    A client of boto3 would read the caller's profile and proxy, and takes as long to import as a process to start.
    """
    key = DUMMY_KEYS["AWS_ACCESS_KEY_ID"]
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.CreateQueue",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/sqs/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0",
    }


def queue_imports(endpoint: str, stage: str) -> dict[str, str]:
    """Returns address in Terraform -> URL of the queue."""
    return {address: f"{endpoint}/{ACCOUNT}/{_full(name, stage)}" for address, name in QUEUES.items()}


def _full(name: str, stage: str) -> str:
    return f"{PROJECT_NAME}-{name}-{stage}"
