"""Fixes of moto's Lambda, SQS, SES and S3, where moto drops or ignores settings that this project needs.

moto makes its backends from the class in `BackendDict.backend`, and looks for a backend's URLs next to its module.
Therefore the fixes are subclasses with moto's `__module__`.
"""

from collections import deque
from functools import cache
from typing import Any

from moto import backends
from moto.apigateway.models import apigateway_backends
from moto.awslambda import models as lambda_models
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.core import serialize
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb import responses as dynamodb_responses
from moto.dynamodb.models.dynamo_type import Item
from moto.iam.access_control import PermissionResult
from moto.s3 import models as s3_models
from moto.s3.models import FakeBucket
from moto.ses.models import ses_backends
from moto.sqs import models as sqs_models
from moto.sqs.models import sqs_backends

from local.moto_backends.apigateway import RestApis
from local.moto_backends.concurrency import check_reservation
from local.moto_backends.dynamodb_answers import DynamoSerializer, to_plain
from local.moto_backends.queues import BurstQueue, Queues, SentMessage
from local.moto_backends.ses import Mail

_modules = backends.list_of_moto_modules


def fix_moto() -> None:
    """Install the fixes in this process. Call it before the first request to moto."""
    apigateway_backends.backend = RestApis
    lambda_models.LambdaFunction = _Function  # type: ignore[misc]
    lambda_backends.backend = _Functions
    ses_backends.backend = Mail
    sqs_models.Queue = BurstQueue  # type: ignore[misc]
    sqs_models.Message = SentMessage  # type: ignore[misc]
    sqs_models.camelcase_to_underscores = cache(  # type: ignore[attr-defined] # called for each message and attribute
        camelcase_to_underscores
    )
    sqs_backends.backend = Queues
    backends.list_of_moto_modules = cache(lambda: tuple(_modules()))  # read from the disk for each request
    serialize.SERVICE_SPECIFIC_SERIALIZERS["dynamodb"] = {"json": DynamoSerializer}
    dynamodb_responses.dynamo_to_dict = to_plain  # type: ignore[attr-defined, assignment]
    s3_models.FakeBucket = _Bucket  # type: ignore[misc]
    for model in (Item, SentMessage):
        # Else moto keeps each one that was ever made.
        model.instances_tracked = deque(maxlen=0)  # type: ignore[union-attr]


class _Function(LambdaFunction):
    """Keeps its LoggingConfig. Without it, each Terraform plan shows a change and JSON logs are impossible."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        super().__init__(account_id, spec, region, version)
        default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"}
        self.logging_config: dict[str, str] = default | spec.get("LoggingConfig", {})

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - moto's signature
        return super().get_configuration(on_create) | {"LoggingConfig": self.logging_config}

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.logging_config |= config_updates.get("LoggingConfig", {})
        return super().update_configuration(config_updates)


class _Functions(LambdaBackend):
    __module__ = LambdaBackend.__module__

    def put_function_concurrency(self, function_name: str, reserved_concurrency: str) -> str:
        """Refuse a reservation that leaves too little for other functions; moto has no limit."""
        self.get_function(function_name)  # raises the error that moto answers with 404
        check_reservation(self.list_functions(), function_name, int(reserved_concurrency))
        return super().put_function_concurrency(function_name, reserved_concurrency)

    def put_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Replace the function's config; moto appends another and keeps using the first."""
        self.get_function(function_name).event_invoke_config.clear()
        return super().put_function_event_invoke_config(function_name, config)

    def update_function_event_invoke_config(self, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        """Change the members in `config` and keep the others."""
        known = self.get_function(function_name).event_invoke_config
        return self.put_function_event_invoke_config(function_name, (known[0].config if known else {}) | config)


class _Bucket(FakeBucket):
    """Does not enforce bucket policies: moto ignores their conditions, so this project's would refuse every request."""

    def get_permission(self, action: str, resource: str) -> PermissionResult:  # noqa: ARG002 - moto's signature
        return PermissionResult.NEUTRAL
